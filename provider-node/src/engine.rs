//! The container engine: what this node asks of it, and how it reads the answers.

use std::{collections::HashMap, net::IpAddr, path::Path};

use bollard::{
    Docker,
    container::LogOutput,
    errors::Error as BollardError,
    models::{
        ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, HealthStatusEnum, ImageInspect,
        NetworkCreateRequest,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, InspectContainerOptions, InspectNetworkOptions, ListContainersOptionsBuilder,
        ListNetworksOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions,
        StopContainerOptionsBuilder, WaitContainerOptions,
    },
};
use futures_util::{Stream, StreamExt, TryStreamExt};
use proofmill_provider_core::{AttemptKey, ContainerState, Exit, Role};
use proofmill_sandbox::{LABEL_ATTEMPT, LABEL_JOB, LABEL_NODE, LABEL_ROLE, Labels, Role as SandboxRole};
use solana_address::Address;

use crate::limits;

/// A failed request to the container engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nobody answers at the socket.
    #[error(
        "cannot reach the container engine at {socket}: {source}; is it running, and may this user use its socket?"
    )]
    ConnectEngine {
        /// The socket.
        socket: String,
        /// Why.
        source: BollardError,
    },
    /// A request failed.
    #[error("the container engine cannot {what}: {source}")]
    AskEngine {
        /// What was asked.
        what: &'static str,
        /// Its answer.
        source: BollardError,
    },
    /// The network of that name was made by somebody else, or is not internal.
    #[error("a network named {name} exists and is not of this service: remove it")]
    ForeignNetwork {
        /// The name.
        name: String,
    },
    /// The container of that name was made for another life of the job, or by somebody else.
    #[error("a container named {name} exists and is not of this attempt: remove it")]
    ForeignContainer {
        /// The name.
        name: String,
    },
}

fn ask(what: &'static str) -> impl FnOnce(BollardError) -> EngineError {
    move |source| EngineError::AskEngine { what, source }
}

/// Whether the engine says there is no such thing.
fn is_missing(error: &BollardError) -> bool {
    matches!(error, BollardError::DockerResponseServerError { status_code: 404, .. })
}

/// Label with the job's nonce: tells this life of the job's address from any other.
pub const LABEL_NONCE: &str = "proofmill.nonce";
/// Label with the GPUs of the container, comma-separated.
pub const LABEL_GPUS: &str = "proofmill.gpus";

/// What the sandbox writes on a container of this attempt.
pub fn sandbox_labels(node_key: &[u8; 32], key: &AttemptKey, deadline_at: i64) -> Labels {
    let role = match key.role {
        Role::Run => SandboxRole::Run,
        Role::Reexecute => SandboxRole::Rerun,
    };
    Labels { job: key.job, attempt: key.attempt, role, deadline_at, node: *node_key }
}

/// The one name a container of this attempt can have. It carries the node's key, because two nodes of one engine may
/// both re-execute one job, in its two rounds.
pub fn container_name(node_key: &[u8; 32], key: &AttemptKey) -> String {
    format!("{}-{}", proofmill_sandbox::container_name(&sandbox_labels(node_key, key, 0)), hex::encode(&node_key[..4]))
}

/// A container of this node, as its labels say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The attempt.
    pub key: AttemptKey,
    /// The job's nonce.
    pub nonce: u64,
    /// Its GPUs.
    pub gpus: Vec<String>,
}

fn found_of(labels: &HashMap<String, String>) -> Option<Found> {
    let job = labels.get(LABEL_JOB)?.parse::<Address>().ok()?.to_bytes();
    let attempt = labels.get(LABEL_ATTEMPT)?.parse().ok()?;
    let role = match labels.get(LABEL_ROLE)?.as_str() {
        "run" => Role::Run,
        "rerun" => Role::Reexecute,
        _ => return None,
    };
    let nonce = labels.get(LABEL_NONCE)?.parse().ok()?;
    let gpus = labels.get(LABEL_GPUS).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default();
    Some(Found { key: AttemptKey { job, attempt, role }, nonce, gpus })
}

/// What the engine says about itself.
#[derive(Clone, Debug)]
pub struct EngineVersion {
    /// Its version.
    pub version: String,
    /// The kernel it runs on.
    pub kernel: String,
}

/// A connection to the engine.
#[derive(Clone)]
pub struct Engine {
    docker: Docker,
}

