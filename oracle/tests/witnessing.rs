//! What a validator saw, against the real programs: looks at a service over real connections, proposals that five validators
//! sign, their root, its leaves, and the rent of all of it. Nothing on chain is built by hand but what parties do.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use ed25519_dalek::Signer as _;
use proofmill_chain::{AccountSnapshot, ChainTime, Change};
use proofmill_client::{address, arbiter, market};
use proofmill_dataplane::{
    BlobName, Handler, Node, NodeConfig, Refusal, RefusalCode, ServiceName, SignedUsage, Sink, Source, Staged,
};
use proofmill_ledger::Ledger;
use proofmill_oracle::{
    journal::Journal,
    metrics::Metrics,
    mirror::{Mirror, Watched},
    roots::{plans, usage_period},
    services::{Looker, Seen, look_seconds},
    witnessed::Known,
};
use proofmill_oracle_core::{Crank, Facts, Leaves, Proposal, RootName, UsageSubject, crank};
use proofmill_protocol::{
    envelope::{Kind, envelope},
    ids::{Domain, JobKey},
    limits::{ROOT_BALLOT_SECONDS, WITNESS_ROOT_SECONDS},
    sha256,
    uptime::{BUCKET_SECONDS, bucket_ending},
    usage::UsageReport,
    witness::{UptimeLeaf, UsageLeaf, WitnessKind},
};
use proofmill_tests::{TestBuilder, World};
use solana_address::Address;
use tokio_util::sync::CancellationToken;

/// A mirror that sees the world as it is.
fn look(mirror: &RwLock<Mirror>, w: &World) {
    let mut mirror = mirror.write().unwrap();
    let seen = [market::ID, arbiter::ID].into_iter().flat_map(|program| {
        let accounts = w.svm.get_program_accounts(&program);
        accounts.into_iter().map(move |(address, account)| (address, (program, account)))
    });
    let seen: BTreeMap<Address, _> = seen.collect();
    for watched in Watched::ALL {
        for (address, (owner, account)) in &seen {
            if *owner != watched.program() || !account.data.starts_with(&watched.discriminator()) {
                continue;
            }
            let (lamports, data) = (account.lamports, account.data.clone());
            let snapshot =
                AccountSnapshot { address: *address, lamports, owner: *owner, executable: false, data, slot: w.slot };
            mirror.apply(watched, Change::Updated(snapshot));
        }
        mirror.apply(watched, Change::Synced { slot: w.slot });
    }
    mirror.set_clock(ChainTime { slot: w.slot, unix_timestamp: w.now });
    mirror.market = Some(w.config());
    mirror.arbiter = Some(w.arbiter_config());
    mirror.roster = Some(Arc::new(w.roster()));
    mirror.witnessed.sets = [(w.epoch(), Arc::new(w.set(w.epoch())))].into();
}

/// What is closed is gone from the mirror too.
fn removed(mirror: &RwLock<Mirror>, w: &World, watched: Watched, at: Address) {
    assert!(w.is_closed(&at));
    mirror.write().unwrap().apply(watched, Change::Removed { address: at, slot: w.slot });
}

fn due(mirror: &RwLock<Mirror>, w: &World) -> Vec<(Address, Crank)> {
    look(mirror, w);
    let mirror = mirror.read().unwrap();
    let subjects = mirror.crank_subjects(w.now);
    let of_roots = subjects
        .into_iter()
        .filter(|(_, facts)| matches!(facts, Facts::Ballot(_) | Facts::Root(_) | Facts::Provider(_) | Facts::Usage(_)));
    of_roots.flat_map(|(at, facts)| crank(&facts, w.now).into_iter().map(move |crank| (at, crank))).collect()
}

