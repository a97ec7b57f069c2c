//! `proofmill job`.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result};
use proofmill_client::{market, service::KIND_SERVICE};
use proofmill_jobspec::{JobSpec, Kind, SpecDraft};
use proofmill_protocol::job::{JobState, Outcome};
use serde_json::json;
use solana_address::Address;

use super::{
    job_array, job_preview, job_service,
    market_views::{job_json, job_words, outcome_name, state_name},
};
use crate::{
    error::CliError,
    job_arguments::{JobCommand, JobRunArgs, SpecChanges},
    limits,
    output::{Output, harmless, tokens},
    session::Session,
    tenant::{Estimate, Matching, Prepared, Tenant, find_offer, image},
};

pub async fn run(command: JobCommand, open: impl Fn() -> Result<Session>, output: &Output) -> Result<ExitCode> {
    match command {
        JobCommand::Validate { spec, image } => return job_preview::validate(&spec, image.as_deref(), output).await,
        JobCommand::Import(args) => return job_preview::import(args, output),
        JobCommand::Schema => job_preview::schema(),
        JobCommand::Estimate(args) => job_preview::estimate(&open()?, args, output).await?,
        JobCommand::Explain(args) => job_preview::explain(&open()?, args, output).await?,
        JobCommand::Array(args) => job_array::run(args, open, output).await?,
        other => run_one(other, open, output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The commands about one job on chain.
async fn run_one(command: JobCommand, open: impl Fn() -> Result<Session>, output: &Output) -> Result<()> {
    match command {
        JobCommand::Validate { .. }
        | JobCommand::Import(_)
        | JobCommand::Schema
        | JobCommand::Estimate(_)
        | JobCommand::Explain(_)
        | JobCommand::Array(_) => Ok(()),
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
            if job.kind == KIND_SERVICE {
                let instead = "it leaves no result; `proofmill job forward` reaches its ports, `job logs` its log";
                let state = state_name(job.state);
                return Err(CliError::ServiceIs { job: args.job, state, instead }.into());
            }
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
        JobCommand::Close { job } => {
            let tenant = Tenant::open(open()?).await?;
            tenant.settle_service(&job, &tenant.job(&job).await?).await?;
            finish(&tenant, &job, output).await
        }
        JobCommand::Forward(args) => job_service::forward(open()?, args, output).await,
        JobCommand::Attend(args) => job_service::attend(open()?, args, output).await,
        JobCommand::Stop { job, sign } => job_service::stop(&open()?, job, sign, output).await,
        JobCommand::TopUp { job, seconds, sign } => job_service::top_up(&open()?, job, seconds, sign, output).await,
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

/// Reads a document, resolves its image and applies the flags: what comes out is what is hashed and posted.
pub async fn read_spec(path: &Path, changes: &SpecChanges) -> Result<JobSpec> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let draft = SpecDraft::parse(&bytes).with_context(|| format!("{}", path.display()))?;
    let digest = match changes.image.as_deref() {
        Some(name) => Some(image(name).await?),
        // By convention the example jobs' images carry the job's name.
        None if draft.needs_image() => Some(image(&format!("proofmill/{}:1", draft.name())).await?),
        None => None,
    };
    let mut spec = draft.resolve(digest).with_context(|| format!("{}", path.display()))?;
    for pair in &changes.env {
        let (name, value) = pair.split_once('=').ok_or_else(|| CliError::EnvPair(pair.clone()))?;
        spec.env.insert(name.to_owned(), value.to_owned());
    }
    if let Some(price) = changes.max_price {
        spec.price_ceiling_per_second = price;
    }
    if changes.real_device {
        spec.placement.allow_simulated = false;
    }
    spec.validate().with_context(|| format!("{}", path.display()))?;
    Ok(spec)
}

/// A document as it is, with variables added.
pub async fn read_spec_with(path: &Path, env: &[String]) -> Result<JobSpec> {
    read_spec(path, &SpecChanges { env: env.to_vec(), ..SpecChanges::default() }).await
}

/// Asks a person at a terminal before anything is signed.
pub fn confirm(question: &str, yes: bool, output: &Output) -> Result<()> {
    if yes || output.is_json() || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("reading your answer")?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(CliError::Declined.into()) }
}

async fn run_job(session: Session, args: JobRunArgs, output: &Output) -> Result<()> {
    let spec = read_spec(&args.spec, &args.changes).await?;
    let service = spec.kind == Kind::Service;
    if !service && !args.forward.is_empty() {
        return Err(CliError::ForwardOfBatch.into());
    }
    let prepared = Prepared::new(spec, args.input.as_deref())?;
    let matching = match (args.auction_seconds, prepared.spec.price_ceiling_per_second) {
        (Some(_), 0) => return Err(CliError::CeilingMissing { what: "an auction" }.into()),
        (Some(_), _) if prepared.spec.resources.gpu_model.is_some() => return Err(CliError::ModelInAuction.into()),
        (Some(seconds), price_ceiling) => Matching::Auction { seconds, price_ceiling },
        (None, _) => find_offer(&session, &prepared.spec, args.offer).await?,
    };
    let estimate = Estimate::new(&session, &prepared, &matching).await?;
    output.say(format!(
        "{}: locks {} ({} s at {} atoms/s), runs at {} atoms/s (fee {} bps out of it); input {} files, {} bytes{}",
        prepared.spec.name,
        tokens(estimate.escrow_atoms),
        estimate.max_seconds,
        estimate.ceiling_per_second,
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
    confirm(&format!("Lock {} and post?", tokens(estimate.escrow_atoms)), args.yes, output)?;
    let tenant = Tenant::open(session).await?;
    let posted = tenant.post(&prepared, &matching).await?;
    output.say(format!("posted job {}", posted.job));
    if service && !args.detach {
        return job_service::follow(tenant, posted.job, &prepared, &args.forward, output).await;
    }
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

/// Sees a posted job through: match, delivery, run, verdict, and all of it again while attempts are left. `None` if
/// detached after the first delivery.
pub async fn follow(
    tenant: &Tenant,
    key: &Address,
    prepared: &Prepared,
    detach: bool,
    output: &Output,
) -> Result<Option<market::Job>> {
    let spinner = output.spinner("waiting for a match");
    let mut failed = Vec::new();
    loop {
        let job = tenant.job(key).await?;
        let auction = u64::try_from(job.bids_until.saturating_sub(job.posted_at)).unwrap_or(0);
        let within = Duration::from_secs(auction) + limits::CRANK_GRACE;
        let attempt = job.attempt;
        // An attempt may come and go between two looks.
        let matched =
            tenant.wait(key, within, |job| job.state != JobState::Open as u8 || job.attempt != attempt).await?;
        failed.push(matched.provider);
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
        let ended = tenant
            .wait(key, within, |job| {
                spinner.set_message(state_name(job.state));
                job.state == JobState::Settled as u8 || job.attempt != attempt
            })
            .await?;
        if ended.state == JobState::Settled as u8 {
            spinner.finish_and_clear();
            output.say(format!("{}: {}", state_name(ended.state), outcome_name(ended.outcome)));
            return Ok(Some(ended));
        }
        output.say(format!("attempt {attempt} of {} failed; attempt {} begins", ended.attempts_max, ended.attempt));
        spinner.set_message("waiting for another match");
        if ended.state == JobState::Open as u8 && ended.bids_until == 0 {
            tenant.take_again(key, &ended, &prepared.spec, &failed).await?;
        }
    }
}
