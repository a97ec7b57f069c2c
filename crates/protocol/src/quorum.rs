//! Counting opinions. Votes are bits of a bitmap indexed by seat, counted by popcount: one seat, one bit.

use crate::verdict::Opinion;

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
    }
}
