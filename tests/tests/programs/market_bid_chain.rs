//! Bids form a chain, each below the one before: whoever fails makes way for the next. Deposits go back to who bid,
//! but for those of winners that never started.

use crate::laws::*;

const DEPOSIT: u64 = 10_000;

/// An auction with bids of 900, 800 and 700 by providers 0, 1, 2; three attempts; fees are the crank's.
fn chain() -> (World, JobHandle) {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    let job = w.do_post_with(0, market::JobTerms { auction_seconds: 60, attempts_max: 3, ..terms(1) });
    for (provider, price) in [(0, 900), (1, 800), (2, 700)] {
        w.ok(w.place_bid(&job, provider, price));
    }
    (w, job)
}

fn bid_at(w: &World, job: &JobHandle, provider: usize) -> Address {
    address::bid(&job.address, &w.providers[provider].account)
}

fn operator(w: &World, provider: usize) -> u64 {
    w.lamports(&w.providers[provider].operator)
}

fn best(w: &World, job: &JobHandle) -> (Address, u64) {
    let job = w.job(job);
    (job.best_bidder, job.best_bid_per_second)
}

#[test]
fn each_bid_knows_the_one_before() {
    let (w, job) = chain();
    let [first, second, third] = [0, 1, 2].map(|provider| w.bid(&job, provider));
    assert_eq!((first.previous_bidder, first.previous_per_second), (Address::default(), u64::MAX));
    assert_eq!((second.previous_bidder, second.previous_per_second), (w.providers[0].account, 900));
    assert_eq!((third.previous_bidder, third.previous_per_second), (w.providers[1].account, 800));
    assert_eq!((best(&w, &job), w.job(&job).bids), ((w.providers[2].account, 700), 3));
    assert_eq!(third.nonce, w.job(&job).nonce);
}

#[test]
fn after_a_failed_attempt_the_next_bid_is_accepted_at_once() {
    let (mut w, job) = chain();
    w.warp(60);
    for (provider, price, attempt) in [(2, 700, 1), (1, 800, 2), (0, 900, 3)] {
        for other in [0, 1, 2].into_iter().filter(|other| *other != provider) {
            w.refused(w.accept_bid(&job, other), MarketError::BidNotLowest);
        }
        w.ok(w.accept_bid(&job, provider));
        let stored = w.job(&job);
        assert_eq!((stored.price_per_second, stored.lock, stored.attempt), (price, price * 100, attempt));
        assert_eq!((stored.provider, stored.matched_by), (w.providers[provider].account, 2));
        assert_eq!(w.bid(&job, provider).accepted_attempt, attempt);
        if attempt < 3 {
            w.ok(w.decline_job(&job, provider));
        }
    }
    // The chain is at its end, and the work is done and paid at the price of the bid that is running.
    assert_eq!(best(&w, &job), (Address::default(), u64::MAX));
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 100);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    assert_eq!((w.job(&job).paid, w.job(&job).fee, w.job(&job).refunded), (87_750, 2_250, 10_000));
}

#[test]
fn a_chain_at_its_end_leaves_the_job_to_expire() {
    let (mut w, job) = chain();
    w.warp(60);
    for provider in [2, 1] {
        w.ok(w.accept_bid(&job, provider));
        w.ok(w.decline_job(&job, provider));
    }
    w.ok(w.announce_provider(0, 0));
    w.ok(w.skip_bid(&job, 0));
    for provider in 0..3 {
        w.refused(w.accept_bid(&job, provider), MarketError::BidNotLowest);
    }
    // No offer takes an auction, and no bid comes after its end.
    w.refused(w.match_job(&job, 1, 0), MarketError::AuctionRunning);
    w.warp(601);
    w.ok(w.expire_job(&job, None));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Unmatched));
}

#[test]
fn the_next_bid_is_accepted_until_the_grace_of_the_reopening_ends() {
    for (at, error) in [(600, None), (601, Some(MarketError::AuctionClosed))] {
        let (mut w, job) = chain();
        w.warp(500);
        w.ok(w.accept_bid(&job, 2));
        w.warp(LIMITS.start_window);
        w.ok(w.decline_job(&job, 2));
        w.warp(at);
        match error {
            None => drop(w.ok(w.accept_bid(&job, 1))),
            Some(error) => w.refused(w.accept_bid(&job, 1), error),
        }
    }
}

