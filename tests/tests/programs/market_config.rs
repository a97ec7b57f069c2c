use crate::laws::*;

type Args = market::ConfigArgs;

#[test]
fn the_bounds_hold_whoever_governs() {
    let mut w = TestBuilder::ready();
    let usual = settings(&w);
    let cases = [
        Args { fee_bps: 1_001, ..usual },
        Args { audit_share_bps: 10_001, ..usual },
        Args { uptime_min_bps: 10_001, ..usual },
        Args { audit_floor_bps: 199, ..usual },
        Args { audit_floor_bps: 10_001, ..usual },
        Args { threshold: 2, ..usual },
        Args { start_window_seconds: 0, ..usual },
        Args { start_window_seconds: 3_601, ..usual },
        Args { receipt_grace_seconds: 3_601, ..usual },
        Args { challenge_window_seconds: 86_401, verdict_window_seconds: 172_800, ..usual },
        Args { challenge_window_seconds: 601, ..usual },
        Args { verdict_window_seconds: 172_801, ..usual },
        Args { unbonding_seconds: 0, ..usual },
        Args { burn_share_bps: 6_001, audit_share_bps: 4_000, ..usual },
        Args { slash_cap_bps: 499, ..usual },
        Args { slash_cap_bps: 10_001, ..usual },
        Args { outflow_bps: 9_999, ..usual },
        Args { slash_window_seconds: 0, ..usual },
        Args { slash_window_seconds: 604_801, ..usual },
        Args { appeal_seconds: 0, ..usual },
        Args { appeal_seconds: 259_201, ..usual },
        Args { timelock_seconds: 0, ..usual },
        Args { timelock_seconds: 2_592_001, ..usual },
        Args { usage_timeout_seconds: 0, ..usual },
        Args { usage_timeout_seconds: 3_601, ..usual },
        Args { bid_deposit: 100_000_001, ..usual },
    ];
    let mut bare = TestBuilder::new().build();
    for args in cases {
        w.refused(w.queue_config(args), MarketError::ConfigOutOfBounds);
        bare.refused(bare.initialize_config(args), MarketError::ConfigOutOfBounds);
    }
    w.do_govern(Args { fee_bps: 1_000, audit_share_bps: 9_000, audit_floor_bps: 200, ..usual });
    assert_eq!((w.config().fee_bps, w.config().audit_share_bps), (1_000, 9_000));
}

#[test]
fn the_configuration_is_made_once_and_its_domain_is_fixed() {
    let mut w = TestBuilder::ready();
    assert!(w.send(w.initialize_config(settings(&w))).is_err());
    w.do_govern(Args { domain: [1; 32], ..settings(&w) });
    let stored = market::Config::decode(&w.data(&address::market_config())).unwrap();
    assert_eq!((stored.domain, stored.stake_mint), (w.domain, w.stake_mint));
}

#[test]
fn only_the_authority_governs() {
    let mut w = TestBuilder::ready();
    let third = w.mint("third");
    for stranger in [w.outsider, w.treasury, w.tenants[0]] {
        let cases = [
            ("queue_config", w.queue_config(settings(&w))),
            ("queue_mint", w.queue_mint(w.mints[0], w.mint_rule_args())),
            ("disable_mint", w.disable_mint(w.mints[0])),
            ("add_mint", w.add_mint(third, w.mint_rule_args())),
            ("unpause_openings", w.unpause_openings()),
        ];
        for (name, instruction) in cases {
            w.refused(swap(instruction, name, "authority", stranger), MarketError::NotAuthority);
        }
        w.refused(w.pause_openings(stranger), MarketError::NotGuardian);
        w.refused(w.accept_authority(stranger), MarketError::NotNextAuthority);
    }
    w.ok(w.queue_config(settings(&w)));
    w.refused(swap(w.cancel_config(), "cancel_config", "authority", w.outsider), MarketError::NotAuthority);
}

#[test]
fn a_mint_is_allowed_once_within_bounds() {
    let mut w = TestBuilder::ready();
    let third = w.mint("third");
    let usual = w.mint_rule_args();
    for args in [market::MintRuleArgs { lock_bps: 10_000_001, ..usual }, market::MintRuleArgs { enabled: 2, ..usual }] {
        w.refused(w.add_mint(third, args), MarketError::ConfigOutOfBounds);
        w.refused(w.queue_mint(w.mints[0], args), MarketError::ConfigOutOfBounds);
    }
    w.ok(w.add_mint(third, usual));
    assert!(w.send(w.add_mint(third, usual)).is_err());
    w.refused(w.add_mint(w.outsider, usual), OTHER_PROGRAM);
}

#[test]
fn a_job_keeps_the_windows_and_fee_it_was_posted_under() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_govern(Args { fee_bps: 1_000, verdict_window_seconds: 10_000, ..settings(&w) });
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    assert_eq!(w.job(&job).fee, 1_500);
}
