//! The shell of the index: asks the chain, applies what the pure core says, writes it down, tells the streams.
//!
//! Accounts come from `watch_program` (a subscription as a hint, reads as the truth). Events come from the programs'
//! histories, listed again and again behind a cursor that follows finality; a change of an account is the hint to look.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt};
use proofmill_chain::{Chain, ChainError, RpcChain, WatchOptions, watch_program};
use proofmill_client::{arbiter, market};
use solana_address::Address;
use solana_signature::Signature;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    changes::Topic,
    error::StoreError,
    index::{
        block::{self, Block, Changes, Transaction},
        fold,
        history::{History, Listing, Step, merge},
        model::Touched,
    },
    limits,
    reflect::Program,
    views::{self, Job},
};

/// Why one look at the chain came to nothing. The next may.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the transaction {0} is listed and not served; it is asked for again")]
    NotServed(Signature),
    #[error(
        "more than {} signatures are behind the cursor; begin with a copy of another gateway's database",
        limits::SIGNATURES_MAX
    )]
    TooMuchHistory,
}

/// Runs the index until `cancel`.
pub async fn run(app: Arc<App>, cancel: CancellationToken) {
    let hint = Arc::new(Notify::new());
    tokio::join!(
        watch_accounts(app.clone(), hint.clone(), cancel.clone()),
        follow_history(app.clone(), hint, cancel.clone()),
        follow_clock(app, cancel),
    );
}

/// A look at the clock this often: slots pass in less, deadlines are in seconds.
const CLOCK_EVERY: Duration = Duration::from_millis(1_000);
/// Signatures in the first page of a look.
const FIRST_PAGE: usize = 100;
/// Looks at the histories without a hint.
const HISTORY_AT_LEAST_EVERY: Duration = Duration::from_secs(3);

async fn follow_clock(app: Arc<App>, cancel: CancellationToken) {
    let mut pause = tokio::time::interval(CLOCK_EVERY);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(pause.tick()).await.is_some() {
        match app.chain.clock().await {
            Ok(clock) => {
                app.change(|model| model.set_clock(clock.slot, clock.unix_timestamp));
                app.metrics.chain_slot.store(clock.slot, Ordering::Relaxed);
                let indexed = app.metrics.indexed_slot.load(Ordering::Relaxed);
                let json = serde_json::json!({
                    "slot": clock.slot, "at": clock.unix_timestamp, "indexed_slot": indexed
                });
                app.changes.publish(Topic::Slot, None, None, json.to_string());
            }
            Err(error) => {
                app.metrics.feed_errors.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "the clock cannot be read");
            }
        }
    }
}

