//! A root of measurements exists once more than two thirds of the frozen set have signed it, and once only.

use crate::laws::*;
use proofmill_protocol::{
    ids::Domain,
    limits,
    witness::{CapabilityLeaf, RewardLeaf, WitnessBody, WitnessKind, WitnessRecord},
};

fn certificates(w: &World, sequence: u32) -> Measured {
    let leaves: Vec<CapabilityLeaf> = (0..3).map(|provider| w.capability_leaf(provider)).collect();
    Measured::capabilities(w, sequence, &leaves)
}

fn altered(measured: &Measured, body: WitnessBody) -> Measured {
    Measured { body, ..measured.clone() }
}

#[test]
fn four_of_five_finalize_and_three_do_not() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    w.ok(w.open_root_ballot(&measured));
    w.refused(w.finalize_root(&measured), ArbiterError::SupermajorityMissing);
    w.ok(w.sign_root(&measured, &[4]));
    w.ok(w.sign_root(&measured, &[0, 2]));
    w.refused(w.finalize_root(&measured), ArbiterError::SupermajorityMissing);
    w.ok(w.sign_root(&measured, &[1]));
    w.ok(w.finalize_root(&measured));
    let record = WitnessRecord::decode(&w.data(&measured.account())).unwrap();
    assert_eq!(
        record,
        WitnessRecord {
            kind: WitnessKind::Capability,
            epoch: w.epoch(),
            sequence: 1,
            leaves: 3,
            weight_total: 0,
            covers_from: measured.body.covers_from,
            covers_until: measured.body.covers_until,
            finalized_at: w.now,
            root: measured.body.root,
        }
    );
}

#[test]
fn a_validator_counts_once() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    w.ok(w.open_root_ballot(&measured));
    w.refused(w.sign_root(&measured, &[1, 1, 1, 1]), ArbiterError::AlreadySigned);
    w.ok(w.sign_root(&measured, &[1]));
    w.refused(w.sign_root(&measured, &[1]), ArbiterError::AlreadySigned);
    w.refused(w.sign_root(&measured, &[0, 1]), ArbiterError::AlreadySigned);
    w.refused(w.finalize_root(&measured), ArbiterError::SupermajorityMissing);
}

#[test]
fn no_signature_too_many_and_no_such_seat_are_refused() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    w.ok(w.open_root_ballot(&measured));
    w.refused(w.sign_root(&measured, &[]), ArbiterError::SignaturesMissing);
    let one = w.seat_signature(&measured, 0);
    w.refused(w.sign_root_with(&measured, vec![one; limits::ROOT_SIGNATURES_MAX + 1]), ArbiterError::SignaturesTooMany);
    for seat in [5, 63, 64, 255] {
        w.refused(w.sign_root_with(&measured, vec![arbiter::SeatSignature { seat, ..one }]), ArbiterError::NoSuchSeat);
    }
}

/// Every field of what is signed, changed alone: a signature on anything else does not count.
#[test]
fn a_signature_on_anything_else_does_not_verify() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    w.ok(w.open_root_ballot(&measured));
    let body = measured.body;
    let others = [
        WitnessBody { domain: Domain([0; 32]), ..body },
        WitnessBody { kind: WitnessKind::Uptime, ..body },
        WitnessBody { epoch: body.epoch + 1, ..body },
        WitnessBody { sequence: 2, ..body },
        WitnessBody { leaves: 4, ..body },
        WitnessBody { weight_total: 1, ..body },
        WitnessBody { covers_from: body.covers_from - 1, ..body },
        WitnessBody { covers_until: body.covers_until - 1, ..body },
        WitnessBody { root: [7; 32], ..body },
    ];
    for other in others {
        let wrong = w.seat_signature(&altered(&measured, other), 0);
        w.refused(w.sign_root_with(&measured, vec![wrong]), ArbiterError::SignatureInvalid);
    }
    let of_another = arbiter::SeatSignature { seat: 1, ..w.seat_signature(&measured, 0) };
    w.refused(w.sign_root_with(&measured, vec![of_another]), ArbiterError::SignatureInvalid);
}

