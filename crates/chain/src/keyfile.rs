//! Solana keypair files: a JSON array of 64 numbers, the secret half first. Readable by their owner alone, never
//! overwritten.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use solana_keypair::Keypair;

use crate::{bounds, error::KeyfileError};

/// Reads a keypair file. A file that others may read is used, with a warning in the log.
///
/// # Errors
/// [`KeyfileError::Missing`] without the file, [`KeyfileError::Malformed`] when it holds anything but one keypair whose
/// public half belongs to its secret half, [`KeyfileError::Io`] when it cannot be read. No error shows key bytes.
pub fn read_keypair(path: &Path) -> Result<Keypair, KeyfileError> {
    let io = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => KeyfileError::Missing(path.to_owned()),
        _ => KeyfileError::Io { path: path.to_owned(), source },
    };
    let malformed = |reason: &str| KeyfileError::Malformed { path: path.to_owned(), reason: reason.to_owned() };
    let file = fs::File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(malformed("it is not a file"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "this key file can be read by others; run chmod 600 on it");
    }
    let mut text = String::new();
    file.take(bounds::KEYFILE_BYTES.saturating_add(1)).read_to_string(&mut text).map_err(|source| {
        match source.kind() {
            ErrorKind::InvalidData => malformed("it is not text"),
            _ => io(source),
        }
    })?;
    if text.len() as u64 > bounds::KEYFILE_BYTES {
        return Err(malformed("it is too large"));
    }
    let bytes: Vec<u8> =
        serde_json::from_str(&text).map_err(|_| malformed("it is not a JSON array of numbers from 0 to 255"))?;
    if bytes.len() != 64 {
        return Err(malformed(&format!("it holds {} numbers instead of 64", bytes.len())));
    }
    Keypair::try_from(bytes.as_slice()).map_err(|_| malformed("its public half does not belong to its secret half"))
}

/// Writes a keypair file with mode 0600. The file appears whole or not at all.
///
/// # Errors
/// [`KeyfileError::Exists`] when there is a file already (it stays as it is), [`KeyfileError::Io`] when it cannot be
/// written.
pub fn write_keypair(path: &Path, keypair: &Keypair) -> Result<(), KeyfileError> {
    let io = |source: std::io::Error| match source.kind() {
        ErrorKind::AlreadyExists => KeyfileError::Exists(path.to_owned()),
        _ => KeyfileError::Io { path: path.to_owned(), source },
    };
    if path.symlink_metadata().is_ok() {
        return Err(KeyfileError::Exists(path.to_owned()));
    }
    // Written under another name and then linked: linking fails where a file exists, and never shows half a key.
    let name = path.file_name().ok_or_else(|| io(std::io::Error::from(ErrorKind::InvalidInput)))?;
    let mut draft_name = name.to_owned();
    draft_name.push(format!(".{}.draft", Keypair::new().to_base58_string().split_off(76)));
    let draft = path.with_file_name(draft_name);
    let numbers: Vec<String> = keypair.to_bytes().iter().map(u8::to_string).collect();
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(format!("[{}]", numbers.join(",")).as_bytes())?;
        file.sync_all()?;
        fs::hard_link(&draft, path)
    });
    // The draft is a second name of the key; when it cannot be removed the owner must know.
    let removed = fs::remove_file(&draft);
    written.map_err(io)?;
    removed.map_err(io)
}

/// Reads the keypair file, or makes a new keypair and writes it where there is none.
///
/// # Errors
/// As [`read_keypair`] and [`write_keypair`]; a malformed file is never replaced.
pub fn read_or_create_keypair(path: &Path) -> Result<Keypair, KeyfileError> {
    match read_keypair(path) {
        Err(KeyfileError::Missing(_)) => {}
        known => return known,
    }
    let keypair = Keypair::new();
    match write_keypair(path, &keypair) {
        Ok(()) => Ok(keypair),
        // Another process was first: its key is the one.
        Err(KeyfileError::Exists(_)) => read_keypair(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_signer::Signer;

    #[test]
    fn a_written_key_reads_back_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id.json");
        let keypair = Keypair::new();
        write_keypair(&path, &keypair).unwrap();
        assert_eq!(read_keypair(&path).unwrap().to_bytes(), keypair.to_bytes());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id.json");
        let first = read_or_create_keypair(&path).unwrap();
        assert!(matches!(write_keypair(&path, &Keypair::new()), Err(KeyfileError::Exists(_))));
        assert_eq!(read_or_create_keypair(&path).unwrap().pubkey(), first.pubkey());
        std::os::unix::fs::symlink("/nowhere", folder.path().join("link.json")).unwrap();
        let through_link = write_keypair(&folder.path().join("link.json"), &Keypair::new());
        assert!(matches!(through_link, Err(KeyfileError::Exists(_))));
    }

    #[test]
    fn what_is_no_keypair_is_refused_in_words_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id.json");
        let mut mixed = Keypair::new().to_bytes();
        mixed[32..].copy_from_slice(Keypair::new().pubkey().as_ref());
        for (text, word) in [
            ("".to_owned(), "JSON"),
            ("[1,2,3]".to_owned(), "3 numbers"),
            ("[256]".to_owned(), "JSON"),
            (format!("{:?}", mixed.to_vec()), "public half"),
            ("9".repeat(5000), "too large"),
        ] {
            fs::write(&path, &text).unwrap();
            let error = read_or_create_keypair(&path).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(matches!(read_keypair(&folder.path().join("none")), Err(KeyfileError::Missing(_))));
        assert!(read_keypair(folder.path()).is_err());
    }
}
