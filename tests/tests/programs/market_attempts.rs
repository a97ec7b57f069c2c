//! A failed attempt opens the job again until the last one; nothing of an earlier attempt acts on a later one.

use crate::laws::*;

fn job_of(w: &mut World, attempts_max: u8) -> JobHandle {
    w.do_post_with(0, market::JobTerms { attempts_max, ..terms(1) })
}

/// How an attempt comes to nothing.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Failing {
    NeverStarts,
    SendsNothing,
    DeclinesMatched,
    DeclinesRunning,
}

const FAILINGS: [(Failing, Outcome); 4] = [
    (Failing::NeverStarts, Outcome::NeverStarted),
    (Failing::SendsNothing, Outcome::NoReceipt),
    (Failing::DeclinesMatched, Outcome::Declined),
    (Failing::DeclinesRunning, Outcome::Declined),
];

/// The instruction that ends the attempt of a matched job.
fn fail(w: &mut World, job: &JobHandle, provider: usize, how: Failing) -> Instruction {
    let starts = matches!(how, Failing::SendsNothing | Failing::DeclinesRunning);
    if starts {
        w.do_start(job, provider);
    }
    match how {
        Failing::NeverStarts => w.warp(LIMITS.start_window + 1),
        Failing::SendsNothing => w.warp(i64::from(LIMITS.run_seconds) + LIMITS.receipt_grace + 1),
        _ => return w.decline_job(job, provider),
    }
    w.expire_job(job, Some(provider))
}

#[test]
fn a_failed_attempt_opens_the_job_again_and_the_last_settles_it() {
    for (how, outcome) in FAILINGS {
        let mut w = TestBuilder::ready();
        w.do_prove(0, 7);
        let job = job_of(&mut w, 2);
        let posted = w.job(&job);
        w.do_match(&job, 0);
        let end = fail(&mut w, &job, 0, how);
        w.ok(end);
        // Nothing is left of the attempt but its number, whether it started, and when the job opened again.
        let started_attempts = u16::from(matches!(how, Failing::SendsNothing | Failing::DeclinesRunning));
        let expected = market::Job { attempt: 2, opened_at: w.now, started_attempts, ..posted };
        assert_eq!(w.job(&job).encode(), expected.encode(), "{how:?}");
        assert_eq!(w.tokens(&job.vault), 100_000, "the escrow is untouched");
        let stake = w.provider_stake(0);
        let cost = if how == Failing::NeverStarts { 5_000 } else { 0 };
        let expected = (0, 0, LIMITS.staked - cost, cost);
        assert_eq!((stake.locked, stake.active_jobs, stake.bonded, stake.slashed), expected, "{how:?}");
        assert_eq!((w.provider(0).failed_total, w.provider(0).consecutive_accepted), (1, 0));

        w.do_match(&job, 1);
        let end = fail(&mut w, &job, 1, how);
        w.ok(end);
        assert_eq!(stands(&w, &job), (JobState::Settled, outcome), "{how:?}");
        assert_eq!((w.job(&job).attempt, w.job(&job).refunded), (2, 100_000));
        assert_eq!(w.job(&job).started_attempts, started_attempts * 3);
        assert_eq!((w.provider_stake(1).locked, w.provider(1).failed_total), (0, 1));
        let before = w.purse(&job.tenant);
        w.ok(w.claim_refund(&job));
        w.ok(w.close_job(&job));
        assert_eq!(w.purse(&job.tenant), before + 100_000);
        assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
    }
}

#[test]
fn a_second_attempt_is_run_audited_and_paid_like_a_first() {
    let mut w = TestBuilder::ready();
    let job = job_of(&mut w, 3);
    w.do_match(&job, 0);
    w.ok(w.decline_job(&job, 0));
    w.do_match(&job, 1);
    w.do_start(&job, 1);
    w.do_submit(&job, 1, 60);
    w.do_judge(&job, 1, Opinion::Valid);
    assert!(w.is_closed(&address::round(&job.address, 1, 1)) && !w.is_closed(&address::round(&job.address, 2, 1)));
    // What is judged once is settled for good, however many attempts are left.
    w.ok(w.verify_proof(&job, 1));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Accepted));
    let stored = w.job(&job);
    assert_eq!((stored.paid, stored.fee, stored.refunded), (58_500, 1_500, 40_000));
    w.ok(w.claim_reward(&job, 1));
    assert_eq!(w.purse(&w.providers[1].owner), 58_500);
    assert_eq!(w.purse(&w.providers[0].owner), 0);
}

#[test]
fn what_was_judged_or_not_judged_in_time_is_not_had_again() {
    let mut w = TestBuilder::ready();
    let job = job_of(&mut w, 3);
    w.do_match(&job, 0);
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 60);
    w.warp(LIMITS.verdict_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unjudged));
}