#[test]
fn a_proposal_outside_the_bounds_is_refused() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    let body = measured.body;
    let old = w.now - limits::WITNESS_AGE_SECONDS_MAX;
    let cases = [
        (WitnessBody { leaves: 0, ..body }, ArbiterError::LeavesOutOfBounds),
        (WitnessBody { leaves: (1 << 20) + 1, ..body }, ArbiterError::LeavesOutOfBounds),
        (WitnessBody { covers_until: w.now + 1, ..body }, ArbiterError::PeriodInvalid),
        (WitnessBody { covers_from: body.covers_until, ..body }, ArbiterError::PeriodInvalid),
        (WitnessBody { covers_from: old - 1, ..body }, ArbiterError::PeriodInvalid),
        (WitnessBody { weight_total: 1, ..body }, ArbiterError::WeightInvalid),
        (WitnessBody { kind: WitnessKind::Rewards, ..body }, ArbiterError::WeightInvalid),
    ];
    for (body, error) in cases {
        w.refused(w.open_root_ballot(&altered(&measured, body)), error);
    }
    w.ok(w.open_root_ballot(&altered(&measured, WitnessBody { covers_from: old, ..body })));
    // The ballot is named by what is signed: another digest would let signatures count for something else.
    let elsewhere = altered(&measured, WitnessBody { sequence: 9, ..body });
    let mut named = w.open_root_ballot(&measured);
    let other = w.open_root_ballot(&elsewhere);
    named.data[8..40].copy_from_slice(&other.data[8..40]);
    w.refused(swap(named, "open_root_ballot", "ballot", other.accounts[3].pubkey), ArbiterError::DigestDiffers);
    let mut unknown = w.open_root_ballot(&measured);
    unknown.data[40] = 9;
    w.refused(unknown, ArbiterError::WitnessKindUnknown);
}

#[test]
fn one_kind_epoch_and_sequence_has_one_root() {
    let mut w = TestBuilder::ready();
    let first = certificates(&w, 1);
    w.do_root(&first);
    let second = Measured::capabilities(&w, 1, &[w.capability_leaf(0)]);
    w.ok(w.open_root_ballot(&second));
    w.ok(w.sign_root(&second, &[0, 1, 2, 3]));
    let refused = w.send(w.finalize_root(&second));
    assert!(refused.is_err(), "a second root for the same place");
    assert_eq!(WitnessRecord::decode(&w.data(&first.account())).unwrap().root, first.body.root);
    // Another sequence is another place.
    w.do_root(&certificates(&w, 2));
}

#[test]
fn only_the_present_set_opens_and_only_the_ballots_set_signs() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    w.ok(w.open_root_ballot(&measured));
    w.do_next_epoch();
    w.refused(
        swap(w.sign_root(&measured, &[0]), "sign_root", "validator_set", address::validator_set(2)),
        ArbiterError::SetNotCurrent,
    );
    // What was opened in time may still be signed by its own set.
    w.ok(w.sign_root(&measured, &[0, 1, 2, 3]));
    w.ok(w.finalize_root(&measured));
    let late = altered(&measured, WitnessBody { sequence: 2, ..measured.body });
    w.refused(w.open_root_ballot(&late), ArbiterError::SetNotCurrent);
}

#[test]
fn a_ballot_ends_and_returns_its_rent() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    let before = w.lamports(&w.crank);
    w.ok(w.open_root_ballot(&measured));
    w.ok(w.sign_root(&measured, &[0, 1, 2, 3]));
    w.warp(limits::ROOT_BALLOT_SECONDS);
    w.refused(w.close_root_ballot(&measured), ArbiterError::BallotStillOpen);
    w.warp(1);
    w.refused(w.finalize_root(&measured), ArbiterError::BallotOver);
    let fees = before - w.lamports(&w.crank) - w.lamports(&address::root_ballot(&measured.digest()));
    w.ok(w.close_root_ballot(&measured));
    assert_eq!(w.lamports(&w.crank), before - fees - 5_000);
    assert!(w.is_closed(&address::root_ballot(&measured.digest())));
}

#[test]
fn a_root_stays_while_somebody_may_need_it() {
    let mut w = TestBuilder::ready();
    let measured = certificates(&w, 1);
    w.do_root(&measured);
    w.warp(limits::WITNESS_ROOT_SECONDS);
    w.do_next_epoch();
    w.refused(w.close_witness_root(&measured), ArbiterError::RootStillNeeded);
    w.warp(1);
    w.ok(w.close_witness_root(&measured));
    assert!(w.is_closed(&measured.account()));
    // Its ballot is over: the address cannot be filled again with what an old set signed.
    w.refused(w.finalize_root(&measured), ArbiterError::BallotOver);
}

#[test]
fn rewards_carry_the_sum_of_their_weights() {
    let mut w = TestBuilder::ready();
    let leaves: Vec<RewardLeaf> =
        w.providers.iter().map(|party| RewardLeaf { provider: party.account.to_bytes(), weight: 7 }).collect();
    let measured = Measured::rewards(&w, 1, &leaves);
    w.do_root(&measured);
    assert_eq!(WitnessRecord::decode(&w.data(&measured.account())).unwrap().weight_total, 21);
}
