//! The JSON shapes of the market's and the arbiter's state, and how accounts become them.

use proofmill_client::{address, arbiter, market};
use proofmill_protocol::{
    appeal::CaseState,
    evidence::EvidenceKind,
    job::{JobState, Outcome},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use solana_address::Address;
use utoipa::ToSchema;

use crate::{
    encode::{Amount, Hash32, Key, endpoint, padded_text},
    service_view::{self, Service},
};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
}

/// The network as this gateway sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Network {
    /// Version of the gateway.
    pub version: String,
    pub genesis_hash: String,
    /// Address of the market program.
    pub market: Key,
    /// Address of the arbiter program.
    pub arbiter: Key,
    pub stake_mint: Option<Key>,
    pub mints: Vec<Mint>,
    /// Newest slot that the node has answered for.
    pub chain_slot: u64,
    /// Every event up to this slot is indexed.
    pub indexed_slot: u64,
    /// Whether openings (posts, matches, offers, bids) are refused.
    pub paused: bool,
    /// Whether simulated devices may be matched: local networks only.
    pub allow_simulated: bool,
    /// Whether `POST /v1/faucet` gives test money.
    pub faucet: bool,
    /// The gateway's key on the data plane, for `tenant_node_key`; null if it bridges nothing.
    pub node_key: Option<Hash32>,
    /// Whether this is a local network, whose money is worth nothing.
    pub local: bool,
}

/// A mint in which jobs may be paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mint {
    pub mint: Key,
    pub decimals: u8,
    pub enabled: bool,
    /// Stake locked per atom of escrow, basis points.
    pub lock_bps: u32,
    /// Least escrow of a job, atoms.
    pub escrow_min: Amount,
    /// Most that the audit budget pays for a second of a re-execution, atoms.
    pub audit_price_max: Amount,
    /// The token program that the mint belongs to.
    pub token_program: Key,
}

/// A stake's balances, atoms of the stake mint.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Stake {
    pub owner: Key,
    pub address: Key,
    pub mint: Key,
    pub bonded: Amount,
    /// Part of `bonded` pledged to jobs.
    pub locked: Amount,
    /// `bonded` less `locked`: what can back a new job or leave.
    pub free: Amount,
    pub unbonding: Amount,
    /// When what is unbonding may leave, unix seconds; 0 if nothing does.
    pub releasable_at: i64,
    /// Set aside for slashes that wait, bonds of appeals and unclaimed bounties.
    pub pending: Amount,
    pub slashed_total: Amount,
    /// Jobs that hold a lock.
    pub active_jobs: u32,
}

/// What the arbiter measured of a provider's GPU.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Certificate {
    pub measured_at: i64,
    pub tier: String,
    pub vram_mib: u32,
    /// Exact int8 operations per second, in 10^9.
    pub gops: Amount,
}

/// A provider. Names are its own words and unverified.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Provider {
    pub owner: Key,
    pub address: Key,
    /// Whether it takes new jobs.
    pub active: bool,
    /// Key that signs receipts and names the node on the data plane.
    pub node_key: Hash32,
    /// Where the node is dialled, `[ip]:port`; null if it did not say.
    pub endpoint: Option<String>,
    /// consumer, prosumer or datacenter.
    pub tier: String,
    /// ISO 3166 numeric country code; 0 if unknown.
    pub region: u16,
    pub gpu_count: u8,
    pub vram_mib: u32,
    /// Device model as the driver names it, unverified.
    pub gpu_model: String,
    /// Hash of the hardware and runtime class: re-executions happen within it.
    pub gpu_class: Hash32,
    pub simulated: bool,
    /// Concurrent jobs at most.
    pub capacity: u16,
    pub jobs_accepted: u32,
    pub jobs_rejected: u32,
    /// Given back, not started, or without a receipt.
    pub jobs_failed: u32,
    /// Audited and accepted since the last fault.
    pub consecutive_accepted: u32,
    pub uptime_bps: u16,
    /// Whether `uptime_bps` was measured or is the initial assumption.
    pub uptime_measured: bool,
    pub certificate: Option<Certificate>,
    pub stake: Option<Stake>,
    /// Last epoch for which rewards were claimed.
    pub rewarded_epoch: u32,
    pub registered_at: i64,
}

