use anchor_lang::prelude::*;
use market::{
    signature::{InProgram, SigVerify},
    state::Provider,
};
use proofmill_protocol::{
    attestation::Reexecution,
    envelope::{envelope, Kind},
    ids::{Domain, JobKey},
    quorum::Phase,
};

use crate::{
    error::ArbiterError,
    events::ReexecutionSubmitted,
    state::{ArbiterConfig, Round, ROUND_OPEN},
};

/// A re-executor's blinded claim.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct ReexecutionArgs {
    /// `sha256(output_root | exit code (i32 LE) | termination (u8) | blind)`; the committee gets the opening.
    pub commitment: [u8; 32],
    pub metered_ms: u64,
    /// Node key's signature over the claim's envelope.
    pub signature: [u8; 64],
}

#[derive(Accounts)]
pub struct SubmitReexecution {
    #[account(address = provider.operator @ ArbiterError::NotOperator)]
    pub operator: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(address = round.executor @ ArbiterError::NotDrawn)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub round: Account<Round>,
}

pub fn handle(ctx: &mut Context<SubmitReexecution>, args: ReexecutionArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    require!(a.round.reexecuted == 0, ArbiterError::AlreadyReexecuted);
    // Once seats may reveal, a claim could follow what they say.
    let phase = a.round.windows().phase(Clock::get()?.unix_timestamp);
    require!(phase == Phase::Committing, ArbiterError::CommitTooLate);
    let claim = Reexecution {
        domain: Domain(a.config.domain),
        job: JobKey(a.round.job.to_bytes()),
        attempt: a.round.attempt,
        round: a.round.index,
        nonce: a.round.nonce,
        provider: a.provider.address().to_bytes(),
        node_key: a.provider.node_key,
        commitment: args.commitment,
        metered_ms: args.metered_ms,
    };
    let message = envelope(Kind::Reexecution, &sha256(&claim.encode()));
    InProgram::verify(&a.provider.node_key, &args.signature, &message).map_err(|_| ArbiterError::SignatureInvalid)?;
    a.round.reexecuted = 1;
    a.round.commitment = args.commitment;
    a.round.reexecution_ms = args.metered_ms;
    emit!(ReexecutionSubmitted {
        round: *a.round.address(),
        executor: *a.provider.address(),
        metered_ms: args.metered_ms,
    });
    Ok(())
}
