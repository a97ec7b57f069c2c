use crate::laws::*;

#[test]
fn the_holder_starts_in_time() {
    for (after, starts) in [(59, true), (60, true), (61, false)] {
        let mut w = TestBuilder::ready();
        let job = w.do_post(0, 1);
        w.do_match(&job, 0);
        w.warp(after);
        if starts {
            w.do_start(&job, 0);
            assert_eq!(w.job(&job).started_at, w.now);
        } else {
            w.refused(w.start_job(&job, 0), MarketError::StartTooLate);
        }
    }
}

#[test]
fn nobody_else_starts() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.do_match(&job, 0);
    w.refused(w.start_job(&job, 1), MarketError::InvalidProvider);
    for stranger in [w.outsider, w.tenants[0], w.providers[0].owner] {
        w.refused(swap(w.start_job(&job, 0), "start_job", "operator", stranger), MarketError::NotOperator);
    }
}

#[test]
fn only_a_matched_job_starts() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.refused(w.start_job(&job, 0), MarketError::JobNotMatched);
    w.do_submit(&job, 0, 10);
    w.refused(w.start_job(&job, 0), MarketError::JobNotMatched);
    let open = w.do_post(0, 2);
    w.refused(w.start_job(&open, 0), MarketError::InvalidProvider);
    let declined = w.do_run(0, 3, 0);
    w.ok(w.decline_job(&declined, 0));
    w.refused(w.start_job(&declined, 0), MarketError::JobSettled);
}
