//! HTTP/2 (RFC 9113), for who agrees on it in the TLS handshake. What is behind sees the same requests as of
//! HTTP/1.1. No socket is among them: clients open those on connections of their own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::rt::Executor;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, interval, sleep};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::limits::{FIRST_REQUEST_TIME, HEAD_TIME};
use super::shutdown::Shutdown;
use super::tls::Sealed;

/// The most requests of a connection at a time.
const MAX_STREAMS: u32 = 100;

/// How much of bodies a client may send before it is read: of one request, and of all of its connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// The most bytes of a request's head, and of an answer that waits to be sent.
const MAX_HEAD_BYTES: u32 = 32 * 1024;
const MAX_SEND_BYTES: usize = 16 * 1024;

/// How often it is looked whether a client still takes what it asked for.
const LOOK_TIME: Duration = Duration::from_secs(5);

/// How often a client that is silent is asked whether it is there, and how long it has to say so.
const PING_TIME: Duration = Duration::from_secs(30);
const PONG_TIME: Duration = Duration::from_secs(20);

/// Serves the requests of a connection until it ends. One without any request for as long as HTTP/1.1 waits for the
/// next is closed, and one of which an answer is not taken for `max_stall` is cut off.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    max_stall: Duration,
    router: Router,
    shutdown: Shutdown,
) {
    let answers = Answers::default();
    let begun = answers.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let progress = begun.begin();
        let answered = router.clone().oneshot(to_known(request, peer));
        async move {
            let response = answered.await?;
            Ok::<_, Infallible>(response.map(|body| Answer { body, progress }))
        }
    });
    let connection = Builder::new(Tasks(shutdown.tasks.clone()))
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES)
        .max_send_buf_size(MAX_SEND_BYTES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(PING_TIME)
        .keep_alive_timeout(PONG_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = Box::pin(connection);
    let mut stopped = pin!(shutdown.stop.cancelled());
    let mut looks = interval(LOOK_TIME.min(max_stall));
    let mut is_ending = false;
    let served = loop {
        tokio::select! {
            served = connection.as_mut() => break served,
            () = &mut stopped, if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = shutdown.cut.cancelled() => return,
            _ = looks.tick() => match answers.look(max_stall) {
                State::Busy => {}
                State::Idle if is_ending => {}
                State::Idle => {
                    connection.as_mut().graceful_shutdown();
                    // One that has not begun yet is told nothing by that.
                    tokio::select! {
                        _ = connection => {}
                        () = sleep(FIRST_REQUEST_TIME) => {}
                    }
                    return;
                }
                State::Stalled => {
                    tracing::debug!(%peer, "takes nothing of an answer");
                    return;
                }
            },
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection failed");
    }
}

/// A request as those of HTTP/1.1 are, which name their host elsewhere (section 8.3.1).
fn to_known(request: Request<Incoming>, peer: SocketAddr) -> Request<Body> {
    let mut request = request.map(Body::new);
    let authority = request.uri().authority().map(ToString::to_string);
    let host = authority.and_then(|name| HeaderValue::try_from(name).ok());
    if let Some(host) = host
        && !request.headers().contains_key(HOST)
    {
        request.headers_mut().insert(HOST, host);
    }
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(Sealed);
    request
}

/// Where a connection's requests run: they are waited for at the stop.
#[derive(Clone)]
struct Tasks(TaskTracker);

impl<F> Executor<F> for Tasks
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, work: F) {
        self.0.spawn(work);
    }
}

/// How a connection is.
enum State {
    Busy,
    /// Nothing was asked for in a long time.
    Idle,
    /// An answer is not taken.
    Stalled,
}

/// The requests of a connection that are under way.
#[derive(Clone)]
struct Answers(Arc<Mutex<UnderWay>>);

struct UnderWay {
    answers: Vec<Weak<Progress>>,
    /// When there was one last.
    busy: Instant,
}

/// Since when a client has something to take of an answer; `None` while it waits for more.
#[derive(Default)]
struct Progress(Mutex<Option<Instant>>);

impl Default for Answers {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(UnderWay {
            answers: Vec::new(),
            busy: Instant::now(),
        })))
    }
}

impl Answers {
    fn begin(&self) -> Arc<Progress> {
        let progress = Arc::default();
        lock(&self.0).answers.push(Arc::downgrade(&progress));
        progress
    }

