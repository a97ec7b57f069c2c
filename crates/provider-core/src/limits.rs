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
