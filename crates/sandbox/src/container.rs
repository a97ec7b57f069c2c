//! From a job document to the engine's create request.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bollard::models::{
    ContainerCreateBody, DeviceRequest, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig,
    Mount, MountBindOptions, MountBindOptionsPropagationEnum, MountType, ResourcesUlimits, RestartPolicy,
    RestartPolicyNameEnum,
};
use proofmill_jobspec::JobSpec;

use crate::limits::{self, MIB};
use crate::{
    ENV_TASK_COUNT, ENV_TASK_INDEX, INPUT_MOUNT, LABEL_ATTEMPT, LABEL_DEADLINE_AT, LABEL_GPU, LABEL_JOB, LABEL_NODE,
    LABEL_ROLE, LABEL_SPEC, OUTPUT_MOUNT, SCRATCH_MOUNT,
};

/// The two directories of one attempt, as the engine sees them: absolute paths on the host.
///
/// The output directory must be writable by user 65534, and should lie on a file system of limited size mounted
/// with `nosuid,nodev,noexec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxPaths {
    /// Mounted read-only at `/in`.
    pub input_dir: PathBuf,
    /// Mounted writable at `/out`.
    pub output_dir: PathBuf,
}

/// How GPUs are given to the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuDriver {
    /// Container Device Interface; preferred. Needs an engine of API 1.44 or later.
    Cdi,
    /// The engine's `nvidia` driver.
    Nvidia,
    /// No GPU at all: a local network on which a simulated device stands in for the inventory. Labelled as such.
    Simulated,
}

/// The GPUs pledged to the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuBinding {
    /// Their UUIDs as NVML gives them, such as `GPU-8f2c…` or `MIG-…`.
    pub uuids: Vec<String>,
    /// How they are given.
    pub driver: GpuDriver,
}

/// What a container is for. A node may run both for one job at different times; their names differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The provider's own attempt.
    Run,
    /// A re-execution that checks another provider's attempt.
    Rerun,
}

impl Role {
    /// The word in labels and names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Rerun => "rerun",
        }
    }
}

/// What identifies a container as ours, so that a restarted node adopts it and a reaper finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Address of the job.
    pub job: [u8; 32],
    /// Number of the attempt.
    pub attempt: u16,
    /// What it is for.
    pub role: Role,
    /// Second of the chain's clock after which it must not run.
    pub deadline_at: i64,
    /// Public key of the node.
    pub node: [u8; 32],
}

/// Where a task stands in its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskPlace {
    /// Its number, from 0.
    pub index: u32,
    /// Number of tasks.
    pub count: u16,
}

/// What the engine and its host offer, found out by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineFacts {
    /// The engine has an init program (`docker-init` or `catatonit`) to reap zombies.
    pub use_init: bool,
    /// The host runs control groups version 2; version 1 knows no private view but does know swappiness.
    pub cgroup_v2: bool,
    /// Most open files a container may be allowed: the engine's own hard limit, unless it may raise limits.
    pub nofile_max: u32,
}

impl Default for EngineFacts {
    /// What any engine accepts.
    fn default() -> Self {
        Self { use_init: false, cgroup_v2: false, nofile_max: limits::NOFILE_LEAST }
    }
}

/// Why no container can be described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// A directory to be mounted is not an absolute path in UTF-8 without `..`.
    #[error("{mount} cannot be mounted from {path:?}: the path must be absolute, plain and in UTF-8")]
    HostPath {
        /// The place in the container.
        mount: &'static str,
        /// The path on the host.
        path: PathBuf,
    },
    /// One directory is the other or lies inside it.
    #[error("the input {input:?} and the output {output:?} overlap")]
    OverlappingPaths {
        /// The input directory.
        input: PathBuf,
        /// The output directory.
        output: PathBuf,
    },
    /// The number of GPUs bound is not the number the job asks for.
    #[error("{bound} GPUs are bound, the job asks for {asked}")]
    GpuCount {
        /// Number bound.
        bound: usize,
        /// Number asked for.
        asked: u8,
    },
    /// The name of a GPU is not a UUID as NVML gives it.
    #[error("{uuid:?} is not the UUID of a GPU")]
    GpuUuid {
        /// The name.
        uuid: String,
    },
    /// The same GPU is bound twice.
    #[error("the GPU {uuid} is bound twice")]
    GpuTwice {
        /// Its UUID.
        uuid: String,
    },
}

