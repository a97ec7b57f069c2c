//! What happens, and what is to be done about it.

use proofmill_protocol::{job::JobState, service::Meter};

use crate::record::{AttemptKey, DeclineReason, Exit, Ledgered, Record};

/// The chain's clock as the daemon last knew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainNow {
    /// Unix seconds.
    pub unix_seconds: i64,
}

/// A `Job` account that names this node's provider, or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFacts {
    /// Address of the account.
    pub job: [u8; 32],
    /// Its attempt.
    pub attempt: u16,
    /// Its nonce.
    pub nonce: u64,
    /// Its state.
    pub state: JobState,
    /// Whether it is matched to this node's provider.
    pub matched_to_me: bool,
    /// Longest run, seconds.
    pub max_seconds: u32,
    /// When it was matched, chain clock.
    pub matched_at: i64,
    /// Last instant at which a start is accepted, chain clock.
    pub start_by: i64,
    /// Last instant at which a receipt is accepted, chain clock; 0 before the start.
    pub receipt_by: i64,
    /// SHA-256 of the specification.
    pub spec_hash: [u8; 32],
    /// SHA-256 that names the image.
    pub image_digest: [u8; 32],
    /// Root of the input.
    pub input_root: [u8; 32],
    /// Atoms credited to the provider.
    pub paid: u64,
    /// The reward has been claimed.
    pub reward_claimed: bool,
    /// What there is to know of a service; nothing of a batch job.
    pub service: Option<ServiceFacts>,
}

/// What the chain says of a service besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its clock and its accepted usage.
    pub meter: Meter,
    /// Atoms that can be drawn now.
    pub streamable: u64,
    /// Atoms that were drawn.
    pub streamed: u64,
}

/// A service's container as the daemon finds it. Only one that runs, or is paused, is looked at so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The engine has paused it.
    pub paused: bool,
    /// It is well, by its health check or, without one, by its first port.
    pub healthy: bool,
    /// When it was looked at, host clock, unix milliseconds.
    pub at_ms: i64,
}

/// A total that the tenant has signed, and that is in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cosigned {
    /// Milliseconds.
    pub usage_ms: u64,
    /// The instant at which it held, chain clock.
    pub measured_at: i64,
}

/// A `Round` account that names this node's provider as re-executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundFacts {
    /// The judged job.
    pub job: [u8; 32],
    /// The judged attempt.
    pub attempt: u16,
    /// The job's nonce.
    pub nonce: u64,
    /// 1, 2, or 3 on appeal.
    pub round: u8,
    /// Attestations still come in.
    pub open: bool,
    /// The claim is on chain.
    pub reexecuted: bool,
    /// Last instant at which a claim is accepted, chain clock.
    pub attest_until: i64,
    /// Longest run, seconds. Of an appeal, where nothing on chain says so: the whole seconds that the receipt was
    /// metered for, until [`Event::SpecRead`] says more.
    pub max_seconds: u32,
}

/// A `SlashCase` on a receipt of this node that may still be appealed or judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseFacts {
    /// The judged job.
    pub job: [u8; 32],
    /// The judged attempt.
    pub attempt: u16,
    /// The job's nonce.
    pub nonce: u64,
    /// When it was opened, chain clock.
    pub opened_at: i64,
    /// The last instant at which it may be appealed or, once it is, at which it has to be decided, chain clock.
    pub until: i64,
}

/// What the engine says about an attempt's container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Created and not yet started.
    Created,
    /// It runs.
    Running {
        /// Since when, host clock, unix milliseconds.
        started_at_ms: i64,
    },
    /// It ended. `timed_out` is the node's to know and is ignored here.
    Exited(Exit),
}

/// What came of scanning `/out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanResult {
    /// A valid output.
    Accepted {
        /// Root of the manifest.
        root: [u8; 32],
        /// Sum of the files, bytes.
        bytes: u64,
        /// Number of files.
        files: u32,
    },
    /// Not a valid output.
    Refused,
}

/// A step that the daemon carries out in the background and answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// [`Action::FetchBlobs`].
    Fetch,
    /// [`Action::StartContainer`].
    Start,
    /// [`Action::StopContainer`].
    Stop,
    /// [`Action::RemoveContainer`].
    Remove,
    /// [`Action::DeclareStarted`].
    Declare,
    /// [`Action::ScanOutputs`].
    Scan,
    /// [`Action::SignReceipt`].
    Sign,
    /// [`Action::SubmitProof`] or [`Action::SubmitReexecution`].
    Submit,
    /// [`Action::Decline`].
    Decline,
    /// [`Action::ClaimReward`].
    Claim,
    /// [`Action::AskForCase`].
    Ask,
    /// [`Action::DropData`].
    Drop,
    /// [`Action::PauseContainer`] or [`Action::UnpauseContainer`].
    Pause,
    /// [`Action::PauseJob`].
    PauseJob,
    /// [`Action::ResumeJob`].
    Resume,
    /// [`Action::ReportUsage`].
    Report,
    /// [`Action::ClaimStream`].
    Stream,
    /// [`Action::StopJob`].
    End,
    /// [`Action::ExpireJob`].
    Expire,
}

