//! Roots of measurements: who proposes one, what is in it, whether a validator signs it, and who carries it.
//!
//! A root is one per kind, epoch and period. Its proposers follow one another in an order that nobody chooses; the
//! first one's turn begins when the period is over, and each of the others' a while later, so that a silent one costs a
//! delay. A validator signs what agrees with its own observations, whoever proposes it, and says by name why it does
//! not. It signs one proposal of each proposer, the recorded one, for ever. Signatures may be carried by anyone.

use std::collections::BTreeSet;

use proofmill_protocol::{
    Key, UnixSeconds,
    ids::Domain,
    merkle::{HostSha256, leaf, tree},
    sha256,
    witness::{UptimeLeaf, UsageLeaf, WITNESS_BODY_LEN, WitnessBody, WitnessKind},
};

use crate::{
    heartbeat::{PeriodTally, Tally},
    limits::{
        CARRIER_TURN_SECONDS, PROPOSE_SEEN_DIVISOR, PROPOSER_TURN_SECONDS, ROOT_GIVE_UP_SECONDS, SERVICES_MAX,
        SIGN_SEEN_DIVISOR, TALLIED_MAX, UPTIME_TOLERANCE_BPS, UPTIME_TOLERANCE_SLOTS,
    },
    service_usage::{UsageSeen, UsageSubject},
};

const UPTIME_LEAF: usize = 37;
const USAGE_LEAF: usize = 51;
/// Most bytes of an encoded proposal.
pub const PROPOSAL_BYTES_MAX: usize = WITNESS_BODY_LEN + TALLIED_MAX * UPTIME_LEAF;
const _: () = assert!(TALLIED_MAX * UPTIME_LEAF >= SERVICES_MAX * USAGE_LEAF);

/// Names a root: there is one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootName {
    /// `WitnessKind` as its code.
    pub kind: u8,
    /// Epoch whose set signs.
    pub epoch: u32,
    /// The period.
    pub sequence: u32,
}

impl RootName {
    /// What the order of its proposers follows from.
    pub fn subject(&self) -> Key {
        sha256(&[b"proofml/v1 root order", &self.bytes()])
    }

    /// Under what name `proposer` serves its proposal.
    pub fn proposal_of(&self, proposer: &Key) -> Key {
        sha256(&[b"proofml/v1 root proposal", &self.bytes(), proposer])
    }

    /// Under what key it is recorded what was signed of `proposer`.
    pub fn record_of(&self, proposer: &Key) -> Vec<u8> {
        [RECORD_PREFIX, &self.bytes()[..], proposer].concat()
    }

    fn bytes(&self) -> [u8; 9] {
        let mut out = [0; 9];
        out[0] = self.kind;
        out[1..5].copy_from_slice(&self.epoch.to_le_bytes());
        out[5..].copy_from_slice(&self.sequence.to_le_bytes());
        out
    }
}

/// How keys of recorded proposals begin.
pub const RECORD_PREFIX: &[u8] = b"root";

/// Under what name `signer` serves its signature on the body with this digest, or why there is none.
pub fn signature_name(digest: &Key, signer: &Key) -> Key {
    sha256(&[b"proofml/v1 root signature", digest, signer])
}

/// The measurements of one root, in the order of their subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Heartbeats.
    Uptime(Vec<UptimeLeaf>),
    /// Usage of services.
    Usage(Vec<UsageLeaf>),
}

impl Leaves {
    /// What kind of root they make.
    pub const fn kind(&self) -> WitnessKind {
        match self {
            Self::Uptime(_) => WitnessKind::Uptime,
            Self::Usage(_) => WitnessKind::Usage,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Uptime(leaves) => leaves.len(),
            Self::Usage(leaves) => leaves.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there may be.
    pub const fn most(&self) -> usize {
        match self {
            Self::Uptime(_) => TALLIED_MAX,
            Self::Usage(_) => SERVICES_MAX,
        }
    }

    /// Each as a leaf of the tree.
    pub fn hashes(&self) -> Vec<Key> {
        match self {
            Self::Uptime(leaves) => leaves.iter().map(|one| leaf::<HostSha256>(&one.encode())).collect(),
            Self::Usage(leaves) => leaves.iter().map(|one| leaf::<HostSha256>(&one.encode())).collect(),
        }
    }

    fn in_order(&self) -> bool {
        match self {
            Self::Uptime(leaves) => leaves.is_sorted_by(|a, b| a.provider < b.provider),
            Self::Usage(leaves) => leaves.is_sorted_by(|a, b| UsageSubject::of(a) < UsageSubject::of(b)),
        }
    }
}

/// What a proposer asks the others to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is signed.
    pub body: WitnessBody,
    /// What its root is the root of.
    pub leaves: Leaves,
}

impl Proposal {
    /// The proposal of these leaves, or none without any.
    pub fn of(domain: Domain, name: RootName, covers: (UnixSeconds, UnixSeconds), leaves: Leaves) -> Option<Self> {
        if leaves.is_empty() || leaves.len() > leaves.most() || !leaves.in_order() || leaves.kind() as u8 != name.kind {
            return None;
        }
        let body = WitnessBody {
            domain,
            kind: leaves.kind(),
            epoch: name.epoch,
            sequence: name.sequence,
            leaves: u32::try_from(leaves.len()).ok()?,
            weight_total: 0,
            covers_from: covers.0,
            covers_until: covers.1,
            root: tree::root(&leaves.hashes()),
        };
        Some(Self { body, leaves })
    }

