//! A tunnel: one TCP connection of a service, carried over one QUIC stream. The end of a stream is the half-close of TCP,
//! a reset stream its reset; there is nothing else to say, so there are no frames.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use iroh::endpoint::{Connection, RecvStream, SendStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes},
    time::sleep,
};

use crate::{
    error::DataError,
    handler::Duplex,
    limits::{Limits, TUNNEL_BLOCK_LEN},
    transfer,
};

/// One end of a tunnel: the bytes to and from a TCP port of a service's container.
///
/// Shutting it down ends what is written and leaves what is read; an end that is dropped before that is reset, so that
/// the other side cannot take what it got for everything. The connection stays open while a tunnel over it is.
#[derive(Debug)]
pub struct Tunnel {
    send: SendStream,
    recv: RecvStream,
    connection: Connection,
    shut: bool,
    moved: Arc<AtomicU64>,
}

impl Tunnel {
    pub(crate) fn new(send: SendStream, recv: RecvStream, connection: Connection) -> Tunnel {
        Tunnel { send, recv, connection, shut: false, moved: Arc::default() }
    }

    fn count(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = AsyncRead::poll_read(Pin::new(&mut this.recv), cx, buf);
        this.count(buf.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = AsyncWrite::poll_write(Pin::new(&mut this.send), cx, bytes);
        if let Poll::Ready(Ok(wrote)) = &polled {
            this.count(*wrote);
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.get_mut().send), cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.shut = true;
        AsyncWrite::poll_shutdown(Pin::new(&mut this.send), cx)
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        // What was shut down may still be on its way, and a reset would take it back.
        if !self.shut {
            transfer::break_off(&mut self.send);
        }
    }
}

/// Carries bytes both ways until both directions have ended, one fails, the connection is gone or nothing moves.
pub(crate) async fn carry(
    mut tunnel: Tunnel,
    mut inner: Box<dyn Duplex>,
    limits: &Limits,
) -> Result<(u64, u64), DataError> {
    let (moved, connection) = (tunnel.moved.clone(), tunnel.connection.clone());
    let idle = async {
        loop {
            let before = moved.load(Ordering::Relaxed);
            sleep(limits.tunnel_idle).await;
            if moved.load(Ordering::Relaxed) == before {
                return DataError::Stalled { waited: limits.tunnel_idle, moved: before };
            }
        }
    };
    let carried = copy_bidirectional_with_sizes(&mut tunnel, &mut inner, TUNNEL_BLOCK_LEN, TUNNEL_BLOCK_LEN);
    tokio::select! {
        carried = carried => carried.map_err(|_| DataError::BrokenOff { moved: moved.load(Ordering::Relaxed) }),
        stalled = idle => Err(stalled),
        // A peer that has ended its direction and vanishes would otherwise be noticed only when the service speaks.
        error = connection.closed() => Err(transfer::lost(error)),
    }
}
