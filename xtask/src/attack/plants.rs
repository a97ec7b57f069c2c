//! Planted bugs: one check removed or one operator bent in a copy of the sources, built to a real program. The tests
//! of the programs must fail on it.
//!
//! The shipped sources stay clean: what is planted where stands in `tests/plants/*.toml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::report::Planted;
use super::suite::Suite;
use crate::sbf::{compile, toolchain::Toolchain};
use crate::workspace::{self, PROGRAMS};

/// What is built: everything that the programs are made of.
const SOURCES: [&str; 3] = ["programs", "crates/protocol", "xtask/sbf"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    plant: Vec<Plant>,
}

/// One planted bug.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plant {
    pub name: String,
    /// The file it is planted in.
    pub file: String,
    /// Text that the file contains exactly once.
    pub find: String,
    pub replace: String,
    /// What the bug allows, in plain words.
    pub breaks: String,
    /// Part of the names of the tests that are tried first. If none of them fails, all are.
    pub caught_by: Option<String>,
    /// The programs it changes; without it, the one whose file it is, or both for the rules.
    pub programs: Option<Vec<String>>,
}

impl Plant {
    /// The programs that have to be built.
    fn changed(&self) -> Vec<&'static str> {
        let named = |program: &&'static str| match &self.programs {
            Some(list) => list.iter().any(|name| name == program),
            None => self.file.starts_with("crates/") || self.file.starts_with(&format!("programs/{program}/")),
        };
        PROGRAMS.into_iter().filter(named).collect()
    }

    /// The text of the file with the bug in it.
    fn apply(&self, text: &str) -> Result<String> {
        let found = text.matches(&self.find).count();
        if found != 1 {
            bail!("{} does not apply: {} contains its text {found} times, not once", self.name, self.file);
        }
        Ok(text.replacen(&self.find, &self.replace, 1))
    }
}

/// Every plant; each applies, and no two share a name.
pub fn read(root: &Path) -> Result<Vec<Plant>> {
    let folder = root.join("tests/plants");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut plants = Vec::new();
    for file in files {
        let table: Table = toml::from_str(&workspace::read(&file)?)
            .with_context(|| format!("{} is no table of plants", file.display()))?;
        plants.extend(table.plant);
    }
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for plant in &plants {
        if !names.insert(plant.name.as_str()) {
            faults.push(format!("two plants are called {}", plant.name));
        }
        if plant.changed().is_empty() {
            faults.push(format!("{} changes no program", plant.name));
        }
        if let Err(fault) = workspace::read(&root.join(&plant.file)).and_then(|text| plant.apply(&text)) {
            faults.push(format!("{fault:#}"));
        }
    }
    if !faults.is_empty() {
        bail!("tests/plants:\n  {}", faults.join("\n  "));
    }
    Ok(plants)
}

/// `count` of the plants, others for each seed; after enough seeds every one has been chosen.
pub fn some(plants: Vec<Plant>, seed: u64, count: usize) -> Vec<Plant> {
    let total = plants.len().max(1);
    let start = usize::try_from(seed % total as u64).unwrap_or(0) * count % total;
    plants.iter().cycle().skip(start).take(count.min(plants.len())).cloned().collect()
}

/// Builds and tests every plant. With `tested`, the programs that the tests run on by default have passed already.
pub fn run(root: &Path, suite: &Suite, plants: &[Plant], tested: bool, mut report: impl FnMut(Planted)) -> Result<()> {
    let field = Field::prepare(root)?;
    let shipped = std::env::var_os("PROOFMILL_SO_DIR").map_or_else(|| root.join("programs/deploy"), PathBuf::from);
    field.check_clean(suite, tested.then_some(&shipped))?;
    for plant in plants {
        // One that is spoilt must not keep the others from being tried.
        let spoilt = |fault: anyhow::Error| Planted::untried(&plant.name, &plant.breaks, &fault);
        report(field.try_one(suite, plant).unwrap_or_else(spoilt));
    }
    Ok(())
}

/// The copy of the sources in which bugs grow, one at a time.
struct Field {
    tree: PathBuf,
    target: PathBuf,
    /// The programs built from the unchanged copy.
    clean: PathBuf,
    variants: PathBuf,
    toolchain: Toolchain,
}

impl Field {
    fn prepare(root: &Path) -> Result<Self> {
        let base = root.join("target/plants");
        let field = Self {
            tree: base.join("tree"),
            target: base.join("build"),
            clean: base.join("clean"),
            variants: base.join("variants"),
            toolchain: Toolchain::find(false)?,
        };
        for source in SOURCES {
            workspace::mirror(&root.join(source), &field.tree.join(source))?;
        }
        Ok(field)
    }

