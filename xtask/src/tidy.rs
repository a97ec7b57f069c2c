//! `cargo xtask tidy`: quick checks of what no compiler checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{sbf, workspace};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "helpers", "common", "manager", "misc", "types"];
const NAMED_TREES: [&str; 5] = ["crates/", "programs/", "oracle/", "provider-node/", "cli/"];
/// First directories of absolute paths that exist on one machine only.
const MACHINE_DIRECTORIES: [&str; 3] = ["home", "root", "work"];
const SPECIFICATION: &str = "SPECIFICATION.md";
/// What a pure decision core may not do: wait, run containers, talk to the chain.
const FORBIDDEN_IN_CORES: [&str; 4] = ["tokio", "bollard", "solana-rpc-client", "solana-pubsub-client"];

pub fn run() -> Result<()> {
    let root = workspace::root();
    let files = tracked(&root)?;
    let mut faults = names(&files);
    faults.extend(machine_paths(&files));
    faults.extend(promises(&files));
    faults.extend(directions(&packages(&root)?));
    faults.extend(sbf::fresh(&root).err().map(|error| format!("{error:#}")));
    if !faults.is_empty() {
        bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "));
    }
    println!("tidy: {} files, no fault", files.len());
    Ok(())
}

/// The repository's text files, by path: tracked ones, and new ones that git does not ignore.
fn tracked(root: &Path) -> Result<BTreeMap<String, String>> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let list =
        workspace::output(Command::new("git").args(args).current_dir(root)).context("tidy asks git for the files")?;
    let mut files = BTreeMap::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        // Deleted but still tracked, a link into nowhere, or no text: nothing to check.
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            files.insert(path.to_owned(), text);
        }
    }
    Ok(files)
}

fn names(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| NAMED_TREES.iter().any(|tree| path.starts_with(tree))) {
        let Some(module) = path.strip_suffix(".rs") else { continue };
        if let Some(name) = module.split('/').find(|part| EMPTY_NAMES.contains(part)) {
            faults.push(format!("{path}: the name `{name}` says nothing; name what is inside"));
        }
        for (number, line) in text.lines().enumerate() {
            let Some(inline) = line.trim_start().trim_start_matches("pub ").strip_prefix("mod ") else { continue };
            let name = inline.trim_end_matches([';', '{', ' ']);
            if inline.trim_end().ends_with('{') && EMPTY_NAMES.contains(&name) {
                faults.push(format!("{path}:{}: the name `{name}` says nothing; name what is inside", number + 1));
            }
        }
    }
    faults
}

fn machine_paths(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            for directory in MACHINE_DIRECTORIES {
                if names_directory(line, &format!("/{directory}/")) {
                    faults.push(format!("{path}:{}: /{directory}/… is a path of one machine", number + 1));
                }
            }
        }
    }
    faults
}

/// Whether `line` holds an absolute path below `directory`, which is not the middle of a longer path or an address.
fn names_directory(line: &str, directory: &str) -> bool {
    line.match_indices(directory).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|char| char.is_alphanumeric() || "._-/~$}>*".contains(char))
    })
}

/// Each promise of the specification names the test that keeps it: `[test: path::name]`, `path` a file or a module.
fn promises(files: &BTreeMap<String, String>) -> Vec<String> {
    let Some(specification) = files.get(SPECIFICATION) else { return Vec::new() };
    let mut faults = Vec::new();
    for (number, line) in specification.lines().enumerate() {
        for link in line.split("[test").skip(1) {
            let place = format!("{SPECIFICATION}:{}", number + 1);
            let Some((link, _)) = link.split_once(']') else {
                faults.push(format!("{place}: `[test` without `]`"));
                continue;
            };
            if link.trim() == "pending" {
                continue;
            }
            let Some(tests) = link.strip_prefix(':') else {
                faults.push(format!("{place}: `[test{link}]` is neither `[test: path::name]` nor `[test pending]`"));
                continue;
            };
            for test in tests.split(',').map(|test| test.trim().trim_matches('`')) {
                if let Err(fault) = find_test(files, test) {
                    faults.push(format!("{place}: {fault}"));
                }
            }
        }
    }
    faults
}

fn find_test(files: &BTreeMap<String, String>, link: &str) -> Result<()> {
    let (path, name) = link.rsplit_once("::").with_context(|| format!("`{link}` is not path::name"))?;
    if path.contains('/') || path.contains('.') {
        let text = files.get(path).with_context(|| format!("`{link}`: there is no file {path}"))?;
        // Tests in other languages have sentences for names.
        if !(is_test(text, name) || (!path.ends_with(".rs") && text.contains(name))) {
            bail!("`{link}`: {path} has no test `{name}`");
        }
    } else if !files.iter().any(|(path, text)| path.ends_with(".rs") && is_test(text, name)) {
        bail!("`{link}`: no file has a test `{name}`");
    }
    Ok(())
}

