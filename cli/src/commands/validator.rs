//! `proofmill validator`.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use proofmill_chain::read_or_create_keypair;
use proofmill_client::{
    address::{self, Coin},
    arbiter, market,
};
use serde_json::json;
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::provider::exec;
use crate::{arguments::ValidatorCommand, bootstrap, output::Output, session::Session};

pub async fn run(command: ValidatorCommand, open: impl Fn() -> Result<Session>, output: &Output) -> Result<()> {
    match command {
        ValidatorCommand::Init { dir, stake } => {
            let session = open()?;
            let identity = session.keypair()?.insecure_clone();
            init(&session, &identity, &dir, stake, None).await?;
            output.result(
                &json!({ "validator": identity.pubkey().to_string(), "config": dir.join("oracle.toml") }),
                || {
                    format!(
                        "validator {} is on the roster and counts from the set after next on; start it with\n  \
                     proofmill validator start --config {}",
                        identity.pubkey(),
                        dir.join("oracle.toml").display()
                    )
                },
            );
            Ok(())
        }
        ValidatorCommand::Start { config } => exec("proofmill-oracle", &config),
        ValidatorCommand::List => list(&open()?, output).await,
    }
}

/// Makes keys and configuration, stakes, and enters the roster.
pub async fn init(
    session: &Session,
    identity: &Keypair,
    dir: &Path,
    stake: u64,
    metrics_addr: Option<String>,
) -> Result<()> {
    fs::create_dir_all(dir.join("data")).with_context(|| format!("creating {}", dir.display()))?;
    let dir = fs::canonicalize(dir).context("resolving the validator's folder")?;
    let identity_file = dir.join("identity-keypair.json");
    if !identity_file.exists() {
        proofmill_chain::write_keypair(&identity_file, identity)?;
    }
    let vote = read_or_create_keypair(&dir.join("vote-keypair.json"))?;
    let delegate = read_or_create_keypair(&dir.join("delegate-keypair.json"))?;
    let session = session.speaking_as(identity);
    bootstrap::fund_delegate(&session, &delegate.pubkey()).await?;
    let config = session.fetch("market configuration", &address::market_config(), market::Config::decode).await?;
    if stake > 0 {
        bootstrap::stake(&session, Coin::of_stakes(&config), stake).await?;
    }
    let roster = session.fetch("roster", &address::roster(), arbiter::Roster::decode).await?;
    let me = identity.pubkey().to_bytes();
    if !roster.identities.iter().take(usize::from(roster.count)).any(|seat| *seat == me) {
        session
            .send(&[arbiter::register_validator(
                arbiter::RegisterValidatorAccounts {
                    validator: identity.pubkey(),
                    config: address::arbiter_config(),
                    market_config: address::market_config(),
                    stake: address::stake(&identity.pubkey()),
                    roster: address::roster(),
                },
                arbiter::RegisterValidatorArgs { vote_key: vote.pubkey().to_bytes(), delegate: delegate.pubkey() },
            )])
            .await
            .context("entering the roster")?;
    }
    let mut table = toml::Table::new();
    let mut set = |key: &str, value: toml::Value| {
        table.insert(key.to_owned(), value);
    };
    let text = |path: &Path| toml::Value::String(path.display().to_string());
    set("rpc_url", session.settings.rpc_url.clone().into());
    set("ws_url", session.settings.ws_url.clone().into());
    set("validator", identity.pubkey().to_string().into());
    set("delegate_keypair", text(&dir.join("delegate-keypair.json")));
    set("vote_key", text(&dir.join("vote-keypair.json")));
    set("data_dir", text(&dir.join("data")));
    set("bind_addr", "127.0.0.1:0".into());
    set("metrics_addr", metrics_addr.unwrap_or_else(|| "127.0.0.1:0".into()).into());
    let path = dir.join("oracle.toml");
    fs::write(&path, table.to_string()).with_context(|| format!("writing {}", path.display()))
}

async fn list(session: &Session, output: &Output) -> Result<()> {
    let config =
        session.fetch("arbiter configuration", &address::arbiter_config(), arbiter::ArbiterConfig::decode).await?;
    let set =
        session.find("validator set", &address::validator_set(config.epoch), arbiter::ValidatorSet::decode).await?;
    let roster = session.fetch("roster", &address::roster(), arbiter::Roster::decode).await?;
    let next = session
        .find("validator set", &address::validator_set(config.frozen_epoch), arbiter::ValidatorSet::decode)
        .await?;
    let names = |count: u8, keys: &[[u8; 32]]| -> Vec<String> {
        keys.iter().take(usize::from(count)).map(|key| Address::new_from_array(*key).to_string()).collect()
    };
    let present = set.as_ref().map(|set| names(set.count, &set.identities)).unwrap_or_default();
    let next = next.as_ref().map(|set| names(set.count, &set.identities)).unwrap_or_default();
    let weights: Vec<u64> = roster.weights.iter().take(usize::from(roster.count)).copied().collect();
    let roster = names(roster.count, &roster.identities);
    output.result(
        &json!({ "epoch": config.epoch, "set": present, "next_set": next, "roster": roster, "weights": weights }),
        || {
            format!(
                "epoch {}, {} validators:\n  {}\nnext epoch:\n  {}\nroster:\n  {}",
                config.epoch,
                present.len(),
                present.join("\n  "),
                next.join("\n  "),
                roster.join("\n  ")
            )
        },
    );
    Ok(())
}
