//! What a document must obey beyond its shape.

use std::ops::RangeInclusive;

use crate::document::{GpuVendor, JobSpec, Kind, Privacy, Protocol, Verification};
use crate::error::SpecError;
use crate::limits;

impl JobSpec {
    /// Checks every bound and rule, and that nothing is asked for that no node honours.
    ///
    /// # Errors
    /// The first one broken, with the field, its value and the bound. Bounds come before what is not offered.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.version != limits::VERSION {
            return Err(SpecError::UnknownVersion { version: self.version });
        }
        self.validate_name()?;
        self.validate_command()?;
        self.validate_env()?;
        self.validate_resources()?;
        self.validate_ports()?;
        self.validate_health()?;
        require_range("outputs.max_bytes", self.outputs.max_bytes, limits::OUTPUT_BYTES)?;
        require_range("outputs.max_files", self.outputs.max_files, limits::OUTPUT_FILES)?;
        require_range("max_seconds", self.max_seconds, limits::SECONDS)?;
        require_range("timeouts.start_seconds", self.timeouts.start_seconds, 0..=*limits::SECONDS.end())?;
        require_range("timeouts.stop_seconds", self.timeouts.stop_seconds, 0..=*limits::SECONDS.end())?;
        require_range("retries", self.retries, limits::RETRIES)?;
        require_range("placement.region", self.placement.region, limits::REGION)?;
        require_range("placement.uptime_bps", self.placement.uptime_bps, limits::BPS)?;
        require_range(
            "placement.certificate_age_seconds_max",
            self.placement.certificate_age_seconds_max,
            limits::CERTIFICATE_AGE_SECONDS,
        )?;
        require_range("price_ceiling_per_second", self.price_ceiling_per_second, 0..=limits::INTEGER_MAX)?;
        if let Some(sla) = &self.sla {
            require_range("sla.uptime_bps", sla.uptime_bps, 1..=*limits::BPS.end())?;
            require_range("sla.bond", sla.bond, 1..=limits::INTEGER_MAX)?;
        }
        self.require_offered()
    }

    fn validate_name(&self) -> Result<(), SpecError> {
        require_length("name", "bytes", self.name.len(), limits::NAME_BYTES)?;
        let refused = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        match self.name.chars().find(refused) {
            Some(character) => Err(SpecError::NameCharacter { name: self.name.clone(), character }),
            None => Ok(()),
        }
    }

    fn validate_command(&self) -> Result<(), SpecError> {
        require_command("command", &self.command, 0)
    }

    fn validate_ports(&self) -> Result<(), SpecError> {
        require_length("ports", "items", self.ports.len(), 0..=limits::PORTS_MAX)?;
        for (index, port) in self.ports.iter().enumerate() {
            require_range("ports.number", port.number, 1..=u16::MAX)?;
            if self.ports[..index].iter().any(|before| before.number == port.number) {
                return Err(SpecError::PortTwice { number: port.number });
            }
        }
        Ok(())
    }

    fn validate_health(&self) -> Result<(), SpecError> {
        let Some(health) = &self.health else { return Ok(()) };
        require_command("health.command", &health.command, 1)?;
        require_range("health.interval_seconds", health.interval_seconds, limits::HEALTH_SECONDS)?;
        require_range("health.timeout_seconds", health.timeout_seconds, limits::HEALTH_SECONDS)?;
        require_range("health.failures_max", health.failures_max, 1..=u8::MAX)
    }

    fn validate_env(&self) -> Result<(), SpecError> {
        require_length("env", "variables", self.env.len(), 0..=limits::ENV_VARIABLES_MAX)?;
        let bytes = self.env.iter().map(|(key, value)| key.len() + value.len()).sum();
        require_length("env", "bytes", bytes, 0..=limits::ENV_BYTES_MAX)?;
        for (key, value) in &self.env {
            require_length("env key", "bytes", key.len(), limits::ENV_KEY_BYTES)?;
            let starts_well = key.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
            let goes_on_well = key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if !starts_well || !goes_on_well {
                return Err(SpecError::EnvKeyCharacter { key: key.clone() });
            }
            if let Some(reason) = env_refusal(key) {
                return Err(SpecError::EnvKeyRefused { key: key.clone(), reason });
            }
            if value.contains('\0') {
                return Err(SpecError::NulByte { field: format!("env.{key}") });
            }
        }
        Ok(())
    }

    fn validate_resources(&self) -> Result<(), SpecError> {
        let asked = &self.resources;
        require_range("resources.cpus_milli", asked.cpus_milli, limits::CPUS_MILLI)?;
        require_range("resources.memory_mib", asked.memory_mib, limits::MEMORY_MIB)?;
        require_range("resources.pids", asked.pids, limits::PIDS)?;
        require_range("resources.scratch_mib", asked.scratch_mib, limits::SCRATCH_MIB)?;
        require_range("resources.gpu_count", asked.gpu_count, limits::GPU_COUNT)?;
        require_range("resources.vram_mib", asked.vram_mib, limits::VRAM_MIB)?;
        if let Some(model) = &asked.gpu_model {
            require_length("resources.gpu_model", "bytes", model.len(), limits::GPU_MODEL_BYTES)?;
            if let Some(character) = model.chars().find(|c| !matches!(c, ' '..='~')) {
                return Err(SpecError::ModelCharacter { model: model.clone(), character });
            }
        }
        if asked.gpu_count > 0 {
            return Ok(());
        }
        let stray = if asked.vram_mib > 0 {
            ("resources.vram_mib", asked.vram_mib.to_string())
        } else if asked.gpu_vendor != GpuVendor::Any {
            ("resources.gpu_vendor", format!("{:?}", vendor_name(asked.gpu_vendor)))
        } else if let Some(model) = &asked.gpu_model {
            ("resources.gpu_model", format!("{model:?}"))
        } else {
            return Ok(());
        };
        Err(SpecError::GpuFieldWithoutGpu { field: stray.0, value: stray.1 })
    }

    /// What the format has and no node honours today is refused by its name, never passed over.
    fn require_offered(&self) -> Result<(), SpecError> {
        let refused = |field, asked: String, instead| -> Result<(), SpecError> {
            Err(SpecError::NotOffered { field, asked, instead })
        };
        match self.kind {
            Kind::Batch => {
                if self.sla.is_some() {
                    return Err(SpecError::SlaForBatch);
                }
                if self.verification == Verification::Witnessed {
                    let instead = "it is the class of services; use \"deterministic\" for a batch job";
                    return refused("verification", "\"witnessed\"".into(), instead);
                }
                if !self.verification.is_offered() {
                    let asked = format!("\"{}\"", self.verification);
                    return refused(
                        "verification",
                        asked,
                        "every result is proved by an identical re-run; use \"deterministic\"",
                    );
                }
            }
            Kind::Service => {
                if self.verification != Verification::Witnessed {
                    return Err(SpecError::ServiceNotWitnessed { verification: self.verification.as_str() });
                }
                if self.retries > 0 {
                    return Err(SpecError::RetriesForService { retries: self.retries });
                }
            }
        }
        if self.comparator.is_some() {
            return Err(SpecError::ComparatorNotUsed { verification: self.verification.as_str() });
        }
        if matches!(self.resources.gpu_vendor, GpuVendor::Amd | GpuVendor::Intel) {
            let asked = format!("\"{}\"", vendor_name(self.resources.gpu_vendor));
            return refused("resources.gpu_vendor", asked, "nodes take NVIDIA devices; use \"nvidia\" or \"any\"");
        }
        if let Some(first) = self.inputs.remote.first() {
            let asked = format!("{:?}", first.url);
            return refused("inputs.remote", asked, "nodes fetch nothing; give the files with --input");
        }
        if let Some(port) = self.ports.iter().find(|port| port.protocol == Protocol::Udp) {
            let asked = format!("{} with \"udp\"", port.number);
            return refused("ports", asked, "only streams are carried to a tenant; use \"tcp\" or \"http\"");
        }
        if self.kind == Kind::Batch {
            if let Some(first) = self.ports.first() {
                let instead = "a batch job has no network; write results to /out, or use kind \"service\"";
                return refused("ports", first.number.to_string(), instead);
            }
            if self.health.is_some() {
                return refused("health", "with a command".into(), "a batch job is judged by its exit code; use null");
            }
        }
        if self.timeouts.start_seconds > 0 {
            let asked = self.timeouts.start_seconds.to_string();
            return refused("timeouts.start_seconds", asked, "the market's own window holds for everybody; use 0");
        }
        if self.timeouts.stop_seconds > 0 {
            let asked = self.timeouts.stop_seconds.to_string();
            return refused("timeouts.stop_seconds", asked, "nodes give every container the same time; use 0");
        }
        match self.privacy {
            Privacy::Parties => Ok(()),
            Privacy::Public => {
                refused("privacy", "\"public\"".into(), "only the parties of a job can fetch its data; use \"parties\"")
            }
            Privacy::Confidential => {
                refused("privacy", "\"confidential\"".into(), "a provider can read what it runs; use \"parties\"")
            }
        }
    }
}

