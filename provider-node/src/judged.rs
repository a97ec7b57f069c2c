//! What the chain says of an attempt that is served, or run again for a committee: its `Job` account, or a `SlashCase`
//! once the job is gone, in another attempt or in another life. An appeal is judged by its case alone.

use proofmill_chain::Chain;
use proofmill_client::{
    address,
    arbiter::Round,
    market::{Job, SlashCase},
};
use proofmill_dataplane::access::AccessFacts;
use proofmill_protocol::{appeal::CaseState, job::JobState, limits::APPEAL_ROUND};
use proofmill_provider_core::{AttemptKey, CaseFacts, Record};
use proofmill_sandbox::TaskPlace;
use solana_address::Address;

use crate::chain_facts::{self, FactError, Judges};

/// One attempt in one life of a job's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptLife {
    /// The `Job` account, which may be gone.
    pub job: Address,
    /// The attempt.
    pub attempt: u16,
    /// The life.
    pub nonce: u64,
}

impl AttemptLife {
    /// Of what this node remembers.
    pub fn of_record(record: &Record) -> AttemptLife {
        AttemptLife::of_key(&record.key, record.nonce)
    }

    /// Of a key in a life.
    pub fn of_key(key: &AttemptKey, nonce: u64) -> AttemptLife {
        AttemptLife { job: Address::new_from_array(key.job), attempt: key.attempt, nonce }
    }

    /// Of what a round judges.
    pub fn of_round(round: &Round) -> AttemptLife {
        AttemptLife { job: round.job, attempt: round.attempt, nonce: round.nonce }
    }

    /// Where the slash of this attempt is kept, if it was slashed.
    pub fn slash_case(&self) -> Address {
        address::slash_case(&self.job, self.attempt, self.nonce)
    }

    /// The account of round `index`: an appeal's lies at its case's address, the others at the job's.
    pub fn round(&self, index: u8) -> Address {
        if index == APPEAL_ROUND {
            address::appeal_round(&self.slash_case())
        } else {
            address::round(&self.job, self.attempt, index)
        }
    }
}

/// What an attempt commits to, and who has part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub life: AttemptLife,
    /// The `Provider` account that ran it, or is to.
    pub provider: Address,
    /// Node key of the tenant. A case does not say, so nobody is the tenant of one.
    pub tenant_node_key: Option<[u8; 32]>,
    /// Whether specification and input are fixed.
    pub started: bool,
    /// SHA-256 of the specification.
    pub spec_hash: [u8; 32],
    /// SHA-256 that names the image.
    pub image_digest: [u8; 32],
    /// Root of the input.
    pub input_root: [u8; 32],
    /// Longest run, seconds. Of a case: the whole seconds that its receipt was metered for, which it was at least; the
    /// specification says how much longer.
    pub max_seconds: u32,
    /// Where it stands in its array, if it is a task of one.
    pub task: Option<TaskPlace>,
}

/// The place of a task; a job that is none has no tasks beside it.
const fn place(index: u32, count: u16) -> Option<TaskPlace> {
    if count == 0 { None } else { Some(TaskPlace { index, count }) }
}

impl Judged {
    /// What a job says of the attempt it is in.
    pub fn of_job(account: Address, job: &Job) -> Judged {
        Judged {
            life: AttemptLife { job: account, attempt: job.attempt, nonce: job.nonce },
            provider: job.provider,
            tenant_node_key: Some(job.tenant_node_key),
            started: job.state != JobState::Open as u8 && job.state != JobState::Matched as u8,
            spec_hash: job.spec_hash,
            image_digest: job.image_digest,
            input_root: job.input_root,
            max_seconds: job.max_seconds,
            task: place(job.task_index, job.tasks_total),
        }
    }

