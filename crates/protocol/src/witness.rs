//! Witness roots: what a quorum of validators measured, as one Merkle root per kind and period.
//!
//! Validators sign the [`WitnessBody`]; the arbiter counts their weight and writes a `WitnessRoot` account; whoever
//! needs one measurement shows its leaf and the path to the root. The market reads the account by [`WitnessRecord`].

use crate::ids::{Domain, Key, UnixSeconds};

/// What the leaves of a root are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum WitnessKind {
    /// [`UptimeLeaf`]
    Uptime = 1,
    /// [`CapabilityLeaf`]
    Capability = 2,
    /// [`UsageLeaf`]
    Usage = 3,
    /// [`RewardLeaf`]
    Rewards = 4,
}

impl WitnessKind {
    /// The kind with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Uptime,
            2 => Self::Capability,
            3 => Self::Usage,
            4 => Self::Rewards,
            _ => return None,
        })
    }
}

/// Version of the signed body.
pub const WITNESS_BODY_VERSION: u16 = 1;
/// Bytes of the signed body.
pub const WITNESS_BODY_LEN: usize = 112;

/// What a validator signs, in an envelope of kind `WITN`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WitnessBody {
    pub domain: Domain,
    pub kind: WitnessKind,
    /// Epoch of the validator set that signs.
    pub epoch: u32,
    /// Counts the roots of one kind and epoch; one root for each.
    pub sequence: u32,
    /// Number of leaves.
    pub leaves: u32,
    /// Sum of the weights of all leaves (rewards), or zero.
    pub weight_total: u64,
    /// The period that the measurements cover, unix seconds.
    pub covers_from: UnixSeconds,
    pub covers_until: UnixSeconds,
    pub root: Key,
}

impl WitnessBody {
    /// The canonical bytes.
    pub fn encode(&self) -> [u8; WITNESS_BODY_LEN] {
        let mut out = [0u8; WITNESS_BODY_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&WITNESS_BODY_VERSION.to_le_bytes());
        put(&[self.kind as u8, 0]);
        put(&self.epoch.to_le_bytes());
        put(&self.sequence.to_le_bytes());
        put(&self.leaves.to_le_bytes());
        put(&self.weight_total.to_le_bytes());
        put(&self.covers_from.to_le_bytes());
        put(&self.covers_until.to_le_bytes());
        put(&[0u8; 8]);
        put(&self.domain.0);
        put(&self.root);
        out
    }
}

/// Whether `signed` is strictly more than two thirds of `total`. No product leaves 64 bits.
pub const fn is_supermajority(signed: u64, total: u64) -> bool {
    // signed > 2/3 total  <=>  signed > total - ceil(total / 3), because signed is an integer.
    total > 0 && signed <= total && signed > total - total.div_ceil(3)
}

/// Version of the layout of a `WitnessRoot` account.
pub const WITNESS_VERSION: u8 = 1;
/// First eight bytes of a `WitnessRoot` account: `sha256("account:WitnessRoot")[..8]`, Anchor's rule.
pub const WITNESS_DISCRIMINATOR: [u8; 8] = [0x37, 0x12, 0x2f, 0x16, 0xbb, 0xf2, 0x90, 0xee];
/// Bytes of a `WitnessRoot` account after the discriminator.
pub const WITNESS_LEN: usize = 184;

/// A decoded `WitnessRoot` account. It exists only once a supermajority has signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WitnessRecord {
    pub kind: WitnessKind,
    pub epoch: u32,
    pub sequence: u32,
    pub leaves: u32,
    pub weight_total: u64,
    pub covers_from: UnixSeconds,
    pub covers_until: UnixSeconds,
    pub finalized_at: UnixSeconds,
    pub root: Key,
}

/// Why bytes are not a witness root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WitnessError {
    Length { found: usize },
    Discriminator,
    Version(u8),
    Kind(u8),
}

impl WitnessRecord {
    /// Reads the data of a `WitnessRoot` account, discriminator included. The caller checks the account's owner.
    ///
    /// # Errors
    /// [`WitnessError`] names what does not fit.
    pub fn decode(data: &[u8]) -> Result<Self, WitnessError> {
        if data.len() != 8 + WITNESS_LEN {
            return Err(WitnessError::Length { found: data.len() });
        }
        if data[..8] != WITNESS_DISCRIMINATOR {
            return Err(WitnessError::Discriminator);
        }
        let data = &data[8..];
        if data[0] != WITNESS_VERSION {
            return Err(WitnessError::Version(data[0]));
        }
        Ok(Self {
            kind: WitnessKind::from_code(data[2]).ok_or(WitnessError::Kind(data[2]))?,
            epoch: u32::from_le_bytes(take(data, 4)),
            sequence: u32::from_le_bytes(take(data, 8)),
            leaves: u32::from_le_bytes(take(data, 12)),
            weight_total: u64::from_le_bytes(take(data, 16)),
            covers_from: i64::from_le_bytes(take(data, 24)),
            covers_until: i64::from_le_bytes(take(data, 32)),
            finalized_at: i64::from_le_bytes(take(data, 40)),
            root: take(data, 48),
        })
    }
}

/// How often a provider answered its witnesses within the period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UptimeLeaf {
    /// Market `Provider` account.
    pub provider: Key,
    /// Heartbeat slots in which it answered, and all slots that count.
    pub up: u16,
    pub total: u16,
}

