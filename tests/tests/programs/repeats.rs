//! The same instruction twice: in two transactions, in one, and on an account closed and revived in between.

use crate::{attack::*, laws::*, scenarios::*};

/// Instructions that may be repeated, and why.
const REPEATED: &[Harmless] = &[
    ("queue_mint", "*", "*", "the authority queues the same rule again, which waits anew"),
    ("disable_mint", "*", "*", "the authority disables it again"),
    ("pause_openings", "*", "*", "a pause is a pause"),
    ("unpause_openings", "*", "*", "no pause is no pause"),
    ("update_provider", "*", "*", "the owner announces the same again"),
    ("announce_provider", "*", "*", "the operator announces the same again"),
    ("announce_validator", "*", "*", "the delegate announces the same again"),
    ("refresh_validator", "*", "*", "a member that was just weighed weighs the same"),
    ("unbond_stake", "*", "*", "the owner unbonds more of its free stake"),
    ("report_usage", "*", "*", "a cumulative total that says nothing new changes nothing"),
    ("accept_witnessed_usage", "*", "*", "a cumulative total that says nothing new changes nothing"),
    ("commit_attestations", "*", "*", "commitments that stand are passed over: nothing is written"),
    ("top_up_job", "*", "*", "the payer adds as much again"),
];

#[test]
fn nothing_happens_twice() {
    let mut family = Family::new("T05, T18 repetition, re-initialisation", REPEATED);
    for mut target in targets() {
        let again = [target.instruction.clone()];
        let twice = [target.instruction.clone(), target.instruction.clone()];
        let mut world = target.world.clone();
        family.attack(&target, &mut world, "*", "twice in one transaction", &twice);
        target.world.ok(target.instruction.clone());
        let mut world = target.world.clone();
        family.attack(&target, &mut world, "*", "again", &again);
        // And after a while: what is over stays over.
        target.world.warp(1_000_000);
        let mut world = target.world.clone();
        family.attack(&target, &mut world, "*", "again much later", &again);
    }
    family.close();
}

#[test]
fn whatever_is_closed_stays_closed() {
    let mut family = Family::new("T19 close and revive", &[]);
    let mut closing = 0;
    for mut target in targets() {
        let mut after = target.world.clone();
        after.ok(target.instruction.clone());
        let closed: Vec<Address> = (target.instruction.accounts.iter())
            .map(|meta| meta.pubkey)
            .filter(|at| !target.world.is_closed(at) && after.is_closed(at))
            .collect();
        closing += closed.len();
        let attacker = target.world.wallet("attacker");
        for at in closed {
            for lamports in [1, 890_880, 10_000_000] {
                let fund = transfer(attacker, at, lamports);
                let close = target.instruction.clone();
                // In one transaction: closed, funded again, used again.
                let mut world = target.world.clone();
                family.attack(
                    &target,
                    &mut world,
                    "*",
                    "close, fund, use",
                    &[close.clone(), fund.clone(), close.clone()],
                );
                // Funded again before the transaction ends: an empty account of nobody's remains, never a live one.
                let mut world = target.world.clone();
                match world.attempt(&[close.clone(), fund]) {
                    Err(_) => family.refused(),
                    Ok(_) => {
                        let left = world.svm.get_account(&at).unwrap();
                        if left.data.is_empty() && left.owner == Address::default() {
                            family.held();
                        } else {
                            family.escape(format!("{}: {at} lives on after it was closed", target.name));
                        }
                        match world.attempt(&[close]) {
                            Err(_) => family.refused(),
                            Ok(_) => family.escape(format!("{}: {at} is used after it was closed", target.name)),
                        }
                    }
                }
            }
        }
    }
    assert!(closing >= 6, "{closing} accounts are closed by the instructions of both programs");
    family.close();
}

/// Where dust asks for another form of the instruction, which anyone may send.
#[rustfmt::skip] // one row, one exception
const DUSTED: &[Harmless] = &[
    ("close_array empty", "vault", "an atom", "the vault is not empty any more: closed by naming where the dust goes"),
];

/// Whoever drops an atom or a lamport on an account keeps nobody from anything.
#[test]
fn dust_blocks_nothing() {
    let mut family = Family::new("T19 dust", DUSTED);
    for target in targets() {
        for (slot, meta) in target.instruction.accounts.iter().enumerate() {
            let Some(account) = target.world.svm.get_account(&meta.pubkey).filter(|account| !account.executable) else {
                continue;
            };
            let is_token_account = account.owner == address::TOKEN_PROGRAM && account.data.len() == 165;
            let mut dusted = vec![("a lamport", {
                let mut account = account.clone();
                account.lamports += 1;
                account
            })];
            if is_token_account {
                let mut account = account.clone();
                let amount = u64::from_le_bytes(account.data[64..72].try_into().unwrap()) + 1;
                account.data[64..72].copy_from_slice(&amount.to_le_bytes());
                dusted.push(("an atom", account));
            }
            for (kind, account) in dusted {
                let mut world = target.world.clone();
                if world.svm.set_account(meta.pubkey, account).is_err() {
                    continue; // a sysvar
                }
                match world.attempt(std::slice::from_ref(&target.instruction)) {
                    Ok(_) => family.held(),
                    Err(_) => family.went_through(&target.name, target.info.accounts[slot].name, kind),
                }
            }
        }
    }
    family.close();
}
