use anchor_lang::prelude::*;

/// What the committee found. The market reads it by `proofmill_protocol::verdict::VerdictRecord`: same layout.
#[account]
pub struct Verdict {
    pub version: u8,
    pub opinion: u8,
    pub rounds: u8,
    pub confirmed_executors: u8,
    pub attempt: u16,
    pub agreeing: u8,
    pub committee: u8,
    pub epoch: u32,
    pub reserved_a: [u8; 4],
    pub nonce: u64,
    pub decided_at: i64,
    pub reexecution_ms: [u64; 2],
    pub job: Address,
    pub receipt_hash: [u8; 32],
    pub output_root: [u8; 32],
    pub executors: [[u8; 32]; 2],
    pub rent_payer: Address,
    /// Who judged (`proofmill_protocol::verdict::Judges`).
    pub first_epoch: u32,
    pub seats: [u8; 2],
    pub members: [[u8; 9]; 2],
    pub reserved_c: [u8; 4],
    pub reserved: [u8; 28],
}

const _: () = assert!(core::mem::size_of::<Verdict>() == proofmill_protocol::verdict::VERDICT_LEN);

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::bytemuck;
    use proofmill_protocol::verdict::{Judges, Opinion, VerdictRecord, VERDICT_DISCRIMINATOR};

    #[test]
    fn the_market_reads_what_the_arbiter_writes() {
        let mut verdict: Verdict = bytemuck::Zeroable::zeroed();
        verdict.version = 1;
        verdict.opinion = 2;
        verdict.rounds = 3;
        verdict.confirmed_executors = 1;
        verdict.attempt = 5;
        verdict.agreeing = 6;
        verdict.committee = 7;
        verdict.epoch = 8;
        verdict.nonce = 9;
        verdict.decided_at = 10;
        verdict.reexecution_ms = [11, 12];
        verdict.job = Address::new_from_array([13; 32]);
        verdict.receipt_hash = [14; 32];
        verdict.output_root = [15; 32];
        verdict.executors = [[16; 32], [17; 32]];
        verdict.first_epoch = 18;
        verdict.seats = [19, 20];
        verdict.members = [[21; 9], [22; 9]];
        let mut data = std::vec::Vec::from(<Verdict as Discriminator>::DISCRIMINATOR);
        assert_eq!(data, VERDICT_DISCRIMINATOR);
        data.extend_from_slice(bytemuck::bytes_of(&verdict));
        let record = VerdictRecord::decode(&data).expect("a verdict");
        assert_eq!(
            record,
            VerdictRecord {
                opinion: Opinion::Invalid,
                rounds: 3,
                confirmed_executors: 1,
                attempt: 5,
                agreeing: 6,
                committee: 7,
                epoch: 8,
                nonce: 9,
                decided_at: 10,
                reexecution_ms: [11, 12],
                job: [13; 32],
                receipt_hash: [14; 32],
                output_root: [15; 32],
                executors: [[16; 32], [17; 32]],
                judges: Judges { first_epoch: 18, seats: [19, 20], members: [[21; 9], [22; 9]] },
            }
        );
    }
}
