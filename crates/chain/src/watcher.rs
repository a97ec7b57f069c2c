//! Follows a program's accounts. The subscription is a hint about where to look; what is delivered was always read.
//!
//! A full read happens at the start, whenever the subscription is (re)opened, when hints overflow, and every
//! `poll_every`. So a WebSocket that is silent, lies or is lost makes the watcher slower, never wrong.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::StreamExt;
use solana_address::Address;
use solana_commitment_config::CommitmentConfig;
use solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use solana_rpc_client_api::{
    config::{RpcAccountInfoConfig, RpcProgramAccountsConfig, UiAccountEncoding, UiDataSliceConfig},
    filter::RpcFilterType,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use crate::{
    bounds,
    chain::{AccountSnapshot, Chain, Filter},
    error::ChainError,
    rpc,
    view::{News, View},
};

/// Something a watcher has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An account is new or changed. Slots of one account never go backwards.
    Updated(AccountSnapshot),
    /// An account is closed, or no longer matches.
    Removed {
        /// Its address.
        address: Address,
        /// Slot of the read that missed it.
        slot: u64,
    },
    /// Everything up to this slot has been delivered: after the first full read, and after each disconnection.
    Synced {
        /// Slot of the full read.
        slot: u64,
    },
    /// The subscription or a full read failed; what follows may be late until `Synced`.
    Disconnected {
        /// What failed.
        reason: String,
    },
}

/// What to watch, and how.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// The program.
    pub program: Address,
    /// Conditions on account data.
    pub filters: Vec<Filter>,
    /// WebSocket URL of the hints; `None` polls only.
    pub ws_url: Option<String>,
    /// Pause between two full reads.
    pub poll_every: Duration,
    /// Changes queued before the watcher waits for its consumer.
    pub capacity: usize,
}

impl WatchOptions {
    /// Every account of a program, with hints from `ws_url` and the default pace.
    pub fn new(program: Address, ws_url: &str) -> Self {
        Self { ws_url: Some(ws_url.to_owned()), ..Self::poll_only(program) }
    }

    /// Every account of a program, by polling alone.
    pub fn poll_only(program: Address) -> Self {
        Self {
            program,
            filters: Vec::new(),
            ws_url: None,
            poll_every: bounds::WATCH_POLL,
            capacity: bounds::WATCH_CAPACITY,
        }
    }

    /// Adds a condition.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sets the pause between two full reads.
    pub fn poll_every(mut self, pause: Duration) -> Self {
        self.poll_every = pause;
        self
    }
}

/// Starts watching; must be called within a tokio runtime. The watcher ends when `cancel` fires or the receiver is
/// dropped; then the channel closes.
///
/// # Errors
/// [`ChainError::InvalidQuery`] for filters the protocol does not carry.
pub fn watch_program(
    chain: Arc<dyn Chain>,
    options: WatchOptions,
    cancel: CancellationToken,
) -> Result<mpsc::Receiver<Change>, ChainError> {
    Filter::check(&options.filters)?;
    let (changes, receiver) = mpsc::channel(options.capacity.max(1));
    // A child, so that the subscription ends with the watcher, also when the receiver is dropped.
    let cancel = cancel.child_token();
    let (hints, hinted) = mpsc::channel(bounds::WATCH_HINTS);
    if let Some(url) = options.ws_url.clone() {
        let subscription = Subscription { url, program: options.program, filters: options.filters.clone(), hints };
        tokio::spawn(subscription.run(cancel.clone()));
    }
    let view = View::new(options.program, options.filters.clone());
    let watcher = Watcher { chain, options, view, changes, synced: false };
    tokio::spawn(async move {
        let guard = cancel.clone().drop_guard();
        cancel.run_until_cancelled(watcher.run(hinted)).await;
        drop(guard);
    });
    Ok(receiver)
}

/// What the subscription tells the watcher.
enum Hint {
    /// The subscription is open: whatever happened before it must be read.
    Opened,
    /// This account was written.
    Touched(Address),
    /// The subscription is lost.
    Lost(String),
}

struct Watcher {
    chain: Arc<dyn Chain>,
    options: WatchOptions,
    view: View,
    changes: mpsc::Sender<Change>,
    synced: bool,
}

/// The consumer is gone; there is nobody to work for.
struct ConsumerGone;

impl Watcher {
    async fn run(mut self, mut hinted: mpsc::Receiver<Hint>) {
        // Ends only without a consumer; both ends are then equal.
        let _: Result<(), ConsumerGone> = self.work(&mut hinted).await;
    }

    async fn work(&mut self, hinted: &mut mpsc::Receiver<Hint>) -> Result<(), ConsumerGone> {
        let mut poll = tokio::time::interval(self.options.poll_every.max(Duration::from_millis(1)));
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut hints_live = true;
        loop {
            tokio::select! {
                _ = poll.tick() => self.read_all().await?,
                hint = hinted.recv(), if hints_live => match hint {
                    None => hints_live = false,
                    Some(hint) => {
                        let batch = gather(hint, hinted).await;
                        if let Some(reason) = batch.lost {
                            self.synced = false;
                            self.tell(Change::Disconnected { reason }).await?;
                        }
                        if batch.read_all {
                            self.read_all().await?;
                            poll.reset();
                        } else if !batch.touched.is_empty() {
                            self.read_some(&batch.touched).await?;
                        }
                    }
                },
                () = self.changes.closed() => return Err(ConsumerGone),
            }
        }
    }

