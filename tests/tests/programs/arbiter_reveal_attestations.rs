use crate::laws::*;
use proofmill_protocol::{
    attestation::Attestation,
    ids::{Domain, JobKey, ValidatorKey},
};

const VALID: u8 = Opinion::Valid as u8;

fn judged(w: &mut World) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    job
}

fn all(opinion: Opinion) -> Vec<(u8, Opinion, u8)> {
    (0..5).map(|seat| (seat, opinion, 0)).collect()
}

/// Every seat committed to valid.
fn committed(w: &mut World) -> JobHandle {
    let job = judged(w);
    w.do_commit(&job, 1, &all(Opinion::Valid));
    job
}

fn reveals(w: &World, job: &JobHandle, seats: &[u8]) -> Vec<arbiter::Reveal> {
    seats.iter().map(|seat| w.revealed(job, 1, *seat, VALID, 0)).collect()
}

#[test]
fn a_committee_reveals_and_is_decided_in_one_small_transaction() {
    let mut w = TestBuilder::ready();
    let job = committed(&mut w);
    let together = [w.reveal_attestations(&job, 1, reveals(&w, &job, &[0, 1, 2, 3, 4])), w.finalize_round(&job, 1)];
    let sent = w.send_all(&together).unwrap();
    println!("five reveals and the verdict: {} CU, {} bytes", sent.compute_units, sent.bytes);
    assert!(sent.bytes <= 1_232 && sent.compute_units <= 90_000 && sent.signatures == 1, "{sent:?}");
    assert_eq!((w.round(&job, 1).votes_valid, w.verdict(&job).agreeing), (0b1_1111, 5));
}

#[test]
fn nine_reveal_in_two_transactions() {
    let mut w = TestBuilder::ready();
    w.do_newcomers(4);
    let usual = w.arbiter_args();
    let nine = arbiter::ArbiterArgs { escalated_committee: 9, escalated_threshold: 6, ..usual };
    w.do_govern_arbiter(nine);
    w.do_next_epoch();
    w.do_next_epoch();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    assert_eq!(w.round(&job, 2).seats, 9);
    let said: Vec<_> = (0..9).map(|seat| (seat, Opinion::Valid, 0)).collect();
    w.do_commit(&job, 2, &said);
    let part = |w: &World, seats: std::ops::Range<u8>| {
        w.reveal_attestations(&job, 2, seats.map(|seat| w.revealed(&job, 2, seat, VALID, 0)).collect())
    };
    let first = w.ok(part(&w, 0..5));
    let last = [part(&w, 5..9), w.finalize_round(&job, 2)];
    let last = w.send_all(&last).unwrap();
    assert!(first.bytes <= 1_232 && last.bytes <= 1_232, "{first:?} {last:?}");
    assert!(first.compute_units <= 90_000 && last.compute_units <= 90_000);
    assert_eq!((w.round(&job, 2).votes_valid, w.verdict(&job).agreeing), (0x1FF, 9));
}

/// Nobody carries the others' reveals: each sends its own, and the round ends all the same.
#[test]
fn without_an_aggregator_each_reveals_alone() {
    let mut w = TestBuilder::ready();
    let job = committed(&mut w);
    for seat in [3, 0, 4, 1, 2] {
        w.ok(w.reveal(&job, 1, seat, VALID, 0));
    }
    w.ok(w.finalize_round(&job, 1));
    assert_eq!(w.verdict(&job).agreeing, 5);
}

#[test]
fn a_seat_is_counted_once() {
    let mut w = TestBuilder::ready();
    let job = committed(&mut w);
    w.refused(w.reveal_attestations(&job, 1, reveals(&w, &job, &[0, 1, 0])), ArbiterError::AlreadyAttested);
    assert_eq!(w.round(&job, 1).votes_valid, 0, "all of them count, or none does");
    w.ok(w.reveal_attestations(&job, 1, reveals(&w, &job, &[1, 3])));
    w.refused(w.reveal(&job, 1, 1, VALID, 0), ArbiterError::AlreadyAttested);
    w.refused(w.reveal_attestations(&job, 1, reveals(&w, &job, &[0, 3])), ArbiterError::AlreadyAttested);
    assert_eq!(w.round(&job, 1).votes_valid, 0b01010);
}

#[test]
fn an_empty_list_and_a_seat_beyond_the_committee_are_refused() {
    let mut w = TestBuilder::ready();
    let job = committed(&mut w);
    w.refused(w.reveal_attestations(&job, 1, Vec::new()), ArbiterError::NothingRevealed);
    let right = w.revealed(&job, 1, 0, VALID, 0);
    for seat in [5, 8, 9, 16, 255] {
        let aliased = vec![arbiter::Reveal { seat, ..right }];
        w.refused(w.reveal_attestations(&job, 1, aliased), ArbiterError::NoSuchSeat);
    }
    for opinion in [0, 5, 255] {
        let unknown = vec![arbiter::Reveal { opinion, ..right }];
        w.refused(w.reveal_attestations(&job, 1, unknown), ArbiterError::OpinionUnknown);
    }
    assert_eq!(w.round(&job, 1).votes_valid, 0);
}

