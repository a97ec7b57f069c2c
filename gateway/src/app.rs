//! What all requests share.

use std::{
    collections::{HashMap, VecDeque},
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
    bridge::Bridge, changes::Changes, faucet::Faucet, files::Files, index::model::Model, limiter::Limiter, limits,
    metrics::Metrics, settings::Settings, store::Store, tickets::Tickets,
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
    /// Counts every change that an answer may be made of.
    revision: AtomicU64,
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
        let mut model: RwLockWriteGuard<'_, Model> = self.model.write().unwrap_or_else(PoisonError::into_inner);
        let out = change(&mut model);
        drop(model);
        self.touch();
        out
    }

    /// Answers made before are forgotten.
    pub fn touch(&self) {
        self.revision.fetch_add(1, Ordering::AcqRel);
    }

    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
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

/// Answers that need not be made twice: valid for the revision they were made at.
#[derive(Default)]
pub struct Answers {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_question: HashMap<String, (u64, Bytes)>,
    order: VecDeque<String>,
}

impl Answers {
    /// The answer to a question, if it was made at this revision.
    pub fn get(&self, question: &str, revision: u64) -> Option<Bytes> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.by_question.get(question).filter(|(made, _)| *made == revision).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer that was made at a revision.
    pub fn put(&self, question: String, revision: u64, answer: Bytes) {
        if answer.len() > limits::CACHED_BYTES_MAX {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.by_question.insert(question.clone(), (revision, answer)).is_none() {
            held.order.push_back(question);
        }
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

    #[test]
    fn an_answer_is_valid_for_its_revision_only_and_the_store_is_bounded() {
        let answers = Answers::default();
        answers.put("a".into(), 1, Bytes::from_static(b"x"));
        assert_eq!(answers.get("a", 1).as_deref(), Some(&b"x"[..]));
        assert_eq!(answers.get("a", 2), None);
        answers.put("big".into(), 1, Bytes::from(vec![0; limits::CACHED_BYTES_MAX + 1]));
        assert_eq!(answers.get("big", 1), None);
        for number in 0..limits::CACHED_ANSWERS_MAX + 10 {
            answers.put(number.to_string(), 1, Bytes::new());
        }
        let held = answers.held.lock().unwrap();
        assert_eq!(
            (held.by_question.len(), held.order.len()),
            (limits::CACHED_ANSWERS_MAX, limits::CACHED_ANSWERS_MAX)
        );
    }
}
