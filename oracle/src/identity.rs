//! The two keys of the daemon: the delegate's, which commits and pays, and the vote key, which signs attestations. The
//! validator's own key, which owns the stake, is not here.

use std::{fs, path::PathBuf, sync::Arc};

use ed25519_dalek::{Signer as _, SigningKey};
use proofmill_chain::{KeyfileError, read_keypair, read_or_create_keypair};
use proofmill_oracle_core::{BallotKey, salt};
use proofmill_protocol::{
    attestation::{Attestation, Commitment},
    envelope::{Kind, envelope},
    sha256,
};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use crate::config::Config;

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A key file.
    #[error("{key}: {source}; `proofmill-oracle init --config FILE` creates missing keys")]
    ReadKey {
        /// The key in the configuration.
        key: &'static str,
        /// Why.
        source: KeyfileError,
    },
    /// A directory cannot be made.
    #[error("cannot create {}: {source}", path.display())]
    CreateDirectory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The validator's keys.
pub struct Identity {
    validator: Address,
    delegate: Arc<Keypair>,
    vote: SigningKey,
}

impl Identity {
    /// An identity of these keys.
    pub fn new(validator: Address, delegate: Keypair, vote: &Keypair) -> Self {
        Self { validator, delegate: Arc::new(delegate), vote: SigningKey::from_bytes(vote.secret_bytes()) }
    }

    /// The fee payer.
    pub fn payer(&self) -> Arc<Keypair> {
        self.delegate.clone()
    }

    /// Address of the fee payer, which the roster knows as the delegate.
    pub fn delegate_address(&self) -> Address {
        Address::new_from_array(self.delegate.pubkey().to_bytes())
    }

    /// Address that the roster knows.
    pub fn validator_address(&self) -> Address {
        self.validator
    }

    /// Public half of the vote key.
    pub fn vote_key(&self) -> [u8; 32] {
        self.vote.verifying_key().to_bytes()
    }

    /// Secret half of the vote key, for the data plane's handshake.
    pub fn vote_secret(&self) -> [u8; 32] {
        self.vote.to_bytes()
    }

    /// The salt that hides the answer to a question.
    pub fn salt(&self, question: &BallotKey) -> [u8; 32] {
        salt(self.vote.as_bytes(), question)
    }

    /// Signs a commitment, so that a peer may carry it. The caller has recorded what it hides: whoever has the signature
    /// can put the commitment on chain, and who cannot reveal it is slashed.
    pub fn sign_commitment(&self, commitment: &Commitment) -> [u8; 64] {
        self.vote.sign(&envelope(Kind::Commitment, &sha256(&[&commitment.encode()]))).to_bytes()
    }

    /// Signs the body of a root. The caller has recorded the proposal.
    pub fn sign_root(&self, digest: &[u8; 32]) -> [u8; 64] {
        self.vote.sign(&envelope(Kind::Witness, digest)).to_bytes()
    }

    /// Signs an attestation. The caller has recorded it.
    pub fn sign(&self, attestation: &Attestation) -> [u8; 64] {
        self.vote.sign(&envelope(Kind::Attestation, &sha256(&[&attestation.encode()]))).to_bytes()
    }
}

/// Reads both keys.
///
/// # Errors
/// A file is missing or malformed.
pub fn load(config: &Config) -> Result<Identity, IdentityError> {
    let delegate = read_keypair(&config.delegate_keypair).map_err(key_error("delegate_keypair"))?;
    let vote = read_keypair(&config.vote_key).map_err(key_error("vote_key"))?;
    Ok(Identity::new(config.validator, delegate, &vote))
}

/// Makes the data directory and the keys that are missing.
///
/// # Errors
/// A file or directory cannot be made; one that is there is never replaced.
pub fn create(config: &Config) -> Result<Identity, IdentityError> {
    let parents = [config.delegate_keypair.parent(), config.vote_key.parent(), Some(config.data_dir.as_path())];
    for path in parents.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()) {
        fs::create_dir_all(path).map_err(|source| IdentityError::CreateDirectory { path: path.to_owned(), source })?;
    }
    let delegate = read_or_create_keypair(&config.delegate_keypair).map_err(key_error("delegate_keypair"))?;
    let vote = read_or_create_keypair(&config.vote_key).map_err(key_error("vote_key"))?;
    Ok(Identity::new(config.validator, delegate, &vote))
}

fn key_error(key: &'static str) -> impl FnOnce(KeyfileError) -> IdentityError {
    move |source| IdentityError::ReadKey { key, source }
}
