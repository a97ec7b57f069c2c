//! Laws of cranking: what may be done when, whose turn it is, and that nothing is repeated without cause.

use proofmill_oracle_core::{
    Answer, Crank, EpochFacts, Facts, JobLife, JobOnChain, MemberFacts, Pacer, RoundOnChain, StakeFacts,
    VerdictOnChain, crank, limits, rank,
};
use proofmill_protocol::{
    job::{JOB_STATES, JobState},
    quorum::Windows,
    service::Meter,
    verdict::Opinion,
};
use proptest::prelude::*;

fn life(state: JobState) -> JobLife {
    JobLife {
        nonce: 7,
        attempt: 1,
        state,
        audit_bps: 10_000,
        opened_at: 100,
        bids_until: 0,
        has_bid: false,
        matched_at: 200,
        started_at: 210,
        receipt_at: 300,
        start_window_seconds: 50,
        max_seconds: 60,
        receipt_grace_seconds: 30,
        challenge_window_seconds: 20,
        verdict_window_seconds: 500,
        receipt_hash: [1; 32],
        fee: 0,
        claimed: 0,
        audit_paid: 0,
        service: None,
    }
}

fn round(index: u8, votes: [u16; 5]) -> RoundOnChain {
    let rule = if index == 1 { (5, 3, 4, true) } else { (9, 6, 6, false) };
    let seats = if index == 1 { 5 } else { 9 };
    // Whoever is missing committed and may still speak, until 400.
    let windows = Windows { seats, committed: (1 << seats) - 1, commit_until: 300, reveal_until: 400 };
    RoundOnChain { address: [index; 32], nonce: 7, attempt: 1, index, state: 1, windows, missed: 0, votes, rule }
}

/// The same, and nobody's silence is left to be recorded.
fn recorded(round: RoundOnChain) -> RoundOnChain {
    let spoken = round.votes.iter().fold(0, |all, side| all | side);
    RoundOnChain { missed: round.windows.committed & !spoken, ..round }
}

fn verdict() -> VerdictOnChain {
    VerdictOnChain {
        address: [30; 32],
        nonce: 7,
        attempt: 1,
        receipt_hash: [1; 32],
        opinion: Opinion::Valid,
        confirmed_executors: 0,
    }
}

fn of(life: JobLife, rounds: &[RoundOnChain], verdicts: &[VerdictOnChain], now: i64) -> Vec<Crank> {
    crank(&Facts::Job(JobOnChain { life: Some(life), rounds: rounds.to_vec(), verdicts: verdicts.to_vec() }), now)
}

#[test]
fn a_job_is_expired_one_second_after_anyone_may() {
    for state in JOB_STATES {
        let job = JobLife { audit_bps: 0, challenge_window_seconds: 100_000, ..life(state) };
        let Some(after) = job.expires_after() else {
            assert_eq!(of(job, &[], &[], i64::MAX), []);
            continue;
        };
        assert_eq!(of(job, &[], &[], after + 1), [], "{state:?}");
        let always_audited = JobLife { audit_bps: 10_000, ..job };
        assert_eq!(of(always_audited, &[], &[], after + 2), [Crank::Expire], "{state:?}");
    }
}

/// A service is dead after silence, over after a day without money, and settled after the grace for its last usage.
#[test]
fn a_service_is_expired_by_its_own_clock() {
    let meter = Meter { started_at: 210, max_seconds: 60, usage_timeout_seconds: 30, ..Meter::default() };
    let cases = [
        (JobState::Running, meter, 240),
        (JobState::Running, Meter { usage_at: 265, ..meter }, 270 + 86_400),
        (JobState::Paused, Meter { paused_at: 270, ..meter }, 270 + 86_400),
        (JobState::Ending, meter, 300 + 300),
    ];
    for (state, meter, after) in cases {
        let job = JobLife { service: Some(meter), ..life(state) };
        assert_eq!(job.expires_after(), Some(after), "{state:?}");
        assert_eq!(of(job, &[], &[], after + 1), [], "{state:?}");
        assert_eq!(of(job, &[], &[], after + 2), [Crank::Expire], "{state:?}");
    }
}

