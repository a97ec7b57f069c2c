//! One question, one answer. What is signed is recorded first; whatever is recorded is what is signed, for ever.

use proofmill_protocol::{
    Key,
    attestation::{Attestation, AttestationError, commitment_bytes},
    ids::{Domain, JobKey, ValidatorKey},
    sha256,
};

/// The question: a validator answers it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BallotKey {
    /// The deployment.
    pub domain: Domain,
    /// The job.
    pub job: JobKey,
    /// The attempt.
    pub attempt: u16,
    /// The life of the job's address.
    pub nonce: u64,
    /// The round.
    pub round: u8,
}

impl BallotKey {
    /// The question an attestation answers.
    pub fn of(attestation: &Attestation) -> Self {
        Self {
            domain: attestation.domain,
            job: attestation.job,
            attempt: attestation.attempt,
            nonce: attestation.nonce,
            round: attestation.round,
        }
    }

    /// The key under which the answer is recorded.
    pub fn encode(&self) -> [u8; 75] {
        let mut out = [0u8; 75];
        out[..32].copy_from_slice(&self.domain.0);
        out[32..64].copy_from_slice(&self.job.0);
        out[64..66].copy_from_slice(&self.attempt.to_le_bytes());
        out[66..74].copy_from_slice(&self.nonce.to_le_bytes());
        out[74] = self.round;
        out
    }
}

/// Where answers outlive the process.
pub trait BallotBook {
    /// What can fail.
    type Error;

    /// The answer recorded under a key.
    ///
    /// # Errors
    /// The store failed, or holds something unreadable: the question must then stay unanswered.
    fn recorded(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Records an answer durably unless there is one; says whether it was recorded.
    ///
    /// # Errors
    /// The store failed: whether the answer is recorded is unknown, and it must not be sent.
    fn record_new(&self, key: &[u8], answer: &[u8]) -> Result<bool, Self::Error>;
}

/// Why a question stays unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BallotError<E> {
    /// The book failed.
    #[error("the answer could not be recorded, so it is not sent: {0}")]
    Book(E),
    /// What is recorded is no attestation.
    #[error("the recorded answer cannot be read ({0:?}); restore the data directory, or stay silent in this round")]
    Unreadable(AttestationError),
    /// What is recorded answers another question, or was given under another identity.
    #[error(
        "the recorded answer is another identity's or another question's; give each validator its own data directory"
    )]
    Foreign,
    /// The book neither took the answer nor shows one.
    #[error("the book refuses the answer and shows none; check the disk")]
    Lost,
}

/// The answer to a question that is on record under this identity, if there is one.
///
/// # Errors
/// [`BallotError`]: the question must stay unanswered.
pub fn recorded<B: BallotBook>(
    book: &B,
    question: &BallotKey,
    validator: &ValidatorKey,
) -> Result<Option<Attestation>, BallotError<B::Error>> {
    let Some(bytes) = book.recorded(&question.encode()).map_err(BallotError::Book)? else { return Ok(None) };
    let recorded = Attestation::decode(&bytes).map_err(BallotError::Unreadable)?;
    if BallotKey::of(&recorded) != *question || recorded.validator != *validator {
        return Err(BallotError::Foreign);
    }
    Ok(Some(recorded))
}

/// The salt that hides an answer: another one for each question, derived from the vote key's secret, so that no crash
/// can lose it and no restart can choose another.
pub fn salt(vote_secret: &Key, question: &BallotKey) -> Key {
    sha256(&[b"proofml/v1SALT", vote_secret, &question.encode()])
}

/// What a seat commits to.
pub fn commitment(answer: &Attestation, salt: &Key) -> Key {
    sha256(&[&commitment_bytes(answer, &sha256(&[&answer.encode()]), salt)])
}

/// Records `answer` unless the question is answered already, and returns what is to be signed and sent: the recorded
/// answer, whichever came first.
///
/// # Errors
/// [`BallotError`]: nothing may be signed.
pub fn cast<B: BallotBook>(book: &B, answer: &Attestation) -> Result<Attestation, BallotError<B::Error>> {
    let question = BallotKey::of(answer);
    let key = question.encode();
    let bytes = match book.recorded(&key).map_err(BallotError::Book)? {
        Some(bytes) => bytes,
        None if book.record_new(&key, &answer.encode()).map_err(BallotError::Book)? => return Ok(*answer),
        None => book.recorded(&key).map_err(BallotError::Book)?.ok_or(BallotError::Lost)?,
    };
    let recorded = Attestation::decode(&bytes).map_err(BallotError::Unreadable)?;
    if BallotKey::of(&recorded) != question || recorded.validator != answer.validator {
        return Err(BallotError::Foreign);
    }
    Ok(recorded)
}
