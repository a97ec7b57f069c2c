use crate::laws::*;

#[test]
fn a_validator_needs_its_own_free_stake() {
    let mut w = TestBuilder::ready();
    let newcomer = w.outsider;
    w.do_stake(newcomer, LIMITS.stake_min - 1);
    w.refused(w.register_validator(newcomer, [1; 32]), ArbiterError::StakeTooSmall);
    w.fund(newcomer, w.stake_mint, 1);
    w.ok(w.deposit_stake(newcomer, 1));
    let anothers = swap(w.register_validator(newcomer, [1; 32]), "register_validator", "stake", w.providers[0].stake);
    w.refused(anothers, ArbiterError::StakeTooSmall);
    w.ok(w.register_validator(newcomer, [1; 32]));
    w.refused(w.register_validator(newcomer, [2; 32]), ArbiterError::AlreadyRegistered);
    assert_eq!(w.roster().count, 6);
}

#[test]
fn no_key_votes_twice() {
    let mut w = TestBuilder::ready();
    w.do_stake(w.outsider, LIMITS.stake_min);
    for key in [w.validators[0].vote_key(), w.validators[4].vote_key(), [0; 32]] {
        w.refused(w.register_validator(w.outsider, key), ArbiterError::VoteKeyTaken);
    }
}

#[test]
fn a_foreign_market_or_stake_does_not_count() {
    let mut w = TestBuilder::ready();
    w.do_stake(w.outsider, LIMITS.stake_min);
    let honest = w.register_validator(w.outsider, [1; 32]);
    let copy = w.foreign_copy(address::market_config());
    w.refused(swap(honest.clone(), "register_validator", "market_config", copy), OTHER_PROGRAM);
    let copy = w.foreign_copy(address::stake(&w.outsider));
    w.refused(swap(honest.clone(), "register_validator", "stake", copy), OTHER_PROGRAM);
    w.ok(honest);
}

#[test]
fn the_roster_holds_sixty_four() {
    let mut w = TestBuilder::ready();
    let mut roster = w.roster();
    roster.count = 64;
    for seat in 5..64 {
        roster.identities[seat] = [seat as u8; 32];
        roster.vote_keys[seat] = [seat as u8; 32];
    }
    w.put(address::roster(), arbiter::ID, roster.encode());
    w.do_stake(w.outsider, LIMITS.stake_min);
    w.refused(w.register_validator(w.outsider, [200; 32]), ArbiterError::RosterFull);
    w.ok(w.retire_validator(w.validators[2].identity));
    w.ok(w.register_validator(w.outsider, [200; 32]));
    assert_eq!(w.roster().count, 64);
}

#[test]
fn a_validator_retires_itself_and_once() {
    let mut w = TestBuilder::ready();
    w.refused(w.retire_validator(w.outsider), ArbiterError::NotRegistered);
    w.ok(w.retire_validator(w.validators[1].identity));
    w.refused(w.retire_validator(w.validators[1].identity), ArbiterError::NotRegistered);
    let roster = w.roster();
    assert_eq!(roster.count, 4);
    assert_eq!(roster.identities[1], w.validators[4].identity.to_bytes());
    assert_eq!(roster.identities[4], [0; 32]);
    // The frozen set still counts it.
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Valid);
}
