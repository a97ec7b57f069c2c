//! `proofmill provider`.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use proofmill_chain::read_or_create_keypair;
use proofmill_client::{
    address::{self, Coin},
    arbiter, market,
};
use serde_json::json;
use solana_address::Address;
use solana_signer::Signer;

use crate::{
    arguments::{ProviderCommand, ProviderInitArgs},
    bootstrap, faucet,
    output::{Output, harmless, tokens},
    processes,
    session::Session,
};

/// Lamports a fresh operator key gets from its owner: thousands of transactions.
const OPERATOR_LAMPORTS: u64 = 1_000_000_000;

pub async fn run(command: ProviderCommand, open: impl Fn() -> Result<Session>, output: &Output) -> Result<()> {
    match command {
        ProviderCommand::Init(args) => {
            let ready = init(&open()?, &args, "127.0.0.1:0", None).await?;
            output.result(
                &json!({ "provider": ready.provider.to_string(), "config": args.dir.join("node.toml") }),
                || {
                    format!(
                        "provider {} is registered; start it with\n  proofmill provider start --config {}",
                        ready.provider,
                        args.dir.join("node.toml").display()
                    )
                },
            );
            Ok(())
        }
        ProviderCommand::Start { config } => exec("proofmill-provider-node", &config),
        ProviderCommand::Status { owner } => {
            let session = open()?;
            let owner = match owner {
                Some(owner) => owner,
                None => session.address()?,
            };
            status(&session, &owner, output).await
        }
        ProviderCommand::List => list(&open()?, output).await,
    }
}

/// Replaces this process by a daemon.
pub fn exec(name: &'static str, config: &Path) -> Result<()> {
    let error = Command::new(processes::binary(name)?).arg("run").arg("--config").arg(config).exec();
    Err(error).with_context(|| format!("starting {name}"))
}

/// A registered provider.
pub struct Registered {
    pub provider: Address,
}

/// The device as the node itself measures and names it.
struct Device {
    model: String,
    count: u8,
    vram_mib: u32,
    class_key: [u8; 32],
}

/// Asks the node: what is registered must be what it will measure.
fn detect(config: &Path) -> Result<Device> {
    let found = Command::new(processes::binary("proofmill-provider-node")?)
        .arg("inventory")
        .arg("--json")
        .arg("--config")
        .arg(config)
        .output()
        .context("asking the node for its devices")?;
    let value: serde_json::Value = serde_json::from_slice(&found.stdout)
        .with_context(|| format!("no device was found: {}", harmless(String::from_utf8_lossy(&found.stderr).trim())))?;
    let devices = value["devices"].as_array().context("the inventory lists no devices")?;
    let vram = devices.iter().filter_map(|device| device["vram_mib"].as_u64()).min().unwrap_or(0);
    let class = value["class_key"].as_str().context("the inventory has no class_key")?;
    let mut class_key = [0u8; 32];
    hex::decode_to_slice(class, &mut class_key).context("the inventory's class_key")?;
    Ok(Device {
        model: devices.first().and_then(|device| device["model"].as_str()).unwrap_or("unknown").to_owned(),
        count: u8::try_from(devices.len()).unwrap_or(u8::MAX),
        vram_mib: u32::try_from(vram).unwrap_or(u32::MAX),
        class_key,
    })
}

/// Makes keys and configuration, registers, stakes, opens the class's list. The session's keypair is the owner.
pub async fn init(
    session: &Session,
    args: &ProviderInitArgs,
    bind_addr: &str,
    metrics_addr: Option<String>,
) -> Result<Registered> {
    fs::create_dir_all(args.dir.join("data")).with_context(|| format!("creating {}", args.dir.display()))?;
    let operator = read_or_create_keypair(&args.dir.join("operator-keypair.json"))?;
    let node = read_or_create_keypair(&args.dir.join("node-keypair.json"))?;
    let owner = session.address()?;
    let device = detect(&write_config(session, args, &owner, bind_addr, metrics_addr)?)?;
    let provider = address::provider(&owner);
    let config = session.fetch("market configuration", &address::market_config(), market::Config::decode).await?;

    let mut gpu_model = [0u8; 32];
    let name = device.model.as_bytes();
    let len = name.len().min(gpu_model.len());
    gpu_model[..len].copy_from_slice(&name[..len]);
    let terms = market::ProviderArgs {
        operator: operator.pubkey(),
        node_key: node.pubkey().to_bytes(),
        class_key: device.class_key,
        gpu_model,
        endpoint_ip: [0; 16],
        endpoint_port: 0,
        tier: args.tier,
        gpu_count: device.count,
        vram_mib: device.vram_mib,
        region: 0,
        capacity: args.capacity,
        simulated: u8::from(args.simulated),
    };
    let mut all = vec![faucet::transfer(&owner, &operator.pubkey(), OPERATOR_LAMPORTS)];
    all.push(if session.data(&provider).await?.is_none() {
        market::register_provider(
            market::RegisterProviderAccounts { owner, config: address::market_config(), provider },
            market::RegisterProviderArgs { args: terms },
        )
    } else {
        market::update_provider(
            market::UpdateProviderAccounts { owner, config: address::market_config(), provider },
            market::UpdateProviderArgs { args: terms },
        )
    });
    let executors = address::executors(&device.class_key);
    if session.data(&executors).await?.is_none() {
        all.push(arbiter::open_executors(
            arbiter::OpenExecutorsAccounts { payer: owner, executors },
            arbiter::OpenExecutorsArgs { class_key: device.class_key },
        ));
    }
    session.send(&all).await.context("registering the provider")?;
    if args.stake > 0 {
        bootstrap::stake(session, Coin::of_stakes(&config), args.stake).await?;
    }
    Ok(Registered { provider })
}

