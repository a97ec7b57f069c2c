use crate::laws::*;

fn judged(w: &mut World) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    job
}

#[test]
fn each_seat_commits_once_and_for_good() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    for seat in 0..5u8 {
        w.ok(w.commit_attestation(&job, 1, seat, [seat + 1; 32]));
        w.refused(w.commit_attestation(&job, 1, seat, [seat + 1; 32]), ArbiterError::AlreadyCommitted);
        w.refused(w.commit_attestation(&job, 1, seat, [9; 32]), ArbiterError::AlreadyCommitted);
    }
    let round = w.round(&job, 1);
    assert_eq!((round.committed, round.seat_commitments[4]), (0b1_1111, [5; 32]));
    assert_eq!(round.seat_commitments[5..], [[0; 32]; 4]);
    assert_eq!((round.votes_valid, round.state), (0, 1), "a commitment is no vote");
}

#[test]
fn only_the_seats_delegate_in_the_frozen_set_commits() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let seated = w.seated(&job, 1, 0).clone();
    let other = w.seated(&job, 1, 1).delegate;
    for stranger in [w.outsider, seated.identity, other] {
        w.refused(w.commit_as(&job, 1, stranger, 0, [1; 32]), ArbiterError::NotDelegate);
    }
    for seat in [5, 9, 255] {
        w.refused(w.commit_as(&job, 1, seated.delegate, seat, [1; 32]), ArbiterError::NoSuchSeat);
    }
    // Retired, and back with another delegate: the set still names the first.
    w.ok(w.retire_validator(seated.identity));
    w.ok(w.register_validator(seated.identity, seated.vote_key(), w.outsider));
    w.refused(w.commit_as(&job, 1, w.outsider, 0, [1; 32]), ArbiterError::NotDelegate);
    w.ok(w.commit_as(&job, 1, seated.delegate, 0, [1; 32]));
}

#[test]
fn commitments_come_in_time() {
    for (after, comes) in [(59, true), (60, true), (61, false)] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w);
        w.warp(after);
        if comes {
            w.ok(w.commit_attestation(&job, 1, 0, [1; 32]));
        } else {
            w.refused(w.commit_attestation(&job, 1, 0, [1; 32]), ArbiterError::CommitTooLate);
        }
    }
}

#[test]
fn the_last_commitment_opens_the_reveals_at_once() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let all: Vec<_> = (0..5).map(|seat| (seat, Opinion::Valid, 0)).collect();
    w.do_commit(&job, 1, &all[..4]);
    w.warp(10);
    w.refused(w.reveal(&job, 1, 0, Opinion::Valid as u8, 0), ArbiterError::RevealTooEarly);
    w.do_commit(&job, 1, &all[4..]);
    let round = w.round(&job, 1);
    assert_eq!((round.commit_until, round.reveal_until), (w.now, w.now + LIMITS.reveal_window));
    w.do_reveal(&job, 1, &all);
}

#[test]
fn a_decided_round_and_another_epochs_set_take_no_commitment() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let commit = w.commit_attestation(&job, 1, 0, [1; 32]);
    let set = address::validator_set(2);
    w.refused(swap(commit.clone(), "commit_attestation", "validator_set", set), ArbiterError::SetNotCurrent);
    let copy = w.foreign_copy(address::validator_set(1));
    w.refused(swap(commit.clone(), "commit_attestation", "validator_set", copy), OTHER_PROGRAM);
    w.warp(61);
    w.ok(w.expire_round(&job));
    w.refused(commit, ArbiterError::RoundDecided);
}
