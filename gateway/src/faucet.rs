//! Test money on a local network, by real transactions of the key that may mint there.

use std::{path::Path, sync::Arc};

use proofmill_chain::{Chain, MemoryOutbox, RpcChain, Sender, TransactionRequest, read_keypair};
use proofmill_client::address::{TOKEN_PROGRAM, token_account};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;
use spl_token_interface::instruction::mint_to;
use tokio::sync::Mutex;

use crate::{
    api::wallet::Given,
    encode::{Amount, Key},
    error::{ApiError, GatewayError},
    limits,
};

const SYSTEM_PROGRAM: Address = Address::new_from_array([0; 32]);
/// Where a mint account keeps its decimals.
const MINT_DECIMALS_AT: usize = 44;

/// The key that gives.
pub struct Faucet {
    keypair: Arc<Keypair>,
    /// One at a time: the same gift twice in one block would be the same transaction.
    giving: Mutex<u64>,
}

impl Faucet {
    /// Reads the key.
    ///
    /// # Errors
    /// [`GatewayError::Key`].
    pub fn open(path: &Path) -> Result<Self, GatewayError> {
        Ok(Self { keypair: Arc::new(read_keypair(path)?), giving: Mutex::new(0) })
    }

    /// Gives lamports, payment tokens and stake tokens in one transaction.
    pub async fn give(
        &self,
        chain: Arc<RpcChain>,
        to: Key,
        payment: Option<(Address, u8)>,
        stake: Option<Address>,
    ) -> Result<Given, ApiError> {
        let mut given = self.giving.lock().await;
        let me = self.keypair.pubkey();
        let mut all = vec![transfer(&me, &to.0, limits::FAUCET_LAMPORTS)];
        let payment = payment.map(|(mint, decimals)| (mint, whole(limits::FAUCET_PAYMENT_TOKENS, decimals)));
        let stake = match stake {
            Some(mint) => {
                let account = chain.account(mint).await?;
                let decimals = account.and_then(|account| account.data.get(MINT_DECIMALS_AT).copied());
                decimals.map(|decimals| (mint, whole(limits::FAUCET_STAKE_TOKENS, decimals)))
            }
            None => None,
        };
        for (mint, atoms) in payment.iter().chain(&stake) {
            all.push(create_associated_token_account_idempotent(&me, &to.0, mint, &TOKEN_PROGRAM));
            let account = token_account(&to.0, mint);
            let minting = mint_to(&TOKEN_PROGRAM, mint, &account, &me, &[], *atoms);
            all.push(minting.map_err(ApiError::internal)?);
        }
        *given = given.saturating_add(1);
        let sender = Sender::new(chain, Arc::new(MemoryOutbox::default()));
        // A priority fee of its own number tells one gift from the next within a blockhash.
        let request = TransactionRequest::new(self.keypair.clone(), all).priority_fee(*given);
        let confirmed = sender.send(format!("faucet {given}").as_bytes(), request).await?;
        Ok(Given {
            signature: confirmed.signature.to_string(),
            lamports: Amount(limits::FAUCET_LAMPORTS),
            payment: payment.map(|(_, atoms)| Amount(atoms)),
            payment_mint: payment.map(|(mint, _)| Key(mint)),
            stake: stake.map(|(_, atoms)| Amount(atoms)),
            stake_mint: stake.map(|(mint, _)| Key(mint)),
        })
    }
}

fn whole(tokens: u64, decimals: u8) -> u64 {
    tokens.saturating_mul(10u64.saturating_pow(u32::from(decimals)))
}

/// System program, instruction 2.
fn transfer(from: &Address, to: &Address, lamports: u64) -> Instruction {
    let mut data = vec![2, 0, 0, 0];
    data.extend_from_slice(&lamports.to_le_bytes());
    Instruction {
        program_id: SYSTEM_PROGRAM,
        accounts: vec![AccountMeta::new(*from, true), AccountMeta::new(*to, false)],
        data,
    }
}
