//! One speaker on one chain: reads accounts, sends instructions, says refusals in words.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use proofmill_chain::{Chain, ChainError, Filter, MemoryOutbox, RpcChain, Sender, TransactionRequest, read_keypair};
use proofmill_client::{DecodeError, address::Coin, arbiter, market};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{error::CliError, settings::Settings};

/// A connection with a keypair that signs and pays.
#[derive(Clone)]
pub struct Session {
    pub settings: Settings,
    pub chain: Arc<RpcChain>,
    keypair: Option<Arc<Keypair>>,
}

impl Session {
    /// Connects; reads the keypair if there is one.
    pub fn open(settings: Settings, keypair: Option<&Path>) -> Result<Self> {
        let chain = Arc::new(RpcChain::new(&settings.rpc_url, &settings.ws_url));
        let keypair = match keypair {
            Some(path) => Some(Arc::new(read_keypair(path).with_context(|| format!("keypair {}", path.display()))?)),
            None => None,
        };
        Ok(Self { settings, chain, keypair })
    }

    /// The same connection with another speaker.
    pub fn speaking_as(&self, keypair: &Keypair) -> Self {
        Self { keypair: Some(Arc::new(keypair.insecure_clone())), ..self.clone() }
    }

    pub fn keypair(&self) -> Result<&Keypair> {
        Ok(self.keypair.as_deref().ok_or(CliError::NoKeypair)?)
    }

    pub fn address(&self) -> Result<Address> {
        Ok(self.keypair()?.pubkey())
    }

    pub fn payment_mint(&self) -> Result<Address> {
        Ok(self.settings.payment_mint.ok_or(CliError::LocalOnly("the default payment mint"))?)
    }

    /// Seconds on the chain's clock.
    pub async fn now(&self) -> Result<i64> {
        Ok(self.chain.clock().await.context("reading the chain's clock")?.unix_timestamp)
    }

    /// The account's data, if it exists.
    pub async fn data(&self, address: &Address) -> Result<Option<Vec<u8>>> {
        Ok(self
            .chain
            .account(*address)
            .await
            .with_context(|| format!("reading account {address}"))?
            .map(|account| account.data))
    }

    /// A decoded account.
    pub async fn fetch<T>(
        &self,
        what: &'static str,
        address: &Address,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T> {
        self.find(what, address, decode).await?.ok_or_else(|| CliError::Missing { what, address: *address }.into())
    }

    /// A decoded account, if it exists.
    pub async fn find<T>(
        &self,
        what: &'static str,
        address: &Address,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Option<T>> {
        let Some(data) = self.data(address).await? else { return Ok(None) };
        decode(&data)
            .map(Some)
            .map_err(|error| CliError::Undecodable { what, address: *address, reason: error.to_string() }.into())
    }

    /// Every account of one type in the market, optionally with `bytes` at `offset`.
    pub async fn scan<T>(
        &self,
        discriminator: [u8; 8],
        with: Option<(usize, Vec<u8>)>,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Vec<(Address, T)>> {
        let mut filters = vec![Filter::Memcmp { offset: 0, bytes: discriminator.to_vec() }];
        if let Some((offset, bytes)) = with {
            filters.push(Filter::Memcmp { offset, bytes });
        }
        let accounts = self.chain.program_accounts(market::ID, &filters).await.context("listing accounts")?.accounts;
        Ok(accounts
            .into_iter()
            .filter_map(|account| decode(&account.data).ok().map(|value| (account.address, value)))
            .collect())
    }

    /// Sends instructions in one transaction, signed by the keypair, and waits until it is confirmed.
    pub async fn send(&self, instructions: &[Instruction]) -> Result<String> {
        self.send_with(instructions, &[]).await
    }

    /// The same with further signers.
    pub async fn send_with(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<String> {
        let payer = self.keypair.clone().ok_or(CliError::NoKeypair)?;
        let mut request = TransactionRequest::new(payer, instructions.to_vec());
        for signer in signers {
            request = request.signed_by(Arc::new(signer.insecure_clone()));
        }
        let sender = Sender::new(self.chain.clone(), Arc::new(MemoryOutbox::default()));
        match sender.send(b"command", request).await {
            Ok(confirmed) => Ok(confirmed.signature.to_string()),
            Err(error) => Err(in_words(error)),
        }
    }

    /// A mint with the token program that owns it.
    pub async fn coin(&self, mint: Address) -> Result<Coin> {
        let account = self.chain.account(mint).await.with_context(|| format!("reading mint {mint}"))?;
        let account = account.ok_or(CliError::Missing { what: "mint", address: mint })?;
        Ok(Coin { mint, token_program: account.owner })
    }

    /// Atoms in the associated token account of `owner`; zero if there is none.
    pub async fn tokens_of(&self, owner: &Address, mint: &Address) -> Result<u64> {
        self.token_balance(&self.coin(*mint).await?.account_of(owner)).await
    }

    /// Atoms in a token account; zero if there is none.
    pub async fn token_balance(&self, account: &Address) -> Result<u64> {
        let data = self.data(account).await?;
        // The classic token account layout: mint, owner, amount (u64 LE) at 64.
        Ok(data
            .and_then(|data| data.get(64..72).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes))
            .unwrap_or(0))
    }
}

/// A refusal of one of our programs by its name; anything else as it came. The programs' codes do not overlap.
fn in_words(error: ChainError) -> anyhow::Error {
    if let Some(code) = error.custom_code() {
        if let Some(refusal) = market::MarketError::from_code(code) {
            return CliError::Refused { program: "market", name: refusal.name(), code, message: refusal.message() }
                .into();
        }
        if let Some(refusal) = arbiter::ArbiterError::from_code(code) {
            return CliError::Refused { program: "arbiter", name: refusal.name(), code, message: refusal.message() }
                .into();
        }
    }
    anyhow::Error::new(error).context("sending a transaction")
}
