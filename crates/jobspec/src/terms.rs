//! What the chain is told of a document: the part of it that the market program matches and settles by.

use serde::Serialize;

use crate::document::{GpuVendor, JobSpec, Kind, Tier, Verification};
use crate::image::serialize_hex;

/// Codes and numbers as the market's `JobTerms` and `ArrayTerms` have them. Every one follows from the document, so that
/// whoever holds the document can tell whether a posted job asks for what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SpecTerms {
    /// SHA-256 of the canonical document.
    #[serde(serialize_with = "serialize_hex")]
    pub spec_hash: [u8; 32],
    /// SHA-256 that names the image.
    #[serde(serialize_with = "serialize_hex")]
    pub image_digest: [u8; 32],
    /// Atoms per second at most; 0 when the document leaves it to the offer taken.
    pub price_ceiling_per_second: u64,
    /// Longest run, seconds.
    pub max_seconds: u32,
    /// Memory of each GPU, MiB.
    pub vram_mib: u32,
    /// Oldest certificate accepted, seconds; 0 for none.
    pub certificate_age_seconds_max: u32,
    /// Stake pledged for availability, atoms of the stake mint.
    pub sla_bond: u64,
    /// Country, or 0.
    pub region: u16,
    /// Least uptime, basis points.
    pub uptime_bps: u16,
    /// Availability below which the bond is due, basis points.
    pub sla_uptime_bps: u16,
    /// Attempts at most.
    pub attempts_max: u8,
    /// 1 batch, 3 service.
    pub kind: u8,
    /// 1 deterministic, 2 tolerant, 3 witnessed, 4 confidential, 5 zero knowledge.
    pub class: u8,
    /// 0 any, 1 consumer, 2 prosumer, 3 datacenter.
    pub tier: u8,
    /// GPUs.
    pub gpu_count: u8,
    /// Whether a simulated device will do.
    pub allow_simulated: bool,
}

impl JobSpec {
    /// What is posted for this document.
    #[must_use]
    pub fn terms(&self) -> SpecTerms {
        SpecTerms {
            spec_hash: self.hash(),
            image_digest: self.image.0,
            price_ceiling_per_second: self.price_ceiling_per_second,
            max_seconds: self.max_seconds,
            vram_mib: self.resources.vram_mib,
            certificate_age_seconds_max: self.placement.certificate_age_seconds_max,
            sla_bond: self.sla.as_ref().map_or(0, |sla| sla.bond),
            region: self.placement.region,
            uptime_bps: self.placement.uptime_bps,
            sla_uptime_bps: self.sla.as_ref().map_or(0, |sla| sla.uptime_bps),
            attempts_max: self.retries.saturating_add(1),
            kind: match self.kind {
                Kind::Batch => 1,
                Kind::Service => 3,
            },
            class: match self.verification {
                Verification::Deterministic => 1,
                Verification::Tolerant => 2,
                Verification::Witnessed => 3,
                Verification::Confidential => 4,
                Verification::ZeroKnowledge => 5,
            },
            tier: match self.resources.tier {
                Tier::Any => 0,
                Tier::Consumer => 1,
                Tier::Prosumer => 2,
                Tier::Datacenter => 3,
            },
            gpu_count: self.resources.gpu_count,
            // A stand-in has no vendor.
            allow_simulated: self.placement.allow_simulated && self.resources.gpu_vendor == GpuVendor::Any,
        }
    }

    /// Whether a device of this model, as its driver names it, is one that the document asks for. Names on chain are cut
    /// after [`crate::limits::GPU_MODEL_BYTES`]; longer ones are not asked for.
    #[must_use]
    pub fn accepts_model(&self, model: &str) -> bool {
        self.resources.gpu_model.as_ref().is_none_or(|asked| asked.eq_ignore_ascii_case(model))
    }

    /// Whether the document accepts an input with this root.
    #[must_use]
    pub fn accepts_input(&self, root: &[u8; 32]) -> bool {
        self.inputs.root.is_none_or(|asked| asked.0 == *root)
    }
}
