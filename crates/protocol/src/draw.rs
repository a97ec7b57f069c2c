//! Drawing committees and re-executors from a public seed, and deciding what is audited.

use crate::limits::{BPS, COMMITTEE_MAX, VALIDATORS_MAX, WEIGHT_MAX, WEIGHT_SHARE};

/// What a member is to the round that is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It may be drawn.
    Fresh,
    /// It sat in an earlier round of the same receipt: drawn only when nobody fresh is left. So a network that is
    /// large enough judges anew, and one of five still judges.
    SatBefore,
    /// A party to the job: never drawn.
    Party,
}

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

    /// A number below `bound`, every one of them equally likely: words beyond the last whole multiple of `bound` are
    /// drawn again. Half of all words lie below it at the least, so that 64 tries fail once in 2^64 draws; then the
    /// remainder has to do.
    fn below(&mut self, bound: u64) -> u64 {
        let bound = bound.max(1);
        let whole = u64::MAX - u64::MAX % bound;
        for _ in 0..64 {
            let word = self.next();
            if word < whole {
                return word % bound;
            }
        }
        self.next() % bound
    }
}

/// Draws `seats` distinct members by weight without replacement: each seat goes to a member with the probability of its
/// share in the weight of those that are left. `weights[i]` belongs to member `i`; nobody without weight is drawn.
/// Weights come from [`cap`], so that their sum fits. The order of the result is the order of the draw.
///
/// # Errors
/// [`DrawError::TooFewCandidates`] if too few may be drawn, [`DrawError::TooMany`] beyond the bounds.
pub fn committee(
    seed: &[u8; 32],
    weights: &[u64],
    seats: usize,
    standing: impl Fn(usize) -> Standing,
) -> Result<[u8; COMMITTEE_MAX], DrawError> {
    if weights.len() > VALIDATORS_MAX || seats > COMMITTEE_MAX {
        return Err(DrawError::TooMany);
    }
    // Weights still in the draw, of the fresh and of those who sat before.
    let mut left = [[0u64; VALIDATORS_MAX]; 2];
    let mut candidates = 0;
    for (index, &weight) in weights.iter().enumerate() {
        let tier = match standing(index) {
            Standing::Fresh => 0,
            Standing::SatBefore => 1,
            Standing::Party => continue,
        };
        left[tier][index] = weight.min(WEIGHT_MAX);
        candidates += usize::from(weight > 0);
    }
    if candidates < seats {
        return Err(DrawError::TooFewCandidates { candidates, seats });
    }
    let mut words = Words::new(seed);
    let mut drawn = [0u8; COMMITTEE_MAX];
    let mut seat = 0;
    for tier in &mut left {
        let tier = &mut tier[..weights.len()];
        let mut total: u64 = tier.iter().sum(); // at most VALIDATORS_MAX * WEIGHT_MAX
        while seat < seats && total > 0 {
            let mut point = words.below(total);
            for (index, weight) in tier.iter_mut().enumerate() {
                if point < *weight {
                    drawn[seat] = index as u8; // below VALIDATORS_MAX
                    total -= *weight;
                    *weight = 0;
                    break;
                }
                point -= *weight;
            }
            seat += 1;
        }
    }
    Ok(drawn)
}

/// Caps weights so that none is more than one part in [`WEIGHT_SHARE`] of their sum. With that many members or fewer
/// no such cap exists, and all weigh the same. Weights are at least 1 afterwards.
pub fn cap(weights: &mut [u64]) {
    for weight in &mut *weights {
        *weight = (*weight).clamp(1, WEIGHT_MAX);
    }
    if weights.len() <= WEIGHT_SHARE as usize {
        let least = weights.iter().copied().min().unwrap_or(1);
        weights.fill(least);
        return;
    }
    // With k members at the cap c and `rest` the sum of the others, c = (k c + rest) / SHARE, so c = rest / (SHARE - k).
    // c falls from step to step and k stays below SHARE: fewer than SHARE members can lie above c, because each of them
    // would hold more than its part of a sum that is SHARE times c.
    let mut ceiling = u64::MAX;
    for _ in 0..WEIGHT_SHARE {
        let (mut above, mut rest) = (0u64, 0u64);
        for &weight in &*weights {
            if weight > ceiling {
                above += 1;
            } else {
                rest += weight;
            }
        }
        let next = rest / WEIGHT_SHARE.saturating_sub(above).max(1);
        if next >= ceiling {
            break;
        }
        ceiling = next;
    }
    for weight in &mut *weights {
        *weight = (*weight).min(ceiling).max(1);
    }
}

