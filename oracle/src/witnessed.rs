//! What the chain says of measurements, and what this validator knows of proposals: providers' records, ballots, roots,
//! witnesses of usage, proposed roots with their signatures. From it follow the cranks that bring a root on chain and its
//! leaves to those they are about.

use std::{collections::BTreeMap, sync::Arc};

use proofmill_client::{DecodeError, address, arbiter, market};
use proofmill_oracle_core::{
    BallotFacts, Facts, Leaves, Proposal, ProviderFacts, RootName, RootOnChain, RootRefusal, UsageFacts, UsageSubject,
};
use proofmill_protocol::{
    job::JobState,
    limits::USAGE_GRACE_SECONDS,
    uptime::bucket_ending,
    witness::{UptimeLeaf, UsageLeaf, WitnessKind, is_supermajority},
};
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{
    identity::Identity,
    limits::{PERIODS_BEHIND, PROPOSALS_MAX},
    mirror::Watched,
};

/// A proposal, as far as this validator knows it.
#[derive(Clone, Debug)]
pub struct Known {
    /// What is proposed.
    pub proposal: Arc<Proposal>,
    /// What is signed of it.
    pub digest: [u8; 32],
    /// Its ballot.
    pub ballot: Address,
    /// Why this validator did not sign it; none if it did.
    pub refusal: Option<RootRefusal>,
    /// Signatures at hand, by the seat in the set of its epoch.
    pub signatures: BTreeMap<u8, [u8; 64]>,
}

impl Known {
    /// A proposal that was signed, or refused.
    pub fn new(proposal: Arc<Proposal>, refusal: Option<RootRefusal>) -> Self {
        let digest = proposal.digest();
        Self { proposal, digest, ballot: address::root_ballot(&digest), refusal, signatures: BTreeMap::new() }
    }
}

/// Everything of it.
#[derive(Default)]
pub struct Witnessed {
    providers: BTreeMap<Address, market::Provider>,
    ballots: BTreeMap<Address, arbiter::RootBallot>,
    roots: BTreeMap<Address, arbiter::WitnessRoot>,
    usages: BTreeMap<Address, arbiter::UsageWitness>,
    /// By name, then by the proposer's identity.
    known: BTreeMap<RootName, BTreeMap<[u8; 32], Known>>,
    /// Validator sets of this epoch and the one before.
    pub sets: BTreeMap<u32, Arc<arbiter::ValidatorSet>>,
}

/// Weight behind the seats whose bits are set, and of all.
pub fn weight_of(set: &arbiter::ValidatorSet, seats: u64) -> (u64, u64) {
    let members = set.weights.iter().take(usize::from(set.count)).enumerate();
    members.fold((0, 0), |(signed, total): (u64, u64), (seat, weight)| {
        let has = u32::try_from(seat).ok().and_then(|seat| 1u64.checked_shl(seat)).is_some_and(|bit| seats & bit != 0);
        (signed.saturating_add(if has { *weight } else { 0 }), total.saturating_add(*weight))
    })
}

/// Seats as bits.
pub fn bits(seats: impl Iterator<Item = u8>) -> u64 {
    seats.fold(0, |bits, seat| bits | 1u64.checked_shl(u32::from(seat)).unwrap_or(0))
}

/// The seat of a validator in a set.
pub fn seat_of(set: &arbiter::ValidatorSet, validator: &[u8; 32]) -> Option<u8> {
    let at = set.identities.iter().take(usize::from(set.count)).position(|member| member == validator)?;
    u8::try_from(at).ok()
}

