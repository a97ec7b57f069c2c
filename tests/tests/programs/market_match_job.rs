use crate::laws::*;

#[test]
fn a_match_binds_price_provider_and_lock() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.do_match(&job, 0);
    let stored = w.job(&job);
    assert_eq!(stored.provider, w.providers[0].account);
    assert_eq!((stored.price_per_second, stored.lock, stored.matched_by), (1_000, 100_000, 1));
    assert_eq!(stored.audit_bps, 10_000, "a new provider is always audited");
    let stake = w.provider_stake(0);
    assert_eq!((stake.locked, stake.active_jobs, stake.bonded), (100_000, 1, LIMITS.staked));
}

#[test]
fn only_the_tenant_takes_an_offer() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    for stranger in [w.tenants[1], w.outsider, w.providers[0].owner] {
        w.refused(swap(w.match_job(&job, 0, 0), "match_job", "tenant", stranger), MarketError::NotTenant);
    }
}

/// Each requirement fails alone, by its own error.
#[test]
fn a_refusal_names_the_failing_requirement() {
    type Terms = market::JobTerms;
    let usual = terms(1);
    let cases = [
        (Terms { allow_simulated: 0, ..usual }, MarketError::SimulatedDevice),
        (Terms { tier: 3, ..usual }, MarketError::TierTooLow),
        (Terms { gpu_count: 3, ..usual }, MarketError::GpuCountTooSmall),
        (Terms { vram_mib: 24_577, ..usual }, MarketError::InsufficientCompute),
        (Terms { region: 840, ..usual }, MarketError::RegionDiffers),
        (Terms { price_ceiling_per_second: 999, ..usual }, MarketError::PriceAboveCeiling),
        (Terms { max_seconds: 3_601, ..usual }, MarketError::OfferTooShort),
    ];
    for (args, error) in cases {
        let mut w = TestBuilder::ready();
        let job = w.do_post_with(0, args);
        w.refused(w.match_job(&job, 0, 0), error);
    }
    // At its bound every requirement holds.
    let mut w = TestBuilder::ready();
    let most = Terms { tier: 2, gpu_count: 2, vram_mib: 24_576, region: 276, uptime_bps: 10_000, ..usual };
    let job = w.do_post_with(0, Terms { max_seconds: 3_600, ..most });
    w.do_match(&job, 0);
}

#[test]
fn the_original_errors_keep_their_numbers() {
    let codes = [
        (MarketError::InvalidProvider, 500),
        (MarketError::InsufficientCompute, 501),
        (MarketError::JobNotFound, 502),
        (MarketError::AlreadyClaimed, 503),
        (MarketError::InvalidProof, 504),
        (MarketError::ProviderOffline, 505),
        (MarketError::InvalidGpu, 506),
        (MarketError::JobActive, 507),
    ];
    for (error, code) in codes {
        assert_eq!(error.code(), code);
    }
    let mut w = TestBuilder::ready();
    // 501: too little memory.
    let big = w.do_post_with(0, market::JobTerms { vram_mib: 80_000, ..terms(1) });
    w.refused(w.match_job(&big, 0, 0), 501);
    // 505: offline. 500: another provider's stake. 507: matched already.
    let job = w.do_post(0, 2);
    w.refused(swap(w.match_job(&job, 0, 0), "match_job", "stake", w.providers[1].stake), 500);
    w.ok(w.announce_provider(0, 0));
    w.refused(w.match_job(&job, 0, 0), 505);
    w.do_match(&job, 1);
    w.refused(w.match_job(&job, 2, 0), 507);
    w.refused(w.cancel_job(&job), 507);
    // 506: a GPU below the network's minimum.
    let small = market::ProviderArgs { vram_mib: 8_191, ..w.provider_args(0) };
    w.refused(w.update_provider(w.providers[0].owner, small), 506);
    // 502: a vault of another job. 503: a second claim.
    let paid = w.do_accepted(0, 3, 1);
    w.refused(swap(w.claim_reward(&paid, 1), "claim_reward", "vault", job.vault), 502);
    w.ok(w.claim_reward(&paid, 1));
    w.refused(w.claim_reward(&paid, 1), 503);
    // 504: a forged receipt.
    let run = w.do_run(0, 4, 1);
    let forged = market::ReceiptClaim { signature: [9; 64], ..claim(&w, &run, 1, 0) };
    w.refused(w.submit_proof(&run, 1, forged), 504);
}

#[test]
fn an_uptime_below_the_jobs_is_refused() {
    let mut w = TestBuilder::ready();
    let mut account = w.provider(0);
    account.uptime_bps = 9_499;
    w.put(w.providers[0].account, market::ID, account.encode());
    let job = w.do_post(0, 1);
    w.refused(w.match_job(&job, 0, 0), MarketError::UptimeTooLow);
    account.uptime_bps = 9_500;
    w.put(w.providers[0].account, market::ID, account.encode());
    w.do_match(&job, 0);
}