#[test]
fn the_best_bid_is_accepted_between_the_end_of_the_auction_and_expiry() {
    let job = JobLife { bids_until: 150, has_bid: true, ..life(JobState::Open) };
    assert_eq!(of(job, &[], &[], 149), []);
    assert_eq!(of(job, &[], &[], 150), [Crank::AcceptBid]);
    let after = job.expires_after().unwrap();
    assert_eq!(of(job, &[], &[], after), [Crank::AcceptBid]);
    assert_eq!(of(job, &[], &[], after + 1), []);
    assert_eq!(of(job, &[], &[], after + 2), [Crank::Expire]);
    assert_eq!(of(JobLife { has_bid: false, ..job }, &[], &[], 150), []);
}

#[test]
fn a_receipt_is_audited_or_settled_unchallenged() {
    let job = life(JobState::Submitted);
    assert_eq!(of(job, &[], &[], 301), [Crank::OpenRound]);
    let sampled = JobLife { audit_bps: 500, ..job };
    assert_eq!(of(sampled, &[], &[], 319), [Crank::OpenRound]);
    assert_eq!(of(sampled, &[], &[], 320), [Crank::SettleUnchallenged]);
    assert_eq!(of(sampled, &[round(1, [0; 5])], &[], 390), [], "a round judges it");
    assert_eq!(of(job, &[], &[], 320), [Crank::OpenRound], "always audited");
    assert_eq!(of(JobLife { audit_bps: 0, ..job }, &[], &[], 310), [], "never audited");
}

#[test]
fn a_round_is_finalized_or_escalated_by_its_votes() {
    let job = life(JobState::Submitted);
    assert_eq!(of(job, &[round(1, [0b11111, 0, 0, 0, 0])], &[], 310), [Crank::FinalizeRound(1)]);
    assert_eq!(of(job, &[round(1, [0b1111, 0, 0, 0, 0])], &[], 400), []);
    let four = recorded(round(1, [0b1111, 0, 0, 0, 0]));
    assert_eq!(of(job, &[four], &[], 401), [Crank::FinalizeRound(1)]);
    let silence = recorded(round(1, [0b111, 0, 0, 0, 0]));
    assert_eq!(of(job, &[silence], &[], 400), []);
    assert_eq!(of(job, &[silence], &[], 401), [Crank::ExpireRound]);
    assert_eq!(of(job, &[RoundOnChain { state: 2, ..silence }], &[], 401), [Crank::EscalateRound]);
    // Whoever did not commit is not waited for.
    let windows = Windows { committed: 0b1111, ..four.windows };
    assert_eq!(of(job, &[RoundOnChain { windows, ..four }], &[], 301), [Crank::FinalizeRound(1)]);
    let dissent = RoundOnChain { state: 2, ..round(1, [0b1, 0, 0, 0b10, 0]) };
    assert_eq!(of(job, &[dissent], &[], 310), [Crank::EscalateRound]);
    assert_eq!(of(job, &[dissent, round(2, [0; 5])], &[], 310), []);
    assert_eq!(of(job, &[dissent, round(2, [0, 0b111111, 0, 0, 0])], &[], 310), [Crank::FinalizeRound(2)]);
    let silence = recorded(round(2, [0; 5]));
    assert_eq!(of(job, &[recorded(dissent), silence], &[], 401), [Crank::FinalizeRound(2)], "silence decides too");
}

#[test]
fn what_is_decided_is_applied_before_any_default() {
    let job = life(JobState::Submitted);
    let long_after = 10_000;
    assert_eq!(of(job, &[], &[verdict()], long_after), [Crank::VerifyProof]);
    assert_eq!(of(job, &[round(1, [0b11111, 0, 0, 0, 0])], &[], long_after), [Crank::FinalizeRound(1)]);
    assert_eq!(of(JobLife { audit_bps: 1, ..job }, &[], &[], long_after), [Crank::SettleUnchallenged]);
    assert_eq!(of(job, &[recorded(round(1, [0; 5]))], &[], long_after), [Crank::Expire]);
    let stale = VerdictOnChain { receipt_hash: [2; 32], ..verdict() };
    assert_eq!(of(job, &[], &[stale], long_after), [Crank::Expire], "a verdict on another receipt settles nothing");
}

#[test]
fn a_settled_job_is_swept_and_its_re_executors_are_paid_once() {
    let job = JobLife { fee: 9, ..life(JobState::Settled) };
    let both = VerdictOnChain { confirmed_executors: 3, ..verdict() };
    assert_eq!(of(job, &[], &[both], 400), [Crank::SweepFees, Crank::PayAudit(0), Crank::PayAudit(1)]);
    assert_eq!(of(JobLife { audit_paid: 1, claimed: 4, ..job }, &[], &[both], 400), [Crank::PayAudit(1)]);
    assert_eq!(of(JobLife { audit_paid: 3, fee: 0, ..job }, &[], &[both], 400), []);
}

