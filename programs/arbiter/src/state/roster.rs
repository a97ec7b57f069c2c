use anchor_lang::prelude::*;
use proofmill_protocol::limits;

/// Who will be in the set after next. Written on joining, leaving, moving and re-weighing only, never while judging.
#[account]
pub struct Roster {
    pub version: u8,
    pub bump: u8,
    pub count: u8,
    pub reserved: [u8; 5],
    /// Bonded stake when it was last read, atoms.
    pub weights: [u64; 64],
    /// When that was. A weight that is too old is not frozen into a set.
    pub weighed_at: [i64; 64],
    /// Identities (wallets that own the stake), in order of registration.
    pub identities: [[u8; 32]; 64],
    /// Ed25519 keys that sign attestations.
    pub vote_keys: [[u8; 32]; 64],
    /// Hot wallets that pay for and sign commitments, so that the identity may stay cold.
    pub delegates: [[u8; 32]; 64],
    /// Where peers reach the validator's node: IPv6 (or mapped IPv4), port (u16 LE). Zero if it did not say.
    pub endpoints: [[u8; 18]; 64],
}

// One instruction creates at most 10,240 bytes.
const _: () = assert!(8 + core::mem::size_of::<Roster>() < 10_240);

impl Roster {
    /// Seat of `identity`.
    pub fn position(&self, identity: &[u8; 32]) -> Option<usize> {
        self.identities.iter().take(usize::from(self.count)).position(|seat| seat == identity)
    }

    /// Takes the member at `at` off the roster; the last one takes its place.
    pub fn remove(&mut self, at: usize) {
        let last = usize::from(self.count).saturating_sub(1).min(limits::VALIDATORS_MAX.saturating_sub(1));
        self.weights[at] = self.weights[last];
        self.weighed_at[at] = self.weighed_at[last];
        self.identities[at] = self.identities[last];
        self.vote_keys[at] = self.vote_keys[last];
        self.delegates[at] = self.delegates[last];
        self.endpoints[at] = self.endpoints[last];
        self.weights[last] = 0;
        self.weighed_at[last] = 0;
        self.identities[last] = [0; 32];
        self.vote_keys[last] = [0; 32];
        self.delegates[last] = [0; 32];
        self.endpoints[last] = [0; 18];
        self.count = self.count.saturating_sub(1);
    }
}
