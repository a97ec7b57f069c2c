use crate::laws::*;

#[test]
fn epochs_follow_one_another_when_the_present_one_has_ended() {
    for (after, ends) in [(299, false), (300, true)] {
        let mut w = TestBuilder::ready();
        assert_eq!((w.epoch(), w.arbiter_config().frozen_epoch), (1, 2));
        for other in [0, 1, 2, 4] {
            assert!(w.send(w.freeze_set(other)).is_err());
        }
        w.refused(w.freeze_set(4), ArbiterError::EpochOutOfOrder);
        w.refused(w.freeze_set(0), ArbiterError::EpochOutOfOrder);
        w.warp(after);
        if ends {
            w.ok(w.freeze_set(3));
            assert_eq!((w.epoch(), w.arbiter_config().frozen_epoch), (2, 3));
            w.refused(w.freeze_set(4), ArbiterError::EpochNotOver);
        } else {
            w.refused(w.freeze_set(3), ArbiterError::EpochNotOver);
        }
    }
}

/// Whoever sees a job coming and registers for it counts neither in the epoch that runs nor in the one after it.
#[test]
fn whoever_registers_in_an_epoch_counts_from_the_one_after_next() {
    let mut w = TestBuilder::ready();
    let newcomer = w.do_newcomers(1)[0].to_bytes();
    let counts = |w: &World, epoch| w.set(epoch).identities.contains(&newcomer);
    assert!(!counts(&w, 1) && !counts(&w, 2));
    w.do_next_epoch();
    assert_eq!(w.epoch(), 2);
    assert!(!counts(&w, 2), "the epoch after the registration draws without it");
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    assert!((0..5).all(|seat| w.seated(&job, 1, seat).identity.to_bytes() != newcomer));
    assert!(counts(&w, 3));
    w.do_next_epoch();
    assert_eq!((w.epoch(), w.set(3).count), (3, 6));
    // Also at the very last moment of an epoch.
    let mut late = TestBuilder::ready();
    late.warp(LIMITS.epoch);
    let newcomer = late.do_newcomers(1)[0].to_bytes();
    late.ok(late.freeze_set(3));
    assert!(!late.set(2).identities.contains(&newcomer), "the set that begins was frozen an epoch ago");
}

#[test]
fn a_set_smaller_than_a_committee_is_not_frozen() {
    let mut w = TestBuilder::ready();
    w.ok(w.retire_validator(w.validators[0].identity));
    w.warp(300);
    w.refused(w.freeze_set(3), ArbiterError::CommitteeTooSmall);
}

/// T33: whatever happens to the roster, a round counts as it was opened.
#[test]
fn a_frozen_set_does_not_change() {
    let mut w = TestBuilder::ready();
    let (present, next) = (address::validator_set(1), address::validator_set(2));
    let before = (w.data(&present), w.data(&next));
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    let opened = w.round(&job, 1);
    w.do_newcomers(3);
    w.ok(w.retire_validator(w.validators[0].identity));
    w.ok(w.unbond_stake(w.validators[1].identity, 2 * LIMITS.stake_min));
    w.ok(w.refresh_validator(w.validators[1].identity));
    assert_eq!((w.data(&present), w.data(&next)), before);
    w.do_attest_all(&job, 1, Opinion::Valid, 0);
    let round = w.round(&job, 1);
    assert_eq!((round.seats, round.threshold, round.reveals_min), (opened.seats, opened.threshold, opened.reveals_min));
    w.ok(w.finalize_round(&job, 1));
    assert_eq!(w.verdict(&job).agreeing, 5);
}

#[test]
fn weights_are_stakes_capped_at_the_freeze() {
    let mut w = TestBuilder::ready();
    w.do_newcomers(7);
    let whale = w.validators[0].identity;
    w.fund(whale, w.stake_mint, 1_000_000_000);
    w.ok(w.deposit_stake(whale, 1_000_000_000));
    w.ok(w.refresh_validator(whale));
    assert_eq!(w.roster().weights[0], 1_002_000_000);
    w.do_next_epoch();
    let set = w.set(3);
    let weights = &set.weights[..12];
    let total: u64 = weights.iter().sum();
    assert!(weights.iter().all(|weight| *weight > 0 && *weight * 10 <= total), "{weights:?}");
    assert!(weights[1..].iter().all(|weight| *weight <= weights[0]));
    assert_eq!(set.weights[12], 0);
}

