//! Any commands, over either journal: what it holds is the catalog that they led to, over a restart and
//! for another server too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Postgres, Random, data_file};
use shared::{
    Catalog, Change, ClientId, Command, Decision, Draft, Patch, Price, Product, ProductId,
    RequestId, RequestKey, Source,
};
use vitrina::journal::{
    Answer, Appended, Batch, ByOthers, Effect, Entry, IdempotencyKey, Journal, Key,
    PostgresJournal, Record, SqliteJournal, now_ms,
};

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A command on few codes and ids, so that they meet.
fn command(random: &mut Random) -> Command {
    let code = ["a", "B", "b", "ç", "d\u{301}", "e'\\"][random.index(0..=5)];
    let id = ProductId(random.number(1..15));
    match random.index(0..=2) {
        0 => Command::Add(Draft {
            title: format!("Product {code}").into(),
            description: "a\n\"b\"\tc".into(),
            code: code.into(),
            price: Price::from_cents(random.number(0..100_000_000_000)).expect("a price"),
            status: random.chance(0.5),
            stock: u32::MAX - u32::from(random.chance(0.5)),
            category: "ñ".into(),
            thumbnails: Box::new(["/a.png".into(), "https://x.example/\u{1f600}".into()]),
        }),
        1 => Command::Delete {
            id,
            if_revision: None,
        },
        _ => Command::Update {
            id,
            patch: Patch {
                code: random.chance(0.3).then(|| code.into()),
                stock: Some(u32::from(random.chance(0.5))),
                ..Patch::default()
            },
            if_revision: None,
        },
    }
}

fn key(random: &mut Random, number: u64) -> Option<Key> {
    match random.index(0..=2) {
        0 => None,
        1 => Some(Key::Client(RequestKey {
            client: ClientId("a\0\\\n".into()),
            request: RequestId(u64::MAX - number),
        })),
        _ => Some(Key::Idempotency(IdempotencyKey {
            name: format!("{number} \\0").into(),
            fingerprint: "f".into(),
        })),
    }
}

/// What was written, and what has to be found again.
#[derive(Default)]
struct Written {
    catalog: Catalog,
    entries: Vec<Entry>,
    answers: BTreeMap<String, (Key, Answer)>,
    number: u64,
}

impl Written {
    /// A batch of random commands, and the catalog it leads to.
    fn decide(&mut self, random: &mut Random) -> (Catalog, Batch) {
        let mut catalog = self.catalog.clone();
        let mut batch = Batch::default();
        for _ in 0..random.number(1..12) {
            let Ok(decision) = catalog.decide(command(random)) else {
                continue;
            };
            self.number += 1;
            let key = key(random, self.number);
            let answer = match decision {
                Decision::Change(change) => {
                    let before = catalog.get(change.id()).cloned();
                    let revision = catalog.revision().next();
                    catalog.apply(revision, [change.clone()]);
                    let answer = Answer {
                        revision,
                        effect: Effect::from(&change),
                    };
                    batch.records.push(Record {
                        entry: Entry {
                            revision,
                            change,
                            digest: Some(catalog.digest()),
                            key: key.clone(),
                        },
                        before,
                        at: now_ms(),
                        by: Source::Http,
                        person: None,
                    });
                    answer
                }
                Decision::Nothing(product) => {
                    batch
                        .unchanged
                        .extend(key.clone().map(|key| (key, product.clone())));
                    Answer {
                        revision: product.revision,
                        effect: Effect::Unchanged(product),
                    }
                }
            };
            if let Some(key) = key {
                self.answers
                    .insert(key.answer_name().into_owned(), (key, answer));
            }
        }
        (catalog, batch)
    }

    /// Writes it to a journal that knows the newest catalog.
    fn write(&mut self, journal: &mut impl Journal, random: &mut Random) {
        loop {
            let begun = journal.begin(&self.catalog, &[], deadline());
            assert!(matches!(begun, Ok(ByOthers::Nothing)));
            let (catalog, batch) = self.decide(random);
            if batch.records.is_empty() && batch.unchanged.is_empty() {
                journal.cancel();
                return;
            }
            let appended = journal.append(&self.catalog, &catalog, &batch, deadline());
            if appended.expect("it is written") == Appended::Durable {
                self.catalog = catalog;
                let entries = batch.records.into_iter().map(|record| record.entry);
                return self.entries.extend(entries);
            }
        }
    }

