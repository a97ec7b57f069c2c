//! Random histories of one node, with a crash possible between any two actions.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::collections::BTreeMap;

use proofmill_protocol::{job::JobState, limits::APPEAL_ROUND};
use proofmill_provider_core::{
    Action, AttemptKey, CaseFacts, ChainNow, ContainerState, DeclineReason, Event, Exit, JobFacts, Ledgered, Node,
    Phase, Record, Role, RoundFacts, ScanResult, Step,
    limits::{CASE_ASK_SECONDS, CASE_GRACE_SECONDS, CASE_KEEP_SECONDS_MAX},
};
use proptest::prelude::*;

const RUN: AttemptKey = AttemptKey { job: [1; 32], attempt: 1, role: Role::Run };
const AGAIN: AttemptKey = AttemptKey { job: [2; 32], attempt: 1, role: Role::Reexecute };
const MAX_SECONDS: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Vessel {
    Running { since_ms: i64 },
    Exited { since_ms: i64, at_ms: i64, stopped: bool },
}

/// Everything outside the node, and what it must hold against it.
struct World {
    node: Node,
    now: i64,
    state: Option<JobState>,
    paid: u64,
    claimed: bool,
    round_open: bool,
    reexecuted: bool,
    /// A slash of the run that may still be judged.
    case: Option<CaseFacts>,
    blobs: BTreeMap<AttemptKey, ()>,
    boxes: BTreeMap<AttemptKey, Vessel>,
    persisted: BTreeMap<AttemptKey, Record>,
    receipts: BTreeMap<AttemptKey, Ledgered>,
    /// Containers ever created, and those the node was told of.
    created: BTreeMap<AttemptKey, u32>,
    seen: BTreeMap<AttemptKey, ()>,
    /// Answers the daemon still owes.
    owed: Vec<Action>,
    submitted: BTreeMap<AttemptKey, Ledgered>,
}

impl World {
    fn new() -> World {
        World {
            node: Node::restore([], 5),
            now: 1_000,
            state: Some(JobState::Matched),
            paid: 0,
            claimed: false,
            round_open: true,
            reexecuted: false,
            case: None,
            blobs: BTreeMap::new(),
            boxes: BTreeMap::new(),
            persisted: BTreeMap::new(),
            receipts: BTreeMap::new(),
            created: BTreeMap::new(),
            seen: BTreeMap::new(),
            owed: Vec::new(),
            submitted: BTreeMap::new(),
        }
    }

    fn event(&mut self, event: Event, crash_after: Option<usize>) {
        let actions = self.node.handle(ChainNow { unix_seconds: self.now }, event);
        for (index, action) in actions.into_iter().enumerate() {
            if crash_after == Some(index) {
                self.restart();
                return;
            }
            self.perform(action);
        }
    }

