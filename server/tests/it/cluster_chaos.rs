//! Three servers on one PostgreSQL with a standby while everything fails in turn: nothing acknowledged
//! is lost, nothing is done twice, and every follower sees one order.
//!
//! `cargo xtask cluster --chaos N` runs it with N faults.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::soak::{View, step, view};
use crate::support::cluster::connect;
use crate::support::{Client, Http, Postgres, Program, Proxy, Random, TIMEOUT, draft};
use futures_util::SinkExt;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{Digest, Mirror, ServerMessage};
use testbed::url;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

const SERVERS: usize = 3;

/// How long an answer is waited for before it is asked for again.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was acknowledged: each product's code and stock; `None` once its deletion was.
type Ledger = BTreeMap<u64, Option<(String, u64)>>;

fn faults() -> usize {
    let given = std::env::var("VITRINA_CHAOS_FAULTS").ok();
    given.map_or(8, |given| given.parse().expect("a number of faults"))
}

/// A server, and its own stretches of network to both nodes of the database.
struct Slot {
    program: Program,
    url: String,
    proxies: Vec<Proxy>,
}

impl Slot {
    async fn start(postgres: &Postgres) -> Self {
        let mut proxies = Vec::new();
        for node in &postgres.nodes {
            proxies.push(Proxy::start(&[node.port]).await);
        }
        let url = url(proxies
            .iter()
            .map(|proxy| format!("127.0.0.1:{}", proxy.port)));
        let program = block_in_place(|| Program::start(Path::new(&url)));
        Self {
            program,
            url,
            proxies,
        }
    }

    /// SIGKILL, and another in its place after a while.
    async fn restart(&mut self, pause: Duration) {
        self.program.kill();
        sleep(pause).await;
        let host = self.program.host.clone();
        self.program = block_in_place(|| Program::start_on(Path::new(&self.url), &host));
        self.until_it_serves().await;
    }