    fn look(&self, max_stall: Duration) -> State {
        let mut under_way = lock(&self.0);
        let UnderWay { answers, busy } = &mut *under_way;
        let mut is_stalled = false;
        answers.retain(|answer| {
            let progress = answer.upgrade();
            let offered = progress.as_ref().and_then(|progress| *lock(&progress.0));
            is_stalled |= offered.is_some_and(|since| since.elapsed() > max_stall);
            progress.is_some()
        });
        if !answers.is_empty() {
            *busy = Instant::now();
        }
        match busy.elapsed() {
            _ if is_stalled => State::Stalled,
            idle if idle > HEAD_TIME => State::Idle,
            _ => State::Busy,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer's body. It is asked for more once there is room for it: the client took what came before.
struct Answer {
    body: Body,
    progress: Arc<Progress>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        *lock(&self.progress.0) = polled.is_ready().then(Instant::now);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use futures_util::StreamExt;
    use futures_util::stream::{once, pending};
    use h2::client::{ResponseFuture, SendRequest};
    use tokio::io::duplex;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// Longer than anything here takes.
    const LONG: Duration = Duration::from_secs(10);

    const STALL: Duration = Duration::from_millis(200);

    const LONG_ANSWER: usize = 1024 * 1024;

    fn router() -> Router {
        let begun = || once(async { Ok::<_, Infallible>("begun") }).chain(pending());
        let host = |request: Request<Body>| async move {
            let is_sealed = request.extensions().get::<Sealed>().is_some();
            let host = request.headers().get(HOST).cloned();
            format!("{host:?} {is_sealed}")
        };
        Router::new()
            .route("/long", get(|| async { vec![b'x'; LONG_ANSWER] }))
            .route(
                "/events",
                get(move || async move { Body::from_stream(begun()) }),
            )
            .route("/slow", get(|| async { sleep(5 * STALL).await }))
            .route("/host", get(host))
    }

    struct Served {
        client: SendRequest<Bytes>,
        server: JoinHandle<()>,
        stop: CancellationToken,
    }

    impl Served {
        /// Serves a client who takes so many bytes of each answer unless it says otherwise.
        async fn new(window: u32) -> Self {
            let (near, far) = duplex(256 * 1024);
            let shutdown = Shutdown::new(CancellationToken::new());
            let stop = shutdown.stop.clone();
            let peer = ([127, 0, 0, 1], 1).into();
            let server = tokio::spawn(serve(far, peer, STALL, router(), shutdown));
            let mut builder = h2::client::Builder::new();
            let begun = builder.initial_window_size(window).handshake(near).await;
            let (client, connection) = begun.expect("a connection");
            tokio::spawn(connection);
            let client = client.ready().await.expect("a connection");
            Self {
                client,
                server,
                stop,
            }
        }

        fn ask(&mut self, path: &str) -> ResponseFuture {
            let request = Request::get(format!("https://shop.example{path}"));
            let request = request.body(()).expect("a request");
            let sent = self.client.send_request(request, true);
            sent.expect("a connection").0
        }

        /// Whether the server lets go of the connection.
        async fn is_cut(&mut self, time: Duration) -> bool {
            timeout(time, &mut self.server).await.is_ok()
        }
    }

    async fn read(answer: ResponseFuture) -> Vec<u8> {
        let answer = timeout(LONG, answer).await.expect("in time");
        let mut body = answer.expect("an answer").into_body();
        let mut bytes = Vec::new();
        while let Some(data) = body.data().await {
            let data = data.expect("all of it");
            bytes.extend_from_slice(&data);
            let taken = body.flow_control().release_capacity(data.len());
            taken.expect("a connection");
        }
        bytes
    }

    #[tokio::test]
    async fn requests_are_as_those_of_before() {
        let mut served = Served::new(16 * 1024).await;
        let answer = served.ask("/host");
        let told = String::from_utf8(read(answer).await).expect("a text");
        assert_eq!(told, "Some(\"shop.example\") true");
        let answers = [served.ask("/long"), served.ask("/long")];
        for answer in answers {
            assert_eq!(read(answer).await.len(), LONG_ANSWER);
        }
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_of_an_answer_is_cut_off() {
        let mut served = Served::new(0).await;
        let answer = served.ask("/long").await.expect("an answer");
        assert!(served.is_cut(LONG).await);
        drop(answer);
    }

    #[tokio::test]
    async fn one_that_waits_for_more_is_not() {
        let mut served = Served::new(16 * 1024).await;
        let events = served.ask("/events").await.expect("an answer");
        let mut body = events.into_body();
        assert_eq!(body.data().await.expect("data").expect("data"), "begun");
        assert!(!served.is_cut(5 * STALL).await);
        let slow = served.ask("/slow");
        assert_eq!(read(slow).await, b"");
    }

    #[tokio::test]
    async fn at_the_stop_what_is_under_way_is_answered() {
        let mut served = Served::new(16 * 1024).await;
        let slow = served.ask("/slow");
        sleep(STALL).await;
        served.stop.cancel();
        assert_eq!(read(slow).await, b"");
        assert!(served.is_cut(LONG).await);
        let (_, idle) = (served, Served::new(16 * 1024).await);
        idle.stop.cancel();
        let mut idle = idle;
        assert!(idle.is_cut(LONG).await);
    }

    /// One that has said nothing of what it speaks, too.
    #[tokio::test(start_paused = true)]
    async fn who_asks_for_nothing_is_let_go_of() {
        for begins in [false, true] {
            let (near, far) = duplex(64 * 1024);
            let shutdown = Shutdown::new(CancellationToken::new());
            let peer = ([127, 0, 0, 1], 1).into();
            let server = tokio::spawn(serve(far, peer, STALL, router(), shutdown));
            let _kept = if begins {
                let (client, connection) = h2::client::handshake(near).await.expect("a connection");
                let client: SendRequest<Bytes> = client;
                tokio::spawn(connection);
                (Some(client), None)
            } else {
                (None, Some(near))
            };
            assert!(timeout(3 * HEAD_TIME, server).await.is_ok(), "{begins}");
        }
    }
}
