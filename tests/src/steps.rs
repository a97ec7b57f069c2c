//! Whole steps of a job's life, and worlds in which they can be taken.

use std::cell::RefCell;

use proofmill_client::{address, arbiter, market};
use proofmill_protocol::{
    arrays,
    attestation::{Attestation, Commitment, Reexecution},
    evidence::{EVIDENCE_DISCRIMINATOR, EVIDENCE_LEN, EVIDENCE_VERSION, EvidenceKind, subject_bytes},
    ids::{Domain, JobKey, NodeKey, ValidatorKey},
    limits, merkle,
    receipt::ReceiptCore,
    usage::{UsageReport, UsageWitness},
    verdict::{Opinion, VERDICT_DISCRIMINATOR, VERDICT_LEN, VERDICT_VERSION},
    witness::{RewardLeaf, WITNESS_DISCRIMINATOR, WITNESS_LEN, WITNESS_VERSION, WitnessKind},
};
use solana_address::Address;
use solana_signer::Signer as _;

use crate::{
    ValidatorParty, World,
    parties::{sign_usage, tenant_node, wallet},
};

/// The windows of the test deployment, seconds, and its amounts, atoms.
pub struct Limits {
    pub start_window: i64,
    pub receipt_grace: i64,
    pub challenge_window: i64,
    pub verdict_window: i64,
    pub unbonding: i64,
    pub appeal: i64,
    pub timelock: i64,
    pub usage_timeout: i64,
    pub commit_window: i64,
    pub reveal_window: i64,
    pub epoch: i64,
    pub proven_after: u32,
    pub stake_min: u64,
    pub staked: u64,
    pub purse: u64,
    pub price: u64,
    pub run_seconds: u32,
    pub service_seconds: u32,
}

/// One set of numbers for every test.
pub const LIMITS: Limits = Limits {
    start_window: 60,
    receipt_grace: 60,
    challenge_window: 120,
    verdict_window: 600,
    unbonding: 3_600,
    appeal: 120,
    timelock: 60,
    usage_timeout: 30,
    commit_window: 60,
    reveal_window: 30,
    epoch: 300,
    proven_after: 10,
    stake_min: 1_000_000,
    staked: 50_000_000,
    purse: 1_000_000_000,
    price: 1_000,
    run_seconds: 100,
    service_seconds: 3_600,
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

/// An array and where its accounts lie.
#[derive(Clone, Copy, Debug)]
pub struct ArrayHandle {
    pub tenant: Address,
    pub index: u32,
    pub address: Address,
    pub vault: Address,
    pub mint: Address,
}

impl ArrayHandle {
    /// The job of one task.
    pub fn task(&self, task: u16) -> JobHandle {
        let index = arrays::job_index(self.index, task);
        let job = address::job(&self.tenant, index);
        JobHandle { tenant: self.tenant, index, address: job, vault: address::vault(&job), mint: self.mint }
    }
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
        burn_share_bps: 1_000,
        slash_cap_bps: 10_000,
        outflow_bps: 1_000_000,
        slash_window_seconds: 3_600,
        appeal_seconds: LIMITS.appeal as u32,
        timelock_seconds: LIMITS.timelock as u32,
        usage_timeout_seconds: LIMITS.usage_timeout as u32,
        missed_reveal_slash: 10_000,
        bid_deposit: 10_000,
        native_mint: world.stake_mint,
        guardian: world.authority,
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
        certificate_age_seconds_max: 0,
        sla_bond: 0,
        sla_uptime_bps: 0,
        attempts_max: 1,
        kind: 1,
        class: 1,
        tier: 1,
        gpu_count: 1,
        allow_simulated: 1,
    }
}