/// Draws one of `members` for which `excluded` answers false, or none.
pub fn one(seed: &[u8; 32], members: usize, excluded: impl Fn(usize) -> bool) -> Option<usize> {
    let candidates = (0..members).filter(|&i| !excluded(i)).count();
    if candidates == 0 {
        return None;
    }
    let pick = Words::new(seed).below(candidates as u64);
    (0..members).filter(|&i| !excluded(i)).nth(pick as usize)
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

    fn standing(code: u8) -> Standing {
        match code {
            0 => Standing::Fresh,
            1 => Standing::SatBefore,
            _ => Standing::Party,
        }
    }

    proptest! {
        #[test]
        fn a_committee_has_distinct_members_and_no_party(
            seed: [u8; 32], weights in proptest::collection::vec(0u64..=WEIGHT_MAX, 0..=64), seats in 0usize..=9,
            codes in proptest::collection::vec(0u8..3, 64)
        ) {
            let free = |code| (0..weights.len()).filter(|&i| codes[i] == code && weights[i] > 0).count();
            match committee(&seed, &weights, seats, |i| standing(codes[i])) {
                Ok(drawn) => {
                    let mut drawn: Vec<usize> = drawn[..seats].iter().map(|&i| usize::from(i)).collect();
                    prop_assert!(drawn.iter().all(|&i| i < weights.len() && codes[i] < 2 && weights[i] > 0));
                    // Whoever sat before sits again only when everybody fresh does.
                    let again = drawn.iter().filter(|&&i| codes[i] == 1).count();
                    prop_assert_eq!(again, seats.saturating_sub(free(0)));
                    drawn.sort_unstable();
                    drawn.dedup();
                    prop_assert_eq!(drawn.len(), seats);
                }
                Err(error) => {
                    let candidates = free(0) + free(1);
                    prop_assert_eq!(error, DrawError::TooFewCandidates { candidates, seats });
                }
            }
        }

        #[test]
        fn no_capped_weight_is_more_than_its_share_and_the_order_stays(
            weights in proptest::collection::vec(prop_oneof![0u64..100, 0u64..=u64::MAX], 1..=64)
        ) {
            let mut capped = weights.clone();
            cap(&mut capped);
            let total: u64 = capped.iter().sum();
            let share = WEIGHT_SHARE.min(capped.len() as u64);
            prop_assert!(capped.iter().all(|&w| w >= 1 && w <= total / share));
            for (i, &one) in weights.iter().enumerate() {
                prop_assert!(capped[i] <= one.max(1), "a cap never raises");
                for (j, &other) in weights.iter().enumerate() {
                    prop_assert!(one > other || capped[i] <= capped[j]);
                }
            }
            let mut again = capped.clone();
            cap(&mut again);
            prop_assert_eq!(again, capped, "capping twice changes nothing");
        }
    }

    #[test]
    fn weights_below_the_cap_are_kept() {
        let mut even = [7u64; 11];
        cap(&mut even);
        assert_eq!(even, [7; 11]);
        let mut whale = [1u64; 20];
        whale[3] = 1_000;
        cap(&mut whale);
        // Nineteen ones: c = 19 / 9.
        assert_eq!((whale[3], whale[0]), (2, 1));
        let mut few = [5u64, 900, 31];
        cap(&mut few);
        assert_eq!(few, [5; 3]);
        cap(&mut []);
    }

    #[test]
    fn every_member_is_drawn_about_equally_often() {
        let mut seats_of = [0u32; 20];
        for n in 0u32..20_000 {
            let seed = crate::sha256(&[&n.to_le_bytes()]);
            for &i in &committee(&seed, &[3; 20], 5, |_| Standing::Fresh).unwrap()[..5] {
                seats_of[i as usize] += 1;
            }
        }
        // 20,000 draws of 5 out of 20: mean 5,000, standard deviation 61; six of them is generous and fixed.
        assert!(seats_of.iter().all(|&n| (4_634..=5_366).contains(&n)), "{seats_of:?}");
    }

    /// Probability that `member` is among the `seats` drawn one after another by weight: summed over every order.
    fn inclusion(weights: &[f64], member: usize, seats: usize) -> f64 {
        fn go(weights: &mut Vec<f64>, member: usize, seats: usize) -> f64 {
            let total: f64 = weights.iter().sum();
            let mut sum = weights[member] / total;
            if seats > 1 {
                for other in (0..weights.len()).filter(|&i| i != member) {
                    let weight = core::mem::replace(&mut weights[other], 0.0);
                    if weight > 0.0 {
                        sum += weight / total * go(weights, member, seats - 1);
                    }
                    weights[other] = weight;
                }
            }
            sum
        }
        go(&mut weights.to_vec(), member, seats)
    }

    #[test]
    fn members_are_drawn_by_their_weight() {
        let weights = [1u64, 1, 2, 2, 4, 4, 8, 1];
        let exact = weights.map(|w| w as f64);
        let (mut first, mut seats_of) = ([0u32; 8], [0u32; 8]);
        let draws = 40_000u32;
        for n in 0..draws {
            let drawn = committee(&crate::sha256(&[b"w", &n.to_le_bytes()]), &weights, 3, |_| Standing::Fresh).unwrap();
            first[usize::from(drawn[0])] += 1;
            drawn[..3].iter().for_each(|&i| seats_of[usize::from(i)] += 1);
        }
        for i in 0..8 {
            for (found, p) in [(first[i], exact[i] / 23.0), (seats_of[i], inclusion(&exact, i, 3))] {
                let (mean, deviation) = (f64::from(draws) * p, (f64::from(draws) * p * (1.0 - p)).sqrt());
                assert!((f64::from(found) - mean).abs() < 5.0 * deviation, "{i}: {found}, expected {mean}");
            }
        }
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
        let nobody = DrawError::TooFewCandidates { candidates: 0, seats: 1 };
        assert_eq!(committee(&[0; 32], &[0; 5], 1, |_| Standing::Fresh), Err(nobody), "without weight, without a seat");
        assert_eq!(committee(&[0; 32], &[1; 65], 1, |_| Standing::Fresh), Err(DrawError::TooMany));
        assert_eq!(committee(&[0; 32], &[1; 64], 10, |_| Standing::Fresh), Err(DrawError::TooMany));
        assert_eq!(one(&[7; 32], 3, |i| i != 2), Some(2));
    }
}
