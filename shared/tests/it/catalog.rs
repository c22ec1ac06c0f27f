//! The catalog: whoever knows it at a revision and every change after knows it.

use proptest::prelude::*;
use shared::{
    Catalog, CatalogId, Change, Command, Decision, Digest, Draft, Import, Mirror, OnDuplicate,
    Patch, Price, Product, ProductId, Reason, Revision, ServerMessage,
};

fn draft(code: &str) -> Draft {
    Draft {
        title: format!("Product {code}").into(),
        description: "".into(),
        code: code.into(),
        price: Price::from_cents(100).expect("a price"),
        status: true,
        stock: 1,
        category: "tools".into(),
        thumbnails: Box::default(),
    }
}

/// Decides and applies, as the desk does.
fn run(catalog: &mut Catalog, command: Command) -> Result<Option<Change>, Reason> {
    match catalog.decide(command)? {
        Decision::Nothing(_) => Ok(None),
        Decision::Change(change) => {
            let next = catalog.revision().next();
            catalog.apply(next, [change.clone()]);
            Ok(Some(change))
        }
    }
}

fn add(catalog: &mut Catalog, code: &str) -> Result<Option<Change>, Reason> {
    run(catalog, Command::Add(draft(code)))
}

fn delete(id: u64) -> Command {
    Command::Delete {
        id: ProductId(id),
        if_revision: None,
    }
}

#[test]
fn an_id_is_the_revision_of_the_addition_and_never_comes_back() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    run(&mut catalog, delete(1)).expect("deleted");
    add(&mut catalog, "a").expect("added");
    let ids: Vec<u64> = catalog.products().map(|product| product.id.0).collect();
    assert_eq!(ids, [3]);
    assert_eq!(
        run(&mut catalog, delete(1)),
        Err(Reason::NotFound(ProductId(1)))
    );
}

#[test]
fn a_restored_product_has_its_id_and_a_new_revision() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    let deleted = catalog.get(ProductId(1)).cloned();
    let restore = |deleted| Command::Restore {
        id: ProductId(1),
        deleted,
    };
    let there = run(&mut catalog, restore(None));
    assert_eq!(there, Ok(None), "it is there");
    run(&mut catalog, delete(1)).expect("deleted");
    let unknown = run(&mut catalog, restore(None));
    assert_eq!(unknown, Err(Reason::NotKept(ProductId(1))));
    add(&mut catalog, "A").expect("added");
    assert!(matches!(
        run(&mut catalog, restore(deleted.clone())),
        Err(Reason::CodeTaken(..))
    ));
    run(&mut catalog, delete(3)).expect("deleted");
    run(&mut catalog, restore(deleted)).expect("restored");
    let there = catalog.get(ProductId(1)).expect("a product");
    assert_eq!((there.revision, &there.draft), (Revision(5), &draft("a")));
}

#[test]
fn a_code_is_one_products_whatever_its_case() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "Ñandú-1").expect("added");
    assert!(matches!(
        add(&mut catalog, "ÑANDÚ-1"),
        Err(Reason::CodeTaken(..))
    ));
    add(&mut catalog, "b").expect("added");
    let rename = |id, code: &str| Command::Update {
        id: ProductId(id),
        patch: Patch {
            code: Some(code.into()),
            ..Patch::default()
        },
        if_revision: None,
    };
    assert!(matches!(
        run(&mut catalog, rename(2, "ñandú-1")),
        Err(Reason::CodeTaken(..))
    ));
    run(&mut catalog, rename(1, "ñandú-1")).expect("its own code in another case");
    run(&mut catalog, rename(1, "c")).expect("renamed");
    add(&mut catalog, "ñandú-1").expect("free again");
    assert_eq!(catalog.with_code("C").map(|product| product.id.0), Some(1));
}

#[test]
fn a_patch_that_changes_nothing_is_no_change() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    let same = Command::Update {
        id: ProductId(1),
        patch: Patch::from(draft("a")),
        if_revision: Some(Revision(1)),
    };
    assert_eq!(run(&mut catalog, same), Ok(None));
    assert_eq!(catalog.revision().0, 1);
}

