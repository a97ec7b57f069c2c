//! From flags and a file to what the gateway needs.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use serde::Deserialize;

use crate::{error::GatewayError, limits};

/// What may be said on the command line; it wins over the file.
#[derive(Clone, Debug, Default, Parser, Deserialize)]
#[command(name = "proofmill-gateway", about = "Everything about the network, over HTTP", version)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// TOML file with the same names, `_` for `-`
    #[arg(long)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// JSON-RPC of a Solana node
    #[arg(long)]
    pub rpc_url: Option<String>,
    /// Its WebSocket
    #[arg(long)]
    pub ws_url: Option<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// sqlite://PATH or postgres://...
    #[arg(long)]
    pub database: Option<String>,
    /// Built files of the dApp, served at /
    #[arg(long)]
    pub app_dir: Option<PathBuf>,
    /// Keypair file of the gateway on the data plane; made in the data folder where there is none
    #[arg(long)]
    pub node_key: Option<PathBuf>,
    /// Where the gateway keeps what it holds
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Keypair that mints test money: local networks only
    #[arg(long)]
    pub faucet_keypair: Option<PathBuf>,
    /// Domain that sign-in messages name; the listening address if not given
    #[arg(long)]
    pub domain: Option<String>,
    /// Requests of one address per second, lasting
    #[arg(long)]
    pub rate_per_second: Option<u32>,
    /// Whether the last address of X-Forwarded-For names the caller: only behind a proxy that sets it
    #[arg(long)]
    #[serde(default)]
    pub behind_proxy: bool,
    /// Without a WebSocket: poll only
    #[arg(long)]
    #[serde(default)]
    pub poll_only: bool,
    /// Do not sign the usage of services whose jobs name this gateway's node key
    #[arg(long)]
    #[serde(default)]
    pub no_cosign: bool,
    /// Milliseconds between two full reads of the programs' accounts
    #[arg(long)]
    pub poll_ms: Option<u64>,
}

/// What the gateway runs with.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rpc_url: String,
    pub ws_url: Option<String>,
    pub listen: SocketAddr,
    pub database: String,
    pub app_dir: Option<PathBuf>,
    pub node_key: Option<PathBuf>,
    pub data_dir: PathBuf,
    pub faucet_keypair: Option<PathBuf>,
    pub domain: Option<String>,
    pub rate_per_second: u32,
    pub behind_proxy: bool,
    pub poll_every: std::time::Duration,
    /// Whether the gateway signs the usage of services whose jobs name its node key.
    pub cosign: bool,
    /// How long a service may take until its answer begins.
    pub service_answer: std::time::Duration,
}

impl Settings {
    /// Flags win over the file, the file over what is written here.
    ///
    /// # Errors
    /// [`GatewayError::Settings`] with the setting that is wrong.
    pub fn resolve(flags: Arguments) -> Result<Self, GatewayError> {
        let file = match &flags.config {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| GatewayError::Io { what: path.display().to_string(), source })?;
                toml::from_str(&text)
                    .map_err(|error| GatewayError::Settings(format!("{}: {}", path.display(), error.message())))?
            }
            None => Arguments::default(),
        };
        let rpc_url = flags.rpc_url.or(file.rpc_url).unwrap_or_else(|| "http://127.0.0.1:8899".to_owned());
        let data_dir = flags.data_dir.or(file.data_dir).unwrap_or_else(|| PathBuf::from("proofmill-gateway"));
        let database = flags
            .database
            .or(file.database)
            .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("index.sqlite").display()));
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database.starts_with(scheme)) {
            return Err(GatewayError::Settings("database: sqlite://PATH or postgres://... is wanted".to_owned()));
        }
        let ws_url = flags.ws_url.or(file.ws_url).unwrap_or_else(|| ws_url_of(&rpc_url));
        let poll_only = flags.poll_only || file.poll_only;
        let poll_ms = flags.poll_ms.or(file.poll_ms).unwrap_or(1_500).max(50);
        Ok(Self {
            rpc_url,
            ws_url: (!poll_only).then_some(ws_url),
            listen: flags.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            database,
            app_dir: flags.app_dir.or(file.app_dir),
            node_key: flags.node_key.or(file.node_key),
            data_dir,
            faucet_keypair: flags.faucet_keypair.or(file.faucet_keypair),
            domain: flags.domain.or(file.domain),
            rate_per_second: flags.rate_per_second.or(file.rate_per_second).unwrap_or(limits::RATE_PER_SECOND).max(1),
            behind_proxy: flags.behind_proxy || file.behind_proxy,
            poll_every: std::time::Duration::from_millis(poll_ms),
            cosign: !(flags.no_cosign || file.no_cosign),
            service_answer: limits::SERVICE_ANSWER,
        })
    }
}

/// Solana's convention: the same host, `ws` for `http`, and the next port where one is given.
fn ws_url_of(rpc_url: &str) -> String {
    let swapped = rpc_url.replacen("http", "ws", 1);
    let port = swapped.trim_end_matches('/').rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match port {
        Some((host, port)) => format!("{host}:{}", u16::saturating_add(port, 1)),
        None => swapped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, "rpc_url = \"http://127.0.0.1:9000\"\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let flags =
            Arguments { config: Some(path), listen: Some("127.0.0.1:2".parse().unwrap()), ..Arguments::default() };
        let settings = Settings::resolve(flags).unwrap();
        assert_eq!((settings.rpc_url.as_str(), settings.listen.port()), ("http://127.0.0.1:9000", 2));
        assert_eq!(settings.ws_url.as_deref(), Some("ws://127.0.0.1:9001"));
        assert_eq!(settings.database, "sqlite://proofmill-gateway/index.sqlite");
    }

    #[test]
    fn what_is_unknown_or_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, "colour = 1\n").unwrap();
        let flags = Arguments { config: Some(path), ..Arguments::default() };
        assert!(Settings::resolve(flags).unwrap_err().to_string().contains("colour"));
        let flags = Arguments { database: Some("mysql://x".into()), ..Arguments::default() };
        assert!(Settings::resolve(flags).unwrap_err().to_string().contains("postgres"));
    }
}
