//! Laws of the create request: what a stranger's program is given, in full, and what it never is.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HostConfig};
use proofmill_jobspec::{ImageDigest, JobSpec};
use proofmill_sandbox::{
    Drift, EngineFacts, GpuBinding, GpuDriver, ImageFacts, Labels, Refusal, Role, SandboxError, SandboxPaths,
    TaskPlace, admit, container_matches, container_name, create_body, limits,
};
use serde_json::{Value, json};

const UUID: &str = "GPU-8f2c1a3b-0000-1111-2222-333344445555";
const OTHER_UUID: &str = "MIG-8f2c1a3b-0000-1111-2222-333344445556";

fn spec(gpu_count: u8) -> JobSpec {
    let document = json!({
        "version": 1,
        "name": "embed",
        "image": format!("sha256:{}", "ab".repeat(32)),
        "command": ["/embed", "--seed", "7"],
        "env": { "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8" },
        "resources": {
            "cpus_milli": 500, "memory_mib": 128, "pids": 64, "scratch_mib": 64, "gpu_count": gpu_count, "vram_mib": 0
        },
        "outputs": { "max_bytes": 1_048_576, "max_files": 16 },
        "max_seconds": 60,
        "verification": "deterministic"
    });
    JobSpec::parse(document.to_string().as_bytes()).unwrap()
}

fn paths() -> SandboxPaths {
    SandboxPaths { input_dir: "/srv/job/in".into(), output_dir: "/srv/job/out".into() }
}

fn labels() -> Labels {
    Labels { job: [1; 32], attempt: 2, role: Role::Run, deadline_at: 1_800_000_000, node: [2; 32] }
}

fn engine() -> EngineFacts {
    EngineFacts { use_init: true, cgroup_v2: false, nofile_max: 1024 }
}

fn binding(uuids: &[&str], driver: GpuDriver) -> GpuBinding {
    GpuBinding { uuids: uuids.iter().map(|uuid| (*uuid).to_owned()).collect(), driver }
}

fn body(gpu: Option<&GpuBinding>) -> ContainerCreateBody {
    let count = gpu.map_or(0, |gpu| gpu.uuids.len() as u8);
    create_body(&spec(count), &paths(), gpu, &labels(), &engine(), None).unwrap()
}

fn host(gpu: Option<&GpuBinding>) -> HostConfig {
    body(gpu).host_config.unwrap()
}

#[test]
fn the_whole_request_of_a_cpu_job() {
    let expected: Value = serde_json::from_str(include_str!("fixtures/create_cpu.json")).unwrap();
    assert_eq!(serde_json::to_value(body(None)).unwrap(), expected);
}

#[test]
fn the_request_is_the_same_each_time() {
    assert_eq!(body(None), body(None));
}

#[test]
fn what_is_left_to_the_engine_stays_unset() {
    let host = serde_json::to_value(host(None)).unwrap();
    for unset in [
        "Binds",
        "CapAdd",
        "VolumesFrom",
        "Devices",
        "DeviceRequests",
        "DeviceCgroupRules",
        "GroupAdd",
        "Sysctls",
        "Links",
        "ExtraHosts",
        "PidMode",
        "UTSMode",
        "UsernsMode",
        "MaskedPaths",
        "ReadonlyPaths",
        "CgroupnsMode",
        "PortBindings",
        "StorageOpt",
        "Runtime",
        "Dns",
    ] {
        assert!(host.get(unset).is_none(), "{unset}");
    }
    let text = host.to_string();
    assert!(!text.contains("unconfined") && !text.contains("docker.sock"));
}

#[test]
fn cgroup_v2_gets_a_private_view_and_no_swappiness() {
    let engine = EngineFacts { cgroup_v2: true, ..engine() };
    let host = create_body(&spec(0), &paths(), None, &labels(), &engine, None).unwrap().host_config.unwrap();
    let host = serde_json::to_value(host).unwrap();
    assert_eq!(host["CgroupnsMode"], json!("private"));
    assert!(host.get("MemorySwappiness").is_none());
    assert_eq!(host["MemorySwap"], host["Memory"]);
}

