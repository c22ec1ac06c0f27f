//! `vitrina people` and `vitrina tokens`: who may do what. A server that runs knows it within a second.

use std::io::{BufRead, IsTerminal, stdin};

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::args::{PeopleCommand, TokensCommand};
use super::output::{print, print_json};
use crate::access::{Fault, PasswordFault, check_name, check_password, hash_password, new_secret};
use crate::engine::journal::{
    JournalError, PostgresJournal, Roster, RosterChange, RosterStore, SqliteJournal, Store,
};

/// Does what is asked for with people.
pub fn people(store: &Store, command: &PeopleCommand) -> anyhow::Result<()> {
    match command {
        PeopleCommand::Add { name, role } => {
            let roster = open(store)?;
            let name = &checked(name)?;
            let add = |known: &Roster, hash: &str| known.new_person(name, *role, hash.to_owned());
            // Whoever can't be added is not asked for a password.
            told(add(&roster.load()?, ""), name)?;
            let hash = ask_password(name)?;
            let added =
                roster.change(|known| Ok(vec![RosterChange::AddPerson(add(known, &hash)?)]));
            told(added, name)?;
            print(&format_args!("{name} can sign in now, as {role}"))
        }
        PeopleCommand::List { json } => list_people(&only_read(store)?, *json),
        PeopleCommand::Role { name, role } => {
            let set = existing(store)?.change(|known| Ok(vec![known.with_role(name, *role)?]));
            told(set, name)?;
            print(&format_args!("{name} is {role} now"))
        }
        PeopleCommand::Remove { name } => {
            let removed = existing(store)?.change(|known| Ok(vec![known.without(name)?]));
            told(removed, name)?;
            print(&format_args!("{name} is gone, and signed out everywhere"))
        }
        PeopleCommand::Password { name } => {
            let roster = existing(store)?;
            let known = roster.load()?;
            let person = known.person(name).ok_or(Fault::Unknown);
            let name = told(person, name)?.name.clone();
            let hash = ask_password(&name)?;
            let set = roster.change(|known| known.with_password(&name, &hash, None));
            told(set, &name)?;
            print(&format_args!(
                "{name} has a new password, and is signed out everywhere"
            ))
        }
    }
}

/// Does what is asked for with programs' tokens.
pub fn tokens(store: &Store, command: &TokensCommand) -> anyhow::Result<()> {
    match command {
        TokensCommand::Create {
            name,
            role,
            expires,
        } => {
            let roster = open(store)?;
            let name = &checked(name)?;
            let secret = new_secret();
            let created = roster.change(|known| {
                let token = known.new_token(name, *role, *expires, &secret)?;
                Ok(vec![RosterChange::PutToken(token)])
            });
            told(created, name)?;
            // Alone on standard output, for whoever keeps it in a file; it is shown this once.
            print(&secret)
        }
        TokensCommand::List { json } => list_tokens(&only_read(store)?, *json),
        TokensCommand::Revoke { name } => {
            let roster = existing(store)?;
            match roster.change(|known| Ok(vec![known.without_token(name)?])) {
                Err(Fault::Unknown) => {
                    bail!("no token is called {name}: `vitrina tokens list` tells which there are")
                }
                revoked => told(revoked, name)?,
            }
            print(&format_args!("the token {name} lets nobody in any more"))
        }
    }
}

fn checked(name: &str) -> anyhow::Result<String> {
    check_name(name).context("a name has 1 to 64 characters that can be seen")
}

/// What is wrong, in words that say what to do.
fn told<T>(result: Result<T, Fault>, name: &str) -> anyhow::Result<T> {
    result.map_err(|fault| match fault {
        Fault::Taken => anyhow::anyhow!("{name} is taken: choose another name"),
        Fault::Unknown => {
            anyhow::anyhow!("nobody is called {name}: `vitrina people list` tells who there is")
        }
        Fault::LastAdmin => anyhow::anyhow!(
            "{name} is the only admin: make somebody else one first, with \
             `vitrina people role NAME admin`"
        ),
        Fault::MayNot => anyhow::anyhow!("only an admin may do this"),
        Fault::Failed(error) => error.into(),
    })
}

