//! One job of many tasks: each is taken once, paid when verified, issued again when it failed, and nothing is left.

use crate::laws::*;
use proofmill_protocol::arrays::job_index;

const TASK_ESCROW: u64 = 100_000;
/// What the audit budget begins with, where re-executions are paid.
const BUDGET: u64 = 10_000_000;

/// An array of `tasks`, its tenant's purse reduced by their escrow; fees are the crank's.
fn posted(tasks: u16) -> (World, ArrayHandle) {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    let array = w.do_post_array(0, array_terms(1, tasks));
    (w, array)
}

/// Settles a task without payment: given back by its holder.
fn give_up(w: &mut World, job: &JobHandle, provider: usize) {
    w.ok(w.decline_job(job, provider));
    w.ok(w.claim_refund(job));
    w.ok(w.close_job(job));
}

/// Judges a submitted job if the beacon has it audited, and pays the re-execution.
fn judge_if_drawn(w: &mut World, job: &JobHandle, provider: usize) {
    if w.send(w.open_round(job, provider)).is_err() {
        return;
    }
    w.do_reexecute(job, 1);
    w.do_attest_all(job, 1, Opinion::Valid, 1);
    w.ok(w.finalize_round(job, 1));
    w.ok(w.verify_proof(job, provider));
    let executor = w.provider_at(&w.round(job, 1).executor);
    w.ok(w.pay_audit(job, 0, executor));
}

/// Claims everything of a settled task and closes it, with the round and verdict there were.
fn finish(w: &mut World, job: &JobHandle, provider: usize) {
    let stored = w.job(job);
    if stored.paid > 0 {
        w.ok(w.claim_reward(job, provider));
        w.ok(w.sweep_fees(job));
    }
    if stored.refunded > 0 {
        w.ok(w.claim_refund(job));
    }
    let round = address::round(&job.address, stored.attempt, 1);
    let verdict = address::verdict(&job.address, stored.attempt);
    let payer = w.crank;
    w.ok(w.close_job(job));
    if !w.is_closed(&round) {
        w.ok(arbiter::close_round(arbiter::CloseRoundAccounts { job: job.address, round, rent_payer: payer }));
        w.ok(arbiter::close_verdict(arbiter::CloseVerdictAccounts { job: job.address, verdict, rent_payer: payer }));
    }
}

/// A fourth provider, staked and with an offer.
fn with_fourth(w: &mut World) {
    let (owner, operator) = (w.wallet("provider d"), w.wallet("provider d operator"));
    w.providers.push(ProviderParty::new("provider d", owner, operator));
    w.do_stake(owner, LIMITS.staked);
    w.fund(owner, w.mints[0], 0);
    w.ok(w.register_provider(owner, w.provider_args(3)));
    w.ok(w.publish_offer(3, w.mints[0], w.offer_args(0)));
}

#[test]
fn posting_locks_the_escrow_of_every_task() {
    let (w, array) = posted(64);
    let stored = w.array(&array);
    assert_eq!((stored.tasks_total, stored.task_escrow), (64, TASK_ESCROW));
    assert_eq!((stored.taken_count, stored.done_count, stored.failed_count), (0, 0, 0));
    assert_eq!((w.tokens(&array.vault), w.purse(&array.tenant)), (64 * TASK_ESCROW, LIMITS.purse - 64 * TASK_ESCROW));
}

