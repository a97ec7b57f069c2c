//! The daemon's cranks against the real programs: it sees the accounts as its watchers would deliver them, decides, and
//! what it builds is executed. Nothing here is built by hand but what the parties themselves do.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, http::StatusCode, response::IntoResponse};
use proofmill_chain::{
    AccountSnapshot, Chain, ChainError, ChainFuture, ChainTime, Change, Filter, HistoryEntry, Preflight,
    ProgramAccounts, RecentBlockhash, SignatureStatus, Simulation, TransactionRecord,
};
use proofmill_client::{
    address, arbiter,
    market::{self, MarketError},
};
use proofmill_dataplane::{Node, NodeConfig};
use proofmill_oracle::{
    crankshaft::{Crankshaft, Subject, bidder_fits, members_of},
    drand::DrandNetwork,
    evidence::Fetcher,
    identity::Identity,
    mirror::{Mirror, Watched},
};
use proofmill_oracle_core::{Crank, crank};
use proofmill_protocol::{appeal::CaseState, evidence::EvidenceKind, limits, verdict::Opinion};
use proofmill_tests::{Failure, JobHandle, LIMITS, SimulatedNetwork, TestBuilder, World, terms, wallet};
use solana_address::Address;

/// The accounts of both programs as they were when the daemon last looked.
#[derive(Clone, Default)]
struct Still(Arc<Mutex<BTreeMap<Address, AccountSnapshot>>>);

/// A question that no crank asks.
fn unasked<'a, T>() -> ChainFuture<'a, T> {
    Box::pin(async { Err(ChainError::InvalidQuery("nobody asks this here".to_owned())) })
}

impl Chain for Still {
    fn account(&self, address: Address) -> ChainFuture<'_, Option<AccountSnapshot>> {
        let found = self.0.lock().unwrap().get(&address).cloned();
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

/// A validator that only cranks.
struct Cranker {
    chain: Still,
    mirror: Mirror,
    shaft: Crankshaft,
}

impl Cranker {
    async fn new(relays: &[String]) -> Self {
        let chain = Still::default();
        let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let node = Node::bind(NodeConfig::offline([9; 32], local)).await.unwrap();
        let fetcher = Fetcher::new(Arc::new(chain.clone()), node, std::env::temp_dir(), 1);
        let delegate = wallet("validator 0 delegate");
        let identity = Identity::new(Address::default(), delegate, &wallet("a vote key that nobody asks for"));
        let relays = DrandNetwork::new(relays).unwrap();
        let shaft = Crankshaft::new(Arc::new(chain.clone()), fetcher, Arc::new(identity), relays);
        Self { chain, mirror: Mirror::default(), shaft }
    }

    /// Sees the world as it is now.
    fn look(&mut self, w: &World) {
        let mut seen = BTreeMap::new();
        for program in [market::ID, arbiter::ID] {
            for (at, account) in w.svm.get_program_accounts(&program) {
                let (owner, lamports, data) = (program, account.lamports, account.data.clone());
                let snapshot = AccountSnapshot { address: at, lamports, owner, executable: false, data, slot: w.slot };
                seen.insert(at, snapshot);
            }
        }
        let before = std::mem::replace(&mut *self.chain.0.lock().unwrap(), seen.clone());
        let of = |account: &AccountSnapshot, watched: Watched| {
            account.owner == watched.program() && account.data.starts_with(&watched.discriminator())
        };
        for watched in Watched::ALL {
            for account in before.values().filter(|account| of(account, watched)) {
                if !seen.get(&account.address).is_some_and(|now| of(now, watched)) {
                    self.mirror.apply(watched, Change::Removed { address: account.address, slot: w.slot });
                }
            }
            for account in seen.values().filter(|account| of(account, watched)) {
                self.mirror.apply(watched, Change::Updated(account.clone()));
            }
            self.mirror.apply(watched, Change::Synced { slot: w.slot });
        }
        self.mirror.set_clock(ChainTime { slot: w.slot, unix_timestamp: w.now });
        self.mirror.market = Some(w.config());
        self.mirror.arbiter = Some(w.arbiter_config());
        self.mirror.drand =
            seen.get(&address::drand()).map(|account| arbiter::DrandConfig::decode(&account.data).unwrap());
        self.mirror.roster = Some(Arc::new(w.roster()));
        self.mirror.members = members_of(&w.set(w.epoch()));
    }

