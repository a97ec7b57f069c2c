//! Whose turn it is, and when to try again. Time here is any clock in milliseconds that does not go backwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use proofmill_protocol::{Key, sha256};

use crate::{
    crank::Crank,
    limits::{BACKOFF_MAX_MS, BACKOFF_MIN_MS, DONE_MS, STAGGER_MS, UNDER_WAY_MS},
};

/// Place of `validator` among `members` for `subject`: by `sha256(validator | subject)`, so that each subject has
/// another first. Who is no member comes after all of them.
pub fn rank(validator: &Key, members: &[Key], subject: &Key) -> usize {
    if !members.contains(validator) {
        return members.len();
    }
    let own = (sha256(&[validator, subject]), *validator);
    let distinct: BTreeSet<&Key> = members.iter().collect();
    distinct.into_iter().filter(|member| (sha256(&[*member, subject]), **member) < own).count()
}

/// What became of a crank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took effect.
    Done,
    /// The program refused it; trying again may help.
    Refused,
    /// The program refused it, and will as long as nothing changes.
    RefusedForGood,
    /// It is not known, or the chain could not be reached.
    Trouble,
}

#[derive(Debug)]
struct Entry {
    facts: u64,
    /// Not before this instant; `None` for not before the facts change.
    not_before: Option<u64>,
    failures: u32,
    under_way: bool,
}

/// Remembers what is possible since when, what is under way and what failed. It forgets what is no longer possible,
/// so that its size is bounded by what is on chain.
#[derive(Debug, Default)]
pub struct Pacer {
    subjects: BTreeMap<Key, BTreeMap<Crank, Entry>>,
}

impl Pacer {
    /// Of what is `possible` for `subject`, that which is to be done now; it counts as under way until
    /// [`Pacer::answered`]. `facts` is what the possibility follows from: when it changes, a refusal is forgotten.
    pub fn due(
        &mut self,
        subject: &Key,
        facts: &impl Hash,
        possible: &[Crank],
        rank: usize,
        now_ms: u64,
    ) -> Vec<Crank> {
        if possible.is_empty() {
            self.subjects.remove(subject);
            return Vec::new();
        }
        let mut hasher = DefaultHasher::new();
        facts.hash(&mut hasher);
        let facts = hasher.finish();
        let stagger = STAGGER_MS.saturating_mul(u64::try_from(rank).unwrap_or(u64::MAX));
        let entries = self.subjects.entry(*subject).or_default();
        entries.retain(|crank, _| possible.contains(crank));
        let mut due = Vec::new();
        for &crank in possible {
            let entry = entries.entry(crank).or_insert_with(|| Entry {
                facts,
                not_before: Some(now_ms.saturating_add(stagger)),
                failures: 0,
                under_way: false,
            });
            if entry.facts != facts {
                entry.facts = facts;
                entry.failures = 0;
                // Somebody acts on this subject: wait one's turn anew, but never longer than before.
                let turn = now_ms.saturating_add(stagger);
                if !entry.under_way {
                    entry.not_before = Some(entry.not_before.map_or(turn, |held| held.min(turn)));
                }
            }
            if entry.not_before.is_some_and(|instant| now_ms >= instant) {
                entry.not_before = Some(now_ms.saturating_add(UNDER_WAY_MS));
                entry.under_way = true;
                due.push(crank);
            }
        }
        due
    }

    /// What became of a crank that was due.
    pub fn answered(&mut self, subject: &Key, crank: Crank, answer: Answer, now_ms: u64) {
        let Some(entry) = self.subjects.get_mut(subject).and_then(|entries| entries.get_mut(&crank)) else { return };
        entry.under_way = false;
        entry.not_before = match answer {
            Answer::Done => {
                entry.failures = 0;
                Some(now_ms.saturating_add(DONE_MS))
            }
            Answer::RefusedForGood => None,
            Answer::Refused | Answer::Trouble => {
                let pause = BACKOFF_MIN_MS.saturating_mul(1u64.checked_shl(entry.failures).unwrap_or(u64::MAX));
                entry.failures = entry.failures.saturating_add(1);
                Some(now_ms.saturating_add(pause.min(BACKOFF_MAX_MS)))
            }
        };
    }

    /// Forgets every subject that is not among `present`: it is no longer on chain.
    pub fn retain(&mut self, present: &BTreeSet<Key>) {
        self.subjects.retain(|subject, _| present.contains(subject));
    }

    /// Subjects remembered.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }
}
