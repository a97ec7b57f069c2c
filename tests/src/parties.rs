//! Who takes part, each with keys derived from a name, so that addresses (and compute units) repeat run for run.

use ed25519_dalek::{Signer as _, SigningKey};
use proofmill_client::address;
use proofmill_protocol::{
    attestation::{Attestation, Reexecution},
    envelope::{Kind, envelope},
    receipt::ReceiptCore,
    sha256,
};
use solana_address::Address;
use solana_keypair::Keypair;

/// 32 secret bytes for a name.
pub fn secret(name: &str) -> [u8; 32] {
    sha256(&[b"proofmill test key ", name.as_bytes()])
}

/// The wallet of a name.
pub fn wallet(name: &str) -> Keypair {
    Keypair::new_from_array(secret(name))
}

/// A provider: owner's and operator's wallets and the node's key.
#[derive(Clone)]
pub struct ProviderParty {
    pub owner: Address,
    pub operator: Address,
    pub account: Address,
    pub stake: Address,
    pub node: SigningKey,
}

impl ProviderParty {
    pub fn new(name: &str, owner: Address, operator: Address) -> Self {
        Self {
            owner,
            operator,
            account: address::provider(&owner),
            stake: address::stake(&owner),
            node: SigningKey::from_bytes(&secret(&format!("{name} node"))),
        }
    }

    pub fn node_key(&self) -> [u8; 32] {
        self.node.verifying_key().to_bytes()
    }

    pub fn sign_receipt(&self, core: &ReceiptCore) -> [u8; 64] {
        sign(&self.node, Kind::Receipt, &core.encode())
    }

    pub fn sign_reexecution(&self, claim: &Reexecution) -> [u8; 64] {
        sign(&self.node, Kind::Reexecution, &claim.encode())
    }
}

/// A validator: the wallet that owns the stake, and the key that votes.
#[derive(Clone)]
pub struct ValidatorParty {
    pub identity: Address,
    pub stake: Address,
    pub vote: SigningKey,
}

impl ValidatorParty {
    pub fn new(name: &str, identity: Address) -> Self {
        Self {
            identity,
            stake: address::stake(&identity),
            vote: SigningKey::from_bytes(&secret(&format!("{name} vote"))),
        }
    }

    pub fn vote_key(&self) -> [u8; 32] {
        self.vote.verifying_key().to_bytes()
    }

    pub fn sign_attestation(&self, body: &Attestation) -> [u8; 64] {
        sign(&self.vote, Kind::Attestation, &body.encode())
    }
}

fn sign(key: &SigningKey, kind: Kind, body: &[u8]) -> [u8; 64] {
    key.sign(&envelope(kind, &sha256(&[body]))).to_bytes()
}
