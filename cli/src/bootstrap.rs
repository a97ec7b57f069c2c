//! Genesis of a local network: mints, configuration, validators, providers. What governance does on a public one.

use std::path::Path;

use anyhow::{Context, Result};
use proofmill_chain::{Chain, read_or_create_keypair};
use proofmill_client::{
    address::{self, Coin},
    arbiter, market,
};
use proofmill_localnet::Localnet;
use proofmill_protocol::sha256;
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{faucet, session::Session, settings::NetworkFile};

/// Windows of a local network: short, so that nobody waits; the rules are the same.
const START_WINDOW_SECONDS: u32 = 60;
const RECEIPT_GRACE_SECONDS: u32 = 60;
const CHALLENGE_WINDOW_SECONDS: u32 = 5;
const VERDICT_WINDOW_SECONDS: u32 = 600;
/// Stake stays liable for three epochs, each of which may overrun, and for the rounds opened in them: `require_liable`.
const UNBONDING_SECONDS: u32 = 6 * EPOCH_SECONDS + 2 * (COMMIT_WINDOW_SECONDS + REVEAL_WINDOW_SECONDS);
const APPEAL_SECONDS: u32 = 5;
const TIMELOCK_SECONDS: u32 = 1;
/// Long enough for a re-execution; the last commitment ends it early.
const COMMIT_WINDOW_SECONDS: u32 = 120;
const REVEAL_WINDOW_SECONDS: u32 = 30;
const EPOCH_SECONDS: u32 = 600;
/// What a validator's delegate starts with: the rent of a few sets and rounds, and thousands of commitments (1 SOL).
const DELEGATE_LAMPORTS: u64 = 1_000_000_000;
/// Taken from a validator that committed and did not reveal, atoms (1 token).
const MISSED_REVEAL_SLASH: u64 = 1_000_000;
/// Least stake of a provider and of a validator, atoms (10 tokens).
const STAKE_MIN: u64 = 10_000_000;
/// Part of the fee that fills the audit budget, basis points: all that is not burnt (ADR 14).
const AUDIT_SHARE_BPS: u16 = 9_000;
/// Stake atoms locked per payment atom at least, basis points: twice the price. A rarer audit locks more (ADR 14).
const LOCK_BPS: u32 = 20_000;
/// Least escrow, atoms.
const ESCROW_MIN: u64 = 1_000;
/// Most that the audit budget pays for a second of a re-execution, atoms: 180 tokens an hour, sixteen of the dearest GPUs.
const AUDIT_PRICE_MAX: u64 = 50_000;
/// What the audit budget starts with, atoms (1,000 tokens).
const AUDIT_BUDGET: u64 = 1_000_000_000;

/// Keys and addresses of a local network.
pub struct Genesis {
    pub treasury: Keypair,
    pub payment_mint: Address,
    pub stake_mint: Address,
}

/// The key that deploys and governs a local network.
pub fn authority(dir: &Path) -> Result<Keypair> {
    Ok(read_or_create_keypair(&dir.join("authority-test-keypair.json"))?)
}

