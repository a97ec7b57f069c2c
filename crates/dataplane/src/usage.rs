//! The exchange of a usage: the node shows the total that it signs, and the peer signs the same or goes.

use ed25519_dalek::{Signature, VerifyingKey};
use iroh::endpoint::{RecvStream, SendStream};
use proofmill_protocol::{
    envelope::{Kind, envelope},
    sha256,
    usage::UsageReport,
};

use crate::{
    error::DataError,
    limits::Limits,
    name::ServiceName,
    peer::granted,
    transfer::{self, Pace},
    wire::{SIGNATURE_LEN, SIGNED_USAGE_LEN, SignedUsage},
};

/// Whether `key` signed this total, by the rule of the market's `report_usage`.
pub fn is_signed_by(report: &UsageReport, key: &[u8; 32], signature: &[u8; SIGNATURE_LEN]) -> bool {
    let message = envelope(Kind::Usage, &sha256(&[&report.encode()]));
    VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(&message, &Signature::from_bytes(signature)).is_ok())
}

/// A total that a node has signed, and the chance to sign it too. Dropping it declines.
///
/// The report is of the service asked for and the node's signature on it holds. Whether its domain, nonce and total are
/// what the chain and the tenant's own view say, is the caller's to compare before it signs.
#[derive(Debug)]
pub struct UsageExchange {
    /// What the node claims.
    pub report: UsageReport,
    /// Its signature on that.
    pub node_signature: [u8; SIGNATURE_LEN],
    send: SendStream,
    recv: RecvStream,
    limits: Limits,
}

impl UsageExchange {
    /// Reads what follows a granted usage request.
    pub(crate) async fn read(
        key: [u8; 32],
        service: ServiceName,
        size: u64,
        send: SendStream,
        mut recv: RecvStream,
        limits: Limits,
    ) -> Result<UsageExchange, DataError> {
        let protocol = |reason: String| DataError::Protocol { reason };
        if size != SIGNED_USAGE_LEN as u64 {
            return Err(protocol(format!("a signed usage of {size} bytes")));
        }
        let mut bytes = [0; SIGNED_USAGE_LEN];
        transfer::read_full(&mut recv, &mut bytes, &Pace::any(limits.stall), 0).await?;
        let SignedUsage { report, node_signature } = SignedUsage::decode(&bytes).map_err(protocol)?;
        if (report.job.0, report.attempt) != (service.job, service.attempt) {
            return Err(protocol("the usage of another service than was asked for".into()));
        }
        if !is_signed_by(&report, &key, &node_signature) {
            return Err(protocol("a usage that the node has not signed".into()));
        }
        Ok(UsageExchange { report, node_signature, send, recv, limits })
    }

    /// Sends the peer's own signature over the report's envelope, and returns once the node has recorded it.
    pub async fn cosign(mut self, signature: [u8; SIGNATURE_LEN]) -> Result<(), DataError> {
        match transfer::write_full(&mut self.send, &signature, &Pace::any(self.limits.stall), 0).await {
            // The node stopped listening; if it said why, that is what the answer below tells.
            Ok(()) | Err(DataError::BrokenOff { .. }) => {}
            Err(error) => return Err(error),
        }
        let _ = self.send.finish();
        match granted(&mut self.recv, &self.limits).await? {
            (0, _) => Ok(()),
            (size, _) => Err(DataError::Protocol { reason: format!("{size} more bytes after a signature") }),
        }
    }
}
