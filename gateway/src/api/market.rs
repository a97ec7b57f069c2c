//! Providers, offers, jobs, their events, and prices.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use proofmill_protocol::matching::Requirements;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use solana_address::Address;
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    encode::{Amount, Key},
    error::ApiError,
    extract::{Asked, At, Nothing, Sent, Shared, cursor_of, page_size, place_of},
    index::{
        explain::{self, Explanation, Wanted},
        prices::{self, Bucket, Percentiles},
    },
    limits,
    reflect::{self, Program},
    store::{EventFilter, JobFilter, StoredEvent},
    views::{self, Bid, Event, Job, Offer, Page, Provider},
};

/// Which providers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProviderQuery {
    /// consumer, prosumer or datacenter.
    #[param(pattern = "^(consumer|prosumer|datacenter)$")]
    tier: Option<String>,
    /// ISO 3166 numeric country code.
    #[param(maximum = 65535)]
    region: Option<u16>,
    #[param(maximum = 255)]
    gpu_min: Option<u8>,
    vram_min_mib: Option<u32>,
    simulated: Option<bool>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Providers, by their addresses
#[utoipa::path(get, path = "/v1/providers", tag = "market", operation_id = "providers", params(ProviderQuery),
    responses((status = 200, body = Page<Provider>)))]
pub async fn providers(
    State(app): Shared,
    Asked(query): Asked<ProviderQuery>,
) -> Result<Json<Page<Provider>>, ApiError> {
    let size = page_size(query.limit)?;
    let after = address_place(query.cursor.as_deref())?;
    let tier = tier_of(query.tier.as_deref())?;
    let model = app.model();
    let found = model
        .providers()
        .filter(|(at, _)| after.is_none_or(|after| *at > after))
        .filter(|(_, provider)| {
            tier.is_none_or(|tier| provider.tier == tier)
                && query.region.is_none_or(|region| provider.region == region)
                && query.gpu_min.is_none_or(|count| provider.gpu_count >= count)
                && query.vram_min_mib.is_none_or(|vram| provider.vram_mib >= vram)
                && query.simulated.is_none_or(|simulated| (provider.simulated == 1) == simulated)
        })
        .take(size.saturating_add(1))
        .map(|(at, provider)| model.provider_view(at, provider))
        .collect();
    Ok(Json(page(found, size, |provider: &Provider| provider.address.to_string())))
}

/// A provider, by its owner's or its own address
#[utoipa::path(get, path = "/v1/providers/{owner}", tag = "market", operation_id = "provider",
    params(("owner" = Key, Path, description = "The owner's wallet, or the `Provider` account")),
    responses((status = 200, body = Provider)))]
pub async fn provider(State(app): Shared, At(owner): At, _: Asked<Nothing>) -> Result<Json<Provider>, ApiError> {
    let model = app.model();
    let derived = proofmill_client::address::provider(&owner);
    let found = [derived, owner].into_iter().find_map(|at| Some((at, model.provider(&at)?)));
    let (at, provider) = found.ok_or_else(|| ApiError::not_found("provider", owner))?;
    Ok(Json(model.provider_view(at, provider)))
}

/// Which offers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfferQuery {
    /// consumer, prosumer or datacenter.
    #[param(pattern = "^(consumer|prosumer|datacenter)$")]
    tier: Option<String>,
    /// ISO 3166 numeric country code.
    #[param(maximum = 65535)]
    region: Option<u16>,
    /// At least so many GPUs.
    #[param(maximum = 255)]
    gpu_count: Option<u8>,
    vram_min_mib: Option<u32>,
    /// At most so many atoms per second.
    price_max: Option<Amount>,
    mint: Option<Key>,
    /// Of this provider: the owner's wallet, or the `Provider` account.
    provider: Option<Key>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Standing offers, the cheapest first
#[utoipa::path(get, path = "/v1/offers", tag = "market", operation_id = "offers", params(OfferQuery),
    responses((status = 200, body = Page<Offer>)))]
