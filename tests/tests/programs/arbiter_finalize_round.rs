use crate::laws::*;

fn opened(w: &mut World) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_reexecute(&job, 1);
    job
}

#[test]
fn a_verdict_says_what_the_committee_said() {
    let mut w = TestBuilder::ready();
    let job = opened(&mut w);
    w.do_attest_all(&job, 1, Opinion::Valid, 1);
    w.ok(w.finalize_round(&job, 1));
    let verdict = w.verdict(&job);
    assert_eq!((verdict.opinion, verdict.rounds, verdict.agreeing, verdict.committee), (1, 1, 5, 5));
    assert_eq!((verdict.job, verdict.nonce, verdict.attempt), (job.address, w.job(&job).nonce, 1));
    assert_eq!((verdict.receipt_hash, verdict.output_root), ([7; 32], [9; 32]));
    assert_eq!((verdict.confirmed_executors, verdict.reexecution_ms), (1, [50_000, 0]));
    w.refused(w.finalize_round(&job, 1), OTHER_VERDICT);
}

/// The verdict's address is taken: the framework does not create it twice.
const OTHER_VERDICT: InstructionError = InstructionError::Custom(0);

#[test]
fn a_first_round_waits_for_all_or_for_its_deadline() {
    let mut w = TestBuilder::ready();
    let job = opened(&mut w);
    w.refused(w.finalize_round(&job, 1), ArbiterError::RoundPending);
    let all: Vec<_> = (0..5).map(|seat| (seat, Opinion::Valid, 1)).collect();
    w.do_commit(&job, 1, &all);
    let committed_at = w.now;
    for said in &all[..4] {
        w.do_reveal(&job, 1, &[*said]);
        w.refused(w.finalize_round(&job, 1), ArbiterError::RoundPending);
    }
    let mut early = w.clone();
    early.do_reveal(&job, 1, &all[4..]);
    early.ok(early.finalize_round(&job, 1));
    w.warp_to(committed_at + LIMITS.reveal_window);
    w.refused(w.finalize_round(&job, 1), ArbiterError::RoundPending);
    w.warp(1);
    w.ok(w.finalize_round(&job, 1));
    assert_eq!(w.verdict(&job).agreeing, 4);
}

/// Whoever did not commit is not waited for.
#[test]
fn four_who_committed_and_revealed_decide_before_the_reveal_window_ends() {
    let mut w = TestBuilder::ready();
    let job = opened(&mut w);
    let four: Vec<_> = (0..4).map(|seat| (seat, Opinion::Valid, 1)).collect();
    w.do_say(&job, 1, &four);
    w.ok(w.finalize_round(&job, 1));
    let verdict = w.verdict(&job);
    assert_eq!((verdict.opinion, verdict.agreeing, verdict.confirmed_executors), (1, 4, 1));
}

/// The rule is the one under which the round was opened.
#[test]
fn governance_changes_no_round_that_is_under_way() {
    let mut w = TestBuilder::ready();
    let job = opened(&mut w);
    let usual = w.arbiter_args();
    w.do_govern_arbiter(arbiter::ArbiterArgs { reveals_min: 5, commit_window_seconds: 1, ..usual });
    assert_eq!(w.round(&job, 1).commit_until, w.round(&job, 1).opened_at + LIMITS.commit_window);
    let four: Vec<_> = (0..4).map(|seat| (seat, Opinion::Valid, 1)).collect();
    w.do_say(&job, 1, &four);
    w.ok(w.finalize_round(&job, 1));
}

#[test]
fn too_few_voices_and_unproven_falsehood_decide_nothing_in_a_first_round() {
    for (opinion, voices) in
        [(Opinion::Valid, 3), (Opinion::Valid, 0), (Opinion::Invalid, 5), (Opinion::Inconclusive, 5)]
    {
        let mut w = TestBuilder::ready();
        let job = opened(&mut w);
        let said: Vec<_> = (0..voices).map(|seat| (seat, opinion, 0)).collect();
        w.do_say(&job, 1, &said);
        w.warp(91);
        // The last reveal that left no decision escalated.
        let error = if voices == 0 { ArbiterError::RoundPending } else { ArbiterError::RoundDecided };
        w.refused(w.finalize_round(&job, 1), error);
    }
}

#[test]
fn a_second_round_needs_the_first_of_the_same_job() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 0));
    w.do_open_round(&other, 0);
    w.do_escalate(&job, 0);
    w.do_reexecute(&job, 2);
    w.do_attest_all(&job, 2, Opinion::Invalid, 3);
    let honest = w.finalize_round(&job, 2);
    let place = slot("finalize_round", "first");
    w.refused(with(honest.clone(), place, arbiter::ID), ArbiterError::RoundMismatch);
    w.refused(with(honest.clone(), place, address::round(&other.address, 1, 1)), ArbiterError::RoundMismatch);
    w.ok(honest);
    let verdict = w.verdict(&job);
    assert_eq!((verdict.opinion, verdict.rounds, verdict.agreeing), (2, 2, 5));
    assert_eq!((verdict.confirmed_executors, verdict.output_root), (3, [0; 32]));
    assert_ne!(verdict.executors[0], verdict.executors[1], "two independent re-executions");
}

#[test]
fn a_second_round_is_decided_by_its_threshold_and_by_silence_inconclusively() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    let mut said: Vec<_> = (0..5).map(|seat| (seat, Opinion::Valid, 0)).collect();
    said[1].1 = Opinion::Invalid;
    w.do_commit(&job, 2, &said);
    w.do_reveal(&job, 2, &said[..4]);
    w.refused(w.finalize_round(&job, 2), ArbiterError::RoundPending);
    let mut silent = w.clone();
    w.do_reveal(&job, 2, &said[4..]);
    w.ok(w.finalize_round(&job, 2));
    assert_eq!((w.verdict(&job).opinion, w.verdict(&job).agreeing), (1, 4));
    silent.warp(LIMITS.reveal_window);
    silent.refused(silent.finalize_round(&job, 2), ArbiterError::RoundPending);
    silent.warp(1);
    silent.ok(silent.finalize_round(&job, 2));
    assert_eq!(silent.verdict(&job).opinion, Opinion::Inconclusive as u8);
}