#[test]
fn what_outlives_its_job_is_closed() {
    let spoken = round(1, [0b11111, 0, 0, 0, 0]);
    let gone = Facts::Job(JobOnChain { life: None, rounds: vec![spoken], verdicts: vec![verdict()] });
    assert_eq!(crank(&gone, 0), [Crank::CloseRound([1; 32]), Crank::CloseVerdict([30; 32])]);
    let reborn = JobLife { nonce: 8, ..life(JobState::Submitted) };
    let found = of(reborn, &[spoken], &[], 301);
    assert_eq!(found, [Crank::CloseRound([1; 32])], "the address is taken until it is closed");
}

/// Missed reveals are put on record before the round that shows them may be closed.
#[test]
fn a_missed_reveal_is_recorded_and_holds_its_round() {
    let silent = round(1, [0b01101, 0, 0, 0, 0]);
    let gone = |round: RoundOnChain, now: i64| {
        crank(&Facts::Job(JobOnChain { life: None, rounds: vec![round], verdicts: vec![] }), now)
    };
    let both = [Crank::RecordMissedReveal([1; 32], 1), Crank::RecordMissedReveal([1; 32], 4)];
    assert_eq!(gone(silent, 400), [], "they may still speak");
    assert_eq!(gone(silent, 401), both);
    assert_eq!(gone(RoundOnChain { missed: 0b00010, ..silent }, 401), both[1..]);
    assert_eq!(gone(RoundOnChain { missed: 0b10010, ..silent }, 401), [Crank::CloseRound([1; 32])]);
    let after_a_day = [&both[..], &[Crank::CloseRound([1; 32])]].concat();
    assert_eq!(gone(silent, 400 + 86_401), after_a_day, "and not for ever");
    // In its life just as well; never who did not commit.
    let windows = Windows { committed: 0b01111, ..silent.windows };
    let found = of(life(JobState::Settled), &[RoundOnChain { windows, ..silent }], &[], 401);
    assert_eq!(found, both[..1]);
}

#[test]
fn a_member_is_weighed_anew_when_its_stake_changed() {
    let member = |weight, bonded, now| {
        crank(&Facts::Member(MemberFacts { weight, bonded, weighed_at: 100, epoch_seconds: 50 }), now)
    };
    assert_eq!(member(5, 5, 149), []);
    assert_eq!(member(5, 5, 150), [Crank::RefreshValidator], "once an epoch");
    assert_eq!(member(5, 6, 100), [Crank::RefreshValidator]);
    assert_eq!(member(5, 0, 100), [Crank::RefreshValidator]);
}

#[test]
fn stakes_and_epochs() {
    assert_eq!(crank(&Facts::Stake(StakeFacts { slashed: 1 }), 0), [Crank::SweepSlashed]);
    assert_eq!(crank(&Facts::Stake(StakeFacts { slashed: 0 }), 0), []);
    let epoch = EpochFacts {
        epoch: 3,
        frozen_epoch: 4,
        old_set: None,
        epoch_started_at: 100,
        epoch_seconds: 50,
        roster: 5,
        committee: 5,
    };
    assert_eq!(crank(&Facts::Epoch(epoch), 149), []);
    assert_eq!(crank(&Facts::Epoch(epoch), 150), [Crank::FreezeSet(5)], "one ahead");
    assert_eq!(crank(&Facts::Epoch(EpochFacts { old_set: Some(1), ..epoch }), 149), [Crank::CloseSet(1)]);
    assert_eq!(crank(&Facts::Epoch(EpochFacts { roster: 4, ..epoch }), 150), []);
    let before = EpochFacts { epoch: 0, frozen_epoch: 0, ..epoch };
    assert_eq!(crank(&Facts::Epoch(before), 0), [Crank::FreezeSet(1)]);
    assert_eq!(crank(&Facts::Epoch(EpochFacts { frozen_epoch: 1, ..before }), 0), [Crank::FreezeSet(2)], "at once");
}

