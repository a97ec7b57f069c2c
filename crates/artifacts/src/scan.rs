//! From a directory on disk to a manifest.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::limits::{CHUNK_BYTES, Limits};
use crate::manifest::{Entry, Manifest, ManifestError, NameClashes};
use crate::path_rule::{PathRule, check_path};

/// `O_NOFOLLOW | O_NONBLOCK`, the values of the system's `fcntl.h`: a name that became a link is not followed, and
/// one that became a fifo does not hang the open.
#[cfg(all(target_os = "linux", any(target_arch = "aarch64", target_arch = "arm", target_arch = "powerpc64")))]
const OPEN_FLAGS: i32 = 0o100_000 | 0o4_000;
#[cfg(all(target_os = "linux", not(any(target_arch = "aarch64", target_arch = "arm", target_arch = "powerpc64"))))]
const OPEN_FLAGS: i32 = 0o400_000 | 0o4_000;
#[cfg(not(target_os = "linux"))]
const OPEN_FLAGS: i32 = 0x0100 | 0x0004;

/// Why a directory is not accepted. Paths are relative to the scanned directory.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// What was to be scanned is not a directory itself (a link to one does not count).
    #[error("{path:?} is not a directory")]
    NotADirectory {
        /// The path given.
        path: PathBuf,
    },
    /// A symbolic link.
    #[error("{path:?} is a symbolic link")]
    Symlink {
        /// The link.
        path: String,
    },
    /// A file with more than one name.
    #[error("{path:?} has {links} hard links, the limit is 1")]
    HardLink {
        /// The file.
        path: String,
        /// Number of names it has.
        links: u64,
    },
    /// A block or character device.
    #[error("{path:?} is a device")]
    Device {
        /// The device.
        path: String,
    },
    /// A Unix socket.
    #[error("{path:?} is a socket")]
    Socket {
        /// The socket.
        path: String,
    },
    /// A named pipe.
    #[error("{path:?} is a fifo")]
    Fifo {
        /// The fifo.
        path: String,
    },
    /// Something that lies on another file system: a mount inside the tree.
    #[error("{path:?} lies on another file system than the directory above it")]
    OtherFileSystem {
        /// The file or directory.
        path: String,
    },
    /// A name that is not UTF-8.
    #[error("a name in {directory:?} is not UTF-8 (in hexadecimal: {name_hex})")]
    NameNotUtf8 {
        /// The directory that holds it; empty for the scanned one.
        directory: String,
        /// The bytes of the name.
        name_hex: String,
    },
    /// A path that breaks the rule on names.
    #[error("{path:?}: {rule}")]
    Path {
        /// The path.
        path: String,
        /// The rule it breaks.
        rule: PathRule,
    },
    /// More directories than the limit on files.
    #[error("{directories} directories, the limit is {limit}")]
    TooManyDirectories {
        /// Number found when the scan stopped.
        directories: u64,
        /// Number allowed.
        limit: u32,
    },
    /// More files than the limit.
    #[error("{files} files, the limit is {limit}")]
    TooManyFiles {
        /// Number found when the scan stopped.
        files: u64,
        /// Number allowed.
        limit: u32,
    },
    /// More bytes than the limit.
    #[error("{bytes} bytes up to {path:?}, the limit is {limit}")]
    TooManyBytes {
        /// The file where the sum passes the limit.
        path: String,
        /// Sum up to and with that file.
        bytes: u64,
        /// Sum allowed.
        limit: u64,
    },
    /// Something changed between the first look and the last: the writer is not yet stopped.
    #[error("{path:?} changed while it was read")]
    Changed {
        /// The file or directory; empty for the scanned one.
        path: String,
    },
    /// Two names clash.
    #[error(transparent)]
    Names(ManifestError),
    /// The system refused to list or to read.
    #[error("{path:?}: {source}")]
    Io {
        /// What was being read.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// A file or directory as first seen, to be seen again before the result is given.
struct Seen {
    path: String,
    at: PathBuf,
    metadata: Metadata,
}

/// Reads a directory into its manifest.
///
/// Names, kinds, counts and sizes are checked over the whole tree before a byte of contents is read. The writer
/// should be stopped first; what nevertheless changes is noticed and refused, as far as the times kept by the file
/// system can tell.
///
/// # Errors
/// The first rule that the tree breaks, with the path and the value; or the system's refusal.
pub fn scan(dir: &Path, limits: Limits) -> Result<Manifest, ScanError> {
    let top = fs::symlink_metadata(dir).map_err(|source| io_error(&dir.display().to_string(), source))?;
    if !top.is_dir() {
        return Err(ScanError::NotADirectory { path: dir.to_owned() });
    }
    let (directories, files) = survey(dir, top, &limits)?;

    let mut entries = Vec::with_capacity(files.len());
    for file in files {
        let hash = hash_file(&file)?;
        let executable = file.metadata.mode() & 0o111 != 0;
        entries.push(Entry { path: file.path, size: file.metadata.len(), executable, hash });
    }
    for directory in directories {
        let now = fs::symlink_metadata(&directory.at).map_err(|source| io_error(&directory.path, source))?;
        require_unchanged(&directory.path, &directory.metadata, &now)?;
    }
    Manifest::new(entries, &limits).map_err(ScanError::Names)
}

/// Walks the tree without recursion and without opening a file. Returns its directories and its files.
fn survey(dir: &Path, top: Metadata, limits: &Limits) -> Result<(Vec<Seen>, Vec<Seen>), ScanError> {
    let mut directories: Vec<Seen> = Vec::new();
    let mut files: Vec<Seen> = Vec::new();
    let mut names = NameClashes::default();
    let mut bytes = 0u64;
    let device = top.dev();
    let mut pending = vec![Seen { path: String::new(), at: dir.to_owned(), metadata: top }];

    while let Some(directory) = pending.pop() {
        let listing = fs::read_dir(&directory.at).map_err(|source| io_error(&directory.path, source))?;
        for item in listing {
            let item = item.map_err(|source| io_error(&directory.path, source))?;
            let name = item.file_name();
            let Some(name) = name.to_str() else {
                let name_hex = hex::encode(name.as_encoded_bytes());
                return Err(ScanError::NameNotUtf8 { directory: directory.path, name_hex });
            };
            let path = if directory.path.is_empty() { name.to_owned() } else { format!("{}/{name}", directory.path) };
            check_path(&path, limits).map_err(|rule| ScanError::Path { path: path.clone(), rule })?;
            let at = item.path();
            let metadata = fs::symlink_metadata(&at).map_err(|source| io_error(&path, source))?;
            require_plain(&path, &metadata)?;
            if metadata.dev() != device {
                return Err(ScanError::OtherFileSystem { path });
            }
            if metadata.is_dir() {
                // The one being read and those waiting are directories too, the scanned one is not counted.
                let found = (directories.len() + pending.len() + 1) as u64;
                if found > u64::from(limits.max_files) {
                    return Err(ScanError::TooManyDirectories { directories: found, limit: limits.max_files });
                }
                pending.push(Seen { path, at, metadata });
                continue;
            }
            let found = files.len() as u64 + 1;
            if found > u64::from(limits.max_files) {
                return Err(ScanError::TooManyFiles { files: found, limit: limits.max_files });
            }
            bytes = bytes.saturating_add(metadata.len());
            if bytes > limits.max_bytes {
                return Err(ScanError::TooManyBytes { path, bytes, limit: limits.max_bytes });
            }
            names.add_file(&path).map_err(ScanError::Names)?;
            files.push(Seen { path, at, metadata });
        }
        directories.push(directory);
    }
    Ok((directories, files))
}

/// Accepts directories and files with one name, refuses every other kind by its name.
fn require_plain(path: &str, metadata: &Metadata) -> Result<(), ScanError> {
    let kind = metadata.file_type();
    let path = || path.to_owned();
    if kind.is_symlink() {
        return Err(ScanError::Symlink { path: path() });
    }
    if kind.is_fifo() {
        return Err(ScanError::Fifo { path: path() });
    }
    if kind.is_socket() {
        return Err(ScanError::Socket { path: path() });
    }
    if !kind.is_dir() && !kind.is_file() {
        return Err(ScanError::Device { path: path() });
    }
    if kind.is_file() && metadata.nlink() > 1 {
        return Err(ScanError::HardLink { path: path(), links: metadata.nlink() });
    }
    Ok(())
}

fn hash_file(seen: &Seen) -> Result<[u8; 32], ScanError> {
    let file = open_plain(&seen.path, &seen.at)?;
    let opened = file.metadata().map_err(|source| io_error(&seen.path, source))?;
    require_unchanged(&seen.path, &seen.metadata, &opened)?;

    let mut hasher = blake3::Hasher::new();
    // One byte more than announced is asked for, so that growth is seen without reading what was added.
    let mut contents = (&file).take(opened.len().saturating_add(1));
    let mut chunk = vec![0u8; CHUNK_BYTES];
    let mut size = 0u64;
    loop {
        let read = match contents.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(io_error(&seen.path, source)),
        };
        hasher.update(&chunk[..read]);
        size += read as u64;
    }
    let closed = file.metadata().map_err(|source| io_error(&seen.path, source))?;
    require_unchanged(&seen.path, &opened, &closed)?;
    if size != opened.len() {
        return Err(ScanError::Changed { path: seen.path.clone() });
    }
    Ok(*hasher.finalize().as_bytes())
}