pub async fn offers(State(app): Shared, Asked(query): Asked<OfferQuery>) -> Result<Json<Page<Offer>>, ApiError> {
    let size = page_size(query.limit)?;
    let after = match place_of(query.cursor.as_deref())? {
        None => None,
        Some(place) => {
            let read = place.split_once(':').and_then(|(price, at)| Some((price.parse().ok()?, at.parse().ok()?)));
            Some(read.ok_or_else(|| ApiError::invalid("cursor", "This is no cursor of this list."))?)
        }
    };
    let tier = tier_of(query.tier.as_deref())?;
    let of = query.provider.map(|Key(owner)| (owner, proofmill_client::address::provider(&owner)));
    let model = app.model();
    let mut found: Vec<(u64, Address, &proofmill_client::market::Offer)> = model
        .offers()
        .filter(|(at, offer)| after.is_none_or(|after: (u64, Address)| (offer.price_per_second, *at) > after))
        .filter(|(_, offer)| {
            query.price_max.is_none_or(|Amount(most)| offer.price_per_second <= most)
                && query.mint.is_none_or(|Key(mint)| offer.mint == mint)
                && of.is_none_or(|(own, derived)| offer.provider == own || offer.provider == derived)
                && model.provider(&offer.provider).is_some_and(|provider| {
                    tier.is_none_or(|tier| provider.tier == tier)
                        && query.region.is_none_or(|region| provider.region == region)
                        && query.gpu_count.is_none_or(|count| provider.gpu_count >= count)
                        && query.vram_min_mib.is_none_or(|vram| provider.vram_mib >= vram)
                })
        })
        .map(|(at, offer)| (offer.price_per_second, at, offer))
        .collect();
    found.sort_unstable_by_key(|(price, at, _)| (*price, *at));
    found.truncate(size.saturating_add(1));
    let found = found.into_iter().filter_map(|(_, at, offer)| model.offer_view(at, offer)).collect();
    Ok(Json(page(found, size, |offer: &Offer| format!("{}:{}", offer.price_per_second.0, offer.address))))
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobQuery {
    tenant: Option<Key>,
    /// The owner's wallet, or the `Provider` account.
    provider: Option<Key>,
    #[param(pattern = "^(open|matched|running|submitted|settled|paused|ending)$")]
    state: Option<String>,
    #[param(pattern = "^(batch|array|service)$")]
    kind: Option<String>,
    mint: Option<Key>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Jobs, the newest first; closed ones too
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", operation_id = "jobs", params(JobQuery),
    responses((status = 200, body = Page<Job>)))]
pub async fn jobs(State(app): Shared, Asked(query): Asked<JobQuery>) -> Result<Json<Page<Box<RawValue>>>, ApiError> {
    let size = page_size(query.limit)?;
    let after = match place_of(query.cursor.as_deref())? {
        None => None,
        Some(place) => {
            let read = place.split_once(':').and_then(|(slot, at)| Some((slot.parse().ok()?, at.to_owned())));
            Some(read.ok_or_else(|| ApiError::invalid("cursor", "This is no cursor of this list."))?)
        }
    };
    let state = one_of("state", query.state, &views::STATES)?;
    let kind = one_of("kind", query.kind, &views::KINDS)?;
    let provider = query.provider.map(|Key(owner)| {
        let model = app.model();
        let known = model.provider(&owner).is_some();
        if known { owner } else { proofmill_client::address::provider(&owner) }
    });
    let filter = JobFilter {
        tenant: query.tenant.map(|key| key.to_string()),
        provider: provider.map(|at| at.to_string()),
        state,
        kind,
        mint: query.mint.map(|key| key.to_string()),
        after,
        limit: i64::try_from(size.saturating_add(1)).unwrap_or(i64::MAX),
    };
    let mut rows = app.store.jobs(&filter).await?;
    let more = rows.len() > size;
    rows.truncate(size);
    let next_cursor = rows.last().filter(|_| more).map(|(slot, at, _)| cursor_of(&format!("{slot}:{at}")));
    let items = rows.into_iter().map(|(_, _, record)| RawValue::from_string(record)).collect::<Result<_, _>>();
    Ok(Json(Page { items: items.map_err(ApiError::internal)?, next_cursor }))
}

/// A job, also a closed one
#[utoipa::path(get, path = "/v1/jobs/{job}", tag = "jobs", operation_id = "job",
    params(("job" = Key, Path, description = "The `Job` account")), responses((status = 200, body = Job)))]
