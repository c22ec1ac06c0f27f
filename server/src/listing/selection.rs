//! What parameters choose of the list, the same for the API, for files and for the plain list.

use shared::{LowStock, Price, Rule, StockLevel};
use strum::VariantNames;

use super::{Filter, Sort};
use crate::unicode::{fold, nfc};

/// Which products, in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Which.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    low_stock: LowStock,
}

impl Selection {
    /// Everything, in a shop in which so few are few.
    pub fn new(low_stock: LowStock) -> Self {
        Self {
            low_stock,
            ..Self::default()
        }
    }

    /// Takes a parameter; `None` where it is none of these.
    pub fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Rule>> {
        let filter = &mut self.filter;
        Some(match name {
            "sort" => Sort::from_name(value)
                .map(|read| self.sort = read)
                .ok_or(Rule::NotOneOf(&Sort::NAMES)),
            "category" => {
                filter.category = Some(nfc(value.trim()));
                Ok(())
            }
            "status" => match value.parse() {
                Ok(read) => {
                    filter.status = Some(read);
                    Ok(())
                }
                Err(_) => Err(Rule::NotABool),
            },
            "stock" => match value.parse() {
                Ok(level) => {
                    filter.stock = Some(self.low_stock.range(level));
                    Ok(())
                }
                Err(_) => Err(Rule::NotOneOf(StockLevel::VARIANTS)),
            },
            "q" => {
                let words = fold(value);
                filter.words = words.split_whitespace().map(str::to_owned).collect();
                Ok(())
            }
            "min_price" => read_price(value).map(|read| filter.min_price = Some(read)),
            "max_price" => read_price(value).map(|read| filter.max_price = Some(read)),
            _ => return None,
        })
    }
}

fn read_price(value: &str) -> Result<Price, Rule> {
    Price::parse(value).map_err(Rule::from)
}
