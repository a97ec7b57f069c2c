//! One file per instruction, named as the instruction.
pub mod accept_authority;
pub mod accept_bid;
pub mod accept_witnessed_usage;
pub mod add_mint;
pub mod announce_provider;
pub mod appeal_slash;
pub mod apply_config;
pub mod apply_mint;
pub mod apply_slash;
pub mod cancel_array;
pub mod cancel_config;
pub mod cancel_job;
pub mod claim_bounty;
pub mod claim_epoch_reward;
pub mod claim_refund;
pub mod claim_reward;
pub mod claim_sla;
pub mod claim_stream;
pub mod close_array;
pub mod close_bid;
pub mod close_case;
pub mod close_job;
pub mod decline_job;
pub mod deposit_stake;
pub mod disable_mint;
pub mod expire_job;
pub mod fund_rewards;
pub mod initialize_config;
pub mod match_job;
pub mod open_reward_pool;
pub mod open_stake;
pub mod pause_job;
pub mod pause_openings;
pub mod pay_audit;
pub mod place_bid;
pub mod post_array;
pub mod post_job;
pub mod publish_offer;
pub mod queue_config;
pub mod queue_mint;
pub mod record_capability;
pub mod record_uptime;
pub mod register_provider;
pub mod report_usage;
pub mod resolve_appeal;
pub mod resume_job;
pub mod roll_rewards;
pub mod settle_unchallenged;
pub mod skip_bid;
pub mod slash_on_evidence;
pub mod start_job;
pub mod stop_job;
pub mod submit_proof;
pub mod sweep_fees;
pub mod sweep_slashed;
pub mod take_task;
pub mod top_up_job;
pub mod unbond_stake;
pub mod unpause_openings;
pub mod update_provider;
pub mod verify_proof;
pub mod withdraw_bid;
pub mod withdraw_offer;
pub mod withdraw_stake;

// Each file has a `handle`; the glob is for what the macros generate beside the account structs.
#[allow(ambiguous_glob_reexports)]
pub use {
    accept_authority::*, accept_bid::*, accept_witnessed_usage::*, add_mint::*, announce_provider::*, appeal_slash::*,
    apply_config::*, apply_mint::*, apply_slash::*, cancel_array::*, cancel_config::*, cancel_job::*, claim_bounty::*,
    claim_epoch_reward::*, claim_refund::*, claim_reward::*, claim_sla::*, claim_stream::*, close_array::*,
    close_bid::*, close_case::*, close_job::*, decline_job::*, deposit_stake::*, disable_mint::*, expire_job::*,
    fund_rewards::*, initialize_config::*, match_job::*, open_reward_pool::*, open_stake::*, pause_job::*,
    pause_openings::*, pay_audit::*, place_bid::*, post_array::*, post_job::*, publish_offer::*, queue_config::*,
    queue_mint::*, record_capability::*, record_uptime::*, register_provider::*, report_usage::*, resolve_appeal::*,
    resume_job::*, roll_rewards::*, settle_unchallenged::*, skip_bid::*, slash_on_evidence::*, start_job::*,
    stop_job::*, submit_proof::*, sweep_fees::*, sweep_slashed::*, take_task::*, top_up_job::*, unbond_stake::*,
    unpause_openings::*, update_provider::*, verify_proof::*, withdraw_bid::*, withdraw_offer::*, withdraw_stake::*,
};
