//! The same settings, seen from inside on a real engine.
//!
//! Needs a running engine with the images of `jobs/build`, and fails without.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bollard::Docker;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder, WaitContainerOptions,
};
use futures_util::TryStreamExt;
use proofmill_jobspec::{ImageDigest, JobSpec};
use proofmill_sandbox::{
    EngineFacts, ImageFacts, Labels, Role, SandboxPaths, admit, container_matches, container_name, create_body,
};

const PROBE: &str = r#"
b=/bin/busybox
echo "user $($b id -u):$($b id -g)"
$b grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
echo "links $($b ls /sys/class/net)"
$b touch /escaped 2>/dev/null && echo "root writable"
$b touch /in/escaped 2>/dev/null && echo "input writable"
echo '#!/bin/busybox true' > "$TMPDIR/run" && $b chmod 755 "$TMPDIR/run" && echo "home writable"
/tmp/run 2>/dev/null && echo "tmp executable"
$b mount -t tmpfs none /tmp 2>/dev/null && echo "mount allowed"
$b unshare -r true 2>/dev/null && echo "unshare allowed"
test -e /var/run/docker.sock && echo "engine reachable"
$b dd if=/dev/zero of=/out/big bs=1048576 count=2 2>/dev/null && echo "output unbounded"
n=0
while test $n -lt 65 && $b dd if=/dev/zero of=/tmp/big$n bs=1048576 count=1 2>/dev/null; do n=$((n + 1)); done
test $n -lt 60 && echo "scratch too small: $n"
test $n -ge 65 && echo "scratch unbounded"
$b rm -f /out/big /tmp/big*
$b cat /in/question > /out/answer
echo "preload ${LD_PRELOAD-unset} home $HOME tz $TZ host $($b hostname)"
"#;

#[tokio::test]
async fn a_probe_inside_finds_every_wall() {
    let docker = Docker::connect_with_defaults().unwrap().negotiate_version().await.unwrap();
    let built = docker.inspect_image("proofmill/fixtures:1").await.expect("run jobs/build first");
    let image: ImageDigest = built.id.unwrap().parse().unwrap();
    let info = docker.info().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let paths = SandboxPaths { input_dir: dir.path().join("in"), output_dir: dir.path().join("out") };
    for path in [&paths.input_dir, &paths.output_dir] {
        fs::create_dir(path).unwrap();
    }
    fs::set_permissions(&paths.output_dir, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(paths.input_dir.join("question"), "forty-two").unwrap();

    let document = serde_json::json!({
        "version": 1, "name": "probe", "image": image, "command": ["/bin/busybox", "sh", "-c", PROBE],
        "resources": {
            "cpus_milli": 500, "memory_mib": 128, "pids": 64, "scratch_mib": 64, "gpu_count": 0, "vram_mib": 0
        },
        "outputs": { "max_bytes": 1_048_576, "max_files": 16 }, "max_seconds": 60, "verification": "deterministic"
    });
    let spec = JobSpec::parse(document.to_string().as_bytes()).unwrap();
    let inspected = docker.inspect_image(&image.to_string()).await.unwrap();
    admit(&image, true, &ImageFacts::from(&inspected)).unwrap();

    let labels = Labels { job: [7; 32], attempt: 1, role: Role::Run, deadline_at: 0, node: [8; 32] };
    let engine = EngineFacts {
        use_init: info.init_binary.is_some_and(|binary| !binary.is_empty()),
        cgroup_v2: info.cgroup_version.is_some_and(|version| version.to_string() == "2"),
        ..EngineFacts::default()
    };
    let body = create_body(&spec, &paths, None, &labels, &engine, None).unwrap();
    let name = container_name(&labels);
    let remove =
        || docker.remove_container(&name, Some(RemoveContainerOptionsBuilder::default().force(true).v(true).build()));
    let _ = remove().await;
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    docker.create_container(Some(options), body.clone()).await.unwrap();
    let observed = docker.inspect_container(&name, None).await.unwrap();
    container_matches(&body, &observed).unwrap();

    docker.start_container(&name, None).await.unwrap();
    docker.wait_container(&name, None::<WaitContainerOptions>).try_collect::<Vec<_>>().await.unwrap();
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
    let log: Vec<_> = docker.logs(&name, Some(options)).try_collect().await.unwrap();
    let log: String = log.into_iter().map(|line| line.to_string()).collect();
    container_matches(&body, &docker.inspect_container(&name, None).await.unwrap()).unwrap();
    remove().await.unwrap();

    let expected = [
        "user 65534:65534",
        "CapBnd:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "links lo",
        "home writable",
        "preload unset home /tmp tz UTC host proofmill",
    ];
    let mut found: Vec<_> = log.lines().filter(|line| !line.contains("File size limit")).collect();
    found.sort_unstable();
    let mut wanted = expected.to_vec();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{log}");
    assert_eq!(fs::read_to_string(paths.output_dir.join("answer")).unwrap(), "forty-two");
    assert!(!paths.input_dir.join("escaped").exists());
}
