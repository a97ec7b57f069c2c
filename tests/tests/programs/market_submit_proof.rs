use crate::laws::*;
use proofmill_protocol::{
    ids::{Domain, JobKey, NodeKey},
    receipt::ReceiptCore,
};

fn core(w: &World, job: &JobHandle, provider: usize) -> ReceiptCore {
    ReceiptCore {
        domain: Domain(w.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        node_key: NodeKey(w.providers[provider].node_key()),
        receipt_hash: [7; 32],
    }
}

#[test]
fn a_receipt_is_stored_as_signed() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.warp(60);
    let args = market::ReceiptClaim { exit_code: -9, termination: 1, ..claim(&w, &job, 0, 59_999) };
    w.ok(w.submit_proof(&job, 0, args));
    let stored = w.job(&job);
    assert_eq!((stored.receipt_hash, stored.metered_ms), ([7; 32], 59_999));
    assert_eq!((stored.exit_code, stored.termination), (-9, 1));
    assert_eq!((stored.receipt_at, stored.receipt_slot), (w.now, w.slot));
    assert_eq!(stands(&w, &job), (JobState::Submitted, Outcome::None));
    w.refused(w.submit_proof(&job, 0, args), MarketError::JobNotRunning);
}

/// Each field of what is signed, changed alone.
#[test]
fn a_signature_for_anything_else_does_not_verify() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_run(0, 1, 0), w.do_run(0, 2, 0));
    w.warp(60);
    let right = core(&w, &job, 0);
    let wrong = [
        ReceiptCore { job: JobKey(other.address.to_bytes()), ..right },
        ReceiptCore { attempt: 2, ..right },
        ReceiptCore { domain: Domain([0; 32]), ..right },
        ReceiptCore { node_key: NodeKey(w.providers[1].node_key()), ..right },
        ReceiptCore { receipt_hash: [8; 32], ..right },
    ];
    for core in wrong {
        let args = market::ReceiptClaim { signature: w.providers[0].sign_receipt(&core), ..claim(&w, &job, 0, 1) };
        w.refused(w.submit_proof(&job, 0, args), MarketError::InvalidProof);
    }
    let anothers = market::ReceiptClaim { signature: w.providers[1].sign_receipt(&right), ..claim(&w, &job, 0, 1) };
    w.refused(w.submit_proof(&job, 0, anothers), MarketError::InvalidProof);
    let zero = market::ReceiptClaim { signature: [0; 64], ..claim(&w, &job, 0, 1) };
    w.refused(w.submit_proof(&job, 0, zero), MarketError::InvalidProof);
    w.ok(w.submit_proof(&job, 0, claim(&w, &job, 0, 1)));
}

#[test]
fn every_altered_byte_of_a_signature_is_refused() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    let right = claim(&w, &job, 0, 1);
    for byte in 0..64 {
        let mut args = right;
        args.signature[byte] ^= 1;
        w.refused(w.submit_proof(&job, 0, args), MarketError::InvalidProof);
    }
}

#[test]
fn no_more_is_claimed_than_the_clock_allows() {
    for (elapsed, most) in [(0, 1_000), (60, 61_000), (100, 100_000), (150, 100_000)] {
        let mut w = TestBuilder::ready();
        let job = w.do_run(0, 1, 0);
        w.warp(elapsed);
        w.refused(w.submit_proof(&job, 0, claim(&w, &job, 0, most + 1)), MarketError::MeteredTooLong);
        w.refused(w.submit_proof(&job, 0, claim(&w, &job, 0, u64::MAX)), MarketError::MeteredTooLong);
        w.ok(w.submit_proof(&job, 0, claim(&w, &job, 0, most)));
    }
}

#[test]
fn the_receipt_comes_in_time() {
    for (after, comes) in [(159, true), (160, true), (161, false)] {
        let mut w = TestBuilder::ready();
        let job = w.do_run(0, 1, 0);
        w.warp(after);
        let instruction = w.submit_proof(&job, 0, claim(&w, &job, 0, 100_000));
        if comes {
            w.ok(instruction);
        } else {
            w.refused(instruction, MarketError::ReceiptTooLate);
        }
    }
}

#[test]
fn the_holders_operator_submits_a_running_job() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.do_match(&job, 0);
    w.refused(w.submit_proof(&job, 0, claim(&w, &job, 0, 1)), MarketError::JobNotRunning);
    w.do_start(&job, 0);
    w.refused(w.submit_proof(&job, 1, claim(&w, &job, 1, 1)), MarketError::InvalidProvider);
    let honest = w.submit_proof(&job, 0, claim(&w, &job, 0, 1));
    for stranger in [w.outsider, w.tenants[0], w.providers[0].owner] {
        w.refused(swap(honest.clone(), "submit_proof", "operator", stranger), MarketError::NotOperator);
    }
    let unknown = market::ReceiptClaim { termination: 4, ..claim(&w, &job, 0, 1) };
    w.refused(w.submit_proof(&job, 0, unknown), MarketError::TerminationUnknown);
}
