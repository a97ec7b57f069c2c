//! The laws of the data plane, over real QUIC connections on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use iroh::{
    Endpoint, EndpointAddr, PublicKey, RelayMode, SecretKey,
    endpoint::{Connection, ConnectionError, RecvStream, SendStream, VarInt, presets},
};
use proofmill_dataplane::{
    ALPN, BlobKind, BlobName, DataError, Fetched, Handler, Limits, LogState, LogTail, LogWriter, Node, NodeConfig,
    PeerAddr, Refusal, RefusalCode, Sink, Source, Staged,
    access::{self, AccessFacts, Verb},
    public_key_of, sweep_partial_files,
    wire::{BlobOp, BlobRequest, REQUEST_LEN, RESPONSE_HEAD_LEN, Response},
};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use tokio::{sync::watch, time::timeout};

const TENANT: [u8; 32] = [1; 32];
const PROVIDER: [u8; 32] = [2; 32];
const STRANGER: [u8; 32] = [3; 32];
const MIB: usize = 1024 * 1024;

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn node(secret_key: [u8; 32], limits: Limits) -> Node {
    Node::bind(NodeConfig { limits, ..NodeConfig::offline(secret_key, loopback()) }).await.unwrap()
}

fn name(kind: BlobKind) -> BlobName {
    BlobName { job: [9; 32], attempt: 1, kind }
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn refused(error: DataError) -> RefusalCode {
    match error {
        DataError::Refused { code, .. } => code,
        other => panic!("not a refusal: {other}"),
    }
}

/// What waits for the other side to notice something.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

/// A handler over two directories: what is staged and what is stored.
struct Shelf {
    dir: TempDir,
    sources: Mutex<HashMap<BlobName, Source>>,
    puts_begun: AtomicUsize,
    puts_finishing: AtomicUsize,
    puts_finished: AtomicUsize,
    finish_takes: Duration,
    finish_refuses: bool,
}

impl Shelf {
    fn new() -> Shelf {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("staged")).unwrap();
        std::fs::create_dir(dir.path().join("stored")).unwrap();
        Shelf {
            dir,
            sources: Mutex::default(),
            puts_begun: AtomicUsize::new(0),
            puts_finishing: AtomicUsize::new(0),
            puts_finished: AtomicUsize::new(0),
            finish_takes: Duration::ZERO,
            finish_refuses: false,
        }
    }

    fn staged(&self) -> PathBuf {
        self.dir.path().join("staged")
    }

    fn stored(&self, name: &BlobName) -> PathBuf {
        self.dir.path().join("stored").join(format!("{}-{}", name.attempt, name.kind))
    }

    fn offer(&self, name: BlobName, source: Source) {
        self.sources.lock().unwrap().insert(name, source);
    }

    fn store(&self, name: BlobName, bytes: &[u8]) {
        let path = self.stored(&name);
        std::fs::write(&path, bytes).unwrap();
        self.offer(name, Source::File { path, len: bytes.len() as u64, hash: hash(bytes) });
    }

    fn check(&self, peer: [u8; 32], verb: Verb, kind: BlobKind) -> Result<(), Refusal> {
        let facts = AccessFacts {
            tenant: public_key_of(&TENANT),
            provider_node: public_key_of(&PROVIDER),
            committee: &[],
            re_executors: &[],
            started: false,
        };
        access::may(&facts, &peer, verb, kind)
    }
}

impl Handler for Shelf {
    async fn open_get(&self, peer: [u8; 32], name: &BlobName, _offset: u64) -> Result<Source, Refusal> {
        self.check(peer, Verb::Get, name.kind)?;
        let sources = self.sources.lock().unwrap();
        sources.get(name).cloned().ok_or_else(|| Refusal::new(RefusalCode::NotFound, "not here"))
    }

    async fn begin_put(&self, peer: [u8; 32], name: &BlobName, _: u64, hash: [u8; 32]) -> Result<Sink, Refusal> {
        self.check(peer, Verb::Put, name.kind)?;
        self.puts_begun.fetch_add(1, Ordering::SeqCst);
        let sources = self.sources.lock().unwrap();
        if matches!(sources.get(name), Some(Source::File { hash: held, .. }) if *held == hash) {
            return Ok(Sink::AlreadyHeld);
        }
        Ok(Sink::StageIn(self.staged()))
    }

