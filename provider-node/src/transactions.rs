//! What this node sends. Each effect has a key in the outbox, so that it happens once.

use std::sync::Arc;

use proofmill_chain::{Chain, ChainError, ComputeLimit, Confirmed, Sender, TransactionRequest};
use proofmill_client::{
    address::{self, Coin},
    arbiter,
    market::{self, Job, MarketError},
};
use proofmill_protocol::limits::APPEAL_ROUND;
use proofmill_provider_core::AttemptKey;
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    judged::AttemptLife,
    ledger::{CosignedUsage, NodeLedger, SignedClaim},
};

/// Why a transaction had no effect.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The market refuses it by name; repeating it at once is refused again.
    #[error("{what} is refused: {refusal}")]
    RefusedByMarket {
        /// What was sent.
        what: &'static str,
        /// The program's word.
        refusal: MarketError,
    },
    /// It failed otherwise.
    #[error("cannot send {what}: {source}")]
    SendTransaction {
        /// What was to be sent.
        what: &'static str,
        /// Why.
        source: ChainError,
    },
    /// The recorded claim is not of the kind that is to be sent.
    #[error("the recorded claim of this attempt is damaged or of another kind: it is not sent")]
    ClaimDamaged,
}

/// Sends in the name of one provider.
#[derive(Clone)]
pub struct Transactions {
    sender: Sender,
    operator: Arc<Keypair>,
    provider: Address,
    owner: Address,
}

impl Transactions {
    /// With the operator's key.
    pub fn new(chain: Arc<dyn Chain>, ledger: NodeLedger, operator: Arc<Keypair>, owner: Address) -> Transactions {
        let provider = address::provider(&owner);
        Transactions { sender: Sender::new(chain, Arc::new(ledger)), operator, provider, owner }
    }

    /// The operator's address.
    pub fn operator(&self) -> Address {
        self.operator.pubkey()
    }

    /// Settles what an earlier life left in the outbox.
    pub async fn resume(&self) {
        match self.sender.resume().await {
            Ok(settled) => {
                for entry in settled {
                    if let Err(error) = entry.outcome {
                        tracing::info!(%error, "a transaction of an earlier life had no effect");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the outbox is not settled"),
        }
    }

    async fn send(&self, what: &'static str, key: &[u8], list: Vec<Instruction>) -> Result<Confirmed, SendError> {
        let request = TransactionRequest::new(self.operator.clone(), list).compute(ComputeLimit::Default);
        self.sender.send(key, request).await.map_err(|source| {
            match source.custom_code().and_then(MarketError::from_code) {
                Some(refusal) => SendError::RefusedByMarket { what, refusal },
                None => SendError::SendTransaction { what, source },
            }
        })
    }

    /// Announces where the node is reached.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn announce(&self, ip: [u8; 16], port: u16, active: bool) -> Result<Confirmed, SendError> {
        let accounts = market::AnnounceProviderAccounts { operator: self.operator.pubkey(), provider: self.provider };
        let args = market::AnnounceArgs { endpoint_ip: ip, endpoint_port: port, active: u8::from(active) };
        let instruction = market::announce_provider(accounts, market::AnnounceProviderArgs { args });
        self.send("announce_provider", b"announce", vec![instruction]).await
    }

    /// Enters the list of re-executors of a class.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn join_executors(&self, class_key: &[u8; 32]) -> Result<Confirmed, SendError> {
        let accounts = arbiter::JoinExecutorsAccounts {
            operator: self.operator.pubkey(),
            config: address::arbiter_config(),
            market_config: address::market_config(),
            provider: self.provider,
            stake: address::stake(&self.owner),
            executors: address::executors(class_key),
        };
        self.send("join_executors", b"join_executors", vec![arbiter::join_executors(accounts)]).await
    }

    /// Declares the container running.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn start_job(&self, key: &AttemptKey) -> Result<Confirmed, SendError> {
        let job = Address::new_from_array(key.job);
        let accounts = market::StartJobAccounts { operator: self.operator.pubkey(), provider: self.provider, job };
        self.send("start_job", &outbox_key(b"start", key), vec![market::start_job(accounts)]).await
    }

