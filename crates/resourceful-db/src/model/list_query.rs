//! [`ListQuery`]: the query string of a list, as conditions, an order and a page.

use resourceful::{Filtered, LimitOffset, Page, PageNumber, Query, Unpaged};
use sea_orm::EntityTrait;

use crate::model::filter::{Conditions, Filter};
use crate::model::order::Direction;

/// The part of a list that a request asks for.
#[derive(Clone, Copy, Debug)]
pub enum Window<'q> {
    /// All rows.
    All,
    /// Rows by their number.
    Offset {
        /// The maximum number of rows.
        limit: u64,
        /// The number of rows before them.
        offset: u64,
        /// The rows that are counted.
        count: Count,
    },
    /// Rows after another one.
    After {
        /// The maximum number of rows.
        limit: u64,
        /// The cursor; `None` for the first rows.
        cursor: Option<&'q str>,
        /// The name of the order, which the cursor must have, too.
        order: &'static str,
    },
}

/// The rows that a list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// All.
    Exact,
    /// This many at most.
    UpTo(u64),
    /// None.
    None,
}

/// The end of a page.
#[derive(Clone, Debug, Default)]
pub struct PageEnd {
    /// The number of all rows, as far as they are counted.
    pub total: Option<u64>,
    /// Whether more rows follow.
    pub has_next: bool,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The query string of a model resource's list: a paging style, or [`Filtered`] with a [`Filter`] and a paging
/// style.
///
/// | paging style | parameters |
/// |---|---|
/// | [`Unpaged`] | none |
/// | [`PageNumber`] | `page`, `limit` |
/// | [`LimitOffset`] | `limit`, `offset` |
/// | [`CountedUpTo`](crate::CountedUpTo), [`Uncounted`](crate::Uncounted) | those of the paging style, whose `total` they limit or omit |
/// | [`Ordered`](crate::Ordered) | `order`, and those of its paging style |
/// | [`Cursor`](crate::Cursor) | `order`, `cursor`, `limit` |
#[diagnostic::on_unimplemented(
    message = "a list of `{E}` cannot be asked for by `{Self}`",
    note = "use `PageNumber`, `LimitOffset`, `Unpaged`, `Ordered<YourOrder>`, `Cursor<YourOrder>`, or `Filtered<YourFilter, ..>` with one of them; the filter and the order must be of the same entity"
)]
pub trait ListQuery<E: EntityTrait>: Query + Sync {
    /// Adds conditions.
    fn filter(&self, conditions: &mut Conditions<E>) {
        let _ = conditions;
    }

    /// The order; `None` for that of the resource.
    fn order(&self) -> Option<Vec<(E::Column, Direction)>> {
        None
    }

    /// The rows that are asked for.
    fn window(&self) -> Window<'_>;

    /// The page of these items.
    fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T>;
}

impl<E: EntityTrait> ListQuery<E> for Unpaged {
    fn window(&self) -> Window<'_> {
        Window::All
    }

    fn page<T>(&self, items: Vec<T>, _: PageEnd) -> Page<T> {
        Page::all(items)
    }
}

impl<E: EntityTrait, const DEFAULT: u32, const MAX: u32> ListQuery<E> for PageNumber<DEFAULT, MAX> {
    fn window(&self) -> Window<'_> {
        Window::Offset {
            limit: self.limit(),
            offset: self.offset(),
            count: Count::Exact,
        }
    }

    fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T> {
        self.part(items, end.total, end.has_next)
    }
}

impl<E: EntityTrait, const DEFAULT: u32, const MAX: u32> ListQuery<E>
    for LimitOffset<DEFAULT, MAX>
{
    fn window(&self) -> Window<'_> {
        Window::Offset {
            limit: self.limit(),
            offset: self.offset(),
            count: Count::Exact,
        }
    }

    fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T> {
        self.part(items, end.total, end.has_next)
    }
}

impl<E: EntityTrait, F: Filter<E> + Sync, P: ListQuery<E>> ListQuery<E> for Filtered<F, P> {
    fn filter(&self, conditions: &mut Conditions<E>) {
        self.filter.apply(conditions);
        self.paging.filter(conditions);
    }

    fn order(&self) -> Option<Vec<(E::Column, Direction)>> {
        self.paging.order()
    }

    fn window(&self) -> Window<'_> {
        self.paging.window()
    }

    fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T> {
        self.paging.page(items, end)
    }
}
