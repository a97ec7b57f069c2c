//! What validators decide and witness on a local network as a user runs it: the real binaries, the real engine, real
//! containers. An appeal is lost by a forger and won by who was convicted wrongly; heartbeats become recorded uptime.
//!
//! One test after another: each starts processes of its own, and the machine may have two cores.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use proofmill_chain::{Chain, Filter, RpcChain};
use proofmill_client::{address, arbiter, market};
use proofmill_protocol::{
    amount,
    limits::APPEAL_BOND_BPS,
    uptime::{BUCKET_SECONDS, bucket_ending},
    witness::is_supermajority,
};
use proofmill_tests::{binary, root};
use serde_json::{Value, json};
use solana_address::Address;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Longer than anything here takes on a busy machine of two cores.
const PATIENCE: Duration = Duration::from_secs(150);
/// How often the chain is asked: well within the five seconds in which a slash can be appealed here.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a container is paused: its own sleep, twice and more.
const PAUSED_FOR: Duration = Duration::from_secs(14);

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What there is, once there is something.
fn wait<T>(what: &str, logs: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}{}", logs());
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A local network with daemons, ended when dropped.
struct Network {
    dir: tempfile::TempDir,
    child: Child,
    /// Nodes started besides.
    nodes: Vec<Child>,
}

impl Network {
    fn start(providers: u8) -> Self {
        let dir = tempfile::TempDir::new().expect("a temporary folder");
        let at = dir.path().join("net");
        let log = dir.path().join("localnet.log");
        let child = Command::new(binary("proofmill"))
            .args(["localnet", "--providers", &providers.to_string(), "--dir", utf8(&at)])
            .current_dir(root())
            .stdout(File::create(&log).expect("a log"))
            .stderr(Stdio::inherit())
            .spawn()
            .expect("proofmill runs");
        let network = Self { dir, child, nodes: Vec::new() };
        // What it says last, when everything is up and the tenant is funded.
        let up = || std::fs::read_to_string(&log).unwrap_or_default().contains("Ctrl-C").then_some(());
        wait("the network starts", || network.logs(), up);
        network
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("net").join(name)
    }

    /// The tail of every daemon's log, for a failure's message.
    fn logs(&self) -> String {
        let Ok(entries) = std::fs::read_dir(self.file("")) else { return String::new() };
        let logs = entries.flatten().map(|entry| entry.path()).filter(|at| at.extension().is_some_and(|e| e == "log"));
        logs.fold(String::new(), |mut text, path| {
            let log = std::fs::read_to_string(&path).unwrap_or_default();
            let tail: Vec<_> = log.lines().rev().take(25).collect();
            text += &format!("\n== {}\n", path.display());
            text.extend(tail.into_iter().rev().map(|line| format!("{line}\n")));
            text
        })
    }

    /// A command in the name of a party, `tenant` for one.
    fn command(&self, party: &str, args: &[&str]) -> Command {
        let mut command = Command::new(binary("proofmill"));
        command
            .args(["--json", "--network", utf8(&self.file("network.json"))])
            .args(["--keypair", utf8(&self.file(&format!("{party}-test-keypair.json")))])
            .args(args)
            .current_dir(root());
        command
    }

    /// What a command that succeeds says.
    fn ask(&self, party: &str, args: &[&str]) -> Value {
        let output = self.command(party, args).output().expect("proofmill runs");
        assert!(output.status.success(), "{args:?}: {}{}", said(&output), self.logs());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", said(&output)))
    }

    fn chain(&self) -> RpcChain {
        let file: Value =
            serde_json::from_slice(&std::fs::read(self.file("network.json")).expect("the network file")).expect("JSON");
        RpcChain::new(file["rpc_url"].as_str().expect("a URL"), file["ws_url"].as_str().expect("a URL"))
    }

    /// Makes a wallet with tokens of both kinds, and a provider of it.
    fn register(&self, name: &str, more: &[&str]) -> Address {
        let keypair = self.file(&format!("{name}-owner-test-keypair.json"));
        proofmill_chain::read_or_create_keypair(&keypair).expect("a keypair");
        let owner = format!("{name}-owner");
        self.ask(&owner, &["airdrop", "--stake", "1000"]);
        let dir = self.file(name);
        let made = self.ask(&owner, &[&["provider", "init", "--dir", utf8(&dir), "--simulated"], more].concat());
        made["provider"].as_str().expect("an address").parse().expect("an address")
    }

