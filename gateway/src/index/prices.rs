//! Percentiles and buckets of prices.

use serde::Serialize;
use utoipa::ToSchema;

use crate::encode::Amount;

/// Where prices lie, atoms per second. Null where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Percentiles {
    pub p10: Option<Amount>,
    pub p50: Option<Amount>,
    pub p90: Option<Amount>,
    pub count: u64,
}

/// Prices of matches within one span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bucket {
    /// Its begin, unix seconds.
    pub at: i64,
    pub min: Amount,
    pub median: Amount,
    pub max: Amount,
    pub count: u64,
}

/// The price that `share` percent of the sorted prices do not exceed (nearest rank).
fn rank(sorted: &[u64], share: usize) -> Option<u64> {
    let place = sorted.len().checked_mul(share)?.div_ceil(100).max(1);
    sorted.get(place.checked_sub(1)?).copied()
}

/// Percentiles of prices in any order.
pub fn percentiles(mut prices: Vec<u64>) -> Percentiles {
    prices.sort_unstable();
    let at = |share| rank(&prices, share).map(Amount);
    Percentiles { p10: at(10), p50: at(50), p90: at(90), count: prices.len() as u64 }
}

/// Buckets of `width` seconds over points `(at, price)`, oldest first; empty ones are left out.
pub fn buckets(points: &[(i64, u64)], width: i64) -> Vec<Bucket> {
    let width = width.max(1);
    let mut sorted: Vec<(i64, u64)> =
        points.iter().map(|(at, price)| (at.div_euclid(width).saturating_mul(width), *price)).collect();
    sorted.sort_unstable();
    sorted
        .chunk_by(|one, two| one.0 == two.0)
        .filter_map(|chunk| {
            let prices: Vec<u64> = chunk.iter().map(|(_, price)| *price).collect();
            Some(Bucket {
                at: chunk.first()?.0,
                min: Amount(*prices.first()?),
                median: Amount(rank(&prices, 50)?),
                max: Amount(*prices.last()?),
                count: prices.len() as u64,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_prices_that_were_asked() {
        let found = percentiles(vec![50, 10, 30, 20, 40, 60, 70, 80, 90, 100]);
        assert_eq!(
            found,
            Percentiles { p10: Some(Amount(10)), p50: Some(Amount(50)), p90: Some(Amount(90)), count: 10 }
        );
        assert_eq!(percentiles(vec![]), Percentiles::default());
        let one = percentiles(vec![u64::MAX]);
        assert_eq!((one.p10, one.p90), (Some(Amount(u64::MAX)), Some(Amount(u64::MAX))));
    }

    #[test]
    fn buckets_begin_at_multiples_of_their_width() {
        let found = buckets(&[(3_600, 5), (7_199, 1), (7_200, 9), (0, 2)], 3_600);
        let shown: Vec<_> = found.iter().map(|b| (b.at, b.min.0, b.median.0, b.max.0, b.count)).collect();
        assert_eq!(shown, [(0, 2, 2, 2, 1), (3_600, 1, 1, 5, 2), (7_200, 9, 9, 9, 1)]);
        assert_eq!(buckets(&[(-1, 5)], 10)[0].at, -10);
        assert_eq!(buckets(&[(i64::MAX, 5), (i64::MIN, 5)], 0).len(), 2);
    }
}
