use super::{host::*, *};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use proptest::prelude::*;
use std::vec::Vec;

/// The schedule of evmnet.
const EVMNET: Schedule = Schedule { genesis_at: 1_727_521_075, period_seconds: 3, margin_seconds: 30 };

fn published() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/drand/evmnet.json")).unwrap()
}

fn bytes<const N: usize>(value: &serde_json::Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn evmnet_key() -> [u8; G2_LEN] {
    bytes(&published()["public_key"])
}

/// (round, signature, randomness where it was published).
fn rounds() -> Vec<(u64, [u8; 64], Option<[u8; 32]>)> {
    let rounds = published()["rounds"].as_array().unwrap().clone();
    let randomness = |round: &serde_json::Value| round.get("randomness").map(bytes);
    rounds
        .iter()
        .map(|round| (round["round"].as_u64().unwrap(), bytes(&round["signature"]), randomness(round)))
        .collect()
}

/// p, and a coordinate's second encoding.
fn plus_p(coordinate: &[u8]) -> Vec<u8> {
    let mut sum = Fq::from_be_bytes_mod_order(coordinate).into_bigint();
    assert!(!sum.add_with_carry(&Fq::MODULUS));
    sum.to_bytes_be()
}

#[test]
fn published_rounds_verify() {
    let rounds = rounds();
    assert!(rounds.len() >= 6 && rounds.iter().filter(|round| round.2.is_some()).count() >= 2);
    assert_eq!(check_key::<Arkworks>(&evmnet_key()), Ok(()));
    for (round, signature, randomness) in rounds {
        let value = verify::<Arkworks>(&evmnet_key(), round, &signature).unwrap();
        assert_eq!(value, crate::sha256(&[&signature]));
        assert!(randomness.is_none_or(|randomness| randomness == value), "round {round}");
    }
}

#[test]
fn a_signature_is_one_rounds_and_one_networks() {
    let (key, rounds) = (evmnet_key(), rounds());
    for (round, ..) in &rounds {
        for (other, signature, _) in rounds.iter().filter(|other| other.0 != *round) {
            let refused = verify::<Arkworks>(&key, *round, signature);
            assert_eq!(refused, Err(DrandError::SignatureInvalid), "{other} for {round}");
        }
    }
    let (round, signature, _) = rounds[0];
    for near in [round + 1, round.wrapping_sub(1).max(2), u64::MAX, round << 8, round.swap_bytes()] {
        assert_eq!(verify::<Arkworks>(&key, near, &signature), Err(DrandError::SignatureInvalid));
    }
    assert_eq!(verify::<Arkworks>(&key, 0, &signature), Err(DrandError::RoundZero));
    let foreign = encode_g2(&(G2Affine::generator() * Fr::from(7)).into_affine());
    assert_eq!(verify::<Arkworks>(&foreign, round, &signature), Err(DrandError::SignatureInvalid));
}

#[test]
fn only_one_encoding_of_a_point_is_taken() {
    let (round, signature, _) = rounds()[0];
    let refused = |signature: [u8; 64]| verify::<Arkworks>(&evmnet_key(), round, &signature).unwrap_err();
    assert_eq!(refused([0; 64]), DrandError::Infinity);
    for half in [0..32, 32..64] {
        let mut other = signature;
        other[half.clone()].copy_from_slice(&plus_p(&signature[half.clone()]));
        assert_eq!(refused(other), DrandError::NotCanonical);
        other[half].fill(0xFF);
        assert_eq!(refused(other), DrandError::NotCanonical);
    }
    let mut negative = signature;
    negative[32..].copy_from_slice(&negated(&signature[32..].try_into().unwrap()));
    assert_eq!(refused(negative), DrandError::SignatureInvalid);
    for bit in 0..8 {
        let mut beside = signature;
        beside[63] ^= 1 << bit;
        assert_eq!(refused(beside), DrandError::OffCurve);
    }
}

#[test]
fn a_key_is_a_point_of_the_right_order() {
    let key = evmnet_key();
    assert_eq!(check_key::<Arkworks>(&[0; 128]), Err(DrandError::Infinity));
    for at in 0..4 {
        let mut other = key;
        other[32 * at..32 * (at + 1)].copy_from_slice(&plus_p(&key[32 * at..32 * (at + 1)]));
        assert_eq!(check_key::<Arkworks>(&other), Err(DrandError::NotCanonical));
        let mut beside = key;
        beside[32 * at + 31] ^= 1;
        assert_eq!(check_key::<Arkworks>(&beside), Err(DrandError::KeyInvalid));
    }
    // On the twist's curve and outside G2: nearly every point is.
    let outside =
        (1u64..).find_map(|x| G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::new(x.into(), 1.into()), true));
    let outside = outside.unwrap();
    assert!(outside.is_on_curve() && !outside.is_in_correct_subgroup_assuming_on_curve());
    assert_eq!(check_key::<Arkworks>(&encode_g2(&outside)), Err(DrandError::KeyInvalid));
}

