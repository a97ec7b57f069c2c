//! The laws of tunnels and of usage, over real QUIC connections on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ed25519_dalek::{Signer, SigningKey};
use iroh::{
    Endpoint, EndpointAddr, PublicKey, RelayMode, SecretKey,
    endpoint::{Connection, RecvStream, SendStream, presets},
};
use proofmill_dataplane::{
    ALPN, BlobName, DataError, Duplex, Handler, Limits, Node, NodeConfig, Peer, PeerAddr, Refusal, RefusalCode,
    ServiceName, SignedUsage, Sink, Source, Staged,
    access::{self, ServiceFacts, Stage},
    public_key_of,
    wire::{Op, RESPONSE_HEAD_LEN, Request, Response, SIGNATURE_LEN, SIGNED_USAGE_LEN},
};
use proofmill_protocol::{
    envelope::{Kind, envelope},
    ids::{Domain, JobKey},
    sha256,
    usage::UsageReport,
};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const TENANT: [u8; 32] = [1; 32];
const PROVIDER: [u8; 32] = [2; 32];
const STRANGER: [u8; 32] = [3; 32];
const VALIDATOR: [u8; 32] = [4; 32];
const JOB: [u8; 32] = [9; 32];
const PORT: u16 = 8080;
const SOON: Duration = Duration::from_secs(10);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn node(secret_key: [u8; 32], limits: Limits) -> Node {
    Node::bind(NodeConfig { limits, ..NodeConfig::offline(secret_key, loopback()) }).await.unwrap()
}

fn refused<T>(result: Result<T, DataError>) -> RefusalCode {
    match result {
        Err(DataError::Refused { code, .. }) => code,
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("granted"),
    }
}

fn report() -> UsageReport {
    UsageReport {
        domain: Domain([1; 32]),
        job: JobKey(JOB),
        attempt: 0,
        nonce: 4,
        usage_ms: 60_000,
        measured_at: 1_700_000_000,
    }
}

fn sign(secret: [u8; 32], report: &UsageReport) -> [u8; 64] {
    let message = envelope(Kind::Usage, &sha256(&[&report.encode()]));
    SigningKey::from_bytes(&secret).sign(&message).to_bytes()
}

/// A node with one service, whose port is a real TCP listener.
struct House {
    port: SocketAddr,
    stage: Mutex<Stage>,
    shown: Mutex<SignedUsage>,
    recorded: Mutex<Vec<(UsageReport, [u8; 64])>>,
    opened: AtomicUsize,
}

impl House {
    fn new(port: SocketAddr) -> House {
        House {
            port,
            stage: Mutex::new(Stage::Running),
            shown: Mutex::new(SignedUsage { report: report(), node_signature: sign(PROVIDER, &report()) }),
            recorded: Mutex::default(),
            opened: AtomicUsize::new(0),
        }
    }

    fn ask(
        &self,
        rule: fn(&ServiceFacts<'_>, &[u8; 32]) -> Result<(), Refusal>,
        peer: [u8; 32],
        service: &ServiceName,
    ) -> Result<(), Refusal> {
        if *service != (ServiceName { job: JOB, attempt: 0 }) {
            return Err(Refusal::new(RefusalCode::NotFound, "not here"));
        }
        let validators = [public_key_of(&VALIDATOR)];
        let stage = *self.stage.lock().unwrap();
        rule(&ServiceFacts { tenant: public_key_of(&TENANT), validators: &validators, stage }, &peer)
    }
}

impl Handler for House {
    async fn open_get(&self, _: [u8; 32], _: &BlobName, _: u64) -> Result<Source, Refusal> {
        Err(Refusal::new(RefusalCode::NotFound, "no blobs"))
    }

    async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
        Err(Refusal::new(RefusalCode::NotFound, "no blobs"))
    }

    async fn finish_put(&self, _: [u8; 32], _: &BlobName, _: Staged) -> Result<(), Refusal> {
        Err(Refusal::new(RefusalCode::NotFound, "no blobs"))
    }

    async fn open_tunnel(&self, peer: [u8; 32], service: &ServiceName, port: u16) -> Result<Box<dyn Duplex>, Refusal> {
        self.ask(access::may_tunnel, peer, service)?;
        if port != PORT {
            return Err(Refusal::new(RefusalCode::NotAllowed, "the document names no such port"));
        }
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(TcpStream::connect(self.port).await.unwrap()))
    }

    async fn usage(&self, peer: [u8; 32], service: &ServiceName) -> Result<SignedUsage, Refusal> {
        self.ask(access::may_read_usage, peer, service)?;
        Ok(*self.shown.lock().unwrap())
    }

    async fn cosigned(
        &self,
        peer: [u8; 32],
        service: &ServiceName,
        report: UsageReport,
        signature: [u8; 64],
    ) -> Result<(), Refusal> {
        self.ask(access::may_cosign, peer, service)?;
        self.recorded.lock().unwrap().push((report, signature));
        Ok(())
    }
}

