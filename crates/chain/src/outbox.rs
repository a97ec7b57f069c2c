//! Every effect happens once: record, then send, then confirm.
//!
//! An effect has a key, such as `submit_proof:<job>:<attempt>`. Its signed bytes and their last valid block height are
//! recorded under the key *before* they leave, and stay there until their fate is known. A process that died anywhere
//! in between finds them on start ([`Sender::resume`]) and sends the same bytes, which the chain accepts at most once;
//! only bytes that can never land any more are replaced. What to do at each point is decided by [`crate::settle`].
//!
//! "Confirmed" is the cluster's supermajority vote, not finality; what must not be undone waits for finality on its own.
//!
//! What this does not do: remember settled effects. The store is told the [`Settlement`] at the moment an entry leaves
//! ([`OutboxStore::clear`]), so that a ledger can write "done" in the same step; and the programs themselves refuse a
//! second effect of the same name.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use solana_signature::Signature;
use tokio::time::Instant;

use crate::{
    bounds,
    chain::{Chain, Preflight, TransactionFailure},
    error::{ChainError, StoreError},
    settle::{self, Observation, Seen, SendReply, Step, Tracking},
    transaction::{self, ComputeLimit, SignedTransaction, TransactionRequest},
};

/// What is recorded of an effect before it leaves.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutboxEntry {
    /// The signature, as its 64 bytes.
    #[serde(with = "signature_bytes")]
    pub signature: Signature,
    /// The serialized, signed transaction.
    pub bytes: Vec<u8>,
    /// Height of the last block that accepts it.
    pub last_valid_block_height: u64,
}

mod signature_bytes {
    //! A signature as a list of bytes, so that any serde format carries it.

    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use solana_signature::Signature;

    pub(super) fn serialize<S: Serializer>(signature: &Signature, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(signature.as_ref())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        Signature::try_from(bytes).map_err(|_| D::Error::custom("a signature has 64 bytes"))
    }
}

/// Where entries outlive the process. Calls may block; they are made off the async threads.
pub trait OutboxStore: Send + Sync {
    /// Records an entry durably, in place of an earlier one of the same key.
    fn record(&self, key: &[u8], entry: &OutboxEntry) -> Result<(), StoreError>;

    /// Removes an entry, whose fate is `settlement`. Durable before it returns.
    fn clear(&self, key: &[u8], settlement: &Settlement) -> Result<(), StoreError>;

    /// The entry of a key.
    fn get(&self, key: &[u8]) -> Result<Option<OutboxEntry>, StoreError>;

    /// Every entry not cleared.
    fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError>;
}

/// The fate of a recorded transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It took effect.
    Confirmed {
        /// Its signature.
        signature: Signature,
        /// Slot of its block.
        slot: u64,
    },
    /// It is on chain and failed.
    Failed {
        /// Its signature.
        signature: Signature,
        /// Slot of its block.
        slot: u64,
        /// Why.
        failure: TransactionFailure,
    },
    /// The node's preflight refused it; it never left.
    Rejected {
        /// Why.
        failure: TransactionFailure,
    },
    /// It can never land.
    Expired,
}

/// An outbox that lives as long as the process: for tests and for tools whose effects need not survive them.
#[derive(Debug, Default)]
pub struct MemoryOutbox {
    entries: Mutex<BTreeMap<Vec<u8>, OutboxEntry>>,
}

impl MemoryOutbox {
    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, OutboxEntry>> {
        // A map is whole between two calls, so a panic elsewhere does not spoil it.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutboxStore for MemoryOutbox {
    fn record(&self, key: &[u8], entry: &OutboxEntry) -> Result<(), StoreError> {
        self.entries().insert(key.to_vec(), entry.clone());
        Ok(())
    }

    fn clear(&self, key: &[u8], _settlement: &Settlement) -> Result<(), StoreError> {
        self.entries().remove(key);
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<OutboxEntry>, StoreError> {
        Ok(self.entries().get(key).cloned())
    }

    fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError> {
        Ok(self.entries().iter().map(|(key, entry)| (key.clone(), entry.clone())).collect())
    }
}

/// An effect that took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The transaction.
    pub signature: Signature,
    /// Slot of its block.
    pub slot: u64,
}

/// An entry found on start, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Key of the effect.
    pub key: Vec<u8>,
    /// Its fate. [`ChainError::BlockhashExpired`] means that nothing happened and it may be asked for again.
    pub outcome: Result<Confirmed, ChainError>,
}

/// How long a [`Sender`] keeps at one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long one call works before it hands back [`ChainError::Unsettled`].
    pub patience: Duration,
    /// How often an expired transaction is built anew within one call.
    pub rebuilds: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { patience: bounds::SEND_PATIENCE, rebuilds: bounds::REBUILDS }
    }
}

type Outcome = Result<Confirmed, ChainError>;
type InFlight = Mutex<BTreeMap<Vec<u8>, WeakShared<BoxFuture<'static, Outcome>>>>;

/// Makes effects happen once. Clones work on the same outbox.
#[derive(Clone)]
pub struct Sender {
    shell: Arc<Shell>,
    in_flight: Arc<InFlight>,
}

