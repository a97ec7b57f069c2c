//! The registry of attacks' targets: for every instruction of both programs, a world in which it succeeds.
//!
//! Whoever adds an instruction adds a row here; every matrix of `matrices.rs` then attacks it, in every slot. A row
//! that can be played by other people says so: then the world holds twins of its accounts, another party's and another
//! job's, in the same state, for an attacker to swap in.

use crate::laws::*;
use proofmill_client::interface::InstructionInfo;
use proofmill_protocol::{
    evidence::EvidenceKind,
    limits,
    witness::{UptimeLeaf, UsageLeaf},
};

/// Who plays a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    pub tenant: usize,
    pub provider: usize,
    pub validator: usize,
    /// The job's index, and the number of whoever comes anew.
    pub index: u64,
}

/// The party that is attacked.
pub const VICTIM: Cast = Cast { tenant: 0, provider: 0, validator: 0, index: 1 };
/// Somebody else in the same position.
pub const NEIGHBOUR: Cast = Cast { tenant: 1, provider: 1, validator: 1, index: 1 };
/// The same people with another job.
pub const SECOND_JOB: Cast = Cast { tenant: 0, provider: 0, validator: 0, index: 2 };

/// How often a scenario can exist beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Once per deployment: there are no twins.
    Deployment,
    /// Once per provider, validator or stake: the world holds a neighbour's.
    Party,
    /// Once per job: the world holds a neighbour's and another one of the same people.
    Job,
}

/// One way in which an instruction succeeds.
pub struct Scenario {
    /// The instruction's name in the interface description.
    pub instruction: &'static str,
    /// What tells several scenarios of one instruction apart; may be empty.
    pub variant: &'static str,
    pub scope: Scope,
    /// Prepares the world, in which everybody is ready, and gives the instruction without sending it.
    pub prepare: fn(&mut World, Cast) -> Instruction,
}

const fn row(
    instruction: &'static str,
    variant: &'static str,
    scope: Scope,
    prepare: fn(&mut World, Cast) -> Instruction,
) -> Scenario {
    Scenario { instruction, variant, scope, prepare }
}

