//! Every number at its ends: in the arguments of every instruction, and in every account that it reads. Nothing
//! overflows, aborts or makes a token.

use crate::{
    attack::*,
    laws::*,
    layout::{Field, Interface, Kind},
    scenarios::*,
};
use solana_transaction_error::TransactionError;

/// Extremes that go through, and why. Whatever goes through has kept every law of `attack::honest`.
const ARGUMENTS: &[Harmless] = &[("*", "*", "extreme", "allowed values: every vault covers what it owes afterwards")];

/// Stored numbers that make a program abort, which changes nothing, and why nobody can store them.
const STATES: &[Harmless] = &[
    ("*", "Job.bump", "aborts", "set when the job is posted; the runtime refuses the signature it leads to"),
    ("*", "Job.index", "aborts", "set when the job is posted; the runtime refuses the signature it leads to"),
    ("*", "Stake.bump", "aborts", "set when the stake is opened; the runtime refuses the signature it leads to"),
    ("*", "RewardPool.bump", "aborts", "set when the pool is opened; the runtime refuses the signature it leads to"),
    ("*", "JobArray.bump", "aborts", "set when the array is posted; the runtime refuses the signature it leads to"),
    ("*", "JobArray.index", "aborts", "set when the array is posted; the runtime refuses the signature it leads to"),
    ("*", "Config.bump", "aborts", "set at initialisation; the runtime refuses the signature it leads to"),
];

/// The bytes that an attacker would write into a field.
fn extremes(field: &Field, present: &[u8]) -> Vec<Vec<u8>> {
    let number = |value: u128| value.to_le_bytes()[..field.len.min(16)].to_vec();
    let mut values = match field.kind {
        Kind::Address | Kind::Bytes if field.len == 0 => Vec::new(),
        Kind::Address | Kind::Bytes => vec![vec![0; field.len], vec![0xff; field.len]],
        Kind::Unsigned | Kind::Signed => {
            let mut bytes = [0; 16];
            bytes[..field.len].copy_from_slice(present);
            let value = u128::from_le_bytes(bytes);
            let max = if field.len == 16 { u128::MAX } else { (1 << (8 * field.len)) - 1 };
            let middle = max / 2;
            let near = [value.wrapping_sub(1) & max, value.wrapping_add(1) & max];
            [0, 1, 2, max, max - 1, middle, middle + 1].into_iter().chain(near).map(number).collect()
        }
    };
    values.sort_unstable();
    values.dedup();
    values.retain(|value| value != present);
    values
}

#[test]
fn extreme_arguments_make_nothing() {
    let interface = Interface::read();
    let mut family = Family::new("T11 extreme arguments", ARGUMENTS);
    for target in targets() {
        let mut world = target.world.clone();
        for field in interface.arguments(&target.instruction.program_id, target.info.name, &target.instruction.data) {
            let range = field.offset..field.offset + field.len;
            for value in extremes(&field, &target.instruction.data[range.clone()]) {
                let mut altered = target.instruction.clone();
                altered.data[range.clone()].copy_from_slice(&value);
                family.attack(&target, &mut world, &field.name, "extreme", &[altered]);
            }
        }
        // Too short for the arguments, and longer than them.
        for len in 0..target.instruction.data.len() {
            let mut short = target.instruction.clone();
            short.data.truncate(len);
            family.attack(&target, &mut world, "data", "truncated", &[short]);
        }
    }
    family.close();
}

/// No stored number, however wrong, makes a program abort or a token appear.
#[test]
fn extreme_states_make_nothing() {
    let interface = Interface::read();
    let mut family = Family::new("T11 extreme states", STATES);
    for target in targets() {
        for at in target.instruction.accounts.iter().map(|meta| meta.pubkey) {
            let Some(account) = target.world.svm.get_account(&at) else { continue };
            let ours = [market::ID, arbiter::ID].contains(&account.owner) && !account.executable;
            let Some((name, fields)) = ours.then(|| interface.account(&account.owner, &account.data)).flatten() else {
                continue;
            };
            for field in fields.iter().filter(|field| matches!(field.kind, Kind::Unsigned | Kind::Signed)) {
                let range = field.offset..field.offset + field.len;
                for value in extremes(field, &account.data[range.clone()]) {
                    let mut world = target.world.clone();
                    let mut data = account.data.clone();
                    data[range.clone()].copy_from_slice(&value);
                    world.put(at, account.owner, data);
                    let before = [world.mints[0], world.stake_mint].map(|mint| world.supply(&mint));
                    match world.attempt(std::slice::from_ref(&target.instruction)) {
                        Ok(_) if before == [world.mints[0], world.stake_mint].map(|mint| world.supply(&mint)) => {
                            family.held();
                        }
                        Ok(_) => {
                            family.escape(format!("{}: {name}.{} = {value:?} makes tokens", target.name, field.name))
                        }
                        Err(TransactionError::InstructionError(_, InstructionError::ProgramFailedToComplete)) => {
                            family.went_through(&target.name, &format!("{name}.{}", field.name), "aborts");
                        }
                        Err(_) => family.refused(),
                    }
                }
            }
        }
    }
    family.close();
}
