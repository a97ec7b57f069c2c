//! Generated from the interface: for every slot of every instruction of both programs, each signature left out, each
//! account replaced by everything that an attacker could put there, each account also put into every other slot, and
//! each written account passed read-only. All of it fails, but for the lists below.

use crate::{attack::*, laws::*, scenarios::*};

const TOKEN_ACCOUNT_LEN: usize = 165;
const CLOCK: Address = Address::from_str_const("SysvarC1ock11111111111111111111111111111111");

/// Accounts for which another one will do, and why.
const SUBSTITUTES: &[Harmless] = &[
    ("initialize_config", "stake_mint", "same type", "whoever deploys chooses the mint of stakes"),
    ("initialize_config", "stake_mint", "token copy", "whoever deploys chooses the mint of stakes"),
    ("queue_mint", "mint_rule", "same type", "the authority may change every rule"),
    ("disable_mint", "mint_rule", "same type", "the authority may change every rule"),
    ("verify_proof", "payer", "other wallet", "anyone may pay for a slash case, and gets the rent back"),
    ("apply_slash", "slash_case", "own other", "both slashes are due, and anyone may say so"),
    ("close_case", "slash_case", "neighbour's", "every case that is dealt with may close, and anyone may say so"),
    ("close_case", "slash_case", "own other", "every case that is dealt with may close, and anyone may say so"),
    ("slash_on_evidence", "payer", "other wallet", "anyone may pay for the record of an offence"),
    ("claim_bounty", "slash_case", "own other", "the reporter is owed both bounties"),
    ("claim_bounty", "destination", "token copy", "any token account of the reporter"),
    ("open_reward_pool", "payer", "other wallet", "anyone may pay for a pool"),
    ("fund_rewards", "source", "token copy", "any token account of the funder, who signs"),
    ("claim_epoch_reward", "destination", "token copy", "any token account of the provider's owner"),
    ("deposit_stake", "source", "token copy", "any token account of the depositor, who signs"),
    ("withdraw_stake", "destination", "neighbour's", "the owner signs, and says where its own stake goes"),
    ("withdraw_stake", "destination", "token copy", "the owner signs, and says where its own stake goes"),
    ("withdraw_stake", "destination", "same type", "the owner signs, and says where its own stake goes"),
    ("sweep_slashed", "treasury", "token copy", "any token account of the treasury"),
    ("publish_offer", "operator", "other wallet", "the owner may do what its operator may"),
    ("withdraw_offer", "operator", "other wallet", "the owner may do what its operator may"),
    ("withdraw_offer", "offer", "same type", "another offer of the same provider, of the same payer of rent"),
    ("post_job", "source", "token copy", "any token account of the tenant, who signs"),
    ("match_job", "job", "own other", "the tenant's other job, as open to this offer"),
    ("start_job", "job", "own other", "the provider holds both jobs"),
    ("claim_reward", "destination", "token copy", "any token account of the provider's owner"),
    ("claim_refund", "destination", "token copy", "any token account of the tenant"),
    ("sweep_fees", "treasury", "token copy", "any token account of the treasury"),
    ("pay_audit", "destination", "token copy", "any token account of the re-executor's owner"),
    ("cancel_job", "job", "own other", "the tenant may cancel either of its open jobs"),
    ("decline_job", "job", "own other", "the provider holds both jobs"),
    ("expire_job", "job", "own other", "both jobs are overdue, and anyone may say so"),
    ("expire_job", "job", "neighbour's", "nobody holds the open job, it is overdue, and anyone may say so"),
    ("close_job", "dust_destination", "token copy", "any token account of the tenant"),
    ("retire_validator", "validator", "neighbour's", "each validator that signs may retire itself"),
    ("retire_validator", "validator", "other wallet", "each validator that signs may retire itself"),
    ("join_executors", "operator", "other wallet", "the owner may do what its operator may"),
    ("leave_executors", "operator", "other wallet", "the owner may do what its operator may"),
    ("expire_round", "round", "neighbour's", "both rounds are overdue, and anyone may say so"),
    ("expire_round", "round", "own other", "both rounds are overdue, and anyone may say so"),
    ("open_executors", "payer", "other wallet", "anyone may pay for a list"),
    ("freeze_set", "payer", "other wallet", "anyone may pay for a set"),
    ("open_round", "payer", "other wallet", "anyone may pay for a round, and gets the rent back"),
    ("escalate_round", "payer", "other wallet", "anyone may pay for a round, and gets the rent back"),
    ("finalize_round", "payer", "other wallet", "anyone may pay for a verdict, and gets the rent back"),
    ("open_appeal", "payer", "other wallet", "anyone may pay for a round, and gets the rent back"),
    ("finalize_appeal", "payer", "other wallet", "anyone may pay for a verdict, and gets the rent back"),
    ("verify_proof valid", "slash_case", "*", "a verdict that accepts opens no case: the account is not looked at"),
    ("verify_proof valid", "system_program", "system program", "nothing is created: either form will do"),
    ("expire_job running", "verdict", "market program", "left out: only a submitted receipt can be judged"),
    ("expire_job running", "round", "market program", "left out: only a submitted receipt can be judged"),
    ("expire_job matched", "verdict", "market program", "left out: only a submitted receipt can be judged"),
    ("expire_job matched", "round", "market program", "left out: only a submitted receipt can be judged"),
    ("expire_job ending service", "verdict", "market program", "left out: nobody judges a service"),
    ("expire_job ending service", "round", "market program", "left out: nobody judges a service"),
    ("expire_job dead service", "verdict", "market program", "left out: nobody judges a service"),
    ("expire_job dead service", "round", "market program", "left out: nobody judges a service"),
    ("expire_job paused service", "verdict", "market program", "left out: nobody judges a service"),
    ("expire_job paused service", "round", "market program", "left out: nobody judges a service"),
    ("close_job clean", "dust_destination", "same type", "the vault is empty: nothing goes there"),
    ("close_job clean", "dust_destination", "neighbour's", "the vault is empty: nothing goes there"),
    ("close_job clean", "dust_destination", "market program", "left out: the vault is empty"),
    ("close_job audit unpaid", "dust_destination", "same type", "the vault is empty: nothing goes there"),
    ("close_job audit unpaid", "dust_destination", "neighbour's", "the vault is empty: nothing goes there"),
    ("close_job audit unpaid", "dust_destination", "market program", "left out: the vault is empty"),
    ("close_job audit paid", "dust_destination", "same type", "the vault is empty: nothing goes there"),
    ("close_job audit paid", "dust_destination", "neighbour's", "the vault is empty: nothing goes there"),
    ("close_job audit paid", "dust_destination", "market program", "left out: the vault is empty"),
    ("post_array", "source", "token copy", "any token account of the tenant, who signs"),
    ("cancel_array", "array", "own other", "the tenant may cancel either of its arrays"),
    ("close_array", "destination", "token copy", "any token account of the tenant"),
    ("claim_stream", "destination", "token copy", "any token account of the provider's owner"),
    ("top_up_job", "source", "token copy", "any token account of the payer, who signs"),
    ("pause_job", "job", "neighbour's", "both services are dry, and anyone may say so"),
    ("pause_job", "job", "own other", "both services are dry, and anyone may say so"),
    ("resume_job", "job", "own other", "the provider holds both services"),
    ("stop_job", "job", "own other", "the same parties may end either service"),
    ("stop_job", "party", "the other party", "either party may end a service, and the record says which did"),
    ("claim_sla", "job", "own other", "the tenant is owed both bonds"),
    ("claim_sla", "destination", "token copy", "any token account of the tenant"),
    ("dismiss_planter", "planter", "neighbour's", "the authority may dismiss either"),
    ("close_root_ballot", "ballot", "neighbour's", "both are over, and the rent goes to the same payer"),
    ("close_beacon", "beacon", "neighbour's", "both are old enough, and the rent goes to the same payer"),
    ("refresh_validator", "stake", "same type", "each member is weighed by its own stake, and anyone may do it"),
    ("refresh_validator", "stake", "neighbour's", "each member is weighed by its own stake, and anyone may do it"),
    ("open_root_ballot", "payer", "other wallet", "anyone may pay for a ballot, and gets the rent back"),
    ("finalize_root", "payer", "other wallet", "anyone may pay for a root, and gets the rent back"),
    ("witness_usage", "payer", "other wallet", "anyone may carry a total, and gets the rent back"),
    ("post_beacon", "payer", "other wallet", "anyone may pay for a beacon round, and gets the rent back"),
    ("record_missed_reveal", "reporter", "other wallet", "anyone may report what the round shows"),
    ("record_wrong_dissent", "reporter", "other wallet", "anyone may report what the round shows"),
    ("report_double_receipt", "reporter", "other wallet", "anyone may report who has the proof"),
    ("report_double_attestation", "reporter", "other wallet", "anyone may report who has the proof"),
    ("report_failed_plant", "reporter", "other wallet", "anyone may report who has the proof"),
    ("report_failed_ringer", "reporter", "other wallet", "anyone may report who has the proof"),
];

