//! Accounts whose bytes are not what an instruction reads them as: another type's name in front, cut short, empty,
//! longer, of another version. Nothing reads past its end and nothing takes one type for another.

use crate::{attack::*, laws::*, layout::Interface, scenarios::*};
use solana_account::Account;

/// Damage that may be read over, and why.
const DAMAGED: &[Harmless] = &[
    ("*", "*", "longer", "every field lies where it did: accounts grow at their end"),
    ("close_job audit unpaid", "verdict", "*", "the time to collect is over: nobody reads it any more"),
    (
        "*",
        "*",
        "other version",
        "only the deployed program writes it, and a layout that moves a field takes another discriminator",
    ),
];

/// The damaged forms of one account: kind and bytes.
fn damaged(interface: &Interface, account: &Account) -> Vec<(&'static str, Vec<u8>)> {
    let data = &account.data;
    let mut found = vec![("all zero", vec![0; data.len()])];
    found.extend([0, 1, 7, 8, 9, data.len() / 2, data.len() - 1].map(|len| ("truncated", data[..len].to_vec())));
    found.extend([1, 8, 1_000].map(|more| ("longer", [data.clone(), vec![0; more]].concat())));
    let altered = |at: usize, value: u8| {
        let mut data = data.clone();
        data[at] = value;
        data
    };
    if account.owner == address::TOKEN_PROGRAM {
        // Mint and token account keep their state where it decides whether they are initialised.
        let state = if data.len() == 82 { 45 } else { 108 };
        found.push(("not initialised", altered(state, 0)));
        return found;
    }
    found.extend((0..8).map(|at| ("other discriminator", altered(at, data[at] ^ 1))));
    for program in [market::ID, arbiter::ID] {
        for (_, tag) in interface.accounts(&program).into_iter().filter(|(_, tag)| !data.starts_with(tag)) {
            found.push(("another type's discriminator", [&tag[..], &data[8..]].concat()));
        }
    }
    found.extend([0, 2, 255].map(|version| ("other version", altered(8, version))));
    found
}

#[test]
fn every_damaged_account_fails() {
    let interface = Interface::read();
    let mut family = Family::new("T20 discriminator, version, truncation", DAMAGED);
    for mut target in targets() {
        let intact = target.world.clone();
        for (slot, info) in target.info.accounts.iter().enumerate() {
            let at = target.instruction.accounts[slot].pubkey;
            let Some(account) = intact.svm.get_account(&at) else { continue };
            let ours = [market::ID, arbiter::ID, address::TOKEN_PROGRAM].contains(&account.owner);
            if account.executable || account.data.is_empty() || !ours {
                continue;
            }
            for (kind, data) in damaged(&interface, &account) {
                target.world = intact.clone();
                target.world.put(at, account.owner, data);
                let mut world = target.world.clone();
                family.attack(&target, &mut world, info.name, kind, &[target.instruction.clone()]);
            }
        }
    }
    family.close();
}
