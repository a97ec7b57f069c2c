//! `claim_reward` of the market, by hand: the same accounts in the same order, the same checks with the same errors for
//! a classic mint, the same transfer, flag and event; no framework. It is measured beside the market's own, never deployed.
#![no_std]

mod layout;

use core::mem::MaybeUninit;
use layout::*;

use pinocchio::{
    address::address_eq,
    cpi::{invoke_signed_unchecked, CpiAccount, Seed, Signer},
    error::ProgramError,
    instruction::{InstructionAccount, InstructionView},
    no_allocator, nostd_panic_handler, program_entrypoint, AccountView, Address, ProgramResult,
};

program_entrypoint!(process, 6);
no_allocator!();
nostd_panic_handler!();

/// `JobState::Settled`.
const SETTLED: u8 = 5;
/// `claimed` bit of the provider.
const CLAIMED_REWARD: u8 = 1;
const TOKEN_ACCOUNT_LEN: usize = 165;
const MINT_LEN: usize = 82;
/// The token program's instruction.
const TRANSFER_CHECKED: u8 = 12;

/// The market's own error numbers.
#[derive(Clone, Copy)]
enum Refusal {
    InvalidProvider = 500,
    JobNotFound = 502,
    AlreadyClaimed = 503,
    MintNotAllowed = 512,
    JobNotSettled = 525,
    NotOwner = 528,
}

impl From<Refusal> for ProgramError {
    fn from(refusal: Refusal) -> Self {
        Self::Custom(refusal as u32)
    }
}

#[inline(always)]
fn require(holds: bool, error: impl Into<ProgramError>) -> ProgramResult {
    if holds {
        Ok(())
    } else {
        Err(error.into())
    }
}

/// Compares 32 bytes as four words.
#[inline(always)]
fn same(data: &[u8], at: usize, other: &[u8]) -> bool {
    let word = |bytes: &[u8], at: usize| {
        // SAFETY: both slices hold 32 bytes from `at`: lengths are checked before any comparison.
        unsafe { bytes.as_ptr().add(at).cast::<u64>().read_unaligned() }
    };
    (0..4).all(|i| word(data, at + 8 * i) == word(other, 8 * i))
}

#[inline(always)]
fn u64_at(data: &[u8], at: usize) -> u64 {
    // SAFETY: `at` lies in an account whose length is checked.
    unsafe { data.as_ptr().add(at).cast::<u64>().read_unaligned() }
}

/// `AccountView::owned_by` becomes a comparison byte by byte here: 95 compute units more, each time.
#[inline(always)]
fn owned_by(view: &AccountView, program: &Address) -> bool {
    address_eq(view.owner(), program)
}

/// Whether the first eight bytes are these.
#[inline(always)]
fn begins(data: &[u8], with: [u8; 8]) -> bool {
    u64_at(data, 0) == u64::from_le_bytes(with)
}

/// An initialised token account of the classic program.
#[inline(always)]
fn token_account<'a>(view: &'a AccountView) -> Result<&'a [u8], ProgramError> {
    require(owned_by(view, &pinocchio_token::ID), ProgramError::IllegalOwner)?;
    // SAFETY: nothing borrows it mutably while the slice lives.
    let data = unsafe { view.borrow_unchecked() };
    require(data.len() == TOKEN_ACCOUNT_LEN && matches!(data[108], 1 | 2), ProgramError::InvalidAccountData)?;
    Ok(data)
}

