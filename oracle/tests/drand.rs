//! Laws of fetching beacons: real rounds of evmnet, served by local relays that may do what they like.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, http::StatusCode, response::IntoResponse};
use proofmill_client::arbiter::DrandConfig;
use proofmill_oracle::{
    drand::{DrandError, DrandNetwork, RelayError},
    limits::DRAND_BYTES_MAX,
};
use proofmill_protocol::drand::DrandError as Invalid;
use serde_json::{Value, json};

/// The round that the tests ask for; its randomness was published too.
const ROUND: u64 = 9_337_227;

fn evmnet() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors/drand/evmnet.json")).unwrap()
}

fn bytes<const N: usize>(text: &Value) -> [u8; N] {
    hex::decode(text.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// What the chain says of the network.
fn network() -> DrandConfig {
    let mut data = DrandConfig::DISCRIMINATOR.to_vec();
    data.resize(DrandConfig::LEN, 0);
    let mut config = DrandConfig::decode(&data).unwrap();
    config.public_key = bytes(&evmnet()["public_key"]);
    config.chain_hash = bytes(&evmnet()["chain_hash"]);
    config
}

/// A recorded round.
fn recorded(round: u64) -> Value {
    evmnet()["rounds"].as_array().unwrap().iter().find(|one| one["round"] == round).unwrap().clone()
}

/// A relay that gives `answer` to each path, and how often it was asked.
async fn relay(
    answer: impl Fn(&str) -> (StatusCode, Vec<u8>) + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let app = Router::new().fallback(move |request: axum::extract::Request| {
        counter.fetch_add(1, Ordering::Relaxed);
        let found = answer(request.uri().path());
        async move { found.into_response() }
    });
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, asked)
}

fn says(body: Value) -> impl Fn(&str) -> (StatusCode, Vec<u8>) + Clone + Send + Sync + 'static {
    move |_| (StatusCode::OK, body.to_string().into_bytes())
}

fn path(version: u8) -> String {
    let chain = evmnet()["chain_hash"].as_str().unwrap().to_owned();
    match version {
        1 => format!("/{chain}/public/{ROUND}"),
        _ => format!("/v2/chains/{chain}/rounds/{ROUND}"),
    }
}

/// The failure of a network of one relay.
async fn failure(answer: impl Fn(&str) -> (StatusCode, Vec<u8>) + Clone + Send + Sync + 'static) -> RelayError {
    let (url, _) = relay(answer).await;
    match DrandNetwork::new(&[url]).unwrap().fetch(&network(), ROUND).await {
        Err(DrandError::AllFailed { round: ROUND, mut failures }) => failures.remove(0).1,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_real_round_is_fetched_in_either_version_of_the_interface() {
    for version in [1, 2] {
        let (url, _) = relay(move |asked| {
            let mut body = recorded(ROUND);
            if version == 2 {
                body.as_object_mut().unwrap().remove("randomness");
            }
            let found = asked == path(version);
            (if found { StatusCode::OK } else { StatusCode::NOT_FOUND }, body.to_string().into_bytes())
        })
        .await;
        // A slash at the end is none of the path's.
        let relays = DrandNetwork::new(&[format!("{url}/")]).unwrap();
        let signature = relays.fetch(&network(), ROUND).await.unwrap();
        assert_eq!(signature, bytes(&recorded(ROUND)["signature"]), "version {version}");
    }
}

#[tokio::test]
async fn a_hostile_answer_is_refused_by_its_own_error() {
    let right = recorded(ROUND);
    let with = |key: &str, value: Value| {
        let mut body = right.clone();
        body[key] = value;
        body
    };
    assert!(
        matches!(failure(says(with("round", json!(ROUND + 1)))).await, RelayError::AnotherRound { found } if found == ROUND + 1)
    );
    // Another round's signature under this one's name.
    let mut other = recorded(1);
    other["round"] = json!(ROUND);
    assert!(matches!(failure(says(other)).await, RelayError::Verify(Invalid::SignatureInvalid)));
    let zero = json!("00".repeat(64));
    let mut nothing = with("signature", zero);
    nothing.as_object_mut().unwrap().remove("randomness");
    assert!(matches!(failure(says(nothing)).await, RelayError::Verify(Invalid::Infinity)));
    for text in ["", "0g", &"ab".repeat(63), &"ab".repeat(65)] {
        assert!(matches!(failure(says(with("signature", json!(text)))).await, RelayError::SignatureText), "{text}");
    }
    let lie = json!("00".repeat(32));
    assert!(matches!(failure(says(with("randomness", lie))).await, RelayError::RandomnessDiffers));
    for body in ["", "null", "{}", "[]", r#"{"round":"9337227","signature":"00"}"#, r#"{"round":-1,"signature":"00"}"#]
    {
        let answer = move |_: &str| (StatusCode::OK, body.as_bytes().to_vec());
        assert!(matches!(failure(answer).await, RelayError::Parse(_)), "{body}");
    }
    let long = move |_: &str| (StatusCode::OK, vec![b' '; DRAND_BYTES_MAX + 1]);
    assert!(matches!(failure(long).await, RelayError::TooLong));
}

#[tokio::test]
async fn a_relay_without_the_round_is_told_from_one_that_fails() {
    for status in [StatusCode::NOT_FOUND, StatusCode::TOO_EARLY] {
        assert!(matches!(failure(move |_| (status, Vec::new())).await, RelayError::NotPublished), "{status}");
    }
    // A redirection is not followed: nobody but the operator says who is asked.
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND, StatusCode::NO_CONTENT] {
        assert!(
            matches!(failure(move |_| (status, Vec::new())).await, RelayError::Status(code) if code == status.as_u16())
        );
    }
    let gone = "http://127.0.0.1:1".to_owned();
    let found = DrandNetwork::new(&[gone]).unwrap().fetch(&network(), ROUND).await;
    let Err(DrandError::AllFailed { failures, .. }) = found else { panic!("{found:?}") };
    assert!(matches!(failures[..], [(_, RelayError::Reach(_))]));
    let nobody = DrandNetwork::new(&[]).unwrap().fetch(&network(), ROUND).await;
    assert!(matches!(nobody, Err(DrandError::NoRelay { round: ROUND })));
}

/// A relay that accepts a connection and says nothing costs its patience, and the next one is asked.
#[tokio::test]
async fn relays_are_asked_in_turn_and_the_one_that_answered_is_asked_first() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let mut lie = recorded(1);
    lie["round"] = json!(ROUND);
    let (liar, liar_asked) = relay(says(lie)).await;
    let (honest, honest_asked) = relay(says(recorded(ROUND))).await;
    let relays = DrandNetwork::new(&[liar, silent_url, honest]).unwrap();
    let expected: [u8; 64] = bytes(&recorded(ROUND)["signature"]);
    assert_eq!(relays.fetch(&network(), ROUND).await.unwrap(), expected);
    assert_eq!(relays.clone().fetch(&network(), ROUND).await.unwrap(), expected);
    assert_eq!((liar_asked.load(Ordering::Relaxed), honest_asked.load(Ordering::Relaxed)), (1, 2));
}
