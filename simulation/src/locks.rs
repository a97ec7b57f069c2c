//! The graph of account locks: which transactions of a step could run at the same time.
//!
//! Two transactions conflict if one writes what the other reads or writes (Solana's rule for scheduling). A
//! transaction's level is one above the highest level of those before it that it conflicts with: transactions of one
//! level can all run at once, and the number of levels is the least number of rounds, in this order of arrival.

use std::collections::HashMap;

use serde::Serialize;
use solana_address::Address;

#[derive(Clone, Copy, Default)]
struct Last {
    /// Highest level of a transaction that writes the account; zero if none does.
    write: u32,
    /// Likewise for reading.
    read: u32,
}

/// The locks of one step.
#[derive(Default)]
pub struct LockGraph {
    accounts: HashMap<Address, Last>,
    levels: Vec<u32>,
    waits: u64,
}

impl LockGraph {
    /// Adds a transaction; returns its level, from 1.
    pub fn add<'a>(&mut self, accounts: impl Iterator<Item = (&'a Address, bool)> + Clone) -> u32 {
        let before = accounts.clone().filter_map(|(at, writes)| {
            let last = self.accounts.get(at)?;
            Some(if writes { last.write.max(last.read) } else { last.write })
        });
        let highest = before.max().unwrap_or(0);
        let level = highest + 1;
        self.waits += u64::from(highest > 0);
        for (at, writes) in accounts {
            let last = self.accounts.entry(*at).or_default();
            let side = if writes { &mut last.write } else { &mut last.read };
            *side = level.max(*side);
        }
        let needed = usize::try_from(level).unwrap_or(usize::MAX);
        if self.levels.len() < needed {
            self.levels.resize(needed, 0);
        }
        self.levels[needed - 1] += 1;
        level
    }

    /// Ends the step.
    pub fn end(&mut self) -> Widths {
        let widths = Widths {
            transactions: self.levels.iter().map(|&width| u64::from(width)).sum(),
            levels: self.levels.len() as u64,
            widest: u64::from(self.levels.iter().copied().max().unwrap_or(0)),
            waits: self.waits,
        };
        *self = Self::default();
        widths
    }
}

/// How wide a step was, or a run of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Widths {
    pub transactions: u64,
    /// Rounds in which everything could have run with endless workers.
    pub levels: u64,
    /// Transactions of the widest round.
    pub widest: u64,
    /// Transactions that had to wait for an earlier one of the same step.
    pub waits: u64,
}

impl Widths {
    /// Adds a later step.
    pub fn add(&mut self, step: Self) {
        self.transactions += step.transactions;
        self.levels += step.levels;
        self.widest = self.widest.max(step.widest);
        self.waits += step.waits;
    }

    /// Transactions per round.
    pub fn mean(&self) -> f64 {
        if self.levels == 0 { 0.0 } else { self.transactions as f64 / self.levels as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(graph: &mut LockGraph, accounts: &[(u8, bool)]) -> u32 {
        let accounts: Vec<(Address, bool)> =
            accounts.iter().map(|&(name, writes)| (Address::new_from_array([name; 32]), writes)).collect();
        graph.add(accounts.iter().map(|(at, writes)| (at, *writes)))
    }

    #[test]
    fn readers_run_together_and_writers_wait_for_both() {
        let mut graph = LockGraph::default();
        assert_eq!(add(&mut graph, &[(1, false), (2, true)]), 1);
        assert_eq!(add(&mut graph, &[(1, false), (3, true)]), 1);
        assert_eq!(add(&mut graph, &[(1, true)]), 2);
        assert_eq!(add(&mut graph, &[(1, false)]), 3);
        assert_eq!(add(&mut graph, &[(3, false)]), 2);
        assert_eq!(add(&mut graph, &[(4, true)]), 1);
        assert_eq!(graph.end(), Widths { transactions: 6, levels: 3, widest: 3, waits: 3 });
        assert_eq!(graph.end(), Widths::default());
    }
}
