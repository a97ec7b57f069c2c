//! The data plane through the gateway, against a provider's node of the data plane on a real local network: what is
//! given is checked, kept over a restart, delivered when the node is ready; logs, outputs and receipts come back; others
//! get nothing.

mod support;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_STANDARD};
use proofmill_artifacts::{Limits, scan, write_bundle};
use proofmill_dataplane::{
    BlobKind, BlobName, Handler, LogTail, Node, NodeConfig, Refusal, RefusalCode, Sink, Source, Staged,
};
use proofmill_gateway::run::Gateway;
use proofmill_protocol::sha256;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;
use support::{
    http::{self, ask, get, post},
    network::{Network, eventually, ready, settings},
};

/// A provider's node as far as the data plane sees it.
struct Provider {
    folder: PathBuf,
    ready: AtomicBool,
    taken: Mutex<HashMap<BlobKind, Vec<u8>>>,
}

impl Provider {
    fn source(&self, name: &str, bytes: &[u8]) -> Source {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        Source::File { path, len: bytes.len() as u64, hash: *blake3_of(bytes) }
    }
}

fn blake3_of(bytes: &[u8]) -> Box<[u8; 32]> {
    Box::new(*blake3::hash(bytes).as_bytes())
}

const LOG: &[u8] = "one\n\u{202e}<script>two</script>\n\x1b[31mthree\n".as_bytes();
const OUTPUT: &[u8] = b"PMB1 output, checked by whoever asked for it";

impl Handler for Provider {
    async fn open_get(&self, _peer: [u8; 32], name: &BlobName, _offset: u64) -> Result<Source, Refusal> {
        match name.kind {
            BlobKind::Output => Ok(self.source("output", OUTPUT)),
            BlobKind::Receipt => Ok(self.source("receipt", &[5; 512])),
            BlobKind::Log => {
                let path = self.folder.join("log");
                std::fs::write(&path, LOG).expect("a file");
                Ok(Source::Log(LogTail::ended(path, LOG.len() as u64)))
            }
            BlobKind::Spec | BlobKind::Input => Err(Refusal::new(RefusalCode::NotFound, "not here")),
        }
    }

    async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
        if self.ready.load(Ordering::SeqCst) {
            Ok(Sink::StageIn(self.folder.clone()))
        } else {
            Err(Refusal::new(RefusalCode::NotReady, "not yet"))
        }
    }

    async fn finish_put(&self, _: [u8; 32], name: &BlobName, staged: Staged) -> Result<(), Refusal> {
        let bytes = std::fs::read(&staged.path).expect("what was staged");
        self.taken.lock().expect("a lock").insert(name.kind, bytes);
        Ok(())
    }
}

