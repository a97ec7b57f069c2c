use crate::laws::*;

#[test]
fn a_bid_that_is_not_the_best_is_taken_back_with_its_deposit() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    let job = w.do_auction(0, 1, 60);
    let operator = w.providers[0].operator;
    let bid = address::bid(&job.address, &w.providers[0].account);
    w.ok(w.place_bid(&job, 0, 900));
    let (held, deposit) = (w.lamports(&bid), w.bid(&job, 0).deposit);
    w.refused(w.withdraw_bid(&job, 0), MarketError::BidBinding);
    w.ok(w.place_bid(&job, 1, 800));
    let before = w.lamports(&operator);
    w.ok(w.withdraw_bid(&job, 0));
    assert_eq!(w.lamports(&operator), before + deposit);
    assert_eq!(w.lamports(&bid), held - deposit, "the account stays until the job is over: the chain goes through it");
    w.refused(w.withdraw_bid(&job, 1), MarketError::BidBinding);
}

#[test]
fn every_bid_is_closed_once_the_job_is_gone() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    w.ok(w.place_bid(&job, 0, 900));
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    w.refused(w.withdraw_bid(&job, 0), NOTHING_TO_READ);
    w.ok(w.close_bid(&job, 0));
    assert!(w.is_closed(&address::bid(&job.address, &w.providers[0].account)));
}

#[test]
fn a_bid_is_taken_back_by_its_operator_alone_and_paid_to_who_paid() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    let other = w.do_auction(0, 2, 60);
    w.ok(w.place_bid(&job, 0, 900));
    w.ok(w.place_bid(&job, 1, 800));
    let honest = w.withdraw_bid(&job, 0);
    for stranger in [w.outsider, w.providers[1].operator, w.tenants[0]] {
        w.refused(swap(honest.clone(), "withdraw_bid", "operator", stranger), MarketError::NotOperator);
    }
    w.refused(swap(honest.clone(), "withdraw_bid", "job", other.address), MarketError::JobNotFound);
    let anothers = address::bid(&job.address, &w.providers[1].account);
    w.refused(swap(honest.clone(), "withdraw_bid", "bid", anothers), MarketError::InvalidProvider);
    w.refused(swap(honest, "withdraw_bid", "rent_payer", w.outsider), MarketError::NotOwner);
}
