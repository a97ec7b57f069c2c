//! A service as its tenant sees it: its meter, and the rule by which a tenant signs the usage that its provider claims.
//!
//! Pure. Whoever attends a service (a terminal, a gateway) looks at it again and again, tells an [`Attendance`] what it
//! saw, and asks it before it signs. What a node claims is bounded by what was seen, not by what the node says.

use proofmill_protocol::{
    envelope::{ENVELOPE_LEN, Kind, envelope},
    ids::{Domain, JobKey, UnixSeconds},
    job::JobState,
    limits::USAGE_GRACE_SECONDS,
    service::Meter,
    sha256,
    usage::UsageReport,
};
use solana_address::Address;
use solana_instruction::Instruction;
use thiserror::Error;

use crate::{
    address::{self, Coin},
    market,
};

/// `kind` of a job that is a service.
pub const KIND_SERVICE: u8 = 3;
/// `claimed` bit: the tenant has what was due for missed availability.
pub const CLAIMED_SLA: u8 = 8;
/// Longest time between two looks that found the service well which counts as seen, milliseconds: several missed looks
/// on a busy machine. What lies beyond was not watched.
pub const LOOK_GAP_MS_MAX: u64 = 15_000;
/// How far the tenant's count and the node's may lie apart for no other reason than that they are two, milliseconds: the
/// chain's clock has one second of resolution, and a tenant sees a node that restarted some seconds after it is back.
pub const COUNTS_APART_MS: u64 = 10_000;
/// Part of what was seen that a node may claim beyond it, basis points: a path that broke for a moment is not the
/// service's downtime, and a claim that is never signed again ends a service that both want.
pub const UNSEEN_BPS: u64 = 100;
/// How far ahead of the chain's clock, as the tenant reads it, a report may say it was measured, seconds: the reading is
/// a few slots old. A later instant would make a service look alive after its end.
pub const AHEAD_SECONDS_MAX: i64 = 5;

/// The meter of a service, as the program keeps it.
pub fn meter(job: &market::Job) -> Meter {
    Meter {
        started_at: job.started_at,
        paused_at: job.paused_at,
        ended_at: job.receipt_at,
        paused_ms: job.paused_ms,
        max_seconds: job.max_seconds,
        usage_ms: job.metered_ms,
        usage_at: job.usage_at,
        usage_timeout_seconds: job.usage_timeout_seconds,
    }
}

/// The instant after which anyone may settle a service that was started; none if it was not, or is settled.
pub fn settles_after(job: &market::Job) -> Option<UnixSeconds> {
    match JobState::from_code(job.state) {
        Some(JobState::Running | JobState::Paused) => Some(meter(job).expires_after()),
        Some(JobState::Ending) => Some(job.receipt_at.saturating_add(USAGE_GRACE_SECONDS)),
        _ => None,
    }
}

/// What both node keys sign for a report.
pub fn usage_message(report: &UsageReport) -> [u8; ENVELOPE_LEN] {
    envelope(Kind::Usage, &sha256(&[&report.encode()]))
}

/// Pays the tenant what is due for missed availability, into its associated account.
pub fn claim_sla(job_address: Address, job: &market::Job, provider_owner: &Address, stake: Coin) -> Instruction {
    let at = address::stake(provider_owner);
    market::claim_sla(market::ClaimSlaAccounts {
        job: job_address,
        provider: job.provider,
        stake: at,
        vault: address::stake_vault(&at),
        mint: stake.mint,
        destination: stake.account_of(&job.tenant),
        token_program: stake.token_program,
    })
}

/// Why a claim of usage is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Declined {
    #[error("the report is of another {what}: signed, it would count elsewhere")]
    Other { what: &'static str },
    #[error("the node claims {claimed} ms, the chain's clock and the escrow allow {most} ms")]
    BeyondTheClock { claimed: u64, most: u64 },
    #[error(
        "the node claims {claimed} ms, of which {most} ms were seen or signed before: not signed until the service has \
         answered for the rest"
    )]
    NotSeen { claimed: u64, most: u64 },
    #[error("the report says that it was measured at {measured_at}, which is ahead of the chain's clock ({now})")]
    Ahead { measured_at: UnixSeconds, now: UnixSeconds },
}