/// A provider's standing price.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Offer {
    pub address: Key,
    /// The `Provider` account.
    pub provider: Key,
    pub owner: Key,
    pub index: u16,
    pub mint: Key,
    /// Atoms per second.
    pub price_per_second: Amount,
    /// Longest run it covers.
    pub seconds_max: u32,
    /// Concurrent jobs that the provider takes at most.
    pub capacity: u16,
    pub active_jobs: u32,
    /// Unix seconds.
    pub valid_until: i64,
    pub published_at: i64,
    /// Whether services may take it.
    pub services: bool,
    pub sla_bond_max: Amount,
    pub sla_uptime_max_bps: u16,
    pub tier: String,
    pub region: u16,
    pub gpu_count: u8,
    pub vram_mib: u32,
    pub gpu_model: String,
    pub simulated: bool,
    /// Whether the smallest job could take it at this moment.
    pub fits_now: bool,
}

/// A job. What a closed job's events do not say is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    pub address: Key,
    pub tenant: Key,
    /// The tenant's number; with the tenant it names the job.
    pub index: Option<Amount>,
    /// batch, array (a task of one) or service.
    pub kind: Option<String>,
    /// deterministic or witnessed.
    pub class: Option<String>,
    pub state: String,
    pub outcome: Option<String>,
    pub mint: Key,
    /// The `Provider` account.
    pub provider: Option<Key>,
    /// The array whose task this is.
    pub array: Option<Key>,
    pub task_index: Option<u32>,
    pub attempt: u16,
    pub attempts_max: Option<u8>,
    /// instant or auction.
    pub matched_by: Option<String>,
    pub price_per_second: Option<Amount>,
    pub price_ceiling_per_second: Option<Amount>,
    pub max_seconds: Option<u32>,
    pub escrowed: Amount,
    pub paid: Amount,
    pub refunded: Amount,
    pub fee: Amount,
    pub slashed: Amount,
    /// Stake of the provider pledged to this job.
    pub lock: Amount,
    /// Which parts have been collected: reward, refund, fee, sla.
    pub claimed: Vec<String>,
    /// Billed time, milliseconds.
    pub metered_ms: Amount,
    /// Net that the provider has been paid while its service runs.
    pub streamed: Amount,
    pub paused_ms: Amount,
    pub sla_bond: Option<Amount>,
    pub sla_uptime_bps: Option<u16>,
    /// The meter of a service; null of other jobs, and once it is closed.
    pub service: Option<Service>,
    pub bids: Option<u8>,
    pub best_bid_per_second: Option<Amount>,
    pub spec_hash: Option<Hash32>,
    /// SHA-256 that names the image.
    pub image_digest: Option<Hash32>,
    pub input_root: Option<Hash32>,
    /// Null until a verdict opens it; kept once the job is closed.
    pub output_root: Option<Hash32>,
    pub receipt_hash: Option<Hash32>,
    /// The provider's node key at the match.
    pub node_key: Option<Hash32>,
    pub exit_code: Option<i32>,
    /// exited, out_of_memory, timed_out or output_refused.
    pub termination: Option<String>,
    /// Share of such receipts that is audited, basis points.
    pub audit_bps: Option<u16>,
    pub fee_bps: Option<u16>,
    pub posted_at: Option<i64>,
    /// Slot of posting: tells this life of the address from any other.
    pub posted_slot: u64,
    pub bids_until: Option<i64>,
    pub matched_at: Option<i64>,
    pub started_at: Option<i64>,
    pub submitted_at: Option<i64>,
    pub paused_at: Option<i64>,
    pub settled_at: Option<i64>,
    /// Latest instant to start, once matched.
    pub start_by: Option<i64>,
    /// Latest instant for the receipt, once running.
    pub receipt_by: Option<i64>,
    /// Latest instant for a verdict, once submitted.
    pub verdict_by: Option<i64>,
    pub tenant_node_key: Option<Hash32>,
    /// Least tier asked for.
    pub tier: Option<String>,
    pub vram_mib: Option<u32>,
    pub gpu_count: Option<u8>,
    pub region: Option<u16>,
    pub uptime_bps: Option<u16>,
    pub certificate_age_seconds_max: Option<u32>,
    pub allow_simulated: Option<bool>,
    /// Whether the account is gone; what is left was rebuilt from events.
    pub closed: bool,
}

/// Something that a program did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// Orders all events; never used twice.
    pub sequence: Amount,
    pub slot: u64,
    pub signature: String,
    /// Position among the events of its transaction.
    pub index: u32,
    /// market or arbiter.
    pub program: String,
    /// As the interface description names it.
    pub name: String,
    /// Unix seconds, as the block says.
    pub at: Option<i64>,
    pub job: Option<Key>,
    /// Every field: addresses in base58, bytes in hexadecimal, 64-bit numbers without sign as texts.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

