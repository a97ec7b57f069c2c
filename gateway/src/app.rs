//! What all requests share.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::body::Bytes;
use proofmill_chain::RpcChain;
use solana_address::Address;
use tokio::sync::Semaphore;

use crate::{
    bridge::Bridge,
    changes::Changes,
    faucet::Faucet,
    files::Files,
    index::model::{Model, Touched},
    limiter::Limiter,
    limits,
    metrics::Metrics,
    settings::Settings,
    store::Store,
    tickets::Tickets,
};

/// Shared by every request and every task of the gateway.
pub struct App {
    pub settings: Settings,
    /// Domain that sign-in messages name.
    pub domain: String,
    pub chain: Arc<RpcChain>,
    pub genesis: String,
    pub store: Store,
    model: RwLock<Model>,
    rounds: RwLock<HashMap<Address, Address>>,
    pub changes: Changes,
    pub answers: Answers,
    pub metrics: Metrics,
    pub limiter: Limiter,
    pub costly: Limiter,
    pub requests: Semaphore,
    pub streams: Arc<Semaphore>,
    pub streams_by_address: Mutex<HashMap<IpAddr, usize>>,
    pub uploads: Semaphore,
    pub tickets: Tickets,
    /// Ways to services' ports that are open at once.
    pub ways: Arc<Semaphore>,
    ways_by_job: Mutex<HashMap<Address, Weak<Semaphore>>>,
    pub bridge: Option<Bridge>,
    pub faucet: Option<Faucet>,
    pub files: Files,
    /// Counts changes of anything but a job.
    revision: AtomicU64,
    /// Counts changes of jobs, by far the most.
    jobs_revision: AtomicU64,
    synced_accounts: AtomicBool,
    synced_history: AtomicBool,
}

/// What an [`App`] is made of.
pub struct Parts {
    pub settings: Settings,
    pub domain: String,
    pub chain: Arc<RpcChain>,
    pub genesis: String,
    pub store: Store,
    pub bridge: Option<Bridge>,
    pub faucet: Option<Faucet>,
    pub files: Files,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        let rate = u64::from(parts.settings.rate_per_second).saturating_mul(60);
        let burst = parts.settings.rate_per_second.saturating_mul(limits::RATE_BURST / limits::RATE_PER_SECOND);
        Self {
            limiter: Limiter::per_minute(rate, burst),
            costly: Limiter::per_minute(u64::from(limits::COSTLY_PER_MINUTE), limits::COSTLY_PER_MINUTE),
            settings: parts.settings,
            domain: parts.domain,
            chain: parts.chain,
            genesis: parts.genesis,
            store: parts.store,
            model: RwLock::default(),
            rounds: RwLock::default(),
            changes: Changes::default(),
            answers: Answers::default(),
            metrics: Metrics::default(),
            requests: Semaphore::new(limits::REQUESTS_MAX),
            streams: Arc::new(Semaphore::new(limits::STREAMS_MAX)),
            streams_by_address: Mutex::default(),
            uploads: Semaphore::new(limits::UPLOADS_MAX),
            tickets: Tickets::default(),
            ways: Arc::new(Semaphore::new(limits::WAYS_MAX)),
            ways_by_job: Mutex::default(),
            bridge: parts.bridge,
            faucet: parts.faucet,
            files: parts.files,
            revision: AtomicU64::new(1),
            jobs_revision: AtomicU64::new(1),
            synced_accounts: AtomicBool::new(false),
            synced_history: AtomicBool::new(false),
        }
    }

    /// The accounts as they are now. Never held across a wait.
    pub fn model(&self) -> RwLockReadGuard<'_, Model> {
        self.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the accounts; answers made before are forgotten.
    pub fn change<T>(&self, change: impl FnOnce(&mut Model) -> T) -> T {
        let out = change(&mut self.model_mut());
        self.touch();
        out
    }

    /// Changes the accounts, and says what was touched. If it was jobs only, answers that jobs play no part in stay.
    pub fn change_accounts<C>(&self, change: impl FnOnce(&mut Model) -> C) -> C
    where
        for<'a> &'a C: IntoIterator<Item = &'a Touched>,
    {
        let touched = change(&mut self.model_mut());
        if (&touched).into_iter().all(|touched| matches!(touched, Touched::Job(_))) {
            self.touch_jobs();
        } else {
            self.touch();
        }
        touched
    }

    fn model_mut(&self) -> RwLockWriteGuard<'_, Model> {
        self.model.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// All answers made before are forgotten.
    pub fn touch(&self) {
        self.revision.fetch_add(1, Ordering::AcqRel);
    }

    /// Answers made before that jobs play a part in are forgotten.
    pub fn touch_jobs(&self) {
        self.jobs_revision.fetch_add(1, Ordering::AcqRel);
    }

    /// What an answer is made of, as it is now.
    pub fn revision(&self, of: Sources) -> Revision {
        let jobs = match of {
            Sources::All => self.jobs_revision.load(Ordering::Acquire),
            Sources::AllButJobs => 0,
        };
        Revision { jobs, rest: self.revision.load(Ordering::Acquire) }
    }

    /// Places for ways to one service. They are forgotten with the last that is taken.
    pub fn ways_of(&self, job: &Address) -> Arc<Semaphore> {
        let mut held = self.ways_by_job.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = held.get(job).and_then(Weak::upgrade) {
            return places;
        }
        held.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(limits::WAYS_PER_JOB_MAX));
        held.insert(*job, Arc::downgrade(&places));
        places
    }

    /// The job that a round judges.
    pub fn job_of_round(&self, round: &Address) -> Option<Address> {
        self.rounds.read().unwrap_or_else(PoisonError::into_inner).get(round).copied()
    }

    /// Learns which jobs rounds judge. What was learnt stays: a round's address follows from its job.
    pub fn learn_rounds(&self, rounds: impl IntoIterator<Item = (Address, Address)>) {
        self.rounds.write().unwrap_or_else(PoisonError::into_inner).extend(rounds);
    }

    pub fn set_synced_accounts(&self, synced: bool) {
        self.synced_accounts.store(synced, Ordering::Release);
    }

    pub fn set_synced_history(&self, synced: bool) {
        self.synced_history.store(synced, Ordering::Release);
    }

    pub fn synced_accounts(&self) -> bool {
        self.synced_accounts.load(Ordering::Acquire)
    }

    /// Whether everything that the node has is indexed.
    pub fn ready(&self) -> bool {
        self.synced_accounts() && self.synced_history.load(Ordering::Acquire)
    }

    /// Seconds since 1970 on this machine's clock: for sessions and keys, never for the chain's deadlines.
    pub fn wall_clock() -> i64 {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }
}

