//! Why a command was refused, as the code decides it. [`Reason::tell`] puts it into words.

use std::time::Duration;

use crate::id::{ProductId, Revision};
use crate::problem::{FieldProblem, Problem};
use crate::product::{Price, PriceError};
use crate::text::Text;

/// Why a command was refused, before it is put into a reader's language. Its stable name, for
/// programs, is the variant's in snake case.
#[derive(Clone, Debug, PartialEq, strum::EnumIter, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// Fields broke the rules; every one that did is listed.
    Invalid(Vec<FieldReason>),
    /// Another product has the code; its title, where it is on the list already.
    CodeTaken(String, Option<String>),
    /// There is no such product.
    NotFound(ProductId),
    /// Nothing is kept of the deleted product that is to be brought back.
    NotKept(ProductId),
    /// The product is no longer at the revision that the command was meant for, but at this one.
    Changed(ProductId, Revision),
    /// What came is not the JSON that was expected; the text says where.
    Malformed(String),
    /// The message's `type` is none of the protocol's.
    UnknownMessage(String),
    /// A binary frame came where text was expected.
    NotText,
    /// Something to read is not UTF-8.
    NotUtf8,
    /// The journal could not make the change durable (a full disk, say). Nothing was done.
    NotSaved,
    /// Whether it was saved can't be known: writing failed half-way, or whoever did it is gone.
    OutcomeUnknown,
    /// The server is stopping. Nothing was done.
    Stopping,
    /// Another request had this `Idempotency-Key`.
    KeyReused(String),
    /// Nothing is wrong with the command itself, but with another of its group.
    NotTried,
    /// A row of a file has this many cells, under this many names.
    TooManyCells(usize, usize),
    /// A quote is opened and never closed, so that all that follows would be one cell.
    UnclosedQuote,
    /// Only people do it who are known here, and nobody said who they are.
    SignInFirst,
    /// Whoever asks may see the list, and no more.
    MayNotEdit,
    /// There were too many from one address, or of one person; the next is taken after so many seconds.
    TooOften(u64),
}

/// The most fields that are told one by one.
const MAX_FIELDS: usize = 32;

/// The most names of fields in a sentence: more than a product has.
const MAX_NAMES: usize = 12;

/// The most characters of somebody's text that a refusal repeats.
const MAX_REPEATED_CHARS: usize = 300;

/// The most characters of a field's name that a refusal repeats.
const MAX_NAME_CHARS: usize = 64;

/// The text, or its beginning where it is long: nobody's words come back larger than they came.
fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Reason {
    /// Refuses for these fields, and for so many more names that are no fields.
    pub fn invalid(mut fields: Vec<FieldReason>, more: usize) -> Self {
        let more = more + fields.len().saturating_sub(MAX_FIELDS);
        fields.truncate(MAX_FIELDS);
        if more > 0 {
            fields.push(FieldReason::new("", Rule::More(more)));
        }
        Self::Invalid(fields)
    }

    /// Refuses until this time has passed: in whole seconds, as `Retry-After` has them (RFC 9110 section
    /// 10.2.3).
    pub fn too_often(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000);
        Self::TooOften(seconds.try_into().unwrap_or(u64::MAX))
    }

    /// The stable name of the reason, for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// The fields that are the reason, for a form.
    pub fn fields(&self) -> Vec<FieldReason> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::CodeTaken(..) => vec![FieldReason::new("code", Rule::Taken)],
            _ => Vec::new(),
        }
    }

    /// What the message's `{value}` stands for.
    fn value(&self) -> String {
        match self {
            Self::TooManyCells(cells, _) => cells.to_string(),
            Self::Invalid(fields) => {
                let names = fields.iter().map(|field| field.field.as_str());
                let mut names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
                names.dedup();
                let more = if names.len() > MAX_NAMES { ", …" } else { "" };
                names.truncate(MAX_NAMES);
                names.join(", ") + more
            }
            Self::CodeTaken(value, ..)
            | Self::Malformed(value)
            | Self::UnknownMessage(value)
            | Self::KeyReused(value) => shorten(value, MAX_REPEATED_CHARS),
            Self::TooOften(seconds) => seconds.to_string(),
            Self::NotFound(id) | Self::NotKept(id) | Self::Changed(id, _) => id.to_string(),
            Self::NotText
            | Self::NotUtf8
            | Self::NotSaved
            | Self::OutcomeUnknown
            | Self::Stopping
            | Self::NotTried
            | Self::UnclosedQuote
            | Self::SignInFirst
            | Self::MayNotEdit => String::new(),
        }
    }

    /// The problem in the reader's words.
    pub fn tell(&self, text: &Text) -> Problem {
        let fields = self.fields();
        let limit = match self {
            Self::TooManyCells(_, names) => names.to_string(),
            _ => String::new(),
        };
        let (key, title) = match self {
            Self::CodeTaken(_, Some(title)) => ("code_taken_by", title.as_str()),
            _ => (self.code(), ""),
        };
        let values = [
            ("value", &*self.value()),
            ("limit", &limit),
            ("title", title),
        ];
        Problem {
            code: self.code().to_owned(),
            message: text.problem(key, &values),
            fields: fields.iter().map(|reason| reason.tell(text)).collect(),
        }
    }
}