/// What tenants ask for each of `tasks` tasks unless a test says otherwise.
pub fn array_terms(index: u32, tasks: u16) -> market::ArrayTerms {
    market::ArrayTerms {
        spec_hash: [1; 32],
        image_digest: [2; 32],
        input_root: [3; 32],
        tenant_node_key: [4; 32],
        price_ceiling_per_second: LIMITS.price,
        index,
        max_seconds: LIMITS.run_seconds,
        deadline_seconds: 100_000,
        vram_mib: 8_192,
        certificate_age_seconds_max: 0,
        tasks_total: tasks,
        region: 0,
        uptime_bps: 9_500,
        attempts_max: 2,
        class: 1,
        tier: 1,
        gpu_count: 1,
        allow_simulated: 1,
    }
}

/// A receipt's public part on `job` by `provider`, correctly signed for this deployment and the present attempt.
pub fn claim(world: &World, job: &JobHandle, provider: usize, metered_ms: u64) -> market::ReceiptClaim {
    claim_of(world, job, provider, metered_ms, world.attempt_number(job))
}

/// The same for any attempt.
pub fn claim_of(
    world: &World,
    job: &JobHandle,
    provider: usize,
    metered_ms: u64,
    attempt: u16,
) -> market::ReceiptClaim {
    let party = &world.providers[provider];
    let core = ReceiptCore {
        domain: Domain(world.domain),
        job: JobKey(job.address.to_bytes()),
        attempt,
        node_key: NodeKey(party.node_key()),
        receipt_hash: [7; 32],
    };
    let signature = party.sign_receipt(&core);
    market::ReceiptClaim { receipt_hash: core.receipt_hash, signature, metered_ms, exit_code: 0, termination: 0 }
}

/// What a tenant asks for of a service: an hour of escrow, no bond.
pub fn service_terms(tenant: &Address, index: u64) -> market::JobTerms {
    market::JobTerms {
        tenant_node_key: tenant_node(tenant).verifying_key().to_bytes(),
        max_seconds: LIMITS.service_seconds,
        kind: 3,
        class: 3,
        ..terms(index)
    }
}

/// The report that both sides of `job` sign.
pub fn usage_report(world: &World, job: &JobHandle, usage_ms: u64, measured_at: i64) -> UsageReport {
    UsageReport {
        domain: Domain(world.domain),
        job: JobKey(job.address.to_bytes()),
        attempt: 1,
        nonce: world.job(job).nonce,
        usage_ms,
        measured_at,
    }
}

/// A report measured now, correctly signed by both sides.
pub fn usage_claim(world: &World, job: &JobHandle, provider: usize, usage_ms: u64) -> market::UsageClaim {
    let report = usage_report(world, job, usage_ms, world.now);
    market::UsageClaim {
        usage_ms,
        measured_at: report.measured_at,
        node_signature: sign_usage(&world.providers[provider].node, &report),
        tenant_signature: sign_usage(&tenant_node(&job.tenant), &report),
    }
}

/// What the validator on `seat` of a round has to sign.
pub fn attestation(world: &World, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> Attestation {
    let round = world.round(job, index);
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
        validator: ValidatorKey(world.seated(job, index, seat).identity.to_bytes()),
    }
}

