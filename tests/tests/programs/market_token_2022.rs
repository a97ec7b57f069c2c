//! Mints of both token programs. Each Token-2022 mint here is made by that program's own instructions.

use crate::laws::*;
use solana_instruction::AccountMeta;
use solana_signer::Signer as _;
use spl_token_2022_interface::{
    extension::{
        BaseStateWithExtensions as _, ExtensionType, StateWithExtensions, confidential_mint_burn,
        confidential_transfer, confidential_transfer_fee, default_account_state, group_member_pointer, group_pointer,
        immutable_owner::ImmutableOwner, interest_bearing_mint, metadata_pointer, pausable, permissioned_burn,
        scaled_ui_amount, transfer_fee, transfer_hook,
    },
    instruction as token,
    state::{Account as TokenState, AccountState, Mint},
};

const TOKEN: Address = address::TOKEN_2022_PROGRAM;
/// Atoms that a tenant has at the beginning.
const PURSE: u64 = 1_000_000_000;

/// A blank account of the right size for a mint with these extensions, at the address of its name.
fn blank(w: &mut World, name: &str, extensions: &[ExtensionType], more: usize) -> Address {
    let at = wallet(name).pubkey();
    let length = ExtensionType::try_calculate_account_len::<Mint>(extensions).unwrap();
    w.put(at, TOKEN, vec![0; length]);
    // Metadata and group entries grow the account afterwards.
    let lamports = w.svm.minimum_balance_for_rent_exemption(length + more);
    let mut account = w.svm.get_account(&at).unwrap();
    account.lamports = lamports;
    w.svm.set_account(at, account).unwrap();
    at
}

/// The mint itself, 6 decimals, with a freeze authority as most stablecoins have.
fn initialize(w: &mut World, mint: Address) {
    let authority = w.authority;
    w.ok(token::initialize_mint2(&TOKEN, &mint, &authority, Some(&authority), 6).unwrap());
}

/// `InitializeTokenMetadata` of the metadata interface, into the mint itself.
fn metadata(mint: Address, authority: Address) -> Instruction {
    let mut data = vec![210, 225, 30, 162, 88, 184, 77, 141];
    for text in ["Proof Dollar", "PUSD", "https://example.org/pusd.json"] {
        data.extend((text.len() as u32).to_le_bytes());
        data.extend(text.as_bytes());
    }
    let accounts = vec![
        AccountMeta::new(mint, false),
        AccountMeta::new_readonly(authority, false),
        AccountMeta::new_readonly(mint, false),
        AccountMeta::new_readonly(authority, true),
    ];
    Instruction { program_id: TOKEN, accounts, data }
}

/// `InitializeGroup` of the group interface, into the mint itself.
fn group(mint: Address, authority: Address) -> Instruction {
    let mut data = vec![121, 113, 108, 39, 54, 51, 0, 4];
    data.extend(authority.to_bytes());
    data.extend(9u64.to_le_bytes());
    let accounts = vec![
        AccountMeta::new(mint, false),
        AccountMeta::new_readonly(mint, false),
        AccountMeta::new_readonly(authority, true),
    ];
    Instruction { program_id: TOKEN, accounts, data }
}

/// A mint with everything on the allow-list that a mint can give itself.
fn described_mint(w: &mut World, name: &str) -> Address {
    let pointers = [ExtensionType::MetadataPointer, ExtensionType::GroupPointer, ExtensionType::GroupMemberPointer];
    let mint = blank(w, name, &pointers, 1_024);
    let authority = w.authority;
    w.ok(metadata_pointer::instruction::initialize(&TOKEN, &mint, Some(authority), Some(mint)).unwrap());
    w.ok(group_pointer::instruction::initialize(&TOKEN, &mint, Some(authority), Some(mint)).unwrap());
    w.ok(group_member_pointer::instruction::initialize(&TOKEN, &mint, Some(authority), Some(mint)).unwrap());
    initialize(w, mint);
    w.ok(metadata(mint, authority));
    w.ok(group(mint, authority));
    mint
}