/// A running node over a listener that is the service.
struct Street {
    server: Node,
    house: Arc<House>,
    service: TcpListener,
}

impl Street {
    async fn new(limits: Limits) -> Street {
        let service = TcpListener::bind(loopback()).await.unwrap();
        let house = Arc::new(House::new(service.local_addr().unwrap()));
        let server = node(PROVIDER, limits).await;
        server.serve(house.clone()).unwrap();
        Street { server, house, service }
    }

    async fn dial(&self, secret: [u8; 32]) -> (Node, Peer) {
        let client = node(secret, Limits::default()).await;
        let peer = client.connect(self.server.peer_addr()).await.unwrap();
        (client, peer)
    }

    async fn accept(&self) -> TcpStream {
        timeout(SOON, self.service.accept()).await.unwrap().unwrap().0
    }
}

/// A client that speaks bytes.
async fn raw(secret: [u8; 32], to: PeerAddr) -> (Endpoint, Connection) {
    let endpoint = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&secret))
        .relay_mode(RelayMode::Disabled)
        .clear_address_lookup()
        .clear_ip_transports()
        .bind_addr(loopback())
        .unwrap()
        .bind()
        .await
        .unwrap();
    let addr = EndpointAddr::new(PublicKey::from_bytes(&to.key).unwrap()).with_ip_addr(to.addr);
    let connection = endpoint.connect(addr, ALPN).await.unwrap();
    (endpoint, connection)
}

async fn response(recv: &mut RecvStream) -> Response {
    let mut head = [0; RESPONSE_HEAD_LEN];
    recv.read_exact(&mut head).await.unwrap();
    let mut rest = vec![0; Response::rest_len(&head).unwrap()];
    recv.read_exact(&mut rest).await.unwrap();
    Response::decode(&head, &rest).unwrap()
}

