//! Passes HTTP on to a port of a service, for whoever holds a ticket.
//!
//! What comes back is hostile: anybody's container, shown under this gateway's name. So of its headers only those pass
//! that a page needs, its pages are put into a sandbox without an origin (they can neither read what the dApp keeps nor
//! speak to the gateway as the user), its cookies and everything else that would outlive the page are dropped, and every
//! wait and every length has a bound. What goes on carries no credential of the gateway.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use proofmill_dataplane::Tunnel;
use proofmill_protocol::job::JobState;
use tokio::{
    sync::OwnedSemaphorePermit,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    app::App,
    error::ApiError,
    extract::{BodyReader, Shared},
    limits,
    tickets::Ticket,
};

/// What a page of a service may do: run and submit forms, in an origin that nothing else is in.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox allow-scripts allow-forms allow-popups allow-downloads");

/// Headers of a request that are passed on. Neither `Authorization` nor cookies: those are the gateway's.
const ASKED: [HeaderName; 15] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
];

/// Headers of an answer that are passed back: what a page is made of. Nothing that a browser remembers of an origin.
const ANSWERED: [HeaderName; 11] = [
    header::ACCEPT_RANGES,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_PROTOCOL,
];

/// What is open for one request, and closed with it.
struct Open {
    _place: OwnedSemaphorePermit,
    _of_ticket: OwnedSemaphorePermit,
    /// Drives the connection to the service; ended when dropped.
    connection: JoinHandle<()>,
    ends: Instant,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn unreachable(message: impl Into<String>) -> ApiError {
    let next = "The service may not listen on this port, or its node may be away; read its log, and ask again.";
    ApiError::new(StatusCode::BAD_GATEWAY, "service_unreachable", message, next)
}

fn broken(message: impl Into<String>) -> ApiError {
    let next = "What answers on this port does not speak HTTP/1.1 as it should; `proofmill job forward` passes bytes.";
    ApiError::new(StatusCode::BAD_GATEWAY, "service_broken", message, next)
}

fn silent(within: Duration) -> ApiError {
    let message = format!("The service did not answer within {within:?}.");
    let next = "Ask again; read the service's log if it stays.";
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, "service_timeout", message, next)
}

fn unknown_ticket() -> ApiError {
    let (message, next) = ("This ticket is none, has ended, or its service has.", "Ask for another one.");
    ApiError::new(StatusCode::NOT_FOUND, "unknown_ticket", message, next)
}

/// Everything below `/p/`.
pub async fn forward(State(app): Shared, request: Request) -> Response {
    match pass_on(&app, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// The secret in a path and what comes behind it.
fn parts_of(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/p/")?;
    Some(rest.find('/').map_or((rest, ""), |at| rest.split_at(at)))
}

async fn pass_on(app: &Arc<App>, request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path().to_owned();
    let (secret, rest) = parts_of(&path).ok_or_else(unknown_ticket)?;
    let now = App::wall_clock();
    let ticket = app.tickets.find(secret, now).ok_or_else(unknown_ticket)?;
    let prefix = format!("/p/{secret}");
    if rest.is_empty() {
        // Without the slash every relative link of the page would lead out of it.
        return redirect(&format!("{prefix}/"));
    }
    require_running(app, &ticket)?;
    let ends = Instant::now() + Duration::from_secs(ticket.expires_at.saturating_sub(now).max(0).unsigned_abs());
    let busy = || ApiError::busy("All ways to services are taken.");
    let place = app.ways.clone().try_acquire_owned().map_err(|_| busy())?;
    let of_ticket = app.ways_of(&ticket.job).try_acquire_owned().map_err(|_| busy())?;
    let bridge = app.bridge.as_ref().ok_or_else(|| unreachable("This gateway is not on the data plane."))?;
    let within = app.settings.service_answer;
    let opened = timeout(within, bridge.tunnel(app, &ticket.job, ticket.port)).await;
    let tunnel = opened.map_err(|_| silent(within))?.map_err(|error| unreachable(error.message))?;

    let mut builder = http1::Builder::new();
    builder.max_buf_size(limits::SERVICE_HEADER_BYTES_MAX).max_headers(limits::HEADERS_MAX);
    let handshake = builder.handshake::<_, Body>(TokioIo::new(tunnel)).await;
    let (mut sender, connection) = handshake.map_err(|error| broken(error.to_string()))?;
    let connection = tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::trace!(%error, "a connection to a service ended badly");
        }
    });
    let open = Open { _place: place, _of_ticket: of_ticket, connection, ends };
    let answer_by = ends.min(Instant::now() + within);
    converse(request, rest, &prefix, &mut sender, answer_by, open).await
}

/// A ticket ends with the attempt that it is for.
fn require_running(app: &App, ticket: &Ticket) -> Result<(), ApiError> {
    let model = app.model();
    let job = model.job(&ticket.job).filter(|job| job.nonce == ticket.nonce && job.attempt == ticket.attempt);
    match job.and_then(|job| JobState::from_code(job.state)) {
        Some(JobState::Running) => Ok(()),
        Some(JobState::Paused) => {
            let next = "Top it up: `proofmill job top-up`, or in the dApp.";
            Err(ApiError::conflict("not_running", "The escrow has run dry and the service waits.", next))
        }
        _ => Err(unknown_ticket()),
    }
}

