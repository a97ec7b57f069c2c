//! The reference ledger: what everybody owns, kept in plain Rust from the events alone, with its own arithmetic in 128
//! bits. It shares no rule with the programs; where the two differ, one of them is wrong.

use std::collections::BTreeMap;

use crate::laws::*;
use proofmill_client::event_log::{ProgramEvent, events};

/// The basis points of a platform fee in the tests' deployment.
const FEE_BPS: u128 = 250;

#[derive(Clone, Debug, PartialEq, Eq)]
struct LedgerJob {
    tenant: Address,
    mint: Address,
    escrowed: u64,
    price_per_second: u64,
    lock: u64,
    metered_ms: u64,
    /// Account of the provider that holds it.
    provider: Option<Address>,
    /// Paid, refunded, fee; once settled.
    parts: Option<[u64; 3]>,
    /// Which of the parts have left.
    gone: [bool; 3],
    vault: u64,
    /// Re-executions that were paid, atoms.
    audits: u64,
    /// Drawn by the provider of a service while it ran.
    streamed: u64,
    /// Pledged for availability besides the lock, and what is due of it.
    bond: u64,
    due: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LedgerStake {
    owner: Address,
    bonded: u64,
    locked: u64,
    unbonding: u64,
    slashed: u64,
    /// Set aside for slashes that wait, and for the bonds of appeals.
    pending: u64,
    /// What strangers sent to its vault.
    dust: u64,
    /// What its vault holds for tenants whose services were not available.
    due: u64,
}

/// What no task of an array holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LedgerArray {
    tenant: Address,
    mint: Address,
    vault: u64,
}

/// Everybody's balances.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    arrays: BTreeMap<[u8; 32], LedgerArray>,
    /// The array of each job that is a task.
    tasks: BTreeMap<[u8; 32], [u8; 32]>,
    jobs: BTreeMap<[u8; 32], LedgerJob>,
    stakes: BTreeMap<[u8; 32], LedgerStake>,
    /// Owner of each `Provider` account.
    owners: BTreeMap<[u8; 32], Address>,
    /// Token accounts outside the programs, and the audit budgets.
    purses: BTreeMap<[u8; 32], u64>,
}

impl Ledger {
    /// Takes the balances as they stand. No job may exist yet.
    pub fn open(w: &World) -> Self {
        let mut ledger = Self::default();
        for (at, account) in w.svm.get_program_accounts(&market::ID) {
            if let Ok(provider) = market::Provider::decode(&account.data) {
                ledger.owners.insert(at.to_bytes(), provider.owner);
            } else if let Ok(stake) = market::Stake::decode(&account.data) {
                let held = stake.bonded + stake.unbonding + stake.slashed + stake.pending;
                let entry = LedgerStake {
                    owner: stake.owner,
                    bonded: stake.bonded,
                    locked: stake.locked,
                    unbonding: stake.unbonding,
                    slashed: stake.slashed,
                    pending: stake.pending,
                    dust: w.tokens(&stake.vault) - held,
                    due: 0,
                };
                ledger.stakes.insert(at.to_bytes(), entry);
            } else {
                assert!(market::Job::decode(&account.data).is_err(), "the ledger opens before the first job");
            }
        }
        let vaults: Vec<Address> =
            ledger.stakes.keys().map(|at| address::stake_vault(&Address::new_from_array(*at))).collect();
        for (at, account) in w.svm.get_program_accounts(&address::TOKEN_PROGRAM) {
            if account.data.len() == 165 && !vaults.contains(&at) {
                ledger.purses.insert(at.to_bytes(), w.tokens(&at));
            }
        }
        ledger
    }

    fn purse(&mut self, owner: &Address, mint: &Address) -> &mut u64 {
        self.purses.entry(address::token_account(owner, mint).to_bytes()).or_default()
    }

    /// Where the tenant's part of a job goes: its purse, or, of a task, the vault of the array.
    fn tenants(&mut self, job: &Address, tenant: &Address, mint: &Address) -> &mut u64 {
        match self.tasks.get(job.as_array()) {
            Some(array) => &mut self.arrays.get_mut(array).expect("the array of a task").vault,
            None => self.purse(tenant, mint),
        }
    }

