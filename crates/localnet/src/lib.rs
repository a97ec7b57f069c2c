//! The embedded local network: a real Agave runtime with JSON-RPC and WebSocket in this process (Surfpool), both
//! programs deployed, nothing fetched from outside.
//!
//! What it is not: a validator. There is one node, no consensus, and slot hashes are a function of the slot, so that
//! draws are predictable here: fine on a laptop, never evidence of randomness.

pub mod faucet;

use std::thread;

use solana_address::Address;
use surfpool_sdk::{BlockProductionMode, Surfnet, cheatcodes::builders::DeployProgram};
use thiserror::Error;

/// Milliseconds per slot unless told otherwise: what public clusters had when the latency targets were written.
pub const SLOT_MS: u64 = 400;

/// The local network did not do what was asked.
#[derive(Debug, Error)]
pub enum LocalnetError {
    #[error("the embedded network did not start: {0}")]
    Start(String),
    #[error("program {address} was not deployed: {reason}")]
    Deploy { address: Address, reason: String },
    #[error("{lamports} lamports were not given to {address}: {reason}")]
    Airdrop { address: Address, lamports: u64, reason: String },
    #[error("the embedded network did not stop: {0}")]
    Stop(String),
}

/// What to start.
#[derive(Clone, Debug)]
pub struct LocalnetOptions {
    /// Programs by address, as `.so` bytes.
    pub programs: Vec<(Address, Vec<u8>)>,
    /// Milliseconds per slot.
    pub slot_ms: u64,
}

/// A running network. Dropping it stops it.
pub struct Localnet {
    net: Surfnet,
}

impl Localnet {
    /// Starts the network on free ports of 127.0.0.1 and deploys the programs.
    ///
    /// # Errors
    /// [`LocalnetError::Start`], [`LocalnetError::Deploy`].
    pub async fn start(options: LocalnetOptions) -> Result<Self, LocalnetError> {
        let net = Surfnet::builder()
            .offline(true)
            .block_production_mode(BlockProductionMode::Clock)
            .slot_time_ms(options.slot_ms)
            .start()
            .await
            .map_err(|error| LocalnetError::Start(error.to_string()))?;
        let events = net.events().clone();
        // The channel blocks the runtime when nobody reads it. Ends by itself when the network, which holds the other end, is gone.
        thread::Builder::new()
            .name("localnet-events".into())
            .spawn(move || while events.recv().is_ok() {})
            .map_err(|error| LocalnetError::Start(error.to_string()))?;
        let localnet = Self { net };
        for (address, bytes) in options.programs {
            localnet.deploy(address, bytes)?;
        }
        Ok(localnet)
    }

    fn deploy(&self, address: Address, bytes: Vec<u8>) -> Result<(), LocalnetError> {
        tokio::task::block_in_place(|| {
            self.net.cheatcodes().deploy(DeployProgram::new(address).so_bytes(bytes)).map(|_| ())
        })
        .map_err(|error| LocalnetError::Deploy { address, reason: error.to_string() })
    }

    /// JSON-RPC endpoint.
    pub fn rpc_url(&self) -> &str {
        self.net.rpc_url()
    }

    /// WebSocket endpoint.
    pub fn ws_url(&self) -> &str {
        self.net.ws_url()
    }

    /// Sets an account's lamports: the faucet of last resort, for the first key of a network.
    ///
    /// # Errors
    /// [`LocalnetError::Airdrop`].
    pub fn airdrop(&self, address: &Address, lamports: u64) -> Result<(), LocalnetError> {
        tokio::task::block_in_place(|| self.net.cheatcodes().fund_sol(address, lamports))
            .map_err(|error| LocalnetError::Airdrop { address: *address, lamports, reason: error.to_string() })
    }

    /// Stops the network and frees its ports.
    ///
    /// # Errors
    /// [`LocalnetError::Stop`].
    pub fn stop(mut self) -> Result<(), LocalnetError> {
        tokio::task::block_in_place(|| self.net.stop()).map_err(|error| LocalnetError::Stop(error.to_string()))
    }
}
