//! What a wallet needs besides: a way to the network's own interface, and test money.

use std::sync::Arc;

use axum::{Json, extract::State};
use proofmill_chain::Relayed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    app::App,
    encode::{Amount, Key},
    error::ApiError,
    extract::{Asked, Nothing, Sent, Shared},
    guard::Caller,
};

/// Methods that are passed on: what signing and watching a transaction takes. None lists accounts or history.
const METHODS: [&str; 14] = [
    "getLatestBlockhash",
    "simulateTransaction",
    "sendTransaction",
    "getAccountInfo",
    "getMultipleAccounts",
    "getSignatureStatuses",
    "getBalance",
    "getTokenAccountBalance",
    "getMinimumBalanceForRentExemption",
    "getGenesisHash",
    "getSlot",
    "getBlockHeight",
    "getEpochInfo",
    "getRecentPrioritizationFees",
];

/// A question of JSON-RPC 2.0.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RpcRequest {
    #[schema(pattern = "^2\\.0$")]
    jsonrpc: String,
    /// Given back as it is: a number, a text or null.
    #[serde(default)]
    #[schema(value_type = Value)]
    id: Option<Box<RawValue>>,
    /// One of the methods that are passed on.
    #[schema(
        pattern = "^(getLatestBlockhash|simulateTransaction|sendTransaction|getAccountInfo|getMultipleAccounts|getSignatureStatuses|getBalance|getTokenAccountBalance|getMinimumBalanceForRentExemption|getGenesisHash|getSlot|getBlockHeight|getEpochInfo|getRecentPrioritizationFees)$"
    )]
    method: String,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Value>>)]
    params: Option<Value>,
}

/// An answer of JSON-RPC 2.0: `result` or `error`.
#[derive(Debug, Serialize, ToSchema)]
pub struct RpcAnswer {
    jsonrpc: &'static str,
    #[schema(value_type = Value)]
    id: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RpcFault>,
}

/// An error of JSON-RPC 2.0.
#[derive(Debug, Serialize, ToSchema)]
pub struct RpcFault {
    code: i64,
    message: String,
    #[schema(value_type = Value)]
    data: Value,
}

/// Passes a question on to the network's node
///
/// The methods: getLatestBlockhash, simulateTransaction, sendTransaction, getAccountInfo, getMultipleAccounts,
/// getSignatureStatuses, getBalance, getTokenAccountBalance, getMinimumBalanceForRentExemption, getGenesisHash, getSlot,
/// getBlockHeight, getEpochInfo, getRecentPrioritizationFees. Lists of questions are refused.
#[utoipa::path(post, path = "/rpc", tag = "wallet", operation_id = "rpc", request_body = RpcRequest,
    responses((status = 200, body = RpcAnswer)))]
pub async fn rpc(
    State(app): Shared,
    _: Asked<Nothing>,
    Sent(request): Sent<RpcRequest>,
) -> Result<Json<RpcAnswer>, ApiError> {
    if request.jsonrpc != "2.0" {
        return Err(ApiError::invalid("jsonrpc", "Only version 2.0 is spoken."));
    }
    let Some(method) = METHODS.iter().find(|method| **method == request.method) else {
        let message = "This method is not passed on.";
        let next = "Ask a node of your own for it; GET /openapi.json names what is passed on.";
        return Err(ApiError { next, ..ApiError::invalid("method", message) });
    };
    let params = match request.params {
        None => Value::Array(Vec::new()),
        Some(list @ Value::Array(_)) => list,
        Some(_) => return Err(ApiError::invalid("params", "Parameters are a list.")),
    };
    let (result, error) = match app.chain.relay(method, params).await? {
        Relayed::Result(result) => (Some(result), None),
        Relayed::Error { code, message, data } => (None, Some(RpcFault { code, message, data })),
    };
    Ok(Json(RpcAnswer { jsonrpc: "2.0", id: request.id, result, error }))
}

/// Who wants test money.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaucetRequest {
    address: Key,
}

/// What was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct Given {
    pub signature: String,
    pub lamports: Amount,
    /// Atoms of the payment mint; null where there is none.
    pub payment: Option<Amount>,
    pub payment_mint: Option<Key>,
    /// Atoms of the stake mint.
    pub stake: Option<Amount>,
    pub stake_mint: Option<Key>,
}

/// Test money for a wallet: local networks only
#[utoipa::path(post, path = "/v1/faucet", tag = "wallet", operation_id = "faucet", request_body = FaucetRequest,
    responses((status = 200, body = Given)))]
pub async fn faucet(
    State(app): Shared,
    caller: Caller,
    _: Asked<Nothing>,
    Sent(request): Sent<FaucetRequest>,
) -> Result<Json<Given>, ApiError> {
    let Some(faucet) = &app.faucet else {
        let next = "Buy tokens; only local networks give them away.";
        return Err(ApiError::forbidden("This gateway has no faucet.", next));
    };
    caller.costly(&app)?;
    give(&app, faucet, request.address).await.map(Json)
}

async fn give(app: &Arc<App>, faucet: &crate::faucet::Faucet, to: Key) -> Result<Given, ApiError> {
    let (payment, stake) = {
        let model = app.model();
        let payment = model.mint_rules().find(|rule| rule.enabled == 1).map(|rule| (rule.mint, rule.decimals));
        (payment, model.config().map(|config| config.stake_mint))
    };
    faucet.give(app.chain.clone(), to, payment, stake).await
}