impl Witnessed {
    pub(crate) fn update(&mut self, watched: Watched, at: Address, data: &[u8]) -> Result<(), DecodeError> {
        match watched {
            Watched::Providers => {
                self.providers.insert(at, market::Provider::decode(data)?);
            }
            Watched::Ballots => {
                self.ballots.insert(at, arbiter::RootBallot::decode(data)?);
            }
            Watched::Roots => {
                self.roots.insert(at, arbiter::WitnessRoot::decode(data)?);
            }
            Watched::Usages => {
                self.usages.insert(at, arbiter::UsageWitness::decode(data)?);
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, watched: Watched, at: &Address) {
        match watched {
            Watched::Providers => drop(self.providers.remove(at)),
            Watched::Ballots => drop(self.ballots.remove(at)),
            Watched::Roots => drop(self.roots.remove(at)),
            Watched::Usages => drop(self.usages.remove(at)),
            _ => {}
        }
    }

    /// Every provider.
    pub fn providers(&self) -> &BTreeMap<Address, market::Provider> {
        &self.providers
    }

    /// Whether a root of this kind that covers a period ending then is on chain, of whichever epoch.
    pub fn has_root(&self, kind: WitnessKind, covers_until: i64) -> bool {
        self.roots.values().any(|root| root.kind == kind as u8 && root.covers_until == covers_until)
    }

    /// A ballot, if it is open.
    pub fn ballot(&self, at: &Address) -> Option<&arbiter::RootBallot> {
        self.ballots.get(at)
    }

    /// What is known under a name, by proposer.
    pub fn known(&self, name: &RootName) -> Option<&BTreeMap<[u8; 32], Known>> {
        self.known.get(name)
    }

    /// Takes in a proposal, once.
    pub fn learn(&mut self, proposer: [u8; 32], known: Known) {
        let room = self.known.values().map(BTreeMap::len).sum::<usize>() < PROPOSALS_MAX;
        let of_name = self.known.entry(known.proposal.name()).or_default();
        if room {
            of_name.entry(proposer).or_insert(known);
        }
    }

    /// Takes in a signature on a proposal.
    pub fn learn_signature(&mut self, name: &RootName, proposer: &[u8; 32], seat: u8, signature: [u8; 64]) {
        if let Some(known) = self.known.get_mut(name).and_then(|of_name| of_name.get_mut(proposer)) {
            known.signatures.insert(seat, signature);
        }
    }

    /// Forgets every proposal of a kind for a period that ended before `instant`, and returns them with their proposers.
    pub fn forget_before(&mut self, kind: WitnessKind, instant: i64) -> Vec<([u8; 32], Known)> {
        let mut forgotten = Vec::new();
        for of_name in self.known.values_mut() {
            forgotten.extend(of_name.extract_if(.., |_, known| {
                known.proposal.body.kind == kind && known.proposal.body.covers_until < instant
            }));
        }
        self.known.retain(|_, of_name| !of_name.is_empty());
        forgotten
    }

    /// Whether the signatures at hand and on the ballot are a supermajority of the set of its epoch.
    pub fn is_supermajority(&self, known: &Known) -> bool {
        let Some(set) = self.sets.get(&known.proposal.body.epoch) else { return false };
        let on_ballot = self.ballots.get(&known.ballot).map_or(0, |ballot| ballot.signed);
        let (signed, total) = weight_of(set, on_ballot | bits(known.signatures.keys().copied()));
        is_supermajority(signed, total)
    }

    /// Newest bucket of uptime of each provider that is on record, or that a root on chain holds for it.
    pub fn buckets(&self) -> BTreeMap<Address, u32> {
        let mut out: BTreeMap<Address, u32> =
            self.providers.iter().map(|(at, provider)| (*at, provider.uptime_bucket)).collect();
        for (_, bucket, leaves) in self.uptime_on_chain() {
            for leaf in leaves {
                if let Some(newest) = out.get_mut(&Address::new_from_array(leaf.provider)) {
                    *newest = bucket.max(*newest);
                }
            }
        }
        out
    }

    /// Whether the newest total of a service was witnessed, and not signed by both node keys.
    pub fn is_witnessed(&self, at: &Address, job: &market::Job) -> bool {
        let witness = self.usages.values().find(|usage| usage.job == *at && usage.attempt == job.attempt);
        witness.is_some_and(|usage| usage.nonce == job.nonce && usage.usage_ms == job.metered_ms)
    }

    fn known_root(&self, root: &arbiter::WitnessRoot) -> Option<&Known> {
        let name = RootName { kind: root.kind, epoch: root.epoch, sequence: root.sequence };
        self.known.get(&name)?.values().find(|known| known.proposal.body.root == root.root)
    }

    /// The newest roots of uptime on chain whose leaves are known: address, bucket, leaves.
    fn uptime_on_chain(&self) -> impl Iterator<Item = (Address, u32, &[UptimeLeaf])> {
        let of_kind = self.roots.iter().filter(|(_, root)| root.kind == WitnessKind::Uptime as u8);
        let mut newest: Vec<_> = of_kind.collect();
        newest.sort_unstable_by_key(|(at, root)| (std::cmp::Reverse(root.covers_until), **at));
        newest.into_iter().take(PERIODS_BEHIND as usize).filter_map(|(at, root)| {
            let Leaves::Uptime(leaves) = &self.known_root(root)?.proposal.leaves else { return None };
            Some((*at, bucket_ending(root.covers_until).ok()?, leaves.as_slice()))
        })
    }

    /// The newest root on chain that says something of a service's life: address, leaf, when it held.
    fn usage_on_chain(&self, subject: &UsageSubject) -> Option<(Address, &UsageLeaf, i64)> {
        let of_kind = self.roots.iter().filter(|(_, root)| root.kind == WitnessKind::Usage as u8);
        let found = of_kind.filter_map(|(at, root)| {
            let Leaves::Usage(leaves) = &self.known_root(root)?.proposal.leaves else { return None };
            let index = leaves.binary_search_by_key(subject, UsageSubject::of).ok()?;
            Some((*at, leaves.get(index)?, root.covers_until))
        });
        found.max_by_key(|(_, _, until)| *until)
    }

    /// Everything that a crank may be due for.
    pub fn crank_subjects<'a>(
        &'a self,
        validator: &[u8; 32],
        jobs: impl Iterator<Item = (&'a Address, &'a market::Job)>,
        job: impl Fn(&Address) -> Option<&'a market::Job>,
        epoch: u32,
        now: i64,
    ) -> Vec<(Address, Facts)> {
        let mut out = Vec::new();
        for (at, ballot) in &self.ballots {
            out.push((*at, Facts::Ballot(self.ballot_facts(at, ballot, validator))));
        }
        for (at, root) in &self.roots {
            let facts = RootOnChain { epoch: root.epoch, present_epoch: epoch, finalized_at: root.finalized_at };
            out.push((*at, Facts::Root(facts)));
        }
        let mut witnessed: BTreeMap<Address, (Address, u32)> = BTreeMap::new();
        for (root, bucket, leaves) in self.uptime_on_chain() {
            for leaf in leaves {
                let newest = witnessed.entry(Address::new_from_array(leaf.provider)).or_insert((root, bucket));
                if bucket > newest.1 {
                    *newest = (root, bucket);
                }
            }
        }
        for (at, (root, bucket)) in witnessed {
            let Some(provider) = self.providers.get(&at) else { continue };
            let facts = ProviderFacts { recorded: provider.uptime_bucket, witnessed: Some((root.to_bytes(), bucket)) };
            out.push((at, Facts::Provider(facts)));
        }
        let mut subjects: BTreeMap<Address, (Address, u16)> =
            self.usages.iter().map(|(at, usage)| (*at, (usage.job, usage.attempt))).collect();
        for (at, _) in jobs.filter(|(_, job)| metered(job, now).is_some()) {
            if let Some(job) = job(at) {
                let subject = UsageSubject { job: at.to_bytes(), attempt: job.attempt, nonce: job.nonce };
                if self.usage_on_chain(&subject).is_some() {
                    subjects.entry(address::usage_witness(at, job.attempt)).or_insert((*at, job.attempt));
                }
            }
        }
        for (at, (of, attempt)) in subjects {
            out.push((at, Facts::Usage(self.usage_facts(&at, &of, attempt, job(&of), now))));
        }
        out
    }

    fn ballot_facts(&self, at: &Address, ballot: &arbiter::RootBallot, validator: &[u8; 32]) -> BallotFacts {
        let name = RootName { kind: ballot.kind, epoch: ballot.epoch, sequence: ballot.sequence };
        let set = self.sets.get(&ballot.epoch);
        let seat = set.and_then(|set| seat_of(set, validator));
        let signed_here = self
            .known
            .get(&name)
            .is_some_and(|of_name| of_name.values().any(|known| known.ballot == *at && known.refusal.is_none()));
        BallotFacts {
            opened_at: ballot.opened_at,
            supermajority: set.is_some_and(|set| {
                let (signed, total) = weight_of(set, ballot.signed);
                is_supermajority(signed, total)
            }),
            root_exists: self.roots.contains_key(&address::witness_root(name.kind, name.epoch, name.sequence)),
            lacks_own: signed_here && seat.is_some_and(|seat| ballot.signed & bits(std::iter::once(seat)) == 0),
        }
    }

    fn usage_facts(&self, at: &Address, of: &Address, attempt: u16, job: Option<&market::Job>, now: i64) -> UsageFacts {
        let present = job.filter(|job| job.attempt == attempt);
        let running = present.and_then(|job| metered(job, now));
        let subject = present.map(|job| UsageSubject { job: of.to_bytes(), attempt, nonce: job.nonce });
        UsageFacts {
            metered: running,
            life: job.map(|job| job.nonce),
            witness: self.usages.get(at).map(|usage| (usage.nonce, usage.usage_ms, usage.witnessed_at)),
            witnessed: subject
                .and_then(|subject| self.usage_on_chain(&subject))
                .map(|(root, leaf, until)| (root.to_bytes(), leaf.usage_ms, until)),
        }
    }

    /// What a crank on the account at `at` is made of.
    pub fn delivery(&self, at: &Address, root: Option<Address>, validator: &[u8; 32]) -> Delivery {
        let ballot = self.ballots.get(at).copied();
        let usage = self.usages.get(at).copied();
        let root_at = root.or(self.roots.contains_key(at).then_some(*at));
        let found = root_at.and_then(|at| self.roots.get(&at));
        let own = self.known.values().flat_map(BTreeMap::values).find(|known| known.ballot == *at);
        Delivery {
            seat: ballot.and_then(|ballot| seat_of(self.sets.get(&ballot.epoch)?, validator)),
            digest: own.filter(|known| known.refusal.is_none()).map(|known| known.digest),
            rent_payer: match (ballot, usage, found) {
                (Some(ballot), ..) => Some(ballot.rent_payer),
                (_, Some(usage), _) => Some(usage.rent_payer),
                (_, _, Some(root)) => Some(root.rent_payer),
                _ => None,
            },
            job: usage.map(|usage| usage.job),
            proposal: found.and_then(|root| self.known_root(root)).map(|known| known.proposal.clone()),
            ballot,
        }
    }
}

/// The leaf about a provider.
fn leaf_about(leaves: &[UptimeLeaf], provider: &Address) -> Option<usize> {
    leaves.binary_search_by_key(&provider.to_bytes(), |leaf| leaf.provider).ok()
}

/// `Job.kind` of a service.
const KIND_SERVICE: u8 = 3;

/// Life, total and instant of a service whose usage is still taken.
pub fn metered(job: &market::Job, now: i64) -> Option<(u64, u64, i64)> {
    let takes = match JobState::from_code(job.state)? {
        JobState::Running | JobState::Paused => true,
        JobState::Ending => now <= job.receipt_at.saturating_add(USAGE_GRACE_SECONDS),
        _ => false,
    };
    (job.kind == KIND_SERVICE && takes).then_some((job.nonce, job.metered_ms, job.usage_at))
}

/// What the transaction of a crank on a ballot, a root or a leaf is made of.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    seat: Option<u8>,
    digest: Option<[u8; 32]>,
    rent_payer: Option<Address>,
    job: Option<Address>,
    proposal: Option<Arc<Proposal>>,
    ballot: Option<arbiter::RootBallot>,
}

