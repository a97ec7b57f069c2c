use crate::laws::*;

fn over(w: &mut World) -> JobHandle {
    let job = w.do_accepted(0, 1, 0);
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.sweep_fees(&job));
    w.warp(86_401);
    job
}

#[test]
fn round_and_verdict_close_when_the_job_is_gone_and_pay_who_paid() {
    let mut w = TestBuilder::ready();
    let job = over(&mut w);
    w.refused(w.close_round(&job, 1), ArbiterError::JobStillOpen);
    w.refused(w.close_verdict(&job), ArbiterError::JobStillOpen);
    w.ok(w.close_job(&job));
    for thief in [w.outsider, w.tenants[0]] {
        w.refused(swap(w.close_round(&job, 1), "close_round", "rent_payer", thief), ArbiterError::NotRentPayer);
        w.refused(swap(w.close_verdict(&job), "close_verdict", "rent_payer", thief), ArbiterError::NotRentPayer);
    }
    let elsewhere = w.do_post(1, 1);
    w.refused(swap(w.close_round(&job, 1), "close_round", "job", elsewhere.address), ArbiterError::RoundMismatch);
    w.refused(swap(w.close_verdict(&job), "close_verdict", "job", elsewhere.address), ArbiterError::RoundMismatch);
    let round = address::round(&job.address, 1, 1);
    let verdict = address::verdict(&job.address, 1);
    let (rent, before) = (w.lamports(&round) + w.lamports(&verdict), w.lamports(&w.crank));
    w.ok(w.close_round(&job, 1));
    w.ok(w.close_verdict(&job));
    assert!(w.is_closed(&round) && w.is_closed(&verdict));
    assert_eq!(w.lamports(&w.crank), before + rent - 2 * 5_000);
    w.refused(w.close_round(&job, 1), NO_ACCOUNT);
}