impl Engine {
    /// Connects, and settles on a version of the interface that both speak.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn connect(socket: &Path) -> Result<Engine, EngineError> {
        let socket = socket.to_string_lossy().into_owned();
        let failed = |source| EngineError::ConnectEngine { socket: socket.clone(), source };
        let docker =
            Docker::connect_with_unix(&socket, limits::ENGINE_SECONDS, bollard::API_DEFAULT_VERSION).map_err(failed)?;
        let docker = docker
            .negotiate_version()
            .await
            .map_err(|source| EngineError::ConnectEngine { socket: socket.clone(), source })?;
        Ok(Engine { docker })
    }

    /// Its version.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn version(&self) -> Result<EngineVersion, EngineError> {
        let version = self.docker.version().await.map_err(ask("tell its version"))?;
        Ok(EngineVersion {
            version: version.version.unwrap_or_default(),
            kernel: version.kernel_version.unwrap_or_default(),
        })
    }

    /// An image by its id, if the engine has it. Nothing is pulled.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn image(&self, id: &str) -> Result<Option<ImageInspect>, EngineError> {
        match self.docker.inspect_image(id).await {
            Ok(image) => Ok(Some(image)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(ask("inspect an image")(error)),
        }
    }

    /// Creates a container unless it exists, and starts it unless it has been started. An existing one must carry the
    /// same labels.
    ///
    /// # Errors
    /// If it does not run, or is somebody else's.
    pub async fn create_and_start(&self, name: &str, body: ContainerCreateBody) -> Result<(), EngineError> {
        let wanted = body.labels.as_ref().and_then(found_of);
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        match self.docker.create_container(Some(options), body).await {
            Ok(_) => {}
            Err(BollardError::DockerResponseServerError { status_code: 409, .. }) => {
                let found = self.docker.inspect_container(name, None::<InspectContainerOptions>).await;
                let found = found.map_err(ask("inspect a container"))?;
                let carried = found.config.as_ref().and_then(|config| config.labels.as_ref()).and_then(found_of);
                if carried != wanted || wanted.is_none() {
                    return Err(EngineError::ForeignContainer { name: name.to_owned() });
                }
                let status = found.state.and_then(|state| state.status);
                if status != Some(ContainerStateStatusEnum::CREATED) {
                    return Ok(());
                }
            }
            Err(error) => return Err(ask("create a container")(error)),
        }
        self.docker.start_container(name, None::<StartContainerOptions>).await.map_err(ask("start a container"))
    }

    /// Creates the network of a service unless it is there. One of that name which is not internal is somebody else's.
    ///
    /// # Errors
    /// If there is none, or it is not ours.
    pub async fn create_network(&self, body: NetworkCreateRequest) -> Result<(), EngineError> {
        let name = body.name.clone();
        match self.docker.inspect_network(&name, None::<InspectNetworkOptions>).await {
            Ok(found) => {
                let ours = found.internal == Some(true) && found.labels == body.labels;
                return if ours { Ok(()) } else { Err(EngineError::ForeignNetwork { name }) };
            }
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(ask("inspect a network")(error)),
        }
        self.docker.create_network(body).await.map(drop).map_err(ask("create a network"))
    }

    /// Removes the network of a service. Its container is removed before.
    ///
    /// # Errors
    /// If it may still be there.
    pub async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        match self.docker.remove_network(name).await {
            Ok(()) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(ask("remove a network")(error)),
        }
    }

    /// The networks that carry this node's label, by name.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn networks(&self, node_key: &[u8; 32]) -> Result<Vec<String>, EngineError> {
        let filters = HashMap::from([("label", vec![format!("{LABEL_NODE}={}", Address::new_from_array(*node_key))])]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        let found = self.docker.list_networks(Some(options)).await.map_err(ask("list networks"))?;
        Ok(found.into_iter().filter_map(|network| network.name).collect())
    }

    /// Freezes a container.
    ///
    /// # Errors
    /// If it may still run.
    pub async fn pause(&self, name: &str) -> Result<(), EngineError> {
        self.docker.pause_container(name).await.map_err(ask("pause a container"))
    }

    /// Lets a frozen container run again.
    ///
    /// # Errors
    /// If it may still be frozen.
    pub async fn unpause(&self, name: &str) -> Result<(), EngineError> {
        self.docker.unpause_container(name).await.map_err(ask("unpause a container"))
    }

    /// How the container of a service stands; nothing unless it runs or is frozen.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn stand(&self, name: &str) -> Result<Option<Stand>, EngineError> {
        match self.docker.inspect_container(name, None::<InspectContainerOptions>).await {
            Ok(found) => Ok(stand_of(&found, name)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(ask("inspect a container")(error)),
        }
    }

    /// The state of a container, if there is one.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn look(&self, name: &str) -> Result<Option<ContainerState>, EngineError> {
        match self.docker.inspect_container(name, None::<InspectContainerOptions>).await {
            Ok(found) => Ok(Some(state_of(&found))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(ask("inspect a container")(error)),
        }
    }

    /// The containers that carry this node's label.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn containers(&self, node_key: &[u8; 32]) -> Result<Vec<Found>, EngineError> {
        let filters = HashMap::from([("label", vec![format!("{LABEL_NODE}={}", Address::new_from_array(*node_key))])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.docker.list_containers(Some(options)).await.map_err(ask("list containers"))?;
        Ok(found.iter().filter_map(|container| container.labels.as_ref().and_then(found_of)).collect())
    }

    /// Waits until a container no longer runs. An error means only that it must be looked at.
    pub async fn wait(&self, name: &str) {
        let mut ended = std::pin::pin!(self.docker.wait_container(name, None::<WaitContainerOptions>));
        while ended.try_next().await.is_ok_and(|answer| answer.is_some()) {}
    }

    /// Stops a container: asks, then kills.
    ///
    /// # Errors
    /// If it may still run.
    pub async fn stop(&self, name: &str) -> Result<(), EngineError> {
        let options = StopContainerOptionsBuilder::default().t(limits::STOP_SECONDS).build();
        match self.docker.stop_container(name, Some(options)).await {
            Ok(()) => Ok(()),
            // 304: it had stopped already.
            Err(BollardError::DockerResponseServerError { status_code: 304 | 404, .. }) => Ok(()),
            Err(error) => Err(ask("stop a container")(error)),
        }
    }

    /// Removes a container and its volumes.
    ///
    /// # Errors
    /// If it may still be there.
    pub async fn remove(&self, name: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(name, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(ask("remove a container")(error)),
        }
    }

    /// Everything a container prints, from its start until its end.
    pub fn follow(&self, name: &str) -> impl Stream<Item = Result<Vec<u8>, BollardError>> + use<> {
        let options = LogsOptionsBuilder::default().follow(true).stdout(true).stderr(true).build();
        self.docker.logs(name, Some(options)).map(|chunk| chunk.map(|output: LogOutput| output.into_bytes().to_vec()))
    }
}

