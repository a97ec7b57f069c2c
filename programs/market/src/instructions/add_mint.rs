use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount};
use proofmill_protocol::{limits, seeds};

use crate::{
    error::MarketError,
    events::MintRuleChanged,
    state::{Config, MintRule, LAYOUT_VERSION},
};

/// What governance sets per mint.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct MintRuleArgs {
    pub enabled: u8,
    /// Stake locked per atom of escrow, basis points.
    pub lock_bps: u32,
    /// Least escrow, atoms.
    pub escrow_min: u64,
}

impl MintRuleArgs {
    pub fn write(&self, rule: &mut Account<MintRule>) -> Result<()> {
        require!(self.lock_bps <= limits::LOCK_BPS_MAX && self.enabled <= 1, MarketError::ConfigOutOfBounds);
        rule.enabled = self.enabled;
        rule.lock_bps = self.lock_bps;
        rule.escrow_min = self.escrow_min;
        emit!(MintRuleChanged {
            mint: rule.mint,
            enabled: self.enabled,
            lock_bps: self.lock_bps,
            escrow_min: self.escrow_min,
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
        token::mint = mint, token::authority = config
    )]
    pub audit_budget: Account<TokenAccount>,
    pub token_program: Program<Token>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<AddMint>, args: MintRuleArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    a.mint_rule.version = LAYOUT_VERSION;
    a.mint_rule.bump = ctx.bumps.mint_rule;
    a.mint_rule.mint = *a.mint.address();
    a.mint_rule.decimals = a.mint.decimals();
    a.mint_rule.audit_budget = *a.audit_budget.address();
    a.mint_rule.audit_budget_bump = ctx.bumps.audit_budget;
    args.write(&mut a.mint_rule)
}
