//! What is decided about a service: its meter, its pauses, its reports, its end.
//!
//! Little is remembered: whether a container should be frozen, a pause declared or a report sent follows each time from
//! what the chain and the engine say, so that a crash between any two steps changes nothing. Only the meter is written
//! down, for nobody else knows it.

use proofmill_protocol::{job::JobState, limits::USAGE_GRACE_SECONDS, service::Meter};

use crate::{
    event::{Action, ChainNow, Cosigned, JobFacts, ServiceFacts, Sight, Step},
    limits::{METER_GAP_MS_MAX, METER_INTERVAL_MS, REPORT_SECONDS, REPORTS_PER_TIMEOUT},
    node::{Container, Entry, Seen},
    record::{DeclineReason, Metered, Phase},
};

/// What is known of a service besides its record. Not kept over a restart: what was not written down is not claimed.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    sight: Option<Sight>,
    /// The last look that was counted: host clock in milliseconds, chain clock in seconds.
    counted: Option<(i64, i64)>,
    /// Healthy time that is not written down yet, milliseconds.
    pending_ms: u64,
    /// Since when it is ill, host clock, milliseconds.
    ill_since_ms: Option<i64>,
    /// The newest total with both signatures.
    pub(crate) cosigned: Option<Cosigned>,
}

/// Whether the container has to be frozen for what the chain says: the escrow is used up, and nobody topped it up.
fn must_rest(state: JobState, meter: &Meter, now: ChainNow) -> bool {
    match state {
        JobState::Running => meter.is_dry(now.unix_seconds),
        JobState::Paused => {
            let mut resumed = *meter;
            resumed.resume(now.unix_seconds);
            resumed.is_dry(now.unix_seconds)
        }
        _ => false,
    }
}

/// Seconds between two reports to this chain.
pub(crate) fn report_every(meter: &Meter) -> i64 {
    (i64::from(meter.usage_timeout_seconds) / REPORTS_PER_TIMEOUT).clamp(1, REPORT_SECONDS)
}

impl Entry {
    /// The job of a service as the chain last had it.
    fn service(&self) -> Option<(JobFacts, ServiceFacts)> {
        match self.seen {
            Seen::Job(facts) => facts.service.map(|service| (facts, service)),
            Seen::Nothing | Seen::Round(_) | Seen::Gone => None,
        }
    }

    /// Takes in a look at the container.
    pub(crate) fn service_seen(&mut self, sight: Sight, now: ChainNow, actions: &mut Vec<Action>) {
        let Phase::Serving { .. } = self.record.phase else { return };
        self.watch.sight = Some(sight);
        self.watch.ill_since_ms = match (sight.healthy || sight.paused, self.watch.ill_since_ms) {
            (true, _) => None,
            // A host clock that was set back must not shorten an illness to nothing for ever.
            (false, Some(since)) => Some(since.min(sight.at_ms)),
            (false, None) => Some(sight.at_ms),
        };
        let earns = self.service().is_some_and(|(facts, service)| {
            facts.state == JobState::Running && !service.meter.is_dry(now.unix_seconds)
        });
        if !(earns && sight.healthy && !sight.paused) {
            self.write_meter(actions);
            self.watch.counted = None;
            return;
        }
        if let Some((before_ms, _)) = self.watch.counted {
            let passed = sight.at_ms.saturating_sub(before_ms);
            if (1..=METER_GAP_MS_MAX).contains(&passed) {
                self.watch.pending_ms = self.watch.pending_ms.saturating_add(passed.unsigned_abs());
            }
        }
        self.watch.counted = Some((sight.at_ms, now.unix_seconds));
        if self.watch.pending_ms >= METER_INTERVAL_MS {
            self.write_meter(actions);
        }
    }

    /// Writes down what was counted, within what the chain's clock allows.
    fn write_meter(&mut self, actions: &mut Vec<Action>) {
        let (Phase::Serving { started_at_ms, metered }, Some((_, service)), Some((_, counted_at))) =
            (self.record.phase, self.service(), self.watch.counted)
        else {
            return;
        };
        let pending = std::mem::take(&mut self.watch.pending_ms);
        if pending == 0 {
            return;
        }
        let most = service.meter.usage_ms_max(counted_at);
        let usage_ms = metered.usage_ms.saturating_add(pending).min(most).max(metered.usage_ms);
        let metered = Metered { usage_ms, usage_at: counted_at.max(metered.usage_at) };
        self.enter(Phase::Serving { started_at_ms, metered }, actions);
    }