/// What one tenant has seen of one attempt of a service, and so what it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    domain: Domain,
    job: JobKey,
    attempt: u16,
    nonce: u64,
    /// Usage that was seen, or accepted before anybody looked, milliseconds. Signing never raises it.
    seen_ms: u64,
    /// The greatest total that was signed here or that the chain has accepted.
    signed_ms: u64,
    /// The last look: when, on the looker's own clock, and whether the service answered.
    last_look: Option<(u64, bool)>,
}

impl Attendance {
    /// Begins to attend a service that runs, at `now` (unix seconds of the chain's clock).
    ///
    /// The time since the last accepted usage (or the start) was not seen by anybody here. It is taken on trust as far as
    /// the market forgives silence: whoever begins later than that finds the service dead, unless it was witnessed.
    pub fn begin(domain: [u8; 32], address: &Address, job: &market::Job, now: UnixSeconds) -> Self {
        let meter = meter(job);
        let since = meter.usage_at.max(meter.started_at);
        let unwatched = now.saturating_sub(since).clamp(0, i64::from(meter.usage_timeout_seconds)).unsigned_abs();
        let unwatched = if meter.paused_at == 0 { unwatched.saturating_mul(1_000) } else { 0 };
        Self {
            domain: Domain(domain),
            job: JobKey(address.to_bytes()),
            attempt: job.attempt,
            nonce: job.nonce,
            seen_ms: meter.usage_ms.saturating_add(unwatched).min(meter.usage_ms_max(now)),
            signed_ms: meter.usage_ms,
            last_look: None,
        }
    }

    /// Whether this is about the attempt that the account is in.
    pub fn is_of(&self, job: &market::Job) -> bool {
        self.attempt == job.attempt && self.nonce == job.nonce
    }

    /// Takes in a look at the service at `at_ms` of the looker's own clock, which never steps back. The time since the
    /// last look counts if the service answered both.
    pub fn looked(&mut self, at_ms: u64, answered: bool) {
        if let (Some((before, true)), true) = (self.last_look, answered) {
            self.seen_ms = self.seen_ms.saturating_add(at_ms.saturating_sub(before).min(LOOK_GAP_MS_MAX));
        }
        self.last_look = Some((at_ms, answered));
    }

    /// Takes in what the chain has accepted. What this tenant did not sign was witnessed.
    pub fn accepted(&mut self, usage_ms: u64) {
        if usage_ms > self.signed_ms {
            self.signed_ms = usage_ms;
            self.seen_ms = self.seen_ms.max(usage_ms);
        }
    }

    /// The most that is signed now, milliseconds, as far as it depends on what was seen.
    pub fn most_ms(&self) -> u64 {
        let unseen = self.seen_ms / 10_000 * UNSEEN_BPS + self.seen_ms % 10_000 * UNSEEN_BPS / 10_000;
        self.seen_ms.saturating_add(unseen).saturating_add(COUNTS_APART_MS)
    }

    /// The greatest total that is signed or accepted.
    pub fn signed_ms(&self) -> u64 {
        self.signed_ms
    }

    /// Whether the last look found the service well.
    pub fn answers(&self) -> bool {
        matches!(self.last_look, Some((_, true)))
    }