/// Whether Rust code has the function `name` with a test attribute right above it.
fn is_test(text: &str, name: &str) -> bool {
    let mut attributed = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributed |= line.contains("test");
            continue;
        }
        let function = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
        if attributed && function.is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
        {
            return true;
        }
        attributed &= line.is_empty() || line.starts_with("//");
    }
    false
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev`, `build`, or nothing.
    kind: Option<String>,
    /// Given for dependencies inside the repository.
    path: Option<String>,
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let args = ["metadata", "--offline", "--no-deps", "--format-version", "1"];
    let json = workspace::output(workspace::cargo().args(args).current_dir(root))?;
    let metadata: Metadata = serde_json::from_str(&json).context("cargo metadata has an unknown form")?;
    Ok(metadata.packages)
}

fn directions(packages: &[Package]) -> Vec<String> {
    let by_name: BTreeMap<_, _> = packages.iter().map(|package| (package.name.as_str(), package)).collect();
    let mut faults = Vec::new();
    for package in packages {
        if package.name == "proofmill-protocol" {
            let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
            faults.extend(
                ours.map(|dependency| format!("crates/protocol depends on {}: it stands alone", dependency.name)),
            );
        }
        if package.name.ends_with("-core") {
            for (forbidden, through) in reached(package, &by_name) {
                faults.push(format!("{} depends on {forbidden}{through}: a core decides, a shell acts", package.name));
            }
        }
    }
    faults
}

/// Forbidden crates that `package` links, directly or through crates of the repository. Tests may use what they like.
fn reached(package: &Package, by_name: &BTreeMap<&str, &Package>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![package];
    while let Some(at) = open.pop() {
        for dependency in at.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev")) {
            if FORBIDDEN_IN_CORES.contains(&dependency.name.as_str()) {
                let through = if at.name == package.name { String::new() } else { format!(" through {}", at.name) };
                found.push((dependency.name.clone(), through));
            } else if let Some(next) = by_name.get(dependency.name.as_str())
                && seen.insert(next.name.as_str())
            {
                open.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn empty_names_are_found_as_files_directories_and_inline_modules() {
        let tree = files(&[
            ("crates/a/src/utils.rs", ""),
            ("cli/src/common/mod.rs", ""),
            ("oracle/src/draw.rs", "pub mod helpers {\n}\nuse idl::types;\nmod typesetting {\n}"),
            ("docs/types.md", ""),
        ]);
        let faults = names(&tree);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn paths_of_a_machine_are_found_and_other_paths_are_not() {
        for directory in MACHINE_DIRECTORIES {
            for line in [format!("/{directory}/x"), format!("cd \"/{directory}/x\""), format!("a=/{directory}/x")] {
                assert_eq!(machine_paths(&files(&[("a.md", &line)])).len(), 1, "{line}");
            }
            for line in
                [format!("./{directory}/x"), format!("https://a.example/{directory}/x"), format!("$DIR/{directory}/x")]
            {
                assert!(machine_paths(&files(&[("a.md", &line)])).is_empty(), "{line}");
            }
        }
    }

    #[test]
    fn promises_name_tests_that_exist() {
        let code = "#[test]\n// why\nfn pays_once() {}\n\nfn no_test() {}\n#[tokio::test]\nasync fn heals() {}\n";
        let tree = |links: &str| {
            files(&[(SPECIFICATION, links), ("crates/a/src/b.rs", code), ("app/x.spec.ts", "test('it pays')")])
        };
        let good =
            "[test: crates/a/src/b.rs::pays_once] [test: a::b::heals] [test pending] [test: app/x.spec.ts::it pays]";
        assert_eq!(promises(&tree(good)), Vec::<String>::new());
        for bad in [
            "[test: a::no_test]",
            "[test: crates/a/src/c.rs::pays_once]",
            "[test: crates/a/src/b.rs::pays]",
            "[test: pays_once]",
            "[test]",
            "[test later]",
            "[test: a::heals",
        ] {
            assert_eq!(promises(&tree(bad)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn cores_are_kept_pure_through_other_crates_too() {
        let dependency = |name: &str, kind: Option<&str>, path: Option<&str>| Dependency {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            path: path.map(str::to_owned),
        };
        let package = |name: &str, dependencies: Vec<Dependency>| Package { name: name.to_owned(), dependencies };
        let found = directions(&[
            package("a-core", vec![dependency("chain", None, Some("x")), dependency("bollard", Some("dev"), None)]),
            package("chain", vec![dependency("tokio", None, None)]),
            package(
                "proofmill-protocol",
                vec![dependency("chain", Some("dev"), Some("x")), dependency("sha2", None, None)],
            ),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("a-core depends on tokio through chain"));
    }
}
