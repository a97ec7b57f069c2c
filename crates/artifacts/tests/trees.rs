//! Laws of scanning and bundling, on real directories.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use proofmill_artifacts::{
    BundleError, Entry, Limits, Manifest, ManifestError, PathRule, ScanError, read_bundle, scan, write_bundle,
};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_files: 64, max_depth: 8, max_path_bytes: 200 };

fn put(dir: &Path, path: &str, contents: &[u8]) -> PathBuf {
    let at = dir.join(path);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    fs::write(&at, contents).unwrap();
    at
}

fn golden_tree() -> TempDir {
    let dir = tempdir().unwrap();
    put(dir.path(), "result.json", b"{\"loss\":0.5}\n");
    put(dir.path(), "logs/run.txt", b"");
    let tool = put(dir.path(), "bin/tool", b"#!/bin/sh\nexit 0\n");
    fs::set_permissions(tool, fs::Permissions::from_mode(0o755)).unwrap();
    put(dir.path(), "donn\u{e9}es.bin", &[0, 255, 10]);
    fs::create_dir(dir.path().join("empty")).unwrap();
    dir
}

fn bundle_of(dir: &Path) -> (Manifest, Vec<u8>) {
    let manifest = scan(dir, LIMITS).unwrap();
    let mut bytes = Vec::new();
    let written = write_bundle(dir, &manifest, &mut bytes).unwrap();
    assert_eq!(written, bytes.len() as u64);
    (manifest, bytes)
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}

#[test]
fn root_of_the_golden_tree_never_changes() {
    let dir = golden_tree();
    let manifest = scan(dir.path(), LIMITS).unwrap();
    let paths: Vec<_> = manifest.entries().iter().map(|e| (e.path.as_str(), e.size, e.executable)).collect();
    assert_eq!(
        paths,
        [
            ("bin/tool", 17, true),
            ("donn\u{e9}es.bin", 3, false),
            ("logs/run.txt", 0, false),
            ("result.json", 13, false)
        ]
    );
    assert_eq!(manifest.root().to_string(), "90765c8f3d8654685ea32e770c11fe495bb0cca946c918bdfa4425032da3072d");
}

#[test]
fn root_of_the_empty_tree_never_changes() {
    let dir = tempdir().unwrap();
    let manifest = scan(dir.path(), LIMITS).unwrap();
    assert_eq!(manifest.to_bytes(), [0; 4]);
    assert_eq!(manifest.root().to_string(), "1c6b6127d20551624ec91b440be7a0f70d01d060ecec8e5d47d72d735c4b1995");
}

#[test]
fn times_modes_and_empty_directories_do_not_count() {
    let (a, b) = (golden_tree(), golden_tree());
    let file = fs::File::options().write(true).open(b.path().join("result.json")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir_all(b.path().join("more/empty")).unwrap();
    assert_eq!(scan(a.path(), LIMITS).unwrap(), scan(b.path(), LIMITS).unwrap());
}

#[test]
fn symlink_output_is_refused() {
    let dir = tempdir().unwrap();
    symlink("/etc/passwd", dir.path().join("link")).unwrap();
    assert!(matches!(scan(dir.path(), LIMITS), Err(ScanError::Symlink { path }) if path == "link"));
    let dir = tempdir().unwrap();
    put(dir.path(), "real/a", b"a");
    symlink("real", dir.path().join("link")).unwrap();
    assert!(matches!(scan(dir.path(), LIMITS), Err(ScanError::Symlink { path }) if path == "link"));
}

#[test]
fn symlink_to_the_scanned_directory_is_refused() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    let link = dir.path().join("link");
    symlink("real", &link).unwrap();
    assert!(matches!(scan(&link, LIMITS), Err(ScanError::NotADirectory { path }) if path == link));
}

#[test]
fn hard_link_output_is_refused() {
    let dir = tempdir().unwrap();
    let a = put(dir.path(), "a", b"a");
    fs::hard_link(a, dir.path().join("b")).unwrap();
    let error = scan(dir.path(), LIMITS).unwrap_err();
    assert!(matches!(error, ScanError::HardLink { links: 2, .. }), "{error}");
}

