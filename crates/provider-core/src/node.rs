//! The decisions.

use std::collections::BTreeMap;

use proofmill_protocol::{job::JobState, limits::APPEAL_ROUND, receipt::Termination};

use crate::{
    event::{Action, CaseFacts, ChainNow, ContainerState, Event, JobFacts, RoundFacts, ScanResult, Step},
    limits::{
        CASE_ASK_SECONDS, CASE_GRACE_SECONDS, CASE_KEEP_SECONDS_MAX, DECLINE_LEAD_SECONDS, OVERRUN_MS, RETENTION_SECONDS,
        RETRY_SECONDS, STREAM_SECONDS,
    },
    record::{AttemptKey, DeclineReason, EndReason, Exit, Ledgered, Metered, Phase, Record, Role},
    serving::Watch,
};

/// What the engine last said. Not kept over a restart: it is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Unknown,
    Absent,
    Present,
    Gone,
}

/// What the chain last said. Not kept over a restart: it is read again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    Nothing,
    Job(JobFacts),
    Round(RoundFacts),
    Gone,
}

/// What the chain last said about a slash of a run. Not kept over a restart: it is asked again before data is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Unknown,
    /// It may be judged; what it is about is kept until then.
    Open {
        until: i64,
    },
    Over,
}

/// What has come to the place of an attempt that is still remembered: it begins when that one is forgotten.
#[derive(Clone, Copy, Debug)]
enum Next {
    Job(JobFacts),
    Round(RoundFacts),
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) record: Record,
    pub(crate) seen: Seen,
    pub(crate) container: Container,
    blobs_ready: bool,
    case: Case,
    next: Option<Next>,
    /// Steps under way, or not to be tried again before an instant.
    held: BTreeMap<Step, i64>,
    /// Of a service.
    pub(crate) watch: Watch,
}

/// Held until the daemon answers.
const UNDER_WAY: i64 = i64::MAX;

impl Entry {
    fn new(record: Record) -> Entry {
        // A container is asked for only from `Starting` on: before it there is none.
        let container = if record.may_have_container() { Container::Unknown } else { Container::Absent };
        Entry {
            record,
            seen: Seen::Nothing,
            container,
            blobs_ready: false,
            case: Case::Unknown,
            next: None,
            held: BTreeMap::new(),
            watch: Watch::default(),
        }
    }

    /// Takes a step unless it is under way or held back.
    pub(crate) fn take(&mut self, step: Step, now: ChainNow) -> bool {
        if self.held.get(&step).is_some_and(|until| *until > now.unix_seconds) {
            return false;
        }
        self.held.insert(step, UNDER_WAY);
        true
    }

    /// A start was asked for and is not yet answered.
    fn starting(&self) -> bool {
        self.held.get(&Step::Start) == Some(&UNDER_WAY)
    }

    /// Ends the pause before another start, but not the wait for one that is under way: carried out after a removal,
    /// it would leave a container that nobody remembers.
    fn allow_start(&mut self) {
        if !self.starting() {
            self.held.remove(&Step::Start);
        }
    }

    /// Whether the data may be what a committee asks for. Only what was run can be slashed for.
    fn kept_for_case(&self, now: ChainNow) -> bool {
        self.record.key.role == Role::Run
            && match self.case {
                Case::Unknown => true,
                Case::Open { until } => now.unix_seconds <= until,
                Case::Over => false,
            }
    }

    pub(crate) fn enter(&mut self, phase: Phase, actions: &mut Vec<Action>) {
        if self.record.phase != phase {
            self.record.phase = phase;
            actions.push(Action::Persist(self.record));
        }
    }

    fn end(&mut self, reason: EndReason, drop_at: i64, actions: &mut Vec<Action>) {
        if self.record.is_live() {
            let container_removed = !self.record.may_have_container();
            self.enter(Phase::Ended { reason, drop_at, container_removed }, actions);
        }
    }
}

/// Every attempt this node knows.
#[derive(Debug)]
pub struct Node {
    entries: BTreeMap<AttemptKey, Entry>,
    retention_seconds: i64,
    host_ms: i64,
}

