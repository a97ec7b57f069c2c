//! Certificates and heartbeats reach a provider by a leaf and its proof, newest first, and never for somebody else.

use crate::laws::*;
use proofmill_protocol::{
    limits,
    uptime::{BUCKET_SECONDS, SLOTS_MIN, upper_bound_bps},
    witness::{CapabilityLeaf, UptimeLeaf, WitnessKind},
};

fn certified(w: &mut World, sequence: u32) -> (Measured, Vec<CapabilityLeaf>) {
    let leaves: Vec<CapabilityLeaf> = (0..3).map(|provider| w.capability_leaf(provider)).collect();
    let measured = Measured::capabilities(w, sequence, &leaves);
    w.do_root(&measured);
    (measured, leaves)
}

#[test]
fn a_certificate_reaches_its_provider() {
    let mut w = TestBuilder::ready();
    let (measured, leaves) = certified(&mut w, 1);
    for (provider, leaf) in leaves.iter().enumerate() {
        w.ok(w.record_capability(&measured, provider, leaf, provider));
        let stored = w.provider(provider);
        assert_eq!(
            (stored.certified_at, stored.certified_gops, stored.certified_vram_mib, stored.certified_tier),
            (leaf.measured_at, leaf.gops, leaf.vram_mib, leaf.tier)
        );
    }
}

#[test]
fn a_certificate_of_another_provider_place_or_value_is_not_included() {
    let mut w = TestBuilder::ready();
    let (measured, leaves) = certified(&mut w, 1);
    w.refused(w.record_capability(&measured, 1, &leaves[0], 0), MarketError::NotIncluded);
    w.refused(w.record_capability(&measured, 0, &leaves[0], 1), MarketError::NotIncluded);
    w.refused(w.record_capability(&measured, 0, &leaves[0], 3), MarketError::NotIncluded);
    for wrong in [
        CapabilityLeaf { gops: leaves[0].gops + 1, ..leaves[0] },
        CapabilityLeaf { vram_mib: leaves[0].vram_mib + 1, ..leaves[0] },
        CapabilityLeaf { tier: 3, ..leaves[0] },
        CapabilityLeaf { measured_at: leaves[0].measured_at + 1, ..leaves[0] },
    ] {
        w.refused(w.record_capability(&measured, 0, &wrong, 0), MarketError::NotIncluded);
    }
}

#[test]
fn a_certificate_is_bound_to_the_node_key() {
    let mut w = TestBuilder::ready();
    let (measured, leaves) = certified(&mut w, 1);
    let rotated = market::ProviderArgs { node_key: w.providers[1].node_key(), ..w.provider_args(0) };
    w.ok(w.update_provider(w.providers[0].owner, rotated));
    w.refused(w.record_capability(&measured, 0, &leaves[0], 0), MarketError::NotIncluded);
}

#[test]
fn a_certificate_counts_once_and_only_forward() {
    let mut w = TestBuilder::ready();
    let (old, old_leaves) = certified(&mut w, 1);
    w.warp(10);
    let (new, new_leaves) = certified(&mut w, 2);
    w.ok(w.record_capability(&new, 0, &new_leaves[0], 0));
    w.refused(w.record_capability(&new, 0, &new_leaves[0], 0), MarketError::MeasurementNotNewer);
    w.refused(w.record_capability(&old, 0, &old_leaves[0], 0), MarketError::MeasurementNotNewer);
}

#[test]
fn a_certificate_outside_the_roots_period_is_refused() {
    let mut w = TestBuilder::ready();
    for (sequence, offset, fits) in [(1, -61, false), (2, 1, false), (3, -60, true), (4, 0, true)] {
        let leaf = CapabilityLeaf { measured_at: w.now + offset, ..w.capability_leaf(0) };
        let measured = Measured::capabilities(&w, sequence, &[leaf]);
        w.do_root(&measured);
        let instruction = w.record_capability(&measured, 0, &leaf, 0);
        if fits {
            w.ok(instruction);
        } else {
            w.refused(instruction, MarketError::MeasurementOutsidePeriod);
        }
    }
}

#[test]
fn a_root_of_another_kind_or_program_is_refused() {
    let mut w = TestBuilder::ready();
    let (measured, leaves) = certified(&mut w, 1);
    let uptime = UptimeLeaf { provider: w.providers[0].account.to_bytes(), up: 1, total: 1 };
    w.refused(w.record_uptime(&measured, 0, &uptime, 0), MarketError::WitnessKindDiffers);
    let right = w.record_capability(&measured, 0, &leaves[0], 0);
    let copy = w.foreign_copy(measured.account());
    w.refused(swap(right.clone(), "record_capability", "witness_root", copy), MarketError::WitnessRootInvalid);
    w.refused(
        swap(right, "record_capability", "witness_root", address::arbiter_config()),
        MarketError::WitnessRootInvalid,
    );
}

