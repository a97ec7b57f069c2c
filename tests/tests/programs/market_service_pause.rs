//! A service whose escrow runs dry is paused and not destroyed.

use crate::laws::*;

/// A healthy service of `seconds` of escrow.
fn short(w: &mut World, seconds: u32) -> JobHandle {
    let args = market::JobTerms { max_seconds: seconds, ..service_terms(&w.tenants[0], 1) };
    w.do_serve_with(0, 0, args)
}

#[test]
fn a_service_is_paused_exactly_when_the_clock_has_consumed_its_escrow() {
    for (at, dry) in [(59, false), (60, true), (61, true)] {
        let mut w = TestBuilder::ready();
        let job = short(&mut w, 60);
        w.do_use(&job, 0, 50);
        w.warp(at - 50);
        if !dry {
            w.refused(w.pause_job(&job), MarketError::EscrowNotDry);
            continue;
        }
        w.ok(w.pause_job(&job));
        // As of the instant at which it ran dry, whoever says so when.
        assert_eq!(w.job(&job).paused_at, w.job(&job).started_at + 60);
        assert_eq!(stands(&w, &job), (JobState::Paused, Outcome::None));
        w.refused(w.pause_job(&job), MarketError::JobNotRunning);
    }
}

#[test]
fn only_a_running_service_is_paused() {
    let mut w = TestBuilder::ready();
    let job = w.do_post_with(0, service_terms(&w.tenants[0], 1));
    w.refused(w.pause_job(&job), MarketError::JobNotRunning);
    w.do_match(&job, 0);
    w.refused(w.pause_job(&job), MarketError::JobNotRunning);
    w.refused(w.top_up_job(&job, job.tenant, 1), MarketError::ServiceNotRunning);
}

/// Its death counts from its silence; a pause would count from the escrow's end.
#[test]
fn a_silent_service_is_not_paused_until_it_speaks_again() {
    let mut w = TestBuilder::ready();
    let job = short(&mut w, 60);
    w.do_use(&job, 0, 29);
    w.warp(31);
    w.refused(w.pause_job(&job), MarketError::ServiceSilent);
    w.refused(w.top_up_job(&job, job.tenant, 10), MarketError::ServiceSilent);
    w.do_report(&job, 0, 40_000);
    w.ok(w.pause_job(&job));
}

#[test]
fn while_paused_nothing_is_earned_and_what_was_is_paid() {
    let mut w = TestBuilder::ready();
    let job = short(&mut w, 60);
    w.do_use(&job, 0, 50);
    w.warp(10);
    w.ok(w.pause_job(&job));
    w.ok(w.top_up_job(&job, job.tenant, 100));
    w.warp(1_000);
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 60_001)), MarketError::UsageTooLong);
    w.do_report(&job, 0, 60_000);
    w.ok(w.claim_stream(&job, 0));
    assert_eq!(w.purse(&w.providers[0].owner), 58_500);
    w.ok(w.resume_job(&job, 0));
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 61_001)), MarketError::UsageTooLong);
    w.warp(10);
    w.do_report(&job, 0, 70_000);
    // A second pause and a third life of the same escrow.
    w.warp(90);
    w.do_report(&job, 0, 150_000);
    w.ok(w.pause_job(&job));
    w.ok(w.top_up_job(&job, job.tenant, 5));
    w.warp(7);
    w.ok(w.resume_job(&job, 0));
    assert_eq!(w.job(&job).paused_ms, 1_007_000);
    w.warp(5);
    w.do_report(&job, 0, 165_000);
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 165_001)), MarketError::UsageTooLong);
    w.ok(w.pause_job(&job));
}

#[test]
fn a_paused_service_resumes_by_its_provider_with_money_in_time() {
    let mut w = TestBuilder::ready();
    let job = short(&mut w, 60);
    w.do_use(&job, 0, 60);
    w.refused(w.resume_job(&job, 0), MarketError::ServiceNotPaused);
    w.ok(w.pause_job(&job));
    w.refused(w.resume_job(&job, 0), MarketError::EscrowDry);
    w.ok(w.top_up_job(&job, job.tenant, 1));
    for stranger in [w.tenants[0], w.providers[0].owner, w.outsider] {
        w.refused(swap(w.resume_job(&job, 0), "resume_job", "operator", stranger), MarketError::NotOperator);
    }
    w.refused(w.resume_job(&job, 1), MarketError::InvalidProvider);
    w.warp(86_400);
    let mut late = w.clone();
    w.ok(w.resume_job(&job, 0));
    assert_eq!(stands(&w, &job), (JobState::Running, Outcome::None));
    late.warp(1);
    late.refused(late.resume_job(&job, 0), MarketError::PauseOver);
    late.ok(late.expire_job(&job, Some(0)));
    assert_eq!(stands(&late, &job), (JobState::Settled, Outcome::Ended));
    assert_eq!((late.job(&job).paid, late.job(&job).refunded), (58_500, 1_000));
}

