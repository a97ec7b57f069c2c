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
        w.ok(w.update_config(market::ConfigArgs { audit_share_bps: share, ..settings(&w) }));
        let job = w.do_accepted(0, 1, 0);
        w.ok(w.sweep_fees(&job));
        assert_eq!(w.tokens(&address::audit_budget(&job.mint)), to_audits);
    }
}
