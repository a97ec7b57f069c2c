//! One seat in one round: gather evidence, judge, record, commit, reveal.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use proofmill_chain::{ChainError, Sender, TransactionRequest};
use proofmill_client::{
    address,
    arbiter::{self, ArbiterError},
    market,
};
use proofmill_dataplane::Node;
use proofmill_ledger::LedgerError;
use proofmill_oracle_core::{
    BallotError, BallotKey, CommitFacts, CommitStep, Decision, Evidence, JudgedJob, Judgement, OutputCheck,
    ReceiptBytes, Reexecution, RevealStep, RoundWindow, SeatCommitment, SeatReveal, cast, commitment, compose, face_of,
    judge, recorded,
};
use proofmill_protocol::{
    attestation::Attestation,
    ids::{Domain, JobKey, NodeKey, ProviderKey, ValidatorKey},
    limits::ROUNDS_MAX,
    quorum::{Phase, RoundOutcome},
    verdict::Opinion,
};
use solana_address::Address;
use tokio::time::Instant;

use crate::{
    evidence::{EvidenceError, Fetcher},
    exchange::{Exchange, commitment_body, gather, gather_commitments, reachable},
    identity::Identity,
    journal::Journal,
    limits::{ASK_AGAIN_EVERY, LOOK_EVERY, TOGETHER_PATIENCE},
    metrics::Metrics,
    mirror::{self, Mirror, ROUND_OPEN},
};

/// Why a seat stayed silent.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The answer could not be recorded, or the record could not be read.
    #[error("the opinion was not sent: {0}")]
    RecordOpinion(#[from] BallotError<LedgerError>),
    /// The thread that records ended badly.
    #[error("the opinion was not sent: recording it ended badly ({0}); look at the lines before this one")]
    AwaitRecord(#[from] tokio::task::JoinError),
    /// The seat committed to something that is not on record here.
    #[error(
        "this seat has committed to an opinion that is not on record here; run one daemon per validator and keep its \
         data directory"
    )]
    ForeignCommitment,
}

/// A seat in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Address of the round.
    pub round: Address,
    /// Life of the job that is judged.
    pub nonce: u64,
    /// Seat in the committee.
    pub seat: u8,
}

impl Seat {
    /// This validator's seat in a round, if it has one. `members` is the set of the round's epoch.
    pub fn find(address: &Address, round: &arbiter::Round, members: &[[u8; 32]], validator: &Address) -> Option<Self> {
        let seats = usize::from(round.seats).min(round.committee.len());
        let drawn = round.committee.iter().take(seats);
        let seat = drawn.enumerate().find_map(|(seat, member)| {
            let identity = members.get(usize::from(*member))?;
            (*identity == validator.to_bytes()).then_some(seat)
        })?;
        Some(Self { round: *address, nonce: round.nonce, seat: u8::try_from(seat).ok()? })
    }
}

/// What every seat needs.
#[derive(Clone)]
pub struct Bench {
    /// What the chain says.
    pub mirror: Arc<RwLock<Mirror>>,
    /// Fetches evidence.
    pub fetcher: Fetcher,
    /// Records opinions.
    pub journal: Journal,
    /// Sends commitments and reveals.
    pub sender: Sender,
    /// Serves this validator's reveals.
    pub exchange: Exchange,
    /// Asks peers for theirs.
    pub node: Node,
    /// Signs.
    pub identity: Arc<Identity>,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// What the mirror says about a seat.
struct Sight {
    round: arbiter::Round,
    first: Option<arbiter::Round>,
    /// What is judged.
    job: JudgedJob,
    now: i64,
}

/// What was obtained so far.
struct Dossier {
    receipt: ReceiptBytes,
    outputs: OutputCheck,
    openings: [Option<proofmill_oracle_core::Opening>; 2],
    said: Option<String>,
}

impl Bench {
    /// Holds the seat until the opinion is revealed on chain or the round takes none any more. `set` is the round's.
    pub async fn sit(self, seat: Seat, set: Arc<arbiter::ValidatorSet>) {
        self.metrics.seat(1);
        match self.hold(&seat, &set).await {
            Ok(()) => {}
            Err(error) => {
                self.metrics.attestation(false);
                tracing::error!(round = %seat.round, seat = seat.seat, %error, "a seat stays silent");
            }
        }
        self.metrics.seat(-1);
    }

