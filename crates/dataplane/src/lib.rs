//! The data plane: inputs, outputs, logs, receipts and what is said to a service travel end to end encrypted between a
//! tenant, a provider and the validators, over QUIC + TLS 1.3 keyed by each party's own Ed25519 node key (iroh).
//!
//! What it is: a node that dials a peer by (public key, socket address), both announced on the chain; a server that
//! answers `Get`, `Put`, `Follow`, `Tunnel` and `Usage` within fixed bounds ([`Limits`]); a client for the same; and the
//! pure rules of who may do what ([`access`]). Every blob is an opaque byte stream with a declared size and a BLAKE3
//! hash, checked by whoever receives it before the file gets its name. A failed transfer leaves no file.
//!
//! What it is not: it does not know what a bundle, a receipt or a spec contains, does not read the chain, keeps no
//! catalogue of blobs and reaches no container (a [`Handler`] does), and finds nobody: with [`Network::Offline`], the
//! default, there are no relays and no address look-ups, and no third party learns who talks to whom.
//!
//! # Wire protocol, ALPN `proofmill/data/1`
//!
//! One bidirectional stream per request; all integers little-endian; layouts in [`wire`].
//!
//! ```text
//! get     client: request, fin            server: response(size, hash), bytes from `offset` to `size`, fin
//! put     client: request                 server: response(size wanted)       go-ahead; 0 if already held
//!         client: that many bytes, fin    server: response(size, hash), fin   stored, and only now
//! follow  client: request, fin            server: response(0, 0), frames: data | beat | end(total), fin
//! tunnel  client: request                 server: response(0, 0)              connected with the service's port
//!         client: bytes, fin              server: bytes, fin                  each end of a stream is a half-close
//! usage   client: request                 server: response(156, 0), report and the node's signature
//!         client: its signature, fin      server: response(0, 0), fin         recorded; without a signature: fin
//! ```
//!
//! A put is answered twice so that an oversized or unauthorised one is refused before a byte of it is sent. A followed
//! log has frames of its own because a bare end of stream cannot tell an ended log from a server that fell over.
#![warn(missing_docs)]

pub mod access;
mod error;
mod follow;
mod handler;
pub mod limits;
mod name;
mod node;
mod peer;
mod refusal;
mod server;
mod staging;
mod transfer;
mod tunnel;
mod usage;
pub mod wire;

pub use error::DataError;
pub use follow::{LogState, LogTail, LogWriter};
pub use handler::{Duplex, Handler, Sink, Source, Staged};
pub use limits::Limits;
pub use name::{BlobKind, BlobName, ServiceName};
pub use node::{Network, Node, NodeConfig, PeerAddr, public_key_of};
pub use peer::{Fetched, Peer};
pub use refusal::{Refusal, RefusalCode};
pub use staging::sweep_partial_files;
pub use transfer::hash_file;
pub use tunnel::Tunnel;
pub use usage::{UsageExchange, is_signed_by};
pub use wire::SignedUsage;

/// The application protocol both sides must speak.
pub const ALPN: &[u8] = b"proofmill/data/1";
