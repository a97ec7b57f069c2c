//! Keys, balances, and the local faucet.

use std::path::Path;

use anyhow::{Context, Result};
use proofmill_chain::{Chain, read_keypair, write_keypair};
use serde_json::json;
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    arguments::AirdropArgs,
    error::CliError,
    faucet,
    output::{Output, tokens},
    session::Session,
};

pub fn keygen(path: &Path, output: &Output) -> Result<()> {
    let keypair = Keypair::new();
    write_keypair(path, &keypair)?;
    let address = keypair.pubkey().to_string();
    output.result(&json!({ "address": address, "path": path }), || format!("{address}  (in {})", path.display()));
    Ok(())
}

pub async fn airdrop(session: &Session, args: AirdropArgs, output: &Output) -> Result<()> {
    let to = match args.address {
        Some(address) => address,
        None => session.address()?,
    };
    let faucet_keypair = session.settings.faucet_keypair.clone().ok_or(CliError::LocalOnly("airdrop"))?;
    let authority = read_keypair(&faucet_keypair).context("the faucet's keypair")?;
    let lamports = args.sol.checked_mul(1_000_000_000).ok_or(CliError::Overflow("--sol"))?;
    let speaker = session.speaking_as(&authority);
    let mut instructions = vec![faucet::transfer(&authority.pubkey(), &to, lamports)];
    let mints = [
        (session.settings.payment_mint, args.tokens, "--tokens"),
        (session.settings.stake_mint, args.stake, "--stake"),
    ];
    for (mint, whole, flag) in mints {
        let (Some(mint), true) = (mint, whole > 0) else { continue };
        let atoms = whole.checked_mul(1_000_000).ok_or(CliError::Overflow(flag))?;
        instructions.extend(faucet::mint_to_owner(&authority.pubkey(), &mint, &to, atoms));
    }
    let signature = speaker.send(&instructions).await.context("the faucet's transaction")?;
    output.result(&json!({ "address": to.to_string(), "lamports": lamports, "signature": signature }), || {
        format!("{to} received {} SOL, {} payment tokens, {} stake tokens", args.sol, args.tokens, args.stake)
    });
    Ok(())
}

pub async fn balance(session: &Session, of: Option<Address>, output: &Output) -> Result<()> {
    let of = match of {
        Some(address) => address,
        None => session.address()?,
    };
    let lamports = session.chain.account(of).await?.map_or(0, |account| account.lamports);
    let mut amounts = [0u64; 2];
    for (amount, mint) in amounts.iter_mut().zip([session.settings.payment_mint, session.settings.stake_mint]) {
        if let Some(mint) = mint {
            *amount = session.tokens_of(&of, &mint).await?;
        }
    }
    let [payment, stake] = amounts;
    output.result(
        &json!({ "address": of.to_string(), "lamports": lamports, "payment_atoms": payment, "stake_atoms": stake }),
        || {
            format!(
                "{of}\n  {lamports} lamports\n  {} payment tokens\n  {} stake tokens",
                tokens(payment),
                tokens(stake)
            )
        },
    );
    Ok(())
}
