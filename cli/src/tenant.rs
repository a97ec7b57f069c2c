//! A tenant's side of a job: post, deliver, wait, fetch, check.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use ed25519_dalek::{Signer, SigningKey};
use proofmill_artifacts::{Limits, Manifest, read_bundle, scan, write_bundle};
use proofmill_client::{
    address::{self, Coin},
    compose::{self, Emptying, Take},
    market,
    service::{self, CLAIMED_SLA, usage_message},
};
use proofmill_dataplane::{BlobKind, BlobName, Node, NodeConfig, Peer, PeerAddr, public_key_of};
use proofmill_jobspec::{ImageDigest, JobSpec};
use proofmill_protocol::{
    amount,
    job::{JobState, Outcome},
    settlement,
    usage::UsageReport,
};
use serde::Serialize;
use solana_address::Address;
use solana_instruction::Instruction;
use tempfile::TempDir;

use crate::{
    commands::market_views,
    error::CliError,
    limits,
    market_book::{MarketBook, job_terms},
    output::Output,
    session::Session,
};

/// Bounds of a folder given as input.
pub fn input_limits() -> Limits {
    Limits { max_bytes: limits::INPUT_BYTES_MAX, max_files: limits::INPUT_FILES_MAX, ..Limits::default() }
}

/// A job ready to be posted: specification, input, and where they lie until delivered.
pub struct Prepared {
    pub spec: JobSpec,
    pub manifest: Manifest,
    bundle: PathBuf,
    _staging: TempDir,
}

impl Prepared {
    /// Reads, checks and packs; nothing is signed.
    pub fn new(spec: JobSpec, input: Option<&Path>) -> Result<Self> {
        let staging = TempDir::new().context("a temporary folder")?;
        let empty = staging.path().join("empty");
        std::fs::create_dir(&empty).context("a temporary folder")?;
        let input = input.unwrap_or(&empty);
        let manifest = scan(input, input_limits()).with_context(|| format!("the input {}", input.display()))?;
        if !spec.accepts_input(manifest.root().as_bytes()) {
            return Err(CliError::OtherInput {
                asked: spec.inputs.root.map_or_else(String::new, |root| hex::encode(root.0)),
                found: hex::encode(manifest.root().as_bytes()),
            }
            .into());
        }
        let bundle = staging.path().join("input.bundle");
        let file = std::fs::File::create(&bundle).context("packing the input")?;
        write_bundle(input, &manifest, std::io::BufWriter::new(file)).context("packing the input")?;
        Ok(Self { spec, manifest, bundle, _staging: staging })
    }
}

/// How a job finds its provider.
#[derive(Clone, Copy, Debug)]
pub enum Matching {
    /// Take this standing offer in the posting transaction.
    Offer { offer: Address, provider: Address, owner: Address, price_per_second: u64 },
    /// Ask for bids.
    Auction { seconds: u32, price_ceiling: u64 },
}

impl Matching {
    /// Most atoms per second: the document's ceiling if it names one, else the offer's price.
    pub fn ceiling(&self, spec: &JobSpec) -> u64 {
        match (self, spec.price_ceiling_per_second) {
            (Self::Auction { price_ceiling, .. }, _) => *price_ceiling,
            (Self::Offer { price_per_second, .. }, 0) => *price_per_second,
            (Self::Offer { .. }, ceiling) => ceiling,
        }
    }

    /// Escrow = ceiling x reserved seconds; what is not used comes back.
    pub fn escrow(&self, spec: &JobSpec) -> Result<u64> {
        let escrow = amount::escrow(self.ceiling(spec), spec.max_seconds);
        Ok(escrow.map_err(|_| CliError::Overflow("price x max_seconds"))?)
    }
}

