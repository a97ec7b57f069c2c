//! What the generated tables say about a program's instructions, for tests and tools that walk all of them.

use solana_address::Address;

/// One instruction as the interface description gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstructionInfo {
    pub name: &'static str,
    pub discriminator: [u8; 8],
    pub accounts: &'static [AccountInfo],
    pub args: &'static [ArgInfo],
}

/// One account that an instruction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    pub name: &'static str,
    pub writable: bool,
    pub signer: bool,
    pub optional: bool,
    /// The program derives the address from seeds and refuses any other.
    pub pda: bool,
    /// The one address allowed, such as a sysvar or the token program.
    pub address: Option<Address>,
}

/// One argument, its type in Rust's notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgInfo {
    pub name: &'static str,
    pub ty: &'static str,
}
