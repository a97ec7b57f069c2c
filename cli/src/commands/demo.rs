//! `proofmill demo`: the main job, end to end, with a liar in the room. Exit code 0 only if all of it held.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use proofmill_client::{address, market};
use proofmill_protocol::{
    appeal::CaseState,
    job::{JobState, Outcome},
};
use serde::Serialize;
use serde_json::json;
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::{
    job::{follow, read_spec_with},
    localnet::{LocalNetwork, ProviderCharacter, get},
    market_views::{matched_by_name, outcome_name, state_name},
};
use crate::{
    arguments::DemoArgs,
    error::CliError,
    limits,
    output::{Output, harmless, tokens},
    processes,
    session::Session,
    tenant::{Matching, Prepared, Tenant, find_offer},
};

/// The providers, in order.
const HONEST: usize = 0;
const CHEAPER: usize = 1;
const LIAR: usize = 2;
const CHARACTERS: [ProviderCharacter; 3] = [
    ProviderCharacter { name: "provider-ada", offer_price: Some(2_000), bid_price: Some(1_900), forges: false },
    ProviderCharacter { name: "provider-bob", offer_price: Some(2_200), bid_price: Some(1_500), forges: false },
    ProviderCharacter { name: "provider-mallory", offer_price: Some(1_000), bid_price: None, forges: true },
];
/// Seconds that the fourth job sleeps, so that there is a middle to kill its provider in.
const LONG_JOB_SECONDS: u32 = 8;

/// One job of the summary; amounts in atoms.
#[derive(Serialize, Clone)]
pub struct JobRow {
    pub id: String,
    pub name: &'static str,
    pub kind: &'static str,
    pub matched_by: &'static str,
    pub state: &'static str,
    pub verdict: &'static str,
    pub provider: String,
    /// Tenant's signature to container running, milliseconds.
    pub initiation_ms: Option<i64>,
    pub run_ms: u64,
    pub escrowed: u64,
    pub paid: u64,
    pub refunded: u64,
    pub fee: u64,
    pub slashed: u64,
    pub output_root: String,
}

impl JobRow {
    pub fn new(name: &'static str, key: &Address, job: &market::Job, initiation_ms: Option<i64>) -> Self {
        Self {
            id: key.to_string(),
            name,
            kind: "batch",
            matched_by: matched_by_name(job.matched_by),
            state: state_name(job.state),
            verdict: outcome_name(job.outcome),
            provider: job.provider.to_string(),
            initiation_ms,
            run_ms: job.metered_ms,
            escrowed: job.escrowed,
            paid: job.paid,
            refunded: job.refunded,
            fee: job.fee,
            slashed: job.slashed,
            output_root: hex::encode(job.output_root),
        }
    }

    fn balanced(&self) -> bool {
        self.paid.checked_add(self.refunded).and_then(|sum| sum.checked_add(self.fee)) == Some(self.escrowed)
    }
}

/// What held and what did not.
struct Checks<'a> {
    output: &'a Output,
    rows: Vec<(String, bool)>,
}

impl Checks<'_> {
    fn that(&mut self, law: impl Into<String>, held: bool) {
        let law = law.into();
        self.output.say(format!("  {} {law}", if held { "ok  " } else { "FAIL" }));
        self.rows.push((law, held));
    }
}

