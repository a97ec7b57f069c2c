//! Random histories of a service, with a crash possible between any two actions, against the market's own clock.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use proofmill_protocol::{
    job::JobState,
    limits::{PAUSE_SECONDS_MAX, USAGE_GRACE_SECONDS},
    service::Meter,
};
use proofmill_provider_core::{
    Action, AttemptKey, ChainNow, ContainerState, Cosigned, DeclineReason, EndReason, Event, Exit, JobFacts, Metered,
    Node, Phase, Record, Role, ServiceFacts, Sight, Step,
    limits::{METER_GAP_MS_MAX, METER_INTERVAL_MS, STREAM_SECONDS},
};
use proptest::prelude::*;

const KEY: AttemptKey = AttemptKey { job: [1; 32], attempt: 1, role: Role::Run };
const START_BY: i64 = 1_060;
const TIMEOUT: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Vessel {
    Running,
    Paused,
    Exited,
}

/// The chain, the engine, the tenant and the ledger, and what the node must hold against them.
struct World {
    node: Node,
    now: i64,
    state: JobState,
    meter: Meter,
    paid: u64,
    claimed: bool,
    blobs: bool,
    vessel: Option<Vessel>,
    created: u32,
    healthy: bool,
    persisted: Option<Record>,
    forgotten: bool,
    /// What the tenant has signed and the ledger holds.
    cosigned: Option<Cosigned>,
    owed: Vec<Action>,
    /// Milliseconds that the service really was healthy while the chain, as the node last saw it, said running.
    truth_ms: u64,
    /// The chain as the node last saw it.
    view: (JobState, Meter),
    crashes: u64,
    sent: Vec<&'static str>,
}

impl World {
    fn new(max_seconds: u32) -> World {
        World {
            node: Node::restore([], 5),
            now: 1_000,
            state: JobState::Matched,
            meter: Meter { max_seconds, usage_timeout_seconds: TIMEOUT, ..Meter::default() },
            paid: 0,
            claimed: false,
            blobs: true,
            vessel: None,
            created: 0,
            healthy: true,
            persisted: None,
            forgotten: false,
            cosigned: None,
            owed: Vec::new(),
            truth_ms: 0,
            view: (JobState::Matched, Meter::default()),
            crashes: 0,
            sent: Vec::new(),
        }
    }

    fn phase(&self) -> Option<Phase> {
        self.persisted.map(|record| record.phase)
    }

    fn metered(&self) -> Metered {
        match self.phase() {
            Some(Phase::Serving { metered, .. } | Phase::Closing { metered }) => metered,
            _ => Metered::default(),
        }
    }

    fn event(&mut self, event: Event, crash_after: Option<usize>) {
        let actions = self.node.handle(ChainNow { unix_seconds: self.now }, event);
        for (index, action) in actions.into_iter().enumerate() {
            if crash_after == Some(index) {
                return self.restart();
            }
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Persist(record) => {
                let before = self.metered();
                self.persisted = Some(record);
                if let Phase::Serving { metered, .. } | Phase::Closing { metered } = record.phase {
                    assert!(metered.usage_ms >= before.usage_ms, "the meter ran backwards");
                    assert!(metered.usage_ms <= self.truth_ms, "{metered:?} of {}", self.truth_ms);
                    let most = self.view.1.usage_ms_max(self.now);
                    assert!(metered.usage_ms <= most.max(before.usage_ms), "more than the clock allows");
                }
            }
            Action::Forget(_) => {
                assert!(matches!(self.phase(), Some(Phase::Ended { container_removed: true, .. })));
                assert_eq!(self.vessel, None, "forgot a service whose container exists");
                self.persisted = None;
                self.forgotten = true;
            }
            Action::StartContainer(_) => {
                assert_eq!(self.phase(), Some(Phase::Starting), "started before it was persisted");
                assert!(self.blobs);
                self.owed.push(action);
            }
            Action::DeclareStarted(_) => {
                assert!(
                    self.vessel == Some(Vessel::Running) || self.vessel.is_none() || !self.healthy || self.created == 1
                );
                assert!(matches!(self.phase(), Some(Phase::Serving { .. })));
                self.owed.push(action);
            }
            Action::PauseContainer(_) => {
                let (state, meter) = self.view;
                assert!(meter.is_dry(self.now) || state == JobState::Paused, "frozen before it is seen dry");
                self.owed.push(action);
            }
            Action::ReportUsage(_) => {
                let cosigned = self.cosigned.expect("reported what the tenant has not signed");
                assert!(cosigned.usage_ms <= self.view.1.usage_ms_max(self.now), "a report that over-claims");
                self.owed.push(action);
            }
            Action::StopJob(_) => {
                assert!(matches!(self.phase(), Some(Phase::Closing { .. })));
                self.owed.push(action);
            }
            Action::SignReceipt(..) | Action::SubmitProof(_) | Action::ScanOutputs(_) => {
                panic!("a service has no receipt: {action:?}");
            }
            other => self.owed.push(other),
        }
    }

