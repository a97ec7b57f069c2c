//! The job document: what a tenant asks to be run, in full, off the chain.
//!
//! The chain holds only [`JobSpec::hash`], the SHA-256 of the document's canonical form; provider, validators and
//! re-executors each take the document from wherever they like and compare. A [`JobSpec`] read by this crate has
//! passed every check, so that what is written in it can be given to the sandbox as it stands.
//!
//! What this is not: the price, the deadline or the parties of a job (those live on the chain), nor the container's
//! settings (`proofmill-sandbox` derives them).
//!
//! Canonical form: JSON with object keys in byte order, no white space, every field present, integers only, and no
//! character escaped that JSON does not force to be.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod canonical;
mod document;
mod image;
pub mod limits;

pub use document::{JobSpec, OutputLimits, Resources, SpecDraft, SpecError, Verification};
pub use image::{IMAGE_PLACEHOLDER, ImageDigest, ImageDigestError};
