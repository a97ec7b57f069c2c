//! Questions of others, passed on as they are. Which methods may be asked is the caller's to say.

use serde_json::{Value, json};
use solana_rpc_client_api::{
    client_error::ErrorKind,
    request::{RpcError, RpcRequest, RpcResponseErrorData},
};

use crate::{error::ChainError, rpc::RpcChain};

/// What the node answered: exactly one of the two forms of JSON-RPC.
#[derive(Clone, Debug, PartialEq)]
pub enum Relayed {
    /// Its result.
    Result(Value),
    /// Its error, with the program's logs where a simulation failed.
    Error {
        /// JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
        /// What else it says; null where nothing.
        data: Value,
    },
}

impl RpcChain {
    /// Asks the node once, within the time limit of a request. `params` are the parameters as JSON-RPC has them.
    ///
    /// # Errors
    /// [`ChainError`] when there is no answer; an error that the node answered with is a [`Relayed::Error`].
    pub async fn relay(&self, method: &'static str, params: Value) -> Result<Relayed, ChainError> {
        let error = match self.once_raw(RpcRequest::Custom { method }, params).await? {
            Ok(value) => return Ok(Relayed::Result(value)),
            Err(error) => error,
        };
        if let ErrorKind::RpcError(RpcError::RpcResponseError { code, message, data }) = error.kind() {
            let data = match data {
                RpcResponseErrorData::SendTransactionPreflightFailure(result) => {
                    serde_json::to_value(result).unwrap_or(Value::Null)
                }
                RpcResponseErrorData::NodeUnhealthy { num_slots_behind } => {
                    json!({ "numSlotsBehind": num_slots_behind })
                }
                RpcResponseErrorData::Empty => Value::Null,
            };
            return Ok(Relayed::Error { code: *code, message: message.clone(), data });
        }
        Err(self.translate(method, &error))
    }
}
