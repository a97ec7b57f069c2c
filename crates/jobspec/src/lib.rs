//! The job document: what a tenant asks to be run, in full, off the chain.
//!
//! The chain holds only [`JobSpec::hash`], the SHA-256 of the document's canonical form; provider, validators and
//! re-executors each take the document from wherever they like and compare. A [`JobSpec`] read by this crate has
//! passed every check, so that what is written in it can be given to the sandbox as it stands.
//!
//! What the market matches and settles by follows from the document: [`JobSpec::terms`]. What this is not: the agreed
//! price, the deadlines or the parties of a job (those live on the chain), nor the container's settings
//! (`proofmill-sandbox` derives them). What no node honours today is refused by its name.
//!
//! The format in JSON Schema is [`schema_json`], committed as `schema/job.schema.json`; documents, their canonical bytes
//! and refusals for clients in other languages are in `vectors/`.
//!
//! Canonical form: JSON with object keys in byte order, no white space, every field present, integers only, and no
//! character escaped that JSON does not force to be.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod canonical;
mod document;
mod error;
mod image;
pub mod limits;
mod schema;
mod terms;
mod validate;

pub use document::{
    Comparator, GpuVendor, HealthCheck, Inputs, JobSpec, Kind, OutputLimits, Placement, Port, Privacy, Protocol,
    RemoteInput, Resources, Sla, SpecDraft, Tier, Timeouts, Verification,
};
pub use error::SpecError;
pub use image::{IMAGE_PLACEHOLDER, ImageDigest, ImageDigestError, InputRoot};
pub use schema::schema_json;
pub use terms::SpecTerms;
