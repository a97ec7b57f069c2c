use crate::laws::*;

const GROSS: u64 = 60_000;
const FEE: u64 = GROSS * 250 / 10_000;

#[test]
fn a_claim_pays_once_and_exactly() {
    let mut w = TestBuilder::ready();
    let (tenant, owner) = (w.tenants[0], w.providers[0].owner);
    let before = w.purse(&tenant);
    let job = w.do_accepted(0, 1, 0);
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.claim_refund(&job));
    assert_eq!(w.purse(&owner), GROSS - FEE);
    assert_eq!(w.purse(&tenant), before - GROSS);
    assert_eq!(w.tokens(&job.vault), FEE);
    w.refused(w.claim_reward(&job, 0), MarketError::AlreadyClaimed);
    w.refused(w.claim_refund(&job), MarketError::AlreadyClaimed);
    w.ok(w.sweep_fees(&job));
    w.refused(w.claim_reward(&job, 0), MarketError::AlreadyClaimed);
    w.warp(86_401);
    w.ok(w.close_job(&job));
    w.refused(w.claim_reward(&job, 0), NO_ACCOUNT);
    w.refused(w.claim_refund(&job), NO_ACCOUNT);
}

#[test]
fn nothing_is_claimed_before_the_settlement() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.refused(w.claim_refund(&job), MarketError::JobNotSettled);
    w.refused(w.claim_reward(&job, 0), MarketError::InvalidProvider);
    w.do_match(&job, 0);
    w.refused(w.claim_reward(&job, 0), MarketError::JobNotSettled);
    w.do_start(&job, 0);
    w.refused(w.claim_reward(&job, 0), MarketError::JobNotSettled);
    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Valid);
    w.refused(w.claim_reward(&job, 0), MarketError::JobNotSettled);
    w.refused(w.claim_refund(&job), MarketError::JobNotSettled);
}

#[test]
fn a_substituted_vault_fails() {
    let mut w = TestBuilder::ready();
    let (job, other) = (w.do_accepted(0, 1, 0), w.do_accepted(1, 1, 1));
    let budget = address::audit_budget(&job.mint);
    let stake_vault = address::stake_vault(&w.providers[0].stake);
    let own = address::token_account(&w.providers[0].owner, &job.mint);
    for vault in [other.vault, budget, stake_vault, own] {
        for (name, instruction) in [("claim_reward", w.claim_reward(&job, 0)), ("claim_refund", w.claim_refund(&job))] {
            // An account named twice is refused by the framework before its role is looked at.
            let twice = name == "claim_reward" && vault == own;
            let error = if twice { custom(2040) } else { custom(502) };
            w.refused(swap(instruction, name, "vault", vault), error);
        }
    }
    for (name, instruction) in [("claim_reward", w.claim_reward(&job, 0)), ("claim_refund", w.claim_refund(&job))] {
        let copy = w.foreign_copy(job.vault);
        w.refused(swap(instruction.clone(), name, "vault", copy), OTHER_PROGRAM);
        let copy = w.foreign_copy(job.address);
        w.refused(swap(instruction.clone(), name, "job", copy), OTHER_PROGRAM);
        w.refused(swap(instruction, name, "job", address::market_config()), NO_ACCOUNT);
    }
}

#[test]
fn the_money_goes_to_its_owner_whoever_pushes() {
    let mut w = TestBuilder::ready();
    let job = w.do_accepted(0, 1, 0);
    let mint = job.mint;
    w.fund(w.outsider, mint, 0);
    let thief = address::token_account(&w.outsider, &mint);
    let operator = w.fund(w.providers[0].operator, mint, 0);
    for destination in [thief, operator, address::token_account(&w.tenants[0], &mint)] {
        w.refused(swap(w.claim_reward(&job, 0), "claim_reward", "destination", destination), MarketError::NotOwner);
    }
    for destination in [thief, address::token_account(&w.providers[0].owner, &mint)] {
        w.refused(swap(w.claim_refund(&job), "claim_refund", "destination", destination), MarketError::NotTenant);
    }
    // Another provider does not collect, nor does an account of another mint.
    w.refused(w.claim_reward(&job, 1), MarketError::InvalidProvider);
    let other_mint = address::token_account(&w.providers[0].owner, &w.mints[1]);
    w.refused(swap(w.claim_reward(&job, 0), "claim_reward", "destination", other_mint), OTHER_TYPE);
    w.refused(swap(w.claim_reward(&job, 0), "claim_reward", "mint", w.mints[1]), MarketError::MintNotAllowed);
    w.refused(swap(w.claim_refund(&job), "claim_refund", "mint", w.mints[1]), MarketError::MintNotAllowed);
}

#[test]
fn rounding_favours_the_escrow() {
    let mut w = TestBuilder::ready();
    w.ok(w.publish_offer(0, w.mints[0], market::OfferArgs { price_per_second: 333, ..w.offer_args(2) }));
    let job = w.do_post(0, 1);
    w.ok(w.match_job(&job, 0, 2));
    w.do_start(&job, 0);
    w.warp(2);
    w.ok(w.submit_proof(&job, 0, claim(&w, &job, 0, 1_999)));
    w.seal_slots(2);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    let stored = w.job(&job);
    // 333 * 1.999 = 665.667 -> 665; 2.5 % of it = 16.6 -> 16.
    assert_eq!((stored.fee, stored.paid, stored.refunded), (16, 649, 100_000 - 665));
}

#[test]
fn a_part_of_zero_is_claimed_without_a_transfer() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.ok(w.decline_job(&job, 0));
    w.ok(w.claim_reward(&job, 0));
    w.refused(w.claim_reward(&job, 0), MarketError::AlreadyClaimed);
    assert_eq!(w.purse(&w.providers[0].owner), 0);
}
