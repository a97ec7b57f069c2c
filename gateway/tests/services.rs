//! The ports of services through the gateway, on a real local network, with a provider's node of the data plane and a
//! service behind it that does everything a page must be kept from: what passes is bounded and harmless, and usage is
//! signed only as far as the service answered.

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ed25519_dalek::{Signer, SigningKey};
use proofmill_client::{address, market, service::usage_message};
use proofmill_dataplane::{
    BlobName, Duplex, Handler, Node, NodeConfig, Refusal, RefusalCode, ServiceName, SignedUsage, Sink, Source, Staged,
    is_signed_by,
};
use proofmill_gateway::{run::Gateway, tickets::Ticket};
use proofmill_protocol::{
    ids::{Domain, JobKey},
    sha256,
    usage::UsageReport,
};
use serde_json::{Value, json};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use support::{
    http::{self, Answer, ask, get, post},
    network::{Network, eventually, ready, settings},
};

const NODE_KEY: [u8; 32] = [8; 32];
const PORT: u16 = 8_000;

/// What the service's node claims next.
#[derive(Default)]
struct Claims {
    domain: [u8; 32],
    nonce: u64,
    usage_ms: u64,
    measured_at: i64,
}

/// A provider's node as far as the data plane sees it: port 8000 leads to the hostile service, port 9 to nothing.
struct Provider {
    folder: PathBuf,
    service: SocketAddr,
    up: AtomicBool,
    claims: Mutex<Claims>,
    signed: Mutex<Vec<(UsageReport, [u8; 64])>>,
    asked: AtomicU64,
}

impl Handler for Provider {
    async fn open_get(&self, _: [u8; 32], _: &BlobName, _: u64) -> Result<Source, Refusal> {
        Err(Refusal::new(RefusalCode::NotFound, "not here"))
    }

    async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
        Ok(Sink::StageIn(self.folder.clone()))
    }

    async fn finish_put(&self, _: [u8; 32], _: &BlobName, _: Staged) -> Result<(), Refusal> {
        Ok(())
    }

    async fn open_tunnel(&self, _: [u8; 32], _: &ServiceName, port: u16) -> Result<Box<dyn Duplex>, Refusal> {
        let away = || Refusal::new(RefusalCode::NotReady, "nothing listens there");
        if port != PORT || !self.up.load(Ordering::SeqCst) {
            return Err(away());
        }
        let stream = tokio::net::TcpStream::connect(self.service).await.map_err(|_| away())?;
        Ok(Box::new(stream))
    }

    async fn usage(&self, _: [u8; 32], service: &ServiceName) -> Result<SignedUsage, Refusal> {
        let claims = self.claims.lock().expect("a lock");
        let report = UsageReport {
            domain: Domain(claims.domain),
            job: JobKey(service.job),
            attempt: service.attempt,
            nonce: claims.nonce,
            usage_ms: claims.usage_ms,
            measured_at: claims.measured_at,
        };
        self.asked.fetch_add(1, Ordering::SeqCst);
        let node_signature = SigningKey::from_bytes(&NODE_KEY).sign(&usage_message(&report)).to_bytes();
        Ok(SignedUsage { report, node_signature })
    }

    async fn cosigned(
        &self,
        _: [u8; 32],
        _: &ServiceName,
        report: UsageReport,
        signature: [u8; 64],
    ) -> Result<(), Refusal> {
        self.signed.lock().expect("a lock").push((report, signature));
        Ok(())
    }
}

