//! The socket: connects, backs off, resumes, and notices when a connection has died quietly.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::future::{Either, select};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, WebSocketError};
use gloo_timers::future::sleep;
use shared::ClientId;

use crate::dom;
use crate::event::{Event, Events};
use crate::link::unpack::{parameter, unpack};

/// The first wait after a lost connection; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How long an attempt may take before the next.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// The server sends a pulse every 15 s: 5 s after one that didn't come the connection is tried anew, which
/// costs a server that is there next to nothing.
const SILENCE: Duration = Duration::from_secs(20);

/// After a longer silence than a pulse can be late, a page that wakes doesn't wait for the next.
const SLEPT: Duration = Duration::from_secs(17);

/// From where a connection goes on. The page sets it, the link reads it when it connects.
pub type Position = Rc<RefCell<Option<shared::Position>>>;

/// What the page tells the link.
pub enum Order {
    /// Send this frame.
    Send(String),
    /// The machine woke, the network returned or somebody looks: connect now if not connected.
    Wake,
    /// Give this connection up and start again from the position.
    Restart,
    /// The server stops and asks to come back after this time.
    ComeBackAfter(Duration),
}

/// The page's end of the link.
#[derive(Clone)]
pub struct Link {
    orders: mpsc::UnboundedSender<Order>,
}

impl Link {
    /// Starts the link.
    pub fn start(client: ClientId, position: Position, events: Events) -> Self {
        let (orders, receiver) = mpsc::unbounded();
        let worker = Worker {
            client,
            position,
            events,
            orders: receiver,
            failures: 0,
            asked_wait: None,
        };
        wasm_bindgen_futures::spawn_local(worker.run());
        Self { orders }
    }

    /// Gives an order.
    pub fn order(&self, order: Order) {
        // The worker runs as long as the page does.
        let _ = self.orders.unbounded_send(order);
    }
}

/// The code with which the server closes the connection of whoever may not have it (RFC 6455 section 7.4.1).
const SENT_AWAY: u16 = 1008;

struct Worker {
    client: ClientId,
    position: Position,
    events: Events,
    orders: mpsc::UnboundedReceiver<Order>,
    /// Attempts in a row that brought no message.
    failures: u32,
    asked_wait: Option<Duration>,
}

impl Worker {
    async fn run(mut self) {
        loop {
            self.events.send(Event::Connecting);
            match WebSocket::open(&self.url()) {
                Ok(socket) => self.talk(socket).await,
                Err(error) => dom::warn(&format!("can't connect: {error}")),
            }
            self.events.send(Event::Lost {
                failures: self.failures,
            });
            self.wait().await;
        }
    }

    /// Serves one connection until it is lost.
    async fn talk(&mut self, mut socket: WebSocket) {
        let mut limit = CONNECT_TIME;
        let mut heard = js_sys::Date::now();
        loop {
            let came = {
                let message_or_order = select(socket.next(), self.orders.next());
                match select(message_or_order, std::pin::pin!(sleep(limit))).await {
                    Either::Left((came, _)) => came,
                    Either::Right(_) => return self.failures += 1,
                }
            };
            match came {
                Either::Left((Some(Ok(message)), _)) => {
                    limit = SILENCE;
                    heard = js_sys::Date::now();
                    self.failures = 0;
                    match message {
                        Message::Text(text) => self.events.send(Event::Message(text)),
                        Message::Bytes(packed) => match unpack(&packed).await {
                            Ok(text) => self.events.send(Event::Message(text)),
                            Err(error) => {
                                web_sys::console::error_1(&error);
                                return self.failures += 1;
                            }
                        },
                    }
                }
                Either::Left((Some(Err(WebSocketError::ConnectionClose(close))), _))
                    if close.code == SENT_AWAY =>
                {
                    self.events.send(Event::SentAway);
                    return self.failures += 1;
                }
                Either::Left(_) => return self.failures += 1,
                Either::Right((Some(Order::Send(text)), _)) => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                Either::Right((Some(Order::ComeBackAfter(wait)), _)) => {
                    self.asked_wait = Some(wait);
                }
                Either::Right((Some(Order::Restart) | None, _)) => return,
                Either::Right((Some(Order::Wake), _)) => {
                    let silent_ms = js_sys::Date::now() - heard;
                    if silent_ms > SLEPT.as_secs_f64() * 1000.0 {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for the next attempt: a while that grows, or as long as nobody looks; a wake ends it.
    async fn wait(&mut self) {
        let grown = FIRST_WAIT * 2_u32.saturating_pow(self.failures.min(10).saturating_sub(1));
        // Between half and all of it, so that pages which were lost together come back apart.
        let jittered = grown
            .min(LONGEST_WAIT)
            .mul_f64(0.5 + js_sys::Math::random() / 2.0);
        let wait = self.asked_wait.take().unwrap_or(jittered);
        let mut timer = std::pin::pin!(async {
            sleep(wait).await;
            if is_hidden() {
                std::future::pending::<()>().await;
            }
        });
        loop {
            match select(timer.as_mut(), self.orders.next()).await {
                Either::Left(_) | Either::Right((Some(Order::Wake) | None, _)) => return,
                Either::Right(_) => {}
            }
        }
    }

    fn url(&self) -> String {
        let location = dom::window().map(|window| window.location());
        let part = |read: fn(&web_sys::Location) -> Result<String, wasm_bindgen::JsValue>| {
            location.as_ref().ok().and_then(|l| read(l).ok())
        };
        let is_secure = part(web_sys::Location::protocol).as_deref() == Some("https:");
        let scheme = if is_secure { "wss" } else { "ws" };
        let host = part(web_sys::Location::host).unwrap_or_default();
        let client = &self.client.0;
        let position = match &*self.position.borrow() {
            Some(position) => format!("&{}", position.to_query()),
            None => String::new(),
        };
        // Beside the page, under whatever path that is served.
        let path = part(web_sys::Location::pathname).unwrap_or_default();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let encoding = parameter();
        format!("{scheme}://{host}{folder}/ws?page={client}{encoding}{position}")
    }
}

fn is_hidden() -> bool {
    dom::document().is_ok_and(|document| document.hidden())
}
