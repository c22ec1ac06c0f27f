//! What clients say: events with their arguments, as the messages of the other socket.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shared::Reason;

/// The most arguments that an event of a client can have.
const MAX_ARGUMENTS: usize = 3;

/// An event with its arguments.
pub struct Event<'a> {
    /// What it is called.
    pub name: String,
    arguments: Vec<&'a RawValue>,
}

impl Event<'_> {
    /// The same as the other socket says it. Its arguments are either the members of the message one
    /// after the other, or all of them as one object.
    pub fn to_message(&self) -> Result<String, Reason> {
        let members = match self.name.as_str() {
            "add" => &["draft"][..],
            "update" => &["id", "patch", "if_revision"],
            "delete" => &["id", "if_revision"],
            "restore" => &["id"],
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
                let members = one.get().strip_prefix('{').unwrap_or_default().trim_start();
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
    use shared::{Call, ProductId, RawCommand, RequestId, Revision};

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
