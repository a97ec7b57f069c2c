//! One event for every change of state.
use anchor_lang::prelude::*;

#[event]
pub struct ArbiterChanged {
    pub authority: Address,
    pub committee: u8,
    pub threshold: u8,
}
#[event]
pub struct ValidatorRegistered {
    pub validator: Address,
    pub vote_key: [u8; 32],
    pub delegate: Address,
    pub weight: u64,
}
#[event]
pub struct ValidatorRetired {
    pub validator: Address,
}
#[event]
pub struct SetFrozen {
    pub epoch: u32,
    pub members: u8,
}
#[event]
pub struct ExecutorJoined {
    pub provider: Address,
    pub class_key: [u8; 32],
}
#[event]
pub struct ExecutorLeft {
    pub provider: Address,
    pub class_key: [u8; 32],
}
#[event]
pub struct RoundOpened {
    pub round: Address,
    pub job: Address,
    pub index: u8,
    pub committee: [u8; 9],
    pub seats: u8,
    pub executor: Address,
}
#[event]
pub struct ReexecutionSubmitted {
    pub round: Address,
    pub executor: Address,
    pub metered_ms: u64,
}
#[event]
pub struct AttestationCommitted {
    pub round: Address,
    pub seat: u8,
}
/// Seats that committed in one transaction, as a bitmap.
#[event]
pub struct AttestationsCommitted {
    pub round: Address,
    pub seats: u16,
}
/// The votes of a round after a reveal: bitmaps over its seats.
#[event]
pub struct AttestationsRevealed {
    pub round: Address,
    pub valid: u16,
    pub invalid: u16,
    pub unavailable: u16,
    pub inconclusive: u16,
    pub divergent: u16,
}
/// Who was silent follows from the bitmaps: seats that never committed, seats that committed and never revealed.
#[event]
pub struct RoundExpired {
    pub round: Address,
    pub committed: u16,
    pub revealed: u16,
}
#[event]
pub struct VerdictReached {
    pub job: Address,
    pub opinion: u8,
    pub rounds: u8,
    pub agreeing: u8,
    pub committed: u16,
    pub revealed: u16,
}
/// What a committee says about a receipt whose slash was appealed; the market draws the conclusion.
#[event]
pub struct AppealJudged {
    pub slash_case: Address,
    pub job: Address,
    pub opinion: u8,
    pub agreeing: u8,
    pub committed: u16,
    pub revealed: u16,
}
#[event]
pub struct RoundClosed {
    pub round: Address,
}
#[event]
pub struct VerdictClosed {
    pub verdict: Address,
}
#[event]
pub struct ArbiterQueued {
    pub eta: i64,
    pub hash: [u8; 32],
}
#[event]
pub struct ArbiterCancelled {
    pub hash: [u8; 32],
}
#[event]
pub struct ArbiterAuthorityNamed {
    pub authority: Address,
}
#[event]
pub struct ArbiterAuthorityAccepted {
    pub authority: Address,
}
#[event]
pub struct ValidatorAnnounced {
    pub validator: Address,
    pub endpoint: [u8; 18],
}
/// A weight of zero says that the validator was evicted.
#[event]
pub struct ValidatorWeighed {
    pub validator: Address,
    pub weight: u64,
}
#[event]
pub struct RevealMissed {
    pub round: Address,
    pub seat: u8,
    pub validator: Address,
    pub evidence: Address,
}
/// A seat dissented in a first round as nobody can who judges by the rules; the second found the receipt valid.
#[event]
pub struct DissentRefuted {
    pub round: Address,
    pub seat: u8,
    pub validator: Address,
    pub evidence: Address,
}
#[event]
pub struct SetClosed {
    pub epoch: u32,
}
#[event]
pub struct RootProposed {
    pub ballot: Address,
    pub kind: u8,
    pub sequence: u32,
    pub root: [u8; 32],
}
#[event]
pub struct RootSigned {
    pub ballot: Address,
    pub signed: u64,
}
#[event]
pub struct RootFinalized {
    pub witness_root: Address,
    pub kind: u8,
    pub epoch: u32,
    pub sequence: u32,
    pub root: [u8; 32],
    pub signed: u64,
}
#[event]
pub struct RootBallotClosed {
    pub ballot: Address,
}
#[event]
pub struct WitnessRootClosed {
    pub witness_root: Address,
}
#[event]
pub struct PlanterAppointed {
    pub key: Address,
}
#[event]
pub struct PlanterDismissed {
    pub key: Address,
}
#[event]
pub struct PlantCommitted {
    pub plant: Address,
    pub planter: Address,
}
#[event]
pub struct PlantClosed {
    pub plant: Address,
}
#[event]
pub struct EvidenceRecorded {
    pub evidence: Address,
    pub kind: u8,
    pub offender: Address,
    pub job: Address,
    pub reporter: Address,
}
#[event]
pub struct UsageWitnessed {
    pub usage_witness: Address,
    pub job: Address,
    pub usage_ms: u64,
}
#[event]
pub struct UsageWitnessClosed {
    pub usage_witness: Address,
}
#[event]
pub struct DrandInitialized {
    pub chain_hash: [u8; 32],
    pub genesis_at: i64,
    pub period_seconds: u32,
    pub margin_seconds: u32,
}
#[event]
pub struct BeaconPosted {
    pub round: u64,
    pub randomness: [u8; 32],
    pub signature: [u8; 64],
    pub rent_payer: Address,
}
#[event]
pub struct BeaconClosed {
    pub round: u64,
}
