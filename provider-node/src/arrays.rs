//! Takes tasks of arrays: a provider with a standing offer comes to the work by itself.

use std::collections::BTreeMap;

use proofmill_chain::Filter;
use proofmill_client::{
    address,
    fit::{self, Asked, Standing},
    market::{self, JobArray, Offer},
};
use solana_address::Address;

use crate::{
    chain_facts::{self, FactError},
    limits,
    steps::Context,
};

/// Arrays whose tasks may be taken, as last seen.
#[derive(Default)]
pub struct ArrayBook {
    open: BTreeMap<Address, JobArray>,
}

impl ArrayBook {
    /// Takes note of an array; one that is over is forgotten.
    pub fn see(&mut self, account: Address, array: &JobArray) {
        if array.cancelled != 0 || free_tasks(array, 0).next().is_none() {
            self.open.remove(&account);
            return;
        }
        self.open.insert(account, *array);
        if self.open.len() > limits::ARRAYS_REMEMBERED {
            self.open.pop_first();
        }
    }

    /// An array that is closed.
    pub fn forget(&mut self, account: &Address) {
        self.open.remove(account);
    }

    /// Arrays whose deadline has not passed at `now`.
    pub fn open(&mut self, now: i64) -> Vec<(Address, JobArray)> {
        self.open.retain(|_, array| array.deadline_at > now);
        self.open.iter().map(|(account, array)| (*account, *array)).collect()
    }
}

/// Tasks that may be issued, beginning at `first` and going round.
pub fn free_tasks(array: &JobArray, first: u16) -> impl Iterator<Item = u16> {
    let total = array.tasks_total.min(proofmill_protocol::limits::TASKS_MAX);
    let first = first.checked_rem(total).unwrap_or(0);
    (first..total).chain(0..first).filter(move |task| {
        let (word, bit) = (usize::from(task / 64), 1u64 << (task % 64));
        let held = array.taken[word] | array.done[word];
        held & bit == 0 && array.issued[usize::from(*task)] < array.attempts_max
    })
}

/// Where this provider begins to look: providers that begin at different places rarely want the same task.
fn first_task(me: &Address) -> u16 {
    let bytes = me.to_bytes();
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// Takes as many tasks as there is room for, at the dearest of our offers that fits. How many were taken.
///
/// # Errors
/// If the chain does not answer. A refused task is logged: somebody else was quicker.
pub async fn take(context: &Context, account: Address) -> Result<usize, FactError> {
    let chain = &*context.chain;
    let missing = |account, what| FactError::NoAccount { account, what };
    // As it is now: what was seen may be some polls old.
    let Some(array) = chain_facts::read_array(chain, account).await? else { return Ok(0) };
    let (me, config_at) = (context.me(), address::market_config());
    let config =
        chain_facts::read_market_config(chain, config_at).await?.ok_or(missing(config_at, "market configuration"))?;
    let rule_at = address::mint_rule(&array.mint);
    let rule = chain_facts::read_mint_rule(chain, rule_at).await?.ok_or(missing(rule_at, "mint rule"))?;
    let provider = chain_facts::read_provider(chain, me).await?.ok_or(missing(me, "provider"))?;
    let stake_at = address::stake(&provider.owner);
    let Some(stake) = chain_facts::read_stake(chain, stake_at).await? else { return Ok(0) };
    let clock = chain.clock().await.map_err(|source| FactError::ReadAccount { account, source })?;
    let now = clock.unix_timestamp;
    if array.cancelled != 0 || array.deadline_at <= now {
        return Ok(0);
    }
    let filters = [
        Filter::Memcmp { offset: 0, bytes: Offer::DISCRIMINATOR.to_vec() },
        Filter::Memcmp { offset: Offer::OFFSET_PROVIDER, bytes: me.to_bytes().to_vec() },
    ];
    let found = chain.program_accounts(market::ID, &filters).await;
    let found = found.map_err(|source| FactError::ReadAccount { account: me, source })?.accounts;
    let asked = Asked::of_array(&array);
    let fitting = found
        .into_iter()
        .filter_map(|found| Offer::decode(&found.data).ok().map(|offer| (found.address, offer)))
        .filter(|(_, offer)| {
            let standing = Standing { config: &config, rule: &rule, offer, provider: &provider, stake: &stake };
            fit::fits(&asked, &standing, now).is_ok()
        })
        .max_by_key(|(_, offer)| offer.price_per_second);
    let Some((offer, _)) = fitting else { return Ok(0) };
    let room = u32::from(provider.capacity).saturating_sub(stake.active_jobs);
    let room = usize::try_from(room).unwrap_or(0).min(limits::TASKS_AT_ONCE);
    let token_program = address::token_program(rule.token_program);
    let mut taken = 0;
    for task in free_tasks(&array, first_task(&me)).take(room) {
        match context.transactions.take_task(account, &array, token_program, offer, task).await {
            Ok(_) => {
                taken += 1;
                tracing::info!(array = %account, task, "task taken");
            }
            Err(error) => {
                tracing::info!(array = %account, task, %error, "task not taken");
                break;
            }
        }
    }
    Ok(taken)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    fn array(tasks: u16) -> JobArray {
        let mut data = JobArray::DISCRIMINATOR.to_vec();
        data.resize(JobArray::LEN, 0);
        let mut array = JobArray::decode(&data).unwrap();
        (array.tasks_total, array.attempts_max, array.deadline_at) = (tasks, 2, 100);
        array
    }

    #[test]
    fn free_tasks_go_round_and_leave_out_what_is_taken_done_or_exhausted() {
        let mut array = array(70);
        assert_eq!(free_tasks(&array, 68).take(4).collect::<Vec<_>>(), [68, 69, 0, 1]);
        assert_eq!(free_tasks(&array, 138).next(), Some(68));
        array.taken[1] |= 1 << (68 - 64);
        array.done[0] |= 1;
        array.issued[69] = 2;
        array.issued[1] = 1;
        assert_eq!(free_tasks(&array, 68).take(2).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(free_tasks(&array, 0).count(), 67);
    }

    #[test]
    fn an_array_without_tasks_or_past_its_deadline_is_not_open() {
        let (mut book, at) = (ArrayBook::default(), Address::new_from_array([1; 32]));
        book.see(at, &array(0));
        assert!(book.open(0).is_empty());
        book.see(at, &array(1));
        assert_eq!(book.open(99).len(), 1);
        assert!(book.open(100).is_empty());
        let mut cancelled = array(1);
        book.see(at, &cancelled);
        cancelled.cancelled = 1;
        book.see(at, &cancelled);
        assert!(book.open(0).is_empty());
    }

    #[test]
    fn only_so_many_arrays_are_remembered() {
        let mut book = ArrayBook::default();
        for n in 0..=limits::ARRAYS_REMEMBERED as u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            book.see(Address::new_from_array(bytes), &array(1));
        }
        assert_eq!(book.open(0).len(), limits::ARRAYS_REMEMBERED);
    }
}
