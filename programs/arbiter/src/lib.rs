//! Proofmill arbiter: who is a validator, and what they agree. It judges receipts and holds no token.
//!
//! It reads the market's jobs, providers and stakes; it writes `Verdict` accounts, which the market reads. There is
//! no call between the two programs.
#![cfg_attr(not(test), no_std)]

pub mod beacon;
pub mod error;
pub mod events;
pub mod instructions;
pub mod state;

use anchor_lang::prelude::*;
use instructions::*;

declare_id!("2PMHPL3w5DDEaKrthoNwevjgUuincEjin6sEHQj1V1hp");

#[program]
pub mod arbiter {
    use super::*;

    /// Creates the configuration and an empty roster; its authority signs.
    pub fn initialize_arbiter(ctx: &mut Context<InitializeArbiter>, args: ArbiterArgs) -> Result<()> {
        initialize_arbiter::handle(ctx, args)
    }

    /// Changes parameters within the bounds written in the program.
    pub fn update_arbiter(ctx: &mut Context<UpdateArbiter>, args: ArbiterArgs) -> Result<()> {
        update_arbiter::handle(ctx, args)
    }

    /// Enters the roster; counts from the next set on. Needs the validator's stake in the market.
    pub fn register_validator(ctx: &mut Context<RegisterValidator>, vote_key: [u8; 32]) -> Result<()> {
        register_validator::handle(ctx, vote_key)
    }

    /// Leaves the roster; counts until the present set ends.
    pub fn retire_validator(ctx: &mut Context<RetireValidator>) -> Result<()> {
        retire_validator::handle(ctx)
    }

    /// Freezes the roster as the set of the next epoch. Anyone, once the present epoch has ended.
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

    /// Submits a validator's signed opinion. Anyone may carry it.
    pub fn submit_attestation(ctx: &mut Context<SubmitAttestation>, args: AttestationArgs) -> Result<()> {
        submit_attestation::handle(ctx, args)
    }

    /// Writes the verdict of a decided round. Anyone.
    pub fn finalize_round(ctx: &mut Context<FinalizeRound>) -> Result<()> {
        finalize_round::handle(ctx)
    }

    /// Closes a round whose job is gone; the rent returns to who paid it. Anyone.
    pub fn close_round(ctx: &mut Context<CloseRound>) -> Result<()> {
        close_round::handle(ctx)
    }

    /// Closes a verdict whose job is gone; the rent returns to who paid it. Anyone.
    pub fn close_verdict(ctx: &mut Context<CloseVerdict>) -> Result<()> {
        close_verdict::handle(ctx)
    }
}
