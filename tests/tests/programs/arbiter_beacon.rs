//! Rounds of a drand network: verified when posted, and the one that decides is the only one taken.

use crate::laws::*;
use ark_bn254::{Fq, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use proofmill_protocol::{drand::host::encode_g1, limits, sha256};

/// Compute units that a posted round may take: a seventh of what one transaction may. Measured over 55 rounds: 148,865 to
/// 171,913; the map's branches and the inversion's length make the spread.
const POST_UNITS_MAX: u64 = 200_000;

/// `coordinate + p`: the same number modulo p.
fn plus_p(coordinate: &[u8]) -> Vec<u8> {
    let mut sum = Fq::from_be_bytes_mod_order(coordinate).into_bigint();
    assert!(!sum.add_with_carry(&Fq::MODULUS));
    sum.to_bytes_be()
}

/// A world whose beacon is a simulated network, and a receipt at the present time.
fn drand_world() -> (World, SimulatedNetwork, JobHandle) {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("one");
    w.do_drand(network.network());
    let job = w.do_submitted(0, 1, 0);
    (w, network, job)
}

#[test]
fn published_rounds_of_evmnet_verify_on_chain() {
    let mut w = TestBuilder::ready();
    let (network, rounds) = evmnet();
    w.ok(w.initialize_drand(network));
    let stored = w.data(&address::drand());
    let mut most = 0;
    for published in &rounds {
        let sent = w.ok(w.post_beacon(published.round, published.signature));
        most = most.max(sent.compute_units);
        let beacon = w.beacon(published.round);
        assert_eq!((beacon.round, beacon.posted_at, beacon.rent_payer), (published.round, w.now, w.crank));
        assert_eq!(beacon.randomness, sha256(&[&published.signature]));
        assert!(published.randomness.is_none_or(|randomness| randomness == beacon.randomness));
        assert_eq!((beacon.genesis_at, beacon.period_seconds, beacon.margin_seconds), (1_727_521_075, 3, 30));
    }
    println!("post_beacon takes at most {most} compute units");
    assert!(most <= POST_UNITS_MAX, "{most} compute units");
    assert!(rounds.iter().filter(|round| round.randomness.is_some()).count() >= 2);
    assert_eq!(w.data(&address::drand()), stored, "posting writes nothing that is shared");
}

#[test]
fn a_round_is_posted_once() {
    let mut w = TestBuilder::ready();
    let (network, rounds) = evmnet();
    w.ok(w.initialize_drand(network));
    w.ok(w.post_beacon(1, rounds[0].signature));
    assert!(w.send(w.post_beacon(1, rounds[0].signature)).is_err());
    let elsewhere = address::beacon(2);
    assert!(w.send(swap(w.post_beacon(1, rounds[0].signature), "post_beacon", "beacon", elsewhere)).is_err());
}

#[test]
fn what_the_network_did_not_sign_is_refused() {
    let mut w = TestBuilder::ready();
    let (network, rounds) = evmnet();
    w.ok(w.initialize_drand(network));
    let right = rounds[0].signature;
    let altered = |change: &dyn Fn(&mut [u8; 64])| {
        let mut signature = right;
        change(&mut signature);
        signature
    };
    let generator = encode_g1(&G1Affine::generator());
    let cases = [
        ("another round's", rounds[1].signature, ArbiterError::BeaconInvalid),
        ("a point of the curve", generator, ArbiterError::BeaconInvalid),
        ("infinity", [0; 64], ArbiterError::BeaconInfinity),
        ("beside the curve", altered(&|s| s[63] ^= 1), ArbiterError::BeaconOffCurve),
        ("x beside the curve", altered(&|s| s[31] ^= 1), ArbiterError::BeaconOffCurve),
        ("x + p", altered(&|s| s[..32].copy_from_slice(&plus_p(&right[..32]))), ArbiterError::BeaconNotCanonical),
        ("y + p", altered(&|s| s[32..].copy_from_slice(&plus_p(&right[32..]))), ArbiterError::BeaconNotCanonical),
        ("x = p", altered(&|s| s[..32].copy_from_slice(&Fq::MODULUS.to_bytes_be())), ArbiterError::BeaconNotCanonical),
        ("the compression flags", altered(&|s| s[0] |= 0xC0), ArbiterError::BeaconNotCanonical),
        ("all ones", [0xFF; 64], ArbiterError::BeaconNotCanonical),
        (
            "negated",
            altered(&|s| {
                let mut y = Fq::MODULUS;
                assert!(!y.sub_with_borrow(&Fq::from_be_bytes_mod_order(&right[32..]).into_bigint()));
                s[32..].copy_from_slice(&y.to_bytes_be());
            }),
            ArbiterError::BeaconInvalid,
        ),
    ];
    for (name, signature, error) in cases {
        println!("{name}");
        w.refused(w.post_beacon(1, signature), error);
        assert!(w.is_closed(&address::beacon(1)), "{name}");
    }
    w.refused(w.post_beacon(0, right), ArbiterError::BeaconRoundZero);
    for round in [2, 255, 1 << 56, u64::MAX] {
        w.refused(w.post_beacon(round, right), ArbiterError::BeaconInvalid);
    }
    w.ok(w.post_beacon(1, right));
}

#[test]
fn another_network_and_another_domain_sign_nothing() {
    let mut w = TestBuilder::ready();
    let (one, other) = (SimulatedNetwork::new("one"), SimulatedNetwork::new("other"));
    w.ok(w.initialize_drand(one.network()));
    w.refused(w.post_beacon(7, other.sign(7)), ArbiterError::BeaconInvalid);
    for dst in [&b"BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_POP_"[..], b"BLS_SIG_BN254G1_XMD:SHA-256_SVDW_RO_NUL_", b""] {
        w.refused(w.post_beacon(7, one.sign_as(7, dst)), ArbiterError::BeaconInvalid);
    }
    w.ok(w.post_beacon(7, one.sign(7)));
}

/// Dozens of hashes to the curve, through each branch of the map, agree with the host's.
#[test]
fn program_and_host_hash_alike() {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("one");
    w.ok(w.initialize_drand(network.network()));
    let mut units = Vec::new();
    for step in 0..48u64 {
        let round = u64::from_le_bytes(sha256(&[b"round", &step.to_le_bytes()])[..8].try_into().unwrap()).max(1);
        let signature = network.sign(round);
        units.push(w.ok(w.post_beacon(round, signature)).compute_units);
        assert_eq!(w.beacon(round).randomness, sha256(&[&signature]));
    }
    units.sort_unstable();
    println!("compute units: {} to {}, median {}", units[0], units[47], units[24]);
    assert!(units[47] <= POST_UNITS_MAX, "{} compute units", units[47]);
}

#[test]
fn the_network_is_named_once_by_the_authority() {
    let mut w = TestBuilder::ready();
    let network = evmnet().0;
    let honest = w.initialize_drand(network);
    w.refused(swap(honest.clone(), "initialize_drand", "authority", w.outsider), ArbiterError::NotAuthority);
    let bounds = [
        arbiter::DrandNetwork { genesis_at: 0, ..network },
        arbiter::DrandNetwork { genesis_at: -1, ..network },
        arbiter::DrandNetwork { period_seconds: 0, ..network },
        arbiter::DrandNetwork { period_seconds: limits::BEACON_PERIOD_SECONDS_MAX + 1, ..network },
        arbiter::DrandNetwork { margin_seconds: 0, ..network },
        arbiter::DrandNetwork { margin_seconds: limits::BEACON_MARGIN_SECONDS_MIN - 1, ..network },
        arbiter::DrandNetwork { margin_seconds: limits::BEACON_MARGIN_SECONDS_MAX + 1, ..network },
    ];
    for args in bounds {
        w.refused(w.initialize_drand(args), ArbiterError::ConfigOutOfBounds);
    }
    let with_key = |public_key| arbiter::DrandNetwork { public_key, ..network };
    w.refused(w.initialize_drand(with_key([0; 128])), ArbiterError::BeaconInfinity);
    for at in 0..4 {
        let mut key = network.public_key;
        key[32 * at..32 * (at + 1)].copy_from_slice(&plus_p(&network.public_key[32 * at..32 * (at + 1)]));
        w.refused(w.initialize_drand(with_key(key)), ArbiterError::BeaconNotCanonical);
        let mut key = network.public_key;
        key[32 * at + 31] ^= 1;
        w.refused(w.initialize_drand(with_key(key)), ArbiterError::BeaconKeyInvalid);
    }
    // A point of the twist outside the group of prime order.
    let outside = (1u64..).find_map(|x| {
        ark_bn254::G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::new(x.into(), 1u64.into()), true)
            .filter(|point| !point.is_in_correct_subgroup_assuming_on_curve())
    });
    let outside = proofmill_protocol::drand::host::encode_g2(&outside.unwrap());
    w.refused(w.initialize_drand(with_key(outside)), ArbiterError::BeaconKeyInvalid);
    let widest = arbiter::DrandNetwork {
        genesis_at: 1,
        period_seconds: limits::BEACON_PERIOD_SECONDS_MAX,
        margin_seconds: limits::BEACON_MARGIN_SECONDS_MAX,
        ..network
    };
    w.clone().ok(w.initialize_drand(widest));
    w.clone().ok(w.initialize_drand(arbiter::DrandNetwork {
        period_seconds: 1,
        margin_seconds: limits::BEACON_MARGIN_SECONDS_MIN,
        ..widest
    }));
    w.ok(honest.clone());
    assert!(w.send(honest).is_err(), "the network is named once");
}

