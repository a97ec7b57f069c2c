//! How fast a fresh index takes in what a local network has behind it, over its real JSON-RPC: makes a history of jobs
//! that are posted, withdrawn, refunded and closed, then starts a gateway that knows nothing and waits until it knows all.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::StreamExt;
use proofmill_chain::{Chain, MemoryOutbox, RpcChain, Sender, TransactionRequest, read_keypair};
use proofmill_client::{
    address::{self, Coin},
    compose::{self, Emptying},
    market,
};
use proofmill_gateway::{
    run::Gateway,
    settings::{Arguments, Settings},
};
use serde_json::{Value, json};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::Failure;

/// Transactions under way at once while the history is made: an embedded network takes them one by one.
const POSTED_AT_ONCE: usize = 4;
/// Longest wait for the index.
const WITHIN: Duration = Duration::from_secs(1_800);

/// Which network, who pays, and how many jobs.
pub struct Options {
    /// The file that the local network writes.
    pub network: PathBuf,
    /// A funded tenant's keypair.
    pub keypair: PathBuf,
    pub jobs: u64,
}

/// Makes the history, measures, prints.
pub async fn run(options: Options) -> Result<(), Failure> {
    let file: Value = serde_json::from_slice(&std::fs::read(&options.network)?)?;
    let text = |name: &str| file[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name} in the file"));
    let (rpc_url, ws_url) = (text("rpc_url")?, text("ws_url")?);
    let coin = Coin { mint: text("payment_mint")?.parse()?, token_program: address::TOKEN_PROGRAM };
    let tenant = Arc::new(read_keypair(&options.keypair)?);
    let chain = Arc::new(RpcChain::new(&rpc_url, &ws_url));

    let begun = Instant::now();
    let done = AtomicU64::new(0);
    // Microseconds since 1970: a second run on the same network repeats no job.
    let first = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
    futures_util::stream::iter(first..first.saturating_add(options.jobs))
        .for_each_concurrent(POSTED_AT_ONCE, |index| {
            let (chain, tenant, done) = (chain.clone(), tenant.clone(), &done);
            async move {
                match life(&chain, &tenant, coin, index).await {
                    Ok(()) => drop(done.fetch_add(1, Ordering::Relaxed)),
                    Err(error) => eprintln!("job {index}: {error}"),
                }
            }
        })
        .await;
    let lives = done.load(Ordering::Relaxed);
    println!(
        "{}",
        json!({ "lives": lives, "seconds": begun.elapsed().as_secs_f64(), "posted_at_once": POSTED_AT_ONCE })
    );

    let folder = tempfile::tempdir()?;
    let (events, took) = index(&rpc_url, &ws_url, folder.path()).await?;
    let slot = chain.clock().await?.slot;
    println!(
        "{}",
        json!({
            "caught_up_events": events, "seconds": took.as_secs_f64(), "slot": slot,
            "events_per_second": (events as f64 / took.as_secs_f64()) as u64,
        })
    );
    Ok(())
}

/// One job from its posting to its closing, in as few transactions as they fit into.
async fn life(chain: &Arc<RpcChain>, tenant: &Arc<Keypair>, coin: Coin, index: u64) -> Result<(), Failure> {
    let me = tenant.pubkey();
    let terms = market::JobTerms {
        index,
        spec_hash: [1; 32],
        image_digest: [2; 32],
        input_root: [3; 32],
        tenant_node_key: [4; 32],
        price_ceiling_per_second: 100,
        max_seconds: 60,
        vram_mib: 8_192,
        certificate_age_seconds_max: 0,
        sla_bond: 0,
        auction_seconds: 60,
        region: 0,
        uptime_bps: 0,
        sla_uptime_bps: 0,
        attempts_max: 1,
        kind: 1,
        class: 1,
        tier: 0,
        gpu_count: 1,
        allow_simulated: 1,
    };
    let (job, mut all) = compose::post_and_take(me, coin, terms, None);
    let mut account = vec![0; market::Job::LEN];
    account[..8].copy_from_slice(&market::Job::DISCRIMINATOR);
    // What the accounts of refund and closing follow from.
    let mut account = market::Job::decode(&account)?;
    (account.tenant, account.rent_payer, account.mint, account.vault) = (me, me, coin.mint, address::vault(&job));
    account.attempt = 1;
    let nobody = Address::default();
    let emptying = Emptying { address: job, job: &account, provider_owner: nobody, treasury: nobody };
    all.push(market::cancel_job(market::CancelJobAccounts { tenant: me, job }));
    all.extend([emptying.claim_refund(), emptying.close()]);
    if compose::fits(&me, &all) {
        return send(chain, tenant, index, all).await;
    }
    let rest = all.split_off(1);
    send(chain, tenant, index, all).await?;
    send(chain, tenant, index, rest).await
}

async fn send(chain: &Arc<RpcChain>, who: &Arc<Keypair>, index: u64, all: Vec<Instruction>) -> Result<(), Failure> {
    let sender = Sender::new(chain.clone(), Arc::new(MemoryOutbox::default()));
    sender.send(&index.to_le_bytes(), TransactionRequest::new(who.clone(), all)).await?;
    Ok(())
}

/// Events that a fresh gateway has indexed once it is ready, and the time that took.
async fn index(rpc_url: &str, ws_url: &str, folder: &Path) -> Result<(u64, Duration), Failure> {
    let settings = Settings::resolve(Arguments {
        rpc_url: Some(rpc_url.to_owned()),
        ws_url: Some(ws_url.to_owned()),
        listen: Some(([127, 0, 0, 1], 0).into()),
        data_dir: Some(folder.to_owned()),
        ..Arguments::default()
    })?;
    let begun = Instant::now();
    let gateway = Gateway::start(settings).await?;
    while !gateway.app.ready() {
        if begun.elapsed() > WITHIN {
            return Err(format!("the index is not ready after {} s", WITHIN.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    let events = gateway.app.metrics.events_indexed.load(Ordering::Relaxed);
    gateway.stop().await;
    Ok((events, took))
}