    fn answer(&mut self, pick: usize, fail: bool, crash_after: Option<usize>) {
        if self.owed.is_empty() {
            return;
        }
        let action = self.owed.remove(pick % self.owed.len());
        let step = step(&action);
        if fail {
            return self.event(Event::Failed(KEY, step), crash_after);
        }
        let refused = self.carry_out(action);
        self.event(if refused { Event::Failed(KEY, step) } else { Event::Done(KEY, step) }, crash_after);
    }

    /// Carries an action out as engine and market would; whether it is refused.
    fn carry_out(&mut self, action: Action) -> bool {
        let now = self.now;
        match action {
            Action::StartContainer(_) if self.vessel.is_none() => {
                self.created += 1;
                assert_eq!(self.created, 1, "a second container");
                self.vessel = Some(Vessel::Running);
            }
            Action::StopContainer(_) => self.vessel = self.vessel.map(|_| Vessel::Exited),
            Action::RemoveContainer(_) => self.vessel = None,
            Action::PauseContainer(_) if self.vessel == Some(Vessel::Running) => self.vessel = Some(Vessel::Paused),
            Action::UnpauseContainer(_) if self.vessel == Some(Vessel::Paused) => self.vessel = Some(Vessel::Running),
            Action::PauseContainer(_) | Action::UnpauseContainer(_) => return true,
            Action::DeclareStarted(_) => {
                if self.state != JobState::Matched || now > START_BY {
                    return true;
                }
                self.state = JobState::Running;
                self.meter.started_at = now;
                self.sent.push("start");
            }
            Action::PauseJob(_) => {
                if self.state != JobState::Running || self.meter.is_dead(now) || !self.meter.is_dry(now) {
                    return true;
                }
                self.state = JobState::Paused;
                self.meter.pause();
                self.sent.push("pause");
            }
            Action::ResumeJob(_) => {
                let mut resumed = self.meter;
                resumed.resume(now);
                if self.state != JobState::Paused || now > self.meter.pause_over_after() || resumed.is_dry(now) {
                    return true;
                }
                self.state = JobState::Running;
                self.meter = resumed;
                self.sent.push("resume");
            }
            Action::ReportUsage(_) => {
                let Cosigned { usage_ms, measured_at } = self.cosigned.unwrap();
                let open = matches!(self.state, JobState::Running | JobState::Paused)
                    || (self.state == JobState::Ending && now <= self.meter.ended_at + USAGE_GRACE_SECONDS);
                if !open {
                    return true;
                }
                // An end that the node had not seen when it decided may have made the total too large.
                if self.meter.accept(usage_ms, measured_at, now).is_err() {
                    return true;
                }
                self.sent.push("report");
            }
            Action::ClaimStream(_) => self.sent.push("stream"),
            Action::StopJob(_) => {
                if !matches!(self.state, JobState::Running | JobState::Paused) {
                    return true;
                }
                self.sent.push("stop");
                self.end();
            }
            Action::ExpireJob(_) => {
                let due = match self.state {
                    JobState::Ending => now > self.meter.ended_at + USAGE_GRACE_SECONDS,
                    JobState::Running | JobState::Paused => now > self.meter.expires_after(),
                    _ => false,
                };
                if !due {
                    return true;
                }
                self.state = JobState::Settled;
                self.paid = self.meter.usage_ms;
                self.sent.push("expire");
            }
            Action::Decline(..) => {
                if self.state != JobState::Matched {
                    return true;
                }
                self.state = JobState::Settled;
                self.sent.push("decline");
            }
            Action::ClaimReward(_) => self.claimed = true,
            Action::AskForCase(_) => {
                self.event(Event::CaseGone { job: KEY.job, attempt: KEY.attempt, nonce: 9 }, None);
            }
            _ => {}
        }
        false
    }

