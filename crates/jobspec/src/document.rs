//! The document, how it is read, and what it must obey.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::canonical::write_canonical;
use crate::image::{IMAGE_PLACEHOLDER, ImageDigest, ImageDigestError};
use crate::limits;

/// How the result of a job is proved, and so what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// An independent re-run gives the same output root.
    Deterministic,
    /// A comparator named before the run accepts the outputs. Not offered yet.
    Tolerant,
    /// Heartbeats, probes and the tenant's co-signature, without a re-run. Not offered yet.
    Witnessed,
    /// A quote from a trusted execution environment. Not offered yet.
    Confidential,
    /// A succinct proof checked on the chain. Not offered yet.
    ZeroKnowledge,
}

impl Verification {
    /// The name used in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deterministic => "deterministic",
            Self::Tolerant => "tolerant",
            Self::Witnessed => "witnessed",
            Self::Confidential => "confidential",
            Self::ZeroKnowledge => "zero_knowledge",
        }
    }

    /// Whether a job of this class is accepted at present.
    #[must_use]
    pub fn is_offered(self) -> bool {
        matches!(self, Self::Deterministic)
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one attempt may use at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Processor time, in thousandths of a core.
    pub cpus_milli: u32,
    /// Memory in MiB, with the scratch file system and shared memory; there is no swap.
    pub memory_mib: u32,
    /// Processes and threads together.
    pub pids: u32,
    /// Size of the scratch file system in MiB. It lives in memory.
    pub scratch_mib: u32,
    /// Number of whole GPUs.
    pub gpu_count: u8,
    /// Memory that each GPU must have, in MiB; 0 when any will do, and always when there is no GPU.
    pub vram_mib: u32,
}

/// What one attempt may leave behind at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputLimits {
    /// Sum of the sizes of all output files, in bytes. No single file, scratch included, may be larger.
    pub max_bytes: u64,
    /// Number of output files.
    pub max_files: u32,
}

/// A job document that has passed every check.
///
/// Made by [`JobSpec::parse`], by deserialising, or by hand and then [`JobSpec::validate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SpecDraft")]
pub struct JobSpec {
    /// Version of the document, 1.
    pub version: u16,
    /// A name for people: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// The image to run.
    pub image: ImageDigest,
    /// Program and arguments, in place of the image's own; empty to run what the image says.
    pub command: Vec<String>,
    /// Variables added to the fixed environment.
    pub env: BTreeMap<String, String>,
    /// What one attempt may use.
    pub resources: Resources,
    /// What one attempt may leave behind.
    pub outputs: OutputLimits,
    /// Seconds an attempt may run before it is stopped.
    pub max_seconds: u32,
    /// How the result is proved.
    pub verification: Verification,
}

/// A job document as written, whose image may still be [`IMAGE_PLACEHOLDER`] and whose bounds are not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecDraft {
    version: u16,
    name: String,
    image: String,
    command: Vec<String>,
    #[serde(default, deserialize_with = "map_without_duplicates")]
    env: BTreeMap<String, String>,
    resources: Resources,
    outputs: OutputLimits,
    max_seconds: u32,
    verification: Verification,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The document is too large to be read.
    #[error("the document is {bytes} bytes long, the limit is {limit}")]
    DocumentTooLong {
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        limit: usize,
    },
    /// The document is not JSON of the right shape: a syntax error, an unknown, missing or repeated field, a value
    /// of the wrong type.
    #[error("{0}")]
    Json(String),
    /// A version this crate does not know.
    #[error("version is {version}, only {} is known", limits::VERSION)]
    UnknownVersion {
        /// Version found.
        version: u16,
    },
    /// A number outside its bounds.
    #[error("{field} is {value}, it must be from {min} to {max}")]
    OutOfRange {
        /// Path of the field in the document.
        field: &'static str,
        /// Value found.
        value: u64,
        /// Least value allowed.
        min: u64,
        /// Greatest value allowed.
        max: u64,
    },
    /// A text or a list with a length outside its bounds.
    #[error("{field} has {found} {unit}, it must have from {min} to {max}")]
    LengthOutOfRange {
        /// Path of the field in the document.
        field: &'static str,
        /// What is counted: bytes, items or variables.
        unit: &'static str,
        /// Number found.
        found: usize,
        /// Least number allowed.
        min: usize,
        /// Greatest number allowed.
        max: usize,
    },
    /// A character that a name may not have.
    #[error("name {name:?} has {character:?}, allowed are a-z, 0-9, '-' and '_'")]
    NameCharacter {
        /// The name.
        name: String,
        /// The first character refused.
        character: char,
    },
    /// The image is not named by a digest.
    #[error("image: {0}")]
    Image(#[from] ImageDigestError),
    /// The image is still the placeholder.
    #[error("image is still {IMAGE_PLACEHOLDER:?}: build the image and give its digest")]
    ImageUnresolved,
    /// An image was given for a document that names another one itself.
    #[error("image is {document} in the document, but {given} was given")]
    ImageConflict {
        /// Digest in the document.
        document: ImageDigest,
        /// Digest given beside it.
        given: ImageDigest,
    },
    /// The program to run is an empty text.
    #[error("command[0] is empty, it must name a program")]
    ProgramEmpty,
    /// A NUL byte, which ends a text for the kernel.
    #[error("{field} holds a NUL byte")]
    NulByte {
        /// The field, with its index or key.
        field: String,
    },
    /// A variable whose name is not of upper-case letters, digits and `_`, or starts with a digit.
    #[error("env has the name {key:?}, names match [A-Z_][A-Z0-9_]*")]
    EnvKeyCharacter {
        /// The name.
        key: String,
    },
    /// A variable that only the sandbox may set.
    #[error("env sets {key}, which is refused: {reason}")]
    EnvKeyRefused {
        /// The name.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// GPU memory is asked for without a GPU.
    #[error("resources.vram_mib is {vram_mib} while resources.gpu_count is 0")]
    VramWithoutGpu {
        /// Memory asked for, in MiB.
        vram_mib: u32,
    },
    /// A class of verification that exists in the format and is not offered.
    #[error(
        "verification \"{asked}\" is not offered yet; only \"deterministic\" is (not yet: tolerant, witnessed, \
         confidential, zero_knowledge)"
    )]
    VerificationNotOffered {
        /// The class asked for.
        asked: Verification,
    },
}

