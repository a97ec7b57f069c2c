//! Server-sent events: changes as they happen, resumable.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use crate::{
    app::App,
    changes::{Change, Resumed, Topic},
    encode::Key,
    error::ApiError,
    extract::{Asked, Shared},
    guard::Caller,
    limits,
    metrics::Gauged,
};

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Any of jobs, offers, providers, rounds, slots, separated by commas; all if not given.
    #[param(pattern = "^(jobs|offers|providers|rounds|slots)(,(jobs|offers|providers|rounds|slots))*$")]
    topics: Option<String>,
    /// Of jobs and rounds, only this job's.
    job: Option<Key>,
    /// Of jobs and rounds, only this tenant's.
    tenant: Option<Key>,
    /// Resumes as `Last-Event-ID` does, for callers that cannot send headers.
    last_event_id: Option<String>,
}

/// What a stream is about.
struct Filter {
    topics: Vec<Topic>,
    job: Option<String>,
    tenant: Option<String>,
}

impl Filter {
    fn read(query: StreamQuery) -> Result<Self, ApiError> {
        let topics = match query.topics.as_deref() {
            None => Topic::ALL.to_vec(),
            Some(names) => names
                .split(',')
                .map(|name| {
                    let message = "A topic is jobs, offers, providers, rounds or slots.";
                    Topic::asked(name).ok_or_else(|| ApiError::invalid("topics", message))
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { topics, job: query.job.map(|key| key.to_string()), tenant: query.tenant.map(|key| key.to_string()) })
    }

    fn wants(&self, change: &Change) -> bool {
        if !self.topics.contains(&change.topic) {
            return false;
        }
        // Offers, providers and slots belong to no job.
        if !matches!(change.topic, Topic::Job | Topic::Round) {
            return true;
        }
        self.job.as_ref().is_none_or(|job| change.job.as_ref() == Some(job))
            && self.tenant.as_ref().is_none_or(|tenant| change.tenant.as_ref() == Some(tenant))
    }
}

/// Changes as they happen
///
/// Events `job`, `offer`, `provider`, `round` and `slot` carry the JSON of the endpoints; an offer that is gone is
/// `{"address", "removed": true}`. `id` resumes; where that is too long ago, `reset` says that the endpoints must be
/// read anew. A comment every 15 seconds shows that the stream lives.
#[utoipa::path(get, path = "/v1/stream", tag = "network", operation_id = "stream", params(StreamQuery,
    ("Last-Event-ID" = Option<String>, Header, description = "The last `id` that was received")),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn stream(
    State(app): Shared,
    caller: Caller,
    headers: HeaderMap,
    Asked(query): Asked<StreamQuery>,
) -> Result<Response, ApiError> {
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let last = header.or_else(|| query.last_event_id.clone()).filter(|text| !text.is_empty());
    // An id that is none of ours is one of an earlier process: it is answered by `reset`.
    let last = last.map(|text| text.parse::<u64>().unwrap_or(0));
    let filter = Filter::read(query)?;
    let place = Place::take(&app, caller.address)?;
    let (resumed, receiver) = app.changes.listen(last);
    let newest = app.changes.newest();
    Ok(respond(app.clone(), place, move |send| changes(filter, resumed, newest, receiver, send)))
}

async fn changes(
    filter: Filter,
    resumed: Resumed,
    newest: u64,
    mut receiver: broadcast::Receiver<Change>,
    send: Sending,
) {
    match resumed {
        Resumed::Since(since) => {
            for change in since.iter().filter(|change| filter.wants(change)) {
                if !send.event(Some(change.sequence), change.topic.event(), &change.json).await {
                    return;
                }
            }
        }
        Resumed::Forgotten => {
            let data = "{\"reason\":\"That id is too long ago; read the endpoints anew.\"}";
            if !send.event(Some(newest), "reset", data).await {
                return;
            }
        }
    }
    loop {
        match receiver.recv().await {
            Ok(change) if !filter.wants(&change) => {}
            Ok(change) => {
                if !send.event(Some(change.sequence), change.topic.event(), &change.json).await {
                    return;
                }
            }
            // Too slow, or the gateway ends: the caller resumes by its last id.
            Err(_) => return,
        }
    }
}

/// A place among the streams; given back when dropped.
pub struct Place {
    app: Arc<App>,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub fn take(app: &Arc<App>, address: IpAddr) -> Result<Self, ApiError> {
        let permit = app.streams.clone().try_acquire_owned();
        let permit = permit.map_err(|_| ApiError::busy("All places for streams are taken."))?;
        let mut held = app.streams_by_address.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = held.entry(address).or_insert(0);
        if *count >= limits::STREAMS_PER_ADDRESS_MAX {
            return Err(ApiError::too_many("This address has as many streams as allowed."));
        }
        *count = count.saturating_add(1);
        drop(held);
        Ok(Self { app: app.clone(), address, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.app.streams_by_address.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// The writing end of a stream.
pub struct Sending {
    parts: mpsc::Sender<Bytes>,
}

impl Sending {
    /// Sends an event; false once nobody reads. JSON has no line breaks of its own.
    pub async fn event(&self, id: Option<u64>, name: &str, data: &str) -> bool {
        let data = data.replace(['\r', '\n'], " ");
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        self.parts.send(format!("{id}event: {name}\ndata: {data}\n\n").into()).await.is_ok()
    }

    async fn comment(&self) -> bool {
        self.parts.send(Bytes::from_static(b": alive\n\n")).await.is_ok()
    }
}

/// Answers with a stream that `work` fills. It ends with `work`, or when the caller goes.
pub fn respond<F, W>(app: Arc<App>, place: Place, work: F) -> Response
where
    F: FnOnce(Sending) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let (parts, mut receiver) = mpsc::channel::<Bytes>(64);
    let heart = Sending { parts: parts.clone() };
    let ended = CancellationToken::new();
    let beating = ended.clone();
    tokio::spawn(async move {
        let mut pause = tokio::time::interval(limits::HEARTBEAT);
        loop {
            tokio::select! {
                _ = pause.tick() => if !heart.comment().await { return },
                () = beating.cancelled() => return,
            }
        }
    });
    tokio::spawn(async move {
        let _gauge = Gauged::new(&app.metrics.streams);
        let _place = place;
        let send = Sending { parts };
        let gone = send.parts.clone();
        tokio::select! {
            () = work(send) => {}
            () = gone.closed() => {}
        }
        ended.cancel();
    });
    let body = futures_util::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|part| part.map(Ok::<Bytes, Infallible>))
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
