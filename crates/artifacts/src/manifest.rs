//! The manifest, its canonical bytes and its root.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::limits::Limits;
use crate::path_rule::{PathRule, case_folded, check_path};

/// Context of the key that hashes records: names the purpose and the version of the format.
const ROOT_CONTEXT: &str = "proofmill v1 output manifest";

/// First byte of a record: a regular file. There is no other kind in version 1.
const RECORD_FILE: u8 = 1;

/// The hash of a whole tree: what the chain and the receipts hold. Shown as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Root(pub [u8; 32]);

impl Root {
    /// The 32 bytes of the root.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({self})")
    }
}

impl Serialize for Root {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a root is 64 hexadecimal digits, not {text:?}")]
pub struct RootParseError {
    /// The text that was given.
    pub text: String,
}

impl FromStr for Root {
    type Err = RootParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| RootParseError { text: text.to_owned() })?;
        Ok(Self(bytes))
    }
}

/// One regular file of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Path relative to the tree, with `/` between its names.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Whether any of the three executable bits is set.
    pub executable: bool,
    /// Plain BLAKE3 of the contents; hexadecimal when shown.
    #[serde(serialize_with = "as_hex")]
    pub hash: [u8; 32],
}

fn as_hex<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

/// The files of a tree in canonical order: by the raw bytes of their paths, each path once.
///
/// A value of this type always obeys the rules on names and the limits it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    entries: Vec<Entry>,
}

/// Why entries or bytes are not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A path breaks the rule on names.
    #[error("{path:?}: {rule}")]
    Path {
        /// The path as found.
        path: String,
        /// The rule it breaks.
        rule: PathRule,
    },
    /// The same path twice.
    #[error("{path:?} is listed twice")]
    DuplicatePath {
        /// The path.
        path: String,
    },
    /// Two paths that differ only in case, which some file systems cannot both hold.
    #[error("{path:?} and {other:?} differ only in case")]
    CaseClash {
        /// The later path, or the directory of it that clashes.
        path: String,
        /// The earlier one.
        other: String,
    },
    /// One path is a file and also a directory of another path.
    #[error("{path:?} is both a file and a directory")]
    FileAndDirectory {
        /// The path.
        path: String,
    },
    /// More files than the limit.
    #[error("{files} files, the limit is {limit}")]
    TooManyFiles {
        /// Number found.
        files: u64,
        /// Number allowed.
        limit: u32,
    },
    /// More bytes than the limit, at the file where the sum passes it.
    #[error("{bytes} bytes up to {path:?}, the limit is {limit}")]
    TooManyBytes {
        /// The file where the sum passes the limit.
        path: String,
        /// Sum up to and with that file; `u64::MAX` when it does not fit.
        bytes: u64,
        /// Sum allowed.
        limit: u64,
    },
    /// The bytes end inside a record.
    #[error("the manifest ends at byte {at}, inside a record")]
    Truncated {
        /// Number of bytes present.
        at: usize,
    },
    /// Bytes are left after the last record.
    #[error("{bytes} bytes follow the last record")]
    TrailingBytes {
        /// Number of bytes left.
        bytes: usize,
    },
    /// The first byte of a record names no known kind.
    #[error("record {index} has the unknown kind {kind}")]
    UnknownRecordKind {
        /// Number of the record, from 0.
        index: u32,
        /// The byte found.
        kind: u8,
    },
    /// The executable byte is neither 0 nor 1.
    #[error("record {index} has the executable byte {value}, which is neither 0 nor 1")]
    ExecutableNotBool {
        /// Number of the record, from 0.
        index: u32,
        /// The byte found.
        value: u8,
    },
    /// A path in the bytes is not UTF-8.
    #[error("the path of record {index} is not UTF-8 (in hexadecimal: {path_hex})")]
    PathNotUtf8 {
        /// Number of the record, from 0.
        index: u32,
        /// The bytes of the path.
        path_hex: String,
    },
    /// The records are not in canonical order.
    #[error("{path:?} follows {previous:?}, out of order")]
    NotSorted {
        /// The path found too late.
        path: String,
        /// The path before it.
        previous: String,
    },
}

