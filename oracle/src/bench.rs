//! One seat in one round: gather evidence, judge, record, sign, send.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use proofmill_chain::{ChainError, Sender, TransactionRequest};
use proofmill_client::{
    address,
    arbiter::{self, ArbiterError, AttestationArgs, SubmitAttestationAccounts, SubmitAttestationArgs},
    market,
};
use proofmill_ledger::LedgerError;
use proofmill_oracle_core::{
    BallotError, Decision, Evidence, JudgedJob, Judgement, OutputCheck, ReceiptBytes, Reexecution, RoundWindow, cast,
    face_of, judge,
};
use proofmill_protocol::{
    attestation::Attestation,
    ids::{Domain, JobKey, NodeKey, ProviderKey, ValidatorKey},
};
use solana_address::Address;
use tokio::time::Instant;

use crate::{
    evidence::{EvidenceError, Fetcher},
    identity::Identity,
    journal::Journal,
    limits::{ASK_AGAIN_EVERY, LOOK_EVERY},
    metrics::Metrics,
    mirror::{Mirror, ROUND_OPEN},
};

/// Why a seat stayed silent.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The answer could not be recorded.
    #[error("the opinion was not sent: {0}")]
    RecordOpinion(#[from] BallotError<LedgerError>),
    /// The thread that records ended badly.
    #[error("the opinion was not sent: recording it ended badly ({0}); look at the lines before this one")]
    AwaitRecord(#[from] tokio::task::JoinError),
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
    /// Sends attestations.
    pub sender: Sender,
    /// Signs.
    pub identity: Arc<Identity>,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// What the mirror says about a seat.
struct Sight {
    round: arbiter::Round,
    first: Option<arbiter::Round>,
    job: market::Job,
    domain: [u8; 32],
    now: i64,
}

/// What was obtained so far.
struct Dossier {
    provider: Option<market::Provider>,
    receipt: ReceiptBytes,
    outputs: OutputCheck,
    openings: [Option<proofmill_oracle_core::Opening>; 2],
    said: Option<String>,
}

impl Bench {
    /// Holds the seat until the opinion is on chain or the round takes none any more.
    pub async fn sit(self, seat: Seat) {
        self.metrics.seat(1);
        match self.hold(&seat).await {
            Ok(()) => {}
            Err(error) => {
                self.metrics.attestation(false);
                tracing::error!(round = %seat.round, seat = seat.seat, %error, "a seat stays silent");
            }
        }
        self.metrics.seat(-1);
    }

    async fn hold(&self, seat: &Seat) -> Result<(), BenchError> {
        let mut dossier = Dossier {
            provider: None,
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
                    return Ok(());
                }
                continue;
            };
            if dossier.provider.is_none() {
                match self.fetcher.provider(sight.round.provider).await {
                    Ok(provider) => dossier.provider = Some(provider),
                    Err(error) => self.note(seat, "the judged provider", &error),
                }
            }
            if let Some(evidence) = evidence(&sight, &dossier) {
                match judge(&evidence) {
                    Decision::Speak(judgement) => return self.speak(seat, &sight, &judgement).await,
                    Decision::TooLate => {
                        tracing::warn!(round = %seat.round, seat = seat.seat, "too late to attest");
                        return Ok(());
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
        let job = *mirror.job(&round.job)?;
        if job.nonce != round.nonce || job.attempt != round.attempt || job.receipt_hash != round.receipt_hash {
            return None;
        }
        let first = (round.index > 1)
            .then(|| mirror.round(&address::round(&round.job, round.attempt, 1)).copied())
            .flatten()
            .filter(|first| first.nonce == round.nonce);
        if round.index > 1 && first.is_none() {
            return None;
        }
        Some(Sight { round, first, job, domain: mirror.arbiter.as_ref()?.domain, now })
    }

    fn is_over(&self, seat: &Seat) -> bool {
        let Ok(mirror) = self.mirror.read() else { return true };
        match mirror.round(&seat.round) {
            None => mirror.complete(),
            Some(round) => {
                let past = mirror.now().is_some_and(|now| now > round.attest_until);
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
        let rounds = if sight.round.index <= 1 { [Some(sight.round), None] } else { [sight.first, Some(sight.round)] };
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

    /// Records, then signs, then sends, until the chain has it or takes none any more.
    async fn speak(&self, seat: &Seat, sight: &Sight, judgement: &Judgement) -> Result<(), BenchError> {
        let validator = self.identity.validator_address();
        let answer = Attestation {
            domain: Domain(sight.domain),
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
        if attestation == answer {
            let reason = judgement.ground.to_string();
            let output_root = hex::encode(attestation.output_root);
            let confirmed = attestation.confirmed_executors;
            tracing::info!(job, round, seat = seat.seat, opinion, reason, output_root, confirmed, "opinion");
        } else {
            let reason = "an earlier opinion is on record and is sent again";
            tracing::info!(job, round, seat = seat.seat, opinion, reason, "opinion");
        }
        self.metrics.opinion(opinion);
        self.submit(seat, &attestation).await;
        Ok(())
    }

    async fn submit(&self, seat: &Seat, attestation: &Attestation) {
        let instruction = arbiter::submit_attestation(
            SubmitAttestationAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(attestation.epoch),
                round: seat.round,
            },
            SubmitAttestationArgs {
                args: AttestationArgs {
                    seat: seat.seat,
                    opinion: attestation.opinion as u8,
                    confirmed_executors: attestation.confirmed_executors,
                    output_root: attestation.output_root,
                    signature: self.identity.sign(attestation),
                },
            },
        );
        let key = format!("attest:{}:{}", seat.round, seat.nonce);
        let (round, seat_number) = (seat.round.to_string(), seat.seat);
        loop {
            let request = TransactionRequest::new(self.identity.payer(), vec![instruction.clone()]);
            match self.sender.send(key.as_bytes(), request).await {
                Ok(confirmed) => {
                    let signature = confirmed.signature.to_string();
                    tracing::info!(round, seat = seat_number, signature, slot = confirmed.slot, "attested");
                    return self.metrics.attestation(true);
                }
                Err(error) => match error.custom_code().and_then(ArbiterError::from_code) {
                    Some(ArbiterError::AlreadyAttested) => {
                        tracing::info!(round, seat = seat_number, "the attestation is on chain already");
                        return self.metrics.attestation(true);
                    }
                    Some(refusal) => {
                        tracing::warn!(round, seat = seat_number, ?refusal, "the attestation is refused");
                        return self.metrics.attestation(false);
                    }
                    None if self.is_over(seat) => {
                        tracing::warn!(round, seat = seat_number, %error, "the round ended before the attestation landed");
                        return self.metrics.attestation(false);
                    }
                    None => {
                        let advice = advice(&error);
                        tracing::warn!(round, seat = seat_number, %error, advice, "the attestation is sent again");
                        tokio::time::sleep(ASK_AGAIN_EVERY).await;
                    }
                },
            }
        }
    }
}

fn advice(error: &ChainError) -> &'static str {
    match error {
        ChainError::Store(_) => "check the disk of data_dir",
        ChainError::Rejected { .. } => "check that the validator's account can pay fees",
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

/// The evidence as it stands; `None` before the judged provider's account was read.
fn evidence(sight: &Sight, dossier: &Dossier) -> Option<Evidence> {
    let provider = dossier.provider.as_ref()?;
    let (round, job) = (&sight.round, &sight.job);
    let [first_opening, second_opening] = dossier.openings;
    let reexecutions = if round.index <= 1 {
        [reexecution(Some(round), first_opening), Reexecution::NotDrawn]
    } else {
        [reexecution(sight.first.as_ref(), first_opening), reexecution(Some(round), second_opening)]
    };
    Some(Evidence {
        job: JudgedJob {
            domain: Domain(sight.domain),
            job: JobKey(round.job.to_bytes()),
            attempt: round.attempt,
            nonce: round.nonce,
            provider: ProviderKey(round.provider.to_bytes()),
            node_key: NodeKey(provider.node_key),
            class_key: provider.class_key,
            image_digest: job.image_digest,
            spec_hash: job.spec_hash,
            input_root: job.input_root,
            receipt_hash: round.receipt_hash,
            metered_ms: job.metered_ms,
            exit_code: job.exit_code,
            termination: job.termination,
            matched_at: job.matched_at,
            receipt_at: job.receipt_at,
        },
        round: RoundWindow { index: round.index, opened_at: round.opened_at, attest_until: round.attest_until },
        receipt: dossier.receipt.clone(),
        outputs: dossier.outputs,
        reexecutions,
        now: sight.now,
    })
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
