//! The tables in a database, and how those of an earlier version are brought up to date.

use tokio_postgres::Client;

use super::address::Address;
use super::session::to_error;
use crate::engine::journal::JournalError;

/// What each version of the tables added to the one before. They are those of the data file, for as
/// many servers as there are.
const VERSIONS: [&str; 6] = ["
    CREATE TABLE catalog (
        id text NOT NULL,
        version integer NOT NULL,
        revision bigint NOT NULL,
        digest text NOT NULL,
        batch bigint NOT NULL
    );
    COMMENT ON TABLE catalog IS
        'One row. Whoever locks it makes the next changes: it is the one order of all servers.';
    COMMENT ON COLUMN catalog.version IS 'The version of these tables.';
    COMMENT ON COLUMN catalog.revision IS 'The number of the latest change.';
    COMMENT ON COLUMN catalog.digest IS 'Sums up all fields of all products.';
    COMMENT ON COLUMN catalog.batch IS 'The random number of the latest transaction that wrote.';
    CREATE UNIQUE INDEX catalog_has_one_row ON catalog ((true));
    CREATE TABLE products (
        id bigint PRIMARY KEY,
        revision bigint NOT NULL,
        title text NOT NULL,
        description text NOT NULL,
        code text NOT NULL,
        price_cents bigint NOT NULL,
        status boolean NOT NULL,
        stock bigint NOT NULL,
        category text NOT NULL,
        thumbnails text NOT NULL,
        hash text NOT NULL
    );
    COMMENT ON TABLE products IS
        'What is listed. Only Vitrina writes here: what others change its servers don''t see.';
    COMMENT ON COLUMN products.id IS 'The revision at which the product was added.';
    COMMENT ON COLUMN products.revision IS 'The revision of its latest change.';
    COMMENT ON COLUMN products.thumbnails IS 'A JSON array of addresses.';
    COMMENT ON COLUMN products.hash IS 'Of all fields, by which a change from outside is found.';
    CREATE TABLE changes (
        revision bigint PRIMARY KEY,
        change text NOT NULL,
        page text,
        request bigint,
        digest text,
        at bigint,
        \"by\" text,
        before text,
        batch bigint
    );
    COMMENT ON TABLE changes IS 'The latest changes, in order.';
    COMMENT ON COLUMN changes.change IS 'What happened, as JSON.';
    COMMENT ON COLUMN changes.page IS 'The name of the client that asked for it over a socket.';
    COMMENT ON COLUMN changes.request IS 'The number that the client gave its request.';
    COMMENT ON COLUMN changes.digest IS 'The catalog''s digest after it.';
    COMMENT ON COLUMN changes.at IS 'When, in milliseconds since 1970.';
    COMMENT ON COLUMN changes.before IS 'The product as it was before, as JSON.';
    COMMENT ON COLUMN changes.batch IS 'The transaction that wrote it.';
    CREATE TABLE answers (
        key text PRIMARY KEY,
        fingerprint text NOT NULL,
        revision bigint NOT NULL,
        change text NOT NULL,
        at bigint NOT NULL
    );
    CREATE INDEX answers_at ON answers (at);
    COMMENT ON TABLE answers IS
        'What requests of the last day led to that had a key, so that asking again does nothing twice.';
    COMMENT ON COLUMN answers.fingerprint IS 'Tells another request under the same key apart.';
    COMMENT ON COLUMN answers.at IS 'When, in seconds since 1970.';
    CREATE UNLOGGED TABLE servers (
        name bigint PRIMARY KEY,
        viewers bigint NOT NULL,
        at timestamptz NOT NULL
    );
    COMMENT ON TABLE servers IS 'The servers that run at the moment, and how many clients each has.';
", "
    CREATE VIEW products_view AS
        SELECT id, revision, title, description, code, price_cents / 100.0 AS price,
            status AS on_sale, stock, category, thumbnails
        FROM products ORDER BY id;
    COMMENT ON VIEW products_view IS 'The products as people read them, with the price in units.';
", r#"
    ALTER TABLE changes ADD COLUMN product bigint;
    COMMENT ON COLUMN changes.product IS 'The product that changed.';
    UPDATE changes SET product = coalesce(
        substring(change from '^\{"(?:added|updated)":\{"id":(\d+)'),
        substring(change from '^\{"deleted":(\d+)')
    )::bigint;
    CREATE INDEX changes_of_product ON changes (product);
"#, "
    CREATE INDEX changes_at ON changes (at, revision);
    COMMENT ON TABLE changes IS 'What happened, in order, as far as it is kept.';
", "
    CREATE TABLE roster (version bigint NOT NULL);
    INSERT INTO roster VALUES (1);
    CREATE UNIQUE INDEX roster_has_one_row ON roster ((true));
    CREATE TABLE people (
        name text PRIMARY KEY,
        role text NOT NULL,
        password text NOT NULL,
        since bigint NOT NULL
    );
    CREATE TABLE sessions (
        hash text PRIMARY KEY,
        person text NOT NULL,
        since bigint NOT NULL,
        used bigint NOT NULL,
        agent text NOT NULL
    );
    CREATE TABLE tokens (
        name text PRIMARY KEY,
        hash text NOT NULL,
        role text NOT NULL,
        since bigint NOT NULL,
        expires bigint
    );
    CREATE TABLE tickets (
        hash text PRIMARY KEY,
        stands_for text NOT NULL,
        expires bigint NOT NULL
    );
    ALTER TABLE changes ADD COLUMN person text;
    CREATE INDEX changes_of_person ON changes (person, revision) WHERE person IS NOT NULL;
    COMMENT ON TABLE roster IS
        'One row: the number of the latest change of people, sessions and tokens.';
    COMMENT ON TABLE people IS 'Who signs in, and what they may do: viewer, editor or admin.';
    COMMENT ON COLUMN people.password IS 'The Argon2id hash of their password.';
    COMMENT ON TABLE sessions IS 'The browsers in which people are signed in.';
    COMMENT ON COLUMN sessions.hash IS 'The SHA-256 of what the browser has.';
    COMMENT ON TABLE tokens IS 'What programs show to be let in.';
    COMMENT ON COLUMN tokens.hash IS 'The SHA-256 of what the program has.';
    COMMENT ON TABLE tickets IS 'What stands for a session or a token for half a minute.';
    COMMENT ON COLUMN changes.person IS 'Who asked for it, a person or a program''s token.';
", "
    ALTER TABLE servers ADD COLUMN open bigint[] NOT NULL DEFAULT '{}';
    COMMENT ON TABLE servers IS 'The servers that run at the moment, and their clients.';
    COMMENT ON COLUMN servers.open IS 'The products that its clients have open to change them.';
"];

/// The rows of `servers` whose server is there: it said so within five of its looks.
pub const IS_THERE: &str = "at > now() - interval '5 s'";

/// The version from which on there are people.
const ROSTER_VERSION: i32 = 5;

/// The version of the tables that this Vitrina writes.
pub const VERSION: i32 = 6;

const _: () = assert!(VERSIONS.len() == VERSION as usize);

/// Makes the tables where there are none, and brings those of an earlier version up to date: all of it
/// or nothing, and one server after the other.
pub async fn prepare(client: &mut Client, address: &Address) -> Result<(), JournalError> {
    let error = |error: tokio_postgres::Error| to_error(&error, address);
    let schema = &address.schema;
    let transaction = client.transaction().await.map_err(error)?;
    transaction
        .execute("SELECT pg_advisory_xact_lock(hashtext($1))", &[schema])
        .await
        .map_err(error)?;
    let Some(version) = find_version(transaction.client(), address).await? else {
        let id = format!("{:032x}", rand::random::<u128>());
        // Somebody else may have made the schema, for a user who may make none.
        let there = "SELECT to_regnamespace($1) IS NOT NULL";
        let there = transaction.query_one(there, &[schema]).await;
        if !there.map_err(error)?.get::<_, bool>(0) {
            let create = format!("CREATE SCHEMA \"{schema}\"");
            transaction.batch_execute(&create).await.map_err(error)?;
        }
        let tables = VERSIONS.concat();
        transaction.batch_execute(&tables).await.map_err(error)?;
        let digest = shared::Digest::default().to_string();
        transaction
            .execute(
                "INSERT INTO catalog VALUES ($1, $2, 0, $3, 0)",
                &[&id, &VERSION, &digest],
            )
            .await
            .map_err(error)?;
        return transaction.commit().await.map_err(error);
    };
    if version < VERSION {
        let first = usize::try_from(version).unwrap_or_default();
        let sql = VERSIONS[first..].concat();
        transaction.batch_execute(&sql).await.map_err(error)?;
        transaction
            .execute("UPDATE catalog SET version = $1", &[&VERSION])
            .await
            .map_err(error)?;
        tracing::info!(database = %address, from = version, to = VERSION, "upgraded the tables");
    }
    transaction.commit().await.map_err(error)
}

/// The version of the tables there; `None` where there are none. A newer one is an error.
pub async fn find_version(client: &Client, address: &Address) -> Result<Option<i32>, JournalError> {
    let error = |error: tokio_postgres::Error| to_error(&error, address);
    let damaged = |why: &str| JournalError::Damaged(format!("{why} in {address}"));
    let there = "SELECT to_regclass($1) IS NOT NULL";
    let name = format!("\"{}\".catalog", address.schema);
    let there = client.query_one(there, &[&name]).await.map_err(error)?;
    if !there.get::<_, bool>(0) {
        return Ok(None);
    }
    let rows = client.query("SELECT version FROM catalog", &[]).await;
    let rows = rows.map_err(error)?;
    let version: i32 = match &rows[..] {
        [row] => row.try_get(0).map_err(error)?,
        [] => return Err(damaged("table catalog is empty")),
        _ => {
            return Err(JournalError::Database {
                database: address.to_string(),
                why: format!(
                    "table catalog has {} lists instead of one; put each into a schema of its own \
                     and name it with ?schema=NAME",
                    rows.len()
                ),
            });
        }
    };
    refuse_newer(version, address)?;
    Ok(Some(version))
}

/// Whether there are people: an earlier version had none.
pub async fn has_roster(client: &Client, address: &Address) -> Result<bool, JournalError> {
    let version = find_version(client, address).await?;
    Ok(version.is_some_and(|version| version >= ROSTER_VERSION))
}

/// Tables that a newer Vitrina made may mean something else.
pub fn refuse_newer(version: i32, address: &Address) -> Result<(), JournalError> {
    if version > VERSION {
        return Err(JournalError::NewerTables {
            database: address.to_string(),
            found: version,
            known: VERSION,
        });
    }
    Ok(())
}
