use super::*;

#[test]
fn a_row_may_be_long_but_not_without_end() {
    let since_row = Cell::new(0);
    let mut source = Bounded::new(io::repeat(b'x'), &since_row);
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    let error = loop {
        match source.read(&mut buffer) {
            Ok(more) => read += more,
            Err(error) => break error,
        }
        assert!(read <= MAX_ROW_BYTES + buffer.len(), "it has no bound");
    };
    assert!(read > MAX_ROW_BYTES, "{read}");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("1048576"), "{error}");
    // Whoever got a row begins anew.
    since_row.set(0);
    assert_eq!(source.read(&mut buffer).expect("bytes"), buffer.len());
    assert_eq!(since_row.get(), buffer.len());
}
