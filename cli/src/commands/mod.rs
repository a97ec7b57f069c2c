//! One file per noun; each does what its subcommand says.

mod bench;
mod demo;
mod job;
mod job_array;
mod job_preview;
mod job_service;
mod localnet;
pub mod market_views;
mod offer;
mod provider;
mod stake;
mod validator;
mod wallet;

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    arguments::{Cli, Command},
    output::Output,
    session::Session,
    settings::Settings,
};

/// Runs the command that was typed.
pub async fn run(cli: Cli, output: &Output) -> Result<ExitCode> {
    let open =
        || -> Result<Session> { Session::open(Settings::resolve(&cli.network)?, cli.network.keypair.as_deref()) };
    match cli.command {
        Command::Localnet(args) => localnet::run(args, output).await?,
        Command::Demo(args) => return demo::run(args, output).await,
        Command::Bench(args) => bench::run(args, output).await?,
        Command::Keygen { path } => wallet::keygen(&path, output)?,
        Command::Airdrop(args) => wallet::airdrop(&open()?, args, output).await?,
        Command::Balance { address } => wallet::balance(&open()?, address, output).await?,
        Command::Job(command) => return job::run(command, open, output).await,
        Command::Offer(command) => offer::run(&open()?, command, output).await?,
        Command::Stake(command) => stake::run(&open()?, command, output).await?,
        Command::Provider(command) => provider::run(command, open, output).await?,
        Command::Validator(command) => validator::run(command, open, output).await?,
    }
    Ok(ExitCode::SUCCESS)
}
