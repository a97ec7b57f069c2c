//! The whole network as a user runs it: the real binaries, the real engine, real containers.
//!
//! One test after another: each starts processes of its own, and the machine may have two cores.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use proofmill_artifacts::{Limits, scan, write_bundle};
use proofmill_chain::{Chain, MemoryOutbox, RpcChain, Sender, TransactionRequest, read_keypair};
use proofmill_client::{
    address::{self, Coin},
    compose::{self, Take},
    market,
};
use proofmill_protocol::amount;
use proofmill_tests::{binary, root};
use serde_json::{Value, json};
use solana_address::Address;
use solana_signer::Signer;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn proofmill(args: &[&str]) -> Output {
    Command::new(binary("proofmill")).args(args).current_dir(root()).output().expect("proofmill runs")
}

/// Standard output as JSON.
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "no JSON ({error}):\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

#[test]
fn the_demonstration_holds() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let summary_file = dir.path().join("summary.json");
    let network = dir.path().join("network");
    let output = proofmill(&[
        "demo",
        "--dir",
        network.to_str().expect("UTF-8"),
        "--summary",
        summary_file.to_str().expect("UTF-8"),
    ]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", logs(&network));
    let summary: Value =
        serde_json::from_slice(&std::fs::read(&summary_file).expect("a summary")).expect("the summary is JSON");
    assert_eq!(summary["conservation_ok"], true);
    assert_eq!(summary["lamports_leaked"], 0);
    let jobs = summary["jobs"].as_array().expect("jobs");
    let verdicts: Vec<_> = jobs.iter().map(|job| job["verdict"].as_str().unwrap_or("")).collect();
    assert_eq!(verdicts, ["accepted", "accepted", "rejected", "accepted"]);
    let matched: Vec<_> = jobs.iter().map(|job| job["matched_by"].as_str().unwrap_or("")).collect();
    assert_eq!(matched, ["instant", "auction", "instant", "instant"]);
    for job in jobs {
        let number = |name: &str| job[name].as_u64().unwrap_or_else(|| panic!("{name} of {job}"));
        assert_eq!(number("paid") + number("refunded") + number("fee"), number("escrowed"), "{job}");
    }
    assert_eq!(jobs[2]["refunded"], jobs[2]["escrowed"]);
    assert!(jobs[2]["slashed"].as_u64() > Some(0));
}

/// The tail of every daemon's log, for a failure's message.
fn logs(dir: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(dir) else { return String::new() };
    let mut text = String::new();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "log"))
    {
        let log = std::fs::read_to_string(&path).unwrap_or_default();
        let tail: Vec<_> = log.lines().rev().take(15).collect();
        text += &format!("\n== {}\n", path.display());
        text.extend(tail.into_iter().rev().map(|line| format!("{line}\n")));
    }
    text
}

/// A local network with daemons, ended when dropped.
struct Network {
    dir: tempfile::TempDir,
    child: Child,
}

