//! How often an address may ask: a bucket that fills with time.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::limits;

/// Parts of the table, so that two cores seldom wait for one another.
const SHARDS: usize = 16;
/// Units of one request: buckets fill by parts of one.
const UNIT: u64 = 1_000_000;

/// A rate for every address. IPv6 counts by its /64: that is what one caller has.
pub struct Limiter {
    shards: Vec<Mutex<HashMap<u128, Bucket>>>,
    /// Units per second.
    rate: u64,
    burst: u64,
    started: Instant,
}

#[derive(Clone, Copy)]
struct Bucket {
    units: u64,
    /// Microseconds since the start.
    at: u64,
}

impl Limiter {
    /// `per_minute` requests lasting, `burst` at once.
    pub fn per_minute(per_minute: u64, burst: u32) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            rate: per_minute.saturating_mul(UNIT) / 60,
            burst: u64::from(burst.max(1)).saturating_mul(UNIT),
            started: Instant::now(),
        }
    }

    /// Whether one more request is allowed now.
    pub fn allows(&self, address: IpAddr) -> bool {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.allows_at(address, micros)
    }

    fn allows_at(&self, address: IpAddr, now: u64) -> bool {
        let key = match address.to_canonical() {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits() >> 64 | 1 << 127,
        };
        let place = usize::try_from((key ^ key >> 64) % SHARDS as u128).unwrap_or(0);
        let Some(shard) = self.shards.get(place) else { return false };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= limits::RATE_ADDRESSES_MAX / SHARDS && !shard.contains_key(&key) {
            // Full buckets say nothing that a fresh one does not. If none is full, somebody has tens of thousands of
            // addresses, and a limit per address holds nothing back: all begin anew, at a cost that does not grow.
            let (rate, burst) = (self.rate, self.burst);
            shard.retain(|_, bucket| filled(bucket, now, rate, burst).units < burst);
            if shard.len() >= limits::RATE_ADDRESSES_MAX / SHARDS {
                shard.clear();
            }
        }
        let bucket = shard.entry(key).or_insert(Bucket { units: self.burst, at: now });
        *bucket = filled(bucket, now, self.rate, self.burst);
        match bucket.units.checked_sub(UNIT) {
            Some(left) => {
                bucket.units = left;
                true
            }
            None => false,
        }
    }
}

fn filled(bucket: &Bucket, now: u64, rate: u64, burst: u64) -> Bucket {
    let gained = u128::from(now.saturating_sub(bucket.at)) * u128::from(rate) / 1_000_000;
    let units = bucket.units.saturating_add(u64::try_from(gained).unwrap_or(u64::MAX)).min(burst);
    Bucket { units, at: now.max(bucket.at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_lasting_rate() {
        let limiter = Limiter::per_minute(60, 3);
        for _ in 0..3 {
            assert!(limiter.allows_at(v4(1), 0));
        }
        assert!(!limiter.allows_at(v4(1), 999_998));
        assert!(limiter.allows_at(v4(2), 0), "others are not held up");
        assert!(limiter.allows_at(v4(1), 1_000_010));
        assert!(!limiter.allows_at(v4(1), 1_000_020));
        assert!(!limiter.allows_at(v4(1), 5), "a clock that steps back gives nothing");
    }

    #[test]
    fn one_callers_addresses_of_ipv6_share_a_bucket() {
        let limiter = Limiter::per_minute(60, 1);
        assert!(limiter.allows_at("2001:db8::1".parse().unwrap(), 0));
        assert!(!limiter.allows_at("2001:db8::2".parse().unwrap(), 0));
        assert!(limiter.allows_at("2001:db8:0:1::1".parse().unwrap(), 0));
        assert!(limiter.allows_at("::ffff:10.0.0.9".parse().unwrap(), 0));
        assert!(!limiter.allows_at(v4(9), 0));
    }

    #[test]
    fn the_table_stays_bounded() {
        let limiter = Limiter::per_minute(60, 2);
        for number in 0..200_000u32 {
            limiter.allows_at(IpAddr::from(number.to_be_bytes()), u64::from(number));
        }
        let held: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= limits::RATE_ADDRESSES_MAX, "{held}");
    }
}