/// A provider's answer to an open job.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Bid {
    pub address: Key,
    pub job: Key,
    pub provider: Key,
    pub price_per_second: Amount,
    pub deposit_lamports: Amount,
    pub withdrawn: bool,
    /// The attempt that it won; 0 if none.
    pub accepted_attempt: u16,
    pub placed_at: i64,
}

/// What one seat said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SeatOpinion {
    pub seat: u8,
    /// Null where the set that names the seat is gone.
    pub validator: Option<Key>,
    /// valid, invalid, unavailable, inconclusive or divergent.
    pub verdict: String,
    /// What that means.
    pub reason: String,
}

/// One judging of one receipt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Round {
    pub address: Key,
    /// 1, 2 after an escalation, 3 on appeal.
    pub index: u8,
    pub attempt: Option<u16>,
    pub epoch: Option<u32>,
    /// open, escalated, final, or closed when the account is gone.
    pub state: String,
    pub threshold: Option<u8>,
    pub reveals_min: Option<u8>,
    /// One per seat; null where the set that names it is gone.
    pub committee: Vec<Option<Key>>,
    /// One per seat.
    pub committed: Vec<bool>,
    /// Seats whose missed reveal is on record.
    pub missed: Vec<bool>,
    pub revealed: Vec<SeatOpinion>,
    /// The `Provider` account drawn to run the job again.
    pub re_executor: Option<Key>,
    pub re_executed: bool,
    pub opened_at: Option<i64>,
    pub commit_until: Option<i64>,
    pub reveal_until: Option<i64>,
    /// The verdict on the job's attempt, once reached.
    pub verdict: Option<String>,
}

/// A member of the oracle network.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Validator {
    /// Wallet that owns the stake.
    pub owner: Key,
    /// Hot wallet that signs commitments.
    pub delegate: Key,
    /// Key that signs attestations and names the node on the data plane.
    pub node_key: Hash32,
    pub endpoint: Option<String>,
    /// Bonded stake at the last weighing, atoms.
    pub weight: Amount,
    pub weighed_at: i64,
    pub stake: Option<Stake>,
    /// Whether it is a member of the present set.
    pub in_set: bool,
    /// Whether it will be a member of the next set.
    pub in_next_set: bool,
}

/// A member of a frozen set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    pub seat: u8,
    pub owner: Key,
    pub delegate: Key,
    pub node_key: Hash32,
    pub weight: Amount,
}

/// A frozen validator set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Set {
    pub epoch: u32,
    pub frozen_at: i64,
    pub members: Vec<Member>,
}

/// The life of the present validator set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Epoch {
    /// 0 before the first.
    pub epoch: u32,
    pub started_at: i64,
    /// Least life of a set, seconds.
    pub epoch_seconds: u32,
    /// Members of the present set.
    pub frozen: Vec<Member>,
    /// The set that serves next, if it is frozen.
    pub next: Option<Set>,
}

/// A slash that waits, is appealed, or is over.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Case {
    pub address: Key,
    /// The stake that is slashed, and its owner.
    pub stake: Key,
    pub owner: Option<Key>,
    pub job: Key,
    pub attempt: u16,
    /// verdict, or the kind of evidence.
    pub kind: String,
    /// open, appealed, upheld, taken or returned.
    pub state: String,
    pub amount: Amount,
    pub remaining: Amount,
    /// Bond of the appeal, while it is undecided.
    pub bond: Amount,
    pub slashed: Amount,
    pub bounty: Amount,
    pub opened_at: i64,
    /// When anyone may apply it; until then its owner may appeal.
    pub due_at: i64,
    /// Until when an appeal has to be decided; null without one.
    pub decide_by: Option<i64>,
    pub reporter: Option<Key>,
    pub evidence: Option<Key>,
}

/// Rewards of one epoch.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RewardPool {
    pub address: Key,
    pub epoch: u32,
    pub mint: Key,
    pub funded: Amount,
    pub paid: Amount,
    /// Whether somebody has claimed: from then on it takes no more.
    pub started: bool,
    pub weight_total: Amount,
    pub root: Option<Hash32>,
}

/// Word for a tier: what a provider is, or a job asks for at least.
pub fn tier_name(code: u8) -> &'static str {
    match code {
        0 => "any",
        1 => "consumer",
        2 => "prosumer",
        3 => "datacenter",
        _ => "unknown",
    }
}