#[test]
fn a_taken_task_is_an_ordinary_job_that_its_provider_holds() {
    let (mut w, array) = posted(3);
    let job = w.do_take(&array, 2, 1);
    let stored = w.job(&job);
    assert_eq!((stored.state, stored.kind, stored.attempt, stored.attempts_max), (2, 1, 1, 1));
    assert_eq!((stored.array, stored.task_index, stored.index), (array.address, 2, job_index(1, 2)));
    assert_eq!(stored.tasks_total, 3);
    assert_eq!((stored.tenant, stored.rent_payer), (array.tenant, w.providers[1].operator));
    assert_eq!((stored.provider, stored.node_key), (w.providers[1].account, w.providers[1].node_key()));
    assert_eq!((stored.price_per_second, stored.lock, stored.escrowed), (1_000, 100_000, TASK_ESCROW));
    assert_eq!((stored.spec_hash, stored.image_digest, stored.input_root), ([1; 32], [2; 32], [3; 32]));
    assert_eq!((stored.start_window_seconds, stored.fee_bps, stored.nonce), (60, 250, w.slot));
    assert_eq!((w.tokens(&job.vault), w.tokens(&array.vault)), (TASK_ESCROW, 2 * TASK_ESCROW));
    assert_eq!((w.provider_stake(1).locked, w.provider_stake(1).active_jobs), (100_000, 1));
    let stored = w.array(&array);
    assert_eq!((stored.taken[0], stored.issued[2], stored.taken_count), (1 << 2, 1, 1));
    // It is nobody's to match or to withdraw.
    w.refused(w.match_job(&job, 0, 0), MarketError::JobActive);
    w.refused(w.cancel_job(&job), MarketError::JobActive);
}

#[test]
fn of_two_who_take_a_task_exactly_one_has_it() {
    let (mut w, array) = posted(2);
    let [first, second] = [0, 1].map(|provider| w.take_task(&array, 0, provider, 0));
    w.ok(first);
    let before = w.provider_stake(1).encode();
    w.refused(second.clone(), custom(0));
    assert_eq!((w.provider_stake(1).encode(), w.tokens(&array.vault)), (before, TASK_ESCROW));
    // And in one transaction neither.
    let both = [w.take_task(&array, 1, 0, 0), w.take_task(&array, 1, 1, 0)];
    assert_eq!(w.send_all(&both).unwrap_err(), custom(0));
    assert_eq!(w.array(&array).taken_count, 1);
    // Given back, it is free for the other, once more.
    give_up(&mut w, &array.task(0), 0);
    w.ok(second);
    assert_eq!(w.job(&array.task(0)).attempt, 2);
}

