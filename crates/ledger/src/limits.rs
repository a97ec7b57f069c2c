//! Every bound of the ledger, each with its reason.

/// Version of the tables and of the meaning of their values. A file with a newer one is refused.
pub const SCHEMA_VERSION: u32 = 1;

/// Longest key in bytes: two addresses, a number and a word fit several times.
pub const KEY_BYTES_MAX: usize = 512;

/// Longest value in bytes, as JSON: a receipt or a transaction is a few KiB; a larger thing belongs into a file.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;

/// Memory for pages of the file, in bytes. The store's own default of 1 GiB is far above an idle node's share.
pub(crate) const CACHE_BYTES: usize = 4 * 1024 * 1024;
