//! The canonical form of a directory of files: the inputs and the outputs of a job.
//!
//! A [`Manifest`] lists every regular file of a tree with its size, its executable bit and its BLAKE3 hash; its
//! [`Root`] is the one value the chain and the receipts hold. Two trees have the same root exactly when they hold
//! the same files under the same names: modification times, owners, permission bits other than "executable",
//! extended attributes and empty directories do not count. A bundle carries a manifest and the contents it names
//! as one stream, and is believed only as far as its hashes agree.
//!
//! What this is not: an archive format for backups, a transport, or an encryption. It keeps no links, devices or
//! owners, on purpose: a job's directory is written by a stranger, and whatever is not a plain file is refused.
//!
//! Names are compared as bytes. They must be UTF-8 without control, bidirectional or invisible characters, and no
//! two may differ only in case. Unicode normalisation is *not* checked: a name in decomposed form is another name
//! than the composed one, on every machine alike.
//!
//! Unix only: the rules on links and modes have no meaning elsewhere.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bundle;
pub mod limits;
mod manifest;
mod path_rule;
mod scan;

pub use bundle::{BundleError, read_bundle, write_bundle};
pub use limits::Limits;
pub use manifest::{Entry, Manifest, ManifestError, Root, RootParseError};
pub use path_rule::PathRule;
pub use scan::{ScanError, scan};
