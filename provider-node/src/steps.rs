//! Carries out what was decided. Quick things are done at once, in order; slow ones run beside the loop and answer
//! with an event.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufReader, BufWriter, Write},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use proofmill_artifacts::{Limits as TreeLimits, ScanError, read_bundle, scan, write_bundle};
use proofmill_chain::Chain;
use proofmill_client::{
    address,
    arbiter::ExecutorList,
    market::{self, Job, SlashCase},
};
use proofmill_dataplane::{BlobKind, BlobName, Node as DataNode, PeerAddr};
use proofmill_jobspec::JobSpec;
use proofmill_protocol::{job::JobState, limits::APPEAL_ROUND, sha256};
use proofmill_provider_core::{Action, AttemptKey, ContainerState, Event, Ledgered, Record, Role, ScanResult, Step};
use proofmill_sandbox::{EngineFacts, GpuBinding, GpuDriver, ImageFacts, SandboxPaths, TaskPlace, admit, create_body};
use solana_address::Address;
use tokio::sync::mpsc;

use crate::{
    chain_facts::{self, FactError, JudgeBook},
    claims::Claimant,
    config::Config,
    container_log::LogBook,
    engine::{Engine, EngineError, LABEL_GPUS, LABEL_NONCE, container_name, sandbox_labels},
    folders::{AttemptFolder, FolderError, Folders},
    inventory::Inventory,
    judged::{self, AttemptLife},
    ledger::{NodeLedger, NodeLedgerError},
    limits, services,
    transactions::{SendError, Transactions},
};

