//! The answering side: accepts connections and streams within the limits, asks the handler, moves the bytes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use iroh::{
    Endpoint,
    endpoint::{Incoming, RecvStream, SendStream},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    error::DataError,
    follow::LogTail,
    handler::{Handler, Sink, Source, Staged},
    limits::{Limits, close},
    refusal::{Refusal, RefusalCode},
    staging::Staging,
    transfer::{self, Destination, Pace, Reading},
    wire::{self, FrameTag, Op, Request, Response},
};

/// Accepts until the endpoint closes, then waits for what is under way.
pub(crate) async fn accept<H: Handler>(endpoint: Endpoint, handler: Arc<H>, limits: Limits) {
    let peers = Arc::new(PeerCounts::default());
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some(ended) = open.join_next(), if !open.is_empty() => {
                log_panic(ended);
            }
            incoming = endpoint.accept() => {
                let Some(incoming) = incoming else { break };
                if open.len() >= limits.max_connections {
                    incoming.refuse();
                } else if open.len() >= limits.max_connections / 2 && !incoming.remote_addr_validated() {
                    // Past half of the room, forged source addresses must not take the rest: make them echo a token.
                    if let Err(error) = incoming.retry() {
                        error.into_incoming().refuse();
                    }
                } else {
                    open.spawn(connection(incoming, handler.clone(), peers.clone(), limits));
                }
            }
        }
    }
    let drained = timeout(limits.drain, async {
        while let Some(ended) = open.join_next().await {
            log_panic(ended);
        }
    });
    if drained.await.is_err() {
        tracing::warn!("requests still in their handler were dropped");
        open.shutdown().await;
    }
}

fn log_panic<T>(ended: Result<T, tokio::task::JoinError>) -> Option<T> {
    ended.inspect_err(|error| tracing::error!(%error, "a task of the data plane ended badly")).ok()
}

/// Open connections per key.
#[derive(Default)]
struct PeerCounts(Mutex<HashMap<[u8; 32], usize>>);

/// One connection counted; dropping it uncounts it.
struct Counted {
    peers: Arc<PeerCounts>,
    peer: [u8; 32],
}

impl PeerCounts {
    fn enter(self: Arc<PeerCounts>, peer: [u8; 32], max: usize) -> Option<Counted> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Counted { peers: self, peer })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

async fn connection<H: Handler>(incoming: Incoming, handler: Arc<H>, peers: Arc<PeerCounts>, limits: Limits) {
    let connection = match timeout(limits.handshake, incoming).await {
        Ok(Ok(connection)) => connection,
        // Datagrams of strangers fail all the time; that is no news.
        Ok(Err(error)) => return tracing::debug!(%error, "a handshake failed"),
        Err(_) => return tracing::debug!("a handshake took too long"),
    };
    let peer = *connection.remote_id().as_bytes();
    let Some(_counted) = peers.enter(peer, limits.max_connections_per_peer) else {
        return connection.close(close::UNWELCOME.into(), b"too many connections with this key");
    };
    if !handler.admit(peer).await {
        return connection.close(close::UNWELCOME.into(), b"not welcome");
    }

    let mut streams: JoinSet<Conduct> = JoinSet::new();
    let mut bad_requests = 0;
    loop {
        let full = streams.len() >= limits.max_streams_per_connection as usize;
        tokio::select! {
            Some(ended) = streams.join_next(), if !streams.is_empty() => {
                if log_panic(ended) == Some(Conduct::Bad) {
                    bad_requests += 1;
                    if bad_requests >= limits.max_bad_requests_per_connection {
                        connection.close(close::GARBAGE.into(), b"too many malformed requests");
                        break;
                    }
                }
            }
            accepted = connection.accept_bi(), if !full => {
                let Ok((send, recv)) = accepted else { break };
                streams.spawn(stream(handler.clone(), peer, send, recv, limits));
            }
            () = sleep(limits.idle), if streams.is_empty() => {
                connection.close(close::IDLE.into(), b"idle");
                break;
            }
        }
    }
    // The streams are dead, so each ends at its next byte; a handler in the middle of its work is not cut short.
    while let Some(ended) = streams.join_next().await {
        log_panic(ended);
    }
}

