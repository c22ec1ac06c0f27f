//! A session of the database.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use crate::engine::journal::JournalError;

/// How long one host after the other is tried.
const MAX_CONNECT_TIME: Duration = Duration::from_secs(6);

/// The most notifications that wait for whoever listens: one says as much as many.
const MAX_NOTIFICATIONS: usize = 64;

/// A session of the database.
pub struct Session {
    /// What statements are sent with.
    pub client: Client,
    /// What others notify this one of.
    pub notifications: mpsc::Receiver<Notification>,
    /// Whether the server warned of something since this was last asked.
    has_warned: Arc<AtomicBool>,
}

impl Session {
    /// Opens one, on whichever host takes writes. What is done with it is part of the runtime that
    /// this is called in.
    pub async fn open(address: &Address) -> Result<Self, JournalError> {
        let tls = MakeRustlsConnect::new(tls(address)?);
        let connected = timeout(MAX_CONNECT_TIME, address.config.connect(tls)).await;
        let (client, connection) = connected
            .map_err(|_| unreachable(address, "no answer"))?
            .map_err(|error| to_error(&error, address))?;
        let has_warned = Arc::new(AtomicBool::new(false));
        let (notify, notifications) = mpsc::channel(MAX_NOTIFICATIONS);
        tokio::spawn(drive(connection, notify, has_warned.clone()));
        let session = Self {
            client,
            notifications,
            has_warned,
        };
        session.set_up(address).await?;
        Ok(session)
    }

    /// What holds for all that is done in the session.
    async fn set_up(&self, address: &Address) -> Result<(), JournalError> {
        let schema = &address.schema;
        // A server that holds the order and falls silent is ended soon, and the next one goes on. A
        // statement's own time limit would cut short the wait for the standby, and PostgreSQL reports
        // success then.
        let sql = format!(
            "SET search_path TO \"{schema}\";
            SET default_transaction_isolation TO 'read committed';
            SET default_transaction_read_only TO off;
            SET idle_in_transaction_session_timeout TO '1s';
            SET lock_timeout TO '5s';
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
    pub fn has_warned(&self) -> bool {
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

fn tls(address: &Address) -> Result<ClientConfig, JournalError> {
    let cannot = |why: String| JournalError::Database {
        database: address.to_string(),
        why,
    };
    let mut roots = RootCertStore::empty();
    match &address.root_certificate {
        // They are many files.
        None if address.config.get_ssl_mode() == SslMode::Disable => {}
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let added = certificate.map_err(|error| error.to_string());
                let added = added.and_then(|der| roots.add(der).map_err(|error| error.to_string()));
                added.map_err(|error| cannot(format!("sslrootcert: {error}")))?;
            }
        }
        None => {
            // Those that can't be read are not trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| cannot(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

pub fn unreachable(address: &Address, why: &str) -> JournalError {
    JournalError::Unreachable {
        database: address.to_string(),
        why: why.to_owned(),
    }
}

/// Whether the session is over with this error, and with it whatever was under way.
pub fn is_end(error: &Error) -> bool {
    match error.as_db_error() {
        Some(error) => matches!(
            error.parsed_severity(),
            Some(Severity::Fatal | Severity::Panic)
        ),
        None => true,
    }
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
            return unreachable(address, said);
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
        let why = "none of its hosts takes writes: name the primary's in the address as well";
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