/// Why a step was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The engine.
    #[error(transparent)]
    UseEngine(#[from] EngineError),
    /// The chain.
    #[error(transparent)]
    ReadFact(#[from] FactError),
    /// A transaction.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The ledger.
    #[error(transparent)]
    UseLedger(#[from] NodeLedgerError),
    /// The attempt's folder.
    #[error(transparent)]
    UseFolder(#[from] FolderError),
    /// A file of the attempt.
    #[error("cannot use {path}: {source}")]
    UseFile {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be run here, now or later.
    #[error("this job cannot be run here: {reason}")]
    CannotRun {
        /// Why.
        reason: String,
    },
    /// Every device is in use.
    #[error("{asked} devices are asked for, {free} are free")]
    DevicesBusy {
        /// Asked for.
        asked: usize,
        /// Free.
        free: usize,
    },
    /// The judged provider does not give what it must.
    #[error("cannot fetch from the judged provider: {reason}")]
    FetchBlobs {
        /// Why.
        reason: String,
    },
    /// The outputs could not be looked at; nothing is said about them.
    #[error("cannot scan the outputs: {reason}")]
    ScanOutputs {
        /// Why.
        reason: String,
    },
    /// A background thread ended without an answer.
    #[error("a background thread was lost")]
    LostThread,
}

/// Everything a step may need.
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// What signs.
    pub claimant: Claimant,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// What sends.
    pub transactions: Transactions,
    /// What survives.
    pub ledger: NodeLedger,
    /// The container engine.
    pub engine: Engine,
    /// What it offers.
    pub engine_facts: EngineFacts,
    /// Where files lie.
    pub folders: Folders,
    /// Logs being written.
    pub logs: LogBook,
    /// Who judges what.
    pub judges: JudgeBook,
    /// The devices.
    pub inventory: Inventory,
    /// The data plane.
    pub data: DataNode,
    /// To the loop.
    pub events: mpsc::Sender<Event>,
    /// Jobs matched to this provider, as last read.
    pub jobs: Mutex<HashMap<[u8; 32], Job>>,
    /// Slash cases on receipts of this provider, by their accounts, as last seen.
    pub cases: Mutex<HashMap<Address, SlashCase>>,
    /// Devices held by attempts.
    pub leases: Mutex<HashMap<AttemptKey, Vec<String>>>,
    /// Containers being watched.
    pub watched: Mutex<HashSet<AttemptKey>>,
    /// Starts that failed in a row.
    pub failures: Mutex<HashMap<AttemptKey, u32>>,
    /// Services.
    pub services: services::ServiceBook,
    /// Nonces and rounds of the attempts in the decisions' hands.
    pub attempts: Mutex<HashMap<AttemptKey, Record>>,
}

/// Locks a map; a panic elsewhere does not make what it holds wrong, since no change spans two statements.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts in a row that may fail before the image is held to be the cause.
const START_FAILURES_MAX: u32 = 3;

impl Context {
    /// The provider account.
    pub fn me(&self) -> Address {
        self.claimant.provider
    }

    /// The name of an attempt's container.
    pub fn container(&self, key: &AttemptKey) -> String {
        container_name(&self.claimant.identity.public(), key)
    }

    /// Tells the loop.
    pub async fn tell(&self, event: Event) {
        // The loop is gone only when the node ends.
        let _ = self.events.send(event).await;
    }

    /// A job as last read, or as read now.
    ///
    /// # Errors
    /// If it is not known and the chain does not answer.
    pub async fn job(&self, job: [u8; 32]) -> Result<Option<Job>, FactError> {
        if let Some(known) = lock(&self.jobs).get(&job) {
            return Ok(Some(*known));
        }
        self.read_job(job).await
    }

    /// A job as it is now.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub async fn read_job(&self, job: [u8; 32]) -> Result<Option<Job>, FactError> {
        let found = chain_facts::read_job(&*self.chain, Address::new_from_array(job)).await?;
        if let Some(found) = found
            && found.provider == self.me()
        {
            lock(&self.jobs).insert(job, found);
        }
        Ok(found)
    }

    /// Reads a job and tells the loop what it is now.
    pub async fn refresh(&self, job: [u8; 32]) {
        match self.read_job(job).await {
            Ok(Some(found)) => {
                let account = Address::new_from_array(job);
                if let Some(facts) = chain_facts::job_facts(&account, &found, &self.me()) {
                    self.tell(Event::JobSeen(facts)).await;
                }
            }
            Ok(None) => {
                lock(&self.jobs).remove(&job);
                self.tell(Event::JobGone { job }).await;
            }
            Err(error) => tracing::warn!(%error, "a job is not refreshed"),
        }
    }

    /// Enters the list of re-executors unless this provider is in it, or has not the stake for it. What hinders it is
    /// said and tried again later: a node that was slashed must still come up, to serve the judges of its appeal.
    pub async fn keep_listed(&self) {
        if self.config.reexecute
            && let Err(error) = self.enter_list().await
        {
            tracing::warn!(%error, "not entered in the list of re-executors");
        }
    }

    async fn enter_list(&self) -> Result<(), StepError> {
        let class_key = self.claimant.class_key;
        let Some(list) = chain_facts::read_executors(&*self.chain, executor_list(&class_key)).await? else {
            tracing::warn!("nobody has opened the list of re-executors of this class");
            return Ok(());
        };
        if is_listed(&list, &self.me()) {
            return Ok(());
        }
        let market = chain_facts::read_market_config(&*self.chain, address::market_config()).await?;
        let stake = chain_facts::read_stake(&*self.chain, address::stake(&self.config.owner)).await?;
        let (Some(market), Some(stake)) = (market, stake) else { return Ok(()) };
        let (bonded, least) = (stake.bonded, market.provider_stake_min);
        if bonded < least {
            tracing::warn!(bonded, least, "too little stake to re-execute for audits: proofmill stake deposit");
            return Ok(());
        }
        self.transactions.join_executors(&class_key).await?;
        tracing::info!("entered in the list of re-executors");
        Ok(())
    }

    /// Closes a bid once its job is over. Until then it stands: should the winner fail, the next bid may win.
    pub async fn take_back(&self, bid: Address, found: market::Bid) {
        let stands = match self.read_job(found.job.to_bytes()).await {
            Ok(Some(job)) => job.nonce == found.nonce && job.state != JobState::Settled as u8,
            Ok(None) => false,
            Err(error) => return tracing::warn!(%error, "a job we bid on is not read"),
        };
        if stands {
            return;
        }
        match self.transactions.close_bid(bid, &found).await {
            Ok(_) => tracing::info!(job = %found.job, "bid closed"),
            Err(error) => tracing::info!(job = %found.job, %error, "bid not closed yet"),
        }
    }

    /// Looks at a container and tells the loop; one that runs is watched until it ends.
    pub async fn look(self: &Arc<Self>, key: AttemptKey) {
        let name = self.container(&key);
        match self.engine.look(&name).await {
            Ok(Some(state)) => {
                if matches!(state, ContainerState::Running { .. }) {
                    self.watch(key);
                } else if matches!(state, ContainerState::Exited(_)) {
                    self.keep_log(key);
                }
                self.tell(Event::ContainerSeen(key, state)).await;
                if lock(&self.attempts).get(&key).is_some_and(|record| record.service) {
                    services::observe(self, key).await;
                }
            }
            Ok(None) => self.tell(Event::ContainerMissing(key)).await,
            Err(error) => tracing::warn!(%error, "a container is not looked at"),
        }
    }

    fn keep_log(self: &Arc<Self>, key: AttemptKey) {
        let context = self.clone();
        tokio::spawn(async move {
            let name = context.container(&key);
            context.logs.keep(&context.engine, key, &name, &context.folders.of(&key)).await;
        });
    }

    fn watch(self: &Arc<Self>, key: AttemptKey) {
        if !lock(&self.watched).insert(key) {
            return;
        }
        self.keep_log(key);
        let context = self.clone();
        tokio::spawn(async move {
            let name = context.container(&key);
            context.engine.wait(&name).await;
            lock(&context.watched).remove(&key);
            if let Ok(Some(state @ ContainerState::Exited(_))) = context.engine.look(&name).await {
                context.tell(Event::ContainerSeen(key, state)).await;
            }
        });
    }
}

/// Carries out one action. A record is on disk when this returns; what follows it in the list was decided on that.
///
/// # Errors
/// If a record cannot be written: nothing that follows it may be done then.
pub fn perform(context: &Arc<Context>, action: Action) -> Result<(), NodeLedgerError> {
    let (key, step) = match action {
        Action::Persist(record) => {
            context.ledger.put_record(&record)?;
            let before = lock(&context.attempts).insert(record.key, record);
            // The meter of a service is written down every few seconds: that is no news.
            let moved = |before: Record| std::mem::discriminant(&before.phase) != std::mem::discriminant(&record.phase);
            if before.is_none_or(moved) {
                tracing::info!(job = %Address::new_from_array(record.key.job), role = ?record.key.role, phase = ?record.phase, "attempt");
            }
            return Ok(());
        }
        Action::Forget(key) => {
            context.ledger.forget(&key)?;
            lock(&context.attempts).remove(&key);
            lock(&context.leases).remove(&key);
            lock(&context.failures).remove(&key);
            lock(&context.services.sights).remove(&key);
            if key.role == Role::Run {
                lock(&context.jobs).remove(&key.job);
            }
            return Ok(());
        }
        Action::FetchBlobs(key) => (key, Step::Fetch),
        Action::StartContainer(key) => (key, Step::Start),
        Action::StopContainer(key) => (key, Step::Stop),
        Action::RemoveContainer(key) => (key, Step::Remove),
        Action::DeclareStarted(key) => (key, Step::Declare),
        Action::ScanOutputs(key) => (key, Step::Scan),
        Action::SignReceipt(key, _) => (key, Step::Sign),
        Action::SubmitProof(key) | Action::SubmitReexecution(key) => (key, Step::Submit),
        Action::Decline(key, reason) => {
            tracing::warn!(job = %Address::new_from_array(key.job), ?reason, "the job is given back");
            (key, Step::Decline)
        }
        Action::ClaimReward(key) => (key, Step::Claim),
        Action::AskForCase(key) => (key, Step::Ask),
        Action::DropData(key) => (key, Step::Drop),
        Action::PauseContainer(key) | Action::UnpauseContainer(key) => (key, Step::Pause),
        Action::PauseJob(key) => (key, Step::PauseJob),
        Action::ResumeJob(key) => (key, Step::Resume),
        Action::ReportUsage(key) => (key, Step::Report),
        Action::ClaimStream(key) => (key, Step::Stream),
        Action::StopJob(key) => (key, Step::End),
        Action::ExpireJob(key) => (key, Step::Expire),
    };
    let context = context.clone();
    tokio::spawn(async move {
        let done = carry_out(&context, key, action).await;
        let event = match done {
            Ok(Some(event)) => event,
            Ok(None) => Event::Done(key, step),
            Err(error @ StepError::CannotRun { .. }) => {
                tracing::error!(job = %Address::new_from_array(key.job), %error);
                context.tell(Event::Failed(key, step)).await;
                Event::Unrunnable(key)
            }
            Err(error) => {
                tracing::warn!(job = %Address::new_from_array(key.job), ?step, %error, "a step failed");
                Event::Failed(key, step)
            }
        };
        context.tell(event).await;
        match step {
            Step::Declare | Step::Submit | Step::Decline | Step::Claim if key.role == Role::Run => {
                context.refresh(key.job).await;
            }
            Step::PauseJob | Step::Resume | Step::Report | Step::Stream | Step::End | Step::Expire => {
                context.refresh(key.job).await;
            }
            Step::Start | Step::Stop | Step::Pause => context.look(key).await,
            _ => {}
        }
        // A service earns from here on, and is metered between looks.
        let starts = matches!(step, Step::Declare | Step::Resume);
        if starts && lock(&context.attempts).get(&key).is_some_and(|record| record.service) {
            context.look(key).await;
        }
    });
    Ok(())
}

async fn carry_out(context: &Arc<Context>, key: AttemptKey, action: Action) -> Result<Option<Event>, StepError> {
    match action {
        Action::Persist(_) | Action::Forget(_) => {}
        Action::FetchBlobs(_) => {
            fetch(context, key).await?;
            return Ok(Some(Event::BlobsReady(key)));
        }
        Action::StartContainer(_) => start(context, key).await?,
        Action::StopContainer(_) => context.engine.stop(&context.container(&key)).await?,
        Action::RemoveContainer(_) => {
            let name = context.container(&key);
            context.engine.remove(&name).await?;
            if lock(&context.attempts).get(&key).is_some_and(|record| record.service) {
                context.engine.remove_network(&name).await?;
            }
            lock(&context.leases).remove(&key);
        }
        Action::DeclareStarted(_) => {
            context.transactions.start_job(&key).await?;
        }
        Action::ScanOutputs(_) => return Ok(Some(Event::OutputsScanned(key, scan_outputs(context, key).await?))),
        Action::SignReceipt(_, ledgered) => {
            sign(context, key, ledgered).await?;
            return Ok(Some(Event::ReceiptRecorded(key)));
        }
        Action::SubmitProof(_) => {
            let claim = context.ledger.claim(&key)?.ok_or(SendError::ClaimDamaged)?;
            context.transactions.submit_proof(&key, &claim).await?;
        }
        Action::SubmitReexecution(_) => {
            let claim = context.ledger.claim(&key)?.ok_or(SendError::ClaimDamaged)?;
            let Some(record) = lock(&context.attempts).get(&key).copied() else { return Ok(None) };
            context.transactions.submit_reexecution(&key, record.nonce, &claim).await?;
        }
        Action::Decline(_, _) => {
            context.transactions.decline_job(&key).await?;
        }
        Action::ClaimReward(_) => {
            let job = context.read_job(key.job).await?;
            let job = job.ok_or(FactError::NoAccount { account: Address::new_from_array(key.job), what: "job" })?;
            context.transactions.claim_reward(&key, &job).await?;
        }
        Action::AskForCase(_) => {
            let Some(record) = lock(&context.attempts).get(&key).copied() else { return Ok(None) };
            let case = chain_facts::read_case(&*context.chain, AttemptLife::of_record(&record).slash_case()).await?;
            let gone = Event::CaseGone { job: key.job, attempt: key.attempt, nonce: record.nonce };
            return Ok(Some(case.as_ref().and_then(judged::case_facts).map_or(gone, Event::CaseSeen)));
        }
        Action::DropData(_) => {
            let folder = context.folders.of(&key);
            blocking(move || Ok(folder.delete()?)).await?;
        }
        Action::PauseContainer(_)
        | Action::UnpauseContainer(_)
        | Action::PauseJob(_)
        | Action::ResumeJob(_)
        | Action::ReportUsage(_)
        | Action::ClaimStream(_)
        | Action::StopJob(_)
        | Action::ExpireJob(_) => services::carry_out(context, key, action).await?,
    }
    Ok(None)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
) -> Result<T, StepError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StepError::LostThread)?
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> StepError {
    let path = path.display().to_string();
    move |source| StepError::UseFile { path, source }
}

/// The specification stored for an attempt.
///
/// # Errors
/// If there is none, or it cannot be run.
pub fn stored_spec(folder: &AttemptFolder) -> Result<JobSpec, StepError> {
    let path = folder.spec();
    let bytes = std::fs::read(&path).map_err(file_error(&path))?;
    JobSpec::parse(&bytes).map_err(|error| StepError::CannotRun { reason: error.to_string() })
}

/// Checks a specification against what the chain says of it.
///
/// # Errors
/// The first thing that does not agree.
pub fn check_spec(
    bytes: &[u8],
    spec_hash: &[u8; 32],
    image_digest: &[u8; 32],
    input_root: &[u8; 32],
) -> Result<JobSpec, SpecRefusal> {
    if sha256(&[bytes]) != *spec_hash {
        return Err(SpecRefusal::OtherSpec);
    }
    let spec = JobSpec::parse(bytes).map_err(|error| SpecRefusal::Unrunnable(error.to_string()))?;
    if spec.image.0 != *image_digest {
        return Err(SpecRefusal::Unrunnable(format!(
            "the specification names {}, the chain another image",
            spec.image
        )));
    }
    if !spec.accepts_input(input_root) {
        return Err(SpecRefusal::Unrunnable("the specification names one input, the chain another".to_owned()));
    }
    Ok(spec)
}

/// Why a specification is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SpecRefusal {
    /// These are not the bytes that the chain commits to.
    #[error("its hash is not the one on chain")]
    OtherSpec,
    /// They are, and cannot be run.
    #[error("{0}")]
    Unrunnable(String),
}

