//! Merkle trees over lists, as in RFC 9162 (certificate transparency), with SHA-256.
//!
//! A leaf is hashed as `sha256(0x00 | bytes)`, a node as `sha256(0x01 | left | right)`: no node passes for a leaf.
//! The shape depends on the number of leaves, which is signed with the root, so a proof names one place in one tree.

use crate::ids::Key;

/// Hashes the concatenation of byte strings with SHA-256: in software on the host, by syscall in a program.
pub trait Sha256 {
    fn digest(parts: &[&[u8]]) -> Key;
}

/// Longest proof: trees have at most `2^PROOF_MAX` leaves. Twenty hashes leave room in one transaction.
pub const PROOF_MAX: usize = 20;

/// Why a proof does not show what it claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MerkleError {
    /// The index lies outside the tree.
    IndexOutOfRange { index: u32, leaves: u32 },
    /// The proof has another length than this place in this tree needs.
    ProofLength { found: usize },
    /// The leaf is not under this root.
    NotIncluded,
}

/// Hash of a leaf.
pub fn leaf<H: Sha256>(bytes: &[u8]) -> Key {
    H::digest(&[&[0], bytes])
}

/// Hash of an inner node.
pub fn node<H: Sha256>(left: &Key, right: &Key) -> Key {
    H::digest(&[&[1], left, right])
}

/// Checks that the leaf hashed to `hash` is number `index` of `leaves` under `root` (RFC 9162, 2.1.3.2).
///
/// # Errors
/// [`MerkleError`] names what does not fit.
pub fn verify<H: Sha256>(root: &Key, leaves: u32, index: u32, hash: &Key, proof: &[Key]) -> Result<(), MerkleError> {
    if index >= leaves {
        return Err(MerkleError::IndexOutOfRange { index, leaves });
    }
    if proof.len() > PROOF_MAX {
        return Err(MerkleError::ProofLength { found: proof.len() });
    }
    let (mut at, mut last, mut found) = (index, leaves - 1, *hash);
    for sibling in proof {
        if last == 0 {
            return Err(MerkleError::ProofLength { found: proof.len() });
        }
        if at & 1 == 1 || at == last {
            found = node::<H>(sibling, &found);
            // A node without a right neighbour rises until it has a left one.
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            found = node::<H>(&found, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::ProofLength { found: proof.len() });
    }
    if found != *root {
        return Err(MerkleError::NotIncluded);
    }
    Ok(())
}

/// SHA-256 in software.
#[cfg(any(test, feature = "host"))]
pub struct HostSha256;

#[cfg(any(test, feature = "host"))]
impl Sha256 for HostSha256 {
    fn digest(parts: &[&[u8]]) -> Key {
        crate::sha256(parts)
    }
}

/// Root and proofs of a list of leaves (host only: it allocates).
#[cfg(any(test, feature = "host"))]
pub mod tree {
    use super::{node, HostSha256, Key};
    use std::vec::Vec;

    /// Largest power of two below `n`, which is at least 2.
    fn split(n: usize) -> usize {
        (n - 1).checked_ilog2().map_or(1, |bits| 1 << bits)
    }

    /// Root of the hashed leaves; zero for none.
    pub fn root(hashes: &[Key]) -> Key {
        match hashes.len() {
            0 => [0; 32],
            1 => hashes[0],
            n => {
                let (left, right) = hashes.split_at(split(n));
                node::<HostSha256>(&root(left), &root(right))
            }
        }
    }

    /// Proof of the leaf at `index`, from the bottom up; empty if there is no such leaf.
    pub fn proof(hashes: &[Key], index: usize) -> Vec<Key> {
        if hashes.len() < 2 || index >= hashes.len() {
            return Vec::new();
        }
        let at = split(hashes.len());
        let (left, right) = hashes.split_at(at);
        let (mut path, sibling) =
            if index < at { (proof(left, index), root(right)) } else { (proof(right, index - at), root(left)) };
        path.push(sibling);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn hashes(n: usize) -> Vec<Key> {
        (0..n as u32).map(|i| leaf::<HostSha256>(&i.to_le_bytes())).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_and_at_no_other_place() {
        for n in 1..=33usize {
            let hashes = hashes(n);
            let root = tree::root(&hashes);
            for index in 0..n {
                let proof = tree::proof(&hashes, index);
                for claimed in 0..n {
                    let found = verify::<HostSha256>(&root, n as u32, claimed as u32, &hashes[index], &proof);
                    assert_eq!(found.is_ok(), claimed == index, "leaf {index} of {n} at {claimed}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_proof_of_another_length_or_tree_size_fails() {
        let hashes = hashes(13);
        let root = tree::root(&hashes);
        let proof = tree::proof(&hashes, 5);
        let check = |leaves, proof: &[Key]| verify::<HostSha256>(&root, leaves, 5, &hashes[5], proof);
        assert_eq!(check(13, &proof), Ok(()));
        assert_eq!(check(13, &proof[1..]), Err(MerkleError::ProofLength { found: 3 }));
        assert_eq!(check(13, &[&proof[..], &proof[..1]].concat()), Err(MerkleError::ProofLength { found: 5 }));
        assert_eq!(check(13, &[[0; 32]; 21]), Err(MerkleError::ProofLength { found: 21 }));
        assert_eq!(check(8, &proof), Err(MerkleError::ProofLength { found: 4 }));
        assert_eq!(check(5, &proof), Err(MerkleError::IndexOutOfRange { index: 5, leaves: 5 }));
        assert_eq!(check(0, &[]), Err(MerkleError::IndexOutOfRange { index: 5, leaves: 0 }));
    }

    #[test]
    fn an_inner_node_does_not_pass_for_a_leaf() {
        let hashes = hashes(4);
        let root = tree::root(&hashes);
        let inner = [hashes[0], hashes[1]].concat();
        let found = verify::<HostSha256>(&root, 2, 0, &leaf::<HostSha256>(&inner), &[tree::root(&hashes[2..])]);
        assert_eq!(found, Err(MerkleError::NotIncluded));
    }

    proptest! {
        #[test]
        fn any_altered_byte_fails(n in 1usize..200, pick: usize, place in 0usize..32, bit in 0u8..8) {
            let hashes = hashes(n);
            let index = pick % n;
            let root = tree::root(&hashes);
            let mut proof = tree::proof(&hashes, index);
            let mut hash = hashes[index];
            prop_assert_eq!(verify::<HostSha256>(&root, n as u32, index as u32, &hash, &proof), Ok(()));
            let which = pick % (proof.len() + 1);
            if which == proof.len() { hash[place] ^= 1 << bit } else { proof[which][place] ^= 1 << bit }
            prop_assert_eq!(
                verify::<HostSha256>(&root, n as u32, index as u32, &hash, &proof),
                Err(MerkleError::NotIncluded)
            );
        }
    }
}
