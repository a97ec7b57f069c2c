//! Files that have no name yet: bytes are staged beside their destination, and either get their name whole or vanish.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
};

use crate::error::DataError;

const SUFFIX: &str = ".part";

/// Removes what a killed process left staged in a directory, and says how many files it was. To be called before a
/// node serves from it, never while one does.
pub fn sweep_partial_files(dir: &Path) -> io::Result<usize> {
    let mut swept = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(SUFFIX) && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// A staged file. Dropping it removes it.
pub(crate) struct Staging {
    path: PathBuf,
    file: Option<File>,
}

impl Staging {
    /// A new file in `dir` whose name nobody else in this or another process uses.
    pub(crate) async fn create_in(dir: &Path) -> Result<Staging, DataError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let serial = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = dir.join(format!(".{}-{serial}{SUFFIX}", std::process::id()));
            match File::options().write(true).create_new(true).open(&path).await {
                Ok(file) => return Ok(Staging { path, file: Some(file) }),
                // Left by a killed process that had this process id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(DataError::File { path, source: error }),
            }
        }
    }

    /// A new file in the directory of `dest`, so that renaming it is atomic.
    pub(crate) async fn create_beside(dest: &Path) -> Result<Staging, DataError> {
        let dir = dest.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Staging::create_in(dir).await
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let written = match &mut self.file {
            Some(file) => file.write_all(bytes).await,
            None => Err(io::Error::other("the file is closed")),
        };
        written.map_err(DataError::file(&self.path))
    }

    /// Syncs and closes the file.
    pub(crate) async fn seal(&mut self) -> Result<(), DataError> {
        if let Some(mut file) = self.file.take() {
            file.flush().await.map_err(DataError::file(&self.path))?;
            file.sync_all().await.map_err(DataError::file(&self.path))?;
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the sealed file its name.
    pub(crate) async fn rename_to(mut self, dest: &Path) -> Result<(), DataError> {
        self.seal().await?;
        // What is then dropped has no file left to remove.
        fs::rename(&self.path, dest).await.map_err(DataError::file(dest))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "a staged file could not be removed");
        }
    }
}
