//! The loop: start-up, what is watched, what is decided, the end.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use proofmill_chain::{
    Chain, ChainError, Change, Filter, KeyfileError, RpcChain, WatchOptions, read_keypair, watch_program,
};
use proofmill_client::{
    address,
    arbiter::{self, Round},
    market::{self, Bid, Job, JobArray, Provider, SlashCase},
};
use proofmill_dataplane::{DataError, Node as DataNode, NodeConfig};
use proofmill_protocol::{appeal::CaseState, job::JobState, limits::APPEAL_ROUND};
use proofmill_provider_core::{ChainNow, Cosigned, Event, Metered, Node, Phase, Record, Role};
use proofmill_sandbox::EngineFacts;
use serde::Serialize;
use solana_address::Address;
use solana_signer::Signer;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use crate::{
    arrays::{self, ArrayBook},
    bidding::Bidder,
    chain_facts::{self, FactError, JudgeBook},
    claims::Claimant,
    config::Config,
    container_log::LogBook,
    doorkeeper::Doorkeeper,
    engine::{Engine, EngineError},
    folders::{FolderError, Folders},
    identity::{self, IdentityError},
    inventory::{self, InventoryError},
    judged::{self, AttemptLife},
    ledger::{NodeLedger, NodeLedgerError},
    limits,
    metrics::{self, Gauges, phase_name},
    services::ServiceBook,
    steps::{self, Context, announced_ip, lock},
    transactions::{SendError, Transactions},
};