/// The whole of the capability: 64 tasks, four providers, every way to fail, and in the end nothing anywhere.
#[test]
fn an_array_runs_to_its_end_and_leaves_nothing_behind() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    with_fourth(&mut w);
    let mint = w.mints[0];
    w.token_account(address::audit_budget(&mint), &address::market_config(), &mint, BUDGET);
    let supply = w.supply(&mint);
    let parties: Vec<Address> =
        w.providers.iter().map(|party| party.operator).chain([w.tenants[0], w.tenants[1]]).collect();
    let lamports = |w: &World| parties.iter().map(|party| w.lamports(party)).collect::<Vec<_>>();
    let before = lamports(&w);
    let purse = w.purse(&w.tenants[0]);
    let earned = |w: &World| (0..4).map(|provider| w.purse(&w.providers[provider].owner)).sum::<u64>();

    let array = w.do_post_array(0, market::ArrayTerms { deadline_seconds: 500_000, ..array_terms(1, 64) });
    let mut waves = 0;
    loop {
        let stored = w.array(&array);
        let free: Vec<u16> =
            (0..64).filter(|task| stored.done[0] >> task & 1 == 0 && stored.issued[usize::from(*task)] < 2).collect();
        if free.is_empty() {
            break;
        }
        waves += 1;
        // Take all that is free; a task that failed goes to another provider.
        let held: Vec<(u16, JobHandle, usize)> = free
            .into_iter()
            .map(|task| {
                let provider = (usize::from(task) + waves) % 4;
                w.do_prove(provider, LIMITS.proven_after + 380);
                (task, w.do_take(&array, task, provider), provider)
            })
            .collect();
        let escrows: u64 = held.iter().map(|(_, job, _)| w.tokens(&job.vault)).sum();
        assert_eq!(escrows, held.len() as u64 * TASK_ESCROW);
        // On its first issue a task may fail in any way; one in sixteen fails twice, for good.
        let fails = |task: u16, how: u16| task % 16 == how && (waves == 1 || how == 7);
        for (task, job, provider) in &held {
            if fails(*task, 5) {
                w.ok(w.decline_job(job, *provider));
            } else if !fails(*task, 3) {
                w.do_start(job, *provider);
            }
        }
        w.warp(60);
        for (task, job, provider) in &held {
            if stands(&w, job).0 == JobState::Running && !fails(*task, 7) {
                let milliseconds = 30_000 + u64::from(*task) * 100;
                w.ok(w.submit_proof(job, *provider, claim(&w, job, *provider, milliseconds)));
            }
        }
        w.seal_slots(2);
        for (_, job, provider) in &held {
            if stands(&w, job).0 == JobState::Submitted {
                judge_if_drawn(&mut w, job, *provider);
            }
        }
        w.warp(LIMITS.challenge_window);
        for (_, job, provider) in &held {
            match stands(&w, job).0 {
                JobState::Settled => {}
                JobState::Submitted => drop(w.ok(w.settle_unchallenged(job, *provider))),
                _ => drop(w.ok(w.expire_job(job, Some(*provider)))),
            }
            finish(&mut w, job, *provider);
            assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
            assert_eq!(w.supply(&mint), supply);
        }
        // What was not earned is back in the array's vault, to the atom.
        let fees = w.tokens(&address::token_account(&w.treasury, &mint)) + w.tokens(&address::audit_budget(&mint));
        assert_eq!(w.tokens(&array.vault) + earned(&w) + fees, 64 * TASK_ESCROW + BUDGET);
    }
    let stored = w.array(&array);
    assert_eq!((waves, stored.taken_count, stored.done_count, stored.failed_count), (2, 0, 60, 4));
    assert_eq!(stored.done[0].count_ones(), 60);
    let left = w.tokens(&array.vault);
    w.ok(w.close_array(&array));
    assert!(w.is_closed(&array.address) && w.is_closed(&array.vault));
    assert_eq!(w.purse(&array.tenant), purse - 64 * TASK_ESCROW + left);
    assert_eq!(lamports(&w), before, "every lamport of rent is back with who paid it");
    assert_eq!(w.supply(&mint), supply);
    let programs = [market::ID, arbiter::ID].map(|program| w.svm.get_program_accounts(&program));
    let alive = |discriminator: [u8; 8]| {
        programs.iter().flatten().filter(|(_, account)| account.data.starts_with(&discriminator)).count()
    };
    let gone = [
        market::Job::DISCRIMINATOR,
        market::JobArray::DISCRIMINATOR,
        arbiter::Round::DISCRIMINATOR,
        arbiter::Verdict::DISCRIMINATOR,
    ];
    assert_eq!(gone.map(alive), [0; 4]);
    for provider in 0..4 {
        assert_eq!((w.provider_stake(provider).locked, w.provider_stake(provider).active_jobs), (0, 0));
    }
}

#[test]
fn a_task_that_failed_is_issued_again_and_then_no_more() {
    let (mut w, array) = posted(1);
    for attempt in [1, 2] {
        let job = w.do_take(&array, 0, usize::from(attempt));
        assert_eq!(w.job(&job).attempt, attempt);
        give_up(&mut w, &job, usize::from(attempt));
        assert_eq!(w.tokens(&array.vault), TASK_ESCROW);
        assert_eq!(w.array(&array).failed_count, attempt / 2);
    }
    w.refused(w.take_task(&array, 0, 0, 0), MarketError::TaskAttemptsExhausted);
    w.refused(w.take_task(&array, 1, 0, 0), MarketError::NoSuchTask);
    w.refused(w.take_task(&array, u16::MAX, 0, 0), MarketError::NoSuchTask);
    let before = w.purse(&array.tenant);
    w.ok(w.close_array(&array));
    assert_eq!(w.purse(&array.tenant), before + TASK_ESCROW);
}

