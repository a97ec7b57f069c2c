//! The bytes of a request, a response, the frames of a followed log and a signed usage. Pure: no I/O, no allocation
//! beyond a reason.
//!
//! ```text
//! request   version u8 | op u8 | job 32 | attempt u16 | kind u8 | offset u64 | size u64 | hash 32        (85 bytes)
//!           a tunnel has its port where the others have their offset, and kind 0; a usage request has kind 0
//! response  status u8 | reason length u16 | reason UTF-8 <= 512 | size u64 | hash 32
//! frame     1 | length u32 | bytes        data
//!           2                             beat: nothing new, still here
//!           3 | total u64                 end: the log has `total` bytes and will have no more
//! usage     report 92 | signature of the node 64     (156 bytes); answered by the peer's signature 64, or by nothing
//! ```
//!
//! Fields an operation does not use must be zero: one request has one encoding.

use proofmill_protocol::usage::{USAGE_LEN, UsageReport};

use crate::{
    limits::MAX_HEADER_LEN,
    name::{BlobKind, BlobName, ServiceName},
    refusal::{Refusal, RefusalCode},
};

/// The version this build speaks.
pub const VERSION: u8 = 1;
/// The length of a request.
pub const REQUEST_LEN: usize = 85;
/// The most bytes of a reason.
pub const MAX_REASON_LEN: usize = 512;
/// Status and reason length.
pub const RESPONSE_HEAD_LEN: usize = 3;
/// Size and hash, after the reason.
pub const RESPONSE_TAIL_LEN: usize = 40;
/// The most bytes of one data frame.
pub const MAX_FRAME_LEN: usize = crate::limits::BLOCK_LEN;
/// The length of an Ed25519 signature.
pub const SIGNATURE_LEN: usize = 64;
/// The length of a report of usage with its node's signature.
pub const SIGNED_USAGE_LEN: usize = USAGE_LEN + SIGNATURE_LEN;

const _: () = assert!(REQUEST_LEN <= MAX_HEADER_LEN);
const _: () = assert!(RESPONSE_HEAD_LEN + MAX_REASON_LEN + RESPONSE_TAIL_LEN <= MAX_HEADER_LEN);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Op {
    /// Send me this blob.
    Get = 1,
    /// Take this blob.
    Put = 2,
    /// Send me this log as it grows, until it ends.
    Follow = 3,
    /// Connect me with this TCP port of the service's container.
    Tunnel = 4,
    /// Send me the service's usage as you sign it, and take my signature.
    Usage = 5,
}

impl Op {
    /// Every operation.
    pub const ALL: [Op; 5] = [Op::Get, Op::Put, Op::Follow, Op::Tunnel, Op::Usage];

    fn from_code(code: u8) -> Option<Op> {
        Op::ALL.into_iter().find(|op| *op as u8 == code)
    }
}

/// What is wanted of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlobOp {
    /// Send me this blob.
    Get,
    /// Take this blob.
    Put,
    /// Send me this log as it grows, until it ends.
    Follow,
}

/// A request for a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobRequest {
    /// What is asked for.
    pub op: BlobOp,
    /// Of which blob.
    pub name: BlobName,
    /// Where to begin; 0 in a put.
    pub offset: u64,
    /// How many bytes are offered; 0 unless in a put.
    pub size: u64,
    /// The BLAKE3 hash of what is offered; zero unless in a put.
    pub hash: [u8; 32],
}

impl BlobRequest {
    /// The request as bytes.
    pub fn encode(&self) -> [u8; REQUEST_LEN] {
        Request::Blob(*self).encode()
    }
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Get, put or follow a blob.
    Blob(BlobRequest),
    /// Reach a port of a service.
    Tunnel {
        /// Which service.
        service: ServiceName,
        /// The TCP port within its container; never 0.
        port: u16,
    },
    /// Read, and perhaps sign, the usage of a service.
    Usage {
        /// Which service.
        service: ServiceName,
    },
}

impl From<BlobRequest> for Request {
    fn from(request: BlobRequest) -> Request {
        Request::Blob(request)
    }
}

/// The kind of a request that is about no blob.
const NO_BLOB: u8 = 0;

