use crate::laws::*;

/// A round in which the first `voices` seats said valid, and nobody can commit any more.
fn opened(w: &mut World, voices: u8) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let said: Vec<_> = (0..voices).map(|seat| (seat, Opinion::Valid, 0)).collect();
    w.do_say(&job, 1, &said);
    job
}

#[test]
fn a_round_without_a_commitment_ends_with_the_commit_window() {
    for (after, ends) in [(59, false), (60, false), (61, true)] {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        w.do_open_round(&job, 0);
        w.warp(after);
        if ends {
            w.ok(w.expire_round(&job));
            let round = w.round(&job, 1);
            assert_eq!((round.state, round.touched_slot), (2, w.slot));
            w.refused(w.expire_round(&job), ArbiterError::RoundDecided);
            w.refused(w.finalize_round(&job, 1), ArbiterError::RoundDecided);
        } else {
            w.refused(w.expire_round(&job), ArbiterError::RoundPending);
        }
    }
}

/// Silence after a commitment escalates as silence before it does: one window later.
#[test]
fn withheld_reveals_escalate_when_their_window_has_passed() {
    for (after, ends) in [(89, false), (90, false), (91, true)] {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        w.do_open_round(&job, 0);
        let opened_at = w.now;
        let all: Vec<_> = (0..4).map(|seat| (seat, Opinion::Valid, 0)).collect();
        w.do_commit(&job, 1, &all);
        w.warp(61);
        w.do_reveal(&job, 1, &all[..3]);
        w.warp_to(opened_at + after);
        if ends {
            w.refused(w.finalize_round(&job, 1), ArbiterError::RoundPending);
            w.ok(w.expire_round(&job));
        } else {
            w.refused(w.expire_round(&job), ArbiterError::RoundPending);
        }
    }
}

/// Two of five withhold: the other three are no decision, and the escalated round is one.
#[test]
fn two_who_withhold_delay_and_do_not_decide() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let all: Vec<_> = (0..5).map(|seat| (seat, Opinion::Valid, 0)).collect();
    w.do_commit(&job, 1, &all);
    w.do_reveal(&job, 1, &all[..3]);
    w.warp(LIMITS.reveal_window);
    w.refused(w.expire_round(&job), ArbiterError::RoundPending);
    w.warp(1);
    w.ok(w.expire_round(&job));
    w.seal_slots(2);
    w.ok(w.escalate_round(&job, 0));
    w.do_reexecute(&job, 2);
    w.do_attest_all(&job, 2, Opinion::Valid, 2);
    w.ok(w.finalize_round(&job, 2));
    assert_eq!(w.verdict(&job).opinion, Opinion::Valid as u8);
}

/// However long the silence lasted, the beacon of the second round is a fresh one.
#[test]
fn a_long_silence_does_not_outlive_its_beacon() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.warp(500);
    w.ok(w.expire_round(&job));
    w.warp(2);
    w.ok(w.freeze_set(3));
    w.ok(w.escalate_round(&job, 0));
}

#[test]
fn a_round_that_decides_does_not_expire() {
    for voices in [4, 5] {
        let mut w = TestBuilder::ready();
        let job = opened(&mut w, voices);
        w.refused(w.expire_round(&job), ArbiterError::RoundPending);
        w.warp(100);
        w.refused(w.expire_round(&job), ArbiterError::RoundPending);
        w.ok(w.finalize_round(&job, 1));
        w.refused(w.expire_round(&job), ArbiterError::RoundDecided);
    }
}

#[test]
fn a_second_round_ends_in_a_verdict_only() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    w.warp(91);
    let second = address::round(&job.address, 1, 2);
    w.refused(swap(w.expire_round(&job), "expire_round", "round", second), ArbiterError::RoundPending);
    w.ok(w.finalize_round(&job, 2));
}