/// A program and its arguments, within the bounds of `command`; with `items_min` 0 an empty one leaves it to the image.
fn require_command(field: &'static str, command: &[String], items_min: usize) -> Result<(), SpecError> {
    require_length(field, "items", command.len(), items_min..=limits::COMMAND_ITEMS_MAX)?;
    let bytes = command.iter().map(String::len).sum();
    require_length(field, "bytes", bytes, 0..=limits::COMMAND_BYTES_MAX)?;
    if command.first().is_some_and(String::is_empty) {
        return Err(SpecError::ProgramEmpty { field });
    }
    for (index, item) in command.iter().enumerate() {
        if item.contains('\0') {
            return Err(SpecError::NulByte { field: format!("{field}[{index}]") });
        }
    }
    Ok(())
}

fn vendor_name(vendor: GpuVendor) -> &'static str {
    match vendor {
        GpuVendor::Any => "any",
        GpuVendor::Nvidia => "nvidia",
        GpuVendor::Amd => "amd",
        GpuVendor::Intel => "intel",
    }
}

/// Why a variable may not be set by a document, if so.
fn env_refusal(key: &str) -> Option<&'static str> {
    match key {
        "LD_PRELOAD" | "LD_AUDIT" => Some("it loads code into every program, the engine's own hooks included"),
        _ if key.starts_with("NVIDIA_") => Some("it steers which GPUs and driver parts the engine gives"),
        _ if key.starts_with("PROOFMILL_") => Some("the node sets it from what the chain says"),
        _ => None,
    }
}

fn require_range<T: Into<u64> + Copy>(
    field: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), SpecError> {
    let (value, min, max) = (value.into(), (*range.start()).into(), (*range.end()).into());
    if (min..=max).contains(&value) { Ok(()) } else { Err(SpecError::OutOfRange { field, value, min, max }) }
}

fn require_length(
    field: &'static str,
    unit: &'static str,
    found: usize,
    range: RangeInclusive<usize>,
) -> Result<(), SpecError> {
    if range.contains(&found) {
        return Ok(());
    }
    Err(SpecError::LengthOutOfRange { field, unit, found, min: *range.start(), max: *range.end() })
}
