//! Where things are in the repository, and how to run a tool in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// The on-chain programs: package, IDL and file names alike.
pub const PROGRAMS: [&str; 2] = ["market", "arbiter"];

/// The root of the repository. Cargo says where it runs the command; two checkouts that share a target directory also
/// share the binary, and what was known when it was compiled may be the other one.
pub fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Cargo, in the environment of whoever called cargo to run this program. What cargo tells about this package would reach
/// build scripts that ask for such names (ring's does), and everything behind them would be built anew.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|told| text.starts_with(told)) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Reads a file, naming it in the error.
pub fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file and the directories above it.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Runs a tool whose output the user sees.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed: {status}");
    }
    Ok(())
}

/// Runs a tool and returns what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let Output { status, stdout, stderr } = command.output().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed: {status}\n{}", String::from_utf8_lossy(&stderr));
    }
    String::from_utf8(stdout).with_context(|| format!("{name} printed something that is not text"))
}

/// Makes `to` hold the files of `from` and no others. Unchanged files keep their time, so that nothing is built twice.
pub fn mirror(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        let bytes = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        if std::fs::read(to).ok().as_ref() != Some(&bytes) {
            write(to, bytes)?;
            // The recipe's scripts must stay executable.
            std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
        }
        return Ok(());
    }
    let list = |folder: &Path| -> Result<BTreeSet<std::ffi::OsString>> {
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
    };
    let mut names = list(from).with_context(|| format!("cannot list {}", from.display()))?;
    names.retain(|name| !["target", "deploy"].iter().any(|skipped| name == skipped));
    if to.is_dir() {
        for stale in list(to)?.difference(&names) {
            let stale = to.join(stale);
            if stale.is_dir() { std::fs::remove_dir_all(stale)? } else { std::fs::remove_file(stale)? }
        }
    }
    names.iter().try_for_each(|name| mirror(&from.join(name), &to.join(name)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn another_cargo_hears_nothing_of_this_package() {
        // Cargo sets it for tests, as it does for what it runs.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let cargo = cargo();
        let removed: Vec<_> = cargo.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for told in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION_MAJOR", "CARGO_MANIFEST_DIR"] {
            assert!(removed.contains(&std::ffi::OsStr::new(told)), "{told}");
        }
    }

    #[test]
    fn a_mirror_holds_the_same_files_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        write(&from.join("a/b.rs"), "b").unwrap();
        write(&from.join("deploy/c.so"), "c").unwrap();
        write(&to.join("stale.rs"), "s").unwrap();
        mirror(&from, &to).unwrap();
        assert_eq!(std::fs::read(to.join("a/b.rs")).unwrap(), b"b");
        assert!(!to.join("deploy").exists() && !to.join("stale.rs").exists());
    }
}
