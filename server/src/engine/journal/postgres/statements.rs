//! The statements of the desk's session, prepared once: what is prepared leaves in the order in which it is
//! sent.

use tokio::try_join;
use tokio_postgres::{Client, Error, Statement};

use super::load::Head;
use super::write;

/// The statements.
pub struct Statements {
    /// Queues for the order.
    pub queue: Statement,
    /// Takes the order.
    pub take: Statement,
    /// The changes after a revision.
    pub changes: Statement,
    /// The answers to some requests.
    pub answers: Statement,
    /// The latest change of a product.
    pub latest: Statement,
    /// The row of the catalog and the changes after a revision, as they are at one moment.
    pub look: Statement,
    /// Makes a batch durable.
    pub write: Statement,
}

impl Statements {
    /// Prepares them.
    pub async fn prepare(client: &Client) -> Result<Self, Error> {
        let take_order = format!("SELECT {} FROM catalog FOR UPDATE", Head::COLUMNS);
        let write_batch = write::sql();
        let (queue, take, changes, answers, latest, look, write) = try_join!(
            client.prepare(write::TAKE_TURN),
            client.prepare(&take_order),
            client.prepare("SELECT * FROM changes WHERE revision > $1 ORDER BY revision LIMIT $2"),
            client.prepare("SELECT * FROM answers WHERE key = ANY($1) AND at >= $2"),
            client.prepare(
                "SELECT revision, before FROM changes WHERE product = $1 \
                ORDER BY revision DESC LIMIT 1"
            ),
            client.prepare(
                "SELECT id AS catalog, version, catalog.revision AS head, \
                    catalog.digest AS head_digest, catalog.batch AS head_batch, changes.* \
                FROM catalog LEFT JOIN changes ON changes.revision > $1 \
                ORDER BY changes.revision LIMIT $2"
            ),
            client.prepare(&write_batch),
        )?;
        Ok(Self {
            queue,
            take,
            changes,
            answers,
            latest,
            look,
            write,
        })
    }
}
