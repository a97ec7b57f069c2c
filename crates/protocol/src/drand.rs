//! The rounds of a drand network of the scheme `bls-bn254-unchained-on-g1`, as `evmnet` runs it: when each is due, and
//! what makes its signature valid.
//!
//! A round's signature is a BLS signature on G1 of BN254 by a threshold of the network's members: nobody can compute it
//! before that many publish their shares, and there is exactly one. The signed message is
//! `keccak256(round, 8 bytes big-endian)`, hashed to G1 as RFC 9380 says, by `expand_message_xmd` over Keccak-256 and the
//! Shallue-van de Woestijne map (section 6.6.1) with Z = 1. The value of the round is the SHA-256 of the signature.
//! Points are uncompressed: big-endian `x | y` on G1, `x1 | x0 | y1 | y0` on G2, as in EIP-197.
//!
//! Keccak, square roots, additions and pairings are the caller's ([`Curve`]): syscalls in the program, a library elsewhere.

mod field;
#[cfg(any(test, feature = "drand"))]
pub mod host;

use core::cmp::Ordering;

use crate::UnixSeconds;
use field::{negated, Fp};

/// Domain separation tag of the scheme's hash to G1.
pub const DST: &[u8] = b"BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_";
/// Bytes of a signature, and of every point of G1.
pub const G1_LEN: usize = 64;
/// Bytes of a public key, and of every point of G2.
pub const G2_LEN: usize = 128;
/// What [`Curve::pairing`] takes: two pairs.
pub const PAIRS_LEN: usize = 2 * (G1_LEN + G2_LEN);

/// The generator of G1: (1, 2).
const G1: [u8; G1_LEN] = {
    let mut point = [0; G1_LEN];
    point[31] = 1;
    point[63] = 2;
    point
};
/// The negated generator of G2 (EIP-197).
const MINUS_G2: [u8; G2_LEN] = [
    0x19, 0x8e, 0x93, 0x93, 0x92, 0x0d, 0x48, 0x3a, 0x72, 0x60, 0xbf, 0xb7, 0x31, 0xfb, 0x5d, 0x25, 0xf1, 0xaa, 0x49,
    0x33, 0x35, 0xa9, 0xe7, 0x12, 0x97, 0xe4, 0x85, 0xb7, 0xae, 0xf3, 0x12, 0xc2, 0x18, 0x00, 0xde, 0xef, 0x12, 0x1f,
    0x1e, 0x76, 0x42, 0x6a, 0x00, 0x66, 0x5e, 0x5c, 0x44, 0x79, 0x67, 0x43, 0x22, 0xd4, 0xf7, 0x5e, 0xda, 0xdd, 0x46,
    0xde, 0xbd, 0x5c, 0xd9, 0x92, 0xf6, 0xed, 0x27, 0x5d, 0xc4, 0xa2, 0x88, 0xd1, 0xaf, 0xb3, 0xcb, 0xb1, 0xac, 0x09,
    0x18, 0x75, 0x24, 0xc7, 0xdb, 0x36, 0x39, 0x5d, 0xf7, 0xbe, 0x3b, 0x99, 0xe6, 0x73, 0xb1, 0x3a, 0x07, 0x5a, 0x65,
    0xec, 0x1d, 0x9b, 0xef, 0xcd, 0x05, 0xa5, 0x32, 0x3e, 0x6d, 0xa4, 0xd4, 0x35, 0xf3, 0xb6, 0x17, 0xcd, 0xb3, 0xaf,
    0x83, 0x28, 0x5c, 0x2d, 0xf7, 0x11, 0xef, 0x39, 0xc0, 0x15, 0x71, 0x82, 0x7f, 0x9d,
];

/// Why a round or a key is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DrandError {
    /// Rounds count from 1.
    RoundZero,
    /// A coordinate is not below p: a second encoding of the same point.
    NotCanonical,
    /// The point at infinity, which would verify under no message or every one.
    Infinity,
    /// The signature is no point of G1.
    OffCurve,
    /// The signature is not this round's, or not this network's.
    SignatureInvalid,
    /// The public key is no point of G2, or the point at infinity.
    KeyInvalid,
    /// The runtime offers no arithmetic on the curve.
    Unsupported,
}

/// What the runtime computes for this module. `None` is a refusal: of the input, or because it cannot.
pub trait Curve {
    fn keccak256(parts: &[&[u8]]) -> Option<[u8; 32]>;
    fn sha256(bytes: &[u8]) -> [u8; 32];
    /// Either of the two points of G1 with this abscissa, which is canonical and not zero.
    fn lift(x: &[u8; 32]) -> Option<[u8; G1_LEN]>;
    /// The sum of two points of G1.
    fn add(p: &[u8; G1_LEN], q: &[u8; G1_LEN]) -> Option<[u8; G1_LEN]>;
    /// Whether the product of the pairings of two pairs (G1, G2) is one.
    fn pairing(pairs: &[u8; PAIRS_LEN]) -> Option<bool>;
}