    /// Gives a job back.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn decline_job(&self, key: &AttemptKey) -> Result<Confirmed, SendError> {
        let accounts = market::DeclineJobAccounts {
            operator: self.operator.pubkey(),
            job: Address::new_from_array(key.job),
            provider: self.provider,
            stake: address::stake(&self.owner),
        };
        self.send("decline_job", &outbox_key(b"decline", key), vec![market::decline_job(accounts)]).await
    }

    /// Submits a recorded receipt as it is.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn submit_proof(&self, key: &AttemptKey, claim: &SignedClaim) -> Result<Confirmed, SendError> {
        let SignedClaim::Receipt { bytes, signature, metered_ms, exit_code, termination } = claim else {
            return Err(SendError::ClaimDamaged);
        };
        let signature = <[u8; 64]>::try_from(signature.as_slice()).map_err(|_| SendError::ClaimDamaged)?;
        let accounts = market::SubmitProofAccounts {
            operator: self.operator.pubkey(),
            config: address::market_config(),
            provider: self.provider,
            job: Address::new_from_array(key.job),
        };
        let args = market::ReceiptClaim {
            receipt_hash: proofmill_protocol::sha256(&[bytes]),
            signature,
            metered_ms: *metered_ms,
            exit_code: *exit_code,
            termination: *termination,
        };
        let instruction = market::submit_proof(accounts, market::SubmitProofArgs { args });
        self.send("submit_proof", &outbox_key(b"proof", key), vec![instruction]).await
    }

    /// Submits a recorded claim of a re-execution as it is.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn submit_reexecution(
        &self,
        key: &AttemptKey,
        nonce: u64,
        claim: &SignedClaim,
    ) -> Result<Confirmed, SendError> {
        let SignedClaim::Reexecution { commitment, signature, metered_ms, round, .. } = claim else {
            return Err(SendError::ClaimDamaged);
        };
        let signature = <[u8; 64]>::try_from(signature.as_slice()).map_err(|_| SendError::ClaimDamaged)?;
        let accounts = arbiter::SubmitReexecutionAccounts {
            operator: self.operator.pubkey(),
            config: address::arbiter_config(),
            provider: self.provider,
            round: AttemptLife::of_key(key, nonce).round(*round),
        };
        let args = arbiter::ReexecutionArgs { commitment: *commitment, metered_ms: *metered_ms, signature };
        let instruction = arbiter::submit_reexecution(accounts, arbiter::SubmitReexecutionArgs { args });
        // One node may run an attempt again for its rounds and, later, for its appeal.
        let effect: &[u8] = if *round == APPEAL_ROUND { b"appeal" } else { b"again" };
        self.send("submit_reexecution", &outbox_key(effect, key), vec![instruction]).await
    }

    /// Claims the reward of a settled job into the owner's token account, which is made if it is missing.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn claim_reward(&self, key: &AttemptKey, job: &Job) -> Result<Confirmed, SendError> {
        let coin = Coin::of_job(job);
        let destination = coin.account_of(&self.owner);
        let accounts = market::ClaimRewardAccounts {
            job: Address::new_from_array(key.job),
            vault: job.vault,
            provider: self.provider,
            mint: job.mint,
            destination,
            token_program: coin.token_program,
        };
        let list = vec![self.make_token_account(coin), market::claim_reward(accounts)];
        self.send("claim_reward", &outbox_key(b"reward", key), list).await
    }

    /// The associated token program's `CreateIdempotent`.
    fn make_token_account(&self, coin: Coin) -> Instruction {
        Instruction {
            program_id: address::ASSOCIATED_TOKEN_PROGRAM,
            accounts: vec![
                AccountMeta::new(self.operator.pubkey(), true),
                AccountMeta::new(coin.account_of(&self.owner), false),
                AccountMeta::new_readonly(self.owner, false),
                AccountMeta::new_readonly(coin.mint, false),
                AccountMeta::new_readonly(Address::default(), false),
                AccountMeta::new_readonly(coin.token_program, false),
            ],
            data: vec![1],
        }
    }

    /// Answers an auction.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn place_bid(&self, job: Address, mint: &Address, price: u64) -> Result<Confirmed, SendError> {
        let accounts = market::PlaceBidAccounts {
            operator: self.operator.pubkey(),
            config: address::market_config(),
            job,
            mint_rule: address::mint_rule(mint),
            provider: self.provider,
            stake: address::stake(&self.owner),
            bid: address::bid(&job, &self.provider),
        };
        let instruction = market::place_bid(accounts, market::PlaceBidArgs { price_per_second: price });
        self.send("place_bid", &[b"bid", job.as_ref()].concat(), vec![instruction]).await
    }
}

impl Transactions {
    /// Closes a bid on a job that is over; rent and deposit come back.
    pub async fn close_bid(&self, bid: Address, found: &market::Bid) -> Result<Confirmed, SendError> {
        let accounts = market::CloseBidAccounts { job: found.job, bid, rent_payer: found.rent_payer };
        let life = found.nonce.to_le_bytes();
        self.send("close_bid", &[b"unbid", bid.as_ref(), &life].concat(), vec![market::close_bid(accounts)]).await
    }
}

