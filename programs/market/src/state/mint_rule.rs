use anchor_lang::prelude::*;

/// A mint in which jobs may be paid.
#[account]
pub struct MintRule {
    pub version: u8,
    pub bump: u8,
    /// 1 if new jobs may use it. Jobs that already do end as they would.
    pub enabled: u8,
    pub decimals: u8,
    /// Stake locked per atom of escrow, basis points (10,000 = one stake atom per payment atom).
    pub lock_bps: u32,
    /// Least escrow of a job, atoms: dust jobs cost more to settle than they move.
    pub escrow_min: u64,
    pub mint: Address,
    /// Token account that pays re-executions in this mint.
    pub audit_budget: Address,
    pub audit_budget_bump: u8,
    /// Which token program the mint belongs to: `TOKEN_CLASSIC` or `TOKEN_2022`.
    pub token_program: u8,
    pub reserved_a: [u8; 6],
    /// When the queued rule below may be applied; zero if none is queued.
    pub eta: i64,
    pub queued_escrow_min: u64,
    pub queued_lock_bps: u32,
    pub queued_enabled: u8,
    pub reserved: [u8; 3],
    /// Most that the audit budget pays for a second of a re-execution, atoms, whatever the price of the audited job.
    pub audit_price_max: u64,
    pub queued_audit_price_max: u64,
}
