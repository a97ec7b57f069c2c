//! `programs/deploy/build.json`: what the committed programs were built from and with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::toolchain::Toolchain;
use crate::workspace::{self, PROGRAMS};

/// The record of one build of all programs.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Record {
    /// Name and version of each tool, and the hashes of the recipe's files.
    pub tools: BTreeMap<String, String>,
    /// Hash of everything the programs are built from.
    pub sources: String,
    pub programs: BTreeMap<String, Binary>,
}

/// One program file.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Binary {
    pub sha256: String,
    pub size: u64,
}

impl Record {
    const PATH: &str = "programs/deploy/build.json";

    pub fn new(root: &Path, toolchain: &Toolchain, built: &[PathBuf]) -> Result<Self> {
        let mut tools = toolchain.versions.clone();
        for file in ["sbf-solana.json", "sbf-link", "sbf-rustc", "wide-mul.ll"] {
            tools.insert(file.to_owned(), hash_file(&root.join("xtask/sbf").join(file))?);
        }
        let binaries = PROGRAMS.iter().zip(built).map(|(program, file)| Ok(((*program).to_owned(), Binary::of(file)?)));
        Ok(Self { tools, sources: sources(root)?, programs: binaries.collect::<Result<_>>()? })
    }

    pub fn read(root: &Path) -> Result<Self> {
        let json =
            workspace::read(&root.join(Self::PATH)).context("the programs were never built: `cargo xtask sbf`")?;
        serde_json::from_str(&json).with_context(|| format!("{} is damaged: run `cargo xtask sbf`", Self::PATH))
    }

    pub fn write(&self, root: &Path) -> Result<()> {
        workspace::write(&root.join(Self::PATH), serde_json::to_string_pretty(self)? + "\n")
    }

    /// Fails unless `programs/deploy` holds the files that were recorded.
    pub fn verify_files(&self, root: &Path) -> Result<()> {
        for program in PROGRAMS {
            let path = super::deployed(root, program);
            let here = Binary::of(&path).context("run `cargo xtask sbf`")?;
            if self.programs.get(program) != Some(&here) {
                bail!(
                    "programs/deploy/{program}.so is not the file that {} records: run `cargo xtask sbf`",
                    Self::PATH
                );
            }
        }
        Ok(())
    }

    /// Tools that differ: name, version in `self`, version in `other`.
    pub fn differing_tools<'a>(&'a self, other: &'a Self) -> Vec<(&'a str, &'a str, &'a str)> {
        let version = |record: &'a Self, name: &str| record.tools.get(name).map_or("none", String::as_str);
        let mut names: Vec<_> = self.tools.keys().chain(other.tools.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| version(self, name) != version(other, name));
        names.into_iter().map(|name| (name, version(self, name), version(other, name))).collect()
    }
}

impl Binary {
    fn of(path: &Path) -> Result<Self> {
        let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        Ok(Self { sha256: hash_file(path)?, size })
    }
}

fn hash_file(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// One hash over the path and content of every file that the programs are built from.
pub fn sources(root: &Path) -> Result<String> {
    let mut files = Vec::new();
    let mut start = vec!["programs/Cargo.toml".to_owned(), "programs/Cargo.lock".to_owned()];
    start.extend(
        PROGRAMS.iter().flat_map(|name| [format!("programs/{name}/Cargo.toml"), format!("programs/{name}/src")]),
    );
    start.extend(["crates/protocol/Cargo.toml", "crates/protocol/src", "xtask/sbf"].map(str::to_owned));
    for path in start {
        collect(&root.join(path), &mut files)?;
    }
    let mut lines = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        lines.push(format!("{name} {}\n", hash_file(&file)?));
    }
    lines.sort_unstable();
    Ok(hex::encode(Sha256::digest(lines.concat())))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
            collect(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn the_source_hash_sees_every_change_and_no_directory() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for root in [one.path(), two.path()] {
            workspace::write(&root.join("programs/market/src/lib.rs"), "a").unwrap();
            workspace::write(&root.join("xtask/sbf/sbf-link"), "b").unwrap();
            workspace::write(&root.join("programs/market/target/x"), root.to_string_lossy().as_bytes()).unwrap();
        }
        let before = sources(one.path()).unwrap();
        assert_eq!(before, sources(two.path()).unwrap());
        workspace::write(&one.path().join("crates/protocol/src/job/mod.rs"), "").unwrap();
        assert_ne!(before, sources(one.path()).unwrap());
        workspace::write(&two.path().join("xtask/sbf/sbf-link"), "c").unwrap();
        assert_ne!(before, sources(two.path()).unwrap());
    }
}
