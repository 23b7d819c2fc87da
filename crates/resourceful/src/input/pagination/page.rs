//! One page of a collection, in memory and in JSON.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// A page of a collection and its position in the collection.
///
/// The response is an object: the items under the name of the resource, and `pagination` unless the
/// collection is unpaged.
///
/// # Examples
/// ```
/// use resourceful::{Page, PageNumber};
///
/// let page: Page<i64> = PageNumber::<10, 100>::FIRST.of(vec![1, 2, 3], 12);
/// assert_eq!(page.items(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    items: Vec<T>,
    pagination: Option<Pagination>,
}

impl<T> Page<T> {
    pub(super) fn new(items: Vec<T>, pagination: Pagination) -> Self {
        Self {
            items,
            pagination: Some(pagination),
        }
    }

    /// A page with the whole collection.
    #[must_use]
    pub fn all(items: Vec<T>) -> Self {
        Self {
            items,
            pagination: None,
        }
    }

    /// A page that another one continues. `next` is the cursor of that page; `None` if this is the last one.
    ///
    /// The response has the cursor as `next` of `pagination`, and a `Link` to the next page (RFC 8288).
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::Page::with_next(vec![1, 2], 2, Some("after-2".to_owned()));
    /// assert_eq!(
    ///     serde_json::to_string(&page.with_key("ids")).unwrap(),
    ///     r#"{"ids":[1,2],"pagination":{"limit":2,"next":"after-2","has_next":true}}"#
    /// );
    /// ```
    #[must_use]
    pub fn with_next(items: Vec<T>, limit: u64, next: Option<String>) -> Self {
        let has_next = next.is_some();
        let pagination = Pagination::Cursor {
            limit,
            next,
            has_next,
        };
        Self::new(items, pagination)
    }

    /// The cursor of the next page, if the paging style has one and this is not the last page.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        match &self.pagination {
            Some(Pagination::Cursor { next, .. }) => next.as_deref(),
            _ => None,
        }
    }

    /// The items of this page.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Converts each item.
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::Page::all(vec![1, 2]).map(|id| id * 10);
    /// assert_eq!(page.items(), [10, 20]);
    /// ```
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            pagination: self.pagination,
        }
    }

    /// This page as an object whose member `name` holds the items.
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::Page::all(vec![1, 2]);
    /// assert_eq!(serde_json::to_string(&page.with_key("ids")).unwrap(), r#"{"ids":[1,2]}"#);
    /// ```
    #[must_use]
    pub fn with_key<'a>(&'a self, name: &'a str) -> impl Serialize + JsonSchema + use<'a, T>
    where
        T: Serialize,
    {
        KeyedPage { page: self, name }
    }

    /// Reads a page from an object whose member `name` holds the items; other members are ignored.
    ///
    /// # Errors
    /// If the value is not such an object.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::Page;
    /// let json = r#"{"ids": [1, 2], "pagination": null}"#;
    /// let mut json = serde_json::Deserializer::from_str(json);
    /// assert_eq!(Page::<i64>::from_key("ids", &mut json).unwrap(), Page::all(vec![1, 2]));
    /// ```
    pub fn from_key<'de, D>(name: &str, deserializer: D) -> Result<Self, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let items = PhantomData;
        deserializer.deserialize_map(KeyedPageVisitor { name, items })
    }

    /// Returns the items.
    #[must_use]
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// The number of items in the whole collection, if the paging style counts them.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Page, PageNumber};
    /// assert_eq!(PageNumber::<10, 100>::FIRST.of(vec!["a"], 12).total(), Some(12));
    /// assert_eq!(Page::all(vec!["a"]).total(), Some(1));
    /// ```
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        match self.pagination {
            Some(Pagination::Number { total, .. } | Pagination::Offset { total, .. }) => total,
            Some(Pagination::Cursor { .. }) => None,
            None => Some(self.items.len() as u64),
        }
    }

    /// Whether more items follow.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Page, PageNumber};
    /// assert!(PageNumber::<2, 100>::FIRST.slice(&["a", "b", "c"]).has_next());
    /// assert!(!PageNumber::<2, 100>::at(2, 2).slice(&["a", "b", "c"]).has_next());
    /// assert!(!Page::all(vec!["a"]).has_next());
    /// ```
    #[must_use]
    pub fn has_next(&self) -> bool {
        match self.pagination {
            Some(
                Pagination::Number { has_next, .. }
                | Pagination::Offset { has_next, .. }
                | Pagination::Cursor { has_next, .. },
            ) => has_next,
            None => false,
        }
    }
}

struct KeyedPage<'a, T> {
    page: &'a Page<T>,
    name: &'a str,
}

impl<T: Serialize> Serialize for KeyedPage<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let pagination = self.page.pagination.as_ref();
        let mut map = serializer.serialize_map(Some(1 + usize::from(pagination.is_some())))?;
        map.serialize_entry(self.name, &self.page.items)?;
        if let Some(pagination) = pagination {
            map.serialize_entry("pagination", pagination)?;
        }
        map.end()
    }
}

/// An object. The type does not know which member holds the items.
impl<T> JsonSchema for KeyedPage<'_, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Page".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "object"})
    }
}

struct KeyedPageVisitor<'a, T> {
    name: &'a str,
    items: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for KeyedPageVisitor<'_, T> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the member `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
        let (mut items, mut pagination) = (None, None);
        while let Some(member) = map.next_key::<String>()? {
            if member == self.name {
                items = Some(map.next_value()?);
            } else if member == "pagination" {
                pagination = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let missing = || A::Error::custom(format_args!("missing member `{}`", self.name));
        let items = items.ok_or_else(missing)?;
        Ok(Page { items, pagination })
    }
}

/// The position of a page, by the members of its paging style.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Pagination {
    Number {
        page: u64,
        limit: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        has_next: bool,
    },
    Offset {
        limit: u64,
        offset: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        has_next: bool,
    },
    /// The last variant: the members of the others include its members.
    Cursor {
        limit: u64,
        next: Option<String>,
        has_next: bool,
    },
}
