//! Evidence is checked by the program, once per offence, and never holds against anybody who did not do it.

use crate::laws::*;
use proofmill_protocol::{
    attestation::Attestation,
    evidence::{EvidenceKind, EvidenceRecord},
    ids::{Domain, JobKey, NodeKey, ProviderKey},
    limits,
    receipt::{Receipt, ReceiptCore, Termination},
    sha256,
};

/// Two receipts of the job's attempt, both signed by the provider's node.
pub fn two_receipts(w: &World, job: &JobHandle, provider: usize) -> arbiter::DoubleReceipt {
    let party = &w.providers[provider];
    let core = |receipt_hash| ReceiptCore {
        domain: Domain(w.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        node_key: NodeKey(party.node_key()),
        receipt_hash,
    };
    let receipt_hashes = [[21; 32], [22; 32]];
    arbiter::DoubleReceipt { receipt_hashes, signatures: receipt_hashes.map(|hash| party.sign_receipt(&core(hash))) }
}

/// Two opinions of the round's first seat.
pub fn two_opinions(w: &World, job: &JobHandle) -> arbiter::DoubleAttestation {
    let round = w.round(job, 1);
    let member = usize::from(round.committee[0]);
    let says = |opinion: Opinion| w.signed_opinion(member, &attestation(w, job, 1, 0, opinion as u8, 0));
    arbiter::DoubleAttestation {
        round: arbiter::JudgedRound {
            job: job.address,
            nonce: round.nonce,
            attempt: round.attempt,
            round: 1,
            member: member as u8,
        },
        opinions: [says(Opinion::Valid), says(Opinion::Unavailable)],
    }
}

fn planter(w: &mut World) -> Address {
    let key = w.wallet("planter");
    if w.is_closed(&address::planter(&key)) {
        w.ok(w.appoint_planter(key));
    }
    key
}

/// Commits to `opening` about a job that does not exist yet; the slot moves on.
fn plant(w: &mut World, job: &JobHandle, opening: &arbiter::PlantOpening) -> Address {
    let key = planter(w);
    let commitment = w.plant_commitment(job, opening);
    w.ok(w.commit_plant(key, commitment));
    w.seal_slots(1);
    address::plant(&commitment)
}

/// A planted false receipt that a validator called valid: the lie is the output root that `attestation` signs.
pub fn lazy_opinion(w: &mut World, tenant: usize, index: u64, provider: usize) -> (Address, arbiter::FailedPlant) {
    let job = w.handle(tenant, index, w.mints[0]);
    let opening = arbiter::PlantOpening { truth: [8; 32], lie: [9; 32], salt: [index as u8; 32] };
    let plant = plant(w, &job, &opening);
    let job = w.do_submitted(tenant, index, provider);
    w.do_open_round(&job, provider);
    let two = two_opinions(w, &job);
    (plant, arbiter::FailedPlant { opening, round: two.round, said: two.opinions[0] })
}

/// A job whose answer was known, and the receipt that gives another.
pub struct WrongAnswer {
    pub job: JobHandle,
    pub plant: Address,
    pub opening: arbiter::PlantOpening,
    pub receipt: Receipt,
}

fn receipt(w: &World, job: &JobHandle, provider: usize, output_root: [u8; 32]) -> Receipt {
    let party = &w.providers[provider];
    Receipt {
        domain: Domain(w.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        nonce: w.job(job).nonce,
        provider: ProviderKey(party.account.to_bytes()),
        node_key: NodeKey(party.node_key()),
        image_digest: [2; 32],
        spec_hash: [1; 32],
        input_root: [3; 32],
        output_root,
        output_bytes: 1,
        output_files: 1,
        log_root: [0; 32],
        log_truncated: false,
        exit_code: 0,
        termination: Termination::Exited,
        started_at: w.now - 60,
        ended_at: w.now,
        metered_ms: 60_000,
        class_key: [0; 32],
        env_hash: [0; 32],
        gpu_set_hash: [0; 32],
        gpu_count: 1,
        simulated: true,
        peak_memory_mib: 1,
        blind: [5; 32],
    }
}

fn answered(w: &mut World, tenant: usize, index: u64, provider: usize, output_root: [u8; 32]) -> WrongAnswer {
    let job = w.handle(tenant, index, w.mints[0]);
    let opening = arbiter::PlantOpening { truth: [8; 32], lie: [0; 32], salt: [index as u8; 32] };
    let plant = plant(w, &job, &opening);
    let job = w.do_run(tenant, index, provider);
    w.warp(60);
    let receipt = receipt(w, &job, provider, output_root);
    let mut args = claim(w, &job, provider, 60_000);
    args.receipt_hash = sha256(&[&receipt.encode()]);
    args.signature = w.providers[provider].sign_receipt(&ReceiptCore {
        domain: Domain(w.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        node_key: NodeKey(w.providers[provider].node_key()),
        receipt_hash: args.receipt_hash,
    });
    w.ok(w.submit_proof(&job, provider, args));
    w.seal_slots(2);
    WrongAnswer { job, plant, opening, receipt }
}

/// A provider that answered a known job otherwise.
pub fn wrong_answer(w: &mut World, tenant: usize, index: u64, provider: usize) -> WrongAnswer {
    answered(w, tenant, index, provider, [7; 32])
}

#[test]
fn two_receipts_of_one_attempt_are_recorded_once() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let args = two_receipts(&w, &job, 0);
    let report = w.report_double_receipt(&job, 0, args);
    w.ok(report.clone());
    let stored = EvidenceRecord::decode(&w.data(&report.accounts[4].pubkey)).unwrap();
    assert_eq!(
        (stored.kind, stored.offender, stored.reporter, stored.job, stored.attempt, stored.recorded_at),
        (
            EvidenceKind::ReceiptEquivocation,
            w.providers[0].owner.to_bytes(),
            w.outsider.to_bytes(),
            job.address.to_bytes(),
            1,
            w.now
        )
    );
    assert!(w.send(report).is_err(), "the same offence twice");
    // A third receipt is no second offence.
    let mut third = args;
    third.receipt_hashes.swap(0, 1);
    third.signatures.swap(0, 1);
    assert!(w.send(w.report_double_receipt(&job, 0, third)).is_err());
}

#[test]
fn one_receipt_twice_is_no_contradiction() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let two = two_receipts(&w, &job, 0);
    let same =
        arbiter::DoubleReceipt { receipt_hashes: [two.receipt_hashes[0]; 2], signatures: [two.signatures[0]; 2] };
    w.refused(w.report_double_receipt(&job, 0, same), ArbiterError::NoContradiction);
}

#[test]
fn receipts_of_another_job_key_or_domain_prove_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let other = w.do_submitted(1, 1, 1);
    let of_other_job = two_receipts(&w, &other, 0);
    w.refused(w.report_double_receipt(&job, 0, of_other_job), ArbiterError::SignatureInvalid);
    let of_other_provider = two_receipts(&w, &job, 1);
    w.refused(w.report_double_receipt(&job, 0, of_other_provider), ArbiterError::SignatureInvalid);
    let mut half = two_receipts(&w, &job, 0);
    half.signatures[1][0] ^= 1;
    w.refused(w.report_double_receipt(&job, 0, half), ArbiterError::SignatureInvalid);
    // Another provider cannot be named for it.
    let right = two_receipts(&w, &job, 0);
    w.refused(w.report_double_receipt(&job, 1, right), ArbiterError::JobDiffers);
}

