//! Every endpoint, and the document that describes them.

pub mod access;
pub mod data;
pub mod judging;
pub mod market;
pub mod network;
pub mod ports;
pub mod stream;
pub mod wallet;

use std::sync::Arc;

use axum::{Router, http::StatusCode};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Ref, RefOr,
        content::ContentBuilder,
        response::ResponseBuilder,
        schema::{ArrayItems, Schema},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::{ApiError, ErrorBody},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Proofmill gateway",
        description = "Everything about the network that a browser or an integrator asks for. 64-bit amounts are \
            decimal texts, instants are unix seconds, addresses base58, hashes lower hexadecimal. A gateway may lie: \
            check what you sign, and results against the roots on the chain."
    ),
    components(schemas(ErrorBody)),
    modifiers(&Finish)
)]
struct Document;

/// What the derive cannot say: how one authenticates, that every field is always there, what a refusal looks like.
struct Finish;

impl Modify for Finish {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components
            .add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Api-Key"))));
    }
}

/// Shapes that callers send: what is optional in them may be left out.
const SENT: [&str; 7] =
    ["ChallengeRequest", "SessionRequest", "KeyRequest", "MatchRequest", "FaucetRequest", "RpcRequest", "RpcAnswer"];

/// Every field of an answer is always there, null where it says nothing; every operation may refuse in one form.
fn complete(document: &mut utoipa::openapi::OpenApi) {
    let refusal = ResponseBuilder::new()
        .description("A refusal, or a failure: what it is about and what to do next")
        .content("application/json", ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build())
        .build();
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(refusal.clone()));
        }
    }
    let Some(components) = document.components.as_mut() else { return };
    let known: std::collections::BTreeSet<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        // A page refers to what it holds instead of repeating it.
        if let (RefOr::T(Schema::Object(object)), Some(of)) = (&mut *schema, name.strip_prefix("Page_"))
            && let Some(RefOr::T(Schema::Array(array))) = object.properties.get_mut("items")
            && known.contains(of)
        {
            array.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(of).into()));
        }
        if let (RefOr::T(Schema::Object(object)), false) = (schema, SENT.contains(&name.as_str())) {
            object.required = object.properties.keys().cloned().collect();
        }
    }
}

/// The endpoints and their description.
fn parts() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(network::health))
        .routes(routes!(network::ready))
        .routes(routes!(network::metrics))
        .routes(routes!(network::network))
        .routes(routes!(network::config))
        .routes(routes!(network::openapi))
        .routes(routes!(market::providers))
        .routes(routes!(market::provider))
        .routes(routes!(market::offers))
        .routes(routes!(market::jobs))
        .routes(routes!(market::job))
        .routes(routes!(market::job_events))
        .routes(routes!(market::job_bids))
        .routes(routes!(market::events))
        .routes(routes!(market::explain_match))
        .routes(routes!(market::price_percentiles))
        .routes(routes!(market::price_history))
        .routes(routes!(judging::rounds))
        .routes(routes!(judging::validators))
        .routes(routes!(judging::epoch))
        .routes(routes!(judging::stake))
        .routes(routes!(judging::cases))
        .routes(routes!(judging::rewards))
        .routes(routes!(stream::stream))
        .routes(routes!(access::challenge))
        .routes(routes!(access::open_session, access::session, access::close_session))
        .routes(routes!(access::make_key, access::keys))
        .routes(routes!(access::drop_key))
        .routes(routes!(access::audit))
        .routes(routes!(data::put_spec))
        .routes(routes!(data::put_input))
        .routes(routes!(data::delivery))
        .routes(routes!(data::logs))
        .routes(routes!(data::output))
        .routes(routes!(data::receipt))
        .routes(routes!(ports::ticket))
        .routes(routes!(wallet::rpc))
        .routes(routes!(wallet::faucet))
        .split_for_parts();
    complete(&mut document);
    (router, document)
}

/// The endpoints, ready to be served.
pub fn router() -> Router<Arc<App>> {
    // What is behind a ticket speaks for itself: it is no part of the document.
    let services = Router::new().route("/p/{*rest}", axum::routing::any(crate::forward::forward));
    parts().0.merge(services).method_not_allowed_fallback(wrong_method).fallback(crate::files::serve)
}

/// The OpenAPI document, as it is committed.
pub fn document() -> String {
    // The document is made of this code and has no maps with other keys than texts: it is always JSON.
    let mut whole = serde_json::to_value(parts().1).unwrap_or_default();
    widen(&mut whole);
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}

/// 32 bits without sign are described as 32 bits with sign, of which half may not be sent: the bound is written out.
fn widen(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("format").and_then(Value::as_str) == Some("int32")
                && object.get("minimum").and_then(Value::as_u64).is_some()
            {
                object.remove("format");
                object.entry("maximum").or_insert(Value::from(u32::MAX));
            }
            object.values_mut().for_each(widen);
        }
        Value::Array(values) => values.iter_mut().for_each(widen),
        _ => {}
    }
}

async fn wrong_method() -> ApiError {
    let message = "This method is not allowed here.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, "GET /openapi.json names what is.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

    /// `PROOFMILL_BLESS=1` writes it anew.
    #[test]
    fn the_committed_document_is_what_the_code_says() {
        let generated = document();
        if std::env::var_os("PROOFMILL_BLESS").is_some() {
            std::fs::write(COMMITTED, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
        assert!(committed == generated, "gateway/openapi.json drifted; run this test with PROOFMILL_BLESS=1");
    }

    #[test]
    fn every_operation_says_what_a_refusal_looks_like_and_has_one_name() {
        let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let mut names = std::collections::BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["responses"]["default"].is_object(), "{method} {path}");
                assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
            }
        }
        assert!(names.len() >= 37, "{}", names.len());
    }
}
