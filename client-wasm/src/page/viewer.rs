//! What somebody may do who may see the list and not change it.

use shared::Role;

use super::Page;
use crate::event::{Event, GridKey, HistoryEvent, PanelEvent, Press, Shortcut, TableEvent};

impl Page {
    /// What comes of an event: of one that would change something nothing, or that what it is about is
    /// looked at.
    pub(super) fn allowed(&self, event: Event) -> Option<Event> {
        if self.role >= Role::Editor {
            return Some(event);
        }
        match event {
            Event::Table(TableEvent::Press(id, Press::Cell(_))) => Some(Event::Open(id)),
            Event::Table(TableEvent::Press(_, Press::Open | Press::History)) => Some(event),
            Event::Table(TableEvent::Key(GridKey::Edit)) => {
                Some(Event::Table(TableEvent::Key(GridKey::Open)))
            }
            Event::Panel(PanelEvent::Closed | PanelEvent::Walk(_) | PanelEvent::History) => {
                Some(event)
            }
            Event::Table(
                TableEvent::Press(..)
                | TableEvent::Key(
                    GridKey::Type(_) | GridKey::Select | GridKey::Delete | GridKey::Step(_),
                ),
            )
            | Event::Shortcut(Shortcut::Add | Shortcut::Undo)
            | Event::History(HistoryEvent::PutBack(_))
            | Event::Panel(_)
            | Event::Undo(_)
            | Event::Bulk(_)
            | Event::Import(_) => None,
            other => Some(other),
        }
    }
}
