//! What each instruction of a job's life takes, against the committed table.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{laws::*, scenarios::targets};
use proofmill_client::compose::{self, Settling};
use serde_json::{Value, json};
use solana_instruction::AccountMeta;

/// How much an entry may grow before the table has to be renewed, percent.
const GROWTH_PERCENT: u64 = 2;
/// Name of the sums over all transactions of a life.
const WHOLE_LIFE: &str = "whole life";

/// What the whole life of an unaudited batch job may take, and the signatures of either life.
const UNAUDITED_UNITS_MAX: u64 = 45_000;
const UNAUDITED_SIGNATURES_MAX: u64 = 4;
const AUDITED_SIGNATURES_MAX: u64 = 9;
/// What five reveals and their verdict may take together.
const FINALISING_UNITS_MAX: u64 = 90_000;

struct Meter {
    world: World,
    table: BTreeMap<String, Value>,
    /// Of everything sent so far: transactions, compute units, signatures.
    whole: [u64; 3],
}

impl Meter {
    fn new(world: &World) -> Self {
        Self { world: world.clone(), table: BTreeMap::new(), whole: [0; 3] }
    }

    fn take(&mut self, name: &str, instruction: Instruction) {
        self.take_all(name, &[instruction]);
    }

    /// Sends instructions in one transaction and enters what it took and what it created.
    fn take_all(&mut self, name: &str, instructions: &[Instruction]) {
        let signatures = self.enter(name, instructions);
        assert_eq!(signatures, 1, "{name}: one signer pays and signs");
    }

    /// The same, however many sign.
    fn enter(&mut self, name: &str, instructions: &[Instruction]) -> usize {
        let written = instructions.iter().flat_map(|instruction| &instruction.accounts);
        let absent: BTreeSet<[u8; 32]> = written
            .filter(|meta| meta.is_writable && self.world.is_closed(&meta.pubkey))
            .map(|meta| meta.pubkey.to_bytes())
            .collect();
        let sent = self.world.send_all(instructions).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let created = absent.into_iter().map(Address::new_from_array).filter(|at| !self.world.is_closed(at));
        let (mut bytes, mut lamports) = (0, 0);
        for at in created {
            bytes += self.world.data(&at).len() as u64;
            lamports += self.world.lamports(&at);
        }
        assert!(sent.bytes + compose::BUDGET_BYTES <= compose::TRANSACTION_BYTES_MAX, "{name}: {} bytes", sent.bytes);
        for (sum, more) in self.whole.iter_mut().zip([1, sent.compute_units, sent.signatures as u64]) {
            *sum += more;
        }
        // Some instructions are sent several times: the dearest counts.
        let earlier = self.table.get(name).and_then(|entry| entry["compute_units"].as_u64());
        if earlier.is_some_and(|units| units >= sent.compute_units) {
            return sent.signatures;
        }
        let entry = json!({
            "compute_units": sent.compute_units,
            "transaction_bytes": sent.bytes,
            "base_fee_signatures": sent.signatures,
            "created_bytes": bytes,
            "rent_lamports": lamports,
        });
        self.table.insert(name.to_owned(), entry);
        sent.signatures
    }

    /// Nine seats commit and reveal the same, five and four at a time.
    fn judge_by_nine(&mut self, job: &JobHandle, index: u8) {
        for seats in [0..5, 5..9] {
            let name = format!("commit_attestations ({})", if seats.len() == 5 { "five" } else { "four" });
            let signed = seats.map(|seat| self.world.signed(job, index, seat, Opinion::Invalid as u8, 1)).collect();
            self.take(&name, self.world.commit_attestations(job, index, signed));
        }
        for seats in [0..5, 5..9] {
            let name = format!("reveal_attestations ({})", if seats.len() == 5 { "five" } else { "four" });
            let said = seats.map(|seat| self.world.revealed(job, index, seat, Opinion::Invalid as u8, 1)).collect();
            self.take(&name, self.world.reveal_attestations(job, index, said));
        }
    }

    fn close(&mut self, job: &JobHandle, provider: usize) {
        self.take("claim_reward", self.world.claim_reward(job, provider));
        self.take("claim_refund", self.world.claim_refund(job));
        self.take("sweep_fees", self.world.sweep_fees(job));
    }

    /// The table, with the sums over the whole life.
    fn end(mut self) -> BTreeMap<String, Value> {
        let [transactions, compute_units, signatures] = self.whole;
        let entry = json!({
            "transactions": transactions, "compute_units": compute_units, "base_fee_signatures": signatures,
        });
        self.table.insert(WHOLE_LIFE.to_owned(), entry);
        self.table
    }
}

