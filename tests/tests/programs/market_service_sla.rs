//! Availability is pledged with a bond, judged by arithmetic alone, and paid without anybody's leave.

use crate::{laws::*, market_service::close_out};

const BOND: u64 = 1_000_000;
const LOCK: u64 = 3_600_000;

/// A healthy service whose provider pledges [`BOND`] for 95 %.
fn pledged(w: &mut World, index: u64) -> JobHandle {
    let tenant = w.tenants[0];
    w.fund(tenant, w.stake_mint, 0);
    let terms = market::JobTerms { sla_bond: BOND, sla_uptime_bps: 9_500, ..service_terms(&tenant, index) };
    w.do_serve_with(0, 0, terms)
}

/// Ends it by its tenant after `seconds`, of which `usage_ms` were used, and settles it.
fn end(w: &mut World, job: &JobHandle, seconds: i64, usage_ms: u64) {
    w.warp(seconds);
    w.do_report(job, 0, usage_ms);
    w.ok(w.stop_job(job, job.tenant, 0));
    w.warp(301);
    w.ok(w.expire_job(job, Some(0)));
}

fn tenants_stake_tokens(w: &World, job: &JobHandle) -> u64 {
    w.tokens(&address::token_account(&job.tenant, &w.stake_mint))
}

#[test]
fn the_bond_is_locked_besides_the_lock_and_freed_when_availability_was_kept() {
    let mut w = TestBuilder::ready();
    let before = w.provider_stake(0);
    let job = pledged(&mut w, 1);
    assert_eq!((w.provider_stake(0).locked, w.job(&job).lock), (LOCK + BOND, LOCK));
    let free = LIMITS.staked - LOCK - BOND;
    w.refused(w.unbond_stake(w.providers[0].owner, free + 1), MarketError::FreeStakeTooSmall);
    end(&mut w, &job, 1_000, 950_000);
    let after = w.provider_stake(0);
    assert_eq!((after.bonded, after.locked, after.active_jobs), (before.bonded, 0, 0));
    assert_eq!(w.job(&job).sla_due, 0);
    w.refused(w.claim_sla(&job, 0), MarketError::SlaNotDue);
    close_out(&mut w, &job, 0);
}

#[test]
fn a_match_needs_free_stake_for_lock_and_bond() {
    for (missing, matched) in [(1, false), (0, true)] {
        let mut w = TestBuilder::ready();
        let (tenant, owner) = (w.tenants[0], w.providers[0].owner);
        w.ok(w.unbond_stake(owner, LIMITS.staked - LOCK - BOND + missing));
        let terms = market::JobTerms { sla_bond: BOND, sla_uptime_bps: 9_500, ..service_terms(&tenant, 1) };
        let instant = w.do_post_with(0, terms);
        let auction = w.do_post_with(0, market::JobTerms { index: 2, auction_seconds: 60, ..terms });
        let bid = w.place_bid(&auction, 0, LIMITS.price);
        if matched {
            w.ok(bid);
            w.ok(w.match_job(&instant, 0, 0));
            // The stake is taken: the bid that fitted fits no more.
            w.warp(60);
            w.refused(w.accept_bid(&auction, 0), MarketError::FreeStakeTooSmall);
        } else {
            w.refused(bid, MarketError::FreeStakeTooSmall);
            w.refused(w.match_job(&instant, 0, 0), MarketError::FreeStakeTooSmall);
        }
    }
}

