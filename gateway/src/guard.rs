//! What every request passes: its address, the rate, the time limit, the cache, the headers of every answer.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    sync::atomic::Ordering,
    time::Instant,
};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::{
    app::{App, Sources},
    error::ApiError,
    limits,
};

/// The peer of a connection, put into every request by the server.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub SocketAddr);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub address: IpAddr,
}

impl Caller {
    /// Refuses when this address has asked for costly things too often.
    pub fn costly(&self, app: &App) -> Result<(), ApiError> {
        if app.costly.allows(self.address) {
            return Ok(());
        }
        Err(ApiError::too_many("This address asks for this too often."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().copied();
        // Without a server there is no peer: tests that call the router directly.
        Ok(known.unwrap_or(Self { address: IpAddr::from([127, 0, 0, 1]) }))
    }
}

fn address_of(app: &App, peer: Option<PeerAddress>, headers: &HeaderMap) -> IpAddr {
    let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |PeerAddress(peer)| peer.ip());
    if !app.settings.behind_proxy {
        return peer;
    }
    // The last one: the proxy adds it; those before it are the caller's own words.
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()).and_then(|text| text.rsplit(',').next());
    last.and_then(|text| text.trim().parse().ok()).unwrap_or(peer)
}

/// Paths whose answers take as long as they take.
fn streams(path: &str) -> bool {
    path == "/v1/stream"
        || path.starts_with("/p/")
        || path
            .strip_prefix("/v1/jobs/")
            .is_some_and(|rest| ["/logs", "/output", "/input", "/spec"].iter().any(|end| rest.ends_with(end)))
}

/// Paths whose answers depend on nothing but what is indexed.
fn cacheable(method: &Method, path: &str) -> bool {
    if method != Method::GET {
        return false;
    }
    let Some(rest) = path.strip_prefix("/v1/") else { return false };
    let private = ["stream", "auth", "keys", "audit"];
    let jobs = rest.strip_prefix("jobs/").and_then(|rest| rest.split_once('/')).map(|(_, what)| what);
    !private.iter().any(|name| rest.starts_with(name))
        && jobs.is_none_or(|what| matches!(what, "events" | "round" | "bids"))
}

/// What the answer to a cacheable question may be made of.
fn sources(path: &str) -> Sources {
    let listed = matches!(path, "/v1/offers" | "/v1/providers") || path.starts_with("/v1/providers/");
    if listed { Sources::AllButJobs } else { Sources::All }
}

/// Everything around a request.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let peer = request.extensions().get::<PeerAddress>().copied();
    let address = address_of(&app, peer, request.headers());
    request.extensions_mut().insert(Caller { address });
    let mut response = match admitted(&app, address, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    finish(response.headers_mut());
    app.metrics.answered(response.status().as_u16(), begun.elapsed());
    response
}

async fn admitted(app: &Arc<App>, address: IpAddr, request: Request, next: Next) -> Result<Response, ApiError> {
    if !app.limiter.allows(address) {
        app.metrics.refused_rate.fetch_add(1, Ordering::Relaxed);
        return Err(ApiError::too_many("This address asks too often."));
    }
    let method = request.method().clone();
    if method == Method::OPTIONS {
        return Ok(preflight());
    }
    let path = request.uri().path();
    if streams(path) {
        return Ok(next.run(request).await);
    }
    let sources = sources(path);
    let question = cacheable(&method, path)
        .then(|| request.uri().path_and_query().map(|question| question.as_str().to_owned()))
        .flatten()
        .filter(|question| question.len() <= limits::QUERY_BYTES_MAX);
    let known = |question: &str| {
        let answer = app.answers.get(question, app.revision(sources))?;
        app.metrics.cache_hits.fetch_add(1, Ordering::Relaxed);
        Some(json(answer))
    };
    if let Some(answer) = question.as_deref().and_then(known) {
        return Ok(answer);
    }
    let _permit = app.requests.try_acquire().map_err(|_| {
        app.metrics.refused_busy.fetch_add(1, Ordering::Relaxed);
        ApiError::busy("The gateway has as much to do as it can.")
    })?;
    let answered = async {
        let Some(question) = question.as_deref() else { return Ok(next.run(request).await) };
        // After a change everybody asks at once; one answers for all.
        let _turn = app.answers.turn(question).await;
        if let Some(answer) = known(question) {
            return Ok(answer);
        }
        // Before it is made: a change that comes meanwhile may not be in it.
        let revision = app.revision(sources);
        let response = next.run(request).await;
        if response.status() != StatusCode::OK {
            return Ok(response);
        }
        app.metrics.cache_misses.fetch_add(1, Ordering::Relaxed);
        let body = response.into_body().collect().await.map_err(ApiError::internal)?.to_bytes();
        app.answers.put(question, revision, body.clone());
        Ok(json(body))
    };
    timeout(limits::ANSWER_TIMEOUT, answered).await.map_err(|_| {
        let (message, next) = ("The answer took too long.", "Ask again in a moment, for less.");
        ApiError::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message, next)
    })?
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], Body::from(body))
        .into_response()
}

/// Any page may read: nothing here is granted by being in a browser, there are no cookies.
fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, last-event-id, x-api-key, solana-client"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Headers of every answer.
fn finish(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // An answer that says nothing else may load nothing, whatever it is taken for.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everyone_may_read_is_cached() {
        for path in ["/v1/network", "/v1/jobs", "/v1/jobs/x", "/v1/jobs/x/events", "/v1/prices/history", "/v1/epoch"] {
            assert!(cacheable(&Method::GET, path), "{path}");
            assert!(!cacheable(&Method::POST, path), "{path}");
        }
        for path in [
            "/v1/keys",
            "/v1/keys/x",
            "/v1/audit",
            "/v1/auth/session",
            "/v1/stream",
            "/v1/jobs/x/delivery",
            "/v1/jobs/x/receipt",
            "/v1/jobs/x/output",
            "/metrics",
            "/",
        ] {
            assert!(!cacheable(&Method::GET, path), "{path}");
        }
    }

    #[test]
    fn only_what_says_nothing_of_jobs_outlives_their_changes() {
        for path in ["/v1/offers", "/v1/providers", "/v1/providers/x"] {
            assert_eq!(sources(path), Sources::AllButJobs, "{path}");
        }
        for path in ["/v1/network", "/v1/jobs", "/v1/jobs/x", "/v1/events", "/v1/match", "/v1/prices/history"] {
            assert_eq!(sources(path), Sources::All, "{path}");
        }
    }

    #[test]
    fn only_transfers_and_streams_have_no_time_limit() {
        for path in
            ["/p/ticket/", "/v1/stream", "/v1/jobs/x/logs", "/v1/jobs/x/input", "/v1/jobs/x/output", "/v1/jobs/x/spec"]
        {
            assert!(streams(path), "{path}");
        }
        for path in ["/v1/jobs/x", "/v1/jobs/logs", "/v1/network", "/rpc", "/logs"] {
            assert!(!streams(path), "{path}");
        }
    }
}
