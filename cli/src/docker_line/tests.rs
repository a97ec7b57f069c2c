use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::*;

const DIGEST: &str = "sha256:abababababababababababababababababababababababababababababababab";

fn run(line: &str) -> Result<Imported, ImportError> {
    import(&split(line)?, &|path| match path {
        "good.env" => Ok("# a comment\n\nA=1\nB=two words\nSECRET\n".to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

/// What a line leaves out, guesses aside.
fn left_out(line: &str) -> Vec<(NoteKind, String)> {
    let imported = run(line).unwrap();
    imported
        .notes
        .into_iter()
        .filter(|note| note.kind != NoteKind::Assumed)
        .map(|note| (note.kind, note.flag))
        .collect()
}

#[test]
fn a_usual_line_is_carried_over() {
    let imported = run(&format!(
        "docker run --rm --name Embed.1 --gpus 2 -e OMP_NUM_THREADS=4 --env=B='two words' -m 4g --cpus 1.5 --pids-limit 64 \
         --network none --read-only --entrypoint /embed --tmpfs /tmp:size=128m \\\n repo/embed@{DIGEST} --seed 7"
    ))
    .unwrap();
    assert_eq!(
        imported.document,
        json!({
            "version": 1, "name": "embed-1", "image": DIGEST, "command": ["/embed", "--seed", "7"],
            "env": { "B": "two words", "OMP_NUM_THREADS": "4" },
            "resources": { "cpus_milli": 1500, "memory_mib": 4096, "gpu_count": 2, "pids": 64, "scratch_mib": 128 },
            "max_seconds": 3600, "verification": "deterministic"
        })
    );
    assert!(imported.is_complete(), "{:?}", imported.notes);
}

#[test]
fn every_flag_is_carried_over_or_named_with_a_reason_and_what_to_do() {
    use NoteKind::{Dropped, Refused};
    for (flags, expected) in [
        ("-p 8080:80", vec![]),
        ("-p8080:80 -P", vec![(Dropped, "--publish-all")]),
        ("--publish=127.0.0.1:1:1", vec![]),
        ("-it", vec![(Dropped, "--interactive"), (Dropped, "--tty")]),
        ("-d --rm", vec![]),
        ("-w /app", vec![(Dropped, "--workdir /app")]),
        ("-u 1000:1000", vec![(Dropped, "--user 1000:1000")]),
        ("-u 65534", vec![]),
        ("-v /data:/data", vec![(Dropped, "--volume /data:/data")]),
        ("-v cache:/var/cache:rw", vec![(Dropped, "--volume cache:/var/cache:rw")]),
        ("-v /scratch", vec![(Dropped, "--volume /scratch")]),
        ("-v /data:/in:ro -v ./results:/out", vec![]),
        (
            "-v /var/run/docker.sock:/var/run/docker.sock",
            vec![(Refused, "--volume /var/run/docker.sock:/var/run/docker.sock")],
        ),
        ("--mount type=bind,source=/data,target=/in,readonly", vec![]),
        ("--mount type=volume,src=x,dst=/x", vec![(Dropped, "--mount type=volume,src=x,dst=/x")]),
        ("--shm-size 8g", vec![(Dropped, "--shm-size 8g")]),
        (
            "--ulimit memlock=-1 --ulimit=stack=67108864",
            vec![(Dropped, "--ulimit memlock=-1"), (Dropped, "--ulimit stack=67108864")],
        ),
        ("--ipc=host", vec![(Refused, "--ipc host")]),
        ("--ipc private", vec![]),
        ("--network host", vec![(Dropped, "--network host")]),
        ("--net=none", vec![]),
        ("--privileged", vec![(Refused, "--privileged")]),
        ("--privileged=false", vec![]),
        ("--cap-add SYS_ADMIN --cap-drop ALL", vec![(Refused, "--cap-add SYS_ADMIN")]),
        ("--device /dev/fuse", vec![(Refused, "--device /dev/fuse")]),
        ("--security-opt no-new-privileges", vec![]),
        ("--security-opt seccomp=unconfined", vec![(Refused, "--security-opt seccomp=unconfined")]),
        (
            "--pid host --uts=host --userns host",
            vec![(Refused, "--pid host"), (Refused, "--uts host"), (Refused, "--userns host")],
        ),
        ("--restart unless-stopped", vec![(Dropped, "--restart unless-stopped")]),
        ("--restart no", vec![]),
        ("--health-cmd 'curl -f localhost'", vec![(Dropped, "--health-*")]),
        ("-p 80:80 --health-start-period 5s", vec![(Dropped, "--health-start-period 5s")]),
        ("-p 53:53/udp", vec![(Dropped, "--publish 53:53/udp")]),
        ("-p 8080:80 --expose 9000", vec![]),
        ("-P", vec![(Dropped, "--publish-all")]),
        ("--no-healthcheck", vec![]),
        ("--stop-timeout 30", vec![(Dropped, "--stop-timeout 30")]),
        ("-h box -l a=b", vec![(Dropped, "--hostname box"), (Dropped, "--label a=b")]),
        ("--runtime nvidia", vec![]),
        ("--runtime runsc", vec![(Refused, "--runtime runsc")]),
        ("--platform linux/arm64", vec![(Dropped, "--platform linux/arm64")]),
        ("--pids-limit -1", vec![(Dropped, "--pids-limit -1")]),
        ("--memory 1g --memory-swap 1g", vec![]),
        ("--memory 1g --memory-swap 2g", vec![(Dropped, "--memory-swap 2g")]),
        ("--tmpfs /run", vec![(Dropped, "--tmpfs /run")]),
        ("--init --pull always", vec![(Dropped, "--init"), (Dropped, "--pull always")]),
        ("--cpuset-cpus 0-3 -c 512", vec![(Dropped, "--cpuset-cpus 0-3"), (Dropped, "--cpu-shares 512")]),
        ("-e HF_TOKEN", vec![(Dropped, "--env HF_TOKEN")]),
        ("-e path=/x", vec![(Dropped, "--env path=/x")]),
        ("-e LD_PRELOAD=/x.so", vec![(Dropped, "--env LD_PRELOAD=/x.so")]),
        ("-e NVIDIA_VISIBLE_DEVICES=all", vec![(Dropped, "--env NVIDIA_VISIBLE_DEVICES=all")]),
        ("--env-file good.env", vec![(Dropped, "--env-file good.env: SECRET")]),
        ("--gpus all,capabilities=utility", vec![(Dropped, "--gpus all,capabilities=utility")]),
    ] {
        let line = format!("docker run {flags} {DIGEST}");
        let expected: Vec<_> = expected.into_iter().map(|(kind, flag)| (kind, flag.to_owned())).collect();
        assert_eq!(left_out(&line), expected, "{flags}");
        for note in run(&line).unwrap().notes {
            assert!(!note.reason.is_empty() && !note.instead.is_empty(), "{flags}: {note:?}");
        }
    }
}

#[test]
fn every_known_flag_has_a_place_or_a_row() {
    let known = DROPPED.iter().flat_map(|(names, _, _)| *names).chain(REFUSED.iter().flat_map(|(names, _)| *names));
    for name in known.chain(docker_ports::HEALTH_FLAGS.iter()) {
        let some = if *name == "health-retries" {
            "3"
        } else if name.ends_with("cmd") {
            "x"
        } else {
            "3s"
        };
        let value = if name.starts_with("health-") { some } else { "some-value" };
        let line = format!("docker run --{name} {value} {DIGEST}");
        assert!(!left_out(&line).is_empty(), "--{name} is passed over");
    }
    for name in SWITCHES {
        assert!(run(&format!("docker run --{name} {DIGEST}")).is_ok(), "--{name}");
    }
}

#[test]
fn a_line_with_ports_becomes_a_service() {
    let line = "docker run -d -p 127.0.0.1:8080:80 -p 8443:443/tcp --expose 9000-9001 --health-cmd 'wget -q localhost' \
                --health-interval=1m30s --health-timeout 5s --health-retries 4";
    let imported = run(&format!("{line} {DIGEST}")).unwrap();
    let document = &imported.document;
    assert_eq!((&document["kind"], &document["verification"]), (&json!("service"), &json!("witnessed")));
    let ports = json!([
        { "number": 80, "protocol": "tcp" }, { "number": 443, "protocol": "tcp" },
        { "number": 9000, "protocol": "tcp" }, { "number": 9001, "protocol": "tcp" }
    ]);
    assert_eq!(document["ports"], ports);
    let health = json!({
        "command": ["/bin/sh", "-c", "wget -q localhost"], "interval_seconds": 90, "timeout_seconds": 5,
        "failures_max": 4
    });
    assert_eq!(document["health"], health);
    assert!(imported.is_complete(), "{:?}", imported.notes);
    // How it is reached is said, with the ports of the line.
    assert!(imported.notes.iter().any(|note| note.instead.contains("job forward JOB 8080:80")), "{:?}", imported.notes);
    // Without a port nothing is a service; the same port twice is one port.
    assert_eq!(run(&format!("docker run {DIGEST}")).unwrap().document["kind"], json!(null));
    let twice = run(&format!("docker run -p 80:80 -p 81:80 --no-healthcheck {DIGEST}")).unwrap();
    assert_eq!(twice.document["ports"].as_array().map(Vec::len), Some(1));
    for wrong in ["x", "80:", "0", "65536", "1:2:3:4", "80/quic", "9-8"] {
        assert!(matches!(run(&format!("docker run -p {wrong} {DIGEST}")), Err(ImportError::Value { .. })), "{wrong}");
    }
    for wrong in ["5", "", "s", "1x", "-1s", "99999999999h"] {
        let line = format!("docker run -p 80 --health-cmd x --health-interval '{wrong}' {DIGEST}");
        assert!(matches!(run(&line), Err(ImportError::Value { .. })), "{wrong}");
    }
}

#[test]
fn gpus_are_counted() {
    for (flag, count) in [
        ("--gpus all", 1),
        ("--gpus 4", 4),
        ("--gpus count=2", 2),
        ("--gpus device=0", 1),
        ("--gpus '\"device=0,2,3\"'", 3),
        ("--gpus device=GPU-8f2c", 1),
        ("--gpus driver=nvidia,count=2", 2),
        ("--runtime=nvidia", 1),
        ("", 0),
    ] {
        let imported = run(&format!("docker run {flag} {DIGEST}")).unwrap();
        assert_eq!(imported.document["resources"]["gpu_count"], json!(count), "{flag}");
    }
}

#[test]
fn sizes_and_cores_are_read_as_docker_reads_them() {
    for (text, mib) in
        [("512m", 512), ("4g", 4096), ("1048576", 1), ("1048577b", 2), ("2048k", 2), ("16MB", 16), ("1GiB", 1024)]
    {
        assert_eq!(mebibytes("--memory", text), Ok(mib), "{text}");
    }
    for text in ["", "g", "1.5g", "-1", "lots", "99999999999g"] {
        assert!(mebibytes("--memory", text).is_err(), "{text}");
    }
    for (text, milli) in [("1", 1_000), ("1.5", 1_500), (".25", 250), ("0.125", 125)] {
        assert_eq!(thousandths("--cpus", text), Ok(milli), "{text}");
    }
    for text in ["", ".", "1.2345", "-1", "two", "9999999"] {
        assert!(thousandths("--cpus", text).is_err(), "{text}");
    }
}

#[test]
fn an_image_by_tag_is_left_open_and_said_so() {
    let imported = run("docker run nvcr.io/team/Trainer:24.04 python train.py").unwrap();
    assert_eq!(imported.document["image"], IMAGE_PLACEHOLDER);
    assert_eq!(
        (&imported.document["name"], &imported.document["command"]),
        (&json!("trainer"), &json!(["python", "train.py"]))
    );
    assert!(!imported.is_complete());
    let imported = run(&format!("podman container run localhost:5000/a/b:1@{DIGEST}")).unwrap();
    assert_eq!((&imported.document["image"], &imported.document["name"]), (&json!(DIGEST), &json!("b")));
}

#[test]
fn folders_are_handed_over_when_the_job_is_run() {
    let imported =
        run(&format!("sudo docker run -v /data:/in:ro --mount type=bind,src=res,dst=/out/ {DIGEST}")).unwrap();
    assert_eq!((imported.input.as_deref(), imported.output.as_deref()), (Some("/data"), Some("res")));
}

#[test]
fn a_line_over_several_lines_is_one_line() {
    for line in
        ["docker run \\\n --rm \\\r\n image a", "docker run --rm im\\\nage a", "docker \\\n\\\n run \\\n--rm image a"]
    {
        assert_eq!(split(line).unwrap(), ["docker", "run", "--rm", "image", "a"], "{line:?}");
    }
    // Between single quotes nothing is special, and an escaped quote opens nothing.
    assert_eq!(split("a 'b\\\nc' \\' d").unwrap(), ["a", "b\\\nc", "'", "d"]);
}

#[test]
fn what_is_no_docker_run_line_is_refused() {
    for (line, error) in [
        ("", ImportError::NotDockerRun(String::new())),
        ("ls", ImportError::NotDockerRun("ls".into())),
        ("docker ps", ImportError::NotDockerRun("ps".into())),
        ("docker run", ImportError::NoImage),
        ("docker run --rm", ImportError::NoImage),
        ("docker run --gpus", ImportError::ValueMissing("--gpus".into())),
        ("docker run -e", ImportError::ValueMissing("-e".into())),
        ("docker run --gpu all image", ImportError::UnknownFlag("--gpu".into())),
        ("docker run -x image", ImportError::UnknownFlag("-x".into())),
        ("docker run image 'open", ImportError::Quotes),
        ("docker run image && rm -rf x", ImportError::ShellSyntax("&&".into())),
        ("docker run --rm=maybe image", value_error("--rm=maybe", "maybe", "true or false")),
        ("docker run --gpus many image", value_error("--gpus", "many", "all, a number, count=N or device=A,B")),
        (
            "docker run --env-file none.env image",
            ImportError::EnvFile { path: "none.env".into(), reason: "no such file".into() },
        ),
    ] {
        assert_eq!(run(line).unwrap_err(), error, "{line}");
    }
    assert!(matches!(run("docker run --memory 1m image"), Err(ImportError::Document(SpecError::OutOfRange { .. }))));
    assert!(matches!(run("docker run --gpus 17 image"), Err(ImportError::Document(SpecError::OutOfRange { .. }))));
    let long = "x".repeat(limits::DOCKER_LINE_BYTES_MAX + 1);
    assert_eq!(split(&long), Err(ImportError::TooLong { limit: limits::DOCKER_LINE_BYTES_MAX }));
}

/// Whatever words come in whatever order: no panic, and what comes out is a document that is accepted.
#[test]
fn random_lines_end_in_a_valid_document_or_a_named_error() {
    let seed = std::env::var("PROOFMILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("PROOFMILL_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let words = [
        "--gpus",
        "all",
        "2",
        "-e",
        "A=1",
        "-eB=2",
        "--env",
        "é=1",
        "-it",
        "-d",
        "--rm",
        "-v",
        "/a:/in",
        "-p",
        "80:80",
        "--name",
        "Näme",
        "--entrypoint",
        "/x",
        "-m",
        "1g",
        "--cpus",
        ".5",
        "--",
        "image",
        DIGEST,
        "-",
        "--=",
        "-=",
        "$(x)",
        "--tmpfs",
        "/tmp:size=1m",
        "--memory-swap",
        "-1",
        "\u{202e}",
        "--gpus=device=0,1",
        "",
    ];
    let mut read = 0;
    for _ in 0..5_000 {
        let length = random.random_range(0..8);
        let mut line = vec!["docker".to_owned(), "run".to_owned()];
        line.extend((0..length).filter_map(|_| words.choose(&mut random).map(|word| (*word).to_owned())));
        if let Ok(imported) = import(&line, &|_| Err("none".to_owned())) {
            checked(&imported.document).unwrap();
            read += 1;
        }
    }
    assert!(read > 200, "only {read} random lines were read");
}
