//! How much is left of a product, as people are warned of it.

use std::ops::RangeInclusive;

/// Up to which stock there are few left of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowStock(pub u32);

impl Default for LowStock {
    /// What a shop has that says nothing else.
    fn default() -> Self {
        Self(5)
    }
}

/// A stock that people are warned of.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum StockLevel {
    /// There are few left: at most [`LowStock`].
    Low,
    /// There is none left.
    Out,
}

impl LowStock {
    /// What people are warned of at this stock, if they are.
    pub fn level(self, stock: u32) -> Option<StockLevel> {
        let levels = [StockLevel::Out, StockLevel::Low].into_iter();
        let mut levels = levels.filter(|level| self.range(*level).contains(&stock));
        levels.next()
    }

    /// The stocks that are of this level.
    pub fn range(self, level: StockLevel) -> RangeInclusive<u32> {
        match level {
            StockLevel::Out => 0..=0,
            StockLevel::Low => 1..=self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_says_what_few_are() {
        let levels = |low: u32| [0, 1, 5, 6].map(|stock| LowStock(low).level(stock));
        let (low, out) = (Some(StockLevel::Low), Some(StockLevel::Out));
        assert_eq!(levels(5), [out, low, low, None]);
        assert_eq!(levels(9), [out, low, low, low]);
        assert_eq!(levels(0), [out, None, None, None], "nobody is warned");
    }
}
