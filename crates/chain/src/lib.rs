//! The only code that speaks Solana RPC.
//!
//! Everything above it sees the object-safe trait [`Chain`] (reads, sends, the chain's own clock), the [`Sender`] that
//! makes every effect happen once, and [`watch_program`] that turns an unreliable WebSocket and a poll into one ordered
//! stream of account changes. Nothing here knows what a program's accounts mean.
//!
//! | file | what it decides |
//! |---|---|
//! | `chain.rs` | the seam: trait and the plain data that crosses it |
//! | `rpc.rs` | the seam over JSON-RPC: time limits, retries of reads, refusal of stale nodes |
//! | `relay.rs` | questions of others, passed on as they are |
//! | `transaction.rs` | how instructions become signed bytes |
//! | `settle.rs` | pure: what to do next with a transaction that may or may not have landed |
//! | `outbox.rs` | the shell of `settle.rs`: record, then send, then confirm |
//! | `view.rs` | pure: which of the accounts read are news |
//! | `watcher.rs` | the shell of `view.rs`: subscription as a hint, poll as the truth |
//! | `keyfile.rs` | keypair files |
//! | `bounds.rs` | every limit, with its reason |

pub mod bounds;
mod chain;
mod error;
mod keyfile;
mod outbox;
mod relay;
mod rpc;
pub mod settle;
mod transaction;
pub mod view;
mod watcher;

pub use chain::{
    AccountSnapshot, Chain, ChainFuture, ChainTime, Filter, HistoryEntry, Level, Preflight, ProgramAccounts,
    ProgramCall, RecentBlockhash, SignatureStatus, Simulation, TransactionFailure, TransactionRecord,
};
pub use error::{ChainError, KeyfileError, StoreError};
pub use keyfile::{read_keypair, read_or_create_keypair, write_keypair};
pub use outbox::{Confirmed, MemoryOutbox, OutboxEntry, OutboxStore, Pace, Sender, Settled, Settlement};
pub use relay::Relayed;
pub use rpc::{RpcChain, RpcOptions};
pub use transaction::{ComputeLimit, Format, SignedTransaction, TransactionRequest, sign};
pub use watcher::{Change, WatchOptions, watch_program};