    fn phase(&self, key: AttemptKey) -> Option<Phase> {
        self.persisted.get(&key).map(|record| record.phase)
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Persist(record) => {
                self.persisted.insert(record.key, record);
            }
            Action::Forget(key) => {
                assert!(matches!(self.phase(key), Some(Phase::Ended { .. })));
                assert!(!self.boxes.contains_key(&key), "forgot an attempt whose container exists");
                self.persisted.remove(&key);
                self.seen.remove(&key);
                self.created.remove(&key);
            }
            Action::StartContainer(key) => {
                assert_eq!(self.phase(key), Some(Phase::Starting), "started before it was persisted");
                assert!(!self.seen.contains_key(&key), "a second container after the first was seen");
                assert!(self.blobs.contains_key(&key));
                self.owed.push(action);
            }
            Action::SignReceipt(key, ledgered) => {
                assert_eq!(self.phase(key), Some(Phase::Scanned(ledgered)), "signed before it was persisted");
                assert!(!matches!(self.submitted.get(&key), Some(sent) if *sent != ledgered));
                self.owed.push(action);
            }
            Action::SubmitProof(key) | Action::SubmitReexecution(key) => {
                assert_eq!(self.phase(key), Some(Phase::Recorded), "submitted before it was persisted");
                let recorded = *self.receipts.get(&key).expect("a recorded receipt");
                let first = *self.submitted.entry(key).or_insert(recorded);
                assert_eq!(first, recorded, "two receipts for one attempt");
                self.owed.push(action);
            }
            Action::Decline(key, DeclineReason::AddressHeld) => {
                assert!(matches!(self.phase(key), Some(Phase::Ended { .. })));
                self.owed.push(action);
            }
            Action::Decline(key, _) => {
                assert!(matches!(self.phase(key), Some(Phase::Declining(_))));
                assert_eq!(key.role, Role::Run);
                self.owed.push(action);
            }
            Action::DeclareStarted(key) => {
                assert!(self.seen.contains_key(&key), "declared started without a container");
                self.owed.push(action);
            }
            Action::DropData(key) => {
                assert!(key != RUN || self.case.is_none(), "dropped what a committee may ask for");
                self.owed.push(action);
            }
            other => self.owed.push(other),
        }
    }

    fn case_event(&self) -> Event {
        match self.case {
            Some(facts) => Event::CaseSeen(facts),
            None => Event::CaseGone { job: RUN.job, attempt: RUN.attempt, nonce: 9 },
        }
    }

    /// The verdict went against the run: the owner may appeal for a day.
    fn slash(&mut self) {
        let (opened_at, until) = (self.now, self.now + 86_400);
        self.case = Some(CaseFacts { job: RUN.job, attempt: RUN.attempt, nonce: 9, opened_at, until });
    }

    /// The daemon carries out one thing it was asked for, and answers.
    fn answer(&mut self, pick: usize, fail: bool, crash_after: Option<usize>) {
        if self.owed.is_empty() {
            return;
        }
        let action = self.owed.remove(pick % self.owed.len());
        let now_ms = self.now * 1_000;
        let event = match action {
            _ if fail => match step(&action) {
                Some((key, step)) => Event::Failed(key, step),
                None => return,
            },
            Action::StartContainer(key) => {
                if !self.boxes.contains_key(&key) {
                    *self.created.entry(key).or_default() += 1;
                    self.boxes.insert(key, Vessel::Running { since_ms: now_ms });
                }
                Event::Done(key, Step::Start)
            }
            Action::StopContainer(key) => {
                if let Some(Vessel::Running { since_ms }) = self.boxes.get(&key).copied() {
                    self.boxes.insert(key, Vessel::Exited { since_ms, at_ms: now_ms, stopped: true });
                }
                Event::Done(key, Step::Stop)
            }
            Action::RemoveContainer(key) => {
                self.boxes.remove(&key);
                Event::Done(key, Step::Remove)
            }
            Action::DeclareStarted(key) => {
                if self.state == Some(JobState::Matched) {
                    self.state = Some(JobState::Running);
                }
                Event::Done(key, Step::Declare)
            }
            Action::ScanOutputs(key) => {
                Event::OutputsScanned(key, ScanResult::Accepted { root: [7; 32], bytes: 1, files: 1 })
            }
            Action::SignReceipt(key, ledgered) => {
                // The ledger never overwrites.
                self.receipts.entry(key).or_insert(ledgered);
                Event::ReceiptRecorded(key)
            }
            Action::SubmitProof(key) => {
                if self.state == Some(JobState::Running) {
                    self.state = Some(JobState::Submitted);
                }
                Event::Done(key, Step::Submit)
            }
            Action::SubmitReexecution(key) => {
                self.reexecuted |= self.round_open;
                Event::Done(key, Step::Submit)
            }
            Action::Decline(key, _) => {
                if matches!(self.state, Some(JobState::Matched | JobState::Running)) {
                    self.state = Some(JobState::Settled);
                }
                Event::Done(key, Step::Decline)
            }
            Action::ClaimReward(key) => {
                self.claimed = true;
                Event::Done(key, Step::Claim)
            }
            Action::AskForCase(key) => {
                assert_eq!(key, RUN, "only what was run can be slashed for");
                self.case_event()
            }
            Action::DropData(key) => {
                self.blobs.remove(&key);
                self.receipts.remove(&key);
                self.submitted.remove(&key);
                Event::Done(key, Step::Drop)
            }
            Action::FetchBlobs(key) => {
                self.blobs.insert(key, ());
                Event::BlobsReady(key)
            }
            Action::Persist(_) | Action::Forget(_) => return,
            service => panic!("a service's step for a batch job: {service:?}"),
        };
        self.event(event, crash_after);
    }

    fn look_at_job(&mut self, crash_after: Option<usize>) {
        let event = match self.state {
            None => Event::JobGone { job: RUN.job },
            Some(state) => Event::JobSeen(self.facts(state)),
        };
        self.event(event, crash_after);
    }

    fn facts(&self, state: JobState) -> JobFacts {
        JobFacts {
            job: RUN.job,
            attempt: 1,
            nonce: 9,
            state,
            matched_to_me: true,
            max_seconds: MAX_SECONDS,
            matched_at: 1_000,
            start_by: 1_060,
            receipt_by: 0,
            spec_hash: [0; 32],
            image_digest: [0; 32],
            input_root: [0; 32],
            paid: self.paid,
            reward_claimed: self.claimed,
            service: None,
        }
    }

    fn look_at_round(&mut self, crash_after: Option<usize>) {
        self.event(
            Event::RoundSeen(RoundFacts {
                job: AGAIN.job,
                attempt: 1,
                nonce: 9,
                round: 1,
                open: self.round_open,
                reexecuted: self.reexecuted,
                attest_until: 1_200,
                max_seconds: MAX_SECONDS,
            }),
            crash_after,
        );
    }

    fn look_at_container(&mut self, key: AttemptKey, crash_after: Option<usize>) {
        let event = match self.boxes.get(&key).copied() {
            None => Event::ContainerMissing(key),
            Some(state) => {
                self.seen.insert(key, ());
                let state = match state {
                    Vessel::Running { since_ms } => ContainerState::Running { started_at_ms: since_ms },
                    Vessel::Exited { since_ms, at_ms, stopped } => ContainerState::Exited(Exit {
                        code: if stopped { 137 } else { 0 },
                        oom: false,
                        started_at_ms: since_ms,
                        finished_at_ms: at_ms,
                        timed_out: false,
                    }),
                };
                Event::ContainerSeen(key, state)
            }
        };
        if self.node.record(&key).is_some() {
            self.event(event, crash_after);
        }
    }

    fn restart(&mut self) {
        self.owed.clear();
        self.node = Node::restore(self.persisted.values().copied().collect::<Vec<_>>(), 5);
        let recorded: Vec<AttemptKey> = self.receipts.keys().copied().collect();
        for key in recorded {
            self.event(Event::ReceiptRecorded(key), None);
        }
        for key in [RUN, AGAIN] {
            self.look_at_container(key, None);
            if self.blobs.contains_key(&key) {
                self.event(Event::BlobsReady(key), None);
            }
        }
    }

    fn tick(&mut self, seconds: i64, crash_after: Option<usize>) {
        self.now += seconds;
        self.event(Event::Tick { host_ms: self.now * 1_000 }, crash_after);
    }

    /// Lets everything owed be done and everything be seen, until nothing changes.
    fn settle(&mut self) {
        for _ in 0..60 {
            self.look_at_job(None);
            self.look_at_round(None);
            for key in [RUN, AGAIN] {
                self.look_at_container(key, None);
            }
            for _ in 0..8 {
                self.answer(0, false, None);
            }
            self.tick(1, None);
        }
    }
}