    async fn until_it_serves(&self) {
        let start = Instant::now();
        while ask(
            &self.program.http(),
            Method::GET,
            "/api/products?limit=1",
            None,
            "",
        )
        .await
        .is_none()
        {
            assert!(start.elapsed() < TIMEOUT, "it serves nothing");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL"]
async fn nothing_is_lost_or_done_twice_whatever_fails() {
    let mut random = Random::new();
    let mut postgres = block_in_place(Postgres::start_with_standby);
    let mut slots = Vec::new();
    for _ in 0..SERVERS {
        slots.push(Slot::start(&postgres).await);
    }
    let hosts: Arc<[String]> = slots.iter().map(|slot| slot.program.host.clone()).collect();
    let working = Arc::new(AtomicBool::new(true));
    let mut writers = Vec::new();
    for number in 0..4 {
        let (hosts, working) = (hosts.clone(), working.clone());
        writers.push(tokio::spawn(over_http(
            number,
            hosts,
            working,
            random.fork(),
        )));
    }
    for number in 0..3 {
        let (hosts, working) = (hosts.clone(), working.clone());
        writers.push(tokio::spawn(over_the_socket(
            number,
            hosts,
            working,
            random.fork(),
        )));
    }
    let mut followers = Vec::new();
    for _ in 0..2 * SERVERS {
        let (hosts, working) = (hosts.clone(), working.clone());
        followers.push(tokio::spawn(follow(hosts, working, random.fork())));
    }
    let mut streams = Vec::new();
    for _ in 0..SERVERS {
        let (hosts, working) = (hosts.clone(), working.clone());
        streams.push(tokio::spawn(follow_events(hosts, working, random.fork())));
    }
    let mut history = HashMap::from([(0, Digest::default())]);
    let count = faults();
    for number in 0..count {
        sleep(Duration::from_millis(random.number(100..900))).await;
        let name = break_something(&mut postgres, &mut slots, &mut random).await;
        println!("fault {} of {count}: {name}", number + 1);
        collect(&postgres, &mut history).await;
    }
    sleep(Duration::from_millis(500)).await;
    working.store(false, Ordering::Relaxed);
    let mut ledger = Ledger::new();
    for writer in writers {
        ledger.extend(writer.await.expect("a writer"));
    }
    collect(&postgres, &mut history).await;
    let last = *history.keys().max().expect("a revision");
    for slot in &slots {
        compare(&slot.program.http(), last, &ledger).await;
    }
    let mut views = Vec::new();
    for follower in followers.into_iter().chain(streams) {
        views.extend(follower.await.expect("a follower"));
    }
    for (revision, _, digest) in &views {
        assert_eq!(
            history.get(revision),
            Some(digest),
            "another list at {revision}"
        );
    }
    assert!(
        views.len() > count * 10,
        "only {} views were compared",
        views.len()
    );
    assert!(
        ledger.len() > count * 5,
        "the load was no load: {}",
        ledger.len()
    );
    println!(
        "{count} faults, {last} changes, {} products acknowledged, {} views compared",
        ledger.len(),
        views.len()
    );
}

/// Lets something fail, and come back; gives its name.
async fn break_something(
    postgres: &mut Postgres,
    slots: &mut [Slot],
    random: &mut Random,
) -> &'static str {
    let slot = &mut slots[random.index(0..=SERVERS - 1)];
    let pause = Duration::from_millis(random.number(0..1_000));
    let stop = Duration::from_millis(random.number(500..5_000));
    match random.index(0..=8) {
        0 | 1 => {
            slot.restart(pause).await;
            "a server was killed"
        }
        2 => {
            slot.program.signal("STOP");
            sleep(stop).await;
            slot.program.signal("CONT");
            "a server was stopped for a while"
        }
        3 => {
            block_in_place(|| {
                let primary = postgres.primary;
                postgres.nodes[primary].kill();
                postgres.promote();
            });
            sleep(pause).await;
            block_in_place(|| postgres.add_standby());
            "the primary was killed, and its standby promoted"
        }
        4 => {
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'vitrina' ORDER BY random() LIMIT 2";
            postgres.execute(sql);
            "two sessions were ended"
        }
        5 => {
            slot.proxies.iter().for_each(Proxy::cut);
            "a server's connections were cut"
        }
        6 => {
            let stop = stop.min(Duration::from_secs(4));
            slot.proxies.iter().for_each(|proxy| proxy.set_silent(true));
            sleep(stop).await;
            slot.proxies
                .iter()
                .for_each(|proxy| proxy.set_silent(false));
            if random.chance(0.5) {
                slot.proxies.iter().for_each(Proxy::cut);
            }
            "a server's network was silent for a while"
        }
        7 => {
            let primary = postgres.primary;
            block_in_place(|| {
                postgres.nodes[primary].stop();
                postgres.nodes[primary].start();
            });
            "the primary was restarted"
        }
        _ => {
            let standby = 1 - postgres.primary;
            block_in_place(|| postgres.nodes[standby].kill());
            sleep(pause).await;
            block_in_place(|| postgres.nodes[standby].start());
            "the standby was killed and came back"
        }
    }
}

/// Notes the digest at each revision, which must never become another.
async fn collect(postgres: &Postgres, history: &mut HashMap<u64, Digest>) {
    let sql = "SELECT revision, digest FROM vitrina.changes";
    let rows = connect(postgres).await.query(sql, &[]).await;
    for row in rows.expect("rows") {
        let revision = row.get::<_, i64>(0).cast_unsigned();
        let digest = row.get::<_, String>(1).parse().expect("a digest");
        let before = history.insert(revision, digest);
        assert!(
            before.is_none_or(|before| before == digest),
            "{revision} was rewritten"
        );
    }
}

/// Compares a server's list with what was acknowledged.
async fn compare(http: &Http, newest: u64, ledger: &Ledger) {
    let request = http.request(Method::GET, "/api/products?limit=1");
    let request = request.header("vitrina-at-least", newest.to_string());
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200, "it doesn't know revision {newest}");
    let list = http.list().await;
    let products = list["products"].as_array().expect("a list").iter();
    let products: BTreeMap<u64, (String, u64)> = products
        .map(|product| {
            let code = product["code"].as_str().expect("a code").to_owned();
            let stock = product["stock"].as_u64().expect("a number");
            (product["id"].as_u64().expect("an id"), (code, stock))
        })
        .collect();
    let expected: BTreeMap<u64, (String, u64)> = ledger
        .iter()
        .filter_map(|(id, product)| Some((*id, product.clone()?)))
        .collect();
    assert_eq!(products, expected);
}

/// One request; `None` where nothing is known of what came of it, or nothing was done.
async fn ask(
    http: &Http,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: &str,
) -> Option<(u16, Value)> {
    let mut request = http.request(method, path).timeout(PATIENCE);
    if let Some(body) = body {
        request = request.json(body);
    }
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let text = response.text().await.ok()?;
    (status < 500).then(|| (status, serde_json::from_str(&text).unwrap_or_default()))
}

/// Asks one server after the other until the request is done.
async fn settle(
    hosts: &[String],
    random: &mut Random,
    (method, path): (Method, &str),
    body: Option<&Value>,
    key: &str,
) -> (u16, Value) {
    let start = Instant::now();
    loop {
        let host = &hosts[random.index(0..=SERVERS - 1)];
        if let Some(answer) = ask(&Http::of(host), method.clone(), path, body, key).await {
            return answer;
        }
        assert!(start.elapsed() < 3 * TIMEOUT, "{key} is never done");
        sleep(Duration::from_millis(random.number(10..200))).await;
    }
}

async fn over_http(
    writer: usize,
    hosts: Arc<[String]>,
    working: Arc<AtomicBool>,
    mut random: Random,
) -> Ledger {
    let mut ledger = Ledger::new();
    let mut own: Vec<u64> = Vec::new();
    for number in 0_u64.. {
        if !working.load(Ordering::Relaxed) {
            break;
        }
        sleep(Duration::from_millis(random.number(0..20))).await;
        let key = format!("writer {writer} {number}");
        let choice = random.index(0..=9);
        if choice < 6 || own.is_empty() {
            let add = (Method::POST, "/api/products");
            let (status, product) =
                settle(&hosts, &mut random, add, Some(&draft(&key)), &key).await;
            assert_eq!(status, 201, "{product}");
            let id = product["id"].as_u64().expect("an id");
            let before = ledger.insert(id, Some((key, 5)));
            assert_eq!(before, None, "an id was given twice");
            own.push(id);
        } else {
            let at = random.index(0..=own.len() - 1);
            let path = format!("/api/products/{}", own[at]);
            if choice < 9 {
                let fields = json!({"stock": number + 100});
                let update = (Method::PATCH, path.as_str());
                let (status, product) =
                    settle(&hosts, &mut random, update, Some(&fields), &key).await;
                assert_eq!(status, 200, "{product}");
                if let Some(Some((_, stock))) = ledger.get_mut(&own[at]) {
                    *stock = number + 100;
                }
            } else {
                let delete = (Method::DELETE, path.as_str());
                let (status, problem) = settle(&hosts, &mut random, delete, None, &key).await;
                assert_eq!(status, 204, "{problem}");
                ledger.insert(own.swap_remove(at), None);
            }
        }
    }
    ledger
}

/// Opens a client somewhere.
async fn open(hosts: &[String], random: &mut Random, query: &str) -> Client {
    loop {
        let host = &hosts[random.index(0..=SERVERS - 1)];
        let opened = timeout(Duration::from_secs(2), Client::try_open(host, query, &[])).await;
        if let Ok(Ok(client)) = opened {
            return client;
        }
        sleep(Duration::from_millis(random.number(10..100))).await;
    }
}

async fn over_the_socket(
    writer: usize,
    hosts: Arc<[String]>,
    working: Arc<AtomicBool>,
    mut random: Random,
) -> Ledger {
    let page = format!("page=writer{writer}");
    let mut ledger = Ledger::new();
    let mut client = open(&hosts, &mut random, &page).await;
    for request in 0.. {
        if !working.load(Ordering::Relaxed) {
            break;
        }
        sleep(Duration::from_millis(random.number(0..30))).await;
        let code = format!("page {writer} {request}");
        let add = json!({"type": "add", "request": request, "draft": draft(&code)});
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < 3 * TIMEOUT, "{code} is never done");
            let sent = client.socket.send(Message::text(add.to_string())).await;
            let answered = async {
                while sent.is_ok() {
                    if let Some(answer) = client.told.iter().find_map(answer_of) {
                        return Some(answer);
                    }
                    if !client.step().await {
                        break;
                    }
                }
                None
            };
            let answer = timeout(PATIENCE, answered).await.ok().flatten();
            client.told.clear();
            client.changes.clear();
            match answer {
                Some(Ok(id)) => {
                    let before = ledger.insert(id, Some((code, 5)));
                    assert_eq!(before, None, "an id was given twice");
                    break;
                }
                // It was refused, or its outcome is not known: it is asked for once more.
                Some(Err(code)) => {
                    let may_pass = ["not_saved", "outcome_unknown", "stopping"];
                    assert!(may_pass.contains(&code.as_str()), "{code}");
                    sleep(Duration::from_millis(50)).await;
                }
                None => client = open(&hosts, &mut random, &page).await,
            }
        }
    }
    ledger
}