/// Connections that the hostile service holds.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// A service that answers each path in its own wrong way.
fn hostile() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                OPEN.fetch_add(1, Ordering::SeqCst);
                // Whoever asked may be gone.
                let _ = answer(stream);
                OPEN.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    at
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let whole = |kind: &str, body: &[u8]| {
        let mut all = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        all += &String::from_utf8_lossy(body);
        all.into_bytes()
    };
    match path.as_str() {
        "/page" => stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: session=stolen; Path=/\r\n\
              Content-Security-Policy: default-src *\r\nClear-Site-Data: \"*\"\r\nX-Accel-Redirect: /etc/passwd\r\n\
              Access-Control-Allow-Credentials: true\r\nWWW-Authenticate: Basic realm=\"gateway\"\r\n\
              Strict-Transport-Security: max-age=1\r\nService-Worker-Allowed: /\r\nCache-Control: public, max-age=9\r\n\
              Keep-Alive: timeout=9\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Length: 33\r\n\r\n\
              <script>top.localStorage</script>",
        ),
        "/redirect" => stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /login?x=1\r\nContent-Length: 0\r\n\r\n"),
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
            loop {
                stream.write_all(chunk.as_bytes())?;
            }
        }
        "/silent" => {
            // Until the other side has had enough.
            let _ = reader.read_to_string(&mut head)?;
            Ok(())
        }
        "/garbage" => stream.write_all(b"\x00\x01\x02 this is no HTTP\r\n\r\n"),
        "/headers" => stream.write_all(
            format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(200_000)).as_bytes(),
        ),
        "/switch" => {
            stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
        }
        "/ws" => {
            let accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSet-Cookie: a=b\r\n\r\n";
            stream.write_all(accepted.as_bytes())?;
            let mut bytes = [0; 64];
            loop {
                let read = reader.read(&mut bytes)?;
                if read == 0 {
                    return Ok(());
                }
                stream.write_all(&bytes[..read])?;
            }
        }
        _ => {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body)?;
            head += &String::from_utf8_lossy(&body);
            stream.write_all(&whole("text/plain", head.as_bytes()))
        }
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

/// Everything that both tests need.
struct Stage {
    network: Network,
    gateway: Gateway,
    provider: Arc<Provider>,
    node: Node,
    party: support::network::Party,
    offer: Address,
    tenant: Arc<Keypair>,
    token: String,
    node_key: [u8; 32],
    _folder: tempfile::TempDir,
}

/// A network with a gateway and a provider's node.
async fn stage(cosign: bool) -> Stage {
    let network = Network::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::bind(NodeConfig::offline(NODE_KEY, ([127, 0, 0, 1], 0).into())).await.expect("a node");
    let provider = Arc::new(Provider {
        folder: folder.path().to_owned(),
        service: hostile(),
        up: AtomicBool::new(true),
        claims: Mutex::default(),
        signed: Mutex::default(),
        asked: AtomicU64::new(0),
    });
    node.serve(provider.clone()).expect("it serves");
    let party = network.provider_at("device", node.public_key(), node.local_addr().port()).await;
    let offer = network.offer(&party, 0, 500).await;
    let mut settings = settings(network.localnet.rpc_url(), network.localnet.ws_url(), &folder.path().join("gateway"));
    settings.service_answer = Duration::from_secs(2);
    settings.cosign = cosign;
    let gateway = Gateway::start(settings).await.expect("it starts");
    ready(&gateway).await;
    let to = gateway.address;
    let mut node_key = [0; 32];
    let shown = get(to, "/v1/network").json()["node_key"].as_str().expect("a key").to_owned();
    hex::decode_to_slice(&shown, &mut node_key).expect("hexadecimal");
    let tenant = network.wallet().await;
    let token = sign_in(to, &tenant);
    Stage { network, gateway, provider, node, party, offer, tenant, token, node_key, _folder: folder }
}

impl Stage {
    /// Waits until the gateway knows a job in a state.
    async fn indexed(&self, job: Address, state: &str) -> Value {
        eventually("the gateway knows the job", async || {
            let answer = get(self.gateway.address, &format!("/v1/jobs/{job}"));
            (answer.status == 200).then(|| answer.json()).filter(|job| job["state"] == state)
        })
        .await
    }

    fn ticket(&self, job: Address, port: &str, header: (&str, &str)) -> Answer {
        ask(self.gateway.address, "POST", &format!("/v1/jobs/{job}/ports/{port}/ticket"), &[header], &[])
    }

