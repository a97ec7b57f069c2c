//! `proofmill-simulation`: thousands of simulated agents on the real programs.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use proofmill_simulation::{Plan, Play, Report, Watch};

/// Simulated providers, validators and tenants on the REAL programs, accounts, signatures and money, in a virtual machine
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Providers that register
    #[arg(long, default_value_t = 10_000)]
    providers: usize,
    /// Jobs to have in providers' hands at once
    #[arg(long, default_value_t = 5_000)]
    jobs: usize,
    /// Steps in which tenants post; then everything drains
    #[arg(long, default_value_t = 40)]
    steps: u32,
    /// The same seed plays the same simulation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes what came out
    #[arg(long)]
    json: Option<PathBuf>,
    /// A small network: 200 providers, 100 jobs, 20 steps
    #[arg(long)]
    quick: bool,
}

struct Bars {
    registering: ProgressBar,
    stepping: ProgressBar,
}

impl Bars {
    fn new(plan: &Plan) -> Self {
        let style = ProgressStyle::with_template("{prefix:>11} [{bar:32}] {pos}/{len} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let bar =
            |length: u64, prefix: &'static str| ProgressBar::new(length).with_style(style.clone()).with_prefix(prefix);
        Self {
            registering: bar(plan.providers as u64, "registering"),
            stepping: bar(u64::from(plan.steps), "stepping"),
        }
    }
}

impl Watch for Bars {
    fn registered(&mut self, providers: u64) {
        self.registering.inc(providers);
    }

    fn stepped(&mut self, play: &Play) {
        if !self.registering.is_finished() {
            self.registering.finish();
        }
        let step = u64::from(play.course.step);
        self.stepping.set_length(step.max(u64::from(play.plan.steps)));
        self.stepping.set_position(step);
        let (unsettled, sent) = (play.unsettled, play.net.tally.transactions);
        self.stepping.set_message(format!("{unsettled} jobs unsettled, {sent} transactions"));
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let plan = if arguments.quick {
        Plan { providers: 200, jobs: 100, steps: 20, seed: arguments.seed }
    } else {
        let Arguments { providers, jobs, steps, seed, .. } = arguments;
        Plan { providers, jobs, steps, seed }
    };
    let mut bars = Bars::new(&plan);
    let started = Instant::now();
    let play = match Play::run(plan, &mut bars) {
        Ok(play) => play,
        Err(breach) => {
            bars.stepping.abandon();
            eprintln!(
                "{breach}\nrepeat it with: proofmill-simulation --providers {} --jobs {} --steps {} --seed {}",
                plan.providers, plan.jobs, plan.steps, plan.seed
            );
            return ExitCode::FAILURE;
        }
    };
    bars.stepping.finish();
    let report = Report::of(&play, started.elapsed());
    println!("simulated agents, real programs: no law was broken\n\n{}", report.table());
    if let Some(path) = arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string());
        let written = text.and_then(|text| std::fs::write(&path, text + "\n").map_err(|error| error.to_string()));
        if let Err(error) = written {
            eprintln!("{}: {error}; the run itself was good", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
