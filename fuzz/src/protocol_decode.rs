use proofmill_protocol::{
    attestation::Attestation,
    draw::{self, Standing},
    envelope::{ENVELOPE_LEN, FIRST_BYTE, Kind, envelope},
    receipt::{Receipt, ReceiptCore},
    verdict::VerdictRecord,
};

/// Every decoder of the rules: no bytes make one panic, and what one reads, it reads again from what is written.
pub fn protocol_decode(data: &[u8]) {
    if let Ok(receipt) = Receipt::decode(data) {
        assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
    }
    if let Ok(core) = ReceiptCore::decode(data) {
        assert_eq!(ReceiptCore::decode(&core.encode()), Ok(core));
    }
    if let Ok(attestation) = Attestation::decode(data) {
        assert_eq!(Attestation::decode(&attestation.encode()), Ok(attestation));
    }
    let _ = VerdictRecord::decode(data);
    if let Some(seed) = data.first_chunk::<32>() {
        let rest = &data[32..];
        let byte = |at: usize| rest.get(at).copied().unwrap_or_default();
        let (members, seats) = (usize::from(byte(0)), usize::from(byte(1)));
        let weights: Vec<u64> = (0..members).map(|index| u64::from(byte(40 + index)) << (index % 56)).collect();
        let standing = |index: usize| match byte(2 + index / 4) >> (2 * (index % 4)) & 3 {
            0 => Standing::Party,
            1 => Standing::SatBefore,
            _ => Standing::Fresh,
        };
        if let Ok(drawn) = draw::committee(seed, &weights, seats, standing) {
            let mut drawn = drawn[..seats].to_vec();
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), seats, "a committee has distinct members");
        }
        for kind in [Kind::Receipt, Kind::Attestation, Kind::Reexecution, Kind::Request] {
            let message = envelope(kind, seed);
            assert!(message.len() == ENVELOPE_LEN && message[0] == FIRST_BYTE);
        }
    }
}