impl Network {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[&str]) -> Self {
        let dir = tempfile::TempDir::new().expect("a temporary folder");
        let at = dir.path().join("net");
        let said = dir.path().join("localnet.log");
        let child = Command::new(binary("proofmill"))
            .args(["localnet", "--dir", at.to_str().expect("UTF-8")])
            .args(more)
            .current_dir(root())
            .stdout(std::fs::File::create(&said).expect("a log"))
            .stderr(Stdio::inherit())
            .spawn()
            .expect("proofmill runs");
        let network = Self { dir, child };
        let started = Instant::now();
        // What it says last, when everything is up and the tenant is funded.
        while !std::fs::read_to_string(&said).unwrap_or_default().contains("Ctrl-C") {
            assert!(started.elapsed() < Duration::from_secs(120), "the network did not start:{}", logs(&at));
            std::thread::sleep(Duration::from_millis(200));
        }
        network
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("net").join(name)
    }

    /// A command of the funded tenant, as JSON.
    fn tenant(&self, args: &[&str]) -> Value {
        let network = self.file("network.json");
        let keypair = self.file("tenant-test-keypair.json");
        let mut all = vec![
            "--json",
            "--network",
            network.to_str().expect("UTF-8"),
            "--keypair",
            keypair.to_str().expect("UTF-8"),
        ];
        all.extend_from_slice(args);
        json(&proofmill(&all))
    }

    /// Runs one of the faulty fixtures and returns the settled job.
    fn fixture(&self, mode: &str, more: &[&str]) -> Value {
        let spec = self.dir.path().join(format!("{mode}.json"));
        let text = std::fs::read_to_string(root().join("jobs/small/fixtures/job.json")).expect("the fixtures' spec");
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        let program = value["command"][0].clone();
        value["command"] = serde_json::json!([program, mode]);
        value["max_seconds"] = 20.into();
        value["resources"]["memory_mib"] = 64.into();
        value["resources"]["scratch_mib"] = 16.into();
        std::fs::write(&spec, value.to_string()).expect("written");
        let mut args = vec!["job", "run", spec.to_str().expect("UTF-8"), "--yes"];
        args.extend_from_slice(more);
        self.tenant(&args)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // SIGINT ends it and its children in order.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Every faulty job ends in a written outcome, with the money where the rules say.
#[test]
fn faulty_jobs_end_by_the_rules() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let network = Network::start();
    let balanced = |job: &Value| {
        let n =
            |name: &str| job[name].as_u64().unwrap_or_else(|| panic!("{name} of {job}\n{}", logs(&network.file(""))));
        assert_eq!(n("paid") + n("refunded") + n("fee"), n("escrowed"), "{job}");
    };
    // The container did what it did, and the re-execution says the same: the tenant pays for the time it took.
    for (mode, outcome) in [
        ("exit", "accepted"),
        ("symlink", "accepted"),
        ("forever", "accepted"),
        ("flood", "accepted"),
        ("oom", "accepted"),
    ] {
        let job = network.fixture(mode, &[]);
        assert_eq!(job["state"], "settled", "{mode}: {job}{}", logs(&network.file("")));
        assert_eq!(job["outcome"], outcome, "{mode}: {job}{}", logs(&network.file("")));
        balanced(&job);
    }
    // An image that the provider does not have: given back, refunded in full.
    let unknown = format!("sha256:{}", "ab".repeat(32));
    let job = network.fixture("exit", &["--image", &unknown]);
    assert_eq!(job["outcome"], "declined", "{job}{}", logs(&network.file("")));
    assert_eq!(job["refunded"], job["escrowed"]);

    // An auction that nobody answers at this price: the tenant withdraws, and everything comes back.
    let keypair = network.file("tenant-test-keypair.json");
    let file = network.file("network.json");
    let mut waiting = Command::new(binary("proofmill"))
        .args(["--network", file.to_str().expect("UTF-8"), "--keypair", keypair.to_str().expect("UTF-8")])
        .args(["job", "run", "jobs/small/checksum/job.json", "--auction-seconds", "600", "--max-price", "10", "--yes"])
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("proofmill runs");
    let started = Instant::now();
    let open = loop {
        let jobs = network.tenant(&["job", "list"]);
        let open = jobs.as_array().expect("a list").iter().find(|job| job["state"] == "open").cloned();
        if let Some(job) = open {
            break job;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the auction was not posted: {jobs}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let job = network.tenant(&["job", "cancel", open["job"].as_str().expect("an address")]);
    assert_eq!(job["outcome"], "cancelled", "{job}");
    assert_eq!(job["refunded"], job["escrowed"]);
    // The command that waited for a match ends: it saw the job cancelled, or gone.
    waiting.wait().expect("it ends");
}

/// One document, six tasks: providers come by themselves, each task knows its number, each result is its own; what is said
/// before anything is signed holds; an array that nobody fills is cancelled and closed.
#[test]
fn an_array_runs_on_the_providers_that_come_for_it() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let network = Network::start();
    let (spec, input, out) =
        (network.dir.path().join("array.json"), network.dir.path().join("in"), network.dir.path().join("out"));
    std::fs::create_dir(&input).expect("a folder");
    std::fs::write(input.join("shared.txt"), "shared").expect("written");
    let document = serde_json::json!({
        "version": 1, "name": "checksum", "image": "resolved-at-build",
        "command": ["/bin/sh", "-c", "echo $PROOFMILL_TASK_INDEX/$PROOFMILL_TASK_COUNT $(cat /in/shared.txt) > /out/place"],
        "resources": { "cpus_milli": 500, "memory_mib": 64 }, "outputs": { "max_bytes": 65536, "max_files": 4 },
        "max_seconds": 30, "retries": 1, "price_ceiling_per_second": 1000
    });
    std::fs::write(&spec, document.to_string()).expect("written");
    let (spec, input) = (spec.to_str().expect("UTF-8"), input.to_str().expect("UTF-8"));

    let estimate = network.tenant(&["job", "estimate", spec, "--tasks", "6"]);
    assert_eq!(estimate["escrow_atoms"], 6 * 30 * 1000, "{estimate}");
    let explained = network.tenant(&["job", "explain", spec, "--real-device"]);
    let offers = explained["offers"].as_array().expect("offers");
    assert!(!offers.is_empty());
    for offer in offers {
        assert_eq!(offer["failing"]["requirement"], "placement.allow_simulated", "{offer}");
    }

    let out = out.to_str().expect("UTF-8");
    let done = network.tenant(&["job", "array", spec, "--tasks", "6", "--input", input, "--output", out, "--yes"]);
    assert_eq!((&done["done"], &done["failed"]), (&6.into(), &0.into()), "{done}{}", logs(&network.file("")));
    for task in 0..6 {
        let place = std::fs::read_to_string(format!("{out}/task-{task:04}/place")).expect("a result");
        assert_eq!(place, format!("{task}/6 shared\n"));
    }

    // At this price nobody comes. The command that waits sees the cancelling and closes the array.
    let (file, keypair) = (network.file("network.json"), network.file("tenant-test-keypair.json"));
    let mut waiting = Command::new(binary("proofmill"))
        .args(["--network", file.to_str().expect("UTF-8"), "--keypair", keypair.to_str().expect("UTF-8")])
        .args(["job", "array", spec, "--tasks", "2", "--max-price", "50", "--yes"])
        .current_dir(root())
        .stdout(Stdio::null())
        .spawn()
        .expect("proofmill runs");
    let started = Instant::now();
    let open = loop {
        let arrays = network.tenant(&["job", "array", "list"]);
        if let Some(array) = arrays.as_array().expect("a list").first() {
            break array["array"].as_str().expect("an address").to_owned();
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the array was not posted: {arrays}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let status = network.tenant(&["job", "array", "status", &open]);
    assert!(status["tasks"].as_array().expect("tasks").iter().all(|task| task["state"] == "free"), "{status}");
    assert_eq!(network.tenant(&["job", "array", "cancel", &open])["cancelled"], true);
    assert!(waiting.wait().expect("it ends").success());
    assert_eq!(network.tenant(&["job", "array", "list"]), serde_json::json!([]));
}

/// An HTTP answer: status, head, body.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.head, String::from_utf8_lossy(&self.body)))
    }
}

/// Asks over HTTP/1.0, so that the answer ends where the connection does. Nothing if nobody answers.
fn try_ask(to: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {to}\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).ok()?;
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n")?;
    let body = whole.split_off(end + 4);
    let head = String::from_utf8_lossy(&whole).into_owned();
    Some(Answer { status: head.split(' ').nth(1)?.parse().ok()?, head, body })
}