/// The name of a container: the same for the same attempt, so that the engine itself refuses a second one.
#[must_use]
pub fn container_name(labels: &Labels) -> String {
    let job: String = bs58::encode(labels.job).into_string().chars().take(limits::NAME_JOB_CHARS).collect();
    format!("proofmill-{job}-{}-{}", labels.attempt, labels.role.as_str())
}

/// Describes the container of one attempt in full. Settings left unset are those whose default is the strict one.
///
/// `command`, when given, takes the place of the image's entry point *and* command: what runs is what the document
/// says. With an empty `command` the image decides. A task of an array learns its place from its environment.
///
/// # Errors
/// A path that cannot be mounted, or GPUs that are not those the job asks for.
pub fn create_body(
    spec: &JobSpec,
    paths: &SandboxPaths,
    gpu: Option<&GpuBinding>,
    labels: &Labels,
    engine: &EngineFacts,
    task: Option<TaskPlace>,
) -> Result<ContainerCreateBody, SandboxError> {
    check_gpu(spec, gpu)?;
    let command = (!spec.command.is_empty()).then(|| spec.command.clone());
    Ok(ContainerCreateBody {
        image: Some(spec.image.to_string()),
        // An empty list beside an entry point drops the image's own arguments.
        cmd: command.as_ref().map(|_| Vec::new()),
        entrypoint: command,
        // Otherwise random, and visible to the job: outputs would differ.
        hostname: Some("proofmill".to_owned()),
        user: Some(format!("{}:{}", limits::UID, limits::GID)),
        env: Some(environment(spec, gpu, task)),
        labels: Some(label_map(spec, gpu, labels)),
        network_disabled: Some(true),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        stop_timeout: Some(limits::STOP_TIMEOUT_SECONDS),
        tty: Some(false),
        open_stdin: Some(false),
        attach_stdin: Some(false),
        host_config: Some(host_config(spec, paths, gpu, engine)?),
        ..ContainerCreateBody::default()
    })
}

fn host_config(
    spec: &JobSpec,
    paths: &SandboxPaths,
    gpu: Option<&GpuBinding>,
    engine: &EngineFacts,
) -> Result<HostConfig, SandboxError> {
    let input = host_path(INPUT_MOUNT, &paths.input_dir)?;
    let output = host_path(OUTPUT_MOUNT, &paths.output_dir)?;
    if paths.input_dir.starts_with(&paths.output_dir) || paths.output_dir.starts_with(&paths.input_dir) {
        let (input, output) = (paths.input_dir.clone(), paths.output_dir.clone());
        return Err(SandboxError::OverlappingPaths { input, output });
    }
    let memory = u64::from(spec.resources.memory_mib) * MIB;
    let scratch = u64::from(spec.resources.scratch_mib) * MIB;
    let shm_max = if gpu.is_some() { limits::SHM_BYTES_GPU_MAX } else { limits::SHM_BYTES_CPU_MAX };
    let shm = (memory / limits::SHM_PART_OF_MEMORY).min(shm_max);
    Ok(HostConfig {
        privileged: Some(false),
        cap_drop: Some(vec!["ALL".to_owned()]),
        // No seccomp or AppArmor profile is named: the engine's default one applies.
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        readonly_rootfs: Some(true),
        tmpfs: Some(tmpfs(scratch, gpu)),
        mounts: Some(vec![bind(input, INPUT_MOUNT, true), bind(output, OUTPUT_MOUNT, false)]),
        memory: Some(signed(memory)),
        // Equal to the memory: no swap.
        memory_swap: Some(signed(memory)),
        memory_swappiness: (!engine.cgroup_v2).then_some(0),
        oom_kill_disable: Some(false),
        oom_score_adj: Some(limits::OOM_SCORE_ADJ),
        nano_cpus: Some(i64::from(spec.resources.cpus_milli) * 1_000_000),
        pids_limit: Some(i64::from(spec.resources.pids)),
        ulimits: Some(vec![
            ulimit("nofile", u64::from(engine.nofile_max.clamp(limits::NOFILE_LEAST, limits::NOFILE_WANTED))),
            ulimit("core", 0),
            // Any one file, scratch included; the sum is checked when the outputs are read.
            ulimit("fsize", spec.outputs.max_bytes),
        ]),
        shm_size: Some(signed(shm)),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: engine.cgroup_v2.then_some(HostConfigCgroupnsModeEnum::PRIVATE),
        network_mode: Some("none".to_owned()),
        device_requests: gpu.and_then(device_request).map(|request| vec![request]),
        init: Some(engine.use_init),
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), ..RestartPolicy::default() }),
        // The exit code must survive until the receipt is recorded.
        auto_remove: Some(false),
        log_config: Some(HostConfigLogConfig {
            typ: Some("local".to_owned()),
            config: Some(texts([
                ("max-size", limits::LOG_FILE_SIZE),
                ("max-file", limits::LOG_FILES),
                ("mode", "non-blocking"),
                ("max-buffer-size", limits::LOG_BUFFER_SIZE),
            ])),
        }),
        ..HostConfig::default()
    })
}

