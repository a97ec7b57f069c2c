//! The audited path, whole: what re-executors and validators do while a job has a receipt and no verdict.
//!
//! Validators ask the decision core of the real oracle (`proofmill_oracle_core::judge`) what to say; re-executors and
//! judged providers serve it bytes, or do not. Should rounds work another way, this file and [`crate::cranks`] are what
//! changes.

use std::collections::BTreeMap;

use proofmill_client::{address, arbiter, market};
use proofmill_oracle_core::{
    Decision, Evidence, JudgedJob, Judgement, Opening, OutputCheck, ReceiptBytes, Reexecution, RoundWindow, judge,
    limits::REVEALS_PER_TRANSACTION,
};
use proofmill_protocol::{
    attestation::Attestation,
    attestation::Reexecution as ReexecutionClaim,
    ids::{Domain, JobKey, NodeKey, ProviderKey, ValidatorKey},
    quorum::{Phase, Windows},
    receipt::{RECEIPT_LEN, Receipt},
    sha256,
    verdict::Opinion,
};
use solana_account::ReadableAccount as _;
use solana_address::Address;

use crate::{
    breach::Breach,
    network::Role,
    play::Play,
    population::{Ballot, Temper},
};

/// `state` of a round that takes commitments and reveals.
const ROUND_OPEN: u8 = 1;

/// What judging rests on and the chain does not hold.
#[derive(Clone, Debug)]
pub struct Case {
    /// What an honest run gives.
    pub truth: [u8; 32],
    receipt: Option<Box<[u8; RECEIPT_LEN]>>,
    withheld: bool,
    /// Openings of the re-executions of round 1 and 2.
    openings: [Option<Vec<u8>>; 2],
    /// Who committed to what, by round and seat.
    committed: BTreeMap<(u8, u8), (usize, Attestation)>,
    pub rounds: [Address; 2],
    pub verdict: Address,
}

impl Case {
    pub fn new(job: &Address) -> Self {
        Self {
            truth: sha256(&[b"true output", job.as_ref()]),
            receipt: None,
            withheld: false,
            openings: [None, None],
            committed: BTreeMap::new(),
            rounds: [address::round(job, 1, 1), address::round(job, 1, 2)],
            verdict: address::verdict(job, 1),
        }
    }

    /// The judged provider serves its receipt and outputs, unless it withholds them.
    pub fn serve(&mut self, receipt: &[u8; RECEIPT_LEN], withheld: bool) {
        self.receipt = Some(Box::new(*receipt));
        self.withheld = withheld;
    }
}

impl Case {
    /// Whether the first round's re-execution found what an honest run gives.
    pub fn first_round_found_the_truth(&self) -> bool {
        self.openings[0].as_ref().is_some_and(|opening| opening.starts_with(&self.truth))
    }
}

/// Round 1 or 2 of a job, if it is there.
pub fn round(play: &Play, job: usize, index: usize) -> Option<arbiter::Round> {
    let account = play.net.world.svm.accounts_db().get_account_ref(&play.jobs[job].case.rounds[index - 1])?;
    (*account.owner() == arbiter::ID).then(|| arbiter::Round::decode(account.data()).ok()).flatten()
}

/// The verdict on a job, if it is there.
pub fn verdict(play: &Play, job: usize) -> Option<arbiter::Verdict> {
    let account = play.net.world.svm.accounts_db().get_account_ref(&play.jobs[job].case.verdict)?;
    (*account.owner() == arbiter::ID).then(|| arbiter::Verdict::decode(account.data()).ok()).flatten()
}

/// The windows of a round.
pub fn windows(round: &arbiter::Round) -> Windows {
    Windows {
        seats: round.seats,
        committed: round.committed,
        commit_until: round.commit_until,
        reveal_until: round.reveal_until,
    }
}

/// The round that is under way.
fn open_round(play: &Play, job: usize) -> Option<arbiter::Round> {
    let round = round(play, job, 2).or_else(|| round(play, job, 1))?;
    (round.state == ROUND_OPEN).then_some(round)
}

