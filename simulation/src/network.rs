//! The chain, and the one way to it: every transaction is counted, its locks are noted, and the laws are checked.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use proofmill_client::{address, arbiter, market};
use proofmill_tests::{Failure, Sent, Signed, World};
use serde::Serialize;
use solana_account::ReadableAccount as _;
use solana_address::Address;
use solana_instruction::{Instruction, error::InstructionError};

use crate::{
    breach::{Breach, Law, hold},
    ledger::{self, Change, Ledger, Stored},
    limits::{LAMPORTS_PER_SIGNATURE, TRANSACTION_BYTES_MAX},
    locks::{LockGraph, Widths},
};

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Authority,
    Tenant,
    Provider,
    Validator,
    Outsider,
}

/// Whose job a transaction is about: tenant, and provider if one is bound.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    pub tenant: Address,
    pub provider: Address,
}

/// Instructions that collect from many jobs into one account, by design and off the path of a job's life.
pub const BATCHED: [&str; 3] = ["sweep_fees", "pay_audit", "sweep_slashed"];

/// How often something was sent and what it took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Count {
    pub done: u64,
    pub refused: u64,
    /// Of those that went through.
    pub compute_units: u64,
}

/// A kind of refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RefusalKind {
    pub role: Role,
    pub instruction: String,
    pub error: String,
}

/// Everything that is counted.
#[derive(Default)]
pub struct Tally {
    pub transactions: u64,
    pub refused: u64,
    pub signatures: u64,
    pub bytes_max: usize,
    pub compute_units: u64,
    pub by_instruction: BTreeMap<String, Count>,
    pub refusals: BTreeMap<RefusalKind, u64>,
    /// Locks with the senders' wallets, as a scheduler sees them.
    pub locks: Widths,
    /// Locks of the programs' own accounts: what no other choice of payers could widen.
    pub program_locks: Widths,
    /// Likewise without the batch instructions, which need not be sent in the same slot.
    pub hot_locks: Widths,
    /// Who waited there, by what it sent.
    pub waited: BTreeMap<String, u64>,
    pub signing: Duration,
    pub executing: Duration,
    pub checking: Duration,
}

/// The chain with its books.
pub struct Network {
    pub world: World,
    pub ledger: Ledger,
    pub tally: Tally,
    locks: LockGraph,
    program_locks: LockGraph,
    hot_locks: LockGraph,
}

/// The name of an instruction, by program and discriminator.
pub fn name(instruction: &Instruction) -> &'static str {
    let list = match instruction.program_id {
        id if id == market::ID => market::INSTRUCTIONS,
        id if id == arbiter::ID => arbiter::INSTRUCTIONS,
        id if id == address::TOKEN_PROGRAM => return "token transfer",
        _ => return "lamport transfer",
    };
    let known = instruction.data.get(..8).and_then(|head| list.iter().find(|info| info.discriminator == head));
    known.map_or("unknown", |info| info.name)
}

/// The name of a refusal.
pub fn error_name(failure: &Failure) -> String {
    let InstructionError::Custom(code) = failure else { return format!("{failure:?}") };
    let ours = market::MarketError::from_code(*code).map(market::MarketError::name);
    let ours = ours.or_else(|| arbiter::ArbiterError::from_code(*code).map(arbiter::ArbiterError::name));
    ours.map_or_else(|| format!("custom {code}"), str::to_owned)
}

fn stored(world: &World, at: &Address) -> Option<Stored> {
    world.svm.accounts_db().get_account_ref(at).cloned()
}

/// A transaction under way.
struct Flight {
    name: String,
    batched: bool,
    /// Every account, and whether it is locked for writing.
    keys: Vec<(Address, bool)>,
    /// What may be written, before and after.
    changes: Vec<Change>,
    payer: Address,
    fee: u64,
    bytes: usize,
    signatures: u64,
}

impl Flight {
    fn new(world: &World, instructions: &[Instruction], signed: &Signed) -> Self {
        let message = &signed.transaction.message;
        let writes = |at| message.is_maybe_writable_with_reserved_addresses(at, None::<&HashSet<Address>>);
        let keys: Vec<(Address, bool)> =
            message.account_keys.iter().enumerate().map(|(at, key)| (*key, writes(at))).collect();
        let writable = keys.iter().filter(|(_, writes)| *writes);
        let changes = writable.map(|(at, _)| Change { at: *at, before: stored(world, at), after: None }).collect();
        let names: Vec<&str> = instructions.iter().map(name).collect();
        Self {
            batched: names.iter().any(|name| BATCHED.contains(name)),
            name: names.join(" + "),
            payer: message.account_keys[0],
            keys,
            changes,
            fee: signed.signatures as u64 * LAMPORTS_PER_SIGNATURE,
            bytes: signed.bytes,
            signatures: signed.signatures as u64,
        }
    }

