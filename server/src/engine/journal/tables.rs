//! What the tables of every journal have in common: how their rows are read, whichever database
//! they are in.

mod cells;
mod history;
mod product;
mod rows;

pub use cells::{Cells, Fault, number, optional_number, text};
pub use history::{
    History, collect_past, read_answer, read_before, read_catalog, read_entry, read_unchanged,
};
pub use product::{column, has_its_hash, read_product};
pub use rows::{AnswerRow, ChangeRow};
