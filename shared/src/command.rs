//! Commands: what somebody wants, as JSON says it ([`RawCommand`]) and once the rules have seen it
//! ([`Command`]).

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::id::{ProductId, RequestId, Revision};
use crate::integer;
use crate::product::{Draft, Patch, Product};
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
    /// Bring a deleted product back, with its id.
    Restore {
        /// Which product.
        id: ProductId,
        /// The product as it was when it was deleted: looked up by whoever keeps the changes, and
        /// never taken from whoever asks. `None` where nothing is kept of it.
        deleted: Option<Arc<Product>>,
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
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RawCommand {
    /// Add a product.
    Add {
        /// The product's fields.
        draft: Fields,
    },
    /// Change a product.
    Update {
        /// Which product.
        id: ProductId,
        /// The fields to change.
        patch: Fields,
        /// Refuse when the product is no longer at this revision.
        #[serde(skip_serializing_if = "Option::is_none")]
        if_revision: Option<Revision>,
    },
    /// Delete a product.
    Delete {
        /// Which product.
        id: ProductId,
        /// Refuse when the product is no longer at this revision.
        #[serde(skip_serializing_if = "Option::is_none")]
        if_revision: Option<Revision>,
    },
    /// Bring a deleted product back, with its id.
    Restore {
        /// Which product.
        id: ProductId,
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
            Self::Restore { id } => Command::Restore { id, deleted: None },
        })
    }
}

/// A command, not yet checked, and its number where whoever asks gave it one. In JSON they are one
/// object.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The command's number, under which it is done once however often it is asked for.
    pub request: Option<RequestId>,
    /// What is asked for.
    pub command: RawCommand,
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Members::read(deserializer)?;
        let request = members.request.take();
        let command = members.into_command()?;
        Ok(Self { request, command })
    }
}

impl<'de> Deserialize<'de> for RawCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::read(deserializer)?;
        Members::refuse("request", members.request.as_ref())?;
        members.into_command()
    }
}

/// The members that a command's JSON can have, each read as what it is when it comes by: serde's own
/// tagged enums would first keep all of the JSON, at thirty times its size.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Members {
    r#type: Type,
    /// The number that a client gave it; a command alone has none.
    #[serde(default, deserialize_with = "integer::deserialize_option")]
    pub(crate) request: Option<RequestId>,
    draft: Option<Fields>,
    patch: Option<Fields>,
    #[serde(default, deserialize_with = "integer::deserialize_option")]
    id: Option<ProductId>,
    #[serde(default, deserialize_with = "integer::deserialize_option")]
    if_revision: Option<Revision>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Add,
    Update,
    Delete,
    Restore,
}

impl Members {
    /// Reads an object; nothing else will do.
    pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }

    /// The command that they make; each kind has its own and no others.
    pub(crate) fn into_command<E: Error>(self) -> Result<RawCommand, E> {
        let Self {
            r#type,
            draft,
            patch,
            id,
            if_revision,
            ..
        } = self;
        match r#type {
            Type::Add => {
                Self::refuse("patch", patch.as_ref())?;
                Self::refuse("id", id.as_ref())?;
                Self::refuse("if_revision", if_revision.as_ref())?;
                Ok(RawCommand::Add {
                    draft: Self::require("draft", draft)?,
                })
            }
            Type::Update => {
                Self::refuse("draft", draft.as_ref())?;
                Ok(RawCommand::Update {
                    id: Self::require("id", id)?,
                    patch: Self::require("patch", patch)?,
                    if_revision,
                })
            }
            Type::Delete => {
                Self::refuse("draft", draft.as_ref())?;
                Self::refuse("patch", patch.as_ref())?;
                Ok(RawCommand::Delete {
                    id: Self::require("id", id)?,
                    if_revision,
                })
            }
            Type::Restore => {
                Self::refuse("draft", draft.as_ref())?;
                Self::refuse("patch", patch.as_ref())?;
                Self::refuse("if_revision", if_revision.as_ref())?;
                Ok(RawCommand::Restore {
                    id: Self::require("id", id)?,
                })
            }
        }
    }

    pub(crate) fn require<T, E: Error>(name: &'static str, member: Option<T>) -> Result<T, E> {
        member.ok_or_else(|| E::missing_field(name))
    }

    fn refuse<T, E: Error>(name: &'static str, member: Option<&T>) -> Result<(), E> {
        match member {
            Some(_) => Err(E::custom(format_args!("unknown field `{name}`"))),
            None => Ok(()),
        }
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Members, A::Error> {
        Members::deserialize(MapAccessDeserializer::new(map))
    }
}
