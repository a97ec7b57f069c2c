//! Every bound of the node, each with its reason.

use std::time::Duration;

/// How often chain and engine are asked in full: the events in between only make it faster.
pub const POLL: Duration = Duration::from_millis(1_500);
/// How often containers that run are looked at between polls: an exit is noticed by waiting on it; this covers a wait
/// that broke.
pub const TICK: Duration = Duration::from_millis(250);
/// Events waiting for the loop. Each is small; producers wait when it is full.
pub const EVENTS_MAX: usize = 256;
/// Bytes of a container's log that are kept; the receipt says so if there were more.
pub const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Bytes of a specification: a page of text.
pub const SPEC_BYTES_MAX: u64 = 256 * 1024;
/// Bytes of an input bundle this node takes.
pub const INPUT_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Free disk below which nothing is taken, bytes.
pub const FREE_DISK_BYTES_MIN: u64 = 2 * 1024 * 1024 * 1024;
/// How long a read committee is believed when it explains a peer; one that does not is read again at once.
pub const COMMITTEE_FOR: Duration = Duration::from_secs(30);
/// Least time between two reads of one job's committee: a stranger cannot make us read for each of its requests.
pub const COMMITTEE_READ_EVERY: Duration = Duration::from_millis(500);
/// How long a container is given to stop by itself, seconds.
pub const STOP_SECONDS: i32 = 3;
/// Time limit of one answer of the container engine, seconds; waits and log streams are not bounded by it.
pub const ENGINE_SECONDS: u64 = 30;
/// Jobs bid on and remembered: one bid each, oldest forgotten first.
pub const BIDS_REMEMBERED: usize = 4_096;
/// Lamports below which the operator is reported as running dry: some two hundred transactions.
pub const OPERATOR_LAMPORTS_MIN: u64 = 2_000_000;
/// Difference between the host's clock and the chain's above which the doctor complains, seconds. The chain's clock
/// may itself drift from wall time by its own rule.
pub const CLOCK_SKEW_SECONDS: i64 = 30;
/// Configuration file, bytes.
pub const CONFIG_BYTES_MAX: u64 = 64 * 1024;
/// Files whose length and hash are remembered for serving.
pub const HASHES_REMEMBERED: usize = 256;
/// How long a push waits for its job's match to be seen here: a few slots.
pub const MATCH_PATIENCE: Duration = Duration::from_secs(3);
/// How often this node looks whether it is still in the list of re-executors: whoever falls below the least stake is
/// removed by anybody, and comes back by itself once the stake is there again.
pub const REJOIN_EVERY: Duration = Duration::from_secs(60);
/// How often it looks.
pub const MATCH_LOOK_EVERY: Duration = Duration::from_millis(100);
/// Open arrays remembered; each is some 2 KiB. The oldest address in byte order gives way.
pub const ARRAYS_REMEMBERED: usize = 1_024;
/// Tasks taken in one look at an array: the capacity of a provider is read again before the next.
pub const TASKS_AT_ONCE: usize = 8;
/// How long a port of a service has to accept a connection from its own host.
pub const PORT_PATIENCE: Duration = Duration::from_secs(2);
/// Least time between two reads of the validator set for peers that are not in it.
pub const VALIDATORS_READ_EVERY: Duration = Duration::from_secs(5);
