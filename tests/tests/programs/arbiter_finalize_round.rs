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
    for seat in 0..4 {
        w.ok(w.attest(&job, 1, seat, Opinion::Valid as u8, 1));
        w.refused(w.finalize_round(&job, 1), ArbiterError::RoundPending);
    }
    let mut early = w.clone();
    early.ok(early.attest(&job, 1, 4, Opinion::Valid as u8, 1));
    early.ok(early.finalize_round(&job, 1));
    w.warp(60);
    w.refused(w.finalize_round(&job, 1), ArbiterError::RoundPending);
    w.warp(1);
    w.ok(w.finalize_round(&job, 1));
    assert_eq!(w.verdict(&job).agreeing, 4);
}

#[test]
fn too_few_voices_and_unproven_falsehood_decide_nothing_in_a_first_round() {
    for (opinion, voices) in
        [(Opinion::Valid, 3), (Opinion::Valid, 0), (Opinion::Invalid, 5), (Opinion::Inconclusive, 5)]
    {
        let mut w = TestBuilder::ready();
        let job = opened(&mut w);
        for seat in 0..voices {
            w.ok(w.attest(&job, 1, seat, opinion as u8, 0));
        }
        w.warp(61);
        let error = if voices == 5 { ArbiterError::RoundDecided } else { ArbiterError::RoundPending };
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
    w.ok(w.attest(&job, 2, 0, Opinion::Valid as u8, 0));
    w.ok(w.attest(&job, 2, 1, Opinion::Invalid as u8, 0));
    w.ok(w.attest(&job, 2, 2, Opinion::Valid as u8, 0));
    w.refused(w.finalize_round(&job, 2), ArbiterError::RoundPending);
    let mut silent = w.clone();
    w.ok(w.attest(&job, 2, 3, Opinion::Valid as u8, 0));
    w.ok(w.finalize_round(&job, 2));
    assert_eq!((w.verdict(&job).opinion, w.verdict(&job).agreeing), (1, 3));
    silent.warp(61);
    silent.ok(silent.finalize_round(&job, 2));
    assert_eq!(silent.verdict(&job).opinion, Opinion::Inconclusive as u8);
}
