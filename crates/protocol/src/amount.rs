//! Money arithmetic: integers in the mint's atoms, checked, rounding down so that dust stays in the escrow.

use crate::limits::BPS;

/// The law of arithmetic that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountError {
    /// The result does not fit 64 bits.
    Overflow,
    /// More would be taken than there is.
    Underflow,
    /// A share above one whole.
    ShareAboveOne,
}

/// `floor(amount * bps / 10_000)` for `bps <= 10_000`; never overflows.
///
/// # Errors
/// [`AmountError::ShareAboveOne`] if `bps` is above 10,000.
pub fn share(amount: u64, bps: u16) -> Result<u64, AmountError> {
    let bps = u64::from(bps);
    if bps > BPS {
        return Err(AmountError::ShareAboveOne);
    }
    // Split so that no intermediate exceeds 64 bits: (q*B + r) * b / B = q*b + r*b/B.
    Ok(amount / BPS * bps + amount % BPS * bps / BPS)
}

/// `floor(amount * bps / 10_000)` for any `bps`.
///
/// # Errors
/// [`AmountError::Overflow`] if the result exceeds 64 bits.
pub fn scale(amount: u64, bps: u32) -> Result<u64, AmountError> {
    let bps = u64::from(bps);
    let whole = (amount / BPS).checked_mul(bps).ok_or(AmountError::Overflow)?;
    whole.checked_add(amount % BPS * bps / BPS).ok_or(AmountError::Overflow)
}

/// `floor(amount * part / whole)` for `part <= whole`: a share of a pool. Exact, and in 64 bits throughout.
///
/// # Errors
/// [`AmountError::ShareAboveOne`] if `part` exceeds `whole` or `whole` is zero.
pub fn portion(amount: u64, part: u64, whole: u64) -> Result<u64, AmountError> {
    if part > whole || whole == 0 {
        return Err(AmountError::ShareAboveOne);
    }
    // Long division, one bit of `amount` at a time: the remainder stays below `whole`, so that doubling it and adding
    // `part` are comparisons against what is missing to `whole`, and nothing leaves 64 bits. `part = whole` is one whole.
    if part == whole {
        return Ok(amount);
    }
    let (mut quotient, mut rest) = (0u64, 0u64);
    for bit in (0..u64::BITS).rev() {
        quotient <<= 1;
        if rest >= whole - rest {
            rest -= whole - rest;
            quotient += 1;
        } else {
            rest += rest;
        }
        if amount >> bit & 1 == 1 {
            if rest >= whole - part {
                rest -= whole - part;
                quotient += 1;
            } else {
                rest += part;
            }
        }
    }
    Ok(quotient)
}

/// Price of `milliseconds` at `price_per_second` atoms: `floor(price * ms / 1000)`.
///
/// # Errors
/// [`AmountError::Overflow`] if the result exceeds 64 bits.
pub fn metered(price_per_second: u64, milliseconds: u64) -> Result<u64, AmountError> {
    let (seconds, rest) = (milliseconds / 1_000, milliseconds % 1_000);
    let whole = price_per_second.checked_mul(seconds).ok_or(AmountError::Overflow)?;
    let part = price_per_second / 1_000 * rest + price_per_second % 1_000 * rest / 1_000;
    whole.checked_add(part).ok_or(AmountError::Overflow)
}

/// Escrow that covers `seconds` at `price_per_second` atoms.
///
/// # Errors
/// [`AmountError::Overflow`] if the product exceeds 64 bits.
pub fn escrow(price_per_second: u64, seconds: u32) -> Result<u64, AmountError> {
    price_per_second.checked_mul(u64::from(seconds)).ok_or(AmountError::Overflow)
}

/// Subtraction that refuses to go below zero.
///
/// # Errors
/// [`AmountError::Underflow`] if `b > a`.
pub fn less(a: u64, b: u64) -> Result<u64, AmountError> {
    a.checked_sub(b).ok_or(AmountError::Underflow)
}

/// Addition that refuses to wrap.
///
/// # Errors
/// [`AmountError::Overflow`] if the sum exceeds 64 bits.
pub fn plus(a: u64, b: u64) -> Result<u64, AmountError> {
    a.checked_add(b).ok_or(AmountError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn share_equals_wide_arithmetic(amount: u64, bps in 0u16..=10_000) {
            prop_assert_eq!(share(amount, bps).unwrap() as u128, amount as u128 * bps as u128 / 10_000);
        }

        #[test]
        fn scale_equals_wide_arithmetic_or_overflows(amount: u64, bps: u32) {
            let wide = amount as u128 * bps as u128 / 10_000;
            prop_assert_eq!(scale(amount, bps), u64::try_from(wide).map_err(|_| AmountError::Overflow));
        }

        #[test]
        fn portion_equals_wide_arithmetic(amount: u64, a: u64, b: u64) {
            let (part, whole) = (a.min(b), a.max(b).max(1));
            let wide = amount as u128 * part as u128 / whole as u128;
            prop_assert_eq!(portion(amount, part, whole).unwrap() as u128, wide);
            prop_assert_eq!(portion(amount, whole, whole), Ok(amount));
        }

        /// However a pool is divided, no more leaves it than it holds.
        #[test]
        fn portions_of_all_parts_never_exceed_the_whole(
            amount: u64, parts in proptest::collection::vec(0u64..1 << 58, 1..32)
        ) {
            let whole: u64 = parts.iter().sum::<u64>().max(1);
            let paid: u128 = parts.iter().map(|part| u128::from(portion(amount, *part, whole).unwrap())).sum();
            prop_assert!(paid <= u128::from(amount));
        }

        #[test]
        fn metered_equals_wide_arithmetic_or_overflows(price: u64, ms in 0u64..100_000_000_000) {
            let wide = price as u128 * ms as u128 / 1_000;
            prop_assert_eq!(metered(price, ms), u64::try_from(wide).map_err(|_| AmountError::Overflow));
        }
    }

    #[test]
    fn a_share_above_one_is_refused() {
        assert_eq!(share(1, 10_001), Err(AmountError::ShareAboveOne));
        assert_eq!(portion(1, 2, 1), Err(AmountError::ShareAboveOne));
        assert_eq!(portion(1, 0, 0), Err(AmountError::ShareAboveOne));
    }

    #[test]
    fn boundaries_of_64_bits_hold() {
        assert_eq!(share(u64::MAX, 10_000), Ok(u64::MAX));
        assert_eq!(escrow(u64::MAX, 1), Ok(u64::MAX));
        assert_eq!(escrow(u64::MAX, 2), Err(AmountError::Overflow));
        assert_eq!(metered(u64::MAX, 1_000), Ok(u64::MAX));
        assert_eq!(metered(u64::MAX, 1_001), Err(AmountError::Overflow));
        assert_eq!(portion(u64::MAX, u64::MAX - 1, u64::MAX), Ok(u64::MAX - 1));
        assert_eq!(portion(u64::MAX, 1, u64::MAX), Ok(1));
        assert_eq!(portion(u64::MAX - 1, 1, u64::MAX), Ok(0));
        assert_eq!(portion(u64::MAX, 1 << 63, u64::MAX), Ok(1 << 63));
        assert_eq!(less(1, 2), Err(AmountError::Underflow));
        assert_eq!(plus(u64::MAX, 1), Err(AmountError::Overflow));
    }
}
