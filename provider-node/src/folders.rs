//! Where an attempt's files lie: `<data_dir>/jobs/<job>/<attempt>` for a run, with `-again` for a re-execution.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use proofmill_provider_core::{AttemptKey, Role};
use solana_address::Address;

/// A failed operation on an attempt's folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct FolderError {
    /// What was tried.
    pub what: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError { what, path, source }
}

/// The folders of a node.
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
}

impl Folders {
    /// Under the data directory.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn create(data_dir: &Path) -> Result<Folders, FolderError> {
        let root = data_dir.join("jobs");
        DirBuilder::new().recursive(true).mode(0o700).create(&root).map_err(failed("create", &root))?;
        Ok(Folders { root })
    }

    /// The folder of an attempt.
    pub fn of(&self, key: &AttemptKey) -> AttemptFolder {
        let suffix = match key.role {
            Role::Run => "",
            Role::Reexecute => "-again",
        };
        let job = Address::new_from_array(key.job).to_string();
        AttemptFolder { root: self.root.join(job).join(format!("{}{suffix}", key.attempt)) }
    }
}

/// One attempt's folder.
#[derive(Clone, Debug)]
pub struct AttemptFolder {
    root: PathBuf,
}

impl AttemptFolder {
    /// The specification as the chain commits to it.
    pub fn spec(&self) -> PathBuf {
        self.root.join("spec.json")
    }

    /// The input as it came.
    pub fn input_bundle(&self) -> PathBuf {
        self.root.join("input.bundle")
    }

    /// The input as the container sees it.
    pub fn input(&self) -> PathBuf {
        self.root.join("in")
    }

    /// What the container writes.
    pub fn output(&self) -> PathBuf {
        self.root.join("out")
    }

    /// The output as it is served.
    pub fn output_bundle(&self) -> PathBuf {
        self.root.join("output.bundle")
    }

    /// What the container printed.
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Exists if the log was cut.
    pub fn log_truncated(&self) -> PathBuf {
        self.root.join("log.truncated")
    }

    /// Exists once the log is complete.
    pub fn log_ended(&self) -> PathBuf {
        self.root.join("log.ended")
    }

    /// Where blobs arrive.
    pub fn staging(&self) -> PathBuf {
        self.root.join("arriving")
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&self) -> Result<(), FolderError> {
        let staging = self.staging();
        DirBuilder::new().recursive(true).mode(0o700).create(&staging).map_err(failed("create", &staging))
    }

    /// Makes `out`, writable by the container's unprivileged user. The folders above are the node's alone.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create_output(&self) -> Result<(), FolderError> {
        let output = self.output();
        match DirBuilder::new().mode(0o777).create(&output) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("create", &output)(error)),
        }
        fs::set_permissions(&output, fs::Permissions::from_mode(0o777)).map_err(failed("open up", &output))
    }

    /// Whether specification and unpacked input are there.
    pub fn has_blobs(&self) -> bool {
        self.spec().is_file() && self.input().is_dir()
    }

    /// Deletes the folder, and the job's if it is empty.
    ///
    /// # Errors
    /// If something is left.
    pub fn delete(&self) -> Result<(), FolderError> {
        match fs::remove_dir_all(&self.root) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("delete", &self.root)(error)),
        }
        if let Some(job) = self.root.parent() {
            // Another attempt may still be in it.
            let _ = fs::remove_dir(job);
        }
        Ok(())
    }
}