    /// Names it.
    pub const fn name(&self) -> RootName {
        RootName { kind: self.body.kind as u8, epoch: self.body.epoch, sequence: self.body.sequence }
    }

    /// What is signed, and what names its ballot.
    pub fn digest(&self) -> Key {
        sha256(&[&self.body.encode()])
    }

    /// The path of a leaf to the root, from the bottom up.
    pub fn proof(&self, index: usize) -> Vec<Key> {
        tree::proof(&self.leaves.hashes(), index)
    }

    /// The bytes that are recorded and served: the body, and the leaves as they are hashed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.body.encode().to_vec();
        match &self.leaves {
            Leaves::Uptime(leaves) => leaves.iter().for_each(|leaf| out.extend(leaf.encode())),
            Leaves::Usage(leaves) => leaves.iter().for_each(|leaf| out.extend(leaf.encode())),
        }
        out
    }

    /// Reads what was recorded or served.
    ///
    /// # Errors
    /// [`RootRefusal::Unreadable`], [`RootRefusal::Order`], [`RootRefusal::Root`].
    pub fn decode(bytes: &[u8]) -> Result<Self, RootRefusal> {
        let proposal = Self::read(bytes).ok_or(RootRefusal::Unreadable)?;
        // Whatever is in the fields: one proposal has one encoding.
        if proposal.encode() != bytes || proposal.leaves.is_empty() || proposal.leaves.len() > proposal.leaves.most() {
            return Err(RootRefusal::Unreadable);
        }
        if !proposal.leaves.in_order() {
            return Err(RootRefusal::Order);
        }
        if tree::root(&proposal.leaves.hashes()) != proposal.body.root {
            return Err(RootRefusal::Root);
        }
        Ok(proposal)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > PROPOSAL_BYTES_MAX {
            return None;
        }
        let (body, rest) = bytes.split_at_checked(WITNESS_BODY_LEN)?;
        let body = WitnessBody {
            domain: Domain(take(body, 48)?),
            kind: WitnessKind::from_code(*body.get(2)?)?,
            epoch: u32::from_le_bytes(take(body, 4)?),
            sequence: u32::from_le_bytes(take(body, 8)?),
            leaves: u32::from_le_bytes(take(body, 12)?),
            weight_total: u64::from_le_bytes(take(body, 16)?),
            covers_from: i64::from_le_bytes(take(body, 24)?),
            covers_until: i64::from_le_bytes(take(body, 32)?),
            root: take(body, 80)?,
        };
        let leaves = match body.kind {
            WitnessKind::Uptime => Leaves::Uptime(rows::<UPTIME_LEAF, _>(rest, |row| {
                Some(UptimeLeaf {
                    provider: take(row, 1)?,
                    up: u16::from_le_bytes(take(row, 33)?),
                    total: u16::from_le_bytes(take(row, 35)?),
                })
            })?),
            WitnessKind::Usage => Leaves::Usage(rows::<USAGE_LEAF, _>(rest, |row| {
                Some(UsageLeaf {
                    job: take(row, 1)?,
                    attempt: u16::from_le_bytes(take(row, 33)?),
                    nonce: u64::from_le_bytes(take(row, 35)?),
                    usage_ms: u64::from_le_bytes(take(row, 43)?),
                })
            })?),
            WitnessKind::Capability | WitnessKind::Rewards => return None,
        };
        (u32::try_from(leaves.len()).ok()? == body.leaves).then_some(Self { body, leaves })
    }
}