/// Whoever was drawn re-executes, a while after the round was opened.
///
/// # Errors
/// A broken law.
pub fn reexecute(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let Some(round) = open_round(play, job) else { return Ok(()) };
    let Some(executor) = play.people.provider_at(&round.executor) else { return Ok(()) };
    let temper = play.people.providers[executor].temper;
    let late = if temper == Temper::Slow { 45 } else { 0 };
    if round.reexecuted == 1
        || temper == Temper::Silent
        || play.now() < round.opened_at + late
        || windows(&round).phase(play.now()) != Phase::Committing
    {
        return Ok(());
    }
    let party = play.net.world.providers[executor].clone();
    let truth = play.jobs[job].case.truth;
    let root = if temper == Temper::Lying { sha256(&[b"invented", party.account.as_ref()]) } else { truth };
    let mut opening = root.to_vec();
    opening.extend_from_slice(&0i32.to_le_bytes());
    opening.push(0);
    opening.extend_from_slice(&sha256(&[b"executor's blind", party.account.as_ref(), &on_chain.nonce.to_le_bytes()]));
    let commitment = sha256(&[&opening]);
    let claim = ReexecutionClaim {
        domain: Domain(play.net.world.domain),
        job: JobKey(play.jobs[job].handle.address.to_bytes()),
        attempt: round.attempt,
        round: round.index,
        nonce: round.nonce,
        provider: party.account.to_bytes(),
        node_key: party.node_key(),
        commitment,
        metered_ms: on_chain.metered_ms,
    };
    let signature = party.sign_reexecution(&claim);
    let args = arbiter::ReexecutionArgs { commitment, metered_ms: claim.metered_ms, signature };
    let handle = play.jobs[job].handle;
    let submit = play.net.world.submit_reexecution_as(&handle, round.index, executor, args);
    if play.send(Role::Provider, Some((job, on_chain)), &[submit])?.is_ok() {
        play.jobs[job].case.openings[usize::from(round.index) - 1] = Some(opening);
    }
    Ok(())
}

fn reexecution(play: &Play, job: usize, index: usize) -> Reexecution {
    let Some(round) = round(play, job, index) else { return Reexecution::NotDrawn };
    if round.executor == Address::default() {
        return Reexecution::NotDrawn;
    }
    if round.reexecuted == 0 {
        return Reexecution::NotSubmitted;
    }
    let opened = play.jobs[job].case.openings[index - 1].as_ref();
    let opened = opened.and_then(|bytes| Opening::verify(bytes, &round.commitment).ok());
    opened.map_or(Reexecution::Withheld, Reexecution::Opened)
}

fn evidence(play: &Play, job: usize, on_chain: &market::Job, round: &arbiter::Round) -> Evidence {
    let case = &play.jobs[job].case;
    let served = case.receipt.as_ref().filter(|_| !case.withheld);
    Evidence {
        job: JudgedJob {
            domain: Domain(play.net.world.domain),
            job: JobKey(play.jobs[job].handle.address.to_bytes()),
            attempt: on_chain.attempt,
            nonce: on_chain.nonce,
            provider: ProviderKey(on_chain.provider.to_bytes()),
            node_key: NodeKey(on_chain.node_key),
            class_key: on_chain.class_key,
            image_digest: on_chain.image_digest,
            spec_hash: on_chain.spec_hash,
            input_root: on_chain.input_root,
            receipt_hash: on_chain.receipt_hash,
            metered_ms: on_chain.metered_ms,
            exit_code: on_chain.exit_code,
            termination: on_chain.termination,
            matched_at: on_chain.matched_at,
            receipt_at: on_chain.receipt_at,
        },
        round: RoundWindow { index: round.index, opened_at: round.opened_at, commit_until: round.commit_until },
        receipt: served.map_or(ReceiptBytes::NotServed, |bytes| ReceiptBytes::Served(bytes.to_vec())),
        outputs: if case.withheld { OutputCheck::NotServed } else { OutputCheck::Verified },
        reexecutions: [reexecution(play, job, 1), reexecution(play, job, 2)],
        now: play.now(),
    }
}

/// While seats commit, every validator in the committee that has an opinion commits to it; then those that did reveal,
/// several in one transaction.
///
/// # Errors
/// A broken law.
pub fn attest(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let Some(round) = open_round(play, job) else { return Ok(()) };
    match windows(&round).phase(play.now()) {
        Phase::Committing => commit(play, job, on_chain, &round),
        Phase::Revealing => reveal(play, job, on_chain, &round),
        Phase::Over => Ok(()),
    }
}

