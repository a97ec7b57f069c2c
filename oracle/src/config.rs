//! What an operator sets.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use proofmill_oracle_core::Cadence;
use serde::{Deserialize, Deserializer, de::Error as _};
use solana_address::Address;

use crate::limits::{DRAND_URLS_MAX, PERIOD_SECONDS, POLL_MS, TRIAL_PERIOD_SECONDS};

/// Written by `init` where there is no file.
const EXAMPLE: &str = r#"rpc_url = "http://127.0.0.1:8899"
ws_url = "ws://127.0.0.1:8900"
# The validator: address of the wallet that owns its stake. Its key stays elsewhere.
validator = "11111111111111111111111111111111"
# Sends commitments and cranks and pays for them: registered as the validator's delegate.
delegate_keypair = "delegate.json"
# Signs attestations and names this validator on the data plane.
vote_key = "vote.json"
data_dir = "data"
bind_addr = "127.0.0.1:0"
# Where other validators reach that socket, if it is not the one bound.
# announce_addr = "203.0.113.7:4434"
metrics_addr = "127.0.0.1:9464"
poll_ms = 1000
crank = true
# Length of the periods whose heartbeats get one signed root, seconds. All validators of a network must have the same;
# without it six hours, or half a minute where the market takes simulated devices.
# witness_period_seconds = 21600
# Where rounds of the drand network are fetched, if the arbiter's beacon is one: tried in turn, checked before use.
# drand_urls = ["https://api.drand.sh"]
"#;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; `proofmill-oracle init --config FILE` writes an example", path.display())]
    ReadConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a configuration.
    #[error("{} is no configuration: {reason}", path.display())]
    ParseConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A value is out of bounds.
    #[error("{key} {rule}")]
    CheckConfig {
        /// The key.
        key: &'static str,
        /// What it must be.
        rule: String,
    },
    /// The example cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    WriteExample {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The configuration. Relative paths are relative to the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// JSON-RPC URL.
    pub rpc_url: String,
    /// WebSocket URL.
    pub ws_url: String,
    /// The validator's identity: the wallet that owns its stake.
    #[serde(deserialize_with = "address")]
    pub validator: Address,
    /// Keypair file: sends commitments and cranks, and pays for them.
    pub delegate_keypair: PathBuf,
    /// Keypair file: signs attestations, names the node on the data plane.
    pub vote_key: PathBuf,
    /// Where the ledger and downloads live.
    pub data_dir: PathBuf,
    /// Socket of the data plane.
    #[serde(default = "any_local_port")]
    pub bind_addr: SocketAddr,
    /// Where peers reach it, if that is another one.
    #[serde(default)]
    pub announce_addr: Option<SocketAddr>,
    /// Socket of `/metrics`, `/livez` and `/readyz`; none without it.
    #[serde(default)]
    pub metrics_addr: Option<SocketAddr>,
    /// Pause between two full reads, milliseconds.
    #[serde(default = "default_poll_ms")]
    pub poll_ms: u64,
    /// Whether to do what anyone may do.
    #[serde(default = "yes")]
    pub crank: bool,
    /// Length of the periods whose heartbeats get one signed root, seconds; the network's own without it.
    #[serde(default)]
    pub witness_period_seconds: Option<u32>,
    /// HTTP relays of the drand network whose rounds decide, without a path of their own; none on slot hashes.
    #[serde(default)]
    pub drand_urls: Vec<String>,
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| D::Error::custom(format!("{text} is no address")))
}

fn any_local_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

const fn default_poll_ms() -> u64 {
    1_000
}

