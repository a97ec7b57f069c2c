//! The document: its fields, how it is read, and how it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::canonical::write_canonical;
use crate::error::SpecError;
use crate::image::{IMAGE_PLACEHOLDER, ImageDigest, InputRoot};
use crate::limits;
use crate::schema::{IMAGE_PATTERN, ROOT_PATTERN};

/// How a job lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Runs to its end and is paid for its metered time. The tasks of an array are batch jobs of one document.
    #[default]
    Batch,
    /// Runs until somebody ends it, and is paid by the second of health. Its class is `witnessed`.
    Service,
}

/// How the result of a job is proved, and so what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// An independent re-run gives the same output root.
    #[default]
    Deterministic,
    /// A comparator named before the run accepts the outputs. Not offered yet.
    Tolerant,
    /// Usage that the tenant signs or that validators witness, without a re-run. The class of services.
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

    /// Whether a job of this class is accepted at present: batch jobs are deterministic, services witnessed.
    #[must_use]
    pub fn is_offered(self) -> bool {
        matches!(self, Self::Deterministic | Self::Witnessed)
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How outputs of the class `tolerant` are compared. Thresholds are integers, so that they hash alike everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Comparator {
    /// Arrays of numbers.
    Tensor {
        /// Relative difference allowed, parts per billion.
        relative_ppb: u32,
        /// Absolute difference allowed, parts per billion of one.
        absolute_ppb: u32,
        /// Share of the numbers that may lie outside, basis points.
        outliers_bps_max: u16,
    },
    /// Pictures.
    Image {
        /// Least peak signal-to-noise ratio, thousandths of a decibel.
        psnr_millidecibel_min: u32,
        /// Least structural similarity, basis points.
        ssim_bps_min: u16,
    },
    /// JSON documents whose numbers may differ.
    Json {
        /// Relative difference allowed, parts per billion.
        relative_ppb: u32,
    },
}

/// Least standing of a provider. Each includes the ones after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Whoever fits.
    #[default]
    Any,
    /// A gaming card or better.
    Consumer,
    /// A workstation or better.
    Prosumer,
    /// A data centre.
    Datacenter,
}

/// Who made the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GpuVendor {
    /// Whichever.
    #[default]
    Any,
    /// NVIDIA: never a simulated device.
    Nvidia,
    /// AMD. Not offered yet.
    Amd,
    /// Intel. Not offered yet.
    Intel,
}

/// Who may read inputs, outputs and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// The parties of the job: tenant, provider, drawn validators and re-executors; encrypted on the way.
    #[default]
    Parties,
    /// Everybody. Not offered yet.
    Public,
    /// Not even the provider. Not offered yet.
    Confidential,
}

/// What one attempt may use at most, and what it must find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Processor time, in thousandths of a core.
    #[schemars(range(min = *limits::CPUS_MILLI.start(), max = *limits::CPUS_MILLI.end()))]
    pub cpus_milli: u32,
    /// Memory in MiB, with the scratch file system and shared memory; there is no swap.
    #[schemars(range(min = *limits::MEMORY_MIB.start(), max = *limits::MEMORY_MIB.end()))]
    pub memory_mib: u32,
    /// Processes and threads together.
    #[serde(default = "limits::pids_default")]
    #[schemars(range(min = *limits::PIDS.start(), max = *limits::PIDS.end()))]
    pub pids: u32,
    /// Size of the scratch file system in MiB. It lives in memory.
    #[serde(default = "limits::scratch_mib_default")]
    #[schemars(range(min = *limits::SCRATCH_MIB.start(), max = *limits::SCRATCH_MIB.end()))]
    pub scratch_mib: u32,
    /// Number of whole GPUs.
    #[serde(default)]
    #[schemars(range(min = *limits::GPU_COUNT.start(), max = *limits::GPU_COUNT.end()))]
    pub gpu_count: u8,
    /// Who made them.
    #[serde(default)]
    pub gpu_vendor: GpuVendor,
    /// Their model as the driver names it, without regard to case; null for any. Announced by providers and not
    /// measured: prefer `vram_mib`, `tier` and a certificate.
    #[serde(default)]
    #[schemars(length(min = *limits::GPU_MODEL_BYTES.start(), max = *limits::GPU_MODEL_BYTES.end()), regex(pattern = "^[ -~]*$"))]
    pub gpu_model: Option<String>,
    /// Least standing of the provider; checked on chain.
    #[serde(default)]
    pub tier: Tier,
    /// Memory that each GPU must have, in MiB; 0 when any will do, and always when there is no GPU.
    #[serde(default)]
    #[schemars(range(min = *limits::VRAM_MIB.start(), max = *limits::VRAM_MIB.end()))]
    pub vram_mib: u32,
}

