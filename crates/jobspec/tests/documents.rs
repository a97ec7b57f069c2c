//! Laws of reading, checking and hashing job documents.

#![allow(clippy::unwrap_used)]

use proofmill_jobspec::{IMAGE_PLACEHOLDER, ImageDigest, JobSpec, SpecDraft, SpecError, Verification, limits};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "version": 1,
        "name": "embed-text_1",
        "image": format!("sha256:{}", "ab".repeat(32)),
        "command": ["/embed", "--seed", "7", "é \"quoted\"\n"],
        "env": { "OMP_NUM_THREADS": "1", "A_FIRST": "" },
        "resources": {
            "cpus_milli": 1000, "memory_mib": 256, "pids": 64, "scratch_mib": 64, "gpu_count": 0, "vram_mib": 0
        },
        "outputs": { "max_bytes": 1_048_576, "max_files": 16 },
        "max_seconds": 60,
        "verification": "deterministic"
    })
}

/// The document with the value at a JSON pointer replaced or added.
fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut document = document();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    serde_json::to_vec(&document).unwrap()
}

fn refused(pointer: &str, value: Value) -> SpecError {
    JobSpec::parse(&with(pointer, value)).unwrap_err()
}

fn accepted(pointer: &str, value: Value) {
    JobSpec::parse(&with(pointer, value)).unwrap();
}

#[test]
fn hash_of_the_golden_document_never_changes() {
    let spec = JobSpec::parse(&serde_json::to_vec_pretty(&document()).unwrap()).unwrap();
    let canonical = String::from_utf8(spec.canonical_json()).unwrap();
    assert_eq!(
        canonical,
        concat!(
            r#"{"command":["/embed","--seed","7","é \"quoted\"\n"],"env":{"A_FIRST":"","OMP_NUM_THREADS":"1"},"#,
            r#""image":"sha256:abababababababababababababababababababababababababababababababab","max_seconds":60,"#,
            r#""name":"embed-text_1","outputs":{"max_bytes":1048576,"max_files":16},"resources":{"cpus_milli":1000,"#,
            r#""gpu_count":0,"memory_mib":256,"pids":64,"scratch_mib":64,"vram_mib":0},"#,
            r#""verification":"deterministic","version":1}"#
        )
    );
    assert_eq!(hex::encode(spec.hash()), "a2036724cd3a8adcd728d12d7441ea46795a05f5477371f22c6a18a4dc841830");
}

#[test]
fn order_and_white_space_of_a_document_do_not_change_its_hash() {
    let spec = JobSpec::parse(&serde_json::to_vec(&document()).unwrap()).unwrap();
    let again = JobSpec::parse(&spec.canonical_json()).unwrap();
    assert_eq!(again, spec);
    assert_eq!(again.hash(), spec.hash());
    let mut without_env = document();
    without_env.as_object_mut().unwrap().remove("env");
    let without_env = JobSpec::parse(&serde_json::to_vec(&without_env).unwrap()).unwrap();
    let empty_env = JobSpec::parse(&with("/env", json!({}))).unwrap();
    assert_eq!(without_env.hash(), empty_env.hash());
}

#[test]
fn every_field_changes_the_hash() {
    let base = JobSpec::parse(&serde_json::to_vec(&document()).unwrap()).unwrap().hash();
    for (pointer, value) in [
        ("/name", json!("other")),
        ("/image", json!(format!("sha256:{}", "ac".repeat(32)))),
        ("/command", json!(["/embed"])),
        ("/env/B", json!("")),
        ("/resources/cpus_milli", json!(1001)),
        ("/resources/memory_mib", json!(257)),
        ("/resources/pids", json!(65)),
        ("/resources/scratch_mib", json!(65)),
        ("/resources/gpu_count", json!(1)),
        ("/outputs/max_bytes", json!(1)),
        ("/outputs/max_files", json!(17)),
        ("/max_seconds", json!(61)),
    ] {
        assert_ne!(JobSpec::parse(&with(pointer, value)).unwrap().hash(), base, "{pointer}");
    }
}

