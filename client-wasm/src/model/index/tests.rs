use proptest::prelude::*;
use shared::{Change, Draft, Price, Revision};

use super::*;
use crate::model::query::Sort;

fn draft(title: &str, stock: u32) -> Draft {
    Draft {
        title: title.into(),
        description: "".into(),
        code: title.into(),
        price: Price::from_cents(u64::from(stock) * 100).expect("a price"),
        status: stock != 1,
        stock,
        category: if stock.is_multiple_of(2) {
            "even"
        } else {
            "odd"
        }
        .into(),
        thumbnails: Box::default(),
    }
}

fn put(catalog: &mut Catalog, id: u64, title: &str, stock: u32) {
    let revision = catalog.revision().next();
    let product = Product {
        id: ProductId(id),
        revision,
        draft: draft(title, stock),
    };
    catalog.apply(revision, [Change::Updated(Arc::new(product))]);
}

fn delete(catalog: &mut Catalog, id: u64) {
    let revision = catalog.revision().next();
    catalog.apply(revision, [Change::Deleted(ProductId(id))]);
}

fn index(catalog: &Catalog) -> Index {
    let mut index = Index::new(str::to_owned, LowStock::default());
    index.replace(catalog);
    index
}

fn ids(index: &Index) -> Vec<u64> {
    index.order().iter().map(|id| id.0).collect()
}

fn sorted(name: &str) -> Query {
    Query {
        sort: Sort::from_name(name).expect("an order"),
        ..Query::default()
    }
}

fn few() -> Catalog {
    let mut catalog = Catalog::default();
    for (id, title, stock) in [
        (1, "Lamp", 7),
        (2, "chair", 0),
        (3, "Table", 3),
        (4, "lamp shade", 1),
    ] {
        put(&mut catalog, id, title, stock);
    }
    catalog
}

#[test]
fn a_list_is_searched_filtered_and_sorted() {
    let catalog = few();
    let mut index = index(&catalog);
    assert_eq!(ids(&index), [4, 3, 2, 1], "newest first");
    let search = |text: &str| Query {
        search: text.to_owned(),
        ..Query::default()
    };
    let tab = |tab| Query {
        tab,
        ..Query::default()
    };
    for (query, expected) in [
        (search("LAMP"), vec![4, 1]),
        (search("lamp shade"), vec![4]),
        (search("x"), vec![]),
        (tab(Tab::OnSale), vec![3, 2, 1]),
        (tab(Tab::Low), vec![4, 3]),
        (tab(Tab::Out), vec![2]),
        (sorted("title"), vec![2, 1, 4, 3]),
        (sorted("-price"), vec![1, 3, 4, 2]),
        (sorted("category"), vec![2, 4, 3, 1]),
        (sorted("id"), vec![1, 2, 3, 4]),
    ] {
        index.set_query(query.clone());
        index.finish();
        assert_eq!(ids(&index), expected, "{query:?}");
    }
    let counts = Tab::ALL.map(|tab| index.count(tab));
    assert_eq!(counts, [4, 3, 2, 1]);
    let categories: Vec<_> = index.categories().collect();
    assert_eq!(categories, [("even", 1), ("odd", 3)]);
}

proptest! {
    /// Whichever way one comes to a part of the list, it is the same: also where what was searched for before
    /// was not found yet, and the list changed meanwhile. What is found first is what is shown first.
    #[test]
    fn what_is_shown_depends_on_no_query_before(
        queries in prop::collection::vec((queries(), 0..4_u8, 1..110_u64, 0..9_u32), 1..12),
        added in prop::collection::vec(("[lamp ]{1,6}", 0..9_u32), 1..100),
    ) {
        let mut catalog = few();
        for (id, (title, stock)) in (5..).zip(&added) {
            put(&mut catalog, id, title, *stock);
        }
        let mut index = index(&catalog);
        for (query, step, id, stock) in queries {
            match step {
                0 => index.finish(),
                1 => index.seek(|| false),
                _ => {
                    match stock {
                        0 => delete(&mut catalog, id),
                        _ => put(&mut catalog, id, "lamp", stock),
                    }
                    let moves = if step == 2 { Moves::Freely } else { Moves::Not };
                    index.apply([ProductId(id)], &catalog, moves, 0.0);
                    index.expire(GHOST_MS, |_| false);
                }
            }
            index.set_query(query.clone());
            index.seek(|| false);
            let mut fresh = self::index(&catalog);
            fresh.set_query(query);
            fresh.finish();
            prop_assert!(ids(&fresh).starts_with(&ids(&index)));
            if !index.is_searching() {
                prop_assert_eq!(ids(&index), ids(&fresh));
            }
        }
        let mut fresh = self::index(&catalog);
        fresh.set_query(index.query().clone());
        fresh.finish();
        index.finish();
        prop_assert_eq!(ids(&index), ids(&fresh));
    }
}

