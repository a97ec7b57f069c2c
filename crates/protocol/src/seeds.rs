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
//! | `QueuedConfig`, `QueuedMint` | market | `queued_config`; `queued_mint`, mint |
//! | `SlashCase` of a verdict | market | `slash`, job, attempt (u16 LE), nonce (u64 LE) |
//! | `SlashCase` of evidence | market | `slash`, `Evidence` account |
//! | `RewardPool` | market | `reward_pool`, epoch (u32 LE) |
//! | reward vault (token account) | market | `reward_vault`, `RewardPool` |
//! | `JobArray` | market | `array`, tenant, index (u32 LE) |
//! | array vault (token account) | market | `array_vault`, array |
//! | `ArbiterConfig` | arbiter | `config` |
//! | `Roster` | arbiter | `roster` |
//! | `ValidatorSet` | arbiter | `validator_set`, epoch (u32 LE) |
//! | `ExecutorList` | arbiter | `executors`, class key |
//! | `Round` | arbiter | `round`, job, attempt (u16 LE), round (u8) |
//! | `Verdict` | arbiter | `verdict`, job, attempt (u16 LE) |
//! | `RootBallot` | arbiter | `root_ballot`, SHA-256 of the signed body |
//! | `WitnessRoot` | arbiter | `witness_root`, kind (u8), epoch (u32 LE), sequence (u32 LE) |
//! | `Planter` | arbiter | `planter`, key |
//! | `Plant` | arbiter | `plant`, commitment |
//! | `Round` of an appeal | arbiter | `appeal_round`, `SlashCase` |
//! | `Verdict` on an appeal | arbiter | `appeal`, `SlashCase` |
//! | `Evidence` | arbiter | `evidence`, offender, kind (u8), subject |
//! | `QueuedArbiter` | arbiter | `queued_config` |
//! | `UsageWitness` | arbiter | `usage`, job, attempt (u16 LE) |
//! | `DrandConfig` | arbiter | `drand` |
//! | `Beacon` | arbiter | `beacon`, round (u64 LE) |

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
pub const ROOT_BALLOT: &[u8] = b"root_ballot";
pub const WITNESS_ROOT: &[u8] = b"witness_root";
pub const EVIDENCE: &[u8] = b"evidence";
pub const PLANTER: &[u8] = b"planter";
pub const PLANT: &[u8] = b"plant";
pub const QUEUED_CONFIG: &[u8] = b"queued_config";
pub const QUEUED_MINT: &[u8] = b"queued_mint";
pub const SLASH: &[u8] = b"slash";
pub const REWARD_POOL: &[u8] = b"reward_pool";
pub const REWARD_VAULT: &[u8] = b"reward_vault";
pub const APPEAL: &[u8] = b"appeal";
pub const APPEAL_ROUND: &[u8] = b"appeal_round";
pub const USAGE: &[u8] = b"usage";
pub const ARRAY: &[u8] = b"array";
pub const ARRAY_VAULT: &[u8] = b"array_vault";
pub const DRAND: &[u8] = b"drand";
pub const BEACON: &[u8] = b"beacon";
