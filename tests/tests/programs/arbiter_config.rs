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
        Args { attest_window_seconds: 0, ..usual },
        Args { attest_window_seconds: 86_401, ..usual },
        Args { attest_window_seconds: u32::MAX, ..usual },
        Args { epoch_seconds: 0, ..usual },
    ] {
        w.refused(w.update_arbiter(args), ArbiterError::ConfigOutOfBounds);
    }
    w.ok(w.update_arbiter(Args { escalated_committee: 9, escalated_threshold: 6, ..usual }));
}

#[test]
fn only_the_authority_governs() {
    let mut w = TestBuilder::ready();
    for stranger in [w.outsider, w.validators[0].identity] {
        let update = w.update_arbiter(w.arbiter_args());
        w.refused(swap(update, "update_arbiter", "authority", stranger), ArbiterError::NotAuthority);
    }
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
    w.ok(w.update_config(market::ConfigArgs { arbiter: w.outsider, ..settings(&w) }));
    w.refused(honest.clone(), ArbiterError::ForeignMarket);
    w.ok(w.update_config(settings(&w)));
    w.ok(honest);
    assert_eq!(w.arbiter_config().domain, w.domain);
}
