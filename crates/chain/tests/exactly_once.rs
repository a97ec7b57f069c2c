//! T38, "landed or not?": whatever is lost between signing and confirming, an effect happens once or, where the answer
//! says so, not at all. The chain here is scripted; each distinct signature that lands is one effect.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use proofmill_chain::{
    AccountSnapshot, Chain, ChainError, ChainFuture, ChainTime, ComputeLimit, Filter, HistoryEntry, Level,
    MemoryOutbox, OutboxEntry, OutboxStore, Pace, Preflight, ProgramAccounts, RecentBlockhash, Sender, Settlement,
    SignatureStatus, Simulation, StoreError, TransactionFailure, TransactionRecord, TransactionRequest, bounds,
};
use solana_address::Address;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signature::Signature;

const BLOCKHASH_LIFE: u64 = 150;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Blockhash,
    Simulate,
    Send,
    Height,
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The question never arrives.
    LoseRequest,
    /// It is acted upon, the answer is lost.
    LoseReply,
    /// It is acted upon, the answer comes too late.
    TimeOut,
    /// The node limits our rate.
    Limit,
    /// The node answers nonsense.
    Garble,
    /// The node answers from before: not found, an old height, an unknown blockhash.
    Stale,
}

const FAULTS: [Fault; 6] =
    [Fault::LoseRequest, Fault::LoseReply, Fault::TimeOut, Fault::Limit, Fault::Garble, Fault::Stale];
const CALLS: [Call; 5] = [Call::Blockhash, Call::Simulate, Call::Send, Call::Height, Call::Status];

/// A cluster of one: heights advance with every question about them.
struct World {
    state: Mutex<State>,
    store: Arc<MemoryOutbox>,
}

#[derive(Default)]
struct State {
    height: u64,
    /// Blocks that pass with each height or status question.
    blocks_per_look: u64,
    issued: u64,
    /// Last valid height per signature, fixed when first seen.
    last_valid: BTreeMap<Signature, u64>,
    landed: BTreeMap<Signature, u64>,
    /// Sends that the leaders drop before one lands.
    drop_sends: u64,
    sends: u64,
    /// Status questions answered "not found" after landing.
    hide_looks: u64,
    /// Failure that transactions have on chain.
    fails: Option<TransactionFailure>,
    /// Failure that simulations and preflights report.
    refuses: Option<TransactionFailure>,
    calls: u64,
    per_call: BTreeMap<Call, u64>,
    /// Faults by call and occurrence.
    faults: BTreeMap<(Call, u64), Fault>,
    /// From this question on nothing is ever answered: the process is about to die.
    dies_at: Option<u64>,
}

impl World {
    fn new(set: impl FnOnce(&mut State)) -> Arc<Self> {
        let mut state = State { height: 1000, ..State::default() };
        set(&mut state);
        Arc::new(Self { state: Mutex::new(state), store: Arc::default() })
    }

    fn sender(self: &Arc<Self>) -> Sender {
        let pace = Pace { patience: Duration::from_secs(20), rebuilds: 2 };
        Sender::with_pace(self.clone(), self.store.clone(), pace)
    }

    fn effects(&self) -> usize {
        self.state.lock().unwrap().landed.len()
    }

    fn set(&self, set: impl FnOnce(&mut State)) {
        set(&mut self.state.lock().unwrap());
    }

    async fn call<T>(
        &self,
        call: Call,
        stale: Result<T, ChainError>,
        act: impl FnOnce(&mut State) -> Result<T, ChainError>,
    ) -> Result<T, ChainError> {
        let verdict = {
            let mut state = self.state.lock().unwrap();
            let nth = state.calls;
            state.calls += 1;
            let occurrence = state.per_call.entry(call).or_default();
            let fault_key = (call, *occurrence);
            *occurrence += 1;
            if state.dies_at.is_some_and(|at| nth > at) {
                None
            } else {
                let dies = state.dies_at == Some(nth);
                let answer = match state.faults.get(&fault_key).copied() {
                    Some(Fault::LoseRequest) => Err(unreachable_node()),
                    Some(Fault::Limit) => Err(ChainError::RateLimited { url: "node".into() }),
                    Some(Fault::Stale) => stale,
                    Some(Fault::LoseReply) => act(&mut state).and(Err(unreachable_node())),
                    Some(Fault::TimeOut) => {
                        act(&mut state).and(Err(ChainError::Timeout { url: "node".into(), millis: 1 }))
                    }
                    Some(Fault::Garble) => {
                        act(&mut state).and(Err(ChainError::InvalidResponse { method: "m", reason: "r".into() }))
                    }
                    None => act(&mut state),
                };
                // Dying at a question: it was acted upon, the answer is never seen.
                (!dies).then_some(answer)
            }
        };
        match verdict {
            Some(answer) => answer,
            None => pending().await,
        }
    }
}

