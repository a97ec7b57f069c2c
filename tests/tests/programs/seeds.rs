//! Seeds of the fuzz targets, from real transactions: `PROOFMILL_FUZZ_SEEDS=fuzz/corpus` writes one per scenario. The
//! layout is the one that `fuzz/src/instruction.rs` reads.

use std::path::PathBuf;

use crate::{laws::*, layout::Interface, scenarios::*};

/// One scenario as the fuzz target reads it: every account as it is before the instruction, and the instruction.
fn seed(target: &Target) -> Vec<u8> {
    let metas = &target.instruction.accounts;
    let mut out = vec![metas.len() as u8];
    for (index, meta) in metas.iter().enumerate() {
        if let Some(same) = metas[..index].iter().position(|earlier| earlier.pubkey == meta.pubkey) {
            out.extend_from_slice(&[8, same as u8]);
            continue;
        }
        let account = target.world.svm.get_account(&meta.pubkey).unwrap_or_default();
        let executable = account.executable;
        let flags = u8::from(meta.is_signer) | u8::from(meta.is_writable) << 1 | u8::from(executable) << 2;
        out.push(flags);
        out.extend_from_slice(meta.pubkey.as_ref());
        let owners = [Address::default(), market::ID, arbiter::ID, address::TOKEN_PROGRAM];
        match owners.iter().position(|owner| *owner == account.owner) {
            Some(known) => out.push(known as u8),
            None => {
                out.push(u8::MAX);
                out.extend_from_slice(account.owner.as_ref());
            }
        }
        // A program's own bytes are never read, nor is more than one hash of the last slots.
        let data = if executable { &[][..] } else { &account.data[..account.data.len().min(8_192)] };
        let stored = data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        out.extend_from_slice(&(account.lamports << 5).to_le_bytes());
        out.extend_from_slice(&(data.len() as u16).to_le_bytes());
        out.extend_from_slice(&(stored as u16).to_le_bytes());
        out.extend_from_slice(&data[..stored]);
    }
    out.extend_from_slice(&target.instruction.data);
    out
}

#[test]
fn every_scenario_is_a_seed() {
    let folder = std::env::var_os("PROOFMILL_FUZZ_SEEDS").map(PathBuf::from);
    let write = |fuzz_target: &str, name: &str, bytes: &[u8]| {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder.join(fuzz_target)).unwrap();
            std::fs::write(folder.join(fuzz_target).join(name.replace(' ', "_")), bytes).unwrap();
        }
    };
    let interface = Interface::read();
    for target in targets() {
        let program = if target.instruction.program_id == market::ID { "market" } else { "arbiter" };
        let bytes = seed(&target);
        assert!(bytes.len() < 65_536, "{}: {} bytes", target.name, bytes.len());
        write(&format!("{program}_instruction"), &target.name, &bytes);
        for meta in &target.instruction.accounts {
            let Some(account) = target.world.svm.get_account(&meta.pubkey) else { continue };
            if ![market::ID, arbiter::ID].contains(&account.owner) || account.executable {
                continue;
            }
            let (name, _) = interface.account(&account.owner, &account.data).expect("a known account");
            write("account_bytes", &name, &account.data);
            if name == "Verdict" {
                write("protocol_decode", &name, &account.data);
            }
        }
    }
}

/// A new account type is decoded by the fuzz target too.
#[test]
fn the_fuzz_target_knows_every_account() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/src/account_bytes.rs");
    let source = std::fs::read_to_string(source).unwrap();
    for (program, own) in [("market", market::ID), ("arbiter", arbiter::ID)] {
        for (name, _) in Interface::read().accounts(&own) {
            // The arbiter's interface also lists the market's accounts that it reads.
            let known = source.contains(&format!("market::{name},")) || source.contains(&format!("{program}::{name},"));
            assert!(known, "add {program}::{name} to fuzz/src/account_bytes.rs");
        }
    }
}
