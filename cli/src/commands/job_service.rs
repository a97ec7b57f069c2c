//! `proofmill job forward`, `attend`, `stop` and `top-up`: what a tenant does with a service that runs.

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::{Context, Result};
use proofmill_client::{
    address::{self, Coin},
    market,
    service::{self, KIND_SERVICE},
};
use proofmill_jobspec::{Port, Protocol};
use proofmill_protocol::{
    job::JobState,
    service::{TopUpError, top_up as top_up_terms},
};
use serde_json::json;
use solana_address::Address;
use tokio::{net::TcpListener, sync::Semaphore};

use super::{
    job::confirm,
    market_views::{job_json, job_words, outcome_name, state_name},
};
use crate::{
    attend::attend as attend_to,
    error::CliError,
    job_arguments::{AttendArgs, ForwardArgs, PortPair, SignArgs},
    limits,
    line::Line,
    output::{Output, tokens},
    session::Session,
    tenant::{Prepared, Tenant},
};

/// The job at an address, if it is a service.
async fn service_at(session: &Session, job: &Address) -> Result<market::Job> {
    let found = session.fetch("job", job, market::Job::decode).await?;
    if found.kind == KIND_SERVICE {
        return Ok(found);
    }
    let instead = "it ends by itself; `proofmill job logs` and `job result` show what it does";
    Err(CliError::NotAService { job: *job, instead }.into())
}

/// Opens local ports and signs, until the service is over or somebody presses Ctrl-C.
pub async fn forward(session: Session, args: ForwardArgs, output: &Output) -> Result<()> {
    let job = service_at(&session, &args.job).await?;
    if matches!(JobState::from_code(job.state), Some(JobState::Settled | JobState::Ending)) {
        let (state, instead) = (state_name(job.state), "there is nothing to forward to");
        return Err(CliError::ServiceIs { job: args.job, state, instead }.into());
    }
    let line = Arc::new(Line::new(Tenant::open(session).await?, args.job));
    forward_on(&line, &args.ports, args.no_sign, output).await
}

/// The same over a line that is there.
pub async fn forward_on(line: &Arc<Line>, ports: &[PortPair], no_sign: bool, output: &Output) -> Result<()> {
    let places = Arc::new(Semaphore::new(limits::FORWARDED_MAX));
    let mut serving = tokio::task::JoinSet::new();
    for pair in ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, pair.local)).await.map_err(|reason| {
            let other = pair.local.checked_add(10_000).unwrap_or(10_000);
            CliError::LocalPort { port: pair.local, remote: pair.remote, other, reason }
        })?;
        let local = listener.local_addr().context("reading the local port")?;
        let value = json!({
            "event": "listening", "job": line.job.to_string(), "local": local.to_string(), "port": pair.remote,
        });
        output.event(&value, || format!("{local} leads to port {} of the service", pair.remote));
        serving.spawn(serve(line.clone(), listener, pair.remote, places.clone(), *output));
    }
    let attending = async {
        match ports.first() {
            Some(first) if !no_sign => {
                // Without the document a port counts as one of bytes.
                let known = line.port(Some(first.remote)).await;
                let port = known.unwrap_or(Port { number: first.remote, protocol: Protocol::Tcp });
                attend_to(line, &port, output).await
            }
            _ => until_over(line).await,
        }
    };
    tokio::select! {
        ended = attending => ended,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("waiting for Ctrl-C"),
    }
}

/// Returns when the job is settled or closed.
async fn until_over(line: &Line) -> Result<()> {
    loop {
        if let Ok(None) = line.find_job().await {
            return Ok(());
        }
        if let Ok(Some(job)) = line.find_job().await
            && job.state == JobState::Settled as u8
        {
            return Ok(());
        }
        tokio::time::sleep(limits::LOOK_EVERY).await;
    }
}

