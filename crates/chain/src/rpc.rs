//! The seam over JSON-RPC.
//!
//! Every request has one time limit around everything the client library does, its rate-limit pauses included. Reads
//! are retried a bounded number of times; a submission is tried once, since only the outbox knows whether to repeat it.
//! Answers are parsed from plain JSON, so that an error or a field unknown to this version is kept, not a failure.

use std::{
    str::FromStr,
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use solana_account_decoder_client_types::UiAccount;
use solana_address::Address;
use solana_commitment_config::CommitmentConfig;
use solana_hash::Hash;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::{
    client_error::{Error as ClientError, ErrorKind},
    request::{RpcError, RpcRequest, RpcResponseErrorData},
};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use crate::{
    bounds,
    chain::{
        AccountSnapshot, Chain, ChainFuture, ChainTime, Filter, HistoryEntry, Level, Preflight, ProgramAccounts,
        ProgramCall, RecentBlockhash, SignatureStatus, Simulation, TransactionFailure, TransactionRecord,
    },
    error::ChainError,
};

const CLOCK: Address = Address::from_str_const("SysvarC1ock11111111111111111111111111111111");

const PREFLIGHT_FAILURE: i64 = -32002;
const SIGNATURE_REFUSED: i64 = -32003;
const NODE_UNHEALTHY: i64 = -32005;
const CONTEXT_SLOT_NOT_REACHED: i64 = -32016;

/// How an [`RpcChain`] asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcOptions {
    /// Time limit of one request.
    pub timeout: Duration,
    /// How often a read is tried in all; at least once.
    pub attempts: u32,
    /// Pause before the second attempt; doubled before each further one.
    pub backoff: Duration,
    /// Commitment of every read.
    pub commitment: CommitmentConfig,
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self {
            timeout: bounds::REQUEST_TIMEOUT,
            attempts: bounds::READ_ATTEMPTS,
            backoff: bounds::READ_BACKOFF,
            commitment: CommitmentConfig::confirmed(),
        }
    }
}

/// A [`Chain`] behind a JSON-RPC URL. Clones share the connection pool and the newest slot seen.
#[derive(Clone)]
pub struct RpcChain {
    client: Arc<RpcClient>,
    ws_url: String,
    shown_url: Arc<str>,
    options: RpcOptions,
    newest_slot: Arc<AtomicU64>,
}

impl RpcChain {
    /// A chain at `confirmed` with the default limits. No request is made yet.
    pub fn new(rpc_url: &str, ws_url: &str) -> Self {
        Self::with_options(rpc_url, ws_url, RpcOptions::default())
    }