    /// What an attempt that somebody asks for by name is served by. A name does not say which life of the address is
    /// meant: it is the one of which this node holds something, if it does. Its job speaks for it or, where that is
    /// gone or has moved on, the case at an address that `case_at` is asked for.
    pub fn of_held(
        account: Address,
        attempt: u16,
        held: Option<u64>,
        job: Option<&Job>,
        case_at: impl FnOnce(Address) -> Option<SlashCase>,
    ) -> Option<Judged> {
        match job {
            Some(job) if job.attempt == attempt && held.is_none_or(|nonce| nonce == job.nonce) => {
                Some(Judged::of_job(account, job))
            }
            _ => {
                let life = AttemptLife { job: account, attempt, nonce: held? };
                case_at(life.slash_case()).as_ref().and_then(Judged::of_case)
            }
        }
    }

    /// What the rule of the data plane needs, served by the node with this key.
    pub fn access_facts<'a>(&self, provider_node: [u8; 32], judges: &'a Judges) -> AccessFacts<'a> {
        AccessFacts {
            // Where nobody is the tenant, the part falls to this node, to which everything here belongs anyway.
            tenant: self.tenant_node_key.unwrap_or(provider_node),
            provider_node,
            committee: &judges.committee,
            re_executors: &judges.re_executors,
            started: self.started,
        }
    }

    /// What the case of a slash says, while it may be judged.
    pub fn of_case(case: &SlashCase) -> Option<Judged> {
        case_facts(case)?;
        Some(Judged {
            life: AttemptLife { job: case.job, attempt: case.attempt, nonce: case.nonce },
            provider: case.provider,
            tenant_node_key: None,
            started: true,
            spec_hash: case.spec_hash,
            image_digest: case.image_digest,
            input_root: case.input_root,
            max_seconds: u32::try_from(case.metered_ms.div_ceil(1_000)).unwrap_or(u32::MAX).max(1),
            task: place(case.task_index, case.tasks_total),
        })
    }
}

/// What is known of an attempt's job or, where that has moved on, of its case.
///
/// # Errors
/// If the chain does not answer, or something else is there.
pub async fn read_judged(chain: &dyn Chain, life: AttemptLife) -> Result<Option<Judged>, FactError> {
    if let Some(job) = chain_facts::read_job(chain, life.job).await? {
        let judged = Judged::of_job(life.job, &job);
        if judged.life == life {
            return Ok(Some(judged));
        }
    }
    let case = chain_facts::read_case(chain, life.slash_case()).await?;
    Ok(case.as_ref().and_then(Judged::of_case))
}