pub async fn run(args: DemoArgs, output: &Output) -> Result<ExitCode> {
    let started = Instant::now();
    let mut checks = Checks { output, rows: Vec::new() };
    output.say(
        "Proofmill: rent GPUs, pay for proven work.\n\n1. A local network: chain, five validators, three providers.",
    );
    let mut network = LocalNetwork::start(&args.dir, proofmill_localnet::SLOT_MS).await?;
    let chain_ms = started.elapsed().as_millis();
    output.say(format!("   chain up, both programs deployed and configured ({chain_ms} ms)"));
    network.start_validators(5).await?;
    output.say("   five validators staked and drawn into epoch 1");
    for character in CHARACTERS {
        network.start_provider(character).await?;
        output.say(format!(
            "   {}{} offers {} atoms/s",
            character.name,
            if character.forges { " (dishonest: forges every output)" } else { "" },
            character.offer_price.unwrap_or(0)
        ));
    }
    let gateway_url = network.start_gateway(&args.gateway).await?;
    output.say(format!("   gateway and dApp at {gateway_url}"));
    let tenant_key = network.party("tenant", 1_000_000_000, 0).await?;
    let tenant = Tenant::open(network.session.speaking_as(&tenant_key)).await?;
    let before = balances(&network, &tenant_key).await?;
    show_balances(output, "Balances before", &before);

    let mut jobs: Vec<(Address, JobRow)> = Vec::new();
    output
        .say("\n2. Sentence embeddings of a public-domain text, by a standing offer taken in the posting transaction.");
    let embed = Prepared::new(
        read_spec_with(Path::new("jobs/embed/job.json"), &[]).await?,
        Some(Path::new("jobs/embed/input")),
    )?;
    let offer = network.providers[HONEST].offer;
    let matching = find_offer(&tenant.session, &embed.spec, offer).await?;
    let (key, row) = one_job(&tenant, "embed", &embed, matching, output, Some(&args.dir.join("result-embed"))).await?;
    checks.that("the committee accepted the embeddings", row.verdict == Outcome::Accepted.name());
    checks.that(
        "matched instantly with the offer taken",
        row.matched_by == "instant" && row.provider == network.providers[HONEST].provider.to_string(),
    );
    show_result(output, &args.dir.join("result-embed"));
    checks.that(
        "the result was fetched and checked",
        args.dir.join("result-embed").read_dir().is_ok_and(|mut d| d.next().is_some()),
    );
    jobs.push((key, row));

    output.say("\n3. A checksum job by auction: the lowest qualifying bid wins.");
    let checksum_spec = Path::new("jobs/small/checksum/job.json");
    let input = Path::new("jobs/embed/input");
    let checksum = Prepared::new(read_spec_with(checksum_spec, &[]).await?, Some(input))?;
    let matching = Matching::Auction { seconds: 4, price_ceiling: 3_000 };
    let (key, row) = one_job(&tenant, "checksum", &checksum, matching, output, None).await?;
    checks.that(
        "the lowest bid won the auction",
        row.matched_by == "auction" && row.provider == network.providers[CHEAPER].provider.to_string(),
    );
    checks.that("the committee accepted the checksums", row.verdict == Outcome::Accepted.name());
    jobs.push((key, row));

    output.say("\n4. The dishonest provider takes a job and forges its output.");
    let liar = network.providers[LIAR].offer;
    let matching = find_offer(&tenant.session, &checksum.spec, liar).await?;
    let stake_before = bonded(&network.session, &network.providers[LIAR].owner.pubkey()).await?;
    let (key, row) = one_job(&tenant, "forged", &checksum, matching, output, None).await?;
    let stake_after = bonded(&network.session, &network.providers[LIAR].owner.pubkey()).await?;
    checks.that("the committee rejected the forged output", row.verdict == Outcome::Rejected.name());
    checks.that("the tenant is refunded in full", row.refunded == row.escrowed && row.paid == 0 && row.fee == 0);
    checks.that(
        format!("exactly the lock of the liar's stake is set aside ({})", tokens(row.slashed)),
        row.slashed > 0 && stake_before.checked_sub(stake_after) == Some(row.slashed),
    );
    output.say("   the slash waits for an appeal that nobody makes");
    let slashed = take_slash(&tenant.session, &key, &network.providers[LIAR].owner.pubkey()).await?;
    checks.that(
        format!("the liar's stake is slashed by exactly its lock ({})", tokens(slashed)),
        slashed > 0 && slashed == row.slashed,
    );
    jobs.push((key, row));

    output.say("\n5. An honest provider is killed (-9) in the middle of a job, and started again.");
    let sleep = [format!("SLEEP_SECONDS={LONG_JOB_SECONDS}")];
    let long = Prepared::new(read_spec_with(checksum_spec, &sleep).await?, Some(input))?;
    let offer = network.providers[HONEST].offer;
    let matching = find_offer(&tenant.session, &long.spec, offer).await?;
    let (key, row) = interrupted_job(&mut network, &tenant, &long, matching, output).await?;
    checks.that("the interrupted job was accepted all the same", row.verdict == Outcome::Accepted.name());
    checks.that("the container ran once, through the restart", row.run_ms >= u64::from(LONG_JOB_SECONDS) * 1_000);
    jobs.push((key, row));

    output.say("\n6. Claims, fees, closing.");
    let leaked = settle_up(&tenant, &jobs, output).await?;
    let after = balances(&network, &tenant_key).await?;
    show_balances(output, "Balances after", &after);
    let totals = |rows: &BTreeMap<String, Balance>| -> (u128, u128) {
        rows.values().fold((0, 0), |sum, row| (sum.0 + u128::from(row.payment), sum.1 + u128::from(row.stake)))
    };
    let conservation_ok = totals(&before) == totals(&after) && jobs.iter().all(|(_, row)| row.balanced());
    checks.that("every atom of both mints is accounted for; escrowed = paid + refunded + fee", conservation_ok);
    checks.that(format!("no lamport is left behind ({leaked} leaked)"), leaked == 0);
    checks.that(
        "the gateway, which anyone could run, tells of these jobs what the chain did",
        gateway_agrees(&gateway_url, &jobs).await?,
    );
    let daemons = network.validators.iter_mut().chain(network.providers.iter_mut().map(|p| &mut p.daemon));
    for daemon in daemons.chain(&mut network.gateway) {
        daemon.require_alive()?;
    }

    let processes: Vec<_> = network
        .validators
        .iter()
        .chain(network.providers.iter().map(|provider| &provider.daemon))
        .chain(&network.gateway)
        .map(|daemon| {
            json!({ "name": daemon.name, "startup_ms": daemon.startup.as_millis() as u64,
                "resident_kib": daemon.resident_kib() })
        })
        .collect();
    let held = checks.rows.iter().all(|row| row.1);
    let summary = json!({
        "ok": held,
        "jobs": jobs.iter().map(|(_, row)| row).collect::<Vec<_>>(),
        "conservation_ok": conservation_ok,
        "lamports_leaked": leaked,
        "checks": checks.rows.iter().map(|(law, held)| json!({ "law": law, "held": held })).collect::<Vec<_>>(),
        "balances": { "before": before, "after": after },
        "network": { "chain_startup_ms": chain_ms as u64, "resident_kib": processes::resident_kib(std::process::id()) },
        "processes": processes,
        "seconds": started.elapsed().as_secs_f64(),
    });
    if let Some(parent) = args.summary.parent() {
        fs::create_dir_all(parent).context("creating the summary's folder")?;
    }
    fs::write(&args.summary, serde_json::to_vec_pretty(&summary)?).context("writing the summary")?;
    output.result(&summary, || {
        format!(
            "\n{} of {} held, in {:.0} s. Summary: {}",
            checks.rows.iter().filter(|row| row.1).count(),
            checks.rows.len(),
            started.elapsed().as_secs_f64(),
            args.summary.display()
        )
    });
    if args.keep {
        output.say(format!(
            "The dApp is at {gateway_url}. The network stays up: proofmill --network {} --keypair {} job list. Ctrl-C ends it.",
            args.dir.join("network.json").display(),
            args.dir.join("tenant-test-keypair.json").display()
        ));
        tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
    }
    network.stop().await?;
    if !held {
        let broken: Vec<_> = checks.rows.into_iter().filter(|row| !row.1).map(|row| row.0).collect();
        return Err(CliError::DemoFailed(broken.join("; ")).into());
    }
    Ok(ExitCode::SUCCESS)
}