/// The cheapest standing offer that fits, or the one asked for, by the program's own rule.
pub async fn find_offer(session: &Session, spec: &JobSpec, asked: Option<Address>) -> Result<Matching> {
    let book = MarketBook::read(session, session.payment_mint()?).await?;
    let found = book.cheapest(spec, asked)?;
    Ok(Matching::Offer {
        offer: found.offer_address,
        provider: found.offer.provider,
        owner: found.provider.owner,
        price_per_second: found.offer.price_per_second,
    })
}

/// A posted job.
#[derive(Clone, Copy, Debug)]
pub struct Posted {
    pub job: Address,
}

/// Builds the posting transaction's instructions: post, and take the offer if there is one. The terms are the
/// document's.
pub fn instructions(
    tenant: Address,
    coin: Coin,
    index: u64,
    prepared: &Prepared,
    matching: &Matching,
    tenant_node_key: [u8; 32],
) -> (Address, Vec<Instruction>) {
    let terms = market::JobTerms {
        index,
        input_root: *prepared.manifest.root().as_bytes(),
        tenant_node_key,
        price_ceiling_per_second: matching.ceiling(&prepared.spec),
        auction_seconds: match matching {
            Matching::Offer { .. } => 0,
            Matching::Auction { seconds, .. } => *seconds,
        },
        ..job_terms(&prepared.spec)
    };
    let take = match *matching {
        Matching::Offer { offer, provider, owner, .. } => Some(Take { offer, provider, owner }),
        Matching::Auction { .. } => None,
    };
    compose::post_and_take(tenant, coin, terms, take)
}

/// A tenant at work: its session and its place on the data plane.
pub struct Tenant {
    pub session: Session,
    node: Node,
    /// Signs usage.
    node_key: SigningKey,
}

