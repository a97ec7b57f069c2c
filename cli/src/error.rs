//! Errors of the command line: the operation that failed, the value, what to do next.

use std::path::PathBuf;

use solana_address::Address;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum CliError {
    #[error("no endpoint: give --url, or start a local network (`proofmill localnet`), whose file {} does not exist", .0.display())]
    NoNetwork(PathBuf),
    #[error("the network file {} does not parse: {reason}", path.display())]
    NetworkFile { path: PathBuf, reason: String },
    #[error("no keypair: give --keypair FILE (`proofmill keygen FILE` makes one)")]
    NoKeypair,
    #[error("there is no {what} at {address}")]
    Missing { what: &'static str, address: Address },
    #[error("the {what} at {address} does not decode: {reason}; is this the right network?")]
    Undecodable { what: &'static str, address: Address, reason: String },
    #[error("{program} refused: {name} ({code}): {message}")]
    Refused { program: &'static str, name: &'static str, code: u32, message: &'static str },
    #[error("no standing offer fits: {reasons}. Publish one, raise --max-price, or run an auction (--auction-seconds)")]
    NoOfferFits { reasons: String },
    #[error(
        "the document names the input {asked}, the folder given is {found}: give the other folder, or inputs.root null"
    )]
    OtherInput { asked: String, found: String },
    #[error(
        "auctions and arrays cannot ask for a model: providers come before they see the document. Take an offer, or ask by tier and vram_mib"
    )]
    ModelInAuction,
    #[error("{what} needs price_ceiling_per_second in the document, or --max-price: escrow is made at it")]
    CeilingMissing { what: &'static str },
    #[error("there is neither a file nor an account named {0:?}: give a job.json or the address of a job")]
    NoSuchTarget(String),
    #[error("array {array} did not end within {seconds} s; `proofmill job array status {array}` shows its tasks")]
    ArrayStuck { array: Address, seconds: u64 },
    #[error("the local engine knows no image {tag}: build it (jobs/build) or give --image sha256:...")]
    UnknownImage { tag: String },
    #[error("this network has no faucet: {0} is only for local networks")]
    LocalOnly(&'static str),
    #[error("{name} is not beside this program ({}): build it with `cargo build --bin {name}`", dir.display())]
    BinaryMissing { name: &'static str, dir: PathBuf },
    #[error("{what} was not ready within {seconds} s; its log is {}", log.display())]
    NotReady { what: String, seconds: u64, log: PathBuf },
    #[error("{what} ended by itself ({status}); its log is {}", log.display())]
    Ended { what: String, status: String, log: PathBuf },
    #[error("job {job} did not end within {seconds} s; it is {state}. Anyone may expire it after its deadline")]
    JobStuck { job: Address, seconds: u64, state: String },
    #[error("job {job} is not a service: {instead}")]
    NotAService { job: Address, instead: &'static str },
    #[error("service {job} is {state}: {instead}")]
    ServiceIs { job: Address, state: &'static str, instead: &'static str },
    #[error("the document of job {job} names no port that answers over TCP: give --port")]
    NoPort { job: Address },
    #[error("the node gave another document than the job's: it hashes to {found}, the chain says {expected}")]
    OtherDocument { found: String, expected: String },
    #[error(
        "port {port} of this machine cannot be taken ({reason}): give another one, as in {other}:{remote}, or 0:{remote} for any"
    )]
    LocalPort { port: u16, remote: u16, other: u16, reason: std::io::Error },
    #[error("the tasks of an array are batch jobs, and this document is of a service: run it with `proofmill job run`")]
    ServiceInArray,
    #[error("--forward is for services, and this document is of a batch job")]
    ForwardOfBatch,
    #[error("a service lasts {most} more seconds at most, {asked} were asked for")]
    TooLong { asked: u32, most: u32 },
    #[error("NAME=VALUE expected, found {0:?}")]
    EnvPair(String),
    #[error("an amount overflows 64 bits: {0}")]
    Overflow(&'static str),
    #[error("cancelled by you; nothing was signed")]
    Declined,
    #[error("the demonstration did not hold: {0}")]
    DemoFailed(String),
}
