//! The committed schema is the one of the Rust types, and says of documents what the reader says.

#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use proofmill_jobspec::{JobSpec, schema_json};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/job.schema.json")
}

/// The published standard's own reader of schemas, which knows nothing of the Rust types.
fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("job.json", serde_json::from_str(&schema_json()).unwrap()).unwrap();
    let index = compiler.compile("job.json", &mut schemas).unwrap();
    (schemas, index)
}

fn usual() -> Value {
    json!({
        "version": 1, "name": "usual", "image": format!("sha256:{}", "ab".repeat(32)), "command": ["/job"],
        "env": { "A": "1" }, "resources": { "cpus_milli": 1000, "memory_mib": 256, "gpu_count": 1 },
        "inputs": { "root": null }, "outputs": { "max_bytes": 1024 }, "max_seconds": 60, "placement": { "region": 756 },
        "verification": "deterministic"
    })
}

/// Refusals that no schema states: they join two fields, count bytes, or say what is not offered today.
const BEYOND_A_SCHEMA: [&str; 10] = [
    "NotOffered",
    "GpuFieldWithoutGpu",
    "ComparatorNotUsed",
    "SlaForBatch",
    "ServiceNotWitnessed",
    "RetriesForService",
    "PortTwice",
    "NulByte",
    "EnvKeyRefused",
    "ProgramEmpty",
];

/// Both judge one document: the schema refuses nothing that the reader accepts, and accepts only what the reader refuses
/// by a rule that is beyond a schema.
fn agree(schemas: &Schemas, index: SchemaIndex, document: &Value) -> bool {
    let by_schema = schemas.validate(document, index).is_ok();
    let by_reader = JobSpec::parse(&serde_json::to_vec(document).unwrap());
    match &by_reader {
        Ok(_) => assert!(by_schema, "the schema refuses what is read: {document}"),
        Err(error) if by_schema => {
            assert!(BEYOND_A_SCHEMA.contains(&error.name()), "the schema accepts {document}, the reader says: {error}");
        }
        Err(_) => {}
    }
    by_reader.is_ok()
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    if std::env::var_os("PROOFMILL_WRITE_VECTORS").is_some() {
        fs::write(committed(), schema_json()).unwrap();
    }
    assert!(
        fs::read_to_string(committed()).unwrap_or_default() == schema_json(),
        "schema/job.schema.json differs from the types: `proofmill job schema > crates/jobspec/schema/job.schema.json`"
    );
}

#[test]
fn every_object_of_the_schema_refuses_unknown_fields_and_every_field_is_described() {
    fn check(path: &str, value: &Value) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            assert_eq!(value["additionalProperties"], json!(false), "{path}");
            for (name, field) in properties {
                // The tag of an enumeration is a constant.
                assert!(field.get("description").is_some() || field.get("const").is_some(), "{path}.{name}");
            }
        }
        match value {
            Value::Object(map) => map.iter().for_each(|(key, field)| check(&format!("{path}/{key}"), field)),
            Value::Array(items) => items.iter().for_each(|item| check(path, item)),
            _ => {}
        }
    }
    let schema: Value = serde_json::from_str(&schema_json()).unwrap();
    check("", &schema);
    // What may be left out has a written default.
    let required: Vec<_> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().unwrap() {
        assert_eq!(field.get("default").is_some(), !required.contains(&name.as_str()), "{name}");
    }
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn schema_and_reader_agree_on_a_table_of_documents() {
    let (schemas, index) = compiled();
    assert!(agree(&schemas, index, &usual()));
    for (pointer, accepted, refused) in [
        ("/version", vec![json!(1)], vec![json!(0), json!(2), json!("1"), json!(null)]),
        ("/kind", vec![json!("batch")], vec![json!("array"), json!("Batch"), json!(1), json!("service")]),
        ("/name", vec![json!("a-b_0")], vec![json!(""), json!("A"), json!("a".repeat(65)), json!("a b")]),
        (
            "/image",
            vec![json!(format!("sha256:{}", "0f".repeat(32)))],
            vec![json!("ubuntu"), json!(format!("sha256:{}", "0F".repeat(32))), json!("resolved-at-build")],
        ),
        ("/command", vec![json!([])], vec![json!("/job"), json!(vec!["x"; 65]), json!([1]), json!(null)]),
        (
            "/env",
            vec![json!({}), json!({ "_A9": "é" })],
            vec![json!({ "a": "" }), json!({ "A": 1 }), json!([]), json!({ "LD_PRELOAD": "x" })],
        ),
        ("/resources/cpus_milli", vec![json!(100)], vec![json!(99), json!(64_001), json!(1.5), json!("100")]),
        ("/resources/gpu_count", vec![json!(16)], vec![json!(17), json!(-1), json!(256)]),
        (
            "/resources/gpu_vendor",
            vec![json!("nvidia"), json!("any")],
            vec![json!("amd"), json!("NVIDIA"), json!(null)],
        ),
        ("/resources/gpu_model", vec![json!(null), json!("L4")], vec![json!(""), json!("m".repeat(33)), json!(4)]),
        ("/resources/tier", vec![json!("datacenter")], vec![json!("data_center"), json!(3)]),
        ("/resources/vram_mib", vec![json!(0), json!(81_920)], vec![json!(1_048_577)]),
        ("/resources/extra", vec![], vec![json!(0)]),
        ("/inputs", vec![json!({}), json!({ "root": "ab".repeat(32) })], vec![json!(null), json!({ "root": "ab" })]),
        ("/outputs", vec![json!({})], vec![json!({ "max_bytes": 0 }), json!({ "max_files": 100_001 }), json!([])]),
        ("/ports", vec![json!([])], vec![json!([{ "number": 0 }]), json!([{ "number": 80 }]), json!([80])]),
        ("/health", vec![json!(null)], vec![json!({}), json!({ "command": [] })]),
        ("/max_seconds", vec![json!(1), json!(86_400)], vec![json!(0), json!(86_401)]),
        ("/timeouts", vec![json!({})], vec![json!({ "start_seconds": 5 }), json!({ "run_seconds": 5 })]),
        ("/retries", vec![json!(0), json!(7)], vec![json!(8), json!(-1)]),
        ("/placement/region", vec![json!(0), json!(999)], vec![json!(1000), json!("CH")]),
        ("/placement/uptime_bps", vec![json!(10_000)], vec![json!(10_001)]),
        ("/placement/allow_simulated", vec![json!(false)], vec![json!(0), json!(null)]),
        (
            "/price_ceiling_per_second",
            vec![json!(9_007_199_254_740_991u64)],
            vec![json!(9_007_199_254_740_992u64), json!("1")],
        ),
        ("/verification", vec![json!("deterministic")], vec![json!("tolerant"), json!("none")]),
        (
            "/comparator",
            vec![json!(null)],
            vec![json!({ "kind": "json", "relative_ppb": 1 }), json!({ "kind": "json" }), json!({ "kind": "exact" })],
        ),
        ("/privacy", vec![json!("parties")], vec![json!("public"), json!("secret")]),
        ("/sla", vec![json!(null)], vec![json!({ "uptime_bps": 1, "bond": 1 }), json!({ "uptime_bps": 0, "bond": 1 })]),
        ("/extra", vec![], vec![json!(null)]),
    ] {
        for (value, expected) in accepted.iter().map(|v| (v, true)).chain(refused.iter().map(|v| (v, false))) {
            let mut document = usual();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            document.pointer_mut(parent).unwrap()[key] = value.clone();
            assert_eq!(agree(&schemas, index, &document), expected, "{pointer} = {value}");
        }
    }
    for field in ["version", "name", "image", "resources", "max_seconds"] {
        let mut document = usual();
        document.as_object_mut().unwrap().remove(field);
        assert!(!agree(&schemas, index, &document), "{field}");
    }
}