#[test]
fn an_unknown_kind_of_beacon_is_not_configured() {
    let mut w = TestBuilder::ready();
    for (beacon_kind, stands) in [(0, false), (1, true), (2, true), (3, false), (255, false)] {
        let instruction = w.queue_arbiter(arbiter::ArbiterArgs { beacon_kind, ..w.arbiter_args() });
        if stands {
            w.ok(instruction);
            w.ok(w.cancel_arbiter());
        } else {
            w.refused(instruction, ArbiterError::ConfigOutOfBounds);
        }
    }
}

/// Attack 22: whoever opens the round chooses no beacon.
#[test]
fn only_the_deciding_round_opens_a_round() {
    let (mut w, network, job) = drand_world();
    let due = network.schedule.deciding_round(w.job(&job).receipt_at);
    let rounds = [
        (1, Some(ArbiterError::BeaconStale)),
        (due - 1, Some(ArbiterError::BeaconStale)),
        (due + 1, Some(ArbiterError::BeaconFuture)),
        (due + 1_000_000, Some(ArbiterError::BeaconFuture)),
        (due, None),
    ];
    for (round, error) in rounds {
        w.ok(w.post_beacon(round, network.sign(round)));
        w.beacon_account = address::beacon(round);
        match error {
            Some(error) => w.refused(w.open_round(&job, 0), error),
            None => w.do_open_round(&job, 0),
        }
    }
    let beacon = sha256(&[&network.sign(due)]);
    let receipt = w.job(&job);
    let seed = sha256(&[b"sel", &beacon, job.address.as_ref(), &1u16.to_le_bytes(), &receipt.receipt_hash, &[1]]);
    assert_eq!(w.round(&job, 1).seed, seed);
}

