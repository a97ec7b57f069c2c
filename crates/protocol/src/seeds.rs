//! Seeds of every program-derived address, and nowhere else.
//!
//! | account | program | seeds |
//! |---|---|---|
//! | `Config` | market | `config` |
//! | `MintRule` | market | `mint_rule`, mint |
//! | audit budget (token account) | market | `audit_budget`, mint |
//! | `Provider` | market | `provider`, owner |
//! | `Stake` | market | `stake`, owner |
//! | stake vault (token account) | market | `stake_vault`, stake |
//! | `Offer` | market | `offer`, provider, index (u32 LE) |
//! | `Job` | market | `job`, tenant, index (u64 LE) |
//! | job vault (token account) | market | `vault`, job |
//! | `Bid` | market | `bid`, job, provider |
//! | `ArbiterConfig` | arbiter | `config` |
//! | `Roster` | arbiter | `roster` |
//! | `ValidatorSet` | arbiter | `validator_set`, epoch (u32 LE) |
//! | `ExecutorList` | arbiter | `executors`, class key |
//! | `Round` | arbiter | `round`, job, attempt (u16 LE), round (u8) |
//! | `Verdict` | arbiter | `verdict`, job, attempt (u16 LE) |

pub const CONFIG: &[u8] = b"config";
pub const MINT_RULE: &[u8] = b"mint_rule";
pub const AUDIT_BUDGET: &[u8] = b"audit_budget";
pub const PROVIDER: &[u8] = b"provider";
pub const STAKE: &[u8] = b"stake";
pub const STAKE_VAULT: &[u8] = b"stake_vault";
pub const OFFER: &[u8] = b"offer";
pub const JOB: &[u8] = b"job";
pub const VAULT: &[u8] = b"vault";
pub const BID: &[u8] = b"bid";
pub const ROSTER: &[u8] = b"roster";
pub const VALIDATOR_SET: &[u8] = b"validator_set";
pub const EXECUTORS: &[u8] = b"executors";
pub const ROUND: &[u8] = b"round";
pub const VERDICT: &[u8] = b"verdict";
