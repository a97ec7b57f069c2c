use crate::laws::*;
use proofmill_protocol::evidence::{EvidenceKind, EvidenceRecord, subject_bytes};

/// Seats 0 to 3 committed, 4 did not; 0 and 1 revealed.
fn withheld(w: &mut World) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let said: Vec<_> = (0..4).map(|seat| (seat, Opinion::Valid, 0)).collect();
    w.do_commit(&job, 1, &said);
    w.warp(61);
    w.do_reveal(&job, 1, &said[..2]);
    job
}

#[test]
fn a_missed_reveal_leaves_evidence_once() {
    let mut w = TestBuilder::ready();
    let job = withheld(&mut w);
    w.warp_to(w.round(&job, 1).reveal_until);
    w.refused(w.record_missed_reveal(&job, 1, 2), ArbiterError::NotMissed);
    w.warp(1);
    let honest = w.record_missed_reveal(&job, 1, 2);
    let evidence = honest.accounts[slot("record_missed_reveal", "evidence")].pubkey;
    w.ok(honest.clone());
    let nonce = w.job(&job).nonce;
    let subject = subject_bytes(EvidenceKind::MissedReveal, job.address.as_array(), nonce, 1, 1);
    assert_eq!(
        EvidenceRecord::decode(&w.data(&evidence)),
        Ok(EvidenceRecord {
            kind: EvidenceKind::MissedReveal,
            attempt: 1,
            round: 1,
            nonce,
            recorded_at: w.now,
            job: job.address.to_bytes(),
            offender: w.seated(&job, 1, 2).identity.to_bytes(),
            subject: proofmill_protocol::sha256(&[&subject]),
            reporter: w.outsider.to_bytes(),
        })
    );
    assert_eq!(w.round(&job, 1).missed, 0b0100);
    assert!(w.send(honest.clone()).is_err(), "its account is there already");
    // And once only, even if that account were gone.
    w.put(evidence, Address::default(), Vec::new());
    w.svm.set_account(evidence, solana_account::Account::default()).unwrap();
    w.refused(honest, ArbiterError::AlreadyRecorded);
    w.ok(w.record_missed_reveal(&job, 1, 3));
}

/// Who spoke has missed nothing; who never committed was silent, which costs nothing; who is not there neither.
#[test]
fn nobody_else_is_accused() {
    let mut w = TestBuilder::ready();
    let job = withheld(&mut w);
    w.warp(100);
    for seat in [0, 1, 4] {
        w.refused(w.record_missed_reveal(&job, 1, seat), ArbiterError::NotMissed);
    }
    let args = |seat: u8, offender: Address, subject: [u8; 32]| {
        arbiter::record_missed_reveal(
            arbiter::RecordMissedRevealAccounts {
                reporter: w.outsider,
                validator_set: address::validator_set(1),
                round: address::round(&job.address, 1, 1),
                evidence: address::evidence(&offender, EvidenceKind::MissedReveal as u8, &subject),
            },
            arbiter::RecordMissedRevealArgs { seat, offender: offender.to_bytes(), subject },
        )
    };
    let nonce = w.job(&job).nonce;
    let subject = |round: u8| {
        let bytes = subject_bytes(EvidenceKind::MissedReveal, job.address.as_array(), nonce, 1, round);
        proofmill_protocol::sha256(&[&bytes])
    };
    let (guilty, other) = (w.seated(&job, 1, 2).identity, w.seated(&job, 1, 0).identity);
    let tries = [
        (args(2, other, subject(1)), ArbiterError::EvidenceDiffers),
        (args(2, guilty, subject(2)), ArbiterError::EvidenceDiffers),
        (args(2, guilty, [0; 32]), ArbiterError::EvidenceDiffers),
        (args(5, guilty, subject(1)), ArbiterError::NoSuchSeat),
        (args(255, guilty, subject(1)), ArbiterError::NoSuchSeat),
    ];
    let right = args(2, guilty, subject(1));
    for (instruction, error) in tries {
        w.refused(instruction, error);
    }
    let set = address::validator_set(2);
    let record = swap(right.clone(), "record_missed_reveal", "validator_set", set);
    w.refused(record, ArbiterError::SetNotCurrent);
    w.ok(right);
}

/// The round stays until the evidence that it holds is on record, or nobody cared for a day.
#[test]
fn a_round_does_not_close_on_its_evidence() {
    let mut w = TestBuilder::ready();
    let job = withheld(&mut w);
    w.warp(30);
    let closes_at = w.round(&job, 1).reveal_until;
    w.warp(600);
    w.ok(w.expire_job(&job, Some(0)));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    w.refused(w.close_round(&job, 1), ArbiterError::MissedRevealOpen);
    w.ok(w.record_missed_reveal(&job, 1, 2));
    w.refused(w.close_round(&job, 1), ArbiterError::MissedRevealOpen);
    let mut late = w.clone();
    late.warp_to(closes_at + 86_400);
    late.refused(late.close_round(&job, 1), ArbiterError::MissedRevealOpen);
    late.warp(1);
    late.ok(late.close_round(&job, 1));
    w.ok(w.record_missed_reveal(&job, 1, 3));
    w.ok(w.close_round(&job, 1));
}