/// The answer that a message is, if it is one: a product's id, or the code of a problem.
fn answer_of(message: &ServerMessage) -> Option<Result<u64, String>> {
    match message {
        ServerMessage::Done { id, .. } => Some(Ok(id.0)),
        ServerMessage::Refused { problem, .. } => Some(Err(problem.code.clone())),
        _ => None,
    }
}

/// Follows over sockets, from one server to the next; gives what was seen.
async fn follow(hosts: Arc<[String]>, working: Arc<AtomicBool>, mut random: Random) -> Vec<View> {
    let mut views = Vec::new();
    let mut mirror = Mirror::default();
    while working.load(Ordering::Relaxed) {
        let position = mirror.position();
        let query = position.map(|position| position.to_query());
        let mut client = open(&hosts, &mut random, &query.unwrap_or_default()).await;
        client.mirror = mirror;
        let mut is_true = false;
        // A server that is stopped says nothing.
        while let Ok(true) = timeout(Duration::from_secs(3), step(&mut client, &mut is_true)).await
        {
            if is_true {
                views.push(view(client.catalog()));
            }
            client.told.clear();
            client.changes.clear();
            if random.chance(0.01) || !working.load(Ordering::Relaxed) {
                break;
            }
        }
        mirror = client.mirror;
        if is_true {
            mirror.interrupt();
        } else {
            // What was seen on the way need not be a list that ever was.
            mirror = Mirror::default();
        }
    }
    views
}