fn write_config(
    session: &Session,
    args: &ProviderInitArgs,
    owner: &Address,
    bind_addr: &str,
    metrics_addr: Option<String>,
) -> Result<PathBuf> {
    let dir = fs::canonicalize(&args.dir).context("resolving the provider's folder")?;
    let mut table = toml::Table::new();
    let mut set = |key: &str, value: toml::Value| {
        table.insert(key.to_owned(), value);
    };
    let text = |path: &Path| toml::Value::String(path.display().to_string());
    set("rpc_url", session.settings.rpc_url.clone().into());
    set("ws_url", session.settings.ws_url.clone().into());
    set("owner", owner.to_string().into());
    set("operator_keypair", text(&dir.join("operator-keypair.json")));
    set("node_key", text(&dir.join("node-keypair.json")));
    set("data_dir", text(&dir.join("data")));
    set("bind_addr", bind_addr.into());
    set("metrics_addr", metrics_addr.unwrap_or_else(|| "127.0.0.1:0".into()).into());
    set("reexecute", (!args.no_reexecution).into());
    if args.simulate_forged_outputs {
        set("simulate_forged_outputs", true.into());
    }
    let mut device = toml::Table::new();
    if args.simulated {
        device.insert("kind".into(), "simulated".into());
        device.insert("model".into(), "simulated".into());
        device.insert("vram_mib".into(), 8_192.into());
        device.insert("count".into(), 1.into());
    } else {
        device.insert("kind".into(), "nvml".into());
    }
    set("device", device.into());
    if let (Some(price), Some(mint)) = (args.bid_price, session.settings.payment_mint) {
        let mut bidding = toml::Table::new();
        bidding.insert("enabled".into(), true.into());
        bidding.insert("price_per_second".into(), i64::try_from(price).unwrap_or(i64::MAX).into());
        bidding.insert("mint".into(), mint.to_string().into());
        set("bidding", bidding.into());
    }
    let path = dir.join("node.toml");
    fs::write(&path, table.to_string()).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn row(key: &Address, p: &market::Provider) -> serde_json::Value {
    json!({
        "provider": key.to_string(), "owner": p.owner.to_string(), "active": p.active == 1,
        "simulated": p.simulated == 1, "tier": p.tier, "gpu_count": p.gpu_count, "vram_mib": p.vram_mib,
        "gpu_model": model(p), "capacity": p.capacity, "accepted_total": p.accepted_total,
        "rejected_total": p.rejected_total, "failed_total": p.failed_total,
        "consecutive_accepted": p.consecutive_accepted,
    })
}

fn model(p: &market::Provider) -> String {
    harmless(String::from_utf8_lossy(&p.gpu_model).trim_end_matches('\0'))
}

fn words(key: &Address, p: &market::Provider) -> String {
    format!(
        "provider {key}{}{}\n  {} x {} ({} MiB), tier {}\n  accepted {}, rejected {}, failed {}",
        if p.active == 1 { "" } else { " (takes no jobs)" },
        if p.simulated == 1 { " (simulated device)" } else { "" },
        p.gpu_count,
        model(p),
        p.vram_mib,
        p.tier,
        p.accepted_total,
        p.rejected_total,
        p.failed_total
    )
}

async fn status(session: &Session, owner: &Address, output: &Output) -> Result<()> {
    let key = address::provider(owner);
    let provider = session.fetch("provider", &key, market::Provider::decode).await?;
    let stake = session.find("stake", &address::stake(owner), market::Stake::decode).await?;
    let mut value = row(&key, &provider);
    value["stake"] = stake
        .as_ref()
        .map_or(json!(null), |s| json!({ "bonded": s.bonded, "locked": s.locked, "active_jobs": s.active_jobs }));
    output.result(&value, || {
        let mut text = words(&key, &provider);
        if let Some(stake) = &stake {
            text += &format!(
                "\n  stake {} (locked {}), {} jobs",
                tokens(stake.bonded),
                tokens(stake.locked),
                stake.active_jobs
            );
        }
        text
    });
    Ok(())
}

async fn list(session: &Session, output: &Output) -> Result<()> {
    let providers = session.scan(market::Provider::DISCRIMINATOR, None, market::Provider::decode).await?;
    let rows: Vec<_> = providers.iter().map(|(key, provider)| row(key, provider)).collect();
    output
        .result(&rows, || providers.iter().map(|(key, provider)| words(key, provider)).collect::<Vec<_>>().join("\n"));
    Ok(())
}