fn step(action: &Action) -> Option<(AttemptKey, Step)> {
    Some(match *action {
        Action::Persist(_) | Action::Forget(_) => return None,
        Action::FetchBlobs(key) => (key, Step::Fetch),
        Action::StartContainer(key) => (key, Step::Start),
        Action::StopContainer(key) => (key, Step::Stop),
        Action::RemoveContainer(key) => (key, Step::Remove),
        Action::DeclareStarted(key) => (key, Step::Declare),
        Action::ScanOutputs(key) => (key, Step::Scan),
        Action::SignReceipt(key, _) => (key, Step::Sign),
        Action::SubmitProof(key) | Action::SubmitReexecution(key) => (key, Step::Submit),
        Action::Decline(key, _) => (key, Step::Decline),
        Action::ClaimReward(key) => (key, Step::Claim),
        Action::AskForCase(key) => (key, Step::Ask),
        Action::DropData(key) => (key, Step::Drop),
        service => panic!("a service's step for a batch job: {service:?}"),
    })
}

#[derive(Clone, Debug)]
enum Move {
    LookJob,
    LookRound,
    LookContainer(bool),
    Push,
    Answer(usize, bool),
    Tick(i64),
    Exit(bool),
    Crash,
    Judge(bool),
    EndRound,
    Close,
    LookCase,
    EndCase,
}