fn tmpfs(scratch_bytes: u64, gpu: Option<&GpuBinding>) -> HashMap<String, String> {
    // Owned by the job: runc (1.1.5 was seen to) puts the mode of the image's own directory in place of the one
    // asked for, and an image whose /tmp is 0755 would leave the job without a home.
    let options = |exec: &str, bytes: u64| {
        format!("rw,{exec},nosuid,nodev,size={bytes},mode=1777,uid={},gid={}", limits::UID, limits::GID)
    };
    let mut map = HashMap::from([
        ("/tmp".to_owned(), options("noexec", scratch_bytes)),
        ("/run".to_owned(), options("noexec", limits::RUN_BYTES)),
    ]);
    if gpu.is_some() {
        // Kernel compilers write libraries and load them.
        map.insert(SCRATCH_MOUNT.to_owned(), options("exec", scratch_bytes));
    }
    map
}

fn bind(source: String, target: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

fn ulimit(name: &str, value: u64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(signed(value)), hard: Some(signed(value)) }
}

/// The engine's numbers are signed; every number here is far below their bound.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> HashMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn host_path(mount: &'static str, path: &Path) -> Result<String, SandboxError> {
    use std::path::Component;
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    match path.to_str() {
        // The root itself is absolute and plain, and the last thing to be mounted.
        Some(text) if path.is_absolute() && plain && path.parent().is_some() => Ok(text.to_owned()),
        _ => Err(SandboxError::HostPath { mount, path: path.to_owned() }),
    }
}

fn check_gpu(spec: &JobSpec, gpu: Option<&GpuBinding>) -> Result<(), SandboxError> {
    let asked = spec.resources.gpu_count;
    let uuids = gpu.map_or(&[][..], |binding| &binding.uuids);
    if uuids.len() != usize::from(asked) || (asked == 0 && gpu.is_some()) {
        return Err(SandboxError::GpuCount { bound: uuids.len(), asked });
    }
    for (index, uuid) in uuids.iter().enumerate() {
        let digits = uuid.strip_prefix("GPU-").or_else(|| uuid.strip_prefix("MIG-"));
        let is_uuid = digits.is_some_and(|digits| {
            // 8-4-4-4-12 hexadecimal digits.
            digits.len() == 36
                && digits.bytes().enumerate().all(|(at, byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => byte.is_ascii_hexdigit(),
                })
        });
        if !is_uuid {
            return Err(SandboxError::GpuUuid { uuid: uuid.clone() });
        }
        if uuids[..index].contains(uuid) {
            return Err(SandboxError::GpuTwice { uuid: uuid.clone() });
        }
    }
    Ok(())
}

