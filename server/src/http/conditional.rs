//! Conditional requests (RFC 9110 section 13).

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::{Product, Reason, Revision};

use super::problem::Rejection;

/// What proxies that compress an answer append to its entity tag (Apache, Caddy and Jetty do).
const CODINGS: [&str; 6] = ["--gzip", "-gzip", "-br", "-zstd", "-deflate", ";gzip"];

/// The entity tag of a product: its revision.
pub fn product_tag(product: &Product) -> String {
    format!("\"{}\"", product.revision)
}

/// The entity tag of what is made of the whole catalog. It is weak, since the compressed and the
/// plain form share it.
pub fn catalog_tag(revision: Revision) -> String {
    format!("W/\"{revision}\"")
}

/// Whether the client has what this entity tag stands for (`If-None-Match`, which takes the weak
/// comparison). A header that can't be read is as if it were not there: the answer is whole then.
pub fn is_not_modified(headers: &HeaderMap, tag: &str) -> bool {
    let condition = Condition::read(headers, &IF_NONE_MATCH).ok().flatten();
    condition.is_some_and(|condition| condition.names(tag))
}

/// The answer to a client that has what this entity tag stands for.
pub fn not_modified(tag: &str) -> Response {
    let vary = [(VARY, "accept-encoding")];
    (StatusCode::NOT_MODIFIED, vary, [(ETAG, tag)]).into_response()
}

/// The revision at which a write wants a product to be, by `If-Match`: the one it is at, if that is among
/// those that are named; else the newest of these, since another server may know more of it. `None` where
/// any will do. A weak tag never matches, nor does what a proxy made of one. `If-None-Match` wants the
/// product to be another, or not to be there.
pub fn expected_revision(
    headers: &HeaderMap,
    product: Option<&Product>,
) -> Result<Option<Revision>, Rejection> {
    if let Some(condition) = Condition::read(headers, &IF_NONE_MATCH)? {
        if product.is_some_and(|product| condition.names(&product_tag(product))) {
            return Err(Rejection::IsThere);
        }
        if condition == Condition::Any {
            return Ok(Some(NEVER));
        }
    }
    let tags = match Condition::read(headers, &IF_MATCH)? {
        None | Some(Condition::Any) => return Ok(None),
        Some(Condition::Tags(tags)) if tags.is_empty() => return Err(no_tag(&IF_MATCH)),
        Some(Condition::Tags(tags)) => tags,
    };
    let strong = tags.iter().filter(|tag| !tag.is_weak);
    let named: Vec<Revision> = strong.filter_map(|tag| revision(tag.opaque)).collect();
    let known = product.map(|product| product.revision);
    if let Some(expected) = known.filter(|known| named.contains(known)) {
        return Ok(Some(expected));
    }
    let changed_on_its_way = || tags.iter().find_map(|tag| revision(tag.plain()));
    match (named.into_iter().max(), changed_on_its_way()) {
        (Some(newest), _) => Ok(Some(newest)),
        (None, Some(revision)) => Err(Rejection::WeakenedTag(revision)),
        (None, None) => Ok(Some(NEVER)),
    }
}

/// No product is ever at this revision.
pub const NEVER: Revision = Revision(0);

/// The revision that is written so, and no other way.
fn revision(digits: &str) -> Option<Revision> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(Revision(number))
}

/// What a header names.
#[derive(Debug, PartialEq)]
enum Condition<'a> {
    /// `*`: whatever there is.
    Any,
    /// Entity tags.
    Tags(Vec<Tag<'a>>),
}

/// An entity tag (RFC 9110 section 8.8.3).
#[derive(Debug, PartialEq)]
struct Tag<'a> {
    is_weak: bool,
    /// What is between the quotes.
    opaque: &'a str,
}

