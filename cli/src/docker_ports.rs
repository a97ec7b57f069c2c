//! What of a `docker run` line makes it a service: its ports, and how it is asked whether it is well.

use serde_json::{Value, json};

use crate::docker_line::{ImportError, Note, NoteKind, value_error};

/// Flags about health.
pub const HEALTH_FLAGS: [&str; 6] = [
    "health-cmd",
    "health-interval",
    "health-timeout",
    "health-retries",
    "health-start-period",
    "health-start-interval",
];

/// Docker's own values where a line leaves them out: seconds, and failures in a row.
const INTERVAL_SECONDS: u32 = 30;
const TIMEOUT_SECONDS: u32 = 30;
const FAILURES: u8 = 3;

/// Most ports of one range: a document has no more.
const RANGE_MAX: u16 = 16;

/// What is known of a service so far.
#[derive(Debug, Default)]
pub struct ServiceDraft {
    /// Port in the container, and the one of the host that led there.
    ports: Vec<(u16, Option<u16>)>,
    command: Option<String>,
    interval_seconds: Option<u32>,
    timeout_seconds: Option<u32>,
    failures: Option<u8>,
    /// `--no-healthcheck`.
    pub no_health: bool,
    /// Whether any flag spoke of health.
    health_named: bool,
}

fn note(kind: NoteKind, flag: impl Into<String>, reason: &str, instead: impl Into<String>) -> Note {
    Note { kind, flag: flag.into(), reason: reason.to_owned(), instead: instead.into() }
}

impl ServiceDraft {
    /// `--publish [[IP:]HOST:]PORT[/PROTOCOL]` or `--expose PORT[/PROTOCOL]`, each port also as a range.
    pub fn publish(&mut self, name: &str, value: &str) -> Result<Option<Note>, ImportError> {
        let refused = || value_error(name, value, "a port such as 80, 8080:80 or 127.0.0.1:8080:80/tcp");
        let (ports, protocol) = value.split_once('/').unwrap_or((value, "tcp"));
        match protocol.to_ascii_lowercase().as_str() {
            "tcp" => {}
            "udp" | "sctp" => {
                let reason = "only TCP is carried to a tenant";
                let flag = format!("--{name} {value}");
                return Ok(Some(note(NoteKind::Dropped, flag, reason, "speak TCP on this port")));
            }
            _ => return Err(refused()),
        }
        let (hosts, remote) = match ports.rsplit_once(':') {
            Some((before, remote)) => (Some(before), remote),
            None => (None, ports),
        };
        // An address in brackets or with dots before the host's port: services open ports of this machine alone.
        let host = match hosts.map(|before| before.rsplit_once(':').unwrap_or(("", before))) {
            Some((address, _)) if address.contains(':') && !address.starts_with('[') => return Err(refused()),
            Some((_, host)) => Some(host),
            None => None,
        };
        let remote = range(remote).ok_or_else(refused)?;
        let local = match host {
            Some("") if hosts != Some("") => None,
            Some(host) => Some(range(host).ok_or_else(refused)?),
            None => None,
        };
        if local.as_ref().is_some_and(|local| local.len() != remote.len()) {
            return Err(refused());
        }
        for (at, port) in remote.into_iter().enumerate() {
            if !self.ports.iter().any(|(known, _)| *known == port) {
                self.ports.push((port, local.as_ref().and_then(|local| local.get(at).copied())));
            }
        }
        Ok(None)
    }

    /// One of [`HEALTH_FLAGS`].
    pub fn health(&mut self, name: &str, value: &str) -> Result<Option<Note>, ImportError> {
        self.health_named = true;
        match name {
            "health-cmd" => self.command = Some(value.to_owned()),
            "health-interval" => self.interval_seconds = Some(seconds(name, value)?),
            "health-timeout" => self.timeout_seconds = Some(seconds(name, value)?),
            "health-retries" => {
                let failures = value.parse().map_err(|_| value_error(name, value, "a number from 1 to 255"))?;
                self.failures = Some(failures);
            }
            _ => {
                seconds(name, value)?;
                let reason = "a service has as long to become well as the market gives it to start";
                let flag = format!("--{name} {value}");
                return Ok(Some(note(NoteKind::Dropped, flag, reason, "be well within the start window")));
            }
        }
        Ok(None)
    }

    /// Makes the document one of a service, if the line has ports.
    pub fn finish(self, document: &mut Value) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.ports.is_empty() {
            if self.health_named {
                let reason = "only a service is asked whether it is well, and no port makes this line one";
                notes.push(note(NoteKind::Dropped, "--health-*", reason, "name a port with -p, or leave it out"));
            }
            return notes;
        }
        document["kind"] = json!("service");
        document["verification"] = json!("witnessed");
        document["ports"] =
            self.ports.iter().map(|(number, _)| json!({ "number": number, "protocol": "tcp" })).collect();
        let pairs: Vec<String> =
            self.ports.iter().map(|(port, local)| format!("{}:{port}", local.unwrap_or(*port))).collect();
        let reason = "ports make it a service, which is reached from the tenant's machine and paid while it answers";
        let instead = format!("proofmill job forward JOB {}", pairs.join(" "));
        notes.push(note(NoteKind::Assumed, "--publish", reason, instead));
        match self.command {
            Some(command) if !self.no_health => {
                document["health"] = json!({
                    "command": ["/bin/sh", "-c", command],
                    "interval_seconds": self.interval_seconds.unwrap_or(INTERVAL_SECONDS),
                    "timeout_seconds": self.timeout_seconds.unwrap_or(TIMEOUT_SECONDS),
                    "failures_max": self.failures.unwrap_or(FAILURES),
                });
            }
            Some(_) | None => {
                let reason = "without a health check it counts as well once its first port takes a connection";
                notes.push(note(NoteKind::Assumed, "--health-cmd", reason, "set health in the document"));
            }
        }
        notes
    }
}

/// One port, or a range of few.
fn range(text: &str) -> Option<Vec<u16>> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let Some((from, to)) = text.split_once('-') else { return Some(vec![number(text)?]) };
    let (from, to) = (number(from)?, number(to)?);
    (from <= to && to - from < RANGE_MAX).then(|| (from..=to).collect())
}

/// Docker's durations, such as `1m30s`, in whole seconds, rounded up.
fn seconds(flag: &str, value: &str) -> Result<u32, ImportError> {
    let refused = || value_error(flag, value, "a duration such as 30s or 1m30s");
    let (mut rest, mut millis) = (value, 0u64);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest.get(..digits).and_then(|text| text.parse().ok()).ok_or_else(refused)?;
        rest = rest.get(digits..).unwrap_or_default();
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        let (unit, each) = units.into_iter().find(|(unit, _)| rest.starts_with(unit)).ok_or_else(refused)?;
        rest = rest.get(unit.len()..).unwrap_or_default();
        let part = number.checked_mul(each).ok_or_else(refused)?;
        millis = millis.checked_add(part).ok_or_else(refused)?;
    }
    if value.is_empty() {
        return Err(refused());
    }
    u32::try_from(millis.div_ceil(1_000)).map_err(|_| refused())
}
