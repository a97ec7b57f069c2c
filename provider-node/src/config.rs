//! The configuration file. Every value is checked before anything else happens; unknown keys are refused.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use solana_address::Address;

use crate::limits;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}; give its path with --config", path.display())]
    ReadConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a configuration.
    #[error("{}: {source}", path.display())]
    ParseConfig {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value is out of its bounds.
    #[error("{key}: {rule}")]
    CheckValue {
        /// The key.
        key: &'static str,
        /// What it must be.
        rule: String,
    },
}

/// Which devices the node offers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum DeviceConfig {
    /// The NVIDIA devices that the driver lists.
    Nvml,
    /// A stand-in, marked so on chain, for networks whose configuration allows it.
    Simulated {
        /// Model name.
        model: String,
        /// Memory of each, MiB.
        vram_mib: u32,
        /// How many.
        count: u8,
    },
}

/// Answers to auctions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BiddingConfig {
    /// Whether to bid at all.
    pub enabled: bool,
    /// The price, atoms per second.
    pub price_per_second: u64,
    /// The payment mint, base58.
    pub mint: String,
    /// Whether to bid on services too.
    #[serde(default)]
    pub services: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    rpc_url: String,
    ws_url: Option<String>,
    owner: String,
    operator_keypair: PathBuf,
    node_key: PathBuf,
    data_dir: PathBuf,
    #[serde(default = "any_local_port")]
    bind_addr: SocketAddr,
    metrics_addr: Option<SocketAddr>,
    #[serde(default = "docker_socket")]
    docker_socket: PathBuf,
    device: DeviceConfig,
    #[serde(default)]
    reexecute: bool,
    #[serde(default = "retention_seconds")]
    retention_seconds: u32,
    bidding: Option<BiddingConfig>,
    #[serde(default = "arrays")]
    arrays: bool,
    #[serde(default = "services")]
    services: bool,
    #[serde(default)]
    simulate_forged_outputs: bool,
}

fn any_local_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn docker_socket() -> PathBuf {
    PathBuf::from("/var/run/docker.sock")
}

fn arrays() -> bool {
    true
}

fn services() -> bool {
    true
}

fn retention_seconds() -> u32 {
    3_600
}

/// What to bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bidding {
    /// Atoms per second.
    pub price_per_second: u64,
    /// Payment mint.
    pub mint: Address,
    /// Services too.
    pub services: bool,
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// JSON-RPC endpoint.
    pub rpc_url: String,
    /// WebSocket endpoint, for hints.
    pub ws_url: Option<String>,
    /// Wallet that owns the provider's stake and earnings.
    pub owner: Address,
    /// File of the key that pays the node's transactions.
    pub operator_keypair: PathBuf,
    /// File of the key that signs receipts and names the node.
    pub node_key: PathBuf,
    /// Where everything of the node's own lies.
    pub data_dir: PathBuf,
    /// Where the data plane listens.
    pub bind_addr: SocketAddr,
    /// Where metrics are served, if at all.
    pub metrics_addr: Option<SocketAddr>,
    /// The container engine's socket.
    pub docker_socket: PathBuf,
    /// The devices.
    pub device: DeviceConfig,
    /// Whether to run other providers' jobs again for committees.
    pub reexecute: bool,
    /// How long an ended attempt's data is kept, seconds.
    pub retention_seconds: u32,
    /// Auctions to answer.
    pub bidding: Option<Bidding>,
    /// Whether to take tasks of arrays at the price of a standing offer.
    pub arrays: bool,
    /// Whether this machine runs services. Which of them it is matched to, its offers and bids say.
    pub services: bool,
    /// A dishonest node, for demonstrations and tests: it changes the outputs after the run.
    pub simulate_forged_outputs: bool,
}

