//! Whole committees of seats against the real program: they exchange signed commitments and reveals over the data plane
//! and bring them on chain, whoever is missing and whatever is killed.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, RwLock, mpsc},
    time::Duration,
};

use proofmill_chain::{
    AccountSnapshot, Chain, ChainError, ChainFuture, ChainTime, Change, Filter, HistoryEntry, Level, Preflight,
    ProgramAccounts, RecentBlockhash, Sender, SignatureStatus, Simulation, TransactionFailure, TransactionRecord,
};
use proofmill_client::{address, arbiter, market};
use proofmill_dataplane::{Node, NodeConfig};
use proofmill_ledger::Ledger;
use proofmill_oracle::{
    bench::{Bench, Seat},
    evidence::Fetcher,
    exchange::{Exchange, endpoint_of},
    identity::Identity,
    journal::Journal,
    metrics::Metrics,
    mirror::{Mirror, Watched},
};
use proofmill_oracle_core::{SeatCommitment, cast};
use proofmill_protocol::{attestation::Attestation, verdict::Opinion};
use proofmill_tests::{JobHandle, TestBuilder, World, attestation};
use solana_address::Address;
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use tokio::task::JoinHandle;

/// What landed, by the first eight bytes of each instruction.
type Landed = Vec<[u8; 8]>;

/// What the thread of the cluster keeps.
struct Machine {
    world: World,
    job: JobHandle,
    statuses: BTreeMap<[u8; 64], Option<TransactionFailure>>,
    landed: Landed,
    /// Transactions that begin with this instruction are taken and never land.
    lost: Option<[u8; 8]>,
}

type Question = Box<dyn FnOnce(&mut Machine) + Send>;

/// A cluster of one node: the programs in a virtual machine, in a thread of its own.
#[derive(Clone)]
struct Cluster(mpsc::Sender<Question>);

impl Cluster {
    /// A receipt under audit, with nobody's opinion yet.
    fn start() -> Self {
        let (ask, questions) = mpsc::channel::<Question>();
        std::thread::spawn(move || {
            let mut world = TestBuilder::ready();
            let job = world.do_submitted(0, 1, 0);
            world.do_open_round(&job, 0);
            world.do_reexecute(&job, 1);
            let mut node = Machine { world, job, statuses: BTreeMap::new(), landed: Vec::new(), lost: None };
            for question in questions {
                question(&mut node);
            }
        });
        Self(ask)
    }

    async fn ask<T: Send + 'static>(&self, question: impl FnOnce(&mut Machine) -> T + Send + 'static) -> T {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.0.send(Box::new(move |node| drop(tell.send(question(node))))).unwrap();
        told.await.unwrap()
    }

    fn answer<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Machine) -> Result<T, ChainError> + Send + 'static,
    ) -> ChainFuture<'_, T> {
        Box::pin(self.ask(question))
    }

    fn unasked<T: Send + 'static>(&self) -> ChainFuture<'_, T> {
        self.answer(|_| Err(ChainError::InvalidQuery("nobody asks this here".to_owned())))
    }
}

fn failure(error: &TransactionError) -> TransactionFailure {
    let (instruction_index, code) = match error {
        TransactionError::InstructionError(at, solana_instruction::error::InstructionError::Custom(code)) => {
            (Some(*at), Some(*code))
        }
        TransactionError::InstructionError(at, _) => (Some(*at), None),
        _ => (None, None),
    };
    TransactionFailure { instruction_index, code, reason: format!("{error:?}") }
}

fn read(bytes: &[u8]) -> VersionedTransaction {
    bincode::deserialize(bytes).unwrap()
}

fn snapshot(at: Address, account: &solana_account::Account, slot: u64) -> AccountSnapshot {
    let (owner, data) = (Address::new_from_array(account.owner.to_bytes()), account.data.clone());
    AccountSnapshot { address: at, lamports: account.lamports, owner, executable: false, data, slot }
}

