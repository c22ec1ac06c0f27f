//! People, their sessions, and programs' tokens, beside the catalog in the same journal: whoever shares the
//! one shares the other. They are read and written beside the desk, in a [`RosterStore`](super::RosterStore).

use serde::{Deserialize, Serialize};
use shared::Role;

use super::JournalError;
use super::parameter::Parameter;
use super::tables::{Cells, Fault, number, optional_number, text};

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

/// What stands for a session or a token for a moment, where no header can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The hash of its secret.
    pub hash: String,
    /// The hash of what it stands for.
    pub key: String,
    /// Until when, in milliseconds since 1970.
    pub expires: u64,
}

/// The most sessions of somebody: those that were used last.
const MAX_SESSIONS: u64 = 50;

/// The most tickets of a session or a token: the latest.
const MAX_TICKETS: u64 = 100;

/// All of them, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Grows with each change.
    pub version: u64,
    /// People, by name.
    pub people: Vec<Person>,
    /// Sessions, the latest first.
    pub sessions: Vec<Session>,
    /// Tokens, by name.
    pub tokens: Vec<Token>,
    /// Tickets.
    pub tickets: Vec<Ticket>,
}

/// What is to become of it.
#[derive(Clone, Debug)]
pub enum RosterChange {
    /// Somebody is there who was not.
    AddPerson(Person),
    /// Somebody has this role now.
    SetRole(String, Role),
    /// Somebody has a password with this hash now.
    SetPassword(String, String),
    /// Somebody is there no more, nor are their sessions.
    RemovePerson(String),
    /// A session is there, if its person still has the password with this hash, and of the sessions of theirs only
    /// the latest fifty.
    AddSession(Session, String),
    /// A session was used at this time.
    TouchSession(String, u64),
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
    /// A ticket is there, and none that was good until before this time; of those that stand for the same only the
    /// latest hundred.
    AddTicket(Ticket, u64),
}

/// A statement, whose parameters are `$1` and so on.
pub(super) type Statement = (&'static str, Vec<Parameter>);

/// Says that something is another now, if nothing was since this version.
const NEXT_VERSION: &str = "UPDATE roster SET version = version + 1 WHERE version = $1";

/// Reads the version alone.
pub(super) const READ_VERSION: &str = "SELECT version FROM roster";

impl RosterChange {
    /// The statements that make it so.
    pub(super) fn statements(&self) -> Vec<Statement> {
        match self {
            Self::AddPerson(person) => vec![(
                "INSERT INTO people (name, role, password, since) VALUES ($1, $2, $3, $4)",
                vec![
                    person.name.as_str().into(),
                    to_text(person.role).into(),
                    person.password.as_str().into(),
                    person.since.into(),
                ],
            )],
            Self::SetRole(name, role) => vec![(
                "UPDATE people SET role = $2 WHERE name = $1",
                vec![name.as_str().into(), to_text(*role).into()],
            )],
            Self::SetPassword(name, password) => vec![(
                "UPDATE people SET password = $2 WHERE name = $1",
                vec![name.as_str().into(), password.as_str().into()],
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
            Self::AddSession(session, password) => vec![
                (
                    "INSERT INTO sessions (hash, person, since, used, agent)
                    SELECT CAST($1 AS text), name, CAST($3 AS bigint), CAST($4 AS bigint),
                        CAST($5 AS text)
                    FROM people WHERE name = $2 AND password = $6",
                    vec![
                        session.hash.as_str().into(),
                        session.person.as_str().into(),
                        session.since.into(),
                        session.used.into(),
                        session.agent.as_str().into(),
                        password.as_str().into(),
                    ],
                ),
                (
                    "DELETE FROM sessions WHERE person = $1 AND hash NOT IN (
                        SELECT hash FROM sessions WHERE person = $1 ORDER BY used DESC LIMIT $2
                    )",
                    vec![session.person.as_str().into(), MAX_SESSIONS.into()],
                ),
            ],
            Self::TouchSession(hash, used) => vec![(
                "UPDATE sessions SET used = $2 WHERE hash = $1",
                vec![hash.as_str().into(), (*used).into()],
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
            Self::AddTicket(ticket, before) => with_ticket(ticket, *before),
        }
    }
}

/// The statements of [`RosterChange::AddTicket`].
fn with_ticket(ticket: &Ticket, before: u64) -> Vec<Statement> {
    vec![
        (
            "INSERT INTO tickets (hash, stands_for, expires) VALUES ($1, $2, $3)",
            vec![
                ticket.hash.as_str().into(),
                ticket.key.as_str().into(),
                ticket.expires.into(),
            ],
        ),
        (
            "DELETE FROM tickets WHERE expires < $1",
            vec![before.into()],
        ),
        (
            "DELETE FROM tickets WHERE stands_for = $1 AND hash NOT IN (
                        SELECT hash FROM tickets WHERE stands_for = $1
                        ORDER BY expires DESC, hash = $3 DESC LIMIT $2
                    )",
            vec![
                ticket.key.as_str().into(),
                MAX_TICKETS.into(),
                ticket.hash.as_str().into(),
            ],
        ),
    ]
}

fn to_text(role: Role) -> &'static str {
    role.into()
}

/// A change of the roster as it was read. It is one transaction.
pub(super) struct Step {
    /// Comes first: it changes one row, or none if somebody else was first, and then nothing is to be done.
    pub claim: Statement,
    /// What there is to do.
    pub statements: Vec<Statement>,
}

/// A table of the roster.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Version,
    People,
    Sessions,
    Tokens,
    Tickets,
}

impl Part {
    /// All tables of it.
    pub const ALL: [Self; 5] = [
        Self::Version,
        Self::People,
        Self::Sessions,
        Self::Tokens,
        Self::Tickets,
    ];

    /// Its name, and the column by which a row is known.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Version => ("roster", "version"),
            Self::People => ("people", "name"),
            Self::Sessions => ("sessions", "hash"),
            Self::Tokens => ("tokens", "name"),
            Self::Tickets => ("tickets", "hash"),
        }
    }

    /// Reads its rows.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Version => READ_VERSION,
            Self::People => "SELECT * FROM people ORDER BY name",
            Self::Sessions => "SELECT * FROM sessions ORDER BY used DESC, hash",
            Self::Tokens => "SELECT * FROM tokens ORDER BY name",
            Self::Tickets => "SELECT * FROM tickets",
        }
    }
}

