//! The data plane for browsers: what a tenant gives is kept on disk until the provider's node has it; logs, outputs and
//! receipts are fetched for those who may read them.
//!
//! The gateway speaks under a node key of its own, which a job must name as its tenant's: the tenant's choice, since
//! whoever holds that key reads everything. Roots and signatures verify all of it whoever carried it.
//! The ports of services are reached under the same key, over connections that are kept.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ed25519_dalek::{Signer, SigningKey};
use futures_util::StreamExt;
use proofmill_artifacts::{Limits as BundleLimits, read_bundle};
use proofmill_chain::read_or_create_keypair;
use proofmill_client::{market, service::usage_message};
use proofmill_dataplane::{BlobKind, BlobName, DataError, Node, NodeConfig, Peer, PeerAddr, Tunnel, UsageExchange};
use proofmill_protocol::{job::JobState, usage::UsageReport};
use solana_address::Address;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    error::{ApiError, GatewayError, StoreError},
    limits,
    store::{Held, HeldKind},
};

/// The gateway on the data plane.
pub struct Bridge {
    node: Node,
    folder: PathBuf,
    /// Signs usage.
    key: SigningKey,
    /// Connections to the nodes of services, by job.
    lines: Mutex<HashMap<Address, Line>>,
    connections: AtomicU64,
}

/// The connection to the node of one service. Locked while one is made, so that of many who find it broken one makes
/// another.
type Line = Arc<tokio::sync::Mutex<Option<Connected>>>;

#[derive(Clone)]
struct Connected {
    /// Which one it is.
    number: u64,
    /// The life of the job's address, and the attempt, that it was made for.
    life: (u64, u16),
    peer: Peer,
}

impl Bridge {
    /// Opens the node under the key in `key_file`, and the folder of what is held.
    ///
    /// # Errors
    /// [`GatewayError`] when the key cannot be read, the folder not made, or the node not bound.
    pub async fn open(key_file: &Path, data_dir: &Path) -> Result<Self, GatewayError> {
        let keypair = read_or_create_keypair(key_file)?;
        let folder = data_dir.join("held");
        std::fs::create_dir_all(&folder)
            .map_err(|source| GatewayError::Io { what: folder.display().to_string(), source })?;
        let any = SocketAddr::from(([0, 0, 0, 0], 0));
        let node = Node::bind(NodeConfig::offline(*keypair.secret_bytes(), any)).await?;
        let key = SigningKey::from_bytes(keypair.secret_bytes());
        Ok(Self { node, folder, key, lines: Mutex::default(), connections: AtomicU64::new(0) })
    }

    /// Signs a report of usage. Whoever calls has asked [`proofmill_client::service::Attendance::judge`].
    pub fn sign_usage(&self, report: &UsageReport) -> [u8; 64] {
        self.key.sign(&usage_message(report)).to_bytes()
    }

    /// A tunnel to a port of a service.
    pub async fn tunnel(&self, app: &App, job: &Address, port: u16) -> Result<Tunnel, ApiError> {
        let name = job.to_bytes();
        self.ask(app, job, move |peer, attempt| async move { peer.tunnel(name, attempt, port).await }).await
    }

    /// The newest total of a service, as its node signs it.
    pub async fn usage(&self, app: &App, job: &Address) -> Result<UsageExchange, ApiError> {
        let name = job.to_bytes();
        self.ask(app, job, move |peer, attempt| async move { peer.usage(name, attempt).await }).await
    }

