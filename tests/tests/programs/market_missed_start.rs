//! Silence on a match costs its provider a part of the lock, at once and whatever else happens; saying no in time is free.

use crate::laws::*;
use proofmill_client::event_log::{ProgramEvent, events};

/// A way in which a job comes to be matched by provider 0.
type Way = (&'static str, fn(&mut World) -> JobHandle);

const WAYS: [Way; 5] = [
    ("an offer taken", |w| {
        let job = w.do_post(0, 1);
        w.do_match(&job, 0);
        job
    }),
    ("a bid accepted", |w| {
        let job = w.do_auction(0, 1, 60);
        w.ok(w.place_bid(&job, 0, 900));
        w.warp(60);
        w.ok(w.accept_bid(&job, 0));
        job
    }),
    ("a second attempt", |w| {
        let job = w.do_post_with(0, market::JobTerms { attempts_max: 3, ..terms(1) });
        w.do_match(&job, 1);
        w.ok(w.decline_job(&job, 1));
        w.do_match(&job, 0);
        job
    }),
    ("a task of an array", |w| {
        let array = w.do_post_array(0, array_terms(1, 3));
        w.do_take(&array, 1, 0)
    }),
    ("a service with a bond for its availability", |w| {
        let args = market::JobTerms { sla_bond: 50_000, sla_uptime_bps: 9_000, ..service_terms(&w.tenants[0], 1) };
        let job = w.do_post_with(0, args);
        w.do_match(&job, 0);
        job
    }),
];

/// What the missed start of a lock costs, by this file's own arithmetic.
fn cost(lock: u64) -> u64 {
    u64::try_from((u128::from(lock) * 500).div_ceil(10_000)).unwrap()
}

/// The one event that says so.
fn told(sent: &Sent) -> Vec<market::StartMissed> {
    let of = |event| match event {
        ProgramEvent::Market(market::Event::StartMissed(event)) => Some(event),
        _ => None,
    };
    events(&sent.logs).into_iter().filter_map(of).collect()
}

#[test]
fn a_missed_start_costs_a_part_of_the_lock_at_once() {
    for (way, matched) in WAYS {
        let mut w = TestBuilder::ready();
        let job = matched(&mut w);
        let (lock, before) = (w.job(&job).lock, w.provider_stake(0));
        assert!(lock > 0 && before.locked >= lock, "{way}");
        w.warp(LIMITS.start_window);
        w.refused(w.expire_job(&job, Some(0)), MarketError::NotExpired);
        w.warp(1);
        let sent = w.ok(w.expire_job(&job, Some(0)));
        let stake = w.provider_stake(0);
        assert_eq!((stake.bonded, stake.slashed), (before.bonded - cost(lock), cost(lock)), "{way}");
        assert_eq!((stake.locked, stake.pending, stake.unbonding, stake.active_jobs), (0, 0, 0, 0), "{way}");
        assert_eq!(stake.slashed_total, cost(lock), "{way}");
        assert_eq!(w.tokens(&stake.vault), LIMITS.staked, "nothing leaves the vault before somebody sweeps it");
        let event = &told(&sent)[..];
        let [event] = event else { panic!("{way}: {event:?}") };
        assert_eq!(
            (event.job, event.provider, event.stake),
            (job.address, w.providers[0].account, w.providers[0].stake)
        );
        assert_eq!((event.slashed, event.bonded, event.unbonding), (cost(lock), stake.bonded, 0), "{way}");
        // No case, nothing to wait for: it is the treasury's.
        let treasury = w.account_of(&w.treasury, &w.stake_mint);
        let held = w.tokens(&treasury);
        w.ok(w.sweep_slashed(w.providers[0].owner));
        assert_eq!(w.tokens(&treasury), held + cost(lock), "{way}");
    }
}

#[test]
fn who_missed_a_start_is_matched_again_only_once_it_is_back() {
    for (way, matched) in WAYS {
        let mut w = TestBuilder::ready();
        let job = matched(&mut w);
        assert_eq!(w.provider(0).active, 1, "{way}");
        w.warp(LIMITS.start_window + 1);
        w.ok(w.expire_job(&job, Some(0)));
        assert_eq!(w.provider(0).active, 0, "{way}");
        // Nobody drains it while it is away: one outage costs it a part of what it had pledged then, and no more.
        let next = w.do_post(1, 77);
        w.refused(w.match_job(&next, 0, 0), MarketError::ProviderOffline);
        let back = w.announce_provider(0, 1);
        w.ok(back);
        w.ok(w.match_job(&next, 0, 0));
    }
}

#[test]
fn the_tenant_of_a_missed_start_gets_its_escrow_and_nothing_more() {
    let mut w = TestBuilder::ready();
    let purses = |w: &World| (w.purse(&w.tenants[0]), w.tokens(&w.account_of(&w.tenants[0], &w.stake_mint)));
    w.fund(w.tenants[0], w.stake_mint, 0);
    let before = purses(&w);
    let job = WAYS[0].1(&mut w);
    w.warp(LIMITS.start_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!((w.job(&job).refunded, w.job(&job).slashed), (w.job(&job).escrowed, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    assert_eq!(purses(&w), before);
}

#[test]
fn giving_back_is_free_until_the_start_is_missed() {
    for (way, matched) in WAYS {
        for late in [0, 1] {
            let mut w = TestBuilder::ready();
            let job = matched(&mut w);
            let lock = w.job(&job).lock;
            w.warp(LIMITS.start_window + late);
            let sent = w.ok(w.decline_job(&job, 0));
            let stake = w.provider_stake(0);
            let lost = if late == 1 { cost(lock) } else { 0 };
            assert_eq!((stake.bonded, stake.slashed), (LIMITS.staked - lost, lost), "{way}, {late} s late");
            assert_eq!((stake.locked, stake.active_jobs), (0, 0), "{way}");
            assert_eq!(told(&sent).len(), usize::try_from(late).unwrap(), "{way}");
            if w.job(&job).state == JobState::Settled as u8 {
                let outcome = if late == 1 { Outcome::NeverStarted } else { Outcome::Declined };
                assert_eq!(stands(&w, &job).1, outcome, "{way}");
            }
        }
    }
}

#[test]
fn a_tenant_that_ends_a_service_before_its_start_costs_the_provider_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_post_with(0, service_terms(&w.tenants[0], 1));
    w.do_match(&job, 0);
    w.ok(w.stop_job(&job, job.tenant, 0));
    let stake = w.provider_stake(0);
    assert_eq!((stake.bonded, stake.slashed, stake.locked), (LIMITS.staked, 0, 0));
}

#[test]
fn whoever_started_and_then_failed_loses_no_stake() {
    for expires in [false, true] {
        let mut w = TestBuilder::ready();
        let job = w.do_run(0, 1, 0);
        if expires {
            w.warp(i64::from(LIMITS.run_seconds) + LIMITS.receipt_grace + 1);
            w.ok(w.expire_job(&job, Some(0)));
        } else {
            // Long after the start's deadline, but it did start.
            w.warp(LIMITS.start_window + 1);
            w.ok(w.decline_job(&job, 0));
        }
        let stake = w.provider_stake(0);
        assert_eq!((stake.bonded, stake.slashed, stake.locked), (LIMITS.staked, 0, 0));
    }
}

/// Every job ends, whatever is left of the stake behind it, and while openings are paused.
#[test]
fn a_missed_start_takes_what_there_is_and_ends_the_job() {
    for (bonded, unbonding) in [(0, 0), (0, 1), (1, 0), (4_999, 0), (4_000, 3_000), (5_001, 0)] {
        let mut w = TestBuilder::ready();
        let job = WAYS[0].1(&mut w);
        assert_eq!(cost(w.job(&job).lock), 5_000);
        // As a slash on evidence may leave it.
        let account = w.providers[0].stake;
        let mut stake = w.provider_stake(0);
        (stake.bonded, stake.unbonding, stake.locked) = (bonded, unbonding, bonded.min(stake.locked));
        w.put(account, market::ID, stake.encode());
        w.ok(w.pause_openings(w.authority));
        w.warp(LIMITS.start_window + 1);
        w.ok(w.expire_job(&job, Some(0)));
        let taken = 5_000.min(bonded + unbonding);
        let stake = w.provider_stake(0);
        assert_eq!((stake.slashed, stake.locked), (taken, 0), "{bonded} bonded, {unbonding} unbonding");
        assert_eq!(stake.bonded, bonded - taken.min(bonded));
        assert_eq!(stake.unbonding, unbonding - (taken - taken.min(bonded)), "unbonding goes last");
        assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::NeverStarted));
        w.ok(w.claim_refund(&job));
        w.ok(w.close_job(&job));
    }
}

/// Caps bound what the arbiter may be wrong about. The deadline is the program's own, and nobody's opinion.
#[test]
fn a_missed_start_has_no_share_in_the_caps() {
    let mut w = TestBuilder::ready();
    let window = |stake: &market::Stake| {
        (stake.window_started_at, stake.window_stake, stake.window_slashed, stake.window_evidence, stake.window_outflow)
    };
    let (first, second) = (w.do_post(0, 1), w.do_post(0, 2));
    let before = window(&w.provider_stake(0));
    for job in [&first, &second] {
        w.do_match(job, 0);
    }
    w.warp(LIMITS.start_window + 1);
    for job in [&first, &second] {
        w.ok(w.expire_job(job, Some(0)));
    }
    let stake = w.provider_stake(0);
    assert_eq!((window(&stake), stake.slashed), (before, 2 * cost(100_000)));
    // With every cap used up it is the same.
    w.ok(w.announce_provider(0, 1));
    let job = w.do_post(0, 3);
    w.do_match(&job, 0);
    let mut spent = w.provider_stake(0);
    (spent.window_started_at, spent.window_stake) = (w.now, 1);
    (spent.window_slashed, spent.window_evidence, spent.window_outflow) = (u64::MAX, u64::MAX, u64::MAX);
    w.put(w.providers[0].stake, market::ID, spent.encode());
    w.warp(LIMITS.start_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!(w.provider_stake(0).slashed, 3 * cost(100_000));
    assert_eq!(window(&w.provider_stake(0)), window(&spent));
}

/// Other jobs of the same provider keep what backs them.
#[test]
fn a_missed_start_leaves_other_locks_as_they_are() {
    let mut w = TestBuilder::ready();
    let other = w.do_run(0, 2, 0);
    let lock = w.job(&other).lock;
    let job = WAYS[0].1(&mut w);
    w.warp(LIMITS.start_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    let stake = w.provider_stake(0);
    assert_eq!((stake.locked, stake.active_jobs), (lock, 1));
    assert!(stake.bonded >= lock);
}