/// A proposal of these leaves, signed by these seats.
fn signed(w: &World, leaves: Leaves, sequence: u32, covers: (i64, i64), seats: &[usize]) -> Known {
    let name = RootName { kind: leaves.kind() as u8, epoch: w.epoch(), sequence };
    let proposal = Proposal::of(Domain(w.domain), name, covers, leaves).unwrap();
    let mut known = Known::new(Arc::new(proposal), None);
    let message = envelope(Kind::Witness, &known.digest);
    for seat in seats {
        known.signatures.insert(*seat as u8, w.validators[*seat].vote.sign(&message).to_bytes());
    }
    known
}

fn delegate(w: &World) -> Address {
    w.validators[0].delegate
}

/// Five signatures travel with ballot and root in one transaction; what is there already is not sent again; and three of
/// five make no root.
#[test]
fn a_root_is_carried_in_one_transaction_and_completed_by_who_comes_later() {
    let mut w = TestBuilder::ready();
    let leaf = UptimeLeaf { provider: w.providers[0].account.to_bytes(), up: 5, total: 6 };
    let covers = (w.now - 30, w.now);
    let whole = signed(&w, Leaves::Uptime(vec![leaf]), 7, covers, &[0, 1, 2, 3, 4]);
    let all = plans(&delegate(&w), &whole, None);
    assert_eq!(all.len(), 1, "one transaction");
    w.send_all(&all[0]).unwrap();
    let root = address::witness_root(WitnessKind::Uptime as u8, w.epoch(), 7);
    assert_eq!(arbiter::WitnessRoot::decode(&w.data(&root)).unwrap().signed, 0b11111);

    let part = signed(&w, Leaves::Uptime(vec![leaf]), 8, covers, &[0, 3]);
    let all = plans(&delegate(&w), &part, None);
    // Ballot and signatures land; the root is refused for want of a quorum, and then all of it is.
    assert!(w.send_all(&all[0]).is_err());
    let opened: Vec<_> = all[0][..2].to_vec();
    w.send_all(&opened).unwrap();
    let ballot = arbiter::RootBallot::decode(&w.data(&part.ballot)).unwrap();
    assert_eq!(ballot.signed, 0b01001);
    let more = signed(&w, Leaves::Uptime(vec![leaf]), 8, covers, &[0, 1, 2, 3]);
    let rest = plans(&delegate(&w), &more, Some(&ballot));
    assert_eq!(rest.len(), 1);
    w.send_all(&rest[0]).unwrap();
    let root = address::witness_root(WitnessKind::Uptime as u8, w.epoch(), 8);
    assert_eq!(arbiter::WitnessRoot::decode(&w.data(&root)).unwrap().signed, 0b01111);
    assert!(w.send_all(&plans(&delegate(&w), &whole, None)[0]).is_err(), "the same root is not written twice");
}

