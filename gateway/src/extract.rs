//! What a request says, read strictly: unknown parameters, deep or slow bodies and unreadable addresses are refused.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use solana_address::Address;
use tokio::time::{Instant, timeout_at};

use crate::{app::App, encode::Key, error::ApiError, limits};

/// The shared state, as handlers take it.
pub type Shared = axum::extract::State<Arc<App>>;

/// Query parameters of a type that denies unknown fields.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        read_query(query).map(Self)
    }
}

fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    if query.len() > limits::QUERY_BYTES_MAX {
        let message = format!("The query is longer than {} bytes.", limits::QUERY_BYTES_MAX);
        return Err(ApiError::invalid("query", message));
    }
    serde_urlencoded::from_str(query).map_err(|error| {
        let text = error.to_string();
        let quoted = text.split('`').nth(1).unwrap_or_default().to_owned();
        if text.starts_with("unknown field") {
            let error = ApiError::invalid(&quoted, format!("There is no parameter {quoted} here."));
            return ApiError { code: "unknown_parameter", next: "Leave it out; GET /openapi.json names all.", ..error };
        }
        let field = if quoted.is_empty() { "query".to_owned() } else { quoted };
        ApiError::invalid(&field, format!("The query cannot be read: {text}."))
    })
}

/// An endpoint without parameters.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// An address in the path. What is no address names nothing.
pub struct At(pub Address);

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path: Path<String> = <Path<String> as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found("address", "of this form"))?;
        let shown: String = path.0.chars().take(64).collect();
        path.0.parse::<Key>().map(|key| Self(key.0)).map_err(|_| ApiError::not_found("address", shown))
    }
}

/// A JSON body of a type that denies unknown fields.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let message = "The body must be JSON.";
            let next = "Send Content-Type: application/json.";
            let status = axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(ApiError::new(status, "not_json", message, next));
        }
        let body = read_body(request.into_body(), limits::JSON_BYTES_MAX).await?;
        read_json(&body).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Reads JSON that is not too deep.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let unreadable = |message: String| {
        ApiError::new(
            axum::http::StatusCode::BAD_REQUEST,
            "invalid_body",
            message,
            "Correct the body and send it again.",
        )
    };
    if depth(body) > limits::JSON_DEPTH_MAX {
        return Err(unreadable(format!("The body nests deeper than {}.", limits::JSON_DEPTH_MAX)));
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let field = text.split('`').nth(1).map(str::to_owned);
        ApiError { field, ..unreadable(format!("The body cannot be read: {text}.")) }
    })
}

/// The deepest nesting, strings left out. A lower bound is enough: the parser has a limit of its own.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut deepest, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in body {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                now = now.saturating_add(1);
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Reads a whole body, at most `limit` bytes, at the slowest allowed pace.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut reader = BodyReader::new(body, limit as u64);
    let mut whole = Vec::new();
    while let Some(part) = reader.next().await? {
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}

/// Reads a body part by part; refuses what is too long or too slow.
pub struct BodyReader {
    body: Body,
    limit: u64,
    read: u64,
    begun: Instant,
}

impl BodyReader {
    pub fn new(body: Body, limit: u64) -> Self {
        Self { body, limit, read: 0, begun: Instant::now() }
    }

    /// The next part; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let earned = std::time::Duration::from_secs(self.read / limits::BODY_FLOOR_BYTES_PER_SECOND);
            let deadline = self.begun + limits::BODY_GRACE + earned;
            let frame = match timeout_at(deadline, self.body.frame()).await {
                Err(_) => return Err(ApiError::too_slow()),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => {
                    let (message, next) = ("The body broke off.", "Send it again.");
                    let status = axum::http::StatusCode::BAD_REQUEST;
                    return Err(ApiError::new(status, "body_broken", message, next));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(part) = frame.into_data() else { continue };
            self.read = self.read.saturating_add(part.len() as u64);
            if self.read > self.limit {
                return Err(ApiError::too_large(self.limit));
            }
            return Ok(Some(part));
        }
    }
}

/// The size of a page: 1 to [`limits::PAGE_MAX`].
pub fn page_size(limit: Option<u32>) -> Result<usize, ApiError> {
    match limit.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE_MAX => Ok(limit as usize),
        limit => {
            let message = format!("A page has 1 to {} rows, not {limit}.", limits::PAGE_MAX);
            Err(ApiError::invalid("limit", message))
        }
    }
}

/// Where a list goes on: opaque to callers.
pub fn cursor_of(place: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(place)
}

/// The place that a cursor names.
pub fn place_of(cursor: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let refused = || ApiError::invalid("cursor", "This is no cursor of this list.");
    if cursor.len() > limits::CURSOR_BYTES_MAX {
        return Err(refused());
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    String::from_utf8(bytes).map(Some).map_err(|_| refused())
}

/// Which proof of identity a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    Token(String),
    Key(String),
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Credential {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ApiError> {
        let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_owned);
        if let Some(key) = parts.headers.get("x-api-key") {
            let key = text(key).ok_or_else(|| ApiError::unauthenticated("The API key is no text."))?;
            return Ok(Some(Self::Key(key)));
        }
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let value = text(value).unwrap_or_default();
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Some(Self::Token(token.trim().to_owned())))
            }
            _ => Err(ApiError::unauthenticated("The Authorization header is not `Bearer <token>`.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Query {
        limit: Option<u32>,
        owner: Option<Key>,
    }

    #[test]
    fn unknown_parameters_are_refused_by_name() {
        let error = read_query::<Query>("limit=1&colour=red").unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), ("unknown_parameter", Some("colour")));
        let error = read_query::<Nothing>("x=1").err().unwrap();
        assert_eq!((error.code, error.field.as_deref()), ("unknown_parameter", Some("x")));
        assert!(read_query::<Nothing>("").is_ok());
        let read = read_query::<Query>("limit=3&owner=11111111111111111111111111111111").unwrap();
        assert_eq!((read.limit, read.owner), (Some(3), Some(Key::default())));
        for wrong in ["limit=-1", "limit=1e9", "limit=1&limit=2", "owner=0", "limit=%ff"] {
            assert_eq!(read_query::<Query>(wrong).unwrap_err().code, "invalid_parameter", "{wrong}");
        }
        assert_eq!(read_query::<Query>(&"x".repeat(5_000)).unwrap_err().code, "invalid_parameter");
    }

    #[test]
    fn pages_of_a_billion_rows_are_refused() {
        assert_eq!(page_size(None).unwrap(), 50);
        assert_eq!(page_size(Some(100)).unwrap(), 100);
        for wrong in [0, 101, 1_000_000_000, u32::MAX] {
            assert_eq!(page_size(Some(wrong)).unwrap_err().field.as_deref(), Some("limit"));
        }
    }

    #[test]
    fn deep_json_is_refused_before_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let error = read_json::<serde_json::Value>(deep.as_bytes()).unwrap_err();
        assert!(error.message.contains("deeper"), "{}", error.message);
        assert!(read_json::<serde_json::Value>(b"[[[[\"[[[[[[[[[[[[[[[[[[[[[\\\"[\"]]]]").is_ok());
        assert!(read_json::<serde_json::Value>(b"{\"a\":").is_err());
    }

    #[test]
    fn cursors_are_ours_or_refused() {
        let cursor = cursor_of("12:abc");
        assert_eq!(place_of(Some(&cursor)).unwrap().as_deref(), Some("12:abc"));
        assert!(place_of(Some("%%%")).is_err());
        assert!(place_of(Some(&"A".repeat(300))).is_err());
        assert_eq!(place_of(None).unwrap(), None);
    }
}
