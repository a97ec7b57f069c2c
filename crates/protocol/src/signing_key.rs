//! Which 32 bytes may be registered as an Ed25519 key that signs envelopes.
//!
//! A key of small order "verifies" signatures that nobody made, and a key with two encodings is one key under two
//! names: equivocation and double seats hide behind the second. Both are refused when a key is registered; a signature
//! under such a key is refused again by strict verification.

/// Bytes 1 to 30 of the encodings of p and its neighbours.
const HIGH: u8 = 0xFF;
/// y of the two points of order 8 with x of one sign; the other two have the complement `p - y`.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether `key` is the one encoding of its point and the point is not of small order, if it is a point at all: that it
/// lies on the curve has to be asked of the curve.
pub fn is_strict(key: &[u8; 32]) -> bool {
    let mut y = *key;
    y[31] &= 0x7F;
    // y = 0 has order 4; y = 1 is the identity; both, whatever the sign of x says.
    if y[1..].iter().all(|&byte| byte == 0) && y[0] <= 1 {
        return false;
    }
    // y = p - 1 (0xEC..) has order 2; from p (0xED..) on the encoding is a second one.
    if y[31] == 0x7F && y[1..31].iter().all(|&byte| byte == HIGH) && y[0] >= 0xEC {
        return false;
    }
    !ORDER_EIGHT.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `p + offset`, little-endian.
    fn near_p(offset: i16) -> [u8; 32] {
        let mut y = [0xFF; 32];
        y[31] = 0x7F;
        y[0] = u8::try_from(0xED + offset).unwrap();
        y
    }

    fn signs(y: [u8; 32]) -> [[u8; 32]; 2] {
        let mut negative = y;
        negative[31] |= 0x80;
        [y, negative]
    }

    #[test]
    fn every_second_encoding_is_refused() {
        for offset in 0..=18 {
            assert!(signs(near_p(offset)).iter().all(|key| !is_strict(key)), "p + {offset}");
        }
    }

    #[test]
    fn the_neighbours_of_what_is_refused_are_not() {
        for low in 0..=5 {
            let mut y = [0; 32];
            y[0] = low;
            assert!(signs(y).iter().all(|key| is_strict(key) == (low >= 2)), "y = {low}");
        }
        for offset in -4..0 {
            assert!(signs(near_p(offset)).iter().all(|key| is_strict(key) == (offset < -1)), "p - {}", -offset);
        }
        for y in ORDER_EIGHT {
            assert!(signs(y).iter().all(|key| !is_strict(key)));
            for byte in 0..32 {
                let mut other = y;
                other[byte] ^= 1;
                assert!(is_strict(&other));
            }
        }
    }
}
