//! One file per instruction, named as the instruction.
pub mod initialize_arbiter;
pub mod update_arbiter;
pub mod register_validator;
pub mod retire_validator;
pub mod freeze_set;
pub mod open_executors;
pub mod join_executors;
pub mod leave_executors;
pub mod open_round;
pub mod escalate_round;
pub mod submit_reexecution;
pub mod submit_attestation;
pub mod finalize_round;
pub mod close_round;
pub mod close_verdict;

// Each file has a `handle`; the glob is for what the macros generate beside the account structs.
#[allow(ambiguous_glob_reexports)]
pub use {
    initialize_arbiter::*,
    update_arbiter::*,
    register_validator::*,
    retire_validator::*,
    freeze_set::*,
    open_executors::*,
    join_executors::*,
    leave_executors::*,
    open_round::*,
    escalate_round::*,
    submit_reexecution::*,
    submit_attestation::*,
    finalize_round::*,
    close_round::*,
    close_verdict::*,
};
