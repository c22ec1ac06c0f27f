//! The columns of the table of products: one for each field, named as it is, and for a price
//! `price_cents`; and a hash of them all, by which a row that something else changed is found.

use shared::product::FieldSource;
use shared::{Digest, Draft, Field, Kind, Price, Product, ProductId, Revision};

use super::cells::{Cells, Fault, json, number, text};

/// The column of a field.
pub fn column(field: &Field) -> &'static str {
    match (field.kind, field.name) {
        (Kind::Price, "price") => "price_cents",
        (_, name) => name,
    }
}

/// Reads a product.
pub fn read_product(row: &impl Cells) -> Result<Product, Fault> {
    Ok(Product {
        id: ProductId(number(row, "id")?),
        revision: Revision(number(row, "revision")?),
        draft: Draft::read(&mut Columns(row))?,
    })
}

/// Whether a product's row is as Vitrina wrote it.
pub fn has_its_hash(row: &impl Cells, product: &Product) -> Result<bool, Fault> {
    let hash = text(row, "hash")?;
    Ok(hash.parse() == Ok(Digest::of_product(product)))
}

struct Columns<'a, R>(&'a R);

impl<R: Cells> FieldSource for Columns<'_, R> {
    type Error = Fault;

    fn text(&mut self, field: &'static Field) -> Result<Box<str>, Fault> {
        Ok(text(self.0, column(field))?.into())
    }

    fn price(&mut self, field: &'static Field) -> Result<Price, Fault> {
        let cents = number(self.0, column(field))?;
        let too_high = || Fault::new(column(field), &format_args!("it can't be {cents}"));
        Price::from_cents(cents).ok_or_else(too_high)
    }

    fn flag(&mut self, field: &'static Field) -> Result<bool, Fault> {
        self.0.flag(column(field))
    }

    fn count(&mut self, field: &'static Field) -> Result<u32, Fault> {
        let count = number(self.0, column(field))?;
        let too_high = |_| Fault::new(column(field), &format_args!("it can't be {count}"));
        u32::try_from(count).map_err(too_high)
    }

    fn urls(&mut self, field: &'static Field) -> Result<Box<[Box<str>]>, Fault> {
        json(self.0, column(field))
    }
}