/// What an answer may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    All,
    /// Offers and providers, which say nothing of single jobs.
    AllButJobs,
}

/// The state of the [`Sources`] of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    jobs: u64,
    rest: u64,
}

/// Answers that need not be made twice: valid for the revision they were made at.
#[derive(Default)]
pub struct Answers {
    held: Mutex<Held>,
    /// Questions that are being answered. No more than requests, which are bounded.
    making: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Default)]
struct Held {
    by_question: HashMap<String, (Revision, Bytes)>,
    order: VecDeque<String>,
}

/// The right to answer a question, held by one at a time: who comes meanwhile waits for that answer.
pub struct Turn<'a> {
    answers: &'a Answers,
    question: &'a str,
    _guard: tokio::sync::OwnedMutexGuard<()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut making = self.answers.making.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's own, and the one that this turn holds: nobody waits.
        if let Some(lock) = making.get(self.question)
            && Arc::strong_count(lock) <= 2
        {
            making.remove(self.question);
        }
    }
}

impl Answers {
    /// The answer to a question, if it was made at this revision.
    pub fn get(&self, question: &str, revision: Revision) -> Option<Bytes> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.by_question.get(question).filter(|(made, _)| *made == revision).map(|(_, answer)| answer.clone())
    }

    /// Waits until nobody else is answering this question.
    pub async fn turn<'a>(&'a self, question: &'a str) -> Turn<'a> {
        let lock = {
            let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            match making.entry(question.to_owned()) {
                Entry::Occupied(entry) => entry.get().clone(),
                Entry::Vacant(entry) => entry.insert(Arc::default()).clone(),
            }
        };
        Turn { answers: self, question, _guard: lock.lock_owned().await }
    }

    /// Keeps an answer that was made at a revision.
    pub fn put(&self, question: &str, revision: Revision, answer: Bytes) {
        if answer.len() > limits::CACHED_BYTES_MAX {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = held.by_question.get_mut(question) {
            *kept = (revision, answer);
            return;
        }
        held.by_question.insert(question.to_owned(), (revision, answer));
        held.order.push_back(question.to_owned());
        while held.order.len() > limits::CACHED_ANSWERS_MAX {
            if let Some(oldest) = held.order.pop_front() {
                held.by_question.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Revision = Revision { jobs: 1, rest: 1 };

    #[test]
    fn an_answer_is_valid_for_its_revision_only_and_the_store_is_bounded() {
        let answers = Answers::default();
        answers.put("a", FIRST, Bytes::from_static(b"x"));
        assert_eq!(answers.get("a", FIRST).as_deref(), Some(&b"x"[..]));
        assert_eq!(answers.get("a", Revision { jobs: 2, rest: 1 }), None);
        assert_eq!(answers.get("a", Revision { jobs: 1, rest: 2 }), None);
        answers.put("big", FIRST, Bytes::from(vec![0; limits::CACHED_BYTES_MAX + 1]));
        assert_eq!(answers.get("big", FIRST), None);
        for number in 0..limits::CACHED_ANSWERS_MAX + 10 {
            answers.put(&number.to_string(), FIRST, Bytes::new());
        }
        let held = answers.held.lock().unwrap();
        assert_eq!(
            (held.by_question.len(), held.order.len()),
            (limits::CACHED_ANSWERS_MAX, limits::CACHED_ANSWERS_MAX)
        );
    }

    #[tokio::test]
    async fn a_question_is_answered_by_one_at_a_time_and_nothing_is_left_behind() {
        let answers = Arc::new(Answers::default());
        let first = answers.turn("a").await;
        let _other = answers.turn("b").await;
        let (waiting, made) = (answers.clone(), Arc::new(AtomicBool::new(false)));
        let seen = made.clone();
        let second = tokio::spawn(async move {
            let _turn = waiting.turn("a").await;
            assert!(seen.load(Ordering::Acquire), "it waited for the first");
        });
        // One that gives up waiting takes nothing with it.
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(5), answers.turn("a")).await;
        assert!(given_up.is_err());
        made.store(true, Ordering::Release);
        drop(first);
        second.await.unwrap();
        assert_eq!(answers.making.lock().unwrap().keys().collect::<Vec<_>>(), ["b"]);
    }
}
