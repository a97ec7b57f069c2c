//! What anyone may do for a job, decided by the real oracle's crank (`proofmill_oracle_core::crank`) from the accounts.

use proofmill_client::{address, market};
use proofmill_oracle_core::{
    Crank, EpochFacts, Facts, JobLife, JobOnChain, MemberFacts, RoundOnChain, VerdictOnChain, crank,
};
use proofmill_protocol::{appeal::CaseState, job::JobState, limits::SETS_KEPT, verdict::Opinion};
use solana_account::ReadableAccount as _;
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{breach::Breach, judging, limits::BACKOFF_STEPS_MAX, network::Role, play::Play, population::audit_budget};

fn life(job: &market::Job) -> Option<JobLife> {
    Some(JobLife {
        nonce: job.nonce,
        attempt: job.attempt,
        state: JobState::from_code(job.state)?,
        audit_bps: job.audit_bps,
        opened_at: job.opened_at,
        bids_until: job.bids_until,
        best_bidder: (job.best_bidder != Address::default()).then(|| job.best_bidder.to_bytes()),
        matched_at: job.matched_at,
        started_at: job.started_at,
        receipt_at: job.receipt_at,
        start_window_seconds: job.start_window_seconds,
        max_seconds: job.max_seconds,
        receipt_grace_seconds: job.receipt_grace_seconds,
        challenge_window_seconds: job.challenge_window_seconds,
        verdict_window_seconds: job.verdict_window_seconds,
        receipt_hash: job.receipt_hash,
        fee: job.fee,
        claimed: job.claimed,
        audit_paid: job.audit_paid,
        service: None,
    })
}

fn round_facts(play: &Play, job: usize, index: usize) -> Option<RoundOnChain> {
    let round = judging::round(play, job, index)?;
    Some(RoundOnChain {
        address: play.jobs[job].case.rounds[index - 1].to_bytes(),
        nonce: round.nonce,
        attempt: round.attempt,
        index: round.index,
        state: round.state,
        windows: judging::windows(&round),
        missed: round.missed,
        wrong_dissent: round.wrong_dissent,
        votes: [
            round.votes_valid,
            round.votes_invalid,
            round.votes_unavailable,
            round.votes_inconclusive,
            round.votes_divergent,
        ],
        rule: (round.seats, round.threshold, round.reveals_min, round.index == 1),
        touched_at: round.touched_at,
    })
}

fn verdict_facts(play: &Play, job: usize) -> Option<VerdictOnChain> {
    let verdict = judging::verdict(play, job)?;
    Some(VerdictOnChain {
        address: play.jobs[job].case.verdict.to_bytes(),
        nonce: verdict.nonce,
        attempt: verdict.attempt,
        receipt_hash: verdict.receipt_hash,
        opinion: Opinion::from_code(verdict.opinion)?,
        confirmed_executors: verdict.confirmed_executors,
    })
}

/// Everything on chain under a job's address; the job itself may be closed.
pub fn facts(play: &Play, job: usize, on_chain: Option<&market::Job>) -> Facts {
    Facts::Job(JobOnChain {
        life: on_chain.and_then(life),
        rounds: [1, 2].into_iter().filter_map(|index| round_facts(play, job, index)).collect(),
        verdicts: verdict_facts(play, job).into_iter().collect(),
        // The bidders of the simulation mind their own bids, and slot hashes decide.
        bids: Vec::new(),
        unfit: None,
        appeal_owes: false,
        draw_ready: true,
    })
}

