//! What a hostile or clumsy caller sends: refused with a reason, at a bounded cost; nothing panics.

mod support;

use std::{
    io::{Read, Write},
    net::SocketAddr,
    sync::OnceLock,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use proofmill_gateway::run::Gateway;
use proofmill_localnet::{Localnet, LocalnetOptions};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use solana_address::Address;
use support::{
    http::{self, ask, get, post},
    network::{eventually, ready, settings},
};

/// One gateway on one empty network for all tests of this file; it lives in a runtime of its own.
fn gateway() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let localnet = Localnet::start(LocalnetOptions::default()).await.expect("the network starts");
                let folder = tempfile::tempdir().expect("a folder");
                let settings = settings(localnet.rpc_url(), localnet.ws_url(), folder.path());
                let mut gateway = Gateway::start(settings).await.expect("the gateway starts");
                ready(&gateway).await;
                send.send(gateway.address).expect("the test waits");
                gateway.ended().await;
            });
        });
        receive.recv().expect("the gateway starts")
    })
}

#[test]
fn unknown_parameters_pages_of_a_billion_and_foreign_cursors_are_refused() {
    let to = gateway();
    for (path, code, field) in [
        ("/v1/providers?colour=red", "unknown_parameter", "colour"),
        ("/v1/network?x=1", "unknown_parameter", "x"),
        ("/v1/jobs?limit=1000000000", "invalid_parameter", "limit"),
        ("/v1/jobs?limit=0", "invalid_parameter", "limit"),
        ("/v1/jobs?cursor=!!!", "invalid_parameter", "cursor"),
        ("/v1/jobs?cursor=AAAA", "invalid_parameter", "cursor"),
        ("/v1/offers?cursor=AAAA", "invalid_parameter", "cursor"),
        ("/v1/events?cursor=AAAA", "invalid_parameter", "cursor"),
        ("/v1/jobs?state=flying", "invalid_parameter", "state"),
        ("/v1/providers?tier=any", "invalid_parameter", "tier"),
        ("/v1/events?name=Nothing", "invalid_parameter", "name"),
        ("/v1/stream?topics=jobs,weather", "invalid_parameter", "topics"),
        (
            "/v1/prices/history?mint=11111111111111111111111111111111&from=0&to=9999999999999",
            "invalid_parameter",
            "bucket",
        ),
    ] {
        let answer = get(to, path);
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, error["code"].as_str(), error["field"].as_str()),
            (400, Some(code), Some(field)),
            "{path}"
        );
        assert!(!error["next"].as_str().unwrap_or_default().is_empty());
    }
    for path in ["/v1/jobs/not-an-address", "/v1/providers/11111111111111111111111111111111", "/v1/nothing", "/v1"] {
        assert_eq!((get(to, path).status, get(to, path).code().as_str()), (404, "not_found"), "{path}");
    }
    let wrong = ask(to, "DELETE", "/v1/network", &[], &[]);
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "method_not_allowed"));
    assert!(wrong.head.to_ascii_lowercase().contains("allow:"));
}