    fn job(&mut self, at: &Address) -> &mut LedgerJob {
        self.jobs.get_mut(at.as_array()).expect("an event about a job that was posted")
    }

    fn stake(&mut self, at: &Address) -> &mut LedgerStake {
        self.stakes.get_mut(at.as_array()).expect("an event about a stake that was opened")
    }

    /// The owner of the stake and earnings of a `Provider` account.
    fn owner(&self, provider: &Address) -> Address {
        self.owners[provider.as_array()]
    }

    /// A stranger sends tokens to a vault: no event says so.
    pub fn donate(&mut self, from: &Address, mint: &Address, job: Option<&Address>, stake: Option<&Address>) {
        *self.purse(from, mint) -= 1;
        if let Some(job) = job {
            self.job(job).vault += 1;
        }
        if let Some(stake) = stake {
            self.stake(stake).dust += 1;
        }
    }

    /// Follows the events of one transaction.
    pub fn follow(&mut self, w: &World, logs: &[String]) {
        for event in events(logs) {
            if let ProgramEvent::Market(event) = event {
                self.apply(w, event);
            }
        }
    }

    fn apply(&mut self, w: &World, event: market::Event) {
        use market::Event as E;
        match event {
            E::ArrayPosted(e) => {
                *self.purse(&e.tenant, &e.mint) -= e.escrowed;
                let array = LedgerArray { tenant: e.tenant, mint: e.mint, vault: e.escrowed };
                assert_eq!(self.arrays.insert(e.array.to_bytes(), array), None, "an address holds one array at a time");
            }
            E::TaskIssued(e) => {
                self.arrays.get_mut(e.array.as_array()).expect("an array").vault -= e.escrowed;
                let earlier = self.tasks.insert(e.job.to_bytes(), e.array.to_bytes());
                assert_eq!(earlier, None, "a task is taken once at a time");
            }
            E::TaskReturned(_) | E::ArrayCancelled(_) => {}
            E::ArrayClosed(e) => {
                let array = self.arrays.remove(e.array.as_array()).expect("an array");
                assert!(!self.tasks.values().any(|of| *of == e.array.to_bytes()), "no task of it is left");
                assert_eq!(array.vault, e.refunded, "all that no task was paid");
                *self.purse(&array.tenant, &array.mint) += e.refunded;
            }
            E::JobPosted(e) => {
                // A task's escrow has left the vault of its array, as the event before said.
                if !self.tasks.contains_key(e.job.as_array()) {
                    *self.purse(&e.tenant, &e.mint) -= e.escrowed;
                }
                let job = LedgerJob {
                    tenant: e.tenant,
                    mint: e.mint,
                    escrowed: e.escrowed,
                    price_per_second: 0,
                    lock: 0,
                    metered_ms: 0,
                    provider: None,
                    parts: None,
                    gone: [false; 3],
                    vault: e.escrowed,
                    audits: 0,
                    streamed: 0,
                    bond: 0,
                    due: 0,
                };
                let earlier = self.jobs.insert(e.job.to_bytes(), job);
                assert_eq!(earlier, None, "an address holds one job at a time");
            }
            E::JobMatched(e) => {
                let stake = address::stake(&self.owner(&e.provider));
                let job = self.job(&e.job);
                assert_eq!(job.provider, None, "a job is matched once");
                (job.provider, job.price_per_second, job.lock) = (Some(e.provider), e.price_per_second, e.lock);
                let stake = self.stake(&stake);
                stake.locked += e.lock;
                assert!(stake.locked <= stake.bonded, "a lock without tokens behind it");
            }
            E::ProofSubmitted(e) => self.job(&e.job).metered_ms = e.metered_ms,
            E::JobSettled(e) => self.settle(&e),
            E::RewardClaimed(e) => {
                let job = self.job(&e.job);
                let (mint, provider) = (job.mint, job.provider.expect("who earns holds the job"));
                // What was drawn before has left already.
                let streamed = std::mem::take(&mut job.streamed);
                job.vault += streamed;
                job.leave(0, e.amount + streamed);
                let owner = self.owner(&provider);
                *self.purse(&owner, &mint) += e.amount;
            }
            E::RefundClaimed(e) => {
                let job = self.job(&e.job);
                let (mint, tenant) = (job.mint, job.tenant);
                job.leave(1, e.amount);
                *self.tenants(&e.job, &tenant, &mint) += e.amount;
            }
            E::FeesSwept(e) => {
                let job = self.job(&e.job);
                let mint = job.mint;
                assert_eq!(e.burnt, 0, "jobs of these sequences are not paid in the native token");
                job.leave(2, e.treasury + e.audit_budget);
                *self.purse(&w.treasury, &mint) += e.treasury;
                *self.purses.entry(address::audit_budget(&mint).to_bytes()).or_default() += e.audit_budget;
            }
            E::AuditPaid(e) => {
                let job = self.job(&e.job);
                let (mint, escrowed) = (job.mint, job.escrowed);
                job.audits += e.amount;
                assert!(job.audits <= 2 * escrowed, "two re-executions cost at most twice the escrow");
                let owner = self.owner(&e.provider);
                *self.purse(&owner, &mint) += e.amount;
                *self.purses.entry(address::audit_budget(&mint).to_bytes()).or_default() -= e.amount;
            }
            E::JobClosed(e) => {
                let job = self.jobs.remove(e.job.as_array()).expect("a job");
                assert_eq!(job.vault, e.dust, "nothing but dust is left in a vault that closes");
                *self.tenants(&e.job, &job.tenant, &job.mint) += e.dust;
                self.tasks.remove(e.job.as_array());
            }
            E::StakeOpened(e) => {
                self.stakes.insert(e.stake.to_bytes(), LedgerStake { owner: e.owner, ..LedgerStake::default() });
            }
            E::StakeDeposited(e) => {
                self.stake(&e.stake).bonded += e.amount;
                // In these sequences the owner deposits.
                let owner = self.stake(&e.stake).owner;
                *self.purse(&owner, &w.stake_mint) -= e.amount;
            }
            E::StakeUnbonding(e) => {
                let stake = self.stake(&e.stake);
                stake.bonded -= e.amount;
                stake.unbonding += e.amount;
                assert!(stake.locked <= stake.bonded, "locked stake left");
            }
            E::StakeWithdrawn(e) => {
                let stake = self.stake(&e.stake);
                stake.unbonding -= e.amount;
                let owner = stake.owner;
                *self.purse(&owner, &w.stake_mint) += e.amount;
            }
            E::SlashedSwept(e) => {
                self.stake(&e.stake).slashed -= e.amount;
                *self.purse(&w.treasury, &w.stake_mint) += e.amount;
            }
            E::SlashOpened(e) => {
                // The settlement has set it aside already.
                let stake = self.stake(&e.stake);
                assert_eq!([stake.bonded, stake.unbonding, stake.pending], [e.bonded, e.unbonding, e.pending]);
            }
            E::SlashApplied(e) => {
                let stake = self.stake(&e.stake);
                stake.pending -= e.slashed;
                stake.slashed += e.slashed;
                assert_eq!(e.bounty, 0, "a verdict earns nobody a bounty");
            }
            E::SlashAppealed(e) => {
                let stake = self.stake(&e.stake);
                stake.bonded -= e.bond;
                stake.pending += e.bond;
                assert!(stake.locked <= stake.bonded, "a bond out of locked stake");
            }
            E::AppealResolved(e) => {
                let stake = self.stake(&e.stake);
                stake.pending -= e.returned;
                stake.bonded += e.returned;
            }
            E::UsageAccepted(e) => {
                let job = self.job(&e.job);
                assert!(e.usage_ms >= job.metered_ms, "usage is cumulative");
                job.metered_ms = e.usage_ms;
            }
            E::StreamClaimed(e) => {
                let job = self.job(&e.job);
                let (mint, provider) = (job.mint, job.provider.expect("who earns holds the job"));
                job.streamed += e.amount;
                job.vault -= e.amount;
                let gross = job.gross();
                assert_eq!(u128::from(job.streamed), gross - gross * FEE_BPS / 10_000, "all that is earned, once");
                assert_eq!(job.streamed, e.streamed);
                let owner = self.owner(&provider);
                *self.purse(&owner, &mint) += e.amount;
            }
            E::JobToppedUp(e) => {
                let job = self.job(&e.job);
                let mint = job.mint;
                job.escrowed += e.amount;
                job.vault += e.amount;
                assert_eq!(job.escrowed, e.escrowed);
                let covered = u128::from(job.price_per_second) * u128::from(e.max_seconds);
                assert!(covered <= u128::from(job.escrowed), "the escrow covers the whole length");
                *self.purse(&e.payer, &mint) -= e.amount;
            }
            E::BondLocked(e) => {
                self.job(&e.job).bond = e.amount;
                let stake = self.stake(&e.stake);
                stake.locked += e.amount;
                assert!(stake.locked <= stake.bonded, "a bond without tokens behind it");
            }
            E::BondReleased(e) => {
                let job = self.job(&e.job);
                assert_eq!(job.bond, e.released + e.due, "the whole bond is released or due");
                (job.bond, job.due) = (0, e.due);
                let stake = self.stake(&e.stake);
                stake.locked -= e.released + e.due;
                stake.bonded -= e.due;
                stake.due += e.due;
            }
            E::SlaClaimed(e) => {
                let job = self.job(&e.job);
                assert_eq!(std::mem::take(&mut job.due), e.amount, "what is due leaves once and whole");
                let (tenant, provider) = (job.tenant, job.provider.expect("who pledged holds the job"));
                let stake = address::stake(&self.owner(&provider));
                self.stake(&stake).due -= e.amount;
                *self.purse(&tenant, &w.stake_mint) += e.amount;
            }
            E::StartMissed(e) => {
                let lock = self.job(&e.job).lock;
                assert_eq!(e.stake, address::stake(&self.owner(&e.provider)));
                let stake = self.stake(&e.stake);
                let cost = lock.div_ceil(20);
                let bonded = cost.min(stake.bonded);
                let unbonding = (cost - bonded).min(stake.unbonding);
                stake.bonded -= bonded;
                stake.unbonding -= unbonding;
                stake.slashed += bonded + unbonding;
                let told = [e.slashed, e.bonded, e.unbonding];
                assert_eq!(told, [bonded + unbonding, stake.bonded, stake.unbonding], "a missed start");
            }
            E::JobPaused(_) | E::JobResumed(_) | E::ServiceStopped(_) => {}
            E::ProviderRegistered(e) => {
                self.owners.insert(e.provider.to_bytes(), e.owner);
            }
            E::AuthorityAccepted(_)
            | E::AuthorityNamed(_)
            | E::BidClosed(_)
            | E::BidPlaced(_)
            | E::BidSkipped(_)
            | E::CapabilityRecorded(_)
            | E::ConfigCancelled(_)
            | E::ConfigQueued(_)
            // Deposits are lamports: the harness holds them to the lamport in market_bid_chain.rs.
            | E::DepositForfeited(_)
            | E::DepositReturned(_)
            | E::MintRuleQueued(_)
            | E::UptimeRecorded(_)
            | E::BidWithdrawn(_)
            | E::ConfigChanged(_)
            | E::JobStarted(_)
            | E::MintRuleChanged(_)
            | E::OpeningsPaused(_)
            | E::OpeningsResumed(_)
            | E::SlashCaseClosed(_)
            | E::OfferPublished(_)
            | E::OfferWithdrawn(_)
            | E::ProviderUpdated(_) => {}
            #[allow(unreachable_patterns)] // the events of today are all here
            other => panic!("{}: say in tests/tests/programs/reference.rs what it moves", other.name()),
        }
    }

