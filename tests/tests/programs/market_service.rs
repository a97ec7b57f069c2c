//! Whole lives of services: posted, matched, healthy, used, ended, paid, gone.

use crate::laws::*;

/// Price of a second, atoms.
const PRICE: u64 = LIMITS.price;
const ESCROW: u64 = PRICE * 3_600;

/// Strangers claim for everybody and close the job; nothing is left anywhere.
pub fn close_out(w: &mut World, job: &JobHandle, provider: usize) {
    let stored = w.job(job);
    assert_eq!(stored.paid + stored.refunded + stored.fee, stored.escrowed);
    w.ok(w.claim_reward(job, provider));
    w.ok(w.claim_refund(job));
    w.ok(w.sweep_fees(job));
    if stored.sla_due > 0 {
        w.ok(w.claim_sla(job, provider));
    }
    assert_eq!(w.tokens(&job.vault), 0);
    w.ok(w.close_job(job));
    assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
}

/// Net of so many milliseconds at the usual price and fee.
pub fn net(usage_ms: u64) -> u64 {
    let gross = PRICE * usage_ms / 1_000;
    gross - gross * 250 / 10_000
}

fn ends(w: &World, job: &JobHandle, outcome: Outcome, usage_ms: u64) {
    assert_eq!(stands(w, job), (JobState::Settled, outcome));
    let stored = w.job(job);
    assert_eq!(stored.metered_ms, usage_ms);
    assert_eq!((stored.paid, stored.slashed), (net(usage_ms), 0));
    assert_eq!(stored.refunded, stored.escrowed - PRICE * usage_ms / 1_000);
    let stake = w.provider_stake(0);
    assert_eq!((stake.locked, stake.slashed, stake.active_jobs), (0, 0, 0));
}

#[test]
fn a_service_is_paid_for_what_both_sides_signed() {
    let mut w = TestBuilder::ready();
    let (tenant, owner) = (w.tenants[0], w.providers[0].owner);
    let (purse, lamports) = (w.purse(&tenant), w.lamports(&tenant));
    let (payments, stakes) = (w.supply(&w.mints[0]), w.supply(&w.stake_mint));
    let job = w.do_serve(0, 1, 0);
    assert_eq!((w.tokens(&job.vault), w.provider_stake(0).locked), (ESCROW, ESCROW));
    w.do_use(&job, 0, 100);
    w.ok(w.claim_stream(&job, 0));
    assert_eq!((w.purse(&owner), w.tokens(&job.vault)), (net(100_000), ESCROW - net(100_000)));
    w.do_use(&job, 0, 50);
    w.ok(w.stop_job(&job, tenant, 0));
    assert_eq!(stands(&w, &job), (JobState::Ending, Outcome::Stopped));
    // Signed before the end, sent after it.
    w.warp(300);
    w.do_report(&job, 0, 150_500);
    w.ok(w.claim_stream(&job, 0));
    w.refused(w.expire_job(&job, Some(0)), MarketError::NotExpired);
    w.warp(1);
    w.ok(w.expire_job(&job, Some(0)));
    ends(&w, &job, Outcome::Stopped, 150_500);
    close_out(&mut w, &job, 0);
    assert_eq!(w.purse(&owner), net(150_500));
    assert_eq!(w.purse(&tenant), purse - PRICE * 150_500 / 1_000);
    assert_eq!((w.supply(&w.mints[0]), w.supply(&w.stake_mint)), (payments, stakes));
    // Three signatures of the tenant: posting, matching, stopping. Every lamport of rent is back.
    assert_eq!(w.lamports(&tenant), lamports - 3 * 5_000);
    let record = w.provider(0);
    assert_eq!((record.accepted_total, record.consecutive_accepted, record.failed_total), (0, 0, 0));
}

#[test]
fn a_tenant_that_does_not_sign_pays_for_what_was_witnessed() {
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    for seconds in [120, 90] {
        w.warp(seconds);
        w.do_witness(&job, &w.usage_witness(&job, w.job(&job).metered_ms + seconds as u64 * 1_000));
        w.ok(w.accept_witnessed_usage(&job));
        w.ok(w.claim_stream(&job, 0));
    }
    w.ok(w.stop_job(&job, w.providers[0].operator, 0));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    ends(&w, &job, Outcome::Withdrawn, 210_000);
    close_out(&mut w, &job, 0);
    assert_eq!(w.purse(&w.providers[0].owner), net(210_000));
}

