//! Two jobs of other tenants, providers and mints share no account that either writes: they run in parallel.

use std::collections::BTreeSet;

use crate::laws::*;
use proofmill_client::{compose::Settling, interface::InstructionInfo};

/// Instructions that collect from many jobs into one account, by design and off the path of a job's life.
const BATCHED: [&str; 3] = ["sweep_fees", "pay_audit", "sweep_slashed"];

fn info(instruction: &Instruction) -> &'static InstructionInfo {
    let list = if instruction.program_id == market::ID { market::INSTRUCTIONS } else { arbiter::INSTRUCTIONS };
    list.iter().find(|info| instruction.data[..8] == info.discriminator).expect("an instruction of the interface")
}

#[derive(Default)]
struct Written {
    accounts: BTreeSet<[u8; 32]>,
    instructions: BTreeSet<&'static str>,
}

impl Written {
    fn send(&mut self, w: &mut World, instruction: Instruction) {
        let info = info(&instruction);
        for (meta, account) in instruction.accounts.iter().zip(info.accounts) {
            // The interface and the client must agree on what is written.
            let absent = account.optional && meta.pubkey == instruction.program_id;
            assert!(absent || meta.is_writable == account.writable, "{}, {}", info.name, account.name);
            if meta.is_writable && !BATCHED.contains(&info.name) {
                self.accounts.insert(meta.pubkey.to_bytes());
            }
        }
        self.instructions.insert(info.name);
        w.ok(instruction);
    }
}

/// A whole life, audited by one round, sent by its own parties only; `crank` is this life's own payer.
fn life(w: &mut World, tenant: usize, provider: usize, mint: usize, crank: Address) -> Written {
    let mut written = Written::default();
    w.crank = crank;
    let mint_address = w.mints[mint];
    let job = w.handle(tenant, 1, mint_address);
    let args = market::JobTerms { auction_seconds: 60, ..terms(1) };
    written.send(w, w.post_job(tenant, mint_address, args));
    written.send(w, w.place_bid(&job, provider, LIMITS.price));
    w.warp(60);
    written.send(w, w.accept_bid(&job, provider));
    written.send(w, w.start_job(&job, provider));
    w.warp(60);
    written.send(w, w.submit_proof(&job, provider, claim(w, &job, provider, 60_000)));
    w.seal_slots(2);
    w.do_keep_epoch();
    written.send(w, w.open_round(&job, provider));
    written.send(w, w.submit_reexecution(&job, 1, 50_000));
    for seat in 0..5 {
        let party = w.seated(&job, 1, seat).clone();
        let mut commit = w.commit(&job, 1, seat, Opinion::Valid as u8, 1);
        // The validators are the same in both lives; their delegates are read, not written.
        assert!(!commit.accounts[0].is_writable && commit.accounts[0].pubkey == party.delegate);
        commit.accounts[0].is_signer = true;
        written.send(w, commit);
    }
    let reveals = (0..5).map(|seat| w.revealed(&job, 1, seat, Opinion::Valid as u8, 1)).collect();
    written.send(w, w.reveal_attestations(&job, 1, reveals));
    written.send(w, w.finalize_round(&job, 1));
    written.send(w, w.verify_proof(&job, provider));
    written.send(w, w.claim_reward(&job, provider));
    written.send(w, w.claim_refund(&job));
    written.send(w, w.sweep_fees(&job));
    w.token_account(address::audit_budget(&mint_address), &address::market_config(), &mint_address, 1_000_000);
    let executor = w.provider_at(&w.round(&job, 1).executor);
    written.send(w, w.pay_audit(&job, 0, executor));
    written.send(w, w.close_job(&job));
    written.send(w, w.close_round(&job, 1));
    written.send(w, w.close_verdict(&job));
    // And one that is matched at once and given back.
    let job = w.handle(tenant, 2, mint_address);
    written.send(w, w.post_job(tenant, mint_address, terms(2)));
    written.send(w, w.match_job(&job, provider, mint as u16));
    written.send(w, w.decline_job(&job, provider));
    written.send(w, w.claim_refund(&job));
    written.send(w, w.close_job(&job));
    // And a service that misses its availability.
    let job = w.handle(tenant, 3, mint_address);
    let owner = w.tenants[tenant];
    w.fund(owner, w.stake_mint, 0);
    let args =
        market::JobTerms { max_seconds: 600, sla_bond: 1_000, sla_uptime_bps: 9_900, ..service_terms(&owner, 3) };
    written.send(w, w.post_job(tenant, mint_address, args));
    written.send(w, w.match_job(&job, provider, mint as u16));
    written.send(w, w.start_job(&job, provider));
    w.warp(600);
    written.send(w, w.report_usage(&job, usage_claim(w, &job, provider, 500_000)));
    written.send(w, w.claim_stream(&job, provider));
    written.send(w, w.pause_job(&job));
    written.send(w, w.top_up_job(&job, owner, 100));
    written.send(w, w.resume_job(&job, provider));
    w.do_witness(&job, &w.usage_witness(&job, 500_500));
    written.send(w, w.accept_witnessed_usage(&job));
    written.send(w, w.stop_job(&job, owner, provider));
    w.warp(301);
    written.send(w, w.expire_job(&job, Some(provider)));
    written.send(w, w.claim_reward(&job, provider));
    written.send(w, w.claim_refund(&job));
    written.send(w, w.sweep_fees(&job));
    written.send(w, w.claim_sla(&job, provider));
    written.send(w, w.close_job(&job));
    written
}

