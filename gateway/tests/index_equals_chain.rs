//! On a real local network: what the gateway holds is what the chain holds, and what a second gateway that starts from
//! nothing holds; closed jobs are remembered; streams resume; a restart forgets nothing.

#[path = "support/postgres.rs"]
mod postgres;
mod support;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    time::Duration,
};

use postgres::Postgres;
use proofmill_chain::Chain;
use proofmill_client::market;
use proofmill_gateway::{index::model::Account, reflect::Program, run::Gateway};
use serde_json::{Value, json};
use solana_address::Address;
use solana_signer::Signer;
use support::{
    http::{self, get},
    network::{Network, eventually, ready, settings},
};

/// Every account that is shown, as the chain has it.
async fn on_chain(network: &Network) -> BTreeMap<Address, (Program, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for program in Program::ALL {
        let read = network.chain.program_accounts(program.address(), &[]).await.expect("an answer");
        for account in read.accounts {
            if let Some(decoded) = Account::decode(program, &account.data) {
                assert_eq!(decoded.encode(), account.data[..decoded.encode().len()], "{}", account.address);
                all.insert(account.address, (program, decoded.encode()));
            }
        }
    }
    all
}

/// Everything that two gateways must agree on.
fn answers(to: SocketAddr, jobs: &[Address]) -> Vec<(String, Value)> {
    let mut paths: Vec<String> =
        ["/v1/config", "/v1/providers", "/v1/offers", "/v1/jobs", "/v1/events?limit=100", "/v1/cases", "/v1/rewards"]
            .map(str::to_owned)
            .to_vec();
    for job in jobs {
        paths.extend(["", "/events", "/bids", "/round"].map(|what| format!("/v1/jobs/{job}{what}")));
    }
    let ask = |path: String| {
        let answer = get(to, &path);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        let body = answer.json();
        (path, body)
    };
    paths.into_iter().map(ask).collect()
}

