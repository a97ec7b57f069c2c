//! Instructions of a local network's faucet: lamports, mints and tokens, by the real system and token programs.

use proofmill_client::address::{ASSOCIATED_TOKEN_PROGRAM, TOKEN_PROGRAM, token_account};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};

/// The system program.
pub const SYSTEM_PROGRAM: Address = Address::new_from_array([0; 32]);
/// Bytes of a classic mint account.
pub const MINT_LEN: usize = 82;

/// Moves lamports.
pub fn transfer(from: &Address, to: &Address, lamports: u64) -> Instruction {
    let mut data = 2u32.to_le_bytes().to_vec();
    data.extend_from_slice(&lamports.to_le_bytes());
    Instruction {
        program_id: SYSTEM_PROGRAM,
        accounts: vec![AccountMeta::new(*from, true), AccountMeta::new(*to, false)],
        data,
    }
}

/// Creates and initialises a mint whose authority is `payer`; the mint's own key signs too.
pub fn create_mint(payer: &Address, mint: &Address, decimals: u8, rent_lamports: u64) -> [Instruction; 2] {
    let mut create = 0u32.to_le_bytes().to_vec();
    create.extend_from_slice(&rent_lamports.to_le_bytes());
    create.extend_from_slice(&(MINT_LEN as u64).to_le_bytes());
    create.extend_from_slice(TOKEN_PROGRAM.as_ref());
    // Token instruction 20: InitializeMint2 { decimals, mint authority, no freeze authority }.
    let mut initialize = vec![20, decimals];
    initialize.extend_from_slice(payer.as_ref());
    initialize.push(0);
    [
        Instruction {
            program_id: SYSTEM_PROGRAM,
            accounts: vec![AccountMeta::new(*payer, true), AccountMeta::new(*mint, true)],
            data: create,
        },
        Instruction { program_id: TOKEN_PROGRAM, accounts: vec![AccountMeta::new(*mint, false)], data: initialize },
    ]
}

/// Creates the associated token account of `owner`, unless it is there.
pub fn create_token_account(payer: &Address, owner: &Address, mint: &Address) -> Instruction {
    Instruction {
        program_id: ASSOCIATED_TOKEN_PROGRAM,
        accounts: vec![
            AccountMeta::new(*payer, true),
            AccountMeta::new(token_account(owner, mint), false),
            AccountMeta::new_readonly(*owner, false),
            AccountMeta::new_readonly(*mint, false),
            AccountMeta::new_readonly(SYSTEM_PROGRAM, false),
            AccountMeta::new_readonly(TOKEN_PROGRAM, false),
        ],
        data: vec![1], // CreateIdempotent
    }
}

/// Mints atoms to a token account; `authority` signs.
pub fn mint_to(authority: &Address, mint: &Address, account: &Address, atoms: u64) -> Instruction {
    let mut data = vec![7];
    data.extend_from_slice(&atoms.to_le_bytes());
    Instruction {
        program_id: TOKEN_PROGRAM,
        accounts: vec![
            AccountMeta::new(*mint, false),
            AccountMeta::new(*account, false),
            AccountMeta::new_readonly(*authority, true),
        ],
        data,
    }
}

/// Creates the owner's account if needed and mints to it.
pub fn mint_to_owner(authority: &Address, mint: &Address, owner: &Address, atoms: u64) -> [Instruction; 2] {
    [create_token_account(authority, owner, mint), mint_to(authority, mint, &token_account(owner, mint), atoms)]
}
