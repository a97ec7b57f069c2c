//! The whole network as a user runs it: the real binaries, the real engine, real containers.
//!
//! One test after another: each starts processes of its own, and the machine may have two cores.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::Value;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").to_owned()
}

/// The folder of the built binaries: PROOFMILL_BIN_DIR, or beside this test's own.
fn binary(name: &str) -> PathBuf {
    let dir = std::env::var_os("PROOFMILL_BIN_DIR").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().expect("this test's own path");
        test.ancestors().nth(2).expect("target/PROFILE/deps/test").to_owned()
    });
    let path = dir.join(name);
    assert!(path.exists(), "{} is missing: run `make build`", path.display());
    path
}

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
        let dir = tempfile::TempDir::new().expect("a temporary folder");
        let at = dir.path().join("net");
        let said = dir.path().join("localnet.log");
        let child = Command::new(binary("proofmill"))
            .args(["localnet", "--dir", at.to_str().expect("UTF-8")])
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