#[test]
fn socket_output_is_refused() {
    let dir = tempdir().unwrap();
    let _listener = UnixListener::bind(dir.path().join("s")).unwrap();
    assert!(matches!(scan(dir.path(), LIMITS), Err(ScanError::Socket { path }) if path == "s"));
}

#[test]
fn fifo_output_is_refused_without_waiting_for_a_writer() {
    let dir = tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("f")).status().unwrap();
    assert!(made.success());
    assert!(matches!(scan(dir.path(), LIMITS), Err(ScanError::Fifo { path }) if path == "f"));
}

#[test]
fn device_output_is_refused() {
    let dir = tempdir().unwrap();
    let made = std::process::Command::new("mknod").arg(dir.path().join("d")).args(["c", "1", "3"]).output();
    if made.is_ok_and(|output| output.status.success()) {
        assert!(matches!(scan(dir.path(), LIMITS), Err(ScanError::Device { path }) if path == "d"));
    } else {
        // Making a device needs privilege; without it the same rule is seen on one that exists.
        let devices = Limits { max_files: 100_000, max_bytes: u64::MAX, ..LIMITS };
        assert!(scan(Path::new("/dev"), devices).is_err());
    }
}

#[test]
fn name_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::write(dir.path().join("d").join(std::ffi::OsStr::from_bytes(b"a\xff")), "x").unwrap();
    let error = scan(dir.path(), LIMITS).unwrap_err();
    assert!(
        matches!(&error, ScanError::NameNotUtf8 { directory, name_hex } if directory == "d" && name_hex == "61ff"),
        "{error}"
    );
}

#[test]
fn names_that_deceive_a_reader_are_refused() {
    for (name, rule) in [
        ("a\nb", PathRule::ControlCharacter { character: '\n' }),
        ("\u{202e}cod.exe", PathRule::InvisibleCharacter { character: '\u{202e}' }),
        ("a\u{200d}b", PathRule::InvisibleCharacter { character: '\u{200d}' }),
        ("a\\b", PathRule::Backslash),
    ] {
        let dir = tempdir().unwrap();
        put(dir.path(), name, b"x");
        let error = scan(dir.path(), LIMITS).unwrap_err();
        assert!(matches!(&error, ScanError::Path { path, rule: found } if path == name && *found == rule), "{error}");
    }
}

#[test]
fn names_that_differ_only_in_case_are_refused() {
    for (a, b) in [("Readme", "README"), ("\u{c9}t\u{e9}", "\u{e9}t\u{e9}"), ("D/x", "d/y")] {
        let dir = tempdir().unwrap();
        put(dir.path(), a, b"1");
        put(dir.path(), b, b"2");
        let error = scan(dir.path(), LIMITS).unwrap_err();
        assert!(matches!(error, ScanError::Names(ManifestError::CaseClash { .. })), "{error}");
    }
}

#[test]
fn scan_limits_allow_their_value_and_refuse_one_more() {
    let dir = tempdir().unwrap();
    put(dir.path(), "a", &[1; 60]);
    put(dir.path(), "d/e/f", &[2; 40]);
    let exact = Limits { max_bytes: 100, max_files: 2, max_depth: 3, max_path_bytes: 5 };
    assert_eq!(scan(dir.path(), exact).unwrap().total_bytes(), 100);
    let refused = |limits: Limits| scan(dir.path(), limits).unwrap_err();
    let bytes = refused(Limits { max_bytes: 99, ..exact });
    assert!(matches!(bytes, ScanError::TooManyBytes { bytes: 100, limit: 99, .. }), "{bytes}");
    let depth = refused(Limits { max_depth: 2, ..exact });
    assert!(
        matches!(&depth, ScanError::Path { path, rule: PathRule::TooDeep { depth: 3, limit: 2 } } if path == "d/e/f"),
        "{depth}"
    );
    let long = refused(Limits { max_path_bytes: 4, ..exact });
    assert!(matches!(long, ScanError::Path { rule: PathRule::PathTooLong { bytes: 5, limit: 4 }, .. }), "{long}");
    let files = refused(Limits { max_files: 1, ..exact });
    assert!(
        matches!(
            files,
            ScanError::TooManyFiles { files: 2, limit: 1 } | ScanError::TooManyDirectories { directories: 2, limit: 1 }
        ),
        "{files}"
    );
}