impl Delivery {
    /// The own signature on the ballot at `ballot`.
    pub fn sign_root(&self, ballot: Address, identity: &Identity) -> Option<Instruction> {
        let signature = arbiter::SeatSignature { seat: self.seat?, signature: identity.sign_root(&self.digest?) };
        Some(sign_root(self.ballot?.epoch, ballot, vec![signature]))
    }

    /// The root of the ballot at `ballot`.
    pub fn finalize_root(&self, payer: Address, ballot: Address) -> Option<Instruction> {
        let body = self.ballot?;
        let name = RootName { kind: body.kind, epoch: body.epoch, sequence: body.sequence };
        Some(finalize_root(payer, ballot, &name))
    }

    /// The ballot at `ballot` closed.
    pub fn close_ballot(&self, ballot: Address) -> Option<Instruction> {
        let rent_payer = self.rent_payer?;
        Some(arbiter::close_root_ballot(arbiter::CloseRootBallotAccounts { ballot, rent_payer }))
    }

    /// The root at `witness_root` closed.
    pub fn close_root(&self, witness_root: Address) -> Option<Instruction> {
        Some(arbiter::close_witness_root(arbiter::CloseWitnessRootAccounts {
            witness_root,
            rent_payer: self.rent_payer?,
            config: address::arbiter_config(),
        }))
    }

