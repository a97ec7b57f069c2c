//! Accounts of the two programs as this node needs them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use proofmill_chain::{Chain, ChainError};
use proofmill_client::{
    DecodeError, address,
    arbiter::{ArbiterConfig, ExecutorList, Round, ValidatorSet},
    market::{Config as MarketConfig, Job, JobArray, MintRule, Provider, SlashCase, Stake},
};
use proofmill_protocol::{
    job::JobState,
    limits::APPEAL_ROUND,
    service::{self, Meter},
};
use proofmill_provider_core::{JobFacts, RoundFacts, ServiceFacts};
use solana_address::Address;

use crate::{judged::AttemptLife, limits};

/// Why a fact is not known.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// The chain did not answer.
    #[error("cannot read account {account}: {source}")]
    ReadAccount {
        /// Which.
        account: Address,
        /// Why.
        source: ChainError,
    },
    /// The account is not what it should be.
    #[error("account {account} does not read as a {what}: {source}; is this the right cluster?")]
    DecodeAccount {
        /// Which.
        account: Address,
        /// What it should be.
        what: &'static str,
        /// Why not.
        source: DecodeError,
    },
    /// The account does not exist.
    #[error("there is no {what} at {account}")]
    NoAccount {
        /// Where.
        account: Address,
        /// What should be there.
        what: &'static str,
    },
}

macro_rules! reader {
    ($(#[$doc:meta])* $name:ident, $kind:ty, $what:literal) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// If the chain does not answer, or it is something else.
        pub async fn $name(chain: &dyn Chain, account: Address) -> Result<Option<$kind>, FactError> {
            let found =
                chain.account(account).await.map_err(|source| FactError::ReadAccount { account, source })?;
            let Some(found) = found else { return Ok(None) };
            <$kind>::decode(&found.data)
                .map(Some)
                .map_err(|source| FactError::DecodeAccount { account, what: $what, source })
        }
    };
}

reader!(
    /// A job.
    read_job,
    Job,
    "job"
);
reader!(
    /// A provider.
    read_provider,
    Provider,
    "provider"
);
reader!(
    /// An array of tasks.
    read_array,
    JobArray,
    "array"
);
reader!(
    /// What applies to a payment mint.
    read_mint_rule,
    MintRule,
    "mint rule"
);
reader!(
    /// A slash case.
    read_case,
    SlashCase,
    "slash case"
);
reader!(
    /// A stake.
    read_stake,
    Stake,
    "stake"
);
reader!(
    /// The re-executors of a class.
    read_executors,
    ExecutorList,
    "list of re-executors"
);
reader!(
    /// A round.
    read_round,
    Round,
    "round"
);
reader!(
    /// The market's configuration.
    read_market_config,
    MarketConfig,
    "market configuration"
);
reader!(
    /// The arbiter's configuration.
    read_arbiter_config,
    ArbiterConfig,
    "arbiter configuration"
);
reader!(
    /// The validators of an epoch.
    read_validator_set,
    ValidatorSet,
    "validator set"
);

/// What the decisions need of a job.
pub fn job_facts(account: &Address, job: &Job, me: &Address) -> Option<JobFacts> {
    let receipt_by = if job.started_at == 0 {
        0
    } else {
        let span = i64::from(job.max_seconds).saturating_add(i64::from(job.receipt_grace_seconds));
        job.started_at.saturating_add(span)
    };
    Some(JobFacts {
        job: account.to_bytes(),
        attempt: job.attempt,
        nonce: job.nonce,
        state: JobState::from_code(job.state)?,
        matched_to_me: job.provider == *me,
        max_seconds: job.max_seconds,
        matched_at: job.matched_at,
        start_by: job.matched_at.saturating_add(i64::from(job.start_window_seconds)),
        receipt_by,
        spec_hash: job.spec_hash,
        image_digest: job.image_digest,
        input_root: job.input_root,
        paid: job.paid,
        reward_claimed: job.claimed & CLAIMED_REWARD != 0,
        service: service_facts(job),
    })
}

/// `Job.kind` of a service.
pub const KIND_SERVICE: u8 = 3;

/// The clock of a service as the program has it.
pub fn meter(job: &Job) -> Meter {
    Meter {
        started_at: job.started_at,
        paused_at: job.paused_at,
        ended_at: job.receipt_at,
        paused_ms: job.paused_ms,
        max_seconds: job.max_seconds,
        usage_ms: job.metered_ms,
        usage_at: job.usage_at,
        usage_timeout_seconds: job.usage_timeout_seconds,
    }
}

fn service_facts(job: &Job) -> Option<ServiceFacts> {
    (job.kind == KIND_SERVICE).then(|| {
        let (escrowed, price) = (job.escrowed, job.price_per_second);
        // Before the match there is no price; what does not compute is not drawn.
        let streamable = service::streamable(escrowed, price, job.metered_ms, job.fee_bps, job.streamed);
        ServiceFacts { meter: meter(job), streamable: streamable.unwrap_or(0), streamed: job.streamed }
    })
}

/// The validators of the current set, as keys of the data plane.
///
/// # Errors
/// If the chain does not answer.
pub async fn read_validators(chain: &dyn Chain) -> Result<Vec<[u8; 32]>, FactError> {
    let Some(config) = read_arbiter_config(chain, address::arbiter_config()).await? else { return Ok(Vec::new()) };
    let set = read_validator_set(chain, address::validator_set(config.epoch)).await?;
    Ok(set.map_or_else(Vec::new, |set| set.vote_keys.into_iter().filter(|key| *key != [0; 32]).collect()))
}

/// Bit of `Job.claimed`: the provider has its net.
const CLAIMED_REWARD: u8 = 1;
/// `Round.state`: attestations come in.
const ROUND_OPEN: u8 = 1;

/// What the decisions need of a round.
pub fn round_facts(round: &Round, max_seconds: u32) -> RoundFacts {
    RoundFacts {
        job: round.job.to_bytes(),
        attempt: round.attempt,
        nonce: round.nonce,
        round: round.index,
        open: round.state == ROUND_OPEN,
        reexecuted: round.reexecuted != 0,
        attest_until: round.commit_until,
        max_seconds,
    }
}

/// Who judges a job, by the keys they speak under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judges {
    /// Vote keys of the members of every round.
    pub committee: Vec<[u8; 32]>,
    /// Node keys of the re-executors of every round.
    pub re_executors: Vec<[u8; 32]>,
}

