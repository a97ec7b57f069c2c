use crate::laws::*;

fn expires(prepare: impl Fn(&mut World) -> (JobHandle, Option<usize>), deadline: i64, outcome: Outcome) {
    for (at, over) in [(-1, false), (0, false), (1, true)] {
        let mut w = TestBuilder::ready();
        let (job, holder) = prepare(&mut w);
        let from = {
            let job = w.job(&job);
            [job.posted_at, job.matched_at, job.started_at, job.receipt_at].into_iter().max().unwrap()
        };
        w.warp_to(from + deadline + at);
        if !over {
            w.refused(w.expire_job(&job, holder), MarketError::NotExpired);
            continue;
        }
        w.ok(w.expire_job(&job, holder));
        assert_eq!(stands(&w, &job), (JobState::Settled, outcome));
        let stored = w.job(&job);
        assert_eq!((stored.paid, stored.fee, stored.refunded), (0, 0, stored.escrowed));
        let stake = w.provider_stake(0);
        // Silence on a match costs a part of the lock: market_missed_start.rs holds it to the atom.
        assert_eq!((stake.locked, stake.slashed > 0, stake.active_jobs), (0, outcome == Outcome::NeverStarted, 0));
        w.refused(w.expire_job(&job, holder), MarketError::JobSettled);
    }
}

#[test]
fn an_open_job_expires_after_its_grace() {
    expires(|w| (w.do_post(0, 1), None), 600, Outcome::Unmatched);
}

#[test]
fn an_auction_expires_after_its_end_and_grace() {
    expires(|w| (w.do_auction(0, 1, 30), None), 630, Outcome::Unmatched);
}

#[test]
fn a_matched_job_expires_when_nobody_starts() {
    let matched = |w: &mut World| {
        let job = w.do_post(0, 1);
        w.do_match(&job, 0);
        (job, Some(0))
    };
    expires(matched, 60, Outcome::NeverStarted);
}

#[test]
fn a_running_job_expires_without_a_receipt() {
    expires(|w| (w.do_run(0, 1, 0), Some(0)), 160, Outcome::NoReceipt);
}

#[test]
fn a_submitted_job_expires_unjudged() {
    expires(|w| (w.do_submitted(0, 1, 0), Some(0)), 600, Outcome::Unjudged);
}

#[test]
fn the_holders_own_accounts_are_needed() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.warp(1_000);
    w.refused(w.expire_job(&job, None), MarketError::InvalidProvider);
    w.refused(w.expire_job(&job, Some(1)), MarketError::InvalidProvider);
    let honest = w.expire_job(&job, Some(0));
    w.refused(swap(honest.clone(), "expire_job", "stake", w.providers[1].stake), MarketError::InvalidProvider);
    let copy = w.foreign_copy(w.providers[0].stake);
    w.refused(swap(honest.clone(), "expire_job", "stake", copy), OTHER_PROGRAM);
    let copy = w.foreign_copy(job.address);
    w.refused(swap(honest.clone(), "expire_job", "job", copy), OTHER_PROGRAM);
    w.ok(honest);
}
