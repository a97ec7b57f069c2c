use anchor_lang::prelude::*;
use proofmill_protocol::{
    uptime,
    witness::{UptimeLeaf, WitnessKind},
};

use crate::{
    error::MarketError,
    events::UptimeRecorded,
    state::{Config, Provider},
    witness::{read_root, require_included, Inclusion},
};

/// Heartbeats of one six-hour bucket.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct UptimeClaim {
    /// Heartbeat slots in which the provider answered.
    pub up: u16,
    /// Slots that count.
    pub total: u16,
}

/// Anyone carries a measurement to the provider that it is about; the leaf and its proof are the authority.
#[derive(Accounts)]
pub struct RecordUptime {
    pub config: Account<Config>,
    /// The arbiter's account: owner, discriminator, version and kind are checked.
    pub witness_root: UncheckedAccount,
    #[account(mut)]
    pub provider: Account<Provider>,
}

pub fn handle(ctx: &mut Context<RecordUptime>, args: UptimeClaim, inclusion: Inclusion) -> Result<()> {
    let a = &mut ctx.accounts;
    let root = read_root(&a.config, &a.witness_root, WitnessKind::Uptime)?;
    let leaf = UptimeLeaf { provider: a.provider.address().to_bytes(), up: args.up, total: args.total };
    require_included(&root, &leaf.encode(), &inclusion)?;
    let longest = root.covers_until.saturating_sub(root.covers_from);
    require!(longest <= uptime::BUCKET_SECONDS, MarketError::MeasurementOutsidePeriod);
    let bucket = uptime::bucket_ending(root.covers_until).map_err(|_| MarketError::MeasurementOutsidePeriod)?;
    let mut history = a.provider.uptime_history();
    history.record(bucket, args.up, args.total).map_err(|error| match error {
        uptime::UptimeError::NotNewer { .. } => MarketError::MeasurementNotNewer,
        uptime::UptimeError::Counts { .. } => MarketError::CountOutOfBounds,
        uptime::UptimeError::Bucket { .. } => MarketError::MeasurementOutsidePeriod,
    })?;
    a.provider.set_uptime_history(&history);
    emit!(UptimeRecorded {
        provider: *a.provider.address(),
        bucket,
        up: args.up,
        total: args.total,
        uptime_bps: a.provider.uptime_bps,
    });
    Ok(())
}
