//! Commands of clients: events that are answered by their acknowledgement.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shared::{Call, Command, Reason, RequestKey};
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::AckSender;
use socketioxide::handler::{FromMessageParts, MessageHandler};
use socketioxide::socket::Socket;
use socketioxide_core::Value;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::client::Client;
use super::event::Acknowledgement;
use crate::engine::desk::{Answer, Desk, Done, PendingAnswer};
use crate::engine::journal::{Key, Source};
use crate::unicode::nfc;

/// The way to the desk.
pub struct ToDesk {
    /// Where commands go.
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
    waiting: VecDeque<Asked>,
    /// Whether a task takes them to the desk.
    is_worked: bool,
}

/// What a client asked for, and where it is answered, if it wants to know.
struct Asked {
    command: Result<(Command, Option<Key>), Reason>,
    acknowledge: Option<AckSender>,
}

/// Takes a client's events. The crate calls it for one after the other, and starts a task for each
/// where it is given a function instead: their order would be lost.
pub struct Inbox {
    client: Arc<Client>,
    commands: Arc<Commands>,
    to_desk: Weak<ToDesk>,
}

impl Inbox {
    /// Takes the events of this client.
    pub fn new(client: Arc<Client>, to_desk: Weak<ToDesk>) -> Self {
        Self {
            client,
            commands: Arc::default(),
            to_desk,
        }
    }
}

impl MessageHandler<LocalAdapter, ()> for Inbox {
    fn call(&self, socket: Arc<Socket>, mut value: Value, ack_id: Option<i64>) {
        let Some(to_desk) = self.to_desk.upgrade() else {
            return;
        };
        let command = read(&value).map(|(call, command)| {
            let client = self.client.name.clone();
            let key = client
                .zip(call)
                .map(|(client, request)| RequestKey { client, request });
            (command, key.map(Key::Client))
        });
        let sender = AckSender::from_message_parts(&socket, &mut value, &ack_id);
        let acknowledge = sender.ok().filter(|_| ack_id.is_some());
        let asked = Asked {
            command,
            acknowledge,
        };
        self.client.session.backlog.begin();
        if self.commands.put(asked) {
            let (client, commands) = (self.client.clone(), self.commands.clone());
            let work = work(to_desk.desk.clone(), client, commands);
            to_desk.tasks.spawn(work);
        }
    }
}

impl Commands {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a command wait; returns whether somebody has to be called to take it.
    fn put(&self, asked: Asked) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(asked);
        self.called.notify_one();
        !std::mem::replace(&mut queue.is_worked, true)
    }

    async fn next(&self) -> Asked {
        loop {
            if let Some(asked) = self.queue().waiting.pop_front() {
                return asked;
            }
            self.called.notified().await;
        }
    }

    /// Ends the work, if nothing waits.
    fn rest(&self) -> bool {
        let mut queue = self.queue();
        queue.is_worked = !queue.waiting.is_empty();
        !queue.is_worked
    }
}

/// An answer on its way, and where it goes.
type UnderWay = VecDeque<(PendingAnswer, Option<AckSender>)>;

