//! Headers that several operations take.

use utoipa::IntoParams;

use super::schemas::{HistoryLimitParameter, Integer, Moment};

/// Writes once.
#[expect(dead_code, reason = "only its description is used")]
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// The same key within a day: the same answer, and nothing is done twice.
    #[param(
        required = false,
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[ -~]+$"
    )]
    pub key: String,
}

/// Writes only what somebody has seen.
#[expect(dead_code, reason = "only its description is used")]
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` that the product must still have.
    #[param(
        required = false,
        rename = "If-Match",
        pattern = r#"^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$"#
    )]
    pub tag: String,
}

/// Writes only what is not there, or is another.
#[expect(dead_code, reason = "only its description is used")]
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatchOnWrite {
    /// An `ETag` that the product must not have; with `*` it is refused, or there is no such product.
    #[param(
        required = false,
        rename = "If-None-Match",
        pattern = r#"^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$"#
    )]
    pub tag: String,
}

/// Reads only what is new.
#[expect(dead_code, reason = "only its description is used")]
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatch {
    /// The `ETag` that is known already.
    #[param(required = false, rename = "If-None-Match")]
    pub tag: String,
}

/// Which changes of the history.
#[expect(dead_code, reason = "only its description is used")]
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParameters {
    /// Those that this person gave, or the program whose token has this name.
    #[param(required = false)]
    pub by: String,
    /// From this moment on, as RFC 3339 writes it, or from this day (UTC).
    #[param(required = false, value_type = Moment)]
    pub from: String,
    /// Before this moment or day.
    #[param(required = false, value_type = Moment)]
    pub until: String,
    /// The most changes of this answer.
    #[param(required = false, value_type = HistoryLimitParameter)]
    pub limit: String,
    /// The `next` of the answer before.
    #[param(required = false, value_type = Integer)]
    pub after: String,
}
