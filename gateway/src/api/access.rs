//! Sign-in, sessions, keys, the audit log.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::market::{PageQuery, page};
use crate::{
    access::{self, Role, SignIn, identify},
    app::App,
    encode::{Amount, Key},
    error::ApiError,
    extract::{Asked, Credential, Nothing, Sent, Shared, page_size, place_of},
    guard::Caller,
    limits,
    store::{ApiKey, Session},
    views::Page,
};

const STATEMENT: &str = "Sign in to this Proofmill gateway. This moves no money and allows no transaction.";

/// The wallet that wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    address: Key,
}

/// What the message says, field by field.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageFields {
    pub domain: String,
    pub address: Key,
    pub statement: String,
    pub uri: String,
    pub version: String,
    pub chain_id: String,
    pub nonce: String,
    pub issued_at: String,
    pub expiration_time: String,
}

/// What the wallet is to sign.
#[derive(Debug, Serialize, ToSchema)]
pub struct Challenge {
    pub message_fields: MessageFields,
    /// Sign exactly these bytes (UTF-8).
    pub message: String,
}

/// Begins a sign-in: the message for the wallet to sign (Sign-In With Solana)
#[utoipa::path(post, path = "/v1/auth/challenge", tag = "access", operation_id = "challenge",
    request_body = ChallengeRequest, responses((status = 200, body = Challenge)))]
pub async fn challenge(
    State(app): Shared,
    caller: Caller,
    _: Asked<Nothing>,
    Sent(request): Sent<ChallengeRequest>,
) -> Result<Json<Challenge>, ApiError> {
    caller.costly(&app)?;
    let now = App::wall_clock();
    let expires_at = now.saturating_add(limits::CHALLENGE_SECONDS);
    let address = request.address.to_string();
    let (nonce, issued_at, expiration_time) = (access::nonce(), access::rfc3339(now), access::rfc3339(expires_at));
    let uri = format!("{}://{}", if app.domain.starts_with("127.0.0.1") { "http" } else { "https" }, app.domain);
    let chain_id = format!("solana:{}", app.genesis.chars().take(32).collect::<String>());
    let message = SignIn {
        domain: &app.domain,
        address: &address,
        statement: STATEMENT,
        uri: &uri,
        chain_id: &chain_id,
        nonce: &nonce,
        issued_at: &issued_at,
        expiration_time: &expiration_time,
    }
    .message();
    app.store.put_challenge(&nonce, &address, &message, expires_at).await?;
    let message_fields = MessageFields {
        domain: app.domain.clone(),
        address: request.address,
        statement: STATEMENT.to_owned(),
        uri,
        version: "1".to_owned(),
        chain_id,
        nonce,
        issued_at,
        expiration_time,
    };
    Ok(Json(Challenge { message_fields, message }))
}

/// The signed message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    address: Key,
    /// As it was given, byte for byte.
    message: String,
    /// In base64 or base58.
    signature: String,
}

/// A session that is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedSession {
    /// For `Authorization: Bearer`; shown once.
    pub token: String,
    pub expires_at: i64,
    pub address: Key,
}

/// Ends a sign-in: a session for the signature
#[utoipa::path(post, path = "/v1/auth/session", tag = "access", operation_id = "open_session",
    request_body = SessionRequest, responses((status = 200, body = OpenedSession)))]
pub async fn open_session(
    State(app): Shared,
    caller: Caller,
    _: Asked<Nothing>,
    Sent(request): Sent<SessionRequest>,
) -> Result<Json<OpenedSession>, ApiError> {
    caller.costly(&app)?;
    let refused = |message: &str| {
        let next = "Ask for a new challenge, sign exactly its message, and send both back at once.";
        ApiError::new(StatusCode::UNAUTHORIZED, "sign_in_refused", message, next)
    };
    let now = App::wall_clock();
    let nonce = access::nonce_of(&request.message).ok_or_else(|| refused("The message names no nonce."))?;
    // Taken out before anything is checked: whatever comes of it, it cannot be tried again.
    let issued = app.store.take_challenge(nonce).await?;
    let (address, message, expires_at) = issued.ok_or_else(|| refused("The nonce is unknown, used, or too old."))?;
    if expires_at <= now {
        return Err(refused("The challenge has expired."));
    }
    if message != request.message {
        return Err(refused("The message is not the one that was given."));
    }
    if address != request.address.to_string() {
        return Err(refused("The challenge was given to another wallet."));
    }
    let signature = read_signature(&request.signature).ok_or_else(|| refused("The signature cannot be read."))?;
    if !access::signed(&request.address.0, message.as_bytes(), &signature) {
        return Err(refused("The signature is not the wallet's over this message."));
    }
    let token = access::secret("pms_");
    let session =
        Session { address: address.clone(), created_at: now, expires_at: now.saturating_add(limits::SESSION_SECONDS) };
    app.store.put_session(&access::digest(&token), &session).await?;
    app.store.audit(now, &address, "session", "sign_in", &caller.address.to_string()).await?;
    Ok(Json(OpenedSession { token, expires_at: session.expires_at, address: request.address }))
}