fn unreachable_node() -> ChainError {
    ChainError::Unreachable { url: "node".into(), reason: "script".into() }
}

fn custom(code: u32) -> TransactionFailure {
    TransactionFailure { instruction_index: Some(2), code: Some(code), reason: format!("Custom({code})") }
}

fn named(reason: &str) -> TransactionFailure {
    TransactionFailure { instruction_index: None, code: None, reason: reason.into() }
}

fn identity(bytes: &[u8]) -> Signature {
    Signature::try_from(&bytes[1..65]).unwrap()
}

impl Chain for World {
    fn latest_blockhash(&self) -> ChainFuture<'_, RecentBlockhash> {
        let stale = Err(ChainError::NodeBehind { url: "node".into(), slot: 1, seen: 2 });
        Box::pin(self.call(Call::Blockhash, stale, |state| {
            state.issued += 1;
            let mut hash = [7; 32];
            hash[..8].copy_from_slice(&state.issued.to_le_bytes());
            Ok(RecentBlockhash {
                hash: Hash::new_from_array(hash),
                last_valid_block_height: state.height + BLOCKHASH_LIFE,
            })
        }))
    }

    fn simulate<'a>(&'a self, _transaction: &'a [u8]) -> ChainFuture<'a, Simulation> {
        let stale = Err(ChainError::NodeBehind { url: "node".into(), slot: 1, seen: 2 });
        Box::pin(self.call(Call::Simulate, stale, |state| {
            Ok(Simulation { failure: state.refuses.clone(), logs: vec!["log".into()], compute_units: 1234 })
        }))
    }

    fn send_raw<'a>(&'a self, transaction: &'a [u8], preflight: Preflight) -> ChainFuture<'a, ()> {
        let signature = identity(transaction);
        let recorded = self.store.pending().unwrap();
        assert!(
            recorded.iter().any(|(_, entry)| entry.signature == signature && entry.bytes == transaction),
            "sent before it was recorded"
        );
        let rejected = |failure| Err(ChainError::Rejected { failure, logs: vec!["log".into()], landed: None });
        Box::pin(self.call(Call::Send, rejected(named("BlockhashNotFound")), move |state| {
            state.sends += 1;
            let life = state.height + BLOCKHASH_LIFE;
            let last_valid = *state.last_valid.entry(signature).or_insert(life);
            if state.landed.contains_key(&signature) {
                return rejected(named("AlreadyProcessed"));
            }
            if preflight == Preflight::Run
                && let Some(failure) = state.refuses.clone()
            {
                return rejected(failure);
            }
            if state.sends > state.drop_sends && state.height <= last_valid {
                state.landed.insert(signature, state.height);
            }
            Ok(())
        }))
    }

    fn block_height(&self) -> ChainFuture<'_, u64> {
        Box::pin(self.call(Call::Height, Ok(1), |state| {
            state.height += state.blocks_per_look;
            Ok(state.height)
        }))
    }

    fn signature_status(&self, signature: Signature) -> ChainFuture<'_, Option<SignatureStatus>> {
        Box::pin(self.call(Call::Status, Ok(None), move |state| {
            let Some(slot) = state.landed.get(&signature).copied() else { return Ok(None) };
            if state.hide_looks > 0 {
                state.hide_looks -= 1;
                return Ok(None);
            }
            Ok(Some(SignatureStatus { slot, level: Level::Confirmed, failure: state.fails.clone() }))
        }))
    }

    fn transaction(&self, signature: Signature) -> ChainFuture<'_, Option<TransactionRecord>> {
        let slot = self.state.lock().unwrap().landed.get(&signature).copied();
        let failure = self.state.lock().unwrap().fails.clone();
        Box::pin(async move {
            Ok(slot.map(|slot| TransactionRecord {
                slot,
                block_time: None,
                failure,
                logs: vec!["on chain".into()],
                compute_units: 1,
                fee: 5000,
                size: 200,
                calls: Vec::new(),
            }))
        })
    }

    fn account(&self, _address: Address) -> ChainFuture<'_, Option<AccountSnapshot>> {
        unreachable!("the outbox reads no accounts")
    }

    fn accounts<'a>(&'a self, _addresses: &'a [Address]) -> ChainFuture<'a, Vec<Option<AccountSnapshot>>> {
        unreachable!("the outbox reads no accounts")
    }

    fn program_accounts<'a>(&'a self, _program: Address, _filters: &'a [Filter]) -> ChainFuture<'a, ProgramAccounts> {
        unreachable!("the outbox reads no accounts")
    }

    fn clock(&self) -> ChainFuture<'_, ChainTime> {
        unreachable!("the outbox follows block heights")
    }

    fn minimum_balance(&self, _data_len: usize) -> ChainFuture<'_, u64> {
        unreachable!("the outbox pays no rent")
    }

    fn genesis_hash(&self) -> ChainFuture<'_, Hash> {
        unreachable!("the outbox trusts its chain")
    }

    fn history(
        &self,
        _address: Address,
        _before: Option<Signature>,
        _until: Option<Signature>,
        _limit: usize,
    ) -> ChainFuture<'_, Vec<HistoryEntry>> {
        unreachable!("the outbox asks by signature")
    }
}

