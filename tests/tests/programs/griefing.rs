//! Who wants nobody to trade: each trick costs its author at least what it binds, and keeps nobody else from anything.

use crate::{attack::*, laws::*};

/// The lamports and payment atoms of a wallet.
fn wealth(w: &World, owner: &Address) -> (u64, u64) {
    (w.lamports(owner), w.purse(owner))
}

/// A trick, and what it left of the victim's and of the author's means once it is over.
struct Trick {
    name: &'static str,
    victim: Address,
    author: Address,
    play: fn(&mut World, &JobHandle),
}

#[test]
fn a_trick_costs_its_author_and_nobody_else() {
    let mut family = Family::new("T26 griefing", &[]);
    let ready = TestBuilder::ready();
    let (tenant, operator) = (ready.tenants[0], ready.providers[0].operator);
    let tricks = [
        Trick {
            name: "the best bidder takes its stake away before it can be bound",
            victim: tenant,
            author: operator,
            play: |w, job| {
                w.ok(w.post_job(0, job.mint, market::JobTerms { auction_seconds: 60, ..terms(1) }));
                w.ok(w.place_bid(job, 0, 1));
                let owner = w.providers[0].owner;
                w.ok(w.unbond_stake(owner, LIMITS.staked));
                w.warp(60);
                assert!(w.send(w.accept_bid(job, 0)).is_err());
                // The binding bid stays, and its rent with it; the tenant leaves at once.
                assert!(w.send(w.withdraw_bid(job, 0)).is_err());
                w.ok(w.cancel_job(job));
            },
        },
        Trick {
            name: "a provider takes a job and stays silent",
            victim: tenant,
            author: operator,
            play: |w, job| {
                w.ok(w.post_job(0, job.mint, terms(1)));
                w.ok(w.match_job(job, 0, 0));
                w.warp(LIMITS.start_window + 1);
                w.ok(w.expire_job(job, Some(0)));
            },
        },
        Trick {
            name: "a provider starts and never sends a receipt",
            victim: tenant,
            author: operator,
            play: |w, job| {
                w.ok(w.post_job(0, job.mint, terms(1)));
                w.ok(w.match_job(job, 0, 0));
                w.ok(w.start_job(job, 0));
                w.warp(i64::from(LIMITS.run_seconds) + LIMITS.receipt_grace + 1);
                w.ok(w.expire_job(job, Some(0)));
            },
        },
        Trick {
            name: "a stranger fills the vault with dust again and again",
            victim: tenant,
            author: ready.outsider,
            play: |w, job| {
                w.ok(w.post_job(0, job.mint, terms(1)));
                w.ok(w.cancel_job(job));
                let held = w.tokens(&job.vault);
                w.token_account(job.vault, &job.address, &job.mint, held + 1_000);
            },
        },
    ];
    for trick in tricks {
        let mut w = ready.clone();
        w.crank_pays = true;
        let job = w.handle(0, 1, w.mints[0]);
        let (victim, author) = (wealth(&w, &trick.victim), wealth(&w, &trick.author));
        (trick.play)(&mut w, &job);
        w.ok(w.claim_refund(&job));
        w.ok(w.close_job(&job));
        // The victim has every lamport and atom back, the author none more than it had.
        let now = wealth(&w, &trick.victim);
        if now.0 < victim.0 || now.1 < victim.1 {
            family.escape(format!("{}: the victim had {victim:?} and has {now:?}", trick.name));
        } else if wealth(&w, &trick.author) > author {
            family.escape(format!("{}: its author gains by it", trick.name));
        } else {
            family.held();
        }
        // Afterwards the victim trades as before.
        let again = w.do_run(0, 2, 1);
        assert_eq!(w.job(&again).state, JobState::Running as u8, "{}", trick.name);
    }
    family.close();
}

/// The roster is frozen into the set that judges: a seat on it must keep its stake.
#[test]
fn one_stake_does_not_fill_the_roster() {
    let mut w = TestBuilder::ready();
    for number in 0..59u8 {
        let name = format!("sybil {number}");
        let (identity, delegate) = (w.wallet(&name), w.wallet(&format!("{name} delegate")));
        let sybil = ValidatorParty::new(&name, identity, delegate);
        w.do_stake(identity, LIMITS.stake_min);
        w.ok(w.register_validator(identity, sybil.vote_key(), delegate));
        // The same tokens serve the next one.
        w.ok(w.unbond_stake(identity, LIMITS.stake_min));
        w.warp(LIMITS.unbonding);
        w.ok(w.withdraw_stake(identity));
    }
    w.do_weigh();
    w.ok(w.freeze_set(3));
    let set = w.set(3);
    assert_eq!(set.count, 5, "a set in which {} of {} members have no stake", set.count - 5, set.count);
}

/// A list of re-executors that is full of nobodies keeps everybody else from re-executing.
#[test]
fn a_place_among_the_re_executors_costs_a_stake() {
    let mut w = TestBuilder::ready();
    for number in 0..61 {
        let name = format!("squatter {number}");
        let (owner, operator) = (w.wallet(&name), w.wallet(&format!("{name} operator")));
        w.providers.push(ProviderParty::new(&name, owner, operator));
        let squatter = w.providers.len() - 1;
        w.ok(w.register_provider(owner, w.provider_args(squatter)));
        assert!(w.send(w.join_executors(squatter)).is_err(), "a provider without an account of stake takes a place");
        w.do_stake(owner, LIMITS.stake_min - 1);
        w.refused(w.join_executors(squatter), ArbiterError::StakeTooSmall);
    }
    assert_eq!(w.executor_list().count, 3);
}

/// The same tokens hold one place: whoever takes them out loses it to the first who asks.
#[test]
fn one_stake_does_not_fill_the_list_of_re_executors() {
    let mut w = TestBuilder::ready();
    let (owner, operator) = (w.wallet("squatter"), w.wallet("squatter operator"));
    w.providers.push(ProviderParty::new("squatter", owner, operator));
    w.do_stake(owner, LIMITS.stake_min);
    w.ok(w.register_provider(owner, w.provider_args(3)));
    w.ok(w.join_executors(3));
    let evict = swap(w.leave_executors(3), "leave_executors", "operator", w.outsider);
    w.refused(evict.clone(), ArbiterError::NotOperator);
    w.ok(w.unbond_stake(owner, 1));
    // Not with the stake of another one.
    let borrowed = swap(evict.clone(), "leave_executors", "stake", w.providers[0].stake);
    w.refused(borrowed, ArbiterError::StakeTooSmall);
    w.ok(evict);
    assert!(!w.executor_list().providers.contains(&w.providers[3].account.to_bytes()));
    w.refused(w.join_executors(3), ArbiterError::StakeTooSmall);
}