    /// A chain with limits and a commitment of the caller's choice.
    pub fn with_options(rpc_url: &str, ws_url: &str, options: RpcOptions) -> Self {
        let client =
            RpcClient::new_with_timeout_and_commitment(rpc_url.to_owned(), options.timeout, options.commitment);
        Self {
            client: Arc::new(client),
            ws_url: ws_url.to_owned(),
            shown_url: origin(rpc_url).into(),
            options,
            newest_slot: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The same node, read at `finalized`: for what must not be rolled back.
    pub fn finalized(&self) -> Self {
        // Its slots trail by the distance to finality, so it keeps its own newest slot.
        let options = RpcOptions { commitment: CommitmentConfig::finalized(), ..self.options };
        Self { options, newest_slot: Arc::new(AtomicU64::new(0)), ..self.clone() }
    }

    /// The WebSocket URL, for [`crate::watch_program`].
    pub fn ws_url(&self) -> &str {
        &self.ws_url
    }

    pub(crate) async fn once_raw(
        &self,
        request: RpcRequest,
        params: Value,
    ) -> Result<Result<Value, ClientError>, ChainError> {
        let asked = self.client.send::<Value>(request, params);
        tokio::time::timeout(self.options.timeout, asked).await.map_err(|_elapsed| self.timed_out())
    }

    async fn once(&self, request: RpcRequest, params: Value) -> Result<Value, ChainError> {
        let method = method_name(request);
        let asked = self.client.send::<Value>(request, params);
        match tokio::time::timeout(self.options.timeout, asked).await {
            Err(_elapsed) => Err(self.timed_out()),
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.translate(method, &error)),
        }
    }

    /// An idempotent read: asked again, with growing pauses, while the trouble may pass.
    async fn read<T>(
        &self,
        request: RpcRequest,
        params: Value,
        parse: impl Fn(&Value) -> Result<T, Unparsable>,
    ) -> Result<T, ChainError> {
        let method = method_name(request);
        let mut pause = self.options.backoff;
        let mut attempt: u32 = 1;
        loop {
            let answer = match self.once(request, params.clone()).await {
                Ok(value) => self.check_slot(request, &value).and_then(|()| {
                    parse(&value).map_err(|Unparsable(reason)| ChainError::InvalidResponse { method, reason })
                }),
                Err(error) => Err(error),
            };
            match answer {
                Err(error) if error.is_transient() && attempt < self.options.attempts => {
                    tracing::debug!(method, attempt, %error, "read is tried again");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    attempt = attempt.saturating_add(1);
                }
                settled => return settled,
            }
        }
    }

    /// Refuses an answer from another past.
    fn check_slot(&self, request: RpcRequest, value: &Value) -> Result<(), ChainError> {
        let slot = match request {
            RpcRequest::GetEpochInfo => value.get("absoluteSlot"),
            _ => value.pointer("/context/slot"),
        };
        let Some(slot) = slot.and_then(Value::as_u64) else { return Ok(()) };
        let seen = match request {
            // Answers at any commitment: it must not be behind, but says nothing about how far our reads are.
            RpcRequest::GetSignatureStatuses => self.newest_slot.load(Ordering::Relaxed),
            _ => self.newest_slot.fetch_max(slot, Ordering::Relaxed),
        };
        if slot.saturating_add(bounds::MAX_SLOT_REGRESSION) < seen {
            return Err(ChainError::NodeBehind { url: self.shown_url.to_string(), slot, seen });
        }
        Ok(())
    }

    fn timed_out(&self) -> ChainError {
        let millis = u64::try_from(self.options.timeout.as_millis()).unwrap_or(u64::MAX);
        ChainError::Timeout { url: self.shown_url.to_string(), millis }
    }

    pub(crate) fn translate(&self, method: &'static str, error: &ClientError) -> ChainError {
        let url = self.shown_url.to_string();
        match error.kind() {
            ErrorKind::Reqwest(error) if error.is_timeout() => self.timed_out(),
            ErrorKind::Reqwest(error) if error.status().is_some_and(|status| status.as_u16() == 429) => {
                ChainError::RateLimited { url }
            }
            // The words of the HTTP client may repeat the URL with its keys: only its kind is kept.
            ErrorKind::Reqwest(error) if error.is_decode() => {
                ChainError::InvalidResponse { method, reason: "the answer is not whole JSON".to_owned() }
            }
            ErrorKind::Reqwest(error) => {
                let reason = match error.status() {
                    Some(status) => format!("HTTP status {status}"),
                    None if error.is_connect() => "no connection".to_owned(),
                    None if error.is_body() || error.is_request() => "the connection broke".to_owned(),
                    None => "the HTTP request failed".to_owned(),
                };
                ChainError::Unreachable { url, reason }
            }
            ErrorKind::Middleware(_) => ChainError::Unreachable { url, reason: "the HTTP request failed".to_owned() },
            ErrorKind::Io(error) => ChainError::Unreachable { url, reason: error.kind().to_string() },
            ErrorKind::SerdeJson(error) => ChainError::InvalidResponse { method, reason: error.to_string() },
            ErrorKind::RpcError(RpcError::RpcResponseError { code, message, data }) => {
                self.refusal(method, *code, message, data)
            }
            other => ChainError::InvalidResponse { method, reason: other.to_string() },
        }
    }

    fn refusal(&self, method: &'static str, code: i64, message: &str, data: &RpcResponseErrorData) -> ChainError {
        match (code, data) {
            (PREFLIGHT_FAILURE, RpcResponseErrorData::SendTransactionPreflightFailure(result)) => {
                let error = result.err.as_ref().and_then(|error| serde_json::to_value(error).ok());
                let failure = error.map_or_else(
                    || TransactionFailure { instruction_index: None, code: None, reason: message.to_owned() },
                    |error| TransactionFailure::from_json(&error),
                );
                ChainError::Rejected { failure, logs: result.logs.clone().unwrap_or_default(), landed: None }
            }
            // Some nodes put the reason into the sentence alone.
            (PREFLIGHT_FAILURE | SIGNATURE_REFUSED, _) => {
                let reason = if message.contains("already been processed") {
                    "AlreadyProcessed".to_owned()
                } else if message.contains("Blockhash not found") {
                    "BlockhashNotFound".to_owned()
                } else {
                    message.to_owned()
                };
                let failure = TransactionFailure { instruction_index: None, code: None, reason };
                ChainError::Rejected { failure, logs: Vec::new(), landed: None }
            }
            (NODE_UNHEALTHY | CONTEXT_SLOT_NOT_REACHED, _) => ChainError::NodeBehind {
                url: self.shown_url.to_string(),
                slot: 0,
                seen: self.newest_slot.load(Ordering::Relaxed),
            },
            _ => ChainError::Refused { method, code, message: message.to_owned() },
        }
    }

    fn commitment(&self) -> Value {
        json!(self.options.commitment.commitment.to_string())
    }
}

impl Chain for RpcChain {
    fn account(&self, address: Address) -> ChainFuture<'_, Option<AccountSnapshot>> {
        Box::pin(async move {
            let config = json!({ "encoding": "base64", "commitment": self.commitment() });
            let params = json!([address.to_string(), config]);
            self.read(RpcRequest::GetAccountInfo, params, |answer| {
                let slot = context_slot(answer)?;
                optional(field(answer, "value")?, |account| snapshot(address, slot, account))
            })
            .await
        })
    }

