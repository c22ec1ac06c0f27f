use std::sync::atomic::{AtomicUsize, Ordering};

use shared::{ClientId, Command, Product, ProductId, RequestId, RequestKey, Revision};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::engine::desk::{Answer, By, CommandOutcome, Group, Reply, Work};
use crate::engine::journal::{self, Batch, IdempotencyKey, SqliteJournal, Store};
use crate::engine::samples::{add, delete, set_stock};

/// A data file that can fail.
struct Disk {
    journal: SqliteJournal,
    fails: Option<fn() -> JournalError>,
    /// How many transactions there were.
    transactions: Arc<AtomicUsize>,
}

impl Journal for Disk {
    fn load(&mut self) -> Result<Loaded, JournalError> {
        self.journal.load()
    }

    fn store(&self) -> Store {
        self.journal.store()
    }

    fn keep_history(&mut self, time: Duration) {
        self.journal.keep_history(time);
    }

    fn append(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        batch: &Batch,
        deadline: Instant,
    ) -> Result<Appended, JournalError> {
        if let Some(error) = self.fails {
            return Err(error());
        }
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.journal.append(before, after, batch, deadline)
    }

    fn find_answer(
        &mut self,
        key: &Key,
    ) -> Result<Option<(Arc<str>, journal::Answer)>, JournalError> {
        if let Some(error) = self.fails {
            return Err(error());
        }
        self.journal.find_answer(key)
    }

    fn find_deleted(&mut self, id: ProductId) -> Result<Option<Arc<Product>>, JournalError> {
        self.journal.find_deleted(id)
    }

    fn tend(&mut self) -> Result<(), JournalError> {
        self.fails.map_or(Ok(()), |error| Err(error()))
    }
}

fn is_full() -> JournalError {
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    JournalError::Sqlite(rusqlite::Error::SqliteFailure(full, None))
}

fn is_gone() -> JournalError {
    JournalError::Gone("a.db".to_owned())
}

struct Desk {
    worker: Worker<Disk>,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::open(tempfile::tempdir().expect("a folder"))
    }

    fn open(folder: TempDir) -> Self {
        let journal = SqliteJournal::open(&folder.path().join("a.db")).expect("a data file");
        let mut disk = Disk {
            journal,
            fails: None,
            transactions: Arc::default(),
        };
        let loaded = disk.load().expect("a catalog");
        let recent = RecentRequests::new(&loaded);
        let hub = Hub::new(loaded, 0);
        Self {
            worker: Worker::new(disk, recent, hub),
            folder,
        }
    }

    fn reopen(self) -> Self {
        let Self { worker, folder } = self;
        drop(worker);
        Self::open(folder)
    }

    /// What becomes of jobs that are served together.
    fn serve(&mut self, jobs: Vec<(Job, Receiver)>) -> Vec<Vec<Answer>> {
        let (jobs, receivers): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        let _ = self.worker.serve(jobs);
        receivers.into_iter().map(Receiver::answers).collect()
    }

    fn one(&mut self, command: Command, key: Option<Key>) -> Answer {
        let mut answers = self.serve(vec![one(command, key)]);
        answers.remove(0).remove(0)
    }

    fn many(
        &mut self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        key: Option<IdempotencyKey>,
    ) -> Vec<Answer> {
        self.serve(vec![many(commands, group, key)]).remove(0)
    }

    fn codes(&self) -> Vec<String> {
        let catalog = self.worker.hub.catalog();
        let products = catalog.products();
        products
            .map(|product| product.draft.code.to_string())
            .collect()
    }
}

enum Receiver {
    One(oneshot::Receiver<Answer>),
    Many(oneshot::Receiver<Vec<Answer>>),
}

impl Receiver {
    fn answers(self) -> Vec<Answer> {
        match self {
            Self::One(mut receiver) => vec![receiver.try_recv().expect("an answer")],
            Self::Many(mut receiver) => receiver.try_recv().expect("answers"),
        }
    }
}

fn one(command: Command, key: Option<Key>) -> (Job, Receiver) {
    let (answer, receiver) = oneshot::channel();
    let work = Work::One {
        command,
        by: By::OWNER,
        key,
    };
    let request = Request::new(work, Reply::One(answer));
    (Job::Request(Box::new(request)), Receiver::One(receiver))
}

fn many(
    commands: Vec<Result<Command, Reason>>,
    group: Group,
    key: Option<IdempotencyKey>,
) -> (Job, Receiver) {
    let (answers, receiver) = oneshot::channel();
    let work = Work::Many {
        commands,
        group,
        by: By::OWNER,
        key,
    };
    let request = Request::new(work, Reply::Many(answers));
    (Job::Request(Box::new(request)), Receiver::Many(receiver))
}