/// What the validator on `seat` of a round signs, so that others carry its commitment.
pub fn signed_commitment(world: &World, job: &JobHandle, index: u8, seat: u8, commitment: [u8; 32]) -> Commitment {
    let round = world.round(job, index);
    Commitment {
        domain: Domain(world.domain),
        job: JobKey(round.job.to_bytes()),
        attempt: round.attempt,
        round: round.index,
        nonce: round.nonce,
        epoch: round.epoch,
        validator: ValidatorKey(world.seated(job, index, seat).identity.to_bytes()),
        commitment,
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

    /// Both configurations and both payment mints, whose rules wait for the timelock.
    pub fn do_configure(self) -> Self {
        self.step(|w| {
            w.ok(w.initialize_config(settings(w)));
            for mint in w.mints {
                w.ok(w.add_mint(mint, w.mint_rule_args()));
                w.fund(w.treasury, mint, 0);
            }
            w.warp(LIMITS.timelock);
            for mint in w.mints {
                w.ok(w.apply_mint(mint));
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

    /// Five validators on the roster, the first epoch begun and the set of the second frozen.
    pub fn do_validators(self) -> Self {
        self.step(|w| {
            for party in w.validators.clone() {
                w.do_stake(party.identity, 2 * LIMITS.stake_min);
                w.ok(w.register_validator(party.identity, party.vote_key(), party.delegate));
            }
            w.ok(w.freeze_set(1));
            w.ok(w.freeze_set(2));
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
    /// A change of parameters as governance makes it: queued, waited for, applied.
    pub fn do_govern(&mut self, args: market::ConfigArgs) {
        self.ok(self.queue_config(args));
        self.warp(LIMITS.timelock);
        self.ok(self.apply_config());
    }

    /// A change of a mint's rule: queued, waited for, applied.
    pub fn do_govern_mint(&mut self, mint: Address, args: market::MintRuleArgs) {
        self.ok(self.queue_mint(mint, args));
        self.warp(LIMITS.timelock);
        self.ok(self.apply_mint(mint));
    }

    /// A change of the arbiter's parameters: queued, waited for, applied.
    pub fn do_govern_arbiter(&mut self, args: arbiter::ArbiterArgs) {
        self.ok(self.queue_arbiter(args));
        self.warp(LIMITS.timelock);
        self.ok(self.apply_arbiter());
    }

    pub fn mint_rule_args(&self) -> market::MintRuleArgs {
        market::MintRuleArgs { enabled: 1, lock_bps: 10_000, escrow_min: 1_000, audit_price_max: 10 * LIMITS.price }
    }

    pub fn arbiter_args(&self) -> arbiter::ArbiterArgs {
        arbiter::ArbiterArgs {
            authority: self.authority,
            committee: 5,
            threshold: 3,
            reveals_min: 4,
            escalated_committee: 5,
            escalated_threshold: 4,
            commit_window_seconds: LIMITS.commit_window as u32,
            reveal_window_seconds: LIMITS.reveal_window as u32,
            epoch_seconds: LIMITS.epoch as u32,
            beacon_kind: 1,
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
            services: 1,
            sla_bond_max: 2_000_000,
            sla_uptime_max_bps: 9_900,
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

    /// A service of these terms, matched and healthy.
    pub fn do_serve_with(&mut self, tenant: usize, provider: usize, args: market::JobTerms) -> JobHandle {
        let job = self.do_post_with(tenant, args);
        self.do_match(&job, provider);
        self.do_start(&job, provider);
        job
    }

    /// A service of the usual terms, matched and healthy.
    pub fn do_serve(&mut self, tenant: usize, index: u64, provider: usize) -> JobHandle {
        self.do_serve_with(tenant, provider, service_terms(&self.tenants[tenant], index))
    }

    /// Reports a cumulative total that both sides sign.
    pub fn do_report(&mut self, job: &JobHandle, provider: usize, usage_ms: u64) {
        self.ok(self.report_usage(job, usage_claim(self, job, provider, usage_ms)));
    }

    /// Lets `seconds` pass in which the service was healthy, and reports all that it was used since it started.
    pub fn do_use(&mut self, job: &JobHandle, provider: usize, seconds: u32) {
        self.warp(i64::from(seconds));
        let usage_ms = self.job(job).metered_ms + u64::from(seconds) * 1_000;
        self.do_report(job, provider, usage_ms);
    }

    /// The witness that the arbiter would have written.
    pub fn usage_witness(&self, job: &JobHandle, usage_ms: u64) -> UsageWitness {
        UsageWitness {
            attempt: 1,
            epoch: self.epoch(),
            nonce: self.job(job).nonce,
            usage_ms,
            witnessed_at: self.now,
            agreeing: 3,
            job: job.address.to_bytes(),
            root: [6; 32],
        }
    }

    /// Writes a witness where the arbiter keeps it.
    pub fn do_witness(&mut self, job: &JobHandle, witness: &UsageWitness) {
        let at = address::usage_witness(&job.address, 1);
        self.put(at, arbiter::ID, witness.encode().to_vec());
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
        // A set that outlived its epoch twice over draws nobody.
        self.do_keep_epoch();
        self.ok(self.open_round(job, provider));
    }

    /// Re-executes if somebody was drawn, in 50 seconds of its own metering.
    pub fn do_reexecute(&mut self, job: &JobHandle, index: u8) {
        if self.round(job, index).executor != Address::default() {
            self.ok(self.submit_reexecution(job, index, 50_000));
        }
    }

    /// Each of these seats commits to its opinion.
    pub fn do_commit(&mut self, job: &JobHandle, index: u8, said: &[(u8, Opinion, u8)]) {
        for &(seat, opinion, confirms) in said {
            self.ok(self.commit(job, index, seat, opinion as u8, confirms));
        }
    }

    /// Each of these seats reveals what it committed to, alone.
    pub fn do_reveal(&mut self, job: &JobHandle, index: u8, said: &[(u8, Opinion, u8)]) {
        for &(seat, opinion, confirms) in said {
            self.ok(self.reveal(job, index, seat, opinion as u8, confirms));
        }
    }

    /// These seats commit, the commit window passes if others are missing, these seats reveal.
    pub fn do_say(&mut self, job: &JobHandle, index: u8, said: &[(u8, Opinion, u8)]) {
        self.do_commit(job, index, said);
        let round = self.round(job, index);
        if round.committed.count_ones() < u32::from(round.seats) {
            self.warp_to(round.commit_until + 1);
        }
        self.do_reveal(job, index, said);
    }

    /// Every seat says the same, all in one transaction.
    pub fn do_attest_all(&mut self, job: &JobHandle, index: u8, opinion: Opinion, confirms: u8) {
        let said: Vec<_> = (0..self.round(job, index).seats).map(|seat| (seat, opinion, confirms)).collect();
        self.do_commit(job, index, &said);
        let reveals = said.iter().map(|said| self.revealed(job, index, said.0, opinion as u8, confirms)).collect();
        self.ok(self.reveal_attestations(job, index, reveals));
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
        self.do_say(job, 1, &[(0, Opinion::Valid, 0), (1, Opinion::Invalid, 0)]);
        self.seal_slots(2);
        self.ok(self.escalate_round(job, provider));
    }

    /// Silence in round one, said so, and the beacon of round two public.
    pub fn do_expire_round(&mut self, job: &JobHandle) {
        self.warp(LIMITS.commit_window + LIMITS.reveal_window + 1);
        self.ok(self.expire_round(job));
        self.seal_slots(2);
    }

    /// A submitted job found false by an escalated round: settled, the lock set aside.
    pub fn do_reject(&mut self, job: &JobHandle, provider: usize) {
        self.do_escalate(job, provider);
        self.do_attest_all(job, 2, Opinion::Invalid, 1);
        self.ok(self.finalize_round(job, 2));
        self.ok(self.verify_proof(job, provider));
    }

    /// Validators beyond the five: staked with the minimum, on the roster. Returns their identities.
    pub fn do_newcomers(&mut self, count: usize) -> Vec<Address> {
        let first = self.validators.len();
        (first..first + count)
            .map(|number| {
                let name = format!("validator {number}");
                let (identity, delegate) = (self.wallet(&name), self.wallet(&format!("{name} delegate")));
                let party = ValidatorParty::new(&name, identity, delegate);
                self.do_stake(identity, LIMITS.stake_min);
                self.ok(self.register_validator(identity, party.vote_key(), delegate));
                self.validators.push(party);
                identity
            })
            .collect()
    }

    /// Weighs every member of the roster anew that is one of ours.
    pub fn do_weigh(&mut self) {
        let roster = self.roster();
        for party in self.validators.clone() {
            if roster.identities.contains(&party.identity.to_bytes()) {
                self.ok(self.refresh_validator(party.identity));
            }
        }
    }

    /// Lets the present epoch end: the next begins, and the set after it is frozen.
    pub fn do_next_epoch(&mut self) {
        let config = self.arbiter_config();
        self.warp_to(self.now.max(config.epoch_started_at + LIMITS.epoch));
        self.do_weigh();
        self.ok(self.freeze_set(config.frozen_epoch + 1));
    }

    /// Freezes the next set if the present epoch is over.
    pub fn do_keep_epoch(&mut self) {
        let config = self.arbiter_config();
        if self.now >= config.epoch_started_at + LIMITS.epoch {
            self.do_weigh();
            self.ok(self.freeze_set(config.frozen_epoch + 1));
        }
    }

    /// A rejected job's slash, once its delay has passed.
    pub fn do_slash(&mut self, job: &JobHandle) {
        let due = self.case(&self.slash_case(job)).due_at;
        if self.now < due {
            self.warp_to(due);
        }
        self.ok(self.apply_slash(self.slash_case(job)));
    }

    /// The owner of the slashed stake appeals, and the round of the appeal opens.
    pub fn do_appeal(&mut self, job: &JobHandle, provider: usize) -> Address {
        let case = self.slash_case(job);
        self.ok(self.appeal_slash(self.providers[provider].owner, case));
        self.seal_slots(2);
        self.do_keep_epoch();
        self.ok(self.open_appeal(case));
        case
    }

    /// The appeal's committee says all the same, and that is its verdict.
    pub fn do_judge_appeal(&mut self, job: &JobHandle, opinion: Opinion, confirms: u8) {
        self.do_reexecute(job, limits::APPEAL_ROUND);
        self.do_attest_all(job, limits::APPEAL_ROUND, opinion, confirms);
        self.ok(self.finalize_appeal(self.slash_case(job)));
    }

    /// Writes what the arbiter writes when it decides an appeal.
    pub fn do_decide_appeal(&mut self, at: &Address, opinion: Opinion, agreeing: u8) {
        let case = self.case(at);
        let mut data = vec![0u8; 8 + VERDICT_LEN];
        data[..8].copy_from_slice(&VERDICT_DISCRIMINATOR);
        data[8..11].copy_from_slice(&[VERDICT_VERSION, opinion as u8, limits::APPEAL_ROUND]);
        data[12..14].copy_from_slice(&case.attempt.to_le_bytes());
        (data[14], data[15]) = (agreeing, 5);
        data[24..32].copy_from_slice(&case.nonce.to_le_bytes());
        data[56..88].copy_from_slice(case.job.as_ref());
        data[88..120].copy_from_slice(&case.receipt_hash);
        self.put(address::appeal_verdict(at), arbiter::ID, data);
    }

    /// Writes evidence as the arbiter does, and says where.
    pub fn do_record_evidence(
        &mut self,
        kind: EvidenceKind,
        offender: Address,
        reporter: Address,
        job: &JobHandle,
    ) -> Address {
        let nonce = market::Job::decode(&self.data(&job.address)).map_or(0, |job| job.nonce);
        let subject = proofmill_protocol::sha256(&[&subject_bytes(kind, job.address.as_array(), nonce, 1, 1)]);
        let mut data = vec![0u8; 8 + EVIDENCE_LEN];
        data[..8].copy_from_slice(&EVIDENCE_DISCRIMINATOR);
        data[8..13].copy_from_slice(&[EVIDENCE_VERSION, kind as u8, 1, 0, 1]);
        data[16..24].copy_from_slice(&nonce.to_le_bytes());
        data[24..32].copy_from_slice(&self.now.to_le_bytes());
        data[32..64].copy_from_slice(job.address.as_ref());
        data[64..96].copy_from_slice(offender.as_ref());
        data[96..128].copy_from_slice(&subject);
        data[128..160].copy_from_slice(reporter.as_ref());
        let at = address::evidence(&offender, kind as u8, &subject);
        self.put(at, arbiter::ID, data);
        at
    }

    /// Writes a final rewards root over `weights` of the three providers as the arbiter does, and says where.
    pub fn do_reward_root(&mut self, epoch: u32, weights: &[u64]) -> Address {
        let hashes = self.reward_hashes(weights);
        let mut data = vec![0u8; 8 + WITNESS_LEN];
        data[..8].copy_from_slice(&WITNESS_DISCRIMINATOR);
        (data[8], data[10]) = (WITNESS_VERSION, WitnessKind::Rewards as u8);
        data[12..16].copy_from_slice(&epoch.to_le_bytes());
        data[20..24].copy_from_slice(&(weights.len() as u32).to_le_bytes());
        data[24..32].copy_from_slice(&weights.iter().sum::<u64>().to_le_bytes());
        data[56..88].copy_from_slice(&merkle::tree::root(&hashes));
        let at = wallet(&format!("rewards root {epoch} {weights:?}")).pubkey();
        self.put(at, arbiter::ID, data);
        at
    }

    /// The proof of the provider's place among `weights`.
    pub fn reward_claim(&self, weights: &[u64], provider: usize) -> market::RewardClaim {
        let proof = merkle::tree::proof(&self.reward_hashes(weights), provider);
        let mut path = [[0; 32]; 20];
        path[..proof.len()].copy_from_slice(&proof);
        market::RewardClaim { weight: weights[provider], index: provider as u32, depth: proof.len() as u8, path }
    }

    fn reward_hashes(&self, weights: &[u64]) -> Vec<[u8; 32]> {
        let leaf = |(provider, weight): (usize, &u64)| {
            let account = self.providers.get(provider).map_or([provider as u8; 32], |party| party.account.to_bytes());
            merkle::leaf::<merkle::HostSha256>(&RewardLeaf { provider: account, weight: *weight }.encode())
        };
        weights.iter().enumerate().map(leaf).collect()
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

    /// The present attempt of a job; the first, if there is no job.
    pub fn attempt_number(&self, job: &JobHandle) -> u16 {
        market::Job::decode(&self.data(&job.address)).map_or(1, |job| job.attempt)
    }

    /// The array whose task this job is.
    pub fn array_of(&self, job: &JobHandle) -> Option<Address> {
        let array = market::Job::decode(&self.data(&job.address)).map_or(Address::default(), |job| job.array);
        (array != Address::default()).then_some(array)
    }

    /// Where the tenant's part of a job goes.
    pub fn refund_destination(&self, job: &JobHandle) -> Address {
        match self.array_of(job) {
            Some(array) => address::array_vault(&array),
            None => self.account_of(&job.tenant, &job.mint),
        }
    }

    /// Who paid the rent of a job; the tenant, if there is none.
    pub fn rent_payer_of_job(&self, job: &JobHandle) -> Address {
        market::Job::decode(&self.data(&job.address)).map_or(job.tenant, |job| job.rent_payer)
    }

    pub fn bid(&self, job: &JobHandle, provider: usize) -> market::Bid {
        let at = address::bid(&job.address, &self.providers[provider].account);
        market::Bid::decode(&self.data(&at)).expect("a bid")
    }

    pub fn array(&self, array: &ArrayHandle) -> market::JobArray {
        market::JobArray::decode(&self.data(&array.address)).expect("an array")
    }

    /// Posts an array in the first payment mint.
    pub fn do_post_array(&mut self, tenant: usize, args: market::ArrayTerms) -> ArrayHandle {
        let mint = self.mints[0];
        self.ok(self.post_array(tenant, mint, args));
        let tenant = self.tenants[tenant];
        let array = address::array(&tenant, args.index);
        ArrayHandle { tenant, index: args.index, address: array, vault: address::array_vault(&array), mint }
    }

    /// Takes a task of an array by the provider's first offer.
    pub fn do_take(&mut self, array: &ArrayHandle, task: u16, provider: usize) -> JobHandle {
        self.ok(self.take_task(array, task, provider, 0));
        array.task(task)
    }

    pub fn job(&self, job: &JobHandle) -> market::Job {
        market::Job::decode(&self.data(&job.address)).expect("a job")
    }

    /// Where the slash case of a rejected job is, or would be.
    pub fn slash_case(&self, job: &JobHandle) -> Address {
        if let Ok(stored) = market::Job::decode(&self.data(&job.address)) {
            return address::slash_case(&job.address, 1, stored.nonce);
        }
        // The job is gone: the case says which life it is about.
        let cases = self.svm.get_program_accounts(&market::ID);
        let found = cases.iter().filter_map(|(_, account)| market::SlashCase::decode(&account.data).ok());
        let nonce = found.filter(|case| case.kind == 0 && case.job == job.address).map(|case| case.nonce).max();
        address::slash_case(&job.address, 1, nonce.unwrap_or(0))
    }

    /// Where a round of a job is kept; the third judges the appeal.
    pub fn round_address(&self, job: &JobHandle, index: u8) -> Address {
        if index == limits::APPEAL_ROUND {
            address::appeal_round(&self.slash_case(job))
        } else {
            address::round(&job.address, self.attempt_number(job), index)
        }
    }

    pub fn case(&self, at: &Address) -> market::SlashCase {
        market::SlashCase::decode(&self.data(at)).expect("a slash case")
    }

    pub fn config(&self) -> market::Config {
        market::Config::decode(&self.data(&address::market_config())).expect("a configuration")
    }

    pub fn pool(&self, epoch: u32) -> market::RewardPool {
        market::RewardPool::decode(&self.data(&address::reward_pool(epoch))).expect("a reward pool")
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
        arbiter::Round::decode(&self.data(&self.round_address(job, index))).expect("a round")
    }

    /// The epoch whose set judges in a round.
    pub fn round_epoch(&self, job: &JobHandle, index: u8) -> u32 {
        arbiter::Round::decode(&self.data(&self.round_address(job, index))).map_or(self.epoch(), |round| round.epoch)
    }

    pub fn set(&self, epoch: u32) -> arbiter::ValidatorSet {
        arbiter::ValidatorSet::decode(&self.data(&address::validator_set(epoch))).expect("a set")
    }

    pub fn verdict(&self, job: &JobHandle) -> arbiter::Verdict {
        arbiter::Verdict::decode(&self.data(&address::verdict(&job.address, self.attempt_number(job))))
            .expect("a verdict")
    }

    /// Who paid for a round; the crank, if there is none.
    pub fn rent_payer_of_round(&self, job: &JobHandle, index: u8) -> Address {
        arbiter::Round::decode(&self.data(&self.round_address(job, index))).map_or(self.crank, |round| round.rent_payer)
    }

    /// Who paid for a verdict; the crank, if there is none.
    pub fn rent_payer_of_verdict(&self, job: &JobHandle) -> Address {
        arbiter::Verdict::decode(&self.data(&address::verdict(&job.address, self.attempt_number(job))))
            .map_or(self.crank, |verdict| verdict.rent_payer)
    }

    /// The round that the chain keeps.
    pub fn beacon(&self, round: u64) -> arbiter::Beacon {
        arbiter::Beacon::decode(&self.data(&address::beacon(round))).expect("a beacon")
    }

    /// Names `network` as the beacon, once and for ever, and lets it decide.
    pub fn do_drand(&mut self, network: arbiter::DrandNetwork) {
        self.ok(self.initialize_drand(network));
        self.do_govern_arbiter(arbiter::ArbiterArgs { beacon_kind: 2, ..self.arbiter_args() });
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
        self.tokens(&self.account_of(owner, &self.mints[0]))
    }
}
