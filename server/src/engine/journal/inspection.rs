//! What is found in a journal by somebody who looks at every row, whatever is wrong with it.

use shared::{Product, Revision};

use super::JournalError;
use super::tables::{Cells, Fault, has_its_hash, read_answer, read_product};

/// What a journal holds, as far as it can be read.
#[derive(Default)]
pub struct Inspection {
    /// The catalog's revision.
    pub revision: Option<Revision>,
    /// The products.
    pub products: Vec<Product>,
    /// What is wrong: each names the table, the row and the column where there is one.
    pub faults: Vec<String>,
}

impl Inspection {
    /// Notes what a part of the inspection ended with.
    pub fn note<T>(&mut self, part: &str, ended: Result<T, JournalError>) -> Option<T> {
        ended
            .map_err(|error| match error {
                JournalError::Damaged(fault) => self.faults.push(fault),
                JournalError::Sqlite(error) => self.faults.push(format!("{part}: {error}")),
                error => self.faults.push(format!("{part}: {error}")),
            })
            .ok()
    }

    /// Takes a row of the table of products, which earlier versions have without hashes.
    pub fn take_product(&mut self, row: &impl Cells, has_hash: bool) {
        let product = match read_product(row) {
            Ok(product) => product,
            Err(fault) => return self.faults.push(fault.of("products", "id", row)),
        };
        match has_its_hash(row, &product) {
            _ if !has_hash => {}
            Ok(true) => {}
            Ok(false) => self.faults.push(format!(
                "product {}: its row was changed from outside",
                product.id
            )),
            Err(fault) => self.faults.push(fault.of("products", "id", row)),
        }
        self.products.push(product);
    }

    /// Takes a row of the table of answers.
    pub fn take_answer(&mut self, row: &impl Cells) {
        let read: Result<_, Fault> = read_answer(row);
        if let Err(fault) = read {
            self.faults.push(fault.of("answers", "key", row));
        }
    }
}
