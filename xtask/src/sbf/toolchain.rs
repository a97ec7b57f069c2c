//! Finds the tools that build the programs, and installs them where that is possible.
//!
//! The compiler is Debian's: only a distribution that ships the standard library's sources with an LLVM to match makes
//! `-Z build-std` and `sbpf-linker` work without downloading a compiler from elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const LINKER_VERSION: &str = "0.2.6";
const PACKAGES: [&str; 7] =
    ["rustc-web", "cargo-web", "rust-web-src", "python3", "zlib1g-dev", "libzstd-dev", "libxml2-dev"];

/// The tools and their versions.
#[derive(Debug)]
pub struct Toolchain {
    pub rustc: PathBuf,
    pub cargo: PathBuf,
    /// LLVM's `opt`, of the LLVM that the compiler and the linker share.
    pub opt: PathBuf,
    /// The directory of `sbpf-linker`.
    pub linker_dir: PathBuf,
    /// The standard library's sources belong to this directory.
    pub sysroot: PathBuf,
    pub versions: BTreeMap<String, String>,
}

impl Toolchain {
    /// The installed tools. With `install`, missing ones are installed first.
    pub fn find(install: bool) -> Result<Self> {
        let missing = missing();
        if !missing.is_empty() {
            if !install {
                bail!("{}", explain(&missing));
            }
            install_all(&missing)?;
        }
        Self::open()
    }

    fn open() -> Result<Self> {
        let verbose = workspace::output(Command::new(RUSTC).arg("-vV"))?;
        let field = |name: &str| {
            let found = verbose.lines().find_map(|line| line.strip_prefix(name));
            found.map(str::trim).with_context(|| format!("`{RUSTC} -vV` says nothing about {name}"))
        };
        let (release, commit, llvm) = (field("release:")?, field("commit-hash:")?, field("LLVM version:")?);
        let opt = llvm_dir(llvm)?.join("bin/opt");
        let linker_dir = tools_dir()?.join("bin");
        let linker = workspace::output(Command::new(linker_dir.join("sbpf-linker")).arg("--version"))?;
        let mut lines = linker.lines();
        let linker = lines.next().unwrap_or_default().trim_start_matches("sbpf-linker ").to_owned();
        if linker != LINKER_VERSION {
            bail!("sbpf-linker {linker} is installed, {LINKER_VERSION} is needed: {}", linker_command(llvm)?);
        }
        let linked = lines.find_map(|line| line.strip_prefix("LLVM ")).unwrap_or(llvm);
        if major(linked)? != major(llvm)? {
            bail!("sbpf-linker was built on LLVM {linked}, {RUSTC} on {llvm}: {}", linker_command(llvm)?);
        }
        let opt_version = workspace::output(Command::new(&opt).arg("--version"))?;
        let opt_version = opt_version.lines().find_map(|line| line.split_once("LLVM version ")).map(|(_, v)| v.trim());
        let versions = [
            ("rustc", format!("{release} {commit}")),
            ("llvm", llvm.to_owned()),
            ("sbpf-linker", linker),
            ("opt", opt_version.unwrap_or("unknown").to_owned()),
        ];
        Ok(Self {
            rustc: RUSTC.into(),
            cargo: CARGO.into(),
            opt,
            linker_dir,
            sysroot: workspace::output(Command::new(RUSTC).args(["--print", "sysroot"]))?.trim().into(),
            versions: versions.into_iter().map(|(name, version)| (name.to_owned(), version)).collect(),
        })
    }
}

/// What is missing, in the order it has to be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Compiler,
    Sources,
    Llvm,
    Linker,
    Python,
}

fn missing() -> Vec<Missing> {
    let mut out = Vec::new();
    let run = |name: &str, args: &[&str]| workspace::output(Command::new(name).args(args)).ok();
    let verbose = run(RUSTC, &["-vV"]);
    if verbose.is_none() || run(CARGO, &["-V"]).is_none() {
        out.push(Missing::Compiler);
    }
    let sysroot = run(RUSTC, &["--print", "sysroot"]).unwrap_or_default();
    if !Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml").exists() {
        out.push(Missing::Sources);
    }
    let llvm = verbose.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("LLVM version: ")));
    if !llvm.and_then(|version| llvm_dir(version).ok()).is_some_and(|dir| dir.join("bin/opt").exists()) {
        out.push(Missing::Llvm);
    }
    if !tools_dir().is_ok_and(|dir| dir.join("bin/sbpf-linker").exists()) {
        out.push(Missing::Linker);
    }
    if run("python3", &["--version"]).is_none() {
        out.push(Missing::Python);
    }
    out
}

