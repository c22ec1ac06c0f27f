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

/// How often somebody may give commands.
pub trait Pace: Send + Sync {
    /// Counts one, or refuses it.
    fn take(&self) -> Result<(), Reason>;
}

/// Who gives a command.
#[derive(Clone)]
pub struct Author {
    /// Where it comes from.
    pub source: Source,
    /// What they are called here, where they said who they are.
    pub name: Option<Arc<str>>,
    /// What they may do; `None` for whoever has the journal itself.
    rights: Option<Rights>,
    /// How often they may, where they may not as often as they like.
    pace: Option<Arc<dyn Pace>>,
}

impl Author {
    /// Somebody whose command comes from there.
    pub fn new(
        source: Source,
        name: Option<Arc<str>>,
        rights: Rights,
        pace: Option<Arc<dyn Pace>>,
    ) -> Self {
        Self {
            source,
            name,
            rights: Some(rights),
            pace,
        }
    }

    /// Whoever has the journal itself, and so may do everything.
    pub fn owner(source: Source) -> Self {
        Self {
            source,
            name: None,
            rights: None,
            pace: None,
        }
    }

    /// The same, whose commands are counted no more: they came together, as one.
    pub fn counted(self) -> Self {
        Self { pace: None, ..self }
    }

    /// Whether they may give a command now, and counts it. This is the one place where that is decided.
    pub fn check(&self) -> Result<(), Reason> {
        self.may_edit()?;
        self.pace.as_ref().map_or(Ok(()), |pace| pace.take())
    }

    /// Whether they may change the list now.
    pub fn may_edit(&self) -> Result<(), Reason> {
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