    fn accounts<'a>(&'a self, addresses: &'a [Address]) -> ChainFuture<'a, Vec<Option<AccountSnapshot>>> {
        Box::pin(async move {
            let mut all = Vec::with_capacity(addresses.len());
            for page in addresses.chunks(bounds::ACCOUNTS_PER_REQUEST) {
                let names: Vec<String> = page.iter().map(Address::to_string).collect();
                let config = json!({ "encoding": "base64", "commitment": self.commitment() });
                let found = self
                    .read(RpcRequest::GetMultipleAccounts, json!([names, config]), |answer| {
                        let slot = context_slot(answer)?;
                        let values = array(field(answer, "value")?)?;
                        if values.len() != page.len() {
                            return Err(Unparsable(format!("{} answers to {} questions", values.len(), page.len())));
                        }
                        let pairs = page.iter().zip(values);
                        pairs
                            .map(|(address, value)| optional(value, |account| snapshot(*address, slot, account)))
                            .collect::<Result<Vec<_>, _>>()
                    })
                    .await?;
                all.extend(found);
            }
            Ok(all)
        })
    }

    fn program_accounts<'a>(&'a self, program: Address, filters: &'a [Filter]) -> ChainFuture<'a, ProgramAccounts> {
        Box::pin(async move {
            Filter::check(filters)?;
            let config = json!({
                "encoding": "base64",
                "commitment": self.commitment(),
                "withContext": true,
                "filters": filters_json(filters),
            });
            let params = json!([program.to_string(), config]);
            self.read(RpcRequest::GetProgramAccounts, params, |answer| {
                let slot = context_slot(answer)?;
                let accounts = array(field(answer, "value")?)?
                    .iter()
                    .map(|keyed| snapshot(parsed(field(keyed, "pubkey")?)?, slot, field(keyed, "account")?))
                    .collect::<Result<Vec<_>, _>>()?;
                // A node is not trusted to filter: an account of another owner or shape is not in the answer.
                let accounts = accounts
                    .into_iter()
                    .filter(|account| {
                        account.owner == program && filters.iter().all(|filter| filter.matches(&account.data))
                    })
                    .collect();
                Ok(ProgramAccounts { slot, accounts })
            })
            .await
        })
    }

