use anchor_lang::prelude::*;

use super::add_mint::MintRuleArgs;
use crate::{
    error::MarketError,
    state::{Config, MintRule},
};

/// A later change replaces an earlier one and waits anew.
#[derive(Accounts)]
pub struct QueueMint {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub mint_rule: Account<MintRule>,
}

pub fn handle(ctx: &mut Context<QueueMint>, args: MintRuleArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    args.queue(&mut a.mint_rule, a.config.timelock_seconds)
}
