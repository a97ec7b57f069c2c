use anchor_lang::prelude::*;

/// A root of measurements that a supermajority signed: one for each kind, epoch and sequence. The market reads it by
/// `proofmill_protocol::witness::WitnessRecord`: same layout.
#[account]
pub struct WitnessRoot {
    pub version: u8,
    pub bump: u8,
    /// `WitnessKind`.
    pub kind: u8,
    pub reserved_a: u8,
    pub epoch: u32,
    pub sequence: u32,
    pub leaves: u32,
    pub weight_total: u64,
    pub covers_from: i64,
    pub covers_until: i64,
    pub finalized_at: i64,
    pub root: [u8; 32],
    pub rent_payer: Address,
    /// Seats of the epoch's set that signed.
    pub signed: u64,
    pub reserved: [u8; 64],
}

const _: () = assert!(core::mem::size_of::<WitnessRoot>() == proofmill_protocol::witness::WITNESS_LEN);

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::bytemuck;
    use proofmill_protocol::witness::{WitnessKind, WitnessRecord, WITNESS_DISCRIMINATOR};

    #[test]
    fn the_market_reads_what_the_arbiter_writes() {
        let mut root: WitnessRoot = bytemuck::Zeroable::zeroed();
        root.version = 1;
        root.kind = 2;
        root.epoch = 3;
        root.sequence = 4;
        root.leaves = 5;
        root.weight_total = 6;
        root.covers_from = 7;
        root.covers_until = 8;
        root.finalized_at = 9;
        root.root = [10; 32];
        let mut data = std::vec::Vec::from(<WitnessRoot as Discriminator>::DISCRIMINATOR);
        assert_eq!(data, WITNESS_DISCRIMINATOR);
        data.extend_from_slice(bytemuck::bytes_of(&root));
        assert_eq!(
            WitnessRecord::decode(&data),
            Ok(WitnessRecord {
                kind: WitnessKind::Capability,
                epoch: 3,
                sequence: 4,
                leaves: 5,
                weight_total: 6,
                covers_from: 7,
                covers_until: 8,
                finalized_at: 9,
                root: [10; 32],
            })
        );
    }
}
