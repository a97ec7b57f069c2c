use anchor_lang::prelude::*;

use crate::{
    error::ArbiterError,
    events::PlanterDismissed,
    state::{ArbiterConfig, Planter},
};

#[derive(Accounts)]
pub struct DismissPlanter {
    #[account(mut, address = config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(mut, close = authority)]
    pub planter: Account<Planter>,
}

pub fn handle(ctx: &mut Context<DismissPlanter>) -> Result<()> {
    emit!(PlanterDismissed { key: ctx.accounts.planter.key });
    Ok(())
}
