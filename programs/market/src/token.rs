//! Both token programs behind one door: what may hold money here, how a vault is opened, and how atoms move.
use anchor_lang::{
    accounts::SlabSchema,
    bytemuck::{Pod, Zeroable},
    create_account_with_signers,
    pinocchio::instruction::InstructionAccount,
    prelude::*,
    unchecked_invoke_signed_fixed, AccountView, SlabInit,
};
use anchor_spl::token_2022_cpi::instructions::{InitializeAccount3, InitializeImmutableOwner};
pub use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use proofmill_protocol::mint_extensions::{self, TOKEN_2022, TOKEN_CLASSIC};

use crate::error::{self, MarketError};

/// Bytes of a token account without extensions, and of one whose owner cannot change.
const ACCOUNT_LEN: usize = 165;
const ACCOUNT_LEN_IMMUTABLE_OWNER: usize = 170;
/// Instructions that both token programs know by the same bytes.
const TRANSFER_CHECKED: u8 = 12;
const CLOSE_ACCOUNT: u8 = 9;
const BURN_CHECKED: u8 = 15;

/// Refuses a mint that carries an extension outside the allow-list. Asked wherever money enters; never where it leaves.
pub fn require_allowed(mint: &AccountView) -> Result<()> {
    // SAFETY: the account is loaded as a mint and nothing writes to it in this instruction.
    let data = unsafe { mint.borrow_unchecked() };
    mint_extensions::scan(data).map_err(error::mint)
}

/// The code that records which token program a mint belongs to.
pub fn program_code(mint: &Account<Mint>) -> u8 {
    if mint.view().owned_by(&Token2022::id()) {
        TOKEN_2022
    } else {
        TOKEN_CLASSIC
    }
}

/// A token account that is being opened as a vault: for an allowed mint only, by that mint's own program, with an owner
/// that cannot change (as long as this program does not ask for it, in the classic program).
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Vault(anchor_spl::TokenAccount);

// SAFETY: a transparent wrapper of plain bytes.
unsafe impl Pod for Vault {}
unsafe impl Zeroable for Vault {}

impl IdlAccountType for Vault {}

impl core::ops::Deref for Vault {
    type Target = anchor_spl::TokenAccount;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl SlabSchema for Vault {
    const DATA_OFFSET: usize = 0;
    const MIN_DATA_LEN: usize = ACCOUNT_LEN;

    fn validate(view: &AccountView, data: &[u8]) -> core::result::Result<(), ProgramError> {
        <TokenAccount as SlabSchema>::validate(view, data)
    }
}

/// What a vault is opened with.
#[derive(Default)]
pub struct VaultParams<'a> {
    pub mint: Option<&'a AccountView>,
    pub authority: Option<&'a AccountView>,
    pub token_program: Option<&'a AccountView>,
}

impl SlabInit for Vault {
    type Params<'a> = VaultParams<'a>;

    fn create_and_initialize<'a>(
        payer: &AccountView,
        account: &AccountView,
        _space: usize,
        params: &Self::Params<'a>,
        signer_seeds: Option<&[&[u8]]>,
        payer_signer_seeds: Option<&[&[u8]]>,
    ) -> core::result::Result<(), ProgramError> {
        let (Some(mint), Some(authority), Some(program)) = (params.mint, params.authority, params.token_program) else {
            return Err(ProgramError::InvalidArgument);
        };
        let token_program = program.address();
        require!(mint.owned_by(token_program), MarketError::TokenProgramDiffers);
        require_allowed(mint)?;
        let extended = mint.owned_by(&Token2022::id());
        let space = if extended { ACCOUNT_LEN_IMMUTABLE_OWNER } else { ACCOUNT_LEN };
        create_account_with_signers(payer, account, space, token_program, signer_seeds, payer_signer_seeds)?;
        if extended {
            InitializeImmutableOwner { account, token_program }.invoke()?;
        }
        InitializeAccount3 { account, mint, owner: authority.address(), token_program }.invoke()
    }
}

/// `token::mint = x`: the account holds atoms of that mint.
pub struct MintConstraint;
/// `token::authority = x`: the account belongs to that owner.
pub struct AuthorityConstraint;
/// `token::token_program = x`: the account belongs to that token program.
pub struct TokenProgramConstraint;

/// One constraint, on token accounts and on vaults that are being opened.
macro_rules! constraint {
    ($name:ident, |$account:ident, $expected:ident| $holds:expr) => {
        constraint!($name, TokenAccount, |$account, $expected| $holds);
        constraint!($name, Vault, |$account, $expected| $holds);
    };
    ($name:ident, $type:ty, |$account:ident, $expected:ident| $holds:expr) => {
        impl AccountConstraint<Account<$type>> for $name {
            type Value = Address;

            #[inline(always)]
            fn check($account: &Account<$type>, $expected: &Address) -> core::result::Result<(), ProgramError> {
                require!($holds, ProgramError::InvalidAccountData);
                Ok(())
            }
        }
    };
}

constraint!(MintConstraint, |account, expected| account.mint() == expected);
constraint!(AuthorityConstraint, |account, expected| account.owner() == expected);
constraint!(TokenProgramConstraint, |account, expected| account.view().owned_by(expected));

/// Who signs for a move: a wallet that signed the transaction, or an address of this program by its seeds.
pub type Signing<'a> = &'a [&'a [&'a [u8]]];

/// Moves exactly `amount` atoms. `transfer_checked` only: the token program compares mint and decimals itself.
#[inline(always)]
pub fn transfer_checked(
    program: &Address,
    from: CpiHandleMut,
    mint: &Account<Mint>,
    to: CpiHandleMut,
    authority: CpiHandle,
    amount: u64,
    signing: Signing,
) {
    let mut data = [TRANSFER_CHECKED; 10];
    data[1..9].copy_from_slice(&amount.to_le_bytes());
    data[9] = mint.decimals();
    let metas = [
        InstructionAccount::writable(from.address()),
        InstructionAccount::readonly(mint.address()),
        InstructionAccount::writable(to.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    let handles = [from.into(), mint.cpi_handle(), to.into(), authority];
    unchecked_invoke_signed_fixed(program, &data, &metas, &handles, signing);
}

/// Closes an empty token account; its lamports go to `destination`.
#[inline(always)]
pub fn close_account(
    program: &Address,
    account: CpiHandleMut,
    destination: CpiHandleMut,
    authority: CpiHandle,
    signing: Signing,
) {
    let metas = [
        InstructionAccount::writable(account.address()),
        InstructionAccount::writable(destination.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    let handles = [account.into(), destination.into(), authority];
    unchecked_invoke_signed_fixed(program, &[CLOSE_ACCOUNT], &metas, &handles, signing);
}

/// Destroys exactly `amount` atoms.
#[inline(always)]
pub fn burn_checked(
    program: &Address,
    from: CpiHandleMut,
    mint: &mut Account<Mint>,
    authority: CpiHandle,
    amount: u64,
    signing: Signing,
) {
    let mut data = [BURN_CHECKED; 10];
    data[1..9].copy_from_slice(&amount.to_le_bytes());
    data[9] = mint.decimals();
    let mint = mint.cpi_handle_mut();
    let metas = [
        InstructionAccount::writable(from.address()),
        InstructionAccount::writable(mint.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    let handles = [from.into(), mint.into(), authority];
    unchecked_invoke_signed_fixed(program, &data, &metas, &handles, signing);
}