/// Random changes of documents: whatever comes out, schema and reader say the same of it, and what is read survives its
/// canonical form.
#[test]
fn schema_and_reader_agree_on_random_documents() {
    let seed = std::env::var("PROOFMILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("PROOFMILL_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (schemas, index) = compiled();
    let full: Value =
        serde_json::from_slice(&JobSpec::parse(&serde_json::to_vec(&usual()).unwrap()).unwrap().canonical_json())
            .unwrap();
    let mut read = 0;
    for _ in 0..3_000 {
        let mut document = full.clone();
        for _ in 0..random.random_range(1..=2) {
            mutate(&mut document, &mut random);
        }
        read += usize::from(agree(&schemas, index, &document));
        if let Ok(spec) = JobSpec::parse(&serde_json::to_vec(&document).unwrap()) {
            let canonical = spec.canonical_json();
            let again = JobSpec::parse(&canonical).unwrap();
            assert_eq!((again.canonical_json(), again), (canonical, spec));
        }
    }
    assert!(read > 100, "only {read} random documents were accepted");
}

/// Changes one value somewhere below.
fn mutate(value: &mut Value, random: &mut StdRng) {
    let inner = match value {
        Value::Object(map) if !map.is_empty() && random.random_ratio(9, 10) => {
            let key = map.keys().cloned().collect::<Vec<_>>().choose(random).cloned().unwrap();
            if random.random_ratio(1, 12) {
                map.remove(&key);
                return;
            }
            map.get_mut(&key)
        }
        Value::Array(items) if !items.is_empty() && random.random_ratio(1, 2) => items.choose_mut_with(random),
        _ => None,
    };
    if let Some(inner) = inner {
        return mutate(inner, random);
    }
    *value = match (&*value, random.random_range(0..6)) {
        (Value::Number(number), 0..=3) => {
            let number = number.as_u64().unwrap_or(0);
            let step = 1u64 << random.random_range(0..54);
            json!(if random.random() { number.saturating_sub(step) } else { number.saturating_add(step) })
        }
        (Value::String(text), 0..=1) => {
            json!(format!("{text}{}", ["x", "\u{0}", "é", "A", " "].choose(random).unwrap()))
        }
        (_, 2) => Value::Null,
        (_, 3) => json!(random.random_range(0..3)),
        (_, 4) => json!([]),
        (_, _) => json!(["", "any", "batch", "nvidia", "tolerant", "parties"].choose(random).unwrap()),
    };
}

trait ChooseMut {
    fn choose_mut_with(&mut self, random: &mut StdRng) -> Option<&mut Value>;
}

impl ChooseMut for Vec<Value> {
    fn choose_mut_with(&mut self, random: &mut StdRng) -> Option<&mut Value> {
        let at = random.random_range(0..self.len());
        self.get_mut(at)
    }
}