#[test]
fn a_refusal_is_repeated_only_after_a_pause_or_a_change() {
    let mut pacer = Pacer::default();
    let subject = [1; 32];
    let possible = [Crank::OpenRound];
    assert_eq!(pacer.due(&subject, &1, &possible, 0, 0), possible);
    assert_eq!(pacer.due(&subject, &1, &possible, 0, 10), [], "under way");
    assert_eq!(pacer.due(&subject, &2, &possible, 0, 11), [], "under way, whatever changes");
    pacer.answered(&subject, Crank::OpenRound, Answer::Refused, 20);
    assert_eq!(pacer.due(&subject, &2, &possible, 0, 20 + limits::BACKOFF_MIN_MS - 1), []);
    assert_eq!(pacer.due(&subject, &2, &possible, 0, 20 + limits::BACKOFF_MIN_MS), possible);
    pacer.answered(&subject, Crank::OpenRound, Answer::RefusedForGood, 5_000);
    assert_eq!(pacer.due(&subject, &2, &possible, 0, u64::MAX / 2), []);
    assert_eq!(pacer.due(&subject, &3, &possible, 0, u64::MAX / 2), possible, "something changed");
    assert_eq!(pacer.due(&subject, &3, &[], 0, u64::MAX / 2), []);
    assert!(pacer.is_empty());
}

#[test]
fn validators_take_turns() {
    let mut pacer = Pacer::default();
    let possible = [Crank::VerifyProof];
    assert_eq!(pacer.due(&[1; 32], &1, &possible, 2, 100), []);
    assert_eq!(pacer.due(&[1; 32], &1, &possible, 2, 100 + 2 * limits::STAGGER_MS - 1), []);
    assert_eq!(pacer.due(&[1; 32], &1, &possible, 2, 100 + 2 * limits::STAGGER_MS), possible);
}

proptest! {
    /// Ranks are a permutation, and every subject has its own.
    #[test]
    fn every_validator_has_one_turn(count in 1usize..64, subject in any::<[u8; 32]>()) {
        let members: Vec<[u8; 32]> = (0..count).map(|n| [n as u8; 32]).collect();
        let mut ranks: Vec<usize> = members.iter().map(|member| rank(member, &members, &subject)).collect();
        ranks.sort_unstable();
        prop_assert_eq!(ranks, (0..count).collect::<Vec<_>>());
        prop_assert_eq!(rank(&[255; 32], &members, &subject), count);
    }

    /// Whatever is answered, a crank that stays possible is tried a bounded number of times.
    #[test]
    fn trying_is_bounded(answers in proptest::collection::vec(0u8..3, 1..200)) {
        let mut pacer = Pacer::default();
        let mut tries = 0u64;
        let mut answers = answers.into_iter().cycle();
        let hour_ms = 3_600_000u64;
        for now_ms in (0..hour_ms).step_by(500) {
            for crank in pacer.due(&[1; 32], &1, &[Crank::Expire], 0, now_ms) {
                tries += 1;
                let answer = match answers.next() {
                    Some(0) => Answer::Refused,
                    Some(1) => Answer::Trouble,
                    _ => Answer::RefusedForGood,
                };
                pacer.answered(&[1; 32], crank, answer, now_ms);
            }
        }
        prop_assert!(tries <= 6 + hour_ms / limits::BACKOFF_MAX_MS, "{}", tries);
    }

    /// At most one step of the judging is possible at a time, and none settles a job that is settled.
    #[test]
    fn steps_never_compete(
        state in 0usize..5, audit_bps in 0u16..=10_000, now in 0i64..2_000,
        votes in proptest::array::uniform5(0u16..32), has_first in any::<bool>(), has_second in any::<bool>(),
        has_verdict in any::<bool>(),
    ) {
        let job = JobLife { audit_bps, ..life(JOB_STATES[state]) };
        let mut rounds = Vec::new();
        if has_first { rounds.push(recorded(round(1, votes))); }
        if has_first && has_second { rounds.push(recorded(round(2, votes))); }
        let verdicts: Vec<_> = has_verdict.then(verdict).into_iter().collect();
        let found = of(job, &rounds, &verdicts, now);
        if job.state == JobState::Settled {
            prop_assert!(found.is_empty());
        } else {
            prop_assert!(found.len() <= 1, "{:?}", found);
        }
        let settles = [Crank::VerifyProof, Crank::SettleUnchallenged];
        prop_assert!(job.state == JobState::Submitted || !found.iter().any(|crank| settles.contains(crank)));
    }
}