    /// Builds the unchanged copy: it must pass, or a failing test would say nothing about a plant.
    fn check_clean(&self, suite: &Suite, tested: Option<&PathBuf>) -> Result<()> {
        let mut known = tested.is_some();
        for program in PROGRAMS {
            self.build(program, &self.clean).context("the unchanged sources do not build")?;
            known &= tested.is_some_and(|folder| same(&self.clean, folder, program).unwrap_or(false));
        }
        // The same sources build to the same bytes wherever they lie: what passed once need not pass again.
        if known {
            return Ok(());
        }
        let outcome = suite.run(Some(&self.clean), &[], None)?;
        if !outcome.passed {
            bail!("tests fail without any planted bug: {}\n{}", outcome.failed.join(", "), outcome.failures());
        }
        Ok(())
    }

    fn try_one(&self, suite: &Suite, plant: &Plant) -> Result<Planted> {
        let file = self.tree.join(&plant.file);
        let original = workspace::read(&file)?;
        workspace::write(&file, plant.apply(&original)?)?;
        let variant = self.variants.join(&plant.name);
        let started = Instant::now();
        let built = self.build_variant(plant, &variant);
        workspace::write(&file, original)?;
        built.with_context(|| format!("{} does not build", plant.name))?;
        let build_seconds = started.elapsed().as_secs_f64();

        let started = Instant::now();
        let mut hinted = true;
        let mut caught_by = match &plant.caught_by {
            Some(hint) => suite.run(Some(&variant), &[hint], None)?.failed,
            None => Vec::new(),
        };
        if caught_by.is_empty() {
            hinted = false;
            caught_by = suite.run(Some(&variant), &[], None)?.failed;
        }
        Ok(Planted {
            plant: plant.name.clone(),
            breaks: plant.breaks.clone(),
            caught_by,
            hinted,
            build_seconds,
            test_seconds: started.elapsed().as_secs_f64(),
            fault: None,
        })
    }

    fn build_variant(&self, plant: &Plant, variant: &Path) -> Result<()> {
        let changed = plant.changed();
        for program in PROGRAMS {
            if changed.contains(&program) {
                self.build(program, variant)?;
                if same(&self.clean, variant, program)? {
                    bail!("{program} is built to the same bytes: the bug changes nothing");
                }
            } else {
                copy(&self.clean.join(format!("{program}.so")), &variant.join(format!("{program}.so")))?;
            }
        }
        Ok(())
    }

    /// Builds one program of the tree as it stands into `folder`. Only what changed is compiled again.
    fn build(&self, program: &str, folder: &Path) -> Result<()> {
        let target = self.target.join(program);
        workspace::output(&mut compile::command(
            &self.tree,
            &self.tree.join("programs"),
            &target,
            program,
            &self.toolchain,
        )?)?;
        copy(&compile::built(&target, program), &folder.join(format!("{program}.so")))
    }
}

fn same(clean: &Path, variant: &Path, program: &str) -> Result<bool> {
    let name = format!("{program}.so");
    Ok(std::fs::read(clean.join(&name))? == std::fs::read(variant.join(&name))?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let bytes = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    workspace::write(to, bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    fn plant(name: &str, file: &str) -> Plant {
        Plant {
            name: name.to_owned(),
            file: file.to_owned(),
            find: "a < b".to_owned(),
            replace: "a <= b".to_owned(),
            breaks: "the boundary".to_owned(),
            caught_by: None,
            programs: None,
        }
    }

    #[test]
    fn a_plant_applies_to_a_text_that_occurs_once() {
        let plant = plant("boundary", "programs/market/src/lib.rs");
        assert_eq!(plant.apply("if a < b {}").unwrap(), "if a <= b {}");
        assert!(plant.apply("if b > a {}").is_err());
        assert!(plant.apply("a < b && a < b").is_err());
    }

    #[test]
    fn a_plant_is_built_into_the_programs_that_contain_its_file() {
        assert_eq!(plant("x", "programs/market/src/lib.rs").changed(), ["market"]);
        assert_eq!(plant("x", "programs/arbiter/src/lib.rs").changed(), ["arbiter"]);
        assert_eq!(plant("x", "crates/protocol/src/amount.rs").changed(), ["market", "arbiter"]);
        assert!(plant("x", "crates/chain/src/lib.rs").programs.is_none());
        let one = Plant { programs: Some(vec!["arbiter".to_owned()]), ..plant("x", "crates/protocol/src/draw.rs") };
        assert_eq!(one.changed(), ["arbiter"]);
    }

    #[test]
    fn every_plant_is_chosen_by_some_seed() {
        let all: Vec<Plant> = (0..7).map(|n| plant(&n.to_string(), "programs/market/src/lib.rs")).collect();
        let mut chosen = BTreeSet::new();
        for seed in 0..7 {
            let some = some(all.clone(), seed, 3);
            assert_eq!(some.len(), 3);
            chosen.extend(some.into_iter().map(|plant| plant.name));
        }
        assert_eq!(chosen.len(), 7);
        assert_eq!(some(all.clone(), 5, 99).len(), 7);
    }

    #[test]
    fn the_plants_of_this_repository_apply() {
        let plants = read(&workspace::root()).unwrap();
        assert!(plants.len() >= 16, "{} plants", plants.len());
    }
}
