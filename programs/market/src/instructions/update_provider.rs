use anchor_lang::prelude::*;

use super::register_provider::ProviderArgs;
use crate::{
    error::MarketError,
    events::ProviderUpdated,
    state::{Config, Provider},
};

#[derive(Accounts)]
pub struct UpdateProvider {
    #[account(address = provider.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub provider: Account<Provider>,
}

pub fn handle(ctx: &mut Context<UpdateProvider>, args: ProviderArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    args.write(&a.config, &mut a.provider)?;
    emit!(ProviderUpdated { provider: *a.provider.address(), active: a.provider.active });
    Ok(())
}
