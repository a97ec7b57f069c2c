//! Proofmill arbiter: who is a validator, and what they agree. It judges receipts and holds no token.
//!
//! It reads the market's jobs, providers and stakes; it writes `Verdict` accounts, which the market reads. There is
//! no call between the two programs.
#![cfg_attr(not(test), no_std)]

pub mod beacon;
pub mod curve;
pub mod error;
pub mod events;
pub mod instructions;
pub mod state;

extern crate alloc;

use alloc::vec::Vec;

use anchor_lang::prelude::*;
use instructions::*;
use market::witness::Inclusion;

declare_id!("2PMHPL3w5DDEaKrthoNwevjgUuincEjin6sEHQj1V1hp");
market::security_contact!("Proofmill arbiter");

#[program]
pub mod arbiter {
    use super::*;

    /// Creates the configuration and an empty roster; its authority signs.
    pub fn initialize_arbiter(ctx: &mut Context<InitializeArbiter>, args: ArbiterArgs) -> Result<()> {
        initialize_arbiter::handle(ctx, args)
    }

    /// Queues a change of parameters within the bounds written in the program; it waits for the market's timelock.
    pub fn queue_arbiter(ctx: &mut Context<QueueArbiter>, args: ArbiterArgs) -> Result<()> {
        queue_arbiter::handle(ctx, args)
    }

    /// Applies the queued change. Anyone, once the timelock has passed.
    pub fn apply_arbiter(ctx: &mut Context<ApplyArbiter>) -> Result<()> {
        apply_arbiter::handle(ctx)
    }

    /// Drops the queued change.
    pub fn cancel_arbiter(ctx: &mut Context<CancelArbiter>) -> Result<()> {
        cancel_arbiter::handle(ctx)
    }

    /// Takes over the authority that an applied change named.
    pub fn accept_arbiter(ctx: &mut Context<AcceptArbiter>) -> Result<()> {
        accept_arbiter::handle(ctx)
    }

    /// Enters the roster; counts from the set that is frozen next. Needs the validator's stake in the market. The
    /// delegate pays for and signs commitments.
    pub fn register_validator(
        ctx: &mut Context<RegisterValidator>,
        vote_key: [u8; 32],
        delegate: Address,
    ) -> Result<()> {
        register_validator::handle(ctx, vote_key, delegate)
    }

    /// Leaves the roster; counts in the sets that are frozen already.
    pub fn retire_validator(ctx: &mut Context<RetireValidator>) -> Result<()> {
        retire_validator::handle(ctx)
    }

    /// Begins the next epoch and freezes the roster as the set of the one after it. Anyone, once the present epoch has
    /// ended.
    pub fn freeze_set(ctx: &mut Context<FreezeSet>, epoch: u32) -> Result<()> {
        freeze_set::handle(ctx, epoch)
    }

    /// Opens the list of re-executors of one class. Anyone.
    pub fn open_executors(ctx: &mut Context<OpenExecutors>, class_key: [u8; 32]) -> Result<()> {
        open_executors::handle(ctx, class_key)
    }

    /// Offers a provider for re-executions of its class.
    pub fn join_executors(ctx: &mut Context<JoinExecutors>) -> Result<()> {
        join_executors::handle(ctx)
    }

    /// Takes a provider off the list.
    pub fn leave_executors(ctx: &mut Context<LeaveExecutors>) -> Result<()> {
        leave_executors::handle(ctx)
    }

    /// Draws committee and re-executor for a receipt that is to be audited. Anyone.
    pub fn open_round(ctx: &mut Context<OpenRound>) -> Result<()> {
        open_round::handle(ctx)
    }

    /// Ends a first round whose members stayed silent past the deadline: it escalates. Anyone.
    pub fn expire_round(ctx: &mut Context<ExpireRound>) -> Result<()> {
        expire_round::handle(ctx)
    }

    /// Draws a second committee and a further re-executor after an escalated first round. Anyone.
    pub fn escalate_round(ctx: &mut Context<EscalateRound>) -> Result<()> {
        escalate_round::handle(ctx)
    }

    /// Submits a re-executor's signed and blinded claim.
    pub fn submit_reexecution(ctx: &mut Context<SubmitReexecution>, args: ReexecutionArgs) -> Result<()> {
        submit_reexecution::handle(ctx, args)
    }

