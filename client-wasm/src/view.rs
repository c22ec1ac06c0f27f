//! What the page shows, each part in its own place of the HTML.

mod form;
mod import;
mod list;
mod row;
mod status;
mod toasts;

pub use form::{Form, Submission};
pub use import::{Import, UploadOrder};
pub use list::{List, Mark, unmark};
pub use status::Status;
pub use toasts::Toasts;

/// Every part of the page.
pub struct View {
    /// The products.
    pub list: List,
    /// The form that adds and edits.
    pub form: Form,
    /// The dialog that imports a file.
    pub import: Import,
    /// How fresh the list is.
    pub status: Status,
    /// Short messages with an undo.
    pub toasts: Toasts,
}
