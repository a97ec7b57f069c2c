//! Heartbeats: every active provider's node is asked once in each slot, at an instant that nobody can foresee, whether
//! it lives. What it signs binds it to this validator, this question and a block that did not exist a moment ago. What
//! was heard is on disk before the next slot is asked about.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use proofmill_chain::{Chain, RecentBlockhash};
use proofmill_dataplane::{BeatChallenge, Node, Peer, PeerAddr};
use proofmill_oracle_core::{Cadence, PeriodTally, slot_counts};
use solana_address::Address;
use solana_keypair::Keypair;
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    evidence::peer_addr,
    exchange::addr_of,
    identity::Identity,
    journal::Journal,
    limits::{
        FELLOWS_ASKED, LOOK_EVERY, PERIODS_BEHIND, PROBE_CONNECTIONS_KEPT, PROBE_PATIENCE, PROBE_PATIENCE_DIVISOR,
        PROBE_SPREAD_DIVISOR, PROBES_AT_ONCE, TALLIES_KEPT,
    },
    metrics::Metrics,
    mirror::Mirror,
};

const _: () = assert!(TALLIES_KEPT > PERIODS_BEHIND + 1);

/// Asks for heartbeats.
pub struct Prober {
    /// What the chain says.
    pub mirror: Arc<RwLock<Mirror>>,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// The own node.
    pub node: Node,
    /// What was heard.
    pub journal: Journal,
    /// The own keys.
    pub identity: Arc<Identity>,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// How time is cut, if it is configured.
    pub config: Config,
}

/// Bytes that nobody can foresee.
fn random() -> [u8; 32] {
    // A keypair's secret is from the operating system.
    *Keypair::new().secret_bytes()
}

/// A random part of `most`, from 32 random bytes.
fn part_of(most: Duration, random: &[u8; 32]) -> Duration {
    let draw = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
    most.mul_f64(f64::from(draw) / f64::from(u32::MAX))
}

