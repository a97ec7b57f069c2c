//! The index after late, repeated, reordered and rolled-back answers is what a fresh index of the same chain is, in
//! SQLite and in Postgres.

#[path = "support/postgres.rs"]
mod postgres;

use std::collections::{BTreeMap, BTreeSet};

use postgres::Postgres;
use proofmill_client::{address, arbiter, market, wire::Wire};
use proofmill_gateway::{
    index::{
        block::{self, Block, Changes, Transaction},
        fold,
        history::{History, Listing, Step},
    },
    reflect::Program,
    store::{JobFilter, Store},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use solana_address::Address;
use solana_signature::Signature;

/// Slots of a synthetic chain.
const SLOTS: u64 = 60;
/// Slots behind the tip at which a synthetic chain is final: nothing forks deeper.
const FINAL: u64 = 12;
/// Looks that must miss a slot before it is undone.
const ABSENCES: u8 = 2;
/// Slots written in one transaction.
const CHUNK: usize = 4;

type Chain = BTreeMap<u64, Vec<Transaction>>;

fn logs(events: &[(Program, Vec<u8>)]) -> Vec<String> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let mut lines = Vec::new();
    for (program, data) in events {
        let program = program.address();
        lines.push(format!("Program {program} invoke [1]"));
        lines.push(format!("Program data: {}", BASE64_STANDARD.encode(data)));
        lines.push(format!("Program {program} success"));
    }
    lines
}

fn terms(index: u64, rng: &mut StdRng) -> market::JobTerms {
    market::JobTerms {
        index,
        spec_hash: rng.random(),
        image_digest: rng.random(),
        input_root: rng.random(),
        tenant_node_key: rng.random(),
        price_ceiling_per_second: rng.random(),
        max_seconds: 60,
        vram_mib: 8_192,
        certificate_age_seconds_max: 0,
        sla_bond: 0,
        auction_seconds: 0,
        region: 0,
        uptime_bps: 0,
        sla_uptime_bps: 0,
        attempts_max: 1,
        kind: 1,
        class: 1,
        tier: 0,
        gpu_count: 1,
        allow_simulated: 1,
    }
}

/// A transaction with events about one of a few jobs, in any order: the index must not depend on sense.
fn transaction(rng: &mut StdRng, slot: u64) -> Transaction {
    let tenant = Address::new_from_array([rng.random_range(1..4); 32]);
    let index = rng.random_range(0..4);
    let job = address::job(&tenant, index);
    let provider = Address::new_from_array([rng.random_range(100..103); 32]);
    let round = Address::new_from_array([rng.random_range(200..203); 32]);
    let mut calls = Vec::new();
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..4) {
        events.push(match rng.random_range(0..8) {
            0 | 1 => {
                let mut data = market::PostJobArgs::DISCRIMINATOR.to_vec();
                terms(index, rng).write(&mut data);
                calls.push((market::ID, data));
                let mint = Address::new_from_array([9; 32]);
                let posted = market::JobPosted { job, tenant, mint, escrowed: rng.random(), bids_until: 0 };
                (Program::Market, posted.encode())
            }
            2 => {
                let matched = market::JobMatched {
                    job,
                    provider,
                    price_per_second: rng.random(),
                    lock: rng.random(),
                    matched_by: 1,
                };
                (Program::Market, matched.encode())
            }
            3 => {
                let claim = market::ReceiptClaim {
                    receipt_hash: rng.random(),
                    signature: [7; 64],
                    metered_ms: 5,
                    exit_code: 0,
                    termination: 0,
                };
                let mut data = market::SubmitProofArgs::DISCRIMINATOR.to_vec();
                claim.write(&mut data);
                calls.push((market::ID, data));
                let submitted = market::ProofSubmitted {
                    job,
                    receipt_hash: claim.receipt_hash,
                    metered_ms: 5,
                    attempt: 1,
                    exit_code: 0,
                    termination: 0,
                };
                (Program::Market, submitted.encode())
            }
            4 => {
                let settled = market::JobSettled {
                    job,
                    outcome: rng.random_range(1..16),
                    paid: rng.random(),
                    refunded: rng.random(),
                    fee: 1,
                    slashed: 0,
                    output_root: rng.random(),
                };
                (Program::Market, settled.encode())
            }
            5 => (Program::Market, market::JobClosed { job, dust: 0 }.encode()),
            6 => {
                let opened = arbiter::RoundOpened {
                    round,
                    job,
                    index: 1,
                    committee: [0, 1, 2, 3, 4, 0, 0, 0, 0],
                    seats: 5,
                    executor: provider,
                };
                (Program::Arbiter, opened.encode())
            }
            _ => (Program::Arbiter, arbiter::RoundClosed { round }.encode()),
        });
    }
    let mut signature = [0u8; 64];
    rng.fill(&mut signature[..]);
    Transaction { signature: Signature::from(signature), at: Some(slot as i64), logs: logs(&events), calls }
}

