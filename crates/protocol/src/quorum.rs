//! Counting opinions. Votes are bits of a bitmap indexed by seat, counted by popcount: one seat, one bit.

use crate::ids::UnixSeconds;
use crate::verdict::Opinion;

/// Where a round stands on the chain's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Seats commit; nobody has said anything yet.
    Committing,
    /// Seats that committed reveal.
    Revealing,
    /// Nothing more can come.
    Over,
}

/// Why a commitment is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitError {
    NoSuchSeat,
    /// The commit window has passed, or every seat has committed.
    TooLate,
    /// A commitment is never replaced.
    AlreadyCommitted,
}

/// The two windows of a round, and which seats have committed (a bitmap).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Windows {
    pub seats: u8,
    pub committed: u16,
    /// The last instant at which seats commit.
    pub commit_until: UnixSeconds,
    /// The last instant at which they reveal.
    pub reveal_until: UnixSeconds,
}

impl Windows {
    /// Windows of a round that opens now.
    pub fn open(seats: u8, now: UnixSeconds, commit_seconds: u32, reveal_seconds: u32) -> Self {
        let commit_until = now.saturating_add(i64::from(commit_seconds));
        Self { seats, committed: 0, commit_until, reveal_until: commit_until.saturating_add(i64::from(reveal_seconds)) }
    }

    /// Whether every seat has committed.
    pub const fn all_committed(&self) -> bool {
        self.committed.count_ones() >= self.seats as u32
    }

    pub const fn phase(&self, now: UnixSeconds) -> Phase {
        if now > self.reveal_until {
            Phase::Over
        } else if now > self.commit_until || self.all_committed() {
            Phase::Revealing
        } else {
            Phase::Committing
        }
    }

    /// Notes the commitment of `seat`. The last one ends the commit window: the reveal window, as long as it was to be,
    /// begins at once.
    ///
    /// # Errors
    /// [`CommitError`]; nothing has changed then.
    pub fn commit(&mut self, seat: u8, now: UnixSeconds) -> Result<(), CommitError> {
        let bit = self.bit(seat).ok_or(CommitError::NoSuchSeat)?;
        if self.committed & bit != 0 {
            return Err(CommitError::AlreadyCommitted);
        }
        if self.phase(now) != Phase::Committing {
            return Err(CommitError::TooLate);
        }
        self.committed |= bit;
        if self.all_committed() {
            let reveal_seconds = self.reveal_until.saturating_sub(self.commit_until);
            self.commit_until = now;
            self.reveal_until = now.saturating_add(reveal_seconds);
        }
        Ok(())
    }

    /// The bit of a seat, if there is such a seat.
    pub const fn bit(&self, seat: u8) -> Option<u16> {
        if seat < self.seats && (seat as u32) < u16::BITS {
            Some(1 << seat)
        } else {
            None
        }
    }

    /// Whether no vote can come any more: the windows have passed, or everybody who committed has spoken.
    pub const fn closed(&self, spoken: u16, now: UnixSeconds) -> bool {
        match self.phase(now) {
            Phase::Committing => false,
            Phase::Revealing => self.committed & !spoken == 0,
            Phase::Over => true,
        }
    }

    /// Seats that committed and let the reveal window pass; none before it has.
    pub const fn missed(&self, spoken: u16, now: UnixSeconds) -> u16 {
        match self.phase(now) {
            Phase::Over => self.committed & !spoken,
            _ => 0,
        }
    }
}

/// The opinions of one round, as bitmaps over the seats of its committee.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Votes {
    /// Valid, all with the same output root and confirmations.
    pub valid: u16,
    /// Invalid, all with the same confirmations.
    pub invalid: u16,
    pub unavailable: u16,
    pub inconclusive: u16,
    /// Valid or invalid on other grounds than the first of its kind: a dissent in itself.
    pub divergent: u16,
}

/// Parameters of one round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Seats.
    pub committee: u8,
    /// How many must agree.
    pub threshold: u8,
    /// How many must have spoken.
    pub reveals_min: u8,
    /// Whether a single dissent prevents a decision here (the first round) or not (the escalated one).
    pub unanimous: bool,
}

/// What a round comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoundOutcome {
    /// Votes can still come and could still matter.
    Pending,
    /// The committee has spoken.
    Decided(Opinion),
    /// Dissent or silence: judge again, with more evidence.
    Escalate,
}

impl Votes {
    /// Seats that have spoken.
    pub const fn spoken(&self) -> u16 {
        self.valid | self.invalid | self.unavailable | self.inconclusive | self.divergent
    }

