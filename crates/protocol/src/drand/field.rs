//! Integers modulo p, the field of BN254's G1, in Montgomery form.
//!
//! Eight limbs of 32 bits, because a product of two then fits a 64-bit register: the programs' virtual machine has no
//! wider multiplication. Nothing here is secret, so nothing is constant-time.

type Limbs = [u32; 8];

/// p = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47, least significant limb first.
const P: Limbs = [0xd87cfd47, 0x3c208c16, 0x6871ca8d, 0x97816a91, 0x8181585d, 0xb85045b6, 0xe131a029, 0x30644e72];
/// -1/p modulo 2^32.
const P_INVERSE: u32 = 0xe4866389;
/// 2^512 modulo p: takes an integer into Montgomery form.
const R2: Limbs = [0x538afa89, 0xf32cfc5b, 0xd44501fb, 0xb5e71911, 0x0a417ff6, 0x47ab1eff, 0xcab8351f, 0x06d89f71];
/// 2^768 modulo p.
const R3: Limbs = [0xda1530df, 0xb1cd6daf, 0xa7283db6, 0x62f210e6, 0x0ada0afb, 0xef7f0b0c, 0x2d592544, 0x20fd6e90];

/// An element: `value * 2^256 mod p`, below p.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fp(Limbs);

impl Fp {
    pub(super) const ZERO: Self = Self([0; 8]);
    pub(super) const ONE: Self =
        Self([0xc58f0d9d, 0xd35d438d, 0xf5c70b3d, 0x0a78eb28, 0x7879462c, 0x666ea36f, 0x9a07df2f, 0x0e0a77c1]);
    pub(super) const THREE: Self =
        Self([0x50ad28d7, 0x7a17caa9, 0xe15521b9, 0x1f6ac17a, 0x696bd284, 0x334bea4e, 0xce179d8e, 0x2a1f6744]);
    /// -1/2.
    pub(super) const MINUS_HALF: Self =
        Self([0x8976f7d5, 0xb461a444, 0x39555fa7, 0xc6843fb4, 0x84840918, 0x28f0d123, 0xa394e07d, 0x112ceb58]);
    /// The even square root of -12.
    pub(super) const ROOT_OF_MINUS_TWELVE: Self =
        Self([0x8735ab72, 0x7c848707, 0x48bfb8d4, 0x51da7e00, 0x3cbd7bf4, 0x945cfd18, 0x48ae62c6, 0x0b70b1ec]);
    /// -16/3.
    pub(super) const MINUS_SIXTEEN_THIRDS: Self =
        Self([0xa0800831, 0xa79a2bdc, 0xe49815a1, 0x19fd7617, 0x5550c7b1, 0xbb8d0c88, 0xec7e0f48, 0x05c4aeb6]);

    /// The integer in 32 big-endian bytes, if it is below p.
    pub(super) fn from_canonical(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs(bytes);
        (!at_least(&limbs, &P)).then(|| Self(multiply(&R2, &limbs)))
    }

    /// The integer in 48 big-endian bytes, reduced.
    pub(super) fn from_wide(bytes: &[u8; 48]) -> Self {
        let (mut high, mut low) = ([0u8; 32], [0u8; 32]);
        high[16..].copy_from_slice(&bytes[..16]);
        low.copy_from_slice(&bytes[16..]);
        Self(multiply(&R2, &limbs(&low))).plus(Self(multiply(&R3, &limbs(&high))))
    }

    pub(super) fn to_bytes(self) -> [u8; 32] {
        bytes(&multiply(&self.0, &[1, 0, 0, 0, 0, 0, 0, 0]))
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self(multiply(&self.0, &other.0))
    }

    pub(super) fn squared(self) -> Self {
        self.times(self)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        // Both are below p < 2^254: the sum does not leave 256 bits.
        let sum = add(&self.0, &other.0);
        Self(if at_least(&sum, &P) { subtract(&sum, &P) } else { sum })
    }

    pub(super) fn minus(self, other: Self) -> Self {
        if at_least(&self.0, &other.0) {
            Self(subtract(&self.0, &other.0))
        } else {
            Self(subtract(&add(&self.0, &P), &other.0))
        }
    }