impl Chain for Cluster {
    fn account(&self, address: Address) -> ChainFuture<'_, Option<AccountSnapshot>> {
        self.answer(move |node| {
            let found = node.world.svm.get_account(&address);
            Ok(found.map(|account| snapshot(address, &account, node.world.slot)))
        })
    }
    fn accounts<'a>(&'a self, _: &'a [Address]) -> ChainFuture<'a, Vec<Option<AccountSnapshot>>> {
        self.unasked()
    }
    fn program_accounts<'a>(&'a self, _: Address, _: &'a [Filter]) -> ChainFuture<'a, ProgramAccounts> {
        self.unasked()
    }
    fn clock(&self) -> ChainFuture<'_, ChainTime> {
        self.answer(|node| Ok(ChainTime { slot: node.world.slot, unix_timestamp: node.world.now }))
    }
    fn latest_blockhash(&self) -> ChainFuture<'_, RecentBlockhash> {
        self.answer(|node| {
            let hash = node.world.svm.latest_blockhash();
            Ok(RecentBlockhash { hash, last_valid_block_height: u64::MAX })
        })
    }
    fn block_height(&self) -> ChainFuture<'_, u64> {
        self.answer(|node| Ok(node.world.slot))
    }
    fn send_raw<'a>(&'a self, bytes: &'a [u8], _: Preflight) -> ChainFuture<'a, ()> {
        let transaction = read(bytes);
        self.answer(move |node| {
            let signature: [u8; 64] = transaction.signatures[0].into();
            let heads: Landed = transaction
                .message
                .instructions()
                .iter()
                .filter_map(|instruction| instruction.data.first_chunk().copied())
                .collect();
            if heads.iter().any(|head| node.lost == Some(*head)) {
                return Ok(());
            }
            match node.world.svm.send_transaction(transaction) {
                Ok(_) => {
                    node.statuses.insert(signature, None);
                    node.landed.extend(heads);
                    Ok(())
                }
                Err(failed) if failed.err == TransactionError::AlreadyProcessed => Ok(()),
                Err(failed) => {
                    let failure = failure(&failed.err);
                    Err(ChainError::Rejected { failure, logs: failed.meta.logs, landed: None })
                }
            }
        })
    }
    fn signature_status(&self, signature: Signature) -> ChainFuture<'_, Option<SignatureStatus>> {
        self.answer(move |node| {
            let signature: [u8; 64] = signature.into();
            let slot = node.world.slot;
            let found = node.statuses.get(&signature).cloned();
            Ok(found.map(|failure| SignatureStatus { slot, level: Level::Confirmed, failure }))
        })
    }
    fn simulate<'a>(&'a self, bytes: &'a [u8]) -> ChainFuture<'a, Simulation> {
        let transaction = read(bytes);
        self.answer(move |node| {
            Ok(match node.world.svm.simulate_transaction(transaction) {
                Ok(done) => {
                    Simulation { failure: None, logs: Vec::new(), compute_units: done.meta.compute_units_consumed }
                }
                Err(failed) => {
                    Simulation { failure: Some(failure(&failed.err)), logs: failed.meta.logs, compute_units: 0 }
                }
            })
        })
    }
    fn minimum_balance(&self, _: usize) -> ChainFuture<'_, u64> {
        self.unasked()
    }
    fn genesis_hash(&self) -> ChainFuture<'_, Hash> {
        self.unasked()
    }
    fn transaction(&self, _: Signature) -> ChainFuture<'_, Option<TransactionRecord>> {
        self.unasked()
    }
    fn history(
        &self,
        _: Address,
        _: Option<Signature>,
        _: Option<Signature>,
        _: usize,
    ) -> ChainFuture<'_, Vec<HistoryEntry>> {
        self.unasked()
    }
}

/// One seat, with what outlives its process.
struct Member {
    bench: Bench,
    seat: Seat,
    sitting: Option<JoinHandle<()>>,
}

struct Committee {
    cluster: Cluster,
    members: Vec<Member>,
    set: Arc<arbiter::ValidatorSet>,
    round: Address,
    /// The journals; removed with it.
    _folder: tempfile::TempDir,
}

/// What the test asks of the chain about each seat.
struct Party {
    attestation: Attestation,
    identity: Address,
    delegate: Keypair,
    vote: Keypair,
}

