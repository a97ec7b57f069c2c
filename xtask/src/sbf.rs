//! `cargo xtask sbf`: builds the on-chain programs without Solana's own compiler.
//!
//! Upstream rustc, its BPF target and `sbpf-linker` build what `anchor build` would build with Solana's platform tools;
//! `xtask/sbf/` holds the recipe. The programs are committed to `programs/deploy/` with a record of what they were built
//! from and with, so that a machine without these tools can run the network, and anyone with them can build the same bytes.

pub mod compile;
mod record;
pub mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, PROGRAMS};
use record::Record;
use toolchain::Toolchain;

/// The flags of `cargo xtask sbf`.
#[derive(clap::Args)]
pub struct Options {
    /// With --check: install missing tools too, as a build does (Debian, as root: apt-get and cargo install)
    #[arg(long, requires = "check")]
    install: bool,
    /// Build again from nothing and compare with the committed programs; change nothing
    #[arg(long, conflicts_with = "stale")]
    check: bool,
    /// Build only the hand-written program that a benchmark compares with, to target/comparison; nothing ships from it
    #[arg(long, conflicts_with_all = ["check", "stale"])]
    comparison: bool,
    /// Say by the exit status whether the committed programs were built from other sources; needs no tools
    #[arg(long)]
    stale: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    if options.stale {
        fresh(&root)?;
        println!("fresh: programs/deploy matches its sources");
        return Ok(());
    }
    if options.comparison {
        let target = root.join("target/comparison");
        let built = compile::comparison(&root, &target, &Toolchain::find(true)?)?;
        return install(&built, &target.join("claim_reward.so"));
    }
    if options.check {
        let committed = Record::read(&root)?;
        committed.verify_files(&root)?;
        if committed.sources != record::sources(&root)? {
            bail!("the sources of the programs have changed since they were built: run `cargo xtask sbf`");
        }
        return check(&root, &Toolchain::find(options.install)?, &committed);
    }
    let toolchain = Toolchain::find(true)?;
    let sources = record::sources(&root)?;
    let built = compile::all(&root, &root.join("target/sbf"), &toolchain)?;
    let record = Record::new(&root, &toolchain, &built)?;
    if record.sources != sources {
        bail!("the sources changed during the build: run it again");
    }
    for (program, file) in PROGRAMS.iter().zip(&built) {
        install(file, &deployed(&root, program))?;
    }
    record.write(&root)?;
    for (program, file) in &record.programs {
        println!("programs/deploy/{program}.so: {} bytes, sha256 {}", file.size, file.sha256);
    }
    Ok(())
}

/// Where a program is committed.
fn deployed(root: &Path, program: &str) -> PathBuf {
    root.join("programs/deploy").join(format!("{program}.so"))
}

/// Fails unless the committed programs were built from the sources that lie here.
pub fn fresh(root: &Path) -> Result<()> {
    let record = Record::read(root)?;
    record.verify_files(root)?;
    if record.sources != record::sources(root)? {
        bail!("stale: programs/deploy was built from other sources; run `cargo xtask sbf`");
    }
    Ok(())
}

fn check(root: &Path, toolchain: &Toolchain, committed: &Record) -> Result<()> {
    let target = root.join("target/sbf-check");
    if target.exists() {
        std::fs::remove_dir_all(&target).with_context(|| format!("cannot empty {}", target.display()))?;
    }
    let built = compile::all(root, &target, toolchain)?;
    let fresh = Record::new(root, toolchain, &built)?;
    if fresh.programs == committed.programs {
        println!("programs/deploy holds exactly what these sources build to");
        return Ok(());
    }
    if fresh.tools == committed.tools {
        let differing: Vec<_> =
            PROGRAMS.into_iter().filter(|name| fresh.programs.get(*name) != committed.programs.get(*name)).collect();
        bail!(
            "{} built to other bytes with the same tools and sources: programs/deploy was changed by hand or the build is \
             not reproducible. Compare target/sbf-check/*/sbf-solana/release/lib*.so with programs/deploy/*.so, then commit \
             what `cargo xtask sbf` builds",
            differing.join(", ")
        );
    }
    for (program, file) in PROGRAMS.iter().zip(&built) {
        install(file, &root.join("target/sbf-fresh").join(format!("{program}.so")))?;
    }
    println!("this machine builds with other tools than programs/deploy was built with:");
    for (name, there, here) in committed.differing_tools(&fresh) {
        println!("  {name}: {there} there, {here} here");
    }
    println!("test what it builds: PROOFMILL_SO_DIR=target/sbf-fresh");
    Ok(())
}

fn install(from: &Path, to: &Path) -> Result<()> {
    let bytes = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    workspace::write(to, bytes)
}