/// The associated token account of `owner`, by the associated token program, holding `amount`.
fn open(w: &mut World, owner: Address, mint: Address, amount: u64) -> Address {
    let at = w.account_of(&owner, &mint);
    let accounts = vec![
        AccountMeta::new(w.crank, true),
        AccountMeta::new(at, false),
        AccountMeta::new_readonly(owner, false),
        AccountMeta::new_readonly(mint, false),
        AccountMeta::new_readonly(Address::default(), false),
        AccountMeta::new_readonly(TOKEN, false),
    ];
    w.ok(Instruction { program_id: address::ASSOCIATED_TOKEN_PROGRAM, accounts, data: vec![1] });
    if amount > 0 {
        w.ok(token::mint_to_checked(&TOKEN, &mint, &at, &w.authority, &[], amount, 6).unwrap());
    }
    at
}

/// Everybody ready, and a second payment mint of Token-2022, listed, with an offer (index 2) of each provider.
fn ready() -> (World, Address) {
    let mut w = TestBuilder::ready();
    let mint = described_mint(&mut w, "described");
    w.ok(w.add_mint(mint, w.mint_rule_args()));
    w.warp(LIMITS.timelock);
    w.ok(w.apply_mint(mint));
    for owner in w.providers.iter().map(|party| party.owner).chain([w.treasury]).collect::<Vec<_>>() {
        open(&mut w, owner, mint, 0);
    }
    for tenant in w.tenants.clone() {
        open(&mut w, tenant, mint, PURSE);
    }
    for provider in 0..w.providers.len() {
        w.ok(w.publish_offer(provider, mint, w.offer_args(2)));
    }
    (w, mint)
}

/// A job in `mint`, posted, matched and started.
fn running(w: &mut World, mint: Address, index: u64) -> JobHandle {
    w.ok(w.post_job(0, mint, terms(index)));
    let job = w.handle(0, index, mint);
    w.ok(w.match_job(&job, 0, 2));
    w.ok(w.start_job(&job, 0));
    job
}

/// A job in `mint`, settled by a verdict for 60 seconds.
fn accepted(w: &mut World, mint: Address, index: u64) -> JobHandle {
    let job = running(w, mint, index);
    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    job
}

fn extensions_of(w: &World, mint: &Address) -> Vec<ExtensionType> {
    StateWithExtensions::<Mint>::unpack(&w.data(mint)).unwrap().get_extension_types().unwrap()
}