#[test]
fn every_number_is_accepted_at_its_bounds_and_refused_beyond() {
    let gpu = json!({
        "cpus_milli": 1000, "memory_mib": 256, "pids": 64, "scratch_mib": 64, "gpu_count": 1, "vram_mib": 1_048_576
    });
    accepted("/resources", gpu.clone());
    let mut too_much = gpu;
    too_much["vram_mib"] = json!(1_048_577);
    assert_eq!(
        refused("/resources", too_much),
        SpecError::OutOfRange { field: "resources.vram_mib", value: 1_048_577, min: 0, max: 1_048_576 }
    );
    for (pointer, field, min, max) in [
        ("/resources/cpus_milli", "resources.cpus_milli", 100u64, 64_000u64),
        ("/resources/memory_mib", "resources.memory_mib", 16, 1_048_576),
        ("/resources/pids", "resources.pids", 1, 4096),
        ("/resources/scratch_mib", "resources.scratch_mib", 1, 65_536),
        ("/resources/gpu_count", "resources.gpu_count", 0, 16),
        ("/outputs/max_bytes", "outputs.max_bytes", 1, 64 << 30),
        ("/outputs/max_files", "outputs.max_files", 1, 100_000),
        ("/max_seconds", "max_seconds", 1, 86_400),
    ] {
        accepted(pointer, json!(min));
        accepted(pointer, json!(max));
        let over = max + 1;
        assert_eq!(refused(pointer, json!(over)), SpecError::OutOfRange { field, value: over, min, max });
        if min > 0 {
            let under = min - 1;
            assert_eq!(refused(pointer, json!(under)), SpecError::OutOfRange { field, value: under, min, max });
        }
        for wrong in [json!(-1), json!(1.5), json!("1"), json!(null), json!(1e30)] {
            assert!(matches!(refused(pointer, wrong), SpecError::Json(_)), "{pointer}");
        }
    }
}

#[test]
fn a_refusal_names_field_value_and_bound() {
    let text = refused("/resources/memory_mib", json!(15)).to_string();
    assert_eq!(text, "resources.memory_mib is 15, it must be from 16 to 1048576");
    let text = refused("/name", json!("n".repeat(65))).to_string();
    assert_eq!(text, "name has 65 bytes, it must have from 1 to 64");
}

#[test]
fn version_other_than_one_is_refused() {
    assert_eq!(refused("/version", json!(0)), SpecError::UnknownVersion { version: 0 });
    assert_eq!(refused("/version", json!(2)), SpecError::UnknownVersion { version: 2 });
}

#[test]
fn name_is_short_and_plain() {
    accepted("/name", json!("a"));
    accepted("/name", json!("a".repeat(64)));
    let length = |found| SpecError::LengthOutOfRange { field: "name", unit: "bytes", found, min: 1, max: 64 };
    assert_eq!(refused("/name", json!("")), length(0));
    assert_eq!(refused("/name", json!("a".repeat(65))), length(65));
    for (name, character) in [("Job", 'J'), ("a b", ' '), ("a/b", '/'), ("jöb", 'ö'), ("a\n", '\n')] {
        assert_eq!(refused("/name", json!(name)), SpecError::NameCharacter { name: name.into(), character });
    }
}

#[test]
fn image_is_named_by_a_digest_only() {
    let digits = "ab".repeat(32);
    for image in [
        String::new(),
        "ubuntu".into(),
        "ubuntu:24.04".into(),
        digits.clone(),
        format!("sha512:{digits}"),
        format!("sha256:{}", digits.to_uppercase()),
        format!("sha256:{}", &digits[2..]),
        format!("sha256:{digits}00"),
        format!("ubuntu@sha256:{digits}"),
        format!("sha256:{digits} "),
    ] {
        assert!(matches!(refused("/image", json!(image)), SpecError::Image(_)), "{image}");
    }
}