#[test]
fn a_dry_escrow_pauses_a_service_and_a_top_up_lets_it_go_on() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let purse = w.purse(&tenant);
    let job = w.do_serve_with(0, 0, market::JobTerms { max_seconds: 60, ..service_terms(&tenant, 1) });
    w.do_use(&job, 0, 60);
    w.ok(w.pause_job(&job));
    w.ok(w.claim_stream(&job, 0));
    w.warp(500);
    w.ok(w.top_up_job(&job, tenant, 40));
    assert_eq!((w.job(&job).escrowed, w.job(&job).max_seconds), (100_000, 100));
    w.warp(500);
    w.ok(w.resume_job(&job, 0));
    let stored = w.job(&job);
    assert_eq!((stored.paused_ms, stored.paused_at, stored.usage_at), (1_000_000, 0, w.now));
    w.do_use(&job, 0, 40);
    w.warp(86_401);
    w.ok(w.expire_job(&job, Some(0)));
    ends(&w, &job, Outcome::Ended, 100_000);
    close_out(&mut w, &job, 0);
    assert_eq!(w.purse(&tenant), purse - 100_000);
    assert_eq!(w.purse(&w.providers[0].owner), net(100_000));
}

#[test]
fn a_service_that_nobody_started_is_ended_by_its_tenant_at_no_cost() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let purse = w.purse(&tenant);
    let job = w.do_post_with(0, service_terms(&tenant, 1));
    w.refused(w.stop_job(&job, tenant, 0), MarketError::InvalidProvider);
    w.do_match(&job, 0);
    w.refused(w.stop_job(&job, w.providers[0].operator, 0), MarketError::ServiceNotRunning);
    w.ok(w.stop_job(&job, tenant, 0));
    ends(&w, &job, Outcome::Stopped, 0);
    close_out(&mut w, &job, 0);
    assert_eq!(w.purse(&tenant), purse);
}

#[test]
fn a_provider_gives_a_service_back_before_the_start_and_ends_it_after() {
    let mut w = TestBuilder::ready();
    let (tenant, operator) = (w.tenants[0], w.providers[0].operator);
    let job = w.do_post_with(0, service_terms(&tenant, 1));
    w.do_match(&job, 0);
    w.ok(w.decline_job(&job, 0));
    ends(&w, &job, Outcome::Declined, 0);
    close_out(&mut w, &job, 0);
    let job = w.do_serve(0, 2, 0);
    w.do_use(&job, 0, 30);
    w.refused(w.decline_job(&job, 0), MarketError::ServiceRunning);
    w.ok(w.stop_job(&job, operator, 0));
    assert_eq!(stands(&w, &job), (JobState::Ending, Outcome::Withdrawn));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    ends(&w, &job, Outcome::Withdrawn, 30_000);
    assert_eq!(w.provider(0).failed_total, 2);
    close_out(&mut w, &job, 0);
}

/// Whose stop it is does not matter once the escrow has run dry: nobody owed anything more.
#[test]
fn a_stop_after_the_escrow_ran_dry_is_nobodys_failure() {
    for (declared, by_tenant) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut w = TestBuilder::ready();
        let tenant = w.tenants[0];
        let job = w.do_serve_with(0, 0, market::JobTerms { max_seconds: 60, ..service_terms(&tenant, 1) });
        w.do_use(&job, 0, 60);
        w.warp(10);
        if declared {
            w.ok(w.pause_job(&job));
        }
        let party = if by_tenant { tenant } else { w.providers[0].operator };
        w.ok(w.stop_job(&job, party, 0));
        assert_eq!(stands(&w, &job), (JobState::Ending, Outcome::Ended));
        w.warp(301);
        w.ok(w.expire_job(&job, Some(0)));
        ends(&w, &job, Outcome::Ended, 60_000);
        assert_eq!(w.provider(0).failed_total, 0);
        close_out(&mut w, &job, 0);
    }
}