    /// Written accounts that belong to a program: everything but wallets.
    fn written_of_programs(&self) -> Vec<Address> {
        let owned = |change: &&Change| {
            let account = change.after.as_ref().or(change.before.as_ref());
            account.is_some_and(|account| *account.owner() != Address::default())
        };
        self.changes.iter().filter(owned).map(|change| change.at).collect()
    }

    /// Whose job was written, if one was.
    fn written_job(&self) -> Option<Subject> {
        let job = |change: &Change| change.after.as_ref().or(change.before.as_ref()).and_then(ledger::job);
        self.changes.iter().find_map(job).map(|job| Subject { tenant: job.tenant, provider: job.provider })
    }
}

impl Tally {
    fn count(&mut self, role: Role, flight: Flight, sent: &Result<Sent, Failure>) {
        self.transactions += 1;
        self.signatures += flight.signatures;
        self.bytes_max = self.bytes_max.max(flight.bytes);
        let count = self.by_instruction.entry(flight.name.clone()).or_default();
        match sent {
            Ok(sent) => {
                count.done += 1;
                count.compute_units += sent.compute_units;
                self.compute_units += sent.compute_units;
            }
            Err(failure) => {
                count.refused += 1;
                self.refused += 1;
                let kind = RefusalKind { role, instruction: flight.name, error: error_name(failure) };
                *self.refusals.entry(kind).or_default() += 1;
            }
        }
    }
}

impl Network {
    pub fn new(world: World) -> Self {
        let ledger = Ledger::new(&world);
        Self {
            world,
            ledger,
            tally: Tally::default(),
            locks: LockGraph::default(),
            program_locks: LockGraph::default(),
            hot_locks: LockGraph::default(),
        }
    }

    /// Sends one transaction; `world.crank` pays where nobody has to sign.
    ///
    /// # Errors
    /// A broken law; a refusal is an answer.
    pub fn send(
        &mut self,
        role: Role,
        subject: Option<Subject>,
        instructions: &[Instruction],
    ) -> Result<Result<Sent, Failure>, Breach> {
        let started = Instant::now();
        let signed = self.world.sign(instructions);
        self.tally.signing += started.elapsed();
        let mut flight = Flight::new(&self.world, instructions, &signed);

        let started = Instant::now();
        let sent = self.world.execute(signed);
        self.tally.executing += started.elapsed();

        let started = Instant::now();
        for change in &mut flight.changes {
            change.after = stored(&self.world, &change.at);
        }
        let checked = self.check(&flight, subject, sent.is_ok());
        checked.map_err(|breach| Breach {
            detail: format!("{}; {} of a {role:?}", breach.detail, flight.name),
            ..breach
        })?;
        self.tally.checking += started.elapsed();
        self.tally.count(role, flight, &sent);
        Ok(sent)
    }

    /// Notes the locks and checks the laws.
    fn check(&mut self, flight: &Flight, subject: Option<Subject>, done: bool) -> Result<(), Breach> {
        hold(flight.bytes <= TRANSACTION_BYTES_MAX, || Breach::of(Law::Fits, format!("{} bytes", flight.bytes)))?;
        let programs = flight.written_of_programs();
        self.locks.add(flight.keys.iter().map(|(at, writes)| (at, *writes)));
        let read = flight.keys.iter().filter(|(_, writes)| !writes).map(|(at, _)| (at, false));
        let touched = read.chain(programs.iter().map(|at| (at, true)));
        self.program_locks.add(touched.clone());
        if !flight.batched && self.hot_locks.add(touched) > 1 {
            *self.tally.waited.entry(flight.name.clone()).or_default() += 1;
        }
        if !done {
            // A stranger may name any account in vain: only what went through counts as writing.
            return self.ledger.refused(&flight.changes, &flight.payer, flight.fee);
        }
        // A match binds the provider in this very transaction: what the job says afterwards counts.
        if let Some(subject) = flight.written_job().or(subject)
            && !flight.batched
        {
            for at in &programs {
                self.ledger.writes(at, subject.tenant, subject.provider)?;
            }
        }
        self.ledger.done(&self.world, &flight.changes, flight.fee)
    }

    /// Ends a step: `seconds` pass, the locks of the step are summed up.
    pub fn tick(&mut self, seconds: i64) -> Widths {
        let step = self.locks.end();
        self.tally.locks.add(step);
        self.tally.program_locks.add(self.program_locks.end());
        self.tally.hot_locks.add(self.hot_locks.end());
        self.world.warp(seconds);
        self.world.svm.expire_blockhash();
        step
    }

    /// Forgets how wide the steps so far were.
    pub fn forget_locks(&mut self) {
        let tally = &mut self.tally;
        (tally.locks, tally.program_locks, tally.hot_locks) = Default::default();
        tally.waited.clear();
    }

    /// Looks at every account.
    ///
    /// # Errors
    /// A broken law.
    pub fn check_all(&mut self) -> Result<(), Breach> {
        let started = Instant::now();
        let checked = self.ledger.check_all(&self.world);
        self.tally.checking += started.elapsed();
        checked
    }
}