/// Whoever sees an open ballot without its own signature adds it; the last one makes the root; its leaf reaches the
/// provider once; and the rent comes back when its time is over.
#[test]
fn a_ballot_that_its_carrier_left_is_completed_delivered_and_closed() {
    let mut w = TestBuilder::ready();
    let me = w.validators[0].identity.to_bytes();
    let provider = w.providers[1].account;
    let leaf = UptimeLeaf { provider: provider.to_bytes(), up: 700, total: 720 };
    let until = w.now / BUCKET_SECONDS * BUCKET_SECONDS;
    let mut known = signed(&w, Leaves::Uptime(vec![leaf]), 9, (until - BUCKET_SECONDS, until), &[1, 2, 3]);
    let carried = plans(&delegate(&w), &known, None);
    w.send_all(&carried[0][..2]).unwrap();
    let mirror = RwLock::new(Mirror::of(me));
    known.signatures.clear();
    let ballot = known.ballot;
    assert_eq!(due(&mirror, &w), [], "what it has not signed it does not sign");
    mirror.write().unwrap().witnessed.learn([7; 32], known);

    assert_eq!(due(&mirror, &w), [(ballot, Crank::SignRoot)]);
    let identity = identity(&w);
    let delivery = mirror.read().unwrap().witnessed.delivery(&ballot, None, &me);
    w.ok(delivery.sign_root(ballot, &identity).unwrap());
    assert_eq!(due(&mirror, &w), [(ballot, Crank::FinalizeRoot)]);
    let delivery = mirror.read().unwrap().witnessed.delivery(&ballot, None, &me);
    w.ok(delivery.finalize_root(delegate(&w), ballot).unwrap());

    let root = address::witness_root(WitnessKind::Uptime as u8, w.epoch(), 9);
    assert_eq!(due(&mirror, &w), [(provider, Crank::RecordUptime(root.to_bytes()))]);
    let delivery = mirror.read().unwrap().witnessed.delivery(&provider, Some(root), &me);
    w.ok(delivery.record_uptime(provider, root).unwrap());
    let recorded = market::Provider::decode(&w.data(&provider)).unwrap();
    assert_eq!(Ok(recorded.uptime_bucket), bucket_ending(until));
    assert_eq!(recorded.uptime_up.iter().sum::<u16>(), 700);
    assert_eq!(due(&mirror, &w), [], "once");

    let before = w.lamports(&delegate(&w));
    w.warp(ROOT_BALLOT_SECONDS + 1);
    assert_eq!(due(&mirror, &w), [(ballot, Crank::CloseRootBallot)]);
    let delivery = mirror.read().unwrap().witnessed.delivery(&ballot, None, &me);
    w.ok(delivery.close_ballot(ballot).unwrap());
    removed(&mirror, &w, Watched::Ballots, ballot);
    assert!(w.lamports(&delegate(&w)) > before, "to whom paid for it");
    w.warp(WITNESS_ROOT_SECONDS);
    assert_eq!(due(&mirror, &w), [], "its epoch is the present one");
}

fn identity(w: &World) -> proofmill_oracle::identity::Identity {
    let vote = solana_keypair::Keypair::new_from_array(w.validators[0].vote.to_bytes());
    let delegate = solana_keypair::Keypair::new_from_array([7; 32]);
    proofmill_oracle::identity::Identity::new(w.validators[0].identity, delegate, &vote)
}

/// A node that signs whatever total it has.
struct Metering {
    key: ed25519_dalek::SigningKey,
    report: Arc<Mutex<Option<UsageReport>>>,
}

fn nothing() -> Refusal {
    Refusal::new(RefusalCode::NotFound, "nothing is here")
}

impl Handler for Metering {
    async fn open_get(&self, _: [u8; 32], _: &BlobName, _: u64) -> Result<Source, Refusal> {
        Err(nothing())
    }
    async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
        Err(nothing())
    }
    async fn finish_put(&self, _: [u8; 32], _: &BlobName, _: Staged) -> Result<(), Refusal> {
        Err(nothing())
    }
    async fn usage(&self, _: [u8; 32], _: &ServiceName) -> Result<SignedUsage, Refusal> {
        let report = self.report.lock().unwrap().ok_or_else(nothing)?;
        let message = envelope(Kind::Usage, &sha256(&[&report.encode()]));
        Ok(SignedUsage { report, node_signature: self.key.sign(&message).to_bytes() })
    }
}