/// The most an input may hold.
pub fn input_limits() -> TreeLimits {
    TreeLimits { max_bytes: limits::INPUT_BYTES_MAX, ..TreeLimits::default() }
}

/// Unpacks a stored input; one that is there already is complete.
///
/// # Errors
/// If it is not the input that the chain commits to.
pub fn unpack_input(folder: &AttemptFolder, input_root: &[u8; 32]) -> Result<(), StepError> {
    if folder.input().is_dir() {
        return Ok(());
    }
    let path = folder.input_bundle();
    let file = File::open(&path).map_err(file_error(&path))?;
    read_bundle(BufReader::new(file), &folder.input(), input_root, input_limits())
        .map(drop)
        .map_err(|error| StepError::FetchBlobs { reason: error.to_string() })
}

/// The socket address that sixteen bytes and a port stand for.
pub fn endpoint(ip: [u8; 16], port: u16) -> SocketAddr {
    let ip = Ipv6Addr::from(ip);
    SocketAddr::new(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4), port)
}

async fn fetch(context: &Arc<Context>, key: AttemptKey) -> Result<(), StepError> {
    let account = Address::new_from_array(key.job);
    let missing = |what| FactError::NoAccount { account, what };
    let Some(record) = lock(&context.attempts).get(&key).copied() else { return Ok(()) };
    let facts = judged::read_judged(&*context.chain, AttemptLife::of_record(&record)).await?;
    let facts = facts.ok_or(missing("job, and no open slash case of it,"))?;
    let judged =
        chain_facts::read_provider(&*context.chain, facts.provider).await?.ok_or(missing("provider of the job"))?;
    let folder = context.folders.of(&key);
    folder.create()?;
    let refused = |error: proofmill_dataplane::DataError| StepError::FetchBlobs { reason: error.to_string() };
    let addr = endpoint(judged.endpoint_ip, judged.endpoint_port);
    let peer = context.data.connect(PeerAddr { key: judged.node_key, addr }).await.map_err(refused)?;
    let name = |kind| BlobName { job: key.job, attempt: key.attempt, kind };
    let spec = peer.get_bytes(&name(BlobKind::Spec), limits::SPEC_BYTES_MAX).await.map_err(refused)?;
    let checked = check_spec(&spec, &facts.spec_hash, &facts.image_digest, &facts.input_root);
    let document = checked.map_err(|refusal| match refusal {
        SpecRefusal::OtherSpec => StepError::FetchBlobs { reason: refusal.to_string() },
        SpecRefusal::Unrunnable(reason) => StepError::CannotRun { reason },
    })?;
    let input = folder.input_bundle();
    peer.get(&name(BlobKind::Input), &input, limits::INPUT_BYTES_MAX, |_, _| {}).await.map_err(refused)?;
    let root = facts.input_root;
    blocking(move || {
        std::fs::write(folder.spec(), &spec).map_err(file_error(&folder.spec()))?;
        unpack_input(&folder, &root)
    })
    .await?;
    if record.round == APPEAL_ROUND {
        // A case does not say how long the run may take; its document does.
        context.tell(Event::SpecRead(key, document.max_seconds)).await;
    }
    Ok(())
}