impl Default for Node {
    fn default() -> Self {
        Self::restore([], RETENTION_SECONDS)
    }
}

impl Node {
    /// A node from its persisted records. What else it knew is reported to it again: the recorded receipts first,
    /// then containers, blobs and accounts.
    pub fn restore(records: impl IntoIterator<Item = Record>, retention_seconds: i64) -> Node {
        let entries = records.into_iter().map(|record| (record.key, Entry::new(record))).collect();
        Node { entries, retention_seconds, host_ms: 0 }
    }

    /// The record of an attempt.
    pub fn record(&self, key: &AttemptKey) -> Option<&Record> {
        self.entries.get(key).map(|entry| &entry.record)
    }

    /// Every record.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.entries.values().map(|entry| &entry.record)
    }

    /// Takes one event; returns what to do, in order.
    pub fn handle(&mut self, now: ChainNow, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::JobSeen(facts) => self.job_seen(now, facts, &mut actions),
            Event::RoundSeen(facts) => self.round_seen(now, facts, &mut actions),
            Event::JobGone { job } => {
                let (from, to) = (first_key(job), last_key(job));
                let keys: Vec<AttemptKey> = self.entries.range(from..=to).map(|(key, _)| *key).collect();
                for key in keys {
                    // An appeal is judged whether or not the job is still there.
                    if let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.record.round != APPEAL_ROUND) {
                        entry.seen = Seen::Gone;
                        entry.next.take_if(|next| matches!(next, Next::Job(_)));
                    }
                    self.decide(key, now, &mut actions);
                }
            }
            Event::RoundGone { job, attempt, round } => {
                let key = AttemptKey { job, attempt, role: Role::Reexecute };
                self.with(key, now, &mut actions, |entry, _| {
                    entry.next.take_if(|next| matches!(next, Next::Round(facts) if facts.round == round));
                    if entry.record.round == round {
                        entry.seen = Seen::Gone;
                    }
                });
            }
            Event::CaseSeen(facts) => self.case_seen(now, facts, &mut actions),
            Event::CaseGone { job, attempt, nonce } => {
                let key = AttemptKey { job, attempt, role: Role::Run };
                self.with(key, now, &mut actions, |entry, _| {
                    if entry.record.nonce == nonce {
                        entry.held.remove(&Step::Ask);
                        entry.case = Case::Over;
                    }
                });
            }
            Event::SpecRead(key, max_seconds) => self.with(key, now, &mut actions, |entry, actions| {
                let unstarted = matches!(entry.record.phase, Phase::Wanted);
                // Of a job's own rounds the chain says how long, and it has the word.
                if unstarted && entry.record.round == APPEAL_ROUND && entry.record.max_seconds < max_seconds {
                    entry.record.max_seconds = max_seconds;
                    actions.push(Action::Persist(entry.record));
                }
            }),
            Event::BlobsReady(key) => self.with(key, now, &mut actions, |entry, _| {
                entry.held.remove(&Step::Fetch);
                entry.blobs_ready = true;
            }),
            Event::Unrunnable(key) => self.with(key, now, &mut actions, |entry, actions| {
                if matches!(entry.record.phase, Phase::Wanted | Phase::Starting) {
                    unable(entry, now, DeclineReason::Unrunnable, actions);
                }
            }),
            Event::ContainerSeen(key, state) => {
                self.with(key, now, &mut actions, |entry, actions| container_seen(entry, state, actions));
            }
            Event::ServiceSeen(key, sight) => {
                self.with(key, now, &mut actions, |entry, actions| entry.service_seen(sight, now, actions));
            }
            Event::UsageCosigned(key, cosigned) => self.with(key, now, &mut actions, |entry, _| {
                entry.watch.cosigned = entry.watch.cosigned.max(Some(cosigned));
            }),
            Event::ContainerMissing(key) => self.with(key, now, &mut actions, container_missing),
            Event::OutputsScanned(key, result) => self.with(key, now, &mut actions, |entry, actions| {
                entry.held.remove(&Step::Scan);
                if let Phase::Exited(exit) = entry.record.phase {
                    entry.enter(Phase::Scanned(classify(exit, result)), actions);
                }
            }),
            Event::ReceiptRecorded(key) => self.with(key, now, &mut actions, |entry, actions| {
                entry.held.remove(&Step::Sign);
                let before = !matches!(
                    entry.record.phase,
                    Phase::Recorded | Phase::Submitted | Phase::Claiming | Phase::Ended { .. }
                );
                if before {
                    entry.enter(Phase::Recorded, actions);
                }
            }),
            Event::Done(key, step) => self.done(key, step, now, &mut actions),
            Event::Failed(key, step) => {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.held.insert(step, now.unix_seconds.saturating_add(RETRY_SECONDS));
                }
            }
            Event::Tick { host_ms } => {
                self.host_ms = host_ms;
                let keys: Vec<AttemptKey> = self.entries.keys().copied().collect();
                for key in keys {
                    self.decide(key, now, &mut actions);
                }
            }
        }
        actions
    }

    /// Changes one entry and decides about it.
    fn with(
        &mut self,
        key: AttemptKey,
        now: ChainNow,
        actions: &mut Vec<Action>,
        change: impl FnOnce(&mut Entry, &mut Vec<Action>),
    ) {
        if let Some(entry) = self.entries.get_mut(&key) {
            change(entry, actions);
            self.decide(key, now, actions);
        }
    }

    fn done(&mut self, key: AttemptKey, step: Step, now: ChainNow, actions: &mut Vec<Action>) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        match step {
            Step::Drop => {
                // Only an ended attempt is dropped: a late answer must not forget a live one.
                if entry.record.is_live() {
                    return;
                }
                let next = entry.next;
                self.entries.remove(&key);
                actions.push(Action::Forget(key));
                match next {
                    Some(Next::Job(facts)) => self.job_seen(now, facts, actions),
                    Some(Next::Round(facts)) => self.round_seen(now, facts, actions),
                    None => {}
                }
                return;
            }
            Step::Remove => {
                entry.container = Container::Gone;
                entry.held.remove(&step);
                if let Phase::Ended { reason, drop_at, .. } = entry.record.phase {
                    entry.enter(Phase::Ended { reason, drop_at, container_removed: true }, actions);
                }
            }
            // Their effect is seen on chain a moment later; until then they are not repeated at once.
            Step::Declare
            | Step::Submit
            | Step::Decline
            | Step::Claim
            | Step::Stop
            | Step::Start
            | Step::Pause
            | Step::PauseJob
            | Step::Resume
            | Step::End
            | Step::Expire => {
                entry.held.insert(step, now.unix_seconds.saturating_add(RETRY_SECONDS));
            }
            Step::Report => {
                let pause = entry.report_pause();
                entry.held.insert(step, now.unix_seconds.saturating_add(pause));
            }
            Step::Stream => {
                entry.held.insert(step, now.unix_seconds.saturating_add(STREAM_SECONDS));
            }
            Step::Fetch | Step::Scan | Step::Sign | Step::Ask => {
                entry.held.remove(&step);
            }
        }
        self.decide(key, now, actions);
    }

    fn job_seen(&mut self, now: ChainNow, facts: JobFacts, actions: &mut Vec<Action>) {
        let key = AttemptKey { job: facts.job, attempt: facts.attempt, role: Role::Run };
        // A job that has come to a later attempt is no longer held for the earlier ones.
        let earlier: Vec<AttemptKey> = self.entries.range(first_key(facts.job)..key).map(|(key, _)| *key).collect();
        for earlier in earlier.into_iter().filter(|earlier| earlier.role == Role::Run) {
            self.with(earlier, now, actions, |entry, _| entry.seen = Seen::Gone);
        }
        let Some(entry) = self.entries.get_mut(&key) else {
            // Nothing was done for it and nothing can be: a job that has a receipt or is settled needs no record.
            // One of a service whose ledger is lost is still to be ended.
            let open_to_us = matches!(facts.state, JobState::Matched | JobState::Running | JobState::Paused);
            if facts.matched_to_me && open_to_us {
                let record = Record {
                    key,
                    nonce: facts.nonce,
                    round: 0,
                    max_seconds: facts.max_seconds,
                    service: facts.service.is_some(),
                    phase: Phase::Wanted,
                };
                actions.push(Action::Persist(record));
                let mut entry = Entry::new(record);
                entry.seen = Seen::Job(facts);
                self.entries.insert(key, entry);
                self.decide(key, now, actions);
            }
            return;
        };
        if entry.record.nonce == facts.nonce && facts.matched_to_me {
            // Accounts arrive by two roads; a state never goes back.
            if let Seen::Job(known) = entry.seen
                && progress(&facts) < progress(&known)
            {
                return;
            }
            entry.seen = Seen::Job(facts);
        } else {
            // Another life of the address, or another's: clear the way at once. Ours begins when it is clear.
            entry.seen = Seen::Gone;
            if entry.record.nonce != facts.nonce {
                entry.next = facts.matched_to_me.then_some(Next::Job(facts));
            }
            if let Phase::Ended { reason, container_removed, .. } = entry.record.phase {
                entry.enter(Phase::Ended { reason, drop_at: now.unix_seconds, container_removed }, actions);
            } else {
                entry.end(EndReason::Gone, now.unix_seconds, actions);
            }
        }
        self.decide(key, now, actions);
    }

    fn round_seen(&mut self, now: ChainNow, facts: RoundFacts, actions: &mut Vec<Action>) {
        let key = AttemptKey { job: facts.job, attempt: facts.attempt, role: Role::Reexecute };
        let worth_it = facts.open && !facts.reexecuted && now.unix_seconds <= facts.attest_until;
        match self.entries.get_mut(&key) {
            None if worth_it => {
                let record = Record {
                    key,
                    nonce: facts.nonce,
                    round: facts.round,
                    max_seconds: facts.max_seconds,
                    service: false,
                    phase: Phase::Wanted,
                };
                actions.push(Action::Persist(record));
                let mut entry = Entry::new(record);
                entry.seen = Seen::Round(facts);
                self.entries.insert(key, entry);
            }
            None => return,
            Some(entry) if entry.record.nonce == facts.nonce && entry.record.round == facts.round => {
                entry.seen = Seen::Round(facts);
            }
            Some(entry) => {
                // A job's rounds lie where those of its earlier lives did; an appeal's lies where no other ever will.
                let replaced = entry.record.round != APPEAL_ROUND && facts.round != APPEAL_ROUND;
                if entry.record.nonce != facts.nonce && replaced {
                    entry.end(EndReason::Gone, now.unix_seconds, actions);
                }
                if worth_it {
                    entry.next = Some(Next::Round(facts));
                } else {
                    let same = |next: &RoundFacts| (next.nonce, next.round) == (facts.nonce, facts.round);
                    entry.next.take_if(|next| matches!(next, Next::Round(next) if same(next)));
                }
            }
        }
        self.decide(key, now, actions);
    }

    fn case_seen(&mut self, now: ChainNow, facts: CaseFacts, actions: &mut Vec<Action>) {
        let key = AttemptKey { job: facts.job, attempt: facts.attempt, role: Role::Run };
        self.with(key, now, actions, |entry, _| {
            if entry.record.nonce != facts.nonce {
                return;
            }
            let longest = facts.opened_at.saturating_add(CASE_KEEP_SECONDS_MAX);
            let until = facts.until.saturating_add(CASE_GRACE_SECONDS).min(longest);
            entry.case = Case::Open { until };
            entry.held.insert(Step::Ask, now.unix_seconds.saturating_add(CASE_ASK_SECONDS));
        });
    }

    fn decide(&mut self, key: AttemptKey, now: ChainNow, actions: &mut Vec<Action>) {
        let (retention, host_ms) = (self.retention_seconds, self.host_ms);
        let Some(entry) = self.entries.get_mut(&key) else { return };
        follow_chain(entry, now, retention, actions);
        entry.follow_service(now, host_ms, actions);
        let running =
            matches!(entry.seen, Seen::Job(facts) if matches!(facts.state, JobState::Running | JobState::Paused));
        let matched = matches!(entry.seen, Seen::Job(facts) if facts.state == JobState::Matched);
        let round_open = matches!(entry.seen, Seen::Round(facts) if facts.open && !facts.reexecuted);
        match entry.record.phase {
            Phase::Wanted => {
                if running {
                    // Declared started, by a life of this node whose ledger is lost.
                    work_lost(entry, actions);
                } else if too_late(entry, now) {
                    entry.enter(Phase::Declining(DeclineReason::NotInTime), actions);
                } else if entry.blobs_ready && start_allowed(entry, now) {
                    entry.enter(Phase::Starting, actions);
                } else if round_open && !entry.blobs_ready && entry.take(Step::Fetch, now) {
                    actions.push(Action::FetchBlobs(key));
                }
            }
            Phase::Starting if running && entry.container == Container::Absent => work_lost(entry, actions),
            Phase::Starting | Phase::Serving { .. } if too_late(entry, now) => {
                entry.enter(Phase::Declining(DeclineReason::NotInTime), actions);
            }
            Phase::Running { started_at_ms, stopping: false } => {
                let longest = i64::from(entry.record.max_seconds).saturating_mul(1_000).saturating_add(OVERRUN_MS);
                if host_ms > started_at_ms.saturating_add(longest) {
                    entry.enter(Phase::Running { started_at_ms, stopping: true }, actions);
                }
            }
            _ => {}
        }
        // The phase is persisted; what it calls for follows.
        match entry.record.phase {
            Phase::Wanted => {}
            Phase::Starting => {
                let free = entry.container == Container::Absent;
                if free && entry.blobs_ready && start_allowed(entry, now) && entry.take(Step::Start, now) {
                    actions.push(Action::StartContainer(key));
                }
            }
            Phase::Running { stopping, .. } => {
                if matched && entry.take(Step::Declare, now) {
                    actions.push(Action::DeclareStarted(key));
                }
                if stopping && entry.container == Container::Present && entry.take(Step::Stop, now) {
                    actions.push(Action::StopContainer(key));
                }
            }
            Phase::Serving { .. } | Phase::Closing { .. } => entry.serve(now, actions),
            Phase::Exited(_) => {
                if matched && entry.take(Step::Declare, now) {
                    actions.push(Action::DeclareStarted(key));
                }
                if entry.take(Step::Scan, now) {
                    actions.push(Action::ScanOutputs(key));
                }
            }
            Phase::Scanned(ledgered) => {
                if matched && entry.take(Step::Declare, now) {
                    actions.push(Action::DeclareStarted(key));
                }
                if (running || round_open) && entry.take(Step::Sign, now) {
                    actions.push(Action::SignReceipt(key, ledgered));
                }
            }
            Phase::Recorded => {
                if running && entry.take(Step::Submit, now) {
                    actions.push(Action::SubmitProof(key));
                } else if round_open && entry.take(Step::Submit, now) {
                    actions.push(Action::SubmitReexecution(key));
                }
            }
            Phase::Submitted => {
                let removable = entry.container != Container::Gone && !entry.starting();
                if removable && entry.take(Step::Remove, now) {
                    actions.push(Action::RemoveContainer(key));
                }
            }
            Phase::Claiming => {
                if entry.take(Step::Claim, now) {
                    actions.push(Action::ClaimReward(key));
                }
            }
            Phase::Declining(reason) => {
                if (matched || running) && entry.take(Step::Decline, now) {
                    actions.push(Action::Decline(key, reason));
                }
            }
            Phase::Ended { drop_at, container_removed, .. } => {
                if entry.starting() {
                    // A start under way may still create the container: what to remove is known when it is answered.
                } else if !container_removed {
                    if entry.container == Container::Present && entry.take(Step::Stop, now) {
                        actions.push(Action::StopContainer(key));
                    }
                    if entry.take(Step::Remove, now) {
                        actions.push(Action::RemoveContainer(key));
                    }
                } else if now.unix_seconds >= drop_at || entry.next.is_some() {
                    drop_data(entry, now, actions);
                }
            }
        }
    }
}

