use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::ArrayClosed,
    state::JobArray,
    token::{Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// Whatever no task was paid goes back to the tenant, with what strangers sent; the rent goes to who paid it.
#[derive(Accounts)]
pub struct CloseArray {
    #[account(mut, address = array.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
    #[account(mut, close = rent_payer)]
    pub array: Account<JobArray>,
    #[account(mut, address = array.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = array.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    /// Needed only if the vault holds anything.
    #[account(mut)]
    pub destination: Option<Account<TokenAccount>>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<CloseArray>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(a.array.taken_count == 0 && a.array.is_over(now), MarketError::ArrayNotOver);
    let refunded = a.vault.amount();
    if refunded > 0 {
        let to = a.destination.as_mut().ok_or(MarketError::DustDestinationMissing)?;
        require!(*to.owner() == a.array.tenant, MarketError::NotTenant);
        let coin = Coin { mint: &a.mint, program: &a.token_program };
        vault::pay_from_array(&a.array, &mut a.vault, coin, to.cpi_handle_mut(), refunded);
    }
    vault::close_array_vault(&a.array, &mut a.vault, a.rent_payer.cpi_handle_mut(), a.token_program.address());
    emit!(ArrayClosed { array: *a.array.address(), refunded });
    Ok(())
}
