use crate::laws::*;

fn opened(w: &mut World, voices: u8) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    for seat in 0..voices {
        w.ok(w.attest(&job, 1, seat, Opinion::Valid as u8, 0));
    }
    job
}

#[test]
fn a_silent_round_ends_after_its_deadline() {
    for (after, ends) in [(59, false), (60, false), (61, true)] {
        let mut w = TestBuilder::ready();
        let job = opened(&mut w, 3);
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

/// However long the silence lasted, the beacon of the second round is a fresh one.
#[test]
fn a_long_silence_does_not_outlive_its_beacon() {
    let mut w = TestBuilder::ready();
    let job = opened(&mut w, 0);
    w.warp(500);
    w.ok(w.expire_round(&job));
    w.warp(2);
    w.ok(w.freeze_set(2));
    w.ok(w.escalate_round(&job, 0));
}

#[test]
fn a_round_that_decides_does_not_expire() {
    for voices in [4, 5] {
        let mut w = TestBuilder::ready();
        let job = opened(&mut w, voices);
        w.warp(61);
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
    w.warp(61);
    let second = address::round(&job.address, 1, 2);
    w.refused(swap(w.expire_round(&job), "expire_round", "round", second), ArbiterError::RoundPending);
    w.ok(w.finalize_round(&job, 2));
}