/// What an attempt finds in `/in`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Inputs {
    /// Root of the manifest of the files to be given, 64 lower-case hexadecimal digits; null for whatever is given.
    #[schemars(with = "Option<String>", regex(pattern = ROOT_PATTERN))]
    pub root: Option<InputRoot>,
    /// Files to be fetched by the node. Not offered yet: containers have no network, and nodes fetch nothing.
    #[schemars(length(max = limits::REMOTE_INPUTS_MAX))]
    pub remote: Vec<RemoteInput>,
}

/// One file that a node would fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteInput {
    /// Where it is.
    #[schemars(length(min = 1, max = limits::TEXT_BYTES_MAX))]
    pub url: String,
    /// SHA-256 of its content, 64 lower-case hexadecimal digits.
    #[schemars(with = "String", regex(pattern = ROOT_PATTERN))]
    pub sha256: InputRoot,
    /// Its place below `/in`.
    #[schemars(length(min = 1, max = limits::TEXT_BYTES_MAX))]
    pub path: String,
}

/// What one attempt may leave behind at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputLimits {
    /// Sum of the sizes of all output files, in bytes. No single file, scratch included, may be larger.
    #[schemars(range(min = *limits::OUTPUT_BYTES.start(), max = *limits::OUTPUT_BYTES.end()))]
    pub max_bytes: u64,
    /// Number of output files.
    #[schemars(range(min = *limits::OUTPUT_FILES.start(), max = *limits::OUTPUT_FILES.end()))]
    pub max_files: u32,
}

impl Default for OutputLimits {
    fn default() -> Self {
        Self { max_bytes: limits::OUTPUT_BYTES_DEFAULT, max_files: limits::OUTPUT_FILES_DEFAULT }
    }
}

/// A port that a container listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// Its number in the container.
    #[schemars(range(min = 1))]
    pub number: u16,
    /// What is spoken there.
    #[serde(default)]
    pub protocol: Protocol,
}

/// What is spoken at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Any stream.
    #[default]
    Tcp,
    /// Datagrams. Not offered yet.
    Udp,
    /// HTTP, which a gateway may forward by name.
    Http,
}

/// How a service is asked whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// Program and arguments, run in the container; exit code 0 is well.
    #[schemars(length(min = 1, max = limits::COMMAND_ITEMS_MAX))]
    pub command: Vec<String>,
    /// Seconds between two questions.
    #[schemars(range(min = *limits::HEALTH_SECONDS.start(), max = *limits::HEALTH_SECONDS.end()))]
    pub interval_seconds: u32,
    /// Seconds until an answer is taken for a failure.
    #[schemars(range(min = *limits::HEALTH_SECONDS.start(), max = *limits::HEALTH_SECONDS.end()))]
    pub timeout_seconds: u32,
    /// Failures in a row that make it ill.
    #[schemars(range(min = 1))]
    pub failures_max: u8,
}

/// Times other than the run's own. 0 leaves each to the network or the node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// Seconds from the match to the start. Only 0 is offered: the market's own window applies to everybody.
    #[schemars(range(max = *limits::SECONDS.end()))]
    pub start_seconds: u32,
    /// Seconds between asking a container to stop and killing it. Only 0 is offered: the node's own.
    #[schemars(range(max = *limits::SECONDS.end()))]
    pub stop_seconds: u32,
}