/// The first index whose receipt is not drawn for an audit, found on copies.
fn unaudited_job(w: &mut World) -> JobHandle {
    w.do_prove(0, LIMITS.proven_after + 380);
    let index = (1..40).find(|&index| {
        let mut copy = w.clone();
        let job = copy.do_submitted(0, index, 0);
        copy.do_keep_epoch();
        copy.send(copy.open_round(&job, 0)).is_err()
    });
    w.handle(0, index.expect("one in twenty is audited"), w.mints[0])
}

/// The life of an unaudited batch job of a proven provider, each step sent alone.
fn unaudited(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
    let job = unaudited_job(&mut m.world);
    m.take("post_job", m.world.post_job(0, job.mint, terms(job.index)));
    m.take("match_job", m.world.match_job(&job, 0, 0));
    m.take("start_job", m.world.start_job(&job, 0));
    m.world.warp(60);
    m.take("submit_proof", m.world.submit_proof(&job, 0, claim(&m.world, &job, 0, 60_000)));
    m.world.warp(120);
    m.take("settle_unchallenged", m.world.settle_unchallenged(&job, 0));
    m.close(&job, 0);
    m.take("close_job", m.world.close_job(&job));
    m.end()
}

/// The same life with what belongs together sent together.
fn unaudited_composed(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
    let job = unaudited_job(&mut m.world);
    m.take_all(
        "post_job + match_job",
        &[m.world.post_job(0, job.mint, terms(job.index)), m.world.match_job(&job, 0, 0)],
    );
    m.take("start_job", m.world.start_job(&job, 0));
    m.world.warp(60);
    m.take("submit_proof", m.world.submit_proof(&job, 0, claim(&m.world, &job, 0, 60_000)));
    m.world.warp(120);
    let stored = m.world.job(&job);
    let all = m.world.emptying(&job, &stored, 0).settle_and_empty(Settling::Unchallenged);
    m.take_all("settle_unchallenged + claim_reward + claim_refund + sweep_fees + close_job", &all);
    m.end()
}

/// The life of a job won in an auction and audited by one round.
fn audited(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
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
        m.take("commit_attestation", m.world.commit(&job, 1, seat, Opinion::Valid as u8, 1));
    }
    let one = |seat| m.world.revealed(&job, 1, seat, Opinion::Valid as u8, 1);
    let aggregate = m.world.reveal_attestations(&job, 1, (0..5).map(one).collect());
    m.take("reveal_attestations (five)", aggregate);
    m.take("finalize_round", m.world.finalize_round(&job, 1));
    m.take("verify_proof", m.world.verify_proof(&job, 0));
    m.close(&job, 0);
    fill_budget(&mut m.world, &job);
    let executor = m.world.provider_at(&m.world.round(&job, 1).executor);
    m.take("pay_audit", m.world.pay_audit(&job, 0, executor));
    m.take("close_job", m.world.close_job(&job));
    m.take("close_round", m.world.close_round(&job, 1));
    m.take("close_verdict", m.world.close_verdict(&job));
    m.end()
}

/// An audited job of an offer, with what belongs together sent together. Commitments and opinions carry their own
/// signatures: whoever gathers them sends each five at once.
fn audited_composed(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
    let job = m.world.handle(0, 1, m.world.mints[0]);
    fill_budget(&mut m.world, &job);
    m.take_all("post_job + match_job", &[m.world.post_job(0, job.mint, terms(1)), m.world.match_job(&job, 0, 0)]);
    m.take("start_job", m.world.start_job(&job, 0));
    m.world.warp(60);
    m.take("submit_proof", m.world.submit_proof(&job, 0, claim(&m.world, &job, 0, 60_000)));
    m.world.seal_slots(2);
    m.take("open_round", m.world.open_round(&job, 0));
    m.take("submit_reexecution", m.world.submit_reexecution(&job, 1, 50_000));
    let signed = (0..5).map(|seat| m.world.signed(&job, 1, seat, Opinion::Valid as u8, 1)).collect();
    m.take("commit_attestations (five)", m.world.commit_attestations(&job, 1, signed));
    let said = |seat| m.world.revealed(&job, 1, seat, Opinion::Valid as u8, 1);
    let revealed = m.world.reveal_attestations(&job, 1, (0..5).map(said).collect());
    m.take("reveal_attestations (five)", revealed);
    let stored = m.world.job(&job);
    let executor = m.world.provider_at(&m.world.round(&job, 1).executor);
    let mut all = vec![m.world.finalize_round(&job, 1)];
    all.extend(m.world.emptying(&job, &stored, 0).settle_and_pay(Settling::Verdict));
    all.push(m.world.pay_audit(&job, 0, executor));
    m.take_all("finalize_round + verify_proof + claim_reward + claim_refund + sweep_fees + pay_audit", &all);
    let last = [m.world.close_job(&job), m.world.close_round(&job, 1), m.world.close_verdict(&job)];
    m.take_all("close_job + close_round + close_verdict", &last);
    m.end()
}

