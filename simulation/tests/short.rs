//! A small network, whole: every law held after every transaction, and every law can be broken.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{collections::BTreeSet, time::Duration};

use proofmill_client::{address, market};
use proofmill_simulation::{Law, Plan, Play, Report, network::Role};

const SMALL: Plan = Plan { providers: 200, jobs: 100, steps: 20, seed: 7 };

fn outcome(plan: Plan) -> (serde_json::Value, Report) {
    let play = Play::run(plan, &mut ()).unwrap_or_else(|breach| panic!("seed {}: {breach}", plan.seed));
    let report = Report::of(&play, Duration::from_secs(1));
    (serde_json::to_value(&report.outcome).unwrap(), report)
}

#[test]
fn a_small_network_holds_every_law_and_drains_to_nothing() {
    let mut ended = BTreeSet::new();
    for seed in 7..11 {
        let (_, report) = outcome(Plan { seed, ..SMALL });
        let o = &report.outcome;
        assert!(report.signatures_verified);
        assert!(o.jobs_in_flight_peak >= SMALL.jobs as u64, "seed {seed}: {} in flight", o.jobs_in_flight_peak);
        assert_eq!(o.jobs_closed, o.jobs_posted, "seed {seed}");
        assert!(o.rounds_escalated > 0, "seed {seed}");
        ended.extend(o.outcomes.iter().map(|row| row.outcome.clone()));
    }
    // Worth playing: what can happen to a job, happened.
    for outcome in ["accepted", "rejected", "declined", "never_started", "no_receipt", "unavailable", "cancelled"] {
        assert!(ended.contains(outcome), "no job ended {outcome}");
    }
}

/// Parties that mean well are refused only for what they cannot know or what their character makes them do.
#[test]
fn whoever_means_well_is_refused_only_for_known_reasons() {
    let (_, report) = outcome(Plan { seed: 8, ..SMALL });
    let known = [
        // Blind, late, twice, or overtaken by somebody else in the same step.
        (Role::Tenant, "AuditClaimOpen"),
        (Role::Provider, "AuctionClosed"),
        (Role::Provider, "BidNotLower"),
        (Role::Provider, "CapacityExhausted"),
        (Role::Provider, "FreeStakeTooSmall"),
        (Role::Provider, "PriceAboveCeiling"),
        (Role::Provider, "JobNotMatched"),
        (Role::Provider, "StartTooLate"),
        (Role::Provider, "JobNotRunning"),
        (Role::Provider, "MeteredTooLong"),
        (Role::Provider, "ReceiptTooLate"),
        (Role::Validator, "NotSampled"),
        (Role::Validator, "RoundDecided"),
        (Role::Validator, "CapacityExhausted"),
        (Role::Validator, "FreeStakeTooSmall"),
    ];
    for row in &report.outcome.refusals {
        let blind_match = row.role == Role::Tenant && row.instruction == "post_job + match_job";
        let known = known.iter().any(|(role, error)| *role == row.role && *error == row.error);
        assert!(row.role == Role::Outsider || blind_match || known, "{row:?}");
    }
    let outsiders: Vec<_> = report.outcome.refusals.iter().filter(|row| row.role == Role::Outsider).collect();
    assert!(outsiders.len() > 5, "the outsider was hardly refused: {outsiders:?}");
}

#[test]
fn the_same_seed_plays_the_same_simulation() {
    let plan = Plan { providers: 60, jobs: 30, steps: 8, seed: 3 };
    let (first, _) = outcome(plan);
    let (second, _) = outcome(plan);
    assert_eq!(first, second);
    let (other, _) = outcome(Plan { seed: 4, ..plan });
    assert_ne!(first, other);
}

/// A network in the middle of things, with a job in every state that holds a lock.
fn under_way() -> Play {
    let mut play = Play::new(Plan { providers: 60, jobs: 40, steps: 0, seed: 5 }, &mut ()).unwrap();
    for _ in 0..12 {
        play.step(true).unwrap();
    }
    play.net.check_all().unwrap();
    play
}

