//! `proofmill localnet`: a whole network in one process, its daemons as children.

use std::{
    ffi::OsString,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use proofmill_chain::read_or_create_keypair;
use proofmill_client::{arbiter, market};
use proofmill_localnet::{Localnet, LocalnetOptions, Program};
use serde_json::json;
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{offer, provider, validator};
use crate::{
    arguments::{LocalnetArgs, ProviderInitArgs},
    bootstrap::{self, Genesis},
    output::Output,
    processes::{Daemon, binary},
    session::Session,
    settings::Settings,
};

/// Lamports of a fresh party: 100 SOL.
pub const PARTY_LAMPORTS: u64 = 100_000_000_000;
/// Stake of a fresh party, atoms: 1,000 tokens.
pub const PARTY_STAKE: u64 = 1_000_000_000;

/// Where the dApp is built, seen from the repository's root.
const APP_DIR: &str = "app/dist";

/// A running local network.
pub struct LocalNetwork {
    pub dir: PathBuf,
    pub session: Session,
    pub genesis: Genesis,
    pub validators: Vec<Daemon>,
    pub providers: Vec<LocalProvider>,
    pub gateway: Option<Daemon>,
    // Last: everything above speaks to it.
    localnet: Localnet,
}

/// A provider of a local network.
pub struct LocalProvider {
    pub name: String,
    pub owner: Keypair,
    pub provider: Address,
    pub offer: Option<Address>,
    pub daemon: Daemon,
    metrics: String,
}

/// What sets providers of a local network apart.
#[derive(Clone, Copy)]
pub struct ProviderCharacter {
    pub name: &'static str,
    /// Standing price, atoms per second.
    pub offer_price: Option<u64>,
    pub bid_price: Option<u64>,
    pub forges: bool,
}

impl LocalNetwork {
    /// Starts the chain, deploys both programs, and sets everything up but the parties.
    pub async fn start(dir: &Path, slot_ms: u64) -> Result<Self> {
        // What an earlier network left speaks of a chain that is gone.
        if dir.join("network.json").exists() {
            fs::remove_dir_all(dir).with_context(|| format!("clearing {}", dir.display()))?;
        }
        fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let programs = [("market", market::ID), ("arbiter", arbiter::ID)]
            .into_iter()
            .map(|(name, address)| Ok(Program { name: name.to_owned(), address, image: program(name)? }))
            .collect::<Result<Vec<_>>>()?;
        let authority = bootstrap::authority(dir)?.pubkey();
        let options = LocalnetOptions { programs, slot_ms, upgrade_authority: Some(authority) };
        let localnet = Localnet::start(options).await?;
        let settings = Settings {
            rpc_url: localnet.rpc_url().to_owned(),
            ws_url: localnet.ws_url().to_owned(),
            payment_mint: None,
            stake_mint: None,
            faucet_keypair: None,
        };
        let session = Session::open(settings, None)?;
        let (genesis, session) = bootstrap::genesis(&session, &localnet, dir).await?;
        Ok(Self {
            dir: dir.to_owned(),
            session,
            genesis,
            validators: Vec::new(),
            providers: Vec::new(),
            gateway: None,
            localnet,
        })
    }

    /// A funded wallet.
    pub async fn party(&self, name: &str, payment: u64, stake: u64) -> Result<Keypair> {
        let keypair = read_or_create_keypair(&self.dir.join(format!("{name}-test-keypair.json")))?;
        bootstrap::fund(&self.session, &self.genesis, &keypair.pubkey(), PARTY_LAMPORTS, payment, stake).await?;
        Ok(keypair)
    }

    /// Registers validators, freezes the set, and starts their oracles.
    pub async fn start_validators(&mut self, count: u8) -> Result<()> {
        let program = binary("proofmill-oracle")?;
        let mut ready = Vec::new();
        for number in 1..=count {
            let identity = self.party(&format!("validator-{number}"), 0, PARTY_STAKE).await?;
            let dir = self.dir.join(format!("validator-{number}"));
            let metrics = free_address()?;
            validator::init(&self.session, &identity, &dir, PARTY_STAKE, Some(metrics.clone())).await?;
            ready.push((number, dir, metrics));
        }
        bootstrap::freeze_set(&self.session).await?;
        bootstrap::freeze_set(&self.session).await?;
        for (number, dir, metrics) in ready {
            let log = self.dir.join(format!("validator-{number}.log"));
            let mut daemon = Daemon::start(format!("validator {number}"), &program, &dir.join("oracle.toml"), &log)?;
            daemon.wait_ready(async || answers_ready(&metrics).await).await?;
            self.validators.push(daemon);
        }
        Ok(())
    }

    /// Registers a provider, starts its node, publishes its offer.
    pub async fn start_provider(&mut self, character: ProviderCharacter) -> Result<()> {
        let owner = self.party(&format!("{}-owner", character.name), 0, PARTY_STAKE).await?;
        let dir = self.dir.join(character.name);
        let args = ProviderInitArgs {
            dir: dir.clone(),
            simulated: true,
            stake: PARTY_STAKE,
            capacity: 8,
            tier: 1,
            bid_price: character.bid_price,
            no_reexecution: character.forges,
            simulate_forged_outputs: character.forges,
        };
        let session = self.session.speaking_as(&owner);
        let metrics = free_address()?;
        let registered = provider::init(&session, &args, &free_address()?, Some(metrics.clone())).await?;
        let log = self.dir.join(format!("{}.log", character.name));
        let program = binary("proofmill-provider-node")?;
        let mut daemon = Daemon::start(character.name, &program, &dir.join("node.toml"), &log)?;
        daemon.wait_ready(async || answers_ready(&metrics).await).await?;
        let offer = match character.offer_price {
            Some(price_per_second) => {
                let terms = offer::Terms {
                    price_per_second,
                    seconds_max: 3_600,
                    valid_seconds: 86_400,
                    services: Some(offer::Services::default()),
                };
                Some(offer::publish(&session, &self.genesis.payment_mint, terms).await?)
            }
            None => None,
        };
        self.providers.push(LocalProvider {
            name: character.name.to_owned(),
            owner,
            provider: registered.provider,
            offer,
            daemon,
            metrics,
        });
        Ok(())
    }

    /// Starts a gateway at `listen` (port 0: any free one); it serves the dApp if `app/dist` is there. Returns its URL.
    pub async fn start_gateway(&mut self, listen: &str) -> Result<String> {
        let listen = if listen.ends_with(":0") { free_address()? } else { listen.to_owned() };
        let dir = self.dir.join("gateway");
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        let settings = &self.session.settings;
        let mut arguments: Vec<OsString> = vec![
            "--rpc-url".into(),
            settings.rpc_url.clone().into(),
            "--ws-url".into(),
            settings.ws_url.clone().into(),
            "--listen".into(),
            listen.clone().into(),
            "--data-dir".into(),
            dir.clone().into(),
            "--database".into(),
            format!("sqlite://{}", dir.join("index.sqlite").display()).into(),
            "--faucet-keypair".into(),
            self.dir.join("authority-test-keypair.json").into(),
        ];
        let app = Path::new(APP_DIR);
        if app.join("index.html").exists() {
            arguments.extend(["--app-dir".into(), app.into()]);
        }
        let program = binary("proofmill-gateway")?;
        let mut daemon = Daemon::start_with("gateway", &program, arguments, &self.dir.join("gateway.log"))?;
        daemon.wait_ready(async || answers_ready(&listen).await).await?;
        self.gateway = Some(daemon);
        Ok(format!("http://{listen}"))
    }

    /// Waits until a restarted provider answers again.
    pub async fn wait_provider(&mut self, index: usize) -> Result<()> {
        let provider = &mut self.providers[index];
        let metrics = provider.metrics.clone();
        provider.daemon.wait_ready(async || answers_ready(&metrics).await).await
    }

    /// Ends the daemons, then the chain.
    pub async fn stop(self) -> Result<()> {
        let Self { validators, providers, gateway, localnet, .. } = self;
        drop((gateway, validators, providers));
        Ok(localnet.stop().await?)
    }
}

/// The shipped program, or the one of the folder named in PROOFMILL_SO_DIR.
fn program(name: &str) -> Result<Vec<u8>> {
    if let Ok(dir) = std::env::var("PROOFMILL_SO_DIR") {
        let path = Path::new(&dir).join(format!("{name}.so"));
        return fs::read(&path).with_context(|| format!("reading {}", path.display()));
    }
    Ok(match name {
        "market" => include_bytes!("../../../programs/deploy/market.so").to_vec(),
        _ => include_bytes!("../../../programs/deploy/arbiter.so").to_vec(),
    })
}

/// A free port of 127.0.0.1. It could be taken before it is used; then the daemon says so and ends.
fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("finding a free port")?;
    Ok(listener.local_addr().context("finding a free port")?.to_string())
}

