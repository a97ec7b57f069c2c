//! `proofmill`: the command line for tenants, providers, validators and local networks.

mod arguments;
mod attend;
mod bootstrap;
mod commands;
mod docker_line;
mod docker_ports;
mod error;
mod faucet;
mod job_arguments;
mod limits;
mod line;
mod market_book;
mod next_steps;
mod output;
mod processes;
mod session;
mod settings;
mod tenant;

use std::process::ExitCode;

use clap::Parser;

use crate::{arguments::Cli, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new(
            "warn,iroh=off,noq=off,surfpool=off,surfpool_core=off,proofmill_localnet=error",
        )
    });
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.failed(&anyhow::anyhow!("the async runtime did not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(cli, &output)) {
        Ok(code) => code,
        Err(error) => {
            output.failed(&error);
            ExitCode::FAILURE
        }
    }
}
