//! What a server sees of the others: that they wrote, and which clients they have. It has a thread
//! and a session of its own, since the desk's waits for the order.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use shared::{Digest, ProductId, Revision};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::{interval, sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Notification};

use super::address::Address;
use super::load::{Head, empty};
use super::schema::{IS_THERE, VERSION};
use super::session::{Purpose, Session, to_error, unreachable};
use crate::engine::journal::{
    JournalError, MAX_ANSWERS, MAX_HISTORY, Observer, Presence, RETAINED_CHANGES, now_ms,
    oldest_answer, oldest_change,
};

/// How often a server says which clients it has, and looks whether others wrote.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// How long a look may take.
const MAX_LOOK_TIME: Duration = Duration::from_secs(3);

/// How soon a database that can't be reached is tried again: a page is told within a second.
const RETRY_TIME: Duration = Duration::from_millis(250);

/// How often what is older than has to be retained is taken away.
const PRUNE_TIME: Duration = Duration::from_secs(15);

/// The most rows that are taken away at a time.
const MAX_ROWS: i64 = 20_000;

/// How long that may take.
const MAX_PRUNE_TIME: Duration = Duration::from_secs(10);

/// How long a change is retained at least, however many come after it: a server whose pages take their
/// time may be as far behind.
const MIN_AGE_MS: u64 = 120_000;

/// Watches as long as it lives.
pub struct Watch {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch, as the server with this name.
    pub fn start(
        address: Address,
        server: i64,
        keep_history: Option<Duration>,
        observer: Arc<dyn Observer>,
    ) -> std::io::Result<Self> {
        let runtime: Runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, is_stopped) = oneshot::channel();
        let watcher = Watcher {
            address,
            server,
            keep_history,
            observer,
            host: 0,
            pruned: None,
        };
        let watch = move || {
            runtime.block_on(watcher.run(is_stopped));
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("watch".to_owned());
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread.spawn(watch)?),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

struct Watcher {
    address: Address,
    server: i64,
    /// How long changes are kept for the history; `None` where nobody said.
    keep_history: Option<Duration>,
    observer: Arc<dyn Observer>,
    /// The host that was used last.
    host: usize,
    /// When what is too old was last taken away.
    pruned: Option<Instant>,
}

impl Watcher {
    async fn run(mut self, mut is_stopped: oneshot::Receiver<()>) {
        let mut is_reachable = true;
        loop {
            let opened = Instant::now();
            let ended = tokio::select! {
                _ = &mut is_stopped => return,
                opened = self.open() => match opened {
                    Ok(mut session) => {
                        self.host = session.host;
                        if !is_reachable {
                            tracing::info!(database = %self.address, "the database is back");
                        }
                        is_reachable = true;
                        self.observer.on_doubt();
                        tokio::select! {
                            _ = &mut is_stopped => return self.leave(&session).await,
                            Err(error) = self.watch(&mut session) => error,
                        }
                    }
                    Err(error) => {
                        if is_reachable {
                            tracing::error!(%error, "nothing can be saved");
                        }
                        is_reachable = false;
                        self.observer.on_lost();
                        sleep(RETRY_TIME).await;
                        continue;
                    }
                },
            };
            // A session that was ended alone is no reason to say that nothing can be saved; but one that
            // ends at once is: whatever is wrong there, it is not asked about all the time.
            tracing::debug!(error = %ended, "another session is opened");
            if opened.elapsed() < LOOK_TIME {
                self.observer.on_lost();
                sleep(LOOK_TIME).await;
            }
        }
    }

    async fn open(&self) -> Result<Session, JournalError> {
        let session = Session::open(&self.address, Purpose::Writing, self.host).await?;
        let sql = format!(
            "SET synchronous_commit TO off; LISTEN \"vitrina_{}\"",
            self.address.schema
        );
        let set = timeout(MAX_LOOK_TIME, session.client.batch_execute(&sql)).await;
        let set = set.map_err(|_| unreachable(&self.address, "no answer"))?;
        set.map_err(|error| to_error(&error, &self.address))?;
        Ok(session)
    }