/// The tier of a word.
pub fn tier_code(name: &str) -> Option<u8> {
    (0..=3).find(|code| tier_name(*code) == name)
}

/// Word for a stored state.
pub fn state_name(code: u8) -> &'static str {
    JobState::from_code(code).map_or("unknown", state_word)
}

/// Word for a state.
pub fn state_word(state: JobState) -> &'static str {
    match state {
        JobState::Open => "open",
        JobState::Matched => "matched",
        JobState::Running => "running",
        JobState::Submitted => "submitted",
        JobState::Settled => "settled",
        JobState::Paused => "paused",
        JobState::Ending => "ending",
    }
}

/// Every state a job is listed by.
pub const STATES: [&str; 7] = ["open", "matched", "running", "submitted", "settled", "paused", "ending"];

/// Word for a stored outcome; nothing before there is one.
pub fn outcome_name(code: u8) -> Option<String> {
    (code != 0).then(|| Outcome::from_code(code).map_or("unknown", Outcome::name).to_owned())
}

/// Word for a kind of job. A task is a batch job of an array.
pub fn kind_name(code: u8, task: bool) -> &'static str {
    match (code, task) {
        (1, true) => "array",
        (1, false) => "batch",
        (3, _) => "service",
        _ => "unknown",
    }
}

/// Every kind a job is listed by.
pub const KINDS: [&str; 3] = ["batch", "array", "service"];

/// Word for a verification class.
pub fn class_name(code: u8) -> &'static str {
    match code {
        1 => "deterministic",
        2 => "tolerant",
        3 => "witnessed",
        4 => "confidential",
        5 => "zero_knowledge",
        _ => "unknown",
    }
}

/// Word for how a job was matched.
pub fn matched_by_name(code: u8) -> Option<String> {
    match code {
        1 => Some("instant".to_owned()),
        2 => Some("auction".to_owned()),
        _ => None,
    }
}

/// Word for how a container ended.
pub fn termination_name(code: u8) -> &'static str {
    match code {
        0 => "exited",
        1 => "out_of_memory",
        2 => "timed_out",
        3 => "output_refused",
        _ => "unknown",
    }
}

/// The parts of a job that have been collected.
pub fn claimed_names(bits: u8) -> Vec<String> {
    let names = [(1, "reward"), (2, "refund"), (4, "fee"), (8, "sla")];
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| (*name).to_owned()).collect()
}

fn case_state_name(code: u8) -> &'static str {
    match CaseState::from_code(code) {
        Some(CaseState::Open) => "open",
        Some(CaseState::Appealed) => "appealed",
        Some(CaseState::Upheld) => "upheld",
        Some(CaseState::Taken) => "taken",
        Some(CaseState::Returned) => "returned",
        None => "unknown",
    }
}

/// Zero means "not yet".
pub fn instant(at: i64) -> Option<i64> {
    (at != 0).then_some(at)
}

pub fn mint(rule: &market::MintRule) -> Mint {
    Mint {
        mint: Key(rule.mint),
        decimals: rule.decimals,
        enabled: rule.enabled == 1,
        lock_bps: rule.lock_bps,
        escrow_min: Amount(rule.escrow_min),
        audit_price_max: Amount(rule.audit_price_max),
        token_program: Key(address::token_program(rule.token_program)),
    }
}

pub fn stake(at: Address, stake: &market::Stake) -> Stake {
    Stake {
        owner: Key(stake.owner),
        address: Key(at),
        mint: Key(stake.mint),
        bonded: Amount(stake.bonded),
        locked: Amount(stake.locked),
        free: Amount(stake.bonded.saturating_sub(stake.locked)),
        unbonding: Amount(stake.unbonding),
        releasable_at: stake.releasable_at,
        pending: Amount(stake.pending),
        slashed_total: Amount(stake.slashed_total),
        active_jobs: stake.active_jobs,
    }
}

