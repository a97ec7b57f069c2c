//! Whole steps of a job's life, and worlds in which they can be taken.

use std::cell::RefCell;

use proofmill_client::{address, arbiter, market};
use proofmill_protocol::{
    attestation::{Attestation, Reexecution},
    ids::{Domain, JobKey, NodeKey, ValidatorKey},
    receipt::ReceiptCore,
    verdict::Opinion,
};
use solana_address::Address;

use crate::World;

/// The windows of the test deployment, seconds, and its amounts, atoms.
pub struct Limits {
    pub start_window: i64,
    pub receipt_grace: i64,
    pub challenge_window: i64,
    pub verdict_window: i64,
    pub unbonding: i64,
    pub attest_window: i64,
    pub epoch: i64,
    pub proven_after: u32,
    pub stake_min: u64,
    pub staked: u64,
    pub purse: u64,
    pub price: u64,
    pub run_seconds: u32,
}

/// One set of numbers for every test.
pub const LIMITS: Limits = Limits {
    start_window: 60,
    receipt_grace: 60,
    challenge_window: 120,
    verdict_window: 600,
    unbonding: 3_600,
    attest_window: 60,
    epoch: 300,
    proven_after: 10,
    stake_min: 1_000_000,
    staked: 50_000_000,
    purse: 1_000_000_000,
    price: 1_000,
    run_seconds: 100,
};

/// A job and where its accounts lie.
#[derive(Clone, Copy, Debug)]
pub struct JobHandle {
    pub tenant: Address,
    pub index: u64,
    pub address: Address,
    pub vault: Address,
    pub mint: Address,
}

/// The market's configuration, as this deployment begins.
pub fn settings(world: &World) -> market::ConfigArgs {
    market::ConfigArgs {
        authority: world.authority,
        arbiter: arbiter::ID,
        treasury: world.treasury,
        domain: world.domain,
        fee_bps: 250,
        audit_share_bps: 4_000,
        uptime_min_bps: 9_500,
        audit_floor_bps: 500,
        vram_mib_min: 8_192,
        proven_after: LIMITS.proven_after,
        start_window_seconds: LIMITS.start_window as u32,
        receipt_grace_seconds: LIMITS.receipt_grace as u32,
        challenge_window_seconds: LIMITS.challenge_window as u32,
        verdict_window_seconds: LIMITS.verdict_window as u32,
        unbonding_seconds: LIMITS.unbonding as u32,
        provider_stake_min: LIMITS.stake_min,
        validator_stake_min: LIMITS.stake_min,
        threshold: 3,
        allow_simulated: 1,
        paused: 0,
    }
}

/// What tenants ask for unless a test says otherwise.
pub fn terms(index: u64) -> market::JobTerms {
    market::JobTerms {
        index,
        spec_hash: [1; 32],
        image_digest: [2; 32],
        input_root: [3; 32],
        tenant_node_key: [4; 32],
        price_ceiling_per_second: LIMITS.price,
        max_seconds: LIMITS.run_seconds,
        vram_mib: 8_192,
        auction_seconds: 0,
        region: 0,
        uptime_bps: 9_500,
        kind: 1,
        class: 1,
        tier: 1,
        gpu_count: 1,
        allow_simulated: 1,
    }
}