    /// What each side is entitled to, to the last atom: rounding favours the escrow.
    fn settle(&mut self, e: &market::JobSettled) {
        let outcome = Outcome::from_code(e.outcome).expect("an outcome");
        let job = self.job(&e.job);
        assert_eq!(job.parts, None, "a job is settled once");
        use Outcome::{Accepted, Dead, Ended, Stopped, Unchallenged, Withdrawn};
        let earns = matches!(outcome, Accepted | Unchallenged | Stopped | Ended | Dead | Withdrawn);
        let gross = if earns { job.gross() } else { 0 };
        let fee = gross * FEE_BPS / 10_000;
        let parts = [gross - fee, u128::from(job.escrowed) - gross, fee].map(|part| part as u64);
        assert_eq!([e.paid, e.refunded, e.fee], parts, "{outcome:?} of {job:?}");
        job.parts = Some(parts);
        // A root is opened by a verdict that found it right, and by nothing else.
        assert_eq!(e.output_root != [0; 32], outcome == Outcome::Accepted, "{outcome:?}");
        let (lock, provider) = (job.lock, job.provider);
        let Some(provider) = provider else { return assert_eq!(e.slashed, 0, "nobody to slash") };
        let stake = address::stake(&self.owner(&provider));
        let stake = self.stake(&stake);
        // Locked, then bonded, then unbonding; a lock that is not slashed is free again.
        stake.locked -= lock;
        if outcome == Outcome::Rejected {
            let bonded = lock.min(stake.bonded);
            let unbonding = (lock - bonded).min(stake.unbonding);
            stake.bonded -= bonded;
            stake.unbonding -= unbonding;
            stake.pending += bonded + unbonding;
            assert_eq!(e.slashed, bonded + unbonding, "exactly the lock");
        } else {
            assert_eq!(e.slashed, 0, "only a rejection slashes");
        }
    }

