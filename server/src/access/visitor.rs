//! Whoever asks for something.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use shared::{Role, Source};

use super::seats::Seat;
use crate::engine::author::{Author, Pace, Rights};

/// How somebody said who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not at all.
    Anyone,
    /// As a person who signed in.
    Person,
    /// As a program with a token.
    Program,
}

/// Whoever asks for something.
#[derive(Clone)]
pub struct Visitor {
    kind: Kind,
    name: Option<Arc<str>>,
    /// The hash of the secret by which they are known.
    key: Option<Arc<str>>,
    rights: Rights,
    /// How often they may give commands.
    pace: Option<Arc<dyn Pace>>,
    /// The place of their connection, as long as it lives.
    _seat: Option<Arc<Seat>>,
    /// The ticket by which it was opened, likewise.
    _ticket: Option<Arc<dyn Send + Sync>>,
}

impl Visitor {
    /// Somebody of whom nothing is known.
    pub(super) fn anyone(rights: Rights) -> Self {
        Self {
            kind: Kind::Anyone,
            name: None,
            key: None,
            rights,
            pace: None,
            _seat: None,
            _ticket: None,
        }
    }

    /// Somebody who is known by a secret with this hash.
    pub(super) fn known(kind: Kind, name: &str, key: &str, rights: Rights) -> Self {
        Self {
            kind,
            name: Some(name.into()),
            key: Some(key.into()),
            rights,
            pace: None,
            _seat: None,
            _ticket: None,
        }
    }

    /// Them, whose commands are counted by this.
    pub fn paced(self, pace: Option<Arc<dyn Pace>>) -> Self {
        Self { pace, ..self }
    }

    /// Them, at the place of a connection, which is free again once they are forgotten.
    pub fn seated(self, seat: Seat) -> Self {
        Self {
            _seat: Some(Arc::new(seat)),
            ..self
        }
    }

    /// Them, by a ticket, which is held until they are forgotten.
    pub(super) fn holding(self, ticket: Arc<dyn Send + Sync>) -> Self {
        Self {
            _ticket: Some(ticket),
            ..self
        }
    }

    /// How they said who they are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What they are called.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The hash of the secret by which they are known.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What they may do at the moment.
    pub fn role(&self) -> Option<Role> {
        self.rights.role()
    }

    /// Whether they may do now what this role may.
    pub fn may(&self, role: Role) -> bool {
        self.role() >= Some(role)
    }

    /// Whoever gives a command that comes from there.
    pub fn author(&self, source: Source) -> Author {
        let (name, pace) = (self.name.clone(), self.pace.clone());
        Author::new(source, name, self.rights.clone(), pace)
    }

    /// Them, as somebody who comes now.
    pub(super) fn as_of_now(&self) -> Self {
        Self {
            rights: self.rights.as_of_now(),
            ..self.clone()
        }
    }

    /// Ends once what they may do is something else than it was when they came. Of those of whom nothing
    /// is known there is none: what they may do never changes while the server runs.
    pub fn gone(&self) -> Option<BoxFuture<'static, ()>> {
        let rights = (self.kind != Kind::Anyone).then(|| self.rights.clone())?;
        Some(Box::pin(rights.changed()))
    }
}
