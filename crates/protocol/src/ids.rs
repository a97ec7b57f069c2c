//! Identities. An id of one kind never passes for another.

/// 32 bytes: an address, a public key or a hash, as they travel in accounts and messages.
pub type Key = [u8; 32];

/// Seconds since 1970 on the chain's clock (`Clock::unix_timestamp`). Time that obliges is always this.
pub type UnixSeconds = i64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub Key);
        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

id!(
    /// Address of a `Job` account.
    JobKey
);
id!(
    /// Address of a market `Provider` account.
    ProviderKey
);
id!(
    /// Ed25519 key of a node: it signs receipts or attestations and names the node on the data plane.
    NodeKey
);
id!(
    /// Validator identity: the wallet that owns its stake.
    ValidatorKey
);
id!(
    /// `sha256(genesis hash | market program id)`: what ties a signature to one deployment on one cluster.
    Domain
);
