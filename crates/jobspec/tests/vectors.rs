//! Golden vectors, shared with clients in other languages: what is read, its canonical bytes and hash, what the chain is
//! told, and how refusals are called.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use proofmill_jobspec::{JobSpec, SpecTerms};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    name: String,
    document: Value,
    #[serde(default)]
    canonical: String,
    #[serde(default)]
    sha256: String,
    #[serde(default)]
    terms: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    name: String,
    text: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    message: String,
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file)
}

fn read<T: DeserializeOwned>(file: &str) -> Vec<T> {
    serde_json::from_str(&fs::read_to_string(path(file)).unwrap()).unwrap()
}

/// Fills in the computed parts when asked to; what changes is then seen in the commit.
fn write<T: Serialize>(file: &str, vectors: &[T]) {
    if std::env::var_os("PROOFMILL_WRITE_VECTORS").is_some() {
        fs::write(path(file), serde_json::to_string_pretty(vectors).unwrap() + "\n").unwrap();
    }
}

fn terms(terms: &SpecTerms) -> Value {
    serde_json::to_value(terms).unwrap()
}

#[test]
fn every_accepted_vector_has_its_canonical_bytes_hash_and_terms() {
    let mut vectors: Vec<Accepted> = read("accepted.json");
    for vector in &mut vectors {
        let spec = JobSpec::parse(&serde_json::to_vec(&vector.document).unwrap()).unwrap();
        let canonical = String::from_utf8(spec.canonical_json()).unwrap();
        if std::env::var_os("PROOFMILL_WRITE_VECTORS").is_some() {
            vector.canonical.clone_from(&canonical);
            vector.sha256 = hex::encode(spec.hash());
            vector.terms = terms(&spec.terms());
        }
        assert_eq!(vector.canonical, canonical, "{}", vector.name);
        assert_eq!(vector.sha256, hex::encode(spec.hash()), "{}", vector.name);
        assert_eq!(vector.terms, terms(&spec.terms()), "{}", vector.name);
        // The canonical form is a document, and its own canonical form.
        assert_eq!(JobSpec::parse(canonical.as_bytes()).unwrap().canonical_json(), canonical.as_bytes());
    }
    write("accepted.json", &vectors);
    let hashes: BTreeSet<_> = vectors.iter().map(|vector| &vector.sha256).collect();
    assert_eq!(hashes.len(), vectors.len(), "two documents have one hash");
}

#[test]
fn every_refused_vector_is_refused_by_its_name() {
    let mut vectors: Vec<Refused> = read("refused.json");
    for vector in &mut vectors {
        let error = JobSpec::parse(vector.text.as_bytes()).unwrap_err();
        if std::env::var_os("PROOFMILL_WRITE_VECTORS").is_some() {
            (vector.error, vector.field, vector.message) = (error.name().into(), error.field(), error.to_string());
        }
        assert_eq!(vector.error, error.name(), "{}", vector.name);
        assert_eq!(vector.field, error.field(), "{}", vector.name);
        assert_eq!(vector.message, error.to_string(), "{}", vector.name);
    }
    write("refused.json", &vectors);
    // Every refusal that a document alone can cause has a vector: all but the three about its size and a given image.
    let names: BTreeSet<_> = vectors.iter().map(|vector| vector.error.as_str()).collect();
    let all = [
        "Json",
        "UnknownVersion",
        "OutOfRange",
        "LengthOutOfRange",
        "NameCharacter",
        "Image",
        "ImageUnresolved",
        "ProgramEmpty",
        "NulByte",
        "EnvKeyCharacter",
        "EnvKeyRefused",
        "GpuFieldWithoutGpu",
        "ModelCharacter",
        "ComparatorNotUsed",
        "SlaForBatch",
        "PortTwice",
        "ServiceNotWitnessed",
        "RetriesForService",
        "NotOffered",
    ];
    assert_eq!(names, all.into_iter().collect());
}

#[test]
fn a_document_of_the_largest_size_is_read_and_one_byte_more_is_not() {
    let short = &read::<Accepted>("accepted.json")[0].document;
    let mut bytes = serde_json::to_vec(short).unwrap();
    bytes.resize(65_536, b' ');
    assert!(JobSpec::parse(&bytes).is_ok());
    bytes.push(b' ');
    assert_eq!(JobSpec::parse(&bytes).unwrap_err().name(), "DocumentTooLong");
}

/// The documents of the repository's own example jobs, whose images are built on the spot.
#[test]
fn the_example_jobs_are_accepted_as_they_are() {
    let jobs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../jobs");
    for job in ["embed/job.json", "small/checksum/job.json", "small/fixtures/job.json"] {
        let bytes = fs::read(jobs.join(job)).unwrap();
        let image = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        JobSpec::parse_with_image(&bytes, Some(image)).unwrap();
    }
}