/// One rule that one field broke.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldReason {
    /// The field's name in JSON.
    pub field: String,
    /// The rule.
    pub rule: Rule,
}

impl FieldReason {
    /// A field and the rule that it broke.
    pub fn new(field: &str, rule: Rule) -> Self {
        Self {
            field: shorten(field, MAX_NAME_CHARS),
            rule,
        }
    }

    /// The field's problem in the reader's words.
    pub fn tell(&self, text: &Text) -> FieldProblem {
        let limit = match self.rule {
            Rule::TooLong(limit) | Rule::TooMany(limit) | Rule::More(limit) => limit as u64,
            Rule::TooHigh(limit) => limit,
            _ => 0,
        };
        let options = match self.rule {
            Rule::NotOneOf(options) => options.join(", "),
            _ => String::new(),
        };
        FieldProblem {
            field: self.field.clone(),
            code: self.rule.code().to_owned(),
            message: text.fill(
                &format!("field.{}", self.rule.code()),
                &[
                    ("limit", &text.number(limit)),
                    ("field", &self.field),
                    ("options", &options),
                ],
            ),
        }
    }
}

/// A rule that a field can break. Its stable name, for programs, is the variant's in snake case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// Nothing was given.
    Required,
    /// It has more characters than this.
    TooLong(usize),
    /// It has more entries than this.
    TooMany(usize),
    /// It has a character that can't be seen, such as a line break.
    Control,
    /// It is not a text.
    NotText,
    /// It is not a number.
    NotANumber,
    /// It is a number that can be read in two ways, such as `1,000`.
    Ambiguous,
    /// It has more than two decimals.
    TooManyDecimals,
    /// It is not a whole number.
    NotWhole,
    /// It is below zero.
    Negative,
    /// It is above this number.
    TooHigh(u64),
    /// It is neither `true` nor `false`.
    NotABool,
    /// It is not a list of texts.
    NotAList,
    /// It is neither an `http(s)` URL nor a path that starts with `/`.
    NotAnUrl,
    /// Vitrina doesn't know such a field.
    Unknown,
    /// Another product has this value.
    Taken,
    /// It is none of these.
    NotOneOf(&'static [&'static str]),
    /// It is not an object of names and fields.
    NotAMapping,
    /// It is not a moment.
    NotAMoment,
    /// It is not a cursor of this order.
    NotACursor,
    /// It is there twice.
    Twice,
    /// It is another product's.
    Another,
    /// So many more fields are not as they must be.
    More(usize),
}

impl Rule {
    /// The stable name of the rule, for programs.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

impl From<PriceError> for Rule {
    fn from(error: PriceError) -> Self {
        match error {
            PriceError::NotANumber => Self::NotANumber,
            PriceError::Ambiguous => Self::Ambiguous,
            PriceError::TooManyDecimals => Self::TooManyDecimals,
            PriceError::Negative => Self::Negative,
            PriceError::TooHigh => Self::TooHigh(Price::MAX.cents() / 100),
        }
    }
}