    async fn finish_put(&self, _: [u8; 32], name: &BlobName, staged: Staged) -> Result<(), Refusal> {
        self.puts_finishing.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.finish_takes).await;
        if self.finish_refuses {
            return Err(Refusal::new(RefusalCode::TooLate, "the attempt has started meanwhile"));
        }
        let path = self.stored(name);
        std::fs::rename(&staged.path, &path).unwrap();
        self.offer(*name, Source::File { path, len: staged.size, hash: staged.hash });
        self.puts_finished.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn serving(shelf: Shelf, limits: Limits) -> (Node, Arc<Shelf>) {
    let (server, shelf) = (node(PROVIDER, limits).await, Arc::new(shelf));
    server.serve(shelf.clone()).unwrap();
    (server, shelf)
}

/// A peer that speaks bytes rather than the client.
struct Raw {
    endpoint: Endpoint,
    connection: Connection,
}

impl Raw {
    async fn endpoint(secret_key: [u8; 32], alpns: Vec<Vec<u8>>) -> Endpoint {
        Endpoint::builder(presets::Minimal)
            .secret_key(SecretKey::from_bytes(&secret_key))
            .alpns(alpns)
            .relay_mode(RelayMode::Disabled)
            .clear_address_lookup()
            .clear_ip_transports()
            .bind_addr(loopback())
            .unwrap()
            .bind()
            .await
            .unwrap()
    }

    async fn dial(endpoint: &Endpoint, to: PeerAddr) -> Connection {
        let addr = EndpointAddr::new(PublicKey::from_bytes(&to.key).unwrap()).with_ip_addr(to.addr);
        endpoint.connect(addr, ALPN).await.unwrap()
    }

    async fn connect(secret_key: [u8; 32], to: PeerAddr) -> Raw {
        let endpoint = Raw::endpoint(secret_key, vec![]).await;
        let connection = Raw::dial(&endpoint, to).await;
        Raw { endpoint, connection }
    }

