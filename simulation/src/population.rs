//! Who takes part: providers, validators, tenants and an outsider, each with hardware, prices and a character.

use proofmill_client::{address, arbiter, market};
use proofmill_protocol::{
    amount,
    matching::{Capability, Mismatch, Requirements, fits},
    sha256,
};
use proofmill_tests::{LIMITS, ProviderParty, ValidatorParty, World, settings};
use serde::Serialize;
use solana_address::Address;

use crate::{breach::Breach, dice::Dice, limits::*, network::Network, network::Role};

/// How a provider behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Temper {
    /// Does what it should.
    Honest,
    /// Starts and submits at the end of its windows, sometimes after it.
    Slow,
    /// Never starts, or never submits, or submits and withholds the data.
    Silent,
    /// Claims an output that it did not compute, and as a re-executor too; no two of them claim the same.
    Lying,
    /// Dies: gives jobs back, or does everything twice after a restart.
    Crashing,
}

/// How a validator votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ballot {
    /// By the decision core of the real oracle.
    Honest,
    /// Valid, unseen.
    Lazy,
    /// Invalid, always.
    Dissenting,
    /// Never.
    Silent,
}

/// A provider's machine, price and character.
#[derive(Clone, Debug)]
pub struct ProviderAgent {
    pub temper: Temper,
    pub tier: u8,
    pub gpu_count: u8,
    pub vram_mib: u32,
    pub region: u16,
    pub capacity: u16,
    pub class_key: [u8; 32],
    pub price: u64,
    pub seconds_max: u32,
    pub staked: u64,
}

/// Everybody.
pub struct Population {
    pub providers: Vec<ProviderAgent>,
    pub ballots: Vec<Ballot>,
    by_account: std::collections::HashMap<Address, usize>,
    /// The first so many providers are known to everybody and asked first.
    popular: usize,
    /// Providers that missed a start and were taken off the market, with the step in which that was.
    pub off: std::collections::BTreeMap<usize, u32>,
}

const REGIONS: [u16; 6] = [840, 276, 756, 392, 702, 76];
const VRAM: [(u8, u32); 6] = [(1, 8_192), (1, 12_288), (1, 16_384), (2, 24_576), (3, 49_152), (3, 81_920)];

fn temper(dice: &mut Dice) -> Temper {
    match dice.below(100) {
        0..80 => Temper::Honest,
        80..86 => Temper::Slow,
        86..90 => Temper::Silent,
        90..96 => Temper::Lying,
        _ => Temper::Crashing,
    }
}

/// The market's configuration of the simulated network.
pub fn market_settings(world: &World) -> market::ConfigArgs {
    market::ConfigArgs {
        proven_after: PROVEN_AFTER,
        start_window_seconds: START_WINDOW,
        receipt_grace_seconds: RECEIPT_GRACE,
        challenge_window_seconds: CHALLENGE_WINDOW,
        verdict_window_seconds: VERDICT_WINDOW,
        unbonding_seconds: UNBONDING,
        provider_stake_min: STAKE_MIN,
        validator_stake_min: STAKE_MIN,
        ..settings(world)
    }
}

fn arbiter_settings(world: &World) -> arbiter::ArbiterArgs {
    let ((committee, threshold, reveals_min), (escalated_committee, escalated_threshold)) = (COMMITTEE, ESCALATED);
    arbiter::ArbiterArgs {
        committee,
        threshold,
        reveals_min,
        escalated_committee,
        escalated_threshold,
        commit_window_seconds: COMMIT_WINDOW,
        reveal_window_seconds: REVEAL_WINDOW,
        epoch_seconds: EPOCH,
        ..world.arbiter_args()
    }
}

/// A chain with both programs configured, and everybody's wallets on it; nobody registered yet.
pub fn genesis(providers: usize, tenants: usize) -> World {
    let mut world = World::bare();
    world.providers.clear();
    world.validators.clear();
    world.tenants.clear();
    world.ok(world.initialize_config(market_settings(&world)));
    let mint = world.mints[0];
    world.ok(world.add_mint(mint, world.mint_rule_args()));
    // A new mint's rule waits for the timelock.
    world.warp(LIMITS.timelock);
    world.ok(world.apply_mint(mint));
    world.fund(world.treasury, mint, 0);
    world.fund(world.treasury, world.stake_mint, 0);
    world.ok(world.initialize_arbiter(arbiter_settings(&world)));
    for number in 0..tenants {
        let tenant = world.wallet(&format!("tenant {number}"));
        world.fund(tenant, mint, PURSE);
        world.tenants.push(tenant);
    }
    for number in 0..VALIDATORS {
        let name = format!("validator {number}");
        let (identity, delegate) = (world.wallet(&name), world.wallet(&format!("{name} delegate")));
        world.fund(identity, world.stake_mint, 2 * STAKE_MIN);
        world.validators.push(ValidatorParty::new(&name, identity, delegate));
    }
    for number in 0..providers {
        let name = format!("provider {number}");
        let (owner, operator) = (world.wallet(&name), world.wallet(&format!("{name} operator")));
        world.fund(owner, mint, 0);
        world.providers.push(ProviderParty::new(&name, owner, operator));
    }
    world.fund(world.outsider, mint, PURSE);
    world.fund(world.outsider, world.stake_mint, PURSE);
    world
}