    /// Sets the bit of `seat`, once.
    ///
    /// # Errors
    /// The seat has spoken already, or there is no such seat: `None`.
    pub fn record(&mut self, seat: u8, committee: u8, opinion: Opinion, diverges: bool) -> Option<()> {
        if seat >= committee || u32::from(seat) >= u16::BITS {
            return None;
        }
        let bit = 1u16 << seat;
        if self.spoken() & bit != 0 {
            return None;
        }
        let side = match (diverges, opinion) {
            (true, _) => &mut self.divergent,
            (false, Opinion::Valid) => &mut self.valid,
            (false, Opinion::Invalid) => &mut self.invalid,
            (false, Opinion::Unavailable) => &mut self.unavailable,
            (false, Opinion::Inconclusive) => &mut self.inconclusive,
        };
        *side |= bit;
        Some(())
    }

    /// Seats of a first round that dissented although the second found the receipt valid, and cannot have judged by the
    /// rules: they called invalid what is true on its face, or valid for another output or without the re-execution
    /// that a first round's *valid* rests on. `grounds_right` says that the first valid opinion, by which the others
    /// were measured, had the output of the verdict and named that re-execution.
    ///
    /// Who said unavailable or inconclusive may not have been served: that is no proof of anything.
    pub const fn wrong_dissent(&self, grounds_right: bool) -> u16 {
        if self.valid == 0 || grounds_right {
            // Without a valid opinion only those that say invalid can diverge.
            self.invalid | self.divergent
        } else {
            // Whoever diverges from wrong grounds may be the only one who is right.
            self.invalid | self.valid
        }
    }