    /// Somebody ends it, as `stop_job` does.
    fn end(&mut self) {
        if self.state == JobState::Running && self.meter.is_dry(self.now) && !self.meter.is_dead(self.now) {
            self.meter.pause();
        }
        self.meter.ended_at = if self.meter.is_dead(self.now) && self.meter.paused_at == 0 {
            self.meter.silent_after()
        } else {
            self.now
        };
        self.state = JobState::Ending;
    }

    fn look_at_job(&mut self, crash_after: Option<usize>) {
        let facts = JobFacts {
            job: KEY.job,
            attempt: KEY.attempt,
            nonce: 9,
            state: self.state,
            matched_to_me: true,
            max_seconds: self.meter.max_seconds,
            matched_at: 1_000,
            start_by: START_BY,
            receipt_by: 0,
            spec_hash: [0; 32],
            image_digest: [0; 32],
            input_root: [0; 32],
            paid: self.paid,
            reward_claimed: self.claimed,
            service: Some(ServiceFacts {
                meter: self.meter,
                streamable: if self.state == JobState::Settled { 0 } else { self.meter.usage_ms },
                streamed: 0,
            }),
        };
        if !self.forgotten {
            self.view = (self.state, self.meter);
            self.event(Event::JobSeen(facts), crash_after);
        }
    }

    fn look_at_container(&mut self, crash_after: Option<usize>) {
        if self.node.record(&KEY).is_none() {
            return;
        }
        let state = match self.vessel {
            None => return self.event(Event::ContainerMissing(KEY), crash_after),
            Some(Vessel::Running | Vessel::Paused) => ContainerState::Running { started_at_ms: 1 },
            Some(Vessel::Exited) => ContainerState::Exited(Exit {
                code: 1,
                oom: false,
                started_at_ms: 1,
                finished_at_ms: 2,
                timed_out: false,
            }),
        };
        self.event(Event::ContainerSeen(KEY, state), crash_after);
        if let Some(vessel @ (Vessel::Running | Vessel::Paused)) = self.vessel {
            let paused = vessel == Vessel::Paused;
            let sight = Sight { paused, healthy: self.healthy && !paused, at_ms: self.now * 1_000 };
            self.event(Event::ServiceSeen(KEY, sight), crash_after);
        }
    }

    fn restart(&mut self) {
        self.crashes += 1;
        self.owed.clear();
        self.node = Node::restore(self.persisted, 5);
        if self.persisted.is_some() {
            if let Some(cosigned) = self.cosigned {
                self.event(Event::UsageCosigned(KEY, cosigned), None);
            }
            self.look_at_container(None);
        }
        if self.blobs {
            self.event(Event::BlobsReady(KEY), None);
        }
    }

    /// One second passes; what an onlooker sees of it is the truth. Nothing changes within a second.
    fn second(&mut self, crash_after: Option<usize>) {
        let earns = self.vessel == Some(Vessel::Running)
            && self.healthy
            && self.view.0 == JobState::Running
            && !self.view.1.is_dry(self.now);
        self.now += 1;
        if earns {
            self.truth_ms += 1_000;
        }
        self.event(Event::Tick { host_ms: self.now * 1_000 }, crash_after);
    }

    /// The tenant signs what is written down.
    fn cosign(&mut self) {
        let metered = self.metered();
        if metered.usage_at == 0 {
            return;
        }
        // As the daemon signs: never more than the chain, as it is seen, allows.
        let most = self.view.1.usage_ms_max(self.now);
        let cosigned = Cosigned { usage_ms: metered.usage_ms.min(most), measured_at: metered.usage_at };
        self.cosigned = self.cosigned.filter(|known| known.usage_ms <= most).max(Some(cosigned));
        self.event(Event::UsageCosigned(KEY, cosigned), None);
    }

