//! Roots of measurements as actions: proposals are recorded, served and fetched, checked against what was seen here,
//! signed or refused, and carried to the arbiter. Who does what when is `proofmill-oracle-core`'s.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use ed25519_dalek::{Signature, VerifyingKey};
use proofmill_chain::{Chain, ChainError, Sender, TransactionRequest};
use proofmill_client::{address, arbiter, compose};
use proofmill_dataplane::{BlobKind, BlobName, DataError, Node, PeerAddr};
use proofmill_oracle_core::{
    Cadence, Leaves, PROPOSAL_BYTES_MAX, PeriodTally, Proposal, ProposalFacts, ROOT_ANSWER_BYTES_MAX, RootAnswer,
    RootFacts, RootName, RootRefusal, RootStep, UsageSubject, check_frame, check_uptime, check_usage, covers,
    limits::{ROOT_SETTLE_SECONDS, USAGE_SETTLE_SECONDS},
    needs_witness, order, sequence_at, signature_name, uptime_leaves,
};
use proofmill_protocol::{
    envelope::{Kind, envelope},
    ids::Domain,
    job::JobState,
    limits::ROOT_SIGNATURES_MAX,
    uptime::bucket_ending,
    witness::{UsageLeaf, WitnessKind},
};
use solana_address::Address;
use solana_instruction::Instruction;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    exchange::{Exchange, addr_of},
    heartbeat::read_tally,
    identity::Identity,
    journal::Journal,
    limits::{
        CRANK_PATIENCE, ENDED_TIMEOUT_SECONDS, PERIODS_BEHIND, PROPOSALS_KEPT_SECONDS, ROOT_ASK_PAUSE,
        ROOT_PEER_PATIENCE, ROOTS_EVERY, USAGE_PERIOD_DIVISOR, USAGE_PERIOD_SECONDS_MIN, USAGE_PROPOSALS_KEPT_SECONDS,
    },
    metrics::Metrics,
    mirror::Mirror,
    services::Seen,
    witnessed::{Known, finalize_root, metered, seat_of, sign_root},
};

