//! The validator's daemon: watches both programs, judges the rounds in which it has a seat, and does for jobs what
//! anyone may do. All decisions are `proofmill-oracle-core`'s; this crate sees, fetches, records, signs and sends.
//!
//! | file | what it does |
//! |---|---|
//! | `config.rs`, `identity.rs` | what an operator sets; the two keys |
//! | `mirror.rs` | what the chain says, decoded |
//! | `evidence.rs` | fetches from provider and re-executors, within bounds |
//! | `bench.rs` | one seat in one round: gather, judge, record, commit, reveal |
//! | `exchange.rs` | commitments and reveals between validators |
//! | `drand.rs` | rounds of the drand network, from relays that nobody trusts |
//! | `crankshaft.rs` | cranks as transactions |
//! | `heartbeat.rs` | asks every provider's node in each slot whether it lives |
//! | `services.rs` | looks at running services |
//! | `roots.rs` | proposes, checks, signs and carries roots of what was seen |
//! | `witnessed.rs` | measurements on chain and proposals at hand, and cranks on them |
//! | `journal.rs` | the ledger as ballot book, as outbox, and as record of what was seen |
//! | `daemon.rs` | ties them together until SIGTERM |
//! | `metrics.rs` | `/metrics`, `/livez`, `/readyz` |
//! | `doctor.rs` | checks an installation |
//! | `limits.rs` | every bound, with its reason |
#![warn(missing_docs)]

pub mod bench;
pub mod config;
pub mod crankshaft;
pub mod daemon;
pub mod doctor;
pub mod drand;
pub mod evidence;
pub mod exchange;
pub mod heartbeat;
pub mod identity;
pub mod journal;
pub mod limits;
pub mod metrics;
pub mod mirror;
pub mod roots;
pub mod services;
pub mod witnessed;
