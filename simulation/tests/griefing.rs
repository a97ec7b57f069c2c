//! What it costs to be a nuisance, and whom it hinders: measured on the real programs (attack T26).
//!
//! Each test states what holds, with its figures.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use proofmill_client::{
    address,
    arbiter::ArbiterError,
    market::{self, MarketError},
};
use proofmill_protocol::verdict::Opinion;
use proofmill_simulation::limits::LAMPORTS_PER_SIGNATURE;
use proofmill_tests::{Failure, JobHandle, LIMITS, Sent, TestBuilder, World, claim, custom, terms};
use solana_address::Address;
use solana_instruction::Instruction;

/// Orders that one griefer leaves open.
const ORDERS: u64 = 10_000;

/// Sends without looking at every account before and after.
fn send(w: &mut World, instructions: &[Instruction]) -> Result<Sent, Failure> {
    let signed = w.sign(instructions);
    w.execute(signed)
}

/// What something cost somebody: compute units, lamports and atoms, and the seconds it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    compute_units: u64,
    lamports: u64,
    atoms: u64,
}

/// The victim's whole business: a job posted, matched, run, left unjudged, refunded and closed, always at one address.
fn victims_job(w: &mut World) -> Cost {
    let (tenant, provider) = (w.tenants[0], w.providers[0].clone());
    let wallets = [tenant, provider.operator, w.crank];
    let hold = |w: &World| wallets.iter().map(|at| w.lamports(at)).sum::<u64>();
    let (lamports, atoms) = (hold(w), w.purse(&tenant));
    let mint = w.mints[0];
    let job = w.handle(0, 1, mint);
    let deal = [w.post_job(0, mint, terms(1)), w.match_job(&job, 0, 0)];
    let mut units = send(w, &deal).unwrap().compute_units;
    let run: [fn(&World, &JobHandle) -> Instruction; 2] =
        [|w, job| w.start_job(job, 0), |w, job| w.submit_proof(job, 0, claim(w, job, 0, 60_000))];
    let end: [fn(&World, &JobHandle) -> Instruction; 3] =
        [|w, job| w.expire_job(job, Some(0)), |w, job| w.claim_refund(job), |w, job| w.close_job(job)];
    for act in run {
        let act = act(w, &job);
        units += send(w, &[act]).unwrap().compute_units;
        w.warp(60);
    }
    w.warp(LIMITS.verdict_window);
    for act in end {
        let act = act(w, &job);
        units += send(w, &[act]).unwrap().compute_units;
    }
    assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
    Cost { compute_units: units, lamports: lamports - hold(w), atoms: atoms - w.purse(&tenant) }
}

#[test]
fn ten_thousand_open_orders_hinder_nobody_and_each_ties_up_its_deposit() {
    let mut w = TestBuilder::ready();
    let before = victims_job(&mut w);

    let griefer = w.tenants[1];
    let (lamports, atoms) = (w.lamports(&griefer), w.purse(&griefer));
    let least = market::JobTerms { price_ceiling_per_second: 1_000, max_seconds: 1, ..terms(0) };
    for index in 0..ORDERS {
        let order = w.post_job(1, w.mints[0], market::JobTerms { index, ..least });
        send(&mut w, &[order]).unwrap();
    }
    let job = w.handle(1, 0, w.mints[0]);
    let deposit = w.lamports(&job.address) + w.lamports(&job.vault);
    assert_eq!(lamports - w.lamports(&griefer), ORDERS * (deposit + LAMPORTS_PER_SIGNATURE));
    assert_eq!(atoms - w.purse(&griefer), ORDERS * 1_000, "the mint's least escrow each");
    assert!(deposit > 200 * LAMPORTS_PER_SIGNATURE, "{deposit}");

    // Nobody walks a list of orders: the victim pays to the unit what it paid before.
    assert_eq!(victims_job(&mut w), before);

    // Taking them back costs three more signatures each, and the deposit comes back whole.
    for index in 0..100 {
        let job = w.handle(1, index, w.mints[0]);
        let crank = std::mem::replace(&mut w.crank, griefer);
        for end in [World::cancel_job, World::claim_refund, World::close_job] {
            let end = end(&w, &job);
            send(&mut w, &[end]).unwrap();
        }
        w.crank = crank;
    }
    let still = ORDERS - 100;
    let signatures = ORDERS + 100 * 3;
    assert_eq!(lamports - w.lamports(&griefer), still * deposit + signatures * LAMPORTS_PER_SIGNATURE);
    assert_eq!(atoms - w.purse(&griefer), still * 1_000);
}

#[test]
fn an_order_below_the_least_escrow_is_refused() {
    let mut w = TestBuilder::ready();
    let dust = market::JobTerms { price_ceiling_per_second: 999, max_seconds: 1, ..terms(1) };
    let order = w.post_job(1, w.mints[0], dust);
    w.refused(order, MarketError::EscrowTooSmall);
}

