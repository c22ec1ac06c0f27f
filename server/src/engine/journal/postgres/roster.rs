//! The roster in a database.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Transaction};

use super::address::Address;
use super::load::{begin_reading, each_row, end_reading};
use super::runtime::OwnRuntime;
use super::session::{Purpose, Session, to_error, unreachable};
use crate::engine::journal::JournalError;
use crate::engine::journal::parameter::Parameter;
use crate::engine::journal::roster::{Part, READ_VERSION, Roster, Statement, Step};

/// How long the database is waited for.
const MAX_TIME: Duration = Duration::from_secs(8);

/// The roster of a database, in a session of its own.
pub struct PostgresRoster {
    runtime: OwnRuntime,
    address: Address,
    session: Session,
}

impl PostgresRoster {
    /// Opens a database that has Vitrina's tables.
    pub fn open(address: &Address) -> Result<Self, JournalError> {
        let address = address.clone();
        let runtime = OwnRuntime::new(&address)?;
        let session = runtime.block_on(Session::open(&address, Purpose::Writing, 0))?;
        Ok(Self {
            runtime,
            address,
            session,
        })
    }

    fn run<T>(
        &self,
        work: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        let done = self
            .runtime
            .block_on(async { timeout(MAX_TIME, work).await });
        done.unwrap_or_else(|_| Err(unreachable(&self.address, "no answer")))
    }

    /// Its version.
    pub fn version(&self) -> Result<u64, JournalError> {
        self.run(async {
            let row = self.session.client.query_one(READ_VERSION, &[]).await;
            let row = row.map_err(|error| to_error(&error, &self.address))?;
            Ok(row.get::<_, i64>(0).cast_unsigned())
        })
    }

    /// All of it, at one moment.
    pub fn load(&self) -> Result<Roster, JournalError> {
        let (client, address) = (&self.session.client, &self.address);
        self.run(async {
            begin_reading(client, address).await?;
            let roster = read_roster(client, address).await?;
            end_reading(client, address).await?;
            Ok(roster)
        })
    }

    /// Makes changes durable, all of them, or none if somebody else was first.
    pub fn apply(&mut self, step: &Step) -> Result<bool, JournalError> {
        let Self {
            runtime,
            address,
            session,
        } = self;
        let work = async {
            let transaction = session.client.transaction().await?;
            if execute(&transaction, &step.claim).await? == 0 {
                return Ok(false);
            }
            for statement in &step.statements {
                execute(&transaction, statement).await?;
            }
            transaction.commit().await.map(|()| true)
        };
        match runtime.block_on(async { timeout(MAX_TIME, work).await }) {
            Ok(done) => done.map_err(|error| to_error(&error, address)),
            Err(_) => Err(unreachable(address, "no answer")),
        }
    }
}

/// Changes rows, and tells how many.
async fn execute(
    transaction: &Transaction<'_>,
    (sql, parameters): &Statement,
) -> Result<u64, tokio_postgres::Error> {
    let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(Parameter::as_sql).collect();
    transaction.execute(*sql, &parameters).await
}

/// Reads all of it, as a transaction sees it.
pub async fn read_roster(client: &Client, address: &Address) -> Result<Roster, JournalError> {
    let mut roster = Roster::default();
    for part in Part::ALL {
        let taken = each_row(client, address, part.sql(), &[], |row| {
            roster.take(part, row)
        });
        taken.await?;
    }
    Ok(roster)
}
