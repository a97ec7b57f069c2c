//! Tenants post, providers bid, both collect.

use proofmill_client::market;
use proofmill_protocol::{bidding, matching::Requirements, sha256};
use proofmill_tests::{JobHandle, terms};

use crate::{
    breach::Breach,
    judging::Case,
    limits::{LOOKS, STEP_SECONDS},
    network::Role,
    play::{Followed, Play},
};

/// Jobs above the target that are posted, to make up for those that wait in auctions: one in so many.
const SURPLUS: usize = 4;

/// Providers that missed a start see that they are off the market, and announce themselves again.
///
/// # Errors
/// A broken law.
pub fn come_back(play: &mut Play) -> Result<(), Breach> {
    let now = play.course.step;
    let due: Vec<usize> = play.people.off.iter().filter(|(_, since)| **since + 1 < now).map(|(who, _)| *who).collect();
    for provider in due {
        let announce = play.net.world.announce_provider(provider, 1);
        if play.net.send(Role::Provider, None, &[announce])?.is_ok() {
            play.people.off.remove(&provider);
        }
    }
    Ok(())
}

/// Tenants post until enough jobs are unsettled.
///
/// # Errors
/// A broken law.
pub fn post(play: &mut Play) -> Result<(), Breach> {
    let target = play.plan.jobs + play.plan.jobs / SURPLUS;
    let unsettled = play.unsettled;
    // Ramp up over a few steps, so that not everything happens at once.
    let most = (target / 8).max(1);
    for _ in 0..target.saturating_sub(unsettled).min(most) {
        post_one(play)?;
    }
    Ok(())
}

fn post_one(play: &mut Play) -> Result<(), Breach> {
    let tenant = play.dice.index(play.next_index.len());
    let index = play.next_index[tenant];
    // Whom the tenant has in mind; it asks for no more than what that one has.
    let model = play.people.somebody(&mut play.dice);
    let agent = play.people.providers[model].clone();
    let dice = &mut play.dice;
    let max_seconds = u32::try_from(dice.between(120, 900)).unwrap_or(900);
    let auction = dice.percent(40);
    let args = market::JobTerms {
        index,
        spec_hash: sha256(&[b"specification", &(tenant as u64).to_le_bytes(), &index.to_le_bytes()]),
        price_ceiling_per_second: agent.price + dice.below(1 + agent.price / 3),
        max_seconds,
        vram_mib: if dice.percent(50) { agent.vram_mib } else { 8_192 },
        auction_seconds: if auction { u32::try_from(dice.between(45, 150)).unwrap_or(60) } else { 0 },
        region: if dice.percent(25) { agent.region } else { 0 },
        tier: u8::try_from(dice.between(0, u64::from(agent.tier))).unwrap_or(0),
        gpu_count: if dice.percent(50) { agent.gpu_count } else { 1 },
        ..terms(index)
    };
    let need = Requirements {
        tier: args.tier,
        gpu_count: args.gpu_count,
        vram_mib: args.vram_mib,
        region: args.region,
        uptime_bps: args.uptime_bps,
        certificate_age_seconds_max: 0,
        allow_simulated: true,
        price_ceiling_per_second: args.price_ceiling_per_second,
    };
    let mint = play.net.world.mints[0];
    let handle = play.net.world.handle(tenant, index, mint);
    if auction {
        let done = play.net.send(Role::Tenant, None, &[play.net.world.post_job(tenant, mint, args)])?;
        if done.is_ok() {
            let bids = plan_bids(play, &need, &args);
            let mut job = followed(play, handle, tenant);
            job.bids = bids;
            job.cancel_at = play.dice.percent(3).then(|| play.now() + 15);
            enter(play, job);
        }
        return Ok(());
    }
    // One in thirty does not look and asks somebody at random: the program says what does not fit.
    if play.dice.percent(3) {
        let stranger = play.dice.index(play.people.providers.len());
        deal(play, &handle, tenant, args, stranger)?;
        return Ok(());
    }
    let mut candidate = model;
    for _ in 0..LOOKS {
        let price = play.people.providers[candidate].price;
        if play.people.fitting(&play.net, candidate, &need, price, max_seconds).is_ok() {
            deal(play, &handle, tenant, args, candidate)?;
            return Ok(());
        }
        candidate = play.people.somebody(&mut play.dice);
    }
    Ok(())
}

/// Posts and matches in one transaction.
fn deal(
    play: &mut Play,
    handle: &JobHandle,
    tenant: usize,
    args: market::JobTerms,
    provider: usize,
) -> Result<(), Breach> {
    let w = &play.net.world;
    let both = [w.post_job(tenant, handle.mint, args), w.match_job(handle, provider, 0)];
    if play.net.send(Role::Tenant, None, &both)?.is_ok() {
        let job = followed(play, *handle, tenant);
        enter(play, job);
    }
    Ok(())
}

