//! A node: one key, one UDP socket, any number of connections in both directions.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use iroh::{
    Endpoint, EndpointAddr, NetReportConfig, PublicKey, RelayMode, RelayUrl, SecretKey,
    endpoint::{PortmapperConfig, QuicTransportConfig, VarInt, presets},
};
use tokio::{task::JoinHandle, time::timeout};

use crate::{ALPN, error::DataError, handler::Handler, limits::Limits, peer::Peer, server};

/// How a node finds and is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// No relays, no address look-ups: a peer is dialled by the key and the socket address that the chain announces,
    /// and nobody else is asked or told anything.
    #[default]
    Offline,
    /// As above, and through these relays (URLs) where no direct path can be punched. A relay sees who talks to whom
    /// and how much, never what.
    Relays(Vec<String>),
}

/// What a node is made of.
#[derive(Clone)]
pub struct NodeConfig {
    /// The Ed25519 seed of the node key.
    pub secret_key: [u8; 32],
    /// The socket to bind. Port 0 takes a free one; the other address family is not bound.
    pub bind_addr: SocketAddr,
    /// How the node finds and is found.
    pub network: Network,
    /// Its bounds.
    pub limits: Limits,
}

impl NodeConfig {
    /// A node without relays and look-ups, with the default limits.
    pub fn offline(secret_key: [u8; 32], bind_addr: SocketAddr) -> NodeConfig {
        NodeConfig { secret_key, bind_addr, network: Network::Offline, limits: Limits::default() }
    }
}

impl fmt::Debug for NodeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeConfig")
            .field("public_key", &hex::encode(public_key_of(&self.secret_key)))
            .field("bind_addr", &self.bind_addr)
            .field("network", &self.network)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Whom to dial, as the chain announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr {
    /// The node key. Whoever answers without it is not connected to.
    pub key: [u8; 32],
    /// The socket.
    pub addr: SocketAddr,
}

/// The node key that belongs to a seed.
pub fn public_key_of(secret_key: &[u8; 32]) -> [u8; 32] {
    *SecretKey::from_bytes(secret_key).public().as_bytes()
}

/// A running node. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Node {
    endpoint: Endpoint,
    relays: Vec<RelayUrl>,
    local_addr: SocketAddr,
    limits: Limits,
    serving: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Node {
    /// Binds the socket. The node can dial at once, and answers after [`Node::serve`].
    pub async fn bind(config: NodeConfig) -> Result<Node, DataError> {
        let failed = |reason: String| DataError::BindFailed { reason };
        let limits = config.limits;
        let window = VarInt::from_u32(limits.connection_window);
        let transport = QuicTransportConfig::builder()
            .max_concurrent_bidi_streams(VarInt::from_u32(limits.max_streams_per_connection))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .datagram_receive_buffer_size(None)
            .stream_receive_window(VarInt::from_u32(limits.stream_window))
            .receive_window(window)
            .send_window(u64::from(limits.connection_window))
            .build();
        let mut builder = Endpoint::builder(presets::Minimal)
            .secret_key(SecretKey::from_bytes(&config.secret_key))
            .transport_config(transport)
            .clear_address_lookup()
            .clear_ip_transports()
            .bind_addr(config.bind_addr)
            .map_err(|error| failed(format!("{error:#}")))?;
        let relays = match config.network {
            Network::Offline => {
                builder = builder
                    .relay_mode(RelayMode::Disabled)
                    .portmapper_config(PortmapperConfig::Disabled)
                    .net_report_config(NetReportConfig::minimal());
                Vec::new()
            }
            Network::Relays(urls) => {
                let relays = urls
                    .iter()
                    .map(|url| url.parse::<RelayUrl>().map_err(|error| failed(format!("{url}: {error:#}"))))
                    .collect::<Result<Vec<_>, _>>()?;
                builder = builder.relay_mode(RelayMode::custom(relays.iter().cloned()));
                relays
            }
        };
        let endpoint = builder.bind().await.map_err(|error| failed(format!("{error:#}")))?;
        let local_addr = endpoint
            .bound_sockets()
            .into_iter()
            .find(|bound| bound.is_ipv4() == config.bind_addr.is_ipv4())
            .ok_or_else(|| failed(format!("{} was not bound", config.bind_addr)))?;
        Ok(Node { endpoint, relays, local_addr, limits, serving: Arc::default() })
    }

    /// The node key.
    pub fn public_key(&self) -> [u8; 32] {
        *self.endpoint.id().as_bytes()
    }

    /// The bound socket. Bound to an unspecified address, this is not what a peer can dial.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The key and the bound socket together.
    pub fn peer_addr(&self) -> PeerAddr {
        PeerAddr { key: self.public_key(), addr: self.local_addr }
    }

    /// The bounds this node keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers peers from now on, in tasks of its own, until [`Node::close`].
    pub fn serve<H: Handler>(&self, handler: Arc<H>) -> Result<(), DataError> {
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        if serving.is_some() {
            return Err(DataError::AlreadyServing);
        }
        self.endpoint.set_alpns(vec![ALPN.to_vec()]);
        *serving = Some(tokio::spawn(server::accept(self.endpoint.clone(), handler, self.limits)));
        Ok(())
    }

    /// Connects to a peer. Succeeds only if whoever answers holds the key asked for.
    pub async fn connect(&self, peer: PeerAddr) -> Result<Peer, DataError> {
        let failed = |reason: String| DataError::ConnectFailed { peer: peer.key, reason };
        let key = PublicKey::from_bytes(&peer.key).map_err(|error| failed(format!("{error:#}")))?;
        let mut addr = EndpointAddr::new(key).with_ip_addr(peer.addr);
        for relay in &self.relays {
            addr = addr.with_relay_url(relay.clone());
        }
        match timeout(self.limits.connect, self.endpoint.connect(addr, ALPN)).await {
            Ok(Ok(connection)) => Ok(Peer::new(connection, self.limits)),
            Ok(Err(error)) => Err(failed(format!("{error:#}"))),
            Err(_) => Err(failed(format!("no answer within {:?}", self.limits.connect))),
        }
    }

    /// Closes every connection, lets handlers finish what they are in (up to [`Limits::drain`]), and frees the socket.
    pub async fn close(&self) {
        self.endpoint.close().await;
        let serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(serving) = serving
            && let Err(error) = serving.await
        {
            tracing::error!(%error, "the accept loop ended badly");
        }
    }
}