#[test]
fn a_task_that_was_paid_is_done() {
    let (mut w, array) = posted(2);
    let job = w.do_take(&array, 1, 0);
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    w.refused(w.take_task(&array, 1, 1, 0), custom(0));
    w.warp(86_401);
    finish(&mut w, &job, 0);
    let stored = w.array(&array);
    assert_eq!((stored.taken[0], stored.done[0], stored.done_count), (0, 2, 1));
    assert_eq!((w.tokens(&array.vault), w.purse(&w.providers[0].owner)), (TASK_ESCROW + 40_000, 58_500));
    w.refused(w.take_task(&array, 1, 1, 0), MarketError::TaskDone);
}

#[test]
fn nothing_of_an_earlier_issue_acts_on_a_later_one() {
    let (mut w, array) = posted(1);
    let job = w.do_take(&array, 0, 0);
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Unavailable);
    w.ok(w.verify_proof(&job, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    // Round and verdict of the first issue are still there; the same provider has the second.
    assert!(!w.is_closed(&address::verdict(&job.address, 1)));
    w.do_take(&array, 0, 0);
    w.do_start(&job, 0);
    w.warp(60);
    w.refused(w.submit_proof(&job, 0, claim_of(&w, &job, 0, 1_000, 1)), MarketError::InvalidProof);
    w.ok(w.submit_proof(&job, 0, claim(&w, &job, 0, 60_000)));
    let earlier = address::verdict(&job.address, 1);
    w.refused(swap(w.verify_proof(&job, 0), "verify_proof", "verdict", earlier), MarketError::VerdictMismatch);
    // Nor are they in the way of its own.
    w.seal_slots(2);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    assert_eq!(stands(&w, &job), (JobState::Settled, Outcome::Accepted));
}

#[test]
fn a_provider_takes_a_task_by_its_own_offer_and_its_operators_signature() {
    let (mut w, array) = posted(2);
    let honest = w.take_task(&array, 0, 0, 0);
    for stranger in [w.outsider, w.providers[0].owner, w.providers[1].operator, w.tenants[0]] {
        w.refused(swap(honest.clone(), "take_task", "operator", stranger), MarketError::NotOperator);
    }
    let anothers = address::offer(&w.providers[1].account, 0);
    w.refused(swap(honest.clone(), "take_task", "offer", anothers), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "take_task", "stake", w.providers[1].stake), MarketError::InvalidProvider);
    let rule = address::mint_rule(&w.mints[1]);
    w.refused(swap(honest.clone(), "take_task", "mint_rule", rule), MarketError::MintNotAllowed);
    let other = w.do_post_array(1, array_terms(1, 2));
    w.refused(swap(honest.clone(), "take_task", "array_vault", other.vault), MarketError::JobNotFound);
    let vault = address::vault(&other.task(0).address);
    w.refused(swap(honest.clone(), "take_task", "vault", vault), OTHER_ADDRESS);
    w.refused(swap(honest.clone(), "take_task", "job", other.task(0).address), OTHER_ADDRESS);
    w.refused(swap(honest.clone(), "take_task", "job", array.task(1).address), OTHER_ADDRESS);
    let copy = w.foreign_copy(array.address);
    w.refused(swap(honest.clone(), "take_task", "array", copy), OTHER_PROGRAM);
    w.refused(swap(honest, "take_task", "array", w.providers[1].stake), NO_ACCOUNT);
    w.refused(w.take_task(&array, 0, 0, 1), MarketError::OfferMintDiffers);
}