/// How the container of a service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// It is frozen.
    pub paused: bool,
    /// What its health check says; nothing if it has none.
    pub well: Option<bool>,
    /// Its address in its own network.
    pub ip: Option<IpAddr>,
}

fn stand_of(found: &ContainerInspectResponse, network: &str) -> Option<Stand> {
    let state = found.state.as_ref()?;
    let paused = match state.status {
        Some(ContainerStateStatusEnum::RUNNING) => false,
        Some(ContainerStateStatusEnum::PAUSED) => true,
        _ => return None,
    };
    let well = match state.health.as_ref().and_then(|health| health.status) {
        Some(HealthStatusEnum::HEALTHY) => Some(true),
        Some(HealthStatusEnum::STARTING | HealthStatusEnum::UNHEALTHY) => Some(false),
        Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY) | None => None,
    };
    let networks = found.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let ip = networks.and_then(|all| all.get(network)).and_then(|end| end.ip_address.as_ref());
    Some(Stand { paused, well, ip: ip.and_then(|ip| ip.parse().ok()) })
}

fn state_of(found: &ContainerInspectResponse) -> ContainerState {
    let Some(state) = &found.state else { return ContainerState::Created };
    let started_at_ms = state.started_at.as_deref().and_then(unix_ms).unwrap_or(0);
    match state.status {
        Some(ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD) => ContainerState::Exited(Exit {
            code: state.exit_code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1),
            oom: state.oom_killed.unwrap_or(false),
            started_at_ms,
            finished_at_ms: state.finished_at.as_deref().and_then(unix_ms).unwrap_or(started_at_ms),
            timed_out: false,
        }),
        Some(
            ContainerStateStatusEnum::RUNNING
            | ContainerStateStatusEnum::PAUSED
            | ContainerStateStatusEnum::RESTARTING
            | ContainerStateStatusEnum::STOPPING
            | ContainerStateStatusEnum::REMOVING,
        ) => ContainerState::Running { started_at_ms },
        _ => ContainerState::Created,
    }
}

/// Milliseconds since 1970 of the engine's timestamps: `2026-01-02T03:04:05.678901234Z`.
fn unix_ms(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut clock = clock.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let millis: i64 = digits.parse().ok()?;
    // Days since 1970 of a date in the Gregorian calendar, years counted from March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    (seconds > 0).then_some(seconds * 1_000 + millis)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn the_engines_timestamps_are_read_to_the_millisecond() {
        assert_eq!(unix_ms("1970-01-01T00:00:01.5Z"), Some(1_500));
        assert_eq!(unix_ms("2024-02-29T12:30:45.123456789Z"), Some(1_709_209_845_123));
        assert_eq!(unix_ms("2026-11-21T05:02:54Z"), Some(1_795_237_374_000));
        // The engine's "never".
        assert_eq!(unix_ms("0001-01-01T00:00:00Z"), None);
        assert_eq!(unix_ms("yesterday"), None);
    }

    #[test]
    fn the_two_roles_and_two_nodes_have_containers_of_their_own() {
        let key = |role| AttemptKey { job: [1; 32], attempt: 3, role };
        let names: std::collections::BTreeSet<String> = [[9; 32], [8; 32]]
            .iter()
            .flat_map(|node| [container_name(node, &key(Role::Run)), container_name(node, &key(Role::Reexecute))])
            .collect();
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn a_container_is_found_again_by_its_labels() {
        let labels = HashMap::from([
            (LABEL_JOB.to_owned(), Address::new_from_array([1; 32]).to_string()),
            (LABEL_ATTEMPT.to_owned(), "3".to_owned()),
            (LABEL_ROLE.to_owned(), SandboxRole::Rerun.as_str().to_owned()),
            (LABEL_NONCE.to_owned(), "7".to_owned()),
        ]);
        let key = AttemptKey { job: [1; 32], attempt: 3, role: Role::Reexecute };
        assert_eq!(found_of(&labels), Some(Found { key, nonce: 7, gpus: Vec::new() }));
    }
}
