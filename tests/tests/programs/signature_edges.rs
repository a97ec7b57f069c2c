//! Edge cases made for our own 47-byte message: on the host against the rule, and on the real program.
//!
//! Whoever chooses key and nonce as `aB + T` and `rB + U`, with T and U of small order, signs by `S = r + k a`, and
//! the equation without cofactor holds exactly if `U = -k T`. A zero `a` or `r` leaves a point of small order; those have
//! further encodings. That is the construction of C2SP's CCTV vectors, here with every pair of shapes.

use crate::{
    laws::*,
    signature_vectors::{both, dalek_strict},
};
use curve25519_dalek::{
    EdwardsPoint, Scalar,
    constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION},
    edwards::CompressedEdwardsY,
    traits::IsIdentity,
};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use proofmill_protocol::{
    envelope::{Kind, envelope},
    ids::{Domain, JobKey, NodeKey},
    receipt::ReceiptCore,
    sha256, signing_key,
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

/// `factor * B + torsion`, in one of its encodings.
#[derive(Clone, Copy)]
struct Shape {
    factor: Scalar,
    point: EdwardsPoint,
    bytes: [u8; 32],
}

impl Shape {
    fn is_small_order(&self) -> bool {
        self.point.is_small_order()
    }

    fn is_canonical(&self) -> bool {
        self.point.compress().to_bytes() == self.bytes
    }
}

/// A scalar for a name.
fn scalar(name: &str) -> Scalar {
    Scalar::from_bytes_mod_order(secret(name))
}

/// `y + p` and a sign, if that is a second encoding of `point`.
fn other_encodings(point: &EdwardsPoint) -> Vec<[u8; 32]> {
    let canonical = point.compress().to_bytes();
    second_encodings().into_iter().filter(|bytes| *bytes != canonical && decoded(bytes) == Some(*point)).collect()
}

/// Every encoding that is not canonical: y from p on, and x = 0 called negative.
fn second_encodings() -> Vec<[u8; 32]> {
    let mut all = Vec::new();
    for low in 0xED..=0xFF_u8 {
        let mut bytes = [0xFF; 32];
        (bytes[0], bytes[31]) = (low, 0x7F);
        all.push(bytes);
        bytes[31] = 0xFF;
        all.push(bytes);
    }
    let mut negative_identity = [0; 32];
    (negative_identity[0], negative_identity[31]) = (1, 0x80);
    let mut negative_order_two = [0xFF; 32];
    negative_order_two[0] = 0xEC;
    all.extend([negative_identity, negative_order_two]);
    all.retain(|bytes| decoded(bytes).is_some());
    all
}

fn decoded(bytes: &[u8; 32]) -> Option<EdwardsPoint> {
    CompressedEdwardsY(*bytes).decompress()
}

/// Eight points of small order in all their encodings, and eight of mixed or prime order.
fn shapes(name: &str) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for factor in [Scalar::ZERO, scalar(name)] {
        for torsion in EIGHT_TORSION {
            let point = ED25519_BASEPOINT_POINT * factor + torsion;
            shapes.push(Shape { factor, point, bytes: point.compress().to_bytes() });
            shapes.extend(other_encodings(&point).into_iter().map(|bytes| Shape { factor, point, bytes }));
        }
    }
    shapes
}

fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    let digest = Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&digest.into())
}