/// Takes local connections to one port.
async fn serve(line: Arc<Line>, listener: TcpListener, port: u16, places: Arc<Semaphore>, output: Output) {
    loop {
        // The semaphore is never closed; the others wait in the kernel's queue.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((mut local, _)) = listener.accept().await else {
            // Out of file descriptors: later there may be some.
            tokio::time::sleep(limits::POLL).await;
            continue;
        };
        let line = line.clone();
        tokio::spawn(async move {
            let _place = place;
            match line.tunnel_soon(port).await {
                // Either side may end a connection as it likes: how is theirs to know.
                Ok(mut tunnel) => drop(tokio::io::copy_bidirectional(&mut local, &mut tunnel).await),
                Err(error) => output.warn(format!("a connection to port {port} was not forwarded: {error:#}")),
            }
        });
    }
}

/// Signs and opens nothing.
pub async fn attend(session: Session, args: AttendArgs, output: &Output) -> Result<()> {
    let job = service_at(&session, &args.job).await?;
    if job.state == JobState::Settled as u8 {
        let (state, instead) = (state_name(job.state), "no more usage counts; `proofmill job close` collects the rest");
        return Err(CliError::ServiceIs { job: args.job, state, instead }.into());
    }
    let line = Line::new(Tenant::open(session).await?, args.job);
    let port = line.port(args.port).await?;
    tokio::select! {
        ended = attend_to(&line, &port, output) => ended,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("waiting for Ctrl-C"),
    }
}

/// Ends a service.
pub async fn stop(session: &Session, key: Address, sign: SignArgs, output: &Output) -> Result<()> {
    let job = service_at(session, &key).await?;
    match JobState::from_code(job.state) {
        Some(JobState::Open) => {
            let instead = "nobody has taken it; withdraw it with `proofmill job cancel`";
            return Err(CliError::ServiceIs { job: key, state: "open", instead }.into());
        }
        Some(JobState::Ending | JobState::Settled) => {
            let instead = "it was ended already; `proofmill job close` collects the rest once it is settled";
            return Err(CliError::ServiceIs { job: key, state: state_name(job.state), instead }.into());
        }
        _ => {}
    }
    output.say(format!(
        "{}\nUsage up to now that both have signed is paid; the rest of the escrow comes back.",
        job_words(&key, &job)
    ));
    if sign.dry_run {
        output.result(&job_json(&key, &job), || "dry run: nothing was signed".to_owned());
        return Ok(());
    }
    confirm("End it?", sign.yes, output)?;
    let provider = session.fetch("provider", &job.provider, market::Provider::decode).await?;
    let instruction = market::stop_job(market::StopJobAccounts {
        party: session.address()?,
        job: key,
        provider: job.provider,
        stake: address::stake(&provider.owner),
        operator: provider.operator,
    });
    session.send(&[instruction]).await.context("ending the service")?;
    let job = session.find("job", &key, market::Job::decode).await?.unwrap_or(job);
    output.result(&job_json(&key, &job), || {
        let mut text = job_words(&key, &job);
        if let Some(after) = service::settles_after(&job) {
            text += &format!(
                "\n  settles after {after} (unix seconds); `proofmill job close {key}` then collects the rest"
            );
        }
        text
    });
    Ok(())
}