    fn clock(&self) -> ChainFuture<'_, ChainTime> {
        Box::pin(async move {
            let method = method_name(RpcRequest::GetAccountInfo);
            let account = self.account(CLOCK).await?;
            let data = account.map(|account| account.data).unwrap_or_default();
            let word = |at: usize| {
                let bytes = data.get(at..at.saturating_add(8))?;
                <[u8; 8]>::try_from(bytes).ok()
            };
            // Clock: slot, epoch_start_timestamp, epoch, leader_schedule_epoch, unix_timestamp; 8 bytes each.
            match (word(0), word(32)) {
                (Some(slot), Some(unix_timestamp)) => {
                    Ok(ChainTime { slot: u64::from_le_bytes(slot), unix_timestamp: i64::from_le_bytes(unix_timestamp) })
                }
                _ => Err(ChainError::InvalidResponse { method, reason: "the Clock sysvar is missing".to_owned() }),
            }
        })
    }

    fn latest_blockhash(&self) -> ChainFuture<'_, RecentBlockhash> {
        Box::pin(async move {
            let params = json!([{ "commitment": self.commitment() }]);
            self.read(RpcRequest::GetLatestBlockhash, params, |answer| {
                let value = field(answer, "value")?;
                Ok(RecentBlockhash {
                    hash: parsed::<Hash>(field(value, "blockhash")?)?,
                    last_valid_block_height: number(field(value, "lastValidBlockHeight")?)?,
                })
            })
            .await
        })
    }

    fn block_height(&self) -> ChainFuture<'_, u64> {
        Box::pin(async move {
            // Not getBlockHeight: this answer also carries the slot, so that a node which lags is refused.
            let params = json!([{ "commitment": self.commitment() }]);
            self.read(RpcRequest::GetEpochInfo, params, |answer| number(field(answer, "blockHeight")?)).await
        })
    }

    fn send_raw<'a>(&'a self, transaction: &'a [u8], preflight: Preflight) -> ChainFuture<'a, ()> {
        Box::pin(async move {
            let config = json!({
                "encoding": "base64",
                "skipPreflight": preflight == Preflight::Skip,
                "preflightCommitment": self.commitment(),
                // The outbox resends; a node's own retries would only blur what was sent when.
                "maxRetries": 0,
            });
            let params = json!([BASE64_STANDARD.encode(transaction), config]);
            self.once(RpcRequest::SendTransaction, params).await.map(|_signature| ())
        })
    }

    fn signature_status(&self, signature: Signature) -> ChainFuture<'_, Option<SignatureStatus>> {
        Box::pin(async move {
            let params = json!([[signature.to_string()], { "searchTransactionHistory": true }]);
            self.read(RpcRequest::GetSignatureStatuses, params, |answer| {
                let value = array(field(answer, "value")?)?.first().ok_or_else(|| missing("value[0]"))?;
                optional(value, |status| {
                    let level = match status.get("confirmationStatus").and_then(Value::as_str) {
                        Some("finalized") => Level::Finalized,
                        Some("confirmed") => Level::Confirmed,
                        Some("processed") => Level::Processed,
                        // Old nodes leave it out; `confirmations: null` says that the block is rooted.
                        _ if status.get("confirmations").is_some_and(Value::is_null) => Level::Finalized,
                        _ => Level::Processed,
                    };
                    Ok(SignatureStatus { slot: number(field(status, "slot")?)?, level, failure: failure(status) })
                })
            })
            .await
        })
    }

    fn simulate<'a>(&'a self, transaction: &'a [u8]) -> ChainFuture<'a, Simulation> {
        Box::pin(async move {
            let config = json!({
                "encoding": "base64",
                "commitment": self.commitment(),
                "sigVerify": false,
                "replaceRecentBlockhash": true,
            });
            let params = json!([BASE64_STANDARD.encode(transaction), config]);
            self.read(RpcRequest::SimulateTransaction, params, |answer| {
                let value = field(answer, "value")?;
                Ok(Simulation {
                    failure: failure(value),
                    logs: logs(value.get("logs")),
                    compute_units: value.get("unitsConsumed").and_then(Value::as_u64).unwrap_or(0),
                })
            })
            .await
        })
    }

    fn minimum_balance(&self, data_len: usize) -> ChainFuture<'_, u64> {
        Box::pin(
            async move { self.read(RpcRequest::GetMinimumBalanceForRentExemption, json!([data_len]), number).await },
        )
    }

    fn genesis_hash(&self) -> ChainFuture<'_, Hash> {
        Box::pin(async move { self.read(RpcRequest::GetGenesisHash, Value::Null, parsed::<Hash>).await })
    }

    fn transaction(&self, signature: Signature) -> ChainFuture<'_, Option<TransactionRecord>> {
        Box::pin(async move {
            let config = json!({
                "encoding": "base64",
                "commitment": self.commitment(),
                "maxSupportedTransactionVersion": 1,
            });
            let params = json!([signature.to_string(), config]);
            self.read(RpcRequest::GetTransaction, params, |answer| optional(answer, transaction_record)).await
        })
    }

    fn history(
        &self,
        address: Address,
        before: Option<Signature>,
        until: Option<Signature>,
        limit: usize,
    ) -> ChainFuture<'_, Vec<HistoryEntry>> {
        Box::pin(async move {
            let config = json!({
                "commitment": self.commitment(),
                "before": before.map(|signature| signature.to_string()),
                "until": until.map(|signature| signature.to_string()),
                "limit": limit.clamp(1, bounds::HISTORY_PAGE),
            });
            let params = json!([address.to_string(), config]);
            self.read(RpcRequest::GetSignaturesForAddress, params, |answer| {
                array(answer)?
                    .iter()
                    .map(|line| {
                        Ok(HistoryEntry {
                            signature: parsed(field(line, "signature")?)?,
                            slot: number(field(line, "slot")?)?,
                            failed: failure(line).is_some(),
                            block_time: line.get("blockTime").and_then(Value::as_i64),
                        })
                    })
                    .collect()
            })
            .await
        })
    }
}