pub async fn job(State(app): Shared, At(job): At, _: Asked<Nothing>) -> Result<Response, ApiError> {
    let live = app.model().job(&job).map(|account| views::job(job, account));
    let json = match live {
        Some(live) => serde_json::to_string(&live).map_err(ApiError::internal)?,
        None => app.store.job(&job).await?.ok_or_else(|| ApiError::not_found("job", job))?,
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    cursor: Option<String>,
}

impl PageQuery {
    /// The size asked for, and the place.
    pub fn parts(&self) -> (Option<u32>, Option<&str>) {
        (self.limit, self.cursor.as_deref())
    }
}

/// Everything that happened to a job and to the rounds that judged it, the oldest first
#[utoipa::path(get, path = "/v1/jobs/{job}/events", tag = "jobs", operation_id = "job_events",
    params(("job" = Key, Path, description = "The `Job` account"), PageQuery),
    responses((status = 200, body = Page<Event>)))]
pub async fn job_events(
    State(app): Shared,
    At(job): At,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<Event>>, ApiError> {
    let mut accounts = vec![job.to_string()];
    let opened = EventFilter {
        name: Some("RoundOpened".to_owned()),
        accounts: accounts.clone(),
        ascending: true,
        limit: 64,
        ..EventFilter::default()
    };
    for event in app.store.events(&opened).await? {
        let opened = proofmill_client::arbiter::RoundOpened::decode(&event.data);
        accounts.extend(opened.ok().map(|opened| opened.round.to_string()));
    }
    let filter = EventFilter { accounts, ascending: true, ..EventFilter::default() };
    event_page(&app, filter, query.limit, query.cursor.as_deref()).await
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// As the interface description names it, such as JobSettled.
    #[param(pattern = "^[A-Za-z]{1,64}$")]
    name: Option<String>,
    /// Events in which this address stands.
    account: Option<Key>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Everything that either program did, the newest first
#[utoipa::path(get, path = "/v1/events", tag = "network", operation_id = "events", params(EventQuery),
    responses((status = 200, body = Page<Event>)))]
pub async fn events(State(app): Shared, Asked(query): Asked<EventQuery>) -> Result<Json<Page<Event>>, ApiError> {
    if let Some(name) = query.name.as_deref().filter(|name| !reflect::has_event(name)) {
        let shown: String = name.chars().take(64).collect();
        return Err(ApiError::invalid("name", format!("Neither program has an event {shown}.")));
    }
    let accounts = query.account.iter().map(Key::to_string).collect();
    let filter = EventFilter { name: query.name, accounts, ..EventFilter::default() };
    event_page(&app, filter, query.limit, query.cursor.as_deref()).await
}

async fn event_page(
    app: &App,
    filter: EventFilter,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<Json<Page<Event>>, ApiError> {
    let size = page_size(limit)?;
    let after = match place_of(cursor)? {
        None => None,
        Some(place) => {
            let read = place.parse().ok();
            Some(read.ok_or_else(|| ApiError::invalid("cursor", "This is no cursor of this list."))?)
        }
    };
    let limit = i64::try_from(size.saturating_add(1)).unwrap_or(i64::MAX);
    let rows = app.store.events(&EventFilter { after, limit, ..filter }).await?;
    let found = rows.iter().filter_map(|row| event_view(app, row)).collect();
    Ok(Json(page(found, size, |event: &Event| event.sequence.0.to_string())))
}

/// An event as it is shown.
pub fn event_view(app: &App, row: &StoredEvent) -> Option<Event> {
    let reflected = reflect::event(row.program, &row.data)?;
    let address = |name: &str| reflected.fields.get(name)?.as_str()?.parse::<Address>().ok();
    let job = address("job").or_else(|| match row.program {
        Program::Arbiter => app.job_of_round(&address("round")?),
        Program::Market => None,
    });
    Some(Event {
        sequence: Amount(row.sequence.unsigned_abs()),
        slot: row.slot,
        signature: row.signature.clone(),
        index: row.index,
        program: row.program.name().to_owned(),
        name: row.name.clone(),
        at: row.at,
        job: job.and_then(Key::known),
        data: reflected.fields,
    })
}

/// Bids on a job, the lowest first
#[utoipa::path(get, path = "/v1/jobs/{job}/bids", tag = "jobs", operation_id = "job_bids",
    params(("job" = Key, Path, description = "The `Job` account"), PageQuery),
    responses((status = 200, body = Page<Bid>)))]
