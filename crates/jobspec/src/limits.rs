//! Every bound of a job document, each with its reason. Bounds are inclusive.

use std::ops::RangeInclusive;

/// The only version of the document.
pub const VERSION: u16 = 1;

/// Longest document read, in bytes. Everything below fits twice; a larger one is refused before it is parsed.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// Length of `name` in bytes: fits one line of a terminal.
pub const NAME_BYTES: RangeInclusive<usize> = 1..=64;

/// Items of `command`.
pub const COMMAND_ITEMS_MAX: usize = 64;

/// Sum of the lengths of the items of `command` in bytes: programs belong into the image or the input.
pub const COMMAND_BYTES_MAX: usize = 8 * 1024;

/// Variables in `env`.
pub const ENV_VARIABLES_MAX: usize = 64;

/// Length of a variable's name in bytes.
pub const ENV_KEY_BYTES: RangeInclusive<usize> = 1..=128;

/// Sum of names and values of `env` in bytes: far below the kernel's limit on arguments and environment.
pub const ENV_BYTES_MAX: usize = 16 * 1024;

/// `resources.cpus_milli`, thousandths of a core: a tenth of a core is the least that makes progress, 64 cores is
/// what a large host can give one container.
pub const CPUS_MILLI: RangeInclusive<u32> = 100..=64_000;

/// `resources.memory_mib`: engines refuse less than 6 MiB and little runs below 16; at most 1 TiB.
pub const MEMORY_MIB: RangeInclusive<u32> = 16..=1_048_576;

/// `resources.pids`, processes and threads together: a fork bomb of this size is contained.
pub const PIDS: RangeInclusive<u32> = 1..=4_096;

/// `resources.scratch_mib`: a memory-backed file system, so it is bounded well below the memory of a host.
pub const SCRATCH_MIB: RangeInclusive<u32> = 1..=65_536;

/// `resources.gpu_count`: one host of the largest common kind.
pub const GPU_COUNT: RangeInclusive<u8> = 0..=16;

/// `resources.vram_mib`, memory of each GPU; 0 asks for none in particular. At most 1 TiB.
pub const VRAM_MIB: RangeInclusive<u32> = 0..=1_048_576;

/// `outputs.max_bytes`: at least one byte, at most 64 GiB to be hashed and sent.
pub const OUTPUT_BYTES: RangeInclusive<u64> = 1..=64 * 1024 * 1024 * 1024;

/// `outputs.max_files`: a manifest of this many files still fits its own limit.
pub const OUTPUT_FILES: RangeInclusive<u32> = 1..=100_000;

/// `max_seconds` of one attempt: a day; longer work is split or sold as a service.
pub const SECONDS: RangeInclusive<u32> = 1..=86_400;

/// Largest integer in a document, 2^53 - 1: every JSON reader, those with floating-point numbers included, keeps it.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// `resources.pids` left out: what an ordinary program with a thread pool needs.
pub const PIDS_DEFAULT: u32 = 256;

/// `resources.scratch_mib` left out: room for temporary files, small beside any memory.
pub const SCRATCH_MIB_DEFAULT: u32 = 64;

/// `outputs.max_bytes` left out: 64 MiB, sent within a minute on an ordinary line.
pub const OUTPUT_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;

/// `outputs.max_files` left out.
pub const OUTPUT_FILES_DEFAULT: u32 = 1_024;

pub(crate) fn pids_default() -> u32 {
    PIDS_DEFAULT
}

pub(crate) fn scratch_mib_default() -> u32 {
    SCRATCH_MIB_DEFAULT
}

/// Length of `resources.gpu_model` in bytes: what a provider's account holds of a name.
pub const GPU_MODEL_BYTES: RangeInclusive<usize> = 1..=32;

/// `retries`: the market allows eight attempts in all.
pub const RETRIES: RangeInclusive<u8> = 0..=7;

/// `placement.region`: ISO 3166 numeric codes have three digits; 0 is anywhere.
pub const REGION: RangeInclusive<u16> = 0..=999;

/// Shares of a whole in basis points.
pub const BPS: RangeInclusive<u16> = 0..=10_000;

/// `placement.certificate_age_seconds_max`: thirty days, as on chain; 0 asks for none.
pub const CERTIFICATE_AGE_SECONDS: RangeInclusive<u32> = 0..=2_592_000;

/// Items of `inputs.remote`: each would be a transfer of its own.
pub const REMOTE_INPUTS_MAX: usize = 64;

/// Length of a URL or a path in bytes.
pub const TEXT_BYTES_MAX: usize = 2_048;

/// Items of `ports`.
pub const PORTS_MAX: usize = 16;

/// Times of a health check, seconds: an hour is longer than any service may be silent.
pub const HEALTH_SECONDS: RangeInclusive<u32> = 1..=3_600;
