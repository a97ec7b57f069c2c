//! The devices of this machine, and the hashes that name them.

use nvml_wrapper::Nvml;
use proofmill_protocol::sha256;
use serde::Serialize;

use crate::config::DeviceConfig;

/// Why the devices cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The driver's library is missing or refuses.
    #[error("cannot load the NVIDIA driver: {reason}; install it, or configure [device] kind = \"simulated\"")]
    LoadDriver {
        /// What the library said.
        reason: String,
    },
    /// A device does not answer.
    #[error("cannot query device {index}: {reason}; run nvidia-smi and look at the kernel log")]
    QueryDevice {
        /// Index of the device.
        index: u32,
        /// What the library said.
        reason: String,
    },
    /// The driver lists none.
    #[error("the NVIDIA driver lists no device")]
    NoDevice,
    /// The devices differ: one provider is one class.
    #[error("the devices differ ({first} and {other}): run one node for each model")]
    MixedDevices {
        /// The first model.
        first: String,
        /// Another.
        other: String,
    },
    /// The list cannot be printed.
    #[error("cannot print the inventory: {0}")]
    Print(#[from] serde_json::Error),
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Model as the driver names it.
    pub model: String,
    /// The driver's unique name for it.
    pub uuid: String,
    /// Memory, MiB.
    pub vram_mib: u32,
    /// Architecture.
    pub architecture: String,
}

/// What the machine has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// A stand-in.
    pub simulated: bool,
    /// The devices, all of one model.
    pub devices: Vec<Device>,
    /// Driver version.
    pub driver: String,
    /// Major version of CUDA that the driver offers.
    pub cuda_major: u32,
    /// Hash of the class: re-executions happen within it.
    #[serde(serialize_with = "as_hex")]
    pub class_key: [u8; 32],
    /// Hash of the sorted device names.
    #[serde(serialize_with = "as_hex")]
    pub gpu_set_hash: [u8; 32],
}

fn as_hex<S: serde::Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

impl Inventory {
    fn new(simulated: bool, devices: Vec<Device>, driver: String, cuda_major: u32) -> Inventory {
        let architecture = devices.first().map_or("", |device| device.architecture.as_str());
        let class_key = if simulated {
            simulated_class_key()
        } else {
            class_key(architecture, devices.len(), major(&driver), cuda_major)
        };
        let gpu_set_hash = gpu_set_hash(devices.iter().map(|device| device.uuid.as_str()));
        Inventory { simulated, devices, driver, cuda_major, class_key, gpu_set_hash }
    }

    /// Number of devices.
    pub fn count(&self) -> u8 {
        u8::try_from(self.devices.len()).unwrap_or(u8::MAX)
    }

    /// As JSON.
    ///
    /// # Errors
    /// If it cannot be written as such.
    pub fn to_json(&self) -> Result<String, InventoryError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for device in &self.devices {
            text += &format!("{}  {} MiB  {}  {}\n", device.model, device.vram_mib, device.architecture, device.uuid);
        }
        let kind = if self.simulated { "simulated" } else { "driver" };
        text + &format!("{kind} {}  class {}\n", self.driver, hex::encode(self.class_key))
    }
}

/// Where the list of devices comes from.
pub trait DeviceInventory: Send + Sync {
    /// Lists them.
    ///
    /// # Errors
    /// [`InventoryError`] says what is missing.
    fn take(&self) -> Result<Inventory, InventoryError>;
}

/// The NVIDIA driver, loaded at run time: a machine without one runs the node's other commands.
pub struct NvmlDevices;