fn request(number: u64) -> Key {
    Key::Client(RequestKey {
        client: ClientId("client".into()),
        request: RequestId(number),
    })
}

fn idempotency(name: &str, fingerprint: &str) -> IdempotencyKey {
    IdempotencyKey {
        name: name.into(),
        fingerprint: fingerprint.into(),
    }
}

fn revision(answer: &Answer) -> u64 {
    answer.as_ref().expect("it was done").revision.0
}

fn taken(code: &str) -> Answer {
    let title = format!("Product {}", code.to_lowercase());
    Err(Reason::CodeTaken(code.to_owned(), Some(title)))
}

#[test]
fn commands_are_decided_in_order_each_against_what_the_ones_before_led_to() {
    let mut desk = Desk::new();
    let answers = desk.serve(vec![
        one(add("a"), None),
        one(add("A"), None),
        one(delete(1), None),
        one(add("a"), None),
    ]);
    assert_eq!(revision(&answers[0][0]), 1);
    assert_eq!(answers[1][0], taken("A"));
    assert_eq!(revision(&answers[2][0]), 2);
    assert_eq!(revision(&answers[3][0]), 3);
    assert_eq!(desk.codes(), ["a"]);
    assert_eq!(desk.worker.hub.catalog().revision(), Revision(3));
    assert_eq!(desk.reopen().codes(), ["a"]);
}

#[test]
fn a_command_that_changes_nothing_is_done_and_leaves_no_change() {
    let mut desk = Desk::new();
    let added = desk.one(add("a"), None).expect("done");
    let product = added.outcome.product().expect("a product").clone();
    let same = desk.one(set_stock(1, 1), None).expect("done");
    assert_eq!(same.outcome, CommandOutcome::Unchanged(product));
    assert_eq!((same.revision, same.id), (Revision(1), ProductId(1)));
    assert_eq!(desk.worker.hub.catalog().revision(), Revision(1));
}

#[test]
fn a_request_that_was_done_is_answered_again_and_not_done_again() {
    let mut desk = Desk::new();
    let answers = desk.serve(vec![
        one(add("a"), Some(request(1))),
        one(add("a"), Some(request(1))),
    ]);
    assert_eq!(answers[0], answers[1], "in one batch");
    assert_eq!(desk.one(add("a"), Some(request(1))), answers[0][0]);
    let mut desk = desk.reopen();
    assert_eq!(desk.one(add("a"), Some(request(1))), answers[0][0]);
    assert_eq!(desk.one(add("a"), Some(request(2))), taken("a"));
}

#[test]
fn a_key_is_answered_as_it_was_and_belongs_to_one_request() {
    let mut desk = Desk::new();
    let key = |fingerprint| Some(Key::Idempotency(idempotency("k", fingerprint)));
    let answers = desk.serve(vec![
        one(add("a"), key("1")),
        one(add("a"), key("1")),
        one(add("b"), key("2")),
    ]);
    assert_eq!(revision(&answers[0][0]), 1);
    assert_eq!(answers[0], answers[1]);
    let reused = Err(Reason::KeyReused("k".to_owned()));
    assert_eq!(answers[2][0], reused);
    let mut desk = desk.reopen();
    assert_eq!(desk.one(add("a"), key("1")), answers[0][0]);
    assert_eq!(desk.one(add("b"), key("2")), reused);
    assert_eq!(desk.codes(), ["a"]);
}

#[test]
fn a_group_is_done_whole_or_not_at_all_where_that_is_wanted() {
    let mut desk = Desk::new();
    let commands = || {
        vec![
            Ok(add("a")),
            Ok(add("b")),
            Ok(add("B")),
            Err(Reason::NotText),
        ]
    };
    let answers = desk.many(commands(), Group::AllOrNothing, None);
    let not_tried = || Err(Reason::NotTried);
    let expected = [not_tried(), not_tried(), taken("B"), Err(Reason::NotText)];
    assert_eq!(answers, expected);
    assert_eq!(desk.codes(), [""; 0]);
    let answers = desk.many(commands(), Group::OneByOne, None);
    assert_eq!((revision(&answers[0]), revision(&answers[1])), (1, 2));
    assert_eq!(answers[2..], expected[2..]);
    assert_eq!(desk.codes(), ["a", "b"]);
    let rest = desk.many(vec![Ok(add("c"))], Group::AllOrNothing, None);
    assert_eq!(revision(&rest[0]), 3);
}

