//! The engine as the node uses it: started once however often it is asked, adopted, stopped, removed.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use proofmill_artifacts::{Limits, scan};
use proofmill_jobspec::{ImageDigest, JobSpec};
use proofmill_provider_core::{AttemptKey, ContainerState, Role};
use proofmill_provider_node::{
    container_log::LogBook,
    engine::{Engine, LABEL_NONCE, container_name, sandbox_labels},
    folders::Folders,
};
use proofmill_sandbox::{EngineFacts, ImageFacts, SandboxPaths, admit, create_body};

fn spec(image: ImageDigest, command: &[&str]) -> JobSpec {
    let document = serde_json::json!({
        "version": 1, "name": "probe", "image": image, "command": command,
        "resources": { "cpus_milli": 500, "memory_mib": 64, "pids": 32, "scratch_mib": 16 },
        "outputs": { "max_bytes": 1 << 20, "max_files": 16 }, "max_seconds": 30
    });
    JobSpec::parse(document.to_string().as_bytes()).unwrap()
}

#[tokio::test]
async fn an_attempt_has_one_container_and_leaves_its_output_behind() {
    let engine = Engine::connect(Path::new("/var/run/docker.sock")).await.unwrap();
    let image = engine.image("proofmill/checksum:1").await.unwrap().expect("run jobs/build first");
    let digest: ImageDigest = image.id.as_deref().unwrap().parse().unwrap();
    admit(&digest, true, &ImageFacts::from(&image)).unwrap();
    assert!(engine.image(&format!("sha256:{}", "0".repeat(64))).await.unwrap().is_none());

    let data = tempfile::tempdir().unwrap();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let node: [u8; 32] = rand::random();
    let key = AttemptKey { job: rand::random(), attempt: 1, role: Role::Run };
    let folder = Folders::create(data.path()).unwrap().of(&key);
    folder.create().unwrap();
    folder.create_output().unwrap();
    std::fs::create_dir(folder.input()).unwrap();
    std::fs::write(folder.input().join("a.txt"), "input").unwrap();

    let name = container_name(&node, &key);
    let body = |nonce: u64| {
        let paths = SandboxPaths { input_dir: folder.input(), output_dir: folder.output() };
        let labels = sandbox_labels(&node, &key, 0);
        let mut body =
            create_body(&spec(digest, &["/job"]), &paths, None, &labels, &EngineFacts::default(), None).unwrap();
        body.labels.get_or_insert_default().insert(LABEL_NONCE.to_owned(), nonce.to_string());
        body
    };
    let began = std::time::Instant::now();
    engine.create_and_start(&name, body(7)).await.unwrap();
    println!("container started after {:?}", began.elapsed());
    // Asked again, as after a crash: the same container.
    engine.create_and_start(&name, body(7)).await.unwrap();
    assert!(engine.create_and_start(&name, body(8)).await.is_err(), "another life of the job took over the container");

    let logs = LogBook::default();
    logs.keep(&engine, key, &name, &folder).await;
    engine.wait(&name).await;
    let mut state = engine.look(&name).await.unwrap();
    for _ in 0..50 {
        if matches!(state, Some(ContainerState::Exited(_))) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        state = engine.look(&name).await.unwrap();
    }
    let Some(ContainerState::Exited(exit)) = state else { panic!("{state:?}") };
    assert_eq!((exit.code, exit.oom), (0, false), "{}", std::fs::read_to_string(folder.log()).unwrap());
    assert!(exit.finished_at_ms >= exit.started_at_ms && exit.started_at_ms > 1_600_000_000_000);
    assert!(folder.log_ended().exists());

    let found = engine.containers(&node).await.unwrap();
    assert_eq!(found.iter().map(|found| (found.key, found.nonce)).collect::<Vec<_>>(), [(key, 7)]);
    engine.stop(&name).await.unwrap();
    engine.remove(&name).await.unwrap();
    engine.remove(&name).await.unwrap();
    assert_eq!(engine.look(&name).await.unwrap(), None);
    let manifest = scan(&folder.output(), Limits::default()).unwrap();
    assert!(!manifest.entries().is_empty(), "the output outlives the container");
}
