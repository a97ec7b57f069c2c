//! The decisions of a validator, as pure functions: what it thinks of a receipt ([`judge`]), that it says so once
//! ([`cast`]), and what it may do for a job like anyone else ([`crank`], paced by [`Pacer`]).
//!
//! No I/O, no clock, no chain client: the daemon hands in what it saw and the instant on the chain's clock, and
//! carries out what it gets back. Every opinion follows from facts that other honest validators see too, so that a
//! committee agrees without talking.
//!
//! | file | what it decides |
//! |---|---|
//! | `evidence.rs` | what an opinion may rest on |
//! | `judge.rs` | the opinion, or what to wait for |
//! | `ballot.rs` | that one question gets one answer, whatever is killed when |
//! | `commit.rs` | who brings commitments on chain, and when one goes alone |
//! | `reveal.rs` | whose turn it is to reveal, and what travels together |
//! | `crank.rs` | what anyone may do for a job, a stake or an epoch |
//! | `punish.rs` | what anyone may do about a slash, an appeal, a bounty or evidence |
//! | `beacon.rs` | which rounds of the drand network are needed on chain |
//! | `heartbeat.rs` | which slots count, and what was seen of a period |
//! | `service_usage.rs` | what total of a service's usage was seen |
//! | `roots.rs` | who proposes a root, what is in it, who signs and who carries it |
//! | `deliver.rs` | what anyone may do about a root, its ballots and its leaves |
//! | `pacer.rs` | whose turn it is, and when to try again |
//! | `limits.rs` | every bound, with its reason |
#![warn(missing_docs)]

mod ballot;
mod beacon;
mod commit;
mod crank;
mod deliver;
mod evidence;
mod heartbeat;
mod judge;
pub mod limits;
mod pacer;
mod punish;
mod reveal;
mod roots;
mod service_usage;

pub use ballot::{BallotBook, BallotError, BallotKey, cast, commitment, recorded, salt};
pub use beacon::BeaconFacts;
pub use commit::{COMMITMENT_LEN, CommitFacts, CommitStep, SeatCommitment};
pub use crank::{
    BidOnChain, Crank, EpochFacts, Facts, JobLife, JobOnChain, MatchedVerdict, MemberFacts, RoundOnChain, StakeFacts,
    VerdictOnChain, crank,
};
pub use deliver::{BallotFacts, ProviderFacts, RootOnChain, UsageFacts};
pub use evidence::{
    Evidence, JudgedJob, OPENING_LEN, Opening, OpeningError, OutputCheck, ReceiptBytes, Reexecution, RoundWindow,
};
pub use heartbeat::{Cadence, CadenceError, PeriodTally, Tally, TallyError, covers, sequence_at, slot_counts};
pub use judge::{Decision, Ground, Judgement, Mismatch, Waiting, face_of, judge};
pub use pacer::{Answer, Pacer, rank};
pub use punish::{CapFacts, CaseFacts, EvidenceFacts, SlashOnChain};
pub use reveal::{REVEAL_LEN, RevealFacts, RevealStep, SeatReveal, compose};
pub use roots::{
    Leaves, PROPOSAL_BYTES_MAX, Proposal, ProposalFacts, RECORD_PREFIX, ROOT_ANSWER_BYTES_MAX, RootAnswer, RootFacts,
    RootName, RootRefusal, RootStep, check_frame, check_uptime, check_usage, order, signature_name, uptime_leaves,
};
pub use service_usage::{UsageLook, UsageSeen, UsageSubject, needs_witness};
