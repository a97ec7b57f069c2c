//! The gateway does what its document says: schemathesis reads `openapi.json` from a running gateway on a real local
//! network and asks everything it allows and much that it forbids, as a signed-in wallet.
//!
//! Needs schemathesis (PyPI) in a virtual environment: `PROOFMILL_SCHEMATHESIS` names its program.

mod support;

use std::process::Command;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use proofmill_gateway::run::Gateway;
use serde_json::json;
use solana_address::Address;
use solana_signer::Signer as _;
use support::{
    http::post,
    network::{Network, ready, settings},
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis: `make test` installs it and runs this"]
async fn the_gateway_does_what_its_document_says() {
    let program = std::env::var_os("PROOFMILL_SCHEMATHESIS").expect("PROOFMILL_SCHEMATHESIS names the program");
    let network = Network::start().await;
    let party = network.provider("synthetic").await;
    let offer = network.offer(&party, 0, 500).await;
    let key = SigningKey::from_bytes(&[42; 32]);
    let wallet = Address::new_from_array(key.verifying_key().to_bytes());
    let tenant = network.wallet().await;
    network.job(&tenant, 1, [7; 32], [1; 32], Some((&party, offer))).await;
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(network.localnet.rpc_url(), network.localnet.ws_url(), folder.path());
    let gateway = Gateway::start(settings).await.expect("it starts");
    ready(&gateway).await;
    let to = gateway.address;

    let challenge = post(to, "/v1/auth/challenge", &[], &json!({ "address": wallet.to_string() })).json();
    let message = challenge["message"].as_str().expect("a message");
    let signature = BASE64_STANDARD.encode(key.sign(message.as_bytes()).to_bytes());
    let body = json!({ "address": wallet.to_string(), "message": message, "signature": signature });
    let session = post(to, "/v1/auth/session", &[], &body).json();
    let token = session["token"].as_str().expect("a token");

    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    let examples = std::env::var("PROOFMILL_EXAMPLES").unwrap_or_else(|_| "20".to_owned());
    let ran = Command::new(program)
        .args(["--config-file", config, "run", &format!("http://{to}/openapi.json")])
        .args(["--exclude-path", "/v1/stream", "--exclude-path-regex", "/logs$", "--workers", "1"])
        // Ending the session would leave the rest without one.
        .args(["--exclude-operation-id", "close_session"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples, "--seed", "1"])
        .args(["-H", &format!("Authorization: Bearer {token}")])
        .output()
        .expect("schemathesis runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    let end: Vec<&str> = said.lines().rev().take(200).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    assert!(ran.status.success(), "{}", end.join("\n"));
    assert_ne!(tenant.pubkey(), wallet);
    gateway.stop().await;
    network.localnet.stop().await.expect("it ends");
}
