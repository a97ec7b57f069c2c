use anchor_lang::prelude::*;
use proofmill_protocol::witness::{CapabilityLeaf, WitnessKind};

use crate::{
    error::MarketError,
    events::CapabilityRecorded,
    state::{Config, Provider},
    witness::{read_root, require_included, Inclusion},
};

/// What the certificate says.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct CapabilityClaim {
    pub measured_at: i64,
    /// Exact int8 operations per second, 10^9.
    pub gops: u64,
    pub vram_mib: u32,
    pub tier: u8,
}

/// Anyone carries a certificate to the provider that it is about; the leaf and its proof are the authority.
#[derive(Accounts)]
pub struct RecordCapability {
    pub config: Account<Config>,
    /// The arbiter's account: owner, discriminator, version and kind are checked.
    pub witness_root: UncheckedAccount,
    #[account(mut)]
    pub provider: Account<Provider>,
}

pub fn handle(ctx: &mut Context<RecordCapability>, args: CapabilityClaim, inclusion: Inclusion) -> Result<()> {
    let a = &mut ctx.accounts;
    let root = read_root(&a.config, &a.witness_root, WitnessKind::Capability)?;
    let leaf = CapabilityLeaf {
        provider: a.provider.address().to_bytes(),
        node_key: a.provider.node_key,
        measured_at: args.measured_at,
        gops: args.gops,
        vram_mib: args.vram_mib,
        tier: args.tier,
    };
    require_included(&root, &leaf.encode(), &inclusion)?;
    require!((1..=3).contains(&args.tier), MarketError::CountOutOfBounds);
    // The validators vouch for the period; a certificate of another time is a mistake of theirs or a trick.
    let within = args.measured_at >= root.covers_from && args.measured_at <= root.covers_until;
    require!(within, MarketError::MeasurementOutsidePeriod);
    require!(args.measured_at > a.provider.certified_at, MarketError::MeasurementNotNewer);
    let provider = &mut a.provider;
    provider.certified_at = args.measured_at;
    provider.certified_gops = args.gops;
    provider.certified_vram_mib = args.vram_mib;
    provider.certified_tier = args.tier;
    emit!(CapabilityRecorded {
        provider: *provider.address(),
        measured_at: args.measured_at,
        gops: args.gops,
        vram_mib: args.vram_mib,
        tier: args.tier,
    });
    Ok(())
}