fn effect(compute: ComputeLimit) -> TransactionRequest {
    let instruction = Instruction { program_id: Address::new_from_array([3; 32]), accounts: vec![], data: vec![1] };
    TransactionRequest::new(Arc::new(Keypair::new()), vec![instruction]).compute(compute)
}

/// An outcome is consistent with the chain: `Ok` is one effect, a certain "nothing" is none, and the outbox keeps
/// exactly what is uncertain.
fn assert_consistent(world: &World, outcome: &Result<proofmill_chain::Confirmed, ChainError>, context: &str) {
    let effects = world.effects();
    let pending = world.store.pending().unwrap();
    match outcome {
        Ok(confirmed) => {
            assert_eq!(effects, 1, "{context}");
            assert!(world.state.lock().unwrap().landed.contains_key(&confirmed.signature), "{context}");
            assert!(pending.is_empty(), "{context}");
        }
        Err(ChainError::Rejected { landed: Some(_), .. }) => assert_eq!(effects, 1, "{context}"),
        Err(ChainError::Unsettled { .. }) => {
            assert!(effects <= 1, "{context}");
            assert_eq!(pending.len(), 1, "{context}");
        }
        Err(_) => {
            assert_eq!(effects, 0, "{context}");
            assert!(pending.is_empty(), "{context}");
        }
    }
}

