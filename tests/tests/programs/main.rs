//! Laws of both programs, on their real bytecode. One module per instruction; the last ones hold over all of them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod laws;

mod market_accept_bid;
mod market_cancel_decline;
mod market_claim;
mod market_close_job;
mod market_config;
mod market_expire_job;
mod market_match_job;
mod market_offer;
mod market_pay_audit;
mod market_place_bid;
mod market_post_job;
mod market_provider;
mod market_settle_unchallenged;
mod market_stake;
mod market_start_job;
mod market_submit_proof;
mod market_sweep_fees;
mod market_verify_proof;
mod market_withdraw_bid;

mod arbiter_close;
mod arbiter_config;
mod arbiter_escalate_round;
mod arbiter_executors;
mod arbiter_expire_round;
mod arbiter_finalize_round;
mod arbiter_freeze_set;
mod arbiter_open_round;
mod arbiter_submit_attestation;
mod arbiter_submit_reexecution;
mod arbiter_validators;

mod compute_units;
mod conservation;
mod matrices;
mod shared_writable;
