//! The gateway as a process, killed without warning: what people gave it is there when it starts again.

mod support;

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use proofmill_localnet::{Localnet, LocalnetOptions};
use serde_json::{Value, json};
use solana_address::Address;
use support::{
    http::{ask, get, post},
    network::eventually,
};

/// A gateway process, killed when dropped.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(rpc_url: &str, folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_proofmill-gateway"))
            .args(["--rpc-url", rpc_url, "--poll-only", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let url = said["url"].as_str().expect("a URL");
        let address = url.trim_start_matches("http://").parse().expect("an address");
        Self { child, address }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_keeps_sessions_keys_node_key_and_audit_log() {
    let localnet = Localnet::start(LocalnetOptions::default()).await.expect("the network starts");
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(localnet.rpc_url(), folder.path());
    let to = first.address;
    eventually("it is ready", async || (get(to, "/readyz").status == 200).then_some(())).await;
    let key = SigningKey::from_bytes(&[3; 32]);
    let wallet = Address::new_from_array(key.verifying_key().to_bytes()).to_string();
    let challenge = post(to, "/v1/auth/challenge", &[], &json!({ "address": wallet })).json();
    let message = challenge["message"].as_str().expect("a message");
    let signature = BASE64_STANDARD.encode(key.sign(message.as_bytes()).to_bytes());
    let body = json!({ "address": wallet, "message": message, "signature": signature });
    let token = post(to, "/v1/auth/session", &[], &body).json()["token"].as_str().expect("a token").to_owned();
    let token = format!("Bearer {token}");
    let made = post(to, "/v1/keys", &[("Authorization", &token)], &json!({ "name": "n", "role": "viewer" })).json();
    let api_key = made["key"].as_str().expect("a key").to_owned();
    let node_key = get(to, "/v1/network").json()["node_key"].clone();
    // Killed right behind the answer (SIGKILL): what was answered is on disk.
    drop(first);

    let second = Process::start(localnet.rpc_url(), folder.path());
    let to = second.address;
    assert_eq!(get(to, "/v1/network").json()["node_key"], node_key);
    let who = |name: &str, value: &str| ask(to, "GET", "/v1/auth/session", &[(name, value)], &[]).json();
    assert_eq!(who("Authorization", &token)["address"], wallet);
    assert_eq!(who("X-Api-Key", &api_key)["role"], "viewer");
    let log = ask(to, "GET", "/v1/audit", &[("Authorization", &token)], &[]).json();
    assert_eq!(log["items"].as_array().map(Vec::len), Some(2));
    drop(second);
    localnet.stop().await.expect("it ends");
}
