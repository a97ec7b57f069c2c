//! How a blob is called: the job, the attempt and the kind. There are no paths on the wire, so there is nothing to
//! traverse.

use std::fmt;

/// What a blob is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum BlobKind {
    /// The job's specification, as its hash on the chain commits to it.
    Spec = 1,
    /// The bundle the container reads.
    Input = 2,
    /// The provider's signed claim of work.
    Receipt = 3,
    /// The bundle the container wrote.
    Output = 4,
    /// What the container printed.
    Log = 5,
}

impl BlobKind {
    /// Every kind, in the order of its code.
    pub const ALL: [BlobKind; 5] =
        [BlobKind::Spec, BlobKind::Input, BlobKind::Receipt, BlobKind::Output, BlobKind::Log];

    /// The code on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this code.
    pub fn from_code(code: u8) -> Option<BlobKind> {
        BlobKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for BlobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BlobKind::Spec => "spec",
            BlobKind::Input => "input",
            BlobKind::Receipt => "receipt",
            BlobKind::Output => "output",
            BlobKind::Log => "log",
        })
    }
}

/// The full name of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobName {
    /// The job's account address.
    pub job: [u8; 32],
    /// The attempt; spec and input belong to the job, and are named with the attempt that uses them.
    pub attempt: u16,
    /// What it is.
    pub kind: BlobKind,
}

/// One attempt of a job of kind service: what a tunnel leads to and what has a usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceName {
    /// The job's account address.
    pub job: [u8; 32],
    /// The attempt; services have but one.
    pub attempt: u16,
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", hex::encode(self.job), self.attempt)
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", hex::encode(self.job), self.attempt, self.kind)
    }
}