fn ask(to: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    try_ask(to, method, path, headers, body).unwrap_or_else(|| panic!("no answer from {to} to {method} {path}"))
}

/// Looks again and again until there is what is waited for.
fn eventually<T>(what: &str, within: Duration, network: &Network, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < within, "not within {within:?}: {what}{}", logs(&network.file("")));
        std::thread::sleep(Duration::from_millis(300));
    }
}

const MINUTES: Duration = Duration::from_secs(180);

/// Balances in the payment token of everybody who can get any of a job's money.
struct Purse {
    chain: RpcChain,
    runtime: tokio::runtime::Runtime,
    coin: Coin,
}

impl Purse {
    fn open(network: &Network) -> Self {
        let file: Value =
            serde_json::from_slice(&std::fs::read(network.file("network.json")).expect("a file")).expect("JSON");
        let text = |name: &str| file[name].as_str().expect("a text").to_owned();
        let mint = text("payment_mint").parse().expect("an address");
        let coin = Coin { mint, token_program: address::TOKEN_PROGRAM };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        Self { chain: RpcChain::new(&text("rpc_url"), &text("ws_url")), runtime, coin }
    }

    fn account(&self, at: Address) -> Option<Vec<u8>> {
        self.runtime.block_on(self.chain.account(at)).expect("an answer").map(|account| account.data)
    }