impl Request {
    /// Its operation.
    pub const fn op(&self) -> Op {
        match self {
            Request::Blob(BlobRequest { op: BlobOp::Get, .. }) => Op::Get,
            Request::Blob(BlobRequest { op: BlobOp::Put, .. }) => Op::Put,
            Request::Blob(BlobRequest { op: BlobOp::Follow, .. }) => Op::Follow,
            Request::Tunnel { .. } => Op::Tunnel,
            Request::Usage { .. } => Op::Usage,
        }
    }

    /// The request as bytes.
    pub fn encode(&self) -> [u8; REQUEST_LEN] {
        let (job, attempt, kind, offset, size, hash) = match self {
            Request::Blob(BlobRequest { name, offset, size, hash, .. }) => {
                (name.job, name.attempt, name.kind.code(), *offset, *size, *hash)
            }
            Request::Tunnel { service, port } => (service.job, service.attempt, NO_BLOB, u64::from(*port), 0, [0; 32]),
            Request::Usage { service } => (service.job, service.attempt, NO_BLOB, 0, 0, [0; 32]),
        };
        let mut bytes = [0; REQUEST_LEN];
        bytes[0] = VERSION;
        bytes[1] = self.op() as u8;
        bytes[2..34].copy_from_slice(&job);
        bytes[34..36].copy_from_slice(&attempt.to_le_bytes());
        bytes[36] = kind;
        bytes[37..45].copy_from_slice(&offset.to_le_bytes());
        bytes[45..53].copy_from_slice(&size.to_le_bytes());
        bytes[53..85].copy_from_slice(&hash);
        bytes
    }

    /// Reads what has arrived so far: `None` asks for more. An unknown version or operation is refused on its first
    /// bytes, since only they have a known place in a header of another version.
    pub fn decode(bytes: &[u8]) -> Result<Option<Request>, Refusal> {
        match bytes.first() {
            None => return Ok(None),
            Some(&VERSION) => {}
            Some(other) => {
                let reason = format!("version {other} is not spoken here; {VERSION} is");
                return Err(Refusal::new(RefusalCode::UnsupportedVersion, reason));
            }
        }
        let Some(&op) = bytes.get(1) else { return Ok(None) };
        let op = Op::from_code(op)
            .ok_or_else(|| Refusal::new(RefusalCode::UnknownOp, format!("operation {op} is unknown")))?;
        let Some(bytes) = bytes.first_chunk::<REQUEST_LEN>() else { return Ok(None) };
        match op {
            Op::Get => decode_blob(bytes, BlobOp::Get),
            Op::Put => decode_blob(bytes, BlobOp::Put),
            Op::Follow => decode_blob(bytes, BlobOp::Follow),
            Op::Tunnel => {
                let (service, offset) = decode_service(bytes)?;
                let port = u16::try_from(offset).ok().filter(|port| *port != 0);
                let port = port.ok_or_else(|| bad_request(format!("{offset} is no TCP port")))?;
                Ok(Request::Tunnel { service, port })
            }
            Op::Usage => match decode_service(bytes)? {
                (service, 0) => Ok(Request::Usage { service }),
                _ => Err(bad_request("a usage request has no offset")),
            },
        }
        .map(Some)
    }
}

fn decode_blob(bytes: &[u8; REQUEST_LEN], op: BlobOp) -> Result<Request, Refusal> {
    let kind =
        BlobKind::from_code(bytes[36]).ok_or_else(|| bad_request(format!("blob kind {} is unknown", bytes[36])))?;
    let name = BlobName { job: array(bytes, 2), attempt: u16::from_le_bytes(array(bytes, 34)), kind };
    let offset = u64::from_le_bytes(array(bytes, 37));
    let size = u64::from_le_bytes(array(bytes, 45));
    let hash: [u8; 32] = array(bytes, 53);
    match op {
        BlobOp::Put if offset != 0 => return Err(bad_request("a put has no offset")),
        BlobOp::Get | BlobOp::Follow if size != 0 || hash != [0; 32] => {
            return Err(bad_request("only a put declares a size and a hash"));
        }
        BlobOp::Follow if kind != BlobKind::Log => return Err(bad_request("only a log can be followed")),
        BlobOp::Get | BlobOp::Put | BlobOp::Follow => {}
    }
    Ok(Request::Blob(BlobRequest { op, name, offset, size, hash }))
}

