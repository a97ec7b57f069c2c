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

fn signed(w: &World, job: &JobHandle, seat: u8, member: usize, body: &Attestation) -> Instruction {
    w.submit_attestation(
        job,
        1,
        arbiter::AttestationArgs {
            seat,
            opinion: VALID,
            confirmed_executors: 0,
            output_root: [9; 32],
            signature: w.validators[member].sign_attestation(body),
        },
    )
}

#[test]
fn each_seat_speaks_once() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    for seat in 0..5 {
        w.ok(w.attest(&job, 1, seat, VALID, 0));
        w.refused(w.attest(&job, 1, seat, VALID, 0), ArbiterError::AlreadyAttested);
        w.refused(w.attest(&job, 1, seat, Opinion::Invalid as u8, 0), ArbiterError::AlreadyAttested);
    }
    let round = w.round(&job, 1);
    assert_eq!((round.votes_valid, round.votes_invalid, round.votes_divergent), (0b1_1111, 0, 0));
}

/// Each field of what is signed, changed alone.
#[test]
fn a_signature_for_anything_else_does_not_verify() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let member = usize::from(w.round(&job, 1).committee[0]);
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
        w.refused(signed(&w, &job, 0, member, &body), ArbiterError::SignatureInvalid);
    }
    w.ok(signed(&w, &job, 0, member, &right));
}

#[test]
fn a_validator_speaks_for_its_own_seat_only() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    let committee = w.round(&job, 1).committee;
    let body = attestation(&w, &job, 1, 0, VALID, 0);
    // Another member with the right body, and with its own.
    w.refused(signed(&w, &job, 0, usize::from(committee[1]), &body), ArbiterError::SignatureInvalid);
    let own = attestation(&w, &job, 1, 1, VALID, 0);
    w.refused(signed(&w, &job, 0, usize::from(committee[1]), &own), ArbiterError::SignatureInvalid);
    for seat in [5, 9, 255] {
        let args = arbiter::AttestationArgs {
            seat,
            opinion: VALID,
            confirmed_executors: 0,
            output_root: [9; 32],
            signature: [1; 64],
        };
        w.refused(w.submit_attestation(&job, 1, args), ArbiterError::NoSuchSeat);
    }
    for opinion in [0, 5, 255] {
        let args = arbiter::AttestationArgs {
            seat: 0,
            opinion,
            confirmed_executors: 0,
            output_root: [9; 32],
            signature: [1; 64],
        };
        w.refused(w.submit_attestation(&job, 1, args), ArbiterError::OpinionUnknown);
    }
}

#[test]
fn attestations_come_in_time() {
    for (after, comes) in [(60, true), (61, false)] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w);
        w.warp(after);
        if comes {
            w.ok(w.attest(&job, 1, 0, VALID, 0));
        } else {
            w.refused(w.attest(&job, 1, 0, VALID, 0), ArbiterError::AttestationTooLate);
        }
    }
}

#[test]
fn a_dissent_ends_the_first_round() {
    for (opinion, confirms) in [(Opinion::Invalid, 0), (Opinion::Inconclusive, 0), (Opinion::Valid, 1)] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w);
        w.ok(w.attest(&job, 1, 0, VALID, 0));
        w.ok(w.attest(&job, 1, 1, opinion as u8, confirms));
        assert_eq!(w.round(&job, 1).state, 2);
        w.refused(w.attest(&job, 1, 2, VALID, 0), ArbiterError::RoundDecided);
        w.refused(w.finalize_round(&job, 1), ArbiterError::RoundDecided);
    }
}

#[test]
fn a_later_set_does_not_vote_on_an_earlier_round() {
    let mut w = TestBuilder::ready();
    let job = judged(&mut w);
    w.warp(50);
    let mut later = w.clone();
    let args = w.arbiter_args();
    later.ok(later.update_arbiter(arbiter::ArbiterArgs { epoch_seconds: 1, ..args }));
    later.ok(later.freeze_set(2));
    let set = address::validator_set(2);
    let vote = swap(later.attest(&job, 1, 0, VALID, 0), "submit_attestation", "validator_set", set);
    later.refused(vote, ArbiterError::SetNotCurrent);
    later.ok(later.attest(&job, 1, 0, VALID, 0));
    let copy = w.foreign_copy(address::validator_set(1));
    w.refused(swap(w.attest(&job, 1, 0, VALID, 0), "submit_attestation", "validator_set", copy), OTHER_PROGRAM);
}
