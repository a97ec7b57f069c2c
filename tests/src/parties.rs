//! Who takes part, each with keys derived from a name, so that addresses (and compute units) repeat run for run.

use ed25519_dalek::{Signer as _, SigningKey};
use proofmill_client::address;
use proofmill_protocol::{
    attestation::{Attestation, Commitment, Reexecution, commitment_bytes},
    envelope::{Kind, envelope},
    receipt::ReceiptCore,
    sha256,
    usage::UsageReport,
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

/// The Ed25519 public key of a name.
pub fn public_key(name: &str) -> [u8; 32] {
    SigningKey::from_bytes(&secret(name)).verifying_key().to_bytes()
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

/// A validator: the wallet that owns the stake, the one that commits, and the key that votes.
#[derive(Clone)]
pub struct ValidatorParty {
    pub identity: Address,
    pub delegate: Address,
    pub stake: Address,
    pub vote: SigningKey,
}

impl ValidatorParty {
    pub fn new(name: &str, identity: Address, delegate: Address) -> Self {
        Self {
            identity,
            delegate,
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

    pub fn sign_commitment(&self, body: &Commitment) -> [u8; 64] {
        sign(&self.vote, Kind::Commitment, &body.encode())
    }

    /// The salt with which this validator hides an opinion: another one for each question and answer.
    pub fn salt(&self, body: &Attestation) -> [u8; 32] {
        sha256(&[b"salt", self.vote.as_bytes(), &body.encode()])
    }

    /// What it commits to.
    pub fn commitment(&self, body: &Attestation) -> [u8; 32] {
        commitment(body, &self.salt(body))
    }
}

/// The commitment to an opinion under a salt.
pub fn commitment(body: &Attestation, salt: &[u8; 32]) -> [u8; 32] {
    sha256(&[&commitment_bytes(body, &sha256(&[&body.encode()]), salt)])
}

/// The key under which a tenant speaks on the data plane and signs what it used.
pub fn tenant_node(tenant: &Address) -> SigningKey {
    SigningKey::from_bytes(&sha256(&[b"proofmill test tenant node ", tenant.as_ref()]))
}

/// Any node key's signature over a report of usage.
pub fn sign_usage(key: &SigningKey, report: &UsageReport) -> [u8; 64] {
    sign(key, Kind::Usage, &report.encode())
}

fn sign(key: &SigningKey, kind: Kind, body: &[u8]) -> [u8; 64] {
    key.sign(&envelope(kind, &sha256(&[body]))).to_bytes()
}
