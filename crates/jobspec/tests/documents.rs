//! Laws of reading, checking and hashing job documents.

#![allow(clippy::unwrap_used)]

use proofmill_jobspec::{IMAGE_PLACEHOLDER, ImageDigest, InputRoot, JobSpec, SpecDraft, SpecError, limits};
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
        "placement": {},
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
    let mut seen = std::collections::BTreeSet::from([base]);
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
        ("/resources/tier", json!("consumer")),
        ("/inputs", json!({ "root": "ab".repeat(32) })),
        ("/outputs/max_bytes", json!(1)),
        ("/outputs/max_files", json!(17)),
        ("/max_seconds", json!(61)),
        ("/retries", json!(1)),
        ("/placement", json!({ "region": 756 })),
        ("/placement", json!({ "uptime_bps": 1 })),
        ("/placement", json!({ "certificate_age_seconds_max": 1 })),
        ("/placement", json!({ "allow_simulated": false })),
        ("/price_ceiling_per_second", json!(1)),
    ] {
        assert!(seen.insert(JobSpec::parse(&with(pointer, value)).unwrap().hash()), "{pointer}");
    }
    let mut gpu = document();
    gpu["resources"]["gpu_count"] = json!(1);
    for (field, value) in [
        ("vram_mib", json!(1)),
        ("gpu_vendor", json!("nvidia")),
        ("gpu_model", json!("NVIDIA L4")),
        ("tier", json!("any")),
    ] {
        let mut document = gpu.clone();
        document["resources"][field] = value;
        let fresh = seen.insert(JobSpec::parse(&serde_json::to_vec(&document).unwrap()).unwrap().hash());
        assert_eq!(fresh, field != "tier", "{field}: a default that is written is the same document");
    }
}

#[test]
fn a_short_document_means_its_written_defaults() {
    let short = json!({
        "version": 1, "name": "short", "image": format!("sha256:{}", "ab".repeat(32)),
        "resources": { "cpus_milli": 1000, "memory_mib": 256 }, "max_seconds": 60
    });
    let spec = JobSpec::parse(&serde_json::to_vec(&short).unwrap()).unwrap();
    let canonical: Value = serde_json::from_slice(&spec.canonical_json()).unwrap();
    assert_eq!(
        canonical,
        json!({
            "version": 1, "kind": "batch", "name": "short", "image": format!("sha256:{}", "ab".repeat(32)),
            "command": [], "env": {},
            "resources": {
                "cpus_milli": 1000, "memory_mib": 256, "pids": 256, "scratch_mib": 64, "gpu_count": 0,
                "gpu_vendor": "any", "gpu_model": null, "tier": "any", "vram_mib": 0
            },
            "inputs": { "root": null, "remote": [] },
            "outputs": { "max_bytes": 67_108_864, "max_files": 1024 },
            "ports": [], "health": null, "max_seconds": 60,
            "timeouts": { "start_seconds": 0, "stop_seconds": 0 },
            "retries": 0,
            "placement": {
                "region": 0, "uptime_bps": 0, "certificate_age_seconds_max": 0, "allow_simulated": true
            },
            "price_ceiling_per_second": 0, "verification": "deterministic", "comparator": null,
            "privacy": "parties", "sla": null
        })
    );
    assert_eq!(JobSpec::parse(&spec.canonical_json()).unwrap().hash(), spec.hash());
}