impl Tenant {
    /// The node key is derived from the wallet's secret, for this purpose only.
    pub async fn open(session: Session) -> Result<Self> {
        let secret = *session.keypair()?.secret_bytes();
        let node_secret = proofmill_protocol::sha256(&[b"proofmill tenant node key v1", &secret]);
        let any: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 0));
        let node = Node::bind(NodeConfig::offline(node_secret, any)).await.context("opening the data plane")?;
        debug_assert_eq!(node.public_key(), public_key_of(&node_secret));
        Ok(Self { session, node, node_key: SigningKey::from_bytes(&node_secret) })
    }

    /// Signs a report of usage. Whoever calls has asked [`proofmill_client::service::Attendance::judge`].
    pub fn sign_usage(&self, report: &UsageReport) -> [u8; 64] {
        self.node_key.sign(&usage_message(report)).to_bytes()
    }

    pub fn node_key(&self) -> [u8; 32] {
        self.node.public_key()
    }

    /// Signs and sends the posting transaction.
    pub async fn post(&self, prepared: &Prepared, matching: &Matching) -> Result<Posted> {
        // Microseconds since 1970: never repeated by one tenant in practice, and the program refuses a repetition.
        let index = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as u64);
        let (tenant, coin) = (self.session.address()?, self.session.coin(self.session.payment_mint()?).await?);
        let (job, all) = instructions(tenant, coin, index, prepared, matching, self.node_key());
        self.session.send(&all).await.context("posting the job")?;
        Ok(Posted { job })
    }

    /// Takes an offer for a job that opened again after its attempts by `failed` came to nothing.
    pub async fn take_again(&self, key: &Address, job: &market::Job, spec: &JobSpec, failed: &[Address]) -> Result<()> {
        let book = MarketBook::read(&self.session, job.mint).await?;
        // Its ceiling is fixed since it was posted.
        let fixed = JobSpec { price_ceiling_per_second: job.price_ceiling_per_second, ..spec.clone() };
        let found = book.cheapest_but(&fixed, failed)?;
        let instruction = market::match_job(market::MatchJobAccounts {
            tenant: self.session.address()?,
            config: address::market_config(),
            job: *key,
            mint_rule: address::mint_rule(&job.mint),
            offer: found.offer_address,
            provider: found.offer.provider,
            stake: address::stake(&found.provider.owner),
        });
        self.session.send(&[instruction]).await.context("taking another offer")?;
        Ok(())
    }

    pub async fn job(&self, job: &Address) -> Result<market::Job> {
        self.session.fetch("job", job, market::Job::decode).await
    }

    /// The job, unless it is closed.
    pub async fn find_job(&self, job: &Address) -> Result<Option<market::Job>> {
        self.session.find("job", job, market::Job::decode).await
    }

    /// Waits until `done` says so of the job, or the job is over: settled unchallenged and closed at once.
    pub async fn wait(
        &self,
        key: &Address,
        within: Duration,
        done: impl Fn(&market::Job) -> bool,
    ) -> Result<market::Job> {
        let started = Instant::now();
        let mut last = None;
        loop {
            let job = match (self.find_job(key).await?, last) {
                (Some(job), _) => job,
                (None, Some(last)) => return ended(key, last),
                (None, None) => return Err(missing(key)),
            };
            if done(&job) {
                return Ok(job);
            }
            last = Some(job);
            if started.elapsed() > within {
                return Err(CliError::JobStuck {
                    job: *key,
                    seconds: within.as_secs(),
                    state: market_views::state_name(job.state).to_owned(),
                }
                .into());
            }
            tokio::time::sleep(limits::POLL).await;
        }
    }

    /// A connection to the job's provider.
    pub async fn dial(&self, job: &market::Job) -> Result<Peer> {
        let provider = self.session.fetch("provider", &job.provider, market::Provider::decode).await?;
        let addr =
            SocketAddr::new(IpAddr::V6(Ipv6Addr::from(provider.endpoint_ip)).to_canonical(), provider.endpoint_port);
        self.node
            // Under the key of the match, not a later one.
            .connect(PeerAddr { key: if job.node_key == [0; 32] { provider.node_key } else { job.node_key }, addr })
            .await
            .with_context(|| format!("connecting to the provider at {addr}"))
    }

    /// Hands specification and input to the matched provider, again if it was not ready.
    pub async fn deliver(&self, key: &Address, prepared: &Prepared, output: &Output) -> Result<()> {
        let started = Instant::now();
        loop {
            let job = self.job(key).await?;
            let state = JobState::from_code(job.state);
            if state != Some(JobState::Matched) {
                return Ok(());
            }
            match self.deliver_once(key, &job, prepared, output).await {
                Ok(()) => return Ok(()),
                Err(error) if started.elapsed() > limits::DELIVER_WITHIN => return Err(error),
                Err(_) => tokio::time::sleep(limits::POLL).await,
            }
        }
    }

    async fn deliver_once(&self, key: &Address, job: &market::Job, prepared: &Prepared, output: &Output) -> Result<()> {
        let peer = self.dial(job).await?;
        let name = |kind| BlobName { job: key.to_bytes(), attempt: job.attempt, kind };
        peer.put_bytes(&name(BlobKind::Spec), &prepared.spec.canonical_json())
            .await
            .context("delivering the specification")?;
        let bar = output.bar("input", prepared.manifest.total_bytes());
        let input = name(BlobKind::Input);
        let sent = peer.put(&input, &prepared.bundle, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        });
        sent.await.context("delivering the input")?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Copies the job's log to `sink` until it ends.
    pub async fn logs(&self, key: &Address, sink: impl FnMut(&[u8]) + Send) -> Result<()> {
        let job = self.job(key).await?;
        let peer = self.dial(&job).await?;
        let name = BlobName { job: key.to_bytes(), attempt: job.attempt, kind: BlobKind::Log };
        peer.follow_log(&name, 0, limits::LOG_BYTES_MAX, sink).await.context("following the log")?;
        Ok(())
    }

    /// Fetches the output and checks it against the root that the verdict stands for.
    pub async fn fetch_result(
        &self,
        key: &Address,
        job: &market::Job,
        dest: &Path,
        output: &Output,
    ) -> Result<Manifest> {
        let peer = self.dial(job).await?;
        let name = BlobName { job: key.to_bytes(), attempt: job.attempt, kind: BlobKind::Output };
        let staging = TempDir::new().context("a temporary folder")?;
        let bundle = staging.path().join("output.bundle");
        let bar = output.bar("output", 0);
        let fetched = peer.get(&name, &bundle, limits::INPUT_BYTES_MAX, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        });
        fetched.await.context("fetching the output")?;
        bar.finish_and_clear();
        let file = std::fs::File::open(&bundle).context("opening the fetched output")?;
        let expected = job.output_root;
        read_bundle(std::io::BufReader::new(file), dest, &expected, input_limits())
            .with_context(|| format!("unpacking the output into {}", dest.display()))
    }

    /// Collects the refund if there is one; the reward is the provider's to push, the fee anyone's.
    pub async fn claim_refund(&self, key: &Address, job: &market::Job) -> Result<()> {
        if job.refunded == 0 || job.claimed & 2 != 0 {
            return Ok(());
        }
        let sent = self.session.send(&[tenant_side(key, job).claim_refund()]).await;
        if let Err(error) = sent {
            // Anyone may push it, another command of the same tenant too: whoever was quicker did what was to be done.
            let taken = self.find_job(key).await?.is_none_or(|job| job.claimed & 2 != 0);
            return if taken { Ok(()) } else { Err(error).context("claiming the refund") };
        }
        Ok(())
    }

    /// What collects the bond that is due for missed availability; nothing if none is. The tenant's account for stake
    /// tokens is made if it has none.
    async fn claim_sla(&self, key: &Address, job: &market::Job) -> Result<Vec<Instruction>> {
        if job.sla_due == 0 || job.claimed & CLAIMED_SLA != 0 {
            return Ok(Vec::new());
        }
        let provider = self.session.fetch("provider", &job.provider, market::Provider::decode).await?;
        let stake = self.session.fetch("stake", &address::stake(&provider.owner), market::Stake::decode).await?;
        let coin = Coin::of_stake(&stake);
        let open = spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent(
            &self.session.address()?,
            &job.tenant,
            &coin.mint,
            &coin.token_program,
        );
        Ok(vec![open, service::claim_sla(*key, job, &provider.owner, coin)])
    }

    /// Settles a service whose end is due: it was stopped, silent or dry for long enough. Another may be quicker.
    pub async fn settle_service(&self, key: &Address, job: &market::Job) -> Result<()> {
        let Some(after) = service::settles_after(job).filter(|_| job.kind == service::KIND_SERVICE) else {
            return Ok(());
        };
        if self.session.now().await? <= after {
            return Ok(());
        }
        let provider = self.session.fetch("provider", &job.provider, market::Provider::decode).await?;
        let expire = market::expire_job(market::ExpireJobAccounts {
            job: *key,
            provider: Some(job.provider),
            stake: Some(address::stake(&provider.owner)),
            config: None,
            verdict: None,
            round: None,
        });
        let Err(error) = self.session.send(&[expire]).await else { return Ok(()) };
        let settled = self.find_job(key).await?.is_none_or(|job| job.state == JobState::Settled as u8);
        if settled { Ok(()) } else { Err(error).context("settling the service") }
    }

    /// Collects what is left of the refund and closes the job: every lamport comes back. Another command of the same
    /// tenant, or a crank, may be doing the same: whatever they were quicker with is left out and the rest sent again.
    pub async fn close(&self, key: &Address, job: &market::Job) -> Result<()> {
        let mut seen = Some(*job);
        // One refusal each for the bond, the refund and the closing are all that somebody quicker can cause.
        for last in [false, false, false, true] {
            let Some(job) = &seen else { return Ok(()) };
            let emptying = tenant_side(key, job);
            let refund = job.refunded > 0 && job.claimed & 2 == 0;
            let mut all = self.claim_sla(key, job).await?;
            all.extend(refund.then(|| emptying.claim_refund()));
            all.push(emptying.close());
            let Err(error) = self.session.send(&all).await else { return Ok(()) };
            let claimed = job.claimed;
            seen = self.find_job(key).await?;
            let changed = seen.as_ref().is_none_or(|job| job.claimed != claimed);
            if last || !changed {
                return Err(error).context("closing the job");
            }
        }
        Ok(())
    }
}