#[test]
fn a_dead_provider_earns_nothing_for_unreceipted_time() {
    for (silence, dead) in [(29, false), (30, false), (31, true), (3_599, true), (90_000, true)] {
        let mut w = TestBuilder::ready();
        let job = w.do_serve(0, 1, 0);
        w.do_use(&job, 0, 10);
        w.warp(silence);
        if !dead {
            w.refused(w.expire_job(&job, Some(0)), MarketError::NotExpired);
            continue;
        }
        w.ok(w.expire_job(&job, Some(0)));
        ends(&w, &job, Outcome::Dead, 10_000);
        assert_eq!((w.provider(0).failed_total, w.job(&job).settled_at), (1, w.now));
        close_out(&mut w, &job, 0);
    }
    // One that never reported is dead by its start.
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    w.warp(30);
    w.refused(w.expire_job(&job, Some(0)), MarketError::NotExpired);
    w.warp(1);
    w.ok(w.expire_job(&job, Some(0)));
    ends(&w, &job, Outcome::Dead, 0);
    close_out(&mut w, &job, 0);
}

#[test]
fn a_paused_service_expires_after_a_day_paid_for_what_was_receipted() {
    for (declared, wait) in [(true, 86_400), (false, 86_400)] {
        let mut w = TestBuilder::ready();
        let tenant = w.tenants[0];
        let job = w.do_serve_with(0, 0, market::JobTerms { max_seconds: 60, ..service_terms(&tenant, 1) });
        w.do_use(&job, 0, 55);
        w.warp(5);
        if declared {
            w.ok(w.pause_job(&job));
        }
        w.warp(wait);
        w.refused(w.expire_job(&job, Some(0)), MarketError::NotExpired);
        w.warp(1);
        w.refused(w.top_up_job(&job, tenant, 10), MarketError::PauseOver);
        w.ok(w.expire_job(&job, Some(0)));
        ends(&w, &job, Outcome::Ended, 55_000);
        assert_eq!(w.provider(0).failed_total, 0);
        close_out(&mut w, &job, 0);
    }
}

#[test]
fn a_service_is_won_in_an_auction() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let args = market::JobTerms { auction_seconds: 60, ..service_terms(&tenant, 1) };
    let job = w.do_post_with(0, args);
    w.ok(w.place_bid(&job, 0, 500));
    w.warp(60);
    w.ok(w.accept_bid(&job, 0));
    w.do_start(&job, 0);
    w.do_use(&job, 0, 10);
    w.ok(w.stop_job(&job, tenant, 0));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    let stored = w.job(&job);
    assert_eq!((stored.paid, stored.fee, stored.refunded), (4_875, 125, ESCROW - 5_000));
    close_out(&mut w, &job, 0);
}

#[test]
fn each_condition_of_a_posted_service_has_its_own_refusal() {
    let mut w = TestBuilder::ready();
    let (tenant, mint) = (w.tenants[0], w.mints[0]);
    let right = market::JobTerms { sla_bond: 1, sla_uptime_bps: 9_000, ..service_terms(&tenant, 1) };
    let wrong = [
        (market::JobTerms { kind: 2, ..right }, MarketError::KindNotOffered),
        (market::JobTerms { kind: 0, ..right }, MarketError::KindNotOffered),
        (market::JobTerms { class: 1, ..right }, MarketError::ClassNotOffered),
        (market::JobTerms { class: 2, ..right }, MarketError::ClassNotOffered),
        (market::JobTerms { sla_bond: 0, ..right }, MarketError::SlaTermsIncomplete),
        (market::JobTerms { sla_uptime_bps: 0, ..right }, MarketError::SlaTermsIncomplete),
        (market::JobTerms { sla_uptime_bps: 10_001, ..right }, MarketError::CountOutOfBounds),
        (market::JobTerms { attempts_max: 2, ..right }, MarketError::ServiceAttempts),
        (market::JobTerms { tenant_node_key: [0; 32], ..right }, MarketError::NodeKeyInvalid),
        (market::JobTerms { max_seconds: 86_401, ..right }, MarketError::RunLengthOutOfBounds),
        (market::JobTerms { max_seconds: 0, ..right }, MarketError::RunLengthOutOfBounds),
        (market::JobTerms { price_ceiling_per_second: 0, ..right }, MarketError::PriceZero),
        (market::JobTerms { price_ceiling_per_second: u64::MAX, ..right }, MarketError::AmountOverflow),
        (market::JobTerms { class: 3, ..terms(1) }, MarketError::ClassNotOffered),
        (market::JobTerms { sla_bond: 1, ..terms(1) }, MarketError::SlaTermsIncomplete),
        (market::JobTerms { sla_uptime_bps: 1, ..terms(1) }, MarketError::SlaTermsIncomplete),
    ];
    for (args, error) in wrong {
        w.refused(w.post_job(0, mint, args), error);
    }
    w.ok(w.post_job(0, mint, right));
}

