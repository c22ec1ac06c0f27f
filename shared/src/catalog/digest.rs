//! The digest of a catalog, by which two copies of it, and two histories, are told apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xxhash_rust::xxh64::Xxh64;

use crate::product::{FieldRef, Product};

/// Sums a 64-bit mix of all products: id, revision and every field. Equal catalogs have equal
/// digests, and catalogs that differ have different ones but for one case in 2^64. In JSON and in
/// text 16 hex digits, since a JSON number loses bits over 2^53 in JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// The digest of a catalog of this product alone.
    pub fn of_product(product: &Product) -> Self {
        Self(mix(product))
    }

    /// The digest of a catalog that had this one, after one product has become another: none where
    /// it was added, and none where it was deleted.
    pub fn after(mut self, before: Option<&Product>, now: Option<&Product>) -> Self {
        if let Some(before) = before {
            self.subtract(before);
        }
        if let Some(now) = now {
            self.add(now);
        }
        self
    }

    /// Takes a product in.
    pub(super) fn add(&mut self, product: &Product) {
        self.0 = self.0.wrapping_add(mix(product));
    }

    /// Takes a product out again.
    pub(super) fn subtract(&mut self, product: &Product) {
        self.0 = self.0.wrapping_sub(mix(product));
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014) over both numbers and the hash of the fields.
fn mix(product: &Product) -> u64 {
    let step = |z: u64| {
        let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    step(step(step(product.id.0) ^ product.revision.0) ^ hash_fields(product))
}

/// XXH64 over all fields in their order: the same on every machine and in the page. Each text comes
/// after its length, so that no two lists of texts are one row of bytes.
fn hash_fields(product: &Product) -> u64 {
    let mut hasher = Xxh64::new(0);
    let number = |hasher: &mut Xxh64, number: u64| hasher.update(&number.to_le_bytes());
    let text = |hasher: &mut Xxh64, text: &str| {
        number(hasher, text.len() as u64);
        hasher.update(text.as_bytes());
    };
    for (_, value) in product.draft.values() {
        match value {
            FieldRef::Text(value) => text(&mut hasher, value),
            FieldRef::Price(price) => number(&mut hasher, price.cents()),
            FieldRef::Flag(flag) => number(&mut hasher, flag.into()),
            FieldRef::Count(count) => number(&mut hasher, count.into()),
            FieldRef::Urls(urls) => {
                number(&mut hasher, urls.len() as u64);
                for url in urls {
                    text(&mut hasher, url);
                }
            }
        }
    }
    hasher.digest()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Digest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
