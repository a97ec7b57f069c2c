//! From a `docker run` line to a job document, and a list of what the line says and a job cannot have.
//!
//! Nothing is passed over: every flag is carried over, or there is a note with the reason and what to do instead. A flag
//! that is not known ends the import, since nobody can tell whether the next word belongs to it.

use std::collections::BTreeMap;

use proofmill_jobspec::{IMAGE_PLACEHOLDER, ImageDigest, SpecDraft, SpecError};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    docker_ports::{self, ServiceDraft},
    limits,
};

/// Why no document comes of a line.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ImportError {
    #[error("the line is longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("a quote is not closed")]
    Quotes,
    #[error("the line is not `docker run ...`: it begins with {0:?}")]
    NotDockerRun(String),
    #[error("{0:?} is for a shell: give the docker run line alone")]
    ShellSyntax(String),
    #[error(
        "{0} is no flag of docker run that this importer knows: remove it, or say what it should mean in the document"
    )]
    UnknownFlag(String),
    #[error("{0} needs a value")]
    ValueMissing(String),
    #[error("{flag} has the value {value:?}, {expected} expected")]
    Value { flag: String, value: String, expected: &'static str },
    #[error("no image is named")]
    NoImage,
    #[error("the environment file {path} cannot be used: {reason}")]
    EnvFile { path: String, reason: String },
    #[error("the document would be refused: {0}")]
    Document(#[from] SpecError),
}

/// How something was not carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// No job may have it.
    Refused,
    /// Jobs do not have it.
    Dropped,
    /// Carried over by a guess that should be looked at.
    Assumed,
}

/// One thing that was not carried over as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub kind: NoteKind,
    /// The flag, with its value.
    pub flag: String,
    pub reason: String,
    /// What to do about it.
    pub instead: String,
}

/// A document and what it leaves out.
#[derive(Debug, Serialize)]
pub struct Imported {
    pub document: Value,
    /// Folder to give as `--input`, if the line mounts one at /in.
    pub input: Option<String>,
    /// Folder to give as `--output`, if the line mounts one at /out.
    pub output: Option<String>,
    pub notes: Vec<Note>,
}

impl Imported {
    /// Whether everything was carried over; guesses count as such.
    pub fn is_complete(&self) -> bool {
        self.notes.iter().all(|note| note.kind == NoteKind::Assumed)
    }
}

/// Splits a line as a POSIX shell would, without expanding anything.
///
/// # Errors
/// An open quote, or a line that is too long.
pub fn split(line: &str) -> Result<Vec<String>, ImportError> {
    if line.len() > limits::DOCKER_LINE_BYTES_MAX {
        return Err(ImportError::TooLong { limit: limits::DOCKER_LINE_BYTES_MAX });
    }
    shlex::split(&join_lines(line)).ok_or(ImportError::Quotes)
}

/// Takes out what continues a line, as a shell does before it looks for words; `shlex` would see an empty word there.
fn join_lines(line: &str) -> String {
    let mut joined = String::with_capacity(line.len());
    let (mut single, mut double) = (false, false);
    let mut rest = line.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\\' if !single => match rest.next_if(|next| matches!(next, '\n' | '\r')) {
                // A pasted line may end as Windows ends it.
                Some('\r') => drop(rest.next_if_eq(&'\n')),
                Some(_) => {}
                None => {
                    joined.push(char);
                    joined.extend(rest.next());
                }
            },
            _ => {
                single ^= char == '\'' && !double;
                double ^= char == '"' && !single;
                joined.push(char);
            }
        }
    }
    joined
}

