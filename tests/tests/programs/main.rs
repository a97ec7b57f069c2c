//! Laws of both programs, on their real bytecode. One module per instruction; the last ones hold over all of them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod laws;

mod market_match_job;
mod market_post_job;


