//! Which field each column of a CSV file is: by its own name, by one that spreadsheets and other shops have
//! for it, or by what a person said.

use std::collections::HashMap;

use csv::ByteRecord;
use shared::{Draft, Field, FieldReason, ImportColumn, Reason, Rule};

use crate::unicode::fold;

/// The names that other files have for a field, folded, the best first: of two columns for one field the
/// better name's counts. They are those of `WooCommerce`, Shopify and `PrestaShop`, and what people call them
/// in English and Spanish.
const NAMES: [(&str, &str); 8] = [
    (
        "title",
        "title|name|product name|product title|product|titulo|nombre|nombre del producto|\
        producto|articulo|item",
    ),
    (
        "description",
        "description|body html|body|descripcion|detalle|detalles|short description|\
        descripcion corta|summary",
    ),
    (
        "code",
        "code|sku|variant sku|reference|product code|item code|codigo|referencia|clave|ref",
    ),
    (
        "price",
        "price|regular price|variant price|precio|precio normal|precio de venta|\
        price tax incl|price tax included|price tax excl|price tax excluded|\
        precio impuestos incluidos|pvp|importe",
    ),
    (
        "status",
        "status|published|active|active 0 1|estado|activo|publicado|a la venta|en venta|\
        visible",
    ),
    (
        "stock",
        "stock|quantity|qty|variant inventory qty|stock quantity|inventory|existencias|\
        cantidad|inventario|unidades|en stock",
    ),
    (
        "category",
        "category|categories|product category|categories x y z|categoria|categorias|\
        product type|familia|rubro",
    ),
    (
        "thumbnails",
        "thumbnails|images|image|image src|image url|image urls|image urls x y z|imagenes|\
        imagen|fotos|foto",
    ),
];

/// Names in other shops' files of what Vitrina doesn't list, folded.
const LEFT_OUT: &str = "id|product id|type|parent|position|tags|tag|brands|brand|vendor|manufacturer|\
    supplier|handle|gtin upc ean or isbn|is featured|in stock|visibility in catalog|\
    date sale price starts|date sale price ends|sale price|tax status|tax class|\
    low stock amount|backorders allowed|sold individually|weight|weight kg|length cm|\
    width cm|height cm|allow customer reviews|purchase note|shipping class|\
    download limit|download expiry days|grouped products|upsells|cross sells|\
    external url|button text|gift card|seo title|seo description|image position|\
    image alt text|variant grams|variant image|variant inventory tracker|\
    variant inventory policy|variant fulfillment service|variant compare at price|\
    variant requires shipping|variant taxable|variant barcode|variant weight unit|\
    variant tax code|cost per item|on sale 0 1|ean13|upc|wholesale price";

/// How such names begin that are made for each product's own parts.
const LEFT_OUT_BEGINNINGS: [&str; 6] = [
    "attribute ",
    "meta ",
    "option",
    "google shopping",
    "included ",
    "metafield",
];

/// What a person said of a file's names: the field that each is, or that it is left out. By the names as
/// [`folded`] has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping(HashMap<String, Option<&'static Field>>);

/// What a person said of one name.
pub type Said = (String, Option<&'static Field>);

impl Mapping {
    /// What was said of these names.
    pub fn new(said: impl IntoIterator<Item = Said>) -> Self {
        let said = said.into_iter();
        Self(said.map(|(name, field)| (folded(&name), field)).collect())
    }

    /// Reads an object such as `{"Cost": "price", "Notes": null}`.
    pub fn from_json(json: &str) -> Result<Self, Rule> {
        let said: HashMap<String, Option<String>> =
            serde_json::from_str(json).map_err(|_| Rule::NotAMapping)?;
        let read = |(name, field): (String, Option<String>)| {
            let field = field.map(|field| field_named(&field).ok_or(Rule::NotAMapping));
            Ok((name, field.transpose()?))
        };
        let said = said
            .into_iter()
            .map(read)
            .collect::<Result<Vec<Said>, Rule>>();
        said.map(Self::new)
    }
}

/// The field of this name.
pub fn field_named(name: &str) -> Option<&'static Field> {
    Draft::FIELDS.iter().find(|known| known.name == name)
}