/// Every scenario. Add yours at the end.
#[rustfmt::skip] // one row, one scenario
pub const SCENARIOS: &[Scenario] = &[
    row("initialize_config", "", Scope::Deployment, |w, _| {
        *w = TestBuilder::new().build();
        w.initialize_config(settings(w))
    }),
    row("add_mint", "", Scope::Deployment, |w, _| {
        let third = w.mint("third");
        w.add_mint(third, w.mint_rule_args())
    }),
    row("register_provider", "", Scope::Party, |w, c| {
        let owner = newcomer(w, c);
        w.register_provider(owner, w.provider_args(0))
    }),
    row("update_provider", "", Scope::Party, |w, c| {
        w.update_provider(w.providers[c.provider].owner, w.provider_args(c.provider))
    }),
    row("announce_provider", "", Scope::Party, |w, c| w.announce_provider(c.provider, 1)),
    row("open_stake", "", Scope::Party, |w, c| {
        let owner = newcomer(w, c);
        w.open_stake(owner)
    }),
    row("deposit_stake", "", Scope::Party, |w, c| {
        let owner = w.providers[c.provider].owner;
        w.fund(owner, w.stake_mint, 10);
        w.deposit_stake(owner, 10)
    }),
    row("unbond_stake", "", Scope::Party, |w, c| w.unbond_stake(w.providers[c.provider].owner, 10)),
    row("withdraw_stake", "", Scope::Party, |w, c| {
        let owner = w.providers[c.provider].owner;
        w.ok(w.unbond_stake(owner, 10));
        w.warp(LIMITS.unbonding);
        w.withdraw_stake(owner)
    }),
    row("sweep_slashed", "", Scope::Party, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_reject(&job, c.provider);
        w.do_slash(&job);
        w.sweep_slashed(w.providers[c.provider].owner)
    }),
    row("publish_offer", "", Scope::Party, |w, c| w.publish_offer(c.provider, w.mints[0], w.offer_args(2))),
    row("withdraw_offer", "", Scope::Party, |w, c| w.withdraw_offer(c.provider, 0)),
    row("post_job", "", Scope::Job, |w, c| w.post_job(c.tenant, w.mints[0], terms(c.index))),
    row("match_job", "", Scope::Job, |w, c| {
        let job = w.do_post(c.tenant, c.index);
        w.match_job(&job, c.provider, 0)
    }),
    row("place_bid", "", Scope::Job, |w, c| {
        let job = w.do_auction(c.tenant, c.index, 60);
        w.place_bid(&job, c.provider, 900)
    }),
    row("withdraw_bid", "outbid", Scope::Job, |w, c| {
        let job = w.do_auction(c.tenant, c.index, 60);
        w.ok(w.place_bid(&job, c.provider, 900));
        w.ok(w.place_bid(&job, 2, 800));
        w.withdraw_bid(&job, c.provider)
    }),
    row("close_bid", "job settled", Scope::Job, |w, c| {
        let job = w.do_auction(c.tenant, c.index, 60);
        w.ok(w.place_bid(&job, c.provider, 900));
        w.ok(w.cancel_job(&job));
        w.close_bid(&job, c.provider)
    }),
    row("close_bid", "job closed", Scope::Job, |w, c| {
        let job = w.do_auction(c.tenant, c.index, 60);
        w.ok(w.place_bid(&job, c.provider, 900));
        w.ok(w.cancel_job(&job));
        w.ok(w.claim_refund(&job));
        w.ok(w.close_job(&job));
        w.close_bid(&job, c.provider)
    }),
    row("skip_bid", "", Scope::Job, |w, c| {
        w.ok(w.announce_provider(c.provider, 1));
        let job = w.do_auction(c.tenant, c.index, 60);
        w.ok(w.place_bid(&job, c.provider, 900));
        w.warp(60);
        w.ok(w.announce_provider(c.provider, 0));
        w.skip_bid(&job, c.provider)
    }),
    row("accept_bid", "", Scope::Job, |w, c| {
        let job = w.do_auction(c.tenant, c.index, 60);
        w.ok(w.place_bid(&job, c.provider, 900));
        w.warp(60);
        w.accept_bid(&job, c.provider)
    }),
    row("start_job", "", Scope::Job, |w, c| {
        let job = w.do_post(c.tenant, c.index);
        w.do_match(&job, c.provider);
        w.start_job(&job, c.provider)
    }),
    row("submit_proof", "", Scope::Job, |w, c| {
        let job = w.do_run(c.tenant, c.index, c.provider);
        w.submit_proof(&job, c.provider, claim(w, &job, c.provider, 1))
    }),
    row("verify_proof", "valid", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_judge(&job, c.provider, Opinion::Valid);
        w.verify_proof(&job, c.provider)
    }),
    row("verify_proof", "invalid", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_escalate(&job, c.provider);
        w.do_attest_all(&job, 2, Opinion::Invalid, 1);
        w.ok(w.finalize_round(&job, 2));
        w.verify_proof(&job, c.provider)
    }),
    row("settle_unchallenged", "", Scope::Job, |w, c| {
        w.do_prove(c.provider, LIMITS.proven_after + 380);
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.warp(LIMITS.challenge_window);
        w.settle_unchallenged(&job, c.provider)
    }),
    row("claim_reward", "", Scope::Job, |w, c| {
        let job = w.do_accepted(c.tenant, c.index, c.provider);
        w.claim_reward(&job, c.provider)
    }),
    row("claim_refund", "", Scope::Job, |w, c| {
        let job = w.do_accepted(c.tenant, c.index, c.provider);
        w.claim_refund(&job)
    }),
    row("sweep_fees", "", Scope::Job, |w, c| {
        let job = w.do_accepted(c.tenant, c.index, c.provider);
        w.sweep_fees(&job)
    }),
    row("pay_audit", "", Scope::Job, |w, c| {
        let job = w.do_accepted(c.tenant, c.index, c.provider);
        let mint = job.mint;
        w.token_account(address::audit_budget(&mint), &address::market_config(), &mint, 1_000_000);
        w.pay_audit(&job, 0, w.provider_at(&w.round(&job, 1).executor))
    }),
    row("cancel_job", "", Scope::Job, |w, c| {
        let job = w.do_post(c.tenant, c.index);
        w.cancel_job(&job)
    }),
    row("decline_job", "", Scope::Job, |w, c| {
        let job = w.do_run(c.tenant, c.index, c.provider);
        w.decline_job(&job, c.provider)
    }),
    row("expire_job", "running", Scope::Job, |w, c| {
        let job = w.do_run(c.tenant, c.index, c.provider);
        w.warp(1_000);
        w.expire_job(&job, Some(c.provider))
    }),
    row("expire_job", "open", Scope::Job, |w, c| {
        let job = w.do_post(c.tenant, c.index);
        w.warp(1_000);
        w.expire_job(&job, None)
    }),
    row("close_job", "with dust", Scope::Job, |w, c| {
        let job = cancelled(w, c);
        w.token_account(job.vault, &job.address, &job.mint, 1);
        w.close_job(&job)
    }),
    row("close_job", "clean", Scope::Job, |w, c| {
        let job = cancelled(w, c);
        w.close_job(&job)
    }),
    row("initialize_arbiter", "", Scope::Deployment, |w, _| {
        *w = TestBuilder::new().build();
        w.ok(w.initialize_config(settings(w)));
        w.initialize_arbiter(w.arbiter_args())
    }),
    row("register_validator", "", Scope::Party, |w, c| {
        let identity = newcomer(w, c);
        w.do_stake(identity, LIMITS.stake_min);
        w.register_validator(identity, public_key(&format!("newcomer {}", c.validator)), identity)
    }),
    row("retire_validator", "", Scope::Party, |w, c| w.retire_validator(w.validators[c.validator].identity)),
    row("freeze_set", "", Scope::Deployment, |w, _| {
        w.warp(LIMITS.epoch);
        w.do_weigh();
        w.freeze_set(3)
    }),
    row("open_executors", "", Scope::Deployment, |w, _| w.open_executors([2; 32])),
    row("join_executors", "", Scope::Party, |w, c| {
        w.ok(w.leave_executors(c.provider));
        w.join_executors(c.provider)
    }),
    row("leave_executors", "", Scope::Party, |w, c| w.leave_executors(c.provider)),
    row("open_round", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.open_round(&job, c.provider)
    }),
    row("expire_round", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        w.warp(LIMITS.commit_window + LIMITS.reveal_window + 1);
        w.expire_round(&job)
    }),
    row("escalate_round", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        w.do_expire_round(&job);
        w.escalate_round(&job, c.provider)
    }),
    row("submit_reexecution", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        w.submit_reexecution(&job, 1, 1)
    }),
    row("commit_attestation", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        w.commit(&job, 1, 0, Opinion::Valid as u8, 0)
    }),
    row("reveal_attestations", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        let said: Vec<_> = (0..5).map(|seat| (seat, Opinion::Valid, 0)).collect();
        w.do_commit(&job, 1, &said);
        w.reveal(&job, 1, 0, Opinion::Valid as u8, 0)
    }),
    row("finalize_round", "first", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        w.do_reexecute(&job, 1);
        w.do_attest_all(&job, 1, Opinion::Valid, 1);
        w.finalize_round(&job, 1)
    }),
    row("finalize_round", "second", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_escalate(&job, c.provider);
        w.do_attest_all(&job, 2, Opinion::Valid, 0);
        w.finalize_round(&job, 2)
    }),
    row("close_round", "", Scope::Job, |w, c| {
        let job = judged_and_gone(w, c);
        w.close_round(&job, 1)
    }),
    row("close_verdict", "", Scope::Job, |w, c| {
        let job = judged_and_gone(w, c);
        w.close_verdict(&job)
    }),
    row("expire_job", "matched", Scope::Job, |w, c| {
        let job = w.do_post(c.tenant, c.index);
        w.do_match(&job, c.provider);
        w.warp(1_000);
        w.expire_job(&job, Some(c.provider))
    }),
    row("expire_job", "submitted", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.warp(1_000);
        w.expire_job(&job, Some(c.provider))
    }),
    row("close_job", "audit unpaid", Scope::Job, |w, c| {
        let job = w.do_accepted(c.tenant, c.index, c.provider);
        w.ok(w.claim_reward(&job, c.provider));
        w.ok(w.claim_refund(&job));
        w.ok(w.sweep_fees(&job));
        w.warp(100_000);
        w.close_job(&job)
    }),
    row("close_job", "audit paid", Scope::Job, |w, c| {
        let job = w.do_accepted(c.tenant, c.index, c.provider);
        w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
        w.ok(w.pay_audit(&job, 0, w.provider_at(&w.round(&job, 1).executor)));
        w.ok(w.claim_reward(&job, c.provider));
        w.ok(w.claim_refund(&job));
        w.ok(w.sweep_fees(&job));
        w.close_job(&job)
    }),
    row("open_root_ballot", "", Scope::Party, |w, c| {
        let measured = certificates(w, c);
        w.open_root_ballot(&measured)
    }),
    row("sign_root", "", Scope::Party, |w, c| {
        let measured = certificates(w, c);
        w.ok(w.open_root_ballot(&measured));
        w.sign_root(&measured, &[0, 3])
    }),
    row("finalize_root", "", Scope::Party, |w, c| {
        let measured = certificates(w, c);
        w.ok(w.open_root_ballot(&measured));
        w.ok(w.sign_root(&measured, &[0, 1, 2, 3]));
        w.finalize_root(&measured)
    }),
    row("close_root_ballot", "", Scope::Party, |w, c| {
        let measured = certificates(w, c);
        w.ok(w.open_root_ballot(&measured));
        w.warp(limits::ROOT_BALLOT_SECONDS + 1);
        w.close_root_ballot(&measured)
    }),
    row("close_witness_root", "", Scope::Deployment, |w, c| {
        let measured = certificates(w, c);
        w.do_root(&measured);
        w.warp(limits::WITNESS_ROOT_SECONDS + 1);
        w.do_next_epoch();
        w.close_witness_root(&measured)
    }),
    row("record_capability", "", Scope::Party, |w, c| {
        let measured = certificates(w, c);
        w.do_root(&measured);
        w.record_capability(&measured, c.provider, &w.capability_leaf(c.provider), 0)
    }),
    row("record_uptime", "", Scope::Party, |w, c| {
        let leaf = UptimeLeaf { provider: w.providers[c.provider].account.to_bytes(), up: 700, total: 720 };
        let measured = Measured::uptimes(w, c.index as u32 + 10 * c.provider as u32, &[leaf]);
        w.do_root(&measured);
        w.record_uptime(&measured, c.provider, &leaf, 0)
    }),
    row("appoint_planter", "", Scope::Party, |w, c| {
        let key = newcomer(w, c);
        w.appoint_planter(key)
    }),
    row("dismiss_planter", "", Scope::Party, |w, c| {
        let key = newcomer(w, c);
        w.ok(w.appoint_planter(key));
        w.dismiss_planter(key)
    }),
    row("commit_plant", "", Scope::Party, |w, c| {
        let key = newcomer(w, c);
        w.ok(w.appoint_planter(key));
        w.commit_plant(key, [c.provider as u8 + 1; 32])
    }),
    row("close_plant", "", Scope::Party, |w, c| {
        let key = newcomer(w, c);
        w.ok(w.appoint_planter(key));
        w.ok(w.commit_plant(key, [c.provider as u8 + 1; 32]));
        w.warp(limits::PLANT_SECONDS + 1);
        w.close_plant(key, [c.provider as u8 + 1; 32])
    }),
    row("report_double_receipt", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.report_double_receipt(&job, c.provider, super::arbiter_evidence::two_receipts(w, &job, c.provider))
    }),
    row("report_double_attestation", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        w.report_double_attestation(w.epoch(), super::arbiter_evidence::two_opinions(w, &job))
    }),
    row("report_failed_plant", "", Scope::Job, |w, c| {
        let (plant, args) = super::arbiter_evidence::lazy_opinion(w, c.tenant, c.index, c.provider);
        w.report_failed_plant(w.epoch(), plant, args)
    }),
    row("report_failed_ringer", "", Scope::Job, |w, c| {
        let failed = super::arbiter_evidence::wrong_answer(w, c.tenant, c.index, c.provider);
        w.report_failed_ringer(&failed.job, c.provider, failed.plant, failed.opening, &failed.receipt)
    }),
    row("report_usage", "", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.report_usage(&job, usage_claim(w, &job, c.provider, 1_000))
    }),
    row("accept_witnessed_usage", "", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.do_witness(&job, &w.usage_witness(&job, 1_000));
        w.accept_witnessed_usage(&job)
    }),
    row("claim_stream", "", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.do_use(&job, c.provider, 10);
        w.claim_stream(&job, c.provider)
    }),
    row("top_up_job", "running", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.top_up_job(&job, job.tenant, 10)
    }),
    row("top_up_job", "paused", Scope::Job, |w, c| {
        let job = dry(w, c);
        w.ok(w.pause_job(&job));
        w.top_up_job(&job, job.tenant, 10)
    }),
    row("pause_job", "", Scope::Job, |w, c| {
        let job = dry(w, c);
        w.pause_job(&job)
    }),
    row("resume_job", "", Scope::Job, |w, c| {
        let job = dry(w, c);
        w.ok(w.top_up_job(&job, job.tenant, 10));
        w.resume_job(&job, c.provider)
    }),
    row("stop_job", "by the tenant", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.stop_job(&job, job.tenant, c.provider)
    }),
    row("stop_job", "by the provider", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.stop_job(&job, w.providers[c.provider].operator, c.provider)
    }),
    row("stop_job", "before the start", Scope::Job, |w, c| {
        let job = w.do_post_with(c.tenant, service_terms(&w.tenants[c.tenant], c.index));
        w.do_match(&job, c.provider);
        w.stop_job(&job, job.tenant, c.provider)
    }),
    row("expire_job", "ending service", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.do_use(&job, c.provider, 10);
        w.ok(w.stop_job(&job, job.tenant, c.provider));
        w.warp(1_000);
        w.expire_job(&job, Some(c.provider))
    }),
    row("expire_job", "dead service", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        w.warp(1_000);
        w.expire_job(&job, Some(c.provider))
    }),
    row("expire_job", "paused service", Scope::Job, |w, c| {
        let job = dry(w, c);
        w.ok(w.pause_job(&job));
        w.warp(100_000);
        w.expire_job(&job, Some(c.provider))
    }),
    row("claim_sla", "", Scope::Job, |w, c| {
        let tenant = w.tenants[c.tenant];
        if w.is_closed(&address::token_account(&tenant, &w.stake_mint)) {
            w.fund(tenant, w.stake_mint, 0);
        }
        let args = market::JobTerms { sla_bond: 1_000, sla_uptime_bps: 9_000, ..service_terms(&tenant, c.index) };
        let job = w.do_serve_with(c.tenant, c.provider, args);
        w.warp(1_000);
        w.do_report(&job, c.provider, 1_000);
        w.ok(w.stop_job(&job, tenant, c.provider));
        w.warp(301);
        w.ok(w.expire_job(&job, Some(c.provider)));
        w.claim_sla(&job, c.provider)
    }),
    row("queue_config", "", Scope::Deployment, |w, _| w.queue_config(settings(w))),
    row("apply_config", "", Scope::Deployment, |w, _| {
        w.ok(w.queue_config(settings(w)));
        w.warp(LIMITS.timelock);
        w.apply_config()
    }),
    row("cancel_config", "", Scope::Deployment, |w, _| {
        w.ok(w.queue_config(settings(w)));
        w.cancel_config()
    }),
    row("accept_authority", "", Scope::Deployment, |w, _| {
        w.do_govern(market::ConfigArgs { authority: w.outsider, ..settings(w) });
        w.accept_authority(w.outsider)
    }),
    row("pause_openings", "", Scope::Deployment, |w, _| w.pause_openings(w.authority)),
    row("unpause_openings", "", Scope::Deployment, |w, _| w.unpause_openings()),
    row("queue_mint", "", Scope::Deployment, |w, _| w.queue_mint(w.mints[0], w.mint_rule_args())),
    row("apply_mint", "", Scope::Deployment, |w, _| {
        w.ok(w.queue_mint(w.mints[0], w.mint_rule_args()));
        w.warp(LIMITS.timelock);
        w.apply_mint(w.mints[0])
    }),
    row("disable_mint", "", Scope::Deployment, |w, _| w.disable_mint(w.mints[0])),
    row("apply_slash", "", Scope::Job, |w, c| {
        let case = rejected(w, c);
        w.warp(LIMITS.appeal);
        w.apply_slash(case)
    }),
    row("apply_slash", "upheld", Scope::Job, |w, c| {
        let case = appealed(w, c);
        w.do_decide_appeal(&case, Opinion::Invalid, 3);
        w.ok(w.resolve_appeal(case));
        w.apply_slash(case)
    }),
    row("appeal_slash", "", Scope::Job, |w, c| {
        let case = rejected(w, c);
        w.appeal_slash(w.providers[c.provider].owner, case)
    }),
    row("resolve_appeal", "decided", Scope::Job, |w, c| {
        let case = appealed(w, c);
        w.do_decide_appeal(&case, Opinion::Valid, 3);
        w.resolve_appeal(case)
    }),
    row("resolve_appeal", "silent", Scope::Job, |w, c| {
        let case = appealed(w, c);
        w.warp(limits::APPEAL_DECISION_SECONDS + 1);
        w.resolve_appeal(case)
    }),
    row("close_case", "", Scope::Job, |w, c| {
        let case = rejected(w, c);
        w.warp(LIMITS.appeal);
        w.ok(w.apply_slash(case));
        w.close_case(case)
    }),
    row("slash_on_evidence", "", Scope::Job, |w, c| {
        let (evidence, offender, job) = evidenced(w, c);
        w.slash_on_evidence(evidence, offender, job.address)
    }),
    row("claim_bounty", "", Scope::Job, |w, c| {
        let (evidence, offender, job) = evidenced(w, c);
        w.ok(w.slash_on_evidence(evidence, offender, job.address));
        w.claim_bounty(offender, address::evidence_case(&evidence), w.outsider)
    }),
    row("open_reward_pool", "", Scope::Deployment, |w, _| w.open_reward_pool(1)),
    row("fund_rewards", "", Scope::Deployment, |w, _| {
        w.fund(w.outsider, w.stake_mint, 50);
        w.ok(w.open_reward_pool(1));
        w.fund_rewards(w.outsider, 1, 50)
    }),
    row("claim_epoch_reward", "", Scope::Deployment, |w, _| {
        pooled(w);
        let root = w.do_reward_root(1, &[1, 1, 1]);
        w.claim_epoch_reward(1, 0, root, w.reward_claim(&[1, 1, 1], 0))
    }),
    row("roll_rewards", "", Scope::Deployment, |w, _| {
        pooled(w);
        let later = 1 + limits::REWARD_CLAIM_EPOCHS;
        w.ok(w.open_reward_pool(later));
        let root = w.do_reward_root(later, &[1]);
        w.roll_rewards(1, later, root)
    }),
    row("queue_arbiter", "", Scope::Deployment, |w, _| w.queue_arbiter(w.arbiter_args())),
    row("apply_arbiter", "", Scope::Deployment, |w, _| {
        w.ok(w.queue_arbiter(w.arbiter_args()));
        w.warp(LIMITS.timelock);
        w.apply_arbiter()
    }),
    row("cancel_arbiter", "", Scope::Deployment, |w, _| {
        w.ok(w.queue_arbiter(w.arbiter_args()));
        w.cancel_arbiter()
    }),
    row("accept_arbiter", "", Scope::Deployment, |w, _| {
        w.do_govern_arbiter(arbiter::ArbiterArgs { authority: w.outsider, ..w.arbiter_args() });
        w.accept_arbiter(w.outsider)
    }),
    row("post_array", "", Scope::Job, |w, c| w.post_array(c.tenant, w.mints[0], array_terms(c.index as u32, 2))),
    row("take_task", "", Scope::Job, |w, c| {
        let array = w.do_post_array(c.tenant, array_terms(c.index as u32, 2));
        w.take_task(&array, 1, c.provider, 0)
    }),
    row("cancel_array", "", Scope::Job, |w, c| {
        let array = w.do_post_array(c.tenant, array_terms(c.index as u32, 2));
        w.cancel_array(&array)
    }),
    row("close_array", "", Scope::Job, |w, c| {
        let array = w.do_post_array(c.tenant, array_terms(c.index as u32, 2));
        w.ok(w.cancel_array(&array));
        w.close_array(&array)
    }),
    row("close_array", "empty", Scope::Job, |w, c| {
        let array = spent_array(w, c);
        w.close_array(&array)
    }),
    row("claim_refund", "of a task", Scope::Job, |w, c| {
        let job = declined_task(w, c);
        w.claim_refund(&job)
    }),
    row("close_job", "of a task", Scope::Job, |w, c| {
        let job = declined_task(w, c);
        w.ok(w.claim_refund(&job));
        w.token_account(job.vault, &job.address, &job.mint, 1);
        w.close_job(&job)
    }),
    row("announce_validator", "", Scope::Party, |w, c| {
        w.announce_validator(w.validators[c.validator].identity, w.validators[c.validator].delegate, 7)
    }),
    row("refresh_validator", "", Scope::Party, |w, c| w.refresh_validator(w.validators[c.validator].identity)),
    row("close_set", "", Scope::Deployment, |w, _| {
        (0..=limits::SETS_KEPT).for_each(|_| w.do_next_epoch());
        w.close_set(1)
    }),
    row("record_missed_reveal", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        let said: Vec<_> = (0..4).map(|seat| (seat, Opinion::Valid, 0)).collect();
        w.do_commit(&job, 1, &said);
        w.warp(LIMITS.commit_window + 1);
        w.do_reveal(&job, 1, &said[..2]);
        w.warp(LIMITS.reveal_window + 1);
        w.record_missed_reveal(&job, 1, 2)
    }),
    row("record_wrong_dissent", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_escalate(&job, c.provider);
        w.do_attest_all(&job, 2, Opinion::Valid, 0);
        w.ok(w.finalize_round(&job, 2));
        w.record_wrong_dissent(&job, 1)
    }),
    row("initialize_drand", "", Scope::Deployment, |w, _| {
        w.initialize_drand(SimulatedNetwork::new("scenarios").network())
    }),
    row("post_beacon", "", Scope::Party, |w, c| {
        let (round, signature) = beacon(w, c);
        w.post_beacon(round, signature)
    }),
    row("close_beacon", "", Scope::Party, |w, c| {
        let (round, signature) = beacon(w, c);
        w.ok(w.post_beacon(round, signature));
        w.warp(limits::BEACON_KEEP_SECONDS);
        w.close_beacon(round)
    }),
    row("witness_usage", "", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        let measured = used(w, c, &job, 1_000);
        w.witness_usage(&job, &measured, 1_000, 0)
    }),
    row("refresh_usage", "", Scope::Job, |w, c| {
        let job = w.do_serve(c.tenant, c.index, c.provider);
        let measured = used(w, c, &job, 1_000);
        w.ok(w.witness_usage(&job, &measured, 1_000, 0));
        w.warp(1);
        let later = used(w, Cast { index: c.index + 100, ..c }, &job, 2_000);
        w.refresh_usage(&job, &later, 2_000, 0)
    }),
    row("close_usage", "", Scope::Job, |w, c| {
        let job = w.do_post_with(c.tenant, service_terms(&w.tenants[c.tenant], c.index));
        w.do_match(&job, c.provider);
        let measured = used(w, c, &job, 0);
        w.ok(w.witness_usage(&job, &measured, 0, 0));
        w.ok(w.stop_job(&job, job.tenant, c.provider));
        w.ok(w.claim_refund(&job));
        w.ok(w.close_job(&job));
        w.close_usage(&job)
    }),
    row("commit_attestations", "", Scope::Job, |w, c| {
        let job = w.do_submitted(c.tenant, c.index, c.provider);
        w.do_open_round(&job, c.provider);
        let signed = [0, 1, 2].map(|seat| w.signed(&job, 1, seat, Opinion::Valid as u8, 0));
        w.commit_attestations(&job, 1, signed.to_vec())
    }),
    row("open_appeal", "", Scope::Job, |w, c| {
        let case = appealed(w, c);
        w.seal_slots(2);
        w.do_keep_epoch();
        w.open_appeal(case)
    }),
    row("finalize_appeal", "", Scope::Job, |w, c| {
        let job = rejected_job(w, c);
        let case = w.do_appeal(&job, c.provider);
        w.do_attest_all(&job, limits::APPEAL_ROUND, Opinion::Unavailable, 0);
        w.finalize_appeal(case)
    }),
    row("close_appeal", "", Scope::Job, |w, c| {
        let case = appeal_resolved(w, c);
        w.close_appeal(case)
    }),
    row("close_appeal_verdict", "", Scope::Job, |w, c| {
        let case = appeal_resolved(w, c);
        w.close_appeal_verdict(case)
    }),
    row("pay_audit", "of an appeal", Scope::Job, |w, c| {
        let job = rejected_job(w, c);
        let mint = job.mint;
        w.token_account(address::audit_budget(&mint), &address::market_config(), &mint, 1_000_000);
        w.do_appeal(&job, c.provider);
        w.do_judge_appeal(&job, Opinion::Invalid, 1);
        w.pay_audit(&job, 2, w.provider_at(&w.round(&job, limits::APPEAL_ROUND).executor))
    }),
];

