//! The desk's way to the database: a session that is opened again where it was lost, and whose turn it
//! is to write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::{Catalog, Product, ProductId};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout, timeout_at};
use tokio_postgres::types::ToSql;

use super::address::Address;
use super::load::{empty, load};
use super::order::{Answers, look, take};
use super::schema;
use super::session::{Purpose, Session, to_error, unreachable};
use super::statements::Statements;
use super::write::TAKE_TURN;
use crate::engine::journal::tables::{Fault, read_before};
use crate::engine::journal::{ByOthers, JournalError, Loaded};

/// How long is waited for something to be confirmed that writes nothing.
const MAX_CONFIRM_TIME: Duration = Duration::from_secs(10);

/// How long the order is waited for at least, however long somebody has waited for the desk.
const MIN_BEGIN_TIME: Duration = Duration::from_secs(1);

/// How long the database is waited for where nobody waits for more than to be told.
const LOOK_TIME: Duration = Duration::from_secs(2);

/// How soon a database that can't be reached is tried again.
pub(super) const RETRY_TIME: Duration = Duration::from_millis(50);

/// The way to the database.
pub struct Link {
    /// Where it is.
    pub address: Address,
    /// The name of this server, a random number.
    pub server: i64,
    /// What is known of whose turn it is.
    pub turn: Turn,
    /// The session, where it is not lost.
    pub(super) open: Option<Open>,
    /// The host that was used last.
    host: usize,
    /// Whether the last attempt to write failed.
    pub(super) has_failed: bool,
}

/// An open session.
pub struct Open {
    /// The session.
    pub session: Session,
    /// What is said in it.
    pub statements: Statements,
}

/// Whose turn it is.
#[derive(Default)]
pub struct Turn {
    /// Whether the order is taken.
    pub is_taken: bool,
    /// Whether nobody else wrote when it was last looked at: most likely nobody does now.
    pub is_alone: bool,
    /// The latest transaction that wrote, as far as is known.
    pub latest: i64,
    /// The names of requests that may have been answered, where nobody looked yet.
    pub names: Vec<String>,
    /// The answers to those that were looked for.
    pub answers: Answers,
}

