//! The project's own build commands: `cargo xtask <command>`. They need Rust and crates.io, nothing else, except
//! that `sbf` builds the on-chain programs and so needs a BPF toolchain, which it can install on Debian.

mod attack;
mod client;
mod drift;
mod fuzz;
mod idl;
mod sbf;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build commands of this repository")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the on-chain programs to programs/deploy/*.so
    Sbf(sbf::Options),
    /// Writes idl/*.json from the program sources
    Idl(drift::Options),
    /// Writes crates/client/src/generated/*.rs from idl/*.json
    Client(drift::Options),
    /// Tries to rob the two programs, and to smuggle bugs past the tests
    Attack(attack::Options),
    /// Fuzzes the rules' decoders and the programs' entry points, guided by coverage
    Fuzz(fuzz::Options),
    /// Checks names, paths, promises, the direction of dependencies, and that the committed programs are these sources'
    Tidy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Sbf(options) => sbf::run(&options),
        Command::Idl(options) => idl::run(&options),
        Command::Client(options) => client::run(&options),
        Command::Attack(options) => attack::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Tidy => tidy::run(),
    };
    // In one line at the very end: a log that keeps only its tail must still say what failed.
    done.map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
