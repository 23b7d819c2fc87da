//! `?limit=10&offset=20`.

use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::error::field_error::FieldError;
use crate::input::pagination::page::{Page, Pagination};
use crate::input::pagination::style::{self, PagingStyle, Position, StyleParameter};
use crate::input::query::{Query, QueryString};
use crate::openapi::Parameter;

/// `?limit=10&offset=20`: items counted from 0.
///
/// The page has `DEFAULT` items without `limit`, at most `MAX`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn list(request: Request) -> Result<Response> {
///     let page: LimitOffset = request.query()?;
///     Ok(Json(page.of(vec!["c"], 3).with_key("letters")).into_response())
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
    /// The page of a request without paging parameters.
    pub const FIRST: Self = Self {
        limit: DEFAULT as u64,
        offset: 0,
    };

    /// The maximum number of items on the page: 1 to `MAX`.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The number of items before the page; always fits an `i64`.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
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
    /// limit to 1 to `MAX`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::LimitOffset;
    ///
    /// let page = LimitOffset::<10, 100>::at(20, 50);
    /// assert_eq!(serde_json::to_string(&page).unwrap(), r#"{"limit":50,"offset":20}"#);
    /// assert_eq!(LimitOffset::<10, 100>::at(20, 1000).limit(), 100);
    /// ```
    #[must_use]
    pub fn at(offset: u64, limit: u64) -> Self {
        style::clamped(offset, limit)
    }
}

impl<const DEFAULT: u32, const MAX: u32> PagingStyle for LimitOffset<DEFAULT, MAX> {
    const POSITION: Position = Position {
        name: "offset",
        description: "Number of items to skip.",
        minimum: 0,
        // The index of the last item fits an `i64`, the integer of databases.
        maximum: i64::MAX as u64 - MAX as u64,
    };
    const DEFAULT_LIMIT: u32 = DEFAULT;
    const MAX_LIMIT: u32 = MAX;
    const ORDER: [StyleParameter; 2] = [StyleParameter::Limit, StyleParameter::Position];

    fn new(offset: u64, limit: u64) -> Self {
        Self { limit, offset }
    }

    fn limit(&self) -> u64 {
        self.limit
    }

    fn offset(&self) -> u64 {
        self.offset
    }

    fn pagination(&self, total: Option<u64>, has_next: bool) -> Pagination {
        Pagination::Offset {
            limit: self.limit,
            offset: self.offset,
            total,
            has_next,
        }
    }
}

impl<const DEFAULT: u32, const MAX: u32> Query for LimitOffset<DEFAULT, MAX> {
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
