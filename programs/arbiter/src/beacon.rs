//! Public randomness, behind one trait.
use anchor_lang::prelude::*;

use core::cmp::Ordering;

use crate::{error::ArbiterError, state};

/// `ArbiterConfig::beacon_kind`: the hashes of recent slots.
pub const SLOT_HASHES: u8 = 1;
/// `ArbiterConfig::beacon_kind`: verified rounds of a drand network.
pub const DRAND: u8 = 2;

/// When something happened that a beacon decides about.
#[derive(Clone, Copy)]
pub struct Moment {
    pub slot: u64,
    /// Unix seconds of the chain's clock.
    pub at: i64,
}

/// A value nobody could know when a receipt was committed.
pub trait Beacon {
    /// The one value that decides about what happened at `moment`.
    ///
    /// # Errors
    /// Before it exists, when it can no longer be read, and for every other value.
    fn after(&self, moment: Moment) -> Result<[u8; 32]>;
}

/// The value that decides about what happened in slot `event_slot` at `event_at`, read from an account of the kind that
/// was in force then and of no other.
///
/// # Errors
/// Those of the kind; `ConfigOutOfBounds` for a kind that this version does not know.
pub fn randomness(
    config: &state::ArbiterConfig,
    account: &AccountView,
    event_slot: u64,
    event_at: i64,
) -> Result<[u8; 32]> {
    let moment = Moment { slot: event_slot, at: event_at };
    match config.beacon_at(event_at) {
        SLOT_HASHES => SlotHashes(account).after(moment),
        DRAND => Drand(account).after(moment),
        _ => Err(ArbiterError::ConfigOutOfBounds.into()),
    }
}

/// A round of the drand network that `post_beacon` verified.
pub struct Drand<'a>(pub &'a AccountView);

impl Beacon for Drand<'_> {
    /// `NotBeacon` for any other account, `BeaconStale` and `BeaconFuture` for every other round: who presents the
    /// account chooses nothing.
    fn after(&self, moment: Moment) -> Result<[u8; 32]> {
        let beacon = Account::<state::Beacon>::load(*self.0).map_err(|_| ArbiterError::NotBeacon)?;
        match beacon.schedule().compare(beacon.round, moment.at) {
            Ordering::Less => Err(ArbiterError::BeaconStale.into()),
            Ordering::Greater => Err(ArbiterError::BeaconFuture.into()),
            Ordering::Equal => Ok(beacon.randomness),
        }
    }
}

/// `SysvarS1otHashes111111111111111111111111111`
pub const SLOT_HASHES_ID: Address = solana_address::address!("SysvarS1otHashes111111111111111111111111111");
/// Bytes of one entry: slot (u64 LE), hash.
const ENTRY: usize = 40;
/// Bytes before the entries: their number (u64 LE).
const HEAD: usize = 8;

/// The hashes of the last 512 slots. A leader can withhold a block to draw again, so this serves local networks and
/// values below one skipped block; a public network uses [`Drand`].
pub struct SlotHashes<'a>(pub &'a AccountView);

impl Beacon for SlotHashes<'_> {
    /// The first hash that became public after the moment's slot: `BeaconNotReady` before it exists, `BeaconExpired` when
    /// the sysvar may have dropped it.
    fn after(&self, moment: Moment) -> Result<[u8; 32]> {
        require!(*self.0.address() == SLOT_HASHES_ID, ArbiterError::NotSlotHashes);
        let data = self.0.try_borrow()?;
        first_after(&data, moment.slot)
    }
}

/// The hash of the earliest slot above `slot` in `data`, whose entries descend by slot.
fn first_after(data: &[u8], slot: u64) -> Result<[u8; 32]> {
    let word = |at: usize| -> Result<u64> {
        let bytes = data.get(at..at.saturating_add(8)).ok_or(ArbiterError::NotSlotHashes)?;
        Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| ArbiterError::NotSlotHashes)?))
    };
    let at = |index: usize| HEAD.saturating_add(index.saturating_mul(ENTRY));
    let present = data.len().saturating_sub(HEAD) / ENTRY;
    let count = usize::try_from(word(0)?).unwrap_or(usize::MAX).min(present);
    // Binary search for how many entries lie above `slot`; they come first.
    let (mut low, mut high) = (0usize, count);
    while low < high {
        let middle = low.saturating_add(high) / 2;
        if word(at(middle))? > slot {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    require!(low > 0, ArbiterError::BeaconNotReady);
    // Without an entry at or below `slot` the first one above it may have dropped out already.
    require!(low < count || count < 512, ArbiterError::BeaconExpired);
    let from = at(low.saturating_sub(1)).saturating_add(8);
    let hash = data.get(from..from.saturating_add(32)).ok_or(ArbiterError::NotSlotHashes)?;
    hash.try_into().map_err(|_| ArbiterError::NotSlotHashes.into())
}
