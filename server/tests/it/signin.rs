//! People sign in and out, by forms that need no script: what their browsers are given, and what others can
//! make of it.

use std::path::Path;

use crate::access::{Shop, run};
use crate::support::{Client, Http, Postgres, Program, TIMEOUT, data_file, draft};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

const CLOSED: [&str; 4] = ["--viewing", "people", "--editing", "people"];

/// Sends a form as a browser does that shows the server's own page.
async fn submit(
    http: &Http,
    host: &str,
    path: &str,
    cookie: &str,
    form: &[(&str, &str)],
) -> Response {
    let request = http.request(Method::POST, path);
    let request = request
        .header(ORIGIN, format!("http://{host}"))
        .header(COOKIE, cookie);
    request.form(form).send().await.expect("an answer")
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(response: &Response) -> String {
    let set = response.headers()[SET_COOKIE].to_str().expect("a text");
    set.split(';').next().unwrap_or_default().to_owned()
}

impl Shop {
    fn with_people(flags: &[&str]) -> Self {
        let people = [("Ana", "admin"), ("Eva", "editor"), ("Vera", "viewer")];
        Self::open_with(flags, &people)
    }

    async fn submit(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> Response {
        submit(&self.http(), &self.program.host, path, cookie, form).await
    }

    async fn try_sign_in(&self, name: &str, password: &str) -> Response {
        self.submit("/signin", "", &[("name", name), ("password", password)])
            .await
    }

    async fn sign_in(&self, name: &str) -> String {
        let answer = self
            .try_sign_in(name, &format!("the horse of {name}"))
            .await;
        assert_eq!(answer.status(), 303, "{name}");
        cookie(&answer)
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        let request = self.http().request(Method::GET, path);
        // Programs ask otherwise than people do.
        let is_api = path.starts_with("/api/");
        let accept = if is_api { "*/*" } else { "text/html" };
        let request = request.header(COOKIE, cookie).header("accept", accept);
        request.send().await.expect("an answer")
    }

    async fn live(&self, cookie: &str) -> Client {
        let origin = format!("http://{}", self.program.host);
        let headers = [("cookie", cookie), ("origin", &*origin)];
        let client = Client::try_open(&self.program.host, "", &headers).await;
        client.expect("a connection")
    }
}

async fn who(shop: &Shop, cookie: &str) -> Value {
    shop.get("/api/me", cookie)
        .await
        .json()
        .await
        .expect("JSON")
}

#[tokio::test]
async fn one_signs_in_goes_on_and_signs_out() {
    let shop = Shop::with_people(&CLOSED);
    let page = shop.get("/realtimeproducts?q=a%20b", "").await;
    assert_eq!(page.status(), 303);
    assert_eq!(
        page.headers()[LOCATION],
        "signin?next=realtimeproducts%3Fq%3Da%2520b"
    );
    shop.sign_in("Eva").await;
    // Phones begin a name with a capital, and people forget which there are.
    let form = [
        ("name", " eVA "),
        ("password", "the horse of Eva"),
        ("next", "realtimeproducts?q=a%20b"),
    ];
    let answer = shop.submit("/signin", "", &form).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()[LOCATION], "realtimeproducts?q=a%20b");
    let set = answer.headers()[SET_COOKIE].to_str().expect("a text");
    for part in ["vitrina-session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let session = cookie(&answer);
    assert_eq!(
        who(&shop, &session).await,
        json!({"name": "Eva", "role": "editor"})
    );
    assert_eq!(shop.get("/realtimeproducts", &session).await.status(), 200);
    let mut live = shop.live(&session).await;
    live.until_loaded().await;
    live.add(1, &draft("a")).await;
    live.answer(1).await;
    let history = shop.get("/api/history", &session).await;
    let history: Value = history.json().await.expect("JSON");
    assert_eq!(history["changes"][0]["by"], "Eva");
    assert_eq!(history["changes"][0]["source"], "page");
    let out = shop.submit("/signout", &session, &[]).await;
    assert_eq!(out.status(), 303);
    let taken = out.headers().get_all(SET_COOKIE).iter();
    let taken: Vec<&str> = taken.filter_map(|set| set.to_str().ok()).collect();
    assert_eq!(taken.len(), 2);
    assert!(
        taken.iter().all(|set| set.contains("Max-Age=0")),
        "{taken:?}"
    );
    live.until_closed().await;
    assert_eq!(live.closed, Some(1008));
    // What was signed out is worth nothing any more.
    assert_eq!(shop.get("/api/me", &session).await.status(), 401);
}

#[tokio::test]
async fn others_can_make_nothing_of_a_session() {
    let shop = Shop::with_people(&CLOSED);
    // One that is foisted on a browser is not taken over by whoever signs in (session fixation).
    let foisted = format!("vitrina-session={}", "5".repeat(64));
    let form = [("name", "Eva"), ("password", "the horse of Eva")];
    shop.sign_in("Eva").await;
    let answer = shop.submit("/signin", &foisted, &form).await;
    assert_eq!(answer.status(), 303);
    let session = cookie(&answer);
    assert_ne!(session, foisted);
    assert_eq!(shop.get("/api/me", &foisted).await.status(), 401);
    // Each sign-in is another.
    assert_ne!(
        cookie(&shop.submit("/signin", &session, &form).await),
        session
    );
    // A page of another site can send nothing in somebody's name.
    for (path, form) in [
        ("/signin", &form[..]),
        ("/signout", &[]),
        ("/account", &[("action", "end"), ("session", "x")]),
        ("/people", &[("action", "remove"), ("name", "Vera")]),
        ("/api/products", &[("title", "x")]),
    ] {
        for origin in ["http://evil.example", "null"] {
            let request = shop
                .http()
                .request(Method::POST, path)
                .header(ORIGIN, origin);
            let request = request.header(COOKIE, &session).form(form);
            let refused = request.send().await.expect("an answer");
            assert_eq!(refused.status(), 403, "{path}, {origin}");
        }
    }
    let evil = [("cookie", &*session), ("origin", "http://evil.example")];
    assert!(
        Client::try_open(&shop.program.host, "", &evil)
            .await
            .is_err()
    );
    // Neither the hash that is kept nor a part of the secret is the secret.
    let secret = session.trim_start_matches("vitrina-session=");
    for wrong in [&secret[..63], &format!("{secret}0"), "", "' OR 1=1 --"] {
        let wrong = format!("vitrina-session={wrong}");
        assert_eq!(shop.get("/api/me", &wrong).await.status(), 401, "{wrong}");
    }
    let file = std::fs::read(data_file(&shop.folder)).expect("a file");
    let log = data_file(&shop.folder).with_extension("db-wal");
    let kept = [file, std::fs::read(log).unwrap_or_default()].concat();
    assert!(
        !kept
            .windows(secret.len())
            .any(|part| part == secret.as_bytes())
    );
    // Over the wire of a page nothing of it is said, and nothing is kept by caches.
    let page = shop.get("/account", &session).await;
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(!page.text().await.expect("a text").contains(secret));
}

#[tokio::test]
async fn a_session_of_an_encrypted_page_goes_by_no_other() {
    let shop = Shop::with_people(&[
        "--viewing",
        "people",
        "--editing",
        "people",
        "--trusted-proxy",
        "127.0.0.1",
    ]);
    shop.sign_in("Eva").await;
    let request = shop.http().request(Method::POST, "/signin");
    let request = request
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-for", "203.0.113.5");
    let request = request.header(ORIGIN, format!("https://{}", shop.program.host));
    let request = request.form(&[("name", "Eva"), ("password", "the horse of Eva")]);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    let set = answer.headers()[SET_COOKIE].to_str().expect("a text");
    assert!(set.starts_with("__Host-vitrina-session="), "{set}");
    for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/;"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let session = cookie(&answer);
    let get = async |proto: &str, session: &str| {
        let request = shop
            .http()
            .request(Method::GET, "/api/me")
            .header(COOKIE, session);
        let request = request.header("x-forwarded-proto", proto);
        let request = request.header("x-forwarded-for", "203.0.113.5");
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(get("https", &session).await, 200);
    assert_eq!(get("http", &session).await, 401);
    // One that anybody on the network can have set counts for nothing where the connection is encrypted.
    let plain = shop.sign_in("Vera").await;
    assert_eq!(get("http", &plain).await, 200);
    assert_eq!(get("https", &plain).await, 401);
}

#[tokio::test]
async fn after_five_failures_one_waits() {
    let flags = ["--editing", "people", "--trusted-proxy", "127.0.0.1"];
    let shop = Shop::with_people(&flags);
    shop.sign_in("Eva").await;
    let attempt = async |address: &str, name: &str, password: &str| {
        let request = shop.http().request(Method::POST, "/signin");
        let request = request.header("x-forwarded-for", address);
        let request = request.header(ORIGIN, format!("http://{}", shop.program.host));
        let request = request.form(&[("name", name), ("password", password)]);
        request.send().await.expect("an answer")
    };
    let mut words = Vec::new();
    for (place, name) in (0..5).zip(["Eva", "nobody"].into_iter().cycle()) {
        let wrong = attempt("203.0.113.7", name, "wrong horse").await;
        assert_eq!(wrong.status(), 422, "{place}");
        let page = wrong.text().await.expect("a text");
        assert!(
            page.contains("The name or the password is wrong."),
            "{page}"
        );
        assert!(!page.contains("wrong horse"), "a password is not repeated");
        words.push(page.replace("Eva", "").replace("nobody", ""));
    }
    assert!(
        words.windows(2).all(|two| two[0] == two[1]),
        "it tells nothing of who there is"
    );
    // The address waits, whoever it says that it is, and whether or not it is right now.
    let waits = attempt("203.0.113.7", "Vera", "the horse of Vera").await;
    assert_eq!(waits.status(), 429);
    let seconds = waits.headers()[RETRY_AFTER]
        .to_str()
        .expect("a text")
        .parse::<u64>();
    assert!(seconds.is_ok_and(|seconds| (1..=3).contains(&seconds)));
    // Others don't.
    assert_eq!(
        attempt("203.0.113.8", "Vera", "the horse of Vera")
            .await
            .status(),
        303
    );
    // What an address claims that is no proxy of ours counts for nothing.
    let forged = attempt("203.0.113.9, 203.0.113.7", "Vera", "the horse of Vera").await;
    assert_eq!(forged.status(), 429);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(
        attempt("203.0.113.7", "Vera", "the horse of Vera")
            .await
            .status(),
        303
    );
}

#[tokio::test]
async fn many_guesses_at_once_are_as_many() {
    let shop = Shop::with_people(&["--editing", "people"]);
    let guesses = (0..60).map(|number| {
        let (http, host) = (shop.http(), shop.program.host.clone());
        tokio::spawn(async move {
            let guess = format!("guess number {number}");
            let form = [("name", "Eva"), ("password", &*guess)];
            let answer = submit(&http, &host, "/signin", "", &form).await;
            answer.status().as_u16()
        })
    });
    let guesses: Vec<_> = guesses.collect();
    let mut looked_at = 0;
    for guess in guesses {
        match guess.await.expect("an answer") {
            422 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    // After five of them one waits, longer each time.
    assert!((5..10).contains(&looked_at), "{looked_at}");
    // Nor is anything kept that is longer than a name or a password.
    let long = "x".repeat(20_000);
    let refused = shop.try_sign_in("Vera", &long).await;
    assert_eq!(refused.status(), 413);
}

#[tokio::test]
async fn an_admin_says_who_may_do_what_and_it_is_true_at_once() {
    let shop = Shop::with_people(&CLOSED);
    let (ana, eva) = (shop.sign_in("Ana").await, shop.sign_in("Eva").await);
    let change =
        async |cookie: &str, form: &[(&str, &str)]| shop.submit("/people", cookie, form).await;
    // Nobody else may.
    let promote = [("action", "role"), ("name", "Eva"), ("role", "admin")];
    assert_eq!(change(&eva, &promote).await.status(), 403);
    assert_eq!(change("", &promote).await.status(), 401);
    assert_eq!(shop.get("/people", &eva).await.status(), 403);
    let mut live = shop.live(&eva).await;
    live.until_loaded().await;
    let demote = [("action", "role"), ("name", "Eva"), ("role", "viewer")];
    let done = change(&ana, &demote).await;
    assert_eq!(done.headers()[LOCATION], "people?done=role");
    live.until_closed().await;
    assert_eq!(live.closed, Some(1008));
    assert_eq!(who(&shop, &eva).await["role"], "viewer");
    for (form, words) in [
        (
            &[
                ("action", "add"),
                ("name", "eva"),
                ("role", "viewer"),
                ("password", "correct horse"),
            ][..],
            "already",
        ),
        (
            &[
                ("action", "add"),
                ("name", "Nico"),
                ("role", "viewer"),
                ("password", "short"),
            ],
            "too short",
        ),
        (
            &[
                ("action", "add"),
                ("name", "\u{200b}"),
                ("role", "viewer"),
                ("password", "correct horse"),
            ],
            "can be seen",
        ),
        (
            &[("action", "role"), ("name", "Ana"), ("role", "viewer")],
            "only admin",
        ),
        (&[("action", "remove"), ("name", "Ana")], "only admin"),
        (
            &[("action", "remove"), ("name", "Nobody")],
            "Nobody is called so",
        ),
    ] {
        let refused = change(&ana, form).await;
        assert_eq!(refused.status(), 422, "{form:?}");
        let page = refused.text().await.expect("a text");
        assert!(page.contains(words), "{form:?}: {page}");
    }
    let add = [
        ("action", "add"),
        ("name", "<b>Nico</b>"),
        ("role", "viewer"),
        ("password", "correct horse"),
    ];
    assert_eq!(change(&ana, &add).await.status(), 303);
    let page = shop
        .get("/people?done=added", &ana)
        .await
        .text()
        .await
        .expect("a text");
    assert!(
        page.contains("&lt;b&gt;Nico&lt;/b&gt;") && !page.contains("<b>Nico"),
        "{page}"
    );
    assert_eq!(
        shop.try_sign_in("<b>nico</b>", "correct horse")
            .await
            .status(),
        303
    );
    let remove = [("action", "remove"), ("name", "Eva")];
    assert_eq!(change(&ana, &remove).await.status(), 303);
    assert_eq!(shop.get("/api/me", &eva).await.status(), 401);
}

#[tokio::test]
async fn another_password_ends_other_sessions() {
    let shop = Shop::with_people(&CLOSED);
    let (here, there) = (shop.sign_in("Eva").await, shop.sign_in("Eva").await);
    let change = async |old: &str, new: &str| {
        let form = [("action", "password"), ("old", old), ("password", new)];
        shop.submit("/account", &here, &form).await
    };
    assert_eq!(change("wrong", "another horse").await.status(), 422);
    assert_eq!(change("the horse of Eva", "12345678").await.status(), 422);
    assert_eq!(who(&shop, &there).await["name"], "Eva");
    let done = change("the horse of Eva", "another horse").await;
    assert_eq!(done.headers()[LOCATION], "account?done=password");
    assert_eq!(who(&shop, &here).await["name"], "Eva");
    assert_eq!(shop.get("/api/me", &there).await.status(), 401);
    assert_eq!(
        shop.try_sign_in("Eva", "the horse of Eva").await.status(),
        422
    );
    assert_eq!(shop.try_sign_in("Eva", "another horse").await.status(), 303);
    // One ends sessions of one's own alone.
    let vera = shop.sign_in("Vera").await;
    let page = shop
        .get("/account", &vera)
        .await
        .text()
        .await
        .expect("a text");
    let hash = |page: &str| {
        page.split("value=\"").find_map(|part| {
            part.split('"')
                .next()
                .filter(|hash| hash.len() == 64)
                .map(str::to_owned)
        })
    };
    assert_eq!(hash(&page), None, "this one is ended by signing out");
    let other = shop.sign_in("Vera").await;
    let page = shop
        .get("/account", &vera)
        .await
        .text()
        .await
        .expect("a text");
    let hash = hash(&page).expect("the other session");
    let end = [("action", "end"), ("session", &*hash)];
    assert_eq!(shop.submit("/account", &here, &end).await.status(), 303);
    assert_eq!(
        who(&shop, &other).await["name"],
        "Vera",
        "it is not Eva's to end"
    );
    assert_eq!(shop.submit("/account", &vera, &end).await.status(), 303);
    assert_eq!(shop.get("/api/me", &other).await.status(), 401);
}

#[tokio::test]
async fn the_first_admin_is_made_by_whoever_has_the_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crate::support::program::command(&data_file(&folder), "0.0.0.0:0");
    command.args(["--editing", "people"]);
    let (program, line) = Program::run_and_read(command);
    let key = line
        .split("?key=")
        .nth(1)
        .expect("a link")
        .trim()
        .to_owned();
    let host = program.host.replace("0.0.0.0", "127.0.0.1");
    let http = Http::of(&host);
    let form = |key: &str, password: &str| {
        [
            ("key", key.to_owned()),
            ("name", "Ana".to_owned()),
            ("password", password.to_owned()),
        ]
    };
    let send = async |key: &str, password: &str| {
        let form = form(key, password);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, &**value)).collect();
        submit(&http, &host, "/welcome", "", &form).await
    };
    assert_eq!(http.get("/welcome").await.status(), 404);
    assert_eq!(send("wrong", "correct horse").await.status(), 404);
    assert_eq!(http.get(&format!("/welcome?key={key}")).await.status(), 200);
    assert_eq!(send(&key, "short").await.status(), 422);
    assert_eq!(send(&key, "correct horse").await.status(), 303);
    // It is good for once.
    assert_eq!(send(&key, "correct horse").await.status(), 404);
    assert_eq!(http.get(&format!("/welcome?key={key}")).await.status(), 404);
    let form = [("name", "Ana"), ("password", "correct horse")];
    let answer = submit(&http, &host, "/signin", "", &form).await;
    let me = http
        .request(Method::GET, "/api/me")
        .header(COOKIE, cookie(&answer));
    let me: Value = me
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(me["role"], "admin");
    // Also when nobody is left.
    let session = cookie(&answer);
    let leave = [("action", "remove"), ("name", "Ana")];
    let left = submit(&http, &host, "/people", &session, &leave).await;
    assert_eq!(left.status(), 303);
    assert_eq!(http.get(&format!("/welcome?key={key}")).await.status(), 404);
}

/// Somebody who is no admin any more once what they sent is done.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_sent_while_they_were_an_admin_is_not_done_later() {
    let people = [("Ana", "admin"), ("Eva", "admin")];
    let shop = Shop::open_with(&[&CLOSED[..], &["--max-sign-ins", "0"]].concat(), &people);
    let (ana, eva) = (shop.sign_in("Ana").await, shop.sign_in("Eva").await);
    // Passwords are calculated a few at a time: what comes after these takes a while.
    let busy = (0..12).map(|_| shop.try_sign_in("Ana", "wrong horse"));
    let add = [
        ("action", "add"),
        ("name", "Ida"),
        ("role", "admin"),
        ("password", "correct horse"),
    ];
    let adding = async {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        shop.submit("/people", &eva, &add).await
    };
    let remove = [("action", "remove"), ("name", "Eva")];
    let removing = async {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        shop.submit("/people", &ana, &remove).await
    };
    let busy = futures_util::future::join_all(busy);
    let (_, added, removed) = tokio::join!(busy, adding, removing);
    assert_eq!(removed.status(), 303);
    assert_eq!(added.status(), 403);
    let listed = shop.run(&["people", "list", "--json"], "");
    assert!(!listed.contains("Ida"), "{listed}");
}

/// Two admins who take away each other's role at the same instant: one was first, and stays.
#[test]
fn somebody_stays_an_admin_whoever_is_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    demote_each_other(&data);
}

