use crate::laws::*;

#[test]
fn epochs_follow_one_another_when_the_present_one_has_ended() {
    for (after, ends) in [(299, false), (300, true)] {
        let mut w = TestBuilder::ready();
        w.refused(w.freeze_set(3), ArbiterError::EpochOutOfOrder);
        w.refused(w.freeze_set(0), ArbiterError::EpochOutOfOrder);
        w.warp(after);
        if ends {
            w.ok(w.freeze_set(2));
            assert_eq!(w.epoch(), 2);
            w.refused(w.freeze_set(3), ArbiterError::EpochNotOver);
        } else {
            w.refused(w.freeze_set(2), ArbiterError::EpochNotOver);
        }
    }
}

#[test]
fn a_set_smaller_than_a_committee_is_not_frozen() {
    let mut w = TestBuilder::ready();
    w.ok(w.retire_validator(w.validators[0].identity));
    w.warp(300);
    w.refused(w.freeze_set(2), ArbiterError::CommitteeTooSmall);
}

#[test]
fn a_frozen_set_does_not_change() {
    let mut w = TestBuilder::ready();
    let at = address::validator_set(1);
    let before = w.data(&at);
    w.do_stake(w.outsider, LIMITS.stake_min);
    w.ok(w.register_validator(w.outsider, [1; 32]));
    assert_eq!(w.data(&at), before);
}
