//! The ports of services, for browsers: tickets, and what is behind them.

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::request::Parts,
};
use proofmill_client::service::KIND_SERVICE;
use proofmill_protocol::job::JobState;
use serde::Serialize;
use solana_address::Address;
use utoipa::ToSchema;

use crate::{
    access::Role,
    api::data::party,
    app::App,
    encode::Key,
    error::ApiError,
    extract::{Asked, Credential, Nothing, Shared},
    limits,
    tickets::Ticket,
};

/// A way to a service's port. Whoever has the path reaches it: keep it as a password.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortTicket {
    /// Where the port's HTTP is, on this gateway: `/p/<ticket>/`.
    pub path: String,
    /// Unix seconds; it ends before with the service.
    pub expires_at: i64,
}

/// A job and a port in the path.
pub struct JobPort {
    job: Address,
    port: u16,
}

impl<S: Send + Sync> FromRequestParts<S> for JobPort {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path: Path<(String, String)> =
            <Path<(String, String)> as FromRequestParts<S>>::from_request_parts(parts, state)
                .await
                .map_err(|_| ApiError::not_found("address", "of this form"))?;
        let (job, port) = path.0;
        let shown: String = job.chars().take(64).collect();
        let job = job.parse::<Key>().map_err(|_| ApiError::not_found("address", shown))?.0;
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        Ok(Self { job, port: port.ok_or_else(|| ApiError::invalid("port", "A port is a number from 1 to 65535."))? })
    }
}

/// A ticket for a port of a service: a path that a browser opens without any other credential
///
/// Below the path the gateway passes on HTTP/1.1 and WebSockets to the port. What the service answers is kept away from
/// everything else of this origin: its pages run in a sandbox without an origin, its cookies are dropped.
#[utoipa::path(post, path = "/v1/jobs/{job}/ports/{port}/ticket", tag = "data", operation_id = "port_ticket",
    params(("job" = crate::encode::Key, Path, description = "The `Job` account"),
        ("port" = u16, Path, description = "The port in the container", minimum = 1)),
    security(("session" = []), ("api_key" = [])), responses((status = 200, body = PortTicket)))]
pub async fn ticket(
    State(app): Shared,
    JobPort { job, port }: JobPort,
    credential: Option<Credential>,
    _: Asked<Nothing>,
) -> Result<Json<PortTicket>, ApiError> {
    let (identity, account) = party(&app, credential, job, Role::Operator).await?;
    if account.kind != KIND_SERVICE {
        let next = "Read its log and its output; only services have ports.";
        return Err(ApiError::conflict("not_a_service", "This job is not a service.", next));
    }
    if JobState::from_code(account.state) != Some(JobState::Running) {
        let next = "Wait until it runs; top it up if its escrow has run dry.";
        return Err(ApiError::conflict("not_running", "The service does not run.", next));
    }
    let now = App::wall_clock();
    let expires_at = now.saturating_add(limits::TICKET_SECONDS);
    let (owner, nonce, attempt) = (identity.owner, account.nonce, account.attempt);
    let secret = app.tickets.issue(Ticket { owner, job, nonce, attempt, port, expires_at }, now)?;
    let about = format!("{job}:{port}");
    app.store.audit(now, &owner.to_string(), &identity.by, "port_ticket", &about).await?;
    Ok(Json(PortTicket { path: format!("/p/{secret}/"), expires_at }))
}
