use crate::laws::*;
use proofmill_protocol::{appeal::CaseState, limits};

/// A rejected job of provider 0 whose slash waits.
fn rejected() -> (World, JobHandle, Address) {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_reject(&job, 0);
    let case = w.slash_case(&job);
    (w, job, case)
}

fn state(w: &World, case: &Address) -> CaseState {
    CaseState::from_code(w.case(case).state).unwrap()
}

#[test]
fn a_rejection_sets_exactly_the_lock_aside_and_says_when_it_is_due() {
    let (w, job, at) = rejected();
    let (case, stake, stored) = (w.case(&at), w.provider_stake(0), w.job(&job));
    assert_eq!((case.amount, case.remaining, case.bond, case.slashed), (100_000, 100_000, 0, 0));
    assert_eq!((case.opened_at, case.due_at), (w.now, w.now + LIMITS.appeal));
    assert_eq!((case.job, case.nonce, case.attempt, case.stake), (job.address, stored.nonce, 1, w.providers[0].stake));
    assert_eq!((case.receipt_hash, case.provider, case.tenant), (stored.receipt_hash, stored.provider, job.tenant));
    assert_eq!((case.kind, case.rent_payer), (0, w.crank));
    assert_eq!((stake.pending, stake.bonded, stake.locked), (100_000, LIMITS.staked - 100_000, 0));
    assert_eq!(w.tokens(&stake.vault), LIMITS.staked);
    assert_eq!(stored.slashed, 100_000);
}

/// What a re-execution for the appeal runs a task as.
#[test]
fn a_case_knows_the_place_of_its_task_when_job_and_array_are_gone() {
    for task in [0, 2] {
        let mut w = TestBuilder::ready();
        let array = w.do_post_array(0, market::ArrayTerms { attempts_max: 1, ..array_terms(1, 3) });
        let job = w.do_take(&array, task, 0);
        w.do_start(&job, 0);
        w.do_submit(&job, 0, 60);
        w.do_reject(&job, 0);
        let at = w.slash_case(&job);
        w.ok(w.claim_refund(&job));
        w.warp(limits::AUDIT_CLAIM_SECONDS + 1);
        w.ok(w.close_job(&job));
        w.ok(w.cancel_array(&array));
        w.ok(w.close_array(&array));
        assert!(w.is_closed(&job.address) && w.is_closed(&array.address));
        let case = w.case(&at);
        assert_eq!((case.task_index, case.tasks_total), (u32::from(task), 3));
    }
    let (w, _, at) = rejected();
    assert_eq!((w.case(&at).task_index, w.case(&at).tasks_total), (0, 0), "a job of its own has no place");
}

#[test]
fn a_rejection_needs_its_case_and_other_verdicts_do_not() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    w.do_attest_all(&job, 2, Opinion::Invalid, 1);
    w.ok(w.finalize_round(&job, 2));
    let honest = w.verify_proof(&job, 0);
    for missing in ["slash_case", "payer", "system_program"] {
        let mut without = swap(honest.clone(), "verify_proof", missing, market::ID);
        let at = slot("verify_proof", missing);
        (without.accounts[at].is_signer, without.accounts[at].is_writable) = (false, false);
        w.refused(without, MarketError::SlashCaseMissing);
    }
    let elsewhere = address::slash_case(&job.address, 2, w.job(&job).nonce);
    w.refused(swap(honest.clone(), "verify_proof", "slash_case", elsewhere), MarketError::SlashCaseMissing);
    w.ok(honest);
    let accepted = w.do_accepted(1, 1, 1);
    assert!(w.is_closed(&w.slash_case(&accepted)));
}