/// Posts, delivers, waits for the verdict, and fetches the result.
pub async fn one_job(
    tenant: &Tenant,
    name: &'static str,
    prepared: &Prepared,
    matching: Matching,
    output: &Output,
    result: Option<&Path>,
) -> Result<(Address, JobRow)> {
    output.say(format!(
        "   escrow {} for at most {} s",
        tokens(matching.escrow(&prepared.spec)?),
        prepared.spec.max_seconds
    ));
    let signed_at_ms = unix_ms();
    let posted = tenant.post(prepared, &matching).await?;
    output.say(format!("   job {} posted", posted.job));
    let start = StartWatch::new(posted.job);
    let job = follow(tenant, &posted.job, prepared, false, output).await?.context("the job was not followed")?;
    let initiation = start.seen().map(|at| at - signed_at_ms);
    if let (Some(dest), true) = (result, job.output_root != [0; 32]) {
        tenant.fetch_result(&posted.job, &job, dest, output).await?;
    }
    say_settled(output, &job, initiation);
    Ok((posted.job, JobRow::new(name, &posted.job, &job, initiation)))
}

fn say_settled(output: &Output, job: &market::Job, initiation: Option<i64>) {
    output.say(format!(
        "   {}: ran {} ms{}; paid {}, refunded {}, fee {}, slashed {}",
        outcome_name(job.outcome),
        job.metered_ms,
        initiation.map(|ms| format!(" (running {ms} ms after the tenant signed)")).unwrap_or_default(),
        tokens(job.paid),
        tokens(job.refunded),
        tokens(job.fee),
        tokens(job.slashed)
    ));
}

