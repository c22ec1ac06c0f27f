//! The digest of a catalog, by which two copies of it are told apart.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::product::Product;

/// Sums a 64-bit mix of (id, revision) over all products: equal catalogs have equal digests, and
/// catalogs that differ have different ones but for one case in 2^64. In JSON 16 hex digits,
/// since a JSON number loses bits over 2^53 in JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
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
/// generators, 2014) over both numbers.
fn mix(product: &Product) -> u64 {
    let step = |z: u64| {
        let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    step(step(product.id.0) ^ product.revision.0)
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(de::Error::custom)
    }
}