#[test]
fn a_receipt_of_an_earlier_attempt_is_refused() {
    let mut w = TestBuilder::ready();
    let job = job_of(&mut w, 2);
    w.do_match(&job, 0);
    w.do_start(&job, 0);
    let early = claim(&w, &job, 0, 1_000);
    w.ok(w.decline_job(&job, 0));
    // The same provider holds the second attempt; its own signature on the first counts for nothing.
    w.do_match(&job, 0);
    w.refused(w.submit_proof(&job, 0, early), MarketError::JobNotRunning);
    w.do_start(&job, 0);
    w.refused(w.submit_proof(&job, 0, early), MarketError::InvalidProof);
    for attempt in [0, 1, 3] {
        w.refused(w.submit_proof(&job, 0, claim_of(&w, &job, 0, 1_000, attempt)), MarketError::InvalidProof);
    }
    w.ok(w.submit_proof(&job, 0, claim_of(&w, &job, 0, 1_000, 2)));
}

#[test]
fn who_lost_the_job_does_nothing_to_it_any_more() {
    let mut w = TestBuilder::ready();
    let job = job_of(&mut w, 2);
    w.do_match(&job, 0);
    w.do_start(&job, 0);
    w.ok(w.decline_job(&job, 0));
    let late = [w.start_job(&job, 0), w.submit_proof(&job, 0, claim(&w, &job, 0, 1)), w.decline_job(&job, 0)];
    // While it is open, and while another has it.
    for matched in [false, true] {
        if matched {
            w.do_match(&job, 1);
        }
        for instruction in late.clone() {
            w.refused(instruction, MarketError::InvalidProvider);
        }
    }
    w.warp(LIMITS.start_window + 1);
    w.refused(w.expire_job(&job, Some(0)), MarketError::InvalidProvider);
    w.refused(w.expire_job(&job, None), MarketError::InvalidProvider);
    w.ok(w.expire_job(&job, Some(1)));
}

#[test]
fn a_round_of_another_attempt_settles_nothing() {
    let mut w = TestBuilder::ready();
    w.do_prove(1, LIMITS.proven_after + 380);
    let job = job_of(&mut w, 2);
    w.do_match(&job, 0);
    w.ok(w.decline_job(&job, 0));
    w.do_match(&job, 1);
    w.do_start(&job, 1);
    w.do_submit(&job, 1, 60);
    w.warp(LIMITS.challenge_window);
    let honest = w.settle_unchallenged(&job, 1);
    let earlier = address::round(&job.address, 1, 1);
    w.refused(swap(honest.clone(), "settle_unchallenged", "round", earlier), OTHER_ADDRESS);
    w.ok(honest);
}

/// Every phase of a later attempt has its own deadline, and the open job one from its opening.
#[test]
fn a_reopened_job_waits_for_a_match_and_no_longer() {
    for (at, over) in [(599, false), (600, false), (601, true)] {
        let mut w = TestBuilder::ready();
        let job = job_of(&mut w, 2);
        w.warp(500);
        w.do_match(&job, 0);
        w.ok(w.decline_job(&job, 0));
        w.warp(at);
        if !over {
            w.refused(w.expire_job(&job, None), MarketError::NotExpired);
            w.do_match(&job, 1);
            w.warp(LIMITS.start_window);
            w.refused(w.expire_job(&job, Some(1)), MarketError::NotExpired);
            continue;
        }
        w.ok(w.expire_job(&job, None));
        assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unmatched));
        assert_eq!(w.job(&job).refunded, 100_000);
    }
}

#[test]
fn a_tenant_withdraws_a_reopened_job() {
    let mut w = TestBuilder::ready();
    let job = job_of(&mut w, 2);
    w.do_match(&job, 0);
    w.ok(w.decline_job(&job, 0));
    w.ok(w.cancel_job(&job));
    assert_eq!((stands(&w, &job).1, w.job(&job).refunded), (Outcome::Cancelled, 100_000));
}

#[test]
fn attempts_are_counted_and_bounded() {
    let mut w = TestBuilder::ready();
    let mint = w.mints[0];
    for attempts_max in [0, 9, 255] {
        let args = market::JobTerms { attempts_max, ..terms(1) };
        w.refused(w.post_job(0, mint, args), MarketError::CountOutOfBounds);
    }
    let job = job_of(&mut w, 8);
    for attempt in 1..=8u16 {
        assert_eq!((w.job(&job).attempt, stands(&w, &job).0), (attempt, JobState::Open));
        let provider = usize::from(attempt) % 3;
        w.do_match(&job, provider);
        w.do_start(&job, provider);
        w.ok(w.decline_job(&job, provider));
    }
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Declined));
    assert_eq!(w.job(&job).started_attempts, 0xff);
}
