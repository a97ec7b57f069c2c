//! The arbiter's errors, from 700.
use anchor_lang::prelude::*;
use proofmill_protocol::drand::DrandError;

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
    #[msg("The timelock of this change has not passed")]
    TimelockRunning,
    #[msg("Only the named next authority may accept")]
    NotNextAuthority,
    #[msg("Only the seat's delegate in the frozen set may do this")]
    NotDelegate,
    #[msg("The delegate is no wallet")]
    DelegateInvalid,
    #[msg("The window in which re-executions and commitments come has passed")]
    CommitTooLate,
    #[msg("This seat has committed already")]
    AlreadyCommitted,
    #[msg("Seats still commit; nothing is revealed before that ends")]
    RevealTooEarly,
    #[msg("Nothing is revealed")]
    NothingRevealed,
    #[msg("This seat did not commit")]
    NotCommitted,
    #[msg("The commitment was to something else")]
    CommitmentDiffers,
    #[msg("This seat missed no reveal, or still has time")]
    NotMissed,
    #[msg("This missed reveal is on record already")]
    AlreadyRecorded,
    #[msg("The evidence is named by another offence or offender")]
    EvidenceDiffers,
    #[msg("A missed reveal of this round is not on record yet")]
    MissedRevealOpen,
    #[msg("The epoch ended too long ago; freeze the next set first")]
    SetStale,
    #[msg("Stake could leave before everything it vouches for is judged")]
    UnbondingTooShort,
    #[msg("Evidence may still need this set")]
    SetNeeded,
    #[msg("There is no such kind of measurement")]
    WitnessKindUnknown,
    #[msg("A root has between 1 and 2^20 leaves")]
    LeavesOutOfBounds,
    #[msg("The period is empty, in the future or too old")]
    PeriodInvalid,
    #[msg("Rewards need a total weight, and nothing else has one")]
    WeightInvalid,
    #[msg("The digest is not that of the proposed body")]
    DigestDiffers,
    #[msg("No signature is given")]
    SignaturesMissing,
    #[msg("More signatures than one transaction may carry")]
    SignaturesTooMany,
    #[msg("This validator has signed already")]
    AlreadySigned,
    #[msg("Not more than two thirds of the weight have signed")]
    SupermajorityMissing,
    #[msg("The ballot still collects signatures")]
    BallotStillOpen,
    #[msg("The ballot's time is over")]
    BallotOver,
    #[msg("Somebody may still need this root")]
    RootStillNeeded,
    #[msg("Only an appointed planter may do this")]
    NotPlanter,
    #[msg("The opening is not that of the plant's commitment")]
    PlantDiffers,
    #[msg("The plant was committed after the job was posted")]
    PlantTooLate,
    #[msg("The plant is of the other kind: a false receipt tests validators, a known answer tests providers")]
    PlantOfOtherKind,
    #[msg("The plant may still be needed")]
    PlantStillNeeded,
    #[msg("The messages are the same: no contradiction")]
    NoContradiction,
    #[msg("The opinion is not that the planted receipt is valid")]
    NotTheLie,
    #[msg("The receipt is not the one on chain")]
    ReceiptDiffers,
    #[msg("The provider's answer is the known one")]
    AnswerRight,
    #[msg("The job is of another life of the address, attempt or provider")]
    JobDiffers,
    #[msg("The root does not hold this total of this attempt")]
    NotWitnessed,
    #[msg("The witnessed total is as new as this one")]
    UsageNotNewer,
    #[msg("The key is no valid Ed25519 public key")]
    VoteKeyInvalid,
    #[msg("This account is no verified beacon round")]
    NotBeacon,
    #[msg("This beacon round was public before the one that decides")]
    BeaconStale,
    #[msg("This beacon round comes after the one that decides")]
    BeaconFuture,
    #[msg("The beacon's signature is not this round's, or not this network's")]
    BeaconInvalid,
    #[msg("A coordinate is not below the field's modulus")]
    BeaconNotCanonical,
    #[msg("The point at infinity is no signature and no key")]
    BeaconInfinity,
    #[msg("The beacon's signature is no point of the curve")]
    BeaconOffCurve,
    #[msg("The beacon network's public key is no point of the group")]
    BeaconKeyInvalid,
    #[msg("Beacon rounds count from one")]
    BeaconRoundZero,
    #[msg("The runtime lacks the arithmetic that verifies a beacon")]
    BeaconUnsupported,
    #[msg("The beacon round may still be needed; close it later")]
    BeaconTooYoung,
    #[msg("No commitment is given")]
    NothingCommitted,
    #[msg("Seats are given in ascending order, each once")]
    SeatsOutOfOrder,
    #[msg("The slash is not under appeal, or the time to judge it is over")]
    AppealNotPending,
    #[msg("The appeal is not resolved yet")]
    AppealOpen,
    #[msg("The beacon's wait is too short to be safe, or too long for the time in which receipts are judged")]
    MarginOutOfBounds,
    #[msg("The kind of beacon changed lately: what happened before that is not judged yet")]
    BeaconChangedLately,
    #[msg("No wrong dissent of this seat waits to be put on record")]
    NoWrongDissent,
    #[msg("A wrong dissent of this round is not on record yet")]
    WrongDissentOpen,
}

pub fn drand(error: DrandError) -> Error {
    match error {
        DrandError::RoundZero => ArbiterError::BeaconRoundZero,
        DrandError::NotCanonical => ArbiterError::BeaconNotCanonical,
        DrandError::Infinity => ArbiterError::BeaconInfinity,
        DrandError::OffCurve => ArbiterError::BeaconOffCurve,
        DrandError::SignatureInvalid => ArbiterError::BeaconInvalid,
        DrandError::KeyInvalid => ArbiterError::BeaconKeyInvalid,
        DrandError::Unsupported => ArbiterError::BeaconUnsupported,
    }
    .into()
}
