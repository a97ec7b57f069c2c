//! Accounts of the arbiter. Fixed width, no padding, a version first.
mod arbiter_config;
mod beacon_round;
mod drand_config;
mod evidence;
mod executor_list;
mod plant;
mod planter;
mod queued_arbiter;
mod root_ballot;
mod roster;
mod round;
mod usage_witness;
mod validator_set;
mod verdict;
mod witness_root;

pub use {
    arbiter_config::*, beacon_round::*, drand_config::*, evidence::*, executor_list::*, plant::*, planter::*,
    queued_arbiter::*, root_ballot::*, roster::*, round::*, usage_witness::*, validator_set::*, verdict::*,
    witness_root::*,
};

/// Version of every account layout in this program.
pub const LAYOUT_VERSION: u8 = 1;
