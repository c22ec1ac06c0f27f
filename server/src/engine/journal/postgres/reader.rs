//! A database that is only read, also on a standby, while servers write.

use std::time::Duration;

use shared::{Catalog, Digest, Revision};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;

use super::address::Address;
use super::load::{begin_reading, each_row, end_reading, load, read_head, read_history};
use super::roster::read_roster;
use super::runtime::OwnRuntime;
use super::schema::{IS_THERE, find_version, has_roster};
use super::session::{Purpose, Session, to_error, unreachable};
use crate::engine::journal::copy::Row;
use crate::engine::journal::history::{Bounds, Collector};
use crate::engine::journal::parameter::Parameter;
use crate::engine::journal::tables::{AnswerRow, ChangeRow, Fault, collect_past, read_product};
use crate::engine::journal::{HistoryQuery, Inspection, JournalError, Loaded, Piece};

/// How long a piece of the history is waited for.
const MAX_HISTORY_TIME: Duration = Duration::from_secs(8);

/// A database, open for reading.
pub struct PostgresReader {
    runtime: OwnRuntime,
    address: Address,
    session: Session,
}

impl PostgresReader {
    /// Opens a database, which must have tables of Vitrina's.
    pub fn open(address: &Address) -> Result<Self, JournalError> {
        let address = address.clone();
        let runtime = OwnRuntime::new(&address)?;
        let session = runtime.block_on(async {
            // The primary knows most; its standby will do.
            let session = match Session::open(&address, Purpose::Writing, 0).await {
                Ok(session) => session,
                Err(error) if !error.is_passing() => return Err(error),
                Err(_) => Session::open(&address, Purpose::Reading, 0).await?,
            };
            // What is read may be passed on more slowly than a server would.
            let patient = "SET idle_in_transaction_session_timeout TO 0";
            let set = session.client.batch_execute(patient).await;
            set.map_err(|error| to_error(&error, &address))?;
            match find_version(&session.client, &address).await? {
                Some(_) => Ok(session),
                None => Err(JournalError::Database {
                    database: address.to_string(),
                    why: format!(
                        "there are no tables of Vitrina's in schema {}",
                        address.schema
                    ),
                }),
            }
        })?;
        Ok(Self {
            runtime,
            address,
            session,
        })
    }

    /// Everything it holds, at one moment.
    pub fn load(&self) -> Result<Loaded, JournalError> {
        let loaded = self
            .runtime
            .block_on(load(&self.session.client, &self.address))?;
        Ok(loaded.0)
    }

    /// The changes that are asked for.
    pub fn history(&self, query: &HistoryQuery) -> Result<Piece, JournalError> {
        let read = async { timeout(MAX_HISTORY_TIME, self.read_history(query)).await };
        let read = self.runtime.block_on(read);
        read.unwrap_or_else(|_| Err(unreachable(&self.address, "no answer")))
    }

    async fn read_history(&self, query: &HistoryQuery) -> Result<Piece, JournalError> {
        let known = query.known_bounds();
        let mut bounds = known.unwrap_or(Bounds::ALL);
        if known.is_none() {
            self.query(query.bounds_sql(), |row| {
                let damaged = |fault: Fault| JournalError::Damaged(fault.of("changes", "low", row));
                bounds = Bounds::read(row).map_err(damaged)?;
                Ok(())
            })
            .await?;
        }
        let mut collector = Collector::new(query, bounds);
        self.query(query.to_sql(bounds), |row| {
            collect_past(row, &mut collector);
            Ok(())
        })
        .await?;
        Ok(collector.finish())
    }

    async fn query(
        &self,
        (sql, parameters): (String, Vec<Parameter>),
        take: impl FnMut(&tokio_postgres::Row) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(Parameter::as_sql).collect();
        each_row(&self.session.client, &self.address, &sql, &parameters, take).await
    }

    /// How many servers write to it at the moment.
    pub fn servers(&self) -> Result<i64, JournalError> {
        let sql = format!("SELECT count(*) FROM servers WHERE {IS_THERE}");
        let row = self
            .runtime
            .block_on(self.session.client.query_one(&sql, &[]));
        let row = row.map_err(|error| to_error(&error, &self.address))?;
        Ok(row.get(0))
    }

    /// Looks at all of it, at one moment, whatever is wrong with it.
    pub fn inspect(&self) -> Result<Inspection, JournalError> {
        let (client, address) = (&self.session.client, &self.address);
        self.runtime.block_on(async {
            begin_reading(client, address).await?;
            let mut found = Inspection::default();
            let head = read_head(client, address).await;
            let head = found.note("table catalog", head);
            found.revision = head.as_ref().map(|head| head.revision);
            let sql = "SELECT * FROM products ORDER BY id";
            let products = each_row(client, address, sql, &[], |row| {
                found.take_product(row, true);
                Ok(())
            });
            let products = products.await;
            found.note("table products", products);
            if let Some(head) = head {
                let products = found.products.iter().cloned().map(Into::into);
                if Catalog::new(head.revision, products).digest() != head.digest {
                    let fault = "table catalog, column digest: the products don't add up to it";
                    found.faults.push(fault.to_owned());
                }
                let history = read_history(client, address, Revision(0), head.revision).await;
                let history = found.note("table changes", history);
                let faults = history.into_iter().flat_map(|history| history.faults);
                found.faults.extend(faults);
            }
            let answers = each_row(client, address, "SELECT * FROM answers", &[], |row| {
                found.take_answer(row);
                Ok(())
            });
            let answers = answers.await;
            found.note("table answers", answers);
            end_reading(client, address).await?;
            Ok(found)
        })
    }

    /// Gives every row, as they are at one moment.
    pub fn each_row(
        &self,
        take: &mut dyn FnMut(Row) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let (client, address) = (&self.session.client, &self.address);
        self.runtime.block_on(async {
            begin_reading(client, address).await?;
            let head = read_head(client, address).await?;
            let mut sum = Digest::default();
            take(Row::Catalog(head.id, head.revision, head.digest))?;
            let sql = "SELECT * FROM products ORDER BY id";
            each_row(client, address, sql, &[], |row| {
                let damaged = |fault: Fault| JournalError::Damaged(fault.of("products", "id", row));
                let product = read_product(row).map_err(damaged)?;
                sum = sum.after(None, Some(&product));
                take(Row::Product(product))
            })
            .await?;
            if sum != head.digest {
                // A copy would be whole, and no longer tell that something is wrong.
                let why = "its products don't add up to its digest: `vitrina check` tells more";
                return Err(JournalError::Database {
                    database: address.to_string(),
                    why: why.to_owned(),
                });
            }
            let sql = "SELECT * FROM changes ORDER BY revision";
            each_row(client, address, sql, &[], |row| {
                let damaged =
                    |fault: Fault| JournalError::Damaged(fault.of("changes", "revision", row));
                take(Row::Change(ChangeRow::read(row).map_err(damaged)?))
            })
            .await?;
            let sql = "SELECT * FROM answers ORDER BY at";
            each_row(client, address, sql, &[], |row| {
                let damaged = |fault: Fault| JournalError::Damaged(fault.of("answers", "key", row));
                take(Row::Answer(AnswerRow::read(row).map_err(damaged)?))
            })
            .await?;
            if has_roster(client, address).await? {
                let roster = read_roster(client, address).await?;
                roster
                    .to_changes()
                    .try_for_each(|change| take(Row::Roster(change)))?;
            }
            end_reading(client, address).await
        })
    }
}