#[test]
fn missed_availability_costs_the_bond_in_proportion() {
    for (usage_ms, due) in [(950_000, 0), (949_999, BOND / 9_500), (475_000, BOND / 2), (0, BOND)] {
        let mut w = TestBuilder::ready();
        let stakes = w.supply(&w.stake_mint);
        let job = pledged(&mut w, 1);
        let vault = address::stake_vault(&w.providers[0].stake);
        w.warp(1_000);
        // Spoken shortly before the end: it is not silence that is judged here.
        w.do_report(&job, 0, usage_ms);
        w.ok(w.stop_job(&job, w.providers[0].operator, 0));
        w.warp(301);
        w.ok(w.expire_job(&job, Some(0)));
        let stake = w.provider_stake(0);
        assert_eq!(w.job(&job).sla_due, due);
        assert_eq!((stake.bonded, stake.locked, stake.slashed), (LIMITS.staked - due, 0, 0));
        // The tokens lie in the vault until the tenant has them, and nobody else takes them.
        assert_eq!(w.tokens(&vault), LIMITS.staked);
        if due > 0 {
            w.ok(w.claim_reward(&job, 0));
            w.ok(w.claim_refund(&job));
            w.ok(w.sweep_fees(&job));
            w.refused(w.close_job(&job), MarketError::SlaUnpaid);
            w.ok(w.claim_sla(&job, 0));
            w.refused(w.claim_sla(&job, 0), MarketError::AlreadyClaimed);
            w.ok(w.close_job(&job));
            w.refused(w.claim_sla(&job, 0), NOTHING_THERE);
        }
        assert_eq!(tenants_stake_tokens(&w, &job), due);
        // The rest leaves with its owner, to the atom.
        let owner = w.providers[0].owner;
        w.ok(w.unbond_stake(owner, LIMITS.staked - due));
        w.warp(LIMITS.unbonding);
        w.ok(w.withdraw_stake(owner));
        assert_eq!((w.tokens(&vault), w.supply(&w.stake_mint)), (0, stakes));
    }
}

/// A closed account where one is written.
const NOTHING_THERE: InstructionError = NO_ACCOUNT;

#[test]
fn a_short_service_owes_no_availability() {
    for (seconds, due) in [(599, 0), (600, BOND)] {
        let mut w = TestBuilder::ready();
        let job = pledged(&mut w, 1);
        end(&mut w, &job, seconds, 0);
        assert_eq!(w.job(&job).sla_due, due, "{seconds}");
        close_out(&mut w, &job, 0);
    }
    // Nor does one that was given back, or that nobody started.
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let terms = |index| market::JobTerms { sla_bond: BOND, sla_uptime_bps: 9_500, ..service_terms(&tenant, index) };
    let (declined, late) = (w.do_post_with(0, terms(1)), w.do_post_with(0, terms(2)));
    w.do_match(&declined, 0);
    w.do_match(&late, 0);
    w.ok(w.decline_job(&declined, 0));
    w.warp(100_000);
    w.ok(w.expire_job(&late, Some(0)));
    assert_eq!((w.job(&declined).sla_due, w.job(&late).sla_due), (0, 0));
    // The missed start costs a part of the lock, and nothing of the bond.
    let kept = LIMITS.staked - w.job(&late).lock / 20;
    assert_eq!((w.provider_stake(0).locked, w.provider_stake(0).bonded), (0, kept));
}

#[test]
fn pauses_do_not_count_against_availability() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    w.fund(tenant, w.stake_mint, 0);
    let terms =
        market::JobTerms { max_seconds: 600, sla_bond: BOND, sla_uptime_bps: 9_500, ..service_terms(&tenant, 1) };
    let job = w.do_serve_with(0, 0, terms);
    w.do_use(&job, 0, 600);
    w.ok(w.pause_job(&job));
    w.warp(80_000);
    w.ok(w.top_up_job(&job, tenant, 400));
    w.ok(w.resume_job(&job, 0));
    w.warp(400);
    w.do_report(&job, 0, 950_000);
    let mut missed = w.clone();
    w.ok(w.pause_job(&job));
    w.warp(86_401);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!((w.job(&job).outcome, w.job(&job).sla_due), (Outcome::Ended as u8, 0));
    close_out(&mut w, &job, 0);
    // The same with a second more at the end and no more usage, by a stop that comes before the money is gone.
    missed.ok(missed.top_up_job(&job, tenant, 400));
    assert_eq!(stands(&missed, &job).0, JobState::Paused);
    missed.ok(missed.resume_job(&job, 0));
    missed.warp(1);
    missed.ok(missed.stop_job(&job, tenant, 0));
    missed.warp(301);
    missed.ok(missed.expire_job(&job, Some(0)));
    // 950 of 1001 seconds are 9,490 basis points.
    assert_eq!(missed.job(&job).sla_due, BOND * 10 / 9_500);
    close_out(&mut missed, &job, 0);
}