async fn start(context: &Arc<Context>, key: AttemptKey) -> Result<(), StepError> {
    let folder = context.folders.of(&key);
    let spec = stored_spec(&folder)?;
    let Some(record) = lock(&context.attempts).get(&key).copied() else { return Ok(()) };
    services::check_kind(context, &record, &spec)?;
    let cannot = |reason: String| StepError::CannotRun { reason };
    let image = context.engine.image(&spec.image.to_string()).await?;
    let image = image.ok_or_else(|| cannot(format!("the engine has no image {}: load it first", spec.image)))?;
    admit(&spec.image, !spec.command.is_empty(), &ImageFacts::from(&image))
        .map_err(|refusal| cannot(refusal.to_string()))?;
    if let Some(device) = context.inventory.devices.iter().find(|device| !spec.accepts_model(&device.model)) {
        return Err(cannot(format!("the job asks for another model than {:?}", device.model)));
    }
    let task = task_place(context, &record).await?;
    folder.create_output()?;

    let gpu = lease(context, key, usize::from(spec.resources.gpu_count))?;
    // A service may be topped up for as long as it lasts: no instant is its last.
    let deadline_at = if record.service { i64::MAX } else { chain_deadline(context, &key, record.max_seconds) };
    let labels = sandbox_labels(&context.claimant.identity.public(), &key, deadline_at);
    let absolute = |path: std::path::PathBuf| std::path::absolute(&path).map_err(file_error(&path));
    let paths = SandboxPaths { input_dir: absolute(folder.input())?, output_dir: absolute(folder.output())? };
    let mut body = create_body(&spec, &paths, gpu.as_ref(), &labels, &context.engine_facts, task)
        .map_err(|error| cannot(error.to_string()))?;
    let extra = body.labels.get_or_insert_default();
    extra.insert(LABEL_NONCE.to_owned(), record.nonce.to_string());
    if let Some(gpu) = &gpu {
        extra.insert(LABEL_GPUS.to_owned(), gpu.uuids.join(","));
    }
    if record.service {
        services::join_network(context, &key, deadline_at, &spec, &mut body).await?;
    }
    match context.engine.create_and_start(&context.container(&key), body).await {
        Ok(()) => {
            lock(&context.failures).remove(&key);
            Ok(())
        }
        Err(error) => {
            let failures = {
                let mut failures = lock(&context.failures);
                let count = failures.entry(key).or_insert(0);
                *count += 1;
                *count
            };
            if failures >= START_FAILURES_MAX {
                return Err(cannot(error.to_string()));
            }
            Err(error.into())
        }
    }
}

