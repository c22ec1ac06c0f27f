//! Commands: what somebody wants, as JSON says it ([`RawCommand`]) and once the rules have seen it
//! ([`Command`]).

use serde::{Deserialize, Serialize};

use crate::id::{ProductId, Revision};
use crate::integer;
use crate::product::{Draft, Patch};
use crate::reason::Reason;
use crate::rules::{Fields, Normalize};

/// A command whose contents have passed the rules; whether it fits the catalog is decided by
/// [`Catalog::decide`](crate::Catalog::decide).
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Add a product.
    Add(Draft),
    /// Add a product that comes from a file, or handle the one that has its code already.
    Import(Box<Import>),
    /// Change some fields of a product.
    Update {
        /// Which product.
        id: ProductId,
        /// The fields to change.
        patch: Patch,
        /// Refuse when the product is no longer at this revision.
        if_revision: Option<Revision>,
    },
    /// Delete a product.
    Delete {
        /// Which product.
        id: ProductId,
        /// Refuse when the product is no longer at this revision.
        if_revision: Option<Revision>,
    },
}

/// A product from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Its code.
    pub code: Box<str>,
    /// The new product, or why what the file says of it makes none.
    pub draft: Result<Draft, Reason>,
    /// What the file says of it, for one that is there.
    pub patch: Result<Patch, Reason>,
    /// What to do with the one that has its code.
    pub on_duplicate: OnDuplicate,
}

/// What is done with an imported product whose code another product has.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum OnDuplicate {
    /// It is refused.
    #[default]
    Refuse,
    /// The other gets its fields.
    Update,
    /// The other stays as it is.
    Skip,
}

/// A command as the socket's messages and a batch say it, not yet checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawCommand {
    /// Add a product.
    Add {
        /// The product's fields.
        draft: Fields,
    },
    /// Change a product.
    Update {
        /// Which product.
        #[serde(deserialize_with = "integer::deserialize")]
        id: ProductId,
        /// The fields to change.
        patch: Fields,
        /// Refuse when the product is no longer at this revision.
        #[serde(
            default,
            deserialize_with = "integer::deserialize_option",
            skip_serializing_if = "Option::is_none"
        )]
        if_revision: Option<Revision>,
    },
    /// Delete a product.
    Delete {
        /// Which product.
        #[serde(deserialize_with = "integer::deserialize")]
        id: ProductId,
        /// Refuse when the product is no longer at this revision.
        #[serde(
            default,
            deserialize_with = "integer::deserialize_option",
            skip_serializing_if = "Option::is_none"
        )]
        if_revision: Option<Revision>,
    },
}

impl RawCommand {
    /// Has the rules look at its fields.
    pub fn check(self, nfc: Normalize) -> Result<Command, Reason> {
        Ok(match self {
            Self::Add { draft } => Command::Add(draft.draft(nfc)?),
            Self::Update {
                id,
                patch,
                if_revision,
            } => Command::Update {
                id,
                patch: patch.patch(nfc)?,
                if_revision,
            },
            Self::Delete { id, if_revision } => Command::Delete { id, if_revision },
        })
    }
}