#[test]
fn a_slash_is_taken_after_its_delay_once() {
    for (wait, due) in [(LIMITS.appeal - 1, false), (LIMITS.appeal, true), (LIMITS.appeal + 1, true)] {
        let (mut w, job, case) = rejected();
        w.warp(wait);
        if !due {
            w.refused(w.apply_slash(case), MarketError::SlashNotDue);
            continue;
        }
        w.ok(w.apply_slash(case));
        let stake = w.provider_stake(0);
        assert_eq!((stake.pending, stake.slashed, stake.slashed_total), (0, 100_000, 100_000));
        assert_eq!(state(&w, &case), CaseState::Taken);
        w.refused(w.apply_slash(case), MarketError::SlashNotDue);
        w.refused(w.verify_proof(&job, 0), MarketError::JobSettled);
        w.ok(w.sweep_slashed(w.providers[0].owner));
        assert_eq!(w.tokens(&address::token_account(&w.treasury, &w.stake_mint)), 100_000);
    }
}

#[test]
fn a_clock_that_steps_back_makes_no_slash_due() {
    let (mut w, _, case) = rejected();
    w.warp(-LIMITS.appeal);
    w.refused(w.apply_slash(case), MarketError::SlashNotDue);
    w.warp(2 * LIMITS.appeal);
    w.ok(w.apply_slash(case));
}

/// Phantom bond: what is set aside backs no further job, does not unbond, is not withdrawn, whatever is tried.
#[test]
fn what_is_set_aside_is_neither_free_nor_withdrawable() {
    let (mut w, _, case) = rejected();
    let owner = w.providers[0].owner;
    w.refused(w.unbond_stake(owner, LIMITS.staked - 100_000 + 1), MarketError::FreeStakeTooSmall);
    w.ok(w.unbond_stake(owner, LIMITS.staked - 100_000));
    let job = w.do_post(1, 1);
    w.refused(w.match_job(&job, 0, 0), MarketError::FreeStakeTooSmall);
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    w.refused(w.withdraw_stake(owner), MarketError::NothingUnbonding);
    assert_eq!(w.tokens(&w.provider_stake(0).vault), 100_000);
    w.ok(w.apply_slash(case));
    w.ok(w.sweep_slashed(owner));
    assert_eq!(w.tokens(&w.provider_stake(0).vault), 0);
}

#[test]
fn what_a_window_does_not_take_waits_for_the_next_and_is_never_lost() {
    let mut w = TestBuilder::ready();
    w.do_govern(market::ConfigArgs { slash_cap_bps: 500, slash_window_seconds: 3_600, ..settings(&w) });
    // All but four locks' worth leaves, so that one lock is more than the cap.
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked - 1_000_000));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    w.do_keep_epoch();
    let job = w.do_submitted(0, 1, 0);
    w.do_reject(&job, 0);
    let case = w.slash_case(&job);
    w.warp(LIMITS.appeal);
    w.ok(w.apply_slash(case));
    assert_eq!((w.provider_stake(0).slashed, w.case(&case).remaining), (50_000, 50_000), "a twentieth");
    w.refused(w.apply_slash(case), MarketError::SlashCapReached);
    w.warp(3_599);
    w.refused(w.apply_slash(case), MarketError::SlashCapReached);
    w.refused(w.close_case(case), MarketError::CaseOpen);
    w.warp(1);
    // The next window counts from what is left of the stake.
    w.ok(w.apply_slash(case));
    assert_eq!((w.provider_stake(0).slashed, w.case(&case).remaining), (97_500, 2_500));
    w.warp(3_600);
    w.ok(w.apply_slash(case));
    assert_eq!((w.provider_stake(0).slashed, w.provider_stake(0).pending), (100_000, 0));
    assert_eq!(state(&w, &case), CaseState::Taken);
}

#[test]
fn two_slashes_of_one_window_share_its_cap() {
    let mut w = TestBuilder::ready();
    w.do_govern(market::ConfigArgs { slash_cap_bps: 500, ..settings(&w) });
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked - 3_000_000));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    w.do_keep_epoch();
    let (one, other) = (w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 0));
    w.do_reject(&one, 0);
    w.do_reject(&other, 0);
    w.do_slash(&one);
    w.do_slash(&other);
    assert_eq!(w.provider_stake(0).slashed, 150_000, "a twentieth of 3,000,000");
    assert_eq!((w.case(&w.slash_case(&one)).remaining, w.case(&w.slash_case(&other)).remaining), (0, 50_000));
}

