//! A service's usage as a root of measurements says it: carried by anyone, replaced by what is newer, closed with the job.

use crate::laws::*;
use proofmill_protocol::witness::{UptimeLeaf, UsageLeaf};

/// A final root of `sequence` with its total, covering up to now.
fn measured(w: &mut World, job: &JobHandle, sequence: u32, usage_ms: u64) -> Measured {
    let leaf = leaf(w, job, usage_ms);
    let measured = Measured::usages(w, sequence, &[leaf]);
    w.do_root(&measured);
    measured
}

fn leaf(w: &World, job: &JobHandle, usage_ms: u64) -> UsageLeaf {
    UsageLeaf { job: job.address.to_bytes(), attempt: 1, nonce: w.job(job).nonce, usage_ms }
}

fn witness(w: &World, job: &JobHandle) -> arbiter::UsageWitness {
    arbiter::UsageWitness::decode(&w.data(&address::usage_witness(&job.address, 1))).unwrap()
}

/// A service of the usual terms and its witnessed first second.
fn witnessed() -> (World, JobHandle, Measured) {
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    let first = measured(&mut w, &job, 1, 1_000);
    w.ok(w.witness_usage(&job, &first, 1_000, 0));
    (w, job, first)
}

#[test]
fn a_witnessed_total_says_what_the_root_says() {
    let (mut w, job, first) = witnessed();
    let (found, root) = (witness(&w, &job), arbiter::WitnessRoot::decode(&w.data(&first.account())).unwrap());
    assert_eq!((found.usage_ms, found.attempt, found.nonce), (1_000, 1, w.job(&job).nonce));
    assert_eq!((found.job, found.root, found.epoch), (job.address, root.root, root.epoch));
    assert_eq!((found.witnessed_at, u32::from(found.agreeing)), (root.covers_until, root.signed.count_ones()));
    assert_eq!(found.rent_payer, w.crank);
    // The market takes it as far as time has passed.
    w.warp(5);
    w.ok(w.accept_witnessed_usage(&job));
    assert!(w.send(w.witness_usage(&job, &first, 1_000, 0)).is_err(), "once; then it is refreshed");
}

#[test]
fn only_the_leaf_of_this_attempt_and_life_counts() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_serve(0, 1, 0), w.do_serve(1, 1, 1));
    let right = leaf(&w, &job, 1_000);
    let leaves = [
        UsageLeaf { usage_ms: 1_001, ..right },
        UsageLeaf { attempt: 2, ..right },
        UsageLeaf { nonce: right.nonce + 1, ..right },
        leaf(&w, &other, 1_000),
        right,
    ];
    let measured = Measured::usages(&w, 1, &leaves);
    w.do_root(&measured);
    for index in 0..4 {
        w.refused(w.witness_usage(&job, &measured, 1_000, index), ArbiterError::NotWitnessed);
    }
    // The right leaf with another total, or for another job, is not in the root either.
    for usage_ms in [0, 999, 1_001, u64::MAX] {
        w.refused(w.witness_usage(&job, &measured, usage_ms, 4), ArbiterError::NotWitnessed);
    }
    w.refused(w.witness_usage(&other, &measured, 1_000, 4), ArbiterError::NotWitnessed);
    w.ok(w.witness_usage(&job, &measured, 1_000, 4));
    w.ok(w.witness_usage(&other, &measured, 1_000, 3));
}

#[test]
fn a_root_of_another_kind_says_nothing_of_usage() {
    let (mut w, job, first) = witnessed();
    let uptime = UptimeLeaf { provider: w.providers[0].account.to_bytes(), up: 1, total: 1 };
    let uptimes = Measured::uptimes(&w, 2, &[uptime]);
    w.do_root(&uptimes);
    for (instruction, name) in [
        (w.refresh_usage(&job, &first, 1_000, 0), "refresh_usage"),
        (w.witness_usage(&job, &first, 1_000, 0), "witness_usage"),
    ] {
        let other = swap(instruction, name, "witness_root", uptimes.account());
        assert!(w.send(other.clone()).is_err());
        if name == "refresh_usage" {
            w.refused(other, ArbiterError::WitnessKindUnknown);
        }
    }
}