    /// `1 / self`, and zero for zero. The binary extended Euclidean algorithm (Handbook of Applied Cryptography, 14.61,
    /// for an odd modulus): every turn of the loop shortens `u` or `v`, which have 254 bits each.
    pub(super) fn inverse(self) -> Self {
        if self == Self::ZERO {
            return self;
        }
        let (mut u, mut v) = (wide(&self.0), wide(&P));
        let (mut x, mut y) = ([1, 0, 0, 0], [0; 4]);
        let p = wide(&P);
        let one = [1, 0, 0, 0];
        while u != one && v != one {
            while u[0] & 1 == 0 {
                u = half(&u);
                x = half_modulo(&x, &p);
            }
            while v[0] & 1 == 0 {
                v = half(&v);
                y = half_modulo(&y, &p);
            }
            if wide_at_least(&u, &v) {
                u = wide_subtract(&u, &v);
                x = subtract_modulo(&x, &y, &p);
            } else {
                v = wide_subtract(&v, &u);
                y = subtract_modulo(&y, &x, &p);
            }
        }
        let inverse = if u == one { x } else { y };
        // The inverse of `value * 2^256`: two factors of 2^256 are missing, and the product takes one away.
        Self(multiply(&R3, &narrow(&inverse)))
    }
}

/// `p - value` for a canonical, nonzero value in big-endian bytes.
pub(super) fn negated(value: &[u8; 32]) -> [u8; 32] {
    bytes(&subtract(&P, &limbs(value)))
}

/// `a * b / 2^256 mod p`, for `a` below p and `b` below 2^256. Multiplication and reduction are interleaved (CIOS); p has
/// two spare bits, so that no limb beyond the eighth is needed.
#[inline(never)]
fn multiply(a: &Limbs, b: &Limbs) -> Limbs {
    let mut t = [0u32; 8];
    for &digit in b {
        let digit = u64::from(digit);
        let first = u64::from(a[0]).wrapping_mul(digit).wrapping_add(u64::from(t[0]));
        let factor = u64::from((first as u32).wrapping_mul(P_INVERSE));
        let cleared = factor.wrapping_mul(u64::from(P[0])).wrapping_add(first & 0xFFFF_FFFF);
        let (mut carry_a, mut carry_p) = (first >> 32, cleared >> 32);
        for at in 1..8 {
            // The largest product and two addends below 2^32 make at most 2^64 - 1.
            let sum = u64::from(a[at]).wrapping_mul(digit).wrapping_add(u64::from(t[at])).wrapping_add(carry_a);
            carry_a = sum >> 32;
            let sum = factor.wrapping_mul(u64::from(P[at])).wrapping_add(sum & 0xFFFF_FFFF).wrapping_add(carry_p);
            carry_p = sum >> 32;
            t[at - 1] = sum as u32;
        }
        t[7] = carry_a.wrapping_add(carry_p) as u32;
    }
    if at_least(&t, &P) {
        subtract(&t, &P)
    } else {
        t
    }
}

fn limbs(bytes: &[u8; 32]) -> Limbs {
    let mut out = [0u32; 8];
    for (limb, chunk) in out.iter_mut().rev().zip(bytes.chunks_exact(4)) {
        *limb = u32::from_be_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
    }
    out
}

