//! The bytes of a request, a response and the frames of a followed log. Pure: no I/O, no allocation beyond a reason.
//!
//! ```text
//! request   version u8 | op u8 | job 32 | attempt u16 | kind u8 | offset u64 | size u64 | hash 32        (85 bytes)
//! response  status u8 | reason length u16 | reason UTF-8 <= 512 | size u64 | hash 32
//! frame     1 | length u32 | bytes        data
//!           2                             beat: nothing new, still here
//!           3 | total u64                 end: the log has `total` bytes and will have no more
//! ```
//!
//! Fields an operation does not use must be zero: one request has one encoding.

use crate::{
    limits::MAX_HEADER_LEN,
    name::{BlobKind, BlobName},
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
}

impl Op {
    /// Every operation.
    pub const ALL: [Op; 3] = [Op::Get, Op::Put, Op::Follow];

    fn from_code(code: u8) -> Option<Op> {
        Op::ALL.into_iter().find(|op| *op as u8 == code)
    }
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub op: Op,
    /// Of which blob.
    pub name: BlobName,
    /// Where to begin; 0 in a put.
    pub offset: u64,
    /// How many bytes are offered; 0 unless in a put.
    pub size: u64,
    /// The BLAKE3 hash of what is offered; zero unless in a put.
    pub hash: [u8; 32],
}

impl Request {
    /// The request as bytes.
    pub fn encode(&self) -> [u8; REQUEST_LEN] {
        let mut bytes = [0; REQUEST_LEN];
        bytes[0] = VERSION;
        bytes[1] = self.op as u8;
        bytes[2..34].copy_from_slice(&self.name.job);
        bytes[34..36].copy_from_slice(&self.name.attempt.to_le_bytes());
        bytes[36] = self.name.kind.code();
        bytes[37..45].copy_from_slice(&self.offset.to_le_bytes());
        bytes[45..53].copy_from_slice(&self.size.to_le_bytes());
        bytes[53..85].copy_from_slice(&self.hash);
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

        let kind =
            BlobKind::from_code(bytes[36]).ok_or_else(|| bad_request(format!("blob kind {} is unknown", bytes[36])))?;
        let name = BlobName { job: array(bytes, 2), attempt: u16::from_le_bytes(array(bytes, 34)), kind };
        let offset = u64::from_le_bytes(array(bytes, 37));
        let size = u64::from_le_bytes(array(bytes, 45));
        let hash: [u8; 32] = array(bytes, 53);
        match op {
            Op::Put if offset != 0 => return Err(bad_request("a put has no offset")),
            Op::Get | Op::Follow if size != 0 || hash != [0; 32] => {
                return Err(bad_request("only a put declares a size and a hash"));
            }
            Op::Follow if kind != BlobKind::Log => return Err(bad_request("only a log can be followed")),
            _ => {}
        }
        Ok(Some(Request { op, name, offset, size, hash }))
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
    use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

    fn name(kind: BlobKind) -> BlobName {
        BlobName { job: [7; 32], attempt: 0x0102, kind }
    }

    fn put(kind: BlobKind) -> Request {
        Request { op: Op::Put, name: name(kind), offset: 0, size: 0x0807_0605_0403_0201, hash: [9; 32] }
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
    }

    #[test]
    fn every_request_survives_the_wire_and_every_prefix_asks_for_more() {
        for kind in BlobKind::ALL {
            for request in [
                put(kind),
                Request { op: Op::Get, name: name(kind), offset: 5, size: 0, hash: [0; 32] },
                Request { op: Op::Follow, name: name(BlobKind::Log), offset: u64::MAX, size: 0, hash: [0; 32] },
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
            let mut bytes = put(BlobKind::Log).encode();
            for _ in 0..rng.random_range(0..4) {
                bytes[rng.random_range(0..REQUEST_LEN)] = rng.random_range(0..6);
            }
            if let Ok(Some(request)) = Request::decode(&bytes) {
                assert_eq!(request.encode(), bytes);
            }
        }
    }

    #[test]
    fn unknown_versions_operations_and_kinds_are_refused_by_their_own_codes() {
        let good = put(BlobKind::Spec).encode();
        for (at, values, code) in [
            (0, [0, 2, 255], RefusalCode::UnsupportedVersion),
            (1, [0, 4, 255], RefusalCode::UnknownOp),
            (36, [0, 6, 255], RefusalCode::BadRequest),
            (37, [1, 2, 255], RefusalCode::BadRequest),
        ] {
            for value in values {
                let mut bytes = good;
                bytes[at] = value;
                assert_eq!(Request::decode(&bytes).unwrap_err().code, code, "{at} {value}");
            }
        }
        let follow = Request { op: Op::Follow, ..put(BlobKind::Output) };
        assert_eq!(Request::decode(&follow.encode()).unwrap_err().code, RefusalCode::BadRequest);
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
