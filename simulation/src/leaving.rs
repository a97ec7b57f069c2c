//! What is left of closed jobs is taken away, and in the end everybody leaves with everything.

use proofmill_client::address;

use crate::{
    breach::{Breach, Law, hold},
    cranks,
    limits::UNBONDING,
    network::Role,
    play::Play,
    population::must,
};

/// Bidders take their rent back, rounds and verdicts are closed; whether anything is left.
///
/// # Errors
/// A broken law.
pub fn traces(play: &mut Play, job: usize) -> Result<bool, Breach> {
    let handle = play.jobs[job].handle;
    for provider in std::mem::take(&mut play.jobs[job].bidders) {
        play.net.world.crank = play.net.world.providers[provider].operator;
        let close = play.net.world.close_bid(&handle, provider);
        if play.net.send(Role::Provider, None, &[close])?.is_err() {
            play.jobs[job].bidders.push(provider);
        }
    }
    cranks::act(play, job, None)?;
    let waits = cranks::slash(play, job)?;
    Ok(waits || cranks::leftovers(play, job) > 0 || !play.jobs[job].bidders.is_empty())
}

/// Providers withdraw their offers and stakes: every token that is not slashed comes out.
///
/// # Errors
/// A broken law.
pub fn everybody(play: &mut Play) -> Result<(), Breach> {
    for provider in 0..play.people.providers.len() {
        cranks::sweep_slashed(play, provider)?;
        let owner = play.net.world.providers[provider].owner;
        let bonded = play.net.world.stake(&owner).bonded;
        let w = &play.net.world;
        let mut leave = vec![w.withdraw_offer(provider, 0)];
        if bonded > 0 {
            leave.push(w.unbond_stake(owner, bonded));
        }
        must(&mut play.net, Role::Provider, &leave)?;
        if provider % 500 == 499 {
            play.net.tick(1);
        }
    }
    play.net.tick(i64::from(UNBONDING));
    for provider in 0..play.people.providers.len() {
        let owner = play.net.world.providers[provider].owner;
        if play.net.world.stake(&owner).unbonding > 0 {
            let withdraw = play.net.world.withdraw_stake(owner);
            must(&mut play.net, Role::Provider, &[withdraw])?;
        }
        let stake = play.net.world.stake(&owner);
        let left = (stake.bonded, stake.locked, stake.unbonding, stake.active_jobs);
        hold(left == (0, 0, 0, 0), || Breach::at(Law::LocksAreTheJobs, &address::stake(&owner), format!("{left:?}")))?;
        if provider % 500 == 499 {
            play.net.tick(1);
        }
    }
    play.net.tick(1);
    play.net.check_all()
}
