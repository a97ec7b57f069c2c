//! The container a job runs in: a pure function from the job document to the engine's create request.
//!
//! The program inside is a stranger's. [`create_body`] decides every setting of its container, [`admit`] refuses
//! images whose own configuration would undo one, and [`container_matches`] compares what the engine says it runs
//! with what was asked. A service gets a network of its own besides: [`network_body`], [`open_service`]. Nothing here
//! talks to an engine.
//!
//! What this does not do, because an engine's interface cannot: user namespaces, a file-system quota and the
//! `nosuid,nodev,noexec` flags for the output directory, firewall rules. Those belong to the host's set-up. It does
//! not stop a bug in a GPU driver, a side channel, or a provider who reads the tenant's data.

mod admission;
mod container;
pub mod limits;
mod network;
mod observed;

pub use admission::{ImageFacts, Refusal, admit};
pub use container::{
    EngineFacts, GpuBinding, GpuDriver, Labels, Role, SandboxError, SandboxPaths, TaskPlace, container_name,
    create_body,
};
pub use network::{BRIDGE_PREFIX, NETWORK_PREFIX, NO_RESOLVER, network_body, open_service};
pub use observed::{Drift, container_matches};

/// Label with the job's address in base58.
pub const LABEL_JOB: &str = "proofmill.job";
/// Label with the number of the attempt.
pub const LABEL_ATTEMPT: &str = "proofmill.attempt";
/// Label with what the container is for: see [`Role`].
pub const LABEL_ROLE: &str = "proofmill.role";
/// Label with the second of the chain's clock after which the container must not run.
pub const LABEL_DEADLINE_AT: &str = "proofmill.deadline_at";
/// Label with the node's public key in base58.
pub const LABEL_NODE: &str = "proofmill.node";
/// Label with the hash of the job document in hexadecimal.
pub const LABEL_SPEC: &str = "proofmill.spec";
/// Label that is `simulated` where no real GPU stands behind the job; absent otherwise.
pub const LABEL_GPU: &str = "proofmill.gpu";

/// Variable with the number of a task of an array, from 0; unset in jobs of their own.
pub const ENV_TASK_INDEX: &str = "PROOFMILL_TASK_INDEX";
/// Variable with the number of tasks of the array.
pub const ENV_TASK_COUNT: &str = "PROOFMILL_TASK_COUNT";

/// Where the job finds its inputs, read-only.
pub const INPUT_MOUNT: &str = "/in";
/// Where the job leaves its outputs: the only place that outlives it.
pub const OUTPUT_MOUNT: &str = "/out";
/// A scratch space from which programs may be run, for GPU jobs only.
pub const SCRATCH_MOUNT: &str = "/scratch";