    async fn read_all(&mut self) -> Result<(), ConsumerGone> {
        match self.chain.program_accounts(self.options.program, &self.options.filters).await {
            Ok(read) => {
                let slot = read.slot;
                for news in self.view.full(read) {
                    self.tell(news.into()).await?;
                }
                if !self.synced {
                    self.synced = true;
                    self.tell(Change::Synced { slot }).await?;
                }
                Ok(())
            }
            Err(error) => self.late(&error).await,
        }
    }

    async fn read_some(&mut self, touched: &BTreeSet<Address>) -> Result<(), ConsumerGone> {
        let addresses: Vec<Address> = touched.iter().copied().collect();
        match self.chain.accounts(&addresses).await {
            Ok(read) => {
                for (address, account) in addresses.into_iter().zip(read) {
                    // An absent account carries no slot of its own; the next full read tells its removal.
                    let Some(account) = account else { continue };
                    if let Some(news) = self.view.one(address, account.slot, Some(account)) {
                        self.tell(news.into()).await?;
                    }
                }
                Ok(())
            }
            Err(error) => self.late(&error).await,
        }
    }

    async fn late(&mut self, error: &ChainError) -> Result<(), ConsumerGone> {
        if !self.synced {
            return Ok(());
        }
        self.synced = false;
        self.tell(Change::Disconnected { reason: error.to_string() }).await
    }

    async fn tell(&self, change: Change) -> Result<(), ConsumerGone> {
        self.changes.send(change).await.map_err(|_| ConsumerGone)
    }
}

impl From<News> for Change {
    fn from(news: News) -> Self {
        match news {
            News::Updated(account) => Self::Updated(account),
            News::Removed { address, slot } => Self::Removed { address, slot },
        }
    }
}

#[derive(Default)]
struct Batch {
    touched: BTreeSet<Address>,
    read_all: bool,
    lost: Option<String>,
}

impl Batch {
    fn add(&mut self, hint: Hint) {
        match hint {
            Hint::Touched(address) => {
                self.touched.insert(address);
            }
            Hint::Opened => self.read_all = true,
            Hint::Lost(reason) => {
                self.lost = Some(reason);
                self.read_all = true;
            }
        }
    }
}

/// Hints come in bursts (one transaction writes several accounts): they are read together.
async fn gather(first: Hint, hinted: &mut mpsc::Receiver<Hint>) -> Batch {
    let mut batch = Batch::default();
    batch.add(first);
    let until = Instant::now() + bounds::WATCH_GATHER;
    while let Ok(Some(hint)) = tokio::time::timeout_at(until, hinted.recv()).await {
        batch.add(hint);
        if batch.touched.len() >= bounds::ACCOUNTS_PER_REQUEST {
            break;
        }
    }
    batch
}

struct Subscription {
    url: String,
    program: Address,
    filters: Vec<Filter>,
    hints: mpsc::Sender<Hint>,
}

impl Subscription {
    async fn run(self, cancel: CancellationToken) {
        let mut pause = bounds::RECONNECT_MIN;
        let work = async {
            loop {
                let (reason, opened) = self.listen().await;
                if opened {
                    pause = bounds::RECONNECT_MIN;
                    if self.hints.send(Hint::Lost(reason)).await.is_err() {
                        return;
                    }
                } else {
                    tracing::debug!(url = rpc::origin(&self.url), reason, "no subscription; polling goes on");
                }
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(bounds::RECONNECT_MAX);
            }
        };
        cancel.run_until_cancelled(work).await;
    }

    /// Listens until the subscription is lost. Says why, and whether it was ever open.
    async fn listen(&self) -> (String, bool) {
        let connected = tokio::time::timeout(bounds::REQUEST_TIMEOUT, PubsubClient::new(&self.url)).await;
        let client = match connected {
            Err(_) => return ("the WebSocket does not answer".to_owned(), false),
            Ok(Err(_)) => return ("the WebSocket cannot be opened".to_owned(), false),
            Ok(Ok(client)) => client,
        };
        let Ok(filters) = serde_json::from_value::<Vec<RpcFilterType>>(rpc::filters_json(&self.filters)) else {
            return ("the filters cannot be carried".to_owned(), false);
        };
        let config = RpcProgramAccountsConfig {
            filters: Some(filters),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                // Only the address matters: the account is read.
                data_slice: Some(UiDataSliceConfig { offset: 0, length: 0 }),
                commitment: Some(CommitmentConfig::confirmed()),
                min_context_slot: None,
            },
            with_context: Some(true),
            sort_results: None,
        };
        let subscribing = client.program_subscribe(&self.program, Some(config));
        let mut notices = match tokio::time::timeout(bounds::REQUEST_TIMEOUT, subscribing).await {
            Err(_) => return ("the subscription is not answered".to_owned(), false),
            Ok(Err(_)) => return ("the subscription is refused".to_owned(), false),
            Ok(Ok((notices, _unsubscribe))) => notices,
        };
        if self.hints.send(Hint::Opened).await.is_err() {
            return ("nobody listens".to_owned(), true);
        }
        let mut overflowed = false;
        while let Some(notice) = notices.next().await {
            let Ok(address) = notice.value.pubkey.parse() else { continue };
            // Never wait for the watcher here: notices pile up without bound inside the WebSocket client.
            match self.hints.try_send(Hint::Touched(address)) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => overflowed = true,
                Err(mpsc::error::TrySendError::Closed(_)) => break,
            }
            if overflowed && self.hints.try_send(Hint::Opened).is_ok() {
                overflowed = false;
            }
        }
        ("the WebSocket is lost".to_owned(), true)
    }
}
