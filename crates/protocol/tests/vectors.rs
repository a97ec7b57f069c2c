//! Golden bytes, in JSON, that every language reads: `vectors/*.json`. `PROOFMILL_BLESS=1` writes them anew; a change of
//! these files is a change of what is signed or stored, and needs a new version in the layout concerned.

use std::path::Path;

use proofmill_protocol::{
    attestation::{commitment_bytes, Attestation, Commitment, Reexecution},
    draw,
    envelope::{envelope, Kind},
    ids::{Domain, JobKey, NodeKey, ProviderKey, ValidatorKey},
    job::Outcome,
    receipt::{Receipt, Termination},
    settlement::settle,
    sha256,
    verdict::Opinion,
};
use serde_json::{json, Value};

fn golden(name: &str, found: Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    if std::env::var_os("PROOFMILL_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&found).expect("JSON") + "\n";
        std::fs::write(&path, &text).expect("written");
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(&path).expect("the vectors")).expect("JSON");
    assert_eq!(kept, found, "{} no longer holds", path.display());
}

fn receipt() -> Receipt {
    let key = |n: u8| [n; 32];
    Receipt {
        domain: Domain(key(1)),
        job: JobKey(key(2)),
        attempt: 3,
        nonce: 4,
        provider: ProviderKey(key(5)),
        node_key: NodeKey(key(6)),
        image_digest: key(7),
        spec_hash: key(8),
        input_root: key(9),
        output_root: key(10),
        output_bytes: 11,
        output_files: 12,
        log_root: key(13),
        log_truncated: true,
        exit_code: -14,
        termination: Termination::TimedOut,
        started_at: 1_700_000_015,
        ended_at: 1_700_000_016,
        metered_ms: 17,
        class_key: key(18),
        env_hash: key(19),
        gpu_set_hash: key(20),
        gpu_count: 2,
        simulated: true,
        peak_memory_mib: 22,
        blind: key(23),
    }
}

#[test]
fn receipt_bytes_never_change() {
    let receipt = receipt();
    let bytes = receipt.encode();
    let hash = sha256(&[&bytes]);
    let core = receipt.core(hash).encode();
    golden(
        "receipt.json",
        json!({
            "fields": {
                "domain": "01 x 32", "job": "02 x 32", "attempt": 3, "nonce": 4, "provider": "05 x 32",
                "node_key": "06 x 32", "image_digest": "07 x 32", "spec_hash": "08 x 32", "input_root": "09 x 32",
                "output_root": "0a x 32", "output_bytes": 11, "output_files": 12, "log_root": "0d x 32",
                "log_truncated": true, "exit_code": -14, "termination": 2, "started_at": 1_700_000_015,
                "ended_at": 1_700_000_016, "metered_ms": 17, "class_key": "12 x 32", "env_hash": "13 x 32",
                "gpu_set_hash": "14 x 32", "gpu_count": 2, "simulated": true, "peak_memory_mib": 22, "blind": "17 x 32",
            },
            "receipt": hex::encode(bytes),
            "receipt_hash": hex::encode(hash),
            "core": hex::encode(core),
            "signed_message": hex::encode(envelope(Kind::Receipt, &sha256(&[&core]))),
        }),
    );
}

#[test]
fn attestation_and_reexecution_bytes_never_change() {
    let attestation = Attestation {
        domain: Domain([1; 32]),
        job: JobKey([2; 32]),
        attempt: 3,
        round: 1,
        opinion: Opinion::Invalid,
        confirmed_executors: 3,
        nonce: 6,
        epoch: 7,
        receipt_hash: [8; 32],
        output_root: [9; 32],
        validator: ValidatorKey([10; 32]),
    };
    let commitment = commitment_bytes(&attestation, &sha256(&[&attestation.encode()]), &[15; 32]);
    let signed_commitment = Commitment {
        domain: attestation.domain,
        job: attestation.job,
        attempt: attestation.attempt,
        round: attestation.round,
        nonce: attestation.nonce,
        epoch: attestation.epoch,
        validator: attestation.validator,
        commitment: sha256(&[&commitment]),
    }
    .encode();
    let attestation = attestation.encode();
    let reexecution = Reexecution {
        domain: Domain([1; 32]),
        job: JobKey([2; 32]),
        attempt: 3,
        round: 2,
        nonce: 6,
        provider: [11; 32],
        node_key: [12; 32],
        commitment: [13; 32],
        metered_ms: 14,
    }
    .encode();
    golden(
        "attestation.json",
        json!({
            "attestation": hex::encode(attestation),
            "commitment_of_salt_0f": hex::encode(sha256(&[&commitment])),
            "signed_commitment": hex::encode(signed_commitment),
            "signed_commitment_message": hex::encode(envelope(Kind::Commitment, &sha256(&[&signed_commitment]))),
            "attestation_message": hex::encode(envelope(Kind::Attestation, &sha256(&[&attestation]))),
            "reexecution": hex::encode(reexecution),
            "reexecution_message": hex::encode(envelope(Kind::Reexecution, &sha256(&[&reexecution]))),
        }),
    );
}

#[test]
fn money_and_draws_never_change() {
    let rows: Vec<_> = [
        (Outcome::Accepted, 1_000_000u64, 1_000u64, 400_000u64, 250u16),
        (Outcome::Unchallenged, 1_000, 3, 1_999, 250),
        (Outcome::Accepted, 10, 1_000, 1_000_000, 0),
        (Outcome::Rejected, 12_345, 1_000, 5_000, 250),
        (Outcome::Accepted, u64::MAX, u64::MAX, 1_000, 1_000),
    ]
    .into_iter()
    .map(|(outcome, escrowed, price, ms, fee)| {
        let parts = settle(outcome, escrowed, price, ms, fee).expect("within 64 bits");
        // u64 travels as text: JSON numbers lose bits beyond 2^53.
        json!({
            "outcome": outcome as u8, "escrowed": escrowed.to_string(), "price_per_second": price.to_string(),
            "metered_ms": ms.to_string(), "fee_bps": fee, "paid": parts.paid.to_string(),
            "refunded": parts.refunded.to_string(), "fee": parts.fee.to_string(),
        })
    })
    .collect();
    let draws: Vec<_> = (0u8..4)
        .map(|n| {
            let seed = sha256(&[&[n]]);
            let mut weights: Vec<u64> = (0..20).map(|i| 1 + i * i).collect();
            let standing = |i| match i {
                3 => draw::Standing::Party,
                4 | 5 => draw::Standing::SatBefore,
                _ => draw::Standing::Fresh,
            };
            draw::cap(&mut weights);
            let committee = draw::committee(&seed, &weights, 5, standing).expect("enough candidates");
            json!({
                "seed": hex::encode(seed), "capped_weights": weights, "parties": [3], "sat_before": [4, 5],
                "committee": committee[..5],
                "audited_at_5_percent": draw::is_audited(&seed, 500),
            })
        })
        .collect();
    golden("settlement.json", json!({ "settlements": rows }));
    golden("draw.json", json!({ "draws": draws }));
}