/// Every extension that is refused: how to begin a mint with it, and the error that names it.
fn refused_mints(w: &mut World) -> Vec<(ExtensionType, Address, MarketError)> {
    use ExtensionType as E;
    let someone = w.outsider;
    let some = Some(someone);
    let mut out = Vec::new();
    let mut make = |w: &mut World, kinds: &[E], error, instructions: &[&dyn Fn(&Address) -> Instruction]| {
        let mint = blank(w, &format!("refused {kinds:?}"), kinds, 0);
        for instruction in instructions {
            w.ok(instruction(&mint));
        }
        initialize(w, mint);
        assert_eq!(extensions_of(w, &mint), kinds);
        out.push((kinds[kinds.len() - 1], mint, error));
    };
    let fee = |mint: &Address| {
        transfer_fee::instruction::initialize_transfer_fee_config(&TOKEN, mint, some.as_ref(), some.as_ref(), 100, 9)
            .unwrap()
    };
    let hidden =
        |mint: &Address| confidential_transfer::instruction::initialize_mint(&TOKEN, mint, some, true, None).unwrap();
    let state = |state: AccountState| {
        move |mint: &Address| {
            default_account_state::instruction::initialize_default_account_state(&TOKEN, mint, &state).unwrap()
        }
    };
    make(w, &[E::TransferFeeConfig], MarketError::MintTakesFees, &[&fee]);
    make(
        w,
        &[E::MintCloseAuthority],
        MarketError::MintClosable,
        &[&|mint| token::initialize_mint_close_authority(&TOKEN, mint, some.as_ref()).unwrap()],
    );
    make(w, &[E::ConfidentialTransferMint], MarketError::MintConfidential, &[&hidden]);
    make(w, &[E::DefaultAccountState], MarketError::MintFreezesByDefault, &[&state(AccountState::Frozen)]);
    make(
        w,
        &[E::NonTransferable],
        MarketError::MintNotTransferable,
        &[&|mint| token::initialize_non_transferable_mint(&TOKEN, mint).unwrap()],
    );
    make(
        w,
        &[E::InterestBearingConfig],
        MarketError::MintRescalesAmounts,
        &[&|mint| interest_bearing_mint::instruction::initialize(&TOKEN, mint, some, 10).unwrap()],
    );
    make(
        w,
        &[E::PermanentDelegate],
        MarketError::MintHasPermanentDelegate,
        &[&|mint| token::initialize_permanent_delegate(&TOKEN, mint, &someone).unwrap()],
    );
    make(
        w,
        &[E::TransferHook],
        MarketError::MintHooksTransfers,
        &[&|mint| {
            transfer_hook::instruction::initialize(&TOKEN, mint, some, Some(Address::new_from_array([7; 32]))).unwrap()
        }],
    );
    make(
        w,
        &[E::ScaledUiAmount],
        MarketError::MintRescalesAmounts,
        &[&|mint| scaled_ui_amount::instruction::initialize(&TOKEN, mint, some, 2.0).unwrap()],
    );
    make(
        w,
        &[E::Pausable],
        MarketError::MintPausable,
        &[&|mint| pausable::instruction::initialize(&TOKEN, mint, &someone).unwrap()],
    );
    make(
        w,
        &[E::PermissionedBurn],
        MarketError::MintRestrictsBurns,
        &[&|mint| permissioned_burn::instruction::initialize(&TOKEN, mint, &someone).unwrap()],
    );
    // The first entry speaks for the mint: both of these are refused for it, whatever follows.
    make(
        w,
        &[E::TransferFeeConfig, E::ConfidentialTransferMint, E::ConfidentialTransferFeeConfig],
        MarketError::MintTakesFees,
        &[&fee, &hidden, &|mint| {
            let key = Default::default();
            confidential_transfer_fee::instruction::initialize_confidential_transfer_fee_config(
                &TOKEN, mint, some, &key,
            )
            .unwrap()
        }],
    );
    make(
        w,
        &[E::ConfidentialTransferMint, E::ConfidentialMintBurn],
        MarketError::MintConfidential,
        &[&hidden, &|mint| {
            confidential_mint_burn::instruction::initialize_mint(&TOKEN, mint, &Default::default(), &Default::default())
                .unwrap()
        }],
    );
    out
}

#[test]
fn each_refused_extension_is_refused_by_name() {
    let mut w = TestBuilder::ready();
    let mints = refused_mints(&mut w);
    assert!(mints.len() >= 13);
    for (kind, mint, error) in mints {
        w.refused(w.add_mint(mint, w.mint_rule_args()), error);
        // Nor may it back stakes: a deployment with it is refused before it begins.
        let mut bare = TestBuilder::new().build();
        let account = w.svm.get_account(&mint).unwrap();
        bare.put(mint, TOKEN, account.data);
        bare.stake_mint = mint;
        bare.refused(bare.initialize_config(settings(&bare)), error);
        assert!(w.is_closed(&address::mint_rule(&mint)) && w.is_closed(&address::audit_budget(&mint)), "{kind:?}");
    }
}

/// A harmful extension is found after harmless ones, too, and a default state that is harmless today may change.
#[test]
fn a_refused_extension_hides_behind_nothing() {
    let mut w = TestBuilder::ready();
    let kinds = [ExtensionType::MetadataPointer, ExtensionType::DefaultAccountState];
    let mint = blank(&mut w, "hidden", &kinds, 0);
    let authority = w.authority;
    w.ok(metadata_pointer::instruction::initialize(&TOKEN, &mint, Some(authority), Some(mint)).unwrap());
    let thawed = AccountState::Initialized;
    w.ok(default_account_state::instruction::initialize_default_account_state(&TOKEN, &mint, &thawed).unwrap());
    initialize(&mut w, mint);
    assert_eq!(extensions_of(&w, &mint), kinds);
    w.refused(w.add_mint(mint, w.mint_rule_args()), MarketError::MintFreezesByDefault);
}

