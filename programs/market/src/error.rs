//! One enum. 500-507 keep the numbers and meaning of the original contract; new ones follow.
use anchor_lang::prelude::*;
use proofmill_protocol::{
    amount::AmountError, arrays::TaskRefusal, bidding::BidRefusal, matching::Mismatch, mint_extensions::MintRefusal,
    stake::StakeError,
};

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
    #[msg("A bid must be lower than the best one, by the least step")]
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
    #[msg("The timelock of this change has not passed")]
    TimelockRunning,
    #[msg("Nothing is queued")]
    NothingQueued,
    #[msg("Only the authority or the guardian may pause")]
    NotGuardian,
    #[msg("Only the named next authority may accept")]
    NotNextAuthority,
    #[msg("Only the upgrade authority of the program may set it up")]
    NotUpgradeAuthority,
    #[msg("A rejection sets stake aside: the accounts of its slash case and a payer are needed")]
    SlashCaseMissing,
    #[msg("This slash is not due, or has been dealt with")]
    SlashNotDue,
    #[msg("This window has slashed as much of the stake as it may; the rest waits for the next one")]
    SlashCapReached,
    #[msg("Only a slash by a verdict can be appealed, once, before it is due")]
    NotAppealable,
    #[msg("This slash is not under appeal")]
    NotAppealed,
    #[msg("The appeal is not decided, and may still be")]
    AppealUndecided,
    #[msg("The slash case still holds stake, or keeps its evidence from being used again")]
    CaseOpen,
    #[msg("This account is no evidence of the arbiter against this stake")]
    EvidenceInvalid,
    #[msg("No bounty is due")]
    BountyNotDue,
    #[msg("Verdicts have paid this provider as much as they may in this window")]
    OutflowCapReached,
    #[msg("A verdict settles this job: expiry does not")]
    VerdictExists,
    #[msg("The accounts that show whether this receipt was judged are needed")]
    JudgementMissing,
    #[msg("There is no native token, or this is not it")]
    NotNativeMint,
    #[msg("The pool's claims have begun: it takes no more")]
    PoolStarted,
    #[msg("This account is no rewards root of this epoch, or not the one that earlier claims showed")]
    RewardRootInvalid,
    #[msg("The proof does not show this weight under the root")]
    RewardProofInvalid,
    #[msg("The provider has claimed this epoch or a later one")]
    EpochRewarded,
    #[msg("What is unclaimed may not roll over yet, or not into this pool")]
    RollOverTooEarly,
    #[msg("Availability is pledged with a bond and a required share, by services only")]
    SlaTermsIncomplete,
    #[msg("A service has one attempt")]
    ServiceAttempts,
    #[msg("This job is not a service")]
    NotAService,
    #[msg("A service has no receipt: its usage is reported while it runs")]
    ServiceHasNoReceipt,
    #[msg("A running service is ended, not given back")]
    ServiceRunning,
    #[msg("The service is not running")]
    ServiceNotRunning,
    #[msg("The service is not paused")]
    ServiceNotPaused,
    #[msg("The service is not ending")]
    ServiceNotEnding,
    #[msg("The service fell silent: report usage first, or let it expire")]
    ServiceSilent,
    #[msg("Only the tenant or the provider's operator may end a service")]
    NotParty,
    #[msg("The usage is not signed by the tenant's node key")]
    UsageNotCosigned,
    #[msg("The usage is more than the chain's clock and the escrow allow")]
    UsageTooLong,
    #[msg("The last usage came too late")]
    UsageTooLate,
    #[msg("The witness account does not belong to the arbiter")]
    WitnessForeign,
    #[msg("The witness account has another length")]
    WitnessLength,
    #[msg("The account is not a witness of usage")]
    WitnessKind,
    #[msg("The witness is of a version that this program does not know")]
    WitnessVersion,
    #[msg("The witness is of another job")]
    WitnessJob,
    #[msg("The witness is of another attempt")]
    WitnessAttempt,
    #[msg("The witness is of another life of the job's address")]
    WitnessLife,
    #[msg("Too few validators stand behind the witness")]
    WitnessTooFew,
    #[msg("Nothing has been earned that was not drawn already")]
    NothingToStream,
    #[msg("The escrow has not run dry")]
    EscrowNotDry,
    #[msg("The escrow is dry: top it up first")]
    EscrowDry,
    #[msg("The pause lasted too long: the service can only be ended")]
    PauseOver,
    #[msg("The offer is not for services")]
    OfferNotForServices,
    #[msg("The offer pledges a smaller bond for availability")]
    OfferBondTooSmall,
    #[msg("The offer pledges a lower availability")]
    OfferUptimeTooLow,
    #[msg("No availability bond is due")]
    SlaNotDue,
    #[msg("The tenant has not collected what is due of the availability bond")]
    SlaUnpaid,
    #[msg("The bid was taken back, or has won already")]
    BidSpent,
    #[msg("The best bid still fits: accept it")]
    BidStillFits,
    #[msg("The auction holds as many bids as it may")]
    BidsExhausted,
    #[msg("The job asks for a capability certificate and the provider has none")]
    CertificateMissing,
    #[msg("The provider's capability certificate is older than the job accepts")]
    CertificateTooOld,
    #[msg("The array has no such task")]
    NoSuchTask,
    #[msg("The task is taken, and its job is not closed yet")]
    TaskTaken,
    #[msg("The task is done")]
    TaskDone,
    #[msg("The task failed as often as it may")]
    TaskAttemptsExhausted,
    #[msg("The tenant has cancelled the array: no further task is taken")]
    ArrayCancelled,
    #[msg("The array's deadline has passed: no further task is taken")]
    ArrayDeadlinePassed,
    #[msg("The array still has tasks to be taken, or tasks that are not closed")]
    ArrayNotOver,
    #[msg("The job is a task: its array is needed")]
    ArrayMissing,
    #[msg("The token program is not the one that the mint belongs to")]
    TokenProgramDiffers,
    #[msg("The account is no mint that this program can read")]
    MintMalformed,
    #[msg("The mint carries an extension that is not on the allow-list")]
    MintExtensionUnknown,
    #[msg("The mint withholds a fee from transfers")]
    MintTakesFees,
    #[msg("The mint can be closed and made anew")]
    MintClosable,
    #[msg("The mint allows hidden amounts")]
    MintConfidential,
    #[msg("The mint freezes new accounts by default")]
    MintFreezesByDefault,
    #[msg("The mint's tokens cannot be transferred")]
    MintNotTransferable,
    #[msg("The mint rescales what an atom stands for")]
    MintRescalesAmounts,
    #[msg("The mint has a permanent delegate, who can take tokens out of any account")]
    MintHasPermanentDelegate,
    #[msg("The mint calls another program on every transfer")]
    MintHooksTransfers,
    #[msg("The mint's transfers can be paused")]
    MintPausable,
    #[msg("The mint restricts burning")]
    MintRestrictsBurns,
    #[msg("The account is not a root of measurements by the arbiter")]
    WitnessRootInvalid,
    #[msg("The root holds measurements of another kind")]
    WitnessKindDiffers,
    #[msg("The measurement is not under this root at this place")]
    NotIncluded,
    #[msg("The measurement lies outside the period that the root covers")]
    MeasurementOutsidePeriod,
    #[msg("A measurement as new as this is recorded already")]
    MeasurementNotNewer,
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

