use anchor_lang::prelude::*;

use crate::{error::MarketError, events::MintRuleChanged, state::MintRule};

#[derive(Accounts)]
pub struct ApplyMint {
    #[account(mut)]
    pub mint_rule: Account<MintRule>,
}

pub fn handle(ctx: &mut Context<ApplyMint>) -> Result<()> {
    let rule = &mut ctx.accounts.mint_rule;
    require!(rule.eta != 0, MarketError::NothingQueued);
    require!(Clock::get()?.unix_timestamp >= rule.eta, MarketError::TimelockRunning);
    rule.enabled = rule.queued_enabled;
    rule.lock_bps = rule.queued_lock_bps;
    rule.escrow_min = rule.queued_escrow_min;
    rule.audit_price_max = rule.queued_audit_price_max;
    rule.eta = 0;
    emit!(MintRuleChanged {
        mint: rule.mint,
        enabled: rule.enabled,
        lock_bps: rule.lock_bps,
        escrow_min: rule.escrow_min,
        audit_price_max: rule.audit_price_max,
    });
    Ok(())
}
