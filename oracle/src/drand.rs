//! Rounds of the drand network over HTTP, from relays that nobody trusts: what they answer is bounded, parsed strictly and
//! verified under the key that the chain names before anything is made of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proofmill_client::arbiter::DrandConfig;
use proofmill_protocol::drand::{self, Curve as _, G1_LEN, host::Arkworks};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde::Deserialize;

use crate::limits::{DRAND_BYTES_MAX, DRAND_CONNECT_PATIENCE, DRAND_PATIENCE};

/// Why a round was not obtained.
#[derive(Debug, thiserror::Error)]
pub enum DrandError {
    /// The operator named no relay.
    #[error("round {round} of the drand network is needed and no relay is configured; set drand_urls")]
    NoRelay {
        /// The round.
        round: u64,
    },
    /// There is no HTTP client.
    #[error("cannot set up the HTTP client: {0}")]
    SetUpClient(#[source] reqwest::Error),
    /// Every relay was asked.
    #[error("no relay has round {round} of the drand network: {}", told(.failures))]
    AllFailed {
        /// The round.
        round: u64,
        /// Each relay with its failure, in the order in which they were asked.
        failures: Vec<(String, RelayError)>,
    },
}

/// What a relay did wrong. None of it says anything about the others.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// No connection, or it broke.
    #[error("not reached: {0}")]
    Reach(#[source] reqwest::Error),
    /// It took too long.
    #[error("no answer within {DRAND_PATIENCE:?}")]
    AnswerInTime,
    /// It does not have the round, or not yet.
    #[error("it has no such round yet")]
    NotPublished,
    /// Another status than success; redirections are not followed.
    #[error("it answers with status {0}")]
    Status(u16),
    /// More bytes than an answer has.
    #[error("its answer is longer than {DRAND_BYTES_MAX} bytes")]
    TooLong,
    /// No JSON of the known shape.
    #[error("its answer is no round: {0}")]
    Parse(#[source] serde_json::Error),
    /// Another round than asked for.
    #[error("it answers with round {found}")]
    AnotherRound {
        /// The round in the answer.
        found: u64,
    },
    /// The signature is no point of G1 in hexadecimal digits.
    #[error("its signature is not {G1_LEN} bytes in hexadecimal digits")]
    SignatureText,
    /// The signature does not verify under the chain's key.
    #[error("its signature does not verify: {0:?}")]
    Verify(drand::DrandError),
    /// The randomness is not the digest of the signature.
    #[error("its randomness is not the digest of its signature")]
    RandomnessDiffers,
    /// The thread that verifies ended badly.
    #[error("verifying ended badly: {0}")]
    AwaitVerification(#[source] tokio::task::JoinError),
}

fn told(failures: &[(String, RelayError)]) -> String {
    failures.iter().map(|(url, error)| format!("{url}: {error}")).collect::<Vec<_>>().join("; ")
}

/// The relays. Clones share which of them answered last.
#[derive(Clone)]
pub struct DrandNetwork {
    client: Client,
    urls: Arc<[String]>,
    /// The one to begin with.
    first: Arc<AtomicUsize>,
}

/// A round as relays publish it: version 1 (`/{chain}/public/{round}`) tells the randomness too, version 2
/// (`/v2/chains/{chain}/rounds/{round}`) does not.
#[derive(Deserialize)]
struct Published {
    round: u64,
    signature: String,
    randomness: Option<String>,
}

impl DrandNetwork {
    /// A network that is reached by these URLs: scheme, host, and no path of their own.
    ///
    /// # Errors
    /// [`DrandError::SetUpClient`].
    pub fn new(urls: &[String]) -> Result<Self, DrandError> {
        // What is configured is spoken to directly, and answers are taken as they come: no redirection leads elsewhere,
        // and nothing unpacks into more than it is.
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .connect_timeout(DRAND_CONNECT_PATIENCE)
            .timeout(DRAND_PATIENCE)
            .build()
            .map_err(DrandError::SetUpClient)?;
        let urls = urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        Ok(Self { client, urls, first: Arc::default() })
    }

    /// The signature of a round, verified under the key of `network`. Relays are asked in turn, beginning with the one
    /// that answered last.
    ///
    /// # Errors
    /// [`DrandError`]; all of these may pass.
    pub async fn fetch(&self, network: &DrandConfig, round: u64) -> Result<[u8; G1_LEN], DrandError> {
        if self.urls.is_empty() {
            return Err(DrandError::NoRelay { round });
        }
        let first = self.first.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for (at, url) in self.urls.iter().enumerate().cycle().skip(first).take(self.urls.len()) {
            let asked = tokio::time::timeout(DRAND_PATIENCE, self.ask(url, network, round));
            match asked.await.unwrap_or(Err(RelayError::AnswerInTime)) {
                Ok(signature) => {
                    self.first.store(at, Ordering::Relaxed);
                    return Ok(signature);
                }
                Err(error) => failures.push((url.clone(), error)),
            }
        }
        Err(DrandError::AllFailed { round, failures })
    }

    async fn ask(&self, url: &str, network: &DrandConfig, round: u64) -> Result<[u8; G1_LEN], RelayError> {
        let chain = hex::encode(network.chain_hash);
        let asked = [format!("{url}/v2/chains/{chain}/rounds/{round}"), format!("{url}/{chain}/public/{round}")];
        let mut last = RelayError::NotPublished;
        for address in asked {
            let response = self.client.get(address).send().await.map_err(broken)?;
            match response.status() {
                StatusCode::OK => return check(&bounded(response).await?, network.public_key, round).await,
                // A relay of the other version, or too early.
                StatusCode::NOT_FOUND | StatusCode::TOO_EARLY => {}
                status => last = RelayError::Status(status.as_u16()),
            }
        }
        Err(last)
    }
}

fn broken(error: reqwest::Error) -> RelayError {
    if error.is_timeout() { RelayError::AnswerInTime } else { RelayError::Reach(error) }
}

/// The body, if it is as short as a round is.
async fn bounded(mut response: Response) -> Result<Vec<u8>, RelayError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len().saturating_add(chunk.len()) > DRAND_BYTES_MAX {
            return Err(RelayError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn check(body: &[u8], public_key: [u8; 128], round: u64) -> Result<[u8; G1_LEN], RelayError> {
    let published: Published = serde_json::from_slice(body).map_err(RelayError::Parse)?;
    if published.round != round {
        return Err(RelayError::AnotherRound { found: published.round });
    }
    let mut signature = [0u8; G1_LEN];
    hex::decode_to_slice(&published.signature, &mut signature).map_err(|_| RelayError::SignatureText)?;
    // The chain computes it anew; a relay that says another is not to be believed in the rest either.
    if published.randomness.is_some_and(|said| said != hex::encode(Arkworks::sha256(&signature))) {
        return Err(RelayError::RandomnessDiffers);
    }
    let verifying = tokio::task::spawn_blocking(move || drand::verify::<Arkworks>(&public_key, round, &signature));
    verifying.await.map_err(RelayError::AwaitVerification)?.map_err(RelayError::Verify)?;
    Ok(signature)
}