/// Each class of extension by its own error.
pub fn mint(refusal: MintRefusal) -> Error {
    match refusal {
        MintRefusal::Malformed => MarketError::MintMalformed,
        MintRefusal::Unknown(_) => MarketError::MintExtensionUnknown,
        MintRefusal::TakesFees => MarketError::MintTakesFees,
        MintRefusal::Closable => MarketError::MintClosable,
        MintRefusal::Confidential => MarketError::MintConfidential,
        MintRefusal::FreezesByDefault => MarketError::MintFreezesByDefault,
        MintRefusal::NotTransferable => MarketError::MintNotTransferable,
        MintRefusal::RescalesAmounts => MarketError::MintRescalesAmounts,
        MintRefusal::PermanentDelegate => MarketError::MintHasPermanentDelegate,
        MintRefusal::HooksTransfers => MarketError::MintHooksTransfers,
        MintRefusal::Pausable => MarketError::MintPausable,
        MintRefusal::RestrictsBurns => MarketError::MintRestrictsBurns,
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
        Mismatch::CertificateMissing => MarketError::CertificateMissing,
        Mismatch::CertificateTooOld { .. } => MarketError::CertificateTooOld,
    }
    .into()
}

pub fn bid(refusal: BidRefusal) -> Error {
    match refusal {
        BidRefusal::NotLower { .. } => MarketError::BidNotLower,
        BidRefusal::ChainFull => MarketError::BidsExhausted,
    }
    .into()
}

pub fn task(refusal: TaskRefusal) -> Error {
    match refusal {
        TaskRefusal::NoSuchTask => MarketError::NoSuchTask,
        TaskRefusal::Taken => MarketError::TaskTaken,
        TaskRefusal::Done => MarketError::TaskDone,
        TaskRefusal::AttemptsExhausted => MarketError::TaskAttemptsExhausted,
        TaskRefusal::CountBroken => MarketError::AmountOverflow,
    }
    .into()
}