    async fn watch(
        &mut self,
        session: &mut Session,
    ) -> Result<std::convert::Infallible, JournalError> {
        let mut ticks = interval(LOOK_TIME);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let looked = timeout(MAX_LOOK_TIME, self.look(session)).await;
                    looked.map_err(|_| unreachable(&self.address, "no answer"))??;
                    self.prune(session).await?;
                }
                notification = session.notifications.recv() => {
                    let notification = notification
                        .ok_or_else(|| unreachable(&self.address, "the connection was lost"))?;
                    self.take(&notification);
                }
            }
        }
    }

    /// Tells what another server said that it wrote.
    fn take(&self, notification: &Notification) {
        let mut words = notification.payload().split(' ');
        let server = words.next().and_then(|word| word.parse::<i64>().ok());
        let revision = words.next().and_then(|word| word.parse().ok());
        let digest = words.next().and_then(|word| word.parse::<Digest>().ok());
        if server != Some(self.server)
            && let Some((revision, digest)) = revision.zip(digest)
        {
            self.observer.on_written(Revision(revision), digest);
        }
    }

    /// Says which clients there are, and looks which others have and what they wrote.
    async fn look(&mut self, session: &Session) -> Result<(), JournalError> {
        let error = |error: tokio_postgres::Error| to_error(&error, &self.address);
        let presence = self.observer.presence();
        let viewers = i64::try_from(presence.viewers).unwrap_or(i64::MAX);
        let open: Vec<i64> = presence.open.iter().map(|id| id.0.cast_signed()).collect();
        let sql = format!(
            "WITH own AS (
                INSERT INTO servers VALUES ($1, $2, now(), $3)
                ON CONFLICT (name) DO UPDATE
                SET viewers = excluded.viewers, at = excluded.at, open = excluded.open
            ), others AS (
                SELECT * FROM servers WHERE name <> $1 AND {IS_THERE}
            )
            SELECT {},
                (SELECT coalesce(sum(viewers), 0)::bigint FROM others) AS viewers,
                ARRAY(SELECT unnest(open) AS id FROM others ORDER BY id) AS open
            FROM catalog",
            Head::COLUMNS
        );
        let row = session
            .client
            .query_opt(&sql, &[&self.server, &viewers, &open])
            .await;
        let row = row.map_err(error)?;
        let row = row.ok_or_else(|| empty(&self.address))?;
        let head = Head::read(&row)?;
        let viewers: i64 = row.try_get("viewers").map_err(error)?;
        let open: Vec<i64> = row.try_get("open").map_err(error)?;
        self.observer.set_elsewhere(Presence {
            viewers: usize::try_from(viewers).unwrap_or_default(),
            open: open
                .iter()
                .map(|id| ProductId(id.cast_unsigned()))
                .collect(),
        });
        if head.version == VERSION {
            self.observer.on_written(head.revision, head.digest);
        } else {
            self.observer.on_doubt();
        }
        Ok(())
    }

    /// Takes away what is older than has to be retained, from time to time. Any server may, also several
    /// at a time.
    async fn prune(&mut self, session: &Session) -> Result<(), JournalError> {
        let is_pruned = |pruned: Instant| pruned.elapsed() < PRUNE_TIME;
        if self.pruned.is_some_and(is_pruned) {
            return Ok(());
        }
        let pruned = timeout(MAX_PRUNE_TIME, prune(&session.client, self.keep_history)).await;
        let pruned = pruned.map_err(|_| unreachable(&self.address, "no answer"))?;
        let has_more = pruned.map_err(|error| to_error(&error, &self.address))?;
        self.pruned = (!has_more).then(Instant::now);
        Ok(())
    }

    /// Is counted no more.
    async fn leave(&self, session: &Session) {
        let delete = "DELETE FROM servers WHERE name = $1";
        let deleted = async { session.client.execute(delete, &[&self.server]).await };
        // Those who can't be told find out by themselves.
        let _ = timeout(LOOK_TIME, deleted).await;
    }
}

/// Takes away some of what is too old; returns whether there may be more.
async fn prune(client: &Client, keep: Option<Duration>) -> Result<bool, tokio_postgres::Error> {
    let in_tables = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let young = now_ms().saturating_sub(MIN_AGE_MS);
    let old = keep.map_or(0, |keep| oldest_change(keep).min(young));
    let mut changes = 0;
    for (kept, before) in [(RETAINED_CHANGES, old), (MAX_HISTORY, young)] {
        // Early versions wrote no time.
        let old_changes = "DELETE FROM changes WHERE revision IN (
                SELECT revision FROM changes
                WHERE revision <= (SELECT revision FROM catalog) - $1::bigint
                    AND (at < $2 OR at IS NULL AND $2 > 0)
                ORDER BY at NULLS FIRST, revision LIMIT $3
            )";
        let (kept, before) = (in_tables(kept as u64), in_tables(before));
        let parameters: [&(dyn ToSql + Sync); 3] = [&kept, &before, &MAX_ROWS];
        changes += client.execute(old_changes, &parameters).await?;
    }
    let old_answers = "DELETE FROM answers WHERE key IN (
            SELECT key FROM answers WHERE at < $1 ORDER BY at LIMIT $2
        )";
    let oldest = oldest_answer().cast_signed();
    let answers = client.execute(old_answers, &[&oldest, &MAX_ROWS]).await?;
    // The planner's estimate costs nothing, and is near enough.
    let too_many = "DELETE FROM answers WHERE key IN (
            SELECT key FROM answers ORDER BY at LIMIT (
                SELECT least(greatest(reltuples - $1, 0), $2)::bigint FROM pg_class
                WHERE oid = 'answers'::regclass
            )
        )";
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let (most, at_once) = (MAX_ANSWERS as f32, MAX_ROWS as f32);
    client.execute(too_many, &[&most, &at_once]).await?;
    let old_servers = "DELETE FROM servers WHERE at < now() - interval '1 min'";
    client.execute(old_servers, &[]).await?;
    let most = MAX_ROWS.cast_unsigned();
    Ok(changes >= most || answers >= most)
}
