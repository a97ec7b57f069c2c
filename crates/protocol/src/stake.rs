//! Collateral: bonded, locked (a part of bonded), unbonding. A slash takes locked, then bonded, then unbonding.

use crate::amount::{self, AmountError};
use crate::ids::UnixSeconds;

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
        amount::plus(amount::plus(self.bonded, self.unbonding)?, self.slashed)
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

    /// Ends a pledge.
    ///
    /// # Errors
    /// [`AmountError::Underflow`] if less is locked than is released.
    pub fn release(&mut self, atoms: u64) -> Result<(), StakeError> {
        self.locked = amount::less(self.locked, atoms)?;
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

    /// Slashes the lock of one job: at most `lock`, taken from locked, then bonded, then unbonding stake.
    /// Returns the atoms slashed, which is `lock` unless earlier slashes left less.
    ///
    /// # Errors
    /// [`AmountError`] if the balances contradict each other.
    pub fn slash(&mut self, lock: u64) -> Result<u64, StakeError> {
        let from_locked = lock.min(self.locked).min(self.bonded);
        self.locked = amount::less(self.locked, from_locked)?;
        self.bonded = amount::less(self.bonded, from_locked)?;
        let from_bonded = (lock - from_locked).min(self.free());
        self.bonded = amount::less(self.bonded, from_bonded)?;
        let from_unbonding = (lock - from_locked - from_bonded).min(self.unbonding);
        self.unbonding = amount::less(self.unbonding, from_unbonding)?;
        let taken = from_locked + from_bonded + from_unbonding; // at most `lock`: cannot wrap
        self.slashed = amount::plus(self.slashed, taken)?;
        Ok(taken)
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
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Move {
        Deposit(u64),
        Lock(u64),
        Release(u64),
        Unbond(u64),
        Withdraw,
        Slash(u64),
        Wait(i64),
    }

    fn moves() -> impl Strategy<Value = std::vec::Vec<Move>> {
        let one = prop_oneof![
            (0u64..1_000).prop_map(Move::Deposit),
            (0u64..1_000).prop_map(Move::Lock),
            (0u64..1_000).prop_map(Move::Release),
            (0u64..1_000).prop_map(Move::Unbond),
            Just(Move::Withdraw),
            (0u64..1_000).prop_map(Move::Slash),
            (0i64..20).prop_map(Move::Wait),
        ];
        proptest::collection::vec(one, 0..60)
    }

    proptest! {
        /// No order of moves leaves a lock without tokens behind it, and none makes or loses an atom.
        #[test]
        fn no_sequence_makes_or_loses_stake(moves in moves()) {
            let mut b = Balances::default();
            let (mut now, mut deposited, mut withdrawn) = (0i64, 0u64, 0u64);
            for m in moves {
                let before = b;
                let done = match m {
                    Move::Deposit(n) => b.deposit(n).map(|()| deposited += n),
                    Move::Lock(n) => b.lock(n),
                    Move::Release(n) => b.release(n),
                    Move::Unbond(n) => b.unbond(n, now, 10),
                    Move::Withdraw => b.withdraw(now).map(|n| withdrawn += n),
                    Move::Slash(n) => b.slash(n).map(|_| ()),
                    Move::Wait(s) => { now += s; Ok(()) }
                };
                if done.is_err() {
                    prop_assert_eq!(b, before);
                }
                prop_assert!(b.locked <= b.bonded);
                prop_assert_eq!(b.held().unwrap(), deposited - withdrawn);
            }
        }
    }

    #[test]
    fn a_slash_takes_locked_then_bonded_then_unbonding() {
        let mut b = Balances { bonded: 10, locked: 4, unbonding: 5, releasable_at: 0, slashed: 0 };
        assert_eq!(b.slash(12), Ok(12));
        assert_eq!(b, Balances { bonded: 0, locked: 0, unbonding: 3, releasable_at: 0, slashed: 12 });
        assert_eq!(b.slash(9), Ok(3));
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
        assert_eq!(b.withdraw(110), Ok(10));
        assert_eq!(b.withdraw(110), Err(StakeError::NothingUnbonding));
    }
}
