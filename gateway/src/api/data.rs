//! The data plane for browsers.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use proofmill_client::market;
use proofmill_dataplane::BlobKind;
use proofmill_protocol::{job::JobState, sha256};
use serde::{Deserialize, Serialize};
use solana_address::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{Identity, Role, identify},
    api::stream::{Place, respond},
    app::App,
    bridge::{self, Bridge, blob},
    encode::Hash32,
    error::ApiError,
    extract::{Asked, At, BodyReader, Credential, Nothing, Shared},
    guard::Caller,
    limits,
    store::{Held, HeldKind},
};

/// How far what was given has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// missing, held or delivered.
    pub spec: String,
    /// missing, held or delivered.
    pub input: String,
    /// Why the last try failed; null if none did.
    pub error: Option<String>,
}

/// A receipt as its provider signed it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// The 512 bytes, in base64.
    pub receipt: String,
    /// SHA-256 of them, as the chain holds it.
    pub receipt_hash: Hash32,
    /// The node key's signature over the receipt's core, in base64; null until it is indexed.
    pub signature: Option<String>,
    /// The key that signed: that of the match.
    pub node_key: Hash32,
}

/// The bridge, the job as it is now, and a caller who may do this with it.
pub(super) async fn party(
    app: &Arc<App>,
    credential: Option<Credential>,
    job: Address,
    role: Role,
) -> Result<(Identity, market::Job), ApiError> {
    let identity = identify(app, credential).await?;
    identity.require(role)?;
    let account = app.model().job(&job).cloned().ok_or_else(|| ApiError::not_found("open job", job))?;
    if account.tenant != identity.owner {
        let next = "Sign in with the wallet that posted the job, or use a key of it.";
        return Err(ApiError::forbidden("This is another tenant's job.", next));
    }
    let bridge = bridge_of(app)?;
    if account.tenant_node_key != bridge.node_key() {
        let next = "Post the job with this gateway's node_key (GET /v1/network) as its tenant_node_key.";
        return Err(ApiError::conflict("another_node_key", "The job names another node key as its tenant's.", next));
    }
    Ok((identity, account))
}

fn bridge_of(app: &App) -> Result<&Bridge, ApiError> {
    app.bridge.as_ref().ok_or_else(|| {
        let next = "Speak to the provider's node yourself, or use a gateway that does.";
        ApiError::conflict("no_bridge", "This gateway is not on the data plane.", next)
    })
}

/// Gives the specification of a job: the canonical JSON that its hash names
#[utoipa::path(put, path = "/v1/jobs/{job}/spec", tag = "data", operation_id = "put_spec",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = Delivery)))]
pub async fn put_spec(
    State(app): Shared,
    At(job): At,
    credential: Option<Credential>,
    _: Asked<Nothing>,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    take(&app, job, credential, HeldKind::Spec, request).await
}

/// Gives the input of a job: the bundle that its root names
#[utoipa::path(put, path = "/v1/jobs/{job}/input", tag = "data", operation_id = "put_input",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = Delivery)))]
pub async fn put_input(
    State(app): Shared,
    At(job): At,
    credential: Option<Credential>,
    _: Asked<Nothing>,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    take(&app, job, credential, HeldKind::Input, request).await
}

async fn take(
    app: &Arc<App>,
    job: Address,
    credential: Option<Credential>,
    kind: HeldKind,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    let (identity, account) = party(app, credential, job, Role::Operator).await?;
    let bridge = bridge_of(app)?;
    let state = JobState::from_code(account.state);
    if !matches!(state, Some(JobState::Open | JobState::Matched)) {
        return Err(ApiError::conflict(
            "too_late",
            "The attempt has started: what it runs is fixed.",
            "Post a new job.",
        ));
    }
    let _place = app.uploads.try_acquire().map_err(|_| ApiError::busy("All places for uploads are taken."))?;
    let all_held = app.store.all_held().await?;
    let sum: u64 = all_held.iter().map(|held| held.bytes).sum();
    let most = match kind {
        HeldKind::Spec => limits::SPEC_BYTES_MAX,
        HeldKind::Input => limits::INPUT_BYTES_MAX,
    };
    let room = limits::HELD_BYTES_MAX.saturating_sub(sum);
    if room == 0 {
        return Err(ApiError::busy("The gateway holds as much as it can."));
    }
    let file = format!("{job}-{}-{}", kind.name(), hex::encode(rand::random::<[u8; 8]>()));
    let path = bridge.folder().join(&file);
    let written = receive(request.into_body(), &path, most.min(room)).await;
    let checked = match written {
        Ok(bytes) => check(&path, kind, &account).await.map(|()| bytes),
        Err(error) => Err(error),
    };
    let bytes = match checked {
        Ok(bytes) => bytes,
        Err(error) => {
            remove(&path).await;
            return Err(error);
        }
    };
    let replaced = app.store.held_of(&job.to_string()).await?.into_iter().find(|held| held.kind == kind);
    let held = Held {
        job: job.to_string(),
        kind,
        nonce: account.nonce,
        bytes,
        file,
        delivered_attempt: 0,
        tries: 0,
        next_at: 0,
        error: None,
    };
    app.store.put_held(&held).await?;
    if let Some(replaced) = replaced {
        remove(&bridge.path_of(&replaced)).await;
    }
    let action = if kind == HeldKind::Spec { "put_spec" } else { "put_input" };
    let owner = identity.owner.to_string();
    app.store.audit(App::wall_clock(), &owner, &identity.by, action, &job.to_string()).await?;
    Ok(Json(delivery_of(app, &job, account.attempt).await?))
}

