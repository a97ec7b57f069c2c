//! Which mints may hold escrow and stake, by what is written in the mint account itself.
//!
//! A classic mint has 82 bytes and nothing else. A Token-2022 mint may carry extensions after it, and some of them let
//! somebody move, freeze, tax or stop tokens that lie in a vault. Only what is on [`ALLOWED`] passes; everything else is
//! refused by the name of what it could do, and what this version does not know is refused too.
//!
//! Layout (Token-2022): 82 bytes of mint, zeros up to byte 165, the account type 1, then entries of
//! `kind u16 LE | length u16 LE | value`, up to the end or to a kind of zero.

/// Code of the classic token program in accounts that name one.
pub const TOKEN_CLASSIC: u8 = 0;
/// Code of the Token-2022 program in accounts that name one.
pub const TOKEN_2022: u8 = 1;

/// Bytes of a mint without extensions.
pub const MINT_LEN: usize = 82;
/// Where the account type of an extended mint lies: after the bytes of a token account, so that no mint is as long as one.
const ACCOUNT_TYPE_AT: usize = 165;
/// The account type of a mint.
const ACCOUNT_TYPE_MINT: u8 = 1;
/// An account of this length is a multisig, whatever it holds; the token programs pad a mint beyond it.
const MULTISIG_LEN: usize = 355;
/// Entries in one mint at most: more than there are kinds, and no kind occurs twice.
const ENTRIES_MAX: usize = 32;

/// Extensions that only describe a token: metadata, and membership in a group. None of them touches a balance.
pub const ALLOWED: [u16; 6] = [
    18, // metadata pointer
    19, // token metadata
    20, // group pointer
    21, // token group
    22, // group member pointer
    23, // token group member
];

/// Why a mint is refused: what an extension of it could do to a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MintRefusal {
    /// The bytes are no mint.
    Malformed,
    /// Kind that this version does not know, or that belongs to token accounts.
    Unknown(u16),
    /// A fee is withheld from every transfer: less arrives than left.
    TakesFees,
    /// The mint can be closed, and another one made at its address.
    Closable,
    /// Amounts can be hidden.
    Confidential,
    /// New token accounts begin frozen, now or after a change.
    FreezesByDefault,
    /// Nothing can be paid out.
    NotTransferable,
    /// What an atom stands for changes with time, or by somebody's decision.
    RescalesAmounts,
    /// Somebody may move or burn what lies in any account.
    PermanentDelegate,
    /// Another program decides on every transfer.
    HooksTransfers,
    /// Somebody may stop all transfers.
    Pausable,
    /// Burning needs another signature.
    RestrictsBurns,
}

/// The refusal of an extension, or `None` if it is on [`ALLOWED`].
pub fn judge(kind: u16) -> Option<MintRefusal> {
    Some(match kind {
        18..=23 => return None,
        1 | 16 => MintRefusal::TakesFees,
        3 => MintRefusal::Closable,
        4 | 24 => MintRefusal::Confidential,
        6 => MintRefusal::FreezesByDefault,
        9 => MintRefusal::NotTransferable,
        10 | 25 => MintRefusal::RescalesAmounts,
        12 => MintRefusal::PermanentDelegate,
        14 => MintRefusal::HooksTransfers,
        26 => MintRefusal::Pausable,
        28 => MintRefusal::RestrictsBurns,
        other => MintRefusal::Unknown(other),
    })
}

/// Reads the two bytes at `at`, if they are there.
fn word(data: &[u8], at: usize) -> Option<u16> {
    let bytes = data.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes([*bytes.first()?, *bytes.get(1)?]))
}

