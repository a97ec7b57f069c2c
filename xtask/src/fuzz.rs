//! `cargo xtask fuzz`: libFuzzer on the targets of `fuzz/`, with the stable compiler.
//!
//! Coverage is a pass of LLVM that stable rustc runs when told (`-Cpasses`), so neither a nightly nor `cargo-fuzz` is
//! needed; `cargo fuzz run` works on the same folder. On the host there are no sysvars: `Clock::get` always fails, and
//! with it most instructions, before anything interesting. So the targets are built from a copy of the sources, with a
//! copy of pinocchio whose host clock the fuzzer sets.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::workspace;

/// The flags of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub struct Options {
    /// Seconds that each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only this target
    #[arg(long)]
    target: Option<String>,
    /// Only replay the committed corpus
    #[arg(long)]
    replay: bool,
}

const TARGETS: [&str; 4] = ["protocol_decode", "account_bytes", "market_instruction", "arbiter_instruction"];
/// What the targets are built from.
const SOURCES: [&str; 5] = ["fuzz", "programs", "crates/protocol", "crates/client", "Cargo.toml"];
/// What libFuzzer needs of the compiler: counters at every edge, and the operands of comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";
/// Largest input, bytes: a round's opening reads two lists of keys and the hashes of the last slots.
const LENGTH_MAX: u32 = 20_000;
/// The host's answer to `Clock::get`, which is always a failure, and what replaces it.
const NO_SYSVAR: &str = "core::hint::black_box(var_addr as *const _ as u64)\n            };";
const HOST_CLOCK: &str = "if size_of::<Self>() == 40 {
                    // SAFETY: one thread; the static is as large as the sysvar.
                    unsafe {
                        let clock = core::ptr::addr_of!($crate::sysvars::HOST_CLOCK).cast::<u8>();
                        core::ptr::copy_nonoverlapping(clock, var_addr, 40);
                    }
                }
                0
            };";

pub fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let targets: Vec<&str> = match &options.target {
        None => TARGETS.to_vec(),
        Some(name) => TARGETS.into_iter().filter(|target| target == name).collect(),
    };
    if targets.is_empty() {
        bail!("the targets are {}", TARGETS.join(", "));
    }
    let binaries = build(&root)?;
    for target in targets {
        println!("{}", fuzz(&root, &binaries, target, options)?);
    }
    Ok(())
}

/// Runs every target for a few seconds, as a part of a full attack.
pub fn smoke(root: &Path, seconds: u32) -> Result<Vec<Fuzzed>> {
    let binaries = build(root)?;
    let options = Options { seconds, target: None, replay: false };
    TARGETS.into_iter().map(|target| fuzz(root, &binaries, target, &options)).collect()
}

/// What libFuzzer counted for one target.
#[derive(Debug, Serialize)]
pub struct Fuzzed {
    target: String,
    runs: u64,
    /// Edges of the code that some input reached, as libFuzzer writes it.
    coverage: String,
    seconds: u32,
}

impl std::fmt::Display for Fuzzed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { target, runs, coverage, seconds } = self;
        write!(out, "fuzzed {target:<26} {runs:>9} runs in {seconds} s, edges {coverage}, no fault")
    }
}

/// Copies the sources, gives the copy a clock, and builds the targets; the folder of the binaries.
fn build(root: &Path) -> Result<PathBuf> {
    let base = root.join("target/fuzz");
    let tree = base.join("tree");
    for source in SOURCES {
        workspace::mirror(&root.join(source), &tree.join(source))?;
    }
    let manifest = tree.join("fuzz/Cargo.toml");
    let metadata = ["metadata", "--format-version", "1", "--manifest-path"];
    let lock = root.join("fuzz/Cargo.toml");
    let json = workspace::output(workspace::cargo().args(metadata).arg(&lock).arg("--locked"))?;
    let metadata: serde_json::Value = serde_json::from_str(&json).context("cargo metadata has an unknown form")?;
    let package = metadata["packages"].as_array().into_iter().flatten().find(|package| package["name"] == "pinocchio");
    let pinocchio = package.and_then(|package| package["manifest_path"].as_str()).context("no pinocchio is linked")?;
    let pinocchio = Path::new(pinocchio).parent().context("pinocchio has a folder")?;
    let copy = tree.join("pinocchio");
    workspace::mirror(pinocchio, &copy)?;
    let sysvars = copy.join("src/sysvars/mod.rs");
    let text = workspace::read(&sysvars)?;
    if text.matches(NO_SYSVAR).count() != 1 {
        bail!("pinocchio answers `Clock::get` in another way now: see xtask/src/fuzz.rs");
    }
    let clock = "\n/// The clock that the host answers with.\npub static mut HOST_CLOCK: [u64; 5] = [0; 5];\n";
    workspace::write(&sysvars, text.replace(NO_SYSVAR, HOST_CLOCK) + clock)?;
    let patched = workspace::read(&manifest)?
        + "\n[patch.crates-io]\npinocchio = { path = \"../pinocchio\" }\n\n[dependencies.pinocchio]\nversion = \"*\"\n";
    workspace::write(&manifest, patched)?;

    let verbose = workspace::output(Command::new("rustc").arg("-vV"))?;
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let target = base.join("build");
    let mut cargo = workspace::cargo();
    // With a target of its own, build scripts and macros are compiled without the counters.
    cargo.args(["build", "--release", "--features", "host_clock", "--target", host, "--target-dir"]).arg(&target);
    cargo.env("RUSTFLAGS", COVERAGE).env_remove("CARGO_ENCODED_RUSTFLAGS").current_dir(tree.join("fuzz"));
    workspace::run(&mut cargo).context("the fuzz targets were not built")?;
    Ok(target.join(host).join("release"))
}

/// Runs one target.
fn fuzz(root: &Path, binaries: &Path, target: &str, options: &Options) -> Result<Fuzzed> {
    let seeds = root.join("fuzz/corpus").join(target);
    let found = root.join("target/fuzz/corpus").join(target);
    let crashes = root.join("target/fuzz/crashes");
    for folder in [&found, &crashes] {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut fuzzer = Command::new(binaries.join(target));
    fuzzer.arg(format!("-artifact_prefix={}/{target}-", crashes.display())).arg(format!("-max_len={LENGTH_MAX}"));
    fuzzer.arg("-print_final_stats=1");
    if options.replay {
        fuzzer.args(["-runs=0"]).arg(&seeds);
    } else {
        fuzzer.arg(format!("-max_total_time={}", options.seconds)).arg(&found).arg(&seeds);
    }
    let std::process::Output { status, stderr, .. } =
        fuzzer.output().with_context(|| format!("cannot run {target}"))?;
    let log = String::from_utf8_lossy(&stderr);
    if !status.success() {
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        bail!("{target} found a fault; the input is in {}:\n{}", crashes.display(), tail.join("\n"));
    }
    let coverage = log.lines().rev().find(|line| line.contains(" cov: ")).unwrap_or("no coverage was counted");
    let runs = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let coverage = coverage.split_once("cov: ").map_or(coverage, |(_, rest)| rest);
    let coverage = coverage.split(" corp:").next().unwrap_or(coverage);
    Ok(Fuzzed {
        target: target.to_owned(),
        runs: runs.and_then(|runs| runs.trim().parse().ok()).context("libFuzzer counted no runs")?,
        coverage: coverage.replace("ft:", "features"),
        seconds: if options.replay { 0 } else { options.seconds },
    })
}
