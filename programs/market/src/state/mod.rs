//! Accounts of the market. Fixed width, no padding, a version first and reserved bytes last.
mod bid;
mod config;
mod job;
mod mint_rule;
mod offer;
mod provider;
mod stake;

pub use {bid::*, config::*, job::*, mint_rule::*, offer::*, provider::*, stake::*};

/// Version of every account layout in this program.
pub const LAYOUT_VERSION: u8 = 1;