/// When rounds are due, and how long after an event the round that decides about it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// When round 1 is due.
    pub genesis_at: UnixSeconds,
    /// Seconds from one round to the next, at least 1.
    pub period_seconds: u32,
    /// Seconds by which a deciding round comes after the event: more than the chain's clock may lag behind the world's, or
    /// the round is public already when the chain still says that it is not due.
    pub margin_seconds: u32,
}

impl Schedule {
    /// When `round` is due; `None` for round 0 and beyond the range of time.
    pub fn time_of(&self, round: u64) -> Option<UnixSeconds> {
        let periods = i64::try_from(round.checked_sub(1)?).ok()?;
        self.genesis_at.checked_add(periods.checked_mul(i64::from(self.period_seconds))?)
    }

    /// The last round due at `now`; 0 before the first.
    pub fn round_at(&self, now: UnixSeconds) -> u64 {
        let elapsed = now.saturating_sub(self.genesis_at);
        u64::try_from(elapsed).map_or(0, |seconds| (seconds / self.period()).saturating_add(1))
    }

    /// The round that decides about what happened at `event_at`: the first that is due at `event_at + margin` or later.
    pub fn deciding_round(&self, event_at: UnixSeconds) -> u64 {
        let from = event_at.saturating_add(i64::from(self.margin_seconds));
        let elapsed = from.saturating_sub(self.genesis_at);
        u64::try_from(elapsed).map_or(1, |seconds| seconds.div_ceil(self.period()).saturating_add(1))
    }

    /// How `round` lies to the one that decides about `event_at`: [`Ordering::Less`] is stale.
    pub fn compare(&self, round: u64, event_at: UnixSeconds) -> Ordering {
        round.cmp(&self.deciding_round(event_at))
    }

    fn period(&self) -> u64 {
        u64::from(self.period_seconds).max(1)
    }
}

/// Verifies a round's signature under the network's public key and answers the round's value.
///
/// # Errors
/// One of [`DrandError`] for each way to be wrong.
pub fn verify<C: Curve>(
    public_key: &[u8; G2_LEN],
    round: u64,
    signature: &[u8; G1_LEN],
) -> Result<[u8; 32], DrandError> {
    if round == 0 {
        return Err(DrandError::RoundZero);
    }
    check_point(signature)?;
    let message = C::keccak256(&[&round.to_be_bytes()]).ok_or(DrandError::Unsupported)?;
    let hashed = hash_to_g1::<C>(&message, DST)?;
    // e(signature, -G2) * e(H(message), key) = 1
    let mut pairs = [0u8; PAIRS_LEN];
    pairs[..64].copy_from_slice(signature);
    pairs[64..192].copy_from_slice(&MINUS_G2);
    pairs[192..256].copy_from_slice(&hashed);
    pairs[256..].copy_from_slice(public_key);
    match C::pairing(&pairs) {
        Some(true) => Ok(C::sha256(signature)),
        Some(false) => Err(DrandError::SignatureInvalid),
        None => Err(DrandError::Unsupported),
    }
}

/// Whether `public_key` is a point of G2 in its one encoding, and not the point at infinity.
///
/// # Errors
/// [`DrandError::Infinity`], [`DrandError::NotCanonical`], [`DrandError::KeyInvalid`].
pub fn check_key<C: Curve>(public_key: &[u8; G2_LEN]) -> Result<(), DrandError> {
    if public_key.iter().all(|&byte| byte == 0) {
        return Err(DrandError::Infinity);
    }
    for coordinate in public_key.chunks_exact(32) {
        coordinate_of(coordinate)?;
    }
    // e(G1, key) * e(-G1, key) = 1 for every key that the pairing takes, and it takes points of the right order only.
    let mut minus = G1;
    let mut y = [0; 32];
    y.copy_from_slice(&G1[32..]);
    minus[32..].copy_from_slice(&negated(&y));
    let mut pairs = [0u8; PAIRS_LEN];
    pairs[..64].copy_from_slice(&G1);
    pairs[64..192].copy_from_slice(public_key);
    pairs[192..256].copy_from_slice(&minus);
    pairs[256..].copy_from_slice(public_key);
    if C::pairing(&pairs) == Some(true) {
        Ok(())
    } else {
        Err(DrandError::KeyInvalid)
    }
}

/// Whether the bytes are the one encoding of a point of G1 other than infinity.
fn check_point(point: &[u8; G1_LEN]) -> Result<(), DrandError> {
    if point.iter().all(|&byte| byte == 0) {
        return Err(DrandError::Infinity);
    }
    let (x, y) = (coordinate_of(&point[..32])?, coordinate_of(&point[32..])?);
    // The cofactor of G1 is 1: every point of the curve is in the group.
    if y.squared() == x.squared().times(x).plus(Fp::THREE) {
        Ok(())
    } else {
        Err(DrandError::OffCurve)
    }
}

