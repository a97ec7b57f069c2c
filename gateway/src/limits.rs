//! Every bound of the gateway, each with its reason.

use std::time::Duration;

/// Rows of one page at most: the answer stays below a megabyte, whatever the rows say.
pub const PAGE_MAX: u32 = 100;
/// Rows of a page when the caller does not say.
pub const PAGE_DEFAULT: u32 = 50;
/// Bytes of a cursor at most: ours are a few dozen.
pub const CURSOR_BYTES_MAX: usize = 256;
/// Bytes of a query string at most: every filter of an endpoint fits several times.
pub const QUERY_BYTES_MAX: usize = 2_048;
/// Bytes of a JSON body at most. The largest that is needed is a transaction in base64 (1,644 bytes) with its wrapper.
pub const JSON_BYTES_MAX: usize = 64 * 1024;
/// Nesting of a JSON body at most. Ours nest three deep; a parser that recurses must never be asked for a thousand.
pub const JSON_DEPTH_MAX: usize = 16;
/// Bytes of a specification at most, as the providers' nodes take it.
pub const SPEC_BYTES_MAX: u64 = 256 * 1024;
/// Bytes of an input bundle at most: it is kept on this machine's disk until delivered.
pub const INPUT_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Files of an input bundle at most: each is checked by its own hash.
pub const INPUT_FILES_MAX: u32 = 10_000;
/// Bytes of an output bundle that is passed on at most.
pub const OUTPUT_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes of a receipt at most; it is 512 bytes in version 1.
pub const RECEIPT_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of a log that is followed at most, as the data plane allows.
pub const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes kept on disk for jobs that are not delivered yet, in all: beyond it new uploads are refused.
pub const HELD_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Uploads received at the same time: each has a file and a verifying thread.
pub const UPLOADS_MAX: usize = 8;
/// Slowest body that is still waited for, bytes per second, after [`BODY_GRACE`]: below it a sender holds the
/// connection for nothing (slowloris).
pub const BODY_FLOOR_BYTES_PER_SECOND: u64 = 16 * 1024;
/// Time that a body has before the floor counts.
pub const BODY_GRACE: Duration = Duration::from_secs(10);
/// Time in which all headers of a request must come, and for which an idle connection is kept (slowloris).
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of request line and headers together.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Headers of one request.
pub const HEADERS_MAX: usize = 64;
/// Connections at once. Each costs a few tens of kilobytes; beyond it new ones wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Requests in work at once, streams not counted: beyond it callers are told to come again (503).
pub const REQUESTS_MAX: usize = 512;
/// Event streams at once. They live long and cost a task each.
pub const STREAMS_MAX: usize = 1_024;
/// Event streams of one address at once: a browser opens one per tab.
pub const STREAMS_PER_ADDRESS_MAX: usize = 32;
/// Time in which a request that streams nothing must be answered.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Requests of one address per second, lasting; a page of the dApp makes about twenty.
pub const RATE_PER_SECOND: u32 = 100;
/// Requests of one address at once beyond the lasting rate.
pub const RATE_BURST: u32 = 400;
/// Times a minute that one address may ask for something costly: a sign-in, a key, the faucet.
pub const COSTLY_PER_MINUTE: u32 = 30;
/// Addresses whose rate is remembered at once.
pub const RATE_ADDRESSES_MAX: usize = 65_536;
/// Comment sent on a silent stream, so that proxies and clients know it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes remembered for streams that resume; older ones are read from the endpoints.
pub const CHANGES_KEPT: usize = 16_384;
/// Changes a slow stream may lag before it is ended; it resumes by its last id.
pub const CHANGES_QUEUED: usize = 1_024;
/// Cached answers at most; the oldest generation is dropped whole.
pub const CACHED_ANSWERS_MAX: usize = 4_096;
/// Bytes of one cached answer at most: larger ones are made anew.
pub const CACHED_BYTES_MAX: usize = 256 * 1024;

/// Pause between two looks at the programs' histories.
pub const HISTORY_EVERY: Duration = Duration::from_millis(500);
/// Slots behind finality until which the history is read again: nodes behind one balancer differ by this much, and one
/// that lags must not hide a transaction for good.
pub const RECHECK_SLOTS: u64 = 64;
/// Looks in a row that must miss a slot before it counts as rolled back: one answer of a node that lags is no proof.
pub const ABSENCES_TO_UNDO: u8 = 3;
/// Transactions fetched at once.
pub const FETCHES_AT_ONCE: usize = 16;
/// Slots written in one database transaction while catching up: progress is kept this often.
pub const SLOTS_PER_COMMIT: usize = 64;
/// Signatures listed in one look at most: two million cost 200 MB. A longer history is caught up by starting from a
/// copy of another gateway's database.
pub const SIGNATURES_MAX: usize = 2_000_000;
/// Account changes taken together into one database transaction.
pub const CHANGES_PER_COMMIT: usize = 512;
/// Time for which account changes are gathered.
pub const GATHER: Duration = Duration::from_millis(20);