impl Prober {
    /// Asks until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut kept: BTreeMap<Address, Peer> = BTreeMap::new();
        let mut last_slot = 0;
        while !stop.is_cancelled() {
            let found = {
                let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
                let cadence = mirror.market.as_ref().map(|market| self.config.cadence(market.allow_simulated != 0));
                cadence.zip(mirror.now()).filter(|_| mirror.complete())
            };
            let Some((cadence, now)) = found else {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            let slot = cadence.slot_at(now);
            if slot <= last_slot {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            last_slot = slot;
            if stop.run_until_cancelled(self.ask_all(cadence, slot, &mut kept)).await.is_none() {
                return;
            }
        }
    }

    /// One slot: asks, judges, records.
    async fn ask_all(&self, cadence: Cadence, slot: u64, kept: &mut BTreeMap<Address, Peer>) {
        // One that says nowhere where it is cannot be reached by tenants either: it is silent.
        let asked: Vec<(Address, Option<PeerAddr>)> = {
            let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
            let active = mirror.witnessed.providers().iter().filter(|(_, provider)| provider.active == 1);
            active.map(|(at, provider)| (*at, peer_addr(provider))).collect()
        };
        if asked.is_empty() {
            return;
        }
        let block = match self.chain.latest_blockhash().await {
            Ok(block) => block,
            Err(error) => {
                tracing::warn!(%error, slot, "no block is known: this slot counts for nobody");
                self.metrics.slot(false);
                return;
            }
        };
        kept.retain(|at, _| asked.iter().any(|(asked, _)| asked == at));
        let heard = self.hear(cadence, &asked, &block, kept).await;
        let reached = heard.values().any(|answered| *answered);
        let counts = slot_counts(&heard, !reached && self.fellow_answers().await);
        self.metrics.slot(counts);
        if !counts {
            tracing::warn!(
                slot,
                asked = asked.len(),
                "nobody was reached: this validator is cut off, and the slot counts for nobody"
            );
            return;
        }
        for answered in heard.values() {
            self.metrics.heartbeat(*answered);
        }
        if let Err(error) = self.enter(cadence, slot, &heard) {
            tracing::error!(slot, error = %error, "heartbeats could not be recorded; check data_dir");
        }
    }

    fn enter(&self, cadence: Cadence, slot: u64, heard: &BTreeMap<[u8; 32], bool>) -> anyhow::Result<()> {
        let sequence = cadence.sequence_of(slot);
        let mut tally = read_tally(&self.journal, cadence, sequence);
        tally.enter(slot, heard)?;
        self.journal.record_tally(&tally, sequence.saturating_sub(TALLIES_KEPT))?;
        Ok(())
    }

    /// Who answered and who did not. For whom there was no time is in neither.
    async fn hear(
        &self,
        cadence: Cadence,
        asked: &[(Address, Option<PeerAddr>)],
        block: &RecentBlockhash,
        kept: &mut BTreeMap<Address, Peer>,
    ) -> BTreeMap<[u8; 32], bool> {
        let slot_length = Duration::from_secs(u64::from(cadence.slot_seconds()));
        let spread = slot_length / PROBE_SPREAD_DIVISOR;
        let patience = PROBE_PATIENCE.min(slot_length * 2 / PROBE_PATIENCE_DIVISOR);
        let at_once = Arc::new(Semaphore::new(PROBES_AT_ONCE));
        // A little more than the last probe's patience, so that it ends by itself and is counted.
        let ends_at = tokio::time::Instant::now() + spread + patience + LOOK_EVERY;
        let mut asking = JoinSet::new();
        let mut heard = BTreeMap::new();
        for (at, peer) in asked {
            let Some(peer) = peer else {
                heard.insert(at.to_bytes(), false);
                continue;
            };
            let (node, at_once, known) = (self.node.clone(), at_once.clone(), kept.remove(at));
            let challenge =
                BeatChallenge { nonce: random(), height: block.last_valid_block_height, block: block.hash.to_bytes() };
            let validator = self.identity.vote_key();
            let (at, peer, wait) = (*at, *peer, part_of(spread, &random()));
            asking.spawn(async move {
                tokio::time::sleep(wait).await;
                let Ok(_permit) = at_once.acquire_owned().await else { return None };
                // A connection that died unseen must not cost the node its answer.
                let known = known.map(|known| (known, patience / 2));
                let answer = timeout(patience, beat(&node, known, peer, &validator, &challenge)).await;
                let said = match answer {
                    Ok(Ok(connection)) => return Some((at, Ok(connection))),
                    Ok(Err(reason)) => reason,
                    Err(_) => format!("no heartbeat within {patience:?}"),
                };
                Some((at, Err(said)))
            });
        }
        while let Ok(Some(ended)) = tokio::time::timeout_at(ends_at, asking.join_next()).await {
            let Ok(Some((at, answer))) = ended else { continue };
            match answer {
                Ok(connection) => {
                    heard.insert(at.to_bytes(), true);
                    if kept.len() < PROBE_CONNECTIONS_KEPT {
                        kept.insert(at, connection);
                    }
                }
                Err(reason) => {
                    tracing::debug!(provider = %at, reason, "no heartbeat");
                    heard.insert(at.to_bytes(), false);
                }
            }
        }
        heard
    }

    /// Whether a fellow validator's node can be reached.
    async fn fellow_answers(&self) -> bool {
        let mut fellows: Vec<PeerAddr> = {
            let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
            let Some(roster) = mirror.roster.clone() else { return false };
            let known = roster.identities.iter().zip(roster.vote_keys).zip(roster.endpoints);
            let others =
                known.take(usize::from(roster.count)).filter(|((identity, _), _)| **identity != mirror.validator);
            others.filter_map(|((_, key), endpoint)| Some(PeerAddr { key, addr: addr_of(&endpoint)? })).collect()
        };
        let offset = usize::from(random()[0]).checked_rem(fellows.len()).unwrap_or(0);
        fellows.rotate_left(offset);
        let mut asking = JoinSet::new();
        for fellow in fellows.into_iter().take(FELLOWS_ASKED) {
            let node = self.node.clone();
            asking.spawn(async move { timeout(PROBE_PATIENCE, node.connect(fellow)).await });
        }
        while let Some(answer) = asking.join_next().await {
            if matches!(answer, Ok(Ok(Ok(_)))) {
                return true;
            }
        }
        false
    }
}

/// What was seen of a period so far. A record that cannot be read, or is of another cadence, is begun anew: what it held
/// is lost, and nothing is invented.
pub fn read_tally(journal: &Journal, cadence: Cadence, sequence: u32) -> PeriodTally {
    let fresh = || PeriodTally::new(cadence, sequence);
    let bytes = match journal.tally(sequence) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return fresh(),
        Err(error) => {
            tracing::error!(sequence, %error, "heartbeats cannot be read; check data_dir");
            return fresh();
        }
    };
    match PeriodTally::decode(&bytes) {
        Ok(tally) if tally.cadence() == cadence && tally.sequence() == sequence => tally,
        Ok(_) => fresh(),
        Err(error) => {
            tracing::error!(sequence, %error, "heartbeats cannot be read");
            fresh()
        }
    }
}

/// Asks one node over the connection that is kept, if it answers for so long, or a new one. Returns the connection.
async fn beat(
    node: &Node,
    kept: Option<(Peer, Duration)>,
    addr: PeerAddr,
    validator: &[u8; 32],
    challenge: &BeatChallenge,
) -> Result<Peer, String> {
    if let Some((peer, patience)) = kept.filter(|(peer, _)| peer.key() == addr.key)
        && let Ok(Ok(signature)) = timeout(patience, peer.beat(challenge)).await
        && challenge.is_answered(validator, &addr.key, &signature)
    {
        return Ok(peer);
    }
    let peer = node.connect(addr).await.map_err(|error| error.to_string())?;
    let signature = peer.beat(challenge).await.map_err(|error| error.to_string())?;
    if challenge.is_answered(validator, &addr.key, &signature) {
        Ok(peer)
    } else {
        Err("its signature is not one on this challenge".to_owned())
    }
}