fn redirect(to: &str) -> Result<Response, ApiError> {
    let to = HeaderValue::from_str(to).map_err(|_| unknown_ticket())?;
    Ok((StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response())
}

/// Whether a message asks for, or grants, a WebSocket.
fn is_websocket(headers: &HeaderMap) -> bool {
    let listed = |name: HeaderName, word: &str| {
        let words = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        words.flat_map(|value| value.split(',')).any(|found| found.trim().eq_ignore_ascii_case(word))
    };
    listed(header::UPGRADE, "websocket") && listed(header::CONNECTION, "upgrade")
}

/// The headers of one side that the other gets.
fn chosen(from: &HeaderMap, allowed: &[HeaderName]) -> HeaderMap {
    let mut to = HeaderMap::new();
    for name in allowed {
        for value in from.get_all(name) {
            to.append(name.clone(), value.clone());
        }
    }
    to
}

async fn converse(
    mut request: Request,
    rest: &str,
    prefix: &str,
    sender: &mut http1::SendRequest<Body>,
    answer_by: Instant,
    open: Open,
) -> Result<Response, ApiError> {
    let upgrading = is_websocket(request.headers());
    let from_browser = upgrading.then(|| hyper::upgrade::on(&mut request));
    let target = match request.uri().query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let (parts, body) = request.into_parts();
    let body = if upgrading { Body::empty() } else { bounded(body) };
    let mut onward = hyper::Request::new(body);
    *onward.method_mut() = parts.method;
    *onward.uri_mut() = target.parse::<Uri>().map_err(|_| ApiError::invalid("path", "This is no path."))?;
    *onward.headers_mut() = chosen(&parts.headers, &ASKED);
    // The service is told nothing of the gateway's name, nor of who asks.
    onward.headers_mut().insert(header::HOST, HeaderValue::from_static("service"));
    if let Some(length) = parts.headers.get(header::CONTENT_LENGTH).filter(|_| !upgrading) {
        onward.headers_mut().insert(header::CONTENT_LENGTH, length.clone());
    }
    if upgrading {
        onward.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        onward.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    let within = answer_by.saturating_duration_since(Instant::now());
    let answered = timeout_at(answer_by, sender.send_request(onward)).await;
    let mut answer = answered.map_err(|_| silent(within))?.map_err(|error| broken(reason(&error)))?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let Some(from_browser) = from_browser.filter(|_| is_websocket(answer.headers())) else {
            return Err(broken("The service switched to a protocol that nobody asked for."));
        };
        let from_service = hyper::upgrade::on(&mut answer);
        let response = switched(answer.headers());
        tokio::spawn(join(from_browser, from_service, open));
        return Ok(response);
    }
    if answer.status().is_informational() {
        return Err(broken("The service gave no final answer."));
    }
    let (parts, body) = answer.into_parts();
    let mut response = Response::new(passed_back(body, open));
    *response.status_mut() = parts.status;
    let headers = response.headers_mut();
    *headers = chosen(&parts.headers, &ANSWERED);
    if let Some(length) = parts.headers.get(header::CONTENT_LENGTH) {
        headers.insert(header::CONTENT_LENGTH, length.clone());
    }
    if let Some(to) = parts.headers.get(header::LOCATION).and_then(|to| moved(to, prefix)) {
        headers.insert(header::LOCATION, to);
    }
    harden(headers);
    Ok(response)
}

/// What every answer of a service says, whatever the service says.
fn harden(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Nothing of a tenant's service stays in a cache on the way.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn reason(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("The service's answer cannot be read: {error}{cause}.")
}

/// Where a redirect leads, seen from the browser: a path of the service lies below the ticket.
fn moved(to: &HeaderValue, prefix: &str) -> Option<HeaderValue> {
    let text = to.to_str().ok()?;
    if text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/\\") {
        return HeaderValue::from_str(&format!("{prefix}{text}")).ok();
    }
    let own = ["http://service", "https://service"].iter().find_map(|own| text.strip_prefix(own));
    match own {
        Some(path) if path.is_empty() || path.starts_with('/') => {
            HeaderValue::from_str(&format!("{prefix}{path}")).ok()
        }
        _ => Some(to.clone()),
    }
}

fn switched(from: &HeaderMap) -> Response {
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    *headers = chosen(from, &[header::SEC_WEBSOCKET_ACCEPT, header::SEC_WEBSOCKET_PROTOCOL]);
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    harden(headers);
    response
}

/// Joins both ends of a WebSocket until either is done, or the ticket ends. What nothing moves on, the tunnel ends.
async fn join(browser: hyper::upgrade::OnUpgrade, service: hyper::upgrade::OnUpgrade, open: Open) {
    let joined = async {
        let (browser, service) = tokio::try_join!(browser, service)?;
        let (mut browser, mut service) = (TokioIo::new(browser), TokioIo::new(service));
        // How a connection ends is both ends' own business.
        let _ = tokio::io::copy_bidirectional(&mut browser, &mut service).await;
        Ok::<_, hyper::Error>(())
    };
    let _ = timeout_at(open.ends, joined).await;
}

