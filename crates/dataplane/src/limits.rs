//! Every bound of the data plane, each with its reason. A node takes them as a value, so that an operator may tighten
//! them; what the protocol itself fixes is a constant.

use std::time::Duration;

use crate::name::BlobKind;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// The most any request or response header may take: what a stranger can make a node hold before it knows whom it is
/// talking to. The layouts in [`crate::wire`] are far below it, and a compile-time check keeps them so.
pub const MAX_HEADER_LEN: usize = 4096;

/// Bytes moved per read or write of a file: large enough that the cost of a system call does not show, small enough
/// that every stream of every connection may hold one.
pub const BLOCK_LEN: usize = 256 * 1024;

/// Bytes a tunnel holds per direction: a tenth of a second at 320 kB/s is plenty for what people wait for, and 32 tunnels
/// of a job then hold 2 MiB.
pub const TUNNEL_BLOCK_LEN: usize = 32 * 1024;

/// Application codes of QUIC closes, resets and stops.
pub(crate) mod close {
    /// The node goes away on purpose.
    pub const BYE: u32 = 0;
    /// No stream was open for [`super::Limits::idle`].
    pub const IDLE: u32 = 1;
    /// Too many malformed requests.
    pub const GARBAGE: u32 = 2;
    /// The handler wants nothing from this peer, or the peer holds too many connections.
    pub const UNWELCOME: u32 = 3;
    /// What was being sent is incomplete and stays so.
    pub const BROKEN_OFF: u32 = 4;
}

/// The bounds of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once. Times [`Limits::connection_window`] it bounds the memory strangers can take: 512 MiB.
    pub max_connections: usize,
    /// Connections open at once with one key: a validator needs one, a tenant's tools a few.
    pub max_connections_per_peer: usize,
    /// Streams open at once on one connection; further ones wait in the peer, by QUIC's own stream credit. More than
    /// [`Limits::max_tunnels_per_peer`], so that tunnels never keep a tenant from its logs and its usage.
    pub max_streams_per_connection: u32,
    /// Malformed requests on one connection before it is closed: an honest peer of another version needs one.
    pub max_bad_requests_per_connection: u32,
    /// Bytes a peer may have in flight, unread, on one connection: 40 MB/s at 100 ms of round trip.
    pub connection_window: u32,
    /// As above, on one stream. The QUIC implementation closes the connection ("too many gaps in stream buffer") when a
    /// stream's buffer falls into more than 1,024 pieces, which a 4 MiB window reaches on an honest but lossy path,
    /// even on the loopback of a busy machine. 1 MiB is fewer than 1,024 full packets, so no pattern of their loss
    /// gets there.
    pub stream_window: u32,
    /// A handshake that takes longer is dropped: it holds one of [`Limits::max_connections`].
    pub handshake: Duration,
    /// A connection without an open stream is closed after this. QUIC's keep-alive would hold it for ever.
    pub idle: Duration,
    /// A request header must be complete within this of its stream being seen.
    pub header: Duration,
    /// A transfer in which not one byte moves for this long is given up.
    pub stall: Duration,
    /// What a server requires of a transfer on average, beside [`Limits::stall`], so that a byte a minute is no way to
    /// hold a stream for ever: 128 kbit/s.
    pub floor_bytes_per_second: u64,
    /// How long a client waits for an answer for which the peer must work: look up, sync to disk, unpack.
    pub answer: Duration,
    /// How long a client tries to connect.
    pub connect: Duration,
    /// A followed log that has nothing new sends a beat this often; it must be shorter than the client's `stall`.
    pub beat: Duration,
    /// Tunnels open at once with one key, over all its connections: a browser opens six connections to one address, and
    /// a tenant that serves several people has several browsers behind its key.
    pub max_tunnels_per_peer: usize,
    /// Tunnels open at once to one job: each holds a socket and [`TUNNEL_BLOCK_LEN`] twice.
    pub max_tunnels_per_job: usize,
    /// A tunnel through which not one byte moves for this long, either way, is closed after at most twice this: long
    /// enough for a request that computes or a socket that pings each minute, short enough that forgotten ones go.
    pub tunnel_idle: Duration,
    /// How long a server that sent its usage waits for the peer's signature: a program decides, not a person.
    pub cosign: Duration,
    /// How long [`crate::Node::close`] waits for requests under way in their handler.
    pub drain: Duration,
    /// A spec is a page of text.
    pub max_spec_bytes: u64,
    /// An input bundle: a large model with its data. A handler's quota is usually tighter.
    pub max_input_bytes: u64,
    /// A receipt is a signed summary.
    pub max_receipt_bytes: u64,
    /// An output bundle, bounded as the input is.
    pub max_output_bytes: u64,
    /// What one attempt may print.
    pub max_log_bytes: u64,
}

impl Limits {
    /// The most bytes a blob of this kind may have.
    pub const fn max_bytes(&self, kind: BlobKind) -> u64 {
        match kind {
            BlobKind::Spec => self.max_spec_bytes,
            BlobKind::Input => self.max_input_bytes,
            BlobKind::Receipt => self.max_receipt_bytes,
            BlobKind::Output => self.max_output_bytes,
            BlobKind::Log => self.max_log_bytes,
        }
    }

    /// The time a server gives a transfer of this many bytes.
    pub fn time_for(&self, bytes: u64) -> Duration {
        self.stall.saturating_add(Duration::from_secs(bytes / self.floor_bytes_per_second.max(1)))
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: 128,
            max_connections_per_peer: 8,
            max_streams_per_connection: 64,
            max_bad_requests_per_connection: 32,
            connection_window: (4 * MIB) as u32,
            stream_window: MIB as u32,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            header: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            floor_bytes_per_second: 16 * KIB,
            answer: Duration::from_secs(120),
            connect: Duration::from_secs(10),
            beat: Duration::from_secs(5),
            max_tunnels_per_peer: 48,
            max_tunnels_per_job: 32,
            tunnel_idle: Duration::from_secs(300),
            cosign: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            max_spec_bytes: 256 * KIB,
            max_input_bytes: 64 * GIB,
            max_receipt_bytes: 64 * KIB,
            max_output_bytes: 64 * GIB,
            max_log_bytes: 64 * MIB,
        }
    }
}
