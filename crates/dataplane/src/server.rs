//! The answering side: accepts connections and streams within the limits, asks the handler, moves the bytes.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use iroh::{
    Endpoint,
    endpoint::{Connection, Incoming, RecvStream, SendStream},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    error::DataError,
    follow::LogTail,
    handler::{Duplex, Handler, Sink, Source, Staged},
    limits::{Limits, close},
    name::ServiceName,
    refusal::{Refusal, RefusalCode},
    staging::Staging,
    transfer::{self, Destination, Pace, Reading},
    tunnel::{self, Tunnel},
    usage::is_signed_by,
    wire::{self, BlobOp, BlobRequest, FrameTag, Request, Response, SIGNATURE_LEN, SIGNED_USAGE_LEN},
};

/// Accepts until the endpoint closes, then waits for what is under way.
pub(crate) async fn accept<H: Handler>(endpoint: Endpoint, handler: Arc<H>, limits: Limits) {
    let rooms = Rooms::default();
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
                    open.spawn(connection(incoming, handler.clone(), rooms.clone(), limits));
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

/// What is open at once, each kind by whom it is counted for.
#[derive(Clone, Default)]
struct Rooms {
    connections: Arc<Counts<[u8; 32]>>,
    peer_tunnels: Arc<Counts<[u8; 32]>>,
    job_tunnels: Arc<Counts<[u8; 32]>>,
}

/// How many there are per key.
struct Counts<K>(Mutex<HashMap<K, usize>>);

/// One thing counted; dropping it uncounts it.
struct Counted<K: Eq + Hash> {
    counts: Arc<Counts<K>>,
    key: K,
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Counts(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash> Counts<K> {
    /// `None` if there are `max` already.
    fn enter(self: Arc<Self>, key: K, max: usize) -> Option<Counted<K>> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked up first: a room of none must leave no key behind.
        let held = counts.get(&key).copied().unwrap_or(0);
        if held >= max {
            return None;
        }
        counts.insert(key, held + 1);
        drop(counts);
        Some(Counted { counts: self, key })
    }
}

impl<K: Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

async fn connection<H: Handler>(incoming: Incoming, handler: Arc<H>, rooms: Rooms, limits: Limits) {
    let connection = match timeout(limits.handshake, incoming).await {
        Ok(Ok(connection)) => connection,
        // Datagrams of strangers fail all the time; that is no news.
        Ok(Err(error)) => return tracing::debug!(%error, "a handshake failed"),
        Err(_) => return tracing::debug!("a handshake took too long"),
    };
    let peer = *connection.remote_id().as_bytes();
    let Some(_counted) = rooms.connections.clone().enter(peer, limits.max_connections_per_peer) else {
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
                let asked = Asked { handler: handler.clone(), peer, connection: connection.clone(), rooms: rooms.clone() };
                streams.spawn(stream(asked, send, recv, limits));
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

/// Who asks, over what, and whom.
struct Asked<H> {
    handler: Arc<H>,
    peer: [u8; 32],
    connection: Connection,
    rooms: Rooms,
}

async fn stream<H: Handler>(asked: Asked<H>, mut send: SendStream, mut recv: RecvStream, limits: Limits) -> Conduct {
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
    let (handler, peer) = (&*asked.handler, asked.peer);
    let answered = match &request {
        Request::Blob(blob) => match blob.op {
            BlobOp::Get => get(handler, peer, blob, &mut send, &limits).await,
            BlobOp::Put => put(handler, peer, blob, &mut send, &mut recv, &limits).await,
            BlobOp::Follow => follow(handler, peer, blob, &mut send, &limits).await,
        },
        Request::Usage { service } => usage(handler, peer, service, &mut send, &mut recv, &limits).await,
        // A tunnel takes the stream with it.
        Request::Tunnel { service, port } => {
            serve_tunnel(&asked, (service, *port), send, recv, &limits).await;
            return Conduct::Good;
        }
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
    let peer = hex::encode(peer);
    match error {
        DataError::File { .. } => tracing::error!(peer, ?request, %error, "a request failed"),
        _ => tracing::debug!(peer, ?request, %error, "a request failed"),
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
    request: &BlobRequest,
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
    request: &BlobRequest,
    send: &mut SendStream,
    recv: &mut RecvStream,
    limits: &Limits,
) -> Result<(), Failed> {
    let BlobRequest { name, size, hash, .. } = *request;
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
    request: &BlobRequest,
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

async fn usage<H: Handler>(
    handler: &H,
    peer: [u8; 32],
    service: &ServiceName,
    send: &mut SendStream,
    recv: &mut RecvStream,
    limits: &Limits,
) -> Result<(), Failed> {
    let signed = handler.usage(peer, service).await?;
    let granted = Response::Granted { size: SIGNED_USAGE_LEN as u64, hash: [0; 32] };
    answer(send, &granted, limits).await.map_err(Failed::During)?;
    transfer::write_full(send, &signed.encode(), &Pace::any(limits.stall), 0).await.map_err(Failed::During)?;

    let (mut signature, mut filled) = ([0; SIGNATURE_LEN], 0);
    let pace = Pace::any(limits.cosign);
    while filled < SIGNATURE_LEN {
        // A second answer follows, so a failure from here on can still be told.
        let read = transfer::read_some(recv, &mut signature[filled..], &pace, filled as u64).await;
        match read.map_err(Failed::Before)? {
            // Whoever only wanted to read has read.
            0 if filled == 0 => return Ok(()),
            0 => return Err(Failed::Before(DataError::BrokenOff { moved: filled as u64 })),
            read => filled += read,
        }
    }
    if !is_signed_by(&signed.report, &peer, &signature) {
        let reason = "the signature is not this key's over this report's envelope of kind USAG";
        return Err(Refusal::new(RefusalCode::BadRequest, reason).into());
    }
    handler.cosigned(peer, service, signed.report, signature).await?;
    answer(send, &Response::Granted { size: 0, hash: [0; 32] }, limits).await.map_err(Failed::During)
}

async fn serve_tunnel<H: Handler>(
    asked: &Asked<H>,
    (service, port): (&ServiceName, u16),
    mut send: SendStream,
    mut recv: RecvStream,
    limits: &Limits,
) {
    let (inner, _rooms) = match open_tunnel(asked, service, port, limits).await {
        Ok(opened) => opened,
        Err(refusal) => return refuse(&mut send, &mut recv, refusal, limits).await,
    };
    if answer(&mut send, &Response::Granted { size: 0, hash: [0; 32] }, limits).await.is_err() {
        return transfer::break_off(&mut send);
    }
    let carried = tunnel::carry(Tunnel::new(send, recv, asked.connection.clone()), inner, limits).await;
    let peer = hex::encode(asked.peer);
    match carried {
        Ok((from_peer, to_peer)) => tracing::debug!(peer, %service, port, from_peer, to_peer, "a tunnel ended"),
        Err(error) => tracing::debug!(peer, %service, port, %error, "a tunnel was broken off"),
    }
}

/// What a tunnel leads to, and its places among those of its peer and its job.
async fn open_tunnel<H: Handler>(
    asked: &Asked<H>,
    service: &ServiceName,
    port: u16,
    limits: &Limits,
) -> Result<(Box<dyn Duplex>, [Counted<[u8; 32]>; 2]), Refusal> {
    let busy = |max: usize, whose: &str| {
        Refusal::new(RefusalCode::Busy, format!("{max} tunnels are open {whose}; close one first"))
    };
    let of_peer = asked.rooms.peer_tunnels.clone().enter(asked.peer, limits.max_tunnels_per_peer);
    let of_peer = of_peer.ok_or_else(|| busy(limits.max_tunnels_per_peer, "with this key"))?;
    let inner = asked.handler.open_tunnel(asked.peer, service, port).await?;
    // Counted for the job only once the handler has let the peer in: a stranger takes no tenant's place.
    let of_job = asked.rooms.job_tunnels.clone().enter(service.job, limits.max_tunnels_per_job);
    let of_job = of_job.ok_or_else(|| busy(limits.max_tunnels_per_job, "to this job"))?;
    Ok((inner, [of_peer, of_job]))
}