    /// Compares with what a journal holds.
    fn compare(&self, journal: &mut impl Journal) {
        let loaded = journal.load().expect("it can be read");
        assert_eq!(loaded.catalog, self.catalog);
        assert_eq!(loaded.catalog.digest(), self.catalog.digest());
        let written = |entries: &[Entry]| -> Vec<(u64, Change, _)> {
            let entries = entries.iter();
            entries
                .map(|e| (e.revision.0, e.change.clone(), e.digest))
                .collect()
        };
        assert_eq!(written(&loaded.recent), written(&self.entries));
        let keys: Vec<Key> = self.answers.values().map(|(key, _)| key.clone()).collect();
        let mut found;
        loop {
            let begun = journal.begin(&self.catalog, &keys, deadline());
            assert!(matches!(begun, Ok(ByOthers::Nothing)));
            found = Vec::new();
            for key in &keys {
                found.push(journal.find_answer(key).expect("it can be read"));
            }
            // One that only assumed that it is its turn has not looked.
            if journal.cancel() == Appended::Durable {
                break;
            }
        }
        for ((key, answer), found) in self.answers.values().zip(found) {
            let is_known = |(known, revision, effect): &(RequestKey, _, Effect)| {
                Key::Client(known.clone()) == *key
                    && (*revision, effect) == (answer.revision, &answer.effect)
            };
            let is_found = found.is_some_and(|(fingerprint, found)| {
                *fingerprint == *key.fingerprint() && found == *answer
            });
            assert!(is_found || loaded.requests.iter().any(is_known), "{key:?}");
        }
        for (id, deleted) in self.deleted() {
            let found = journal.find_deleted(id).expect("it can be read");
            assert_eq!(found.as_ref(), Some(deleted));
        }
        let never = journal.find_deleted(ProductId(1_000_000));
        assert_eq!(never.expect("it can be read"), None);
    }

    /// The products that are gone, as they were at last.
    fn deleted(&self) -> BTreeMap<ProductId, &Arc<Product>> {
        let mut products = BTreeMap::new();
        for entry in &self.entries {
            if let Change::Added(product) | Change::Updated(product) = &entry.change {
                products.insert(product.id, product);
            }
        }
        products.retain(|id, _| self.catalog.get(*id).is_none());
        products
    }
}

fn holds_the_catalog<J: Journal>(mut open: impl FnMut(usize) -> J) {
    let mut random = Random::new();
    for round in 0..12 {
        let mut written = Written::default();
        let mut journal = open(round);
        written.compare(&mut journal);
        for _ in 0..12 {
            written.write(&mut journal, &mut random);
            if random.chance(0.2) {
                drop(journal);
                journal = open(round);
            }
            if random.chance(0.3) {
                written.compare(&mut journal);
            }
        }
        drop(journal);
        written.compare(&mut open(round));
    }
}

#[test]
fn a_data_file_holds_the_catalog() {
    let folder = tempfile::tempdir().expect("a folder");
    holds_the_catalog(|round| {
        let path = data_file(&folder).with_extension(round.to_string());
        SqliteJournal::open(&path).expect("a data file")
    });
}

fn open(postgres: &Postgres, round: usize) -> PostgresJournal {
    let address = format!("{}?schema=round_{round}", postgres.url());
    PostgresJournal::open(address.parse().expect("an address")).expect("a database")
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_database_holds_the_catalog() {
    let postgres = Postgres::start();
    holds_the_catalog(|round| open(&postgres, round));
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_server_gets_exactly_what_another_wrote() {
    let postgres = Postgres::start();
    let mut random = Random::new();
    let mut written = Written::default();
    let mut servers = [open(&postgres, 0), open(&postgres, 0), open(&postgres, 0)];
    // What each of them knows.
    let mut known = [Catalog::default(), Catalog::default(), Catalog::default()];
    for _ in 0..150 {
        let at = random.index(0..=2);
        let server = &mut servers[at];
        let by_others = if random.chance(0.5) {
            server.read_on(&known[at])
        } else {
            server.begin(&known[at], &[], deadline())
        };
        match by_others.expect("it can be read") {
            // Not asked yet: whether it was alone shows when it writes.
            ByOthers::Nothing if known[at].revision() < written.catalog.revision() => {
                let (after, mut batch) = written.decide(&mut random);
                batch.unchanged.clear();
                if !batch.records.is_empty() {
                    let appended = server.append(&known[at], &after, &batch, deadline());
                    assert_eq!(appended.expect("an answer"), Appended::Overtaken);
                }
                written.answers.clear();
                continue;
            }
            ByOthers::Nothing => {}
            ByOthers::Changes(catalog, entries) => {
                let first = entries[0].revision.0;
                assert_eq!(first, known[at].revision().0 + 1);
                assert_eq!(catalog.digest(), written.catalog.digest());
                known[at] = catalog;
            }
            ByOthers::Replaced(_) => panic!("it follows from what is known"),
        }
        server.cancel();
        assert_eq!(known[at], written.catalog);
        written.write(server, &mut random);
        known[at] = written.catalog.clone();
    }
    let mut other = open(&postgres, 0);
    let loaded = other.load().expect("it can be read");
    assert_eq!(loaded.catalog, written.catalog);
    // Whoever knows another history gets all of it.
    let mut foreign = Catalog::default();
    for _ in 0..5 {
        let product = Arc::new(shared::Product {
            id: ProductId(foreign.revision().0 + 1),
            revision: foreign.revision().next(),
            draft: loaded.catalog.products().next().map_or_else(
                || panic!("no product is left"),
                |product| product.draft.clone(),
            ),
        });
        foreign.apply(foreign.revision().next(), [Change::Added(product)]);
    }
    let by_others = other.begin(&foreign, &[], deadline());
    let Ok(ByOthers::Replaced(all)) = by_others else {
        panic!("it was taken for the same history");
    };
    assert_eq!(all.catalog, written.catalog);
}
