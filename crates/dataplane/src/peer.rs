//! The asking side: a connected peer, and what to ask of it.

use std::path::Path;

use iroh::endpoint::{Connection, RecvStream, SendStream};

use crate::{
    error::DataError,
    limits::{Limits, close},
    name::{BlobName, ServiceName},
    staging::Staging,
    transfer::{self, Destination, Pace, Reading},
    tunnel::Tunnel,
    usage::UsageExchange,
    wire::{self, BlobOp, BlobRequest, FrameTag, Request, Response},
};

/// What was fetched, verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// How many bytes.
    pub len: u64,
    /// Their BLAKE3 hash. It equals what the peer declared; whether that is what the chain committed to is the
    /// caller's to compare.
    pub hash: [u8; 32],
}

/// What a put sends.
enum Body<'a> {
    File(Reading),
    Bytes(&'a [u8]),
}

/// A connection to a peer whose key is proved. Clones share it; it closes when the last is dropped.
///
/// The peer closes a connection over which nothing is asked for a while ([`Limits::idle`] of the peer): an operation
/// then fails as [`DataError::ConnectionLost`], and the caller connects again.
#[derive(Clone, Debug)]
pub struct Peer {
    connection: Connection,
    limits: Limits,
}

impl Peer {
    pub(crate) fn new(connection: Connection, limits: Limits) -> Peer {
        Peer { connection, limits }
    }

    /// The peer's node key.
    pub fn key(&self) -> [u8; 32] {
        *self.connection.remote_id().as_bytes()
    }

    /// Closes the connection for every clone. Operations under way fail.
    pub fn close(&self) {
        self.connection.close(close::BYE.into(), b"bye");
    }