fn broken_by(harm: impl FnOnce(&mut Play)) -> Law {
    let mut play = under_way();
    harm(&mut play);
    play.net.check_all().expect_err("the harm was not noticed").law
}

fn held_jobs(play: &Play) -> Vec<(solana_address::Address, market::Job)> {
    let jobs = play.live.iter().filter_map(|job| Some((play.jobs[*job].handle.address, play.on_chain(*job)?)));
    jobs.filter(|(_, job)| (2..=4).contains(&job.state)).collect()
}

/// Rewrites an account's data and leaves its lamports as they are.
fn rewrite(play: &mut Play, at: solana_address::Address, data: Vec<u8>) {
    let mut account = play.net.world.svm.get_account(&at).unwrap();
    account.data = data;
    play.net.world.svm.set_account(at, account).unwrap();
}

fn add_tokens(play: &mut Play, at: solana_address::Address, atoms: i64) {
    let mut data = play.net.world.data(&at);
    let held = u64::from_le_bytes(data[64..72].try_into().unwrap());
    data[64..72].copy_from_slice(&held.checked_add_signed(atoms).unwrap().to_le_bytes());
    rewrite(play, at, data);
}

#[test]
fn a_token_too_many_is_noticed() {
    let law = broken_by(|play| {
        let vault = held_jobs(play)[0].1.vault;
        add_tokens(play, vault, 1);
    });
    assert_eq!(law, Law::TokensConserved);
}

#[test]
fn a_token_in_the_wrong_vault_is_noticed() {
    let law = broken_by(|play| {
        let jobs = held_jobs(play);
        add_tokens(play, jobs[0].1.vault, -1);
        add_tokens(play, jobs[1].1.vault, 1);
    });
    assert_eq!(law, Law::VaultHoldsWhatItOwes);
}

#[test]
fn a_lamport_too_many_is_noticed() {
    let law = broken_by(|play| {
        let outsider = play.net.world.outsider;
        let held = play.net.world.lamports(&outsider);
        play.net.world.gift(outsider, held + 1);
    });
    assert_eq!(law, Law::LamportsConserved);
}

#[test]
fn a_lock_that_no_job_explains_is_noticed() {
    let law = broken_by(|play| {
        let holder = play.people.provider_at(&held_jobs(play)[0].1.provider).unwrap();
        let owner = play.net.world.providers[holder].owner;
        let mut stake = play.net.world.stake(&owner);
        stake.locked += 1;
        rewrite(play, address::stake(&owner), stake.encode());
    });
    assert_eq!(law, Law::LocksAreTheJobs);
}

#[test]
fn a_stake_without_its_tokens_is_noticed() {
    let law = broken_by(|play| {
        let owners = [play.net.world.providers[0].owner, play.net.world.providers[1].owner];
        let vaults = owners.map(|owner| address::stake_vault(&address::stake(&owner)));
        add_tokens(play, vaults[0], -1);
        add_tokens(play, vaults[1], 1);
    });
    assert_eq!(law, Law::StakeIsHeld);
}

#[test]
fn a_job_that_vanishes_is_noticed() {
    let law = broken_by(|play| {
        let (at, job) = held_jobs(play)[0];
        // Its lamports stay where they were: only the agreement is gone.
        rewrite(play, at, vec![0; job.encode().len()]);
    });
    assert_eq!(law, Law::EveryJobEnds);
}

/// What a transaction does wrong is noticed in that transaction: here a job is charged to the wrong pair of parties.
#[test]
fn an_account_written_for_two_independent_jobs_is_noticed() {
    let mut ledger = proofmill_simulation::ledger::Ledger::default();
    let name = |byte: u8| solana_address::Address::new_from_array([byte; 32]);
    let shared = name(9);
    ledger.writes(&shared, name(1), name(3)).unwrap();
    ledger.writes(&shared, name(1), name(4)).unwrap();
    let breach = ledger.writes(&shared, name(2), name(3)).expect_err("tenant 1 with 4, tenant 2 with 3");
    assert_eq!(breach.law, Law::Independent);
}
