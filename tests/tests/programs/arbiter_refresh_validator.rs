use crate::laws::*;

#[test]
fn a_refresh_weighs_what_is_bonded_and_evicts_below_the_minimum() {
    let mut w = TestBuilder::ready();
    let identity = w.validators[1].identity;
    w.ok(w.unbond_stake(identity, 1));
    assert_eq!(w.roster().weights[1], 2 * LIMITS.stake_min, "until somebody reads it anew");
    w.ok(w.refresh_validator(identity));
    assert_eq!(w.roster().weights[1], 2 * LIMITS.stake_min - 1);
    w.ok(w.unbond_stake(identity, LIMITS.stake_min - 1));
    w.ok(w.refresh_validator(identity));
    assert_eq!((w.roster().count, w.roster().weights[1]), (5, LIMITS.stake_min), "the minimum is enough");
    // What is leaving is still slashable and no longer counts.
    w.ok(w.unbond_stake(identity, 1));
    w.ok(w.refresh_validator(identity));
    let roster = w.roster();
    assert_eq!(roster.count, 4);
    assert!(!roster.identities.contains(&identity.to_bytes()));
    assert_eq!(roster.identities[1], w.validators[4].identity.to_bytes());
    assert_eq!(w.stake(&identity).unbonding, LIMITS.stake_min + 1);
    w.refused(w.refresh_validator(identity), ArbiterError::NotRegistered);
    assert_eq!(w.set(1).count, 5, "frozen sets stay");
}

#[test]
fn a_stake_that_grew_weighs_more_and_a_strangers_nothing() {
    let mut w = TestBuilder::ready();
    let identity = w.validators[0].identity;
    w.fund(identity, w.stake_mint, 5);
    w.ok(w.deposit_stake(identity, 5));
    w.ok(w.refresh_validator(identity));
    assert_eq!(w.roster().weights[0], 2 * LIMITS.stake_min + 5);
    w.refused(w.refresh_validator(w.providers[0].owner), ArbiterError::NotRegistered);
    let copy = w.foreign_copy(address::stake(&identity));
    w.refused(swap(w.refresh_validator(identity), "refresh_validator", "stake", copy), OTHER_PROGRAM);
    let copy = w.foreign_copy(address::market_config());
    w.refused(swap(w.refresh_validator(identity), "refresh_validator", "market_config", copy), OTHER_PROGRAM);
}
