use anchor_lang::prelude::*;

use crate::{error::MarketError, events::ProviderUpdated, state::Provider};

/// What a node announces about itself at start-up and when it drains.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct AnnounceArgs {
    pub endpoint_ip: [u8; 16],
    pub endpoint_port: u16,
    /// 1 if it takes new jobs.
    pub active: u8,
}

#[derive(Accounts)]
pub struct AnnounceProvider {
    #[account(address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    #[account(mut)]
    pub provider: Account<Provider>,
}

pub fn handle(ctx: &mut Context<AnnounceProvider>, args: AnnounceArgs) -> Result<()> {
    let provider = &mut ctx.accounts.provider;
    provider.endpoint_ip = args.endpoint_ip;
    provider.endpoint_port = args.endpoint_port;
    provider.active = u8::from(args.active != 0);
    emit!(ProviderUpdated { provider: *provider.address(), active: provider.active });
    Ok(())
}
