//! Roots of measurements, and evidence: what validators sign besides opinions on receipts.

use ed25519_dalek::Signer as _;
use proofmill_client::{address, arbiter, market};
use proofmill_protocol::{
    attestation::Attestation,
    envelope::{Kind, envelope},
    evidence::{EvidenceKind, subject_bytes},
    ids::Domain,
    merkle::{HostSha256, leaf, tree},
    plant,
    receipt::Receipt,
    sha256,
    witness::{CapabilityLeaf, RewardLeaf, UptimeLeaf, UsageLeaf, WitnessBody, WitnessKind},
};
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{JobHandle, World};

/// A list of measurements and the body that validators sign.
#[derive(Clone, Debug)]
pub struct Measured {
    pub body: WitnessBody,
    /// The hashed leaves.
    pub hashes: Vec<[u8; 32]>,
}

impl Measured {
    /// Leaves of one kind, given as their bytes, measured in the minute before now.
    pub fn new(world: &World, kind: WitnessKind, sequence: u32, leaves: &[Vec<u8>]) -> Self {
        let hashes: Vec<_> = leaves.iter().map(|bytes| leaf::<HostSha256>(bytes)).collect();
        let body = WitnessBody {
            domain: Domain(world.domain),
            kind,
            epoch: world.epoch(),
            sequence,
            leaves: leaves.len() as u32,
            weight_total: 0,
            covers_from: world.now - 60,
            covers_until: world.now,
            root: tree::root(&hashes),
        };
        Self { body, hashes }
    }

    /// Certificates of devices.
    pub fn capabilities(world: &World, sequence: u32, leaves: &[CapabilityLeaf]) -> Self {
        let bytes: Vec<_> = leaves.iter().map(|leaf| leaf.encode().to_vec()).collect();
        Self::new(world, WitnessKind::Capability, sequence, &bytes)
    }

    /// Counts of heartbeats.
    pub fn uptimes(world: &World, sequence: u32, leaves: &[UptimeLeaf]) -> Self {
        let bytes: Vec<_> = leaves.iter().map(|leaf| leaf.encode().to_vec()).collect();
        Self::new(world, WitnessKind::Uptime, sequence, &bytes)
    }

    /// Usage of services.
    pub fn usages(world: &World, sequence: u32, leaves: &[UsageLeaf]) -> Self {
        let bytes: Vec<_> = leaves.iter().map(|leaf| leaf.encode().to_vec()).collect();
        Self::new(world, WitnessKind::Usage, sequence, &bytes)
    }

    /// Shares in an epoch's rewards.
    pub fn rewards(world: &World, sequence: u32, leaves: &[RewardLeaf]) -> Self {
        let bytes: Vec<_> = leaves.iter().map(|leaf| leaf.encode().to_vec()).collect();
        let mut measured = Self::new(world, WitnessKind::Rewards, sequence, &bytes);
        measured.body.weight_total = leaves.iter().map(|leaf| leaf.weight).sum();
        measured
    }

    /// Names the ballot.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&[&self.body.encode()])
    }

    /// Where a leaf lies.
    pub fn inclusion(&self, index: usize) -> market::Inclusion {
        market::Inclusion { index: index as u32, proof: tree::proof(&self.hashes, index) }
    }

    /// Where the arbiter keeps the root once it is signed.
    pub fn account(&self) -> Address {
        address::witness_root(self.body.kind as u8, self.body.epoch, self.body.sequence)
    }
}

impl World {
    pub fn open_root_ballot(&self, measured: &Measured) -> Instruction {
        let body = &measured.body;
        arbiter::open_root_ballot(
            arbiter::OpenRootBallotAccounts {
                payer: self.crank,
                config: address::arbiter_config(),
                validator_set: address::validator_set(body.epoch),
                ballot: address::root_ballot(&measured.digest()),
            },
            arbiter::OpenRootBallotArgs {
                args: arbiter::RootProposal {
                    digest: measured.digest(),
                    kind: body.kind as u8,
                    sequence: body.sequence,
                    leaves: body.leaves,
                    weight_total: body.weight_total,
                    covers_from: body.covers_from,
                    covers_until: body.covers_until,
                    root: body.root,
                },
            },
        )
    }

    /// The signature of the member at `seat` of the set.
    pub fn seat_signature(&self, measured: &Measured, seat: usize) -> arbiter::SeatSignature {
        let message = envelope(Kind::Witness, &measured.digest());
        arbiter::SeatSignature { seat: seat as u8, signature: self.validators[seat].vote.sign(&message).to_bytes() }
    }

    pub fn sign_root(&self, measured: &Measured, seats: &[usize]) -> Instruction {
        self.sign_root_with(measured, seats.iter().map(|seat| self.seat_signature(measured, *seat)).collect())
    }