fn fill_budget(w: &mut World, job: &JobHandle) {
    let budget = address::audit_budget(&job.mint);
    w.token_account(budget, &address::market_config(), &job.mint, 1_000_000);
}

/// A first round without agreement, and the second.
fn escalated(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
    let job = m.world.do_submitted(0, 1, 0);
    m.world.do_open_round(&job, 0);
    m.world.do_reexecute(&job, 1);
    m.world.do_commit(&job, 1, &[(0, Opinion::Valid, 1)]);
    m.world.warp(LIMITS.commit_window + LIMITS.reveal_window + 1);
    m.take("record_missed_reveal", m.world.record_missed_reveal(&job, 1, 0));
    m.take("expire_round", m.world.expire_round(&job));
    m.world.seal_slots(2);
    m.take("escalate_round", m.world.escalate_round(&job, 0));
    m.world.do_attest_all(&job, 2, Opinion::Invalid, 1);
    m.take("finalize_round", m.world.finalize_round(&job, 2));
    m.take("verify_proof", m.world.verify_proof(&job, 0));
    let case = m.world.slash_case(&job);
    m.world.warp(LIMITS.appeal);
    m.take("apply_slash", m.world.apply_slash(case));
    m.take("close_case", m.world.close_case(case));
    m.take("sweep_slashed", m.world.sweep_slashed(m.world.providers[0].owner));
    m.take("claim_refund", m.world.claim_refund(&job));
    m.end()
}

/// A first round with one dissent that the second one's verdict refutes.
fn refuted(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
    let job = m.world.do_submitted(0, 1, 0);
    m.world.do_open_round(&job, 0);
    m.world.do_reexecute(&job, 1);
    m.world.do_say(&job, 1, &[(0, Opinion::Valid, 1), (1, Opinion::Invalid, 0)]);
    m.world.seal_slots(2);
    m.world.ok(m.world.escalate_round(&job, 0));
    m.world.do_attest_all(&job, 2, Opinion::Valid, 1);
    m.take("finalize_round (refuting)", m.world.finalize_round(&job, 2));
    m.take("record_wrong_dissent", m.world.record_wrong_dissent(&job, 1));
    m.end()
}

/// A second round of nine, and an appeal of nine: two transactions for the commitments and two for the reveals.
fn contested(world: &World) -> BTreeMap<String, Value> {
    let mut w = world.clone();
    w.do_newcomers(4);
    w.do_next_epoch();
    w.do_next_epoch();
    let nine = arbiter::ArbiterArgs { escalated_committee: 9, escalated_threshold: 6, ..w.arbiter_args() };
    w.do_govern_arbiter(nine);
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    let mut m = Meter::new(&w);
    m.judge_by_nine(&job, 2);
    m.take("finalize_round (nine)", m.world.finalize_round(&job, 2));
    m.take("verify_proof (invalid)", m.world.verify_proof(&job, 0));
    let case = m.world.slash_case(&job);
    m.take("appeal_slash", m.world.appeal_slash(m.world.providers[0].owner, case));
    m.world.seal_slots(2);
    m.world.do_keep_epoch();
    m.take("open_appeal", m.world.open_appeal(case));
    m.take("submit_reexecution", m.world.submit_reexecution(&job, 3, 50_000));
    m.judge_by_nine(&job, 3);
    m.take("finalize_appeal", m.world.finalize_appeal(case));
    m.take("resolve_appeal", m.world.resolve_appeal(case));
    m.take("apply_slash", m.world.apply_slash(case));
    m.take("close_case", m.world.close_case(case));
    m.take("close_appeal", m.world.close_appeal(case));
    m.take("close_appeal_verdict", m.world.close_appeal_verdict(case));
    m.table
}

/// Every instruction alone, as its scenario plays it, with the accounts of others beside it.
fn each() -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for mut target in targets() {
        target.world.crank_pays = false;
        let mut m = Meter::new(&target.world);
        m.enter(&target.name, std::slice::from_ref(&target.instruction));
        all.append(&mut m.table);
    }
    all
}

/// Every life under one token program.
fn lives(world: &World) -> Value {
    json!({
        "unaudited": unaudited(world),
        "unaudited_composed": unaudited_composed(world),
        "audited": audited(world),
        "audited_composed": audited_composed(world),
        "escalated": escalated(world),
        "refuted": refuted(world),
        "contested": contested(world),
        "service": service(world),
    })
}

/// Under the token program that clusters run (p-token), and under the one they ran before.
fn measure() -> Value {
    let world = TestBuilder::ready();
    json!({
        "p_token": lives(&world),
        "p_token_each": each(),
        "spl_token_3_5_0": lives(&world.with_classic_token_program()),
    })
}

