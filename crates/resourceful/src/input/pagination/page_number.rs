//! `?page=2&limit=10`.

use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::error::field_error::FieldError;
use crate::input::pagination::page::{Page, Pagination};
use crate::input::pagination::style::{self, PagingStyle, Position, StyleParameter};
use crate::input::query::{Query, QueryString};
use crate::openapi::Parameter;

/// `?page=2&limit=10`: pages counted from 1.
///
/// The page has `DEFAULT` items without `limit`, at most `MAX`; both are part of the type, so they are
/// known at compile time. A page past the end is empty.
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
    /// The page of a request without paging parameters.
    pub const FIRST: Self = Self {
        number: 1,
        limit: DEFAULT as u64,
    };

    /// The largest page number whose last item has an index that fits an `i64`, the integer of databases.
    pub(super) const LAST: u64 = i64::MAX as u64 / if MAX == 0 { 1 } else { MAX as u64 };

    /// The number of this page, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The maximum number of items on the page: 1 to `MAX`.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The number of items before the page; always fits an `i64`.
    #[must_use]
    pub fn offset(&self) -> u64 {
        (self.number - 1) * self.limit
    }

    /// The page with these items of a collection of `total` items.
    #[must_use]
    pub fn of<T>(&self, items: Vec<T>, total: u64) -> Page<T> {
        style::page(self, items, total)
    }

    /// The page with these items of a collection that is not counted, or not to its end.
    #[must_use]
    pub fn part<T>(&self, items: Vec<T>, total: Option<u64>, has_next: bool) -> Page<T> {
        style::part(self, items, total, has_next)
    }

    /// The page of a collection that is in memory.
    #[must_use]
    pub fn slice<T: Clone>(&self, all: &[T]) -> Page<T> {
        style::slice(self, all)
    }

    /// A page for a client to request. Values that a server would refuse are brought within limits: the
    /// number to at least 1, the limit to 1 to `MAX`.
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
        style::clamped(number, limit)
    }
}

impl<const DEFAULT: u32, const MAX: u32> PagingStyle for PageNumber<DEFAULT, MAX> {
    const POSITION: Position = Position {
        name: "page",
        description: "Page number, from 1.",
        minimum: 1,
        maximum: Self::LAST,
    };
    const DEFAULT_LIMIT: u32 = DEFAULT;
    const MAX_LIMIT: u32 = MAX;
    const ORDER: [StyleParameter; 2] = [StyleParameter::Position, StyleParameter::Limit];

    fn new(number: u64, limit: u64) -> Self {
        Self { number, limit }
    }

    fn limit(&self) -> u64 {
        self.limit
    }

    fn offset(&self) -> u64 {
        self.offset()
    }

    fn pagination(&self, total: Option<u64>, has_next: bool) -> Pagination {
        Pagination::Number {
            page: self.number,
            limit: self.limit,
            total,
            has_next,
        }
    }
}

impl<const DEFAULT: u32, const MAX: u32> Query for PageNumber<DEFAULT, MAX> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        style::read(query)
    }

    fn parameters() -> Vec<Parameter> {
        style::parameters::<Self>()
    }

    fn pagination() -> Option<Value> {
        Some(style::pagination_schema::<Self>())
    }
}
