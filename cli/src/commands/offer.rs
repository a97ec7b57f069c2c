//! `proofmill offer`.

use anyhow::{Context, Result};
use proofmill_client::{address, market};
use serde_json::json;
use solana_address::Address;

use crate::{arguments::OfferCommand, output::Output, session::Session};

pub async fn run(session: &Session, command: OfferCommand, output: &Output) -> Result<()> {
    match command {
        OfferCommand::List => list(session, output).await,
        OfferCommand::Publish {
            price_per_second,
            seconds_max,
            valid_seconds,
            services,
            sla_bond_max,
            sla_uptime_max_bps,
        } => {
            let mint = session.payment_mint()?;
            let services = services.then_some(Services { sla_bond_max, sla_uptime_max_bps });
            let terms = Terms { price_per_second, seconds_max, valid_seconds, services };
            let offer = publish(session, &mint, terms).await?;
            let detail = json!({
                "offer": offer.to_string(), "price_per_second": price_per_second, "services": services.is_some(),
                "sla_bond_max": sla_bond_max, "sla_uptime_max_bps": sla_uptime_max_bps,
            });
            output.result(&detail, || {
                let services = if services.is_some() { ", services too" } else { "" };
                format!("offer {offer}: {price_per_second} atoms per second{services}")
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

/// What a provider offers.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Atoms of the payment mint.
    pub price_per_second: u64,
    /// Longest run.
    pub seconds_max: u32,
    /// How long it stands.
    pub valid_seconds: u32,
    /// None: batch jobs only.
    pub services: Option<Services>,
}

/// What a provider pledges for the availability of a service; nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Services {
    /// Atoms of the stake mint at most.
    pub sla_bond_max: u64,
    /// Basis points at most.
    pub sla_uptime_max_bps: u16,
}

/// Publishes the next offer of the provider whose owner speaks.
pub async fn publish(session: &Session, mint: &Address, terms: Terms) -> Result<Address> {
    let owner = session.address()?;
    let provider = address::provider(&owner);
    let account = session.fetch("provider", &provider, market::Provider::decode).await?;
    let index = account.offers_total;
    let offer = address::offer(&provider, index);
    let expires_at = session.now().await?.saturating_add(i64::from(terms.valid_seconds));
    let pledged = terms.services.unwrap_or_default();
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
                price_per_second: terms.price_per_second,
                seconds_max: terms.seconds_max,
                expires_at,
                index,
                services: u8::from(terms.services.is_some()),
                sla_bond_max: pledged.sla_bond_max,
                sla_uptime_max_bps: pledged.sla_uptime_max_bps,
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
                "expires_at": offer.expires_at, "services": offer.services == 1, "sla_bond_max": offer.sla_bond_max,
                "sla_uptime_max_bps": offer.sla_uptime_max_bps,
            })
        })
        .collect();
    output.result(&rows, || {
        let mut text = String::from("price/s  longest  offer                                         provider");
        for (key, offer) in &offers {
            text += &format!("\n{:>7}  {:>6}s  {key}  {}", offer.price_per_second, offer.seconds_max, offer.provider);
            if offer.services == 1 {
                text += "  services too";
            }
        }
        text
    });
    Ok(())
}
