//! The opinion, or what to wait for.

use std::fmt;

use proofmill_protocol::{
    Key,
    limits::{APPEAL_ROUND, ROUNDS_MAX},
    receipt::{Receipt, ReceiptError},
    sha256,
    verdict::Opinion,
};

use crate::{
    evidence::{Evidence, JudgedJob, Opening, OutputCheck, ReceiptBytes, Reexecution},
    limits::CLOCK_SLACK_SECONDS,
};

/// Bit of the first round's re-executor.
const FIRST: u8 = 1;
/// Bit of the second round's re-executor.
const SECOND: u8 = 2;

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Say this.
    Speak(Judgement),
    /// Something may still come.
    Wait(Waiting),
    /// The round takes no commitments any more.
    TooLate,
}

/// An opinion with its ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The opinion.
    pub opinion: Opinion,
    /// The root found right; zero unless valid.
    pub output_root: Key,
    /// Bits of the re-executors whose result is confirmed.
    pub confirmed_executors: u8,
    /// Why.
    pub ground: Ground,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The judged provider's receipt.
    Receipt,
    /// Its outputs.
    Outputs,
    /// A re-execution of this round (1 or 2) on chain.
    Reexecution(u8),
    /// The opening of that re-execution.
    Opening(u8),
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receipt => f.write_str("the provider has not served the receipt yet"),
            Self::Outputs => f.write_str("the provider has not served the outputs the receipt names yet"),
            Self::Reexecution(round) => write!(f, "the re-executor of round {round} has not submitted yet"),
            Self::Opening(round) => write!(f, "the re-executor of round {round} has not served its opening yet"),
        }
    }
}

/// Why an opinion is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The receipt contradicts the chain or itself.
    FalseOnItsFace(Mismatch),
    /// The receipt was not served in time.
    ReceiptWithheld,
    /// The outputs were not served in time.
    OutputsWithheld,
    /// A re-execution found what the receipt says.
    Reproduced {
        /// Round of the re-execution.
        round: u8,
    },
    /// Both re-executions agree with one another and not with the receipt.
    Contradicted,
    /// On appeal: a further re-execution differs from the receipt too.
    ContradictedAgain,
    /// One re-execution differs from the receipt: who lies?
    OneAgainstOne,
    /// The re-executions differ from one another.
    ReexecutionsDisagree,
    /// Nobody could be drawn to re-execute.
    NoReexecutor,
    /// The re-executor did not submit, or did not open what it submitted, in time.
    ReexecutionMissing {
        /// Its round.
        round: u8,
    },
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FalseOnItsFace(mismatch) => write!(f, "the receipt is false on its face: {mismatch}"),
            Self::ReceiptWithheld => f.write_str("the provider did not serve the receipt in time"),
            Self::OutputsWithheld => f.write_str("the provider did not serve the outputs the receipt names in time"),
            Self::Reproduced { round } => write!(f, "the re-execution of round {round} found what the receipt says"),
            Self::Contradicted => {
                f.write_str("two independent re-executions agree with one another and not with the receipt")
            }
            Self::ContradictedAgain => f.write_str("the re-execution of the appeal differs from the receipt too"),
            Self::OneAgainstOne => {
                f.write_str("one re-execution differs from the receipt; one against one proves nothing")
            }
            Self::ReexecutionsDisagree => {
                f.write_str("the two re-executions differ from one another and from the receipt")
            }
            Self::NoReexecutor => f.write_str("nobody of the class could be drawn to re-execute"),
            Self::ReexecutionMissing { round } => {
                write!(f, "the re-executor of round {round} did not submit or did not open its result in time")
            }
        }
    }
}