/// 64 bytes, in base64 or base58.
fn read_signature(text: &str) -> Option<Vec<u8>> {
    if text.len() > 128 {
        return None;
    }
    let sixty_four = |bytes: Vec<u8>| (bytes.len() == 64).then_some(bytes);
    let base64 = BASE64_STANDARD.decode(text).ok().and_then(sixty_four);
    base64.or_else(|| bs58::decode(text).into_vec().ok().and_then(sixty_four))
}

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhoAmI {
    pub address: Key,
    /// owner, operator or viewer.
    pub role: String,
    /// Null for a key without an end.
    pub expires_at: Option<i64>,
}

/// Who the caller is
#[utoipa::path(get, path = "/v1/auth/session", tag = "access", operation_id = "session",
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = WhoAmI)))]
pub async fn session(
    State(app): Shared,
    credential: Option<Credential>,
    _: Asked<Nothing>,
) -> Result<Json<WhoAmI>, ApiError> {
    let identity = identify(&app, credential).await?;
    Ok(Json(WhoAmI {
        address: Key(identity.owner),
        role: identity.role.name().to_owned(),
        expires_at: identity.expires_at,
    }))
}

/// Ends the caller's session
#[utoipa::path(delete, path = "/v1/auth/session", tag = "access", operation_id = "close_session",
    security(("session" = [])), responses((status = 204, description = "Ended")))]
pub async fn close_session(
    State(app): Shared,
    credential: Option<Credential>,
    _: Asked<Nothing>,
) -> Result<StatusCode, ApiError> {
    let identity = identify(&app, credential.clone()).await?;
    if let Some(Credential::Token(token)) = credential {
        app.store.drop_session(&access::digest(&token)).await?;
        app.store.audit(App::wall_clock(), &identity.owner.to_string(), "session", "sign_out", "").await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::forbidden("A key is no session.", "Delete the key instead: DELETE /v1/keys/{id}."))
}

/// What a key is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// For the list alone.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// owner, operator or viewer.
    #[schema(pattern = "^(owner|operator|viewer)$")]
    role: String,
    /// Unix seconds; without an end if not given.
    expires_at: Option<i64>,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeKey {
    pub id: String,
    /// For `X-Api-Key`; shown once.
    pub key: String,
}