impl Committee {
    /// Five seats whose opinions are on record, and who know where the others are.
    async fn convene() -> Self {
        let cluster = Cluster::start();
        let (round_at, round, set) = cluster
            .ask(|node| {
                let (w, job) = (&node.world, &node.job);
                (w.round_address(job, 1), w.round(job, 1), Arc::new(w.set(w.round_epoch(job, 1))))
            })
            .await;
        let folder = tempfile::tempdir().unwrap();
        let mirror = Arc::new(RwLock::new(Mirror::default()));
        let mut members = Vec::new();
        for seat in 0..round.seats {
            let party = cluster
                .ask(move |node| {
                    let (w, job) = (&node.world, &node.job);
                    let party = w.seated(job, 1, seat);
                    let number = w.validators.iter().position(|one| one.identity == party.identity).unwrap();
                    Party {
                        attestation: attestation(w, job, 1, seat, Opinion::Valid as u8, 1),
                        identity: party.identity,
                        delegate: proofmill_tests::wallet(&format!("validator {number} delegate")),
                        vote: Keypair::new_from_array(party.vote.to_bytes()),
                    }
                })
                .await;
            let own = folder.path().join(seat.to_string());
            std::fs::create_dir_all(&own).unwrap();
            let journal = Journal::new(Ledger::open(&own.join("oracle.redb")).unwrap());
            cast(&journal, &party.attestation).unwrap();
            let identity = Arc::new(Identity::new(party.identity, party.delegate, &party.vote));
            let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let node = Node::bind(NodeConfig::offline(identity.vote_secret(), local)).await.unwrap();
            let exchange = Exchange::new(own.join("served"));
            node.serve(Arc::new(exchange.clone())).unwrap();
            announce(&cluster, &identity, node.local_addr()).await;
            let chain: Arc<dyn Chain> = Arc::new(cluster.clone());
            let bench = Bench {
                mirror: mirror.clone(),
                fetcher: Fetcher::new(chain.clone(), node.clone(), own.join("scratch"), 1),
                journal: journal.clone(),
                sender: Sender::new(chain, Arc::new(journal)),
                exchange,
                node,
                identity,
                metrics: Arc::new(Metrics::default()),
            };
            members.push(Member { bench, seat: Seat { round: round_at, nonce: round.nonce, seat }, sitting: None });
        }
        let committee = Self { cluster, members, set, round: round_at, _folder: folder };
        committee.look().await;
        committee
    }

    /// What the watchers would deliver by now. Time passes with it.
    async fn look(&self) {
        let (accounts, time, market, arbiter, roster) = self
            .cluster
            .ask(|node| {
                let w = &node.world;
                let mut accounts = Vec::new();
                for program in [market::ID, arbiter::ID] {
                    let found = w.svm.get_program_accounts(&program);
                    accounts.extend(found.into_iter().map(|(at, account)| {
                        let (lamports, data) = (account.lamports, account.data.clone());
                        AccountSnapshot { address: at, lamports, owner: program, executable: false, data, slot: w.slot }
                    }));
                }
                let time = ChainTime { slot: w.slot, unix_timestamp: w.now };
                (accounts, time, w.config(), w.arbiter_config(), w.roster())
            })
            .await;
        let mirror = self.members[0].bench.mirror.clone();
        let mut mirror = mirror.write().unwrap();
        for watched in Watched::ALL {
            for account in &accounts {
                if account.owner == watched.program() && account.data.starts_with(&watched.discriminator()) {
                    mirror.apply(watched, Change::Updated(account.clone()));
                }
            }
            mirror.apply(watched, Change::Synced { slot: time.slot });
        }
        mirror.set_clock(time);
        (mirror.market, mirror.arbiter, mirror.roster) = (Some(market), Some(arbiter), Some(Arc::new(roster)));
    }

    fn sit(&mut self, seat: usize) {
        let (bench, set) = (self.members[seat].bench.clone(), self.set.clone());
        let at = self.members[seat].seat;
        self.members[seat].sitting = Some(tokio::spawn(async move { bench.sit(at, set).await }));
    }

    /// Kills a seat's process: only its journal and its key are left.
    fn kill(&mut self, seat: usize) {
        if let Some(sitting) = self.members[seat].sitting.take() {
            sitting.abort();
        }
        let served = self.members[seat].bench.exchange.clone();
        served.withdraw(&self.round, 1);
        let bench = &mut self.members[seat].bench;
        // What was under way in memory is gone with it.
        bench.sender = Sender::new(Arc::new(self.cluster.clone()), Arc::new(bench.journal.clone()));
    }

    /// Lets time pass, twice as fast as outside, until `done` or for `seconds` of the chain.
    async fn until(&mut self, seconds: i64, done: impl Fn(&arbiter::Round) -> bool) -> arbiter::Round {
        for half in 0..seconds * 2 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            if half % 2 == 1 {
                self.cluster.ask(|node| node.world.warp(1)).await;
            }
            self.look().await;
            let round = self.round_now().await;
            if done(&round) {
                return round;
            }
        }
        self.round_now().await
    }

    async fn round_now(&self) -> arbiter::Round {
        self.cluster.ask(|node| node.world.round(&node.job, 1)).await
    }

    async fn landed(&self, head: [u8; 8]) -> usize {
        self.cluster.ask(move |node| node.landed.iter().filter(|one| **one == head).count()).await
    }
}