    async fn send(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = self.connection.open_bi().await.unwrap();
        send.write_all(bytes).await.unwrap();
        (send, recv)
    }
}

async fn response(recv: &mut RecvStream) -> Response {
    let mut head = [0; RESPONSE_HEAD_LEN];
    recv.read_exact(&mut head).await.unwrap();
    let mut rest = vec![0; Response::rest_len(&head).unwrap()];
    recv.read_exact(&mut rest).await.unwrap();
    Response::decode(&head, &rest).unwrap()
}

fn code(response: Response) -> RefusalCode {
    match response {
        Response::Refused(refusal) => refusal.code,
        granted => panic!("not a refusal: {granted:?}"),
    }
}

/// A server that answers a get and then does only what it is told.
async fn raw_server(declared: u64, sent: usize) -> (Endpoint, PeerAddr, tokio::task::JoinHandle<()>) {
    let endpoint = Raw::endpoint(PROVIDER, vec![ALPN.to_vec()]).await;
    let addr = PeerAddr { key: *endpoint.id().as_bytes(), addr: endpoint.bound_sockets()[0] };
    let accepting = endpoint.clone();
    let task = tokio::spawn(async move {
        let connection = accepting.accept().await.unwrap().await.unwrap();
        let (mut send, _recv) = connection.accept_bi().await.unwrap();
        send.write_all(&Response::Granted { size: declared, hash: [5; 32] }.encode()).await.unwrap();
        send.write_all(&noise(sent, 1)).await.unwrap();
        std::future::pending::<()>().await;
    });
    (endpoint, addr, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_exchange_a_blob_and_its_hash_matches() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    assert_eq!(peer.key(), public_key_of(&PROVIDER));

    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    let bytes = noise(32 * MIB, 7);
    std::fs::write(&from, &bytes).unwrap();

    // A spawned task: every operation must be able to move between threads.
    let (asking, source) = (peer.clone(), from.clone());
    let started = Instant::now();
    let seen = tokio::spawn(async move {
        let mut seen = vec![];
        asking.put(&name(BlobKind::Input), &source, |done, total| seen.push((done, total))).await.unwrap();
        seen
    })
    .await
    .unwrap();
    eprintln!("put: {:.0} MiB/s", 32.0 / started.elapsed().as_secs_f64());
    assert_eq!(seen.first(), Some(&(0, 32 * MIB as u64)));
    assert_eq!(seen.last(), Some(&(32 * MIB as u64, 32 * MIB as u64)));
    assert!(seen.is_sorted());

    let started = Instant::now();
    let mut last = (0, 0);
    let fetched = peer.get(&name(BlobKind::Input), &to, 32 * MIB as u64, |done, total| last = (done, total)).await;
    eprintln!("get: {:.0} MiB/s", 32.0 / started.elapsed().as_secs_f64());
    assert_eq!(fetched.unwrap(), Fetched { len: 32 * MIB as u64, hash: hash(&bytes) });
    assert_eq!(last, (32 * MIB as u64, 32 * MIB as u64));
    assert!(std::fs::read(&to).unwrap() == bytes);
    assert_eq!(files_in(dir.path()).len(), 2);
    assert!(files_in(&shelf.staged()).is_empty());
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn every_kind_and_every_length_around_a_block_survives() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    for kind in BlobKind::ALL {
        shelf.store(name(kind), &noise(1000, u64::from(kind.code())));
        assert_eq!(peer.get_bytes(&name(kind), 1000).await.unwrap(), noise(1000, u64::from(kind.code())));
    }
    for len in [0, 1, MIB / 4 - 1, MIB / 4, MIB / 4 + 1, MIB] {
        let bytes = noise(len, len as u64);
        peer.put_bytes(&name(BlobKind::Input), &bytes).await.unwrap();
        assert!(peer.get_bytes(&name(BlobKind::Input), len as u64).await.unwrap() == bytes, "{len}");
    }
    assert_eq!(
        refused(peer.get_bytes(&BlobName { attempt: 2, ..name(BlobKind::Input) }, 9).await.unwrap_err()),
        RefusalCode::NotFound
    );
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_get_from_an_offset_sends_the_rest_under_the_whole_hash() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    shelf.store(name(BlobKind::Output), b"0123456789");
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    let get =
        |offset| BlobRequest { op: BlobOp::Get, name: name(BlobKind::Output), offset, size: 0, hash: [0; 32] }.encode();
    for (offset, rest) in [(4, &b"456789"[..]), (10, b"")] {
        let (_send, mut recv) = raw.send(&get(offset)).await;
        assert_eq!(response(&mut recv).await, Response::Granted { size: 10, hash: hash(b"0123456789") });
        assert_eq!(recv.read_to_end(100).await.unwrap(), rest);
    }
    let (_send, mut recv) = raw.send(&get(11)).await;
    assert_eq!(code(response(&mut recv).await), RefusalCode::BadRequest);
    raw.endpoint.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_put_whose_bytes_are_not_those_declared_is_refused_and_leaves_no_file() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    let offer = BlobRequest { op: BlobOp::Put, name: name(BlobKind::Input), offset: 0, size: 5, hash: hash(b"honest") };
    for (sent, why) in [(&b"hones"[..], RefusalCode::HashMismatch), (b"hon", RefusalCode::BadRequest)] {
        let (mut send, mut recv) = raw.send(&offer.encode()).await;
        assert_eq!(response(&mut recv).await, Response::Granted { size: 5, hash: [0; 32] });
        send.write_all(sent).await.unwrap();
        send.finish().unwrap();
        assert_eq!(code(response(&mut recv).await), why);
    }
    assert_eq!(shelf.puts_finished.load(Ordering::SeqCst), 0);
    assert!(files_in(&shelf.staged()).is_empty());
    assert!(!shelf.stored(&offer.name).exists());
    raw.endpoint.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_get_whose_bytes_are_not_those_declared_fails_and_the_old_file_stays() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    shelf.store(name(BlobKind::Output), b"what is sent");
    let path = shelf.stored(&name(BlobKind::Output));
    shelf.offer(name(BlobKind::Output), Source::File { path, len: 12, hash: hash(b"what is said") });
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let dest = dir.path().join("output");
    std::fs::write(&dest, b"old").unwrap();
    let error = peer.get(&name(BlobKind::Output), &dest, 100, |_, _| {}).await.unwrap_err();
    assert!(matches!(error, DataError::HashMismatch { expected, got }
            if expected == hash(b"what is said") && got == hash(b"what is sent")));
    assert_eq!(std::fs::read(&dest).unwrap(), b"old");
    assert_eq!(files_in(dir.path()), [dest]);
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn an_oversized_blob_is_refused_at_the_header() {
    let limits = Limits { max_spec_bytes: 100, ..Limits::default() };
    let (server, shelf) = serving(Shelf::new(), limits).await;
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let error = peer.put_bytes(&name(BlobKind::Spec), &[0; 101]).await.unwrap_err();
    assert_eq!(refused(error), RefusalCode::TooLarge);
    assert_eq!(shelf.puts_begun.load(Ordering::SeqCst), 0, "the handler was not even asked");
    peer.put_bytes(&name(BlobKind::Spec), &[0; 100]).await.unwrap();

    let dir = tempfile::tempdir().unwrap();
    let error = peer.get(&name(BlobKind::Spec), &dir.path().join("x"), 99, |_, _| {}).await.unwrap_err();
    assert!(matches!(error, DataError::TooLarge { size: 100, limit: 99 }));
    assert!(files_in(dir.path()).is_empty());
    assert_eq!(peer.get_bytes(&name(BlobKind::Spec), 100).await.unwrap(), [0; 100], "the connection is unharmed");
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_key_without_a_role_gets_and_puts_nothing() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    let client = node(STRANGER, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    for kind in BlobKind::ALL {
        shelf.store(name(kind), b"private");
        assert_eq!(refused(peer.get_bytes(&name(kind), 100).await.unwrap_err()), RefusalCode::NotAParty);
        assert_eq!(refused(peer.put_bytes(&name(kind), b"mine").await.unwrap_err()), RefusalCode::NotAParty);
    }
    let follow = peer.follow_log(&name(BlobKind::Log), 0, 100, |_| panic!("a byte leaked")).await;
    assert_eq!(refused(follow.unwrap_err()), RefusalCode::NotAParty);
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn whoever_answers_without_the_key_asked_for_is_not_connected_to() {
    let (server, _shelf) = serving(Shelf::new(), Limits::default()).await;
    let client = node(TENANT, Limits { connect: Duration::from_secs(5), ..Limits::default() }).await;
    let wrong = PeerAddr { key: public_key_of(&STRANGER), ..server.peer_addr() };
    let error = client.connect(wrong).await.unwrap_err();
    assert!(matches!(error, DataError::ConnectFailed { peer, .. } if peer == wrong.key), "{error}");
    // Bytes that are no key at all, and a node that does not serve.
    let no_key = PeerAddr { key: [0xff; 32], ..server.peer_addr() };
    assert!(matches!(client.connect(no_key).await, Err(DataError::ConnectFailed { .. })));
    let mute = node(STRANGER, Limits::default()).await;
    let hasty = node([4; 32], Limits { connect: Duration::from_millis(300), ..Limits::default() }).await;
    assert!(matches!(hasty.connect(mute.peer_addr()).await, Err(DataError::ConnectFailed { .. })));
    hasty.close().await;
    assert!(client.connect(server.peer_addr()).await.is_ok());
    mute.close().await;
    client.close().await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_the_middle_leaves_no_partial_file() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    shelf.store(name(BlobKind::Output), &noise(32 * MIB, 3));
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut going = Some(server.clone());
    let (output, dest) = (name(BlobKind::Output), dir.path().join("x"));
    let get = peer.get(&output, &dest, u64::MAX, |done, _| {
        if done > 0
            && let Some(server) = going.take()
        {
            let (gone, wait) = std::sync::mpsc::channel();
            tokio::spawn(async move {
                server.close().await;
                gone.send(())
            });
            // What is in flight is far less than what remains.
            wait.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    });
    let error = get.await.unwrap_err();
    assert!(matches!(error, DataError::ConnectionLost { .. }), "{error}");
    assert!(files_in(dir.path()).is_empty());
    client.close().await;
}

#[tokio::test]
async fn a_server_that_falls_silent_in_the_middle_stalls_the_get_and_leaves_no_partial_file() {
    let (endpoint, addr, task) = raw_server(1000, 600).await;
    let client = node(TENANT, Limits { stall: Duration::from_secs(1), ..Limits::default() }).await;
    let peer = client.connect(addr).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let error = peer.get(&name(BlobKind::Output), &dir.path().join("x"), 1000, |_, _| {}).await.unwrap_err();
    assert!(matches!(error, DataError::Stalled { moved: 600, .. }), "{error}");
    assert!(files_in(dir.path()).is_empty());
    task.abort();
    client.close().await;
    endpoint.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_in_the_middle_of_a_put_leaves_no_staged_file() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    for politely in [true, false] {
        let raw = Raw::connect(TENANT, server.peer_addr()).await;
        let offer =
            BlobRequest { op: BlobOp::Put, name: name(BlobKind::Input), offset: 0, size: 1 << 20, hash: [4; 32] };
        let (mut send, mut recv) = raw.send(&offer.encode()).await;
        response(&mut recv).await;
        send.write_all(&[0; 1000]).await.unwrap();
        let staged = shelf.staged();
        eventually("staged", || files_in(&staged).len() == 1).await;
        if politely {
            send.reset(VarInt::from_u32(0)).unwrap();
        } else {
            raw.connection.close(VarInt::from_u32(0), b"");
        }
        eventually("removed", || files_in(&staged).is_empty()).await;
        raw.endpoint.close().await;
    }
    assert_eq!(shelf.puts_finished.load(Ordering::SeqCst), 0);
    server.close().await;
}

#[tokio::test]
async fn a_put_may_be_repeated_and_the_second_sends_no_bytes() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("from");
    std::fs::write(&from, b"input").unwrap();
    let mut first = vec![];
    peer.put(&name(BlobKind::Input), &from, |done, _| first.push(done)).await.unwrap();
    assert_eq!(first, [0, 5]);
    peer.put(&name(BlobKind::Input), &from, |_, _| panic!("bytes were sent")).await.unwrap();
    assert_eq!(shelf.puts_begun.load(Ordering::SeqCst), 2);
    assert_eq!(shelf.puts_finished.load(Ordering::SeqCst), 1);
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_refusal_at_the_end_reaches_the_client_and_the_staged_file_goes() {
    let (server, shelf) = serving(Shelf { finish_refuses: true, ..Shelf::new() }, Limits::default()).await;
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let error = peer.put_bytes(&name(BlobKind::Input), &noise(MIB, 1)).await.unwrap_err();
    assert_eq!(refused(error), RefusalCode::TooLate);
    assert!(files_in(&shelf.staged()).is_empty());
    client.close().await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_a_node_lets_a_handler_finish_what_it_is_in() {
    let slow = Shelf { finish_takes: Duration::from_millis(300), ..Shelf::new() };
    let (server, shelf) = serving(slow, Limits::default()).await;
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let put = tokio::spawn(async move { peer.put_bytes(&name(BlobKind::Input), b"input").await });
    eventually("in the handler", || shelf.puts_finishing.load(Ordering::SeqCst) == 1).await;
    server.close().await;
    assert_eq!(shelf.puts_finished.load(Ordering::SeqCst), 1);
    assert!(matches!(put.await.unwrap(), Err(DataError::ConnectionLost { .. })), "the client cannot know");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_log_shows_what_was_there_what_came_after_and_its_end() {
    // The log is silent for longer than the client's patience: beats must carry it over.
    let limits = Limits { beat: Duration::from_millis(50), stall: Duration::from_secs(1), ..Limits::default() };
    let (server, shelf) = serving(Shelf::new(), limits).await;
    let path = shelf.stored(&name(BlobKind::Log));
    let mut log = LogWriter::open(&path, 1000).await.unwrap();
    log.append(b"before\n").await.unwrap();
    shelf.offer(name(BlobKind::Log), Source::Log(log.tail()));

    let client = node(TENANT, limits).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    assert_eq!(refused(peer.get_bytes(&name(BlobKind::Log), 1000).await.unwrap_err()), RefusalCode::NotReady);

    let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
    let (reader, writes) = (peer.clone(), seen.clone());
    let following = tokio::spawn(async move {
        reader.follow_log(&name(BlobKind::Log), 0, 1000, |bytes| writes.lock().unwrap().extend(bytes)).await
    });
    eventually("the first line", || *seen.lock().unwrap() == b"before\n").await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    log.append(b"after\n").await.unwrap();
    eventually("the second line", || *seen.lock().unwrap() == b"before\nafter\n").await;
    log.append(b"last").await.unwrap();
    assert!(!following.is_finished());
    assert_eq!(log.end().await.unwrap(), 17);
    assert_eq!(following.await.unwrap().unwrap(), 17);
    assert_eq!(*seen.lock().unwrap(), b"before\nafter\nlast");

    // Taken up again from what was seen, and from a log that is a finished file.
    for whole in [b"".as_slice(), b"before\nafter\nlast"] {
        if !whole.is_empty() {
            shelf.store(name(BlobKind::Log), whole);
        }
        let mut rest = vec![];
        let total = peer.follow_log(&name(BlobKind::Log), 7, 10, |bytes| rest.extend_from_slice(bytes)).await;
        assert_eq!((total.unwrap(), rest.as_slice()), (17, &b"after\nlast"[..]));
    }
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_log_whose_writer_dies_is_not_taken_for_one_that_ended() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    let path = shelf.stored(&name(BlobKind::Log));
    std::fs::write(&path, b"0123456789").unwrap();
    let (state, reads) = watch::channel(LogState { len: 10, ended: false });
    shelf.offer(name(BlobKind::Log), Source::Log(LogTail::new(path, reads)));
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();

    let error = peer.follow_log(&name(BlobKind::Log), 0, 9, |_| {}).await.unwrap_err();
    assert!(matches!(error, DataError::TooLarge { size: 10, limit: 9 }), "{error}");

    let mut state = Some(state);
    let log = name(BlobKind::Log);
    let follow = peer.follow_log(&log, 0, 100, |_| drop(state.take()));
    let error = follow.await.unwrap_err();
    assert!(matches!(error, DataError::BrokenOff { moved: 10 }), "{error}");
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_log_takes_no_more_than_its_limit_and_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = LogWriter::open(&path, 10).await.unwrap();
    log.append(b"12345").await.unwrap();
    let tail = log.tail();
    drop(log);
    assert_eq!(tail.state(), LogState { len: 5, ended: false });
    let mut log = LogWriter::open(&path, 10).await.unwrap();
    assert!(matches!(log.append(b"678901").await, Err(DataError::TooLarge { size: 11, limit: 10 })));
    log.append(b"67890").await.unwrap();
    let tail = log.tail();
    assert_eq!(log.end().await.unwrap(), 10);
    assert_eq!(tail.state(), LogState { len: 10, ended: true });
    assert_eq!(std::fs::read(&path).unwrap(), b"1234567890");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_garbage_streams_do_not_break_the_server() {
    let (server, shelf) = serving(Shelf::new(), Limits::default()).await;
    shelf.store(name(BlobKind::Output), b"still here");
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();

    let endpoint = Raw::endpoint(STRANGER, vec![]).await;
    let (mut sent, mut banished, mut seed) = (0, 0, 0);
    while sent < 1000 {
        // A connection is closed for garbage after a while; then comes the next.
        let connection = Raw::dial(&endpoint, server.peer_addr()).await;
        while sent < 1000 {
            let Ok((mut send, mut recv)) = connection.open_bi().await else { break };
            seed += 1;
            let mut garbage = noise(seed as usize % 200, seed);
            if seed % 3 == 0 && garbage.len() > 2 {
                // Good enough to get further into the decoder.
                garbage[..2].copy_from_slice(&[1, 1 + (seed % 2) as u8]);
            }
            let _ = send.write_all(&garbage).await;
            let _ = send.finish();
            sent += 1;
            if seed % 2 == 0 {
                let _ = timeout(Duration::from_secs(5), recv.read_to_end(4096)).await.unwrap();
            }
        }
        if matches!(connection.close_reason(), Some(ConnectionError::ApplicationClosed(_))) {
            banished += 1;
        }
        connection.close(VarInt::from_u32(0), b"");
    }
    assert!(banished > 0);
    assert_eq!(peer.get_bytes(&name(BlobKind::Output), 100).await.unwrap(), b"still here");
    let late = node(TENANT, Limits::default()).await;
    let peer = late.connect(server.peer_addr()).await.unwrap();
    assert_eq!(peer.get_bytes(&name(BlobKind::Output), 100).await.unwrap(), b"still here");
    for node in [&client, &late, &server] {
        node.close().await;
    }
    endpoint.close().await;
}

#[tokio::test]
async fn unknown_versions_and_operations_are_refused_by_name() {
    let (server, _shelf) = serving(Shelf::new(), Limits::default()).await;
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    // Shorter than a request of this version: the refusal must not wait for the rest.
    for (bytes, why) in [(&[2, 1][..], RefusalCode::UnsupportedVersion), (&[1, 9], RefusalCode::UnknownOp)] {
        let (_send, mut recv) = raw.send(bytes).await;
        assert_eq!(code(timeout(Duration::from_secs(5), response(&mut recv)).await.unwrap()), why);
    }
    raw.endpoint.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_peer_that_sends_nothing_is_dropped() {
    let limits = Limits {
        idle: Duration::from_millis(400),
        header: Duration::from_millis(400),
        stall: Duration::from_millis(400),
        ..Limits::default()
    };
    let (server, shelf) = serving(Shelf::new(), limits).await;
    let soon = Duration::from_secs(5);

    // No stream at all.
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    let reason = timeout(soon, raw.connection.closed()).await.unwrap();
    assert!(matches!(reason, ConnectionError::ApplicationClosed(_)), "{reason}");
    raw.endpoint.close().await;

    // Half a header: the stream is refused, and then the connection is idle.
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    let half = BlobRequest { op: BlobOp::Get, name: name(BlobKind::Spec), offset: 0, size: 0, hash: [0; 32] }.encode();
    let (_send, mut recv) = raw.send(&half[..REQUEST_LEN / 2]).await;
    assert_eq!(code(timeout(soon, response(&mut recv)).await.unwrap()), RefusalCode::TooSlow);
    timeout(soon, raw.connection.closed()).await.unwrap();
    raw.endpoint.close().await;

    // Half a blob.
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    let offer = BlobRequest { op: BlobOp::Put, name: name(BlobKind::Spec), offset: 0, size: 10, hash: [1; 32] };
    let (mut send, mut recv) = raw.send(&offer.encode()).await;
    response(&mut recv).await;
    send.write_all(b"12345").await.unwrap();
    assert_eq!(code(timeout(soon, response(&mut recv)).await.unwrap()), RefusalCode::TooSlow);
    assert!(files_in(&shelf.staged()).is_empty());
    timeout(soon, raw.connection.closed()).await.unwrap();
    raw.endpoint.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_byte_now_and_then_is_not_progress_enough() {
    let limits = Limits { stall: Duration::from_millis(500), floor_bytes_per_second: 1 << 20, ..Limits::default() };
    let (server, shelf) = serving(Shelf::new(), limits).await;
    let raw = Raw::connect(TENANT, server.peer_addr()).await;
    let offer = BlobRequest { op: BlobOp::Put, name: name(BlobKind::Spec), offset: 0, size: 1000, hash: [1; 32] };
    let (mut send, mut recv) = raw.send(&offer.encode()).await;
    response(&mut recv).await;
    let dripping = tokio::spawn(async move {
        while send.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let refusal = timeout(Duration::from_secs(5), response(&mut recv)).await.unwrap();
    let Response::Refused(refusal) = refusal else { panic!("{refusal:?}") };
    assert_eq!(refusal.code, RefusalCode::TooSlow);
    assert!(refusal.reason.contains("of 1000 bytes"), "{}", refusal.reason);
    dripping.await.unwrap();
    assert!(files_in(&shelf.staged()).is_empty());
    raw.endpoint.close().await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_streams_wait_their_turn() {
    let limits = Limits { max_streams_per_connection: 4, ..Limits::default() };
    let (server, shelf) = serving(Shelf::new(), limits).await;
    let bytes = noise(MIB, 2);
    shelf.store(name(BlobKind::Output), &bytes);
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let mut gets = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let peer = peer.clone();
        gets.spawn(async move { peer.get_bytes(&name(BlobKind::Output), MIB as u64).await.unwrap() });
    }
    while let Some(got) = gets.join_next().await {
        assert!(got.unwrap() == bytes);
    }
    client.close().await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_and_room_comes_back() {
    let limits = Limits { max_connections: 4, max_connections_per_peer: 2, ..Limits::default() };
    let (server, shelf) = serving(Shelf::new(), limits).await;
    shelf.store(name(BlobKind::Spec), b"spec");
    let patience = Limits { connect: Duration::from_secs(5), ..Limits::default() };

    // Two with one key, and no third.
    let tenant = node(TENANT, patience).await;
    let mut held = vec![];
    for _ in 0..2 {
        let peer = tenant.connect(server.peer_addr()).await.unwrap();
        peer.get_bytes(&name(BlobKind::Spec), 9).await.unwrap();
        held.push(peer);
    }
    let third = tenant.connect(server.peer_addr()).await.unwrap();
    let error = third.get_bytes(&name(BlobKind::Spec), 9).await.unwrap_err();
    assert!(matches!(error, DataError::ConnectionLost { .. }), "{error}");

    // Two more with other keys (past half of the room: they must prove their address), and no fifth.
    for seed in 10..12 {
        let other = node([seed; 32], patience).await;
        let peer = other.connect(server.peer_addr()).await.unwrap();
        assert_eq!(refused(peer.get_bytes(&name(BlobKind::Spec), 9).await.unwrap_err()), RefusalCode::NotAParty);
        held.push(peer);
    }
    let fifth = node([12; 32], patience).await;
    assert!(matches!(fifth.connect(server.peer_addr()).await, Err(DataError::ConnectFailed { .. })));

    held[0].close();
    let deadline = Instant::now() + Duration::from_secs(10);
    while fifth.connect(server.peer_addr()).await.is_err() {
        assert!(Instant::now() < deadline, "room never came back");
    }
    server.close().await;
}

#[tokio::test]
async fn a_key_that_is_not_admitted_is_turned_away_before_its_first_request() {
    struct Closed;
    impl Handler for Closed {
        async fn admit(&self, _: [u8; 32]) -> bool {
            false
        }
        async fn open_get(&self, _: [u8; 32], _: &BlobName, _: u64) -> Result<Source, Refusal> {
            panic!("asked")
        }
        async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
            panic!("asked")
        }
        async fn finish_put(&self, _: [u8; 32], _: &BlobName, _: Staged) -> Result<(), Refusal> {
            panic!("asked")
        }
    }
    let server = node(PROVIDER, Limits::default()).await;
    server.serve(Arc::new(Closed)).unwrap();
    assert!(matches!(server.serve(Arc::new(Closed)), Err(DataError::AlreadyServing)));
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    let error = peer.get_bytes(&name(BlobKind::Spec), 9).await.unwrap_err();
    assert!(matches!(error, DataError::ConnectionLost { .. }), "{error}");
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn a_closed_node_frees_its_socket_and_a_bound_one_is_an_error() {
    let first = node(TENANT, Limits::default()).await;
    let addr = first.local_addr();
    assert!(addr.ip().is_loopback() && addr.port() != 0);
    assert_eq!(first.public_key(), public_key_of(&TENANT));
    let again = || Node::bind(NodeConfig::offline(STRANGER, addr));
    assert!(matches!(again().await, Err(DataError::BindFailed { .. })));
    first.close().await;
    drop(first);
    let mut bound = again().await;
    for _ in 0..100 {
        if bound.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        bound = again().await;
    }
    bound.unwrap().close().await;
}

#[test]
fn what_a_killed_process_left_is_swept_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    for file in [".77-0.part", ".77-1.part", "input", "x.part", ".hidden"] {
        std::fs::write(dir.path().join(file), b"x").unwrap();
    }
    assert_eq!(sweep_partial_files(dir.path()).unwrap(), 2);
    assert_eq!(files_in(dir.path()).len(), 3);
}

#[test]
fn a_node_configuration_does_not_print_its_secret() {
    let shown = format!("{:?}", NodeConfig::offline([7; 32], loopback()));
    assert!(!shown.contains("7, 7, 7") && !shown.contains(&hex::encode([7; 32])), "{shown}");
}