/// A job as its tenant ends it: neither the provider's part nor the fee is touched.
fn tenant_side<'a>(key: &Address, job: &'a market::Job) -> Emptying<'a> {
    Emptying { address: *key, job, provider_owner: Address::default(), treasury: Address::default() }
}

fn missing(key: &Address) -> anyhow::Error {
    CliError::Missing { what: "job", address: *key }.into()
}

/// How a job ended that is no longer there. Only what nobody challenged is settled and closed in one transaction, and
/// its parts follow from what was submitted.
fn ended(key: &Address, last: market::Job) -> Result<market::Job> {
    if last.state != JobState::Submitted as u8 {
        return Err(missing(key));
    }
    let outcome = Outcome::Unchallenged;
    let parts = settlement::settle(outcome, last.escrowed, last.price_per_second, last.metered_ms, last.fee_bps)
        .map_err(|_| CliError::Overflow("the settled parts"))?;
    Ok(market::Job {
        state: JobState::Settled as u8,
        outcome: outcome as u8,
        paid: parts.paid,
        refunded: parts.refunded,
        fee: parts.fee,
        // Closed: nothing is owed any more.
        claimed: 0b111,
        ..last
    })
}

/// What a tenant is shown before anything is signed.
#[derive(Serialize)]
pub struct Estimate {
    pub escrow_atoms: u64,
    /// What escrow is made at, atoms per second; what the offer asks comes next.
    pub ceiling_per_second: u64,
    pub price_per_second: u64,
    pub max_seconds: u32,
    pub fee_bps: u16,
    pub input_bytes: u64,
    pub input_files: usize,
    pub spec_hash: String,
    pub input_root: String,
    pub matched_by: &'static str,
    pub provider: Option<String>,
}

