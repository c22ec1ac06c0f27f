//! A journal's rows on their way into another journal.

use shared::{CatalogId, Digest, Product, Revision};

use super::JournalError;
use super::roster::RosterChange;
use super::tables::{AnswerRow, ChangeRow};

/// One row of a journal.
pub enum Row {
    /// Which catalog it is, and how far it has come: the first row.
    Catalog(CatalogId, Revision, Digest),
    /// A product.
    Product(Product),
    /// A retained change.
    Change(ChangeRow),
    /// The answer to a request.
    Answer(AnswerRow),
    /// Somebody who may do something. Who is signed in is not copied.
    Roster(RosterChange),
}

/// A journal that gets another's rows. It has none of its own before.
pub trait Sink {
    /// Takes the next row.
    fn take(&mut self, row: Row) -> Result<(), JournalError>;

    /// Makes all of them durable; before, nothing is there.
    fn finish(&mut self) -> Result<(), JournalError>;
}
