//! What goes wrong, for callers (an HTTP status, a code, words and the next step) and for the operator.

use std::path::PathBuf;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proofmill_chain::ChainError;
use proofmill_dataplane::DataError;
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal or a failure, as the caller gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub next: &'static str,
    pub field: Option<String>,
}

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

/// What was refused and what to do next.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// For programs: snake case, stable.
    pub code: String,
    /// For people.
    pub message: String,
    /// What to do next.
    pub next: String,
    /// The parameter or field that was refused, where one was.
    #[schema(required)]
    pub field: Option<String>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>, next: &'static str) -> Self {
        Self { status, code, message: message.into(), next, field: None }
    }

    /// Names the parameter or field that was refused.
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", message, "Correct this value and ask again.")
            .about(field)
    }

    pub fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        let message = format!("There is no {what} {name}.");
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            message,
            "Check the address; what was just made may take a second.",
        )
    }

    pub fn unauthenticated(message: &str) -> Self {
        let next = "Sign in (POST /v1/auth/challenge) or send an API key in X-Api-Key.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message, next)
    }

    pub fn forbidden(message: impl Into<String>, next: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, next)
    }

    pub fn conflict(code: &'static str, message: impl Into<String>, next: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, message, next)
    }

    pub fn too_many(message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message, "Wait a second and ask again, more slowly.")
    }

    pub fn busy(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, "Ask again in a second.")
    }

    pub fn too_large(limit: u64) -> Self {
        let message = format!("The body is larger than {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message, "Send less.")
    }

    pub fn too_slow() -> Self {
        let message = "The request came too slowly.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message, "Send it again over a better connection.")
    }

    /// Logged with its cause; the caller learns only that it was us.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let message = "The gateway failed to answer.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, "Ask again; tell the operator if it stays.")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = ErrorDetail {
            code: self.code.to_owned(),
            message: self.message,
            next: self.next.to_owned(),
            field: self.field,
        };
        let mut response = (self.status, Json(ErrorBody { error: detail })).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<ChainError> for ApiError {
    fn from(error: ChainError) -> Self {
        if matches!(error, ChainError::Rejected { .. } | ChainError::Unbuildable(_)) {
            let next = "Check the address: the network refuses this transaction.";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Self::new(status, "transaction_refused", error.to_string(), next);
        }
        let next = "Ask again in a moment; the network behind the gateway does not answer as it should.";
        Self::new(StatusCode::BAD_GATEWAY, "chain_unavailable", error.to_string(), next)
    }
}

impl From<DataError> for ApiError {
    fn from(error: DataError) -> Self {
        let next = "Ask again in a moment; the provider's node may be away or not ready.";
        Self::new(StatusCode::BAD_GATEWAY, "provider_unavailable", error.to_string(), next)
    }
}

/// The database cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database holds the index of another network: {found} instead of {expected}; name a fresh one")]
    OtherNetwork { found: String, expected: String },
    #[error(
        "the database holds {what}, which this version cannot read; name a fresh one, it is rebuilt from the chain"
    )]
    Undecodable { what: String },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
}

/// Why the gateway does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("the settings are wrong: {0}")]
    Settings(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Key(#[from] proofmill_chain::KeyfileError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
}