#[test]
fn a_beacon_that_is_not_posted_decides_nothing() {
    let (mut w, network, job) = drand_world();
    let due = network.schedule.deciding_round(w.job(&job).receipt_at);
    w.beacon_account = address::beacon(due);
    w.refused(w.open_round(&job, 0), ArbiterError::NotBeacon);
    w.ok(w.post_beacon(due, network.sign(due)));
    w.do_open_round(&job, 0);
}

/// Attack 21: each kind takes its own account only.
#[test]
fn a_beacon_of_the_other_kind_is_refused() {
    let (mut w, network, job) = drand_world();
    let due = network.schedule.deciding_round(w.job(&job).receipt_at);
    w.ok(w.post_beacon(due, network.sign(due)));
    let beacon = address::beacon(due);
    let copy = w.foreign_copy(beacon);
    for account in
        [address::SLOT_HASHES, copy, address::drand(), address::arbiter_config(), address::validator_set(1), w.outsider]
    {
        w.beacon_account = account;
        w.refused(w.open_round(&job, 0), ArbiterError::NotBeacon);
    }
    // And where slot hashes decide.
    let mut w = TestBuilder::ready();
    w.ok(w.initialize_drand(network.network()));
    let job = w.do_submitted(0, 1, 0);
    let due = network.schedule.deciding_round(w.job(&job).receipt_at);
    w.ok(w.post_beacon(due, network.sign(due)));
    w.beacon_account = address::beacon(due);
    w.refused(w.open_round(&job, 0), ArbiterError::NotSlotHashes);
    w.beacon_account = address::SLOT_HASHES;
    w.do_open_round(&job, 0);
}