/// What signs where the network is ours: the hash times the secret key.
fn sign(secret: Fr, round: u64, dst: &[u8]) -> [u8; 64] {
    let message = Arkworks::keccak256(&[&round.to_be_bytes()]).unwrap();
    let point = decode_g1(&hash_to_g1::<Arkworks>(&message, dst).unwrap()).unwrap();
    encode_g1(&(point * secret).into_affine())
}

#[test]
fn another_domain_separation_is_another_signature() {
    let secret = Fr::from(0x5EC2E7u64);
    let key = encode_g2(&(G2Affine::generator() * secret).into_affine());
    assert!(verify::<Arkworks>(&key, 9, &sign(secret, 9, DST)).is_ok());
    for dst in [&b"BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_POP_"[..], b"BLS_SIG_BN254G1_XMD:SHA-256_SVDW_RO_NUL_", b""] {
        assert_eq!(verify::<Arkworks>(&key, 9, &sign(secret, 9, dst)), Err(DrandError::SignatureInvalid));
    }
}

/// The inputs of the map at which a denominator is zero, and its fixed points.
#[test]
fn the_map_is_defined_everywhere() {
    let half = Fp::MINUS_HALF; // 1 - 4u^2 = 0
    for u in [Fp::ZERO, Fp::ONE, half, Fp::ZERO.minus(half)] {
        let map = Map::new(u);
        let point = map.finish::<Arkworks>(map.denominator().inverse()).unwrap();
        assert!(decode_g1(&point).is_some_and(|point: G1Affine| !point.is_zero()));
        assert_eq!(point[63] & 1, u.to_bytes()[31] & 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_hashes_to_a_point_and_every_key_signs(secret in 1u64.., round in 1u64..) {
        let secret = Fr::from(secret);
        let key = encode_g2(&(G2Affine::generator() * secret).into_affine());
        prop_assert_eq!(check_key::<Arkworks>(&key), Ok(()));
        let signature = sign(secret, round, DST);
        prop_assert_eq!(verify::<Arkworks>(&key, round, &signature), Ok(crate::sha256(&[&signature])));
    }
}

proptest! {
    #[test]
    fn the_deciding_round_is_the_first_after_the_margin(
        genesis_at in 0i64..2_000_000_000, period_seconds in 1u32..4_000, margin_seconds in 0u32..4_000, event_at in 0i64..4_000_000_000
    ) {
        let schedule = Schedule { genesis_at, period_seconds, margin_seconds };
        let round = schedule.deciding_round(event_at);
        let from = event_at + i64::from(margin_seconds);
        prop_assert!(round >= 1);
        prop_assert!(schedule.time_of(round).unwrap() >= from);
        prop_assert!(round == 1 || schedule.time_of(round - 1).unwrap() < from);
        prop_assert_eq!(schedule.compare(round, event_at), Ordering::Equal);
        prop_assert_eq!(schedule.compare(round - 1, event_at), Ordering::Less);
        prop_assert_eq!(schedule.compare(round + 1, event_at), Ordering::Greater);
    }

    #[test]
    fn a_round_is_at_its_time(round in 1u64..1_000_000_000) {
        let at = EVMNET.time_of(round).unwrap();
        prop_assert_eq!(EVMNET.round_at(at - 1), round - 1);
        prop_assert_eq!(EVMNET.round_at(at), round);
        prop_assert_eq!(EVMNET.round_at(at + 2), round);
    }

    #[test]
    fn no_time_and_no_schedule_panics(genesis_at: i64, period_seconds: u32, margin_seconds: u32, at: i64, round: u64) {
        let schedule = Schedule { genesis_at, period_seconds, margin_seconds };
        let _ = (schedule.time_of(round), schedule.round_at(at), schedule.deciding_round(at), schedule.compare(round, at));
    }
}

#[test]
fn rounds_begin_at_genesis() {
    assert_eq!(EVMNET.time_of(0), None);
    assert_eq!(EVMNET.time_of(1), Some(1_727_521_075));
    assert_eq!(EVMNET.time_of(u64::MAX), None);
    assert_eq!(EVMNET.round_at(1_727_521_074), 0);
    assert_eq!(EVMNET.round_at(1_727_521_075), 1);
    assert_eq!(EVMNET.deciding_round(0), 1);
    for (after, round) in [(-31, 1), (-30, 1), (-29, 2), (-27, 2), (-26, 3)] {
        assert_eq!(EVMNET.deciding_round(EVMNET.genesis_at + after), round, "{after}");
    }
}
