//! Whether a standing offer fits what is asked for, from accounts alone: everything that `match_job` and `take_task` check,
//! in their order, the provider itself by the program's own rule ([`matching::fits`]).
//!
//! An answer is about the accounts that were read. The program decides again when the transaction comes.

use proofmill_protocol::{
    amount,
    matching::{self, Capability, Certificate, Mismatch, Requirements},
    stake::Balances,
};
use solana_address::Address;

use crate::market::{Config, Job, JobArray, JobTerms, MintRule, Offer, Provider, Stake};

/// `kind` of a service.
const KIND_SERVICE: u8 = 3;

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub mint: Address,
    pub max_seconds: u32,
    pub requirements: Requirements,
    pub service: bool,
    /// Atoms of the stake mint pledged for availability, and the availability, basis points.
    pub sla_bond: u64,
    pub sla_uptime_bps: u16,
}

impl Asked {
    /// What a job with these terms will ask for when it is posted under `config`.
    pub fn of_terms(terms: &JobTerms, mint: Address, config: &Config) -> Self {
        Self {
            mint,
            max_seconds: terms.max_seconds,
            requirements: Requirements {
                tier: terms.tier,
                gpu_count: terms.gpu_count,
                vram_mib: terms.vram_mib,
                region: terms.region,
                // The market's own minimum holds for everybody.
                uptime_bps: terms.uptime_bps.max(config.uptime_min_bps),
                allow_simulated: terms.allow_simulated != 0,
                price_ceiling_per_second: terms.price_ceiling_per_second,
                certificate_age_seconds_max: terms.certificate_age_seconds_max,
            },
            service: terms.kind == KIND_SERVICE,
            sla_bond: terms.sla_bond,
            sla_uptime_bps: terms.sla_uptime_bps,
        }
    }

    /// What a posted job asks for.
    pub fn of_job(job: &Job) -> Self {
        Self {
            mint: job.mint,
            max_seconds: job.max_seconds,
            requirements: Requirements {
                tier: job.tier,
                gpu_count: job.gpu_count,
                vram_mib: job.vram_mib,
                region: job.region,
                uptime_bps: job.uptime_bps,
                allow_simulated: job.allow_simulated == 1,
                price_ceiling_per_second: job.price_ceiling_per_second,
                certificate_age_seconds_max: job.certificate_age_seconds_max,
            },
            service: job.kind == KIND_SERVICE,
            sla_bond: job.sla_bond,
            sla_uptime_bps: job.sla_uptime_bps,
        }
    }

    /// What each task of an array asks for.
    pub fn of_array(array: &JobArray) -> Self {
        Self {
            mint: array.mint,
            max_seconds: array.max_seconds,
            requirements: Requirements {
                tier: array.tier,
                gpu_count: array.gpu_count,
                vram_mib: array.vram_mib,
                region: array.region,
                uptime_bps: array.uptime_bps,
                allow_simulated: array.allow_simulated == 1,
                price_ceiling_per_second: array.price_ceiling_per_second,
                certificate_age_seconds_max: array.certificate_age_seconds_max,
            },
            service: false,
            sla_bond: 0,
            sla_uptime_bps: 0,
        }
    }
}

/// An offer and the accounts around it.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub config: &'a Config,
    /// Of the mint that is asked for.
    pub rule: &'a MintRule,
    pub offer: &'a Offer,
    pub provider: &'a Provider,
    pub stake: &'a Stake,
}

/// What a match would take of the provider's stake, atoms of the stake mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// For the work.
    pub lock: u64,
    /// In all, with the bond for availability.
    pub pledged: u64,
}

/// The requirement that fails, the first in the program's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The market takes no new jobs at present.
    OpeningsPaused,
    /// The offer is in another token.
    MintDiffers { asked: Address, offered: Address },
    /// The offer has ended.
    OfferExpired { expires_at: i64, now: i64 },
    /// The offer does not cover a run this long, seconds.
    OfferTooShort { needed: u32, offered: u32 },
    /// The offer is for jobs that end.
    OfferNotForServices,
    /// The offer pledges less for availability, atoms of the stake mint.
    OfferBondTooSmall { needed: u64, offered: u64 },
    /// The offer pledges it for less availability, basis points.
    OfferUptimeTooLow { needed: u16, offered: u16 },
    /// This market refuses simulated devices altogether.
    SimulatedRefused,
    /// The provider runs as many jobs as it takes.
    CapacityExhausted { capacity: u16, active: u32 },
    /// The provider does not meet the rule.
    Provider(Mismatch),
    /// Price times seconds does not fit 64 bits.
    AmountOverflows,
}