/// A service whose tenant signs nothing: a validator looks at its node, which claims twice the time; what five of them
/// witness is what was seen; it is written and taken into account at once, refreshed later, and closed with the service.
#[tokio::test]
async fn a_service_whose_tenant_does_not_sign_is_paid_for_what_was_seen() {
    let mut w = TestBuilder::ready();
    let me = w.validators[0].identity.to_bytes();
    let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let served = Node::bind(NodeConfig::offline(w.providers[0].node.to_bytes(), local)).await.unwrap();
    let report = Arc::new(Mutex::new(None));
    served.serve(Arc::new(Metering { key: w.providers[0].node.clone(), report: report.clone() })).unwrap();
    let SocketAddr::V4(at) = served.local_addr() else { panic!("IPv4") };
    let args =
        market::AnnounceArgs { endpoint_ip: at.ip().to_ipv6_mapped().octets(), endpoint_port: at.port(), active: 1 };
    let party =
        market::AnnounceProviderAccounts { operator: w.providers[0].operator, provider: w.providers[0].account };
    w.ok(market::announce_provider(party, market::AnnounceProviderArgs { args }));
    let job = w.do_serve(0, 1, 0);
    let nonce = w.job(&job).nonce;
    let subject = UsageSubject { job: job.address.to_bytes(), attempt: 1, nonce };

    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Ledger::open(&dir.path().join("oracle.redb")).unwrap());
    let mirror = Arc::new(RwLock::new(Mirror::of(me)));
    let (seen, stop) = (Seen::default(), CancellationToken::new());
    let asking = Node::bind(NodeConfig::offline([9; 32], local)).await.unwrap();
    let metrics = Arc::new(Metrics::default());
    let looker = Looker { mirror: mirror.clone(), node: asking, journal: journal.clone(), metrics, seen: seen.clone() };
    let looking = tokio::spawn(looker.run(stop.clone()));

    let timeout = w.config().usage_timeout_seconds;
    let every = i64::from(look_seconds(timeout));
    let claim = |w: &World, looks: u64| UsageReport {
        domain: Domain(w.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        nonce,
        usage_ms: looks * 2 * every as u64 * 1_000,
        measured_at: w.now,
    };
    let wait_for = async |at: i64| {
        for _ in 0..200 {
            if seen.lock().get(&subject).is_some_and(|seen| seen.looked_at() == at) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nobody looked at {at}");
    };
    *report.lock().unwrap() = Some(claim(&w, 0));
    look(&mirror, &w);
    wait_for(w.now).await;
    let began = w.now;
    for looks in 1..=4u64 {
        w.warp(every);
        *report.lock().unwrap() = Some(claim(&w, looks));
        look(&mirror, &w);
        wait_for(w.now).await;
    }
    let lived_ms = u64::try_from(w.now - began).unwrap() * 1_000;
    let found = *seen.lock().get(&subject).unwrap();
    assert_eq!(found.witnessed_ms(w.now), lived_ms, "no more than the time that passed");
    // A silent node earns nothing for the time of its silence.
    *report.lock().unwrap() = None;
    w.warp(every);
    look(&mirror, &w);
    wait_for(w.now).await;
    assert!(!seen.lock().get(&subject).unwrap().alive());
    assert_eq!(journal.usage(&subject).unwrap(), seen.lock().get(&subject).copied(), "what was seen is on record");

    let leaves = |usage_ms| Leaves::Usage(vec![UsageLeaf { job: job.address.to_bytes(), attempt: 1, nonce, usage_ms }]);
    let period = i64::from(usage_period(timeout));
    let witness = address::usage_witness(&job.address, 1);
    for (sequence, usage_ms) in [(1, lived_ms - 1_000), (2, lived_ms)] {
        w.warp(1);
        let known = signed(&w, leaves(usage_ms), sequence, (w.now - period, w.now), &[0, 1, 2, 3, 4]);
        for plan in plans(&delegate(&w), &known, None) {
            w.send_all(&plan).unwrap();
        }
        mirror.write().unwrap().witnessed.learn(me, known);
        let root = address::witness_root(WitnessKind::Usage as u8, w.epoch(), sequence);
        let write = if sequence == 1 { Crank::WitnessUsage } else { Crank::RefreshUsage };
        assert_eq!(due(&mirror, &w), [(witness, write(root.to_bytes()))]);
        let delivery = mirror.read().unwrap().witnessed.delivery(&witness, Some(root), &me);
        let payer = (sequence == 1).then(|| delegate(&w));
        let (of, write) = delivery.write_usage(payer, witness, root).unwrap();
        assert_eq!(of, job.address);
        w.send_all(&[write, delivery.accept_usage(Some(of), witness).unwrap()]).unwrap();
        assert_eq!(w.job(&job).metered_ms, usage_ms);
        assert_eq!(due(&mirror, &w), [], "once");
    }
    stop.cancel();
    looking.await.unwrap();
}