    async fn end(self) {
        self.gateway.stop().await;
        self.node.close().await;
        self.network.localnet.stop().await.expect("it ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_leads_to_one_port_and_what_comes_back_is_harmless() {
    let stage = stage(false).await;
    let (to, token) = (stage.gateway.address, stage.token.clone());
    let mine = ("Authorization", token.as_str());
    let take = (&stage.party, stage.offer);
    let job = stage.network.service(&stage.tenant, 1, stage.node_key, [1; 32], take).await;
    let other_key = stage.network.service(&stage.tenant, 2, [9; 32], [1; 32], take).await;
    let batch = stage.network.job(&stage.tenant, 3, stage.node_key, [1; 32], Some(take)).await;
    stage.indexed(batch, "matched").await;
    stage.indexed(other_key, "matched").await;

    // Whose it is, what it is, and whether it runs.
    assert_eq!(stage.ticket(job, "8000", mine).code(), "not_running");
    stage.network.start_job(&stage.party, job).await;
    let view = stage.indexed(job, "running").await;
    assert_eq!((&view["service"]["usage_ms"], &view["service"]["paused"]), (&json!("0"), &json!(false)));
    assert_eq!(view["service"]["dry_at"], json!(view["started_at"].as_i64().expect("an instant") + 60));
    assert_eq!(stage.ticket(batch, "8000", mine).code(), "not_a_service");
    assert_eq!(stage.ticket(other_key, "8000", mine).code(), "another_node_key");
    let stranger = sign_in(to, stage.network.wallet().await.as_ref());
    assert_eq!(stage.ticket(job, "8000", ("Authorization", &stranger)).status, 403);
    assert_eq!(stage.ticket(job, "8000", ("X-Nothing", "x")).status, 401);
    let viewer = post(to, "/v1/keys", &[mine], &json!({ "name": "reads", "role": "viewer" })).json();
    let viewer = viewer["key"].as_str().expect("a key").to_owned();
    assert_eq!(stage.ticket(job, "8000", ("X-Api-Key", &viewer)).code(), "forbidden");
    for wrong in ["0", "65536", "x"] {
        assert_eq!(stage.ticket(job, wrong, mine).code(), "invalid_parameter", "{wrong}");
    }
    let issued = stage.ticket(job, "8000", mine).json();
    let path = issued["path"].as_str().expect("a path").to_owned();
    assert!(path.starts_with("/p/") && path.ends_with('/') && path.len() > 3 + 32, "{path}");

    // A ticket that is none, one that has ended, and one without its slash.
    assert_eq!(get(to, "/p/none/").code(), "unknown_ticket");
    assert_eq!(get(to, "/p/").status, 404);
    let ended = Ticket { owner: stage.tenant.pubkey(), job, nonce: 0, attempt: 1, port: PORT, expires_at: 100 };
    let ended = stage.gateway.app.tickets.issue(ended, 0).expect("a ticket");
    assert_eq!(get(to, &format!("/p/{ended}/")).code(), "unknown_ticket");
    let bare = get(to, path.trim_end_matches('/'));
    assert_eq!(bare.status, 308);
    assert!(bare.head.contains(&format!("location: {path}")), "{}", bare.head);

    // The page is put into a sandbox, and nothing of it outlives it.
    let at = |rest: &str| format!("{}{rest}", path.trim_end_matches('/'));
    let page = get(to, &at("/page"));
    let head = page.head.to_ascii_lowercase();
    assert_eq!(page.status, 200);
    assert!(String::from_utf8_lossy(&page.body).starts_with("<script>"));
    for wanted in [
        "content-security-policy: sandbox allow-scripts allow-forms allow-popups allow-downloads\r\n",
        "x-content-type-options: nosniff\r\n",
        "referrer-policy: no-referrer\r\n",
        "cache-control: no-store\r\n",
    ] {
        assert!(head.contains(wanted), "{wanted} is missing in {head}");
    }
    for unwanted in [
        "set-cookie",
        "default-src *",
        "clear-site-data",
        "x-accel-redirect",
        "allow-credentials",
        "www-authenticate",
        "strict-transport",
        "service-worker",
        "max-age",
        "keep-alive",
        "x-hop",
        "allow-same-origin",
    ] {
        assert!(!head.contains(unwanted), "{unwanted} came through: {head}");
    }
    assert!(get(to, &at("/redirect")).head.contains(&format!("location: {}\r\n", at("/login?x=1"))));

    // What goes on carries no credential, and the path as it was written.
    let sent = [
        mine,
        ("Cookie", "session=1"),
        ("X-Api-Key", "pmk_secret"),
        ("Referer", "https://gateway.example/p/x"),
        ("Origin", "https://gateway.example"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("Accept", "text/x-test"),
    ];
    let body = "b".repeat(100_000);
    let echoed = ask(to, "PUT", &at("/a%2Fb/../c?d=%20e"), &sent, body.as_bytes());
    let echoed = String::from_utf8_lossy(&echoed.body).into_owned();
    assert!(echoed.starts_with("PUT /a%2Fb/../c?d=%20e HTTP/1.1\r\n"), "{}", &echoed[..200]);
    assert!(echoed.ends_with(&body));
    let lower = echoed[..1_000].to_ascii_lowercase();
    assert!(lower.contains("accept: text/x-test"));
    for unwanted in ["authorization", "cookie", "pmk_secret", "referer", "origin", "forwarded", &to.to_string(), "/p/"]
    {
        assert!(!lower.contains(unwanted), "{unwanted} went on: {lower}");
    }

    // Silent, torn, endless, and one that switches unasked.
    assert_eq!((get(to, &at("/silent")).status, get(to, &at("/silent")).code().as_str()), (504, "service_timeout"));
    for wrong in ["/garbage", "/headers", "/switch"] {
        let refused = get(to, &at(wrong));
        assert_eq!((refused.status, refused.code().as_str()), (502, "service_broken"), "{wrong}");
    }
    let mut endless = http::connect(to);
    write!(endless, "GET {} HTTP/1.1\r\nHost: x\r\n\r\n", at("/endless")).expect("it is asked");
    let mut some = vec![0; 4 << 20];
    endless.read_exact(&mut some).expect("it goes on and on");
    assert_eq!(get(to, &at("/page")).status, 200, "others are served meanwhile");
    drop(endless);
    eventually("the service's connections are closed", async || (OPEN.load(Ordering::SeqCst) == 0).then_some(())).await;

    // A WebSocket passes both ways.
    let mut socket = BufReader::new(http::connect(to));
    write!(
        socket.get_mut(),
        "GET {} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nCookie: a=b\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        at("/ws")
    )
    .expect("it is asked");
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(socket.read_line(&mut head).expect("a line"), 0, "{head}");
    }
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="));
    assert!(!head.contains("set-cookie"), "{head}");
    for said in [&b"\x81\x05hello"[..], b"\x81\x03bye"] {
        socket.get_mut().write_all(said).expect("it is sent");
        let mut heard = vec![0; said.len()];
        socket.read_exact(&mut heard).expect("it comes back");
        assert_eq!(heard, said);
    }
    drop(socket);

    // A port where nothing is, and a node that is away.
    let nothing = stage.ticket(job, "9", mine).json()["path"].as_str().expect("a path").to_owned();
    let refused = get(to, &nothing);
    assert_eq!((refused.status, refused.code().as_str()), (502, "service_unreachable"));
    stage.provider.up.store(false, Ordering::SeqCst);
    assert_eq!(get(to, &at("/page")).code(), "service_unreachable");
    stage.provider.up.store(true, Ordering::SeqCst);

    // Nobody takes all tickets, and all end with the service.
    let full = (0..64).map(|_| stage.ticket(job, "8000", mine)).find(|answer| answer.status != 200);
    assert_eq!(full.expect("a refusal").code(), "too_many_tickets");
    let stop = market::StopJobAccounts {
        party: stage.tenant.pubkey(),
        job,
        provider: stage.party.provider,
        stake: address::stake(&stage.party.owner.pubkey()),
        operator: stage.party.owner.pubkey(),
    };
    stage.network.send(&stage.tenant, vec![market::stop_job(stop)]).await;
    stage.indexed(job, "ending").await;
    assert_eq!(get(to, &at("/page")).code(), "unknown_ticket");
    assert_eq!(stage.provider.asked.load(Ordering::SeqCst), 0, "this gateway was told to sign nothing");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_signs_for_a_browser_what_it_saw_and_no_more() {
    let stage = stage(true).await;
    let document = json!({
        "version": 1, "kind": "service", "name": "page", "image": format!("sha256:{}", "ab".repeat(32)),
        "command": ["/serve"], "resources": { "cpus_milli": 500, "memory_mib": 64 }, "max_seconds": 60,
        "verification": "witnessed", "ports": [{ "number": PORT, "protocol": "http" }],
        "health": { "command": ["/health"], "interval_seconds": 1, "timeout_seconds": 1, "failures_max": 3 }
    });
    let document = proofmill_jobspec::JobSpec::parse(document.to_string().as_bytes()).expect("a document");
    let spec = document.canonical_json();
    let job =
        stage.network.service(&stage.tenant, 1, stage.node_key, sha256(&[&spec]), (&stage.party, stage.offer)).await;
    stage.indexed(job, "matched").await;
    let mine = [("Authorization", stage.token.as_str())];
    assert_eq!(ask(stage.gateway.address, "PUT", &format!("/v1/jobs/{job}/spec"), &mine, &spec).status, 200);

    let config = stage.network.account(address::market_config()).await.expect("the configuration");
    let config = market::Config::decode(&config).expect("a configuration");
    let account = || async {
        let data = stage.network.account(job).await.expect("the job");
        market::Job::decode(&data).expect("a job")
    };
    let claim = |usage_ms: u64, measured_at: i64, nonce: u64| {
        *stage.provider.claims.lock().expect("a lock") = Claims { domain: config.domain, nonce, usage_ms, measured_at };
    };
    // An hour, of which nobody has seen a second.
    let nonce = account().await.nonce;
    claim(3_600_000, 0, nonce);
    stage.network.start_job(&stage.party, job).await;
    stage.indexed(job, "running").await;
    let asked = |count| {
        let provider = &stage.provider;
        eventually("the node is asked", async move || (provider.asked.load(Ordering::SeqCst) >= count).then_some(()))
    };
    asked(1).await;
    assert!(stage.provider.signed.lock().expect("a lock").is_empty(), "an hour is not signed");

    // Of another life of the address: not signed either, however small.
    claim(1, 0, nonce + 1);
    let count = stage.provider.asked.load(Ordering::SeqCst);
    asked(count + 1).await;
    assert!(stage.provider.signed.lock().expect("a lock").is_empty(), "another life is not signed");

    // What was seen is signed, by the key that the job names, and counts on chain.
    let started = account().await.started_at;
    claim(1_500, started + 2, nonce);
    let (report, signature) =
        eventually("a signature", async || stage.provider.signed.lock().expect("a lock").first().copied()).await;
    assert_eq!((report.usage_ms, report.job), (1_500, JobKey(job.to_bytes())));
    assert!(is_signed_by(&report, &stage.node_key, &signature));
    let node_signature = SigningKey::from_bytes(&NODE_KEY).sign(&usage_message(&report)).to_bytes();
    let args = market::UsageClaim {
        usage_ms: report.usage_ms,
        measured_at: report.measured_at,
        node_signature,
        tenant_signature: signature,
    };
    let accounts = market::ReportUsageAccounts { config: address::market_config(), job };
    let report_usage = market::report_usage(accounts, market::ReportUsageArgs { args });
    stage.network.send(&stage.party.owner, vec![report_usage]).await;
    assert_eq!(account().await.metered_ms, 1_500);
    eventually("the view shows it", async || {
        let view = get(stage.gateway.address, &format!("/v1/jobs/{job}")).json();
        (view["service"]["usage_ms"] == "1500" && view["metered_ms"] == "1500").then_some(())
    })
    .await;
    stage.end().await;
}
