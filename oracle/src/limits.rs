//! Every bound of the daemon, each with its reason.

use std::time::Duration;

/// Least and greatest pause between two full reads, milliseconds: below it a node is only burdened, above it a round
/// could end unseen.
pub const POLL_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
/// Stakes are swept at leisure: their full read is this many times rarer than that of jobs and rounds.
pub const STAKE_POLL_FACTOR: u32 = 20;
/// The same for bids, slash cases and beacons: what waits there waits for minutes.
pub const SLOW_POLL_FACTOR: u32 = 5;
/// Pause between two looks of a judge at what it waits for: well below the shortest attestation window in use.
pub const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Pause between two requests to a party that did not serve: a node is asked often enough to be believed silent, and
/// not so often that asking is an attack.
pub const ASK_AGAIN_EVERY: Duration = Duration::from_secs(1);
/// Rounds judged side by side: a seat needs some memory and a few connections, and a validator is drawn for few.
pub const SEATS_MAX: usize = 128;
/// Outputs downloaded side by side: each may fill the disk up to what its specification allows.
pub const DOWNLOADS_MAX: usize = 4;
/// Largest output checked, bytes, whatever a specification allows: a disk is not infinite.
pub const OUTPUT_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// Bytes accepted where a receipt is asked for: a receipt is 512, and more is a lie not worth reading.
pub const RECEIPT_BYTES_MAX: u64 = 4 * 1024;
/// Cranks in flight at once: each is one transaction, and the node's rate limit is shared with the votes.
pub const CRANKS_MAX: usize = 16;
/// How long one crank is worked on: others follow after their turn, so nothing depends on this one.
pub const CRANK_PATIENCE: Duration = Duration::from_secs(45);
/// A clock read older than this is no clock: nothing is decided on it.
pub const CLOCK_AGE_MAX: Duration = Duration::from_secs(15);
/// Pause between two reads of the configurations: they change behind a timelock.
pub const CONFIG_EVERY: Duration = Duration::from_secs(5);
/// How long a validator set is remembered: sets are frozen, so only their number is bounded.
pub const SETS_MAX: usize = 8;
/// How long running work may take to end on SIGTERM.
pub const STOP_WITHIN: Duration = Duration::from_secs(5);
/// How long peers are asked for their reveals: most of a first turn, so that what is gathered still lands in it.
pub const GATHER_FOR: Duration = Duration::from_secs(2);
/// How long an aggregator waits for its transaction to land before it commits alone: as long as the others wait for it
/// (`proofmill_oracle_core::limits::ALONE_AFTER_SECONDS`).
pub const TOGETHER_PATIENCE: Duration = Duration::from_secs(8);
/// Pause between two questions to a peer that does not serve yet: a look of its own at the chain.
pub const GATHER_AGAIN_EVERY: Duration = Duration::from_millis(150);
/// Pause between two announcements of this node's socket: each is a transaction.
pub const ANNOUNCE_EVERY: Duration = Duration::from_secs(30);
/// Old validator sets looked for at once, to be closed.
pub const OLD_SETS: u32 = 4;
/// Balance below which the doctor warns, lamports: about a thousand attestations.
pub const BALANCE_MIN: u64 = 10_000_000;

/// URLs of the drand network at most: each that hangs costs its timeout before the next is tried, and all of them have to
/// be tried within [`CRANK_PATIENCE`].
pub const DRAND_URLS_MAX: usize = 8;
/// How long one URL may take for one answer: a round is some hundred bytes.
pub const DRAND_PATIENCE: Duration = Duration::from_secs(4);
/// How long a connection to it may take.
pub const DRAND_CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// Bytes accepted where a round is asked for: published answers have below 500, and more is a lie not worth reading.
pub const DRAND_BYTES_MAX: usize = 4 * 1024;

/// Length of a period of heartbeats, seconds: the bucket in which the market counts them.
pub const PERIOD_SECONDS: u32 = 21_600;
/// ... where the market takes simulated devices: a first root within a minute or two.
pub const TRIAL_PERIOD_SECONDS: u32 = 30;
/// Heartbeats asked for at once: so many sockets' worth of handshakes, and in a slot of thirty seconds some thousand
/// providers even if all of them are silent. For whom there was no time the slot does not count.
pub const PROBES_AT_ONCE: usize = 256;
/// How long a node may take to answer a heartbeat, from the dial on: several round trips around the world and a busy
/// machine.
pub const PROBE_PATIENCE: Duration = Duration::from_secs(5);
/// ... but no more of a slot than this part, as a divisor of twice the slot: with the spread of the probes it leaves a
/// tenth of the slot.
pub const PROBE_PATIENCE_DIVISOR: u32 = 5;
/// Connections kept from one heartbeat to the next: some fifty kilobytes each. More providers are dialled anew.
pub const PROBE_CONNECTIONS_KEPT: usize = 512;
/// Part of a slot over which its probes are spread at random, as a divisor: half, so that none can be foreseen and all
/// can be answered within it.
pub const PROBE_SPREAD_DIVISOR: u32 = 2;
/// Fellow validators asked whether this one is cut off, when no provider answers.
pub const FELLOWS_ASKED: usize = 3;
/// Records of heartbeats kept, in periods: those whose root may still come, and one under way.
pub const TALLIES_KEPT: u32 = 8;

/// Pause between two looks at what is to be done about roots.
pub const ROOTS_EVERY: Duration = Duration::from_secs(1);
/// Past periods for which a root is still looked after, per kind: a network that stood still catches up with the last
/// ones, and the market takes one per bucket anyway.
pub const PERIODS_BEHIND: u32 = 3;
/// How long a peer may take to serve a proposal or a signature.
pub const ROOT_PEER_PATIENCE: Duration = Duration::from_secs(10);
/// First and longest pause between two questions to the same peer for the same thing: most have it within seconds, and
/// who has nothing is not asked for hours in vain.
pub const ROOT_ASK_PAUSE: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);
/// Proposals remembered: of three kinds and periods, one of each of 64 validators.
pub const PROPOSALS_MAX: usize = 1_024;
/// How long a recorded proposal is kept, seconds: three days, longer than anything about it can be done.
pub const PROPOSALS_KEPT_SECONDS: i64 = 259_200;
/// ... and of usage, seconds: the next period's total says more, every few seconds to minutes.
pub const USAGE_PROPOSALS_KEPT_SECONDS: i64 = 900;

/// Part of a service's timeout of silence that a period of usage lasts, as a divisor: from the half after which usage is
/// witnessed there are three periods, each with another first proposer, before the service counts as dead.
pub const USAGE_PERIOD_DIVISOR: u32 = 6;
/// Shortest period of usage, seconds: proposing, signing and carrying take some seconds.
pub const USAGE_PERIOD_SECONDS_MIN: u32 = 5;
/// Looks at a service in one period of usage.
pub const USAGE_LOOKS: u32 = 2;
/// Longest pause between two looks, seconds: half of the longest in which a node signs a new total.
pub const LOOK_SECONDS_MAX: u32 = 30;
/// Timeout of silence by which a service that is paused or over is judged at most, seconds: its last usage is taken for five
/// minutes only, and half of this is witnessed well within them.
pub const ENDED_TIMEOUT_SECONDS: u32 = 120;