#[test]
fn a_standing_offer_serves_only_what_it_offers() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let sla = market::JobTerms { sla_bond: 2_000_000, sla_uptime_bps: 9_900, ..service_terms(&tenant, 1) };
    let mut index = 2;
    let mut attempt = |w: &mut World, offer: market::OfferArgs, error: Option<MarketError>| {
        let offer = market::OfferArgs { index, ..offer };
        w.ok(w.publish_offer(0, w.mints[0], offer));
        let job = w.do_post_with(0, market::JobTerms { index: u64::from(index), ..sla });
        match error {
            Some(error) => w.refused(w.match_job(&job, 0, index), error),
            None => drop(w.ok(w.match_job(&job, 0, index))),
        }
        index += 1;
    };
    let right = w.offer_args(0);
    let no_services = market::OfferArgs { services: 0, ..right };
    attempt(&mut w, no_services, Some(MarketError::OfferNotForServices));
    let smaller = market::OfferArgs { sla_bond_max: 1_999_999, ..right };
    attempt(&mut w, smaller, Some(MarketError::OfferBondTooSmall));
    let lower = market::OfferArgs { sla_uptime_max_bps: 9_899, ..right };
    attempt(&mut w, lower, Some(MarketError::OfferUptimeTooLow));
    attempt(&mut w, right, None);
    // Batch jobs take either.
    let job = w.do_post(0, 1);
    w.ok(w.match_job(&job, 0, 2));
    for wrong in [market::OfferArgs { services: 2, ..right }, market::OfferArgs { sla_uptime_max_bps: 10_001, ..right }]
    {
        let next = market::OfferArgs { index, ..wrong };
        w.refused(w.publish_offer(0, w.mints[0], next), MarketError::CountOutOfBounds);
    }
}

#[test]
fn what_belongs_to_one_kind_is_refused_to_the_other() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let service = w.do_serve(0, 1, 0);
    w.warp(10);
    w.refused(w.submit_proof(&service, 0, claim(&w, &service, 0, 1)), MarketError::ServiceHasNoReceipt);
    w.refused(w.cancel_job(&service), MarketError::JobActive);
    w.refused(w.start_job(&service, 0), MarketError::JobNotMatched);
    let batch = w.do_run(1, 1, 1);
    let used = usage_claim(&w, &batch, 1, 1);
    w.do_witness(&batch, &w.usage_witness(&batch, 1));
    for instruction in [
        w.report_usage(&batch, used),
        w.accept_witnessed_usage(&batch),
        w.claim_stream(&batch, 1),
        w.top_up_job(&batch, tenant, 10),
        w.pause_job(&batch),
        w.resume_job(&batch, 1),
        w.stop_job(&batch, w.tenants[1], 1),
    ] {
        w.refused(instruction, MarketError::NotAService);
    }
}

#[test]
fn only_the_two_sides_end_a_service_and_only_once() {
    let mut w = TestBuilder::ready();
    let (tenant, operator) = (w.tenants[0], w.providers[0].operator);
    w.fund(tenant, w.stake_mint, 0);
    let job = w.do_serve(0, 1, 0);
    for stranger in [w.tenants[1], w.outsider, w.providers[0].owner, w.providers[1].operator] {
        w.refused(w.stop_job(&job, stranger, 0), MarketError::NotParty);
    }
    w.refused(w.stop_job(&job, w.providers[1].operator, 1), MarketError::InvalidProvider);
    w.ok(w.stop_job(&job, operator, 0));
    for party in [tenant, operator] {
        w.refused(w.stop_job(&job, party, 0), MarketError::ServiceNotRunning);
    }
    for (instruction, error) in [
        (w.pause_job(&job), MarketError::JobNotRunning),
        (w.resume_job(&job, 0), MarketError::ServiceNotPaused),
        (w.top_up_job(&job, tenant, 1), MarketError::ServiceNotRunning),
        (w.decline_job(&job, 0), MarketError::JobNotHeld),
        (w.claim_refund(&job), MarketError::JobNotSettled),
        (w.claim_sla(&job, 0), MarketError::JobNotSettled),
        (w.close_job(&job), MarketError::JobNotSettled),
    ] {
        w.refused(instruction, error);
    }
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    for instruction in [
        w.stop_job(&job, tenant, 0),
        w.pause_job(&job),
        w.resume_job(&job, 0),
        w.top_up_job(&job, tenant, 1),
        w.claim_stream(&job, 0),
        w.expire_job(&job, Some(0)),
    ] {
        w.refused(instruction, MarketError::JobSettled);
    }
}

