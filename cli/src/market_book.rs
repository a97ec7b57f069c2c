//! The standing offers of one payment token with everything that decides whether they fit, read at one time.

use std::collections::HashMap;

use anyhow::Result;
use proofmill_client::{
    address,
    fit::{self, Asked, Explained, Fit, Standing},
    market,
};
use proofmill_jobspec::JobSpec;
use solana_address::Address;

use crate::{error::CliError, session::Session};

/// An offer with its provider and the stake behind it.
#[derive(Debug)]
pub struct Candidate {
    pub offer_address: Address,
    pub offer: market::Offer,
    pub provider: market::Provider,
    /// None if it was withdrawn altogether.
    pub stake: Option<market::Stake>,
}

/// What can be had at present.
pub struct MarketBook {
    pub mint: Address,
    pub config: market::Config,
    pub rule: market::MintRule,
    /// Seconds on the chain's clock.
    pub now: i64,
    /// Offers in `mint`, cheapest first.
    pub candidates: Vec<Candidate>,
}

impl MarketBook {
    /// Reads the offers in `mint`.
    pub async fn read(session: &Session, mint: Address) -> Result<Self> {
        let config = session.fetch("market configuration", &address::market_config(), market::Config::decode).await?;
        let rule = session.fetch("mint rule", &address::mint_rule(&mint), market::MintRule::decode).await?;
        let now = session.now().await?;
        let in_mint = Some((market::Offer::OFFSET_MINT, mint.to_bytes().to_vec()));
        let offers = session.scan(market::Offer::DISCRIMINATOR, in_mint, market::Offer::decode).await?;
        let providers: HashMap<_, _> =
            session.scan(market::Provider::DISCRIMINATOR, None, market::Provider::decode).await?.into_iter().collect();
        let stakes: HashMap<_, _> =
            session.scan(market::Stake::DISCRIMINATOR, None, market::Stake::decode).await?.into_iter().collect();
        let mut candidates: Vec<Candidate> = offers
            .into_iter()
            .filter_map(|(offer_address, offer)| {
                // A provider cannot go while its offers stand.
                let provider = *providers.get(&offer.provider)?;
                let stake = stakes.get(&address::stake(&provider.owner)).copied();
                Some(Candidate { offer_address, offer, provider, stake })
            })
            .collect();
        // Equal prices in one order for everybody who looks.
        candidates.sort_by_key(|candidate| (candidate.offer.price_per_second, candidate.offer_address));
        Ok(Self { mint, config, rule, now, candidates })
    }

    /// What a document asks for. One without a ceiling accepts any price.
    pub fn asked(&self, spec: &JobSpec) -> Asked {
        let mut terms = job_terms(spec);
        if terms.price_ceiling_per_second == 0 {
            terms.price_ceiling_per_second = u64::MAX;
        }
        Asked::of_terms(&terms, self.mint, &self.config)
    }

    /// Whether a candidate fits: the program's rule, and then the model, which only tenant and node know of.
    pub fn judge(&self, asked: &Asked, spec: Option<&JobSpec>, candidate: &Candidate) -> Result<Fit, Explained> {
        let Candidate { offer, provider, stake, .. } = candidate;
        let Some(stake) = stake else {
            let (needed, found) = ("a stake".to_owned(), "none".to_owned());
            return Err(Explained { requirement: "free stake", needed, found });
        };
        let standing = Standing { config: &self.config, rule: &self.rule, offer, provider, stake };
        let fit = fit::fits(asked, &standing, self.now).map_err(|misfit| misfit.explain())?;
        let model = fit::model_name(&provider.gpu_model);
        match spec {
            Some(spec) if !spec.accepts_model(&model) => Err(Explained {
                requirement: "resources.gpu_model",
                needed: spec.resources.gpu_model.clone().unwrap_or_default(),
                found: model,
            }),
            _ => Ok(fit),
        }
    }

    /// The cheapest candidate that fits of another provider than `failed`; of one of those if there is no other.
    ///
    /// # Errors
    /// [`CliError::NoOfferFits`] with each refusal.
    pub fn cheapest_but(&self, spec: &JobSpec, failed: &[Address]) -> Result<&Candidate, CliError> {
        let asked = self.asked(spec);
        let fresh = |candidate: &&Candidate| !failed.contains(&candidate.offer.provider);
        let other = self.candidates.iter().filter(fresh).find(|c| self.judge(&asked, Some(spec), c).is_ok());
        other.map_or_else(|| self.cheapest(spec, None), Ok)
    }

