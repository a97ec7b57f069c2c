use crate::laws::*;

#[test]
fn a_deposit_bonds_and_anyone_may_add() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.fund(owner, w.stake_mint, 10);
    w.ok(w.deposit_stake(owner, 10));
    w.fund(w.outsider, w.stake_mint, 5);
    let mut gift = w.deposit_stake(owner, 5);
    gift.accounts[slot("deposit_stake", "depositor")].pubkey = w.outsider;
    gift.accounts[slot("deposit_stake", "source")].pubkey = address::token_account(&w.outsider, &w.stake_mint);
    w.ok(gift);
    assert_eq!(w.provider_stake(0).bonded, LIMITS.staked + 15);
    // More than there is, and somebody else's tokens.
    w.refused(w.deposit_stake(owner, 1), 1);
    let anothers = w.fund(w.tenants[0], w.stake_mint, 100);
    w.refused(swap(w.deposit_stake(owner, 1), "deposit_stake", "source", anothers), OTHER_TYPE);
}

#[test]
fn a_deposit_goes_into_the_stakes_own_vault_and_mint() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.fund(owner, w.stake_mint, 10);
    let elsewhere = address::stake_vault(&w.providers[1].stake);
    let honest = w.deposit_stake(owner, 10);
    w.refused(swap(honest.clone(), "deposit_stake", "vault", elsewhere), MarketError::InvalidProvider);
    w.refused(swap(honest, "deposit_stake", "mint", w.mints[0]), MarketError::StakeMintDiffers);
    w.ok(w.deposit_stake(owner, 0));
}

#[test]
fn a_balance_beyond_64_bits_is_refused() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.fund(owner, w.stake_mint, u64::MAX);
    w.refused(w.deposit_stake(owner, u64::MAX), MarketError::AmountOverflow);
    w.refused(w.unbond_stake(owner, u64::MAX), MarketError::FreeStakeTooSmall);
}

#[test]
fn one_stake_per_owner_in_the_configured_mint() {
    let mut w = TestBuilder::ready();
    assert!(w.send(w.open_stake(w.providers[0].owner)).is_err());
    let honest = w.open_stake(w.outsider);
    w.refused(swap(honest.clone(), "open_stake", "mint", w.mints[0]), MarketError::StakeMintDiffers);
    w.ok(honest);
    assert_eq!(w.stake(&w.outsider).bonded, 0);
}

#[test]
fn unbonding_takes_its_time() {
    for (wait, pays) in [(3_599, false), (3_600, true), (3_601, true)] {
        let mut w = TestBuilder::ready();
        let owner = w.providers[0].owner;
        w.refused(w.withdraw_stake(owner), MarketError::NothingUnbonding);
        w.ok(w.unbond_stake(owner, 7));
        w.warp(wait);
        if pays {
            w.ok(w.withdraw_stake(owner));
            assert_eq!(w.tokens(&address::token_account(&owner, &w.stake_mint)), 7);
            w.refused(w.withdraw_stake(owner), MarketError::NothingUnbonding);
        } else {
            w.refused(w.withdraw_stake(owner), MarketError::StillUnbonding);
        }
    }
}

#[test]
fn a_later_unbonding_restarts_the_wait() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, 7));
    w.warp(3_599);
    w.ok(w.unbond_stake(owner, 1));
    w.warp(1);
    w.refused(w.withdraw_stake(owner), MarketError::StillUnbonding);
    w.warp(3_599);
    w.ok(w.withdraw_stake(owner));
    assert_eq!(w.tokens(&address::token_account(&owner, &w.stake_mint)), 8);
}

#[test]
fn locked_stake_does_not_leave() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    let job = w.do_run(0, 1, 0);
    w.refused(w.unbond_stake(owner, LIMITS.staked - 100_000 + 1), MarketError::FreeStakeTooSmall);
    w.ok(w.unbond_stake(owner, LIMITS.staked - 100_000));
    w.refused(w.unbond_stake(owner, 1), MarketError::FreeStakeTooSmall);
    w.ok(w.decline_job(&job, 0));
    w.ok(w.unbond_stake(owner, 100_000));
}

#[test]
fn only_the_owner_takes_out() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, 7));
    w.warp(3_600);
    for stranger in [w.outsider, w.providers[0].operator, w.authority] {
        w.refused(swap(w.unbond_stake(owner, 1), "unbond_stake", "owner", stranger), MarketError::NotOwner);
        w.refused(swap(w.withdraw_stake(owner), "withdraw_stake", "owner", stranger), MarketError::NotOwner);
    }
    let elsewhere = address::stake_vault(&w.providers[1].stake);
    w.refused(swap(w.withdraw_stake(owner), "withdraw_stake", "vault", elsewhere), MarketError::InvalidProvider);
    w.refused(swap(w.withdraw_stake(owner), "withdraw_stake", "mint", w.mints[0]), MarketError::StakeMintDiffers);
}

#[test]
fn slashed_stake_is_swept_to_the_treasury_once() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    w.refused(w.sweep_slashed(owner), MarketError::NothingToSweep);
    let job = w.do_submitted(0, 1, 0);
    w.do_reject(&job, 0);
    w.refused(w.sweep_slashed(owner), MarketError::NothingToSweep);
    w.do_slash(&job);
    let thief = w.fund(w.outsider, w.stake_mint, 0);
    w.refused(swap(w.sweep_slashed(owner), "sweep_slashed", "treasury", thief), MarketError::NotAuthority);
    let elsewhere = address::stake_vault(&w.providers[1].stake);
    w.refused(swap(w.sweep_slashed(owner), "sweep_slashed", "vault", elsewhere), MarketError::InvalidProvider);
    w.ok(w.sweep_slashed(owner));
    assert_eq!(w.tokens(&address::token_account(&w.treasury, &w.stake_mint)), 100_000);
    let stake = w.provider_stake(0);
    assert_eq!((stake.slashed, stake.slashed_total), (0, 100_000));
    assert_eq!(w.tokens(&stake.vault), stake.bonded);
    w.refused(w.sweep_slashed(owner), MarketError::NothingToSweep);
}

#[test]
fn unbonding_does_not_escape_a_slash() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    let job = w.do_submitted(0, 1, 0);
    w.ok(w.unbond_stake(owner, LIMITS.staked - 100_000));
    w.do_reject(&job, 0);
    let stake = w.provider_stake(0);
    assert_eq!((stake.pending, stake.bonded, stake.unbonding), (100_000, 0, LIMITS.staked - 100_000));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    w.do_slash(&job);
    let stake = w.provider_stake(0);
    assert_eq!((stake.slashed, stake.pending, stake.bonded, stake.unbonding), (100_000, 0, 0, 0));
    assert_eq!(w.tokens(&stake.vault), 100_000);
}
