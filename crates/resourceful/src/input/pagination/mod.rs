//! Which part of a collection: paging styles, and the [`Page`] they make.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::error::field_error::FieldError;
use crate::input::query::{Query, QueryString};
use crate::openapi::Parameter;

/// A part of a collection, and where it stands in the whole.
///
/// It is answered as an object: the items under the resource's name, and `pagination`
/// where the client asked for a part.
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
    /// The whole collection in one.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Page::all(vec!["a", "b"]).items().len(), 2);
    /// ```
    #[must_use]
    pub fn all(items: Vec<T>) -> Self {
        Self {
            items,
            pagination: None,
        }
    }

    /// The items of this part.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Page::all(vec![1]).items(), [1]);
    /// ```
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The same page of other items.
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

    /// The page as an object whose member `name` holds the items.
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
        Named { page: self, name }
    }

    /// The page of such an object; its members of other names are ignored.
    ///
    /// # Errors
    /// When it is no such object.
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
        deserializer.deserialize_map(NamedVisitor { name, items })
    }

    /// The items of this part, for good.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Page::all(vec![1]).into_items(), vec![1]);
    /// ```
    #[must_use]
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// How many items the whole collection has, where its paging style says so.
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
            Some(Pagination::Number { total, .. } | Pagination::Offset { total, .. }) => {
                Some(total)
            }
            None => Some(self.items.len() as u64),
        }
    }

    /// Are there items after these?
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
            Some(Pagination::Number { has_next, .. } | Pagination::Offset { has_next, .. }) => {
                has_next
            }
            None => false,
        }
    }
}

struct Named<'a, T> {
    page: &'a Page<T>,
    name: &'a str,
}

impl<T: Serialize> Serialize for Named<'_, T> {
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

/// An object; which member holds the items is not known to the type.
impl<T> JsonSchema for Named<'_, T> {
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

struct NamedVisitor<'a, T> {
    name: &'a str,
    items: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<'_, T> {
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

/// Where a page stands, in the words of its style.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
enum Pagination {
    Number {
        page: u64,
        limit: u64,
        total: u64,
        has_next: bool,
    },
    Offset {
        limit: u64,
        offset: u64,
        total: u64,
        has_next: bool,
    },
}

/// `?page=2&limit=10`: pages counted from 1.
///
/// `DEFAULT` items when the client names no `limit`, at most `MAX`; both are part of the
/// type, so they are known when the program is compiled. A page past the end is empty.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn list(request: Request) -> Result<Response> {
///     let page: PageNumber<2, 5> = request.query()?;
///     Ok(Json(page.slice(&[10, 20, 30]).with_key("tens")).into_response())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/", public(list)))?;
/// assert_eq!(
///     client.get("/?page=1").await.text(),
///     r#"{"tens":[10,20],"pagination":{"page":1,"limit":2,"total":3,"has_next":true}}"#
/// );
/// assert_eq!(client.get("/?limit=6").await.status(), 422);
/// # Ok(())
/// # }
/// ```
///
/// A default over the maximum does not compile:
/// ```compile_fail
/// # use resourceful::prelude::*;
/// # fn main() {
/// async fn list(request: Request) -> Result<()> { request.query::<PageNumber<50, 5>>().map(drop) }
/// # let _ = App::new().get("/", public(list));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PageNumber<const DEFAULT: u32 = 10, const MAX: u32 = 100> {
    #[serde(rename = "page")]
    number: u64,
    limit: u64,
}

impl<const DEFAULT: u32, const MAX: u32> PageNumber<DEFAULT, MAX> {
    /// The page that a client gets who asks for none.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::PageNumber::<10, 100>::FIRST.number(), 1);
    /// ```
    pub const FIRST: Self = Self {
        number: 1,
        limit: DEFAULT as u64,
    };

    /// The largest page number whose last item still has an index that a database can
    /// count (`i64`).
    const LAST: u64 = i64::MAX as u64 / if MAX == 0 { 1 } else { MAX as u64 };