#[test]
fn a_plain_token_2022_mint_is_as_good_as_a_classic_one() {
    let mut w = TestBuilder::ready();
    let mint = blank(&mut w, "plain", &[], 0);
    initialize(&mut w, mint);
    assert_eq!(w.data(&mint).len(), 82);
    w.ok(w.add_mint(mint, w.mint_rule_args()));
}

#[test]
fn a_whole_life_in_an_allowed_mint_conserves_every_atom_and_lamport() {
    let (mut w, mint) = ready();
    let kinds = extensions_of(&w, &mint);
    for kind in [
        ExtensionType::MetadataPointer,
        ExtensionType::TokenMetadata,
        ExtensionType::GroupPointer,
        ExtensionType::TokenGroup,
        ExtensionType::GroupMemberPointer,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} is not in the mint");
    }
    let supply = w.supply(&mint);
    let (tenant, owner) = (w.tenants[0], w.providers[0].owner);
    w.crank_pays = true;
    let lamports = w.lamports(&tenant);
    let job = running(&mut w, mint, 1);
    let escrow = LIMITS.price * u64::from(LIMITS.run_seconds);
    assert_eq!(w.tokens(&job.vault), escrow);

    // The vault: of the mint's own program, exactly as large as it must be, and its owner never changes.
    let vault = w.svm.get_account(&job.vault).unwrap();
    let least = ExtensionType::try_calculate_account_len::<TokenState>(&[ExtensionType::ImmutableOwner]).unwrap();
    assert_eq!((vault.owner, vault.data.len()), (TOKEN, least));
    let state = StateWithExtensions::<TokenState>::unpack(&vault.data).unwrap();
    assert!(state.get_extension::<ImmutableOwner>().is_ok());
    assert_eq!((state.base.mint, state.base.owner), (mint, job.address));

    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Valid);
    w.ok(w.verify_proof(&job, 0));
    let gross = LIMITS.price * 60;
    let fee = gross * 250 / 10_000;
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.claim_refund(&job));
    w.ok(w.sweep_fees(&job));
    assert_eq!(w.tokens(&w.account_of(&owner, &mint)), gross - fee);
    assert_eq!(w.tokens(&w.account_of(&tenant, &mint)), PURSE - gross);
    let budget = w.tokens(&address::audit_budget(&mint));
    assert_eq!(budget + w.tokens(&w.account_of(&w.treasury, &mint)), fee);

    // The audit is paid out of the budget, as far as it reaches.
    let executor = w.provider_at(&w.round(&job, 1).executor);
    w.refused(w.pay_audit(&job, 0, executor), MarketError::AuditBudgetTooSmall);
    w.ok(token::mint_to_checked(&TOKEN, &mint, &address::audit_budget(&mint), &w.authority, &[], 1_000_000, 6).unwrap());
    w.ok(w.pay_audit(&job, 0, executor));
    w.ok(w.close_job(&job));
    assert!(w.is_closed(&job.vault) && w.is_closed(&job.address));
    assert_eq!(w.lamports(&tenant), lamports);
    assert_eq!(w.supply(&mint), supply + 1_000_000);
}

#[test]
fn stakes_may_be_kept_in_token_2022() {
    let mut w = TestBuilder::new().build();
    w.stake_mint = described_mint(&mut w, "stake of the other kind");
    let stake_mint = w.stake_mint;
    w.ok(w.initialize_config(settings(&w)));
    let owner = w.providers[0].owner;
    let purse = open(&mut w, owner, stake_mint, 1_000);
    w.ok(w.open_stake(owner));
    w.ok(w.deposit_stake(owner, 1_000));
    let vault = address::stake_vault(&address::stake(&owner));
    assert_eq!((w.tokens(&vault), w.data(&vault).len()), (1_000, 170));
    w.ok(w.unbond_stake(owner, 400));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    assert_eq!((w.tokens(&vault), w.tokens(&purse)), (600, 400));
    assert_eq!(w.stake(&owner).bonded, 600);
}