/// Whether the offer can be taken for what is asked, at `now` (unix seconds of the chain's clock).
///
/// # Errors
/// The first [`Misfit`].
pub fn fits(asked: &Asked, standing: &Standing<'_>, now: i64) -> Result<Fit, Misfit> {
    let Standing { config, rule, offer, provider, stake } = *standing;
    if config.paused & 1 != 0 {
        return Err(Misfit::OpeningsPaused);
    }
    if offer.mint != asked.mint {
        return Err(Misfit::MintDiffers { asked: asked.mint, offered: offer.mint });
    }
    if now >= offer.expires_at {
        return Err(Misfit::OfferExpired { expires_at: offer.expires_at, now });
    }
    if asked.max_seconds > offer.seconds_max {
        return Err(Misfit::OfferTooShort { needed: asked.max_seconds, offered: offer.seconds_max });
    }
    if asked.service {
        if offer.services != 1 {
            return Err(Misfit::OfferNotForServices);
        }
        if asked.sla_bond > offer.sla_bond_max {
            return Err(Misfit::OfferBondTooSmall { needed: asked.sla_bond, offered: offer.sla_bond_max });
        }
        if asked.sla_uptime_bps > offer.sla_uptime_max_bps {
            let (needed, offered) = (asked.sla_uptime_bps, offer.sla_uptime_max_bps);
            return Err(Misfit::OfferUptimeTooLow { needed, offered });
        }
    }
    if provider.simulated == 1 && config.allow_simulated != 1 {
        return Err(Misfit::SimulatedRefused);
    }
    if stake.active_jobs >= u32::from(provider.capacity) {
        return Err(Misfit::CapacityExhausted { capacity: provider.capacity, active: stake.active_jobs });
    }
    let price = offer.price_per_second;
    let gross = amount::escrow(price, asked.max_seconds).map_err(|_| Misfit::AmountOverflows)?;
    let lock = amount::scale(gross, rule.lock_bps).map_err(|_| Misfit::AmountOverflows)?;
    let pledged = amount::plus(lock, asked.sla_bond).map_err(|_| Misfit::AmountOverflows)?;
    let free = Balances { bonded: stake.bonded, locked: stake.locked, ..Balances::default() }.free();
    let have = capability(provider, price, free, pledged.max(config.provider_stake_min), now);
    matching::fits(&asked.requirements, &have).map_err(Misfit::Provider)?;
    Ok(Fit { lock, pledged })
}

/// What a provider has and asks, as the program sees it.
pub fn capability(provider: &Provider, price_per_second: u64, free_stake: u64, lock: u64, now: i64) -> Capability {
    let certificate = (provider.certified_at > 0).then(|| Certificate {
        age_seconds: now.saturating_sub(provider.certified_at).max(0).unsigned_abs(),
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
        price_per_second,
        free_stake,
        lock,
        certificate,
    }
}

/// A requirement in words: its name, what is needed, what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub requirement: &'static str,
    pub needed: String,
    pub found: String,
}

impl Misfit {
    /// The requirement by its field's name, with what is needed and what was found.
    pub fn explain(&self) -> Explained {
        let line = |requirement, needed: String, found: String| Explained { requirement, needed, found };
        match *self {
            Self::OpeningsPaused => {
                line("openings", "a market that takes jobs".into(), "paused by its guardian".into())
            }
            Self::MintDiffers { asked, offered } => line("mint", asked.to_string(), offered.to_string()),
            Self::OfferExpired { expires_at, now } => {
                line("offer.expires_at", format!("after {now}"), expires_at.to_string())
            }
            Self::OfferTooShort { needed, offered } => line("max_seconds", needed.to_string(), offered.to_string()),
            Self::OfferNotForServices => line("kind", "service".into(), "batch jobs only".into()),
            Self::OfferBondTooSmall { needed, offered } => line("sla.bond", needed.to_string(), offered.to_string()),
            Self::OfferUptimeTooLow { needed, offered } => {
                line("sla.uptime_bps", needed.to_string(), offered.to_string())
            }
            Self::SimulatedRefused => line("device", "real".into(), "simulated, which this market refuses".into()),
            Self::CapacityExhausted { capacity, active } => {
                line("capacity", "a free place".into(), format!("{active} of {capacity} taken"))
            }
            Self::AmountOverflows => line("price_per_second", "a price that fits 64 bits".into(), "an overflow".into()),
            Self::Provider(mismatch) => explain_mismatch(mismatch),
        }
    }
}