    /// Commits a seat to an opinion that nobody sees yet. Its delegate signs; nothing is replaced.
    pub fn commit_attestation(ctx: &mut Context<CommitAttestation>, seat: u8, commitment: [u8; 32]) -> Result<()> {
        commit_attestation::handle(ctx, seat, commitment)
    }

    /// Commits several seats by their vote keys' signatures, all or none. Anyone may carry them; what stands is never
    /// replaced.
    pub fn commit_attestations(ctx: &mut Context<CommitAttestations>, commitments: Vec<SeatCommitment>) -> Result<()> {
        commit_attestations::handle(ctx, commitments)
    }

    /// Reveals one or several seats' signed opinions, all or none, once nobody commits any more. Anyone may carry them.
    pub fn reveal_attestations(
        ctx: &mut Context<RevealAttestations>,
        output_root: [u8; 32],
        reveals: Vec<Reveal>,
    ) -> Result<()> {
        reveal_attestations::handle(ctx, output_root, reveals)
    }

    /// Puts on record that a seat committed and did not reveal in time: evidence for the market. Anyone.
    pub fn record_missed_reveal(
        ctx: &mut Context<RecordMissedReveal>,
        seat: u8,
        offender: [u8; 32],
        subject: [u8; 32],
    ) -> Result<()> {
        record_missed_reveal::handle(ctx, seat, offender, subject)
    }

    /// Puts on record that a seat dissented wrongly in a first round, as the second one's verdict shows: evidence for
    /// the market. Anyone.
    pub fn record_wrong_dissent(
        ctx: &mut Context<RecordWrongDissent>,
        seat: u8,
        offender: [u8; 32],
        subject: [u8; 32],
    ) -> Result<()> {
        record_wrong_dissent::handle(ctx, seat, offender, subject)
    }

    /// Writes the verdict of a decided round. Anyone.
    pub fn finalize_round(ctx: &mut Context<FinalizeRound>) -> Result<()> {
        finalize_round::handle(ctx)
    }

    /// Draws committee and re-executor for an appeal against a slash. Anyone, until the appeal's deadline.
    pub fn open_appeal(ctx: &mut Context<OpenAppeal>) -> Result<()> {
        open_appeal::handle(ctx)
    }

    /// Writes the verdict on an appeal. Anyone, once its round is decided or its windows have passed.
    pub fn finalize_appeal(ctx: &mut Context<FinalizeAppeal>) -> Result<()> {
        finalize_appeal::handle(ctx)
    }

    /// Closes the round of an appeal that the market has resolved; the rent returns to who paid it. Anyone.
    pub fn close_appeal(ctx: &mut Context<CloseAppeal>) -> Result<()> {
        close_appeal::handle(ctx)
    }

    /// Closes the verdict on an appeal that the market has resolved; the rent returns to who paid it. Anyone.
    pub fn close_appeal_verdict(ctx: &mut Context<CloseAppealVerdict>) -> Result<()> {
        close_appeal_verdict::handle(ctx)
    }

    /// Closes a round whose job is gone; the rent returns to who paid it. Anyone.
    pub fn close_round(ctx: &mut Context<CloseRound>) -> Result<()> {
        close_round::handle(ctx)
    }

    /// Closes a verdict whose job is gone; the rent returns to who paid it. Anyone.
    pub fn close_verdict(ctx: &mut Context<CloseVerdict>) -> Result<()> {
        close_verdict::handle(ctx)
    }

    /// Reads a validator's stake anew: sets its weight, or takes it off the roster below the least stake. Anyone.
    pub fn refresh_validator(ctx: &mut Context<RefreshValidator>) -> Result<()> {
        refresh_validator::handle(ctx)
    }

    /// Says where a validator's node is reached; its delegate signs.
    pub fn announce_validator(
        ctx: &mut Context<AnnounceValidator>,
        validator: Address,
        endpoint_ip: [u8; 16],
        endpoint_port: u16,
    ) -> Result<()> {
        announce_validator::handle(ctx, validator, endpoint_ip, endpoint_port)
    }

    /// Closes an old validator set; the rent returns to who paid it. Anyone.
    pub fn close_set(ctx: &mut Context<CloseSet>) -> Result<()> {
        close_set::handle(ctx)
    }

    /// Proposes a root of measurements. Anyone.
    pub fn open_root_ballot(ctx: &mut Context<OpenRootBallot>, args: RootProposal) -> Result<()> {
        open_root_ballot::handle(ctx, args)
    }