/// Everything that the provider has: stake, its tokens and lamports, its operator's lamports.
fn wealth(w: &World, provider: usize) -> (u64, u64) {
    let party = &w.providers[provider];
    let stake = w.provider_stake(provider);
    let lamports = w.lamports(&party.owner) + w.lamports(&party.operator);
    (stake.bonded + stake.unbonding + w.tokens(&address::token_account(&party.owner, &w.stake_mint)), lamports)
}

/// A provider underbids everybody and takes its stake out: nobody can accept its bid, nor any other.
fn bid_and_run(w: &mut World) -> JobHandle {
    let job = w.do_auction(0, 1, 60);
    w.ok(w.place_bid(&job, 1, 900));
    w.ok(w.place_bid(&job, 0, 1));
    let owner = w.providers[0].owner;
    w.ok(w.unbond_stake(owner, LIMITS.staked));
    w.warp(60);
    job
}

#[test]
fn a_bid_without_stake_behind_it_is_passed_over_and_hinders_nobody() {
    let mut w = TestBuilder::ready();
    let job = bid_and_run(&mut w);
    w.refused(w.accept_bid(&job, 0), MarketError::FreeStakeTooSmall);
    w.refused(w.accept_bid(&job, 1), MarketError::BidNotLowest);
    // In the same instant anyone passes over it, and the honest bidder wins.
    w.ok(w.skip_bid(&job, 0));
    w.ok(w.accept_bid(&job, 1));
    assert_eq!(w.job(&job).provider, w.providers[1].account);
    assert_eq!(w.job(&job).price_per_second, 900);
}

#[test]
fn whoever_wins_an_auction_and_stays_silent_loses_its_deposit_to_the_tenant() {
    let mut w = TestBuilder::ready();
    let before = wealth(&w, 0);
    let job = w.do_auction(0, 1, 60);
    w.ok(w.place_bid(&job, 0, 900));
    w.warp(60);
    w.ok(w.accept_bid(&job, 0));
    w.warp(LIMITS.start_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    w.ok(w.claim_refund(&job));
    let held = w.lamports(&job.tenant);
    let own = w.lamports(&job.address) + w.lamports(&job.vault);
    w.ok(w.close_job(&job));
    assert_eq!(w.lamports(&job.tenant) - held, own);
    w.ok(w.close_bid(&job, 0));
    let lost = before.1 - wealth(&w, 0).1;
    assert_eq!(lost, w.config().bid_deposit + LAMPORTS_PER_SIGNATURE);
}

/// What it loses is the treasury's: whoever lets a start fail on purpose, tenant or provider, earns nothing by it.
#[test]
fn whoever_takes_a_job_and_stays_silent_loses_a_part_of_its_lock() {
    let mut w = TestBuilder::ready();
    let (before, tenant) = (wealth(&w, 0), w.tenants[0]);
    let (posted, purse) = (w.now, w.purse(&tenant));
    let job = w.do_post(0, 1);
    w.do_match(&job, 0);
    let lock = w.job(&job).lock;
    w.warp(LIMITS.start_window + 1);
    w.ok(w.expire_job(&job, Some(0)));
    let waited = w.now - posted;
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    let stake = before.0 - wealth(&w, 0).0;
    assert_eq!((waited, stake, lock), (LIMITS.start_window + 1, 5_000, 100_000), "a twentieth of the lock");
    assert_eq!(w.purse(&tenant), purse, "the tenant has its escrow again and nothing more");
    let owner = w.providers[0].owner;
    let treasury = w.account_of(&w.treasury, &w.stake_mint);
    let swept = w.tokens(&treasury);
    w.ok(w.sweep_slashed(owner));
    assert_eq!(w.tokens(&treasury) - swept, stake);
}

/// While a silent provider holds a job, its stake is locked: it holds no more jobs at once than its stake covers.
#[test]
fn a_silent_provider_holds_no_more_jobs_than_its_stake_covers() {
    let mut w = TestBuilder::ready();
    let lock = LIMITS.price * u64::from(LIMITS.run_seconds);
    let owner = w.providers[0].owner;
    // All but the least stake and three locks leaves.
    w.ok(w.unbond_stake(owner, LIMITS.staked - LIMITS.stake_min - 2 * lock));
    for index in 1..=3 {
        let job = w.do_post(0, index);
        w.do_match(&job, 0);
    }
    let fourth = w.do_post(0, 4);
    w.refused(w.match_job(&fourth, 0, 0), MarketError::FreeStakeTooSmall);
    assert_eq!(w.provider_stake(0).locked, 3 * lock);
}

/// Refused, which costs its sender a fee; that nothing else changes is what [`World::send`] asserts.
fn paid_in_vain(w: &mut World, griefer: Address, instruction: &Instruction, failure: Failure) {
    let held = w.lamports(&griefer);
    assert_eq!(w.send(instruction.clone()).map(|_| ()), Err(failure));
    assert_eq!(held - w.lamports(&griefer), LAMPORTS_PER_SIGNATURE);
}

#[test]
fn a_round_for_a_job_without_a_receipt_costs_its_opener_a_fee_and_nobody_else_anything() {
    let mut w = TestBuilder::ready();
    let griefer = w.outsider;
    let crank = std::mem::replace(&mut w.crank, griefer);
    let refused = custom(ArbiterError::JobNotSubmitted.code());
    let job = w.do_post(0, 1);
    w.do_match(&job, 0);
    let open = w.open_round(&job, 0);
    paid_in_vain(&mut w, griefer, &open, refused.clone());
    w.do_start(&job, 0);
    paid_in_vain(&mut w, griefer, &open, refused.clone());
    w.warp(LIMITS.start_window + i64::from(LIMITS.run_seconds) + LIMITS.receipt_grace);
    w.ok(w.expire_job(&job, Some(0)));
    paid_in_vain(&mut w, griefer, &open, refused);
    w.crank = crank;
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    w.crank = griefer;
    // Closed: there is no job at the address any more.
    let held = w.lamports(&griefer);
    assert!(send(&mut w, std::slice::from_ref(&open)).is_err());
    assert_eq!(held - w.lamports(&griefer), LAMPORTS_PER_SIGNATURE);
    assert!(w.is_closed(&address::round(&job.address, 1, 1)));
}

#[test]
fn a_commitment_to_a_decided_round_costs_its_sender_a_fee_and_changes_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    w.do_open_round(&job, 0);
    w.do_reexecute(&job, 1);
    let late = w.commit(&job, 1, 4, Opinion::Invalid as u8, 0);
    let griefer = w.seated(&job, 1, 4).delegate;
    w.do_say(&job, 1, &[0, 1, 2, 3].map(|seat| (seat, Opinion::Valid, 1)));
    w.ok(w.finalize_round(&job, 1));
    paid_in_vain(&mut w, griefer, &late, custom(ArbiterError::RoundDecided.code()));
}

