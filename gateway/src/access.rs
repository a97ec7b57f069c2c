//! Who asks, and what that allows: sessions of wallets, keys with roles. Secrets are 256 random bits; only their
//! digests are kept.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use proofmill_protocol::sha256;
use solana_address::Address;

use crate::{app::App, error::ApiError, extract::Credential};

/// What a key allows. Each role may what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads what is private to its owner: logs, outputs, receipts, deliveries.
    Viewer,
    /// Gives specifications and inputs for its owner's jobs.
    Operator,
    /// Makes and ends keys, reads the audit log.
    Owner,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Owner];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A caller that has proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The wallet, or the wallet that made the key.
    pub owner: Address,
    pub role: Role,
    /// How it proved that, for the audit log: `session`, or `key:<id>`.
    pub by: String,
    /// When the proof ends, unix seconds.
    pub expires_at: Option<i64>,
}

impl Identity {
    /// Refuses a role that is too small.
    pub fn require(&self, role: Role) -> Result<(), ApiError> {
        if self.role >= role {
            return Ok(());
        }
        let message = format!("This needs the role {}; the key has {}.", role.name(), self.role.name());
        Err(ApiError::forbidden(message, "Use a key with that role, or sign in with the wallet."))
    }
}

/// Checks a credential against the database.
pub async fn identify(app: &App, credential: Option<Credential>) -> Result<Identity, ApiError> {
    let now = App::wall_clock();
    let parsed = |text: &str| text.parse::<Address>().map_err(|_| ApiError::internal("an owner is no address"));
    match credential {
        None => Err(ApiError::unauthenticated("This needs a session or an API key.")),
        Some(Credential::Token(token)) => {
            let session = app.store.session(&digest(&token), now).await?;
            let session = session.ok_or_else(|| ApiError::unauthenticated("The session is unknown or has expired."))?;
            Ok(Identity {
                owner: parsed(&session.address)?,
                role: Role::Owner,
                by: "session".to_owned(),
                expires_at: Some(session.expires_at),
            })
        }
        Some(Credential::Key(key)) => {
            let key = app.store.key(&digest(&key), now).await?;
            let key = key.ok_or_else(|| ApiError::unauthenticated("The API key is unknown or has expired."))?;
            let role = Role::of(&key.role).ok_or_else(|| ApiError::internal("a key has an unknown role"))?;
            Ok(Identity { owner: parsed(&key.owner)?, role, by: format!("key:{}", key.id), expires_at: key.expires_at })
        }
    }
}

/// What is kept of a secret. It has 256 random bits, so a plain hash hides it.
pub fn digest(secret: &str) -> String {
    hex::encode(sha256(&[b"proofmill gateway secret", secret.as_bytes()]))
}

/// A fresh secret that begins with `prefix`.
pub fn secret(prefix: &str) -> String {
    let bytes: [u8; 32] = rand::random();
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// A fresh number used once: letters and digits, as Sign-In With Solana wants it.
pub fn nonce() -> String {
    let bytes: [u8; 16] = rand::random();
    hex::encode(bytes)
}

/// What a sign-in message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn<'a> {
    pub domain: &'a str,
    pub address: &'a str,
    pub statement: &'a str,
    pub uri: &'a str,
    pub chain_id: &'a str,
    pub nonce: &'a str,
    pub issued_at: &'a str,
    pub expiration_time: &'a str,
}

impl SignIn<'_> {
    /// The message in the form of Sign-In With Solana: wallets recognise it and check the domain.
    pub fn message(&self) -> String {
        format!(
            "{} wants you to sign in with your Solana account:\n{}\n\n{}\n\nURI: {}\nVersion: 1\nChain ID: {}\n\
             Nonce: {}\nIssued At: {}\nExpiration Time: {}",
            self.domain,
            self.address,
            self.statement,
            self.uri,
            self.chain_id,
            self.nonce,
            self.issued_at,
            self.expiration_time
        )
    }
}

/// The nonce that a message names: in its own line, once.
pub fn nonce_of(message: &str) -> Option<&str> {
    let mut found = message.lines().filter_map(|line| line.strip_prefix("Nonce: "));
    let nonce = found.next()?;
    found.next().is_none().then_some(nonce)
}

/// Whether the wallet signed these bytes. Strict: no second signature, no weak key passes.
pub fn signed(address: &Address, message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(address.as_array()), Signature::from_slice(signature))
    else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

/// Unix seconds as RFC 3339, in UTC.
pub fn rfc3339(at: i64) -> String {
    let (days, seconds) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    // Days to a date of the Gregorian calendar, by eras of 400 years that begin in March.
    let shifted = days.saturating_add(719_468);
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let date = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era.saturating_mul(400).saturating_add(year).saturating_add(carry);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn a_signature_counts_for_its_wallet_and_message_alone() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let address = Address::new_from_array(key.verifying_key().to_bytes());
        let signature = key.sign(b"hello").to_bytes();
        assert!(signed(&address, b"hello", &signature));
        assert!(!signed(&address, b"hello!", &signature));
        assert!(!signed(&Address::new_from_array([9; 32]), b"hello", &signature));
        assert!(!signed(&address, b"hello", &signature[..63]));
        // The neutral element as key: everything would verify without the strict check.
        let mut weak = [0; 32];
        weak[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(!signed(&Address::new_from_array(weak), b"anything", &forged));
    }

    #[test]
    fn the_message_is_in_the_form_that_wallets_know() {
        let message = SignIn {
            domain: "market.example",
            address: "Addr",
            statement: "Sign in.",
            uri: "https://market.example",
            chain_id: "mainnet",
            nonce: "abc123def",
            issued_at: "2026-01-01T00:00:00Z",
            expiration_time: "2026-01-01T00:05:00Z",
        }
        .message();
        assert_eq!(
            message,
            "market.example wants you to sign in with your Solana account:\nAddr\n\nSign in.\n\n\
             URI: https://market.example\nVersion: 1\nChain ID: mainnet\nNonce: abc123def\n\
             Issued At: 2026-01-01T00:00:00Z\nExpiration Time: 2026-01-01T00:05:00Z"
        );
        assert_eq!(nonce_of(&message), Some("abc123def"));
        assert_eq!(nonce_of("Nonce: a\nNonce: b"), None);
        assert_eq!(nonce_of("no"), None);
    }

    #[test]
    fn instants_are_written_as_rfc_3339() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(at), text);
        }
    }

    #[test]
    fn roles_are_ordered_and_secrets_are_never_kept() {
        assert!(Role::Owner > Role::Operator && Role::Operator > Role::Viewer);
        let one = secret("pmk_");
        assert_ne!(one, secret("pmk_"));
        assert!(one.starts_with("pmk_") && !digest(&one).contains(&one));
        for role in Role::ALL {
            assert_eq!(Role::of(role.name()), Some(role));
        }
    }
}
