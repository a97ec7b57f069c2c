//! One file per instruction, named as the instruction.
pub mod accept_bid;
pub mod add_mint;
pub mod announce_provider;
pub mod cancel_job;
pub mod claim_refund;
pub mod claim_reward;
pub mod close_job;
pub mod decline_job;
pub mod deposit_stake;
pub mod expire_job;
pub mod initialize_config;
pub mod match_job;
pub mod open_stake;
pub mod pay_audit;
pub mod place_bid;
pub mod post_job;
pub mod publish_offer;
pub mod register_provider;
pub mod settle_unchallenged;
pub mod start_job;
pub mod submit_proof;
pub mod sweep_fees;
pub mod sweep_slashed;
pub mod unbond_stake;
pub mod update_config;
pub mod update_mint;
pub mod update_provider;
pub mod verify_proof;
pub mod withdraw_bid;
pub mod withdraw_offer;
pub mod withdraw_stake;

// Each file has a `handle`; the glob is for what the macros generate beside the account structs.
#[allow(ambiguous_glob_reexports)]
pub use {
    accept_bid::*, add_mint::*, announce_provider::*, cancel_job::*, claim_refund::*, claim_reward::*, close_job::*,
    decline_job::*, deposit_stake::*, expire_job::*, initialize_config::*, match_job::*, open_stake::*, pay_audit::*,
    place_bid::*, post_job::*, publish_offer::*, register_provider::*, settle_unchallenged::*, start_job::*,
    submit_proof::*, sweep_fees::*, sweep_slashed::*, unbond_stake::*, update_config::*, update_mint::*,
    update_provider::*, verify_proof::*, withdraw_bid::*, withdraw_offer::*, withdraw_stake::*,
};