fn explain_mismatch(mismatch: Mismatch) -> Explained {
    let (requirement, needed, found) = match mismatch {
        Mismatch::ProviderInactive => ("active", "taking jobs".to_owned(), "not taking jobs".to_owned()),
        Mismatch::SimulatedDevice => ("placement.allow_simulated", "a real device".into(), "a simulated one".into()),
        Mismatch::TierTooLow { required, offered } => {
            ("resources.tier", tier_name(required).into(), tier_name(offered).into())
        }
        Mismatch::GpuCountTooSmall { required, offered } => {
            ("resources.gpu_count", required.to_string(), offered.to_string())
        }
        Mismatch::VramTooSmall { required, offered } => {
            ("resources.vram_mib", required.to_string(), offered.to_string())
        }
        Mismatch::RegionDiffers { required, offered } => {
            ("placement.region", required.to_string(), offered.to_string())
        }
        Mismatch::UptimeTooLow { required, offered } => {
            ("placement.uptime_bps", required.to_string(), offered.to_string())
        }
        Mismatch::PriceAboveCeiling { ceiling, asked } => {
            ("price_ceiling_per_second", format!("{ceiling} at most"), asked.to_string())
        }
        Mismatch::FreeStakeTooSmall { required, free } => ("free stake", required.to_string(), free.to_string()),
        Mismatch::CertificateMissing => {
            ("placement.certificate_age_seconds_max", "a measured GPU".into(), "no certificate".into())
        }
        Mismatch::CertificateTooOld { age_seconds_max, age_seconds } => {
            ("placement.certificate_age_seconds_max", format!("{age_seconds_max} at most"), age_seconds.to_string())
        }
    };
    Explained { requirement, needed, found }
}

/// The word for a tier's code.
pub fn tier_name(tier: u8) -> &'static str {
    match tier {
        0 => "any",
        1 => "consumer",
        2 => "prosumer",
        3 => "datacenter",
        _ => "unknown",
    }
}