async fn watch_accounts(app: Arc<App>, hint: Arc<Notify>, cancel: CancellationToken) {
    let (sender, mut receiver) = mpsc::channel(limits::CHANGES_PER_COMMIT * 2);
    for program in Program::ALL {
        let poll = app.settings.poll_every;
        let options = match &app.settings.ws_url {
            Some(url) => WatchOptions::new(program.address(), url),
            None => WatchOptions::poll_only(program.address()),
        };
        let watching = watch_program(app.chain.clone(), options.poll_every(poll), cancel.clone());
        let Ok(mut changes) = watching else { continue };
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                if sender.send((program, change)).await.is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    let mut synced = BTreeSet::new();
    while let Some(first) = receiver.recv().await {
        let mut batch = vec![first];
        let until = Instant::now() + limits::GATHER;
        while batch.len() < limits::CHANGES_PER_COMMIT {
            match timeout_at(until, receiver.recv()).await {
                Ok(Some(change)) => batch.push(change),
                Ok(None) | Err(_) => break,
            }
        }
        hint.notify_one();
        let touched = app.change_accounts(|model| {
            let mut touched = BTreeSet::new();
            for (program, change) in batch {
                match change {
                    proofmill_chain::Change::Updated(account) => {
                        touched.extend(model.update(program, account.address, account.slot, &account.data));
                    }
                    proofmill_chain::Change::Removed { address, slot } => {
                        touched.extend(model.remove(address, slot));
                    }
                    proofmill_chain::Change::Synced { .. } => {
                        synced.insert(program);
                    }
                    proofmill_chain::Change::Disconnected { reason } => {
                        tracing::warn!(program = program.name(), reason, "accounts may be late");
                    }
                }
            }
            touched
        });
        app.metrics.account_changes.fetch_add(touched.len() as u64, Ordering::Relaxed);
        if let Err(error) = tell(&app, &touched).await {
            tracing::error!(%error, "changes cannot be written down");
        }
        if synced.len() == Program::ALL.len() && !app.synced_accounts() {
            // What was open when the gateway ended may be gone by now.
            let gone = app.store.open_jobs().await.unwrap_or_default();
            let gone = gone.into_iter().filter(|job| app.model().job(job).is_none()).collect();
            if let Err(error) = write_jobs(&app, &gone, &BTreeMap::new()).await {
                tracing::error!(%error, "jobs that ended meanwhile cannot be written down");
            }
            app.set_synced_accounts(true);
        }
    }
}

/// Writes touched jobs down, and tells the streams.
async fn tell(app: &App, touched: &BTreeSet<Touched>) -> Result<(), StoreError> {
    let mut jobs = BTreeSet::new();
    for touch in touched {
        match touch {
            Touched::Job(job) => {
                jobs.insert(*job);
            }
            Touched::Offer(at) => publish_offer(app, *at),
            Touched::Provider(at) => {
                let (view, offers) = {
                    let model = app.model();
                    let view = model.provider(at).map(|provider| model.provider_view(*at, provider));
                    (view, model.offers_of(at).collect::<Vec<_>>())
                };
                if let Some(json) = view.and_then(|view| serde_json::to_string(&view).ok()) {
                    app.changes.publish(Topic::Provider, None, None, json);
                }
                // Its stake decides whether they fit.
                offers.into_iter().for_each(|offer| publish_offer(app, offer));
            }
            Touched::Round(at, job) => {
                let (view, tenant) = {
                    let model = app.model();
                    let tenant = model.job(job).map(|account| account.tenant.to_string());
                    (model.round(at).map(|round| model.round_view(*at, round)), tenant)
                };
                let json = view.and_then(|view| {
                    let mut value = serde_json::to_value(&view).ok()?;
                    value.as_object_mut()?.insert("job".to_owned(), job.to_string().into());
                    Some(value.to_string())
                });
                if let Some(json) = json {
                    app.changes.publish(Topic::Round, Some(job.to_string()), tenant, json);
                }
            }
            Touched::Other => {}
        }
    }
    write_jobs(app, &jobs, &BTreeMap::new()).await
}

fn publish_offer(app: &App, at: Address) {
    let view = {
        let model = app.model();
        model.offer(&at).and_then(|offer| model.offer_view(at, offer))
    };
    let json = match view {
        Some(view) => serde_json::to_string(&view).ok(),
        None => Some(serde_json::json!({ "address": at.to_string(), "removed": true }).to_string()),
    };
    if let Some(json) = json {
        app.changes.publish(Topic::Offer, None, None, json);
    }
}

/// Writes jobs as they are now: from the account if there is one, from the events if it is gone. `closed` names jobs
/// that events say have ended, and when: an account that was read before that is gone.
async fn write_jobs(app: &App, jobs: &BTreeSet<Address>, closed: &BTreeMap<Address, u64>) -> Result<(), StoreError> {
    let mut views: Vec<Job> = Vec::with_capacity(jobs.len());
    let mut never = Vec::new();
    for job in jobs {
        if let Some(slot) = closed.get(job) {
            app.change_accounts(|model| model.remove(*job, *slot).into_iter().collect::<BTreeSet<_>>());
        }
        let live = app.model().job(job).map(|account| views::job(*job, account));
        match live {
            Some(live) => views.push(live),
            None => {
                let inputs = app.store.job_inputs(job).await?;
                match fold::fold(*job, &inputs.events, inputs.terms.as_ref()) {
                    Some(folded) => views.push(folded),
                    None => never.push(*job),
                }
            }
        }
    }
    app.store.put_jobs(&views).await?;
    if !never.is_empty() {
        app.store.drop_jobs(&never).await?;
    }
    app.touch_jobs();
    for view in &views {
        if let Ok(json) = serde_json::to_string(view) {
            app.changes.publish(Topic::Job, Some(view.address.to_string()), Some(view.tenant.to_string()), json);
        }
    }
    Ok(())
}

async fn follow_history(app: Arc<App>, hint: Arc<Notify>, cancel: CancellationToken) {
    let begun = async {
        app.learn_rounds(app.store.round_jobs().await?);
        Ok::<_, StoreError>(History::new(
            app.store.cursor().await?,
            app.store.known_slots().await?,
            limits::ABSENCES_TO_UNDO,
        ))
    };
    let mut history = match begun.await {
        Ok(history) => history,
        Err(error) => {
            tracing::error!(%error, "the index cannot be read; no events are followed");
            return;
        }
    };
    loop {
        let looked = cancel.run_until_cancelled(look(&app, &mut history)).await;
        match looked {
            None => return,
            Some(Ok(())) => app.set_synced_history(true),
            Some(Err(error)) => {
                app.metrics.feed_errors.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a look at the history came to nothing");
            }
        }
        let waited = async {
            tokio::time::sleep(limits::HISTORY_EVERY).await;
            // A hint that came meanwhile is remembered.
            let _ = tokio::time::timeout(HISTORY_AT_LEAST_EVERY, hint.notified()).await;
        };
        if cancel.run_until_cancelled(waited).await.is_none() {
            return;
        }
    }
}

/// One look: lists, reads what is new, applies it, moves the cursor.
pub async fn look(app: &App, history: &mut History) -> Result<(), FeedError> {
    let (listing, times) = list(&app.chain, history.cursor()).await?;
    let steps = history.observe(&listing);
    let newest = listing.slots.keys().next_back().copied().unwrap_or(listing.finalized).max(listing.finalized);
    for part in steps.chunks(limits::SLOTS_PER_COMMIT) {
        let changes = read_part(&app.chain, part, &times).await?;
        // Everything before this part is applied; of the part itself the last slot may be the end.
        let last = part.last().map_or(0, Step::slot);
        for step in part {
            history.done(step);
        }
        history.settle(last, listing.finalized, limits::RECHECK_SLOTS);
        apply(app, part, changes, history.cursor()).await?;
        app.metrics.indexed_slot.fetch_max(last, Ordering::Relaxed);
    }
    let before = history.cursor();
    history.settle(u64::MAX, listing.finalized, limits::RECHECK_SLOTS);
    if history.cursor() != before && history.cursor().saturating_sub(before) > limits::RECHECK_SLOTS {
        app.store.commit(&[], Some(history.cursor())).await?;
    }
    app.metrics.indexed_slot.fetch_max(newest, Ordering::Relaxed);
    Ok(())
}

async fn apply(app: &App, part: &[Step], changes: Vec<Changes>, cursor: u64) -> Result<(), FeedError> {
    let jobs = app.store.commit(&changes, Some(cursor)).await?;
    let undone = part.iter().filter(|step| matches!(step, Step::Undo { .. })).count();
    app.metrics.slots_undone.fetch_add(undone as u64, Ordering::Relaxed);
    let events = changes.iter().flat_map(|change| &change.events);
    app.metrics.events_indexed.fetch_add(events.clone().count() as u64, Ordering::Relaxed);
    let mut closed = BTreeMap::new();
    let mut rounds = Vec::new();
    for event in events {
        match event.program {
            Program::Market => {
                if let Some(market::Event::JobClosed(gone)) = market::decode_event(&event.data) {
                    closed.insert(gone.job, event.slot);
                }
            }
            Program::Arbiter => {
                if let Some(arbiter::Event::RoundOpened(opened)) = arbiter::decode_event(&event.data) {
                    rounds.push((opened.round, opened.job));
                }
            }
        }
    }
    app.learn_rounds(rounds);
    write_jobs(app, &jobs, &closed).await?;
    app.touch();
    Ok(())
}

/// Block times by slot, unix seconds, as the listing tells them. A node may serve a transaction before its block is closed,
/// and then without a time; the listing has it by the slot, at once and later alike.
type BlockTimes = BTreeMap<u64, i64>;

/// Lists the successful transactions of both programs behind a slot.
async fn list(chain: &RpcChain, after: u64) -> Result<(Listing, BlockTimes), FeedError> {
    // Before the look: what is final now is in it.
    let finalized = chain.finalized().clock().await?.slot;
    let ((market, mut times), (arbiter, more_times)) =
        tokio::try_join!(list_program(chain, market::ID, after), list_program(chain, arbiter::ID, after))?;
    let mut slots = BTreeMap::new();
    let all: BTreeSet<u64> = market.keys().chain(arbiter.keys()).copied().collect();
    for slot in all {
        let of = |listed: &BTreeMap<u64, Vec<Signature>>| listed.get(&slot).cloned().unwrap_or_default();
        slots.insert(slot, merge(&of(&market), &of(&arbiter)));
    }
    times.extend(more_times);
    Ok((Listing { after, finalized, slots }, times))
}

async fn list_program(
    chain: &RpcChain,
    program: Address,
    after: u64,
) -> Result<(BTreeMap<u64, Vec<Signature>>, BlockTimes), FeedError> {
    let mut slots: BTreeMap<u64, Vec<Signature>> = BTreeMap::new();
    let mut times = BlockTimes::new();
    let mut before = None;
    let mut count = 0usize;
    // Most looks find little; a long history is read in the largest pages.
    let mut size = FIRST_PAGE;
    loop {
        let page = chain.history(program, before, None, size).await?;
        let full = page.len() >= size;
        size = proofmill_chain::bounds::HISTORY_PAGE;
        let reached = page.last().is_none_or(|oldest| oldest.slot <= after);
        before = page.last().map(|oldest| oldest.signature);
        for entry in page.into_iter().filter(|entry| entry.slot > after && !entry.failed) {
            count = count.saturating_add(1);
            slots.entry(entry.slot).or_default().push(entry.signature);
            times.extend(entry.block_time.map(|at| (entry.slot, at)));
        }
        if count > limits::SIGNATURES_MAX {
            return Err(FeedError::TooMuchHistory);
        }
        if reached || !full {
            break;
        }
    }
    // Newest first, also within a slot.
    slots.values_mut().for_each(|signatures| signatures.reverse());
    Ok((slots, times))
}

/// Reads the blocks of steps.
async fn read_part(chain: &RpcChain, part: &[Step], times: &BlockTimes) -> Result<Vec<Changes>, FeedError> {
    let wanted: Vec<Signature> = part
        .iter()
        .flat_map(|step| match step {
            Step::Read { signatures, .. } => signatures.as_slice(),
            Step::Undo { .. } => &[],
        })
        .copied()
        .collect();
    let read: BTreeMap<Signature, (u64, Transaction)> = futures_util::stream::iter(wanted)
        .map(|signature| async move {
            let record = chain.transaction(signature).await?.ok_or(FeedError::NotServed(signature))?;
            let calls = record.calls.into_iter().map(|call| (call.program, call.data)).collect();
            let at = times.get(&record.slot).copied().or(record.block_time);
            let transaction = Transaction { signature, at, logs: record.logs, calls };
            Ok::<_, FeedError>((signature, (record.slot, transaction)))
        })
        .buffer_unordered(limits::FETCHES_AT_ONCE)
        .try_collect()
        .await?;
    let mut changes = Vec::with_capacity(part.len());
    for step in part {
        match step {
            Step::Undo { slot } => changes.push(Changes::undo(*slot)),
            Step::Read { slot, signatures } => {
                let mut transactions = Vec::with_capacity(signatures.len());
                for signature in signatures {
                    let (landed, transaction) = read.get(signature).ok_or(FeedError::NotServed(*signature))?;
                    // It moved to another slot while we looked: the next look says where.
                    if landed != slot {
                        return Err(FeedError::NotServed(*signature));
                    }
                    transactions.push(transaction.clone());
                }
                changes.push(block::apply(&Block { slot: *slot, transactions }));
            }
        }
    }
    Ok(changes)
}