async fn interrupted_job(
    network: &mut LocalNetwork,
    tenant: &Tenant,
    prepared: &Prepared,
    matching: Matching,
    output: &Output,
) -> Result<(Address, JobRow)> {
    let signed_at_ms = unix_ms();
    let posted = tenant.post(prepared, &matching).await?;
    let start = StartWatch::new(posted.job);
    tenant.deliver(&posted.job, prepared, output).await?;
    tenant.wait(&posted.job, limits::CRANK_GRACE, |job| job.state == JobState::Running as u8).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    network.providers[HONEST].daemon.kill()?;
    output.say("   killed while the container runs");
    tokio::time::sleep(Duration::from_secs(2)).await;
    network.providers[HONEST].daemon.restart()?;
    network.wait_provider(HONEST).await?;
    output.say("   started again; it adopts the container");
    let job = follow(tenant, &posted.job, prepared, false, output).await?.context("the job was not followed")?;
    let initiation = start.seen().map(|at| at - signed_at_ms);
    say_settled(output, &job, initiation);
    Ok((posted.job, JobRow::new("interrupted", &posted.job, &job, initiation)))
}

/// Takes a slash once its delay has passed, unless somebody is quicker; returns all that the owner's stake has lost.
async fn take_slash(session: &Session, job: &Address, owner: &Address) -> Result<u64> {
    let stake = address::stake(owner);
    let nonce = session.fetch("job", job, market::Job::decode).await?.nonce;
    let slash_case = address::slash_case(job, 1, nonce);
    let started = Instant::now();
    while let Some(case) = session.find("slash case", &slash_case, market::SlashCase::decode).await? {
        let next = match CaseState::from_code(case.state) {
            Some(CaseState::Taken) => {
                market::close_case(market::CloseCaseAccounts { slash_case, rent_payer: case.rent_payer })
            }
            _ => {
                market::apply_slash(market::ApplySlashAccounts { config: address::market_config(), stake, slash_case })
            }
        };
        let due = session.now().await? >= case.due_at;
        // Refused if somebody was quicker: the next look says so.
        if !due || session.send(&[next]).await.is_err() {
            tokio::time::sleep(limits::POLL).await;
        }
        if started.elapsed() > limits::CRANK_GRACE {
            bail!("the slash of {job} was not taken in {} s", limits::CRANK_GRACE.as_secs());
        }
    }
    Ok(session.fetch("stake", &stake, market::Stake::decode).await?.slashed_total)
}

