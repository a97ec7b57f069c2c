//! What came out of a run: for machines as JSON, for people as a table.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde::Serialize;

use crate::{
    limits,
    locks::Widths,
    machine,
    network::{Count, Network, Role},
    play::Play,
};

#[derive(Debug, Serialize)]
pub struct RefusalRow {
    pub role: Role,
    pub instruction: String,
    pub error: String,
    pub count: u64,
}

#[derive(Debug, Serialize)]
pub struct OutcomeRow {
    pub held_by: String,
    pub outcome: String,
    pub jobs: u64,
}

/// Locks of all steps, and what they allow.
#[derive(Debug, Serialize)]
pub struct LockReport {
    #[serde(flatten)]
    pub widths: Widths,
    /// Transactions per round.
    pub mean_width: f64,
}

impl From<Widths> for LockReport {
    fn from(widths: Widths) -> Self {
        Self { widths, mean_width: (widths.mean() * 10.0).round() / 10.0 }
    }
}

/// What is the same for the same plan.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub providers: usize,
    pub validators: usize,
    pub tenants: usize,
    pub seed: u64,
    pub steps: u32,
    pub simulated_seconds: i64,
    pub jobs_posted: u64,
    pub jobs_closed: u64,
    /// Jobs not settled at once at most, and of them those that a provider held.
    pub jobs_unsettled_peak: u64,
    pub jobs_in_flight_peak: u64,
    pub states_at_peak: BTreeMap<&'static str, u64>,
    pub outcomes: Vec<OutcomeRow>,
    pub rounds_escalated: u64,
    /// Jobs of truthful providers that a first re-execution confirmed and that paid nobody all the same.
    pub confirmed_unpaid: u64,
    pub atoms_slashed: u64,
    pub transactions: u64,
    pub transactions_refused: u64,
    pub signatures: u64,
    pub transaction_bytes_max: usize,
    pub compute_units: u64,
    pub instructions: BTreeMap<String, Count>,
    pub refusals: Vec<RefusalRow>,
    /// As a scheduler sees them, senders' wallets included.
    pub locks: LockReport,
    /// The programs' accounts alone.
    pub program_locks: LockReport,
    /// Likewise without `sweep_fees`, `pay_audit` and `sweep_slashed`.
    pub hot_locks: LockReport,
    pub waited: BTreeMap<String, u64>,
    /// Atoms that fees brought to the audit budget, and that re-executions took out of it.
    pub audit_budget_in: u64,
    pub audit_budget_out: u64,
    pub account_changes_checked: u64,
    pub full_checks: u64,
    pub accounts_left: usize,
    pub breaches: u64,
}

/// What depends on the machine.
#[derive(Debug, Serialize)]
pub struct Measured {
    pub wall_seconds: f64,
    pub transactions_per_second: f64,
    pub executing_seconds: f64,
    pub signing_seconds: f64,
    pub checking_seconds: f64,
    pub processor_seconds: Option<f64>,
    pub peak_resident_kib: Option<u64>,
    pub threads: u32,
}

/// Both.
#[derive(Debug, Serialize)]
pub struct Report {
    pub programs: &'static str,
    pub agents: &'static str,
    pub signatures_verified: bool,
    pub outcome: Outcome,
    pub measured: Measured,
}

fn rounded(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100.0).round() / 100.0
}

