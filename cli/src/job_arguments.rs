//! What can be typed after `proofmill job`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use solana_address::Address;

#[derive(Subcommand)]
pub enum JobCommand {
    /// Post a job, lock its escrow, hand over the input, wait, and fetch the verified result.
    Run(JobRunArgs),
    /// Run one document many times, as the tasks of one array on many providers.
    #[command(subcommand_negates_reqs = true)]
    Array(ArrayArgs),
    /// Where a job stands.
    Status { job: Address },
    /// What a job prints, live.
    Logs(TransferArgs),
    /// Fetch a job's output and check it against the verdict.
    Result(TransferArgs),
    /// Withdraw an open job; the escrow comes back.
    Cancel { job: Address },
    /// Claim what a settled job owes its tenant, and close it. What is due to be settled is settled first.
    Close { job: Address },
    /// Open ports of this machine that lead to a service's, and sign its usage while it answers.
    Forward(ForwardArgs),
    /// Sign a service's usage while it answers, without opening ports.
    Attend(AttendArgs),
    /// End a service; usage up to now is paid, the rest of the escrow comes back.
    Stop {
        job: Address,
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Let a service run longer: add seconds, and the escrow that they cost.
    TopUp {
        job: Address,
        /// How many.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Your jobs.
    List,
    /// Check a document and show its canonical form, its hash and what the chain is told.
    Validate {
        /// A job.json.
        spec: PathBuf,
        /// Image to use where the document leaves it open: sha256:... or a tag of the local engine.
        #[arg(long)]
        image: Option<String>,
    },
    /// What a job would cost now: escrow, fee, prices, locks, rent. Nothing is signed.
    Estimate(PreviewArgs),
    /// Which offers fit a document and why the others do not; or what may happen next to a job, by whom, and by when.
    Explain(ExplainArgs),
    /// Turn a `docker run` line into a document, and say what could not be carried over. Exit code 0: everything was,
    /// 2: something was not, 1: no document could be made.
    Import(ImportArgs),
    /// The document's JSON Schema.
    Schema,
}

#[derive(Args, Clone)]
pub struct JobRunArgs {
    /// A job.json; see jobs/.
    pub spec: PathBuf,
    /// Folder whose files become the job's /in.
    #[arg(long)]
    pub input: Option<PathBuf>,
    /// Folder for the result; must not exist.
    #[arg(long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub changes: SpecChanges,
    /// Take this standing offer; by default the cheapest that fits.
    #[arg(long, conflicts_with = "auction_seconds")]
    pub offer: Option<Address>,
    /// Run an auction of this many seconds instead of taking an offer.
    #[arg(long)]
    pub auction_seconds: Option<u32>,
    /// Show cost and match and stop before anything is signed.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before signing.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Return as soon as the job is posted and its input delivered.
    #[arg(long)]
    pub detach: bool,
    /// A service's port to open on this machine once it runs, as `job forward` does; may be repeated.
    #[arg(long, value_name = "[LOCAL:]PORT", conflicts_with = "detach")]
    pub forward: Vec<PortPair>,
}

/// Whether and how something is signed.
#[derive(Args, Clone, Copy)]
pub struct SignArgs {
    /// Show what would be done and stop before anything is signed.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before signing.
    #[arg(long, short = 'y')]
    pub yes: bool,
}

#[derive(Args, Clone)]
pub struct ForwardArgs {
    pub job: Address,
    /// Port of the service, and the port of this machine that leads there: the same one if none is given, 0 for any free
    /// one.
    #[arg(required = true, value_name = "[LOCAL:]PORT")]
    pub ports: Vec<PortPair>,
    /// Do not sign usage: somebody else does.
    #[arg(long)]
    pub no_sign: bool,
}

#[derive(Args, Clone)]
pub struct AttendArgs {
    pub job: Address,
    /// Port of the service that must answer for its time to count; by default the first of its document.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

/// A port of this machine and the port of a service that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortPair {
    /// 0 for any free one.
    pub local: u16,
    /// Of the service.
    pub remote: u16,
}

impl std::str::FromStr for PortPair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (local, remote) = text.split_once(':').unwrap_or((text, text));
        let number = |text: &str| text.parse::<u16>().map_err(|_| format!("{text:?} is no port: 0 to 65535"));
        let pair = Self { local: number(local)?, remote: number(remote)? };
        if pair.remote == 0 { Err("a service has no port 0".to_owned()) } else { Ok(pair) }
    }
}

