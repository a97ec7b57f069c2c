//! Generated from the interface: for every instruction of both programs, each signature left out, each account
//! replaced by a stranger's, and each written account passed read-only. All of it fails, but for the list below.

use crate::laws::*;
use proofmill_client::interface::InstructionInfo;

/// Slots in which any wallet will do, and why.
const HARMLESS: [(&str, &str, &str); 6] = [
    ("initialize_config", "authority", "the first to come names the authority; the deployment script comes first"),
    ("open_executors", "payer", "anyone may pay for a list"),
    ("freeze_set", "payer", "anyone may pay for a set"),
    ("open_round", "payer", "anyone may pay for a round, and gets the rent back"),
    ("escalate_round", "payer", "anyone may pay for a round, and gets the rent back"),
    ("finalize_round", "payer", "anyone may pay for a verdict, and gets the rent back"),
];

fn everything() -> impl Iterator<Item = &'static InstructionInfo> {
    market::INSTRUCTIONS.iter().chain(arbiter::INSTRUCTIONS)
}

/// A world in which `name` succeeds, and the instruction.
fn baseline(name: &str) -> (World, Instruction) {
    let mut w = TestBuilder::ready();
    let mint = w.mints[0];
    let owner = w.providers[0].owner;
    let instruction = match name {
        "initialize_config" => {
            w = TestBuilder::new().build();
            w.initialize_config(settings(&w))
        }
        "initialize_arbiter" => {
            w = TestBuilder::new().build();
            w.ok(w.initialize_config(settings(&w)));
            w.initialize_arbiter(w.arbiter_args())
        }
        "update_config" => w.update_config(settings(&w)),
        "update_arbiter" => w.update_arbiter(w.arbiter_args()),
        "add_mint" => {
            let third = w.mint("third");
            w.add_mint(third, w.mint_rule_args())
        }
        "update_mint" => w.update_mint(mint, w.mint_rule_args()),
        "register_provider" => {
            w = TestBuilder::new().do_configure().build();
            w.register_provider(owner, w.provider_args(0))
        }
        "update_provider" => w.update_provider(owner, w.provider_args(0)),
        "announce_provider" => w.announce_provider(0, 1),
        "open_stake" => w.open_stake(w.outsider),
        "deposit_stake" => {
            w.fund(owner, w.stake_mint, 10);
            w.deposit_stake(owner, 10)
        }
        "unbond_stake" => w.unbond_stake(owner, 10),
        "withdraw_stake" => {
            w.ok(w.unbond_stake(owner, 10));
            w.warp(LIMITS.unbonding);
            w.withdraw_stake(owner)
        }
        "sweep_slashed" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_reject(&job, 0);
            w.sweep_slashed(owner)
        }
        "publish_offer" => w.publish_offer(0, mint, w.offer_args(2)),
        "withdraw_offer" => w.withdraw_offer(0, 0),
        "post_job" => w.post_job(0, mint, terms(1)),
        "match_job" => {
            let job = w.do_post(0, 1);
            w.match_job(&job, 0, 0)
        }
        "place_bid" => {
            let job = w.do_auction(0, 1, 60);
            w.place_bid(&job, 0, 900)
        }
        "withdraw_bid" => {
            let job = w.do_auction(0, 1, 60);
            w.ok(w.place_bid(&job, 0, 900));
            w.ok(w.place_bid(&job, 1, 800));
            w.withdraw_bid(&job, 0)
        }
        "accept_bid" => {
            let job = w.do_auction(0, 1, 60);
            w.ok(w.place_bid(&job, 0, 900));
            w.warp(60);
            w.accept_bid(&job, 0)
        }
        "start_job" => {
            let job = w.do_post(0, 1);
            w.do_match(&job, 0);
            w.start_job(&job, 0)
        }
        "submit_proof" => {
            let job = w.do_run(0, 1, 0);
            w.submit_proof(&job, 0, claim(&w, &job, 0, 1))
        }
        "verify_proof" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_judge(&job, 0, Opinion::Valid);
            w.verify_proof(&job, 0)
        }
        "settle_unchallenged" => {
            w.do_prove(0, LIMITS.proven_after + 380);
            let job = w.do_submitted(0, 1, 0);
            w.warp(LIMITS.challenge_window);
            w.settle_unchallenged(&job, 0)
        }
        "claim_reward" => {
            let job = w.do_accepted(0, 1, 0);
            w.claim_reward(&job, 0)
        }
        "claim_refund" => {
            let job = w.do_accepted(0, 1, 0);
            w.claim_refund(&job)
        }
        "sweep_fees" => {
            let job = w.do_accepted(0, 1, 0);
            w.sweep_fees(&job)
        }
        "pay_audit" => {
            let job = w.do_accepted(0, 1, 0);
            w.token_account(address::audit_budget(&mint), &address::market_config(), &mint, 1_000_000);
            w.pay_audit(&job, 0, w.provider_at(&w.round(&job, 1).executor))
        }
        "cancel_job" => {
            let job = w.do_post(0, 1);
            w.cancel_job(&job)
        }
        "decline_job" => {
            let job = w.do_run(0, 1, 0);
            w.decline_job(&job, 0)
        }
        "expire_job" => {
            let job = w.do_run(0, 1, 0);
            w.warp(1_000);
            w.expire_job(&job, Some(0))
        }
        "close_job" => {
            let job = w.do_post(0, 1);
            w.ok(w.cancel_job(&job));
            w.ok(w.claim_refund(&job));
            w.token_account(job.vault, &job.address, &job.mint, 1);
            w.close_job(&job)
        }
        "register_validator" => {
            w.do_stake(w.outsider, LIMITS.stake_min);
            w.register_validator(w.outsider, [1; 32])
        }
        "retire_validator" => w.retire_validator(w.validators[0].identity),
        "freeze_set" => {
            w.warp(LIMITS.epoch);
            w.freeze_set(2)
        }
        "open_executors" => w.open_executors([2; 32]),
        "join_executors" => {
            w.ok(w.leave_executors(0));
            w.join_executors(0)
        }
        "leave_executors" => w.leave_executors(0),
        "open_round" => {
            let job = w.do_submitted(0, 1, 0);
            w.open_round(&job, 0)
        }
        "expire_round" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_open_round(&job, 0);
            w.warp(LIMITS.attest_window + 1);
            w.expire_round(&job)
        }
        "escalate_round" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_open_round(&job, 0);
            w.do_expire_round(&job);
            w.escalate_round(&job, 0)
        }
        "submit_reexecution" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_open_round(&job, 0);
            w.submit_reexecution(&job, 1, 1)
        }
        "submit_attestation" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_open_round(&job, 0);
            w.attest(&job, 1, 0, Opinion::Valid as u8, 0)
        }
        "finalize_round" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_escalate(&job, 0);
            w.do_attest_all(&job, 2, Opinion::Valid, 0);
            w.finalize_round(&job, 2)
        }
        "close_round" | "close_verdict" => {
            let job = w.do_submitted(0, 1, 0);
            w.do_judge(&job, 0, Opinion::Unavailable);
            w.ok(w.verify_proof(&job, 0));
            w.ok(w.claim_refund(&job));
            w.ok(w.close_job(&job));
            if name == "close_round" { w.close_round(&job, 1) } else { w.close_verdict(&job) }
        }
        other => panic!("no baseline for {other}: add one"),
    };
    // A payer of its own: what the instruction names is writable and signs only where the instruction says so.
    w.crank = w.wallet("fee payer");
    w.crank_pays = true;
    (w, instruction)
}

