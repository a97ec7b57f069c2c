//! Host-side client of the two programs: accounts, instructions, events and errors, generated from `idl/`.
//!
//! `cargo xtask client` writes [`generated`]; nothing here needs Anchor. A program's types live in one module:
//!
//! ```
//! use proofmill_client::market;
//!
//! // What an account may be filtered by, and what an instruction takes, is data:
//! let widest = market::INSTRUCTIONS.iter().max_by_key(|instruction| instruction.accounts.len());
//! assert!(widest.is_none_or(|instruction| instruction.discriminator != [0; 8]));
//! ```

pub mod address;
pub mod appeals;
pub mod compose;
pub mod event_log;
pub mod fit;
pub mod generated;
pub mod interface;
pub mod service;
pub mod wire;

pub use generated::{arbiter, market};
pub use wire::DecodeError;