struct Shell {
    chain: Arc<dyn Chain>,
    store: Arc<dyn OutboxStore>,
    pace: Pace,
}

impl Sender {
    /// A sender. Call [`Sender::resume`] before the first effect.
    pub fn new(chain: Arc<dyn Chain>, store: Arc<dyn OutboxStore>) -> Self {
        Self::with_pace(chain, store, Pace::default())
    }

    /// A sender with a patience of the caller's choice.
    pub fn with_pace(chain: Arc<dyn Chain>, store: Arc<dyn OutboxStore>, pace: Pace) -> Self {
        Self { shell: Arc::new(Shell { chain, store, pace }), in_flight: Arc::default() }
    }

    /// Makes an effect happen, once per key while the key is pending, and waits until it is confirmed.
    ///
    /// A call with a key that another call is working on waits for that one and shares its outcome; a key left pending
    /// by an earlier process is settled first, and only if its transaction expired is a new one built. Dropping the
    /// future stops the work, not the effect: the entry stays pending.
    ///
    /// # Errors
    /// - [`ChainError::Rejected`]: it failed, in simulation (nothing recorded or sent) or on chain; with the program's
    ///   code and logs. No effect but the fee.
    /// - [`ChainError::BlockhashExpired`]: it never landed, however often built. No effect.
    /// - [`ChainError::Unsettled`]: patience ran out while it may still land; call again with the same key, or resume.
    /// - [`ChainError::Store`]: the outbox failed. If it failed before the first send there is no effect; otherwise the
    ///   entry is still pending.
    /// - [`ChainError::Unbuildable`], and transport errors of the reads that precede the first send. No effect.
    pub async fn send(&self, key: &[u8], request: TransactionRequest) -> Result<Confirmed, ChainError> {
        if key.is_empty() || key.len() > bounds::KEY_BYTES {
            return Err(ChainError::InvalidQuery(format!("a key has 1 to {} bytes", bounds::KEY_BYTES)));
        }
        let key = key.to_vec();
        let shell = self.shell.clone();
        self.shared(key.clone(), move || async move { shell.effect(&key, &request).await }.boxed()).await
    }

    /// Settles what earlier processes left pending: the same bytes are sent again until they land, fail or expire.
    /// Entries are settled side by side. Nothing is built anew.
    ///
    /// # Errors
    /// [`ChainError::Store`] when the outbox cannot be listed; the fate of each entry is in its [`Settled`].
    pub async fn resume(&self) -> Result<Vec<Settled>, ChainError> {
        let store = self.shell.store.clone();
        let pending = blocking(move || store.pending()).await?;
        let work = pending.into_iter().map(|(key, entry)| {
            let shell = self.shell.clone();
            let shared = self.shared(key.clone(), {
                let key = key.clone();
                move || {
                    async move {
                        let deadline = Instant::now() + shell.pace.patience;
                        shell.settle(&key, &entry, true, Preflight::Skip, deadline).await
                    }
                    .boxed()
                }
            });
            async move { Settled { key, outcome: shared.await } }
        });
        Ok(futures_util::future::join_all(work).await)
    }

    /// The work in flight for a key, or new work.
    fn shared(
        &self,
        key: Vec<u8>,
        work: impl FnOnce() -> BoxFuture<'static, Outcome>,
    ) -> Shared<BoxFuture<'static, Outcome>> {
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.retain(|_, work| work.upgrade().is_some_and(|work| work.peek().is_none()));
        if let Some(running) = in_flight.get(&key).and_then(WeakShared::upgrade) {
            return running;
        }
        let shared = work().shared();
        if let Some(weak) = shared.downgrade() {
            in_flight.insert(key, weak);
        }
        shared
    }
}

impl Shell {
    async fn effect(&self, key: &[u8], request: &TransactionRequest) -> Outcome {
        let deadline = Instant::now() + self.pace.patience;
        let (store, owned) = (self.store.clone(), key.to_vec());
        if let Some(entry) = blocking(move || store.get(&owned)).await? {
            match self.settle(key, &entry, true, Preflight::Skip, deadline).await {
                Err(ChainError::BlockhashExpired) => {}
                settled => return settled,
            }
        }
        for _ in 0..=self.pace.rebuilds {
            let (entry, preflight) = self.build(request).await?;
            let (store, owned, recorded) = (self.store.clone(), key.to_vec(), entry.clone());
            blocking(move || store.record(&owned, &recorded)).await?;
            match self.settle(key, &entry, false, preflight, deadline).await {
                Err(ChainError::BlockhashExpired) if Instant::now() < deadline => {}
                settled => return settled,
            }
        }
        Err(ChainError::BlockhashExpired)
    }

