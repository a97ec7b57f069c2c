//! Every bound of the decisions, each with its reason.

/// Seconds between two tries of one step that failed: long enough that a dead engine or endpoint is not hammered,
/// short enough that a start window of seconds is still met.
pub const RETRY_SECONDS: i64 = 2;

/// Seconds an ended attempt's data stays on disk unless the daemon is told otherwise: validators and the tenant may
/// still be reading when the verdict falls.
pub const RETENTION_SECONDS: i64 = 3_600;

/// Milliseconds a container may run beyond `max_seconds` before it is stopped: the job's own end is allowed to win
/// the race against ours, and no more.
pub const OVERRUN_MS: i64 = 250;