/// A task of an array that its provider gave up.
fn declined_task(w: &mut World, c: Cast) -> JobHandle {
    let array = w.do_post_array(c.tenant, array_terms(c.index as u32, 2));
    let job = w.do_take(&array, 1, c.provider);
    w.ok(w.decline_job(&job, c.provider));
    job
}

/// An array whose only task has earned all that was escrowed.
fn spent_array(w: &mut World, c: Cast) -> ArrayHandle {
    let array = w.do_post_array(c.tenant, array_terms(c.index as u32, 1));
    let job = w.do_take(&array, 0, c.provider);
    w.do_start(&job, c.provider);
    w.warp(i64::from(LIMITS.run_seconds));
    w.ok(w.submit_proof(&job, c.provider, claim(w, &job, c.provider, u64::from(LIMITS.run_seconds) * 1_000)));
    w.seal_slots(2);
    w.do_judge(&job, c.provider, Opinion::Valid);
    w.ok(w.verify_proof(&job, c.provider));
    w.ok(w.claim_reward(&job, c.provider));
    w.ok(w.sweep_fees(&job));
    w.warp(limits::AUDIT_CLAIM_SECONDS + 1);
    w.ok(w.close_job(&job));
    array
}

/// The simulated network's own round of the cast; the network is named if it is not yet.
fn beacon(w: &mut World, c: Cast) -> (u64, [u8; 64]) {
    let network = SimulatedNetwork::new("scenarios");
    if w.is_closed(&address::drand()) {
        w.ok(w.initialize_drand(network.network()));
    }
    let round = c.index + 10 * c.provider as u64;
    (round, network.sign(round))
}