impl DeviceInventory for NvmlDevices {
    fn take(&self) -> Result<Inventory, InventoryError> {
        let load = |error: nvml_wrapper::error::NvmlError| InventoryError::LoadDriver { reason: error.to_string() };
        let nvml = Nvml::init().map_err(load)?;
        let driver = nvml.sys_driver_version().map_err(load)?;
        let cuda = nvml_wrapper::cuda_driver_version_major(nvml.sys_cuda_driver_version().map_err(load)?);
        let mut devices: Vec<Device> = Vec::new();
        for index in 0..nvml.device_count().map_err(load)? {
            let query = |error: nvml_wrapper::error::NvmlError| InventoryError::QueryDevice {
                index,
                reason: error.to_string(),
            };
            let device = nvml.device_by_index(index).map_err(query)?;
            let bytes = device.memory_info().map_err(query)?.total;
            devices.push(Device {
                model: device.name().map_err(query)?,
                uuid: device.uuid().map_err(query)?,
                vram_mib: u32::try_from(bytes / (1024 * 1024)).unwrap_or(u32::MAX),
                architecture: format!("{:?}", device.architecture().map_err(query)?),
            });
        }
        let first = devices.first().ok_or(InventoryError::NoDevice)?.model.clone();
        if let Some(other) = devices.iter().find(|device| device.model != first) {
            return Err(InventoryError::MixedDevices { first, other: other.model.clone() });
        }
        Ok(Inventory::new(false, devices, driver, u32::try_from(cuda).unwrap_or(0)))
    }
}

/// The stand-in.
pub struct SimulatedDevices {
    /// Model name.
    pub model: String,
    /// Memory of each, MiB.
    pub vram_mib: u32,
    /// How many.
    pub count: u8,
}

impl DeviceInventory for SimulatedDevices {
    fn take(&self) -> Result<Inventory, InventoryError> {
        let device = |index: u8| Device {
            model: self.model.clone(),
            // In the form the driver gives, which the sandbox insists on.
            uuid: format!("GPU-00000000-0000-4000-8000-{index:012x}"),
            vram_mib: self.vram_mib,
            architecture: "simulated".into(),
        };
        Ok(Inventory::new(true, (0..self.count).map(device).collect(), "simulated".into(), 0))
    }
}

/// The devices that a configuration names.
pub fn from_config(device: &DeviceConfig) -> Box<dyn DeviceInventory> {
    match device {
        DeviceConfig::Nvml => Box::new(NvmlDevices),
        DeviceConfig::Simulated { model, vram_mib, count } => {
            Box::new(SimulatedDevices { model: model.clone(), vram_mib: *vram_mib, count: *count })
        }
    }
}

/// Names the rule by which classes are made.
const CLASS_RULE: &str = "proofmill-class-v1";

/// The class of real devices: those in it are expected to compute the same bytes.
pub fn class_key(architecture: &str, gpu_count: usize, driver_major: u32, cuda_major: u32) -> [u8; 32] {
    let text = format!("{architecture}|{gpu_count}|{driver_major}|{cuda_major}|{CLASS_RULE}");
    sha256(&[text.as_bytes()])
}

/// The class of every simulated device.
pub fn simulated_class_key() -> [u8; 32] {
    sha256(&[b"simulated|", CLASS_RULE.as_bytes()])
}

/// The hash of a set of devices, whatever the order they are listed in.
pub fn gpu_set_hash<'a>(uuids: impl Iterator<Item = &'a str>) -> [u8; 32] {
    let mut sorted: Vec<&str> = uuids.collect();
    sorted.sort_unstable();
    sha256(&[sorted.join("\n").as_bytes()])
}

/// The hash of what the job ran in: driver, engine, kernel.
pub fn env_hash(driver: &str, engine_version: &str, kernel_version: &str) -> [u8; 32] {
    sha256(&[driver.as_bytes(), b"\n", engine_version.as_bytes(), b"\n", kernel_version.as_bytes()])
}

fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn a_set_of_devices_has_one_hash_in_any_order() {
        assert_eq!(gpu_set_hash(["b", "a"].into_iter()), gpu_set_hash(["a", "b"].into_iter()));
        assert_ne!(gpu_set_hash(["a"].into_iter()), gpu_set_hash(["a", "b"].into_iter()));
    }

    #[test]
    fn a_class_changes_with_each_of_its_parts() {
        let base = class_key("Hopper", 1, 550, 12);
        for other in [
            class_key("Ada", 1, 550, 12),
            class_key("Hopper", 2, 550, 12),
            class_key("Hopper", 1, 570, 12),
            class_key("Hopper", 1, 550, 13),
            simulated_class_key(),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn every_simulated_device_is_of_one_class() {
        let take = |count| SimulatedDevices { model: "x".into(), vram_mib: 8192, count }.take().unwrap();
        assert_eq!(take(1).class_key, take(2).class_key);
        assert!(take(1).simulated);
    }
}
