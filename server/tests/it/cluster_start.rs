//! A database that can't be used at the start: one line says why and what to do, and the program ends.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::support::cluster::connect;
use crate::support::{Postgres, Program};
use testbed::url;

/// Starts a server that can't start, and gives its last line.
fn refusal(address: &str) -> String {
    let output = run(address, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).expect("text");
    let last = said.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("vitrina: "), "{said}");
    assert!(!said.contains("secret"), "{said}");
    last
}

fn run(address: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.args(["--journal", address]).args(arguments);
    command.stdin(Stdio::null()).output().expect("it runs")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_can_not_be_used_is_said_why() {
    let postgres = Postgres::start();
    let port = postgres.nodes[0].port;
    let at = |user: &str, rest: &str| format!("postgres://{user}@127.0.0.1:{port}/{rest}");
    for (address, words) in [
        (
            at("postgres", "nowhere"),
            "database \"nowhere\" does not exist; make it",
        ),
        (
            at("nobody:secret", "shop"),
            "role \"nobody\" does not exist; check the user and the password",
        ),
        (
            at("postgres", "shop?sslmode=require"),
            "it offers no TLS: set that up there, or add sslmode=disable",
        ),
        (
            "postgres://postgres:secret@127.0.0.1:1/shop".to_owned(),
            "Connection refused",
        ),
        (
            "postgres://postgres:secret@127.0.0.1:x/shop".to_owned(),
            "write it as postgres://user:password@host:5432/database",
        ),
        (at("postgres:secret", "shop?schema=A"), "--journal: schema:"),
        (
            "postgre://u:secret@h/shop".to_owned(),
            "--journal: it is no address",
        ),
        (
            "postgres//u:secret@h/shop".to_owned(),
            "--journal: it is no address",
        ),
        (
            "Postgres:u:secret@h/shop".to_owned(),
            "--journal: it is no address",
        ),
        (
            "host=h password=secret".to_owned(),
            "--journal: it is no address",
        ),
    ] {
        let said = refusal(&address);
        assert!(said.contains(words), "{address}: {said}");
    }
    // A wrong password, where one is asked for.
    postgres.execute("CREATE ROLE clerk LOGIN PASSWORD 'right'");
    let rules = "local all all trust\nhost all clerk 127.0.0.1/32 scram-sha-256\n\
        host all all 127.0.0.1/32 trust\n";
    std::fs::write(postgres.nodes[0].path("pg_hba.conf"), rules).expect("a file");
    postgres.execute("SELECT pg_reload_conf()");
    let said = refusal(&at("clerk:secret", "shop"));
    assert!(
        said.contains("password authentication failed for user \"clerk\""),
        "{said}"
    );
    // A user that may make no schema.
    let said = refusal(&at("clerk:right", "shop"));
    assert!(
        said.contains("permission denied for database shop; let this user"),
        "{said}"
    );
    let list = "CREATE SCHEMA vitrina AUTHORIZATION clerk";
    postgres.execute(list);
    let server = Program::start(Path::new(&at("clerk:right", "shop")));
    server.http().add("a").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn tables_of_an_earlier_version_are_brought_up_to_date() {
    let postgres = Postgres::start();
    let url = postgres.url();
    let server = Program::start(Path::new(&url));
    server.http().add("a").await;
    drop(server);
    // As the first version made them.
    postgres.execute(
        "DROP TABLE vitrina.roster, vitrina.people, vitrina.sessions, vitrina.tokens, vitrina.tickets; \
        ALTER TABLE vitrina.changes DROP COLUMN person; ALTER TABLE vitrina.servers DROP COLUMN open; DROP INDEX vitrina.changes_at; \
        DROP VIEW vitrina.products_view; ALTER TABLE vitrina.changes DROP COLUMN product; \
        UPDATE vitrina.catalog SET version = 1",
    );
    let server = Program::start(Path::new(&url));
    server.http().add("b").await;
    let rows = "SELECT * FROM vitrina.products_view WHERE price = 19.99 AND on_sale";
    assert_eq!(postgres.count(rows), 2);
    let changes = "SELECT * FROM vitrina.changes WHERE product = revision";
    assert_eq!(postgres.count(changes), 2, "each change names its product");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn tables_that_are_not_as_they_must_be_are_refused() {
    let postgres = Postgres::start();
    let url = postgres.url();
    let mut server = Program::start(Path::new(&url));
    server.http().add("a").await;
    server.http().add("b").await;
    // While it runs, a newer Vitrina makes them its own.
    postgres.execute("UPDATE vitrina.catalog SET version = 99, batch = 1");
    let newer = "are of version 99, and this Vitrina knows 6: upgrade it";
    server.wait_for_log(newer);
    assert_eq!(server.wait_for_exit().code(), Some(1));
    assert!(refusal(&url).contains(newer));
    postgres.execute("UPDATE vitrina.catalog SET version = 6");
    // Something else writes.
    postgres.execute("UPDATE vitrina.products SET stock = 7 WHERE id = 2");
    let said = refusal(&url);
    let words = "something else than Vitrina changed 1 of its products, 2 among them";
    assert!(said.contains(words), "{said}");
    let checked = run(&url, &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    // A copy would tell no more that something is wrong.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let copied = run(&url, &["backup", copy.to_str().expect("UTF-8")]);
    assert_eq!(copied.status.code(), Some(1), "{copied:?}");
    assert!(!copy.exists());
    let found = String::from_utf8(checked.stdout).expect("text");
    assert!(
        found.contains("product 2: its row was changed from outside"),
        "{found}"
    );
    // Two lists in one place.
    postgres.execute(
        "DROP INDEX vitrina.catalog_has_one_row;
            INSERT INTO vitrina.catalog VALUES ('other', 2, 0, '0', 0)",
    );
    let said = refusal(&url);
    assert!(
        said.contains("has 2 lists instead of one; put each into a schema"),
        "{said}"
    );
    // In a schema of its own another list has room.
    let other = Program::start(Path::new(&format!("{url}?schema=north")));
    assert_eq!(other.http().add("a").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_standby_alone_takes_no_writes_and_can_be_read() {
    let mut postgres = Postgres::start_with_standby();
    let mut server = Program::start(Path::new(&postgres.url()));
    server.http().add("a").await;
    server.kill();
    let standby = url([format!("127.0.0.1:{}", postgres.nodes[1].port)]);
    // It has what was saved, and shows it a moment later.
    let exported = || run(&standby, &["export", "--format", "ndjson"]).stdout;
    while exported().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let products = String::from_utf8(exported()).expect("text");
    assert_eq!(products.lines().count(), 1, "{products}");
    let said = refusal(&standby);
    assert!(
        said.contains("it takes no writes: name the primary's host"),
        "{said}"
    );
    // Without the standby nothing is confirmed.
    postgres.nodes[1].kill();
    let said = refusal(&postgres.url());
    assert!(
        said.contains("it confirms nothing that is written"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn encryption_is_by_a_certificate_that_is_checked() {
    let mut postgres = Postgres::start();
    let node = &mut postgres.nodes[0];
    let (key, certificate) = (node.path("server.key"), node.path("server.crt"));
    let authority = tempfile::tempdir().expect("a folder");
    let authority = |name: &str| authority.path().join(name);
    let openssl = |arguments: &[&str], files: &[&Path]| {
        let mut openssl = Command::new("openssl");
        let output = openssl.args(arguments).args(files).output();
        let output = output.expect("openssl runs");
        assert!(output.status.success(), "{output:?}");
    };
    let (root_key, root, request) = (authority("a.key"), authority("a.crt"), authority("a.csr"));
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"];
    openssl(
        &[&new[..], &["/CN=authority", "-x509", "-keyout"]].concat(),
        &[&root_key, Path::new("-out"), &root],
    );
    openssl(
        &[&new[..], &["/CN=localhost", "-keyout"]].concat(),
        &[&key, Path::new("-out"), &request],
    );
    let names = authority("names");
    std::fs::write(&names, "subjectAltName=DNS:localhost\n").expect("a file");
    openssl(
        &["x509", "-req", "-CAcreateserial", "-in"],
        &[
            &request,
            Path::new("-CA"),
            &root,
            Path::new("-CAkey"),
            &root_key,
            Path::new("-extfile"),
            &names,
            Path::new("-out"),
            &certificate,
        ],
    );
    node.own(&key);
    node.configure("ssl = on");
    node.stop();
    node.start();
    let port = node.port;
    let address = format!("postgres://postgres@localhost:{port}/shop?sslmode=verify-full");
    let said = refusal(&address);
    let words = "its certificate is not trusted (invalid peer certificate";
    assert!(
        said.contains(words) && said.contains("sslrootcert=FILE"),
        "{said}"
    );
    let trusted = format!("{address}&sslrootcert={}", root.display());
    let server = Program::start(Path::new(&trusted));
    server.http().add("a").await;
    let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'vitrina'";
    let row = connect(&postgres).await.query_one(sql, &[]).await;
    assert!(row.expect("a row").get::<_, bool>(0));
}