    /// Starts the node of a provider that was registered.
    fn start_node(&mut self, name: &str) {
        let log = File::create(self.file(&format!("{name}.log"))).expect("a log");
        let node = Command::new(binary("proofmill-provider-node"))
            .args(["run", "--config", utf8(&self.file(name).join("node.toml"))])
            .env("RUST_LOG", "info")
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("the node runs");
        self.nodes.push(node);
    }

    /// Process ids of the network's daemons whose name begins so; the system shows fifteen letters of it.
    fn daemons(&self, name: &str) -> Vec<u32> {
        let listed = Command::new("ps").args(["-o", "pid=,comm=", "--ppid", &self.child.id().to_string()]).output();
        let listed = String::from_utf8(listed.expect("ps runs").stdout).expect("UTF-8");
        let found = listed.lines().filter(|line| line.contains(name));
        found.map(|line| line.split_whitespace().next().expect("a pid").parse().expect("a pid")).collect()
    }

    /// Process ids of every provider's node.
    fn node_pids(&self) -> Vec<u32> {
        let mut pids = self.daemons("proofmill-prov");
        pids.extend(self.nodes.iter().map(Child::id));
        pids
    }

    /// Stops every node in its tracks, or lets all go on.
    fn signal_nodes(&self, signal: &str) {
        let pids: Vec<String> = self.node_pids().iter().map(u32::to_string).collect();
        assert!(Command::new("kill").arg(signal).args(&pids).status().expect("kill runs").success());
    }

    /// Runs a job on the offer of a provider, in the background.
    fn run_job(&self, name: &str, script: &str, provider: &str) -> Child {
        let offers = self.ask("tenant", &["offer", "list"]);
        let offers = offers.as_array().expect("a list");
        let offer = offers.iter().find(|offer| offer["provider"] == provider).expect("the provider's offer");
        let spec = self.dir.path().join(format!("{name}.json"));
        let document = json!({
            "version": 1, "name": "checksum", "image": "resolved-at-build", "command": ["/bin/sh", "-c", script],
            "resources": { "cpus_milli": 500, "memory_mib": 64 }, "outputs": { "max_bytes": 65536, "max_files": 4 },
            "max_seconds": 60, "verification": "deterministic"
        });
        std::fs::write(&spec, document.to_string()).expect("written");
        let log = File::create(self.file(&format!("tenant-{name}.log"))).expect("a log");
        let offer = offer["offer"].as_str().expect("an address");
        self.command("tenant", &["job", "run", utf8(&spec), "--offer", offer, "--yes"])
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("proofmill runs")
    }

    /// The job that runs on a provider.
    fn job_on(&self, provider: &str) -> String {
        wait(
            "the job is matched",
            || self.logs(),
            || {
                let jobs = self.ask("tenant", &["job", "list"]);
                let found = jobs.as_array().expect("a list").iter().find(|job| job["provider"] == provider)?;
                Some(found["job"].as_str().expect("an address").to_owned())
            },
        )
    }

    fn stake(&self, owner: &str) -> Stake {
        let shown = self.ask(owner, &["stake", "show"]);
        let number = |name: &str| shown[name].as_u64().unwrap_or_else(|| panic!("{name} of {shown}"));
        Stake {
            bonded: number("bonded"),
            locked: number("locked"),
            unbonding: number("unbonding"),
            pending: number("pending"),
            slashed_total: number("slashed_total"),
        }
    }

    /// Waits for the slash of a party, then stops the nodes, appeals, has the tenant close the job, and lets the nodes go
    /// on: the appeal is judged from the case alone. Returns the slash and the bond.
    fn appeal_when_slashed(&self, owner: &str, job: &str) -> (u64, u64) {
        let case = wait(
            "a slash that can be appealed",
            || self.logs(),
            || {
                let cases = self.ask(owner, &["stake", "cases"]);
                cases.as_array().expect("a list").iter().find(|case| case["contestable"] == true).cloned()
            },
        );
        assert_eq!((&case["job"], &case["by"]), (&json!(job), &json!("verdict")), "{case}");
        self.signal_nodes("-STOP");
        let appealed = self.ask(owner, &["stake", "appeal", case["case"].as_str().expect("an address"), "-y"]);
        assert_eq!(appealed["state"], "appealed", "{appealed}");
        wait(
            "the job closes",
            || self.logs(),
            || {
                let closed = self.command("tenant", &["job", "close", job]).output().expect("proofmill runs");
                closed.status.success().then_some(())
            },
        );
        self.signal_nodes("-CONT");
        let number = |name: &str| appealed[name].as_u64().unwrap_or_else(|| panic!("{name} of {appealed}"));
        (number("remaining"), number("bond"))
    }