#[test]
fn a_reveal_needs_its_own_commitment() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    w.do_commit(&job, 1, &all(Opinion::Valid)[..3]);
    w.warp(61);
    w.refused(w.reveal(&job, 1, 3, VALID, 0), ArbiterError::NotCommitted);
    // One without a commitment spoils the transaction, and nothing of it counts.
    w.refused(w.reveal_attestations(&job, 1, reveals(&w, &job, &[0, 3])), ArbiterError::NotCommitted);
    assert_eq!(w.round(&job, 1).votes_valid, 0);
    let right = w.revealed(&job, 1, 0, VALID, 0);
    let mut salt = right.salt;
    salt[0] ^= 1;
    for wrong in [
        arbiter::Reveal { salt, ..right },
        arbiter::Reveal { opinion: Opinion::Invalid as u8, ..right },
        arbiter::Reveal { opinion: Opinion::Unavailable as u8, ..right },
        arbiter::Reveal { confirmed_executors: 1, ..right },
        arbiter::Reveal { seat: 1, ..right },
    ] {
        w.refused(w.reveal_attestations(&job, 1, vec![wrong]), ArbiterError::CommitmentDiffers);
    }
    let mut other_root = w.reveal(&job, 1, 0, VALID, 0);
    other_root.data[8] ^= 1;
    w.refused(other_root, ArbiterError::CommitmentDiffers);
    let mut signature = right.signature;
    for at in [0, 31, 32, 63] {
        signature[at] ^= 1;
        w.refused(
            w.reveal_attestations(&job, 1, vec![arbiter::Reveal { signature, ..right }]),
            ArbiterError::SignatureInvalid,
        );
        signature[at] ^= 1;
    }
    w.ok(w.reveal(&job, 1, 0, VALID, 0));
}

/// Each field of what is signed, changed alone: committed to as it is signed, it still is not this round's opinion.
#[test]
fn an_opinion_on_anything_else_is_refused() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let party = w.seated(&job, 1, 0).clone();
    let right = attestation(&w, &job, 1, 0, VALID, 0);
    let other = w.handle(1, 5, job.mint);
    let wrong = [
        Attestation { domain: Domain([0; 32]), ..right },
        Attestation { job: JobKey(other.address.to_bytes()), ..right },
        Attestation { attempt: 2, ..right },
        Attestation { round: 2, ..right },
        Attestation { opinion: Opinion::Invalid, ..right },
        Attestation { confirmed_executors: 1, ..right },
        Attestation { nonce: right.nonce + 1, ..right },
        Attestation { epoch: 2, ..right },
        Attestation { receipt_hash: [8; 32], ..right },
        Attestation { output_root: [8; 32], ..right },
        Attestation { validator: ValidatorKey([8; 32]), ..right },
    ];
    for body in wrong {
        let mut w = w.clone();
        w.ok(w.commit_attestation(&job, 1, 0, party.commitment(&body)));
        w.warp(61);
        let reveal = arbiter::Reveal {
            seat: 0,
            opinion: VALID,
            confirmed_executors: 0,
            salt: party.salt(&body),
            signature: party.sign_attestation(&body),
        };
        w.refused(w.reveal_attestations(&job, 1, vec![reveal]), ArbiterError::CommitmentDiffers);
    }
    // Committed to rightly, signed for something else.
    for body in wrong {
        let mut w = w.clone();
        w.ok(w.commit(&job, 1, 0, VALID, 0));
        w.warp(61);
        let reveal = arbiter::Reveal { signature: party.sign_attestation(&body), ..w.revealed(&job, 1, 0, VALID, 0) };
        w.refused(w.reveal_attestations(&job, 1, vec![reveal]), ArbiterError::SignatureInvalid);
    }
}

/// A lazy validator copies another's commitment, or waits for the reveal and takes that: neither opens.
#[test]
fn a_copied_vote_opens_nothing() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    w.ok(w.commit(&job, 1, 0, VALID, 0));
    let copied = w.round(&job, 1).seat_commitments[0];
    w.ok(w.commit_attestation(&job, 1, 1, copied));
    w.warp(61);
    let leader = w.revealed(&job, 1, 0, VALID, 0);
    w.ok(w.reveal(&job, 1, 0, VALID, 0));
    let replayed = arbiter::Reveal { seat: 1, ..leader };
    w.refused(w.reveal_attestations(&job, 1, vec![replayed]), ArbiterError::CommitmentDiffers);
    // Its own signature under the copied salt does not help: the validator is under the hash.
    let body = attestation(&w, &job, 1, 1, VALID, 0);
    let own = arbiter::Reveal { signature: w.seated(&job, 1, 1).sign_attestation(&body), ..replayed };
    w.refused(w.reveal_attestations(&job, 1, vec![own]), ArbiterError::CommitmentDiffers);
    // And with the reveals begun nobody commits any more.
    w.refused(w.commit(&job, 1, 2, VALID, 0), ArbiterError::CommitTooLate);
    assert_eq!(w.round(&job, 1).votes_valid, 1);
}

