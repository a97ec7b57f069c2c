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
pub struct AttestationSubmitted {
    pub round: Address,
    pub seat: u8,
    pub opinion: u8,
}
#[event]
pub struct RoundExpired {
    pub round: Address,
}
#[event]
pub struct VerdictReached {
    pub job: Address,
    pub opinion: u8,
    pub rounds: u8,
    pub agreeing: u8,
}
#[event]
pub struct RoundClosed {
    pub round: Address,
}
#[event]
pub struct VerdictClosed {
    pub verdict: Address,
}