/// Opens a file for reading without following a link at its last name, and checks what was opened.
pub(crate) fn open_plain(path: &str, at: &Path) -> Result<File, ScanError> {
    let opened = OpenOptions::new().read(true).custom_flags(OPEN_FLAGS).open(at);
    let file = match opened {
        Ok(file) => file,
        Err(source) => {
            // A link is answered with a different error number on each system: ask what it is.
            if fs::symlink_metadata(at).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(ScanError::Symlink { path: path.to_owned() });
            }
            return Err(io_error(path, source));
        }
    };
    let metadata = file.metadata().map_err(|source| io_error(path, source))?;
    require_plain(path, &metadata)?;
    if !metadata.is_file() {
        return Err(ScanError::Changed { path: path.to_owned() });
    }
    Ok(file)
}

fn require_unchanged(path: &str, before: &Metadata, after: &Metadata) -> Result<(), ScanError> {
    let key = |m: &Metadata| {
        (m.dev(), m.ino(), m.mode(), m.nlink(), m.len(), m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec())
    };
    if key(before) == key(after) { Ok(()) } else { Err(ScanError::Changed { path: path.to_owned() }) }
}

fn io_error(path: &str, source: io::Error) -> ScanError {
    ScanError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_after_the_survey_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("a");
        fs::write(&at, "first").unwrap();
        let seen = Seen { path: "a".into(), metadata: fs::symlink_metadata(&at).unwrap(), at: at.clone() };
        assert!(hash_file(&seen).is_ok());
        fs::write(&at, "longer than before").unwrap();
        assert!(matches!(hash_file(&seen), Err(ScanError::Changed { path }) if path == "a"));
    }

    #[test]
    fn a_file_swapped_for_a_symlink_after_the_survey_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("a");
        fs::write(&at, "first").unwrap();
        let seen = Seen { path: "a".into(), metadata: fs::symlink_metadata(&at).unwrap(), at: at.clone() };
        fs::remove_file(&at).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &at).unwrap();
        assert!(matches!(hash_file(&seen), Err(ScanError::Symlink { path }) if path == "a"));
    }
}
