//! Which images are let in: those whose own configuration cannot undo a setting of the sandbox.

use bollard::models::ImageInspect;
use proofmill_jobspec::ImageDigest;

use crate::limits;

/// What an engine says about an image, as far as admission asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// Its id, such as `sha256:…`.
    pub id: String,
    /// Names by digest, such as `repository@sha256:…`.
    pub repo_digests: Vec<String>,
    /// Operating system, such as `linux`.
    pub os: String,
    /// Variables it sets, as `KEY=value`.
    pub env: Vec<String>,
    /// Volumes it declares.
    pub volumes: Vec<String>,
    /// The user it asks for; overridden by the sandbox.
    pub user: String,
    /// Size in bytes, unpacked.
    pub size_bytes: i64,
    /// Whether it names a program to run.
    pub names_program: bool,
}

impl From<&ImageInspect> for ImageFacts {
    fn from(image: &ImageInspect) -> Self {
        let config = image.config.clone().unwrap_or_default();
        let names = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|items| !items.is_empty());
        Self {
            id: image.id.clone().unwrap_or_default(),
            repo_digests: image.repo_digests.clone().unwrap_or_default(),
            os: image.os.clone().unwrap_or_default(),
            names_program: names(&config.entrypoint) || names(&config.cmd),
            env: config.env.unwrap_or_default(),
            volumes: config.volumes.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            size_bytes: image.size.unwrap_or_default(),
        }
    }
}

/// The rule by which an image is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The engine answered with another image than the one asked for.
    #[error("image {found} is not the {asked} of the job")]
    OtherImage {
        /// Id of the image found.
        found: String,
        /// Digest in the job document.
        asked: ImageDigest,
    },
    /// The image is not for Linux.
    #[error("the image is for {os:?}, only \"linux\" is run")]
    OperatingSystem {
        /// What it is for.
        os: String,
    },
    /// The image declares a volume: a writable, unbounded directory of the host in a read-only container.
    #[error("the image declares the volume {volume:?}")]
    DeclaresVolume {
        /// Its path.
        volume: String,
    },
    /// The image loads code into every program of the container and into the engine's hooks.
    #[error("the image sets {variable}")]
    SetsLoaderVariable {
        /// The variable.
        variable: String,
    },
    /// The image sets more variables than any ordinary one.
    #[error("the image sets {found} variables, the limit is {limit}")]
    TooManyVariables {
        /// Number found.
        found: usize,
        /// Number allowed.
        limit: usize,
    },
    /// The image is too large.
    #[error("the image has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Size found, in bytes.
        bytes: i64,
        /// Size allowed, in bytes.
        limit: i64,
    },
    /// Neither the job nor the image says what to run.
    #[error("the job has no command and the image names no program")]
    NothingToRun,
}

/// Decides whether an image may be run for a job. `has_command` says whether the job names its own program.
///
/// The image's user, health check and `NVIDIA_*` variables are no ground for refusal: the sandbox overrides them,
/// and ordinary CUDA images set them.
///
/// # Errors
/// The first rule the image breaks.
pub fn admit(asked: &ImageDigest, has_command: bool, image: &ImageFacts) -> Result<(), Refusal> {
    let digest = asked.to_string();
    let by_repository = |name: &String| name.rsplit_once('@').is_some_and(|(_, found)| found == digest);
    if image.id != digest && !image.repo_digests.iter().any(by_repository) {
        return Err(Refusal::OtherImage { found: image.id.clone(), asked: *asked });
    }
    if image.os != "linux" {
        return Err(Refusal::OperatingSystem { os: image.os.clone() });
    }
    if let Some(volume) = image.volumes.first() {
        return Err(Refusal::DeclaresVolume { volume: volume.clone() });
    }
    if image.env.len() > limits::IMAGE_ENV_MAX {
        return Err(Refusal::TooManyVariables { found: image.env.len(), limit: limits::IMAGE_ENV_MAX });
    }
    if let Some(variable) = loader_variable(&image.env) {
        return Err(Refusal::SetsLoaderVariable { variable });
    }
    if image.size_bytes > limits::IMAGE_BYTES_MAX {
        return Err(Refusal::TooLarge { bytes: image.size_bytes, limit: limits::IMAGE_BYTES_MAX });
    }
    if !has_command && !image.names_program {
        return Err(Refusal::NothingToRun);
    }
    Ok(())
}

/// The first variable that makes the loader load more than the program asks for, set or even only named.
pub(crate) fn loader_variable(env: &[String]) -> Option<String> {
    let names = env.iter().map(|text| text.split('=').next().unwrap_or_default());
    names.into_iter().find(|name| matches!(*name, "LD_PRELOAD" | "LD_AUDIT")).map(str::to_owned)
}
