//! Fetches what provider and re-executors serve, within bounds, and checks it against what the chain commits to.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use proofmill_artifacts::BundleError;
use proofmill_chain::{Chain, ChainError};
use proofmill_client::{DecodeError, arbiter, market};
use proofmill_dataplane::{BlobKind, BlobName, DataError, Node, Peer, PeerAddr};
use proofmill_jobspec::{JobSpec, SpecError};
use proofmill_oracle_core::{Opening, OpeningError};
use solana_address::Address;
use tokio::sync::Semaphore;

use crate::limits::{OUTPUT_BYTES_MAX, RECEIPT_BYTES_MAX};

/// Why something was not obtained. All of these may pass.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The provider's account cannot be read.
    #[error("the provider's account cannot be read: {0}")]
    ReadProvider(#[from] ChainError),
    /// There is no such account.
    #[error("{0} is no provider account")]
    FindProvider(Address),
    /// It is of another version.
    #[error("the provider's account cannot be decoded: {0}")]
    DecodeProvider(#[from] DecodeError),
    /// The provider announces no socket.
    #[error("the provider announces no socket to dial")]
    DialProvider,
    /// The transfer failed or was refused.
    #[error("the {kind} was not served: {source}")]
    Fetch {
        /// What was asked for.
        kind: BlobKind,
        /// What happened.
        source: DataError,
    },
    /// The specification served is none.
    #[error("the specification served is none: {0}")]
    ParseSpec(#[from] SpecError),
    /// The specification served is another one.
    #[error("the specification served is not the one the chain names")]
    MatchSpec,
    /// The outputs served are not those of the receipt.
    #[error("the outputs served are not those of the receipt: {0}")]
    VerifyOutputs(#[from] BundleError),
    /// The opening served is not one of the claim.
    #[error(transparent)]
    VerifyOpening(#[from] OpeningError),
    /// A local file cannot be used.
    #[error("cannot use {}: {source}; check the disk", path.display())]
    UseScratch {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It took too long.
    #[error("not finished within {0:?}")]
    FinishInTime(Duration),
}

/// Fetches. Clones share connections' bounds.
#[derive(Clone)]
pub struct Fetcher {
    chain: Arc<dyn Chain>,
    node: Node,
    downloads: Arc<Semaphore>,
    scratch: PathBuf,
}

/// Where a provider is dialled, as it announces itself.
pub fn peer_addr(provider: &market::Provider) -> Option<PeerAddr> {
    let ip = Ipv6Addr::from(provider.endpoint_ip);
    let ip = ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4);
    if provider.endpoint_port == 0 || ip.is_unspecified() || ip.is_multicast() {
        return None;
    }
    Some(PeerAddr { key: provider.node_key, addr: SocketAddr::new(ip, provider.endpoint_port) })
}

impl Fetcher {
    /// A fetcher that keeps downloads in `scratch` while they are checked.
    pub fn new(chain: Arc<dyn Chain>, node: Node, scratch: PathBuf, downloads: usize) -> Self {
        Self { chain, node, downloads: Arc::new(Semaphore::new(downloads)), scratch }
    }

    /// Reads a provider's account.
    ///
    /// # Errors
    /// It cannot be read, does not exist or cannot be decoded.
    pub async fn provider(&self, address: Address) -> Result<market::Provider, EvidenceError> {
        let account = self.chain.account(address).await?.filter(|account| account.owner == market::ID);
        let account = account.ok_or(EvidenceError::FindProvider(address))?;
        Ok(market::Provider::decode(&account.data)?)
    }

    /// The data of one of the arbiter's accounts.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn account(&self, address: Address) -> Result<Option<Vec<u8>>, EvidenceError> {
        let account = self.chain.account(address).await?.filter(|account| account.owner == arbiter::ID);
        Ok(account.map(|account| account.data))
    }

    async fn dial(&self, provider: Address) -> Result<Peer, EvidenceError> {
        // Read anew each time: a node that moved announces its new socket on chain.
        let account = self.provider(provider).await?;
        let addr = peer_addr(&account).ok_or(EvidenceError::DialProvider)?;
        let kind = BlobKind::Receipt;
        self.node.connect(addr).await.map_err(|source| EvidenceError::Fetch { kind, source })
    }

    /// The receipt's bytes, as the judged provider serves them.
    ///
    /// # Errors
    /// They are not served.
    pub async fn receipt(&self, provider: Address, job: Address, attempt: u16) -> Result<Vec<u8>, EvidenceError> {
        let peer = self.dial(provider).await?;
        bytes(&peer, job, attempt, BlobKind::Receipt, RECEIPT_BYTES_MAX).await
    }

    /// A re-executor's opening of `commitment`, which it serves under the name of its receipt.
    ///
    /// # Errors
    /// It is not served, or is no opening of the commitment.
    pub async fn opening(
        &self,
        executor: Address,
        job: Address,
        attempt: u16,
        commitment: &[u8; 32],
    ) -> Result<Opening, EvidenceError> {
        let peer = self.dial(executor).await?;
        let served = bytes(&peer, job, attempt, BlobKind::Receipt, RECEIPT_BYTES_MAX).await?;
        Ok(Opening::verify(&served, commitment)?)
    }

    /// Downloads the outputs and checks that they have `root`, within what the specification allows. Nothing is kept.
    ///
    /// # Errors
    /// They are not served, or are others.
    pub async fn check_outputs(
        &self,
        provider: Address,
        job: Address,
        attempt: u16,
        spec_hash: [u8; 32],
        root: [u8; 32],
    ) -> Result<(), EvidenceError> {
        let peer = self.dial(provider).await?;
        let document = bytes(&peer, job, attempt, BlobKind::Spec, self.node.limits().max_spec_bytes).await?;
        let spec = JobSpec::parse(&document)?;
        if spec.hash() != spec_hash {
            return Err(EvidenceError::MatchSpec);
        }
        let limits = proofmill_artifacts::Limits {
            max_bytes: spec.outputs.max_bytes.min(OUTPUT_BYTES_MAX),
            max_files: spec.outputs.max_files,
            ..proofmill_artifacts::Limits::default()
        };
        // The semaphore is never closed; were it, nothing more would be downloaded.
        let Ok(_permit) = self.downloads.acquire().await else { return Err(EvidenceError::DialProvider) };
        let folder = Scratch::create(&self.scratch, &job, attempt)?;
        let bundle = folder.path.join("bundle");
        let most = limits.max_bytes.saturating_add(manifest_bytes_max(&limits));
        let name = BlobName { job: job.to_bytes(), attempt, kind: BlobKind::Output };
        let kind = BlobKind::Output;
        peer.get(&name, &bundle, most, |_, _| {}).await.map_err(|source| EvidenceError::Fetch { kind, source })?;
        let checked = tokio::task::spawn_blocking(move || {
            let at = folder.path.join("files");
            let file = std::fs::File::open(&bundle)
                .map_err(|source| EvidenceError::UseScratch { path: bundle.clone(), source })?;
            proofmill_artifacts::read_bundle(std::io::BufReader::new(file), &at, &root, limits)?;
            // Removes the download.
            drop(folder);
            Ok(())
        });
        match checked.await {
            Ok(result) => result,
            Err(error) => {
                Err(EvidenceError::UseScratch { path: self.scratch.clone(), source: std::io::Error::other(error) })
            }
        }
    }
}

/// What a bundle holds beside the contents: its head, and for each file a record and a path.
fn manifest_bytes_max(limits: &proofmill_artifacts::Limits) -> u64 {
    const HEAD: u64 = 64;
    const RECORD: u64 = 64;
    u64::from(limits.max_files)
        .saturating_mul(RECORD + u64::from(limits.max_path_bytes))
        .min(u64::from(proofmill_artifacts::limits::MANIFEST_BYTES_MAX))
        .saturating_add(HEAD)
}

async fn bytes(peer: &Peer, job: Address, attempt: u16, kind: BlobKind, most: u64) -> Result<Vec<u8>, EvidenceError> {
    let name = BlobName { job: job.to_bytes(), attempt, kind };
    peer.get_bytes(&name, most).await.map_err(|source| EvidenceError::Fetch { kind, source })
}

/// A folder of its own that goes away with its owner, also when a download is given up.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn create(parent: &std::path::Path, job: &Address, attempt: u16) -> Result<Self, EvidenceError> {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = parent.join(format!("{job}-{attempt}-{number}"));
        std::fs::create_dir_all(&path).map_err(|source| EvidenceError::UseScratch { path: path.clone(), source })?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a download could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(ip: [u8; 16], port: u16) -> market::Provider {
        let mut data = market::Provider::DISCRIMINATOR.to_vec();
        data.resize(market::Provider::LEN, 0);
        let mut provider = market::Provider::decode(&data).unwrap();
        (provider.endpoint_ip, provider.endpoint_port) = (ip, port);
        provider
    }

    #[test]
    fn a_mapped_address_is_dialled_as_ipv4_and_no_address_is_not_dialled() {
        let mapped = std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
        assert_eq!(peer_addr(&provider(mapped, 9)).unwrap().addr, "127.0.0.1:9".parse().unwrap());
        assert_eq!(peer_addr(&provider(Ipv6Addr::LOCALHOST.octets(), 9)).unwrap().addr, "[::1]:9".parse().unwrap());
        assert!(peer_addr(&provider(mapped, 0)).is_none());
        assert!(peer_addr(&provider([0; 16], 9)).is_none());
    }
}