fn rows<const LEN: usize, T>(bytes: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Option<Vec<T>> {
    let rows = bytes.chunks_exact(LEN);
    if !rows.remainder().is_empty() {
        return None;
    }
    rows.map(read).collect()
}

fn take<const LEN: usize>(bytes: &[u8], at: usize) -> Option<[u8; LEN]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Why a validator does not sign a proposal. It tells the proposer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootRefusal {
    /// The bytes are no proposal.
    #[error("the bytes are no proposal")]
    Unreadable,
    /// Leaves are not in the order of their subjects, or one has two.
    #[error("the leaves are not in the order of their subjects, each once")]
    Order,
    /// The root is not theirs.
    #[error("the root is not that of the leaves")]
    Root,
    /// It is another deployment's, kind's, epoch's or period's.
    #[error("it is not the root of this deployment, kind, epoch and period")]
    Name,
    /// It covers other times than the period does.
    #[error(
        "it covers {from} to {until}, the period is {own_from} to {own_until}: is witness_period_seconds the same?"
    )]
    Covers {
        /// From.
        from: UnixSeconds,
        /// Until.
        until: UnixSeconds,
        /// What it must be.
        own_from: UnixSeconds,
        /// What it must be.
        own_until: UnixSeconds,
    },
    /// The period is not over, or not for long enough.
    #[error("the period is not over, or it is not this proposer's turn yet")]
    Early,
    /// The proposer proposed something else before.
    #[error("this proposer has proposed another root of the same name")]
    SecondProposal,
    /// Counts that cannot be.
    #[error("{up} of {total} slots of provider {} cannot be: a period has {slots}, of which half must be seen", hex(.provider))]
    Counts {
        /// Whom it is about.
        provider: Key,
        /// Answered.
        up: u16,
        /// Counted.
        total: u16,
        /// Slots of a period.
        slots: u16,
    },
    /// The own observations are too few.
    #[error("provider {} was seen here in {total} slots only", hex(.provider))]
    TooLittleSeen {
        /// Whom it is about.
        provider: Key,
        /// Slots counted here.
        total: u16,
    },
    /// Something else was observed.
    #[error("provider {} answered in {} of {} slots here, not in {} of {}", hex(.provider), .own.up, .own.total, .said.up, .said.total)]
    Uptime {
        /// Whom it is about.
        provider: Key,
        /// What is proposed.
        said: Tally,
        /// What was seen here.
        own: Tally,
    },
    /// A provider is left out.
    #[error("provider {} is left out and was seen here in {total} slots", hex(.provider))]
    LeftOut {
        /// Whom.
        provider: Key,
        /// Slots counted here.
        total: u16,
    },
    /// A service that was not seen here.
    #[error("service {} was not seen here", hex(.job))]
    ServiceUnseen {
        /// The job.
        job: Key,
    },
    /// More usage than was seen.
    #[error("service {}: {said_ms} ms are more than the {own_ms} ms that were seen here", hex(.job))]
    UsageAboveSeen {
        /// The job.
        job: Key,
        /// What is proposed.
        said_ms: u64,
        /// What was seen here.
        own_ms: u64,
    },
    /// Less usage than was seen.
    #[error("service {}: {said_ms} ms are less than the {own_ms} ms that were seen here", hex(.job))]
    UsageBelowSeen {
        /// The job.
        job: Key,
        /// What is proposed.
        said_ms: u64,
        /// What was seen here.
        own_ms: u64,
    },
}

