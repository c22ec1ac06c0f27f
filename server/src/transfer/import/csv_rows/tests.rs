use serde_json::json;

use super::*;

/// What each row of a file makes, in short: its line and the product's code, or the fields that
/// are wrong.
fn rows(file: &[u8]) -> Result<Vec<String>, Unreadable> {
    let mut rows = Vec::new();
    read(file, &mut |row| {
        rows.push(match row.draft {
            Ok(draft) => format!("{} {}", row.line, draft.code),
            Err(Reason::Invalid(failed)) => {
                let fields: Vec<&str> = failed.iter().map(|one| one.field.as_str()).collect();
                format!("{} not {}", row.line, fields.join(", "))
            }
            Err(reason) => format!("{} {}", row.line, reason.code()),
        });
        true
    })?;
    Ok(rows)
}

fn unreadable(file: &[u8]) -> (u64, Reason) {
    let unreadable = rows(file).expect_err("it can be read");
    (unreadable.line, unreadable.reason)
}

const NAMES: &str = "title,code,price,stock,category";

#[test]
fn the_delimiter_is_what_the_row_of_names_has_most_of() {
    assert_eq!(delimiter(b"a,b,c\n"), b',');
    assert_eq!(delimiter(b"a;b;c\n"), b';');
    assert_eq!(delimiter(b"a\tb\tc\n"), b'\t');
    assert_eq!(delimiter(b"a;b,c;d\n1,2,3,4,5\n"), b';');
    assert_eq!(delimiter(b"a,b;c,d"), b',');
    assert_eq!(delimiter(b"title"), b',', "of equals it is the comma");
    assert_eq!(delimiter(b"a;b,c"), b',');
    assert_eq!(delimiter(b""), b',');
}

#[test]
fn a_row_is_told_with_the_line_it_begins_on() {
    let file = format!("{NAMES}\nA,a,1,1,x\n\"B\n2\",b,1,1,x\nC,c,no,-1,x\n");
    let rows = rows(file.as_bytes()).expect("rows");
    assert_eq!(rows, ["2 a", "3 not title", "5 not price, stock"]);
}

#[test]
fn columns_come_in_any_order_and_case_and_some_are_ignored() {
    let file = b"\xef\xbb\xbf Code ;ID;STOCK;Revision;;title;price;category\nA-1;7;3;9;x;T;1,5;c\n";
    assert_eq!(rows(file).expect("rows"), ["2 A-1"]);
    let names = ByteRecord::from(vec!["ID", "Code", ""]);
    let columns = columns(&names).expect("columns");
    let names: Vec<_> = columns
        .iter()
        .map(|column| column.map(|f| f.name))
        .collect();
    assert_eq!(names, [None, Some("code"), None]);
}

#[test]
fn names_that_are_no_fields_are_told_by_name() {
    let (line, reason) = unreadable(b"title,colour,Size\nA,red,9\n");
    assert_eq!(line, 1);
    let unknown = ["colour", "size"].map(|name| FieldReason::new(name, Rule::Unknown));
    assert_eq!(reason, Reason::Invalid(unknown.into()));
}

#[test]
fn what_is_not_utf8_ends_the_file() {
    assert_eq!(unreadable(b"title,c\xffde\n"), (1, Reason::NotUtf8));
    let mut file = format!("{NAMES}\nA,a,1,1,x\n").into_bytes();
    file.extend_from_slice(b"\xff,b,1,1,x\n");
    assert_eq!(unreadable(&file), (3, Reason::NotUtf8));
}

#[test]
fn a_source_that_fails_is_told_with_its_line() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::other("the network is gone")),
                read => Ok(read),
            }
        }
    }
    let told = |text: &str| {
        let read = read(Failing(text.as_bytes()), &mut |_| true);
        let Unreadable { line, reason } = read.expect_err("it can be read");
        assert!(matches!(&reason, Reason::Malformed(why) if why.contains("network")));
        line
    };
    assert_eq!(told(""), 1);
    assert_eq!(told(&format!("{NAMES}\nA,a,1,1,x\n")), 3);
}

#[test]
fn reading_ends_when_nobody_wants_more() {
    let file = format!("{NAMES}\nA,a,1,1,x\nB,b,1,1,x\n");
    let mut count = 0;
    let read = read(file.as_bytes(), &mut |_| {
        count += 1;
        false
    });
    assert_eq!(read, Ok(()));
    assert_eq!(count, 1);
}

#[test]
fn cells_become_json_of_their_fields_kind() {
    assert_eq!(to_value(Kind::Count, " 12 "), json!(12));
    assert_eq!(to_value(Kind::Count, "-3"), json!(-3));
    assert_eq!(to_value(Kind::Count, "a lot"), json!("a lot"));
    for yes in ["true", "1", "YES", "sí", " Si "] {
        assert_eq!(to_value(Kind::Flag, yes), json!(true), "{yes}");
    }
    for no in ["FALSE", "0", "no"] {
        assert_eq!(to_value(Kind::Flag, no), json!(false), "{no}");
    }
    assert_eq!(to_value(Kind::Flag, "maybe"), json!("maybe"));
    assert_eq!(to_value(Kind::Price, " 1,5 "), json!(" 1,5 "));
    let urls = Kind::Urls {
        max: 9,
        max_chars: 9,
    };
    assert_eq!(to_value(urls, " /a /b "), json!(["/a", "/b"]));
}

#[test]
fn addresses_are_parted_by_spaces_and_by_bars_before_an_address() {
    let parted = |text| urls(text).collect::<Vec<_>>();
    assert_eq!(parted("/a /b"), ["/a", "/b"]);
    assert_eq!(parted("/a|/b|https://x/c"), ["/a", "/b", "https://x/c"]);
    assert_eq!(
        parted("http://x/a|http://x/b"),
        ["http://x/a", "http://x/b"]
    );
    assert_eq!(parted("https://x/a|b.png"), ["https://x/a|b.png"]);
    assert_eq!(
        parted("https://x/a|b.png|/c /d"),
        ["https://x/a|b.png", "/c", "/d"]
    );
    assert_eq!(parted(""), [""; 0]);
}
