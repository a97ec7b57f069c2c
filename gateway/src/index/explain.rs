//! Which offers fit a job, and which requirement fails where. The rule is the program's own: what it would refuse at
//! `match_job`, in the same order and by the same names.

use proofmill_client::market::{self, MarketError};
use proofmill_protocol::{
    amount, draw,
    matching::{self, Capability, Certificate, Mismatch, Requirements},
    stake,
};
use serde::{Deserialize, Serialize};
use solana_address::Address;
use utoipa::ToSchema;

use crate::{
    encode::{Amount, Key},
    index::model::Model,
    limits,
    views::Offer,
};

/// What a job asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub mint: Address,
    pub requirements: Requirements,
    pub max_seconds: u32,
    pub sla_bond: u64,
    pub sla_uptime_bps: u16,
    pub service: bool,
}

/// A requirement that an offer does not meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failing {
    /// As the program's refusal names it, in snake case.
    pub requirement: String,
    pub needed: String,
    pub found: String,
}

/// An offer that does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    pub offer: Key,
    pub provider: Key,
    /// The first is what the program would refuse.
    pub failing: Vec<Failing>,
}

/// What a job would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Estimate {
    /// Locked when the job is posted: ceiling times reserved seconds, atoms.
    pub escrow: Amount,
    /// Platform fee at most, out of the provider's gross, atoms.
    pub fee: Amount,
    /// The lowest price that fits; null if nothing fits.
    pub cheapest_price_per_second: Option<Amount>,
    /// Paid at most at that price, atoms; the rest is refunded.
    pub cheapest_total: Option<Amount>,
    /// Why no offer can be taken at all at present; null if there is no such reason.
    pub obstacle: Option<String>,
}

/// What fits, and why the rest does not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The cheapest first.
    pub matches: Vec<Offer>,
    /// The cheapest first.
    pub refused: Vec<Refused>,
    pub estimate: Estimate,
}

/// Explains every live offer in the wanted mint.
pub fn explain(model: &Model, wanted: &Wanted) -> Explanation {
    let mut offers: Vec<(Address, &market::Offer)> = model.offers().collect();
    offers.sort_by_key(|(at, offer)| (offer.price_per_second, *at));
    let (mut matches, mut refused) = (Vec::new(), Vec::new());
    let mut cheapest = None;
    for (at, offer) in offers {
        let failing = failing(model, offer, wanted);
        if failing.is_empty() {
            cheapest = cheapest.or(Some(offer.price_per_second));
            if matches.len() < limits::MATCHES_MAX {
                matches.extend(model.offer_view(at, offer));
            }
        } else if refused.len() < limits::REFUSALS_MAX {
            refused.push(Refused { offer: Key(at), provider: Key(offer.provider), failing });
        }
    }
    Explanation { estimate: estimate(model, wanted, cheapest), matches, refused }
}

fn estimate(model: &Model, wanted: &Wanted, cheapest: Option<u64>) -> Estimate {
    let escrow = amount::escrow(wanted.requirements.price_ceiling_per_second, wanted.max_seconds);
    let fee_bps = model.config().map_or(0, |config| config.fee_bps);
    let fee = escrow.and_then(|escrow| amount::share(escrow, fee_bps)).unwrap_or(u64::MAX);
    let rule = model.mint_rule(&wanted.mint);
    let obstacle = match (escrow, rule, model.config()) {
        (Err(_), _, _) => Some("The ceiling times the reserved seconds exceeds 64 bits.".to_owned()),
        (_, None, _) => Some("The market does not allow this mint.".to_owned()),
        (_, Some(rule), _) if rule.enabled != 1 => Some("The market takes no new jobs in this mint.".to_owned()),
        (Ok(escrow), Some(rule), _) if escrow < rule.escrow_min => {
            Some(format!("The escrow is {escrow} atoms; the least is {}.", rule.escrow_min))
        }
        (_, _, Some(config)) if config.paused & 1 == 1 => Some("The market is paused: nothing opens now.".to_owned()),
        (_, _, None) => Some("The gateway has not read the market's configuration yet.".to_owned()),
        _ => None,
    };
    Estimate {
        escrow: Amount(escrow.unwrap_or(u64::MAX)),
        fee: Amount(fee),
        cheapest_price_per_second: cheapest.map(Amount),
        cheapest_total: cheapest.and_then(|price| amount::escrow(price, wanted.max_seconds).ok()).map(Amount),
        obstacle,
    }
}