/// The roster of a journal, which is made where there is none.
fn open(store: &Store) -> anyhow::Result<RosterStore> {
    match store {
        Store::File(path) => match SqliteJournal::open(path) {
            // A server that has it brought it up to date.
            Ok(_) | Err(JournalError::InUse(_)) => {}
            Err(error) => return Err(error.into()),
        },
        Store::Database(address) => drop(PostgresJournal::open((**address).clone())?),
    }
    Ok(RosterStore::new(store.clone()))
}

/// The roster of a journal that is there.
fn existing(store: &Store) -> anyhow::Result<RosterStore> {
    refuse_missing(store)?;
    open(store)
}

/// What a journal says that is there, and stays as it is.
fn only_read(store: &Store) -> anyhow::Result<Roster> {
    refuse_missing(store)?;
    Ok(RosterStore::new(store.clone()).load()?)
}

fn refuse_missing(store: &Store) -> anyhow::Result<()> {
    match store {
        Store::File(path) if !path.exists() => {
            Err(JournalError::NotThere(path.display().to_string()).into())
        }
        _ => Ok(()),
    }
}

/// The hash of a password that is asked for on the terminal, or read from standard input.
fn ask_password(name: &str) -> anyhow::Result<String> {
    let password = if stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("Password for {name}: "))?;
        refuse_weak(name, &first)?;
        let second = rpassword::prompt_password("Once more: ")?;
        if first != second {
            bail!("the two are not the same: nothing was changed");
        }
        first
    } else {
        let mut line = String::new();
        stdin()
            .lock()
            .read_line(&mut line)
            .context("can't read the password")?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    refuse_weak(name, &password)?;
    hash_password(&password).context("there is no randomness to be had")
}

fn refuse_weak(name: &str, password: &str) -> anyhow::Result<()> {
    check_password(name, password).map_err(|fault| {
        anyhow::anyhow!(match fault {
            PasswordFault::TooShort => "the password is too short: at least 8 characters",
            PasswordFault::TooLong => "the password is too long: at most 512 bytes",
            PasswordFault::MostUsed => {
                "this is one of the passwords that are tried first: choose another"
            }
        })
    })
}

/// A moment, as this machine's clock shows it.
fn moment(ms: u64) -> String {
    let at = Timestamp::from_millisecond(ms.cast_signed());
    at.map_or_else(
        |_| "?".to_owned(),
        |at| {
            let at = at.to_zoned_datetime(TimeZone::system());
            at.strftime("%Y-%m-%d %H:%M").to_string()
        },
    )
}

fn list_people(roster: &Roster, is_json: bool) -> anyhow::Result<()> {
    for person in &roster.people {
        let sessions = roster.sessions.iter();
        let own = sessions.filter(|session| session.person == person.name);
        let used = own.clone().map(|session| session.used).max();
        let role = person.role;
        if is_json {
            print_json(&json!({
                "name": person.name, "role": role, "since": person.since,
                "sessions": own.count(), "last_seen": used,
            }))?;
        } else {
            let seen = used.map_or_else(
                || "not signed in".to_owned(),
                |used| format!("last seen {}", moment(used)),
            );
            print(&format_args!("{}\t{role}\t{seen}", person.name))?;
        }
    }
    if roster.people.is_empty() && !is_json {
        print(&"nobody can sign in: `vitrina people add NAME --role admin` makes a first person")?;
    }
    Ok(())
}

fn list_tokens(roster: &Roster, is_json: bool) -> anyhow::Result<()> {
    for token in &roster.tokens {
        let role = token.role;
        if is_json {
            print_json(&serde_json::to_value(token)?)?;
        } else {
            let end = token.expires.map_or_else(
                || "without an end".to_owned(),
                |expires| format!("until {}", moment(expires)),
            );
            print(&format_args!("{}\t{role}\t{end}", token.name))?;
        }
    }
    if roster.tokens.is_empty() && !is_json {
        print(&"there are no tokens: `vitrina tokens create NAME --role editor` makes one")?;
    }
    Ok(())
}
