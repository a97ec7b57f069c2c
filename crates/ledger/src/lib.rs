//! The memory of a daemon that may be killed at any instant: attempts, receipts, signed messages, attestations.
//!
//! A [`Ledger`] is one file. A write is on the disk when the call returns, or has not happened; [`Ledger::insert_new`]
//! records a thing at most once, which is what keeps a validator from signing two answers to one question and an
//! outbox from sending twice. One unreadable row never hides the others: [`Ledger::scan`] reports it and goes on.
//!
//! What this is not: a cache, a queue, or a source of truth about money. All that matters to others can be rebuilt
//! from the chain; the ledger holds only what this node must not do twice.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ledger;
pub mod limits;

pub use ledger::{Batch, CorruptRow, Ledger, LedgerError, Scan, Table};
