use crate::laws::*;

type Args = market::ConfigArgs;

#[test]
fn a_change_waits_for_its_timelock() {
    for (wait, applies) in [(LIMITS.timelock - 1, false), (LIMITS.timelock, true), (LIMITS.timelock + 1, true)] {
        let mut w = TestBuilder::ready();
        w.ok(w.queue_config(Args { fee_bps: 300, ..settings(&w) }));
        assert_eq!(w.config().fee_bps, 250);
        w.warp(wait);
        if !applies {
            w.refused(w.apply_config(), MarketError::TimelockRunning);
            assert_eq!(w.config().fee_bps, 250);
            continue;
        }
        let before = w.lamports(&w.authority);
        // Nobody in particular applies it, and whoever queued it gets the rent back.
        w.ok(w.apply_config());
        assert_eq!(w.config().fee_bps, 300);
        assert!(w.lamports(&w.authority) > before && w.is_closed(&address::queued_config()));
        w.refused(w.apply_config(), NO_ACCOUNT);
    }
}

#[test]
fn a_clock_that_steps_back_applies_nothing_early() {
    let mut w = TestBuilder::ready();
    w.ok(w.queue_config(Args { fee_bps: 300, ..settings(&w) }));
    w.warp(-1_000);
    w.refused(w.apply_config(), MarketError::TimelockRunning);
}

#[test]
fn what_waits_is_there_to_be_read() {
    let mut w = TestBuilder::ready();
    let args = Args { treasury: w.outsider, fee_bps: 777, ..settings(&w) };
    w.ok(w.queue_config(args));
    let queued = market::QueuedConfig::decode(&w.data(&address::queued_config())).unwrap();
    let bytes = &queued.args[..usize::from(queued.length)];
    assert_eq!(bytes, &market::QueueConfigArgs { args }.data()[8..], "the very arguments");
    assert_eq!(queued.hash, proofmill_protocol::sha256(&[bytes]));
    assert_eq!((queued.eta, queued.rent_payer), (w.now + LIMITS.timelock, w.authority));
}

#[test]
fn one_change_waits_at_a_time_and_can_be_dropped() {
    let mut w = TestBuilder::ready();
    w.ok(w.queue_config(Args { fee_bps: 300, ..settings(&w) }));
    assert!(w.send(w.queue_config(Args { fee_bps: 400, ..settings(&w) })).is_err());
    w.ok(w.cancel_config());
    w.warp(LIMITS.timelock);
    w.refused(w.apply_config(), NO_ACCOUNT);
    w.do_govern(Args { fee_bps: 400, ..settings(&w) });
    assert_eq!(w.config().fee_bps, 400);
}

#[test]
fn bounds_are_checked_again_when_a_change_is_applied() {
    let mut w = TestBuilder::ready();
    w.ok(w.queue_config(settings(&w)));
    let at = address::queued_config();
    let mut queued = market::QueuedConfig::decode(&w.data(&at)).unwrap();
    // What no queue would take: written past it, as a bug or another version might have.
    let evil = market::QueueConfigArgs { args: Args { fee_bps: 1_001, ..settings(&w) } }.data();
    queued.args[..evil.len() - 8].copy_from_slice(&evil[8..]);
    w.put(at, market::ID, queued.encode());
    w.warp(LIMITS.timelock);
    w.refused(w.apply_config(), MarketError::ConfigOutOfBounds);
    queued.length = 600;
    w.put(at, market::ID, queued.encode());
    w.refused(w.apply_config(), MarketError::ConfigOutOfBounds);
    queued.length = 3;
    w.put(at, market::ID, queued.encode());
    w.refused(w.apply_config(), MarketError::ConfigOutOfBounds);
}

#[test]
fn a_typo_cannot_lose_the_authority() {
    let mut w = TestBuilder::ready();
    let nobody = Address::new_from_array([0x77; 32]);
    w.do_govern(Args { authority: nobody, ..settings(&w) });
    assert_eq!((w.config().authority, w.config().pending_authority), (w.authority, nobody));
    // The old authority still governs, and takes the name back.
    w.do_govern(settings(&w));
    assert_eq!(w.config().pending_authority, Address::default());
    w.do_govern(Args { authority: w.outsider, ..settings(&w) });
    w.refused(w.accept_authority(w.authority), MarketError::NotNextAuthority);
    w.ok(w.accept_authority(w.outsider));
    assert_eq!((w.config().authority, w.config().pending_authority), (w.outsider, Address::default()));
    w.refused(w.queue_config(settings(&w)), MarketError::NotAuthority);
    w.refused(w.accept_authority(w.outsider), MarketError::NotNextAuthority);
}

#[test]
fn nobody_takes_an_authority_that_was_not_given() {
    let mut w = TestBuilder::ready();
    // Without a name there is the zero address, and nobody signs for that.
    for stranger in [w.outsider, w.authority, w.config().guardian] {
        w.refused(w.accept_authority(stranger), MarketError::NotNextAuthority);
    }
}