    /// The service is over, whoever ended it.
    pub(crate) fn close(&mut self, actions: &mut Vec<Action>) {
        self.write_meter(actions);
        let metered = match self.record.phase {
            Phase::Serving { metered, .. } | Phase::Closing { metered } => metered,
            _ => Metered::default(),
        };
        self.enter(Phase::Closing { metered }, actions);
    }

    /// Moves a service on where what is seen calls for it.
    pub(crate) fn follow_service(&mut self, now: ChainNow, host_ms: i64, actions: &mut Vec<Action>) {
        let Some((facts, service)) = self.service() else { return };
        match (self.record.phase, facts.state) {
            (Phase::Closing { .. }, JobState::Matched) => {
                self.enter(Phase::Declining(DeclineReason::ContainerLost), actions);
            }
            (Phase::Serving { .. }, JobState::Running) => {
                let patience_ms = i64::from(service.meter.usage_timeout_seconds).saturating_mul(1_000);
                let ill = self.watch.ill_since_ms.is_some_and(|since| host_ms.saturating_sub(since) > patience_ms);
                if ill || service.meter.is_dead(now.unix_seconds) {
                    self.close(actions);
                }
            }
            (Phase::Serving { .. }, JobState::Ending) => self.close(actions),
            _ => {}
        }
    }

    /// What the phase of a service calls for.
    pub(crate) fn serve(&mut self, now: ChainNow, actions: &mut Vec<Action>) {
        let key = self.record.key;
        let Some((facts, service)) = self.service() else { return };
        match self.record.phase {
            Phase::Serving { .. } => {
                let Some(sight) = self.watch.sight else { return };
                match facts.state {
                    JobState::Matched if sight.healthy => {
                        if self.take(Step::Declare, now) {
                            actions.push(Action::DeclareStarted(key));
                        }
                    }
                    JobState::Running | JobState::Paused => {
                        self.keep_pause(facts.state, &service.meter, sight, now, actions);
                        self.report(&service.meter, now, actions);
                        if service.streamable > 0 && self.take(Step::Stream, now) {
                            actions.push(Action::ClaimStream(key));
                        }
                    }
                    _ => {}
                }
            }
            Phase::Closing { .. } => {
                if self.container == Container::Present && self.take(Step::Stop, now) {
                    actions.push(Action::StopContainer(key));
                }
                match facts.state {
                    JobState::Running | JobState::Paused if self.take(Step::End, now) => {
                        actions.push(Action::StopJob(key));
                    }
                    JobState::Ending => {
                        let until = service.meter.ended_at.saturating_add(USAGE_GRACE_SECONDS);
                        if now.unix_seconds <= until {
                            self.report(&service.meter, now, actions);
                        } else if self.take(Step::Expire, now) {
                            actions.push(Action::ExpireJob(key));
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Freezes the container before a pause is declared, and lets it run before one is over.
    fn keep_pause(
        &mut self,
        state: JobState,
        meter: &Meter,
        sight: Sight,
        now: ChainNow,
        actions: &mut Vec<Action>,
    ) {
        let key = self.record.key;
        let rest = must_rest(state, meter, now);
        if rest != sight.paused {
            if self.take(Step::Pause, now) {
                actions.push(if rest { Action::PauseContainer(key) } else { Action::UnpauseContainer(key) });
            }
            return;
        }
        match state {
            JobState::Running if rest => {
                if self.take(Step::PauseJob, now) {
                    actions.push(Action::PauseJob(key));
                }
            }
            JobState::Paused if now.unix_seconds > meter.pause_over_after() => {
                if self.take(Step::Expire, now) {
                    actions.push(Action::ExpireJob(key));
                }
            }
            JobState::Paused if !rest && sight.healthy => {
                if self.take(Step::Resume, now) {
                    actions.push(Action::ResumeJob(key));
                }
            }
            _ => {}
        }
    }

    /// Sends the newest total with both signatures, if it says anything new.
    fn report(&mut self, meter: &Meter, now: ChainNow, actions: &mut Vec<Action>) {
        let news = self.watch.cosigned.is_some_and(|cosigned| {
            cosigned.usage_ms > meter.usage_ms
                || (cosigned.usage_ms == meter.usage_ms && cosigned.measured_at > meter.usage_at)
        });
        if news && self.take(Step::Report, now) {
            actions.push(Action::ReportUsage(self.record.key));
        }
    }

    /// How long a report that was sent is the last.
    pub(crate) fn report_pause(&self) -> i64 {
        self.service().map_or(REPORT_SECONDS, |(facts, service)| {
            // In the grace after the end there may be but one more, and it is worth a fee.
            if facts.state == JobState::Ending { 2 } else { report_every(&service.meter) }
        })
    }
}
