use crate::laws::*;

/// A proven provider's receipt, and whether its seed draws an audit.
fn sampled(w: &mut World, index: u64) -> (JobHandle, bool) {
    w.do_prove(0, LIMITS.proven_after + 380);
    let job = w.do_submitted(0, index, 0);
    assert_eq!(w.job(&job).audit_bps, 500);
    let audited = w.clone().send(w.open_round(&job, 0)).is_ok();
    (job, audited)
}

fn not_drawn(w: &mut World) -> JobHandle {
    (1..40).map(|index| sampled(w, index)).find(|(_, audited)| !audited).expect("one in twenty is audited").0
}

#[test]
fn a_receipt_not_drawn_settles_after_its_window() {
    for (wait, settles) in [(119, false), (120, true), (121, true)] {
        let mut w = TestBuilder::ready();
        let job = not_drawn(&mut w);
        w.warp_to(w.job(&job).receipt_at + wait);
        if settles {
            w.ok(w.settle_unchallenged(&job, 0));
            assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unchallenged));
            let stored = w.job(&job);
            assert_eq!((stored.paid, stored.fee, stored.refunded), (58_500, 1_500, 40_000));
            let provider = w.provider(0);
            assert_eq!(provider.consecutive_accepted, 390, "unaudited work proves nothing");
            assert_eq!(w.provider_stake(0).locked, 0);
            w.refused(w.settle_unchallenged(&job, 0), MarketError::JobSettled);
        } else {
            w.refused(w.settle_unchallenged(&job, 0), MarketError::ChallengeOpen);
        }
    }
}

#[test]
fn a_receipt_that_is_always_audited_needs_a_verdict() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.warp(200);
    w.refused(w.settle_unchallenged(&job, 0), MarketError::AuditRequired);
    w.do_prove(0, 1_000);
    w.refused(w.settle_unchallenged(&job, 0), MarketError::AuditRequired);
}

#[test]
fn a_round_takes_the_receipt_out_of_the_optimistic_path() {
    let mut w = TestBuilder::ready();
    // The least audited share that is not everything: 20 in 21.
    w.do_prove(0, LIMITS.proven_after + 1);
    let job = (1..20)
        .find_map(|index| {
            let job = w.do_submitted(0, index, 0);
            w.clone().send(w.open_round(&job, 0)).is_ok().then_some(job)
        })
        .expect("20 in 21 are audited");
    w.do_open_round(&job, 0);
    w.warp(200);
    w.refused(w.settle_unchallenged(&job, 0), MarketError::RoundOpened);
    let other = w.handle(1, 77, job.mint);
    let elsewhere = address::round(&other.address, 1, 1);
    w.refused(swap(w.settle_unchallenged(&job, 0), "settle_unchallenged", "round", elsewhere), OTHER_ADDRESS);
    let second = address::round(&job.address, 1, 2);
    w.refused(swap(w.settle_unchallenged(&job, 0), "settle_unchallenged", "round", second), OTHER_ADDRESS);
}

#[test]
fn only_a_submitted_job_settles_and_with_its_own_provider() {
    let mut w = TestBuilder::ready();
    w.do_prove(0, 390);
    let running = w.do_run(0, 50, 0);
    w.refused(w.settle_unchallenged(&running, 0), MarketError::JobNotSubmitted);
    let job = not_drawn(&mut w);
    w.warp(200);
    w.refused(w.settle_unchallenged(&job, 1), MarketError::InvalidProvider);
    let stake = w.providers[1].stake;
    w.refused(
        swap(w.settle_unchallenged(&job, 0), "settle_unchallenged", "stake", stake),
        MarketError::InvalidProvider,
    );
}
