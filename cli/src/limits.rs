//! Bounds of the command line, with their reasons.

use std::time::Duration;

/// Largest folder sent as a job's input, bytes: 4 GiB, what one upload on an ordinary line finishes within an hour.
pub const INPUT_BYTES_MAX: u64 = 4 << 30;
/// Most files in a job's input: keeps the manifest in memory.
pub const INPUT_FILES_MAX: u32 = 100_000;
/// How long a daemon may take to say that it is ready.
pub const READY_WITHIN: Duration = Duration::from_secs(60);
/// Pause between looks at the chain while waiting for a job.
pub const POLL: Duration = Duration::from_millis(100);
/// How long one connection to a node may take, retries included, before the tenant is told.
pub const DELIVER_WITHIN: Duration = Duration::from_secs(30);
/// Beyond a job's own deadlines, how long a tenant's command waits for somebody to crank.
pub const CRANK_GRACE: Duration = Duration::from_secs(120);
/// Most bytes of a log followed: nodes keep 8 MiB; this leaves room for other nodes' limits.
pub const LOG_BYTES_MAX: u64 = 64 << 20;
/// Longest `docker run` line read, bytes: what a shell takes on one line is less on most systems.
pub const DOCKER_LINE_BYTES_MAX: usize = 128 << 10;
/// Largest environment file read, bytes: a document holds less.
pub const ENV_FILE_BYTES_MAX: u64 = 1 << 20;
/// Pause between looks at an array and its tasks.
pub const ARRAY_POLL: Duration = Duration::from_millis(500);
/// Tasks of one array whose files are sent or fetched at once.
pub const TASK_TRANSFERS: usize = 4;

/// Most that is read of a gateway's answer, bytes: one job is a few KiB.
pub const GATEWAY_ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Pause between two looks at a service: below it nothing that a meter of milliseconds pays for is missed for long.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a service may take to answer a look; later counts as no answer.
pub const LOOK_WITHIN: Duration = Duration::from_secs(5);
/// Longest pause between two signatures of usage; a quarter of the market's silence if that is less.
pub const SIGN_EVERY_MAX: Duration = Duration::from_secs(30);
/// Pause before a signature that did not come about is tried again.
pub const SIGN_AGAIN: Duration = Duration::from_secs(4);
/// How long one exchange of usage with the node may take.
pub const SIGN_WITHIN: Duration = Duration::from_secs(20);
/// How long a local connection waits for the way to the service, while its node restarts.
pub const TUNNEL_WITHIN: Duration = Duration::from_secs(20);
/// Pause before the way to the service is tried again.
pub const TUNNEL_RETRY: Duration = Duration::from_millis(500);
/// Local connections forwarded at once: a browser opens six per page.
pub const FORWARDED_MAX: usize = 64;
/// How long an open connection may be silent before another one is tried: a node answers within one request to its RPC.
pub const CONNECTION_PATIENCE: Duration = Duration::from_secs(2);
/// How long a service that runs may take until it answers on its port.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// Largest document fetched back from a node, bytes: none may be larger.
pub const SPEC_BYTES_MAX: u64 = 256 << 10;
