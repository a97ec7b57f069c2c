//! What peers may put and get. The rule is the data plane's; this supplies the facts, from the chain.

use std::{
    collections::HashMap,
    fs::Metadata,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Instant, SystemTime},
};

use proofmill_client::market::Job;
use proofmill_dataplane::{
    BeatChallenge, BlobKind, BlobName, Duplex, Handler, LogTail, Refusal, RefusalCode, ServiceName, SignedUsage, Sink,
    Source, Staged,
    access::{AccessFacts, Role as Part, Verb, may},
    hash_file,
};
use proofmill_protocol::{envelope::Kind, usage::UsageReport};
use proofmill_provider_core::{AttemptKey, Event, Role};
use solana_address::Address;

use crate::{
    chain_facts::{self, Judges},
    judged::{AttemptLife, Judged},
    ledger::SignedClaim,
    limits, services,
    steps::{Context, SpecRefusal, check_spec, lock, unpack_input},
};

/// By file and its time of writing: length and hash.
type KnownHashes = HashMap<(PathBuf, SystemTime), (u64, [u8; 32])>;

/// Decides about requests on the data plane.
pub struct Doorkeeper {
    context: Arc<Context>,
    /// Length and hash of files, by path and time of writing: another life of an attempt lies at the same path.
    hashes: Mutex<KnownHashes>,
}

fn internal(error: impl std::fmt::Display) -> Refusal {
    tracing::warn!(%error, "a request is refused for our own fault");
    Refusal::new(RefusalCode::Internal, "the node cannot answer now")
}

fn not_found() -> Refusal {
    Refusal::new(RefusalCode::NotFound, "there is no such blob here")
}

impl Doorkeeper {
    /// For a node.
    pub fn new(context: Arc<Context>) -> Doorkeeper {
        Doorkeeper { context, hashes: Mutex::default() }
    }

    /// The job a name is about. One that was matched a moment ago is read from the chain.
    async fn job(&self, name: &BlobName) -> Result<Job, Refusal> {
        let known = self.context.job(name.job).await.map_err(internal)?;
        match known {
            Some(job) if job.attempt == name.attempt => Ok(job),
            _ => Err(not_found()),
        }
    }

    /// A job matched to this provider. The tenant pushes as soon as its transaction is confirmed to it; our own view of
    /// the chain may be a moment behind.
    async fn matched_job(&self, name: &BlobName) -> Result<Job, Refusal> {
        let deadline = Instant::now() + limits::MATCH_PATIENCE;
        loop {
            let known = self.context.job(name.job).await.map_err(internal)?;
            if let Some(job) = known.filter(|job| job.attempt == name.attempt && job.provider == self.context.me()) {
                return Ok(job);
            }
            if Instant::now() >= deadline {
                return Err(Refusal::new(RefusalCode::NotAParty, "the job is not matched to this provider"));
            }
            tokio::time::sleep(limits::MATCH_LOOK_EVERY).await;
        }
    }

    /// The life in which this node remembers an attempt. A name does not say which is meant; one is held at a time.
    fn nonce(&self, name: &BlobName, role: Role) -> Option<u64> {
        let key = AttemptKey { job: name.job, attempt: name.attempt, role };
        lock(&self.context.attempts).get(&key).map(|record| record.nonce)
    }

    /// What an attempt of ours is served by: its job or, where that is gone or has moved on, a slash case on it.
    async fn judged(&self, name: &BlobName) -> Result<Judged, Refusal> {
        let account = Address::new_from_array(name.job);
        let held = self.nonce(name, Role::Run);
        let job = self.context.job(name.job).await.map_err(internal)?;
        // Only what is watched: a stranger's request reads no case.
        let case = |at: Address| lock(&self.context.cases).get(&at).copied();
        let judged = Judged::of_held(account, name.attempt, held, job.as_ref(), case);
        judged.filter(|judged| judged.provider == self.context.me()).ok_or_else(not_found)
    }

    async fn judges(&self, life: AttemptLife, peer: &[u8; 32]) -> Result<Judges, Refusal> {
        self.context.judges.of(&*self.context.chain, life, peer).await.map_err(internal)
    }

    /// Asks the rule.
    async fn permit(&self, judged: &Judged, peer: &[u8; 32], verb: Verb, name: &BlobName) -> Result<(), Refusal> {
        let settled_roles = judged.tenant_node_key == Some(*peer);
        let judges = if settled_roles { Judges::default() } else { self.judges(judged.life, peer).await? };
        let provider_node = self.context.claimant.identity.public();
        may(&judged.access_facts(provider_node, &judges), peer, verb, name.kind)
    }

