//! Test money: SPL mints made and minted by real token-program transactions.

use std::sync::Arc;

use proofmill_chain::{Chain, Confirmed, TransactionRequest};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;
use spl_associated_token_account_interface::{
    address::get_associated_token_address, instruction::create_associated_token_account_idempotent,
};
use spl_token_interface::instruction::{initialize_mint2, mint_to};

use crate::{Localnet, LocalnetError, create_account};

/// Bytes of an SPL mint account.
const MINT_BYTES: usize = 82;

impl Localnet {
    /// Creates an SPL mint of the classic token program, without a freeze authority, at a fresh address, and lists it
    /// under `name` in the network file.
    ///
    /// # Errors
    /// [`LocalnetError::Chain`] when the transaction fails.
    pub async fn create_mint(
        &mut self,
        name: &str,
        decimals: u8,
        authority: Address,
    ) -> Result<Address, LocalnetError> {
        self.create_mint_at(name, Arc::new(Keypair::new()), decimals, authority).await
    }

    /// Creates a mint at the address of `mint`, so that the address can be known beforehand.
    ///
    /// # Errors
    /// As [`Localnet::create_mint`]; also when the address is taken.
    pub async fn create_mint_at(
        &mut self,
        name: &str,
        mint: Arc<Keypair>,
        decimals: u8,
        authority: Address,
    ) -> Result<Address, LocalnetError> {
        let address = mint.pubkey();
        let lamports = self.chain.minimum_balance(MINT_BYTES).await?;
        let token = spl_token_interface::ID;
        let create = create_account(self.faucet.pubkey(), address, lamports, MINT_BYTES as u64, token);
        let initialize = initialize_mint2(&token, &address, &authority, None, decimals)
            .map_err(|error| LocalnetError::Token(error.to_string()))?;
        let request = TransactionRequest::new(self.faucet.clone(), vec![create, initialize]).signed_by(mint);
        self.effect(request).await?;
        self.file.mints.insert(name.to_owned(), address.to_string());
        Ok(address)
    }

    /// Mints `amount` base units into the owner's associated token account, which is created where it is missing.
    /// The faucet pays. Returns the token account.
    ///
    /// # Errors
    /// [`LocalnetError::Chain`], such as a rejection when `authority` is not the mint's.
    pub async fn mint_to(
        &self,
        mint: Address,
        authority: Arc<Keypair>,
        owner: Address,
        amount: u64,
    ) -> Result<(Address, Confirmed), LocalnetError> {
        let token = spl_token_interface::ID;
        let account = get_associated_token_address(&owner, &mint);
        let create = create_associated_token_account_idempotent(&self.faucet.pubkey(), &owner, &mint, &token);
        let mint_to = mint_to(&token, &mint, &account, &authority.pubkey(), &[], amount)
            .map_err(|error| LocalnetError::Token(error.to_string()))?;
        let request = TransactionRequest::new(self.faucet.clone(), vec![create, mint_to]).signed_by(authority);
        let confirmed = self.effect(request).await?;
        Ok((account, confirmed))
    }
}