/// Makes an API key for the caller's wallet
#[utoipa::path(post, path = "/v1/keys", tag = "access", operation_id = "make_key", request_body = KeyRequest,
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = MadeKey)))]
pub async fn make_key(
    State(app): Shared,
    credential: Option<Credential>,
    _: Asked<Nothing>,
    Sent(request): Sent<KeyRequest>,
) -> Result<Json<MadeKey>, ApiError> {
    let identity = identify(&app, credential).await?;
    identity.require(Role::Owner)?;
    let now = App::wall_clock();
    let named = request.name.chars().count();
    if named == 0 || named > limits::NAME_CHARS_MAX {
        let message = format!("A name has 1 to {} characters.", limits::NAME_CHARS_MAX);
        return Err(ApiError::invalid("name", message));
    }
    if request.name.contains('\0') {
        return Err(ApiError::invalid("name", "A name has no zero character: databases refuse it."));
    }
    let role =
        Role::of(&request.role).ok_or_else(|| ApiError::invalid("role", "A role is owner, operator or viewer."))?;
    let longest = now.saturating_add(limits::KEY_SECONDS_MAX);
    if request.expires_at.is_some_and(|at| at <= now || at > longest) {
        let message = format!("A key ends after now ({now}) and within a year ({longest}).");
        return Err(ApiError::invalid("expires_at", message));
    }
    // A key never outlives the one that made it.
    let expires_at = match (request.expires_at, identity.expires_at.filter(|_| identity.by != "session")) {
        (Some(asked), Some(own)) => Some(asked.min(own)),
        (asked, own) => asked.or(own),
    };
    let key = access::secret("pmk_");
    let made = ApiKey {
        id: access::nonce(),
        owner: identity.owner.to_string(),
        name: request.name,
        role: role.name().to_owned(),
        created_at: now,
        expires_at,
    };
    if !app.store.put_key(&made, &access::digest(&key)).await? {
        let message = format!("This wallet has {} keys already.", limits::KEYS_PER_OWNER_MAX);
        return Err(ApiError::conflict("too_many_keys", message, "Delete one that is not used any more."));
    }
    app.store.audit(now, &made.owner, &identity.by, "make_key", &made.id).await?;
    Ok(Json(MadeKey { id: made.id, key }))
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedKey {
    pub id: String,
    pub name: String,
    /// owner, operator or viewer.
    pub role: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

/// The keys of the caller's wallet
#[utoipa::path(get, path = "/v1/keys", tag = "access", operation_id = "keys", params(PageQuery),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = Page<ListedKey>)))]
pub async fn keys(
    State(app): Shared,
    credential: Option<Credential>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<ListedKey>>, ApiError> {
    let identity = identify(&app, credential).await?;
    identity.require(Role::Owner)?;
    let (limit, cursor) = query.parts();
    let size = page_size(limit)?;
    let after = place_of(cursor)?;
    let limit = i64::try_from(size.saturating_add(1)).unwrap_or(i64::MAX);
    let rows = app.store.keys(&identity.owner.to_string(), after.as_deref(), limit).await?;
    let found = rows
        .into_iter()
        .map(|key| ListedKey {
            id: key.id,
            name: key.name,
            role: key.role,
            created_at: key.created_at,
            expires_at: key.expires_at,
        })
        .collect();
    Ok(Json(page(found, size, |key: &ListedKey| key.id.clone())))
}

/// Ends a key
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "access", operation_id = "drop_key",
    params(("id" = String, Path, description = "The key's id", pattern = "^[0-9a-f]{32}$")),
    security(("session" = []), ("api_key" = [])), responses((status = 204, description = "Ended")))]
pub async fn drop_key(
    State(app): Shared,
    credential: Option<Credential>,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
    _: Asked<Nothing>,
) -> Result<Response, ApiError> {
    let identity = identify(&app, credential).await?;
    identity.require(Role::Owner)?;
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let known = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let owner = identity.owner.to_string();
    if !known || !app.store.drop_key(&owner, &id).await? {
        return Err(ApiError::not_found("key", id.chars().take(64).collect::<String>()));
    }
    app.store.audit(App::wall_clock(), &owner, &identity.by, "drop_key", &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLine {
    pub sequence: Amount,
    pub at: i64,
    /// `session`, or `key:<id>`.
    pub actor: String,
    pub action: String,
    /// What it was done to.
    pub subject: String,
}

/// Who did what in the name of the caller's wallet, the newest first
#[utoipa::path(get, path = "/v1/audit", tag = "access", operation_id = "audit", params(PageQuery),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = Page<AuditLine>)))]
pub async fn audit(
    State(app): Shared,
    credential: Option<Credential>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<AuditLine>>, ApiError> {
    let identity = identify(&app, credential).await?;
    identity.require(Role::Owner)?;
    let (limit, cursor) = query.parts();
    let size = page_size(limit)?;
    let before = match place_of(cursor)? {
        None => None,
        Some(place) => Some(place.parse().map_err(|_| ApiError::invalid("cursor", "This is no cursor of this list."))?),
    };
    let limit = i64::try_from(size.saturating_add(1)).unwrap_or(i64::MAX);
    let rows = app.store.audit_of(&identity.owner.to_string(), before, limit).await?;
    let found = rows
        .into_iter()
        .map(|row| AuditLine {
            sequence: Amount(row.sequence.unsigned_abs()),
            at: row.at,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
        })
        .collect();
    Ok(Json(page(found, size, |line: &AuditLine| line.sequence.0.to_string())))
}