#[test]
fn a_key_rotated_after_the_match_does_not_hide_the_offence() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let args = two_receipts(&w, &job, 0);
    let rotated = market::ProviderArgs { node_key: w.providers[2].node_key(), ..w.provider_args(0) };
    w.ok(w.update_provider(w.providers[0].owner, rotated));
    w.ok(w.report_double_receipt(&job, 0, args));
}

#[test]
fn two_opinions_in_one_round_are_recorded_once_even_when_the_round_is_gone() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let args = two_opinions(&w, &job);
    let epoch = w.epoch();
    let report = w.report_double_attestation(epoch, args);
    w.ok(report.clone());
    assert!(w.send(report.clone()).is_err());
    let stored = EvidenceRecord::decode(&w.data(&report.accounts[3].pubkey)).unwrap();
    let member = usize::from(args.round.member);
    assert_eq!(
        (stored.kind, stored.offender, stored.round),
        (EvidenceKind::AttestationEquivocation, w.validators[member].identity.to_bytes(), 1)
    );
}

#[test]
fn opinions_that_agree_or_belong_to_others_prove_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let epoch = w.epoch();
    let right = two_opinions(&w, &job);
    let same = arbiter::DoubleAttestation { opinions: [right.opinions[0]; 2], ..right };
    w.refused(w.report_double_attestation(epoch, same), ArbiterError::NoContradiction);
    // The same opinion under two signatures is still one opinion.
    let mut resigned = same;
    resigned.opinions[1].signature[63] ^= 0x20;
    w.refused(w.report_double_attestation(epoch, resigned), ArbiterError::NoContradiction);

    let of = |round: arbiter::JudgedRound| arbiter::DoubleAttestation { round, ..right };
    let other_member = (right.round.member + 1) % 5;
    for round in [
        arbiter::JudgedRound { member: other_member, ..right.round },
        arbiter::JudgedRound { nonce: right.round.nonce + 1, ..right.round },
        arbiter::JudgedRound { attempt: 2, ..right.round },
        arbiter::JudgedRound { round: 2, ..right.round },
        arbiter::JudgedRound { job: w.outsider, ..right.round },
    ] {
        w.refused(w.report_double_attestation(epoch, of(round)), ArbiterError::SignatureInvalid);
    }
    let mut unknown = right;
    unknown.opinions[1].opinion = 9;
    w.refused(w.report_double_attestation(epoch, unknown), ArbiterError::OpinionUnknown);
}