#[test]
fn a_command_for_an_older_revision_is_refused() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    let late = Command::Delete {
        id: ProductId(1),
        if_revision: Some(Revision(9)),
    };
    let refused = Err(Reason::Changed(ProductId(1), Revision(1)));
    assert_eq!(run(&mut catalog, late), refused);
}

#[test]
fn a_list_goes_on_after_an_id_whether_it_is_there_or_not() {
    let mut catalog = Catalog::default();
    for code in ["a", "b", "c"] {
        add(&mut catalog, code).expect("added");
    }
    run(&mut catalog, delete(2)).expect("deleted");
    let after = |id| -> Vec<u64> {
        let products = catalog.products_after(ProductId(id));
        products.map(|product| product.id.0).collect()
    };
    assert_eq!(after(0), [1, 3]);
    assert_eq!(after(1), [3]);
    assert_eq!(after(2), [3]);
    assert_eq!(after(u64::MAX), [0_u64; 0]);
}

/// Any command, on few codes and ids so that they meet.
fn commands() -> impl Strategy<Value = Vec<Command>> {
    let code = prop::sample::select(vec!["a", "B", "b", "c", "d", "e"]);
    let add = code.clone().prop_map(|code| Command::Add(draft(code)));
    let delete = (1_u64..12).prop_map(delete);
    let update = (1_u64..12, prop::option::of(code), 0_u32..3).prop_map(|(id, code, stock)| {
        Command::Update {
            id: ProductId(id),
            patch: Patch {
                code: code.map(Into::into),
                stock: Some(stock),
                ..Patch::default()
            },
            if_revision: None,
        }
    });
    prop::collection::vec(prop_oneof![add, delete, update], 0..60)
}

proptest! {
    #[test]
    fn a_snapshot_and_the_changes_after_it_give_the_same_catalog(
        commands in commands(),
        since in 0_usize..60,
        frame in 1_usize..7,
    ) {
        let mut catalog = Catalog::default();
        let mut changes = Vec::new();
        let mut history = vec![catalog.clone()];
        for command in commands {
            if let Ok(Some(change)) = run(&mut catalog, command) {
                changes.push(change);
                history.push(catalog.clone());
            }
        }
        // What a page sees that starts at some revision, the changes in frames of some size.
        let since = since.min(changes.len());
        let start = &history[since];
        let mut mirror = Mirror::default();
        mirror.take(ServerMessage::Snapshot {
            catalog: CatalogId("c1".into()),
            revision: start.revision(),
            products: start.products().cloned().collect(),
            part: 1,
            parts: 1,
        });
        let mut revision = since;
        for frame in changes[since..].chunks(frame) {
            revision += frame.len();
            let message = ServerMessage::Changes {
                revision: Revision(revision as u64),
                changes: frame.to_vec(),
            };
            let json = message.encode();
            mirror.take(serde_json::from_str(&json).expect("a message"));
            let there = &history[revision];
            prop_assert_eq!(mirror.catalog(), there);
            prop_assert_eq!(mirror.catalog().digest(), there.digest());
        }
        prop_assert_eq!(mirror.catalog(), &catalog);
        // The same catalog, read whole, has the same digest and knows the same codes.
        let whole = Catalog::new(catalog.revision(), catalog.products().cloned());
        prop_assert_eq!(whole.digest(), catalog.digest());
        for product in catalog.products() {
            let code = product.draft.code.to_uppercase();
            let owner = mirror.catalog().with_code(&code).map(|product| product.id);
            prop_assert_eq!(owner, Some(product.id));
        }
    }
}

#[test]
fn an_import_does_with_a_taken_code_what_it_was_told() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    let import = |code: &str, stock, on_duplicate| {
        let draft = Draft {
            stock,
            ..draft(code)
        };
        Command::Import(Box::new(Import {
            code: code.into(),
            patch: Ok(Patch::from(draft.clone())),
            draft: Ok(draft),
            on_duplicate,
        }))
    };
    let refused = run(&mut catalog, import("A", 9, OnDuplicate::Refuse));
    assert_eq!(refused, Err(Reason::CodeTaken("A".to_owned(), None)));
    let skipped = run(&mut catalog, import("A", 9, OnDuplicate::Skip));
    assert_eq!(skipped, Ok(None));
    run(&mut catalog, import("A", 9, OnDuplicate::Update)).expect("updated");
    let again = run(&mut catalog, import("A", 9, OnDuplicate::Update));
    assert_eq!(again, Ok(None));
    run(&mut catalog, import("b", 1, OnDuplicate::Skip)).expect("added");
    let stocks: Vec<_> = catalog
        .products()
        .map(|product| product.draft.stock)
        .collect();
    assert_eq!(stocks, [9, 1]);
}