/// The columns of a file.
#[derive(Debug)]
pub struct Columns {
    /// The field of each; `None` for one that is left out.
    pub fields: Vec<Option<&'static Field>>,
    /// Each by its own name, where they are not simply the names of fields.
    pub told: Option<Vec<ImportColumn>>,
}

/// How sure it is that a column is a field: what a person said, then better names before others.
type Rank = usize;

impl Columns {
    /// Reads the row of names.
    pub fn read(names: &ByteRecord, mapping: &Mapping) -> Result<Self, Reason> {
        let mut failed = Vec::new();
        let mut found: Vec<(String, Option<(&'static Field, Rank)>)> = Vec::new();
        for name in names {
            let name = std::str::from_utf8(name).map_err(|_| Reason::NotUtf8)?;
            let name = name.trim();
            match find(name, mapping) {
                Ok(column) => found.push((name.to_owned(), column)),
                Err(rule) => failed.push(FieldReason::new(name, rule)),
            }
        }
        let mut best: HashMap<&str, Rank> = HashMap::new();
        for (name, column) in &found {
            let Some((field, rank)) = column else {
                continue;
            };
            match best.get_mut(field.name) {
                Some(before) if before == rank => failed.push(FieldReason::new(name, Rule::Twice)),
                Some(before) => *before = rank.min(before).to_owned(),
                None => drop(best.insert(field.name, *rank)),
            }
        }
        if !failed.is_empty() {
            return Err(Reason::invalid(failed, 0));
        }
        let chosen = found.iter().map(|(_, column)| {
            let column = column.filter(|(field, rank)| best.get(field.name) == Some(rank));
            column.map(|(field, _)| field)
        });
        let fields: Vec<Option<&'static Field>> = chosen.collect();
        let is_plain = |name: &str, field: Option<&Field>| match field {
            Some(field) => name.eq_ignore_ascii_case(field.name),
            None => ["", "id", "revision"].contains(&name.to_lowercase().as_str()),
        };
        let mut columns = found.iter().zip(&fields);
        let is_all_plain = columns.all(|((name, _), field)| is_plain(name, *field));
        let told = (!is_all_plain).then(|| {
            let columns = found.iter().zip(&fields);
            let columns = columns.filter(|((name, _), _)| !name.is_empty());
            let told = columns.map(|((name, _), field)| ImportColumn {
                name: name.clone(),
                field: field.map(|field| field.name.to_owned()),
            });
            told.collect()
        });
        Ok(Self { fields, told })
    }
}

/// The field of a column with this name; `None` where it is left out.
fn find(name: &str, mapping: &Mapping) -> Result<Option<(&'static Field, Rank)>, Rule> {
    let name = folded(name);
    if let Some(said) = mapping.0.get(&name) {
        return Ok(said.map(|field| (field, 0)));
    }
    for field in Draft::FIELDS {
        if name == field.name {
            return Ok(Some((field, 1)));
        }
        let names = NAMES.iter().find(|(known, _)| *known == field.name);
        let rank = names.and_then(|(_, names)| names.split('|').position(|known| known == name));
        if let Some(rank) = rank {
            return Ok(Some((field, rank + 1)));
        }
    }
    let is_left_out = name.is_empty()
        || name == "revision"
        || LEFT_OUT.split('|').any(|known| known == name)
        || LEFT_OUT_BEGINNINGS
            .iter()
            .any(|beginning| name.starts_with(beginning));
    if is_left_out {
        Ok(None)
    } else {
        Err(Rule::Unknown)
    }
}

/// A name without case, accents and signs: `Price (tax excl.)` and `price_tax_excl` are one.
fn folded(name: &str) -> String {
    let folded = fold(name);
    let words = folded.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        names: &[&str],
        mapping: &str,
    ) -> Result<Vec<Option<&'static str>>, Vec<(String, Rule)>> {
        let mapping = Mapping::from_json(mapping).expect("a mapping");
        let record = ByteRecord::from(names.to_vec());
        match Columns::read(&record, &mapping) {
            Ok(columns) => Ok(columns
                .fields
                .iter()
                .map(|field| field.map(|f| f.name))
                .collect()),
            Err(reason) => {
                let fields = reason.fields().into_iter();
                Err(fields.map(|failed| (failed.field, failed.rule)).collect())
            }
        }
    }

