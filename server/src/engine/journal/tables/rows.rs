//! Rows as every journal writes them, and as they are copied from one to another.

use shared::{Change, Revision};

use super::cells::{Cells, Fault, number, text};
use crate::engine::journal::{Answer, Effect, JournalError, Key, Record, now_seconds, to_json};

/// A row of the table of changes.
pub struct ChangeRow {
    /// The change's place in the one order.
    pub revision: Revision,
    /// What happened, as JSON.
    pub change: String,
    /// The name of the client that asked for it over a socket.
    pub page: Option<String>,
    /// The number of its request, whose bits are a `u64`'s.
    pub request: Option<i64>,
    /// The catalog's digest after it.
    pub digest: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: Option<i64>,
    /// Where the command came from.
    pub by: Option<String>,
    /// The product as it was before, as JSON.
    pub before: Option<String>,
    /// Who gave the command.
    pub person: Option<String>,
    /// The product that it is about; unknown where the change can't be read.
    pub product: Option<i64>,
}

impl ChangeRow {
    /// The row of a change.
    pub fn new(record: &Record) -> Result<Self, JournalError> {
        let entry = &record.entry;
        let client = match &entry.key {
            Some(Key::Client(key)) => Some(key),
            Some(Key::Idempotency(_)) | None => None,
        };
        let by: &str = record.by.into();
        Ok(Self {
            revision: entry.revision,
            change: to_json(&entry.change)?,
            page: client.map(|key| key.client.to_string()),
            request: client.map(|key| key.request.0.cast_signed()),
            digest: entry.digest.map(|digest| digest.to_string()),
            at: Some(record.at.cast_signed()),
            by: Some(by.to_owned()),
            before: record.before.as_ref().map(to_json).transpose()?,
            person: record.person.as_deref().map(str::to_owned),
            product: Some(entry.change.id().0.cast_signed()),
        })
    }

    /// Reads one.
    pub fn read(row: &impl Cells) -> Result<Self, Fault> {
        let change = text(row, "change")?;
        let read: Option<Change> = serde_json::from_str(&change).ok();
        Ok(Self {
            revision: Revision(number(row, "revision")?),
            product: read.map(|change| change.id().0.cast_signed()),
            change,
            page: row.text("page")?,
            request: row.integer("request")?,
            digest: row.text("digest")?,
            at: row.integer("at")?,
            by: row.text("by")?,
            before: row.text("before")?,
            person: row.text("person").unwrap_or_default(),
        })
    }
}

/// A row of the table of answers.
pub struct AnswerRow {
    /// The name of the request.
    pub key: String,
    /// What tells another request under the same name apart.
    pub fingerprint: String,
    /// The revision that it is answered with.
    pub revision: Revision,
    /// What it did, as JSON.
    pub change: String,
    /// When, in seconds since 1970.
    pub at: i64,
}

impl AnswerRow {
    /// The row of an answer that is given now.
    pub fn new(key: &Key, answer: &Answer) -> Result<Self, JournalError> {
        Ok(Self {
            key: key.answer_name().into_owned(),
            fingerprint: key.fingerprint().to_owned(),
            revision: answer.revision,
            change: to_json(&answer.effect)?,
            at: now_seconds().cast_signed(),
        })
    }

    /// The row of the answer to a request that led to a change.
    pub fn of_record(record: &Record) -> Option<Result<Self, JournalError>> {
        let entry = &record.entry;
        let key = entry.key.as_ref();
        let key = key.filter(|key| matches!(key, Key::Idempotency(_)))?;
        let answer = Answer {
            revision: entry.revision,
            effect: Effect::from(&entry.change),
        };
        Some(Self::new(key, &answer))
    }

    /// Reads one.
    pub fn read(row: &impl Cells) -> Result<Self, Fault> {
        Ok(Self {
            key: text(row, "key")?,
            fingerprint: text(row, "fingerprint")?,
            revision: Revision(number(row, "revision")?),
            change: text(row, "change")?,
            at: number(row, "at")?.cast_signed(),
        })
    }
}
