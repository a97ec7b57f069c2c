//! Cranks as transactions. Nothing here must happen for anyone to be safe: each is what a deadline or a rule allows
//! anybody, so a refusal is normal (somebody was faster) and costs a simulation.

use std::{collections::BTreeMap, sync::Arc};

use proofmill_chain::{Chain, ChainError, Sender, TransactionRequest};
use proofmill_client::{
    address,
    arbiter::{self, ArbiterError},
    market::{self, MarketError},
};
use proofmill_oracle_core::{Answer, Crank};
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{evidence::EvidenceError, evidence::Fetcher, identity::Identity, limits::CRANK_PATIENCE, mirror::Mirror};

/// Why a crank was not turned.
#[derive(Debug, thiserror::Error)]
pub enum CrankError {
    /// What it is done to is no longer there.
    #[error("the account it is done to is no longer there")]
    FindSubject,
    /// A provider's account could not be read.
    #[error("a provider's account is needed: {0}")]
    ReadProvider(#[from] EvidenceError),
    /// The transaction failed.
    #[error("{}", explain(.0))]
    Send(#[from] ChainError),
    /// It took too long.
    #[error("not settled within {CRANK_PATIENCE:?}; another validator's turn")]
    SettleInTime,
}

/// The refusal in the programs' words, or the error as it is.
fn explain(error: &ChainError) -> String {
    match refusal(error) {
        Some(name) => format!("refused: {name}"),
        None => error.to_string(),
    }
}

/// Name of the program's refusal, if it is one.
fn refusal(error: &ChainError) -> Option<String> {
    let code = error.custom_code()?;
    let market = MarketError::from_code(code).map(|error| format!("{error:?}"));
    market.or_else(|| ArbiterError::from_code(code).map(|error| format!("{error:?}")))
}

impl CrankError {
    /// What the pacer is to think of it.
    pub fn answer(&self) -> Answer {
        let Self::Send(error) = self else { return Answer::Trouble };
        let Some(code) = error.custom_code() else {
            return if matches!(error, ChainError::Rejected { .. }) { Answer::Refused } else { Answer::Trouble };
        };
        let for_good = matches!(
            ArbiterError::from_code(code),
            Some(ArbiterError::NotSampled | ArbiterError::BeaconExpired | ArbiterError::RoundDecided)
        ) || matches!(
            MarketError::from_code(code),
            Some(MarketError::JobSettled | MarketError::NothingToSweep | MarketError::AuditNotDue)
        );
        if for_good { Answer::RefusedForGood } else { Answer::Refused }
    }

    /// Whether it says only that there is nothing to do (any more).
    pub fn is_idle(&self) -> bool {
        matches!(self.answer(), Answer::RefusedForGood) || matches!(self, Self::FindSubject)
    }
}

/// What the accounts of a crank are derived from, read from the mirror in one go.
#[derive(Clone, Copy)]
pub struct Subject {
    address: Address,
    job: Option<market::Job>,
    stake: Option<market::Stake>,
    executors: [Option<Address>; 2],
    rent_payer: Option<Address>,
    treasury: Option<Address>,
    epoch: u32,
}

impl Subject {
    /// What `crank` on the account at `address` needs.
    pub fn of(mirror: &Mirror, address: Address, crank: Crank) -> Self {
        let job = mirror.job(&address).copied();
        let verdict = job.and_then(|job| mirror.verdict(&address::verdict(&address, job.attempt)));
        let rent_payer = match crank {
            Crank::CloseRound(at) => mirror.round(&Address::new_from_array(at)).map(|round| round.rent_payer),
            Crank::CloseVerdict(at) => mirror.verdict(&Address::new_from_array(at)).map(|verdict| verdict.rent_payer),
            _ => None,
        };
        Self {
            address,
            job,
            stake: mirror.stake(&address).copied(),
            executors: [0, 1].map(|seat| Some(Address::new_from_array(verdict?.executors[seat]))),
            rent_payer,
            treasury: mirror.market.as_ref().map(|config| config.treasury),
            epoch: mirror.arbiter.as_ref().map_or(0, |config| config.epoch),
        }
    }
}

/// Turns cranks. Clones share the outbox.
#[derive(Clone)]
pub struct Crankshaft {
    fetcher: Fetcher,
    sender: Sender,
    identity: Arc<Identity>,
}

impl Crankshaft {
    /// A crankshaft. Its outbox need not survive the process: what is undone is seen undone, and done again.
    pub fn new(chain: Arc<dyn Chain>, fetcher: Fetcher, identity: Arc<Identity>) -> Self {
        let store = Arc::new(proofmill_chain::MemoryOutbox::default());
        Self { fetcher, sender: Sender::new(chain, store), identity }
    }

    /// Turns one crank.
    ///
    /// # Errors
    /// [`CrankError`]; the chain is as it was, but for a fee at most.
    pub async fn turn(&self, crank: Crank, subject: Subject) -> Result<(), CrankError> {
        let instruction = self.instruction(crank, &subject).await?;
        let nonce = subject.job.map_or(0, |job| job.nonce);
        let key = format!("crank:{crank:?}:{}:{nonce}", subject.address);
        // A key names the whole effect and may be longer than the outbox takes.
        let key = proofmill_protocol::sha256(&[key.as_bytes()]);
        let request = TransactionRequest::new(self.identity.payer(), vec![instruction]);
        match tokio::time::timeout(CRANK_PATIENCE, self.sender.send(&key, request)).await {
            Ok(sent) => Ok(sent.map(|_| ())?),
            Err(_) => Err(CrankError::SettleInTime),
        }
    }

    async fn instruction(&self, crank: Crank, subject: &Subject) -> Result<Instruction, CrankError> {
        let at = subject.address;
        let payer = self.identity.validator_address();
        let job = || subject.job.ok_or(CrankError::FindSubject);
        let config = address::market_config();
        Ok(match crank {
            Crank::AcceptBid => {
                let job = job()?;
                market::accept_bid(market::AcceptBidAccounts {
                    config,
                    job: at,
                    mint_rule: address::mint_rule(&job.mint),
                    bid: address::bid(&at, &job.best_bidder),
                    provider: job.best_bidder,
                    stake: self.stake_of(job.best_bidder).await?,
                })
            }
            Crank::OpenRound => {
                let job = job()?;
                let provider = self.fetcher.provider(job.provider).await?;
                arbiter::open_round(arbiter::OpenRoundAccounts {
                    payer,
                    config: address::arbiter_config(),
                    job: at,
                    provider: job.provider,
                    validator_set: address::validator_set(subject.epoch),
                    executors: address::executors(&provider.class_key),
                    round: address::round(&at, job.attempt, 1),
                    slot_hashes: address::SLOT_HASHES,
                })
            }
            Crank::EscalateRound => {
                let job = job()?;
                let provider = self.fetcher.provider(job.provider).await?;
                arbiter::escalate_round(arbiter::EscalateRoundAccounts {
                    payer,
                    config: address::arbiter_config(),
                    job: at,
                    provider: job.provider,
                    validator_set: address::validator_set(subject.epoch),
                    executors: address::executors(&provider.class_key),
                    first: address::round(&at, job.attempt, 1),
                    round: address::round(&at, job.attempt, 2),
                    slot_hashes: address::SLOT_HASHES,
                })
            }
            Crank::FinalizeRound(index) => {
                let job = job()?;
                arbiter::finalize_round(arbiter::FinalizeRoundAccounts {
                    payer,
                    config: address::arbiter_config(),
                    round: address::round(&at, job.attempt, index),
                    first: (index > 1).then(|| address::round(&at, job.attempt, 1)),
                    verdict: address::verdict(&at, job.attempt),
                })
            }
            Crank::VerifyProof => {
                let job = job()?;
                market::verify_proof(market::VerifyProofAccounts {
                    config,
                    job: at,
                    provider: job.provider,
                    stake: self.stake_of(job.provider).await?,
                    verdict: address::verdict(&at, job.attempt),
                })
            }
            Crank::SettleUnchallenged => {
                let job = job()?;
                market::settle_unchallenged(market::SettleUnchallengedAccounts {
                    config,
                    job: at,
                    provider: job.provider,
                    stake: self.stake_of(job.provider).await?,
                    round: address::round(&at, job.attempt, 1),
                })
            }
            Crank::Expire => {
                let job = job()?;
                let held = job.provider != Address::default();
                let stake = if held { Some(self.stake_of(job.provider).await?) } else { None };
                market::expire_job(market::ExpireJobAccounts { job: at, provider: held.then_some(job.provider), stake })
            }
            Crank::SweepFees => {
                let job = job()?;
                market::sweep_fees(market::SweepFeesAccounts {
                    config,
                    job: at,
                    vault: job.vault,
                    mint: job.mint,
                    mint_rule: address::mint_rule(&job.mint),
                    audit_budget: address::audit_budget(&job.mint),
                    treasury: treasury(subject, &job.mint)?,
                })
            }
            Crank::PayAudit(executor) => {
                let job = job()?;
                let named = subject.executors.get(usize::from(executor)).copied().flatten();
                let named = named.ok_or(CrankError::FindSubject)?;
                let owner = self.fetcher.provider(named).await?.owner;
                market::pay_audit(
                    market::PayAuditAccounts {
                        config,
                        job: at,
                        verdict: address::verdict(&at, job.attempt),
                        provider: named,
                        mint: job.mint,
                        mint_rule: address::mint_rule(&job.mint),
                        audit_budget: address::audit_budget(&job.mint),
                        destination: address::token_account(&owner, &job.mint),
                    },
                    market::PayAuditArgs { executor },
                )
            }
            Crank::CloseRound(round) => arbiter::close_round(arbiter::CloseRoundAccounts {
                job: at,
                round: Address::new_from_array(round),
                rent_payer: subject.rent_payer.ok_or(CrankError::FindSubject)?,
            }),
            Crank::CloseVerdict(verdict) => arbiter::close_verdict(arbiter::CloseVerdictAccounts {
                job: at,
                verdict: Address::new_from_array(verdict),
                rent_payer: subject.rent_payer.ok_or(CrankError::FindSubject)?,
            }),
            Crank::SweepSlashed => {
                let stake = subject.stake.ok_or(CrankError::FindSubject)?;
                market::sweep_slashed(market::SweepSlashedAccounts {
                    config,
                    stake: at,
                    vault: stake.vault,
                    mint: stake.mint,
                    treasury: treasury(subject, &stake.mint)?,
                })
            }
            Crank::FreezeSet(epoch) => arbiter::freeze_set(
                arbiter::FreezeSetAccounts {
                    payer,
                    config: address::arbiter_config(),
                    roster: address::roster(),
                    validator_set: address::validator_set(epoch),
                },
                arbiter::FreezeSetArgs { epoch },
            ),
        })
    }

    async fn stake_of(&self, provider: Address) -> Result<Address, CrankError> {
        Ok(address::stake(&self.fetcher.provider(provider).await?.owner))
    }
}

fn treasury(subject: &Subject, mint: &Address) -> Result<Address, CrankError> {
    let owner = subject.treasury.ok_or(CrankError::FindSubject)?;
    Ok(address::token_account(&owner, mint))
}

/// Validator sets, read once: they are frozen.
#[derive(Default)]
pub struct Sets {
    known: BTreeMap<u32, Vec<[u8; 32]>>,
}

impl Sets {
    /// Members of an epoch's set, if it was read.
    pub fn get(&self, epoch: u32) -> Option<&Vec<[u8; 32]>> {
        self.known.get(&epoch)
    }

    /// Reads an epoch's set unless it is known. The oldest are forgotten.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(&mut self, chain: &dyn Chain, epoch: u32) -> Result<Option<Vec<[u8; 32]>>, ChainError> {
        if let Some(members) = self.known.get(&epoch) {
            return Ok(Some(members.clone()));
        }
        let account = chain.account(address::validator_set(epoch)).await?;
        let Some(account) = account.filter(|account| account.owner == arbiter::ID) else { return Ok(None) };
        let Ok(set) = arbiter::ValidatorSet::decode(&account.data) else { return Ok(None) };
        let members: Vec<[u8; 32]> = set.identities.into_iter().take(usize::from(set.count)).collect();
        self.known.insert(epoch, members.clone());
        while self.known.len() > crate::limits::SETS_MAX {
            self.known.pop_first();
        }
        Ok(Some(members))
    }
}
