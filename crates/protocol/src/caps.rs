//! What may happen to one stake within one window, whatever the arbiter says: the market's own caps.
//!
//! A window begins with the first slash or payout after the last one ended, and lasts a configured time. Two windows may
//! follow one another at once, so within any time `T` at most `1 + T / window` (rounded up) windows' worth can happen.

use crate::amount;
use crate::ids::UnixSeconds;
use crate::limits;

/// The verdicts of this window have paid the provider as much as they may: the next payout waits for the next window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutflowCapReached {
    /// When the window ends.
    pub until: UnixSeconds,
}

/// What one stake has seen in the present window, atoms of the stake mint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    /// Zero before the first window.
    pub started_at: UnixSeconds,
    /// The stake (bonded, unbonding and pending) as it stood when the window began.
    pub stake: u64,
    /// Slashed by verdicts.
    pub slashed: u64,
    /// Slashed on evidence.
    pub evidence: u64,
    /// Locks of the jobs that verdicts paid: what those payouts are worth in stake, by the rule of their mint.
    pub outflow: u64,
}

impl Window {
    /// Begins a new window if the last one is over. A clock that steps back begins none.
    pub fn roll(&mut self, now: UnixSeconds, seconds: u32, stake: u64) {
        if now >= self.ends_at(seconds) {
            *self = Self { started_at: now, stake, ..Self::default() };
        }
    }

    /// When the present window ends.
    pub const fn ends_at(&self, seconds: u32) -> UnixSeconds {
        self.started_at.saturating_add(seconds as i64)
    }

    /// How much of `asked` verdicts may slash now. At least one atom per window, so that every slash comes to an end.
    pub fn slash(&mut self, asked: u64, cap_bps: u16) -> u64 {
        let taken = asked.min(room(self.stake, cap_bps, self.slashed));
        self.slashed = self.slashed.saturating_add(taken);
        taken
    }

    /// How much of `asked` evidence may slash now.
    pub fn slash_on_evidence(&mut self, asked: u64) -> u64 {
        let taken = asked.min(room(self.stake, limits::EVIDENCE_CAP_BPS, self.evidence));
        self.evidence = self.evidence.saturating_add(taken);
        taken
    }

    /// Counts a payout by a verdict on a job that had `lock` of the `bonded` stake. The first of a window always passes,
    /// or a job worth more than the cap could never be paid.
    ///
    /// # Errors
    /// [`OutflowCapReached`]: nothing was counted.
    pub fn pay(&mut self, lock: u64, bonded: u64, outflow_bps: u32, seconds: u32) -> Result<(), OutflowCapReached> {
        // A cap beyond 64 bits is none.
        let cap = amount::scale(bonded, outflow_bps).unwrap_or(u64::MAX);
        // A job without a lock is worth something too.
        let outflow = self.outflow.saturating_add(lock.max(1));
        if self.outflow > 0 && outflow > cap {
            return Err(OutflowCapReached { until: self.ends_at(seconds) });
        }
        self.outflow = outflow;
        Ok(())
    }
}

fn room(stake: u64, cap_bps: u16, used: u64) -> u64 {
    // A share above one cannot be configured; it would be the whole.
    amount::share(stake, cap_bps).unwrap_or(stake).max(1).saturating_sub(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_window_ends_exactly_at_its_instant_and_not_when_the_clock_steps_back() {
        let start = Window { started_at: 1_000, stake: 7, slashed: 1, evidence: 2, outflow: 3 };
        for (now, rolls) in [(1_099, false), (1_100, true), (1_101, true), (999, false), (-1, false)] {
            let mut w = start;
            w.roll(now, 100, 9);
            let expected = if rolls { Window { started_at: now, stake: 9, ..Window::default() } } else { start };
            assert_eq!(w, expected, "at {now}");
        }
        let mut first = Window::default();
        first.roll(1_700_000_000, 604_800, 5);
        assert_eq!((first.started_at, first.stake), (1_700_000_000, 5));
    }

    #[test]
    fn verdicts_and_evidence_have_caps_of_their_own() {
        let mut w = Window { stake: 1_000, ..Window::default() };
        assert_eq!((w.slash(60, 1_000), w.slash(60, 1_000), w.slash(60, 1_000)), (60, 40, 0));
        assert_eq!((w.slash_on_evidence(400), w.slash_on_evidence(400), w.slash_on_evidence(1)), (400, 100, 0));
        assert_eq!((w.slashed, w.evidence), (100, 500));
    }

    #[test]
    fn the_first_payout_of_a_window_always_passes_and_the_cap_is_exact() {
        for (third, passes) in [(99, true), (100, true), (101, false)] {
            let mut w = Window { started_at: 10, ..Window::default() };
            assert_eq!(w.pay(500, 1_000, 10_000, 60), Ok(()));
            assert_eq!(w.pay(400, 1_000, 10_000, 60), Ok(()));
            assert_eq!(w.pay(third, 1_000, 10_000, 60).is_ok(), passes);
        }
        let mut w = Window { started_at: 10, ..Window::default() };
        assert_eq!(w.pay(5_000, 1_000, 10_000, 60), Ok(()));
        assert_eq!(w.pay(0, 1_000, 10_000, 60), Err(OutflowCapReached { until: 70 }));
        assert_eq!(w.outflow, 5_000);
    }

    proptest! {
        /// Whatever is asked in whatever order, a window gives no more than its caps, and a slash is never lost: over
        /// enough windows all of it is taken.
        #[test]
        fn a_slash_is_capped_and_comes_to_an_end(stake in 1u64..1_000_000, asked in 1u64..1_000_000, bps in 500u16..=10_000) {
            let asked = asked.min(stake);
            let (mut w, mut left, mut windows) = (Window::default(), asked, 0);
            let cap = amount::share(stake, bps).unwrap().max(1);
            while left > 0 {
                w.roll(w.ends_at(60).max(1), 60, stake);
                let taken = w.slash(left, bps);
                prop_assert!(taken > 0 && taken <= cap && w.slash(left - taken, bps) == 0 || taken == left);
                left -= taken;
                windows += 1;
                prop_assert!(windows <= 21 || cap < asked / 21, "{windows} windows");
            }
        }

        #[test]
        fn no_sequence_of_payouts_passes_the_cap(
            bonded in 0u64..10_000, bps in 10_000u32..100_000, locks in proptest::collection::vec(0u64..5_000, 1..40)
        ) {
            let mut w = Window { started_at: 1, ..Window::default() };
            let cap = amount::scale(bonded, bps).unwrap();
            let mut paid = 0u64;
            for (nth, lock) in locks.into_iter().enumerate() {
                if w.pay(lock, bonded, bps, 60).is_ok() {
                    paid += lock;
                    prop_assert!(nth == 0 || paid <= cap);
                }
            }
        }
    }
}