#[test]
fn the_terms_on_chain_follow_from_the_document() {
    let mut document = document();
    document["resources"] = json!({
        "cpus_milli": 1000, "memory_mib": 256, "gpu_count": 2, "vram_mib": 16_384, "tier": "datacenter",
        "gpu_vendor": "any", "gpu_model": "NVIDIA L4"
    });
    document["retries"] = json!(2);
    document["placement"] = json!({ "region": 756, "uptime_bps": 9_900, "certificate_age_seconds_max": 3_600 });
    document["price_ceiling_per_second"] = json!(77);
    document["inputs"] = json!({ "root": "cd".repeat(32) });
    let spec = JobSpec::parse(&serde_json::to_vec(&document).unwrap()).unwrap();
    let terms = spec.terms();
    assert_eq!((terms.spec_hash, terms.image_digest), (spec.hash(), [0xab; 32]));
    assert_eq!((terms.kind, terms.class, terms.tier, terms.gpu_count, terms.vram_mib), (1, 1, 3, 2, 16_384));
    assert_eq!((terms.region, terms.uptime_bps, terms.certificate_age_seconds_max), (756, 9_900, 3_600));
    assert_eq!((terms.attempts_max, terms.price_ceiling_per_second, terms.max_seconds), (3, 77, 60));
    assert_eq!((terms.sla_bond, terms.sla_uptime_bps, terms.allow_simulated), (0, 0, true));
    assert!(spec.accepts_model("nvidia l4") && !spec.accepts_model("NVIDIA L40"));
    assert!(spec.accepts_input(&[0xcd; 32]) && !spec.accepts_input(&[0xce; 32]));
    assert_eq!(spec.inputs.root, Some(InputRoot([0xcd; 32])));
    // A stand-in is nobody's device.
    document["resources"]["gpu_vendor"] = json!("nvidia");
    let spec = JobSpec::parse(&serde_json::to_vec(&document).unwrap()).unwrap();
    assert!(!spec.terms().allow_simulated);
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
        ("/retries", "retries", 0, 7),
        ("/placement/region", "placement.region", 0, 999),
        ("/placement/uptime_bps", "placement.uptime_bps", 0, 10_000),
        ("/placement/certificate_age_seconds_max", "placement.certificate_age_seconds_max", 0, 2_592_000),
        ("/price_ceiling_per_second", "price_ceiling_per_second", 0, (1 << 53) - 1),
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

/// A derived reader would take a list of the fields in their order for the object itself.
#[test]
fn an_object_is_never_written_as_a_list() {
    assert!(matches!(JobSpec::parse(br#"[1,"batch","a"]"#), Err(SpecError::Json(_))));
    for (pointer, value) in [
        ("/resources", json!([1000, 256, 64, 64, 0, "any", null, "any", 0])),
        ("/inputs", json!([null, []])),
        ("/outputs", json!([])),
        ("/timeouts", json!([0, 0])),
        ("/placement", json!([756])),
    ] {
        let error = refused(pointer, value.clone());
        assert!(matches!(&error, SpecError::Json(text) if text.contains("expected an object")), "{error}");
        let text = with(pointer, value);
        assert!(serde_json::from_slice::<JobSpec>(&text).is_err());
    }
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
    assert_eq!(refused("/command", json!(["", "x"])), SpecError::ProgramEmpty { field: "command" });
    accepted("/command", json!(["x", ""]));
    assert_eq!(refused("/command", json!(["x", "a\0b"])), SpecError::NulByte { field: "command[1]".into() });
}

#[test]
fn env_that_only_the_sandbox_may_set_is_refused() {
    for key in [
        "LD_PRELOAD",
        "LD_AUDIT",
        "NVIDIA_VISIBLE_DEVICES",
        "NVIDIA_DRIVER_CAPABILITIES",
        "NVIDIA_",
        "PROOFMILL_TASK_INDEX",
        "PROOFMILL_",
    ] {
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
fn a_device_is_described_only_where_one_is_asked_for() {
    for (field, value, shown) in [
        ("vram_mib", json!(1), "1"),
        ("gpu_vendor", json!("nvidia"), "\"nvidia\""),
        ("gpu_model", json!("L4"), "\"L4\""),
    ] {
        let error = refused(&format!("/resources/{field}"), value);
        assert_eq!(error.name(), "GpuFieldWithoutGpu");
        assert_eq!(error.field(), Some(format!("resources.{field}")));
        assert!(error.to_string().starts_with(&format!("resources.{field} is {shown} while")), "{error}");
    }
}

#[test]
fn a_model_is_named_as_drivers_name_it() {
    let model = |model: &str| {
        let resources = json!({ "cpus_milli": 1000, "memory_mib": 256, "gpu_count": 1, "gpu_model": model });
        JobSpec::parse(&with("/resources", resources))
    };
    assert!(model("NVIDIA GeForce RTX 4090").is_ok() && model(&"m".repeat(32)).is_ok());
    for length in [0, 33] {
        assert_eq!(model(&"m".repeat(length)).unwrap_err().name(), "LengthOutOfRange");
    }
    let error = model("RTX\u{202e}").unwrap_err();
    assert_eq!(error, SpecError::ModelCharacter { model: "RTX\u{202e}".into(), character: '\u{202e}' });
}

#[test]
fn what_no_node_honours_is_refused_by_its_name() {
    let gpu = json!({ "cpus_milli": 1000, "memory_mib": 256, "gpu_count": 1, "gpu_vendor": "amd" });
    let remote = json!({ "url": "https://example.org/a", "sha256": "00".repeat(32), "path": "a" });
    let health = json!({ "command": ["/ok"], "interval_seconds": 1, "timeout_seconds": 1, "failures_max": 1 });
    for (pointer, value, field) in [
        ("/verification", json!("tolerant"), "verification"),
        ("/verification", json!("witnessed"), "verification"),
        ("/verification", json!("confidential"), "verification"),
        ("/verification", json!("zero_knowledge"), "verification"),
        ("/resources", gpu, "resources.gpu_vendor"),
        ("/inputs", json!({ "remote": [remote] }), "inputs.remote"),
        ("/ports", json!([{ "number": 8080, "protocol": "http" }]), "ports"),
        ("/health", health, "health"),
        ("/timeouts", json!({ "start_seconds": 1 }), "timeouts.start_seconds"),
        ("/timeouts", json!({ "stop_seconds": 1 }), "timeouts.stop_seconds"),
        ("/privacy", json!("public"), "privacy"),
        ("/privacy", json!("confidential"), "privacy"),
    ] {
        let error = refused(pointer, value);
        assert_eq!((error.name(), error.field().as_deref()), ("NotOffered", Some(field)), "{error}");
        assert!(error.to_string().contains("is not offered yet: "), "{error}");
    }
    assert!(matches!(refused("/verification", json!("Deterministic")), SpecError::Json(_)));
}

fn service(change: impl FnOnce(&mut Value)) -> Result<JobSpec, SpecError> {
    let mut document = document();
    let fields = document.as_object_mut().unwrap();
    fields.remove("retries");
    fields.insert("kind".into(), json!("service"));
    fields.insert("verification".into(), json!("witnessed"));
    change(&mut document);
    JobSpec::parse(&serde_json::to_vec(&document).unwrap())
}

#[test]
fn a_service_is_witnessed_has_one_attempt_and_says_so_on_chain() {
    let spec = service(|document| {
        document["ports"] = json!([{ "number": 8080, "protocol": "http" }, { "number": 5432 }]);
        document["health"] =
            json!({ "command": ["/ok"], "interval_seconds": 1, "timeout_seconds": 1, "failures_max": 1 });
        document["sla"] = json!({ "uptime_bps": 9_900, "bond": 7 });
    })
    .unwrap();
    let terms = spec.terms();
    assert_eq!((terms.kind, terms.class, terms.attempts_max), (3, 3, 1));
    assert_eq!((terms.sla_uptime_bps, terms.sla_bond, terms.max_seconds), (9_900, 7, spec.max_seconds));
    let bare = service(|_| {}).unwrap().terms();
    assert_eq!((bare.sla_uptime_bps, bare.sla_bond), (0, 0));
}

#[test]
fn a_service_of_another_class_or_with_retries_is_refused_by_name_with_what_to_do() {
    for class in ["deterministic", "tolerant", "confidential", "zero_knowledge"] {
        let error = service(|document| document["verification"] = json!(class)).unwrap_err();
        assert_eq!(error, SpecError::ServiceNotWitnessed { verification: class });
        assert!(error.to_string().contains("use \"witnessed\""), "{error}");
    }
    let error = service(|document| document["retries"] = json!(2)).unwrap_err();
    assert_eq!(error, SpecError::RetriesForService { retries: 2 });
}

#[test]
fn ports_and_health_are_within_their_bounds() {
    let ports = |ports: Value| service(|document| document["ports"] = ports).map(|_| ());
    assert_eq!(ports(json!([{ "number": 80 }, { "number": 80 }])), Err(SpecError::PortTwice { number: 80 }));
    assert_eq!(ports(json!([{ "number": 0 }])).unwrap_err().name(), "OutOfRange");
    let many = |count: u16| json!((1..=count).map(|number| json!({ "number": number })).collect::<Vec<_>>());
    assert_eq!((ports(many(16)), ports(many(17)).unwrap_err().name()), (Ok(()), "LengthOutOfRange"));
    let error = ports(json!([{ "number": 80 }, { "number": 53, "protocol": "udp" }])).unwrap_err();
    assert_eq!((error.name(), error.field().as_deref()), ("NotOffered", Some("ports")));
    assert!(error.to_string().contains("53 with \"udp\""), "{error}");

    let health = |key: &str, value: Value| {
        service(|document| {
            document["health"] =
                json!({ "command": ["/ok"], "interval_seconds": 1, "timeout_seconds": 1, "failures_max": 1 });
            document["health"][key] = value;
        })
        .map(|_| ())
    };
    for (key, good, bad, name) in [
        ("interval_seconds", json!(3_600), json!(3_601), "OutOfRange"),
        ("timeout_seconds", json!(3_600), json!(0), "OutOfRange"),
        ("failures_max", json!(255), json!(0), "OutOfRange"),
        ("command", json!(["/ok", ""]), json!([]), "LengthOutOfRange"),
        ("command", json!(["/ok"]), json!([""]), "ProgramEmpty"),
        ("command", json!(["/ok"]), json!(["a\u{0}"]), "NulByte"),
    ] {
        assert_eq!(health(key, good), Ok(()));
        assert_eq!(health(key, bad).unwrap_err().name(), name, "{key}");
    }
}

#[test]
fn what_would_have_no_effect_is_refused() {
    let comparator = json!({ "kind": "json", "relative_ppb": 1 });
    let error = refused("/comparator", comparator);
    assert_eq!(error, SpecError::ComparatorNotUsed { verification: "deterministic" });
    assert_eq!(refused("/sla", json!({ "uptime_bps": 9_900, "bond": 1 })), SpecError::SlaForBatch);
}

#[test]
fn unknown_missing_and_repeated_fields_are_refused_by_name() {
    for pointer in ["/extra", "/resources/extra", "/outputs/extra", "/placement/extra"] {
        let error = refused(pointer, json!(1));
        assert!(matches!(&error, SpecError::Json(text) if text.contains("unknown field `extra`")), "{error}");
    }
    for field in ["version", "name", "image", "resources", "max_seconds"] {
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
