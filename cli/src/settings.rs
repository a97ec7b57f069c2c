//! From flags, environment and network file to what a command needs.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use solana_address::Address;

use crate::{arguments::NetworkArgs, error::CliError};

/// What a local network writes for everybody else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    pub rpc_url: String,
    pub ws_url: String,
    pub payment_mint: String,
    pub stake_mint: String,
    /// Keypair that may mint on this network: local networks only.
    pub faucet_keypair: Option<std::path::PathBuf>,
}

impl NetworkFile {
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let text = fs::read_to_string(path).map_err(|_| CliError::NoNetwork(path.to_owned()))?;
        serde_json::from_str(&text)
            .map_err(|error| CliError::NetworkFile { path: path.to_owned(), reason: error.to_string() })
    }

    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, serde_json::to_vec_pretty(self)?)
    }
}

/// Resolved endpoints and mints.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rpc_url: String,
    pub ws_url: String,
    pub payment_mint: Option<Address>,
    pub stake_mint: Option<Address>,
    pub faucet_keypair: Option<std::path::PathBuf>,
}

impl Settings {
    /// Flags win over the network file; a foreign `--url` does not need one.
    pub fn resolve(args: &NetworkArgs) -> Result<Self, CliError> {
        let file = NetworkFile::read(&args.network);
        let (file, rpc_url) = match (&args.url, file) {
            (Some(url), file) => (file.ok().filter(|file| &file.rpc_url == url), url.clone()),
            (None, Ok(file)) => (Some(file.clone()), file.rpc_url),
            (None, Err(error)) => return Err(error),
        };
        let ws_url = args
            .ws_url
            .clone()
            .or_else(|| file.as_ref().map(|file| file.ws_url.clone()))
            .unwrap_or_else(|| ws_url_of(&rpc_url));
        let mint = |text: Option<&String>| text.and_then(|text| text.parse().ok());
        Ok(Self {
            rpc_url,
            ws_url,
            payment_mint: mint(file.as_ref().map(|file| &file.payment_mint)),
            stake_mint: mint(file.as_ref().map(|file| &file.stake_mint)),
            faucet_keypair: file.and_then(|file| file.faucet_keypair),
        })
    }
}

/// Solana's convention: the same host, `ws` for `http`, and the next port where one is given.
fn ws_url_of(rpc_url: &str) -> String {
    let swapped = rpc_url.replacen("http", "ws", 1);
    match swapped.trim_end_matches('/').rsplit_once(':') {
        Some((host, port)) => match port.parse::<u16>() {
            Ok(port) => format!("{host}:{}", port.saturating_add(1)),
            Err(_) => swapped,
        },
        None => swapped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_websocket_follows_the_rpc() {
        assert_eq!(ws_url_of("http://127.0.0.1:8899"), "ws://127.0.0.1:8900");
        assert_eq!(ws_url_of("https://rpc.example.org"), "wss://rpc.example.org");
    }
}