    /// The number of this page, from 1.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::PageNumber::<10, 100>::FIRST.number(), 1);
    /// ```
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many items the page may have: 1 to `MAX`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::PageNumber::<10, 100>::FIRST.limit(), 10);
    /// ```
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How many items come before it; always fits an `i64`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::PageNumber::<10, 100>::FIRST.offset(), 0);
    /// ```
    #[must_use]
    pub fn offset(&self) -> u64 {
        (self.number - 1) * self.limit
    }

    /// The page with these items, of `total` in the whole collection.
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::PageNumber::<10, 100>::FIRST.of(vec!["a"], 1);
    /// assert_eq!(page.items(), ["a"]);
    /// ```
    #[must_use]
    pub fn of<T>(&self, items: Vec<T>, total: u64) -> Page<T> {
        let has_next = self.offset() + self.limit < total;
        let (page, limit) = (self.number, self.limit);
        Page {
            items,
            pagination: Some(Pagination::Number {
                page,
                limit,
                total,
                has_next,
            }),
        }
    }

    /// The page of a collection that is in memory as a whole.
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::PageNumber::<2, 100>::FIRST.slice(&["a", "b", "c"]);
    /// assert_eq!(page.items(), ["a", "b"]);
    /// ```
    #[must_use]
    pub fn slice<T: Clone>(&self, all: &[T]) -> Page<T> {
        self.of(
            part(all, self.offset(), self.limit).to_vec(),
            all.len() as u64,
        )
    }

    /// This page of so many items, for those who ask. What a server would refuse is brought
    /// within bounds: the number to 1 and more, the limit to 1 to `MAX`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::PageNumber;
    ///
    /// let page = PageNumber::<10, 100>::at(2, 50);
    /// assert_eq!(serde_json::to_string(&page).unwrap(), r#"{"page":2,"limit":50}"#);
    /// assert_eq!(PageNumber::<10, 100>::at(0, 1000), PageNumber::at(1, 100));
    /// ```
    #[must_use]
    pub fn at(number: u64, limit: u64) -> Self {
        Self {
            number: number.clamp(1, Self::LAST),
            limit: limit.clamp(1, u64::from(MAX.max(1))),
        }
    }
}

impl<const DEFAULT: u32, const MAX: u32> Query for PageNumber<DEFAULT, MAX> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        const {
            assert!(
                1 <= DEFAULT && DEFAULT <= MAX,
                "the default limit is 1 to MAX"
            );
        };
        let number = integer(query, "page", 1, Self::LAST, 1);
        let limit = integer(query, "limit", 1, MAX.into(), DEFAULT.into());
        both(number, limit, |number, limit| Self { number, limit })
    }

    fn parameters() -> Vec<Parameter> {
        vec![
            Parameter::query::<u64>("page")
                .with_description("Which page, counted from 1.")
                .with_keyword("minimum", 1)
                .with_keyword("maximum", Self::LAST)
                .with_keyword("default", 1),
            limit(DEFAULT, MAX),
        ]
    }

    fn pagination() -> Option<Value> {
        Some(pagination("page", 1))
    }
}

/// `?limit=10&offset=20`: items counted from 0.
///
/// `DEFAULT` items when the client names no `limit`, at most `MAX`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn list(request: Request) -> Result<Response> {
///     let part: LimitOffset = request.query()?;
///     Ok(Json(part.of(vec!["c"], 3).with_key("letters")).into_response())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/", public(list)))?;
/// assert_eq!(
///     client.get("/?limit=1&offset=2").await.text(),
///     r#"{"letters":["c"],"pagination":{"limit":1,"offset":2,"total":3,"has_next":false}}"#
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LimitOffset<const DEFAULT: u32 = 10, const MAX: u32 = 100> {
    limit: u64,
    offset: u64,
}

impl<const DEFAULT: u32, const MAX: u32> LimitOffset<DEFAULT, MAX> {
    /// The part that a client gets who asks for none.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::LimitOffset::<10, 100>::FIRST.offset(), 0);
    /// ```
    pub const FIRST: Self = Self {
        limit: DEFAULT as u64,
        offset: 0,
    };

