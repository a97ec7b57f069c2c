use anchor_lang::prelude::*;

use crate::{error::MarketError, events::ArrayCancelled, state::JobArray};

/// Tasks that are taken end as they would.
#[derive(Accounts)]
pub struct CancelArray {
    #[account(address = array.tenant @ MarketError::NotTenant)]
    pub tenant: Signer,
    #[account(mut)]
    pub array: Account<JobArray>,
}

pub fn handle(ctx: &mut Context<CancelArray>) -> Result<()> {
    let array = &mut ctx.accounts.array;
    require!(array.cancelled == 0, MarketError::ArrayCancelled);
    array.cancelled = 1;
    emit!(ArrayCancelled { array: *array.address() });
    Ok(())
}
