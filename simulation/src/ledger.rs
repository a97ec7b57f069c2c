//! The laws of money, checked on every change and, now and then, on every account.
//!
//! The ledger sees each account that a transaction may write before and after it. From those changes alone it keeps
//! what every vault and stake must hold, so that a step costs what it changed and not what exists.

use std::collections::{HashMap, HashSet};

use proofmill_client::{address, arbiter, market};
use proofmill_protocol::job::JobState;
use proofmill_tests::World;
use solana_account::{AccountSharedData, ReadableAccount as _};
use solana_address::Address;

use crate::breach::{Breach, Law, hold};

/// An account as the virtual machine keeps it.
pub type Stored = AccountSharedData;

fn one<'a>(world: &'a World, at: &Address) -> Option<&'a Stored> {
    world.svm.accounts_db().get_account_ref(at)
}

/// One account before and after a transaction.
pub struct Change {
    pub at: Address,
    pub before: Option<Stored>,
    pub after: Option<Stored>,
}

/// Whom a vault serves.
#[derive(Clone, Copy)]
enum Served {
    Job(Address),
    Stake(Address),
}

/// What live jobs pledge of one stake.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Pledged {
    locked: u64,
    jobs: u32,
}

/// Which tenants' and which providers' jobs have written an account.
struct Writers {
    tenant: Option<Address>,
    provider: Option<Address>,
    first: (Address, Address),
}

/// What is known of the money.
#[derive(Default)]
pub struct Ledger {
    vaults: HashMap<Address, Served>,
    dust: HashMap<Address, u64>,
    pledged: HashMap<Address, Pledged>,
    stake_of: HashMap<Address, Address>,
    writers: HashMap<Address, Writers>,
    supply: HashMap<Address, u128>,
    lamports: u128,
    /// Jobs that exist.
    pub living: HashSet<Address>,
    /// Changes seen, and full looks taken.
    pub changes: u64,
    pub full_checks: u64,
}

const TOKEN_ACCOUNT_LEN: usize = 165;

/// Mint and atoms, if the account is a token account.
pub fn tokens(account: &Stored) -> Option<(Address, u64)> {
    let data = account.data();
    if *account.owner() != address::TOKEN_PROGRAM || data.len() != TOKEN_ACCOUNT_LEN {
        return None;
    }
    let mint: [u8; 32] = data[..32].try_into().ok()?;
    let atoms: [u8; 8] = data[64..72].try_into().ok()?;
    Some((Address::new_from_array(mint), u64::from_le_bytes(atoms)))
}

/// The job, if the account is one.
pub fn job(account: &Stored) -> Option<market::Job> {
    (*account.owner() == market::ID).then(|| market::Job::decode(account.data()).ok()).flatten()
}

fn stake(account: &Stored) -> Option<market::Stake> {
    (*account.owner() == market::ID).then(|| market::Stake::decode(account.data()).ok()).flatten()
}

/// Whether a provider is bound and its lock taken.
fn is_held(job: &market::Job) -> bool {
    job.provider != Address::default() && job.state != JobState::Settled as u8
}

/// What a job still owes out of its vault.
fn owed(job: &market::Job) -> u64 {
    if job.state != JobState::Settled as u8 {
        return job.escrowed;
    }
    let part = |bit: u8, amount: u64| if job.claimed & bit == 0 { amount } else { 0 };
    part(1, job.paid) + part(2, job.refunded) + part(4, job.fee)
}

impl Ledger {
    /// Starts from what exists: no job lives yet.
    pub fn new(world: &World) -> Self {
        let mut ledger = Self::default();
        for account in world.svm.accounts_db().inner.values() {
            ledger.lamports += u128::from(account.lamports());
            if let Some((mint, atoms)) = tokens(account) {
                *ledger.supply.entry(mint).or_default() += u128::from(atoms);
            }
        }
        ledger
    }

    /// A provider's stake: whose locks its jobs take.
    pub fn introduce(&mut self, provider: Address, stake: Address) {
        self.stake_of.insert(provider, stake);
    }

    /// Somebody sends tokens that nobody is owed.
    pub fn expect_dust(&mut self, vault: Address, atoms: u64) {
        *self.dust.entry(vault).or_default() += atoms;
    }

    /// Jobs that hold a lock on this stake, and what they lock.
    pub fn pledge(&self, stake: &Address) -> (u64, u32) {
        let pledged = self.pledged.get(stake).copied().unwrap_or_default();
        (pledged.locked, pledged.jobs)
    }

    /// A refused transaction: only its payer may have changed, by the fee.
    pub fn refused(&mut self, changes: &[Change], payer: &Address, fee: u64) -> Result<(), Breach> {
        for change in changes {
            let as_before = match (&change.before, &change.after) {
                (Some(before), Some(after)) if change.at == *payer => {
                    before.lamports() == after.lamports() + fee && before.data() == after.data()
                }
                (before, after) => before == after,
            };
            hold(as_before, || Breach::at(Law::Atomic, &change.at, "changed by a refused transaction"))?;
        }
        self.lamports -= u128::from(fee);
        Ok(())
    }

