//! Every program-derived address, from the seeds in `proofmill_protocol::seeds`.

use proofmill_protocol::{arrays, mint_extensions, seeds};
use solana_address::Address;

use crate::{arbiter, market};

fn of_market(parts: &[&[u8]]) -> Address {
    Address::find_program_address(parts, &market::ID).0
}

fn of_arbiter(parts: &[&[u8]]) -> Address {
    Address::find_program_address(parts, &arbiter::ID).0
}

/// The market's `Config`.
pub fn market_config() -> Address {
    of_market(&[seeds::CONFIG])
}

/// `MintRule` of a payment mint.
pub fn mint_rule(mint: &Address) -> Address {
    of_market(&[seeds::MINT_RULE, mint.as_ref()])
}

/// Token account that pays re-executions in `mint`.
pub fn audit_budget(mint: &Address) -> Address {
    of_market(&[seeds::AUDIT_BUDGET, mint.as_ref()])
}

/// `Provider` of an owner.
pub fn provider(owner: &Address) -> Address {
    of_market(&[seeds::PROVIDER, owner.as_ref()])
}

/// `Stake` of an owner.
pub fn stake(owner: &Address) -> Address {
    of_market(&[seeds::STAKE, owner.as_ref()])
}

/// Vault of a stake.
pub fn stake_vault(stake: &Address) -> Address {
    of_market(&[seeds::STAKE_VAULT, stake.as_ref()])
}

/// `Offer` number `index` of a `Provider` account.
pub fn offer(provider: &Address, index: u16) -> Address {
    of_market(&[seeds::OFFER, provider.as_ref(), &index.to_le_bytes()])
}

/// `Job` number `index` of a tenant.
pub fn job(tenant: &Address, index: u64) -> Address {
    of_market(&[seeds::JOB, tenant.as_ref(), &index.to_le_bytes()])
}

/// Vault of a job.
pub fn vault(job: &Address) -> Address {
    of_market(&[seeds::VAULT, job.as_ref()])
}

/// `Bid` of a `Provider` account on a job.
pub fn bid(job: &Address, provider: &Address) -> Address {
    of_market(&[seeds::BID, job.as_ref(), provider.as_ref()])
}

/// `JobArray` number `index` of a tenant.
pub fn array(tenant: &Address, index: u32) -> Address {
    of_market(&[seeds::ARRAY, tenant.as_ref(), &index.to_le_bytes()])
}

/// Vault of an array.
pub fn array_vault(array: &Address) -> Address {
    of_market(&[seeds::ARRAY_VAULT, array.as_ref()])
}

/// `Job` of a task of a tenant's array number `array`.
pub fn task(tenant: &Address, array: u32, task: u16) -> Address {
    job(tenant, arrays::job_index(array, task))
}

/// The arbiter's configuration.
pub fn arbiter_config() -> Address {
    of_arbiter(&[seeds::CONFIG])
}

/// The arbiter's roster.
pub fn roster() -> Address {
    of_arbiter(&[seeds::ROSTER])
}

/// `ValidatorSet` of an epoch.
pub fn validator_set(epoch: u32) -> Address {
    of_arbiter(&[seeds::VALIDATOR_SET, &epoch.to_le_bytes()])
}

/// `ExecutorList` of a class.
pub fn executors(class_key: &[u8; 32]) -> Address {
    of_arbiter(&[seeds::EXECUTORS, class_key])
}

/// `Round` 1 or 2 of a job's attempt.
pub fn round(job: &Address, attempt: u16, index: u8) -> Address {
    of_arbiter(&[seeds::ROUND, job.as_ref(), &attempt.to_le_bytes(), &[index]])
}

/// `Verdict` on a job's attempt.
pub fn verdict(job: &Address, attempt: u16) -> Address {
    of_arbiter(&[seeds::VERDICT, job.as_ref(), &attempt.to_le_bytes()])
}

/// The arbiter's drand network.
pub fn drand() -> Address {
    of_arbiter(&[seeds::DRAND])
}

/// `Beacon` of a round of the drand network.
pub fn beacon(round: u64) -> Address {
    of_arbiter(&[seeds::BEACON, &round.to_le_bytes()])
}

/// `UsageWitness` of a service's attempt.
pub fn usage_witness(job: &Address, attempt: u16) -> Address {
    of_arbiter(&[seeds::USAGE, job.as_ref(), &attempt.to_le_bytes()])
}

/// `Evidence` on an offence of a kind.
pub fn evidence(offender: &Address, kind: u8, subject: &[u8; 32]) -> Address {
    of_arbiter(&[seeds::EVIDENCE, offender.as_ref(), &[kind], subject])
}

/// `RootBallot` of a body with this digest.
pub fn root_ballot(digest: &[u8; 32]) -> Address {
    of_arbiter(&[seeds::ROOT_BALLOT, digest])
}