pub async fn job_bids(
    State(app): Shared,
    At(job): At,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<Bid>>, ApiError> {
    let size = page_size(query.limit)?;
    let after = place_of(query.cursor.as_deref())?;
    let model = app.model();
    let mut all: Vec<Bid> = model.bids_on(&job).map(|(at, bid)| views::bid(at, bid)).collect();
    all.sort_by_key(|bid| (bid.price_per_second, bid.address));
    let place = |bid: &Bid| format!("{:020}:{}", bid.price_per_second.0, bid.address);
    let from = match &after {
        None => 0,
        Some(after) => all.iter().position(|bid| place(bid) == *after).map_or(all.len(), |at| at.saturating_add(1)),
    };
    let found = all.into_iter().skip(from).take(size.saturating_add(1)).collect();
    Ok(Json(page(found, size, place)))
}

/// What a job would ask for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchRequest {
    pub mint: Key,
    #[serde(default = "one")]
    #[schema(minimum = 0, maximum = 255)]
    pub gpu_count: u8,
    #[serde(default)]
    pub vram_mib: u32,
    /// any, consumer, prosumer or datacenter.
    #[schema(pattern = "^(any|consumer|prosumer|datacenter)$")]
    pub tier: Option<String>,
    /// ISO 3166 numeric country code; 0 for anywhere.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 65535)]
    pub region: u16,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 65535)]
    pub uptime_bps: u16,
    /// Oldest certificate accepted; 0 asks for none.
    #[serde(default)]
    pub certificate_age_seconds_max: u32,
    /// Atoms per second at most.
    pub price_ceiling_per_second: Amount,
    #[schema(minimum = 1)]
    pub max_seconds: u32,
    #[serde(default)]
    pub allow_simulated: bool,
    /// batch or service.
    #[schema(pattern = "^(batch|service)$")]
    pub kind: Option<String>,
    /// Stake that the provider pledges for its availability, atoms of the stake mint: services only.
    pub sla_bond: Option<Amount>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 65535)]
    pub sla_uptime_bps: u16,
}

fn one() -> u8 {
    1
}

/// Which offers fit a job, and which requirement fails where
#[utoipa::path(post, path = "/v1/match", tag = "market", operation_id = "explain_match", request_body = MatchRequest,
    responses((status = 200, body = Explanation)))]
pub async fn explain_match(
    State(app): Shared,
    _: Asked<Nothing>,
    Sent(request): Sent<MatchRequest>,
) -> Result<Json<Explanation>, ApiError> {
    if request.max_seconds == 0 {
        return Err(ApiError::invalid("max_seconds", "A job reserves a second at least."));
    }
    let service = match request.kind.as_deref() {
        None | Some("batch") => false,
        Some("service") => true,
        Some(_) => return Err(ApiError::invalid("kind", "A job is batch or service.")),
    };
    let tier = match request.tier.as_deref() {
        None => 0,
        Some(name) => views::tier_code(name)
            .ok_or_else(|| ApiError::invalid("tier", "A tier is any, consumer, prosumer or datacenter."))?,
    };
    let wanted = Wanted {
        mint: request.mint.0,
        requirements: Requirements {
            tier,
            gpu_count: request.gpu_count,
            vram_mib: request.vram_mib,
            region: request.region,
            uptime_bps: request.uptime_bps,
            allow_simulated: request.allow_simulated,
            price_ceiling_per_second: request.price_ceiling_per_second.0,
            certificate_age_seconds_max: request.certificate_age_seconds_max,
        },
        max_seconds: request.max_seconds,
        sla_bond: request.sla_bond.unwrap_or_default().0,
        sla_uptime_bps: request.sla_uptime_bps,
        service,
    };
    Ok(Json(explain::explain(&app.model(), &wanted)))
}

/// Which prices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PercentileQuery {
    mint: Key,
    /// consumer, prosumer or datacenter.
    #[param(pattern = "^(consumer|prosumer|datacenter)$")]
    tier: Option<String>,
}

/// Where prices lie.
#[derive(Debug, Serialize, ToSchema)]
pub struct Prices {
    /// Of standing offers that can be taken now.
    pub offers: Percentiles,
    /// Of matches in the last day.
    pub matched_24h: Percentiles,
}

/// Where prices lie: of offers now, of matches in the last day
#[utoipa::path(get, path = "/v1/prices/percentiles", tag = "market", operation_id = "price_percentiles",
    params(PercentileQuery), responses((status = 200, body = Prices)))]