    pub fn sign_root_with(&self, measured: &Measured, signatures: Vec<arbiter::SeatSignature>) -> Instruction {
        arbiter::sign_root(
            arbiter::SignRootAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(measured.body.epoch),
                ballot: address::root_ballot(&measured.digest()),
            },
            arbiter::SignRootArgs { signatures },
        )
    }

    pub fn finalize_root(&self, measured: &Measured) -> Instruction {
        arbiter::finalize_root(arbiter::FinalizeRootAccounts {
            payer: self.crank,
            validator_set: address::validator_set(measured.body.epoch),
            ballot: address::root_ballot(&measured.digest()),
            witness_root: measured.account(),
        })
    }

    pub fn close_root_ballot(&self, measured: &Measured) -> Instruction {
        let ballot = address::root_ballot(&measured.digest());
        arbiter::close_root_ballot(arbiter::CloseRootBallotAccounts { ballot, rent_payer: self.crank })
    }

    pub fn close_witness_root(&self, measured: &Measured) -> Instruction {
        arbiter::close_witness_root(arbiter::CloseWitnessRootAccounts {
            witness_root: measured.account(),
            rent_payer: self.crank,
            config: address::arbiter_config(),
        })
    }

    /// Proposed, signed by everybody, final.
    pub fn do_root(&mut self, measured: &Measured) {
        self.ok(self.open_root_ballot(measured));
        let seats: Vec<usize> = (0..self.validators.len()).collect();
        self.ok(self.sign_root(measured, &seats));
        self.ok(self.finalize_root(measured));
    }

    /// What a certificate of `provider` says unless a test says otherwise.
    pub fn capability_leaf(&self, provider: usize) -> CapabilityLeaf {
        let party = &self.providers[provider];
        CapabilityLeaf {
            provider: party.account.to_bytes(),
            node_key: party.node_key(),
            measured_at: self.now - 30,
            gops: 250_000,
            vram_mib: 24_000,
            tier: 2,
        }
    }

    pub fn record_capability(
        &self,
        measured: &Measured,
        provider: usize,
        leaf: &CapabilityLeaf,
        index: usize,
    ) -> Instruction {
        market::record_capability(
            market::RecordCapabilityAccounts {
                config: address::market_config(),
                witness_root: measured.account(),
                provider: self.providers[provider].account,
            },
            market::RecordCapabilityArgs {
                args: market::CapabilityClaim {
                    measured_at: leaf.measured_at,
                    gops: leaf.gops,
                    vram_mib: leaf.vram_mib,
                    tier: leaf.tier,
                },
                inclusion: measured.inclusion(index),
            },
        )
    }

    pub fn record_uptime(&self, measured: &Measured, provider: usize, leaf: &UptimeLeaf, index: usize) -> Instruction {
        market::record_uptime(
            market::RecordUptimeAccounts {
                config: address::market_config(),
                witness_root: measured.account(),
                provider: self.providers[provider].account,
            },
            market::RecordUptimeArgs {
                args: market::UptimeClaim { up: leaf.up, total: leaf.total },
                inclusion: measured.inclusion(index),
            },
        )
    }

    /// Carries the total at `index` of a root to the account that the market reads.
    pub fn witness_usage(&self, job: &JobHandle, measured: &Measured, usage_ms: u64, index: usize) -> Instruction {
        arbiter::witness_usage(
            arbiter::WitnessUsageAccounts {
                payer: self.crank,
                job: job.address,
                witness_root: measured.account(),
                usage_witness: address::usage_witness(&job.address, self.attempt_number(job)),
            },
            arbiter::WitnessUsageArgs { usage_ms, inclusion: carried(measured, index) },
        )
    }

    pub fn refresh_usage(&self, job: &JobHandle, measured: &Measured, usage_ms: u64, index: usize) -> Instruction {
        arbiter::refresh_usage(
            arbiter::RefreshUsageAccounts {
                job: job.address,
                witness_root: measured.account(),
                usage_witness: address::usage_witness(&job.address, self.attempt_number(job)),
            },
            arbiter::RefreshUsageArgs { usage_ms, inclusion: carried(measured, index) },
        )
    }

    pub fn close_usage(&self, job: &JobHandle) -> Instruction {
        let usage_witness = address::usage_witness(&job.address, self.attempt_number(job));
        arbiter::close_usage(arbiter::CloseUsageAccounts { job: job.address, usage_witness, rent_payer: self.crank })
    }

    pub fn appoint_planter(&self, key: Address) -> Instruction {
        arbiter::appoint_planter(
            arbiter::AppointPlanterAccounts {
                authority: self.authority,
                config: address::arbiter_config(),
                planter: address::planter(&key),
            },
            arbiter::AppointPlanterArgs { key },
        )
    }

    pub fn dismiss_planter(&self, key: Address) -> Instruction {
        arbiter::dismiss_planter(arbiter::DismissPlanterAccounts {
            authority: self.authority,
            config: address::arbiter_config(),
            planter: address::planter(&key),
        })
    }

    pub fn commit_plant(&self, key: Address, commitment: [u8; 32]) -> Instruction {
        arbiter::commit_plant(
            arbiter::CommitPlantAccounts { key, planter: address::planter(&key), plant: address::plant(&commitment) },
            arbiter::CommitPlantArgs { commitment },
        )
    }

    pub fn close_plant(&self, planter: Address, commitment: [u8; 32]) -> Instruction {
        arbiter::close_plant(arbiter::ClosePlantAccounts { plant: address::plant(&commitment), planter })
    }

    /// The commitment of an opening about `job`.
    pub fn plant_commitment(&self, job: &JobHandle, opening: &arbiter::PlantOpening) -> [u8; 32] {
        let job = job.address.to_bytes();
        sha256(&[&plant::commitment_bytes(&self.domain, &job, &opening.truth, &opening.lie, &opening.salt)])
    }

    /// Where the evidence of an offence lies.
    pub fn evidence_at(&self, offender: &Address, kind: EvidenceKind, round: &arbiter::JudgedRound) -> Address {
        let subject = sha256(&[&subject_bytes(kind, &round.job.to_bytes(), round.nonce, round.attempt, round.round)]);
        address::evidence(offender, kind as u8, &subject)
    }

    /// The life and attempt of a job, as evidence about its provider names it.
    pub fn attempt_of(&self, job: &JobHandle) -> arbiter::JudgedRound {
        let stored = self.job(job);
        arbiter::JudgedRound { job: job.address, nonce: stored.nonce, attempt: stored.attempt, round: 0, member: 0 }
    }

    pub fn report_double_receipt(&self, job: &JobHandle, provider: usize, args: arbiter::DoubleReceipt) -> Instruction {
        let party = &self.providers[provider];
        let evidence = self.evidence_at(&party.owner, EvidenceKind::ReceiptEquivocation, &self.attempt_of(job));
        arbiter::report_double_receipt(
            arbiter::ReportDoubleReceiptAccounts {
                reporter: self.outsider,
                config: address::arbiter_config(),
                job: job.address,
                provider: party.account,
                evidence,
            },
            arbiter::ReportDoubleReceiptArgs { args },
        )
    }

    /// A signed opinion of a member of the set, about what `body` names.
    pub fn signed_opinion(&self, member: usize, body: &Attestation) -> arbiter::SignedOpinion {
        arbiter::SignedOpinion {
            opinion: body.opinion as u8,
            confirmed_executors: body.confirmed_executors,
            receipt_hash: body.receipt_hash,
            output_root: body.output_root,
            signature: self.validators[member].sign_attestation(body),
        }
    }

    pub fn report_double_attestation(&self, epoch: u32, args: arbiter::DoubleAttestation) -> Instruction {
        let offender = self.validators[usize::from(args.round.member) % self.validators.len()].identity;
        arbiter::report_double_attestation(
            arbiter::ReportDoubleAttestationAccounts {
                reporter: self.outsider,
                config: address::arbiter_config(),
                validator_set: address::validator_set(epoch),
                evidence: self.evidence_at(&offender, EvidenceKind::AttestationEquivocation, &args.round),
            },
            arbiter::ReportDoubleAttestationArgs { args },
        )
    }

    pub fn report_failed_plant(&self, epoch: u32, plant: Address, args: arbiter::FailedPlant) -> Instruction {
        let offender = self.validators[usize::from(args.round.member) % self.validators.len()].identity;
        arbiter::report_failed_plant(
            arbiter::ReportFailedPlantAccounts {
                reporter: self.outsider,
                config: address::arbiter_config(),
                validator_set: address::validator_set(epoch),
                plant,
                evidence: self.evidence_at(&offender, EvidenceKind::FailedPlant, &args.round),
            },
            arbiter::ReportFailedPlantArgs { args },
        )
    }

    pub fn report_failed_ringer(
        &self,
        job: &JobHandle,
        provider: usize,
        plant: Address,
        opening: arbiter::PlantOpening,
        receipt: &Receipt,
    ) -> Instruction {
        let party = &self.providers[provider];
        arbiter::report_failed_ringer(
            arbiter::ReportFailedRingerAccounts {
                reporter: self.outsider,
                config: address::arbiter_config(),
                job: job.address,
                provider: party.account,
                plant,
                evidence: self.evidence_at(&party.owner, EvidenceKind::FailedRinger, &self.attempt_of(job)),
            },
            arbiter::ReportFailedRingerArgs {
                args: arbiter::FailedRinger { opening, receipt: receipt.encode().to_vec() },
            },
        )
    }
}

/// Where a leaf lies, as the arbiter's interface says it.
fn carried(measured: &Measured, index: usize) -> arbiter::Inclusion {
    let market::Inclusion { index, proof } = measured.inclusion(index);
    arbiter::Inclusion { index, proof }
}
