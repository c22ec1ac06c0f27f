//! Who is known by which secret, at one moment, and whoever is told when that changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shared::Role;
use tokio::sync::watch;

use super::policy::Policy;
use super::visitor::{Kind, Visitor};
use super::{USED_TIME, to_ms};
use crate::engine::author::Rights;
use crate::engine::journal::{Roster, Session};

/// Who is known by which secret.
pub struct Known {
    /// What the journal says.
    pub roster: Arc<Roster>,
    /// Somebody of whom nothing is known.
    pub anyone: Visitor,
    policy: Policy,
    /// By the hashes of their secrets.
    entries: HashMap<String, Entry>,
    /// What anybody may do never changes while the server runs.
    _anyone: watch::Sender<Option<Role>>,
}

struct Entry {
    visitor: Visitor,
    told: watch::Sender<Option<Role>>,
    /// The session, where it is one.
    session: Option<Session>,
    /// Until when a token is good.
    expires: Option<u64>,
    /// When it was last tried to write that a session is used.
    touched: AtomicU64,
}

impl Known {
    /// What a journal says, under a policy.
    pub fn new(roster: Roster, policy: Policy) -> Self {
        let (anyone, told) = watch::channel(policy.role_of_anyone());
        let mut known = Self {
            roster: Arc::default(),
            anyone: Visitor::anyone(Rights::new(told)),
            policy,
            entries: HashMap::new(),
            _anyone: anyone,
        };
        known.replace(roster, 0);
        known
    }

    /// Takes what the journal says now, and tells those for whom something is another.
    pub fn replace(&mut self, roster: Roster, now: u64) {
        let mut before = std::mem::take(&mut self.entries);
        let least = self.policy.role_of_anyone();
        let mut put = |hash: &str, kind, name: &str, role: Role, session, expires| {
            // Nobody may do less for having said who they are.
            let role = Some(role).max(least);
            let entry = if let Some(entry) = before.remove(hash) {
                let set = |told: &mut Option<Role>| std::mem::replace(told, role) != role;
                entry.told.send_if_modified(set);
                Entry { session, ..entry }
            } else {
                let (told, receiver) = watch::channel(role);
                Entry {
                    visitor: Visitor::known(kind, name, hash, Rights::new(receiver)),
                    told,
                    session,
                    expires,
                    touched: AtomicU64::new(0),
                }
            };
            self.entries.insert(hash.to_owned(), entry);
        };
        let people = roster.people.iter();
        let people: HashMap<&str, _> = people.map(|person| (&*person.name, person)).collect();
        for session in &roster.sessions {
            if let Some(person) = people.get(&*session.person) {
                let (hash, name) = (&session.hash, &person.name);
                put(
                    hash,
                    Kind::Person,
                    name,
                    person.role,
                    Some(session.clone()),
                    None,
                );
            }
        }
        for token in &roster.tokens {
            let (hash, name) = (&token.hash, &token.name);
            put(hash, Kind::Program, name, token.role, None, token.expires);
        }
        for gone in before.into_values() {
            gone.told.send_replace(None);
        }
        self.roster = Arc::new(roster);
        self.expire(now);
    }

    /// Tells those whose tokens are no longer good.
    pub fn expire(&mut self, now: u64) {
        let is_over = |entry: &mut Entry| entry.expires.is_some_and(|expires| expires <= now);
        for (_, entry) in self.entries.extract_if(|_, entry| is_over(entry)) {
            entry.told.send_replace(None);
        }
    }

    /// The session with this hash, and whose it is.
    pub fn session(&self, hash: &str) -> Option<(Visitor, &Session)> {
        let entry = self.entries.get(hash)?;
        Some((entry.visitor.as_of_now(), entry.session.as_ref()?))
    }

    /// Which program's token has this hash.
    pub fn token(&self, hash: &str, now: u64) -> Option<Visitor> {
        let entry = self.entries.get(hash)?;
        let is_good = entry.expires.is_none_or(|expires| expires > now);
        (is_good && entry.visitor.kind() == Kind::Program).then(|| entry.visitor.as_of_now())
    }

    /// Whose ticket has this hash.
    pub fn ticket(&self, hash: &str, now: u64) -> Option<Visitor> {
        let mut tickets = self.roster.tickets.iter();
        let ticket = tickets.find(|ticket| ticket.hash == hash && ticket.expires > now)?;
        let by_session = self.session(&ticket.key).map(|(visitor, _)| visitor);
        by_session.or_else(|| self.token(&ticket.key, now))
    }

    /// Whether a token is no longer good.
    pub fn has_expired(&self, now: u64) -> bool {
        let mut ends = self.entries.values().filter_map(|entry| entry.expires);
        ends.any(|expires| expires <= now)
    }

    /// Whether it is to be written that a session is used: by one of many requests, and not again soon.
    pub fn begin_touch(&self, hash: &str, now: u64) -> bool {
        let Some(entry) = self.entries.get(hash) else {
            return false;
        };
        let before = entry.touched.load(Ordering::Relaxed);
        let is_due = now.saturating_sub(before) >= to_ms(USED_TIME);
        let order = Ordering::Relaxed;
        is_due
            && entry
                .touched
                .compare_exchange(before, now, order, order)
                .is_ok()
    }
}
