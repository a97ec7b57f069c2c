use crate::laws::*;

#[test]
fn a_fee_is_split_once() {
    let mut w = TestBuilder::ready();
    let job = w.do_accepted(0, 1, 0);
    w.ok(w.sweep_fees(&job));
    // 1500: 40 % to audits.
    assert_eq!(w.tokens(&address::audit_budget(&job.mint)), 600);
    assert_eq!(w.purse(&w.treasury), 900);
    assert_eq!(w.tokens(&job.vault), 98_500);
    w.refused(w.sweep_fees(&job), MarketError::NothingToSweep);
}

#[test]
fn only_a_settled_job_has_a_fee_to_sweep() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.refused(w.sweep_fees(&job), MarketError::JobNotSettled);
}

#[test]
fn fees_go_where_the_configuration_says() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_accepted(0, 1, 0), w.do_accepted(1, 1, 1));
    let honest = w.sweep_fees(&job);
    let thief = w.fund(w.outsider, job.mint, 0);
    w.refused(swap(honest.clone(), "sweep_fees", "treasury", thief), MarketError::NotAuthority);
    w.refused(swap(honest.clone(), "sweep_fees", "audit_budget", thief), MarketError::NotAuthority);
    w.refused(swap(honest.clone(), "sweep_fees", "vault", other.vault), MarketError::JobNotFound);
    w.refused(
        swap(honest.clone(), "sweep_fees", "mint_rule", address::mint_rule(&w.mints[1])),
        MarketError::MintNotAllowed,
    );
    let config = w.foreign_copy(address::market_config());
    w.refused(swap(honest.clone(), "sweep_fees", "config", config), OTHER_PROGRAM);
    w.ok(honest);
}

#[test]
fn the_whole_fee_may_go_to_audits_or_none_of_it() {
    for (share, to_audits) in [(0, 0), (10_000, 1_500)] {
        let mut w = TestBuilder::ready();
        w.do_govern(market::ConfigArgs { audit_share_bps: share, burn_share_bps: 0, ..settings(&w) });
        let job = w.do_accepted(0, 1, 0);
        w.ok(w.sweep_fees(&job));
        assert_eq!(w.tokens(&address::audit_budget(&job.mint)), to_audits);
    }
}

/// A world whose first payment mint is the native token.
fn native(burn_share_bps: u16, audit_share_bps: u16) -> World {
    let mut w = TestBuilder::ready();
    let native_mint = w.mints[0];
    w.do_govern(market::ConfigArgs { native_mint, burn_share_bps, audit_share_bps, ..settings(&w) });
    w
}

#[test]
fn a_fee_in_the_native_token_is_burnt_in_part_to_the_atom() {
    // 1500: the shares round down, the treasury has the rest.
    for (burn, audit, burnt, to_audits, to_treasury) in
        [(1_000, 4_000, 150, 600, 750), (3_333, 3_333, 499, 499, 502), (10_000, 0, 1_500, 0, 0), (0, 0, 0, 0, 1_500)]
    {
        let mut w = native(burn, audit);
        let job = w.do_accepted(0, 1, 0);
        let (supply, stated) = (w.supply(&job.mint), w.stated_supply(&job.mint));
        w.ok(w.sweep_fees(&job));
        assert_eq!(w.tokens(&address::audit_budget(&job.mint)), to_audits);
        assert_eq!(w.purse(&w.treasury), to_treasury);
        assert_eq!(supply - w.supply(&job.mint), u128::from(burnt));
        assert_eq!(stated - w.stated_supply(&job.mint), burnt);
        assert_eq!(w.tokens(&job.vault), 98_500);
        w.refused(w.sweep_fees(&job), MarketError::NothingToSweep);
    }
}

#[test]
fn a_fee_in_any_other_token_is_burnt_in_no_part() {
    let mut w = native(1_000, 4_000);
    let mint = w.mints[1];
    w.ok(w.post_job(0, mint, terms(1)));
    let job = w.handle(0, 1, mint);
    w.do_match(&job, 0);
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    let supply = w.supply(&mint);
    w.ok(w.sweep_fees(&job));
    assert_eq!(w.supply(&mint), supply);
    assert_eq!(w.tokens(&address::token_account(&w.treasury, &mint)), 900);
}