/// Something the daemon saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A job account, as it is now.
    JobSeen(JobFacts),
    /// A job account that is gone (asked for and not found).
    JobGone {
        /// Its address.
        job: [u8; 32],
    },
    /// A round that names this node, as it is now.
    RoundSeen(RoundFacts),
    /// A round that was closed.
    RoundGone {
        /// The judged job.
        job: [u8; 32],
        /// The judged attempt.
        attempt: u16,
        /// Which round.
        round: u8,
    },
    /// A slash case on one of our receipts, as it is now. Nothing that a committee could ask for is deleted meanwhile.
    CaseSeen(CaseFacts),
    /// There is no such case, or nobody will judge it any more.
    CaseGone {
        /// The judged job.
        job: [u8; 32],
        /// The judged attempt.
        attempt: u16,
        /// The job's nonce.
        nonce: u64,
    },
    /// The stored specification of a re-execution allows a run this long, seconds. Only an appeal needs it.
    SpecRead(AttemptKey, u32),
    /// Specification and input are stored and verified.
    BlobsReady(AttemptKey),
    /// It cannot be run here: the specification, the input, the admission rules or the image say so.
    Unrunnable(AttemptKey),
    /// The container, as it is now.
    ContainerSeen(AttemptKey, ContainerState),
    /// The engine was asked and has no such container.
    ContainerMissing(AttemptKey),
    /// A service's container was looked at.
    ServiceSeen(AttemptKey, Sight),
    /// A total with both signatures is in the ledger.
    UsageCosigned(AttemptKey, Cosigned),
    /// The outputs were scanned.
    OutputsScanned(AttemptKey, ScanResult),
    /// The signed receipt (or claim) is in the ledger.
    ReceiptRecorded(AttemptKey),
    /// A step whose effect is seen elsewhere (on chain, in the engine) was carried out.
    Done(AttemptKey, Step),
    /// A step failed; it is tried again later if it is still called for.
    Failed(AttemptKey, Step),
    /// Time passes.
    Tick {
        /// The host's clock, unix milliseconds.
        host_ms: i64,
    },
}

/// Something the daemon must do. Every action but [`Action::Persist`] and [`Action::Forget`] may be repeated after a
/// crash and must then have the effect of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write the record durably before carrying out the next action.
    Persist(Record),
    /// Delete the record.
    Forget(AttemptKey),
    /// Fetch specification and input from the judged provider.
    FetchBlobs(AttemptKey),
    /// Create the container under its deterministic name, unless it exists, and start it.
    StartContainer(AttemptKey),
    /// Stop the container: first politely, then not.
    StopContainer(AttemptKey),
    /// Remove the container with its volumes.
    RemoveContainer(AttemptKey),
    /// Send `start_job`.
    DeclareStarted(AttemptKey),
    /// Scan `/out` within its limits.
    ScanOutputs(AttemptKey),
    /// Build, sign and record the receipt (or the claim), unless one is recorded.
    SignReceipt(AttemptKey, Ledgered),
    /// Send `submit_proof` with the recorded bytes.
    SubmitProof(AttemptKey),
    /// Send `submit_reexecution` with the recorded bytes.
    SubmitReexecution(AttemptKey),
    /// Send `decline_job`.
    Decline(AttemptKey, DeclineReason),
    /// Send `claim_reward`.
    ClaimReward(AttemptKey),
    /// Freeze the container of a service whose escrow is dry.
    PauseContainer(AttemptKey),
    /// Let it run again.
    UnpauseContainer(AttemptKey),
    /// Send `pause_job`.
    PauseJob(AttemptKey),
    /// Send `resume_job`.
    ResumeJob(AttemptKey),
    /// Send `report_usage` with the newest total in the ledger.
    ReportUsage(AttemptKey),
    /// Send `claim_stream`.
    ClaimStream(AttemptKey),
    /// Send `stop_job`.
    StopJob(AttemptKey),
    /// Send `expire_job`.
    ExpireJob(AttemptKey),
    /// Look whether a slash case on this run may still be judged; answered by [`Event::CaseSeen`] or
    /// [`Event::CaseGone`].
    AskForCase(AttemptKey),
    /// Delete the attempt's data.
    DropData(AttemptKey),
}
