use crate::laws::*;

type Args = arbiter::ArbiterArgs;

#[test]
fn the_bounds_hold_whoever_governs() {
    let mut w = TestBuilder::ready();
    let usual = w.arbiter_args();
    for args in [
        Args { committee: 10, threshold: 6, reveals_min: 6, ..usual },
        Args { escalated_committee: 10, escalated_threshold: 6, ..usual },
        Args { threshold: 2, ..usual },
        Args { escalated_threshold: 2, ..usual },
        Args { threshold: 6, reveals_min: 6, ..usual },
        Args { escalated_threshold: 6, ..usual },
        Args { committee: 6, ..usual },
        Args { reveals_min: 2, ..usual },
        Args { reveals_min: 6, ..usual },
        Args { reveals_min: 3, ..usual },
        Args { escalated_threshold: 3, ..usual },
        Args { escalated_committee: 9, escalated_threshold: 5, ..usual },
        Args { commit_window_seconds: 0, ..usual },
        Args { reveal_window_seconds: 0, ..usual },
        Args { commit_window_seconds: 86_400, reveal_window_seconds: 1, ..usual },
        Args { commit_window_seconds: u32::MAX, reveal_window_seconds: u32::MAX, ..usual },
        Args { epoch_seconds: 0, ..usual },
    ] {
        w.refused(w.queue_arbiter(args), ArbiterError::ConfigOutOfBounds);
    }
    // Two days of judging need stakes that stay as long: the market's unbonding covers it.
    w.do_govern(market::ConfigArgs { unbonding_seconds: 604_800, ..settings(&w) });
    w.do_govern_arbiter(Args { commit_window_seconds: 86_399, reveal_window_seconds: 1, ..usual });
    w.do_govern_arbiter(Args { escalated_committee: 9, escalated_threshold: 6, ..usual });
    assert_eq!(w.arbiter_config().escalated_committee, 9);
}

#[test]
fn only_the_authority_governs() {
    let mut w = TestBuilder::ready();
    for stranger in [w.outsider, w.validators[0].identity] {
        let queue = w.queue_arbiter(w.arbiter_args());
        w.refused(swap(queue, "queue_arbiter", "authority", stranger), ArbiterError::NotAuthority);
        w.refused(w.accept_arbiter(stranger), ArbiterError::NotNextAuthority);
    }
    w.ok(w.queue_arbiter(w.arbiter_args()));
    let cancel = swap(w.cancel_arbiter(), "cancel_arbiter", "authority", w.outsider);
    w.refused(cancel, ArbiterError::NotAuthority);
    assert!(w.send(w.initialize_arbiter(w.arbiter_args())).is_err());
}

#[test]
fn the_arbiter_is_set_up_by_the_markets_authority_for_a_market_that_names_it() {
    let mut w = TestBuilder::new().build();
    w.ok(w.initialize_config(settings(&w)));
    let honest = w.initialize_arbiter(w.arbiter_args());
    w.refused(swap(honest.clone(), "initialize_arbiter", "authority", w.outsider), ArbiterError::NotAuthority);
    let copy = w.foreign_copy(address::market_config());
    w.refused(swap(honest.clone(), "initialize_arbiter", "market_config", copy), OTHER_PROGRAM);
    w.do_govern(market::ConfigArgs { arbiter: w.outsider, ..settings(&w) });
    w.refused(honest.clone(), ArbiterError::ForeignMarket);
    w.do_govern(settings(&w));
    w.ok(honest);
    assert_eq!(w.arbiter_config().domain, w.domain);
}

