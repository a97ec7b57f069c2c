//! Moving bytes between a file and a stream, hashed on the way, within a time. Both sides use this.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use iroh::endpoint::{ConnectionError, ReadError, RecvStream, SendStream, WriteError};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    error::DataError,
    limits::{BLOCK_LEN, close},
    staging::Staging,
};

/// How long a transfer may take: never without progress for longer than `stall`, and where a peer must keep a floor,
/// not longer than `whole` in all.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    stall: Duration,
    whole: Option<(Instant, Duration, u64)>,
}

impl Pace {
    /// Any speed above none.
    pub(crate) fn any(stall: Duration) -> Pace {
        Pace { stall, whole: None }
    }

    /// `total` bytes within `allowed` from now.
    pub(crate) fn within(stall: Duration, allowed: Duration, total: u64) -> Pace {
        Pace { stall, whole: Some((Instant::now() + allowed, allowed, total)) }
    }

    /// Runs one step of a transfer of which `moved` bytes are done.
    async fn step<T>(&self, moved: u64, step: impl Future<Output = T>) -> Result<T, DataError> {
        let now = Instant::now();
        let end = now + self.stall;
        let Some((deadline, allowed, total)) = self.whole.filter(|(deadline, ..)| *deadline < end) else {
            let stalled = DataError::Stalled { waited: self.stall, moved };
            return timeout_at(end, step).await.map_err(|_| stalled);
        };
        timeout_at(deadline, step).await.map_err(|_| DataError::TooSlow { moved, total, allowed })
    }
}

pub(crate) fn lost(error: ConnectionError) -> DataError {
    DataError::ConnectionLost { reason: error.to_string() }
}

fn read_failed(error: ReadError, moved: u64) -> DataError {
    match error {
        ReadError::ConnectionLost(error) => lost(error),
        ReadError::Reset(_) | ReadError::ClosedStream | ReadError::ZeroRttRejected => DataError::BrokenOff { moved },
    }
}

fn write_failed(error: WriteError, moved: u64) -> DataError {
    match error {
        WriteError::ConnectionLost(error) => lost(error),
        WriteError::Stopped(_) | WriteError::ClosedStream | WriteError::ZeroRttRejected => {
            DataError::BrokenOff { moved }
        }
    }
}

/// Reads what is there, at least a byte; 0 is the end of the stream.
pub(crate) async fn read_some(
    recv: &mut RecvStream,
    into: &mut [u8],
    pace: &Pace,
    moved: u64,
) -> Result<usize, DataError> {
    let read = pace.step(moved, recv.read(into)).await?.map_err(|error| read_failed(error, moved))?;
    Ok(read.unwrap_or(0))
}

/// Fills the buffer.
pub(crate) async fn read_full(
    recv: &mut RecvStream,
    into: &mut [u8],
    pace: &Pace,
    moved: u64,
) -> Result<(), DataError> {
    let mut filled = 0;
    while filled < into.len() {
        match read_some(recv, &mut into[filled..], pace, moved + filled as u64).await? {
            0 => return Err(DataError::BrokenOff { moved: moved + filled as u64 }),
            read => filled += read,
        }
    }
    Ok(())
}

/// Writes all of the buffer.
pub(crate) async fn write_full(
    send: &mut SendStream,
    mut bytes: &[u8],
    pace: &Pace,
    mut moved: u64,
) -> Result<(), DataError> {
    while !bytes.is_empty() {
        let wrote = pace.step(moved, send.write(bytes)).await?.map_err(|error| write_failed(error, moved))?;
        bytes = &bytes[wrote..];
        moved += wrote as u64;
    }
    Ok(())
}

/// Marks what was sent as incomplete: a stream that is merely dropped ends as if it were whole.
pub(crate) fn break_off(send: &mut SendStream) {
    // An error says that the stream has ended already.
    let _ = send.reset(close::BROKEN_OFF.into());
}

/// Where received bytes go.
pub(crate) enum Destination<'a> {
    /// A staged file, synced once all is there and sound.
    File(&'a mut Staging),
    /// Memory, which grows as bytes arrive: a declared size alone makes nobody allocate.
    Memory(&'a mut Vec<u8>),
}

/// Reads exactly `size` bytes and checks their hash.
pub(crate) async fn receive(
    recv: &mut RecvStream,
    size: u64,
    expected: [u8; 32],
    pace: &Pace,
    mut destination: Destination<'_>,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), DataError> {
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK_LEN.min(usize::try_from(size).unwrap_or(BLOCK_LEN))];
    let mut moved = 0;
    progress(0, size);
    while moved < size {
        let want = BLOCK_LEN.min(usize::try_from(size - moved).unwrap_or(BLOCK_LEN));
        let bytes = &mut block[..want];
        read_full(recv, bytes, pace, moved).await?;
        hasher.update(bytes);
        match &mut destination {
            Destination::File(staging) => staging.write(bytes).await?,
            Destination::Memory(memory) => memory.extend_from_slice(bytes),
        }
        moved += want as u64;
        progress(moved, size);
    }
    let got = *hasher.finalize().as_bytes();
    if got != expected {
        return Err(DataError::HashMismatch { expected, got });
    }
    match destination {
        Destination::File(staging) => staging.seal().await,
        Destination::Memory(_) => Ok(()),
    }
}

/// A file and where in it to begin.
pub(crate) struct Reading {
    path: PathBuf,
    file: File,
    at: u64,
}

impl Reading {
    pub(crate) async fn open(path: &Path, at: u64) -> Result<Reading, DataError> {
        let mut file = File::open(path).await.map_err(DataError::file(path))?;
        file.seek(std::io::SeekFrom::Start(at)).await.map_err(DataError::file(path))?;
        Ok(Reading { path: path.to_path_buf(), file, at })
    }

    pub(crate) async fn len(&self) -> Result<u64, DataError> {
        Ok(self.file.metadata().await.map_err(DataError::file(&self.path))?.len())
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The next block, which ends at `end` at the latest. The bytes up to `end` must be there.
    pub(crate) async fn block<'a>(&mut self, into: &'a mut [u8], end: u64) -> Result<&'a [u8], DataError> {
        let want = into.len().min(usize::try_from(end - self.at).unwrap_or(usize::MAX));
        let block = &mut into[..want];
        self.file.read_exact(block).await.map_err(DataError::file(&self.path))?;
        self.at += want as u64;
        Ok(block)
    }

    /// Sends the file from here to `end`.
    pub(crate) async fn send_to(
        mut self,
        send: &mut SendStream,
        end: u64,
        pace: &Pace,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), DataError> {
        let mut block = vec![0; BLOCK_LEN.min(usize::try_from(end - self.at).unwrap_or(BLOCK_LEN))];
        progress(self.at, end);
        while self.at < end {
            let from = self.at;
            let bytes = self.block(&mut block, end).await?;
            write_full(send, bytes, pace, from).await?;
            progress(self.at, end);
        }
        Ok(())
    }
}

/// The length and BLAKE3 hash of a file, read off the runtime's own threads.
pub async fn hash_file(path: &Path) -> Result<(u64, [u8; 32]), DataError> {
    let at = path.to_path_buf();
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(std::fs::File::open(&at)?)?;
        Ok((hasher.count(), *hasher.finalize().as_bytes()))
    })
    .await;
    hashed.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(DataError::file(path))
}

/// Waits for an answer for which the peer must work.
pub(crate) async fn answered<T>(
    within: Duration,
    answer: impl Future<Output = Result<T, DataError>>,
) -> Result<T, DataError> {
    timeout(within, answer).await.unwrap_or(Err(DataError::Stalled { waited: within, moved: 0 }))
}
