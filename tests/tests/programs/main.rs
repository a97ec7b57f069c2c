//! Laws of both programs, on their real bytecode. One module per instruction; the last ones hold over all of them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod laws;

mod market_accept_bid;
mod market_cancel_decline;
mod market_claim;
mod market_match_job;
mod market_place_bid;
mod market_post_job;
mod market_start_job;
mod market_submit_proof;
mod market_withdraw_bid;


