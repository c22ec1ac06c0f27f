//! How much is left of a product, as people are warned of it.

/// A stock of at most this is low.
pub const LOW_STOCK: u32 = 5;

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
    /// There are a few left: at most [`LOW_STOCK`].
    Low,
    /// There is none left.
    Out,
}

impl StockLevel {
    /// What people are warned of at this stock, if they are.
    pub fn of(stock: u32) -> Option<Self> {
        match stock {
            0 => Some(Self::Out),
            1..=LOW_STOCK => Some(Self::Low),
            _ => None,
        }
    }
}
