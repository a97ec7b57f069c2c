//! The programs as they will be deployed, in a Solana virtual machine inside the test process.
//!
//! A [`World`] is a chain with both programs, two payment mints, two tenants, three providers and five validators.
//! Every transaction goes through [`World::send`], which holds the law of atomicity: whatever fails changes nothing.

mod chain;
mod instructions;
mod parties;
mod steps;

pub use chain::{Failure, Refusal, Sent, World, custom};
pub use parties::{ProviderParty, ValidatorParty, secret, wallet};
pub use steps::{JobHandle, LIMITS, Limits, TestBuilder, attestation, claim, settings, terms};