#[test]
fn a_group_that_fails_leaves_those_beside_it_alone() {
    let mut desk = Desk::new();
    let failing = vec![Ok(add("b")), Ok(add("a"))];
    let key = idempotency("k", "1");
    let answers = desk.serve(vec![
        one(add("a"), None),
        many(failing, Group::AllOrNothing, Some(key.clone())),
        one(add("b"), None),
        many(vec![Ok(add("c"))], Group::AllOrNothing, Some(key)),
    ]);
    assert_eq!(revision(&answers[0][0]), 1);
    assert_eq!(answers[1], [Err(Reason::NotTried), taken("a")]);
    assert_eq!(revision(&answers[2][0]), 2);
    // What was not done is not known under its key.
    assert_eq!(revision(&answers[3][0]), 3);
    assert_eq!(desk.codes(), ["a", "b", "c"]);
}

#[test]
fn a_group_is_answered_again_command_by_command() {
    let mut desk = Desk::new();
    let key = idempotency("k", "1");
    let commands = || vec![Ok(add("a")), Ok(add("b"))];
    let first = desk.many(commands(), Group::AllOrNothing, Some(key.clone()));
    assert_eq!((revision(&first[0]), revision(&first[1])), (1, 2));
    let again = desk.many(commands(), Group::AllOrNothing, Some(key));
    assert_eq!(first, again);
    // Another request under that key does nothing, not even what could be done.
    let other = idempotency("k", "2");
    let commands = vec![Ok(add("c")), Ok(add("d")), Ok(add("e"))];
    let refused = desk.many(commands, Group::OneByOne, Some(other));
    assert_eq!(refused, vec![Err(Reason::KeyReused("k".to_owned())); 3]);
    assert_eq!(desk.codes(), ["a", "b"]);
}

#[test]
fn nothing_is_shown_or_answered_that_was_not_saved() {
    let mut desk = Desk::new();
    desk.one(add("a"), None).expect("done");
    desk.worker.journal.fails = Some(is_full);
    let answers = desk.serve(vec![
        one(add("b"), Some(request(7))),
        many(vec![Ok(add("c")), Ok(add("d"))], Group::OneByOne, None),
    ]);
    let not_saved = || Err(Reason::NotSaved);
    assert_eq!(answers[0], [not_saved()]);
    assert_eq!(answers[1], [not_saved(), not_saved()]);
    let key = Some(Key::Idempotency(idempotency("k", "1")));
    assert_eq!(desk.one(add("b"), key), not_saved());
    assert_eq!(desk.codes(), ["a"]);
    desk.worker.journal.fails = None;
    let answer = desk.one(add("b"), Some(request(7)));
    assert_eq!(revision(&answer), 2, "it was not taken for done");
}

#[test]
fn what_can_not_be_known_is_said_so() {
    let mut desk = Desk::new();
    desk.worker.journal.fails = Some(|| JournalError::Unknown("cut off".to_owned()));
    assert_eq!(desk.one(add("a"), None), Err(Reason::OutcomeUnknown));
    // An answer that is there and can't be read: the request was done, somehow.
    desk.worker.journal.fails = Some(|| JournalError::Damaged("a bit".to_owned()));
    let key = Some(Key::Idempotency(idempotency("k", "1")));
    assert_eq!(desk.one(add("b"), key), Err(Reason::OutcomeUnknown));
}

#[test]
fn the_desk_ends_when_its_file_is_gone_and_refuses_what_waits() {
    for first in [one(add("a"), None), (Job::Tend, one(add("a"), None).1)] {
        let Desk { mut worker, folder } = Desk::new();
        worker.journal.fails = Some(is_gone);
        let (jobs, queue) = mpsc::channel(10);
        let is_command = matches!(first.0, Job::Request(_));
        jobs.try_send(first.0).map_err(drop).expect("room");
        let ended = std::thread::spawn(move || {
            worker.run(Queue {
                jobs: queue,
                has_news: Arc::default(),
            })
        });
        let ended = ended.join().expect("it doesn't panic");
        assert!(matches!(ended, Err(JournalError::Gone(_))), "{ended:?}");
        if is_command {
            assert_eq!(first.1.answers(), [Err(Reason::NotSaved)]);
        }
        let (late, _) = one(add("b"), None);
        assert!(jobs.try_send(late).is_err(), "nobody takes it");
        drop(folder);
    }
}

