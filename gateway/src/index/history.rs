//! Which slots are to be read, which are undone, which are final.
//!
//! A node's answers come late, twice, in any order, from a fork that dies, or from a node that lags. So nothing near
//! the tip is believed for good: every look lists again all transactions behind the cursor, and what a look says about
//! a slot replaces what was known of it. The cursor follows finality at a distance.

use std::collections::BTreeMap;

use solana_signature::Signature;

/// What one look found: the successful transactions of both programs behind `after`, slot by slot, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only slots behind this one are listed.
    pub after: u64,
    /// The newest finalized slot, asked for before the look.
    pub finalized: u64,
    pub slots: BTreeMap<u64, Vec<Signature>>,
}

/// What is to be done about a slot, in ascending order of slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its transactions are to be fetched and applied in place of what was known.
    Read { slot: u64, signatures: Vec<Signature> },
    /// It is rolled back.
    Undo { slot: u64 },
}

impl Step {
    pub const fn slot(&self) -> u64 {
        match self {
            Self::Read { slot, .. } | Self::Undo { slot } => *slot,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    signatures: Vec<Signature>,
    /// Looks in a row that did not find it.
    absences: u8,
}

/// The slots that may still change, and the cursor behind which nothing does.
#[derive(Clone, Debug)]
pub struct History {
    cursor: u64,
    known: BTreeMap<u64, Known>,
    absences_to_undo: u8,
}

impl History {
    /// Continues behind `cursor`; `known` are the slots above it that have been applied.
    pub fn new(cursor: u64, known: BTreeMap<u64, Vec<Signature>>, absences_to_undo: u8) -> Self {
        let known = known
            .into_iter()
            .filter(|(slot, _)| *slot > cursor)
            .map(|(slot, signatures)| (slot, Known { signatures, absences: 0 }))
            .collect();
        Self { cursor, known, absences_to_undo: absences_to_undo.max(1) }
    }

    /// Every slot up to here is applied and final.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Takes in a look; says what is to be done. A look from before the cursor moved says nothing about what is final.
    pub fn observe(&mut self, listing: &Listing) -> Vec<Step> {
        let from = self.cursor.max(listing.after);
        let mut steps = Vec::new();
        for (slot, known) in self.known.iter_mut().filter(|(slot, _)| **slot > from) {
            if listing.slots.contains_key(slot) {
                known.absences = 0;
                continue;
            }
            known.absences = known.absences.saturating_add(1);
            if known.absences >= self.absences_to_undo {
                steps.push(Step::Undo { slot: *slot });
            }
        }
        for (slot, signatures) in listing.slots.iter().filter(|(slot, _)| **slot > from) {
            let same = self.known.get(slot).is_some_and(|known| known.signatures == *signatures);
            if !same && !signatures.is_empty() {
                steps.push(Step::Read { slot: *slot, signatures: signatures.clone() });
            }
        }
        steps.sort_by_key(Step::slot);
        steps
    }

    /// Whether a block that was read may still be applied: not behind the cursor.
    pub fn admits(&self, slot: u64) -> bool {
        slot > self.cursor
    }

    /// A step has been carried out, and what it changed is on disk.
    pub fn done(&mut self, step: &Step) {
        match step {
            Step::Read { slot, .. } | Step::Undo { slot } if !self.admits(*slot) => {}
            Step::Read { slot, signatures } => {
                self.known.insert(*slot, Known { signatures: signatures.clone(), absences: 0 });
            }
            Step::Undo { slot } => {
                self.known.remove(slot);
            }
        }
    }

    /// Moves the cursor to `slot`, as far as `finalized` less the distance kept allows. Everything up to it must have
    /// been applied.
    pub fn settle(&mut self, slot: u64, finalized: u64, distance: u64) {
        let mut cursor = slot.min(finalized.saturating_sub(distance));
        // A slot that is missed but not undone yet must stay in sight.
        if let Some((missed, _)) = self.known.iter().find(|(_, known)| known.absences > 0) {
            cursor = cursor.min(missed.saturating_sub(1));
        }
        if cursor > self.cursor {
            self.cursor = cursor;
            self.known = self.known.split_off(&cursor.saturating_add(1));
        }
    }
}

/// Merges the two programs' histories of a slot into one order. Each is in order; what both have fixes how they meet,
/// and between those the market's come first. Transactions of both programs that touch no common one commute.
pub fn merge(market: &[Signature], arbiter: &[Signature]) -> Vec<Signature> {
    let mut merged: Vec<Signature> = Vec::with_capacity(market.len().saturating_add(arbiter.len()));
    let mut others = arbiter;
    for signature in market {
        if let Some(at) = others.iter().position(|other| other == signature) {
            merged.extend(others.iter().take(at));
            others = others.get(at.saturating_add(1)..).unwrap_or_default();
        }
        if !merged.contains(signature) {
            merged.push(*signature);
        }
    }
    merged.extend(others.iter().filter(|signature| !market.contains(signature)));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(number: u8) -> Signature {
        Signature::from([number; 64])
    }

    fn listing(after: u64, finalized: u64, slots: &[(u64, &[u8])]) -> Listing {
        let slots = slots.iter().map(|(slot, all)| (*slot, all.iter().map(|n| signature(*n)).collect())).collect();
        Listing { after, finalized, slots }
    }

    fn read(slot: u64, all: &[u8]) -> Step {
        Step::Read { slot, signatures: all.iter().map(|number| signature(*number)).collect() }
    }

    #[test]
    fn a_slot_that_changes_is_read_again_and_one_that_stays_is_not() {
        let mut history = History::new(0, BTreeMap::new(), 2);
        let first = history.observe(&listing(0, 0, &[(5, &[1]), (6, &[2, 3])]));
        assert_eq!(first, [read(5, &[1]), read(6, &[2, 3])]);
        first.iter().for_each(|step| history.done(step));
        assert_eq!(history.observe(&listing(0, 0, &[(5, &[1]), (6, &[3, 2])])), [read(6, &[3, 2])]);
    }

    #[test]
    fn one_look_that_misses_a_slot_undoes_nothing_and_several_do() {
        let mut history = History::new(0, BTreeMap::from([(5, vec![signature(1)])]), 3);
        let without = listing(0, 0, &[]);
        assert_eq!(history.observe(&without), []);
        assert_eq!(history.observe(&without), []);
        assert_eq!(history.observe(&listing(0, 0, &[(5, &[1])])), []);
        assert_eq!(history.observe(&without), []);
        assert_eq!(history.observe(&without), []);
        assert_eq!(history.observe(&without), [Step::Undo { slot: 5 }]);
    }

    #[test]
    fn nothing_behind_the_cursor_changes() {
        let mut history = History::new(0, BTreeMap::from([(5, vec![signature(1)]), (9, vec![signature(2)])]), 1);
        history.settle(9, 20, 12);
        assert_eq!(history.cursor(), 8);
        assert!(!history.admits(5) && history.admits(9));
        assert_eq!(history.observe(&listing(0, 20, &[(5, &[7]), (9, &[2])])), []);
        history.settle(3, 100, 0);
        assert_eq!(history.cursor(), 8, "a cursor never goes back");
    }

    #[test]
    fn the_cursor_never_passes_a_slot_whose_absence_is_not_decided() {
        let mut history = History::new(0, BTreeMap::from([(5, vec![signature(1)])]), 2);
        assert_eq!(history.observe(&listing(0, 50, &[])), []);
        history.settle(u64::MAX, 50, 0);
        assert_eq!(history.cursor(), 4);
        assert_eq!(history.observe(&listing(4, 50, &[])), [Step::Undo { slot: 5 }]);
        history.done(&Step::Undo { slot: 5 });
        history.settle(u64::MAX, 50, 0);
        assert_eq!(history.cursor(), 50);
    }

    #[test]
    fn what_both_programs_have_fixes_the_order() {
        let all = |numbers: &[u8]| numbers.iter().map(|number| signature(*number)).collect::<Vec<_>>();
        assert_eq!(merge(&all(&[1, 2, 3]), &all(&[4, 2, 5])), all(&[1, 4, 2, 3, 5]));
        assert_eq!(merge(&all(&[]), &all(&[4, 5])), all(&[4, 5]));
        assert_eq!(merge(&all(&[1, 2]), &all(&[1, 2])), all(&[1, 2]));
        // Two nodes that contradict one another: every transaction once all the same.
        assert_eq!(merge(&all(&[1, 2]), &all(&[2, 1])), all(&[2, 1]));
    }
}
