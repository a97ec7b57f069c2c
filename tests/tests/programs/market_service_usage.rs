//! What counts as usage, and that it is paid once.

use crate::{
    laws::*,
    market_service::{close_out, net},
};
use proofmill_protocol::{
    ids::{Domain, JobKey},
    usage::{UsageReport, UsageWitness},
};

/// Usage as stored, and when it was measured.
fn stored(w: &World, job: &JobHandle) -> (u64, i64) {
    let job = w.job(job);
    (job.metered_ms, job.usage_at)
}

#[test]
fn no_more_is_accepted_than_the_clock_and_the_escrow_allow() {
    for (elapsed, most) in
        [(-50, 1_000), (0, 1_000), (60, 61_000), (3_599, 3_600_000), (3_600, 3_600_000), (9_000, 3_600_000)]
    {
        let mut w = TestBuilder::ready();
        let job = w.do_serve(0, 1, 0);
        // A clock that stands still or steps back earns its resolution and nothing more.
        w.warp(elapsed);
        for over in [most + 1, u64::MAX] {
            w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, over)), MarketError::UsageTooLong);
            w.do_witness(&job, &w.usage_witness(&job, over));
            w.refused(w.accept_witnessed_usage(&job), MarketError::UsageTooLong);
        }
        w.do_report(&job, 0, most);
        assert_eq!(stored(&w, &job).0, most);
    }
}

#[test]
fn a_lost_repeated_or_stale_report_is_harmless() {
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    let mut reports = Vec::new();
    for seconds in 1..=5 {
        w.warp(10);
        reports.push(usage_claim(&w, &job, 0, seconds * 10_000));
    }
    // The fourth arrives first; the first three are lost in the sense that they say nothing new any more.
    w.ok(w.report_usage(&job, reports[3]));
    let (after, before) = (stored(&w, &job), w.data(&job.address));
    assert_eq!(after, (40_000, w.now - 10));
    for report in [reports[3], reports[0], reports[2], reports[1]] {
        w.ok(w.report_usage(&job, report));
        assert_eq!(w.data(&job.address), before);
    }
    w.ok(w.report_usage(&job, reports[4]));
    assert_eq!(stored(&w, &job), (50_000, w.now));
}

/// Reports that were held back do not make a dead service look alive; an instant in the future counts as now.
#[test]
fn silence_is_counted_from_the_measurement() {
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    w.warp(10);
    let early = usage_claim(&w, &job, 0, 10_000);
    w.warp(30);
    w.ok(w.report_usage(&job, early));
    assert_eq!(stored(&w, &job).1, w.now - 30);
    w.refused(w.expire_job(&job, Some(0)), MarketError::NotExpired);
    let future = usage_report(&w, &job, 20_000, w.now + 1_000_000);
    let signed = market::UsageClaim {
        usage_ms: future.usage_ms,
        measured_at: future.measured_at,
        node_signature: sign_usage(&w.providers[0].node, &future),
        tenant_signature: sign_usage(&tenant_node(&job.tenant), &future),
    };
    let mut alive = w.clone();
    alive.ok(alive.report_usage(&job, signed));
    assert_eq!(stored(&alive, &job).1, w.now);
    w.warp(1);
    w.ok(w.expire_job(&job, Some(0)));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Dead));
}

/// Each field of what is signed, changed alone, by the provider or by the tenant.
#[test]
fn a_signature_for_anything_else_does_not_verify() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_serve(0, 1, 0), w.do_serve(0, 2, 0));
    w.warp(60);
    let right = usage_report(&w, &job, 50_000, w.now);
    let (node, tenant) = (w.providers[0].node.clone(), tenant_node(&job.tenant));
    let honest = usage_claim(&w, &job, 0, 50_000);
    let wrong = [
        UsageReport { domain: Domain([0; 32]), ..right },
        UsageReport { job: JobKey(other.address.to_bytes()), ..right },
        UsageReport { attempt: 2, ..right },
        UsageReport { nonce: right.nonce + 1, ..right },
        UsageReport { usage_ms: 49_999, ..right },
        UsageReport { measured_at: right.measured_at - 1, ..right },
    ];
    for report in wrong {
        let by_node = market::UsageClaim { node_signature: sign_usage(&node, &report), ..honest };
        w.refused(w.report_usage(&job, by_node), MarketError::InvalidProof);
        let by_tenant = market::UsageClaim { tenant_signature: sign_usage(&tenant, &report), ..honest };
        w.refused(w.report_usage(&job, by_tenant), MarketError::UsageNotCosigned);
    }
    // Neither side signs for the other, nor a stranger for either.
    for stranger in [&w.providers[1].node.clone(), &tenant_node(&w.tenants[1]), &tenant] {
        let by_node = market::UsageClaim { node_signature: sign_usage(stranger, &right), ..honest };
        w.refused(w.report_usage(&job, by_node), MarketError::InvalidProof);
    }
    for stranger in [&w.providers[1].node.clone(), &tenant_node(&w.tenants[1]), &node] {
        let by_tenant = market::UsageClaim { tenant_signature: sign_usage(stranger, &right), ..honest };
        w.refused(w.report_usage(&job, by_tenant), MarketError::UsageNotCosigned);
    }
    let zero = market::UsageClaim { tenant_signature: [0; 64], ..honest };
    w.refused(w.report_usage(&job, zero), MarketError::UsageNotCosigned);
    // Signed by both, told otherwise.
    let more = market::UsageClaim { usage_ms: 50_001, ..honest };
    w.refused(w.report_usage(&job, more), MarketError::InvalidProof);
    w.ok(w.report_usage(&job, honest));
}

