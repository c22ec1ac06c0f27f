//! Who gives a command: from where, under which name, and what they may do at that moment.

use std::sync::Arc;

use shared::{Reason, Role, Source};
use tokio::sync::watch;

/// What somebody may do, as it is at any moment: it can be taken away while they are connected.
#[derive(Clone, Debug)]
pub struct Rights(watch::Receiver<Option<Role>>);

impl Rights {
    /// What is told here; `None` is nothing at all.
    pub fn new(told: watch::Receiver<Option<Role>>) -> Self {
        Self(told)
    }

    /// Their role at the moment.
    pub fn role(&self) -> Option<Role> {
        *self.0.borrow()
    }

    /// The same, with what they may do now as what [`Rights::changed`] compares with.
    pub fn as_of_now(&self) -> Self {
        let mut rights = self.clone();
        rights.0.mark_unchanged();
        rights
    }

    /// Waits until their role is another than it was at [`Rights::as_of_now`].
    pub async fn changed(mut self) {
        if self.0.changed().await.is_err() {
            // Nobody can change them any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Who gives a command.
#[derive(Clone, Debug)]
pub struct Author {
    /// Where it comes from.
    pub source: Source,
    /// What they are called here, where they said who they are.
    pub name: Option<Arc<str>>,
    /// What they may do; `None` for whoever has the journal itself.
    rights: Option<Rights>,
}

impl Author {
    /// Somebody whose command comes from there.
    pub fn new(source: Source, name: Option<Arc<str>>, rights: Rights) -> Self {
        Self {
            source,
            name,
            rights: Some(rights),
        }
    }

    /// Whoever has the journal itself, and so may do everything.
    pub fn owner(source: Source) -> Self {
        Self {
            source,
            name: None,
            rights: None,
        }
    }

    /// Whether they may change the list now. This is the one place where that is decided.
    pub fn check(&self) -> Result<(), Reason> {
        let Some(rights) = &self.rights else {
            return Ok(());
        };
        match rights.role() {
            Some(role) if role >= Role::Editor => Ok(()),
            _ if self.name.is_none() => Err(Reason::SignInFirst),
            _ => Err(Reason::MayNotEdit),
        }
    }
}