#[test]
fn empty_directories_count_against_the_limit() {
    let dir = tempdir().unwrap();
    let limits = Limits { max_files: 3, ..LIMITS };
    for name in ["a", "b", "c"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    assert!(scan(dir.path(), limits).is_ok());
    fs::create_dir(dir.path().join("d")).unwrap();
    let error = scan(dir.path(), limits).unwrap_err();
    assert!(matches!(error, ScanError::TooManyDirectories { directories: 4, limit: 3 }), "{error}");
}

#[test]
fn a_sparse_file_above_the_limit_is_refused_before_it_is_read() {
    let dir = tempdir().unwrap();
    fs::File::create(dir.path().join("big")).unwrap().set_len(1 << 40).unwrap();
    let error = scan(dir.path(), LIMITS).unwrap_err();
    assert!(matches!(error, ScanError::TooManyBytes { bytes, .. } if bytes == 1 << 40), "{error}");
}

#[test]
fn bundle_carries_a_tree_with_its_root_and_modes() {
    let source = golden_tree();
    let (manifest, bytes) = bundle_of(source.path());
    let place = tempdir().unwrap();
    for dest in ["new", "existing"] {
        let dest = place.path().join(dest);
        if dest.ends_with("existing") {
            fs::create_dir(&dest).unwrap();
        }
        let read = read_bundle(&bytes[..], &dest, manifest.root().as_bytes(), LIMITS).unwrap();
        assert_eq!(read, manifest);
        assert_eq!(scan(&dest, LIMITS).unwrap(), manifest);
        let mode = |path: &str| fs::metadata(dest.join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("bin/tool"), mode("result.json"), mode("bin"), mode("")), (0o755, 0o644, 0o755, 0o755));
        assert!(!dest.join("empty").exists());
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
}

#[test]
fn a_bundle_cut_at_any_byte_is_refused_and_leaves_nothing() {
    let source = golden_tree();
    let (manifest, bytes) = bundle_of(source.path());
    let place = tempdir().unwrap();
    for len in 0..bytes.len() {
        let error = read_bundle(&bytes[..len], &place.path().join("out"), &manifest.root().0, LIMITS).unwrap_err();
        assert!(matches!(error, BundleError::Truncated { .. }), "at {len}: {error}");
        assert!(is_empty(place.path()), "at {len}");
    }
}

#[test]
fn a_bundle_with_any_bit_flipped_is_refused_and_leaves_nothing() {
    let source = golden_tree();
    let (manifest, bytes) = bundle_of(source.path());
    let place = tempdir().unwrap();
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let read = read_bundle(&bytes[..], &place.path().join("out"), &manifest.root().0, LIMITS);
        assert!(read.is_err(), "at {at}");
        assert!(is_empty(place.path()), "at {at}");
    }
}

