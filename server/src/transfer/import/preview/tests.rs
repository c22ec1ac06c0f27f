use shared::{Change, Price, Product, ProductId, Revision};

use super::*;

fn draft(code: &str, stock: u32) -> Draft {
    Draft {
        title: "T".into(),
        description: Box::default(),
        code: code.into(),
        price: Price::default(),
        status: true,
        stock,
        category: "c".into(),
        thumbnails: Box::default(),
    }
}

/// A row that names every field.
fn whole(code: &str, stock: u32) -> RowProduct {
    let draft = draft(code, stock);
    RowProduct {
        code: code.into(),
        patch: Ok(Patch::from(draft.clone())),
        draft: Ok(draft),
    }
}

/// A row that names the code and the stock.
fn partial(code: &str, stock: u32) -> RowProduct {
    RowProduct {
        code: code.into(),
        draft: Err(Reason::NotText),
        patch: Ok(Patch {
            stock: Some(stock),
            ..Patch::default()
        }),
    }
}

fn preview() -> Preview {
    let mut catalog = Catalog::default();
    let product = Product {
        id: ProductId(1),
        revision: Revision(1),
        draft: draft("there", 1),
    };
    catalog.apply(Revision(1), [Change::Added(Arc::new(product))]);
    Preview::new(Arc::new(catalog))
}

#[test]
fn rows_are_decided_as_if_the_ones_before_were_done() {
    use OnDuplicate::{Refuse, Skip, Update};
    use RowOutcome::{Added, Skipped, Updated};
    let taken = |code: &str| Err(Reason::CodeTaken(code.to_owned(), None));
    for (on_duplicate, there, same, other) in [
        (Refuse, taken("THERE"), taken("NEW"), taken("new")),
        (Skip, Ok(Skipped), Ok(Skipped), Ok(Skipped)),
        (Update, Ok(Updated), Ok(Updated), Ok(Updated)),
    ] {
        let mut preview = preview();
        let mut decide = |code, stock| preview.decide(whole(code, stock), on_duplicate);
        assert_eq!(decide("THERE", 2), there);
        assert_eq!(decide("new", 1), Ok(Added));
        assert_eq!(decide("NEW", 1), same, "another case is another text");
        assert_eq!(decide("new", 9), other);
    }
    let mut preview = preview();
    let mut update = |code, stock| preview.decide(whole(code, stock), Update);
    assert_eq!(update("there", 1), Ok(Skipped), "it is so already");
    assert_eq!(update("there", 2), Ok(Updated));
    assert_eq!(update("there", 2), Ok(Skipped));
    assert_eq!(update("there", 1), Ok(Updated));
}

#[test]
fn a_row_that_names_only_what_changes_needs_a_product_that_is_there() {
    use OnDuplicate::{Refuse, Skip, Update};
    use RowOutcome::{Added, Skipped, Updated};
    let mut preview = preview();
    for on_duplicate in [Refuse, Skip, Update] {
        let missing = preview.decide(partial("new", 1), on_duplicate);
        assert_eq!(missing, Err(Reason::NotText));
    }
    let mut update = |row| preview.decide(row, Update);
    assert_eq!(update(partial("there", 1)), Ok(Skipped));
    assert_eq!(update(partial("there", 5)), Ok(Updated));
    assert_eq!(update(partial("there", 5)), Ok(Skipped));
    assert_eq!(update(whole("new", 1)), Ok(Added));
    assert_eq!(update(partial("new", 1)), Ok(Skipped));
    assert_eq!(update(partial("new", 2)), Ok(Updated));
    assert_eq!(update(whole("new", 2)), Ok(Skipped));
    assert_eq!(preview.decide(partial("new", 3), Skip), Ok(Skipped));
    assert_eq!(
        preview.decide(partial("new", 3), Refuse),
        Err(Reason::NotText)
    );
}
