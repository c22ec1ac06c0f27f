//! Makes a batch durable, and finds out what became of one whose answer was lost.

use std::time::{Duration, Instant};

use futures_util::join;
use tokio::time::{sleep, timeout, timeout_at};
use tokio_postgres::Error;
use tokio_postgres::types::ToSql;

use super::link::{Link, Open, RETRY_TIME, Turn};
use super::session::{is_end, to_error};
use super::write::Write;
use crate::engine::journal::{Appended, JournalError};

/// How long a commit is waited for at least, before its outcome counts as unknown.
const MIN_COMMIT_TIME: Duration = Duration::from_secs(5);

/// How long is looked for what became of a commit.
const SETTLE_TIME: Duration = Duration::from_secs(4);

/// How long one look for it may take.
const MAX_LOOK_TIME: Duration = Duration::from_secs(2);

/// The most rows that are written without taking the order first: a server that is stopped in the
/// middle of more would hold the order, and PostgreSQL ends only who has taken it and falls silent.
const MAX_ROWS_AT_ONCE: usize = 512;

/// Why a batch was not confirmed.
enum Failed {
    /// Nothing of it is there.
    Undone(Error),
    /// It is there, or not.
    Unknown(String),
}

impl Link {
    /// Makes a batch durable, and finds out whether it is.
    pub async fn append(
        &mut self,
        write: &Write,
        deadline: Instant,
    ) -> Result<Appended, JournalError> {
        if !self.turn.is_taken && write.len() > MAX_ROWS_AT_ONCE {
            self.turn.is_alone = false;
            return Ok(Appended::Overtaken);
        }
        let commit_deadline = deadline.max(Instant::now() + MIN_COMMIT_TIME);
        let committed = timeout_at(commit_deadline.into(), self.commit(write)).await;
        let committed = committed.unwrap_or_else(|_| Err(Failed::Unknown("no answer".to_owned())));
        let was_taken = std::mem::take(&mut self.turn.is_taken);
        let appended = match committed {
            Ok(true) => {
                self.turn.latest = write.batch;
                Ok(Appended::Durable)
            }
            Ok(false) if was_taken => {
                let why = "what is there doesn't belong together: `vitrina check` tells more";
                Err(self.unusable(why))
            }
            Ok(false) => {
                self.turn.is_alone = false;
                Ok(Appended::Overtaken)
            }
            Err(Failed::Undone(error)) => {
                // It may be in a transaction that came to nothing.
                self.lose();
                let error = to_error(&error, &self.address);
                if error.is_passing() && Instant::now() < deadline {
                    Ok(Appended::Overtaken)
                } else {
                    Err(error)
                }
            }
            Err(Failed::Unknown(why)) => self.settle(write, &why, commit_deadline).await,
        };
        self.has_failed = appended.is_err();
        appended
    }

    async fn commit(&mut self, write: &Write) -> Result<bool, Failed> {
        let Some(Open {
            session,
            statements,
        }) = &self.open
        else {
            return Ok(false);
        };
        let client = &session.client;
        let Turn { latest, names, .. } = &self.turn;
        // One that came before says nothing of this.
        session.take_warning();
        let sent = write.send(client, &statements.write, *latest, names);
        let (sent, committed) = if self.turn.is_taken {
            join!(sent, client.batch_execute("COMMIT"))
        } else {
            (sent.await, Ok(()))
        };
        match (sent, committed) {
            (Ok(_), Ok(())) if session.take_warning() => {
                Err(Failed::Unknown("the standby was not waited for".to_owned()))
            }
            (Ok(has_moved), Ok(())) => Ok(has_moved),
            // A commit of what failed takes it back.
            (Err(error), _) if !is_end(&error) => Err(Failed::Undone(error)),
            (Err(error), _) | (_, Err(error)) => {
                Err(Failed::Unknown(to_error(&error, &self.address).to_string()))
            }
        }
    }

    /// Finds out what became of a batch. A session that has the order knows: the one before it is over.
    async fn settle(
        &mut self,
        write: &Write,
        why: &str,
        deadline: Instant,
    ) -> Result<Appended, JournalError> {
        tracing::warn!(why, "looking for what became of a batch");
        let deadline = deadline.max(Instant::now()) + SETTLE_TIME;
        loop {
            self.lose();
            let looked = timeout(MAX_LOOK_TIME, self.is_there(write)).await;
            match looked {
                Ok(Ok(Some(true))) => return Ok(Appended::Durable),
                Ok(Ok(Some(false))) => return Ok(Appended::Overtaken),
                Ok(Err(_)) | Err(_) if Instant::now() + RETRY_TIME < deadline => {
                    sleep(RETRY_TIME).await;
                }
                Ok(Ok(None) | Err(_)) | Err(_) => {
                    self.lose();
                    return Err(JournalError::Unknown(why.to_owned()));
                }
            }
        }
    }

    /// Whether a batch is there; `None` where what was written since then is no longer retained.
    async fn is_there(&mut self, write: &Write) -> Result<Option<bool>, JournalError> {
        let address = self.address.clone();
        let open = self.session().await?;
        let sql = "SELECT EXISTS (SELECT FROM changes WHERE batch = $1),
            EXISTS (SELECT FROM changes WHERE revision = $2::bigint + 1)
                OR EXISTS (SELECT FROM catalog WHERE revision <= $2)";
        let parameters: [&(dyn ToSql + Sync); 2] = [&write.batch, &write.revision_before()];
        let row = open.session.client.query_one(sql, &parameters).await;
        let row = row.map_err(|error| to_error(&error, &address))?;
        let (is_there, is_certain): (bool, bool) = (row.get(0), row.get(1));
        Ok((is_there || is_certain).then_some(is_there))
    }

    fn unusable(&self, why: &str) -> JournalError {
        JournalError::Database {
            database: self.address.to_string(),
            why: why.to_owned(),
        }
    }
}
