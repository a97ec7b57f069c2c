//! Cranks as transactions. Nothing here must happen for anyone to be safe: each is what a deadline or a rule allows
//! anybody, so a refusal is normal (somebody was faster) and costs a simulation.

use std::{collections::BTreeMap, sync::Arc};

use proofmill_chain::{Chain, ChainError, Sender, TransactionRequest};
use proofmill_client::{
    address::{self, Coin},
    appeals::{self, Appeal},
    arbiter::{self, ArbiterError},
    compose::{self, Emptying, Settling},
    market::{self, MarketError},
};
use proofmill_oracle_core::{Answer, Crank};
use proofmill_protocol::{
    Key,
    appeal::appealed_at,
    evidence::{EvidenceKind, subject_bytes},
};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};

use crate::{
    drand::{DrandError, DrandNetwork},
    evidence::{EvidenceError, Fetcher},
    identity::Identity,
    limits::CRANK_PATIENCE,
    mirror::Mirror,
    witnessed::Delivery,
};

/// Why a crank was not turned.
#[derive(Debug, thiserror::Error)]
pub enum CrankError {
    /// What it is done to is no longer there.
    #[error("the account it is done to is no longer there")]
    FindSubject,
    /// A provider's account could not be read.
    #[error("a provider's account is needed: {0}")]
    ReadProvider(#[from] EvidenceError),
    /// A round of the drand network was not obtained.
    #[error(transparent)]
    FetchBeacon(#[from] DrandError),
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
            Some(
                ArbiterError::NotSampled
                    | ArbiterError::BeaconExpired
                    | ArbiterError::RoundDecided
                    | ArbiterError::AlreadyRecorded
                    | ArbiterError::NotRegistered
                    | ArbiterError::AppealNotPending
                    | ArbiterError::AlreadySigned
                    | ArbiterError::UsageNotNewer
            )
        ) || matches!(
            MarketError::from_code(code),
            Some(
                MarketError::JobSettled
                    | MarketError::NothingToSweep
                    | MarketError::AuditNotDue
                    | MarketError::BountyNotDue
                    | MarketError::CaseOpen
                    | MarketError::NotAppealed
                    | MarketError::MeasurementNotNewer
            )
        );
        if for_good { Answer::RefusedForGood } else { Answer::Refused }
    }

    /// Whether the market said of the lowest bidder that it fits; nothing, if it said something else.
    pub fn bidder_fits(&self) -> Option<bool> {
        let Self::Send(error) = self else { return None };
        bidder_fits(error.custom_code().and_then(MarketError::from_code)?)
    }

    /// Whether it says only that there is nothing to do (any more).
    pub fn is_idle(&self) -> bool {
        matches!(self.answer(), Answer::RefusedForGood) || matches!(self, Self::FindSubject)
    }
}

/// What a refusal to bind or to skip the lowest bidder says of it: that it fits, that it does not, or neither.
pub fn bidder_fits(refusal: MarketError) -> Option<bool> {
    match refusal {
        MarketError::BidStillFits => Some(true),
        MarketError::InsufficientCompute
        | MarketError::ProviderOffline
        | MarketError::InvalidGpu
        | MarketError::SimulatedDevice
        | MarketError::TierTooLow
        | MarketError::GpuCountTooSmall
        | MarketError::RegionDiffers
        | MarketError::UptimeTooLow
        | MarketError::PriceAboveCeiling
        | MarketError::FreeStakeTooSmall
        | MarketError::CapacityExhausted
        | MarketError::CertificateMissing
        | MarketError::CertificateTooOld
        | MarketError::AmountOverflow
        | MarketError::BidSpent => Some(false),
        _ => None,
    }
}

/// What the accounts of a crank are derived from, read from the mirror in one go.
#[derive(Clone)]
pub struct Subject {
    address: Address,
    job: Option<market::Job>,
    stake: Option<market::Stake>,
    case: Option<market::SlashCase>,
    evidence: Option<arbiter::Evidence>,
    /// Where the randomness of the next draw lies.
    beacon: Address,
    /// Of the two rounds, and of an appeal.
    executors: [Option<Address>; 3],
    /// Bits of the executors whom the verdict confirms.
    confirmed: u8,
    rent_payer: Option<Address>,
    treasury: Option<Address>,
    epoch: u32,
    /// Epoch of the first round's set.
    first_epoch: u32,
    /// The round whose missed reveal or wrong dissent is recorded.
    offended_in: Option<arbiter::Round>,
    /// What cranks on ballots, roots and leaves are made of.
    delivery: Delivery,
}

