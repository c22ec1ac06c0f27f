//! What a CSV reader does not tell: on which line a record begins, as an editor counts lines, and
//! where a quote was opened that is never closed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// What was seen of a file so far.
pub struct Watch {
    delimiter: u8,
    /// How many bytes there were.
    offset: u64,
    /// The line that the next byte is on, from 1.
    line: u64,
    is_line_start: bool,
    /// The last byte was a CR, and an LF after it belongs to the same line break.
    was_cr: bool,
    /// Where lines begin that are not empty, and their numbers; those before the last record that
    /// was asked for are forgotten.
    starts: VecDeque<(u64, u64)>,
    place: Place,
    /// Where the last quote was opened: its offset and its line.
    opened: (u64, u64),
    /// Where the first quote was opened that ends in the middle of a cell: the one that was to end
    /// it is missing, and this one was to open another.
    broken: Option<(u64, u64)>,
    is_at_end: bool,
}

/// Where the next byte of a file stands (RFC 4180 section 2).
#[derive(Clone, Copy, PartialEq)]
enum Place {
    CellStart,
    InCell,
    InQuotes,
    /// After a quote in quotes, which ends them unless another one follows.
    AfterQuote,
    /// After quotes that were ended, where only spaces may come.
    AfterCell,
}

impl Watch {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            offset: 0,
            line: 1,
            is_line_start: true,
            was_cr: false,
            starts: VecDeque::new(),
            place: Place::CellStart,
            opened: (0, 1),
            broken: None,
            is_at_end: false,
        }
    }

    fn see(&mut self, byte: u8) {
        self.see_line(byte);
        self.place = match (self.place, byte) {
            (Place::CellStart, b'"') => {
                self.opened = (self.offset, self.line);
                Place::InQuotes
            }
            (Place::InQuotes, b'"') => Place::AfterQuote,
            (Place::InQuotes, _) | (Place::AfterQuote, b'"') => Place::InQuotes,
            (_, b'\r' | b'\n') => Place::CellStart,
            (_, other) if other == self.delimiter => Place::CellStart,
            (Place::AfterQuote | Place::AfterCell, b' ' | b'\t') => Place::AfterCell,
            (Place::AfterQuote | Place::AfterCell, _) => {
                self.broken.get_or_insert(self.opened);
                Place::InCell
            }
            _ => Place::InCell,
        };
        self.offset += 1;
    }

    fn see_line(&mut self, byte: u8) {
        let ends_crlf = std::mem::take(&mut self.was_cr) && byte == b'\n';
        if ends_crlf {
            return;
        }
        if matches!(byte, b'\r' | b'\n') {
            self.was_cr = byte == b'\r';
            self.line += 1;
            self.is_line_start = true;
        } else if std::mem::take(&mut self.is_line_start) {
            self.starts.push_back((self.offset, self.line));
        }
    }

    /// The line on which the record begins that the reader found from this offset on: empty lines
    /// before it are not its own.
    pub fn line_from(&mut self, offset: u64) -> u64 {
        while self
            .starts
            .front()
            .is_some_and(|(start, _)| *start < offset)
        {
            self.starts.pop_front();
        }
        self.starts.front().map_or(self.line, |(_, line)| *line)
    }

    /// The line on which a quote was opened that is never closed, or only where another one was to
    /// be opened, if it belongs to the record that ends at this offset.
    pub fn unclosed(&self, end: u64) -> Option<u64> {
        let is_open = self.is_at_end && self.place == Place::InQuotes;
        let open = is_open.then_some(self.opened);
        let (offset, line) = self.broken.or(open)?;
        (offset < end).then_some(line)
    }

    /// The line of the quote in which the file is at the moment, if it is in one.
    pub fn in_quotes_since(&self) -> Option<u64> {
        (self.place == Place::InQuotes).then_some(self.opened.1)
    }
}

/// A source that is watched.
pub struct Watched<R> {
    source: R,
    watch: Rc<RefCell<Watch>>,
}

impl<R: Read> Watched<R> {
    /// Watches a source whose cells are parted by this byte.
    pub fn new(source: R, delimiter: u8) -> (Self, Rc<RefCell<Watch>>) {
        let watch = Rc::new(RefCell::new(Watch::new(delimiter)));
        let watched = Self {
            source,
            watch: watch.clone(),
        };
        (watched, watch)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let mut watch = self.watch.borrow_mut();
        watch.is_at_end |= read == 0 && !buffer.is_empty();
        for byte in &buffer[..read] {
            watch.see(*byte);
        }
        Ok(read)
    }
}