    /// Does whatever is possible until nothing more is, and says what took effect, in that order. Whatever the programs
    /// refuse is left, as the pacer leaves it.
    async fn until_quiet(&mut self, w: &mut World) -> Vec<&'static str> {
        let mut done = Vec::new();
        let mut refused = BTreeSet::new();
        'look: loop {
            assert!(done.len() < 100, "it never ends: {done:?}");
            self.look(w);
            for (subject, facts) in self.mirror.crank_subjects(w.now) {
                for crank in crank(&facts, w.now) {
                    if refused.contains(&(subject, crank)) {
                        continue;
                    }
                    let of = Subject::of(&self.mirror, subject, crank);
                    let plans = self.shaft.plans(crank, &of).await.unwrap_or_default();
                    let mut last = None;
                    for plan in plans {
                        match w.send_all(&plan) {
                            Ok(_) => {
                                done.push(crank.name());
                                refused.clear();
                                continue 'look;
                            }
                            Err(error) => last = Some(error),
                        }
                    }
                    let fits = match last {
                        Some(Failure::Custom(code)) => MarketError::from_code(code).and_then(bidder_fits),
                        _ => None,
                    };
                    if let (Crank::AcceptBid | Crank::SkipBid, Some(fits)) = (crank, fits) {
                        self.mirror.note_bidder(&subject, fits);
                        continue 'look;
                    }
                    refused.insert((subject, crank));
                }
            }
            return done;
        }
    }
}

fn rejected() -> (World, JobHandle, Address) {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_reject(&job, 0);
    let case = w.slash_case(&job);
    (w, job, case)
}

fn only(done: &[&'static str], names: &[&str]) -> Vec<&'static str> {
    done.iter().copied().filter(|name| names.contains(name)).collect()
}

const SLASHES: [&str; 10] = [
    "apply_slash",
    "open_appeal",
    "finalize_appeal",
    "resolve_appeal",
    "close_case",
    "close_appeal",
    "close_appeal_verdict",
    "sweep_slashed",
    "record_missed_reveal",
    "record_wrong_dissent",
];

#[tokio::test]
async fn a_slash_is_applied_after_its_delay_and_its_case_closed() {
    let (mut w, _, case) = rejected();
    let mut cranker = Cranker::new(&[]).await;
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &SLASHES), [""; 0], "its owner may appeal");
    w.warp(LIMITS.appeal);
    let done = cranker.until_quiet(&mut w).await;
    let mut slashing = only(&done, &SLASHES);
    slashing.sort_unstable();
    assert_eq!(slashing, ["apply_slash", "close_case", "sweep_slashed"]);
    assert!(w.is_closed(&case));
    assert_eq!((w.provider_stake(0).slashed_total, w.provider_stake(0).pending), (100_000, 0));
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &SLASHES), [""; 0], "once");
}