/// Where, by whom and on what a job may run; all of it is checked on chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Placement {
    /// ISO 3166 numeric code of the country, such as 756; 0 for anywhere.
    #[schemars(range(max = *limits::REGION.end()))]
    pub region: u16,
    /// Least uptime of the provider, basis points. The market's own minimum holds besides.
    #[schemars(range(max = *limits::BPS.end()))]
    pub uptime_bps: u16,
    /// Oldest certificate of the measured GPU accepted, seconds; 0 asks for none.
    #[schemars(range(max = *limits::CERTIFICATE_AGE_SECONDS.end()))]
    pub certificate_age_seconds_max: u32,
    /// Whether a simulated device will do. Only local networks have any.
    pub allow_simulated: bool,
}

impl Default for Placement {
    fn default() -> Self {
        Self { region: 0, uptime_bps: 0, certificate_age_seconds_max: 0, allow_simulated: true }
    }
}

/// Availability that the provider of a service pledges stake for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// Availability below which the bond is due, basis points.
    #[schemars(range(min = 1, max = *limits::BPS.end()))]
    pub uptime_bps: u16,
    /// Stake pledged, atoms of the stake mint.
    #[schemars(range(min = 1, max = limits::INTEGER_MAX))]
    pub bond: u64,
}

/// A job document that has passed every check.
///
/// Made by [`JobSpec::parse`], by deserialising, or by hand and then [`JobSpec::validate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobSpec {
    /// Version of the document, 1.
    pub version: u16,
    /// How it lives.
    pub kind: Kind,
    /// A name for people: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// The image to run.
    pub image: ImageDigest,
    /// Program and arguments, in place of the image's own; empty to run what the image says.
    pub command: Vec<String>,
    /// Variables added to the fixed environment.
    pub env: BTreeMap<String, String>,
    /// What one attempt may use, and what it must find.
    pub resources: Resources,
    /// What an attempt finds in `/in`.
    pub inputs: Inputs,
    /// What one attempt may leave behind.
    pub outputs: OutputLimits,
    /// Ports that the container listens on.
    pub ports: Vec<Port>,
    /// How a service is asked whether it is well.
    pub health: Option<HealthCheck>,
    /// Seconds an attempt may run before it is stopped.
    pub max_seconds: u32,
    /// Other times.
    pub timeouts: Timeouts,
    /// Further attempts after one of which nothing came.
    pub retries: u8,
    /// Where, by whom and on what it may run.
    pub placement: Placement,
    /// Most atoms of the payment mint per second; 0 leaves it to the offer taken.
    pub price_ceiling_per_second: u64,
    /// How the result is proved.
    pub verification: Verification,
    /// How outputs are compared; null unless the class is tolerant.
    pub comparator: Option<Comparator>,
    /// Who may read its data.
    pub privacy: Privacy,
    /// What the provider of a service pledges.
    pub sla: Option<Sla>,
}