/// Each requirement of a task fails alone, by its own error, and at its bound it holds.
#[test]
fn a_refusal_of_a_task_names_the_failing_requirement() {
    type Terms = market::ArrayTerms;
    let usual = array_terms(1, 1);
    let cases = [
        (Terms { allow_simulated: 0, ..usual }, MarketError::SimulatedDevice),
        (Terms { tier: 3, ..usual }, MarketError::TierTooLow),
        (Terms { gpu_count: 3, ..usual }, MarketError::GpuCountTooSmall),
        (Terms { vram_mib: 24_577, ..usual }, MarketError::InsufficientCompute),
        (Terms { region: 840, ..usual }, MarketError::RegionDiffers),
        (Terms { price_ceiling_per_second: 999, ..usual }, MarketError::PriceAboveCeiling),
        (Terms { max_seconds: 3_601, ..usual }, MarketError::OfferTooShort),
        (Terms { certificate_age_seconds_max: 60, ..usual }, MarketError::CertificateMissing),
    ];
    for (args, error) in cases {
        let mut w = TestBuilder::ready();
        let array = w.do_post_array(0, args);
        w.refused(w.take_task(&array, 0, 0, 0), error);
    }
    let mut w = TestBuilder::ready();
    let most = Terms { tier: 2, gpu_count: 2, vram_mib: 24_576, region: 276, uptime_bps: 10_000, ..usual };
    let array = w.do_post_array(0, Terms { max_seconds: 3_600, ..most });
    w.ok(w.announce_provider(0, 0));
    w.refused(w.take_task(&array, 0, 0, 0), MarketError::ProviderOffline);
    w.ok(w.announce_provider(0, 1));
    let expires_at = w.now + 10;
    w.ok(w.publish_offer(0, w.mints[0], market::OfferArgs { expires_at, ..w.offer_args(2) }));
    w.warp(10);
    w.refused(w.take_task(&array, 0, 0, 2), MarketError::OfferExpired);
    w.ok(w.update_provider(w.providers[0].owner, market::ProviderArgs { capacity: 1, ..w.provider_args(0) }));
    let other = w.do_post(1, 1);
    w.do_match(&other, 0);
    w.refused(w.take_task(&array, 0, 0, 0), MarketError::CapacityExhausted);
    w.ok(w.decline_job(&other, 0));
    w.do_take(&array, 0, 0);
}

#[test]
fn tasks_are_taken_before_the_deadline_and_the_rest_returns_after_it() {
    for (left, open) in [(1, true), (0, false), (-1, false)] {
        let mut w = TestBuilder::ready();
        let array = w.do_post_array(0, market::ArrayTerms { deadline_seconds: 1_000, ..array_terms(1, 2) });
        w.warp(1_000 - left);
        if open {
            w.refused(w.close_array(&array), MarketError::ArrayNotOver);
            w.do_take(&array, 0, 0);
        } else {
            w.refused(w.take_task(&array, 0, 0, 0), MarketError::ArrayDeadlinePassed);
            w.ok(w.close_array(&array));
            assert_eq!(w.purse(&array.tenant), LIMITS.purse);
        }
    }
}

#[test]
fn a_cancelled_array_gives_out_no_task_and_waits_for_those_taken() {
    let (mut w, array) = posted(3);
    let (paid, failed) = (w.do_take(&array, 0, 0), w.do_take(&array, 1, 1));
    w.do_start(&paid, 0);
    for stranger in [w.tenants[1], w.outsider, w.authority, w.providers[0].operator] {
        w.refused(swap(w.cancel_array(&array), "cancel_array", "tenant", stranger), MarketError::NotTenant);
    }
    w.ok(w.cancel_array(&array));
    w.refused(w.cancel_array(&array), MarketError::ArrayCancelled);
    w.refused(w.take_task(&array, 2, 2, 0), MarketError::ArrayCancelled);
    w.refused(w.close_array(&array), MarketError::ArrayNotOver);
    give_up(&mut w, &failed, 1);
    w.refused(w.take_task(&array, 1, 2, 0), MarketError::ArrayCancelled);
    w.refused(w.close_array(&array), MarketError::ArrayNotOver);
    w.do_submit(&paid, 0, 60);
    w.do_judge(&paid, 0, Opinion::Valid);
    w.ok(w.verify_proof(&paid, 0));
    w.refused(w.close_array(&array), MarketError::ArrayNotOver);
    w.warp(86_401);
    finish(&mut w, &paid, 0);
    w.ok(w.close_array(&array));
    assert_eq!(w.purse(&w.providers[0].owner), 58_500);
    assert_eq!(w.purse(&array.tenant), LIMITS.purse - 60_000);
    w.refused(w.cancel_array(&array), NO_ACCOUNT);
    w.refused(w.close_array(&array), NO_ACCOUNT);
}

