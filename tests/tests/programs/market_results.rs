//! What became of the work outlives the accounts: an index of events shows it of a closed job.

use crate::laws::*;
use proofmill_client::event_log::{ProgramEvent, events};

/// The events of the market in the logs of several transactions.
fn told(logs: &[String]) -> Vec<market::Event> {
    let of = |event| match event {
        ProgramEvent::Market(event) => Some(event),
        ProgramEvent::Arbiter(_) => None,
    };
    events(logs).into_iter().filter_map(of).collect()
}

#[test]
fn the_events_of_a_closed_job_show_its_receipt_and_the_root_that_was_found_right() {
    let mut w = TestBuilder::ready();
    let budget = address::audit_budget(&w.mints[0]);
    w.token_account(budget, &address::market_config(), &w.mints[0].clone(), 1_000_000);
    let job = w.do_run(0, 1, 0);
    w.warp(60);
    let args = market::ReceiptClaim { exit_code: -9, termination: 1, ..claim(&w, &job, 0, 59_999) };
    let submitted = told(&w.ok(w.submit_proof(&job, 0, args)).logs);
    let [market::Event::ProofSubmitted(submitted)] = &submitted[..] else { panic!("{submitted:?}") };
    w.seal_slots(2);
    w.do_judge(&job, 0, Opinion::Valid);
    let settled = told(&w.ok(w.verify_proof(&job, 0)).logs);
    let [market::Event::JobSettled(settled)] = &settled[..] else { panic!("{settled:?}") };
    let (stored, verdict) = (w.job(&job), w.verdict(&job));
    assert_eq!((submitted.receipt_hash, submitted.metered_ms), (stored.receipt_hash, stored.metered_ms));
    assert_eq!((submitted.attempt, submitted.exit_code, submitted.termination), (1, -9, 1));
    assert_ne!(verdict.output_root, [0; 32]);
    assert_eq!((settled.output_root, stored.output_root), (verdict.output_root, verdict.output_root));
}

#[test]
fn a_root_that_no_verdict_opened_stays_blinded() {
    let mut w = TestBuilder::ready();
    w.do_prove(0, LIMITS.proven_after + 380);
    let unaudited = w.do_submitted(0, 1, 0);
    w.warp(LIMITS.challenge_window);
    let rejected = w.do_submitted(1, 1, 1);
    w.do_escalate(&rejected, 1);
    w.do_attest_all(&rejected, 2, Opinion::Invalid, 1);
    w.ok(w.finalize_round(&rejected, 2));
    for end in [w.settle_unchallenged(&unaudited, 0), w.verify_proof(&rejected, 1)] {
        let events = told(&w.ok(end).logs);
        let settled = events.iter().find_map(|event| match event {
            market::Event::JobSettled(event) => Some(event),
            _ => None,
        });
        assert_eq!(settled.unwrap().output_root, [0; 32]);
    }
}
