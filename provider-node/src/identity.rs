//! The node key: it signs receipts and names the node on the data plane.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ed25519_dalek::{Signer, SigningKey};
use proofmill_protocol::envelope::{Kind, envelope};

use crate::config::Config;

/// Why there is no node key.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("cannot read the node key {}: {source}; `init` creates one", path.display())]
    ReadNodeKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no node key: expected 64 hexadecimal digits or a keypair in JSON", path.display())]
    ParseNodeKey {
        /// The file.
        path: PathBuf,
    },
    /// Others may read the file.
    #[error("others may read the node key {}: run chmod 600 on it", path.display())]
    NodeKeyExposed {
        /// The file.
        path: PathBuf,
    },
    /// The file or the data directory cannot be made.
    #[error("cannot create {}: {source}", path.display())]
    CreateFile {
        /// What was to be created.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The key.
pub struct NodeIdentity {
    key: SigningKey,
}

impl NodeIdentity {
    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The secret half, for the data plane's own handshake.
    pub fn secret(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Signs a body by its SHA-256.
    pub fn sign(&self, kind: Kind, body_digest: &[u8; 32]) -> [u8; 64] {
        self.key.sign(&envelope(kind, body_digest)).to_bytes()
    }

    /// A key from its secret half.
    pub fn from_secret(secret: [u8; 32]) -> NodeIdentity {
        NodeIdentity { key: SigningKey::from_bytes(&secret) }
    }
}

/// Reads the key.
///
/// # Errors
/// [`IdentityError`] says what to do.
pub fn read(path: &Path) -> Result<NodeIdentity, IdentityError> {
    let failed = |source| IdentityError::ReadNodeKey { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(IdentityError::NodeKeyExposed { path: path.to_owned() });
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let secret = parse(text.trim()).ok_or_else(|| IdentityError::ParseNodeKey { path: path.to_owned() })?;
    Ok(NodeIdentity::from_secret(secret))
}

fn parse(text: &str) -> Option<[u8; 32]> {
    if text.starts_with('[') {
        let numbers: Vec<u8> = serde_json::from_str(text).ok()?;
        let (secret, public) = <[u8; 64]>::try_from(numbers).ok().map(|all| {
            let (mut secret, mut public) = ([0; 32], [0; 32]);
            secret.copy_from_slice(&all[..32]);
            public.copy_from_slice(&all[32..]);
            (secret, public)
        })?;
        return (NodeIdentity::from_secret(secret).public() == public).then_some(secret);
    }
    let mut secret = [0; 32];
    hex::decode_to_slice(text, &mut secret).ok()?;
    Some(secret)
}

/// Creates the data directory and, unless there is one, the node key; returns the key.
///
/// # Errors
/// [`IdentityError`] if either cannot be made; a key that is there and unreadable stays as it is.
pub fn create(config: &Config) -> Result<NodeIdentity, IdentityError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| IdentityError::CreateFile { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir).map_err(failed(&config.data_dir))?;
    if config.node_key.exists() {
        return read(&config.node_key);
    }
    let secret: [u8; 32] = rand::random();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&config.node_key)
        .map_err(failed(&config.node_key))?;
    let written = file.write_all(hex::encode(secret).as_bytes()).and_then(|()| file.sync_all());
    written.map_err(failed(&config.node_key))?;
    Ok(NodeIdentity::from_secret(secret))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_key_are_the_same_key() {
        let key = NodeIdentity::from_secret([7; 32]);
        let numbers: Vec<u8> = key.secret().into_iter().chain(key.public()).collect();
        assert_eq!(parse(&hex::encode([7; 32])), Some([7; 32]));
        assert_eq!(parse(&serde_json::to_string(&numbers).unwrap()), Some([7; 32]));
    }

    #[test]
    fn a_keypair_whose_halves_do_not_belong_together_is_refused() {
        assert_eq!(parse(&serde_json::to_string(&vec![7u8; 64]).unwrap()), None);
        assert_eq!(parse("07"), None);
    }
}
