//! Laws of cranking: what may be done when, whose turn it is, and that nothing is repeated without cause.

use proofmill_oracle_core::{
    Answer, BeaconFacts, BidOnChain, CapFacts, CaseFacts, Crank, EpochFacts, EvidenceFacts, Facts, JobLife, JobOnChain,
    MemberFacts, Pacer, RoundOnChain, SlashOnChain, StakeFacts, VerdictOnChain, crank, limits, rank,
};
use proofmill_protocol::{
    appeal::CaseState,
    evidence::{EVIDENCE_KINDS, EvidenceKind},
    job::{JOB_STATES, JobState},
    limits::{APPEAL_DECISION_SECONDS, BEACON_KEEP_SECONDS},
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
        best_bidder: None,
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
    RoundOnChain {
        address: [index; 32],
        nonce: 7,
        attempt: 1,
        index,
        state: 1,
        windows,
        missed: 0,
        wrong_dissent: 0,
        votes,
        rule,
        touched_at: 330,
    }
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

fn on_chain(life: Option<JobLife>, rounds: &[RoundOnChain], verdicts: &[VerdictOnChain]) -> JobOnChain {
    let (rounds, verdicts) = (rounds.to_vec(), verdicts.to_vec());
    JobOnChain { life, rounds, verdicts, bids: Vec::new(), unfit: None, appeal_owes: false, draw_ready: true }
}

fn of(life: JobLife, rounds: &[RoundOnChain], verdicts: &[VerdictOnChain], now: i64) -> Vec<Crank> {
    crank(&Facts::Job(on_chain(Some(life), rounds, verdicts)), now)
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
    let job = JobLife { bids_until: 150, best_bidder: Some([8; 32]), ..life(JobState::Open) };
    assert_eq!(of(job, &[], &[], 149), []);
    assert_eq!(of(job, &[], &[], 150), [Crank::AcceptBid]);
    let after = job.expires_after().unwrap();
    assert_eq!(of(job, &[], &[], after), [Crank::AcceptBid]);
    assert_eq!(of(job, &[], &[], after + 1), []);
    assert_eq!(of(job, &[], &[], after + 2), [Crank::Expire]);
    assert_eq!(of(JobLife { best_bidder: None, ..job }, &[], &[], 150), []);
}

fn bid(provider: u8, nonce: u64) -> BidOnChain {
    BidOnChain { address: [40 + provider; 32], provider: [provider; 32], nonce, withdrawn: false }
}

/// The market says whether a provider fits; what was taken back never does. The next in the chain is asked to bind then.
#[test]
fn a_bid_that_cannot_bind_is_skipped_and_the_next_one_accepted() {
    let job = JobLife { bids_until: 150, best_bidder: Some([8; 32]), ..life(JobState::Open) };
    let whole = JobOnChain { bids: vec![bid(8, 7), bid(9, 7)], ..on_chain(Some(job), &[], &[]) };
    let found = |whole: &JobOnChain, now: i64| crank(&Facts::Job(whole.clone()), now);
    assert_eq!(found(&whole, 150), [Crank::AcceptBid]);
    let mut taken_back = whole.clone();
    taken_back.bids[0].withdrawn = true;
    assert_eq!(found(&taken_back, 149), [], "who does not fit now may fit then");
    assert_eq!(found(&taken_back, 150), [Crank::SkipBid]);
    let unfit = JobOnChain { unfit: Some([8; 32]), ..whole.clone() };
    assert_eq!(found(&unfit, 150), [Crank::SkipBid]);
    // The chain has moved on: what was said of the first is not said of the second.
    let next = JobOnChain { life: Some(JobLife { best_bidder: Some([9; 32]), ..job }), ..unfit };
    assert_eq!(found(&next, 150), [Crank::AcceptBid]);
    // Neither is possible when the time for a match is over.
    let after = job.expires_after().unwrap();
    assert_eq!(found(&taken_back, after), [Crank::SkipBid]);
    assert_eq!(found(&taken_back, after + 2), [Crank::Expire]);
    // A bid of another life takes nothing back in this one.
    let mut earlier = whole;
    earlier.bids[0] = BidOnChain { nonce: 6, withdrawn: true, ..earlier.bids[0] };
    assert_eq!(found(&earlier, 150), [Crank::AcceptBid, Crank::CloseBid([48; 32])]);
}

#[test]
fn bids_are_closed_when_their_job_is_over_and_not_before() {
    let bids = vec![bid(8, 7), bid(9, 7)];
    let closed = [Crank::CloseBid([48; 32]), Crank::CloseBid([49; 32])];
    let found =
        |life: Option<JobLife>| crank(&Facts::Job(JobOnChain { bids: bids.clone(), ..on_chain(life, &[], &[]) }), 0);
    for state in JOB_STATES {
        let expected: &[Crank] = if state == JobState::Settled { &closed } else { &[] };
        let unaudited = JobLife { audit_bps: 0, ..life(state) };
        assert_eq!(found(Some(unaudited)), expected, "{state:?}");
    }
    assert_eq!(found(None), closed, "the job is gone");
    assert_eq!(found(Some(JobLife { nonce: 8, ..life(JobState::Open) })), closed, "another life");
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
    let gone = Facts::Job(on_chain(None, &[spoken], &[verdict()]));
    assert_eq!(crank(&gone, 0), [Crank::CloseRound([1; 32]), Crank::CloseVerdict([30; 32])]);
    let reborn = JobLife { nonce: 8, ..life(JobState::Submitted) };
    let found = of(reborn, &[spoken], &[], 301);
    assert_eq!(found, [Crank::CloseRound([1; 32])], "the address is taken until it is closed");
}

/// Missed reveals are put on record before the round that shows them may be closed.
#[test]
fn a_missed_reveal_is_recorded_and_holds_its_round() {
    let silent = round(1, [0b01101, 0, 0, 0, 0]);
    let gone = |round: RoundOnChain, now: i64| crank(&Facts::Job(on_chain(None, &[round], &[])), now);
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

/// With a drand network the round that decides has to be on chain before anything is drawn; nothing else waits for it.
#[test]
fn a_draw_waits_for_the_randomness_that_decides_it() {
    let waiting =
        |job: JobLife, rounds: &[RoundOnChain]| JobOnChain { draw_ready: false, ..on_chain(Some(job), rounds, &[]) };
    let job = life(JobState::Submitted);
    let first = waiting(job, &[]);
    assert_eq!(first.next_draw(301), Some(300), "the receipt");
    assert_eq!(crank(&Facts::Job(first.clone()), 301), []);
    assert_eq!(crank(&Facts::Job(JobOnChain { draw_ready: true, ..first }), 301), [Crank::OpenRound]);
    let escalated = RoundOnChain { state: 2, ..round(1, [0b1, 0, 0, 0b10, 0]) };
    let second = waiting(job, &[escalated]);
    assert_eq!(second.next_draw(340), Some(330), "the vote that escalated");
    assert_eq!(crank(&Facts::Job(second.clone()), 340), []);
    assert_eq!(crank(&Facts::Job(JobOnChain { draw_ready: true, ..second }), 340), [Crank::EscalateRound]);
    // No draw is due where none can change anything.
    assert_eq!(waiting(JobLife { audit_bps: 0, ..job }, &[]).next_draw(301), None, "never audited");
    assert_eq!(waiting(JobLife { audit_bps: 500, ..job }, &[]).next_draw(320), None, "settles unchallenged");
    assert_eq!(waiting(job, &[round(1, [0; 5])]).next_draw(340), None, "a round judges it");
    assert_eq!(waiting(job, &[]).next_draw(802), None, "expired");
    let unaudited = waiting(JobLife { audit_bps: 500, ..job }, &[]);
    assert_eq!(crank(&Facts::Job(unaudited), 320), [Crank::SettleUnchallenged]);
    assert_eq!(crank(&Facts::Job(waiting(job, &[])), 802), [Crank::Expire]);
}

#[test]
fn a_round_of_the_network_is_posted_when_it_is_awaited_and_closed_when_it_is_not() {
    let found = |facts: BeaconFacts, now: i64| crank(&Facts::Beacon(facts), now);
    let awaited = BeaconFacts { round: 9, due_at: 100, awaited: true, posted_at: None };
    assert_eq!(found(awaited, 99), [], "nobody has it yet");
    assert_eq!(found(awaited, 100), [Crank::PostBeacon(9)]);
    assert_eq!(found(BeaconFacts { awaited: false, ..awaited }, 100), [], "for nobody");
    let posted = BeaconFacts { posted_at: Some(101), ..awaited };
    assert_eq!(found(posted, 102), []);
    assert_eq!(found(posted, 101 + BEACON_KEEP_SECONDS), [], "still awaited");
    let over = BeaconFacts { awaited: false, ..posted };
    assert_eq!(found(over, 100 + BEACON_KEEP_SECONDS), []);
    assert_eq!(found(over, 101 + BEACON_KEEP_SECONDS), [Crank::CloseBeacon(9)]);
}

fn case(state: CaseState) -> CaseFacts {
    CaseFacts {
        kind: None,
        state,
        due_at: 1_000,
        decide_by: 2_000,
        remaining: 500,
        bounty: 0,
        threshold: 3,
        caps: Some(CapFacts {
            started_at: 0,
            seconds: 60,
            stake_then: 10_000,
            stake_now: 10_000,
            slashed: 0,
            on_evidence: 0,
            cap_bps: 1_000,
        }),
    }
}

fn slash(case: CaseFacts) -> SlashOnChain {
    SlashOnChain { case: Some(case), round: None, verdict: None, draw_ready: false }
}

fn of_case(case: CaseFacts, now: i64) -> Vec<Crank> {
    crank(&Facts::Slash(slash(case)), now)
}

/// From its delay on, as long as something is left to take; what is taken is closed, and not applied again.
#[test]
fn a_due_slash_is_applied_once() {
    assert_eq!(of_case(case(CaseState::Open), 999), [], "its owner may appeal");
    assert_eq!(of_case(case(CaseState::Open), 1_000), [Crank::ApplySlash]);
    assert_eq!(of_case(case(CaseState::Upheld), 0), [Crank::ApplySlash], "an appeal that failed is due at once");
    assert_eq!(of_case(CaseFacts { remaining: 0, ..case(CaseState::Taken) }, 1_000), [Crank::CloseCase]);
    assert_eq!(of_case(case(CaseState::Returned), 0), [Crank::CloseCase]);
    // The pacer sends it once: while it is under way, and until every read must show it.
    let mut pacer = Pacer::default();
    let due = of_case(case(CaseState::Open), 1_000);
    assert_eq!(pacer.due(&[1; 32], &1, &due, 0, 0), due);
    pacer.answered(&[1; 32], Crank::ApplySlash, Answer::Done, 5);
    assert_eq!(pacer.due(&[1; 32], &1, &due, 0, limits::DONE_MS), []);
}

/// What the caps leave is taken in the windows that follow, and nobody asks in between.
#[test]
fn a_capped_slash_waits_for_the_next_window() {
    let open = case(CaseState::Open);
    let used = CapFacts { started_at: 990, slashed: 1_000, ..open.caps.unwrap() };
    let capped = CaseFacts { caps: Some(used), ..open };
    assert_eq!(of_case(capped, 1_049), []);
    assert_eq!(of_case(capped, 1_050), [Crank::ApplySlash], "a new window");
    let room = CaseFacts { caps: Some(CapFacts { slashed: 999, ..used }), ..open };
    assert_eq!(of_case(room, 1_049), [Crank::ApplySlash], "one atom is left");
    // Evidence has a cap of its own.
    let evidence = CaseFacts { kind: Some(EvidenceKind::MissedReveal), ..capped };
    assert_eq!(of_case(evidence, 1_049), [Crank::ApplySlash]);
    let both = CaseFacts { caps: Some(CapFacts { on_evidence: 5_000, ..used }), ..evidence };
    assert_eq!(of_case(both, 1_049), []);
    assert_eq!(of_case(CaseFacts { caps: None, ..open }, 1_000), [], "its stake is not seen");
}

#[test]
fn an_appeal_is_resolved_when_it_is_decided_or_its_time_is_over() {
    let appealed = case(CaseState::Appealed);
    assert_eq!(of_case(appealed, 1_000), [], "nothing is taken while it is appealed");
    assert_eq!(of_case(appealed, 2_000), []);
    assert_eq!(of_case(appealed, 2_001), [Crank::ResolveAppeal], "nobody decided it");
    for (opinion, agreeing, resolves) in [
        (Opinion::Invalid, 3, true),
        (Opinion::Invalid, 2, false),
        (Opinion::Valid, 1, true),
        (Opinion::Unavailable, 3, true),
        (Opinion::Unavailable, 2, false),
        (Opinion::Inconclusive, 1, true),
    ] {
        let expected: &[Crank] = if resolves { &[Crank::ResolveAppeal] } else { &[] };
        let decided = SlashOnChain { verdict: Some((opinion, agreeing)), ..slash(appealed) };
        assert_eq!(crank(&Facts::Slash(decided), 1_000), expected, "{opinion:?} by {agreeing}");
    }
}

/// An arbiter in service judges appeals: anyone opens the round, and its verdict is written before the deadline's default
/// is applied.
#[test]
fn an_appeal_is_opened_once_and_judged_before_its_default() {
    let appealed = SlashOnChain { draw_ready: true, ..slash(case(CaseState::Appealed)) };
    let found = |slash: SlashOnChain, now: i64| crank(&Facts::Slash(slash), now);
    assert_eq!(found(appealed, 1_000), [Crank::OpenAppeal]);
    let undrawn = SlashOnChain { draw_ready: false, ..appealed };
    assert_eq!(found(undrawn, 1_000), []);
    assert_eq!(undrawn.next_draw(1_000), Some(2_000 - APPEAL_DECISION_SECONDS), "when it was made");
    assert_eq!(undrawn.next_draw(2_001), None, "its deadline decides");
    assert_eq!(slash(case(CaseState::Open)).next_draw(1_000), None);
    let judging = |votes| SlashOnChain { round: Some(RoundOnChain { index: 3, ..round(2, votes) }), ..appealed };
    assert_eq!(found(judging([0; 5]), 390), [], "a round judges it");
    assert_eq!(judging([0; 5]).next_draw(390), None);
    let decided = judging([0, 0b1_1111_1111, 0, 0, 0]);
    assert_eq!(found(decided, 390), [Crank::FinalizeAppeal]);
    assert_eq!(found(decided, 5_000), [Crank::FinalizeAppeal], "rather than the default");
    let open = decided.round.unwrap();
    let silent = SlashOnChain { round: Some(recorded(RoundOnChain { votes: [0; 5], ..open })), ..appealed };
    assert_eq!(found(silent, 401), [Crank::FinalizeAppeal], "silence decides too");
    let written = SlashOnChain {
        round: Some(RoundOnChain { state: 3, ..open }),
        verdict: Some((Opinion::Invalid, 9)),
        ..decided
    };
    assert_eq!(found(written, 390), [Crank::ResolveAppeal]);
}

/// Nothing of an appeal is closed before the market has drawn its conclusion; afterwards all of it is, also when the case
/// is gone already, and missed reveals are put on record first.
#[test]
fn what_an_appeal_leaves_is_closed_after_it_is_resolved() {
    let judged = RoundOnChain { index: 3, state: 3, ..round(2, [0, 0b1_1111_1111, 0, 0, 0]) };
    let left = |case: Option<CaseFacts>| SlashOnChain {
        case,
        round: Some(judged),
        verdict: Some((Opinion::Invalid, 9)),
        draw_ready: true,
    };
    let found = |slash: SlashOnChain| crank(&Facts::Slash(slash), 390);
    let closing = [Crank::CloseAppeal, Crank::CloseAppealVerdict];
    assert_eq!(found(left(Some(case(CaseState::Appealed)))), [Crank::ResolveAppeal]);
    assert_eq!(found(left(Some(case(CaseState::Returned)))), [&[Crank::CloseCase], &closing[..]].concat());
    assert_eq!(found(left(None)), closing);
    let missing = RoundOnChain { votes: [0, 0b1_1111_1110, 0, 0, 0], ..judged };
    let silent = SlashOnChain { round: Some(missing), ..left(None) };
    let recorded_first = [Crank::RecordMissedReveal([2; 32], 0), Crank::CloseAppealVerdict];
    assert_eq!(crank(&Facts::Slash(silent), 401), recorded_first);
}

#[test]
fn the_re_executor_of_an_appeal_is_paid_once() {
    let job = life(JobState::Settled);
    let owes = |life| Facts::Job(JobOnChain { appeal_owes: true, ..on_chain(Some(life), &[], &[]) });
    assert_eq!(crank(&owes(job), 400), [Crank::PayAudit(2)]);
    assert_eq!(crank(&owes(JobLife { audit_paid: 4, ..job }), 400), []);
}

/// The case of an offence stays for ever, or the same evidence could be used again.
#[test]
fn a_case_on_evidence_is_never_closed_and_its_bounty_is_paid() {
    for kind in EVIDENCE_KINDS {
        let taken = CaseFacts { kind: Some(kind), remaining: 0, ..case(CaseState::Taken) };
        assert_eq!(of_case(taken, i64::MAX), [], "{kind:?}");
        assert_eq!(of_case(CaseFacts { bounty: 1, ..taken }, 0), [Crank::ClaimBounty], "{kind:?}");
    }
}

#[test]
fn an_offence_on_record_is_punished_once_and_where_there_is_something_to_take() {
    for kind in EVIDENCE_KINDS {
        let fresh = EvidenceFacts { kind, punished: false, at_risk: 1_000, missed_reveal_slash: 50, stake_min: 1_000 };
        let found = |facts: EvidenceFacts| crank(&Facts::Evidence(facts), 0);
        assert_eq!(found(fresh), [Crank::SlashOnEvidence], "{kind:?}");
        assert_eq!(found(EvidenceFacts { punished: true, ..fresh }), [], "{kind:?}");
        assert_eq!(found(EvidenceFacts { at_risk: 0, ..fresh }), [], "{kind:?}: its case would cost rent for ever");
    }
    let free = EvidenceFacts {
        kind: EvidenceKind::MissedReveal,
        punished: false,
        at_risk: 1_000,
        missed_reveal_slash: 0,
        stake_min: 1_000,
    };
    assert_eq!(crank(&Facts::Evidence(free), 0), [], "a network may take nothing for it");
}

/// Wrong dissents are put on record before the round that shows them may be closed.
#[test]
fn a_wrong_dissent_is_recorded_and_holds_its_round() {
    let refuted =
        RoundOnChain { state: 2, wrong_dissent: 0b10010, touched_at: 330, ..round(1, [0b01101, 0b10010, 0, 0, 0]) };
    let gone = |round: RoundOnChain, now: i64| crank(&Facts::Job(on_chain(None, &[round], &[])), now);
    let both = [Crank::RecordWrongDissent([1; 32], 1), Crank::RecordWrongDissent([1; 32], 4)];
    assert_eq!(gone(refuted, 331), both);
    assert_eq!(gone(refuted, 330 + 86_400), both);
    let after_a_day = [&both[..], &[Crank::CloseRound([1; 32])]].concat();
    assert_eq!(gone(refuted, 330 + 86_401), after_a_day, "and not for ever");
    assert_eq!(gone(RoundOnChain { wrong_dissent: 0b10000, ..refuted }, 331), both[1..]);
    assert_eq!(gone(RoundOnChain { wrong_dissent: 0, ..refuted }, 331), [Crank::CloseRound([1; 32])]);
    assert_eq!(of(life(JobState::Settled), &[refuted], &[], 331), both, "in its life just as well");
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
