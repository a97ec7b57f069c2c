//! Accounts of the arbiter. Fixed width, no padding, a version first.
mod arbiter_config;
mod executor_list;
mod roster;
mod round;
mod validator_set;
mod verdict;

pub use {arbiter_config::*, executor_list::*, roster::*, round::*, validator_set::*, verdict::*};

/// Version of every account layout in this program.
pub const LAYOUT_VERSION: u8 = 1;
