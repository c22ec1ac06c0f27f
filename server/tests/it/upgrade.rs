//! Data files of earlier versions, each made by that version, and of later ones.

use crate::support::{Client, Program};
use serde_json::json;
use shared::{Change, ClientId, RequestId, RequestKey};
use vitrina::journal::{DataFile, Journal, Key, SqliteJournal};

/// Every file in `data`, made by the server of that version and with the same six changes: of four
/// products one was deleted, one updated, and one added by a client. From version 2 on the first was
/// added with an `Idempotency-Key`.
const FILES: [(&str, &[u8]); 5] = [
    ("v1.db", include_bytes!("../data/v1.db")),
    ("v2.db", include_bytes!("../data/v2.db")),
    ("v3.db", include_bytes!("../data/v3.db")),
    ("v4.db", include_bytes!("../data/v4.db")),
    ("v5.db", include_bytes!("../data/v5.db")),
];

#[tokio::test]
async fn the_files_of_earlier_versions_are_brought_up_to_date() {
    for (name, bytes) in FILES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a copy");
        let loaded = SqliteJournal::open(&path)
            .expect("opens")
            .load()
            .expect("loads");
        assert_eq!(loaded.catalog.revision().0, 6, "{name}");
        assert_eq!(loaded.recent.len(), 6, "{name}");
        assert!(matches!(loaded.recent[3].change, Change::Deleted(_)));
        let key = RequestKey {
            client: ClientId("a-page".into()),
            request: RequestId(7),
        };
        assert_eq!(loaded.recent[5].key, Some(Key::Client(key)));

        let mut program = Program::start(&path);
        let http = program.http();
        let list = http.list().await;
        assert_eq!(list["products"][0]["title"], "Lámpara de mesa");
        assert_eq!(list["products"][1]["stock"], 7);
        assert_eq!(list["products"][2]["price"], json!(3.5));
        assert_eq!(http.add("new").await, 7);
        let mut client = Client::open(&program.host, "").await;
        client.until_revision(7).await;
        program.kill();
        let again = Program::start(&path);
        assert_eq!(again.http().list().await["count"], 4, "{name}");

        let file = rusqlite::Connection::open(&path).expect("a file");
        let told = "SELECT count(*) FROM changes WHERE digest IS NOT NULL AND at IS NOT NULL";
        let told: u64 = file.query_row(told, [], |row| row.get(0)).expect("a count");
        let made_with = if matches!(name, "v1.db" | "v2.db") {
            1
        } else {
            7
        };
        assert_eq!(told, made_with, "{name}: what was not kept is not made up");
        let deleted = "SELECT count(*) FROM changes WHERE product = 3";
        let deleted: u64 = file
            .query_row(deleted, [], |row| row.get(0))
            .expect("a count");
        assert_eq!(deleted, 2, "{name}: each change names its product");
        let price = "SELECT price FROM products_view WHERE id = 6";
        let price: f64 = file
            .query_row(price, [], |row| row.get(0))
            .expect("a price");
        assert!((price - 3.5).abs() < 1e-9, "{name}: {price}");
        let data = DataFile::open(&path).expect("opens");
        assert_eq!(data.inspect().faults, Vec::<String>::new(), "{name}");
    }
}
