//! The messages of an import.

use serde::{Deserialize, Serialize};

use crate::id::Revision;
use crate::problem::Problem;

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Rows that were read.
    pub rows: u64,
    /// Products that are new.
    pub added: u64,
    /// Products that have other fields than before.
    pub updated: u64,
    /// Products that were there as they should be, or were to be left alone.
    pub skipped: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportColumn {
    /// Its name in the file.
    pub name: String,
    /// The field that it is taken for; `None` where it is left out.
    pub field: Option<String>,
}

/// What an import tells while it goes on, one JSON object a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImportMessage {
    /// The work goes on; this is done so far.
    Progress(Totals),
    /// Which field each column of the file is taken for, where that is not plain from their names.
    Columns {
        /// In the file's order.
        columns: Vec<ImportColumn>,
    },
    /// A row was refused; nothing came of it.
    RowRefused {
        /// The line it begins on, from 1.
        line: u64,
        /// Why.
        problem: Problem,
    },
    /// The rest of the file can't be read; what is done stays done.
    Failed {
        /// The line where it failed, from 1.
        line: u64,
        /// Why.
        problem: Problem,
    },
    /// The end of the file was reached and all is durable.
    Finished {
        /// The catalog's revision then.
        revision: Revision,
        /// What was done.
        #[serde(flatten)]
        totals: Totals,
    },
}