#[test]
fn waiting_and_posting_again_draw_nothing_else() {
    let (mut w, network, job) = drand_world();
    let due = network.schedule.deciding_round(w.job(&job).receipt_at);
    w.beacon_account = address::beacon(due);
    w.ok(w.post_beacon(due, network.sign(due)));
    let seed = |mut w: World| {
        w.do_open_round(&job, 0);
        w.round(&job, 1).seed
    };
    let early = seed(w.clone());
    w.warp(500);
    w.do_keep_epoch();
    assert_eq!(seed(w.clone()), early);
    w.warp(limits::BEACON_KEEP_SECONDS);
    w.ok(w.close_beacon(due));
    w.refused(w.open_round(&job, 0), ArbiterError::NotBeacon);
    w.ok(w.post_beacon(due, network.sign(due)));
    assert_eq!(w.beacon(due).randomness, sha256(&[&network.sign(due)]));
}

/// The second draw is decided by a round after the last vote, not after the receipt.
#[test]
fn an_escalation_waits_for_its_own_round() {
    let (mut w, network, job) = drand_world();
    let first = network.schedule.deciding_round(w.job(&job).receipt_at);
    w.ok(w.post_beacon(first, network.sign(first)));
    w.beacon_account = address::beacon(first);
    w.do_open_round(&job, 0);
    w.warp(LIMITS.commit_window / 2);
    w.do_say(&job, 1, &[(0, Opinion::Valid, 0), (1, Opinion::Invalid, 0)]);
    let voted_at = w.round(&job, 1).touched_at;
    assert_eq!(voted_at, w.now);
    w.refused(w.escalate_round(&job, 0), ArbiterError::BeaconStale);
    let due = network.schedule.deciding_round(voted_at);
    assert!(due > first);
    for (round, error) in
        [(due + 1, Some(ArbiterError::BeaconFuture)), (due - 1, Some(ArbiterError::BeaconStale)), (due, None)]
    {
        w.ok(w.post_beacon(round, network.sign(round)));
        w.beacon_account = address::beacon(round);
        match error {
            Some(error) => w.refused(w.escalate_round(&job, 0), error),
            None => {
                w.ok(w.escalate_round(&job, 0));
            }
        }
    }
    let (mut w, network, job) = drand_world();
    w.ok(w.post_beacon(first, network.sign(first)));
    w.beacon_account = address::beacon(first);
    w.do_open_round(&job, 0);
    w.do_expire_round(&job);
    assert_eq!(w.round(&job, 1).touched_at, w.now);
}

#[test]
fn an_old_round_is_closed_by_anyone_for_who_paid() {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("one");
    w.ok(w.initialize_drand(network.network()));
    let payer = w.tenants[0];
    let posted = swap(w.post_beacon(9, network.sign(9)), "post_beacon", "payer", payer);
    w.ok(posted);
    let at = address::beacon(9);
    let rent = w.lamports(&at);
    w.warp(limits::BEACON_KEEP_SECONDS - 1);
    w.refused(w.close_beacon(9), ArbiterError::BeaconTooYoung);
    w.warp(1);
    for stranger in [w.outsider, w.crank] {
        w.refused(swap(w.close_beacon(9), "close_beacon", "rent_payer", stranger), ArbiterError::NotRentPayer);
    }
    let before = w.lamports(&payer);
    w.ok(w.close_beacon(9));
    assert!(w.is_closed(&at));
    assert_eq!(w.lamports(&payer), before + rent, "every lamport returns to who paid");
}

