use anchor_lang::prelude::*;
use proofmill_protocol::{limits, seeds};

use crate::{
    error::MarketError,
    events::MintRuleQueued,
    state::{Config, MintRule, LAYOUT_VERSION},
    token::{self, Mint, TokenInterface, Vault},
};

/// What governance sets per mint.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct MintRuleArgs {
    pub enabled: u8,
    /// Stake locked per atom of escrow, basis points.
    pub lock_bps: u32,
    /// Least escrow, atoms.
    pub escrow_min: u64,
    /// Most that the audit budget pays for a second of a re-execution, atoms.
    pub audit_price_max: u64,
}

impl MintRuleArgs {
    /// Queues this rule: it may be applied once the timelock has passed.
    pub fn queue(&self, rule: &mut Account<MintRule>, timelock_seconds: u32) -> Result<()> {
        require!(self.lock_bps <= limits::LOCK_BPS_MAX && self.enabled <= 1, MarketError::ConfigOutOfBounds);
        rule.queued_enabled = self.enabled;
        rule.queued_lock_bps = self.lock_bps;
        rule.queued_escrow_min = self.escrow_min;
        rule.queued_audit_price_max = self.audit_price_max;
        rule.eta = Clock::get()?.unix_timestamp.saturating_add(i64::from(timelock_seconds));
        emit!(MintRuleQueued {
            mint: rule.mint,
            enabled: self.enabled,
            lock_bps: self.lock_bps,
            escrow_min: self.escrow_min,
            audit_price_max: self.audit_price_max,
            eta: rule.eta,
        });
        Ok(())
    }
}

#[derive(Accounts)]
pub struct AddMint {
    #[account(mut, address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<Config>,
    pub mint: Account<Mint>,
    #[account(init, payer = authority, seeds = [seeds::MINT_RULE, mint.address().as_ref()], bump)]
    pub mint_rule: Account<MintRule>,
    #[account(
        init, payer = authority, seeds = [seeds::AUDIT_BUDGET, mint.address().as_ref()], bump,
        token::mint = mint, token::authority = config, token::token_program = token_program
    )]
    pub audit_budget: Account<Vault>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<AddMint>, args: MintRuleArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    a.mint_rule.version = LAYOUT_VERSION;
    a.mint_rule.bump = ctx.bumps.mint_rule;
    a.mint_rule.mint = *a.mint.address();
    a.mint_rule.decimals = a.mint.decimals();
    a.mint_rule.token_program = token::program_code(&a.mint);
    a.mint_rule.audit_budget = *a.audit_budget.address();
    a.mint_rule.audit_budget_bump = ctx.bumps.audit_budget;
    // Disabled until the queued rule is applied: a mint brings risk, so everybody sees it come.
    args.queue(&mut a.mint_rule, a.config.timelock_seconds)
}