#[test]
fn placeholder_is_replaced_by_the_built_image_and_never_passes_alone() {
    let bytes = with("/image", json!(IMAGE_PLACEHOLDER));
    assert_eq!(JobSpec::parse(&bytes), Err(SpecError::ImageUnresolved));
    assert!(serde_json::from_slice::<JobSpec>(&bytes).is_err());
    assert!(SpecDraft::parse(&bytes).unwrap().needs_image());
    let built = ImageDigest([0xab; 32]);
    let spec = JobSpec::parse_with_image(&bytes, Some(built)).unwrap();
    assert_eq!(spec, JobSpec::parse(&serde_json::to_vec(&document()).unwrap()).unwrap());
}

#[test]
fn a_given_image_never_replaces_the_one_in_the_document() {
    let bytes = serde_json::to_vec(&document()).unwrap();
    let same = ImageDigest([0xab; 32]);
    let given = ImageDigest([1; 32]);
    assert!(JobSpec::parse_with_image(&bytes, Some(same)).is_ok());
    assert_eq!(JobSpec::parse_with_image(&bytes, Some(given)), Err(SpecError::ImageConflict { document: same, given }));
}

#[test]
fn command_is_bounded_in_items_and_bytes() {
    accepted("/command", json!([]));
    accepted("/command", json!(vec!["x"; 64]));
    let items = SpecError::LengthOutOfRange { field: "command", unit: "items", found: 65, min: 0, max: 64 };
    assert_eq!(refused("/command", json!(vec!["x"; 65])), items);
    accepted("/command", json!(["x".repeat(8192)]));
    let bytes = SpecError::LengthOutOfRange { field: "command", unit: "bytes", found: 8193, min: 0, max: 8192 };
    assert_eq!(refused("/command", json!(["x".repeat(8000), "y".repeat(193)])), bytes);
    assert_eq!(refused("/command", json!(["", "x"])), SpecError::ProgramEmpty);
    accepted("/command", json!(["x", ""]));
    assert_eq!(refused("/command", json!(["x", "a\0b"])), SpecError::NulByte { field: "command[1]".into() });
}

#[test]
fn env_that_steers_the_loader_or_the_gpu_driver_is_refused() {
    for key in ["LD_PRELOAD", "LD_AUDIT", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_"] {
        let error = refused("/env", json!({ key: "" }));
        assert!(matches!(&error, SpecError::EnvKeyRefused { key: found, .. } if found == key), "{error}");
    }
    accepted("/env", json!({ "LD_LIBRARY_PATH": "/opt", "CUDA_VISIBLE_DEVICES": "0", "NVIDIA": "1" }));
}

#[test]
fn env_names_are_upper_case_words() {
    for key in ["a", "Ab", "1A", "A-B", "A B", "A=B", "A.B", "É", "A\0"] {
        let error = refused("/env", json!({ key: "" }));
        assert_eq!(error, SpecError::EnvKeyCharacter { key: key.into() });
    }
    accepted("/env", json!({ "_": "", "A1_": "any é value=1" }));
    assert_eq!(refused("/env", json!({ "A": "x\0" })), SpecError::NulByte { field: "env.A".into() });
    let length = |found| SpecError::LengthOutOfRange { field: "env key", unit: "bytes", found, min: 1, max: 128 };
    assert_eq!(refused("/env", json!({ "": "" })), length(0));
    accepted("/env", json!({ "A".repeat(128): "" }));
    assert_eq!(refused("/env", json!({ "A".repeat(129): "" })), length(129));
}

#[test]
fn env_is_bounded_in_variables_and_bytes() {
    let many = |n: usize| {
        json!((0..n).map(|i| (format!("V{i}"), String::new())).collect::<std::collections::BTreeMap<_, _>>())
    };
    accepted("/env", many(64));
    let count = SpecError::LengthOutOfRange { field: "env", unit: "variables", found: 65, min: 0, max: 64 };
    assert_eq!(refused("/env", many(65)), count);
    accepted("/env", json!({ "A": "x".repeat(16_383) }));
    let bytes = SpecError::LengthOutOfRange { field: "env", unit: "bytes", found: 16_385, min: 0, max: 16_384 };
    assert_eq!(refused("/env", json!({ "A": "x".repeat(16_384) })), bytes);
}

#[test]
fn gpu_memory_without_a_gpu_is_refused() {
    assert_eq!(refused("/resources/vram_mib", json!(1)), SpecError::VramWithoutGpu { vram_mib: 1 });
}

