//! A manifest and its files as one stream.
//!
//! `"PMB1" | u32 LE length of the manifest | manifest | contents of every file in order`. One bundle per stream:
//! bytes after the last file are refused.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::{BUNDLE_MAGIC, CHUNK_BYTES, Limits, MANIFEST_BYTES_MAX};
use crate::manifest::{Entry, Manifest, ManifestError, Root};
use crate::scan::{ScanError, open_plain};

/// Why a bundle was not written or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The stream does not start with the mark of this format and version.
    #[error("the stream starts with {found:02x?}, not with {BUNDLE_MAGIC:02x?}")]
    UnknownMagic {
        /// The four bytes found.
        found: [u8; 4],
    },
    /// The announced manifest is longer than any that is accepted.
    #[error("the manifest is announced with {bytes} bytes, the limit is {limit}")]
    ManifestTooLong {
        /// Length announced, in bytes.
        bytes: u64,
        /// Length allowed, in bytes.
        limit: u64,
    },
    /// The manifest breaks a rule.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest is not the one that was asked for.
    #[error("the manifest has the root {found}, expected was {expected}")]
    RootMismatch {
        /// Root of the manifest in the stream.
        found: Root,
        /// Root that was asked for.
        expected: Root,
    },
    /// The contents of a file are not those the manifest names.
    #[error("{path:?} has the hash {found}, the manifest says {expected}")]
    HashMismatch {
        /// The file.
        path: String,
        /// Hash of the contents, in hexadecimal.
        found: String,
        /// Hash in the manifest, in hexadecimal.
        expected: String,
    },
    /// A file on disk no longer has the size or the executable bit the manifest names.
    #[error("{path:?} changed after its manifest was made")]
    ContentChanged {
        /// The file.
        path: String,
    },
    /// The stream ends too early.
    #[error("the stream ends inside {part}")]
    Truncated {
        /// What was being read: the header, the manifest, or the path of a file.
        part: String,
    },
    /// The stream goes on after the last file.
    #[error("bytes follow the last file")]
    TrailingBytes,
    /// The destination exists and is something else than an empty directory.
    #[error("{path:?} exists and is not an empty directory")]
    DestinationNotEmpty {
        /// The destination.
        path: PathBuf,
    },
    /// The destination has no name of its own, such as `/` or `..`.
    #[error("{path:?} does not name a directory that can be made")]
    DestinationUnnamed {
        /// The destination.
        path: PathBuf,
    },
    /// A file to be sent is no longer a plain file.
    #[error(transparent)]
    Source(#[from] ScanError),
    /// Reading or writing the stream failed.
    #[error("the stream failed: {0}")]
    Stream(#[source] io::Error),
    /// The system refused to write.
    #[error("{path:?}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Writes the files of `dir` that the manifest names, and returns the number of bytes written.
///
/// # Errors
/// A file that is gone, is no longer plain, or differs from the manifest; or a stream that fails. What was written
/// until then is not a valid bundle, and no reader accepts it.
pub fn write_bundle(dir: &Path, manifest: &Manifest, mut out: impl Write) -> Result<u64, BundleError> {
    let bytes = manifest.to_bytes();
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MANIFEST_BYTES_MAX);
    let Some(length) = length else {
        return Err(BundleError::ManifestTooLong { bytes: bytes.len() as u64, limit: u64::from(MANIFEST_BYTES_MAX) });
    };
    out.write_all(&BUNDLE_MAGIC).map_err(BundleError::Stream)?;
    out.write_all(&length.to_le_bytes()).map_err(BundleError::Stream)?;
    out.write_all(&bytes).map_err(BundleError::Stream)?;
    let mut chunk = vec![0u8; CHUNK_BYTES];
    for entry in manifest.entries() {
        let changed = || BundleError::ContentChanged { path: entry.path.clone() };
        let at = dir.join(&entry.path);
        let file = open_plain(&entry.path, &at)?;
        let metadata = file.metadata().map_err(|source| BundleError::Io { path: at.clone(), source })?;
        if metadata.len() != entry.size || (metadata.permissions().mode() & 0o111 != 0) != entry.executable {
            return Err(changed());
        }
        let mut hasher = blake3::Hasher::new();
        let mut contents = file.take(entry.size);
        let mut size = 0u64;
        loop {
            let read =
                read_some(&mut contents, &mut chunk).map_err(|source| BundleError::Io { path: at.clone(), source })?;
            if read == 0 {
                break;
            }
            hasher.update(&chunk[..read]);
            out.write_all(&chunk[..read]).map_err(BundleError::Stream)?;
            size += read as u64;
        }
        if size != entry.size {
            return Err(changed());
        }
        require_hash(entry, &hasher)?;
    }
    out.flush().map_err(BundleError::Stream)?;
    // The header is 8 bytes; the sum of the sizes is bounded by the limits the manifest was made with.
    Ok(8 + u64::from(length) + manifest.total_bytes())
}

/// Reads a bundle into `dest`, which must not exist or be an empty directory; its parent must exist.
///
/// Nothing is written before the manifest has the expected root, and `dest` appears only when every file has the
/// hash it should have: until then all is in a new directory beside it, which an error removes. Files get mode 0644
/// or 0755, directories 0755. The files are not synced to the disk.
///
/// # Errors
/// The rule that the stream breaks, the file that differs, or the system's refusal.
pub fn read_bundle(
    mut stream: impl Read,
    dest: &Path,
    expected_root: &[u8; 32],
    limits: Limits,
) -> Result<Manifest, BundleError> {
    require_free(dest)?;
    let manifest = read_manifest(&mut stream, &limits)?;
    let found = manifest.root();
    if found.0 != *expected_root {
        return Err(BundleError::RootMismatch { found, expected: Root(*expected_root) });
    }
    let partial = PartialDir::beside(dest)?;
    let mut chunk = vec![0u8; CHUNK_BYTES];
    for entry in manifest.entries() {
        write_file(&mut stream, &partial.at, entry, &mut chunk)?;
    }
    match read_some(&mut stream, &mut chunk[..1]).map_err(BundleError::Stream)? {
        0 => {}
        _ => return Err(BundleError::TrailingBytes),
    }
    partial.become_dest(dest)?;
    Ok(manifest)
}

fn read_manifest(stream: &mut impl Read, limits: &Limits) -> Result<Manifest, BundleError> {
    let magic: [u8; 4] = read_header(stream)?;
    if magic != BUNDLE_MAGIC {
        return Err(BundleError::UnknownMagic { found: magic });
    }
    let length = u32::from_le_bytes(read_header(stream)?);
    // A record beside its path takes 44 bytes; no manifest within the limits is longer than this.
    let longest = 4 + u64::from(limits.max_files) * (44 + u64::from(limits.max_path_bytes));
    let limit = longest.min(u64::from(MANIFEST_BYTES_MAX));
    if u64::from(length) > limit {
        return Err(BundleError::ManifestTooLong { bytes: u64::from(length), limit });
    }
    // Memory grows with what arrives, not with what is announced.
    let mut bytes = Vec::new();
    stream.by_ref().take(u64::from(length)).read_to_end(&mut bytes).map_err(BundleError::Stream)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(BundleError::Truncated { part: "the manifest".to_owned() });
    }
    Ok(Manifest::from_bytes(&bytes, limits)?)
}