#[test]
fn an_appeal_costs_a_bond_of_free_stake_and_stops_the_slash() {
    for (wait, appealed) in [(0, true), (LIMITS.appeal - 1, true), (LIMITS.appeal, false)] {
        let (mut w, _, case) = rejected();
        let owner = w.providers[0].owner;
        w.warp(wait);
        if !appealed {
            w.refused(w.appeal_slash(owner, case), MarketError::NotAppealable);
            continue;
        }
        w.ok(w.appeal_slash(owner, case));
        let stake = w.provider_stake(0);
        assert_eq!((stake.pending, stake.bonded), (110_000, LIMITS.staked - 110_000));
        assert_eq!((w.case(&case).bond, state(&w, &case)), (10_000, CaseState::Appealed));
        w.refused(w.appeal_slash(owner, case), MarketError::NotAppealable);
        w.warp(LIMITS.appeal);
        w.refused(w.apply_slash(case), MarketError::SlashNotDue);
    }
}

#[test]
fn only_the_owner_of_the_stake_appeals_and_with_free_stake() {
    let (mut w, _, case) = rejected();
    let owner = w.providers[0].owner;
    let honest = w.appeal_slash(owner, case);
    for stranger in [w.outsider, w.providers[0].operator, w.authority] {
        w.refused(swap(honest.clone(), "appeal_slash", "owner", stranger), MarketError::NotOwner);
    }
    // Another's stake, with its owner's signature.
    let mut others = w.appeal_slash(w.providers[1].owner, case);
    w.refused(others.clone(), MarketError::InvalidProvider);
    others.accounts[slot("appeal_slash", "slash_case")].pubkey = w.providers[1].stake;
    assert!(w.send(others).is_err());
    w.ok(w.unbond_stake(owner, LIMITS.staked - 100_000 - 9_999));
    w.refused(honest.clone(), MarketError::FreeStakeTooSmall);
    w.fund(owner, w.stake_mint, 1);
    w.ok(w.deposit_stake(owner, 1));
    w.ok(honest);
}

#[test]
fn a_second_quorum_that_says_invalid_upholds_and_takes_the_bond() {
    let (mut w, _, case) = rejected();
    let owner = w.providers[0].owner;
    w.ok(w.appeal_slash(owner, case));
    w.refused(w.resolve_appeal(case), MarketError::AppealUndecided);
    // Two validators are none, whatever the arbiter wrote.
    w.do_decide_appeal(&case, Opinion::Invalid, 2);
    w.refused(w.resolve_appeal(case), MarketError::AppealUndecided);
    w.do_decide_appeal(&case, Opinion::Invalid, 3);
    w.ok(w.resolve_appeal(case));
    assert_eq!(state(&w, &case), CaseState::Upheld);
    w.refused(w.resolve_appeal(case), MarketError::NotAppealed);
    // Due at once: the appeal was the delay.
    w.ok(w.apply_slash(case));
    let stake = w.provider_stake(0);
    assert_eq!((stake.slashed, stake.pending, stake.bonded), (110_000, 0, LIMITS.staked - 110_000));
    w.ok(w.sweep_slashed(owner));
    assert_eq!(w.tokens(&address::token_account(&w.treasury, &w.stake_mint)), 110_000);
}

#[test]
fn what_speaks_for_the_receipt_returns_everything() {
    // A quorum that finds it valid; or none at all, whose default stands on nobody.
    for (opinion, agreeing) in [(Opinion::Valid, 3), (Opinion::Inconclusive, 0), (Opinion::Inconclusive, 2)] {
        let (mut w, job, case) = rejected();
        w.ok(w.appeal_slash(w.providers[0].owner, case));
        w.do_decide_appeal(&case, opinion, agreeing);
        w.ok(w.resolve_appeal(case));
        let stake = w.provider_stake(0);
        assert_eq!((stake.slashed, stake.pending, stake.bonded, stake.slashed_total), (0, 0, LIMITS.staked, 0));
        assert_eq!(state(&w, &case), CaseState::Returned);
        w.warp(LIMITS.appeal);
        w.refused(w.apply_slash(case), MarketError::SlashNotDue);
        // What the tenant has back stays with it: the appeal is about the stake.
        assert_eq!(w.job(&job).refunded, 100_000);
    }
}

