//! Accepts connections: bounded in number, in headers, and in the time their headers may take.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    app::App,
    guard::{self, PeerAddress},
    limits,
    metrics::Gauged,
};

/// How long open requests may go on once the gateway is told to end.
const DRAIN: Duration = Duration::from_secs(5);

/// The whole service: endpoints within their guard.
pub fn service(app: Arc<App>) -> Router {
    let guarded = axum::middleware::from_fn_with_state(app.clone(), guard::guard);
    crate::api::router().layer(guarded).with_state(app)
}

/// Serves until `cancel`; then finishes what is open, for a while.
pub async fn serve(listener: TcpListener, app: Arc<App>, cancel: CancellationToken) {
    let service = service(app.clone());
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let open = TaskTracker::new();
    loop {
        let Some(Ok(place)) = cancel.run_until_cancelled(places.clone().acquire_owned()).await else { break };
        let accepted = match cancel.run_until_cancelled(listener.accept()).await {
            None => break,
            Some(Ok(accepted)) => accepted,
            Some(Err(error)) => {
                // Out of file descriptors, or a connection that broke at once: neither is the listener's end.
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (stream, peer) = accepted;
        // Answers are small: waiting for more to send with them only delays.
        let _ = stream.set_nodelay(true);
        let (service, app, cancel) = (service.clone(), app.clone(), cancel.clone());
        open.spawn(async move {
            let _place = place;
            let _gauge = Gauged::new(&app.metrics.connections);
            let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(PeerAddress(peer));
                service.clone().oneshot(request)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits::HEADER_TIMEOUT)
                .max_buf_size(limits::HEADER_BYTES_MAX)
                .max_headers(limits::HEADERS_MAX)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = cancel.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.as_mut().await
                }
            };
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection ended badly");
            }
        });
    }
    open.close();
    // Streams do not end by themselves.
    let _ = tokio::time::timeout(DRAIN, open.wait()).await;
}