/// Who sat in a seat, and where evidence against it is kept.
struct Offender {
    validator_set: Address,
    offender: Key,
    /// Names the offence.
    subject: Key,
    evidence: Address,
}

impl Subject {
    /// What `crank` on the account at `address` needs.
    pub fn of(mirror: &Mirror, address: Address, crank: Crank) -> Self {
        let job = mirror.job(&address).copied();
        let verdict = job.and_then(|job| mirror.verdict(&address::verdict(&address, job.attempt)));
        let rent_payer = match crank {
            Crank::CloseRound(at) => mirror.round(&Address::new_from_array(at)).map(|round| round.rent_payer),
            Crank::CloseVerdict(at) => mirror.verdict(&Address::new_from_array(at)).map(|verdict| verdict.rent_payer),
            Crank::CloseSet(epoch) => mirror.old_sets.get(&epoch).copied(),
            Crank::CloseBid(at) => mirror.bid(&Address::new_from_array(at)).map(|bid| bid.rent_payer),
            Crank::CloseAppeal => mirror.round(&address::appeal_round(&address)).map(|round| round.rent_payer),
            Crank::CloseAppealVerdict => {
                mirror.verdict(&address::appeal_verdict(&address)).map(|verdict| verdict.rent_payer)
            }
            Crank::CloseBeacon(round) => mirror.beacon(round).map(|beacon| beacon.rent_payer),
            _ => None,
        };
        let first = job.and_then(|job| mirror.round(&address::round(&address, job.attempt, 1)));
        let offended_in = match crank {
            Crank::RecordMissedReveal(at, _) | Crank::RecordWrongDissent(at, _) => {
                mirror.round(&Address::new_from_array(at)).copied()
            }
            _ => None,
        };
        let case = mirror.case(&address).copied();
        let evidence = mirror.evidence(&address).copied();
        let stake_at = match (&case, &evidence) {
            (Some(case), _) => case.stake,
            (_, Some(evidence)) => address::stake(&evidence.offender),
            _ => address,
        };
        let event_at = match crank {
            Crank::EscalateRound => first.map_or(0, |round| round.touched_at),
            Crank::OpenAppeal => case.map_or(0, |case| appealed_at(case.decide_by)),
            _ => job.map_or(0, |job| job.receipt_at),
        };
        Self {
            address,
            job,
            stake: mirror.stake(&stake_at).copied(),
            case,
            evidence,
            beacon: mirror.beacon_of(event_at),
            executors: [
                verdict.map(|verdict| Address::new_from_array(verdict.executors[0])),
                verdict.map(|verdict| Address::new_from_array(verdict.executors[1])),
                job.and_then(|job| mirror.appeals_executor(&address, job.attempt, job.nonce)),
            ],
            confirmed: verdict.map_or(0, |verdict| verdict.confirmed_executors),
            rent_payer,
            treasury: mirror.market.as_ref().map(|config| config.treasury),
            epoch: mirror.arbiter.as_ref().map_or(0, |config| config.epoch),
            first_epoch: first.map_or(0, |round| round.epoch),
            offended_in,
            delivery: match crank {
                Crank::RecordUptime(root) | Crank::WitnessUsage(root) | Crank::RefreshUsage(root) => {
                    mirror.witnessed.delivery(&address, Some(Address::new_from_array(root)), &mirror.validator)
                }
                Crank::SignRoot
                | Crank::FinalizeRoot
                | Crank::CloseRootBallot
                | Crank::CloseWitnessRoot
                | Crank::AcceptWitnessedUsage
                | Crank::CloseUsage => mirror.witnessed.delivery(&address, None, &mirror.validator),
                _ => Delivery::default(),
            },
        }
    }
}

/// Turns cranks. Clones share the outbox.
#[derive(Clone)]
pub struct Crankshaft {
    fetcher: Fetcher,
    sender: Sender,
    identity: Arc<Identity>,
    drand: DrandNetwork,
}

impl Crankshaft {
    /// A crankshaft. Its outbox need not survive the process: what is undone is seen undone, and done again.
    pub fn new(chain: Arc<dyn Chain>, fetcher: Fetcher, identity: Arc<Identity>, drand: DrandNetwork) -> Self {
        let store = Arc::new(proofmill_chain::MemoryOutbox::default());
        Self { fetcher, sender: Sender::new(chain, store), identity, drand }
    }

