//! The mark each written product carries in its title: its number and when it was asked for. The
//! crowd finds it in whatever way a server wraps the product.

use std::sync::LazyLock;
use std::time::Instant;

use memchr::memmem::Finder;

/// What no server's own words contain.
const PREFIX: &str = "bench~";

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PREFIX));

/// One written product, as a connection sees it.
pub struct Mark {
    /// Its number among the written.
    pub number: u64,
    /// When the request was sent, in microseconds since the start of the program.
    pub asked_us: u64,
}

/// Microseconds since the start of the program.
pub fn now_us() -> u64 {
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A product's body with a mark of now.
pub fn product(number: u64) -> String {
    let now = now_us();
    format!(
        r#"{{"title":"{PREFIX}{number}~{now}~","description":"A product that is written to see how long it takes to show everywhere.","code":"bench-{number}","price":19.99,"stock":5,"category":"bench","thumbnails":["https://example.com/images/product-{number}.webp"]}}"#
    )
}

/// Every mark in a message, in order.
pub fn find(message: &[u8]) -> impl Iterator<Item = Mark> {
    FINDER.find_iter(message).filter_map(|at| {
        let rest = message.get(at + PREFIX.len()..)?;
        let mut parts = rest.splitn(3, |byte| *byte == b'~');
        Some(Mark {
            number: number(parts.next()?)?,
            asked_us: number(parts.next()?)?,
        })
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