/// Time a sign-in challenge may be answered.
pub const CHALLENGE_SECONDS: i64 = 300;
/// Challenges open at once: beyond it the oldest are dropped.
pub const CHALLENGES_MAX: i64 = 10_000;
/// Life of a session.
pub const SESSION_SECONDS: i64 = 86_400;
/// Keys of one owner at most.
pub const KEYS_PER_OWNER_MAX: i64 = 100;
/// Longest life of a key, seconds: a year.
pub const KEY_SECONDS_MAX: i64 = 31_536_000;
/// Characters of a key's name at most.
pub const NAME_CHARS_MAX: usize = 64;
/// Rows of the audit log kept per owner; older ones are dropped by the sweep.
pub const AUDIT_ROWS_MAX: i64 = 100_000;
/// Pause between two sweeps of what has expired.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Pause between two looks at what is to be delivered.
pub const DELIVER_EVERY: Duration = Duration::from_millis(500);
/// Longest pause before a failed delivery is tried again; it begins with the pause above and doubles.
pub const DELIVER_PAUSE_MAX: Duration = Duration::from_secs(15);
/// Deliveries at once.
pub const DELIVERIES_AT_ONCE: usize = 4;

/// Life of a ticket for a service's port, seconds: a sitting at a page. Another one costs one request.
pub const TICKET_SECONDS: i64 = 3_600;
/// Tickets of one owner at once: a browser needs one per port and page.
pub const TICKETS_PER_OWNER_MAX: usize = 32;
/// Tickets at once in all; each costs about 200 bytes.
pub const TICKETS_MAX: usize = 4_096;
/// Ways to services' ports open at once: each is a stream of the data plane and two buffers.
pub const WAYS_MAX: usize = 256;
/// The same for one service: a browser opens six connections per page, and WebSockets besides.
pub const WAYS_PER_JOB_MAX: usize = 24;
/// Jobs whose connection to the node is kept.
pub const LINES_MAX: usize = 1_024;
/// How long an open connection may be silent before another one is tried: a node answers within one request to its RPC.
pub const CONNECTION_PATIENCE: Duration = Duration::from_secs(2);
/// How long a service may take until its answer begins.
pub const SERVICE_ANSWER: Duration = Duration::from_secs(30);
/// How long an answer of a service may stand still once it has begun.
pub const SERVICE_IDLE: Duration = Duration::from_secs(60);
/// Bytes of the head of a service's answer at most.
pub const SERVICE_HEADER_BYTES_MAX: usize = 16 * 1024;
/// Pause between two looks at the services that the gateway attends.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a service may take to answer a look; later counts as no answer.
pub const LOOK_WITHIN: Duration = Duration::from_secs(5);
/// Looks and signatures at once.
pub const ATTENDED_AT_ONCE: usize = 16;
/// Services attended at most: beyond it a round of looks would take longer than what counts as seen.
pub const ATTENDED_MAX: usize = 1_024;
/// Longest pause between two signatures of usage; a quarter of the market's silence if that is less.
pub const SIGN_EVERY_MAX: Duration = Duration::from_secs(30);
/// Pause before a signature that did not come about is tried again.
pub const SIGN_AGAIN: Duration = Duration::from_secs(4);
/// How long one exchange of usage with a node may take.
pub const SIGN_WITHIN: Duration = Duration::from_secs(10);

/// Price points read for one answer at most: a day of a market with one match a second.
pub const PRICE_POINTS_MAX: i64 = 100_000;
/// Buckets of one price history at most.
pub const BUCKETS_MAX: i64 = 1_000;
/// Refusals explained in one match answer at most, the cheapest offers first.
pub const REFUSALS_MAX: usize = 200;
/// Fits returned in one match answer at most.
pub const MATCHES_MAX: usize = 100;
/// Bytes of the dApp's files, held in memory.
pub const APP_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files of the dApp.
pub const APP_FILES_MAX: usize = 2_000;

/// What the faucet of a local network gives: lamports (10 SOL).
pub const FAUCET_LAMPORTS: u64 = 10_000_000_000;
/// Payment tokens, whole.
pub const FAUCET_PAYMENT_TOKENS: u64 = 1_000;
/// Stake tokens, whole.
pub const FAUCET_STAKE_TOKENS: u64 = 100;
