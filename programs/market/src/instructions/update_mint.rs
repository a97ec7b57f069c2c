use anchor_lang::prelude::*;

use super::add_mint::MintRuleArgs;
use crate::{
    error::MarketError,
    state::{Config, MintRule},
};

#[derive(Accounts)]
pub struct UpdateMint {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub mint_rule: Account<MintRule>,
}

pub fn handle(ctx: &mut Context<UpdateMint>, args: MintRuleArgs) -> Result<()> {
    args.write(&mut ctx.accounts.mint_rule)
}
