//! One file per instruction, named as the instruction.
pub mod close_round;
pub mod close_verdict;
pub mod escalate_round;
pub mod expire_round;
pub mod finalize_round;
pub mod freeze_set;
pub mod initialize_arbiter;
pub mod join_executors;
pub mod leave_executors;
pub mod open_executors;
pub mod open_round;
pub mod register_validator;
pub mod retire_validator;
pub mod submit_attestation;
pub mod submit_reexecution;
pub mod update_arbiter;

// Each file has a `handle`; the glob is for what the macros generate beside the account structs.
#[allow(ambiguous_glob_reexports)]
pub use {
    close_round::*, close_verdict::*, escalate_round::*, expire_round::*, finalize_round::*, freeze_set::*,
    initialize_arbiter::*, join_executors::*, leave_executors::*, open_executors::*, open_round::*,
    register_validator::*, retire_validator::*, submit_attestation::*, submit_reexecution::*, update_arbiter::*,
};
