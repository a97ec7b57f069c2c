//! One enum. 500-507 keep the numbers and meaning of the original contract; new ones follow.
use anchor_lang::prelude::*;
use proofmill_protocol::{amount::AmountError, matching::Mismatch, stake::StakeError};

#[error_code(offset = 500)]
pub enum MarketError {
    #[msg("The provider is not registered, or not the one bound to this job")]
    InvalidProvider,
    #[msg("The provider's compute does not meet the job's requirement")]
    InsufficientCompute,
    #[msg("There is no such job")]
    JobNotFound,
    #[msg("This part of the escrow has been claimed already")]
    AlreadyClaimed,
    #[msg("The proof does not verify")]
    InvalidProof,
    #[msg("The provider takes no jobs at present")]
    ProviderOffline,
    #[msg("The GPU does not meet the network's minimum")]
    InvalidGpu,
    #[msg("The job is active: only an open job can be matched or cancelled")]
    JobActive,
    #[msg("Arithmetic left 64 bits")]
    AmountOverflow,
    #[msg("A parameter lies outside the bounds written in the program")]
    ConfigOutOfBounds,
    #[msg("Openings are paused; exits never are")]
    OpeningsPaused,
    #[msg("Only the configured authority may do this")]
    NotAuthority,
    #[msg("This mint is not on the allow-list, or not enabled")]
    MintNotAllowed,
    #[msg("The escrow is below the mint's minimum")]
    EscrowTooSmall,
    #[msg("The run length is outside the allowed range")]
    RunLengthOutOfBounds,
    #[msg("This kind of job is not offered yet")]
    KindNotOffered,
    #[msg("This verification class is not offered yet")]
    ClassNotOffered,
    #[msg("The auction length is outside the allowed range")]
    AuctionLengthOutOfBounds,
    #[msg("A price of zero is no price")]
    PriceZero,
    #[msg("The stored state is unknown to this version")]
    StateUnknown,
    #[msg("The job is not matched")]
    JobNotMatched,
    #[msg("The job is not running")]
    JobNotRunning,
    #[msg("The job has no receipt to judge")]
    JobNotSubmitted,
    #[msg("The provider does not hold this job")]
    JobNotHeld,
    #[msg("The job is settled and changes no more")]
    JobSettled,
    #[msg("The job is not settled yet")]
    JobNotSettled,
    #[msg("Only this job's tenant may do this")]
    NotTenant,
    #[msg("Only the provider's operator key may do this")]
    NotOperator,
    #[msg("Only the owner may do this")]
    NotOwner,
    #[msg("Simulated devices are not allowed here")]
    SimulatedDevice,
    #[msg("The provider's tier is too low")]
    TierTooLow,
    #[msg("The provider has too few GPUs")]
    GpuCountTooSmall,
    #[msg("The provider is in another region")]
    RegionDiffers,
    #[msg("The provider's uptime is below what is required")]
    UptimeTooLow,
    #[msg("The price is above the job's ceiling")]
    PriceAboveCeiling,
    #[msg("The provider's free stake does not cover the lock")]
    FreeStakeTooSmall,
    #[msg("The provider already runs as many jobs as it takes")]
    CapacityExhausted,
    #[msg("The offer has expired")]
    OfferExpired,
    #[msg("The offer does not cover a run this long")]
    OfferTooShort,
    #[msg("The offer is for another mint")]
    OfferMintDiffers,
    #[msg("The job was not posted for an auction")]
    NotAnAuction,
    #[msg("The auction is over")]
    AuctionClosed,
    #[msg("The auction is still running")]
    AuctionRunning,
    #[msg("This bid is not the lowest")]
    BidNotLowest,
    #[msg("A bid must be lower than the best one")]
    BidNotLower,
    #[msg("The best bid of a running auction is binding")]
    BidBinding,
    #[msg("The provider did not start in time")]
    StartTooLate,
    #[msg("The receipt came too late")]
    ReceiptTooLate,
    #[msg("The receipt claims more time than the chain's clock allows")]
    MeteredTooLong,
    #[msg("The termination code is unknown")]
    TerminationUnknown,
    #[msg("The deadline has not passed")]
    NotExpired,
    #[msg("The verdict is for another job, attempt, receipt or life of the address")]
    VerdictMismatch,
    #[msg("This receipt is always audited: only a verdict settles it")]
    AuditRequired,
    #[msg("The challenge window is still open")]
    ChallengeOpen,
    #[msg("A round judges this receipt: only its verdict settles it")]
    RoundOpened,
    #[msg("The stake is not in the configured mint")]
    StakeMintDiffers,
    #[msg("Nothing is unbonding")]
    NothingUnbonding,
    #[msg("The stake is still unbonding")]
    StillUnbonding,
    #[msg("There is nothing to sweep")]
    NothingToSweep,
    #[msg("The vault still owes somebody")]
    VaultOwes,
    #[msg("This re-execution is not confirmed by the verdict, or has been paid")]
    AuditNotDue,
    #[msg("The audit budget does not hold enough")]
    AuditBudgetTooSmall,
    #[msg("A re-executor may still collect; close the job later")]
    AuditClaimOpen,
    #[msg("The key is no valid Ed25519 public key")]
    NodeKeyInvalid,
    #[msg("A count is outside the allowed range")]
    CountOutOfBounds,
    #[msg("The destination is needed: the vault holds dust")]
    DustDestinationMissing,
}

pub fn amount(_: AmountError) -> Error {
    MarketError::AmountOverflow.into()
}

pub fn stake(error: StakeError) -> Error {
    match error {
        StakeError::Amount(_) => MarketError::AmountOverflow,
        StakeError::FreeStakeTooSmall { .. } => MarketError::FreeStakeTooSmall,
        StakeError::NothingUnbonding => MarketError::NothingUnbonding,
        StakeError::StillUnbonding { .. } => MarketError::StillUnbonding,
    }
    .into()
}

/// A refusal always names the failing requirement.
pub fn mismatch(mismatch: Mismatch) -> Error {
    match mismatch {
        Mismatch::ProviderInactive => MarketError::ProviderOffline,
        Mismatch::SimulatedDevice => MarketError::SimulatedDevice,
        Mismatch::TierTooLow { .. } => MarketError::TierTooLow,
        Mismatch::GpuCountTooSmall { .. } => MarketError::GpuCountTooSmall,
        Mismatch::VramTooSmall { .. } => MarketError::InsufficientCompute,
        Mismatch::RegionDiffers { .. } => MarketError::RegionDiffers,
        Mismatch::UptimeTooLow { .. } => MarketError::UptimeTooLow,
        Mismatch::PriceAboveCeiling { .. } => MarketError::PriceAboveCeiling,
        Mismatch::FreeStakeTooSmall { .. } => MarketError::FreeStakeTooSmall,
    }
    .into()
}
