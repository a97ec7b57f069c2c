//! What the modules share: the framework's own errors by meaning, and how an instruction is altered.

pub use proofmill_client::{
    address,
    arbiter::{self, ArbiterError},
    market::{self, MarketError},
};
pub use proofmill_protocol::{
    job::{JobState, Outcome},
    verdict::Opinion,
};
pub use proofmill_tests::*;
pub use solana_address::Address;
pub use solana_instruction::{Instruction, error::InstructionError};

/// The account is not of the type that the instruction asks for.
pub const OTHER_TYPE: InstructionError = InstructionError::InvalidAccountData;
/// The account belongs to another program.
pub const OTHER_PROGRAM: InstructionError = InstructionError::IllegalOwner;
/// There is no account where one is only read.
pub const NOTHING_TO_READ: InstructionError = InstructionError::UninitializedAccount;
/// There is no account where one is written, or one of another type and shorter.
pub const NO_ACCOUNT: InstructionError = InstructionError::AccountDataTooSmall;
/// The address is not the one that the seeds give.
pub const OTHER_ADDRESS: InstructionError = InstructionError::InvalidSeeds;
/// A signature is missing.
pub const UNSIGNED: InstructionError = InstructionError::MissingRequiredSignature;

/// The same instruction with another account in one slot.
pub fn with(mut instruction: Instruction, slot: usize, account: Address) -> Instruction {
    instruction.accounts[slot].pubkey = account;
    instruction
}

/// The slot of `name` in an instruction of the market.
pub fn slot(instruction: &str, name: &str) -> usize {
    let of = |list: &'static [proofmill_client::interface::InstructionInfo]| {
        list.iter().find(|info| info.name == instruction)
    };
    let info = of(market::INSTRUCTIONS).or_else(|| of(arbiter::INSTRUCTIONS)).expect("an instruction");
    info.accounts.iter().position(|account| account.name == name).expect("an account of it")
}

/// The name of an instruction and of one of its accounts, and another account for it.
pub fn swap(instruction: Instruction, name: &str, account: &str, by: Address) -> Instruction {
    with(instruction, slot(name, account), by)
}

/// State and outcome as stored.
pub fn stands(world: &World, job: &JobHandle) -> (JobState, Outcome) {
    let job = world.job(job);
    (JobState::from_code(job.state).unwrap(), Outcome::from_code(job.outcome).unwrap())
}
