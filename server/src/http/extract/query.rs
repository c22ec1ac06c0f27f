//! The parameters of a request's URL: all of a kind at once, or each by its name, where every one
//! that can't be read is told.

use std::collections::HashSet;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use shared::{FieldReason, Reason, Rule};

use crate::http::problem::Rejection;

/// The parameters as one type; those that don't fit are malformed.
pub struct TypedQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for TypedQuery<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        match query {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(error) => Err(Reason::Malformed(error.body_text()).into()),
        }
    }
}

/// The parameters by their names, in their order.
pub type Parameters = Vec<(String, String)>;

/// Calls `read` with the name and value of each parameter, and returns those that broke a rule. One
/// that is there twice says two things at once.
pub fn read_each(
    parameters: &Parameters,
    mut read: impl FnMut(&str, &str) -> Result<(), Rule>,
) -> Vec<FieldReason> {
    let mut names = HashSet::new();
    let failed = |(name, value): &'_ (String, String)| {
        let rule = match read(name, value) {
            Ok(()) if names.insert(name.clone()) => return None,
            Ok(()) => Rule::Twice,
            Err(rule) => rule,
        };
        Some(FieldReason::new(name, rule))
    };
    parameters.iter().filter_map(failed).collect()
}

/// Refuses the request for the parameters that failed, where any did.
pub fn refuse_if_any(failed: Vec<FieldReason>) -> Result<(), Reason> {
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Reason::invalid(failed, 0))
    }
}

/// Reads `true` or `false`.
pub fn read_bool(value: &str) -> Result<bool, Rule> {
    value.parse().map_err(|_| Rule::NotABool)
}