#[test]
fn the_desk_works_until_its_last_handle_is_gone() {
    let Desk { worker, folder } = Desk::new();
    let (jobs, queue) = mpsc::channel(10);
    let thread = std::thread::spawn(move || {
        worker.run(Queue {
            jobs: queue,
            has_news: Arc::default(),
        })
    });
    let receivers: Vec<Receiver> = ["a", "b", "c"]
        .map(|code| {
            let (job, receiver) = one(add(code), None);
            jobs.try_send(job).map_err(drop).expect("room");
            receiver
        })
        .into();
    drop(jobs);
    let ended = thread.join().expect("it ends");
    assert!(ended.is_ok());
    let answers = receivers.into_iter().flat_map(Receiver::answers);
    let revisions: Vec<u64> = answers.map(|answer| revision(&answer)).collect();
    assert_eq!(revisions, [1, 2, 3]);
    assert_eq!(Desk::open(folder).codes(), ["a", "b", "c"]);
}

#[test]
fn a_request_that_changed_nothing_is_answered_again_whatever_has_changed_since() {
    let key = || Some(Key::Idempotency(idempotency("k", "1")));
    let group_key = || Some(idempotency("group", "1"));
    let group = || vec![Ok(set_stock(1, 9)), Ok(set_stock(1, 9))];
    let mut desk = Desk::new();
    desk.one(add("a"), None).expect("done");
    desk.one(set_stock(1, 9), None).expect("done");
    let first = desk.one(set_stock(1, 9), key());
    let over_the_socket = desk.one(set_stock(1, 9), Some(request(1)));
    let in_a_group = desk.many(group(), Group::AllOrNothing, group_key());
    assert_eq!(revision(&first), 2);
    desk.one(set_stock(1, 1), None).expect("done");
    for _ in 0..2 {
        assert_eq!(desk.one(set_stock(1, 9), key()), first);
        assert_eq!(desk.one(set_stock(1, 9), Some(request(1))), over_the_socket);
        let again = desk.many(group(), Group::AllOrNothing, group_key());
        assert_eq!(again, in_a_group);
        let catalog = desk.worker.hub.catalog();
        let product = catalog.get(ProductId(1)).expect("it is there");
        assert_eq!(product.draft.stock, 1, "nothing was overwritten");
        desk = desk.reopen();
    }
}

#[test]
fn a_group_that_fails_remembers_nothing_of_what_it_left_as_it_was() {
    let mut desk = Desk::new();
    desk.one(add("a"), None).expect("done");
    let key = idempotency("k", "1");
    let commands = |last| vec![Ok(set_stock(1, 1)), Ok(last)];
    let failing = desk.many(commands(add("a")), Group::AllOrNothing, Some(key.clone()));
    assert_eq!(failing[1], taken("a"));
    desk.one(set_stock(1, 5), None).expect("done");
    let done = desk.many(commands(add("b")), Group::AllOrNothing, Some(key));
    assert_eq!(revision(&done[0]), 3, "it is decided anew");
}

#[test]
fn a_key_outlives_a_group_that_fails_beside_it() {
    let mut desk = Desk::new();
    let single = |name: &str| Some(Key::Idempotency(idempotency(name, name)));
    let group = || Some(idempotency("group", "1"));
    let failing = vec![Ok(add("x")), Ok(add("a"))];
    let answers = desk.serve(vec![
        one(add("a"), single("first")),
        many(failing, Group::AllOrNothing, group()),
        one(add("b"), single("second")),
        one(add("a"), single("first")),
        many(
            vec![Ok(add("c")), Ok(add("d"))],
            Group::AllOrNothing,
            group(),
        ),
        one(add("b"), single("second")),
    ]);
    assert_eq!(answers[1][1], taken("a"));
    assert_eq!(answers[3], answers[0]);
    assert_eq!((revision(&answers[4][0]), revision(&answers[4][1])), (3, 4));
    assert_eq!(answers[5], answers[2]);
    assert_eq!(desk.codes(), ["a", "b", "c", "d"]);
}

#[test]
fn what_waits_is_one_transaction_up_to_a_bound() {
    for (jobs, transactions) in [(3, 1), (MAX_BATCH_JOBS, 1), (MAX_BATCH_JOBS + 1, 2)] {
        let Desk { worker, folder } = Desk::new();
        let count = worker.journal.transactions.clone();
        let (sender, queue) = mpsc::channel(jobs);
        for number in 0..jobs {
            let (job, _) = one(add(&format!("code {number}")), None);
            sender.try_send(job).map_err(drop).expect("room");
        }
        drop(sender);
        drop(worker.run(Queue {
            jobs: queue,
            has_news: Arc::default(),
        }));
        assert_eq!(count.load(Ordering::Relaxed), transactions, "{jobs} jobs");
        drop(folder);
    }
}
