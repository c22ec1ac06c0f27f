//! What a reader makes of a file.

use shared::{Draft, Fields, Reason};

/// One row, or why it makes no product.
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The product, or why the row makes none.
    pub draft: Result<Draft, Reason>,
}

impl Row {
    /// Makes a row of its fields. What an export says beside a draft is ignored.
    pub fn new(line: u64, mut fields: Fields) -> Self {
        fields.0.remove("id");
        fields.0.remove("revision");
        let draft = fields.draft();
        Self { line, draft }
    }
}

/// Where a reader puts its rows; returns `false` when nobody wants more.
pub type Rows<'a> = dyn FnMut(Row) -> bool + 'a;

/// Why the rest of a file can't be read, and where.
#[derive(Debug, PartialEq)]
pub struct Unreadable {
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
}
