//! Looks at running services: whether their node answers with a signed total, a few times in each period of usage.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use proofmill_dataplane::{Node, PeerAddr};
use proofmill_oracle_core::{UsageLook, UsageSeen, UsageSubject, limits::SERVICES_MAX};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    evidence::peer_addr,
    journal::Journal,
    limits::{LOOK_EVERY, LOOK_SECONDS_MAX, PROBE_PATIENCE, PROBES_AT_ONCE, USAGE_LOOKS},
    metrics::Metrics,
    mirror::Mirror,
    roots::usage_period,
    witnessed::metered,
};

/// What was seen of services. Clones share it.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<BTreeMap<UsageSubject, UsageSeen>>>);

impl Seen {
    /// What was seen.
    pub fn lock(&self) -> MutexGuard<'_, BTreeMap<UsageSubject, UsageSeen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at services.
pub struct Looker {
    /// What the chain says.
    pub mirror: Arc<RwLock<Mirror>>,
    /// The own node.
    pub node: Node,
    /// What was seen before.
    pub journal: Journal,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// What is seen.
    pub seen: Seen,
}

/// A service to look at.
struct Service {
    subject: UsageSubject,
    on_chain_ms: u64,
    witnessed: bool,
    peer: Option<PeerAddr>,
}

impl Looker {
    /// Looks until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut looked_at = i64::MIN;
        while !stop.is_cancelled() {
            let found = {
                let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
                let seconds = mirror.market.as_ref().map(|market| look_seconds(market.usage_timeout_seconds));
                seconds.zip(mirror.now()).filter(|_| mirror.complete())
            };
            match found {
                Some((seconds, now)) if now >= looked_at.saturating_add(i64::from(seconds)) => {
                    looked_at = now;
                    if stop.run_until_cancelled(self.look_at_all(seconds, now)).await.is_none() {
                        return;
                    }
                }
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    async fn look_at_all(&self, seconds: u32, now: i64) {
        let (services, lives) = self.services(now);
        // A service whose life is over is over for good.
        let over: Vec<UsageSubject> = {
            let mut seen = self.seen.lock();
            seen.extract_if(.., |subject, _| !lives.contains(subject)).map(|(subject, _)| subject).collect()
        };
        for subject in over {
            if let Err(error) = self.journal.forget_usage(&subject) {
                tracing::warn!(%error, "what was seen of an ended service stays on record");
            }
        }
        let at_once = Arc::new(Semaphore::new(PROBES_AT_ONCE));
        let mut looking = JoinSet::new();
        for service in services {
            let (node, at_once) = (self.node.clone(), at_once.clone());
            looking.spawn(async move {
                let _permit = at_once.acquire_owned().await.ok()?;
                let asked = async {
                    let peer = node.connect(service.peer?).await.ok()?;
                    // Dropping the exchange declines to sign: a validator reads.
                    let exchange = peer.usage(service.subject.job, service.subject.attempt).await.ok()?;
                    let report = exchange.report;
                    (report.nonce == service.subject.nonce).then_some(report.usage_ms)
                };
                let reported_ms = timeout(PROBE_PATIENCE, asked).await.ok().flatten();
                let Service { subject, on_chain_ms, witnessed, .. } = service;
                Some((subject, UsageLook { at: now, on_chain_ms, witnessed, reported_ms }))
            });
        }
        while let Some(looked) = looking.join_next().await {
            let Ok(Some((subject, look))) = looked else { continue };
            self.metrics.service_look(look.reported_ms.is_some());
            self.enter(subject, &look, seconds);
        }
    }

    fn enter(&self, subject: UsageSubject, look: &UsageLook, seconds: u32) {
        let known = self.seen.lock().get(&subject).copied();
        let before = match known {
            Some(seen) => Ok(Some(seen)),
            None => self.journal.usage(&subject),
        };
        let recorded = before.and_then(|before| {
            let seen = match before {
                Some(mut seen) => {
                    seen.look(look);
                    seen
                }
                None => UsageSeen::begin(look, seconds),
            };
            self.journal.record_usage(&subject, &seen).map(|()| seen)
        });
        match recorded {
            Ok(seen) => drop(self.seen.lock().insert(subject, seen)),
            Err(error) => tracing::error!(%error, "what was seen of a service is not recorded and does not count"),
        }
    }

    /// Services whose usage is still taken, and their lives.
    fn services(&self, now: i64) -> (Vec<Service>, std::collections::BTreeSet<UsageSubject>) {
        let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
        let (mut services, mut lives) = (Vec::new(), std::collections::BTreeSet::new());
        for (at, job) in mirror.jobs() {
            if metered(job, now).is_none() || lives.len() >= SERVICES_MAX {
                continue;
            }
            let subject = UsageSubject { job: at.to_bytes(), attempt: job.attempt, nonce: job.nonce };
            lives.insert(subject);
            // One that is paused or over still has its last total.
            let peer = mirror.witnessed.providers().get(&job.provider).and_then(peer_addr);
            let witnessed = mirror.witnessed.is_witnessed(at, job);
            services.push(Service { subject, on_chain_ms: job.metered_ms, witnessed, peer });
        }
        (services, lives)
    }
}

/// Seconds between two looks at a service.
pub fn look_seconds(usage_timeout_seconds: u32) -> u32 {
    (usage_period(usage_timeout_seconds) / USAGE_LOOKS).clamp(1, LOOK_SECONDS_MAX)
}
