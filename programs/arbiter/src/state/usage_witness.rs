use anchor_lang::prelude::*;

/// A service's cumulative usage as a quorum witnessed it. The market reads it by
/// `proofmill_protocol::usage::UsageWitness`: same layout.
#[account]
pub struct UsageWitness {
    pub version: u8,
    pub bump: u8,
    pub attempt: u16,
    /// Epoch whose validators signed.
    pub epoch: u32,
    /// The job's nonce.
    pub nonce: u64,
    /// Milliseconds, cumulative.
    pub usage_ms: u64,
    /// Instant at which the total held, unix seconds.
    pub witnessed_at: i64,
    /// Validators that stand behind it.
    pub agreeing: u8,
    pub reserved_a: [u8; 7],
    pub job: Address,
    /// The signed root that it was taken from.
    pub root: [u8; 32],
    pub rent_payer: Address,
    pub reserved: [u8; 32],
}

const _: () = assert!(core::mem::size_of::<UsageWitness>() == proofmill_protocol::usage::WITNESS_LEN);

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::bytemuck;
    use proofmill_protocol::usage::{self, WITNESS_DISCRIMINATOR};

    #[test]
    fn the_market_reads_what_the_arbiter_writes() {
        let mut witness: UsageWitness = bytemuck::Zeroable::zeroed();
        witness.version = 1;
        witness.attempt = 2;
        witness.epoch = 3;
        witness.nonce = 4;
        witness.usage_ms = 5;
        witness.witnessed_at = 6;
        witness.agreeing = 7;
        witness.job = Address::new_from_array([8; 32]);
        witness.root = [9; 32];
        let mut data = std::vec::Vec::from(<UsageWitness as Discriminator>::DISCRIMINATOR);
        assert_eq!(data, WITNESS_DISCRIMINATOR);
        data.extend_from_slice(bytemuck::bytes_of(&witness));
        assert_eq!(
            usage::UsageWitness::decode(&data),
            Ok(usage::UsageWitness {
                attempt: 2,
                epoch: 3,
                nonce: 4,
                usage_ms: 5,
                witnessed_at: 6,
                agreeing: 7,
                job: [8; 32],
                root: [9; 32],
            })
        );
    }
}
