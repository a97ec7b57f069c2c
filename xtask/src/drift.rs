//! Generated files are committed. A generator either writes them or, with `--check`, fails where they differ.

use std::path::Path;

use anyhow::{Result, bail};

use crate::workspace;

/// The flags of every generator.
#[derive(clap::Args, Default)]
pub struct Options {
    /// Write nothing; fail if a committed file differs
    #[arg(long)]
    pub check: bool,
}

/// Generated files: path from the repository's root, and content.
pub struct Files<'a> {
    /// The command that writes them.
    pub command: &'a str,
    pub files: Vec<(String, String)>,
}

impl Files<'_> {
    /// Writes the files, or compares them with the committed ones.
    pub fn apply(&self, root: &Path, options: &Options) -> Result<()> {
        let stale: Vec<_> = self
            .files
            .iter()
            .filter(|(path, content)| std::fs::read_to_string(root.join(path)).ok().as_ref() != Some(content))
            .collect();
        if options.check && !stale.is_empty() {
            let lines: Vec<_> = stale
                .iter()
                .map(|(path, content)| format!("  {}", difference(&root.join(path), path, content)))
                .collect();
            bail!("out of date, run `{}`:\n{}", self.command, lines.join("\n"));
        }
        for (path, content) in &stale {
            workspace::write(&root.join(path), content)?;
            println!("wrote {path}");
        }
        if stale.is_empty() {
            println!("{} files up to date", self.files.len());
        }
        Ok(())
    }
}

/// The first line that differs.
fn difference(file: &Path, path: &str, content: &str) -> String {
    let Ok(committed) = std::fs::read_to_string(file) else { return format!("{path}: missing") };
    let mut pairs = committed.lines().zip(content.lines()).enumerate();
    match pairs.find(|(_, (old, new))| old != new) {
        Some((index, (old, new))) => format!("{path}:{}: `{}` should be `{}`", index + 1, old.trim(), new.trim()),
        None => format!("{path}: one is longer than the other"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn check_fails_on_drift_and_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let files = Files { command: "cargo xtask x", files: vec![("a/b.txt".into(), "one\ntwo\n".into())] };
        let check = Options { check: true };
        let message = files.apply(root.path(), &check).unwrap_err().to_string();
        assert!(message.contains("cargo xtask x") && message.contains("a/b.txt: missing"), "{message}");
        assert!(!root.path().join("a/b.txt").exists());

        files.apply(root.path(), &Options::default()).unwrap();
        files.apply(root.path(), &check).unwrap();

        std::fs::write(root.path().join("a/b.txt"), "one\n2\n").unwrap();
        let message = files.apply(root.path(), &check).unwrap_err().to_string();
        assert!(message.contains("a/b.txt:2: `2` should be `two`"), "{message}");
    }
}
