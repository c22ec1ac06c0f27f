//! The beginning of a CSV file, from which its separator is told.

use std::io::{self, Chain, Cursor, Read};

/// How many bytes are looked at: rows of nothing and a row of names are shorter.
const LOOK_BYTES: usize = 256 * 1024;

/// The bytes up to the end of the first line that says something.
pub struct Head(Vec<u8>);

impl Head {
    /// Reads as far as that line's end, in however small pieces it comes.
    pub fn read(source: &mut impl Read) -> io::Result<Self> {
        let mut head = Vec::new();
        let mut piece = [0; 4 * 1024];
        while head.len() < LOOK_BYTES {
            let read = source.read(&mut piece)?;
            head.extend_from_slice(&piece[..read]);
            let mut complete: Vec<&[u8]> = lines(&head).collect();
            complete.pop();
            if read == 0 || complete.into_iter().any(says_something) {
                break;
            }
        }
        Ok(Self(head))
    }

    /// Whether the first line is one that only names the separator, such as Excel's `sep=;`.
    pub fn names_delimiter(&self) -> bool {
        self.named_delimiter().is_some()
    }

    /// The byte that parts the columns: the one that is named, or of three the one that the row of
    /// names has most of.
    pub fn delimiter(&self) -> u8 {
        if let Some(named) = self.named_delimiter().and_then(to_delimiter) {
            return named;
        }
        let names = lines(&self.0).find(|line| says_something(line));
        let names = names.unwrap_or_default();
        let count = |delimiter: &u8| names.split(|byte| byte == delimiter).count();
        // Of equals the last is taken: the comma, which a row of one name has as many of.
        [b'\t', b';', b',']
            .into_iter()
            .max_by_key(count)
            .unwrap_or(b',')
    }

    fn named_delimiter(&self) -> Option<&str> {
        let first = lines(&self.0).find(|line| !is_nothing(line));
        first.and_then(named_delimiter)
    }

    /// The whole file again: these bytes, and the rest.
    pub fn chain<R: Read>(self, rest: R) -> Chain<Cursor<Vec<u8>>, R> {
        Cursor::new(self.0).chain(rest)
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| matches!(byte, b'\r' | b'\n'))
}

/// Whether a line has more than separators, and does not only name one.
fn says_something(line: &[u8]) -> bool {
    !is_nothing(line) && named_delimiter(line).is_none()
}

/// Whether a line has nothing but separators and spaces.
fn is_nothing(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let is_nothing = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\u{feff}');
    line.chars().all(is_nothing)
}

/// What a line such as `sep=;`, in quotes or not, names as the separator: maybe nothing, or nothing
/// that can be one.
fn named_delimiter(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?;
    let line = line.trim_start_matches([' ', '"', '\u{feff}']);
    let (name, rest) = line.split_at_checked(4)?;
    let named = rest.trim_matches([' ', '"']);
    // With more it is a column of such a name.
    let is_one = named.chars().nth(1).is_none();
    (name.eq_ignore_ascii_case("sep=") && is_one).then_some(named)
}

/// The byte that can part cells.
fn to_delimiter(named: &str) -> Option<u8> {
    match named.as_bytes() {
        [byte] if *byte == b'\t' || byte.is_ascii_punctuation() => Some(*byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(file: &str) -> u8 {
        Head::read(&mut file.as_bytes())
            .expect("a head")
            .delimiter()
    }

    #[test]
    fn the_delimiter_is_what_the_row_of_names_has_most_of() {
        assert_eq!(delimiter("a,b,c\n"), b',');
        assert_eq!(delimiter("a;b;c\n"), b';');
        assert_eq!(delimiter("a\tb\tc\n"), b'\t');
        assert_eq!(delimiter("a;b,c;d\n1,2,3,4,5\n"), b';');
        assert_eq!(delimiter("a;b;c\r1,2,3,4,5\r"), b';');
        assert_eq!(delimiter("\n;;;\n, ,\na,b\n"), b',');
        assert_eq!(delimiter("title"), b',', "of equals it is the comma");
        assert_eq!(delimiter("a;b,c"), b',');
        assert_eq!(delimiter(""), b',');
    }

    #[test]
    fn a_first_line_may_name_it() {
        for (file, named) in [
            ("sep=;\na,b,c\n", b';'),
            ("SEP=\t\r\na,b\r\n", b'\t'),
            ("\"sep=|\"\na,b,c\n", b'|'),
        ] {
            let head = Head::read(&mut file.as_bytes()).expect("a head");
            assert!(head.names_delimiter());
            assert_eq!(head.delimiter(), named, "{file}");
        }
        for file in [
            "\n sep=;\na;b",
            "\u{feff}sep=;\na,b,c",
            "sep=\na;b",
            "sep=€\na;b",
        ] {
            let head = Head::read(&mut file.as_bytes()).expect("a head");
            assert!(head.names_delimiter(), "{file}");
            assert_eq!(head.delimiter(), b';', "{file}");
        }
        for file in ["separator,b\n", "a,b\nsep=;\n"] {
            let head = Head::read(&mut file.as_bytes()).expect("a head");
            assert!(!head.names_delimiter(), "{file}");
        }
    }

    #[test]
    fn a_head_is_read_to_its_lines_end_in_however_small_pieces() {
        struct Bytewise<'a>(&'a [u8]);
        impl Read for Bytewise<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let one = buffer.len().min(1);
                self.0.read(&mut buffer[..one])
            }
        }
        let mut far = "\u{a0};;\n".repeat(5_000);
        far.push_str("a;b\n1;2\n");
        assert_eq!(delimiter(&far), b';');
        let file = b"\n;;\ntitle;code\nA;a\n";
        let mut source = Bytewise(file);
        let head = Head::read(&mut source).expect("a head");
        assert_eq!(head.delimiter(), b';');
        assert_eq!(head.0, b"\n;;\ntitle;code\n");
        let mut whole = Vec::new();
        head.chain(source).read_to_end(&mut whole).expect("a file");
        assert_eq!(whole, file);
    }
}