    async fn hold(&self, seat: &Seat, set: &arbiter::ValidatorSet) -> Result<(), BenchError> {
        let Some((round, domain)) = self.first_look(seat).await else { return Ok(()) };
        let question = BallotKey {
            domain: Domain(domain),
            job: JobKey(round.job.to_bytes()),
            attempt: round.attempt,
            nonce: round.nonce,
            round: round.index,
        };
        let answer = match self.on_record(question).await? {
            // What is on record is said again, whatever is thought now.
            Some(answer) => {
                let (job, opinion) = (round.job.to_string(), answer.opinion.name());
                let reason = "an earlier opinion is on record and is sent again";
                tracing::info!(job, round = round.index, seat = seat.seat, opinion, reason, "opinion");
                answer
            }
            None if mirror::has_committed(&round, seat.seat) => return Err(BenchError::ForeignCommitment),
            None => match self.consider(seat).await? {
                Some(answer) => answer,
                None => return Ok(()),
            },
        };
        let sealed = commitment(&answer, &self.identity.salt(&question));
        let committed = self.commit(seat, &answer, sealed, set).await;
        if committed {
            let revealed = self.reveal(seat, &answer, sealed, set).await;
            self.exchange.withdraw(&seat.round, answer.attempt);
            self.metrics.attestation(revealed?);
        } else {
            self.exchange.withdraw(&seat.round, answer.attempt);
            self.metrics.attestation(false);
        }
        Ok(())
    }