fn is_harmless(instruction: &str, account: &str) -> bool {
    HARMLESS.iter().any(|(name, slot, _)| *name == instruction && *slot == account)
}

#[test]
fn every_baseline_succeeds() {
    for info in everything() {
        let (mut w, instruction) = baseline(info.name);
        assert_eq!(instruction.data[..8], info.discriminator, "{}", info.name);
        assert_eq!(instruction.accounts.len(), info.accounts.len(), "{}", info.name);
        for (meta, account) in instruction.accounts.iter().zip(info.accounts) {
            assert_eq!((meta.is_signer, meta.is_writable), (account.signer, account.writable), "{}", info.name);
        }
        if let Err(failure) = w.send(instruction) {
            panic!("{}: {failure:?}", info.name);
        }
    }
}

#[test]
fn every_missing_signature_fails() {
    let mut tried = 0;
    for info in everything() {
        let (mut w, instruction) = baseline(info.name);
        for (slot, account) in info.accounts.iter().enumerate().filter(|(_, account)| account.signer) {
            let mut unsigned = instruction.clone();
            unsigned.accounts[slot].is_signer = false;
            let failure = w.send(unsigned).expect_err(&format!("{} without {}", info.name, account.name));
            assert_eq!(failure, UNSIGNED, "{}, {}", info.name, account.name);
            tried += 1;
        }
    }
    assert!(tried >= 25, "{tried} signatures");
}

#[test]
fn every_substituted_account_fails() {
    let mut tried = 0;
    for info in everything() {
        let (mut w, instruction) = baseline(info.name);
        let stranger = w.wallet("stranger");
        for (slot, account) in info.accounts.iter().enumerate() {
            let outcome = w.clone().send(with(instruction.clone(), slot, stranger));
            assert_eq!(
                outcome.is_ok(),
                is_harmless(info.name, account.name),
                "{}, {}: {outcome:?}",
                info.name,
                account.name
            );
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried} accounts");
}

#[test]
fn every_written_account_must_be_writable() {
    for info in everything() {
        let (mut w, instruction) = baseline(info.name);
        for (slot, account) in info.accounts.iter().enumerate().filter(|(_, account)| account.writable) {
            let mut readonly = instruction.clone();
            // The same address elsewhere in the list keeps it writable: then nothing is tested.
            let key = readonly.accounts[slot].pubkey;
            readonly.accounts.iter_mut().filter(|meta| meta.pubkey == key).for_each(|meta| meta.is_writable = false);
            assert!(w.send(readonly).is_err(), "{} with {} read-only", info.name, account.name);
        }
    }
}

/// Whoever guesses an address that is about to be created and sends lamports there does not keep it from existing.
#[test]
fn lamports_sent_ahead_block_nothing() {
    let mut tried = 0;
    for info in everything() {
        let (w, instruction) = baseline(info.name);
        let created = instruction.accounts.iter().filter(|meta| meta.is_writable && w.is_closed(&meta.pubkey));
        for meta in created {
            for lamports in [1, 1_000_000, 1_000_000_000] {
                let mut w = w.clone();
                w.gift(meta.pubkey, lamports);
                if let Err(failure) = w.send(instruction.clone()) {
                    panic!("{}: {lamports} lamports at {} block it: {failure:?}", info.name, meta.pubkey);
                }
            }
            tried += 1;
        }
    }
    assert!(tried >= 15, "{tried} accounts");
}