/// A final root with one total of a service's usage, of a sequence of its own.
fn used(w: &mut World, c: Cast, job: &JobHandle, usage_ms: u64) -> Measured {
    let leaf = UsageLeaf { job: job.address.to_bytes(), attempt: 1, nonce: w.job(job).nonce, usage_ms };
    let measured = Measured::usages(w, c.index as u32 + 10 * c.provider as u32, &[leaf]);
    w.do_root(&measured);
    measured
}

/// A job of the cast that was rejected.
fn rejected_job(w: &mut World, c: Cast) -> JobHandle {
    let job = w.do_submitted(c.tenant, c.index, c.provider);
    w.do_reject(&job, c.provider);
    job
}

/// A job of the cast that was rejected: its slash case.
fn rejected(w: &mut World, c: Cast) -> Address {
    let job = rejected_job(w, c);
    w.slash_case(&job)
}

/// A slash that was upheld on appeal; round and verdict remain.
fn appeal_resolved(w: &mut World, c: Cast) -> Address {
    let job = rejected_job(w, c);
    let case = w.do_appeal(&job, c.provider);
    w.do_judge_appeal(&job, Opinion::Invalid, 1);
    w.ok(w.resolve_appeal(case));
    case
}

/// A slash case whose owner has appealed.
fn appealed(w: &mut World, c: Cast) -> Address {
    let case = rejected(w, c);
    w.ok(w.appeal_slash(w.providers[c.provider].owner, case));
    case
}

