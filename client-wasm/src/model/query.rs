//! Which part of the list is shown, and in which order. It is the page's address, so that a view can be
//! shared, kept, and opened without script at `/`.

use shared::{Price, StockLevel};

/// Which part of the list is shown, and in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What is searched for, as it was typed.
    pub search: String,
    /// The tab.
    pub tab: Tab,
    /// Exactly this category.
    pub category: Option<String>,
    /// A price of at least this.
    pub min_price: Option<Price>,
    /// A price of at most this.
    pub max_price: Option<Price>,
    /// The order.
    pub sort: Sort,
}

/// The parts of the list that are one press away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Everything.
    #[default]
    All,
    /// What is on sale.
    OnSale,
    /// What is left in a low stock.
    Low,
    /// What is out of stock.
    Out,
}

impl Tab {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::All, Self::OnSale, Self::Low, Self::Out];

    /// What the page's HTML calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::OnSale => "on_sale",
            Self::Low => "low",
            Self::Out => "out",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name() == name)
    }
}

/// What products are sorted by; equals are newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// When they were added.
    #[default]
    Id,
    /// When they were last changed.
    Revision,
    /// The title, without regard to case and accents.
    Title,
    /// The code, likewise.
    Code,
    /// The category, likewise.
    Category,
    /// The price.
    Price,
    /// The stock.
    Stock,
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// What products are sorted by.
    pub key: SortKey,
    /// Whether the greatest comes first.
    pub is_descending: bool,
}

impl Default for Sort {
    /// Newest first.
    fn default() -> Self {
        Self {
            key: SortKey::Id,
            is_descending: true,
        }
    }
}

const SORT_KEYS: [(&str, SortKey); 7] = [
    ("id", SortKey::Id),
    ("revision", SortKey::Revision),
    ("title", SortKey::Title),
    ("code", SortKey::Code),
    ("category", SortKey::Category),
    ("price", SortKey::Price),
    ("stock", SortKey::Stock),
];

impl Sort {
    /// Its name in an address, as the API has it: `-price`.
    pub fn name(self) -> String {
        let name = SORT_KEYS.iter().find(|(_, key)| *key == self.key);
        let name = name.map_or("id", |(name, _)| name);
        let sign = if self.is_descending { "-" } else { "" };
        format!("{sign}{name}")
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let (is_descending, name) = match name.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let (_, key) = SORT_KEYS.iter().find(|(known, _)| *known == name)?;
        Some(Self {
            key: *key,
            is_descending,
        })
    }

    /// The order that pressing a column's head leads to: that column, then the other way round, then
    /// newest first.
    pub fn pressed(self, key: SortKey) -> Self {
        let first = matches!(key, SortKey::Id | SortKey::Revision);
        match self {
            sort if sort.key != key => Self {
                key,
                is_descending: first,
            },
            sort if sort.is_descending == first => Self {
                key,
                is_descending: !first,
            },
            _ => Self::default(),
        }
    }
}

impl Query {
    /// Whether all that this shows was shown before, as far as the search allows.
    pub fn narrows(&self, before: &Self) -> bool {
        let is_tab = before.tab == Tab::All || before.tab == self.tab;
        let is_category = before.category.is_none() || before.category == self.category;
        let is_least = before
            .min_price
            .is_none_or(|min| self.min_price >= Some(min));
        let is_most = before
            .max_price
            .is_none_or(|max| self.max_price.is_some_and(|now| now <= max));
        is_tab && is_category && is_least && is_most
    }

    /// Reads an address's parameters; what can't be read is as if it were not there.
    pub fn from_parameters(parameters: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut query = Self::default();
        for (name, value) in parameters {
            match name.as_str() {
                "q" => query.search = value,
                "category" if !value.is_empty() => query.category = Some(value),
                "status" if value == "true" => query.tab = Tab::OnSale,
                "stock" => match value.parse() {
                    Ok(StockLevel::Low) => query.tab = Tab::Low,
                    Ok(StockLevel::Out) => query.tab = Tab::Out,
                    Err(_) => {}
                },
                "min_price" => query.min_price = Price::parse(&value).ok(),
                "max_price" => query.max_price = Price::parse(&value).ok(),
                "sort" => query.sort = Sort::from_name(&value).unwrap_or_default(),
                _ => {}
            }
        }
        query
    }

    /// The parameters that lead here; none for what is as it is anyway.
    pub fn to_parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let search = self.search.trim();
        if !search.is_empty() {
            parameters.push(("q", search.to_owned()));
        }
        match self.tab {
            Tab::All => {}
            Tab::OnSale => parameters.push(("status", "true".to_owned())),
            Tab::Low => parameters.push(("stock", "low".to_owned())),
            Tab::Out => parameters.push(("stock", "out".to_owned())),
        }
        parameters.extend(self.category.clone().map(|name| ("category", name)));
        let price = |name, price: Option<Price>| Some((name, price?.to_string()));
        parameters.extend(price("min_price", self.min_price));
        parameters.extend(price("max_price", self.max_price));
        if self.sort != Sort::default() {
            parameters.push(("sort", self.sort.name()));
        }
        parameters
    }

    /// Whether it leaves nothing out but what the search does.
    pub fn is_search_alone(&self) -> bool {
        let search = String::new();
        !Self {
            search,
            ..self.clone()
        }
        .is_filtering()
    }

    /// Whether it leaves anything out.
    pub fn is_filtering(&self) -> bool {
        let everything = Self {
            sort: self.sort,
            ..Self::default()
        };
        *self != everything
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Query {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Query::from_parameters(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    fn write(query: &Query) -> String {
        let pairs = query.to_parameters().into_iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    #[test]
    fn an_address_leads_to_the_view_that_it_was_taken_from() {
        for address in [
            "",
            "q=lamp",
            "status=true",
            "stock=low&sort=-price",
            "q=mesa&stock=out&category=lighting&min_price=5.00&max_price=19.99&sort=title",
        ] {
            assert_eq!(write(&read(address)), address);
        }
    }

    #[test]
    fn what_can_not_be_read_is_left_out() {
        for address in [
            "sort=colour",
            "stock=much",
            "status=maybe",
            "min_price=x",
            "x=y",
        ] {
            assert_eq!(read(address), Query::default(), "{address}");
        }
        assert_eq!(write(&read("q=+++&sort=-id")), "q=+++");
        assert!(!read("sort=price").is_filtering());
        assert!(read("q=a").is_filtering());
    }

    #[test]
    fn a_columns_head_sorts_turns_round_and_goes_back() {
        let by_price = Sort::default().pressed(SortKey::Price);
        assert_eq!(by_price.name(), "price");
        let down = by_price.pressed(SortKey::Price);
        assert_eq!(down.name(), "-price");
        assert_eq!(down.pressed(SortKey::Price), Sort::default());
        assert_eq!(by_price.pressed(SortKey::Title).name(), "title");
    }
}