fn slot(rng: &mut StdRng, slot: u64) -> Vec<Transaction> {
    (0..rng.random_range(0..4)).map(|_| transaction(rng, slot)).collect()
}

fn chain(rng: &mut StdRng) -> Chain {
    (1..=SLOTS).map(|number| (number, slot(rng, number))).collect()
}

/// The chain as a node on a fork has it: from somewhere behind the final slots, other transactions, fewer, or the same
/// in another order.
fn fork(rng: &mut StdRng, chain: &Chain, finalized: u64) -> Chain {
    let from = rng.random_range(finalized + 1..=SLOTS + 1);
    let mut forked = chain.clone();
    for (number, transactions) in forked.range_mut(from..) {
        match rng.random_range(0..4) {
            0 => *transactions = slot(rng, *number),
            1 => transactions.clear(),
            2 => transactions.shuffle(rng),
            _ => {}
        }
    }
    forked
}

fn listing(chain: &Chain, after: u64, tip: u64, finalized: u64) -> Listing {
    let slots = chain
        .range(after + 1..=tip.max(after + 1))
        .filter(|(slot, transactions)| **slot <= tip && !transactions.is_empty())
        .map(|(slot, transactions)| (*slot, transactions.iter().map(|one| one.signature).collect()))
        .collect();
    Listing { after, finalized, slots }
}

/// One look at a node, as the shell does it, except that the blocks of a chunk come in any order and some twice, and
/// that it may break off.
async fn look(rng: &mut StdRng, store: &Store, history: &mut History, listing: &Listing, node: &Chain, faults: bool) {
    let steps = history.observe(listing);
    for chunk in steps.chunks(CHUNK) {
        if faults && rng.random_ratio(1, 12) {
            return;
        }
        let mut changes: Vec<Changes> = chunk
            .iter()
            .map(|step| match step {
                Step::Undo { slot } => Changes::undo(*slot),
                Step::Read { slot, .. } => {
                    block::apply(&Block { slot: *slot, transactions: node.get(slot).cloned().unwrap_or_default() })
                }
            })
            .collect();
        if faults {
            let again: Vec<Changes> = changes.iter().filter(|_| rng.random_ratio(1, 3)).cloned().collect();
            changes.extend(again);
            changes.shuffle(rng);
        }
        let kept = history.clone();
        for step in chunk {
            history.done(step);
        }
        history.settle(chunk.last().expect("a chunk has a step").slot(), listing.finalized, 0);
        if faults && rng.random_ratio(1, 12) {
            // Killed before it was written: the disk knows nothing of it.
            *history = kept;
            return;
        }
        let jobs = store.commit(&changes, Some(history.cursor())).await.expect("the changes are written");
        project(store, &jobs).await;
    }
    history.settle(u64::MAX, listing.finalized, 0);
}

/// Jobs without accounts: from their events.
async fn project(store: &Store, jobs: &BTreeSet<Address>) {
    let (mut views, mut never) = (Vec::new(), Vec::new());
    for job in jobs {
        let inputs = store.job_inputs(job).await.expect("the job's events are read");
        match fold::fold(*job, &inputs.events, inputs.terms.as_ref()) {
            Some(view) => views.push(view),
            None => never.push(*job),
        }
    }
    store.put_jobs(&views).await.expect("jobs are written");
    store.drop_jobs(&never).await.expect("jobs are dropped");
}

async fn reopened(store: &Store) -> History {
    History::new(store.cursor().await.expect("a cursor"), store.known_slots().await.expect("slots"), ABSENCES)
}