/// Each instruction that moves or opens money, with the other token program in place of the mint's.
#[test]
fn the_token_program_is_the_one_of_the_mint() {
    let (mut w, mint) = ready();
    let job = accepted(&mut w, mint, 1);
    w.fund(w.providers[0].owner, w.stake_mint, 10);
    let owner = w.providers[0].owner;
    let third = described_mint(&mut w, "third");
    let cases = [
        ("add_mint", w.add_mint(third, w.mint_rule_args()), address::TOKEN_PROGRAM),
        ("open_stake", w.open_stake(w.outsider), TOKEN),
        ("deposit_stake", w.deposit_stake(owner, 10), TOKEN),
        ("post_job", w.post_job(0, mint, terms(2)), address::TOKEN_PROGRAM),
        ("post_job", w.post_job(0, w.mints[0], terms(2)), TOKEN),
        ("claim_reward", w.claim_reward(&job, 0), address::TOKEN_PROGRAM),
        ("claim_refund", w.claim_refund(&job), address::TOKEN_PROGRAM),
        ("sweep_fees", w.sweep_fees(&job), address::TOKEN_PROGRAM),
    ];
    for (name, honest, other) in cases {
        let place = slot(name, "token_program");
        w.refused(with(honest.clone(), place, other), MarketError::TokenProgramDiffers);
        // And neither of the two: a wallet, and a program that is not theirs.
        for stranger in [w.outsider, market::ID] {
            assert!(w.send(with(honest.clone(), place, stranger)).is_err(), "{name}");
        }
        w.clone().ok(honest);
    }
}

#[test]
fn another_mint_of_the_same_program_pays_nothing() {
    let (mut w, mint) = ready();
    let job = accepted(&mut w, mint, 1);
    let other = described_mint(&mut w, "worthless");
    let owner = w.providers[0].owner;
    let account = open(&mut w, owner, other, 0);
    w.refused(swap(w.claim_reward(&job, 0), "claim_reward", "mint", other), MarketError::MintNotAllowed);
    w.refused(swap(w.claim_reward(&job, 0), "claim_reward", "destination", account), OTHER_TYPE);
    // Listed by nobody, it opens no escrow.
    let tenant = w.tenants[0];
    open(&mut w, tenant, other, PURSE);
    let unlisted = swap(w.post_job(0, other, terms(2)), "post_job", "mint_rule", address::mint_rule(&mint));
    w.refused(unlisted, MarketError::MintNotAllowed);
}

/// T25: a recipient's account is frozen, or gone. It holds up nobody else, and another account of the same owner will do.
#[test]
fn a_recipient_that_cannot_receive_holds_up_nobody() {
    for closed in [false, true] {
        let (mut w, mint) = ready();
        let job = accepted(&mut w, mint, 1);
        let (tenant, owner) = (w.tenants[0], w.providers[0].owner);
        let usual = w.account_of(&owner, &mint);
        if closed {
            w.ok(token::close_account(&TOKEN, &usual, &owner, &owner, &[]).unwrap());
            w.refused(w.claim_reward(&job, 0), NO_ACCOUNT);
        } else {
            w.ok(token::freeze_account(&TOKEN, &usual, &mint, &w.authority, &[]).unwrap());
            // The token program's own "account is frozen".
            w.refused(w.claim_reward(&job, 0), 17);
        }
        let before = w.tokens(&w.account_of(&tenant, &mint));
        w.ok(w.claim_refund(&job));
        w.ok(w.sweep_fees(&job));
        assert_eq!(w.tokens(&w.account_of(&tenant, &mint)), before + w.job(&job).refunded);
        w.refused(w.close_job(&job), MarketError::VaultOwes);

        // Another account of the owner, opened by hand, takes the reward; a stranger's does not.
        let spare = wallet("spare account").pubkey();
        w.token_account(spare, &owner, &mint, 0);
        let outsider = w.outsider;
        let thief = open(&mut w, outsider, mint, 0);
        w.refused(swap(w.claim_reward(&job, 0), "claim_reward", "destination", thief), MarketError::NotOwner);
        w.ok(swap(w.claim_reward(&job, 0), "claim_reward", "destination", spare));
        assert_eq!(w.tokens(&spare), w.job(&job).paid);
        w.warp(86_401);
        w.ok(w.close_job(&job));
    }
}

