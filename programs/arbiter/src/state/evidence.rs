use anchor_lang::prelude::*;
use proofmill_protocol::evidence::{self, EvidenceKind};

use super::{Round, LAYOUT_VERSION};
use crate::{error::ArbiterError, events::EvidenceRecorded};

/// A fault that the program checked by itself. The market reads it by `proofmill_protocol::evidence::EvidenceRecord`:
/// same layout. It is never closed: the address is what makes a second report of one offence impossible.
#[account]
pub struct Evidence {
    pub version: u8,
    /// `EvidenceKind`.
    pub kind: u8,
    pub attempt: u16,
    /// The round in which a validator offended; zero for providers.
    pub round: u8,
    pub reserved_a: [u8; 3],
    pub nonce: u64,
    pub recorded_at: i64,
    pub job: Address,
    /// The wallet that owns the stake.
    pub offender: Address,
    /// Names the offence.
    pub subject: [u8; 32],
    /// The wallet that receives the bounty.
    pub reporter: Address,
    pub rent_payer: Address,
    pub reserved: [u8; 64],
}

const _: () = assert!(core::mem::size_of::<Evidence>() == evidence::EVIDENCE_LEN);

/// One offence.
#[derive(Clone, Copy)]
pub struct Offence {
    pub kind: EvidenceKind,
    pub job: [u8; 32],
    pub nonce: u64,
    pub attempt: u16,
    pub round: u8,
}

impl Offence {
    /// One that this round shows.
    pub fn of_round(kind: EvidenceKind, round: &Account<Round>) -> Self {
        Self { kind, job: round.job.to_bytes(), nonce: round.nonce, attempt: round.attempt, round: round.index }
    }

    /// Fails unless the seeds of its account name this offence and this `validator`.
    pub fn require_named(&self, validator: &[u8; 32], offender: &[u8; 32], subject: &[u8; 32]) -> Result<()> {
        require!(validator == offender && self.subject() == *subject, ArbiterError::EvidenceDiffers);
        Ok(())
    }

    /// Names the offence, whatever proves it: a seed of the account's address.
    pub fn subject(&self) -> [u8; 32] {
        sha256(&evidence::subject_bytes(self.kind, &self.job, self.nonce, self.attempt, self.round))
    }
}

impl Evidence {
    /// Writes the record of an offence that has just been checked.
    pub fn record(
        account: &mut Account<Evidence>,
        offence: &Offence,
        offender: Address,
        reporter: Address,
    ) -> Result<()> {
        let address = *account.address();
        account.version = LAYOUT_VERSION;
        account.kind = offence.kind as u8;
        account.attempt = offence.attempt;
        account.round = offence.round;
        account.nonce = offence.nonce;
        account.recorded_at = Clock::get()?.unix_timestamp;
        account.job = Address::new_from_array(offence.job);
        account.offender = offender;
        account.subject = offence.subject();
        account.reporter = reporter;
        account.rent_payer = reporter;
        emit!(EvidenceRecorded { evidence: address, kind: offence.kind as u8, offender, job: account.job, reporter });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::bytemuck;
    use proofmill_protocol::evidence::{EvidenceRecord, EVIDENCE_DISCRIMINATOR};

    #[test]
    fn the_market_reads_what_the_arbiter_writes() {
        let mut found: Evidence = bytemuck::Zeroable::zeroed();
        found.version = 1;
        found.kind = 2;
        found.attempt = 3;
        found.round = 4;
        found.nonce = 5;
        found.recorded_at = 6;
        found.job = Address::new_from_array([7; 32]);
        found.offender = Address::new_from_array([8; 32]);
        found.subject = [9; 32];
        found.reporter = Address::new_from_array([10; 32]);
        let mut data = std::vec::Vec::from(<Evidence as Discriminator>::DISCRIMINATOR);
        assert_eq!(data, EVIDENCE_DISCRIMINATOR);
        data.extend_from_slice(bytemuck::bytes_of(&found));
        assert_eq!(
            EvidenceRecord::decode(&data),
            Ok(EvidenceRecord {
                kind: EvidenceKind::AttestationEquivocation,
                attempt: 3,
                round: 4,
                nonce: 5,
                recorded_at: 6,
                job: [7; 32],
                offender: [8; 32],
                subject: [9; 32],
                reporter: [10; 32],
            })
        );
    }
}
