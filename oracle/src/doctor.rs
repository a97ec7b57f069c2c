//! Checks an installation, and says what to do about what is missing.

use proofmill_chain::{Chain, RpcChain};
use proofmill_client::{address, arbiter, market};
use serde::Serialize;

use crate::{
    config::Config,
    exchange::addr_of,
    identity::{self, Identity},
    limits::BALANCE_MIN,
    mirror::BEACON_DRAND,
};

/// Outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// Whether it is as it must be.
    pub ok: bool,
    /// What was found, and what to do about it.
    pub detail: String,
}

/// All checks.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order they were made.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether everything is as it must be.
    pub fn healthy(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let lines = self.checks.iter().map(|check| {
            let mark = if check.ok { "ok  " } else { "FAIL" };
            format!("{mark}  {}: {}", check.name, check.detail)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// For programs.
    ///
    /// # Errors
    /// None in practice: every field has a JSON form.
    pub fn to_json(&self) -> serde_json::Result<String> {
        #[derive(Serialize)]
        struct Whole<'a> {
            healthy: bool,
            checks: &'a [Check],
        }
        serde_json::to_string_pretty(&Whole { healthy: self.healthy(), checks: &self.checks })
    }

    fn push(&mut self, name: &'static str, result: Result<String, String>) {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        self.checks.push(Check { name, ok, detail });
    }
}

/// Makes every check. One that fails does not keep the others from being made.
pub async fn examine(config: &Config) -> Report {
    let mut report = Report::default();
    let identity = identity::load(config);
    report.push(
        "keys",
        match &identity {
            Ok(identity) => {
                let (validator, delegate) = (identity.validator_address(), identity.delegate_address());
                Ok(format!("validator {validator}, delegate {delegate}, vote key {}", hex::encode(identity.vote_key())))
            }
            Err(error) => Err(error.to_string()),
        },
    );
    report.push("data_dir", data_dir(config));
    let chain = RpcChain::new(&config.rpc_url, &config.ws_url);
    let clock = chain.clock().await;
    report.push(
        "rpc",
        match &clock {
            Ok(time) => Ok(format!("slot {}, chain's clock {}", time.slot, time.unix_timestamp)),
            Err(error) => Err(format!("{error}; check rpc_url")),
        },
    );
    if let (Ok(identity), Ok(_)) = (&identity, &clock) {
        let asked = [
            address::market_config(),
            address::arbiter_config(),
            address::roster(),
            address::stake(&identity.validator_address()),
            identity.delegate_address(),
        ];
        match chain.accounts(&asked).await {
            Ok(found) => {
                on_chain(&mut report, identity, &found);
                report.push("witnessing", witnessing(config, found.first().and_then(Option::as_ref)));
                report.push("beacon", beacon(config, found.get(1).and_then(Option::as_ref)));
            }
            Err(error) => report.push("accounts", Err(format!("{error}; check rpc_url"))),
        }
    }
    report
}

fn data_dir(config: &Config) -> Result<String, String> {
    let probe = config.data_dir.join(".doctor");
    let tried = std::fs::create_dir_all(&config.data_dir)
        .and_then(|()| std::fs::write(&probe, b"x"))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Ok("writable".to_owned()),
        Err(error) => Err(format!("{error}; check data_dir")),
    }
}

/// Whether the randomness of draws can be brought on chain from here.
fn beacon(config: &Config, arbiter: Option<&proofmill_chain::AccountSnapshot>) -> Result<String, String> {
    let arbiter = arbiter.and_then(|account| arbiter::ArbiterConfig::decode(&account.data).ok());
    match arbiter.map(|arbiter| arbiter.beacon_kind) {
        Some(BEACON_DRAND) if config.drand_urls.is_empty() => {
            Err("rounds of a drand network decide and no relay is configured; set drand_urls".to_owned())
        }
        Some(BEACON_DRAND) => Ok(format!("rounds of a drand network, from {} relays", config.drand_urls.len())),
        Some(_) => Ok("slot hashes".to_owned()),
        None => Err("not known: the arbiter is not initialised on this cluster; check rpc_url".to_owned()),
    }
}

