//! Collateral: bonded, locked (a part of bonded), unbonding. A slash takes locked, then bonded, then unbonding.

use crate::amount::{self, AmountError};
use crate::ids::UnixSeconds;
use crate::limits::{AUDIT_BPS_MIN, BPS, DETECTION_BPS, LOCK_BPS_MAX, MISSED_START_BPS};

/// Stake atoms to lock per payment atom of a job whose receipt is audited at `audit_bps`, basis points: the mint's own
/// `least_bps`, or as much as deters. Whoever invents a result keeps the price if it is not caught and loses the lock if
/// it is; with `q` the chance of being caught (audit rate times [`DETECTION_BPS`]) it gains nothing on average from
/// `1 / q - 1` prices on, rounded up.
///
/// No configuration audits below [`AUDIT_BPS_MIN`], so that what deters is never above 51.6 prices.
pub fn lock_bps(least_bps: u32, audit_bps: u16) -> u32 {
    let audited = audit_bps.clamp(AUDIT_BPS_MIN, BPS as u16);
    (deterring_bps(audited, DETECTION_BPS) as u32).max(least_bps) // below 2^32: asserted below
}

/// `ceil((1 / (audit * detection) - 1) * 10,000)`, both in basis points; every step below 2^40.
const fn deterring_bps(audit_bps: u16, detection_bps: u16) -> u64 {
    let caught = audit_bps as u64 * detection_bps as u64;
    ((BPS * BPS - caught) * BPS).div_ceil(caught)
}
// The rarest audit is still payable for, and what deters fits its type.
const _: () = assert!(deterring_bps(AUDIT_BPS_MIN, DETECTION_BPS) <= LOCK_BPS_MAX as u64);

/// What the missed start of a job costs: [`MISSED_START_BPS`] of its lock, rounded up, so that a lock of one atom costs it.
///
/// # Errors
/// None in fact: the share is below one.
pub fn missed_start(lock: u64) -> Result<u64, AmountError> {
    amount::less(lock, amount::share(lock, BPS as u16 - MISSED_START_BPS)?)
}

/// The law of staking that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StakeError {
    Amount(AmountError),
    /// Free stake (bonded less locked) does not cover what is asked.
    FreeStakeTooSmall {
        free: u64,
        asked: u64,
    },
    /// Nothing is unbonding.
    NothingUnbonding,
    /// Unbonding stake is not releasable yet.
    StillUnbonding {
        releasable_at: UnixSeconds,
    },
}

impl From<AmountError> for StakeError {
    fn from(error: AmountError) -> Self {
        Self::Amount(error)
    }
}

/// Balances of one stake, atoms of the stake mint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Balances {
    /// Everything that backs work, including what is locked.
    pub bonded: u64,
    /// The part of `bonded` pledged to jobs.
    pub locked: u64,
    /// Leaving, still slashable.
    pub unbonding: u64,
    /// When all of `unbonding` may leave.
    pub releasable_at: UnixSeconds,
    /// Slashed, still in the vault until somebody sweeps it.
    pub slashed: u64,
    /// Set aside for slashes that are not taken yet, for the bonds of appeals, and for bounties nobody has claimed.
    pub pending: u64,
}

impl Balances {
    /// Stake that can back a new job or leave.
    pub fn free(&self) -> u64 {
        self.bonded.saturating_sub(self.locked)
    }

    /// Tokens that the vault must hold at least.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] if the sum exceeds 64 bits.
    pub fn held(&self) -> Result<u64, AmountError> {
        amount::plus(amount::plus(self.at_risk()?, self.pending)?, self.slashed)
    }

    /// Stake that a slash can still claim.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] if the sum exceeds 64 bits.
    pub fn at_risk(&self) -> Result<u64, AmountError> {
        amount::plus(self.bonded, self.unbonding)
    }

    /// Adds collateral.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] if the balance exceeds 64 bits.
    pub fn deposit(&mut self, atoms: u64) -> Result<(), StakeError> {
        self.bonded = amount::plus(self.bonded, atoms)?;
        Ok(())
    }

