// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{amount, limits, seeds};

use crate::{
    error::{self, MarketError},
    events::ArrayPosted,
    state::{Config, JobArray, MintRule, CLASS_DETERMINISTIC, LAYOUT_VERSION},
    token::{self, Mint, TokenAccount, TokenInterface, Vault},
};

/// What a tenant asks for each of many tasks. All tasks have one specification and one input; a task learns its number
/// from its environment.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct ArrayTerms {
    /// SHA-256 of the canonical specification.
    pub spec_hash: [u8; 32],
    /// SHA-256 that names the image.
    pub image_digest: [u8; 32],
    /// Root of the input's manifest.
    pub input_root: [u8; 32],
    /// Key under which the tenant speaks on the data plane.
    pub tenant_node_key: [u8; 32],
    /// Atoms per second at most; escrow = ceiling x max_seconds x tasks.
    pub price_ceiling_per_second: u64,
    /// Tenant's choice; with the tenant it names the array.
    pub index: u32,
    /// Longest run of one task, seconds.
    pub max_seconds: u32,
    /// How long tasks may be taken, seconds.
    pub deadline_seconds: u32,
    pub vram_mib: u32,
    /// Oldest capability certificate accepted, seconds; zero asks for none.
    pub certificate_age_seconds_max: u32,
    pub tasks_total: u16,
    pub region: u16,
    pub uptime_bps: u16,
    /// Times that one task is issued at most.
    pub attempts_max: u8,
    pub class: u8,
    pub tier: u8,
    pub gpu_count: u8,
    pub allow_simulated: u8,
}

#[derive(Accounts)]
#[instruction(args: ArrayTerms)]
pub struct PostArray {
    #[account(mut)]
    pub tenant: Signer,
    pub config: Account<Config>,
    pub mint: Account<Mint>,
    #[account(constraint = mint_rule.mint == *mint.address() @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        init, payer = tenant,
        seeds = [seeds::ARRAY, tenant.address().as_ref(), &args.index.to_le_bytes()], bump
    )]
    pub array: Account<JobArray>,
    #[account(
        init, payer = tenant, seeds = [seeds::ARRAY_VAULT, array.address().as_ref()], bump,
        token::mint = mint, token::authority = array, token::token_program = token_program
    )]
    pub vault: Account<Vault>,
    #[account(mut, token::mint = mint, token::authority = tenant)]
    pub source: Account<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<PostArray>, args: ArrayTerms) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.require_open()?;
    require!(a.mint_rule.enabled == 1, MarketError::MintNotAllowed);
    require!(args.class == CLASS_DETERMINISTIC, MarketError::ClassNotOffered);
    require!(args.price_ceiling_per_second > 0, MarketError::PriceZero);
    require!(
        args.max_seconds >= limits::RUN_SECONDS_MIN && args.max_seconds <= limits::RUN_SECONDS_MAX,
        MarketError::RunLengthOutOfBounds
    );
    require!(
        args.tier <= 3
            && args.gpu_count <= limits::GPU_COUNT_MAX
            && args.uptime_bps <= 10_000
            && args.certificate_age_seconds_max <= limits::CERTIFICATE_AGE_SECONDS_MAX
            && args.attempts_max >= 1
            && args.attempts_max <= limits::ATTEMPTS_MAX
            && args.tasks_total >= 1
            && args.tasks_total <= limits::TASKS_MAX
            && args.deadline_seconds >= 1
            && args.deadline_seconds <= limits::ARRAY_SECONDS_MAX,
        MarketError::CountOutOfBounds
    );
    // Each task has to be worth settling by itself.
    let task_escrow = amount::escrow(args.price_ceiling_per_second, args.max_seconds).map_err(error::amount)?;
    require!(task_escrow >= a.mint_rule.escrow_min, MarketError::EscrowTooSmall);
    let escrowed = amount::escrow(task_escrow, u32::from(args.tasks_total)).map_err(error::amount)?;
    let clock = Clock::get()?;

    let array = &mut a.array;
    array.version = LAYOUT_VERSION;
    array.bump = ctx.bumps.array;
    array.vault_bump = ctx.bumps.vault;
    array.class = args.class;
    array.tier = args.tier;
    array.gpu_count = args.gpu_count;
    array.allow_simulated = u8::from(args.allow_simulated != 0);
    array.attempts_max = args.attempts_max;
    array.fee_bps = a.config.fee_bps;
    array.region = args.region;
    array.uptime_bps = args.uptime_bps.max(a.config.uptime_min_bps);
    array.tasks_total = args.tasks_total;
    array.index = args.index;
    array.vram_mib = args.vram_mib;
    array.max_seconds = args.max_seconds;
    array.start_window_seconds = a.config.start_window_seconds;
    array.receipt_grace_seconds = a.config.receipt_grace_seconds;
    array.challenge_window_seconds = a.config.challenge_window_seconds;
    array.verdict_window_seconds = a.config.verdict_window_seconds;
    array.certificate_age_seconds_max = args.certificate_age_seconds_max;
    array.nonce = clock.slot;
    array.price_ceiling_per_second = args.price_ceiling_per_second;
    array.task_escrow = task_escrow;
    array.posted_at = clock.unix_timestamp;
    array.deadline_at = clock.unix_timestamp.saturating_add(i64::from(args.deadline_seconds));
    array.tenant = *a.tenant.address();
    array.mint = *a.mint.address();
    array.vault = *a.vault.address();
    array.rent_payer = *a.tenant.address();
    array.tenant_node_key = args.tenant_node_key;
    array.spec_hash = args.spec_hash;
    array.image_digest = args.image_digest;
    array.input_root = args.input_root;

    let program = a.token_program.address();
    let (from, to) = (a.source.cpi_handle_mut(), a.vault.cpi_handle_mut());
    token::transfer_checked(program, from, &a.mint, to, a.tenant.cpi_handle(), escrowed, &[]);
    emit!(ArrayPosted {
        array: *a.array.address(),
        tenant: a.array.tenant,
        mint: a.array.mint,
        tasks_total: args.tasks_total,
        escrowed,
        deadline_at: a.array.deadline_at,
    });
    Ok(())
}
