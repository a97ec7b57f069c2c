use anchor_lang::prelude::*;
use proofmill_protocol::{
    amount,
    ids::Key,
    merkle,
    witness::{RewardLeaf, WitnessKind, WitnessRecord},
};

use crate::{
    error::{self, MarketError},
    events::EpochRewardClaimed,
    state::{Config, Provider, RewardPool},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// A provider's weight and its place under the epoch's rewards root.
///
/// The weight is certified capability times measured uptime. Never the volume of jobs: whoever pays itself for jobs of its
/// own would set its own reward, at the price of the fee.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct RewardClaim {
    pub weight: u64,
    pub index: u32,
    /// Hashes of `path` that count.
    pub depth: u8,
    /// From the leaf up.
    pub path: [[u8; 32]; 20],
}

/// Anyone may push it; it goes to the provider's owner.
#[derive(Accounts)]
pub struct ClaimEpochReward {
    pub config: Account<Config>,
    #[account(mut)]
    pub pool: Account<RewardPool>,
    #[account(mut)]
    pub provider: Account<Provider>,
    /// The arbiter's `WitnessRoot` of this epoch's rewards: owner, discriminator, version, kind and epoch are checked.
    pub witness_root: UncheckedAccount,
    #[account(mut, address = pool.vault @ MarketError::NotNativeMint)]
    pub vault: Account<TokenAccount>,
    #[account(address = pool.mint @ MarketError::NotNativeMint)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == provider.owner @ MarketError::NotOwner
    )]
    pub destination: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

/// SHA-256 by the runtime.
struct Syscall;

impl merkle::Sha256 for Syscall {
    fn digest(parts: &[&[u8]]) -> Key {
        // Leaves and nodes are shorter than this.
        let (mut bytes, mut used) = ([0u8; 96], 0usize);
        for byte in parts.iter().flat_map(|part| part.iter()) {
            if let Some(slot) = bytes.get_mut(used) {
                *slot = *byte;
                used = used.saturating_add(1);
            }
        }
        sha256(bytes.get(..used).unwrap_or_default())
    }
}

/// Reads a final rewards root out of an account of the arbiter.
pub fn read_rewards_root(config: &Account<Config>, account: &UncheckedAccount) -> Result<WitnessRecord> {
    let view = account.account();
    require!(view.owned_by(&config.arbiter), MarketError::RewardRootInvalid);
    let data = view.try_borrow()?;
    let record = WitnessRecord::decode(&data).map_err(|_| MarketError::RewardRootInvalid)?;
    require!(record.kind == WitnessKind::Rewards, MarketError::RewardRootInvalid);
    Ok(record)
}

pub fn handle(ctx: &mut Context<ClaimEpochReward>, args: RewardClaim) -> Result<()> {
    let a = &mut ctx.accounts;
    let record = read_rewards_root(&a.config, &a.witness_root)?;
    require!(record.epoch == a.pool.epoch, MarketError::RewardRootInvalid);
    // The first claim fixes the root: whatever else the arbiter writes, one pool is divided one way.
    if a.pool.started == 0 {
        a.pool.started = 1;
        a.pool.root = record.root;
        a.pool.weight_total = record.weight_total;
    }
    let same = a.pool.root == record.root && a.pool.weight_total == record.weight_total;
    require!(same, MarketError::RewardRootInvalid);
    // Increasing: nobody claims twice, and nobody goes back.
    require!(a.provider.rewarded_epoch < a.pool.epoch, MarketError::EpochRewarded);
    a.provider.rewarded_epoch = a.pool.epoch;

    let path = args.path.get(..usize::from(args.depth)).ok_or(MarketError::RewardProofInvalid)?;
    let leaf = RewardLeaf { provider: a.provider.address().to_bytes(), weight: args.weight };
    let hash = merkle::leaf::<Syscall>(&leaf.encode());
    merkle::verify::<Syscall>(&record.root, record.leaves, args.index, &hash, path)
        .map_err(|_| MarketError::RewardProofInvalid)?;

    let share = amount::portion(a.pool.funded, args.weight, a.pool.weight_total)
        .map_err(|_| MarketError::RewardProofInvalid)?;
    // Weights that sum to more than the root says cannot take what is not there.
    let due = share.min(a.pool.funded.saturating_sub(a.pool.paid));
    a.pool.paid = amount::plus(a.pool.paid, due).map_err(error::amount)?;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_pool(&a.pool, &mut a.vault, coin, &mut a.destination, due);
    emit!(EpochRewardClaimed {
        pool: *a.pool.address(),
        provider: *a.provider.address(),
        weight: args.weight,
        amount: due,
    });
    Ok(())
}
