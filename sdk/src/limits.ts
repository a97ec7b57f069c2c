/** Every bound of this client, each with its reason. */

/** Largest unsigned 64-bit integer: amounts, indices and nonces of the chain. */
export const U64_MAX = (1n << 64n) - 1n;
/** Basis points in one. */
export const BPS = 10_000n;
/** Job indices from here on belong to tasks of arrays; the program refuses a tenant's own job above it. */
export const TASK_INDEX_FLOOR = 1n << 63n;
/** Least step between two bids, basis points of the earlier one: the program's law. */
export const BID_STEP_BPS = 250;

/** Chance that an audit catches an invented result, basis points: `crates/protocol`. */
export const DETECTION_BPS = 9_500n;
/** Smallest audit rate that a configuration may set, basis points: `crates/protocol`. */
export const AUDIT_BPS_MIN = 200;

/** Tasks of one array at most: its bitmaps hold them. */
export const TASKS_MAX = 1_024;
/** Longest service in all, seconds: a year. */
export const SERVICE_SECONDS_MAX = 31_536_000;
/** How long a service whose escrow ran dry waits for more, seconds: a day. */
export const PAUSE_SECONDS_MAX = 86_400n;
/** How long after the end of a service its last usage may still be reported, seconds. */
export const USAGE_GRACE_SECONDS = 300n;
/** Shortest run over which availability is judged, seconds. */
export const SLA_OBSERVATION_SECONDS_MIN = 600n;

/** Bytes of a transaction that every validator takes. */
export const TRANSACTION_BYTES_MAX = 1_232;
/** Longest wait for a sent transaction, milliseconds: a blockhash lives about a minute, then it can never land. */
export const CONFIRM_MS_MAX = 120_000;
/** Time between two looks at the chain while waiting, milliseconds. */
export const POLL_MS = 800;
/** Room above the simulated compute units, percent: what the chain does between simulation and execution. */
export const COMPUTE_MARGIN_PERCENT = 20;
/** Most compute units of one transaction, the network's limit. */
export const COMPUTE_UNITS_MAX = 1_400_000;
/** Highest priority price this client proposes by itself, micro-lamports per unit: a hostile RPC names its own fees. */
export const PRIORITY_PRICE_MAX = 1_000_000n;
/** Most lamports offered for the priority of one transaction unless the caller says otherwise: 0.0005 SOL. */
export const PRIORITY_LAMPORTS_MAX = 500_000n;

/** Longest answer of a gateway that is not a bundle, bytes: a page of 100 records is far below. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** Deepest nesting of an answer: records are three deep, and deep ones cost a parser its stack. */
export const ANSWER_DEPTH_MAX = 16;
/** Longest foreign text kept, UTF-16 units: a message for people, not a document. */
export const TEXT_LENGTH_MAX = 1_000;
/** Records in one page, as the contract says. */
export const PAGE_ITEMS_MAX = 100;
/** Time for one answer, milliseconds. */
export const REQUEST_MS_MAX = 15_000;
/** Tries of a request that may be repeated, the first included. */
export const REQUEST_TRIES_MAX = 3;
/** Pause before the second try, milliseconds; doubled for the third. */
export const RETRY_PAUSE_MS = 300;
/** How long a gateway may take to see what the chain confirmed, milliseconds. */
export const INDEX_MS_MAX = 30_000;
/** Silence after which a stream is taken for dead, milliseconds: three missed heartbeats of 15 s. */
export const STREAM_SILENCE_MS = 45_000;
/** Longest line of an event stream, UTF-16 units: one record. */
export const STREAM_LINE_MAX = 1024 * 1024;
/** Reconnections in a row without one event before a stream gives up. */
export const STREAM_RETRIES_MAX = 8;
/** Largest bundle held in memory unless the caller says otherwise, bytes. */
export const BUNDLE_BYTES_MAX = 1024 * 1024 * 1024;
/** Longest job document, bytes: the limit of the node that reads it. */
export const DOCUMENT_BYTES_MAX = 64 * 1024;