    /// How many items the part may have: 1 to `MAX`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::LimitOffset::<10, 100>::FIRST.limit(), 10);
    /// ```
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How many items come before it; always fits an `i64`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::LimitOffset::<10, 100>::FIRST.offset(), 0);
    /// ```
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The part with these items, of `total` in the whole collection.
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::LimitOffset::<10, 100>::FIRST.of(vec!["a"], 1);
    /// assert_eq!(page.items(), ["a"]);
    /// ```
    #[must_use]
    pub fn of<T>(&self, items: Vec<T>, total: u64) -> Page<T> {
        let has_next = self.offset + self.limit < total;
        let (limit, offset) = (self.limit, self.offset);
        Page {
            items,
            pagination: Some(Pagination::Offset {
                limit,
                offset,
                total,
                has_next,
            }),
        }
    }

    /// The page of a collection that is in memory as a whole.
    ///
    /// # Examples
    /// ```
    /// let page = resourceful::LimitOffset::<2, 100>::FIRST.slice(&["a", "b", "c"]);
    /// assert_eq!(page.items(), ["a", "b"]);
    /// ```
    #[must_use]
    pub fn slice<T: Clone>(&self, all: &[T]) -> Page<T> {
        self.of(
            part(all, self.offset(), self.limit).to_vec(),
            all.len() as u64,
        )
    }

    /// So many items from this one on, for those who ask. What a server would refuse is brought
    /// within bounds: the limit to 1 to `MAX`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::LimitOffset;
    ///
    /// let part = LimitOffset::<10, 100>::at(20, 50);
    /// assert_eq!(serde_json::to_string(&part).unwrap(), r#"{"limit":50,"offset":20}"#);
    /// assert_eq!(LimitOffset::<10, 100>::at(20, 1000).limit(), 100);
    /// ```
    #[must_use]
    pub fn at(offset: u64, limit: u64) -> Self {
        Self {
            limit: limit.clamp(1, u64::from(MAX.max(1))),
            offset: offset.min(i64::MAX as u64 - u64::from(MAX)),
        }
    }
}

impl<const DEFAULT: u32, const MAX: u32> Query for LimitOffset<DEFAULT, MAX> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        const {
            assert!(
                1 <= DEFAULT && DEFAULT <= MAX,
                "the default limit is 1 to MAX"
            );
        };
        let limit = integer(query, "limit", 1, MAX.into(), DEFAULT.into());
        let offset = integer(query, "offset", 0, i64::MAX as u64 - u64::from(MAX), 0);
        both(limit, offset, |limit, offset| Self { limit, offset })
    }

    fn parameters() -> Vec<Parameter> {
        vec![
            limit(DEFAULT, MAX),
            Parameter::query::<u64>("offset")
                .with_description("How many items come before.")
                .with_keyword("maximum", i64::MAX as u64 - u64::from(MAX))
                .with_keyword("default", 0),
        ]
    }

    fn pagination() -> Option<Value> {
        Some(pagination("offset", 0))
    }
}

/// No paging: the collection is small, and answered whole.
///
/// # Examples
/// ```
/// use resourceful::Unpaged;
/// assert_eq!(Unpaged.of(vec!["a", "b"]).items(), ["a", "b"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unpaged;

impl Unpaged {
    /// All the items.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Unpaged.of(vec![1]).items(), [1]);
    /// ```
    #[must_use]
    pub fn of<T>(self, items: Vec<T>) -> Page<T> {
        Page::all(items)
    }
}

impl Query for Unpaged {
    fn read(_: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        Ok(Self)
    }
}

/// The parameter that both styles have.
fn limit(default: u32, max: u32) -> Parameter {
    Parameter::query::<u64>("limit")
        .with_description("How many items at most.")
        .with_keyword("minimum", 1)
        .with_keyword("maximum", max)
        .with_keyword("default", default)
}

/// The schema of [`Pagination`], in a style that begins at `first`.
fn pagination(style: &str, first: u64) -> Value {
    let number = |minimum: u64| json!({"type": "integer", "minimum": minimum});
    json!({
        "type": "object",
        "required": [style, "limit", "total", "has_next"],
        "properties": {
            style: number(first),
            "limit": number(1),
            "total": number(0),
            "has_next": {"type": "boolean"},
        },
    })
}