/// Whether `GET /readyz` answers 200.
async fn answers_ready(address: &str) -> bool {
    let ask = async {
        let (head, _) = get(address, "/readyz", 4_096).await.ok()?;
        Some(head.get(8..12) == Some(" 200"))
    };
    tokio::time::timeout(Duration::from_secs(1), ask).await.ok().flatten().unwrap_or(false)
}

/// Head and body of the answer to a `GET` of a daemon on this machine, of at most `bytes_max` bytes together.
pub async fn get(address: &str, path: &str, bytes_max: u64) -> Result<(String, Vec<u8>)> {
    let mut stream = tokio::net::TcpStream::connect(address).await.with_context(|| format!("reaching {address}"))?;
    // HTTP 1.0: the answer ends where the connection does, without chunks.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.with_context(|| format!("asking {address} for {path}"))?;
    let mut answer = Vec::new();
    stream.take(bytes_max).read_to_end(&mut answer).await.with_context(|| format!("reading {path} of {address}"))?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without a head")?;
    let body = answer.split_off(end.saturating_add(4));
    Ok((String::from_utf8_lossy(&answer).into_owned(), body))
}

pub async fn run(args: LocalnetArgs, output: &Output) -> Result<()> {
    let spinner = output.spinner("starting the chain");
    let mut network = LocalNetwork::start(&args.dir, args.slot_ms).await?;
    spinner.set_message("starting validators");
    if args.validators > 0 {
        network.start_validators(args.validators).await?;
    }
    const NAMES: [&str; 4] = ["provider-1", "provider-2", "provider-3", "provider-4"];
    for (number, name) in NAMES.into_iter().take(usize::from(args.providers)).enumerate() {
        spinner.set_message(format!("starting {name}"));
        let price = 200 + 20 * number as u64;
        network
            .start_provider(ProviderCharacter { name, offer_price: Some(price), bid_price: Some(price), forges: false })
            .await?;
    }
    let tenant = network.party("tenant", 1_000_000_000, 0).await?;
    let gateway = match &args.gateway {
        Some(listen) => {
            spinner.set_message("starting the gateway");
            Some(network.start_gateway(listen).await?)
        }
        None => None,
    };
    spinner.finish_and_clear();
    let file = args.dir.join("network.json");
    output.result(
        &json!({
            "rpc_url": network.session.settings.rpc_url, "ws_url": network.session.settings.ws_url,
            "gateway_url": gateway, "network_file": file, "tenant": tenant.pubkey().to_string(),
            "tenant_keypair": args.dir.join("tenant-test-keypair.json"),
        }),
        || {
            format!(
                "local network at {}\n{}  network file {}\n  a funded tenant: --keypair {}\nCtrl-C ends it.",
                network.session.settings.rpc_url,
                gateway.as_ref().map(|url| format!("  gateway and dApp at {url}\n")).unwrap_or_default(),
                file.display(),
                args.dir.join("tenant-test-keypair.json").display()
            )
        },
    );
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
    network.stop().await
}
