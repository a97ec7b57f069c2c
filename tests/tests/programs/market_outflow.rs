//! What a captured arbiter can move: the caps of the market, and the deadlines that do not help it.

use crate::laws::*;

const WINDOW: i64 = 3_600;

/// A world whose verdicts pay at most a provider's stake per window; provider 0 has a stake of ten locks.
fn capped() -> World {
    let mut w = TestBuilder::ready();
    let args = market::ConfigArgs { outflow_bps: 10_000, slash_cap_bps: 1_000, ..settings(&w) };
    w.do_govern(args);
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked - 1_000_000));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    w.do_keep_epoch();
    w
}

/// What an arbiter that belongs to somebody writes: a verdict with any number of validators behind it.
fn captured_verdict(w: &mut World, job: &JobHandle, opinion: Opinion) {
    let (at, stored) = (address::verdict(&job.address, 1), w.job(job));
    let mut data = vec![0u8; 8 + proofmill_protocol::verdict::VERDICT_LEN];
    data[..8].copy_from_slice(&proofmill_protocol::verdict::VERDICT_DISCRIMINATOR);
    data[8..11].copy_from_slice(&[1, opinion as u8, 1]);
    data[12..14].copy_from_slice(&1u16.to_le_bytes());
    (data[14], data[15]) = (9, 9);
    data[24..32].copy_from_slice(&stored.nonce.to_le_bytes());
    data[56..88].copy_from_slice(job.address.as_ref());
    data[88..120].copy_from_slice(&stored.receipt_hash);
    w.put(at, arbiter::ID, data);
}

/// A job with a receipt for its whole reservation, worth 100,000.
fn full(w: &mut World, tenant: usize, index: u64) -> JobHandle {
    let job = w.do_run(tenant, index, 0);
    w.do_submit(&job, 0, LIMITS.run_seconds);
    job
}

#[test]
fn verdicts_pay_a_provider_no_more_than_its_stake_covers_per_window() {
    let mut w = capped();
    // One window of jobs at a time: each takes a tenth of the stake and gives it back.
    let first = w.now;
    for index in 1..=10 {
        let job = full(&mut w, 0, index);
        captured_verdict(&mut w, &job, Opinion::Valid);
        w.ok(w.verify_proof(&job, 0));
    }
    assert_eq!(w.provider_stake(0).window_outflow, 1_000_000);
    let job = full(&mut w, 1, 1);
    captured_verdict(&mut w, &job, Opinion::Valid);
    w.refused(w.verify_proof(&job, 0), MarketError::OutflowCapReached);
    // Expiry does not take the money away meanwhile, nor does it pay.
    let started = w.provider_stake(0).window_started_at;
    assert!(started >= first);
    w.warp_to(w.job(&job).receipt_at + LIMITS.verdict_window + 1);
    w.refused(w.expire_job(&job, Some(0)), MarketError::VerdictExists);
    for (late, passes) in [(-1, false), (0, true)] {
        w.warp_to(started + WINDOW + late);
        if passes {
            w.ok(w.verify_proof(&job, 0));
        } else {
            w.refused(w.verify_proof(&job, 0), MarketError::OutflowCapReached);
        }
    }
    assert_eq!(w.provider_stake(0).window_outflow, 100_000, "a new window");
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Accepted));
}

#[test]
fn the_first_payout_of_a_window_passes_whatever_it_is_worth() {
    let mut w = TestBuilder::ready();
    w.do_govern(market::ConfigArgs { outflow_bps: 10_000, ..settings(&w) });
    let job = full(&mut w, 0, 1);
    // Everything but the lock leaves: the lock is the whole stake, and no more than the cap.
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked - 100_000));
    let (mut stake, mut stored) = (w.provider_stake(0), w.job(&job));
    // As if a slash on evidence had eaten half of the stake since.
    (stake.bonded, stake.locked) = (50_000, 50_000);
    w.put(w.providers[0].stake, market::ID, stake.encode());
    stored.lock = 100_000;
    w.put(job.address, market::ID, stored.encode());
    captured_verdict(&mut w, &job, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    assert_eq!(w.job(&job).paid + w.job(&job).fee, 100_000);
}

#[test]
fn a_clock_that_steps_back_opens_no_window() {
    let mut w = capped();
    for index in 1..=10 {
        let job = full(&mut w, 0, index);
        captured_verdict(&mut w, &job, Opinion::Valid);
        w.ok(w.verify_proof(&job, 0));
    }
    let job = full(&mut w, 1, 1);
    captured_verdict(&mut w, &job, Opinion::Valid);
    w.warp(-2 * WINDOW);
    w.refused(w.verify_proof(&job, 0), MarketError::OutflowCapReached);
}

