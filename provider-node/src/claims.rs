//! Receipts and claims of re-executions: what is said, and its signature.

use std::fs;

use proofmill_client::market::Job;
use proofmill_protocol::{
    attestation::Reexecution,
    envelope::Kind,
    ids::{Domain, JobKey, NodeKey, ProviderKey},
    limits as protocol_limits,
    receipt::{Receipt, Termination},
    settlement, sha256,
};
use proofmill_provider_core::{AttemptKey, Ledgered};
use solana_address::Address;

use crate::{folders::AttemptFolder, identity::NodeIdentity, ledger::SignedClaim};

/// What does not change from one claim to the next.
pub struct Claimant {
    /// The node's key.
    pub identity: NodeIdentity,
    /// The provider account.
    pub provider: Address,
    /// The deployment.
    pub domain: [u8; 32],
    /// The hardware class.
    pub class_key: [u8; 32],
    /// Driver, engine and kernel.
    pub env_hash: [u8; 32],
    /// The devices.
    pub gpu_set_hash: [u8; 32],
    /// How many.
    pub gpu_count: u8,
    /// Stand-ins.
    pub simulated: bool,
}

/// Milliseconds the container ran, within what the job reserved.
fn ran_ms(ledgered: &Ledgered, max_seconds: u32) -> u64 {
    let exit = ledgered.exit;
    let ran = exit.finished_at_ms.saturating_sub(exit.started_at_ms).max(0).unsigned_abs();
    ran.min(u64::from(max_seconds).saturating_mul(1_000))
}

impl Claimant {
    /// The receipt of a run. `chain_now` is not after the instant at which the receipt will be submitted, so that the
    /// time claimed is never more than the program allows.
    pub fn receipt(
        &self,
        key: &AttemptKey,
        job: &Job,
        ledgered: &Ledgered,
        folder: &AttemptFolder,
        chain_now: i64,
    ) -> std::io::Result<SignedClaim> {
        let most = settlement::metered_ms_max(job.started_at, chain_now, job.max_seconds);
        let metered_ms = ran_ms(ledgered, job.max_seconds).min(most);
        let log = match fs::read(folder.log()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let receipt = Receipt {
            domain: Domain(self.domain),
            job: JobKey(key.job),
            attempt: key.attempt,
            nonce: job.nonce,
            provider: ProviderKey(self.provider.to_bytes()),
            node_key: NodeKey(self.identity.public()),
            image_digest: job.image_digest,
            spec_hash: job.spec_hash,
            input_root: job.input_root,
            output_root: ledgered.output_root,
            output_bytes: ledgered.output_bytes,
            output_files: ledgered.output_files,
            log_root: *blake3::hash(&log).as_bytes(),
            log_truncated: folder.log_truncated().exists(),
            exit_code: ledgered.exit.code,
            termination: ledgered.termination(),
            started_at: job.started_at,
            ended_at: chain_now,
            metered_ms,
            class_key: self.class_key,
            env_hash: self.env_hash,
            gpu_set_hash: self.gpu_set_hash,
            gpu_count: self.gpu_count,
            simulated: self.simulated,
            // The engine keeps no peak of a container that has ended.
            peak_memory_mib: 0,
            blind: rand::random(),
        };
        let bytes = receipt.encode();
        let core = receipt.core(sha256(&[&bytes]));
        Ok(SignedClaim::Receipt {
            bytes: bytes.to_vec(),
            signature: self.identity.sign(Kind::Receipt, &sha256(&[&core.encode()])).to_vec(),
            metered_ms,
            exit_code: ledgered.exit.code,
            termination: ledgered.termination,
        })
    }

    /// The claim of a re-execution.
    pub fn reexecution(
        &self,
        key: &AttemptKey,
        nonce: u64,
        round: u8,
        max_seconds: u32,
        ledgered: &Ledgered,
    ) -> SignedClaim {
        let blind: [u8; 32] = rand::random();
        let opening = opening(&ledgered.output_root, ledgered.exit.code, ledgered.termination(), &blind);
        let commitment = sha256(&[&opening]);
        let longest = u64::from(max_seconds)
            .saturating_mul(1_000)
            .saturating_mul(protocol_limits::REEXECUTION_FACTOR_MAX)
            .saturating_add(protocol_limits::REEXECUTION_ALLOWANCE_MS);
        let metered_ms = ran_ms(ledgered, max_seconds).min(longest);
        let claim = Reexecution {
            domain: Domain(self.domain),
            job: JobKey(key.job),
            attempt: key.attempt,
            round,
            nonce,
            provider: self.provider.to_bytes(),
            node_key: self.identity.public(),
            commitment,
            metered_ms,
        };
        SignedClaim::Reexecution {
            opening: opening.to_vec(),
            commitment,
            signature: self.identity.sign(Kind::Reexecution, &sha256(&[&claim.encode()])).to_vec(),
            metered_ms,
            round,
        }
    }
}

/// Bytes of an opening.
pub const OPENING_LEN: usize = 69;

/// `output_root 32 | exit code i32 LE | termination u8 | blind 32`: the committee checks it against the commitment.
pub fn opening(
    output_root: &[u8; 32],
    exit_code: i32,
    termination: Termination,
    blind: &[u8; 32],
) -> [u8; OPENING_LEN] {
    let mut out = [0; OPENING_LEN];
    out[..32].copy_from_slice(output_root);
    out[32..36].copy_from_slice(&exit_code.to_le_bytes());
    out[36] = termination as u8;
    out[37..].copy_from_slice(blind);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_provider_core::Exit;

    #[test]
    fn what_is_metered_never_exceeds_what_was_reserved() {
        let exit = Exit { code: 0, oom: false, started_at_ms: 1_000, finished_at_ms: 9_500, timed_out: false };
        let ledgered = Ledgered { exit, termination: 0, output_root: [0; 32], output_bytes: 0, output_files: 0 };
        assert_eq!(ran_ms(&ledgered, 60), 8_500);
        assert_eq!(ran_ms(&ledgered, 5), 5_000);
        let backwards = Ledgered { exit: Exit { finished_at_ms: 0, ..exit }, ..ledgered };
        assert_eq!(ran_ms(&backwards, 5), 0);
    }

    #[test]
    fn an_opening_has_the_documented_layout() {
        let bytes = opening(&[1; 32], -2, Termination::TimedOut, &[3; 32]);
        assert_eq!(bytes[..32], [1; 32]);
        assert_eq!(bytes[32..36], (-2i32).to_le_bytes());
        assert_eq!(bytes[36], 2);
        assert_eq!(bytes[37..], [3; 32]);
    }
}
