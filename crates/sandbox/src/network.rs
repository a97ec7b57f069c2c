//! The network of a service: its own, without a way out.
//!
//! A bridge that the engine calls internal has no route to anywhere but itself: no internet, no network of the host, no
//! other container. The node reaches the container from the host at the container's own address, so that no port is
//! published. What an engine's interface cannot take away is the host's own end of the bridge: what the host serves at
//! all of its addresses can be asked for from inside. Every such bridge has a name that begins with [`BRIDGE_PREFIX`],
//! so that one firewall rule of the host closes that as well.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HealthConfig, NetworkCreateRequest};
use proofmill_jobspec::JobSpec;

use crate::{Labels, container::label_map_of, limits};

/// How the bridges of services are called on the host: `pm-` and twelve hexadecimal digits.
pub const BRIDGE_PREFIX: &str = "pm-";

/// How the networks of services are called in the engine: as their containers are.
pub const NETWORK_PREFIX: &str = "proofmill-";

/// Where a service's name look-ups go: an address for documentation (RFC 5737), which nobody has. Without one, engines
/// before 26 forward look-ups of internal networks to the host's own resolver (CVE-2024-29018), which is a way out.
pub const NO_RESOLVER: &str = "192.0.2.1";

/// Describes the network of a service's container, which has the same name.
#[must_use]
pub fn network_body(container: &str, labels: &Labels) -> NetworkCreateRequest {
    let bridge = format!("{BRIDGE_PREFIX}{}{}", hex::encode(&labels.job[..3]), hex::encode(&labels.node[..3]));
    let option = |name: &str, value: String| (format!("com.docker.network.bridge.{name}"), value);
    NetworkCreateRequest {
        name: container.to_owned(),
        driver: Some("bridge".to_owned()),
        internal: Some(true),
        attachable: Some(false),
        enable_ipv6: Some(false),
        options: Some(HashMap::from([
            option("name", bridge),
            option("enable_icc", false.to_string()),
            option("enable_ip_masquerade", false.to_string()),
        ])),
        labels: Some(label_map_of(labels)),
        ..NetworkCreateRequest::default()
    }
}

/// Opens the container of a service to its network and says how it is asked whether it is well. Everything else stays
/// as [`crate::create_body`] has it.
pub fn open_service(body: &mut ContainerCreateBody, spec: &JobSpec, network: &str) {
    body.network_disabled = Some(false);
    if let Some(health) = &spec.health {
        let nanoseconds = |seconds: u32| Some(i64::from(seconds) * limits::NANOSECONDS);
        let test = std::iter::once("CMD".to_owned()).chain(health.command.iter().cloned()).collect();
        body.healthcheck = Some(HealthConfig {
            test: Some(test),
            interval: nanoseconds(health.interval_seconds),
            timeout: nanoseconds(health.timeout_seconds),
            retries: Some(i64::from(health.failures_max)),
            ..HealthConfig::default()
        });
    }
    let host = body.host_config.get_or_insert_default();
    host.network_mode = Some(network.to_owned());
    host.publish_all_ports = Some(false);
    host.dns = Some(vec![NO_RESOLVER.to_owned()]);
}