    /// Adds validators' signatures to a proposed root. Anyone may carry them.
    pub fn sign_root(ctx: &mut Context<SignRoot>, signatures: Vec<SeatSignature>) -> Result<()> {
        sign_root::handle(ctx, signatures)
    }

    /// Writes a root that a supermajority has signed. Anyone.
    pub fn finalize_root(ctx: &mut Context<FinalizeRoot>) -> Result<()> {
        finalize_root::handle(ctx)
    }

    /// Closes a ballot whose time is over; the rent returns to who paid it. Anyone.
    pub fn close_root_ballot(ctx: &mut Context<CloseRootBallot>) -> Result<()> {
        close_root_ballot::handle(ctx)
    }

    /// Closes a root that nobody needs any more; the rent returns to who paid it. Anyone.
    pub fn close_witness_root(ctx: &mut Context<CloseWitnessRoot>) -> Result<()> {
        close_witness_root::handle(ctx)
    }

    /// Lets a key plant jobs and receipts whose truth is known before; the authority signs.
    pub fn appoint_planter(ctx: &mut Context<AppointPlanter>, key: Address) -> Result<()> {
        appoint_planter::handle(ctx, key)
    }

    /// Ends that; the rent returns to the authority.
    pub fn dismiss_planter(ctx: &mut Context<DismissPlanter>) -> Result<()> {
        dismiss_planter::handle(ctx)
    }

    /// Fixes the truth about a job before the job exists.
    pub fn commit_plant(ctx: &mut Context<CommitPlant>, commitment: [u8; 32]) -> Result<()> {
        commit_plant::handle(ctx, commitment)
    }

    /// Closes a plant whose job cannot be judged any more; the rent returns to who paid it.
    pub fn close_plant(ctx: &mut Context<ClosePlant>) -> Result<()> {
        close_plant::handle(ctx)
    }

    /// Records that a provider signed two receipts of one attempt. Anyone.
    pub fn report_double_receipt(ctx: &mut Context<ReportDoubleReceipt>, args: DoubleReceipt) -> Result<()> {
        report_double_receipt::handle(ctx, args)
    }

    /// Records that a validator signed two opinions in one round. Anyone.
    pub fn report_double_attestation(
        ctx: &mut Context<ReportDoubleAttestation>,
        args: DoubleAttestation,
    ) -> Result<()> {
        report_double_attestation::handle(ctx, args)
    }

    /// Records that a validator called a planted false receipt valid. Anyone.
    pub fn report_failed_plant(ctx: &mut Context<ReportFailedPlant>, args: FailedPlant) -> Result<()> {
        report_failed_plant::handle(ctx, args)
    }

    /// Records that a provider failed a job whose answer was known. Anyone.
    pub fn report_failed_ringer(ctx: &mut Context<ReportFailedRinger>, args: FailedRinger) -> Result<()> {
        report_failed_ringer::handle(ctx, args)
    }

    /// Writes a witnessed total of a service's usage. Anyone.
    pub fn witness_usage(ctx: &mut Context<WitnessUsage>, usage_ms: u64, inclusion: Inclusion) -> Result<()> {
        witness_usage::handle(ctx, usage_ms, inclusion)
    }

    /// Replaces a witnessed total by a later one. Anyone.
    pub fn refresh_usage(ctx: &mut Context<RefreshUsage>, usage_ms: u64, inclusion: Inclusion) -> Result<()> {
        refresh_usage::handle(ctx, usage_ms, inclusion)
    }

    /// Closes a witnessed total whose service is gone; the rent returns to who paid it. Anyone.
    pub fn close_usage(ctx: &mut Context<CloseUsage>) -> Result<()> {
        close_usage::handle(ctx)
    }

    /// Names the drand network whose rounds decide, once and for ever; the authority signs.
    pub fn initialize_drand(ctx: &mut Context<InitializeDrand>, args: DrandNetwork) -> Result<()> {
        initialize_drand::handle(ctx, args)
    }

    /// Verifies a round of the drand network and keeps its value. Anyone.
    pub fn post_beacon(ctx: &mut Context<PostBeacon>, round: u64, signature: [u8; 64]) -> Result<()> {
        post_beacon::handle(ctx, round, signature)
    }

    /// Closes an old round; the rent returns to who paid it. Anyone.
    pub fn close_beacon(ctx: &mut Context<CloseBeacon>) -> Result<()> {
        close_beacon::handle(ctx)
    }
}