/// From the appeal to the last account closed, with the job gone before.
#[tokio::test]
async fn an_appeal_is_opened_judged_resolved_and_cleared_away() {
    for (opinion, upheld) in [(Opinion::Invalid, true), (Opinion::Valid, false)] {
        let (mut w, job, case) = rejected();
        let owner = w.providers[0].owner;
        let mut cranker = Cranker::new(&[]).await;
        cranker.until_quiet(&mut w).await;
        w.ok(w.appeal_slash(owner, case));
        w.seal_slots(2);
        w.do_keep_epoch();
        assert_eq!(only(&cranker.until_quiet(&mut w).await, &SLASHES), ["open_appeal"], "{opinion:?}");
        w.do_reexecute(&job, limits::APPEAL_ROUND);
        w.do_attest_all(&job, limits::APPEAL_ROUND, opinion, 1);
        let done = only(&cranker.until_quiet(&mut w).await, &SLASHES);
        assert_eq!(done[..2], ["finalize_appeal", "resolve_appeal"], "{opinion:?}");
        let mut closing = done[2..].to_vec();
        closing.sort_unstable();
        let mut expected = vec!["close_appeal", "close_appeal_verdict", "close_case"];
        if upheld {
            expected = [&["apply_slash"], &expected[..], &["sweep_slashed"]].concat();
        }
        assert_eq!(closing, expected, "{opinion:?}");
        for gone in [case, address::appeal_round(&case), address::appeal_verdict(&case)] {
            assert!(w.is_closed(&gone), "{opinion:?}");
        }
        let stake = w.provider_stake(0);
        // The bond of a tenth goes with the slash, or comes back with it.
        assert_eq!((stake.slashed_total, stake.pending), (if upheld { 110_000 } else { 0 }, 0), "{opinion:?}");
    }
}

/// Whoever dissented wrongly pays without anybody asking for it: here one called it valid on no re-execution, one invalid.
#[tokio::test]
async fn a_wrong_dissent_is_recorded_and_slashed() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    let dissenters = [0, 1].map(|seat| w.seated(&job, 1, seat).identity);
    w.do_attest_all(&job, 2, Opinion::Valid, 1);
    let mut cranker = Cranker::new(&[]).await;
    let done = cranker.until_quiet(&mut w).await;
    let mut punishing = only(&done, &["finalize_round", "record_wrong_dissent", "slash_on_evidence"]);
    punishing.sort_unstable();
    let twice = |name| [name, name];
    let expected = [&["finalize_round"][..], &twice("record_wrong_dissent"), &twice("slash_on_evidence")].concat();
    assert_eq!(punishing, expected);
    for dissenter in dissenters {
        assert_eq!(w.stake(&dissenter).slashed_total, LIMITS.stake_min / 10);
    }
    assert_eq!(
        only(&cranker.until_quiet(&mut w).await, &["record_wrong_dissent", "slash_on_evidence"]),
        [""; 0],
        "once"
    );
}

#[tokio::test]
async fn an_appeal_that_nobody_judges_is_resolved_at_its_deadline() {
    let (mut w, _, case) = rejected();
    let owner = w.providers[0].owner;
    let mut cranker = Cranker::new(&[]).await;
    w.ok(w.appeal_slash(owner, case));
    w.warp(limits::APPEAL_DECISION_SECONDS + 1);
    let mut done = only(&cranker.until_quiet(&mut w).await, &SLASHES);
    done.sort_unstable();
    assert_eq!(done, ["close_case", "resolve_appeal"]);
    assert_eq!((w.provider_stake(0).slashed_total, w.provider_stake(0).pending), (0, 0));
}

/// Of three bids the lowest was taken back and the next does not fit any more: the third is bound, and all accounts go
/// back to who paid for them once the job is over.
#[tokio::test]
async fn bids_are_skipped_accepted_and_closed() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    let job = w.do_post_with(0, market::JobTerms { auction_seconds: 60, ..terms(1) });
    for (provider, price) in [(0, 900), (1, 800), (2, 700)] {
        w.ok(w.place_bid(&job, provider, price));
    }
    let bids = [0, 1, 2].map(|provider: usize| address::bid(&job.address, &w.providers[provider].account));
    let mut cranker = Cranker::new(&[]).await;
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &["accept_bid", "skip_bid"]), [""; 0]);
    w.warp(60);
    // Capacity of none: it takes no more jobs.
    w.ok(w.announce_provider(2, 0));
    w.ok(w.announce_provider(1, 0));
    let done = cranker.until_quiet(&mut w).await;
    assert_eq!(only(&done, &["accept_bid", "skip_bid"]), ["skip_bid", "skip_bid", "accept_bid"]);
    assert_eq!(w.job(&job).provider, w.providers[0].account);
    assert!(bids.iter().all(|bid| !w.is_closed(bid)), "the job is not over");
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 50);
    w.do_judge(&job, 0, Opinion::Valid);
    let done = cranker.until_quiet(&mut w).await;
    assert_eq!(only(&done, &["close_bid"]).len(), 3, "{done:?}");
    assert!(bids.iter().all(|bid| w.is_closed(bid)));
}