/// A bundle as a hostile sender would write it: `records` are (path, contents), unchecked and in the given order.
fn hostile_bundle(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut manifest = (records.len() as u32).to_le_bytes().to_vec();
    for (path, contents) in records {
        manifest.push(1);
        manifest.extend_from_slice(&(path.len() as u16).to_le_bytes());
        manifest.extend_from_slice(path.as_bytes());
        manifest.extend_from_slice(&(contents.len() as u64).to_le_bytes());
        manifest.push(0);
        manifest.extend_from_slice(blake3::hash(contents).as_bytes());
    }
    let mut bytes = b"PMB1".to_vec();
    bytes.extend_from_slice(&(manifest.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&manifest);
    for (_, contents) in records {
        bytes.extend_from_slice(contents);
    }
    bytes
}

#[test]
fn a_path_that_leads_out_of_the_destination_is_refused() {
    let place = tempdir().unwrap();
    let dest = place.path().join("out");
    for path in ["../escaped", "/escaped", "a/../../escaped", ".", "..", "a//b", "a/", "", "a\0b", "a\\b"] {
        let bytes = hostile_bundle(&[(path, b"x")]);
        let error = read_bundle(&bytes[..], &dest, &[0; 32], LIMITS).unwrap_err();
        assert!(
            matches!(&error, BundleError::Manifest(ManifestError::Path { path: found, .. }) if found == path),
            "{path:?}: {error}"
        );
        assert!(is_empty(place.path()));
    }
    for records in [
        [("a", b"x"), ("a", b"y")],
        [("a", b"x"), ("a/b", b"y")],
        [("A", b"x"), ("a", b"y")],
        [("b", b"x"), ("a", b"y")],
    ] {
        let bytes = hostile_bundle(&records.map(|(path, contents)| (path, contents.as_slice())));
        let error = read_bundle(&bytes[..], &dest, &[0; 32], LIMITS).unwrap_err();
        assert!(matches!(error, BundleError::Manifest(_)), "{error}");
        assert!(is_empty(place.path()));
    }
}

#[test]
fn a_manifest_other_than_the_expected_one_is_refused_before_writing() {
    let place = tempdir().unwrap();
    let bytes = hostile_bundle(&[("a", b"x")]);
    let error = read_bundle(&bytes[..], &place.path().join("out"), &[9; 32], LIMITS).unwrap_err();
    assert!(matches!(error, BundleError::RootMismatch { expected, .. } if expected.0 == [9; 32]), "{error}");
    assert!(is_empty(place.path()));
}

#[test]
fn contents_other_than_the_named_ones_are_refused() {
    let source = golden_tree();
    let (manifest, mut bytes) = bundle_of(source.path());
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let place = tempdir().unwrap();
    let error = read_bundle(&bytes[..], &place.path().join("out"), &manifest.root().0, LIMITS).unwrap_err();
    assert!(matches!(&error, BundleError::HashMismatch { path, .. } if path == "result.json"), "{error}");
    assert!(is_empty(place.path()));
}

#[test]
fn bytes_after_the_last_file_are_refused() {
    let source = golden_tree();
    let (manifest, mut bytes) = bundle_of(source.path());
    bytes.push(0);
    let place = tempdir().unwrap();
    let error = read_bundle(&bytes[..], &place.path().join("out"), &manifest.root().0, LIMITS).unwrap_err();
    assert!(matches!(error, BundleError::TrailingBytes), "{error}");
    assert!(is_empty(place.path()));
}

#[test]
fn a_destination_in_use_is_refused_and_untouched() {
    let source = golden_tree();
    let (manifest, bytes) = bundle_of(source.path());
    let place = tempdir().unwrap();
    let full = put(place.path(), "full/kept", b"kept");
    let file = put(place.path(), "file", b"file");
    fs::create_dir(place.path().join("target")).unwrap();
    symlink("target", place.path().join("link")).unwrap();
    for dest in ["full", "file", "link"] {
        let dest = place.path().join(dest);
        let error = read_bundle(&bytes[..], &dest, &manifest.root().0, LIMITS).unwrap_err();
        assert!(matches!(&error, BundleError::DestinationNotEmpty { path } if *path == dest), "{error}");
    }
    assert_eq!(fs::read(full).unwrap(), b"kept");
    assert_eq!(fs::read(file).unwrap(), b"file");
    assert!(is_empty(&place.path().join("target")));
}

#[test]
fn a_receiver_holds_its_own_limits() {
    let source = golden_tree();
    let (manifest, bytes) = bundle_of(source.path());
    let place = tempdir().unwrap();
    let read = |limits: Limits| read_bundle(&bytes[..], &place.path().join("out"), &manifest.root().0, limits);
    let total = manifest.total_bytes();
    let few = read(Limits { max_files: 3, ..LIMITS }).unwrap_err();
    assert!(matches!(few, BundleError::Manifest(ManifestError::TooManyFiles { files: 4, limit: 3 })), "{few}");
    let small = read(Limits { max_bytes: total - 1, ..LIMITS }).unwrap_err();
    assert!(matches!(small, BundleError::Manifest(ManifestError::TooManyBytes { .. })), "{small}");
    let tiny = read(Limits { max_files: 1, max_path_bytes: 1, ..LIMITS }).unwrap_err();
    assert!(matches!(tiny, BundleError::ManifestTooLong { limit: 49, .. }), "{tiny}");
    assert!(is_empty(place.path()));
    assert!(read(Limits { max_bytes: total, max_files: 4, ..LIMITS }).is_ok());
}

#[test]
fn an_announced_length_takes_no_memory_before_it_arrives() {
    let mut bytes = b"PMB1".to_vec();
    bytes.extend_from_slice(&u32::MAX.to_le_bytes());
    let place = tempdir().unwrap();
    let error = read_bundle(&bytes[..], &place.path().join("out"), &[0; 32], Limits::default()).unwrap_err();
    assert!(matches!(error, BundleError::ManifestTooLong { .. }), "{error}");
    let error = read_bundle(&b"TAR!"[..], &place.path().join("out"), &[0; 32], LIMITS).unwrap_err();
    assert!(matches!(error, BundleError::Truncated { .. } | BundleError::UnknownMagic { .. }), "{error}");
}

#[test]
fn a_sender_refuses_files_that_changed_after_the_scan() {
    let source = golden_tree();
    let manifest = scan(source.path(), LIMITS).unwrap();
    put(source.path(), "result.json", b"{\"loss\":0.1}\n");
    let error = write_bundle(source.path(), &manifest, std::io::sink()).unwrap_err();
    assert!(matches!(&error, BundleError::HashMismatch { path, .. } if path == "result.json"), "{error}");
    put(source.path(), "result.json", b"short");
    let error = write_bundle(source.path(), &manifest, std::io::sink()).unwrap_err();
    assert!(matches!(&error, BundleError::ContentChanged { path } if path == "result.json"), "{error}");
    fs::remove_file(source.path().join("result.json")).unwrap();
    symlink("/etc/passwd", source.path().join("result.json")).unwrap();
    let error = write_bundle(source.path(), &manifest, std::io::sink()).unwrap_err();
    assert!(matches!(&error, BundleError::Source(ScanError::Symlink { path }) if path == "result.json"), "{error}");
}

fn tree() -> impl Strategy<Value = BTreeMap<String, (Vec<u8>, bool)>> {
    let path = prop::collection::vec("[a-z\u{e9}\u{65e5} ._-]{1,6}", 1..4).prop_map(|names| names.join("/"));
    let file = (prop::collection::vec(any::<u8>(), 0..200), any::<bool>());
    prop::collection::btree_map(path, file, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_accepted_tree_survives_a_bundle(files in tree()) {
        let entries = files.iter().map(|(path, (contents, executable))| Entry {
            path: path.clone(),
            size: contents.len() as u64,
            executable: *executable,
            hash: *blake3::hash(contents).as_bytes(),
        });
        // Names such as ".." or a file that is also a directory are refused by other laws.
        let Ok(expected) = Manifest::new(entries.collect(), &LIMITS) else { return Ok(()) };
        let source = tempdir().unwrap();
        for (path, (contents, executable)) in &files {
            let at = put(source.path(), path, contents);
            let mode = if *executable { 0o700 } else { 0o600 };
            fs::set_permissions(at, fs::Permissions::from_mode(mode)).unwrap();
        }
        let (manifest, bytes) = bundle_of(source.path());
        prop_assert_eq!(&manifest, &expected);
        prop_assert_eq!(&Manifest::from_bytes(&manifest.to_bytes(), &LIMITS).unwrap(), &expected);
        let place = tempdir().unwrap();
        let dest = place.path().join("out");
        read_bundle(&bytes[..], &dest, &manifest.root().0, LIMITS).unwrap();
        prop_assert_eq!(scan(&dest, LIMITS).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_the_reader_panic_or_write_outside(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let place = tempdir().unwrap();
        let mut framed = b"PMB1".to_vec();
        framed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        framed.extend_from_slice(&bytes);
        let _ = read_bundle(&framed[..], &place.path().join("out"), &[0; 32], LIMITS);
        prop_assert!(is_empty(place.path()));
    }
}