/// `WitnessRoot` of a kind, an epoch and a sequence.
pub fn witness_root(kind: u8, epoch: u32, sequence: u32) -> Address {
    of_arbiter(&[seeds::WITNESS_ROOT, &[kind], &epoch.to_le_bytes(), &sequence.to_le_bytes()])
}

/// `Planter` of a key.
pub fn planter(key: &Address) -> Address {
    of_arbiter(&[seeds::PLANTER, key.as_ref()])
}

/// `Plant` with this commitment.
pub fn plant(commitment: &[u8; 32]) -> Address {
    of_arbiter(&[seeds::PLANT, commitment])
}

/// The market's `QueuedConfig`, while a change waits.
pub fn queued_config() -> Address {
    of_market(&[seeds::QUEUED_CONFIG])
}

/// The arbiter's `QueuedArbiter`, while a change waits.
pub fn queued_arbiter() -> Address {
    of_arbiter(&[seeds::QUEUED_CONFIG])
}

/// `SlashCase` of a verdict on one attempt in one life (`nonce`) of a job's address.
pub fn slash_case(job: &Address, attempt: u16, nonce: u64) -> Address {
    of_market(&[seeds::SLASH, job.as_ref(), &attempt.to_le_bytes(), &nonce.to_le_bytes()])
}

/// `SlashCase` of an `Evidence` account.
pub fn evidence_case(evidence: &Address) -> Address {
    of_market(&[seeds::SLASH, evidence.as_ref()])
}

/// The arbiter's `Round` that judges the appeal of a `SlashCase`.
pub fn appeal_round(slash_case: &Address) -> Address {
    of_arbiter(&[seeds::APPEAL_ROUND, slash_case.as_ref()])
}

/// The arbiter's `Verdict` on the appeal of a `SlashCase`.
pub fn appeal_verdict(slash_case: &Address) -> Address {
    of_arbiter(&[seeds::APPEAL, slash_case.as_ref()])
}

/// `RewardPool` of an epoch.
pub fn reward_pool(epoch: u32) -> Address {
    of_market(&[seeds::REWARD_POOL, &epoch.to_le_bytes()])
}

/// Vault of a reward pool.
pub fn reward_vault(pool: &Address) -> Address {
    of_market(&[seeds::REWARD_VAULT, pool.as_ref()])
}

/// The `ProgramData` account of an upgradeable program.
pub fn program_data(program: &Address) -> Address {
    Address::find_program_address(&[program.as_ref()], &LOADER).0
}

/// Associated token account of `owner` for a mint of the classic token program.
pub fn token_account(owner: &Address, mint: &Address) -> Address {
    token_account_in(&TOKEN_PROGRAM, owner, mint)
}

/// Associated token account of `owner` for a mint of `token_program`.
pub fn token_account_in(token_program: &Address, owner: &Address, mint: &Address) -> Address {
    let seeds = [owner.as_ref(), token_program.as_ref(), mint.as_ref()];
    Address::find_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM).0
}

/// The token program that a `Job`, `Stake`, `MintRule` or `Config` names by its code.
pub fn token_program(code: u8) -> Address {
    if code == mint_extensions::TOKEN_2022 { TOKEN_2022_PROGRAM } else { TOKEN_PROGRAM }
}

/// A mint and the token program that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coin {
    pub mint: Address,
    pub token_program: Address,
}

impl Coin {
    /// What a job is paid in.
    pub fn of_job(job: &market::Job) -> Self {
        Self { mint: job.mint, token_program: token_program(job.token_program) }
    }

    /// What a stake is kept in.
    pub fn of_stake(stake: &market::Stake) -> Self {
        Self { mint: stake.mint, token_program: token_program(stake.token_program) }
    }

    /// What stakes are kept in.
    pub fn of_stakes(config: &market::Config) -> Self {
        Self { mint: config.stake_mint, token_program: token_program(config.stake_token_program) }
    }

    /// The associated token account of `owner`.
    pub fn account_of(&self, owner: &Address) -> Address {
        token_account_in(&self.token_program, owner, &self.mint)
    }
}

/// The system program.
pub const SYSTEM_PROGRAM: Address = solana_address::address!("11111111111111111111111111111111");
/// The loader of upgradeable programs.
pub const LOADER: Address = solana_address::address!("BPFLoaderUpgradeab1e11111111111111111111111");
/// The classic token program.
pub const TOKEN_PROGRAM: Address = solana_address::address!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The Token-2022 program.
pub const TOKEN_2022_PROGRAM: Address = solana_address::address!("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// The associated token account program.
pub const ASSOCIATED_TOKEN_PROGRAM: Address = solana_address::address!("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// The slot hashes sysvar: the local networks' beacon.
pub const SLOT_HASHES: Address = solana_address::address!("SysvarS1otHashes111111111111111111111111111");