    /// Whether a report may be signed: it is about this attempt and life, within the clock, the escrow and what was seen.
    ///
    /// # Errors
    /// [`Declined`] names the law that it breaks.
    pub fn judge(&self, report: &UsageReport, job: &market::Job, now: UnixSeconds) -> Result<(), Declined> {
        let same = [
            ("network", report.domain == self.domain),
            ("job", report.job == self.job),
            ("attempt", report.attempt == self.attempt),
            ("life of the job's address", report.nonce == self.nonce && job.nonce == self.nonce),
        ];
        if let Some((what, _)) = same.into_iter().find(|(_, same)| !same) {
            return Err(Declined::Other { what });
        }
        let (claimed, measured_at) = (report.usage_ms, report.measured_at);
        // What is accepted may always be said again, also when the clock steps back.
        let most = meter(job).usage_ms_max(now).max(job.metered_ms);
        if claimed > most {
            return Err(Declined::BeyondTheClock { claimed, most });
        }
        let most = self.most_ms().max(self.signed_ms);
        if claimed > most {
            return Err(Declined::NotSeen { claimed, most });
        }
        if measured_at > now.saturating_add(AHEAD_SECONDS_MAX) {
            return Err(Declined::Ahead { measured_at, now });
        }
        Ok(())
    }