/// Three epochs, each of which may overrun, and two rounds.
#[test]
fn stake_stays_liable_until_everything_it_vouches_for_is_judged() {
    let liable = 6 * LIMITS.epoch as u32 + 2 * (LIMITS.commit_window + LIMITS.reveal_window) as u32;
    for (unbonding_seconds, enough) in [(liable - 1, false), (liable, true)] {
        let mut w = TestBuilder::new().build();
        w.ok(w.initialize_config(market::ConfigArgs { unbonding_seconds, ..settings(&w) }));
        if enough {
            w.ok(w.initialize_arbiter(w.arbiter_args()));
        } else {
            w.refused(w.initialize_arbiter(w.arbiter_args()), ArbiterError::UnbondingTooShort);
        }
    }
    let mut w = TestBuilder::ready();
    w.do_stake(w.outsider, LIMITS.stake_min);
    let mut market = market::Config::decode(&w.data(&address::market_config())).unwrap();
    market.unbonding_seconds = liable - 1;
    w.put(address::market_config(), market::ID, market.encode());
    let newcomer = ValidatorParty::new("newcomer", w.outsider, w.tenants[0]);
    let register = w.register_validator(w.outsider, newcomer.vote_key(), newcomer.delegate);
    w.refused(register, ArbiterError::UnbondingTooShort);
}

#[test]
fn a_change_waits_for_the_markets_timelock_and_can_be_dropped() {
    let mut w = TestBuilder::ready();
    let args = Args { epoch_seconds: 7, ..w.arbiter_args() };
    w.ok(w.queue_arbiter(args));
    assert!(w.send(w.queue_arbiter(args)).is_err(), "one at a time");
    w.warp(LIMITS.timelock - 1);
    w.refused(w.apply_arbiter(), ArbiterError::TimelockRunning);
    w.warp(1);
    let before = w.lamports(&w.authority);
    w.ok(w.apply_arbiter());
    assert_eq!(w.arbiter_config().epoch_seconds, 7);
    assert!(w.lamports(&w.authority) > before && w.is_closed(&address::queued_arbiter()), "the rent comes back");
    w.refused(w.apply_arbiter(), NO_ACCOUNT);
    w.ok(w.queue_arbiter(w.arbiter_args()));
    w.ok(w.cancel_arbiter());
    w.warp(LIMITS.timelock);
    w.refused(w.apply_arbiter(), NO_ACCOUNT);
    assert_eq!(w.arbiter_config().epoch_seconds, 7);
}

#[test]
fn a_named_authority_governs_once_it_accepts() {
    let mut w = TestBuilder::ready();
    w.do_govern_arbiter(Args { authority: w.outsider, ..w.arbiter_args() });
    assert_eq!(w.arbiter_config().authority, w.authority);
    w.refused(w.accept_arbiter(w.authority), ArbiterError::NotNextAuthority);
    w.ok(w.accept_arbiter(w.outsider));
    assert_eq!((w.arbiter_config().authority, w.arbiter_config().pending_authority), (w.outsider, Address::default()));
    w.refused(w.queue_arbiter(w.arbiter_args()), ArbiterError::NotAuthority);
}

/// Stake may not leave before what it vouches for is judged: when a change is queued, and again when it is applied.
#[test]
fn no_change_outlives_unbonding() {
    let mut w = TestBuilder::ready();
    // Three overruns of an epoch and two rounds: 6 x 570 + 180 = 3,600.
    let longer = |w: &World, epoch_seconds| arbiter::ArbiterArgs { epoch_seconds, ..w.arbiter_args() };
    w.refused(w.queue_arbiter(longer(&w, 571)), ArbiterError::UnbondingTooShort);
    w.ok(w.queue_arbiter(longer(&w, 570)));
    // The market's unbonding shrinks meanwhile.
    let mut shorter = w.clone();
    shorter.do_govern(market::ConfigArgs { unbonding_seconds: 3_599, ..settings(&w) });
    shorter.refused(shorter.apply_arbiter(), ArbiterError::UnbondingTooShort);
    assert_eq!(shorter.arbiter_config().epoch_seconds, 300);
    w.warp(LIMITS.timelock);
    let foreign = w.foreign_copy(address::market_config());
    assert!(w.send(swap(w.apply_arbiter(), "apply_arbiter", "market_config", foreign)).is_err());
    w.ok(w.apply_arbiter());
    assert_eq!(w.arbiter_config().epoch_seconds, 570);
}
