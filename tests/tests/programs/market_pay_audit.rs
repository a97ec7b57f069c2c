use crate::laws::*;

/// An accepted job, its re-executor, and a budget that can pay.
fn owed(w: &mut World) -> (JobHandle, usize) {
    let job = w.do_accepted(0, 1, 0);
    let executor = w.provider_at(&w.round(&job, 1).executor);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    (job, executor)
}

#[test]
fn a_confirmed_re_executor_is_paid_once() {
    let mut w = TestBuilder::ready();
    let (job, executor) = owed(&mut w);
    w.ok(w.pay_audit(&job, 0, executor));
    assert_eq!(w.purse(&w.providers[executor].owner), 50_000);
    assert_eq!(w.tokens(&address::audit_budget(&job.mint)), 950_000);
    w.refused(w.pay_audit(&job, 0, executor), MarketError::AuditNotDue);
    w.refused(w.pay_audit(&job, 1, executor), MarketError::AuditNotDue);
    w.refused(w.pay_audit(&job, 3, executor), MarketError::CountOutOfBounds);
    w.refused(w.pay_audit(&job, 255, executor), MarketError::CountOutOfBounds);
}

#[test]
fn a_re_execution_is_paid_for_a_bounded_time() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.ok(w.submit_reexecution(&job, 1, u64::MAX));
    w.do_attest_all(&job, 1, Opinion::Valid, 1);
    w.ok(w.finalize_round(&job, 1));
    w.ok(w.verify_proof(&job, 0));
    let executor = w.provider_at(&w.round(&job, 1).executor);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    w.ok(w.pay_audit(&job, 0, executor));
    assert_eq!(w.purse(&w.providers[executor].owner), 60_000, "never more than the first run grossed");
}

/// A ring of tenant, provider and re-executor names any price it likes; what the budget pays for a second is governance's.
#[test]
fn an_inflated_price_draws_no_more_than_the_ceiling() {
    for (ceiling, paid) in [(1_001, 50_000), (1_000, 50_000), (999, 49_950), (1, 50), (0, 0)] {
        let mut w = TestBuilder::ready();
        let (job, executor) = owed(&mut w);
        assert_eq!(w.job(&job).price_per_second, 1_000);
        let args = market::MintRuleArgs { audit_price_max: ceiling, ..w.mint_rule_args() };
        w.do_govern_mint(job.mint, args);
        w.ok(w.pay_audit(&job, 0, executor));
        assert_eq!(w.purse(&w.providers[executor].owner), paid, "at most {ceiling}");
        assert_eq!(w.tokens(&address::audit_budget(&job.mint)), 1_000_000 - paid);
    }
}

#[test]
fn a_job_that_cost_nothing_draws_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.ok(w.submit_proof(&job, 0, claim(&w, &job, 0, 0)));
    w.seal_slots(2);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    let executor = w.provider_at(&w.round(&job, 1).executor);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    w.ok(w.pay_audit(&job, 0, executor));
    assert_eq!(w.tokens(&address::audit_budget(&job.mint)), 1_000_000);
}

#[test]
fn a_forged_receipt_pays_both_who_proved_it() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_escalate(&job, 0);
    w.do_reexecute(&job, 2);
    w.do_attest_all(&job, 2, Opinion::Invalid, 3);
    w.ok(w.finalize_round(&job, 2));
    w.ok(w.verify_proof(&job, 0));
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    for index in [1, 2] {
        let executor = w.provider_at(&w.round(&job, index).executor);
        w.ok(w.pay_audit(&job, index - 1, executor));
        assert_eq!(w.purse(&w.providers[executor].owner), 50_000);
    }
    w.refused(w.pay_audit(&job, 1, 1), MarketError::AuditNotDue);
}

#[test]
fn the_budget_pays_what_it_has() {
    let mut w = TestBuilder::ready();
    let (job, executor) = owed(&mut w);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 49_999);
    w.refused(w.pay_audit(&job, 0, executor), MarketError::AuditBudgetTooSmall);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 50_000);
    w.ok(w.pay_audit(&job, 0, executor));
}

#[test]
fn nobody_else_collects() {
    let mut w = TestBuilder::ready();
    let (job, executor) = owed(&mut w);
    let other = 3 - executor;
    w.refused(w.pay_audit(&job, 0, other), MarketError::InvalidProvider);
    w.refused(w.pay_audit(&job, 0, 0), MarketError::InvalidProvider);
    let thief = w.fund(w.outsider, job.mint, 0);
    let honest = w.pay_audit(&job, 0, executor);
    w.refused(swap(honest.clone(), "pay_audit", "destination", thief), MarketError::NotOwner);
    let elsewhere = address::audit_budget(&w.mints[1]);
    w.refused(swap(honest.clone(), "pay_audit", "audit_budget", elsewhere), MarketError::NotAuthority);
    w.refused(swap(honest.clone(), "pay_audit", "audit_budget", job.vault), MarketError::NotAuthority);
    let rule = address::mint_rule(&w.mints[1]);
    w.refused(swap(honest.clone(), "pay_audit", "mint_rule", rule), MarketError::MintNotAllowed);
    let copy = w.foreign_copy(address::verdict(&job.address, 1));
    w.refused(swap(honest, "pay_audit", "verdict", copy), MarketError::InvalidProof);
}

#[test]
fn a_claim_that_was_not_confirmed_or_never_came_is_not_owed() {
    for (submits, confirms) in [(true, 0), (false, 1), (false, 3)] {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        w.do_open_round(&job, 0);
        if submits {
            w.do_reexecute(&job, 1);
        }
        w.do_attest_all(&job, 1, Opinion::Valid, confirms);
        w.ok(w.finalize_round(&job, 1));
        assert_eq!(w.verdict(&job).confirmed_executors, 0);
        w.ok(w.verify_proof(&job, 0));
        let executor = w.provider_at(&w.round(&job, 1).executor);
        w.refused(w.pay_audit(&job, 0, executor), MarketError::AuditNotDue);
    }
}

#[test]
fn nothing_is_paid_before_the_settlement() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_judge(&job, 0, Opinion::Valid);
    let executor = w.provider_at(&w.round(&job, 1).executor);
    w.refused(w.pay_audit(&job, 0, executor), MarketError::JobNotSettled);
}
