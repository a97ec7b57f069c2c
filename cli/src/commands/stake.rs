//! `proofmill stake`.

use std::io::IsTerminal;

use anyhow::{Context, Result, bail};
use proofmill_client::{
    address::{self, Coin},
    market::{self, SlashCase},
};
use proofmill_protocol::{amount, appeal::CaseState, limits};
use serde_json::{Value, json};
use solana_address::Address;

use crate::{
    arguments::StakeCommand,
    bootstrap,
    error::CliError,
    output::{Output, tokens},
    session::Session,
};

pub async fn run(session: &Session, command: StakeCommand, output: &Output) -> Result<()> {
    let owner = match &command {
        StakeCommand::Show { owner: Some(owner) } | StakeCommand::Cases { owner: Some(owner) } => *owner,
        _ => session.address()?,
    };
    let stake = address::stake(&owner);
    match command {
        StakeCommand::Show { .. } => {}
        StakeCommand::Deposit { amount } => {
            bootstrap::stake(session, Coin::of_stakes(&market_config(session).await?), amount).await?;
        }
        StakeCommand::Unbond { amount } => {
            let instruction = market::unbond_stake(
                market::UnbondStakeAccounts { owner, config: address::market_config(), stake },
                market::UnbondStakeArgs { amount },
            );
            session.send(&[instruction]).await.context("unbonding")?;
        }
        StakeCommand::Withdraw => {
            let coin = Coin::of_stakes(&market_config(session).await?);
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
        StakeCommand::Cases { .. } => return cases(session, &owner, output).await,
        StakeCommand::Appeal { case, yes } => return appeal(session, &case, yes, output).await,
    }
    show(session, &owner, output).await
}

async fn market_config(session: &Session) -> Result<market::Config> {
    session.fetch("market configuration", &address::market_config(), market::Config::decode).await
}

async fn show(session: &Session, owner: &Address, output: &Output) -> Result<()> {
    let stake = address::stake(owner);
    let found = session.fetch("stake", &stake, market::Stake::decode).await?;
    output.result(
        &json!({
            "stake": stake.to_string(), "owner": owner.to_string(), "bonded": found.bonded, "locked": found.locked,
            "unbonding": found.unbonding, "releasable_at": found.releasable_at, "slashed_total": found.slashed_total,
            "pending": found.pending, "active_jobs": found.active_jobs,
        }),
        || {
            format!(
                "stake {stake} of {owner}\n  bonded {} (locked {})\n  unbonding {}, releasable at {}\n  set aside for \
                 slashes and appeals {}\n  slashed so far {}",
                tokens(found.bonded),
                tokens(found.locked),
                tokens(found.unbonding),
                found.releasable_at,
                tokens(found.pending),
                tokens(found.slashed_total)
            )
        },
    );
    Ok(())
}

/// Where a slash stands, and what may be done about it.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    state: &'static str,
    /// Until when the state lasts at most, chain clock; none where nothing is waited for.
    deadline: Option<i64>,
    /// What the owner may do.
    may: &'static str,
    /// It can still be appealed.
    contestable: bool,
}

fn standing(case: &SlashCase, now: i64) -> Standing {
    let by_verdict = case.kind == 0;
    let (state, deadline, may) = match CaseState::from_code(case.state) {
        Some(CaseState::Open) if by_verdict && now < case.due_at => {
            ("open", Some(case.due_at), "appeal before the deadline, and keep the node up")
        }
        Some(CaseState::Open) if by_verdict => ("due", None, "nothing: the time for an appeal is over"),
        Some(CaseState::Open) => ("due", None, "nothing: what a program has checked is not appealed"),
        Some(CaseState::Appealed) => {
            ("appealed", Some(case.decide_by), "keep the node up: the judges ask it for receipt and outputs")
        }
        Some(CaseState::Upheld) => ("upheld", None, "nothing: the appeal was lost"),
        Some(CaseState::Taken) => ("taken", None, "nothing: it is taken"),
        Some(CaseState::Returned) => ("returned", None, "nothing: it is returned"),
        None => ("unknown", None, "nothing that this version knows"),
    };
    Standing { state, deadline, may, contestable: state == "open" }
}

/// What an appeal sets aside on top, and loses with it.
fn bond_of(case: &SlashCase) -> Result<u64> {
    Ok(amount::share(case.remaining, limits::APPEAL_BOND_BPS).map_err(|_| CliError::Overflow("bond of the appeal"))?)
}