fn moves() -> impl Strategy<Value = (Move, Option<usize>)> {
    let one = prop_oneof![
        6 => Just(Move::LookJob),
        3 => Just(Move::LookRound),
        5 => any::<bool>().prop_map(Move::LookContainer),
        3 => Just(Move::Push),
        12 => (any::<usize>(), prop::bool::weighted(0.15)).prop_map(|(pick, fail)| Move::Answer(pick, fail)),
        4 => (0i64..8).prop_map(Move::Tick),
        4 => any::<bool>().prop_map(Move::Exit),
        2 => Just(Move::Crash),
        2 => any::<bool>().prop_map(Move::Judge),
        1 => Just(Move::EndRound),
        1 => Just(Move::Close),
        1 => Just(Move::LookCase),
        1 => Just(Move::EndCase),
    ];
    (one, prop::option::weighted(0.1, 0usize..3))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_over_every_history(history in prop::collection::vec(moves(), 1..80)) {
        let mut world = World::new();
        for (step, crash) in history {
            match step {
                Move::LookJob => world.look_at_job(crash),
                Move::LookRound => world.look_at_round(crash),
                Move::LookContainer(run) => world.look_at_container(if run { RUN } else { AGAIN }, crash),
                Move::Push => {
                    world.blobs.insert(RUN, ());
                    world.event(Event::BlobsReady(RUN), crash);
                }
                Move::Answer(pick, fail) => world.answer(pick, fail, crash),
                Move::Tick(seconds) => world.tick(seconds, crash),
                Move::Exit(run) => {
                    let key = if run { RUN } else { AGAIN };
                    if let Some(Vessel::Running { since_ms }) = world.boxes.get(&key).copied() {
                        let at_ms = world.now * 1_000;
                        world.boxes.insert(key, Vessel::Exited { since_ms, at_ms, stopped: false });
                    }
                }
                Move::Crash => world.restart(),
                Move::Judge(accept) => {
                    if world.state == Some(JobState::Submitted) {
                        world.state = Some(JobState::Settled);
                        world.paid = u64::from(accept);
                        if !accept {
                            world.slash();
                        }
                    }
                }
                Move::EndRound => world.round_open = false,
                Move::Close => {
                    if world.state == Some(JobState::Settled) {
                        world.state = None;
                    }
                }
                Move::LookCase => {
                    let event = world.case_event();
                    // Before it is opened nobody has seen it closed.
                    if world.case.is_some() || matches!(world.state, Some(JobState::Settled) | None) {
                        world.event(event, crash);
                    }
                }
                Move::EndCase => world.case = None,
            }
            for count in world.created.values() {
                prop_assert!(*count <= 1, "two containers for one attempt");
            }
        }
        // Whatever happened, once the chain is done with the job, no container is left of it.
        if matches!(world.state, Some(JobState::Settled) | None) {
            world.settle();
            prop_assert!(!world.boxes.contains_key(&RUN), "a container outlived its job");
        }
        if !world.round_open {
            world.settle();
            prop_assert!(!world.boxes.contains_key(&AGAIN), "a container outlived its round");
        }
    }
}

#[test]
fn a_straight_run_is_submitted_and_claimed() {
    let mut world = World::new();
    world.round_open = false;
    world.look_at_job(None);
    world.blobs.insert(RUN, ());
    world.event(Event::BlobsReady(RUN), None);
    assert_eq!(world.owed, [Action::StartContainer(RUN)]);
    world.answer(0, false, None);
    world.look_at_container(RUN, None);
    assert_eq!(world.owed, [Action::DeclareStarted(RUN)]);
    world.answer(0, false, None);
    world.look_at_job(None);
    world.boxes.insert(RUN, Vessel::Exited { since_ms: 1_000_000, at_ms: 1_002_000, stopped: false });
    world.look_at_container(RUN, None);
    world.answer(0, false, None);
    assert!(matches!(world.owed[..], [Action::SignReceipt(..)]));
    world.answer(0, false, None);
    assert_eq!(world.owed, [Action::SubmitProof(RUN)]);
    world.answer(0, false, None);
    assert_eq!(world.state, Some(JobState::Submitted));
    world.state = Some(JobState::Settled);
    world.paid = 5;
    world.settle();
    assert!(world.claimed && world.boxes.is_empty() && world.persisted.is_empty());
}

#[test]
fn running_on_chain_without_container_or_receipt_is_declined() {
    let mut world = World::new();
    world.state = Some(JobState::Running);
    world.look_at_job(None);
    assert!(matches!(world.owed[..], [Action::Decline(RUN, _)]));
}

