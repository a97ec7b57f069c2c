//! The file by which other processes find the local network.

use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind, Read, Write},
    path::Path,
};

use crate::LocalnetError;

/// A network file is a few lines; a larger one is another file.
const MAX_BYTES: u64 = 1 << 20;

/// Where a local network is, and what is on it. Addresses are base58.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NetworkFile {
    /// JSON-RPC endpoint.
    pub rpc_url: String,
    /// WebSocket endpoint.
    pub ws_url: String,
    /// Genesis hash. It follows from the second of the start, so a file left behind by an earlier network is recognised;
    /// networks started within the same second share it, and only their URLs tell them apart.
    pub genesis_hash: String,
    /// Program addresses by name.
    pub programs: BTreeMap<String, String>,
    /// Mint addresses by name.
    pub mints: BTreeMap<String, String>,
}

impl NetworkFile {
    /// Reads a network file.
    ///
    /// # Errors
    /// [`LocalnetError::File`] when it is missing or not a network file.
    pub fn read(path: &Path) -> Result<Self, LocalnetError> {
        let wrong = |reason: String| LocalnetError::File { path: path.to_owned(), reason };
        let file = fs::File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => wrong("it does not exist; is the local network running?".to_owned()),
            _ => wrong(error.to_string()),
        })?;
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| wrong(format!("it is not a network file: {error}")))
    }

    /// Writes a network file in place of an earlier one. Readers see the old or the new, never half of either.
    ///
    /// # Errors
    /// [`LocalnetError::File`] when it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LocalnetError> {
        let wrong = |reason: String| LocalnetError::File { path: path.to_owned(), reason };
        let text = serde_json::to_string_pretty(self).map_err(|error| wrong(error.to_string()))?;
        let name = path.file_name().ok_or_else(|| wrong("it has no name".to_owned()))?;
        let mut draft_name = name.to_owned();
        draft_name.push(format!(".{}.draft", std::process::id()));
        let draft = path.with_file_name(draft_name);
        let written = fs::File::create(&draft).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&draft, path)
        });
        written.map_err(|error| {
            // The draft holds nothing that matters; what counts is the first error.
            let _ = fs::remove_file(&draft);
            wrong(error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_reads_back_and_replaces_its_forerunner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.json");
        let mut file = NetworkFile {
            rpc_url: "http://127.0.0.1:1".into(),
            ws_url: "ws://127.0.0.1:2".into(),
            genesis_hash: "x".into(),
            programs: BTreeMap::from([("market".into(), "m".into())]),
            mints: BTreeMap::new(),
        };
        file.write(&path).unwrap();
        file.mints.insert("usd".into(), "u".into());
        file.write(&path).unwrap();
        assert_eq!(NetworkFile::read(&path).unwrap(), file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_network_file_is_said_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.json");
        assert!(NetworkFile::read(&path).unwrap_err().to_string().contains("does not exist"));
        fs::write(&path, "{}").unwrap();
        assert!(NetworkFile::read(&path).unwrap_err().to_string().contains("not a network file"));
        fs::write(&path, [0xff; 10]).unwrap();
        assert!(NetworkFile::read(&path).is_err());
    }
}