impl Config {
    /// Reads and checks a file. Relative paths in it are relative to it.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and what it must be.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let read = |source| ConfigError::ReadConfig { path: path.to_owned(), source };
        let length = fs::metadata(path).map_err(read)?.len();
        if length > limits::CONFIG_BYTES_MAX {
            return Err(read(std::io::Error::other(format!("{length} bytes are more than a configuration has"))));
        }
        let text = fs::read_to_string(path).map_err(read)?;
        let file: ConfigFile = toml::from_str(&text)
            .map_err(|source| ConfigError::ParseConfig { path: path.to_owned(), source: Box::new(source) })?;
        let base = path.parent().unwrap_or(Path::new("."));
        Config::check(file, base)
    }

    fn check(file: ConfigFile, base: &Path) -> Result<Config, ConfigError> {
        let wrong = |key, rule: String| Err(ConfigError::CheckValue { key, rule });
        if !(file.rpc_url.starts_with("http://") || file.rpc_url.starts_with("https://")) {
            return wrong("rpc_url", "must begin with http:// or https://".into());
        }
        if let Some(url) = &file.ws_url
            && !(url.starts_with("ws://") || url.starts_with("wss://"))
        {
            return wrong("ws_url", "must begin with ws:// or wss://".into());
        }
        let address = |key, text: &str| {
            text.parse::<Address>()
                .map_err(|_| ConfigError::CheckValue { key, rule: format!("{text:?} is not an address in base58") })
        };
        let owner = address("owner", &file.owner)?;
        if let DeviceConfig::Simulated { model, vram_mib, count } = &file.device {
            if model.is_empty() || model.len() > 32 {
                return wrong("device.model", "must have 1 to 32 bytes".into());
            }
            if *vram_mib < proofmill_protocol::limits::VRAM_MIB_MIN {
                return wrong(
                    "device.vram_mib",
                    format!("must be {} at least", proofmill_protocol::limits::VRAM_MIB_MIN),
                );
            }
            if *count == 0 || *count > proofmill_protocol::limits::GPU_COUNT_MAX {
                return wrong("device.count", format!("must be 1 to {}", proofmill_protocol::limits::GPU_COUNT_MAX));
            }
        } else if file.simulate_forged_outputs {
            return wrong("simulate_forged_outputs", "is accepted only together with a simulated device".into());
        }
        let bidding = match file.bidding {
            Some(bidding) => {
                let mint = address("bidding.mint", &bidding.mint)?;
                if bidding.price_per_second == 0 {
                    return wrong("bidding.price_per_second", "must be above zero".into());
                }
                let BiddingConfig { price_per_second, services, .. } = bidding;
                bidding.enabled.then_some(Bidding { price_per_second, mint, services })
            }
            None => None,
        };
        if file.bind_addr.ip().is_unspecified() {
            return wrong(
                "bind_addr",
                "must be the address at which peers reach this node: it is announced on chain".into(),
            );
        }
        let at = |path: PathBuf| if path.is_absolute() { path } else { base.join(path) };
        Ok(Config {
            rpc_url: file.rpc_url,
            ws_url: file.ws_url,
            owner,
            operator_keypair: at(file.operator_keypair),
            node_key: at(file.node_key),
            data_dir: at(file.data_dir),
            bind_addr: file.bind_addr,
            metrics_addr: file.metrics_addr,
            docker_socket: at(file.docker_socket),
            device: file.device,
            reexecute: file.reexecute,
            retention_seconds: file.retention_seconds,
            bidding,
            arrays: file.arrays,
            services: file.services,
            simulate_forged_outputs: file.simulate_forged_outputs,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    const GOOD: &str = r#"
        rpc_url = "http://127.0.0.1:8899"
        owner = "4RxD8qYa4468A16255q7Jv6v3L2T17wLbcfo9De1baRC"
        operator_keypair = "operator.json"
        node_key = "node.key"
        data_dir = "data"
        [device]
        kind = "simulated"
        model = "Simulated 24G"
        vram_mib = 24576
        count = 1
    "#;

    fn check(text: &str) -> Result<Config, String> {
        let file = toml::from_str::<ConfigFile>(text).map_err(|error| error.to_string())?;
        Config::check(file, Path::new("base")).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_filled_in_and_paths_are_relative_to_the_file() {
        let config = check(GOOD).unwrap();
        assert_eq!(config.bind_addr, any_local_port());
        assert_eq!(config.data_dir, Path::new("base/data"));
        assert!(!config.reexecute && config.bidding.is_none() && config.arrays);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(check(&format!("pirce = 1\n{GOOD}")).unwrap_err().contains("pirce"));
        assert!(check(&format!("{GOOD}\nmemory = 1")).unwrap_err().contains("memory"));
    }

    #[test]
    fn every_bound_is_named_by_its_key() {
        for (from, to, key) in [
            ("http://", "file://", "rpc_url"),
            ("4RxD8qYa", "0OIl", "owner"),
            ("24576", "4096", "device.vram_mib"),
            ("count = 1", "count = 0", "device.count"),
            ("Simulated 24G", "", "device.model"),
            ("[device]", "bind_addr = \"0.0.0.0:4433\"\n[device]", "bind_addr"),
        ] {
            assert!(check(&GOOD.replace(from, to)).unwrap_err().starts_with(key), "{key}");
        }
    }

    #[test]
    fn a_forger_needs_a_simulated_device() {
        let forged = format!("simulate_forged_outputs = true\n{GOOD}");
        assert!(check(&forged).is_ok());
        let real = forged.split("[device]").next().unwrap().to_owned() + "[device]\nkind = \"nvml\"";
        assert!(check(&real).unwrap_err().starts_with("simulate_forged_outputs"));
    }
}
