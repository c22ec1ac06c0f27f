//! Commands of clients: events that are answered by their acknowledgement.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use shared::{Call, Command, Reason, RequestKey, Source};
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::AckSender;
use socketioxide::handler::{FromMessageParts, MessageHandler};
use socketioxide::socket::Socket;
use socketioxide_core::Value;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::arguments::Event;
use super::client::Client;
use super::event::Acknowledgement;
use crate::engine::desk::{Answer, Desk, Done, PendingAnswer};
use crate::engine::journal::Key;
use crate::unicode::nfc;

/// Where commands go.
pub struct CommandSink {
    /// The desk.
    pub desk: Desk,
    /// The tasks that bring them there and the answers back.
    pub tasks: TaskTracker,
}

/// A client's commands that wait for their turn.
#[derive(Default)]
struct Commands {
    queue: Mutex<Queue>,
    /// Signalled when there is one more.
    called: Notify,
}

#[derive(Default)]
struct Queue {
    commands: VecDeque<Waiting>,
    /// Whether a task takes them to the desk.
    is_worked: bool,
}

/// What a client asked for, and where it is answered, if it wants to know.
struct Waiting {
    command: Result<(Command, Option<Key>), Reason>,
    acknowledge: Option<AckSender>,
}

/// Takes a client's events. The crate calls it for one after the other, and starts a task for each
/// where it is given a function instead: their order would be lost.
pub struct Inbox {
    client: Arc<Client>,
    commands: Arc<Commands>,
    sink: Weak<CommandSink>,
}

impl Inbox {
    /// Takes the events of this client.
    pub fn new(client: Arc<Client>, sink: Weak<CommandSink>) -> Self {
        Self {
            client,
            commands: Arc::default(),
            sink,
        }
    }
}

impl MessageHandler<LocalAdapter, ()> for Inbox {
    fn call(&self, socket: Arc<Socket>, mut value: Value, ack_id: Option<i64>) {
        let Some(sink) = self.sink.upgrade() else {
            return;
        };
        let command = read(&value).map(|(call, command)| {
            let client = self.client.name.clone();
            let key = client
                .zip(call)
                .map(|(client, request)| RequestKey { client, request });
            (command, key.map(Key::Client))
        });
        let Ok(sender) = AckSender::from_message_parts(&socket, &mut value, &ack_id);
        let acknowledge = ack_id.map(|_| sender);
        let waiting = Waiting {
            command,
            acknowledge,
        };
        self.client.session.backlog.begin();
        if self.commands.put(waiting) {
            let (client, commands) = (self.client.clone(), self.commands.clone());
            let work = work(sink.desk.clone(), client, commands);
            sink.tasks.spawn(work);
        }
    }
}

impl Commands {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a command wait; returns whether somebody has to be called to take it.
    fn put(&self, waiting: Waiting) -> bool {
        let mut queue = self.queue();
        queue.commands.push_back(waiting);
        self.called.notify_one();
        !std::mem::replace(&mut queue.is_worked, true)
    }

    async fn next(&self) -> Waiting {
        loop {
            if let Some(waiting) = self.queue().commands.pop_front() {
                return waiting;
            }
            self.called.notified().await;
        }
    }

    /// Lets the work end where nothing waits, and tells whether it does.
    fn end_if_idle(&self) -> bool {
        let mut queue = self.queue();
        queue.is_worked = !queue.commands.is_empty();
        !queue.is_worked
    }
}

/// An answer on its way, and where it goes.
type UnderWay = VecDeque<(PendingAnswer, Option<AckSender>)>;

/// Takes a client's commands to the desk in order, and gives the answers as they come, until there are
/// none left.
async fn work(desk: Desk, client: Arc<Client>, commands: Arc<Commands>) {
    let mut under_way = UnderWay::new();
    loop {
        tokio::select! {
            biased;
            (answer, acknowledge) = next_answer(&mut under_way) => {
                answer_to(&client, acknowledge, answer).await;
            }
            waiting = commands.next() => match waiting.command {
                Ok((command, key)) => {
                    let author = client.session.visitor.author(Source::Page);
                    let answer = desk.hand_in(command, &author, key).await;
                    under_way.push_back((answer, waiting.acknowledge));
                }
                Err(reason) => answer_to(&client, waiting.acknowledge, Err(reason)).await,
            },
        }
        if under_way.is_empty() && commands.end_if_idle() {
            return;
        }
    }
}

/// The next answer of the desk. Cancelling it loses nothing.
async fn next_answer(under_way: &mut UnderWay) -> (Answer, Option<AckSender>) {
    let Some((answer, _)) = under_way.front_mut() else {
        return std::future::pending().await;
    };
    let answer = answer.get().await;
    let acknowledge = under_way
        .pop_front()
        .and_then(|(_, acknowledge)| acknowledge);
    (answer, acknowledge)
}

async fn answer_to(client: &Client, acknowledge: Option<AckSender>, answer: Answer) {
    let session = &client.session;
    if let Some(acknowledge) = acknowledge {
        tokio::select! {
            biased;
            () = client.gone.cancelled() => {}
            () = session.meter.room_for_answer() => {
                session.meter.put();
                // Whoever is gone meanwhile asks again.
                if acknowledge.send(&to_acknowledgement(client, answer)).is_err() {
                    session.meter.take(1);
                }
            }
        }
    }
    session.backlog.end();
}

fn to_acknowledgement(client: &Client, answer: Answer) -> Acknowledgement {
    match answer {
        Ok(Done { revision, id, .. }) => Acknowledgement::Done { revision, id },
        Err(reason) => Acknowledgement::Refused {
            problem: reason.tell(&client.session.text),
        },
    }
}

/// What an event asks for: a command, and its number where it has one.
fn read(value: &Value) -> Result<(Option<shared::RequestId>, Command), Reason> {
    let Value::Str(text, None) = value else {
        return Err(Reason::NotText);
    };
    let malformed = |error: serde_json::Error| Reason::Malformed(error.to_string());
    let event: Event<'_> = serde_json::from_str(text).map_err(malformed)?;
    let call: Call = serde_json::from_str(&event.to_message()?).map_err(malformed)?;
    Ok((call.request, call.command.check(nfc)?))
}