/// A job to be run on somebody else's GPU, and everything that it asks for. Unknown fields are refused; fields left out
/// have the default written beside them. The chain holds the SHA-256 of the canonical form: every field present, keys in
/// byte order, no white space.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Proofmill job")]
pub struct SpecDraft {
    /// Version of the document.
    #[schemars(extend("const" = limits::VERSION))]
    version: u16,
    /// How the job lives.
    #[serde(default)]
    kind: Kind,
    /// A name for people: lower-case letters, digits, `-` and `_`.
    #[schemars(length(min = *limits::NAME_BYTES.start(), max = *limits::NAME_BYTES.end()), regex(pattern = "^[a-z0-9_-]+$"))]
    name: String,
    /// The image to run, by digest. (Files may say `resolved-at-build`; then the digest is given when they are read.)
    #[schemars(regex(pattern = IMAGE_PATTERN))]
    image: String,
    /// Program and arguments, in place of the image's own; empty to run what the image says.
    #[serde(default)]
    #[schemars(length(max = limits::COMMAND_ITEMS_MAX))]
    command: Vec<String>,
    /// Variables added to the fixed environment. Names are upper-case words.
    #[serde(default, deserialize_with = "map_without_duplicates")]
    #[schemars(with = "BTreeMap<String, String>", extend(
        "maxProperties" = limits::ENV_VARIABLES_MAX,
        "propertyNames" = { "pattern": "^[A-Z_][A-Z0-9_]*$", "maxLength": *limits::ENV_KEY_BYTES.end() }
    ))]
    env: BTreeMap<String, String>,
    /// What one attempt may use at most, and what it must find.
    #[serde(deserialize_with = "object")]
    resources: Resources,
    /// What an attempt finds in `/in`.
    #[serde(default, deserialize_with = "object")]
    inputs: Inputs,
    /// What one attempt may leave behind at most.
    #[serde(default, deserialize_with = "object")]
    outputs: OutputLimits,
    /// Ports that the container of a service listens on; only its tenant reaches them. A batch job has no network.
    #[serde(default)]
    #[schemars(length(max = limits::PORTS_MAX))]
    ports: Vec<Port>,
    /// How a service is asked whether it is well; null to take it for well once its first port accepts a connection or,
    /// without ports, once it runs.
    #[serde(default)]
    health: Option<HealthCheck>,
    /// Seconds an attempt may run before it is stopped; of a service, the seconds first paid for.
    #[schemars(range(min = *limits::SECONDS.start(), max = *limits::SECONDS.end()))]
    max_seconds: u32,
    /// Times other than the run's own.
    #[serde(default, deserialize_with = "object")]
    timeouts: Timeouts,
    /// Further attempts after one of which nothing came: given back, never started, or without a receipt. A service has
    /// none.
    #[serde(default)]
    #[schemars(range(max = *limits::RETRIES.end()))]
    retries: u8,
    /// Where, by whom and on what the job may run.
    #[serde(default, deserialize_with = "object")]
    placement: Placement,
    /// Most atoms of the payment mint per second: escrow is this times `max_seconds`, and what is not used comes back.
    /// 0 leaves it to the offer taken; auctions and arrays need one.
    #[serde(default)]
    #[schemars(range(max = limits::INTEGER_MAX))]
    price_ceiling_per_second: u64,
    /// How the result is proved.
    #[serde(default)]
    verification: Verification,
    /// How outputs are compared; null unless the class is `tolerant`. Not offered yet.
    #[serde(default)]
    comparator: Option<Comparator>,
    /// Who may read its data.
    #[serde(default)]
    privacy: Privacy,
    /// Availability that the provider of a service pledges stake for; null for none.
    #[serde(default)]
    sla: Option<Sla>,
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
        let refused = |error: serde_json::Error| SpecError::Json(error.to_string());
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let draft = object(&mut reader).map_err(refused)?;
        reader.end().map_err(refused)?;
        Ok(draft)
    }

    /// The job's name, unchecked.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
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
            kind: self.kind,
            name: self.name,
            image,
            command: self.command,
            env: self.env,
            resources: self.resources,
            inputs: self.inputs,
            outputs: self.outputs,
            ports: self.ports,
            health: self.health,
            max_seconds: self.max_seconds,
            timeouts: self.timeouts,
            retries: self.retries,
            placement: self.placement,
            price_ceiling_per_second: self.price_ceiling_per_second,
            verification: self.verification,
            comparator: self.comparator,
            privacy: self.privacy,
            sla: self.sla,
        };
        spec.validate()?;
        Ok(spec)
    }
}

impl<'de> Deserialize<'de> for JobSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object::<D, SpecDraft>(deserializer)?.resolve(None).map_err(D::Error::custom)
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

/// Reads an object as an object: a list of its fields in order, which a derived reader takes as well, is refused.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(access))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
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