impl Link {
    /// A way to this database.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            server: rand::random(),
            turn: Turn::default(),
            open: None,
            host: 0,
            has_failed: false,
        }
    }

    /// Opens it for the first time, and makes the tables where there are none.
    pub async fn start(&mut self) -> Result<(), JournalError> {
        let address = &self.address;
        let mut session = Session::open(address, Purpose::Writing, 0).await?;
        let started = async {
            schema::prepare(&mut session.client, address).await?;
            confirm(&session, address).await
        };
        let waiting = || {
            let why = "it confirms nothing that is written: are the standbys there that \
                synchronous_standby_names asks for?";
            Err(JournalError::Unready {
                database: address.to_string(),
                why: why.to_owned(),
            })
        };
        let started = timeout(MAX_CONFIRM_TIME, started).await;
        started.unwrap_or_else(|_| waiting())?;
        self.host = session.host;
        self.open = Some(prepare(session, address).await?);
        self.warn_of_risk().await
    }

    /// Says what can be lost where no standby has all that was acknowledged.
    async fn warn_of_risk(&mut self) -> Result<(), JournalError> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let sql = "SELECT current_setting('synchronous_standby_names') = ''";
        let row = open.session.client.query_one(sql, &[]).await;
        let row = row.map_err(|error| to_error(&error, &self.address))?;
        if row.get(0) {
            tracing::warn!(
                database = %self.address,
                "no standby is waited for (synchronous_standby_names is empty): whatever loses the \
                 database's machine loses what was saved last"
            );
        }
        Ok(())
    }

    /// The session, opened again where it was lost.
    pub async fn session(&mut self) -> Result<&Open, JournalError> {
        if self.open.is_none() {
            let opened = async {
                let session = Session::open(&self.address, Purpose::Writing, self.host).await?;
                let confirmed = timeout(MAX_CONFIRM_TIME, confirm(&session, &self.address)).await;
                confirmed.unwrap_or_else(|_| Err(unreachable(&self.address, "no answer")))?;
                prepare(session, &self.address).await
            };
            let open = opened.await.map_err(into_passing)?;
            self.host = open.session.host;
            self.open = Some(open);
        }
        let lost = || unreachable(&self.address, "the connection was lost");
        self.open.as_ref().ok_or_else(lost)
    }

    /// Lets go of a session that something is wrong with, and of all that was under way.
    pub fn lose(&mut self) {
        self.open = None;
        self.turn.is_taken = false;
        self.turn.is_alone = false;
    }

    /// Everything that the tables hold. However long that takes, nobody else waits for it.
    pub async fn load(&mut self) -> Result<Loaded, JournalError> {
        let address = self.address.clone();
        let open = self.session().await?;
        let (loaded, head) = load(&open.session.client, &address).await?;
        self.turn.latest = head.batch;
        Ok(loaded)
    }

    /// Everything, since it doesn't follow from what was known.
    async fn load_anew(&mut self) -> Result<ByOthers, JournalError> {
        self.turn.is_alone = false;
        let loaded = self.load().await;
        let loaded = loaded.inspect_err(|_| self.lose()).map_err(into_passing)?;
        Ok(ByOthers::Replaced(Box::new(loaded)))
    }

    /// Takes the order, or assumes that nobody else wants it. Tries again until `deadline`.
    pub async fn begin(
        &mut self,
        known: &Catalog,
        names: Vec<String>,
        deadline: Instant,
    ) -> Result<ByOthers, JournalError> {
        let deadline = deadline.max(Instant::now() + MIN_BEGIN_TIME);
        loop {
            let begun = timeout_at(deadline.into(), self.try_begin(known, &names)).await;
            let begun = begun.unwrap_or_else(|_| Err(unreachable(&self.address, "no answer")));
            match begun {
                Ok(Some(by_others)) => return Ok(by_others),
                Ok(None) => return self.load_anew().await,
                Err(error) => {
                    self.lose();
                    if !error.is_passing() || Instant::now() + RETRY_TIME >= deadline {
                        return Err(error);
                    }
                    sleep(RETRY_TIME).await;
                }
            }
        }
    }

    /// Lets go of a session that ended while nobody looked: what is sent in it would be in doubt.
    async fn notice_end(&mut self) {
        // Once to be told of what came, and once to take it.
        yield_now().await;
        yield_now().await;
        let is_over = |open: &Open| open.session.client.is_closed();
        if self.open.as_ref().is_some_and(is_over) {
            self.lose();
        }
    }

    async fn try_begin(
        &mut self,
        known: &Catalog,
        names: &[String],
    ) -> Result<Option<ByOthers>, JournalError> {
        self.notice_end().await;
        if self.turn.is_alone && self.open.is_some() {
            self.turn.names = names.to_vec();
            self.turn.answers.clear();
            return Ok(Some(ByOthers::Nothing));
        }
        let address = self.address.clone();
        let Open {
            session,
            statements,
        } = self.session().await?;
        let found = take(&session.client, statements, &address, known, names).await?;
        self.turn = Turn {
            is_taken: true,
            is_alone: matches!(found.by_others, Some(ByOthers::Nothing)),
            latest: found.batch,
            names: Vec::new(),
            answers: Answers::new(),
        };
        if found.is_all() {
            self.turn.answers = found.answers;
        } else {
            // Whoever has much to read does that before it is its turn.
            self.cancel().await?;
        }
        Ok(found.by_others)
    }

    /// Lets go of the order.
    pub async fn cancel(&mut self) -> Result<(), JournalError> {
        if !std::mem::take(&mut self.turn.is_taken) {
            self.turn.is_alone = false;
            return Ok(());
        }
        let address = self.address.clone();
        let open = self.session().await?;
        let rolled_back = timeout(LOOK_TIME, open.session.client.batch_execute("ROLLBACK")).await;
        if !matches!(rolled_back, Ok(Ok(()))) {
            self.lose();
            return Err(unreachable(&address, "the connection was lost"));
        }
        Ok(())
    }

    /// What others wrote since a catalog that is known.
    pub async fn read_on(&mut self, known: &Catalog) -> Result<ByOthers, JournalError> {
        match self.look(known).await {
            Ok(Some(by_others)) => {
                self.turn.is_alone &= matches!(by_others, ByOthers::Nothing);
                Ok(by_others)
            }
            Ok(None) => self.load_anew().await,
            Err(error) => {
                self.lose();
                Err(error)
            }
        }
    }

    async fn look(&mut self, known: &Catalog) -> Result<Option<ByOthers>, JournalError> {
        let address = self.address.clone();
        self.notice_end().await;
        let Open {
            session,
            statements,
        } = self.session().await?;
        let found = look(&session.client, statements, &address, known);
        let found = timeout(LOOK_TIME, found).await;
        let found = found.unwrap_or_else(|_| Err(unreachable(&address, "no answer")))?;
        Ok(found.by_others)
    }

    /// A product as it was before its latest change.
    pub async fn find_deleted(
        &mut self,
        id: ProductId,
    ) -> Result<Option<Arc<Product>>, JournalError> {
        let address = self.address.clone();
        let Open {
            session,
            statements,
        } = self.session().await?;
        let parameters: [&(dyn ToSql + Sync); 1] = [&id.0.cast_signed()];
        let found = session.client.query_opt(&statements.latest, &parameters);
        let found = timeout(LOOK_TIME, found).await;
        let row = match found {
            Ok(Ok(row)) => row,
            Ok(Err(error)) => {
                self.lose();
                return Err(to_error(&error, &address));
            }
            Err(_) => {
                self.lose();
                return Err(unreachable(&address, "no answer"));
            }
        };
        let Some(row) = row else {
            return Ok(None);
        };
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("changes", "revision", &row));
        read_before(&row).map_err(damaged)
    }

    /// Looks whether the database can be written to.
    pub async fn tend(&mut self) -> Result<(), JournalError> {
        let tended = self.try_writing().await;
        match tended {
            Ok(()) => self.has_failed = false,
            Err(_) => self.lose(),
        }
        tended
    }

    async fn try_writing(&mut self) -> Result<(), JournalError> {
        let address = self.address.clone();
        let has_failed = self.has_failed;
        self.notice_end().await;
        let open = self.session().await?;
        let tried = timeout(LOOK_TIME, async {
            if has_failed {
                return confirm(&open.session, &address).await;
            }
            let looked = open.session.client.batch_execute("").await;
            looked.map_err(|error| to_error(&error, &address))
        });
        tried
            .await
            .unwrap_or_else(|_| Err(unreachable(&address, "no answer")))
    }
}