impl SpecDraft {
    /// Reads a document without checking its bounds.
    ///
    /// # Errors
    /// The document is too long or not of the right shape.
    pub fn parse(bytes: &[u8]) -> Result<Self, SpecError> {
        let limit = limits::DOCUMENT_BYTES_MAX;
        if bytes.len() > limit {
            return Err(SpecError::DocumentTooLong { bytes: bytes.len(), limit });
        }
        serde_json::from_slice(bytes).map_err(|error| SpecError::Json(error.to_string()))
    }

    /// Whether the document leaves its image to be resolved.
    #[must_use]
    pub fn needs_image(&self) -> bool {
        self.image == IMAGE_PLACEHOLDER
    }

    /// Puts the image in place of the placeholder and checks every rule.
    ///
    /// # Errors
    /// The placeholder is left without an image, the document names another image than the given one, or a rule of
    /// [`JobSpec::validate`] is broken.
    pub fn resolve(self, image: Option<ImageDigest>) -> Result<JobSpec, SpecError> {
        let image = match (self.needs_image(), image) {
            (true, Some(given)) => given,
            (true, None) => return Err(SpecError::ImageUnresolved),
            (false, given) => {
                let document: ImageDigest = self.image.parse()?;
                match given {
                    Some(given) if given != document => {
                        return Err(SpecError::ImageConflict { document, given });
                    }
                    _ => document,
                }
            }
        };
        let spec = JobSpec {
            version: self.version,
            name: self.name,
            image,
            command: self.command,
            env: self.env,
            resources: self.resources,
            outputs: self.outputs,
            max_seconds: self.max_seconds,
            verification: self.verification,
        };
        spec.validate()?;
        Ok(spec)
    }
}

impl TryFrom<SpecDraft> for JobSpec {
    type Error = SpecError;

    fn try_from(draft: SpecDraft) -> Result<Self, Self::Error> {
        draft.resolve(None)
    }
}

impl JobSpec {
    /// Reads and checks a document whose image is named by its digest.
    ///
    /// # Errors
    /// The first rule that the document breaks.
    pub fn parse(bytes: &[u8]) -> Result<Self, SpecError> {
        Self::parse_with_image(bytes, None)
    }

    /// Reads and checks a document, putting `image` in place of [`IMAGE_PLACEHOLDER`].
    ///
    /// # Errors
    /// As [`SpecDraft::parse`] and [`SpecDraft::resolve`].
    pub fn parse_with_image(bytes: &[u8], image: Option<ImageDigest>) -> Result<Self, SpecError> {
        SpecDraft::parse(bytes)?.resolve(image)
    }

