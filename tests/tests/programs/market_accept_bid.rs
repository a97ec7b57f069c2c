use crate::laws::*;

fn auction(w: &mut World) -> JobHandle {
    let job = w.do_auction(0, 1, 60);
    w.ok(w.place_bid(&job, 0, 900));
    w.ok(w.place_bid(&job, 1, 700));
    job
}

#[test]
fn the_lowest_bid_wins_and_anyone_may_say_so() {
    let mut w = TestBuilder::ready();
    let job = auction(&mut w);
    w.warp(60);
    w.ok(w.accept_bid(&job, 1));
    let stored = w.job(&job);
    assert_eq!((stored.price_per_second, stored.matched_by, stored.lock), (700, 2, 70_000));
    assert_eq!(stored.provider, w.providers[1].account);
    // The chain has moved on: who won is not the best bidder any more.
    w.refused(w.accept_bid(&job, 1), MarketError::BidNotLowest);
    w.refused(w.accept_bid(&job, 0), MarketError::JobActive);
}

#[test]
fn no_other_bid_wins() {
    let mut w = TestBuilder::ready();
    let job = auction(&mut w);
    w.warp(60);
    w.refused(w.accept_bid(&job, 0), MarketError::BidNotLowest);
    let honest = w.accept_bid(&job, 1);
    w.refused(swap(honest.clone(), "accept_bid", "provider", w.providers[0].account), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "accept_bid", "stake", w.providers[0].stake), MarketError::InvalidProvider);
    let second = w.do_auction(0, 2, 60);
    w.ok(w.place_bid(&second, 1, 500));
    let anothers = address::bid(&second.address, &w.providers[1].account);
    w.refused(swap(honest, "accept_bid", "bid", anothers), MarketError::JobNotFound);
}

#[test]
fn acceptance_has_a_beginning_and_an_end() {
    for (at, error) in
        [(59, Some(MarketError::AuctionRunning)), (60, None), (660, None), (661, Some(MarketError::AuctionClosed))]
    {
        let mut w = TestBuilder::ready();
        let job = auction(&mut w);
        w.warp(at);
        match error {
            Some(error) => w.refused(w.accept_bid(&job, 1), error),
            None => drop(w.ok(w.accept_bid(&job, 1))),
        }
    }
}

#[test]
fn a_bidder_without_stake_does_not_win() {
    let mut w = TestBuilder::ready();
    let job = auction(&mut w);
    w.ok(w.unbond_stake(w.providers[1].owner, LIMITS.staked));
    w.warp(60);
    w.refused(w.accept_bid(&job, 1), MarketError::FreeStakeTooSmall);
    w.warp(601);
    w.ok(w.expire_job(&job, None));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unmatched));
}

#[test]
fn a_job_without_an_auction_has_no_bid_to_accept() {
    let mut w = TestBuilder::ready();
    let auction = auction(&mut w);
    let job = w.do_post(0, 2);
    let mut instruction = w.accept_bid(&auction, 1);
    instruction.accounts[slot("accept_bid", "job")].pubkey = job.address;
    w.refused(instruction, MarketError::JobNotFound);
}