/// Everything about an offer that does not fit, in the order in which the program looks.
pub fn failing(model: &Model, offer: &market::Offer, wanted: &Wanted) -> Vec<Failing> {
    let mut found = Vec::new();
    let mut fail = |refusal: MarketError, needed: String, has: String| {
        found.push(Failing { requirement: snake_case(refusal.name()), needed, found: has });
    };
    let now = model.now();
    if now >= offer.expires_at {
        fail(MarketError::OfferExpired, format!("valid at {now}"), format!("valid until {}", offer.expires_at));
    }
    if wanted.max_seconds > offer.seconds_max {
        fail(MarketError::OfferTooShort, wanted.max_seconds.to_string(), offer.seconds_max.to_string());
    }
    if wanted.service {
        if offer.services != 1 {
            fail(MarketError::OfferNotForServices, "services".to_owned(), "batch jobs only".to_owned());
        }
        if wanted.sla_bond > offer.sla_bond_max {
            fail(MarketError::OfferBondTooSmall, wanted.sla_bond.to_string(), offer.sla_bond_max.to_string());
        }
        if wanted.sla_uptime_bps > offer.sla_uptime_max_bps {
            fail(
                MarketError::OfferUptimeTooLow,
                wanted.sla_uptime_bps.to_string(),
                offer.sla_uptime_max_bps.to_string(),
            );
        }
    }
    if offer.mint != wanted.mint {
        fail(MarketError::OfferMintDiffers, wanted.mint.to_string(), offer.mint.to_string());
    }
    let Some(provider) = model.provider(&offer.provider) else {
        fail(MarketError::InvalidProvider, "a registered provider".to_owned(), "none".to_owned());
        return found;
    };
    let config = model.config();
    if provider.simulated == 1 && config.is_none_or(|config| config.allow_simulated != 1) {
        fail(MarketError::SimulatedDevice, "a real device on this network".to_owned(), "a simulated one".to_owned());
    }
    let stake = model.stake_of(&provider.owner).map(|(_, stake)| stake);
    let active_jobs = stake.map_or(0, |stake| stake.active_jobs);
    if active_jobs >= u32::from(provider.capacity) {
        fail(
            MarketError::CapacityExhausted,
            "a free place".to_owned(),
            format!("{active_jobs} of {} taken", provider.capacity),
        );
    }
    // The market's own minimum holds for everybody: a job is posted with it.
    let least_uptime = config.map_or(0, |config| config.uptime_min_bps);
    let uptime_bps = wanted.requirements.uptime_bps.max(least_uptime);
    let requirements = Requirements { uptime_bps, ..wanted.requirements };
    for mismatch in mismatches(&requirements, &capability(model, offer, provider, stake, wanted)) {
        let (refusal, needed, has) = words(mismatch);
        fail(refusal, needed, has);
    }
    found
}

/// Stake atoms that a match locks per atom of escrow, basis points. The rarer a provider's audits, the more is at stake;
/// usage of a service is signed or witnessed, not audited.
pub fn lock_rate(config: &market::Config, rule: &market::MintRule, provider: &market::Provider, service: bool) -> u32 {
    if service {
        return rule.lock_bps;
    }
    let audited = draw::audit_bps(provider.consecutive_accepted, config.proven_after, config.audit_floor_bps);
    stake::lock_bps(rule.lock_bps, audited)
}

fn capability(
    model: &Model,
    offer: &market::Offer,
    provider: &market::Provider,
    stake: Option<&market::Stake>,
    wanted: &Wanted,
) -> Capability {
    let (rule, config) = (model.mint_rule(&wanted.mint), model.config());
    let gross = amount::escrow(offer.price_per_second, wanted.max_seconds).unwrap_or(u64::MAX);
    let rate = rule.zip(config).map_or(0, |(rule, config)| lock_rate(config, rule, provider, wanted.service));
    let lock = amount::scale(gross, rate).unwrap_or(u64::MAX);
    let bond = if wanted.service { wanted.sla_bond } else { 0 };
    let least = config.map_or(0, |config| config.provider_stake_min);
    let certificate = (provider.certified_at > 0).then(|| Certificate {
        age_seconds: model.now().saturating_sub(provider.certified_at).max(0).unsigned_abs(),
        tier: provider.certified_tier,
        vram_mib: provider.certified_vram_mib,
    });
    Capability {
        active: provider.active == 1,
        tier: provider.tier,
        gpu_count: provider.gpu_count,
        vram_mib: provider.vram_mib,
        region: provider.region,
        uptime_bps: provider.uptime_bps,
        simulated: provider.simulated == 1,
        price_per_second: offer.price_per_second,
        free_stake: stake.map_or(0, |stake| stake.bonded.saturating_sub(stake.locked)),
        lock: lock.saturating_add(bond).max(least),
        certificate,
    }
}