    /// Checks every bound and rule.
    ///
    /// # Errors
    /// The first one broken, with the field, its value and the bound.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.version != limits::VERSION {
            return Err(SpecError::UnknownVersion { version: self.version });
        }
        self.validate_name()?;
        self.validate_command()?;
        self.validate_env()?;

        let asked = &self.resources;
        require_range("resources.cpus_milli", asked.cpus_milli, limits::CPUS_MILLI)?;
        require_range("resources.memory_mib", asked.memory_mib, limits::MEMORY_MIB)?;
        require_range("resources.pids", asked.pids, limits::PIDS)?;
        require_range("resources.scratch_mib", asked.scratch_mib, limits::SCRATCH_MIB)?;
        require_range("resources.gpu_count", asked.gpu_count, limits::GPU_COUNT)?;
        require_range("resources.vram_mib", asked.vram_mib, limits::VRAM_MIB)?;
        if asked.gpu_count == 0 && asked.vram_mib > 0 {
            return Err(SpecError::VramWithoutGpu { vram_mib: asked.vram_mib });
        }
        require_range("outputs.max_bytes", self.outputs.max_bytes, limits::OUTPUT_BYTES)?;
        require_range("outputs.max_files", self.outputs.max_files, limits::OUTPUT_FILES)?;
        require_range("max_seconds", self.max_seconds, limits::SECONDS)?;
        if !self.verification.is_offered() {
            return Err(SpecError::VerificationNotOffered { asked: self.verification });
        }
        Ok(())
    }

    fn validate_name(&self) -> Result<(), SpecError> {
        require_length("name", "bytes", self.name.len(), limits::NAME_BYTES)?;
        let refused = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        match self.name.chars().find(refused) {
            Some(character) => Err(SpecError::NameCharacter { name: self.name.clone(), character }),
            None => Ok(()),
        }
    }

    fn validate_command(&self) -> Result<(), SpecError> {
        require_length("command", "items", self.command.len(), 0..=limits::COMMAND_ITEMS_MAX)?;
        let bytes = self.command.iter().map(String::len).sum();
        require_length("command", "bytes", bytes, 0..=limits::COMMAND_BYTES_MAX)?;
        if self.command.first().is_some_and(String::is_empty) {
            return Err(SpecError::ProgramEmpty);
        }
        for (index, item) in self.command.iter().enumerate() {
            if item.contains('\0') {
                return Err(SpecError::NulByte { field: format!("command[{index}]") });
            }
        }
        Ok(())
    }

    fn validate_env(&self) -> Result<(), SpecError> {
        require_length("env", "variables", self.env.len(), 0..=limits::ENV_VARIABLES_MAX)?;
        let bytes = self.env.iter().map(|(key, value)| key.len() + value.len()).sum();
        require_length("env", "bytes", bytes, 0..=limits::ENV_BYTES_MAX)?;
        for (key, value) in &self.env {
            require_length("env key", "bytes", key.len(), limits::ENV_KEY_BYTES)?;
            let starts_well = key.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
            let goes_on_well = key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if !starts_well || !goes_on_well {
                return Err(SpecError::EnvKeyCharacter { key: key.clone() });
            }
            if let Some(reason) = env_refusal(key) {
                return Err(SpecError::EnvKeyRefused { key: key.clone(), reason });
            }
            if value.contains('\0') {
                return Err(SpecError::NulByte { field: format!("env.{key}") });
            }
        }
        Ok(())
    }

    /// The canonical form: equal documents have equal bytes, on every machine and in every language.
    #[must_use]
    pub fn canonical_json(&self) -> Vec<u8> {
        // Cannot fail: every key is a string and no field is a float or has its own fallible serialiser.
        #[allow(clippy::unwrap_used)]
        let value = serde_json::to_value(self).unwrap();
        let mut out = Vec::new();
        write_canonical(&value, &mut out);
        out
    }

    /// SHA-256 of the canonical form: the value the chain holds.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_json()).into()
    }
}

/// Why a variable may not be set by a document, if so.
fn env_refusal(key: &str) -> Option<&'static str> {
    match key {
        "LD_PRELOAD" | "LD_AUDIT" => Some("it loads code into every program, the engine's own hooks included"),
        _ if key.starts_with("NVIDIA_") => Some("it steers which GPUs and driver parts the engine gives"),
        _ => None,
    }
}

fn require_range<T: Into<u64> + Copy>(
    field: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), SpecError> {
    let (value, min, max) = (value.into(), (*range.start()).into(), (*range.end()).into());
    if (min..=max).contains(&value) { Ok(()) } else { Err(SpecError::OutOfRange { field, value, min, max }) }
}

fn require_length(
    field: &'static str,
    unit: &'static str,
    found: usize,
    range: RangeInclusive<usize>,
) -> Result<(), SpecError> {
    if range.contains(&found) {
        return Ok(());
    }
    Err(SpecError::LengthOutOfRange { field, unit, found, min: *range.start(), max: *range.end() })
}

/// Reads a map and refuses a key given twice, where JSON itself would let the last one win.
fn map_without_duplicates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Map;

    impl<'de> Visitor<'de> for Map {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of names to texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = access.next_entry::<String, String>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format!("duplicate key `{key}`")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Map)
}
