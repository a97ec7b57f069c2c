//! Beacon networks: what the real one published, and one of our own for rounds that it has not.

use ark_bn254::{Fr, G2Affine};
use ark_ec::{AffineRepr as _, CurveGroup as _};
use ark_ff::PrimeField as _;
use proofmill_client::arbiter::DrandNetwork;
use proofmill_protocol::drand::{
    Curve as _, DST, Schedule, hash_to_g1,
    host::{Arkworks, decode_g1, encode_g1, encode_g2},
};

use crate::parties::secret;

/// A round as its network published it.
#[derive(Clone, Copy, Debug)]
pub struct PublishedRound {
    pub round: u64,
    pub signature: [u8; 64],
    /// Where the network's answer with it is known.
    pub randomness: Option<[u8; 32]>,
}

/// drand's evmnet and rounds of it (`tests/vectors/drand`).
pub fn evmnet() -> (DrandNetwork, Vec<PublishedRound>) {
    fn bytes<const N: usize>(value: &serde_json::Value) -> [u8; N] {
        hex::decode(value.as_str().expect("hex")).expect("hex").try_into().expect("its length")
    }
    let file = include_str!("../vectors/drand/evmnet.json");
    let published: serde_json::Value = serde_json::from_str(file).expect("JSON");
    let network = DrandNetwork {
        public_key: bytes(&published["public_key"]),
        chain_hash: bytes(&published["chain_hash"]),
        genesis_at: published["genesis_time"].as_i64().expect("a time"),
        period_seconds: 3,
        margin_seconds: 30,
    };
    let rounds = published["rounds"].as_array().expect("rounds").iter().map(|round| PublishedRound {
        round: round["round"].as_u64().expect("a number"),
        signature: bytes(&round["signature"]),
        randomness: round.get("randomness").map(bytes),
    });
    (network, rounds.collect())
}

/// A drand network of one member whose secret stands in this repository: simulated, worth nothing outside tests.
pub struct SimulatedNetwork {
    secret: Fr,
    pub schedule: Schedule,
}

impl SimulatedNetwork {
    pub fn new(name: &str) -> Self {
        Self {
            secret: Fr::from_be_bytes_mod_order(&secret(&format!("simulated drand {name}"))),
            schedule: Schedule { genesis_at: 1_700_000_000, period_seconds: 3, margin_seconds: 30 },
        }
    }

    pub fn network(&self) -> DrandNetwork {
        DrandNetwork {
            public_key: encode_g2(&(G2Affine::generator() * self.secret).into_affine()),
            chain_hash: [0x51; 32],
            genesis_at: self.schedule.genesis_at,
            period_seconds: self.schedule.period_seconds,
            margin_seconds: self.schedule.margin_seconds,
        }
    }

    pub fn sign(&self, round: u64) -> [u8; 64] {
        self.sign_as(round, DST)
    }

    /// With another domain separation tag than the scheme's.
    pub fn sign_as(&self, round: u64, dst: &[u8]) -> [u8; 64] {
        let message = Arkworks::keccak256(&[&round.to_be_bytes()]).expect("a digest");
        let point = decode_g1(&hash_to_g1::<Arkworks>(&message, dst).expect("a point")).expect("a point");
        encode_g1(&(point * self.secret).into_affine())
    }
}
