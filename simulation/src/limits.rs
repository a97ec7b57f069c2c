//! Every number of the simulated network, each with its reason.

/// Seconds that pass per step: several steps fit into the shortest window, so that the order of events matters.
pub const STEP_SECONDS: i64 = 15;
/// Steps after which a drain that has not ended has failed: far beyond the sum of all deadlines of one job.
pub const DRAIN_STEPS_MAX: u32 = 600;
/// Between two looks at every account of the chain.
pub const FULL_CHECK_STEPS: u32 = 20;
/// Windows of the deployment, seconds.
pub const START_WINDOW: u32 = 90;
pub const RECEIPT_GRACE: u32 = 90;
pub const CHALLENGE_WINDOW: u32 = 180;
pub const VERDICT_WINDOW: u32 = 1_800;
pub const COMMIT_WINDOW: u32 = 90;
pub const REVEAL_WINDOW: u32 = 60;
pub const EPOCH: u32 = 600;
pub const UNBONDING: u32 = 6 * EPOCH + 2 * (COMMIT_WINDOW + REVEAL_WINDOW) + 60;
/// Accepted audits before a provider is audited by sample: as the local network's.
pub const PROVEN_AFTER: u32 = 3;
/// Least stake of anybody, atoms.
pub const STAKE_MIN: u64 = 1_000_000;
/// Seats and thresholds, first and escalated round: those of the design.
pub const COMMITTEE: (u8, u8, u8) = (5, 3, 4);
pub const ESCALATED: (u8, u8) = (9, 6);
/// Validators: enough that a second committee is another one.
pub const VALIDATORS: usize = 32;
/// Hardware classes: each with a list of re-executors of its own.
pub const CLASSES: usize = 8;
/// Providers a tenant looks at before it gives up for this step.
pub const LOOKS: usize = 40;
/// Steps after which a refused crank is tried again at the latest.
pub const BACKOFF_STEPS_MAX: u32 = 64;
/// Lamports that a signature costs.
pub const LAMPORTS_PER_SIGNATURE: u64 = 5_000;
/// Most bytes of a transaction that every client and leader accepts.
pub const TRANSACTION_BYTES_MAX: usize = 1_232;
/// What a tenant holds of the payment mint, atoms.
pub const PURSE: u64 = 1_000_000_000_000;
/// What a sponsor puts into the audit budget at the start, atoms per job in flight: 40 % of a fee of 2.5 % does not pay
/// for re-executions, and who waits for the budget keeps its job open for a day.
pub const SPONSORED_PER_JOB: u64 = 4_000_000;
