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
    let taken = |code: &str| Err(Reason::CodeTaken(code.to_owned()));
    for (on_duplicate, there, same, other) in [
        (Refuse, taken("THERE"), taken("NEW"), taken("new")),
        (Skip, Ok(Skipped), Ok(Skipped), Ok(Skipped)),
        (Update, Ok(Updated), Ok(Updated), Ok(Updated)),
    ] {
        let mut preview = preview();
        let mut decide = |code, stock| preview.decide(&draft(code, stock), on_duplicate);
        assert_eq!(decide("THERE", 2), there);
        assert_eq!(decide("new", 1), Ok(Added));
        assert_eq!(decide("NEW", 1), same, "another case is another text");
        assert_eq!(decide("new", 9), other);
    }
    let mut preview = preview();
    let mut update = |code, stock| preview.decide(&draft(code, stock), Update);
    assert_eq!(update("there", 1), Ok(Skipped), "it is so already");
    assert_eq!(update("there", 2), Ok(Updated));
    assert_eq!(update("there", 2), Ok(Skipped));
    assert_eq!(update("there", 1), Ok(Updated));
}
