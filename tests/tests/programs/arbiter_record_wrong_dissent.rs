use crate::laws::*;
use proofmill_protocol::{
    evidence::{EvidenceKind, EvidenceRecord, subject_bytes},
    limits,
};

/// What the seats of the first round say, in this order, until one says something else than those before.
type Said = [(u8, Opinion, u8)];

/// The first re-execution confirms, as an honest *valid* of the first round says.
const VALID: (Opinion, u8) = (Opinion::Valid, 1);

fn seats<const N: usize>(said: [(Opinion, u8); N]) -> [(u8, Opinion, u8); N] {
    let mut seat = 0;
    said.map(|(opinion, confirms)| {
        seat += 1;
        (seat - 1, opinion, confirms)
    })
}

/// A job whose first round said this, and whose second is open.
fn dissented(w: &mut World, said: &Said) -> JobHandle {
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_reexecute(&job, 1);
    w.do_say(&job, 1, said);
    w.seal_slots(2);
    w.ok(w.escalate_round(&job, 0));
    w.do_reexecute(&job, 2);
    job
}

/// The same, and the second round found this.
fn judged(w: &mut World, said: &Said, found: Opinion) -> JobHandle {
    let job = dissented(w, said);
    w.do_attest_all(&job, 2, found, if found == Opinion::Valid { 3 } else { 0 });
    w.ok(w.finalize_round(&job, 2));
    job
}

/// Four say valid and the last invalid; the second round finds it valid.
fn refuted(w: &mut World) -> JobHandle {
    let said = seats([VALID, VALID, VALID, VALID, (Opinion::Invalid, 0)]);
    let job = judged(w, &said, Opinion::Valid);
    assert_eq!(w.round(&job, 1).wrong_dissent, 0b1_0000);
    job
}

#[test]
fn a_wrong_dissent_leaves_evidence_once_and_costs_its_stake() {
    let mut w = TestBuilder::ready();
    let job = refuted(&mut w);
    let honest = w.record_wrong_dissent(&job, 4);
    let evidence = honest.accounts[slot("record_wrong_dissent", "evidence")].pubkey;
    let offender = w.seated(&job, 1, 4).identity;
    w.ok(honest.clone());
    let nonce = w.job(&job).nonce;
    let subject = subject_bytes(EvidenceKind::WrongDissent, job.address.as_array(), nonce, 1, 1);
    assert_eq!(
        EvidenceRecord::decode(&w.data(&evidence)),
        Ok(EvidenceRecord {
            kind: EvidenceKind::WrongDissent,
            attempt: 1,
            round: 1,
            nonce,
            recorded_at: w.now,
            job: job.address.to_bytes(),
            offender: offender.to_bytes(),
            subject: proofmill_protocol::sha256(&[&subject]),
            reporter: w.outsider.to_bytes(),
        })
    );
    assert_eq!(w.round(&job, 1).wrong_dissent, 0);
    assert!(w.send(honest.clone()).is_err(), "its account is there already");
    // And once only, even if that account were gone.
    let kept = w.svm.get_account(&evidence).unwrap();
    w.svm.set_account(evidence, solana_account::Account::default()).unwrap();
    w.refused(honest, ArbiterError::NoWrongDissent);
    w.svm.set_account(evidence, kept).unwrap();
    // A tenth of the least stake, and nobody's bounty.
    let staked = w.stake(&offender).bonded;
    w.ok(w.slash_on_evidence(evidence, offender, job.address));
    let stake = w.stake(&offender);
    assert_eq!((staked - stake.bonded, stake.slashed, stake.pending), (100_000, 100_000, 0));
}

#[test]
fn nobody_else_is_accused_of_dissent() {
    let mut w = TestBuilder::ready();
    let job = refuted(&mut w);
    for seat in 0..4 {
        w.refused(w.record_wrong_dissent(&job, seat), ArbiterError::NoWrongDissent);
    }
    let args = |seat: u8, offender: Address, subject: [u8; 32]| {
        arbiter::record_wrong_dissent(
            arbiter::RecordWrongDissentAccounts {
                reporter: w.outsider,
                validator_set: address::validator_set(1),
                round: address::round(&job.address, 1, 1),
                evidence: address::evidence(&offender, EvidenceKind::WrongDissent as u8, &subject),
            },
            arbiter::RecordWrongDissentArgs { seat, offender: offender.to_bytes(), subject },
        )
    };
    let nonce = w.job(&job).nonce;
    let subject = |round: u8| {
        let bytes = subject_bytes(EvidenceKind::WrongDissent, job.address.as_array(), nonce, 1, round);
        proofmill_protocol::sha256(&[&bytes])
    };
    let (guilty, other) = (w.seated(&job, 1, 4).identity, w.seated(&job, 1, 0).identity);
    let tries = [
        (args(4, other, subject(1)), ArbiterError::EvidenceDiffers),
        (args(4, guilty, subject(2)), ArbiterError::EvidenceDiffers),
        (args(4, guilty, [0; 32]), ArbiterError::EvidenceDiffers),
        (args(5, guilty, subject(1)), ArbiterError::NoSuchSeat),
        (args(255, guilty, subject(1)), ArbiterError::NoSuchSeat),
    ];
    let right = args(4, guilty, subject(1));
    for (instruction, error) in tries {
        w.refused(instruction, error);
    }
    let elsewhere = swap(right.clone(), "record_wrong_dissent", "validator_set", address::validator_set(2));
    w.refused(elsewhere, ArbiterError::SetNotCurrent);
    w.ok(right);
}

