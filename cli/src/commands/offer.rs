//! `proofmill offer`.

use anyhow::{Context, Result};
use proofmill_client::{address, market};
use serde_json::json;
use solana_address::Address;

use crate::{arguments::OfferCommand, output::Output, session::Session};

pub async fn run(session: &Session, command: OfferCommand, output: &Output) -> Result<()> {
    match command {
        OfferCommand::List => list(session, output).await,
        OfferCommand::Publish { price_per_second, seconds_max, valid_seconds } => {
            let mint = session.payment_mint()?;
            let offer = publish(session, &mint, price_per_second, seconds_max, valid_seconds).await?;
            output.result(&json!({ "offer": offer.to_string(), "price_per_second": price_per_second }), || {
                format!("offer {offer}: {price_per_second} atoms per second")
            });
            Ok(())
        }
        OfferCommand::Withdraw { offer } => {
            let found = session.fetch("offer", &offer, market::Offer::decode).await?;
            let instruction = market::withdraw_offer(market::WithdrawOfferAccounts {
                operator: session.address()?,
                provider: found.provider,
                offer,
                rent_payer: found.rent_payer,
            });
            session.send(&[instruction]).await.context("withdrawing the offer")?;
            output.result(&json!({ "offer": offer.to_string(), "withdrawn": true }), || format!("withdrew {offer}"));
            Ok(())
        }
    }
}

/// Publishes the next offer of the provider whose owner speaks.
pub async fn publish(
    session: &Session,
    mint: &Address,
    price_per_second: u64,
    seconds_max: u32,
    valid_seconds: u32,
) -> Result<Address> {
    let owner = session.address()?;
    let provider = address::provider(&owner);
    let account = session.fetch("provider", &provider, market::Provider::decode).await?;
    let index = account.offers_total;
    let offer = address::offer(&provider, index);
    let expires_at = session.now().await?.saturating_add(i64::from(valid_seconds));
    let instruction = market::publish_offer(
        market::PublishOfferAccounts {
            operator: owner,
            config: address::market_config(),
            provider,
            mint: *mint,
            mint_rule: address::mint_rule(mint),
            offer,
        },
        market::PublishOfferArgs {
            args: market::OfferArgs {
                price_per_second,
                seconds_max,
                expires_at,
                index,
                // The node runs batch jobs.
                services: 0,
                sla_bond_max: 0,
                sla_uptime_max_bps: 0,
            },
        },
    );
    session.send(&[instruction]).await.context("publishing the offer")?;
    Ok(offer)
}

async fn list(session: &Session, output: &Output) -> Result<()> {
    let mut offers = session.scan(market::Offer::DISCRIMINATOR, None, market::Offer::decode).await?;
    offers.sort_by_key(|(_, offer)| offer.price_per_second);
    let rows: Vec<_> = offers
        .iter()
        .map(|(key, offer)| {
            json!({
                "offer": key.to_string(), "provider": offer.provider.to_string(), "mint": offer.mint.to_string(),
                "price_per_second": offer.price_per_second, "seconds_max": offer.seconds_max,
                "expires_at": offer.expires_at,
            })
        })
        .collect();
    output.result(&rows, || {
        let mut text = String::from("price/s  longest  offer                                         provider");
        for (key, offer) in &offers {
            text += &format!("\n{:>7}  {:>6}s  {key}  {}", offer.price_per_second, offer.seconds_max, offer.provider);
        }
        text
    });
    Ok(())
}
