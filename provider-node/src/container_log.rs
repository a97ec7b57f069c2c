//! What containers print: kept up to a limit, and followed while it grows.

use std::{
    collections::{HashMap, HashSet},
    fs,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::StreamExt;
use proofmill_dataplane::{LogTail, LogWriter};
use proofmill_provider_core::AttemptKey;

use crate::{engine::Engine, folders::AttemptFolder, limits};

/// The logs being written.
#[derive(Clone, Default)]
pub struct LogBook {
    tails: Arc<Mutex<HashMap<AttemptKey, LogTail>>>,
    kept: Arc<Mutex<HashSet<AttemptKey>>>,
}

impl LogBook {
    /// The tail of a log that is being written.
    pub fn tail(&self, key: &AttemptKey) -> Option<LogTail> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Follows a container's output into its file until the container ends. Called again after a restart, it begins
    /// anew: the engine has the whole log. A log that is being kept already is left to whoever keeps it.
    pub async fn keep(&self, engine: &Engine, key: AttemptKey, name: &str, folder: &AttemptFolder) {
        if folder.log_ended().exists() || !self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
            return;
        }
        if let Err(error) = self.copy(engine, key, name, folder).await {
            tracing::warn!(container = name, %error, "the log is incomplete");
        }
        if let Err(error) = fs::write(folder.log_ended(), b"") {
            tracing::warn!(container = name, %error, "cannot mark the log as ended");
        }
        // Only now: a reader finds the tail or the mark, never neither.
        self.tails.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    async fn copy(
        &self,
        engine: &Engine,
        key: AttemptKey,
        name: &str,
        folder: &AttemptFolder,
    ) -> Result<(), proofmill_dataplane::DataError> {
        // A log begun by an earlier life is replaced: appending to it would repeat what it has.
        let _ = fs::remove_file(folder.log());
        let mut writer = LogWriter::open(folder.log(), limits::LOG_BYTES_MAX).await?;
        self.tails.lock().unwrap_or_else(PoisonError::into_inner).insert(key, writer.tail());
        let mut left = limits::LOG_BYTES_MAX;
        let mut lines = std::pin::pin!(engine.follow(name));
        while let Some(chunk) = lines.next().await {
            let bytes = match chunk {
                Ok(bytes) => bytes,
                Err(error) => {
                    tracing::warn!(container = name, %error, "the engine broke off the log");
                    let _ = fs::write(folder.log_truncated(), b"");
                    break;
                }
            };
            let fits = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            writer.append(&bytes[..fits]).await?;
            left = left.saturating_sub(fits as u64);
            if fits < bytes.len() {
                let _ = fs::write(folder.log_truncated(), b"");
                break;
            }
        }
        writer.end().await?;
        Ok(())
    }
}
