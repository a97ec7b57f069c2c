//! Command line of the validator's daemon.

use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, Subcommand};
use proofmill_oracle::{config::Config, daemon, doctor, identity};

#[derive(Parser)]
#[command(name = "proofmill-oracle", version, about = "Judges proofs of work, once each, and keeps jobs moving.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the validator until it is told to stop.
    Run {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Check everything the validator needs.
    Doctor {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Create the data directory and the keys that are missing.
    Init {
        /// Configuration file; an example is written where there is none.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    obey(Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("proofmill-oracle: {error:#}");
        ExitCode::FAILURE
    })
}

fn obey(arguments: Arguments) -> Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PROOFMILL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,proofmill_oracle=info"));
    let colours = stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match arguments.command {
        Command::Run { config } => {
            let config = Config::load(&config)?;
            runtime.block_on(daemon::run(config))?;
            // A thread may still be hashing an output: it is not waited for.
            runtime.shutdown_background();
        }
        Command::Doctor { config, json } => {
            let report = runtime.block_on(doctor::examine(&Config::load(&config)?));
            println!("{}", if json { report.to_json()? } else { report.to_text() });
            return Ok(if report.healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Init { config } => {
            let created = Config::load_or_create(&config)?;
            let identity = identity::create(&created)?;
            println!("validator {}", identity.validator_address());
            println!("delegate  {}", identity.delegate_address());
            println!("vote key  {}", hex::encode(identity.vote_key()));
            println!(
                "next: set `validator`, fund the delegate, stake, register with this delegate and vote key, then \
                 `proofmill-oracle run`"
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