/// A decimal integer in ASCII digits; no sign, no spaces.
fn integer(
    query: &QueryString<'_>,
    name: &'static str,
    min: u64,
    max: u64,
    default: u64,
) -> Result<u64, FieldError> {
    let Some(text) = query.last(name)? else {
        return Ok(default);
    };
    let wrong = |detail: Cow<'static, str>| Err(FieldError::query(name, detail));
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return wrong("must be an integer".into());
    }
    match text.parse::<u64>() {
        Ok(value) if value < min => wrong(format!("must be at least {min}").into()),
        Ok(value) if value <= max => Ok(value),
        _ => wrong(format!("must be at most {max}").into()),
    }
}

/// What of `all` lies in these bounds, which may lie beyond it.
fn part<T>(all: &[T], offset: u64, limit: u64) -> &[T] {
    let index = |position: u64| usize::try_from(position).map_or(all.len(), |at| at.min(all.len()));
    &all[index(offset)..index(offset.saturating_add(limit))]
}

fn both<Q>(
    first: Result<u64, FieldError>,
    second: Result<u64, FieldError>,
    make: impl FnOnce(u64, u64) -> Q,
) -> Result<Q, Vec<FieldError>> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok(make(first, second)),
        (first, second) => Err([first.err(), second.err()].into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageNumber, Vec<FieldError>> {
        PageNumber::read(&QueryString::new(query).unwrap())
    }

    #[test]
    fn absent_parameters_are_the_defaults() {
        assert_eq!(read(""), Ok(PageNumber::FIRST));
        assert_eq!(read("page=2&limit=100").unwrap().offset(), 100);
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        for wrong in [
            "0",
            "-1",
            "+1",
            "1.0",
            "x",
            "",
            "%201",
            "٣",
            "99999999999999999999",
        ] {
            let errors = read(&format!("page={wrong}&limit={wrong}")).unwrap_err();
            let names: Vec<_> = errors.iter().map(FieldError::location).collect();
            assert_eq!(names, ["page", "limit"], "{wrong}");
        }
        assert_eq!(
            read("limit=101").unwrap_err()[0].detail(),
            "must be at most 100"
        );
    }

    #[test]
    fn the_largest_page_does_not_overflow() {
        let last = PageNumber::<10, 100>::LAST;
        let page = read(&format!("page={last}&limit=100")).unwrap();
        assert!(i64::try_from(page.offset() + page.limit()).is_ok());
        assert!(read(&format!("page={}", last + 1)).is_err());
        assert_eq!(page.of(Vec::<()>::new(), 3), page.of(vec![], 3));
    }

    #[test]
    fn a_page_that_was_written_is_read() {
        for page in [
            PageNumber::<2>::at(2, 2).slice(&[1, 2, 3, 4, 5]),
            LimitOffset::<2>::at(4, 2).slice(&[1, 2, 3, 4, 5]),
            Page::all(vec![1, 2, 3]),
        ] {
            let json = serde_json::to_string(&page.with_key("ids")).unwrap();
            let mut json = serde_json::Deserializer::from_str(&json);
            assert_eq!(Page::from_key("ids", &mut json).unwrap(), page);
        }
    }

    #[test]
    fn what_is_no_page_says_why() {
        let read = |json: &str| {
            let mut json = serde_json::Deserializer::from_str(json);
            let outcome = Page::<i64>::from_key("ids", &mut json);
            outcome.unwrap_err().to_string()
        };
        assert!(read("{\"tags\": [1]}").starts_with("missing member `ids`"));
        assert!(read("[1]").contains("expected an object with the member `ids`"));
        assert!(read("{\"ids\": [1], \"pagination\": 7}").contains("Pagination"));
    }

    #[test]
    fn what_is_asked_for_is_what_is_read() {
        for (number, limit) in [(1, 10), (2, 50), (0, 0), (u64::MAX, u64::MAX)] {
            let page = PageNumber::at(number, limit);
            let asked = format!("page={}&limit={}", page.number(), page.limit());
            assert_eq!(read(&asked), Ok(page));
            let part = LimitOffset::<10, 100>::at(number, limit);
            let asked = format!("limit={}&offset={}", part.limit(), part.offset());
            let asked = QueryString::new(&asked).unwrap();
            assert_eq!(LimitOffset::read(&asked), Ok(part));
        }
    }
}