#[test]
fn open_files_follow_the_engine_within_bounds() {
    for (nofile_max, expected) in [(0, 1024), (1024, 1024), (20_000, 20_000), (65_536, 65_536), (1_048_576, 65_536)] {
        let engine = EngineFacts { nofile_max, ..engine() };
        let host = create_body(&spec(0), &paths(), None, &labels(), &engine, None).unwrap().host_config.unwrap();
        let host = serde_json::to_value(host).unwrap();
        assert_eq!(host["Ulimits"][0], json!({"Name": "nofile", "Soft": expected, "Hard": expected}));
    }
}

#[test]
fn a_task_learns_its_place_and_a_job_of_its_own_has_none() {
    let place = TaskPlace { index: 7, count: 16 };
    let env = create_body(&spec(0), &paths(), None, &labels(), &engine(), Some(place)).unwrap().env.unwrap();
    assert!(env.contains(&"PROOFMILL_TASK_INDEX=7".to_owned()) && env.contains(&"PROOFMILL_TASK_COUNT=16".to_owned()));
    assert!(!body(None).env.unwrap().iter().any(|variable| variable.starts_with("PROOFMILL_")));
}

#[test]
fn an_empty_command_leaves_the_program_to_the_image() {
    let mut spec = spec(0);
    spec.command.clear();
    let body = create_body(&spec, &paths(), None, &labels(), &engine(), None).unwrap();
    assert_eq!((body.entrypoint, body.cmd), (None, None));
}

#[test]
fn a_gpu_job_gets_its_gpus_by_uuid_and_no_others() {
    let cdi = binding(&[UUID, OTHER_UUID], GpuDriver::Cdi);
    let requests = serde_json::to_value(host(Some(&cdi)).device_requests).unwrap();
    let ids = [format!("nvidia.com/gpu={UUID}"), format!("nvidia.com/gpu={OTHER_UUID}")];
    assert_eq!(requests, json!([{ "Driver": "cdi", "DeviceIDs": ids }]));
    assert!(body(Some(&cdi)).env.unwrap().contains(&"NVIDIA_VISIBLE_DEVICES=void".to_owned()));

    let nvidia = binding(&[UUID], GpuDriver::Nvidia);
    let requests = serde_json::to_value(host(Some(&nvidia)).device_requests).unwrap();
    let capabilities = json!([["gpu", "compute", "utility"]]);
    assert_eq!(requests, json!([{ "Driver": "nvidia", "DeviceIDs": [UUID], "Capabilities": capabilities }]));
    let env = body(Some(&nvidia)).env.unwrap();
    assert!(env.contains(&format!("NVIDIA_VISIBLE_DEVICES={UUID}")));
    assert!(env.contains(&"NVIDIA_DRIVER_CAPABILITIES=compute,utility".to_owned()));
}

#[test]
fn a_gpu_job_may_run_what_it_compiles_in_scratch_only() {
    let gpu = binding(&[UUID], GpuDriver::Cdi);
    let tmpfs = host(Some(&gpu)).tmpfs.unwrap();
    assert_eq!(tmpfs["/scratch"], "rw,exec,nosuid,nodev,size=67108864,mode=1777,uid=65534,gid=65534");
    assert_eq!(tmpfs["/tmp"], "rw,noexec,nosuid,nodev,size=67108864,mode=1777,uid=65534,gid=65534");
    assert!(!host(None).tmpfs.unwrap().contains_key("/scratch"));
    assert!(body(Some(&gpu)).env.unwrap().contains(&"TRITON_CACHE_DIR=/scratch/triton".to_owned()));
}

#[test]
fn a_simulated_gpu_gives_no_device_and_is_labelled() {
    let gpu = binding(&[UUID], GpuDriver::Simulated);
    assert_eq!(host(Some(&gpu)).device_requests, None);
    assert_eq!(body(Some(&gpu)).labels.unwrap()["proofmill.gpu"], "simulated");
    let real = binding(&[UUID], GpuDriver::Cdi);
    assert!(!body(Some(&real)).labels.unwrap().contains_key("proofmill.gpu"));
}

