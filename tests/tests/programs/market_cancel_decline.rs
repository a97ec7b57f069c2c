use crate::laws::*;

#[test]
fn a_cancelled_job_refunds_everything() {
    let mut w = TestBuilder::ready();
    let before = w.purse(&w.tenants[0]);
    let job = w.do_post(0, 1);
    w.ok(w.cancel_job(&job));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Cancelled));
    w.ok(w.claim_refund(&job));
    assert_eq!(w.purse(&w.tenants[0]), before);
    w.refused(w.cancel_job(&job), MarketError::JobSettled);
}

#[test]
fn only_an_open_job_is_cancelled_and_only_by_its_tenant() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    for stranger in [w.tenants[1], w.outsider, w.authority] {
        w.refused(swap(w.cancel_job(&job), "cancel_job", "tenant", stranger), MarketError::NotTenant);
    }
    w.do_match(&job, 0);
    w.refused(w.cancel_job(&job), MarketError::JobActive);
    w.do_start(&job, 0);
    w.refused(w.cancel_job(&job), MarketError::JobActive);
    w.do_submit(&job, 0, 10);
    w.refused(w.cancel_job(&job), MarketError::JobActive);
}

#[test]
fn a_declined_job_refunds_everything_and_frees_the_lock() {
    for started in [false, true] {
        let mut w = TestBuilder::ready();
        let job = w.do_post(0, 1);
        w.do_match(&job, 0);
        if started {
            w.do_start(&job, 0);
        }
        w.ok(w.decline_job(&job, 0));
        let stored = w.job(&job);
        assert_eq!((stored.paid, stored.fee, stored.refunded), (0, 0, stored.escrowed));
        let stake = w.provider_stake(0);
        assert_eq!((stake.locked, stake.active_jobs, stake.bonded), (0, 0, LIMITS.staked));
        assert_eq!(w.provider(0).failed_total, 1);
        w.refused(w.decline_job(&job, 0), MarketError::JobSettled);
    }
}

#[test]
fn only_the_holder_declines_and_only_what_it_has_not_claimed_done() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.refused(w.decline_job(&job, 0), MarketError::InvalidProvider);
    w.do_match(&job, 0);
    w.refused(w.decline_job(&job, 1), MarketError::InvalidProvider);
    let honest = w.decline_job(&job, 0);
    for stranger in [w.outsider, w.tenants[0], w.providers[0].owner] {
        w.refused(swap(honest.clone(), "decline_job", "operator", stranger), MarketError::NotOperator);
    }
    w.refused(swap(honest.clone(), "decline_job", "stake", w.providers[1].stake), MarketError::InvalidProvider);
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 10);
    w.refused(honest, MarketError::JobNotHeld);
}
