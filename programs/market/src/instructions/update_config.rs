use anchor_lang::prelude::*;

use super::initialize_config::ConfigArgs;
use crate::{error::MarketError, state::Config};

#[derive(Accounts)]
pub struct UpdateConfig {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(mut)]
    pub config: Account<Config>,
}

pub fn handle(ctx: &mut Context<UpdateConfig>, args: ConfigArgs) -> Result<()> {
    args.write(&mut ctx.accounts.config)
}