/// One dissent makes a second committee and a second re-execution necessary: who dissents as nobody can who judges by the
/// rules pays for it.
#[test]
fn a_wrong_dissent_costs_the_dissenter() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let (dissenter, cost) = second_round(&mut w, &job, Opinion::Invalid);
    assert_eq!((cost.signatures, cost.atoms), (10, 50_000));
    let staked = w.stake(&dissenter).bonded;
    let record = w.record_wrong_dissent(&job, 4);
    let evidence = record.accounts[3].pubkey;
    w.ok(record);
    w.ok(w.slash_on_evidence(evidence, dissenter, job.address));
    assert_eq!(staked - w.stake(&dissenter).bonded, LIMITS.stake_min / 10);
}

/// Nobody can prove that a validator was served: to say that it was not is free, and costs the market a second round. What
/// bounds it is that each dissenter needs a stake to be drawn; ADR 20 says why it is left.
#[test]
fn who_says_it_was_not_served_loses_nothing() {
    for opinion in [Opinion::Unavailable, Opinion::Inconclusive] {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        let (dissenter, cost) = second_round(&mut w, &job, opinion);
        assert_eq!((cost.signatures, cost.atoms), (10, 50_000), "{opinion:?}");
        w.refused(w.record_wrong_dissent(&job, 4), ArbiterError::NoWrongDissent);
        assert_eq!(w.stake(&dissenter).slashed_total, 0, "{opinion:?}");
    }
}

/// What an escalation costs others.
struct Escalation {
    signatures: usize,
    /// For the second re-execution.
    atoms: u64,
}

/// The last of five dissents; the second round finds the receipt valid. The dissenter, and what that cost.
fn second_round(w: &mut World, job: &JobHandle, dissent: Opinion) -> (Address, Escalation) {
    let budget = address::audit_budget(&w.mints[0]);
    w.token_account(budget, &address::market_config(), &w.mints[0].clone(), 1_000_000);
    w.do_open_round(job, 0);
    w.do_reexecute(job, 1);
    let dissenter = w.seated(job, 1, 4).identity;
    let valid = [0, 1, 2, 3].map(|seat| (seat, Opinion::Valid, 1));
    let said = [&valid[..], &[(4, dissent, 0)]].concat();
    w.do_say(job, 1, &said);
    w.seal_slots(2);
    let mut signatures = w.ok(w.escalate_round(job, 0)).signatures;
    w.do_reexecute(job, 2);
    signatures += 1;
    // Each seat commits, one reveals for all.
    w.do_attest_all(job, 2, Opinion::Valid, 3);
    signatures += usize::from(w.round(job, 2).seats) + 1;
    signatures += w.ok(w.finalize_round(job, 2)).signatures;
    w.ok(w.verify_proof(job, 0));
    let before = w.tokens(&budget);
    let second = w.provider_at(&w.round(job, 2).executor);
    signatures += w.ok(w.pay_audit(job, 1, second)).signatures;
    (dissenter, Escalation { signatures, atoms: before - w.tokens(&budget) })
}