async fn remove(path: &std::path::Path) {
    if let Err(error) = tokio::fs::remove_file(path).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a file stays");
    }
}

/// Writes a body to disk and makes sure that it is there.
async fn receive(body: Body, path: &std::path::Path, limit: u64) -> Result<u64, ApiError> {
    let mut file = tokio::fs::File::create_new(path).await.map_err(ApiError::internal)?;
    let mut reader = BodyReader::new(body, limit);
    let mut bytes = 0u64;
    while let Some(part) = reader.next().await? {
        file.write_all(&part).await.map_err(ApiError::internal)?;
        bytes = bytes.saturating_add(part.len() as u64);
    }
    file.sync_all().await.map_err(ApiError::internal)?;
    Ok(bytes)
}

async fn check(path: &std::path::Path, kind: HeldKind, account: &market::Job) -> Result<(), ApiError> {
    let refused = |message: String| {
        let next = "Send exactly what the job was posted with.";
        ApiError::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "hash_mismatch", message, next)
    };
    match kind {
        HeldKind::Spec => {
            let bytes = tokio::fs::read(path).await.map_err(ApiError::internal)?;
            let found = sha256(&[&bytes]);
            if found == account.spec_hash {
                return Ok(());
            }
            let (found, expected) = (hex::encode(found), hex::encode(account.spec_hash));
            Err(refused(format!("The specification has the hash {found}, the job says {expected}.")))
        }
        HeldKind::Input => {
            let (path, root) = (path.to_owned(), account.input_root);
            let checked = tokio::task::spawn_blocking(move || bridge::check_bundle(&path, &root)).await;
            checked
                .map_err(ApiError::internal)?
                .map_err(|reason| refused(format!("The input is not the job's: {reason}.")))
        }
    }
}

async fn delivery_of(app: &App, job: &Address, attempt: u16) -> Result<Delivery, ApiError> {
    let held = app.store.held_of(&job.to_string()).await?;
    let state = |kind: HeldKind| match held.iter().find(|held| held.kind == kind) {
        None => "missing",
        Some(held) if held.delivered_attempt == attempt => "delivered",
        Some(_) => "held",
    };
    Ok(Delivery {
        spec: state(HeldKind::Spec).to_owned(),
        input: state(HeldKind::Input).to_owned(),
        error: held.iter().find_map(|held| held.error.clone()),
    })
}

/// How far what was given has come
#[utoipa::path(get, path = "/v1/jobs/{job}/delivery", tag = "data", operation_id = "delivery",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account")),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = Delivery)))]
pub async fn delivery(
    State(app): Shared,
    At(job): At,
    credential: Option<Credential>,
    _: Asked<Nothing>,
) -> Result<Json<Delivery>, ApiError> {
    let (_, account) = party(&app, credential, job, Role::Viewer).await?;
    Ok(Json(delivery_of(&app, &job, account.attempt).await?))
}

/// From where a log is followed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// First byte wanted.
    from: Option<u64>,
}