#[test]
fn every_altered_byte_of_either_signature_is_refused() {
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    let right = usage_claim(&w, &job, 0, 1_000);
    for byte in 0..64 {
        let mut args = right;
        args.node_signature[byte] ^= 1;
        w.refused(w.report_usage(&job, args), MarketError::InvalidProof);
        let mut args = right;
        args.tenant_signature[byte] ^= 1;
        w.refused(w.report_usage(&job, args), MarketError::UsageNotCosigned);
    }
    w.ok(w.report_usage(&job, right));
}

#[test]
fn a_report_does_not_outlive_its_job() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let job = w.do_serve(0, 1, 0);
    w.warp(20);
    let old = usage_claim(&w, &job, 0, 20_000);
    w.ok(w.report_usage(&job, old));
    let witness = w.usage_witness(&job, 20_000);
    w.ok(w.stop_job(&job, tenant, 0));
    w.warp(301);
    w.refused(w.report_usage(&job, old), MarketError::UsageTooLate);
    w.ok(w.expire_job(&job, Some(0)));
    w.refused(w.report_usage(&job, old), MarketError::JobSettled);
    close_out(&mut w, &job, 0);
    w.refused(w.report_usage(&job, old), NO_ACCOUNT);
    // The same address lives again: same provider, same keys, another nonce.
    let job = w.do_serve(0, 1, 0);
    w.warp(60);
    w.refused(w.report_usage(&job, old), MarketError::InvalidProof);
    w.do_witness(&job, &witness);
    w.refused(w.accept_witnessed_usage(&job), MarketError::WitnessLife);
    assert_eq!(w.job(&job).metered_ms, 0);
}

#[test]
fn usage_counts_from_the_start_until_shortly_after_the_end() {
    let mut w = TestBuilder::ready();
    let job = w.do_post_with(0, service_terms(&w.tenants[0], 1));
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 0)), MarketError::ServiceNotRunning);
    w.do_match(&job, 0);
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 0)), MarketError::ServiceNotRunning);
    w.refused(w.claim_stream(&job, 0), MarketError::ServiceNotRunning);
    w.do_start(&job, 0);
    w.do_use(&job, 0, 20);
    w.ok(w.stop_job(&job, w.tenants[0], 0));
    let mut late = w.clone();
    w.warp(300);
    // Time after the end earns nothing.
    w.refused(w.report_usage(&job, usage_claim(&w, &job, 0, 21_001)), MarketError::UsageTooLong);
    w.do_report(&job, 0, 21_000);
    late.warp(301);
    late.refused(late.report_usage(&job, usage_claim(&late, &job, 0, 20_500)), MarketError::UsageTooLate);
    late.do_witness(&job, &late.usage_witness(&job, 20_500));
    late.refused(late.accept_witnessed_usage(&job), MarketError::UsageTooLate);
}