#[test]
fn a_refund_of_a_task_goes_to_the_vault_of_its_array_and_nowhere_else() {
    let (mut w, array) = posted(2);
    let other = w.do_post_array(0, array_terms(2, 1));
    let job = w.do_take(&array, 0, 0);
    w.ok(w.decline_job(&job, 0));
    let honest = w.claim_refund(&job);
    let at = slot("claim_refund", "destination");
    let trap = w.wallet("a token account that the array owns and nothing can empty");
    w.token_account(trap, &array.address, &array.mint, 0);
    let tenants = address::token_account(&array.tenant, &array.mint);
    for elsewhere in [tenants, trap, other.vault] {
        w.refused(with(honest.clone(), at, elsewhere), MarketError::NotTenant);
    }
    // Without the array, or with another.
    w.refused(swap(honest.clone(), "claim_refund", "array", market::ID), MarketError::ArrayMissing);
    let others = swap(with(honest.clone(), at, other.vault), "claim_refund", "array", other.address);
    w.refused(others, MarketError::ArrayMissing);
    let copy = w.foreign_copy(array.address);
    w.refused(swap(honest.clone(), "claim_refund", "array", copy), OTHER_PROGRAM);
    w.ok(honest);
    assert_eq!((w.tokens(&array.vault), w.tokens(&job.vault)), (2 * TASK_ESCROW, 0));
    w.refused(w.claim_refund(&job), MarketError::AlreadyClaimed);
}

#[test]
fn a_task_closes_with_its_array_and_its_rent_goes_to_who_paid() {
    let (mut w, array) = posted(2);
    let other = w.do_post_array(0, array_terms(2, 1));
    let operator = w.providers[0].operator;
    let before = w.lamports(&operator);
    let job = w.do_take(&array, 0, 0);
    let rent = w.lamports(&job.address) + w.lamports(&job.vault);
    assert_eq!(w.lamports(&operator), before - rent);
    w.refused(w.close_job(&job), MarketError::JobNotSettled);
    w.ok(w.decline_job(&job, 0));
    w.refused(w.close_job(&job), MarketError::VaultOwes);
    w.ok(w.claim_refund(&job));
    let honest = w.close_job(&job);
    let mut without = honest.clone();
    let at = slot("close_job", "array");
    (without.accounts[at].pubkey, without.accounts[at].is_writable) = (market::ID, false);
    w.refused(without, MarketError::ArrayMissing);
    w.refused(swap(honest.clone(), "close_job", "array", other.address), MarketError::ArrayMissing);
    for thief in [w.outsider, array.tenant, w.providers[1].operator] {
        w.refused(swap(honest.clone(), "close_job", "rent_payer", thief), MarketError::NotOwner);
    }
    w.ok(honest);
    assert_eq!(w.lamports(&operator), before);
    assert_eq!(w.array(&array).taken_count, 0);
}

