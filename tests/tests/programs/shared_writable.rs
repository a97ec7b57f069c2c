//! Two jobs of other tenants, providers and mints share no account that either writes: they run in parallel.

use std::collections::BTreeSet;

use crate::laws::*;
use proofmill_client::interface::InstructionInfo;

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
    written.send(w, w.open_round(&job, provider));
    written.send(w, w.submit_reexecution(&job, 1, 50_000));
    for seat in 0..5 {
        written.send(w, w.attest(&job, 1, seat, Opinion::Valid as u8, 1));
    }
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
    assert!(first.instructions.len() > 17, "{:?}", first.instructions);
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