/// What a receipt contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The bytes served do not hash to what is on chain.
    Hash,
    /// The bytes are no receipt.
    Layout(ReceiptError),
    /// The deployment.
    Domain,
    /// The job.
    Job,
    /// The attempt.
    Attempt,
    /// The life of the job's address.
    Nonce,
    /// The provider.
    Provider,
    /// The node key.
    NodeKey,
    /// The class.
    ClassKey,
    /// The image.
    ImageDigest,
    /// The specification.
    SpecHash,
    /// The inputs.
    InputRoot,
    /// The time claimed on chain.
    MeteredMs,
    /// The exit code claimed on chain.
    ExitCode,
    /// The termination claimed on chain.
    Termination,
    /// It ended before it started.
    EndsBeforeStart,
    /// It started before the provider was bound.
    StartsTooEarly,
    /// It ended after the receipt was submitted.
    EndsTooLate,
    /// More time is metered than passed between start and end.
    MeteredTooLong,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = |f: &mut fmt::Formatter<'_>, what: &str| write!(f, "it names another {what} than the chain");
        match self {
            Self::Hash => f.write_str("the bytes served do not hash to the receipt on chain"),
            Self::Layout(error) => write!(f, "the bytes are no receipt ({error:?})"),
            Self::Domain => other(f, "deployment"),
            Self::Job => other(f, "job"),
            Self::Attempt => other(f, "attempt"),
            Self::Nonce => other(f, "life of the job"),
            Self::Provider => other(f, "provider"),
            Self::NodeKey => other(f, "node key"),
            Self::ClassKey => other(f, "class"),
            Self::ImageDigest => other(f, "image"),
            Self::SpecHash => other(f, "specification"),
            Self::InputRoot => other(f, "input"),
            Self::MeteredMs => other(f, "metered time"),
            Self::ExitCode => other(f, "exit code"),
            Self::Termination => other(f, "termination"),
            Self::EndsBeforeStart => f.write_str("the run ends before it starts"),
            Self::StartsTooEarly => f.write_str("the run starts before the provider was bound"),
            Self::EndsTooLate => f.write_str("the run ends after the receipt was submitted"),
            Self::MeteredTooLong => f.write_str("more time is metered than passed between start and end"),
        }
    }
}

/// Reads the receipt and holds it against the chain's facts.
///
/// # Errors
/// The first [`Mismatch`].
pub fn face_of(bytes: &[u8], job: &JudgedJob) -> Result<Receipt, Mismatch> {
    if sha256(&[bytes]) != job.receipt_hash {
        return Err(Mismatch::Hash);
    }
    let receipt = Receipt::decode(bytes).map_err(Mismatch::Layout)?;
    let rules = [
        (receipt.domain == job.domain, Mismatch::Domain),
        (receipt.job == job.job, Mismatch::Job),
        (receipt.attempt == job.attempt, Mismatch::Attempt),
        (receipt.nonce == job.nonce, Mismatch::Nonce),
        (receipt.provider == job.provider, Mismatch::Provider),
        (receipt.node_key == job.node_key, Mismatch::NodeKey),
        (receipt.class_key == job.class_key, Mismatch::ClassKey),
        (receipt.image_digest == job.image_digest, Mismatch::ImageDigest),
        (receipt.spec_hash == job.spec_hash, Mismatch::SpecHash),
        (receipt.input_root == job.input_root, Mismatch::InputRoot),
        (receipt.metered_ms == job.metered_ms, Mismatch::MeteredMs),
        (receipt.exit_code == job.exit_code, Mismatch::ExitCode),
        (receipt.termination as u8 == job.termination, Mismatch::Termination),
        (receipt.started_at <= receipt.ended_at, Mismatch::EndsBeforeStart),
        (receipt.started_at >= job.matched_at.saturating_sub(CLOCK_SLACK_SECONDS), Mismatch::StartsTooEarly),
        (receipt.ended_at <= job.receipt_at.saturating_add(CLOCK_SLACK_SECONDS), Mismatch::EndsTooLate),
        (receipt.metered_ms <= metered_ms_max(&receipt), Mismatch::MeteredTooLong),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, mismatch)) => Err(mismatch),
        None => Ok(receipt),
    }
}

/// Both ends are whole seconds, so up to one second lies outside their difference.
fn metered_ms_max(receipt: &Receipt) -> u64 {
    let seconds = receipt.ended_at.saturating_sub(receipt.started_at).saturating_add(1);
    u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000)
}

/// The opinion on `evidence`, what to wait for, or that it is too late to say anything.
pub fn judge(evidence: &Evidence) -> Decision {
    if evidence.now > evidence.round.commit_until {
        return Decision::TooLate;
    }
    let waits = evidence.now < evidence.round.margin();
    let or_wait = |waiting: Waiting, otherwise: Judgement| {
        if waits { Decision::Wait(waiting) } else { Decision::Speak(otherwise) }
    };
    let bytes = match &evidence.receipt {
        ReceiptBytes::Served(bytes) => bytes,
        ReceiptBytes::NotServed => {
            return or_wait(Waiting::Receipt, plain(Opinion::Unavailable, Ground::ReceiptWithheld));
        }
    };
    let receipt = match face_of(bytes, &evidence.job) {
        Ok(receipt) => receipt,
        // Other bytes than those it committed to are no evidence against it: the receipt is just not served.
        Err(Mismatch::Hash) => {
            return or_wait(Waiting::Receipt, plain(Opinion::Unavailable, Ground::ReceiptWithheld));
        }
        Err(mismatch) => return Decision::Speak(plain(Opinion::Invalid, Ground::FalseOnItsFace(mismatch))),
    };
    // A run without accepted outputs claims no root, and there is nothing to serve.
    if evidence.outputs == OutputCheck::NotServed && receipt.output_root != [0; 32] {
        return or_wait(Waiting::Outputs, plain(Opinion::Unavailable, Ground::OutputsWithheld));
    }
    let claim = Opening {
        output_root: receipt.output_root,
        exit_code: receipt.exit_code,
        termination: receipt.termination as u8,
    };
    let [first, second] = &evidence.reexecutions;
    match evidence.round.index {
        0 | 1 => first_round(&claim, first, waits),
        2..=ROUNDS_MAX => second_round(&claim, first, second, waits),
        _ => on_appeal(&claim, first, waits),
    }
}