/// Sets up a fresh network: both mints, both configurations, the audit budget.
pub async fn genesis(session: &Session, localnet: &Localnet, dir: &Path) -> Result<(Genesis, Session)> {
    let authority = authority(dir)?;
    let treasury = read_or_create_keypair(&dir.join("treasury-test-keypair.json"))?;
    localnet.airdrop(authority.pubkey(), 1_000_000_000_000).await.context("funding the authority")?;
    localnet.airdrop(treasury.pubkey(), 10_000_000_000).await.context("funding the treasury")?;
    let mut session = session.speaking_as(&authority);
    let payment_mint = create_mint(&session).await.context("creating the payment mint")?;
    let stake_mint = create_mint(&session).await.context("creating the stake mint")?;
    session.settings.payment_mint = Some(payment_mint);
    session.settings.stake_mint = Some(stake_mint);

    let genesis_hash = session.chain.genesis_hash().await.context("reading the genesis hash")?;
    let domain = sha256(&[genesis_hash.as_ref(), market::ID.as_ref()]);
    let config = address::market_config();
    session
        .send(&[
            market::initialize_config(
                market::InitializeConfigAccounts {
                    deployer: authority.pubkey(),
                    program_data: address::program_data(&market::ID),
                    config,
                    stake_mint,
                },
                market::InitializeConfigArgs {
                    args: market::ConfigArgs {
                        authority: authority.pubkey(),
                        arbiter: arbiter::ID,
                        treasury: treasury.pubkey(),
                        domain,
                        fee_bps: 250,
                        audit_share_bps: AUDIT_SHARE_BPS,
                        uptime_min_bps: 9_500,
                        audit_floor_bps: 500,
                        vram_mib_min: 8_192,
                        proven_after: 3,
                        start_window_seconds: START_WINDOW_SECONDS,
                        receipt_grace_seconds: RECEIPT_GRACE_SECONDS,
                        challenge_window_seconds: CHALLENGE_WINDOW_SECONDS,
                        verdict_window_seconds: VERDICT_WINDOW_SECONDS,
                        unbonding_seconds: UNBONDING_SECONDS,
                        provider_stake_min: STAKE_MIN,
                        validator_stake_min: STAKE_MIN,
                        threshold: 3,
                        allow_simulated: 1,
                        paused: 0,
                        burn_share_bps: 1_000,
                        slash_cap_bps: 10_000,
                        outflow_bps: 1_000_000,
                        slash_window_seconds: 3_600,
                        appeal_seconds: APPEAL_SECONDS,
                        timelock_seconds: TIMELOCK_SECONDS,
                        usage_timeout_seconds: 30,
                        missed_reveal_slash: MISSED_REVEAL_SLASH,
                        bid_deposit: 1_000_000,
                        native_mint: stake_mint,
                        guardian: authority.pubkey(),
                    },
                },
            ),
            market::add_mint(
                market::AddMintAccounts {
                    authority: authority.pubkey(),
                    config,
                    mint: payment_mint,
                    mint_rule: address::mint_rule(&payment_mint),
                    audit_budget: address::audit_budget(&payment_mint),
                    token_program: address::TOKEN_PROGRAM,
                },
                market::AddMintArgs {
                    args: market::MintRuleArgs {
                        enabled: 1,
                        lock_bps: LOCK_BPS,
                        escrow_min: ESCROW_MIN,
                        audit_price_max: AUDIT_PRICE_MAX,
                    },
                },
            ),
        ])
        .await
        .context("configuring the market")?;
    session
        .send(&[arbiter::initialize_arbiter(
            arbiter::InitializeArbiterAccounts {
                authority: authority.pubkey(),
                market_config: config,
                config: address::arbiter_config(),
                roster: address::roster(),
            },
            arbiter::InitializeArbiterArgs {
                args: arbiter::ArbiterArgs {
                    authority: authority.pubkey(),
                    committee: 5,
                    threshold: 3,
                    reveals_min: 4,
                    // A local network has five validators; a public one escalates to nine with six.
                    escalated_committee: 5,
                    escalated_threshold: 4,
                    commit_window_seconds: COMMIT_WINDOW_SECONDS,
                    reveal_window_seconds: REVEAL_WINDOW_SECONDS,
                    epoch_seconds: EPOCH_SECONDS,
                    // A local network has no drand network of its own.
                    beacon_kind: 1,
                },
            },
        )])
        .await
        .context("configuring the arbiter")?;
    allow_mint(&session, &payment_mint).await.context("allowing the payment mint")?;
    let me = authority.pubkey();
    session
        .send(&[
            faucet::mint_to(&me, &payment_mint, &address::audit_budget(&payment_mint), AUDIT_BUDGET),
            faucet::create_token_account(&me, &treasury.pubkey(), &payment_mint),
            faucet::create_token_account(&me, &treasury.pubkey(), &stake_mint),
        ])
        .await
        .context("filling the audit budget")?;
    NetworkFile {
        rpc_url: session.settings.rpc_url.clone(),
        ws_url: session.settings.ws_url.clone(),
        payment_mint: payment_mint.to_string(),
        stake_mint: stake_mint.to_string(),
        faucet_keypair: Some(dir.join("authority-test-keypair.json")),
    }
    .write(&dir.join("network.json"))
    .context("writing the network file")?;
    Ok((Genesis { treasury, payment_mint, stake_mint }, session))
}