#[tokio::test]
async fn any_two_faults_leave_exactly_one_effect() {
    let mut cases = Vec::new();
    let single: Vec<(Call, u64, Fault)> = CALLS
        .into_iter()
        .flat_map(|call| (0..2).flat_map(move |nth| FAULTS.into_iter().map(move |fault| (call, nth, fault))))
        .collect();
    for compute in [ComputeLimit::Units(1000), ComputeLimit::Simulated] {
        for first in &single {
            for second in &single {
                cases.push((compute, *first, *second));
            }
        }
    }
    assert_eq!(cases.len(), 2 * 60 * 60);
    let runs = cases.into_iter().map(|(compute, first, second)| async move {
        let context = format!("{compute:?} {first:?} {second:?}");
        let world = World::new(|state| {
            for (call, nth, fault) in [first, second] {
                state.faults.insert((call, nth), fault);
            }
        });
        // Faults of reads before the first send are handed up, with nothing done; the caller then asks again.
        for attempt in 0.. {
            let outcome = world.sender().send(b"effect", effect(compute)).await;
            assert_consistent(&world, &outcome, &context);
            if outcome.is_ok() {
                break;
            }
            assert!(attempt < 4, "{context}: {outcome:?}");
            assert!(matches!(&outcome, Err(error) if error.is_transient()), "{context}: {outcome:?}");
        }
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn dying_at_any_point_and_starting_again_leaves_exactly_one_effect() {
    let runs = (0..12).flat_map(|dies_at| {
        [true, false].map(|resumes| async move {
            let world = World::new(|state| {
                state.dies_at = Some(dies_at);
                state.drop_sends = 1;
                state.hide_looks = 2;
            });
            let dying = world.sender();
            let first =
                tokio::time::timeout(Duration::from_secs(2), dying.send(b"effect", effect(ComputeLimit::Simulated)))
                    .await;
            world.set(|state| state.dies_at = None);
            let context = format!("died at {dies_at}, resumes {resumes}");
            if let Ok(outcome) = &first {
                assert!(outcome.is_ok(), "{context}");
            }
            let reborn = world.sender();
            let mut done = first.is_ok();
            if resumes {
                for settled in reborn.resume().await.unwrap() {
                    assert_eq!(settled.key, b"effect");
                    assert_consistent(&world, &settled.outcome, &context);
                    done |= settled.outcome.is_ok();
                }
            }
            if !done {
                let outcome = reborn.send(b"effect", effect(ComputeLimit::Simulated)).await;
                assert_consistent(&world, &outcome, &context);
                assert!(outcome.is_ok(), "{context}: {outcome:?}");
            }
            assert_eq!(world.effects(), 1, "{context}");
        })
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn lost_packets_are_sent_again_as_the_same_bytes() {
    let world = World::new(|state| state.drop_sends = 3);
    let outcome = world.sender().send(b"effect", effect(ComputeLimit::Simulated)).await;
    assert_consistent(&world, &outcome, "dropped sends");
    let state = world.state.lock().unwrap();
    assert_eq!(state.issued, 1, "built once");
    assert!(state.sends >= 4);
}

#[tokio::test]
async fn not_found_then_found_near_expiry_is_not_built_again() {
    // It landed; every look passes 200 blocks, so that its blockhash is long dead, and the node denies it at first.
    let denials = u64::from(bounds::ABSENCES_TO_EXPIRE) - 1;
    let world = World::new(|state| {
        state.blocks_per_look = 200;
        state.hide_looks = denials;
    });
    let outcome = world.sender().send(b"effect", effect(ComputeLimit::Simulated)).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_consistent(&world, &outcome, "denied");
    assert_eq!(world.state.lock().unwrap().issued, 1);
}

#[tokio::test]
async fn an_expired_transaction_is_built_anew_and_lands_once() {
    let world = World::new(|state| {
        state.blocks_per_look = 200;
        state.drop_sends = 1;
    });
    let outcome = world.sender().send(b"effect", effect(ComputeLimit::Simulated)).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_consistent(&world, &outcome, "expired once");
    assert_eq!(world.state.lock().unwrap().issued, 2);
}

#[tokio::test]
async fn what_never_lands_ends_as_expired_with_no_effect() {
    let world = World::new(|state| {
        state.blocks_per_look = 200;
        state.drop_sends = u64::MAX;
    });
    let outcome = world.sender().send(b"effect", effect(ComputeLimit::Units(9))).await;
    assert_eq!(outcome, Err(ChainError::BlockhashExpired));
    assert_consistent(&world, &outcome, "never lands");
    assert_eq!(world.state.lock().unwrap().issued, 3, "the first and two rebuilds");
}

#[tokio::test]
async fn a_simulated_failure_is_typed_and_nothing_leaves() {
    for compute in [ComputeLimit::Simulated, ComputeLimit::Default, ComputeLimit::Units(1000)] {
        let world = World::new(|state| state.refuses = Some(custom(6001)));
        let outcome = world.sender().send(b"effect", effect(compute)).await;
        assert_consistent(&world, &outcome, "refused");
        let error = outcome.unwrap_err();
        assert_eq!(error.custom_code(), Some(6001));
        let ChainError::Rejected { failure, logs, landed: None } = error else { panic!("{error:?}") };
        assert_eq!(failure.instruction_index, Some(2));
        assert_eq!(logs, ["log"]);
    }
}

#[tokio::test]
async fn a_failure_on_chain_is_typed_with_its_logs_and_not_repeated() {
    let world = World::new(|state| state.fails = Some(custom(6002)));
    let error = world.sender().send(b"effect", effect(ComputeLimit::Simulated)).await.unwrap_err();
    assert_eq!(error.custom_code(), Some(6002));
    let ChainError::Rejected { logs, landed: Some(_), .. } = error else { panic!("{error:?}") };
    assert_eq!(logs, ["on chain"]);
    assert_eq!(world.state.lock().unwrap().issued, 1);
    assert!(world.store.pending().unwrap().is_empty());
}

#[tokio::test]
async fn calls_with_one_key_share_one_effect_and_other_keys_do_not_wait() {
    let world = World::new(|state| state.hide_looks = 3);
    let sender = world.sender();
    let twins = (0..10).map(|_| sender.send(b"effect", effect(ComputeLimit::Simulated)));
    let (twins, other) =
        tokio::join!(futures_util::future::join_all(twins), sender.send(b"another", effect(ComputeLimit::Simulated)));
    let first = twins[0].clone().unwrap();
    assert!(twins.iter().all(|outcome| *outcome == Ok(first)));
    assert_ne!(other.unwrap().signature, first.signature);
    assert_eq!(world.effects(), 2);
}

#[tokio::test]
async fn a_waiting_call_survives_the_one_it_waits_for() {
    let world = World::new(|state| state.hide_looks = 10);
    let sender = world.sender();
    let short =
        tokio::time::timeout(Duration::from_millis(100), sender.send(b"effect", effect(ComputeLimit::Simulated)));
    let (short, long) = tokio::join!(short, sender.send(b"effect", effect(ComputeLimit::Simulated)));
    assert!(short.is_err());
    assert!(long.is_ok());
    assert_eq!(world.effects(), 1);
}

#[tokio::test]
async fn patience_ends_with_the_entry_kept() {
    let world = World::new(|state| state.drop_sends = u64::MAX);
    let pace = Pace { patience: Duration::from_millis(200), rebuilds: 0 };
    let sender = Sender::with_pace(world.clone(), world.store.clone(), pace);
    let outcome = sender.send(b"effect", effect(ComputeLimit::Simulated)).await;
    assert!(matches!(outcome, Err(ChainError::Unsettled { .. })), "{outcome:?}");
    assert_consistent(&world, &outcome, "impatient");
    world.set(|state| state.drop_sends = 0);
    let outcome = world.sender().send(b"effect", effect(ComputeLimit::Simulated)).await;
    assert_consistent(&world, &outcome, "patient");
    assert_eq!(world.state.lock().unwrap().issued, 1, "the recorded bytes were used");
}

#[tokio::test]
async fn the_store_learns_the_fate_when_the_entry_leaves() {
    #[derive(Default)]
    struct Ledger {
        inner: MemoryOutbox,
        fates: Mutex<Vec<Settlement>>,
    }
    impl OutboxStore for Ledger {
        fn record(&self, key: &[u8], entry: &OutboxEntry) -> Result<(), StoreError> {
            self.inner.record(key, entry)
        }
        fn clear(&self, key: &[u8], settlement: &Settlement) -> Result<(), StoreError> {
            self.fates.lock().unwrap().push(settlement.clone());
            self.inner.clear(key, settlement)
        }
        fn get(&self, key: &[u8]) -> Result<Option<OutboxEntry>, StoreError> {
            self.inner.get(key)
        }
        fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError> {
            self.inner.pending()
        }
    }
    struct Mirror(Arc<Ledger>, Arc<MemoryOutbox>);
    impl OutboxStore for Mirror {
        fn record(&self, key: &[u8], entry: &OutboxEntry) -> Result<(), StoreError> {
            self.1.record(key, entry)?;
            self.0.record(key, entry)
        }
        fn clear(&self, key: &[u8], settlement: &Settlement) -> Result<(), StoreError> {
            self.0.clear(key, settlement)
        }
        fn get(&self, key: &[u8]) -> Result<Option<OutboxEntry>, StoreError> {
            self.0.get(key)
        }
        fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError> {
            self.0.pending()
        }
    }
    let world = World::new(|_| {});
    let ledger = Arc::new(Ledger::default());
    let sender = Sender::new(world.clone(), Arc::new(Mirror(ledger.clone(), world.store.clone())));
    let confirmed = sender.send(b"effect", effect(ComputeLimit::Simulated)).await.unwrap();
    let fates = ledger.fates.lock().unwrap().clone();
    assert_eq!(fates, [Settlement::Confirmed { signature: confirmed.signature, slot: confirmed.slot }]);
}

#[tokio::test]
async fn nothing_is_sent_when_it_cannot_be_recorded() {
    struct Full;
    impl OutboxStore for Full {
        fn record(&self, _: &[u8], _: &OutboxEntry) -> Result<(), StoreError> {
            Err(StoreError("disk full".into()))
        }
        fn clear(&self, _: &[u8], _: &Settlement) -> Result<(), StoreError> {
            Ok(())
        }
        fn get(&self, _: &[u8]) -> Result<Option<OutboxEntry>, StoreError> {
            Ok(None)
        }
        fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError> {
            Ok(vec![])
        }
    }
    let world = World::new(|_| {});
    let sender = Sender::new(world.clone(), Arc::new(Full));
    let outcome = sender.send(b"effect", effect(ComputeLimit::Simulated)).await;
    assert_eq!(outcome, Err(ChainError::Store(StoreError("disk full".into()))));
    assert_eq!(world.state.lock().unwrap().sends, 0);
}

#[test]
fn keys_name_an_effect_within_bounds() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = World::new(|_| {});
    for key in [vec![], vec![0; bounds::KEY_BYTES + 1]] {
        let outcome = runtime.block_on(world.sender().send(&key, effect(ComputeLimit::Default)));
        assert!(matches!(outcome, Err(ChainError::InvalidQuery(_))));
    }
    let keys: BTreeSet<Vec<u8>> = world.store.pending().unwrap().into_iter().map(|(key, _)| key).collect();
    assert!(keys.is_empty());
}