    /// Pledges `atoms` of the free stake to one job.
    ///
    /// # Errors
    /// [`StakeError::FreeStakeTooSmall`].
    pub fn lock(&mut self, atoms: u64) -> Result<(), StakeError> {
        self.require_free(atoms)?;
        self.locked = amount::plus(self.locked, atoms)?;
        Ok(())
    }

    /// Ends a pledge. Releases less than `atoms` only where a slash on evidence has reached into the locks meanwhile:
    /// a job must end even then.
    ///
    /// # Errors
    /// None in fact.
    pub fn release(&mut self, atoms: u64) -> Result<(), StakeError> {
        self.locked = amount::less(self.locked, atoms.min(self.locked))?;
        Ok(())
    }

    /// Begins to leave with `atoms` of the free stake; a later call restarts the wait for all that is leaving.
    ///
    /// # Errors
    /// [`StakeError::FreeStakeTooSmall`].
    pub fn unbond(&mut self, atoms: u64, now: UnixSeconds, unbonding_seconds: u32) -> Result<(), StakeError> {
        self.require_free(atoms)?;
        self.bonded = amount::less(self.bonded, atoms)?;
        self.unbonding = amount::plus(self.unbonding, atoms)?;
        self.releasable_at = now.saturating_add(i64::from(unbonding_seconds));
        Ok(())
    }

    /// Takes out what has finished unbonding; returns the atoms to pay.
    ///
    /// # Errors
    /// [`StakeError::NothingUnbonding`], [`StakeError::StillUnbonding`].
    pub fn withdraw(&mut self, now: UnixSeconds) -> Result<u64, StakeError> {
        if self.unbonding == 0 {
            return Err(StakeError::NothingUnbonding);
        }
        if now < self.releasable_at {
            return Err(StakeError::StillUnbonding { releasable_at: self.releasable_at });
        }
        Ok(core::mem::take(&mut self.unbonding))
    }

    /// Sets the lock of one job aside: at most `lock`, taken from locked, then bonded, then unbonding stake. Returns
    /// the atoms set aside, which is `lock` unless earlier slashes left less. The pledge has ended with it.
    ///
    /// # Errors
    /// [`AmountError`] if the balances contradict each other.
    pub fn hold_lock(&mut self, lock: u64) -> Result<u64, StakeError> {
        let taken = self.take(lock)?;
        self.pending = amount::plus(self.pending, taken)?;
        Ok(taken)
    }

    /// Sets aside what an offence costs beyond a lock: from free, then unbonding stake, and only then out of other
    /// jobs' locks, which ought to go on backing them. Returns the atoms set aside.
    ///
    /// # Errors
    /// [`AmountError`] if the balances contradict each other.
    pub fn hold_penalty(&mut self, atoms: u64) -> Result<u64, StakeError> {
        let from_free = atoms.min(self.free());
        self.bonded = amount::less(self.bonded, from_free)?;
        let from_unbonding = (atoms - from_free).min(self.unbonding);
        self.unbonding = amount::less(self.unbonding, from_unbonding)?;
        let from_locked = (atoms - from_free - from_unbonding).min(self.locked).min(self.bonded);
        self.locked = amount::less(self.locked, from_locked)?;
        self.bonded = amount::less(self.bonded, from_locked)?;
        let taken = from_free + from_unbonding + from_locked; // at most `atoms`: cannot wrap
        self.pending = amount::plus(self.pending, taken)?;
        Ok(taken)
    }

    /// Sets aside exactly `atoms` of the free stake: the bond of an appeal.
    ///
    /// # Errors
    /// [`StakeError::FreeStakeTooSmall`].
    pub fn hold_free(&mut self, atoms: u64) -> Result<(), StakeError> {
        self.require_free(atoms)?;
        self.bonded = amount::less(self.bonded, atoms)?;
        self.pending = amount::plus(self.pending, atoms)?;
        Ok(())
    }

    /// Returns what was set aside: it is bonded and free again, whatever it was taken from.
    ///
    /// # Errors
    /// [`AmountError::Underflow`] if less is pending.
    pub fn unhold(&mut self, atoms: u64) -> Result<(), StakeError> {
        let pending = amount::less(self.pending, atoms)?;
        self.bonded = amount::plus(self.bonded, atoms)?;
        self.pending = pending;
        Ok(())
    }

