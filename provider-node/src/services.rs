//! What is particular to services: their network and health, what is sent for them, and what the data plane is told.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use bollard::models::ContainerCreateBody;
use proofmill_client::market::Job;
use proofmill_dataplane::{
    Duplex, Refusal, RefusalCode, ServiceName, SignedUsage,
    access::{self, ServiceFacts, Stage},
    is_signed_by,
};
use proofmill_jobspec::{JobSpec, Kind as JobKind};
use proofmill_protocol::{
    envelope::Kind,
    ids::{Domain, JobKey},
    job::JobState,
    sha256,
    usage::UsageReport,
};
use proofmill_provider_core::{Action, AttemptKey, Cosigned, Event, Metered, Phase, Record, Role, Sight};
use proofmill_sandbox::{network_body, open_service};
use solana_address::Address;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    chain_facts::{self, FactError},
    engine::{Stand, sandbox_labels},
    ledger::CosignedUsage,
    limits,
    steps::{Context, StepError, lock, stored_spec},
    transactions::SendError,
};

/// What is known about services besides what the decisions keep.
#[derive(Default)]
pub struct ServiceBook {
    /// Each service's container when it was last looked at.
    pub sights: Mutex<HashMap<AttemptKey, Sight>>,
    /// The keys of the current validators, and when they were read.
    validators: tokio::sync::Mutex<Option<(Instant, Vec<[u8; 32]>)>>,
    /// The chain's clock as last read, and when.
    clock: Mutex<Option<(i64, Instant)>>,
}

impl ServiceBook {
    /// Takes note of the chain's clock.
    pub fn set_clock(&self, unix_seconds: i64) {
        *lock(&self.clock) = Some((unix_seconds, Instant::now()));
    }

    fn chain_now(&self) -> Option<i64> {
        let (seconds, read_at) = (*lock(&self.clock))?;
        Some(seconds.saturating_add(read_at.elapsed().as_secs().cast_signed()))
    }
}

/// Whether the document is of the kind that the chain says, and this node runs it.
///
/// # Errors
/// [`StepError::CannotRun`].
pub fn check_kind(context: &Context, record: &Record, spec: &JobSpec) -> Result<(), StepError> {
    let cannot = |reason: &str| Err(StepError::CannotRun { reason: reason.to_owned() });
    match (record.service, spec.kind == JobKind::Service) {
        (false, true) => cannot("the document is of a service, the chain says batch"),
        (true, false) => cannot("the document is of a batch job, the chain says service"),
        (true, true) if !context.config.services => cannot("this node runs no services: set services = true"),
        _ => Ok(()),
    }
}

/// Gives the container of a service its network.
///
/// # Errors
/// If the engine does not create it.
pub async fn join_network(
    context: &Context,
    key: &AttemptKey,
    deadline_at: i64,
    spec: &JobSpec,
    body: &mut ContainerCreateBody,
) -> Result<(), StepError> {
    let name = context.container(key);
    let labels = sandbox_labels(&context.claimant.identity.public(), key, deadline_at);
    context.engine.create_network(network_body(&name, &labels)).await?;
    open_service(body, spec, &name);
    Ok(())
}

