//! From a TCP connection to the requests on it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::http2::{self, Patience};
use super::limits::{FIRST_REQUEST_TIME, HEAD_TIME};
use super::proxies::Proxies;
use super::shutdown::Shutdown;
use super::socket::{Place, Socket};
use super::tls::{Sealed, Tls, Unsealed};
use crate::access::{Seat, Seats};

/// How long a new connection may be silent when three of four places are taken.
const CROWDED_TIME: Duration = Duration::from_secs(5);

/// How often it is looked whether a first request has begun.
const LOOK_TIME: Duration = Duration::from_millis(10);

/// How long to wait when the system gives no more file descriptors: accepting at once again would
/// only fail again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The most bytes of a request's head, and of an answer that waits to be sent.
const MAX_BUFFER_BYTES: usize = 32 * 1024;

/// How many connections there may be, and how long one is waited for.
#[derive(Clone)]
pub struct ConnectionLimits {
    /// The most connections at a time. More wait, in the kernel, until there is room.
    pub max_connections: usize,
    /// Those of each address among them, where they are counted. One too many is closed.
    pub callers: Option<Callers>,
    /// How long a client may take nothing of what is sent to it.
    pub max_stall: Duration,
}

/// Counts the connections of each address, but for this machine's and for those of proxies, which are many
/// clients'.
#[derive(Clone)]
pub struct Callers {
    /// The places of an address.
    pub seats: Seats,
    /// Whose connections are many clients'.
    pub proxies: Proxies,
}

impl Callers {
    /// A place for one more connection of this address, or an error if it has too many.
    fn sit(&self, address: IpAddr) -> Result<Option<Seat>, TooMany> {
        let address = address.to_canonical();
        if address.is_loopback() || self.proxies.trusts(address) {
            return Ok(None);
        }
        self.seats.sit(address).map(Some).ok_or(TooMany)
    }
}

/// An address has as many connections as it may.
struct TooMany;

/// Serves until the server stops. Then no more connections are accepted, and those that are there
/// answer the request that has begun. (`hyper_util`'s graceful shutdown would do the latter, but not
/// for an HTTP/1 connection that can become a WebSocket.)
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    limits: ConnectionLimits,
    shutdown: &Shutdown,
) {
    let places = Arc::new(Semaphore::new(
        limits.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    while let Some(permit) = next_place(&places, shutdown).await {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let callers = limits.callers.as_ref();
                let seated = callers.map_or(Ok(None), |callers| callers.sit(peer.ip()));
                let Ok(of_address) = seated else {
                    tracing::debug!(%peer, "has too many connections");
                    continue;
                };
                // A delivery is one small write that nothing should hold back for more to come.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
                let is_crowded = places.available_permits() < limits.max_connections / 4;
                let patience = if is_crowded { CROWDED_TIME } else { HEAD_TIME };
                let socket = Socket::new(stream, Place::new(permit, of_address), limits.max_stall);
                let (tls, router, shutdown) = (tls.clone(), router.clone(), shutdown.clone());
                let (tasks, stalled) = (shutdown.tasks.clone(), limits.max_stall);
                tasks.spawn(async move {
                    let Some(tls) = tls else {
                        return serve_connection(socket, peer, patience, router, shutdown).await;
                    };
                    // In a box of its own: it is done soon, and the task lives for long.
                    let unsealed = Box::pin(tls.unseal(socket, patience, &shutdown));
                    let unsealed = tokio::select! {
                        unsealed = unsealed => unsealed,
                        () = first_request_time(&shutdown) => return,
                    };
                    match unsealed {
                        Ok(Unsealed::Http2(stream)) => {
                            let patience = Patience {
                                first: patience,
                                stalled,
                            };
                            http2::serve(stream, peer, patience, router, shutdown).await;
                        }
                        Ok(Unsealed::Http1(socket)) => {
                            let seal = |mut request: Request<Body>| {
                                request.extensions_mut().insert(Sealed);
                                request
                            };
                            let router = Router::new().fallback_service(router.map_request(seal));
                            serve_connection(socket, peer, patience, router, shutdown).await;
                        }
                        Err(error) => tracing::debug!(%peer, %error, "no connection came of it"),
                    }
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Waits for room for one more connection; `None` when the server stops.
async fn next_place(places: &Arc<Semaphore>, shutdown: &Shutdown) -> Option<OwnedSemaphorePermit> {
    tokio::select! {
        place = places.clone().acquire_owned() => place.ok(),
        () = shutdown.stop.cancelled() => None,
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

/// Waits for the stop, and for as long as a connection may still take to begin its first request.
async fn first_request_time(shutdown: &Shutdown) {
    shutdown.stop.cancelled().await;
    sleep(FIRST_REQUEST_TIME).await;
}

async fn serve_connection(
    socket: Socket,
    peer: SocketAddr,
    patience: Duration,
    router: Router,
    shutdown: Shutdown,
) {
    // Waited for here, because hyper takes two buffers of 8 KiB before there is anything to read:
    // of many that connect at once only those whose request is here have them. Looked for by
    // `peek`, since `readable` takes a connection that was just accepted for readable.
    let mut first_byte = [0];
    tokio::select! {
        peeked = timeout(patience, socket.stream().peek(&mut first_byte)) => {
            if !matches!(peeked, Ok(Ok(1))) {
                return;
            }
        }
        () = first_request_time(&shutdown) => return,
    }
    let has_begun = Arc::new(AtomicBool::new(false));
    let begins = has_begun.clone();
    let service = router.map_request(move |request: Request<Incoming>| {
        begins.store(true, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service))
        .with_upgrades();
    // In a box of its own: in the task it would take its place from the beginning, and twice.
    let mut connection = Box::pin(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.stop.cancelled() => {
            // Told to end before its first request it would end without an answer to it.
            let deadline = Instant::now() + FIRST_REQUEST_TIME;
            while !has_begun.load(Ordering::Relaxed) && Instant::now() < deadline {
                if timeout(LOOK_TIME, connection.as_mut()).await.is_ok() {
                    return;
                }
            }
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                served = connection => served,
                () = shutdown.cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection failed");
    }
}
