use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::MintRuleChanged,
    state::{Config, MintRule},
};

/// At once, and whatever was queued is dropped: it closes openings in this mint and nothing else.
#[derive(Accounts)]
pub struct DisableMint {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub mint_rule: Account<MintRule>,
}

pub fn handle(ctx: &mut Context<DisableMint>) -> Result<()> {
    let rule = &mut ctx.accounts.mint_rule;
    rule.enabled = 0;
    rule.eta = 0;
    emit!(MintRuleChanged {
        mint: rule.mint,
        enabled: 0,
        lock_bps: rule.lock_bps,
        escrow_min: rule.escrow_min,
        audit_price_max: rule.audit_price_max,
    });
    Ok(())
}
