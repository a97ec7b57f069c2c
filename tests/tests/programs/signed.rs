//! Signed bytes serve once, for what they were signed for: never another job, attempt, round, life of an address,
//! deployment, kind of message or signer; and not one bit of a signature may differ.

use crate::{attack::*, laws::*, layout::Interface, scenarios::*};
use ed25519_dalek::{Signer as _, SigningKey};
use proofmill_protocol::{
    attestation::{Attestation, Commitment, Reexecution},
    envelope::{ENVELOPE_LEN, Kind, envelope},
    ids::{Domain, JobKey, NodeKey, ValidatorKey},
    receipt::ReceiptCore,
    sha256,
    usage::UsageReport,
    witness::{WitnessBody, WitnessKind},
};

/// Signatures that may be altered, and why.
const ALTERED: &[Harmless] = &[];

/// What is wrong with a message, and the message.
type Bodies = Vec<(&'static str, [u8; ENVELOPE_LEN])>;

/// A signed message of an instruction: the right one first, then every wrong one, and who has to sign.
type Signed = fn(&Target) -> (SigningKey, Bodies);

/// The instructions that carry a signature. One that is missing here fails.
const SIGNED: &[(&str, Signed)] = &[
    ("submit_proof", receipt),
    ("submit_reexecution", reexecution),
    ("reveal_attestations", attestation),
    ("report_usage", usage),
    ("sign_root", root),
    ("commit_attestations", commitment),
];

/// Signatures over what somebody else signed before, or by another scheme: held to their laws by the test named here.
/// Replays and altered bits are tried here all the same.
const HELD: &[(&str, &str, &str)] = &[
    ("post_beacon", "arbiter_beacon", "what_the_network_did_not_sign_is_refused"),
    ("report_double_receipt", "arbiter_evidence", "receipts_of_another_job_key_or_domain_prove_nothing"),
    ("report_double_attestation", "arbiter_evidence", "opinions_that_agree_or_belong_to_others_prove_nothing"),
    ("report_failed_plant", "arbiter_evidence", "who_did_not_call_the_lie_valid_is_safe"),
];

/// `right` under its kind, under every other kind, and each of `wrong` under its kind.
fn bodies<const N: usize>(kind: Kind, right: [u8; N], wrong: Vec<(&'static str, [u8; N])>) -> Bodies {
    let mut out = vec![("right", envelope(kind, &sha256(&[&right])))];
    out.extend(wrong.into_iter().map(|(what, body)| (what, envelope(kind, &sha256(&[&body])))));
    out.extend(other_kinds(kind, &sha256(&[&right])));
    // Another version of the layout: its first two bytes.
    let mut version = right;
    version[0] ^= 3;
    out.push(("another version", envelope(kind, &sha256(&[&version]))));
    out
}

/// The same digest under every other kind of message.
fn other_kinds(kind: Kind, digest: &[u8; 32]) -> Bodies {
    [Kind::Receipt, Kind::Attestation, Kind::Reexecution, Kind::Request, Kind::Usage, Kind::Witness, Kind::Commitment]
        .into_iter()
        .filter(|other| *other != kind)
        .map(|other| ("another kind of message", envelope(other, digest)))
        .collect()
}

fn at(target: &Target, name: &str) -> Address {
    target.instruction.accounts[slot(target.info.name, name)].pubkey
}

fn receipt(target: &Target) -> (SigningKey, Bodies) {
    let (w, job) = (&target.world, at(target, "job"));
    let party = &w.providers[VICTIM.provider];
    let right = ReceiptCore {
        domain: Domain(w.domain),
        job: JobKey(job.to_bytes()),
        attempt: 1,
        node_key: NodeKey(party.node_key()),
        receipt_hash: [7; 32],
    };
    let other = at_twin(target, "job");
    let wrong = vec![
        ("another deployment", ReceiptCore { domain: Domain([1; 32]), ..right }.encode()),
        ("another job", ReceiptCore { job: JobKey(other.to_bytes()), ..right }.encode()),
        ("an earlier attempt", ReceiptCore { attempt: 0, ..right }.encode()),
        ("a later attempt", ReceiptCore { attempt: 2, ..right }.encode()),
        ("another node", ReceiptCore { node_key: NodeKey(w.providers[1].node_key()), ..right }.encode()),
        ("another receipt", ReceiptCore { receipt_hash: [8; 32], ..right }.encode()),
    ];
    (party.node.clone(), bodies(Kind::Receipt, right.encode(), wrong))
}

fn at_twin(target: &Target, name: &str) -> Address {
    target.twins[1].1.accounts[slot(target.info.name, name)].pubkey
}

fn reexecution(target: &Target) -> (SigningKey, Bodies) {
    let w = &target.world;
    let round = arbiter::Round::decode(&w.data(&at(target, "round"))).unwrap();
    let party = &w.providers[w.provider_at(&round.executor)];
    let right = Reexecution {
        domain: Domain(w.domain),
        job: JobKey(round.job.to_bytes()),
        attempt: 1,
        round: 1,
        nonce: round.nonce,
        provider: party.account.to_bytes(),
        node_key: party.node_key(),
        commitment: [5; 32],
        metered_ms: 1,
    };
    let wrong = vec![
        ("another deployment", Reexecution { domain: Domain([1; 32]), ..right }.encode()),
        ("another job", Reexecution { job: JobKey([2; 32]), ..right }.encode()),
        ("another attempt", Reexecution { attempt: 2, ..right }.encode()),
        ("another round", Reexecution { round: 2, ..right }.encode()),
        ("another life of the address", Reexecution { nonce: right.nonce + 1, ..right }.encode()),
        ("another provider", Reexecution { provider: [3; 32], ..right }.encode()),
        ("another node", Reexecution { node_key: [4; 32], ..right }.encode()),
        ("another result", Reexecution { commitment: [6; 32], ..right }.encode()),
        ("another time", Reexecution { metered_ms: 2, ..right }.encode()),
    ];
    (party.node.clone(), bodies(Kind::Reexecution, right.encode(), wrong))
}

fn attestation(target: &Target) -> (SigningKey, Bodies) {
    let w = &target.world;
    let round = arbiter::Round::decode(&w.data(&at(target, "round"))).unwrap();
    let seat = |seat: usize| &w.validators[usize::from(round.committee[seat])];
    let right = Attestation {
        domain: Domain(w.domain),
        job: JobKey(round.job.to_bytes()),
        attempt: 1,
        round: 1,
        opinion: Opinion::Valid,
        confirmed_executors: 0,
        nonce: round.nonce,
        epoch: round.epoch,
        receipt_hash: round.receipt_hash,
        output_root: [9; 32],
        validator: ValidatorKey(seat(0).identity.to_bytes()),
    };
    let wrong = vec![
        ("another deployment", Attestation { domain: Domain([1; 32]), ..right }.encode()),
        ("another job", Attestation { job: JobKey([2; 32]), ..right }.encode()),
        ("another attempt", Attestation { attempt: 2, ..right }.encode()),
        ("another round", Attestation { round: 2, ..right }.encode()),
        ("another opinion", Attestation { opinion: Opinion::Invalid, ..right }.encode()),
        ("another re-executor", Attestation { confirmed_executors: 1, ..right }.encode()),
        ("another life of the address", Attestation { nonce: right.nonce + 1, ..right }.encode()),
        ("another epoch", Attestation { epoch: right.epoch + 1, ..right }.encode()),
        ("another receipt", Attestation { receipt_hash: [3; 32], ..right }.encode()),
        ("another output", Attestation { output_root: [4; 32], ..right }.encode()),
        ("another seat", Attestation { validator: ValidatorKey(seat(1).identity.to_bytes()), ..right }.encode()),
    ];
    (seat(0).vote.clone(), bodies(Kind::Attestation, right.encode(), wrong))
}

/// The first of the carried commitments.
fn commitment(target: &Target) -> (SigningKey, Bodies) {
    let w = &target.world;
    let round = arbiter::Round::decode(&w.data(&at(target, "round"))).unwrap();
    let seat = |seat: usize| &w.validators[usize::from(round.committee[seat])];
    let right = signed_commitment(
        w,
        &victims_job(target),
        1,
        0,
        w.signed(&victims_job(target), 1, 0, Opinion::Valid as u8, 0).commitment,
    );
    let wrong = vec![
        ("another deployment", Commitment { domain: Domain([1; 32]), ..right }.encode()),
        ("another job", Commitment { job: JobKey([2; 32]), ..right }.encode()),
        ("another attempt", Commitment { attempt: 2, ..right }.encode()),
        ("another round", Commitment { round: 2, ..right }.encode()),
        ("another life of the address", Commitment { nonce: right.nonce + 1, ..right }.encode()),
        ("another epoch", Commitment { epoch: right.epoch + 1, ..right }.encode()),
        ("another seat", Commitment { validator: ValidatorKey(seat(1).identity.to_bytes()), ..right }.encode()),
        ("another commitment", Commitment { commitment: [3; 32], ..right }.encode()),
    ];
    (seat(0).vote.clone(), bodies(Kind::Commitment, right.encode(), wrong))
}

/// The provider's half; the tenant's is the same message.
fn usage(target: &Target) -> (SigningKey, Bodies) {
    let (w, job) = (&target.world, victims_job(target));
    let right = usage_report(w, &job, 1_000, w.now);
    let wrong = vec![
        ("another deployment", UsageReport { domain: Domain([1; 32]), ..right }.encode()),
        ("another job", UsageReport { job: JobKey(at_twin(target, "job").to_bytes()), ..right }.encode()),
        ("another attempt", UsageReport { attempt: 2, ..right }.encode()),
        ("another life of the address", UsageReport { nonce: right.nonce + 1, ..right }.encode()),
        ("another total", UsageReport { usage_ms: right.usage_ms + 1, ..right }.encode()),
        ("another instant", UsageReport { measured_at: right.measured_at - 1, ..right }.encode()),
    ];
    (w.providers[VICTIM.provider].node.clone(), bodies(Kind::Usage, right.encode(), wrong))
}

fn victims_job(target: &Target) -> JobHandle {
    target.world.handle(VICTIM.tenant, VICTIM.index, target.world.mints[0])
}

/// The first of the signatures over a body of measurements.
fn root(target: &Target) -> (SigningKey, Bodies) {
    let w = &target.world;
    let ballot = arbiter::RootBallot::decode(&w.data(&at(target, "ballot"))).unwrap();
    let right = WitnessBody {
        domain: Domain(w.domain),
        kind: WitnessKind::Capability,
        epoch: ballot.epoch,
        sequence: ballot.sequence,
        leaves: ballot.leaves,
        weight_total: ballot.weight_total,
        covers_from: ballot.covers_from,
        covers_until: ballot.covers_until,
        root: ballot.root,
    };
    let wrong = vec![
        ("another deployment", WitnessBody { domain: Domain([1; 32]), ..right }.encode()),
        ("another kind of measurement", WitnessBody { kind: WitnessKind::Uptime, ..right }.encode()),
        ("another epoch", WitnessBody { epoch: right.epoch + 1, ..right }.encode()),
        ("another sequence", WitnessBody { sequence: right.sequence + 1, ..right }.encode()),
        ("another count", WitnessBody { leaves: right.leaves + 1, ..right }.encode()),
        ("another sum", WitnessBody { weight_total: 1, ..right }.encode()),
        ("another beginning", WitnessBody { covers_from: right.covers_from - 1, ..right }.encode()),
        ("another end", WitnessBody { covers_until: right.covers_until + 1, ..right }.encode()),
        ("another root", WitnessBody { root: [3; 32], ..right }.encode()),
    ];
    (w.validators[0].vote.clone(), bodies(Kind::Witness, right.encode(), wrong))
}

#[test]
fn a_signature_serves_once_for_what_was_signed() {
    let interface = Interface::read();
    let mut family = Family::new("T23 signature reuse", ALTERED);
    let mut carried: Vec<&str> = Vec::new();
    for target in targets() {
        let name = target.info.name;
        let arguments = interface.arguments(&target.instruction.program_id, name, &target.instruction.data);
        let signatures: Vec<_> = arguments.into_iter().filter(|field| field.len == 64).collect();
        if signatures.is_empty() {
            continue;
        }
        carried.push(name);
        let mut world = target.world.clone();
        // The arguments of others, with their signatures.
        for (whose, twin) in &target.twins {
            let mut replayed = target.instruction.clone();
            replayed.data.clone_from(&twin.data);
            family.attack(&target, &mut world, whose, "replayed", &[replayed]);
        }
        for field in &signatures {
            for bit in 0..field.len * 8 {
                let mut altered = target.instruction.clone();
                altered.data[field.offset + bit / 8] ^= 1 << (bit % 8);
                family.attack(&target, &mut world, &field.name, "one bit", &[altered]);
            }
        }
        if HELD.iter().any(|(held, _, _)| *held == name) {
            continue;
        }
        let (_, signed) = SIGNED
            .iter()
            .find(|(signed, _)| *signed == name)
            .unwrap_or_else(|| panic!("{name} carries a signature: say in signed.rs what is signed"));
        let (key, bodies) = signed(&target);
        let offset = signatures[0].offset;
        let sign = |key: &SigningKey, message: &[u8]| {
            let mut resigned = target.instruction.clone();
            resigned.data[offset..offset + 64].copy_from_slice(&key.sign(message).to_bytes());
            resigned
        };
        // What the table calls right goes through: otherwise the wrong ones prove nothing.
        assert_eq!(bodies[0].0, "right");
        target.world.clone().ok(sign(&key, &bodies[0].1));
        for (what, message) in &bodies[1..] {
            family.attack(&target, &mut world, "signature", what, &[sign(&key, message)]);
        }
        let strangers = world.providers.iter().map(|party| party.node.clone());
        let strangers: Vec<SigningKey> =
            strangers.chain(world.validators.iter().map(|party| party.vote.clone())).collect();
        for stranger in strangers.iter().filter(|stranger| stranger.to_bytes() != key.to_bytes()) {
            family.attack(&target, &mut world, "signature", "another key", &[sign(stranger, &bodies[0].1)]);
        }
    }
    for (name, module, test) in HELD {
        assert!(carried.contains(name), "{name} carries no signature any more");
        let source = format!("{}/tests/programs/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(source).unwrap();
        assert!(source.contains(&format!("#[test]\nfn {test}()")), "{name}: there is no test {module}::{test}");
    }
    for (name, _) in SIGNED {
        assert!(carried.contains(name), "{name} carries no signature any more");
    }
    family.close();
}
