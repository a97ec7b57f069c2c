//! What a provider's node does next, decided without doing it.
//!
//! [`Node::handle`] takes one event and returns actions in the order in which they must be carried out. It reads no
//! clock, opens no socket and starts no container: the daemon reports what it sees and carries out what it is told.
//! One [`Record`] per job, attempt and role is all that survives a crash; everything else is seen again.
//!
//! The laws, checked by `tests/laws.rs` over random histories with crashes at every point:
//! - a container is started, a receipt signed and a transaction asked for only after the [`Action::Persist`] from
//!   which a restarted node would do the same again;
//! - an attempt whose container has once been seen never gets another; after a restart the same one is adopted;
//! - if the chain says running, and there is neither a container nor a recorded receipt, the job is declined;
//! - a job that ended on chain has its container stopped and removed;
//! - what was run is kept while a slash case on it may be judged, and deleted only after the chain was asked;
//! - once a receipt is recorded it is submitted as it is, and none is signed again;
//! - a job that cannot be started in time is declined before its start is due;
//! - a service is metered only while the chain says running and it is seen healthy, never in a pause, never more than
//!   the chain's clock allows, and a crash loses at most one interval of it;
//! - a container past `max_seconds` is stopped, and the termination says so.
#![warn(missing_docs)]

mod event;
pub mod limits;
mod node;
mod record;
mod serving;

pub use event::{
    Action, CaseFacts, ChainNow, ContainerState, Cosigned, Event, JobFacts, RoundFacts, ScanResult, ServiceFacts, Sight,
    Step,
};
pub use node::Node;
pub use record::{AttemptKey, DeclineReason, EndReason, Exit, Ledgered, Metered, Phase, Record, Role};