async fn compare(seed: u64, disturbed: &Store, fresh: &Store) {
    let mut rng = StdRng::seed_from_u64(seed);
    let truth = chain(&mut rng);
    let mut history = reopened(disturbed).await;
    for tip in 1..=SLOTS {
        if rng.random_ratio(1, 2) {
            continue;
        }
        let finalized = tip.saturating_sub(FINAL);
        let node = if rng.random_ratio(1, 2) { fork(&mut rng, &truth, finalized) } else { truth.clone() };
        // A node behind a balancer lags, but not behind what is final.
        let seen = tip.saturating_sub(rng.random_range(0..FINAL)).max(finalized);
        let listing = listing(&node, history.cursor(), seen, finalized);
        look(&mut rng, disturbed, &mut history, &listing, &node, true).await;
        if rng.random_ratio(1, 8) {
            history = reopened(disturbed).await;
        }
    }
    for _ in 0..=ABSENCES {
        let listing = listing(&truth, history.cursor(), SLOTS, SLOTS - FINAL);
        look(&mut rng, disturbed, &mut history, &listing, &truth, false).await;
    }
    let mut undisturbed = reopened(fresh).await;
    let listing = listing(&truth, 0, SLOTS, SLOTS - FINAL);
    look(&mut rng, fresh, &mut undisturbed, &listing, &truth, false).await;

    let (found, expected) = (disturbed.dump().await.expect("a dump"), fresh.dump().await.expect("a dump"));
    let events: usize = truth.values().flatten().count();
    assert!(expected.len() > events, "seed {seed}: the fresh index is empty");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "seed {seed}");
    }
    assert_eq!(found.len(), expected.len(), "seed {seed}");
}

/// The seed to begin with; PROOFMILL_SEED repeats a failure.
fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let first = std::env::var("PROOFMILL_SEED").ok().and_then(|text| text.parse().ok());
    let count = if first.is_some() { 1 } else { count };
    let first = first.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("seeds from {first}");
    (0..count).map(move |step| first + step)
}

#[tokio::test]
async fn a_disturbed_index_equals_a_fresh_one_in_sqlite() {
    for seed in seeds(24) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = async |name: &str| {
            Store::connect(&format!("sqlite://{}", folder.path().join(name).display())).await.expect("SQLite opens")
        };
        compare(seed, &store("disturbed").await, &store("fresh").await).await;
    }
}

#[tokio::test]
async fn a_disturbed_index_equals_a_fresh_one_in_postgres() {
    let cluster = Postgres::start();
    for (number, seed) in seeds(6).enumerate() {
        let disturbed = Store::connect(&cluster.database(&format!("disturbed{number}"))).await.expect("it opens");
        let fresh = Store::connect(&cluster.database(&format!("fresh{number}"))).await.expect("it opens");
        compare(seed, &disturbed, &fresh).await;
        disturbed.close().await;
        fresh.close().await;
    }
}

/// The same rows in the same order come out of both databases, filters and pages included.
#[tokio::test]
async fn both_databases_answer_alike() {
    let cluster = Postgres::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite =
        Store::connect(&format!("sqlite://{}", folder.path().join("a").display())).await.expect("SQLite opens");
    let postgres = Store::connect(&cluster.database("alike")).await.expect("Postgres opens");
    for seed in seeds(1) {
        let mut rng = StdRng::seed_from_u64(seed);
        let truth = chain(&mut rng);
        let all = listing(&truth, 0, SLOTS, SLOTS);
        for store in [&sqlite, &postgres] {
            look(&mut rng, store, &mut reopened(store).await, &all, &truth, false).await;
        }
        assert_eq!(sqlite.dump().await.expect("a dump"), postgres.dump().await.expect("a dump"), "seed {seed}");
        let tenant = Address::new_from_array([1; 32]).to_string();
        let mut after = None;
        loop {
            let filter =
                JobFilter { tenant: Some(tenant.clone()), after: after.clone(), limit: 1, ..JobFilter::default() };
            let one = sqlite.jobs(&filter).await.expect("a page");
            assert_eq!(one, postgres.jobs(&filter).await.expect("a page"), "seed {seed}");
            let Some((slot, address, _)) = one.into_iter().next() else { break };
            after = Some((slot, address));
        }
    }
}