impl Population {
    /// Draws everybody's machine and character, and gives owners the stake they will deposit.
    pub fn draw(world: &mut World, dice: &mut Dice) -> Self {
        let count = world.providers.len();
        let popular = (count / 50).max(1);
        let mut providers = Vec::with_capacity(count);
        let mut by_account = std::collections::HashMap::with_capacity(count);
        for number in 0..count {
            let (tier, vram_mib) = dice.pick(&VRAM);
            let class = dice.below(CLASSES as u64);
            let known = number < popular;
            let agent = ProviderAgent {
                temper: if known { Temper::Honest } else { temper(dice) },
                tier,
                gpu_count: 1 << dice.below(4),
                vram_mib,
                region: dice.pick(&REGIONS),
                capacity: if known { 64 } else { dice.pick(&[1, 2, 4, 8]) },
                class_key: sha256(&[b"simulated class", &class.to_le_bytes()]),
                price: dice.between(200, 2_000),
                seconds_max: 3_600,
                staked: if known { 100 * STAKE_MIN } else { dice.between(3, 12) * STAKE_MIN },
            };
            let party = &world.providers[number];
            by_account.insert(party.account, number);
            world.fund(party.owner, world.stake_mint, agent.staked);
            providers.push(agent);
        }
        let ballots = (0..world.validators.len())
            .map(|number| match number {
                0 | 1 => Ballot::Lazy,
                2 => Ballot::Dissenting,
                3 => Ballot::Silent,
                _ => Ballot::Honest,
            })
            .collect();
        Self { providers, ballots, by_account, popular, off: std::collections::BTreeMap::new() }
    }

    /// Which provider an account belongs to.
    pub fn provider_at(&self, account: &Address) -> Option<usize> {
        self.by_account.get(account).copied()
    }

    /// Somebody to ask: every third time somebody whom everybody knows.
    pub fn somebody(&self, dice: &mut Dice) -> usize {
        if dice.percent(35) { dice.index(self.popular) } else { dice.index(self.providers.len()) }
    }

    /// Whether a provider fits, by the rule that the program applies.
    pub fn fitting(
        &self,
        net: &Network,
        provider: usize,
        need: &Requirements,
        price: u64,
        max_seconds: u32,
    ) -> Result<(), Mismatch> {
        let (agent, party) = (&self.providers[provider], &net.world.providers[provider]);
        let (locked, jobs) = net.ledger.pledge(&party.stake);
        let lock = amount::escrow(price, max_seconds).unwrap_or(u64::MAX);
        let have = Capability {
            active: !self.off.contains_key(&provider)
                && jobs < u32::from(agent.capacity)
                && max_seconds <= agent.seconds_max,
            tier: agent.tier,
            gpu_count: agent.gpu_count,
            vram_mib: agent.vram_mib,
            region: agent.region,
            uptime_bps: 10_000,
            simulated: true,
            price_per_second: price,
            free_stake: agent.staked.saturating_sub(locked),
            lock: lock.max(STAKE_MIN),
            certificate: None,
        };
        fits(need, &have)
    }

    /// Everybody registers by the programs' own instructions; `progress` hears of each provider.
    ///
    /// # Errors
    /// A broken law.
    pub fn register(&self, net: &mut Network, mut progress: impl FnMut(u64)) -> Result<(), Breach> {
        let mint = net.world.mints[0];
        for validator in net.world.validators.clone() {
            let w = &net.world;
            let joins = [
                w.open_stake(validator.identity),
                w.deposit_stake(validator.identity, 2 * STAKE_MIN),
                w.register_validator(validator.identity, validator.vote_key(), validator.delegate),
            ];
            must(net, Role::Validator, &joins)?;
        }
        net.world.crank = net.world.validators[0].identity;
        // The first set serves the first epoch, the second waits for the next.
        for epoch in [1, 2] {
            must(net, Role::Validator, &[net.world.freeze_set(epoch)])?;
        }
        let mut listed: std::collections::BTreeMap<[u8; 32], usize> = std::collections::BTreeMap::new();
        for (number, agent) in self.providers.iter().enumerate() {
            let party = net.world.providers[number].clone();
            net.ledger.introduce(party.account, party.stake);
            net.world.class_key = agent.class_key;
            let w = &net.world;
            let args = market::ProviderArgs {
                tier: agent.tier,
                gpu_count: agent.gpu_count,
                vram_mib: agent.vram_mib,
                region: agent.region,
                capacity: agent.capacity,
                ..w.provider_args(number)
            };
            let offer = market::OfferArgs {
                price_per_second: agent.price,
                seconds_max: agent.seconds_max,
                expires_at: w.now + 10_000_000,
                ..w.offer_args(0)
            };
            let joins = [
                w.open_stake(party.owner),
                w.deposit_stake(party.owner, agent.staked),
                w.register_provider(party.owner, args),
                w.publish_offer(number, mint, offer),
            ];
            must(net, Role::Provider, &joins)?;
            let seats = listed.entry(agent.class_key).or_default();
            if *seats < proofmill_protocol::limits::EXECUTORS_MAX {
                if *seats == 0 {
                    net.world.crank = party.operator;
                    must(net, Role::Provider, &[net.world.open_executors(agent.class_key)])?;
                }
                must(net, Role::Provider, &[net.world.join_executors(number)])?;
                *seats += 1;
            }
            if number % 200 == 199 {
                net.tick(1);
            }
            progress(1);
        }
        Ok(())
    }
}

/// Sends what must go through whoever plays.
///
/// # Errors
/// A broken law.
///
/// # Panics
/// If it is refused: then the simulation does not know the programs.
pub fn must(net: &mut Network, role: Role, instructions: &[solana_instruction::Instruction]) -> Result<(), Breach> {
    let names: Vec<&str> = instructions.iter().map(crate::network::name).collect();
    if let Err(failure) = net.send(role, None, instructions)? {
        panic!("{names:?} refused: {}", crate::network::error_name(&failure));
    }
    Ok(())
}

/// The token account that pays re-executions.
pub fn audit_budget(world: &World) -> Address {
    address::audit_budget(&world.mints[0])
}
