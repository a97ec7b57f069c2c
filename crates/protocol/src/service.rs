//! The meter of a service: what the chain's clock allows, when the escrow runs dry, when silence counts as death, and
//! what missed availability costs. Pure; the program stores the fields in its `Job`.
//!
//! The instants that decide money do not depend on who calls when: a service runs dry at [`Meter::dry_at`] whether or
//! not somebody says so, and dies at [`Meter::silent_after`].

use crate::{
    amount::{self, AmountError},
    ids::UnixSeconds,
    limits::{BPS, PAUSE_SECONDS_MAX, RUN_SECONDS_MIN, SERVICE_SECONDS_MAX, SLA_OBSERVATION_SECONDS_MIN},
};

/// What is known of the time of one service. Instants are unix seconds of the chain's clock; zero is "not yet".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Meter {
    /// When it was declared healthy.
    pub started_at: UnixSeconds,
    /// When the present pause began; stays if the service ends in it.
    pub paused_at: UnixSeconds,
    /// When it ended; if it ended in a pause, the pause decides.
    pub ended_at: UnixSeconds,
    /// Milliseconds of the pauses that are over.
    pub paused_ms: u64,
    /// Seconds that the escrow covers.
    pub max_seconds: u32,
    /// Accepted cumulative usage, milliseconds.
    pub usage_ms: u64,
    /// When the last accepted usage was measured, or the service was last resumed.
    pub usage_at: UnixSeconds,
    /// Seconds of silence that count as death.
    pub usage_timeout_seconds: u32,
}

/// The law that a report of usage breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UsageError {
    /// More than the chain's clock and the escrow allow.
    TooMuch { claimed: u64, most: u64 },
}

impl Meter {
    /// The instant at which the usage that the clock allows has consumed the escrow, if the service runs on.
    pub fn dry_at(&self) -> UnixSeconds {
        let paused = i64::try_from(self.paused_ms / 1_000).unwrap_or(i64::MAX);
        self.started_at.saturating_add(paused).saturating_add(i64::from(self.max_seconds))
    }

    /// Whether the escrow has been consumed by the clock at `now`.
    pub fn is_dry(&self, now: UnixSeconds) -> bool {
        now >= self.dry_at()
    }

    /// The last instant that counts: the pause, the end, or now; never beyond the escrow.
    fn until(&self, now: UnixSeconds) -> UnixSeconds {
        if self.paused_at != 0 {
            self.paused_at
        } else if self.ended_at != 0 {
            self.ended_at.min(self.dry_at())
        } else {
            now.min(self.dry_at())
        }
    }

    /// Milliseconds from the start, pauses left out; none before it. A clock that stands still or steps back adds nothing.
    pub fn running_ms(&self, now: UnixSeconds) -> u64 {
        if self.started_at == 0 {
            return 0;
        }
        let elapsed = self.until(now).saturating_sub(self.started_at).max(0).unsigned_abs();
        elapsed.saturating_mul(1_000).saturating_sub(self.paused_ms)
    }

    /// The most usage that may be claimed at `now`, milliseconds: the running time (plus the one second that is the
    /// resolution of the chain's clock, unless a pause ended it at an exact instant), and never more than the escrow.
    pub fn usage_ms_max(&self, now: UnixSeconds) -> u64 {
        let resolution = if self.paused_at == 0 { 1_000 } else { 0 };
        let covered = u64::from(self.max_seconds).saturating_mul(1_000);
        self.running_ms(now).saturating_add(resolution).min(covered)
    }

    /// Takes in a report. Returns whether it said anything new; one that did not changes nothing.
    ///
    /// `measured_at` tells how long ago the total held, so that old reports held back do not make a dead service look
    /// alive; an instant in the future counts as now.
    ///
    /// # Errors
    /// [`UsageError::TooMuch`].
    pub fn accept(&mut self, usage_ms: u64, measured_at: UnixSeconds, now: UnixSeconds) -> Result<bool, UsageError> {
        let most = self.usage_ms_max(now);
        if usage_ms > most.max(self.usage_ms) {
            return Err(UsageError::TooMuch { claimed: usage_ms, most });
        }
        let measured_at = measured_at.min(now);
        if usage_ms < self.usage_ms || (usage_ms == self.usage_ms && measured_at <= self.usage_at) {
            return Ok(false);
        }
        self.usage_ms = usage_ms;
        self.usage_at = self.usage_at.max(measured_at);
        Ok(true)
    }

