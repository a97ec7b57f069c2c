use anchor_lang::prelude::*;

use super::initialize_arbiter::ArbiterArgs;
use crate::{error::ArbiterError, state::ArbiterConfig};

#[derive(Accounts)]
pub struct UpdateArbiter {
    #[account(address = config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    #[account(mut)]
    pub config: Account<ArbiterConfig>,
}

pub fn handle(ctx: &mut Context<UpdateArbiter>, args: ArbiterArgs) -> Result<()> {
    args.write(&mut ctx.accounts.config)
}