#[test]
fn a_bid_taken_back_keeps_its_place_and_is_skipped() {
    let (mut w, job) = chain();
    let before = operator(&w, 1);
    let rent = w.lamports(&bid_at(&w, &job, 1)) - DEPOSIT;
    w.ok(w.withdraw_bid(&job, 1));
    assert_eq!((operator(&w, 1), w.lamports(&bid_at(&w, &job, 1))), (before + DEPOSIT, rent));
    assert_eq!((w.bid(&job, 1).withdrawn, w.bid(&job, 1).deposit), (1, 0));
    w.refused(w.withdraw_bid(&job, 1), MarketError::BidSpent);
    // Who withdrew does not come back.
    assert!(w.send(w.place_bid(&job, 1, 600)).is_err());
    w.warp(60);
    w.ok(w.accept_bid(&job, 2));
    w.refused(w.withdraw_bid(&job, 2), MarketError::BidSpent);
    w.refused(w.skip_bid(&job, 1), MarketError::JobActive);
    w.ok(w.decline_job(&job, 2));
    w.refused(w.accept_bid(&job, 1), MarketError::BidSpent);
    w.ok(w.skip_bid(&job, 1));
    w.refused(w.skip_bid(&job, 1), MarketError::BidNotLowest);
    w.ok(w.accept_bid(&job, 0));
    assert_eq!(w.job(&job).price_per_second, 900);
}

#[test]
fn the_best_bid_binds_while_the_job_is_open() {
    let (mut w, job) = chain();
    w.refused(w.withdraw_bid(&job, 2), MarketError::BidBinding);
    w.warp(60);
    w.refused(w.withdraw_bid(&job, 2), MarketError::BidBinding);
    w.ok(w.accept_bid(&job, 2));
    // While another runs, the next in the chain is free to go; once it is its turn it is bound.
    let mut free = w.clone();
    free.ok(free.withdraw_bid(&job, 1));
    w.ok(w.decline_job(&job, 2));
    w.refused(w.withdraw_bid(&job, 1), MarketError::BidBinding);
    w.ok(w.withdraw_bid(&job, 0));
}

#[test]
fn only_what_no_longer_fits_is_skipped_and_only_after_the_auction() {
    let (mut w, job) = chain();
    w.ok(w.announce_provider(2, 0));
    w.warp(59);
    w.refused(w.skip_bid(&job, 2), MarketError::AuctionRunning);
    w.warp(1);
    w.ok(w.announce_provider(2, 1));
    w.refused(w.skip_bid(&job, 2), MarketError::BidStillFits);
    w.refused(w.skip_bid(&job, 1), MarketError::BidNotLowest);
    w.ok(w.announce_provider(2, 0));
    w.refused(w.accept_bid(&job, 2), MarketError::ProviderOffline);
    let honest = w.skip_bid(&job, 2);
    w.refused(swap(honest.clone(), "skip_bid", "provider", w.providers[1].account), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "skip_bid", "stake", w.providers[1].stake), MarketError::InvalidProvider);
    let rule = address::mint_rule(&w.mints[1]);
    w.refused(swap(honest.clone(), "skip_bid", "mint_rule", rule), MarketError::MintNotAllowed);
    // A pause opens nothing and keeps nobody from passing on.
    w.ok(w.pause_openings(w.authority));
    w.ok(honest);
    assert_eq!(best(&w, &job), (w.providers[1].account, 800));
    // Passed over, it takes its deposit back as any other.
    let before = operator(&w, 2);
    w.ok(w.withdraw_bid(&job, 2));
    assert_eq!(operator(&w, 2), before + DEPOSIT);
}

#[test]
fn a_skip_asks_for_everything_that_an_acceptance_asks_for() {
    type Change = fn(&mut World);
    let changes: [(Change, MarketError); 4] = [
        (|w| drop(w.ok(w.unbond_stake(w.providers[2].owner, LIMITS.staked))), MarketError::FreeStakeTooSmall),
        (|w| w.do_govern(market::ConfigArgs { allow_simulated: 0, ..settings(w) }), MarketError::SimulatedDevice),
        (
            |w| {
                let weaker = market::ProviderArgs { gpu_count: 1, capacity: 1, ..w.provider_args(2) };
                w.ok(w.update_provider(w.providers[2].owner, weaker));
                let other = w.do_post(1, 9);
                w.do_match(&other, 2);
            },
            MarketError::CapacityExhausted,
        ),
        (
            |w| {
                let mut account = w.provider(2);
                account.uptime_bps = 9_499;
                w.put(w.providers[2].account, market::ID, account.encode());
            },
            MarketError::UptimeTooLow,
        ),
    ];
    for (change, error) in changes {
        let (mut w, job) = chain();
        change(&mut w);
        w.warp(60);
        w.refused(w.accept_bid(&job, 2), error);
        w.ok(w.skip_bid(&job, 2));
    }
}

