//! What each instruction of a job's life takes, against the committed table.

use std::{collections::BTreeMap, path::PathBuf};

use crate::laws::*;
use serde_json::{Value, json};

/// How much an entry may grow before the table has to be renewed, percent.
const GROWTH_PERCENT: u64 = 2;

struct Meter {
    world: World,
    table: BTreeMap<String, Value>,
}

impl Meter {
    fn new() -> Self {
        Self { world: TestBuilder::ready(), table: BTreeMap::new() }
    }

    fn take(&mut self, name: &str, instruction: Instruction) {
        let sent = self.world.ok(instruction);
        self.enter(name, &sent);
    }

    fn enter(&mut self, name: &str, sent: &Sent) {
        assert_eq!(sent.signatures, 1, "{name}: one signer pays and signs");
        // Some instructions are sent several times: the dearest counts.
        let earlier = self.table.get(name).and_then(|entry| entry["compute_units"].as_u64());
        if earlier.is_some_and(|units| units >= sent.compute_units) {
            return;
        }
        let entry = json!({
            "compute_units": sent.compute_units,
            "transaction_bytes": sent.bytes,
            "base_fee_signatures": sent.signatures,
        });
        self.table.insert(name.to_owned(), entry);
    }

    fn close(&mut self, job: &JobHandle, provider: usize) {
        self.take("claim_reward", self.world.claim_reward(job, provider));
        self.take("claim_refund", self.world.claim_refund(job));
        self.take("sweep_fees", self.world.sweep_fees(job));
    }
}

/// The life of an unaudited batch job of a proven provider.
fn unaudited() -> BTreeMap<String, Value> {
    let mut m = Meter::new();
    m.world.do_prove(0, LIMITS.proven_after + 380);
    // The first index whose receipt is not drawn for an audit, found on copies.
    let index = (1..40).find(|&index| {
        let mut copy = m.world.clone();
        let job = copy.do_submitted(0, index, 0);
        copy.send(copy.open_round(&job, 0)).is_err()
    });
    let index = index.expect("one in twenty is audited");
    let job = m.world.handle(0, index, m.world.mints[0]);
    let both = [m.world.post_job(0, job.mint, terms(index)), m.world.match_job(&job, 0, 0)];
    let sent = m.world.clone().send_all(&both).expect("posted and matched");
    m.enter("post_job + match_job", &sent);
    let [post, instant] = both;
    m.take("post_job", post);
    m.take("match_job", instant);
    m.take("start_job", m.world.start_job(&job, 0));
    m.world.warp(60);
    m.take("submit_proof", m.world.submit_proof(&job, 0, claim(&m.world, &job, 0, 60_000)));
    m.world.warp(120);
    m.take("settle_unchallenged", m.world.settle_unchallenged(&job, 0));
    m.close(&job, 0);
    m.take("close_job", m.world.close_job(&job));
    m.table
}

/// The life of a job won in an auction and audited by one round.
fn audited() -> BTreeMap<String, Value> {
    let mut m = Meter::new();
    let job = m.world.handle(0, 1, m.world.mints[0]);
    let args = market::JobTerms { auction_seconds: 60, ..terms(1) };
    m.take("post_job", m.world.post_job(0, job.mint, args));
    m.take("place_bid", m.world.place_bid(&job, 0, LIMITS.price));
    m.world.warp(60);
    m.take("accept_bid", m.world.accept_bid(&job, 0));
    m.take("start_job", m.world.start_job(&job, 0));
    m.world.warp(60);
    m.take("submit_proof", m.world.submit_proof(&job, 0, claim(&m.world, &job, 0, 60_000)));
    m.world.seal_slots(2);
    m.take("open_round", m.world.open_round(&job, 0));
    m.take("submit_reexecution", m.world.submit_reexecution(&job, 1, 50_000));
    for seat in 0..5 {
        m.take("submit_attestation", m.world.attest(&job, 1, seat, Opinion::Valid as u8, 1));
    }
    m.take("finalize_round", m.world.finalize_round(&job, 1));
    m.take("verify_proof", m.world.verify_proof(&job, 0));
    m.close(&job, 0);
    let budget = address::audit_budget(&job.mint);
    m.world.token_account(budget, &address::market_config(), &job.mint, 1_000_000);
    let executor = m.world.provider_at(&m.world.round(&job, 1).executor);
    m.take("pay_audit", m.world.pay_audit(&job, 0, executor));
    m.take("close_job", m.world.close_job(&job));
    m.take("close_round", m.world.close_round(&job, 1));
    m.take("close_verdict", m.world.close_verdict(&job));
    m.table
}

/// A first round without agreement, and the second.
fn escalated() -> BTreeMap<String, Value> {
    let mut m = Meter::new();
    let job = m.world.do_submitted(0, 1, 0);
    m.world.do_open_round(&job, 0);
    m.world.do_reexecute(&job, 1);
    m.world.warp(LIMITS.attest_window + 1);
    m.take("expire_round", m.world.expire_round(&job));
    m.world.seal_slots(2);
    m.take("escalate_round", m.world.escalate_round(&job, 0));
    m.world.do_attest_all(&job, 2, Opinion::Invalid, 1);
    m.take("finalize_round", m.world.finalize_round(&job, 2));
    m.take("verify_proof", m.world.verify_proof(&job, 0));
    m.take("sweep_slashed", m.world.sweep_slashed(m.world.providers[0].owner));
    m.take("claim_refund", m.world.claim_refund(&job));
    m.table
}

#[test]
fn nothing_costs_more_than_the_table_says() {
    let measured = json!({ "unaudited": unaudited(), "audited": audited(), "escalated": escalated() });
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks/compute-units.json");
    if std::env::var_os("PROOFMILL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(&measured).unwrap() + "\n").unwrap();
        return;
    }
    let committed: Value = serde_json::from_str(
        &std::fs::read_to_string(&path).expect("docs/benchmarks/compute-units.json; PROOFMILL_BLESS=1 writes it"),
    )
    .unwrap();
    let mut grown = Vec::new();
    for (life, instructions) in measured.as_object().unwrap() {
        for (name, numbers) in instructions.as_object().unwrap() {
            for (number, value) in numbers.as_object().unwrap() {
                let now = value.as_u64().unwrap();
                match committed[life][name][number].as_u64() {
                    Some(then) if now * 100 <= then * (100 + GROWTH_PERCENT) => {}
                    then => grown.push(format!("{life}, {name}, {number}: {then:?} -> {now}")),
                }
            }
        }
    }
    assert!(grown.is_empty(), "grown by more than {GROWTH_PERCENT} %, or not in the table:\n{}", grown.join("\n"));
}
