//! The tables of a data file, and how one of an earlier version is brought up to date.

use std::collections::BTreeSet;
use std::ops::Range;

use rusqlite::{Connection, Transaction, params};
use shared::Digest;

use crate::engine::journal::JournalError;
use crate::engine::journal::tables::{Fault, read_product};

/// Marks the file as Vitrina's (`PRAGMA application_id`): the letters `VITR`.
const APPLICATION_ID: i32 = 0x5649_5452;

/// What each version of the tables added to the one before. A file's version (`PRAGMA
/// user_version`) is the number of these that were applied to it.
const VERSIONS: [&str; 7] = [
    "CREATE TABLE catalog (id TEXT NOT NULL, revision INTEGER NOT NULL) STRICT;
    CREATE TABLE products (
        id INTEGER PRIMARY KEY,
        revision INTEGER NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        code TEXT NOT NULL,
        price_cents INTEGER NOT NULL,
        status INTEGER NOT NULL,
        stock INTEGER NOT NULL,
        category TEXT NOT NULL,
        thumbnails TEXT NOT NULL
    ) STRICT;
    CREATE TABLE changes (
        revision INTEGER PRIMARY KEY,
        change TEXT NOT NULL,
        page TEXT,
        request INTEGER
    ) STRICT;",
    "CREATE TABLE answers (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        revision INTEGER NOT NULL,
        change TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX answers_at ON answers (at);",
    "ALTER TABLE products ADD COLUMN hash TEXT NOT NULL DEFAULT '';
    ALTER TABLE changes ADD COLUMN digest TEXT;
    ALTER TABLE changes ADD COLUMN at INTEGER;
    ALTER TABLE changes ADD COLUMN \"by\" TEXT;
    ALTER TABLE changes ADD COLUMN before TEXT;",
    // For whoever opens the file by itself.
    "CREATE VIEW products_view AS
        SELECT id, revision, title, description, code, price_cents / 100.0 AS price,
            status AS on_sale, stock, category, thumbnails
        FROM products ORDER BY id;
    CREATE TABLE about (name TEXT PRIMARY KEY, meaning TEXT NOT NULL) STRICT;
    INSERT INTO about VALUES
        ('catalog', 'One row: the list''s random name, and the number of its latest change.'),
        ('products', 'What is listed. Only Vitrina writes here; a server stops when another program does.'),
        ('products.id', 'The revision at which the product was added.'),
        ('products.revision', 'The revision of its latest change.'),
        ('products.price_cents', 'The price in hundredths; products_view has it in units.'),
        ('products.status', '1: on sale; 0: not.'),
        ('products.thumbnails', 'A JSON array of addresses.'),
        ('products.hash', 'Of all fields, by which a change from outside is found.'),
        ('products_view', 'The products as people read them.'),
        ('changes', 'The latest changes, in order.'),
        ('changes.change', 'What happened, as JSON.'),
        ('changes.page', 'The name of the client that asked for it over a socket.'),
        ('changes.request', 'The number that the client gave its request.'),
        ('changes.digest', 'Sums up all fields of all products after it.'),
        ('changes.at', 'When, in milliseconds since 1970.'),
        ('changes.by', 'Where it came from: a page, HTTP, an import, the command line.'),
        ('changes.before', 'The product as it was before, as JSON.'),
        ('answers', 'What requests of the last day that had a key led to, so that asking again does nothing twice.'),
        ('answers.key', 'The Idempotency-Key, or the name and number of a client''s request.'),
        ('answers.fingerprint', 'Tells another request under the same key apart.'),
        ('answers.revision', 'The revision that it is answered with.'),
        ('answers.change', 'What it did, as JSON.'),
        ('answers.at', 'When, in seconds since 1970.');",
    // Finds the changes of one product.
    "ALTER TABLE changes ADD COLUMN product INTEGER;
    UPDATE changes SET product = coalesce(
        json_extract(change, '$.added.id'), json_extract(change, '$.updated.id'),
        json_extract(change, '$.deleted')) WHERE json_valid(change);
    CREATE INDEX changes_of_product ON changes (product);
    INSERT INTO about VALUES ('changes.product', 'The product that changed.');",
    // Finds the changes of a time, and those that are too old.
    "CREATE INDEX changes_at ON changes (at);
    UPDATE about SET meaning = 'What happened, in order, as far as it is kept.'
        WHERE name = 'changes';",
    // Who may do what, and who did what.
    "CREATE TABLE roster (version INTEGER NOT NULL) STRICT;
    INSERT INTO roster VALUES (1);
    CREATE TABLE people (
        name TEXT PRIMARY KEY,
        role TEXT NOT NULL,
        password TEXT NOT NULL,
        since INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        hash TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        since INTEGER NOT NULL,
        used INTEGER NOT NULL,
        agent TEXT NOT NULL
    ) STRICT;
    CREATE TABLE tokens (
        name TEXT PRIMARY KEY,
        hash TEXT NOT NULL,
        role TEXT NOT NULL,
        since INTEGER NOT NULL,
        expires INTEGER
    ) STRICT;
    CREATE TABLE tickets (
        hash TEXT PRIMARY KEY,
        stands_for TEXT NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT;
    ALTER TABLE changes ADD COLUMN person TEXT;
    CREATE INDEX changes_of_person ON changes (person, revision) WHERE person IS NOT NULL;
    INSERT INTO about VALUES
        ('roster', 'One row, about who may do what.'),
        ('roster.version', 'The number of the latest change of people, sessions, tokens and tickets.'),
        ('people', 'Who signs in.'),
        ('people.name', 'What they are called.'),
        ('people.role', 'What they may do: viewer, editor or admin.'),
        ('people.password', 'The Argon2id hash of their password.'),
        ('people.since', 'When they were added, in milliseconds since 1970.'),
        ('sessions', 'The browsers in which people are signed in.'),
        ('sessions.hash', 'The SHA-256 of what the browser has.'),
        ('sessions.person', 'Who is signed in there.'),
        ('sessions.since', 'When they signed in, in milliseconds since 1970.'),
        ('sessions.used', 'When it was last used, within an hour, in milliseconds since 1970.'),
        ('sessions.agent', 'What the browser says that it is.'),
        ('tokens', 'What programs show to be let in.'),
        ('tokens.name', 'What the program is called.'),
        ('tokens.hash', 'The SHA-256 of what the program has.'),
        ('tokens.role', 'What it may do: viewer, editor or admin.'),
        ('tokens.since', 'When it was made, in milliseconds since 1970.'),
        ('tokens.expires', 'Until when it is good, in milliseconds since 1970; without an end where it is empty.'),
        ('tickets', 'What stands for a session or a token for half a minute.'),
        ('tickets.hash', 'The SHA-256 of what the client has.'),
        ('tickets.stands_for', 'The hash of the session or the token.'),
        ('tickets.expires', 'Until when it is good, in milliseconds since 1970.'),
        ('changes.person', 'Who asked for it, a person or a program''s token.');",
];

/// The version from which on rows have hashes, and changes digests.
pub const HASH_VERSION: usize = 3;

/// The version from which on a product's changes are found.
pub const HISTORY_VERSION: usize = 5;

/// The version from which on there are people.
pub const ROSTER_VERSION: usize = 7;

/// The error of what needs newer tables than a file has that is only read.
pub fn too_old() -> JournalError {
    let why = "its tables are of an earlier version: start a server on it once";
    JournalError::Damaged(why.to_owned())
}

/// Whether the file is one of Vitrina's, of a version this one knows; `false` where it is empty.
pub fn is_known(connection: &Connection, name: &str) -> Result<bool, JournalError> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    if count("SELECT count(*) FROM sqlite_schema")? == 0 {
        // A file of pages without a table is another's, or a copy of one whose log has them.
        return match count("PRAGMA page_count")? {
            0 => Ok(false),
            _ => Err(JournalError::Incomplete(name.to_owned())),
        };
    }
    if pragma(connection, "application_id")? != APPLICATION_ID {
        return Err(JournalError::NotOurs(name.to_owned()));
    }
    if version(connection)? == 0 {
        let why = "its version (PRAGMA user_version) is missing".to_owned();
        return Err(JournalError::Damaged(why));
    }
    if version(connection)? > VERSIONS.len() {
        return Err(JournalError::TooNew(name.to_owned()));
    }
    Ok(true)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

pub fn version(connection: &Connection) -> rusqlite::Result<usize> {
    // Negative it is nobody's, and refused as too new.
    Ok(usize::try_from(pragma(connection, "user_version")?).unwrap_or(usize::MAX))
}

/// Checks whose file it is before anything is written to it, then sets it up and brings it to the
/// newest version.
pub fn prepare(connection: &Connection, name: &str) -> Result<(), JournalError> {
    let is_new = !is_known(connection, name)?;
    let version = if is_new { 0 } else { version(connection)? };
    if is_new {
        // What it has no more use for it gives back; only a file without tables can be told so.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    // In WAL mode FULL is what makes a commit reach the disk before it returns.
    connection.pragma_update(None, "synchronous", "FULL")?;
    if version < VERSIONS.len() {
        bring_up_to_date(connection, version, is_new, name)?;
    }
    // After the tables are there: before, a crash would leave a file of pages without a table.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    Ok(())
}

/// Applies the versions that the file has not, all of them or none.
fn bring_up_to_date(
    connection: &Connection,
    version: usize,
    is_new: bool,
    name: &str,
) -> Result<(), JournalError> {
    let transaction = connection.unchecked_transaction()?;
    create(&transaction, version..VERSIONS.len())?;
    if version < HASH_VERSION {
        write_hashes(&transaction)?;
    }
    if is_new {
        let id = format!("{:032x}", rand::random::<u128>());
        transaction.execute("INSERT INTO catalog VALUES (?1, 0)", [id])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    } else {
        tracing::info!(
            file = name,
            from = version,
            to = VERSIONS.len(),
            "upgraded the data file"
        );
    }
    transaction.pragma_update(None, "user_version", VERSIONS.len())?;
    transaction.commit()?;
    Ok(())
}

/// Makes what these versions added.
fn create(connection: &Connection, versions: Range<usize>) -> rusqlite::Result<()> {
    VERSIONS[versions]
        .iter()
        .try_for_each(|version| connection.execute_batch(version))
}

/// What is wrong with the tables of a file: what they have not, and what they have beside.
pub fn faults(connection: &Connection) -> Result<Vec<String>, JournalError> {
    let expected = Connection::open_in_memory()?;
    create(&expected, 0..version(connection)?.min(VERSIONS.len()))?;
    let (expected, found) = (describe(&expected)?, describe(connection)?);
    let missing = expected.difference(&found);
    let missing = missing.map(|what| format!("{what} is missing"));
    let foreign = found.difference(&expected);
    let foreign = foreign.map(|what| format!("{what} is none of Vitrina's"));
    Ok(missing.chain(foreign).collect())
}

/// Every table and index, and every column with its type.
fn describe(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(
        r#"SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'
        UNION ALL
        SELECT 'column ' || c.name || ' (' || c.type || iif(c."notnull", ' NOT NULL', '')
            || ') of table ' || t.name
        FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite^_%' ESCAPE '^'"#,
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

/// Gives every row its hash, of what it is now.
fn write_hashes(transaction: &Transaction<'_>) -> Result<(), JournalError> {
    let mut select = transaction.prepare("SELECT * FROM products")?;
    let mut update = transaction.prepare("UPDATE products SET hash = ?1 WHERE id = ?2")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("products", "id", row));
        let product = read_product(row).map_err(damaged)?;
        let hash = Digest::of_product(&product).to_string();
        update.execute(params![hash, product.id.0])?;
    }
    Ok(())
}
