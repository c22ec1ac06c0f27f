//! The parameters of a request's URL, each read by its name; every one that can't be is told.

use shared::problem::Rule;
use shared::{FieldReason, Reason};

/// The parameters of a request's URL, in their order.
pub type Parameters = Vec<(String, String)>;

/// Has each parameter read; gives those that broke a rule.
pub fn read_each(
    parameters: &Parameters,
    mut read: impl FnMut(&str, &str) -> Result<(), Rule>,
) -> Vec<FieldReason> {
    let failed = |(name, value): &(String, String)| {
        let rule = read(name, value).err()?;
        Some(FieldReason::new(name, rule))
    };
    parameters.iter().filter_map(failed).collect()
}

/// The reason that some parameters failed, where any did.
pub fn none_of(failed: Vec<FieldReason>) -> Result<(), Reason> {
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Reason::Invalid(failed))
    }
}

/// Reads `true` or `false`.
pub fn read_bool(value: &str) -> Result<bool, Rule> {
    value.parse().map_err(|_| Rule::NotABool)
}