    /// Asks the node of a service, once more over a new connection if the one that was open has died meanwhile.
    async fn ask<T, F: Future<Output = Result<T, DataError>> + Send>(
        &self,
        app: &App,
        job: &Address,
        ask: impl Fn(Peer, u16) -> F + Send,
    ) -> Result<T, ApiError> {
        let first = self.connected(app, job, None).await?;
        // A node that was killed does not say so: its old connection only falls silent.
        match tokio::time::timeout(limits::CONNECTION_PATIENCE, ask(first.peer, first.life.1)).await {
            // It answered: another connection would hear the same.
            Ok(Err(refused @ DataError::Refused { .. })) => return Err(refused.into()),
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(_)) | Err(_) => {}
        }
        let again = self.connected(app, job, Some(first.number)).await?;
        Ok(ask(again.peer, again.life.1).await?)
    }

    /// The connection to a service's node, or another one than number `broken`.
    async fn connected(&self, app: &App, job: &Address, broken: Option<u64>) -> Result<Connected, ApiError> {
        let account = app.model().job(job).cloned().ok_or_else(|| ApiError::not_found("open job", job))?;
        let life = (account.nonce, account.attempt);
        let line = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() >= limits::LINES_MAX {
                // Those that nobody is using right now.
                lines.retain(|_, line| Arc::strong_count(line) > 1);
            }
            lines.entry(*job).or_default().clone()
        };
        let mut held = line.lock().await;
        if let Some(connected) = held.as_ref().filter(|held| Some(held.number) != broken && held.life == life) {
            return Ok(connected.clone());
        }
        *held = None;
        let peer = self.dial(app, &account).await?;
        let connected = Connected { number: self.connections.fetch_add(1, Ordering::Relaxed), life, peer };
        *held = Some(connected.clone());
        Ok(connected)
    }

    /// The key that a job names as its tenant's.
    pub fn node_key(&self) -> [u8; 32] {
        self.node.public_key()
    }

    /// A connection to the provider that holds the job.
    pub async fn dial(&self, app: &App, job: &market::Job) -> Result<Peer, ApiError> {
        let (key, addr) = {
            let model = app.model();
            let provider = model.provider(&job.provider).ok_or_else(|| {
                ApiError::conflict("not_matched", "No provider holds this job.", "Wait until it is matched.")
            })?;
            let ip = IpAddr::V6(Ipv6Addr::from(provider.endpoint_ip)).to_canonical();
            // Under the key of the match, not a later one.
            (job.node_key, SocketAddr::new(ip, provider.endpoint_port))
        };
        Ok(self.node.connect(PeerAddr { key, addr }).await?)
    }

    /// Where a blob is held.
    pub fn path_of(&self, held: &Held) -> PathBuf {
        self.folder.join(&held.file)
    }

    /// Where an upload is written first.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub async fn close(&self) {
        self.node.close().await;
    }
}

/// Checks an input bundle: every file by its hash, the whole by its root. Nothing of it is kept but the bundle.
pub fn check_bundle(bundle: &Path, root: &[u8; 32]) -> Result<(), String> {
    let file = std::fs::File::open(bundle).map_err(|error| error.to_string())?;
    let parent = bundle.parent().unwrap_or(Path::new("."));
    let scratch = tempfile::tempdir_in(parent).map_err(|error| error.to_string())?;
    let bounds = BundleLimits {
        max_bytes: limits::INPUT_BYTES_MAX,
        max_files: limits::INPUT_FILES_MAX,
        ..BundleLimits::default()
    };
    let read = read_bundle(std::io::BufReader::new(file), &scratch.path().join("input"), root, bounds);
    read.map(|_| ()).map_err(|error| error.to_string())
}

/// The name of a blob on the data plane.
pub fn blob(job: &Address, attempt: u16, kind: BlobKind) -> BlobName {
    BlobName { job: job.to_bytes(), attempt, kind }
}

