//! Where the project lies, and its binaries: for the tests that start them.

use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").to_owned()
}

/// The folder of the built binaries: PROOFMILL_BIN_DIR, or beside this test's own.
pub fn binary(name: &str) -> PathBuf {
    let dir = std::env::var_os("PROOFMILL_BIN_DIR").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().expect("this test's own path");
        test.ancestors().nth(2).expect("target/PROFILE/deps/test").to_owned()
    });
    let path = dir.join(name);
    assert!(path.exists(), "{} is missing: run `make build`", path.display());
    path
}