/// Deletes what nobody can ask for any more.
fn drop_data(entry: &mut Entry, now: ChainNow, actions: &mut Vec<Action>) {
    let key = entry.record.key;
    if !entry.kept_for_case(now) {
        if entry.take(Step::Drop, now) {
            actions.push(Action::DropData(key));
        }
        return;
    }
    if entry.take(Step::Ask, now) {
        actions.push(Action::AskForCase(key));
    }
    // Whoever reuses the address gets the job back: what lies there is not given up for it.
    let waits = matches!(entry.next, Some(Next::Job(facts)) if facts.state == JobState::Matched);
    if waits && entry.case != Case::Unknown && entry.take(Step::Decline, now) {
        actions.push(Action::Decline(key, DeclineReason::AddressHeld));
    }
}

fn first_key(job: [u8; 32]) -> AttemptKey {
    AttemptKey { job, attempt: 0, role: Role::Run }
}

fn last_key(job: [u8; 32]) -> AttemptKey {
    AttemptKey { job, attempt: u16::MAX, role: Role::Reexecute }
}

/// Which of two views of a job is the later one. A service goes back and forth between running and paused, and has been
/// paused for longer each time.
fn progress(facts: &JobFacts) -> (u8, u64) {
    let rank = match facts.state {
        JobState::Open => 1,
        JobState::Matched => 2,
        JobState::Running | JobState::Paused => 3,
        JobState::Submitted | JobState::Ending => 4,
        JobState::Settled => 5,
    };
    (rank, facts.service.map_or(0, |service| service.meter.paused_ms))
}