    async fn build(&self, request: &TransactionRequest) -> Result<(OutboxEntry, Preflight), ChainError> {
        let recent = self.chain.latest_blockhash().await?;
        let price = Some(request.priority_fee).filter(|price| *price > 0);
        let (units, preflight) = match request.compute {
            ComputeLimit::Default => (None, Preflight::Run),
            ComputeLimit::Units(units) => (Some(units), Preflight::Run),
            ComputeLimit::Simulated => {
                // The same instructions with the largest limit and no price, so that the trial costs what it must.
                let free = price.map(|_| 0);
                let trial = transaction::sign(request, recent.hash, Some(bounds::MAX_COMPUTE_UNITS), free)?;
                let simulation = self.chain.simulate(&trial.bytes).await?;
                if let Some(failure) = simulation.failure {
                    return Err(ChainError::Rejected { failure, logs: simulation.logs, landed: None });
                }
                (Some(transaction::with_margin(simulation.compute_units)), Preflight::Skip)
            }
        };
        let SignedTransaction { signature, bytes } = transaction::sign(request, recent.hash, units, price)?;
        let entry = OutboxEntry { signature, bytes, last_valid_block_height: recent.last_valid_block_height };
        Ok((entry, preflight))
    }

    /// Obeys [`settle::next`] until the entry's fate is known, then clears it.
    async fn settle(
        &self,
        key: &[u8],
        entry: &OutboxEntry,
        resumed: bool,
        preflight: Preflight,
        deadline: Instant,
    ) -> Outcome {
        let began = Instant::now();
        let mut tracking = Tracking::new(entry.last_valid_block_height, Duration::ZERO, resumed);
        let mut observation = Observation::Started;
        let mut height = Height::default();
        let mut refusal_logs = Vec::new();
        let mut trouble = String::from("no answer yet");
        loop {
            let (after, step) = settle::next(tracking, &observation, began.elapsed());
            tracking = after;
            let settlement = match step {
                Step::Confirmed { slot } => Settlement::Confirmed { signature: entry.signature, slot },
                Step::Failed { slot, failure } => Settlement::Failed { signature: entry.signature, slot, failure },
                Step::Rejected { failure } => Settlement::Rejected { failure },
                Step::Expired => Settlement::Expired,
                Step::Send | Step::Look(_) if Instant::now() >= deadline => {
                    return Err(ChainError::Unsettled { signature: entry.signature, reason: trouble });
                }
                Step::Send => {
                    let preflight = if tracking.may_have_left { Preflight::Skip } else { preflight };
                    observation = Observation::Sent(match self.chain.send_raw(&entry.bytes, preflight).await {
                        Ok(()) => {
                            trouble = String::from("sent, not seen on chain yet");
                            SendReply::Accepted
                        }
                        Err(ChainError::Rejected { failure, logs, .. }) => {
                            trouble = failure.reason.clone();
                            refusal_logs = logs;
                            SendReply::Refused(failure)
                        }
                        Err(error) => {
                            trouble = error.to_string();
                            SendReply::Unclear
                        }
                    });
                    continue;
                }
                Step::Look(pause) => {
                    tokio::time::sleep(pause).await;
                    // The height before the status: an absence then speaks for every block up to that height.
                    let height = height.fresh(self.chain.as_ref(), tracking.is_expiring(), &mut trouble).await;
                    let status = match self.chain.signature_status(entry.signature).await {
                        Ok(None) => Seen::Absent,
                        Ok(Some(status)) => {
                            Seen::Landed { slot: status.slot, level: status.level, failure: status.failure }
                        }
                        Err(error) => {
                            trouble = error.to_string();
                            Seen::Unknown
                        }
                    };
                    observation = Observation::Looked { status, height };
                    continue;
                }
            };
            let outcome = self.outcome(&settlement, refusal_logs).await;
            let (store, owned) = (self.store.clone(), key.to_vec());
            blocking(move || store.clear(&owned, &settlement)).await?;
            return outcome;
        }
    }

    async fn outcome(&self, settlement: &Settlement, refusal_logs: Vec<String>) -> Outcome {
        match settlement {
            Settlement::Confirmed { signature, slot } => Ok(Confirmed { signature: *signature, slot: *slot }),
            Settlement::Failed { signature, slot, failure } => {
                // Logs are a courtesy: the verdict stands without them.
                let record = self.chain.transaction(*signature).await.ok().flatten();
                let logs = record.map(|record| record.logs).unwrap_or_default();
                Err(ChainError::Rejected { failure: failure.clone(), logs, landed: Some((*signature, *slot)) })
            }
            Settlement::Rejected { failure } => {
                Err(ChainError::Rejected { failure: failure.clone(), logs: refusal_logs, landed: None })
            }
            Settlement::Expired => Err(ChainError::BlockhashExpired),
        }
    }
}

/// The block height, asked for now and then; on every look while expiry is being established.
#[derive(Default)]
struct Height {
    asked: Option<Instant>,
}

impl Height {
    async fn fresh(&mut self, chain: &dyn Chain, wanted: bool, trouble: &mut String) -> Option<u64> {
        if !wanted && self.asked.is_some_and(|asked| asked.elapsed() < bounds::HEIGHT_EVERY) {
            return None;
        }
        self.asked = Some(Instant::now());
        match chain.block_height().await {
            Ok(height) => Some(height),
            Err(error) => {
                *trouble = error.to_string();
                None
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ChainError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(ChainError::Store(StoreError("the store's thread ended early".to_owned()))),
    }
}
