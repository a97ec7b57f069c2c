//! What anyone may do about roots: complete a ballot, bring leaves to those they are about, return the rent of what is
//! over.

use proofmill_protocol::{
    Key, UnixSeconds,
    limits::{ROOT_BALLOT_SECONDS, WITNESS_ROOT_SECONDS},
};

use crate::crank::Crank;

/// A ballot on a root, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BallotFacts {
    /// When it was opened.
    pub opened_at: UnixSeconds,
    /// Whether more than two thirds of the set's weight have signed.
    pub supermajority: bool,
    /// Whether there is a root of its name.
    pub root_exists: bool,
    /// Whether this validator has signed its body and the ballot does not have the signature.
    pub lacks_own: bool,
}

/// A root on chain, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RootOnChain {
    /// Epoch whose set signed.
    pub epoch: u32,
    /// The present one.
    pub present_epoch: u32,
    /// When it was finalised.
    pub finalized_at: UnixSeconds,
}

/// A provider's record of uptime. The subject is its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProviderFacts {
    /// Newest bucket in its record.
    pub recorded: u32,
    /// A root on chain with a leaf about it, and the bucket that the leaf fills.
    pub witnessed: Option<(Key, u32)>,
}

/// Witnessed usage of a service. The subject is where the arbiter keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UsageFacts {
    /// The running service: life, total, when that total held. None if the address is empty, or the service is not
    /// metered any more.
    pub metered: Option<(u64, u64, UnixSeconds)>,
    /// Life of whatever the job's address holds.
    pub life: Option<u64>,
    /// The witness: life, total, when it held.
    pub witness: Option<(u64, u64, UnixSeconds)>,
    /// A root on chain with a leaf about the running service: the root, the total, when it held.
    pub witnessed: Option<(Key, u64, UnixSeconds)>,
}

/// What anyone may do about a ballot.
pub(crate) fn crank_ballot(ballot: &BallotFacts, now: UnixSeconds) -> Vec<Crank> {
    if now > ballot.opened_at.saturating_add(ROOT_BALLOT_SECONDS) {
        return vec![Crank::CloseRootBallot];
    }
    match ballot {
        BallotFacts { root_exists: true, .. } => Vec::new(),
        BallotFacts { supermajority: true, .. } => vec![Crank::FinalizeRoot],
        BallotFacts { lacks_own: true, .. } => vec![Crank::SignRoot],
        _ => Vec::new(),
    }
}

/// What anyone may do about a root.
pub(crate) fn crank_root(root: &RootOnChain, now: UnixSeconds) -> Vec<Crank> {
    let over = now > root.finalized_at.saturating_add(WITNESS_ROOT_SECONDS) && root.epoch < root.present_epoch;
    if over { vec![Crank::CloseWitnessRoot] } else { Vec::new() }
}

/// What anyone may do about a provider's record.
pub(crate) fn crank_provider(provider: &ProviderFacts) -> Vec<Crank> {
    match provider.witnessed {
        Some((root, bucket)) if bucket > provider.recorded => vec![Crank::RecordUptime(root)],
        _ => Vec::new(),
    }
}

/// What anyone may do about a service's usage.
pub(crate) fn crank_usage(usage: &UsageFacts) -> Vec<Crank> {
    let Some((life, total, at)) = usage.metered else {
        let over = usage.witness.is_some_and(|(of, ..)| usage.life != Some(of));
        return if over { vec![Crank::CloseUsage] } else { Vec::new() };
    };
    let news = |found: u64, held_at: UnixSeconds| found > total || (found == total && held_at > at);
    match (usage.witness, usage.witnessed) {
        (None, Some((root, found, held_at))) if news(found, held_at) => vec![Crank::WitnessUsage(root)],
        (Some((of, _, known_at)), Some((root, found, held_at)))
            if news(found, held_at) && (of != life || held_at > known_at) =>
        {
            vec![Crank::RefreshUsage(root)]
        }
        (Some((of, found, held_at)), _) if of == life && news(found, held_at) => vec![Crank::AcceptWitnessedUsage],
        _ => Vec::new(),
    }
}