async fn agree(network: &Network, gateway: &Gateway) {
    eventually("the gateway holds what the chain holds", async || {
        let held = gateway.app.model().dump();
        (held == on_chain(network).await).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_equals_the_chain_and_a_fresh_index() {
    let network = Network::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = Postgres::start();
    let postgres = cluster.database("second");
    let start = async |name: &str, database: Option<&str>| {
        let mut settings = settings(network.localnet.rpc_url(), network.localnet.ws_url(), &folder.path().join(name));
        if let Some(database) = database {
            settings.database = database.to_owned();
        }
        let gateway = Gateway::start(settings).await.expect("the gateway starts");
        ready(&gateway).await;
        gateway
    };
    let first = start("first", None).await;

    // A stream that follows all of it.
    let mut stream = BufReader::new(http::connect(first.address));
    write!(stream.get_mut(), "GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is asked");

    // A name that a page must not take for its own, to be passed on as it is.
    let rude = "\u{202e}<b>'\"&x</b>";
    let party = network.provider(rude).await;
    let offer = network.offer(&party, 0, 500).await;
    let tenant = network.wallet().await;
    let taken = network.job(&tenant, 1, [7; 32], [1; 32], Some((&party, offer))).await;
    let open = network.job(&tenant, u64::from(u32::MAX) << 20, [7; 32], [9; 32], None).await;
    let cancelled = network.job(&tenant, 3, [7; 32], [8; 32], None).await;
    let vault = proofmill_client::address::vault(&cancelled);
    let cancel = market::cancel_job(market::CancelJobAccounts { tenant: tenant.pubkey(), job: cancelled });
    network.send(&tenant, vec![cancel]).await;
    assert!(network.account(vault).await.is_some());
    // Settled, collected, closed: only its events remain.
    let account = market::Job::decode(&network.account(cancelled).await.expect("the job")).expect("a job");
    let emptying = proofmill_client::compose::Emptying {
        address: cancelled,
        job: &account,
        provider_owner: Address::default(),
        treasury: Address::default(),
    };
    network.send(&tenant, vec![emptying.claim_refund(), emptying.close()]).await;
    assert!(network.account(cancelled).await.is_none());

    agree(&network, &first).await;
    let closed = eventually("the closed job is remembered", async || {
        let answer = get(first.address, &format!("/v1/jobs/{cancelled}"));
        let job = (answer.status == 200).then(|| answer.json())?;
        (job["closed"] == true).then_some(job)
    })
    .await;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("settled"), &json!("cancelled")));
    assert_eq!(closed["refunded"], closed["escrowed"]);
    assert_eq!(closed["spec_hash"], hex::encode([8; 32]));
    assert_eq!(closed["kind"], "batch");
    assert_eq!(closed["claimed"], json!(["refund"]));

    // Names pass through as data.
    let provider = get(first.address, &format!("/v1/providers/{}", party.owner.pubkey()));
    assert_eq!(provider.json()["gpu_model"], rude);
    assert!(provider.head.to_ascii_lowercase().contains("nosniff"));
    let listed = get(first.address, &format!("/v1/jobs/{open}")).json();
    assert_eq!(listed["index"], (u64::from(u32::MAX) << 20).to_string());

    // The taken offer no longer fits a job for which its stake does not suffice, and the answer says why.
    let wanted = json!({
        "mint": network.payment.mint.to_string(), "price_ceiling_per_second": "400", "max_seconds": 60,
        "vram_mib": 8192, "allow_simulated": true
    });
    let explained = http::post(first.address, "/v1/match", &[], &wanted).json();
    assert_eq!(explained["refused"][0]["failing"][0]["requirement"], "price_above_ceiling");
    assert_eq!(explained["matches"], json!([]));
    let fitting = json!({
        "mint": network.payment.mint.to_string(), "price_ceiling_per_second": "500", "max_seconds": 60,
        "allow_simulated": true
    });
    let explained = http::post(first.address, "/v1/match", &[], &fitting).json();
    assert_eq!(explained["matches"][0]["address"], offer.to_string());
    assert_eq!(explained["estimate"]["escrow"], "30000");
    assert_eq!(explained["estimate"]["fee"], "750");

    // The stream told of the jobs, numbered in order.
    let (mut ids, mut seen) = (Vec::new(), Vec::new());
    for line in stream.lines().map_while(Result::ok) {
        if let Some(id) = line.strip_prefix("id: ") {
            ids.push(id.parse::<u64>().expect("a number"));
        }
        if line.contains("\"closed\":true") {
            seen.push(line);
            break;
        }
    }
    assert!(!seen.is_empty() && ids.is_sorted());
    let early = ids[ids.len() / 2];
    let resumed = {
        let mut stream = BufReader::new(http::connect(first.address));
        write!(stream.get_mut(), "GET /v1/stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {early}\r\n\r\n")
            .expect("asked");
        stream.lines().map_while(Result::ok).find_map(|line| line.strip_prefix("id: ").map(str::to_owned))
    };
    assert_eq!(resumed.expect("an id").parse::<u64>().expect("a number"), early + 1);

    // A second gateway that knows nothing comes to the same, in another database.
    let jobs = [taken, open, cancelled];
    let second = start("second", Some(&postgres)).await;
    agree(&network, &second).await;
    let same = eventually("both gateways answer alike", async || {
        let (one, two) = (answers(first.address, &jobs), answers(second.address, &jobs));
        (one == two).then_some(one)
    })
    .await;
    let events = same.iter().find(|(path, _)| path.starts_with("/v1/events")).expect("events");
    assert!(events.1["items"].as_array().expect("a list").len() >= 10);
    let (one, two) = (first.app.store.dump().await.expect("a dump"), second.app.store.dump().await.expect("a dump"));
    assert_eq!(one, two);

    // Ended and started again on its own database: the same again, and nothing read twice.
    second.stop().await;
    let again = start("second", Some(&postgres)).await;
    agree(&network, &again).await;
    assert_eq!(answers(again.address, &jobs), same);
    again.stop().await;
    first.stop().await;
    network.localnet.stop().await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_node_is_gone_answers_what_it_has_and_says_what_it_cannot() {
    let network = Network::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(network.localnet.rpc_url(), network.localnet.ws_url(), folder.path());
    let gateway = Gateway::start(settings).await.expect("it starts");
    ready(&gateway).await;
    let genesis = get(gateway.address, "/v1/network").json()["genesis_hash"].clone();
    network.localnet.stop().await.expect("it ends");
    tokio::time::sleep(Duration::from_millis(300)).await;
    // What is indexed is still answered; what needs the node says that there is none.
    assert_eq!(get(gateway.address, "/v1/network").json()["genesis_hash"], genesis);
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [] });
    let refused = http::post(gateway.address, "/rpc", &[], &asked);
    assert_eq!((refused.status, refused.code().as_str()), (502, "chain_unavailable"));
    gateway.stop().await;
}