/// The instructions of a crank: one each, as the daemon sends them, but for a silent round's two.
fn instructions(play: &Play, job: usize, on_chain: Option<&market::Job>, crank: Crank) -> Option<Vec<Instruction>> {
    let (w, handle) = (&play.net.world, &play.jobs[job].handle);
    let holder = on_chain.and_then(|job| play.holder(job));
    let round = |key: [u8; 32]| {
        let index = if play.jobs[job].case.rounds[0].to_bytes() == key { 1 } else { 2 };
        w.close_round(handle, index)
    };
    Some(vec![match crank {
        Crank::AcceptBid => w.accept_bid(handle, play.people.provider_at(&on_chain?.best_bidder)?),
        Crank::OpenRound => w.open_round(handle, holder?),
        Crank::ExpireRound => w.expire_round(handle),
        Crank::EscalateRound => w.escalate_round(handle, holder?),
        Crank::FinalizeRound(index) => w.finalize_round(handle, index),
        Crank::VerifyProof => w.verify_proof(handle, holder?),
        Crank::SettleUnchallenged => w.settle_unchallenged(handle, holder?),
        Crank::Expire => w.expire_job(handle, holder),
        Crank::SweepFees => w.sweep_fees(handle),
        Crank::PayAudit(executor) => {
            let paid = judging::verdict(play, job)?.executors[usize::from(executor)];
            w.pay_audit(handle, executor, play.people.provider_at(&Address::new_from_array(paid))?)
        }
        Crank::CloseRound(key) => round(key),
        Crank::CloseVerdict(_) => w.close_verdict(handle),
        Crank::RecordMissedReveal(key, seat) => {
            let index = if play.jobs[job].case.rounds[0].to_bytes() == key { 1 } else { 2 };
            w.record_missed_reveal(handle, index, seat)
        }
        // Only a first round dissents.
        Crank::RecordWrongDissent(_, seat) => w.record_wrong_dissent(handle, seat),
        // These are not decided from a job's facts; slashes, sets and stakes have their own turns below.
        _ => return None,
    }])
}

/// Whoever's turn it is does what anyone may do for a job, unless it was refused a moment ago.
///
/// # Errors
/// A broken law.
pub fn turn(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    // Who cranks saw the chain as the step began: what was touched since is for the next step.
    if play.jobs[job].touched_step == play.course.step {
        return Ok(());
    }
    act(play, job, Some(on_chain))
}

/// Does what anyone may do for a job that may be closed already.
///
/// # Errors
/// A broken law.
pub fn act(play: &mut Play, job: usize, on_chain: Option<&market::Job>) -> Result<(), Breach> {
    if play.course.step < play.jobs[job].crank_after {
        return Ok(());
    }
    // The draw and the list are those of the judged provider's class.
    if let Some(on_chain) = on_chain {
        play.net.world.class_key = on_chain.class_key;
    }
    play.net.world.crank = play.cranker(job);
    for crank in crank(&facts(play, job, on_chain), play.now()) {
        let Some(instructions) = instructions(play, job, on_chain, crank) else { continue };
        let escalates = crank == Crank::EscalateRound;
        let about = on_chain.map(|on_chain| (job, on_chain));
        let budget = audit_budget(&play.net.world);
        let before = play.net.world.tokens(&budget);
        if play.send(Role::Validator, about, &instructions)?.is_ok() {
            play.jobs[job].refused_cranks = 0;
            play.course.escalated += u64::from(escalates);
            let after = play.net.world.tokens(&budget);
            play.course.audit_in += after.saturating_sub(before);
            play.course.audit_out += before.saturating_sub(after);
        } else if crank == Crank::AcceptBid && pass_over(play, job, on_chain)? {
            // The next in line is looked at in the next step.
        } else {
            let refused = play.jobs[job].refused_cranks.min(6);
            play.jobs[job].refused_cranks = refused + 1;
            play.jobs[job].crank_after = play.course.step + (1 << refused).min(BACKOFF_STEPS_MAX);
        }
    }
    Ok(())
}

/// The best bidder does not fit any more: anyone passes over it.
fn pass_over(play: &mut Play, job: usize, on_chain: Option<&market::Job>) -> Result<bool, Breach> {
    let bidder = on_chain.and_then(|on_chain| play.people.provider_at(&on_chain.best_bidder));
    let Some(bidder) = bidder else { return Ok(false) };
    let handle = play.jobs[job].handle;
    let skip = play.net.world.skip_bid(&handle, bidder);
    Ok(play.send(Role::Validator, on_chain.map(|on_chain| (job, on_chain)), &[skip])?.is_ok())
}

