//! What somebody may do.

use serde::{Deserialize, Serialize};

/// What somebody may do: each role may also do what those before it may.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// See the list and its history.
    Viewer,
    /// Add, change and delete products.
    Editor,
    /// Say who may do what.
    Admin,
}