    /// Takes what was set aside.
    ///
    /// # Errors
    /// [`AmountError::Underflow`] if less is pending.
    pub fn slash(&mut self, atoms: u64) -> Result<(), StakeError> {
        let pending = amount::less(self.pending, atoms)?;
        self.slashed = amount::plus(self.slashed, atoms)?;
        self.pending = pending;
        Ok(())
    }

    /// Pays out of what was set aside: a bounty.
    ///
    /// # Errors
    /// [`AmountError::Underflow`] if less is pending.
    pub fn pay_pending(&mut self, atoms: u64) -> Result<(), StakeError> {
        self.pending = amount::less(self.pending, atoms)?;
        Ok(())
    }

    /// Ends the pledge of `bond` for a service's availability: `due` of it leaves the balances (the tokens stay in the
    /// vault until the tenant collects them, the job says how many), taken from locked, then bonded, then unbonding
    /// stake; the rest is free again. Returns the atoms taken, which is `due` unless earlier slashes left less.
    ///
    /// # Errors
    /// [`AmountError`] if more is due than is pledged.
    pub fn forfeit(&mut self, bond: u64, due: u64) -> Result<u64, StakeError> {
        amount::less(bond, due)?;
        let mut after = *self;
        let taken = after.take(due)?;
        let from_locked = amount::less(self.locked, after.locked)?;
        after.release(amount::less(bond, from_locked)?)?;
        *self = after;
        Ok(taken)
    }

    /// Ends the lock of a job that was matched and never started: [`missed_start`] of it is slashed at once, taken from
    /// locked, then bonded, then unbonding stake; the rest is free again. Returns the atoms slashed, which are what it
    /// costs unless earlier slashes left less: a job must end even then.
    ///
    /// # Errors
    /// [`AmountError`] if the balances contradict each other.
    pub fn miss_start(&mut self, lock: u64) -> Result<u64, StakeError> {
        let mut after = *self;
        let taken = after.forfeit(lock, missed_start(lock)?)?;
        after.slashed = amount::plus(after.slashed, taken)?;
        *self = after;
        Ok(taken)
    }

    /// Takes at most `atoms` from locked, then bonded, then unbonding stake; returns how many.
    fn take(&mut self, atoms: u64) -> Result<u64, StakeError> {
        let from_locked = atoms.min(self.locked).min(self.bonded);
        self.locked = amount::less(self.locked, from_locked)?;
        self.bonded = amount::less(self.bonded, from_locked)?;
        let from_bonded = (atoms - from_locked).min(self.free());
        self.bonded = amount::less(self.bonded, from_bonded)?;
        let from_unbonding = (atoms - from_locked - from_bonded).min(self.unbonding);
        self.unbonding = amount::less(self.unbonding, from_unbonding)?;
        Ok(from_locked + from_bonded + from_unbonding) // at most `atoms`: cannot wrap
    }