pub async fn price_percentiles(
    State(app): Shared,
    Asked(query): Asked<PercentileQuery>,
) -> Result<Json<Prices>, ApiError> {
    let tier = tier_of(query.tier.as_deref())?;
    let (offered, now) = {
        let model = app.model();
        let offers = model.offers().filter(|(_, offer)| offer.mint == query.mint.0 && offer.expires_at > model.now());
        let prices: Vec<u64> = offers
            .filter(|(_, offer)| {
                let provider = model.provider(&offer.provider);
                provider.is_some_and(|provider| provider.active == 1 && tier.is_none_or(|tier| provider.tier == tier))
            })
            .map(|(_, offer)| offer.price_per_second)
            .collect();
        (prices, model.now())
    };
    let matched = matched(&app, &query.mint, tier, now.saturating_sub(86_400), now.saturating_add(60)).await?;
    let matched = matched.into_iter().map(|(_, price)| price).collect();
    Ok(Json(Prices { offers: prices::percentiles(offered), matched_24h: prices::percentiles(matched) }))
}

async fn matched(app: &App, mint: &Key, tier: Option<u8>, from: i64, to: i64) -> Result<Vec<(i64, u64)>, ApiError> {
    let rows = app.store.matches(&mint.to_string(), from, to, limits::PRICE_POINTS_MAX).await?;
    let model = app.model();
    let of_tier = |provider: &str| match tier {
        None => true,
        Some(tier) => provider
            .parse()
            .ok()
            .and_then(|at: Address| model.provider(&at))
            .is_some_and(|provider| provider.tier == tier),
    };
    Ok(rows.into_iter().filter(|(_, provider, _)| of_tier(provider)).map(|(at, _, price)| (at, price)).collect())
}

/// Which span of prices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    mint: Key,
    /// consumer, prosumer or datacenter.
    #[param(pattern = "^(consumer|prosumer|datacenter)$")]
    tier: Option<String>,
    /// Width of a bucket, seconds; an hour if not given.
    #[param(minimum = 1, maximum = 31536000)]
    bucket: Option<u32>,
    /// First instant, unix seconds; a day's worth of buckets back if not given.
    from: Option<i64>,
    /// First instant behind the span; now if not given.
    to: Option<i64>,
}

/// Prices of matches over time; spans without a match are left out
#[utoipa::path(get, path = "/v1/prices/history", tag = "market", operation_id = "price_history",
    params(HistoryQuery), responses((status = 200, body = Vec<Bucket>)))]
pub async fn price_history(
    State(app): Shared,
    Asked(query): Asked<HistoryQuery>,
) -> Result<Json<Vec<Bucket>>, ApiError> {
    let tier = tier_of(query.tier.as_deref())?;
    let width = i64::from(query.bucket.unwrap_or(3_600));
    if width == 0 {
        return Err(ApiError::invalid("bucket", "A bucket is a second wide at least."));
    }
    let now = app.model().now();
    let to = query.to.unwrap_or_else(|| now.saturating_add(1));
    let from = query.from.unwrap_or_else(|| to.saturating_sub(width.saturating_mul(24)));
    if to.saturating_sub(from) / width > limits::BUCKETS_MAX {
        let message = format!("That is more than {} buckets.", limits::BUCKETS_MAX);
        return Err(ApiError::invalid("bucket", message));
    }
    Ok(Json(prices::buckets(&matched(&app, &query.mint, tier, from, to).await?, width)))
}

/// Cuts a list that was read one row too far into a page.
pub fn page<T>(mut found: Vec<T>, size: usize, place: impl Fn(&T) -> String) -> Page<T> {
    let more = found.len() > size;
    found.truncate(size);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor_of(&place(last)));
    Page { items: found, next_cursor }
}

pub fn address_place(cursor: Option<&str>) -> Result<Option<Address>, ApiError> {
    match place_of(cursor)? {
        None => Ok(None),
        Some(place) => {
            place.parse().map(Some).map_err(|_| ApiError::invalid("cursor", "This is no cursor of this list."))
        }
    }
}

fn tier_of(name: Option<&str>) -> Result<Option<u8>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    match views::tier_code(name) {
        Some(code @ 1..) => Ok(Some(code)),
        _ => Err(ApiError::invalid("tier", "A tier is consumer, prosumer or datacenter.")),
    }
}

fn one_of(field: &str, value: Option<String>, all: &[&str]) -> Result<Option<String>, ApiError> {
    match value {
        Some(value) if !all.contains(&value.as_str()) => {
            Err(ApiError::invalid(field, format!("This is one of {}.", all.join(", "))))
        }
        value => Ok(value),
    }
}
