//! Plants: jobs and receipts whose truth was fixed before anybody could cheat on them (ringers: Sarmenta 2002).
//!
//! A planter commits to `sha256` of [`commitment_bytes`] before the job is posted and opens it afterwards. With a lie,
//! the planter's own provider claims that lie, and whoever calls it valid did not check. Without one, the job went to
//! anybody, and whoever answers otherwise did not run it. Planters are appointed, because who states the truth could
//! state a false one; each plant costs a fixed amount at most.

use crate::ids::Key;

/// Names protocol, version and purpose.
pub const PLANT_TAG: &[u8; 16] = b"proofml/v1/PLANT";

/// The bytes whose SHA-256 is a plant's commitment. `lie` is zero for a job with a known answer.
pub fn commitment_bytes(domain: &Key, job: &Key, truth: &Key, lie: &Key, salt: &Key) -> [u8; 176] {
    let mut out = [0u8; 176];
    out[..16].copy_from_slice(PLANT_TAG);
    for (at, part) in [domain, job, truth, lie, salt].into_iter().enumerate() {
        out[16 + at * 32..48 + at * 32].copy_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_bound() {
        let parts = [[1u8; 32], [2; 32], [3; 32], [4; 32], [5; 32]];
        let bytes = |p: &[Key; 5]| commitment_bytes(&p[0], &p[1], &p[2], &p[3], &p[4]);
        for which in 0..5 {
            let mut altered = parts;
            altered[which][31] ^= 1;
            assert_ne!(bytes(&altered), bytes(&parts));
        }
    }
}