impl Transactions {
    /// Takes one task of an array by an offer of ours; this key advances the rent of the task's accounts.
    ///
    /// # Errors
    /// [`SendError`]: somebody else was quicker, for one.
    pub async fn take_task(
        &self,
        array: Address,
        found: &market::JobArray,
        token_program: Address,
        offer: Address,
        task: u16,
    ) -> Result<Confirmed, SendError> {
        let job = address::task(&found.tenant, found.index, task);
        let accounts = market::TakeTaskAccounts {
            operator: self.operator.pubkey(),
            config: address::market_config(),
            array,
            array_vault: found.vault,
            mint: found.mint,
            mint_rule: address::mint_rule(&found.mint),
            offer,
            provider: self.provider,
            stake: address::stake(&self.owner),
            job,
            vault: address::vault(&job),
            token_program,
        };
        // A task given back may be taken again: that is another issue of it, and of another life of the array.
        let issued = found.issued.get(usize::from(task)).copied().unwrap_or(0);
        let key =
            [b"task".as_slice(), array.as_ref(), &found.nonce.to_le_bytes(), &task.to_le_bytes(), &[issued]].concat();
        self.send("take_task", &key, vec![market::take_task(accounts, market::TakeTaskArgs { task })]).await
    }
}

/// What a service needs besides. An effect that may come again has in its key what tells one time from the next.
impl Transactions {
    /// Declares a service whose escrow is dry paused.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn pause_job(&self, key: &AttemptKey, job: &Job) -> Result<Confirmed, SendError> {
        let accounts = market::PauseJobAccounts { job: Address::new_from_array(key.job) };
        let effect = [outbox_key(b"pause", key), job.paused_ms.to_le_bytes().to_vec()].concat();
        self.send("pause_job", &effect, vec![market::pause_job(accounts)]).await
    }

    /// Declares a service that was topped up healthy again.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn resume_job(&self, key: &AttemptKey, job: &Job) -> Result<Confirmed, SendError> {
        let account = Address::new_from_array(key.job);
        let (operator, provider) = (self.operator.pubkey(), self.provider);
        let accounts = market::ResumeJobAccounts { operator, provider, job: account };
        let effect = [outbox_key(b"resume", key), job.paused_ms.to_le_bytes().to_vec()].concat();
        self.send("resume_job", &effect, vec![market::resume_job(accounts)]).await
    }

    /// Reports a total that both sides have signed.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn report_usage(&self, key: &AttemptKey, usage: &CosignedUsage) -> Result<Confirmed, SendError> {
        let signature = |bytes: &[u8]| <[u8; 64]>::try_from(bytes).map_err(|_| SendError::ClaimDamaged);
        let accounts =
            market::ReportUsageAccounts { config: address::market_config(), job: Address::new_from_array(key.job) };
        let args = market::UsageClaim {
            usage_ms: usage.usage_ms,
            measured_at: usage.measured_at,
            node_signature: signature(&usage.node_signature)?,
            tenant_signature: signature(&usage.tenant_signature)?,
        };
        let total = [usage.usage_ms.to_le_bytes(), usage.measured_at.to_le_bytes()].concat();
        let effect = [outbox_key(b"usage", key), total].concat();
        self.send("report_usage", &effect, vec![market::report_usage(accounts, market::ReportUsageArgs { args })]).await
    }

    /// Draws what a running service has earned so far.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn claim_stream(&self, key: &AttemptKey, job: &Job) -> Result<Confirmed, SendError> {
        let coin = Coin::of_job(job);
        let accounts = market::ClaimStreamAccounts {
            job: Address::new_from_array(key.job),
            vault: job.vault,
            provider: self.provider,
            mint: job.mint,
            destination: coin.account_of(&self.owner),
            token_program: coin.token_program,
        };
        let effect = [outbox_key(b"stream", key), job.streamed.to_le_bytes().to_vec()].concat();
        let list = vec![self.make_token_account(coin), market::claim_stream(accounts)];
        self.send("claim_stream", &effect, list).await
    }

    /// Ends a service from our side.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn stop_job(&self, key: &AttemptKey) -> Result<Confirmed, SendError> {
        let operator = self.operator.pubkey();
        let accounts = market::StopJobAccounts {
            party: operator,
            job: Address::new_from_array(key.job),
            provider: self.provider,
            stake: address::stake(&self.owner),
            operator,
        };
        self.send("stop_job", &outbox_key(b"stop", key), vec![market::stop_job(accounts)]).await
    }

    /// Settles a service that has ended, or whose pause is over.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn expire_job(&self, key: &AttemptKey) -> Result<Confirmed, SendError> {
        let accounts = market::ExpireJobAccounts {
            job: Address::new_from_array(key.job),
            provider: Some(self.provider),
            stake: Some(address::stake(&self.owner)),
            config: None,
            verdict: None,
            round: None,
        };
        self.send("expire_job", &outbox_key(b"expire", key), vec![market::expire_job(accounts)]).await
    }
}

fn outbox_key(what: &[u8], key: &AttemptKey) -> Vec<u8> {
    [what, &key.job, &key.attempt.to_le_bytes()].concat()
}