/// Makes a new session one to write with.
async fn prepare(session: Session, address: &Address) -> Result<Open, JournalError> {
    let statements = Statements::prepare(&session.client).await;
    let statements = statements.map_err(|error| to_error(&error, address))?;
    Ok(Open {
        session,
        statements,
    })
}

/// Takes the order once and writes that it did. What whoever had it before left is decided then: a batch
/// that is still on its way comes too late. And what can be read from now on the standbys have, too,
/// which after a crash is not certain of the last.
async fn confirm(session: &Session, address: &Address) -> Result<(), JournalError> {
    let number: i64 = rand::random();
    let sql =
        format!("WITH turn AS MATERIALIZED ({TAKE_TURN}) UPDATE catalog SET batch = $1 FROM turn");
    match session.client.execute(&sql, &[&number]).await {
        Ok(0) => Err(empty(address)),
        Ok(_) if session.take_warning() => {
            Err(unreachable(address, "the standby was not waited for"))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(to_error(&error, address)),
    }
}

/// What is wrong with a database while the server runs may pass, somebody may be about to put a backup
/// back; but not for tables that only a newer Vitrina knows.
fn into_passing(error: JournalError) -> JournalError {
    match error {
        JournalError::Database { database, why } => JournalError::Unready { database, why },
        error => error,
    }
}