/// Whether a stream spoke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conduct {
    Good,
    Bad,
}

async fn stream<H: Handler>(
    handler: Arc<H>,
    peer: [u8; 32],
    mut send: SendStream,
    mut recv: RecvStream,
    limits: Limits,
) -> Conduct {
    let request = match timeout(limits.header, read_request(&mut recv, &limits)).await {
        Ok(Ok(request)) => request,
        Ok(Err(error)) => {
            refuse(&mut send, &mut recv, error.to_refusal(), &limits).await;
            return Conduct::Bad;
        }
        Err(_) => {
            let late = Refusal::new(RefusalCode::TooSlow, "the request did not arrive in time");
            refuse(&mut send, &mut recv, late, &limits).await;
            return Conduct::Bad;
        }
    };
    let answered = match request.op {
        Op::Get => get(&*handler, peer, &request, &mut send, &limits).await,
        Op::Put => put(&*handler, peer, &request, &mut send, &mut recv, &limits).await,
        Op::Follow => follow(&*handler, peer, &request, &mut send, &limits).await,
    };
    match answered {
        Ok(()) => {
            // An error says that the peer has gone, or asked to stop: nothing is owed to it.
            let _ = send.finish();
        }
        Err(Failed::Before(error)) => {
            log_failure(peer, &request, &error);
            refuse(&mut send, &mut recv, error.to_refusal(), &limits).await;
        }
        Err(Failed::During(error)) => {
            log_failure(peer, &request, &error);
            transfer::break_off(&mut send);
        }
    }
    Conduct::Good
}

fn log_failure(peer: [u8; 32], request: &Request, error: &DataError) {
    let (peer, op, name) = (hex::encode(peer), request.op, request.name);
    match error {
        DataError::File { .. } => tracing::error!(peer, ?op, %name, %error, "a transfer failed"),
        _ => tracing::debug!(peer, ?op, %name, %error, "a transfer failed"),
    }
}

/// Whether a refusal can still be sent, or bytes have gone out that can only be broken off.
enum Failed {
    Before(DataError),
    During(DataError),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Failed {
        Failed::Before(refusal.into())
    }
}

async fn read_request(recv: &mut RecvStream, limits: &Limits) -> Result<Request, DataError> {
    let mut bytes = [0; wire::REQUEST_LEN];
    let mut filled = 0;
    loop {
        let pace = Pace::any(limits.header);
        match transfer::read_some(recv, &mut bytes[filled..], &pace, filled as u64).await? {
            0 => return Err(DataError::Protocol { reason: format!("a request of {filled} bytes") }),
            read => filled += read,
        }
        if let Some(request) = Request::decode(&bytes[..filled])? {
            return Ok(request);
        }
    }
}

async fn refuse(send: &mut SendStream, recv: &mut RecvStream, refusal: Refusal, limits: &Limits) {
    // Both fail only where the stream or the connection is gone, and with it whoever could be told.
    let _ = answer(send, &Response::Refused(refusal), limits).await;
    let _ = send.finish();
    let _ = recv.stop(close::BROKEN_OFF.into());
}

async fn answer(send: &mut SendStream, response: &Response, limits: &Limits) -> Result<(), DataError> {
    transfer::write_full(send, &response.encode(), &Pace::any(limits.stall), 0).await
}

async fn get<H: Handler>(
    handler: &H,
    peer: [u8; 32],
    request: &Request,
    send: &mut SendStream,
    limits: &Limits,
) -> Result<(), Failed> {
    let (path, len, hash) = match handler.open_get(peer, &request.name, request.offset).await? {
        Source::File { path, len, hash } => (path, len, hash),
        Source::Log(_) => {
            return Err(Refusal::new(RefusalCode::NotReady, "the log still grows: follow it").into());
        }
    };
    let reading = open(&path, request.offset, len).await.map_err(Failed::Before)?;
    answer(send, &Response::Granted { size: len, hash }, limits).await.map_err(Failed::During)?;
    let bytes = len - request.offset;
    let pace = Pace::within(limits.stall, limits.time_for(bytes), bytes);
    reading.send_to(send, len, &pace, |_, _| {}).await.map_err(Failed::During)
}

