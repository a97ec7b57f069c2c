//! The network and the gateway itself.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use proofmill_client::{address, arbiter, market};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    app::App,
    encode::{Hash32, Key},
    error::ApiError,
    extract::{Asked, Nothing, Shared},
    reflect::{self, Program},
    views::{self, Network},
};

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    pub status: String,
}

/// Whether everything that the node has is indexed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    pub ready: bool,
    pub database: bool,
    pub accounts: bool,
    pub indexed_slot: u64,
    pub chain_slot: u64,
}

/// Every parameter, and what waits for the timelock.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parameters {
    /// Every field of the market's `Config`.
    #[schema(value_type = Option<Object>)]
    pub market: Option<Map<String, Value>>,
    /// Every field of the arbiter's `ArbiterConfig`.
    #[schema(value_type = Option<Object>)]
    pub arbiter: Option<Map<String, Value>>,
    /// The change that waits, with `applies_at`; null if none does.
    #[schema(value_type = Option<Object>)]
    pub queued_market: Option<Map<String, Value>>,
    /// The change that waits, with `applies_at`; null if none does.
    #[schema(value_type = Option<Object>)]
    pub queued_arbiter: Option<Map<String, Value>>,
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "gateway", operation_id = "health",
    responses((status = 200, body = Health)))]
pub async fn health(_: Asked<Nothing>) -> Json<Health> {
    Json(Health { status: "ok".to_owned() })
}

/// Whether everything that the node has is indexed
#[utoipa::path(get, path = "/readyz", tag = "gateway", operation_id = "readiness",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness, description = "Not yet")))]
pub async fn ready(State(app): Shared, _: Asked<Nothing>) -> Response {
    let database = app.store.ping().await.is_ok();
    let readiness = Readiness {
        ready: database && app.ready(),
        database,
        accounts: app.synced_accounts(),
        indexed_slot: app.metrics.indexed_slot.load(std::sync::atomic::Ordering::Relaxed),
        chain_slot: app.model().slot(),
    };
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// Counters for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "gateway", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): Shared, _: Asked<Nothing>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.text()).into_response()
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "gateway", operation_id = "openapi",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub async fn openapi(_: Asked<Nothing>) -> Response {
    static DOCUMENT: std::sync::LazyLock<String> = std::sync::LazyLock::new(super::document);
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// The network as this gateway sees it
#[utoipa::path(get, path = "/v1/network", tag = "network", operation_id = "network",
    responses((status = 200, body = Network)))]
pub async fn network(State(app): Shared, _: Asked<Nothing>) -> Json<Network> {
    Json(describe(&app))
}

fn describe(app: &Arc<App>) -> Network {
    let model = app.model();
    let config = model.config();
    Network {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        genesis_hash: app.genesis.clone(),
        market: Key(market::ID),
        arbiter: Key(arbiter::ID),
        stake_mint: config.map(|config| Key(config.stake_mint)),
        mints: model.mint_rules().map(views::mint).collect(),
        chain_slot: model.slot(),
        indexed_slot: app.metrics.indexed_slot.load(std::sync::atomic::Ordering::Relaxed),
        paused: config.is_some_and(|config| config.paused & 1 == 1),
        allow_simulated: config.is_some_and(|config| config.allow_simulated == 1),
        faucet: app.faucet.is_some(),
        node_key: app.bridge.as_ref().map(|bridge| Hash32(bridge.node_key())),
        local: app.faucet.is_some() || config.is_some_and(|config| config.allow_simulated == 1),
    }
}

/// Every parameter of both programs, and the changes that wait
#[utoipa::path(get, path = "/v1/config", tag = "network", operation_id = "config",
    responses((status = 200, body = Parameters)))]
pub async fn config(State(app): Shared, _: Asked<Nothing>) -> Result<Json<Parameters>, ApiError> {
    let model = app.model();
    let account = |program, name: &str, bytes: Option<Vec<u8>>, at: solana_address::Address| {
        let mut fields = reflect::fields(program, name, bytes?.get(8..)?)?;
        fields.insert("address".to_owned(), Value::String(at.to_string()));
        Some(fields)
    };
    let queued = |program, name: &str, args: &[u8], length: u16, eta: i64, hash: [u8; 32]| {
        let mut fields = reflect::fields(program, name, args.get(..usize::from(length))?)?;
        fields.insert("applies_at".to_owned(), Value::from(eta));
        fields.insert("hash".to_owned(), Value::String(hex::encode(hash)));
        Some(fields)
    };
    Ok(Json(Parameters {
        market: account(
            Program::Market,
            "Config",
            model.config().map(market::Config::encode),
            address::market_config(),
        ),
        arbiter: account(
            Program::Arbiter,
            "ArbiterConfig",
            model.arbiter_config().map(arbiter::ArbiterConfig::encode),
            address::arbiter_config(),
        ),
        queued_market: model.queued_config().and_then(|change| {
            queued(Program::Market, "ConfigArgs", &change.args, change.length, change.eta, change.hash)
        }),
        queued_arbiter: model.queued_arbiter().and_then(|change| {
            queued(Program::Arbiter, "ArbiterArgs", &change.args, change.length, change.eta, change.hash)
        }),
    }))
}