#[test]
fn a_pause_of_openings_refuses_new_money_and_no_exit() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    w.fund(tenant, w.stake_mint, 0);
    let terms = |index| market::JobTerms {
        max_seconds: 1_000,
        sla_bond: 1_000_000,
        sla_uptime_bps: 9_900,
        ..service_terms(&tenant, index)
    };
    let (job, other) = (w.do_serve_with(0, 0, terms(1)), w.do_serve_with(0, 0, terms(2)));
    let posted = w.do_post_with(0, terms(3));
    w.do_use(&job, 0, 500);
    w.ok(w.top_up_job(&job, tenant, 10));
    w.ok(w.pause_openings(w.authority));
    for instruction in [w.post_job(0, w.mints[0], terms(4)), w.match_job(&posted, 0, 0), w.top_up_job(&job, tenant, 10)]
    {
        w.refused(instruction, MarketError::OpeningsPaused);
    }
    w.do_use(&job, 0, 300);
    w.warp(210);
    w.do_report(&job, 0, 800_000);
    w.ok(w.pause_job(&job));
    w.ok(w.claim_stream(&job, 0));
    w.do_witness(&other, &w.usage_witness(&other, 1_000_000));
    w.ok(w.accept_witnessed_usage(&other));
    w.ok(w.stop_job(&job, tenant, 0));
    w.ok(w.stop_job(&other, w.providers[0].operator, 0));
    w.warp(301);
    for job in [&job, &other] {
        w.ok(w.expire_job(job, Some(0)));
        close_out(&mut w, job, 0);
    }
    w.ok(w.cancel_job(&posted));
}

/// The smallest and the largest that the bounds allow.
#[test]
fn the_extremes_of_price_and_length_live_and_end() {
    for (price, seconds, used_ms) in
        [(1_000, 1, 999), (1, 1_000, 1_999), (1, 1_000, 1_000_000), (u64::MAX / 86_400, 86_400, 86_400_000)]
    {
        let mut w = TestBuilder::ready();
        let (tenant, mint) = (w.tenants[0], w.mints[0]);
        let cost = price * seconds;
        w.fund(tenant, mint, cost);
        // A lock as large as the escrow would need as much stake.
        w.do_govern_mint(mint, market::MintRuleArgs { lock_bps: 0, ..w.mint_rule_args() });
        w.ok(w.publish_offer(
            0,
            mint,
            market::OfferArgs { price_per_second: price, seconds_max: 86_400, ..w.offer_args(2) },
        ));
        let job = w.do_post_with(
            0,
            market::JobTerms {
                price_ceiling_per_second: price,
                max_seconds: seconds as u32,
                ..service_terms(&tenant, 1)
            },
        );
        w.ok(w.match_job(&job, 0, 2));
        w.do_start(&job, 0);
        w.warp(seconds as i64);
        w.do_report(&job, 0, used_ms);
        w.ok(w.stop_job(&job, tenant, 0));
        w.warp(301);
        w.ok(w.expire_job(&job, Some(0)));
        let stored = w.job(&job);
        let gross = (u128::from(price) * u128::from(used_ms) / 1_000) as u64;
        let fee = (u128::from(gross) * 250 / 10_000) as u64;
        assert_eq!((stored.fee, stored.paid, stored.refunded), (fee, gross - fee, cost - gross));
        close_out(&mut w, &job, 0);
        assert_eq!(w.purse(&tenant), cost - gross);
    }
}

/// What somebody knows who saw nothing but the events.
#[derive(Default, Debug, PartialEq, Eq)]
struct Told {
    /// Atoms in the job's vault.
    vault: u64,
    /// Change of the stake's bonded balance, and what is locked in it.
    forfeited: u64,
    locked: u64,
    /// In the stake's vault for the tenant.
    due: u64,
    lock: u64,
    usage_ms: u64,
    max_seconds: u32,
    paused_at: i64,
}

