use anchor_lang::prelude::*;
use proofmill_protocol::quorum::{Rule, Votes, Windows};

/// One judging of one receipt: who was drawn, what they committed to and what they said.
#[account]
pub struct Round {
    pub version: u8,
    pub bump: u8,
    /// 1, 2 after an escalation, 3 on appeal.
    pub index: u8,
    /// `ROUND_*`.
    pub state: u8,
    pub seats: u8,
    /// The rule as it was when the round was opened: governance changes no round that is under way.
    pub threshold: u8,
    pub reveals_min: u8,
    /// Confirmations of the first valid and of the first invalid opinion; later ones must say the same.
    pub valid_confirms: u8,
    pub invalid_confirms: u8,
    /// 1 when the re-executor's claim is in.
    pub reexecuted: u8,
    pub attempt: u16,
    pub votes_valid: u16,
    pub votes_invalid: u16,
    pub votes_unavailable: u16,
    pub votes_inconclusive: u16,
    pub votes_divergent: u16,
    /// Seats that have committed.
    pub committed: u16,
    /// Seats whose missed reveal is on record.
    pub missed: u16,
    /// Seats whose wrong dissent the verdict of the second round shows, and is not on record yet.
    pub wrong_dissent: u16,
    pub epoch: u32,
    /// Seats: indices into the epoch's set, in order of the draw.
    pub committee: [u8; 9],
    pub reserved_a: [u8; 7],
    /// The job's nonce.
    pub nonce: u64,
    pub opened_at: i64,
    /// The last instant at which re-executions and commitments come; the last commitment ends it early.
    pub commit_until: i64,
    /// The last instant at which reveals come.
    pub reveal_until: i64,
    pub reexecution_ms: u64,
    /// Slot of the vote that decided, or of the opening: the beacon of an escalation comes after it.
    pub touched_slot: u64,
    /// The same instant on the chain's clock; in a first round that dissented wrongly, that of the second's verdict.
    pub touched_at: i64,
    pub job: Address,
    pub receipt_hash: [u8; 32],
    /// The output root of the first valid opinion.
    pub output_root: [u8; 32],
    /// Market `Provider` account drawn to re-execute; zero if there was nobody.
    pub executor: Address,
    /// `sha256(output_root | exit code | termination | blind)` of its claim.
    pub commitment: [u8; 32],
    /// Market `Provider` account that is judged.
    pub provider: Address,
    pub rent_payer: Address,
    pub seed: [u8; 32],
    /// What each seat committed to: `proofmill_protocol::attestation::commitment_bytes`, hashed.
    pub seat_commitments: [[u8; 32]; 9],
}

/// `state`: commitments, then reveals come in.
pub const ROUND_OPEN: u8 = 1;
/// `state`: dissent or silence; a second round may follow.
pub const ROUND_ESCALATED: u8 = 2;
/// `state`: decided, the verdict is written.
pub const ROUND_FINAL: u8 = 3;

impl Round {
    pub fn votes(&self) -> Votes {
        Votes {
            valid: self.votes_valid,
            invalid: self.votes_invalid,
            unavailable: self.votes_unavailable,
            inconclusive: self.votes_inconclusive,
            divergent: self.votes_divergent,
        }
    }

    pub fn set_votes(&mut self, votes: Votes) {
        self.votes_valid = votes.valid;
        self.votes_invalid = votes.invalid;
        self.votes_unavailable = votes.unavailable;
        self.votes_inconclusive = votes.inconclusive;
        self.votes_divergent = votes.divergent;
    }

    pub fn windows(&self) -> Windows {
        Windows {
            seats: self.seats,
            committed: self.committed,
            commit_until: self.commit_until,
            reveal_until: self.reveal_until,
        }
    }

    pub fn set_windows(&mut self, windows: Windows) {
        self.committed = windows.committed;
        self.commit_until = windows.commit_until;
        self.reveal_until = windows.reveal_until;
    }

    /// The rule under which this round was opened.
    pub fn rule(&self) -> Rule {
        Rule {
            committee: self.seats,
            threshold: self.threshold,
            reveals_min: self.reveals_min,
            unanimous: self.index <= 1,
        }
    }
}