    /// Puts a file. Returns once the peer has verified, synced and taken it. `progress` hears (bytes done, total).
    pub async fn put(
        &self,
        name: &BlobName,
        path: &Path,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<(), DataError> {
        let (size, hash) = transfer::hash_file(path).await?;
        let reading = Reading::open(path, 0).await?;
        self.put_with(name, size, hash, Body::File(reading), progress).await
    }

    /// Puts bytes from memory, as [`Peer::put`].
    pub async fn put_bytes(&self, name: &BlobName, bytes: &[u8]) -> Result<(), DataError> {
        let hash = *blake3::hash(bytes).as_bytes();
        self.put_with(name, bytes.len() as u64, hash, Body::Bytes(bytes), |_, _| {}).await
    }

    /// Gets a blob into a file, which appears whole and verified or not at all; one that is there is replaced.
    /// `progress` hears (bytes done, total).
    pub async fn get(
        &self,
        name: &BlobName,
        dest: &Path,
        max_bytes: u64,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Fetched, DataError> {
        let (fetched, mut recv) = self.open_get(name, max_bytes).await?;
        let mut staging = Staging::create_beside(dest).await?;
        let pace = Pace::any(self.limits.stall);
        let into = Destination::File(&mut staging);
        transfer::receive(&mut recv, fetched.len, fetched.hash, &pace, into, progress).await?;
        staging.rename_to(dest).await?;
        Ok(fetched)
    }

    /// Gets a small blob into memory, verified.
    pub async fn get_bytes(&self, name: &BlobName, max_bytes: u64) -> Result<Vec<u8>, DataError> {
        let (fetched, mut recv) = self.open_get(name, max_bytes).await?;
        let mut bytes = Vec::new();
        let pace = Pace::any(self.limits.stall);
        let into = Destination::Memory(&mut bytes);
        transfer::receive(&mut recv, fetched.len, fetched.hash, &pace, into, |_, _| {}).await?;
        Ok(bytes)
    }

    /// Follows a log from `offset` until it ends, and returns its whole length. `each` gets the bytes as they come, cut
    /// anywhere. After a lost connection, following again from the bytes already seen misses and repeats none.
    pub async fn follow_log(
        &self,
        name: &BlobName,
        offset: u64,
        max_bytes: u64,
        mut each: impl FnMut(&[u8]) + Send,
    ) -> Result<u64, DataError> {
        let (mut send, mut recv) = self.open().await?;
        let request = BlobRequest { op: BlobOp::Follow, name: *name, offset, size: 0, hash: [0; 32] };
        self.ask(&mut send, &request.into()).await?;
        let _ = send.finish();
        granted(&mut recv, &self.limits).await?;

        let pace = Pace::any(self.limits.stall);
        let mut block = Vec::new();
        let mut at = offset;
        loop {
            let mut tag = [0];
            transfer::read_full(&mut recv, &mut tag, &pace, at).await?;
            match FrameTag::from_code(tag[0]) {
                Some(FrameTag::Beat) => {}
                Some(FrameTag::Data) => {
                    let mut len = [0; 4];
                    transfer::read_full(&mut recv, &mut len, &pace, at).await?;
                    let len = u32::from_le_bytes(len) as usize;
                    if len == 0 || len > wire::MAX_FRAME_LEN {
                        return Err(DataError::Protocol { reason: format!("a frame of {len} bytes") });
                    }
                    let size = at.saturating_add(len as u64);
                    if size - offset > max_bytes {
                        return Err(DataError::TooLarge { size: size - offset, limit: max_bytes });
                    }
                    block.resize(len, 0);
                    transfer::read_full(&mut recv, &mut block, &pace, at).await?;
                    at = size;
                    each(&block);
                }
                Some(FrameTag::End) => {
                    let mut total = [0; 8];
                    transfer::read_full(&mut recv, &mut total, &pace, at).await?;
                    let total = u64::from_le_bytes(total);
                    if total != at {
                        let reason = format!("a log that ends at {total}, of which {at} were sent");
                        return Err(DataError::Protocol { reason });
                    }
                    return Ok(total);
                }
                None => return Err(DataError::Protocol { reason: format!("a frame with tag {}", tag[0]) }),
            }
        }
    }

    /// Connects with a TCP port of a service's container.
    pub async fn tunnel(&self, job: [u8; 32], attempt: u16, port: u16) -> Result<Tunnel, DataError> {
        let service = ServiceName { job, attempt };
        let (mut send, mut recv) = self.open().await?;
        self.ask(&mut send, &Request::Tunnel { service, port }).await?;
        match granted(&mut recv, &self.limits).await? {
            (0, _) => Ok(Tunnel::new(send, recv, self.connection.clone())),
            (size, _) => Err(DataError::Protocol { reason: format!("a tunnel of {size} bytes") }),
        }
    }

    /// Asks for the newest total of a service, as the node signs it.
    pub async fn usage(&self, job: [u8; 32], attempt: u16) -> Result<UsageExchange, DataError> {
        let service = ServiceName { job, attempt };
        let (mut send, mut recv) = self.open().await?;
        self.ask(&mut send, &Request::Usage { service }).await?;
        let (size, _) = granted(&mut recv, &self.limits).await?;
        UsageExchange::read(self.key(), service, size, send, recv, self.limits).await
    }

    async fn put_with(
        &self,
        name: &BlobName,
        size: u64,
        hash: [u8; 32],
        body: Body<'_>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<(), DataError> {
        let (mut send, mut recv) = self.open().await?;
        let request = BlobRequest { op: BlobOp::Put, name: *name, offset: 0, size, hash };
        self.ask(&mut send, &request.into()).await?;
        let (wanted, _) = granted(&mut recv, &self.limits).await?;
        if wanted == size {
            let pace = Pace::any(self.limits.stall);
            let sent = match body {
                Body::File(reading) => reading.send_to(&mut send, size, &pace, progress).await,
                Body::Bytes(bytes) => transfer::write_full(&mut send, bytes, &pace, 0).await,
            };
            match sent {
                Ok(()) => {}
                Err(error @ DataError::BrokenOff { .. }) => {
                    // The peer stopped listening; if it said why, that is the better error.
                    return Err(granted(&mut recv, &self.limits).await.err().unwrap_or(error));
                }
                Err(error) => {
                    transfer::break_off(&mut send);
                    return Err(error);
                }
            }
        } else if wanted != 0 {
            return Err(DataError::Protocol { reason: format!("{wanted} bytes wanted of {size} offered") });
        }
        let _ = send.finish();
        if granted(&mut recv, &self.limits).await? != (size, hash) {
            return Err(DataError::Protocol { reason: "another blob was stored than was sent".into() });
        }
        Ok(())
    }

    async fn open_get(&self, name: &BlobName, max_bytes: u64) -> Result<(Fetched, RecvStream), DataError> {
        let (mut send, mut recv) = self.open().await?;
        let request = BlobRequest { op: BlobOp::Get, name: *name, offset: 0, size: 0, hash: [0; 32] };
        self.ask(&mut send, &request.into()).await?;
        let _ = send.finish();
        let (len, hash) = granted(&mut recv, &self.limits).await?;
        if len > max_bytes {
            // Dropping the stream tells the peer to stop.
            return Err(DataError::TooLarge { size: len, limit: max_bytes });
        }
        Ok((Fetched { len, hash }, recv))
    }

    async fn open(&self) -> Result<(SendStream, RecvStream), DataError> {
        // With every stream the peer allows in use, this waits for one to end, within the answer's time.
        let open = async { self.connection.open_bi().await.map_err(transfer::lost) };
        transfer::answered(self.limits.answer, open).await
    }

    async fn ask(&self, send: &mut SendStream, request: &Request) -> Result<(), DataError> {
        transfer::write_full(send, &request.encode(), &Pace::any(self.limits.stall), 0).await
    }
}

/// The size and hash of a granted response, or its refusal as an error.
pub(crate) async fn granted(recv: &mut RecvStream, limits: &Limits) -> Result<(u64, [u8; 32]), DataError> {
    let pace = Pace::any(limits.answer);
    let response = transfer::answered(limits.answer, async {
        let mut head = [0; wire::RESPONSE_HEAD_LEN];
        transfer::read_full(recv, &mut head, &pace, 0).await?;
        let protocol = |reason| DataError::Protocol { reason };
        let mut rest = vec![0; Response::rest_len(&head).map_err(protocol)?];
        transfer::read_full(recv, &mut rest, &pace, 0).await?;
        Response::decode(&head, &rest).map_err(protocol)
    });
    match response.await? {
        Response::Granted { size, hash } => Ok((size, hash)),
        Response::Refused(refusal) => Err(refusal.into()),
    }
}
