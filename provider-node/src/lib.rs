//! The provider's node: it takes jobs matched to its provider, runs each in a sandboxed container, meters it, signs a
//! receipt, serves what it made to those who may see it, and runs other providers' jobs again for committees.
//!
//! What is decided is decided by `proofmill-provider-core`; this crate looks (chain, container engine, data plane,
//! disk) and carries out. It holds no stake and no earnings: its operator key pays fees and nothing else, and
//! everything it knows can be rebuilt from the chain, the engine and the ledger.
//!
//! | file | what it does |
//! |---|---|
//! | `config.rs` | reads and checks the configuration, before any side effect |
//! | `identity.rs` | the node key |
//! | `inventory.rs` | the devices, and the hashes that name them |
//! | `ledger.rs` | what survives a crash |
//! | `folders.rs` | where an attempt's files lie |
//! | `engine.rs` | the container engine |
//! | `container_log.rs` | what containers print, kept and followed |
//! | `chain_facts.rs` | accounts read, and the facts derived from them |
//! | `transactions.rs` | what is sent |
//! | `doorkeeper.rs` | what peers may put and get |
//! | `claims.rs` | receipts and re-execution claims, built and signed |
//! | `steps.rs` | carries out the decisions |
//! | `service.rs` | the loop |
//! | `bidding.rs` | answers auctions |
//! | `arrays.rs` | takes tasks of arrays |
//! | `metrics.rs`, `doctor.rs` | what operators see |
#![warn(missing_docs)]

pub mod arrays;
pub mod bidding;
pub mod chain_facts;
pub mod claims;
pub mod config;
pub mod container_log;
pub mod doctor;
pub mod doorkeeper;
pub mod engine;
pub mod folders;
pub mod identity;
pub mod inventory;
pub mod judged;
pub mod ledger;
pub mod limits;
pub mod metrics;
pub mod service;
pub mod services;
pub mod steps;
pub mod transactions;