    /// Files of spreadsheets, of `WooCommerce`, Shopify and `PrestaShop`: their names, and the fields that
    /// these are.
    const FILES: [(&str, &str); 4] = [
        (
            "título|CÓDIGO|Precio|Existencias|Categoría",
            "title|code|price|stock|category",
        ),
        (
            "ID|Type|SKU|Name|Published|Is featured?|Short description|Description|Stock|Regular price|\
            Sale price|Categories|Images|Attribute 1 name|Meta: _x",
            "||code|title|status|||description|stock|price||category|thumbnails||",
        ),
        (
            "Handle|Title|Body (HTML)|Vendor|Product Category|Type|Published|Option1 Name|Variant SKU|\
            Variant Inventory Qty|Variant Price|Image Src|Status",
            "|title|description||category||||code|stock|price|thumbnails|status",
        ),
        (
            "Product ID|Active (0/1)|Name *|Categories (x,y,z...)|Price tax excluded|Reference #|Quantity|\
            Image URLs (x,y,z...)",
            "|status|title|category|price|code|stock|thumbnails",
        ),
    ];

    #[test]
    fn the_names_of_spreadsheets_and_shops_are_understood() {
        for (names, fields) in FILES {
            let names: Vec<&str> = names.split('|').collect();
            let read = read(&names, "{}").expect("known names");
            let read: Vec<&str> = read.into_iter().map(Option::unwrap_or_default).collect();
            assert_eq!(read.join("|"), fields, "{names:?}");
        }
    }

    #[test]
    fn a_person_says_what_is_not_known() {
        let names = ["Artikel", "code", "Cost", "Notes"];
        let failed = read(&names, "{}").expect_err("unknown names");
        let unknown: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(unknown, ["Artikel", "Cost", "Notes"]);
        let said = r#"{"artikel": "title", "Cost": "price", "Notes": null}"#;
        let fields = [Some("title"), Some("code"), Some("price"), None];
        assert_eq!(read(&names, said).expect("known"), fields);
        // What a person says counts more than a name.
        let said = r#"{"Name": null, "Label": "title"}"#;
        assert_eq!(
            read(&["Name", "Label"], said).expect("known"),
            [None, Some("title")]
        );
        for wrong in ["", "[]", r#"{"a": 1}"#, r#"{"a": "colour"}"#] {
            assert_eq!(Mapping::from_json(wrong), Err(Rule::NotAMapping), "{wrong}");
        }
    }

    #[test]
    fn a_name_twice_is_no_name() {
        let failed = read(&["title", "Title"], "{}").expect_err("twice");
        assert_eq!(failed, [("Title".to_owned(), Rule::Twice)]);
        // Of two names for one field the better counts.
        let fields = [None, Some("title")];
        assert_eq!(
            read(&["Product", "title"], "{}").expect("one title"),
            fields
        );
    }

    #[test]
    fn what_is_not_plain_is_told() {
        let told = |names: &[&str]| {
            let record = ByteRecord::from(names.to_vec());
            let columns = Columns::read(&record, &Mapping::default()).expect("columns");
            columns.told.map(|told| told.len())
        };
        assert_eq!(told(&["title", "Code", "id", ""]), None);
        assert_eq!(told(&["Name", "code", "Tags", ""]), Some(3));
    }
}