/// Why a step towards a root was not taken. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The journal.
    #[error("the journal failed, so nothing is signed: {0}")]
    Record(#[from] proofmill_ledger::LedgerError),
    /// What is served.
    #[error("what is served cannot be written: {0}; check data_dir")]
    Serve(#[from] std::io::Error),
    /// A peer.
    #[error("the peer serves nothing: {0}")]
    Fetch(#[from] DataError),
    /// A peer that nobody knows how to reach.
    #[error("the roster does not say where it is")]
    FindPeer,
    /// Time.
    #[error("no answer within {ROOT_PEER_PATIENCE:?}")]
    AnswerInTime,
    /// A refusal.
    #[error("not signed: {0}")]
    Refuse(#[from] RootRefusal),
    /// What it is about is gone.
    #[error("nothing is left to do")]
    FindSubject,
    /// Too few signatures.
    #[error("{0} signatures at hand are too few")]
    Gather(usize),
    /// The chain.
    #[error(transparent)]
    Send(#[from] ChainError),
    /// A transaction takes too long.
    #[error("not settled within {CRANK_PATIENCE:?}")]
    SettleInTime,
}

/// What is done about roots. Clones share everything.
#[derive(Clone)]
pub struct Roots {
    /// What the chain says.
    pub mirror: Arc<RwLock<Mirror>>,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Sends what is carried. Its outbox need not survive the process: what is undone is seen undone, and done again.
    pub sender: Sender,
    /// The own node.
    pub node: Node,
    /// What was seen, and what was signed.
    pub journal: Journal,
    /// What is served.
    pub exchange: Exchange,
    /// The own keys.
    pub identity: Arc<Identity>,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// What was seen of services.
    pub seen: Seen,
    /// Periods, if they are configured.
    pub config: Config,
}

/// One root that something is to be done about.
#[derive(Clone)]
struct Task {
    name: RootName,
    covers: (i64, i64),
    domain: Domain,
    set: Arc<arbiter::ValidatorSet>,
    roster: Arc<arbiter::Roster>,
    order: Vec<[u8; 32]>,
    /// What was seen here.
    own: Own,
    facts: RootFacts,
}

/// What was seen here of what a root is about.
#[derive(Clone)]
enum Own {
    Uptime { tally: Arc<PeriodTally>, slots: u16 },
    Usage { leaves: Vec<UsageLeaf> },
}

type Effort = (RootName, RootStep);

fn proposal_blob(name: &RootName, proposer: &[u8; 32]) -> BlobName {
    BlobName { job: name.proposal_of(proposer), attempt: 0, kind: BlobKind::Spec }
}

fn answer_blob(digest: &[u8; 32], signer: &[u8; 32]) -> BlobName {
    BlobName { job: signature_name(digest, signer), attempt: 0, kind: BlobKind::Receipt }
}

impl Roots {
    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        if let Err(error) = self.recall() {
            tracing::error!(%error, "proposals on record are signed again as they come up");
        }
        let mut tick = tokio::time::interval(ROOTS_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut working: JoinSet<(Effort, Result<(), RootError>)> = JoinSet::new();
        let mut under_way: BTreeSet<Effort> = BTreeSet::new();
        let mut pauses: BTreeMap<Effort, (Instant, Duration)> = BTreeMap::new();
        let mut tallies: BTreeMap<u32, Arc<PeriodTally>> = BTreeMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(ended) = working.join_next() => {
                    let Ok((effort, result)) = ended else {
                        // It fell over: whatever was under way may be tried again.
                        under_way.clear();
                        continue;
                    };
                    under_way.remove(&effort);
                    let longest = *ROOT_ASK_PAUSE.end();
                    let pause = pauses.get(&effort).map_or(*ROOT_ASK_PAUSE.start(), |(_, last)| (*last * 2).min(longest));
                    pauses.insert(effort, (Instant::now() + pause, pause));
                    self.tell(effort, result);
                }
                _ = tick.tick() => {
                    let tasks = self.look(&mut tallies);
                    pauses.retain(|effort, _| tasks.iter().any(|task| task.name == effort.0));
                    for task in tasks {
                        for step in task.facts.steps() {
                            let effort = (task.name, step);
                            let waits = pauses.get(&effort).is_some_and(|(until, _)| Instant::now() < *until);
                            if waits || !under_way.insert(effort) {
                                continue;
                            }
                            let (roots, task) = (self.clone(), task.clone());
                            working.spawn(async move { (effort, roots.take(&task, step).await) });
                        }
                    }
                }
            }
        }
    }

    fn tell(&self, (name, step): Effort, result: Result<(), RootError>) {
        let (kind, sequence) = (name.kind, name.sequence);
        match result {
            Ok(()) => tracing::info!(kind, sequence, ?step, "towards a root"),
            Err(RootError::Refuse(reason)) => {
                self.metrics.root_refused(reason.name());
                tracing::warn!(kind, sequence, ?step, %reason, "a proposed root is not signed");
            }
            Err(error @ (RootError::Record(_) | RootError::Serve(_))) => {
                tracing::error!(kind, sequence, ?step, %error, "no step towards a root");
            }
            Err(reason) => tracing::debug!(kind, sequence, ?step, %reason, "no step towards a root yet"),
        }
    }

    /// Takes up what earlier runs signed, and forgets what is too old.
    fn recall(&self) -> Result<(), RootError> {
        for (key, bytes) in self.journal.proposals()? {
            let proposer = key.last_chunk::<32>().copied();
            match (Proposal::decode(&bytes), proposer) {
                (Ok(proposal), Some(proposer)) => self.keep(proposer, Arc::new(proposal))?,
                _ => {
                    tracing::error!(key = hex::encode(&key), "a recorded proposal cannot be read, and is forgotten");
                    self.journal.forget_proposal(&key)?;
                }
            }
        }
        Ok(())
    }

    /// Serves a proposal that is on record, and the signature on it.
    fn keep(&self, proposer: [u8; 32], proposal: Arc<Proposal>) -> Result<(), RootError> {
        let me = self.identity.validator_address().to_bytes();
        let known = Known::new(proposal.clone(), None);
        let (name, digest) = (proposal.name(), known.digest);
        let signature = self.identity.sign_root(&digest);
        self.exchange.offer_bytes(answer_blob(&digest, &me), &RootAnswer::Signed(signature).encode())?;
        if proposer == me {
            self.exchange.offer_bytes(proposal_blob(&name, &me), &proposal.encode())?;
        }
        self.mirror.write().unwrap_or_else(PoisonError::into_inner).witnessed.learn(proposer, known);
        Ok(())
    }

    fn forget(&self, now: i64) {
        let kept = [(WitnessKind::Uptime, PROPOSALS_KEPT_SECONDS), (WitnessKind::Usage, USAGE_PROPOSALS_KEPT_SECONDS)];
        let me = self.identity.validator_address().to_bytes();
        for (kind, seconds) in kept {
            let forgotten = {
                let mut mirror = self.mirror.write().unwrap_or_else(PoisonError::into_inner);
                mirror.witnessed.forget_before(kind, now.saturating_sub(seconds))
            };
            for (proposer, known) in forgotten {
                let name = known.proposal.name();
                self.exchange.withdraw_bytes(&answer_blob(&known.digest, &me));
                if proposer == me {
                    self.exchange.withdraw_bytes(&proposal_blob(&name, &me));
                }
                if let Err(error) = self.journal.forget_proposal(&name.record_of(&proposer)) {
                    tracing::warn!(%error, "an old proposal stays on record");
                }
            }
        }
    }

    /// The roots about which something may be to be done.
    fn look(&self, tallies: &mut BTreeMap<u32, Arc<PeriodTally>>) -> Vec<Task> {
        let ready = {
            let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
            mirror.now().filter(|_| mirror.complete())
        };
        let Some(now) = ready else { return Vec::new() };
        self.forget(now);
        let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
        let (Some(market), Some(arbiter), Some(roster)) = (&mirror.market, &mirror.arbiter, &mirror.roster) else {
            return Vec::new();
        };
        let Some(set) = mirror.witnessed.sets.get(&arbiter.epoch) else { return Vec::new() };
        let cadence = self.config.cadence(market.allow_simulated != 0);
        let task = |kind: WitnessKind, sequence: u32, covers: (i64, i64), own: Own, needed: bool| {
            let name = RootName { kind: kind as u8, epoch: arbiter.epoch, sequence };
            let members: Vec<[u8; 32]> = set.identities.iter().take(usize::from(set.count)).copied().collect();
            let order = order(&members, &name);
            let place = order.iter().position(|member| *member == mirror.validator);
            let known = mirror.witnessed.known(&name);
            let proposals = known.into_iter().flatten().filter_map(|(proposer, known)| {
                Some(ProposalFacts {
                    proposer: order.iter().position(|member| member == proposer)?,
                    signed: known.refusal.is_none(),
                    supermajority: mirror.witnessed.is_supermajority(known),
                })
            });
            let facts = RootFacts {
                now,
                covers_until: covers.1,
                settle_seconds: match kind {
                    WitnessKind::Usage => USAGE_SETTLE_SECONDS,
                    _ => ROOT_SETTLE_SECONDS,
                },
                rank: place.unwrap_or(order.len()),
                members: order.len(),
                member: place.is_some(),
                done: mirror.witnessed.has_root(kind, covers.1),
                needed,
                proposals: proposals.collect(),
            };
            let domain = Domain(arbiter.domain);
            Task { name, covers, domain, set: set.clone(), roster: roster.clone(), order, own, facts }
        };
        let mut tasks = Vec::new();
        let present = cadence.sequence_at(now);
        tallies.retain(|sequence, _| present.saturating_sub(*sequence) <= PERIODS_BEHIND);
        let buckets = mirror.witnessed.buckets();
        let mut taken = BTreeSet::new();
        for sequence in (1..=PERIODS_BEHIND).map(|back| present.saturating_sub(back)) {
            let covers = cadence.covers(sequence);
            let Ok(bucket) = bucket_ending(covers.1) else { continue };
            let Some(tally) = self.ended(tallies, cadence, sequence, now) else { continue };
            let leaves = uptime_leaves(&tally, cadence.slots());
            // The market takes one root per bucket: where periods are shorter, the newest of them.
            if leaves.is_empty() || !taken.insert(bucket) {
                continue;
            }
            let recorded = |provider: &[u8; 32]| buckets.get(&Address::new_from_array(*provider));
            let needed = leaves.iter().any(|leaf| recorded(&leaf.provider).is_some_and(|recorded| *recorded < bucket));
            tasks.push(task(
                WitnessKind::Uptime,
                sequence,
                covers,
                Own::Uptime { tally, slots: cadence.slots() },
                needed,
            ));
        }
        let seconds = usage_period(market.usage_timeout_seconds);
        let sequence = sequence_at(now, seconds).saturating_sub(1);
        let period = covers(sequence, seconds);
        let leaves = self.usage_leaves(&mirror, period.1, now);
        let needed = !leaves.is_empty();
        let task = task(WitnessKind::Usage, sequence, period, Own::Usage { leaves }, needed);
        if needed || !task.facts.proposals.is_empty() {
            tasks.push(task);
        }
        tasks
    }

    /// What was seen of a period that is over, once nothing more is entered.
    fn ended(
        &self,
        tallies: &mut BTreeMap<u32, Arc<PeriodTally>>,
        cadence: Cadence,
        sequence: u32,
        now: i64,
    ) -> Option<Arc<PeriodTally>> {
        let settled = cadence.covers(sequence).1.saturating_add(ROOT_SETTLE_SECONDS);
        if now < settled {
            return None;
        }
        let tally = tallies.entry(sequence).or_insert_with(|| Arc::new(read_tally(&self.journal, cadence, sequence)));
        Some(tally.clone())
    }

    /// Usage that has to be witnessed, by what was seen here.
    fn usage_leaves(&self, mirror: &Mirror, until: i64, now: i64) -> Vec<UsageLeaf> {
        let seen = self.seen.lock();
        let mut leaves: Vec<UsageLeaf> = seen
            .iter()
            .filter_map(|(subject, seen)| {
                let job = mirror.job(&Address::new_from_array(subject.job))?;
                metered(job, now).filter(|(nonce, ..)| *nonce == subject.nonce)?;
                // Once it is paused or over there is less time for what is not yet on chain.
                let timeout = match JobState::from_code(job.state)? {
                    JobState::Running => job.usage_timeout_seconds,
                    _ => job.usage_timeout_seconds.min(ENDED_TIMEOUT_SECONDS),
                };
                let due = needs_witness(job.usage_at.max(job.started_at), timeout, now);
                (due && seen.says_more(job.metered_ms, until)).then(|| UsageLeaf {
                    job: subject.job,
                    attempt: subject.attempt,
                    nonce: subject.nonce,
                    usage_ms: seen.witnessed_ms(until),
                })
            })
            .collect();
        leaves.sort_unstable_by_key(UsageSubject::of);
        leaves
    }

    async fn take(&self, task: &Task, step: RootStep) -> Result<(), RootError> {
        match step {
            RootStep::Propose => self.propose(task),
            RootStep::Ask(place) => self.ask(task, place).await,
            RootStep::Gather(place) => self.gather(task, place).await,
            RootStep::Carry(place) => self.carry(task, place).await,
        }
    }

    fn propose(&self, task: &Task) -> Result<(), RootError> {
        let me = self.identity.validator_address().to_bytes();
        let leaves = match &task.own {
            Own::Uptime { tally, slots } => Leaves::Uptime(uptime_leaves(tally, *slots)),
            Own::Usage { leaves } => Leaves::Usage(leaves.clone()),
        };
        let made = Proposal::of(task.domain, task.name, task.covers, leaves).ok_or(RootError::FindSubject)?;
        // A restart proposes what was recorded before it, whatever it would say now.
        let recorded = self.journal.record_proposal(&task.name.record_of(&me), &made.encode())?;
        self.keep(me, Arc::new(Proposal::decode(&recorded)?))?;
        self.metrics.root("proposed");
        Ok(())
    }

    async fn ask(&self, task: &Task, place: usize) -> Result<(), RootError> {
        let proposer = *task.order.get(place).ok_or(RootError::FindPeer)?;
        let me = self.identity.validator_address().to_bytes();
        let name = proposal_blob(&task.name, &proposer);
        let bytes = self.fetch(task, &proposer, &name, PROPOSAL_BYTES_MAX).await?;
        let proposal = Arc::new(Proposal::decode(&bytes)?);
        let digest = proposal.digest();
        match self.check(task, &proposal) {
            Ok(()) => {
                let recorded = self.journal.record_proposal(&task.name.record_of(&proposer), &bytes)?;
                if recorded != bytes {
                    return Err(self.refuse(proposer, &proposal, &digest, &me, RootRefusal::SecondProposal));
                }
                self.keep(proposer, proposal)?;
                self.metrics.root("signed");
                Ok(())
            }
            Err(reason) => Err(self.refuse(proposer, &proposal, &digest, &me, reason)),
        }
    }

    /// Tells the proposer why, and remembers it.
    fn refuse(
        &self,
        proposer: [u8; 32],
        proposal: &Arc<Proposal>,
        digest: &[u8; 32],
        me: &[u8; 32],
        reason: RootRefusal,
    ) -> RootError {
        let answer = RootAnswer::Refused(reason.to_string());
        if let Err(error) = self.exchange.offer_bytes(answer_blob(digest, me), &answer.encode()) {
            return error.into();
        }
        let known = Known::new(proposal.clone(), Some(reason));
        self.mirror.write().unwrap_or_else(PoisonError::into_inner).witnessed.learn(proposer, known);
        reason.into()
    }

    fn check(&self, task: &Task, proposal: &Proposal) -> Result<(), RootRefusal> {
        check_frame(proposal, &task.domain, task.name, task.covers)?;
        match (&proposal.leaves, &task.own) {
            (Leaves::Uptime(leaves), Own::Uptime { tally, slots }) => check_uptime(leaves, tally, *slots),
            (Leaves::Usage(leaves), Own::Usage { .. }) => {
                let seen = self.seen.lock();
                check_usage(leaves, |subject| seen.get(subject), task.covers.1)
            }
            _ => Err(RootRefusal::Name),
        }
    }

    async fn fetch(
        &self,
        task: &Task,
        from: &[u8; 32],
        name: &BlobName,
        bytes_max: usize,
    ) -> Result<Vec<u8>, RootError> {
        let roster = &task.roster;
        let at = roster.identities.iter().take(usize::from(roster.count)).position(|known| known == from);
        let found = at.and_then(|at| {
            Some(PeerAddr { key: *roster.vote_keys.get(at)?, addr: addr_of(roster.endpoints.get(at)?)? })
        });
        let peer = found.ok_or(RootError::FindPeer)?;
        let served = timeout(ROOT_PEER_PATIENCE, async {
            self.node.connect(peer).await?.get_bytes(name, u64::try_from(bytes_max).unwrap_or(u64::MAX)).await
        });
        Ok(served.await.map_err(|_| RootError::AnswerInTime)??)
    }

    fn known(&self, task: &Task, proposer: &[u8; 32]) -> Result<Known, RootError> {
        let mirror = self.mirror.read().unwrap_or_else(PoisonError::into_inner);
        mirror.witnessed.known(&task.name).and_then(|known| known.get(proposer)).cloned().ok_or(RootError::FindSubject)
    }

    async fn gather(&self, task: &Task, place: usize) -> Result<(), RootError> {
        let proposer = *task.order.get(place).ok_or(RootError::FindPeer)?;
        let known = self.known(task, &proposer)?;
        let me = self.identity.validator_address().to_bytes();
        if let Some(seat) = seat_of(&task.set, &me) {
            self.learn_signature(task, &proposer, seat, self.identity.sign_root(&known.digest));
        }
        let mut asking = JoinSet::new();
        for member in task.order.iter().filter(|member| **member != me) {
            let Some(seat) = seat_of(&task.set, member) else { continue };
            if known.signatures.contains_key(&seat) {
                continue;
            }
            let (roots, task, member, digest) = (self.clone(), task.clone(), *member, known.digest);
            asking.spawn(async move {
                let name = answer_blob(&digest, &member);
                (seat, roots.fetch(&task, &member, &name, ROOT_ANSWER_BYTES_MAX).await)
            });
        }
        let message = envelope(Kind::Witness, &known.digest);
        while let Some(answer) = asking.join_next().await {
            let Ok((seat, Ok(bytes))) = answer else { continue };
            let vote_key = task.set.vote_keys.get(usize::from(seat)).copied().unwrap_or_default();
            match RootAnswer::decode(&bytes) {
                Some(RootAnswer::Signed(signature)) => {
                    let holds = VerifyingKey::from_bytes(&vote_key)
                        .is_ok_and(|key| key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok());
                    if holds {
                        self.learn_signature(task, &proposer, seat, signature);
                    } else {
                        tracing::warn!(
                            seat,
                            sequence = task.name.sequence,
                            "a served signature on a root is not its seat's"
                        );
                    }
                }
                Some(RootAnswer::Refused(reason)) => {
                    tracing::warn!(
                        seat,
                        sequence = task.name.sequence,
                        reason,
                        "a fellow validator does not sign a root"
                    );
                }
                None => tracing::warn!(seat, sequence = task.name.sequence, "what is served is no answer about a root"),
            }
        }
        let known = self.known(task, &proposer)?;
        let enough = self.mirror.read().unwrap_or_else(PoisonError::into_inner).witnessed.is_supermajority(&known);
        if enough { self.carry(task, place).await } else { Err(RootError::Gather(known.signatures.len())) }
    }

    fn learn_signature(&self, task: &Task, proposer: &[u8; 32], seat: u8, signature: [u8; 64]) {
        let mut mirror = self.mirror.write().unwrap_or_else(PoisonError::into_inner);
        mirror.witnessed.learn_signature(&task.name, proposer, seat, signature);
    }

    /// Brings what is missing on chain: the ballot, signatures, the root.
    async fn carry(&self, task: &Task, place: usize) -> Result<(), RootError> {
        let proposer = *task.order.get(place).ok_or(RootError::FindPeer)?;
        let known = self.known(task, &proposer)?;
        let payer = self.identity.delegate_address();
        let root = address::witness_root(task.name.kind, task.name.epoch, task.name.sequence);
        let found = self.chain.accounts(&[known.ballot, root]).await?;
        let mut found = found.into_iter().map(|account| account.filter(|account| account.owner == arbiter::ID));
        let ballot = found.next().flatten().and_then(|account| arbiter::RootBallot::decode(&account.data).ok());
        if found.next().flatten().is_some() {
            return Ok(());
        }
        for (number, plan) in plans(&payer, &known, ballot.as_ref()).into_iter().enumerate() {
            let effect = format!("root:{}:{}:{number}", known.ballot, ballot.map_or(0, |ballot| ballot.signed));
            let key = proofmill_protocol::sha256(&[effect.as_bytes()]);
            let request = TransactionRequest::new(self.identity.payer(), plan);
            timeout(CRANK_PATIENCE, self.sender.send(&key, request)).await.map_err(|_| RootError::SettleInTime)??;
        }
        self.metrics.root("carried");
        Ok(())
    }
}

/// Seconds of a period of usage.
pub fn usage_period(usage_timeout_seconds: u32) -> u32 {
    (usage_timeout_seconds / USAGE_PERIOD_DIVISOR).max(USAGE_PERIOD_SECONDS_MIN)
}

/// What is missing on chain of a proposal with these signatures, in as few transactions as it fits into.
pub fn plans(payer: &Address, known: &Known, ballot: Option<&arbiter::RootBallot>) -> Vec<Vec<Instruction>> {
    let body = &known.proposal.body;
    let mut plans = Vec::new();
    let mut plan: Vec<Instruction> = Vec::new();
    if ballot.is_none() {
        plan.push(arbiter::open_root_ballot(
            arbiter::OpenRootBallotAccounts {
                payer: *payer,
                config: address::arbiter_config(),
                validator_set: address::validator_set(body.epoch),
                ballot: known.ballot,
            },
            arbiter::OpenRootBallotArgs {
                args: arbiter::RootProposal {
                    digest: known.digest,
                    kind: body.kind as u8,
                    sequence: body.sequence,
                    leaves: body.leaves,
                    weight_total: body.weight_total,
                    covers_from: body.covers_from,
                    covers_until: body.covers_until,
                    root: body.root,
                },
            },
        ));
    }
    let signed = ballot.map_or(0, |ballot| ballot.signed);
    let lacking = known
        .signatures
        .iter()
        .filter(|(seat, _)| 1u64.checked_shl(u32::from(**seat)).is_some_and(|bit| signed & bit == 0));
    let mut batch: Vec<arbiter::SeatSignature> = Vec::new();
    for (seat, signature) in lacking {
        let one = arbiter::SeatSignature { seat: *seat, signature: *signature };
        let mut larger = batch.clone();
        larger.push(one);
        let mut with = plan.clone();
        with.push(sign_root(body.epoch, known.ballot, larger.clone()));
        if larger.len() > ROOT_SIGNATURES_MAX || !compose::fits(payer, &with) {
            if !batch.is_empty() {
                plan.push(sign_root(body.epoch, known.ballot, std::mem::take(&mut batch)));
            }
            plans.push(std::mem::take(&mut plan));
            batch = vec![one];
        } else {
            batch = larger;
        }
    }
    if !batch.is_empty() {
        plan.push(sign_root(body.epoch, known.ballot, batch));
    }
    let last = finalize_root(*payer, known.ballot, &known.proposal.name());
    let mut with = plan.clone();
    with.push(last.clone());
    if compose::fits(payer, &with) {
        plans.push(with);
    } else {
        plans.push(plan);
        plans.push(vec![last]);
    }
    plans.retain(|plan| !plan.is_empty());
    plans
}