#[test]
fn independent_jobs_write_no_account_in_common() {
    let mut w = TestBuilder::ready();
    let (one, other) = (w.crank, w.wallet("other crank"));
    let first = life(&mut w, 0, 0, 0, one);
    let second = life(&mut w, 1, 1, 1, other);
    let shared: Vec<Address> =
        first.accounts.intersection(&second.accounts).map(|key| Address::new_from_array(*key)).collect();
    assert!(shared.is_empty(), "both lives write {shared:?}");
    assert!(first.instructions.len() > 25, "{:?}", first.instructions);
}

/// What is written once for all jobs is written by nobody's job: no life writes a configuration, a roster or a set.
#[test]
fn no_life_writes_what_all_share() {
    let mut w = TestBuilder::ready();
    let crank = w.crank;
    let written = life(&mut w, 0, 0, 0, crank);
    for shared in [
        address::market_config(),
        address::arbiter_config(),
        address::roster(),
        address::validator_set(1),
        address::executors(&w.class_key),
        address::mint_rule(&w.mints[0]),
        address::audit_budget(&w.mints[0]),
        address::token_account(&w.treasury, &w.mints[0]),
        w.mints[0],
    ] {
        assert!(!written.accounts.contains(shared.as_array()), "{shared} is written");
    }
}

