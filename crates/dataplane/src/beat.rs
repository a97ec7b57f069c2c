//! A heartbeat: a validator asks a node whether it lives, and the node signs that it does.
//!
//! The question carries a nonce that the validator chose at random and the newest block that it knows, so that an answer
//! can be neither prepared nor used again. What is signed names both parties, so that nobody answers for another node,
//! and no answer to one validator serves another.

use ed25519_dalek::{Signature, VerifyingKey};
use proofmill_protocol::{
    envelope::{ENVELOPE_LEN, Kind, envelope},
    sha256,
};

use crate::wire::SIGNATURE_LEN;

/// What a validator asks to have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeatChallenge {
    /// Chosen at random for this question.
    pub nonce: [u8; 32],
    /// Hash of a block that was new when the question was asked.
    pub block: [u8; 32],
    /// Last block height at which that hash may be used: tells when it was new.
    pub height: u64,
}

impl BeatChallenge {
    /// What the node with key `node` signs for the validator with key `validator`.
    pub fn message(&self, validator: &[u8; 32], node: &[u8; 32]) -> [u8; ENVELOPE_LEN] {
        envelope(Kind::Request, &self.digest(validator, node))
    }

    /// Digest of the body of [`BeatChallenge::message`], which is an envelope of kind `REQU`.
    pub fn digest(&self, validator: &[u8; 32], node: &[u8; 32]) -> [u8; 32] {
        let height = self.height.to_le_bytes();
        sha256(&[b"proofml/v1 heartbeat", validator, node, &self.block, &height, &self.nonce])
    }

    /// Whether `signature` is that of the node with key `node` on this question of `validator`.
    pub fn is_answered(&self, validator: &[u8; 32], node: &[u8; 32], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let message = self.message(validator, node);
        VerifyingKey::from_bytes(node)
            .is_ok_and(|key| key.verify_strict(&message, &Signature::from_bytes(signature)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    #[test]
    fn an_answer_serves_one_question_of_one_validator_to_one_node() {
        let (node, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let [key, other_key] = [&node, &other].map(|key| key.verifying_key().to_bytes());
        let (right, validator) = (BeatChallenge { nonce: [3; 32], block: [4; 32], height: 5 }, [6; 32]);
        let signature = node.sign(&right.message(&validator, &key)).to_bytes();
        assert!(right.is_answered(&validator, &key, &signature));
        for wrong in [
            BeatChallenge { nonce: [9; 32], ..right },
            BeatChallenge { block: [9; 32], ..right },
            BeatChallenge { height: 9, ..right },
        ] {
            assert!(!wrong.is_answered(&validator, &key, &signature), "{wrong:?}");
        }
        assert!(!right.is_answered(&[9; 32], &key, &signature));
        assert!(!right.is_answered(&validator, &other_key, &signature));
        let of_other = other.sign(&right.message(&validator, &key)).to_bytes();
        assert!(!right.is_answered(&validator, &key, &of_other));
    }
}