/// Nothing is known of a first round before the second has decided, and nobody in a second round dissents.
#[test]
fn only_the_second_verdict_refutes() {
    let mut w = TestBuilder::ready();
    let said = seats([VALID, VALID, VALID, VALID, (Opinion::Invalid, 0)]);
    let job = dissented(&mut w, &said);
    w.refused(w.record_wrong_dissent(&job, 4), ArbiterError::NoWrongDissent);
    let agreed = (Opinion::Valid, 3);
    let second = seats([agreed, agreed, agreed, agreed, (Opinion::Invalid, 0)]);
    w.do_say(&job, 2, &second);
    w.refused(w.record_wrong_dissent(&job, 4), ArbiterError::NoWrongDissent);
    w.ok(w.finalize_round(&job, 2));
    assert_eq!((w.round(&job, 1).wrong_dissent, w.round(&job, 2).wrong_dissent), (0b1_0000, 0));
}

/// A receipt that is found false may be acquitted on appeal, and one that nobody could judge says nothing.
#[test]
fn no_other_verdict_than_valid_refutes() {
    for found in [Opinion::Invalid, Opinion::Unavailable, Opinion::Inconclusive] {
        let mut w = TestBuilder::ready();
        let said = seats([VALID, VALID, VALID, (Opinion::Invalid, 0)]);
        let job = judged(&mut w, &said, found);
        assert_eq!(w.round(&job, 1).wrong_dissent, 0, "{found:?}");
    }
}

/// Whoever was not served says so, and an honest dissent of that kind costs nothing.
#[test]
fn who_was_not_served_is_not_accused() {
    for dissent in [Opinion::Unavailable, Opinion::Inconclusive] {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w, &seats([VALID, VALID, VALID, VALID, (dissent, 0)]), Opinion::Valid);
        assert_eq!(w.round(&job, 1).wrong_dissent, 0, "{dissent:?}");
        w.refused(w.record_wrong_dissent(&job, 4), ArbiterError::NoWrongDissent);
    }
}

/// The first to say valid is what the others are measured by: if its grounds are false, whoever differs is not accused.
#[test]
fn valid_on_false_grounds_is_a_dissent_and_contradicting_it_is_not() {
    let without_a_re_execution = (Opinion::Valid, 0);
    let cases = [
        (seats([without_a_re_execution, VALID, VALID, VALID, VALID]), 0b0_0001),
        (seats([VALID, VALID, VALID, VALID, without_a_re_execution]), 0b1_0000),
        (seats([VALID, (Opinion::Valid, 3), (Opinion::Invalid, 0), (Opinion::Invalid, 1), VALID]), 0b0_1110),
    ];
    for (said, wrong) in cases {
        let mut w = TestBuilder::ready();
        let job = judged(&mut w, &said, Opinion::Valid);
        assert_eq!(w.round(&job, 1).wrong_dissent, wrong, "{said:?}");
    }
}

#[test]
fn valid_for_another_output_is_a_dissent() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_reexecute(&job, 1);
    let other = [8; 32];
    let mut body = attestation(&w, &job, 1, 0, Opinion::Valid as u8, 1);
    body.output_root = other;
    let liar = w.seated(&job, 1, 0).clone();
    w.ok(w.commit_attestation(&job, 1, 0, liar.commitment(&body)));
    let honest: Vec<_> = (1..5).map(|seat| (seat, Opinion::Valid, 1)).collect();
    w.do_commit(&job, 1, &honest);
    let reveal = arbiter::Reveal {
        seat: 0,
        opinion: Opinion::Valid as u8,
        confirmed_executors: 1,
        salt: liar.salt(&body),
        signature: liar.sign_attestation(&body),
    };
    w.ok(arbiter::reveal_attestations(
        arbiter::RevealAttestationsAccounts {
            config: address::arbiter_config(),
            validator_set: address::validator_set(w.round(&job, 1).epoch),
            round: address::round(&job.address, 1, 1),
        },
        arbiter::RevealAttestationsArgs { output_root: other, reveals: vec![reveal] },
    ));
    w.do_reveal(&job, 1, &honest);
    assert_eq!((w.round(&job, 1).votes_valid, w.round(&job, 1).votes_divergent), (0b0_0001, 0b1_1110));
    w.seal_slots(2);
    w.ok(w.escalate_round(&job, 0));
    w.do_reexecute(&job, 2);
    w.do_attest_all(&job, 2, Opinion::Valid, 3);
    w.ok(w.finalize_round(&job, 2));
    assert_eq!(w.round(&job, 1).wrong_dissent, 0b0_0001);
}

/// The round stays until the dissent that it holds is on record, or nobody cared for a day after the verdict.
#[test]
fn a_round_does_not_close_on_a_wrong_dissent() {
    let mut w = TestBuilder::ready();
    let job = refuted(&mut w);
    let decided_at = w.now;
    w.ok(w.verify_proof(&job, 0));
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.sweep_fees(&job));
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    for index in [1, 2] {
        let executor = w.provider_at(&w.round(&job, index).executor);
        w.ok(w.pay_audit(&job, index - 1, executor));
    }
    w.ok(w.close_job(&job));
    w.warp_to(decided_at + limits::MISSED_REVEAL_SECONDS);
    w.refused(w.close_round(&job, 1), ArbiterError::WrongDissentOpen);
    let mut late = w.clone();
    late.warp(1);
    late.ok(late.close_round(&job, 1));
    w.ok(w.record_wrong_dissent(&job, 4));
    w.ok(w.close_round(&job, 1));
    w.ok(w.close_round(&job, 2));
}