/// What the decisions need of a case; nothing once nobody will judge it any more, or if it rests on evidence.
pub fn case_facts(case: &SlashCase) -> Option<CaseFacts> {
    let until = match CaseState::from_code(case.state)? {
        CaseState::Open => case.due_at,
        CaseState::Appealed => case.decide_by,
        CaseState::Upheld | CaseState::Taken | CaseState::Returned => return None,
    };
    (case.kind == 0).then_some(CaseFacts {
        job: case.job.to_bytes(),
        attempt: case.attempt,
        nonce: case.nonce,
        opened_at: case.opened_at,
        until,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use proofmill_chain::{
        AccountSnapshot, ChainError, ChainFuture, ChainTime, Filter, HistoryEntry, Preflight, ProgramAccounts,
        RecentBlockhash, SignatureStatus, Simulation, TransactionRecord,
    };
    use proofmill_client::{
        arbiter::ValidatorSet,
        market::{self, Provider},
    };
    use proofmill_dataplane::{
        BlobKind,
        access::{Verb, may},
    };

    use super::*;
    use crate::chain_facts::JudgeBook;

    /// Accounts that do not change by themselves.
    #[derive(Default)]
    struct Still(Mutex<BTreeMap<Address, Vec<u8>>>);

    impl Still {
        fn put(&self, address: Address, data: Vec<u8>) {
            self.0.lock().unwrap().insert(address, data);
        }
    }

    fn unasked<'a, T>() -> ChainFuture<'a, T> {
        Box::pin(async { Err(ChainError::InvalidQuery("nobody asks this here".to_owned())) })
    }

    impl Chain for Still {
        fn account(&self, address: Address) -> ChainFuture<'_, Option<AccountSnapshot>> {
            let data = self.0.lock().unwrap().get(&address).cloned();
            let owner = market::ID;
            let found =
                data.map(|data| AccountSnapshot { address, lamports: 1, owner, executable: false, data, slot: 1 });
            Box::pin(async move { Ok(found) })
        }
        fn accounts<'a>(&'a self, _: &'a [Address]) -> ChainFuture<'a, Vec<Option<AccountSnapshot>>> {
            unasked()
        }
        fn program_accounts<'a>(&'a self, _: Address, _: &'a [Filter]) -> ChainFuture<'a, ProgramAccounts> {
            unasked()
        }
        fn clock(&self) -> ChainFuture<'_, ChainTime> {
            unasked()
        }
        fn latest_blockhash(&self) -> ChainFuture<'_, RecentBlockhash> {
            unasked()
        }
        fn block_height(&self) -> ChainFuture<'_, u64> {
            unasked()
        }
        fn send_raw<'a>(&'a self, _: &'a [u8], _: Preflight) -> ChainFuture<'a, ()> {
            unasked()
        }
        fn signature_status(&self, _: solana_signature::Signature) -> ChainFuture<'_, Option<SignatureStatus>> {
            unasked()
        }
        fn simulate<'a>(&'a self, _: &'a [u8]) -> ChainFuture<'a, Simulation> {
            unasked()
        }
        fn minimum_balance(&self, _: usize) -> ChainFuture<'_, u64> {
            unasked()
        }
        fn genesis_hash(&self) -> ChainFuture<'_, solana_hash::Hash> {
            unasked()
        }
        fn transaction(&self, _: solana_signature::Signature) -> ChainFuture<'_, Option<TransactionRecord>> {
            unasked()
        }
        fn history(
            &self,
            _: Address,
            _: Option<solana_signature::Signature>,
            _: Option<solana_signature::Signature>,
            _: usize,
        ) -> ChainFuture<'_, Vec<HistoryEntry>> {
            unasked()
        }
    }

    const LIFE: AttemptLife = AttemptLife { job: Address::new_from_array([1; 32]), attempt: 2, nonce: 9 };
    const PROVIDER: Address = Address::new_from_array([2; 32]);
    const RERUNNER: Address = Address::new_from_array([3; 32]);

    /// An account of zeros, which every layout reads, to be filled in.
    fn zeros(discriminator: [u8; 8], len: usize) -> Vec<u8> {
        let mut data = vec![0; len];
        data[..8].copy_from_slice(&discriminator);
        data
    }

    fn job(attempt: u16, nonce: u64) -> Job {
        let mut job = Job::decode(&zeros(Job::DISCRIMINATOR, Job::LEN)).unwrap();
        job.attempt = attempt;
        job.nonce = nonce;
        job.provider = PROVIDER;
        job.state = JobState::Running as u8;
        job.spec_hash = [20; 32];
        job.tenant_node_key = [21; 32];
        job.max_seconds = 60;
        job
    }

    fn case(state: CaseState) -> SlashCase {
        let mut case = SlashCase::decode(&zeros(SlashCase::DISCRIMINATOR, SlashCase::LEN)).unwrap();
        case.state = state as u8;
        case.job = LIFE.job;
        case.attempt = LIFE.attempt;
        case.nonce = LIFE.nonce;
        case.provider = PROVIDER;
        case.spec_hash = [10; 32];
        case.image_digest = [11; 32];
        case.input_root = [12; 32];
        case.metered_ms = 2_001;
        (case.task_index, case.tasks_total) = (4, 5);
        case.opened_at = 50;
        case.due_at = 100;
        case.decide_by = 200;
        case
    }

    /// A round of two seats, the last of the set of its epoch first.
    fn round(index: u8, nonce: u64, epoch: u32) -> Round {
        let mut round = Round::decode(&zeros(Round::DISCRIMINATOR, Round::LEN)).unwrap();
        round.index = index;
        round.job = LIFE.job;
        round.attempt = LIFE.attempt;
        round.nonce = nonce;
        round.epoch = epoch;
        round.seats = 2;
        round.committee[0] = 1;
        round.executor = RERUNNER;
        round
    }

    fn chain_with(rounds: &[Round]) -> Still {
        let chain = Still::default();
        for round in rounds {
            chain.put(LIFE.round(round.index), round.encode());
            let mut set = ValidatorSet::decode(&zeros(ValidatorSet::DISCRIMINATOR, ValidatorSet::LEN)).unwrap();
            let epoch = u8::try_from(round.epoch).unwrap();
            set.vote_keys[0] = [epoch; 32];
            set.vote_keys[1] = [epoch + 1; 32];
            chain.put(address::validator_set(round.epoch), set.encode());
        }
        let mut rerunner = Provider::decode(&zeros(Provider::DISCRIMINATOR, Provider::LEN)).unwrap();
        rerunner.node_key = [30; 32];
        chain.put(RERUNNER, rerunner.encode());
        chain
    }

    #[tokio::test]
    async fn a_job_speaks_for_its_own_attempt_and_life() {
        let chain = Still::default();
        chain.put(LIFE.job, job(LIFE.attempt, LIFE.nonce).encode());
        chain.put(LIFE.slash_case(), case(CaseState::Open).encode());
        let judged = read_judged(&chain, LIFE).await.unwrap().unwrap();
        assert_eq!((judged.spec_hash, judged.tenant_node_key, judged.max_seconds), ([20; 32], Some([21; 32]), 60));
        assert_eq!(judged.task, None, "it is no task of an array");
    }

    #[tokio::test]
    async fn a_case_speaks_where_the_job_is_gone_or_has_moved_on() {
        for moved_on in [None, Some(job(LIFE.attempt + 1, LIFE.nonce)), Some(job(LIFE.attempt, LIFE.nonce + 1))] {
            for state in [CaseState::Open, CaseState::Appealed] {
                let chain = Still::default();
                if let Some(job) = &moved_on {
                    chain.put(LIFE.job, job.encode());
                }
                chain.put(LIFE.slash_case(), case(state).encode());
                let expected = Judged {
                    life: LIFE,
                    provider: PROVIDER,
                    tenant_node_key: None,
                    started: true,
                    spec_hash: [10; 32],
                    image_digest: [11; 32],
                    input_root: [12; 32],
                    max_seconds: 3,
                    task: Some(TaskPlace { index: 4, count: 5 }),
                };
                assert_eq!(read_judged(&chain, LIFE).await.unwrap(), Some(expected));
            }
        }
    }

    #[tokio::test]
    async fn a_case_that_nobody_judges_any_more_says_nothing() {
        for state in [CaseState::Upheld, CaseState::Taken, CaseState::Returned] {
            let chain = Still::default();
            chain.put(LIFE.slash_case(), case(state).encode());
            assert_eq!(read_judged(&chain, LIFE).await.unwrap(), None);
        }
        let on_evidence = SlashCase { kind: 1, ..case(CaseState::Open) };
        assert_eq!(Judged::of_case(&on_evidence), None);
        assert_eq!(read_judged(&Still::default(), LIFE).await.unwrap(), None);
    }

    #[test]
    fn an_appeals_round_lies_at_its_case_and_the_others_at_the_job() {
        let case = address::slash_case(&LIFE.job, LIFE.attempt, LIFE.nonce);
        assert_eq!(LIFE.slash_case(), case);
        assert_eq!(LIFE.round(APPEAL_ROUND), address::appeal_round(&case));
        assert_eq!([LIFE.round(1), LIFE.round(2)], [1, 2].map(|index| address::round(&LIFE.job, LIFE.attempt, index)));
    }

    #[test]
    fn a_case_may_be_judged_until_it_is_due_and_an_appeal_until_it_has_to_be_decided() {
        let until = |state| case_facts(&case(state)).map(|facts| (facts.opened_at, facts.until));
        assert_eq!(until(CaseState::Open), Some((50, 100)));
        assert_eq!(until(CaseState::Appealed), Some((50, 200)));
        assert_eq!(until(CaseState::Upheld), None);
    }

    #[test]
    fn an_attempt_that_is_held_is_served_by_its_job_or_by_its_case() {
        let served = |held, job: Option<&Job>, state| {
            let case_at = |at| (at == LIFE.slash_case()).then(|| case(state));
            Judged::of_held(LIFE.job, LIFE.attempt, held, job, case_at).map(|judged| judged.spec_hash)
        };
        let (by_job, by_case) = (Some([20; 32]), Some([10; 32]));
        let ours = job(LIFE.attempt, LIFE.nonce);
        assert_eq!(served(Some(LIFE.nonce), Some(&ours), CaseState::Appealed), by_job);
        // A push that comes before the match was seen.
        assert_eq!(served(None, Some(&ours), CaseState::Appealed), by_job);
        for moved_on in [None, Some(job(LIFE.attempt + 1, LIFE.nonce)), Some(job(LIFE.attempt, LIFE.nonce + 1))] {
            assert_eq!(served(Some(LIFE.nonce), moved_on.as_ref(), CaseState::Appealed), by_case);
            assert_eq!(served(Some(LIFE.nonce), moved_on.as_ref(), CaseState::Open), by_case);
            assert_eq!(served(Some(LIFE.nonce), moved_on.as_ref(), CaseState::Taken), None);
            assert_eq!(served(Some(LIFE.nonce + 7), moved_on.as_ref(), CaseState::Appealed), None);
        }
        assert_eq!(served(None, None, CaseState::Appealed), None);
    }

    #[tokio::test]
    async fn under_a_case_its_judges_get_what_the_rule_gives_them_and_nobody_else_anything() {
        let chain = chain_with(&[round(APPEAL_ROUND, LIFE.nonce, 40)]);
        let judges = JudgeBook::default().of(&chain, LIFE, &[0; 32]).await.unwrap();
        let judged = Judged::of_case(&case(CaseState::Appealed)).unwrap();
        let facts = judged.access_facts([99; 32], &judges);
        let gets = |peer: [u8; 32]| {
            let kinds = [BlobKind::Spec, BlobKind::Input, BlobKind::Output, BlobKind::Log, BlobKind::Receipt];
            kinds.map(|kind| may(&facts, &peer, Verb::Get, kind).is_ok())
        };
        assert_eq!(gets([40; 32]), [true; 5]);
        assert_eq!(gets([30; 32]), [true, true, false, false, false]);
        for stranger in [[21; 32], [0; 32], [77; 32]] {
            assert_eq!(gets(stranger), [false; 5]);
        }
        for peer in [[40; 32], [30; 32], [21; 32], [99; 32]] {
            assert!(may(&facts, &peer, Verb::Put, BlobKind::Spec).is_err());
        }
    }

    #[tokio::test]
    async fn the_judges_of_an_appeal_are_known_without_job_and_earlier_rounds() {
        let chain = chain_with(&[round(APPEAL_ROUND, LIFE.nonce, 40)]);
        let judges = JudgeBook::default().of(&chain, LIFE, &[41; 32]).await.unwrap();
        assert_eq!(judges.committee, [[41; 32], [40; 32]]);
        assert_eq!(judges.re_executors, [[30; 32]]);
    }

    #[tokio::test]
    async fn who_judges_another_life_of_the_address_judges_nothing_here() {
        let chain = chain_with(&[
            round(1, LIFE.nonce + 1, 50),
            round(2, LIFE.nonce + 1, 60),
            round(APPEAL_ROUND, LIFE.nonce, 40),
        ]);
        let book = JudgeBook::default();
        assert_eq!(book.of(&chain, LIFE, &[0; 32]).await.unwrap().committee, [[41; 32], [40; 32]]);
        let later = AttemptLife { nonce: LIFE.nonce + 1, ..LIFE };
        assert_eq!(book.of(&chain, later, &[0; 32]).await.unwrap().committee, [[51; 32], [50; 32], [61; 32], [60; 32]]);
    }
}
