//! New tables that get another journal's rows.

use tokio_postgres::types::ToSql;

use super::address::Address;
use super::columns::{Answers, Changes, Products, Rows};
use super::load::read_head;
use super::runtime::OwnRuntime;
use super::schema::prepare;
use super::session::{Purpose, Session, to_error};
use crate::engine::journal::JournalError;
use crate::engine::journal::copy::{Row, Sink};
use crate::engine::journal::parameter::Parameter;

/// How many rows are written at a time.
const MAX_ROWS: usize = 1_000;

/// New tables that get another journal's rows.
pub struct PostgresSink {
    runtime: OwnRuntime,
    address: Address,
    session: Session,
    products: Products,
    changes: Changes,
    answers: Answers,
}

impl PostgresSink {
    /// Makes the tables, or takes those that nothing was ever written to.
    pub fn open(address: &Address) -> Result<Self, JournalError> {
        let runtime = OwnRuntime::new(address)?;
        let session = runtime.block_on(async {
            let mut session = Session::open(address, Purpose::Writing, 0).await?;
            prepare(&mut session.client, address).await?;
            let sql = "SET idle_in_transaction_session_timeout TO 0; BEGIN; \
                SELECT FROM catalog FOR UPDATE";
            let begun = session.client.batch_execute(sql).await;
            begun.map_err(|error| to_error(&error, address))?;
            if read_head(&session.client, address).await?.revision.0 > 0 {
                return Err(JournalError::Taken(address.to_string()));
            }
            Ok(session)
        })?;
        Ok(Self {
            runtime,
            address: address.clone(),
            session,
            products: Products::default(),
            changes: Changes::default(),
            answers: Answers::default(),
        })
    }

    fn execute(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), JournalError> {
        let executed = self.session.client.execute(sql, parameters);
        let executed = self.runtime.block_on(executed);
        executed
            .map(drop)
            .map_err(|error| to_error(&error, &self.address))
    }

    fn write(&self, rows: &Rows) -> Result<(), JournalError> {
        if rows.len() == 0 {
            return Ok(());
        }
        let parameters: Vec<_> = rows.parameters().collect();
        self.execute(&rows.insert(1, "true"), &parameters)
    }

    /// Writes what is gathered.
    fn flush(&mut self) -> Result<(), JournalError> {
        self.write(&self.products.0)?;
        self.write(&self.changes.0)?;
        self.write(&self.answers.0)?;
        self.products = Products::default();
        self.changes = Changes::default();
        self.answers = Answers::default();
        Ok(())
    }
}

impl Sink for PostgresSink {
    fn take(&mut self, row: Row) -> Result<(), JournalError> {
        match row {
            Row::Catalog(id, revision, digest) => {
                let sql = "UPDATE catalog SET id = $1, revision = $2, digest = $3, batch = $4";
                let (id, digest) = (id.to_string(), digest.to_string());
                let revision = revision.0.cast_signed();
                self.execute(sql, &[&id, &revision, &digest, &rand::random::<i64>()])?;
            }
            Row::Product(product) => self.products.push(&product)?,
            Row::Change(row) => self.changes.push(row, None),
            Row::Answer(row) => self.answers.push(row),
            Row::Roster(change) => {
                for (sql, parameters) in change.statements() {
                    let parameters: Vec<&(dyn ToSql + Sync)> =
                        parameters.iter().map(Parameter::as_sql).collect();
                    self.execute(sql, &parameters)?;
                }
            }
        }
        let gathered = self.products.0.len() + self.changes.0.len() + self.answers.0.len();
        if gathered >= MAX_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        self.flush()?;
        self.execute("COMMIT", &[])
    }
}
