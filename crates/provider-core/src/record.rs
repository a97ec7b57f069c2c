//! What is known about one attempt, and survives a crash.

use proofmill_protocol::receipt::Termination;
use serde::{Deserialize, Serialize};

/// In which part this node takes the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It was matched to the job and is paid for it.
    Run,
    /// It was drawn to run the job again, for a committee.
    Reexecute,
}

/// Names a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptKey {
    /// Address of the `Job` account.
    pub job: [u8; 32],
    /// The attempt.
    pub attempt: u16,
    /// The part taken.
    pub role: Role,
}

/// Why a job is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// The specification, the input or the image cannot be run here.
    Unrunnable,
    /// The chain says running, and there is neither a container nor a receipt.
    WorkLost,
    /// The container disappeared under us.
    ContainerLost,
    /// What it needs did not come, or did not run, shortly before the start was due. A missed start costs stake.
    NotInTime,
    /// The job's address is reused while what an earlier life left there is still evidence in a slash case.
    AddressHeld,
}

/// Why nothing more is done for an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Settled, and what was earned is claimed.
    Settled,
    /// Given back.
    Declined(DeclineReason),
    /// The account is gone, belongs to another, or is another life of the address.
    Gone,
    /// The round this was for is decided or closed to claims.
    RoundOver,
    /// A re-execution that cannot be done here.
    Abandoned,
}

/// How a container ended, as the engine reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code.
    pub code: i32,
    /// The kernel killed it for its memory.
    pub oom: bool,
    /// When it began to run, host clock, unix milliseconds.
    pub started_at_ms: i64,
    /// When it ended, host clock, unix milliseconds.
    pub finished_at_ms: i64,
    /// It was stopped by us for running past `max_seconds`.
    pub timed_out: bool,
}

/// What the outputs amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledgered {
    /// How the container ended.
    pub exit: Exit,
    /// How the run is classified in the receipt: a code of `Termination`.
    pub termination: u8,
    /// Root of the output manifest; zero if it was refused.
    pub output_root: [u8; 32],
    /// Sum of the output files, bytes.
    pub output_bytes: u64,
    /// Number of output files.
    pub output_files: u32,
}

impl Ledgered {
    /// The classification as the receipt has it.
    pub fn termination(&self) -> Termination {
        // The code was written by this crate; an unknown one in a damaged record must not become a clean exit.
        Termination::from_code(self.termination).unwrap_or(Termination::OutputRefused)
    }
}

/// What a service has earned by this node's own measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metered {
    /// Milliseconds that it was seen healthy since it was declared started; pauses left out.
    pub usage_ms: u64,
    /// The last instant at which it was seen so, chain clock, unix seconds; 0 before the first.
    pub usage_at: i64,
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Known; its specification or input is awaited. No container was ever asked for.
    Wanted,
    /// A container has been asked for and not yet been seen.
    Starting,
    /// The container was seen running.
    Running {
        /// When it began, host clock, unix milliseconds.
        started_at_ms: i64,
        /// It was told to stop for running too long.
        stopping: bool,
    },
    /// The container of a service was seen running.
    Serving {
        /// When it began, host clock, unix milliseconds.
        started_at_ms: i64,
        /// What it has earned so far.
        metered: Metered,
    },
    /// A service that is over: its container is stopped, its last usage reported, and it is settled when that is due.
    Closing {
        /// What it has earned.
        metered: Metered,
    },
    /// The container ended; its outputs are not yet scanned.
    Exited(Exit),
    /// Outputs are known; the receipt (or the claim of a re-execution) is to be signed.
    Scanned(Ledgered),
    /// The signed bytes are in the ledger.
    Recorded,
    /// The chain has them.
    Submitted,
    /// Settled in our favour; the reward is to be claimed.
    Claiming,
    /// To be given back.
    Declining(DeclineReason),
    /// Nothing more to do but to clean up.
    Ended {
        /// Why.
        reason: EndReason,
        /// When the data is dropped, chain clock.
        drop_at: i64,
        /// The container is known to be removed.
        container_removed: bool,
    },
}

/// One attempt in one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is about.
    pub key: AttemptKey,
    /// The job's nonce: this life of the address and no other.
    pub nonce: u64,
    /// The round of a re-execution, 3 on appeal; 0 for a run.
    pub round: u8,
    /// Longest run, seconds.
    pub max_seconds: u32,
    /// Whether it is a service, which runs until somebody ends it.
    #[serde(default)]
    pub service: bool,
    /// How far it has come.
    pub phase: Phase,
}

impl Record {
    /// Whether a container of this attempt may exist.
    pub fn may_have_container(&self) -> bool {
        !matches!(self.phase, Phase::Wanted | Phase::Ended { container_removed: true, .. })
    }

    /// Whether the attempt is still being worked on.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Ended { .. })
    }
}
