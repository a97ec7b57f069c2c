//! Roots and manifests of known trees, shared with the TypeScript client. `PROOFMILL_BLESS=1` writes them anew.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use proofmill_artifacts::{Entry, Limits, Manifest};
use serde_json::{Value, json};

fn entry(path: &str, size: u64, executable: bool, byte: u8) -> Entry {
    Entry { path: path.to_owned(), size, executable, hash: [byte; 32] }
}

fn tree(name: &str, entries: Vec<Entry>) -> Value {
    let manifest = Manifest::new(entries, &Limits::default()).unwrap();
    let entries: Vec<Value> = manifest
        .entries()
        .iter()
        .map(|entry| {
            json!({
                "path": entry.path, "size": entry.size.to_string(), "executable": entry.executable,
                "hash": hex::encode(entry.hash),
            })
        })
        .collect();
    json!({
        "name": name, "entries": entries, "manifest": hex::encode(manifest.to_bytes()),
        "root": manifest.root().to_string(),
    })
}

#[test]
fn the_vectors_are_what_this_code_gives() {
    let trees = [
        tree("nothing", vec![]),
        tree("one empty file", vec![Entry { hash: *blake3::hash(b"").as_bytes(), ..entry("empty", 0, false, 0) }]),
        tree("an executable", vec![entry("bin/run", 5, true, 1)]),
        tree(
            "raw bytes decide the order",
            vec![entry("b", 1, false, 1), entry("a/z", 2, false, 2), entry("a-", 3, false, 3)],
        ),
        tree(
            "names beyond ASCII, in the order of UTF-8 and not of UTF-16",
            vec![entry("\u{ff21}", 1, false, 1), entry("\u{1f980}", 2, false, 2), entry("été/données", 3, false, 3)],
        ),
        tree("sizes beyond 2^32", vec![entry("large", 1 << 33, false, 4), entry("small", 1, false, 5)]),
    ];
    let text = format!("{:#}\n", json!({ "trees": trees }));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/roots.json");
    if std::env::var_os("PROOFMILL_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        text,
        "run with PROOFMILL_BLESS=1 and look at the change"
    );
}