/// Takes a client's commands to the desk and the answers back, in order, until there are none left.
async fn work(desk: Desk, client: Arc<Client>, commands: Arc<Commands>) {
    let mut under_way = UnderWay::new();
    loop {
        tokio::select! {
            biased;
            (answer, acknowledge) = next_answer(&mut under_way) => {
                answer_to(&client, acknowledge, answer).await;
            }
            asked = commands.next() => match asked.command {
                Ok((command, key)) => {
                    let answer = desk.hand_in(command, Source::Page, key).await;
                    under_way.push_back((answer, asked.acknowledge));
                }
                Err(reason) => answer_to(&client, asked.acknowledge, Err(reason)).await,
            },
        }
        if under_way.is_empty() && commands.rest() {
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

/// The most arguments that an event of a client can have.
const MAX_ARGUMENTS: usize = 3;

/// An event with its arguments.
struct Event<'a> {
    name: String,
    arguments: Vec<&'a RawValue>,
}

impl Event<'_> {
    /// The same as the other socket says it. Its arguments are either the members of the message one
    /// after the other, or all of them as one object.
    fn to_message(&self) -> Result<String, Reason> {
        let members = match self.name.as_str() {
            "add" => &["draft"][..],
            "update" => &["id", "patch", "if_revision"],
            "delete" => &["id", "if_revision"],
            other => return Err(Reason::UnknownMessage(other.to_owned())),
        };
        if self.arguments.len() > members.len() {
            return Err(Reason::Malformed(format!(
                "{}: {} and nothing else",
                self.name,
                members.join(", ")
            )));
        }
        let mut message = format!(r#"{{"type":"{}""#, self.name);
        match self.arguments[..] {
            [one] if is_message(&self.name, one) => {
                let members = one.get().trim_start_matches('{').trim_start();
                if !members.starts_with('}') {
                    message.push(',');
                }
                message.push_str(members);
            }
            _ => {
                for (name, argument) in members.iter().zip(&self.arguments) {
                    message.extend([",\"", name, "\":", argument.get()]);
                }
                message.push('}');
            }
        }
        Ok(message)
    }
}

/// Whether the one argument of an event is an object of all its members, and not the first of them:
/// an id is no object, and no draft has a draft.
fn is_message(name: &str, argument: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Message {
        draft: Option<IgnoredAny>,
    }
    let has_draft = || {
        let message: Option<Message> = serde_json::from_str(argument.get()).ok();
        message.is_some_and(|message| message.draft.is_some())
    };
    argument.get().starts_with('{') && (name != "add" || has_draft())
}

impl<'de> Deserialize<'de> for Event<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event's name and its arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Event<'de>, A::Error> {
        let name = seq.next_element()?;
        let name = name.ok_or_else(|| A::Error::custom("an event without a name"))?;
        let mut arguments = Vec::new();
        while let Some(argument) = seq.next_element()? {
            arguments.push(argument);
            if arguments.len() > MAX_ARGUMENTS {
                return Err(A::Error::custom("more arguments than any event has"));
            }
        }
        Ok(Event { name, arguments })
    }
}

#[cfg(test)]
mod tests {
    use shared::{ProductId, RawCommand, RequestId, Revision};

    use super::*;

    fn message(event: &str) -> Result<Call, String> {
        let event: Event<'_> = serde_json::from_str(event).map_err(|error| error.to_string())?;
        let message = event.to_message().map_err(|reason| format!("{reason:?}"))?;
        serde_json::from_str(&message).map_err(|error| error.to_string())
    }

    fn delete(id: u64, if_revision: Option<u64>) -> RawCommand {
        RawCommand::Delete {
            id: ProductId(id),
            if_revision: if_revision.map(Revision),
        }
    }

    #[test]
    fn a_command_is_given_one_by_one_or_as_one_object() {
        for (event, request, command) in [
            (r#"["delete",5]"#, None, delete(5, None)),
            (r#"["delete", 5, 7]"#, None, delete(5, Some(7))),
            (r#"["delete",5,null]"#, None, delete(5, None)),
            (r#"["delete",{"id":5}]"#, None, delete(5, None)),
            (
                r#"["delete",{ "request":1, "id":5,"if_revision":7}]"#,
                Some(1),
                delete(5, Some(7)),
            ),
        ] {
            let call = message(event).expect(event);
            assert_eq!(call.request, request.map(RequestId), "{event}");
            assert_eq!(call.command, command, "{event}");
        }
        let draft = r#"{"title":"Té","code":"T1","price":1,"stock":1,"category":"a"}"#;
        let alone = message(&format!(r#"["add",{draft}]"#)).expect("a draft");
        let whole = message(&format!(r#"["add",{{"draft":{draft},"request":3}}]"#));
        let whole = whole.expect("a message");
        assert_eq!(alone.command, whole.command);
        assert_eq!((alone.request, whole.request), (None, Some(RequestId(3))));
    }

    #[test]
    fn what_is_no_command_says_why() {
        for (event, why) in [
            (r#"["newProduct",{}]"#, "newProduct"),
            (r#"["add"]"#, "missing field `draft`"),
            (r#"["delete",{}]"#, "missing field `id`"),
            (r#"["update",5]"#, "missing field `patch`"),
            (r#"["delete",5,7,9]"#, "id, if_revision and nothing else"),
            (r#"["delete",1,2,3,4]"#, "more arguments"),
            (
                r#"["delete",{"id":1,"type":"add"}]"#,
                "duplicate field `type`",
            ),
            (r#"["delete","5]"#, "EOF"),
            ("[]", "without a name"),
            ("{}", "invalid type"),
        ] {
            let error = message(event).expect_err(event);
            assert!(error.contains(why), "{event}: {error}");
        }
    }
}