#[test]
fn a_bid_holds_its_deposit_besides_the_rent() {
    let (mut w, job) = chain();
    let rent = w.svm.minimum_balance_for_rent_exemption(w.data(&bid_at(&w, &job, 0)).len());
    for provider in 0..3 {
        assert_eq!((w.lamports(&bid_at(&w, &job, provider)), w.bid(&job, provider).deposit), (rent + DEPOSIT, DEPOSIT));
    }
    // Without a deposit there is nothing to hold.
    w.do_govern(market::ConfigArgs { bid_deposit: 0, ..settings(&w) });
    let second = w.do_auction(0, 2, 60);
    w.ok(w.place_bid(&second, 0, 900));
    assert_eq!((w.lamports(&bid_at(&w, &second, 0)), w.bid(&second, 0).deposit), (rent, 0));
    w.warp(60);
    w.ok(w.accept_bid(&second, 0));
    w.do_start(&second, 0);
}

#[test]
fn a_winner_that_starts_has_its_deposit_back() {
    let (mut w, job) = chain();
    w.warp(60);
    let (rent, before) = (w.lamports(&job.address), operator(&w, 2));
    w.ok(w.accept_bid(&job, 2));
    assert_eq!((w.lamports(&job.address), w.job(&job).bid_deposit), (rent + DEPOSIT, DEPOSIT));
    assert_eq!((w.bid(&job, 2).deposit, operator(&w, 2)), (0, before));
    w.do_start(&job, 2);
    assert_eq!((w.lamports(&job.address), w.job(&job).bid_deposit), (rent, 0));
    assert_eq!(operator(&w, 2), before + DEPOSIT);
    // Once: a later end of the attempt finds none.
    w.ok(w.decline_job(&job, 2));
    assert_eq!((w.lamports(&job.address), operator(&w, 2)), (rent, before + DEPOSIT));
}

/// Declined or expired, in whatever order the rest is called: the deposit lies in the job and leaves with it.
#[test]
fn a_winner_that_never_starts_leaves_its_deposit_to_the_tenant() {
    for expires in [false, true] {
        let (mut w, job) = chain();
        w.warp(60);
        let (tenant, operators) = (w.lamports(&job.tenant), [0, 1, 2].map(|provider| operator(&w, provider)));
        let rents = w.lamports(&job.address) + w.lamports(&job.vault);
        let bids: [u64; 3] = [0, 1, 2].map(|provider| w.lamports(&bid_at(&w, &job, provider)));
        for provider in [2, 1] {
            w.ok(w.accept_bid(&job, provider));
            if expires {
                w.warp(LIMITS.start_window + 1);
                w.ok(w.expire_job(&job, Some(provider)));
            } else {
                w.ok(w.decline_job(&job, provider));
            }
            assert_eq!(w.job(&job).bid_deposit, 0);
        }
        w.ok(w.accept_bid(&job, 0));
        w.do_start(&job, 0);
        w.ok(w.decline_job(&job, 0));
        assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Declined));
        w.ok(w.claim_refund(&job));
        if expires {
            (0..3).for_each(|provider| drop(w.ok(w.close_bid(&job, provider))));
            w.ok(w.close_job(&job));
        } else {
            w.ok(w.close_job(&job));
            (0..3).for_each(|provider| drop(w.ok(w.close_bid(&job, provider))));
        }
        assert_eq!(w.lamports(&job.tenant), tenant + rents + 2 * DEPOSIT);
        assert_eq!(operator(&w, 0), operators[0] + bids[0]);
        assert_eq!(operator(&w, 1), operators[1] + bids[1] - DEPOSIT);
        assert_eq!(operator(&w, 2), operators[2] + bids[2] - DEPOSIT);
        assert!((0..3).all(|provider| w.is_closed(&bid_at(&w, &job, provider))) && w.is_closed(&job.address));
    }
}