fn first_round(claim: &Opening, first: &Reexecution, waits: bool) -> Decision {
    match first {
        Reexecution::Opened(found) if found == claim => Decision::Speak(valid(claim, FIRST, 1)),
        Reexecution::Opened(_) => Decision::Speak(plain(Opinion::Inconclusive, Ground::OneAgainstOne)),
        missing => unopened(missing, 1, waits),
    }
}

/// One re-execution that agrees with the receipt acquits, whichever of the two it is and whatever the other does: a first
/// round would have accepted it, and a later one that is silent or lies proves nothing against it. Two that agree with one
/// another and not with the receipt convict. The rest is one word against another.
fn second_round(claim: &Opening, first: &Reexecution, second: &Reexecution, waits: bool) -> Decision {
    // Both are waited for, so that all confirm the same bits and whoever did the work is paid. The first round takes no
    // claims any more; one that it took may still be opened.
    if waits {
        match (first, second) {
            (_, Reexecution::NotSubmitted) => return Decision::Wait(Waiting::Reexecution(2)),
            (_, Reexecution::Withheld) => return Decision::Wait(Waiting::Opening(2)),
            (Reexecution::Withheld, _) => return Decision::Wait(Waiting::Opening(1)),
            _ => {}
        }
    }
    let (first, found) = (first.opening(), second.opening());
    let agrees = |found: Option<&Opening>, bit: u8| if found == Some(claim) { bit } else { 0 };
    let confirmed = agrees(first, FIRST) | agrees(found, SECOND);
    if confirmed != 0 {
        return Decision::Speak(valid(claim, confirmed, if confirmed & SECOND != 0 { 2 } else { 1 }));
    }
    match (first, found) {
        (Some(first), Some(found)) if first == found => Decision::Speak(Judgement {
            opinion: Opinion::Invalid,
            output_root: [0; 32],
            confirmed_executors: FIRST | SECOND,
            ground: Ground::Contradicted,
        }),
        (Some(_), Some(_)) => Decision::Speak(plain(Opinion::Inconclusive, Ground::ReexecutionsDisagree)),
        (None, Some(_)) => Decision::Speak(plain(Opinion::Inconclusive, Ground::OneAgainstOne)),
        (_, None) => unopened(second, 2, false),
    }
}

/// On appeal two re-executions have contradicted the receipt, or its face did: a further one that agrees with the receipt
/// acquits, and one that differs from it does not. What the earlier ones found is not asked for again: who serves it by
/// now is chance, and a committee has to agree.
fn on_appeal(claim: &Opening, found: &Reexecution, waits: bool) -> Decision {
    match found {
        Reexecution::Opened(found) if found == claim => Decision::Speak(valid(claim, FIRST, APPEAL_ROUND)),
        Reexecution::Opened(_) => Decision::Speak(Judgement {
            opinion: Opinion::Invalid,
            output_root: [0; 32],
            confirmed_executors: FIRST,
            ground: Ground::ContradictedAgain,
        }),
        missing => unopened(missing, APPEAL_ROUND, waits),
    }
}

/// What a re-execution without an opening comes to.
fn unopened(reexecution: &Reexecution, round: u8, waits: bool) -> Decision {
    let inconclusive = |ground| Decision::Speak(plain(Opinion::Inconclusive, ground));
    match reexecution {
        Reexecution::NotDrawn => inconclusive(Ground::NoReexecutor),
        Reexecution::Withheld if waits => Decision::Wait(Waiting::Opening(round)),
        _ if waits => Decision::Wait(Waiting::Reexecution(round)),
        _ => inconclusive(Ground::ReexecutionMissing { round }),
    }
}

fn valid(claim: &Opening, confirmed_executors: u8, round: u8) -> Judgement {
    Judgement {
        opinion: Opinion::Valid,
        output_root: claim.output_root,
        confirmed_executors,
        ground: Ground::Reproduced { round },
    }
}

fn plain(opinion: Opinion, ground: Ground) -> Judgement {
    Judgement { opinion, output_root: [0; 32], confirmed_executors: 0, ground }
}
