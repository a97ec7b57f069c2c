//! A watcher whose WebSocket is lost, silent or absent still delivers every change, by polling; what it delivers never
//! goes backwards.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use proofmill_chain::{
    AccountSnapshot, Chain, ChainError, ChainFuture, ChainTime, Change, Filter, HistoryEntry, Preflight,
    ProgramAccounts, RecentBlockhash, SignatureStatus, Simulation, TransactionRecord, WatchOptions, watch_program,
};
use solana_address::Address;
use solana_hash::Hash;
use solana_signature::Signature;
use tokio::{net::TcpListener, sync::mpsc::Receiver, time::timeout};
use tokio_util::sync::CancellationToken;

const PROGRAM: Address = Address::new_from_array([1; 32]);

/// A program whose accounts the test sets.
#[derive(Default)]
struct Accounts {
    data: Mutex<(u64, BTreeMap<Address, Vec<u8>>)>,
    broken: AtomicBool,
    reads: AtomicUsize,
}

impl Accounts {
    fn set(&self, name: u8, data: Option<&[u8]>) {
        let mut state = self.data.lock().unwrap();
        state.0 += 1;
        match data {
            Some(data) => state.1.insert(address(name), data.to_vec()),
            None => state.1.remove(&address(name)),
        };
    }

    fn snapshot(&self, slot: u64, address: Address, data: &[u8]) -> AccountSnapshot {
        AccountSnapshot { address, lamports: 1, owner: PROGRAM, executable: false, data: data.to_vec(), slot }
    }
}

fn address(name: u8) -> Address {
    Address::new_from_array([name; 32])
}

impl Chain for Accounts {
    fn program_accounts<'a>(&'a self, _: Address, filters: &'a [Filter]) -> ChainFuture<'a, ProgramAccounts> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::SeqCst);
            if self.broken.load(Ordering::SeqCst) {
                return Err(ChainError::Unreachable { url: "node".into(), reason: "script".into() });
            }
            let state = self.data.lock().unwrap();
            let matching = state.1.iter().filter(|(_, data)| filters.iter().all(|filter| filter.matches(data)));
            let accounts = matching.map(|(address, data)| self.snapshot(state.0, *address, data)).collect();
            Ok(ProgramAccounts { slot: state.0, accounts })
        })
    }
    fn account(&self, _: Address) -> ChainFuture<'_, Option<AccountSnapshot>> {
        unreachable!()
    }
    fn accounts<'a>(&'a self, _: &'a [Address]) -> ChainFuture<'a, Vec<Option<AccountSnapshot>>> {
        unreachable!()
    }
    fn clock(&self) -> ChainFuture<'_, ChainTime> {
        unreachable!()
    }
    fn latest_blockhash(&self) -> ChainFuture<'_, RecentBlockhash> {
        unreachable!()
    }
    fn block_height(&self) -> ChainFuture<'_, u64> {
        unreachable!()
    }
    fn send_raw<'a>(&'a self, _: &'a [u8], _: Preflight) -> ChainFuture<'a, ()> {
        unreachable!()
    }
    fn signature_status(&self, _: Signature) -> ChainFuture<'_, Option<SignatureStatus>> {
        unreachable!()
    }
    fn simulate<'a>(&'a self, _: &'a [u8]) -> ChainFuture<'a, Simulation> {
        unreachable!()
    }
    fn minimum_balance(&self, _: usize) -> ChainFuture<'_, u64> {
        unreachable!()
    }
    fn genesis_hash(&self) -> ChainFuture<'_, Hash> {
        unreachable!()
    }
    fn transaction(&self, _: Signature) -> ChainFuture<'_, Option<TransactionRecord>> {
        unreachable!()
    }
    fn history(
        &self,
        _: Address,
        _: Option<Signature>,
        _: Option<Signature>,
        _: usize,
    ) -> ChainFuture<'_, Vec<HistoryEntry>> {
        unreachable!()
    }
}

fn options() -> WatchOptions {
    WatchOptions::poll_only(PROGRAM).poll_every(Duration::from_millis(30))
}

async fn next(changes: &mut Receiver<Change>) -> Change {
    timeout(Duration::from_secs(5), changes.recv()).await.expect("in time").expect("open")
}

