//! The programs as they will be deployed, in a Solana virtual machine inside the test process.
//!
//! A [`World`] is a chain with both programs, two payment mints, two tenants, three providers and five validators.
//! Every transaction goes through [`World::send`], which holds the law of atomicity: whatever fails changes nothing.

mod binaries;
mod chain;
mod drand;
mod instructions;
mod parties;
mod steps;
mod witnesses;

pub use binaries::{binary, root};
pub use chain::{Failure, Refusal, Sent, Signed, World, custom};
pub use drand::{SimulatedNetwork, evmnet};
pub use parties::{ProviderParty, ValidatorParty, commitment, public_key, secret, sign_usage, tenant_node, wallet};
pub use steps::{
    ArrayHandle, JobHandle, LIMITS, Limits, TestBuilder, array_terms, attestation, claim, claim_of, service_terms,
    settings, signed_commitment, terms, usage_claim, usage_report,
};
pub use witnesses::Measured;
