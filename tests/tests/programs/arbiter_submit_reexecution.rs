use crate::laws::*;
use proofmill_protocol::attestation::Reexecution;

#[test]
fn the_drawn_provider_claims_once() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.ok(w.submit_reexecution(&job, 1, 50_000));
    let round = w.round(&job, 1);
    assert_eq!((round.reexecuted, round.reexecution_ms, round.commitment), (1, 50_000, [5; 32]));
    w.refused(w.submit_reexecution(&job, 1, 50_000), ArbiterError::AlreadyReexecuted);
}

#[test]
fn nobody_else_claims() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let drawn = w.provider_at(&w.round(&job, 1).executor);
    for other in [0, 3 - drawn] {
        let claim = w.reexecution(&job, 1, other, 1);
        let signature = w.providers[other].sign_reexecution(&claim);
        let args = arbiter::ReexecutionArgs { commitment: claim.commitment, metered_ms: 1, signature };
        w.refused(w.submit_reexecution_as(&job, 1, other, args), ArbiterError::NotDrawn);
    }
    let honest = w.submit_reexecution(&job, 1, 1);
    w.refused(swap(honest, "submit_reexecution", "operator", w.outsider), ArbiterError::NotOperator);
}

/// Each field of what is signed, changed alone.
#[test]
fn a_signature_for_anything_else_does_not_verify() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let drawn = w.provider_at(&w.round(&job, 1).executor);
    let right = w.reexecution(&job, 1, drawn, 9);
    let other = w.handle(1, 5, job.mint);
    let wrong = [
        Reexecution { domain: proofmill_protocol::ids::Domain([0; 32]), ..right },
        Reexecution { job: proofmill_protocol::ids::JobKey(other.address.to_bytes()), ..right },
        Reexecution { attempt: 2, ..right },
        Reexecution { round: 2, ..right },
        Reexecution { nonce: right.nonce + 1, ..right },
        Reexecution { provider: w.providers[0].account.to_bytes(), ..right },
        Reexecution { node_key: w.providers[0].node_key(), ..right },
        Reexecution { commitment: [6; 32], ..right },
        Reexecution { metered_ms: 10, ..right },
    ];
    for claim in wrong {
        let signature = w.providers[drawn].sign_reexecution(&claim);
        let args = arbiter::ReexecutionArgs { commitment: right.commitment, metered_ms: 9, signature };
        w.refused(w.submit_reexecution_as(&job, 1, drawn, args), ArbiterError::SignatureInvalid);
    }
}

#[test]
fn a_claim_comes_before_anybody_may_reveal() {
    for (after, comes) in [(59, true), (60, true), (61, false)] {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        w.do_open_round(&job, 0);
        w.warp(after);
        if comes {
            w.ok(w.submit_reexecution(&job, 1, 1));
        } else {
            w.refused(w.submit_reexecution(&job, 1, 1), ArbiterError::CommitTooLate);
        }
    }
}

/// With every seat committed the reveals begin, and a claim could follow them.
#[test]
fn the_last_commitment_ends_the_time_for_claims() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let all: Vec<_> = (0..5).map(|seat| (seat, Opinion::Inconclusive, 0)).collect();
    w.do_commit(&job, 1, &all[..4]);
    let mut w2 = w.clone();
    w2.ok(w2.submit_reexecution(&job, 1, 1));
    w.do_commit(&job, 1, &all[4..]);
    w.refused(w.submit_reexecution(&job, 1, 1), ArbiterError::CommitTooLate);
}

#[test]
fn a_decided_round_takes_no_claim() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_attest_all(&job, 1, Opinion::Valid, 0);
    w.ok(w.finalize_round(&job, 1));
    w.refused(w.submit_reexecution(&job, 1, 1), ArbiterError::RoundDecided);
}
