//! The journal in PostgreSQL, for several servers at a time: whoever locks the row of the catalog makes
//! the next changes, so there is one order of all of them.
//!
//! A server that wrote last may write again without asking first: the statement does nothing where
//! another one was in between.

mod address;
mod append;
mod columns;
mod link;
mod load;
mod name;
mod order;
mod parameter;
mod reader;
mod roster;
mod row;
mod runtime;
mod schema;
mod session;
mod sink;
mod statements;
mod tls;
mod watch;
mod write;

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::{Catalog, Product, ProductId};

use super::{
    Answer, Appended, Batch, ByOthers, Journal, JournalError, Key, Loaded, Observer, Store,
};
use link::Link;
use runtime::OwnRuntime;
use session::unreachable;
use watch::Watch;
use write::Write;

pub use address::{Address, is_address};
pub use reader::PostgresReader;
pub use roster::PostgresRoster;
pub use sink::PostgresSink;

/// The journal in PostgreSQL.
pub struct PostgresJournal {
    /// Runs while something is waited for.
    runtime: OwnRuntime,
    link: Link,
    /// How long changes are kept for the history; `None` as long as nobody said.
    keep_history: Option<Duration>,
}

impl PostgresJournal {
    /// Opens a database, and makes the tables where there are none.
    pub fn open(address: Address) -> Result<Self, JournalError> {
        let mut journal = Self {
            runtime: OwnRuntime::new(&address)?,
            link: Link::new(address),
            keep_history: None,
        };
        // On a thread of its own: whoever calls may be part of another runtime.
        let started = std::thread::scope(|scope| {
            let start = || journal.run(async |link| link.start().await);
            scope.spawn(start).join()
        });
        started.map_err(|_| unreachable(&journal.link.address, "the journal failed"))??;
        Ok(journal)
    }

    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Link) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.runtime.block_on(work(&mut self.link))
    }
}

impl Journal for PostgresJournal {
    const IS_SHARED: bool = true;

    fn load(&mut self) -> Result<Loaded, JournalError> {
        self.run(async |link| link.load().await)
    }

    fn store(&self) -> Store {
        Store::Database(Box::new(self.link.address.clone()))
    }

    fn keep_history(&mut self, time: Duration) {
        self.keep_history = Some(time);
    }

    fn begin(
        &mut self,
        known: &Catalog,
        keys: &[Key],
        deadline: Instant,
    ) -> Result<ByOthers, JournalError> {
        let names = keys
            .iter()
            .map(|key| name::write(&key.answer_name()).into_owned());
        let names: Vec<String> = names.collect();
        self.run(async |link| link.begin(known, names, deadline).await)
    }

    fn append(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        batch: &Batch,
        deadline: Instant,
    ) -> Result<Appended, JournalError> {
        self.run(async |link| {
            let write = Write::new(link.server, before, after, batch)?;
            link.append(&write, deadline).await
        })
    }

    fn cancel(&mut self) -> Appended {
        let was_taken = self.link.turn.is_taken;
        // A session that can't be used is found out by whoever needs it next.
        let _ = self.run(async |link| link.cancel().await);
        if was_taken {
            Appended::Durable
        } else {
            Appended::Overtaken
        }
    }

    fn find_answer(&mut self, key: &Key) -> Result<Option<(Arc<str>, Answer)>, JournalError> {
        let answers = &self.link.turn.answers;
        Ok(answers.get(key.answer_name().as_ref()).cloned())
    }

    fn find_deleted(&mut self, id: ProductId) -> Result<Option<Arc<Product>>, JournalError> {
        self.run(async |link| link.find_deleted(id).await)
    }

    fn read_on(&mut self, known: &Catalog) -> Result<ByOthers, JournalError> {
        self.run(async |link| link.read_on(known).await)
    }

    fn tend(&mut self) -> Result<(), JournalError> {
        self.run(async |link| link.tend().await)
    }

    fn watch(&mut self, observer: Arc<dyn Observer>) -> Result<Box<dyn Send>, JournalError> {
        let Link {
            address, server, ..
        } = &self.link;
        let watch = Watch::start(address.clone(), *server, self.keep_history, observer);
        let watch = watch.map_err(|error| unreachable(address, &error.to_string()))?;
        Ok(Box::new(watch))
    }
}