/// Otherwise an auction and a stop in the same breath would be a way to live off deposits.
#[test]
fn a_tenant_that_ends_a_service_before_its_start_gets_no_deposit() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    let args = service_terms(&w.tenants[0], 1);
    let job = w.do_post_with(0, market::JobTerms { auction_seconds: 60, ..args });
    w.ok(w.place_bid(&job, 0, 900));
    w.warp(60);
    let (rent, before) = (w.lamports(&job.address), operator(&w, 0));
    w.ok(w.accept_bid(&job, 0));
    let honest = w.stop_job(&job, job.tenant, 0);
    for thief in [w.outsider, job.tenant, w.providers[1].operator] {
        w.refused(swap(honest.clone(), "stop_job", "operator", thief), MarketError::NotOperator);
    }
    w.ok(honest);
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Stopped));
    assert_eq!((operator(&w, 0), w.lamports(&job.address)), (before + DEPOSIT, rent));
    // A provider that gives the service back instead of starting it leaves it to the tenant.
    let job = w.do_post_with(0, market::JobTerms { auction_seconds: 60, index: 2, ..args });
    w.ok(w.place_bid(&job, 0, 900));
    w.warp(60);
    let before = operator(&w, 0);
    w.ok(w.accept_bid(&job, 0));
    w.ok(w.decline_job(&job, 0));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Declined));
    assert_eq!((operator(&w, 0), w.lamports(&job.address)), (before, rent + DEPOSIT));
}

#[test]
fn a_bid_closes_once_its_job_is_over_and_not_before() {
    let (mut w, job) = chain();
    w.refused(w.close_bid(&job, 0), MarketError::JobNotSettled);
    w.warp(60);
    w.ok(w.accept_bid(&job, 2));
    for provider in 0..3 {
        w.refused(w.close_bid(&job, provider), MarketError::JobNotSettled);
    }
    w.ok(w.decline_job(&job, 2));
    w.ok(w.cancel_job(&job));
    // Settled: anyone, and to who paid.
    let (before, held) = (operator(&w, 0), w.lamports(&bid_at(&w, &job, 0)));
    let honest = w.close_bid(&job, 0);
    for thief in [w.outsider, w.tenants[0], w.providers[1].operator] {
        w.refused(swap(honest.clone(), "close_bid", "rent_payer", thief), MarketError::NotOwner);
    }
    w.ok(honest);
    assert_eq!(operator(&w, 0), before + held);
    w.refused(w.close_bid(&job, 0), NO_ACCOUNT);
    // Gone.
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    w.ok(w.close_bid(&job, 1));
    let other = w.do_auction(1, 1, 60);
    w.refused(swap(w.close_bid(&job, 2), "close_bid", "job", other.address), MarketError::JobNotFound);
}

#[test]
fn a_bid_on_an_earlier_life_of_the_address_is_none_on_this_one() {
    let (mut w, job) = chain();
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    w.seal_slots(1);
    let job = w.do_auction(0, 1, 60);
    // The old account is in the way of its own bidder only.
    assert!(w.send(w.place_bid(&job, 0, 900)).is_err());
    w.ok(w.close_bid(&job, 1));
    w.ok(w.place_bid(&job, 1, 850));
    w.refused(w.withdraw_bid(&job, 2), MarketError::JobNotFound);
    w.warp(60);
    w.refused(w.accept_bid(&job, 2), MarketError::JobNotFound);
    w.refused(w.skip_bid(&job, 2), MarketError::JobNotFound);
    w.ok(w.close_bid(&job, 2));
    w.ok(w.accept_bid(&job, 1));
}

#[test]
fn a_bid_undercuts_by_the_least_step() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    w.ok(w.place_bid(&job, 0, 1_000));
    w.refused(w.place_bid(&job, 1, 976), MarketError::BidNotLower);
    w.ok(w.place_bid(&job, 1, 975));
    w.refused(w.place_bid(&job, 2, 952), MarketError::BidNotLower);
    w.ok(w.place_bid(&job, 2, 951));
}

#[test]
fn a_chain_is_bounded() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    for (bids, admitted) in [(63, true), (64, false)] {
        let stored = market::Job { bids, ..w.job(&job) };
        w.put(job.address, market::ID, stored.encode());
        if admitted {
            w.ok(w.place_bid(&job, 0, 1_000));
            assert_eq!(w.job(&job).bids, 64);
        } else {
            w.refused(w.place_bid(&job, 1, 500), MarketError::BidsExhausted);
        }
    }
}