    /// Turns one crank.
    ///
    /// # Errors
    /// [`CrankError`]; the chain is as it was, but for a fee at most.
    pub async fn turn(&self, crank: Crank, subject: Subject) -> Result<(), CrankError> {
        let nonce = subject.job.map_or(0, |job| job.nonce);
        let mut plans = self.plans(crank, &subject).await?.into_iter().enumerate().peekable();
        while let Some((number, plan)) = plans.next() {
            match self.send(format!("crank:{crank:?}:{}:{nonce}:{number}", subject.address), plan).await {
                // Some part of it is refused: a frozen account, an empty budget. What remains is tried with less.
                Err(CrankError::Send(error @ ChainError::Rejected { .. })) if plans.peek().is_some() => {
                    let error = CrankError::Send(error);
                    if error.is_idle() {
                        return Err(error);
                    }
                    tracing::debug!(crank = crank.name(), subject = %subject.address, %error, "not all of it at once");
                }
                other => return other,
            }
        }
        Err(CrankError::FindSubject)
    }

    /// What a crank may be sent as, the most that it makes possible first and the crank alone last.
    ///
    /// # Errors
    /// [`CrankError`]: something that it needs could not be obtained.
    pub async fn plans(&self, crank: Crank, subject: &Subject) -> Result<Vec<Vec<Instruction>>, CrankError> {
        let mut plans = self.longer_plans(crank, subject).await?;
        plans.push(vec![self.instruction(crank, subject).await?]);
        Ok(plans)
    }

    async fn send(&self, effect: String, instructions: Vec<Instruction>) -> Result<(), CrankError> {
        // A key names the whole effect and may be longer than the outbox takes.
        let key = proofmill_protocol::sha256(&[effect.as_bytes()]);
        let request = TransactionRequest::new(self.identity.payer(), instructions);
        match tokio::time::timeout(CRANK_PATIENCE, self.sender.send(&key, request)).await {
            Ok(sent) => Ok(sent.map(|_| ())?),
            Err(_) => Err(CrankError::SettleInTime),
        }
    }

    /// A crank together with what it makes possible, in one transaction, the most of it first.
    ///
    /// A receipt that nobody challenged leaves nothing to look up, so that its job is closed at once. What a verdict
    /// settles stays for its parties to read; the tenant closes it.
    async fn longer_plans(&self, crank: Crank, subject: &Subject) -> Result<Vec<Vec<Instruction>>, CrankError> {
        // Nobody pays for a stranger's token account; whose bounty it is makes its own.
        if let (Crank::ClaimBounty, Some(case), Some(stake)) = (crank, &subject.case, &subject.stake) {
            let own = case.reporter == self.identity.delegate_address();
            let claim = self.instruction(crank, subject).await?;
            return Ok(own
                .then(|| vec![make_token_account(case.reporter, Coin::of_stake(stake)), claim])
                .into_iter()
                .collect());
        }
        if let Crank::WitnessUsage(root) | Crank::RefreshUsage(root) = crank {
            // Written and taken into account at once.
            let payer = matches!(crank, Crank::WitnessUsage(_)).then(|| self.identity.delegate_address());
            let written = subject.delivery.write_usage(payer, subject.address, Address::new_from_array(root));
            let both = written
                .and_then(|(job, write)| Some(vec![write, subject.delivery.accept_usage(Some(job), subject.address)?]));
            let payer = self.identity.delegate_address();
            return Ok(both.into_iter().filter(|plan| compose::fits(&payer, plan)).collect());
        }
        let (Some(job), Some(treasury)) = (&subject.job, subject.treasury) else { return Ok(Vec::new()) };
        let settling = match crank {
            Crank::SettleUnchallenged => Settling::Unchallenged,
            Crank::VerifyProof | Crank::FinalizeRound(_) => {
                Settling::AnyVerdict { payer: self.identity.delegate_address() }
            }
            Crank::SweepFees => Settling::Done,
            _ => return Ok(Vec::new()),
        };
        if job.provider == Address::default() {
            return Ok(Vec::new());
        }
        let provider_owner = self.fetcher.provider(job.provider).await?.owner;
        let emptying = Emptying { address: subject.address, job, provider_owner, treasury };
        let pay = emptying.settle_and_pay(settling);
        let mut plans = match crank {
            Crank::SettleUnchallenged => vec![emptying.settle_and_empty(settling), pay],
            Crank::FinalizeRound(_) => vec![[vec![self.instruction(crank, subject).await?], pay].concat()],
            Crank::VerifyProof => {
                let mut audits = Vec::new();
                for seat in (0..2u8).filter(|seat| subject.confirmed & (1 << seat) != 0) {
                    audits.push(self.instruction(Crank::PayAudit(seat), subject).await?);
                }
                if audits.is_empty() { vec![pay] } else { vec![[pay.clone(), audits].concat(), pay] }
            }
            _ => vec![pay],
        };
        let payer = self.identity.delegate_address();
        plans.retain(|plan| compose::fits(&payer, plan));
        Ok(plans)
    }