fn described(at: &Address, case: &SlashCase, now: i64) -> Result<(Value, String)> {
    let standing = standing(case, now);
    let bond = if standing.contestable { bond_of(case)? } else { case.bond };
    let value = json!({
        "case": at.to_string(), "job": case.job.to_string(), "attempt": case.attempt,
        "provider": case.provider.to_string(), "by": if case.kind == 0 { "verdict" } else { "evidence" },
        "state": standing.state, "amount": case.amount, "remaining": case.remaining, "bond": bond,
        "deadline": standing.deadline, "seconds_left": standing.deadline.map(|by| by.saturating_sub(now).max(0)),
        "contestable": standing.contestable, "may": standing.may,
    });
    let until = standing.deadline.map(|by| format!(" until {by} ({} s left)", by.saturating_sub(now).max(0)));
    let command = if standing.contestable { format!("\n  proofmill stake appeal {at}") } else { String::new() };
    let words = format!(
        "case {at}\n  job {}, attempt {}\n  {} set aside, bond {}\n  {}{}\n  {}{command}",
        case.job,
        case.attempt,
        tokens(case.remaining),
        tokens(bond),
        standing.state,
        until.unwrap_or_default(),
        standing.may,
    );
    Ok((value, words))
}

async fn cases(session: &Session, owner: &Address, output: &Output) -> Result<()> {
    let stake = address::stake(owner);
    let of_stake = Some((SlashCase::OFFSET_STAKE, stake.to_bytes().to_vec()));
    let mut found = session.scan(SlashCase::DISCRIMINATOR, of_stake, SlashCase::decode).await?;
    found.retain(|(_, case)| CaseState::from_code(case.state).is_none_or(CaseState::is_pending));
    found.sort_by_key(|(at, case)| (case.opened_at, *at));
    let now = session.now().await?;
    let described = found.iter().map(|(at, case)| described(at, case, now)).collect::<Result<Vec<_>>>()?;
    let (values, words): (Vec<Value>, Vec<String>) = described.into_iter().unzip();
    output.result(&values, || {
        if words.is_empty() { format!("nothing is set aside of the stake of {owner}") } else { words.join("\n") }
    });
    Ok(())
}

async fn appeal(session: &Session, at: &Address, yes: bool, output: &Output) -> Result<()> {
    let owner = session.address()?;
    let case = session.fetch("slash case", at, SlashCase::decode).await?;
    if case.stake != address::stake(&owner) {
        bail!("{owner} is not the owner of the stake {}: give the owner's keypair", case.stake);
    }
    let now = session.now().await?;
    let standing = standing(&case, now);
    if !standing.contestable {
        bail!("case {at} is {}: {}", standing.state, standing.may);
    }
    let bond = bond_of(&case)?;
    output.say(format!(
        "An appeal sets {} of free stake aside as its bond, on top of the {} that wait.\nIf the committee finds for \
         the receipt, or does not come about, both return; else both are lost.\nKeep the provider's node up until it is \
         decided: who does not serve receipt and outputs loses.",
        tokens(bond),
        tokens(case.remaining)
    ));
    if !yes && !output.is_json() && std::io::stdin().is_terminal() {
        eprint!("Appeal with a bond of {}? [y/N] ", tokens(bond));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).context("reading your answer")?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(CliError::Declined.into());
        }
    }
    let instruction = market::appeal_slash(market::AppealSlashAccounts { owner, stake: case.stake, slash_case: *at });
    session.send(&[instruction]).await.context("appealing")?;
    let appealed = session.fetch("slash case", at, SlashCase::decode).await?;
    let (value, words) = described(at, &appealed, session.now().await?)?;
    output.result(&value, || words);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    fn case(kind: u8, state: CaseState) -> SlashCase {
        let mut data = vec![0; SlashCase::LEN];
        data[..8].copy_from_slice(&SlashCase::DISCRIMINATOR);
        let zeros = SlashCase::decode(&data).unwrap();
        SlashCase { kind, state: state as u8, remaining: 1_000, due_at: 100, decide_by: 200, bond: 7, ..zeros }
    }

    #[test]
    fn only_a_slash_by_a_verdict_may_be_appealed_and_only_before_it_is_due() {
        let of = |kind, state, now| {
            let standing = standing(&case(kind, state), now);
            (standing.state, standing.deadline, standing.contestable)
        };
        assert_eq!(of(0, CaseState::Open, 99), ("open", Some(100), true));
        assert_eq!(of(0, CaseState::Open, 100), ("due", None, false));
        assert_eq!(of(1, CaseState::Open, 99), ("due", None, false));
        assert_eq!(of(0, CaseState::Appealed, 99), ("appealed", Some(200), false));
        assert_eq!(of(0, CaseState::Upheld, 99), ("upheld", None, false));
        assert_eq!(of(0, CaseState::Taken, 99), ("taken", None, false));
        assert_eq!(of(0, CaseState::Returned, 99), ("returned", None, false));
    }

    #[test]
    fn an_open_case_is_shown_with_its_bond_and_the_command_that_contests_it() {
        let at = Address::new_from_array([5; 32]);
        let (value, words) = described(&at, &case(0, CaseState::Open), 90).unwrap();
        assert_eq!(
            (&value["bond"], &value["seconds_left"], &value["contestable"]),
            (&json!(100), &json!(10), &json!(true))
        );
        assert!(words.ends_with(&format!("proofmill stake appeal {at}")));
        let (value, words) = described(&at, &case(0, CaseState::Appealed), 90).unwrap();
        assert_eq!((&value["bond"], &value["seconds_left"]), (&json!(7), &json!(110)));
        assert!(!words.contains("stake appeal"));
    }
}
