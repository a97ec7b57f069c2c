//! What is printed: one line for each family of attacks and each planted bug, and one for all.

use anyhow::{Result, bail};
use serde::Serialize;

use super::suite::Family;
use crate::fuzz::Fuzzed;

/// What became of one planted bug.
#[derive(Debug, Serialize)]
pub struct Planted {
    pub plant: String,
    pub breaks: String,
    /// The tests that failed: the laws that the bug broke. None is an escape.
    pub caught_by: Vec<String>,
    /// Whether the hint was enough, or every test had to run.
    pub hinted: bool,
    pub build_seconds: f64,
    pub test_seconds: f64,
    /// Why it was not tried: it does not build, or changes nothing.
    pub fault: Option<String>,
}

impl Planted {
    /// One that could not be tried.
    pub fn untried(plant: &str, breaks: &str, fault: &anyhow::Error) -> Self {
        Self {
            plant: plant.to_owned(),
            breaks: breaks.to_owned(),
            caught_by: Vec::new(),
            hinted: false,
            build_seconds: 0.0,
            test_seconds: 0.0,
            fault: Some(format!("{fault:#}")),
        }
    }
}

/// Everything that was tried.
#[derive(Serialize)]
pub struct Report {
    seed: u64,
    full: bool,
    families: Vec<Family>,
    plants: Vec<Planted>,
    fuzzed: Vec<Fuzzed>,
    #[serde(skip)]
    json: bool,
}

impl Report {
    pub fn new(seed: u64, full: bool, json: bool) -> Self {
        Self { seed, full, families: Vec::new(), plants: Vec::new(), fuzzed: Vec::new(), json }
    }

    pub fn family(&mut self, family: Family) {
        if !self.json {
            let seed = family.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
            println!(
                "{:<42} {:>6} cases {:>6} refused {:>6} harmless by {:>2} exceptions, {} escaped, {:.1} s{seed}",
                family.family,
                family.cases,
                family.refused,
                family.harmless,
                family.exceptions,
                family.escaped,
                family.seconds
            );
        }
        self.families.push(family);
    }

    pub fn plant(&mut self, plant: Planted) {
        if !self.json {
            let fate = match (&plant.fault, plant.caught_by.split_first()) {
                (Some(fault), _) => format!("NOT TRIED: {fault}"),
                (None, None) => "ESCAPED: no test fails".to_owned(),
                (None, Some((first, []))) => format!("caught by {first}"),
                (None, Some((first, rest))) => format!("caught by {first} and {} more", rest.len()),
            };
            println!(
                "planted {:<34} {fate}, build {:.0} s, tests {:.0} s",
                plant.plant, plant.build_seconds, plant.test_seconds
            );
        }
        self.plants.push(plant);
    }

    pub fn fuzzed(&mut self, fuzzed: Fuzzed) {
        if !self.json {
            println!("{fuzzed}");
        }
        self.fuzzed.push(fuzzed);
    }

    /// Prints the total; fails if anything escaped.
    pub fn close(self) -> Result<()> {
        let sum = |count: fn(&Family) -> u64| self.families.iter().map(count).sum::<u64>();
        let names = |chosen: fn(&&Planted) -> bool| {
            self.plants.iter().filter(chosen).map(|plant| plant.plant.as_str()).collect::<Vec<_>>()
        };
        let untried = names(|plant| plant.fault.is_some());
        let escaped = names(|plant| plant.fault.is_none() && plant.caught_by.is_empty());
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self)?);
        } else {
            println!(
                "total: {} families, {} cases, {} refused, {} harmless; {} of {} planted bugs caught; {} escaped; seed {}",
                self.families.len(),
                sum(|family| family.cases),
                sum(|family| family.refused),
                sum(|family| family.harmless),
                self.plants.len() - escaped.len() - untried.len(),
                self.plants.len(),
                sum(|family| family.escaped) + escaped.len() as u64,
                self.seed
            );
        }
        if !escaped.is_empty() {
            bail!("no test catches {}: write the law that it breaks", escaped.join(", "));
        }
        if sum(|family| family.escaped) > 0 {
            bail!("attacks escaped: see above");
        }
        if !untried.is_empty() {
            bail!("not tried: {}; mend them in tests/plants", untried.join(", "));
        }
        Ok(())
    }
}