#[test]
fn a_clock_that_steps_back_in_a_pause_takes_nothing_away() {
    let mut w = TestBuilder::ready();
    let job = short(&mut w, 60);
    w.do_use(&job, 0, 60);
    w.ok(w.pause_job(&job));
    w.ok(w.top_up_job(&job, job.tenant, 60));
    w.warp(-30);
    w.ok(w.resume_job(&job, 0));
    assert_eq!((w.job(&job).paused_ms, w.job(&job).metered_ms), (0, 60_000));
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 60_001)), MarketError::UsageTooLong);
    w.warp(60);
    w.do_report(&job, 0, 90_000);
}

#[test]
fn a_top_up_extends_by_what_it_pays() {
    let mut w = TestBuilder::ready();
    let (tenant, outsider) = (w.tenants[0], w.outsider);
    w.fund(outsider, w.mints[0], 100_000);
    // Ceiling 1000, price 900: a tenth of the escrow is surplus, which is the tenant's to spend.
    w.ok(w.publish_offer(0, w.mints[0], market::OfferArgs { price_per_second: 900, ..w.offer_args(2) }));
    let job = w.do_post_with(0, market::JobTerms { max_seconds: 90, ..service_terms(&tenant, 1) });
    w.ok(w.match_job(&job, 0, 2));
    w.do_start(&job, 0);
    let purse = w.purse(&tenant);
    w.ok(w.top_up_job(&job, tenant, 10));
    assert_eq!((w.purse(&tenant), w.job(&job).max_seconds, w.job(&job).escrowed), (purse, 100, 90_000));
    w.ok(w.top_up_job(&job, tenant, 10));
    assert_eq!((w.purse(&tenant), w.job(&job).max_seconds, w.job(&job).escrowed), (purse - 9_000, 110, 99_000));
    w.ok(w.top_up_job(&job, outsider, 10));
    assert_eq!((w.purse(&outsider), w.job(&job).max_seconds, w.tokens(&job.vault)), (91_000, 120, 108_000));
    // What was not used goes to the tenant, whoever paid.
    w.do_use(&job, 0, 120);
    w.ok(w.stop_job(&job, tenant, 0));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!((w.job(&job).refunded, w.job(&job).paid + w.job(&job).fee), (0, 108_000));
}

#[test]
fn a_strangers_top_up_does_not_spend_the_tenants_surplus() {
    let mut w = TestBuilder::ready();
    let (tenant, outsider) = (w.tenants[0], w.outsider);
    w.fund(outsider, w.mints[0], 900);
    w.ok(w.publish_offer(0, w.mints[0], market::OfferArgs { price_per_second: 900, ..w.offer_args(2) }));
    let job = w.do_post_with(0, market::JobTerms { max_seconds: 90, ..service_terms(&tenant, 1) });
    w.ok(w.match_job(&job, 0, 2));
    w.do_start(&job, 0);
    w.ok(w.top_up_job(&job, outsider, 1));
    assert_eq!((w.purse(&outsider), w.job(&job).escrowed, w.job(&job).max_seconds), (0, 90_900, 91));
    w.refused(w.top_up_job(&job, outsider, 1), custom(1));
}

#[test]
fn a_top_up_is_bounded() {
    let mut w = TestBuilder::ready();
    let (tenant, mint) = (w.tenants[0], w.mints[0]);
    w.ok(w.publish_offer(0, mint, market::OfferArgs { price_per_second: 1, ..w.offer_args(2) }));
    let job = w.do_post_with(
        0,
        market::JobTerms { max_seconds: 1_000, price_ceiling_per_second: 1, ..service_terms(&tenant, 1) },
    );
    w.ok(w.match_job(&job, 0, 2));
    w.do_start(&job, 0);
    let most = 31_536_000 - 1_000;
    for seconds in [0, most + 1, u32::MAX] {
        w.refused(w.top_up_job(&job, tenant, seconds), MarketError::RunLengthOutOfBounds);
    }
    let other = w.do_serve(1, 1, 1);
    let honest = w.top_up_job(&job, tenant, most);
    w.refused(swap(honest.clone(), "top_up_job", "vault", other.vault), MarketError::JobNotFound);
    w.refused(swap(honest.clone(), "top_up_job", "mint", w.mints[1]), MarketError::MintNotAllowed);
    w.ok(honest);
    assert_eq!((w.job(&job).max_seconds, w.job(&job).escrowed), (31_536_000, 31_536_000));
    w.refused(w.top_up_job(&job, tenant, 1), MarketError::RunLengthOutOfBounds);
}

/// Whether somebody declared the pause or not, time without escrow is outside the service.
#[test]
fn a_top_up_of_a_dry_service_pauses_it_first() {
    let mut w = TestBuilder::ready();
    let job = short(&mut w, 60);
    w.do_use(&job, 0, 60);
    w.warp(20);
    w.ok(w.top_up_job(&job, job.tenant, 60));
    assert_eq!(stands(&w, &job).0, JobState::Paused);
    assert_eq!(w.job(&job).paused_at, w.job(&job).started_at + 60);
    w.ok(w.resume_job(&job, 0));
    assert_eq!(w.job(&job).paused_ms, 20_000);
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 61_001)), MarketError::UsageTooLong);
    // One that is not dry goes on running.
    w.ok(w.top_up_job(&job, job.tenant, 60));
    assert_eq!(stands(&w, &job).0, JobState::Running);
}