/// The stakes behind a set that nobody replaced may have left.
#[test]
fn an_epoch_that_nobody_ends_draws_no_more_committees() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let started_at = w.arbiter_config().epoch_started_at;
    for (after, draws) in [(2 * LIMITS.epoch, true), (2 * LIMITS.epoch + 1, false)] {
        let mut w = w.clone();
        w.warp_to(started_at + after);
        w.slot = w.job(&job).receipt_slot;
        w.seal_slots(2);
        if draws {
            w.ok(w.open_round(&job, 0));
        } else {
            w.refused(w.open_round(&job, 0), ArbiterError::SetStale);
            w.do_weigh();
            w.ok(w.freeze_set(3));
            w.ok(w.open_round(&job, 0));
        }
    }
}

/// One stake does not fill the roster: the same tokens, taken out and put in again under another name, leave the first
/// name behind.
#[test]
fn whoever_was_not_weighed_lately_is_not_frozen() {
    for (age, counts) in [(2 * LIMITS.epoch, true), (2 * LIMITS.epoch + 1, false)] {
        let mut w = TestBuilder::ready();
        let newcomer = w.do_newcomers(1)[0];
        w.warp(age);
        for place in 0..5 {
            w.ok(w.refresh_validator(w.validators[place].identity));
        }
        w.ok(w.freeze_set(3));
        let set = w.set(3);
        assert_eq!(set.identities.contains(&newcomer.to_bytes()), counts);
        assert_eq!(set.count, if counts { 6 } else { 5 });
    }
    // A gap in the middle closes up, key by key.
    let mut w = TestBuilder::ready();
    w.do_newcomers(1);
    w.warp(2 * LIMITS.epoch + 1);
    for place in [0, 2, 3, 4, 5] {
        w.ok(w.refresh_validator(w.validators[place].identity));
    }
    w.ok(w.freeze_set(3));
    let set = w.set(3);
    for (seat, place) in [0, 2, 3, 4, 5].into_iter().enumerate() {
        let party = &w.validators[place];
        assert_eq!(set.identities[seat], party.identity.to_bytes());
        assert_eq!((set.vote_keys[seat], set.delegates[seat]), (party.vote_key(), party.delegate.to_bytes()));
        assert!(set.weights[seat] > 0);
    }
    assert_eq!((set.identities[5], set.vote_keys[5], set.weights[5]), ([0; 32], [0; 32], 0));
    // Too few that were weighed are no set.
    let mut w = TestBuilder::ready();
    w.warp(2 * LIMITS.epoch + 1);
    w.refused(w.freeze_set(3), ArbiterError::CommitteeTooSmall);
    w.do_weigh();
    w.ok(w.freeze_set(3));
}

#[test]
fn an_old_set_closes_and_pays_who_paid() {
    let mut w = TestBuilder::ready();
    for _ in 0..8 {
        w.refused(w.close_set(1), ArbiterError::SetNeeded);
        w.do_next_epoch();
    }
    w.refused(w.close_set(1), ArbiterError::SetNeeded);
    w.do_next_epoch();
    w.refused(w.close_set(2), ArbiterError::SetNeeded);
    w.refused(swap(w.close_set(1), "close_set", "rent_payer", w.outsider), ArbiterError::NotRentPayer);
    let (at, before) = (address::validator_set(1), w.lamports(&w.crank));
    let rent = w.lamports(&at);
    w.ok(w.close_set(1));
    assert!(w.is_closed(&at));
    assert_eq!(w.lamports(&w.crank), before + rent - 5_000);
    // An epoch is never frozen twice.
    w.refused(w.freeze_set(1), ArbiterError::EpochOutOfOrder);
}
