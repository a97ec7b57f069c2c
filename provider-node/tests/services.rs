//! The container of a service on the real engine: reached from its host, reaching nothing, asked whether it is well,
//! frozen, adopted, removed with its network. Needs a running engine with the images of `jobs/build`, and fails without.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    net::{IpAddr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use bollard::{Docker, query_parameters::InspectNetworkOptions};
use proofmill_jobspec::{ImageDigest, JobSpec};
use proofmill_provider_core::{AttemptKey, ContainerState, Role};
use proofmill_provider_node::{
    engine::{Engine, EngineError, LABEL_NONCE, Stand, container_name, sandbox_labels},
    folders::{AttemptFolder, Folders},
    services::is_well,
};
use proofmill_sandbox::{BRIDGE_PREFIX, EngineFacts, SandboxPaths, container_matches, create_body, open_service};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const SOCKET: &str = "/var/run/docker.sock";

/// One service's container; what is left of it goes with it.
struct Housed {
    engine: Engine,
    docker: Docker,
    spec: JobSpec,
    key: AttemptKey,
    node: [u8; 32],
    name: String,
    folder: AttemptFolder,
    _data: TempDir,
}

impl Housed {
    async fn new(change: Value) -> Housed {
        let engine = Engine::connect(Path::new(SOCKET)).await.unwrap();
        let docker = Docker::connect_with_unix(SOCKET, 30, bollard::API_DEFAULT_VERSION).unwrap();
        let docker = docker.negotiate_version().await.unwrap();
        let image = engine.image("proofmill/fixtures:1").await.unwrap().expect("run jobs/build first");
        let digest: ImageDigest = image.id.as_deref().unwrap().parse().unwrap();
        let mut document = json!({
            "version": 1, "kind": "service", "verification": "witnessed", "name": "probe", "image": digest,
            "resources": { "cpus_milli": 500, "memory_mib": 64, "pids": 32, "scratch_mib": 16 },
            "outputs": { "max_bytes": 1 << 20, "max_files": 16 }, "max_seconds": 600
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let spec = JobSpec::parse(document.to_string().as_bytes()).unwrap();
        let data = tempfile::tempdir().unwrap();
        std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let node: [u8; 32] = rand::random();
        let key = AttemptKey { job: rand::random(), attempt: 1, role: Role::Run };
        let folder = Folders::create(data.path()).unwrap().of(&key);
        folder.create().unwrap();
        folder.create_output().unwrap();
        std::fs::create_dir(folder.input()).unwrap();
        std::fs::write(folder.input().join("index.html"), "served from inside").unwrap();
        let name = container_name(&node, &key);
        Housed { engine, docker, spec, key, node, name, folder, _data: data }
    }

    fn body(&self) -> bollard::models::ContainerCreateBody {
        let paths = SandboxPaths { input_dir: self.folder.input(), output_dir: self.folder.output() };
        let labels = sandbox_labels(&self.node, &self.key, 0);
        let mut body = create_body(&self.spec, &paths, None, &labels, &EngineFacts::default(), None).unwrap();
        open_service(&mut body, &self.spec, &self.name);
        body.labels.get_or_insert_default().insert(LABEL_NONCE.to_owned(), "7".to_owned());
        body
    }

    /// As the node does, however often it is asked.
    async fn start(&self) {
        let labels = sandbox_labels(&self.node, &self.key, 0);
        self.engine.create_network(&self.name, &labels).await.unwrap();
        self.engine.create_and_start(&self.name, self.body()).await.unwrap();
    }

    async fn stand(&self) -> Stand {
        self.engine.stand(&self.name).await.unwrap().expect("it runs")
    }

    async fn until_well(&self, wanted: bool) {
        for _ in 0..200 {
            if is_well(&self.stand().await, &self.spec).await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never well: {wanted}; {:?}", self.stand().await);
    }

    async fn gateway(&self) -> IpAddr {
        let network = self.docker.inspect_network(&self.name, None::<InspectNetworkOptions>).await.unwrap();
        network.ipam.unwrap().config.unwrap()[0].gateway.as_deref().unwrap().parse().unwrap()
    }

    /// Removed twice: the second time there is nothing, which is no error.
    async fn remove(&self) {
        for _ in 0..2 {
            self.engine.remove(&self.name).await.unwrap();
            self.engine.remove_network(&self.name).await.unwrap();
        }
        assert_eq!(self.engine.look(&self.name).await.unwrap(), None);
        assert!(self.engine.networks(&self.node).await.unwrap().is_empty());
    }
}

fn httpd() -> Value {
    json!({
        "command": ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/in"],
        "ports": [{ "number": 8080, "protocol": "http" }]
    })
}

async fn fetch(addr: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_service_is_reached_from_its_host_by_its_own_address_and_nothing_is_published() {
    let house = Housed::new(httpd()).await;
    house.start().await;
    house.until_well(true).await;
    let addr = SocketAddr::new(house.stand().await.ip.unwrap(), 8080);
    assert!(fetch(addr).await.unwrap().ends_with("served from inside"));
    // A port that nobody listens on is refused by the container itself.
    assert!(TcpStream::connect(SocketAddr::new(addr.ip(), 8081)).await.is_err());

    let observed = house.docker.inspect_container(&house.name, None).await.unwrap();
    container_matches(&house.body(), &observed).unwrap();
    let ports = observed.network_settings.as_ref().unwrap().ports.clone().unwrap_or_default();
    assert!(ports.values().all(Option::is_none), "{ports:?}");
    let network = house.docker.inspect_network(&house.name, None::<InspectNetworkOptions>).await.unwrap();
    assert_eq!(network.internal, Some(true));
    let bridge = &network.options.unwrap()["com.docker.network.bridge.name"];
    assert!(bridge.starts_with(BRIDGE_PREFIX) && bridge.len() <= 15, "{bridge}");
    house.remove().await;
}

/// What is tried from inside; each that succeeds is written down. Its own server is there to show that trying works.
const PROBE: &str = r#"
b=/bin/busybox
$b httpd -p 8080 -h /in
{
  echo "links $(echo $($b ls /sys/class/net))"
  $b grep -E '^CapEff:' /proc/self/status
  for at in 127.0.0.1:8080 $TARGETS; do
    answer=$(echo "GET / HTTP/1.0" | $b timeout 3 $b nc -w 2 "${at%:*}" "${at#*:}" 2>/dev/null)
    test -n "$answer" && echo "reached $at"
  done
  $b timeout 5 $b nslookup example.org 2>&1 | $b grep -A2 '^Name' && echo "resolved"
  $b route add default gw "$OWN" 2>/dev/null && echo "routed"
  echo done
} > /out/found
answer=$(echo "GET / HTTP/1.0" | $b timeout 3 $b nc -w 2 "$OWN" "$PORT" 2>/dev/null)
test -n "$answer" && echo > /out/host
echo > /out/end
$b sleep 600
"#;

#[tokio::test]
async fn a_service_reaches_no_other_service_no_other_network_and_no_name() {
    let neighbour = Housed::new(httpd()).await;
    neighbour.start().await;
    neighbour.until_well(true).await;
    let neighbour_ip = neighbour.stand().await.ip.unwrap();
    // The host listens everywhere; its address in another service's network is one that this one has no way to.
    let host = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = host.local_addr().unwrap().port();
    let greeting = tokio::spawn(async move {
        while let Ok((mut stream, _)) = host.accept().await {
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nhost").await;
        }
    });
    let elsewhere = neighbour.gateway().await;
    assert!(TcpStream::connect((elsewhere, port)).await.is_ok(), "the test's own listener");
    let mut targets = format!("{neighbour_ip}:8080 {elsewhere}:{port} 192.0.2.1:80 1.1.1.1:80 169.254.169.254:80");
    // The host's address towards everybody else, if it has one.
    let outward = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    if outward.connect("192.0.2.1:9").is_ok() {
        targets.push_str(&format!(" {}:{port}", outward.local_addr().unwrap().ip()));
    }
    let environment = json!({ "TARGETS": targets, "PORT": port.to_string(), "OWN": "198.18.0.1" });
    let mut probe = Housed::new(json!({ "command": ["/bin/busybox", "sh", "-c", PROBE], "env": environment })).await;
    // Its own end of the bridge is known once there is one.
    let labels = sandbox_labels(&probe.node, &probe.key, 0);
    probe.engine.create_network(&probe.name, &labels).await.unwrap();
    probe.spec.env.insert("OWN".to_owned(), probe.gateway().await.to_string());
    probe.start().await;
    // Without ports it is well once it runs.
    probe.until_well(true).await;

    for _ in 0..400 {
        if probe.folder.output().join("end").exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let text = std::fs::read_to_string(probe.folder.output().join("found")).unwrap();
    assert_eq!(text, "links eth0 lo\nCapEff:\t0000000000000000\nreached 127.0.0.1:8080\ndone\n");
    // What cannot be avoided without a firewall of the host: docs/provider.md says so, and gives the rule.
    println!("the host's own end is reached: {}", probe.folder.output().join("host").exists());
    greeting.abort();
    probe.remove().await;
    neighbour.remove().await;
}

#[tokio::test]
async fn the_documents_health_check_decides_whether_a_service_is_well() {
    let script = "/bin/busybox sleep 2; echo > /tmp/well; while :; do /bin/busybox sleep 1; done";
    let house = Housed::new(json!({
        "command": ["/bin/busybox", "sh", "-c", script],
        "ports": [{ "number": 9 }],
        "health": {
            "command": ["/bin/busybox", "test", "-e", "/tmp/well"],
            "interval_seconds": 1, "timeout_seconds": 1, "failures_max": 1
        }
    }))
    .await;
    house.start().await;
    assert!(!is_well(&house.stand().await, &house.spec).await, "well before its check has said so");
    // Nobody listens at its port: it is the check that counts.
    house.until_well(true).await;
    let observed = house.docker.inspect_container(&house.name, None).await.unwrap();
    container_matches(&house.body(), &observed).unwrap();
    house.remove().await;
}

#[tokio::test]
async fn without_a_health_check_a_service_is_well_once_its_first_port_accepts() {
    let script = "/bin/busybox sleep 2; exec /bin/busybox httpd -f -p 8080 -h /in";
    let house = Housed::new(json!({
        "command": ["/bin/busybox", "sh", "-c", script], "ports": [{ "number": 8080 }, { "number": 9 }]
    }))
    .await;
    house.start().await;
    assert!(!is_well(&house.stand().await, &house.spec).await);
    house.until_well(true).await;
    house.remove().await;
}

#[tokio::test]
async fn a_service_is_frozen_and_goes_on_where_it_was() {
    let house = Housed::new(httpd()).await;
    house.start().await;
    house.until_well(true).await;
    let before = house.stand().await;
    house.engine.pause(&house.name).await.unwrap();
    let frozen = house.stand().await;
    assert!(frozen.paused && !is_well(&frozen, &house.spec).await);
    assert!(matches!(house.engine.look(&house.name).await.unwrap(), Some(ContainerState::Running { .. })));
    house.engine.unpause(&house.name).await.unwrap();
    house.until_well(true).await;
    assert_eq!(house.stand().await.ip, before.ip);
    // A frozen one can be stopped.
    house.engine.pause(&house.name).await.unwrap();
    house.engine.stop(&house.name).await.unwrap();
    assert!(matches!(house.engine.look(&house.name).await.unwrap(), Some(ContainerState::Exited(_))));
    assert_eq!(house.engine.stand(&house.name).await.unwrap(), None);
    house.remove().await;
}

#[tokio::test]
async fn a_service_whose_addresses_are_taken_gets_the_next() {
    let first = Housed::new(httpd()).await;
    let mut second = Housed::new(httpd()).await;
    first.start().await;
    // The same first bytes draw the same addresses; the bridge's name is of more of them.
    second.key.job[..2].copy_from_slice(&first.key.job[..2]);
    second.node[..2].copy_from_slice(&first.node[..2]);
    second.name = container_name(&second.node, &second.key);
    second.start().await;
    second.until_well(true).await;
    assert_ne!(first.gateway().await, second.gateway().await);
    second.remove().await;
    first.remove().await;
}

#[tokio::test]
async fn a_node_that_comes_back_adopts_the_service_with_its_network_and_makes_no_second() {
    let house = Housed::new(httpd()).await;
    // Killed between the two: the network is there, the container is not.
    let labels = sandbox_labels(&house.node, &house.key, 0);
    house.engine.create_network(&house.name, &labels).await.unwrap();
    house.start().await;
    house.until_well(true).await;
    let id = house.docker.inspect_container(&house.name, None).await.unwrap().id;
    // Another life of the node, which knows nothing but names.
    let again = Engine::connect(Path::new(SOCKET)).await.unwrap();
    again.create_network(&house.name, &labels).await.unwrap();
    again.create_and_start(&house.name, house.body()).await.unwrap();
    assert_eq!(house.docker.inspect_container(&house.name, None).await.unwrap().id, id);
    let found = again.containers(&house.node).await.unwrap();
    assert_eq!(found.iter().map(|found| found.key).collect::<Vec<_>>(), [house.key]);
    assert_eq!(again.networks(&house.node).await.unwrap(), std::slice::from_ref(&house.name));

    // A network of that name which is not this service's is not used.
    let other = sandbox_labels(&[9; 32], &house.key, 0);
    let error = again.create_network(&house.name, &other).await.unwrap_err();
    assert!(matches!(error, EngineError::ForeignNetwork { .. }), "{error}");
    house.remove().await;
}
