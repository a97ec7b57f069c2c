use crate::laws::*;

#[test]
fn closing_returns_every_lamport_to_the_tenant() {
    let mut w = TestBuilder::ready();
    let tenant = w.tenants[0];
    let before = w.lamports(&tenant);
    let mut fees = 0;
    let job = w.handle(0, 1, w.mints[0]);
    for instruction in [w.post_job(0, job.mint, terms(1)), w.cancel_job(&job), w.claim_refund(&job), w.close_job(&job)]
    {
        let by_tenant = instruction.accounts.iter().any(|meta| meta.is_signer);
        let sent = w.ok(instruction);
        fees += if by_tenant { 5_000 * sent.signatures as u64 } else { 0 };
    }
    assert_eq!(w.lamports(&tenant), before - fees);
    assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
    w.refused(w.close_job(&job), NO_ACCOUNT);
}

#[test]
fn a_vault_that_owes_does_not_close() {
    let mut w = TestBuilder::ready();
    let job = w.do_accepted(0, 1, 0);
    w.warp(86_401);
    w.refused(w.close_job(&job), MarketError::VaultOwes);
    w.ok(w.claim_reward(&job, 0));
    w.refused(w.close_job(&job), MarketError::VaultOwes);
    w.ok(w.claim_refund(&job));
    w.refused(w.close_job(&job), MarketError::VaultOwes);
    w.ok(w.sweep_fees(&job));
    w.ok(w.close_job(&job));
}

#[test]
fn a_vault_without_dust_closes_without_a_destination() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    let mut without = w.close_job(&job);
    let at = slot("close_job", "dust_destination");
    (without.accounts[at].pubkey, without.accounts[at].is_writable) = (market::ID, false);
    w.ok(without);
    assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
}

#[test]
fn parts_of_zero_keep_nothing_open() {
    let mut w = TestBuilder::ready();
    let job = w.do_run(0, 1, 0);
    w.ok(w.decline_job(&job, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
}

#[test]
fn dust_from_strangers_goes_to_the_tenant_and_blocks_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    w.token_account(job.vault, &job.address, &job.mint, 7);
    let before = w.purse(&job.tenant);
    let honest = w.close_job(&job);
    let place = slot("close_job", "dust_destination");
    // Without a destination, with a thief's, with the provider's.
    let mut without = honest.clone();
    (without.accounts[place].pubkey, without.accounts[place].is_writable) = (market::ID, false);
    w.refused(without, MarketError::DustDestinationMissing);
    let thief = w.fund(w.outsider, job.mint, 0);
    w.refused(with(honest.clone(), place, thief), MarketError::NotTenant);
    w.ok(honest);
    assert_eq!(w.purse(&job.tenant), before + 7);
}

#[test]
fn only_a_settled_job_closes_and_only_to_who_paid_its_rent() {
    let mut w = TestBuilder::ready();
    let job = w.do_post(0, 1);
    w.refused(w.close_job(&job), MarketError::JobNotSettled);
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    for thief in [w.outsider, w.tenants[1], w.crank] {
        w.refused(swap(w.close_job(&job), "close_job", "rent_payer", thief), MarketError::NotOwner);
    }
    let other = w.do_post(1, 1);
    w.refused(swap(w.close_job(&job), "close_job", "vault", other.vault), MarketError::JobNotFound);
    let verdict = address::verdict(&other.address, 1);
    w.refused(swap(w.close_job(&job), "close_job", "verdict", verdict), OTHER_ADDRESS);
    w.refused(swap(w.close_job(&job), "close_job", "mint", w.mints[1]), MarketError::MintNotAllowed);
    w.ok(w.close_job(&job));
}

#[test]
fn a_confirmed_re_executor_has_a_day_to_collect() {
    for (wait, closes) in [(86_399, false), (86_400, false), (86_401, true)] {
        let mut w = TestBuilder::ready();
        let job = w.do_accepted(0, 1, 0);
        w.ok(w.claim_reward(&job, 0));
        w.ok(w.claim_refund(&job));
        w.ok(w.sweep_fees(&job));
        w.warp(wait);
        if closes {
            w.ok(w.close_job(&job));
        } else {
            w.refused(w.close_job(&job), MarketError::AuditClaimOpen);
        }
    }
}