/// An answer without the promised shape; becomes [`ChainError::InvalidResponse`] where the method is known.
struct Unparsable(String);

fn missing(name: &str) -> Unparsable {
    Unparsable(format!("`{name}` is missing or of another kind"))
}

fn field<'a>(value: &'a Value, name: &str) -> Result<&'a Value, Unparsable> {
    value.get(name).ok_or_else(|| missing(name))
}

fn array(value: &Value) -> Result<&Vec<Value>, Unparsable> {
    value.as_array().ok_or_else(|| missing("a list"))
}

fn number(value: &Value) -> Result<u64, Unparsable> {
    value.as_u64().ok_or_else(|| missing("a number"))
}

fn parsed<T: FromStr>(value: &Value) -> Result<T, Unparsable> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| missing("a base58 text"))
}

fn optional<T>(value: &Value, parse: impl FnOnce(&Value) -> Result<T, Unparsable>) -> Result<Option<T>, Unparsable> {
    if value.is_null() { Ok(None) } else { parse(value).map(Some) }
}

fn context_slot(answer: &Value) -> Result<u64, Unparsable> {
    answer.pointer("/context/slot").and_then(Value::as_u64).ok_or_else(|| missing("context.slot"))
}

fn failure(value: &Value) -> Option<TransactionFailure> {
    value.get("err").filter(|error| !error.is_null()).map(TransactionFailure::from_json)
}