    /// A transaction that went through.
    pub fn done(&mut self, world: &World, changes: &[Change], fee: u64) -> Result<(), Breach> {
        self.changes += changes.len() as u64;
        let mut lamports = i128::from(fee);
        let mut moved: Vec<(Address, i128)> = Vec::new();
        let mut jobs: Vec<Address> = Vec::new();
        let mut stakes: Vec<Address> = Vec::new();
        for change in changes {
            let (before, after) = (change.before.as_ref(), change.after.as_ref());
            lamports += balance(after) - balance(before);
            for (account, sign) in [(before, -1i128), (after, 1)] {
                let Some((mint, atoms)) = account.and_then(tokens) else { continue };
                let delta = sign * i128::from(atoms);
                match moved.iter_mut().find(|(of, _)| *of == mint) {
                    Some((_, sum)) => *sum += delta,
                    None => moved.push((mint, delta)),
                }
            }
            match self.vaults.get(&change.at) {
                Some(Served::Job(job)) => jobs.push(*job),
                Some(Served::Stake(stake)) => stakes.push(*stake),
                None => {}
            }
            let (job_before, job_after) = (before.and_then(job), after.and_then(job));
            if let Some(stake) = self.relock(&change.at, job_before.as_ref(), job_after.as_ref())? {
                stakes.push(stake);
            }
            if job_before.is_some() || job_after.is_some() {
                jobs.push(change.at);
            }
            if let Some(stake) = after.and_then(stake) {
                self.vaults.insert(stake.vault, Served::Stake(change.at));
                stakes.push(change.at);
            }
        }
        hold(lamports == 0, || Breach::of(Law::LamportsConserved, format!("{lamports} too many")))?;
        let unbalanced = moved.iter().find(|(_, sum)| *sum != 0);
        hold(unbalanced.is_none(), || Breach::of(Law::TokensConserved, format!("by mint: {moved:?}")))?;
        self.lamports -= u128::from(fee);
        for at in jobs {
            self.check_job(world, &at)?;
        }
        for at in stakes {
            self.check_stake(world, &at)?;
        }
        Ok(())
    }

    /// Follows a job's lock from one version to the next; the stake that holds it, if any does.
    fn relock(
        &mut self,
        at: &Address,
        before: Option<&market::Job>,
        after: Option<&market::Job>,
    ) -> Result<Option<Address>, Breach> {
        if let Some(job) = after {
            self.living.insert(*at);
            self.vaults.insert(job.vault, Served::Job(*at));
        } else if before.is_some() {
            self.living.remove(at);
        }
        let stake_of = |job: &market::Job| self.stake_of.get(&job.provider).copied();
        let mut touched = None;
        if let Some(job) = before.filter(|job| is_held(job))
            && let Some(stake) = stake_of(job)
        {
            let pledged = self.pledged.entry(stake).or_default();
            let less = pledged.locked.checked_sub(job.lock).zip(pledged.jobs.checked_sub(1));
            let (locked, jobs) = less.ok_or_else(|| Breach::at(Law::LocksAreTheJobs, &stake, "released twice"))?;
            *pledged = Pledged { locked, jobs };
            touched = Some(stake);
        }
        if let Some(job) = after.filter(|job| is_held(job)) {
            let stake = self.stake_of.get(&job.provider).copied();
            let stake = stake.ok_or_else(|| Breach::at(Law::LocksAreTheJobs, at, "held by a stranger"))?;
            let pledged = self.pledged.entry(stake).or_default();
            pledged.locked += job.lock;
            pledged.jobs += 1;
            touched = Some(stake);
        }
        Ok(touched)
    }

    fn check_job(&mut self, world: &World, at: &Address) -> Result<(), Breach> {
        let Some(job) = one(world, at).and_then(job) else {
            // Closed: neither it nor its vault is there any more.
            let vault = address::vault(at);
            let left = [at, &vault].map(|at| one(world, at).map_or(0, |account| account.lamports()));
            self.dust.remove(&vault);
            self.vaults.remove(&vault);
            return hold(left == [0, 0], || Breach::at(Law::NothingLeftBehind, at, format!("{left:?} lamports left")));
        };
        if job.state == JobState::Settled as u8 {
            let parts = u128::from(job.paid) + u128::from(job.refunded) + u128::from(job.fee);
            hold(parts == u128::from(job.escrowed), || {
                Breach::at(Law::NothingLost, at, format!("{parts} of {}", job.escrowed))
            })?;
        }
        let held = one(world, &job.vault).and_then(tokens).map_or(0, |(_, atoms)| atoms);
        let owed = owed(&job) + self.dust.get(&job.vault).copied().unwrap_or(0);
        hold(held == owed, || Breach::at(Law::VaultHoldsWhatItOwes, at, format!("holds {held}, owes {owed}")))
    }

