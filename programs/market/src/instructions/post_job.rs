// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount, TransferChecked};
use proofmill_protocol::{amount, job::JobState, limits, seeds};

use crate::{
    error::{self, MarketError},
    events::JobPosted,
    state::{Config, Job, MintRule, CLASS_DETERMINISTIC, KIND_BATCH, LAYOUT_VERSION},
};

/// What a tenant asks for.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct JobTerms {
    /// Tenant's choice; with the tenant it names the job.
    pub index: u64,
    /// SHA-256 of the canonical specification.
    pub spec_hash: [u8; 32],
    /// SHA-256 that names the image.
    pub image_digest: [u8; 32],
    /// Root of the input's manifest.
    pub input_root: [u8; 32],
    /// Key under which the tenant speaks on the data plane.
    pub tenant_node_key: [u8; 32],
    /// Atoms per second at most; escrow = ceiling x max_seconds.
    pub price_ceiling_per_second: u64,
    /// Longest run, seconds.
    pub max_seconds: u32,
    pub vram_mib: u32,
    /// Seconds the auction stays open; zero for an instant match.
    pub auction_seconds: u32,
    pub region: u16,
    pub uptime_bps: u16,
    pub kind: u8,
    pub class: u8,
    pub tier: u8,
    pub gpu_count: u8,
    pub allow_simulated: u8,
}

#[derive(Accounts)]
#[instruction(args: JobTerms)]
pub struct PostJob {
    #[account(mut)]
    pub tenant: Signer,
    pub config: Account<Config>,
    pub mint: Account<Mint>,
    #[account(constraint = mint_rule.mint == *mint.address() @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        init, payer = tenant,
        seeds = [seeds::JOB, tenant.address().as_ref(), &args.index.to_le_bytes()], bump
    )]
    pub job: Account<Job>,
    #[account(
        init, payer = tenant, seeds = [seeds::VAULT, job.address().as_ref()], bump,
        token::mint = mint, token::authority = job
    )]
    pub vault: Account<TokenAccount>,
    #[account(mut, token::mint = mint, token::authority = tenant)]
    pub source: Account<TokenAccount>,
    pub token_program: Program<Token>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<PostJob>, args: JobTerms) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.require_open()?;
    require!(a.mint_rule.enabled == 1, MarketError::MintNotAllowed);
    require!(args.kind == KIND_BATCH, MarketError::KindNotOffered);
    require!(args.class == CLASS_DETERMINISTIC, MarketError::ClassNotOffered);
    require!(args.price_ceiling_per_second > 0, MarketError::PriceZero);
    require!(
        args.max_seconds >= limits::RUN_SECONDS_MIN && args.max_seconds <= limits::RUN_SECONDS_MAX,
        MarketError::RunLengthOutOfBounds
    );
    require!(args.auction_seconds <= limits::AUCTION_SECONDS_MAX, MarketError::AuctionLengthOutOfBounds);
    require!(
        args.tier <= 3 && args.gpu_count <= limits::GPU_COUNT_MAX && args.uptime_bps <= 10_000,
        MarketError::CountOutOfBounds
    );
    let escrowed = amount::escrow(args.price_ceiling_per_second, args.max_seconds).map_err(error::amount)?;
    require!(escrowed >= a.mint_rule.escrow_min, MarketError::EscrowTooSmall);
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;

    let job = &mut a.job;
    job.version = LAYOUT_VERSION;
    job.bump = ctx.bumps.job;
    job.vault_bump = ctx.bumps.vault;
    job.state = JobState::Open as u8;
    job.kind = args.kind;
    job.class = args.class;
    job.tier = args.tier;
    job.gpu_count = args.gpu_count;
    job.allow_simulated = u8::from(args.allow_simulated != 0);
    job.attempt = 1;
    job.fee_bps = a.config.fee_bps;
    job.region = args.region;
    job.uptime_bps = args.uptime_bps.max(a.config.uptime_min_bps);
    job.vram_mib = args.vram_mib;
    job.max_seconds = args.max_seconds;
    job.start_window_seconds = a.config.start_window_seconds;
    job.receipt_grace_seconds = a.config.receipt_grace_seconds;
    job.challenge_window_seconds = a.config.challenge_window_seconds;
    job.verdict_window_seconds = a.config.verdict_window_seconds;
    job.index = args.index;
    job.nonce = clock.slot;
    job.price_ceiling_per_second = args.price_ceiling_per_second;
    job.escrowed = escrowed;
    job.best_bid_per_second = u64::MAX;
    job.posted_at = now;
    if args.auction_seconds > 0 {
        job.bids_until = now.saturating_add(i64::from(args.auction_seconds));
    }
    job.tenant = *a.tenant.address();
    job.mint = *a.mint.address();
    job.vault = *a.vault.address();
    job.tenant_node_key = args.tenant_node_key;
    job.spec_hash = args.spec_hash;
    job.image_digest = args.image_digest;
    job.input_root = args.input_root;

    let transfer = TransferChecked {
        from: a.source.cpi_handle_mut(),
        mint: a.mint.cpi_handle(),
        to: a.vault.cpi_handle_mut(),
        authority: a.tenant.cpi_handle(),
    };
    token::transfer_checked(CpiContext::new(a.token_program.address(), transfer), escrowed, a.mint.decimals())?;
    emit!(JobPosted {
        job: *a.job.address(),
        tenant: a.job.tenant,
        mint: a.job.mint,
        escrowed,
        bids_until: a.job.bids_until,
    });
    Ok(())
}