/// The next validator set is frozen when it is time.
///
/// # Errors
/// A broken law.
pub fn epoch(play: &mut Play) -> Result<(), Breach> {
    let config = play.net.world.arbiter_config();
    let facts = EpochFacts {
        epoch: config.epoch,
        frozen_epoch: config.frozen_epoch,
        old_set: config.epoch.checked_sub(SETS_KEPT + 1).filter(|epoch| set_exists(play, *epoch)),
        epoch_started_at: config.epoch_started_at,
        epoch_seconds: config.epoch_seconds,
        roster: u8::try_from(play.net.world.validators.len()).unwrap_or(u8::MAX),
        committee: config.committee,
    };
    for crank in crank(&Facts::Epoch(facts), play.now()) {
        play.net.world.crank = play.cranker(0);
        let instruction = match crank {
            Crank::FreezeSet(epoch) => {
                weigh(play, config.epoch_seconds)?;
                play.net.world.freeze_set(epoch)
            }
            Crank::CloseSet(epoch) => play.net.world.close_set(epoch),
            _ => continue,
        };
        let _ = play.net.send(Role::Validator, None, &[instruction])?;
    }
    Ok(())
}

/// Every member whose weight has aged is weighed anew, or the set would be frozen without it.
fn weigh(play: &mut Play, epoch_seconds: u32) -> Result<(), Breach> {
    let roster = play.net.world.roster();
    for place in 0..usize::from(roster.count) {
        let owner = Address::new_from_array(roster.identities[place]);
        let member = MemberFacts {
            weight: roster.weights[place],
            bonded: play.net.world.stake(&owner).bonded,
            weighed_at: roster.weighed_at[place],
            epoch_seconds,
        };
        if !crank(&Facts::Member(member), play.now()).is_empty() {
            let refresh = play.net.world.refresh_validator(owner);
            let _ = play.net.send(Role::Validator, None, &[refresh])?;
        }
    }
    Ok(())
}

fn set_exists(play: &Play, epoch: u32) -> bool {
    !play.net.world.is_closed(&address::validator_set(epoch))
}

/// A slash that waited is applied, and its case closed. Whether a case is still there.
///
/// # Errors
/// A broken law.
pub fn slash(play: &mut Play, job: usize) -> Result<bool, Breach> {
    let Some(at) = play.jobs[job].slash_case else { return Ok(false) };
    let stored = play.net.world.svm.accounts_db().get_account_ref(&at);
    let Some(case) = stored.and_then(|account| market::SlashCase::decode(account.data()).ok()) else {
        play.jobs[job].slash_case = None;
        return Ok(false);
    };
    let (state, w) = (CaseState::from_code(case.state), &play.net.world);
    let instruction = match state {
        Some(state) if state.is_due(case.due_at, w.now) => w.apply_slash(at),
        Some(state) if !state.is_pending() => w.close_case(at),
        _ => return Ok(true),
    };
    play.net.world.crank = play.cranker(job);
    let _ = play.net.send(Role::Validator, None, &[instruction])?;
    Ok(true)
}

/// Slashed stake is swept.
///
/// # Errors
/// A broken law.
pub fn sweep_slashed(play: &mut Play, provider: usize) -> Result<(), Breach> {
    let owner = play.net.world.providers[provider].owner;
    if play.net.world.stake(&owner).slashed > 0 {
        play.net.world.crank = play.cranker(provider);
        let _ = play.net.send(Role::Validator, None, &[play.net.world.sweep_slashed(owner)])?;
    }
    Ok(())
}

/// How many of the arbiter's accounts a job leaves.
pub fn leftovers(play: &Play, job: usize) -> usize {
    usize::from(judging::verdict(play, job).is_some())
        + [1, 2].into_iter().filter(|index| judging::round(play, job, *index).is_some()).count()
}
