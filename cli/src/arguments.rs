//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use solana_address::Address;

use crate::job_arguments::JobCommand;

/// Rent GPUs. Pay for proven work.
#[derive(Parser)]
#[command(name = "proofmill", version, about, max_term_width = 110)]
pub struct Cli {
    /// Machine-readable output: one JSON document on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Where the chain is and who speaks.
#[derive(Args, Clone)]
pub struct NetworkArgs {
    /// JSON-RPC endpoint; by default that of the network file.
    #[arg(long, global = true, env = "PROOFMILL_URL")]
    pub url: Option<String>,
    /// WebSocket endpoint; by default that of the network file, or derived from --url.
    #[arg(long, global = true, env = "PROOFMILL_WS_URL")]
    pub ws_url: Option<String>,
    /// File that a local network writes, with its endpoints and mints.
    #[arg(long, global = true, env = "PROOFMILL_NETWORK", default_value = "target/localnet/network.json")]
    pub network: PathBuf,
    /// Keypair that signs and pays (a JSON array of 64 numbers, as Solana's tools write).
    #[arg(long, global = true, env = "PROOFMILL_KEYPAIR")]
    pub keypair: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a local network in this process until interrupted.
    Localnet(LocalnetArgs),
    /// Run the whole story: five validators, three providers, four jobs, one liar.
    Demo(DemoArgs),
    /// Measure what docs/benchmarks.md reports.
    Bench(BenchArgs),
    /// Make a keypair file.
    Keygen {
        /// Where to write it; never overwritten.
        path: PathBuf,
    },
    /// Tokens and lamports from the local network's faucet.
    Airdrop(AirdropArgs),
    /// Lamports and tokens of an address.
    Balance {
        /// Default: the keypair's.
        address: Option<Address>,
    },
    /// Run and follow jobs.
    #[command(subcommand)]
    Job(JobCommand),
    /// Standing prices.
    #[command(subcommand)]
    Offer(OfferCommand),
    /// Collateral.
    #[command(subcommand)]
    Stake(StakeCommand),
    /// Be a provider.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Be a validator.
    #[command(subcommand)]
    Validator(ValidatorCommand),
}

#[derive(Args)]
pub struct LocalnetArgs {
    /// Where keys and the network file go.
    #[arg(long, default_value = "target/localnet")]
    pub dir: PathBuf,
    /// Milliseconds per slot.
    #[arg(long, default_value_t = 400)]
    pub slot_ms: u64,
    /// Also start this many validators and two providers, so that jobs run.
    #[arg(long, default_value_t = 5)]
    pub validators: u8,
    /// Providers to start.
    #[arg(long, default_value_t = 2)]
    pub providers: u8,
    /// Serve the gateway and, where app/dist is built, the dApp at this address; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS")]
    pub gateway: Option<String>,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Leave the network up until interrupted.
    #[arg(long)]
    pub keep: bool,
    /// Where the machine-readable summary goes.
    #[arg(long, default_value = "target/demo/summary.json")]
    pub summary: PathBuf,
    /// Where keys, logs and data go.
    #[arg(long, default_value = "target/demo")]
    pub dir: PathBuf,
    /// Serve the gateway and, where app/dist is built, the dApp at this address; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub gateway: String,
}

#[derive(Args)]
pub struct BenchArgs {
    /// Folder for the measured figures.
    #[arg(long, default_value = "docs/benchmarks")]
    pub out: PathBuf,
    /// Jobs for the latency figure.
    #[arg(long, default_value_t = 50)]
    pub jobs: u32,
    #[arg(long, default_value = "target/bench")]
    pub dir: PathBuf,
}

#[derive(Args)]
pub struct AirdropArgs {
    /// Default: the keypair's address.
    pub address: Option<Address>,
    /// SOL.
    #[arg(long, default_value_t = 10)]
    pub sol: u64,
    /// Whole payment tokens.
    #[arg(long, default_value_t = 1_000)]
    pub tokens: u64,
    /// Whole stake tokens.
    #[arg(long, default_value_t = 0)]
    pub stake: u64,
}

#[derive(Subcommand)]
pub enum OfferCommand {
    /// Publish a standing price; the keypair is the provider's owner.
    Publish {
        /// Atoms of the payment mint per second.
        #[arg(long)]
        price_per_second: u64,
        /// Longest run, seconds.
        #[arg(long, default_value_t = 3_600)]
        seconds_max: u32,
        /// How long it stands, seconds.
        #[arg(long, default_value_t = 86_400)]
        valid_seconds: u32,
        /// Let services take it, as batch jobs do.
        #[arg(long)]
        services: bool,
        /// Most of the stake that is pledged for the availability of a service, atoms of the stake mint.
        #[arg(long, default_value_t = 0, requires = "services")]
        sla_bond_max: u64,
        /// Highest availability that it is pledged for, basis points.
        #[arg(long, default_value_t = 0, requires = "services", value_parser = clap::value_parser!(u16).range(0..=10_000))]
        sla_uptime_max_bps: u16,
    },
    /// Every standing price, cheapest first.
    List,
    /// Withdraw one.
    Withdraw { offer: Address },
}

#[derive(Subcommand)]
pub enum StakeCommand {
    /// Balances of a stake.
    Show {
        /// Default: the keypair's.
        owner: Option<Address>,
    },
    /// Add collateral, atoms of the stake mint (opens the stake if there is none).
    Deposit { amount: u64 },
    /// Begin to leave with free stake.
    Unbond { amount: u64 },
    /// Take out what has finished unbonding.
    Withdraw,
    /// Slashes that wait: how much, until when, and what may be done.
    Cases {
        /// Default: the keypair's.
        owner: Option<Address>,
    },
    /// Contest a slash that a verdict decided; a bond of free stake is set aside, and lost with the appeal.
    Appeal {
        /// The slash case, as `stake cases` and the node's log name it.
        case: Address,
        /// Do not ask before signing.
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

#[derive(Subcommand)]
pub enum ProviderCommand {
    /// Make keys and a configuration, register and stake.
    Init(ProviderInitArgs),
    /// Run the node (replaces this process).
    Start {
        #[arg(long, default_value = "provider/node.toml")]
        config: PathBuf,
    },
    /// What the chain says of a provider.
    Status {
        /// Default: the keypair's.
        owner: Option<Address>,
    },
    /// Every provider.
    List,
}

#[derive(Args, Clone)]
pub struct ProviderInitArgs {
    /// Where keys, configuration and data go.
    #[arg(long, default_value = "provider")]
    pub dir: PathBuf,
    /// Use a simulated device (local networks only; marked so on chain).
    #[arg(long)]
    pub simulated: bool,
    /// Stake to deposit, atoms.
    #[arg(long, default_value_t = 100_000_000)]
    pub stake: u64,
    /// Jobs at once.
    #[arg(long, default_value_t = 4)]
    pub capacity: u16,
    /// 1 consumer, 2 prosumer, 3 datacenter.
    #[arg(long, default_value_t = 1)]
    pub tier: u8,
    /// Answer auctions at this price, atoms per second.
    #[arg(long)]
    pub bid_price: Option<u64>,
    /// Do not re-execute for audits.
    #[arg(long)]
    pub no_reexecution: bool,
    /// Forge every output: for demonstrations of what happens then. Simulated devices only.
    #[arg(long, hide = true, requires = "simulated")]
    pub simulate_forged_outputs: bool,
}

#[derive(Subcommand)]
pub enum ValidatorCommand {
    /// Make keys and a configuration, stake and enter the roster.
    Init {
        #[arg(long, default_value = "validator")]
        dir: PathBuf,
        /// Stake to deposit, atoms.
        #[arg(long, default_value_t = 100_000_000)]
        stake: u64,
    },
    /// Run the oracle (replaces this process).
    Start {
        #[arg(long, default_value = "validator/oracle.toml")]
        config: PathBuf,
    },
    /// The roster and the present set.
    List,
}
