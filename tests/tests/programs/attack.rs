//! How an attack is counted: every case is refused, or listed as harmless with a reason; everything else escapes.

use std::{collections::BTreeSet, fmt::Write as _, io::Write as _, time::Instant};

use crate::{laws::*, scenarios::Target};
use proofmill_protocol::limits;
use solana_transaction_error::TransactionError;

/// A case that goes through and hurts nobody: instruction or scenario, slot or what is altered,
/// kind of alteration, reason. `*` stands for any.
pub type Harmless = (&'static str, &'static str, &'static str, &'static str);

/// The line that `cargo xtask attack` reads begins with this.
pub const REPORT_PREFIX: &str = "proofmill-attack ";

/// One family of attacks and what came of it.
pub struct Family {
    name: &'static str,
    harmless: &'static [Harmless],
    used: BTreeSet<usize>,
    cases: usize,
    refused: usize,
    passed: usize,
    escapes: Vec<String>,
    seed: Option<u64>,
    started: Instant,
}

impl Family {
    pub fn new(name: &'static str, harmless: &'static [Harmless]) -> Self {
        Self {
            name,
            harmless,
            used: BTreeSet::new(),
            cases: 0,
            refused: 0,
            passed: 0,
            escapes: Vec::new(),
            seed: None,
            started: Instant::now(),
        }
    }

    /// The seed that repeats a random family.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    pub fn refused(&mut self) {
        self.cases += 1;
        self.refused += 1;
    }

    /// A case that is allowed by what it tests, with nothing to list.
    pub fn held(&mut self) {
        self.cases += 1;
        self.passed += 1;
    }

    pub fn escape(&mut self, what: String) {
        self.cases += 1;
        self.escapes.push(what);
    }

    /// A case that went through.
    pub fn went_through(&mut self, scenario: &str, slot: &str, kind: &str) {
        let fits = |pattern: &str, found: &str| pattern == "*" || pattern == found;
        // An instruction's name stands for all of its scenarios.
        let names = |pattern: &str| {
            let variant = scenario.strip_prefix(pattern);
            pattern == "*" || variant.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let listed = self.harmless.iter().position(|(a, b, c, _)| names(a) && fits(b, slot) && fits(c, kind));
        match listed {
            Some(row) => {
                self.used.insert(row);
                self.held();
            }
            None => self.escape(format!("{scenario}, {slot}: {kind} went through")),
        }
    }

    /// Attacks `target` with an altered transaction; the world is as before afterwards.
    pub fn attack(&mut self, target: &Target, world: &mut World, slot: &str, kind: &str, attack: &[Instruction]) {
        match world.attempt(attack) {
            Err(TransactionError::InstructionError(_, InstructionError::ProgramFailedToComplete)) => {
                self.escape(format!("{}, {slot}: {kind} aborts the program instead of being refused", target.name));
            }
            Err(_) => self.refused(),
            Ok(_) => {
                if let Err(law) = honest(&target.world, world) {
                    self.escape(format!("{}, {slot}: {kind} went through and {law}", target.name));
                } else {
                    self.went_through(&target.name, slot, kind);
                }
                *world = target.world.clone();
            }
        }
    }

    /// Reports the counts and fails if anything escaped, an exception was never needed, or nothing was tried.
    pub fn close(self) {
        let Self { name, cases, refused, passed, .. } = self;
        let seed = self.seed.map_or_else(|| "null".to_owned(), |seed| seed.to_string());
        let seconds = self.started.elapsed().as_secs_f64();
        let mut line = format!("{REPORT_PREFIX}{{\"family\":\"{name}\",\"cases\":{cases},\"refused\":{refused}");
        let _ = write!(
            line,
            ",\"harmless\":{passed},\"exceptions\":{},\"escaped\":{}",
            self.used.len(),
            self.escapes.len()
        );
        let _ = write!(line, ",\"seconds\":{seconds:.1},\"seed\":{seed}}}");
        println!("{line}");
        // Where `cargo xtask attack` collects them: what tests print is captured.
        if let Some(report) = std::env::var_os("PROOFMILL_ATTACK_REPORT") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(report);
            writeln!(file.unwrap(), "{line}").unwrap();
        }
        assert!(self.escapes.is_empty(), "{} of {cases} escaped:\n  {}", self.escapes.len(), self.escapes.join("\n  "));
        let unused: Vec<_> = (0..self.harmless.len()).filter(|row| !self.used.contains(row)).collect();
        let unused: Vec<_> = unused.into_iter().map(|row| &self.harmless[row]).collect();
        assert!(unused.is_empty(), "exceptions that nothing needs, remove them: {unused:#?}");
        assert!(cases > 0, "nothing was tried");
    }
}

/// What holds after every instruction, whoever sent it: no token appears or vanishes, every vault covers what it owes,
/// and no configuration leaves the bounds written in the program.
pub fn honest(before: &World, after: &World) -> Result<(), String> {
    for mint in [after.mints[0], after.mints[1], after.stake_mint] {
        if before.supply(&mint) != after.supply(&mint) {
            return Err("a token appeared or vanished".to_owned());
        }
    }
    for (at, account) in after.svm.get_program_accounts(&market::ID) {
        if let Ok(job) = market::Job::decode(&account.data) {
            let owed = owed(&job);
            if after.tokens(&job.vault) < owed {
                return Err(format!("the vault of job {at} holds less than the {owed} atoms it owes"));
            }
        } else if let Ok(stake) = market::Stake::decode(&account.data) {
            let held = [stake.unbonding, stake.slashed, stake.pending]
                .iter()
                .try_fold(stake.bonded, |sum, part| sum.checked_add(*part));
            if held.is_none_or(|held| after.tokens(&stake.vault) < held) || stake.locked > stake.bonded {
                return Err(format!("the vault of stake {at} does not cover it"));
            }
        } else if let Ok(config) = market::Config::decode(&account.data)
            && (config.fee_bps > limits::FEE_BPS_MAX || config.threshold < limits::THRESHOLD_MIN)
        {
            return Err("the market's configuration left its bounds".to_owned());
        }
    }
    Ok(())
}

/// What a job's vault owes.
pub fn owed(job: &market::Job) -> u64 {
    if job.state != JobState::Settled as u8 {
        return job.escrowed - job.streamed;
    }
    let part = |bit: u8, amount: u64| if job.claimed & bit == 0 { amount } else { 0 };
    part(1, job.paid - job.streamed) + part(2, job.refunded) + part(4, job.fee)
}

/// Moves lamports between wallets: what an attacker adds to a transaction.
pub fn transfer(from: Address, to: Address, lamports: u64) -> Instruction {
    let mut data = vec![2, 0, 0, 0];
    data.extend_from_slice(&lamports.to_le_bytes());
    let accounts =
        vec![solana_instruction::AccountMeta::new(from, true), solana_instruction::AccountMeta::new(to, false)];
    Instruction { program_id: Address::default(), accounts, data }
}