/// A service that runs dry once, is witnessed once, and misses its availability.
fn service(world: &World) -> BTreeMap<String, Value> {
    let mut m = Meter::new(world);
    let tenant = m.world.tenants[0];
    m.world.fund(tenant, m.world.stake_mint, 0);
    let job = m.world.handle(0, 1, m.world.mints[0]);
    let args =
        market::JobTerms { max_seconds: 600, sla_bond: 1_000, sla_uptime_bps: 9_900, ..service_terms(&tenant, 1) };
    m.take("post_job", m.world.post_job(0, job.mint, args));
    m.take("match_job", m.world.match_job(&job, 0, 0));
    m.take("start_job", m.world.start_job(&job, 0));
    m.world.warp(600);
    m.take("report_usage", m.world.report_usage(&job, usage_claim(&m.world, &job, 0, 500_000)));
    m.take("claim_stream", m.world.claim_stream(&job, 0));
    m.take("pause_job", m.world.pause_job(&job));
    m.take("top_up_job", m.world.top_up_job(&job, tenant, 100));
    m.take("resume_job", m.world.resume_job(&job, 0));
    m.world.warp(20);
    m.world.do_witness(&job, &m.world.usage_witness(&job, 520_000));
    m.take("accept_witnessed_usage", m.world.accept_witnessed_usage(&job));
    m.take("stop_job", m.world.stop_job(&job, tenant, 0));
    m.world.warp(301);
    m.take("expire_job", m.world.expire_job(&job, Some(0)));
    m.close(&job, 0);
    m.take("claim_sla", m.world.claim_sla(&job, 0));
    m.take("close_job", m.world.close_job(&job));
    m.table
}

#[test]
fn nothing_costs_more_than_the_table_says() {
    let measured = measure();
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
    compare("", &measured, &committed, &mut grown);
    assert!(grown.is_empty(), "grown by more than {GROWTH_PERCENT} %, or not in the table:\n{}", grown.join("\n"));
}

/// Every number of `now` against the one at the same place.
fn compare(place: &str, now: &Value, then: &Value, grown: &mut Vec<String>) {
    if let Some(entries) = now.as_object() {
        for (name, value) in entries {
            compare(&format!("{place} / {name}"), value, &then[name], grown);
        }
        return;
    }
    let now = now.as_u64().expect("a number");
    if then.as_u64().is_none_or(|then| now * 100 > then * (100 + GROWTH_PERCENT)) {
        grown.push(format!("{place}: {then} -> {now}"));
    }
}

#[test]
fn a_whole_life_stays_within_its_targets() {
    let world = TestBuilder::ready();
    let whole = |table: BTreeMap<String, Value>, number: &str| table[WHOLE_LIFE][number].as_u64().unwrap();
    for world in [world.clone(), world.clone().with_classic_token_program()] {
        assert!(whole(unaudited_composed(&world), "base_fee_signatures") <= UNAUDITED_SIGNATURES_MAX);
        assert!(whole(audited_composed(&world), "base_fee_signatures") <= AUDITED_SIGNATURES_MAX);
    }
    // A committee of five: its reveals and its verdict; and what the aggregate commitments take stands in the table.
    let judged = audited(&world);
    let units = |name: &str| judged[name]["compute_units"].as_u64().unwrap();
    let finalising = units("reveal_attestations (five)") + units("finalize_round");
    assert!(finalising <= FINALISING_UNITS_MAX, "{finalising}");
    // With the token program that clusters run. What the older one takes stands in the table.
    for units in [unaudited(&world), unaudited_composed(&world)].map(|table| whole(table, "compute_units")) {
        assert!(units <= UNAUDITED_UNITS_MAX, "{units}");
    }
}

/// The two tables are of two token programs: a transfer in the older one takes several times as much.
#[test]
fn the_classic_world_runs_the_classic_program() {
    let transfer = |mut w: World| {
        let (from, to) = (w.account_of(&w.tenants[0], &w.mints[0]), w.account_of(&w.tenants[1], &w.mints[0]));
        let mut data = vec![12];
        data.extend(7u64.to_le_bytes());
        data.push(6);
        let accounts = vec![
            AccountMeta::new(from, false),
            AccountMeta::new_readonly(w.mints[0], false),
            AccountMeta::new(to, false),
            AccountMeta::new_readonly(w.tenants[0], true),
        ];
        w.ok(Instruction { program_id: address::TOKEN_PROGRAM, accounts, data }).compute_units
    };
    let world = TestBuilder::ready();
    let (mainnet, classic) = (transfer(world.clone()), transfer(world.with_classic_token_program()));
    assert!(mainnet < 300 && classic > 4_000, "{mainnet} and {classic}");
}