/// How heartbeats and roots are cut here.
fn witnessing(config: &Config, market: Option<&proofmill_chain::AccountSnapshot>) -> Result<String, String> {
    let market = market.and_then(|account| market::Config::decode(&account.data).ok());
    let market = market.ok_or("not known: the market is not initialised on this cluster; check rpc_url")?;
    let cadence = config.cadence(market.allow_simulated != 0);
    let (period, slot) = (cadence.period_seconds(), cadence.slot_seconds());
    let whose = if config.witness_period_seconds.is_some() {
        "as configured; all validators of a network must have the same"
    } else {
        "the network's own"
    };
    Ok(format!("a root every {period} s, a heartbeat every {slot} s ({whose})"))
}

fn on_chain(report: &mut Report, identity: &Identity, found: &[Option<proofmill_chain::AccountSnapshot>]) {
    let data = |at: usize| found.get(at).and_then(Option::as_ref).map(|account| account.data.as_slice());
    let market = data(0).and_then(|data| market::Config::decode(data).ok());
    let arbiter = data(1).and_then(|data| arbiter::ArbiterConfig::decode(data).ok());
    report.push(
        "programs",
        match (&market, &arbiter) {
            (Some(market), Some(arbiter)) if market.domain == arbiter.domain => {
                Ok(format!("initialised, epoch {}", arbiter.epoch))
            }
            (Some(_), Some(_)) => Err("market and arbiter have different domains: they were set up apart".to_owned()),
            _ => Err("not initialised on this cluster; check rpc_url".to_owned()),
        },
    );
    let roster = data(2).and_then(|data| arbiter::Roster::decode(data).ok());
    let seat = roster.as_ref().and_then(|roster| {
        let validator = identity.validator_address().to_bytes();
        let place = roster.identities.iter().take(usize::from(roster.count)).position(|known| *known == validator)?;
        Some((*roster.vote_keys.get(place)?, *roster.delegates.get(place)?))
    });
    report.push(
        "registration",
        match seat {
            Some((key, _)) if key != identity.vote_key() => {
                Err(format!("on the roster with the vote key {}; retire and register again", hex::encode(key)))
            }
            Some((_, delegate)) if delegate != identity.delegate_address().to_bytes() => {
                let delegate = solana_address::Address::new_from_array(delegate);
                Err(format!("on the roster with the delegate {delegate}; retire and register again"))
            }
            Some(_) => Ok("on the roster".to_owned()),
            None => Err("not on the roster; stake and register with this vote key".to_owned()),
        },
    );
    let endpoint = roster.as_ref().and_then(|roster| {
        let validator = identity.validator_address().to_bytes();
        let place = roster.identities.iter().take(usize::from(roster.count)).position(|known| *known == validator)?;
        addr_of(roster.endpoints.get(place)?)
    });
    report.push(
        "endpoint",
        match endpoint {
            Some(addr) => Ok(format!("fellow validators fetch commitments and signatures on roots from {addr}")),
            None => Ok("not on the roster yet: the daemon announces it when it starts; with a bind_addr that others cannot dial \
                 set announce_addr, or nobody fetches its signatures"
                .to_owned()),
        },
    );
    let stake = data(3).and_then(|data| market::Stake::decode(data).ok());
    let least = market.as_ref().map_or(0, |market| market.validator_stake_min);
    report.push(
        "stake",
        match stake {
            Some(stake) if stake.bonded >= least => Ok(format!("{} atoms bonded", stake.bonded)),
            Some(stake) => Err(format!("{} atoms bonded, {least} are needed; deposit stake", stake.bonded)),
            None => Err("no stake; open one and deposit".to_owned()),
        },
    );
    let lamports = found.get(4).and_then(Option::as_ref).map_or(0, |account| account.lamports);
    report.push(
        "balance",
        if lamports >= BALANCE_MIN {
            Ok(format!("{lamports} lamports"))
        } else {
            Err(format!("{lamports} lamports, at least {BALANCE_MIN} are wanted; fund the delegate"))
        },
    );
}
