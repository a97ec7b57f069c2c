/** Every bound of the dApp, each with its reason. */

/** How long one question to the gateway may take, milliseconds: after that a person thinks it broken, and it is said. */
export const ANSWER_MS = 10_000;
/** After this long without an answer the page says that the gateway is slow, milliseconds. */
export const SLOW_MS = 2_500;
/** Largest JSON answer read, bytes: a page of 100 records is far below. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** Deepest JSON read: our records nest four levels. */
export const ANSWER_DEPTH_MAX = 32;
/** Largest result fetched into memory, bytes: what a tab holds twice without being killed. */
export const RESULT_BYTES_MAX = 256 * 1024 * 1024;
/** Largest input packed in the browser, bytes: it is hashed and kept in IndexedDB until delivered. */
export const INPUT_BYTES_MAX = 256 * 1024 * 1024;
/** Most files of one input. */
export const INPUT_FILES_MAX = 4_096;
/** Longest foreign text shown in a line (names, endpoints), characters. */
export const TEXT_MAX = 200;
/** Most lines of a log kept in the page: older ones stay with the provider. */
export const LOG_LINES_MAX = 5_000;
/** Longest line of a log shown, characters. */
export const LOG_LINE_MAX = 2_000;
/** Records asked for at once. */
export const PAGE_SIZE = 100;
/** Pages followed at most when a list is asked for whole: 1,000 records are more than anybody reads. */
export const PAGES_MAX = 10;
/** First and longest pause before a lost stream is opened again, milliseconds. */
export const STREAM_RETRY_MS = { first: 500, longest: 15_000 } as const;
/** Silence after which a stream counts as lost, milliseconds: three missed heartbeats. */
export const STREAM_SILENCE_MS = 46_000;
/** Longest event of a stream that is read, characters: a record is a few thousand. */
export const EVENT_CHARACTERS_MAX = 1_000_000;
/**
 * A tab that leads the others is silent no longer than this, milliseconds: a stream found dead (46 s) and the longest pause
 * before the next (15 s), and some to spare. After that it is taken for frozen, and another one leads.
 */
export const LEADER_SILENCE_MS = 75_000;
/** Events remembered as taken, so that what two leaders pass on is taken once: minutes of a busy market. */
export const TAKEN_EVENTS_MAX = 1_000;
/**
 * A tab in the background gives the stream of its own page back after this, milliseconds: a glance at another tab costs no new
 * way to the provider, and a question that waits for the connection still has its answer in time (`ANSWER_MS`).
 */
export const HIDDEN_STREAM_MS = 5_000;
/** An index this many slots behind the chain is called stale: about a minute. */
export const STALE_SLOTS = 150n;
/** How often a visible page asks again for what no stream announces, milliseconds. */
export const REFRESH_MS = 5_000;
/** How often a sent transaction's fate is asked for, milliseconds. */
export const CONFIRM_POLL_MS = 600;
/** A transaction is sent again this often until it is confirmed or can no longer be, milliseconds. */
export const RESEND_MS = 2_000;
/** Most compute units a transaction of ours asks for: the costliest of the committed table leaves room. */
export const COMPUTE_UNITS_MAX = 400_000;
/** A transaction of one packet. */
export const TRANSACTION_BYTES_MAX = 1_232;
/** Largest u64. */
export const U64_MAX = 2n ** 64n - 1n;
/** Tasks of an array that are handed their files at the same time: each may carry the whole input. */
export const TASK_TRANSFERS = 4;
/** Longest time that a service is topped up by at once, days: no more than a month's money is moved by one signature. */
export const TOP_UP_DAYS_MAX = 30;