/// Whether a job that is matched to us has to be given back now to be given back in time.
fn too_late(entry: &Entry, now: ChainNow) -> bool {
    let Seen::Job(facts) = entry.seen else { return false };
    let lead = (facts.start_by.saturating_sub(facts.matched_at) / 4).clamp(0, DECLINE_LEAD_SECONDS);
    facts.state == JobState::Matched && now.unix_seconds > facts.start_by.saturating_sub(lead)
}

/// The chain says running, and nothing runs.
fn work_lost(entry: &mut Entry, actions: &mut Vec<Action>) {
    if entry.record.service {
        entry.close(actions);
    } else {
        entry.enter(Phase::Declining(DeclineReason::WorkLost), actions);
    }
}

/// Whether a container may still be started for what the chain says.
fn start_allowed(entry: &Entry, now: ChainNow) -> bool {
    match entry.seen {
        Seen::Job(facts) => facts.state == JobState::Matched && now.unix_seconds <= facts.start_by,
        Seen::Round(facts) => facts.open && !facts.reexecuted && now.unix_seconds <= facts.attest_until,
        Seen::Nothing | Seen::Gone => false,
    }
}

/// Gives the attempt up in the way its role allows.
fn unable(entry: &mut Entry, now: ChainNow, reason: DeclineReason, actions: &mut Vec<Action>) {
    match entry.record.key.role {
        Role::Run => entry.enter(Phase::Declining(reason), actions),
        Role::Reexecute => entry.end(EndReason::Abandoned, now.unix_seconds, actions),
    }
}

