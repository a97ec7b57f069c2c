//! The chain itself: programs, clock, slots, token accounts, and the one way to send a transaction.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
    rc::Rc,
};

use litesvm::LiteSVM;
use proofmill_client::{address, arbiter, market};
use solana_account::Account;
use solana_address::Address;
use solana_clock::Clock;
use solana_hash::Hash;
use solana_instruction::{Instruction, error::InstructionError};
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer as _;
use solana_slot_hashes::SlotHashes;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use crate::parties::{ProviderParty, ValidatorParty, wallet};

/// Why an instruction was refused.
pub type Failure = InstructionError;

/// An error of one of the programs, by its number.
pub fn custom(code: u32) -> Failure {
    InstructionError::Custom(code)
}

/// What a transaction took.
#[derive(Clone, Debug)]
pub struct Sent {
    pub compute_units: u64,
    pub bytes: usize,
    pub signatures: usize,
    pub logs: Vec<String>,
}

/// A transaction ready to be sent.
#[derive(Clone, Debug)]
pub struct Signed {
    pub transaction: Transaction,
    pub bytes: usize,
    pub signatures: usize,
}

/// Bytes of an SPL token account, and where its amount lies.
const TOKEN_ACCOUNT_LEN: usize = 165;
const MINT_LEN: usize = 82;
/// Slots the simulated chain makes per second.
const SLOTS_PER_SECOND: u64 = 2;
/// The feature `replace_spl_token_with_p_token`: active on mainnet since slot 419,472,000 (epoch 971).
const P_TOKEN_FEATURE: Address = Address::from_str_const("ptokFjwyJtrwCa9Kgo9xoDS59V4QccBGEaRFnRPnSdP");
/// What every wallet starts with.
const LAMPORTS: u64 = 1_000_000_000_000;
/// What a signature costs.
const LAMPORTS_PER_SIGNATURE: u64 = 5_000;
const SYSTEM_PROGRAM: Address = Address::new_from_array([0; 32]);
/// A program that nobody deployed, as the owner of copies.
const FOREIGN_PROGRAM: Address = Address::new_from_array([0x66; 32]);

/// A chain with everybody on it.
#[derive(Clone)]
pub struct World {
    pub svm: LiteSVM,
    pub now: i64,
    pub slot: u64,
    slots: Vec<(u64, Hash)>,
    keys: HashMap<Address, Rc<Keypair>>,
    pub domain: [u8; 32],
    pub class_key: [u8; 32],
    pub authority: Address,
    pub treasury: Address,
    /// Pays the fee of transactions that nobody in particular has to sign.
    pub crank: Address,
    /// Whether the crank pays for every transaction, so that no other account is writable or signs for the fee's sake.
    pub crank_pays: bool,
    pub outsider: Address,
    /// Two payment mints and the stake mint, 6 decimals each.
    pub mints: [Address; 2],
    pub stake_mint: Address,
    /// What the rounds are drawn from: the slot hashes, unless a test says otherwise.
    pub beacon_account: Address,
    pub tenants: Vec<Address>,
    pub providers: Vec<ProviderParty>,
    pub validators: Vec<ValidatorParty>,
}

