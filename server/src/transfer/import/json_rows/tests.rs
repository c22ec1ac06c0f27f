use super::*;

fn told(row: &Row) -> String {
    match row.product.as_ref().map(|product| &product.draft) {
        Ok(Ok(draft)) => format!("{} {}", row.line, draft.code),
        Ok(Err(reason)) | Err(reason) => format!("{} {}", row.line, reason.code()),
    }
}

type ReadFn = fn(&[u8], &mut Rows<'_>) -> Result<(), Unreadable>;

const LINES: ReadFn = |file, rows| lines(file, rows);
const ARRAY: ReadFn = |file, rows| array(file, rows);

/// The rows of a file, and where it ended early and why.
fn rows(read_fn: ReadFn, file: &str) -> (Vec<String>, Option<(u64, &'static str)>) {
    let mut rows = Vec::new();
    let read = read_fn(file.as_bytes(), &mut |row| {
        rows.push(told(&row));
        true
    });
    let ended = read
        .err()
        .map(|unreadable| (unreadable.line, unreadable.reason.code()));
    (rows, ended)
}

fn product(code: &str) -> String {
    format!(r#"{{"title":"T","code":"{code}","price":1,"stock":1,"category":"c"}}"#)
}

#[test]
fn every_line_is_a_product_or_told_by_its_number() {
    let file = format!("{}\n\n  \n{{\n{{\"id\":1}}\n{}", product("a"), product("b"));
    let told = ["1 a", "4 malformed", "5 invalid", "6 b"].map(str::to_owned);
    assert_eq!(rows(LINES, &file), (told.into(), None));
    assert_eq!(rows(LINES, ""), (Vec::new(), None));
}

#[test]
fn lines_that_are_not_utf8_end_the_file() {
    let mut file = product("a").into_bytes();
    file.extend_from_slice(b"\n\xff\n");
    let mut count = 0;
    let read = lines(&*file, &mut |_| {
        count += 1;
        true
    });
    let unreadable = Unreadable {
        line: 2,
        reason: Reason::NotUtf8,
    };
    assert_eq!(read, Err(unreadable));
    assert_eq!(count, 1);
}

#[test]
fn every_element_of_an_array_is_told_by_its_number() {
    let exported = product("b").replace('{', r#"{"id":7,"revision":9,"#);
    let file = format!("[{}, {{}}, {exported}]\n", product("a"));
    let told = ["1 a", "2 invalid", "3 b"].map(str::to_owned);
    assert_eq!(rows(ARRAY, &file), (told.into(), None));
    assert_eq!(rows(ARRAY, "[]"), (Vec::new(), None));
}

#[test]
fn what_is_no_product_spoils_its_own_row_alone() {
    let twice = r#"{"title":"T","title":"U"}"#;
    let file = format!("[null, {}, 7, [], {twice}, {}]", product("a"), product("b"));
    let malformed = |row: u64| format!("{row} malformed");
    let told = vec![
        malformed(1),
        "2 a".to_owned(),
        malformed(3),
        malformed(4),
        malformed(5),
        "6 b".to_owned(),
    ];
    assert_eq!(rows(ARRAY, &file), (told, None));
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let array = format!("\u{feff}[{}]", product("a"));
    assert_eq!(rows(ARRAY, &array), (vec!["1 a".to_owned()], None));
    let lines = format!("\u{feff}{}\n", product("a"));
    assert_eq!(rows(LINES, &lines), (vec!["1 a".to_owned()], None));
    assert_eq!(rows(LINES, "\u{feff}"), (Vec::new(), None));
}

#[test]
fn null_stands_for_a_field_that_is_not_there() {
    let file = product("a").replace('{', r#"{"description":null,"status":null,"#);
    assert_eq!(rows(LINES, &file), (vec!["1 a".to_owned()], None));
}

#[test]
fn an_array_that_breaks_off_is_told_where() {
    let (told, ended) = rows(ARRAY, &format!("[{}", product("a")));
    assert_eq!((told.len(), ended), (1, Some((2, "malformed"))));
    assert_eq!(rows(ARRAY, "{}").1, Some((1, "malformed")));
    let after = format!("[{}] more", product("a"));
    assert_eq!(rows(ARRAY, &after).1, Some((2, "malformed")));
    let read = array(&b"7"[..], &mut |_| true).expect_err("it is no array");
    let Reason::Malformed(why) = read.reason else {
        panic!("{:?}", read.reason);
    };
    assert!(why.contains("an array of products"), "{why}");
}

#[test]
fn reading_ends_when_nobody_wants_more() {
    let array_file = format!("[{}, {}]", product("a"), product("b"));
    let lines_file = format!("{}\n{}", product("a"), product("b"));
    for (read_fn, file) in [(ARRAY, array_file), (LINES, lines_file)] {
        let mut count = 0;
        let read = read_fn(file.as_bytes(), &mut |_| {
            count += 1;
            false
        });
        assert_eq!((read, count), (Ok(()), 1));
    }
}
