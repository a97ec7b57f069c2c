//! The test binary `programs`: built once, run with the shipped programs and with every planted bug.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace;

/// The modules of the test binary that are families of attacks.
const FAMILIES: [&str; 10] = [
    "griefing::",
    "scenarios::",
    "matrices::",
    "bytes::",
    "repeats::",
    "signed::",
    "extremes::",
    "deadlines::",
    "captured::",
    "conservation::",
];
/// Costs are no law: a bug that only makes an instruction dearer or cheaper is not caught by them.
const NO_LAWS: [&str; 1] = ["compute_units::"];
/// What a reporting test's line begins with.
const PREFIX: &str = "proofmill-attack ";

/// What one family of attacks tried, as its test counted it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Family {
    pub family: String,
    pub cases: u64,
    pub refused: u64,
    /// Cases that went through and are allowed to.
    pub harmless: u64,
    /// Rows of the exceptions' table that were needed.
    pub exceptions: u64,
    pub escaped: u64,
    pub seconds: f64,
    pub seed: Option<u64>,
}

/// The built test binary.
pub struct Suite {
    binary: PathBuf,
}

/// What a run of tests came to.
pub struct Outcome {
    pub passed: bool,
    /// The names of the tests that failed.
    pub failed: Vec<String>,
    output: String,
}

impl Outcome {
    /// What the failed tests said.
    pub fn failures(&self) -> &str {
        self.output.find("\nfailures:\n").and_then(|at| self.output.get(at..)).unwrap_or(&self.output)
    }
}

impl Suite {
    pub fn build(root: &Path) -> Result<Self> {
        let mut cargo = workspace::cargo();
        // All tests, though one is wanted: fewer of them would ask for other features of the dependencies, and build anew.
        cargo.args(["test", "--locked", "--workspace", "--no-run", "--message-format=json"]);
        let Output { status, stdout, stderr } = cargo.current_dir(root).output().context("cannot start cargo")?;
        if !status.success() {
            bail!("the tests of the programs do not build:\n{}", String::from_utf8_lossy(&stderr));
        }
        let messages = String::from_utf8_lossy(&stdout);
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let binary = artifacts
            .filter(|message| message["target"]["name"] == "programs")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .context("cargo names no binary of the test `programs`")?;
        // A copy: another build may replace the file while this one is still needed.
        let copy = root.join("target/attack/programs");
        if let Some(folder) = copy.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        std::fs::copy(&binary, &copy).with_context(|| format!("cannot copy {}", binary.display()))?;
        Ok(Self { binary: copy })
    }

    /// Runs the tests with any of `filters` in their names, or all; with the programs in `programs`, or the shipped ones.
    pub fn run(&self, programs: Option<&Path>, filters: &[&str], seed: Option<u64>) -> Result<Outcome> {
        let mut test = Command::new(&self.binary);
        test.args(filters);
        for skipped in NO_LAWS {
            test.args(["--skip", skipped]);
        }
        if let Some(folder) = programs {
            test.env("PROOFMILL_SO_DIR", folder);
        }
        if let Some(seed) = seed {
            test.env("PROOFMILL_ATTACK_SEED", seed.to_string());
        }
        test.env("RUST_BACKTRACE", "0");
        outcome(&mut test)
    }

    /// Runs every family on the shipped programs.
    pub fn families(&self, root: &Path, seed: u64, full: bool) -> Result<Vec<Family>> {
        let report = root.join("target/attack/families.jsonl");
        workspace::write(&report, "")?;
        let mut test = Command::new(&self.binary);
        test.args(FAMILIES).env("PROOFMILL_ATTACK_REPORT", &report).env("RUST_BACKTRACE", "0");
        test.env("PROOFMILL_ATTACK_SEED", seed.to_string()).env("PROOFMILL_ATTACK_FULL", if full { "1" } else { "0" });
        let outcome = outcome(&mut test)?;
        let lines = workspace::read(&report)?;
        let mut families = Vec::new();
        for line in lines.lines().filter_map(|line| line.strip_prefix(PREFIX)) {
            let family: Family = serde_json::from_str(line).with_context(|| format!("not a family's line: {line}"))?;
            families.push(family);
        }
        families.sort_by(|a, b| a.family.cmp(&b.family));
        // A test that fails without an escape, such as a missing scenario, is a failure too.
        if !outcome.passed {
            bail!("{}\n{} failed", outcome.failures(), outcome.failed.join(", "));
        }
        if families.is_empty() {
            bail!("no family of attacks reported what it tried");
        }
        Ok(families)
    }
}

fn outcome(test: &mut Command) -> Result<Outcome> {
    let Output { status, stdout, stderr } = test.output().context("cannot run the tests of the programs")?;
    let output = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    if !output.contains("test result: ") && status.success() {
        bail!("the tests of the programs reported nothing:\n{output}");
    }
    let failed = output.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let failed = failed.map(str::to_owned).collect();
    Ok(Outcome { passed: status.success(), failed, output })
}
