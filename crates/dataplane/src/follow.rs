//! A log that is written and followed at the same time. The writer publishes how far the file is whole; a follower
//! never reads beyond that, so it needs no polling and sees no torn write.

use std::path::{Path, PathBuf};

use tokio::{
    fs::{File, OpenOptions},
    io::AsyncWriteExt,
    sync::watch,
};

use crate::error::DataError;

/// How far a log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// Bytes that can be read.
    pub len: u64,
    /// Whether there will be no more.
    pub ended: bool,
}

/// The reading end of a log: one per handler, cloned into each [`crate::Source::Log`].
#[derive(Clone, Debug)]
pub struct LogTail {
    pub(crate) path: PathBuf,
    pub(crate) state: watch::Receiver<LogState>,
}

impl LogTail {
    /// A tail over a file that something else writes: it publishes a state only after those bytes can be read. If the
    /// sender is dropped before the end is published, followers learn that the log was broken off.
    pub fn new(path: PathBuf, state: watch::Receiver<LogState>) -> LogTail {
        LogTail { path, state }
    }

    /// A tail over a log that has ended.
    pub fn ended(path: PathBuf, len: u64) -> LogTail {
        let (_, state) = watch::channel(LogState { len, ended: true });
        LogTail { path, state }
    }

    /// How far the log has come.
    pub fn state(&self) -> LogState {
        *self.state.borrow()
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The writing end of a log.
#[derive(Debug)]
pub struct LogWriter {
    path: PathBuf,
    file: File,
    state: watch::Sender<LogState>,
    max_bytes: u64,
}

impl LogWriter {
    /// Opens a log, new or from before a restart, and appends to it. It takes `max_bytes` in all, usually
    /// [`crate::Limits::max_log_bytes`].
    pub async fn open(path: impl Into<PathBuf>, max_bytes: u64) -> Result<LogWriter, DataError> {
        let path = path.into();
        let file = OpenOptions::new().append(true).create(true).open(&path).await.map_err(DataError::file(&path))?;
        let len = file.metadata().await.map_err(DataError::file(&path))?.len();
        let (state, _) = watch::channel(LogState { len, ended: false });
        Ok(LogWriter { path, file, state, max_bytes })
    }

    /// Appends, and lets followers see it. Refuses, and writes nothing, beyond the limit.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let LogState { len, .. } = *self.state.borrow();
        let size = len.saturating_add(bytes.len() as u64);
        if size > self.max_bytes {
            return Err(DataError::TooLarge { size, limit: self.max_bytes });
        }
        let path = &self.path;
        self.file.write_all(bytes).await.map_err(DataError::file(path))?;
        self.file.flush().await.map_err(DataError::file(path))?;
        self.state.send_modify(|state| state.len = size);
        Ok(())
    }

    /// A reading end.
    pub fn tail(&self) -> LogTail {
        LogTail { path: self.path.clone(), state: self.state.subscribe() }
    }

    /// Marks the end and syncs the file; its length is returned. A writer dropped without this leaves a broken log.
    pub async fn end(self) -> Result<u64, DataError> {
        self.file.sync_all().await.map_err(DataError::file(&self.path))?;
        self.state.send_modify(|state| state.ended = true);
        Ok(self.state.borrow().len)
    }
}
