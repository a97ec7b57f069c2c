//! The arbiter in the hands of a thief, who writes whatever it likes into accounts of that program: it misdirects the
//! escrow and the lock of jobs that wait for a verdict, and what their price allows out of the audit budget. Nothing
//! else moves, and nothing is stranded.

use crate::{attack::*, laws::*};
use proofmill_protocol::limits;

/// A world with money in every place where a thief could look for it.
struct Loot {
    w: World,
    /// Waits for a verdict: in flight.
    submitted: JobHandle,
    /// Settled, credited, not yet claimed.
    settled: JobHandle,
    open: JobHandle,
    running: JobHandle,
}

/// The thief's provider: it collects rewards of re-executions.
const THIEF: usize = 2;

impl Loot {
    fn new() -> Self {
        let mut w = TestBuilder::ready();
        let mint = w.mints[0];
        w.token_account(address::audit_budget(&mint), &address::market_config(), &mint, 100_000_000);
        let settled = w.do_accepted(0, 1, 0);
        let open = w.do_post(0, 2);
        let running = w.do_run(1, 1, 1);
        let submitted = w.do_submitted(1, 2, 0);
        Self { w, submitted, settled, open, running }
    }
}

/// A verdict on `job` as the thief would write it.
fn verdict(w: &World, job: &JobHandle, opinion: u8, agreeing: u8, confirmed_executors: u8) -> arbiter::Verdict {
    let stored = w.job(job);
    let thief = w.providers[THIEF].account.to_bytes();
    arbiter::Verdict {
        version: 1,
        opinion,
        rounds: 1,
        confirmed_executors,
        attempt: stored.attempt,
        agreeing,
        committee: 5,
        epoch: 1,
        reserved_a: [0; 4],
        nonce: stored.nonce,
        decided_at: w.now,
        reexecution_ms: [u64::MAX; 2],
        job: job.address,
        receipt_hash: stored.receipt_hash,
        output_root: [9; 32],
        executors: [thief; 2],
        rent_payer: w.outsider,
        first_epoch: 1,
        seats: [5, 0],
        members: [[0; 9]; 2],
        reserved_c: [0; 4],
        reserved: [0; 28],
    }
}

/// Every instruction of the market that reads what the arbiter writes, on `job`.
fn uses(w: &World, job: &JobHandle, provider: usize) -> Vec<Instruction> {
    vec![
        w.verify_proof(job, provider),
        w.pay_audit(job, 0, THIEF),
        w.pay_audit(job, 1, THIEF),
        w.settle_unchallenged(job, provider),
        w.close_job(job),
    ]
}

#[test]
fn a_captured_arbiter_moves_only_what_is_in_flight() {
    let mut family = Family::new("T12 captured arbiter", &[]);
    let loot = Loot::new();
    let jobs = [(loot.submitted, 0), (loot.settled, 0), (loot.open, 0), (loot.running, 1)];
    for (job, provider) in jobs {
        for opinion in 0..=5 {
            for agreeing in [0, 1, 2, 3, 5, 255] {
                for confirmed in 0..=3 {
                    let mut w = loot.w.clone();
                    let forged = verdict(&w, &job, opinion, agreeing, confirmed);
                    w.put(address::verdict(&job.address, 1), arbiter::ID, forged.encode());
                    for instruction in uses(&w, &job, provider) {
                        if w.send(instruction).is_ok() { family.held() } else { family.refused() }
                    }
                    if let Err(law) = within_bounds(&loot, &w, &job) {
                        family.escape(format!("opinion {opinion}, {agreeing} agreeing, {confirmed} confirmed: {law}"));
                    }
                }
            }
        }
    }
    family.close();
}

/// What a thief may not have changed by a verdict on `job`.
fn within_bounds(loot: &Loot, after: &World, job: &JobHandle) -> Result<(), String> {
    honest(&loot.w, after)?;
    for other in [loot.submitted, loot.settled, loot.open, loot.running] {
        let (before, now) = (loot.w.job(&other), after.job(&other));
        let same_money = (before.paid, before.refunded, before.fee, before.claimed, before.state)
            == (now.paid, now.refunded, now.fee, now.claimed, now.state);
        let in_flight = other.address == loot.submitted.address && other.address == job.address;
        if !in_flight && !same_money {
            return Err("a job that waits for no verdict changed".to_owned());
        }
        if loot.w.tokens(&other.vault) != after.tokens(&other.vault) {
            return Err("tokens left a vault without a claim".to_owned());
        }
    }
    for provider in 0..3 {
        let (before, now) = (loot.w.provider_stake(provider), after.provider_stake(provider));
        let lost = before.bonded - now.bonded + (before.unbonding - now.unbonding);
        let lock = if provider == 0 { loot.w.job(&loot.submitted).lock } else { 0 };
        if lost > lock {
            return Err(format!("a stake lost {lost} atoms of a lock of {lock}"));
        }
    }
    let budget = address::audit_budget(&job.mint);
    let drawn = loot.w.tokens(&budget) - after.tokens(&budget);
    let judged = after.job(job);
    let gross = judged.paid + judged.fee;
    let most = 2 * if judged.outcome == Outcome::Rejected as u8 { judged.escrowed } else { gross };
    if drawn > most {
        return Err(format!("{drawn} atoms left the audit budget, {most} at most"));
    }
    let thief = loot.w.providers[THIEF].owner;
    if after.purse(&thief) - loot.w.purse(&thief) > most {
        return Err("the thief has more than its re-executions are worth".to_owned());
    }
    Ok(())
}

/// An arbiter that writes rubbish, or another version, or dies, keeps nobody's money and nobody's rent.
#[test]
fn rubbish_in_place_of_a_verdict_strands_nothing() {
    let mut family = Family::new("T10, T12 rubbish of a captured arbiter", &[]);
    let loot = Loot::new();
    let good = verdict(&loot.w, &loot.settled, 1, 5, 3).encode();
    let rubbish = [
        vec![],
        vec![0; good.len()],
        vec![0xff; good.len()],
        good[..good.len() - 1].to_vec(),
        [&good[..8], &[2], &good[9..]].concat(),
        [&good[..9], &[9], &good[10..]].concat(),
        [good.clone(), vec![0; 100]].concat(),
        good.clone(),
    ];
    for bytes in rubbish {
        for (job, provider) in [(loot.settled, 0), (loot.submitted, 0)] {
            let mut w = loot.w.clone();
            for at in [address::verdict(&job.address, 1), address::round(&job.address, 1, 1)] {
                w.put(at, arbiter::ID, bytes.clone());
            }
            w.warp(limits::AUDIT_CLAIM_SECONDS + 1);
            if w.job(&job).state != JobState::Settled as u8 {
                w.ok(w.expire_job(&job, Some(provider)));
            }
            for instruction in [w.claim_reward(&job, provider), w.claim_refund(&job), w.sweep_fees(&job)] {
                w.ok(instruction);
            }
            w.warp(limits::AUDIT_CLAIM_SECONDS + 1);
            match w.send(w.close_job(&job)) {
                Ok(_) => family.held(),
                Err(failure) => family.escape(format!("{} bytes of rubbish keep a job open: {failure:?}", bytes.len())),
            }
        }
    }
    family.close();
}