    /// What the votes come to under `rule`; `closed` says that no more can come (all spoke, or the deadline passed).
    ///
    /// First round: decided only if at least `threshold` agree, at least `reveals_min` spoke and nobody dissents;
    /// a first-round agreement on anything but valid or unavailable escalates, because one re-execution against
    /// one receipt does not tell who lies. Escalated round: `threshold` suffices.
    pub fn outcome(&self, rule: Rule, closed: bool) -> RoundOutcome {
        let closed = closed || self.spoken().count_ones() >= u32::from(rule.committee);
        let sides = [
            (Opinion::Valid, self.valid),
            (Opinion::Invalid, self.invalid),
            (Opinion::Unavailable, self.unavailable),
            (Opinion::Inconclusive, self.inconclusive),
        ];
        let mut decided = None;
        for (opinion, bits) in sides {
            if bits.count_ones() >= u32::from(rule.threshold) {
                decided = Some((opinion, bits));
            }
        }
        if rule.unanimous {
            // A dissent already cast decides that this round decides nothing.
            let one_sided = sides.iter().filter(|side| side.1 != 0).count() <= 1 && self.divergent == 0;
            if !one_sided {
                return RoundOutcome::Escalate;
            }
            if !closed {
                return RoundOutcome::Pending;
            }
            return match decided {
                Some((opinion @ (Opinion::Valid | Opinion::Unavailable), bits))
                    if bits.count_ones() >= u32::from(rule.reveals_min) =>
                {
                    RoundOutcome::Decided(opinion)
                }
                _ => RoundOutcome::Escalate,
            };
        }
        match decided {
            Some((opinion, _)) if self.spoken().count_ones() >= u32::from(rule.reveals_min) => {
                RoundOutcome::Decided(opinion)
            }
            _ if closed => RoundOutcome::Decided(Opinion::Inconclusive),
            _ => RoundOutcome::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::witness::is_supermajority;
    use proptest::prelude::*;

    const FIRST: Rule = Rule { committee: 5, threshold: 3, reveals_min: 4, unanimous: true };
    const SECOND: Rule = Rule { committee: 9, threshold: 6, reveals_min: 6, unanimous: false };

    fn votes(opinions: &[Opinion]) -> Votes {
        let mut votes = Votes::default();
        for (seat, &opinion) in opinions.iter().enumerate() {
            votes.record(seat as u8, 9, opinion, false).unwrap();
        }
        votes
    }

    #[test]
    fn a_seat_speaks_once_and_only_if_it_exists() {
        let mut v = Votes::default();
        assert_eq!(v.record(0, 5, Opinion::Valid, false), Some(()));
        assert_eq!(v.record(0, 5, Opinion::Valid, false), None);
        assert_eq!(v.record(0, 5, Opinion::Invalid, false), None);
        assert_eq!(v.record(5, 5, Opinion::Valid, false), None);
        assert_eq!(v.record(200, 255, Opinion::Valid, false), None);
        assert_eq!(v.spoken().count_ones(), 1);
    }

    #[test]
    fn five_of_five_and_four_of_five_accept_and_three_with_silence_do_not() {
        use Opinion::Valid as V;
        assert_eq!(votes(&[V; 5]).outcome(FIRST, false), RoundOutcome::Decided(V));
        assert_eq!(votes(&[V; 4]).outcome(FIRST, false), RoundOutcome::Pending);
        assert_eq!(votes(&[V; 4]).outcome(FIRST, true), RoundOutcome::Decided(V));
        assert_eq!(votes(&[V; 3]).outcome(FIRST, true), RoundOutcome::Escalate);
    }

    #[test]
    fn one_dissent_escalates_at_once() {
        use Opinion::{Invalid, Valid as V};
        assert_eq!(votes(&[V, V, V, V, Invalid]).outcome(FIRST, false), RoundOutcome::Escalate);
        let mut v = votes(&[V]);
        v.record(1, 5, V, true).unwrap();
        assert_eq!(v.outcome(FIRST, false), RoundOutcome::Escalate);
    }

    #[test]
    fn a_first_round_never_rejects() {
        assert_eq!(votes(&[Opinion::Invalid; 5]).outcome(FIRST, true), RoundOutcome::Escalate);
        assert_eq!(votes(&[Opinion::Inconclusive; 5]).outcome(FIRST, true), RoundOutcome::Escalate);
        assert_eq!(votes(&[Opinion::Unavailable; 5]).outcome(FIRST, true), RoundOutcome::Decided(Opinion::Unavailable));
    }

    #[test]
    fn an_escalated_round_decides_by_its_threshold_or_not_at_all() {
        use Opinion::{Invalid as I, Valid as V};
        assert_eq!(votes(&[I, I, I, I, I, I]).outcome(SECOND, false), RoundOutcome::Decided(I));
        assert_eq!(votes(&[I, I, I, I, I, V]).outcome(SECOND, false), RoundOutcome::Pending);
        assert_eq!(
            votes(&[I, I, I, I, I, V, V, V, V]).outcome(SECOND, false),
            RoundOutcome::Decided(Opinion::Inconclusive)
        );
        assert_eq!(Votes::default().outcome(SECOND, true), RoundOutcome::Decided(Opinion::Inconclusive));
    }

    #[test]
    fn who_may_not_have_been_served_never_dissents_wrongly() {
        let said =
            Votes { valid: 0b00001, invalid: 0b00010, unavailable: 0b00100, inconclusive: 0b01000, divergent: 0b10000 };
        assert_eq!(said.wrong_dissent(true), 0b10010);
        assert_eq!(said.wrong_dissent(false), 0b00011, "who differs from the wrong may be right");
        let nobody_valid = Votes { valid: 0, ..said };
        for grounds_right in [true, false] {
            assert_eq!(nobody_valid.wrong_dissent(grounds_right), 0b10010);
        }
        assert_eq!(Votes { unavailable: 0b01111, inconclusive: 0b10000, ..Votes::default() }.wrong_dissent(true), 0);
    }

    #[test]
    fn a_supermajority_is_strictly_more_than_two_thirds() {
        for n in 1u64..=64 {
            let two_thirds = 2 * n / 3;
            for votes in two_thirds.saturating_sub(1)..=(two_thirds + 1).min(n) {
                assert_eq!(is_supermajority(votes, n), 3 * votes > 2 * n, "{votes} of {n}");
            }
            assert!(!is_supermajority(n / 2, n), "half of {n} is not enough");
            assert!(is_supermajority(n, n));
            // Two supermajorities share more than a third: with fewer liars than that they cannot contradict.
            let least = (0..=n).find(|&votes| is_supermajority(votes, n)).unwrap();
            assert!(3 * (2 * least - n) > n, "{least} of {n}");
        }
        for n in [u64::MAX, u64::MAX - 1, u64::MAX - 2] {
            let exact = |votes: u64| 3 * u128::from(votes) > 2 * u128::from(n);
            for votes in [n / 3 * 2 - 1, n / 3 * 2, n / 3 * 2 + 1, n / 3 * 2 + 2, n] {
                assert_eq!(is_supermajority(votes, n), exact(votes));
            }
        }
    }

    #[test]
    fn the_windows_follow_the_clock_and_close_early() {
        let fresh = Windows::open(3, 100, 60, 30);
        for (now, phase) in [
            (100, Phase::Committing),
            (160, Phase::Committing),
            (161, Phase::Revealing),
            (190, Phase::Revealing),
            (191, Phase::Over),
        ] {
            assert_eq!(fresh.phase(now), phase, "{now}");
        }
        let mut w = fresh;
        assert_eq!(w.commit(3, 100), Err(CommitError::NoSuchSeat));
        assert_eq!(w.commit(255, 100), Err(CommitError::NoSuchSeat));
        assert_eq!(w.commit(0, 160), Ok(()));
        assert_eq!(w.commit(0, 160), Err(CommitError::AlreadyCommitted));
        assert_eq!(w.commit(1, 161), Err(CommitError::TooLate));
        assert_eq!(w.commit(1, 110), Ok(()));
        assert!(!w.closed(0b011, 110), "a third may still come");
        assert!(w.closed(0b011, 161), "nobody else committed");
        assert!(!w.closed(0b001, 190));
        assert!(w.closed(0b001, 191));
        assert_eq!((w.missed(0b001, 190), w.missed(0b001, 191)), (0, 0b010));
        assert_eq!(w.commit(2, 120), Ok(()));
        assert_eq!((w.commit_until, w.reveal_until), (120, 150), "the reveal window keeps its length");
        assert_eq!(w.phase(120), Phase::Revealing);
        assert_eq!((w.phase(150), w.phase(151)), (Phase::Revealing, Phase::Over));
        assert_eq!(Windows::open(3, i64::MAX - 1, 60, 30).phase(i64::MAX), Phase::Committing, "time does not wrap");
        assert!(fresh.closed(0, 161), "silence ends with the commit window");
    }

    proptest! {
        /// With a threshold above half of the seats, no two orders of the same votes decide differently, and a
        /// decision once reached without closing is the one that closing reaches.
        #[test]
        fn a_decision_does_not_depend_on_when_it_is_read(codes in proptest::collection::vec(1u8..=4, 0..=9)) {
            let opinions: std::vec::Vec<_> = codes.iter().map(|&c| Opinion::from_code(c).unwrap()).collect();
            let v = votes(&opinions);
            if let RoundOutcome::Decided(early) = v.outcome(SECOND, false) {
                prop_assert_eq!(v.outcome(SECOND, true), RoundOutcome::Decided(early));
            }
        }

        /// T31, counting: whatever fewer than a third of liars say, in whatever order, an escalated round never
        /// decides for both sides, and with every honest seat revealed it decides as they say or not at all.
        #[test]
        fn liars_below_a_third_never_turn_a_decision(
            order in Just((0u8..9).collect::<std::vec::Vec<_>>()).prop_shuffle(),
            liars in proptest::collection::vec((0u8..9, 1u8..=4, any::<bool>()), 0..=2),
        ) {
            let mut v = Votes::default();
            let mut decisions = std::vec::Vec::new();
            for &seat in &order {
                let lie = liars.iter().find(|lie| lie.0 == seat);
                let (opinion, diverges) =
                    lie.map_or((Opinion::Invalid, false), |lie| (Opinion::from_code(lie.1).unwrap(), lie.2));
                v.record(seat, 9, opinion, diverges).unwrap();
                if let RoundOutcome::Decided(opinion) = v.outcome(SECOND, false) {
                    decisions.push(opinion);
                }
            }
            prop_assert!(!decisions.is_empty() && decisions.iter().all(|&opinion| opinion == Opinion::Invalid));
        }

        /// T32: however often and under whatever opinion a seat speaks, it is counted once.
        #[test]
        fn one_seat_one_bit(said in proptest::collection::vec((0u8..12, 1u8..=4, any::<bool>()), 0..40)) {
            let mut v = Votes::default();
            let mut first = std::collections::BTreeSet::new();
            for (seat, code, diverges) in said {
                let counted = v.record(seat, 9, Opinion::from_code(code).unwrap(), diverges).is_some();
                prop_assert_eq!(counted, seat < 9 && first.insert(seat));
            }
            let sides = [v.valid, v.invalid, v.unavailable, v.inconclusive, v.divergent];
            let bits: u32 = sides.iter().map(|side| side.count_ones()).sum();
            prop_assert_eq!((bits, v.spoken().count_ones()), (first.len() as u32, first.len() as u32));
        }

        /// No order of commitments, whoever sends them and when, lets a seat commit twice or after the first reveal.
        #[test]
        fn nobody_commits_once_somebody_may_reveal(
            seats in 1u8..=9, acts in proptest::collection::vec((0u8..10, 0i64..100), 0..40)
        ) {
            let mut w = Windows::open(seats, 0, 60, 30);
            let mut revealing = false;
            let mut times: std::vec::Vec<_> = acts.iter().map(|act| act.1).collect();
            times.sort_unstable();
            for ((seat, _), now) in acts.into_iter().zip(times) {
                revealing |= w.phase(now) != Phase::Committing;
                let before = w;
                match w.commit(seat, now) {
                    Ok(()) => prop_assert!(!revealing && before.committed & (1 << seat) == 0),
                    Err(_) => prop_assert_eq!(w, before),
                }
            }
        }
    }
}