/// Every requirement that fails: the program's rule is asked again and again, each time with what it refused put right.
pub fn mismatches(need: &Requirements, have: &Capability) -> Vec<Mismatch> {
    let (mut need, mut have) = (*need, *have);
    let mut found = Vec::new();
    while let Err(mismatch) = matching::fits(&need, &have) {
        // Each round puts one of eleven things right for good; were it not so, this would still end.
        if found.len() > 16 {
            break;
        }
        found.push(mismatch);
        match mismatch {
            Mismatch::ProviderInactive => have.active = true,
            Mismatch::SimulatedDevice => need.allow_simulated = true,
            Mismatch::TierTooLow { .. } => need.tier = 0,
            Mismatch::GpuCountTooSmall { .. } => need.gpu_count = 0,
            Mismatch::VramTooSmall { .. } => need.vram_mib = 0,
            Mismatch::RegionDiffers { .. } => need.region = 0,
            Mismatch::UptimeTooLow { .. } => need.uptime_bps = 0,
            Mismatch::PriceAboveCeiling { .. } => need.price_ceiling_per_second = u64::MAX,
            Mismatch::FreeStakeTooSmall { .. } => have.lock = 0,
            Mismatch::CertificateMissing | Mismatch::CertificateTooOld { .. } => need.certificate_age_seconds_max = 0,
        }
    }
    found
}

/// The program's refusal, with what is needed and what there is.
fn words(mismatch: Mismatch) -> (MarketError, String, String) {
    match mismatch {
        Mismatch::ProviderInactive => {
            (MarketError::ProviderOffline, "takes jobs".into(), "takes none at present".into())
        }
        Mismatch::SimulatedDevice => (MarketError::SimulatedDevice, "a real device".into(), "a simulated one".into()),
        Mismatch::TierTooLow { required, offered } => (MarketError::TierTooLow, tier(required), tier(offered)),
        Mismatch::GpuCountTooSmall { required, offered } => {
            (MarketError::GpuCountTooSmall, required.to_string(), offered.to_string())
        }
        Mismatch::VramTooSmall { required, offered } => {
            (MarketError::InsufficientCompute, format!("{required} MiB"), format!("{offered} MiB"))
        }
        Mismatch::RegionDiffers { required, offered } => {
            (MarketError::RegionDiffers, required.to_string(), offered.to_string())
        }
        Mismatch::UptimeTooLow { required, offered } => {
            (MarketError::UptimeTooLow, required.to_string(), offered.to_string())
        }
        Mismatch::PriceAboveCeiling { ceiling, asked } => {
            (MarketError::PriceAboveCeiling, format!("at most {ceiling}"), asked.to_string())
        }
        Mismatch::FreeStakeTooSmall { required, free } => {
            (MarketError::FreeStakeTooSmall, required.to_string(), free.to_string())
        }
        Mismatch::CertificateMissing => (MarketError::CertificateMissing, "a certificate".into(), "none".into()),
        Mismatch::CertificateTooOld { age_seconds_max, age_seconds } => {
            (MarketError::CertificateTooOld, format!("at most {age_seconds_max} s old"), format!("{age_seconds} s old"))
        }
    }
}

/// `FreeStakeTooSmall` as `free_stake_too_small`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn tier(code: u8) -> String {
    crate::views::tier_name(code).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEED: Requirements = Requirements {
        tier: 2,
        gpu_count: 2,
        vram_mib: 16_384,
        region: 756,
        uptime_bps: 9_500,
        allow_simulated: false,
        price_ceiling_per_second: 100,
        certificate_age_seconds_max: 3_600,
    };

    #[test]
    fn everything_that_fails_is_named_and_the_first_is_what_the_program_refuses() {
        let worst = Capability {
            active: false,
            tier: 1,
            gpu_count: 1,
            vram_mib: 1,
            region: 1,
            uptime_bps: 1,
            simulated: true,
            price_per_second: 101,
            free_stake: 0,
            lock: 1,
            certificate: None,
        };
        let found = mismatches(&NEED, &worst);
        let names: Vec<String> = found.iter().map(|mismatch| snake_case(words(*mismatch).0.name())).collect();
        assert_eq!(
            names,
            [
                "provider_offline",
                "simulated_device",
                "tier_too_low",
                "gpu_count_too_small",
                "insufficient_compute",
                "certificate_missing",
                "region_differs",
                "uptime_too_low",
                "price_above_ceiling",
                "free_stake_too_small"
            ]
        );
        assert_eq!(matching::fits(&NEED, &worst), Err(found[0]));
    }

    #[test]
    fn names_are_the_programs_in_snake_case() {
        assert_eq!(snake_case(MarketError::FreeStakeTooSmall.name()), "free_stake_too_small");
        assert_eq!(snake_case("Offline"), "offline");
    }
}