/// A receipt's public part on `job` by `provider`, correctly signed for this deployment and the first attempt.
pub fn claim(world: &World, job: &JobHandle, provider: usize, metered_ms: u64) -> market::ReceiptClaim {
    let party = &world.providers[provider];
    let core = ReceiptCore {
        domain: Domain(world.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        node_key: NodeKey(party.node_key()),
        receipt_hash: [7; 32],
    };
    let signature = party.sign_receipt(&core);
    market::ReceiptClaim { receipt_hash: core.receipt_hash, signature, metered_ms, exit_code: 0, termination: 0 }
}

/// What the validator on `seat` of a round has to sign.
pub fn attestation(world: &World, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> Attestation {
    let round = world.round(job, index);
    let member = usize::from(round.committee[usize::from(seat)]);
    let opinion = Opinion::from_code(opinion).expect("an opinion");
    Attestation {
        domain: Domain(world.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: round.attempt,
        round: round.index,
        opinion,
        confirmed_executors: confirms,
        nonce: round.nonce,
        epoch: round.epoch,
        receipt_hash: round.receipt_hash,
        output_root: if opinion == Opinion::Valid { [9; 32] } else { [0; 32] },
        validator: ValidatorKey(world.validators[member].identity.to_bytes()),
    }
}

/// Builds worlds: bare, configured, or with everybody ready to trade.
#[derive(Default)]
pub struct TestBuilder {
    world: Option<World>,
}

thread_local! {
    /// Loading the programs and preparing everybody takes longer than most tests; the result is cloned.
    static READY: RefCell<Option<World>> = const { RefCell::new(None) };
}

impl TestBuilder {
    pub fn new() -> Self {
        Self { world: Some(World::bare()) }
    }

    /// Everybody ready: configured, staked, registered, listed, frozen, funded, one offer of each provider.
    pub fn ready() -> World {
        READY.with(|ready| {
            ready
                .borrow_mut()
                .get_or_insert_with(|| {
                    Self::new()
                        .do_configure()
                        .do_stake_providers()
                        .do_register_providers()
                        .do_validators()
                        .do_executors()
                        .do_fund_tenants()
                        .do_publish_offers()
                        .build()
                })
                .clone()
        })
    }

    fn step(mut self, act: impl FnOnce(&mut World)) -> Self {
        act(self.world.as_mut().expect("a world"));
        self
    }

    pub fn build(self) -> World {
        self.world.expect("a world")
    }

    /// Both configurations and both payment mints.
    pub fn do_configure(self) -> Self {
        self.step(|w| {
            w.ok(w.initialize_config(settings(w)));
            for mint in w.mints {
                w.ok(w.add_mint(mint, w.mint_rule_args()));
                w.fund(w.treasury, mint, 0);
            }
            w.fund(w.treasury, w.stake_mint, 0);
            w.ok(w.initialize_arbiter(w.arbiter_args()));
        })
    }

    pub fn do_stake_providers(self) -> Self {
        self.step(|w| {
            for party in w.providers.clone() {
                w.do_stake(party.owner, LIMITS.staked);
                for mint in w.mints {
                    w.fund(party.owner, mint, 0);
                }
            }
        })
    }

    pub fn do_register_providers(self) -> Self {
        self.step(|w| {
            for provider in 0..w.providers.len() {
                w.ok(w.register_provider(w.providers[provider].owner, w.provider_args(provider)));
            }
        })
    }

    /// Five validators on the roster, the first set frozen.
    pub fn do_validators(self) -> Self {
        self.step(|w| {
            for party in w.validators.clone() {
                w.do_stake(party.identity, 2 * LIMITS.stake_min);
                w.ok(w.register_validator(party.identity, party.vote_key()));
            }
            w.ok(w.freeze_set(1));
        })
    }

    /// The list of the one class, all three providers on it.
    pub fn do_executors(self) -> Self {
        self.step(|w| {
            w.ok(w.open_executors(w.class_key));
            for provider in 0..w.providers.len() {
                w.ok(w.join_executors(provider));
            }
        })
    }

    pub fn do_fund_tenants(self) -> Self {
        self.step(|w| {
            for tenant in w.tenants.clone() {
                for mint in w.mints {
                    w.fund(tenant, mint, LIMITS.purse);
                }
            }
        })
    }

    /// Offers 0 (first payment mint) and 1 (second) of each provider.
    pub fn do_publish_offers(self) -> Self {
        self.step(|w| {
            for provider in 0..w.providers.len() {
                for (index, mint) in w.mints.into_iter().enumerate() {
                    w.ok(w.publish_offer(provider, mint, w.offer_args(index as u16)));
                }
            }
        })
    }
}

impl World {
    pub fn mint_rule_args(&self) -> market::MintRuleArgs {
        market::MintRuleArgs { enabled: 1, lock_bps: 10_000, escrow_min: 1_000 }
    }

    pub fn arbiter_args(&self) -> arbiter::ArbiterArgs {
        arbiter::ArbiterArgs {
            authority: self.authority,
            committee: 5,
            threshold: 3,
            reveals_min: 4,
            escalated_committee: 5,
            escalated_threshold: 3,
            attest_window_seconds: LIMITS.attest_window as u32,
            epoch_seconds: LIMITS.epoch as u32,
        }
    }

    pub fn provider_args(&self, provider: usize) -> market::ProviderArgs {
        let party = &self.providers[provider];
        market::ProviderArgs {
            operator: party.operator,
            node_key: party.node_key(),
            class_key: self.class_key,
            gpu_model: [b'g'; 32],
            endpoint_ip: [0; 16],
            endpoint_port: 4_433,
            tier: 2,
            gpu_count: 2,
            vram_mib: 24_576,
            region: 276,
            capacity: 64,
            simulated: 1,
        }
    }

    pub fn offer_args(&self, index: u16) -> market::OfferArgs {
        market::OfferArgs {
            price_per_second: LIMITS.price,
            seconds_max: 3_600,
            expires_at: self.now + 1_000_000,
            index,
        }
    }

    /// Opens the stake of `owner` and deposits `amount`.
    pub fn do_stake(&mut self, owner: Address, amount: u64) {
        self.fund(owner, self.stake_mint, amount);
        self.ok(self.open_stake(owner));
        if amount > 0 {
            self.ok(self.deposit_stake(owner, amount));
        }
    }

    pub fn handle(&self, tenant: usize, index: u64, mint: Address) -> JobHandle {
        let tenant = self.tenants[tenant];
        let job = address::job(&tenant, index);
        JobHandle { tenant, index, address: job, vault: address::vault(&job), mint }
    }

    /// Posts a job of the usual terms for an instant match.
    pub fn do_post(&mut self, tenant: usize, index: u64) -> JobHandle {
        self.do_post_with(tenant, terms(index))
    }

    pub fn do_post_with(&mut self, tenant: usize, args: market::JobTerms) -> JobHandle {
        let mint = self.mints[0];
        self.ok(self.post_job(tenant, mint, args));
        self.handle(tenant, args.index, mint)
    }

    /// Posts a job for an auction of `seconds`.
    pub fn do_auction(&mut self, tenant: usize, index: u64, seconds: u32) -> JobHandle {
        self.do_post_with(tenant, market::JobTerms { auction_seconds: seconds, ..terms(index) })
    }

    pub fn do_match(&mut self, job: &JobHandle, provider: usize) {
        let offer = u16::from(job.mint != self.mints[0]);
        self.ok(self.match_job(job, provider, offer));
    }

    pub fn do_start(&mut self, job: &JobHandle, provider: usize) {
        self.ok(self.start_job(job, provider));
    }

    /// Posts, matches and starts.
    pub fn do_run(&mut self, tenant: usize, index: u64, provider: usize) -> JobHandle {
        let job = self.do_post(tenant, index);
        self.do_match(&job, provider);
        self.do_start(&job, provider);
        job
    }

    /// Lets `seconds` of the run pass and submits the receipt for all of them.
    pub fn do_submit(&mut self, job: &JobHandle, provider: usize, seconds: u32) {
        self.warp(i64::from(seconds));
        self.ok(self.submit_proof(job, provider, claim(self, job, provider, u64::from(seconds) * 1_000)));
        self.seal_slots(2);
    }

    /// A job with a receipt of 60 seconds.
    pub fn do_submitted(&mut self, tenant: usize, index: u64, provider: usize) -> JobHandle {
        let job = self.do_run(tenant, index, provider);
        self.do_submit(&job, provider, 60);
        job
    }

    pub fn do_open_round(&mut self, job: &JobHandle, provider: usize) {
        self.ok(self.open_round(job, provider));
    }

    /// Re-executes if somebody was drawn, in 50 seconds of its own metering.
    pub fn do_reexecute(&mut self, job: &JobHandle, index: u8) {
        if self.round(job, index).executor != Address::default() {
            self.ok(self.submit_reexecution(job, index, 50_000));
        }
    }

    /// Every seat says the same.
    pub fn do_attest_all(&mut self, job: &JobHandle, index: u8, opinion: Opinion, confirms: u8) {
        for seat in 0..self.round(job, index).seats {
            self.ok(self.attest(job, index, seat, opinion as u8, confirms));
        }
    }

    /// Round one of a submitted job, unanimous and final.
    pub fn do_judge(&mut self, job: &JobHandle, provider: usize, opinion: Opinion) {
        self.do_open_round(job, provider);
        self.do_reexecute(job, 1);
        self.do_attest_all(job, 1, opinion, u8::from(opinion == Opinion::Valid));
        self.ok(self.finalize_round(job, 1));
    }

    /// A dissent in round one, and round two open.
    pub fn do_escalate(&mut self, job: &JobHandle, provider: usize) {
        self.do_open_round(job, provider);
        self.do_reexecute(job, 1);
        self.ok(self.attest(job, 1, 0, Opinion::Valid as u8, 0));
        self.ok(self.attest(job, 1, 1, Opinion::Invalid as u8, 0));
        self.seal_slots(2);
        self.ok(self.escalate_round(job, provider));
    }

    /// Silence in round one, said so, and the beacon of round two public.
    pub fn do_expire_round(&mut self, job: &JobHandle) {
        self.warp(LIMITS.attest_window + 1);
        self.ok(self.expire_round(job));
        self.seal_slots(2);
    }

    /// A submitted job found false by an escalated round: settled, the lock slashed.
    pub fn do_reject(&mut self, job: &JobHandle, provider: usize) {
        self.do_escalate(job, provider);
        self.do_attest_all(job, 2, Opinion::Invalid, 1);
        self.ok(self.finalize_round(job, 2));
        self.ok(self.verify_proof(job, provider));
    }

    /// A job accepted by a first round, settled.
    pub fn do_accepted(&mut self, tenant: usize, index: u64, provider: usize) -> JobHandle {
        let job = self.do_submitted(tenant, index, provider);
        self.do_judge(&job, provider, Opinion::Valid);
        self.ok(self.verify_proof(&job, provider));
        job
    }

    /// Writes a provider's record of accepted receipts: a proven one is audited by sample.
    pub fn do_prove(&mut self, provider: usize, consecutive_accepted: u32) {
        let at = self.providers[provider].account;
        let mut account = self.provider(provider);
        account.consecutive_accepted = consecutive_accepted;
        self.put(at, market::ID, account.encode());
    }

    pub fn job(&self, job: &JobHandle) -> market::Job {
        market::Job::decode(&self.data(&job.address)).expect("a job")
    }

    pub fn provider(&self, provider: usize) -> market::Provider {
        market::Provider::decode(&self.data(&self.providers[provider].account)).expect("a provider")
    }

    pub fn stake(&self, owner: &Address) -> market::Stake {
        market::Stake::decode(&self.data(&address::stake(owner))).expect("a stake")
    }

    pub fn provider_stake(&self, provider: usize) -> market::Stake {
        self.stake(&self.providers[provider].owner)
    }

    pub fn round(&self, job: &JobHandle, index: u8) -> arbiter::Round {
        arbiter::Round::decode(&self.data(&address::round(&job.address, 1, index))).expect("a round")
    }

    pub fn verdict(&self, job: &JobHandle) -> arbiter::Verdict {
        arbiter::Verdict::decode(&self.data(&address::verdict(&job.address, 1))).expect("a verdict")
    }

    /// Who paid for a round; the crank, if there is none.
    pub fn rent_payer_of_round(&self, job: &JobHandle, index: u8) -> Address {
        arbiter::Round::decode(&self.data(&address::round(&job.address, 1, index)))
            .map_or(self.crank, |round| round.rent_payer)
    }

    /// Who paid for a verdict; the crank, if there is none.
    pub fn rent_payer_of_verdict(&self, job: &JobHandle) -> Address {
        arbiter::Verdict::decode(&self.data(&address::verdict(&job.address, 1)))
            .map_or(self.crank, |verdict| verdict.rent_payer)
    }

    pub fn roster(&self) -> arbiter::Roster {
        arbiter::Roster::decode(&self.data(&address::roster())).expect("a roster")
    }

    pub fn executor_list(&self) -> arbiter::ExecutorList {
        arbiter::ExecutorList::decode(&self.data(&address::executors(&self.class_key))).expect("a list")
    }

    pub fn arbiter_config(&self) -> arbiter::ArbiterConfig {
        arbiter::ArbiterConfig::decode(&self.data(&address::arbiter_config())).expect("a configuration")
    }

    /// The present epoch.
    pub fn epoch(&self) -> u32 {
        self.arbiter_config().epoch
    }

    /// Which of the three an account belongs to.
    pub fn provider_at(&self, account: &Address) -> usize {
        self.providers.iter().position(|party| party.account == *account).expect("one of the three providers")
    }

    /// The claim that `provider` signs for its re-execution in a round.
    pub fn reexecution(&self, job: &JobHandle, index: u8, provider: usize, metered_ms: u64) -> Reexecution {
        let round = self.round(job, index);
        let party = &self.providers[provider];
        Reexecution {
            domain: Domain(self.domain),
            job: JobKey(job.address.to_bytes()),
            attempt: round.attempt,
            round: index,
            nonce: round.nonce,
            provider: party.account.to_bytes(),
            node_key: party.node_key(),
            commitment: [5; 32],
            metered_ms,
        }
    }

    /// Atoms of the first payment mint that a wallet holds.
    pub fn purse(&self, owner: &Address) -> u64 {
        self.tokens(&address::token_account(owner, &self.mints[0]))
    }
}
