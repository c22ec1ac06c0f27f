//! Which product has a code. Only a hash of each code is kept, which leaves a third of the memory
//! that codes themselves would take; products that share one are told apart by their codes.

use std::hash::{BuildHasher, RandomState};

use imbl::OrdSet;

use crate::id::ProductId;

/// The products by the hashes of their codes. The hash has a random key, so that nobody can choose
/// codes that share one.
#[derive(Clone, Debug, Default)]
pub struct Codes<S = RandomState> {
    products: OrdSet<(u64, ProductId)>,
    hasher: S,
}

impl<S: BuildHasher> Codes<S> {
    /// A product has this code.
    pub fn insert(&mut self, code: &str, id: ProductId) {
        self.products.insert((self.hash(code), id));
    }

    /// A product no longer has this code.
    pub fn remove(&mut self, code: &str, id: ProductId) {
        self.products.remove(&(self.hash(code), id));
    }

    /// The products that may have this code, the newest first; mostly one or none.
    pub fn candidates(&self, code: &str) -> impl Iterator<Item = ProductId> {
        let hash = self.hash(code);
        let range = (hash, ProductId(0))..=(hash, ProductId(u64::MAX));
        self.products.range(range).rev().map(|(_, id)| *id)
    }

    fn hash(&self, code: &str) -> u64 {
        self.hasher.hash_one(fold_code(code))
    }
}

/// The form in which codes are compared. By way of the upper case, which makes one of `ß` and `SS`,
/// and letter by letter, so that a final sigma is none.
pub fn fold_code(code: &str) -> String {
    let upper = code.chars().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasherDefault, Hasher};

    use super::*;

    /// Takes everything for the same.
    #[derive(Default)]
    struct Same;

    impl Hasher for Same {
        fn finish(&self) -> u64 {
            7
        }

        fn write(&mut self, _: &[u8]) {}
    }

    fn candidates<S: BuildHasher>(codes: &Codes<S>, code: &str) -> Vec<u64> {
        codes.candidates(code).map(|id| id.0).collect()
    }

    #[test]
    fn codes_that_share_a_hash_are_all_kept() {
        let mut codes = Codes::<BuildHasherDefault<Same>>::default();
        codes.insert("a", ProductId(1));
        codes.insert("b", ProductId(2));
        assert_eq!(candidates(&codes, "a"), [2, 1]);
        codes.remove("b", ProductId(2));
        assert_eq!(candidates(&codes, "a"), [1]);
    }

    #[test]
    fn case_makes_no_other_code() {
        let mut codes = Codes::<RandomState>::default();
        codes.insert("Ñandú-1", ProductId(1));
        codes.insert("other", ProductId(2));
        assert_eq!(candidates(&codes, "ÑANDÚ-1"), [1]);
        assert_eq!(candidates(&codes, "none"), [0; 0]);
        for (one, other) in [("straße-1", "STRASSE-1"), ("ΑΣ-1", "ας-1"), ("ſ", "S")] {
            assert_eq!(fold_code(one), fold_code(other));
        }
    }
}
