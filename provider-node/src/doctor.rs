//! Checks everything a node needs, and says for each thing that is wrong what to do.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use proofmill_chain::{Chain, RpcChain, read_keypair};
use proofmill_client::address;
use serde::Serialize;
use solana_signer::Signer;

use crate::{
    chain_facts::{read_market_config, read_provider},
    config::Config,
    engine::Engine,
    identity,
    inventory::{self, Inventory},
    limits,
};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// In order.
    Good,
    /// The node runs, and somebody should look.
    Warning,
    /// The node cannot work like this.
    Bad,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub finding: Finding,
    /// What was found, and what to do.
    pub detail: String,
}

/// Every check.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// In the order they were made.
    pub checks: Vec<Check>,
}

impl Report {
    fn add(&mut self, name: &'static str, finding: Finding, detail: impl Into<String>) {
        self.checks.push(Check { name, finding, detail: detail.into() });
    }

    fn result<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        result: Result<T, E>,
        good: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.add(name, Finding::Good, good(&value));
                Some(value)
            }
            Err(error) => {
                self.add(name, Finding::Bad, error.to_string());
                None
            }
        }
    }

    /// Whether a node can work.
    pub fn healthy(&self) -> bool {
        self.checks.iter().all(|check| check.finding != Finding::Bad)
    }

    /// As JSON.
    ///
    /// # Errors
    /// If it cannot be written as such.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Whole<'a> {
            healthy: bool,
            checks: &'a [Check],
        }
        Ok(serde_json::to_string_pretty(&Whole { healthy: self.healthy(), checks: &self.checks })? + "\n")
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let mark = match check.finding {
                Finding::Good => "ok  ",
                Finding::Warning => "warn",
                Finding::Bad => "BAD ",
            };
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{mark}  {:<12} {}", check.name, check.detail);
        }
        text
    }
}

/// Makes every check; one that fails does not keep the others from being made.
pub async fn examine(config: &Config) -> Report {
    let mut report = Report::default();
    check_engine(&mut report, config).await;
    let devices = report.result("devices", inventory::from_config(&config.device).take(), |found| {
        let model = found.devices.first().map_or("", |device| device.model.as_str());
        format!("{} x {model}, driver {}", found.devices.len(), found.driver)
    });
    check_disk(&mut report, config);
    let node_key = report
        .result("node key", identity::read(&config.node_key), |key| hex::encode(key.public()))
        .map(|key| key.public());
    let operator = report.result("operator", read_keypair(&config.operator_keypair), |key| key.pubkey().to_string());
    let chain = RpcChain::new(&config.rpc_url, config.ws_url.as_deref().unwrap_or_default());
    check_chain(&mut report, config, &chain, devices.as_ref(), node_key, operator.map(|key| key.pubkey())).await;
    report
}

async fn check_engine(report: &mut Report, config: &Config) {
    let version = async { Engine::connect(&config.docker_socket).await?.version().await };
    report.result("engine", version.await, |found| format!("version {}, kernel {}", found.version, found.kernel));
}

fn check_disk(report: &mut Report, config: &Config) {
    match free_bytes(config) {
        Some(free) if free < limits::FREE_DISK_BYTES_MIN => {
            let detail = format!("{} MiB free in data_dir: make room or move it", free / (1024 * 1024));
            report.add("disk", Finding::Bad, detail);
        }
        Some(free) => report.add("disk", Finding::Good, format!("{} MiB free", free / (1024 * 1024))),
        None => report.add(
            "disk",
            Finding::Warning,
            "free space is unknown: is `df` installed, and data_dir made by `init`?",
        ),
    }
}

/// Free bytes where the data lies. `df` knows; the standard library does not.
fn free_bytes(config: &Config) -> Option<u64> {
    let output = std::process::Command::new("df").arg("-Pk").arg(&config.data_dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024)
}

async fn check_chain(
    report: &mut Report,
    config: &Config,
    chain: &dyn Chain,
    devices: Option<&Inventory>,
    node_key: Option<[u8; 32]>,
    operator: Option<solana_address::Address>,
) {
    let clock = report.result("rpc", chain.clock().await, |clock| format!("slot {}", clock.slot));
    let Some(clock) = clock else { return };
    let host = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
    let skew = host.saturating_sub(clock.unix_timestamp);
    let finding = if skew.abs() > limits::CLOCK_SKEW_SECONDS { Finding::Warning } else { Finding::Good };
    report.add("clock", finding, format!("this host is {skew} s ahead of the chain's clock"));

    match read_market_config(chain, address::market_config()).await {
        Ok(Some(market)) => {
            let simulated = devices.is_some_and(|devices| devices.simulated);
            let small = devices
                .and_then(|devices| devices.devices.first())
                .is_some_and(|device| device.vram_mib < market.vram_mib_min);
            if simulated && market.allow_simulated == 0 {
                report.add("market", Finding::Bad, "this network allows no simulated device");
            } else if small {
                report.add("market", Finding::Bad, format!("devices need {} MiB here", market.vram_mib_min));
            } else {
                report.add("market", Finding::Good, "this network allows the device");
            }
        }
        Ok(None) => report.add("market", Finding::Bad, "the market is not deployed here: check rpc_url"),
        Err(error) => report.add("market", Finding::Bad, error.to_string()),
    }
    match read_provider(chain, address::provider(&config.owner)).await {
        Ok(Some(provider)) => {
            if operator.is_some_and(|operator| operator != provider.operator) {
                let detail =
                    format!("registered with operator {}: update_provider or change the key", provider.operator);
                report.add("provider", Finding::Bad, detail);
            } else if node_key.is_some_and(|key| key != provider.node_key) {
                report.add("provider", Finding::Bad, "registered with another node key: update_provider");
            } else if devices.is_some_and(|devices| devices.class_key != provider.class_key) {
                report.add("provider", Finding::Bad, "registered with another hardware class: update_provider");
            } else {
                report.add("provider", Finding::Good, format!("registered, active {}", provider.active));
            }
        }
        Ok(None) => report.add("provider", Finding::Bad, "not registered: the owner must call register_provider"),
        Err(error) => report.add("provider", Finding::Bad, error.to_string()),
    }
    let Some(operator) = operator else { return };
    match chain.account(operator).await {
        Ok(account) => {
            let lamports = account.map_or(0, |account| account.lamports);
            let low = lamports < limits::OPERATOR_LAMPORTS_MIN;
            let finding = if low { Finding::Bad } else { Finding::Good };
            let advice = if low { ": fund it, it pays the node's transactions" } else { "" };
            report.add("balance", finding, format!("operator holds {lamports} lamports{advice}"));
        }
        Err(error) => report.add("balance", Finding::Bad, error.to_string()),
    }
}
