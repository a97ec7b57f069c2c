// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{limits, seeds};

use crate::{
    error::MarketError,
    events::OfferPublished,
    state::{Config, MintRule, Offer, Provider, LAYOUT_VERSION},
    token::Mint,
};

/// A standing price.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct OfferArgs {
    /// Atoms of the mint per second of run.
    pub price_per_second: u64,
    /// Longest run, seconds.
    pub seconds_max: u32,
    /// Unix seconds.
    pub expires_at: i64,
    /// Most stake pledged for the availability of one service, atoms of the stake mint.
    pub sla_bond_max: u64,
    /// The provider's next offer index.
    pub index: u16,
    /// Highest availability that it is pledged for, basis points.
    pub sla_uptime_max_bps: u16,
    /// 1 if services may take this offer as batch jobs do.
    pub services: u8,
}

#[derive(Accounts)]
#[instruction(args: OfferArgs)]
pub struct PublishOffer {
    #[account(mut, constraint = *operator.address() == provider.operator || *operator.address() == provider.owner @ MarketError::NotOperator)]
    pub operator: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub provider: Account<Provider>,
    pub mint: Account<Mint>,
    #[account(constraint = mint_rule.mint == *mint.address() @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        init, payer = operator,
        seeds = [seeds::OFFER, provider.address().as_ref(), &args.index.to_le_bytes()], bump
    )]
    pub offer: Account<Offer>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<PublishOffer>, args: OfferArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    a.config.require_open()?;
    require!(a.mint_rule.enabled == 1, MarketError::MintNotAllowed);
    require!(args.price_per_second > 0, MarketError::PriceZero);
    require!(
        args.seconds_max >= limits::RUN_SECONDS_MIN && args.seconds_max <= limits::RUN_SECONDS_MAX,
        MarketError::RunLengthOutOfBounds
    );
    require!(args.services <= 1 && args.sla_uptime_max_bps <= 10_000, MarketError::CountOutOfBounds);
    require!(args.expires_at > now, MarketError::OfferExpired);
    require!(args.index == a.provider.offers_total, MarketError::CountOutOfBounds);
    a.provider.offers_total = args.index.checked_add(1).ok_or(MarketError::CountOutOfBounds)?;
    a.offer.version = LAYOUT_VERSION;
    a.offer.bump = ctx.bumps.offer;
    a.offer.index = args.index;
    a.offer.seconds_max = args.seconds_max;
    a.offer.price_per_second = args.price_per_second;
    a.offer.expires_at = args.expires_at;
    a.offer.published_at = now;
    a.offer.provider = *a.provider.address();
    a.offer.mint = *a.mint.address();
    a.offer.rent_payer = *a.operator.address();
    a.offer.sla_bond_max = args.sla_bond_max;
    a.offer.sla_uptime_max_bps = args.sla_uptime_max_bps;
    a.offer.services = args.services;
    emit!(OfferPublished {
        offer: *a.offer.address(),
        provider: a.offer.provider,
        mint: a.offer.mint,
        price_per_second: args.price_per_second,
        expires_at: args.expires_at,
    });
    Ok(())
}