impl Manifest {
    /// Puts entries into canonical order and checks them.
    ///
    /// # Errors
    /// The rule that a path breaks, a clash between two paths, or the limit that is passed.
    pub fn new(mut entries: Vec<Entry>, limits: &Limits) -> Result<Self, ManifestError> {
        let files = entries.len() as u64;
        if files > u64::from(limits.max_files) {
            return Err(ManifestError::TooManyFiles { files, limit: limits.max_files });
        }
        for entry in &entries {
            check_path(&entry.path, limits).map_err(|rule| ManifestError::Path { path: entry.path.clone(), rule })?;
        }
        entries.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        let mut sum = 0u64;
        let mut names = NameClashes::default();
        for entry in &entries {
            names.add_file(&entry.path)?;
            sum = sum.saturating_add(entry.size);
            if sum > limits.max_bytes {
                let path = entry.path.clone();
                return Err(ManifestError::TooManyBytes { path, bytes: sum, limit: limits.max_bytes });
            }
        }
        Ok(Self { entries })
    }

    /// The files, in canonical order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Sum of the sizes, in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        // The sum was checked against a limit when the manifest was made, so it cannot saturate.
        self.entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.size))
    }

    /// The hash of the tree: BLAKE3 in key-derivation mode over all records, without their count.
    #[must_use]
    pub fn root(&self) -> Root {
        let mut hasher = blake3::Hasher::new_derive_key(ROOT_CONTEXT);
        let mut record = Vec::new();
        for entry in &self.entries {
            record.clear();
            push_record(&mut record, entry);
            hasher.update(&record);
        }
        Root(*hasher.finalize().as_bytes())
    }

    /// The canonical bytes: the number of records as a little-endian `u32`, then the records.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // The count is at most `Limits::max_files`, a u32, by construction.
        let count = self.entries.len() as u32;
        let mut bytes = count.to_le_bytes().to_vec();
        for entry in &self.entries {
            push_record(&mut bytes, entry);
        }
        bytes
    }

    /// Reads canonical bytes; anything that [`Manifest::to_bytes`] would not have written is refused.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, ManifestError> {
        let mut reader = Reader { bytes, at: 0 };
        let count = u32::from_le_bytes(reader.array()?);
        if count > limits.max_files {
            return Err(ManifestError::TooManyFiles { files: u64::from(count), limit: limits.max_files });
        }
        // No capacity is taken from the announced count: the bytes must be there before memory is.
        let mut entries: Vec<Entry> = Vec::new();
        for index in 0..count {
            let entry = reader.record(index, limits)?;
            if let Some(previous) = entries.last() {
                match previous.path.as_bytes().cmp(entry.path.as_bytes()) {
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Equal => return Err(ManifestError::DuplicatePath { path: entry.path }),
                    std::cmp::Ordering::Greater => {
                        let previous = previous.path.clone();
                        return Err(ManifestError::NotSorted { path: entry.path, previous });
                    }
                }
            }
            entries.push(entry);
        }
        let left = bytes.len() - reader.at;
        if left > 0 {
            return Err(ManifestError::TrailingBytes { bytes: left });
        }
        Self::new(entries, limits)
    }
}