    /// What the root says entered into the record of `provider`.
    pub fn record_uptime(&self, provider: Address, witness_root: Address) -> Option<Instruction> {
        let proposal = self.proposal.as_deref()?;
        let Leaves::Uptime(leaves) = &proposal.leaves else { return None };
        let index = leaf_about(leaves, &provider)?;
        let leaf = leaves.get(index)?;
        Some(market::record_uptime(
            market::RecordUptimeAccounts { config: address::market_config(), witness_root, provider },
            market::RecordUptimeArgs {
                args: market::UptimeClaim { up: leaf.up, total: leaf.total },
                inclusion: market::Inclusion { index: u32::try_from(index).ok()?, proof: proposal.proof(index) },
            },
        ))
    }

    /// What the root says of a service written into the witness at `usage_witness`, new or refreshed.
    pub fn write_usage(
        &self,
        payer: Option<Address>,
        usage_witness: Address,
        witness_root: Address,
    ) -> Option<(Address, Instruction)> {
        let proposal = self.proposal.as_deref()?;
        let Leaves::Usage(leaves) = &proposal.leaves else { return None };
        let about = |leaf: &UsageLeaf| {
            address::usage_witness(&Address::new_from_array(leaf.job), leaf.attempt) == usage_witness
        };
        let index = leaves.iter().position(about)?;
        let leaf = leaves.get(index)?;
        let job = Address::new_from_array(leaf.job);
        let (usage_ms, proof) = (leaf.usage_ms, proposal.proof(index));
        let index = u32::try_from(index).ok()?;
        let instruction = match payer {
            Some(payer) => arbiter::witness_usage(
                arbiter::WitnessUsageAccounts { payer, job, witness_root, usage_witness },
                arbiter::WitnessUsageArgs { usage_ms, inclusion: arbiter::Inclusion { index, proof } },
            ),
            None => arbiter::refresh_usage(
                arbiter::RefreshUsageAccounts { job, witness_root, usage_witness },
                arbiter::RefreshUsageArgs { usage_ms, inclusion: arbiter::Inclusion { index, proof } },
            ),
        };
        Some((job, instruction))
    }

