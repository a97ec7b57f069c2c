//! Rounds, validators, stakes, slashes and rewards.

use axum::{Json, extract::State};
use proofmill_client::{address, arbiter};
use serde::Deserialize;
use solana_address::Address;
use utoipa::IntoParams;

use super::market::{PageQuery, page};
use crate::{
    app::App,
    encode::Key,
    error::ApiError,
    extract::{Asked, At, Nothing, Shared, page_size, place_of},
    reflect::Program,
    store::{EventFilter, StoredEvent},
    views::{self, Case, Epoch, Page, RewardPool, Round, Stake, Validator},
};

/// The rounds that judged a job; those whose accounts are gone, from their events
#[utoipa::path(get, path = "/v1/jobs/{job}/round", tag = "jobs", operation_id = "job_rounds",
    params(("job" = Key, Path, description = "The `Job` account")), responses((status = 200, body = Vec<Round>)))]
pub async fn rounds(State(app): Shared, At(job): At, _: Asked<Nothing>) -> Result<Json<Vec<Round>>, ApiError> {
    let opened = EventFilter {
        name: Some("RoundOpened".to_owned()),
        accounts: vec![job.to_string()],
        ascending: true,
        limit: 64,
        ..EventFilter::default()
    };
    let openings = app.store.events(&opened).await?;
    let mut rounds: Vec<Round> = {
        let model = app.model();
        model.rounds_of(&job).map(|(at, round)| model.round_view(at, round)).collect()
    };
    for opening in openings {
        let Ok(opened) = arbiter::RoundOpened::decode(&opening.data) else { continue };
        if opened.job == job && rounds.iter().all(|known| known.address != Key(opened.round)) {
            rounds.push(remembered(&app, &opened, &opening).await?);
        }
    }
    rounds.sort_by_key(|round| (round.attempt, round.opened_at, round.index));
    Ok(Json(rounds))
}

/// A round whose account is gone.
async fn remembered(app: &App, opened: &arbiter::RoundOpened, opening: &StoredEvent) -> Result<Round, ApiError> {
    let filter =
        EventFilter { accounts: vec![opened.round.to_string()], ascending: true, limit: 256, ..EventFilter::default() };
    let seats = opened.seats.min(9);
    let (mut committed, mut missed) = (0u16, 0u16);
    let (mut votes, mut re_executed) = ([0u16; 5], false);
    let bit = |seat: u8| 1u16.checked_shl(u32::from(seat)).unwrap_or(0);
    for event in app.store.events(&filter).await?.iter().filter(|event| event.program == Program::Arbiter) {
        match arbiter::decode_event(&event.data) {
            Some(arbiter::Event::AttestationCommitted(event)) => committed |= bit(event.seat),
            Some(arbiter::Event::AttestationsCommitted(event)) => committed |= event.seats,
            Some(arbiter::Event::AttestationsRevealed(event)) => {
                votes = [event.valid, event.invalid, event.unavailable, event.inconclusive, event.divergent];
            }
            Some(arbiter::Event::RevealMissed(event)) => missed |= bit(event.seat),
            Some(arbiter::Event::ReexecutionSubmitted(_)) => re_executed = true,
            _ => {}
        }
    }
    // Whoever revealed had committed, by whichever instruction.
    committed |= votes.iter().fold(0, |all, some| all | some);
    Ok(Round {
        address: Key(opened.round),
        index: opened.index,
        attempt: None,
        epoch: None,
        state: "closed".to_owned(),
        threshold: None,
        reveals_min: None,
        committee: (0..seats).map(|_| None).collect(),
        committed: (0..seats).map(|seat| committed & bit(seat) != 0).collect(),
        missed: (0..seats).map(|seat| missed & bit(seat) != 0).collect(),
        revealed: views::opinions(votes, seats, |_| None),
        re_executor: Key::known(opened.executor),
        re_executed,
        opened_at: opening.at,
        commit_until: None,
        reveal_until: None,
        verdict: None,
    })
}

/// Every validator on the roster
#[utoipa::path(get, path = "/v1/validators", tag = "validators", operation_id = "validators",
    responses((status = 200, body = Vec<Validator>)))]
pub async fn validators(State(app): Shared, _: Asked<Nothing>) -> Json<Vec<Validator>> {
    Json(app.model().validators())
}

/// The present validator set, and the next
#[utoipa::path(get, path = "/v1/epoch", tag = "validators", operation_id = "epoch",
    responses((status = 200, body = Epoch)))]
pub async fn epoch(State(app): Shared, _: Asked<Nothing>) -> Result<Json<Epoch>, ApiError> {
    app.model().epoch().map(Json).ok_or_else(|| ApiError::not_found("arbiter", "on this network"))
}

/// The stake of an owner
#[utoipa::path(get, path = "/v1/stakes/{owner}", tag = "validators", operation_id = "stake",
    params(("owner" = Key, Path, description = "The wallet that owns it")), responses((status = 200, body = Stake)))]
pub async fn stake(State(app): Shared, At(owner): At, _: Asked<Nothing>) -> Result<Json<Stake>, ApiError> {
    app.model().stake_view(&owner).map(Json).ok_or_else(|| ApiError::not_found("stake of", owner))
}

/// Which slashes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// Of the stake of this wallet.
    owner: Option<Key>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Slashes that wait, are appealed, or are over
#[utoipa::path(get, path = "/v1/cases", tag = "validators", operation_id = "cases", params(CaseQuery),
    responses((status = 200, body = Page<Case>)))]
pub async fn cases(State(app): Shared, Asked(query): Asked<CaseQuery>) -> Result<Json<Page<Case>>, ApiError> {
    let size = page_size(query.limit)?;
    let after = super::market::address_place(query.cursor.as_deref())?;
    let stake = query.owner.map(|Key(owner)| address::stake(&owner));
    let model = app.model();
    let found = model
        .cases()
        .filter(|(at, _)| after.is_none_or(|after: Address| *at > after))
        .filter(|(_, case)| stake.is_none_or(|stake| case.stake == stake))
        .take(size.saturating_add(1))
        .map(|(at, case)| model.case_view(at, case))
        .collect();
    Ok(Json(page(found, size, |case: &Case| case.address.to_string())))
}

/// Reward pools, the newest epoch first
#[utoipa::path(get, path = "/v1/rewards", tag = "validators", operation_id = "rewards", params(PageQuery),
    responses((status = 200, body = Page<RewardPool>)))]
pub async fn rewards(State(app): Shared, Asked(query): Asked<PageQuery>) -> Result<Json<Page<RewardPool>>, ApiError> {
    let (limit, cursor) = query.parts();
    let size = page_size(limit)?;
    let after: Option<u32> = match place_of(cursor)? {
        None => None,
        Some(place) => Some(place.parse().map_err(|_| ApiError::invalid("cursor", "This is no cursor of this list."))?),
    };
    let model = app.model();
    let mut pools: Vec<RewardPool> = model
        .pools()
        .filter(|(_, pool)| after.is_none_or(|after| pool.epoch < after))
        .map(|(at, pool)| views::reward_pool(at, pool))
        .collect();
    pools.sort_by_key(|pool| std::cmp::Reverse(pool.epoch));
    pools.truncate(size.saturating_add(1));
    Ok(Json(page(pools, size, |pool: &RewardPool| pool.epoch.to_string())))
}
