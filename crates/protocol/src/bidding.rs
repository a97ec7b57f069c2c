//! The chain of bids of one auction: each is lower than the one before by a least step, and their number is bounded.

use crate::{
    amount,
    limits::{BIDS_MAX, BID_STEP_BPS},
};

/// Price of "no bid yet".
pub const NO_BID: u64 = u64::MAX;

/// Why a bid does not enter the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BidRefusal {
    /// It does not undercut the best by the step.
    NotLower { most: u64 },
    /// The chain holds as many bids as it may.
    ChainFull,
}

/// The highest price that undercuts `best` by the least step: a share of it, and at least one atom.
pub fn next_price_max(best: u64) -> u64 {
    if best == NO_BID {
        return NO_BID - 1;
    }
    // The share of a constant below one whole: it cannot fail.
    let step = amount::share(best, BID_STEP_BPS).unwrap_or(best).max(1);
    best.saturating_sub(step)
}

/// Whether a bid at `price` may follow `best` in a chain of `bids`.
///
/// # Errors
/// [`BidRefusal`].
pub fn admits(best: u64, bids: u8, price: u64) -> Result<(), BidRefusal> {
    let most = next_price_max(best);
    if price > most {
        return Err(BidRefusal::NotLower { most });
    }
    if bids >= BIDS_MAX {
        return Err(BidRefusal::ChainFull);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_bid_is_lower_by_a_fortieth_and_by_at_least_one_atom(best in 1u64..NO_BID) {
            let most = next_price_max(best);
            prop_assert_eq!(best - most, (best / 40).max(1));
            prop_assert_eq!(admits(best, 0, most), Ok(()));
            prop_assert_eq!(admits(best, 0, most + 1), Err(BidRefusal::NotLower { most }));
        }
    }

    #[test]
    fn the_first_bid_may_be_anything_and_the_last_is_one_atom() {
        assert_eq!(admits(NO_BID, 0, NO_BID - 1), Ok(()));
        assert_eq!(admits(NO_BID, 0, NO_BID), Err(BidRefusal::NotLower { most: NO_BID - 1 }));
        assert_eq!((next_price_max(2), next_price_max(1), next_price_max(0)), (1, 0, 0));
        assert_eq!((next_price_max(40), next_price_max(79), next_price_max(80)), (39, 78, 78));
    }

    #[test]
    fn a_full_chain_takes_no_more() {
        assert_eq!(admits(1_000, BIDS_MAX - 1, 1), Ok(()));
        assert_eq!(admits(1_000, BIDS_MAX, 1), Err(BidRefusal::ChainFull));
    }

    /// Whoever fills the chain to keep others out has bid about a fifth of its first price, and is bound by it.
    #[test]
    fn filling_a_chain_is_a_bargain_for_the_tenant() {
        let mut price = 1_000_000;
        for _ in 1..BIDS_MAX {
            price = next_price_max(price);
        }
        assert!(price < 205_000, "{price}");
    }
}