/// The same for a tenant whose account is frozen or gone: the provider and the fee leave as they would.
#[test]
fn a_tenant_that_cannot_receive_holds_up_nobody() {
    let (mut w, mint) = ready();
    let job = accepted(&mut w, mint, 1);
    let usual = w.account_of(&w.tenants[0], &mint);
    w.ok(token::freeze_account(&TOKEN, &usual, &mint, &w.authority, &[]).unwrap());
    w.refused(w.claim_refund(&job), 17);
    w.ok(w.claim_reward(&job, 0));
    w.ok(w.sweep_fees(&job));
    let spare = wallet("spare account").pubkey();
    let tenant = w.tenants[0];
    w.token_account(spare, &tenant, &mint, 0);
    w.ok(swap(w.claim_refund(&job), "claim_refund", "destination", spare));
    assert_eq!(w.tokens(&spare), w.job(&job).refunded);
}

/// Token-2022 adds none of the refused extensions to a mint that exists; if a later version did, no more money would
/// enter, and what is inside would leave.
#[test]
fn a_mint_that_changes_takes_no_more_and_pays_out_the_rest() {
    let (mut w, mint) = ready();
    let job = accepted(&mut w, mint, 1);
    let honest = w.svm.get_account(&mint).unwrap();
    let mut changed = honest.clone();
    changed.data.extend(6u16.to_le_bytes());
    changed.data.extend([1, 0, 1]);
    w.svm.set_account(mint, changed).unwrap();
    w.refused(w.post_job(0, mint, terms(2)), MarketError::MintFreezesByDefault);
    for exit in [w.claim_reward(&job, 0), w.claim_refund(&job), w.sweep_fees(&job)] {
        w.ok(exit);
    }
    assert_eq!(w.tokens(&job.vault), 0);

    let mut w = TestBuilder::new().build();
    w.stake_mint = described_mint(&mut w, "changing stake");
    let (mint, owner) = (w.stake_mint, w.providers[0].owner);
    w.ok(w.initialize_config(settings(&w)));
    open(&mut w, owner, mint, 1_000);
    w.ok(w.open_stake(owner));
    w.ok(w.deposit_stake(owner, 500));
    let mut changed = w.svm.get_account(&mint).unwrap();
    changed.data.extend(6u16.to_le_bytes());
    changed.data.extend([1, 0, 1]);
    w.svm.set_account(mint, changed).unwrap();
    w.refused(w.deposit_stake(owner, 500), MarketError::MintFreezesByDefault);
    w.refused(w.open_stake(w.outsider), MarketError::MintFreezesByDefault);
    w.ok(w.unbond_stake(owner, 500));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
}

/// Neither program's accounts pass for the other's, nor a token account for a mint.
#[test]
fn an_account_of_the_wrong_kind_is_no_mint() {
    let (mut w, mint) = ready();
    let args = w.mint_rule_args();
    let holder = w.account_of(&w.tenants[0], &mint);
    w.refused(w.add_mint(holder, args), OTHER_TYPE);
    let classic_holder = w.account_of(&w.tenants[0], &w.mints[0]);
    w.refused(w.add_mint(classic_holder, args), OTHER_TYPE);
    // The bytes of a Token-2022 mint in an account of another program.
    let copy = w.foreign_copy(mint);
    w.refused(w.add_mint(copy, args), OTHER_PROGRAM);
}