/// Whether the mint account with this data may hold escrow and stake. The caller has checked that a token program owns it.
///
/// # Errors
/// The first refusal in the order of the entries.
pub fn scan(data: &[u8]) -> Result<(), MintRefusal> {
    if data.len() == MINT_LEN {
        return Ok(());
    }
    let padding = data.get(MINT_LEN..ACCOUNT_TYPE_AT).ok_or(MintRefusal::Malformed)?;
    let is_mint = data.get(ACCOUNT_TYPE_AT) == Some(&ACCOUNT_TYPE_MINT);
    if !is_mint || data.len() == MULTISIG_LEN || padding.iter().any(|byte| *byte != 0) {
        return Err(MintRefusal::Malformed);
    }
    let mut at = ACCOUNT_TYPE_AT.saturating_add(1);
    for _ in 0..ENTRIES_MAX {
        // Fewer than two bytes, or a kind of zero, end the list: so reads the token program.
        let kind = match word(data, at) {
            None | Some(0) => return Ok(()),
            Some(kind) => kind,
        };
        if let Some(refusal) = judge(kind) {
            return Err(refusal);
        }
        let length = word(data, at.saturating_add(2)).ok_or(MintRefusal::Malformed)?;
        at = at.saturating_add(4).saturating_add(usize::from(length));
        if at > data.len() {
            return Err(MintRefusal::Malformed);
        }
    }
    Err(MintRefusal::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{vec, vec::Vec};

    fn mint(entries: &[(u16, usize)]) -> Vec<u8> {
        let mut data = vec![7; MINT_LEN];
        data.resize(ACCOUNT_TYPE_AT, 0);
        data.push(ACCOUNT_TYPE_MINT);
        for (kind, length) in entries {
            data.extend(kind.to_le_bytes());
            data.extend((*length as u16).to_le_bytes());
            data.resize(data.len() + length, 0xff);
        }
        data
    }

    #[test]
    fn a_plain_mint_passes_and_no_other_length_without_extensions_does() {
        assert_eq!(scan(&[7; MINT_LEN]), Ok(()));
        for length in [0, 1, 81, 83, 164, 165] {
            assert_eq!(scan(&vec![0; length]), Err(MintRefusal::Malformed), "{length}");
        }
        assert_eq!(scan(&mint(&[])), Ok(()));
    }

    #[test]
    fn exactly_the_listed_extensions_pass() {
        for kind in 1..=u16::MAX {
            let allowed = ALLOWED.contains(&kind);
            assert_eq!(scan(&mint(&[(kind, 64)])).is_ok(), allowed, "{kind}");
            assert_eq!(judge(kind).is_none(), allowed, "{kind}");
        }
        let all: Vec<_> = ALLOWED.iter().map(|kind| (*kind, 64)).collect();
        assert_eq!(scan(&mint(&all)), Ok(()));
    }

    #[test]
    fn a_refused_extension_is_found_wherever_it_stands() {
        for at in 0..=ALLOWED.len() {
            let mut entries: Vec<_> = ALLOWED.iter().map(|kind| (*kind, 0)).collect();
            entries.insert(at, (12, 32));
            assert_eq!(scan(&mint(&entries)), Err(MintRefusal::PermanentDelegate), "{at}");
        }
    }

    #[test]
    fn kinds_of_token_accounts_and_of_the_future_are_unknown() {
        for kind in [2, 5, 7, 8, 11, 13, 15, 17, 27, 29, 30, u16::MAX] {
            assert_eq!(scan(&mint(&[(kind, 0)])), Err(MintRefusal::Unknown(kind)));
        }
    }

    #[test]
    fn a_list_ends_at_a_kind_of_zero_or_a_lone_byte() {
        let mut data = mint(&[(18, 64), (0, 0)]);
        data.extend(12u16.to_le_bytes());
        assert_eq!(scan(&data), Ok(()));
        let mut data = mint(&[(18, 64)]);
        data.push(12);
        assert_eq!(scan(&data), Ok(()));
    }

    #[test]
    fn what_is_cut_short_padded_or_of_another_type_is_malformed() {
        let whole = mint(&[(18, 64)]);
        for cut in ACCOUNT_TYPE_AT + 3..whole.len() {
            assert_eq!(scan(&whole[..cut]), Err(MintRefusal::Malformed), "{cut}");
        }
        for (at, value) in [(MINT_LEN, 1), (ACCOUNT_TYPE_AT - 1, 1), (ACCOUNT_TYPE_AT, 0), (ACCOUNT_TYPE_AT, 2)] {
            let mut data = whole.clone();
            data[at] = value;
            assert_eq!(scan(&data), Err(MintRefusal::Malformed), "{at}");
        }
        let multisig = mint(&[(19, MULTISIG_LEN - ACCOUNT_TYPE_AT - 1 - 4)]);
        assert_eq!((multisig.len(), scan(&multisig)), (MULTISIG_LEN, Err(MintRefusal::Malformed)));
    }

    #[test]
    fn the_work_is_bounded() {
        assert_eq!(scan(&mint(&[(18, 0); ENTRIES_MAX - 1])), Ok(()));
        assert_eq!(scan(&mint(&[(18, 0); ENTRIES_MAX])), Err(MintRefusal::Malformed));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = scan(&data);
        }

        /// Random entries after a well-formed head: accepted only if every kind up to the end is on the list.
        #[test]
        fn nothing_unlisted_passes(entries in proptest::collection::vec((0u16..32, 0usize..80), 0..12)) {
            let data = mint(&entries);
            let listed = entries.iter().take_while(|(kind, _)| *kind != 0).all(|(kind, _)| ALLOWED.contains(kind));
            prop_assert_eq!(scan(&data).is_ok(), listed && data.len() != MULTISIG_LEN);
        }

        #[test]
        fn random_tails_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut data = mint(&[]);
            data.extend(tail);
            let _ = scan(&data);
        }
    }
}
