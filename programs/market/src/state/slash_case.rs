use anchor_lang::prelude::*;
use proofmill_protocol::appeal::CaseState;

use crate::error::MarketError;

/// A slash that was decided: what it claims is set aside, and here is what becomes of it.
///
/// It carries what an appeal is judged by, so that the job may close, or open again for another attempt, meanwhile.
/// A case on evidence is never closed: it keeps the same evidence from being punished twice.
#[account]
pub struct SlashCase {
    pub version: u8,
    pub bump: u8,
    /// `EvidenceKind`; zero for a verdict.
    pub kind: u8,
    /// `CaseState`.
    pub state: u8,
    pub attempt: u16,
    pub reserved_a: [u8; 2],
    /// The life of the job's address.
    pub nonce: u64,
    /// Atoms set aside when it opened.
    pub amount: u64,
    /// Of them, not yet slashed or returned. Once an appeal fails, its bond is in here.
    pub remaining: u64,
    /// Bond of the appeal, while it is undecided.
    pub bond: u64,
    pub slashed: u64,
    /// Owed to the reporter.
    pub bounty: u64,
    pub opened_at: i64,
    /// When anyone may apply it; until then its owner may appeal.
    pub due_at: i64,
    /// Until when an appeal has to be decided; zero without one.
    pub decide_by: i64,
    /// Slot of the appeal: the beacon that draws its committee comes after it; zero without one.
    pub appealed_slot: u64,
    pub stake: Address,
    pub job: Address,
    /// The `Provider` account that was judged; zero on evidence.
    pub provider: Address,
    pub tenant: Address,
    /// The arbiter's `Evidence` account; zero for a verdict.
    pub evidence: Address,
    /// Who receives the bounty; zero for a verdict.
    pub reporter: Address,
    /// Who paid the rent and gets it back.
    pub rent_payer: Address,
    pub receipt_hash: [u8; 32],
    pub node_key: [u8; 32],
    pub class_key: [u8; 32],
    pub spec_hash: [u8; 32],
    pub input_root: [u8; 32],
    /// Market `Provider` accounts that re-executed before; zero if there was none.
    pub executors: [[u8; 32]; 2],
    /// Epochs of the sets that judged, in the first and in the second round.
    pub epochs: [u32; 2],
    /// Seats of those rounds; zero if there was none.
    pub seats: [u8; 2],
    /// Who sat on them: places in the set of the round's epoch.
    pub members: [[u8; 9]; 2],
    /// What the receipt claims on chain, and when: a receipt that says otherwise is false on its face.
    pub termination: u8,
    pub reserved_b: [u8; 3],
    pub exit_code: i32,
    pub reserved_c: [u8; 4],
    pub metered_ms: u64,
    pub matched_at: i64,
    pub receipt_at: i64,
    pub image_digest: [u8; 32],
    /// The place of a task in its array, and how many tasks that has (zero for a job of its own): array and job may be
    /// gone when it is run again for an appeal.
    pub task_index: u32,
    pub tasks_total: u16,
    pub reserved: [u8; 26],
}

impl SlashCase {
    /// The stored state.
    pub fn state(&self) -> Result<CaseState> {
        CaseState::from_code(self.state).ok_or(MarketError::StateUnknown.into())
    }
}
