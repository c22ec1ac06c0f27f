//! The stream of server-sent events, as `curl -N` and `EventSource` see it.

use crate::support::{Http, Server, TIMEOUT};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::timeout;

/// An open stream.
struct Events {
    response: Response,
    text: String,
}

#[derive(Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Event {
    fn revision(&self) -> u64 {
        let id = self.id.as_deref().expect("an id");
        let (revision, digest) = id.split_once('-').expect("a revision and a digest");
        assert_eq!(digest.len(), 16);
        revision.parse().expect("a revision")
    }
}

impl Events {
    async fn open(http: &Http, last_id: Option<&str>) -> Self {
        Self::open_at(http, "/api/products/stream", last_id).await
    }

    async fn open_at(http: &Http, path: &str, last_id: Option<&str>) -> Self {
        let mut request = http.request(Method::GET, path);
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let text = String::new();
        Self { response, text }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start().to_owned())
                };
                let event = Event {
                    name: field("event:").expect("a name"),
                    id: field("id:"),
                    data: serde_json::from_str(&field("data:").expect("data")).expect("JSON"),
                };
                self.text = rest.to_string();
                return Some(event);
            }
            let more = timeout(TIMEOUT, self.response.chunk())
                .await
                .expect("in time");
            let more = more.expect("a stream")?;
            self.text += std::str::from_utf8(&more).expect("UTF-8");
        }
    }
}

#[tokio::test]
async fn a_follower_gets_the_list_and_then_every_change() {
    let server = Server::start();
    server.http().add("a").await;
    // A list may be a moment behind what was answered; not behind what was shown.
    server.client().await.until_revision(1).await;
    let mut events = Events::open(&server.http(), None).await;
    let first = events.next().await.expect("a snapshot");
    assert_eq!((first.name.as_str(), first.revision()), ("snapshot", 1));
    assert_eq!(first.data["products"][0]["code"], "a");
    server.http().add("b").await;
    let second = events.next().await.expect("a change");
    assert_eq!((second.name.as_str(), second.revision()), ("changes", 2));
    assert_eq!(second.data["changes"][0]["added"]["code"], "b");
}

#[tokio::test]
async fn a_follower_that_was_away_gets_only_what_it_missed() {
    let server = Server::start();
    server.http().add("a").await;
    let mut events = Events::open(&server.http(), None).await;
    let known = events.next().await.expect("a snapshot").id.expect("an id");
    drop(events);
    for code in ["b", "c"] {
        server.http().add(code).await;
    }
    let mut events = Events::open(&server.http(), Some(&known)).await;
    let mut revision = 1;
    while revision < 3 {
        let event = events.next().await.expect("a change");
        assert_eq!(event.name, "changes");
        revision = event.revision();
    }
    // One from the future has another catalog, another digest another history, and a bare number
    // says nothing about either.
    let digest = known.split_once('-').expect("a digest").1;
    for unknown in [
        "99",
        "1",
        &format!("99-{digest}"),
        &format!("2-{digest}"),
        "1-x",
        "-",
    ] {
        let mut events = Events::open(&server.http(), Some(unknown)).await;
        let first = events.next().await.expect("a snapshot");
        assert_eq!(first.name, "snapshot", "{unknown}");
    }
}

#[tokio::test]
async fn the_stream_ends_when_the_server_stops() {
    let server = Server::start();
    let mut events = Events::open(&server.http(), None).await;
    assert_eq!(events.next().await.expect("a snapshot").name, "snapshot");
    server.ask_to_stop();
    assert!(events.next().await.is_none());
    server.stop().await;
}

#[tokio::test]
async fn a_silent_stream_says_something_in_time_and_is_never_packed() {
    let server = Server::start();
    server.http().add("a").await;
    let request = server.http().request(Method::GET, "/api/products/stream");
    let request = request.header("accept-encoding", "gzip, br");
    let mut stream = request.send().await.expect("an answer");
    assert!(!stream.headers().contains_key("content-encoding"));
    let mut text = String::new();
    let listening = async {
        // A line that begins so is a comment (HTML Standard section 9.2.6).
        while !text.contains("\n:") {
            let piece = stream.chunk().await.expect("a stream").expect("more");
            text += std::str::from_utf8(&piece).expect("UTF-8");
        }
    };
    // What proxies and phones wait for at least is half a minute.
    let said = timeout(std::time::Duration::from_secs(25), listening).await;
    assert!(said.is_ok(), "it is silent");
    assert!(
        text.contains("event: snapshot") || text.contains("event:snapshot"),
        "{text}"
    );
}

#[tokio::test]
async fn a_follower_of_the_history_is_told_each_change_and_what_it_missed() {
    let server = Server::start();
    let http = server.http();
    http.add("before").await;
    server.client().await.until_revision(1).await;
    let mut events = Events::open_at(&http, "/api/history/stream", None).await;
    let mut of_one = Events::open_at(&http, "/api/history/stream?product=1&since=0", None).await;
    http.add("a").await;
    let patch = serde_json::json!({"stock": 9});
    http.send(Method::PATCH, "/api/products/1", &patch).await;
    http.delete(2).await;
    for (id, source) in [("2", "http"), ("3", "http"), ("4", "http")] {
        let event = events.next().await.expect("an event");
        assert_eq!((&*event.name, event.id.as_deref()), ("change", Some(id)));
        assert_eq!(event.data["source"], source);
        assert!(event.data["at"].is_string());
    }
    for (id, kind) in [("1", "added"), ("3", "updated")] {
        let event = of_one.next().await.expect("an event");
        assert_eq!(event.id.as_deref(), Some(id));
        assert_eq!(event.data["change"][kind]["id"], 1);
    }
    // Away for a while, it goes on from where it was; one from another history begins now.
    let stream = "/api/history/stream";
    let mut again = Events::open_at(&http, stream, Some("3")).await;
    let mut foreign = Events::open_at(&http, stream, Some("77")).await;
    assert_eq!(
        again.next().await.expect("an event").data["before"]["code"],
        "a"
    );
    http.add("last").await;
    for events in [&mut again, &mut foreign] {
        let event = events.next().await.expect("an event");
        assert_eq!(event.data["change"]["added"]["code"], "last");
    }
    let wrong = http.get("/api/history/stream?since=x").await;
    assert_eq!(wrong.status(), 400);
    let wrong = http.get("/api/history/stream?sinc=1").await;
    assert_eq!(wrong.status(), 400);
    // It ends when the server does.
    server.stop().await;
    assert!(again.next().await.is_none());
}