    /// The cheapest candidate that fits, or the one asked for.
    ///
    /// # Errors
    /// [`CliError::NoOfferFits`] with each refusal.
    pub fn cheapest(&self, spec: &JobSpec, wanted: Option<Address>) -> Result<&Candidate, CliError> {
        let asked = self.asked(spec);
        let mut reasons = Vec::new();
        for candidate in self.candidates.iter().filter(|c| wanted.is_none_or(|offer| offer == c.offer_address)) {
            match self.judge(&asked, Some(spec), candidate) {
                Ok(_) => return Ok(candidate),
                Err(Explained { requirement, needed, found }) => {
                    reasons.push(format!("{}: {requirement} needs {needed}, is {found}", candidate.offer_address));
                }
            }
        }
        let reasons = if reasons.is_empty() { "there is none in this token".to_owned() } else { reasons.join("; ") };
        Err(CliError::NoOfferFits { reasons })
    }
}

/// A job's terms as far as the document says them. Index, roots, keys and the way of matching are the caller's.
pub fn job_terms(spec: &JobSpec) -> market::JobTerms {
    let terms = spec.terms();
    market::JobTerms {
        index: 0,
        spec_hash: terms.spec_hash,
        image_digest: terms.image_digest,
        input_root: [0; 32],
        tenant_node_key: [0; 32],
        price_ceiling_per_second: terms.price_ceiling_per_second,
        max_seconds: terms.max_seconds,
        vram_mib: terms.vram_mib,
        certificate_age_seconds_max: terms.certificate_age_seconds_max,
        sla_bond: terms.sla_bond,
        auction_seconds: 0,
        region: terms.region,
        uptime_bps: terms.uptime_bps,
        sla_uptime_bps: terms.sla_uptime_bps,
        attempts_max: terms.attempts_max,
        kind: terms.kind,
        class: terms.class,
        tier: terms.tier,
        gpu_count: terms.gpu_count,
        allow_simulated: u8::from(terms.allow_simulated),
    }
}

/// The same for each task of an array. A retry of a task is another issue of it.
pub fn array_terms(spec: &JobSpec) -> market::ArrayTerms {
    let terms = spec.terms();
    market::ArrayTerms {
        spec_hash: terms.spec_hash,
        image_digest: terms.image_digest,
        input_root: [0; 32],
        tenant_node_key: [0; 32],
        price_ceiling_per_second: terms.price_ceiling_per_second,
        index: 0,
        max_seconds: terms.max_seconds,
        deadline_seconds: 0,
        vram_mib: terms.vram_mib,
        certificate_age_seconds_max: terms.certificate_age_seconds_max,
        tasks_total: 0,
        region: terms.region,
        uptime_bps: terms.uptime_bps,
        attempts_max: terms.attempts_max,
        class: terms.class,
        tier: terms.tier,
        gpu_count: terms.gpu_count,
        allow_simulated: u8::from(terms.allow_simulated),
    }
}

#[cfg(test)]
mod tests {
    use proofmill_client::DecodeError;

    use super::*;

    fn spec() -> JobSpec {
        let document = serde_json::json!({
            "version": 1, "name": "terms", "image": format!("sha256:{}", "ab".repeat(32)), "max_seconds": 60,
            "resources": { "cpus_milli": 1000, "memory_mib": 64, "gpu_count": 2, "vram_mib": 9000, "tier": "prosumer" },
            "retries": 2, "price_ceiling_per_second": 7,
            "placement": {
                "region": 756, "uptime_bps": 9900, "certificate_age_seconds_max": 60, "allow_simulated": false
            }
        });
        JobSpec::parse(document.to_string().as_bytes()).unwrap()
    }

    fn zeroed<T>(discriminator: [u8; 8], len: usize, decode: impl Fn(&[u8]) -> Result<T, DecodeError>) -> T {
        let mut data = discriminator.to_vec();
        data.resize(len, 0);
        decode(&data).unwrap()
    }

