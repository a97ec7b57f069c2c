use crate::laws::*;

#[test]
fn a_dissent_brings_a_second_committee_and_another_re_executor() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    let (first, second) = (w.round(&job, 1), w.round(&job, 2));
    assert_eq!((first.state, second.index, second.state, second.seats), (2, 2, 1, 5));
    assert_ne!(first.seed, second.seed);
    assert_ne!(first.executor, second.executor);
    assert_ne!(second.executor, w.providers[0].account);
    assert!(w.send(w.escalate_round(&job, 0)).is_err(), "two rounds at most");
}

#[test]
fn silence_escalates_once_somebody_says_so() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.ok(w.attest(&job, 1, 0, Opinion::Valid as u8, 0));
    w.warp(61);
    w.refused(w.escalate_round(&job, 0), ArbiterError::NotEscalated);
    w.ok(w.expire_round(&job));
    w.refused(w.escalate_round(&job, 0), ArbiterError::BeaconNotReady);
    w.seal_slots(2);
    w.ok(w.escalate_round(&job, 0));
}

#[test]
fn a_unanimous_round_is_not_escalated() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_attest_all(&job, 1, Opinion::Valid, 0);
    w.warp(61);
    w.refused(w.escalate_round(&job, 0), ArbiterError::NotEscalated);
    w.ok(w.finalize_round(&job, 1));
    w.refused(w.escalate_round(&job, 0), ArbiterError::NotEscalated);
}

#[test]
fn the_second_beacon_comes_after_the_last_vote() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.ok(w.attest(&job, 1, 0, Opinion::Valid as u8, 0));
    w.ok(w.attest(&job, 1, 1, Opinion::Invalid as u8, 0));
    w.refused(w.escalate_round(&job, 0), ArbiterError::BeaconNotReady);
    w.seal_slots(2);
    let copy = w.foreign_copy(address::SLOT_HASHES);
    w.refused(swap(w.escalate_round(&job, 0), "escalate_round", "slot_hashes", copy), ArbiterError::NotSlotHashes);
    w.ok(w.escalate_round(&job, 0));
}

#[test]
fn the_first_round_is_of_the_same_job() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 0));
    for job in [job, other] {
        w.do_open_round(&job, 0);
        w.ok(w.attest(&job, 1, 0, Opinion::Valid as u8, 0));
        w.ok(w.attest(&job, 1, 1, Opinion::Invalid as u8, 0));
    }
    w.seal_slots(2);
    let anothers = address::round(&other.address, 1, 1);
    w.refused(swap(w.escalate_round(&job, 0), "escalate_round", "first", anothers), ArbiterError::RoundMismatch);
    w.refused(
        swap(w.escalate_round(&job, 0), "escalate_round", "provider", w.providers[1].account),
        ArbiterError::RoundMismatch,
    );
}

#[test]
fn a_settled_job_is_not_judged_again() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.warp(601);
    w.ok(w.expire_job(&job, Some(0)));
    w.refused(w.escalate_round(&job, 0), ArbiterError::JobNotSubmitted);
}