    async fn file(&self, path: PathBuf) -> Result<Source, Refusal> {
        let file = path.metadata().ok().filter(Metadata::is_file).ok_or_else(not_found)?;
        let written = (path.clone(), file.modified().map_err(internal)?);
        let known = lock(&self.hashes).get(&written).copied();
        let (len, hash) = match known {
            Some(known) => known,
            None => {
                let measured = hash_file(&path).await.map_err(internal)?;
                let mut hashes = lock(&self.hashes);
                if hashes.len() >= limits::HASHES_REMEMBERED {
                    hashes.clear();
                }
                hashes.insert(written, measured);
                measured
            }
        };
        Ok(Source::File { path, len, hash })
    }

    /// Bytes of the ledger, served from a file of their own.
    async fn bytes(&self, path: PathBuf, bytes: &[u8]) -> Result<Source, Refusal> {
        if !path.is_file() {
            let partial = path.with_extension("writing");
            tokio::fs::write(&partial, bytes).await.map_err(internal)?;
            tokio::fs::rename(&partial, &path).await.map_err(internal)?;
        }
        let hash = *blake3::hash(bytes).as_bytes();
        Ok(Source::File { path, len: bytes.len() as u64, hash })
    }

    /// What this node claims as re-executor, for the committee alone.
    async fn opening(&self, peer: &[u8; 32], name: &BlobName) -> Result<Source, Refusal> {
        let key = AttemptKey { job: name.job, attempt: name.attempt, role: Role::Reexecute };
        let claim = self.context.ledger.claim(&key).map_err(internal)?;
        let Some(SignedClaim::Reexecution { opening, .. }) = claim else { return Err(not_found()) };
        let nonce = self.nonce(name, Role::Reexecute).ok_or_else(not_found)?;
        let judges = self.judges(AttemptLife::of_key(&key, nonce), peer).await?;
        let facts = AccessFacts {
            tenant: self.context.claimant.identity.public(),
            provider_node: self.context.claimant.identity.public(),
            committee: &judges.committee,
            re_executors: &judges.re_executors,
            started: true,
        };
        if facts.role_of(peer) != Some(Part::Committee) {
            return Err(Refusal::new(RefusalCode::NotAParty, "an opening is for the committee alone"));
        }
        self.bytes(self.context.folders.of(&key).spec().with_file_name("opening"), &opening).await
    }

    async fn take_spec(&self, job: &Job, name: &BlobName, staged: &Staged) -> Result<(), Refusal> {
        let key = AttemptKey { job: name.job, attempt: name.attempt, role: Role::Run };
        let bytes = tokio::fs::read(&staged.path).await.map_err(internal)?;
        match check_spec(&bytes, &job.spec_hash, &job.image_digest, &job.input_root) {
            Ok(_) => {}
            Err(refusal @ SpecRefusal::OtherSpec) => {
                return Err(Refusal::new(RefusalCode::HashMismatch, refusal.to_string()));
            }
            Err(SpecRefusal::Unrunnable(reason)) => {
                tracing::error!(job = %Address::new_from_array(name.job), reason, "the specification cannot be run");
                self.announce(job, name).await;
                self.context.tell(Event::Unrunnable(key)).await;
                return Err(Refusal::new(RefusalCode::BadRequest, reason));
            }
        }
        let path = self.context.folders.of(&key).spec();
        tokio::fs::rename(&staged.path, &path).await.map_err(internal)
    }

    async fn take_input(&self, job: &Job, name: &BlobName, staged: &Staged) -> Result<(), Refusal> {
        let key = AttemptKey { job: name.job, attempt: name.attempt, role: Role::Run };
        let folder = self.context.folders.of(&key);
        tokio::fs::rename(&staged.path, folder.input_bundle()).await.map_err(internal)?;
        let root = job.input_root;
        let unpacked = tokio::task::spawn_blocking(move || unpack_input(&folder, &root)).await.map_err(internal)?;
        unpacked.map_err(|error| Refusal::new(RefusalCode::HashMismatch, error.to_string()))
    }

    /// The push may come before the watcher has seen the match: the loop is told of the job first.
    async fn announce(&self, job: &Job, name: &BlobName) {
        let account = Address::new_from_array(name.job);
        if let Some(facts) = chain_facts::job_facts(&account, job, &self.context.me()) {
            self.context.tell(Event::JobSeen(facts)).await;
        }
    }
}

impl Handler for Doorkeeper {
    /// Says nothing but that the node lives, so that no fact about the peer is needed.
    async fn beat(&self, peer: [u8; 32], challenge: &BeatChallenge) -> Result<[u8; 64], Refusal> {
        let identity = &self.context.claimant.identity;
        Ok(identity.sign(Kind::Request, &challenge.digest(&peer, &identity.public())))
    }