#[test]
fn bodies_that_are_deep_large_torn_or_no_json_are_refused() {
    let to = gateway();
    let json_head = [("Content-Type", "application/json")];
    let deep = format!("{{\"mint\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(ask(to, "POST", "/v1/match", &json_head, deep.as_bytes()).code(), "invalid_body");
    let large = vec![b' '; 200_000];
    assert_eq!(ask(to, "POST", "/v1/match", &json_head, &large).status, 413);
    assert_eq!(ask(to, "POST", "/v1/match", &[], b"{}").code(), "not_json");
    assert_eq!(ask(to, "POST", "/v1/match", &json_head, b"{\"mint\":").code(), "invalid_body");
    assert_eq!(post(to, "/v1/match", &[], &json!({ "colour": 1 })).code(), "invalid_body");
    assert_eq!(post(to, "/v1/match", &[], &json!([])).code(), "invalid_body");
    let numbers = json!({
        "mint": "11111111111111111111111111111111", "price_ceiling_per_second": 5, "max_seconds": 1
    });
    assert_eq!(post(to, "/v1/match", &[], &numbers).code(), "invalid_body", "amounts are texts");
    let huge = json!({
        "mint": "11111111111111111111111111111111", "price_ceiling_per_second": u64::MAX.to_string(),
        "max_seconds": u32::MAX
    });
    let explained = post(to, "/v1/match", &[], &huge);
    assert_eq!(explained.status, 200);
    assert!(explained.json()["estimate"]["obstacle"].is_string());
}

#[test]
fn a_slow_sender_is_cut_off_and_others_are_served_meanwhile() {
    let to = gateway();
    let mut slow: Vec<_> = (0..64).map(|_| http::connect(to)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /v1/network HTTP/1.1\r\nHost: x\r\nX-Slow: ").expect("a part is sent");
    }
    assert_eq!(get(to, "/v1/network").status, 200);
    for stream in &mut slow {
        let mut rest = Vec::new();
        // Ended by the gateway, with or without a word, before the minute of the test's own limit.
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
    }
    let head =
        b"POST /v1/match HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n{";
    let mut slow = http::connect(to);
    slow.write_all(head).expect("a part is sent");
    let answer = http::read(&mut slow);
    assert_eq!((answer.status, answer.code().as_str()), (408, "too_slow"));
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let to = gateway();
    let long = "x".repeat(100_000);
    let answer = ask(to, "GET", "/v1/network", &[("X-Long", &long)], &[]);
    assert!(matches!(answer.status, 0 | 400 | 431), "{}", answer.head);
    let many: Vec<String> = (0..500).map(|number| format!("X-{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert!(matches!(ask(to, "GET", "/v1/network", &many, &[]).status, 0 | 400 | 431));
}

#[test]
fn garbage_never_gets_a_failure() {
    let to = gateway();
    let seed = std::env::var("PROOFMILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let document: Value = get(to, "/openapi.json").json();
    let paths: Vec<String> = document["paths"].as_object().expect("paths").keys().cloned().collect();
    let pieces =
        ["%00", "%ff", "..", "'", "%27%20OR%201=1", "\u{202e}", "999999999999999999999", "-1", "null", "{}", ""];
    for _ in 0..400 {
        let mut path = paths[rng.random_range(0..paths.len())].clone();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            let piece = pieces[rng.random_range(0..pieces.len())].replace('\u{202e}', "%E2%80%AE");
            path.replace_range(from..=to, &piece.replace("{}", "%7B%7D"));
        }
        if path.starts_with("/v1/stream") {
            continue;
        }
        if rng.random_ratio(1, 2) {
            let piece = pieces[rng.random_range(0..pieces.len())].replace('\u{202e}', "%E2%80%AE");
            path += &format!("?cursor={piece}&limit={}", rng.random_range(0..3));
        }
        let method = ["GET", "POST", "PUT", "DELETE", "PATCH"][rng.random_range(0..5)];
        let mut body = vec![0; rng.random_range(0..200)];
        rng.fill_bytes(&mut body);
        let kind = ["application/json", "text/plain"][rng.random_range(0..2)];
        let answer = ask(to, method, &path, &[("Content-Type", kind)], &body);
        assert!(answer.status != 500 && answer.status != 0, "seed {seed}: {method} {path}: {}", answer.head);
    }
    assert_eq!(get(to, "/healthz").status, 200);
}

struct Wallet(SigningKey);

impl Wallet {
    fn new(number: u8) -> Self {
        Self(SigningKey::from_bytes(&[number; 32]))
    }

    fn address(&self) -> String {
        Address::new_from_array(self.0.verifying_key().to_bytes()).to_string()
    }

    fn challenge(&self, to: SocketAddr) -> String {
        let answer = post(to, "/v1/auth/challenge", &[], &json!({ "address": self.address() }));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["message"].as_str().expect("a message").to_owned()
    }

    fn answer(&self, to: SocketAddr, message: &str) -> http::Answer {
        let signature = BASE64_STANDARD.encode(self.0.sign(message.as_bytes()).to_bytes());
        let body = json!({ "address": self.address(), "message": message, "signature": signature });
        post(to, "/v1/auth/session", &[], &body)
    }

    fn sign_in(&self, to: SocketAddr) -> String {
        let answer = self.answer(to, &self.challenge(to));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["token"].as_str().expect("a token").to_owned()
    }
}

#[test]
fn a_sign_in_counts_once_for_its_wallet_domain_and_message() {
    let to = gateway();
    let (wallet, other) = (Wallet::new(1), Wallet::new(2));
    let message = wallet.challenge(to);
    assert!(message.starts_with(&format!("{to} wants you to sign in with your Solana account:\n")), "{message}");
    // Another domain, another wallet, a forged signature: refused, and the challenge is spent.
    let elsewhere = message.replacen(&to.to_string(), "evil.example", 1);
    assert_eq!(wallet.answer(to, &elsewhere).code(), "sign_in_refused");
    assert_eq!(wallet.answer(to, &message).code(), "sign_in_refused", "tried once already");
    let message = wallet.challenge(to);
    assert_eq!(other.answer(to, &message).code(), "sign_in_refused");
    let message = wallet.challenge(to);
    let body = json!({
        "address": wallet.address(), "message": message,
        "signature": BASE64_STANDARD.encode(other.0.sign(message.as_bytes()).to_bytes())
    });
    assert_eq!(post(to, "/v1/auth/session", &[], &body).status, 401);
    let message = wallet.challenge(to);
    assert_eq!(wallet.answer(to, &message).status, 200);
    assert_eq!(wallet.answer(to, &message).status, 401, "a nonce counts once");
}

#[test]
fn sessions_keys_and_roles_allow_what_they_say_and_are_written_down() {
    let to = gateway();
    let wallet = Wallet::new(3);
    let token = format!("Bearer {}", wallet.sign_in(to));
    let session = [("Authorization", token.as_str())];
    assert_eq!(ask(to, "GET", "/v1/auth/session", &session, &[]).json()["address"], wallet.address());
    assert_eq!(get(to, "/v1/auth/session").status, 401);
    assert_eq!(ask(to, "GET", "/v1/keys", &[("Authorization", "Bearer nonsense")], &[]).status, 401);

    let make = |name: &str, role: &str| {
        post(to, "/v1/keys", &session, &json!({ "name": name, "role": role, "expires_at": null }))
    };
    assert_eq!(make("x", "emperor").status, 400);
    assert_eq!(make("", "viewer").status, 400);
    let rude = "\u{202e}<script>alert(1)</script>";
    let viewer = make(rude, "viewer").json();
    let key = viewer["key"].as_str().expect("a key").to_owned();
    let by_key = [("X-Api-Key", key.as_str())];
    assert_eq!(ask(to, "GET", "/v1/auth/session", &by_key, &[]).json()["role"], "viewer");
    let refused = ask(to, "GET", "/v1/keys", &by_key, &[]);
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"));
    let listed = ask(to, "GET", "/v1/keys", &session, &[]);
    assert_eq!(listed.json()["items"][0]["name"], rude);
    assert!(!String::from_utf8_lossy(&listed.body).contains(&key), "a key is shown once");

    let id = viewer["id"].as_str().expect("an id");
    let other = format!("Bearer {}", Wallet::new(4).sign_in(to));
    assert_eq!(ask(to, "DELETE", &format!("/v1/keys/{id}"), &[("Authorization", &other)], &[]).status, 404);
    assert_eq!(ask(to, "DELETE", &format!("/v1/keys/{id}"), &session, &[]).status, 204);
    assert_eq!(ask(to, "GET", "/v1/auth/session", &by_key, &[]).status, 401);
    let log = ask(to, "GET", "/v1/audit", &session, &[]).json();
    let actions: Vec<&str> =
        log["items"].as_array().expect("lines").iter().filter_map(|line| line["action"].as_str()).collect();
    assert_eq!(actions, ["drop_key", "make_key", "sign_in"]);
    assert_eq!(ask(to, "DELETE", "/v1/auth/session", &session, &[]).status, 204);
    assert_eq!(ask(to, "GET", "/v1/auth/session", &session, &[]).status, 401);
}

#[test]
fn only_listed_methods_are_passed_on_and_one_at_a_time() {
    let to = gateway();
    let asked = |method: &str, params: Value| {
        post(to, "/rpc", &[], &json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params }))
    };
    let slot = asked("getSlot", json!([])).json();
    assert!(slot["result"].is_u64() && slot["id"] == "a", "{slot}");
    let error = asked("getBalance", json!(["nonsense"])).json();
    assert!(error["error"]["code"].is_i64() && error.get("result").is_none(), "{error}");
    for method in ["getProgramAccounts", "requestAirdrop", "surfnet_setAccount", "", "getslot"] {
        assert_eq!(asked(method, json!([])).status, 400, "{method}");
    }
    assert_eq!(asked("getSlot", json!({})).status, 400);
    let batch = json!([{ "jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [] }]);
    assert_eq!(post(to, "/rpc", &[], &batch).code(), "invalid_body");
    assert_eq!(post(to, "/v1/faucet", &[], &json!({ "address": Wallet::new(1).address() })).status, 403);
}

#[test]
fn streams_are_bounded_for_one_address_and_places_come_back() {
    let to = gateway();
    let open = || {
        let mut stream = http::connect(to);
        stream.write_all(b"GET /v1/stream?topics=jobs HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is asked");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        (head, stream)
    };
    let held: Vec<_> = (0..proofmill_gateway::limits::STREAMS_PER_ADDRESS_MAX).map(|_| open()).collect();
    assert!(held.iter().all(|(head, _)| head.ends_with(b"200")));
    assert!(open().0.ends_with(b"429"));
    drop(held);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // A place is free once the gateway notices that its reader is gone: with the next heartbeat at the latest.
    runtime.block_on(eventually("places come back", async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        open().0.ends_with(b"200").then_some(())
    }));
}