    /// Offers of providers 1, 2, ... at these prices, each of which fits whatever asks for no device.
    fn book(prices: &[u64]) -> MarketBook {
        let candidates = prices.iter().zip(1u8..).map(|(price, n)| {
            let mut offer = zeroed(market::Offer::DISCRIMINATOR, market::Offer::LEN, market::Offer::decode);
            (offer.price_per_second, offer.seconds_max, offer.expires_at) = (*price, 3_600, 100);
            offer.provider = Address::new_from_array([n; 32]);
            let mut provider = zeroed(market::Provider::DISCRIMINATOR, market::Provider::LEN, market::Provider::decode);
            (provider.active, provider.capacity) = (1, 1);
            provider.gpu_model[..2].copy_from_slice(if n == 1 { b"L4" } else { b"T4" });
            let mut stake = zeroed(market::Stake::DISCRIMINATOR, market::Stake::LEN, market::Stake::decode);
            stake.bonded = 1_000_000;
            Candidate { offer_address: offer.provider, offer, provider, stake: Some(stake) }
        });
        MarketBook {
            mint: Address::default(),
            config: zeroed(market::Config::DISCRIMINATOR, market::Config::LEN, market::Config::decode),
            rule: zeroed(market::MintRule::DISCRIMINATOR, market::MintRule::LEN, market::MintRule::decode),
            now: 0,
            candidates: candidates.collect(),
        }
    }

    fn plain(ceiling: u64) -> JobSpec {
        let document = serde_json::json!({
            "version": 1, "name": "plain", "image": format!("sha256:{}", "ab".repeat(32)), "max_seconds": 60,
            "resources": { "cpus_milli": 1000, "memory_mib": 64 }, "price_ceiling_per_second": ceiling
        });
        JobSpec::parse(document.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn another_attempt_goes_to_another_provider_while_there_is_one() {
        let (book, at) = (book(&[10, 20]), |n| Address::new_from_array([n; 32]));
        assert_eq!(book.cheapest(&plain(0), None).unwrap().offer.provider, at(1));
        assert_eq!(book.cheapest(&plain(0), Some(at(2))).unwrap().offer.provider, at(2));
        assert_eq!(book.cheapest_but(&plain(0), &[at(1)]).unwrap().offer.provider, at(2));
        assert_eq!(book.cheapest_but(&plain(0), &[at(1), at(2)]).unwrap().offer.provider, at(1));
        // The other one asks too much.
        assert_eq!(book.cheapest_but(&plain(15), &[at(1)]).unwrap().offer.provider, at(1));
    }

    #[test]
    fn no_offer_is_taken_without_its_refusal_being_told() {
        let text = book(&[10, 20]).cheapest(&plain(5), None).unwrap_err().to_string();
        for found in ["needs 5 at most, is 10", "needs 5 at most, is 20"] {
            assert!(text.contains(found), "{text}");
        }
        assert!(book(&[]).cheapest(&plain(0), None).unwrap_err().to_string().contains("there is none"));
    }

    #[test]
    fn a_model_is_found_whatever_its_case_and_missed_by_name() {
        let (book, mut spec) = (book(&[10, 20]), plain(0));
        spec.resources.gpu_model = Some("t4".into());
        assert_eq!(book.cheapest(&spec, None).unwrap().offer.price_per_second, 20);
        let refusal = book.judge(&book.asked(&spec), Some(&spec), &book.candidates[0]).unwrap_err();
        assert_eq!((refusal.requirement, refusal.found.as_str()), ("resources.gpu_model", "L4"));
    }

    #[test]
    fn what_the_document_says_is_what_is_posted() {
        let (spec, terms) = (spec(), job_terms(&spec()));
        assert_eq!((terms.spec_hash, terms.image_digest), (spec.hash(), [0xab; 32]));
        assert_eq!((terms.kind, terms.class, terms.tier, terms.gpu_count, terms.vram_mib), (1, 1, 2, 2, 9_000));
        assert_eq!((terms.region, terms.uptime_bps, terms.certificate_age_seconds_max), (756, 9_900, 60));
        assert_eq!((terms.attempts_max, terms.price_ceiling_per_second, terms.allow_simulated), (3, 7, 0));
        assert_eq!((terms.max_seconds, terms.sla_bond, terms.sla_uptime_bps), (60, 0, 0));
        let array = array_terms(&spec);
        assert_eq!((array.region, array.uptime_bps, array.certificate_age_seconds_max), (756, 9_900, 60));
        assert_eq!((array.attempts_max, array.tier, array.gpu_count, array.allow_simulated), (3, 2, 2, 0));
    }
}