/// Evidence that the outsider reported against the cast's provider, and its job.
fn evidenced(w: &mut World, c: Cast) -> (Address, Address, JobHandle) {
    let job = w.do_submitted(c.tenant, c.index, c.provider);
    let (offender, reporter) = (w.providers[c.provider].owner, w.outsider);
    w.fund(reporter, w.stake_mint, 0);
    (w.do_record_evidence(EvidenceKind::ReceiptEquivocation, offender, reporter, &job), offender, job)
}

/// A funded reward pool for epoch 1.
fn pooled(w: &mut World) {
    w.fund(w.outsider, w.stake_mint, 50);
    w.ok(w.open_reward_pool(1));
    w.ok(w.fund_rewards(w.outsider, 1, 50));
}

/// A service that has used up its escrow.
fn dry(w: &mut World, c: Cast) -> JobHandle {
    let job = w.do_serve_with(
        c.tenant,
        c.provider,
        market::JobTerms { max_seconds: 60, ..service_terms(&w.tenants[c.tenant], c.index) },
    );
    w.do_use(&job, c.provider, 60);
    job
}

/// A root with one certificate, of a sequence of its own.
fn certificates(w: &World, c: Cast) -> Measured {
    let sequence = c.index as u32 + 10 * c.provider as u32;
    Measured::capabilities(w, sequence, &[w.capability_leaf(c.provider)])
}