/// Whether the job waits for somebody else or came back to this node: what ran for the earlier attempt is removed.
#[test]
fn an_attempt_ends_when_its_job_has_come_to_a_later_one() {
    for (state, matched_to_me) in [(JobState::Open, false), (JobState::Matched, false), (JobState::Matched, true)] {
        let mut world = World::new();
        world.look_at_job(None);
        world.blobs.insert(RUN, ());
        world.event(Event::BlobsReady(RUN), None);
        world.answer(0, false, None);
        assert!(world.boxes.contains_key(&RUN));
        let later = JobFacts { attempt: 2, matched_to_me, ..world.facts(state) };
        world.event(Event::JobSeen(later), None);
        let second = AttemptKey { attempt: 2, ..RUN };
        assert!(matches!(world.phase(RUN), Some(Phase::Ended { .. })), "{:?}", world.phase(RUN));
        assert_eq!(world.phase(second), matched_to_me.then_some(Phase::Wanted));
        let removal = world.owed.iter().position(|action| *action == Action::RemoveContainer(RUN));
        world.answer(removal.expect("the container is removed"), false, None);
        assert!(!world.boxes.contains_key(&RUN));
        // A late sight of the earlier attempt brings nothing back.
        let seen = world.facts(JobState::Running);
        world.event(Event::JobSeen(JobFacts { matched_to_me: false, ..seen }), None);
        assert_eq!(world.phase(second), matched_to_me.then_some(Phase::Wanted));
    }
}

#[test]
fn a_container_past_its_time_is_stopped_and_says_so() {
    let mut world = World::new();
    world.look_at_job(None);
    world.blobs.insert(RUN, ());
    world.event(Event::BlobsReady(RUN), None);
    world.answer(0, false, None);
    world.look_at_container(RUN, None);
    world.answer(0, false, None);
    world.look_at_job(None);
    world.tick(i64::from(MAX_SECONDS) + 1, None);
    assert_eq!(world.owed, [Action::StopContainer(RUN)]);
    world.answer(0, false, None);
    world.restart();
    world.look_at_job(None);
    let Some(Phase::Exited(exit)) = world.phase(RUN) else { panic!("{:?}", world.phase(RUN)) };
    assert!(exit.timed_out);
}

#[test]
fn a_recorded_receipt_is_sent_again_after_a_crash_and_never_signed_again() {
    let mut world = World::new();
    world.look_at_job(None);
    world.blobs.insert(RUN, ());
    world.event(Event::BlobsReady(RUN), None);
    world.answer(0, false, None);
    world.look_at_container(RUN, None);
    world.answer(0, false, None);
    world.look_at_job(None);
    world.boxes.insert(RUN, Vessel::Exited { since_ms: 1_000_000, at_ms: 1_002_000, stopped: false });
    world.look_at_container(RUN, None);
    world.answer(0, false, None);
    let Some(Action::SignReceipt(_, ledgered)) = world.owed.first().copied() else { panic!() };
    // The ledger has it; the node dies before it hears so.
    world.receipts.insert(RUN, ledgered);
    world.restart();
    world.look_at_job(None);
    assert_eq!(world.owed, [Action::SubmitProof(RUN)]);
}

/// A run whose job was settled against it and is closed.
fn slashed() -> World {
    let mut world = World::new();
    world.round_open = false;
    world.look_at_job(None);
    world.blobs.insert(RUN, ());
    world.event(Event::BlobsReady(RUN), None);
    world.state = Some(JobState::Settled);
    world.slash();
    world.look_at_job(None);
    world
}

#[test]
fn data_of_an_open_case_is_kept() {
    let mut world = slashed();
    world.settle();
    assert!(world.blobs.contains_key(&RUN) && world.persisted.contains_key(&RUN));
    // Nor does the end of the job change that, nor a restart after which nothing was seen yet.
    world.state = None;
    world.restart();
    world.settle();
    assert!(world.blobs.contains_key(&RUN) && world.persisted.contains_key(&RUN));
}

#[test]
fn data_is_dropped_once_the_case_is_gone() {
    let mut world = slashed();
    world.settle();
    world.case = None;
    world.event(world.case_event(), None);
    assert_eq!(world.owed, [Action::DropData(RUN)]);
    world.answer(0, false, None);
    assert!(world.blobs.is_empty() && world.persisted.is_empty());
}

