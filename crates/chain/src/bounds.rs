//! Every limit of this crate, with its reason.

use std::time::Duration;

/// A single RPC request may take this long, every redirect, rate-limit pause and byte of the answer included.
/// A healthy node answers in milliseconds; five seconds outlast a garbage collection or a lost packet, not a dead node.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How often an idempotent read is tried before its error is handed up. With the pauses below the worst case stays
/// within three time limits, so that a caller's own deadline (tens of seconds) still means something.
pub const READ_ATTEMPTS: u32 = 3;

/// Pause before the second attempt of a read; doubled before each further one.
pub const READ_BACKOFF: Duration = Duration::from_millis(150);

/// A node whose answers are older than the newest slot we have seen by more than this is refused. Nodes behind one
/// load balancer differ by a few slots; 32 is the distance to finality, and a node that far back serves another past.
pub const MAX_SLOT_REGRESSION: u64 = 32;

/// `getMultipleAccounts` takes at most this many addresses (a limit of the RPC protocol).
pub const ACCOUNTS_PER_REQUEST: usize = 100;

/// Bytes of one `memcmp` filter (a limit of the RPC protocol).
pub const MEMCMP_BYTES: usize = 128;

/// Filters of one program query (a limit of the RPC protocol).
pub const FILTERS: usize = 4;

/// Bytes of one serialized transaction (the packet size of the network).
pub const TRANSACTION_BYTES: usize = 1232;

/// Signatures asked for in one page of history (a limit of the RPC protocol).
pub const HISTORY_PAGE: usize = 1000;

/// Compute units of one transaction (a limit of the runtime); simulations run under it.
pub const MAX_COMPUTE_UNITS: u32 = 1_400_000;

/// Share added to the simulated compute units: the state may have changed by the time the transaction runs.
pub const COMPUTE_MARGIN_PERCENT: u64 = 10;

/// Compute units added beside the share, so that tiny transactions too survive one longer account list.
pub const COMPUTE_MARGIN_FLOOR: u64 = 1_000;

/// Pause between two looks at the status of a young transaction: small beside a slot of 400 ms.
pub const POLL_FAST: Duration = Duration::from_millis(50);

/// Pause between two looks once a transaction is older than [`FAST_FOR`].
pub const POLL_SLOW: Duration = Duration::from_millis(250);

/// A transaction older than this is not about to confirm; it waits for a resend or for expiry.
pub const FAST_FOR: Duration = Duration::from_secs(4);

/// The same bytes go out again after this long without a trace. Leaders drop packets; a resend costs nothing, since
/// the signature is the same.
pub const RESEND_EVERY: Duration = Duration::from_millis(500);

/// Pause between two looks at the block height: expiry takes a minute, its detection need not be sharper.
pub const HEIGHT_EVERY: Duration = Duration::from_secs(1);

/// Blocks beyond the last valid height before absence counts. An answer about a signature may come from a node as far
/// behind as [`MAX_SLOT_REGRESSION`]; beyond this margin even that node has run the last block that could hold it.
pub const EXPIRY_MARGIN_BLOCKS: u64 = MAX_SLOT_REGRESSION;

/// Times a transaction must be absent before it may be rebuilt, each beside a fresh block height beyond the margin:
/// nodes do say "not found" and find it a moment later, and one wrong height must not cost a second effect.
pub const ABSENCES_TO_EXPIRE: u8 = 3;

/// How long one call of `send` works on one effect before it hands back `Unsettled`; the entry stays in the outbox.
/// A blockhash lives 150 blocks (60 s) and is given up 32 blocks later; this allows one rebuild.
pub const SEND_PATIENCE: Duration = Duration::from_secs(180);

/// How often an expired transaction is built anew within one call of `send`.
pub const REBUILDS: u32 = 2;

/// Keys may be this long: they name an effect, they do not carry it.
pub const KEY_BYTES: usize = 256;

/// Default pause between two full reads of a watched program.
pub const WATCH_POLL: Duration = Duration::from_millis(1500);

/// Changes queued for a slow consumer before the watcher waits for it.
pub const WATCH_CAPACITY: usize = 1024;

/// Addresses hinted by the subscription and not yet read. Beyond it a full read is cheaper than remembering.
pub const WATCH_HINTS: usize = 256;

/// Hints are gathered this long before the accounts are read together.
pub const WATCH_GATHER: Duration = Duration::from_millis(10);

/// First pause before a lost subscription is opened again; doubled up to [`RECONNECT_MAX`].
pub const RECONNECT_MIN: Duration = Duration::from_millis(250);

/// Longest pause before a lost subscription is opened again. Polling goes on meanwhile.
pub const RECONNECT_MAX: Duration = Duration::from_secs(8);

/// A key file holds 64 numbers of at most three digits and their commas; anything larger is another file.
pub const KEYFILE_BYTES: u64 = 4096;
