//! The names that programs give themselves and their requests, as PostgreSQL can hold them: its texts
//! have no byte of zero, and such a name may.

use std::borrow::Cow;

/// A name as it is written.
pub fn write(name: &str) -> Cow<'_, str> {
    if name.contains(['\0', '\\']) {
        name.replace('\\', "\\\\").replace('\0', "\\0").into()
    } else {
        name.into()
    }
}

/// A name that was written.
pub fn read(written: &str) -> String {
    let mut name = String::with_capacity(written.len());
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        name.push(match c {
            '\\' => match rest.next() {
                Some('0') => '\0',
                Some(c) => c,
                None => '\\',
            },
            c => c,
        });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_it_was_and_no_zero_is_written() {
        for name in ["", "a", "\\", "\0", "\\0", "a\\\0b", "\\\\0", "\n1\n2", "ñ"] {
            let written = write(name);
            assert!(!written.contains('\0'));
            assert_eq!(read(&written), name);
        }
        assert_ne!(write("\0"), write("\\0"));
    }
}