fn commit(play: &mut Play, job: usize, on_chain: &market::Job, round: &arbiter::Round) -> Result<(), Breach> {
    let honest = match judge(&evidence(play, job, on_chain, round)) {
        Decision::Speak(judgement) => Some(judgement),
        Decision::Wait(_) | Decision::TooLate => None,
    };
    let claimed = play.jobs[job].case.receipt.as_ref().and_then(|bytes| Receipt::decode(&bytes[..]).ok());
    for seat in 0..round.seats {
        if round.committed & (1 << seat) != 0 {
            continue;
        }
        let member = usize::from(round.committee[usize::from(seat)]);
        let (opinion, output_root, confirmed_executors) = match play.people.ballots[member] {
            Ballot::Honest => match &honest {
                Some(Judgement { opinion, output_root, confirmed_executors, .. }) => {
                    (*opinion, *output_root, *confirmed_executors)
                }
                None => continue,
            },
            // Lazy ones guess what the others will say of an honest job, once the re-execution is in.
            Ballot::Lazy if round.reexecuted == 1 => {
                (Opinion::Valid, claimed.map_or([0; 32], |receipt| receipt.output_root), 1 << (round.index - 1))
            }
            Ballot::Dissenting => (Opinion::Invalid, [0; 32], 0),
            Ballot::Lazy | Ballot::Silent => continue,
        };
        let validator = play.net.world.validators[member].clone();
        let body = Attestation {
            domain: Domain(play.net.world.domain),
            job: JobKey(play.jobs[job].handle.address.to_bytes()),
            attempt: round.attempt,
            round: round.index,
            opinion,
            confirmed_executors,
            nonce: round.nonce,
            epoch: round.epoch,
            receipt_hash: round.receipt_hash,
            output_root,
            validator: ValidatorKey(validator.identity.to_bytes()),
        };
        let handle = play.jobs[job].handle;
        let commitment = validator.commitment(&body);
        let commit = play.net.world.commit_as(&handle, round.index, validator.delegate, seat, commitment);
        if play.send(Role::Validator, Some((job, on_chain)), &[commit])?.is_ok() {
            play.jobs[job].case.committed.insert((round.index, seat), (member, body));
        }
    }
    Ok(())
}

/// Whoever's turn it is sends all reveals for one output root together: those that stand for another send their own.
fn reveal(play: &mut Play, job: usize, on_chain: &market::Job, round: &arbiter::Round) -> Result<(), Breach> {
    let spoken = round.votes_valid
        | round.votes_invalid
        | round.votes_unavailable
        | round.votes_inconclusive
        | round.votes_divergent;
    let mut by_root: BTreeMap<[u8; 32], Vec<arbiter::Reveal>> = BTreeMap::new();
    let mut sender = None;
    for (&(index, seat), (member, body)) in &play.jobs[job].case.committed {
        if index != round.index || spoken & (1 << seat) != 0 {
            continue;
        }
        let validator = &play.net.world.validators[*member];
        sender.get_or_insert(validator.identity);
        let reveal = arbiter::Reveal {
            seat,
            opinion: body.opinion as u8,
            confirmed_executors: body.confirmed_executors,
            salt: validator.salt(body),
            signature: validator.sign_attestation(body),
        };
        by_root.entry(body.output_root).or_default().push(reveal);
    }
    let Some(sender) = sender else { return Ok(()) };
    play.net.world.crank = sender;
    for (output_root, reveals) in by_root {
        for together in reveals.chunks(REVEALS_PER_TRANSACTION) {
            let instruction = arbiter::reveal_attestations(
                arbiter::RevealAttestationsAccounts {
                    config: address::arbiter_config(),
                    validator_set: address::validator_set(round.epoch),
                    round: play.jobs[job].case.rounds[usize::from(round.index) - 1],
                },
                arbiter::RevealAttestationsArgs { output_root, reveals: together.to_vec() },
            );
            let _ = play.send(Role::Validator, Some((job, on_chain)), &[instruction])?;
        }
    }
    Ok(())
}