#[test]
fn verification_that_is_not_offered_is_refused_by_name() {
    for (name, asked) in [
        ("tolerant", Verification::Tolerant),
        ("witnessed", Verification::Witnessed),
        ("confidential", Verification::Confidential),
        ("zero_knowledge", Verification::ZeroKnowledge),
    ] {
        let error = refused("/verification", json!(name));
        assert_eq!(error, SpecError::VerificationNotOffered { asked });
        assert!(error.to_string().contains(name) && error.to_string().contains("not offered yet"), "{error}");
    }
    assert!(matches!(refused("/verification", json!("Deterministic")), SpecError::Json(_)));
}

#[test]
fn unknown_missing_and_repeated_fields_are_refused_by_name() {
    for pointer in ["/extra", "/resources/extra", "/outputs/extra"] {
        let error = refused(pointer, json!(1));
        assert!(matches!(&error, SpecError::Json(text) if text.contains("unknown field `extra`")), "{error}");
    }
    for field in ["version", "name", "image", "command", "resources", "outputs", "max_seconds", "verification"] {
        let mut document = document();
        document.as_object_mut().unwrap().remove(field);
        let error = JobSpec::parse(&serde_json::to_vec(&document).unwrap()).unwrap_err();
        assert!(matches!(&error, SpecError::Json(text) if text.contains(field)), "{error}");
    }
    let text = String::from_utf8(serde_json::to_vec(&document()).unwrap()).unwrap();
    let twice = text.replacen('{', r#"{"version":1,"#, 1);
    let error = JobSpec::parse(twice.as_bytes()).unwrap_err();
    assert!(matches!(&error, SpecError::Json(text) if text.contains("duplicate field `version`")), "{error}");
    let twice = text.replace(r#""A_FIRST":"""#, r#""A_FIRST":"","A_FIRST":"x""#);
    assert_ne!(twice, text);
    let error = JobSpec::parse(twice.as_bytes()).unwrap_err();
    assert!(matches!(&error, SpecError::Json(text) if text.contains("duplicate key `A_FIRST`")), "{error}");
}

#[test]
fn a_document_is_read_only_up_to_its_limit() {
    let mut bytes = serde_json::to_vec(&document()).unwrap();
    bytes.resize(limits::DOCUMENT_BYTES_MAX, b' ');
    assert!(JobSpec::parse(&bytes).is_ok());
    bytes.push(b' ');
    assert_eq!(JobSpec::parse(&bytes), Err(SpecError::DocumentTooLong { bytes: 65_537, limit: 65_536 }));
    let deep = "[".repeat(60_000);
    assert!(matches!(JobSpec::parse(deep.as_bytes()), Err(SpecError::Json(_))));
    let mut trailing = serde_json::to_vec(&document()).unwrap();
    trailing.extend_from_slice(b"{}");
    assert!(matches!(JobSpec::parse(&trailing), Err(SpecError::Json(_))));
}

proptest! {
    #[test]
    fn any_accepted_document_survives_its_canonical_form(
        name in "[a-z0-9_-]{1,64}",
        command in prop::collection::vec("[^\0]{1,20}", 0..8),
        env in prop::collection::btree_map("E_[A-Z0-9_]{0,9}", "[^\0]{0,20}", 0..8),
        cpus_milli in 100u32..=64_000,
        max_bytes in 1u64..=(64 << 30),
    ) {
        let mut document = document();
        document["name"] = json!(name);
        document["command"] = json!(command);
        document["env"] = json!(env);
        document["resources"]["cpus_milli"] = json!(cpus_milli);
        document["outputs"]["max_bytes"] = json!(max_bytes);
        let spec = JobSpec::parse(&serde_json::to_vec(&document).unwrap()).unwrap();
        let canonical = spec.canonical_json();
        let again = JobSpec::parse(&canonical).unwrap();
        prop_assert_eq!(&again, &spec);
        prop_assert_eq!(again.canonical_json(), canonical);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = JobSpec::parse(&bytes);
    }
}
