//! Accounts of the market. Fixed width, no padding, a version first and reserved bytes last.
mod array;
mod bid;
mod config;
mod job;
mod mint_rule;
mod offer;
mod provider;
mod queued_config;
mod reward_pool;
mod slash_case;
mod stake;

pub use {
    array::*, bid::*, config::*, job::*, mint_rule::*, offer::*, provider::*, queued_config::*, reward_pool::*,
    slash_case::*, stake::*,
};

/// Version of every account layout in this program.
pub const LAYOUT_VERSION: u8 = 1;