fn bytes(limbs: &Limbs) -> [u8; 32] {
    let mut out = [0u8; 32];
    for (chunk, limb) in out.chunks_exact_mut(4).zip(limbs.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    out
}

fn at_least(a: &Limbs, b: &Limbs) -> bool {
    for (a, b) in a.iter().rev().zip(b.iter().rev()) {
        if a != b {
            return a > b;
        }
    }
    true
}

fn add(a: &Limbs, b: &Limbs) -> Limbs {
    let mut out = [0u32; 8];
    let mut carry = 0u64;
    for at in 0..8 {
        let sum = u64::from(a[at]).wrapping_add(u64::from(b[at])).wrapping_add(carry);
        out[at] = sum as u32;
        carry = sum >> 32;
    }
    out
}

/// `a - b` modulo 2^256.
fn subtract(a: &Limbs, b: &Limbs) -> Limbs {
    let mut out = [0u32; 8];
    let mut borrow = 0u64;
    for at in 0..8 {
        let difference = u64::from(a[at]).wrapping_sub(u64::from(b[at])).wrapping_sub(borrow);
        out[at] = difference as u32;
        borrow = difference >> 63;
    }
    out
}

/// The inverse shifts and subtracts only: limbs of 64 bits halve its work.
type Wide = [u64; 4];

fn wide(limbs: &Limbs) -> Wide {
    let at = |at: usize| u64::from(limbs[at]) | u64::from(limbs[at + 1]) << 32;
    [at(0), at(2), at(4), at(6)]
}

fn narrow(wide: &Wide) -> Limbs {
    let mut out = [0u32; 8];
    for (pair, limb) in out.chunks_exact_mut(2).zip(wide) {
        pair[0] = *limb as u32;
        pair[1] = (limb >> 32) as u32;
    }
    out
}

fn half(a: &Wide) -> Wide {
    [a[0] >> 1 | a[1] << 63, a[1] >> 1 | a[2] << 63, a[2] >> 1 | a[3] << 63, a[3] >> 1]
}

fn half_modulo(a: &Wide, p: &Wide) -> Wide {
    // a + p is below 2^255.
    if a[0] & 1 == 0 {
        half(a)
    } else {
        half(&wide_add(a, p))
    }
}

fn subtract_modulo(a: &Wide, b: &Wide, p: &Wide) -> Wide {
    if wide_at_least(a, b) {
        wide_subtract(a, b)
    } else {
        wide_subtract(&wide_add(a, p), b)
    }
}

fn wide_at_least(a: &Wide, b: &Wide) -> bool {
    for (a, b) in a.iter().rev().zip(b.iter().rev()) {
        if a != b {
            return a > b;
        }
    }
    true
}

fn wide_add(a: &Wide, b: &Wide) -> Wide {
    let mut out = [0u64; 4];
    let mut carry = false;
    for at in 0..4 {
        let (sum, first) = a[at].overflowing_add(b[at]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        out[at] = sum;
        carry = first || second;
    }
    out
}

fn wide_subtract(a: &Wide, b: &Wide) -> Wide {
    let mut out = [0u64; 4];
    let mut borrow = false;
    for at in 0..4 {
        let (difference, first) = a[at].overflowing_sub(b[at]);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        out[at] = difference;
        borrow = first || second;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fq;
    use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The same integer in the reference implementation.
    fn reference(value: Fp) -> Fq {
        Fq::from_be_bytes_mod_order(&value.to_bytes())
    }

    fn of(value: Fq) -> Fp {
        let bytes: Vec<u8> = value.into_bigint().to_bytes_be();
        Fp::from_canonical(&bytes.try_into().unwrap()).unwrap()
    }

    /// Random elements, and those at the ends of the range.
    fn element() -> impl Strategy<Value = Fp> {
        prop_oneof![
            8 => any::<[[u8; 16]; 3]>().prop_map(|parts| Fp::from_wide(&parts.concat().try_into().unwrap())),
            1 => (0u64..4).prop_map(|small| of(Fq::from(small))),
            1 => (1u64..4).prop_map(|small| of(-Fq::from(small))),
        ]
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_the_field(a in element(), b in element()) {
            let (x, y) = (reference(a), reference(b));
            prop_assert_eq!(of(x), a);
            prop_assert_eq!(reference(a.times(b)), x * y);
            prop_assert_eq!(reference(a.squared()), x * x);
            prop_assert_eq!(reference(a.plus(b)), x + y);
            prop_assert_eq!(reference(a.minus(b)), x - y);
            prop_assert_eq!(reference(a.inverse()), x.inverse().unwrap_or(Fq::ZERO));
            if a != Fp::ZERO {
                prop_assert_eq!(Fq::from_be_bytes_mod_order(&negated(&a.to_bytes())), -x);
            }
        }

        #[test]
        fn wide_integers_are_reduced(parts: [[u8; 16]; 3]) {
            let bytes = parts.concat();
            prop_assert_eq!(reference(Fp::from_wide(&bytes.clone().try_into().unwrap())), Fq::from_be_bytes_mod_order(&bytes));
        }

        #[test]
        fn only_integers_below_p_are_canonical(bytes: [u8; 32]) {
            let same = Fq::from_be_bytes_mod_order(&bytes).into_bigint().to_bytes_be() == bytes;
            prop_assert_eq!(Fp::from_canonical(&bytes).is_some(), same);
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        let p = bytes(&P);
        let below = bytes(&subtract(&P, &[1, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!(Fp::from_canonical(&p), None);
        assert_eq!(Fp::from_canonical(&[0xFF; 32]), None);
        assert_eq!(Fp::from_canonical(&below).unwrap().to_bytes(), below);
        assert_eq!(Fp::from_canonical(&[0; 32]), Some(Fp::ZERO));
        let widest = reference(Fp::from_wide(&[0xFF; 48]));
        assert_eq!(widest, Fq::from_be_bytes_mod_order(&[0xFF; 48]));
    }

    #[test]
    fn the_constants_are_what_they_are_called() {
        assert_eq!(reference(Fp::ONE), Fq::from(1));
        assert_eq!(reference(Fp::THREE), Fq::from(3));
        assert_eq!(reference(Fp::MINUS_HALF).double(), -Fq::from(1));
        assert_eq!(reference(Fp::ROOT_OF_MINUS_TWELVE).square(), -Fq::from(12));
        assert_eq!(Fp::ROOT_OF_MINUS_TWELVE.to_bytes()[31] & 1, 0);
        assert_eq!(reference(Fp::MINUS_SIXTEEN_THIRDS) * Fq::from(3), -Fq::from(16));
    }
}
