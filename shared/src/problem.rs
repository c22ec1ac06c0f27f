//! Why something was refused: as the code decides it ([`Reason`]) and as it is told ([`Problem`]).

use serde::{Deserialize, Serialize};

use crate::change::Revision;
use crate::product::{Price, PriceError, ProductId};
use crate::text::Text;

/// Why something was refused, before it is put into a reader's language.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Fields broke the rules; every one that did is listed.
    Invalid(Vec<FieldReason>),
    /// Another product has the code.
    CodeTaken(String),
    /// There is no such product.
    NotFound(ProductId),
    /// The product is no longer at the revision the command was meant for.
    Changed(ProductId, Revision),
    /// What came is not the JSON that was expected; the text says where.
    Malformed(String),
    /// The message's `type` is none of the protocol's.
    UnknownMessage(String),
    /// A binary frame came where text was expected.
    NotText,
    /// The journal could not make the change durable (a full disk, say). Nothing was done.
    NotSaved,
    /// The server is stopping. Nothing was done.
    Stopping,
    /// More bytes than are accepted.
    TooLarge(usize),
    /// A body that is not JSON.
    NotJson,
    /// A browser sent it from a page of another site.
    ForeignOrigin,
    /// No route has this path.
    NoSuchRoute,
    /// The route exists, for other methods.
    WrongMethod,
    /// As many live pages are connected as are allowed.
    TooManyPages,
    /// An `Idempotency-Key` that another request had.
    KeyReused(String),
    /// Nothing is wrong with the command itself, but with another of its group.
    NotTried,
    /// So many commands of a group can't be done, so none was.
    GroupRefused(usize),
    /// More commands in one request than this.
    TooManyCommands(usize),
    /// A body of products in none of the forms that can be imported.
    NotImportable,
    /// A file of products that is not UTF-8.
    NotUtf8,
}

impl Reason {
    /// The stable name of the reason, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::CodeTaken(_) => "code_taken",
            Self::NotFound(_) => "not_found",
            Self::Changed(..) => "changed",
            Self::Malformed(_) => "malformed",
            Self::UnknownMessage(_) => "unknown_message",
            Self::NotText => "not_text",
            Self::NotSaved => "not_saved",
            Self::Stopping => "stopping",
            Self::TooLarge(_) => "too_large",
            Self::NotJson => "not_json",
            Self::ForeignOrigin => "foreign_origin",
            Self::NoSuchRoute => "no_such_route",
            Self::WrongMethod => "wrong_method",
            Self::TooManyPages => "too_many_pages",
            Self::KeyReused(_) => "key_reused",
            Self::NotTried => "not_tried",
            Self::GroupRefused(_) => "group_refused",
            Self::TooManyCommands(_) => "too_many_commands",
            Self::NotImportable => "not_importable",
            Self::NotUtf8 => "not_utf8",
        }
    }

    /// The field reasons, for a form.
    pub fn fields(&self) -> Vec<FieldReason> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::CodeTaken(_) => vec![FieldReason::new("code", Rule::Taken)],
            _ => Vec::new(),
        }
    }

    /// What the message's `{value}` stands for.
    fn value(&self) -> String {
        match self {
            Self::Invalid(fields) => {
                let mut names: Vec<&str> = fields.iter().map(|f| f.field.as_str()).collect();
                names.dedup();
                names.join(", ")
            }
            Self::CodeTaken(value)
            | Self::Malformed(value)
            | Self::UnknownMessage(value)
            | Self::KeyReused(value) => value.clone(),
            Self::NotFound(id) | Self::Changed(id, _) => id.to_string(),
            Self::TooLarge(number) | Self::GroupRefused(number) | Self::TooManyCommands(number) => {
                number.to_string()
            }
            _ => String::new(),
        }
    }

    /// The problem in the reader's words.
    pub fn tell(&self, text: &Text) -> Problem {
        Problem {
            code: self.code().to_owned(),
            message: text.fill(
                &format!("problem.{}", self.code()),
                &[("value", &self.value())],
            ),
            fields: self
                .fields()
                .iter()
                .map(|reason| reason.tell(text))
                .collect(),
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
    /// A field and the rule it broke.
    pub fn new(field: &str, rule: Rule) -> Self {
        Self {
            field: field.to_owned(),
            rule,
        }
    }

    /// The field problem in the reader's words.
    pub fn tell(&self, text: &Text) -> FieldProblem {
        let limit = match self.rule {
            Rule::TooLong(limit) | Rule::TooMany(limit) => limit as u64,
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

/// A rule a field can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing was given.
    Required,
    /// More characters than this.
    TooLong(usize),
    /// More entries than this.
    TooMany(usize),
    /// A character that can't be seen, such as a line break.
    Control,
    /// Not a text.
    NotText,
    /// Not a number.
    NotANumber,
    /// More than two decimals.
    TooManyDecimals,
    /// Not a whole number.
    NotWhole,
    /// Under zero.
    Negative,
    /// Over this number.
    TooHigh(u64),
    /// Not `true` or `false`.
    NotABool,
    /// Not a list of texts.
    NotAList,
    /// Neither an `http(s)` URL nor a path that starts with `/`.
    NotAnUrl,
    /// A field Vitrina doesn't know.
    Unknown,
    /// Another product has this value.
    Taken,
    /// None of these.
    NotOneOf(&'static [&'static str]),
    /// Not a cursor of this order.
    NotACursor,
}

impl From<PriceError> for Rule {
    fn from(error: PriceError) -> Self {
        match error {
            PriceError::NotANumber => Self::NotANumber,
            PriceError::TooManyDecimals => Self::TooManyDecimals,
            PriceError::Negative => Self::Negative,
            PriceError::TooHigh => Self::TooHigh(Price::MAX.cents() / 100),
        }
    }
}

impl Rule {
    /// Every rule, with a limit where one belongs to it: what a language file must have words for.
    pub const ALL: [Self; 17] = [
        Self::Required,
        Self::TooLong(0),
        Self::TooMany(0),
        Self::Control,
        Self::NotText,
        Self::NotANumber,
        Self::TooManyDecimals,
        Self::NotWhole,
        Self::Negative,
        Self::TooHigh(0),
        Self::NotABool,
        Self::NotAList,
        Self::NotAnUrl,
        Self::Unknown,
        Self::Taken,
        Self::NotOneOf(&[]),
        Self::NotACursor,
    ];

    /// The stable name of the rule, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong(_) => "too_long",
            Self::TooMany(_) => "too_many",
            Self::Control => "control",
            Self::NotText => "not_text",
            Self::NotANumber => "not_a_number",
            Self::TooManyDecimals => "too_many_decimals",
            Self::NotWhole => "not_whole",
            Self::Negative => "negative",
            Self::TooHigh(_) => "too_high",
            Self::NotABool => "not_a_bool",
            Self::NotAList => "not_a_list",
            Self::NotAnUrl => "not_an_url",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::NotOneOf(_) => "not_one_of",
            Self::NotACursor => "not_a_cursor",
        }
    }
}

/// Why something was refused, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable name, for programs.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// What is wrong with each field, where fields are the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

impl Problem {
    /// What is wrong in one line: with each field, where fields are the reason.
    pub fn in_one_line(&self) -> String {
        let fields = self.fields.iter();
        let fields: Vec<String> = fields
            .map(|field| format!("{}: {}", field.field, field.message))
            .collect();
        if fields.is_empty() {
            self.message.clone()
        } else {
            fields.join(" ")
        }
    }
}

/// What is wrong with one field, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field's name in JSON.
    pub field: String,
    /// The stable name of the rule, for programs.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
}