/// A life as its parties send it: several instructions to a transaction, and every transaction with what the runtime
/// locks for it, the payer included.
fn transactions(w: &mut World, tenant: usize, provider: usize, mint: usize, audited: bool) -> Vec<Vec<Instruction>> {
    let mint_address = w.mints[mint];
    let mut sent = Vec::new();
    let mut send = |w: &mut World, list: Vec<Instruction>| {
        w.send_all(&list).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        sent.push(list);
    };
    let first = |w: &World, job: &JobHandle| {
        vec![w.post_job(tenant, mint_address, terms(job.index)), w.match_job(job, provider, mint as u16)]
    };
    let job = (1..40)
        .map(|index| w.handle(tenant, index, mint_address))
        .find(|job| {
            let mut copy = w.clone();
            copy.send_all(&first(w, job)).expect("posted and matched");
            copy.do_start(job, provider);
            copy.do_submit(job, provider, 60);
            copy.do_keep_epoch();
            let drawn = copy.send(copy.open_round(job, provider)).is_ok();
            // Another provider re-executes than the two of these lives, as nearly always in a network of many.
            drawn == audited && (!drawn || copy.round(job, 1).executor == w.providers[2].account)
        })
        .expect("some are audited and some are not");
    let opening = first(w, &job);
    send(w, opening);
    send(w, vec![w.start_job(&job, provider)]);
    w.warp(60);
    send(w, vec![w.submit_proof(&job, provider, claim(w, &job, provider, 60_000))]);
    w.seal_slots(2);
    if audited {
        w.do_keep_epoch();
        send(w, vec![w.open_round(&job, provider)]);
        send(w, vec![w.submit_reexecution(&job, 1, 50_000)]);
        let seats = w.round(&job, 1).seats;
        let said: Vec<_> = (0..seats).map(|seat| w.commit(&job, 1, seat, Opinion::Valid as u8, 1)).collect();
        for one in said {
            send(w, vec![one]);
        }
        let said = (0..seats).map(|seat| w.revealed(&job, 1, seat, Opinion::Valid as u8, 1)).collect();
        send(w, vec![w.reveal_attestations(&job, 1, said)]);
        let stored = w.job(&job);
        let emptying = w.emptying(&job, &stored, provider);
        let mut all = vec![w.finalize_round(&job, 1)];
        all.extend(emptying.settle(Settling::Verdict));
        all.extend([emptying.claim_reward(), emptying.claim_refund()]);
        send(w, all);
        w.ok(w.sweep_fees(&job));
        w.warp(86_401);
        send(w, vec![w.close_job(&job), w.close_round(&job, 1), w.close_verdict(&job)]);
    } else {
        w.warp(LIMITS.challenge_window);
        let stored = w.job(&job);
        let emptying = w.emptying(&job, &stored, provider);
        let mut all: Vec<_> = emptying.settle(Settling::Unchallenged).into_iter().collect();
        all.extend([emptying.claim_reward(), emptying.claim_refund()]);
        send(w, all);
        w.ok(w.sweep_fees(&job));
        send(w, vec![w.close_job(&job)]);
    }
    sent
}

/// What the scheduler locks for writing: the payer and every writable account.
fn write_locks(w: &World, list: &[Instruction]) -> BTreeSet<[u8; 32]> {
    let metas = list.iter().flat_map(|instruction| &instruction.accounts);
    metas.filter(|meta| meta.is_writable).map(|meta| meta.pubkey).chain([w.crank]).map(|key| key.to_bytes()).collect()
}

/// Every account a transaction touches at all.
fn all_locks(w: &World, list: &[Instruction]) -> BTreeSet<[u8; 32]> {
    let touched = list.iter().flat_map(|instruction| &instruction.accounts).map(|meta| meta.pubkey.to_bytes());
    write_locks(w, list).into_iter().chain(touched).collect()
}

/// Scheduling: any transaction of one life can run beside any of the other, in any interleaving. Not only do both not
/// write the same account; neither writes what the other reads. Fees are swept by whoever collects, later and in bulk.
#[test]
fn transactions_of_two_lives_run_beside_each_other() {
    for audited in [[false, false], [true, true], [true, false]] {
        let mut w = TestBuilder::ready();
        for provider in 0..2 {
            w.do_prove(provider, LIMITS.proven_after + 20);
        }
        // Each life has a payer of its own: one re-executor may serve both, and would pay for both.
        w.crank_pays = true;
        let own_crank = w.wallet("other crank");
        let first: Vec<_> = transactions(&mut w, 0, 0, 0, audited[0])
            .iter()
            .map(|list| (write_locks(&w, list), all_locks(&w, list)))
            .collect();
        w.crank = own_crank;
        let second: Vec<_> = transactions(&mut w, 1, 1, 1, audited[1])
            .iter()
            .map(|list| (write_locks(&w, list), all_locks(&w, list)))
            .collect();
        assert!(first.len() >= 5 && second.len() >= 5);
        for (number, (written, touched)) in first.iter().enumerate() {
            for (other, (written_too, touched_too)) in second.iter().enumerate() {
                for (one, two) in [(written, touched_too), (written_too, touched)] {
                    let shared: Vec<_> = one.intersection(two).map(|key| Address::new_from_array(*key)).collect();
                    assert!(shared.is_empty(), "{audited:?}: transactions {number} and {other} wait for {shared:?}");
                }
            }
        }
    }
}