    /// The instant after which a running service without new usage counts as dead.
    pub fn silent_after(&self) -> UnixSeconds {
        self.usage_at.max(self.started_at).saturating_add(i64::from(self.usage_timeout_seconds))
    }

    /// Whether a running service is dead at `now`. One that ran dry before its silence was long enough is not: it had
    /// nothing more to earn.
    pub fn is_dead(&self, now: UnixSeconds) -> bool {
        now.min(self.dry_at()) > self.silent_after()
    }

    /// The instant after which a paused service may be ended by anyone.
    pub fn pause_over_after(&self) -> UnixSeconds {
        let paused_at = if self.paused_at != 0 { self.paused_at } else { self.dry_at() };
        paused_at.saturating_add(PAUSE_SECONDS_MAX)
    }

    /// The instant after which anyone may end a running or paused service.
    pub fn expires_after(&self) -> UnixSeconds {
        if self.paused_at == 0 && self.silent_after() < self.dry_at() {
            self.silent_after()
        } else {
            self.pause_over_after()
        }
    }

    /// Stops the meter at the instant at which the escrow ran dry.
    pub fn pause(&mut self) {
        self.paused_at = self.dry_at();
    }

    /// Lets the meter run again from `now`; silence is counted from here.
    pub fn resume(&mut self, now: UnixSeconds) {
        let paused = now.saturating_sub(self.paused_at).max(0).unsigned_abs();
        self.paused_ms = self.paused_ms.saturating_add(paused.saturating_mul(1_000));
        self.paused_at = 0;
        self.usage_at = self.usage_at.max(now);
    }

    /// Availability over the whole run, basis points (rounded down), or `None` if it was too short to judge.
    pub fn availability_bps(&self, now: UnixSeconds) -> Option<u16> {
        let running = self.running_ms(now);
        if running < SLA_OBSERVATION_SECONDS_MIN * 1_000 {
            return None;
        }
        let bps = if self.usage_ms >= running {
            BPS
        } else {
            // `running` is above `usage`, and at least 600,000: neither side divides by zero.
            self.usage_ms.checked_mul(BPS).map_or_else(|| self.usage_ms / (running / BPS), |scaled| scaled / running)
        };
        Some(bps.min(BPS) as u16)
    }

    /// Part of `bond` that is due to the tenant: `bond * shortfall / required`, rounded down.
    pub fn sla_due(&self, now: UnixSeconds, bond: u64, required_bps: u16) -> u64 {
        let required = u64::from(required_bps);
        let Some(available) = self.availability_bps(now).map(u64::from) else { return 0 };
        if available >= required {
            return 0;
        }
        let shortfall = required - available; // above zero, hence `required` is
        bond / required * shortfall + bond % required * shortfall / required // at most `bond`, and parts below 1e8
    }
}

/// Why seconds cannot be added to a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TopUpError {
    Amount(AmountError),
    /// Nothing is added, or the whole becomes longer than a service may be.
    Seconds {
        asked: u32,
        most: u32,
    },
}

impl From<AmountError> for TopUpError {
    fn from(error: AmountError) -> Self {
        Self::Amount(error)
    }
}

/// What `seconds` more cost, and the new length: `(atoms to add, max_seconds)`.
///
/// Afterwards the escrow covers the new length at the agreed price. Whoever is not the tenant pays the whole; the
/// tenant (`spends_surplus`) pays what the escrow, made at its ceiling, does not cover already.
///
/// # Errors
/// [`TopUpError`].
pub fn top_up(
    escrowed: u64,
    price_per_second: u64,
    max_seconds: u32,
    seconds: u32,
    spends_surplus: bool,
) -> Result<(u64, u32), TopUpError> {
    let most = SERVICE_SECONDS_MAX.saturating_sub(max_seconds);
    if seconds < RUN_SECONDS_MIN || seconds > most {
        return Err(TopUpError::Seconds { asked: seconds, most });
    }
    let longer = max_seconds + seconds; // at most SERVICE_SECONDS_MAX
    let atoms = if spends_surplus {
        amount::escrow(price_per_second, longer)?.saturating_sub(escrowed)
    } else {
        amount::escrow(price_per_second, seconds)?
    };
    amount::plus(escrowed, atoms)?;
    Ok((atoms, longer))
}

