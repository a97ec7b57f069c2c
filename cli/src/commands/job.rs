//! `proofmill job`.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use proofmill_client::market;
use proofmill_jobspec::{JobSpec, SpecDraft};
use proofmill_protocol::job::{JobState, Outcome};
use serde_json::json;
use solana_address::Address;

use super::market_views::{job_json, job_words, outcome_name, state_name};
use crate::{
    arguments::{JobCommand, JobRunArgs},
    error::CliError,
    limits,
    output::{Output, harmless, tokens},
    session::Session,
    tenant::{Estimate, Matching, Prepared, Tenant, find_offer, image},
};

pub async fn run(command: JobCommand, open: impl Fn() -> Result<Session>, output: &Output) -> Result<()> {
    match command {
        JobCommand::Validate { spec } => {
            let spec = read_spec(&spec, None, &[]).await?;
            let canonical = String::from_utf8_lossy(&spec.canonical_json()).into_owned();
            let hash = hex::encode(spec.hash());
            output.result(&json!({ "hash": hash, "canonical": canonical }), || format!("{canonical}\nsha256 {hash}"));
            Ok(())
        }
        JobCommand::Run(args) => run_job(open()?, args, output).await,
        JobCommand::Status { job } => {
            let session = open()?;
            let found = session.fetch("job", &job, market::Job::decode).await?;
            output.result(&job_json(&job, &found), || job_words(&job, &found));
            Ok(())
        }
        JobCommand::List => {
            let session = open()?;
            let me = session.address()?;
            let with = Some((market::Job::OFFSET_TENANT, me.to_bytes().to_vec()));
            let jobs = session.scan(market::Job::DISCRIMINATOR, with, market::Job::decode).await?;
            let rows: Vec<_> = jobs.iter().map(|(key, job)| job_json(key, job)).collect();
            output.result(&rows, || jobs.iter().map(|(key, job)| job_words(key, job)).collect::<Vec<_>>().join("\n"));
            Ok(())
        }
        JobCommand::Logs(args) => {
            let tenant = Tenant::open(open()?).await?;
            match args.output {
                Some(path) => {
                    let mut file = fs::File::create(&path).with_context(|| format!("creating {}", path.display()))?;
                    let mut failed = None;
                    tenant.logs(&args.job, |bytes| failed = failed.take().or(file.write_all(bytes).err())).await?;
                    failed.map_or(Ok(()), Err).with_context(|| format!("writing {}", path.display()))
                }
                None => tenant.logs(&args.job, |bytes| print!("{}", harmless(&String::from_utf8_lossy(bytes)))).await,
            }
        }
        JobCommand::Result(args) => {
            let tenant = Tenant::open(open()?).await?;
            let job = tenant.job(&args.job).await?;
            let dest = args.output.unwrap_or_else(|| format!("result-{}", args.job).into());
            let manifest = tenant.fetch_result(&args.job, &job, &dest, output).await?;
            output.result(
                &json!({ "job": args.job.to_string(), "output": dest, "files": manifest.entries().len(),
                    "output_root": hex::encode(manifest.root().as_bytes()) }),
                || {
                    format!(
                        "{} files in {}, root checked against the verdict",
                        manifest.entries().len(),
                        dest.display()
                    )
                },
            );
            Ok(())
        }
        JobCommand::Cancel { job } => {
            let session = open()?;
            let before = session.fetch("job", &job, market::Job::decode).await?;
            let instruction = market::cancel_job(market::CancelJobAccounts { tenant: session.address()?, job });
            session.send(&[instruction]).await.context("cancelling the job")?;
            let tenant = Tenant::open(session).await?;
            if tenant.find_job(&job).await?.is_some() {
                return finish(&tenant, &job, output).await;
            }
            // Somebody emptied and closed it in the meantime: all of the escrow went back, as cancelling settles it.
            let gone = market::Job {
                state: JobState::Settled as u8,
                outcome: Outcome::Cancelled as u8,
                refunded: before.escrowed,
                claimed: 0b111,
                ..before
            };
            output.result(&job_json(&job, &gone), || format!("{}\nclosed", job_words(&job, &gone)));
            Ok(())
        }
        JobCommand::Close { job } => finish(&Tenant::open(open()?).await?, &job, output).await,
    }
}

/// Claims what the tenant is owed and closes the job.
async fn finish(tenant: &Tenant, key: &Address, output: &Output) -> Result<()> {
    let job = tenant.job(key).await?;
    if let Err(error) = tenant.close(key, &job).await {
        // It still owes somebody else: the refund is ours all the same.
        tenant.claim_refund(key, &job).await?;
        return Err(error);
    }
    output.result(&job_json(key, &job), || format!("{}\nclosed; every lamport is back", job_words(key, &job)));
    Ok(())
}