    fn top_up(&mut self, seconds: u32) {
        if self.state == JobState::Running && self.meter.is_dry(self.now) && !self.meter.is_dead(self.now) {
            self.state = JobState::Paused;
            self.meter.pause();
        }
        if matches!(self.state, JobState::Running | JobState::Paused) {
            self.meter.max_seconds += seconds;
        }
    }

    /// Everything owed is done, everything is seen, `seconds` pass, the tenant signs now and then.
    fn run(&mut self, seconds: i64, signs: bool) {
        for second in 0..seconds {
            for _ in 0..6 {
                self.look_at_job(None);
                self.look_at_container(None);
                while !self.owed.is_empty() {
                    self.answer(0, false, None);
                }
            }
            if signs && second % 10 == 0 {
                self.cosign();
            }
            self.second(None);
        }
    }
}

fn step(action: &Action) -> Step {
    match action {
        Action::StartContainer(_) => Step::Start,
        Action::StopContainer(_) => Step::Stop,
        Action::RemoveContainer(_) => Step::Remove,
        Action::DeclareStarted(_) => Step::Declare,
        Action::Decline(..) => Step::Decline,
        Action::ClaimReward(_) => Step::Claim,
        Action::AskForCase(_) => Step::Ask,
        Action::DropData(_) => Step::Drop,
        Action::PauseContainer(_) | Action::UnpauseContainer(_) => Step::Pause,
        Action::PauseJob(_) => Step::PauseJob,
        Action::ResumeJob(_) => Step::Resume,
        Action::ReportUsage(_) => Step::Report,
        Action::ClaimStream(_) => Step::Stream,
        Action::StopJob(_) => Step::End,
        Action::ExpireJob(_) => Step::Expire,
        other => panic!("not a service's: {other:?}"),
    }
}

fn serving(max_seconds: u32) -> World {
    let mut world = World::new(max_seconds);
    world.event(Event::BlobsReady(KEY), None);
    world.look_at_job(None);
    world.event(Event::BlobsReady(KEY), None);
    world.run(3, false);
    assert_eq!(world.state, JobState::Running);
    world
}

#[test]
fn a_service_is_declared_only_once_it_is_healthy_and_billed_only_from_then_on() {
    let mut world = World::new(3_600);
    world.healthy = false;
    world.look_at_job(None);
    world.event(Event::BlobsReady(KEY), None);
    world.run(20, true);
    assert_eq!((world.state, world.created, world.metered().usage_ms), (JobState::Matched, 1, 0));
    world.healthy = true;
    world.run(2, false);
    assert_eq!((world.state, world.metered().usage_ms), (JobState::Running, 0));
    world.run(30, false);
    let (usage, truth) = (world.metered().usage_ms, world.truth_ms);
    assert!(usage <= truth && truth - usage <= METER_INTERVAL_MS + 1_000, "{usage} of {truth}");
}

#[test]
fn illness_is_never_metered_and_a_long_one_ends_the_service() {
    let mut world = serving(3_600);
    world.run(20, true);
    world.healthy = false;
    world.run(2, true);
    let ill_at = world.metered();
    world.run(30, true);
    assert_eq!((world.metered(), world.state), (ill_at, JobState::Running), "an ill service earns nothing");
    world.run(i64::from(TIMEOUT), true);
    assert_eq!(world.state, JobState::Ending);
    assert!(world.sent.contains(&"stop"));
    assert_eq!(world.vessel, Some(Vessel::Exited));
}

#[test]
fn a_container_that_ends_or_is_lost_ends_the_service_and_is_never_made_again() {
    for lost in [Some(Vessel::Exited), None] {
        let mut world = serving(3_600);
        world.run(30, true);
        world.vessel = lost;
        world.run(10, true);
        assert_eq!((world.state, world.created), (JobState::Ending, 1), "{lost:?}");
        world.run(USAGE_GRACE_SECONDS + 20, true);
        assert_eq!(world.state, JobState::Settled);
        assert!(world.claimed && world.forgotten && world.paid > 0);
    }
}

