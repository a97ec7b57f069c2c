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
    ];
    let mut bare = TestBuilder::new().build();
    for args in cases {
        w.refused(w.update_config(args), MarketError::ConfigOutOfBounds);
        bare.refused(bare.initialize_config(args), MarketError::ConfigOutOfBounds);
    }
    w.ok(w.update_config(Args { fee_bps: 1_000, audit_share_bps: 10_000, audit_floor_bps: 200, ..usual }));
}

#[test]
fn the_configuration_is_made_once_and_its_domain_is_fixed() {
    let mut w = TestBuilder::ready();
    assert!(w.send(w.initialize_config(settings(&w))).is_err());
    w.ok(w.update_config(Args { domain: [1; 32], ..settings(&w) }));
    let stored = market::Config::decode(&w.data(&address::market_config())).unwrap();
    assert_eq!((stored.domain, stored.stake_mint), (w.domain, w.stake_mint));
}

#[test]
fn only_the_authority_governs() {
    let mut w = TestBuilder::ready();
    let third = w.mint("third");
    for stranger in [w.outsider, w.treasury, w.tenants[0]] {
        let cases = [
            ("update_config", w.update_config(settings(&w))),
            ("update_mint", w.update_mint(w.mints[0], w.mint_rule_args())),
            ("add_mint", w.add_mint(third, w.mint_rule_args())),
        ];
        for (name, instruction) in cases {
            w.refused(swap(instruction, name, "authority", stranger), MarketError::NotAuthority);
        }
    }
    w.ok(w.update_config(Args { authority: w.outsider, ..settings(&w) }));
    w.refused(w.update_config(settings(&w)), MarketError::NotAuthority);
}

#[test]
fn a_mint_is_allowed_once_within_bounds() {
    let mut w = TestBuilder::ready();
    let third = w.mint("third");
    let usual = w.mint_rule_args();
    for args in [market::MintRuleArgs { lock_bps: 10_000_001, ..usual }, market::MintRuleArgs { enabled: 2, ..usual }] {
        w.refused(w.add_mint(third, args), MarketError::ConfigOutOfBounds);
        w.refused(w.update_mint(w.mints[0], args), MarketError::ConfigOutOfBounds);
    }
    w.ok(w.add_mint(third, usual));
    assert!(w.send(w.add_mint(third, usual)).is_err());
    w.refused(w.add_mint(w.outsider, usual), OTHER_PROGRAM);
}

#[test]
fn a_job_keeps_the_windows_and_fee_it_was_posted_under() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.ok(w.update_config(Args { fee_bps: 1_000, verdict_window_seconds: 10_000, ..settings(&w) }));
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    assert_eq!(w.job(&job).fee, 1_500);
}