#[test]
fn gpus_other_than_the_asked_ones_are_refused() {
    let refused = |asked: u8, gpu: Option<&GpuBinding>| {
        create_body(&spec(asked), &paths(), gpu, &labels(), &engine(), None).unwrap_err()
    };
    assert_eq!(refused(1, None), SandboxError::GpuCount { bound: 0, asked: 1 });
    let one = binding(&[UUID], GpuDriver::Cdi);
    assert_eq!(refused(0, Some(&one)), SandboxError::GpuCount { bound: 1, asked: 0 });
    assert_eq!(refused(2, Some(&one)), SandboxError::GpuCount { bound: 1, asked: 2 });
    let none = binding(&[], GpuDriver::Cdi);
    assert_eq!(refused(0, Some(&none)), SandboxError::GpuCount { bound: 0, asked: 0 });
    let twice = binding(&[UUID, UUID], GpuDriver::Nvidia);
    assert_eq!(refused(2, Some(&twice)), SandboxError::GpuTwice { uuid: UUID.into() });
    for uuid in ["all", "0", "", "GPU-", "GPU-8f2c1a3b-0000-1111-2222-33334444555,", "GPU-8f2c1a3b,all"] {
        let gpu = binding(&[uuid], GpuDriver::Nvidia);
        assert_eq!(refused(1, Some(&gpu)), SandboxError::GpuUuid { uuid: uuid.into() });
    }
}

#[test]
fn paths_that_cannot_be_mounted_safely_are_refused() {
    let refused = |input: &str, output: &str| {
        let paths = SandboxPaths { input_dir: input.into(), output_dir: output.into() };
        create_body(&spec(0), &paths, None, &labels(), &engine(), None).unwrap_err()
    };
    for path in ["", "relative", "/a/../b", "./a", "/"] {
        let path_buf = PathBuf::from(path);
        assert_eq!(refused(path, "/out"), SandboxError::HostPath { mount: "/in", path: path_buf.clone() });
        assert_eq!(refused("/in", path), SandboxError::HostPath { mount: "/out", path: path_buf });
    }
    for (input, output) in [("/a", "/a"), ("/a", "/a/b"), ("/a/b", "/a")] {
        assert!(matches!(refused(input, output), SandboxError::OverlappingPaths { .. }));
    }
}

#[test]
fn names_tell_jobs_attempts_and_roles_apart() {
    let base = labels();
    assert_eq!(container_name(&base), "proofmill-4vJ9JU1bJJE9-2-run");
    let others = [
        Labels { job: [3; 32], ..base.clone() },
        Labels { attempt: 3, ..base.clone() },
        Labels { role: Role::Rerun, ..base.clone() },
    ];
    for other in others {
        assert_ne!(container_name(&other), container_name(&base));
    }
    assert_eq!(container_name(&Labels { deadline_at: 0, node: [9; 32], ..base.clone() }), container_name(&base));
}

fn image() -> ImageFacts {
    ImageFacts {
        id: format!("sha256:{}", "ab".repeat(32)),
        os: "linux".into(),
        env: vec!["PATH=/bin".into(), "NVIDIA_VISIBLE_DEVICES=all".into(), "LD_LIBRARY_PATH=/opt".into()],
        user: "0".into(),
        names_program: true,
        size_bytes: 1 << 20,
        ..ImageFacts::default()
    }
}

#[test]
fn an_ordinary_image_is_admitted_by_id_or_repository_digest() {
    let digest = ImageDigest([0xab; 32]);
    assert_eq!(admit(&digest, false, &image()), Ok(()));
    let by_repository = ImageFacts {
        id: format!("sha256:{}", "cd".repeat(32)),
        repo_digests: vec![format!("example.org/embed@sha256:{}", "ab".repeat(32))],
        ..image()
    };
    assert_eq!(admit(&digest, false, &by_repository), Ok(()));
}