/// What the provider may draw while the service runs: its net of the accepted usage, less what it drew before.
///
/// Cumulative, so that any number of draws in any order together pay exactly what one would.
///
/// # Errors
/// [`AmountError`] if a product exceeds 64 bits, or more was drawn than is earned.
pub fn streamable(
    escrowed: u64,
    price_per_second: u64,
    usage_ms: u64,
    fee_bps: u16,
    streamed: u64,
) -> Result<u64, AmountError> {
    let gross = amount::metered(price_per_second, usage_ms)?.min(escrowed);
    let net = amount::less(gross, amount::share(gross, fee_bps)?)?;
    amount::less(net, streamed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{job::Outcome, settlement::settle};
    use proptest::prelude::*;

    /// Healthy at 1000, an hour of escrow, dead after 30 seconds of silence.
    fn meter() -> Meter {
        Meter { started_at: 1_000, max_seconds: 3_600, usage_timeout_seconds: 30, ..Meter::default() }
    }

    #[test]
    fn usage_is_bounded_by_the_clock_and_by_the_escrow() {
        let m = meter();
        let cases =
            [(999, 1_000), (1_000, 1_000), (1_001, 2_000), (4_599, 3_600_000), (4_600, 3_600_000), (9_999, 3_600_000)];
        for (now, most) in cases {
            assert_eq!(m.usage_ms_max(now), most, "at {now}");
            let mut over = m;
            assert_eq!(over.accept(most + 1, now, now), Err(UsageError::TooMuch { claimed: most + 1, most }));
            assert_eq!(over, m);
            assert_eq!(over.accept(most, now, now), Ok(true));
        }
    }

    #[test]
    fn a_report_that_says_nothing_new_changes_nothing() {
        let mut m = meter();
        assert_eq!(m.accept(50_000, 1_050, 1_060), Ok(true));
        let after = m;
        assert_eq!(m.accept(50_000, 1_050, 1_060), Ok(false));
        assert_eq!(m.accept(49_999, 1_060, 1_060), Ok(false));
        assert_eq!(m, after);
        // The same total, measured later, says that it is alive and earned nothing.
        assert_eq!(m.accept(50_000, 1_055, 1_060), Ok(true));
        assert_eq!((m.usage_ms, m.usage_at), (50_000, 1_055));
    }

    #[test]
    fn an_accepted_total_stays_acceptable_when_the_clock_steps_back() {
        let mut m = meter();
        assert_eq!(m.accept(100_000, 1_100, 1_100), Ok(true));
        assert_eq!(m.accept(100_000, 1_100, 1_010), Ok(false));
        assert_eq!(m.accept(100_001, 1_100, 1_010), Err(UsageError::TooMuch { claimed: 100_001, most: 11_000 }));
    }

    #[test]
    fn silence_is_counted_from_what_was_measured_not_from_when_it_was_sent() {
        let mut m = meter();
        assert!(!m.is_dead(1_030));
        assert!(m.is_dead(1_031));
        // Held back for 25 seconds: it lives five more, not thirty.
        m.accept(10_000, 1_005, 1_030).unwrap();
        assert!(!m.is_dead(1_035));
        assert!(m.is_dead(1_036));
        // A future instant counts as now.
        m.accept(20_000, i64::MAX, 1_030).unwrap();
        assert_eq!(m.silent_after(), 1_060);
    }

    #[test]
    fn whoever_ran_dry_before_it_was_silent_for_long_is_not_dead() {
        let mut m = Meter { max_seconds: 60, ..meter() };
        m.accept(40_000, 1_040, 1_040).unwrap();
        assert!(!m.is_dead(5_000));
        assert_eq!(m.expires_after(), 1_060 + PAUSE_SECONDS_MAX);
        let silent = Meter { max_seconds: 60, ..meter() };
        assert!(silent.is_dead(5_000));
        assert_eq!(silent.expires_after(), 1_030);
        // Silent for exactly the timeout when it ran dry: not dead.
        let edge = Meter { max_seconds: 30, ..meter() };
        assert!(!edge.is_dead(i64::MAX));
        assert_eq!(edge.expires_after(), 1_030 + PAUSE_SECONDS_MAX);
    }

    #[test]
    fn a_pause_begins_when_the_escrow_ran_dry_whoever_says_so_when() {
        let mut m = Meter { max_seconds: 60, ..meter() };
        assert!(!m.is_dry(1_059));
        assert!(m.is_dry(1_060));
        m.pause();
        assert_eq!((m.paused_at, m.running_ms(9_999), m.usage_ms_max(9_999)), (1_060, 60_000, 60_000));
        m.max_seconds = 100;
        // Still paused: nothing more is earned, however long it waits.
        assert_eq!((m.running_ms(9_999), m.usage_ms_max(9_999)), (60_000, 60_000));
        m.resume(2_000);
        assert_eq!((m.paused_at, m.paused_ms, m.usage_at), (0, 940_000, 2_000));
        assert_eq!((m.running_ms(2_000), m.usage_ms_max(2_000)), (60_000, 61_000));
        assert_eq!((m.running_ms(2_010), m.dry_at()), (70_000, 2_040));
        assert_eq!(m.usage_ms_max(9_999), 100_000);
    }

    #[test]
    fn a_service_that_ended_in_a_pause_ended_when_the_pause_began() {
        let mut m = Meter { max_seconds: 60, ..meter() };
        m.pause();
        m.ended_at = 5_000;
        assert_eq!(m.running_ms(9_999), 60_000);
        let ended = Meter { ended_at: 1_050, ..meter() };
        assert_eq!((ended.running_ms(9_999), ended.usage_ms_max(9_999)), (50_000, 51_000));
    }

    #[test]
    fn what_never_started_owes_nothing() {
        let never = Meter { started_at: 0, ..meter() };
        assert_eq!((never.running_ms(i64::MAX), never.sla_due(i64::MAX, 1_000, 10_000)), (0, 0));
    }

    #[test]
    fn availability_is_judged_over_long_enough_runs_only() {
        let m = |seconds: i64, usage_ms: u64| Meter { ended_at: 1_000 + seconds, usage_ms, ..meter() };
        assert_eq!(m(599, 0).availability_bps(0), None);
        assert_eq!(m(600, 0).availability_bps(0), Some(0));
        assert_eq!(m(1_000, 999_999).availability_bps(0), Some(9_999));
        assert_eq!(m(1_000, 1_000_000).availability_bps(0), Some(10_000));
        assert_eq!(m(1_000, 1_001_000).availability_bps(0), Some(10_000));
    }

    #[test]
    fn the_bond_is_due_in_proportion_to_the_shortfall() {
        let m = |usage_ms: u64| Meter { ended_at: 2_000, usage_ms, ..meter() };
        for (usage_ms, required, due) in [
            (1_000_000, 9_500, 0),
            (950_000, 9_500, 0),
            (949_999, 9_500, 1_000 / 9_500),
            (475_000, 9_500, 500),
            (0, 9_500, 1_000),
            (0, 1, 1_000),
            (0, 0, 0),
            (999_900, 10_000, 0),
        ] {
            assert_eq!(m(usage_ms).sla_due(0, 1_000, required), due, "{usage_ms} of 1000000 at {required}");
        }
        assert_eq!(m(0).sla_due(0, u64::MAX, 10_000), u64::MAX);
        assert_eq!(Meter { ended_at: 1_599, ..meter() }.sla_due(0, 1_000, 9_500), 0);
    }

    #[test]
    fn the_tenants_top_up_uses_its_surplus_first_and_a_strangers_does_not() {
        // Ceiling 10, price 8, 100 seconds: 200 atoms are surplus, which is 25 seconds.
        assert_eq!(top_up(1_000, 8, 100, 25, true), Ok((0, 125)));
        assert_eq!(top_up(1_000, 8, 100, 26, true), Ok((8, 126)));
        assert_eq!(top_up(1_000, 8, 100, 26, false), Ok((208, 126)));
    }

    #[test]
    fn a_top_up_is_bounded() {
        let most = SERVICE_SECONDS_MAX - 100;
        assert_eq!(top_up(0, 1, 100, 0, true), Err(TopUpError::Seconds { asked: 0, most }));
        assert_eq!(top_up(100, 1, 100, most, true), Ok((u64::from(most), SERVICE_SECONDS_MAX)));
        assert_eq!(top_up(0, 1, 100, most + 1, true), Err(TopUpError::Seconds { asked: most + 1, most }));
        assert_eq!(top_up(0, u64::MAX, 100, 2, false), Err(TopUpError::Amount(AmountError::Overflow)));
        assert_eq!(top_up(u64::MAX, 1, 1, 1, false), Err(TopUpError::Amount(AmountError::Overflow)));
    }

    fn any_meter() -> impl Strategy<Value = Meter> {
        (any::<[i64; 4]>(), any::<[u64; 2]>(), any::<[u32; 2]>()).prop_map(|(at, ms, seconds)| Meter {
            started_at: at[0],
            paused_at: at[1],
            ended_at: at[2],
            paused_ms: ms[0],
            max_seconds: seconds[0],
            usage_ms: ms[1],
            usage_at: at[3],
            usage_timeout_seconds: seconds[1],
        })
    }

    proptest! {
        /// Whatever is stored and whatever is asked.
        #[test]
        fn nothing_panics_at_extremes(m in any_meter(), now: i64, usage: u64, at: i64, bond: u64, required in 0u16..=10_000) {
            prop_assert!(m.usage_ms_max(now) <= u64::from(m.max_seconds) * 1_000);
            prop_assert!(m.sla_due(now, bond, required) <= bond);
            prop_assert!(m.availability_bps(now).is_none_or(|bps| u64::from(bps) <= BPS));
            let _ = (m.is_dead(now), m.is_dry(now), m.expires_after(), m.pause_over_after());
            let mut other = m;
            if other.accept(usage, at, now).is_ok() {
                prop_assert!(other.usage_ms >= m.usage_ms && other.usage_at >= m.usage_at);
            } else {
                prop_assert_eq!(other, m);
            }
            other.pause();
            other.resume(now);
            prop_assert!(other.paused_ms >= m.paused_ms && other.paused_at == 0);
        }

        #[test]
        fn what_is_due_equals_wide_arithmetic(usage in 0u64..2_000_000, bond: u64, required in 1u16..=10_000) {
            let m = Meter { ended_at: 2_000, usage_ms: usage, ..meter() };
            let available = (usage as u128 * 10_000 / 1_000_000).min(10_000);
            let short = (required as u128).saturating_sub(available);
            prop_assert_eq!(m.sla_due(0, bond, required) as u128, bond as u128 * short / required as u128);
        }

        /// Reports in any order, lost or repeated, and draws at any time: together never more than the settlement
        /// pays, and exactly that with the last draw.
        #[test]
        fn draws_in_any_order_pay_once(
            reports in proptest::collection::vec((0u64..4_000_000, 1_000i64..5_000), 1..20),
            price in 1u64..1 << 30, fee in 0u16..=1_000, draws: u32
        ) {
            let escrowed = amount::escrow(price, 3_600).unwrap();
            let (mut m, mut streamed) = (meter(), 0);
            for (n, &(usage, now)) in reports.iter().enumerate() {
                let _ = m.accept(usage, now, now);
                if draws >> n & 1 == 1 {
                    streamed += streamable(escrowed, price, m.usage_ms, fee, streamed).unwrap();
                }
            }
            let parts = settle(Outcome::Stopped, escrowed, price, m.usage_ms, fee).unwrap();
            prop_assert!(streamed <= parts.paid);
            prop_assert_eq!(streamed + streamable(escrowed, price, m.usage_ms, fee, streamed).unwrap(), parts.paid);
            prop_assert_eq!(parts.paid + parts.fee + parts.refunded, escrowed);
        }

        /// The escrow covers the length that the meter enforces, after any top-ups.
        #[test]
        fn the_escrow_always_covers_the_length(
            ceiling in 1u64..1 << 30, price in 1u64..1 << 30, seconds in 1u32..=86_400,
            tops in proptest::collection::vec((1u32..100_000, any::<bool>()), 0..10)
        ) {
            let price = price.min(ceiling);
            let (mut escrowed, mut length) = (amount::escrow(ceiling, seconds).unwrap(), seconds);
            for (more, by_tenant) in tops {
                let (atoms, longer) = top_up(escrowed, price, length, more, by_tenant).unwrap();
                (escrowed, length) = (escrowed + atoms, longer);
                prop_assert!(amount::escrow(price, length).unwrap() <= escrowed);
            }
        }
    }
}
