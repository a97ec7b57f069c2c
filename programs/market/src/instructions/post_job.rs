// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{amount, job::JobState, limits, seeds};

use crate::{
    error::{self, MarketError},
    events::JobPosted,
    state::{Config, Job, MintRule, CLASS_DETERMINISTIC, CLASS_WITNESSED, KIND_BATCH, KIND_SERVICE, LAYOUT_VERSION},
    token::{self, Mint, TokenAccount, TokenInterface, Vault},
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
    /// Oldest capability certificate accepted, seconds; zero asks for none.
    pub certificate_age_seconds_max: u32,
    /// Stake that the provider pledges for its availability, atoms of the stake mint; zero for none.
    pub sla_bond: u64,
    /// Seconds the auction stays open; zero for an instant match.
    pub auction_seconds: u32,
    pub region: u16,
    pub uptime_bps: u16,
    /// Availability below which the bond is due, basis points.
    pub sla_uptime_bps: u16,
    /// Attempts at most; a job that fails opens again until they are used.
    pub attempts_max: u8,
    pub kind: u8,
    pub class: u8,
    pub tier: u8,
    pub gpu_count: u8,
    pub allow_simulated: u8,
}

impl JobTerms {
    /// Each kind has its class and its own conditions.
    fn require_kind(&self) -> Result<()> {
        if self.kind == KIND_BATCH {
            require!(self.class == CLASS_DETERMINISTIC, MarketError::ClassNotOffered);
            // A pledge that nothing would keep is not taken.
            require!(self.sla_bond == 0 && self.sla_uptime_bps == 0, MarketError::SlaTermsIncomplete);
            return Ok(());
        }
        require!(self.kind == KIND_SERVICE, MarketError::KindNotOffered);
        require!(self.class == CLASS_WITNESSED, MarketError::ClassNotOffered);
        require!((self.sla_bond == 0) == (self.sla_uptime_bps == 0), MarketError::SlaTermsIncomplete);
        require!(self.attempts_max == 1, MarketError::ServiceAttempts);
        // It signs usage.
        require!(self.tenant_node_key != [0; 32], MarketError::NodeKeyInvalid);
        Ok(())
    }
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
        token::mint = mint, token::authority = job, token::token_program = token_program
    )]
    pub vault: Account<Vault>,
    #[account(mut, token::mint = mint, token::authority = tenant)]
    pub source: Account<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<PostJob>, args: JobTerms) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.require_open()?;
    require!(a.mint_rule.enabled == 1, MarketError::MintNotAllowed);
    args.require_kind()?;
    require!(args.price_ceiling_per_second > 0, MarketError::PriceZero);
    require!(
        args.max_seconds >= limits::RUN_SECONDS_MIN && args.max_seconds <= limits::RUN_SECONDS_MAX,
        MarketError::RunLengthOutOfBounds
    );
    require!(args.auction_seconds <= limits::AUCTION_SECONDS_MAX, MarketError::AuctionLengthOutOfBounds);
    require!(
        args.tier <= 3
            && args.gpu_count <= limits::GPU_COUNT_MAX
            && args.uptime_bps <= 10_000
            && args.sla_uptime_bps <= 10_000
            && args.certificate_age_seconds_max <= limits::CERTIFICATE_AGE_SECONDS_MAX
            && args.attempts_max >= 1
            && args.attempts_max <= limits::ATTEMPTS_MAX
            && args.index < limits::TASK_INDEX_FLOOR,
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
    job.token_program = token::program_code(&a.mint);
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
    job.certificate_age_seconds_max = args.certificate_age_seconds_max;
    job.attempts_max = args.attempts_max;
    job.sla_bond = args.sla_bond;
    job.sla_uptime_bps = args.sla_uptime_bps;
    job.usage_timeout_seconds = a.config.usage_timeout_seconds;
    job.posted_at = now;
    job.opened_at = now;
    job.rent_payer = *a.tenant.address();
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

    let (from, to) = (a.source.cpi_handle_mut(), a.vault.cpi_handle_mut());
    token::transfer_checked(a.token_program.address(), from, &a.mint, to, a.tenant.cpi_handle(), escrowed, &[]);
    emit!(JobPosted {
        job: *a.job.address(),
        tenant: a.job.tenant,
        mint: a.job.mint,
        escrowed,
        bids_until: a.job.bids_until,
    });
    Ok(())
}
