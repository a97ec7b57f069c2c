use crate::laws::*;

type Args = market::ProviderArgs;

#[test]
fn a_provider_is_registered_once_by_its_owner() {
    let mut w = TestBuilder::new().do_configure().build();
    let owner = w.providers[0].owner;
    w.ok(w.register_provider(owner, w.provider_args(0)));
    let stored = w.provider(0);
    assert_eq!((stored.owner, stored.operator), (owner, w.providers[0].operator));
    assert_eq!((stored.active, stored.uptime_bps, stored.consecutive_accepted), (1, 10_000, 0));
    assert!(w.send(w.register_provider(owner, w.provider_args(0))).is_err());
    let elsewhere = address::provider(&w.outsider);
    let other = w.providers[1].owner;
    assert!(
        w.send(swap(w.register_provider(other, w.provider_args(1)), "register_provider", "provider", elsewhere))
            .is_err()
    );
}

#[test]
fn each_announced_field_has_its_bounds() {
    let mut w = TestBuilder::new().do_configure().build();
    let owner = w.providers[0].owner;
    let usual = w.provider_args(0);
    let cases = [
        (Args { tier: 0, ..usual }, MarketError::CountOutOfBounds),
        (Args { tier: 4, ..usual }, MarketError::CountOutOfBounds),
        (Args { gpu_count: 0, ..usual }, MarketError::CountOutOfBounds),
        (Args { gpu_count: 17, ..usual }, MarketError::CountOutOfBounds),
        (Args { capacity: 0, ..usual }, MarketError::CountOutOfBounds),
        (Args { capacity: 1_025, ..usual }, MarketError::CountOutOfBounds),
        (Args { vram_mib: 8_191, ..usual }, MarketError::InvalidGpu),
        (Args { node_key: [0; 32], ..usual }, MarketError::NodeKeyInvalid),
    ];
    for (args, error) in cases {
        w.refused(w.register_provider(owner, args), error);
    }
    w.ok(w.register_provider(owner, Args { tier: 3, gpu_count: 16, capacity: 1_024, vram_mib: 8_192, ..usual }));
    for (args, error) in cases {
        w.refused(w.update_provider(owner, args), error);
    }
    w.ok(w.update_provider(owner, Args { tier: 1, gpu_count: 1, capacity: 1, ..usual }));
    w.do_govern(market::ConfigArgs { allow_simulated: 0, ..settings(&w) });
    w.refused(w.update_provider(owner, usual), MarketError::SimulatedDevice);
    w.refused(w.register_provider(w.providers[1].owner, w.provider_args(1)), MarketError::SimulatedDevice);
    w.ok(w.update_provider(owner, Args { simulated: 0, ..usual }));
    w.ok(w.pause_openings(w.authority));
    w.refused(w.register_provider(w.providers[1].owner, w.provider_args(1)), MarketError::OpeningsPaused);
}

#[test]
fn only_the_owner_changes_a_provider_and_only_the_operator_announces() {
    let mut w = TestBuilder::ready();
    let party = w.providers[0].clone();
    for stranger in [w.outsider, party.operator, w.providers[1].owner] {
        let update = w.update_provider(party.owner, w.provider_args(0));
        w.refused(swap(update, "update_provider", "owner", stranger), MarketError::NotOwner);
    }
    for stranger in [w.outsider, party.owner, w.providers[1].operator] {
        let announce = w.announce_provider(0, 1);
        w.refused(swap(announce, "announce_provider", "operator", stranger), MarketError::NotOperator);
    }
    w.ok(w.announce_provider(0, 0));
    assert_eq!(w.provider(0).active, 0);
    w.ok(w.announce_provider(0, 7));
    let stored = w.provider(0);
    assert_eq!((stored.active, stored.endpoint_port), (1, 7_000));
}

#[test]
fn an_update_keeps_the_record() {
    let mut w = TestBuilder::ready();
    w.do_accepted(0, 1, 0);
    let before = w.provider(0);
    w.ok(w.update_provider(w.providers[0].owner, Args { region: 840, ..w.provider_args(0) }));
    let after = w.provider(0);
    assert_eq!((after.accepted_total, after.uptime_bps, after.owner), (1, before.uptime_bps, before.owner));
    assert_eq!((after.region, after.offers_total), (840, before.offers_total));
}

#[test]
fn a_held_job_keeps_the_keys_of_its_match() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    let other = Args { node_key: w.providers[1].node_key(), class_key: [2; 32], ..w.provider_args(0) };
    w.ok(w.update_provider(w.providers[0].owner, other));
    w.ok(w.open_executors([2; 32]));
    w.do_submit(&job, 0, 10);
    let empty = address::executors(&[2; 32]);
    w.refused(swap(w.open_round(&job, 0), "open_round", "executors", empty), ArbiterError::ClassDiffers);
    w.do_open_round(&job, 0);
    assert_ne!(w.round(&job, 1).executor, Address::default());
}
