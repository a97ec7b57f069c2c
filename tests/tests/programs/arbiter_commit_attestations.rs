use crate::laws::*;

fn judged(w: &mut World) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    job
}

/// What these seats commit to, each signed by its own vote key.
fn signed(w: &World, job: &JobHandle, seats: &[u8]) -> Vec<arbiter::SeatCommitment> {
    seats.iter().map(|seat| w.signed(job, 1, *seat, Opinion::Valid as u8, 0)).collect()
}

#[test]
fn five_commitments_come_in_one_transaction_that_no_validator_signs() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    w.crank = w.outsider;
    let job = judged(&mut w);
    let all = signed(&w, &job, &[0, 1, 2, 3, 4]);
    let sent = w.send(w.commit_attestations(&job, 1, all.clone())).expect("committed");
    assert_eq!(sent.signatures, 1, "whoever pays");
    let round = w.round(&job, 1);
    assert_eq!((round.committed, round.votes_valid, round.state), (0b1_1111, 0, 1));
    for (seat, one) in all.iter().enumerate() {
        assert_eq!(round.seat_commitments[seat], one.commitment);
    }
    // The last one opens the reveals at once, as by `commit_attestation`.
    assert_eq!((round.commit_until, round.reveal_until), (w.now, w.now + LIMITS.reveal_window));
    let said: Vec<_> = (0..5).map(|seat| (seat, Opinion::Valid, 0)).collect();
    w.do_reveal(&job, 1, &said);
    w.ok(w.finalize_round(&job, 1));
}

#[test]
fn one_by_one_and_together_come_to_the_same() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let mut alone = w.clone();
    for seat in 0..5 {
        alone.ok(alone.commit(&job, 1, seat, Opinion::Valid as u8, 0));
    }
    w.ok(w.commit_attestations(&job, 1, signed(&w, &job, &[0, 1, 2, 3, 4])));
    assert_eq!(w.round(&job, 1), alone.round(&job, 1));
}

#[test]
fn what_stands_is_passed_over_and_never_replaced() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    // Seat 1 sent its own meanwhile.
    w.ok(w.commit(&job, 1, 1, Opinion::Valid as u8, 0));
    w.ok(w.commit_attestations(&job, 1, signed(&w, &job, &[0, 1, 2])));
    let before = w.round(&job, 1);
    assert_eq!(before.committed, 0b111);
    w.ok(w.commit_attestations(&job, 1, signed(&w, &job, &[0, 1, 2])));
    assert_eq!(w.round(&job, 1), before, "nothing is new");
    // Another opinion of a seat that stands takes the new ones with it.
    let mut other = signed(&w, &job, &[3]);
    other.insert(0, w.signed(&job, 1, 1, Opinion::Invalid as u8, 0));
    w.refused(w.commit_attestations(&job, 1, other), ArbiterError::AlreadyCommitted);
    assert_eq!(w.round(&job, 1), before);
    w.ok(w.commit_attestations(&job, 1, signed(&w, &job, &[3, 4])));
    // Sent once more after the window has closed: all of it stands, so it is no error.
    w.warp(1_000);
    w.ok(w.commit_attestations(&job, 1, signed(&w, &job, &[0, 4])));
}

#[test]
fn each_seat_is_named_once_in_ascending_order() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    w.refused(w.commit_attestations(&job, 1, vec![]), ArbiterError::NothingCommitted);
    for seats in [&[1u8, 0][..], &[0, 0], &[0, 1, 1], &[2, 3, 1]] {
        w.refused(w.commit_attestations(&job, 1, signed(&w, &job, seats)), ArbiterError::SeatsOutOfOrder);
    }
    for seat in [5, 9, 255] {
        let mut beyond = signed(&w, &job, &[0]);
        beyond.push(arbiter::SeatCommitment { seat, ..beyond[0] });
        w.refused(w.commit_attestations(&job, 1, beyond), ArbiterError::NoSuchSeat);
    }
    assert_eq!(w.round(&job, 1).committed, 0);
}

#[test]
fn one_forged_commitment_takes_the_others_with_it() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let right = signed(&w, &job, &[0, 1, 2, 3, 4]);
    for forged in 0..5 {
        // Another's signature; another's commitment; a delegate's key is not asked at all.
        let next = right[(forged + 1) % 5];
        let mut wrong = right.clone();
        wrong[forged].signature = next.signature;
        w.refused(w.commit_attestations(&job, 1, wrong), ArbiterError::SignatureInvalid);
        let mut wrong = right.clone();
        wrong[forged].commitment = next.commitment;
        w.refused(w.commit_attestations(&job, 1, wrong), ArbiterError::SignatureInvalid);
    }
    assert_eq!(w.round(&job, 1).committed, 0);
}

#[test]
fn a_commitment_is_signed_for_one_round_of_one_job() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 1));
    w.do_open_round(&job, 0);
    w.do_open_round(&other, 1);
    // Whoever sits here committed there.
    for seat in 0..5u8 {
        let sits = w.seated(&job, 1, seat).identity;
        let there = (0..5).find(|place| w.seated(&other, 1, *place).identity == sits).expect("five of five");
        let elsewhere = w.signed(&other, 1, there, Opinion::Valid as u8, 0);
        let replayed = arbiter::SeatCommitment { seat, ..elsewhere };
        w.refused(w.commit_attestations(&job, 1, vec![replayed]), ArbiterError::SignatureInvalid);
    }
}

#[test]
fn carried_commitments_come_in_time_and_from_the_rounds_epoch() {
    for (after, comes) in [(59, true), (60, true), (61, false)] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w);
        let some = signed(&w, &job, &[0, 3]);
        w.warp(after);
        let carried = w.commit_attestations(&job, 1, some);
        if comes {
            w.ok(carried);
        } else {
            w.refused(carried, ArbiterError::CommitTooLate);
        }
    }
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let carried = w.commit_attestations(&job, 1, signed(&w, &job, &[0]));
    let set = address::validator_set(2);
    w.refused(swap(carried.clone(), "commit_attestations", "validator_set", set), ArbiterError::SetNotCurrent);
    w.warp(61);
    w.ok(w.expire_round(&job));
    w.refused(carried, ArbiterError::RoundDecided);
}

/// Nine seats take two transactions, each within one packet.
#[test]
fn nine_commitments_go_in_two_transactions() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    w.do_newcomers(4);
    w.do_next_epoch();
    w.do_next_epoch();
    w.do_govern_arbiter(arbiter::ArbiterArgs { escalated_committee: 9, escalated_threshold: 6, ..w.arbiter_args() });
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    let said = |seat| w.signed(&job, 2, seat, Opinion::Invalid as u8, 1);
    let (some, rest) = ((0..5).map(said).collect(), (5..9).map(said).collect());
    let two = [w.commit_attestations(&job, 2, some), w.commit_attestations(&job, 2, rest)];
    for carried in two {
        assert!(proofmill_client::compose::fits(&w.crank, std::slice::from_ref(&carried)));
        w.ok(carried);
    }
    assert_eq!(w.round(&job, 2).committed, 0b1_1111_1111);
}