/// Where a job asks for a certificate it has to be there, young enough, and for what the job needs, by its own error.
#[test]
fn a_job_that_asks_for_a_certificate_is_matched_by_what_was_measured() {
    let asking = market::JobTerms { certificate_age_seconds_max: 3_600, tier: 2, vram_mib: 16_384, ..terms(1) };
    // Age, certified tier and memory.
    let cases = [
        (None, Some(MarketError::CertificateMissing)),
        (Some((3_601, 2, 16_384)), Some(MarketError::CertificateTooOld)),
        (Some((3_600, 1, 16_384)), Some(MarketError::TierTooLow)),
        (Some((3_600, 2, 16_383)), Some(MarketError::InsufficientCompute)),
        (Some((3_600, 2, 16_384)), None),
        (Some((0, 3, 24_576)), None),
        // Measured by a clock that stepped back since.
        (Some((-60, 2, 16_384)), None),
    ];
    for (certificate, error) in cases {
        let mut w = TestBuilder::ready();
        let mut account = w.provider(0);
        if let Some((age, tier, vram_mib)) = certificate {
            account.certified_at = w.now - age;
            (account.certified_tier, account.certified_vram_mib) = (tier, vram_mib);
        }
        w.put(w.providers[0].account, market::ID, account.encode());
        let instant = w.do_post_with(0, asking);
        let auction = w.do_post_with(0, market::JobTerms { index: 2, auction_seconds: 60, ..asking });
        match error {
            Some(error) => {
                w.refused(w.match_job(&instant, 0, 0), error);
                w.refused(w.place_bid(&auction, 0, 900), error);
            }
            None => {
                w.do_match(&instant, 0);
                w.ok(w.place_bid(&auction, 0, 900));
            }
        }
    }
}

#[test]
fn a_certificate_that_ages_during_the_auction_does_not_win() {
    for (wait, error) in [(60, None), (61, Some(MarketError::CertificateTooOld))] {
        let mut w = TestBuilder::ready();
        let (certified_at, at) = (w.now - 3_540, w.providers[0].account);
        let certified =
            market::Provider { certified_at, certified_tier: 2, certified_vram_mib: 24_576, ..w.provider(0) };
        w.put(at, market::ID, certified.encode());
        let asking = market::JobTerms { certificate_age_seconds_max: 3_600, auction_seconds: 60, ..terms(1) };
        let job = w.do_post_with(0, asking);
        w.ok(w.place_bid(&job, 0, 900));
        w.warp(wait);
        match error {
            Some(error) => {
                w.refused(w.accept_bid(&job, 0), error);
                w.ok(w.skip_bid(&job, 0));
            }
            None => drop(w.ok(w.accept_bid(&job, 0))),
        }
    }
}

#[test]
fn free_stake_must_cover_lock_and_minimum() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked - LIMITS.stake_min + 1));
    let job = w.do_post(0, 1);
    w.refused(w.match_job(&job, 0, 0), MarketError::FreeStakeTooSmall);
    w.fund(owner, w.stake_mint, 10);
    w.ok(w.deposit_stake(owner, 1));
    w.do_match(&job, 0);
    // A lock above the minimum binds by itself: 3600 s at 1000 is 3.6 of the 0.9 left.
    let long = w.do_post_with(0, market::JobTerms { max_seconds: 3_600, ..terms(2) });
    w.refused(w.match_job(&long, 0, 0), MarketError::FreeStakeTooSmall);
}

#[test]
fn capacity_is_kept() {
    let mut w = TestBuilder::ready();
    w.ok(w.update_provider(w.providers[0].owner, market::ProviderArgs { capacity: 1, ..w.provider_args(0) }));
    let (first, second) = (w.do_post(0, 1), w.do_post(0, 2));
    w.do_match(&first, 0);
    w.refused(w.match_job(&second, 0, 0), MarketError::CapacityExhausted);
    w.ok(w.decline_job(&first, 0));
    w.do_match(&second, 0);
}

#[test]
fn an_offer_ends_at_its_instant() {
    for (left, lives) in [(1, true), (0, false), (-1, false)] {
        let mut w = TestBuilder::ready();
        let job = w.do_post(0, 1);
        let args = market::OfferArgs { expires_at: w.now + 100, ..w.offer_args(2) };
        w.ok(w.publish_offer(0, w.mints[0], args));
        w.warp(100 - left);
        if lives {
            w.ok(w.match_job(&job, 0, 2));
        } else {
            w.refused(w.match_job(&job, 0, 2), MarketError::OfferExpired);
        }
    }
}