/// Waits for rewards, fees and audits to be pushed, collects refunds, closes every job; returns lamports left behind.
async fn settle_up(tenant: &Tenant, jobs: &[(Address, JobRow)], output: &Output) -> Result<u64> {
    let mut cases = Vec::new();
    for (key, _) in jobs {
        if let Some(job) = tenant.find_job(key).await? {
            cases.push(address::slash_case(key, job.attempt, job.nonce));
            tenant.claim_refund(key, &job).await?;
        }
        // Reward and fee are the provider's and anyone's to push; close refuses until they are, and until
        // confirmed re-executions are paid.
        let started = Instant::now();
        loop {
            // What nobody challenged is closed by whoever settled it.
            let Some(job) = tenant.find_job(key).await? else { break };
            match tenant.close(key, &job).await {
                Ok(()) => break,
                Err(error) if started.elapsed() > limits::CRANK_GRACE => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }
    output.say(format!("   {} jobs closed; their rent is back with the tenant", jobs.len()));
    let started = Instant::now();
    loop {
        let mut leaked = 0u64;
        for ((key, _), slash_case) in jobs.iter().zip(&cases) {
            let mut accounts = vec![
                *key,
                *slash_case,
                address::vault(key),
                address::verdict(key, 1),
                address::round(key, 1, 1),
                address::round(key, 1, 2),
            ];
            let bids = tenant
                .session
                .scan(
                    market::Bid::DISCRIMINATOR,
                    Some((market::Bid::OFFSET_JOB, key.to_bytes().to_vec())),
                    market::Bid::decode,
                )
                .await?;
            accounts.extend(bids.into_iter().map(|bid| bid.0));
            for account in accounts {
                use proofmill_chain::Chain;
                leaked = leaked.saturating_add(tenant.session.chain.account(account).await?.map_or(0, |a| a.lamports));
            }
        }
        if leaked == 0 || started.elapsed() > limits::CRANK_GRACE {
            return Ok(leaked);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Whether the gateway's answers on each job, closed by now, equal what the tenant saw on the chain.
async fn gateway_agrees(url: &str, jobs: &[(Address, JobRow)]) -> Result<bool> {
    let address = url.trim_start_matches("http://");
    let started = Instant::now();
    for (key, row) in jobs {
        loop {
            let (_, body) = get(address, &format!("/v1/jobs/{key}"), limits::GATEWAY_ANSWER_BYTES_MAX).await?;
            let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            let amount = |name: &str| told[name].as_str().and_then(|text| text.parse::<u64>().ok());
            let same = told["outcome"] == row.verdict
                && amount("paid") == Some(row.paid)
                && amount("refunded") == Some(row.refunded)
                && amount("fee") == Some(row.fee);
            if same {
                break;
            }
            if started.elapsed() > limits::CRANK_GRACE {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    Ok(true)
}

async fn bonded(session: &Session, owner: &Address) -> Result<u64> {
    Ok(session.fetch("stake", &address::stake(owner), market::Stake::decode).await?.bonded)
}

/// Atoms of both mints.
#[derive(Serialize, Clone, Copy, Default)]
pub struct Balance {
    payment: u64,
    stake: u64,
}

/// Every place where the network's tokens can lie, read from the chain.
async fn balances(network: &LocalNetwork, tenant: &Keypair) -> Result<BTreeMap<String, Balance>> {
    let session = &network.session;
    let (payment, stake) = (network.genesis.payment_mint, network.genesis.stake_mint);
    let mut rows = BTreeMap::new();
    let mut owners =
        vec![("tenant".to_owned(), tenant.pubkey()), ("treasury".to_owned(), network.genesis.treasury.pubkey())];
    owners.extend(network.providers.iter().map(|p| (p.name.clone(), p.owner.pubkey())));
    for (name, owner) in owners {
        let balance = Balance {
            payment: session.tokens_of(&owner, &payment).await?,
            stake: session.tokens_of(&owner, &stake).await?,
        };
        rows.insert(name, balance);
    }
    for provider in &network.providers {
        let vault = address::stake_vault(&address::stake(&provider.owner.pubkey()));
        rows.insert(
            format!("{} stake vault", provider.name),
            Balance { payment: 0, stake: session.token_balance(&vault).await? },
        );
    }
    let budget = session.token_balance(&address::audit_budget(&payment)).await?;
    rows.insert("audit budget".to_owned(), Balance { payment: budget, stake: 0 });
    let mut vaults = 0u64;
    for (_, job) in session.scan(market::Job::DISCRIMINATOR, None, market::Job::decode).await? {
        vaults = vaults.saturating_add(session.token_balance(&job.vault).await?);
    }
    rows.insert("job vaults".to_owned(), Balance { payment: vaults, stake: 0 });
    Ok(rows)
}

fn show_balances(output: &Output, title: &str, rows: &BTreeMap<String, Balance>) {
    output.say(format!("\n   {title:<30} {:>16} {:>16}", "payment", "stake"));
    for (name, row) in rows {
        output.say(format!("   {name:<30} {:>16} {:>16}", tokens(row.payment), tokens(row.stake)));
    }
}

fn show_result(output: &Output, dir: &Path) {
    let Ok(text) = fs::read_to_string(dir.join("neighbours.md")) else { return };
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(8) {
        output.say(format!("   | {}", harmless(&line.chars().take(100).collect::<String>())));
    }
}

/// Milliseconds since 1970 on this machine's clock.
pub fn unix_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Watches the engine for a job's container from the side: it is removed once the job is settled.
pub struct StartWatch {
    seen: Arc<OnceLock<i64>>,
    task: tokio::task::JoinHandle<()>,
}

impl StartWatch {
    pub fn new(job: Address) -> Self {
        let seen = Arc::new(OnceLock::new());
        let slot = seen.clone();
        let task = tokio::spawn(async move {
            loop {
                if let Ok(Some(at)) = container_started_ms(&job).await {
                    let _ = slot.set(at); // set once: this task ends here
                    return;
                }
                tokio::time::sleep(limits::POLL).await;
            }
        });
        Self { seen, task }
    }

    /// Milliseconds since 1970, if it was seen.
    pub fn seen(&self) -> Option<i64> {
        self.seen.get().copied()
    }
}

impl Drop for StartWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// When the engine started a job's first container, milliseconds since 1970, on the same machine's clock.
async fn container_started_ms(job: &Address) -> Result<Option<i64>> {
    use bollard::query_parameters::{InspectContainerOptions, ListContainersOptionsBuilder};
    let docker = bollard::Docker::connect_with_local_defaults().context("connecting to the container engine")?;
    let mut filters = std::collections::HashMap::new();
    filters.insert("label", vec!["proofmill.job"]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let mut first = None;
    for container in docker.list_containers(Some(options)).await.context("listing containers")? {
        let label = container.labels.as_ref().and_then(|labels| labels.get("proofmill.job"));
        if !label.is_some_and(|label| *label == job.to_string() || *label == hex::encode(job.to_bytes())) {
            continue;
        }
        let Some(id) = container.id else { continue };
        let found =
            docker.inspect_container(&id, None::<InspectContainerOptions>).await.context("inspecting a container")?;
        let at = found.state.and_then(|state| state.started_at).and_then(|at| rfc3339_ms(&at.to_string()));
        first = match (first, at) {
            (Some(first), Some(at)) => Some(std::cmp::min::<i64>(first, at)),
            (first, at) => first.or(at),
        };
    }
    Ok(first)
}

/// Milliseconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.fraction]Z` (days from civil, Howard Hinnant).
fn rfc3339_ms(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let fraction: String = text.get(20..).unwrap_or("").chars().take_while(char::is_ascii_digit).take(3).collect();
    let milliseconds = format!("{fraction:0<3}").parse::<i64>().unwrap_or(0);
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    (year > 1970).then_some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_times_are_read_to_the_millisecond() {
        assert_eq!(rfc3339_ms("2026-11-21T05:00:13.123456789Z"), Some(1_795_237_213_123));
        assert_eq!(rfc3339_ms("2000-02-29T00:00:00Z"), Some(951_782_400_000));
        assert_eq!(rfc3339_ms("0001-01-01T00:00:00Z"), None);
        assert_eq!(rfc3339_ms("soon"), None);
    }
}