    fn check_stake(&self, world: &World, at: &Address) -> Result<(), Breach> {
        let Some(stake) = one(world, at).and_then(stake) else { return Ok(()) };
        let held = one(world, &stake.vault).and_then(tokens).map_or(0, |(_, atoms)| atoms);
        let dust = self.dust.get(&stake.vault).copied().unwrap_or(0);
        let said = u128::from(stake.bonded) + u128::from(stake.unbonding);
        let said = said + u128::from(stake.slashed) + u128::from(stake.pending);
        hold(u128::from(held) == said + u128::from(dust), || {
            Breach::at(Law::StakeIsHeld, at, format!("the vault holds {held}, the account says {said}, dust {dust}"))
        })?;
        hold(stake.locked <= stake.bonded, || {
            Breach::at(Law::LockIsBacked, at, format!("{} locked of {}", stake.locked, stake.bonded))
        })?;
        let pledged = self.pledge(at);
        hold((stake.locked, stake.active_jobs) == pledged, || {
            let found = (stake.locked, stake.active_jobs);
            Breach::at(Law::LocksAreTheJobs, at, format!("(locked, jobs) is {found:?}, its live jobs say {pledged:?}"))
        })
    }

    /// A transaction for a job of `tenant`, held by `provider` (or nobody), writes these accounts.
    ///
    /// Two of the writers' jobs are independent if neither tenant nor provider is the same. Among pairs of which not
    /// all share the tenant and not all share the provider, there are always two that share neither.
    pub fn writes(&mut self, written: &Address, tenant: Address, provider: Address) -> Result<(), Breach> {
        let writers = self.writers.entry(*written).or_insert_with(|| Writers {
            tenant: Some(tenant),
            provider: Some(provider),
            first: (tenant, provider),
        });
        writers.tenant = writers.tenant.filter(|first| *first == tenant);
        writers.provider = writers.provider.filter(|first| *first == provider);
        hold(writers.tenant.is_some() || writers.provider.is_some(), || {
            let (other_tenant, other_provider) = writers.first;
            let detail = format!("written for {tenant}/{provider} and for {other_tenant}/{other_provider}");
            Breach::at(Law::Independent, written, detail)
        })
    }

    /// Looks at every account: the sums, every job, every stake.
    pub fn check_all(&mut self, world: &World) -> Result<(), Breach> {
        self.full_checks += 1;
        let mut lamports = 0u128;
        let mut supply: HashMap<Address, u128> = HashMap::new();
        let (mut jobs, mut stakes) = (Vec::new(), Vec::new());
        let mut pledged: HashMap<Address, Pledged> = HashMap::new();
        for (at, account) in &world.svm.accounts_db().inner {
            lamports += u128::from(account.lamports());
            if let Some((mint, atoms)) = tokens(account) {
                *supply.entry(mint).or_default() += u128::from(atoms);
            } else if let Some(job) = job(account) {
                jobs.push(*at);
                if is_held(&job) {
                    let stake = self.stake_of.get(&job.provider).copied().unwrap_or_default();
                    let pledged = pledged.entry(stake).or_default();
                    pledged.locked += job.lock;
                    pledged.jobs += 1;
                }
            } else if stake(account).is_some() {
                stakes.push(*at);
            }
        }
        hold(supply == self.supply, || {
            Breach::of(Law::TokensConserved, format!("{supply:?}, at the start {:?}", self.supply))
        })?;
        hold(lamports == self.lamports, || {
            Breach::of(Law::LamportsConserved, format!("{lamports}, by the books {}", self.lamports))
        })?;
        let followed: HashSet<Address> = jobs.iter().copied().collect();
        hold(followed == self.living, || Breach::of(Law::EveryJobEnds, "a job exists that no transaction made"))?;
        let books = self.pledged.iter().filter(|(_, pledged)| **pledged != Pledged::default());
        let books: HashMap<Address, Pledged> = books.map(|(at, pledged)| (*at, *pledged)).collect();
        hold(books == pledged, || Breach::of(Law::LocksAreTheJobs, "the books differ from the jobs"))?;
        for at in jobs {
            self.check_job(world, &at)?;
        }
        for at in stakes {
            self.check_stake(world, &at)?;
        }
        Ok(())
    }

    /// After the drain: nothing that belonged to a job is left.
    pub fn check_empty(&self, world: &World) -> Result<(), Breach> {
        for (at, account) in &world.svm.accounts_db().inner {
            let head: Option<[u8; 8]> = account.data().get(..8).and_then(|head| head.try_into().ok());
            let name = match (account.owner(), head) {
                (owner, Some(market::Job::DISCRIMINATOR)) if *owner == market::ID => "a job",
                (owner, Some(market::Bid::DISCRIMINATOR)) if *owner == market::ID => "a bid",
                (owner, Some(market::SlashCase::DISCRIMINATOR)) if *owner == market::ID => "a slash case",
                (owner, Some(arbiter::Round::DISCRIMINATOR)) if *owner == arbiter::ID => "a round",
                (owner, Some(arbiter::Verdict::DISCRIMINATOR)) if *owner == arbiter::ID => "a verdict",
                _ => continue,
            };
            return Err(Breach::at(Law::NothingLeftBehind, at, format!("{name} with {} lamports", account.lamports())));
        }
        Ok(())
    }
}

fn balance(account: Option<&Stored>) -> i128 {
    account.map_or(0, |account| i128::from(account.lamports()))
}