async fn ask(connection: &Connection, request: Request) -> (SendStream, RecvStream, Response) {
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(&request.encode()).await.unwrap();
    let answer = timeout(SOON, response(&mut recv)).await.unwrap();
    (send, recv, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_carries_bytes_both_ways_at_once_and_unchanged() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;
    let tunnel = peer.tunnel(JOB, 0, PORT).await.unwrap();
    // The connection lives as long as the tunnel does.
    drop(peer);
    let mut service = street.accept().await;

    let (mut up, mut down) = (vec![0; 3 << 20], vec![0; 2 << 20]);
    StdRng::seed_from_u64(1).fill_bytes(&mut up);
    StdRng::seed_from_u64(2).fill_bytes(&mut down);
    let (sent_up, sent_down) = (up.clone(), down.clone());
    let serving = tokio::spawn(async move {
        let (mut read, mut write) = service.split();
        let mut got = vec![];
        let (read, wrote) = tokio::join!(read.read_to_end(&mut got), async {
            write.write_all(&sent_down).await?;
            write.shutdown().await
        });
        read.unwrap();
        wrote.unwrap();
        got
    });
    let (mut read, mut write) = tokio::io::split(tunnel);
    let mut got = vec![];
    let (read, wrote) = tokio::join!(read.read_to_end(&mut got), async {
        write.write_all(&sent_up).await?;
        write.shutdown().await
    });
    read.unwrap();
    wrote.unwrap();
    assert!(got == down);
    assert!(serving.await.unwrap() == up);
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn either_side_may_end_its_direction_and_go_on_reading() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;

    let mut tunnel = peer.tunnel(JOB, 0, PORT).await.unwrap();
    let mut service = street.accept().await;
    tunnel.write_all(b"question").await.unwrap();
    tunnel.shutdown().await.unwrap();
    let mut text = String::new();
    timeout(SOON, service.read_to_string(&mut text)).await.unwrap().unwrap();
    assert_eq!(text, "question");
    service.write_all(b"answer").await.unwrap();
    drop(service);
    text.clear();
    timeout(SOON, tunnel.read_to_string(&mut text)).await.unwrap().unwrap();
    assert_eq!(text, "answer");

    let mut tunnel = peer.tunnel(JOB, 0, PORT).await.unwrap();
    let mut service = street.accept().await;
    service.write_all(b"greeting").await.unwrap();
    service.shutdown().await.unwrap();
    text.clear();
    timeout(SOON, tunnel.read_to_string(&mut text)).await.unwrap().unwrap();
    assert_eq!(text, "greeting");
    tunnel.write_all(b"thanks").await.unwrap();
    tunnel.shutdown().await.unwrap();
    text.clear();
    timeout(SOON, service.read_to_string(&mut text)).await.unwrap().unwrap();
    assert_eq!(text, "thanks");
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_tunnel_that_is_dropped_is_no_whole_message() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;
    let mut tunnel = peer.tunnel(JOB, 0, PORT).await.unwrap();
    let mut service = street.accept().await;
    tunnel.write_all(b"half a ").await.unwrap();
    let mut half = [0; 7];
    timeout(SOON, service.read_exact(&mut half)).await.unwrap().unwrap();
    drop(tunnel);
    // The node closes its socket to the service; what the service then writes reaches nobody.
    let mut rest = vec![];
    let _ = timeout(SOON, service.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"");

    // The other way round: the connection of the tenant ends in an error, not in an end.
    let (_endpoint, connection) = raw(TENANT, street.server.peer_addr()).await;
    let service_name = ServiceName { job: JOB, attempt: 0 };
    let (_send, mut recv, answer) = ask(&connection, Request::Tunnel { service: service_name, port: PORT }).await;
    assert_eq!(answer, Response::Granted { size: 0, hash: [0; 32] });
    let service = street.accept().await;
    #[allow(deprecated, reason = "a reset is what is to be seen")]
    service.set_linger(Some(Duration::ZERO)).unwrap();
    drop(service);
    assert!(timeout(SOON, recv.read_to_end(10)).await.unwrap().is_err());
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn only_the_tenant_reaches_a_port_and_only_one_that_is_named() {
    let street = Street::new(Limits::default()).await;
    for (secret, code) in [(STRANGER, RefusalCode::NotAParty), (VALIDATOR, RefusalCode::NotAllowed)] {
        let (client, peer) = street.dial(secret).await;
        assert_eq!(refused(peer.tunnel(JOB, 0, PORT).await), code);
        client.close().await;
    }
    let (client, peer) = street.dial(TENANT).await;
    assert_eq!(refused(peer.tunnel(JOB, 0, PORT + 1).await), RefusalCode::NotAllowed);
    assert_eq!(refused(peer.tunnel(JOB, 1, PORT).await), RefusalCode::NotFound);
    assert_eq!(refused(peer.tunnel([8; 32], 0, PORT).await), RefusalCode::NotFound);
    assert_eq!(refused(peer.tunnel(JOB, 0, 0).await), RefusalCode::BadRequest);
    for (stage, code) in [
        (Stage::Starting, RefusalCode::NotReady),
        (Stage::Paused, RefusalCode::NotReady),
        (Stage::Ended, RefusalCode::TooLate),
    ] {
        *street.house.stage.lock().unwrap() = stage;
        assert_eq!(refused(peer.tunnel(JOB, 0, PORT).await), code);
    }
    assert_eq!(street.house.opened.load(Ordering::SeqCst), 0, "nobody got as far as the service");
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_node_without_services_has_no_tunnels_and_no_usage() {
    struct Bare;
    impl Handler for Bare {
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
    server.serve(Arc::new(Bare)).unwrap();
    let client = node(TENANT, Limits::default()).await;
    let peer = client.connect(server.peer_addr()).await.unwrap();
    assert_eq!(refused(peer.tunnel(JOB, 0, PORT).await), RefusalCode::NotFound);
    assert_eq!(refused(peer.usage(JOB, 0).await), RefusalCode::NotFound);
    client.close().await;
    server.close().await;
}

#[tokio::test]
async fn tunnels_are_bounded_per_key_and_per_job_and_room_comes_back() {
    let per_job = Limits { max_tunnels_per_job: 2, ..Limits::default() };
    let per_peer = Limits { max_tunnels_per_peer: 2, ..Limits::default() };
    for limits in [per_job, per_peer] {
        let street = Street::new(limits).await;
        let (client, peer) = street.dial(TENANT).await;
        // The bound holds over all connections of the key.
        let again = client.connect(street.server.peer_addr()).await.unwrap();
        let first = peer.tunnel(JOB, 0, PORT).await.unwrap();
        let _second = again.tunnel(JOB, 0, PORT).await.unwrap();
        assert_eq!(refused(again.tunnel(JOB, 0, PORT).await), RefusalCode::Busy);
        // Strangers take nobody's place, whatever they are told.
        let (stranger, theirs) = street.dial(STRANGER).await;
        assert_eq!(refused(theirs.tunnel(JOB, 0, PORT).await), RefusalCode::NotAParty);
        drop(first);
        let mut third = Err(DataError::AlreadyServing);
        for _ in 0..500 {
            third = peer.tunnel(JOB, 0, PORT).await;
            match &third {
                Err(DataError::Refused { code: RefusalCode::Busy, .. }) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                _ => break,
            }
        }
        third.unwrap();
        stranger.close().await;
        client.close().await;
        street.server.close().await;
    }
}

#[tokio::test]
async fn open_tunnels_leave_streams_for_everything_else() {
    let limits = Limits::default();
    assert!(limits.max_tunnels_per_peer < limits.max_streams_per_connection as usize);
    let street = Street::new(limits).await;
    let (client, peer) = street.dial(TENANT).await;
    let mut open = vec![];
    for _ in 0..limits.max_tunnels_per_job {
        open.push(peer.tunnel(JOB, 0, PORT).await.unwrap());
    }
    assert_eq!(refused(peer.tunnel(JOB, 0, PORT).await), RefusalCode::Busy);
    assert_eq!(peer.usage(JOB, 0).await.unwrap().report, report());
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_tunnel_in_which_nothing_moves_is_closed_and_one_in_which_something_does_is_not() {
    let idle = Duration::from_millis(300);
    let street = Street::new(Limits { tunnel_idle: idle, ..Limits::default() }).await;
    let (client, peer) = street.dial(TENANT).await;
    let mut quiet = peer.tunnel(JOB, 0, PORT).await.unwrap();
    let _quiet_service = street.accept().await;
    let mut lively = peer.tunnel(JOB, 0, PORT).await.unwrap();
    let mut lively_service = street.accept().await;
    // A slow peer is not an idle one: a byte now and then, in one direction, keeps a tunnel.
    let mut byte = [0];
    for _ in 0..12 {
        tokio::time::sleep(idle / 3).await;
        lively_service.write_all(b"x").await.unwrap();
        timeout(SOON, lively.read_exact(&mut byte)).await.unwrap().unwrap();
    }
    let mut got = vec![];
    assert!(timeout(SOON, quiet.read_to_end(&mut got)).await.unwrap().is_err(), "a reset, not an end");
    assert_eq!(got, b"");
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_the_service_back_and_is_given_up() {
    let street = Street::new(Limits { tunnel_idle: Duration::from_millis(300), ..Limits::default() }).await;
    let (endpoint, connection) = raw(TENANT, street.server.peer_addr()).await;
    let service_name = ServiceName { job: JOB, attempt: 0 };
    let (_send, _recv, answer) = ask(&connection, Request::Tunnel { service: service_name, port: PORT }).await;
    assert_eq!(answer, Response::Granted { size: 0, hash: [0; 32] });
    let mut service = street.accept().await;
    let flooding = tokio::spawn(async move {
        let (block, mut wrote) = (vec![7; 1 << 20], 0_u64);
        while service.write_all(&block).await.is_ok() {
            wrote += 1;
            assert!(wrote < 256, "the node buffers without end");
        }
    });
    // The node takes no more than its buffers hold, waits, and closes the socket.
    timeout(SOON, flooding).await.unwrap().unwrap();
    endpoint.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_tenant_that_vanishes_takes_its_tunnels_along() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;
    let mut tunnel = peer.tunnel(JOB, 0, PORT).await.unwrap();
    let mut service = street.accept().await;
    // Its direction has ended, so that only the connection can tell.
    tunnel.shutdown().await.unwrap();
    assert_eq!(timeout(SOON, service.read(&mut [0; 1])).await.unwrap().unwrap(), 0);
    peer.close();
    client.close().await;
    for _ in 0..1_000 {
        if service.write_all(&[1; 1024]).await.is_err() {
            return street.server.close().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the node kept the socket to the service");
}

#[tokio::test]
async fn a_cosigned_usage_is_recorded_once_it_is_acknowledged() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;
    let exchange = peer.usage(JOB, 0).await.unwrap();
    assert_eq!(exchange.report, report());
    assert_eq!(exchange.node_signature, sign(PROVIDER, &report()));
    let signature = sign(TENANT, &exchange.report);
    exchange.cosign(signature).await.unwrap();
    assert_eq!(*street.house.recorded.lock().unwrap(), [(report(), signature)]);

    // Looking without signing is no signature and no offence.
    drop(peer.usage(JOB, 0).await.unwrap());
    peer.usage(JOB, 0).await.unwrap().cosign(signature).await.unwrap();
    assert_eq!(street.house.recorded.lock().unwrap().len(), 2);
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_garbage_cosignature_is_refused_and_never_recorded() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;
    let other = UsageReport { usage_ms: report().usage_ms - 1, ..report() };
    for garbage in [[0; 64], [0xff; 64], sign(STRANGER, &report()), sign(TENANT, &other), sign(PROVIDER, &report())] {
        assert_eq!(refused(peer.usage(JOB, 0).await.unwrap().cosign(garbage).await), RefusalCode::BadRequest);
    }
    // Half a signature.
    let (endpoint, connection) = raw(TENANT, street.server.peer_addr()).await;
    let request = Request::Usage { service: ServiceName { job: JOB, attempt: 0 } };
    let (mut send, mut recv, answer) = ask(&connection, request).await;
    assert_eq!(answer, Response::Granted { size: SIGNED_USAGE_LEN as u64, hash: [0; 32] });
    recv.read_exact(&mut [0; SIGNED_USAGE_LEN]).await.unwrap();
    send.write_all(&[1; SIGNATURE_LEN - 1]).await.unwrap();
    send.finish().unwrap();
    let Response::Refused(refusal) = timeout(SOON, response(&mut recv)).await.unwrap() else { panic!("granted") };
    assert_eq!(refusal.code, RefusalCode::BadRequest);
    assert!(street.house.recorded.lock().unwrap().is_empty());
    endpoint.close().await;
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_validator_reads_the_usage_and_signs_nothing_and_a_stranger_does_neither() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(VALIDATOR).await;
    let exchange = peer.usage(JOB, 0).await.unwrap();
    let signature = sign(VALIDATOR, &exchange.report);
    assert_eq!(refused(exchange.cosign(signature).await), RefusalCode::NotAllowed);
    client.close().await;
    let (client, peer) = street.dial(STRANGER).await;
    assert_eq!(refused(peer.usage(JOB, 0).await), RefusalCode::NotAParty);
    client.close().await;
    assert!(street.house.recorded.lock().unwrap().is_empty());
    street.server.close().await;
}

#[tokio::test]
async fn a_usage_that_the_node_did_not_sign_or_of_another_service_never_reaches_the_caller() {
    let street = Street::new(Limits::default()).await;
    let (client, peer) = street.dial(TENANT).await;
    let elsewhere = UsageReport { job: JobKey([7; 32]), ..report() };
    let later = UsageReport { attempt: 1, ..report() };
    for (report, node_signature) in [
        (report(), [0; 64]),
        (report(), sign(STRANGER, &report())),
        (elsewhere, sign(PROVIDER, &elsewhere)),
        (later, sign(PROVIDER, &later)),
    ] {
        *street.house.shown.lock().unwrap() = SignedUsage { report, node_signature };
        assert!(matches!(peer.usage(JOB, 0).await, Err(DataError::Protocol { .. })));
    }
    client.close().await;
    street.server.close().await;
}

#[tokio::test]
async fn a_peer_that_neither_signs_nor_goes_is_given_up() {
    let street = Street::new(Limits { cosign: Duration::from_millis(300), ..Limits::default() }).await;
    let (endpoint, connection) = raw(TENANT, street.server.peer_addr()).await;
    let request = Request::Usage { service: ServiceName { job: JOB, attempt: 0 } };
    let (_send, mut recv, _) = ask(&connection, request).await;
    recv.read_exact(&mut [0; SIGNED_USAGE_LEN]).await.unwrap();
    let Response::Refused(refusal) = timeout(SOON, response(&mut recv)).await.unwrap() else { panic!("granted") };
    assert_eq!(refusal.code, RefusalCode::TooSlow);
    endpoint.close().await;
    street.server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_among_the_new_operations_does_not_break_the_server() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let street = Street::new(Limits { max_bad_requests_per_connection: 1_000, ..Limits::default() }).await;
    let (endpoint, connection) = raw(STRANGER, street.server.peer_addr()).await;
    for n in 0..300_usize {
        let (mut send, mut recv) = connection.open_bi().await.unwrap();
        let mut garbage = vec![0; n % 200];
        rng.fill_bytes(&mut garbage);
        if garbage.len() > 2 {
            garbage[..2].copy_from_slice(&[1, if n % 2 == 0 { Op::Tunnel as u8 } else { Op::Usage as u8 }]);
        }
        let _ = send.write_all(&garbage).await;
        let _ = send.finish();
        let _ = timeout(SOON, recv.read_to_end(4096)).await.unwrap();
    }
    let (client, peer) = street.dial(TENANT).await;
    assert_eq!(peer.usage(JOB, 0).await.unwrap().report, report());
    assert_eq!(street.house.opened.load(Ordering::SeqCst), 0);
    endpoint.close().await;
    client.close().await;
    street.server.close().await;
}
