//! The laws of heartbeats, over real QUIC connections on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{net::SocketAddr, sync::Arc};

use ed25519_dalek::{Signer as _, SigningKey};
use proofmill_dataplane::{
    BeatChallenge, BlobName, DataError, Handler, Node, NodeConfig, Refusal, RefusalCode, Sink, Source, Staged,
};

const VALIDATOR: [u8; 32] = [1; 32];
const PROVIDER: [u8; 32] = [2; 32];

async fn node(secret_key: [u8; 32]) -> Node {
    Node::bind(NodeConfig::offline(secret_key, SocketAddr::from(([127, 0, 0, 1], 0)))).await.unwrap()
}

/// Answers with this key, whichever its node has; holds nothing.
struct Living(Option<SigningKey>);

fn nothing() -> Refusal {
    Refusal::new(RefusalCode::NotFound, "nothing is here")
}

impl Handler for Living {
    async fn open_get(&self, _: [u8; 32], _: &BlobName, _: u64) -> Result<Source, Refusal> {
        Err(nothing())
    }

    async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
        Err(nothing())
    }

    async fn finish_put(&self, _: [u8; 32], _: &BlobName, _: Staged) -> Result<(), Refusal> {
        Err(nothing())
    }

    async fn beat(&self, peer: [u8; 32], challenge: &BeatChallenge) -> Result<[u8; 64], Refusal> {
        let key = self.0.as_ref().ok_or_else(nothing)?;
        Ok(key
            .sign(&challenge.message(&peer, &SigningKey::from_bytes(&PROVIDER).verifying_key().to_bytes()))
            .to_bytes())
    }
}

async fn asked(handler: Living) -> (Result<[u8; 64], DataError>, BeatChallenge, [u8; 32], [u8; 32]) {
    let (asking, serving) = (node(VALIDATOR).await, node(PROVIDER).await);
    serving.serve(Arc::new(handler)).unwrap();
    let peer = asking.connect(serving.peer_addr()).await.unwrap();
    let challenge = BeatChallenge { nonce: [7; 32], block: [8; 32], height: 9 };
    let answer = peer.beat(&challenge).await;
    // Over one connection as often as one likes.
    assert_eq!(peer.beat(&challenge).await.is_ok(), answer.is_ok());
    let keys = (asking.public_key(), serving.public_key());
    (answer, challenge, keys.0, keys.1)
}

#[tokio::test]
async fn a_living_node_signs_for_who_asks() {
    let (answer, challenge, validator, provider) = asked(Living(Some(SigningKey::from_bytes(&PROVIDER)))).await;
    let signature = answer.unwrap();
    assert!(challenge.is_answered(&validator, &provider, &signature));
    assert!(!challenge.is_answered(&provider, &provider, &signature), "it is of no use to another validator");
}

#[tokio::test]
async fn a_signature_of_another_key_is_no_heartbeat() {
    let (answer, challenge, validator, provider) = asked(Living(Some(SigningKey::from_bytes(&[9; 32])))).await;
    assert!(!challenge.is_answered(&validator, &provider, &answer.unwrap()));
}

#[tokio::test]
async fn who_does_not_answer_is_heard_by_its_refusal() {
    let (answer, ..) = asked(Living(None)).await;
    assert!(matches!(answer, Err(DataError::Refused { code: RefusalCode::NotFound, .. })));
}
