//! Who deployed this program: only they may set it up, so that nobody else can be first.
use anchor_lang::prelude::*;

use crate::error::MarketError;

/// The loader of upgradeable programs.
pub const LOADER_ID: Address = solana_address::address!("BPFLoaderUpgradeab1e11111111111111111111111");
/// Tag of the `ProgramData` variant of the loader's state, u32 LE.
const PROGRAM_DATA_TAG: [u8; 4] = [3, 0, 0, 0];
/// Where the upgrade authority begins: tag, slot (u64), option tag (u8).
const AUTHORITY_AT: usize = 13;

/// Requires `signer` to be the upgrade authority of `program`, by its `ProgramData` account. A program that can no longer
/// be upgraded has none, and can no longer be set up.
pub fn require_upgrade_authority(program_data: &AccountView, program: &Address, signer: &Address) -> Result<()> {
    let (expected, _) = find_program_address(&[program.as_ref()], &LOADER_ID);
    require!(*program_data.address() == expected, MarketError::NotUpgradeAuthority);
    require!(program_data.owned_by(&LOADER_ID), MarketError::NotUpgradeAuthority);
    let data = program_data.try_borrow()?;
    require!(authority(&data) == Some(signer.as_array()), MarketError::NotUpgradeAuthority);
    Ok(())
}

/// The upgrade authority in the data of a `ProgramData` account.
fn authority(data: &[u8]) -> Option<&[u8; 32]> {
    if data.get(..4)? != PROGRAM_DATA_TAG || *data.get(AUTHORITY_AT.checked_sub(1)?)? != 1 {
        return None;
    }
    data.get(AUTHORITY_AT..AUTHORITY_AT.checked_add(32)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_read_from_program_data_only() {
        let mut data = std::vec![0u8; 100];
        data[0] = 3;
        assert_eq!(authority(&data), None, "immutable");
        data[12] = 1;
        data[13..45].fill(7);
        assert_eq!(authority(&data), Some(&[7; 32]));
        for length in 0..45 {
            assert_eq!(authority(&data[..length]), None);
        }
        for (at, value) in [(0, 2), (1, 1), (12, 2), (12, 0)] {
            let mut other = data.clone();
            other[at] = value;
            assert_eq!(authority(&other), None);
        }
    }
}