#[test]
fn a_tier_that_does_not_exist_is_refused() {
    let mut w = TestBuilder::ready();
    for (sequence, tier) in [(1, 0), (2, 4), (3, 255)] {
        let leaf = CapabilityLeaf { tier, ..w.capability_leaf(0) };
        let measured = Measured::capabilities(&w, sequence, &[leaf]);
        w.do_root(&measured);
        w.refused(w.record_capability(&measured, 0, &leaf, 0), MarketError::CountOutOfBounds);
    }
}

/// One bucket of heartbeats for provider 0; the world's clock moves on by a bucket.
fn heartbeat(w: &mut World, sequence: u32, up: u16, total: u16) -> Instruction {
    let leaf = UptimeLeaf { provider: w.providers[0].account.to_bytes(), up, total };
    let measured = Measured::uptimes(w, sequence, &[leaf]);
    w.do_root(&measured);
    let instruction = w.record_uptime(&measured, 0, &leaf, 0);
    w.warp(BUCKET_SECONDS);
    instruction
}

#[test]
fn uptime_follows_from_a_week_of_buckets_once_enough_is_measured() {
    let mut w = TestBuilder::ready();
    let (mut up, mut total) = (0u32, 0u32);
    for sequence in 1..=4 {
        let instruction = heartbeat(&mut w, sequence, 650, 720);
        w.ok(instruction);
        (up, total) = (up + 650, total + 720);
        let stored = w.provider(0);
        let measured = total >= SLOTS_MIN;
        assert_eq!(stored.uptime_measured, u8::from(measured));
        assert_eq!(stored.uptime_bps, if measured { upper_bound_bps(up, total) } else { 10_000 });
    }
    // What was measured is what a match asks for.
    let job = w.do_post_with(0, market::JobTerms { uptime_bps: 9_500, ..terms(1) });
    assert!(w.provider(0).uptime_bps < 9_500);
    w.refused(w.match_job(&job, 0, 0), MarketError::UptimeTooLow);
}

#[test]
fn a_bucket_counts_once() {
    let mut w = TestBuilder::ready();
    let instruction = heartbeat(&mut w, 1, 700, 720);
    w.ok(instruction.clone());
    w.refused(instruction, MarketError::MeasurementNotNewer);
    assert_eq!(w.provider(0).uptime_total.iter().map(|&n| u32::from(n)).sum::<u32>(), 720);
}

#[test]
fn impossible_heartbeats_are_refused() {
    let mut w = TestBuilder::ready();
    for (sequence, (up, total)) in [(2u16, 1u16), (0, 0), (1, 721), (u16::MAX, u16::MAX)].into_iter().enumerate() {
        let instruction = heartbeat(&mut w, sequence as u32 + 1, up, total);
        w.refused(instruction, MarketError::CountOutOfBounds);
    }
}

#[test]
fn a_period_longer_than_a_bucket_is_refused() {
    let mut w = TestBuilder::ready();
    w.warp(BUCKET_SECONDS);
    let leaf = UptimeLeaf { provider: w.providers[0].account.to_bytes(), up: 1, total: 1 };
    let mut measured = Measured::new(&w, WitnessKind::Uptime, 1, &[leaf.encode().to_vec()]);
    measured.body.covers_from = w.now - BUCKET_SECONDS - 1;
    w.do_root(&measured);
    w.refused(w.record_uptime(&measured, 0, &leaf, 0), MarketError::MeasurementOutsidePeriod);
    let mut fits = Measured::new(&w, WitnessKind::Uptime, 2, &[leaf.encode().to_vec()]);
    fits.body.covers_from = w.now - BUCKET_SECONDS;
    w.do_root(&fits);
    w.ok(w.record_uptime(&fits, 0, &leaf, 0));
    const { assert!(limits::WITNESS_AGE_SECONDS_MAX > BUCKET_SECONDS) };
}

#[test]
fn measurements_are_no_openings_and_pass_while_paused() {
    let mut w = TestBuilder::ready();
    let (measured, leaves) = certified(&mut w, 1);
    w.ok(w.pause_openings(w.authority));
    w.ok(w.record_capability(&measured, 0, &leaves[0], 0));
}
