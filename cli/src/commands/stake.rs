//! `proofmill stake`.

use anyhow::{Context, Result};
use proofmill_client::{
    address::{self, Coin},
    market,
};
use serde_json::json;

use crate::{
    arguments::StakeCommand,
    bootstrap,
    output::{Output, tokens},
    session::Session,
};

pub async fn run(session: &Session, command: StakeCommand, output: &Output) -> Result<()> {
    let config = session.fetch("market configuration", &address::market_config(), market::Config::decode).await?;
    let owner = match &command {
        StakeCommand::Show { owner: Some(owner) } => *owner,
        _ => session.address()?,
    };
    let stake = address::stake(&owner);
    match command {
        StakeCommand::Show { .. } => {}
        StakeCommand::Deposit { amount } => bootstrap::stake(session, Coin::of_stakes(&config), amount).await?,
        StakeCommand::Unbond { amount } => {
            let instruction = market::unbond_stake(
                market::UnbondStakeAccounts { owner, config: address::market_config(), stake },
                market::UnbondStakeArgs { amount },
            );
            session.send(&[instruction]).await.context("unbonding")?;
        }
        StakeCommand::Withdraw => {
            let coin = Coin::of_stakes(&config);
            let instruction = market::withdraw_stake(market::WithdrawStakeAccounts {
                owner,
                stake,
                vault: address::stake_vault(&stake),
                mint: coin.mint,
                destination: coin.account_of(&owner),
                token_program: coin.token_program,
            });
            session.send(&[instruction]).await.context("withdrawing stake")?;
        }
    }
    let found = session.fetch("stake", &stake, market::Stake::decode).await?;
    output.result(
        &json!({
            "stake": stake.to_string(), "owner": owner.to_string(), "bonded": found.bonded, "locked": found.locked,
            "unbonding": found.unbonding, "releasable_at": found.releasable_at, "slashed_total": found.slashed_total,
            "active_jobs": found.active_jobs,
        }),
        || {
            format!(
                "stake {stake} of {owner}\n  bonded {} (locked {})\n  unbonding {}, releasable at {}\n  slashed so far {}",
                tokens(found.bonded),
                tokens(found.locked),
                tokens(found.unbonding),
                found.releasable_at,
                tokens(found.slashed_total)
            )
        },
    );
    Ok(())
}