fn hex(key: &Key) -> String {
    key.iter().take(6).fold(String::new(), |mut out, byte| {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl RootRefusal {
    /// Name for metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Order => "order",
            Self::Root => "root",
            Self::Name => "name",
            Self::Covers { .. } => "covers",
            Self::Early => "early",
            Self::SecondProposal => "second_proposal",
            Self::Counts { .. } => "counts",
            Self::TooLittleSeen { .. } => "too_little_seen",
            Self::Uptime { .. } => "uptime",
            Self::LeftOut { .. } => "left_out",
            Self::ServiceUnseen { .. } => "service_unseen",
            Self::UsageAboveSeen { .. } => "usage_above_seen",
            Self::UsageBelowSeen { .. } => "usage_below_seen",
        }
    }
}

/// Whether a proposal is of this root at all.
///
/// # Errors
/// [`RootRefusal`].
pub fn check_frame(
    proposal: &Proposal,
    domain: &Domain,
    name: RootName,
    covers: (UnixSeconds, UnixSeconds),
) -> Result<(), RootRefusal> {
    let body = &proposal.body;
    if body.domain != *domain || proposal.name() != name || body.weight_total != 0 {
        return Err(RootRefusal::Name);
    }
    if (body.covers_from, body.covers_until) != covers {
        let (from, until) = (body.covers_from, body.covers_until);
        return Err(RootRefusal::Covers { from, until, own_from: covers.0, own_until: covers.1 });
    }
    Ok(())
}

/// The leaves that a proposer makes of what it saw: of every provider of which it saw half of the slots.
pub fn uptime_leaves(seen: &PeriodTally, slots: u16) -> Vec<UptimeLeaf> {
    let enough = slots.div_ceil(PROPOSE_SEEN_DIVISOR);
    let leaves = seen.tallies().iter().filter(|(_, tally)| tally.total >= enough && tally.total > 0);
    leaves.map(|(provider, tally)| UptimeLeaf { provider: *provider, up: tally.up, total: tally.total }).collect()
}

/// Whether these leaves agree with what was seen here.
///
/// # Errors
/// [`RootRefusal`] names the first that does not.
pub fn check_uptime(leaves: &[UptimeLeaf], seen: &PeriodTally, slots: u16) -> Result<(), RootRefusal> {
    let enough_to_propose = slots.div_ceil(PROPOSE_SEEN_DIVISOR);
    let enough_to_sign = slots.div_ceil(SIGN_SEEN_DIVISOR);
    for leaf in leaves {
        let (provider, own) = (leaf.provider, seen.of(&leaf.provider));
        if leaf.up > leaf.total || leaf.total > slots || leaf.total < enough_to_propose || leaf.total == 0 {
            return Err(RootRefusal::Counts { provider, up: leaf.up, total: leaf.total, slots });
        }
        if own.total < enough_to_sign || own.total == 0 {
            return Err(RootRefusal::TooLittleSeen { provider, total: own.total });
        }
        let said = Tally { up: leaf.up, total: leaf.total };
        if !uptime_agrees(said, own) {
            return Err(RootRefusal::Uptime { provider, said, own });
        }
    }
    // Who saw hardly anything may differ about half and not half; who saw nearly everything may not be passed over.
    let plenty = slots.saturating_sub(slots / SIGN_SEEN_DIVISOR).max(1);
    for (provider, tally) in seen.tallies() {
        if tally.total >= plenty && leaves.binary_search_by(|leaf| leaf.provider.cmp(provider)).is_err() {
            return Err(RootRefusal::LeftOut { provider: *provider, total: tally.total });
        }
    }
    Ok(())
}

/// Whether two shares of answered slots differ by no more than the tolerance.
fn uptime_agrees(said: Tally, own: Tally) -> bool {
    // |up/total - up'/total'| <= bps + slots/min(total, total'), over one denominator; all below 2^40.
    let (up, total) = (u64::from(said.up), u64::from(said.total));
    let (own_up, own_total) = (u64::from(own.up), u64::from(own.total));
    let apart = (up * own_total).abs_diff(own_up * total) * 10_000;
    let share = total * own_total * u64::from(UPTIME_TOLERANCE_BPS);
    let slots = total.max(own_total) * u64::from(UPTIME_TOLERANCE_SLOTS) * 10_000;
    apart <= share + slots
}

/// Whether these totals agree with what was seen here.
///
/// # Errors
/// [`RootRefusal`] names the first that does not.
pub fn check_usage<'a>(
    leaves: &[UsageLeaf],
    seen: impl Fn(&UsageSubject) -> Option<&'a UsageSeen>,
    covers_until: UnixSeconds,
) -> Result<(), RootRefusal> {
    for leaf in leaves {
        let job = leaf.job;
        let own = seen(&UsageSubject::of(leaf)).ok_or(RootRefusal::ServiceUnseen { job })?;
        let own_ms = own.witnessed_ms(covers_until);
        let slack = own.slack_ms();
        if leaf.usage_ms > own_ms.saturating_add(slack) {
            return Err(RootRefusal::UsageAboveSeen { job, said_ms: leaf.usage_ms, own_ms });
        }
        if leaf.usage_ms.saturating_add(slack) < own_ms {
            return Err(RootRefusal::UsageBelowSeen { job, said_ms: leaf.usage_ms, own_ms });
        }
    }
    Ok(())
}

/// Members of a set in the order in which they propose the root of this name: nobody chooses it, and it is another one
/// for each root. A member's place is its [`crate::rank`].
pub fn order(members: &[Key], name: &RootName) -> Vec<Key> {
    let subject = name.subject();
    let distinct: BTreeSet<&Key> = members.iter().collect();
    let mut order: Vec<(Key, Key)> =
        distinct.into_iter().map(|member| (sha256(&[member, &subject]), *member)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, member)| member).collect()
}

/// One proposal, as this validator knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalFacts {
    /// Place of its proposer in the order of this root.
    pub proposer: usize,
    /// Whether this validator signed it.
    pub signed: bool,
    /// Whether the signatures at hand, on chain or not, are a supermajority.
    pub supermajority: bool,
}

