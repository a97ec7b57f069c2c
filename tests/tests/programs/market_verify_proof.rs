use crate::laws::*;

#[test]
fn a_valid_verdict_pays() {
    let mut w = TestBuilder::ready();
    let job = w.do_accepted(0, 1, 0);
    let stored = w.job(&job);
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Accepted));
    assert_eq!((stored.paid, stored.fee, stored.refunded), (58_500, 1_500, 40_000));
    assert_eq!((stored.slashed, stored.output_root), (0, [9; 32]));
    let stake = w.provider_stake(0);
    assert_eq!((stake.locked, stake.active_jobs, stake.slashed), (0, 0, 0));
    let provider = w.provider(0);
    assert_eq!((provider.accepted_total, provider.consecutive_accepted), (1, 1));
    w.refused(w.verify_proof(&job, 0), MarketError::JobSettled);
}

#[test]
fn an_invalid_verdict_refunds_and_slashes_exactly_the_lock() {
    let mut w = TestBuilder::ready();
    let held = w.do_run(1, 1, 0);
    let job = w.do_submitted(0, 1, 0);
    w.do_reject(&job, 0);
    let stored = w.job(&job);
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Rejected));
    assert_eq!((stored.paid, stored.fee, stored.refunded), (0, 0, 100_000));
    assert_eq!((stored.slashed, stored.output_root), (100_000, [0; 32]));
    let stake = w.provider_stake(0);
    assert_eq!((stake.pending, stake.slashed, stake.slashed_total), (100_000, 0, 0), "set aside, not taken");
    assert_eq!((stake.bonded, stake.locked), (LIMITS.staked - 100_000, 100_000), "the other job's lock stays");
    w.do_slash(&job);
    let stake = w.provider_stake(0);
    assert_eq!((stake.pending, stake.slashed, stake.slashed_total), (0, 100_000, 100_000));
    assert_eq!(w.tokens(&stake.vault), LIMITS.staked);
    let provider = w.provider(0);
    assert_eq!((provider.rejected_total, provider.consecutive_accepted), (1, 0));
    w.ok(w.decline_job(&held, 0));
    assert_eq!(w.provider_stake(0).locked, 0);
}

#[test]
fn withheld_data_refunds_and_slashes_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Unavailable);
    w.ok(w.verify_proof(&job, 0));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unavailable));
    let stored = w.job(&job);
    assert_eq!((stored.refunded, stored.slashed), (100_000, 0));
    assert_eq!(w.provider(0).failed_total, 1);
}

#[test]
fn an_undecided_second_round_refunds_and_slashes_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    w.warp(LIMITS.commit_window + 1);
    w.ok(w.finalize_round(&job, 2));
    w.ok(w.verify_proof(&job, 0));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Inconclusive));
    assert_eq!((w.job(&job).refunded, w.provider_stake(0).slashed), (100_000, 0));
}

#[test]
fn a_foreign_verdict_settles_nothing() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 1));
    w.do_judge(&job, 0, Opinion::Valid);
    let of_job = address::verdict(&job.address, 1);
    // No verdict yet, and another job's.
    w.refused(w.verify_proof(&other, 1), MarketError::InvalidProof);
    w.refused(swap(w.verify_proof(&other, 1), "verify_proof", "verdict", of_job), MarketError::VerdictMismatch);
    // The right bytes under another owner, and the arbiter's other accounts.
    let copy = w.foreign_copy(of_job);
    w.refused(swap(w.verify_proof(&job, 0), "verify_proof", "verdict", copy), MarketError::InvalidProof);
    for account in [address::round(&job.address, 1, 1), address::roster(), address::arbiter_config()] {
        w.refused(swap(w.verify_proof(&job, 0), "verify_proof", "verdict", account), MarketError::InvalidProof);
    }
    w.refused(
        swap(w.verify_proof(&job, 0), "verify_proof", "verdict", address::market_config()),
        MarketError::InvalidProof,
    );
    w.refused(
        swap(w.verify_proof(&job, 0), "verify_proof", "provider", w.providers[1].account),
        MarketError::InvalidProvider,
    );
    w.refused(
        swap(w.verify_proof(&job, 0), "verify_proof", "stake", w.providers[1].stake),
        MarketError::InvalidProvider,
    );
    let config = w.foreign_copy(address::market_config());
    w.refused(swap(w.verify_proof(&job, 0), "verify_proof", "config", config), OTHER_PROGRAM);
    w.ok(w.verify_proof(&job, 0));
}

/// Each field by which a verdict is bound to a receipt, changed alone in the arbiter's own account.
#[test]
fn a_verdict_for_another_attempt_life_or_receipt_settles_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Valid);
    let at = address::verdict(&job.address, 1);
    let right = w.verdict(&job);
    let wrong = [
        arbiter::Verdict { attempt: 2, ..right },
        arbiter::Verdict { nonce: right.nonce + 1, ..right },
        arbiter::Verdict { receipt_hash: [8; 32], ..right },
        arbiter::Verdict { job: w.outsider, ..right },
    ];
    for verdict in wrong {
        w.put(at, arbiter::ID, verdict.encode());
        w.refused(w.verify_proof(&job, 0), MarketError::VerdictMismatch);
    }
    for verdict in [
        arbiter::Verdict { version: 2, ..right },
        arbiter::Verdict { opinion: 0, ..right },
        arbiter::Verdict { opinion: 5, ..right },
        arbiter::Verdict { agreeing: 2, ..right },
    ] {
        w.put(at, arbiter::ID, verdict.encode());
        w.refused(w.verify_proof(&job, 0), MarketError::InvalidProof);
    }
    w.put(at, arbiter::ID, arbiter::Verdict { agreeing: 3, ..right }.encode());
    w.ok(w.verify_proof(&job, 0));
}

#[test]
fn only_a_submitted_job_is_judged() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Valid);
    let expired = w.do_submitted(1, 1, 1);
    w.warp(601);
    // A verdict is never too late: expiry does not outrun it.
    w.refused(w.expire_job(&job, Some(0)), MarketError::VerdictExists);
    w.ok(w.verify_proof(&job, 0));
    w.refused(w.verify_proof(&job, 0), MarketError::JobSettled);
    w.ok(w.expire_job(&expired, Some(1)));
    w.refused(w.verify_proof(&expired, 1), MarketError::InvalidProof);
    assert_eq!(stands(&w, &expired), (JobState::Settled, Outcome::Unjudged));
}

#[test]
fn a_reopened_address_cannot_reuse_an_old_verdict() {
    let mut w = TestBuilder::ready();
    let job = w.do_accepted(0, 1, 0);
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.sweep_fees(&job));
    w.warp(86_401);
    w.ok(w.close_job(&job));
    let again = w.do_submitted(0, 1, 0);
    assert_eq!(again.address, job.address);
    w.refused(w.verify_proof(&again, 0), MarketError::VerdictMismatch);
    // Nor does the old round stand in the new one's way once anybody closed it.
    assert!(w.send(w.open_round(&again, 0)).is_err());
    w.ok(w.close_round(&again, 1));
    w.do_weigh();
    w.ok(w.freeze_set(3));
    w.do_open_round(&again, 0);
    w.refused(w.close_round(&again, 1), ArbiterError::JobStillOpen);
    w.ok(w.close_verdict(&again));
}