/// Whoever hides its outputs on appeal does not win by it.
#[test]
fn a_quorum_that_finds_nothing_for_the_receipt_upholds() {
    for opinion in [Opinion::Unavailable, Opinion::Inconclusive] {
        let (mut w, _, case) = rejected();
        w.ok(w.appeal_slash(w.providers[0].owner, case));
        w.do_decide_appeal(&case, opinion, 3);
        w.ok(w.resolve_appeal(case));
        assert_eq!(state(&w, &case), CaseState::Upheld);
        assert_eq!((w.provider_stake(0).pending, w.case(&case).remaining), (110_000, 110_000));
    }
}

#[test]
fn an_appeal_that_nobody_decides_is_won() {
    for (late, decided) in [(-1, false), (0, false), (1, true)] {
        let (mut w, _, case) = rejected();
        w.ok(w.appeal_slash(w.providers[0].owner, case));
        assert_eq!(w.case(&case).decide_by, w.now + limits::APPEAL_DECISION_SECONDS);
        w.warp(limits::APPEAL_DECISION_SECONDS + late);
        if decided {
            w.ok(w.resolve_appeal(case));
            assert_eq!((w.provider_stake(0).bonded, w.provider_stake(0).pending), (LIMITS.staked, 0));
        } else {
            w.refused(w.resolve_appeal(case), MarketError::AppealUndecided);
        }
    }
}

#[test]
fn a_foreign_verdict_decides_no_appeal() {
    let (mut w, job, case) = rejected();
    w.ok(w.appeal_slash(w.providers[0].owner, case));
    let at = address::appeal_verdict(&case);
    let first = address::verdict(&job.address, 1);
    w.refused(swap(w.resolve_appeal(case), "resolve_appeal", "verdict", first), OTHER_ADDRESS);
    w.do_decide_appeal(&case, Opinion::Valid, 5);
    let right = w.data(&at);
    // Another owner; then each field that binds it to this case, changed alone.
    w.put(at, w.outsider, right.clone());
    w.refused(w.resolve_appeal(case), MarketError::AppealUndecided);
    for field in [0, 8, 12, 24, 56, 88] {
        let mut wrong = right.clone();
        wrong[field] ^= 0x40;
        w.put(at, arbiter::ID, wrong);
        w.refused(w.resolve_appeal(case), MarketError::AppealUndecided);
    }
    let other = w.providers[1].stake;
    w.put(at, arbiter::ID, right);
    w.refused(swap(w.resolve_appeal(case), "resolve_appeal", "stake", other), MarketError::InvalidProvider);
    let elsewhere = swap(w.resolve_appeal(case), "resolve_appeal", "slash_case", job.address);
    w.refused(elsewhere, OTHER_TYPE);
    w.ok(w.resolve_appeal(case));
}

/// The case carries what an appeal is judged by: the tenant's exit does not wait for it.
#[test]
fn the_job_closes_while_its_slash_waits() {
    let (mut w, job, case) = rejected();
    let before = w.case(&case);
    w.ok(w.claim_refund(&job));
    w.warp(limits::AUDIT_CLAIM_SECONDS + 1);
    w.ok(w.close_job(&job));
    assert_eq!(w.case(&case).receipt_hash, before.receipt_hash);
    w.ok(w.apply_slash(case));
    assert_eq!(w.provider_stake(0).slashed, 100_000);
}

#[test]
fn a_case_closes_when_it_is_dealt_with_and_its_rent_returns() {
    let (mut w, job, case) = rejected();
    w.refused(w.close_case(case), MarketError::CaseOpen);
    w.do_slash(&job);
    let honest = w.close_case(case);
    w.refused(swap(honest.clone(), "close_case", "rent_payer", w.outsider), MarketError::NotOwner);
    let (rent, before) = (w.lamports(&case), w.lamports(&w.crank));
    w.crank_pays = false;
    w.ok(honest);
    assert!(w.is_closed(&case));
    assert!(w.lamports(&w.crank) + 10_000 > before + rent);
}