/// What decides about an event is the kind that was in force when it happened: a change strands no receipt and draws
/// none anew.
#[test]
fn a_change_of_the_beacon_leaves_what_waits_to_the_one_before() {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("change");
    w.ok(w.initialize_drand(network.network()));
    w.do_keep_epoch();
    let before = w.do_submitted(0, 1, 0);
    let seed = {
        let mut w = w.clone();
        w.ok(w.open_round(&before, 0));
        w.round(&before, 1).seed
    };
    w.do_govern_arbiter(arbiter::ArbiterArgs { beacon_kind: 2, ..w.arbiter_args() });
    let config = w.arbiter_config();
    assert_eq!((config.beacon_kind, config.beacon_before, config.beacon_since), (2, 1, w.now));
    let after = w.do_submitted(1, 1, 1);
    w.do_keep_epoch();
    // The receipt from before is drawn as it would have been, and by nothing else.
    let schedule = network.schedule;
    for event_at in [w.job(&before).receipt_at, w.job(&after).receipt_at] {
        let round = schedule.deciding_round(event_at);
        w.ok(w.post_beacon(round, network.sign(round)));
    }
    let posted = |w: &World, job: &JobHandle| address::beacon(schedule.deciding_round(w.job(job).receipt_at));
    let by_drand = swap(w.open_round(&before, 0), "open_round", "beacon", posted(&w, &before));
    w.refused(by_drand, ArbiterError::NotSlotHashes);
    w.ok(w.open_round(&before, 0));
    assert_eq!(w.round(&before, 1).seed, seed, "not drawn anew");
    // The one from after is drawn by the network alone.
    w.refused(w.open_round(&after, 1), ArbiterError::NotBeacon);
    w.ok(swap(w.open_round(&after, 1), "open_round", "beacon", posted(&w, &after)));
}

/// Two kinds at most are ever in question: the next change waits until all that the last one left is judged.
#[test]
fn the_beacon_changes_again_only_when_everything_before_is_judged() {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("again");
    w.do_drand(network.network());
    let since = w.now;
    let back = arbiter::ArbiterArgs { beacon_kind: 1, ..w.arbiter_args() };
    w.refused(w.queue_arbiter(back), ArbiterError::BeaconChangedLately);
    // Everything else may change meanwhile.
    w.do_govern_arbiter(arbiter::ArbiterArgs { beacon_kind: 2, commit_window_seconds: 50, ..w.arbiter_args() });
    assert_eq!(w.arbiter_config().beacon_since, since);
    w.warp_to(since + limits::BEACON_CHANGE_SECONDS - LIMITS.timelock);
    w.refused(w.queue_arbiter(back), ArbiterError::BeaconChangedLately);
    w.warp(1);
    w.do_govern_arbiter(back);
    let config = w.arbiter_config();
    assert_eq!((config.beacon_kind, config.beacon_before, config.beacon_since), (1, 2, w.now));
}

#[test]
fn a_network_decides_only_if_it_is_named_and_fits_the_challenge_window() {
    let mut w = TestBuilder::ready();
    let drand = arbiter::ArbiterArgs { beacon_kind: 2, ..w.arbiter_args() };
    w.ok(w.queue_arbiter(drand));
    w.warp(LIMITS.timelock);
    w.refused(w.apply_arbiter(), ArbiterError::NotBeacon);
    let honest = w.apply_arbiter();
    w.refused(swap(honest, "apply_arbiter", "drand", w.outsider), OTHER_ADDRESS);
    // Half of the window is for the network, half for whoever opens the audit: 2 x (57 + 3) = 120.
    let network = SimulatedNetwork::new("fits").network();
    for (margin_seconds, fits) in [(57, true), (58, false)] {
        let mut w = w.clone();
        w.ok(w.initialize_drand(arbiter::DrandNetwork { margin_seconds, period_seconds: 3, ..network }));
        if fits {
            w.ok(w.apply_arbiter());
        } else {
            w.refused(w.apply_arbiter(), ArbiterError::MarginOutOfBounds);
        }
    }
}