/// The service that a request is about, and what stands where blobs have their offset.
fn decode_service(bytes: &[u8; REQUEST_LEN]) -> Result<(ServiceName, u64), Refusal> {
    if bytes[36] != NO_BLOB || bytes[45..].iter().any(|byte| *byte != 0) {
        return Err(bad_request("a request to a service names no blob, size or hash"));
    }
    let service = ServiceName { job: array(bytes, 2), attempt: u16::from_le_bytes(array(bytes, 34)) };
    Ok((service, u64::from_le_bytes(array(bytes, 37))))
}

/// The usage of a service as its node signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedUsage {
    /// The total.
    pub report: UsageReport,
    /// The node key's signature over the report's envelope of kind `USAG`.
    pub node_signature: [u8; SIGNATURE_LEN],
}

impl SignedUsage {
    /// Its bytes.
    pub fn encode(&self) -> [u8; SIGNED_USAGE_LEN] {
        let mut bytes = [0; SIGNED_USAGE_LEN];
        bytes[..USAGE_LEN].copy_from_slice(&self.report.encode());
        bytes[USAGE_LEN..].copy_from_slice(&self.node_signature);
        bytes
    }

    /// Reads the bytes, or says why they are none. Whether the signature holds is not checked.
    pub fn decode(bytes: &[u8; SIGNED_USAGE_LEN]) -> Result<SignedUsage, String> {
        let (report, signature) = bytes.split_at(USAGE_LEN);
        let report = UsageReport::decode(report).map_err(|error| format!("a report of usage: {error:?}"))?;
        Ok(SignedUsage { report, node_signature: array(signature, 0) })
    }
}

/// A response: granted with a size and a hash, or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Granted.
    Granted {
        /// The whole size of the blob; in the first answer to a put, how many bytes are wanted.
        size: u64,
        /// The BLAKE3 hash of the whole blob; zero where it is not known yet.
        hash: [u8; 32],
    },
    /// Refused.
    Refused(Refusal),
}

impl Response {
    /// The response as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let (status, reason, size, hash) = match self {
            Response::Granted { size, hash } => (0, "", *size, *hash),
            Response::Refused(refusal) => (refusal.code.code(), cut(&refusal.reason), 0, [0; 32]),
        };
        let mut bytes = Vec::with_capacity(RESPONSE_HEAD_LEN + reason.len() + RESPONSE_TAIL_LEN);
        bytes.push(status);
        bytes.extend_from_slice(&(reason.len() as u16).to_le_bytes());
        bytes.extend_from_slice(reason.as_bytes());
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(&hash);
        bytes
    }

    /// How many bytes follow the head (the reason, the size and the hash), or why there can be no such response.
    pub fn rest_len(head: &[u8; RESPONSE_HEAD_LEN]) -> Result<usize, String> {
        let reason_len = usize::from(u16::from_le_bytes([head[1], head[2]]));
        match (head[0], reason_len) {
            (0, 1..) => Err("a granted response with a reason".into()),
            (_, 0..=MAX_REASON_LEN) => Ok(reason_len + RESPONSE_TAIL_LEN),
            _ => Err(format!("a reason of {reason_len} bytes")),
        }
    }

    /// Reads a response whose rest is as long as [`Response::rest_len`] said.
    pub fn decode(head: &[u8; RESPONSE_HEAD_LEN], rest: &[u8]) -> Result<Response, String> {
        if rest.len() != Response::rest_len(head)? {
            return Err(format!("a response with {} bytes after its head", rest.len()));
        }
        let (reason, tail) = rest.split_at(rest.len() - RESPONSE_TAIL_LEN);
        Ok(match RefusalCode::from_code(head[0]) {
            None => Response::Granted { size: u64::from_le_bytes(array(tail, 0)), hash: array(tail, 8) },
            // A reason is shown to people: what is not text must not reach a terminal as if it were.
            Some(code) => Response::Refused(Refusal::new(code, printable(reason))),
        })
    }
}

/// The first byte of a frame of a followed log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameTag {
    /// Bytes of the log.
    Data = 1,
    /// Nothing new.
    Beat = 2,
    /// The end.
    End = 3,
}