/// The signature that satisfies the equation up to small order, with k over `r` and `a` as given.
fn sign(nonce: &Shape, key: &Shape, r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> [u8; 64] {
    let s = nonce.factor + challenge(r, a, message) * key.factor;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&nonce.bytes);
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

/// Whether the equation without cofactor holds.
fn equation_holds(signature: &[u8; 64], nonce: &Shape, key: &Shape, message: &[u8]) -> bool {
    let s = Scalar::from_canonical_bytes(signature[32..].try_into().unwrap()).unwrap();
    let k = challenge(&nonce.bytes, &key.bytes, message);
    (ED25519_BASEPOINT_POINT * s - key.point * k - nonce.point).is_identity()
}

/// The group order, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// `S + times * L`, while it fits.
fn plus_order(signature: &[u8; 64], times: u8) -> Option<[u8; 64]> {
    let mut out = *signature;
    for _ in 0..times {
        let mut carry = 0u16;
        for (byte, order) in out[32..].iter_mut().zip(ORDER) {
            carry += u16::from(*byte) + u16::from(order);
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(out)
}

fn message(number: u32) -> [u8; 47] {
    envelope(Kind::Receipt, &sha256(&[&number.to_le_bytes()]))
}

/// What a strict verifier says of a case, from first principles.
fn expected(signature: &[u8; 64], nonce: &Shape, key: &Shape, message: &[u8]) -> bool {
    equation_holds(signature, nonce, key, message)
        && nonce.is_canonical()
        && !nonce.is_small_order()
        && !key.is_small_order()
}

#[test]
fn every_pair_of_shapes_is_judged_by_the_strict_rule() {
    let (keys, nonces) = (shapes("edge key"), shapes("edge nonce"));
    assert_eq!((keys.len(), nonces.len()), (22, 22), "eight and six further encodings, eight mixed");
    let (mut accepted, mut only_loose, mut refused) = (0, 0, 0);
    for key in &keys {
        for nonce in &nonces {
            for number in 0..6 {
                let message = message(number);
                let canonical = (nonce.point.compress().to_bytes(), key.point.compress().to_bytes());
                for (r, a) in [(nonce.bytes, key.bytes), canonical] {
                    let signature = sign(nonce, key, &r, &a, &message);
                    let answer = both(&key.bytes, &signature, &message);
                    assert_eq!(answer, expected(&signature, nonce, key, &message));
                    let loose = VerifyingKey::from_bytes(&key.bytes).unwrap();
                    let loose = loose.verify(&message, &Signature::from_bytes(&signature)).is_ok();
                    *(match (answer, loose) {
                        (true, _) => &mut accepted,
                        (false, true) => &mut only_loose,
                        (false, false) => &mut refused,
                    }) += 1;
                    for times in 1..=15 {
                        let Some(malleated) = plus_order(&signature, times) else { break };
                        assert!(!both(&key.bytes, &malleated, &message), "S + {times} L");
                    }
                }
            }
        }
    }
    // The cases have teeth: some pass only where the rule is loose, some pass the strict rule.
    assert!(accepted > 100 && only_loose > 100 && refused > 100, "{accepted}, {only_loose}, {refused}");
}

/// A second encoding of a point that is not of small order: `verify_strict` would take the key, we do not, and no
/// signature shows it, because nobody knows the secret.
#[test]
fn no_signature_tells_second_encodings_apart() {
    let large: Vec<_> =
        second_encodings().into_iter().filter(|bytes| !decoded(bytes).unwrap().is_small_order()).collect();
    assert_eq!(large.len(), LARGE_SECOND_ENCODINGS);
    for key in large {
        assert!(VerifyingKey::from_bytes(&key).is_ok());
        assert!(!signing_key::is_strict(&key));
        for nonce in shapes("edge nonce") {
            for s in [Scalar::ZERO, Scalar::ONE, nonce.factor] {
                let mut signature = [0; 64];
                signature[..32].copy_from_slice(&nonce.bytes);
                signature[32..].copy_from_slice(s.as_bytes());
                assert!(!both(&key, &signature, &message(0)));
            }
        }
    }
}

/// Second encodings of points that are not of small order.
const LARGE_SECOND_ENCODINGS: usize = 20;

/// Which keys may be registered is what the curve says of them.
#[test]
fn a_strict_key_is_canonical_and_not_of_small_order() {
    for shape in shapes("edge key") {
        assert_eq!(signing_key::is_strict(&shape.bytes), shape.is_canonical() && !shape.is_small_order());
    }
    for bytes in second_encodings() {
        assert!(!signing_key::is_strict(&bytes));
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    None,
    Byte(usize, u8),
    Replace(usize, u8),
    MessageByte(usize, u8),
    KeyByte(usize, u8),
    PlusOrder(u8),
    NegateNonce,
    NegateKey,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        2 => Just(Mutation::None),
        3 => (0usize..64, 1u8..).prop_map(|(at, mask)| Mutation::Byte(at, mask)),
        1 => (0usize..64, any::<u8>()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        1 => (0usize..47, 1u8..).prop_map(|(at, mask)| Mutation::MessageByte(at, mask)),
        2 => (0usize..32, 1u8..).prop_map(|(at, mask)| Mutation::KeyByte(at, mask)),
        1 => (1u8..=15).prop_map(Mutation::PlusOrder),
        1 => Just(Mutation::NegateNonce),
        1 => Just(Mutation::NegateKey),
    ]
}

fn mutate(mutation: &Mutation, key: &mut [u8; 32], signature: &mut [u8; 64], message: &mut [u8; 47]) {
    match *mutation {
        Mutation::None => {}
        Mutation::Byte(at, mask) => signature[at] ^= mask,
        Mutation::Replace(at, value) => signature[at] = value,
        Mutation::MessageByte(at, mask) => message[at] ^= mask,
        Mutation::KeyByte(at, mask) => key[at] ^= mask,
        Mutation::PlusOrder(times) => *signature = plus_order(signature, times).unwrap_or(*signature),
        Mutation::NegateNonce => signature[31] ^= 0x80,
        Mutation::NegateKey => key[31] ^= 0x80,
    }
}

proptest! {
    // A failure prints the case and its seed.
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_signatures_and_mutations_are_judged_alike(
        key in (any::<[u8; 32]>(), 0usize..8), nonce in (any::<[u8; 32]>(), 0usize..8), digest: [u8; 32],
        mutations in proptest::collection::vec(mutation(), 1..3),
    ) {
        let shape = |(secret, torsion): ([u8; 32], usize)| {
            // An eighth of the points are of small order.
            let factor = if secret[0] < 32 { Scalar::ZERO } else { Scalar::from_bytes_mod_order(secret) };
            // Half of them have no torsion: honest keys and nonces.
            let torsion = if secret[1] < 128 { 0 } else { torsion };
            let point = ED25519_BASEPOINT_POINT * factor + EIGHT_TORSION[torsion];
            Shape { factor, point, bytes: point.compress().to_bytes() }
        };
        let (key, nonce) = (shape(key), shape(nonce));
        let mut message = envelope(Kind::Receipt, &digest);
        let mut signature = sign(&nonce, &key, &nonce.bytes, &key.bytes, &message);
        prop_assert_eq!(both(&key.bytes, &signature, &message), expected(&signature, &nonce, &key, &message));
        let mut key = key.bytes;
        for mutation in &mutations {
            mutate(mutation, &mut key, &mut signature, &mut message);
        }
        both(&key, &signature, &message);
    }

    #[test]
    fn random_bytes_are_judged_alike(key: [u8; 32], signature: ([u8; 32], [u8; 32]), digest: [u8; 32]) {
        let signature: [u8; 64] = [signature.0, signature.1].concat().try_into().unwrap();
        both(&key, &signature, &envelope(Kind::Receipt, &digest));
    }
}

/// A running job on the real program whose node key is any 32 bytes.
struct OnChain {
    world: World,
    job: JobHandle,
}

impl OnChain {
    fn new() -> Self {
        let mut world = TestBuilder::ready();
        let job = world.do_run(0, 1, 0);
        world.warp(10);
        Self { world, job }
    }

    fn message(&self, key: &[u8; 32], receipt_hash: [u8; 32]) -> [u8; 47] {
        let core = ReceiptCore {
            domain: Domain(self.world.domain),
            job: JobKey(self.job.address.to_bytes()),
            attempt: 1,
            node_key: NodeKey(*key),
            receipt_hash,
        };
        envelope(Kind::Receipt, &sha256(&[&core.encode()]))
    }

    /// Sends the signature and holds the program to the rule.
    #[track_caller]
    fn judge(&mut self, key: &[u8; 32], signature: [u8; 64], receipt_hash: [u8; 32]) -> bool {
        let mut stored = self.world.job(&self.job);
        if stored.node_key != *key {
            stored.node_key = *key;
            self.world.put(self.job.address, market::ID, stored.encode());
        }
        let claim = market::ReceiptClaim { receipt_hash, signature, ..claim(&self.world, &self.job, 0, 1) };
        let instruction = self.world.submit_proof(&self.job, 0, claim);
        let rule = dalek_strict(key, &signature, &self.message(key, receipt_hash));
        if rule {
            // What is accepted changes the job: a copy of the world takes it.
            self.world.clone().ok(instruction);
        } else {
            self.world.refused(instruction, MarketError::InvalidProof);
        }
        rule
    }
}

/// Each pair of shapes on the real program: with a message for which the equation holds, if one of few does, else any.
#[test]
fn the_program_judges_every_pair_of_shapes_by_the_strict_rule() {
    let mut chain = OnChain::new();
    let (mut accepted, mut satisfied) = (0, 0);
    for key in shapes("edge key") {
        for nonce in shapes("edge nonce") {
            let hashes = (0u32..24).map(|number| sha256(&[&number.to_le_bytes()]));
            let made = hashes.map(|hash| {
                let message = chain.message(&key.bytes, hash);
                let signature = sign(&nonce, &key, &nonce.bytes, &key.bytes, &message);
                (equation_holds(&signature, &nonce, &key, &message), signature, hash)
            });
            let (holds, signature, hash) = made.max_by_key(|made| made.0).unwrap();
            let answer = chain.judge(&key.bytes, signature, hash);
            assert_eq!(answer, holds && !key.is_small_order() && !nonce.is_small_order() && nonce.is_canonical());
            accepted += u32::from(answer);
            satisfied += u32::from(holds);
        }
    }
    // Eight mixed keys and eight mixed nonces: half of the 64 pairs can cancel, with luck in the message nearly all that can.
    assert!(accepted >= 16 && satisfied > 2 * accepted, "{accepted} accepted, {satisfied} satisfy the equation");
}

#[test]
fn the_program_refuses_every_second_form_of_s() {
    let mut chain = OnChain::new();
    for (name, torsion) in [("honest", 0), ("mixed", 3)] {
        let factor = scalar(name);
        let point = ED25519_BASEPOINT_POINT * factor + EIGHT_TORSION[torsion];
        let key = Shape { factor, point, bytes: point.compress().to_bytes() };
        let nonce = shapes("nonce").into_iter().find(|shape| !shape.is_small_order()).unwrap();
        let found = (0u32..100).find_map(|number| {
            let hash = sha256(&[&number.to_le_bytes()]);
            let message = chain.message(&key.bytes, hash);
            let signature = sign(&nonce, &key, &nonce.bytes, &key.bytes, &message);
            dalek_strict(&key.bytes, &signature, &message).then_some((signature, hash))
        });
        let (signature, hash) = found.unwrap();
        assert!(chain.judge(&key.bytes, signature, hash));
        for times in 1..=15 {
            if let Some(malleated) = plus_order(&signature, times) {
                assert!(!chain.judge(&key.bytes, malleated, hash));
            }
        }
        let with_s = |s: [u8; 32]| [signature[..32].try_into().unwrap(), s].concat().try_into().unwrap();
        let mut below = ORDER;
        below[0] -= 1;
        for s in [[0; 32], ORDER, below, [0xFF; 32], [0x7F; 32]] {
            assert!(!chain.judge(&key.bytes, with_s(s), hash));
        }
        for bit in 253..256 {
            let mut high = signature;
            high[32 + bit / 8] |= 1 << (bit % 8);
            assert!(!chain.judge(&key.bytes, high, hash));
        }
    }
}

#[test]
fn the_program_refuses_keys_in_second_encodings_and_off_the_curve() {
    let mut chain = OnChain::new();
    let nonce = shapes("edge nonce").into_iter().next_back().unwrap();
    let off_curve = (2u8..).map(|y| [[y].as_slice(), &[0; 31]].concat().try_into().unwrap());
    let off_curve: Vec<[u8; 32]> = off_curve.filter(|key| decoded(key).is_none()).take(3).collect();
    for key in second_encodings().into_iter().chain(off_curve) {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&nonce.bytes);
        signature[32..].copy_from_slice(nonce.factor.as_bytes());
        assert!(!chain.judge(&key, signature, [7; 32]));
    }
}

/// Dozens of random mutations of good signatures on the real program; the seed is printed.
#[test]
fn the_program_judges_mutations_by_the_strict_rule() {
    let seed = std::env::var("PROOFMILL_SEED").unwrap_or_else(|_| "signatures".to_owned());
    println!("PROOFMILL_SEED={seed}");
    let mut chain = OnChain::new();
    let mut accepted = 0;
    for number in 0u32..96 {
        let draw = |name: &str| sha256(&[seed.as_bytes(), name.as_bytes(), &number.to_le_bytes()]);
        let shape = |name: &str| {
            let factor = Scalar::from_bytes_mod_order(draw(name));
            let point = ED25519_BASEPOINT_POINT * factor;
            Shape { factor, point, bytes: point.compress().to_bytes() }
        };
        let (key, nonce, hash, dice) = (shape("key"), shape("nonce"), draw("receipt"), draw("dice"));
        let message = chain.message(&key.bytes, hash);
        let mut signature = sign(&nonce, &key, &nonce.bytes, &key.bytes, &message);
        let mut bytes = key.bytes;
        match dice[0] % 6 {
            0 => {}
            1 => bytes[usize::from(dice[1]) % 32] ^= dice[2].max(1),
            2 => signature[31] ^= 0x80,
            _ => signature[usize::from(dice[1]) % 64] ^= dice[2].max(1),
        }
        accepted += u32::from(chain.judge(&bytes, signature, hash));
    }
    assert!((4..60).contains(&accepted), "{accepted} of 96 accepted");
}

/// Keys that may not be registered: small order, a second encoding, no point.
fn bad_keys() -> Vec<[u8; 32]> {
    let mut bad = second_encodings();
    bad.extend(EIGHT_TORSION.map(|point| point.compress().to_bytes()));
    let off_curve = (2u8..).map(|y| [[y].as_slice(), &[0; 31]].concat().try_into().unwrap());
    bad.extend(off_curve.filter(|key| decoded(key).is_none()).take(4));
    let mut beyond = [0xFF; 32];
    beyond[31] = 0x7F;
    bad.push(beyond);
    bad
}

#[test]
fn a_node_key_that_anybody_could_sign_for_is_not_registered() {
    let mut w = TestBuilder::new().do_configure().build();
    let owner = w.providers[0].owner;
    let usual = w.provider_args(0);
    let bad = bad_keys();
    assert!(bad.len() >= 35);
    for node_key in &bad {
        let args = market::ProviderArgs { node_key: *node_key, ..usual };
        w.refused(w.register_provider(owner, args), MarketError::NodeKeyInvalid);
    }
    w.ok(w.register_provider(owner, usual));
    for node_key in bad {
        w.refused(w.update_provider(owner, market::ProviderArgs { node_key, ..usual }), MarketError::NodeKeyInvalid);
    }
    w.ok(w.update_provider(owner, market::ProviderArgs { node_key: public_key("new node"), ..usual }));
}

#[test]
fn a_vote_key_that_anybody_could_sign_for_is_not_registered() {
    let mut w = TestBuilder::ready();
    w.do_stake(w.outsider, LIMITS.stake_min);
    for key in bad_keys() {
        w.refused(w.register_validator(w.outsider, key, w.outsider), ArbiterError::VoteKeyInvalid);
    }
    w.ok(w.register_validator(w.outsider, public_key("vote"), w.outsider));
}