    /// Atoms in a token account; none if it is not there.
    fn atoms(&self, at: Address) -> u64 {
        let data = self.account(at).unwrap_or_default();
        data.get(64..72).map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
    }

    /// Tenant, both providers' owners, treasury and audit budget, in this order.
    fn all(&self, tenant: &Address, owners: &[Address]) -> Vec<u64> {
        let config = market::Config::decode(&self.account(address::market_config()).expect("it")).expect("it");
        let mut all = vec![self.atoms(self.coin.account_of(tenant))];
        all.extend(owners.iter().map(|owner| self.atoms(self.coin.account_of(owner))));
        all.push(self.atoms(self.coin.account_of(&config.treasury)));
        all.push(self.atoms(address::audit_budget(&self.coin.mint)));
        all
    }
}

/// A page in a container on somebody else's machine is reached through the tunnel and, by ticket, through the gateway; what
/// both sides sign is paid and streams, a top-up adds time, a stop ends it, and every atom is accounted for.
#[test]
fn a_service_is_reached_and_paid_for_what_both_signed() {
    let alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let network = Network::start_with(&["--gateway", "127.0.0.1:0"]);
    let said = std::fs::read_to_string(network.dir.path().join("localnet.log")).expect("a log");
    let gateway =
        said.split("http://").nth(2).and_then(|rest| rest.split_whitespace().next()).expect("its URL").to_owned();
    let (spec, input) = (network.dir.path().join("service.json"), network.dir.path().join("in"));
    std::fs::create_dir(&input).expect("a folder");
    std::fs::write(input.join("index.html"), "<p>a page from a container</p>").expect("written");
    let busybox = |applet: &'static [&'static str]| [&["/bin/busybox"], applet].concat();
    let document = json!({
        "version": 1, "kind": "service", "name": "checksum", "image": "resolved-at-build",
        "command": busybox(&["httpd", "-f", "-p", "8000", "-h", "/in"]),
        "resources": { "cpus_milli": 500, "memory_mib": 64 }, "max_seconds": 120, "verification": "witnessed",
        "price_ceiling_per_second": 1000, "ports": [{ "number": 8000, "protocol": "http" }],
        "health": {
            "command": busybox(&["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/"]),
            "interval_seconds": 1, "timeout_seconds": 5, "failures_max": 3
        }
    });
    std::fs::write(&spec, document.to_string()).expect("written");
    let spec = spec.to_str().expect("UTF-8");
    let keypair = read_keypair(&network.file("tenant-test-keypair.json")).expect("a keypair");
    let (tenant, purse) = (keypair.pubkey(), Purse::open(&network));
    let owners: Vec<Address> = ["provider-1", "provider-2"]
        .map(|name| {
            read_keypair(&network.file(&format!("{name}-owner-test-keypair.json"))).expect("a keypair").pubkey()
        })
        .to_vec();
    let before = purse.all(&tenant, &owners);

    // Posted, taken, healthy, and reached through the tunnel.
    let posted = network.tenant(&["job", "run", spec, "--input", input.to_str().expect("UTF-8"), "--yes"]);
    let job = posted["job"].as_str().unwrap_or_else(|| panic!("{posted}{}", logs(&network.file("")))).to_owned();
    assert_eq!((&posted["state"], &posted["answers"]), (&json!("running"), &json!(true)), "{posted}");
    assert_eq!(posted["ports"], json!([8000]));
    let (file, keyfile) = (network.file("network.json"), network.file("tenant-test-keypair.json"));
    let heard = network.dir.path().join("forward.log");
    let mut forward = Command::new(binary("proofmill"))
        .args(["--json", "--network", file.to_str().expect("UTF-8"), "--keypair", keyfile.to_str().expect("UTF-8")])
        .args(["job", "forward", &job, "0:8000"])
        .current_dir(root())
        .stdout(std::fs::File::create(&heard).expect("a log"))
        .spawn()
        .expect("proofmill runs");
    let event = |name: &str| {
        let text = std::fs::read_to_string(&heard).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(|event| event["event"] == name)
    };
    let local = eventually("a local port", MINUTES, &network, || event("listening"));
    let local = local["local"].as_str().expect("an address").to_owned();
    let page = eventually("the page", MINUTES, &network, || {
        try_ask(&local, "GET", "/index.html", &[], &[]).filter(|page| page.status == 200)
    });
    assert_eq!(page.body, b"<p>a page from a container</p>");
    let signed = eventually("a signature", MINUTES, &network, || event("signed"));
    assert!(signed["usage_ms"].as_u64() > Some(0), "{signed}");

    // The same page by a ticket of the gateway, for a job that names the gateway's key.
    let validated = network.tenant(&["job", "validate", spec]);
    let canonical = validated["canonical"].as_str().expect("a document").as_bytes().to_vec();
    let bytes32 = |text: &Value| -> [u8; 32] {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_str().expect("hexadecimal"), &mut bytes).expect("32 bytes");
        bytes
    };
    let manifest = scan(&input, Limits::default()).expect("a manifest");
    let mut bundle = Vec::new();
    write_bundle(&input, &manifest, &mut bundle).expect("a bundle");
    let offers = network.tenant(&["offer", "list"]);
    let offer = &offers.as_array().expect("offers")[0];
    let address = |value: &Value| value.as_str().expect("an address").parse::<Address>().expect("an address");
    let provider = address(&offer["provider"]);
    let provider_account =
        market::Provider::decode(&purse.account(provider).expect("the provider")).expect("a provider");
    let terms = market::JobTerms {
        index: 1,
        spec_hash: bytes32(&validated["terms"]["spec_hash"]),
        image_digest: bytes32(&validated["terms"]["image_digest"]),
        input_root: *manifest.root().as_bytes(),
        tenant_node_key: bytes32(&ask(&gateway, "GET", "/v1/network", &[], &[]).json()["node_key"]),
        price_ceiling_per_second: 1_000,
        max_seconds: 120,
        vram_mib: 0,
        certificate_age_seconds_max: 0,
        sla_bond: 0,
        auction_seconds: 0,
        region: 0,
        uptime_bps: 0,
        sla_uptime_bps: 0,
        attempts_max: 1,
        kind: 3,
        class: 3,
        tier: 0,
        gpu_count: 0,
        allow_simulated: 1,
    };
    let take = Take { offer: address(&offer["offer"]), provider, owner: provider_account.owner };
    let (bridged, all) = compose::post_and_take(tenant, purse.coin, terms, Some(take));
    let chain = std::sync::Arc::new(purse.chain.clone());
    let request = TransactionRequest::new(std::sync::Arc::new(keypair.insecure_clone()), all);
    let sender = Sender::new(chain, std::sync::Arc::new(MemoryOutbox::default()));
    purse.runtime.block_on(sender.send(b"bridged", request)).expect("it is posted");
    let asked = json!({ "address": tenant.to_string() }).to_string();
    let kind = ("Content-Type", "application/json");
    let challenge = ask(&gateway, "POST", "/v1/auth/challenge", &[kind], asked.as_bytes()).json();
    let message = challenge["message"].as_str().expect("a message");
    let signature = keypair.sign_message(message.as_bytes()).to_string();
    let opened = json!({ "address": tenant.to_string(), "message": message, "signature": signature }).to_string();
    let session = ask(&gateway, "POST", "/v1/auth/session", &[kind], opened.as_bytes()).json();
    let token = format!("Bearer {}", session["token"].as_str().expect("a token"));
    let mine = ("Authorization", token.as_str());
    for (what, bytes) in [("spec", &canonical), ("input", &bundle)] {
        eventually("the gateway takes it", MINUTES, &network, || {
            let taken = ask(&gateway, "PUT", &format!("/v1/jobs/{bridged}/{what}"), &[mine], bytes);
            assert!(matches!(taken.status, 200 | 404), "{}", String::from_utf8_lossy(&taken.body));
            (taken.status == 200).then_some(())
        });
    }
    let view = |job: &str| ask(&gateway, "GET", &format!("/v1/jobs/{job}"), &[], &[]).json();
    eventually("it runs", MINUTES, &network, || {
        let job = view(&bridged.to_string());
        assert_ne!(job["state"], "settled", "{job}{}", logs(&network.file("")));
        (job["state"] == "running").then_some(())
    });
    let ticket = ask(&gateway, "POST", &format!("/v1/jobs/{bridged}/ports/8000/ticket"), &[mine], &[]);
    assert_eq!(ticket.status, 200, "{}", String::from_utf8_lossy(&ticket.body));
    let path = ticket.json()["path"].as_str().expect("a path").to_owned();
    let page = ask(&gateway, "GET", &format!("{path}index.html"), &[], &[]);
    assert_eq!((page.status, page.body.as_slice()), (200, &b"<p>a page from a container</p>"[..]), "{}", page.head);
    assert!(page.head.to_ascii_lowercase().contains("content-security-policy: sandbox"), "{}", page.head);

    // Usage that both sign reaches the chain, and what it earns streams to the provider while it runs.
    for job in [job.as_str(), &bridged.to_string()] {
        eventually("usage is on chain and streams", MINUTES, &network, || {
            let service = &view(job)["service"];
            let atoms = |name: &str| service[name].as_str().and_then(|text| text.parse::<u64>().ok());
            (atoms("usage_ms") > Some(0) && atoms("streamed") > Some(0)).then_some(())
        });
    }

    // More time, for exactly what it costs.
    let price = posted["price_per_second"].as_u64().expect("a price");
    let vault = address::vault(&job.parse().expect("an address"));
    let escrowed = posted["escrowed"].as_u64().expect("an escrow");
    let planned = network.tenant(&["job", "top-up", &job, "--seconds", "600", "--dry-run"]);
    assert_eq!(planned["added"], false);
    let topped = network.tenant(&["job", "top-up", &job, "--seconds", "600", "--yes"]);
    // The escrow was made at the ceiling: what it has beyond the price is used first.
    assert_eq!(topped["atoms"], (720 * price).saturating_sub(escrowed), "{topped}");
    assert_eq!((&topped["max_seconds"], &topped["added"]), (&json!(720), &json!(true)));
    assert!(purse.atoms(vault) > 0);

    // Ended by the tenant; the command that forwards signs the last of it and ends by itself.
    for job in [job.as_str(), &bridged.to_string()] {
        let stopped = network.tenant(&["job", "stop", job, "--yes"]);
        assert_eq!(stopped["state"], "ending", "{stopped}{}", logs(&network.file("")));
    }
    let ended = eventually("the forwarding ends", MINUTES, &network, || forward.try_wait().expect("a child"));
    assert!(ended.success(), "{}", std::fs::read_to_string(&heard).unwrap_or_default());
    assert_eq!(ask(&gateway, "GET", &path, &[], &[]).status, 404, "a ticket ends with its service");

    // The grace is five minutes in which this network is idle: the next test need not wait for them.
    drop(alone);
    // Settled after the grace for last reports, by whoever comes first; then everybody is paid and nothing is left.
    let settled: Vec<Value> = [job.as_str(), &bridged.to_string()]
        .iter()
        .map(|job| {
            eventually("it is settled, paid out and closed", Duration::from_secs(600), &network, || {
                // Closes what may be closed; whoever is owed more collects it first.
                let _ = network.tenant(&["job", "close", job]);
                Some(view(job)).filter(|job| job["closed"] == true)
            })
        })
        .collect();
    let fee_bps = posted["fee_bps"].as_u64().map_or(250, |bps| u16::try_from(bps).expect("basis points"));
    let (mut paid, mut fees) = (0, 0);
    for job in &settled {
        let n = |name: &str| job[name].as_str().and_then(|text| text.parse::<u64>().ok()).expect(name);
        assert_eq!(job["outcome"], "stopped", "{job}");
        assert_eq!(n("paid") + n("refunded") + n("fee"), n("escrowed"), "{job}");
        let gross = amount::metered(n("price_per_second"), n("metered_ms")).expect("an amount").min(n("escrowed"));
        let fee = amount::share(gross, fee_bps).expect("a share");
        assert_eq!((n("paid"), n("fee")), (gross - fee, fee), "{job}");
        paid += n("paid");
        fees += n("fee");
    }
    let after = purse.all(&tenant, &owners);
    let spent = before[0] - after[0];
    let earned: u64 = (1..=owners.len()).map(|at| after[at] - before[at]).sum();
    let collected: u64 = (owners.len() + 1..after.len()).map(|at| after[at] - before[at]).sum();
    assert_eq!((spent, earned, collected), (paid + fees, paid, fees), "{before:?} {after:?} {settled:?}");
    assert_eq!(purse.atoms(vault), 0);
}
