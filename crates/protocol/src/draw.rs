//! Drawing committees and re-executors from a public seed, and deciding what is audited.

use crate::limits::{BPS, COMMITTEE_MAX, VALIDATORS_MAX};

/// Why nobody can be drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DrawError {
    /// Fewer candidates than seats.
    TooFewCandidates { candidates: usize, seats: usize },
    /// More members than a set may hold, or more seats than a committee may have.
    TooMany,
}

/// A stream of 64-bit words from a seed: splitmix64 over the seed's first 24 bytes folded together.
///
/// The seed is the SHA-256 of a beacon that did not exist when the receipt was committed; the stream only spreads
/// it. splitmix64 is Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
struct Words(u64);

impl Words {
    fn new(seed: &[u8; 32]) -> Self {
        let word = |at: usize| {
            let mut bytes = [0u8; 8];
            bytes.copy_from_slice(&seed[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        Self(word(8) ^ word(16).rotate_left(21) ^ word(24).rotate_left(42))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is at most 64: the bias of the remainder is below 2^-57.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Draws `seats` distinct members out of `members` (by index), never one for which `excluded` answers true.
/// Partial Fisher-Yates; the order of the result is the order of the draw.
///
/// # Errors
/// [`DrawError::TooFewCandidates`] if too few are left, [`DrawError::TooMany`] beyond the bounds.
pub fn committee(
    seed: &[u8; 32],
    members: usize,
    seats: usize,
    excluded: impl Fn(usize) -> bool,
) -> Result<[u8; COMMITTEE_MAX], DrawError> {
    if members > VALIDATORS_MAX || seats > COMMITTEE_MAX {
        return Err(DrawError::TooMany);
    }
    let mut pool = [0u8; VALIDATORS_MAX];
    let mut candidates = 0;
    for index in 0..members {
        if !excluded(index) {
            pool[candidates] = index as u8; // below VALIDATORS_MAX
            candidates += 1;
        }
    }
    if candidates < seats {
        return Err(DrawError::TooFewCandidates { candidates, seats });
    }
    let mut words = Words::new(seed);
    let mut drawn = [0u8; COMMITTEE_MAX];
    for seat in 0..seats {
        let pick = seat + words.below(candidates - seat);
        pool.swap(seat, pick);
        drawn[seat] = pool[seat];
    }
    Ok(drawn)
}

/// Draws one of `members` for which `excluded` answers false, or none.
pub fn one(seed: &[u8; 32], members: usize, excluded: impl Fn(usize) -> bool) -> Option<usize> {
    let candidates = (0..members).filter(|&i| !excluded(i)).count();
    if candidates == 0 {
        return None;
    }
    let pick = Words::new(seed).below(candidates);
    (0..members).filter(|&i| !excluded(i)).nth(pick)
}

/// Whether a receipt with this seed is audited at `audit_bps`. The first eight bytes of the seed decide.
pub fn is_audited(seed: &[u8; 32], audit_bps: u16) -> bool {
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(&seed[..8]);
    // Compared in units of 2^64 / 10,000, so that no wide arithmetic is needed; 10,000 always audits.
    u64::from_le_bytes(bytes) / (u64::MAX / BPS) < u64::from(audit_bps) || u64::from(audit_bps) >= BPS
}

/// Share of receipts that are audited, basis points: all of a new provider's, falling with each consecutive
/// accepted one as `20 / (20 + h)`, never below `floor_bps` (verification study, 2.10).
pub fn audit_bps(consecutive_accepted: u32, proven_after: u32, floor_bps: u16) -> u16 {
    if consecutive_accepted < proven_after {
        return BPS as u16;
    }
    let h = u64::from(consecutive_accepted - proven_after);
    let rate = 20 * BPS / (20 + h);
    (rate.min(BPS) as u16).max(floor_bps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn a_committee_has_distinct_members_and_none_excluded(
            seed: [u8; 32], members in 0usize..=64, seats in 0usize..=9, excluded in proptest::collection::vec(any::<bool>(), 64)
        ) {
            let free = (0..members).filter(|&i| !excluded[i]).count();
            match committee(&seed, members, seats, |i| excluded[i]) {
                Ok(drawn) => {
                    let mut drawn: Vec<u8> = drawn[..seats].to_vec();
                    prop_assert!(drawn.iter().all(|&i| (i as usize) < members && !excluded[i as usize]));
                    drawn.sort_unstable();
                    drawn.dedup();
                    prop_assert_eq!(drawn.len(), seats);
                }
                Err(error) => prop_assert_eq!(error, DrawError::TooFewCandidates { candidates: free, seats }),
            }
        }
    }

    #[test]
    fn every_member_is_drawn_about_equally_often() {
        let mut seats_of = [0u32; 20];
        for n in 0u32..20_000 {
            let seed = crate::sha256(&[&n.to_le_bytes()]);
            for &i in &committee(&seed, 20, 5, |_| false).unwrap()[..5] {
                seats_of[i as usize] += 1;
            }
        }
        // 20,000 draws of 5 out of 20: mean 5,000, standard deviation 61; six of them is generous and fixed.
        assert!(seats_of.iter().all(|&n| (4_634..=5_366).contains(&n)), "{seats_of:?}");
    }

    #[test]
    fn the_audited_share_is_the_one_asked_for() {
        for (bps, low, high) in [(0u16, 0u32, 0u32), (500, 400, 600), (5_000, 4_800, 5_200), (10_000, 10_000, 10_000)] {
            let audited =
                (0u32..10_000).filter(|n| is_audited(&crate::sha256(&[&n.to_le_bytes()]), bps)).count() as u32;
            assert!((low..=high).contains(&audited), "{bps} bps gave {audited}");
        }
        assert!(is_audited(&[0xFF; 32], 10_000));
    }

    #[test]
    fn a_new_provider_is_audited_always_and_a_proven_one_down_to_the_floor() {
        assert_eq!(audit_bps(0, 3, 500), 10_000);
        assert_eq!(audit_bps(2, 3, 500), 10_000);
        assert_eq!(audit_bps(23, 3, 500), 5_000);
        assert_eq!(audit_bps(u32::MAX, 3, 500), 500);
    }

    #[test]
    fn nobody_is_drawn_from_nobody() {
        assert_eq!(one(&[0; 32], 3, |_| true), None);
        assert_eq!(one(&[7; 32], 3, |i| i != 2), Some(2));
    }
}
