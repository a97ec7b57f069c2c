//! What a server is asked, and what it answers. The handler decides; the node moves and checks the bytes.

use std::{future::Future, path::PathBuf};

use proofmill_protocol::usage::UsageReport;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    follow::LogTail,
    name::{BlobName, ServiceName},
    refusal::{Refusal, RefusalCode},
    wire::SignedUsage,
};

/// Where the bytes of a get come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A finished file, which nobody changes while it is here.
    File {
        /// Where it lies.
        path: PathBuf,
        /// How long it is.
        len: u64,
        /// The BLAKE3 hash of all of it.
        hash: [u8; 32],
    },
    /// A log that may still grow. It can only be followed; a plain get of it is refused as not ready.
    Log(LogTail),
}

/// Where the bytes of a put go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Into a new file in this directory. The node gives it a name no other put shares.
    StageIn(PathBuf),
    /// Nowhere: this very blob is held already. The peer is told that it is stored, so that a put may be repeated.
    AlreadyHeld,
}

/// A put whose bytes have all arrived, match their declared hash and are synced to disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Where they lie. The handler moves the file away; what it leaves is removed.
    pub path: PathBuf,
    /// How many there are.
    pub size: u64,
    /// Their BLAKE3 hash.
    pub hash: [u8; 32],
}

/// Bytes both ways, as a TCP stream has them: shutting the writing half down leaves the reading half open.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

fn no_services() -> Refusal {
    Refusal::new(RefusalCode::NotFound, "there is no such service here")
}

/// The deciding half of a server. Implementations may write these as `async fn`.
///
/// The peer's key is authenticated by the connection. Nothing else about the request is: it is the handler that asks
/// [`crate::access::may`].
pub trait Handler: Send + Sync + 'static {
    /// Whether to talk to this key at all, asked once per connection. By default everyone may ask.
    fn admit(&self, peer: [u8; 32]) -> impl Future<Output = bool> + Send {
        let _ = peer;
        async { true }
    }

    /// A peer wants to read a blob from `offset` on, or to follow it.
    fn open_get(
        &self,
        peer: [u8; 32],
        name: &BlobName,
        offset: u64,
    ) -> impl Future<Output = Result<Source, Refusal>> + Send;

    /// A peer offers a blob. The size is already within the node's limit for its kind; the handler's own quota is not
    /// checked by anyone else.
    fn begin_put(
        &self,
        peer: [u8; 32],
        name: &BlobName,
        size: u64,
        hash: [u8; 32],
    ) -> impl Future<Output = Result<Sink, Refusal>> + Send;

    /// The blob has arrived and is sound. What begins as one put may end beside another of the same name: the handler
    /// settles which of them stands. The peer hears that it is stored after this returns `Ok`.
    fn finish_put(
        &self,
        peer: [u8; 32],
        name: &BlobName,
        staged: Staged,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// A peer wants to reach a TCP port of a service. What is returned is connected; the node carries the bytes between
    /// it and the peer, and drops it when either side is done. The rule is [`crate::access::may_tunnel`]. By default
    /// there are no services.
    fn open_tunnel(
        &self,
        peer: [u8; 32],
        service: &ServiceName,
        port: u16,
    ) -> impl Future<Output = Result<Box<dyn Duplex>, Refusal>> + Send {
        let _ = (peer, service, port);
        async { Err(no_services()) }
    }

    /// A peer wants the newest total of a service, signed. The rule is [`crate::access::may_read_usage`]. By default
    /// there are no services.
    fn usage(
        &self,
        peer: [u8; 32],
        service: &ServiceName,
    ) -> impl Future<Output = Result<SignedUsage, Refusal>> + Send {
        let _ = (peer, service);
        async { Err(no_services()) }
    }

    /// A peer has signed what [`Handler::usage`] gave it a moment ago. The signature is checked already, and is that of
    /// `peer`; whether it counts is [`crate::access::may_cosign`]'s to say. The peer hears that its signature is taken
    /// after this returns `Ok`.
    fn cosigned(
        &self,
        peer: [u8; 32],
        service: &ServiceName,
        report: UsageReport,
        signature: [u8; 64],
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (peer, service, report, signature);
        async { Err(no_services()) }
    }
}
