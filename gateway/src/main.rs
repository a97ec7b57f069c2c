//! `proofmill-gateway`: reads its settings, runs, ends on a signal.

use std::process::ExitCode;

use clap::Parser;
use proofmill_gateway::{
    error::GatewayError,
    run::Gateway,
    settings::{Arguments, Settings},
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_env("PROOFMILL_LOG").unwrap_or_else(|_| EnvFilter::new("warn,proofmill_gateway=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proofmill-gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), GatewayError> {
    let io = |source| GatewayError::Io { what: "signals".to_owned(), source };
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt()).map_err(io)?, signal(SignalKind::terminate()).map_err(io)?);
    let mut gateway = Gateway::start(Settings::resolve(arguments)?).await?;
    println!("{}", serde_json::json!({ "event": "listening", "url": format!("http://{}", gateway.address) }));
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        () = gateway.ended() => tracing::error!("a part of the gateway ended"),
    }
    gateway.stop().await;
    Ok(())
}
