//! Every bound of the sandbox that the job document does not set, each with its reason.

/// User of the job: `nobody`, which owns nothing in an image.
pub const UID: u32 = 65_534;

/// Group of the job.
pub const GID: u32 = 65_534;

/// Size of `/run` in bytes: sockets and pid files.
pub const RUN_BYTES: u64 = 16 * 1024 * 1024;

/// Shared memory is at most this part of the memory, which it counts against.
pub const SHM_PART_OF_MEMORY: u64 = 4;

/// Shared memory of a job without GPU, in bytes: what engines give by default.
pub const SHM_BYTES_CPU_MAX: u64 = 64 * 1024 * 1024;

/// Shared memory of a GPU job, in bytes: loaders of several workers pass batches through it.
pub const SHM_BYTES_GPU_MAX: u64 = 8 * 1024 * 1024 * 1024;

/// Open files wanted for a job: enough for a data loader. The host may allow less, see `EngineFacts::nofile_max`.
pub const NOFILE_WANTED: u32 = 65_536;

/// Open files that any host allows.
pub const NOFILE_LEAST: u32 = 1_024;

/// Added to the badness of the job when the host runs out of memory, of 1000: the job dies before the node.
pub const OOM_SCORE_ADJ: i64 = 500;

/// Seconds between the request to stop and the kill.
pub const STOP_TIMEOUT_SECONDS: i64 = 10;

/// One log file, and how many are kept: 20 MB on disk however much a job writes.
pub const LOG_FILE_SIZE: &str = "10m";
/// Number of log files kept.
pub const LOG_FILES: &str = "2";
/// Log lines waiting in memory while the disk is slow; what does not fit is dropped, the job is not held up.
pub const LOG_BUFFER_SIZE: &str = "1m";

/// Largest image in bytes, unpacked: a framework with a large model. It is counted after the pull; the pull itself
/// is bounded by the node.
pub const IMAGE_BYTES_MAX: i64 = 64 * 1024 * 1024 * 1024;

/// Variables an image may set: more is no ordinary image.
pub const IMAGE_ENV_MAX: usize = 256;

/// Characters of the job's address in a container's name: enough to be unique on one host, short enough to read.
pub const NAME_JOB_CHARS: usize = 12;

/// Nanoseconds of a second, the engine's unit of health checks.
pub(crate) const NANOSECONDS: i64 = 1_000_000_000;

/// Bytes in a MiB, the unit of the job document.
pub(crate) const MIB: u64 = 1024 * 1024;
