use serde_json::json;

use super::*;

/// What each row of a file makes, in short: its line and the product's code, or the fields that
/// are wrong.
fn rows(file: &[u8]) -> Result<Vec<String>, Unreadable> {
    let mut rows = Vec::new();
    read(file, &Mapping::default(), &mut drop, &mut |row| {
        rows.push(match row.product.and_then(|product| product.draft) {
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
    let columns = Columns::read(&names, &Mapping::default())
        .expect("columns")
        .fields;
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
    let unknown = ["colour", "Size"].map(|name| FieldReason::new(name, Rule::Unknown));
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
        let read = read(
            Failing(text.as_bytes()),
            &Mapping::default(),
            &mut drop,
            &mut |_| true,
        );
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
    let read = read(file.as_bytes(), &Mapping::default(), &mut drop, &mut |_| {
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
    assert_eq!(to_value(Kind::Count, "12.0"), json!(12));
    assert_eq!(to_value(Kind::Count, "12,00"), json!(12));
    assert_eq!(to_value(Kind::Count, "05"), json!(5));
    assert_eq!(to_value(Kind::Count, "1,000"), json!("1,000"));
    assert_eq!(to_value(Kind::Count, "1 000"), json!(1_000));
    assert_eq!(to_value(Kind::Count, "1e3"), json!("1e3"));
    assert_eq!(
        to_value(Kind::Count, "99999999999999999999"),
        json!(u64::MAX)
    );
    assert_eq!(to_value(Kind::Count, " "), json!(null));
    assert_eq!(to_value(Kind::Count, "a lot"), json!("a lot"));
    for yes in [
        "true",
        "1",
        "YES",
        "sí",
        " Si ",
        "VERDADERO",
        "Wahr",
        "vrai",
    ] {
        assert_eq!(to_value(Kind::Flag, yes), json!(true), "{yes}");
    }
    for no in ["FALSE", "0", "no", "Falso", "FALSCH", "faux"] {
        assert_eq!(to_value(Kind::Flag, no), json!(false), "{no}");
    }
    assert_eq!(to_value(Kind::Flag, "maybe"), json!("maybe"));
    assert_eq!(to_value(Kind::Price, " 1,5 "), json!(" 1,5 "));
    let urls = Kind::Urls {
        max: 9,
        max_chars: 9,
    };
    assert_eq!(to_value(urls, " /a /b "), json!(["/a", "/b"]));
    assert_eq!(to_value(urls, r#"["/a|/b"]"#), json!(["/a|/b"]));
    let line = Kind::Line { max_chars: 9 };
    assert_eq!(to_value(line, "'=1+1"), json!("=1+1"));
    assert_eq!(to_value(line, "'quoted'"), json!("'quoted'"));
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

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = [
            "",
            NAMES,
            "",
            "A,a,1,1,x",
            " , ,,,",
            "\"B",
            "",
            "2\",b,1,1,x",
            "",
            "C,c,no,-1,x",
            ",,,,",
            "D,d,1,1,x",
        ];
        let file = lines.join(end);
        let rows = rows(file.as_bytes()).expect("rows");
        let expected = ["4 a", "6 not title", "10 not price, stock", "12 d"];
        assert_eq!(rows, expected, "{end:?}");
    }
}

#[test]
fn rows_of_nothing_are_skipped_the_first_ones_too() {
    let file = format!(",,,,\n , \n{NAMES}\n,,,,\nA,a,1,1,x\n  ,\t,,,\n");
    assert_eq!(rows(file.as_bytes()).expect("rows"), ["5 a"]);
    let required = ["title", "code", "price", "stock", "category"];
    let missing = required.map(|name| FieldReason::new(name, Rule::Required));
    for file in ["", "\n", ",,\n", "\u{feff}"] {
        let (_, reason) = unreadable(file.as_bytes());
        assert_eq!(reason, Reason::Invalid(missing.to_vec()), "{file:?}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_told_where_it_opens() {
    let file = format!("{NAMES}\nA,a,1,1,x\nB,b,1,1,\"never closed\nC,c,1,1,x\nD,d,1,1,x\n");
    let mut told = Vec::new();
    let read = read(
        file.as_bytes(),
        &Mapping::default(),
        &mut drop,
        &mut |row| {
            told.push(row.line);
            true
        },
    );
    assert_eq!(read, Err(unclosed_quote(3)));
    assert_eq!(told, [2], "what came before is read");
    // One that is closed only where another was to be opened took rows in.
    let file = format!("{NAMES}\nA,a,1,1,\"x\"y\nB,b,1,1,\"x\"\n");
    assert_eq!(unreadable(file.as_bytes()), (2, Reason::UnclosedQuote));
    let file = format!("{NAMES},description\nA,a,1,1,x,\"open\nB,b,1,1,x,\"ok\"\nC,c,1,1,x,fine\n");
    assert_eq!(unreadable(file.as_bytes()), (2, Reason::UnclosedQuote));
    let file = format!("{NAMES}\nA,a,1,1,\"x\"  \n");
    assert_eq!(rows(file.as_bytes()).expect("rows"), ["2 a"]);
    // In the row of names, and so far on that the bound for rows comes first.
    assert_eq!(
        unreadable(b"title,\"code\nA,a\n"),
        (1, Reason::UnclosedQuote)
    );
    // A quote inside a cell opens nothing, and one that is closed is fine.
    let file = format!("{NAMES}\nA 5\" b,a,1,1,x\n\"B \"\"b\"\"\",b,1,1,x\n");
    assert_eq!(rows(file.as_bytes()).expect("rows"), ["2 a", "3 b"]);
}

#[test]
fn a_row_with_more_cells_than_names_is_refused_and_empty_ones_are_fine() {
    let file = format!("{NAMES}\nLamp,a,49,90,12,lighting\nB,b,1,1,x,, \nC,c,1,1\n");
    let told = ["2 too_many_cells", "3 b", "4 not category"];
    assert_eq!(rows(file.as_bytes()).expect("rows"), told);
}

#[test]
fn a_column_that_is_there_twice_is_told_by_name() {
    for names in [
        "title,code,price,price",
        "Price,code, price ",
        "code,CODE,id,id",
    ] {
        let (line, reason) = unreadable(format!("\n{names}\n").as_bytes());
        let Reason::Invalid(failed) = reason else {
            panic!("{reason:?}");
        };
        assert_eq!(
            (line, failed.len(), failed[0].rule),
            (2, 1, Rule::Twice),
            "{names}"
        );
    }
}

#[test]
fn rows_of_nothing_may_be_many() {
    let nothing = ",\u{a0},,,\r\n".repeat(200_000);
    let file = format!("{NAMES}\n{nothing}A,a,1,1,x,\u{a0}\n");
    assert_eq!(rows(file.as_bytes()).expect("rows"), ["200002 a"]);
}

#[test]
fn a_first_line_may_name_the_separator() {
    for end in ["\n", "\r\n"] {
        let file = ["sep=;", "code;title;price;stock;category", "a;A, b;1,5;1;x"].join(end);
        assert_eq!(rows(file.as_bytes()).expect("rows"), ["3 a"]);
    }
}

#[test]
fn a_file_is_read_the_same_in_however_small_pieces_it_comes() {
    struct Pieces<'a>(&'a [u8], usize);
    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let some = buffer.len().min(self.1);
            self.0.read(&mut buffer[..some])
        }
    }
    let file = "\u{feff}sep=;\r\n;;\r\ncode;title;price;stock;category\r\na;\"A\r\n\";1,5;1;x\r\n";
    for size in 1..40 {
        let mut told = Vec::new();
        let pieces = Pieces(file.as_bytes(), size);
        let read = read(pieces, &Mapping::default(), &mut drop, &mut |row| {
            let title = row.product.and_then(|product| product.draft);
            told.push((row.line, title.map(|draft| draft.title.to_string())));
            true
        });
        assert_eq!(read, Ok(()));
        assert_eq!(told, [(4, Ok("A".to_owned()))], "in pieces of {size}");
    }
}
