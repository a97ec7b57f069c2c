//! What the engine says it runs, against what was asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HealthConfig, HostConfig, ResourcesUlimits};

use crate::{admission::loader_variable, network::NETWORK_PREFIX};

/// A setting of a container that is not what was asked for. Such a container is not ours, or no longer: it must be
/// neither started nor adopted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {observed}, asked was {asked}")]
pub struct Drift {
    /// The setting, by the engine's name for it.
    pub field: &'static str,
    /// What was asked, for people.
    pub asked: String,
    /// What the engine says, for people.
    pub observed: String,
}

/// Compares an inspected container with the request it should have come from.
///
/// Fixed promises (no privilege, no capability, no device, no namespace of the host) are checked against themselves
/// and not against the request, so that they hold for any container that passes. Made for Docker's answers; Podman
/// describes some settings in other words and would be refused.
///
/// # Errors
/// The first setting that differs.
pub fn container_matches(asked: &ContainerCreateBody, observed: &ContainerInspectResponse) -> Result<(), Drift> {
    let config = observed.config.clone().unwrap_or_default();
    let host = observed.host_config.clone().unwrap_or_default();
    let wanted = asked.host_config.clone().unwrap_or_default();

    same("Privileged", &Some(false), &host.privileged)?;
    same("CapDrop", &Some(vec!["ALL".to_owned()]), &host.cap_drop)?;
    none("CapAdd", &host.cap_add)?;
    same("SecurityOpt", &Some(vec!["no-new-privileges:true".to_owned()]), &host.security_opt)?;
    same("ReadonlyRootfs", &Some(true), &host.readonly_rootfs)?;
    match_network(asked, &wanted, observed)?;
    if host.port_bindings.as_ref().is_some_and(|bindings| !bindings.is_empty()) {
        return Err(drift("PortBindings", &"none", &host.port_bindings));
    }
    if host.publish_all_ports == Some(true) {
        return Err(drift("PublishAllPorts", &false, &true));
    }
    same("IpcMode", &Some("private".to_owned()), &host.ipc_mode)?;
    for (field, value) in [
        ("PidMode", &host.pid_mode),
        ("UTSMode", &host.uts_mode),
        ("UsernsMode", &host.userns_mode),
        ("CgroupParent", &host.cgroup_parent),
        ("VolumeDriver", &host.volume_driver),
    ] {
        if value.as_ref().is_some_and(|text| !text.is_empty()) {
            return Err(drift(field, &"unset", value));
        }
    }
    none("Binds", &host.binds)?;
    none("VolumesFrom", &host.volumes_from)?;
    none("Devices", &host.devices)?;
    none("DeviceCgroupRules", &host.device_cgroup_rules)?;
    none("GroupAdd", &host.group_add)?;
    none("ExtraHosts", &host.extra_hosts)?;
    none("Links", &host.links)?;
    if let Some(sysctls) = host.sysctls.as_ref().filter(|sysctls| !sysctls.is_empty()) {
        return Err(drift("Sysctls", &"unset", sysctls));
    }
    // An empty list removes the engine's own protection of /proc and /sys.
    for (field, paths) in [("MaskedPaths", &host.masked_paths), ("ReadonlyPaths", &host.readonly_paths)] {
        if paths.as_ref().is_some_and(Vec::is_empty) {
            return Err(drift(field, &"the engine's default", paths));
        }
    }

    same("Image", &asked.image, &config.image)?;
    same("User", &asked.user, &config.user)?;
    same("Hostname", &asked.hostname, &config.hostname)?;
    if let Some(entrypoint) = &asked.entrypoint {
        same("Entrypoint", entrypoint, &config.entrypoint.unwrap_or_default())?;
        same("Cmd", &Vec::new(), &config.cmd.unwrap_or_default())?;
    }
    match_environment(&asked.env, &config.env)?;
    match_labels(&asked.labels, &config.labels)?;
    let test = |check: Option<HealthConfig>| check.and_then(|check| check.test);
    same("Healthcheck", &test(asked.healthcheck.clone()), &test(config.healthcheck))?;

    same("Memory", &wanted.memory, &host.memory)?;
    same("MemorySwap", &wanted.memory_swap, &host.memory_swap)?;
    same("NanoCpus", &wanted.nano_cpus, &host.nano_cpus)?;
    same("PidsLimit", &wanted.pids_limit, &host.pids_limit)?;
    same("ShmSize", &wanted.shm_size, &host.shm_size)?;
    same("OomScoreAdj", &wanted.oom_score_adj, &host.oom_score_adj)?;
    same("Ulimits", &ulimits(&wanted.ulimits), &ulimits(&host.ulimits))?;
    same("Tmpfs", &wanted.tmpfs, &host.tmpfs)?;
    same("Init", &wanted.init, &host.init)?;
    same("AutoRemove", &wanted.auto_remove, &host.auto_remove)?;
    let policy = |host: &HostConfig| host.restart_policy.as_ref().and_then(|policy| policy.name);
    same("RestartPolicy", &policy(&wanted), &policy(&host))?;
    same("LogConfig", &wanted.log_config, &host.log_config)?;
    if wanted.cgroupns_mode.is_some() {
        same("CgroupnsMode", &wanted.cgroupns_mode, &host.cgroupns_mode)?;
    }
    let devices = |host: &HostConfig| {
        let requests = host.device_requests.clone().unwrap_or_default();
        // The engine fills in what was left out: a count of 0, an empty map of options.
        let key = |request: bollard::models::DeviceRequest| {
            let ids = request.device_ids.unwrap_or_default();
            (request.driver, ids, request.count.unwrap_or(0), request.capabilities.unwrap_or_default())
        };
        requests.into_iter().map(key).collect::<Vec<_>>()
    };
    same("DeviceRequests", &devices(&wanted), &devices(&host))?;
    match_mounts(&wanted, observed)
}

