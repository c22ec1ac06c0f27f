//! What a reader makes of a file.

use shared::{Draft, FieldRef, Fields, Patch, Reason};

use crate::unicode::nfc;

/// One row, or why it makes nothing.
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What it makes of a product, or why it makes none.
    pub product: Result<RowProduct, Reason>,
}

/// What a row says of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct RowProduct {
    /// Its code, by which one that is there is found.
    pub code: Box<str>,
    /// The new product, or why the row makes none: it may name just what changes in one that is
    /// there.
    pub draft: Result<Draft, Reason>,
    /// The fields that the row names, or why they can't be those of one that is there.
    pub patch: Result<Patch, Reason>,
}

impl Row {
    /// Makes a row of its fields. What an export says beside a draft is ignored.
    pub fn new(line: u64, mut fields: Fields) -> Self {
        fields.values.remove("id");
        fields.values.remove("revision");
        let code = fields.values.get("code").cloned();
        let code = Fields::new(
            code.into_iter()
                .map(|code| ("code".to_owned(), code))
                .collect(),
        );
        let draft = fields.clone().draft_without_nulls(nfc);
        let patch = fields.patch(nfc);
        let product = match (code.patch(nfc), draft) {
            (
                Ok(Patch {
                    code: Some(code), ..
                }),
                draft,
            ) => Ok(RowProduct { code, draft, patch }),
            // Without a code it can be no update.
            (_, Err(reason)) => Err(reason),
            (_, Ok(draft)) => Ok(RowProduct {
                code: draft.code.clone(),
                draft: Ok(draft),
                patch,
            }),
        };
        Self { line, product }
    }

    /// About how many bytes it has.
    pub fn bytes(&self) -> usize {
        let product = self.product.as_ref().ok();
        let draft = product.and_then(|product| product.draft.as_ref().ok());
        let patch = product.and_then(|product| product.patch.as_ref().ok());
        let draft = draft.into_iter().flat_map(Draft::values);
        let patch = patch.into_iter().flat_map(Patch::values).flatten();
        let values = draft.map(|(_, value)| value).chain(patch);
        values.map(FieldRef::text_bytes).sum()
    }

    /// A row that can't be read.
    pub fn refused(line: u64, reason: Reason) -> Self {
        Self {
            line,
            product: Err(reason),
        }
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

impl Unreadable {
    /// What can't be read because its source failed or is not in its form.
    pub fn malformed(line: u64, error: &dyn std::fmt::Display) -> Self {
        Self {
            line,
            reason: Reason::Malformed(error.to_string()),
        }
    }
}