fn sign_in(to: SocketAddr, wallet: &Keypair) -> String {
    let address = wallet.pubkey().to_string();
    let challenge = post(to, "/v1/auth/challenge", &[], &json!({ "address": address })).json();
    let message = challenge["message"].as_str().expect("a message");
    let signature = wallet.sign_message(message.as_bytes()).to_string();
    let body = json!({ "address": address, "message": message, "signature": signature });
    let opened = post(to, "/v1/auth/session", &[], &body);
    format!("Bearer {}", opened.json()["token"].as_str().expect("a token"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_is_checked_kept_and_delivered_and_results_come_back() {
    let network = Network::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let start = async || {
        let settings = settings(network.localnet.rpc_url(), network.localnet.ws_url(), &folder.path().join("gateway"));
        let gateway = Gateway::start(settings).await.expect("it starts");
        ready(&gateway).await;
        gateway
    };
    let node = Node::bind(NodeConfig::offline([8; 32], ([127, 0, 0, 1], 0).into())).await.expect("a node");
    let stage = folder.path().join("provider");
    std::fs::create_dir(&stage).expect("a folder");
    let provider = Arc::new(Provider { folder: stage, ready: AtomicBool::new(false), taken: Mutex::default() });
    node.serve(provider.clone()).expect("it serves");
    let party = network.provider_at("device", node.public_key(), node.local_addr().port()).await;
    let offer = network.offer(&party, 0, 500).await;

    let files = folder.path().join("input");
    std::fs::create_dir(&files).expect("a folder");
    std::fs::write(files.join("data.txt"), "the input").expect("a file");
    let manifest = scan(&files, Limits::default()).expect("a manifest");
    let mut bundle = Vec::new();
    write_bundle(&files, &manifest, &mut bundle).expect("a bundle");
    let spec = br#"{"version":1}"#;

    let gateway = start().await;
    let to = gateway.address;
    let node_key = get(to, "/v1/network").json()["node_key"].as_str().expect("a key").to_owned();
    let mut key = [0; 32];
    hex::decode_to_slice(&node_key, &mut key).expect("hexadecimal");
    let tenant = network.wallet().await;
    let root = *manifest.root().as_bytes();
    let job = network.job_with_input(&tenant, 1, key, sha256(&[spec]), root, Some((&party, offer))).await;
    let other_key = network.job(&tenant, 2, [9; 32], sha256(&[spec]), None).await;
    eventually("the jobs are indexed", async || {
        let known = |job| get(to, &format!("/v1/jobs/{job}")).status == 200;
        (known(job) && known(other_key)).then_some(())
    })
    .await;

    // Only the tenant, only for a job that names this gateway, only what the job names.
    let token = sign_in(to, &tenant);
    let stranger = sign_in(to, network.wallet().await.as_ref());
    let give = |who: &str, job, what: &str, body: &[u8]| {
        ask(to, "PUT", &format!("/v1/jobs/{job}/{what}"), &[("Authorization", who)], body)
    };
    assert_eq!(ask(to, "PUT", &format!("/v1/jobs/{job}/spec"), &[], spec).status, 401);
    assert_eq!(give(&stranger, job, "spec", spec).status, 403);
    assert_eq!(give(&token, other_key, "spec", spec).code(), "another_node_key");
    assert_eq!(give(&token, job, "spec", b"another").code(), "hash_mismatch");
    let mut torn = bundle.clone();
    *torn.last_mut().expect("bytes") ^= 1;
    assert_eq!(give(&token, job, "input", &torn).code(), "hash_mismatch");
    assert_eq!(give(&token, job, "input", &[0; 10]).code(), "hash_mismatch");
    let viewer =
        post(to, "/v1/keys", &[("Authorization", &token)], &json!({ "name": "reads", "role": "viewer" })).json();
    let viewer = viewer["key"].as_str().expect("a key").to_owned();
    let refused = ask(to, "PUT", &format!("/v1/jobs/{job}/spec"), &[("X-Api-Key", &viewer)], spec);
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"));

    assert_eq!(give(&token, job, "spec", spec).json()["spec"], "held");
    assert_eq!(give(&token, job, "input", &bundle).json()["input"], "held");
    let delivery =
        |to, token: &str| ask(to, "GET", &format!("/v1/jobs/{job}/delivery"), &[("Authorization", token)], &[]).json();
    eventually("the node's refusal is told", async || {
        delivery(to, &token)["error"].as_str().is_some_and(|error| error.contains("not yet")).then_some(())
    })
    .await;

    // Ended and started again: what was given is still there, and goes out once the node takes it.
    gateway.stop().await;
    let gateway = start().await;
    let to = gateway.address;
    let held = delivery(to, &token);
    assert_eq!((&held["spec"], &held["input"]), (&json!("held"), &json!("held")), "sessions outlive a restart too");
    provider.ready.store(true, Ordering::SeqCst);
    eventually("both are delivered", async || {
        let state = delivery(to, &token);
        (state["spec"] == "delivered" && state["input"] == "delivered" && state["error"].is_null()).then_some(())
    })
    .await;
    {
        let taken = provider.taken.lock().expect("a lock");
        assert_eq!(taken[&BlobKind::Spec], spec);
        assert_eq!(taken[&BlobKind::Input], bundle);
    }

    // Results: a viewer's key reads them, a stranger does not.
    let read = |what: &str, header: (&str, &str)| ask(to, "GET", &format!("/v1/jobs/{job}/{what}"), &[header], &[]);
    assert_eq!(read("output", ("X-Api-Key", &viewer)).body, OUTPUT);
    assert_eq!(read("output", ("Authorization", &stranger)).status, 403);
    let receipt = read("receipt", ("X-Api-Key", &viewer)).json();
    assert_eq!(receipt["receipt"], BASE64_STANDARD.encode([5; 512]));
    assert_eq!(receipt["receipt_hash"], hex::encode(sha256(&[&[5; 512]])));
    assert_eq!(receipt["node_key"], hex::encode(node.public_key()));
    let mut stream = BufReader::new(http::connect(to));
    let from = 4;
    write!(stream.get_mut(), "GET /v1/jobs/{job}/logs?from={from} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {viewer}\r\n\r\n")
        .expect("it is asked");
    let (mut text, mut end) = (Vec::new(), None);
    let mut event = String::new();
    for line in stream.lines().map_while(Result::ok) {
        if let Some(name) = line.strip_prefix("event: ") {
            event = name.to_owned();
        }
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
        if event == "end" {
            end = Some(data);
            break;
        }
        assert_eq!(data["offset"], (from + text.len()).to_string());
        text.extend(BASE64_STANDARD.decode(data["base64"].as_str().expect("a text")).expect("base64"));
    }
    assert_eq!(text, &LOG[from..]);
    assert_eq!(end.expect("an end")["length"], LOG.len().to_string());
    gateway.stop().await;
    node.close().await;
    network.localnet.stop().await.expect("it ends");
}
