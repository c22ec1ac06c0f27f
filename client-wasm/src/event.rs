//! Everything that can happen to the page, in one queue.

use futures_channel::mpsc;
use shared::ProductId;
use web_sys::File;

use crate::model::upload::Progress;

/// Everything that can happen.
pub enum Event {
    /// The link tries to connect.
    Connecting,
    /// The link has no connection.
    Lost {
        /// How many attempts in a row have failed.
        failures: u32,
    },
    /// A frame came.
    Message(String),
    /// Somebody looks at the page again, or the network returned.
    Wake,
    /// Somebody went to another page; they may come back to this one.
    Left,
    /// The browser is about to paint.
    Frame,
    /// A second went by.
    Second,
    /// Marks on changed rows have been seen.
    MarksSeen(Vec<web_sys::Element>),
    /// Something was typed into the form's field of this name.
    Typed(String),
    /// The form was sent off.
    Submitted,
    /// Editing was given up.
    Cancelled,
    /// Escape was pressed in the form, which gives up editing but throws no new product away.
    Escaped,
    /// A product's edit button was pressed.
    Edit(ProductId),
    /// A product's delete button was pressed.
    Delete(ProductId),
    /// The undo button of a toast was pressed.
    Undo(u32),
    /// A toast was closed, or its time is over.
    ToastClosed(u32),
    /// Something was done with the import's dialog.
    Import(ImportEvent),
    /// There is a report about an upload.
    Upload {
        /// The upload's number.
        number: u32,
        /// The report.
        progress: Progress,
    },
}

/// The end of the queue where events are put.
#[derive(Clone)]
pub struct Events(mpsc::UnboundedSender<Event>);

impl Events {
    /// An empty queue, and where its events are taken.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, queue) = mpsc::unbounded();
        (Self(sender), queue)
    }

    /// Puts an event at the end of the queue.
    pub fn send(&self, event: Event) {
        // The page takes events as long as it lives.
        let _ = self.0.unbounded_send(event);
    }
}

/// What somebody does with the dialog that imports a file.
pub enum ImportEvent {
    /// It is opened.
    Opened,
    /// A file was chosen or dropped.
    Picked(File),
    /// Somebody chose what happens to codes that are taken.
    Chosen,
    /// The import of the file that was looked at was started.
    Started,
    /// It is closed, or what is under way is stopped.
    Closed,
}