/// Makes a document of the words of a line. `read_file` gives the text of an environment file.
///
/// # Errors
/// [`ImportError`].
pub fn import(words: &[String], read_file: &dyn Fn(&str) -> Result<String, String>) -> Result<Imported, ImportError> {
    let mut words = after_run(words)?.iter();
    let mut draft = Draft::default();
    let image = loop {
        let Some(word) = words.next() else { return Err(ImportError::NoImage) };
        if word == "--" {
            break words.next().ok_or(ImportError::NoImage)?;
        }
        if let Some(long) = word.strip_prefix("--") {
            draft.long(word, long, &mut words, read_file)?;
        } else if let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            draft.cluster(cluster, &mut words, read_file)?;
        } else {
            break word;
        }
    };
    draft.finish(image, words.as_slice())
}

/// The words behind `docker run`.
fn after_run(words: &[String]) -> Result<&[String], ImportError> {
    if let Some(word) =
        words.iter().find(|word| matches!(word.as_str(), "|" | "||" | "&&" | "&" | ";" | ">" | ">>" | "<"))
    {
        return Err(ImportError::ShellSyntax(word.clone()));
    }
    let mut rest = words;
    for (optional, names) in [
        (true, &["sudo"][..]),
        (false, &["docker", "podman", "nvidia-docker"]),
        (true, &["container"]),
        (false, &["run", "create"]),
    ] {
        match rest.split_first() {
            Some((word, after)) if names.contains(&word.as_str()) => rest = after,
            _ if optional => {}
            other => return Err(ImportError::NotDockerRun(other.map(|(word, _)| word.clone()).unwrap_or_default())),
        }
    }
    Ok(rest)
}

/// What is known of the job so far.
#[derive(Default)]
struct Draft {
    env: BTreeMap<String, String>,
    name: Option<String>,
    entrypoint: Option<String>,
    cpus_milli: Option<u32>,
    memory_mib: Option<u32>,
    memory_swap_mib: Option<(String, u32)>,
    pids: Option<u32>,
    scratch_mib: Option<u32>,
    gpu_count: u8,
    input: Option<String>,
    output: Option<String>,
    service: ServiceDraft,
    notes: Vec<Note>,
}

/// Flags that take no value.
const SWITCHES: [&str; 14] = [
    "detach",
    "disable-content-trust",
    "init",
    "interactive",
    "no-healthcheck",
    "oom-kill-disable",
    "privileged",
    "publish-all",
    "quiet",
    "read-only",
    "rm",
    "sig-proxy",
    "tty",
    "use-api-socket",
];

/// Flags whose value has no place in a job, by what to say of them: reason, and what to do.
const DROPPED: [(&[&str], &str, &str); 13] = [
    (
        &[
            "network",
            "net",
            "network-alias",
            "net-alias",
            "dns",
            "dns-option",
            "dns-opt",
            "dns-search",
            "add-host",
            "ip",
            "ip6",
            "link",
            "link-local-ip",
            "mac-address",
            "domainname",
        ],
        "containers have no network",
        "put what the job needs into the image or the input",
    ),
    (&["user", "group-add"], "every job runs as user 65534", "make the image's files readable for everybody"),
    (&["workdir"], "the image decides where a job starts", "begin the command with: /bin/sh -c 'cd DIR && exec ...'"),
    (
        &["hostname"],
        "every container has the same name, so that outputs do not differ",
        "read a name from the environment",
    ),
    (&["shm-size"], "shared memory is a fixed part of the job's memory", "raise resources.memory_mib"),
    (
        &["ulimit"],
        "limits of open files, cores and file sizes are the sandbox's",
        "set outputs.max_bytes and resources.pids",
    ),
    (&["stop-timeout", "stop-signal"], "nodes stop every container alike", "end within max_seconds"),
    (&["label", "label-file", "annotation"], "labels are the node's own", "use name"),
    (&["log-driver", "log-opt"], "nodes keep the log", "read it with `proofmill job logs`"),
    (
        &[
            "cpu-shares",
            "cpu-period",
            "cpu-quota",
            "cpu-rt-period",
            "cpu-rt-runtime",
            "cpuset-cpus",
            "cpuset-mems",
            "cpu-count",
            "cpu-percent",
            "memory-reservation",
            "memory-swappiness",
            "kernel-memory",
            "blkio-weight",
            "blkio-weight-device",
            "io-maxbandwidth",
            "io-maxiops",
            "device-read-bps",
            "device-read-iops",
            "device-write-bps",
            "device-write-iops",
            "oom-score-adj",
            "storage-opt",
        ],
        "a job's share of the host is said by cpus_milli and memory_mib alone",
        "use --cpus and --memory",
    ),
    (
        &["cidfile", "attach", "detach-keys"],
        "there is no container on this machine",
        "follow the job with `proofmill job logs`",
    ),
    (&["pull"], "nodes have an image by its digest or not at all", "say the digest"),
    (&["volumes-from", "volume-driver"], "a job sees /in and /out and nothing else", "give the files with --input"),
];