impl Estimate {
    pub async fn new(session: &Session, prepared: &Prepared, matching: &Matching) -> Result<Self> {
        let config = session.fetch("market configuration", &address::market_config(), market::Config::decode).await?;
        let (price_per_second, matched_by, provider) = match matching {
            Matching::Offer { price_per_second, provider, .. } => {
                (*price_per_second, "instant", Some(provider.to_string()))
            }
            Matching::Auction { price_ceiling, .. } => (*price_ceiling, "auction", None),
        };
        Ok(Self {
            escrow_atoms: matching.escrow(&prepared.spec)?,
            ceiling_per_second: matching.ceiling(&prepared.spec),
            price_per_second,
            max_seconds: prepared.spec.max_seconds,
            fee_bps: config.fee_bps,
            input_bytes: prepared.manifest.total_bytes(),
            input_files: prepared.manifest.entries().len(),
            spec_hash: hex::encode(prepared.spec.hash()),
            input_root: hex::encode(prepared.manifest.root().as_bytes()),
            matched_by,
            provider,
        })
    }
}

/// The digest of an image by name: `sha256:...`, or a tag that the local engine knows.
pub async fn image(name: &str) -> Result<ImageDigest> {
    if let Ok(digest) = name.parse() {
        return Ok(digest);
    }
    let docker = bollard::Docker::connect_with_local_defaults().context("connecting to the container engine")?;
    let inspected = docker.inspect_image(name).await.map_err(|_| CliError::UnknownImage { tag: name.to_owned() })?;
    let id = inspected.id.unwrap_or_default();
    id.parse().map_err(|_| CliError::UnknownImage { tag: name.to_owned() }.into())
}