#[test]
fn a_member_beyond_the_set_is_refused() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let right = two_opinions(&w, &job);
    for member in [5u8, 63, 64, 255] {
        let round = arbiter::JudgedRound { member, ..right.round };
        let nobody = Address::default();
        let evidence = w.evidence_at(&nobody, EvidenceKind::AttestationEquivocation, &round);
        let report = w.report_double_attestation(w.epoch(), arbiter::DoubleAttestation { round, ..right });
        w.refused(swap(report, "report_double_attestation", "evidence", evidence), ArbiterError::NoSuchSeat);
    }
}

#[test]
fn who_calls_a_planted_lie_valid_is_recorded() {
    let mut w = TestBuilder::ready();
    let (plant, args) = lazy_opinion(&mut w, 0, 1, 0);
    let report = w.report_failed_plant(w.epoch(), plant, args);
    w.ok(report.clone());
    assert!(w.send(report).is_err(), "the same offence twice");
}

#[test]
fn who_did_not_call_the_lie_valid_is_safe() {
    let mut w = TestBuilder::ready();
    let (plant, args) = lazy_opinion(&mut w, 0, 1, 0);
    let epoch = w.epoch();
    let job = w.handle(0, 1, w.mints[0]);
    let member = usize::from(args.round.member);
    // Another opinion, and valid for another output.
    let unavailable = attestation(&w, &job, 1, 0, Opinion::Unavailable as u8, 0);
    let truthful = Attestation { output_root: [8; 32], ..attestation(&w, &job, 1, 0, Opinion::Valid as u8, 0) };
    for body in [unavailable, truthful] {
        let said = w.signed_opinion(member, &body);
        w.refused(w.report_failed_plant(epoch, plant, arbiter::FailedPlant { said, ..args }), ArbiterError::NotTheLie);
    }
    // A lie put into somebody's mouth.
    let mut forged = args;
    forged.said.signature[0] ^= 1;
    w.refused(w.report_failed_plant(epoch, plant, forged), ArbiterError::SignatureInvalid);
}