#[test]
fn only_the_upgrade_authority_sets_the_market_up() {
    let mut w = TestBuilder::new().build();
    let honest = w.initialize_config(settings(&w));
    w.refused(swap(honest.clone(), "initialize_config", "deployer", w.outsider), MarketError::NotUpgradeAuthority);
    // Another program's data, that of nobody's program, and a copy under another owner.
    let foreign = address::program_data(&arbiter::ID);
    let copy = w.foreign_copy(address::program_data(&market::ID));
    for account in [foreign, copy, market::ID, w.outsider] {
        let swapped = swap(honest.clone(), "initialize_config", "program_data", account);
        w.refused(swapped, MarketError::NotUpgradeAuthority);
    }
    w.do_own(market::ID, w.outsider);
    w.refused(honest.clone(), MarketError::NotUpgradeAuthority);
    w.do_own(market::ID, w.authority);
    w.ok(honest);
    assert_eq!(w.config().authority, w.authority);
}

#[test]
fn a_guardian_stops_openings_and_does_nothing_else() {
    let mut w = TestBuilder::ready();
    let guardian = w.outsider;
    w.do_govern(Args { guardian, ..settings(&w) });
    w.ok(w.pause_openings(guardian));
    assert_eq!(w.config().paused, 1);
    w.refused(w.post_job(0, w.mints[0], terms(1)), MarketError::OpeningsPaused);
    w.refused(swap(w.unpause_openings(), "unpause_openings", "authority", guardian), MarketError::NotAuthority);
    w.refused(swap(w.queue_config(settings(&w)), "queue_config", "authority", guardian), MarketError::NotAuthority);
    w.refused(swap(w.disable_mint(w.mints[0]), "disable_mint", "authority", guardian), MarketError::NotAuthority);
    w.ok(w.unpause_openings());
    w.do_post(0, 1);
    // The authority may pause as well; pausing twice is pausing.
    w.ok(w.pause_openings(w.authority));
    w.ok(w.pause_openings(guardian));
    w.ok(w.unpause_openings());
    assert_eq!(w.config().paused, 0);
}

#[test]
fn a_queued_change_neither_lifts_nor_makes_a_pause() {
    let mut w = TestBuilder::ready();
    w.ok(w.queue_config(Args { paused: 0, ..settings(&w) }));
    w.ok(w.pause_openings(w.authority));
    w.warp(LIMITS.timelock);
    w.ok(w.apply_config());
    assert_eq!(w.config().paused, 1);
    w.ok(w.unpause_openings());
    w.do_govern(Args { paused: 1, ..settings(&w) });
    assert_eq!(w.config().paused, 0);
}

#[test]
fn a_mint_comes_after_the_timelock_and_goes_at_once() {
    let mut w = TestBuilder::ready();
    let third = w.mint("third");
    w.fund(w.tenants[0], third, LIMITS.purse);
    w.ok(w.add_mint(third, w.mint_rule_args()));
    w.refused(w.post_job(0, third, terms(1)), MarketError::MintNotAllowed);
    w.warp(LIMITS.timelock - 1);
    w.refused(w.apply_mint(third), MarketError::TimelockRunning);
    w.warp(1);
    w.ok(w.apply_mint(third));
    w.refused(w.apply_mint(third), MarketError::NothingQueued);
    w.ok(w.post_job(0, third, terms(1)));
    // A change of terms waits too, and disabling drops it.
    w.ok(w.queue_mint(third, market::MintRuleArgs { lock_bps: 1, ..w.mint_rule_args() }));
    w.ok(w.disable_mint(third));
    w.refused(w.post_job(0, third, terms(2)), MarketError::MintNotAllowed);
    w.warp(LIMITS.timelock);
    w.refused(w.apply_mint(third), MarketError::NothingQueued);
    let rule = market::MintRule::decode(&w.data(&address::mint_rule(&third))).unwrap();
    assert_eq!((rule.enabled, rule.lock_bps, rule.eta), (0, 10_000, 0));
    // The job that was posted ends as it would have.
    let job = w.handle(0, 1, third);
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    assert_eq!(w.tokens(&address::token_account(&w.tenants[0], &third)), LIMITS.purse);
}

#[test]
fn a_shorter_timelock_waits_for_the_longer_one() {
    let mut w = TestBuilder::ready();
    w.ok(w.queue_config(Args { timelock_seconds: 1, ..settings(&w) }));
    w.warp(2);
    w.refused(w.apply_config(), MarketError::TimelockRunning);
    w.warp(LIMITS.timelock - 2);
    w.ok(w.apply_config());
    w.ok(w.queue_config(settings(&w)));
    w.warp(1);
    w.ok(w.apply_config());
}