/// Flags that change the document before it is hashed and posted.
#[derive(Args, Clone, Default)]
pub struct SpecChanges {
    /// Image to use where the document leaves it open: sha256:... or a tag of the local engine.
    #[arg(long)]
    pub image: Option<String>,
    /// Set `price_ceiling_per_second`, atoms per second: escrow is made at it, and what is not used comes back.
    #[arg(long)]
    pub max_price: Option<u64>,
    /// Set an environment variable of the job: NAME=VALUE.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Refuse simulated devices: set `placement.allow_simulated` to false.
    #[arg(long)]
    pub real_device: bool,
}

#[derive(Args)]
pub struct TransferArgs {
    pub job: Address,
    /// Where to put it; standard output for logs.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub struct PreviewArgs {
    /// A job.json.
    pub spec: PathBuf,
    #[command(flatten)]
    pub changes: SpecChanges,
    /// Price an array of this many tasks.
    #[arg(long)]
    pub tasks: Option<u16>,
}

#[derive(Args)]
pub struct ExplainArgs {
    /// A job.json, or the address of a job.
    pub target: String,
    #[command(flatten)]
    pub changes: SpecChanges,
}

#[derive(Args)]
pub struct ImportArgs {
    /// Where the document goes; standard output by default.
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// The line, as one word in quotes or as words after `--`; `-` or nothing reads it from standard input.
    #[arg(trailing_var_arg = true)]
    pub line: Vec<String>,
}

#[derive(Args)]
pub struct ArrayArgs {
    #[command(subcommand)]
    pub command: Option<ArrayCommand>,
    /// A job.json that names a price ceiling; each task finds PROOFMILL_TASK_INDEX and PROOFMILL_TASK_COUNT in its
    /// environment.
    #[arg(required = true)]
    pub spec: Option<PathBuf>,
    /// Number of tasks.
    #[arg(long, required = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub tasks: Option<u16>,
    /// Folder whose files become every task's /in.
    #[arg(long)]
    pub input: Option<PathBuf>,
    /// Folder for the results, one folder per task; must not exist.
    #[arg(long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub changes: SpecChanges,
    /// How long tasks may be taken, seconds.
    #[arg(long, default_value_t = 3_600)]
    pub deadline_seconds: u32,
    /// Show the cost and stop before anything is signed.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before signing.
    #[arg(long, short = 'y')]
    pub yes: bool,
}