#[test]
fn a_plant_opens_only_to_what_was_committed_and_only_about_later_jobs() {
    let mut w = TestBuilder::ready();
    let (plant, args) = lazy_opinion(&mut w, 0, 1, 0);
    let epoch = w.epoch();
    let opening = args.opening;
    for wrong in [
        arbiter::PlantOpening { truth: [1; 32], ..opening },
        arbiter::PlantOpening { lie: [1; 32], ..opening },
        arbiter::PlantOpening { salt: [99; 32], ..opening },
    ] {
        let args = arbiter::FailedPlant { opening: wrong, ..args };
        w.refused(w.report_failed_plant(epoch, plant, args), ArbiterError::PlantDiffers);
    }
    // Committed when the job was already there: the planter had seen the result.
    let job = w.do_submitted(1, 4, 1);
    w.do_open_round(&job, 1);
    let late = arbiter::PlantOpening { truth: [8; 32], lie: [9; 32], salt: [4; 32] };
    let plant_account = super::arbiter_evidence::plant(&mut w, &job, &late);
    let two = two_opinions(&w, &job);
    let args = arbiter::FailedPlant { opening: late, round: two.round, said: two.opinions[0] };
    w.refused(w.report_failed_plant(epoch, plant_account, args), ArbiterError::PlantTooLate);
}

#[test]
fn a_known_answer_does_not_test_validators_nor_a_lie_providers() {
    let mut w = TestBuilder::ready();
    let failed = wrong_answer(&mut w, 0, 1, 0);
    w.do_open_round(&failed.job, 0);
    let two = two_opinions(&w, &failed.job);
    let args = arbiter::FailedPlant { opening: failed.opening, round: two.round, said: two.opinions[0] };
    w.refused(w.report_failed_plant(w.epoch(), failed.plant, args), ArbiterError::PlantOfOtherKind);

    let opening = arbiter::PlantOpening { truth: [8; 32], lie: [7; 32], salt: [2; 32] };
    let job = w.handle(0, 2, w.mints[0]);
    let plant = plant(&mut w, &job, &opening);
    let job = w.do_submitted(0, 2, 1);
    let given = receipt(&w, &job, 1, [7; 32]);
    w.refused(w.report_failed_ringer(&job, 1, plant, opening, &given), ArbiterError::PlantOfOtherKind);
}

#[test]
fn a_wrong_answer_to_a_known_job_is_recorded_once() {
    let mut w = TestBuilder::ready();
    let failed = wrong_answer(&mut w, 0, 1, 0);
    let report = w.report_failed_ringer(&failed.job, 0, failed.plant, failed.opening, &failed.receipt);
    w.ok(report.clone());
    assert!(w.send(report.clone()).is_err());
    let stored = EvidenceRecord::decode(&w.data(&report.accounts[5].pubkey)).unwrap();
    assert_eq!((stored.kind, stored.offender), (EvidenceKind::FailedRinger, w.providers[0].owner.to_bytes()));
}

#[test]
fn a_right_answer_is_safe_and_another_receipt_proves_nothing() {
    let mut w = TestBuilder::ready();
    let right = answered(&mut w, 0, 1, 0, [8; 32]);
    w.refused(
        w.report_failed_ringer(&right.job, 0, right.plant, right.opening, &right.receipt),
        ArbiterError::AnswerRight,
    );
    let forged = Receipt { output_root: [7; 32], ..right.receipt };
    w.refused(w.report_failed_ringer(&right.job, 0, right.plant, right.opening, &forged), ArbiterError::ReceiptDiffers);
}

#[test]
fn only_appointed_planters_plant() {
    let mut w = TestBuilder::ready();
    let key = planter(&mut w);
    let other = w.wallet("somebody");
    let mut instruction = w.commit_plant(key, [1; 32]);
    instruction.accounts[0].pubkey = other;
    w.refused(instruction, ArbiterError::NotPlanter);
    w.ok(w.dismiss_planter(key));
    w.refused(w.commit_plant(key, [1; 32]), NOTHING_TO_READ);
}

#[test]
fn a_plant_stays_as_long_as_a_job_can_take() {
    let mut w = TestBuilder::ready();
    let key = planter(&mut w);
    w.ok(w.commit_plant(key, [1; 32]));
    w.warp(limits::PLANT_SECONDS);
    w.refused(w.close_plant(key, [1; 32]), ArbiterError::PlantStillNeeded);
    w.warp(1);
    w.ok(w.close_plant(key, [1; 32]));
    assert!(w.is_closed(&address::plant(&[1; 32])));
}