    /// Fails unless the chain says the same, account by account.
    pub fn compare(&self, w: &World) {
        let (mut jobs, mut stakes, mut arrays) = (0, 0, 0);
        for (at, account) in w.svm.get_program_accounts(&market::ID) {
            if let Ok(job) = market::Job::decode(&account.data) {
                jobs += 1;
                let entry = self.jobs.get(at.as_array()).expect("a job that no event announced");
                assert_eq!(w.tokens(&job.vault), entry.vault, "vault of {entry:?}");
                let parts = [job.paid, job.refunded, job.fee];
                assert_eq!(entry.parts.unwrap_or_default(), parts, "parts of {entry:?}");
                let gone = [1, 2, 4].map(|bit| job.claimed & bit != 0);
                assert_eq!(entry.gone, gone, "claims of {entry:?}");
                assert!(entry.vault >= crate::attack::owed(&job), "a vault covers what it owes");
            } else if let Ok(stake) = market::Stake::decode(&account.data) {
                stakes += 1;
                let entry = self.stakes.get(at.as_array()).expect("a stake that no event announced");
                let found = [stake.bonded, stake.locked, stake.unbonding, stake.slashed, stake.pending];
                let told = [entry.bonded, entry.locked, entry.unbonding, entry.slashed, entry.pending];
                assert_eq!(found, told, "stake {at}");
                let held = entry.bonded + entry.unbonding + entry.slashed + entry.pending + entry.dust + entry.due;
                assert_eq!(w.tokens(&stake.vault), held, "vault of stake {at}");
            } else if let Ok(array) = market::JobArray::decode(&account.data) {
                arrays += 1;
                let entry = self.arrays.get(at.as_array()).expect("an array that no event announced");
                assert_eq!(w.tokens(&array.vault), entry.vault, "vault of {entry:?}");
                let taken = self.tasks.values().filter(|of| *of == at.as_array()).count();
                assert_eq!(usize::from(array.taken_count), taken, "tasks that are taken of {at}");
                // What no task has had yet is there for it.
                let free = array.tasks_total - array.taken_count - array.done_count - array.failed_count;
                assert!(entry.vault >= u64::from(free) * array.task_escrow, "an array covers its free tasks");
            }
        }
        assert_eq!(arrays, self.arrays.len(), "arrays that exist");
        assert_eq!((jobs, stakes), (self.jobs.len(), self.stakes.len()), "jobs and stakes that exist");
        for (at, amount) in &self.purses {
            let at = Address::new_from_array(*at);
            assert_eq!(w.tokens(&at), *amount, "the purse {at}");
        }
    }
}

impl LedgerJob {
    /// What the metered time is worth, before the fee.
    fn gross(&self) -> u128 {
        let price = u128::from(self.price_per_second) * u128::from(self.metered_ms) / 1_000;
        price.min(u128::from(self.escrowed))
    }

    /// A part leaves the vault, once and whole.
    fn leave(&mut self, part: usize, amount: u64) {
        assert_eq!(self.parts.map(|parts| parts[part]), Some(amount), "a part leaves whole");
        assert!(!self.gone[part], "a part leaves once");
        self.gone[part] = true;
        self.vault -= amount;
    }
}