    fn require_free(&self, asked: u64) -> Result<(), StakeError> {
        let free = self.free();
        if asked > free {
            return Err(StakeError::FreeStakeTooSmall { free, asked });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use proptest::prelude::*;
    use std::vec; // `prop_oneof` of more than ten

    #[derive(Clone, Debug)]
    enum Move {
        Deposit(u64),
        Lock(u64),
        Release(u64),
        Unbond(u64),
        Withdraw,
        HoldLock(u64),
        HoldPenalty(u64),
        HoldFree(u64),
        Unhold(u64),
        Slash(u64),
        PayPending(u64),
        Forfeit(u64, u64),
        MissStart(u64),
        /// Also backwards: a chain's clock may step back.
        Wait(i64),
    }

    fn moves() -> impl Strategy<Value = std::vec::Vec<Move>> {
        let one = prop_oneof![
            (0u64..1_000).prop_map(Move::Deposit),
            (0u64..1_000).prop_map(Move::Lock),
            (0u64..1_000).prop_map(Move::Release),
            (0u64..1_000).prop_map(Move::Unbond),
            Just(Move::Withdraw),
            (0u64..1_000).prop_map(Move::HoldLock),
            (0u64..1_000).prop_map(Move::HoldPenalty),
            (0u64..300).prop_map(Move::HoldFree),
            (0u64..300).prop_map(Move::Unhold),
            (0u64..300).prop_map(Move::Slash),
            (0u64..100).prop_map(Move::PayPending),
            (0u64..1_000, 0u64..1_000).prop_map(|(bond, due)| Move::Forfeit(bond, due)),
            (0u64..1_000).prop_map(Move::MissStart),
            (-5i64..20).prop_map(Move::Wait),
        ];
        proptest::collection::vec(one, 0..80)
    }

    proptest! {
        /// No order of moves leaves a lock without tokens behind it, and none makes or loses an atom.
        #[test]
        fn no_sequence_makes_or_loses_stake(moves in moves()) {
            let mut b = Balances::default();
            let (mut now, mut deposited, mut left, mut slashed) = (0i64, 0u64, 0u64, 0u64);
            for m in moves {
                let before = b;
                let done = match m {
                    Move::Deposit(n) => b.deposit(n).map(|()| deposited += n),
                    Move::Lock(n) => b.lock(n),
                    Move::Release(n) => b.release(n),
                    Move::Unbond(n) => b.unbond(n, now, 10),
                    Move::Withdraw => b.withdraw(now).map(|n| left += n),
                    Move::HoldLock(n) => b.hold_lock(n).map(|_| ()),
                    Move::HoldPenalty(n) => b.hold_penalty(n).map(|_| ()),
                    Move::HoldFree(n) => b.hold_free(n),
                    Move::Unhold(n) => b.unhold(n),
                    Move::Slash(n) => b.slash(n).map(|()| slashed += n),
                    Move::PayPending(n) => b.pay_pending(n).map(|()| left += n),
                    // What is due leaves the balances towards the tenant.
                    Move::Forfeit(bond, due) => b.forfeit(bond, due).map(|n| left += n),
                    Move::MissStart(lock) => b.miss_start(lock).map(|n| slashed += n),
                    Move::Wait(s) => { now += s; Ok(()) }
                };
                if done.is_err() {
                    prop_assert_eq!(b, before);
                }
                prop_assert!(b.locked <= b.bonded);
                prop_assert_eq!(b.held().unwrap(), deposited - left);
                prop_assert_eq!(b.slashed, slashed, "nothing but a slash slashes");
            }
        }

        /// What is set aside is what was asked, or all there is; what other jobs have locked goes last; and taking and
        /// returning it moves exactly as much.
        #[test]
        fn a_slash_is_exact(bonded in 0u64..1_000, locked in 0u64..1_000, unbonding in 0u64..1_000, asked in 0u64..4_000) {
            let locked = locked.min(bonded);
            let start = Balances { bonded, locked, unbonding, ..Balances::default() };
            for by_lock in [true, false] {
                let mut b = start;
                let taken = if by_lock { b.hold_lock(asked) } else { b.hold_penalty(asked) }.unwrap();
                prop_assert_eq!(taken, asked.min(bonded + unbonding));
                prop_assert_eq!(b.pending, taken);
                prop_assert_eq!(b.at_risk().unwrap(), bonded + unbonding - taken);
                if by_lock {
                    prop_assert_eq!(b.locked, locked - asked.min(locked), "locked goes first");
                    prop_assert!(b.unbonding == unbonding || b.bonded == 0, "unbonding goes last");
                } else {
                    prop_assert!(b.locked == locked || b.free() + b.unbonding == 0, "locks go last");
                }
                let (mut slashed, mut returned) = (b, b);
                slashed.slash(taken).unwrap();
                prop_assert_eq!((slashed.pending, slashed.slashed), (0, taken));
                returned.unhold(taken).unwrap();
                prop_assert_eq!((returned.pending, returned.at_risk().unwrap()), (0, bonded + unbonding));
                prop_assert_eq!(slashed.slash(1), Err(StakeError::Amount(AmountError::Underflow)), "never twice");
            }
        }

        /// Silence costs its part of the lock or all there is, in the order of a slash, and frees the rest of the lock.
        #[test]
        fn a_missed_start_is_exact(
            bonded in 0u64..1_000, locked in 0u64..1_000, unbonding in 0u64..1_000, lock in 0u64..4_000
        ) {
            let locked = locked.min(bonded);
            let start = Balances { bonded, locked, unbonding, slashed: 5, pending: 7, ..Balances::default() };
            let mut b = start;
            let cost = missed_start(lock).unwrap();
            prop_assert_eq!(cost, (lock * u64::from(MISSED_START_BPS)).div_ceil(BPS));
            let taken = b.miss_start(lock).unwrap();
            prop_assert_eq!(taken, cost.min(bonded + unbonding));
            prop_assert_eq!((b.slashed, b.pending), (5 + taken, 7), "at once, and nothing is set aside");
            prop_assert_eq!((b.bonded, b.unbonding), (bonded - taken.min(bonded), unbonding - taken.saturating_sub(bonded)));
            prop_assert!(b.locked <= b.bonded);
            prop_assert_eq!(b.locked, locked - lock.min(locked), "the lock is over");
        }

        /// A lock taken at any time within its life is reached by a slash at the end of that life, whatever the owner
        /// unbonded and withdrew in between and however the clock jumped.
        #[test]
        fn unbonding_covers_liability(
            stake in 1u64..1_000, lock in 1u64..1_000, steps in proptest::collection::vec((-50i64..200, 0u64..500), 0..20)
        ) {
            let lock = lock.min(stake);
            let mut b = Balances { bonded: stake, ..Balances::default() };
            b.lock(lock).unwrap();
            let mut now = 1_000i64;
            for (jump, atoms) in steps {
                now += jump;
                let _ = b.unbond(atoms.min(b.free()), now, 100);
                let _ = b.withdraw(now);
                prop_assert!(b.at_risk().unwrap() >= lock && b.locked == lock);
            }
            prop_assert_eq!(b.hold_lock(lock), Ok(lock));
            // What is set aside does not leave, however long one waits.
            let _ = b.withdraw(i64::MAX);
            prop_assert_eq!(b.pending, lock);
        }
    }

    #[test]
    fn a_missed_start_costs_a_twentieth_rounded_up_and_never_more_than_the_lock() {
        let table = [(0, 0), (1, 1), (20, 1), (21, 2), (200_000, 10_000), (u64::MAX, u64::MAX / 20 + 1)];
        for (lock, cost) in table {
            assert_eq!(missed_start(lock), Ok(cost));
        }
        assert!((0..100_000).all(|lock| missed_start(lock).unwrap() <= lock));
    }

    #[test]
    fn a_lock_follows_the_audit_rate_and_is_never_below_the_mints_own() {
        // The table of ADR 14.
        let table = [
            (10_000, 527),
            (5_000, 11_053),
            (3_448, 20_529),
            (2_500, 32_106),
            (1_000, 95_264),
            (500, 200_527),
            (200, 516_316),
        ];
        for (audited, deters) in table {
            assert_eq!(lock_bps(0, audited), deters);
            assert_eq!(lock_bps(20_000, audited), deters.max(20_000));
            assert_eq!(lock_bps(LOCK_BPS_MAX, audited), LOCK_BPS_MAX);
        }
        for audited in 1..=u16::MAX {
            assert!(lock_bps(0, audited) <= lock_bps(0, audited - 1), "a rarer audit never locks less");
            assert!((527..=516_316).contains(&lock_bps(0, audited)));
        }
    }

    #[test]
    fn a_slash_takes_locked_then_bonded_then_unbonding() {
        let mut b = Balances { bonded: 10, locked: 4, unbonding: 5, ..Balances::default() };
        assert_eq!(b.hold_lock(12), Ok(12));
        assert_eq!(b, Balances { unbonding: 3, pending: 12, ..Balances::default() });
        assert_eq!(b.hold_lock(9), Ok(3));
        assert_eq!(b.slash(16), Err(StakeError::Amount(AmountError::Underflow)));
        assert_eq!(b.slash(15), Ok(()));
        assert_eq!(b, Balances { slashed: 15, ..Balances::default() });
    }

    #[test]
    fn a_penalty_takes_free_then_unbonding_then_locked() {
        let mut b = Balances { bonded: 10, locked: 4, unbonding: 5, ..Balances::default() };
        assert_eq!(b.hold_penalty(11), Ok(11));
        assert_eq!(b, Balances { bonded: 4, locked: 4, pending: 11, ..Balances::default() });
        assert_eq!(b.hold_penalty(3), Ok(3));
        assert_eq!(b, Balances { bonded: 1, locked: 1, pending: 14, ..Balances::default() });
        // The job that had all four locked still ends.
        assert_eq!(b.release(4), Ok(()));
        assert_eq!((b.locked, b.free()), (0, 1));
    }

    #[test]
    fn an_appeals_bond_comes_from_free_stake() {
        let mut b = Balances { bonded: 10, locked: 8, ..Balances::default() };
        assert_eq!(b.hold_free(3), Err(StakeError::FreeStakeTooSmall { free: 2, asked: 3 }));
        assert_eq!(b.hold_free(2), Ok(()));
        assert_eq!((b.bonded, b.locked, b.pending), (8, 8, 2));
    }

    proptest! {
        #[test]
        fn a_forfeit_ends_exactly_its_pledge(locked: u64, more: u64, unbonding: u64, bond: u64, due: u64) {
            let bonded = locked.saturating_add(more);
            let before = Balances { bonded, locked, unbonding, ..Balances::default() };
            let mut b = before;
            match b.forfeit(bond, due) {
                Ok(taken) => {
                    prop_assert_eq!(b.locked, locked.saturating_sub(bond));
                    prop_assert_eq!(b.slashed, 0);
                    if bond <= locked {
                        // A lock is backed by bonded stake, so that all that is due is there.
                        prop_assert_eq!((taken, b.bonded, b.unbonding), (due, bonded - due, unbonding));
                    } else {
                        // Slashes on evidence have reached into the locks: the tenant gets what is left.
                        prop_assert!(taken <= due);
                        let all = |b: &Balances| u128::from(b.bonded) + u128::from(b.unbonding);
                        prop_assert_eq!(all(&b) + u128::from(taken), all(&before));
                    }
                }
                Err(_) => {
                    prop_assert!(due > bond);
                    prop_assert_eq!(b, before);
                }
            }
        }
    }

    #[test]
    fn a_forfeit_takes_its_own_pledge_and_leaves_other_locks() {
        let mut b = Balances { bonded: 10, locked: 7, unbonding: 5, ..Balances::default() };
        assert_eq!(b.forfeit(4, 3), Ok(3));
        assert_eq!(b, Balances { bonded: 7, locked: 3, unbonding: 5, ..Balances::default() });
        let before = b;
        assert_eq!(b.forfeit(4, 5), Err(StakeError::Amount(AmountError::Underflow)));
        assert_eq!(b, before);
        assert_eq!(b.forfeit(3, 0), Ok(0));
        assert_eq!(b.locked, 0);
    }

    #[test]
    fn locked_stake_cannot_leave() {
        let mut b = Balances { bonded: 10, locked: 8, ..Balances::default() };
        assert_eq!(b.unbond(3, 0, 10), Err(StakeError::FreeStakeTooSmall { free: 2, asked: 3 }));
    }

    #[test]
    fn unbonding_ends_exactly_at_its_instant() {
        let mut b = Balances { bonded: 10, ..Balances::default() };
        b.unbond(10, 100, 10).unwrap();
        assert_eq!(b.withdraw(109), Err(StakeError::StillUnbonding { releasable_at: 110 }));
        // A clock that steps back makes nobody earlier.
        assert_eq!(b.withdraw(-110), Err(StakeError::StillUnbonding { releasable_at: 110 }));
        assert_eq!(b.withdraw(110), Ok(10));
        assert_eq!(b.withdraw(111), Err(StakeError::NothingUnbonding));
    }

    /// On a public network stake that left a job's side the moment before the job locked it is there until the job ends.
    #[test]
    fn unbonding_outlives_the_longest_lock() {
        let wait = i64::from(limits::UNBONDING_SECONDS_PUBLIC);
        let end = limits::LOCK_LIFETIME_SECONDS_MAX as i64;
        for (late, reached) in [(-1, 10), (0, 10), (1, 10)] {
            let mut b = Balances { bonded: 20, ..Balances::default() };
            b.unbond(10, 0, limits::UNBONDING_SECONDS_PUBLIC).unwrap();
            b.lock(10).unwrap();
            assert_eq!(b.withdraw(end + late), Err(StakeError::StillUnbonding { releasable_at: wait }));
            assert_eq!(b.hold_lock(10), Ok(reached));
        }
    }
}