#[test]
fn only_what_is_newer_replaces_a_total() {
    let (mut w, job, first) = witnessed();
    // The same root again; another one of the same instant, though it says more.
    w.refused(w.refresh_usage(&job, &first, 1_000, 0), ArbiterError::UsageNotNewer);
    let same = measured(&mut w, &job, 2, 2_000);
    w.refused(w.refresh_usage(&job, &same, 2_000, 0), ArbiterError::UsageNotNewer);
    w.warp(1);
    let later = measured(&mut w, &job, 3, 3_000);
    w.refused(w.refresh_usage(&job, &later, 2_000, 0), ArbiterError::NotWitnessed);
    w.ok(w.refresh_usage(&job, &later, 3_000, 0));
    let found = witness(&w, &job);
    assert_eq!((found.usage_ms, found.witnessed_at), (3_000, w.now));
    // And back: an older root is not newer, whatever it says.
    w.refused(w.refresh_usage(&job, &same, 2_000, 0), ArbiterError::UsageNotNewer);
    // Who paid the rent does not change with who refreshes.
    assert_eq!(found.rent_payer, w.crank);
}

/// A later root may say less: the quorum's latest word stands, and the market takes no total back.
#[test]
fn a_newer_total_may_be_smaller_and_takes_nothing_back() {
    let (mut w, job, _) = witnessed();
    w.warp(5);
    w.ok(w.accept_witnessed_usage(&job));
    let before = w.job(&job).metered_ms;
    let less = measured(&mut w, &job, 2, 10);
    w.ok(w.refresh_usage(&job, &less, 10, 0));
    assert_eq!(witness(&w, &job).usage_ms, 10);
    w.ok(w.accept_witnessed_usage(&job));
    assert_eq!((w.job(&job).metered_ms, before), (1_000, 1_000));
}

/// The address serves another life of the job: what the earlier life left there does not stand in its way.
#[test]
fn another_life_of_the_address_replaces_at_once() {
    let (mut w, job, _) = witnessed();
    w.ok(w.stop_job(&job, job.tenant, 0));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    w.ok(w.claim_refund(&job));
    w.ok(w.sweep_fees(&job));
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.close_job(&job));
    // The same instant as the earlier life's root is as good as any: the nonce is another.
    let again = w.do_serve(0, 1, 0);
    assert_eq!(again.address, job.address);
    let anew = measured(&mut w, &again, 9, 500);
    w.ok(w.refresh_usage(&again, &anew, 500, 0));
    let found = witness(&w, &again);
    assert_eq!((found.usage_ms, found.nonce), (500, w.job(&again).nonce));
    w.refused(w.close_usage(&again), ArbiterError::JobStillOpen);
}

#[test]
fn a_witness_closes_with_its_job_and_its_rent_returns_to_who_paid() {
    let (mut w, job, _) = witnessed();
    w.refused(w.close_usage(&job), ArbiterError::JobStillOpen);
    w.ok(w.stop_job(&job, job.tenant, 0));
    w.warp(301);
    w.ok(w.expire_job(&job, Some(0)));
    // Settled is not closed.
    w.refused(w.close_usage(&job), ArbiterError::JobStillOpen);
    for instruction in [w.claim_reward(&job, 0), w.claim_refund(&job), w.sweep_fees(&job), w.close_job(&job)] {
        let _ = w.send(instruction);
    }
    assert!(w.is_closed(&job.address));
    let honest = w.close_usage(&job);
    w.refused(swap(honest.clone(), "close_usage", "rent_payer", w.outsider), ArbiterError::NotRentPayer);
    w.refused(swap(honest.clone(), "close_usage", "job", w.outsider), ArbiterError::RoundMismatch);
    let at = address::usage_witness(&job.address, 1);
    let (rent, before) = (w.lamports(&at), w.lamports(&w.crank));
    w.crank_pays = false;
    w.ok(honest);
    assert!(w.is_closed(&at) && w.lamports(&w.crank) + 10_000 > before + rent);
}