const fn yes() -> bool {
    true
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// It cannot be read, holds an unknown key or a value out of bounds.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::ReadConfig { path: path.to_owned(), source })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, beside).map_err(|error| match error {
            ConfigError::ParseConfig { reason, .. } => ConfigError::ParseConfig { path: path.to_owned(), reason },
            other => other,
        })
    }

    /// Reads a configuration file, after writing an example where there is none.
    ///
    /// # Errors
    /// As [`Config::load`], or the example cannot be written.
    pub fn load_or_create(path: &Path) -> Result<Self, ConfigError> {
        if !path.exists() {
            let written = || {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(path, EXAMPLE)
            };
            written().map_err(|source| ConfigError::WriteExample { path: path.to_owned(), source })?;
        }
        Self::load(path)
    }

    fn parse(text: &str, beside: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text)
            .map_err(|error| ConfigError::ParseConfig { path: PathBuf::new(), reason: error.to_string() })?;
        if !POLL_MS.contains(&config.poll_ms) {
            let rule = format!("must be from {} to {}", POLL_MS.start(), POLL_MS.end());
            return Err(ConfigError::CheckConfig { key: "poll_ms", rule });
        }
        for (key, url, schemes) in
            [("rpc_url", &config.rpc_url, ["http://", "https://"]), ("ws_url", &config.ws_url, ["ws://", "wss://"])]
        {
            if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
                let rule = format!("must begin with {} or {}", schemes[0], schemes[1]);
                return Err(ConfigError::CheckConfig { key, rule });
            }
        }
        if let Some(Err(error)) = config.witness_period_seconds.map(Cadence::new) {
            return Err(ConfigError::CheckConfig { key: "witness_period_seconds", rule: format!("is wrong: {error}") });
        }
        if config.drand_urls.len() > DRAND_URLS_MAX {
            let rule = format!("holds at most {DRAND_URLS_MAX}");
            return Err(ConfigError::CheckConfig { key: "drand_urls", rule });
        }
        if config.drand_urls.iter().any(|url| !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))) {
            let rule = "must each begin with http:// or https://".to_owned();
            return Err(ConfigError::CheckConfig { key: "drand_urls", rule });
        }
        for path in [&mut config.delegate_keypair, &mut config.vote_key, &mut config.data_dir] {
            *path = beside.join(&*path);
        }
        Ok(config)
    }

    /// How time is cut into heartbeats and periods.
    ///
    /// A market that takes simulated devices is a network for trials, where nobody waits six hours for a first root.
    pub fn cadence(&self, allows_simulated: bool) -> Cadence {
        let default = if allows_simulated { TRIAL_PERIOD_SECONDS } else { PERIOD_SECONDS };
        let whole = Cadence::new(self.witness_period_seconds.unwrap_or(default));
        // What is configured was checked when it was read; a test holds that the defaults are cadences.
        whole.unwrap_or_else(|_| unreachable!("checked by parse"))
    }

    /// The ledger's file.
    pub fn ledger_path(&self) -> PathBuf {
        self.data_dir.join("oracle.redb")
    }

    /// What peers are served. Emptied at every start.
    pub fn exchange_dir(&self) -> PathBuf {
        self.data_dir.join("reveals")
    }

    /// Where downloads lie while they are checked. Emptied at every start.
    pub fn scratch_dir(&self) -> PathBuf {
        self.data_dir.join("scratch")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_configuration_and_its_paths_lie_beside_it() {
        let config = Config::parse(EXAMPLE, Path::new("etc")).unwrap();
        assert_eq!(config.vote_key, Path::new("etc/vote.json"));
        assert_eq!(config.poll_ms, 1_000);
        assert!(config.crank);
    }

    #[test]
    fn every_network_has_a_cadence() {
        let config = Config::parse(EXAMPLE, Path::new("")).unwrap();
        assert_eq!((config.cadence(false).period_seconds(), config.cadence(false).slots()), (21_600, 720));
        assert_eq!((config.cadence(true).period_seconds(), config.cadence(true).slots()), (30, 6));
        let of = |seconds: u32| Config::parse(&format!("{EXAMPLE}witness_period_seconds = {seconds}\n"), Path::new(""));
        assert_eq!(of(3_600).unwrap().cadence(true).period_seconds(), 3_600, "what is configured goes first");
        for wrong in [0, 29, 31, 43_200] {
            let key = "witness_period_seconds";
            assert!(matches!(of(wrong), Err(ConfigError::CheckConfig { key: found, .. }) if found == key), "{wrong}");
        }
    }

    #[test]
    fn unknown_keys_and_values_out_of_bounds_are_refused() {
        let unknown = format!("{EXAMPLE}colour = \"red\"\n");
        assert!(matches!(Config::parse(&unknown, Path::new("")), Err(ConfigError::ParseConfig { .. })));
        let fast = EXAMPLE.replace("1000", "1");
        assert!(matches!(Config::parse(&fast, Path::new("")), Err(ConfigError::CheckConfig { key: "poll_ms", .. })));
        let nobody = EXAMPLE.replace("11111111111111111111111111111111", "nobody");
        assert!(matches!(Config::parse(&nobody, Path::new("")), Err(ConfigError::ParseConfig { .. })));
        let relays = |list: &str| Config::parse(&format!("{EXAMPLE}drand_urls = {list}\n"), Path::new(""));
        assert_eq!(relays(r#"["https://a", "http://b"]"#).unwrap().drand_urls, ["https://a", "http://b"]);
        let many = format!("[{}]", [r#""https://a""#; DRAND_URLS_MAX + 1].join(","));
        for refused in [r#"["file:///etc"]"#, &many] {
            assert!(matches!(relays(refused), Err(ConfigError::CheckConfig { key: "drand_urls", .. })), "{refused}");
        }
        let odd = EXAMPLE.replace("http://", "ftp://");
        assert!(matches!(Config::parse(&odd, Path::new("")), Err(ConfigError::CheckConfig { key: "rpc_url", .. })));
    }
}