/// Where the job stands in its array, if it is a task of one: its account says so, or its slash case once that is gone.
async fn task_place(context: &Context, record: &Record) -> Result<Option<TaskPlace>, StepError> {
    let life = AttemptLife::of_record(record);
    let job = context.job(record.key.job).await?.filter(|job| job.nonce == record.nonce);
    let judged = match job {
        Some(job) => Some(judged::Judged::of_job(life.job, &job)),
        None => judged::read_judged(&*context.chain, life).await?,
    };
    // Run without its place, a task would give another result.
    let missing = FactError::NoAccount { account: life.job, what: "job, and no open slash case of it," };
    Ok(judged.ok_or(missing)?.task)
}

/// For the label that tells a reaper of another process when a container has no business running any more.
fn chain_deadline(context: &Context, key: &AttemptKey, max_seconds: u32) -> i64 {
    let jobs = lock(&context.jobs);
    let from = jobs.get(&key.job).map_or(0, |job| job.matched_at.saturating_add(i64::from(job.start_window_seconds)));
    from.saturating_add(i64::from(max_seconds))
}

/// Picks devices for an attempt and keeps them for it. A stand-in is shared: nothing is computed on it.
fn lease(context: &Context, key: AttemptKey, asked: usize) -> Result<Option<GpuBinding>, StepError> {
    if asked == 0 {
        return Ok(None);
    }
    let simulated = context.inventory.simulated;
    let driver = if simulated { GpuDriver::Simulated } else { GpuDriver::Nvidia };
    let mut leases = lock(&context.leases);
    let taken: HashSet<&String> =
        leases.iter().filter(|(holder, _)| !simulated && **holder != key).flat_map(|(_, gpus)| gpus).collect();
    let free: Vec<String> = context
        .inventory
        .devices
        .iter()
        .map(|device| &device.uuid)
        .filter(|uuid| !taken.contains(uuid))
        .take(asked)
        .cloned()
        .collect();
    if free.len() < asked {
        if context.inventory.devices.len() < asked {
            let reason = format!("{asked} devices are asked for, this machine has {}", context.inventory.devices.len());
            return Err(StepError::CannotRun { reason });
        }
        return Err(StepError::DevicesBusy { asked, free: free.len() });
    }
    leases.insert(key, free.clone());
    Ok(Some(GpuBinding { uuids: free, driver }))
}