/// Looks at a service's container and tells the loop.
pub async fn observe(context: &Arc<Context>, key: AttemptKey) {
    let stand = match context.engine.stand(&context.container(&key)).await {
        Ok(Some(stand)) => stand,
        Ok(None) => {
            lock(&context.services.sights).remove(&key);
            return;
        }
        Err(error) => return tracing::warn!(%error, "a service is not looked at"),
    };
    let healthy = match stored_spec(&context.folders.of(&key)) {
        Ok(spec) => is_well(&stand, &spec).await,
        Err(error) => {
            tracing::warn!(%error, "the document of a service does not read");
            false
        }
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let sight = Sight { paused: stand.paused, healthy, at_ms };
    lock(&context.services.sights).insert(key, sight);
    context.tell(Event::ServiceSeen(key, sight)).await;
}

/// Whether a container is well: by its health check; without one once its first port accepts; without ports once it
/// runs. A frozen one answers nobody and is not asked.
pub async fn is_well(stand: &Stand, spec: &JobSpec) -> bool {
    if stand.paused {
        return false;
    }
    match (&spec.health, spec.ports.first(), stand.ip) {
        (Some(_), _, _) => stand.well == Some(true),
        (None, None, _) => true,
        (None, Some(_), None) => false,
        (None, Some(port), Some(ip)) => {
            let connected = timeout(limits::PORT_PATIENCE, TcpStream::connect(SocketAddr::new(ip, port.number))).await;
            matches!(connected, Ok(Ok(_)))
        }
    }
}

/// Carries out what only services need.
///
/// # Errors
/// If it had no effect.
pub async fn carry_out(context: &Context, key: AttemptKey, action: Action) -> Result<(), StepError> {
    let name = context.container(&key);
    let job = async || {
        let account = Address::new_from_array(key.job);
        context.read_job(key.job).await?.ok_or(FactError::NoAccount { account, what: "job" })
    };
    match action {
        Action::PauseContainer(_) => context.engine.pause(&name).await?,
        Action::UnpauseContainer(_) => context.engine.unpause(&name).await?,
        Action::PauseJob(_) => {
            context.transactions.pause_job(&key, &job().await?).await?;
        }
        Action::ResumeJob(_) => {
            context.transactions.resume_job(&key, &job().await?).await?;
        }
        Action::ReportUsage(_) => {
            let usage = context.ledger.usage(&key)?.ok_or(SendError::ClaimDamaged)?;
            context.transactions.report_usage(&key, &usage).await?;
            tracing::info!(job = %Address::new_from_array(key.job), usage_ms = usage.usage_ms, "usage reported");
        }
        Action::ClaimStream(_) => {
            context.transactions.claim_stream(&key, &job().await?).await?;
        }
        Action::StopJob(_) => {
            context.transactions.stop_job(&key).await?;
        }
        Action::ExpireJob(_) => {
            context.transactions.expire_job(&key).await?;
        }
        _ => {}
    }
    Ok(())
}

fn internal(error: impl std::fmt::Display) -> Refusal {
    tracing::warn!(%error, "a request is refused for our own fault");
    Refusal::new(RefusalCode::Internal, "the node cannot answer now")
}

/// A service of ours that a peer asks for.
struct Service {
    key: AttemptKey,
    job: Job,
    record: Record,
    stage: Stage,
}

async fn find(context: &Context, service: &ServiceName) -> Result<Service, Refusal> {
    let missing = || Refusal::new(RefusalCode::NotFound, "there is no such service here");
    let key = AttemptKey { job: service.job, attempt: service.attempt, role: Role::Run };
    let record = lock(&context.attempts).get(&key).copied().filter(|record| record.service).ok_or_else(missing)?;
    let job = context.job(service.job).await.map_err(internal)?.ok_or_else(missing)?;
    let ours = job.provider == context.me() && job.attempt == key.attempt && job.nonce == record.nonce;
    if !ours || job.kind != chain_facts::KIND_SERVICE {
        return Err(missing());
    }
    let stage = match JobState::from_code(job.state) {
        Some(JobState::Open | JobState::Matched) => Stage::Starting,
        // What is over here is over, whatever the chain has heard of it.
        Some(JobState::Running) if !matches!(record.phase, Phase::Serving { .. }) => Stage::Ended,
        Some(JobState::Running) => Stage::Running,
        Some(JobState::Paused) => Stage::Paused,
        Some(JobState::Ending | JobState::Settled | JobState::Submitted) | None => Stage::Ended,
    };
    Ok(Service { key, job, record, stage })
}

/// The current validators, fresh enough to explain `peer` if it is one of them.
async fn validators(context: &Context, peer: &[u8; 32]) -> Result<Vec<[u8; 32]>, Refusal> {
    let mut known = context.services.validators.lock().await;
    if let Some((read_at, keys)) = known.as_ref() {
        let age = read_at.elapsed();
        if age < limits::VALIDATORS_READ_EVERY || (age < limits::COMMITTEE_FOR && keys.contains(peer)) {
            return Ok(keys.clone());
        }
    }
    let keys = chain_facts::read_validators(&*context.chain).await.map_err(internal)?;
    *known = Some((Instant::now(), keys.clone()));
    Ok(keys)
}

/// Asks a rule of the data plane.
async fn permit(
    context: &Context,
    service: &Service,
    peer: &[u8; 32],
    rule: fn(&ServiceFacts<'_>, &[u8; 32]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let tenant = service.job.tenant_node_key;
    // The tenant's own part does not depend on who the validators are.
    let validators = if *peer == tenant { Vec::new() } else { validators(context, peer).await? };
    rule(&ServiceFacts { tenant, validators: &validators, stage: service.stage }, peer)
}

/// Connects a peer with a port of a service.
///
/// # Errors
/// A refusal.
pub async fn open_tunnel(
    context: &Context,
    peer: [u8; 32],
    service: &ServiceName,
    port: u16,
) -> Result<Box<dyn Duplex>, Refusal> {
    let found = find(context, service).await?;
    permit(context, &found, &peer, access::may_tunnel).await?;
    let spec = stored_spec(&context.folders.of(&found.key)).map_err(internal)?;
    if !spec.ports.iter().any(|named| named.number == port) {
        let reason = format!("the document names no port {port}");
        return Err(Refusal::new(RefusalCode::NotAllowed, reason));
    }
    let stand = context.engine.stand(&context.container(&found.key)).await.map_err(internal)?;
    let ip = stand.filter(|stand| !stand.paused).and_then(|stand| stand.ip);
    let ip = ip.ok_or_else(|| Refusal::new(RefusalCode::NotReady, "the container does not run"))?;
    match timeout(limits::PORT_PATIENCE, TcpStream::connect(SocketAddr::new(ip, port))).await {
        Ok(Ok(stream)) => {
            // What is said through a tunnel is often small and waited for.
            let _ = stream.set_nodelay(true);
            Ok(Box::new(stream))
        }
        _ => Err(Refusal::new(RefusalCode::NotReady, format!("nothing accepts at port {port} of the container"))),
    }
}

/// What the record says was earned.
fn metered(record: &Record) -> Option<Metered> {
    match record.phase {
        Phase::Serving { metered, .. } | Phase::Closing { metered } if metered.usage_at > 0 => Some(metered),
        _ => None,
    }
}

/// The newest total of a service, signed: what is written down, and never more than the chain's clock allows.
///
/// # Errors
/// A refusal.
pub async fn usage(context: &Context, peer: [u8; 32], service: &ServiceName) -> Result<SignedUsage, Refusal> {
    let found = find(context, service).await?;
    permit(context, &found, &peer, access::may_read_usage).await?;
    let not_yet = |reason: &str| Refusal::new(RefusalCode::NotReady, reason);
    let metered = metered(&found.record).ok_or_else(|| not_yet("nothing is metered yet: ask again in some seconds"))?;
    let now = context.services.chain_now().ok_or_else(|| not_yet("the chain's clock is not known yet"))?;
    let report = UsageReport {
        domain: Domain(context.claimant.domain),
        job: JobKey(found.key.job),
        attempt: found.key.attempt,
        nonce: found.job.nonce,
        usage_ms: metered.usage_ms.min(chain_facts::meter(&found.job).usage_ms_max(now)),
        measured_at: metered.usage_at,
    };
    let node_signature = context.claimant.identity.sign(Kind::Usage, &sha256(&[&report.encode()]));
    Ok(SignedUsage { report, node_signature })
}

/// Records a total that the tenant has signed.
///
/// # Errors
/// A refusal; then nothing is recorded.
pub async fn cosigned(
    context: &Context,
    peer: [u8; 32],
    service: &ServiceName,
    report: UsageReport,
    signature: [u8; 64],
) -> Result<(), Refusal> {
    let found = find(context, service).await?;
    permit(context, &found, &peer, access::may_cosign).await?;
    if !is_signed_by(&report, &found.job.tenant_node_key, &signature) {
        return Err(Refusal::new(RefusalCode::BadRequest, "this is not the tenant's signature on the report"));
    }
    if report.nonce != found.job.nonce {
        return Err(Refusal::new(RefusalCode::TooLate, "the job's address has begun another life"));
    }
    let node_signature = context.claimant.identity.sign(Kind::Usage, &sha256(&[&report.encode()]));
    let usage = CosignedUsage {
        nonce: report.nonce,
        usage_ms: report.usage_ms,
        measured_at: report.measured_at,
        node_signature: node_signature.to_vec(),
        tenant_signature: signature.to_vec(),
    };
    let now = context.services.chain_now().unwrap_or(i64::MAX);
    let most = chain_facts::meter(&found.job).usage_ms_max(now);
    context.ledger.record_usage(&found.key, &usage, most).map_err(internal)?;
    let cosigned = Cosigned { usage_ms: report.usage_ms, measured_at: report.measured_at };
    context.tell(Event::UsageCosigned(found.key, cosigned)).await;
    Ok(())
}