    async fn open_get(&self, peer: [u8; 32], name: &BlobName, _offset: u64) -> Result<Source, Refusal> {
        let judged = match self.judged(name).await {
            Ok(judged) => judged,
            // Not ours, or no longer on chain: it may be one that we ran again.
            Err(refusal) if refusal.code == RefusalCode::NotFound && name.kind == BlobKind::Receipt => {
                return self.opening(&peer, name).await;
            }
            Err(refusal) => return Err(refusal),
        };
        self.permit(&judged, &peer, Verb::Get, name).await?;
        let key = AttemptKey { job: name.job, attempt: name.attempt, role: Role::Run };
        let folder = self.context.folders.of(&key);
        match name.kind {
            BlobKind::Spec => self.file(folder.spec()).await,
            BlobKind::Input => self.file(folder.input_bundle()).await,
            BlobKind::Output => self.file(folder.output_bundle()).await,
            BlobKind::Receipt => match self.context.ledger.claim(&key).map_err(internal)? {
                Some(SignedClaim::Receipt { bytes, .. }) => {
                    self.bytes(folder.spec().with_file_name("receipt"), &bytes).await
                }
                _ => Err(Refusal::new(RefusalCode::NotReady, "there is no receipt yet")),
            },
            BlobKind::Log => match self.context.logs.tail(&key) {
                Some(tail) => Ok(Source::Log(tail)),
                None if folder.log_ended().exists() => match self.file(folder.log()).await {
                    Ok(source) => Ok(source),
                    // A container that printed nothing and whose log the engine did not have.
                    Err(_) => Ok(Source::Log(LogTail::ended(folder.log(), 0))),
                },
                None => Err(Refusal::new(RefusalCode::NotReady, "the container has not started")),
            },
        }
    }

    async fn begin_put(&self, peer: [u8; 32], name: &BlobName, size: u64, _hash: [u8; 32]) -> Result<Sink, Refusal> {
        let job = self.matched_job(name).await?;
        self.permit(&Judged::of_job(Address::new_from_array(name.job), &job), &peer, Verb::Put, name).await?;
        if self.nonce(name, Role::Run).is_some_and(|nonce| nonce != job.nonce) {
            let reason = "what an earlier life of this job's address left here is still kept";
            return Err(Refusal::new(RefusalCode::Busy, reason));
        }
        let key = AttemptKey { job: name.job, attempt: name.attempt, role: Role::Run };
        let folder = self.context.folders.of(&key);
        let held = match name.kind {
            BlobKind::Spec => folder.spec().is_file(),
            BlobKind::Input => folder.input().is_dir(),
            BlobKind::Receipt | BlobKind::Output | BlobKind::Log => false,
        };
        if held {
            return Ok(Sink::AlreadyHeld);
        }
        let most = if name.kind == BlobKind::Spec { limits::SPEC_BYTES_MAX } else { limits::INPUT_BYTES_MAX };
        if size > most {
            return Err(Refusal::new(RefusalCode::TooLarge, format!("this node takes {most} bytes at most")));
        }
        folder.create().map_err(internal)?;
        Ok(Sink::StageIn(folder.staging()))
    }

    async fn finish_put(&self, _peer: [u8; 32], name: &BlobName, staged: Staged) -> Result<(), Refusal> {
        let job = self.job(name).await?;
        match name.kind {
            BlobKind::Spec => self.take_spec(&job, name, &staged).await?,
            BlobKind::Input => self.take_input(&job, name, &staged).await?,
            BlobKind::Receipt | BlobKind::Output | BlobKind::Log => return Err(not_found()),
        }
        let key = AttemptKey { job: name.job, attempt: name.attempt, role: Role::Run };
        if self.context.folders.of(&key).has_blobs() {
            self.announce(&job, name).await;
            self.context.tell(Event::BlobsReady(key)).await;
        }
        Ok(())
    }

    async fn open_tunnel(&self, peer: [u8; 32], service: &ServiceName, port: u16) -> Result<Box<dyn Duplex>, Refusal> {
        services::open_tunnel(&self.context, peer, service, port).await
    }

    async fn usage(&self, peer: [u8; 32], service: &ServiceName) -> Result<SignedUsage, Refusal> {
        services::usage(&self.context, peer, service).await
    }

    async fn cosigned(
        &self,
        peer: [u8; 32],
        service: &ServiceName,
        report: UsageReport,
        signature: [u8; 64],
    ) -> Result<(), Refusal> {
        services::cosigned(&self.context, peer, service, report, signature).await
    }
}
