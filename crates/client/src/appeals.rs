//! The course of an appeal against a slash, which anyone may drive: its round opens, is judged like every other, decides,
//! and the market draws the conclusion.
//!
//! Everything follows from the `SlashCase`: the job that it is about may be gone. Commitments, reveals and the
//! re-execution use the same instructions as in the rounds before, on [`address::appeal_round`].

use proofmill_protocol::appeal::CaseState;
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{address, arbiter, market};

/// A slash that its owner contests.
#[derive(Clone, Copy, Debug)]
pub struct Appeal<'a> {
    pub slash_case: Address,
    pub case: &'a market::SlashCase,
}

impl<'a> Appeal<'a> {
    /// The case at `slash_case`, if it is under appeal.
    pub fn pending(slash_case: Address, case: &'a market::SlashCase) -> Option<Self> {
        (case.kind == 0 && case.state == CaseState::Appealed as u8).then_some(Self { slash_case, case })
    }

    /// Draws committee and re-executor. `epoch` is the present one; `beacon` is the account that decides about what
    /// happened when the appeal was made: slot `case.appealed_slot`, instant `appeal::appealed_at(case.decide_by)`.
    pub fn open(&self, payer: Address, epoch: u32, beacon: Address) -> Instruction {
        arbiter::open_appeal(arbiter::OpenAppealAccounts {
            payer,
            config: address::arbiter_config(),
            slash_case: self.slash_case,
            provider: self.case.provider,
            validator_set: address::validator_set(epoch),
            executors: address::executors(&self.case.class_key),
            first_set: address::validator_set(self.case.epochs[0]),
            second_set: address::validator_set(self.case.epochs[1]),
            round: address::appeal_round(&self.slash_case),
            beacon,
        })
    }

    /// Writes the verdict, once the round is decided or its windows have passed.
    pub fn finalize(&self, payer: Address) -> Instruction {
        arbiter::finalize_appeal(arbiter::FinalizeAppealAccounts {
            payer,
            slash_case: self.slash_case,
            round: address::appeal_round(&self.slash_case),
            verdict: address::appeal_verdict(&self.slash_case),
        })
    }

    /// Applies the verdict, or what is written for an appeal that nobody decided.
    pub fn resolve(&self) -> Instruction {
        market::resolve_appeal(market::ResolveAppealAccounts {
            config: address::market_config(),
            stake: self.case.stake,
            slash_case: self.slash_case,
            verdict: address::appeal_verdict(&self.slash_case),
        })
    }
}

/// Closes the round of an appeal that is resolved; its rent returns to `rent_payer`.
pub fn close_round(slash_case: Address, rent_payer: Address) -> Instruction {
    arbiter::close_appeal(arbiter::CloseAppealAccounts {
        slash_case,
        round: address::appeal_round(&slash_case),
        rent_payer,
    })
}

/// Closes the verdict on an appeal that is resolved; its rent returns to `rent_payer`.
pub fn close_verdict(slash_case: Address, rent_payer: Address) -> Instruction {
    arbiter::close_appeal_verdict(arbiter::CloseAppealVerdictAccounts {
        slash_case,
        verdict: address::appeal_verdict(&slash_case),
        rent_payer,
    })
}
