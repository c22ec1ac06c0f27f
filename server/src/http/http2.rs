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
use tokio::sync::Notify;
use tokio::time::{Instant, interval};
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

/// How often, once it is to end.
const LAST_LOOK_TIME: Duration = Duration::from_millis(100);

/// How long the last bytes of an answer may be on their way, once a connection is to end: its body is done when they
/// are handed over.
const LAST_BYTES_TIME: Duration = Duration::from_secs(2);

/// How many answers of a connection may wait for their client at a time, and for how long more of them may: each
/// has its memory.
const MAX_WAITING: usize = 16;
const CROWDED_WAIT: Duration = Duration::from_secs(10);

/// How long a connection is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until its first request.
    pub first: Duration,
    /// Until a client takes something of an answer.
    pub stalled: Duration,
}

/// Serves the requests of a connection until it ends. One without any request for as long as HTTP/1.1 waits for the
/// next is closed, and an answer that is not taken is broken off.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    patience: Patience,
    router: Router,
    shutdown: Shutdown,
) {
    let answers = Answers::new(patience);
    let begun = answers.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let progress = begun.begin();
        let answered = router.clone().oneshot(to_known(request, peer));
        async move {
            let response = answered.await?;
            Ok::<_, Infallible>(response.map(|body| Answer {
                body,
                rest: Bytes::new(),
                progress,
            }))
        }
    });
    let executor = Tasks {
        tasks: shutdown.tasks.clone(),
        answers: answers.clone(),
    };
    let connection = Builder::new(executor)
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
    let mut looks = interval(LOOK_TIME.min(patience.stalled));
    let mut ending: Option<Instant> = None;
    let served = loop {
        let ends = tokio::select! {
            served = connection.as_mut() => break served,
            () = &mut stopped, if ending.is_none() => true,
            () = shutdown.cut.cancelled() => return,
            _ = looks.tick() => match answers.look() {
                State::Crowded => {
                    tracing::debug!(%peer, "takes nothing of many answers");
                    return;
                }
                State::Idle(time) => match ending {
                    // One that has not begun yet, or reads nothing, is told nothing of the end.
                    Some(since) if since.elapsed() >= FIRST_REQUEST_TIME => {
                        if time >= LAST_BYTES_TIME {
                            return;
                        }
                        false
                    }
                    Some(_) => false,
                    None => time > answers.patience(),
                },
                State::Busy => false,
            },
        };
        if ends {
            ending = Some(Instant::now());
            connection.as_mut().graceful_shutdown();
            looks = interval(LAST_LOOK_TIME);
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
    let known = request.headers().get(HOST);
    if let Some(host) = host.filter(|host| known != Some(host)) {
        // One that says another has two, and is refused.
        request.headers_mut().append(HOST, host);
    }
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(Sealed);
    request
}

/// Where a connection's requests run: they are waited for at the stop, and each ends where its client takes
/// nothing.
#[derive(Clone)]
struct Tasks {
    tasks: TaskTracker,
    answers: Answers,
}

impl<F> Executor<F> for Tasks
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, work: F) {
        // It is asked to run a request right after the service was called with it.
        let Some(progress) = lock(&self.answers.under_way).latest.take() else {
            self.tasks.spawn(work);
            return;
        };
        self.tasks.spawn(async move {
            tokio::select! {
                _ = work => {}
                // What is left of it is dropped, and so its stream is reset.
                () = progress.cut.notified() => {}
            }
        });
    }
}

/// How a connection is.
enum State {
    Busy,
    /// Nothing was asked for in this time.
    Idle(Duration),
    /// Too many answers are not taken.
    Crowded,
}

/// The requests of a connection that are under way.
#[derive(Clone)]
struct Answers {
    under_way: Arc<Mutex<UnderWay>>,
    patience: Patience,
}

struct UnderWay {
    answers: Vec<Weak<Progress>>,
    /// The one that just began.
    latest: Option<Arc<Progress>>,
    /// When there was one last.
    busy: Instant,
    has_begun: bool,
}

/// How an answer comes along.
#[derive(Default)]
struct Progress {
    /// Since when its client has something to take; `None` while that waits for more.
    offered: Mutex<Option<Instant>>,
    /// Told when it is to end.
    cut: Notify,
}

impl Answers {
    fn new(patience: Patience) -> Self {
        let under_way = UnderWay {
            answers: Vec::new(),
            latest: None,
            busy: Instant::now(),
            has_begun: false,
        };
        Self {
            under_way: Arc::new(Mutex::new(under_way)),
            patience,
        }
    }

    fn begin(&self) -> Arc<Progress> {
        let progress = Arc::<Progress>::default();
        let mut under_way = lock(&self.under_way);
        under_way.answers.push(Arc::downgrade(&progress));
        under_way.latest = Some(progress.clone());
        under_way.busy = Instant::now();
        under_way.has_begun = true;
        progress
    }

    /// How long the next request is waited for.
    fn patience(&self) -> Duration {
        if lock(&self.under_way).has_begun {
            HEAD_TIME
        } else {
            self.patience.first
        }
    }

