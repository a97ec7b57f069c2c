//! Every bound of the protocol, each with its reason.

/// Longest run of one job, seconds. A day: longer work is split into attempts with checkpoints.
pub const RUN_SECONDS_MAX: u32 = 86_400;
/// Shortest run a job may reserve, seconds.
pub const RUN_SECONDS_MIN: u32 = 1;
/// How long a matched provider may take to start, seconds: the upper bound of the configurable window.
pub const START_WINDOW_SECONDS_MAX: u32 = 3_600;
/// How long after the end of the run a receipt may arrive, seconds: the upper bound.
pub const RECEIPT_GRACE_SECONDS_MAX: u32 = 3_600;
/// Optimistic challenge window of an unaudited receipt, seconds: the upper bound.
pub const CHALLENGE_WINDOW_SECONDS_MAX: u32 = 86_400;
/// How long judging may take before the written default applies, seconds: the upper bound. It covers two rounds.
pub const VERDICT_WINDOW_SECONDS_MAX: u32 = 172_800;
/// Longest auction, seconds.
pub const AUCTION_SECONDS_MAX: u32 = 86_400;
/// After the auction closes, how long a match may still be made before anyone may expire the job, seconds.
pub const MATCH_GRACE_SECONDS: i64 = 600;
/// Shortest unbonding a configuration may set, seconds.
pub const UNBONDING_SECONDS_MIN: u32 = 1;

/// The longest a lock can live, seconds: from match to the last instant at which it can be slashed.
pub const LOCK_LIFETIME_SECONDS_MAX: u64 = START_WINDOW_SECONDS_MAX as u64
    + RUN_SECONDS_MAX as u64
    + RECEIPT_GRACE_SECONDS_MAX as u64
    + VERDICT_WINDOW_SECONDS_MAX as u64;

/// Unbonding on a public network, seconds (7 days). Locked stake cannot even begin to unbond; this outlives the
/// longest lock besides, so that stake which backed any job is slashable until that job is settled.
pub const UNBONDING_SECONDS_PUBLIC: u32 = 604_800;
const _: () = assert!(UNBONDING_SECONDS_PUBLIC as u64 > LOCK_LIFETIME_SECONDS_MAX);

/// Members of a committee at most. Nine is the escalated size; a bitmap of 16 bits holds it with room.
pub const COMMITTEE_MAX: usize = 9;
/// Fewest members that must agree, whatever the configuration: the threshold of the original contract.
pub const THRESHOLD_MIN: u8 = 3;
/// Validators in one set at most: keeps the set's account below 10 KiB, the most one instruction can create.
pub const VALIDATORS_MAX: usize = 64;
/// Providers of one class in the re-execution list at most, for the same reason.
pub const EXECUTORS_MAX: usize = 64;
/// Rounds of one job and attempt at most: a first judging and one escalation.
pub const ROUNDS_MAX: u8 = 2;

/// Platform fee at most, basis points. The original contract takes 250.
pub const FEE_BPS_MAX: u16 = 1_000;
/// Platform fee of the original contract, basis points.
pub const FEE_BPS_DEFAULT: u16 = 250;
/// Share of the fee that goes to the audit budget at most, basis points of the fee.
pub const AUDIT_SHARE_BPS_MAX: u16 = 10_000;
/// Basis points in one.
pub const BPS: u64 = 10_000;
/// Stake atoms locked per payment atom at most, basis points: a thousandfold, for expensive payment tokens.
pub const LOCK_BPS_MAX: u32 = 10_000_000;
/// GPU memory below which a device is refused, MiB: 8 GiB in the original contract.
pub const VRAM_MIB_MIN: u32 = 8_192;
/// Uptime required of a provider, basis points: 95 % in the original contract.
pub const UPTIME_BPS_MIN: u16 = 9_500;
/// GPUs of one provider at most: a chassis.
pub const GPU_COUNT_MAX: u8 = 16;
/// Concurrent jobs of one offer at most.
pub const OFFER_CAPACITY_MAX: u16 = 1_024;
/// Smallest audit rate a configuration may set, basis points (2 %): below it cheating pays at any stake.
pub const AUDIT_BPS_MIN: u16 = 200;
/// Payment for a re-execution covers at most this many times the metered time of the first run.
pub const REEXECUTION_FACTOR_MAX: u64 = 2;
/// ... plus this start-up allowance, milliseconds.
pub const REEXECUTION_ALLOWANCE_MS: u64 = 5_000;
/// How long after settlement a re-executor may collect before the job may be closed without it, seconds.
pub const AUDIT_CLAIM_SECONDS: i64 = 86_400;
