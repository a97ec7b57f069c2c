//! Every instant at which an instruction begins or ceases to be possible, to the second. The instants are found by
//! moving the clock, and compared with a table: a deadline that moves by one second, appears or vanishes fails.

use crate::{
    attack::*,
    laws::*,
    layout::{Interface, Kind},
    scenarios::*,
};
use proofmill_protocol::limits;
use solana_transaction_error::TransactionError;

/// How the clock decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Possible from this second on.
    From,
    /// Possible up to and including this second.
    Until,
}
use Edge::{From, Until};

/// Scenario, how the clock decides, and when.
type Deadline = (&'static str, Edge, fn(&Target) -> i64);

/// Every deadline of both programs. A scenario that is not here does not depend on the clock.
#[rustfmt::skip] // one row, one deadline
const DEADLINES: &[Deadline] = &[
    ("withdraw_stake", From, |t| stake(t).releasable_at),
    ("publish_offer", Until, |t| t.world.offer_args(2).expires_at - 1),
    ("match_job", Until, |t| market::Offer::decode(&data(t, "offer")).unwrap().expires_at - 1),
    ("place_bid", Until, |t| job(t).bids_until - 1),
    ("accept_bid", From, |t| job(t).bids_until),
    ("accept_bid", Until, |t| job(t).bids_until + limits::MATCH_GRACE_SECONDS),
    ("start_job", Until, |t| job(t).matched_at + LIMITS.start_window),
    ("submit_proof", Until, |t| receipt_until(t)),
    ("settle_unchallenged", From, |t| job(t).receipt_at + LIMITS.challenge_window),
    ("expire_job open", From, |t| job(t).posted_at + limits::MATCH_GRACE_SECONDS + 1),
    ("expire_job matched", From, |t| job(t).matched_at + LIMITS.start_window + 1),
    ("expire_job running", From, |t| receipt_until(t) + 1),
    ("expire_job submitted", From, |t| job(t).receipt_at + LIMITS.verdict_window + 1),
    ("close_job audit unpaid", From, |t| job(t).settled_at + limits::AUDIT_CLAIM_SECONDS + 1),
    ("freeze_set", From, |t| t.world.arbiter_config().epoch_started_at + LIMITS.epoch),
    ("apply_config", From, |t| market::QueuedConfig::decode(&data(t, "queued")).unwrap().eta),
    ("apply_arbiter", From, |t| arbiter::QueuedArbiter::decode(&data(t, "queued")).unwrap().eta),
    ("apply_mint", From, |t| market::MintRule::decode(&data(t, "mint_rule")).unwrap().eta),
    ("apply_slash", From, |t| case(t).due_at),
    ("appeal_slash", Until, |t| case(t).due_at - 1),
    ("resolve_appeal silent", From, |t| case(t).decide_by + 1),
    ("freeze_set", Until, |t| t.world.roster().weighed_at[0] + OVERRUN),
    ("open_round", Until, |t| t.world.arbiter_config().epoch_started_at + OVERRUN),
    ("escalate_round", Until, |t| t.world.arbiter_config().epoch_started_at + OVERRUN),
    // Nobody committed: there is nothing to reveal.
    ("expire_round", From, |t| round(t).commit_until + 1),
    ("record_missed_reveal", From, |t| round(t).reveal_until + 1),
    ("skip_bid", From, |t| job(t).bids_until),
    ("take_task", Until, |t| market::JobArray::decode(&data(t, "array")).unwrap().deadline_at - 1),
    ("expire_job ending service", From, |t| job(t).receipt_at + limits::USAGE_GRACE_SECONDS + 1),
    ("expire_job dead service", From, |t| job(t).usage_at.max(job(t).started_at) + LIMITS.usage_timeout + 1),
    ("expire_job paused service", From, |t| job(t).paused_at + limits::PAUSE_SECONDS_MAX + 1),
    ("pause_job", From, |t| job(t).started_at + i64::from(job(t).max_seconds)),
    ("resume_job", Until, |t| job(t).paused_at + limits::PAUSE_SECONDS_MAX),
    ("top_up_job paused", Until, |t| job(t).paused_at + limits::PAUSE_SECONDS_MAX),
    ("top_up_job running", Until, |t| job(t).usage_at.max(job(t).started_at) + LIMITS.usage_timeout),
    ("open_root_ballot", From, |t| t.world.now),
    ("open_root_ballot", Until, |t| t.world.now - 60 + limits::WITNESS_AGE_SECONDS_MAX),
    ("finalize_root", Until, |t| ballot(t).opened_at + limits::ROOT_BALLOT_SECONDS),
    ("close_root_ballot", From, |t| ballot(t).opened_at + limits::ROOT_BALLOT_SECONDS + 1),
    ("close_witness_root", From, |t| witness_root(t).finalized_at + limits::WITNESS_ROOT_SECONDS + 1),
    ("close_plant", From, |t| plant(t).committed_at + limits::PLANT_SECONDS + 1),
    ("close_beacon", From, |t| beacon(t).posted_at + limits::BEACON_KEEP_SECONDS),
    ("submit_reexecution", Until, |t| round(t).commit_until),
    ("commit_attestation", Until, |t| round(t).commit_until),
    ("commit_attestations", Until, |t| round(t).commit_until),
    ("open_appeal", Until, |t| t.world.arbiter_config().epoch_started_at + OVERRUN),
    ("reveal_attestations", Until, |t| round(t).reveal_until),
];

/// How long a set may serve if nobody freezes the next, and for how long a member counts as weighed.
const OVERRUN: i64 = LIMITS.epoch * limits::EPOCH_OVERRUN as i64;

fn ballot(target: &Target) -> arbiter::RootBallot {
    arbiter::RootBallot::decode(&data(target, "ballot")).unwrap()
}

fn witness_root(target: &Target) -> arbiter::WitnessRoot {
    arbiter::WitnessRoot::decode(&data(target, "witness_root")).unwrap()
}

fn plant(target: &Target) -> arbiter::Plant {
    arbiter::Plant::decode(&data(target, "plant")).unwrap()
}

fn beacon(target: &Target) -> arbiter::Beacon {
    arbiter::Beacon::decode(&data(target, "beacon")).unwrap()
}

fn data(target: &Target, name: &str) -> Vec<u8> {
    target.world.data(&target.instruction.accounts[slot(target.info.name, name)].pubkey)
}

fn job(target: &Target) -> market::Job {
    market::Job::decode(&data(target, "job")).unwrap()
}

fn case(target: &Target) -> market::SlashCase {
    market::SlashCase::decode(&data(target, "slash_case")).unwrap()
}

fn stake(target: &Target) -> market::Stake {
    market::Stake::decode(&data(target, "stake")).unwrap()
}

fn round(target: &Target) -> arbiter::Round {
    arbiter::Round::decode(&data(target, "round")).unwrap()
}

fn receipt_until(target: &Target) -> i64 {
    job(target).started_at + i64::from(job(target).max_seconds) + LIMITS.receipt_grace
}

/// What becomes of the target's instruction when the clock stands at `instant`.
fn at(target: &Target, instant: i64) -> Result<(), TransactionError> {
    let mut world = target.world.clone();
    world.now = instant;
    world.seal_slots(0);
    world.attempt(std::slice::from_ref(&target.instruction)).map(|_| ())
}

/// Instants at which something could change: what the instruction's accounts store, alone and with every length that
/// they store, and a net of others in between.
fn samples(interface: &Interface, target: &Target) -> Vec<i64> {
    let (mut instants, mut lengths) = (vec![target.world.now], vec![0]);
    for meta in &target.instruction.accounts {
        let Some(account) = target.world.svm.get_account(&meta.pubkey) else { continue };
        if ![market::ID, arbiter::ID].contains(&account.owner) || account.executable {
            continue;
        }
        let Some((_, fields)) = interface.account(&account.owner, &account.data) else { continue };
        for field in fields {
            let bytes = &account.data[field.offset..field.offset + field.len];
            if field.kind == Kind::Signed && field.len == 8 {
                instants.push(i64::from_le_bytes(bytes.try_into().unwrap()));
            } else if field.name.ends_with("_seconds") && field.len == 4 {
                lengths.push(i64::from(u32::from_le_bytes(bytes.try_into().unwrap())));
            }
        }
    }
    let now = target.world.now;
    instants.retain(|instant| (instant - now).abs() < 10_000_000);
    let mut all: Vec<i64> = instants
        .iter()
        .flat_map(|instant| lengths.iter().flat_map(move |length| [-1, 0, 1].map(|near| instant + length + near)))
        .collect();
    all.extend((0..22).flat_map(|power| [now - (1 << power), now + (1 << power)]));
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn every_deadline_is_where_the_table_says() {
    let interface = Interface::read();
    let mut family = Family::new("T08, T11 clock boundaries", &[]);
    for target in targets() {
        let name = target.name.as_str();
        let mut found: Vec<(Edge, i64)> = Vec::new();
        let samples = samples(&interface, &target);
        let mut before = (samples[0], at(&target, samples[0]).is_ok());
        for &instant in &samples[1..] {
            let open = at(&target, instant).is_ok();
            if open != before.1 {
                let (mut low, mut high) = (before.0, instant);
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if at(&target, middle).is_ok() == open { high = middle } else { low = middle }
                }
                found.push(if open { (From, high) } else { (Until, low) });
            }
            before = (instant, open);
        }
        let mut stated: Vec<(Edge, i64)> = (DEADLINES.iter())
            .filter(|(scenario, _, _)| *scenario == name)
            .map(|(_, edge, when)| (*edge, when(&target)))
            .collect();
        stated.sort_unstable_by_key(|(_, when)| *when);
        let now = target.world.now;
        if found == stated {
            found.iter().for_each(|_| family.held());
        } else {
            family.escape(format!("{name}: {found:?} and not {stated:?}, now is {now}"));
        }
        // The clock at its ends: refused or not, never an abort.
        for instant in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
            match at(&target, instant) {
                Err(TransactionError::InstructionError(_, InstructionError::ProgramFailedToComplete)) => {
                    family.escape(format!("{name} aborts at the instant {instant}"));
                }
                Err(_) => family.refused(),
                Ok(()) => family.held(),
            }
        }
    }
    for (scenario, _, _) in DEADLINES {
        let known = SCENARIOS.iter().any(|row| [row.instruction, row.variant].join(" ").trim_end() == *scenario);
        assert!(known, "{scenario} has a deadline and no scenario");
    }
    family.close();
}
