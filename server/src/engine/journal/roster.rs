//! People, their sessions, and programs' tokens, beside the catalog in the same journal: whoever shares the
//! one shares the other. They are read and written beside the desk, in a [`RosterStore`](super::RosterStore).

use serde::{Deserialize, Serialize};
use shared::Role;

use super::JournalError;
use super::parameter::Parameter;
use super::tables::{Cells, Fault, optional_number, text};

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What they are called, once here.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their password's hash (PHC string format).
    pub password: String,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
}

/// A browser in which somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its secret.
    pub hash: String,
    /// Whose it is.
    pub person: String,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// When it was last used, more or less, in milliseconds since 1970.
    pub used: u64,
    /// What the browser says that it is.
    pub agent: String,
}

/// What a program shows to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What the program is called, once here.
    pub name: String,
    /// The hash of its secret.
    #[serde(skip)]
    pub hash: String,
    /// What it may do.
    pub role: Role,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// Until when, in milliseconds since 1970; `None` is without an end.
    pub expires: Option<u64>,
}

/// All of them, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Grows with each change.
    pub version: u64,
    /// What tickets are signed with, the same for all servers of the journal.
    pub secret: String,
    /// People, by name.
    pub people: Vec<Person>,
    /// Sessions, the latest first.
    pub sessions: Vec<Session>,
    /// Tokens, by name.
    pub tokens: Vec<Token>,
}

/// What is to become of it.
#[derive(Clone, Debug)]
pub enum RosterChange {
    /// Somebody is there, as this.
    PutPerson(Person),
    /// Somebody is there no more, nor are their sessions.
    RemovePerson(String),
    /// A session is there, as this.
    PutSession(Session),
    /// A session is there no more.
    RemoveSession(String),
    /// Of somebody's sessions only this one is left, or none.
    KeepSession(String, Option<String>),
    /// Sessions that were last used before are there no more.
    ForgetSessions(u64),
    /// A token is there, as this.
    PutToken(Token),
    /// A token is there no more.
    RemoveToken(String),
}

/// A statement, whose parameters are `$1` and so on.
pub(super) type Statement = (&'static str, Vec<Parameter>);

/// Says that something is another now.
const NEXT_VERSION: &str = "UPDATE roster SET version = version + 1";

/// Reads the version alone.
pub(super) const READ_VERSION: &str = "SELECT version FROM roster";

impl RosterChange {
    /// The statements that make it so.
    pub(super) fn statements(&self) -> Vec<Statement> {
        match self {
            Self::PutPerson(person) => vec![(
                "INSERT INTO people (name, role, password, since) VALUES ($1, $2, $3, $4)
                ON CONFLICT (name) DO UPDATE
                SET role = excluded.role, password = excluded.password",
                vec![
                    person.name.as_str().into(),
                    to_text(person.role).into(),
                    person.password.as_str().into(),
                    person.since.into(),
                ],
            )],
            Self::RemovePerson(name) => vec![
                (
                    "DELETE FROM people WHERE name = $1",
                    vec![name.as_str().into()],
                ),
                (
                    "DELETE FROM sessions WHERE person = $1",
                    vec![name.as_str().into()],
                ),
            ],
            Self::PutSession(session) => vec![(
                "INSERT INTO sessions (hash, person, since, used, agent)
                VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (hash) DO UPDATE SET used = excluded.used",
                vec![
                    session.hash.as_str().into(),
                    session.person.as_str().into(),
                    session.since.into(),
                    session.used.into(),
                    session.agent.as_str().into(),
                ],
            )],
            Self::RemoveSession(hash) => vec![(
                "DELETE FROM sessions WHERE hash = $1",
                vec![hash.as_str().into()],
            )],
            Self::KeepSession(person, kept) => vec![(
                "DELETE FROM sessions WHERE person = $1 AND hash <> $2",
                vec![
                    person.as_str().into(),
                    kept.as_deref().unwrap_or_default().into(),
                ],
            )],
            Self::ForgetSessions(before) => vec![(
                "DELETE FROM sessions WHERE used < $1",
                vec![(*before).into()],
            )],
            Self::PutToken(token) => vec![(
                "INSERT INTO tokens (name, hash, role, since, expires)
                VALUES ($1, $2, $3, $4, $5)",
                vec![
                    token.name.as_str().into(),
                    token.hash.as_str().into(),
                    to_text(token.role).into(),
                    token.since.into(),
                    token.expires.map(u64::cast_signed).into(),
                ],
            )],
            Self::RemoveToken(name) => vec![(
                "DELETE FROM tokens WHERE name = $1",
                vec![name.as_str().into()],
            )],
        }
    }
}

fn to_text(role: Role) -> &'static str {
    role.into()
}

/// A table of the roster, and how its rows are read.
pub(super) struct Part {
    /// Its name.
    pub table: &'static str,
    /// The column by which a row is known.
    pub key: &'static str,
    /// Reads its rows.
    pub sql: &'static str,
}

/// All tables of it.
pub(super) const PARTS: [Part; 4] = [
    Part {
        table: "roster",
        key: "version",
        sql: "SELECT version, secret FROM roster",
    },
    Part {
        table: "people",
        key: "name",
        sql: "SELECT * FROM people ORDER BY name",
    },
    Part {
        table: "sessions",
        key: "hash",
        sql: "SELECT * FROM sessions ORDER BY used DESC, hash",
    },
    Part {
        table: "tokens",
        key: "name",
        sql: "SELECT * FROM tokens ORDER BY name",
    },
];

impl Roster {
    /// Takes a row of one of its tables.
    pub(super) fn take(&mut self, part: &Part, row: &impl Cells) -> Result<(), JournalError> {
        let taken = self.take_cells(part.table, row);
        taken.map_err(|fault| JournalError::Damaged(fault.of(part.table, part.key, row)))
    }

    fn take_cells(&mut self, table: &str, row: &impl Cells) -> Result<(), Fault> {
        let number = |column| Ok(optional_number(row, column)?.unwrap_or_default());
        let role = || {
            let role = text(row, "role")?;
            let wrong = || Fault::new("role", &format_args!("it can't be {role:?}"));
            role.parse().map_err(|_| wrong())
        };
        match table {
            "roster" => {
                self.version = number("version")?;
                self.secret = text(row, "secret")?;
            }
            "people" => self.people.push(Person {
                name: text(row, "name")?,
                role: role()?,
                password: text(row, "password")?,
                since: number("since")?,
            }),
            "sessions" => self.sessions.push(Session {
                hash: text(row, "hash")?,
                person: text(row, "person")?,
                since: number("since")?,
                used: number("used")?,
                agent: text(row, "agent")?,
            }),
            _ => self.tokens.push(Token {
                name: text(row, "name")?,
                hash: text(row, "hash")?,
                role: role()?,
                since: number("since")?,
                expires: optional_number(row, "expires")?,
            }),
        }
        Ok(())
    }

    /// The statements that make changes so, and say that something is another.
    pub(super) fn to_statements(changes: &[RosterChange]) -> Vec<Statement> {
        let statements = changes.iter().flat_map(RosterChange::statements);
        statements.chain([(NEXT_VERSION, Vec::new())]).collect()
    }

    /// What makes another journal's roster like this one. Sessions stay where they are.
    pub(super) fn to_changes(&self) -> impl Iterator<Item = RosterChange> {
        let people = self.people.iter().cloned().map(RosterChange::PutPerson);
        people.chain(self.tokens.iter().cloned().map(RosterChange::PutToken))
    }
}
