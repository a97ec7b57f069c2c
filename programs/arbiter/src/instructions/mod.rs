//! One file per instruction, named as the instruction.
pub mod accept_arbiter;
pub mod announce_validator;
pub mod apply_arbiter;
pub mod appoint_planter;
pub mod cancel_arbiter;
pub mod close_appeal;
pub mod close_appeal_verdict;
pub mod close_beacon;
pub mod close_plant;
pub mod close_root_ballot;
pub mod close_round;
pub mod close_set;
pub mod close_usage;
pub mod close_verdict;
pub mod close_witness_root;
pub mod commit_attestation;
pub mod commit_attestations;
pub mod commit_plant;
pub mod dismiss_planter;
pub mod escalate_round;
pub mod expire_round;
pub mod finalize_appeal;
pub mod finalize_root;
pub mod finalize_round;
pub mod freeze_set;
pub mod initialize_arbiter;
pub mod initialize_drand;
pub mod join_executors;
pub mod leave_executors;
pub mod open_appeal;
pub mod open_executors;
pub mod open_root_ballot;
pub mod open_round;
pub mod post_beacon;
pub mod queue_arbiter;
pub mod record_missed_reveal;
pub mod record_wrong_dissent;
pub mod refresh_usage;
pub mod refresh_validator;
pub mod register_validator;
pub mod report_double_attestation;
pub mod report_double_receipt;
pub mod report_failed_plant;
pub mod report_failed_ringer;
pub mod retire_validator;
pub mod reveal_attestations;
pub mod sign_root;
pub mod submit_reexecution;
pub mod witness_usage;

// Each file has a `handle`; the glob is for what the macros generate beside the account structs.
#[allow(ambiguous_glob_reexports)]
pub use {
    accept_arbiter::*, announce_validator::*, apply_arbiter::*, appoint_planter::*, cancel_arbiter::*, close_appeal::*,
    close_appeal_verdict::*, close_beacon::*, close_plant::*, close_root_ballot::*, close_round::*, close_set::*,
    close_usage::*, close_verdict::*, close_witness_root::*, commit_attestation::*, commit_attestations::*,
    commit_plant::*, dismiss_planter::*, escalate_round::*, expire_round::*, finalize_appeal::*, finalize_root::*,
    finalize_round::*, freeze_set::*, initialize_arbiter::*, initialize_drand::*, join_executors::*,
    leave_executors::*, open_appeal::*, open_executors::*, open_root_ballot::*, open_round::*, post_beacon::*,
    queue_arbiter::*, record_missed_reveal::*, record_wrong_dissent::*, refresh_usage::*, refresh_validator::*,
    register_validator::*, report_double_attestation::*, report_double_receipt::*, report_failed_plant::*,
    report_failed_ringer::*, retire_validator::*, reveal_attestations::*, sign_root::*, submit_reexecution::*,
    witness_usage::*,
};
