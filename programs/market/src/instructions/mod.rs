//! One file per instruction, named as the instruction.
pub mod initialize_config;
pub mod update_config;
pub mod add_mint;
pub mod update_mint;
pub mod register_provider;
pub mod update_provider;
pub mod announce_provider;
pub mod open_stake;
pub mod deposit_stake;
pub mod unbond_stake;
pub mod withdraw_stake;
pub mod sweep_slashed;
pub mod publish_offer;
pub mod withdraw_offer;
pub mod post_job;
pub mod match_job;
pub mod place_bid;
pub mod withdraw_bid;
pub mod accept_bid;
pub mod start_job;
pub mod submit_proof;
pub mod verify_proof;
pub mod settle_unchallenged;
pub mod claim_reward;
pub mod claim_refund;
pub mod cancel_job;
pub mod decline_job;
pub mod expire_job;
pub mod sweep_fees;
pub mod pay_audit;
pub mod close_job;

// Each file has a `handle`; the glob is for what the macros generate beside the account structs.
#[allow(ambiguous_glob_reexports)]
pub use {
    initialize_config::*,
    update_config::*,
    add_mint::*,
    update_mint::*,
    register_provider::*,
    update_provider::*,
    announce_provider::*,
    open_stake::*,
    deposit_stake::*,
    unbond_stake::*,
    withdraw_stake::*,
    sweep_slashed::*,
    publish_offer::*,
    withdraw_offer::*,
    post_job::*,
    match_job::*,
    place_bid::*,
    withdraw_bid::*,
    accept_bid::*,
    start_job::*,
    submit_proof::*,
    verify_proof::*,
    settle_unchallenged::*,
    claim_reward::*,
    claim_refund::*,
    cancel_job::*,
    decline_job::*,
    expire_job::*,
    sweep_fees::*,
    pay_audit::*,
    close_job::*,
};
