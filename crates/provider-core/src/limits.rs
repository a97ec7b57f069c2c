//! Every bound of the decisions, each with its reason.

use proofmill_protocol::limits;

/// Seconds between two tries of one step that failed: long enough that a dead engine or endpoint is not hammered,
/// short enough that a start window of seconds is still met.
pub const RETRY_SECONDS: i64 = 2;

/// Seconds an ended attempt's data stays on disk unless the daemon is told otherwise: validators and the tenant may
/// still be reading when the verdict falls.
pub const RETENTION_SECONDS: i64 = 3_600;

/// Seconds between two looks at a slash case that keeps data: whether its owner appealed, and what came of it.
pub const CASE_ASK_SECONDS: i64 = 60;

/// Seconds that data is kept beyond the last instant at which its slash case may be appealed or decided: an appeal of
/// the last moment is seen, and a committee that came late is still served.
pub const CASE_GRACE_SECONDS: i64 = 86_400;

/// Longest that a slash case keeps data, seconds after it opened: the longest delay before a slash is due, the time in
/// which an appeal is decided, and the grace.
pub const CASE_KEEP_SECONDS_MAX: i64 =
    limits::APPEAL_SECONDS_MAX as i64 + limits::APPEAL_DECISION_SECONDS + CASE_GRACE_SECONDS;

/// Milliseconds a container may run beyond `max_seconds` before it is stopped: the job's own end is allowed to win
/// the race against ours, and no more.
pub const OVERRUN_MS: i64 = 250;

/// Seconds before a start is due at which a job that cannot be started is given back: a missed start costs stake, and
/// `decline_job` has to land first. Of a short window it is a quarter.
pub const DECLINE_LEAD_SECONDS: i64 = 10;

/// Milliseconds of health that a crash may lose: what is metered is written down this often, and only what is written
/// down is signed.
pub const METER_INTERVAL_MS: u64 = 5_000;

/// Longest time between two looks at a healthy service that counts as healthy in between: looks come every 1.5 seconds;
/// over a longer silence nobody knows.
pub const METER_GAP_MS_MAX: i64 = 10_000;

/// Most seconds between two reports of usage: what a provider that vanishes has not yet been credited with.
pub const REPORT_SECONDS: i64 = 60;

/// A report is sent this many times within the silence that counts as death.
pub const REPORTS_PER_TIMEOUT: i64 = 4;

/// Seconds between two draws of what a running service has earned: a draw costs a fee, and what is not drawn is paid at
/// the end.
pub const STREAM_SECONDS: i64 = 3_600;