/// No network, or the one that belongs to this service and no other.
fn match_network(
    asked: &ContainerCreateBody,
    wanted: &HostConfig,
    observed: &ContainerInspectResponse,
) -> Result<(), Drift> {
    let host = observed.host_config.clone().unwrap_or_default();
    let disabled = observed.config.as_ref().and_then(|config| config.network_disabled);
    let own = wanted.network_mode.as_ref().filter(|name| name.starts_with(NETWORK_PREFIX));
    let Some(own) = own else {
        same("NetworkMode", &Some("none".to_owned()), &host.network_mode)?;
        return same("NetworkDisabled", &Some(true), &disabled);
    };
    same("NetworkMode", &Some(own.clone()), &host.network_mode)?;
    // The engine leaves out what is false.
    same("NetworkDisabled", &asked.network_disabled, &Some(disabled.unwrap_or(false)))?;
    same("Dns", &wanted.dns, &host.dns)?;
    let joined = observed.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let joined: Vec<&String> = joined.iter().flat_map(|networks| networks.keys()).collect();
    same("Networks", &vec![own], &joined)
}

/// Every mount the container has, by its place: source and whether it can be written.
fn match_mounts(wanted: &HostConfig, observed: &ContainerInspectResponse) -> Result<(), Drift> {
    let asked: BTreeMap<_, _> = wanted
        .mounts
        .iter()
        .flatten()
        .map(|mount| {
            let writable = !mount.read_only.unwrap_or(false);
            (mount.target.clone(), (mount.source.clone(), Some(writable), Some("rprivate".to_owned())))
        })
        .collect();
    let found: BTreeMap<_, _> = observed
        .mounts
        .iter()
        .flatten()
        .map(|mount| (mount.destination.clone(), (mount.source.clone(), mount.rw, mount.propagation.clone())))
        .collect();
    same("Mounts", &asked, &found)
}

/// The image may add variables of its own, never change ours and never steer the loader.
fn match_environment(asked: &Option<Vec<String>>, found: &Option<Vec<String>>) -> Result<(), Drift> {
    let found = found.clone().unwrap_or_default();
    if let Some(variable) = loader_variable(&found) {
        return Err(Drift { field: "Env", asked: "no loader variable".to_owned(), observed: variable });
    }
    let names = |env: &str| env.split('=').next().unwrap_or_default().to_owned();
    for variable in asked.iter().flatten() {
        let name = names(variable);
        let same_name: Vec<_> = found.iter().filter(|text| names(text) == name).collect();
        same("Env", &vec![variable], &same_name)?;
    }
    Ok(())
}

fn match_labels(asked: &Option<HashMap<String, String>>, found: &Option<HashMap<String, String>>) -> Result<(), Drift> {
    for (key, value) in asked.iter().flatten() {
        same("Labels", &Some(value), &found.as_ref().and_then(|labels| labels.get(key)))?;
    }
    Ok(())
}

fn ulimits(list: &Option<Vec<ResourcesUlimits>>) -> BTreeSet<(Option<String>, Option<i64>, Option<i64>)> {
    list.iter().flatten().map(|limit| (limit.name.clone(), limit.soft, limit.hard)).collect()
}

fn same<T: PartialEq + Debug>(field: &'static str, asked: &T, observed: &T) -> Result<(), Drift> {
    if asked == observed { Ok(()) } else { Err(drift(field, asked, observed)) }
}

fn none<T: Debug>(field: &'static str, observed: &Option<Vec<T>>) -> Result<(), Drift> {
    match observed {
        Some(items) if !items.is_empty() => Err(drift(field, &"none", items)),
        _ => Ok(()),
    }
}

fn drift(field: &'static str, asked: &impl Debug, observed: &impl Debug) -> Drift {
    Drift { field, asked: format!("{asked:?}"), observed: format!("{observed:?}") }
}
