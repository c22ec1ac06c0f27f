//! A look into the database of several servers.

use testbed::Postgres;
use tokio_postgres::{Client, NoTls};

/// A connection to the primary.
pub async fn connect(postgres: &Postgres) -> Client {
    let (client, connection) = tokio_postgres::connect(&postgres.primary_url(), NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}