async fn scan_outputs(context: &Arc<Context>, key: AttemptKey) -> Result<ScanResult, StepError> {
    let folder = context.folders.of(&key);
    let spec = stored_spec(&folder)?;
    let bounds =
        TreeLimits { max_bytes: spec.outputs.max_bytes, max_files: spec.outputs.max_files, ..TreeLimits::default() };
    let forge = context.config.simulate_forged_outputs && key.role == Role::Run;
    blocking(move || {
        if forge {
            forge_outputs(&folder)?;
        }
        let manifest = match scan(&folder.output(), bounds) {
            Ok(manifest) => manifest,
            // The disk's fault, or a writer that is still there: nothing is known about the output yet.
            Err(error @ (ScanError::Io { .. } | ScanError::Changed { .. } | ScanError::NotADirectory { .. })) => {
                return Err(StepError::ScanOutputs { reason: error.to_string() });
            }
            Err(error) => {
                tracing::warn!(%error, "the output is refused");
                return Ok(ScanResult::Refused);
            }
        };
        let path = folder.output_bundle();
        let partial = path.with_extension("partial");
        let mut file = BufWriter::new(File::create(&partial).map_err(file_error(&partial))?);
        write_bundle(&folder.output(), &manifest, &mut file)
            .map_err(|error| StepError::ScanOutputs { reason: error.to_string() })?;
        file.flush().map_err(file_error(&partial))?;
        file.get_ref().sync_all().map_err(file_error(&partial))?;
        std::fs::rename(&partial, &path).map_err(file_error(&path))?;
        Ok(ScanResult::Accepted {
            root: manifest.root().0,
            bytes: manifest.total_bytes(),
            files: u32::try_from(manifest.entries().len()).unwrap_or(u32::MAX),
        })
    })
    .await
}