/// Opens a file that must have at least `len` bytes, at an offset within them.
async fn open(path: &std::path::Path, offset: u64, len: u64) -> Result<Reading, DataError> {
    if offset > len {
        let reason = format!("offset {offset} is past the end at {len}");
        return Err(Refusal::new(RefusalCode::BadRequest, reason).into());
    }
    let reading = Reading::open(path, offset).await?;
    if reading.len().await? < len {
        return Err(DataError::file(path)(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(reading)
}

async fn put<H: Handler>(
    handler: &H,
    peer: [u8; 32],
    request: &Request,
    send: &mut SendStream,
    recv: &mut RecvStream,
    limits: &Limits,
) -> Result<(), Failed> {
    let Request { name, size, hash, .. } = *request;
    let limit = limits.max_bytes(name.kind);
    if size > limit {
        return Err(Failed::Before(DataError::TooLarge { size, limit }));
    }
    match handler.begin_put(peer, &name, size, hash).await? {
        Sink::AlreadyHeld => {
            answer(send, &Response::Granted { size: 0, hash: [0; 32] }, limits).await.map_err(Failed::During)?;
        }
        Sink::StageIn(dir) => {
            let mut staging = Staging::create_in(&dir).await.map_err(Failed::Before)?;
            answer(send, &Response::Granted { size, hash: [0; 32] }, limits).await.map_err(Failed::During)?;
            // A second answer follows, so a failure from here on can still be told.
            let pace = Pace::within(limits.stall, limits.time_for(size), size);
            transfer::receive(recv, size, hash, &pace, Destination::File(&mut staging), |_, _| {})
                .await
                .map_err(Failed::Before)?;
            let staged = Staged { path: staging.path().to_path_buf(), size, hash };
            handler.finish_put(peer, &name, staged).await?;
        }
    }
    answer(send, &Response::Granted { size, hash }, limits).await.map_err(Failed::During)
}

async fn follow<H: Handler>(
    handler: &H,
    peer: [u8; 32],
    request: &Request,
    send: &mut SendStream,
    limits: &Limits,
) -> Result<(), Failed> {
    let tail = match handler.open_get(peer, &request.name, request.offset).await? {
        Source::Log(tail) => tail,
        Source::File { path, len, .. } => LogTail::ended(path, len),
    };
    let reading = open(&tail.path, request.offset, tail.state().len).await.map_err(Failed::Before)?;
    answer(send, &Response::Granted { size: 0, hash: [0; 32] }, limits).await.map_err(Failed::During)?;
    send_frames(reading, tail, send, limits).await.map_err(Failed::During)
}

async fn send_frames(
    mut reading: Reading,
    mut tail: LogTail,
    send: &mut SendStream,
    limits: &Limits,
) -> Result<(), DataError> {
    let pace = Pace::any(limits.stall);
    let mut block = vec![0; wire::MAX_FRAME_LEN];
    let stopped = send.stopped();
    tokio::pin!(stopped);
    loop {
        let state = *tail.state.borrow_and_update();
        while reading.at() < state.len {
            let moved = reading.at();
            let bytes = reading.block(&mut block, state.len).await?;
            let len = (bytes.len() as u32).to_le_bytes();
            let head = [FrameTag::Data as u8, len[0], len[1], len[2], len[3]];
            transfer::write_full(send, &head, &pace, moved).await?;
            transfer::write_full(send, bytes, &pace, moved).await?;
        }
        if state.ended {
            let mut end = [FrameTag::End as u8; 9];
            end[1..].copy_from_slice(&state.len.to_le_bytes());
            return transfer::write_full(send, &end, &pace, state.len).await;
        }
        tokio::select! {
            changed = tail.state.changed() => {
                if changed.is_err() {
                    // The writer is gone without an end: the follower must not take this for one.
                    return Err(DataError::BrokenOff { moved: state.len });
                }
            }
            () = sleep(limits.beat) => {
                transfer::write_full(send, &[FrameTag::Beat as u8], &pace, state.len).await?;
            }
            _ = &mut stopped => return Err(DataError::BrokenOff { moved: state.len }),
        }
    }
}
