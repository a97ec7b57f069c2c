//! The arbiter's errors, from 700.
use anchor_lang::prelude::*;

#[error_code(offset = 700)]
pub enum ArbiterError {
    #[msg("A parameter lies outside the bounds written in the program")]
    ConfigOutOfBounds,
    #[msg("Only the configured authority may do this")]
    NotAuthority,
    #[msg("The market's configuration names another arbiter")]
    ForeignMarket,
    #[msg("Only the validator itself may do this")]
    NotValidator,
    #[msg("The stake is below the validators' minimum, or another owner's")]
    StakeTooSmall,
    #[msg("The validator is on the roster already")]
    AlreadyRegistered,
    #[msg("The key is on the roster already, or is no key")]
    VoteKeyTaken,
    #[msg("The roster is full")]
    RosterFull,
    #[msg("The validator is not on the roster")]
    NotRegistered,
    #[msg("Epochs follow one another without gaps")]
    EpochOutOfOrder,
    #[msg("The present epoch has not ended")]
    EpochNotOver,
    #[msg("This validator set is not the present one")]
    SetNotCurrent,
    #[msg("The provider is of another class")]
    ClassDiffers,
    #[msg("Only the provider's operator or owner may do this")]
    NotOperator,
    #[msg("The provider is on the list already")]
    AlreadyListed,
    #[msg("The list of re-executors is full")]
    ListFull,
    #[msg("The provider is not on the list")]
    NotListed,
    #[msg("The job has no receipt to judge")]
    JobNotSubmitted,
    #[msg("The account does not belong to this job's round")]
    RoundMismatch,
    #[msg("The beacon that decides is not public yet")]
    BeaconNotReady,
    #[msg("The beacon that decides is no longer available")]
    BeaconExpired,
    #[msg("This account is not the slot hashes sysvar")]
    NotSlotHashes,
    #[msg("The beacon decided that this receipt is not audited")]
    NotSampled,
    #[msg("Too few validators can be drawn")]
    CommitteeTooSmall,
    #[msg("This round is decided")]
    RoundDecided,
    #[msg("This round is not decided")]
    RoundPending,
    #[msg("This round was not escalated")]
    NotEscalated,
    #[msg("The deadline for attestations has passed")]
    AttestationTooLate,
    #[msg("There is no such seat in the committee")]
    NoSuchSeat,
    #[msg("This seat has attested already")]
    AlreadyAttested,
    #[msg("The opinion is unknown")]
    OpinionUnknown,
    #[msg("The signature does not verify")]
    SignatureInvalid,
    #[msg("This provider was not drawn for the re-execution")]
    NotDrawn,
    #[msg("The re-execution has been submitted already")]
    AlreadyReexecuted,
    #[msg("The job still exists")]
    JobStillOpen,
    #[msg("Only who paid the rent gets it back")]
    NotRentPayer,
}