/// What a dishonest node does, for demonstrations: the first output is changed, and everything after that is
/// consistent with it. Only a re-execution shows it.
fn forge_outputs(folder: &AttemptFolder) -> Result<(), StepError> {
    let output = folder.output();
    let mut names: Vec<_> = std::fs::read_dir(&output)
        .map_err(file_error(&output))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    names.sort();
    let victim = names.into_iter().next().unwrap_or_else(|| output.join("forged"));
    let mut bytes = std::fs::read(&victim).unwrap_or_default();
    match bytes.first_mut() {
        Some(byte) => *byte ^= 1,
        None => bytes.push(b'x'),
    }
    tracing::warn!(file = %victim.display(), "simulate_forged_outputs: the output is changed");
    std::fs::write(&victim, bytes).map_err(file_error(&victim))
}

/// How long a claim waits for the end of the log.
const LOG_PATIENCE: Duration = Duration::from_secs(5);

async fn sign(context: &Arc<Context>, key: AttemptKey, ledgered: Ledgered) -> Result<(), StepError> {
    if context.ledger.claim(&key)?.is_some() {
        return Ok(());
    }
    let folder = context.folders.of(&key);
    let claim = match key.role {
        Role::Run => {
            let ended = folder.log_ended();
            let waited = tokio::time::timeout(LOG_PATIENCE, async {
                while !ended.exists() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
            if waited.await.is_err() {
                tracing::warn!("the log has not ended; the receipt names what there is");
            }
            let account = Address::new_from_array(key.job);
            let job = context.read_job(key.job).await?.ok_or(FactError::NoAccount { account, what: "job" })?;
            let clock = context.chain.clock().await;
            let clock = clock.map_err(|source| FactError::ReadAccount { account, source })?;
            context
                .claimant
                .receipt(&key, &job, &ledgered, &folder, clock.unix_timestamp)
                .map_err(file_error(&folder.log()))?
        }
        Role::Reexecute => {
            let Some(record) = lock(&context.attempts).get(&key).copied() else { return Ok(()) };
            context.claimant.reexecution(&key, record.nonce, record.round, record.max_seconds, &ledgered)
        }
    };
    Ok(context.ledger.record_claim(&key, &claim)?)
}

/// The announced form of an address: sixteen bytes, IPv4 mapped.
pub fn announced_ip(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// Whether a provider is in a list of re-executors. What lies behind the count is left over from who was removed.
fn is_listed(list: &ExecutorList, provider: &Address) -> bool {
    list.providers.iter().take(usize::from(list.count)).any(|entry| entry == provider.as_array())
}

/// The executor list of a class, as its account address.
pub fn executor_list(class_key: &[u8; 32]) -> Address {
    address::executors(class_key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn an_announced_address_is_dialled_as_it_was_bound() {
        for text in ["127.0.0.1:4433", "[2001:db8::1]:1"] {
            let addr: SocketAddr = text.parse().unwrap();
            assert_eq!(endpoint(announced_ip(addr.ip()), addr.port()), addr);
        }
    }

    #[test]
    fn a_provider_that_was_removed_from_the_list_is_not_in_it() {
        let mut data = vec![0; ExecutorList::LEN];
        data[..8].copy_from_slice(&ExecutorList::DISCRIMINATOR);
        let mut list = ExecutorList::decode(&data).unwrap();
        let (first, second) = (Address::new_from_array([1; 32]), Address::new_from_array([2; 32]));
        list.providers[0] = first.to_bytes();
        list.providers[1] = second.to_bytes();
        list.count = 1;
        assert_eq!([first, second].map(|provider| is_listed(&list, &provider)), [true, false]);
        list.count = 2;
        assert!(is_listed(&list, &second));
    }

    #[test]
    fn only_the_committed_bytes_are_a_specification() {
        let (hash, none) = (sha256(&[b"{}"]), [0; 32]);
        assert!(matches!(check_spec(b"{}", &none, &none, &none), Err(SpecRefusal::OtherSpec)));
        assert!(matches!(check_spec(b"{}", &hash, &none, &none), Err(SpecRefusal::Unrunnable(_))));
    }

    #[test]
    fn a_specification_that_names_its_input_is_run_with_no_other() {
        let document = serde_json::json!({
            "version": 1, "name": "pinned", "image": format!("sha256:{}", "ab".repeat(32)), "max_seconds": 1,
            "resources": { "cpus_milli": 1000, "memory_mib": 64 }, "inputs": { "root": "cd".repeat(32) }
        });
        let bytes = JobSpec::parse(document.to_string().as_bytes()).unwrap().canonical_json();
        let (hash, image, input) = (sha256(&[&bytes]), [0xab; 32], [0xcd; 32]);
        assert!(check_spec(&bytes, &hash, &image, &input).is_ok());
        assert!(matches!(check_spec(&bytes, &hash, &image, &[0; 32]), Err(SpecRefusal::Unrunnable(_))));
    }
}
