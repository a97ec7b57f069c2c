use crate::laws::*;

#[test]
fn each_bid_is_below_the_best() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    w.ok(w.place_bid(&job, 0, 1_000));
    w.refused(w.place_bid(&job, 1, 1_000), MarketError::BidNotLower);
    w.ok(w.place_bid(&job, 1, 975));
    let stored = w.job(&job);
    assert_eq!((stored.best_bid_per_second, stored.best_bidder), (975, w.providers[1].account));
    assert_eq!(w.provider_stake(1).locked, 0, "a bid locks nothing");
}

#[test]
fn a_bid_meets_every_requirement() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 600);
    w.refused(w.place_bid(&job, 0, 0), MarketError::PriceZero);
    w.refused(w.place_bid(&job, 0, 1_001), MarketError::PriceAboveCeiling);
    let big = w.do_post_with(0, market::JobTerms { auction_seconds: 60, vram_mib: 80_000, ..terms(2) });
    w.refused(w.place_bid(&big, 0, 1_000), MarketError::InsufficientCompute);
    w.ok(w.announce_provider(0, 0));
    w.refused(w.place_bid(&job, 0, 1_000), MarketError::ProviderOffline);
    let instant = w.do_post(0, 3);
    w.refused(w.place_bid(&instant, 1, 1_000), MarketError::NotAnAuction);
    w.do_govern(market::ConfigArgs { allow_simulated: 0, ..settings(&w) });
    w.refused(w.place_bid(&job, 1, 1_000), MarketError::SimulatedDevice);
    w.ok(w.pause_openings(w.authority));
    w.refused(w.place_bid(&job, 1, 1_000), MarketError::OpeningsPaused);
}

#[test]
fn an_auction_closes_at_its_instant() {
    for (left, open) in [(1, true), (0, false), (-1, false)] {
        let mut w = TestBuilder::ready();
        let job = w.do_auction(0, 1, 60);
        w.warp(60 - left);
        if open {
            w.ok(w.place_bid(&job, 0, 1_000));
        } else {
            w.refused(w.place_bid(&job, 0, 1_000), MarketError::AuctionClosed);
        }
    }
}

#[test]
fn only_the_operator_bids_and_with_its_own_stake() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    let honest = w.place_bid(&job, 0, 900);
    for stranger in [w.outsider, w.providers[0].owner, w.providers[1].operator] {
        w.refused(swap(honest.clone(), "place_bid", "operator", stranger), MarketError::NotOperator);
    }
    w.refused(swap(honest.clone(), "place_bid", "stake", w.providers[1].stake), MarketError::InvalidProvider);
    w.refused(swap(honest, "place_bid", "mint_rule", address::mint_rule(&w.mints[1])), MarketError::MintNotAllowed);
}

#[test]
fn a_matched_or_withdrawn_job_takes_no_bid() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    w.ok(w.cancel_job(&job));
    w.refused(w.place_bid(&job, 0, 900), MarketError::JobActive);
}
