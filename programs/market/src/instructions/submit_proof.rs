use anchor_lang::prelude::*;
use proofmill_protocol::{
    envelope::{envelope, Kind},
    ids::{Domain, JobKey, NodeKey},
    job::JobEvent,
    receipt::{ReceiptCore, Termination},
    settlement,
};

use crate::{
    error::MarketError,
    events::ProofSubmitted,
    signature::{InProgram, SigVerify},
    state::{Config, Job, Provider},
};

/// The public part of a receipt.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct ReceiptClaim {
    /// SHA-256 of the encoded receipt.
    pub receipt_hash: [u8; 32],
    /// Node key's signature over the receipt core's envelope.
    pub signature: [u8; 64],
    /// Time the container ran, milliseconds; the receipt says the same.
    pub metered_ms: u64,
    pub exit_code: i32,
    pub termination: u8,
}

#[derive(Accounts)]
pub struct SubmitProof {
    #[account(address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    pub config: Account<Config>,
    #[account(address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub job: Account<Job>,
}

pub fn handle(ctx: &mut Context<SubmitProof>, args: ReceiptClaim) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let deadline = a
        .job
        .started_at
        .saturating_add(i64::from(a.job.max_seconds).saturating_add(i64::from(a.job.receipt_grace_seconds)));
    require!(!a.job.is_service(), MarketError::ServiceHasNoReceipt);
    a.job.advance(JobEvent::Submit)?;
    require!(now <= deadline, MarketError::ReceiptTooLate);
    require!(Termination::from_code(args.termination).is_some(), MarketError::TerminationUnknown);
    let most = settlement::metered_ms_max(a.job.started_at, now, a.job.max_seconds);
    require!(args.metered_ms <= most, MarketError::MeteredTooLong);

    let core = ReceiptCore {
        domain: Domain(a.config.domain),
        job: JobKey(a.job.address().to_bytes()),
        attempt: a.job.attempt,
        node_key: NodeKey(a.job.node_key),
        receipt_hash: args.receipt_hash,
    };
    let message = envelope(Kind::Receipt, &sha256(&core.encode()));
    InProgram::verify(&a.job.node_key, &args.signature, &message)?;

    a.job.receipt_hash = args.receipt_hash;
    a.job.metered_ms = args.metered_ms;
    a.job.exit_code = args.exit_code;
    a.job.termination = args.termination;
    a.job.receipt_at = now;
    a.job.receipt_slot = clock.slot;
    emit!(ProofSubmitted {
        job: *a.job.address(),
        receipt_hash: args.receipt_hash,
        metered_ms: args.metered_ms,
        attempt: a.job.attempt,
        exit_code: args.exit_code,
        termination: args.termination,
    });
    Ok(())
}