impl<'a> Tag<'a> {
    /// Reads the tag at the beginning of a text, and gives what follows it.
    fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let weak = text.strip_prefix("W/");
        let quoted = weak.unwrap_or(text).strip_prefix('"')?;
        let (opaque, rest) = quoted.split_once('"')?;
        let has_space = opaque.bytes().any(|byte| byte <= b' ' || byte == 0x7f);
        let tag = Self {
            is_weak: weak.is_some(),
            opaque,
        };
        (!has_space).then_some((tag, rest))
    }

    /// It without what a proxy appended.
    fn plain(&self) -> &'a str {
        let plain = CODINGS
            .iter()
            .find_map(|coding| self.opaque.strip_suffix(coding));
        plain.unwrap_or(self.opaque)
    }
}

impl<'a> Condition<'a> {
    /// Reads a header, all its lines; `None` where there is none.
    fn read(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<Self>, Rejection> {
        let lines: Vec<_> = headers.get_all(name).into_iter().collect();
        if lines.is_empty() {
            return Ok(None);
        }
        let mut tags = Vec::new();
        for line in &lines {
            let text = std::str::from_utf8(line.as_bytes()).map_err(|_| no_tag(name))?;
            let text = text.trim();
            if text == "*" && lines.len() == 1 {
                return Ok(Some(Self::Any));
            }
            read_list(text, &mut tags).ok_or_else(|| no_tag(name))?;
        }
        Ok(Some(Self::Tags(tags)))
    }

    /// Whether this tag is among them, weak or not (RFC 9110 section 8.8.3.2), compressed or not.
    fn names(&self, tag: &str) -> bool {
        let Self::Tags(tags) = self else {
            return true;
        };
        let Some((ours, _)) = Tag::read(tag) else {
            return false;
        };
        tags.iter()
            .any(|tag| tag.opaque == ours.opaque || tag.plain() == ours.opaque)
    }
}

/// Reads the tags of one line: a list, in which elements may be empty (RFC 9110 section 5.6.1).
fn read_list<'a>(mut text: &'a str, tags: &mut Vec<Tag<'a>>) -> Option<()> {
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return Some(());
        }
        let (tag, rest) = Tag::read(text)?;
        tags.push(tag);
        text = rest.trim_start_matches([' ', '\t']);
        if !text.is_empty() && !text.starts_with(',') {
            return None;
        }
    }
}