/// Adds seconds to a service.
pub async fn top_up(session: &Session, key: Address, seconds: u32, sign: SignArgs, output: &Output) -> Result<()> {
    let job = service_at(session, &key).await?;
    if !matches!(JobState::from_code(job.state), Some(JobState::Running | JobState::Paused)) {
        let instead = "seconds are added while it runs or is paused";
        return Err(CliError::ServiceIs { job: key, state: state_name(job.state), instead }.into());
    }
    let payer = session.address()?;
    let by_tenant = payer == job.tenant;
    let (atoms, longer) = top_up_terms(job.escrowed, job.price_per_second, job.max_seconds, seconds, by_tenant)
        .map_err(|error| match error {
            TopUpError::Seconds { asked, most } => CliError::TooLong { asked, most },
            TopUpError::Amount(_) => CliError::Overflow("price x seconds"),
        })?;
    let longer_meter = service::meter(&market::Job { max_seconds: longer, ..job });
    let value = |added: bool| {
        json!({
            "job": key.to_string(), "seconds": seconds, "atoms": atoms, "max_seconds": longer,
            "escrowed": job.escrowed.saturating_add(atoms), "dry_at": longer_meter.dry_at(), "added": added,
        })
    };
    let words = format!(
        "{seconds} more seconds at {} atoms/s cost {}; it then covers {longer} s, until {} (unix seconds){}",
        job.price_per_second,
        tokens(atoms),
        longer_meter.dry_at(),
        if job.paused_at == 0 { "" } else { " and as much later as it was paused" },
    );
    output.say(&words);
    if sign.dry_run {
        output.result(&value(false), || "dry run: nothing was signed".to_owned());
        return Ok(());
    }
    confirm(&format!("Add {} to the escrow?", tokens(atoms)), sign.yes, output)?;
    let coin = Coin::of_job(&job);
    let instruction = market::top_up_job(
        market::TopUpJobAccounts {
            payer,
            config: address::market_config(),
            job: key,
            vault: job.vault,
            mint: coin.mint,
            source: coin.account_of(&payer),
            token_program: coin.token_program,
        },
        market::TopUpJobArgs { seconds },
    );
    session.send(&[instruction]).await.context("adding to the escrow")?;
    output.result(&value(true), || "added".to_owned());
    Ok(())
}

/// Sees a posted service through until it answers, and says how to reach it; with ports to open, stays with it.
pub async fn follow(
    tenant: Tenant,
    key: Address,
    prepared: &Prepared,
    ports: &[PortPair],
    output: &Output,
) -> Result<()> {
    let spinner = output.spinner("waiting for a match");
    let job = tenant.job(&key).await?;
    let auction = u64::try_from(job.bids_until.saturating_sub(job.posted_at)).unwrap_or(0);
    let within = std::time::Duration::from_secs(auction) + limits::CRANK_GRACE;
    tenant.wait(&key, within, |job| job.state != JobState::Open as u8).await?;
    spinner.set_message("delivering specification and input");
    tenant.deliver(&key, prepared, output).await?;
    spinner.set_message("starting");
    let within = std::time::Duration::from_secs(u64::from(job.start_window_seconds)) + limits::CRANK_GRACE;
    let job = tenant.wait(&key, within, |job| job.state != JobState::Matched as u8).await?;
    if job.state != JobState::Running as u8 {
        spinner.finish_and_clear();
        output.say(format!("{}: {}", state_name(job.state), outcome_name(job.outcome)));
        tenant.claim_refund(&key, &job).await?;
        output.result(&job_json(&key, &job), || job_words(&key, &job));
        return Ok(());
    }
    let line = Arc::new(Line::new(tenant, key));
    let spoken: Vec<&Port> = prepared.spec.ports.iter().filter(|port| port.protocol != Protocol::Udp).collect();
    let started = tokio::time::Instant::now();
    let mut answers = spoken.is_empty();
    spinner.set_message("waiting for an answer");
    while let (false, Some(port)) = (answers, spoken.first()) {
        answers = line.answers(port).await;
        if answers || started.elapsed() > limits::ANSWERS_WITHIN {
            break;
        }
        tokio::time::sleep(limits::TUNNEL_RETRY).await;
    }
    spinner.finish_and_clear();
    let numbers: Vec<String> = spoken.iter().map(|port| port.number.to_string()).collect();
    let mut value = job_json(&key, &job);
    value["answers"] = json!(answers);
    value["ports"] = json!(spoken.iter().map(|port| port.number).collect::<Vec<_>>());
    let words = || {
        let mut text = job_words(&key, &job);
        if !answers {
            text += "\nIt is declared healthy and does not answer on its port yet.";
        }
        text += &format!(
            "\nReach it with\n  proofmill job forward {key} {}\nwhich also signs its usage: without signatures for {} s it \
             ends. `job attend` signs alone, `job top-up` adds time, `job stop` ends it.",
            numbers.join(" "),
            job.usage_timeout_seconds
        );
        text
    };
    if ports.is_empty() {
        output.result(&value, words);
        return Ok(());
    }
    value["event"] = json!("running");
    output.event(&value, || job_words(&key, &job));
    forward_on(&line, ports, false, output).await
}