fn read_header(stream: &mut impl Read) -> Result<[u8; 4], BundleError> {
    let mut bytes = [0u8; 4];
    stream.read_exact(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BundleError::Truncated { part: "the header".to_owned() },
        _ => BundleError::Stream(error),
    })?;
    Ok(bytes)
}

/// Like `read`, but an interruption by a signal is not an answer.
fn read_some(stream: &mut impl Read, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

fn write_file(stream: &mut impl Read, top: &Path, entry: &Entry, chunk: &mut [u8]) -> Result<(), BundleError> {
    let at = top.join(&entry.path);
    let io = |source| BundleError::Io { path: at.clone(), source };
    make_directories(top, &entry.path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&at).map_err(io)?;
    let mut hasher = blake3::Hasher::new();
    let mut left = entry.size;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        let read = read_some(stream, &mut chunk[..want]).map_err(BundleError::Stream)?;
        if read == 0 {
            return Err(BundleError::Truncated { part: entry.path.clone() });
        }
        hasher.update(&chunk[..read]);
        file.write_all(&chunk[..read]).map_err(io)?;
        left -= read as u64;
    }
    require_hash(entry, &hasher)?;
    let mode = if entry.executable { 0o755 } else { 0o644 };
    file.set_permissions(Permissions::from_mode(mode)).map_err(io)
}

fn require_hash(entry: &Entry, hasher: &blake3::Hasher) -> Result<(), BundleError> {
    let found = hasher.finalize();
    if *found.as_bytes() == entry.hash {
        return Ok(());
    }
    Err(BundleError::HashMismatch {
        path: entry.path.clone(),
        found: found.to_hex().to_string(),
        expected: hex::encode(entry.hash),
    })
}

/// Makes the directories above a file, with mode 0755 whatever the process's mask is.
fn make_directories(top: &Path, path: &str) -> Result<(), BundleError> {
    for (at, _) in path.match_indices('/') {
        let directory = top.join(&path[..at]);
        match fs::create_dir(&directory) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(source) => return Err(BundleError::Io { path: directory, source }),
        }
        fs::set_permissions(&directory, Permissions::from_mode(0o755))
            .map_err(|source| BundleError::Io { path: directory.clone(), source })?;
    }
    Ok(())
}

fn require_free(dest: &Path) -> Result<(), BundleError> {
    let io = |source| BundleError::Io { path: dest.to_owned(), source };
    match fs::symlink_metadata(dest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(error)),
        Ok(metadata) if metadata.is_dir() && fs::read_dir(dest).map_err(io)?.next().is_none() => Ok(()),
        Ok(_) => Err(BundleError::DestinationNotEmpty { path: dest.to_owned() }),
    }
}

/// A new directory, readable by its owner only, that is removed unless it becomes the destination.
struct PartialDir {
    at: PathBuf,
    kept: bool,
}

impl PartialDir {
    fn beside(dest: &Path) -> Result<Self, BundleError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Some(name) = dest.file_name() else {
            return Err(BundleError::DestinationUnnamed { path: dest.to_owned() });
        };
        loop {
            let mut partial = OsString::from(".");
            partial.push(name);
            partial.push(format!(".partial-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
            let at = dest.with_file_name(partial);
            match DirBuilder::new().mode(0o700).create(&at) {
                Ok(()) => return Ok(Self { at, kept: false }),
                // Left by a process of the same number that was killed: take the next name.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(BundleError::Io { path: at, source }),
            }
        }
    }

    fn become_dest(mut self, dest: &Path) -> Result<(), BundleError> {
        let opened = fs::set_permissions(&self.at, Permissions::from_mode(0o755));
        opened.map_err(|source| BundleError::Io { path: self.at.clone(), source })?;
        // A rename replaces an empty directory, and fails if it is no longer empty.
        fs::rename(&self.at, dest).map_err(|source| BundleError::Io { path: dest.to_owned(), source })?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for PartialDir {
    fn drop(&mut self) {
        if !self.kept {
            // The error that led here is the one to report; a directory that cannot be removed is seen by its name.
            let _ = fs::remove_dir_all(&self.at);
        }
    }
}