impl Roster {
    /// Takes a row of one of its tables.
    pub(super) fn take(&mut self, part: Part, row: &impl Cells) -> Result<(), JournalError> {
        let (table, key) = part.names();
        let taken = self.take_cells(part, row);
        taken.map_err(|fault| JournalError::Damaged(fault.of(table, key, row)))
    }

    fn take_cells(&mut self, part: Part, row: &impl Cells) -> Result<(), Fault> {
        let role = || {
            let role = text(row, "role")?;
            let wrong = || Fault::new("role", &format_args!("it can't be {role:?}"));
            role.parse().map_err(|_| wrong())
        };
        match part {
            Part::Version => self.version = number(row, "version")?,
            Part::People => self.people.push(Person {
                name: text(row, "name")?,
                role: role()?,
                password: text(row, "password")?,
                since: number(row, "since")?,
            }),
            Part::Sessions => self.sessions.push(Session {
                hash: text(row, "hash")?,
                person: text(row, "person")?,
                since: number(row, "since")?,
                used: number(row, "used")?,
                agent: text(row, "agent")?,
            }),
            Part::Tokens => self.tokens.push(Token {
                name: text(row, "name")?,
                hash: text(row, "hash")?,
                role: role()?,
                since: number(row, "since")?,
                expires: optional_number(row, "expires")?,
            }),
            Part::Tickets => self.tickets.push(Ticket {
                hash: text(row, "hash")?,
                key: text(row, "stands_for")?,
                expires: number(row, "expires")?,
            }),
        }
        Ok(())
    }

    /// What makes changes so of this roster, and of none that came after it.
    pub(super) fn step(&self, changes: &[RosterChange]) -> Step {
        let statements = changes.iter().flat_map(RosterChange::statements);
        Step {
            claim: (NEXT_VERSION, vec![self.version.into()]),
            statements: statements.collect(),
        }
    }

    /// What makes another journal's roster like this one. Sessions stay where they are.
    pub(super) fn to_changes(&self) -> impl Iterator<Item = RosterChange> {
        let people = self.people.iter().cloned().map(RosterChange::AddPerson);
        people.chain(self.tokens.iter().cloned().map(RosterChange::PutToken))
    }
}