/// Where the deployable programs lie.
fn program(name: &str) -> Vec<u8> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../programs/deploy");
    let folder = std::env::var_os("PROOFMILL_SO_DIR").map_or(default, PathBuf::from);
    let path = folder.join(format!("{name}.so"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; build the programs first (make programs)", path.display()))
}

impl World {
    /// Programs, mints and funded wallets; no program account yet.
    pub fn bare() -> Self {
        let mut svm = LiteSVM::new().with_transaction_history(0);
        svm.add_program(market::ID, &program("market")).expect("market.so loads");
        svm.add_program(arbiter::ID, &program("arbiter")).expect("arbiter.so loads");
        let mut world = Self {
            svm,
            now: 1_800_000_000,
            slot: 1_000,
            slots: Vec::new(),
            keys: HashMap::new(),
            domain: [0xd0; 32],
            class_key: [0xc1; 32],
            authority: Address::default(),
            treasury: Address::default(),
            crank: Address::default(),
            crank_pays: false,
            outsider: Address::default(),
            mints: [Address::default(); 2],
            stake_mint: Address::default(),
            beacon_account: address::SLOT_HASHES,
            tenants: Vec::new(),
            providers: Vec::new(),
            validators: Vec::new(),
        };
        world.authority = world.wallet("authority");
        world.treasury = world.wallet("treasury");
        world.crank = world.wallet("crank");
        world.outsider = world.wallet("outsider");
        world.mints = [world.mint("payment"), world.mint("other payment")];
        world.stake_mint = world.mint("stake");
        world.tenants = ["tenant one", "tenant two"].iter().map(|name| world.wallet(name)).collect();
        for name in ["provider a", "provider b", "provider c"] {
            let (owner, operator) = (world.wallet(name), world.wallet(&format!("{name} operator")));
            world.providers.push(ProviderParty::new(name, owner, operator));
        }
        for program in [market::ID, arbiter::ID] {
            world.do_own(program, world.authority);
        }
        for number in 0..5 {
            let name = format!("validator {number}");
            let (identity, delegate) = (world.wallet(&name), world.wallet(&format!("{name} delegate")));
            world.validators.push(ValidatorParty::new(&name, identity, delegate));
        }
        world.seal_slots(8);
        world
    }

    /// The same world as a cluster had it before epoch 971 of mainnet: the classic token program, version 3.5.0, in place
    /// of p-token (SIMD-0266), which clusters run at the same address since.
    pub fn with_classic_token_program(mut self) -> Self {
        let mut features = LiteSVM::mainnet_feature_set();
        features.deactivate(&P_TOKEN_FEATURE);
        self.svm = self.svm.with_feature_set(features).with_default_programs();
        self
    }

    /// Writes who may upgrade a program into its `ProgramData`, where the loader keeps it: the machine's own loader leaves
    /// the authority out, which is an immutable program.
    pub fn do_own(&mut self, program: Address, authority: Address) {
        let at = address::program_data(&program);
        let mut account = self.svm.get_account(&at).expect("an upgradeable program");
        assert_eq!(account.data[..4], [3, 0, 0, 0], "ProgramData");
        account.data[12] = 1;
        account.data[13..45].copy_from_slice(authority.as_ref());
        self.svm.set_account(at, account).expect("an account");
    }

    /// The wallet of a name, funded and able to sign from now on.
    pub fn wallet(&mut self, name: &str) -> Address {
        let key = wallet(name);
        let address = key.pubkey();
        self.keys.insert(address, Rc::new(key));
        let account = Account { lamports: LAMPORTS, ..Account::default() };
        self.svm.set_account(address, account).expect("a wallet");
        address
    }

    /// A mint of 6 decimals.
    pub fn mint(&mut self, name: &str) -> Address {
        let mut data = vec![0u8; MINT_LEN];
        data[36..44].copy_from_slice(&u64::MAX.to_le_bytes());
        (data[44], data[45]) = (6, 1);
        let address = wallet(&format!("mint {name}")).pubkey();
        self.put(address, address::TOKEN_PROGRAM, data);
        address
    }

    /// The token account of `owner` for `mint`, holding `amount`.
    pub fn fund(&mut self, owner: Address, mint: Address, amount: u64) -> Address {
        let account = self.account_of(&owner, &mint);
        self.token_account(account, &owner, &mint, amount);
        account
    }

    /// The token program that a mint belongs to.
    pub fn token_program(&self, mint: &Address) -> Address {
        self.svm.get_account(mint).map_or(address::TOKEN_PROGRAM, |account| account.owner)
    }

    /// Address of the associated token account of `owner` for `mint`, whichever token program it is of.
    pub fn account_of(&self, owner: &Address, mint: &Address) -> Address {
        address::token_account_in(&self.token_program(mint), owner, mint)
    }

    /// A token account at a chosen address.
    pub fn token_account(&mut self, at: Address, owner: &Address, mint: &Address, amount: u64) {
        let mut data = vec![0u8; TOKEN_ACCOUNT_LEN];
        data[..32].copy_from_slice(mint.as_ref());
        data[32..64].copy_from_slice(owner.as_ref());
        data[64..72].copy_from_slice(&amount.to_le_bytes());
        data[108] = 1;
        self.put(at, self.token_program(mint), data);
    }

    /// Writes an account directly: what no transaction could do, for tests of substitution.
    pub fn put(&mut self, at: Address, owner: Address, data: Vec<u8>) {
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        self.svm.set_account(at, Account { lamports, data, owner, ..Account::default() }).expect("an account");
    }

    /// Lamports at an address where there is no account yet.
    pub fn gift(&mut self, at: Address, lamports: u64) {
        self.svm.set_account(at, Account { lamports, ..Account::default() }).expect("a gift");
    }

    /// A copy of an account, byte for byte, that belongs to another program.
    pub fn foreign_copy(&mut self, original: Address) -> Address {
        let at = wallet(&format!("copy of {original}")).pubkey();
        let data = self.data(&original);
        self.put(at, FOREIGN_PROGRAM, data);
        at
    }

    /// Whether a wallet of the tests can sign for this address.
    pub fn can_sign(&self, at: &Address) -> bool {
        self.keys.contains_key(at)
    }

    /// Every wallet that can sign, in the order of addresses.
    pub fn wallets(&self) -> Vec<Address> {
        let mut all: Vec<Address> = self.keys.keys().copied().collect();
        all.sort_unstable_by_key(Address::to_bytes);
        all
    }

    pub fn data(&self, at: &Address) -> Vec<u8> {
        self.svm.get_account(at).map(|account| account.data).unwrap_or_default()
    }

    pub fn lamports(&self, at: &Address) -> u64 {
        self.svm.get_balance(at).unwrap_or(0)
    }

    /// Whether the account is gone.
    pub fn is_closed(&self, at: &Address) -> bool {
        self.lamports(at) == 0 && self.data(at).is_empty()
    }

    /// Atoms in a token account; zero if there is none.
    pub fn tokens(&self, at: &Address) -> u64 {
        let data = self.data(at);
        data.get(64..72).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
    }

    /// Atoms of `mint` over all token accounts.
    pub fn supply(&self, mint: &Address) -> u128 {
        let accounts = self.svm.get_program_accounts(&self.token_program(mint));
        let of_mint = accounts.iter().filter(|(at, account)| {
            at != mint && account.data.len() >= TOKEN_ACCOUNT_LEN && account.data[..32] == *mint.as_array()
        });
        of_mint.map(|(at, _)| u128::from(self.tokens(at))).sum()
    }

    /// The supply that a mint itself states.
    pub fn stated_supply(&self, mint: &Address) -> u64 {
        let data = self.data(mint);
        data.get(36..44).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
    }

    /// A digest of every account of both programs, of both token programs and of nobody's.
    pub fn snapshot(&self) -> u64 {
        self.digest_without(None)
    }

    /// A digest of every account of both programs and of both token programs: not of wallets, which pay fees.
    pub fn kept(&self) -> u64 {
        self.digest(&[market::ID, arbiter::ID, address::TOKEN_PROGRAM, address::TOKEN_2022_PROGRAM], None)
    }

    /// The digest without one account: whoever pays a transaction's fee loses it even if the transaction fails.
    fn digest_without(&self, payer: Option<Address>) -> u64 {
        let owners = [
            market::ID,
            arbiter::ID,
            address::TOKEN_PROGRAM,
            address::TOKEN_2022_PROGRAM,
            SYSTEM_PROGRAM,
            FOREIGN_PROGRAM,
        ];
        self.digest(&owners, payer)
    }

    fn digest(&self, owners: &[Address], payer: Option<Address>) -> u64 {
        let mut digest = 0u64;
        for owner in owners {
            for (at, account) in self.svm.get_program_accounts(owner) {
                if Some(at) == payer {
                    continue;
                }
                let mut hasher = DefaultHasher::new();
                (at.as_array(), account.lamports, &account.data, account.owner.as_array()).hash(&mut hasher);
                // The order of iteration is not that of the addresses: add, do not chain.
                digest = digest.wrapping_add(hasher.finish());
            }
        }
        digest
    }

    /// Lets time and slots pass.
    pub fn warp(&mut self, seconds: i64) {
        self.now += seconds;
        self.seal_slots(seconds.unsigned_abs().saturating_mul(SLOTS_PER_SECOND).clamp(2, 600));
    }

    /// Lets the clock stand at `instant`.
    pub fn warp_to(&mut self, instant: i64) {
        self.warp(instant - self.now);
    }

    /// Lets `count` slots pass in no time: their hashes become public, as on a chain.
    pub fn seal_slots(&mut self, count: u64) {
        for _ in 0..count {
            let hash = proofmill_protocol::sha256(&[b"slot", &self.slot.to_le_bytes()]);
            self.slots.insert(0, (self.slot, Hash::new_from_array(hash)));
            self.slot += 1;
        }
        self.slots.truncate(512);
        let clock = Clock { slot: self.slot, unix_timestamp: self.now, ..Clock::default() };
        self.svm.set_sysvar(&clock);
        self.svm.set_sysvar(&SlotHashes::new(&self.slots));
    }

    /// Sends one instruction, signed by every wallet it asks for. A failure has changed nothing: asserted here, always.
    pub fn send(&mut self, instruction: Instruction) -> Result<Sent, Failure> {
        self.send_all(&[instruction])
    }

    /// Sends several instructions in one transaction.
    pub fn send_all(&mut self, instructions: &[Instruction]) -> Result<Sent, Failure> {
        self.attempt(instructions).map_err(|error| match error {
            TransactionError::InstructionError(_, error) => error,
            other => panic!("the runtime refused the transaction itself: {other:?}"),
        })
    }

    /// Sends several instructions in one transaction, which the runtime itself may refuse. A refusal has changed
    /// nothing but the payer's fee.
    pub fn attempt(&mut self, instructions: &[Instruction]) -> Result<Sent, TransactionError> {
        self.svm.expire_blockhash();
        let signed = self.sign(instructions);
        let (payer, signatures) = (signed.transaction.message.account_keys[0], signed.signatures);
        let (before, purse) = (self.digest_without(Some(payer)), self.lamports(&payer));
        let sent = self.run(signed);
        if sent.is_err() {
            assert_eq!(before, self.digest_without(Some(payer)), "a failed transaction changed an account");
            let fee = purse - self.lamports(&payer);
            assert!(
                fee == 0 || fee == LAMPORTS_PER_SIGNATURE * signatures as u64,
                "a failed transaction took {fee} lamports of its payer"
            );
        }
        sent
    }

    /// One transaction of the instructions, signed by every wallet they ask for. Who signs first pays the fee; where
    /// nobody has to sign, the crank does.
    pub fn sign(&self, instructions: &[Instruction]) -> Signed {
        let mut signers: Vec<&Keypair> = Vec::new();
        if self.crank_pays {
            signers.push(&self.keys[&self.crank]);
        }
        for meta in instructions.iter().flat_map(|instruction| &instruction.accounts) {
            if meta.is_signer && !signers.iter().any(|key| key.pubkey() == meta.pubkey) {
                let key = self.keys.get(&meta.pubkey).unwrap_or_else(|| panic!("no key signs for {}", meta.pubkey));
                signers.push(key);
            }
        }
        if signers.is_empty() {
            signers.push(&self.keys[&self.crank]);
        }
        let message = Message::new(instructions, Some(&signers[0].pubkey()));
        let bytes = 1 + 64 * signers.len() + message.serialize().len();
        let signatures = signers.len();
        Signed { transaction: Transaction::new(&signers, message, self.svm.latest_blockhash()), bytes, signatures }
    }

    /// Runs a signed transaction, without [`World::send`]'s look at every account: for whoever looks for itself.
    pub fn execute(&mut self, signed: Signed) -> Result<Sent, Failure> {
        self.run(signed).map_err(|error| match error {
            TransactionError::InstructionError(_, error) => error,
            other => panic!("the runtime refused the transaction itself: {other:?}"),
        })
    }

    fn run(&mut self, signed: Signed) -> Result<Sent, TransactionError> {
        match self.svm.send_transaction(signed.transaction) {
            Ok(done) => Ok(Sent {
                compute_units: done.compute_units_consumed,
                bytes: signed.bytes,
                signatures: signed.signatures,
                logs: done.logs,
            }),
            Err(failed) => Err(failed.err),
        }
    }

    /// Sends what must succeed.
    #[track_caller]
    pub fn ok(&mut self, instruction: Instruction) -> Sent {
        match self.send(instruction) {
            Ok(sent) => sent,
            Err(failure) => panic!("refused: {failure:?}"),
        }
    }

    /// Sends what must be refused with exactly this error.
    #[track_caller]
    pub fn refused(&mut self, instruction: Instruction, failure: impl Into<Refusal>) {
        let expected: Refusal = failure.into();
        match self.send(instruction) {
            Ok(_) => panic!("went through; expected {:?}", expected.0),
            Err(found) => assert_eq!(found, expected.0),
        }
    }
}

/// An expected error: a program's own, or the framework's.
pub struct Refusal(pub Failure);

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<market::MarketError> for Refusal {
    fn from(error: market::MarketError) -> Self {
        Self(custom(error.code()))
    }
}

impl From<arbiter::ArbiterError> for Refusal {
    fn from(error: arbiter::ArbiterError) -> Self {
        Self(custom(error.code()))
    }
}

impl From<u32> for Refusal {
    fn from(code: u32) -> Self {
        Self(custom(code))
    }
}