    /// Witnessed usage taken into account.
    pub fn accept_usage(&self, job: Option<Address>, witness: Address) -> Option<Instruction> {
        let (config, job) = (address::market_config(), job.or(self.job)?);
        Some(market::accept_witnessed_usage(market::AcceptWitnessedUsageAccounts { config, job, witness }))
    }

    /// The witness of a service that is over closed.
    pub fn close_usage(&self, usage_witness: Address) -> Option<Instruction> {
        let rent_payer = self.rent_payer?;
        Some(arbiter::close_usage(arbiter::CloseUsageAccounts { job: self.job?, usage_witness, rent_payer }))
    }
}

/// Signatures brought to a ballot.
pub fn sign_root(epoch: u32, ballot: Address, signatures: Vec<arbiter::SeatSignature>) -> Instruction {
    arbiter::sign_root(
        arbiter::SignRootAccounts {
            config: address::arbiter_config(),
            validator_set: address::validator_set(epoch),
            ballot,
        },
        arbiter::SignRootArgs { signatures },
    )
}

/// A root written.
pub fn finalize_root(payer: Address, ballot: Address, name: &RootName) -> Instruction {
    arbiter::finalize_root(arbiter::FinalizeRootAccounts {
        payer,
        validator_set: address::validator_set(name.epoch),
        ballot,
        witness_root: address::witness_root(name.kind, name.epoch, name.sequence),
    })
}