/// Accounts that may stand in two slots of one transaction, and why.
#[rustfmt::skip] // one row, one exception
const ALIASES: &[Harmless] = &[
    ("close_job", "dust_destination", "array", "the vault is empty: nothing goes there"),
    ("stop_job by the tenant", "party", "operator", "the operator signs: either party may end a service"),
];

/// What an attacker can put into `slot` of the target's instruction: kind and account.
fn substitutes(target: &Target, world: &mut World, slot: usize) -> Vec<(&'static str, Address)> {
    let original = target.instruction.accounts[slot].pubkey;
    let mut found: Vec<(&'static str, Address)> = vec![
        ("nothing", Address::new_from_array([0xee; 32])),
        ("sysvar", CLOCK),
        ("system program", Address::default()),
        ("token program", address::TOKEN_PROGRAM),
        ("market program", market::ID),
        ("arbiter program", arbiter::ID),
    ];
    let twins = target.twins.iter().map(|(whose, twin)| (*whose, twin.accounts[slot].pubkey));
    found.extend(twins);
    let wallets = world.wallets();
    match world.svm.get_account(&original).filter(|account| !account.data.is_empty() && !account.executable) {
        None => found.extend(wallets.into_iter().map(|wallet| ("other wallet", wallet))),
        Some(account) => {
            found.push(("other wallet", world.outsider));
            // Everything of the same type, whoever owns it.
            let kind = |data: &[u8]| (data.len(), (data.len() > TOKEN_ACCOUNT_LEN).then(|| data[..8].to_vec()));
            let mut same: Vec<Address> = world
                .svm
                .get_program_accounts(&account.owner)
                .into_iter()
                .filter(|(_, other)| kind(&other.data) == kind(&account.data))
                .map(|(at, _)| at)
                .collect();
            same.sort_unstable_by_key(Address::to_bytes);
            found.extend(same.into_iter().map(|other| ("same type", other)));
            found.push(("foreign copy", world.foreign_copy(original)));
            let copy = |world: &mut World, name: &str, owner: Address| {
                let at = wallet_address(&format!("{name} of {original}"));
                world.put(at, owner, account.data.clone());
                at
            };
            for owner in [market::ID, arbiter::ID].into_iter().filter(|owner| *owner != account.owner) {
                found.push(("copy of the other program", copy(world, "other program's copy", owner)));
            }
            // Anyone makes a token account or mint like another one.
            if account.owner == address::TOKEN_PROGRAM {
                found.push(("token copy", copy(world, "token copy", address::TOKEN_PROGRAM)));
            }
        }
    }
    // A service has two parties; nobody else is one.
    if target.info.accounts[slot].name == "party" {
        let parties = [world.tenants[VICTIM.tenant], world.providers[VICTIM.provider].operator];
        found.iter_mut().filter(|(_, at)| parties.contains(at)).for_each(|(kind, _)| *kind = "the other party");
    }
    let mut seen = vec![original];
    found.retain(|(_, at)| {
        let new = !seen.contains(at);
        seen.push(*at);
        new
    });
    found
}