    /// Notes that a report was signed.
    pub fn signed(&mut self, report: &UsageReport) {
        self.signed_ms = self.signed_ms.max(report.usage_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: [u8; 32] = [1; 32];
    const JOB: Address = Address::new_from_array([2; 32]);

    /// Healthy at 1000, an hour of escrow, dead after 30 seconds of silence.
    fn job() -> market::Job {
        let mut data = market::Job::DISCRIMINATOR.to_vec();
        data.resize(market::Job::LEN, 0);
        let mut job = market::Job::decode(&data).expect("an account of zeros");
        (job.kind, job.attempt, job.nonce) = (KIND_SERVICE, 1, 77);
        (job.started_at, job.max_seconds, job.usage_timeout_seconds) = (1_000, 3_600, 30);
        job
    }

    fn report(usage_ms: u64, measured_at: i64) -> UsageReport {
        let (domain, job) = (Domain(DOMAIN), JobKey(JOB.to_bytes()));
        UsageReport { domain, job, attempt: 1, nonce: 77, usage_ms, measured_at }
    }

    fn attendance(now: i64) -> Attendance {
        Attendance::begin(DOMAIN, &JOB, &job(), now)
    }

    #[test]
    fn no_more_is_signed_than_was_seen_to_answer() {
        let mut at = attendance(1_000);
        for second in 0..=100 {
            at.looked(second * 1_000, true);
        }
        // A hundred seconds seen, a hundredth of it for the path, and ten because there are two counts.
        assert_eq!(at.most_ms(), 111_000);
        assert_eq!(at.judge(&report(111_000, 1_111), &job(), 1_111), Ok(()));
        let more = at.judge(&report(111_001, 1_111), &job(), 1_111);
        assert_eq!(more, Err(Declined::NotSeen { claimed: 111_001, most: 111_000 }));
        // What did not answer does not count, nor the time on either side of it.
        at.looked(105_000, false);
        at.looked(110_000, true);
        assert_eq!(at.most_ms(), 111_000);
        at.looked(112_000, true);
        assert_eq!(at.most_ms(), 102_000 + 1_020 + COUNTS_APART_MS);
    }

    #[test]
    fn no_more_is_signed_than_clock_and_escrow_allow() {
        let mut at = attendance(1_000);
        for second in 0..=5_000 {
            at.looked(second * 1_000, true);
        }
        assert_eq!(at.judge(&report(61_000, 1_060), &job(), 1_060), Ok(()));
        let early = at.judge(&report(61_001, 1_060), &job(), 1_060);
        assert_eq!(early, Err(Declined::BeyondTheClock { claimed: 61_001, most: 61_000 }));
        let dry = at.judge(&report(3_600_001, 9_000), &job(), 9_000);
        assert_eq!(dry, Err(Declined::BeyondTheClock { claimed: 3_600_001, most: 3_600_000 }));
        let paused = market::Job { paused_at: 1_060, ..job() };
        let pausing = at.judge(&report(60_001, 1_100), &paused, 1_100);
        assert_eq!(pausing, Err(Declined::BeyondTheClock { claimed: 60_001, most: 60_000 }));
    }

    #[test]
    fn signing_again_and_again_makes_room_for_nothing() {
        let mut at = attendance(1_000);
        at.looked(0, true);
        at.looked(10_000, true);
        let most = at.most_ms();
        for _ in 0..100 {
            at.signed(&report(most, 1_012));
            // The chain accepts what was signed: that is no sight of the service either.
            at.accepted(most);
            assert_eq!(at.most_ms(), most);
        }
        assert_eq!(
            at.judge(&report(most + 1, 1_100), &job(), 1_100),
            Err(Declined::NotSeen { claimed: most + 1, most })
        );
    }

    #[test]
    fn what_was_witnessed_counts_as_seen() {
        let mut at = attendance(1_000);
        at.accepted(500_000);
        assert_eq!(at.judge(&report(505_000, 1_600), &job(), 1_600), Ok(()));
        at.signed(&report(505_000, 1_600));
        at.accepted(505_000);
        assert_eq!(at.most_ms(), 500_000 + 5_000 + COUNTS_APART_MS);
    }

    #[test]
    fn who_begins_late_trusts_no_longer_than_the_market_forgives_silence() {
        assert_eq!(attendance(1_020).most_ms(), 20_000 + 200 + COUNTS_APART_MS);
        assert_eq!(attendance(5_000).most_ms(), 30_000 + 300 + COUNTS_APART_MS);
        let used = market::Job { metered_ms: 100_000, usage_at: 1_110, ..job() };
        let at = Attendance::begin(DOMAIN, &JOB, &used, 1_120);
        assert_eq!(at.most_ms(), 110_000 + 1_100 + COUNTS_APART_MS);
        assert_eq!(at.signed_ms(), 100_000);
        let paused = market::Job { paused_at: 1_115, ..used };
        assert_eq!(Attendance::begin(DOMAIN, &JOB, &paused, 1_140).most_ms(), 100_000 + 1_000 + COUNTS_APART_MS);
        // A clock that steps back is no reason to trust anybody.
        assert_eq!(attendance(900).most_ms(), COUNTS_APART_MS);
    }

    #[test]
    fn time_in_which_nobody_looked_counts_only_as_a_gap() {
        let mut at = attendance(1_000);
        at.looked(0, true);
        at.looked(1_000_000, true);
        assert_eq!(at.most_ms(), LOOK_GAP_MS_MAX + LOOK_GAP_MS_MAX / 100 + COUNTS_APART_MS);
        // A clock that steps back adds nothing.
        at.looked(5, true);
        assert_eq!(at.most_ms(), LOOK_GAP_MS_MAX + LOOK_GAP_MS_MAX / 100 + COUNTS_APART_MS);
    }

    #[test]
    fn a_report_of_anything_else_is_not_signed() {
        let (at, right) = (attendance(1_000), report(0, 1_000));
        let others = [
            (UsageReport { domain: Domain([9; 32]), ..right }, "network"),
            (UsageReport { job: JobKey([9; 32]), ..right }, "job"),
            (UsageReport { attempt: 2, ..right }, "attempt"),
            (UsageReport { nonce: 78, ..right }, "life of the job's address"),
        ];
        for (other, what) in others {
            assert_eq!(at.judge(&other, &job(), 1_000), Err(Declined::Other { what }));
        }
        assert_eq!(at.judge(&right, &job(), 1_000), Ok(()));
        assert!(!at.is_of(&market::Job { nonce: 78, ..job() }));
    }

    #[test]
    fn an_instant_ahead_of_the_clock_is_not_signed() {
        let at = attendance(1_000);
        assert_eq!(at.judge(&report(0, 1_005), &job(), 1_000), Ok(()));
        let ahead = at.judge(&report(0, 1_006), &job(), 1_000);
        assert_eq!(ahead, Err(Declined::Ahead { measured_at: 1_006, now: 1_000 }));
    }

    #[test]
    fn the_signed_bytes_are_those_that_the_program_checks() {
        let report = report(5, 6);
        let message = usage_message(&report);
        assert_eq!(&message[..15], b"\xFFproofml/v1USAG");
        assert_eq!(message[15..], sha256(&[&report.encode()]));
    }
}