/// What a provider's device was measured to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapabilityLeaf {
    /// Market `Provider` account.
    pub provider: Key,
    /// The node key that answered the challenge.
    pub node_key: Key,
    pub measured_at: UnixSeconds,
    /// Exact int8 operations per second, 10^9.
    pub gops: u64,
    /// Memory that was filled and scanned, MiB.
    pub vram_mib: u32,
    pub tier: u8,
}

/// Cumulative usage of a service that validators saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsageLeaf {
    pub job: Key,
    pub attempt: u16,
    pub nonce: u64,
    pub usage_ms: u64,
}

/// A provider's share in an epoch's rewards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RewardLeaf {
    /// Market `Provider` account.
    pub provider: Key,
    /// Certified capability times uptime; never volume of jobs, which can be faked.
    pub weight: u64,
}

impl UptimeLeaf {
    /// The bytes that are hashed as a leaf.
    pub fn encode(&self) -> [u8; 37] {
        let mut out = [0u8; 37];
        out[0] = WitnessKind::Uptime as u8;
        out[1..33].copy_from_slice(&self.provider);
        out[33..35].copy_from_slice(&self.up.to_le_bytes());
        out[35..].copy_from_slice(&self.total.to_le_bytes());
        out
    }
}

impl CapabilityLeaf {
    /// The bytes that are hashed as a leaf.
    pub fn encode(&self) -> [u8; 86] {
        let mut out = [0u8; 86];
        out[0] = WitnessKind::Capability as u8;
        out[1..33].copy_from_slice(&self.provider);
        out[33..65].copy_from_slice(&self.node_key);
        out[65..73].copy_from_slice(&self.measured_at.to_le_bytes());
        out[73..81].copy_from_slice(&self.gops.to_le_bytes());
        out[81..85].copy_from_slice(&self.vram_mib.to_le_bytes());
        out[85] = self.tier;
        out
    }
}

impl UsageLeaf {
    /// The bytes that are hashed as a leaf.
    pub fn encode(&self) -> [u8; 51] {
        let mut out = [0u8; 51];
        out[0] = WitnessKind::Usage as u8;
        out[1..33].copy_from_slice(&self.job);
        out[33..35].copy_from_slice(&self.attempt.to_le_bytes());
        out[35..43].copy_from_slice(&self.nonce.to_le_bytes());
        out[43..].copy_from_slice(&self.usage_ms.to_le_bytes());
        out
    }
}

impl RewardLeaf {
    /// The bytes that are hashed as a leaf.
    pub fn encode(&self) -> [u8; 41] {
        let mut out = [0u8; 41];
        out[0] = WitnessKind::Rewards as u8;
        out[1..33].copy_from_slice(&self.provider);
        out[33..].copy_from_slice(&self.weight.to_le_bytes());
        out
    }
}

/// `N` bytes of `data` at `at`; the caller has checked the length.
fn take<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    let mut out = [0u8; N];
    out.copy_from_slice(&data[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supermajority_is_strictly_more_than_two_thirds() {
        for total in 0u64..=200 {
            for signed in 0..=total {
                assert_eq!(is_supermajority(signed, total), signed * 3 > total * 2, "{signed} of {total}");
            }
        }
        assert!(!is_supermajority(0, 0));
        assert!(!is_supermajority(5, 4));
        assert!(is_supermajority(u64::MAX, u64::MAX));
        assert!(!is_supermajority(u64::MAX / 3 * 2, u64::MAX));
        assert!(is_supermajority(u64::MAX / 3 * 2 + 1, u64::MAX));
    }

    #[test]
    fn the_discriminator_is_anchors() {
        assert_eq!(WITNESS_DISCRIMINATOR, crate::sha256(&[b"account:WitnessRoot"])[..8]);
    }

    #[test]
    fn a_record_of_another_length_kind_or_version_is_refused() {
        let mut data = [0u8; 8 + WITNESS_LEN];
        data[..8].copy_from_slice(&WITNESS_DISCRIMINATOR);
        data[8] = WITNESS_VERSION;
        data[10] = WitnessKind::Usage as u8;
        assert!(WitnessRecord::decode(&data).is_ok());
        for length in 0..data.len() {
            assert_eq!(WitnessRecord::decode(&data[..length]), Err(WitnessError::Length { found: length }));
        }
        let altered = |at: usize, value: u8| {
            let mut data = data;
            data[at] = value;
            WitnessRecord::decode(&data)
        };
        assert_eq!(altered(0, 0), Err(WitnessError::Discriminator));
        assert_eq!(altered(8, 2), Err(WitnessError::Version(2)));
        assert_eq!(altered(10, 0), Err(WitnessError::Kind(0)));
        assert_eq!(altered(10, 5), Err(WitnessError::Kind(5)));
    }

    #[test]
    fn leaves_of_two_kinds_never_have_the_same_bytes() {
        let uptime = UptimeLeaf { provider: [1; 32], up: 2, total: 3 }.encode();
        let reward = RewardLeaf { provider: [1; 32], weight: 2 }.encode();
        assert_ne!(uptime[0], reward[0]);
        assert_ne!(uptime.len(), reward.len());
    }
}