fn wallet_address(name: &str) -> Address {
    use solana_signer::Signer as _;
    wallet(name).pubkey()
}

/// The target's instruction with `at` in `slot`; it signs if it can.
fn put_into(target: &Target, world: &World, slot: usize, at: Address) -> Instruction {
    let mut instruction = with(target.instruction.clone(), slot, at);
    let (meta, account) = (&mut instruction.accounts[slot], &target.info.accounts[slot]);
    // Where an optional account was left out, the slot is read-only.
    meta.is_writable = account.writable;
    meta.is_signer = account.signer && world.can_sign(&at);
    instruction
}

#[test]
fn every_missing_signature_fails() {
    let mut family = Family::new("T17 missing signature", &[]);
    for target in targets() {
        let mut world = target.world.clone();
        for (slot, account) in target.info.accounts.iter().enumerate().filter(|(_, account)| account.signer) {
            if !target.instruction.accounts[slot].is_signer {
                continue; // an optional account that was left out
            }
            let mut unsigned = target.instruction.clone();
            unsigned.accounts[slot].is_signer = false;
            let failure = world.send(unsigned).expect_err(&format!("{} without {}", target.name, account.name));
            assert_eq!(failure, UNSIGNED, "{}, {}", target.name, account.name);
            family.refused();
        }
    }
    family.close();
}