/// Moves the phase where the chain has already moved on.
fn follow_chain(entry: &mut Entry, now: ChainNow, retention: i64, actions: &mut Vec<Action>) {
    let drop_at = now.unix_seconds.saturating_add(retention);
    match entry.seen {
        Seen::Nothing => {}
        Seen::Gone => {
            let declined = match entry.record.phase {
                Phase::Declining(reason) => Some(reason),
                _ => None,
            };
            entry.end(declined.map_or(EndReason::Gone, EndReason::Declined), drop_at, actions);
        }
        Seen::Job(facts) => match (facts.state, entry.record.phase) {
            (_, Phase::Ended { .. }) => {}
            (JobState::Submitted, Phase::Submitted) => {}
            (JobState::Submitted, _) => entry.enter(Phase::Submitted, actions),
            (JobState::Settled, Phase::Declining(reason)) => {
                entry.end(EndReason::Declined(reason), drop_at, actions);
            }
            // What was drawn while a service ran is not paid again.
            (JobState::Settled, _)
                if facts.paid > facts.service.map_or(0, |service| service.streamed) && !facts.reward_claimed =>
            {
                entry.enter(Phase::Claiming, actions);
            }
            (JobState::Settled, _) => entry.end(EndReason::Settled, drop_at, actions),
            (JobState::Open, _) => entry.end(EndReason::Gone, drop_at, actions),
            (JobState::Matched | JobState::Running | JobState::Paused | JobState::Ending, _) => {}
        },
        Seen::Round(facts) => {
            if !facts.open {
                entry.end(EndReason::RoundOver, drop_at, actions);
            } else if facts.reexecuted {
                if entry.record.is_live() && entry.record.phase != Phase::Submitted {
                    entry.enter(Phase::Submitted, actions);
                }
            } else if now.unix_seconds > facts.attest_until {
                entry.end(EndReason::RoundOver, drop_at, actions);
            }
        }
    }
}

