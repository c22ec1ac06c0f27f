//! From a TCP connection to the requests on it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long a connection may take to send the head of its next request. It is also how long one
/// that is kept for later may be idle.
const HEAD_TIME: Duration = Duration::from_mins(1);

/// How long to wait when the system gives no more file descriptors: accepting at once again would
/// only fail again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stop`, then waits until the requests that have begun are answered, but no longer
/// than `stop_time`. (`hyper_util`'s graceful shutdown would do the latter, but not for an HTTP/1
/// connection that can become a WebSocket.)
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: &CancellationToken,
    stop_time: Duration,
) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(serve_connection(stream, peer, router.clone(), stop.clone()));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if timeout(stop_time, connections.wait()).await.is_err() {
        tracing::warn!(requests = connections.len(), "cut off");
    }
}

/// Whether accepting failed because whoever connected is gone again (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    // A delivery is one small write that nothing should hold back for more to come.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    // Waited for here, because hyper takes two buffers of 8 KiB before there is anything to read:
    // of many that connect at once only those whose request is here have them. Looked for by
    // `peek`, since `readable` takes a connection that was just accepted for readable.
    let mut first_byte = [0];
    tokio::select! {
        peeked = timeout(HEAD_TIME, stream.peek(&mut first_byte)) => {
            if !matches!(peeked, Ok(Ok(1))) {
                return;
            }
        }
        () = stop.cancelled() => return,
    }
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    // In a box of its own: in the task it would take its place from the beginning, and twice.
    let mut connection = Box::pin(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection failed");
    }
}
