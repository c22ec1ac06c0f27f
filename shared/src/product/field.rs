//! What is known about each field of a product: its name, its kind, its limits. Whoever handles
//! all fields alike (the rules, a file, a data file, a form, the API's description) goes through
//! these, so that a new field is one more line in the table of [`Draft`](super::Draft).

use super::Price;

/// One field of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in JSON, in CSV and in forms.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a product can't be without it.
    pub is_required: bool,
    /// What people should know about it, in English.
    pub about: &'static str,
}

/// What a field holds, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text of one line.
    Line {
        /// The most characters it may have after trimming.
        max_chars: usize,
    },
    /// A text of one line by which a product is found: it has nothing in it that nobody sees.
    Code {
        /// The most characters it may have after trimming.
        max_chars: usize,
    },
    /// A text that may have line breaks.
    Lines {
        /// The most characters it may have after trimming.
        max_chars: usize,
    },
    /// An amount of money.
    Price,
    /// `true` or `false`; `true` unless given.
    Flag,
    /// A whole number from 0 to `u32::MAX`.
    Count,
    /// Addresses of images.
    Urls {
        /// The most addresses.
        max: usize,
        /// The most characters of one.
        max_chars: usize,
    },
}

/// A field's value, borrowed from a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldRef<'a> {
    /// Of [`Kind::Line`], [`Kind::Code`] and [`Kind::Lines`].
    Text(&'a str),
    /// Of [`Kind::Price`].
    Price(Price),
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Count`].
    Count(u32),
    /// Of [`Kind::Urls`].
    Urls(&'a [Box<str>]),
}

impl FieldRef<'_> {
    /// How many bytes its texts have, with what stands between them.
    pub fn text_bytes(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Urls(urls) => urls.iter().map(|url| url.len() + 3).sum(),
            Self::Price(_) | Self::Flag(_) | Self::Count(_) => 0,
        }
    }
}

/// Where a draft's fields are read from, one after the other.
pub trait FieldSource {
    /// Why a field can't be read.
    type Error;

    /// Reads a field of [`Kind::Line`], [`Kind::Code`] or [`Kind::Lines`].
    fn text(&mut self, field: &'static Field) -> Result<Box<str>, Self::Error>;
    /// Reads a field of [`Kind::Price`].
    fn price(&mut self, field: &'static Field) -> Result<Price, Self::Error>;
    /// Reads a field of [`Kind::Flag`].
    fn flag(&mut self, field: &'static Field) -> Result<bool, Self::Error>;
    /// Reads a field of [`Kind::Count`].
    fn count(&mut self, field: &'static Field) -> Result<u32, Self::Error>;
    /// Reads a field of [`Kind::Urls`].
    fn urls(&mut self, field: &'static Field) -> Result<Box<[Box<str>]>, Self::Error>;
}

/// The Rust type of a field.
pub(crate) trait FieldType: Sized {
    /// Has the source read a field of this type.
    fn read<S: FieldSource>(source: &mut S, field: &'static Field) -> Result<Self, S::Error>;
    /// Shows the value.
    fn borrow(&self) -> FieldRef<'_>;
}

macro_rules! field_types {
    ($($type:ty: $read:ident, $value:ident => $shown:expr;)+) => {$(
        impl FieldType for $type {
            fn read<S: FieldSource>(
                source: &mut S,
                field: &'static Field,
            ) -> Result<Self, S::Error> {
                source.$read(field)
            }

            fn borrow(&self) -> FieldRef<'_> {
                let $value = self;
                $shown
            }
        }
    )+};
}

field_types! {
    Box<str>: text, value => FieldRef::Text(value);
    Price: price, value => FieldRef::Price(*value);
    bool: flag, value => FieldRef::Flag(*value);
    u32: count, value => FieldRef::Count(*value);
    Box<[Box<str>]>: urls, value => FieldRef::Urls(value);
}

/// Defines [`Draft`](super::Draft), [`Patch`](super::Patch) and what goes through all their
/// fields, from one table.
macro_rules! product_fields {
    (@is required) => { true };
    (@is optional) => { false };
    ($(
        $(#[doc = $about:literal])+
        $name:ident: $type:ty, $kind:expr, $need:ident;
    )+) => {
        /// The fields a person gives for a product. A value of this type has passed
        /// [the rules](crate::rules), or comes from a place where it had. It is kept in memory
        /// for as long as the product is listed, so its texts have no room to grow.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct Draft {$(
            $(#[doc = $about])+
            pub $name: $type,
        )+}

        /// The fields to change in a product; `None` means unchanged.
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct Patch {$(
            #[doc = concat!("See [`Draft::", stringify!($name), "`].")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $name: Option<$type>,
        )+}

        /// The place of each field in [`Draft::FIELDS`].
        #[expect(non_camel_case_types, reason = "named as the fields are")]
        enum FieldIndex {$($name,)+}

        impl Draft {
            /// Every field, in the order of JSON and CSV.
            pub const FIELDS: &[Field] = &[$(
                Field {
                    name: stringify!($name),
                    kind: $kind,
                    is_required: product_fields!(@is $need),
                    about: concat!($($about),+).trim_ascii(),
                },
            )+];

            /// Reads every field, in order; ends at the first that can't be read.
            pub fn read<S: FieldSource>(source: &mut S) -> Result<Self, S::Error> {
                Ok(Self {$(
                    $name: FieldType::read(source, &Self::FIELDS[FieldIndex::$name as usize])?,
                )+})
            }

            /// Every field with its value, in order.
            pub fn values(&self) -> impl Iterator<Item = (&'static Field, FieldRef<'_>)> {
                Self::FIELDS.iter().zip([$(FieldType::borrow(&self.$name),)+])
            }
        }

        impl Patch {
            /// Reads those fields of which `is_given` says that they are there.
            pub fn read<S: FieldSource>(
                source: &mut S,
                is_given: impl Fn(&S, &Field) -> bool,
            ) -> Result<Self, S::Error> {
                Ok(Self {$(
                    $name: {
                        let field = &Draft::FIELDS[FieldIndex::$name as usize];
                        is_given(source, field)
                            .then(|| FieldType::read(source, field))
                            .transpose()?
                    },
                )+})
            }

            /// The draft with the fields of the patch in place of its own.
            pub fn applied_to(self, draft: &Draft) -> Draft {
                let old = draft.clone();
                Draft {$($name: self.$name.unwrap_or(old.$name),)+}
            }

            /// The values it gives, in the order of the fields.
            pub fn values(&self) -> impl Iterator<Item = Option<FieldRef<'_>>> {
                [$(self.$name.as_ref().map(FieldType::borrow),)+].into_iter()
            }

            /// The patch that makes `now` of `before`.
            pub fn between(before: &Draft, now: Draft) -> Self {
                Self {$($name: (before.$name != now.$name).then_some(now.$name),)+}
            }
        }

        impl From<Draft> for Patch {
            /// The patch that sets every field, as HTTP's `PUT` does.
            fn from(draft: Draft) -> Self {
                Self {$($name: Some(draft.$name),)+}
            }
        }
    };
}

pub(super) use product_fields;