/// Queries of which some narrow others.
fn queries() -> impl Strategy<Value = Query> {
    let price = || {
        prop::option::of(
            (0..9_u64).prop_map(|euros| Price::from_cents(euros * 100).expect("a price")),
        )
    };
    let category = prop::option::of(prop::sample::select(vec!["even", "odd"]));
    let sort = prop::sample::select(vec!["-id", "title", "-price"]);
    let tab = prop::sample::select(Tab::ALL.to_vec());
    let search = "(|l|la|lam|lamp|a m|p la)";
    (search, tab, category, price(), price(), sort).prop_map(
        |(search, tab, category, min_price, max_price, sort)| Query {
            search,
            tab,
            category: category.map(str::to_owned),
            min_price,
            max_price,
            sort: Sort::from_name(sort).expect("an order"),
        },
    )
}

#[test]
fn nothing_moves_while_somebody_is_at_the_list() {
    let mut catalog = few();
    let mut index = index(&catalog);
    index.set_query(sorted("title"));
    index.finish();
    put(&mut catalog, 5, "Bench", 9);
    put(&mut catalog, 2, "Zebra chair", 0);
    delete(&mut catalog, 1);
    index.apply([5, 2, 1].map(ProductId), &catalog, Moves::Not, 0.0);
    assert_eq!(ids(&index), [2, 1, 4, 3]);
    assert_eq!(index.waiting(), 1, "the bench waits");
    assert_eq!(
        index.get(ProductId(2)).expect("a chair").draft.title,
        "Zebra chair".into()
    );
    assert!(index.is_ghost(ProductId(1)));
    assert_eq!(index.count(Tab::All), 4, "what is counted is what is there");

    assert!(!index.expire(GHOST_MS - 1.0, |_| false));
    assert!(!index.expire(GHOST_MS, |_| true));
    assert!(index.expire(GHOST_MS, |_| false));
    assert_eq!(ids(&index), [2, 4, 3]);
    assert!(index.release());
    assert_eq!(ids(&index), [5, 4, 3, 2]);
    assert_eq!(index.waiting(), 0);
    assert!(!index.release());
}

#[test]
fn a_product_that_comes_back_is_in_its_place_again() {
    let mut catalog = few();
    let mut index = index(&catalog);
    delete(&mut catalog, 3);
    index.apply([ProductId(3)], &catalog, Moves::Freely, 0.0);
    assert_eq!(ids(&index), [4, 3, 2, 1], "it is still seen");
    put(&mut catalog, 3, "Table", 3);
    index.apply([ProductId(3)], &catalog, Moves::Freely, 9.0);
    assert!(!index.is_ghost(ProductId(3)));
    assert!(!index.expire(1e9, |_| false));
    assert_eq!(ids(&index), [4, 3, 2, 1]);
    assert_eq!(index.count(Tab::All), 4);
}

proptest! {
    #[test]
    fn change_by_change_it_is_what_it_would_be_made_anew(
        steps in prop::collection::vec((1..30_u64, 0..4_u8, 0..9_u32, any::<bool>()), 1..80),
        sort in prop::sample::select(vec!["-id", "id", "title", "-stock", "price", "-revision"]),
        tab in prop::sample::select(Tab::ALL.to_vec()),
    ) {
        let mut catalog = Catalog::default();
        let mut list = index(&catalog);
        let query = Query { tab, search: "p".to_owned(), ..sorted(sort) };
        list.set_query(query.clone());
        list.finish();
        for (id, kind, stock, is_held) in steps {
            match kind {
                0 => delete(&mut catalog, id),
                _ => put(&mut catalog, id, &format!("p{}", stock * 7 % 5), stock),
            }
            let moves = if is_held { Moves::Not } else { Moves::Freely };
            list.apply([ProductId(id)], &catalog, moves, 0.0);
            if !is_held {
                list.release();
            }
        }
        list.release();
        list.expire(GHOST_MS, |_| false);
        let mut anew = index(&catalog);
        anew.set_query(query);
        anew.finish();
        prop_assert_eq!(ids(&list), ids(&anew));
        prop_assert_eq!(Tab::ALL.map(|tab| list.count(tab)), Tab::ALL.map(|tab| anew.count(tab)));
        prop_assert_eq!(list.categories().collect::<Vec<_>>(), anew.categories().collect::<Vec<_>>());
        prop_assert_eq!(Revision(0) <= catalog.revision(), true);
    }
}