fn process(program_id: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    require(data.len() == 8 && begins(data, CLAIM_REWARD), ProgramError::InvalidInstructionData)?;
    let [job, vault, provider, mint, destination, token_program] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    require(job.is_writable() && vault.is_writable() && destination.is_writable(), ProgramError::InvalidAccountData)?;
    require(address_eq(token_program.address(), &pinocchio_token::ID), ProgramError::IncorrectProgramId)?;

    require(owned_by(job, program_id) && owned_by(provider, program_id), ProgramError::IllegalOwner)?;
    let job_address = *job.address();
    // SAFETY: each account is another one (their kinds exclude each other), and the borrow ends before the call.
    let stored = unsafe { job.borrow_unchecked_mut() };
    require(stored.len() >= JOB_LEN && begins(stored, JOB), ProgramError::InvalidAccountData)?;
    require(same(stored, JOB_VAULT, vault.address().as_ref()), Refusal::JobNotFound)?;
    token_account(vault)?;

    require(same(stored, JOB_PROVIDER, provider.address().as_ref()), Refusal::InvalidProvider)?;
    // SAFETY: read only, and nobody writes to it.
    let owner = unsafe { provider.borrow_unchecked() };
    require(owner.len() >= PROVIDER_LEN && begins(owner, PROVIDER), ProgramError::InvalidAccountData)?;

    require(owned_by(mint, &pinocchio_token::ID), ProgramError::IllegalOwner)?;
    require(same(stored, JOB_MINT, mint.address().as_ref()), Refusal::MintNotAllowed)?;
    // SAFETY: read only, and nobody writes to it.
    let minted = unsafe { mint.borrow_unchecked() };
    require(minted.len() == MINT_LEN && minted[45] == 1, ProgramError::InvalidAccountData)?;
    let decimals = minted[44];

    let held = token_account(destination)?;
    require(same(held, 0, mint.address().as_ref()), ProgramError::InvalidAccountData)?;
    require(same(held, 32, &owner[PROVIDER_OWNER..PROVIDER_OWNER + 32]), Refusal::NotOwner)?;

    require(stored[JOB_STATE] == SETTLED, Refusal::JobNotSettled)?;
    require(stored[JOB_CLAIMED] & CLAIMED_REWARD == 0, Refusal::AlreadyClaimed)?;
    stored[JOB_CLAIMED] |= CLAIMED_REWARD;
    let amount = u64_at(stored, JOB_PAID);

    if amount > 0 {
        // Copies: the job's data may not stay borrowed beside the call.
        let (mut tenant, mut index, bump) = ([0; 32], [0; 8], [stored[JOB_BUMP]]);
        tenant.copy_from_slice(&stored[JOB_TENANT..JOB_TENANT + 32]);
        index.copy_from_slice(&stored[JOB_INDEX..JOB_INDEX + 8]);
        let seeds = [Seed::from(b"job".as_slice()), Seed::from(&tenant), Seed::from(&index), Seed::from(&bump)];
        let mut data = [TRANSFER_CHECKED; 10];
        data[1..9].copy_from_slice(&amount.to_le_bytes());
        data[9] = decimals;
        transfer([vault, mint, destination, job], &data, &[Signer::from(&seeds)]);
    }
    let mut event = [0; 48];
    event[..8].copy_from_slice(&REWARD_CLAIMED);
    event[8..40].copy_from_slice(job_address.as_ref());
    event[40..].copy_from_slice(&amount.to_le_bytes());
    log(&event);
    Ok(())
}

/// `transfer_checked` from the first account to the third; the fourth signs.
#[inline(always)]
fn transfer([from, mint, to, authority]: [&AccountView; 4], data: &[u8], signers: &[Signer]) {
    let metas = [
        InstructionAccount::writable(from.address()),
        InstructionAccount::readonly(mint.address()),
        InstructionAccount::writable(to.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    let instruction = InstructionView { program_id: &pinocchio_token::ID, data, accounts: &metas };
    let mut accounts = [const { MaybeUninit::<CpiAccount>::uninit() }; 4];
    for (slot, view) in accounts.iter_mut().zip([from, mint, to, authority]) {
        CpiAccount::init_from_account_view(view, slot);
    }
    // SAFETY: all four are initialised; no data of theirs is read or written while the call runs.
    unsafe {
        let accounts = core::slice::from_raw_parts(accounts.as_ptr().cast::<CpiAccount>(), 4);
        invoke_signed_unchecked(&instruction, accounts, signers);
    }
}

#[inline(always)]
fn log(event: &[u8]) {
    let parts = [event];
    #[cfg(target_os = "solana")]
    // SAFETY: the syscall reads a slice of slices.
    unsafe {
        pinocchio::syscalls::sol_log_data(parts.as_ptr().cast(), parts.len() as u64)
    };
    #[cfg(not(target_os = "solana"))]
    core::hint::black_box(parts);
}
