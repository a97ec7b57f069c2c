use anchor_lang::prelude::*;
use proofmill_protocol::{limits, seeds};

use crate::{
    error::MarketError,
    events::ProviderRegistered,
    signature::is_signing_key,
    state::{Config, Provider, LAYOUT_VERSION},
};

/// What an owner announces about its machine.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct ProviderArgs {
    pub operator: Address,
    pub node_key: [u8; 32],
    pub class_key: [u8; 32],
    pub gpu_model: [u8; 32],
    pub endpoint_ip: [u8; 16],
    pub endpoint_port: u16,
    pub tier: u8,
    pub gpu_count: u8,
    pub vram_mib: u32,
    pub region: u16,
    pub capacity: u16,
    pub simulated: u8,
}

impl ProviderArgs {
    /// Checks and writes every announced field.
    pub fn write(&self, config: &Account<Config>, provider: &mut Account<Provider>) -> Result<()> {
        require!((1..=3).contains(&self.tier), MarketError::CountOutOfBounds);
        require!(self.gpu_count >= 1 && self.gpu_count <= limits::GPU_COUNT_MAX, MarketError::CountOutOfBounds);
        require!(self.capacity >= 1 && self.capacity <= limits::OFFER_CAPACITY_MAX, MarketError::CountOutOfBounds);
        require!(self.simulated == 0 || config.allow_simulated == 1, MarketError::SimulatedDevice);
        require!(self.vram_mib >= config.vram_mib_min, MarketError::InvalidGpu);
        require!(is_signing_key(&self.node_key), MarketError::NodeKeyInvalid);
        provider.operator = self.operator;
        provider.node_key = self.node_key;
        provider.class_key = self.class_key;
        provider.gpu_model = self.gpu_model;
        provider.endpoint_ip = self.endpoint_ip;
        provider.endpoint_port = self.endpoint_port;
        provider.tier = self.tier;
        provider.gpu_count = self.gpu_count;
        provider.vram_mib = self.vram_mib;
        provider.region = self.region;
        provider.capacity = self.capacity;
        provider.simulated = u8::from(self.simulated != 0);
        Ok(())
    }
}

#[derive(Accounts)]
pub struct RegisterProvider {
    #[account(mut)]
    pub owner: Signer,
    pub config: Account<Config>,
    #[account(init, payer = owner, seeds = [seeds::PROVIDER, owner.address().as_ref()], bump)]
    pub provider: Account<Provider>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<RegisterProvider>, args: ProviderArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.require_open()?;
    args.write(&a.config, &mut a.provider)?;
    a.provider.version = LAYOUT_VERSION;
    a.provider.bump = ctx.bumps.provider;
    a.provider.owner = *a.owner.address();
    a.provider.active = 1;
    a.provider.uptime_bps = 10_000;
    a.provider.registered_at = Clock::get()?.unix_timestamp;
    emit!(ProviderRegistered {
        provider: *a.provider.address(),
        owner: *a.owner.address(),
        tier: args.tier,
        gpu_count: args.gpu_count,
        vram_mib: args.vram_mib,
        simulated: a.provider.simulated,
    });
    Ok(())
}