fn coordinate_of(bytes: &[u8]) -> Result<Fp, DrandError> {
    let mut coordinate = [0u8; 32];
    coordinate.copy_from_slice(bytes);
    Fp::from_canonical(&coordinate).ok_or(DrandError::NotCanonical)
}

/// RFC 9380, `hash_to_curve`: two field elements, each mapped to the curve, and their sum. The cofactor is 1.
///
/// # Errors
/// [`DrandError::Unsupported`] if the runtime refuses; for no message that anybody can find.
pub fn hash_to_g1<C: Curve>(message: &[u8], dst: &[u8]) -> Result<[u8; G1_LEN], DrandError> {
    let uniform = expand_message::<C>(message, dst).ok_or(DrandError::Unsupported)?;
    let (mut first, mut second) = ([0u8; 48], [0u8; 48]);
    first.copy_from_slice(&uniform[..48]);
    second.copy_from_slice(&uniform[48..]);
    let (u, v) = (Map::new(Fp::from_wide(&first)), Map::new(Fp::from_wide(&second)));
    // One inversion serves both: 1/a = b * 1/(ab).
    let (a, b) = (u.denominator(), v.denominator());
    let inverse = a.times(b).inverse();
    let (p, q) = (u.finish::<C>(b.times(inverse)), v.finish::<C>(a.times(inverse)));
    let (p, q) = (p.ok_or(DrandError::Unsupported)?, q.ok_or(DrandError::Unsupported)?);
    C::add(&p, &q).ok_or(DrandError::Unsupported)
}

/// RFC 9380, 5.3.1: `expand_message_xmd` with Keccak-256, to 96 bytes. `dst` is shorter than 256 bytes.
fn expand_message<C: Curve>(message: &[u8], dst: &[u8]) -> Option<[u8; 96]> {
    /// Bytes that Keccak-256 takes at a time.
    const BLOCK: [u8; 136] = [0; 136];
    let dst_len = [u8::try_from(dst.len()).ok()?];
    let seed = C::keccak256(&[&BLOCK, message, &[0, 96, 0], dst, &dst_len])?;
    let mut out = [0u8; 96];
    let mut mixed = seed;
    for (index, chunk) in (1u8..).zip(out.chunks_exact_mut(32)) {
        let next = C::keccak256(&[&mixed, &[index], dst, &dst_len])?;
        chunk.copy_from_slice(&next);
        for ((byte, seed), next) in mixed.iter_mut().zip(&seed).zip(&next) {
            *byte = seed ^ next;
        }
    }
    Some(out)
}

/// RFC 9380, 6.6.1, for y^2 = x^3 + 3 with Z = 1, cut in two where the inversion is. The steps keep the document's names.
struct Map {
    u: Fp,
    tv1: Fp,
    tv2: Fp,
}

impl Map {
    fn new(u: Fp) -> Self {
        let square = u.squared();
        let twice = square.plus(square);
        let tv1 = twice.plus(twice); // c1 = g(Z) = 4
        Self { u, tv1: Fp::ONE.minus(tv1), tv2: Fp::ONE.plus(tv1) }
    }

    /// What has to be inverted; one where that is zero, so that a common inversion serves the other.
    fn denominator(&self) -> Fp {
        let tv3 = self.tv1.times(self.tv2);
        if tv3 == Fp::ZERO {
            Fp::ONE
        } else {
            tv3
        }
    }

    fn finish<C: Curve>(&self, inverse: Fp) -> Option<[u8; G1_LEN]> {
        // inv0: the inverse of zero is zero.
        let defined = self.tv1 != Fp::ZERO && self.tv2 != Fp::ZERO;
        let tv3 = if defined { inverse } else { Fp::ZERO };
        let tv4 = self.u.times(self.tv1).times(tv3).times(Fp::ROOT_OF_MINUS_TWELVE);
        let x1 = Fp::MINUS_HALF.minus(tv4).to_bytes();
        let mut point = match lift::<C>(&x1) {
            Some(point) => point,
            None => match lift::<C>(&Fp::MINUS_HALF.plus(tv4).to_bytes()) {
                Some(point) => point,
                None => {
                    let x3 = self.tv2.squared().times(tv3).squared().times(Fp::MINUS_SIXTEEN_THIRDS).plus(Fp::ONE);
                    lift::<C>(&x3.to_bytes())?
                }
            },
        };
        // The sign of y is that of u.
        if (self.u.to_bytes()[31] ^ point[63]) & 1 == 1 {
            let mut y = [0; 32];
            y.copy_from_slice(&point[32..]);
            point[32..].copy_from_slice(&negated(&y));
        }
        Some(point)
    }
}

/// Zero is the abscissa of points too, but runtimes read it as infinity. It takes 2^254 messages to meet.
fn lift<C: Curve>(x: &[u8; 32]) -> Option<[u8; G1_LEN]> {
    if x.iter().all(|&byte| byte == 0) {
        return None;
    }
    C::lift(x)
}

#[cfg(test)]
mod tests;