#[test]
fn reveals_come_in_their_window() {
    for (after, error) in [
        (0, Some(ArbiterError::RevealTooEarly)),
        (60, Some(ArbiterError::RevealTooEarly)),
        (61, None),
        (90, None),
        (91, Some(ArbiterError::AttestationTooLate)),
    ] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w);
        w.do_commit(&job, 1, &all(Opinion::Valid)[..4]);
        w.warp(after);
        match error {
            None => drop(w.ok(w.reveal(&job, 1, 0, VALID, 0))),
            Some(error) => w.refused(w.reveal(&job, 1, 0, VALID, 0), error),
        }
    }
}

#[test]
fn a_dissent_ends_the_first_round_and_still_everybody_is_heard() {
    for (opinion, confirms) in [(Opinion::Invalid, 0), (Opinion::Inconclusive, 0), (Opinion::Valid, 1)] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w);
        let mut said = all(Opinion::Valid);
        said[1] = (1, opinion, confirms);
        w.do_commit(&job, 1, &said);
        w.do_reveal(&job, 1, &said[..2]);
        assert_eq!(w.round(&job, 1).state, 2);
        w.refused(w.finalize_round(&job, 1), ArbiterError::RoundDecided);
        // Whoever speaks in time has missed nothing.
        w.do_reveal(&job, 1, &said[2..4]);
        assert_eq!(w.round(&job, 1).votes_valid, 0b01101);
        w.warp(LIMITS.reveal_window + 1);
        w.refused(w.record_missed_reveal(&job, 1, 2), ArbiterError::NotMissed);
        w.ok(w.record_missed_reveal(&job, 1, 4));
    }
}

/// All at once or one by one, in any order: the round comes to the same.
#[test]
fn the_order_of_reveals_decides_nothing() {
    let said = [
        (0, Opinion::Valid, 0),
        (1, Opinion::Invalid, 0),
        (2, Opinion::Valid, 1),
        (3, Opinion::Unavailable, 0),
        (4, Opinion::Inconclusive, 0),
    ];
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    w.do_commit(&job, 1, &said);
    let each: Vec<_> = said.iter().map(|s| w.revealed(&job, 1, s.0, s.1 as u8, s.2)).collect();
    let mut found = Vec::new();
    for rotation in 0..5 {
        let mut order = each.clone();
        order.rotate_left(rotation);
        let mut together = w.clone();
        together.ok(together.reveal_attestations(&job, 1, order.clone()));
        for reveal in order {
            let mut alone = w.clone();
            alone.ok(alone.reveal_attestations(&job, 1, vec![reveal]));
        }
        let round = together.round(&job, 1);
        let valid_side = round.votes_valid | round.votes_divergent;
        found.push((round.state, valid_side, round.votes_invalid, round.votes_unavailable, round.votes_inconclusive));
    }
    assert!(found.iter().all(|one| *one == (2, 0b00101, 0b00010, 0b01000, 0b10000)), "{found:?}");
}

/// A validator that leaves the roster, or comes back under another key, while a round runs: the frozen set counts.
#[test]
fn a_later_set_does_not_vote_on_an_earlier_round() {
    let mut w = TestBuilder::ready();
    let job = committed(&mut w);
    let party = w.seated(&job, 1, 0).clone();
    w.ok(w.retire_validator(party.identity));
    let rotated = ValidatorParty::new("rotated", party.identity, party.delegate);
    w.ok(w.register_validator(party.identity, rotated.vote_key(), party.delegate));
    let reveal = w.reveal(&job, 1, 0, VALID, 0);
    let set = address::validator_set(2);
    w.refused(swap(reveal.clone(), "reveal_attestations", "validator_set", set), ArbiterError::SetNotCurrent);
    let copy = w.foreign_copy(address::validator_set(1));
    w.refused(swap(reveal.clone(), "reveal_attestations", "validator_set", copy), OTHER_PROGRAM);
    let body = attestation(&w, &job, 1, 0, VALID, 0);
    let by_new_key = arbiter::Reveal { signature: rotated.sign_attestation(&body), ..w.revealed(&job, 1, 0, VALID, 0) };
    w.refused(w.reveal_attestations(&job, 1, vec![by_new_key]), ArbiterError::SignatureInvalid);
    w.ok(reveal.clone());
    w.refused(reveal, ArbiterError::AlreadyAttested);
}

/// Whoever differs in its grounds has spoken like everybody else: not again, and not too late.
#[test]
fn a_seat_that_diverged_has_spoken() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_say(
        &job,
        1,
        &[(0, Opinion::Valid, 1), (1, Opinion::Valid, 0), (2, Opinion::Invalid, 0), (3, Opinion::Invalid, 1)],
    );
    assert_eq!(w.round(&job, 1).votes_divergent, 0b1010);
    w.refused(w.reveal(&job, 1, 1, VALID, 0), ArbiterError::AlreadyAttested);
    w.refused(w.reveal(&job, 1, 3, Opinion::Invalid as u8, 1), ArbiterError::AlreadyAttested);
    w.warp_to(w.round(&job, 1).reveal_until + 1);
    for seat in [1, 3] {
        w.refused(w.record_missed_reveal(&job, 1, seat), ArbiterError::NotMissed);
    }
}