/// The next change of an account; connection news in between is skipped.
async fn next_account(changes: &mut Receiver<Change>) -> Change {
    loop {
        match next(changes).await {
            Change::Synced { .. } | Change::Disconnected { .. } => {}
            change => return change,
        }
    }
}

fn data(change: &Change) -> &[u8] {
    match change {
        Change::Updated(account) => &account.data,
        other => panic!("{other:?}"),
    }
}

async fn follows_every_change(options: WatchOptions) {
    let chain = Arc::new(Accounts::default());
    chain.set(9, Some(b"a"));
    let cancel = CancellationToken::new();
    let mut changes = watch_program(chain.clone(), options, cancel.clone()).unwrap();
    assert_eq!(data(&next_account(&mut changes).await), b"a");
    for round in 0..20_u8 {
        chain.set(9, Some(&[round]));
        assert_eq!(data(&next_account(&mut changes).await), [round]);
    }
    chain.set(9, None);
    assert!(matches!(next_account(&mut changes).await, Change::Removed { address: at, .. } if at == address(9)));
    cancel.cancel();
    while timeout(Duration::from_secs(5), changes.recv()).await.expect("it ends").is_some() {}
}

#[tokio::test]
async fn by_polling_alone() {
    follows_every_change(options()).await;
}

#[tokio::test]
async fn with_nobody_at_the_websocket_address() {
    follows_every_change(WatchOptions { ws_url: Some("ws://127.0.0.1:1".into()), ..options() }).await;
}

#[tokio::test]
async fn with_a_websocket_that_is_silent_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    follows_every_change(WatchOptions { ws_url: Some(url), ..options() }).await;
    silent.abort();
}

#[tokio::test]
async fn with_a_websocket_that_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let rude = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream)
        }
    });
    follows_every_change(WatchOptions { ws_url: Some(url), ..options() }).await;
    rude.abort();
}

#[tokio::test]
async fn synced_follows_the_first_read_and_every_failure() {
    let chain = Arc::new(Accounts::default());
    chain.set(9, Some(b"a"));
    let mut changes = watch_program(chain.clone(), options(), CancellationToken::new()).unwrap();
    assert_eq!(data(&next(&mut changes).await), b"a");
    assert_eq!(next(&mut changes).await, Change::Synced { slot: 1 });
    chain.broken.store(true, Ordering::SeqCst);
    assert!(matches!(next(&mut changes).await, Change::Disconnected { .. }));
    chain.set(9, Some(b"b"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(changes.try_recv().is_err(), "one word about one failure");
    chain.broken.store(false, Ordering::SeqCst);
    assert_eq!(data(&next(&mut changes).await), b"b");
    assert_eq!(next(&mut changes).await, Change::Synced { slot: 2 });
}

#[tokio::test]
async fn what_does_not_change_is_said_once_and_filters_hold() {
    let chain = Arc::new(Accounts::default());
    chain.set(9, Some(b"ab"));
    chain.set(8, Some(b"xb"));
    let filtered = options().filter(Filter::Memcmp { offset: 0, bytes: b"a".to_vec() });
    let mut changes = watch_program(chain.clone(), filtered, CancellationToken::new()).unwrap();
    assert_eq!(data(&next(&mut changes).await), b"ab");
    assert!(matches!(next(&mut changes).await, Change::Synced { .. }));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(chain.reads.load(Ordering::SeqCst) > 3, "it kept reading");
    assert!(changes.try_recv().is_err());
}

#[tokio::test]
async fn a_slow_consumer_loses_nothing_and_a_gone_one_ends_the_watcher() {
    let chain = Arc::new(Accounts::default());
    for name in 0..200 {
        chain.set(name, Some(&[name]));
    }
    let narrow = WatchOptions { capacity: 1, ..options() };
    let mut changes = watch_program(chain.clone(), narrow, CancellationToken::new()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for name in 0..200 {
        assert_eq!(data(&next_account(&mut changes).await), [name]);
    }
    drop(changes);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let reads = chain.reads.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(chain.reads.load(Ordering::SeqCst), reads, "nobody is worked for");
}