fn device_request(gpu: &GpuBinding) -> Option<DeviceRequest> {
    match gpu.driver {
        GpuDriver::Simulated => None,
        GpuDriver::Cdi => Some(DeviceRequest {
            driver: Some("cdi".to_owned()),
            device_ids: Some(gpu.uuids.iter().map(|uuid| format!("nvidia.com/gpu={uuid}")).collect()),
            ..DeviceRequest::default()
        }),
        GpuDriver::Nvidia => Some(DeviceRequest {
            driver: Some("nvidia".to_owned()),
            device_ids: Some(gpu.uuids.clone()),
            // `gpu` selects the driver, the others what it gives: no graphics, no video, no display.
            capabilities: Some(vec![vec!["gpu".to_owned(), "compute".to_owned(), "utility".to_owned()]]),
            ..DeviceRequest::default()
        }),
    }
}

/// The fixed environment, then the document's, then what only the sandbox may say: documents that set variables of
/// `PROOFMILL_` or `NVIDIA_` do not parse. `LD_PRELOAD` and `LD_AUDIT` are
/// never set: documents with them do not parse, images with them are not admitted.
fn environment(spec: &JobSpec, gpu: Option<&GpuBinding>, task: Option<TaskPlace>) -> Vec<String> {
    let mut env: BTreeMap<&str, String> = BTreeMap::new();
    for (key, value) in
        [("TZ", "UTC"), ("LC_ALL", "C"), ("SOURCE_DATE_EPOCH", "0"), ("HOME", "/tmp"), ("TMPDIR", "/tmp")]
    {
        env.insert(key, value.to_owned());
    }
    if gpu.is_some() {
        for (key, directory) in [
            ("XDG_CACHE_HOME", "cache"),
            ("CUDA_CACHE_PATH", "cuda"),
            ("TRITON_CACHE_DIR", "triton"),
            ("TORCHINDUCTOR_CACHE_DIR", "inductor"),
        ] {
            env.insert(key, format!("{SCRATCH_MOUNT}/{directory}"));
        }
    }
    for (key, value) in &spec.env {
        env.insert(key, value.clone());
    }
    // Said even to a job without GPU: an image may ask for every GPU, and a host may honour that by default.
    let visible = match gpu {
        Some(GpuBinding { uuids, driver: GpuDriver::Nvidia }) => uuids.join(","),
        _ => "void".to_owned(),
    };
    env.insert("NVIDIA_VISIBLE_DEVICES", visible);
    env.insert("NVIDIA_DRIVER_CAPABILITIES", "compute,utility".to_owned());
    if let Some(task) = task {
        env.insert(ENV_TASK_INDEX, task.index.to_string());
        env.insert(ENV_TASK_COUNT, task.count.to_string());
    }
    env.into_iter().map(|(key, value)| format!("{key}={value}")).collect()
}

fn label_map(spec: &JobSpec, gpu: Option<&GpuBinding>, labels: &Labels) -> HashMap<String, String> {
    let mut map = label_map_of(labels);
    map.insert(LABEL_SPEC.to_owned(), hex::encode(spec.hash()));
    if gpu.is_some_and(|binding| binding.driver == GpuDriver::Simulated) {
        map.insert(LABEL_GPU.to_owned(), "simulated".to_owned());
    }
    map
}

/// What is written on everything that belongs to an attempt.
pub(crate) fn label_map_of(labels: &Labels) -> HashMap<String, String> {
    HashMap::from([
        (LABEL_JOB.to_owned(), bs58::encode(labels.job).into_string()),
        (LABEL_ATTEMPT.to_owned(), labels.attempt.to_string()),
        (LABEL_ROLE.to_owned(), labels.role.as_str().to_owned()),
        (LABEL_DEADLINE_AT.to_owned(), labels.deadline_at.to_string()),
        (LABEL_NODE.to_owned(), bs58::encode(labels.node).into_string()),
    ])
}