#[test]
fn only_the_arbiters_witness_of_this_life_counts() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_serve(0, 1, 0), w.do_serve(1, 1, 1));
    w.warp(60);
    let right = w.usage_witness(&job, 50_000);
    let at = address::usage_witness(&job.address, 1);
    let honest = w.accept_witnessed_usage(&job);
    w.refused(honest.clone(), MarketError::WitnessForeign); // nothing there
    w.do_witness(&job, &right);
    let copy = w.foreign_copy(at);
    w.refused(swap(honest.clone(), "accept_witnessed_usage", "witness", copy), MarketError::WitnessForeign);
    // Of the market itself, and another account of the arbiter.
    w.refused(swap(honest.clone(), "accept_witnessed_usage", "witness", other.address), MarketError::WitnessForeign);
    let roster = address::roster();
    w.refused(swap(honest.clone(), "accept_witnessed_usage", "witness", roster), MarketError::WitnessLength);
    let mut data = right.encode().to_vec();
    data[0] ^= 1;
    w.put(at, arbiter::ID, data);
    w.refused(honest.clone(), MarketError::WitnessKind);
    let mut data = right.encode().to_vec();
    data[8] = 2;
    w.put(at, arbiter::ID, data);
    w.refused(honest.clone(), MarketError::WitnessVersion);
    for len in [right.encode().len() - 1, 8, 0] {
        w.put(at, arbiter::ID, right.encode()[..len].to_vec());
        w.refused(honest.clone(), MarketError::WitnessLength);
    }
    let wrong = [
        (UsageWitness { job: other.address.to_bytes(), ..right }, MarketError::WitnessJob),
        (UsageWitness { attempt: 2, ..right }, MarketError::WitnessAttempt),
        (UsageWitness { nonce: right.nonce - 1, ..right }, MarketError::WitnessLife),
        (UsageWitness { agreeing: 2, ..right }, MarketError::WitnessTooFew),
        (UsageWitness { usage_ms: 61_001, ..right }, MarketError::UsageTooLong),
    ];
    for (witness, error) in wrong {
        w.do_witness(&job, &witness);
        w.refused(honest.clone(), error);
    }
    w.do_witness(&job, &right);
    w.ok(honest);
    assert_eq!(stored(&w, &job), (50_000, w.now));
    // The greater of the two sources counts.
    w.do_report(&job, 0, 40_000);
    assert_eq!(stored(&w, &job).0, 50_000);
    w.do_report(&job, 0, 55_000);
    let before = w.data(&job.address);
    w.ok(w.accept_witnessed_usage(&job));
    assert_eq!(w.data(&job.address), before);
}

#[test]
fn a_stream_pays_once_however_often_it_is_drawn() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    // One drawn after every report, one only at the end: the same atoms. The price makes dust.
    let offer = market::OfferArgs { price_per_second: 333, ..w.offer_args(2) };
    w.ok(w.publish_offer(0, w.mints[0], offer));
    let mut paid = Vec::new();
    for often in [true, false] {
        let mut w = w.clone();
        let job = w.do_post_with(0, service_terms(&w.tenants[0], 1));
        w.ok(w.match_job(&job, 0, 2));
        w.do_start(&job, 0);
        w.refused(w.claim_stream(&job, 0), MarketError::NothingToStream);
        for usage_ms in [1, 1_003, 2_999, 7_777, 20_001] {
            w.warp(5);
            w.do_report(&job, 0, usage_ms);
            // A millisecond is worth less than an atom.
            if often && usage_ms > 1 {
                w.ok(w.claim_stream(&job, 0));
                w.refused(w.claim_stream(&job, 0), MarketError::NothingToStream);
                assert_eq!(w.purse(&owner), w.job(&job).streamed);
            }
        }
        w.ok(w.stop_job(&job, w.tenants[0], 0));
        w.warp(301);
        w.ok(w.expire_job(&job, Some(0)));
        close_out(&mut w, &job, 0);
        paid.push((w.purse(&owner), w.purse(&w.tenants[0])));
    }
    // 333 * 20.001 = 6660.333; 2.5 % of 6660 is 166.5.
    assert_eq!(paid[0].0, 6_660 - 166);
    assert_eq!(paid[0], paid[1]);
}

#[test]
fn a_stream_goes_to_the_provider_and_leaves_the_fee() {
    let mut w = TestBuilder::ready();
    let job = w.do_serve(0, 1, 0);
    let other = w.do_serve(1, 1, 1);
    w.do_use(&job, 0, 100);
    let mint = job.mint;
    let thief = w.fund(w.outsider, mint, 0);
    let honest = w.claim_stream(&job, 0);
    let tenants = address::token_account(&job.tenant, &mint);
    for destination in [thief, tenants, address::token_account(&w.providers[1].owner, &mint)] {
        w.refused(swap(honest.clone(), "claim_stream", "destination", destination), MarketError::NotOwner);
    }
    w.refused(w.claim_stream(&job, 1), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "claim_stream", "vault", other.vault), MarketError::JobNotFound);
    w.refused(swap(honest.clone(), "claim_stream", "mint", w.mints[1]), MarketError::MintNotAllowed);
    w.ok(honest);
    assert_eq!(w.tokens(&job.vault), 3_600_000 - net(100_000));
    // All of the escrow used: the fee alone stays.
    w.do_use(&job, 0, 3_500);
    w.ok(w.claim_stream(&job, 0));
    assert_eq!(w.tokens(&job.vault), 3_600_000 * 250 / 10_000);
    w.refused(w.claim_stream(&job, 0), MarketError::NothingToStream);
}
