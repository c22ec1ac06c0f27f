//! The byte order mark that some programs begin a UTF-8 file with.

use std::io::{self, Chain, Cursor, Read};

use crate::transfer::export::BYTE_ORDER_MARK;

/// A source without its first bytes, where these are the mark: in however small pieces they come.
pub fn skip_byte_order_mark<R: Read>(source: R) -> Unmarked<R> {
    Unmarked(Source::Unknown(source))
}

/// A source whose byte order mark is skipped.
pub struct Unmarked<R>(Source<R>);

enum Source<R> {
    /// Nothing was read yet.
    Unknown(R),
    /// The first bytes are known.
    Known(Chain<Cursor<Vec<u8>>, R>),
    /// Reading the first bytes failed.
    Failed,
}

impl<R: Read> Read for Unmarked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match std::mem::replace(&mut self.0, Source::Failed) {
            Source::Unknown(mut source) => {
                let mut first = Vec::new();
                let length = BYTE_ORDER_MARK.len() as u64;
                source.by_ref().take(length).read_to_end(&mut first)?;
                if first == BYTE_ORDER_MARK {
                    first.clear();
                }
                self.0 = Source::Known(Cursor::new(first).chain(source));
            }
            other => self.0 = other,
        }
        match &mut self.0 {
            Source::Known(known) => known.read(buffer),
            Source::Unknown(_) | Source::Failed => Ok(0),
        }
    }
}
