//! Uptime from counted heartbeats: a week of six-hour buckets, and what may be concluded from it.

use crate::ids::UnixSeconds;

/// Seconds of one bucket.
pub const BUCKET_SECONDS: i64 = 21_600;
/// Buckets kept: seven days.
pub const BUCKETS: usize = 28;
/// Heartbeat slots of one bucket at most: one every thirty seconds.
pub const BUCKET_SLOTS_MAX: u16 = 720;
/// Fewer slots than this decide nothing (about seventeen hours).
pub const SLOTS_MIN: u32 = 2_000;

/// Why a measurement does not enter the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UptimeError {
    /// More answers than slots, no slots, or more slots than a bucket has.
    Counts { up: u16, total: u16 },
    /// The bucket lies before the time the clock can name.
    Bucket { at: UnixSeconds },
    /// This bucket has been recorded, or a later one has.
    NotNewer { bucket: u32, last: u32 },
}

/// A week of heartbeats. Position in the arrays is the bucket's number modulo [`BUCKETS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct History {
    pub up: [u16; BUCKETS],
    pub total: [u16; BUCKETS],
    /// Number of the last recorded bucket; zero if there is none.
    pub last: u32,
}

/// Number of the bucket that ends at `until`.
///
/// # Errors
/// [`UptimeError::Bucket`] for a time before the first bucket's end or beyond 32 bits of buckets.
pub fn bucket_ending(until: UnixSeconds) -> Result<u32, UptimeError> {
    // Unsigned, because the on-chain target divides no signed numbers.
    let since_1970 = u64::try_from(until).map_err(|_| UptimeError::Bucket { at: until })?;
    match u32::try_from(since_1970 / BUCKET_SECONDS.unsigned_abs()) {
        Ok(bucket) if bucket > 0 => Ok(bucket),
        _ => Err(UptimeError::Bucket { at: until }),
    }
}

impl History {
    /// Enters one bucket, once, in order of time; buckets that nobody measured are empty.
    ///
    /// # Errors
    /// [`UptimeError`].
    pub fn record(&mut self, bucket: u32, up: u16, total: u16) -> Result<(), UptimeError> {
        if up > total || total == 0 || total > BUCKET_SLOTS_MAX {
            return Err(UptimeError::Counts { up, total });
        }
        if bucket <= self.last {
            return Err(UptimeError::NotNewer { bucket, last: self.last });
        }
        let skipped = (bucket - self.last).min(BUCKETS as u32);
        for back in 0..skipped {
            let at = (bucket - back) as usize % BUCKETS;
            self.up[at] = 0;
            self.total[at] = 0;
        }
        let at = bucket as usize % BUCKETS;
        self.up[at] = up;
        self.total[at] = total;
        self.last = bucket;
        Ok(())
    }

    /// Answered and counted slots of the week.
    pub fn counts(&self) -> (u32, u32) {
        let sum = |of: &[u16; BUCKETS]| of.iter().map(|&n| u32::from(n)).sum();
        (sum(&self.up), sum(&self.total))
    }

    /// Uptime to hold a provider to, basis points, or nothing while too little was measured.
    pub fn uptime_bps(&self) -> Option<u16> {
        let (up, total) = self.counts();
        (total >= SLOTS_MIN).then(|| upper_bound_bps(up, total))
    }
}

/// Upper end of Wilson's 99 % interval for `up` of `total`, basis points: a provider is refused only where chance
/// does not explain its misses. (E. B. Wilson, "Probable inference", 1927; z = 2.576.)
pub fn upper_bound_bps(up: u32, total: u32) -> u16 {
    if total == 0 {
        return 10_000;
    }
    let (up, n) = (u64::from(up.min(total)), u64::from(total));
    // All in millionths; z^2 = 6.635776. With n <= 28 x 720 slots no product comes near 64 bits.
    const Z_THOUSANDTHS: u64 = 2_576;
    const Z2_MILLIONTHS: u64 = Z_THOUSANDTHS * Z_THOUSANDTHS;
    let spread = (up * (n - up) * 1_000_000 / n + Z2_MILLIONTHS / 4).isqrt();
    let above = up * 1_000_000 + Z2_MILLIONTHS / 2 + Z_THOUSANDTHS * spread;
    let below = n * 1_000_000 + Z2_MILLIONTHS;
    (above * 10_000 / below).min(10_000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EMPTY: History = History { up: [0; BUCKETS], total: [0; BUCKETS], last: 0 };

    #[test]
    fn too_little_decides_nothing() {
        let mut h = EMPTY;
        h.record(100, 0, 720).unwrap();
        h.record(101, 0, 720).unwrap();
        assert_eq!(h.uptime_bps(), None);
        h.record(102, 0, 559).unwrap();
        assert_eq!(h.uptime_bps(), None);
        h.record(103, 0, 1).unwrap();
        assert!(h.uptime_bps().is_some_and(|bps| bps < 100));
    }

    #[test]
    fn a_bucket_counts_once_and_old_ones_leave() {
        let mut h = EMPTY;
        h.record(10, 700, 720).unwrap();
        assert_eq!(h.record(10, 720, 720), Err(UptimeError::NotNewer { bucket: 10, last: 10 }));
        assert_eq!(h.record(9, 720, 720), Err(UptimeError::NotNewer { bucket: 9, last: 10 }));
        h.record(37, 10, 20).unwrap();
        assert_eq!(h.counts(), (710, 740));
        h.record(38, 1, 1).unwrap();
        assert_eq!(h.counts(), (11, 21));
        h.record(u32::MAX, 5, 5).unwrap();
        assert_eq!(h.counts(), (5, 5));
    }

    #[test]
    fn impossible_counts_are_refused() {
        let mut h = EMPTY;
        for (up, total) in [(2, 1), (0, 0), (0, 721)] {
            assert_eq!(h.record(1, up, total), Err(UptimeError::Counts { up, total }));
        }
        assert_eq!(h, EMPTY);
        assert_eq!(bucket_ending(-1), Err(UptimeError::Bucket { at: -1 }));
        assert_eq!(bucket_ending(21_599), Err(UptimeError::Bucket { at: 21_599 }));
        assert_eq!(bucket_ending(21_600), Ok(1));
        assert_eq!(bucket_ending(i64::MAX), Err(UptimeError::Bucket { at: i64::MAX }));
    }

    #[test]
    fn the_bound_is_wilsons() {
        // Computed with the textbook formula in floating point.
        for (up, n) in
            [(1_900u32, 2_000u32), (1_850, 2_000), (19_152, 20_160), (0, 20_160), (20_160, 20_160), (1_000, 2_000)]
        {
            let (p, m, z) = (f64::from(up) / f64::from(n), f64::from(n), 2.576f64);
            let exact =
                (p + z * z / (2.0 * m) + z * (p * (1.0 - p) / m + z * z / (4.0 * m * m)).sqrt()) / (1.0 + z * z / m);
            let found = f64::from(upper_bound_bps(up, n));
            assert!((exact * 10_000.0 - found).abs() <= 1.5, "{up} of {n}: {exact} and {found}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_bound_is_above_the_share(up in 0u32..=20_160, n in 1u32..=20_160) {
            let bound = u32::from(upper_bound_bps(up, n));
            prop_assert!(bound <= 10_000);
            prop_assert!(bound + 1 >= up.min(n) * 10_000 / n);
        }
    }
}
