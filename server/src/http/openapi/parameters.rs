//! Headers that several operations take.

use utoipa::IntoParams;

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