fn container_seen(entry: &mut Entry, state: ContainerState, actions: &mut Vec<Action>) {
    entry.container = Container::Present;
    match (state, entry.record.phase) {
        // Created by a life of this node that died before starting it: starting it is not a second container.
        (ContainerState::Created, Phase::Wanted | Phase::Starting) => {
            entry.container = Container::Absent;
            entry.allow_start();
        }
        (ContainerState::Running { started_at_ms }, Phase::Wanted | Phase::Starting) if entry.record.service => {
            entry.allow_start();
            entry.enter(Phase::Serving { started_at_ms, metered: Metered::default() }, actions);
        }
        (ContainerState::Exited(_), Phase::Wanted | Phase::Starting | Phase::Serving { .. }) if entry.record.service => {
            entry.allow_start();
            entry.close(actions);
        }
        (ContainerState::Running { started_at_ms }, Phase::Wanted | Phase::Starting) => {
            entry.allow_start();
            entry.enter(Phase::Running { started_at_ms, stopping: false }, actions);
        }
        (ContainerState::Exited(exit), Phase::Wanted | Phase::Starting) => {
            entry.allow_start();
            entry.enter(Phase::Exited(Exit { timed_out: false, ..exit }), actions);
        }
        (ContainerState::Exited(exit), Phase::Running { stopping, .. }) => {
            entry.held.remove(&Step::Stop);
            entry.enter(Phase::Exited(Exit { timed_out: stopping, ..exit }), actions);
        }
        _ => {}
    }
}

