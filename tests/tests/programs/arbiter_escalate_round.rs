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
    w.do_commit(&job, 1, &[(0, Opinion::Valid, 0)]);
    w.warp(91);
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
    w.warp(91);
    w.refused(w.escalate_round(&job, 0), ArbiterError::NotEscalated);
    w.ok(w.finalize_round(&job, 1));
    w.refused(w.escalate_round(&job, 0), ArbiterError::NotEscalated);
}

#[test]
fn the_second_beacon_comes_after_the_last_vote() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_say(&job, 1, &[(0, Opinion::Valid, 0), (1, Opinion::Invalid, 0)]);
    w.refused(w.escalate_round(&job, 0), ArbiterError::BeaconNotReady);
    w.seal_slots(2);
    let copy = w.foreign_copy(address::SLOT_HASHES);
    w.refused(swap(w.escalate_round(&job, 0), "escalate_round", "beacon", copy), ArbiterError::NotSlotHashes);
    w.ok(w.escalate_round(&job, 0));
}

#[test]
fn the_first_round_is_of_the_same_job() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 0));
    for job in [job, other] {
        w.do_open_round(&job, 0);
        w.do_say(&job, 1, &[(0, Opinion::Valid, 0), (1, Opinion::Invalid, 0)]);
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

/// A late reveal is taken in, and draws no other committee: the beacon was fixed by the vote that decided.
#[test]
fn a_late_reveal_does_not_draw_again() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let said = [(0, Opinion::Valid, 0), (1, Opinion::Invalid, 0), (2, Opinion::Valid, 0)];
    w.do_commit(&job, 1, &said);
    w.warp(61);
    w.do_reveal(&job, 1, &said[..2]);
    w.seal_slots(2);
    let mut prompt = w.clone();
    prompt.ok(prompt.escalate_round(&job, 0));
    let before = w.round(&job, 1);
    w.do_reveal(&job, 1, &said[2..]);
    let after = w.round(&job, 1);
    assert_eq!((after.touched_slot, after.touched_at, after.state), (before.touched_slot, before.touched_at, 2));
    assert_eq!(after.votes_valid, 0b101);
    w.seal_slots(2);
    w.ok(w.escalate_round(&job, 0));
    assert_eq!(w.round(&job, 2).seed, prompt.round(&job, 2).seed);
}

/// With nine validators, four of the five seats of a second round go to strangers of the first.
#[test]
fn whoever_sat_before_sits_again_only_where_nobody_else_is_left() {
    let mut w = TestBuilder::ready();
    w.do_newcomers(4);
    w.do_next_epoch();
    w.do_next_epoch();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    let seated = |index: u8| -> Vec<Address> { (0..5).map(|seat| w.seated(&job, index, seat).identity).collect() };
    let (first, second) = (seated(1), seated(2));
    assert_eq!(second.iter().filter(|identity| !first.contains(identity)).count(), 4);
    // In a network of five everybody sits again.
    let mut small = TestBuilder::ready();
    let job = small.do_submitted(0, 1, 0);
    small.do_escalate(&job, 0);
    assert_eq!(small.round(&job, 2).seats, 5);
}

/// The first round's set is asked for by its epoch, also when another one serves by now.
#[test]
fn an_escalation_in_a_later_epoch_still_knows_who_sat() {
    let mut w = TestBuilder::ready();
    w.do_newcomers(5);
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let first: Vec<Address> = (0..5).map(|seat| w.seated(&job, 1, seat).identity).collect();
    w.do_next_epoch();
    w.do_next_epoch();
    w.ok(w.expire_round(&job));
    w.seal_slots(2);
    let honest = w.escalate_round(&job, 0);
    let other = swap(honest.clone(), "escalate_round", "first_set", address::validator_set(3));
    w.refused(other, ArbiterError::SetNotCurrent);
    w.ok(honest);
    assert_eq!(w.round(&job, 2).epoch, 3);
    for seat in 0..5 {
        assert!(!first.contains(&w.seated(&job, 2, seat).identity), "five strangers are enough for five seats");
    }
}