/// Appends one record: kind, path length and path, size, executable byte, hash; integers little-endian.
fn push_record(out: &mut Vec<u8>, entry: &Entry) {
    out.push(RECORD_FILE);
    // The length is at most `Limits::max_path_bytes`, a u16, by construction.
    out.extend_from_slice(&(entry.path.len() as u16).to_le_bytes());
    out.extend_from_slice(entry.path.as_bytes());
    out.extend_from_slice(&entry.size.to_le_bytes());
    out.push(u8::from(entry.executable));
    out.extend_from_slice(&entry.hash);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], ManifestError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(ManifestError::Truncated { at: self.bytes.len() });
        };
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ManifestError> {
        let mut array = [0u8; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn record(&mut self, index: u32, limits: &Limits) -> Result<Entry, ManifestError> {
        let [kind] = self.array()?;
        if kind != RECORD_FILE {
            return Err(ManifestError::UnknownRecordKind { index, kind });
        }
        let path_len = u16::from_le_bytes(self.array()?);
        let path = self.take(usize::from(path_len))?;
        let Ok(path) = std::str::from_utf8(path) else {
            return Err(ManifestError::PathNotUtf8 { index, path_hex: hex::encode(path) });
        };
        check_path(path, limits).map_err(|rule| ManifestError::Path { path: path.to_owned(), rule })?;
        let size = u64::from_le_bytes(self.array()?);
        let executable = match self.array()? {
            [0] => false,
            [1] => true,
            [value] => return Err(ManifestError::ExecutableNotBool { index, value }),
        };
        Ok(Entry { path: path.to_owned(), size, executable, hash: self.array()? })
    }
}

/// Remembers every file and every directory above it by its folded name, to find two that could not live side by
/// side on a file system that ignores case.
#[derive(Default)]
pub(crate) struct NameClashes {
    seen: BTreeMap<String, (String, bool)>,
}

impl NameClashes {
    pub(crate) fn add_file(&mut self, path: &str) -> Result<(), ManifestError> {
        for (at, _) in path.match_indices('/') {
            self.add(&path[..at], false)?;
        }
        self.add(path, true)
    }

    fn add(&mut self, name: &str, is_file: bool) -> Result<(), ManifestError> {
        let folded = case_folded(name);
        let path = name.to_owned();
        match self.seen.get(&folded) {
            Some((other, _)) if other != name => Err(ManifestError::CaseClash { path, other: other.clone() }),
            Some((_, true)) if is_file => Err(ManifestError::DuplicatePath { path }),
            Some((_, was_file)) if *was_file != is_file => Err(ManifestError::FileAndDirectory { path }),
            Some(_) => Ok(()),
            None => {
                self.seen.insert(folded, (path, is_file));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, size: u64) -> Entry {
        Entry { path: path.into(), size, executable: false, hash: [7; 32] }
    }

    const LIMITS: Limits = Limits { max_bytes: 100, max_files: 3, max_depth: 4, max_path_bytes: 64 };

    #[test]
    fn order_of_entries_does_not_matter() {
        let a = Manifest::new(vec![entry("b", 1), entry("a/z", 2), entry("a", 3)], &LIMITS);
        assert_eq!(a, Err(ManifestError::FileAndDirectory { path: "a".into() }));
        let a = Manifest::new(vec![entry("b", 1), entry("a/z", 2), entry("a-", 3)], &LIMITS).unwrap();
        let b = Manifest::new(vec![entry("a-", 3), entry("b", 1), entry("a/z", 2)], &LIMITS).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.root(), b.root());
        // '-' (0x2d) comes before '/' (0x2f): raw bytes decide, not the tree.
        assert_eq!(a.entries().iter().map(|e| e.path.as_str()).collect::<Vec<_>>(), ["a-", "a/z", "b"]);
    }

    #[test]
    fn every_field_changes_the_root() {
        let base = entry("a", 1);
        let root = |e: &Entry| Manifest::new(vec![e.clone()], &LIMITS).unwrap().root();
        let others = [
            Entry { path: "b".into(), ..base.clone() },
            Entry { size: 2, ..base.clone() },
            Entry { executable: true, ..base.clone() },
            Entry { hash: [8; 32], ..base.clone() },
        ];
        for other in &others {
            assert_ne!(root(&base), root(other), "{other:?}");
        }
    }

    #[test]
    fn names_that_clash_are_refused() {
        let clash = |a: &str, b: &str| Manifest::new(vec![entry(a, 0), entry(b, 0)], &LIMITS).unwrap_err();
        assert_eq!(clash("a", "a"), ManifestError::DuplicatePath { path: "a".into() });
        assert_eq!(clash("A", "a"), ManifestError::CaseClash { path: "a".into(), other: "A".into() });
        assert_eq!(clash("É", "é"), ManifestError::CaseClash { path: "é".into(), other: "É".into() });
        assert_eq!(clash("D/x", "d/y"), ManifestError::CaseClash { path: "d".into(), other: "D".into() });
        assert_eq!(clash("D", "d/y"), ManifestError::CaseClash { path: "d".into(), other: "D".into() });
        assert_eq!(clash("d", "d/y"), ManifestError::FileAndDirectory { path: "d".into() });
    }

    #[test]
    fn limits_allow_their_value_and_refuse_one_more() {
        let many = |n: usize| (0..n).map(|i| entry(&format!("f{i}"), 1)).collect::<Vec<_>>();
        assert!(Manifest::new(many(3), &LIMITS).is_ok());
        assert_eq!(Manifest::new(many(4), &LIMITS), Err(ManifestError::TooManyFiles { files: 4, limit: 3 }));
        assert!(Manifest::new(vec![entry("a", 60), entry("b", 40)], &LIMITS).is_ok());
        let over = ManifestError::TooManyBytes { path: "b".into(), bytes: 101, limit: 100 };
        assert_eq!(Manifest::new(vec![entry("a", 60), entry("b", 41)], &LIMITS), Err(over));
        let wraps = ManifestError::TooManyBytes { path: "a".into(), bytes: u64::MAX, limit: 100 };
        assert_eq!(Manifest::new(vec![entry("a", u64::MAX), entry("b", 2)], &LIMITS), Err(wraps));
    }

    #[test]
    fn bytes_survive_a_round_trip_and_every_truncation_fails() {
        let manifest = Manifest::new(vec![entry("a/b", 1), entry("c", 2)], &LIMITS).unwrap();
        let bytes = manifest.to_bytes();
        assert_eq!(Manifest::from_bytes(&bytes, &LIMITS), Ok(manifest));
        for len in 0..bytes.len() {
            let at = len;
            assert_eq!(Manifest::from_bytes(&bytes[..len], &LIMITS), Err(ManifestError::Truncated { at }));
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(Manifest::from_bytes(&longer, &LIMITS), Err(ManifestError::TrailingBytes { bytes: 1 }));
    }

    /// Bytes as a hostile writer would make them: in any order, unchecked.
    fn raw(entries: &[Entry]) -> Vec<u8> {
        let mut bytes = (entries.len() as u32).to_le_bytes().to_vec();
        for entry in entries {
            push_record(&mut bytes, entry);
        }
        bytes
    }

    #[test]
    fn hostile_bytes_are_refused_by_their_rule() {
        let refused = |bytes: &[u8]| Manifest::from_bytes(bytes, &LIMITS).unwrap_err();
        assert_eq!(
            refused(&raw(&[entry("b", 0), entry("a", 0)])),
            ManifestError::NotSorted { path: "a".into(), previous: "b".into() }
        );
        assert_eq!(refused(&raw(&[entry("a", 0), entry("a", 0)])), ManifestError::DuplicatePath { path: "a".into() });
        assert_eq!(
            refused(&raw(&[entry("../x", 0)])),
            ManifestError::Path { path: "../x".into(), rule: PathRule::DotComponent { component: "..".into() } }
        );
        assert_eq!(
            refused(&raw(&[entry("/x", 0)])),
            ManifestError::Path { path: "/x".into(), rule: PathRule::Absolute }
        );
        let good = raw(&[entry("a", 0)]);
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            bytes
        };
        assert_eq!(refused(&with(4, 2)), ManifestError::UnknownRecordKind { index: 0, kind: 2 });
        assert_eq!(refused(&with(7, 0xff)), ManifestError::PathNotUtf8 { index: 0, path_hex: "ff".into() });
        assert_eq!(refused(&with(16, 2)), ManifestError::ExecutableNotBool { index: 0, value: 2 });
        assert_eq!(
            refused(&u32::MAX.to_le_bytes()),
            ManifestError::TooManyFiles { files: u64::from(u32::MAX), limit: 3 }
        );
    }

    #[test]
    fn a_root_survives_its_text_form() {
        let root = Manifest::new(Vec::new(), &LIMITS).unwrap().root();
        assert_eq!(root.to_string().parse(), Ok(root));
        assert!("00".parse::<Root>().is_err());
        assert_eq!(serde_json::to_value(root).unwrap(), serde_json::json!(root.to_string()));
    }
}
