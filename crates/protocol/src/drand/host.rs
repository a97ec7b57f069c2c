//! [`Curve`] where there are no syscalls: daemons that check a round before they post it, and tests.

use ark_bn254::{Bn254, Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{pairing::Pairing, AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField, Zero};
use sha3::{Digest, Keccak256};

use super::{Curve, G1_LEN, G2_LEN, PAIRS_LEN};

/// BN254 by arkworks, the library that the validators' syscalls use too.
pub struct Arkworks;

impl Curve for Arkworks {
    fn keccak256(parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mut hasher = Keccak256::new();
        for part in parts {
            hasher.update(part);
        }
        Some(hasher.finalize().into())
    }

    fn sha256(bytes: &[u8]) -> [u8; 32] {
        crate::sha256(&[bytes])
    }

    fn lift(x: &[u8; 32]) -> Option<[u8; G1_LEN]> {
        let x = coordinate(x)?;
        let y = (x.square() * x + Fq::from(3u8)).sqrt()?;
        Some(encode_g1(&G1Affine::new_unchecked(x, y)))
    }

    fn add(p: &[u8; G1_LEN], q: &[u8; G1_LEN]) -> Option<[u8; G1_LEN]> {
        Some(encode_g1(&(decode_g1(p)? + decode_g1(q)?).into_affine()))
    }

    fn pairing(pairs: &[u8; PAIRS_LEN]) -> Option<bool> {
        let half = G1_LEN + G2_LEN;
        let (mut on_g1, mut on_g2) = ([G1Affine::zero(); 2], [G2Affine::zero(); 2]);
        for (at, pair) in pairs.chunks_exact(half).enumerate() {
            on_g1[at] = decode_g1(pair[..G1_LEN].try_into().ok()?)?;
            on_g2[at] = decode_g2(pair[G1_LEN..].try_into().ok()?)?;
        }
        Some(Bn254::multi_pairing(on_g1, on_g2).is_zero())
    }
}

/// A coordinate, if its bytes are below p.
fn coordinate(bytes: &[u8]) -> Option<Fq> {
    let value = Fq::from_be_bytes_mod_order(bytes);
    (value.into_bigint().to_bytes_be() == bytes).then_some(value)
}

/// The point of G1 in these bytes; all zero is the point at infinity.
pub fn decode_g1(bytes: &[u8; G1_LEN]) -> Option<G1Affine> {
    if bytes == &[0; G1_LEN] {
        return Some(G1Affine::zero());
    }
    let point = G1Affine::new_unchecked(coordinate(&bytes[..32])?, coordinate(&bytes[32..])?);
    point.is_on_curve().then_some(point)
}

/// The bytes of a point of G1.
pub fn encode_g1(point: &G1Affine) -> [u8; G1_LEN] {
    let mut out = [0; G1_LEN];
    if let Some((x, y)) = point.xy() {
        out[..32].copy_from_slice(&x.into_bigint().to_bytes_be());
        out[32..].copy_from_slice(&y.into_bigint().to_bytes_be());
    }
    out
}

/// The point of G2 in these bytes, if it is of the right order; all zero is the point at infinity.
pub fn decode_g2(bytes: &[u8; G2_LEN]) -> Option<G2Affine> {
    if bytes == &[0; G2_LEN] {
        return Some(G2Affine::zero());
    }
    let at = |at: usize| coordinate(&bytes[32 * at..32 * (at + 1)]);
    let point = G2Affine::new_unchecked(Fq2::new(at(1)?, at(0)?), Fq2::new(at(3)?, at(2)?));
    (point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
}

/// The bytes of a point of G2.
pub fn encode_g2(point: &G2Affine) -> [u8; G2_LEN] {
    let mut out = [0; G2_LEN];
    if let Some((x, y)) = point.xy() {
        for (chunk, coordinate) in out.chunks_exact_mut(32).zip([x.c1, x.c0, y.c1, y.c0]) {
            chunk.copy_from_slice(&coordinate.into_bigint().to_bytes_be());
        }
    }
    out
}
