//! A session of the database.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::ClientConfig;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use crate::engine::journal::JournalError;

/// The most notifications that wait for whoever listens: one says as much as many.
const MAX_NOTIFICATIONS: usize = 64;

/// A session of the database.
pub struct Session {
    /// What statements are sent with.
    pub client: Client,
    /// What others notify this one of.
    pub notifications: mpsc::Receiver<Notification>,
    /// Which of the address's hosts it is on.
    pub host: usize,
    /// Whether the server warned of something since this was last asked.
    has_warned: Arc<AtomicBool>,
    /// Does its input and output.
    driver: JoinHandle<()>,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It writes.
    Writing,
    /// It reads, on a standby as well.
    Reading,
}

impl Drop for Session {
    fn drop(&mut self) {
        // What was sent and not answered is not waited for.
        self.driver.abort();
    }
}

impl Session {
    /// Opens one on the first host that can be used, from this one on. What is done with it is part of the
    /// runtime that this is called in.
    pub async fn open(
        address: &Address,
        purpose: Purpose,
        first: usize,
    ) -> Result<Self, JournalError> {
        let count = address.hosts.len();
        let mut errors = Vec::with_capacity(count);
        for host in (0..count).map(|place| (first + place) % count) {
            let opened = timeout(address.host_time, Self::open_on(address, purpose, host)).await;
            match opened.unwrap_or_else(|_| Err(unreachable(address, "no answer"))) {
                Ok(session) => return Ok(session),
                Err(error) => errors.push(error),
            }
        }
        // One that says what is wrong with the address or the database says more than one that is away.
        let telling = errors.iter().position(|error| !error.is_passing());
        Err(errors.swap_remove(telling.unwrap_or(0)))
    }

    async fn open_on(
        address: &Address,
        purpose: Purpose,
        host: usize,
    ) -> Result<Self, JournalError> {
        let mut config = address.hosts[host].clone();
        if purpose == Purpose::Writing
            && config.get_target_session_attrs() == TargetSessionAttrs::Any
        {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let tls = MakeRustlsConnect::new(ClientConfig::clone(&address.tls));
        let connected = config.connect(tls).await;
        let (client, connection) = connected.map_err(|error| to_error(&error, address))?;
        let has_warned = Arc::new(AtomicBool::new(false));
        let (notify, notifications) = mpsc::channel(MAX_NOTIFICATIONS);
        let driver = tokio::spawn(drive(connection, notify, has_warned.clone()));
        let session = Self {
            client,
            notifications,
            host,
            has_warned,
            driver,
        };
        session.set_up(address).await?;
        Ok(session)
    }

    /// What holds for all that is done in the session.
    async fn set_up(&self, address: &Address) -> Result<(), JournalError> {
        let schema = &address.schema;
        // To plan the one statement that writes takes longer than to run it: it is planned once, and not
        // for tables as small as they are then.
        // A server that holds the order and falls silent, or takes nothing of what it is sent, is ended
        // soon, and the next one goes on. A statement's own time limit would cut short the wait for the
        // standby, and PostgreSQL reports success then, with a warning.
        let sql = format!(
            "SET search_path TO \"{schema}\";
            SET plan_cache_mode TO force_generic_plan;
            SET enable_seqscan TO off;
            SET jit TO off;
            SET client_min_messages TO warning;
            SET default_transaction_isolation TO 'read committed';
            SET idle_in_transaction_session_timeout TO '1s';
            SET lock_timeout TO '5s';
            SET tcp_keepalives_idle TO 1;
            SET tcp_keepalives_interval TO 1;
            SET tcp_keepalives_count TO 2;
            SET tcp_user_timeout TO '2s';
            SELECT set_config(name, '0', false) FROM pg_settings
            WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout');
            SELECT set_config(name, 'on', false) FROM pg_settings
            WHERE name = 'synchronous_commit' AND setting IN ('off', 'local', 'remote_write');"
        );
        let set = self.client.batch_execute(&sql).await;
        set.map_err(|error| to_error(&error, address))
    }

    /// Whether the server warned of something since this was last asked. While a batch is committed
    /// it means that the wait for the standby was given up: PostgreSQL reports success all the same.
    pub fn take_warning(&self) -> bool {
        self.has_warned.swap(false, Ordering::Relaxed)
    }
}

/// Does the session's input and output, until it ends.
async fn drive<S, T>(
    mut connection: Connection<S, T>,
    notify: mpsc::Sender<Notification>,
    has_warned: Arc<AtomicBool>,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            // Of those that don't fit the one before says the same.
            AsyncMessage::Notification(notification) => drop(notify.try_send(notification)),
            AsyncMessage::Notice(notice) if notice.parsed_severity() == Some(Severity::Warning) => {
                tracing::warn!(%notice, "PostgreSQL warns");
                has_warned.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// The database can't be reached, for this reason.
pub fn unreachable(address: &Address, why: &str) -> JournalError {
    JournalError::Unreachable {
        database: address.to_string(),
        why: why.to_owned(),
    }
}

/// Whether the session may be over with this error, and with it whatever was under way.
pub fn is_end(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    severity != Some(Severity::Error)
}

/// Whether what failed with this error may go well when it is done again.
fn is_passing(code: &SqlState) -> bool {
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::QUERY_CANCELED,
        // Somebody is about to put a backup back.
        SqlState::UNDEFINED_TABLE,
        SqlState::INVALID_SCHEMA_NAME,
    ]
    .contains(code)
        || code.code().starts_with("08")
}

/// What an error of the database means, in words that say what to do.
pub fn to_error(error: &Error, address: &Address) -> JournalError {
    let database = address.to_string();
    if let Some(error) = error.as_db_error() {
        let (code, said) = (error.code(), error.message());
        if is_passing(code) {
            return JournalError::Unready {
                database,
                why: said.to_owned(),
            };
        }
        let advice = match *code {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                "; check the user and the password in the address, and pg_hba.conf there"
            }
            SqlState::INVALID_CATALOG_NAME => {
                "; make it, as with `createdb`, or name another in the address"
            }
            SqlState::INSUFFICIENT_PRIVILEGE => "; let this user do that, or name another",
            _ => "",
        };
        return JournalError::Database {
            database,
            why: format!("{said}{advice}"),
        };
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let why = cause.to_string();
    if why.contains("does not support TLS") {
        let why = "it offers no TLS: set that up there, or add sslmode=disable to the address";
        return JournalError::Database {
            database,
            why: why.to_owned(),
        };
    }
    if is_certificate_error(error) {
        return JournalError::Database {
            database,
            why: format!(
                "its certificate is not trusted ({why}): name the one that signed it with \
                 sslrootcert=FILE in the address"
            ),
        };
    }
    if why.contains("does not allow writes") {
        let why = "it takes no writes: name the primary's host in the address as well";
        return unreachable(address, why);
    }
    JournalError::Unreachable { database, why }
}

fn is_certificate_error(error: &Error) -> bool {
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    let inner = io.and_then(io::Error::get_ref);
    let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}