/// Follows a job's log
///
/// Events `chunk` carry `{"offset": "…", "base64": "…"}`; `end` carries `{"length": "…"}`, or `{"error": "…"}` where
/// the log broke off: ask again from where you are.
#[utoipa::path(get, path = "/v1/jobs/{job}/logs", tag = "data", operation_id = "logs",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account"), LogQuery),
    security(("session" = []), ("api_key" = [])),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn logs(
    State(app): Shared,
    At(job): At,
    caller: Caller,
    credential: Option<Credential>,
    Asked(query): Asked<LogQuery>,
) -> Result<Response, ApiError> {
    let (_, account) = party(&app, credential, job, Role::Viewer).await?;
    let place = Place::take(&app, caller.address)?;
    let peer = bridge_of(&app)?.dial(&app, &account).await?;
    let from = query.from.unwrap_or(0);
    let name = blob(&job, account.attempt, BlobKind::Log);
    Ok(respond(app.clone(), place, move |send| async move {
        let (parts, mut received) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
        // The follower calls back without waiting: what it gives is bounded by the log's own bound.
        let following = peer.follow_log(&name, from, limits::LOG_BYTES_MAX, move |part| {
            // The reader is gone: the stream ends with it.
            let _ = parts.send(part.to_vec());
        });
        let passing = async {
            let mut offset = from;
            while let Some(part) = received.recv().await {
                let data = serde_json::json!({ "offset": offset.to_string(), "base64": BASE64_STANDARD.encode(&part) });
                if !send.event(None, "chunk", &data.to_string()).await {
                    return;
                }
                offset = offset.saturating_add(part.len() as u64);
            }
        };
        let (ended, ()) = tokio::join!(following, passing);
        let data = match ended {
            Ok(length) => serde_json::json!({ "length": length.to_string() }),
            Err(error) => serde_json::json!({ "error": error.to_string() }),
        };
        // Whoever reads may be gone by now.
        let _ = send.event(None, "end", &data.to_string()).await;
        peer.close();
    }))
}

/// The output of a job as a bundle; check it against `output_root`
#[utoipa::path(get, path = "/v1/jobs/{job}/output", tag = "data", operation_id = "output",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account")),
    security(("session" = []), ("api_key" = [])),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn output(
    State(app): Shared,
    At(job): At,
    credential: Option<Credential>,
    _: Asked<Nothing>,
) -> Result<Response, ApiError> {
    let (_, account) = party(&app, credential, job, Role::Viewer).await?;
    let bridge = bridge_of(&app)?;
    let peer = bridge.dial(&app, &account).await?;
    let scratch = tempfile::tempdir_in(bridge.folder()).map_err(ApiError::internal)?;
    let path = scratch.path().join("output");
    let name = blob(&job, account.attempt, BlobKind::Output);
    let fetched = peer.get(&name, &path, limits::OUTPUT_BYTES_MAX, |_, _| {}).await;
    peer.close();
    let fetched = fetched?;
    let file = tokio::fs::File::open(&path).await.map_err(ApiError::internal)?;
    // The open file outlives its name.
    drop(scratch);
    let parts = futures_util::stream::unfold(file, |mut file| async move {
        let mut part = vec![0; 64 * 1024];
        match file.read(&mut part).await {
            Ok(0) => None,
            Ok(length) => {
                part.truncate(length);
                Some((Ok(part), file))
            }
            Err(error) => Some((Err(error), file)),
        }
    });
    let mut response = Body::from_stream(parts).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(fetched.len));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"output.bundle\""));
    Ok(response)
}

/// The receipt of a job, as its provider signed it
#[utoipa::path(get, path = "/v1/jobs/{job}/receipt", tag = "data", operation_id = "receipt",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account")),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = Receipt)))]
pub async fn receipt(
    State(app): Shared,
    At(job): At,
    credential: Option<Credential>,
    _: Asked<Nothing>,
) -> Result<Json<Receipt>, ApiError> {
    let (_, account) = party(&app, credential, job, Role::Viewer).await?;
    let peer = bridge_of(&app)?.dial(&app, &account).await?;
    let name = blob(&job, account.attempt, BlobKind::Receipt);
    let fetched = peer.get_bytes(&name, limits::RECEIPT_BYTES_MAX).await;
    peer.close();
    let bytes = fetched?;
    let hash = Hash32(sha256(&[&bytes]));
    let signature = app.store.receipt_signature(&hash).await?.map(|signature| BASE64_STANDARD.encode(signature));
    Ok(Json(Receipt {
        receipt: BASE64_STANDARD.encode(&bytes),
        receipt_hash: hash,
        signature,
        node_key: Hash32(account.node_key),
    }))
}