fn container_missing(entry: &mut Entry, actions: &mut Vec<Action>) {
    match entry.record.phase {
        Phase::Wanted | Phase::Starting => entry.container = Container::Absent,
        Phase::Running { .. } => {
            entry.container = Container::Gone;
            match entry.record.key.role {
                Role::Run => entry.enter(Phase::Declining(DeclineReason::ContainerLost), actions),
                Role::Reexecute => entry
                    .enter(Phase::Ended { reason: EndReason::Abandoned, drop_at: 0, container_removed: true }, actions),
            }
        }
        Phase::Serving { .. } => {
            entry.container = Container::Gone;
            entry.close(actions);
        }
        // The outputs lie in the attempt's folder, and are scanned without the container.
        _ => entry.container = Container::Gone,
    }
}

/// How a run is classified, the most telling fact first: a container that we stopped is no clean exit, whatever code
/// it managed to return; one that the kernel killed is no valid output.
fn classify(exit: Exit, result: ScanResult) -> Ledgered {
    let (refused, output_root, output_bytes, output_files) = match result {
        ScanResult::Accepted { root, bytes, files } => (false, root, bytes, files),
        ScanResult::Refused => (true, [0; 32], 0, 0),
    };
    let termination = if exit.timed_out {
        Termination::TimedOut
    } else if exit.oom {
        Termination::OutOfMemory
    } else if refused {
        Termination::OutputRefused
    } else {
        Termination::Exited
    };
    Ledgered { exit, termination: termination as u8, output_root, output_bytes, output_files }
}