/// The same in a database.
#[test]
#[ignore = "needs PostgreSQL"]
fn somebody_stays_an_admin_in_a_database_whoever_is_first() {
    let postgres = Postgres::start();
    demote_each_other(Path::new(&postgres.url()));
}

fn demote_each_other(journal: &Path) {
    let names = ["Ana", "Eva", "Ida", "Uma"];
    let add = |name: &str| {
        let add = ["people", "add", name, "--role", "admin"];
        assert!(run(journal, &add, "correct horse\n").status.success());
    };
    for name in names {
        add(name);
    }
    for _ in 0..5 {
        std::thread::scope(|scope| {
            for name in names {
                scope.spawn(move || run(journal, &["people", "role", name, "viewer"], ""));
            }
        });
        let listed = run(journal, &["people", "list", "--json"], "");
        let listed = String::from_utf8(listed.stdout).expect("a text");
        let admins = listed.matches("\"admin\"").count();
        assert_eq!(admins, 1, "{listed}");
        for name in names {
            let done = run(journal, &["people", "role", name, "admin"], "");
            assert!(done.status.success(), "{done:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn servers_of_one_journal_know_the_same_people() {
    let postgres = Postgres::start();
    let url = postgres.url();
    let added = run(
        Path::new(&url),
        &["people", "add", "Ana", "--role", "admin"],
        "the horse of Ana\n",
    );
    assert!(added.status.success(), "{added:?}");
    let start = || {
        let mut command = crate::support::program::command(Path::new(&url), "127.0.0.1:0");
        command.args(CLOSED);
        Program::run(command)
    };
    let (one, other) = (start(), start());
    let form = [("name", "Ana"), ("password", "the horse of Ana")];
    let answer = submit(&one.http(), &one.host, "/signin", "", &form).await;
    assert_eq!(answer.status(), 303);
    let session = cookie(&answer);
    let me = async |program: &Program| {
        let me = program
            .http()
            .request(Method::GET, "/api/me")
            .header(COOKIE, &session);
        me.send().await.expect("an answer").status().as_u16()
    };
    let until = async |wanted: u16| {
        while me(&other).await != wanted {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, until(200))
        .await
        .expect("the other knows them");
    let created = run(
        Path::new(&url),
        &["tokens", "create", "till", "--role", "editor"],
        "",
    );
    let token = String::from_utf8(created.stdout).expect("a text");
    // A ticket of one server is good at the other.
    let ticket = async {
        loop {
            let made = one
                .http()
                .request(Method::POST, "/api/tickets")
                .bearer_auth(token.trim());
            let made = made.send().await.expect("an answer");
            if made.status() == 201 {
                return made.json::<Value>().await.expect("JSON");
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let ticket = timeout(TIMEOUT, ticket).await.expect("a ticket");
    let query = format!("ticket={}", ticket["ticket"].as_str().expect("a text"));
    let mut client = None;
    while client.is_none() {
        client = Client::try_open(&other.host, &query, &[]).await.ok();
    }
    let mut client = client.expect("a connection");
    client.add(1, &draft("a")).await;
    client.answer(1).await;
    // Signed out at one, it is over at the other.
    submit(&one.http(), &one.host, "/signout", &session, &[]).await;
    timeout(TIMEOUT, until(401))
        .await
        .expect("it is over there");
    // People and programs move with the products.
    let folder = tempfile::tempdir().expect("a folder");
    drop((one, other));
    let file = folder.path().join("moved.db");
    let copied = run(
        Path::new(&url),
        &["backup", file.to_str().expect("UTF-8")],
        "",
    );
    assert!(copied.status.success(), "{copied:?}");
    let people = run(&file, &["people", "list"], "");
    assert!(String::from_utf8_lossy(&people.stdout).contains("Ana\tadmin"));
    let tokens = run(&file, &["tokens", "list"], "");
    assert!(String::from_utf8_lossy(&tokens.stdout).contains("till\teditor"));
}
