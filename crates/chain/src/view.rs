//! Pure: which of the accounts read are news.
//!
//! A view remembers, for every account delivered, the slot of the read and a digest of what was delivered. Reads that
//! are older than what was delivered are ignored, unchanged ones are not news, and an account missing from a full read
//! is gone unless a newer read has seen it.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use solana_address::Address;

use crate::chain::{AccountSnapshot, Filter, ProgramAccounts};

/// A difference between two reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The account is new or differs from what was delivered.
    Updated(AccountSnapshot),
    /// The account is closed, or no longer the program's, or no longer matches.
    Removed {
        /// Its address.
        address: Address,
        /// Slot of the read that missed it.
        slot: u64,
    },
}

/// What has been delivered of one program's accounts.
#[derive(Debug)]
pub struct View {
    program: Address,
    filters: Vec<Filter>,
    known: BTreeMap<Address, Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    slot: u64,
    digest: u64,
}

impl View {
    /// An empty view of the program's accounts that match every filter.
    pub fn new(program: Address, filters: Vec<Filter>) -> Self {
        Self { program, filters, known: BTreeMap::new() }
    }

    /// News in a full read.
    pub fn full(&mut self, read: ProgramAccounts) -> Vec<News> {
        let present: BTreeSet<Address> = read.accounts.iter().map(|account| account.address).collect();
        let mut news: Vec<News> = read.accounts.into_iter().filter_map(|account| self.seen(account)).collect();
        let gone: Vec<Address> = self
            .known
            .iter()
            .filter(|(address, known)| !present.contains(address) && known.slot <= read.slot)
            .map(|(address, _)| *address)
            .collect();
        for address in gone {
            self.known.remove(&address);
            news.push(News::Removed { address, slot: read.slot });
        }
        news
    }

    /// News in the read of one account at `slot`; `None` when there is no such account.
    pub fn one(&mut self, address: Address, slot: u64, account: Option<AccountSnapshot>) -> Option<News> {
        let ours = account.filter(|account| {
            account.owner == self.program && self.filters.iter().all(|filter| filter.matches(&account.data))
        });
        match ours {
            Some(account) => self.seen(account),
            None => {
                let known = self.known.get(&address)?;
                if known.slot > slot {
                    return None;
                }
                self.known.remove(&address);
                Some(News::Removed { address, slot })
            }
        }
    }

    fn seen(&mut self, account: AccountSnapshot) -> Option<News> {
        let digest = digest(&account);
        let news = Known { slot: account.slot, digest };
        if let Some(known) = self.known.get_mut(&account.address) {
            if account.slot < known.slot {
                return None;
            }
            let unchanged = known.digest == digest;
            *known = news;
            return (!unchanged).then_some(News::Updated(account));
        }
        self.known.insert(account.address, news);
        Some(News::Updated(account))
    }
}

/// Equal accounts have equal digests. An unequal one that collides is missed until it changes again; the hash is keyed
/// by nothing an account's owner would gain from, and 64 bits make an accident improbable.
fn digest(account: &AccountSnapshot) -> u64 {
    let mut hasher = DefaultHasher::new();
    account.lamports.hash(&mut hasher);
    account.owner.as_ref().hash(&mut hasher);
    account.data.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Address = Address::new_from_array([1; 32]);

    fn account(name: u8, slot: u64, data: &[u8]) -> AccountSnapshot {
        AccountSnapshot {
            address: Address::new_from_array([name; 32]),
            lamports: 1,
            owner: PROGRAM,
            executable: false,
            data: data.to_vec(),
            slot,
        }
    }

    fn read(slot: u64, accounts: &[AccountSnapshot]) -> ProgramAccounts {
        ProgramAccounts { slot, accounts: accounts.to_vec() }
    }

    #[test]
    fn an_unchanged_account_is_no_news() {
        let mut view = View::new(PROGRAM, vec![]);
        assert_eq!(view.full(read(1, &[account(9, 1, b"a")])), [News::Updated(account(9, 1, b"a"))]);
        assert_eq!(view.full(read(2, &[account(9, 2, b"a")])), []);
        assert_eq!(view.full(read(3, &[account(9, 3, b"b")])), [News::Updated(account(9, 3, b"b"))]);
    }

    #[test]
    fn an_older_read_never_overrides_a_newer_one() {
        let mut view = View::new(PROGRAM, vec![]);
        let at = account(9, 5, b"new").address;
        view.one(at, 5, Some(account(9, 5, b"new")));
        assert_eq!(view.full(read(4, &[account(9, 4, b"old")])), []);
        assert_eq!(view.full(read(4, &[])), [], "an older read that misses it does not remove it");
        assert_eq!(view.one(at, 4, None), None);
        assert_eq!(view.full(read(5, &[])), [News::Removed { address: at, slot: 5 }]);
        assert_eq!(view.full(read(6, &[])), [], "removed once");
    }

    #[test]
    fn an_account_that_leaves_the_filter_or_the_program_is_removed() {
        let mut view = View::new(PROGRAM, vec![Filter::DataSize(1)]);
        let at = account(9, 1, b"a").address;
        view.one(at, 1, Some(account(9, 1, b"a")));
        assert_eq!(view.one(at, 2, Some(account(9, 2, b"ab"))), Some(News::Removed { address: at, slot: 2 }));
        view.one(at, 3, Some(account(9, 3, b"a")));
        let stolen = AccountSnapshot { owner: Address::default(), ..account(9, 4, b"a") };
        assert_eq!(view.one(at, 4, Some(stolen)), Some(News::Removed { address: at, slot: 4 }));
        assert_eq!(view.one(at, 5, Some(account(9, 5, b"ab"))), None, "what never matched is no news");
    }
}
