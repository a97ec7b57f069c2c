//! `proofmill bench`: the figures of docs/benchmarks.md that need a running network.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use proofmill_protocol::job::JobState;
use serde_json::json;

use super::{
    demo::{StartWatch, unix_ms},
    job::read_spec_with,
    localnet::{LocalNetwork, ProviderCharacter},
};
use crate::{
    arguments::BenchArgs,
    limits,
    output::Output,
    processes::cpu_seconds,
    tenant::{Prepared, Tenant, find_offer},
};

/// How long idle daemons are watched.
const IDLE: Duration = Duration::from_secs(60);
/// Jobs that warm caches before the measured ones.
const WARM_UP: u32 = 3;

pub async fn run(args: BenchArgs, output: &Output) -> Result<()> {
    let mut network = LocalNetwork::start(&args.dir, proofmill_localnet::SLOT_MS).await?;
    network.start_validators(5).await?;
    for (name, price) in [("provider-one", 1_000), ("provider-two", 1_100)] {
        network
            .start_provider(ProviderCharacter { name, offer_price: Some(price), bid_price: None, forges: false })
            .await?;
    }
    output.say(format!("idle for {} s", IDLE.as_secs()));
    let daemons = || network.validators.iter().chain(network.providers.iter().map(|p| &p.daemon));
    let cpu = || -> Vec<f64> { daemons().map(|d| d.pid().and_then(cpu_seconds).unwrap_or(0.0)).collect() };
    let before = cpu();
    tokio::time::sleep(IDLE).await;
    let idle: Vec<_> = daemons()
        .zip(before.iter().zip(cpu()))
        .map(|(daemon, (before, after))| {
            json!({ "name": daemon.name, "resident_kib": daemon.resident_kib(),
                "cpu_percent_of_a_core": (after - before) / IDLE.as_secs_f64() * 100.0 })
        })
        .collect();

    let key = network.party("tenant", 10_000_000_000, 0).await?;
    let tenant = Tenant::open(network.session.speaking_as(&key)).await?;
    let spec = read_spec_with(Path::new("jobs/small/checksum/job.json"), &[]).await?;
    let prepared = Prepared::new(spec, Some(Path::new("jobs/embed/input")))?;
    let mut initiation = Vec::new();
    for number in 0..args.jobs + WARM_UP {
        let matching = find_offer(&tenant.session, &prepared.spec, network.providers[0].offer).await?;
        // One at a time: the figure is of an idle machine, as a tenant of one job sees it.
        let signed_at = unix_ms();
        let posted = tenant.post(&prepared, &matching).await?;
        let start = StartWatch::new(posted.job);
        tenant.deliver(&posted.job, &prepared, output).await?;
        tenant.wait(&posted.job, limits::CRANK_GRACE, |job| job.state == JobState::Settled as u8).await?;
        let started = start.seen().context("the container was gone before it was seen")?;
        if number >= WARM_UP {
            initiation.push(started - signed_at);
        }
        output.say(format!("job {number}: running {} ms after the signature", started - signed_at));
    }
    initiation.sort_unstable();
    let percentile = |p: usize| initiation.get((initiation.len() * p).div_ceil(100).saturating_sub(1)).copied();
    let result = json!({
        "jobs": initiation.len(), "slot_ms": proofmill_localnet::SLOT_MS,
        "initiation_ms": { "p50": percentile(50), "p99": percentile(99), "max": initiation.last() },
        "idle": idle,
    });
    fs::create_dir_all(&args.out).context("creating the folder for figures")?;
    fs::write(args.out.join("network.json"), serde_json::to_vec_pretty(&result)?).context("writing figures")?;
    output.result(&result, || serde_json::to_string_pretty(&result).unwrap_or_default());
    network.stop().await
}