fn explain(missing: &[Missing]) -> String {
    let mut lines =
        vec!["the tools that build on-chain programs are incomplete; nothing was changed. Missing:".to_owned()];
    lines.extend(missing.iter().map(|item| match item {
        Missing::Compiler => format!("  {RUSTC} and {CARGO}: Debian packages rustc-web, cargo-web"),
        Missing::Sources => "  the standard library's sources: Debian package rust-web-src".to_owned(),
        Missing::Llvm => "  LLVM of the compiler's version: Debian packages llvm-N-dev, libpolly-N-dev".to_owned(),
        Missing::Linker => format!("  sbpf-linker {LINKER_VERSION}: cargo install, against that LLVM"),
        Missing::Python => "  python3, for xtask/sbf/sbf-link".to_owned(),
    }));
    lines.push("On Debian, as root: `cargo xtask sbf` (about 3 minutes on two cores).".to_owned());
    lines.push(
        "Elsewhere: the programs in programs/deploy are ready to use, and `anchor build` builds the same sources with \
         Solana's platform tools."
            .to_owned(),
    );
    lines.join("\n")
}

fn install_all(missing: &[Missing]) -> Result<()> {
    let debian = Path::new("/etc/debian_version").exists();
    let root = workspace::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if missing != [Missing::Linker] {
        if !debian || !root {
            bail!("{}\nInstalling needs Debian and root.", explain(missing));
        }
        apt(&["update"])?;
        apt(&[&["install", "--no-install-recommends"][..], &PACKAGES].concat())?;
        let llvm = compiler_llvm()?;
        let major = major(&llvm)?;
        apt(&["install", "--no-install-recommends", &format!("llvm-{major}-dev"), &format!("libpolly-{major}-dev")])?;
    }
    if missing.contains(&Missing::Linker) {
        let llvm = compiler_llvm()?;
        let dir = llvm_dir(&llvm)?;
        let (variable, feature) = linker_settings(&llvm)?;
        let mut cargo = Command::new("cargo");
        cargo.args(["install", "sbpf-linker", "--version", LINKER_VERSION, "--locked", "--no-default-features"]);
        cargo.args(["--features", &feature, "--root"]).arg(tools_dir()?);
        cargo.env(variable, &dir).env("RUSTFLAGS", format!("-L native={}", dir.join("lib").display()));
        // It must not land in, or reuse, this workspace's target directory.
        cargo.env_remove("CARGO_TARGET_DIR").current_dir("/");
        workspace::run(&mut cargo).context("sbpf-linker was not installed")?;
    }
    Ok(())
}

fn apt(args: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    workspace::run(command.args(["-qq", "-y"]).args(args).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn compiler_llvm() -> Result<String> {
    let verbose = workspace::output(Command::new(RUSTC).arg("-vV"))?;
    let version = verbose.lines().find_map(|line| line.strip_prefix("LLVM version: "));
    version.map(str::to_owned).with_context(|| format!("`{RUSTC} -vV` names no LLVM version"))
}

fn major(llvm: &str) -> Result<&str> {
    llvm.split('.').next().filter(|major| !major.is_empty()).context("the compiler names no LLVM version")
}

fn llvm_dir(llvm: &str) -> Result<PathBuf> {
    Ok(format!("/usr/lib/llvm-{}", major(llvm)?).into())
}

/// What makes sbpf-linker link this LLVM: the variable that points at it, and the crate's features.
fn linker_settings(llvm: &str) -> Result<(String, String)> {
    let major = major(llvm)?;
    match major {
        "21" | "22" | "23" => Ok((format!("LLVM_SYS_{major}1_PREFIX"), format!("bpf-linker/llvm-{major}"))),
        _ => bail!("sbpf-linker {LINKER_VERSION} knows LLVM 21 to 23; {RUSTC} is built on {llvm}"),
    }
}

fn linker_command(llvm: &str) -> Result<String> {
    let (_, feature) = linker_settings(llvm)?;
    Ok(format!(
        "remove it and run `cargo xtask sbf` (cargo install sbpf-linker --version {LINKER_VERSION} \
         --no-default-features --features {feature})"
    ))
}

/// Where `sbpf-linker` is installed: `SBF_TOOLS`, or a directory of the user.
fn tools_dir() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("SBF_TOOLS") {
        return Ok(dir.into());
    }
    let home = std::env::var_os("HOME").context("neither SBF_TOOLS nor HOME is set")?;
    Ok(Path::new(&home).join(".local/share/sbf"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn the_linker_follows_the_compilers_llvm() {
        let (variable, feature) = linker_settings("22.1.8").unwrap();
        assert_eq!((variable.as_str(), feature.as_str()), ("LLVM_SYS_221_PREFIX", "bpf-linker/llvm-22"));
        assert!(linker_settings("19.1.0").is_err() && linker_settings("").is_err());
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let text = explain(&[Missing::Sources, Missing::Linker]);
        assert!(
            text.contains("rust-web-src") && text.contains("sbpf-linker 0.2.6") && text.contains("cargo xtask sbf")
        );
        assert!(!text.contains("python3"));
    }
}
