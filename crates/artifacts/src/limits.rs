//! Every bound of this crate, each with its reason.

/// First four bytes of a bundle: the format and its version.
pub const BUNDLE_MAGIC: [u8; 4] = *b"PMB1";

/// Longest manifest read from a stream, in bytes. It is held in memory whole before any of it is trusted, so it
/// must stay small beside the memory of the smallest node; it fits the default limits many times over for
/// names of ordinary length.
pub const MANIFEST_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// Longest single name between two slashes, in bytes: what ext4, XFS and APFS can store.
pub const NAME_BYTES_MAX: usize = 255;

/// Bytes read from a file at a time: large enough for BLAKE3 to use wide vectors, small enough for the stack of
/// pages a small node has.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;

/// What a tree may hold at most. The tenant's job document sets the first two; the others are the same for all.
///
/// A value equal to a limit is allowed, one above it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sum of the sizes of all files, in bytes.
    pub max_bytes: u64,
    /// Number of files; also, separately, the number of directories.
    pub max_files: u32,
    /// Number of names in a path: `a/b/c` has depth 3.
    pub max_depth: u16,
    /// Length of a whole path in bytes, slashes included. The record format holds at most `u16::MAX`.
    pub max_path_bytes: u16,
}

impl Default for Limits {
    /// 16 GiB in 100,000 files: a large model's output, and a scan that still ends in minutes on two cores. Depth
    /// and path length stay far below `PATH_MAX`, so that a tree fits under any destination.
    fn default() -> Self {
        Self { max_bytes: 16 * 1024 * 1024 * 1024, max_files: 100_000, max_depth: 32, max_path_bytes: 1024 }
    }
}
