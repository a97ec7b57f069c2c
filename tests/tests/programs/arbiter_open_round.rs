use crate::laws::*;

#[test]
fn a_round_seats_a_committee_of_distinct_strangers() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let round = w.round(&job, 1);
    assert_eq!((round.index, round.state, round.seats, round.epoch), (1, 1, 5, 1));
    let mut seats = round.committee[..5].to_vec();
    seats.sort_unstable();
    assert_eq!(seats, [0, 1, 2, 3, 4]);
    assert_ne!(round.executor, w.providers[0].account, "nobody checks itself");
    assert_eq!((round.threshold, round.reveals_min, round.committed), (3, 4, 0));
    assert_eq!(round.commit_until, w.now + LIMITS.commit_window);
    assert_eq!(round.reveal_until, round.commit_until + LIMITS.reveal_window);
    assert!(w.send(w.open_round(&job, 0)).is_err(), "one round of one index");
}

#[test]
fn the_beacon_comes_after_the_receipt_and_is_not_stale() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.warp(60);
    w.ok(w.submit_proof(&job, 0, claim(&w, &job, 0, 1)));
    // The slot of the receipt itself and all before it decide nothing.
    w.refused(w.open_round(&job, 0), ArbiterError::BeaconNotReady);
    w.seal_slots(1);
    w.refused(w.open_round(&job, 0), ArbiterError::BeaconNotReady);
    w.seal_slots(1);
    let mut stale = w.clone();
    w.do_open_round(&job, 0);
    stale.seal_slots(509);
    stale.clone().do_open_round(&job, 0);
    assert_eq!(
        w.round(&job, 1).seed,
        {
            stale.clone().do_open_round(&job, 0);
            let mut late = stale.clone();
            late.do_open_round(&job, 0);
            late.round(&job, 1).seed
        },
        "waiting draws nothing else"
    );
    stale.seal_slots(3);
    stale.refused(stale.open_round(&job, 0), ArbiterError::BeaconExpired);
}

#[test]
fn the_beacon_is_the_sysvar_and_nothing_like_it() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let copy = w.foreign_copy(address::SLOT_HASHES);
    w.refused(swap(w.open_round(&job, 0), "open_round", "beacon", copy), ArbiterError::NotSlotHashes);
}

#[test]
fn only_a_receipt_is_judged() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.refused(w.open_round(&job, 0), ArbiterError::JobNotSubmitted);
    w.do_submit(&job, 0, 10);
    w.refused(w.open_round(&job, 1), ArbiterError::RoundMismatch);
    let copy = w.foreign_copy(job.address);
    w.refused(swap(w.open_round(&job, 0), "open_round", "job", copy), OTHER_PROGRAM);
    let settled = w.do_run(0, 2, 0);
    w.ok(w.decline_job(&settled, 0));
    w.refused(w.open_round(&settled, 0), ArbiterError::JobNotSubmitted);
}

#[test]
fn only_the_present_set_and_the_providers_class_draw() {
    let mut w = TestBuilder::ready();
    w.do_next_epoch();
    let job = w.do_submitted(0, 1, 0);
    for other in [1, 3] {
        let set = address::validator_set(other);
        w.refused(swap(w.open_round(&job, 0), "open_round", "validator_set", set), ArbiterError::SetNotCurrent);
    }
    w.ok(w.open_executors([2; 32]));
    let other = address::executors(&[2; 32]);
    w.refused(swap(w.open_round(&job, 0), "open_round", "executors", other), ArbiterError::ClassDiffers);
    let elsewhere = address::round(&job.address, 1, 2);
    assert!(w.send(swap(w.open_round(&job, 0), "open_round", "round", elsewhere)).is_err());
}

#[test]
fn parties_to_the_job_are_never_drawn() {
    let mut w = TestBuilder::ready();
    // The provider's owner is also a validator; without it four are left for five seats.
    let mut roster = w.roster();
    roster.identities[0] = w.providers[0].owner.to_bytes();
    w.put(address::roster(), arbiter::ID, roster.encode());
    w.do_next_epoch();
    w.do_next_epoch();
    let job = w.do_submitted(0, 1, 0);
    w.refused(w.open_round(&job, 0), ArbiterError::CommitteeTooSmall);
    let other = w.do_submitted(0, 2, 1);
    w.do_open_round(&other, 1);
}

#[test]
fn a_receipt_that_the_beacon_did_not_draw_is_not_judged() {
    let mut ready = TestBuilder::ready();
    ready.do_prove(0, LIMITS.proven_after + 380);
    let mut refused = 0;
    for index in 1..30 {
        // Each by itself: all at once would lock more than the provider has.
        let mut w = ready.clone();
        let job = w.do_submitted(0, index, 0);
        if let Err(error) = w.send(w.open_round(&job, 0)) {
            assert_eq!(error, custom(ArbiterError::NotSampled.code()));
            refused += 1;
        }
    }
    assert!(refused > 20, "one in twenty is audited, {refused} of 29 were not");
}

#[test]
fn without_a_second_provider_nobody_re_executes() {
    let mut w = TestBuilder::ready();
    w.ok(w.leave_executors(1));
    w.ok(w.leave_executors(2));
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    assert_eq!(w.round(&job, 1).executor, Address::default());
}
