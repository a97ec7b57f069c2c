//! What only services have, as it is shown.

use proofmill_client::{
    market,
    service::{self, KIND_SERVICE},
};
use proofmill_protocol::{job::JobState, service::streamable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::encode::Amount;

/// The meter of a service whose account is there. Instants are unix seconds, as the account stands: they move when it is
/// topped up, paused or resumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// Accepted usage, milliseconds.
    pub usage_ms: Amount,
    /// When it was measured, or the service resumed; null before any.
    pub usage_at: Option<i64>,
    /// When its clock has consumed the escrow, if it runs on; null before it runs.
    pub dry_at: Option<i64>,
    /// Whether it waits for more escrow.
    pub paused: bool,
    /// Net that its provider has drawn, atoms.
    pub streamed: Amount,
    /// Net that its provider has earned and not drawn, atoms.
    pub streamable: Amount,
    /// Silence that ends it, seconds.
    pub usage_timeout_seconds: u32,
    /// After this anyone may settle it; null before it runs, and once it is settled.
    pub settles_after: Option<i64>,
    /// Part of the provider's bond that is due to the tenant for missed availability, atoms of the stake mint.
    pub sla_due: Amount,
}

/// The meter of a job, if it is a service.
pub fn of(job: &market::Job) -> Option<Service> {
    if job.kind != KIND_SERVICE {
        return None;
    }
    let known = |at: i64| (at != 0).then_some(at);
    let undrawn = streamable(job.escrowed, job.price_per_second, job.metered_ms, job.fee_bps, job.streamed);
    Some(Service {
        usage_ms: Amount(job.metered_ms),
        usage_at: known(job.usage_at),
        dry_at: known(job.started_at).map(|_| service::meter(job).dry_at()),
        paused: job.state == JobState::Paused as u8,
        streamed: Amount(job.streamed),
        streamable: Amount(undrawn.unwrap_or(0)),
        usage_timeout_seconds: job.usage_timeout_seconds,
        settles_after: service::settles_after(job),
        sla_due: Amount(job.sla_due),
    })
}