impl FrameTag {
    /// The tag with this code.
    pub fn from_code(code: u8) -> Option<FrameTag> {
        [FrameTag::Data, FrameTag::Beat, FrameTag::End].into_iter().find(|tag| *tag as u8 == code)
    }
}

fn bad_request(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadRequest, reason)
}

/// The longest prefix of whole characters that fits.
fn cut(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON_LEN)]
}

fn printable(reason: &[u8]) -> String {
    String::from_utf8_lossy(reason).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `N` bytes from `at`; every caller has checked that they are there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use proofmill_protocol::ids::{Domain, JobKey};
    use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

    fn name(kind: BlobKind) -> BlobName {
        BlobName { job: [7; 32], attempt: 0x0102, kind }
    }

    fn put(kind: BlobKind) -> Request {
        let (op, size) = (BlobOp::Put, 0x0807_0605_0403_0201);
        BlobRequest { op, name: name(kind), offset: 0, size, hash: [9; 32] }.into()
    }

    fn read(op: BlobOp, kind: BlobKind, offset: u64) -> Request {
        BlobRequest { op, name: name(kind), offset, size: 0, hash: [0; 32] }.into()
    }

    fn tunnel(port: u16) -> Request {
        Request::Tunnel { service: ServiceName { job: [7; 32], attempt: 0x0102 }, port }
    }

    fn usage() -> Request {
        Request::Usage { service: ServiceName { job: [7; 32], attempt: 0x0102 } }
    }

    #[test]
    fn a_request_has_the_documented_layout() {
        let bytes = put(BlobKind::Input).encode();
        let mut expected = vec![1, 2];
        expected.extend([7; 32]);
        expected.extend([0x02, 0x01, 2]);
        expected.extend([0; 8]);
        expected.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        expected.extend([9; 32]);
        assert_eq!(bytes.to_vec(), expected);

        let mut expected = vec![1, 4];
        expected.extend([7; 32]);
        expected.extend([0x02, 0x01, 0]);
        expected.extend([0x90, 0x1f, 0, 0, 0, 0, 0, 0]);
        expected.extend([0; 40]);
        assert_eq!(tunnel(8080).encode().to_vec(), expected);

        expected[1] = 5;
        expected[37..45].fill(0);
        assert_eq!(usage().encode().to_vec(), expected);
    }

    #[test]
    fn every_request_survives_the_wire_and_every_prefix_asks_for_more() {
        for kind in BlobKind::ALL {
            for request in [
                put(kind),
                read(BlobOp::Get, kind, 5),
                read(BlobOp::Follow, BlobKind::Log, u64::MAX),
                tunnel(1),
                tunnel(u16::MAX),
                usage(),
            ] {
                let bytes = request.encode();
                assert_eq!(Request::decode(&bytes), Ok(Some(request)));
                for len in 0..REQUEST_LEN {
                    assert_eq!(Request::decode(&bytes[..len]), Ok(None), "{len}");
                }
            }
        }
    }

    #[test]
    fn one_request_has_one_encoding() {
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..20_000 {
            for good in [put(BlobKind::Log), tunnel(80), usage()] {
                let mut bytes = good.encode();
                for _ in 0..rng.random_range(0..4) {
                    bytes[rng.random_range(0..REQUEST_LEN)] = rng.random_range(0..6);
                }
                if let Ok(Some(request)) = Request::decode(&bytes) {
                    assert_eq!(request.encode(), bytes);
                }
            }
        }
    }

    #[test]
    fn unknown_versions_operations_and_kinds_are_refused_by_their_own_codes() {
        let good = put(BlobKind::Spec).encode();
        for (at, values, code) in [
            (0, [0, 2, 255], RefusalCode::UnsupportedVersion),
            (1, [0, 6, 255], RefusalCode::UnknownOp),
            (36, [0, 6, 255], RefusalCode::BadRequest),
            (37, [1, 2, 255], RefusalCode::BadRequest),
        ] {
            for value in values {
                let mut bytes = good;
                bytes[at] = value;
                assert_eq!(Request::decode(&bytes).unwrap_err().code, code, "{at} {value}");
            }
        }
        let follow = read(BlobOp::Follow, BlobKind::Output, 0);
        assert_eq!(Request::decode(&follow.encode()).unwrap_err().code, RefusalCode::BadRequest);
    }

    #[test]
    fn a_request_to_a_service_names_a_port_or_none_and_nothing_else() {
        // Port 0 and one beyond 16 bits; an offset of a usage request; a kind, a size and a hash of either.
        for (good, at, value) in [
            (tunnel(1), 37, 0),
            (tunnel(1), 39, 1),
            (tunnel(1), 44, 1),
            (usage(), 37, 1),
            (tunnel(1), 36, 1),
            (usage(), 36, 5),
            (tunnel(1), 45, 1),
            (usage(), 52, 1),
            (tunnel(1), 53, 1),
            (usage(), 84, 1),
        ] {
            let mut bytes = good.encode();
            bytes[at] = value;
            assert_eq!(Request::decode(&bytes).unwrap_err().code, RefusalCode::BadRequest, "{good:?} {at} {value}");
        }
    }

    #[test]
    fn a_signed_usage_survives_the_wire_and_another_version_is_refused() {
        let report = UsageReport {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 3,
            nonce: 4,
            usage_ms: 5,
            measured_at: -6,
        };
        let signed = SignedUsage { report, node_signature: [7; 64] };
        let mut bytes = signed.encode();
        assert_eq!(bytes[..USAGE_LEN], report.encode());
        assert_eq!(bytes[USAGE_LEN..], [7; 64]);
        assert_eq!(SignedUsage::decode(&bytes), Ok(signed));
        bytes[0] = 2;
        assert_eq!(SignedUsage::decode(&bytes), Err("a report of usage: Version(2)".into()));
    }

    #[test]
    fn responses_survive_the_wire_and_long_reasons_are_cut_at_a_character() {
        let mut all = vec![Response::Granted { size: u64::MAX, hash: [3; 32] }];
        all.extend(RefusalCode::NAMED.map(|code| Response::Refused(Refusal::new(code, "because"))));
        all.push(Response::Refused(Refusal::new(RefusalCode::Unrecognised(200), "")));
        for response in all {
            let bytes = response.encode();
            let (head, rest) = bytes.split_first_chunk().unwrap();
            assert_eq!(Response::decode(head, rest), Ok(response));
        }
        let long = Response::Refused(Refusal::new(RefusalCode::Busy, "é".repeat(400) + "x")).encode();
        let (head, rest) = long.split_first_chunk().unwrap();
        let Ok(Response::Refused(refusal)) = Response::decode(head, rest) else { panic!() };
        assert_eq!(refusal.reason, "é".repeat(256));
        let odd = Response::Refused(Refusal::new(RefusalCode::Busy, "x".to_string() + &"é".repeat(400))).encode();
        assert_eq!(odd.len(), RESPONSE_HEAD_LEN + 511 + RESPONSE_TAIL_LEN);
    }

    #[test]
    fn no_bytes_make_the_response_decoder_panic_or_allocate_more_than_a_header() {
        let mut rng = StdRng::seed_from_u64(2);
        for _ in 0..20_000 {
            let mut head = [0; RESPONSE_HEAD_LEN];
            rng.fill_bytes(&mut head);
            if rng.random() {
                head[2] = 0;
            }
            let Ok(len) = Response::rest_len(&head) else { continue };
            assert!(len <= MAX_HEADER_LEN);
            let mut rest = vec![0; len];
            rng.fill_bytes(&mut rest);
            if let Ok(Response::Refused(refusal)) = Response::decode(&head, &rest) {
                assert!(!refusal.reason.chars().any(char::is_control));
            }
            assert!(Response::decode(&head, &rest[1..]).is_err());
        }
    }

    #[test]
    fn codes_are_distinct_and_never_zero() {
        let mut seen: Vec<u8> = RefusalCode::NAMED.iter().map(|code| code.code()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), RefusalCode::NAMED.len());
        assert!(!seen.contains(&0));
        for code in 1..=255 {
            assert_eq!(RefusalCode::from_code(code).map(RefusalCode::code), Some(code));
        }
        assert_eq!(RefusalCode::from_code(0), None);
    }
}