/// Applies the rule that `add_mint` queued, once the timelock has passed on the chain's clock.
async fn allow_mint(session: &Session, mint: &Address) -> Result<()> {
    let mint_rule = address::mint_rule(mint);
    let rule = session.fetch("mint rule", &mint_rule, market::MintRule::decode).await?;
    while session.now().await? < rule.eta {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    session.send(&[market::apply_mint(market::ApplyMintAccounts { mint_rule })]).await?;
    Ok(())
}

async fn create_mint(session: &Session) -> Result<Address> {
    let mint = Keypair::new();
    let rent = session.chain.minimum_balance(faucet::MINT_LEN).await?;
    session.send_with(&faucet::create_mint(&session.address()?, &mint.pubkey(), 6, rent), &[&mint]).await?;
    Ok(mint.pubkey())
}

/// Gives an address lamports and tokens; the session's keypair is the faucet.
pub async fn fund(
    session: &Session,
    genesis: &Genesis,
    to: &Address,
    sol: u64,
    payment: u64,
    stake: u64,
) -> Result<()> {
    let me = session.address()?;
    let mut all = vec![faucet::transfer(&me, to, sol)];
    all.extend(faucet::mint_to_owner(&me, &genesis.payment_mint, to, payment));
    all.extend(faucet::mint_to_owner(&me, &genesis.stake_mint, to, stake));
    session.send(&all).await.with_context(|| format!("funding {to}"))?;
    Ok(())
}

/// Opens a stake if there is none and adds `amount` atoms; the session's keypair owns it.
pub async fn stake(session: &Session, coin: Coin, amount: u64) -> Result<()> {
    let owner = session.address()?;
    let stake = address::stake(&owner);
    let vault = address::stake_vault(&stake);
    let mut instructions = Vec::new();
    if session.data(&stake).await?.is_none() {
        instructions.push(market::open_stake(market::OpenStakeAccounts {
            owner,
            config: address::market_config(),
            mint: coin.mint,
            stake,
            vault,
            token_program: coin.token_program,
        }));
    }
    instructions.push(market::deposit_stake(
        market::DepositStakeAccounts {
            depositor: owner,
            stake,
            vault,
            mint: coin.mint,
            source: coin.account_of(&owner),
            token_program: coin.token_program,
        },
        market::DepositStakeArgs { amount },
    ));
    session.send(&instructions).await.context("depositing stake")?;
    Ok(())
}

/// Sees to it that a validator's delegate can pay; the session's keypair gives.
pub async fn fund_delegate(session: &Session, delegate: &Address) -> Result<()> {
    let held = session.chain.account(*delegate).await?.map_or(0, |account| account.lamports);
    let missing = DELEGATE_LAMPORTS.saturating_sub(held);
    if missing > 0 {
        let transfer = faucet::transfer(&session.address()?, delegate, missing);
        session.send(&[transfer]).await.context("funding the delegate")?;
    }
    Ok(())
}

/// Freezes the roster as the newest set and begins the epoch before it. Twice on a fresh network: the first set serves
/// at once, the second one epoch later.
pub async fn freeze_set(session: &Session) -> Result<u32> {
    let config =
        session.fetch("arbiter configuration", &address::arbiter_config(), arbiter::ArbiterConfig::decode).await?;
    let epoch = config.frozen_epoch.saturating_add(1);
    session
        .send(&[arbiter::freeze_set(
            arbiter::FreezeSetAccounts {
                payer: session.address()?,
                config: address::arbiter_config(),
                roster: address::roster(),
                validator_set: address::validator_set(epoch),
            },
            arbiter::FreezeSetArgs { epoch },
        )])
        .await
        .context("freezing the validator set")?;
    Ok(epoch)
}