impl Told {
    fn hear(&mut self, event: &market::Event) {
        use market::Event as E;
        match event {
            E::JobPosted(e) => self.vault += e.escrowed,
            E::JobToppedUp(e) => {
                self.vault += e.amount;
                self.max_seconds = e.max_seconds;
            }
            E::StreamClaimed(e) => self.vault -= e.amount,
            E::RewardClaimed(e) => self.vault -= e.amount,
            E::RefundClaimed(e) => self.vault -= e.amount,
            E::FeesSwept(e) => self.vault -= e.treasury + e.audit_budget,
            E::JobMatched(e) => {
                self.lock = e.lock;
                self.locked += e.lock;
            }
            E::BondLocked(e) => self.locked += e.amount,
            E::BondReleased(e) => {
                self.locked -= e.released + e.due;
                self.forfeited += e.due;
                self.due += e.due;
            }
            E::JobSettled(_) => self.locked -= self.lock,
            E::SlaClaimed(e) => self.due -= e.amount,
            E::UsageAccepted(e) => self.usage_ms = e.usage_ms,
            E::JobPaused(e) => self.paused_at = e.paused_at,
            E::JobResumed(_) => self.paused_at = 0,
            _ => {}
        }
    }
}

#[test]
fn the_events_alone_rebuild_every_balance_of_a_service() {
    let mut w = TestBuilder::ready();
    let (tenant, stake_vault) = (w.tenants[0], address::stake_vault(&w.providers[0].stake));
    w.fund(tenant, w.stake_mint, 0);
    let job = w.handle(0, 1, w.mints[0]);
    let mut told = Told::default();
    let mut step = |w: &mut World, build: &dyn Fn(&World) -> Instruction| {
        let sent = w.ok(build(w));
        let events = proofmill_client::event_log::events(&sent.logs);
        assert!(!events.is_empty(), "a change without an event");
        for event in &events {
            if let proofmill_client::event_log::ProgramEvent::Market(event) = event {
                told.hear(event);
            }
        }
        let stake = w.provider_stake(0);
        assert_eq!(told.vault, w.tokens(&job.vault));
        assert_eq!((told.locked, told.forfeited), (stake.locked, LIMITS.staked - stake.bonded));
        assert_eq!(w.tokens(&stake_vault), stake.bonded + told.due);
        if !w.is_closed(&job.address) {
            let stored = w.job(&job);
            assert_eq!((told.usage_ms, told.paused_at), (stored.metered_ms, stored.paused_at));
            assert!(told.max_seconds == 0 || told.max_seconds == stored.max_seconds);
        }
    };
    let terms =
        market::JobTerms { max_seconds: 600, sla_bond: 1_000, sla_uptime_bps: 9_900, ..service_terms(&tenant, 1) };
    step(&mut w, &|w| w.post_job(0, job.mint, terms));
    step(&mut w, &|w| w.match_job(&job, 0, 0));
    step(&mut w, &|w| w.start_job(&job, 0));
    w.warp(600);
    step(&mut w, &|w| w.report_usage(&job, usage_claim(w, &job, 0, 500_000)));
    step(&mut w, &|w| w.claim_stream(&job, 0));
    step(&mut w, &|w| w.pause_job(&job));
    step(&mut w, &|w| w.top_up_job(&job, tenant, 100));
    step(&mut w, &|w| w.resume_job(&job, 0));
    w.warp(20);
    w.do_witness(&job, &w.usage_witness(&job, 520_000));
    step(&mut w, &|w| w.accept_witnessed_usage(&job));
    step(&mut w, &|w| w.stop_job(&job, tenant, 0));
    w.warp(301);
    step(&mut w, &|w| w.expire_job(&job, Some(0)));
    step(&mut w, &|w| w.claim_reward(&job, 0));
    step(&mut w, &|w| w.claim_refund(&job));
    step(&mut w, &|w| w.sweep_fees(&job));
    step(&mut w, &|w| w.claim_sla(&job, 0));
    step(&mut w, &|w| w.close_job(&job));
    assert_eq!((told.vault, told.locked, told.due), (0, 0, 0));
    assert!(told.forfeited > 0);
}
