//! `cargo xtask client`: Rust host clients out of the programs' IDL, with no Anchor in them.

mod layout;
mod names;
mod render;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anchor_lang_idl::types::Idl;
use anyhow::{Context, Result, bail};

use crate::drift::{Files, Options};
use crate::workspace::{self, PROGRAMS};

const DIRECTORY: &str = "crates/client/src/generated";
const SAMPLE: &str = "crates/client/tests/sample/escrow";

pub fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let mut files = vec![(format!("{DIRECTORY}/mod.rs"), format_rust(&root, &render::index(&PROGRAMS))?)];
    let mut programs = Vec::new();
    for program in PROGRAMS {
        let source = format!("idl/{program}.json");
        let idl = read_idl(&root, &source).context("run `cargo xtask idl` first")?;
        let code = render::program(&idl, &source, &programs).with_context(|| format!("no client for {source}"))?;
        files.push((format!("{DIRECTORY}/{program}.rs"), format_rust(&root, &code)?));
        programs.push((program.to_owned(), idl));
    }
    // A program made up for the client's tests: it uses every kind of type.
    let source = format!("{SAMPLE}.json");
    let code = render::program(&read_idl(&root, &source)?, &source, &[])?;
    files.push((format!("{SAMPLE}.rs"), format_rust(&root, &code)?));
    Files { command: "cargo xtask client", files }.apply(&root, options)
}

fn read_idl(root: &Path, path: &str) -> Result<Idl> {
    let json = workspace::read(&root.join(path))?;
    serde_json::from_str(&json).with_context(|| format!("{path} is no Anchor IDL"))
}

/// Runs rustfmt with the repository's settings.
fn format_rust(directory: &Path, code: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start rustfmt; it comes with Rust's default profile")?;
    let input = code.to_owned();
    let stdin = rustfmt.stdin.take();
    let feed = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
    let output = rustfmt.wait_with_output().context("rustfmt did not finish")?;
    let fed = feed.join();
    if !output.status.success() {
        bail!("rustfmt refused the generated code: {}", output.status);
    }
    if !matches!(fed, Ok(Some(Ok(())))) {
        bail!("rustfmt did not read all of the generated code");
    }
    String::from_utf8(output.stdout).context("rustfmt printed something that is not text")
}
