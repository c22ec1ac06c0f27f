//! Whoever asks for something.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use shared::{Role, Source};

use crate::engine::author::{Author, Rights};

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
#[derive(Clone, Debug)]
pub struct Visitor {
    kind: Kind,
    name: Option<Arc<str>>,
    /// The hash of the secret by which they are known.
    key: Option<Arc<str>>,
    rights: Rights,
}

impl Visitor {
    /// Somebody of whom nothing is known.
    pub(super) fn anyone(rights: Rights) -> Self {
        Self {
            kind: Kind::Anyone,
            name: None,
            key: None,
            rights,
        }
    }

    /// Somebody who is known by a secret with this hash.
    pub(super) fn known(kind: Kind, name: &str, key: &str, rights: Rights) -> Self {
        Self {
            kind,
            name: Some(name.into()),
            key: Some(key.into()),
            rights,
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
        Author::new(source, self.name.clone(), self.rights.clone())
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