    /// The round as soon as the mirror shows it; nothing, if it is over.
    async fn first_look(&self, seat: &Seat) -> Option<(arbiter::Round, [u8; 32])> {
        loop {
            {
                let mirror = self.mirror.read().ok()?;
                let round = mirror.round(&seat.round).filter(|round| round.nonce == seat.nonce);
                if let (Some(round), Some(config)) = (round, mirror.arbiter.as_ref()) {
                    return Some((*round, config.domain));
                }
                if mirror.complete() && round.is_none() {
                    return None;
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn on_record(&self, question: BallotKey) -> Result<Option<Attestation>, BenchError> {
        let journal = self.journal.clone();
        let me = ValidatorKey(self.identity.validator_address().to_bytes());
        Ok(tokio::task::spawn_blocking(move || recorded(&journal, &question, &me)).await??)
    }

    /// Gathers evidence until there is an opinion, and records it; nothing, if it comes too late.
    async fn consider(&self, seat: &Seat) -> Result<Option<Attestation>, BenchError> {
        let mut dossier = Dossier {
            receipt: ReceiptBytes::NotServed,
            outputs: OutputCheck::NotServed,
            openings: [None; 2],
            said: None,
        };
        let mut ask_at = Instant::now();
        loop {
            let Some(sight) = self.look(seat) else {
                tokio::time::sleep(LOOK_EVERY).await;
                if self.is_over(seat) {
                    tracing::info!(round = %seat.round, seat = seat.seat, "the round ended before this seat spoke");
                    return Ok(None);
                }
                continue;
            };
            let evidence = evidence(&sight, &dossier);
            match judge(&evidence) {
                Decision::Speak(judgement) => return self.record(seat, &sight, &judgement).await.map(Some),
                Decision::TooLate => {
                    tracing::warn!(round = %seat.round, seat = seat.seat, "too late to commit");
                    return Ok(None);
                }
                Decision::Wait(waiting) => {
                    let words = waiting.to_string();
                    if dossier.said.as_ref() != Some(&words) {
                        let job = sight.round.job.to_string();
                        tracing::info!(job, round = sight.round.index, seat = seat.seat, reason = words, "waits");
                        dossier.said = Some(words);
                    }
                }
            }
            if Instant::now() >= ask_at {
                let left = evidence.round.margin().saturating_sub(sight.now).max(1);
                let within = Duration::from_secs(u64::try_from(left).unwrap_or(1));
                if self.gather(seat, &sight, &evidence, &mut dossier, within).await {
                    // Something new: judge at once.
                    continue;
                }
                ask_at = Instant::now() + ASK_AGAIN_EVERY;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What the mirror says, if it says enough to judge.
    fn look(&self, seat: &Seat) -> Option<Sight> {
        let mirror = self.mirror.read().ok()?;
        let now = mirror.now()?;
        let round = *mirror.round(&seat.round)?;
        if round.nonce != seat.nonce || round.state != ROUND_OPEN {
            return None;
        }
        let domain = mirror.arbiter.as_ref()?.domain;
        let job = if round.index <= ROUNDS_MAX {
            let job = mirror.job(&round.job).filter(|job| {
                job.nonce == round.nonce && job.attempt == round.attempt && job.receipt_hash == round.receipt_hash
            });
            judged(domain, &round, job?)
        } else {
            judged_on_appeal(domain, &round, mirror.appealed_case(&round)?)
        };
        let first = (round.index == ROUNDS_MAX)
            .then(|| mirror.round(&address::round(&round.job, round.attempt, 1)).copied())
            .flatten()
            .filter(|first| first.nonce == round.nonce);
        if round.index == ROUNDS_MAX && first.is_none() {
            return None;
        }
        Some(Sight { round, first, job, now })
    }

    /// Whether no commitment is taken any more.
    fn is_over(&self, seat: &Seat) -> bool {
        let Ok(mirror) = self.mirror.read() else { return true };
        match mirror.round(&seat.round) {
            None => mirror.complete(),
            Some(round) => {
                let past = mirror.now().is_some_and(|now| now > round.commit_until);
                round.nonce != seat.nonce || round.state != ROUND_OPEN || past
            }
        }
    }

    /// Fetches the next thing that is missing; says whether something came.
    async fn gather(
        &self,
        seat: &Seat,
        sight: &Sight,
        evidence: &Evidence,
        dossier: &mut Dossier,
        within: Duration,
    ) -> bool {
        let (job, attempt) = (sight.round.job, sight.round.attempt);
        let mut came = false;
        if let ReceiptBytes::NotServed = dossier.receipt {
            match in_time(within, self.fetcher.receipt(sight.round.provider, job, attempt)).await {
                Ok(bytes) => {
                    dossier.receipt = ReceiptBytes::Served(bytes);
                    return true;
                }
                Err(error) => self.note(seat, "the receipt", &error),
            }
        }
        if let (ReceiptBytes::Served(bytes), OutputCheck::NotServed) = (&dossier.receipt, dossier.outputs)
            && let Ok(receipt) = face_of(bytes, &evidence.job)
            && receipt.output_root != [0; 32]
        {
            let (spec_hash, root) = (sight.job.spec_hash, receipt.output_root);
            let checking = self.fetcher.check_outputs(sight.round.provider, job, attempt, spec_hash, root);
            match in_time(within, checking).await {
                Ok(()) => {
                    dossier.outputs = OutputCheck::Verified;
                    came = true;
                }
                Err(error) => self.note(seat, "the outputs", &error),
            }
        }
        let second = sight.round.index == ROUNDS_MAX;
        let rounds = if second { [sight.first, Some(sight.round)] } else { [Some(sight.round), None] };
        for (opening, round) in dossier.openings.iter_mut().zip(rounds) {
            let Some(round) = round.filter(|round| round.reexecuted == 1) else { continue };
            if opening.is_some() {
                continue;
            }
            let fetching = self.fetcher.opening(round.executor, job, attempt, &round.commitment);
            match in_time(within, fetching).await {
                Ok(found) => {
                    *opening = Some(found);
                    came = true;
                }
                Err(error) => self.note(seat, "a re-executor's opening", &error),
            }
        }
        came
    }

    fn note(&self, seat: &Seat, what: &'static str, error: &EvidenceError) {
        self.metrics.evidence_failure();
        tracing::info!(round = %seat.round, seat = seat.seat, what, %error, "not obtained; asks again");
    }

    /// Records the opinion; what is on record already stands.
    async fn record(&self, seat: &Seat, sight: &Sight, judgement: &Judgement) -> Result<Attestation, BenchError> {
        let validator = self.identity.validator_address();
        let answer = Attestation {
            domain: sight.job.domain,
            job: JobKey(sight.round.job.to_bytes()),
            attempt: sight.round.attempt,
            round: sight.round.index,
            opinion: judgement.opinion,
            confirmed_executors: judgement.confirmed_executors,
            nonce: sight.round.nonce,
            epoch: sight.round.epoch,
            receipt_hash: sight.round.receipt_hash,
            output_root: judgement.output_root,
            validator: ValidatorKey(validator.to_bytes()),
        };
        let journal = self.journal.clone();
        let attestation = tokio::task::spawn_blocking(move || cast(&journal, &answer)).await??;
        let job = sight.round.job.to_string();
        let (round, opinion) = (sight.round.index, attestation.opinion.name());
        let reason = judgement.ground.to_string();
        let output_root = hex::encode(attestation.output_root);
        let confirmed = attestation.confirmed_executors;
        tracing::info!(job, round, seat = seat.seat, opinion, reason, output_root, confirmed, "opinion");
        self.metrics.opinion(opinion);
        Ok(attestation)
    }

    /// Brings the commitment on chain: by the first of its group, together with the others', or alone. `answer` is on
    /// record. Says whether the seat has committed, as far as is known.
    async fn commit(&self, seat: &Seat, answer: &Attestation, sealed: [u8; 32], set: &arbiter::ValidatorSet) -> bool {
        let body = commitment_body(answer, answer.validator.0, sealed);
        let signature = self.identity.sign_commitment(&body);
        let own = SeatCommitment { seat: seat.seat, commitment: sealed, signature };
        if let Err(error) = self.exchange.offer_commitment(&seat.round, answer.attempt, &own) {
            tracing::warn!(round = %seat.round, %error, "the commitment is not served to peers; check data_dir");
        }
        let mut ready_at = None;
        let mut gathered: BTreeMap<u8, SeatCommitment> = BTreeMap::new();
        loop {
            let Some((round, roster, now)) = self.reveal_sight(seat) else {
                if self.is_over(seat) {
                    tracing::warn!(round = %seat.round, seat = seat.seat, "the round ended before the commitment landed");
                    return false;
                }
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            let windows = mirror::reveal_facts(&round).windows;
            let facts = CommitFacts { windows, ready_at: *ready_at.get_or_insert(now) };
            // Who has gone alone meanwhile is not carried.
            gathered.retain(|other, _| !mirror::has_committed(&round, *other));
            let held = gathered.keys().fold(0, |seats, other| seats | bit(*other));
            match facts.step(seat.seat, held, now) {
                CommitStep::Done => {
                    tracing::info!(round = %seat.round, seat = seat.seat, "committed");
                    return true;
                }
                CommitStep::TooLate => {
                    tracing::warn!(round = %seat.round, seat = seat.seat, "the window ended before the commitment landed");
                    return false;
                }
                CommitStep::Wait => tokio::time::sleep(LOOK_EVERY).await,
                CommitStep::Gather => {
                    let asked = match roster {
                        Some(roster) => reachable(&round, set, &roster, facts.lacking(seat.seat) & !held, seat.seat),
                        None => Vec::new(),
                    };
                    if asked.is_empty() {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                    for found in gather_commitments(&self.node, seat.round, asked, answer).await {
                        gathered.insert(found.seat, found);
                    }
                }
                CommitStep::Post if gathered.is_empty() => return self.commit_alone(seat, answer, sealed).await,
                CommitStep::Post => {
                    // Once, and not for long: whatever spoils or delays the whole does not spoil the own one.
                    let posting = self.send_commitments(seat, answer, &own, &gathered);
                    if tokio::time::timeout(TOGETHER_PATIENCE, posting).await.unwrap_or(false) {
                        return true;
                    }
                    return self.commit_alone(seat, answer, sealed).await;
                }
                CommitStep::Alone => return self.commit_alone(seat, answer, sealed).await,
            }
        }
    }

    /// Posts what was gathered with the own commitment. Says whether all of it is on chain.
    async fn send_commitments(
        &self,
        seat: &Seat,
        answer: &Attestation,
        own: &SeatCommitment,
        gathered: &BTreeMap<u8, SeatCommitment>,
    ) -> bool {
        let mut together: BTreeMap<u8, SeatCommitment> = gathered.clone();
        together.insert(own.seat, *own);
        let seats = together.keys().fold(0u16, |seats, other| seats | bit(*other));
        let count = together.len();
        // In the order of their seats, as the program takes them.
        let commitments = together.into_values().map(|one| arbiter::SeatCommitment {
            seat: one.seat,
            commitment: one.commitment,
            signature: one.signature,
        });
        let instruction = arbiter::commit_attestations(
            arbiter::CommitAttestationsAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(answer.epoch),
                round: seat.round,
            },
            arbiter::CommitAttestationsArgs { commitments: commitments.collect() },
        );
        let key = format!("commits:{}:{}:{seats}", seat.round, seat.nonce);
        let request = TransactionRequest::new(self.identity.payer(), vec![instruction]);
        let round = seat.round.to_string();
        match self.sender.send(key.as_bytes(), request).await {
            Ok(confirmed) => {
                let signature = confirmed.signature.to_string();
                tracing::info!(round, seat = seat.seat, count, signature, slot = confirmed.slot, "commitments posted");
                true
            }
            Err(error) => {
                let advice = advice(&error);
                let refusal = error.custom_code().and_then(ArbiterError::from_code);
                tracing::info!(round, seat = seat.seat, count, ?refusal, %error, advice, "commitments not taken");
                false
            }
        }
    }

    /// Commits for this seat alone, until the chain has it or takes none any more. Says whether the seat has committed, as
    /// far as is known.
    async fn commit_alone(&self, seat: &Seat, answer: &Attestation, sealed: [u8; 32]) -> bool {
        let instruction = arbiter::commit_attestation(
            arbiter::CommitAttestationAccounts {
                delegate: self.identity.delegate_address(),
                validator_set: address::validator_set(answer.epoch),
                round: seat.round,
            },
            arbiter::CommitAttestationArgs { seat: seat.seat, commitment: sealed },
        );
        let key = format!("commit:{}:{}", seat.round, seat.nonce);
        let (round, seat_number) = (seat.round.to_string(), seat.seat);
        loop {
            if self.round(seat).is_some_and(|round| mirror::has_committed(&round, seat.seat)) {
                return true;
            }
            let request = TransactionRequest::new(self.identity.payer(), vec![instruction.clone()]);
            match self.sender.send(key.as_bytes(), request).await {
                Ok(confirmed) => {
                    let signature = confirmed.signature.to_string();
                    tracing::info!(round, seat = seat_number, signature, slot = confirmed.slot, "committed");
                    return true;
                }
                Err(error) => match error.custom_code().and_then(ArbiterError::from_code) {
                    Some(ArbiterError::AlreadyCommitted) => {
                        tracing::info!(round, seat = seat_number, "the commitment is on chain already");
                        return true;
                    }
                    Some(refusal) => {
                        tracing::warn!(round, seat = seat_number, ?refusal, "the commitment is refused");
                        return false;
                    }
                    None if self.is_over(seat) => {
                        tracing::warn!(round, seat = seat_number, %error, "the window ended before the commitment landed");
                        return false;
                    }
                    None => {
                        let advice = advice(&error);
                        tracing::warn!(round, seat = seat_number, %error, advice, "the commitment is sent again");
                        tokio::time::sleep(ASK_AGAIN_EVERY).await;
                    }
                },
            }
        }
    }

    fn round(&self, seat: &Seat) -> Option<arbiter::Round> {
        let mirror = self.mirror.read().ok()?;
        mirror.round(&seat.round).filter(|round| round.nonce == seat.nonce).copied()
    }

    /// Waits for the reveals to begin, serves the own one, and when the turn comes sends it with whatever peers serve.
    /// Says whether it is on chain.
    async fn reveal(
        &self,
        seat: &Seat,
        answer: &Attestation,
        sealed: [u8; 32],
        set: &arbiter::ValidatorSet,
    ) -> Result<bool, BenchError> {
        let own = SeatReveal {
            seat: seat.seat,
            opinion: answer.opinion,
            confirmed_executors: answer.confirmed_executors,
            output_root: answer.output_root,
            salt: self.identity.salt(&BallotKey::of(answer)),
            signature: self.identity.sign(answer),
        };
        let (mut offered, mut tries) = (false, 0u32);
        loop {
            let Some((round, roster, now)) = self.reveal_sight(seat) else {
                if self.round(seat).is_none() && self.mirror.read().is_ok_and(|mirror| mirror.complete()) {
                    tracing::warn!(round = %seat.round, seat = seat.seat, "the round is gone");
                    return Ok(false);
                }
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            let committed = mirror::has_committed(&round, seat.seat);
            if committed && round.seat_commitments.get(usize::from(seat.seat)) != Some(&sealed) {
                return Err(BenchError::ForeignCommitment);
            }
            let facts = mirror::reveal_facts(&round);
            let phase = facts.windows.phase(now);
            // Nothing is served or sent before every other seat is bound too.
            if phase == Phase::Revealing && committed && !offered {
                offered = true;
                if let Err(error) = self.exchange.offer(&seat.round, answer.attempt, &own) {
                    tracing::warn!(round = %seat.round, %error, "the reveal is not served to peers; check data_dir");
                }
            }
            match facts.step(seat.seat, now) {
                RevealStep::Done => {
                    tracing::info!(round = %seat.round, seat = seat.seat, "revealed");
                    return Ok(true);
                }
                // A commitment that landed last may not be seen yet.
                RevealStep::TooLate if phase == Phase::Over => {
                    tracing::warn!(round = %seat.round, seat = seat.seat, "the window ended before the reveal landed");
                    return Ok(false);
                }
                RevealStep::TooLate | RevealStep::Wait => tokio::time::sleep(LOOK_EVERY).await,
                RevealStep::Send => {
                    // What others serve is taken along twice; then the own one goes alone, whatever spoils the rest.
                    let others = match roster.filter(|_| tries < 2) {
                        Some(roster) => {
                            let asked = reachable(&round, set, &roster, facts.open(), seat.seat);
                            gather(&self.node, seat.round, asked, answer).await
                        }
                        None => Vec::new(),
                    };
                    let together = compose(&own, &others, facts.open());
                    let decides = tries == 0 && decides(&round, &together, now);
                    if !self.send_reveals(seat, answer, &round, &together, decides).await {
                        tries = tries.saturating_add(1);
                        tokio::time::sleep(ASK_AGAIN_EVERY).await;
                    }
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    fn reveal_sight(&self, seat: &Seat) -> Option<(arbiter::Round, Option<Arc<arbiter::Roster>>, i64)> {
        let mirror = self.mirror.read().ok()?;
        let round = *mirror.round(&seat.round).filter(|round| round.nonce == seat.nonce)?;
        Some((round, mirror.roster.clone(), mirror.now()?))
    }

    /// Sends reveals, and the verdict with them if they decide. Says whether it took effect.
    async fn send_reveals(
        &self,
        seat: &Seat,
        answer: &Attestation,
        round: &arbiter::Round,
        together: &[SeatReveal],
        decides: bool,
    ) -> bool {
        // One root is said for all who say valid.
        let root = together.iter().find(|reveal| reveal.opinion == Opinion::Valid).map(|reveal| reveal.output_root);
        let reveals = together.iter().map(|reveal| arbiter::Reveal {
            seat: reveal.seat,
            opinion: reveal.opinion as u8,
            confirmed_executors: reveal.confirmed_executors,
            salt: reveal.salt,
            signature: reveal.signature,
        });
        let mut instructions = vec![arbiter::reveal_attestations(
            arbiter::RevealAttestationsAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(answer.epoch),
                round: seat.round,
            },
            arbiter::RevealAttestationsArgs { output_root: root.unwrap_or_default(), reveals: reveals.collect() },
        )];
        if decides {
            let payer = self.identity.delegate_address();
            instructions.push(if round.index <= ROUNDS_MAX {
                arbiter::finalize_round(arbiter::FinalizeRoundAccounts {
                    payer,
                    round: seat.round,
                    first: (round.index > 1).then(|| address::round(&round.job, round.attempt, 1)),
                    verdict: address::verdict(&round.job, round.attempt),
                })
            } else {
                let slash_case = address::slash_case(&round.job, round.attempt, round.nonce);
                let verdict = address::appeal_verdict(&slash_case);
                let round = seat.round;
                arbiter::finalize_appeal(arbiter::FinalizeAppealAccounts { payer, slash_case, round, verdict })
            });
        }
        let seats = together.iter().fold(0u16, |seats, reveal| seats | bit(reveal.seat));
        let key = format!("reveal:{}:{}:{seats}:{decides}", seat.round, seat.nonce);
        let request = TransactionRequest::new(self.identity.payer(), instructions);
        let (round, count) = (seat.round.to_string(), together.len());
        match self.sender.send(key.as_bytes(), request).await {
            Ok(confirmed) => {
                let signature = confirmed.signature.to_string();
                tracing::info!(
                    round,
                    seat = seat.seat,
                    count,
                    decides,
                    signature,
                    slot = confirmed.slot,
                    "reveals sent"
                );
                true
            }
            Err(error) => {
                let advice = advice(&error);
                let refusal = error.custom_code().and_then(ArbiterError::from_code);
                tracing::info!(round, seat = seat.seat, count, decides, ?refusal, %error, advice, "reveals not taken");
                false
            }
        }
    }
}

/// Whether these reveals, counted after those on chain, decide the round.
fn decides(round: &arbiter::Round, reveals: &[SeatReveal], now: i64) -> bool {
    let (mut votes, rule) = (mirror::votes_of(round), mirror::rule_of(round));
    let mut valid = (votes.valid != 0).then_some((round.output_root, round.valid_confirms));
    let mut invalid = (votes.invalid != 0).then_some(round.invalid_confirms);
    for reveal in reveals {
        let diverges = match reveal.opinion {
            Opinion::Valid => {
                let said = (reveal.output_root, reveal.confirmed_executors);
                *valid.get_or_insert(said) != said
            }
            Opinion::Invalid => *invalid.get_or_insert(reveal.confirmed_executors) != reveal.confirmed_executors,
            Opinion::Unavailable | Opinion::Inconclusive => false,
        };
        if votes.record(reveal.seat, round.seats, reveal.opinion, diverges).is_none() {
            return false;
        }
    }
    let closed = mirror::reveal_facts(round).windows.closed(votes.spoken(), now);
    round.state == ROUND_OPEN && matches!(votes.outcome(rule, closed), RoundOutcome::Decided(_))
}

fn bit(seat: u8) -> u16 {
    1u16.checked_shl(seat.into()).unwrap_or(0)
}

fn advice(error: &ChainError) -> &'static str {
    match error {
        ChainError::Store(_) => "check the disk of data_dir",
        ChainError::Rejected { .. } => "check that the delegate can pay fees",
        _ => "check rpc_url if this goes on",
    }
}

async fn in_time<T>(
    within: Duration,
    work: impl Future<Output = Result<T, EvidenceError>>,
) -> Result<T, EvidenceError> {
    match tokio::time::timeout(within, work).await {
        Ok(result) => result,
        Err(_) => Err(EvidenceError::FinishInTime(within)),
    }
}

/// What a round judges, as the account of its job says it.
fn judged(domain: [u8; 32], round: &arbiter::Round, job: &market::Job) -> JudgedJob {
    JudgedJob {
        domain: Domain(domain),
        job: JobKey(round.job.to_bytes()),
        attempt: round.attempt,
        nonce: round.nonce,
        provider: ProviderKey(round.provider.to_bytes()),
        node_key: NodeKey(job.node_key),
        class_key: job.class_key,
        image_digest: job.image_digest,
        spec_hash: job.spec_hash,
        input_root: job.input_root,
        receipt_hash: round.receipt_hash,
        metered_ms: job.metered_ms,
        exit_code: job.exit_code,
        termination: job.termination,
        matched_at: job.matched_at,
        receipt_at: job.receipt_at,
    }
}

/// What an appeal's round judges: the same, as the slash case says it. The job may be gone.
fn judged_on_appeal(domain: [u8; 32], round: &arbiter::Round, case: &market::SlashCase) -> JudgedJob {
    JudgedJob {
        domain: Domain(domain),
        job: JobKey(round.job.to_bytes()),
        attempt: round.attempt,
        nonce: round.nonce,
        provider: ProviderKey(round.provider.to_bytes()),
        node_key: NodeKey(case.node_key),
        class_key: case.class_key,
        image_digest: case.image_digest,
        spec_hash: case.spec_hash,
        input_root: case.input_root,
        receipt_hash: round.receipt_hash,
        metered_ms: case.metered_ms,
        exit_code: case.exit_code,
        termination: case.termination,
        matched_at: case.matched_at,
        receipt_at: case.receipt_at,
    }
}

/// The evidence as it stands.
fn evidence(sight: &Sight, dossier: &Dossier) -> Evidence {
    let round = &sight.round;
    let [first_opening, second_opening] = dossier.openings;
    let reexecutions = if round.index == ROUNDS_MAX {
        [reexecution(sight.first.as_ref(), first_opening), reexecution(Some(round), second_opening)]
    } else {
        [reexecution(Some(round), first_opening), Reexecution::NotDrawn]
    };
    Evidence {
        job: sight.job,
        round: RoundWindow { index: round.index, opened_at: round.opened_at, commit_until: round.commit_until },
        receipt: dossier.receipt.clone(),
        outputs: dossier.outputs,
        reexecutions,
        now: sight.now,
    }
}

fn reexecution(round: Option<&arbiter::Round>, opening: Option<proofmill_oracle_core::Opening>) -> Reexecution {
    match (round, opening) {
        (None, _) => Reexecution::NotDrawn,
        (Some(round), _) if round.executor == Address::default() => Reexecution::NotDrawn,
        (Some(round), _) if round.reexecuted == 0 => Reexecution::NotSubmitted,
        (Some(_), Some(opening)) => Reexecution::Opened(opening),
        (Some(_), None) => Reexecution::Withheld,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict travels with the reveals that make it, and with no others.
    #[test]
    fn reveals_decide_when_they_are_the_last_that_are_needed() {
        let mut data = arbiter::Round::DISCRIMINATOR.to_vec();
        data.resize(arbiter::Round::LEN, 0);
        let mut round = arbiter::Round::decode(&data).unwrap();
        (round.index, round.state, round.seats, round.threshold, round.reveals_min) = (1, ROUND_OPEN, 5, 3, 4);
        (round.committed, round.commit_until, round.reveal_until) = (0b1_1111, 100, 130);
        let valid = |seat| SeatReveal {
            seat,
            opinion: Opinion::Valid,
            confirmed_executors: 1,
            output_root: [6; 32],
            salt: [0; 32],
            signature: [0; 64],
        };
        let all: Vec<SeatReveal> = (0..5).map(valid).collect();
        assert!(decides(&round, &all, 101));
        assert!(!decides(&round, &all[..4], 101), "the fifth may still come");
        let mut dissent = all.clone();
        dissent[2].opinion = Opinion::Inconclusive;
        assert!(!decides(&round, &dissent, 101));
        let mut other_root = all.clone();
        other_root[4].output_root = [7; 32];
        assert!(!decides(&round, &other_root, 101));
        round.votes_valid = 0b1;
        (round.output_root, round.valid_confirms) = ([6; 32], 1);
        assert!(decides(&round, &all[1..], 101));
        assert!(!decides(&round, &all, 101), "the first has spoken already");
        round.committed = 0b0_1111;
        assert!(decides(&round, &all[1..4], 101), "whoever did not commit is not waited for");
        round.state = 2;
        assert!(!decides(&round, &all[1..4], 101));
    }

    #[test]
    fn a_seat_is_the_place_in_the_committee_not_in_the_set() {
        let mut data = arbiter::Round::DISCRIMINATOR.to_vec();
        data.resize(arbiter::Round::LEN, 0);
        let mut round = arbiter::Round::decode(&data).unwrap();
        round.seats = 3;
        round.committee = [2, 0, 1, 3, 0, 0, 0, 0, 0];
        let members: Vec<[u8; 32]> = (1..=4u8).map(|n| [n; 32]).collect();
        let find = |n: u8| {
            Seat::find(&Address::default(), &round, &members, &Address::new_from_array([n; 32])).map(|seat| seat.seat)
        };
        assert_eq!(find(3), Some(0));
        assert_eq!(find(1), Some(1));
        assert_eq!(find(4), None, "drawn beyond the seats is not drawn");
        assert_eq!(find(9), None);
    }
}