#[test]
fn dust_from_strangers_goes_to_the_array_and_then_to_the_tenant() {
    let (mut w, array) = posted(1);
    let job = w.do_take(&array, 0, 0);
    w.ok(w.decline_job(&job, 0));
    w.ok(w.claim_refund(&job));
    w.token_account(job.vault, &job.address, &job.mint, 7);
    let honest = w.close_job(&job);
    let tenants = address::token_account(&array.tenant, &array.mint);
    w.refused(swap(honest.clone(), "close_job", "dust_destination", tenants), MarketError::NotTenant);
    w.ok(honest);
    assert_eq!(w.tokens(&array.vault), TASK_ESCROW + 7);
    // A gift to the array itself blocks nothing and changes no task's escrow.
    w.token_account(array.vault, &array.address, &array.mint, TASK_ESCROW + 1_007);
    let job = w.do_take(&array, 0, 1);
    assert_eq!((w.tokens(&job.vault), w.tokens(&array.vault)), (TASK_ESCROW, 1_007));
    give_up(&mut w, &job, 1);
    let honest = w.close_array(&array);
    let mut without = honest.clone();
    let at = slot("close_array", "destination");
    (without.accounts[at].pubkey, without.accounts[at].is_writable) = (market::ID, false);
    w.refused(without, MarketError::DustDestinationMissing);
    let thief = w.fund(w.outsider, array.mint, 0);
    w.refused(swap(honest.clone(), "close_array", "destination", thief), MarketError::NotTenant);
    w.refused(swap(honest.clone(), "close_array", "rent_payer", w.outsider), MarketError::NotOwner);
    w.ok(honest);
    assert_eq!(w.purse(&array.tenant), LIMITS.purse + 1_007);
}

#[test]
fn an_array_without_a_remainder_closes_without_a_destination() {
    let (mut w, array) = posted(1);
    let job = w.do_take(&array, 0, 0);
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 100);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    w.warp(86_401);
    finish(&mut w, &job, 0);
    assert_eq!(w.tokens(&array.vault), 0);
    w.ok(w.close_array(&array));
    assert!(w.is_closed(&array.address) && w.is_closed(&array.vault));
}

#[test]
fn terms_out_of_bounds_are_refused_by_name() {
    type Terms = market::ArrayTerms;
    let mut w = TestBuilder::ready();
    let mint = w.mints[0];
    let usual = array_terms(1, 2);
    let cases = [
        (Terms { tasks_total: 0, ..usual }, MarketError::CountOutOfBounds),
        (Terms { tasks_total: 1_025, ..usual }, MarketError::CountOutOfBounds),
        (Terms { attempts_max: 0, ..usual }, MarketError::CountOutOfBounds),
        (Terms { attempts_max: 9, ..usual }, MarketError::CountOutOfBounds),
        (Terms { deadline_seconds: 0, ..usual }, MarketError::CountOutOfBounds),
        (Terms { deadline_seconds: 2_592_001, ..usual }, MarketError::CountOutOfBounds),
        (Terms { certificate_age_seconds_max: 2_592_001, ..usual }, MarketError::CountOutOfBounds),
        (Terms { tier: 4, ..usual }, MarketError::CountOutOfBounds),
        (Terms { gpu_count: 17, ..usual }, MarketError::CountOutOfBounds),
        (Terms { uptime_bps: 10_001, ..usual }, MarketError::CountOutOfBounds),
        (Terms { class: 2, ..usual }, MarketError::ClassNotOffered),
        (Terms { price_ceiling_per_second: 0, ..usual }, MarketError::PriceZero),
        (Terms { max_seconds: 0, ..usual }, MarketError::RunLengthOutOfBounds),
        (Terms { max_seconds: 86_401, ..usual }, MarketError::RunLengthOutOfBounds),
        (Terms { max_seconds: 1, price_ceiling_per_second: 999, ..usual }, MarketError::EscrowTooSmall),
        (Terms { price_ceiling_per_second: u64::MAX / 100 + 1, ..usual }, MarketError::AmountOverflow),
        (Terms { price_ceiling_per_second: u64::MAX / 100, ..usual }, MarketError::AmountOverflow),
    ];
    for (args, error) in cases {
        w.refused(w.post_array(0, mint, args), error);
    }
    let most = Terms {
        tasks_total: 1_024,
        attempts_max: 8,
        deadline_seconds: 2_592_000,
        certificate_age_seconds_max: 2_592_000,
        tier: 3,
        gpu_count: 16,
        uptime_bps: 10_000,
        ..usual
    };
    w.do_post_array(0, most);
    w.refused(w.post_array(0, mint, usual), custom(0));
    w.do_govern_mint(mint, market::MintRuleArgs { enabled: 0, ..w.mint_rule_args() });
    w.refused(w.post_array(0, mint, array_terms(2, 2)), MarketError::MintNotAllowed);
    w.ok(w.pause_openings(w.authority));
    w.refused(w.post_array(0, mint, array_terms(2, 2)), MarketError::OpeningsPaused);
}