impl Judges {
    fn know(&self, peer: &[u8; 32]) -> bool {
        self.committee.contains(peer) || self.re_executors.contains(peer)
    }
}

/// By attempt and life: who judges, and when that was read.
type KnownJudges = HashMap<AttemptLife, (Instant, Judges)>;

/// Judges of jobs, read when a peer asks and kept for a while.
#[derive(Clone, Default)]
pub struct JudgeBook {
    known: Arc<Mutex<KnownJudges>>,
}

impl JudgeBook {
    /// The judges of an attempt, those of its appeal among them, fresh enough to explain `peer` if it is one of them.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub async fn of(&self, chain: &dyn Chain, life: AttemptLife, peer: &[u8; 32]) -> Result<Judges, FactError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&life).cloned();
        if let Some((read_at, judges)) = known {
            let age = read_at.elapsed();
            if age < limits::COMMITTEE_READ_EVERY || (age < limits::COMMITTEE_FOR && judges.know(peer)) {
                return Ok(judges);
            }
        }
        let judges = read_judges(chain, life).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (read_at, _)| read_at.elapsed() < limits::COMMITTEE_FOR);
        known.insert(life, (Instant::now(), judges.clone()));
        Ok(judges)
    }
}

async fn read_judges(chain: &dyn Chain, life: AttemptLife) -> Result<Judges, FactError> {
    let mut judges = Judges::default();
    for index in 1..=APPEAL_ROUND {
        let Some(round) = read_round(chain, life.round(index)).await? else { continue };
        // Rounds of another life of the address.
        if round.nonce != life.nonce {
            continue;
        }
        if let Some(set) = read_validator_set(chain, address::validator_set(round.epoch)).await? {
            let seats = round.committee.iter().take(usize::from(round.seats));
            judges.committee.extend(seats.filter_map(|seat| set.vote_keys.get(usize::from(*seat))));
        }
        if round.executor != Address::default()
            && let Some(executor) = read_provider(chain, round.executor).await?
        {
            judges.re_executors.push(executor.node_key);
        }
    }
    Ok(judges)
}
