//! `cargo xtask attack`: tries to rob the two programs, and counts what was tried.
//!
//! The families of attacks are tests of the binary `programs`: each reports one line of counts, which are collected
//! here and never written down anywhere. Then bugs are planted into copies of the sources, built to real programs,
//! and the same tests must fail: a plant that no test catches is an escape like any other.

mod plants;
mod report;
mod suite;

use anyhow::{Result, bail};

use crate::{fuzz, workspace};
use report::Report;
use suite::Suite;

/// The flags of `cargo xtask attack`.
#[derive(clap::Args)]
pub struct Options {
    /// A part of the planted bugs, another one every day, and short random sequences: what CI runs (the default)
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Every planted bug and long random sequences
    #[arg(long)]
    full: bool,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    /// Repeat what this seed chose: random sequences and the planted bugs of a quick run
    #[arg(long)]
    seed: Option<u64>,
    /// Plant only the bugs with one of these texts in their name
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    plant: Vec<String>,
    /// Leave the planted bugs out: they need the tools that build on-chain programs
    #[arg(long, conflicts_with = "plant")]
    no_plants: bool,
}

/// Planted bugs of a quick run.
const QUICK_PLANTS: usize = 4;
/// Seconds of each fuzz target in a full run; `cargo xtask fuzz` goes on longer.
const FUZZ_SECONDS: u32 = 20;

pub fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let seed = options.seed.unwrap_or_else(today);
    let suite = Suite::build(&root)?;
    let mut report = Report::new(seed, options.full, options.json);
    // One bug at a time is wanted while writing it: then the families wait.
    if options.plant.is_empty() {
        for family in suite.families(&root, seed, options.full)? {
            report.family(family);
        }
    }
    if !options.no_plants {
        let mut table = plants::read(&root)?;
        if !options.plant.is_empty() {
            table.retain(|plant| options.plant.iter().any(|text| plant.name.contains(text.as_str())));
        } else if !options.full {
            table = plants::some(table, seed, QUICK_PLANTS);
        }
        if table.is_empty() {
            bail!("no planted bug has that name: see tests/plants");
        }
        plants::run(&root, &suite, &table, !options.full, |result| report.plant(result))?;
    }
    if options.full && options.plant.is_empty() {
        for fuzzed in fuzz::smoke(&root, FUZZ_SECONDS)? {
            report.fuzzed(fuzzed);
        }
    }
    report.close()
}

/// Days since 1970: what a quick run leaves out today, it tries another day.
fn today() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_secs() / 86_400)
}