fn no_tag(name: &HeaderName) -> Rejection {
    let name = if name == IF_MATCH {
        "If-Match"
    } else {
        "If-None-Match"
    };
    Reason::Malformed(format!("{name}: entity tags in quotes, such as \"7\"")).into()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn headers(name: &HeaderName, lines: &[&'static str]) -> HeaderMap {
        let values = lines.iter().map(|line| HeaderValue::from_static(line));
        values.map(|value| (name.clone(), value)).collect()
    }

    fn at_revision(revision: u64) -> Product {
        serde_json::from_value(json!({
            "id": 1, "revision": revision, "title": "t", "description": "", "code": "c",
            "price": 1, "status": true, "stock": 1, "category": "c", "thumbnails": [],
        }))
        .expect("a product")
    }

    #[test]
    fn a_tag_says_the_revision() {
        assert_eq!(product_tag(&at_revision(7)), "\"7\"");
        assert_eq!(catalog_tag(Revision(7)), "W/\"7\"");
        let response = not_modified("\"7\"");
        assert_eq!(response.status(), 304);
        assert_eq!(response.headers()[ETAG], "\"7\"");
    }

    #[test]
    fn a_client_has_what_one_of_its_tags_names_weak_or_compressed_or_not() {
        let has =
            |lines: &[&'static str], tag| is_not_modified(&headers(&IF_NONE_MATCH, lines), tag);
        assert!(has(&["\"7\""], "\"7\""));
        assert!(has(&["W/\"7\""], "\"7\""));
        assert!(has(&["\"7\""], "W/\"7\""));
        assert!(has(&["\"6\", \"7\""], "\"7\""));
        assert!(has(&["\"6\"", "\"7\""], "\"7\""));
        assert!(has(&["*"], "\"7\""));
        assert!(has(&["\"7-gzip\""], "\"7\""));
        assert!(has(&["W/\"7-br\""], "\"7\""));
        assert!(has(&["\"a-gzip\""], "\"a-gzip\""));
        assert!(!has(&["\"a-plain\""], "\"a-gzip\""));
        assert!(!has(&["\"6\""], "\"7\""));
        assert!(!has(&["\"6-gzip\""], "\"7\""));
        assert!(!has(&[], "\"7\""));
        assert!(!has(&["7"], "\"7\""));
        assert!(!has(&["\"a\tb\""], "\"7\""));
        assert!(!has(&["\"7\", \"a b\""], "\"7\""));
        // A comma inside a tag parts nothing.
        assert!(!has(&["\"6,\"7\",8\""], "\"7\""));
        assert!(has(&["\"a,b\", \"7\""], "\"7\""));
        assert!(has(&["\"a,b\""], "\"a,b\""));
        assert!(has(&[", \"6\" ,,\"7\","], "\"7\""));
    }

    #[test]
    fn a_write_expects_the_revision_that_its_tag_names() {
        let product = at_revision(7);
        let expects =
            |lines: &[&'static str]| expected_revision(&headers(&IF_MATCH, lines), Some(&product));
        assert_eq!(expects(&[]), Ok(None));
        assert_eq!(expects(&["*"]), Ok(None));
        assert_eq!(expects(&["\"7\""]), Ok(Some(Revision(7))));
        assert_eq!(expects(&["\"6\", \"7\""]), Ok(Some(Revision(7))));
        assert_eq!(expects(&["\"6\"", "\"7\""]), Ok(Some(Revision(7))));
        assert_eq!(expects(&["\"6\""]), Ok(Some(Revision(6))));
        let several = ["\"9\", \"12\", W/\"20\"", "\"x\""];
        assert_eq!(expects(&several), Ok(Some(Revision(12))));
        assert_eq!(expects(&["\"6,7\""]), Ok(Some(NEVER)));
        assert_eq!(expects(&["\"07\""]), Ok(Some(NEVER)));
        let none = expected_revision(&headers(&IF_MATCH, &["\"7\""]), None);
        assert_eq!(none, Ok(Some(Revision(7))));
    }

    #[test]
    fn a_tag_that_was_changed_on_its_way_and_what_is_no_tag_are_told() {
        let product = at_revision(7);
        let expects =
            |lines: &[&'static str]| expected_revision(&headers(&IF_MATCH, lines), Some(&product));
        for changed in ["W/\"7\"", "\"7-gzip\"", "W/\"7-br\"", "\"x\", \"7;gzip\""] {
            let weakened = Err(Rejection::WeakenedTag(Revision(7)));
            assert_eq!(expects(&[changed]), weakened, "{changed}");
        }
        let odd = [
            "",
            ",",
            "7",
            "\"7",
            "\"7\" \"8\"",
            "\"a b\"",
            "w/\"7\"",
            "*, \"7\"",
        ];
        for odd in odd {
            let refused = matches!(
                expects(&[odd]),
                Err(Rejection::Command(Reason::Malformed(_)))
            );
            assert!(refused, "{odd}");
        }
    }

    #[test]
    fn a_write_for_what_is_not_there_yet_spares_what_is() {
        let product = at_revision(7);
        let expects = |tag: &'static str, product| {
            expected_revision(&headers(&IF_NONE_MATCH, &[tag]), product)
        };
        assert_eq!(expects("*", Some(&product)), Err(Rejection::IsThere));
        assert_eq!(expects("\"7\"", Some(&product)), Err(Rejection::IsThere));
        assert_eq!(expects("\"6\"", Some(&product)), Ok(None));
        assert_eq!(expects("*", None), Ok(Some(NEVER)));
    }
}
