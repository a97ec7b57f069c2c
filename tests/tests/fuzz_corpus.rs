//! The fuzz targets' committed inputs, replayed by ordinary tests: every decoder of the rules and of the client.

#![allow(clippy::unwrap_used)] // a test fails by panicking

#[path = "../../fuzz/src/account_bytes.rs"]
mod account_bytes;
#[path = "../../fuzz/src/protocol_decode.rs"]
mod protocol_decode;

use proofmill_protocol::{
    attestation::ATTESTATION_LEN,
    receipt::{CORE_LEN, RECEIPT_LEN},
};

fn replay(target: &str, run: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is committed") {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        // The heads in every length; of the lists behind them, a sample.
        let sampled = || (0..bytes.len()).filter(|at| *at < 400 || at % 61 == 0);
        for end in sampled().chain([bytes.len()]) {
            run(&bytes[..end]);
        }
        for at in sampled() {
            let mut altered = bytes.clone();
            altered[at] ^= 0xff;
            run(&altered);
        }
        inputs += 1;
    }
    assert!(inputs > 0, "{target} has no inputs");
}

#[test]
fn every_decoder_of_the_rules_holds() {
    replay("protocol_decode", protocol_decode::protocol_decode);
    // Every length of the fixed layouts, of the versions they know.
    for len in [RECEIPT_LEN, CORE_LEN, ATTESTATION_LEN] {
        let mut bytes = vec![0xff; len];
        bytes[..2].copy_from_slice(&1u16.to_le_bytes());
        protocol_decode::protocol_decode(&bytes);
        protocol_decode::protocol_decode(&bytes[1..]);
    }
}

#[test]
fn every_account_decodes_one_way() {
    replay("account_bytes", account_bytes::account_bytes);
}