/// Delivers what is held, again and again, until it is delivered or the job is over. What is noted on disk decides, so
/// that a restart forgets nothing.
pub async fn deliver(app: Arc<App>, cancel: CancellationToken) {
    let Some(bridge) = &app.bridge else { return };
    sweep_strays(&app, bridge).await;
    let mut pause = tokio::time::interval(limits::DELIVER_EVERY);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(pause.tick()).await.is_some() {
        let all = match app.store.all_held().await {
            Ok(all) => all,
            Err(error) => {
                tracing::error!(%error, "what is held cannot be read");
                continue;
            }
        };
        let mut by_job: BTreeMap<String, Vec<Held>> = BTreeMap::new();
        for held in all {
            by_job.entry(held.job.clone()).or_default().push(held);
        }
        futures_util::stream::iter(by_job)
            .for_each_concurrent(limits::DELIVERIES_AT_ONCE, |(job, held)| {
                let app = &app;
                async move {
                    if let Err(error) = look_after(app, bridge, &job, held).await {
                        tracing::error!(job, %error, "a delivery cannot be noted");
                    }
                }
            })
            .await;
    }
}

/// Files that no row names: an upload that broke off, or one that a crash left.
async fn sweep_strays(app: &App, bridge: &Bridge) {
    let Ok(held) = app.store.all_held().await else { return };
    let Ok(entries) = std::fs::read_dir(&bridge.folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if held.iter().any(|held| *held.file == *name) {
            continue;
        }
        let path = entry.path();
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "a stray file stays");
        }
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.map_or(0, |since| since.as_millis())).unwrap_or(i64::MAX)
}

async fn look_after(app: &App, bridge: &Bridge, job: &str, held: Vec<Held>) -> Result<(), StoreError> {
    let Ok(address) = job.parse::<Address>() else { return Ok(()) };
    let account = app.model().job(&address).cloned();
    let alive = account.as_ref().is_some_and(|account| {
        held.iter().all(|held| held.nonce == account.nonce)
            && !matches!(JobState::from_code(account.state), Some(JobState::Settled | JobState::Submitted))
    });
    if !alive {
        // Not before the accounts are known: after a restart there are none at first.
        if app.synced_accounts() {
            forget(app, bridge, job, &held).await?;
        }
        return Ok(());
    }
    let Some(account) = account else { return Ok(()) };
    if JobState::from_code(account.state) != Some(JobState::Matched) {
        return Ok(());
    }
    // The specification goes first: the node checks the input against it.
    let due = held.into_iter().find(|held| held.delivered_attempt != account.attempt);
    let Some(mut due) = due.filter(|due| due.next_at <= now_ms()) else { return Ok(()) };
    match hand_over(app, bridge, &address, &account, &due).await {
        Ok(()) => {
            app.metrics.delivered.fetch_add(1, Ordering::Relaxed);
            due.delivered_attempt = account.attempt;
            (due.tries, due.next_at, due.error) = (0, 0, None);
        }
        Err(error) => {
            app.metrics.delivery_errors.fetch_add(1, Ordering::Relaxed);
            due.tries = due.tries.saturating_add(1);
            let pause = limits::DELIVER_EVERY.saturating_mul(1 << due.tries.min(8)).min(limits::DELIVER_PAUSE_MAX);
            due.next_at = now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            due.error = Some(error.message);
        }
    }
    app.store.put_held(&due).await
}

async fn hand_over(
    app: &App,
    bridge: &Bridge,
    address: &Address,
    account: &market::Job,
    held: &Held,
) -> Result<(), ApiError> {
    let peer = bridge.dial(app, account).await?;
    let kind = match held.kind {
        HeldKind::Spec => BlobKind::Spec,
        HeldKind::Input => BlobKind::Input,
    };
    let sent = peer.put(&blob(address, account.attempt, kind), &bridge.path_of(held), |_, _| {}).await;
    peer.close();
    sent.map_err(|error: DataError| error.into())
}

async fn forget(app: &App, bridge: &Bridge, job: &str, held: &[Held]) -> Result<(), StoreError> {
    // The row first: a file without a row is swept, a row without its file could not be delivered.
    app.store.drop_held(job).await?;
    for held in held {
        let path = bridge.path_of(held);
        if let Err(error) = tokio::fs::remove_file(&path).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "a delivered file stays");
        }
    }
    Ok(())
}