    async fn instruction(&self, crank: Crank, subject: &Subject) -> Result<Instruction, CrankError> {
        let at = subject.address;
        let payer = self.identity.delegate_address();
        let job = || subject.job.ok_or(CrankError::FindSubject);
        let case = || subject.case.ok_or(CrankError::FindSubject);
        let stake = || subject.stake.ok_or(CrankError::FindSubject);
        fn appeal(at: Address, case: &market::SlashCase) -> Result<Appeal<'_>, CrankError> {
            Appeal::pending(at, case).ok_or(CrankError::FindSubject)
        }
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
            Crank::SkipBid => {
                let job = job()?;
                market::skip_bid(market::SkipBidAccounts {
                    config,
                    job: at,
                    mint_rule: address::mint_rule(&job.mint),
                    bid: address::bid(&at, &job.best_bidder),
                    provider: job.best_bidder,
                    stake: self.stake_of(job.best_bidder).await?,
                })
            }
            Crank::CloseBid(bid) => market::close_bid(market::CloseBidAccounts {
                job: at,
                bid: Address::new_from_array(bid),
                rent_payer: subject.rent_payer.ok_or(CrankError::FindSubject)?,
            }),
            Crank::OpenRound => {
                let job = job()?;
                arbiter::open_round(arbiter::OpenRoundAccounts {
                    payer,
                    config: address::arbiter_config(),
                    job: at,
                    provider: job.provider,
                    validator_set: address::validator_set(subject.epoch),
                    // The class as it was at the match, as the program has it.
                    executors: address::executors(&job.class_key),
                    round: address::round(&at, job.attempt, 1),
                    beacon: subject.beacon,
                })
            }
            Crank::ExpireRound => {
                arbiter::expire_round(arbiter::ExpireRoundAccounts { round: address::round(&at, job()?.attempt, 1) })
            }
            Crank::EscalateRound => {
                let job = job()?;
                arbiter::escalate_round(arbiter::EscalateRoundAccounts {
                    payer,
                    config: address::arbiter_config(),
                    job: at,
                    provider: job.provider,
                    validator_set: address::validator_set(subject.epoch),
                    // The class as it was at the match, as the program has it.
                    executors: address::executors(&job.class_key),
                    first: address::round(&at, job.attempt, 1),
                    first_set: address::validator_set(subject.first_epoch),
                    round: address::round(&at, job.attempt, 2),
                    beacon: subject.beacon,
                })
            }
            Crank::FinalizeRound(index) => {
                let job = job()?;
                arbiter::finalize_round(arbiter::FinalizeRoundAccounts {
                    payer,
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
                    slash_case: Some(address::slash_case(&at, job.attempt, job.nonce)),
                    payer: Some(payer),
                    system_program: Some(address::SYSTEM_PROGRAM),
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
                market::expire_job(market::ExpireJobAccounts {
                    job: at,
                    provider: held.then_some(job.provider),
                    stake,
                    config: held.then_some(config),
                    verdict: held.then(|| address::verdict(&at, job.attempt)),
                    round: held.then(|| address::round(&at, job.attempt, 1)),
                })
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
                    treasury: treasury(subject, Coin::of_job(&job))?,
                    token_program: address::token_program(job.token_program),
                })
            }
            Crank::PayAudit(executor) => {
                let job = job()?;
                let named = subject.executors.get(usize::from(executor)).copied().flatten();
                let named = named.ok_or(CrankError::FindSubject)?;
                let owner = self.fetcher.provider(named).await?.owner;
                let coin = Coin::of_job(&job);
                let verdict = match executor {
                    0 | 1 => address::verdict(&at, job.attempt),
                    _ => address::appeal_verdict(&address::slash_case(&at, job.attempt, job.nonce)),
                };
                market::pay_audit(
                    market::PayAuditAccounts {
                        config,
                        job: at,
                        verdict,
                        provider: named,
                        mint: job.mint,
                        mint_rule: address::mint_rule(&job.mint),
                        audit_budget: address::audit_budget(&job.mint),
                        destination: coin.account_of(&owner),
                        token_program: coin.token_program,
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
                let stake = stake()?;
                market::sweep_slashed(market::SweepSlashedAccounts {
                    config,
                    stake: at,
                    vault: stake.vault,
                    mint: stake.mint,
                    treasury: treasury(subject, Coin::of_stake(&stake))?,
                    token_program: address::token_program(stake.token_program),
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
            Crank::CloseSet(epoch) => arbiter::close_set(arbiter::CloseSetAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(epoch),
                rent_payer: subject.rent_payer.ok_or(CrankError::FindSubject)?,
            }),
            Crank::RefreshValidator => arbiter::refresh_validator(arbiter::RefreshValidatorAccounts {
                config: address::arbiter_config(),
                market_config: config,
                stake: address::stake(&at),
                roster: address::roster(),
            }),
            Crank::ApplySlash => {
                market::apply_slash(market::ApplySlashAccounts { config, stake: case()?.stake, slash_case: at })
            }
            Crank::OpenAppeal => appeal(at, &case()?)?.open(payer, subject.epoch, subject.beacon),
            Crank::FinalizeAppeal => appeal(at, &case()?)?.finalize(payer),
            Crank::ResolveAppeal => appeal(at, &case()?)?.resolve(),
            Crank::CloseAppeal => appeals::close_round(at, subject.rent_payer.ok_or(CrankError::FindSubject)?),
            Crank::CloseAppealVerdict => appeals::close_verdict(at, subject.rent_payer.ok_or(CrankError::FindSubject)?),
            Crank::CloseCase => {
                market::close_case(market::CloseCaseAccounts { slash_case: at, rent_payer: case()?.rent_payer })
            }
            Crank::ClaimBounty => {
                let (case, stake) = (case()?, stake()?);
                let coin = Coin::of_stake(&stake);
                market::claim_bounty(market::ClaimBountyAccounts {
                    stake: case.stake,
                    slash_case: at,
                    vault: stake.vault,
                    mint: stake.mint,
                    destination: coin.account_of(&case.reporter),
                    token_program: coin.token_program,
                })
            }
            Crank::SlashOnEvidence => {
                let evidence = subject.evidence.ok_or(CrankError::FindSubject)?;
                market::slash_on_evidence(market::SlashOnEvidenceAccounts {
                    payer,
                    config,
                    evidence: at,
                    job: evidence.job,
                    stake: address::stake(&evidence.offender),
                    slash_case: address::evidence_case(&at),
                })
            }
            Crank::PostBeacon(round) => {
                let read = self.fetcher.account(address::drand()).await?.ok_or(CrankError::FindSubject)?;
                let network = arbiter::DrandConfig::decode(&read).map_err(|_| CrankError::FindSubject)?;
                let signature = self.drand.fetch(&network, round).await?;
                arbiter::post_beacon(
                    arbiter::PostBeaconAccounts { payer, drand: address::drand(), beacon: at },
                    arbiter::PostBeaconArgs { round, signature },
                )
            }
            Crank::CloseBeacon(_) => arbiter::close_beacon(arbiter::CloseBeaconAccounts {
                beacon: at,
                rent_payer: subject.rent_payer.ok_or(CrankError::FindSubject)?,
            }),
            Crank::SignRoot => of_root(subject.delivery.sign_root(at, &self.identity))?,
            Crank::FinalizeRoot => of_root(subject.delivery.finalize_root(payer, at))?,
            Crank::CloseRootBallot => of_root(subject.delivery.close_ballot(at))?,
            Crank::CloseWitnessRoot => of_root(subject.delivery.close_root(at))?,
            Crank::RecordUptime(root) => of_root(subject.delivery.record_uptime(at, Address::new_from_array(root)))?,
            Crank::WitnessUsage(root) | Crank::RefreshUsage(root) => {
                let payer = matches!(crank, Crank::WitnessUsage(_)).then_some(payer);
                of_root(subject.delivery.write_usage(payer, at, Address::new_from_array(root)))?.1
            }
            Crank::AcceptWitnessedUsage => of_root(subject.delivery.accept_usage(None, at))?,
            Crank::CloseUsage => of_root(subject.delivery.close_usage(at))?,
            Crank::RecordMissedReveal(at, seat) => {
                let kind = EvidenceKind::MissedReveal;
                let Offender { validator_set, offender, subject, evidence } =
                    self.offender(subject, seat, kind).await?;
                let round = Address::new_from_array(at);
                arbiter::record_missed_reveal(
                    arbiter::RecordMissedRevealAccounts { reporter: payer, validator_set, round, evidence },
                    arbiter::RecordMissedRevealArgs { seat, offender, subject },
                )
            }
            Crank::RecordWrongDissent(at, seat) => {
                let kind = EvidenceKind::WrongDissent;
                let Offender { validator_set, offender, subject, evidence } =
                    self.offender(subject, seat, kind).await?;
                let round = Address::new_from_array(at);
                arbiter::record_wrong_dissent(
                    arbiter::RecordWrongDissentAccounts { reporter: payer, validator_set, round, evidence },
                    arbiter::RecordWrongDissentArgs { seat, offender, subject },
                )
            }
        })
    }

    /// Who sat there, and where evidence of `kind` against it is kept.
    async fn offender(&self, subject: &Subject, seat: u8, kind: EvidenceKind) -> Result<Offender, CrankError> {
        let round = subject.offended_in.ok_or(CrankError::FindSubject)?;
        let validator_set = address::validator_set(round.epoch);
        let read = self.fetcher.account(validator_set).await?.ok_or(CrankError::FindSubject)?;
        let members = arbiter::ValidatorSet::decode(&read).map_err(|_| CrankError::FindSubject)?.identities;
        let member = round.committee.get(usize::from(seat)).map(|member| usize::from(*member));
        let offender = *member.and_then(|member| members.get(member)).ok_or(CrankError::FindSubject)?;
        let subject = subject_bytes(kind, &round.job.to_bytes(), round.nonce, round.attempt, round.index);
        let subject = proofmill_protocol::sha256(&[&subject]);
        let evidence = address::evidence(&Address::new_from_array(offender), kind as u8, &subject);
        Ok(Offender { validator_set, offender, subject, evidence })
    }

    async fn stake_of(&self, provider: Address) -> Result<Address, CrankError> {
        Ok(address::stake(&self.fetcher.provider(provider).await?.owner))
    }
}

/// The associated token program's `CreateIdempotent`.
fn make_token_account(owner: Address, coin: Coin) -> Instruction {
    Instruction {
        program_id: address::ASSOCIATED_TOKEN_PROGRAM,
        accounts: vec![
            AccountMeta::new(owner, true),
            AccountMeta::new(coin.account_of(&owner), false),
            AccountMeta::new_readonly(owner, false),
            AccountMeta::new_readonly(coin.mint, false),
            AccountMeta::new_readonly(address::SYSTEM_PROGRAM, false),
            AccountMeta::new_readonly(coin.token_program, false),
        ],
        data: vec![1],
    }
}

/// What a crank on measurements is made of may have gone since.
fn of_root<T>(made: Option<T>) -> Result<T, CrankError> {
    made.ok_or(CrankError::FindSubject)
}

fn treasury(subject: &Subject, coin: Coin) -> Result<Address, CrankError> {
    Ok(coin.account_of(&subject.treasury.ok_or(CrankError::FindSubject)?))
}

/// Validator sets, read once: they are frozen.
#[derive(Default)]
pub struct Sets {
    known: BTreeMap<u32, Arc<arbiter::ValidatorSet>>,
}

/// Identities of a set's members.
pub fn members_of(set: &arbiter::ValidatorSet) -> Vec<[u8; 32]> {
    set.identities.into_iter().take(usize::from(set.count)).collect()
}

impl Sets {
    /// Reads an epoch's set unless it is known. The oldest are forgotten.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(
        &mut self,
        chain: &dyn Chain,
        epoch: u32,
    ) -> Result<Option<Arc<arbiter::ValidatorSet>>, ChainError> {
        if let Some(set) = self.known.get(&epoch) {
            return Ok(Some(set.clone()));
        }
        let account = chain.account(address::validator_set(epoch)).await?;
        let Some(account) = account.filter(|account| account.owner == arbiter::ID) else { return Ok(None) };
        let Ok(set) = arbiter::ValidatorSet::decode(&account.data) else { return Ok(None) };
        let set = Arc::new(set);
        self.known.insert(epoch, set.clone());
        while self.known.len() > crate::limits::SETS_MAX {
            self.known.pop_first();
        }
        Ok(Some(set))
    }
}