    /// Waits until nothing of a party's stake is set aside any more.
    fn wait_resolved(&self, owner: &str) -> Stake {
        wait(
            "the appeal is decided",
            || self.logs(),
            || {
                let cases = self.ask(owner, &["stake", "cases"]);
                let stake = self.stake(owner);
                (cases == json!([]) && stake.pending == 0).then_some(stake)
            },
        )
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            // Whatever is wrong with it, it must not outlive the test.
            let _ = node.kill();
            let _ = node.wait();
        }
        // SIGINT ends it and its children in order.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stake {
    bonded: u64,
    locked: u64,
    unbonding: u64,
    pending: u64,
    slashed_total: u64,
}

/// Pauses the next container of a job in this role that is not among `known`, for longer than its program takes to notice.
fn pause_container(network: &Network, job: &str, role: &str, known: &mut Vec<String>) {
    let docker = |args: &[&str]| {
        let output = Command::new("docker").args(args).output().expect("docker runs");
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let (job, role) = (format!("label=proofmill.job={job}"), format!("label=proofmill.role={role}"));
    let found = wait(
        "a container",
        || network.logs(),
        || {
            let running = docker(&["ps", "-q", "--no-trunc", "--filter", &job, "--filter", &role]);
            running.lines().find(|id| !known.iter().any(|known| known == id)).map(str::to_owned)
        },
    );
    docker(&["pause", &found]);
    std::thread::sleep(PAUSED_FOR);
    docker(&["unpause", &found]);
    known.push(found);
}

/// Containers of a job that ran in this role, over or not.
fn containers(job: &str, role: &str) -> Vec<String> {
    let (job, role) = (format!("label=proofmill.job={job}"), format!("label=proofmill.role={role}"));
    let output = Command::new("docker")
        .args(["ps", "-aq", "--no-trunc", "--filter", &job, "--filter", &role])
        .output()
        .expect("docker runs");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// Two appeals, each judged from its case alone after the job was closed. A provider that forged loses slash and bond. One
/// whose container ran honestly, and was convicted because its tenant's program gives another output on a machine that
/// stood still for a moment, shows by a third re-execution, that of such a machine, that its receipt can be true.
#[test]
fn a_forger_loses_its_appeal_and_who_was_convicted_wrongly_wins_it() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut network = Network::start(3);
    let forger = network.register("forger", &["--no-reexecution", "--simulate-forged-outputs"]).to_string();
    network.start_node("forger");
    network.ask("forger-owner", &["offer", "publish", "--price-per-second", "500"]);

    let before = network.stake("forger-owner");
    assert_eq!((before.pending, before.slashed_total, before.locked), (0, 0, 0));
    let mut running = network.run_job("forged", "echo true > /out/said", &forger);
    let job = network.job_on(&forger);
    let (forged_slash, forged_bond) = network.appeal_when_slashed("forger-owner", &job);
    assert!(forged_slash > 0);
    assert_eq!(Ok(forged_bond), amount::share(forged_slash, APPEAL_BOND_BPS));
    // The command that waited for the job ends with it, whatever it found.
    running.wait().expect("it ends");

    // The honest one. Its own run and the appeal's re-execution stand still for a while; the other two do not.
    let honest = network.ask("provider-1-owner", &["provider", "status"])["provider"].as_str().expect("it").to_owned();
    let honest_before = network.stake("provider-1-owner");
    assert_eq!((honest_before.pending, honest_before.slashed_total, honest_before.locked), (0, 0, 0));
    let script = "a=$(date +%s); sleep 6; b=$(date +%s); \
                  if [ $((b - a)) -ge 12 ]; then echo slow; else echo even; fi > /out/said";
    let mut running = network.run_job("clock", script, &honest);
    let job = network.job_on(&honest);
    let mut known = Vec::new();
    pause_container(&network, &job, "run", &mut known);
    let (slash, bond) = network.appeal_when_slashed("provider-1-owner", &job);
    assert!(slash > 0 && bond > 0);
    known.extend(containers(&job, "rerun"));
    pause_container(&network, &job, "rerun", &mut known);
    running.wait().expect("it ends");

    let lost = network.wait_resolved("forger-owner");
    let taken = forged_slash + forged_bond;
    assert_eq!(
        lost,
        Stake { bonded: before.bonded - taken, slashed_total: taken, ..before },
        "slash and bond are gone, and nothing else{}",
        network.logs()
    );
    let won = network.wait_resolved("provider-1-owner");
    assert_eq!(won, honest_before, "slash and bond are back, to the atom{}", network.logs());
}

/// Real heartbeats of real oracles, one of five killed: what they saw of a running node and of one that was never started
/// becomes a root that more than two thirds of the set's weight signed, and then both providers' record. One root serves a
/// whole bucket.
#[test]
fn heartbeats_become_recorded_uptime() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let network = Network::start(2);
    let oracles = network.daemons("proofmill-oracl");
    assert_eq!(oracles.len(), 5);
    assert!(Command::new("kill").args(["-9", &oracles[2].to_string()]).status().expect("kill runs").success());
    let dead = network.register("absent", &["--no-reexecution"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let chain = network.chain();
    let provider = |at: Address| {
        let account = runtime.block_on(chain.account(at)).expect("the chain answers").expect("a provider");
        market::Provider::decode(&account.data).expect("a provider")
    };
    let living = network.ask("provider-1-owner", &["provider", "status"])["provider"].as_str().expect("it").to_owned();
    let living: Address = living.parse().expect("an address");
    let counts = |at: Address| {
        let provider = provider(at);
        let sum = |of: [u16; 28]| of.into_iter().map(u32::from).sum::<u32>();
        (provider.uptime_bucket, sum(provider.uptime_up), sum(provider.uptime_total))
    };
    let (bucket, up, total) =
        wait("uptime is recorded", || network.logs(), || Some(counts(living)).filter(|(bucket, ..)| *bucket > 0));
    assert!(up > 0 && up <= total, "{up} of {total}");
    let (_, up, total) =
        wait("silence is recorded", || network.logs(), || Some(counts(dead)).filter(|(bucket, ..)| *bucket > 0));
    assert_eq!(up, 0, "nobody answered in its name");
    assert!(total > 0);

    let roots = || {
        let filter = Filter::Memcmp { offset: 0, bytes: arbiter::WitnessRoot::DISCRIMINATOR.to_vec() };
        let found = runtime.block_on(chain.program_accounts(arbiter::ID, &[filter])).expect("the chain answers");
        let decode = |data: &[u8]| arbiter::WitnessRoot::decode(data).expect("a root");
        found.accounts.iter().map(|account| decode(&account.data)).collect::<Vec<_>>()
    };
    let per_bucket = |found: &[arbiter::WitnessRoot]| {
        found.iter().fold(BTreeMap::new(), |mut counts: BTreeMap<u32, usize>, root| {
            *counts.entry(bucket_ending(root.covers_until).expect("a bucket")).or_default() += 1;
            counts
        })
    };
    let found = roots();
    assert!(per_bucket(&found).contains_key(&bucket));
    for root in &found {
        assert!(root.covers_until - root.covers_from <= BUCKET_SECONDS);
        let set = runtime.block_on(chain.account(address::validator_set(root.epoch))).expect("the chain answers");
        let set = arbiter::ValidatorSet::decode(&set.expect("the set").data).expect("the set");
        let weights: Vec<u64> = set.weights.iter().take(usize::from(set.count)).copied().collect();
        let has_signed = |seat: &usize| root.signed & (1 << seat) != 0;
        let signed = (0..weights.len()).filter(has_signed).map(|seat| weights[seat]).sum();
        assert!(is_supermajority(signed, weights.iter().sum()), "{:b}", root.signed);
    }
    // At most one for who was there from the start, and one for who came later: then there is nothing new to say.
    let counts = per_bucket(&found);
    assert!(counts.values().all(|count| *count <= 2), "{counts:?}");
    std::thread::sleep(Duration::from_secs(45));
    assert_eq!(per_bucket(&roots())[&bucket], counts[&bucket], "nothing is posted that says nothing new");
}
