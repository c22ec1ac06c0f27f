//! A source that gives no row without end: readers keep a row in memory until it is whole.

use std::cell::Cell;
use std::io::{self, Read};

/// The most bytes from the end of one row to the end of the next, more or less what is read ahead. A
/// product with every field at its limit has 140 KiB.
const MAX_ROW_BYTES: usize = 1024 * 1024;

/// A source that fails when a row is too long.
pub struct Bounded<'a, R> {
    source: R,
    /// Bytes since the end of a row. Whoever gets the rows sets it to 0.
    since_row: &'a Cell<usize>,
}

impl<'a, R> Bounded<'a, R> {
    /// A source whose rows end where `since_row` is set to 0.
    pub fn new(source: R, since_row: &'a Cell<usize>) -> Self {
        Self { source, since_row }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > MAX_ROW_BYTES {
            let why = format!("a row has more than {MAX_ROW_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let read = self.source.read(buffer)?;
        self.since_row.set(self.since_row.get() + read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