async fn announce(cluster: &Cluster, identity: &Identity, addr: SocketAddr) {
    let (delegate, validator) = (identity.delegate_address(), identity.validator_address());
    let endpoint = endpoint_of(addr);
    cluster
        .ask(move |node| {
            let instruction = arbiter::announce_validator(
                arbiter::AnnounceValidatorAccounts { delegate, roster: address::roster() },
                arbiter::AnnounceValidatorArgs {
                    validator,
                    endpoint_ip: *endpoint.first_chunk().unwrap(),
                    endpoint_port: addr.port(),
                },
            );
            node.world.ok(instruction);
        })
        .await;
}

fn head(data: &[u8]) -> [u8; 8] {
    *data.first_chunk().unwrap()
}

fn together() -> [u8; 8] {
    let none = Address::default();
    let accounts = arbiter::CommitAttestationsAccounts { config: none, validator_set: none, round: none };
    head(&arbiter::commit_attestations(accounts, arbiter::CommitAttestationsArgs { commitments: Vec::new() }).data)
}

fn alone() -> [u8; 8] {
    let none = Address::default();
    let accounts = arbiter::CommitAttestationAccounts { delegate: none, validator_set: none, round: none };
    head(&arbiter::commit_attestation(accounts, arbiter::CommitAttestationArgs { seat: 0, commitment: [0; 32] }).data)
}

const REVEALED: u16 = 0b1_1111;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_commitments_travel_in_one_transaction() {
    let mut committee = Committee::convene().await;
    (0..5).for_each(|seat| committee.sit(seat));
    let round = committee.until(60, |round| round.votes_valid == REVEALED).await;
    assert_eq!((round.committed, round.votes_valid), (0b1_1111, REVEALED));
    assert_eq!((committee.landed(together()).await, committee.landed(alone()).await), (1, 0));
}

/// The aggregator is silent: everybody else commits alone, well within the window.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_first_seat_the_others_commit_alone() {
    let mut committee = Committee::convene().await;
    (1..5).for_each(|seat| committee.sit(seat));
    let round = committee.until(30, |round| round.committed == 0b1_1110).await;
    assert_eq!(round.committed, 0b1_1110);
    assert_eq!((committee.landed(together()).await, committee.landed(alone()).await), (0, 4));
}

/// The network loses the transaction that carries all: each seat's own comes after it, that of its sender too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregate_that_never_lands_costs_only_delay() {
    let mut committee = Committee::convene().await;
    committee.cluster.ask(|node| node.lost = Some(together())).await;
    (0..5).for_each(|seat| committee.sit(seat));
    let round = committee.until(50, |round| round.committed == 0b1_1111).await;
    assert_eq!(round.committed, 0b1_1111);
    assert_eq!((committee.landed(together()).await, committee.landed(alone()).await), (0, 5));
}

/// A peer that serves what it did not sign is left out, and nobody else with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_commitment_spoils_nobody_elses() {
    let mut committee = Committee::convene().await;
    let forged = SeatCommitment { seat: 2, commitment: [1; 32], signature: [0; 64] };
    committee.members[2].bench.exchange.offer_commitment(&committee.round, 1, &forged).unwrap();
    [0, 1, 3, 4].into_iter().for_each(|seat| committee.sit(seat));
    let round = committee.until(30, |round| round.committed == 0b1_1011).await;
    assert_eq!(round.committed, 0b1_1011);
    assert_eq!((committee.landed(together()).await, committee.landed(alone()).await), (1, 0));
}

/// Killed at any step and started again, a seat says what it recorded, once: whoever committed reveals, and nobody is
/// left with a commitment that it cannot open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_seat_never_votes_twice() {
    let mut committee = Committee::convene().await;
    (0..5).for_each(|seat| committee.sit(seat));
    for (step, seat) in [0usize, 3, 0, 1, 4, 0, 2].into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(60 + 70 * step as u64)).await;
        committee.kill(seat);
        // Another process would think otherwise; what is on record stands.
        let bench = &committee.members[seat].bench;
        let (job, at) = (bench.journal.clone(), seat as u8);
        let other = committee
            .cluster
            .ask(move |node| attestation(&node.world, &node.job, 1, at, Opinion::Inconclusive as u8, 0))
            .await;
        assert_eq!(cast(&job, &other).unwrap().opinion, Opinion::Valid);
        committee.look().await;
        committee.sit(seat);
    }
    let round = committee.until(80, |round| round.votes_valid == REVEALED).await;
    assert_eq!((round.committed, round.votes_valid), (0b1_1111, REVEALED));
    let landed = (committee.landed(together()).await, committee.landed(alone()).await);
    assert!(landed.0 + landed.1 <= 6, "{landed:?}");
}