/// A wallet that nothing on the chain knows yet.
pub fn newcomer(w: &mut World, c: Cast) -> Address {
    let owner = w.wallet(&format!("newcomer {} {}", c.provider, c.index));
    w.fund(owner, w.stake_mint, 0);
    owner
}

/// A job whose escrow has gone back.
fn cancelled(w: &mut World, c: Cast) -> JobHandle {
    let job = w.do_post(c.tenant, c.index);
    w.ok(w.cancel_job(&job));
    w.ok(w.claim_refund(&job));
    job
}

/// A judged job that is closed: its round and verdict remain.
fn judged_and_gone(w: &mut World, c: Cast) -> JobHandle {
    let job = w.do_submitted(c.tenant, c.index, c.provider);
    w.do_judge(&job, c.provider, Opinion::Unavailable);
    w.ok(w.verify_proof(&job, c.provider));
    w.ok(w.claim_refund(&job));
    w.ok(w.close_job(&job));
    job
}

/// What the interface descriptions list.
pub fn interface() -> impl Iterator<Item = &'static InstructionInfo> {
    market::INSTRUCTIONS.iter().chain(arbiter::INSTRUCTIONS)
}

/// One target: a world, the instruction that succeeds in it, and the same instruction of others.
#[derive(Clone)]
pub struct Target {
    pub name: String,
    pub info: &'static InstructionInfo,
    pub world: World,
    pub instruction: Instruction,
    /// The same instruction for the neighbour's and for the same people's other job, and whose it is.
    pub twins: Vec<(&'static str, Instruction)>,
}

impl Scenario {
    /// Plays the scenario: the twins first, so that only the victim's deadlines have to hold.
    pub fn target(&self) -> Target {
        let info = interface().find(|info| info.name == self.instruction);
        let info = info.unwrap_or_else(|| panic!("scenario {}: no such instruction", self.instruction));
        let mut world = TestBuilder::ready();
        let others: &[(&'static str, Cast)] = match self.scope {
            Scope::Deployment => &[],
            Scope::Party => &[("neighbour's", NEIGHBOUR)],
            Scope::Job => &[("neighbour's", NEIGHBOUR), ("own other", SECOND_JOB)],
        };
        // Every cast plays within an epoch of its own: the time that others took ends no set's.
        let play = |world: &mut World, cast: Cast| {
            world.do_keep_epoch();
            (self.prepare)(world, cast)
        };
        let twins = others.iter().map(|(whose, cast)| (*whose, play(&mut world, *cast))).collect();
        let instruction = play(&mut world, VICTIM);
        // A payer of its own: what the instruction names is writable and signs only where the instruction says so.
        world.crank = world.wallet("fee payer");
        world.crank_pays = true;
        let name = [self.instruction, self.variant].join(" ").trim_end().to_owned();
        Target { name, info, world, instruction, twins }
    }
}

/// Every target, one after another.
pub fn targets() -> impl Iterator<Item = Target> {
    SCENARIOS.iter().map(Scenario::target)
}

#[test]
fn every_instruction_has_a_scenario() {
    let missing: Vec<&str> =
        interface().map(|info| info.name).filter(|name| SCENARIOS.iter().all(|row| row.instruction != *name)).collect();
    assert!(missing.is_empty(), "no scenario in tests/tests/programs/scenarios.rs for {missing:?}: add one each");
}

#[test]
fn every_scenario_succeeds() {
    let mut broken = Vec::new();
    for mut target in targets() {
        let (info, instruction) = (target.info, &target.instruction);
        assert_eq!(instruction.data[..8], info.discriminator, "{}", target.name);
        assert_eq!(instruction.accounts.len(), info.accounts.len(), "{}", target.name);
        for (meta, account) in instruction.accounts.iter().zip(info.accounts) {
            // An absent optional account is the program itself, read-only.
            let absent = account.optional && (meta.pubkey == market::ID || meta.pubkey == arbiter::ID);
            let expected = (account.signer && !absent, account.writable && !absent);
            assert_eq!((meta.is_signer, meta.is_writable), expected, "{}, {}", target.name, account.name);
        }
        if let Err(failure) = target.world.send(target.instruction.clone()) {
            broken.push(format!("{}: {failure:?}", target.name));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