fn logs(value: Option<&Value>) -> Vec<String> {
    let lines = value.and_then(Value::as_array);
    lines.map_or_else(Vec::new, |lines| lines.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn snapshot(address: Address, slot: u64, value: &Value) -> Result<AccountSnapshot, Unparsable> {
    let account: UiAccount =
        serde_json::from_value(value.clone()).map_err(|error| Unparsable(format!("account {address}: {error}")))?;
    Ok(AccountSnapshot {
        address,
        lamports: account.lamports,
        owner: account.owner.parse().map_err(|_| missing("owner"))?,
        executable: account.executable,
        data: account.data.decode().ok_or_else(|| missing("data"))?,
        slot,
    })
}

fn transaction_record(value: &Value) -> Result<TransactionRecord, Unparsable> {
    let meta = field(value, "meta")?;
    let encoded = value.pointer("/transaction/0").and_then(Value::as_str).ok_or_else(|| missing("transaction"))?;
    let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| missing("transaction"))?;
    Ok(TransactionRecord {
        slot: number(field(value, "slot")?)?,
        block_time: value.get("blockTime").and_then(Value::as_i64),
        failure: failure(meta),
        logs: logs(meta.get("logMessages")),
        compute_units: meta.get("computeUnitsConsumed").and_then(Value::as_u64).unwrap_or(0),
        fee: number(field(meta, "fee")?)?,
        size: bytes.len(),
        calls: calls(&bytes, meta),
    })
}

/// Every call of a transaction. What the node says of the inner ones is no proof; nor is the rest of its answer.
fn calls(bytes: &[u8], meta: &Value) -> Vec<ProgramCall> {
    let Ok(transaction) = wincode::deserialize::<VersionedTransaction>(bytes) else { return Vec::new() };
    let message = &transaction.message;
    let loaded = ["writable", "readonly"].into_iter().flat_map(|kind| {
        let addresses = meta.pointer(&format!("/loadedAddresses/{kind}")).and_then(Value::as_array);
        addresses.into_iter().flatten().filter_map(|address| address.as_str()?.parse().ok())
    });
    let keys: Vec<Address> = message.static_account_keys().iter().copied().chain(loaded).collect();
    let inner = meta.get("innerInstructions").and_then(Value::as_array);
    let inner_of = |outer: usize| {
        let groups = inner.into_iter().flatten();
        let own = groups.filter(move |group| group.get("index").and_then(Value::as_u64) == u64::try_from(outer).ok());
        own.filter_map(|group| group.get("instructions")?.as_array()).flatten()
    };
    let mut calls = Vec::new();
    for (at, instruction) in message.instructions().iter().enumerate() {
        if let Some(program) = keys.get(usize::from(instruction.program_id_index)) {
            calls.push(ProgramCall { program: *program, data: instruction.data.clone() });
        }
        calls.extend(inner_of(at).filter_map(|called| {
            let program = keys.get(usize::try_from(called.get("programIdIndex")?.as_u64()?).ok()?)?;
            let data = bs58::decode(called.get("data")?.as_str()?).into_vec().ok()?;
            Some(ProgramCall { program: *program, data })
        }));
    }
    calls
}

pub(crate) fn filters_json(filters: &[Filter]) -> Value {
    filters
        .iter()
        .map(|filter| match filter {
            Filter::DataSize(size) => json!({ "dataSize": size }),
            Filter::Memcmp { offset, bytes } => json!({
                "memcmp": { "offset": offset, "bytes": BASE64_STANDARD.encode(bytes), "encoding": "base64" }
            }),
        })
        .collect()
}

fn method_name(request: RpcRequest) -> &'static str {
    match request {
        RpcRequest::GetAccountInfo => "getAccountInfo",
        RpcRequest::GetMultipleAccounts => "getMultipleAccounts",
        RpcRequest::GetProgramAccounts => "getProgramAccounts",
        RpcRequest::GetLatestBlockhash => "getLatestBlockhash",
        RpcRequest::GetEpochInfo => "getEpochInfo",
        RpcRequest::SendTransaction => "sendTransaction",
        RpcRequest::GetSignatureStatuses => "getSignatureStatuses",
        RpcRequest::SimulateTransaction => "simulateTransaction",
        RpcRequest::GetMinimumBalanceForRentExemption => "getMinimumBalanceForRentExemption",
        RpcRequest::GetGenesisHash => "getGenesisHash",
        RpcRequest::GetTransaction => "getTransaction",
        RpcRequest::GetSignaturesForAddress => "getSignaturesForAddress",
        _ => "another method",
    }
}

/// Scheme, host and port. Path, query and credentials may be secrets and are never shown.
pub(crate) fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "(not a URL)".to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        assert_eq!(origin("https://user:pass@rpc.example:8899/key?api-key=1"), "https://rpc.example:8899");
        assert_eq!(origin("http://127.0.0.1:1?key=a/b@c"), "http://127.0.0.1:1");
        assert_eq!(origin("nonsense"), "(not a URL)");
    }
}
