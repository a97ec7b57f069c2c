//! Command line of the provider's node.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use proofmill_provider_node::{config::Config, doctor, identity, inventory, service};

#[derive(Parser)]
#[command(name = "proofmill-provider-node", version, about = "Runs jobs on this machine and proves it.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the node until it is told to stop.
    Run {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// On SIGTERM, also announce on chain that no new jobs are taken.
        #[arg(long)]
        drain: bool,
    },
    /// Check everything the node needs.
    Doctor {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the devices and their class.
    Inventory {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Create the data directory and the node key.
    Init {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    match obey() {
        Ok(code) => code,
        Err(error) => {
            // Each error says what failed and what to do; its causes are in its text.
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn obey() -> Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PROOFMILL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,proofmill_provider_node=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match arguments.command {
        Command::Run { config, drain } => {
            runtime.block_on(service::run(Config::load(&config)?, drain))?;
            // Hashing and unpacking threads may still be busy: they are not waited for.
            runtime.shutdown_background();
        }
        Command::Doctor { config, json } => {
            let report = runtime.block_on(doctor::examine(&Config::load(&config)?));
            print!("{}", if json { report.to_json()? } else { report.to_text() });
            return Ok(if report.healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Inventory { config, json } => {
            let found = inventory::from_config(&Config::load(&config)?.device).take()?;
            print!("{}", if json { found.to_json()? } else { found.to_text() });
        }
        Command::Init { config } => {
            let config = Config::load(&config)?;
            let key = identity::create(&config)?;
            println!("node key {}", hex::encode(key.public()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