#[test]
fn the_last_task_of_the_largest_array_is_taken_like_the_first() {
    let (mut w, array) = posted(1_024);
    for task in [0, 63, 64, 1_023] {
        w.do_take(&array, task, usize::from(task) % 3);
    }
    let stored = w.array(&array);
    assert_eq!((stored.taken[0], stored.taken[1], stored.taken[15]), (1 | 1 << 63, 1, 1 << 63));
    w.refused(w.take_task(&array, 1_024, 0, 0), MarketError::NoSuchTask);
}

#[test]
fn no_tenant_posts_a_job_in_the_place_of_a_task() {
    let mut w = TestBuilder::ready();
    for index in [job_index(0, 0), job_index(1, 5), u64::MAX] {
        w.refused(w.post_job(0, w.mints[0], terms(index)), MarketError::CountOutOfBounds);
    }
    w.ok(w.post_job(0, w.mints[0], terms(job_index(0, 0) - 1)));
}

#[test]
fn a_pause_gives_out_no_task_and_keeps_none() {
    let (mut w, array) = posted(2);
    let job = w.do_take(&array, 0, 0);
    w.ok(w.pause_openings(w.authority));
    w.refused(w.take_task(&array, 1, 1, 0), MarketError::OpeningsPaused);
    give_up(&mut w, &job, 0);
    w.ok(w.cancel_array(&array));
    w.ok(w.close_array(&array));
    assert_eq!(w.purse(&array.tenant), LIMITS.purse);
}

/// Nobody who has a part in it does anything any more: strangers bring it to its end.
#[test]
fn an_abandoned_array_ends_by_strangers_alone() {
    let (mut w, array) = posted(4);
    let jobs: Vec<JobHandle> = (0..3).map(|task| w.do_take(&array, task, usize::from(task))).collect();
    w.do_start(&jobs[1], 1);
    w.do_start(&jobs[2], 2);
    w.do_submit(&jobs[2], 2, 60);
    w.warp(200_000);
    for (provider, job) in jobs.iter().enumerate() {
        w.ok(w.expire_job(job, Some(provider)));
        w.ok(w.claim_refund(job));
        w.ok(w.close_job(job));
    }
    w.refused(w.take_task(&array, 3, 0, 0), MarketError::ArrayDeadlinePassed);
    w.ok(w.close_array(&array));
    assert_eq!(w.purse(&array.tenant), LIMITS.purse);
}

#[test]
fn two_tasks_of_one_array_share_nothing_between_take_and_close() {
    let (mut w, array) = posted(2);
    let jobs = [w.do_take(&array, 0, 0), w.do_take(&array, 1, 1)];
    let shared = [array.address, array.vault];
    for (provider, job) in jobs.iter().enumerate() {
        let path = [
            w.start_job(job, provider),
            w.submit_proof(job, provider, claim(&w, job, provider, 1)),
            w.settle_unchallenged(job, provider),
            w.verify_proof(job, provider),
            w.expire_job(job, Some(provider)),
            w.decline_job(job, provider),
            w.claim_reward(job, provider),
        ];
        for instruction in path {
            let written = instruction.accounts.iter().filter(|meta| meta.is_writable);
            assert!(written.into_iter().all(|meta| !shared.contains(&meta.pubkey)));
        }
    }
}
