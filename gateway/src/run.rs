//! A gateway from its settings to its end.

use std::{net::SocketAddr, sync::Arc};

use proofmill_chain::{Chain, RpcChain};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Parts},
    attend,
    bridge::{self, Bridge},
    error::GatewayError,
    faucet::Faucet,
    feed,
    files::Files,
    limits, serve,
    settings::Settings,
    store::Store,
};

/// A gateway that runs.
pub struct Gateway {
    pub app: Arc<App>,
    pub address: SocketAddr,
    cancel: CancellationToken,
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Opens everything and begins to index and to serve.
    ///
    /// # Errors
    /// [`GatewayError`] with what cannot be opened. An RPC node that does not answer is one: without it nothing is known,
    /// not even which network this is.
    pub async fn start(settings: Settings) -> Result<Self, GatewayError> {
        let io = |what: String| move |source| GatewayError::Io { what, source };
        std::fs::create_dir_all(&settings.data_dir).map_err(io(settings.data_dir.display().to_string()))?;
        let listener = TcpListener::bind(settings.listen).await.map_err(io(settings.listen.to_string()))?;
        let address = listener.local_addr().map_err(io(settings.listen.to_string()))?;
        let chain = Arc::new(RpcChain::new(&settings.rpc_url, settings.ws_url.as_deref().unwrap_or_default()));
        let genesis = chain.genesis_hash().await?.to_string();
        let store = Store::connect(&settings.database).await?;
        store.bind_network(&genesis).await?;
        let key_file = settings.node_key.clone().unwrap_or_else(|| settings.data_dir.join("node-key.json"));
        let bridge = Bridge::open(&key_file, &settings.data_dir).await?;
        let faucet = settings.faucet_keypair.as_deref().map(Faucet::open).transpose()?;
        let files = settings.app_dir.as_deref().map(Files::read).transpose()?.unwrap_or_default();
        let domain = settings.domain.clone().unwrap_or_else(|| address.to_string());
        let app =
            Arc::new(App::new(Parts { settings, domain, chain, genesis, store, bridge: Some(bridge), faucet, files }));
        let cancel = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(feed::run(app.clone(), cancel.clone()));
        tasks.spawn(bridge::deliver(app.clone(), cancel.clone()));
        tasks.spawn(attend::run(app.clone(), cancel.clone()));
        tasks.spawn(sweep(app.clone(), cancel.clone()));
        tasks.spawn(serve::serve(listener, app.clone(), cancel.clone()));
        Ok(Self { app, address, cancel, tasks })
    }

    /// Waits until one of its parts ends, which none does by itself.
    pub async fn ended(&mut self) {
        let _ = self.tasks.join_next().await;
    }

    /// Ends everything, in order.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        while self.tasks.join_next().await.is_some() {}
        if let Some(bridge) = &self.app.bridge {
            bridge.close().await;
        }
        self.app.store.close().await;
    }
}

async fn sweep(app: Arc<App>, cancel: CancellationToken) {
    let mut pause = tokio::time::interval(limits::SWEEP_EVERY);
    while cancel.run_until_cancelled(pause.tick()).await.is_some() {
        if let Err(error) = app.store.sweep(App::wall_clock()).await {
            tracing::error!(%error, "what has expired stays");
        }
    }
}