    /// Ends the answers that are not taken, and tells how the connection is.
    fn look(&self) -> State {
        let mut under_way = lock(&self.under_way);
        let UnderWay { answers, busy, .. } = &mut *under_way;
        let mut waiting = 0;
        answers.retain(|answer| {
            let Some(progress) = answer.upgrade() else {
                return false;
            };
            let offered = *lock(&progress.offered);
            let time = offered.map_or(Duration::ZERO, |since| since.elapsed());
            if time > self.patience.stalled {
                progress.cut.notify_one();
            }
            waiting += usize::from(time > CROWDED_WAIT);
            true
        });
        if waiting > MAX_WAITING {
            return State::Crowded;
        }
        if answers.is_empty() {
            return State::Idle(busy.elapsed());
        }
        *busy = Instant::now();
        State::Busy
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer's body, in pieces of which each is asked for once there is room: the client took what came before.
struct Answer {
    body: Body,
    /// What is left of what came of it.
    rest: Bytes,
    progress: Arc<Progress>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let polled = Pin::new(&mut self.body).poll_frame(context);
            match polled {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                polled => {
                    *lock(&self.progress.offered) = polled.is_ready().then(Instant::now);
                    return polled;
                }
            }
        }
        let length = self.rest.len().min(MAX_SEND_BYTES);
        let piece = self.rest.split_to(length);
        *lock(&self.progress.offered) = Some(Instant::now());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
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
    use tokio::time::{sleep, timeout};
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// Longer than anything here takes.
    const LONG: Duration = Duration::from_secs(10);

    const STALL: Duration = Duration::from_millis(200);

    const PATIENCE: Patience = Patience {
        first: HEAD_TIME,
        stalled: STALL,
    };

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
            Self::with(window, PATIENCE).await
        }

        async fn with(window: u32, patience: Patience) -> Self {
            let (near, far) = duplex(256 * 1024);
            let shutdown = Shutdown::new(CancellationToken::new());
            let stop = shutdown.stop.clone();
            let peer = ([127, 0, 0, 1], 1).into();
            let server = tokio::spawn(serve(far, peer, patience, router(), shutdown));
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
    async fn an_answer_of_which_nothing_is_taken_is_broken_off_and_no_other() {
        let mut served = Served::new(0).await;
        let stalled = served.ask("/long").await.expect("an answer");
        let mut events = served.ask("/events").await.expect("an answer").into_body();
        let room = events.flow_control();
        assert!(room.release_capacity(0).is_ok());
        let mut stalled = stalled.into_body();
        let broken = timeout(LONG, stalled.data()).await.expect("in time");
        assert!(broken.is_some_and(|data| data.is_err()));
        let answer = served.ask("/host");
        assert!(answer.await.is_ok());
        assert!(!served.is_cut(STALL).await);
    }

    /// It would have all of it in memory for a byte.
    #[tokio::test]
    async fn one_of_which_a_byte_is_taken_is_broken_off_too() {
        let mut served = Served::new(1).await;
        let mut stalled = served.ask("/long").await.expect("an answer").into_body();
        let first = timeout(LONG, stalled.data()).await.expect("in time");
        assert_eq!(first.expect("a byte").expect("a byte").len(), 1);
        let broken = timeout(LONG, stalled.data()).await.expect("in time");
        assert!(broken.is_some_and(|data| data.is_err()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_of_many_answers_is_cut_off() {
        let patience = Patience {
            stalled: Duration::from_mins(1),
            ..PATIENCE
        };
        for (count, is_cut) in [(MAX_WAITING, false), (MAX_WAITING + 1, true)] {
            let mut served = Served::with(0, patience).await;
            let mut answers = Vec::new();
            for _ in 0..count {
                answers.push(served.ask("/long").await.expect("an answer"));
            }
            assert_eq!(served.is_cut(2 * CROWDED_WAIT).await, is_cut, "{count}");
        }
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
        // To the last byte, however slowly it is read.
        let mut slow = Served::new(16 * 1024).await;
        let mut body = slow.ask("/long").await.expect("an answer").into_body();
        slow.stop.cancel();
        let mut read = 0;
        while let Some(data) = body.data().await {
            let data = data.expect("all of it");
            read += data.len();
            sleep(Duration::from_millis(20)).await;
            let taken = body.flow_control().release_capacity(data.len());
            taken.expect("a connection");
        }
        assert_eq!(read, LONG_ANSWER);
        // Who asks for nothing is not waited for, whether it reads that it is over or not.
        let mut idle = Served::new(16 * 1024).await;
        idle.stop.cancel();
        assert!(idle.is_cut(LONG).await);
    }

    /// One that asks for something from time to time is no idle one, whenever it is looked at.
    #[tokio::test(start_paused = true)]
    async fn who_asks_from_time_to_time_stays() {
        let mut served = Served::new(16 * 1024).await;
        let end = Instant::now() + 3 * HEAD_TIME;
        while Instant::now() < end {
            sleep(Duration::from_secs(7)).await;
            let answer = served.ask("/host");
            assert!(!read(answer).await.is_empty());
        }
    }

    /// One that has said nothing of what it speaks, too.
    #[tokio::test(start_paused = true)]
    async fn who_asks_for_nothing_is_let_go_of() {
        for begins in [false, true] {
            let (near, far) = duplex(64 * 1024);
            let shutdown = Shutdown::new(CancellationToken::new());
            let peer = ([127, 0, 0, 1], 1).into();
            let server = tokio::spawn(serve(far, peer, PATIENCE, router(), shutdown));
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
