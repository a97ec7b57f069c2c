//! Plain transfers of tokens and lamports: what anybody can do to any account.

use proofmill_client::address;
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};

/// SPL Token's `Transfer`.
const TOKEN_TRANSFER: u8 = 3;
/// The system program's `Transfer`.
const SYSTEM_TRANSFER: u32 = 2;

/// Moves `atoms` of `mint` from `owner`'s token account to another.
pub fn tokens(owner: Address, mint: &Address, to: Address, atoms: u64) -> Instruction {
    let mut data = vec![TOKEN_TRANSFER];
    data.extend_from_slice(&atoms.to_le_bytes());
    Instruction {
        program_id: address::TOKEN_PROGRAM,
        accounts: vec![
            AccountMeta::new(address::token_account(&owner, mint), false),
            AccountMeta::new(to, false),
            AccountMeta::new_readonly(owner, true),
        ],
        data,
    }
}

/// Moves lamports.
pub fn lamports(from: Address, to: Address, lamports: u64) -> Instruction {
    let mut data = SYSTEM_TRANSFER.to_le_bytes().to_vec();
    data.extend_from_slice(&lamports.to_le_bytes());
    Instruction {
        program_id: Address::default(),
        accounts: vec![AccountMeta::new(from, true), AccountMeta::new(to, false)],
        data,
    }
}