/// Why the node does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The node key or the data directory.
    #[error(transparent)]
    Identify(#[from] IdentityError),
    /// The operator's key.
    #[error("cannot read the operator's key: {0}")]
    ReadOperatorKey(#[from] KeyfileError),
    /// The devices.
    #[error(transparent)]
    TakeInventory(#[from] InventoryError),
    /// The engine.
    #[error(transparent)]
    UseEngine(#[from] EngineError),
    /// The ledger.
    #[error(transparent)]
    UseLedger(#[from] NodeLedgerError),
    /// The data directory.
    #[error(transparent)]
    UseFolder(#[from] FolderError),
    /// The chain.
    #[error(transparent)]
    ReadFact(#[from] FactError),
    /// The chain.
    #[error("cannot watch the chain: {0}")]
    WatchChain(#[from] ChainError),
    /// The data plane.
    #[error("cannot start the data plane: {0}")]
    BindDataPlane(#[from] DataError),
    /// A transaction at start-up.
    #[error(transparent)]
    Announce(#[from] SendError),
    /// The registration does not fit this machine.
    #[error("the provider is registered with another {what}: the owner must call update_provider")]
    RegistrationDiffers {
        /// What differs.
        what: &'static str,
    },
    /// This network refuses stand-ins.
    #[error("this network allows no simulated device")]
    SimulatedRefused,
    /// The metrics address.
    #[error("cannot serve metrics on {addr}: {source}")]
    ServeMetrics {
        /// Where.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The operating system.
    #[error("cannot wait for signals: {0}")]
    WaitSignal(#[source] std::io::Error),
}

/// The chain's clock between two readings of it.
#[derive(Clone, Copy)]
struct ChainClock {
    unix_seconds: i64,
    read_at: Instant,
}

impl ChainClock {
    fn now(&self) -> ChainNow {
        let since = self.read_at.elapsed().as_secs().cast_signed();
        ChainNow { unix_seconds: self.unix_seconds.saturating_add(since) }
    }
}

fn host_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Runs the node until SIGTERM or SIGINT; a second signal ends it at once. Containers keep running.
///
/// # Errors
/// [`ServiceError`] if it cannot start, or its ledger fails: nothing may be done that could not be recovered.
pub async fn run(config: Config, drain: bool) -> Result<(), ServiceError> {
    let identity = identity::create(&config)?;
    let operator = Arc::new(read_keypair(&config.operator_keypair)?);
    let inventory = inventory::from_config(&config.device).take()?;
    let engine = Engine::connect(&config.docker_socket).await?;
    let version = engine.version().await?;
    let folders = Folders::create(&config.data_dir)?;
    let ledger = NodeLedger::open(&config.data_dir.join("ledger.redb"))?;
    let ws_url = config.ws_url.clone().unwrap_or_default();
    let chain: Arc<dyn Chain> = Arc::new(RpcChain::new(&config.rpc_url, &ws_url));

    let market_config = address::market_config();
    let deployment = chain_facts::read_market_config(&*chain, market_config)
        .await?
        .ok_or(FactError::NoAccount { account: market_config, what: "market configuration" })?;
    if inventory.simulated && deployment.allow_simulated == 0 {
        return Err(ServiceError::SimulatedRefused);
    }
    let me = address::provider(&config.owner);
    let registered = chain_facts::read_provider(&*chain, me)
        .await?
        .ok_or(FactError::NoAccount { account: me, what: "provider: the owner must call register_provider" })?;
    check_registration(&registered, &identity.public(), &operator.pubkey(), &inventory)?;

    let data = DataNode::bind(NodeConfig::offline(identity.secret(), config.bind_addr)).await?;
    let listening = data.local_addr();
    let transactions = Transactions::new(chain.clone(), ledger.clone(), operator, config.owner);
    let (events, inbox) = mpsc::channel(limits::EVENTS_MAX);
    let claimant = Claimant {
        provider: me,
        domain: deployment.domain,
        class_key: inventory.class_key,
        env_hash: inventory::env_hash(&inventory.driver, &version.version, &version.kernel),
        gpu_set_hash: inventory.gpu_set_hash,
        gpu_count: inventory.count(),
        simulated: inventory.simulated,
        identity,
    };
    let engine_facts = EngineFacts {
        use_init: false,
        cgroup_v2: std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists(),
        ..EngineFacts::default()
    };
    let records = ledger.records()?;
    let node = Node::restore(records.iter().copied(), i64::from(config.retention_seconds));
    let attempts = records.iter().map(|record| (record.key, *record)).collect();
    let context = Arc::new(Context {
        config,
        claimant,
        chain,
        transactions,
        ledger,
        engine,
        engine_facts,
        folders,
        logs: LogBook::default(),
        judges: JudgeBook::default(),
        inventory,
        data,
        events,
        jobs: Mutex::default(),
        cases: Mutex::default(),
        leases: Mutex::default(),
        watched: Mutex::default(),
        failures: Mutex::default(),
        services: ServiceBook::default(),
        attempts: Mutex::new(attempts),
    });
    let clock = context.chain.clock().await?;
    context.services.set_clock(clock.unix_timestamp);
    let mut service = Service {
        context: context.clone(),
        node,
        clock: ChainClock { unix_seconds: clock.unix_timestamp, read_at: Instant::now() },
        gauges: Arc::default(),
        rounds: HashMap::new(),
        listed_at: Instant::now(),
        bidder: Bidder::default(),
        bids: HashMap::new(),
        arrays: ArrayBook::default(),
        taking: Arc::default(),
        listening,
    };
    service.reconcile().await?;
    context.data.serve(Arc::new(Doorkeeper::new(context.clone())))?;
    service.announce(&registered).await?;
    if let Some(addr) = context.config.metrics_addr {
        metrics::serve(addr, context.clone(), service.gauges.clone())
            .await
            .map_err(|source| ServiceError::ServeMetrics { addr, source })?;
    }
    println!("listening {listening} key {}", hex::encode(context.claimant.identity.public()));
    service.follow(inbox, drain).await
}

fn check_registration(
    registered: &Provider,
    node_key: &[u8; 32],
    operator: &Address,
    inventory: &inventory::Inventory,
) -> Result<(), ServiceError> {
    let differs = |what| Err(ServiceError::RegistrationDiffers { what });
    if registered.node_key != *node_key {
        return differs("node key");
    }
    if registered.operator != *operator {
        return differs("operator");
    }
    if registered.class_key != inventory.class_key {
        return differs("hardware class");
    }
    if (registered.simulated != 0) != inventory.simulated {
        return differs("kind of device");
    }
    Ok(())
}

/// The node's key cannot appeal, its owner can: the log says how, and until when.
fn report_case(at: &Address, case: &SlashCase) {
    let (job, amount, bond) = (case.job, case.remaining, case.bond);
    match CaseState::from_code(case.state) {
        Some(CaseState::Open) => tracing::warn!(
            case = %at, %job, amount, until = case.due_at,
            "a verdict slashes this provider; if the receipt is true, the owner may appeal: proofmill stake appeal {at}"
        ),
        Some(CaseState::Appealed) => tracing::info!(
            case = %at, %job, amount, bond, until = case.decide_by, "under appeal: keep this node up for the judges"
        ),
        Some(CaseState::Upheld) => tracing::warn!(case = %at, %job, amount, "the appeal is lost"),
        Some(CaseState::Returned) => tracing::info!(case = %at, %job, "the appeal is won, all of it is returned"),
        Some(CaseState::Taken) | None => tracing::info!(case = %at, %job, "nothing more can be said against the slash"),
    }
}

/// Announces this provider again if it was taken off the market for a start that it missed (docs/adr/0016): it is here.
async fn keep_announced(context: &Context, listening: SocketAddr) {
    let taken_off = match chain_facts::read_provider(&*context.chain, context.me()).await {
        Ok(registered) => registered.is_some_and(|registered| registered.active == 0),
        Err(error) => return tracing::warn!(%error, "the registration is not read"),
    };
    if !taken_off {
        return;
    }
    match context.transactions.announce(announced_ip(listening.ip()), listening.port(), true).await {
        Ok(_) => {
            tracing::warn!("a start was missed, and this provider was taken off the market; it is announced again")
        }
        Err(error) => tracing::warn!(%error, "this provider is off the market and not announced"),
    }
}

struct Service {
    context: Arc<Context>,
    node: Node,
    clock: ChainClock,
    gauges: Arc<Gauges>,
    /// Rounds by account, so that a removed account is known by its job, attempt and index.
    rounds: HashMap<Address, ([u8; 32], u16, u8)>,
    /// When the list of re-executors was last looked at.
    listed_at: Instant,
    bidder: Bidder,
    /// Our bids whose rent is still out.
    bids: HashMap<Address, Bid>,
    arrays: ArrayBook,
    /// Held while tasks are being taken: what is read about our room is only true for one at a time.
    taking: Arc<tokio::sync::Mutex<()>>,
    listening: SocketAddr,
}

#[derive(Serialize)]
struct Status<'a> {
    listening: String,
    node_key: String,
    provider: String,
    simulated: bool,
    resident_bytes: u64,
    attempts: Vec<AttemptStatus<'a>>,
}

#[derive(Serialize)]
struct AttemptStatus<'a> {
    job: String,
    attempt: u16,
    role: Role,
    phase: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceStatus>,
}

#[derive(Serialize)]
struct ServiceStatus {
    healthy: bool,
    paused: bool,
    usage_ms: u64,
    usage_at: i64,
}

impl Service {
    fn handle(&mut self, event: Event) -> Result<(), ServiceError> {
        for action in self.node.handle(self.clock.now(), event) {
            steps::perform(&self.context, action)?;
        }
        Ok(())
    }

    /// Brings what was persisted together with what there is: recorded claims, then containers, then blobs. Chain
    /// accounts follow from the watchers.
    async fn reconcile(&mut self) -> Result<(), ServiceError> {
        let transactions = self.context.transactions.clone();
        tokio::spawn(async move { transactions.resume().await });
        let node_key = self.context.claimant.identity.public();
        let containers = self.context.engine.containers(&node_key).await?;
        let known: Vec<_> = self.node.records().copied().collect();
        for found in containers {
            let ours = known.iter().find(|record| record.key == found.key && record.nonce == found.nonce);
            match ours {
                Some(record) if record.may_have_container() => {
                    if !found.gpus.is_empty() {
                        lock(&self.context.leases).insert(found.key, found.gpus);
                    }
                }
                _ => {
                    // Of a ledger that is lost, or of another life of the address: nothing recoverable depends on it.
                    tracing::warn!(container = self.context.container(&found.key), "removing a container nobody knows");
                    self.context.engine.remove(&self.context.container(&found.key)).await?;
                }
            }
        }
        // What a node that was killed between the two removals has left.
        for network in self.context.engine.networks(&node_key).await? {
            let of_service = |record: &&Record| record.service && self.context.container(&record.key) == network;
            if !known.iter().any(|record| of_service(&record) && record.may_have_container())
                && let Err(error) = self.context.engine.remove_network(&network).await
            {
                tracing::warn!(network, %error, "a network nobody knows is not removed");
            }
        }
        for record in known {
            if record.service
                && let Some(usage) = self.context.ledger.usage(&record.key)?
                && usage.nonce == record.nonce
            {
                let cosigned = Cosigned { usage_ms: usage.usage_ms, measured_at: usage.measured_at };
                self.handle(Event::UsageCosigned(record.key, cosigned))?;
            }
            if self.context.ledger.claim(&record.key)?.is_some() {
                self.handle(Event::ReceiptRecorded(record.key))?;
            }
            if record.may_have_container() {
                let context = self.context.clone();
                tokio::spawn(async move { context.look(record.key).await });
            }
            let folder = self.context.folders.of(&record.key);
            if folder.has_blobs() {
                // The node may have died between storing the document and hearing what it says.
                if record.round == APPEAL_ROUND
                    && let Ok(spec) = steps::stored_spec(&folder)
                {
                    self.handle(Event::SpecRead(record.key, spec.max_seconds))?;
                }
                self.handle(Event::BlobsReady(record.key))?;
            }
        }
        Ok(())
    }

    async fn announce(&self, registered: &Provider) -> Result<(), ServiceError> {
        let (ip, port) = (announced_ip(self.listening.ip()), self.listening.port());
        if registered.endpoint_ip != ip || registered.endpoint_port != port || registered.active == 0 {
            self.context.transactions.announce(ip, port, true).await?;
        }
        self.context.keep_listed().await;
        Ok(())
    }

    fn watch(
        &self,
        program: Address,
        offset: usize,
        bytes: &[u8],
        cancel: &CancellationToken,
    ) -> Result<mpsc::Receiver<Change>, ServiceError> {
        let base = match &self.context.config.ws_url {
            Some(url) => WatchOptions::new(program, url),
            None => WatchOptions::poll_only(program),
        };
        let options = base.filter(Filter::Memcmp { offset, bytes: bytes.to_vec() }).poll_every(limits::POLL);
        Ok(watch_program(self.context.chain.clone(), options, cancel.clone())?)
    }

    async fn follow(mut self, mut inbox: mpsc::Receiver<Event>, drain: bool) -> Result<(), ServiceError> {
        let cancel = CancellationToken::new();
        let me = self.context.me();
        let mut jobs = self.watch(market::ID, Job::OFFSET_PROVIDER, me.as_ref(), &cancel)?;
        let mut cases = self.watch(market::ID, SlashCase::OFFSET_PROVIDER, me.as_ref(), &cancel)?;
        let mut rounds = self.watch(arbiter::ID, Round::OFFSET_EXECUTOR, me.as_ref(), &cancel)?;
        // Without bidding nothing is watched, and the closed channel is never asked again.
        let mut auctions = match self.context.config.bidding {
            Some(_) => Some(self.watch(market::ID, Job::OFFSET_STATE, &[JobState::Open as u8], &cancel)?),
            None => None,
        };
        let mut bids = self.watch(market::ID, Bid::OFFSET_PROVIDER, me.as_ref(), &cancel)?;
        let mut arrays = match self.context.config.arrays {
            true => Some(self.watch(market::ID, 0, &JobArray::DISCRIMINATOR, &cancel)?),
            false => None,
        };
        let mut terminate = signal(SignalKind::terminate()).map_err(ServiceError::WaitSignal)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(ServiceError::WaitSignal)?;
        let mut tick = tokio::time::interval(limits::TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut polled_at = Instant::now() - limits::POLL;
        loop {
            tokio::select! {
                Some(event) = inbox.recv() => {
                    if let Event::ReceiptRecorded(key) = event {
                        let counter = match key.role {
                            Role::Run => &self.gauges.receipts_total,
                            Role::Reexecute => &self.gauges.reexecutions_total,
                        };
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                    self.handle(event)?;
                }
                Some(change) = jobs.recv() => self.job_changed(change)?,
                Some(change) = cases.recv() => self.case_changed(change)?,
                Some(change) = rounds.recv() => self.round_changed(change),
                Some(change) = async { match auctions.as_mut() { Some(all) => all.recv().await, None => None } },
                    if auctions.is_some() => self.auction_changed(change),
                Some(change) = bids.recv() => self.bid_changed(change),
                Some(change) = async { match arrays.as_mut() { Some(all) => all.recv().await, None => None } },
                    if arrays.is_some() => self.array_changed(change),
                _ = tick.tick() => {
                    if polled_at.elapsed() >= limits::POLL {
                        polled_at = Instant::now();
                        self.poll().await;
                    }
                    self.handle(Event::Tick { host_ms: host_ms() })?;
                }
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        tracing::info!("stopping; containers keep running");
        cancel.cancel();
        let last = async {
            if drain {
                let (ip, port) = (announced_ip(self.listening.ip()), self.listening.port());
                if let Err(error) = self.context.transactions.announce(ip, port, false).await {
                    tracing::warn!(%error, "the chain still says that jobs are taken here");
                }
            }
            self.context.data.close().await;
        };
        tokio::select! {
            () = last => {}
            _ = terminate.recv() => tracing::warn!("told to stop twice: ending at once"),
            _ = interrupt.recv() => tracing::warn!("told to stop twice: ending at once"),
        }
        Ok(())
    }

    /// What no event tells: the clock, containers that were expected, jobs that left the watchers' view.
    async fn poll(&mut self) {
        match self.context.chain.clock().await {
            Ok(clock) => {
                self.clock = ChainClock { unix_seconds: clock.unix_timestamp, read_at: Instant::now() };
                self.context.services.set_clock(clock.unix_timestamp);
                let seconds = clock.unix_timestamp.max(0).cast_unsigned();
                self.gauges.chain_unix_seconds.store(seconds, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(%error, "the chain's clock is not read"),
        }
        for record in self.node.records() {
            if matches!(
                record.phase,
                Phase::Starting | Phase::Running { .. } | Phase::Serving { .. } | Phase::Closing { .. }
            ) {
                let (context, key) = (self.context.clone(), record.key);
                tokio::spawn(async move { context.look(key).await });
            }
        }
        for (address, bid) in self.bids.clone() {
            let context = self.context.clone();
            tokio::spawn(async move { context.take_back(address, bid).await });
        }
        if self.listed_at.elapsed() >= limits::REJOIN_EVERY {
            self.listed_at = Instant::now();
            let (context, listening) = (self.context.clone(), self.listening);
            tokio::spawn(async move {
                keep_announced(&context, listening).await;
                context.keep_listed().await;
            });
        }
        self.take_tasks();
        self.write_status();
    }

    fn array_changed(&mut self, change: Change) {
        match change {
            Change::Updated(account) => {
                if let Ok(array) = JobArray::decode(&account.data) {
                    self.arrays.see(account.address, &array);
                }
            }
            Change::Removed { address, .. } => self.arrays.forget(&address),
            Change::Synced { .. } => self.take_tasks(),
            Change::Disconnected { reason } => tracing::warn!(reason, "the view of the chain may be late"),
        }
    }

    /// Takes tasks of open arrays, beside the loop, one array after the other.
    fn take_tasks(&mut self) {
        let open = self.arrays.open(self.clock.now().unix_seconds);
        // Somebody is at it: the next poll comes soon.
        let Ok(turn) = self.taking.clone().try_lock_owned() else { return };
        if open.is_empty() {
            return;
        }
        let context = self.context.clone();
        tokio::spawn(async move {
            for (account, _) in open {
                if let Err(error) = arrays::take(&context, account).await {
                    tracing::warn!(array = %account, %error, "no task is taken");
                }
            }
            drop(turn);
        });
    }

    fn case_changed(&mut self, change: Change) -> Result<(), ServiceError> {
        match change {
            Change::Updated(account) => {
                // The same bytes at this place in an account of another kind.
                let Ok(case) = SlashCase::decode(&account.data) else { return Ok(()) };
                let before = lock(&self.context.cases).insert(account.address, case);
                let gone = Event::CaseGone { job: case.job.to_bytes(), attempt: case.attempt, nonce: case.nonce };
                self.handle(judged::case_facts(&case).map_or(gone, Event::CaseSeen))?;
                if before.is_none_or(|before| before.state != case.state) {
                    report_case(&account.address, &case);
                }
            }
            Change::Removed { address, .. } => {
                let removed = lock(&self.context.cases).remove(&address);
                if let Some(case) = removed {
                    let (job, attempt, nonce) = (case.job.to_bytes(), case.attempt, case.nonce);
                    self.handle(Event::CaseGone { job, attempt, nonce })?;
                }
            }
            Change::Synced { .. } => {}
            Change::Disconnected { reason } => tracing::warn!(reason, "the view of the chain may be late"),
        }
        Ok(())
    }

    fn bid_changed(&mut self, change: Change) {
        match change {
            Change::Updated(account) => {
                if let Ok(bid) = Bid::decode(&account.data) {
                    self.bids.insert(account.address, bid);
                }
            }
            Change::Removed { address, .. } => {
                self.bids.remove(&address);
            }
            Change::Synced { .. } | Change::Disconnected { .. } => {}
        }
    }

    fn job_changed(&mut self, change: Change) -> Result<(), ServiceError> {
        match change {
            Change::Updated(account) => match Job::decode(&account.data) {
                Ok(job) => {
                    lock(&self.context.jobs).insert(account.address.to_bytes(), job);
                    if let Some(facts) = chain_facts::job_facts(&account.address, &job, &self.context.me()) {
                        self.handle(Event::JobSeen(facts))?;
                    }
                }
                // The same bytes at this place in an account of another kind.
                Err(error) => tracing::debug!(account = %account.address, %error, "not a job"),
            },
            Change::Removed { address, .. } => {
                // Gone, or no longer ours: the account itself says which.
                let context = self.context.clone();
                tokio::spawn(async move { context.refresh(address.to_bytes()).await });
            }
            Change::Synced { .. } => {
                self.gauges.ready.store(true, Ordering::Relaxed);
                let seen: HashSet<[u8; 32]> = lock(&self.context.jobs).keys().copied().collect();
                let unseen: Vec<[u8; 32]> = self
                    .node
                    .records()
                    .filter(|record| record.is_live() && record.key.role == Role::Run)
                    .map(|record| record.key.job)
                    .filter(|job| !seen.contains(job))
                    .collect();
                for job in unseen {
                    let context = self.context.clone();
                    tokio::spawn(async move { context.refresh(job).await });
                }
            }
            Change::Disconnected { reason } => tracing::warn!(reason, "the view of the chain may be late"),
        }
        Ok(())
    }

    fn round_changed(&mut self, change: Change) {
        match change {
            Change::Updated(account) => {
                let Ok(round) = Round::decode(&account.data) else { return };
                self.rounds.insert(account.address, (round.job.to_bytes(), round.attempt, round.index));
                let context = self.context.clone();
                tokio::spawn(async move {
                    match judged::read_judged(&*context.chain, AttemptLife::of_round(&round)).await {
                        Ok(Some(judged)) => {
                            let facts = chain_facts::round_facts(&round, judged.max_seconds);
                            context.tell(Event::RoundSeen(facts)).await;
                        }
                        Ok(None) => {}
                        Err(error) => tracing::warn!(%error, "a round is not taken note of"),
                    }
                });
            }
            Change::Removed { address, .. } => {
                if let Some((job, attempt, round)) = self.rounds.remove(&address) {
                    let context = self.context.clone();
                    tokio::spawn(async move { context.tell(Event::RoundGone { job, attempt, round }).await });
                }
            }
            Change::Synced { .. } => {
                // A re-execution whose round was closed while this node was away.
                let seen: HashSet<([u8; 32], u16, u8)> = self.rounds.values().copied().collect();
                for record in self.node.records() {
                    let (job, attempt, round) = (record.key.job, record.key.attempt, record.round);
                    if record.is_live() && record.key.role == Role::Reexecute && !seen.contains(&(job, attempt, round))
                    {
                        let context = self.context.clone();
                        tokio::spawn(async move { context.tell(Event::RoundGone { job, attempt, round }).await });
                    }
                }
            }
            Change::Disconnected { reason } => tracing::warn!(reason, "the view of the chain may be late"),
        }
    }

    fn auction_changed(&mut self, change: Change) {
        let (Change::Updated(account), Some(rule)) = (change, self.context.config.bidding) else { return };
        let Ok(job) = Job::decode(&account.data) else { return };
        let services = self.context.config.services;
        if !self.bidder.wants(&rule, services, &account.address, &job, self.clock.now().unix_seconds) {
            return;
        }
        let context = self.context.clone();
        tokio::spawn(async move {
            match context.transactions.place_bid(account.address, &rule.mint, rule.price_per_second).await {
                Ok(_) => tracing::info!(job = %account.address, price = rule.price_per_second, "bid placed"),
                Err(error) => tracing::info!(job = %account.address, %error, "no bid placed"),
            }
        });
    }

    fn service_status(&self, record: &Record) -> Option<ServiceStatus> {
        let sight = lock(&self.context.services.sights).get(&record.key).copied();
        let Metered { usage_ms, usage_at } = match record.phase {
            Phase::Serving { metered, .. } | Phase::Closing { metered } => metered,
            _ => Metered::default(),
        };
        let healthy = sight.is_some_and(|sight| sight.healthy);
        let paused = sight.is_some_and(|sight| sight.paused);
        record.service.then_some(ServiceStatus { healthy, paused, usage_ms, usage_at })
    }

    fn write_status(&self) {
        let attempts = self
            .node
            .records()
            .map(|record| AttemptStatus {
                job: Address::new_from_array(record.key.job).to_string(),
                attempt: record.key.attempt,
                role: record.key.role,
                phase: phase_name(&record.phase),
                service: self.service_status(record),
            })
            .collect();
        let status = Status {
            listening: self.listening.to_string(),
            node_key: hex::encode(self.context.claimant.identity.public()),
            provider: self.context.me().to_string(),
            simulated: self.context.inventory.simulated,
            resident_bytes: metrics::resident_bytes().unwrap_or(0),
            attempts,
        };
        let path = self.context.config.data_dir.join("status.json");
        let partial = path.with_extension("partial");
        let written = serde_json::to_vec_pretty(&status)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(&partial, bytes))
            .and_then(|()| std::fs::rename(&partial, &path));
        if let Err(error) = written {
            tracing::warn!(%error, "status.json is not written");
        }
    }
}
