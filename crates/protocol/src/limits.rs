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
/// Rounds of one job and attempt at most: a first judging and one escalation. An appeal is a third, after the verdict.
pub const ROUNDS_MAX: u8 = 2;
/// Index of the round that judges an appeal: after every round that a verdict can come from.
pub const APPEAL_ROUND: u8 = ROUNDS_MAX + 1;

/// Platform fee at most, basis points. The original contract takes 250.
pub const FEE_BPS_MAX: u16 = 1_000;
/// Platform fee of the original contract, basis points.
pub const FEE_BPS_DEFAULT: u16 = 250;
/// Least share of a stake that verdicts may slash within one window, basis points: a cap of nothing would shield liars.
pub const SLASH_CAP_BPS_MIN: u16 = 500;
/// Least cap of verdict payouts within one window, basis points of the provider's bonded stake.
pub const OUTFLOW_BPS_MIN: u32 = 10_000;
/// Longest window over which slashes and payouts are capped, seconds: a week.
pub const SLASH_WINDOW_SECONDS_MAX: u32 = 604_800;
/// Longest delay of a slash, seconds: three days. With the appeal's round it stays within unbonding.
pub const APPEAL_SECONDS_MAX: u32 = 259_200;
/// Delay of a slash on a public network, seconds.
pub const APPEAL_SECONDS_PUBLIC: u32 = 86_400;
/// Shortest timelock of governance, seconds. Local networks use it; public ones the one below.
pub const TIMELOCK_SECONDS_MIN: u32 = 1;
/// Timelock on a public network, seconds: two days, longer than any job in flight needs to end.
pub const TIMELOCK_SECONDS_PUBLIC: u32 = 172_800;
/// Longest timelock, seconds: a month. A longer one could freeze a mistake.
pub const TIMELOCK_SECONDS_MAX: u32 = 2_592_000;
/// Longest silence of a service before it counts as dead, seconds.
pub const USAGE_TIMEOUT_SECONDS_MAX: u32 = 3_600;
/// Largest deposit of a bid, lamports: a tenth of a SOL.
pub const BID_DEPOSIT_MAX: u64 = 100_000_000;
/// Attempts of one job at most: a bitmap of 16 bits remembers which of them started.
pub const ATTEMPTS_MAX: u8 = 8;
/// Oldest certificate that a job may still accept, seconds (30 days); zero asks for none.
pub const CERTIFICATE_AGE_SECONDS_MAX: u32 = 2_592_000;
/// Tasks of one array at most: its bitmaps hold them.
pub const TASKS_MAX: u16 = 1_024;
/// Job indices from here on belong to tasks of arrays: a tenant's own jobs are numbered below.
pub const TASK_INDEX_FLOOR: u64 = 1 << 63;
/// Bids in the chain of one auction at most: whoever skips what no longer fits passes it within the match's grace,
/// one transaction each.
pub const BIDS_MAX: u8 = 64;
/// Least step between a bid and the next, basis points of the earlier one (2.5 %, and at least one atom). Whoever
/// fills a chain to keep others out has by then bid a fifth of its first price.
pub const BID_STEP_BPS: u16 = 250;
/// Longest time in which the tasks of an array may be taken, seconds: thirty days.
pub const ARRAY_SECONDS_MAX: u32 = 2_592_000;

