use anchor_lang::prelude::*;
use proofmill_protocol::{
    envelope::{envelope, Kind},
    ids::{Domain, JobKey},
    usage::UsageReport,
};

use crate::{
    error::MarketError,
    service,
    signature::{InProgram, SigVerify},
    state::{Config, Job},
};

/// A cumulative total that both sides stand for.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct UsageClaim {
    /// Milliseconds that the service was healthy since it started, pauses left out.
    pub usage_ms: u64,
    /// Unix seconds of the chain's clock at which the total held.
    pub measured_at: i64,
    /// The provider's node key over the report's envelope.
    pub node_signature: [u8; 64],
    /// The tenant's node key over the same.
    pub tenant_signature: [u8; 64],
}

/// Nobody needs to sign the transaction: the report is signed.
#[derive(Accounts)]
pub struct ReportUsage {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
}

pub fn handle(ctx: &mut Context<ReportUsage>, args: UsageClaim) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    service::require_metered(&a.job, now)?;
    let report = UsageReport {
        domain: Domain(a.config.domain),
        job: JobKey(a.job.address().to_bytes()),
        attempt: a.job.attempt,
        nonce: a.job.nonce,
        usage_ms: args.usage_ms,
        measured_at: args.measured_at,
    };
    let message = envelope(Kind::Usage, &sha256(&report.encode()));
    InProgram::verify(&a.job.node_key, &args.node_signature, &message)?;
    InProgram::verify(&a.job.tenant_node_key, &args.tenant_signature, &message)
        .map_err(|_| Error::from(MarketError::UsageNotCosigned))?;
    service::accept_usage(&mut a.job, args.usage_ms, args.measured_at, now, 0)
}
