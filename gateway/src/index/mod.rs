//! What the gateway knows of the chain, and how it comes to know it. Pure: no file here waits, reads or writes.
//!
//! | file | what it decides |
//! |---|---|
//! | `history.rs` | which slots are to be read, which are undone, which are final |
//! | `block.rs` | how the transactions of a slot become events with an order |
//! | `fold.rs` | what a job was, from its events alone |
//! | `model.rs` | the accounts as they are now |
//! | `explain.rs` | which offers fit a job, and which requirement fails where |
//! | `prices.rs` | percentiles and buckets of prices |

pub mod block;
pub mod explain;
pub mod fold;
pub mod history;
pub mod model;
pub mod prices;
