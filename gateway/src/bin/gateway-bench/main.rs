//! `gateway-bench`: loads a gateway on loopback and measures it; what it serves is synthetic, and named so.
//!
//! Server and clients share the machine: the figures are those of both together. Run the release build, bound to two
//! cores: `taskset -c 0,1 gateway-bench --seconds 30`. With `--catch-up NETWORK_FILE --keypair TENANT --history 2000` it
//! measures instead how fast a fresh index takes in a real history over the RPC of a local network.

mod catch_up;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use proofmill_chain::RpcChain;
use proofmill_client::{address, market};
use proofmill_gateway::{
    app::{App, Parts},
    files::Files,
    index::block::{self, Block, Transaction},
    reflect::Program,
    serve,
    settings::{Arguments, Settings},
    store::Store,
    views,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use solana_address::Address;
use solana_signature::Signature;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
#[command(about = "Loads a gateway on loopback and measures it")]
struct Options {
    /// How long the load lasts
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Connections that ask one request after another
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Account changes per second while it is loaded: each forgets all cached answers
    #[arg(long, default_value_t = 20)]
    changes_per_second: u32,
    /// Synthetic providers, each with an offer
    #[arg(long, default_value_t = 1_000)]
    providers: u32,
    /// Synthetic jobs
    #[arg(long, default_value_t = 5_000)]
    jobs: u32,
    /// Synthetic events for the indexer's part
    #[arg(long, default_value_t = 20_000)]
    events: u32,
    /// Requests per second in all; as fast as it goes if not given
    #[arg(long)]
    rate: Option<u64>,
    /// sqlite://PATH or postgres://...; a temporary SQLite file if not given
    #[arg(long)]
    database: Option<String>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Network file of a running local network: makes a history there and times a fresh index of it, instead of the load
    #[arg(long, requires = "keypair")]
    catch_up: Option<PathBuf>,
    /// Keypair of a funded tenant of that network
    #[arg(long)]
    keypair: Option<PathBuf>,
    /// Jobs of that history
    #[arg(long, default_value_t = 2_000)]
    history: u64,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    if let (Some(network), Some(keypair)) = (&options.catch_up, &options.keypair) {
        let options = catch_up::Options { network: network.clone(), keypair: keypair.clone(), jobs: options.history };
        return catch_up::run(options).await;
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.sqlite");
    let database = options.database.clone().unwrap_or_else(|| format!("sqlite://{}", file.display()));
    let store = Store::connect(&database).await?;
    let mut rng = StdRng::seed_from_u64(options.seed);

    let (events, took) = index(&store, &options, &mut rng).await?;
    let per_second = f64::from(events) / took.as_secs_f64();
    println!(
        "{}",
        json!({ "indexed_events": events, "seconds": took.as_secs_f64(), "events_per_second": per_second as u64 })
    );

    let app = application(store, folder.path().to_owned())?;
    let jobs = populate(&app, &options, &mut rng).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let to = listener.local_addr()?;
    let cancel = CancellationToken::new();
    tokio::spawn(serve::serve(listener, app.clone(), cancel.clone()));
    tokio::spawn(disturb(app.clone(), jobs.clone(), options.changes_per_second, cancel.clone()));

    let paths = Arc::new(mix(&jobs));
    let before = resident();
    let begun = Instant::now();
    let ends = begun + Duration::from_secs(options.seconds);
    let failed = Arc::new(AtomicU64::new(0));
    let pause = options.rate.map(|rate| Duration::from_secs_f64(options.connections as f64 / rate.max(1) as f64));
    let clients: Vec<_> = (0..options.connections)
        .map(|number| {
            let rng = StdRng::seed_from_u64(options.seed ^ number as u64);
            tokio::spawn(client(to, paths.clone(), ends, pause, rng, failed.clone()))
        })
        .collect();
    let mut micros: Vec<u32> = Vec::new();
    for client in clients {
        micros.extend(client.await?);
    }
    let took = begun.elapsed().as_secs_f64();
    cancel.cancel();
    micros.sort_unstable();
    let at = |share: f64| {
        let place = (micros.len() as f64 * share) as usize;
        micros.get(place.min(micros.len().saturating_sub(1))).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    };
    println!(
        "{}",
        json!({
            "reads": micros.len(), "seconds": took, "reads_per_second": (micros.len() as f64 / took) as u64,
            "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "p999_ms": at(0.999), "max_ms": at(1.0),
            "errors": failed.load(Ordering::Relaxed), "connections": options.connections,
            "changes_per_second": options.changes_per_second,
            "cache_hits": app.metrics.cache_hits.load(Ordering::Relaxed),
            "cache_misses": app.metrics.cache_misses.load(Ordering::Relaxed),
            "resident_mib_before": before, "resident_mib_after": resident(),
        })
    );
    Ok(())
}

fn application(store: Store, folder: PathBuf) -> Result<Arc<App>, Failure> {
    let arguments = Arguments {
        data_dir: Some(folder),
        rate_per_second: Some(10_000_000),
        poll_only: true,
        ..Arguments::default()
    };
    Ok(Arc::new(App::new(Parts {
        settings: Settings::resolve(arguments)?,
        domain: "127.0.0.1".to_owned(),
        chain: Arc::new(RpcChain::new("http://127.0.0.1:9", "")),
        genesis: "synthetic".to_owned(),
        store,
        bridge: None,
        faucet: None,
        files: Files::default(),
    })))
}

/// Writes synthetic blocks as the feed does; returns the events and the time it took.
async fn index(store: &Store, options: &Options, rng: &mut StdRng) -> Result<(u32, Duration), Failure> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let mut left = options.events;
    let mut slot = 1u64;
    let mut took = Duration::ZERO;
    while left > 0 {
        let mut blocks = Vec::new();
        for _ in 0..proofmill_gateway::limits::SLOTS_PER_COMMIT {
            let transactions = (0..4.min(left))
                .map(|_| {
                    let job = Address::new_from_array(rng.random());
                    let provider = Address::new_from_array(rng.random());
                    let event = market::JobMatched { job, provider, price_per_second: 5, lock: 6, matched_by: 1 };
                    let logs = vec![
                        format!("Program {} invoke [1]", market::ID),
                        format!("Program data: {}", BASE64_STANDARD.encode(event.encode())),
                        format!("Program {} success", market::ID),
                    ];
                    let mut signature = [0u8; 64];
                    rng.fill(&mut signature[..]);
                    Transaction {
                        signature: Signature::from(signature),
                        at: Some(1_700_000_000),
                        logs,
                        calls: Vec::new(),
                    }
                })
                .collect::<Vec<_>>();
            left = left.saturating_sub(u32::try_from(transactions.len())?);
            blocks.push(Block { slot, transactions });
            slot = slot.saturating_add(1);
        }
        let begun = Instant::now();
        let changes: Vec<_> = blocks.iter().map(block::apply).collect();
        store.commit(&changes, Some(slot.saturating_sub(1))).await?;
        took += begun.elapsed();
    }
    Ok((options.events, took))
}

/// Fills the model with synthetic accounts, and the database with their jobs.
async fn populate(app: &Arc<App>, options: &Options, rng: &mut StdRng) -> Result<Arc<Vec<Address>>, Failure> {
    let mint = Address::new_from_array([9; 32]);
    let mut providers = Vec::new();
    for _ in 0..options.providers {
        let owner = Address::new_from_array(rng.random());
        let at = Address::new_from_array(rng.random());
        providers.push(at);
        let Some(mut provider) =
            zeroed(market::Provider::DISCRIMINATOR, market::Provider::LEN, market::Provider::decode)
        else {
            continue;
        };
        provider.owner = owner;
        provider.active = 1;
        provider.tier = rng.random_range(1..=3);
        provider.gpu_count = rng.random_range(1..=8);
        provider.vram_mib = 24_576;
        provider.capacity = 8;
        provider.gpu_model[..13].copy_from_slice(b"Synthetic GPU");
        let Some(mut offer) = zeroed(market::Offer::DISCRIMINATOR, market::Offer::LEN, market::Offer::decode) else {
            continue;
        };
        offer.provider = at;
        offer.mint = mint;
        offer.price_per_second = rng.random_range(100..100_000);
        offer.expires_at = i64::MAX;
        offer.seconds_max = 3_600;
        app.change(|model| {
            model.update(Program::Market, at, 1, &provider.encode());
            model.update(Program::Market, address::offer(&at, 0), 1, &offer.encode());
        });
    }
    let mut jobs = Vec::new();
    for number in 0..options.jobs {
        let Some(mut job) = zeroed(market::Job::DISCRIMINATOR, market::Job::LEN, market::Job::decode) else { continue };
        job.state = rng.random_range(1..=5);
        job.kind = 1;
        job.class = 1;
        job.tenant = Address::new_from_array([rng.random_range(1..50); 32]);
        job.mint = mint;
        job.nonce = u64::from(number);
        job.escrowed = rng.random();
        job.provider = providers.get(rng.random_range(0..providers.len().max(1))).copied().unwrap_or_default();
        let at = Address::new_from_array(rng.random());
        jobs.push(at);
        app.change(|model| model.update(Program::Market, at, 1, &job.encode()));
    }
    for part in jobs.chunks(500) {
        let shown: Vec<_> = {
            let model = app.model();
            part.iter().filter_map(|at| Some(views::job(*at, model.job(at)?))).collect()
        };
        app.store.put_jobs(&shown).await?;
    }
    Ok(Arc::new(jobs))
}

/// An account of zeros.
fn zeroed<T, E>(discriminator: [u8; 8], length: usize, decode: impl Fn(&[u8]) -> Result<T, E>) -> Option<T> {
    let mut data = vec![0; length];
    data.get_mut(..8)?.copy_from_slice(&discriminator);
    decode(&data).ok()
}

/// Changes accounts while the gateway is loaded, as a live network does.
async fn disturb(app: Arc<App>, jobs: Arc<Vec<Address>>, per_second: u32, cancel: CancellationToken) {
    if per_second == 0 {
        return;
    }
    let mut pause = tokio::time::interval(Duration::from_secs(1) / per_second);
    let mut slot = 2u64;
    while cancel.run_until_cancelled(pause.tick()).await.is_some() {
        let place = usize::try_from(slot).unwrap_or(0) % jobs.len().max(1);
        let Some(at) = jobs.get(place) else { return };
        let changed = app.model().job(at).cloned();
        if let Some(mut job) = changed {
            job.metered_ms = slot;
            app.change_accounts(|model| Vec::from_iter(model.update(Program::Market, *at, slot, &job.encode())));
            let view = views::job(*at, &job);
            if app.store.put_jobs(&[view]).await.is_err() {
                return;
            }
        }
        slot = slot.saturating_add(1);
    }
}

/// What is asked, each as often as it stands here.
fn mix(jobs: &[Address]) -> Vec<Vec<String>> {
    let jobs_pages = (0..8).map(|number| format!("/v1/jobs?limit={}", 10 + number)).collect::<Vec<_>>();
    let offers: Vec<String> = ["", "&tier=consumer", "&tier=datacenter", "&vram_min_mib=16384", "&price_max=50000"]
        .map(|filter| format!("/v1/offers?limit=20{filter}"))
        .to_vec();
    let providers: Vec<String> =
        ["", "&gpu_min=4", "&tier=prosumer"].map(|filter| format!("/v1/providers?limit=20{filter}")).to_vec();
    let details: Vec<String> = jobs.iter().map(|job| format!("/v1/jobs/{job}")).collect();
    let network = vec!["/v1/network".to_owned()];
    let events = vec!["/v1/events?limit=20".to_owned()];
    // Of twenty reads: seven jobs, four pages of jobs, four of offers, two of providers, two of the network, one of events.
    let mut all = Vec::new();
    for (of, times) in [(details, 7), (jobs_pages, 4), (offers, 4), (providers, 2), (network, 2), (events, 1)] {
        all.extend(std::iter::repeat_n(of, times));
    }
    all
}

async fn client(
    to: SocketAddr,
    paths: Arc<Vec<Vec<String>>>,
    ends: Instant,
    pause: Option<Duration>,
    mut rng: StdRng,
    failed: Arc<AtomicU64>,
) -> Vec<u32> {
    let mut micros = Vec::new();
    let mut stream: Option<TcpStream> = None;
    let mut buffer = vec![0; 512 * 1024];
    let mut due = Instant::now();
    while Instant::now() < ends {
        // A request that is late because the one before it was slow has waited since it was due.
        let mut late_since = None;
        if let Some(pause) = pause {
            late_since = Some(due).filter(|due| *due < Instant::now());
            tokio::time::sleep_until(due.into()).await;
            due += pause;
        }
        let of = &paths[rng.random_range(0..paths.len())];
        let path = &of[rng.random_range(0..of.len())];
        let begun = late_since.unwrap_or_else(Instant::now);
        let connected = match stream.take() {
            Some(open) => Ok(open),
            None => TcpStream::connect(to).await,
        };
        let asked = match connected {
            Ok(mut open) => {
                let _ = open.set_nodelay(true);
                ask(&mut open, path, &mut buffer).await.map(|status| (open, status))
            }
            Err(error) => Err(error),
        };
        match asked {
            Ok((open, 200)) => {
                stream = Some(open);
                micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            _ => {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    micros
}

/// One request on an open connection; reads the whole answer.
async fn ask(stream: &mut TcpStream, path: &str, buffer: &mut [u8]) -> std::io::Result<u16> {
    let broken = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").as_bytes()).await?;
    let mut have = 0;
    loop {
        let read = stream.read(buffer.get_mut(have..).ok_or_else(broken)?).await?;
        if read == 0 {
            return Err(broken());
        }
        have += read;
        let so_far = buffer.get(..have).ok_or_else(broken)?;
        let Some(end) = so_far.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&so_far[..end]).map_err(|_| broken())?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if have >= end + 4 + length.ok_or_else(broken)? {
            return head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken);
        }
    }
}

/// Memory of this process, MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
