//! Rounds of the drand network: each is brought on chain when a draw waits for it, and closed when none does.

use proofmill_protocol::{UnixSeconds, limits::BEACON_KEEP_SECONDS};

use crate::crank::Crank;

/// A round of the drand network, as cranks see it. The subject is where it is kept, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BeaconFacts {
    /// Its number.
    pub round: u64,
    /// When the network publishes it.
    pub due_at: UnixSeconds,
    /// Whether a draw that has not happened is decided by it.
    pub awaited: bool,
    /// When it was posted, if it is on chain.
    pub posted_at: Option<UnixSeconds>,
}

/// What anyone may do about it.
pub(crate) fn crank_beacon(beacon: &BeaconFacts, now: UnixSeconds) -> Vec<Crank> {
    match beacon.posted_at {
        None if beacon.awaited && now >= beacon.due_at => vec![Crank::PostBeacon(beacon.round)],
        Some(at) if !beacon.awaited && now >= at.saturating_add(BEACON_KEEP_SECONDS) => {
            vec![Crank::CloseBeacon(beacon.round)]
        }
        _ => Vec::new(),
    }
}