impl Report {
    /// Reads a finished run.
    pub fn of(play: &Play, wall: Duration) -> Self {
        let Network { tally, ledger, world, .. } = &play.net;
        let row = |(kind, count): (&crate::network::RefusalKind, &u64)| RefusalRow {
            role: kind.role,
            instruction: kind.instruction.clone(),
            error: kind.error.clone(),
            count: *count,
        };
        let outcome = Outcome {
            providers: play.plan.providers,
            validators: world.validators.len(),
            tenants: play.plan.tenants(),
            seed: play.plan.seed,
            steps: play.course.step,
            simulated_seconds: i64::from(play.course.step) * limits::STEP_SECONDS,
            jobs_posted: play.course.posted,
            jobs_closed: play.course.closed,
            jobs_unsettled_peak: play.course.unsettled_peak,
            jobs_in_flight_peak: play.course.held_peak,
            states_at_peak: play.course.at_peak.clone(),
            outcomes: (play.course.outcomes.iter())
                .map(|((held_by, outcome), jobs)| OutcomeRow {
                    held_by: held_by.clone(),
                    outcome: outcome.clone(),
                    jobs: *jobs,
                })
                .collect(),
            rounds_escalated: play.course.escalated,
            confirmed_unpaid: play.course.confirmed_unpaid,
            atoms_slashed: play.course.slashed,
            transactions: tally.transactions,
            transactions_refused: tally.refused,
            signatures: tally.signatures,
            transaction_bytes_max: tally.bytes_max,
            compute_units: tally.compute_units,
            instructions: tally.by_instruction.clone(),
            refusals: tally.refusals.iter().map(row).collect(),
            locks: tally.locks.into(),
            program_locks: tally.program_locks.into(),
            hot_locks: tally.hot_locks.into(),
            waited: tally.waited.clone(),
            audit_budget_in: play.course.audit_in,
            audit_budget_out: play.course.audit_out,
            account_changes_checked: ledger.changes,
            full_checks: ledger.full_checks,
            accounts_left: world.svm.accounts_db().inner.len(),
            breaches: 0,
        };
        let measured = Measured {
            wall_seconds: rounded(wall),
            transactions_per_second: (tally.transactions as f64 / wall.as_secs_f64().max(0.001)).round(),
            executing_seconds: rounded(tally.executing),
            signing_seconds: rounded(tally.signing),
            checking_seconds: rounded(tally.checking),
            processor_seconds: machine::processor_seconds(),
            peak_resident_kib: machine::peak_resident_kib(),
            threads: 1,
        };
        Self {
            programs: "the deployable .so files, in LiteSVM",
            agents: "simulated",
            signatures_verified: play.net.world.svm.get_sigverify(),
            outcome,
            measured,
        }
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let (o, m) = (&self.outcome, &self.measured);
        let processor = m.processor_seconds.map_or_else(|| "unknown".to_owned(), |seconds| format!("{seconds:.1} s"));
        let mib = m.peak_resident_kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1_024));
        let rows: [(&str, String); 18] = [
            ("providers, validators, tenants", format!("{}, {}, {}", o.providers, o.validators, o.tenants)),
            ("jobs posted, closed", format!("{}, {}", o.jobs_posted, o.jobs_closed)),
            ("jobs in providers' hands at once", format!("{} (peak)", o.jobs_in_flight_peak)),
            ("jobs not settled at once", format!("{} (peak)", o.jobs_unsettled_peak)),
            ("simulated time", format!("{} s in {} steps", o.simulated_seconds, o.steps)),
            ("transactions", format!("{}, {} refused", o.transactions, o.transactions_refused)),
            ("signatures verified", o.signatures.to_string()),
            ("rounds escalated", o.rounds_escalated.to_string()),
            ("confirmed once, unpaid", o.confirmed_unpaid.to_string()),
            ("atoms slashed", o.atoms_slashed.to_string()),
            (
                "parallel, with wallets",
                format!("{:.1} per round, {} at most", o.locks.mean_width, o.locks.widths.widest),
            ),
            (
                "parallel, programs' accounts",
                format!("{:.1} per round, {} at most", o.program_locks.mean_width, o.program_locks.widths.widest),
            ),
            (
                "parallel, without batch sweeps",
                format!("{:.1} per round, {} at most", o.hot_locks.mean_width, o.hot_locks.widths.widest),
            ),
            ("audit budget, from fees and drawn", format!("{}, {}", o.audit_budget_in, o.audit_budget_out)),
            ("account changes checked", format!("{}, {} full checks", o.account_changes_checked, o.full_checks)),
            (
                "wall time, one thread",
                format!(
                    "{:.1} s ({:.0} transactions/s; executing {:.1}, signing {:.1}, checking {:.1})",
                    m.wall_seconds,
                    m.transactions_per_second,
                    m.executing_seconds,
                    m.signing_seconds,
                    m.checking_seconds
                ),
            ),
            ("processor time", processor),
            ("peak resident", mib),
        ];
        for (name, value) in rows {
            let _ = writeln!(out, "  {name:<34} {value}");
        }
        let _ = writeln!(out, "\n  how jobs ended, by who held them");
        for row in &o.outcomes {
            let _ = writeln!(out, "    {:<10} {:<14} {:>8}", row.held_by, row.outcome, row.jobs);
        }
        let _ = writeln!(out, "\n  refusals");
        for row in &o.refusals {
            let role = format!("{:?}", row.role).to_lowercase();
            let _ = writeln!(out, "    {role:<10} {:<24} {:<22} {:>8}", row.instruction, row.error, row.count);
        }
        out
    }
}
