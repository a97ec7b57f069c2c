//! Why a document is refused.

use crate::image::{IMAGE_PLACEHOLDER, ImageDigest, ImageDigestError};
use crate::limits;

/// The first rule that a document breaks.
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
    #[error("{field}[0] is empty, it must name a program")]
    ProgramEmpty {
        /// Path of the command in the document.
        field: &'static str,
    },
    /// One port is named twice.
    #[error("ports has {number} twice: name each port once")]
    PortTwice {
        /// The port.
        number: u16,
    },
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
    /// A device is described and none is asked for.
    #[error("{field} is {value} while resources.gpu_count is 0: ask for a GPU or drop the field")]
    GpuFieldWithoutGpu {
        /// Path of the field in the document.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// A model's name with something else than printable ASCII in it.
    #[error("resources.gpu_model {model:?} has {character:?}, drivers name devices in printable ASCII")]
    ModelCharacter {
        /// The name.
        model: String,
        /// The first character refused.
        character: char,
    },
    /// A comparator beside a class that compares bytes.
    #[error("comparator is set, but verification is \"{verification}\": only \"tolerant\" has one")]
    ComparatorNotUsed {
        /// The class.
        verification: &'static str,
    },
    /// A promise of availability for something that ends by itself.
    #[error("sla is set, but kind is \"batch\": availability is promised for services only")]
    SlaForBatch,
    /// A class that re-runs something which has no end to compare.
    #[error(
        "verification is \"{verification}\", but kind is \"service\": nobody can re-run a service; use \"witnessed\""
    )]
    ServiceNotWitnessed {
        /// The class.
        verification: &'static str,
    },
    /// Further attempts of something that was paid for while it ran.
    #[error("retries is {retries}, but kind is \"service\": a service has one attempt; use 0 and post it again")]
    RetriesForService {
        /// Number found.
        retries: u8,
    },
    /// The format has it and no node honours it today.
    #[error("{field} {asked} is not offered yet: {instead}")]
    NotOffered {
        /// Path of the field in the document.
        field: &'static str,
        /// What it asks for.
        asked: String,
        /// What can be had instead.
        instead: &'static str,
    },
}

impl SpecError {
    /// The error's name, the same in every language and in the vectors.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::DocumentTooLong { .. } => "DocumentTooLong",
            Self::Json(_) => "Json",
            Self::UnknownVersion { .. } => "UnknownVersion",
            Self::OutOfRange { .. } => "OutOfRange",
            Self::LengthOutOfRange { .. } => "LengthOutOfRange",
            Self::NameCharacter { .. } => "NameCharacter",
            Self::Image(_) => "Image",
            Self::ImageUnresolved => "ImageUnresolved",
            Self::ImageConflict { .. } => "ImageConflict",
            Self::ProgramEmpty { .. } => "ProgramEmpty",
            Self::PortTwice { .. } => "PortTwice",
            Self::NulByte { .. } => "NulByte",
            Self::EnvKeyCharacter { .. } => "EnvKeyCharacter",
            Self::EnvKeyRefused { .. } => "EnvKeyRefused",
            Self::GpuFieldWithoutGpu { .. } => "GpuFieldWithoutGpu",
            Self::ModelCharacter { .. } => "ModelCharacter",
            Self::ComparatorNotUsed { .. } => "ComparatorNotUsed",
            Self::SlaForBatch => "SlaForBatch",
            Self::ServiceNotWitnessed { .. } => "ServiceNotWitnessed",
            Self::RetriesForService { .. } => "RetriesForService",
            Self::NotOffered { .. } => "NotOffered",
        }
    }

    /// The field at fault, as a path in the document, where one is.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let field = match self {
            Self::DocumentTooLong { .. } | Self::Json(_) => return None,
            Self::UnknownVersion { .. } => "version",
            Self::OutOfRange { field, .. }
            | Self::LengthOutOfRange { field, .. }
            | Self::GpuFieldWithoutGpu { field, .. }
            | Self::NotOffered { field, .. } => field,
            Self::NameCharacter { .. } => "name",
            Self::Image(_) | Self::ImageUnresolved | Self::ImageConflict { .. } => "image",
            Self::ProgramEmpty { field } => return Some(format!("{field}[0]")),
            Self::PortTwice { .. } => "ports",
            Self::ServiceNotWitnessed { .. } => "verification",
            Self::RetriesForService { .. } => "retries",
            Self::NulByte { field } => return Some(field.clone()),
            Self::EnvKeyCharacter { key } | Self::EnvKeyRefused { key, .. } => return Some(format!("env.{key}")),
            Self::ModelCharacter { .. } => "resources.gpu_model",
            Self::ComparatorNotUsed { .. } => "comparator",
            Self::SlaForBatch => "sla",
        };
        Some(field.to_owned())
    }
}
