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
