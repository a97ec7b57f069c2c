//! Ties watching, judging and cranking together until SIGTERM.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use proofmill_chain::{Chain, ChainError, Change, Filter, RpcChain, Sender, WatchOptions, watch_program};
use proofmill_client::{address, arbiter, market};
use proofmill_dataplane::{DataError, Node, NodeConfig};
use proofmill_ledger::{Ledger, LedgerError};
use proofmill_oracle_core::{Answer, Crank, Facts, Pacer, crank, rank};
use proofmill_protocol::{limits::SETS_KEPT, quorum::Phase};
use solana_address::Address;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;

use crate::{
    bench::{Bench, Seat},
    config::Config,
    crankshaft::{CrankError, Crankshaft, Sets, Subject, members_of},
    drand::{DrandError, DrandNetwork},
    evidence::Fetcher,
    exchange::{Exchange, endpoint_of},
    heartbeat::Prober,
    identity::{self, IdentityError},
    journal::Journal,
    limits::{ANNOUNCE_EVERY, CONFIG_EVERY, CRANKS_MAX, DOWNLOADS_MAX, OLD_SETS, SEATS_MAX, STOP_WITHIN},
    metrics::{self, Metrics, ServeMetricsError},
    mirror::{self, Mirror, ROUND_OPEN, Watched},
    roots::Roots,
    services::{Looker, Seen},
};

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The keys.
    #[error(transparent)]
    LoadIdentity(#[from] IdentityError),
    /// The ledger.
    #[error("cannot open the ledger: {0}")]
    OpenLedger(#[from] LedgerError),
    /// The data directory.
    #[error("cannot prepare {}: {source}; check data_dir", path.display())]
    PrepareData {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The data plane.
    #[error("cannot start the data plane: {0}; check bind_addr")]
    BindNode(#[from] DataError),
    /// The numbers.
    #[error(transparent)]
    ServeMetrics(#[from] ServeMetricsError),
    /// The drand network's URLs.
    #[error(transparent)]
    UseDrand(#[from] DrandError),
    /// The watchers.
    #[error("cannot watch the programs: {0}")]
    Watch(#[source] ChainError),
    /// What earlier runs left in the outbox.
    #[error("cannot read the outbox: {0}")]
    ResumeOutbox(#[source] ChainError),
    /// Signals.
    #[error("cannot listen for signals: {0}")]
    ListenForSignals(#[source] std::io::Error),
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// Something that is needed at the start is missing. Afterwards trouble is waited out, and told in the log.
pub async fn run(config: Config) -> Result<(), DaemonError> {
    let stop = CancellationToken::new();
    let mut terminated = signal(SignalKind::terminate()).map_err(DaemonError::ListenForSignals)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(DaemonError::ListenForSignals)?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
            stop.cancel();
        }
    });
    serve(config, stop).await
}

/// Runs until `stop`.
///
/// # Errors
/// As [`run`].
pub async fn serve(config: Config, stop: CancellationToken) -> Result<(), DaemonError> {
    let identity = Arc::new(identity::load(&config)?);
    prepare(&config)?;
    let journal = Journal::new(Ledger::open(&config.ledger_path())?);
    let node = Node::bind(NodeConfig::offline(identity.vote_secret(), config.bind_addr)).await?;
    let exchange = Exchange::new(config.exchange_dir());
    node.serve(Arc::new(exchange.clone()))?;
    let reached_at = config.announce_addr.unwrap_or_else(|| node.local_addr());
    let metrics = Arc::new(Metrics::default());
    let metrics_addr = match config.metrics_addr {
        Some(addr) => Some(metrics::serve(addr, metrics.clone(), stop.clone()).await?),
        None => None,
    };
    let chain: Arc<dyn Chain> = Arc::new(RpcChain::new(&config.rpc_url, &config.ws_url));
    let sender = Sender::new(chain.clone(), Arc::new(journal.clone()));
    let changes = watch(&chain, &config, &stop).map_err(DaemonError::Watch)?;
    let fetcher = Fetcher::new(chain.clone(), node.clone(), config.scratch_dir(), DOWNLOADS_MAX);
    tracing::info!(
        validator = %identity.validator_address(),
        delegate = %identity.delegate_address(),
        vote_key = hex::encode(identity.vote_key()),
        data_plane = %node.local_addr(),
        metrics = ?metrics_addr,
        crank = config.crank,
        "the validator runs"
    );
    // Settled beside everything else: an attestation that is resent waits for the same entry.
    let resumed = tokio::spawn(resume(sender.clone()));
    let mirror = Arc::new(RwLock::new(Mirror::of(identity.validator_address().to_bytes())));
    let drand = DrandNetwork::new(&config.drand_urls)?;
    let witnessing = Witnessing { chain: &chain, mirror: &mirror, node: &node, journal: &journal, exchange: &exchange };
    let mut watching = witnessing.start(&config, &identity, &metrics, &stop);
    let bench = Bench {
        mirror: mirror.clone(),
        fetcher: fetcher.clone(),
        journal,
        sender,
        exchange,
        node: node.clone(),
        identity: identity.clone(),
        metrics: metrics.clone(),
    };
    let mut daemon = Daemon {
        crankshaft: config.crank.then(|| Crankshaft::new(chain.clone(), fetcher, identity.clone(), drand)),
        chain,
        validator: identity.validator_address(),
        mirror,
        metrics,
        bench,
        sets: Sets::default(),
        pacer: Pacer::default(),
        began: Instant::now(),
        configs_read_at: None,
        // An unspecified address is none that a peer can dial.
        endpoint: (!reached_at.ip().is_unspecified()).then(|| endpoint_of(reached_at)),
        announced_at: None,
        seats: BTreeSet::new(),
        sitting: JoinSet::new(),
        turning: JoinSet::new(),
    };
    daemon.work(changes, Duration::from_millis(config.poll_ms), &stop).await;
    tracing::info!("stopping");
    watching.abort_all();
    daemon.sitting.abort_all();
    daemon.turning.abort_all();
    resumed.abort();
    // What is aborted here is recorded: the next start takes it up.
    if tokio::time::timeout(STOP_WITHIN, node.close()).await.is_err() {
        tracing::warn!("the data plane did not close in time");
    }
    Ok(())
}

/// What heartbeats and roots share with the rest.
struct Witnessing<'a> {
    chain: &'a Arc<dyn Chain>,
    mirror: &'a Arc<RwLock<Mirror>>,
    node: &'a Node,
    journal: &'a Journal,
    exchange: &'a Exchange,
}

impl Witnessing<'_> {
    /// Asks for heartbeats, looks at services and works on roots, beside everything else.
    fn start(
        &self,
        config: &Config,
        identity: &Arc<identity::Identity>,
        metrics: &Arc<Metrics>,
        stop: &CancellationToken,
    ) -> JoinSet<()> {
        let seen = Seen::default();
        let prober = Prober {
            mirror: self.mirror.clone(),
            chain: self.chain.clone(),
            node: self.node.clone(),
            journal: self.journal.clone(),
            identity: identity.clone(),
            metrics: metrics.clone(),
            config: config.clone(),
        };
        let looker = Looker {
            mirror: self.mirror.clone(),
            node: self.node.clone(),
            journal: self.journal.clone(),
            metrics: metrics.clone(),
            seen: seen.clone(),
        };
        let roots = Roots {
            mirror: self.mirror.clone(),
            chain: self.chain.clone(),
            sender: Sender::new(self.chain.clone(), Arc::new(proofmill_chain::MemoryOutbox::default())),
            node: self.node.clone(),
            journal: self.journal.clone(),
            exchange: self.exchange.clone(),
            identity: identity.clone(),
            metrics: metrics.clone(),
            seen,
            config: config.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(prober.run(stop.clone()));
        tasks.spawn(looker.run(stop.clone()));
        tasks.spawn(roots.run(stop.clone()));
        tasks
    }
}

fn prepare(config: &Config) -> Result<(), DaemonError> {
    let failed = |path: PathBuf| move |source| DaemonError::PrepareData { path, source };
    for emptied in [config.scratch_dir(), config.exchange_dir()] {
        if emptied.exists() {
            fs::remove_dir_all(&emptied).map_err(failed(emptied.clone()))?;
        }
        fs::create_dir_all(&emptied).map_err(failed(emptied))?;
    }
    Ok(())
}

async fn resume(sender: Sender) {
    match sender.resume().await {
        Ok(settled) => {
            for entry in settled {
                let effect = String::from_utf8_lossy(&entry.key).into_owned();
                match entry.outcome {
                    Ok(confirmed) => tracing::info!(effect, slot = confirmed.slot, "left pending, now on chain"),
                    Err(error) => tracing::info!(effect, %error, "left pending, without effect"),
                }
            }
        }
        Err(error) => {
            let error = DaemonError::ResumeOutbox(error);
            tracing::error!(%error, "attestations on record are sent again as their rounds come up");
        }
    }
}

fn watch(
    chain: &Arc<dyn Chain>,
    config: &Config,
    stop: &CancellationToken,
) -> Result<mpsc::Receiver<(Watched, Change)>, ChainError> {
    let (into, changes) = mpsc::channel(proofmill_chain::bounds::WATCH_CAPACITY);
    let poll = Duration::from_millis(config.poll_ms);
    for watched in Watched::ALL {
        let pause = poll.saturating_mul(watched.poll_factor());
        let filter = Filter::Memcmp { offset: 0, bytes: watched.discriminator().to_vec() };
        let options = WatchOptions::new(watched.program(), &config.ws_url).filter(filter).poll_every(pause);
        let mut receiver = watch_program(chain.clone(), options, stop.clone())?;
        let into = into.clone();
        tokio::spawn(async move {
            while let Some(change) = receiver.recv().await {
                if into.send((watched, change)).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(changes)
}

struct Daemon {
    chain: Arc<dyn Chain>,
    validator: Address,
    mirror: Arc<RwLock<Mirror>>,
    metrics: Arc<Metrics>,
    bench: Bench,
    crankshaft: Option<Crankshaft>,
    sets: Sets,
    pacer: Pacer,
    began: Instant,
    configs_read_at: Option<Instant>,
    /// Where peers reach this node, as the roster is to say.
    endpoint: Option<[u8; 18]>,
    announced_at: Option<Instant>,
    /// Seats taken up, or found not to be ours.
    seats: BTreeSet<(Address, u64)>,
    sitting: JoinSet<()>,
    turning: JoinSet<(Address, Crank, Result<(), CrankError>)>,
}

impl Daemon {
    async fn work(&mut self, mut changes: mpsc::Receiver<(Watched, Change)>, poll: Duration, stop: &CancellationToken) {
        let mut tick = tokio::time::interval(poll);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                change = changes.recv() => {
                    let Some((watched, change)) = change else { return };
                    self.apply(watched, change);
                    // What came with it is taken in together.
                    while let Ok((watched, change)) = changes.try_recv() {
                        self.apply(watched, change);
                    }
                }
                // A node that hangs must not keep the daemon from stopping.
                _ = tick.tick() => if stop.run_until_cancelled(self.read()).await.is_none() { return },
                Some(ended) = self.turning.join_next() => self.ended(ended),
                Some(_) = self.sitting.join_next() => {}
            }
            if stop.run_until_cancelled(self.take_seats()).await.is_none() {
                return;
            }
            self.turn_cranks();
        }
    }

    fn apply(&self, watched: Watched, change: Change) {
        // Poisoned means that a reader died while reading: what is written is whole.
        self.mirror.write().unwrap_or_else(std::sync::PoisonError::into_inner).apply(watched, change);
    }

    fn mirror(&self) -> std::sync::RwLockReadGuard<'_, Mirror> {
        self.mirror.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reads the clock, and now and then the configurations.
    async fn read(&mut self) {
        match self.chain.clock().await {
            Ok(time) => {
                self.mirror.write().unwrap_or_else(std::sync::PoisonError::into_inner).set_clock(time);
            }
            Err(error) => tracing::warn!(%error, "the chain's clock cannot be read; nothing is decided without it"),
        }
        if self.configs_read_at.is_none_or(|at| at.elapsed() >= CONFIG_EVERY) {
            match self.read_configs().await {
                Ok(true) => {
                    self.configs_read_at = Some(Instant::now());
                    self.announce();
                }
                Ok(false) => tracing::info!("the programs are not initialised yet"),
                Err(error) => tracing::warn!(%error, "the configurations cannot be read"),
            }
        }
        let (sizes, now, ready) = {
            let mirror = self.mirror();
            (mirror.sizes(), mirror.now(), mirror.ready())
        };
        self.metrics.mirror(sizes.0, sizes.1, now, ready);
    }

    /// Whether all of them are there.
    async fn read_configs(&mut self) -> Result<bool, ChainError> {
        let asked = [address::market_config(), address::arbiter_config(), address::roster(), address::drand()];
        let found = self.chain.accounts(&asked).await?;
        let mut data = found.into_iter().map(|account| account.map(|account| account.data).unwrap_or_default());
        let market = data.next().and_then(|data| market::Config::decode(&data).ok());
        let arbiter = data.next().and_then(|data| arbiter::ArbiterConfig::decode(&data).ok());
        let roster = data.next().and_then(|data| arbiter::Roster::decode(&data).ok());
        let drand = data.next().and_then(|data| arbiter::DrandConfig::decode(&data).ok());
        let set = match arbiter.as_ref() {
            Some(config) if config.epoch > 0 => self.sets.read(&*self.chain, config.epoch).await?,
            _ => None,
        };
        let mut sets = BTreeMap::new();
        let epoch = arbiter.as_ref().map_or(0, |config| config.epoch);
        for epoch in [epoch.saturating_sub(1), epoch].into_iter().filter(|epoch| *epoch > 0) {
            // Signatures on roots weigh by the set of their epoch, which may be the one before.
            if let Some(set) = self.sets.read(&*self.chain, epoch).await? {
                sets.insert(epoch, set);
            }
        }
        let old_sets = self.old_sets(arbiter.as_ref().map_or(0, |config| config.epoch)).await?;
        let complete = market.is_some() && arbiter.is_some();
        let mut mirror = self.mirror.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        (mirror.market, mirror.arbiter) = (market, arbiter);
        mirror.drand = drand;
        mirror.witnessed.sets = sets;
        mirror.roster = roster.map(Arc::new);
        mirror.members = set.map_or_else(|| mirror.roster_members(), |set| members_of(&set));
        mirror.old_sets = old_sets;
        Ok(complete)
    }

    /// Sets that nobody needs any more and nobody has closed, with who paid for them.
    async fn old_sets(&self, epoch: u32) -> Result<BTreeMap<u32, Address>, ChainError> {
        let newest = epoch.saturating_sub(SETS_KEPT.saturating_add(1));
        let epochs: Vec<u32> =
            (newest.saturating_sub(OLD_SETS).saturating_add(1)..=newest).filter(|e| *e > 0).collect();
        if epochs.is_empty() {
            return Ok(BTreeMap::new());
        }
        let asked: Vec<Address> = epochs.iter().map(|epoch| address::validator_set(*epoch)).collect();
        let found = self.chain.accounts(&asked).await?;
        let sets = epochs.into_iter().zip(found).filter_map(|(epoch, account)| {
            let set = arbiter::ValidatorSet::decode(&account?.data).ok()?;
            Some((epoch, set.rent_payer))
        });
        Ok(sets.collect())
    }

    /// Has the roster say where this node is, if it says something else.
    fn announce(&mut self) {
        let Some(endpoint) = self.endpoint else { return };
        let me = self.validator.to_bytes();
        let said = self.mirror().roster.as_ref().and_then(|roster| {
            let at = roster.identities.iter().take(usize::from(roster.count)).position(|known| *known == me)?;
            roster.endpoints.get(at).copied()
        });
        let due = self.announced_at.is_none_or(|at| at.elapsed() >= ANNOUNCE_EVERY);
        let Some((ip, port)) = endpoint.split_first_chunk::<16>() else { return };
        let port = port.first_chunk().map_or(0, |port| u16::from_le_bytes(*port));
        if said.is_none_or(|said| said == endpoint) || !due {
            return;
        }
        self.announced_at = Some(Instant::now());
        let identity = self.bench.identity.clone();
        let instruction = arbiter::announce_validator(
            arbiter::AnnounceValidatorAccounts { delegate: identity.delegate_address(), roster: address::roster() },
            arbiter::AnnounceValidatorArgs { validator: self.validator, endpoint_ip: *ip, endpoint_port: port },
        );
        let sender = Sender::new(self.chain.clone(), Arc::new(proofmill_chain::MemoryOutbox::default()));
        tokio::spawn(async move {
            let request = proofmill_chain::TransactionRequest::new(identity.payer(), vec![instruction]);
            match sender.send(b"announce", request).await {
                Ok(_) => tracing::info!(port, "peers know where this node is"),
                Err(error) => tracing::warn!(%error, "peers do not know where this node is; reveals go one by one"),
            }
        });
    }

    /// Takes up every seat in an open round that is not taken up yet.
    async fn take_seats(&mut self) {
        let open: Vec<(Address, arbiter::Round)> = {
            let mirror = self.mirror();
            // A decided round still hears whoever committed, and notes who does not speak.
            let now = mirror.now();
            let open = mirror.rounds().filter(|(_, round)| {
                let facts = mirror::reveal_facts(round);
                let revealing = facts.open() != 0 && now.is_some_and(|now| facts.windows.phase(now) != Phase::Over);
                round.state == ROUND_OPEN || revealing
            });
            open.map(|(at, round)| (*at, *round)).collect()
        };
        let present: BTreeSet<(Address, u64)> = open.iter().map(|(at, round)| (*at, round.nonce)).collect();
        self.seats.retain(|seat| present.contains(seat));
        for (at, round) in open {
            if self.seats.contains(&(at, round.nonce)) || self.sitting.len() >= SEATS_MAX {
                continue;
            }
            let set = match self.sets.read(&*self.chain, round.epoch).await {
                Ok(Some(set)) => set,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(round = %at, epoch = round.epoch, %error, "the validator set cannot be read");
                    continue;
                }
            };
            self.seats.insert((at, round.nonce));
            let Some(seat) = Seat::find(&at, &round, &members_of(&set), &self.validator) else { continue };
            if has_spoken(&round, seat.seat) {
                tracing::info!(round = %at, seat = seat.seat, "this seat has attested already");
                continue;
            }
            let job = round.job.to_string();
            let (commit_until, reveal_until) = (round.commit_until, round.reveal_until);
            tracing::info!(job, round = round.index, seat = seat.seat, commit_until, reveal_until, "drawn for a round");
            self.sitting.spawn(self.bench.clone().sit(seat, set));
        }
    }

    fn turn_cranks(&mut self) {
        let Some(crankshaft) = self.crankshaft.clone() else { return };
        let now_ms = self.now_ms();
        let due: Vec<(Address, Crank, Subject)> = {
            let mirror = self.mirror.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(now) = mirror.now() else { return };
            if !mirror.complete() {
                return;
            }
            let subjects = mirror.crank_subjects(now);
            let roster = mirror.roster_members();
            self.pacer.retain(&subjects.iter().map(|(subject, _)| subject.to_bytes()).collect());
            let mut due = Vec::new();
            for (subject, facts) in &subjects {
                let possible = crank(facts, now);
                let key = subject.to_bytes();
                if self.turning.len().saturating_add(due.len()) >= CRANKS_MAX {
                    break;
                }
                let members: &[[u8; 32]] =
                    if matches!(facts, Facts::Epoch(_)) && !roster.is_empty() { &roster } else { &mirror.members };
                let rank = rank(&self.validator.to_bytes(), members, &key);
                for crank in self.pacer.due(&key, facts, &possible, rank, now_ms) {
                    due.push((*subject, crank, Subject::of(&mirror, *subject, crank)));
                }
            }
            due
        };
        for (address, crank, subject) in due {
            let crankshaft = crankshaft.clone();
            self.turning.spawn(async move { (address, crank, crankshaft.turn(crank, subject).await) });
        }
    }

    fn ended(&mut self, ended: Result<(Address, Crank, Result<(), CrankError>), tokio::task::JoinError>) {
        let Ok((address, crank, result)) = ended else {
            // The pacer lets it be tried again after a while.
            return;
        };
        let subject = address.to_string();
        let (answer, word) = match &result {
            Ok(()) => {
                tracing::info!(crank = crank.name(), subject, "turned");
                (Answer::Done, "done")
            }
            Err(error) if error.is_idle() => {
                tracing::info!(crank = crank.name(), subject, reason = %error, "nothing to turn");
                (error.answer(), "idle")
            }
            Err(error) => {
                tracing::info!(crank = crank.name(), subject, reason = %error, "not turned; tried again later");
                (error.answer(), "refused")
            }
        };
        if let (Crank::AcceptBid | Crank::SkipBid, Some(fits)) =
            (crank, result.as_ref().err().and_then(CrankError::bidder_fits))
        {
            let mut mirror = self.mirror.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            mirror.note_bidder(&address, fits);
        }
        self.metrics.crank(crank.name(), word);
        let now_ms = self.now_ms();
        self.pacer.answered(&address.to_bytes(), crank, answer, now_ms);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn has_spoken(round: &arbiter::Round, seat: u8) -> bool {
    let spoken = mirror::votes_of(round).spoken();
    1u16.checked_shl(u32::from(seat)).is_some_and(|bit| spoken & bit != 0)
}
