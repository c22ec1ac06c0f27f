//! What may become of people and tokens.

use std::time::Duration;

use shared::Role;

use super::name::fold_name;
use super::{Fault, hash_of, to_ms};
use crate::engine::journal::{Person, Roster, RosterChange, Token, now_ms};

impl Roster {
    /// Somebody, whichever letters of their name are capitals.
    pub fn person(&self, name: &str) -> Option<&Person> {
        let exact = self.people.iter().find(|person| person.name == name);
        let name = fold_name(name);
        // All of them, so that it takes as long for somebody who is not there.
        let mut same = None;
        for person in &self.people {
            let is_same = fold_name(&person.name) == name;
            same = same.or(is_same.then_some(person));
        }
        // Files of before may have two of whom only the letters differ.
        exact.or(same)
    }

    /// A program's token, however its name is written.
    fn token(&self, name: &str) -> Option<&Token> {
        let name = fold_name(name);
        let mut tokens = self.tokens.iter();
        tokens.find(|token| fold_name(&token.name) == name)
    }

    /// Whether a session has this hash.
    pub fn has_session(&self, hash: &str) -> bool {
        self.sessions.iter().any(|session| session.hash == hash)
    }

    /// Whether an admin is known by a secret with this hash.
    pub fn is_admin(&self, hash: &str) -> bool {
        let session = self.sessions.iter().find(|session| session.hash == hash);
        let person = session.and_then(|session| self.person(&session.person));
        let now = now_ms();
        let is_good = |token: &&Token| {
            token.hash == hash && token.expires.is_none_or(|expires| expires > now)
        };
        let token = self.tokens.iter().find(is_good);
        let role = person.map(|person| person.role);
        role.or(token.map(|token| token.role)) == Some(Role::Admin)
    }

    fn is_taken(&self, name: &str) -> bool {
        self.person(name).is_some() || self.token(name).is_some()
    }

    /// Somebody new, with the hash of their password.
    pub fn new_person(&self, name: &str, role: Role, password: String) -> Result<Person, Fault> {
        if self.is_taken(name) {
            return Err(Fault::Taken);
        }
        Ok(Person {
            name: name.to_owned(),
            role,
            password,
            since: now_ms(),
        })
    }

    /// A program's new token, with this secret.
    pub fn new_token(
        &self,
        name: &str,
        role: Role,
        time: Option<Duration>,
        secret: &str,
    ) -> Result<Token, Fault> {
        if self.is_taken(name) {
            return Err(Fault::Taken);
        }
        let now = now_ms();
        Ok(Token {
            name: name.to_owned(),
            hash: hash_of(secret),
            role,
            since: now,
            expires: time.map(|time| now.saturating_add(to_ms(time))),
        })
    }

    /// Whether somebody else is an admin than this one.
    fn has_other_admin(&self, name: &str) -> bool {
        let admins = self
            .people
            .iter()
            .filter(|person| person.role == Role::Admin);
        admins.filter(|person| person.name != name).count() > 0
    }

    /// What gives somebody another role.
    pub fn with_role(&self, name: &str, role: Role) -> Result<RosterChange, Fault> {
        let person = self.person(name).ok_or(Fault::Unknown)?;
        if role != Role::Admin && person.role == Role::Admin && !self.has_other_admin(&person.name)
        {
            return Err(Fault::LastAdmin);
        }
        Ok(RosterChange::SetRole(person.name.clone(), role))
    }

    /// What gives somebody another password's hash, and ends their sessions but one.
    pub fn with_password(
        &self,
        name: &str,
        password: &str,
        kept: Option<&str>,
    ) -> Result<Vec<RosterChange>, Fault> {
        let person = self.person(name).ok_or(Fault::Unknown)?;
        let kept = kept.map(str::to_owned);
        let end = RosterChange::KeepSession(person.name.clone(), kept);
        let set = RosterChange::SetPassword(person.name.clone(), password.to_owned());
        Ok(vec![set, end])
    }

    /// What takes somebody away. The last admin stays as long as anybody else is there.
    pub fn without(&self, name: &str) -> Result<RosterChange, Fault> {
        let person = self.person(name).ok_or(Fault::Unknown)?;
        let is_needed = person.role == Role::Admin && self.people.len() > 1;
        if is_needed && !self.has_other_admin(&person.name) {
            return Err(Fault::LastAdmin);
        }
        Ok(RosterChange::RemovePerson(person.name.clone()))
    }

    /// What lets a program in no more.
    pub fn without_token(&self, name: &str) -> Result<RosterChange, Fault> {
        let token = self.token(name).ok_or(Fault::Unknown)?;
        Ok(RosterChange::RemoveToken(token.name.clone()))
    }
}