#[test]
fn an_image_that_would_undo_the_sandbox_is_refused_by_rule() {
    let digest = ImageDigest([0xab; 32]);
    let refused = |image: ImageFacts| admit(&digest, true, &image).unwrap_err();
    let other = format!("sha256:{}", "ac".repeat(32));
    assert_eq!(
        refused(ImageFacts { id: other.clone(), ..image() }),
        Refusal::OtherImage { found: other, asked: digest }
    );
    assert_eq!(
        refused(ImageFacts { os: "windows".into(), ..image() }),
        Refusal::OperatingSystem { os: "windows".into() }
    );
    assert_eq!(
        refused(ImageFacts { volumes: vec!["/data".into()], ..image() }),
        Refusal::DeclaresVolume { volume: "/data".into() }
    );
    for (text, variable) in [("LD_PRELOAD=/x.so", "LD_PRELOAD"), ("LD_AUDIT=", "LD_AUDIT"), ("LD_AUDIT", "LD_AUDIT")] {
        assert_eq!(
            refused(ImageFacts { env: vec!["A=1".into(), text.into()], ..image() }),
            Refusal::SetsLoaderVariable { variable: variable.into() }
        );
    }
    assert_eq!(
        refused(ImageFacts { env: vec!["A=1".into(); limits::IMAGE_ENV_MAX + 1], ..image() }),
        Refusal::TooManyVariables { found: limits::IMAGE_ENV_MAX + 1, limit: limits::IMAGE_ENV_MAX }
    );
    let bytes = limits::IMAGE_BYTES_MAX + 1;
    assert_eq!(
        refused(ImageFacts { size_bytes: bytes, ..image() }),
        Refusal::TooLarge { bytes, limit: limits::IMAGE_BYTES_MAX }
    );
    let silent = ImageFacts { names_program: false, ..image() };
    assert_eq!(admit(&digest, false, &silent), Err(Refusal::NothingToRun));
    assert_eq!(admit(&digest, true, &silent), Ok(()));
}

#[test]
fn facts_are_read_from_an_engines_answer() {
    let answer = json!({
        "Id": "sha256:1", "RepoDigests": ["r@sha256:2"], "Os": "linux", "Size": 7,
        "Config": { "Env": ["A=1"], "Volumes": { "/data": {} }, "User": "app", "Cmd": ["/bin/sh"] }
    });
    let inspected = serde_json::from_value(answer).unwrap();
    let facts = ImageFacts {
        id: "sha256:1".into(),
        repo_digests: vec!["r@sha256:2".into()],
        os: "linux".into(),
        env: vec!["A=1".into()],
        volumes: vec!["/data".into()],
        user: "app".into(),
        size_bytes: 7,
        names_program: true,
    };
    assert_eq!(ImageFacts::from(&inspected), facts);
}

/// What Docker 20.10 answered about a container made from `create_cpu.json`.
fn inspected() -> Value {
    serde_json::from_str(include_str!("fixtures/inspect_cpu_docker_20_10.json")).unwrap()
}

fn compare(answer: Value) -> Result<(), Drift> {
    let observed: ContainerInspectResponse = serde_json::from_value(answer).unwrap();
    container_matches(&body(None), &observed)
}

#[test]
fn a_container_made_as_asked_matches() {
    assert_eq!(compare(inspected()), Ok(()));
}

#[test]
fn an_empty_answer_does_not_match() {
    assert!(compare(json!({})).is_err());
}