/// Reads a specification, resolving its image and adding variables.
pub async fn read_spec(path: &Path, image_name: Option<&str>, env: &[String]) -> Result<JobSpec> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let draft = SpecDraft::parse(&bytes).with_context(|| format!("{}", path.display()))?;
    let digest = match image_name {
        Some(name) => Some(image(name).await?),
        None if draft.needs_image() => {
            // By convention the example jobs' images carry the job's name.
            let value: serde_json::Value = serde_json::from_slice(&bytes).context("reading the job's name")?;
            let name = value["name"].as_str().unwrap_or_default();
            Some(image(&format!("proofmill/{name}:1")).await?)
        }
        None => None,
    };
    let mut spec = draft.resolve(digest).with_context(|| format!("{}", path.display()))?;
    for pair in env {
        let (name, value) = pair.split_once('=').ok_or_else(|| CliError::EnvPair(pair.clone()))?;
        spec.env.insert(name.to_owned(), value.to_owned());
    }
    spec.validate().with_context(|| format!("{}", path.display()))?;
    Ok(spec)
}

async fn run_job(session: Session, args: JobRunArgs, output: &Output) -> Result<()> {
    let spec = read_spec(&args.spec, args.image.as_deref(), &args.env).await?;
    let prepared = Prepared::new(spec, args.input.as_deref())?;
    let matching = match args.auction_seconds {
        Some(seconds) => Matching::Auction {
            seconds,
            price_ceiling: args.max_price.context("an auction needs --max-price, atoms per second")?,
        },
        None => find_offer(&session, &prepared.spec, args.offer, args.max_price, args.real_device).await?,
    };
    let estimate = Estimate::new(&session, &prepared, &matching).await?;
    output.say(format!(
        "{}: at most {} for {} s at {} atoms/s (fee {} bps out of it); input {} files, {} bytes{}",
        prepared.spec.name,
        tokens(estimate.escrow_atoms),
        estimate.max_seconds,
        estimate.price_per_second,
        estimate.fee_bps,
        estimate.input_files,
        estimate.input_bytes,
        estimate.provider.as_ref().map(|p| format!("; provider {p}")).unwrap_or_default()
    ));
    if args.dry_run {
        output.result(&estimate, || "dry run: nothing was signed".to_owned());
        return Ok(());
    }
    if !args.yes && !output.is_json() && std::io::stdin().is_terminal() {
        eprint!("Lock {} and post? [y/N] ", tokens(estimate.escrow_atoms));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).context("reading your answer")?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(CliError::Declined.into());
        }
    }
    let tenant = Tenant::open(session).await?;
    let posted = tenant.post(&prepared, &matching, args.real_device).await?;
    output.say(format!("posted job {}", posted.job));
    let settled = follow(&tenant, &posted.job, &prepared, args.detach, output).await?;
    let Some(job) = settled else {
        output.result(&json!({ "job": posted.job.to_string() }), || "input delivered; it runs without us".to_owned());
        return Ok(());
    };
    if let (Some(dest), true) = (&args.output, job.output_root != [0; 32]) {
        tenant.fetch_result(&posted.job, &job, dest, output).await?;
        output.say(format!("result in {}, checked against the verdict", dest.display()));
    }
    tenant.claim_refund(&posted.job, &job).await?;
    let job = tenant.find_job(&posted.job).await?.unwrap_or(job);
    output.result(&job_json(&posted.job, &job), || job_words(&posted.job, &job));
    Ok(())
}

/// Sees a posted job through: match, delivery, run, verdict. `None` if detached after delivery.
pub async fn follow(
    tenant: &Tenant,
    key: &Address,
    prepared: &Prepared,
    detach: bool,
    output: &Output,
) -> Result<Option<market::Job>> {
    let spinner = output.spinner("waiting for a match");
    let job = tenant.job(key).await?;
    let auction = u64::try_from(job.bids_until.saturating_sub(job.posted_at)).unwrap_or(0);
    let within = Duration::from_secs(auction) + limits::CRANK_GRACE;
    tenant.wait(key, within, |job| job.state != JobState::Open as u8).await?;
    spinner.set_message("delivering specification and input");
    tenant.deliver(key, prepared, output).await?;
    if detach {
        spinner.finish_and_clear();
        return Ok(None);
    }
    let windows = u64::from(job.start_window_seconds)
        + u64::from(job.max_seconds)
        + u64::from(job.receipt_grace_seconds)
        + u64::from(job.verdict_window_seconds);
    let within = Duration::from_secs(windows) + limits::CRANK_GRACE;
    let settled = tenant
        .wait(key, within, |job| {
            spinner.set_message(state_name(job.state));
            job.state == JobState::Settled as u8
        })
        .await?;
    spinner.finish_and_clear();
    output.say(format!("{}: {}", state_name(settled.state), outcome_name(settled.outcome)));
    Ok(Some(settled))
}
