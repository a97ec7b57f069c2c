//! Who gets what of an escrow. Paid + refunded + fee is exactly what was escrowed, always.

use crate::amount::{self, AmountError};
use crate::job::Outcome;

/// The three parts of an escrow, in atoms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settlement {
    /// Net to the provider.
    pub paid: u64,
    /// Back to the tenant.
    pub refunded: u64,
    /// To the platform: out of the provider's gross.
    pub fee: u64,
}

/// Splits `escrowed` atoms by the outcome.
///
/// `metered_ms` is already bounded by what the chain's clock allows; the gross never exceeds the escrow.
///
/// # Errors
/// [`AmountError`] if a product exceeds 64 bits or the fee exceeds one whole.
pub fn settle(
    outcome: Outcome,
    escrowed: u64,
    price_per_second: u64,
    metered_ms: u64,
    fee_bps: u16,
) -> Result<Settlement, AmountError> {
    if !outcome.pays_provider() {
        return Ok(Settlement { paid: 0, refunded: escrowed, fee: 0 });
    }
    let gross = amount::metered(price_per_second, metered_ms)?.min(escrowed);
    let fee = amount::share(gross, fee_bps)?;
    Ok(Settlement { paid: amount::less(gross, fee)?, refunded: amount::less(escrowed, gross)?, fee })
}

/// Shares of a fee, basis points of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeeShares {
    /// Destroyed: zero unless the fee is in the native token.
    pub burn_bps: u16,
    pub audit_bps: u16,
}

/// The three parts of a fee, in atoms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FeeParts {
    pub burnt: u64,
    pub audits: u64,
    /// The rest, with what rounding leaves.
    pub treasury: u64,
}

/// Splits a fee to the atom.
///
/// # Errors
/// [`AmountError`] if the shares exceed one whole.
pub fn split_fee(fee: u64, shares: FeeShares) -> Result<FeeParts, AmountError> {
    let burnt = amount::share(fee, shares.burn_bps)?;
    let audits = amount::share(fee, shares.audit_bps)?;
    Ok(FeeParts { burnt, audits, treasury: amount::less(fee, amount::plus(burnt, audits)?)? })
}

/// The most milliseconds a receipt may claim: the time between start and receipt on the chain's clock (whose
/// resolution is one second, hence the one added), and never more than the job reserved.
pub fn metered_ms_max(started_at: i64, receipt_at: i64, max_seconds: u32) -> u64 {
    let elapsed = receipt_at.saturating_sub(started_at).max(0).unsigned_abs();
    elapsed.saturating_add(1).min(u64::from(max_seconds)).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_made(
            code in 0u8..=15, escrowed: u64, price in 0u64..1 << 40, ms in 0u64..86_400_000, fee in 0u16..=10_000
        ) {
            let outcome = Outcome::from_code(code).unwrap();
            let s = settle(outcome, escrowed, price, ms, fee).unwrap();
            prop_assert_eq!(s.paid as u128 + s.refunded as u128 + s.fee as u128, escrowed as u128);
            if !outcome.pays_provider() {
                prop_assert_eq!(s.refunded, escrowed);
            }
        }
    }

    proptest! {
        #[test]
        fn a_fee_is_split_to_the_atom(fee: u64, burn_bps in 0u16..=10_000, audit in 0u16..=10_000) {
            let audit_bps = audit.min(10_000 - burn_bps);
            let parts = split_fee(fee, FeeShares { burn_bps, audit_bps }).unwrap();
            prop_assert_eq!(parts.burnt as u128 + parts.audits as u128 + parts.treasury as u128, fee as u128);
            prop_assert_eq!(parts.burnt, amount::share(fee, burn_bps).unwrap());
        }
    }

    #[test]
    fn shares_above_one_whole_are_refused() {
        let split = |burn_bps, audit_bps| split_fee(100, FeeShares { burn_bps, audit_bps });
        assert_eq!(split(5_000, 5_000), Ok(FeeParts { burnt: 50, audits: 50, treasury: 0 }));
        assert_eq!(split(5_100, 5_000), Err(AmountError::Underflow));
        assert_eq!(split(10_001, 0), Err(AmountError::ShareAboveOne));
    }

    #[test]
    fn the_fee_of_the_original_contract_is_two_and_a_half_percent_of_the_gross() {
        let s = settle(Outcome::Accepted, 1_000_000, 1_000, 400_000, 250).unwrap();
        assert_eq!(s, Settlement { paid: 390_000, refunded: 600_000, fee: 10_000 });
    }

    #[test]
    fn a_claim_beyond_the_escrow_is_capped_by_it() {
        let s = settle(Outcome::Accepted, 10, 1_000, 1_000_000, 0).unwrap();
        assert_eq!(s, Settlement { paid: 10, refunded: 0, fee: 0 });
    }

    #[test]
    fn metered_time_is_bounded_by_the_chains_clock_and_by_the_reservation() {
        assert_eq!(metered_ms_max(100, 105, 60), 6_000);
        assert_eq!(metered_ms_max(100, 1_000, 60), 60_000);
        assert_eq!(metered_ms_max(105, 100, 60), 1_000); // a clock that steps back earns at most one second
    }
}