/// A dead service ended when its silence was long enough, whoever says so when and by which instruction.
#[test]
fn what_death_costs_does_not_depend_on_who_says_so_when() {
    let die = |act: &dyn Fn(&mut World, &JobHandle)| {
        let mut w = TestBuilder::ready();
        let job = pledged(&mut w, 1);
        w.warp(600);
        w.do_report(&job, 0, 300_000);
        act(&mut w, &job);
        let stored = w.job(&job);
        assert_eq!(stored.state, JobState::Settled as u8);
        close_out(&mut w, &job, 0);
        stored.sla_due
    };
    let expire = |seconds: i64| {
        move |w: &mut World, job: &JobHandle| {
            w.warp(seconds);
            w.ok(w.expire_job(job, Some(0)));
        }
    };
    // 300 of 630 seconds are 4,761 basis points.
    let due = BOND * (9_500 - 4_761) / 9_500;
    assert_eq!(die(&expire(31)), due);
    assert_eq!(die(&expire(40_000)), due);
    for by_tenant in [true, false] {
        let stop = |w: &mut World, job: &JobHandle| {
            w.warp(2_000);
            let party = if by_tenant { job.tenant } else { w.providers[0].operator };
            w.ok(w.stop_job(job, party, 0));
            // Its grace is over since long.
            w.ok(w.expire_job(job, Some(0)));
        };
        assert_eq!(die(&stop), due);
    }
}

#[test]
fn a_slash_of_another_job_takes_nothing_of_the_bond() {
    let mut w = TestBuilder::ready();
    let job = pledged(&mut w, 1);
    let batch = w.do_submitted(1, 1, 0);
    w.do_reject(&batch, 0);
    // Set aside until its time to appeal is over.
    let slashed = w.job(&batch).slashed;
    w.warp(1_000);
    w.do_report(&job, 0, 0);
    w.ok(w.stop_job(&job, job.tenant, 0));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    let stake = w.provider_stake(0);
    assert_eq!((w.job(&job).sla_due, stake.pending), (BOND, slashed));
    assert_eq!((stake.bonded, stake.locked), (LIMITS.staked - slashed - BOND, 0));
    w.ok(w.claim_sla(&job, 0));
    assert_eq!(w.tokens(&stake.vault), stake.bonded + stake.pending);
}

#[test]
fn what_is_due_goes_to_the_tenant_whoever_pushes() {
    let mut w = TestBuilder::ready();
    let (job, other) = (pledged(&mut w, 1), w.do_serve(1, 1, 1));
    end(&mut w, &job, 1_000, 0);
    let honest = w.claim_sla(&job, 0);
    w.fund(w.outsider, w.stake_mint, 0);
    for thief in [w.outsider, w.providers[0].owner, w.treasury] {
        let destination = address::token_account(&thief, &w.stake_mint);
        w.refused(swap(honest.clone(), "claim_sla", "destination", destination), MarketError::NotTenant);
    }
    w.refused(w.claim_sla(&job, 1), MarketError::InvalidProvider);
    let stake = w.providers[1].stake;
    w.refused(swap(honest.clone(), "claim_sla", "stake", stake), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "claim_sla", "vault", address::stake_vault(&stake)), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "claim_sla", "vault", other.vault), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "claim_sla", "mint", w.mints[0]), MarketError::StakeMintDiffers);
    let copy = w.foreign_copy(job.address);
    w.refused(swap(honest.clone(), "claim_sla", "job", copy), OTHER_PROGRAM);
    w.ok(honest);
    assert_eq!(tenants_stake_tokens(&w, &job), BOND);
}