/// Flags that would open the sandbox.
const REFUSED: [(&[&str], &str); 5] = [
    (&["cap-add"], "a job has no capability"),
    (&["device", "device-cgroup-rule"], "a job has no device of the host but its GPUs; use --gpus"),
    (&["pid", "ipc", "uts", "userns", "cgroupns", "cgroup-parent", "isolation"], "a job has namespaces of its own"),
    (&["sysctl"], "a job does not change the kernel"),
    (&["security-opt"], "the sandbox's profiles cannot be changed"),
];

impl Draft {
    fn note(&mut self, kind: NoteKind, flag: impl Into<String>, reason: impl Into<String>, instead: impl Into<String>) {
        self.notes.push(Note { kind, flag: flag.into(), reason: reason.into(), instead: instead.into() });
    }

    fn long(
        &mut self,
        word: &str,
        long: &str,
        words: &mut std::slice::Iter<'_, String>,
        read_file: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<(), ImportError> {
        let (name, joined) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        if SWITCHES.contains(&name) {
            let on = match joined {
                None | Some("true" | "1") => true,
                Some("false" | "0") => false,
                Some(value) => return Err(value_error(word, value, "true or false")),
            };
            if on {
                self.switch(name);
            }
            return Ok(());
        }
        if !is_valued(name) {
            return Err(ImportError::UnknownFlag(format!("--{name}")));
        }
        let value = match joined {
            Some(value) => value,
            None => words.next().ok_or_else(|| ImportError::ValueMissing(format!("--{name}")))?,
        };
        self.valued(name, value, read_file)
    }

    /// Short flags, several of which may share one word.
    fn cluster(
        &mut self,
        cluster: &str,
        words: &mut std::slice::Iter<'_, String>,
        read_file: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<(), ImportError> {
        for (at, short) in cluster.char_indices() {
            match short {
                'd' => self.switch("detach"),
                'i' => self.switch("interactive"),
                't' => self.switch("tty"),
                'P' => self.switch("publish-all"),
                'q' => self.switch("quiet"),
                _ => {
                    let name = match short {
                        'e' => "env",
                        'v' => "volume",
                        'p' => "publish",
                        'w' => "workdir",
                        'u' => "user",
                        'm' => "memory",
                        'h' => "hostname",
                        'l' => "label",
                        'c' => "cpu-shares",
                        'a' => "attach",
                        _ => return Err(ImportError::UnknownFlag(format!("-{short}"))),
                    };
                    let rest = &cluster[at + short.len_utf8()..];
                    let value = match rest.strip_prefix('=').unwrap_or(rest) {
                        "" => words.next().ok_or_else(|| ImportError::ValueMissing(format!("-{short}")))?,
                        joined => joined,
                    };
                    return self.valued(name, value, read_file);
                }
            }
        }
        Ok(())
    }

    fn switch(&mut self, name: &str) {
        use NoteKind::{Assumed, Dropped, Refused};
        let flag = format!("--{name}");
        match name {
            // Every job is so.
            "rm" | "read-only" | "quiet" | "sig-proxy" | "disable-content-trust" => {}
            "no-healthcheck" => self.service.no_health = true,
            "detach" => self.note(Assumed, flag, "that is said when a job is run", "proofmill job run --detach"),
            "interactive" | "tty" => {
                self.note(Dropped, flag, "a job has no terminal", "give what it reads with --input")
            }
            "publish-all" => {
                self.note(Dropped, flag, "which ports the image exposes is not known here", "name each one with -p")
            }
            "init" => self.note(
                Dropped,
                flag,
                "whether there is an init is the node's to say",
                "reap children in the program",
            ),
            "privileged" => self.note(Refused, flag, "no job is privileged", "ask for GPUs with --gpus"),
            "oom-kill-disable" => self.note(Refused, flag, "a job that exceeds its memory is ended", "raise --memory"),
            _ => self.note(Refused, flag, "a job never reaches the engine", "remove it"),
        }
    }

    fn valued(
        &mut self,
        name: &str,
        value: &str,
        read_file: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<(), ImportError> {
        use NoteKind::{Assumed, Dropped, Refused};
        let flag = format!("--{name} {value}");
        match name {
            "env" => self.env_pair(value, &flag),
            "env-file" => {
                let text =
                    read_file(value).map_err(|reason| ImportError::EnvFile { path: value.to_owned(), reason })?;
                for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'))
                {
                    self.env_pair(line, &format!("--env-file {value}: {}", line.split('=').next().unwrap_or_default()));
                }
            }
            "gpus" => self.gpus(value, &flag)?,
            "memory" => self.memory_mib = Some(mebibytes(name, value)?),
            "memory-swap" if value == "-1" => self.note(Dropped, flag, "jobs have no swap", "raise --memory"),
            "memory-swap" => self.memory_swap_mib = Some((flag, mebibytes(name, value)?)),
            "cpus" => self.cpus_milli = Some(thousandths(name, value)?),
            "pids-limit" => match value.parse::<i64>() {
                Ok(..=0) => {
                    self.note(Dropped, flag, "a job's processes are bounded", "set resources.pids, at most 4096")
                }
                Ok(pids) => self.pids = Some(u32::try_from(pids).unwrap_or(u32::MAX)),
                Err(_) => return Err(value_error(name, value, "a number")),
            },
            "entrypoint" => self.entrypoint = Some(value.to_owned()),
            "name" => self.name = Some(value.to_owned()),
            "volume" => self.mount(&volume_parts(value), &flag),
            "mount" => self.mount(&mount_parts(value), &flag),
            "tmpfs" => self.tmpfs(value, &flag)?,
            "publish" | "expose" => {
                let note = self.service.publish(name, value)?;
                self.notes.extend(note);
            }
            _ if name.starts_with("health-") => {
                let note = self.service.health(name, value)?;
                self.notes.extend(note);
            }
            "network" | "net" if value == "none" => {}
            "user" if matches!(value, "65534" | "65534:65534" | "nobody" | "nobody:nogroup") => {}
            "cap-drop" => {}
            "security-opt"
                if matches!(value, "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true") => {}
            "ipc" | "cgroupns" if value == "private" => {}
            "platform" if matches!(value, "linux" | "linux/amd64") => {}
            "platform" => self.note(
                Dropped,
                flag,
                "the class of the provider's hardware decides",
                "build the image for linux/amd64",
            ),
            "runtime" if value == "nvidia" && self.gpu_count == 0 => {
                self.gpu_count = 1;
                self.note(Assumed, flag, "one GPU is asked for", "say how many with --gpus");
            }
            "runtime" if value == "nvidia" => {}
            "runtime" => self.note(Refused, flag, "the node chooses the runtime", "remove it"),
            "restart" if value == "no" => {}
            "restart" => self.note(
                Dropped,
                flag,
                "a container runs once; a job is tried again only if an attempt leaves nothing, a service not at all",
                "set retries of a batch job",
            ),
            _ => self.without_place(name, flag),
        }
        Ok(())
    }

    fn without_place(&mut self, name: &str, flag: String) {
        if let Some((_, reason)) = REFUSED.iter().find(|(names, _)| names.contains(&name)) {
            return self.note(NoteKind::Refused, flag, *reason, "remove it");
        }
        let row = DROPPED.iter().find(|(names, _, _)| names.contains(&name));
        // Every valued flag has an arm of its own or a row of a table: `is_valued` is made of them.
        let (reason, instead) = row.map_or(("a job has no such setting", "remove it"), |row| (row.1, row.2));
        self.note(NoteKind::Dropped, flag, reason, instead);
    }

    fn env_pair(&mut self, pair: &str, flag: &str) {
        let Some((key, value)) = pair.split_once('=') else {
            return self.note(
                NoteKind::Dropped,
                flag,
                "docker would take its value from your shell, which may be a secret",
                format!("write {pair}=VALUE; providers can read it"),
            );
        };
        // Asked of the one who decides: a document with this variable alone.
        let probe = json!({
            "version": 1, "name": "probe", "image": IMAGE_PLACEHOLDER, "max_seconds": 1,
            "resources": { "cpus_milli": 1000, "memory_mib": 64 }, "env": { key: value }
        });
        match checked(&probe) {
            Ok(()) => {
                self.env.insert(key.to_owned(), value.to_owned());
            }
            Err(error) => self.note(NoteKind::Dropped, flag, error.to_string(), "rename it, or set it in the image"),
        }
    }

    fn gpus(&mut self, value: &str, flag: &str) -> Result<(), ImportError> {
        use NoteKind::{Assumed, Dropped};
        let value = value.trim_matches(['"', '\'']);
        let refused = || value_error("--gpus", value, "all, a number, count=N or device=A,B");
        let count = |text: &str| text.parse::<u8>().map_err(|_| refused());
        // `device=0,1` has commas of its own; other fields end it.
        let mut devices: Option<usize> = None;
        for part in value.split(',') {
            match part.split_once('=') {
                Some(("device", _)) => devices = Some(1),
                Some(("count", "all")) => self.every_gpu(flag),
                Some(("count", number)) => self.gpu_count = count(number)?,
                Some(("driver", "nvidia")) => {}
                Some(("capabilities", _)) => {
                    self.note(
                        Dropped,
                        flag,
                        "a job gets compute and utility and nothing else",
                        "remove the capabilities",
                    );
                }
                Some(_) => return Err(refused()),
                None if devices.is_some() => devices = devices.map(|count| count.saturating_add(1)),
                None if part == "all" => self.every_gpu(flag),
                // A further capability of a list.
                None if value.contains("capabilities=") => {}
                None => self.gpu_count = count(part)?,
            }
            if let Some(devices) = devices {
                self.gpu_count = u8::try_from(devices).map_err(|_| refused())?;
            }
        }
        if devices.is_some() {
            self.note(
                Assumed,
                flag,
                "which of a provider's GPUs is the node's choice",
                "their number was carried over",
            );
        }
        Ok(())
    }

    fn every_gpu(&mut self, flag: &str) {
        self.gpu_count = 1;
        let reason = "all is as many as a host has; one is asked for";
        self.note(NoteKind::Assumed, flag, reason, "set resources.gpu_count and vram_mib");
    }

    /// `source` and `target` of a mount.
    fn mount(&mut self, parts: &(Option<String>, String), flag: &str) {
        use NoteKind::{Assumed, Dropped, Refused};
        let (source, target) = (parts.0.clone(), parts.1.trim_end_matches('/'));
        match (target, source) {
            (_, Some(source)) if source.ends_with("docker.sock") => {
                self.note(Refused, flag, "a job never reaches the engine", "remove it");
            }
            ("/in", Some(source)) => {
                self.note(
                    Assumed,
                    flag,
                    "a folder is handed over when a job is run",
                    format!("proofmill job run --input {source}"),
                );
                self.input = Some(source);
            }
            ("/out", Some(source)) => {
                self.note(
                    Assumed,
                    flag,
                    "results are fetched into a new folder",
                    format!("proofmill job run --output {source}"),
                );
                self.output = Some(source);
            }
            _ => self.note(
                Dropped,
                flag,
                "a job sees /in (read only) and /out and nothing else",
                "read from /in and give the folder with --input; write to /out",
            ),
        }
    }

    fn tmpfs(&mut self, value: &str, flag: &str) -> Result<(), ImportError> {
        let (path, options) = value.split_once(':').unwrap_or((value, ""));
        if path.trim_end_matches('/') != "/tmp" {
            self.note(NoteKind::Dropped, flag, "scratch space lies at /tmp", "use /tmp and resources.scratch_mib");
            return Ok(());
        }
        for size in options.split(',').filter_map(|option| option.strip_prefix("size=")) {
            self.scratch_mib = Some(mebibytes("--tmpfs", size)?);
        }
        Ok(())
    }

    fn finish(mut self, image: &str, arguments: &[String]) -> Result<Imported, ImportError> {
        use NoteKind::{Assumed, Dropped};
        let memory_mib = self.memory_mib.unwrap_or_else(|| {
            let reason = "docker would give all the host has; a job says how much";
            self.note(Assumed, "--memory", reason, "1024 MiB is asked for: set resources.memory_mib");
            1_024
        });
        if let Some((flag, _)) = self.memory_swap_mib.take().filter(|(_, swap)| *swap != memory_mib) {
            self.note(Dropped, flag, "jobs have no swap", "raise --memory");
        }
        let cpus_milli = self.cpus_milli.unwrap_or_else(|| {
            let reason = "docker would give all the host has; a job says how much";
            self.note(Assumed, "--cpus", reason, "1 core is asked for: set resources.cpus_milli");
            1_000
        });
        self.note(Assumed, "max_seconds", "a job says how long it may run", "3600 s are asked for: set max_seconds");
        let digest = image.rsplit_once('@').map_or(image, |(_, digest)| digest);
        let image_field = match digest.parse::<ImageDigest>() {
            Ok(digest) => digest.to_string(),
            Err(_) => {
                let instead = format!(
                    "`docker image inspect --format '{{{{.Id}}}}' {image}` shows it; set image, or give --image"
                );
                self.note(Dropped, image, "a tag can be moved; a job names its image by digest", instead);
                IMAGE_PLACEHOLDER.to_owned()
            }
        };
        let mut command = arguments.to_vec();
        match self.entrypoint.take().filter(|program| !program.is_empty()) {
            Some(program) => command.insert(0, program),
            None if !command.is_empty() => self.note(
                Assumed,
                "command",
                "a job's command replaces the image's entry point too",
                "if the image has an entry point, write it first in command",
            ),
            None => {}
        }
        if command.iter().chain(self.env.values()).any(|text| text.contains("$(") || text.contains('`')) {
            self.note(Assumed, "$(...)", "nothing is expanded here", "write what the shell would have put there");
        }
        let name = self.name.take().unwrap_or_else(|| {
            let path = image.split('@').next().unwrap_or(image);
            let last = path.rsplit('/').next().unwrap_or(path);
            last.split(':').next().unwrap_or(last).to_owned()
        });
        let plain = plain_name(&name);
        if plain != name {
            self.note(
                Assumed,
                format!("--name {name}"),
                "names are of a-z, 0-9, '-' and '_'",
                format!("it became {plain}"),
            );
        }
        let mut resources = json!({ "cpus_milli": cpus_milli, "memory_mib": memory_mib, "gpu_count": self.gpu_count });
        if let Some(pids) = self.pids {
            resources["pids"] = json!(pids);
        }
        if let Some(scratch_mib) = self.scratch_mib {
            resources["scratch_mib"] = json!(scratch_mib);
        }
        let mut document = json!({
            "version": 1, "name": plain, "image": image_field, "command": command, "env": self.env,
            "resources": resources, "max_seconds": 3_600, "verification": "deterministic"
        });
        let notes = self.service.finish(&mut document);
        self.notes.extend(notes);
        checked(&document)?;
        Ok(Imported { document, input: self.input, output: self.output, notes: self.notes })
    }
}

/// Whether the document would be accepted, whatever image it is given.
fn checked(document: &Value) -> Result<(), SpecError> {
    let draft = SpecDraft::parse(document.to_string().as_bytes())?;
    let image = draft.needs_image().then_some(ImageDigest([0; 32]));
    draft.resolve(image).map(drop)
}

/// Flags that take a value: those with a meaning here, and those of the tables.
fn is_valued(name: &str) -> bool {
    const CARRIED: [&str; 18] = [
        "publish",
        "expose",
        "env",
        "env-file",
        "gpus",
        "memory",
        "memory-swap",
        "cpus",
        "pids-limit",
        "entrypoint",
        "name",
        "volume",
        "mount",
        "tmpfs",
        "cap-drop",
        "platform",
        "runtime",
        "restart",
    ];
    CARRIED.contains(&name)
        || docker_ports::HEALTH_FLAGS.contains(&name)
        || DROPPED.iter().any(|(names, _, _)| names.contains(&name))
        || REFUSED.iter().any(|(names, _)| names.contains(&name))
}

pub(crate) fn value_error(flag: &str, value: &str, expected: &'static str) -> ImportError {
    ImportError::Value { flag: flag.to_owned(), value: value.to_owned(), expected }
}

/// Docker's sizes: a number with b, k, m or g; rounded up to MiB.
fn mebibytes(flag: &str, value: &str) -> Result<u32, ImportError> {
    let refused = || value_error(flag, value, "a size such as 512m or 4g");
    let lower = value.to_ascii_lowercase();
    let text = lower.strip_suffix("ib").or_else(|| lower.strip_suffix('b')).unwrap_or(&lower);
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'k')) => (&text[..at], 1u64 << 10),
        Some((at, 'm')) => (&text[..at], 1 << 20),
        Some((at, 'g')) => (&text[..at], 1 << 30),
        Some((at, 't')) => (&text[..at], 1 << 40),
        _ => (text, 1),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(refused)?;
    u32::try_from(bytes.div_ceil(1 << 20)).map_err(|_| refused())
}

/// A decimal number of cores in thousandths, exactly.
fn thousandths(flag: &str, value: &str) -> Result<u32, ImportError> {
    let refused = || value_error(flag, value, "a number of cores such as 1.5");
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) || (whole.is_empty() && part.is_empty()) {
        return Err(refused());
    }
    let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| refused())? };
    let part: u32 = format!("{part:0<3}").parse().map_err(|_| refused())?;
    whole.checked_mul(1_000).and_then(|milli| milli.checked_add(part)).ok_or_else(refused)
}

/// Source and target of `-v`: `target`, `source:target` or `source:target:options`.
fn volume_parts(value: &str) -> (Option<String>, String) {
    let mut parts = value.split(':');
    match (parts.next(), parts.next()) {
        (Some(source), Some(target)) => (Some(source.to_owned()), target.to_owned()),
        (only, _) => (None, only.unwrap_or_default().to_owned()),
    }
}

/// Source and target of `--mount`.
fn mount_parts(value: &str) -> (Option<String>, String) {
    let (mut source, mut target) = (None, String::new());
    for (key, text) in value.split(',').filter_map(|field| field.split_once('=')) {
        match key {
            "source" | "src" => source = Some(text.to_owned()),
            "target" | "destination" | "dst" => target = text.to_owned(),
            _ => {}
        }
    }
    (source, target)
}

/// A name as documents have it.
fn plain_name(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if matches!(c, 'a'..='z' | '0'..='9' | '-' | '_') { c } else { '-' })
        .take(64)
        .collect();
    if plain.is_empty() { "job".to_owned() } else { plain }
}

#[cfg(test)]
#[path = "docker_line/tests.rs"]
mod tests;
