//! T40, "bad RPC": a scripted JSON-RPC server on 127.0.0.1 lies, stalls and breaks off. Every answer becomes a typed
//! error within its time limit, or the right value after a retry; nothing hangs, nothing panics.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use proofmill_chain::{Chain, ChainError, Filter, Level, Preflight, RpcChain, RpcOptions};
use serde_json::{Value, json};
use solana_address::Address;
use solana_signature::Signature;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How the server answers one request.
#[derive(Clone, Debug)]
enum Reply {
    /// A JSON-RPC result.
    Result(Value),
    /// A JSON-RPC error.
    Error(Value),
    /// An HTTP status without a body.
    Status(&'static str),
    /// A 200 with this body.
    Body(&'static str),
    /// A 200 that promises more bytes than it sends.
    Short(&'static str),
    /// Nothing, ever.
    Hang,
    /// The connection closes.
    Close,
}

struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
}

/// Answers the n-th request (from 0) by `script(n, request)`.
async fn serve(script: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let (counter, script) = (asked.clone(), Arc::new(script));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (counter, script) = (counter.clone(), script.clone());
            tokio::spawn(async move { answer(stream, &counter, script.as_ref()).await });
        }
    });
    Server { url, asked }
}

async fn answer(mut stream: TcpStream, counter: &AtomicUsize, script: &(dyn Fn(usize, &Value) -> Reply + Send + Sync)) {
    loop {
        let mut text = Vec::new();
        let request: Value = loop {
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => text.extend_from_slice(&chunk[..read]),
            }
            let Some(head) = text.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            if let Ok(request) = serde_json::from_slice(&text[head + 4..]) {
                break request;
            }
        };
        let (body, promised) = match script(counter.fetch_add(1, Ordering::SeqCst), &request) {
            Reply::Result(result) => (json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string(), 0),
            Reply::Error(error) => (json!({"jsonrpc": "2.0", "id": request["id"], "error": error}).to_string(), 0),
            Reply::Body(body) => (body.to_owned(), 0),
            Reply::Short(body) => (body.to_owned(), 100),
            Reply::Status(status) => {
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
                continue;
            }
            Reply::Hang => std::future::pending().await,
            Reply::Close => return,
        };
        let length = body.len() + promised;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(body.as_bytes()).await.is_err() {
            return;
        }
        if promised > 0 {
            return;
        }
    }
}

fn patient(server: &Server) -> RpcChain {
    RpcChain::new(&server.url, "ws://127.0.0.1:1")
}

fn brisk(server: &Server, attempts: u32) -> RpcChain {
    let options = RpcOptions {
        timeout: Duration::from_millis(300),
        attempts,
        backoff: Duration::from_millis(10),
        ..RpcOptions::default()
    };
    RpcChain::with_options(&server.url, "ws://127.0.0.1:1", options)
}

fn account_at(slot: u64) -> Reply {
    Reply::Result(json!({"context": {"slot": slot}, "value": {
        "lamports": 5, "owner": "11111111111111111111111111111111", "executable": false, "rentEpoch": 0, "space": 2,
        "data": ["AQI=", "base64"],
    }}))
}

const SOMEONE: Address = Address::new_from_array([4; 32]);