/// A request's body, not longer and not slower than it may be.
fn bounded(body: Body) -> Body {
    let reader = BodyReader::new(body, limits::INPUT_BYTES_MAX);
    Body::from_stream(futures_util::stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(part)) => Some((Ok(part), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(std::io::Error::other(error.message)), None)),
        }
    }))
}

/// A service's body as it comes: bounded in length, in silence, and by the ticket's end. A bound that is met breaks the
/// answer off, so that nobody takes it for whole.
fn passed_back(body: hyper::body::Incoming, open: Open) -> Body {
    struct Passing {
        body: Pin<Box<hyper::body::Incoming>>,
        passed: u64,
        open: Open,
    }
    let broken_off = |why: &str| Some((Err(std::io::Error::other(why.to_owned())), None));
    let begin = Passing { body: Box::pin(body), passed: 0, open };
    Body::from_stream(futures_util::stream::unfold(Some(begin), move |passing| async move {
        let mut passing = passing?;
        loop {
            let until = passing.open.ends.min(Instant::now() + limits::SERVICE_IDLE);
            let frame = match timeout_at(until, passing.body.frame()).await {
                Err(_) => return broken_off("the service fell silent, or the ticket ended"),
                Ok(None) => return None,
                Ok(Some(Err(error))) => return broken_off(&error.to_string()),
                Ok(Some(Ok(frame))) => frame,
            };
            // Trailers are left out.
            let Ok(data) = frame.into_data() else { continue };
            passing.passed = passing.passed.saturating_add(data.len() as u64);
            if passing.passed > limits::OUTPUT_BYTES_MAX {
                return broken_off("the answer is longer than it may be");
            }
            return Some((Ok::<Bytes, std::io::Error>(data), Some(passing)));
        }
    }))
}

/// Whether what is behind a tunnel answers: where HTTP is spoken with a byte of an answer, elsewhere by being there.
pub async fn answers(tunnel: Tunnel, http: bool) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    if !http {
        return true;
    }
    let mut tunnel = tunnel;
    let asked = tunnel.write_all(b"HEAD / HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n").await;
    asked.is_ok() && tunnel.read_u8().await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_behind_a_ticket_is_the_services() {
        assert_eq!(parts_of("/p/abc/x/y"), Some(("abc", "/x/y")));
        assert_eq!(parts_of("/p/abc/"), Some(("abc", "/")));
        assert_eq!(parts_of("/p/abc"), Some(("abc", "")));
        assert_eq!(parts_of("/p//x"), Some(("", "/x")));
        assert_eq!(parts_of("/q/abc"), None);
        // Left as it is: whether %2e%2e means anything is for the service to say.
        assert_eq!(parts_of("/p/abc/%2e%2e/x"), Some(("abc", "/%2e%2e/x")));
    }

    #[test]
    fn redirects_stay_below_the_ticket_or_lead_away_by_name() {
        let to = |text: &'static str| moved(&HeaderValue::from_static(text), "/p/t").expect("a value");
        assert_eq!(to("/login?next=%2F"), "/p/t/login?next=%2F");
        assert_eq!(to("http://service/x"), "/p/t/x");
        assert_eq!(to("https://service"), "/p/t");
        assert_eq!(to("next"), "next");
        for away in ["//other.example/x", "/\\other.example", "https://other.example/x", "http://service.example/"] {
            assert_eq!(to(away), away);
        }
    }

    #[test]
    fn only_listed_headers_pass_either_way() {
        let mut headers = HeaderMap::new();
        for name in ["authorization", "cookie", "x-api-key", "proxy-authorization", "te", "origin", "referer", "accept"]
        {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        let names: Vec<String> = chosen(&headers, &ASKED).keys().map(ToString::to_string).collect();
        assert_eq!(names, ["accept"]);
        let mut headers = HeaderMap::new();
        for name in [
            "set-cookie",
            "clear-site-data",
            "strict-transport-security",
            "access-control-allow-origin",
            "content-security-policy",
            "nel",
            "report-to",
            "service-worker-allowed",
            "www-authenticate",
            "x-accel-redirect",
            "connection",
            "transfer-encoding",
            "content-type",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        let names: Vec<String> = chosen(&headers, &ANSWERED).keys().map(ToString::to_string).collect();
        assert_eq!(names, ["content-type"]);
    }

    #[test]
    fn a_websocket_is_asked_for_by_both_headers() {
        let headers = |connection: &'static str, upgrade: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONNECTION, HeaderValue::from_static(connection));
            headers.insert(header::UPGRADE, HeaderValue::from_static(upgrade));
            headers
        };
        assert!(is_websocket(&headers("keep-alive, Upgrade", "WebSocket")));
        assert!(!is_websocket(&headers("keep-alive", "websocket")));
        assert!(!is_websocket(&headers("upgrade", "h2c")));
    }
}