#[test]
fn the_digest_is_the_same_on_every_machine_and_in_every_build() {
    let mut catalog = Catalog::default();
    let digest = |catalog: &Catalog| serde_json::to_string(&catalog.digest()).expect("JSON");
    assert_eq!(digest(&catalog), r#""0000000000000000""#);
    add(&mut catalog, "a").expect("added");
    let one = digest(&catalog);
    assert_eq!(one, r#""1695a5e63a0f97cd""#);
    add(&mut catalog, "b").expect("added");
    assert_eq!(digest(&catalog), r#""f5f49ccb9344ae8e""#);
    run(&mut catalog, delete(2)).expect("deleted");
    assert_eq!(digest(&catalog), one);
    assert_eq!(catalog.len(), 1);
}

#[test]
fn catalogs_are_equal_with_the_same_products_at_the_same_revision() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    add(&mut catalog, "b").expect("added");
    assert_eq!(catalog.len(), 2);
    let products = || catalog.products().cloned();
    assert_eq!(Catalog::new(Revision(2), products()), catalog);
    assert_ne!(Catalog::new(Revision(3), products()), catalog);
    assert_ne!(Catalog::new(Revision(2), products().take(1)), catalog);
}

#[test]
fn an_import_that_names_only_what_changes_needs_a_product_that_is_there() {
    let mut catalog = Catalog::default();
    add(&mut catalog, "a").expect("added");
    let missing = || Reason::NotText;
    let import = |code: &str, on_duplicate| {
        Command::Import(Box::new(Import {
            code: code.into(),
            draft: Err(missing()),
            patch: Ok(Patch {
                stock: Some(9),
                ..Patch::default()
            }),
            on_duplicate,
        }))
    };
    for on_duplicate in [OnDuplicate::Refuse, OnDuplicate::Skip, OnDuplicate::Update] {
        assert_eq!(run(&mut catalog, import("b", on_duplicate)), Err(missing()));
    }
    assert_eq!(
        run(&mut catalog, import("A", OnDuplicate::Refuse)),
        Err(missing())
    );
    assert_eq!(run(&mut catalog, import("A", OnDuplicate::Skip)), Ok(None));
    run(&mut catalog, import("A", OnDuplicate::Update)).expect("updated");
    let product = catalog.with_code("a").expect("it is there");
    assert_eq!(
        (product.draft.stock, &*product.draft.title),
        (9, "Product a")
    );
}

#[test]
fn the_digest_covers_every_field() {
    let product = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft("a");
        draft.thumbnails = ["/a".into(), "/b".into()].into();
        change(&mut draft);
        let (id, revision) = (ProductId(1), Revision(1));
        Digest::of_product(&Product {
            id,
            revision,
            draft,
        })
    };
    let changes: [&dyn Fn(&mut Draft); 10] = [
        &|_| {},
        &|draft| draft.title = "another".into(),
        &|draft| draft.description = "some".into(),
        &|draft| draft.code = "b".into(),
        &|draft| draft.price = Price::from_cents(101).expect("a price"),
        &|draft| draft.status = false,
        &|draft| draft.stock = 2,
        &|draft| draft.category = "toys".into(),
        &|draft| draft.thumbnails = ["/a/b".into()].into(),
        // The same bytes, divided otherwise.
        &|draft| draft.thumbnails = ["/".into(), "a/b".into()].into(),
    ];
    let digests: Vec<String> = changes
        .iter()
        .map(|change| product(*change).to_string())
        .collect();
    for (index, digest) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(digest), "change {index}");
        assert_eq!(
            digest
                .parse::<Digest>()
                .map(|read| read.to_string())
                .as_ref(),
            Ok(digest)
        );
    }
    assert!("x".parse::<Digest>().is_err());
}
