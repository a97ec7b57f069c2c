//! The way to a running service: a connection to its node, made again when the node restarts.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use proofmill_client::market;
use proofmill_dataplane::{BlobKind, BlobName, DataError, Peer, Tunnel, UsageExchange};
use proofmill_jobspec::{JobSpec, Port, Protocol};
use proofmill_protocol::sha256;
use solana_address::Address;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use crate::{error::CliError, limits, tenant::Tenant};

/// A connection and which one it is, so that of many who find it broken one makes another.
struct Connected {
    number: u64,
    attempt: u16,
    peer: Peer,
}

/// The way to one service.
pub struct Line {
    pub tenant: Tenant,
    pub job: Address,
    connection: Mutex<Option<Connected>>,
    made: AtomicU64,
}

impl Line {
    pub fn new(tenant: Tenant, job: Address) -> Self {
        Self { tenant, job, connection: Mutex::new(None), made: AtomicU64::new(0) }
    }

    /// The connection, or another one than number `broken`.
    async fn connected(&self, broken: Option<u64>) -> Result<(u64, u16, Peer)> {
        let mut held = self.connection.lock().await;
        if let Some(Connected { number, attempt, peer }) = held.as_ref().filter(|held| Some(held.number) != broken) {
            return Ok((*number, *attempt, peer.clone()));
        }
        *held = None;
        let job = self.tenant.job(&self.job).await?;
        let peer = self.tenant.dial(&job).await?;
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        *held = Some(Connected { number, attempt: job.attempt, peer: peer.clone() });
        Ok((number, job.attempt, peer))
    }

    /// Asks the node, once more over a new connection if the one that was open has died meanwhile.
    async fn ask<T, F: Future<Output = Result<T, DataError>> + Send>(
        &self,
        ask: impl Fn(Peer, u16) -> F + Send,
    ) -> Result<T> {
        let (number, attempt, peer) = self.connected(None).await?;
        // A node that was killed does not say so: its old connection only falls silent.
        match timeout(limits::CONNECTION_PATIENCE, ask(peer, attempt)).await {
            // It answered: another connection would hear the same.
            Ok(Err(refused @ DataError::Refused { .. })) => return Err(refused.into()),
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(_)) | Err(_) => {}
        }
        let (_, attempt, peer) = self.connected(Some(number)).await?;
        Ok(ask(peer, attempt).await?)
    }

    /// A tunnel to a port of the service.
    pub async fn tunnel(&self, port: u16) -> Result<Tunnel> {
        let job = self.job.to_bytes();
        self.ask(move |peer, attempt| async move { peer.tunnel(job, attempt, port).await }).await
    }

    /// The same, tried again while the node is away, for as long as a local connection waits.
    pub async fn tunnel_soon(&self, port: u16) -> Result<Tunnel> {
        let started = Instant::now();
        loop {
            match self.tunnel(port).await {
                Ok(tunnel) => return Ok(tunnel),
                Err(error) if started.elapsed() > limits::TUNNEL_WITHIN => return Err(error),
                Err(_) => sleep(limits::TUNNEL_RETRY).await,
            }
        }
    }

    /// The node's newest signed total.
    pub async fn usage(&self) -> Result<UsageExchange> {
        let job = self.job.to_bytes();
        self.ask(move |peer, attempt| async move { peer.usage(job, attempt).await }).await
    }

    /// Whether the service answers on its port, within [`limits::LOOK_WITHIN`]: where HTTP is spoken with a byte of an
    /// answer, elsewhere by taking the connection.
    pub async fn answers(&self, port: &Port) -> bool {
        let look = async {
            let mut tunnel = self.tunnel(port.number).await?;
            if port.protocol == Protocol::Http {
                tunnel.write_all(b"HEAD / HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n").await?;
                tunnel.read_u8().await?;
            }
            anyhow::Ok(())
        };
        matches!(timeout(limits::LOOK_WITHIN, look).await, Ok(Ok(())))
    }

    /// The document that the job was posted with, from its node; checked against the chain.
    pub async fn document(&self) -> Result<JobSpec> {
        let job = self.tenant.job(&self.job).await?;
        let name = self.job.to_bytes();
        let ask = move |peer: Peer, attempt| async move {
            let name = BlobName { job: name, attempt, kind: BlobKind::Spec };
            peer.get_bytes(&name, limits::SPEC_BYTES_MAX).await
        };
        let bytes = self.ask(ask).await.context("asking the node for the document")?;
        let found = sha256(&[&bytes]);
        if found != job.spec_hash {
            let (found, expected) = (hex::encode(found), hex::encode(job.spec_hash));
            return Err(CliError::OtherDocument { found, expected }.into());
        }
        JobSpec::parse(&bytes).context("the job's document")
    }

    /// The port that must answer for time to count: the one asked for, or the first that the document names.
    pub async fn port(&self, asked: Option<u16>) -> Result<Port> {
        let ports = match (self.document().await, asked) {
            (Ok(document), _) => document.ports,
            (Err(_), Some(_)) => Vec::new(),
            (Err(error), None) => return Err(error),
        };
        match asked {
            Some(number) => {
                let known = ports.into_iter().find(|port| port.number == number);
                Ok(known.unwrap_or(Port { number, protocol: Protocol::Tcp }))
            }
            None => {
                let spoken = ports.into_iter().find(|port| port.protocol != Protocol::Udp);
                Ok(spoken.ok_or(CliError::NoPort { job: self.job })?)
            }
        }
    }

    /// The job, unless it is closed.
    pub async fn find_job(&self) -> Result<Option<market::Job>> {
        self.tenant.find_job(&self.job).await
    }
}