#[tokio::test]
async fn a_silent_node_is_a_timeout_within_the_limit() {
    let server = serve(|_, _| Reply::Hang).await;
    let began = Instant::now();
    let error = brisk(&server, 3).account(SOMEONE).await.unwrap_err();
    assert_eq!(error, ChainError::Timeout { url: server.url.clone(), millis: 300 });
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(server.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_or_named() {
    let once = serve(|nth, _| if nth == 0 { Reply::Status("429 Too Many Requests") } else { account_at(9) }).await;
    assert_eq!(patient(&once).account(SOMEONE).await.unwrap().unwrap().data, [1, 2]);

    let always = serve(|_, _| Reply::Status("429 Too Many Requests")).await;
    let options = RpcOptions { attempts: 1, ..RpcOptions::default() };
    let chain = RpcChain::with_options(&always.url, "ws://127.0.0.1:1", options);
    assert_eq!(chain.account(SOMEONE).await, Err(ChainError::RateLimited { url: always.url.clone() }));
}

#[tokio::test]
async fn a_long_retry_after_does_not_outlast_our_own_limit() {
    let server = serve(|_, _| Reply::Status("429 Too Many Requests\r\nretry-after: 100")).await;
    let began = Instant::now();
    let error = brisk(&server, 2).block_height().await.unwrap_err();
    assert!(matches!(error, ChainError::Timeout { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn broken_answers_are_typed_and_a_whole_one_afterwards_is_taken() {
    for broken in [
        Reply::Body("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"context\":{\"slo"),
        Reply::Short("{\"jsonrpc\":\"2.0\","),
        Reply::Body("<html>gateway</html>"),
        Reply::Body("[]"),
        Reply::Status("503 Service Unavailable"),
        Reply::Close,
        Reply::Error(json!({"code": -32005, "message": "Node is behind", "data": {"numSlotsBehind": 42}})),
        Reply::Error(json!({"code": -32016, "message": "Minimum context slot has not been reached"})),
    ] {
        let shown = format!("{broken:?}");
        let first = broken.clone();
        let server = serve(move |nth, _| if nth == 0 { first.clone() } else { account_at(9) }).await;
        let account = brisk(&server, 2).account(SOMEONE).await.unwrap();
        assert_eq!(account.unwrap().slot, 9, "{shown}");

        let server = serve(move |_, _| broken.clone()).await;
        let error = brisk(&server, 2).account(SOMEONE).await.unwrap_err();
        assert!(error.is_transient(), "{shown}: {error}");
        assert_eq!(server.asked.load(Ordering::SeqCst), 2, "{shown}");
    }
}

#[tokio::test]
async fn a_nodes_own_refusal_is_not_asked_again() {
    let server = serve(|_, _| Reply::Error(json!({"code": -32602, "message": "Invalid params"}))).await;
    let error = brisk(&server, 3).account(SOMEONE).await.unwrap_err();
    assert!(matches!(error, ChainError::Refused { code: -32602, method: "getAccountInfo", .. }), "{error}");
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_slot_that_goes_back_is_refused_until_it_returns() {
    let server = serve(|nth, _| match nth {
        0 => account_at(1000),
        1 => account_at(968),
        2 => account_at(967),
        _ => account_at(1001),
    })
    .await;
    let chain = brisk(&server, 1);
    assert_eq!(chain.account(SOMEONE).await.unwrap().unwrap().slot, 1000);
    assert_eq!(chain.account(SOMEONE).await.unwrap().unwrap().slot, 968, "a sibling a little behind is normal");
    let error = chain.account(SOMEONE).await.unwrap_err();
    assert_eq!(error, ChainError::NodeBehind { url: server.url.clone(), slot: 967, seen: 1000 });
    assert_eq!(chain.account(SOMEONE).await.unwrap().unwrap().slot, 1001);
}

#[tokio::test]
async fn a_lagging_node_may_not_say_that_a_signature_is_unknown() {
    let server = serve(|_, request| match request["method"].as_str() {
        Some("getEpochInfo") => Reply::Result(json!({"absoluteSlot": 5000, "blockHeight": 4000})),
        _ => Reply::Result(json!({"context": {"slot": 4000}, "value": [null]})),
    })
    .await;
    let chain = brisk(&server, 1);
    assert_eq!(chain.block_height().await, Ok(4000));
    let status = chain.signature_status(Signature::from([1; 64])).await;
    assert!(matches!(status, Err(ChainError::NodeBehind { slot: 4000, seen: 5000, .. })), "{status:?}");
}

#[tokio::test]
async fn a_submission_is_tried_once() {
    for reply in [Reply::Hang, Reply::Close, Reply::Body("nonsense")] {
        let server = serve(move |_, _| reply.clone()).await;
        let error = brisk(&server, 3).send_raw(&[1, 2, 3], Preflight::Skip).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_preflight_failure_carries_code_instruction_and_logs() {
    let server = serve(|_, request| {
        assert_eq!(request["params"][1]["skipPreflight"], false);
        Reply::Error(json!({"code": -32002, "message": "simulation failed", "data": {
            "err": {"InstructionError": [1, {"Custom": 6010}]}, "logs": ["Program log: no"], "accounts": null,
            "unitsConsumed": 7, "returnData": null,
        }}))
    })
    .await;
    let error = brisk(&server, 1).send_raw(&[0; 80], Preflight::Run).await.unwrap_err();
    let ChainError::Rejected { failure, logs, landed: None } = error else { panic!("{error}") };
    assert_eq!((failure.code, failure.instruction_index), (Some(6010), Some(1)));
    assert_eq!(logs, ["Program log: no"]);
}

#[tokio::test]
async fn a_refused_resend_of_a_landed_transaction_is_recognised_in_words_too() {
    let message = "Transaction verification failed: This transaction has already been processed";
    let server = serve(move |_, _| Reply::Error(json!({"code": -32002, "message": message}))).await;
    let error = brisk(&server, 1).send_raw(&[0; 80], Preflight::Skip).await.unwrap_err();
    assert!(matches!(error, ChainError::Rejected { failure, .. } if failure.is_already_processed()));
}

#[tokio::test]
async fn well_formed_answers_are_read_in_full() {
    let server = serve(|_, request| {
        Reply::Result(match request["method"].as_str().unwrap() {
            "getSignatureStatuses" => json!({"context": {"slot": 9}, "value": [{
                "slot": 8, "confirmations": null, "confirmationStatus": "finalized",
                "err": {"InstructionError": [0, "InvalidAccountData"]}, "status": {},
            }]}),
            "getTransaction" => {
                assert_eq!(request["params"][1]["maxSupportedTransactionVersion"], 1);
                json!({"slot": 7, "blockTime": 1_700_000_000, "version": 0, "transaction": ["AAAA", "base64"],
                    "meta": {"err": null, "fee": 5000, "computeUnitsConsumed": 150, "logMessages": ["a", "b"]}})
            }
            "getMultipleAccounts" => json!({"context": {"slot": 9}, "value":
                vec![Value::Null; request["params"][0].as_array().unwrap().len()]}),
            other => panic!("{other}"),
        })
    })
    .await;
    let chain = brisk(&server, 1);
    let status = chain.signature_status(Signature::from([1; 64])).await.unwrap().unwrap();
    assert_eq!((status.slot, status.level), (8, Level::Finalized));
    assert_eq!(status.failure.unwrap().reason, "InstructionError(0, InvalidAccountData)");
    let record = chain.transaction(Signature::from([1; 64])).await.unwrap().unwrap();
    assert_eq!((record.slot, record.fee, record.compute_units, record.size), (7, 5000, 150, 3));
    assert_eq!(record.logs, ["a", "b"]);
    assert_eq!(chain.accounts(&[SOMEONE; 250]).await.unwrap().len(), 250);
    assert_eq!(server.asked.load(Ordering::SeqCst), 2 + 3, "pages of 100");
}

#[tokio::test]
async fn accounts_of_another_owner_or_shape_are_not_in_the_answer() {
    let program = Address::new_from_array([8; 32]);
    let account = |owner: Address, data: &str| {
        json!({"pubkey": SOMEONE.to_string(), "account": {
            "lamports": 1, "owner": owner.to_string(), "executable": false, "rentEpoch": 0, "data": [data, "base64"]}})
    };
    let listed =
        json!([account(program, "AQI="), account(SOMEONE, "AQI="), account(program, "AgI="), account(program, "AQ==")]);
    let server = serve(move |_, _| Reply::Result(json!({"context": {"slot": 3}, "value": listed}))).await;
    let filters = [Filter::Memcmp { offset: 0, bytes: vec![1] }, Filter::DataSize(2)];
    let found = brisk(&server, 1).program_accounts(program, &filters).await.unwrap();
    assert_eq!(found.accounts.len(), 1);
    assert_eq!((found.slot, found.accounts[0].data.as_slice()), (3, [1_u8, 2].as_slice()));
}

#[tokio::test]
async fn no_shape_of_answer_to_any_question_panics_or_passes_for_another() {
    let context = json!({"slot": 1});
    for garbage in [
        json!(null),
        json!(-7),
        json!("text"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"context": {"slot": "x"}, "value": 1}),
        json!({"context": context, "value": -7}),
        json!({"context": context, "value": "text"}),
        json!({"context": context, "value": [7]}),
        json!({"context": context, "value": {}}),
        json!({"context": context, "value": {"data": ["!", "base64"], "owner": "?", "lamports": -1}}),
        json!({"slot": 1, "meta": {}, "transaction": []}),
    ] {
        let shown = garbage.to_string();
        let server = serve(move |_, _| Reply::Result(garbage.clone())).await;
        let chain = brisk(&server, 1);
        let signature = Signature::from([1; 64]);
        let invalid = |error: Option<ChainError>| {
            assert!(matches!(error, Some(ChainError::InvalidResponse { .. })), "{shown}: {error:?}");
        };
        invalid(chain.account(SOMEONE).await.err());
        invalid(chain.accounts(&[SOMEONE, SOMEONE]).await.err());
        invalid(chain.program_accounts(SOMEONE, &[]).await.err());
        invalid(chain.clock().await.err());
        invalid(chain.latest_blockhash().await.err());
        invalid(chain.block_height().await.err());
        invalid(chain.signature_status(signature).await.err());
        invalid(chain.minimum_balance(1).await.err());
        if shown != "null" {
            invalid(chain.transaction(signature).await.err());
        }
        if shown != "[]" {
            invalid(chain.history(SOMEONE, None, None, 1).await.err());
        }
        if shown != "\"text\"" {
            invalid(chain.genesis_hash().await.err());
        }
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable_and_the_key_in_the_url_stays_unsaid() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let options = RpcOptions { attempts: 1, ..RpcOptions::default() };
    let chain = RpcChain::with_options(&format!("{origin}/v1/SECRET?api-key=SECRET"), "ws://127.0.0.1:1", options);
    let error = chain.block_height().await.unwrap_err();
    assert!(matches!(&error, ChainError::Unreachable { url, .. } if *url == origin), "{error}");
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}