/// What is to be done about a root follows from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootFacts {
    /// Now, on the chain's clock.
    pub now: UnixSeconds,
    /// When its period ended.
    pub covers_until: UnixSeconds,
    /// Pause from there to the first proposer's turn.
    pub settle_seconds: i64,
    /// Place of this validator in the order of this root.
    pub rank: usize,
    /// Members of the set that signs.
    pub members: usize,
    /// Whether the set has this validator.
    pub member: bool,
    /// Whether a root for this period is on chain, of whichever epoch.
    pub done: bool,
    /// Whether it would say anything that the chain does not say already.
    pub needed: bool,
    /// What was proposed, as far as it is known here.
    pub proposals: Vec<ProposalFacts>,
}

/// Something to do about a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootStep {
    /// Record and serve a proposal of its own.
    Propose,
    /// Ask the proposer at this place for its proposal, and sign it or say why not.
    Ask(usize),
    /// Ask the others for their signatures on the proposal of the proposer at this place.
    Gather(usize),
    /// Bring the signatures on it to the arbiter.
    Carry(usize),
}

impl RootFacts {
    /// The last place in the order whose turn has come; none before the first.
    pub fn turn(&self) -> Option<usize> {
        let since = self.now.checked_sub(self.covers_until.checked_add(self.settle_seconds)?)?;
        let turn = usize::try_from(since / PROPOSER_TURN_SECONDS).ok()?;
        (since >= 0 && self.members > 0).then(|| turn.min(self.members.saturating_sub(1)))
    }

    /// Whether the proposer at this place may have proposed by now.
    pub fn has_turn(&self, proposer: usize) -> bool {
        self.turn().is_some_and(|turn| proposer <= turn)
    }

    /// Whether nothing is to be done any more, ever.
    pub fn over(&self) -> bool {
        self.done || !self.member || self.now > self.covers_until.saturating_add(ROOT_GIVE_UP_SECONDS)
    }

    /// What to do now. Everything is harmless when repeated.
    pub fn steps(&self) -> Vec<RootStep> {
        let Some(turn) = self.turn() else { return Vec::new() };
        if self.over() {
            return Vec::new();
        }
        let known = |place: usize| self.proposals.iter().any(|proposal| proposal.proposer == place);
        let mut steps = Vec::new();
        if self.needed && self.rank <= turn && !known(self.rank) {
            steps.push(RootStep::Propose);
        }
        if self.needed {
            steps.extend((0..=turn).filter(|place| *place != self.rank && !known(*place)).map(RootStep::Ask));
        }
        for proposal in self.proposals.iter().filter(|proposal| proposal.signed && self.carries(proposal.proposer)) {
            let place = proposal.proposer;
            steps.push(if proposal.supermajority { RootStep::Carry(place) } else { RootStep::Gather(place) });
        }
        steps
    }

    /// Whether it is this validator's turn to carry what the proposer at this place proposed: the proposer's at once,
    /// and the others' one after another.
    fn carries(&self, proposer: usize) -> bool {
        let place = i64::try_from(proposer).unwrap_or(i64::MAX);
        let began = self
            .covers_until
            .saturating_add(self.settle_seconds)
            .saturating_add(PROPOSER_TURN_SECONDS.saturating_mul(place));
        let waited = match self.rank {
            rank if rank == proposer => 0,
            rank => i64::try_from(rank).unwrap_or(i64::MAX).saturating_add(1),
        };
        self.now >= began.saturating_add(CARRIER_TURN_SECONDS.saturating_mul(waited))
    }
}

/// The answer that a validator serves to a proposer: its signature, or why it gives none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootAnswer {
    /// It signs.
    Signed([u8; 64]),
    /// It does not, for this reason.
    Refused(String),
}

/// Most bytes of an answer.
pub const ROOT_ANSWER_BYTES_MAX: usize = 1 + 512;

impl RootAnswer {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Signed(signature) => [&[1][..], signature].concat(),
            Self::Refused(reason) => {
                let end = reason.floor_char_boundary(ROOT_ANSWER_BYTES_MAX - 1);
                [&[0][..], &reason.as_bytes()[..end]].concat()
            }
        }
    }

    /// Reads an answer. A reason is shown to people: what is not text must not reach a terminal as if it were.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first()?;
        match head {
            1 => Some(Self::Signed(*rest.first_chunk::<64>().filter(|_| rest.len() == 64)?)),
            0 if rest.len() < ROOT_ANSWER_BYTES_MAX => {
                let text = String::from_utf8_lossy(rest);
                Some(Self::Refused(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()))
            }
            _ => None,
        }
    }
}