#[test]
fn a_dry_service_is_frozen_waits_and_goes_on_after_a_top_up() {
    let mut world = serving(60);
    world.run(70, true);
    assert_eq!((world.state, world.vessel), (JobState::Paused, Some(Vessel::Paused)));
    let dry = world.metered().usage_ms;
    assert!(dry <= 60_000 && dry + METER_INTERVAL_MS + 2_000 >= 60_000, "{dry}");
    world.run(500, true);
    assert_eq!((world.state, world.metered().usage_ms), (JobState::Paused, dry), "a pause earns nothing");
    world.top_up(60);
    world.run(30, true);
    assert_eq!((world.state, world.vessel), (JobState::Running, Some(Vessel::Running)));
    assert!(world.metered().usage_ms > dry);
    assert_eq!(world.sent.iter().filter(|sent| **sent == "resume").count(), 1);
    assert_eq!(world.created, 1);
}

#[test]
fn a_pause_that_nobody_ends_is_settled_and_paid() {
    let mut world = serving(60);
    world.run(100, true);
    world.now += PAUSE_SECONDS_MAX;
    world.run(30, true);
    assert_eq!(world.state, JobState::Settled);
    assert!(world.claimed && world.forgotten && world.paid > 50_000, "{}", world.paid);
}

#[test]
fn usage_is_reported_well_within_the_silence_that_counts_as_death() {
    let mut world = serving(86_400);
    for _ in 0..30 {
        world.run(20, true);
        assert!(!world.meter.is_dead(world.now));
    }
    let reports = world.sent.iter().filter(|sent| **sent == "report").count();
    // Ten minutes, at most one report every quarter of a minute.
    assert!((20..=41).contains(&reports), "{reports}");
    assert!(world.sent.iter().filter(|sent| **sent == "stream").count() == 1, "one draw an hour: {STREAM_SECONDS}");
}

#[test]
fn a_tenant_that_signs_nothing_is_served_no_longer_than_the_timeout() {
    let mut world = serving(86_400);
    world.run(i64::from(TIMEOUT) + 20, false);
    assert_eq!((world.state, world.vessel), (JobState::Ending, Some(Vessel::Exited)));
    assert_eq!(world.meter.usage_ms, 0);
}

#[test]
fn the_tenants_stop_pays_what_it_signed_up_to_the_stop() {
    let mut world = serving(86_400);
    world.run(100, true);
    world.end();
    world.run(20, true);
    assert_eq!(world.vessel, Some(Vessel::Exited));
    let last = world.metered().usage_ms;
    assert_eq!(world.meter.usage_ms, last, "the last cosigned usage is reported within the grace");
    world.run(USAGE_GRACE_SECONDS + 20, true);
    assert_eq!((world.state, world.paid), (JobState::Settled, last));
    assert!(world.claimed && world.forgotten);
}

#[test]
fn what_cannot_start_is_declined_before_its_start_is_due() {
    // Without its blobs, without health, with an engine that never answers.
    for case in 0..3 {
        let mut world = World::new(3_600);
        world.blobs = case != 0;
        world.healthy = case != 1;
        world.look_at_job(None);
        if world.blobs {
            world.event(Event::BlobsReady(KEY), None);
        }
        while world.now < START_BY {
            world.look_at_job(None);
            world.look_at_container(None);
            world.owed.retain(|action| case != 2 || !matches!(action, Action::StartContainer(_)));
            while !world.owed.is_empty() {
                world.answer(0, false, None);
                world.owed.retain(|action| case != 2 || !matches!(action, Action::StartContainer(_)));
            }
            world.second(None);
        }
        assert_eq!((world.state, world.sent.last()), (JobState::Settled, Some(&"decline")), "{case}");
        assert!(world.now <= START_BY);
    }
}

#[test]
fn a_start_that_lands_while_the_job_is_given_back_is_ended() {
    let mut world = World::new(3_600);
    world.look_at_job(None);
    world.event(Event::BlobsReady(KEY), None);
    world.now = START_BY - 5;
    world.look_at_job(None);
    assert_eq!(world.phase(), Some(Phase::Declining(DeclineReason::NotInTime)));
    (world.state, world.meter.started_at) = (JobState::Running, world.now);
    world.run(5, false);
    assert_eq!(world.state, JobState::Ending);
}

