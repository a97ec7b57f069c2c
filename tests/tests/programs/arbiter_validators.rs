use crate::laws::*;

const DELEGATE: Address = Address::new_from_array([77; 32]);

#[test]
fn a_validator_needs_its_own_free_stake() {
    let mut w = TestBuilder::ready();
    let newcomer = w.outsider;
    w.do_stake(newcomer, LIMITS.stake_min - 1);
    w.refused(w.register_validator(newcomer, public_key("vote"), DELEGATE), ArbiterError::StakeTooSmall);
    w.fund(newcomer, w.stake_mint, 1);
    w.ok(w.deposit_stake(newcomer, 1));
    let anothers = swap(
        w.register_validator(newcomer, public_key("vote"), DELEGATE),
        "register_validator",
        "stake",
        w.providers[0].stake,
    );
    w.refused(anothers, ArbiterError::StakeTooSmall);
    let nobody = w.register_validator(newcomer, public_key("vote"), Address::default());
    w.refused(nobody, ArbiterError::DelegateInvalid);
    w.ok(w.register_validator(newcomer, public_key("vote"), DELEGATE));
    let roster = w.roster();
    assert_eq!((roster.delegates[5], roster.weights[5]), (DELEGATE.to_bytes(), LIMITS.stake_min));
    w.refused(w.register_validator(newcomer, public_key("other vote"), DELEGATE), ArbiterError::AlreadyRegistered);
    assert_eq!(w.roster().count, 6);
}

#[test]
fn no_key_votes_twice() {
    let mut w = TestBuilder::ready();
    w.do_stake(w.outsider, LIMITS.stake_min);
    for key in [w.validators[0].vote_key(), w.validators[4].vote_key()] {
        w.refused(w.register_validator(w.outsider, key, DELEGATE), ArbiterError::VoteKeyTaken);
    }
}

#[test]
fn a_foreign_market_or_stake_does_not_count() {
    let mut w = TestBuilder::ready();
    w.do_stake(w.outsider, LIMITS.stake_min);
    let honest = w.register_validator(w.outsider, public_key("vote"), DELEGATE);
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
    w.refused(w.register_validator(w.outsider, public_key("vote"), DELEGATE), ArbiterError::RosterFull);
    w.ok(w.retire_validator(w.validators[2].identity));
    w.ok(w.register_validator(w.outsider, public_key("vote"), DELEGATE));
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
    assert_eq!(roster.vote_keys[1], w.validators[4].vote_key());
    assert_eq!(roster.delegates[1], w.validators[4].delegate.to_bytes());
    assert_eq!((roster.identities[4], roster.vote_keys[4], roster.delegates[4]), ([0; 32], [0; 32], [0; 32]));
    assert_eq!((roster.weights[1], roster.weights[4]), (2 * LIMITS.stake_min, 0));
    // The frozen set still counts it.
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Valid);
}

#[test]
fn a_delegate_says_where_its_validator_is_reached() {
    let mut w = TestBuilder::ready();
    let party = w.validators[2].clone();
    for stranger in [w.outsider, party.identity, w.validators[1].delegate] {
        w.refused(w.announce_validator(party.identity, stranger, 7), ArbiterError::NotDelegate);
    }
    w.refused(w.announce_validator(w.outsider, party.delegate, 7), ArbiterError::NotRegistered);
    w.ok(w.announce_validator(party.identity, party.delegate, 0x0102));
    let mut endpoint = [1u8; 18];
    endpoint[16..].copy_from_slice(&[2, 1]);
    assert_eq!(w.roster().endpoints[2], endpoint);
    assert_eq!(w.roster().endpoints[1], [0; 18]);
}