/// A provider's model as its driver names it: the text before the padding, nothing that is not printable ASCII.
pub fn model_name(model: &[u8; 32]) -> String {
    let text = model.iter().take_while(|byte| **byte != 0);
    text.map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '?' }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    fn zeroed<T>(discriminator: [u8; 8], len: usize, decode: impl Fn(&[u8]) -> Result<T, crate::DecodeError>) -> T {
        let mut data = discriminator.to_vec();
        data.resize(len, 0);
        decode(&data).unwrap()
    }

    struct World {
        config: Config,
        rule: MintRule,
        offer: Offer,
        provider: Provider,
        stake: Stake,
    }

    /// An offer that fits exactly, at instant 100.
    fn world() -> World {
        let mut config = zeroed(Config::DISCRIMINATOR, Config::LEN, Config::decode);
        (config.allow_simulated, config.uptime_min_bps) = (1, 9_500);
        let mut rule = zeroed(MintRule::DISCRIMINATOR, MintRule::LEN, MintRule::decode);
        rule.lock_bps = 20_000;
        let mut offer = zeroed(Offer::DISCRIMINATOR, Offer::LEN, Offer::decode);
        (offer.price_per_second, offer.seconds_max, offer.expires_at) = (10, 60, 101);
        let mut provider = zeroed(Provider::DISCRIMINATOR, Provider::LEN, Provider::decode);
        (provider.active, provider.capacity, provider.tier, provider.gpu_count) = (1, 1, 2, 2);
        (provider.vram_mib, provider.region, provider.uptime_bps) = (16_384, 756, 9_500);
        (provider.certified_at, provider.certified_tier, provider.certified_vram_mib) = (40, 2, 16_384);
        let mut stake = zeroed(Stake::DISCRIMINATOR, Stake::LEN, Stake::decode);
        (stake.bonded, stake.locked) = (1_300, 100);
        World { config, rule, offer, provider, stake }
    }

    fn asked() -> Asked {
        Asked {
            mint: Address::default(),
            max_seconds: 60,
            requirements: Requirements {
                tier: 2,
                gpu_count: 2,
                vram_mib: 16_384,
                region: 756,
                uptime_bps: 9_500,
                allow_simulated: false,
                price_ceiling_per_second: 10,
                certificate_age_seconds_max: 60,
            },
            service: false,
            sla_bond: 0,
            sla_uptime_bps: 0,
        }
    }

    fn check(world: &World, asked: &Asked) -> Result<Fit, Misfit> {
        let World { config, rule, offer, provider, stake } = world;
        fits(asked, &Standing { config, rule, offer, provider, stake }, 100)
    }

    #[test]
    fn an_offer_that_just_fits_tells_what_it_locks() {
        assert_eq!(check(&world(), &asked()), Ok(Fit { lock: 1_200, pledged: 1_200 }));
    }

    #[test]
    fn each_misfit_is_found_alone_and_explained_with_needed_and_found() {
        type Change = fn(&mut World, &mut Asked);
        let other = Address::new_from_array([9; 32]);
        let cases: [(Change, Misfit, [&str; 3]); 17] = [
            (
                |w, _| w.config.paused = 1,
                Misfit::OpeningsPaused,
                ["openings", "a market that takes jobs", "paused by its guardian"],
            ),
            (
                |w, _| w.offer.mint = Address::new_from_array([9; 32]),
                Misfit::MintDiffers { asked: Address::default(), offered: other },
                ["mint", "11111111111111111111111111111111", "cGfHiC6Kgg3FpFZvgwGcswsCRtp4aBP2fzuXRQPizuN"],
            ),
            (
                |w, _| w.offer.expires_at = 100,
                Misfit::OfferExpired { expires_at: 100, now: 100 },
                ["offer.expires_at", "after 100", "100"],
            ),
            (
                |w, _| w.offer.seconds_max = 59,
                Misfit::OfferTooShort { needed: 60, offered: 59 },
                ["max_seconds", "60", "59"],
            ),
            (|_, a| a.service = true, Misfit::OfferNotForServices, ["kind", "service", "batch jobs only"]),
            (
                |w, a| (w.offer.services, a.service, a.sla_bond) = (1, true, 5),
                Misfit::OfferBondTooSmall { needed: 5, offered: 0 },
                ["sla.bond", "5", "0"],
            ),
            (
                |w, a| (w.offer.services, a.service, a.sla_uptime_bps) = (1, true, 5),
                Misfit::OfferUptimeTooLow { needed: 5, offered: 0 },
                ["sla.uptime_bps", "5", "0"],
            ),
            (
                |w, a| (w.provider.simulated, w.config.allow_simulated, a.requirements.allow_simulated) = (1, 0, true),
                Misfit::SimulatedRefused,
                ["device", "real", "simulated, which this market refuses"],
            ),
            (
                |w, _| w.stake.active_jobs = 1,
                Misfit::CapacityExhausted { capacity: 1, active: 1 },
                ["capacity", "a free place", "1 of 1 taken"],
            ),
            (
                |w, _| w.offer.price_per_second = u64::MAX,
                Misfit::AmountOverflows,
                ["price_per_second", "a price that fits 64 bits", "an overflow"],
            ),
            (
                |w, _| w.provider.active = 0,
                Misfit::Provider(Mismatch::ProviderInactive),
                ["active", "taking jobs", "not taking jobs"],
            ),
            (
                |w, _| w.provider.tier = 1,
                Misfit::Provider(Mismatch::TierTooLow { required: 2, offered: 1 }),
                ["resources.tier", "prosumer", "consumer"],
            ),
            (
                |w, _| w.provider.vram_mib = 8_192,
                Misfit::Provider(Mismatch::VramTooSmall { required: 16_384, offered: 8_192 }),
                ["resources.vram_mib", "16384", "8192"],
            ),
            (
                |w, _| w.provider.certified_at = 39,
                Misfit::Provider(Mismatch::CertificateTooOld { age_seconds_max: 60, age_seconds: 61 }),
                ["placement.certificate_age_seconds_max", "60 at most", "61"],
            ),
            (
                |w, _| w.offer.price_per_second = 11,
                Misfit::Provider(Mismatch::PriceAboveCeiling { ceiling: 10, asked: 11 }),
                ["price_ceiling_per_second", "10 at most", "11"],
            ),
            (
                |w, _| w.stake.locked = 101,
                Misfit::Provider(Mismatch::FreeStakeTooSmall { required: 1_200, free: 1_199 }),
                ["free stake", "1200", "1199"],
            ),
            (
                |w, _| w.config.provider_stake_min = 5_000,
                Misfit::Provider(Mismatch::FreeStakeTooSmall { required: 5_000, free: 1_200 }),
                ["free stake", "5000", "1200"],
            ),
        ];
        for (change, misfit, [requirement, needed, found]) in cases {
            let (mut world, mut asked) = (world(), asked());
            change(&mut world, &mut asked);
            assert_eq!(check(&world, &asked), Err(misfit));
            let explained = Explained { requirement, needed: needed.into(), found: found.into() };
            assert_eq!(misfit.explain(), explained);
        }
    }

    #[test]
    fn a_model_is_shown_without_padding_or_tricks() {
        let mut model = [0; 32];
        model[..9].copy_from_slice(b"NVIDIA L4");
        assert_eq!(model_name(&model), "NVIDIA L4");
        model[0] = 0x1b;
        assert_eq!(model_name(&model), "?VIDIA L4");
        assert_eq!(model_name(&[b'x'; 32]).len(), 32);
    }
}