#[test]
fn a_container_that_differs_in_any_setting_is_refused_by_its_name() {
    let device = json!([{ "PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm", "CgroupPermissions": "rwm" }]);
    let volume = json!([{ "Type": "volume", "Name": "v", "Source": "/v", "Destination": "/data", "RW": true }]);
    for (pointer, value, field) in [
        ("/HostConfig/Privileged", json!(true), "Privileged"),
        ("/HostConfig/CapDrop", json!(null), "CapDrop"),
        ("/HostConfig/CapAdd", json!(["SYS_ADMIN"]), "CapAdd"),
        ("/HostConfig/SecurityOpt", json!(null), "SecurityOpt"),
        ("/HostConfig/SecurityOpt", json!(["no-new-privileges:true", "seccomp=unconfined"]), "SecurityOpt"),
        ("/HostConfig/ReadonlyRootfs", json!(false), "ReadonlyRootfs"),
        ("/HostConfig/NetworkMode", json!("bridge"), "NetworkMode"),
        ("/Config/NetworkDisabled", json!(false), "NetworkDisabled"),
        ("/HostConfig/IpcMode", json!("host"), "IpcMode"),
        ("/HostConfig/PidMode", json!("host"), "PidMode"),
        ("/HostConfig/UTSMode", json!("host"), "UTSMode"),
        ("/HostConfig/UsernsMode", json!("host"), "UsernsMode"),
        ("/HostConfig/CgroupParent", json!("/x"), "CgroupParent"),
        ("/HostConfig/Binds", json!(["/:/host"]), "Binds"),
        ("/HostConfig/VolumesFrom", json!(["other"]), "VolumesFrom"),
        ("/HostConfig/Devices", device, "Devices"),
        ("/HostConfig/DeviceCgroupRules", json!(["a *:* rwm"]), "DeviceCgroupRules"),
        ("/HostConfig/DeviceRequests", json!([{ "Driver": "nvidia", "Count": -1 }]), "DeviceRequests"),
        ("/HostConfig/GroupAdd", json!(["0"]), "GroupAdd"),
        ("/HostConfig/ExtraHosts", json!(["a:1.2.3.4"]), "ExtraHosts"),
        ("/HostConfig/Sysctls", json!({ "net.ipv4.ip_forward": "1" }), "Sysctls"),
        ("/HostConfig/MaskedPaths", json!([]), "MaskedPaths"),
        ("/HostConfig/ReadonlyPaths", json!([]), "ReadonlyPaths"),
        ("/Config/Image", json!("busybox"), "Image"),
        ("/Config/User", json!(""), "User"),
        ("/Config/Entrypoint", json!(["/bin/sh"]), "Entrypoint"),
        ("/Config/Cmd", json!(["more"]), "Cmd"),
        ("/Config/Env", json!([]), "Env"),
        ("/Config/Labels", json!({}), "Labels"),
        ("/Config/Healthcheck", json!(null), "Healthcheck"),
        ("/HostConfig/Memory", json!(0), "Memory"),
        ("/HostConfig/MemorySwap", json!(-1), "MemorySwap"),
        ("/HostConfig/NanoCpus", json!(0), "NanoCpus"),
        ("/HostConfig/PidsLimit", json!(null), "PidsLimit"),
        ("/HostConfig/ShmSize", json!(1), "ShmSize"),
        ("/HostConfig/OomScoreAdj", json!(-1000), "OomScoreAdj"),
        ("/HostConfig/Ulimits", json!([]), "Ulimits"),
        ("/HostConfig/Tmpfs", json!({ "/tmp": "rw,exec" }), "Tmpfs"),
        ("/HostConfig/Init", json!(false), "Init"),
        ("/HostConfig/AutoRemove", json!(true), "AutoRemove"),
        ("/HostConfig/RestartPolicy", json!({ "Name": "always" }), "RestartPolicy"),
        ("/HostConfig/LogConfig", json!({ "Type": "json-file", "Config": {} }), "LogConfig"),
        ("/Mounts", json!([]), "Mounts"),
        ("/Mounts", volume, "Mounts"),
        ("/Mounts/0/RW", json!(true), "Mounts"),
        ("/Mounts/0/Propagation", json!("rshared"), "Mounts"),
        ("/Mounts/1/Source", json!("/etc"), "Mounts"),
    ] {
        let mut answer = inspected();
        // The order of mounts is the engine's: index 0 must be the input for the laws above.
        answer["Mounts"].as_array_mut().unwrap().sort_by_key(|mount| mount["Destination"].to_string());
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match answer.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            parent => parent[key] = value,
        }
        let drift = compare(answer).unwrap_err();
        assert_eq!(drift.field, field, "{pointer}: {drift}");
    }
}

#[test]
fn a_variable_of_ours_changed_or_a_loader_variable_added_is_refused() {
    for extra in ["NVIDIA_VISIBLE_DEVICES=all", "LD_PRELOAD=/x.so", "TZ=Europe/Paris"] {
        let mut answer = inspected();
        answer["Config"]["Env"].as_array_mut().unwrap().push(json!(extra));
        assert_eq!(compare(answer).unwrap_err().field, "Env", "{extra}");
    }
    let mut answer = inspected();
    answer["Config"]["Env"].as_array_mut().unwrap().push(json!("PATH=/bin"));
    assert_eq!(compare(answer), Ok(()));
}