#[test]
fn an_offer_in_another_mint_or_of_another_provider_is_refused() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.refused(w.match_job(&job, 0, 1), MarketError::OfferMintDiffers);
    let anothers = address::offer(&w.providers[1].account, 0);
    w.refused(swap(w.match_job(&job, 0, 0), "match_job", "offer", anothers), MarketError::InvalidProvider);
    let rule = address::mint_rule(&w.mints[1]);
    w.refused(swap(w.match_job(&job, 0, 0), "match_job", "mint_rule", rule), MarketError::MintNotAllowed);
    let copy = w.foreign_copy(address::offer(&w.providers[0].account, 0));
    w.refused(swap(w.match_job(&job, 0, 0), "match_job", "offer", copy), OTHER_PROGRAM);
    let copy = w.foreign_copy(address::market_config());
    w.refused(swap(w.match_job(&job, 0, 0), "match_job", "config", copy), OTHER_PROGRAM);
}

#[test]
fn an_auction_is_not_taken_by_an_offer() {
    let mut w = TestBuilder::ready();
    let job = w.do_auction(0, 1, 60);
    w.refused(w.match_job(&job, 0, 0), MarketError::AuctionRunning);
}

#[test]
fn a_pause_refuses_matches_and_never_exits() {
    let mut w = TestBuilder::ready();
    let (job, held) = (w.do_post(0, 1), w.do_run(0, 2, 0));
    w.ok(w.pause_openings(w.authority));
    w.refused(w.match_job(&job, 0, 0), MarketError::OpeningsPaused);
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    w.do_submit(&held, 0, 60);
    w.do_judge(&held, 0, Opinion::Valid);
    w.ok(w.verify_proof(&held, 0));
    w.ok(w.claim_reward(&held, 0));
    w.ok(w.unbond_stake(w.providers[0].owner, 5));
    w.ok(w.withdraw_offer(0, 0));
}

#[test]
fn simulated_devices_match_only_where_the_configuration_allows() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.do_govern(market::ConfigArgs { allow_simulated: 0, ..settings(&w) });
    w.refused(w.match_job(&job, 0, 0), MarketError::SimulatedDevice);
}

#[test]
fn a_lock_beyond_64_bits_is_refused() {
    let mut w = TestBuilder::ready();
    w.do_govern_mint(w.mints[0], market::MintRuleArgs { lock_bps: 10_000_000, ..w.mint_rule_args() });
    w.fund(w.tenants[0], w.mints[0], u64::MAX / 2);
    let price = u64::MAX / 400;
    let job = w.do_post_with(0, market::JobTerms { price_ceiling_per_second: price, max_seconds: 100, ..terms(1) });
    w.ok(w.publish_offer(0, w.mints[0], market::OfferArgs { price_per_second: price, ..w.offer_args(2) }));
    w.refused(w.match_job(&job, 0, 2), MarketError::AmountOverflow);
    // The lock is in proportion: a thousandfold of 100 seconds at 1000.
    let job = w.do_post(0, 2);
    w.refused(w.match_job(&job, 0, 0), MarketError::FreeStakeTooSmall);
}

#[test]
fn the_rarer_the_audit_the_more_is_locked() {
    // Accepted since proven, audited at, locked for 100,000 at a mint's rule of one to one: the table of ADR 14.
    for (accepted, audited, locked) in
        [(0, 10_000, 100_000), (20, 5_000, 110_530), (60, 2_500, 321_060), (180, 1_000, 952_640), (380, 500, 2_005_270)]
    {
        let mut w = TestBuilder::ready();
        w.do_prove(0, LIMITS.proven_after + accepted);
        let job = w.do_post(0, 1);
        w.ok(w.match_job(&job, 0, 0));
        let stored = w.job(&job);
        assert_eq!((stored.audit_bps, stored.lock), (audited, locked));
        assert_eq!(w.provider_stake(0).locked, locked);
        // Nobody audits a service: it locks what the mint asks for.
        let service = w.do_post_with(0, market::JobTerms { max_seconds: 100, ..service_terms(&w.tenants[0], 9) });
        w.ok(w.match_job(&service, 0, 0));
        assert_eq!(w.job(&service).lock, 100_000);
    }
}

#[test]
fn a_proven_provider_without_the_stake_for_its_audit_rate_is_not_matched() {
    let mut w = TestBuilder::ready();
    w.do_prove(0, LIMITS.proven_after + 380);
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked - 2_005_269));
    let job = w.do_post(0, 1);
    w.refused(w.match_job(&job, 0, 0), MarketError::FreeStakeTooSmall);
    // New again, it is always audited, and the least stake covers it.
    w.do_prove(0, 0);
    w.ok(w.match_job(&job, 0, 0));
}