#[test]
fn a_service_whose_ledger_is_lost_is_ended_and_never_started_again() {
    let mut world = serving(3_600);
    (world.persisted, world.vessel) = (None, None);
    world.restart();
    world.run(10, true);
    assert_eq!((world.state, world.created), (JobState::Ending, 1));
}

#[test]
fn a_crash_loses_at_most_one_interval_and_adopts_the_container() {
    let mut world = serving(86_400);
    world.run(61, true);
    let before = world.truth_ms;
    for _ in 0..10 {
        world.restart();
        world.run(12, true);
    }
    let (usage, truth) = (world.metered().usage_ms, world.truth_ms);
    assert!(truth > before);
    // At each restart what was not yet written down, and the second until it is looked at again.
    let allowed = (world.crashes + 1) * (METER_INTERVAL_MS + 1_000);
    assert!(usage <= truth && truth - usage <= allowed, "{usage} of {truth}");
    assert_eq!((world.created, world.state), (1, JobState::Running));
}

#[test]
fn time_in_which_nobody_looked_is_not_metered() {
    let mut world = serving(86_400);
    world.run(30, true);
    let before = world.metered().usage_ms;
    world.now += METER_GAP_MS_MAX / 1_000 + 20;
    world.run(2, false);
    assert!(world.metered().usage_ms <= before + METER_INTERVAL_MS, "{before} {:?}", world.metered());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: the asserts of the world hold, and once everybody behaves it ends settled,
    /// paid and with nothing left behind.
    #[test]
    fn every_history_keeps_the_laws_and_ends(
        max_seconds in 20u32..300,
        ops in proptest::collection::vec((0u8..13, any::<usize>(), any::<bool>(), proptest::option::weighted(0.1, 0usize..4)), 0..250)
    ) {
        let mut world = World::new(max_seconds);
        for (op, pick, flag, crash) in ops {
            match op {
                0 | 1 => world.answer(pick, false, crash),
                2 => world.answer(pick, flag, crash),
                3 | 4 => { world.look_at_job(crash); }
                5 | 6 => world.look_at_container(crash),
                7 | 8 => {
                    for _ in 0..pick % 8 {
                        world.second(None);
                        world.look_at_container(None);
                    }
                }
                9 => {
                    // A change is seen before time passes: between two looks it may last as long as one of them.
                    world.look_at_container(None);
                    world.healthy = flag;
                    world.look_at_container(None);
                }
                10 => world.cosign(),
                11 => if pick % 3 == 0 { world.top_up(60) },
                _ => match pick % 20 {
                    0 if matches!(world.state, JobState::Running | JobState::Paused) => world.end(),
                    1 => {
                        world.look_at_container(None);
                        world.vessel = world.vessel.map(|_| Vessel::Exited);
                    }
                    2 => world.restart(),
                    _ => world.event(Event::BlobsReady(KEY), crash),
                },
            }
        }
        world.healthy = true;
        if matches!(world.state, JobState::Running | JobState::Paused) {
            world.end();
        }
        if !world.forgotten {
            world.look_at_job(None);
            world.event(Event::BlobsReady(KEY), None);
            world.run(3, true);
            if matches!(world.state, JobState::Running | JobState::Paused) {
                world.end();
            }
            world.run(USAGE_GRACE_SECONDS + 40, true);
        }
        prop_assert_eq!(world.state, JobState::Settled);
        prop_assert!(world.claimed || world.paid == 0);
        prop_assert!(world.persisted.is_none(), "{:?}", world.persisted);
        prop_assert_eq!(world.vessel, None);
        prop_assert!(world.paid <= world.truth_ms && world.paid <= world.meter.usage_ms_max(i64::MAX));
        prop_assert!(world.created <= 1);
    }
}

#[test]
fn an_older_record_of_a_batch_job_still_reads() {
    let text = r#"{"key":{"job":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"attempt":1,"role":"run"},
        "nonce":9,"round":0,"max_seconds":60,"phase":{"ended":{"reason":"settled","drop_at":5,"container_removed":true}}}"#;
    let record: Record = serde_json::from_str(text).unwrap();
    assert!(!record.service);
    assert!(matches!(record.phase, Phase::Ended { reason: EndReason::Settled, .. }));
}