/// The chain is asked again and again; what it says last counts, and nothing is kept for ever.
#[test]
fn data_of_a_case_is_kept_no_longer_than_the_case_can_last() {
    let mut world = slashed();
    world.settle();
    let appealed = CaseFacts { until: world.now + 172_800, ..world.case.unwrap() };
    world.case = Some(appealed);
    world.tick(CASE_ASK_SECONDS, None);
    assert_eq!(world.owed, [Action::AskForCase(RUN)]);
    world.answer(0, false, None);
    let kept_until = appealed.until + CASE_GRACE_SECONDS;
    world.tick(kept_until - world.now, None);
    assert_eq!(world.owed, [Action::AskForCase(RUN)]);
    world.case = None;
    world.tick(1, None);
    assert_eq!(world.owed, [Action::AskForCase(RUN), Action::DropData(RUN)]);

    let mut world = slashed();
    let endless = CaseFacts { until: i64::MAX, ..world.case.unwrap() };
    world.case = Some(endless);
    world.settle();
    world.tick(endless.opened_at + CASE_KEEP_SECONDS_MAX - world.now, None);
    assert_eq!(world.owed, [Action::AskForCase(RUN)]);
    world.case = None;
    world.tick(1, None);
    assert_eq!(world.owed, [Action::AskForCase(RUN), Action::DropData(RUN)]);
}

/// A tenant cannot make its provider delete the evidence by posting the job again at the same address.
#[test]
fn a_job_at_the_address_of_an_open_case_is_given_back_and_begins_when_the_case_is_gone() {
    let mut world = slashed();
    world.settle();
    let second = JobFacts { nonce: 10, start_by: 9_000, ..world.facts(JobState::Matched) };
    world.event(Event::JobSeen(second), None);
    assert_eq!(world.owed.pop(), Some(Action::Decline(RUN, DeclineReason::AddressHeld)));
    assert_eq!(world.persisted.get(&RUN).map(|record| record.nonce), Some(9));
    world.case = None;
    world.event(world.case_event(), None);
    assert_eq!(world.owed, [Action::DropData(RUN)]);
    world.answer(0, false, None);
    assert_eq!(world.persisted.get(&RUN).map(|record| (record.nonce, record.phase)), Some((10, Phase::Wanted)));
}

fn appeal(world: &World) -> RoundFacts {
    RoundFacts {
        job: AGAIN.job,
        attempt: 1,
        nonce: 9,
        round: APPEAL_ROUND,
        open: true,
        reexecuted: false,
        attest_until: world.now + 1_000,
        max_seconds: 3,
    }
}

#[test]
fn the_appeals_run_outlives_the_job_and_the_rounds_before() {
    let mut world = World::new();
    world.event(Event::RoundSeen(appeal(&world)), None);
    assert_eq!(world.owed, [Action::FetchBlobs(AGAIN)]);
    world.event(Event::JobGone { job: AGAIN.job }, None);
    world.event(Event::RoundGone { job: AGAIN.job, attempt: 1, round: 1 }, None);
    assert_eq!(world.phase(AGAIN), Some(Phase::Wanted));
    world.event(Event::RoundGone { job: AGAIN.job, attempt: 1, round: APPEAL_ROUND }, None);
    assert!(matches!(world.phase(AGAIN), Some(Phase::Ended { .. })));
}

#[test]
fn an_appeals_run_takes_its_time_from_the_document() {
    let mut world = World::new();
    world.event(Event::RoundSeen(appeal(&world)), None);
    world.event(Event::SpecRead(AGAIN, 2), None);
    assert_eq!(world.persisted[&AGAIN].max_seconds, 3, "never less than was metered");
    world.event(Event::SpecRead(AGAIN, 60), None);
    assert_eq!(world.persisted[&AGAIN].max_seconds, 60);
    // Of a job's own round the chain says how long.
    let mut world = World::new();
    world.look_at_round(None);
    world.event(Event::SpecRead(AGAIN, 60), None);
    assert_eq!(world.persisted[&AGAIN].max_seconds, MAX_SECONDS);
}

/// Where a class has three providers, one of the two who ran it again is drawn for the appeal.
#[test]
fn who_ran_it_again_before_begins_anew_for_the_appeal() {
    let mut world = World::new();
    world.look_at_round(None);
    world.event(Event::RoundSeen(appeal(&world)), None);
    assert_eq!(world.persisted[&AGAIN].round, 1, "the first is not disturbed while its round is open");
    world.owed.clear();
    world.round_open = false;
    world.look_at_round(None);
    assert_eq!(world.owed, [Action::DropData(AGAIN)]);
    world.answer(0, false, None);
    let record = world.persisted[&AGAIN];
    assert_eq!((record.round, record.phase), (APPEAL_ROUND, Phase::Wanted));
    assert_eq!(world.owed, [Action::FetchBlobs(AGAIN)]);
    // Late news of the first changes nothing.
    world.look_at_round(None);
    assert_eq!(world.persisted[&AGAIN], record);
}