fn followed(play: &Play, handle: JobHandle, tenant: usize) -> Followed {
    Followed {
        handle,
        tenant,
        bids: Vec::new(),
        bidders: Vec::new(),
        cancel_at: None,
        performance: None,
        case: Case::new(&handle.address),
        touched_step: play.course.step,
        slash_case: None,
        crank_after: 0,
        refused_cranks: 0,
        held_by: None,
        ended: false,
        collect_after: play.course.step,
        close_after: 0,
    }
}

fn enter(play: &mut Play, job: Followed) {
    play.next_index[job.tenant] += 1;
    play.course.posted += 1;
    play.unsettled += 1;
    play.live.push(play.jobs.len());
    play.jobs.push(job);
}

/// Up to four providers will answer, each below the one before; now and then one does not look and bids too much.
fn plan_bids(play: &mut Play, need: &Requirements, args: &market::JobTerms) -> Vec<(i64, usize, u64)> {
    let wanted = play.dice.between(1, 4);
    let mut bids: Vec<(i64, usize, u64)> = Vec::new();
    let mut price = args.price_ceiling_per_second;
    let mut at = play.now() + STEP_SECONDS;
    for _ in 0..LOOKS {
        if bids.len() as u64 >= wanted || price <= 1 {
            break;
        }
        let provider = play.people.somebody(&mut play.dice);
        let twice = bids.iter().any(|(_, earlier, _)| *earlier == provider);
        if twice || play.people.fitting(&play.net, provider, need, price, args.max_seconds).is_err() {
            continue;
        }
        let asked = if play.dice.percent(4) { price + 1 } else { price };
        bids.push((at, provider, asked));
        at = (at + play.dice.seconds(0, 40)).min(play.now() + i64::from(args.auction_seconds) - 1);
        price = bidding::next_price_max(price).saturating_sub(play.dice.below(price / 8 + 1)).max(1);
    }
    bids
}

/// Providers whose time has come answer.
///
/// # Errors
/// A broken law.
pub fn bid(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let now = play.now();
    while let Some(&(at, provider, price)) = play.jobs[job].bids.first() {
        if at > now {
            break;
        }
        play.jobs[job].bids.remove(0);
        if play.people.off.contains_key(&provider) {
            continue;
        }
        let handle = play.jobs[job].handle;
        let answer = play.net.world.place_bid(&handle, provider, price);
        if play.send(Role::Provider, Some((job, on_chain)), &[answer])?.is_ok() {
            play.jobs[job].bidders.push(provider);
        }
    }
    Ok(())
}

/// An impatient tenant withdraws its job.
///
/// # Errors
/// A broken law.
pub fn cancel(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let due = play.jobs[job].cancel_at.is_some_and(|at| play.now() >= at);
    if due && play.on_chain(job).is_some_and(|job| job.state == 1) {
        play.jobs[job].cancel_at = None;
        let handle = play.jobs[job].handle;
        let cancel = play.net.world.cancel_job(&handle);
        let _ = play.send(Role::Tenant, Some((job, on_chain)), &[cancel])?;
    }
    Ok(())
}

/// After the end each side takes what it has coming; the tenant closes.
///
/// # Errors
/// A broken law.
pub fn collect(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    if !play.jobs[job].ended {
        play.jobs[job].ended = true;
        play.unsettled -= 1;
        play.jobs[job].collect_after = play.course.step + u32::try_from(play.dice.below(3)).unwrap_or(0);
    }
    if play.course.step < play.jobs[job].collect_after {
        return Ok(());
    }
    let handle = play.jobs[job].handle;
    let about = Some((job, on_chain));
    if on_chain.paid > 0
        && on_chain.claimed & 1 == 0
        && let Some(holder) = play.holder(on_chain)
    {
        play.net.world.crank = play.net.world.providers[holder].operator;
        let claim = play.net.world.claim_reward(&handle, holder);
        let _ = play.send(Role::Provider, about, &[claim])?;
    }
    play.net.world.crank = handle.tenant;
    if on_chain.refunded > 0 && on_chain.claimed & 2 == 0 {
        let claim = play.net.world.claim_refund(&handle);
        let _ = play.send(Role::Tenant, about, &[claim])?;
    }
    let nothing_owed = (on_chain.paid == 0 || on_chain.claimed & 1 != 0)
        && (on_chain.refunded == 0 || on_chain.claimed & 2 != 0)
        && (on_chain.fee == 0 || on_chain.claimed & 4 != 0);
    if nothing_owed && play.course.step >= play.jobs[job].close_after {
        let close = play.net.world.close_job(&handle);
        if play.send(Role::Tenant, about, &[close])?.is_ok() {
            play.note_end(job, on_chain)?;
        } else {
            // A re-executor may still collect: look again later.
            play.jobs[job].close_after = play.course.step + 8;
        }
    }
    Ok(())
}