/// The exact bound, for an arbiter whose every account is written by the attacker, who also owns provider 0 and whoever
/// reports. Within one window it moves, of other people's money:
/// - out of escrows: those of submitted jobs bound to its own providers, and no more than the stake of those providers
///   times `outflow_bps` (the first payout of a window apart);
/// - out of stakes: `slash_cap_bps` by verdicts and half by evidence, to the treasury but for a fifth of the latter.
///
/// What it refunds goes to the tenant whose money it was. It touches nothing else: no claimed part, no open, matched or
/// running job, no other vault.
#[test]
fn a_captured_arbiter_moves_no_more_than_the_caps_per_window() {
    let mut w = capped();
    let attacker = w.outsider;
    w.fund(attacker, w.stake_mint, 0);
    let victim = w.providers[1].owner;
    // In flight: an open, a running, an unrelated submitted job and what is settled already.
    let (open, running) = (w.do_post(1, 50), w.do_run(1, 51, 1));
    let others = w.do_submitted(1, 52, 1);
    let settled = w.do_accepted(1, 53, 2);
    let escrows = [open, running, settled].map(|job| (job, w.tokens(&job.vault)));
    let mut refused = 0;
    for index in 1..=11 {
        let job = full(&mut w, 0, index);
        captured_verdict(&mut w, &job, Opinion::Valid);
        match w.send(w.verify_proof(&job, 0)) {
            Ok(_) => drop(w.ok(w.claim_reward(&job, 0))),
            Err(failure) => {
                assert_eq!(failure, custom(MarketError::OutflowCapReached.code()));
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 1);
    assert!(w.now - w.provider_stake(0).window_started_at < WINDOW, "all of it in one window");
    let gained = w.purse(&w.providers[0].owner);
    assert_eq!(gained, 975_000, "the stake once, less the fee");

    // Stakes: a false rejection takes a lock to nobody's gain; forged evidence, a fifth of half.
    captured_verdict(&mut w, &others, Opinion::Invalid);
    w.ok(w.verify_proof(&others, 1));
    let before = w.tokens(&w.stake(&victim).vault);
    for kind in proofmill_protocol::evidence::EVIDENCE_KINDS {
        for job in [open, running, others, settled] {
            let evidence = w.do_record_evidence(kind, victim, attacker, &job);
            if w.send(w.slash_on_evidence(evidence, victim, job.address)).is_ok() {
                let case = address::evidence_case(&evidence);
                if w.case(&case).bounty > 0 {
                    w.ok(w.claim_bounty(victim, case, attacker));
                }
            }
        }
    }
    w.do_slash(&others);
    let window = w.stake(&victim);
    assert!(w.now - window.window_started_at < WINDOW);
    assert_eq!(window.window_stake, LIMITS.staked);
    assert!(window.window_evidence <= LIMITS.staked / 2 && window.window_slashed <= LIMITS.staked / 10);
    w.ok(w.sweep_slashed(victim));
    let taken = before - w.tokens(&window.vault);
    let bounties = w.tokens(&address::token_account(&attacker, &w.stake_mint));
    assert!(taken <= LIMITS.staked / 2 + LIMITS.staked / 10, "{taken}");
    assert!(bounties > 0 && bounties <= LIMITS.staked / 10, "{bounties}");

    // The tenant of the false rejection has its escrow; nothing else was touched.
    assert_eq!((w.job(&others).paid, w.job(&others).refunded), (0, 100_000));
    for (job, held) in escrows {
        assert_eq!(w.tokens(&job.vault), held);
        captured_verdict(&mut w, &job, Opinion::Valid);
        assert!(w.send(w.verify_proof(&job, usize::from(job.index != 53) + usize::from(job.index == 53) * 2)).is_err());
    }
}

#[test]
fn a_receipt_that_was_not_drawn_is_paid_at_expiry() {
    let mut w = TestBuilder::ready();
    w.do_prove(0, LIMITS.proven_after + 380);
    let job = w.do_submitted(0, 1, 0);
    w.warp_to(w.job(&job).receipt_at + LIMITS.verdict_window + 1);
    let honest = w.expire_job(&job, Some(0));
    // The accounts that show that nobody judged cannot be left out or be others.
    for name in ["config", "verdict", "round"] {
        w.refused(swap(honest.clone(), "expire_job", name, market::ID), MarketError::JudgementMissing);
    }
    for name in ["verdict", "round"] {
        w.refused(swap(honest.clone(), "expire_job", name, w.outsider), MarketError::JudgementMissing);
    }
    w.ok(honest);
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unchallenged));
    assert_eq!((w.job(&job).paid, w.job(&job).fee, w.job(&job).refunded), (58_500, 1_500, 40_000));
    assert_eq!((w.provider(0).accepted_total, w.provider_stake(0).locked), (1, 0));
}

#[test]
fn a_receipt_that_is_always_audited_or_being_judged_is_refunded_at_expiry() {
    // Always audited, and nobody opened a round.
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.warp_to(w.job(&job).receipt_at + LIMITS.verdict_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unjudged));
    // Drawn by the beacon, and its round never came to a verdict.
    let mut w = TestBuilder::ready();
    w.do_prove(0, LIMITS.proven_after + 380);
    let index = (1..80).find(|&index| {
        let mut copy = w.clone();
        let job = copy.do_submitted(0, index, 0);
        copy.send(copy.open_round(&job, 0)).is_ok()
    });
    let job = w.do_submitted(0, index.expect("one in twenty is audited"), 0);
    w.do_open_round(&job, 0);
    w.warp_to(w.job(&job).receipt_at + LIMITS.verdict_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unjudged));
    assert_eq!((w.job(&job).paid, w.job(&job).refunded), (0, 100_000));
}

#[test]
fn a_verdict_that_the_market_does_not_take_keeps_no_job_from_ending() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Valid);
    let (at, right) = (address::verdict(&job.address, 1), w.verdict(&job));
    w.warp_to(w.job(&job).receipt_at + LIMITS.verdict_window + 1);
    w.refused(w.expire_job(&job, Some(0)), MarketError::VerdictExists);
    for verdict in [
        arbiter::Verdict { agreeing: 2, ..right },
        arbiter::Verdict { nonce: right.nonce + 1, ..right },
        arbiter::Verdict { receipt_hash: [8; 32], ..right },
        arbiter::Verdict { version: 2, ..right },
    ] {
        let mut w = w.clone();
        w.put(at, arbiter::ID, verdict.encode());
        assert!(w.send(w.verify_proof(&job, 0)).is_err());
        w.ok(w.expire_job(&job, Some(0)));
        assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unjudged));
    }
}