pub fn provider(at: Address, provider: &market::Provider, its_stake: Option<Stake>) -> Provider {
    let certificate = (provider.certified_at > 0).then(|| Certificate {
        measured_at: provider.certified_at,
        tier: tier_name(provider.certified_tier).to_owned(),
        vram_mib: provider.certified_vram_mib,
        gops: Amount(provider.certified_gops),
    });
    Provider {
        owner: Key(provider.owner),
        address: Key(at),
        active: provider.active == 1,
        node_key: Hash32(provider.node_key),
        endpoint: endpoint(provider.endpoint_ip, provider.endpoint_port),
        tier: tier_name(provider.tier).to_owned(),
        region: provider.region,
        gpu_count: provider.gpu_count,
        vram_mib: provider.vram_mib,
        gpu_model: padded_text(&provider.gpu_model),
        gpu_class: Hash32(provider.class_key),
        simulated: provider.simulated == 1,
        capacity: provider.capacity,
        jobs_accepted: provider.accepted_total,
        jobs_rejected: provider.rejected_total,
        jobs_failed: provider.failed_total,
        consecutive_accepted: provider.consecutive_accepted,
        uptime_bps: provider.uptime_bps,
        uptime_measured: provider.uptime_measured == 1,
        certificate,
        stake: its_stake,
        rewarded_epoch: provider.rewarded_epoch,
        registered_at: provider.registered_at,
    }
}

pub fn offer(
    at: Address,
    offer: &market::Offer,
    provider: &market::Provider,
    active_jobs: u32,
    fits_now: bool,
) -> Offer {
    Offer {
        address: Key(at),
        provider: Key(offer.provider),
        owner: Key(provider.owner),
        index: offer.index,
        mint: Key(offer.mint),
        price_per_second: Amount(offer.price_per_second),
        seconds_max: offer.seconds_max,
        capacity: provider.capacity,
        active_jobs,
        valid_until: offer.expires_at,
        published_at: offer.published_at,
        services: offer.services == 1,
        sla_bond_max: Amount(offer.sla_bond_max),
        sla_uptime_max_bps: offer.sla_uptime_max_bps,
        tier: tier_name(provider.tier).to_owned(),
        region: provider.region,
        gpu_count: provider.gpu_count,
        vram_mib: provider.vram_mib,
        gpu_model: padded_text(&provider.gpu_model),
        simulated: provider.simulated == 1,
        fits_now,
    }
}

/// A job whose account is there.
pub fn job(at: Address, job: &market::Job) -> Job {
    let task = job.array != Address::default();
    let receipt = job.receipt_hash != [0; 32];
    let after = |from: i64, seconds: u32| instant(from).map(|from| from.saturating_add(i64::from(seconds)));
    let state = JobState::from_code(job.state);
    let service = job.kind == 3;
    Job {
        address: Key(at),
        tenant: Key(job.tenant),
        index: Some(Amount(job.index)),
        kind: Some(kind_name(job.kind, task).to_owned()),
        class: Some(class_name(job.class).to_owned()),
        state: state_name(job.state).to_owned(),
        outcome: outcome_name(job.outcome),
        mint: Key(job.mint),
        provider: Key::known(job.provider),
        array: Key::known(job.array),
        task_index: task.then_some(job.task_index),
        attempt: job.attempt,
        attempts_max: Some(job.attempts_max),
        matched_by: matched_by_name(job.matched_by),
        price_per_second: (job.matched_by != 0).then_some(Amount(job.price_per_second)),
        price_ceiling_per_second: Some(Amount(job.price_ceiling_per_second)),
        max_seconds: Some(job.max_seconds),
        escrowed: Amount(job.escrowed),
        paid: Amount(job.paid),
        refunded: Amount(job.refunded),
        fee: Amount(job.fee),
        slashed: Amount(job.slashed),
        lock: Amount(job.lock),
        claimed: claimed_names(job.claimed),
        metered_ms: Amount(job.metered_ms),
        streamed: Amount(job.streamed),
        paused_ms: Amount(job.paused_ms),
        sla_bond: Some(Amount(job.sla_bond)),
        sla_uptime_bps: Some(job.sla_uptime_bps),
        service: service_view::of(job),
        bids: Some(job.bids),
        best_bid_per_second: Key::known(job.best_bidder).map(|_| Amount(job.best_bid_per_second)),
        spec_hash: Hash32::known(job.spec_hash),
        image_digest: Hash32::known(job.image_digest),
        input_root: Some(Hash32(job.input_root)),
        output_root: Hash32::known(job.output_root),
        receipt_hash: Hash32::known(job.receipt_hash),
        node_key: Hash32::known(job.node_key),
        exit_code: receipt.then_some(job.exit_code),
        termination: receipt.then(|| termination_name(job.termination).to_owned()),
        audit_bps: (job.matched_by != 0).then_some(job.audit_bps),
        fee_bps: Some(job.fee_bps),
        posted_at: Some(job.posted_at),
        posted_slot: job.nonce,
        bids_until: instant(job.bids_until),
        matched_at: instant(job.matched_at),
        started_at: instant(job.started_at),
        submitted_at: instant(job.receipt_at),
        paused_at: instant(job.paused_at),
        settled_at: instant(job.settled_at),
        start_by: (state == Some(JobState::Matched)).then(|| after(job.matched_at, job.start_window_seconds)).flatten(),
        receipt_by: (state == Some(JobState::Running) && !service)
            .then(|| after(job.started_at, job.max_seconds.saturating_add(job.receipt_grace_seconds)))
            .flatten(),
        verdict_by: (state == Some(JobState::Submitted))
            .then(|| after(job.receipt_at, job.verdict_window_seconds))
            .flatten(),
        tenant_node_key: Hash32::known(job.tenant_node_key),
        tier: Some(tier_name(job.tier).to_owned()),
        vram_mib: Some(job.vram_mib),
        gpu_count: Some(job.gpu_count),
        region: Some(job.region),
        uptime_bps: Some(job.uptime_bps),
        certificate_age_seconds_max: Some(job.certificate_age_seconds_max),
        allow_simulated: Some(job.allow_simulated == 1),
        closed: false,
    }
}

