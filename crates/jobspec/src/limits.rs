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