#[test]
fn every_written_account_must_be_writable() {
    let mut family = Family::new("T17 stripped writable", &[]);
    for target in targets() {
        let mut world = target.world.clone();
        for (slot, account) in target.info.accounts.iter().enumerate().filter(|(_, account)| account.writable) {
            let mut readonly = target.instruction.clone();
            // The same address elsewhere in the list keeps it writable: then nothing is tested.
            let key = readonly.accounts[slot].pubkey;
            if !readonly.accounts[slot].is_writable {
                continue; // an optional account that was left out
            }
            readonly.accounts.iter_mut().filter(|meta| meta.pubkey == key).for_each(|meta| meta.is_writable = false);
            family.attack(&target, &mut world, account.name, "read-only", &[readonly]);
        }
    }
    family.close();
}

#[test]
fn every_substituted_account_fails() {
    let mut family = Family::new("T15 account substitution", SUBSTITUTES);
    for mut target in targets() {
        for (slot, account) in target.info.accounts.iter().enumerate() {
            let mut world = target.world.clone();
            let found = substitutes(&target, &mut world, slot);
            // The copies are part of the world that every case starts from.
            target.world = world.clone();
            for (kind, at) in found {
                let instruction = put_into(&target, &world, slot, at);
                family.attack(&target, &mut world, account.name, kind, &[instruction]);
            }
        }
    }
    family.close();
}

#[test]
fn every_account_in_two_slots_fails() {
    let mut family = Family::new("T16 aliasing", ALIASES);
    for target in targets() {
        let mut world = target.world.clone();
        for (slot, account) in target.info.accounts.iter().enumerate() {
            for (other, twice) in target.info.accounts.iter().enumerate() {
                let at = target.instruction.accounts[other].pubkey;
                if at == target.instruction.accounts[slot].pubkey {
                    continue;
                }
                let instruction = put_into(&target, &world, slot, at);
                family.attack(&target, &mut world, account.name, twice.name, &[instruction]);
            }
        }
    }
    family.close();
}

/// Whatever is appended to the accounts is not looked at.
#[test]
fn accounts_behind_the_last_change_nothing() {
    let mut family = Family::new("T16 trailing accounts", &[]);
    for target in targets() {
        let mut plain = target.world.clone();
        plain.ok(target.instruction.clone());
        for extra in target.instruction.accounts.clone() {
            let mut world = target.world.clone();
            let mut longer = target.instruction.clone();
            longer.accounts.push(extra.clone());
            match world.send(longer) {
                Err(_) => family.refused(),
                Ok(_) if world.snapshot() == plain.snapshot() => family.held(),
                Ok(_) => family.escape(format!("{}: {} behind the last account", target.name, extra.pubkey)),
            }
        }
    }
    family.close();
}

/// Whoever guesses an address that is about to be created and sends lamports there does not keep it from existing.
#[test]
fn lamports_sent_ahead_block_nothing() {
    let mut family = Family::new("T18 lamports sent ahead", &[]);
    for target in targets() {
        let (w, instruction) = (&target.world, &target.instruction);
        for meta in instruction.accounts.iter().filter(|meta| meta.is_writable && w.is_closed(&meta.pubkey)) {
            for lamports in [1, 1_000_000, 1_000_000_000] {
                let mut w = w.clone();
                w.gift(meta.pubkey, lamports);
                match w.send(instruction.clone()) {
                    Ok(_) => family.held(),
                    Err(failure) => {
                        family.escape(format!(
                            "{}: {lamports} lamports at {} block it: {failure:?}",
                            target.name, meta.pubkey
                        ));
                    }
                }
            }
        }
    }
    family.close();
}