/// Share of the fee that goes to the audit budget at most, basis points of the fee.
pub const AUDIT_SHARE_BPS_MAX: u16 = 10_000;
/// Basis points in one.
pub const BPS: u64 = 10_000;
/// Stake atoms locked per payment atom at most, basis points: a thousandfold, for expensive payment tokens.
pub const LOCK_BPS_MAX: u32 = 10_000_000;
/// Chance that an audit finds a false receipt, basis points: what the verification study assumes (2.10). The rest is a
/// re-executor that errs in the same way, or belongs to the judged provider.
pub const DETECTION_BPS: u16 = 9_500;
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
/// Signatures carried by one transaction at most: each costs about 12.5k compute units and 65 bytes.
pub const ROOT_SIGNATURES_MAX: usize = 12;
/// Oldest measurement that a root may cover, seconds: two days.
pub const WITNESS_AGE_SECONDS_MAX: i64 = 172_800;
/// How long a ballot collects signatures, seconds: a day.
pub const ROOT_BALLOT_SECONDS: i64 = 86_400;
/// How long a root must stay readable, seconds: thirty days, for whoever claims by it.
pub const WITNESS_ROOT_SECONDS: i64 = 2_592_000;
const _: () = assert!(WITNESS_ROOT_SECONDS > ROOT_BALLOT_SECONDS);
/// Share of the stake that a provider loses for two receipts of one attempt, besides the job's lock, basis points.
pub const RECEIPT_EQUIVOCATION_BPS: u16 = 1_000;
/// Share of the stake that a validator loses for two opinions in one round, basis points.
pub const ATTESTATION_EQUIVOCATION_BPS: u16 = 5_000;
/// What a planted job that is failed costs, basis points of the role's least stake: fixed, whoever fails it.
pub const FAILED_PLANT_BPS: u16 = 1_000;
/// The reporter's share of a slash on evidence, basis points: below the whole, so that nobody reports itself for gain.
pub const EVIDENCE_BOUNTY_BPS: u16 = 2_000;
/// Most of one stake that evidence may slash within one window, basis points: the gravest single offence. Every
/// offence is one account of the arbiter; this bounds what many of them at once can take.
pub const EVIDENCE_CAP_BPS: u16 = 5_000;
/// What a provider loses that lets the start of a matched job pass, basis points of the job's lock, rounded up: at the
/// launch's least lock of two prices a tenth of the price. Saying no in time is free, so that silence has to cost more
/// than a transaction and less than a lie; it is the lock's share because a lock is a job's worth in stake atoms.
pub const MISSED_START_BPS: u16 = 500;
/// What an appeal costs, basis points of the slash it contests: taken with the slash if it fails, else returned.
pub const APPEAL_BOND_BPS: u16 = 1_000;
/// How long an appeal may stay undecided before it counts as won, seconds (two days): one round of re-execution of the
/// longest run and its attestations.
pub const APPEAL_DECISION_SECONDS: i64 = 172_800;
const _: () = assert!(APPEAL_DECISION_SECONDS as u64 >= RUN_SECONDS_MAX as u64 + CHALLENGE_WINDOW_SECONDS_MAX as u64);
/// Epochs after which what nobody claimed of a reward pool may roll over to a later one.
pub const REWARD_CLAIM_EPOCHS: u32 = 8;
/// Longest service in all, seconds: a year. It begins with at most one day ([`RUN_SECONDS_MAX`]) and lives on what is
/// added, so that no tenant has a year's money in one vault at once.
pub const SERVICE_SECONDS_MAX: u32 = 31_536_000;
/// How long after the end of a service its last usage may still be reported, seconds: what was signed before a tenant
/// ended it is not lost, and the arbiter's last witness has time to come.
pub const USAGE_GRACE_SECONDS: i64 = 300;
/// How long a service whose escrow ran dry waits for more, seconds: a day. After that anyone may end it.
pub const PAUSE_SECONDS_MAX: i64 = 86_400;
/// Shortest run over which availability is judged, seconds. A provider whose usage the tenant does not sign from the
/// start ends the service within it and owes nothing.
pub const SLA_OBSERVATION_SECONDS_MIN: u64 = 600;
/// No validator weighs more than one part in this many of its set: a stake larger than a tenth buys no further seats, so
/// that capture needs many validators and not one fortune.
pub const WEIGHT_SHARE: u64 = 10;
/// Largest weight, atoms: that of 64 such validators fits into 64 bits.
pub const WEIGHT_MAX: u64 = 1 << 57;
const _: () = assert!(WEIGHT_MAX as u128 * (VALIDATORS_MAX as u128) < 1 << 64);
/// An epoch may overrun by this factor before its set draws no more committees: its stakes may have left by then. As
/// old may a weight be when it is frozen.
pub const EPOCH_OVERRUN: u32 = 2;
/// How long a round whose missed reveals nobody recorded must stay readable, seconds: a day.
pub const MISSED_REVEAL_SECONDS: i64 = 86_400;
/// Epochs for which a validator set stays readable after its own: evidence on its members needs their keys.
pub const SETS_KEPT: u32 = 8;
/// How long a plant stays, seconds: thirty days, longer than any job posted after it takes to be judged.
pub const PLANT_SECONDS: i64 = 2_592_000;
const _: () = assert!(PLANT_SECONDS as u64 > LOCK_LIFETIME_SECONDS_MAX);
/// How long a posted beacon round stays before anyone may close it, seconds: as long as a receipt may be judged. Closing
/// loses nothing, because the same round can be posted again and has one value only.
pub const BEACON_KEEP_SECONDS: i64 = VERDICT_WINDOW_SECONDS_MAX as i64;
/// Longest period of a beacon network, seconds.
pub const BEACON_PERIOD_SECONDS_MAX: u32 = 3_600;
/// Shortest wait from a receipt to the round that decides about it, seconds: above the ordinary lag of the chain's clock
/// behind the world's, or the round would be public before the receipt is committed.
pub const BEACON_MARGIN_SECONDS_MIN: u32 = 10;
/// Longest wait from a receipt to the round that decides about it, seconds.
pub const BEACON_MARGIN_SECONDS_MAX: u32 = 3_600;
/// How long a kind of beacon stays before it may change again, seconds: until then what happened under the one before is
/// judged, so that two kinds at most are ever in question.
pub const BEACON_CHANGE_SECONDS: i64 = 172_800;
const _: () = assert!(BEACON_CHANGE_SECONDS >= VERDICT_WINDOW_SECONDS_MAX as i64);
const _: () = assert!(BEACON_CHANGE_SECONDS >= APPEAL_DECISION_SECONDS);