#[derive(Subcommand)]
pub enum ArrayCommand {
    /// Where each task of an array stands.
    Status { array: Address },
    /// Let no further task be taken; those that are taken end as they would.
    Cancel { array: Address },
    /// Close an array that is over: what no task was paid comes back.
    Close { array: Address },
    /// Your arrays.
    List,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser, error::ErrorKind};

    use super::*;
    use crate::arguments::{Cli, Command};

    fn job(line: &str) -> Result<JobCommand, ErrorKind> {
        let words = ["proofmill", "job"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words).map_err(|error| error.kind())?.command {
            Command::Job(command) => Ok(command),
            _ => panic!("not a job command: {line}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn ports_are_read_in_pairs() {
        let pair = |local, remote| Ok(PortPair { local, remote });
        assert_eq!("80".parse(), pair(80, 80));
        assert_eq!("8080:80".parse(), pair(8_080, 80));
        assert_eq!("0:80".parse(), pair(0, 80));
        for wrong in ["", ":", "80:", ":80", "0", "8080:0", "65536", "-1", "a:80", "1:2:3", "127.0.0.1:80"] {
            assert!(wrong.parse::<PortPair>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn services_are_forwarded_attended_topped_up_and_stopped() {
        let at = "11111111111111111111111111111111";
        let Ok(JobCommand::Forward(args)) = job(&format!("forward {at} 8080:80 22")) else { panic!() };
        assert_eq!(args.ports, [PortPair { local: 8_080, remote: 80 }, PortPair { local: 22, remote: 22 }]);
        assert_eq!(job(&format!("forward {at}")).err(), Some(ErrorKind::MissingRequiredArgument));
        let Ok(JobCommand::Attend(args)) = job(&format!("attend {at}")) else { panic!() };
        assert_eq!(args.port, None);
        let Ok(JobCommand::TopUp { seconds: 60, sign, .. }) = job(&format!("top-up {at} --seconds 60 -y")) else {
            panic!()
        };
        assert!(sign.yes && !sign.dry_run);
        assert_eq!(job(&format!("top-up {at} --seconds 0")).err(), Some(ErrorKind::ValueValidation));
        assert!(matches!(job(&format!("stop {at} --dry-run")), Ok(JobCommand::Stop { .. })));
    }

    #[test]
    fn an_array_needs_a_document_and_tasks_and_its_subcommands_need_neither() {
        let Ok(JobCommand::Array(args)) = job("array job.json --tasks 12 -y") else { panic!() };
        assert_eq!((args.tasks, args.spec, args.yes), (Some(12), Some("job.json".into()), true));
        assert!(args.command.is_none());
        assert_eq!(job("array job.json").err(), Some(ErrorKind::MissingRequiredArgument));
        assert_eq!(job("array --tasks 3").err(), Some(ErrorKind::MissingRequiredArgument));
        assert_eq!(job("array job.json --tasks 0").err(), Some(ErrorKind::ValueValidation));
        assert_eq!(job("array job.json --tasks 1025").err(), Some(ErrorKind::ValueValidation));
        let address = "11111111111111111111111111111111";
        for (word, is) in [
            ("status", (|c| matches!(c, ArrayCommand::Status { .. })) as fn(&ArrayCommand) -> bool),
            ("cancel", |c| matches!(c, ArrayCommand::Cancel { .. })),
            ("close", |c| matches!(c, ArrayCommand::Close { .. })),
        ] {
            let Ok(JobCommand::Array(args)) = job(&format!("array {word} {address}")) else { panic!("{word}") };
            assert!(args.command.as_ref().is_some_and(is), "{word}");
        }
        for line in ["array list", "array --keypair k.json list", "--json array list --keypair k.json"] {
            let Ok(JobCommand::Array(args)) = job(line) else { panic!("{line}") };
            assert!(matches!(args.command, Some(ArrayCommand::List)), "{line}");
        }
    }

    #[test]
    fn a_docker_line_comes_after_dashes_in_quotes_or_by_standard_input() {
        let Ok(JobCommand::Import(args)) = job("import -- docker run --gpus all image") else { panic!() };
        assert_eq!(args.line, ["docker", "run", "--gpus", "all", "image"]);
        let words = ["proofmill", "job", "import", "docker run image"];
        let Command::Job(JobCommand::Import(args)) = Cli::try_parse_from(words).unwrap().command else { panic!() };
        assert_eq!(args.line, ["docker run image"]);
        let Ok(JobCommand::Import(args)) = job("import --output job.json docker run --json image") else { panic!() };
        assert_eq!((args.line.len(), args.output), (4, Some("job.json".into())));
        let Ok(JobCommand::Import(args)) = job("import") else { panic!() };
        assert!(args.line.is_empty());
    }

    #[test]
    fn the_flags_of_a_run_are_those_of_its_previews() {
        let flags = "--image sha256:x --max-price 7 --env A=1 --real-device";
        for line in ["run job.json", "estimate job.json", "explain job.json", "array job.json --tasks 1"] {
            let changes = match job(&format!("{line} {flags}")) {
                Ok(JobCommand::Run(args)) => args.changes,
                Ok(JobCommand::Estimate(args)) => args.changes,
                Ok(JobCommand::Explain(args)) => args.changes,
                Ok(JobCommand::Array(args)) => args.changes,
                _ => panic!("{line}"),
            };
            assert_eq!((changes.max_price, changes.real_device), (Some(7), true), "{line}");
            assert_eq!((changes.image.as_deref(), changes.env), (Some("sha256:x"), vec!["A=1".to_owned()]), "{line}");
        }
        assert_eq!(
            job("run job.json --offer 11111111111111111111111111111111 --auction-seconds 5").err(),
            Some(ErrorKind::ArgumentConflict)
        );
    }
}