pub fn bid(at: Address, bid: &market::Bid) -> Bid {
    Bid {
        address: Key(at),
        job: Key(bid.job),
        provider: Key(bid.provider),
        price_per_second: Amount(bid.price_per_second),
        deposit_lamports: Amount(bid.deposit),
        withdrawn: bid.withdrawn == 1,
        accepted_attempt: bid.accepted_attempt,
        placed_at: bid.placed_at,
    }
}

pub fn case(at: Address, case: &market::SlashCase, owner: Option<Address>) -> Case {
    let kind = match EvidenceKind::from_code(case.kind) {
        Some(kind) => kind.name(),
        None if case.kind == 0 => "verdict",
        None => "unknown",
    };
    Case {
        address: Key(at),
        stake: Key(case.stake),
        owner: owner.map(Key),
        job: Key(case.job),
        attempt: case.attempt,
        kind: kind.to_owned(),
        state: case_state_name(case.state).to_owned(),
        amount: Amount(case.amount),
        remaining: Amount(case.remaining),
        bond: Amount(case.bond),
        slashed: Amount(case.slashed),
        bounty: Amount(case.bounty),
        opened_at: case.opened_at,
        due_at: case.due_at,
        decide_by: instant(case.decide_by),
        reporter: Key::known(case.reporter),
        evidence: Key::known(case.evidence),
    }
}

pub fn reward_pool(at: Address, pool: &market::RewardPool) -> RewardPool {
    RewardPool {
        address: Key(at),
        epoch: pool.epoch,
        mint: Key(pool.mint),
        funded: Amount(pool.funded),
        paid: Amount(pool.paid),
        started: pool.started == 1,
        weight_total: Amount(pool.weight_total),
        root: Hash32::known(pool.root),
    }
}

/// The members of a frozen set, in order of their seats.
pub fn members(set: &arbiter::ValidatorSet) -> Vec<Member> {
    (0..set.count)
        .filter_map(|seat| {
            let at = usize::from(seat);
            Some(Member {
                seat,
                owner: Key(Address::new_from_array(*set.identities.get(at)?)),
                delegate: Key(Address::new_from_array(*set.delegates.get(at)?)),
                node_key: Hash32(*set.vote_keys.get(at)?),
                weight: Amount(*set.weights.get(at)?),
            })
        })
        .collect()
}

/// What the votes of a round say, seat by seat.
pub fn opinions(votes: [u16; 5], seats: u8, validator: impl Fn(u8) -> Option<Address>) -> Vec<SeatOpinion> {
    let words = [
        ("valid", "The receipt is true."),
        ("invalid", "The receipt is false: re-executions agree with one another and not with it."),
        ("unavailable", "The provider does not serve the data."),
        ("inconclusive", "Not decidable on what there is."),
        ("divergent", "Agrees on the opinion and not on what was found."),
    ];
    let mut said = Vec::new();
    for seat in 0..seats.min(16) {
        for (bits, (verdict, reason)) in votes.iter().zip(words) {
            if bits & (1 << seat) != 0 {
                said.push(SeatOpinion {
                    seat,
                    validator: validator(seat).map(Key),
                    verdict: verdict.to_owned(),
                    reason: reason.to_owned(),
                });
            }
        }
    }
    said
}