#[tokio::test]
async fn evidence_is_punished_once_and_its_reporter_paid() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let owner = w.providers[0].owner;
    // The reporter is this validator's delegate, which has no token account yet.
    let reporter = w.validators[0].delegate;
    let evidence = w.do_record_evidence(EvidenceKind::ReceiptEquivocation, owner, reporter, &job);
    let mut cranker = Cranker::new(&[]).await;
    let names = ["slash_on_evidence", "claim_bounty", "close_case"];
    let mut done = only(&cranker.until_quiet(&mut w).await, &names);
    done.sort_unstable();
    assert_eq!(done, ["claim_bounty", "slash_on_evidence"]);
    assert_eq!(w.tokens(&w.account_of(&reporter, &w.stake_mint)), 1_020_000);
    let case = w.case(&address::evidence_case(&evidence));
    assert_eq!((case.state, case.bounty), (CaseState::Taken as u8, 0));
    w.warp(LIMITS.appeal);
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &names), [""; 0]);
}

/// A relay of the simulated network: a round that is not due by `now` is not published.
async fn relay(network: SimulatedNetwork, now: Arc<Mutex<i64>>) -> String {
    let network = Arc::new(network);
    let app = Router::new().fallback(move |request: axum::extract::Request| {
        let round: u64 = request.uri().path().rsplit('/').next().unwrap().parse().unwrap();
        let due = network.schedule.time_of(round).is_some_and(|at| at <= *now.lock().unwrap());
        let body = format!(r#"{{"round":{round},"signature":"{}"}}"#, hex::encode(network.sign(round)));
        async move { if due { (StatusCode::OK, body).into_response() } else { StatusCode::TOO_EARLY.into_response() } }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// The round that decides about a receipt is fetched when it is due, posted once, and closed when nobody waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_receipt_has_its_round_of_the_network_posted_and_no_other() {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("relayed");
    w.do_drand(network.network());
    let schedule = network.schedule;
    let now = Arc::new(Mutex::new(w.now));
    let mut cranker = Cranker::new(&[relay(network, now.clone()).await]).await;
    let names = ["post_beacon", "open_round", "close_beacon"];
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &names), [""; 0], "nobody waits");
    let job = w.do_submitted(0, 1, 0);
    let round = schedule.deciding_round(w.job(&job).receipt_at);
    *now.lock().unwrap() = w.now;
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &names), [""; 0], "it is not published yet");
    // The chain's clock says that it is due before the relay has it: refused, and nothing is made of that.
    w.warp_to(schedule.time_of(round).unwrap());
    w.do_keep_epoch();
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &names), [""; 0], "no relay has it yet");
    *now.lock().unwrap() = w.now;
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &names), ["post_beacon", "open_round"]);
    assert_eq!(w.beacon(round).rent_payer, w.validators[0].delegate);
    assert_eq!(w.svm.get_program_accounts(&arbiter::ID).iter().filter(|(_, a)| is_beacon(&a.data)).count(), 1);
    w.warp(limits::BEACON_KEEP_SECONDS);
    assert_eq!(only(&cranker.until_quiet(&mut w).await, &names), ["close_beacon"]);
    assert!(w.is_closed(&address::beacon(round)));
}

fn is_beacon(data: &[u8]) -> bool {
    data.starts_with(&arbiter::Beacon::DISCRIMINATOR)
}
