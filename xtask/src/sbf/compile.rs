//! Compiles the programs to SBF (sBPF v0, the version every cluster accepts), the same bytes in every checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::toolchain::Toolchain;
use crate::workspace::PROGRAMS;

/// Settings of LLVM's BPF backend: 4 KiB stack frames, and none of the instructions that sBPF v0 lacks.
const LLVM_ARGS: [&str; 7] = [
    "-bpf-stack-size=4096",
    "--bpf-max-stores-per-memfunc=5",
    "--disable-gotox",
    "--disable-ldsx",
    "--disable-movsx",
    "-expand-div-rem-bits=64",
    "-inline-threshold=275",
];

/// Builds every program below `target` and returns the files, in the order of [`PROGRAMS`].
pub fn all(root: &Path, target: &Path, toolchain: &Toolchain) -> Result<Vec<PathBuf>> {
    PROGRAMS
        .iter()
        .map(|program| one(root, &root.join("programs"), &target.join(program), program, toolchain))
        .collect()
}

/// Builds the hand-written `claim_reward` that the market's is compared with, and returns the file.
pub fn comparison(root: &Path, target: &Path, toolchain: &Toolchain) -> Result<PathBuf> {
    one(root, &root.join("tests/comparison/claim_reward"), target, "claim-reward", toolchain)
}

/// Builds one program. Each has a directory of its own: in a common build, a program that another one depends on would
/// be compiled with that one's features, which leave the entry point out.
fn one(root: &Path, workspace: &Path, target: &Path, program: &str, toolchain: &Toolchain) -> Result<PathBuf> {
    println!("building {program}");
    crate::workspace::run(&mut command(root, workspace, target, program, toolchain)?)
        .with_context(|| format!("{program} was not built"))?;
    let file = built(target, program);
    if !file.exists() {
        bail!("the build left no {}", file.display());
    }
    Ok(file)
}

/// Where a build below `target` leaves a program.
pub fn built(target: &Path, program: &str) -> PathBuf {
    target.join("sbf-solana/release").join(format!("lib{}.so", program.replace('-', "_")))
}

/// The command that builds one program of `workspace` below `target`, by the recipe of the tree `root`.
pub fn command(root: &Path, workspace: &Path, target: &Path, program: &str, toolchain: &Toolchain) -> Result<Command> {
    let recipe = root.join("xtask/sbf");
    let mut cargo = Command::new(&toolchain.cargo);
    // Nothing of the caller's environment may change the result.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_") && text != "CARGO_HOME" && !text.starts_with("CARGO_NET_");
        if ours || text.starts_with("RUST") || text == "CARGO" {
            cargo.env_remove(&name);
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs = vec![recipe.clone(), toolchain.linker_dir.clone()];
    dirs.extend(std::env::split_paths(&path));
    cargo
        .env("PATH", std::env::join_paths(dirs).context("PATH cannot be extended")?)
        .env("SBF_OPT", &toolchain.opt)
        .env("RUSTC", &toolchain.rustc)
        .env("RUSTC_WRAPPER", recipe.join("sbf-rustc"))
        // A release compiler builds std only when told that it is a nightly, and std without `restricted_std`.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC_BOOTSTRAP_SYNTHETIC_TARGET", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root, toolchain)?.join("\x1f"))
        .current_dir(workspace)
        .args(["build", "--release", "--package", program, "--target-dir"])
        .arg(target)
        .arg("--target")
        .arg(recipe.join("sbf-solana.json"))
        .args(["-Z", "json-target-spec", "-Z", "build-std=std,panic_abort"])
        .args(["-Z", "build-std-features=compiler-builtins-mem"]);
    if workspace.join("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    Ok(cargo)
}

fn flags(root: &Path, toolchain: &Toolchain) -> Result<Vec<String>> {
    let mut flags: Vec<String> = [
        // Found through PATH: an absolute path would become part of every symbol's hash.
        "-Clinker=sbf-link",
        "-Crelocation-model=static",
        "-Ctarget-cpu=v2",
        "-Ctarget-feature=+allows-misaligned-mem-access",
        "-Cpasses=lower-atomic",
        "-Cdebuginfo=0",
        "--cfg=target_os=\"solana\"",
        "--cfg=target_arch=\"csky\"",
        "-Aexplicit_builtin_cfgs_in_flags",
        "-Clink-arg=--arch=v0",
        "-Clink-arg=--disable-math-builtins",
    ]
    .map(str::to_owned)
    .into();
    flags.extend(LLVM_ARGS.iter().map(|arg| format!("-Clink-arg=--llvm-args={arg}")));
    for (from, to) in [
        (root.to_path_buf(), "/proofmill"),
        (cargo_home()?, "/cargo"),
        (toolchain.sysroot.join("lib/rustlib/src/rust"), "/rust"),
    ] {
        // Cargo enters a package's directory by its real path, and names its files by the given one.
        let real = from.canonicalize().unwrap_or_else(|_| from.clone());
        flags.push(format!("--remap-path-prefix={}={to}", real.display()));
        if real != from {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        }
    }
    Ok(flags)
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(Path::new(&home).join(".cargo"))
}
