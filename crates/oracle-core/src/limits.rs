//! Every bound of the decisions, each with its reason.

/// Share of the commit window that a validator waits for data: two thirds. What is left must cover signing,
/// sending and a resend on a slow chain.
pub const MARGIN_NUMERATOR: i64 = 2;
/// See [`MARGIN_NUMERATOR`].
pub const MARGIN_DENOMINATOR: i64 = 3;

/// How far a receipt's times may lie outside the chain's own window, seconds. A node estimates the chain's clock
/// between two reads, and the clock itself drifts within a leader's slots; the billed time is bounded by the program
/// without any slack, so being generous here costs nobody anything.
pub const CLOCK_SLACK_SECONDS: i64 = 120;

/// Pause between the turns of two validators at the same crank, milliseconds: longer than a transaction takes to be
/// confirmed and seen by all (a few slots of 200 to 400 ms), so that usually one acts and the others see it done.
pub const STAGGER_MS: u64 = 1_500;

/// First pause after a refused or failed crank, milliseconds: a beacon is public one slot later.
pub const BACKOFF_MIN_MS: u64 = 2_000;
/// Longest pause, milliseconds: what was refused for a reason that may pass is tried again within a minute, and costs
/// one simulation a minute if it never passes.
pub const BACKOFF_MAX_MS: u64 = 60_000;
/// How long a crank that took effect is not repeated, milliseconds: the time in which every read must show it.
pub const DONE_MS: u64 = 10_000;
/// How long a crank under way may stay unanswered before it is tried again, milliseconds: above the patience of a
/// sender, so that an answer that was lost with its task blocks nothing for ever.
pub const UNDER_WAY_MS: u64 = 300_000;

/// Share of the reveal window that is given to turns, as a divisor: half of it. In the other half nobody waits for
/// anybody.
pub const TURNS_DIVISOR: i64 = 2;
/// How long the first seat has to gather, send and be seen before the second acts, seconds: a gathering of two seconds
/// and a confirmation.
pub const FIRST_TURN_SECONDS: i64 = 6;
/// Pause between later turns, seconds: one confirmation.
pub const NEXT_TURN_SECONDS: i64 = 2;
/// Reveals in one transaction: five of 99 bytes with the verdict beside them stay below 1,232 bytes and 90,000 compute
/// units.
pub const REVEALS_PER_TRANSACTION: usize = 5;

/// Commitments in one transaction: five of 97 bytes with their signatures stay below 1,232 bytes, and a committee of nine
/// needs two.
pub const COMMITMENTS_PER_TRANSACTION: u8 = 5;
/// How long the first of a group gathers before it posts what it has, seconds: validators see the same evidence within a
/// look or two of one another.
pub const POST_AFTER_SECONDS: i64 = 3;
/// ... but never more than this part of what is left of the window, as a divisor.
pub const POST_DIVISOR: i64 = 6;
/// How long a seat waits to see its commitment on chain before it sends it alone, seconds: the gathering, a transaction
/// and a look. A silent aggregator costs as much.
pub const ALONE_AFTER_SECONDS: i64 = 8;
/// ... but never more than this part of what is left of the window, as a divisor: two thirds remain for sending.
pub const ALONE_DIVISOR: i64 = 3;

/// Seconds between two heartbeats: the market counts 720 in six hours.
pub const HEARTBEAT_SECONDS: u32 = 30;
/// ... and on networks with short periods, where a few minutes must show something.
pub const HEARTBEAT_SECONDS_SHORT: u32 = 5;
/// From this length on a period has slots of full length: below it they would be too few to tell chance from fault, and
/// above it short ones would be more than the market counts.
pub const PERIOD_SECONDS_LONG: u32 = 1_200;
/// Shortest period of heartbeats, seconds: six short slots.
pub const PERIOD_SECONDS_MIN: u32 = 30;
/// Periods are multiples of this, seconds, so that slots of either length fill them.
pub const PERIOD_STEP_SECONDS: u32 = 30;
/// Providers counted in one period: with them a record or a proposal, written in hexadecimal, fits into one row of the
/// ledger (1 MiB). Who comes after them is counted in no period until others leave.
pub const TALLIED_MAX: usize = 12_288;

/// Share of a period's slots that a proposer must have seen of a provider to propose a leaf, as a divisor: half.
pub const PROPOSE_SEEN_DIVISOR: u16 = 2;
/// Share that a signer must have seen to sign one: a quarter, so that what just sufficed for a proposer does not just
/// fail for the others.
pub const SIGN_SEEN_DIVISOR: u16 = 4;
/// How far the share of answered slots may lie from the own, basis points: paths differ, and one of five validators
/// with a bad one must not stop a root. A lie within it moves a week's uptime by as much at most.
pub const UPTIME_TOLERANCE_BPS: u32 = 500;
/// ... plus this many slots: probes fall at random instants, and a restart cuts a slot or two for each validator.
pub const UPTIME_TOLERANCE_SLOTS: u32 = 2;

/// Pause from the end of a period to the first proposal, seconds: the last slot is answered and written.
pub const ROOT_SETTLE_SECONDS: i64 = 4;
/// ... of usage, which is not entered in slots, seconds: so that everybody's clock is past it.
pub const USAGE_SETTLE_SECONDS: i64 = 1;
/// How long each proposer has before the next one proposes too, seconds: a fetch, a signature, a gathering and a
/// confirmation.
pub const PROPOSER_TURN_SECONDS: i64 = 15;
/// How long each carrier has before the next one carries the signatures too, seconds.
pub const CARRIER_TURN_SECONDS: i64 = 20;
/// After this a period without a root is given up, seconds: the arbiter takes none that is older than two days, and
/// signatures must still be gathered.
pub const ROOT_GIVE_UP_SECONDS: i64 = 129_600;
/// Leaves of one root of usage: a proposal of them fits into one row of the ledger too.
pub const SERVICES_MAX: usize = 4_096;

/// Part of a service's silence timeout after which its usage is witnessed, as a divisor: half. A node reports four times
/// within the timeout, so that a tenant that signs leaves nothing to witness; and a root that fails can be followed by
/// another before the service counts as dead.
pub const USAGE_NEED_DIVISOR: u32 = 2;
/// Longest gap between two answers that still counts as alive, as a factor of the pause between looks.
pub const LOOK_GAP_FACTOR: u32 = 3;
/// How far what was seen may run ahead of a node's signed total, in looks: longer than a node takes to sign a new one.
pub const CLAIM_LAG_LOOKS: u64 = 5;
/// How far another validator's total of usage may lie from the own: this many looks, since a node's totals come in steps and
/// one may have seen the next step already.
pub const USAGE_TOLERANCE_LOOKS: u64 = 5;
/// ... plus this share of what was seen, basis points: an unlucky look is two gaps less.
pub const USAGE_TOLERANCE_BPS: u64 = 200;