/// Follows over event streams; gives what was seen.
async fn follow_events(
    hosts: Arc<[String]>,
    working: Arc<AtomicBool>,
    mut random: Random,
) -> Vec<View> {
    let mut views = Vec::new();
    let mut mirror = Mirror::default();
    let mut last: Option<String> = None;
    while working.load(Ordering::Relaxed) {
        let http = Http::of(&hosts[random.index(0..=SERVERS - 1)]);
        let mut request = http.request(Method::GET, "/api/products/stream");
        if let Some(id) = &last {
            request = request.header("last-event-id", id);
        }
        mirror.interrupt();
        let Ok(Ok(mut response)) = timeout(Duration::from_secs(3), request.send()).await else {
            continue;
        };
        let mut buffer = String::new();
        while let Ok(Ok(Some(piece))) = timeout(Duration::from_secs(3), response.chunk()).await {
            buffer.push_str(&String::from_utf8_lossy(&piece));
            while let Some(end) = buffer.find("\n\n") {
                let event: String = buffer.drain(..end + 2).collect();
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::trim)
                };
                let Some(data) = field("data:") else { continue };
                mirror.take(serde_json::from_str(data).expect("a message"));
                let Some(id) = field("id:") else { continue };
                last = Some(id.to_owned());
                let seen = view(mirror.catalog());
                assert_eq!(id, format!("{}-{}", seen.0, seen.2), "it is another list");
                views.push(seen);
            }
            if random.chance(0.01) || !working.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    views
}
