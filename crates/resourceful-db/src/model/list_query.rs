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
    /// Rows by their number, which needs the number of all rows.
    Offset {
        /// The maximum number of rows.
        limit: u64,
        /// The number of rows before them.
        offset: u64,
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

/// The query string of a model resource's list: a paging style, or [`Filtered`] with a [`Filter`] and a paging
/// style.
///
/// | paging style | parameters |
/// |---|---|
/// | [`Unpaged`] | none |
/// | [`PageNumber`] | `page`, `limit` |
/// | [`LimitOffset`] | `limit`, `offset` |
/// | [`Ordered`](crate::Ordered) | `order`, and those of its paging style |
/// | [`Cursor`](crate::Cursor) | `order`, `cursor`, `limit` |
#[diagnostic::on_unimplemented(
    message = "a list of `{E}` cannot be asked for by `{Self}`",
    note = "use `PageNumber`, `LimitOffset`, `Unpaged`, `Ordered<YourOrder>`, `Cursor<YourOrder>`, or `Filtered<YourFilter, ..>` with one of them; the filter and the order must be of the same entity"
)]
pub trait ListQuery<E: EntityTrait>: Query + Sync {
    /// Adds conditions.
    fn filter(&self, conditions: &mut Conditions) {
        let _ = conditions;
    }

    /// The order; `None` for that of the resource.
    fn order(&self) -> Option<Vec<(E::Column, Direction)>> {
        None
    }

    /// The rows that are asked for.
    fn window(&self) -> Window<'_>;

    /// The page of these items. `total` is the number of all rows, `next` the cursor of the next page, as far
    /// as the window needs them.
    fn page<T>(&self, items: Vec<T>, total: u64, next: Option<String>) -> Page<T>;
}

impl<E: EntityTrait> ListQuery<E> for Unpaged {
    fn window(&self) -> Window<'_> {
        Window::All
    }

    fn page<T>(&self, items: Vec<T>, _: u64, _: Option<String>) -> Page<T> {
        Page::all(items)
    }
}

impl<E: EntityTrait, const DEFAULT: u32, const MAX: u32> ListQuery<E> for PageNumber<DEFAULT, MAX> {
    fn window(&self) -> Window<'_> {
        Window::Offset {
            limit: self.limit(),
            offset: self.offset(),
        }
    }

    fn page<T>(&self, items: Vec<T>, total: u64, _: Option<String>) -> Page<T> {
        self.of(items, total)
    }
}

impl<E: EntityTrait, const DEFAULT: u32, const MAX: u32> ListQuery<E>
    for LimitOffset<DEFAULT, MAX>
{
    fn window(&self) -> Window<'_> {
        Window::Offset {
            limit: self.limit(),
            offset: self.offset(),
        }
    }

    fn page<T>(&self, items: Vec<T>, total: u64, _: Option<String>) -> Page<T> {
        self.of(items, total)
    }
}

impl<E: EntityTrait, F: Filter<E> + Sync, P: ListQuery<E>> ListQuery<E> for Filtered<F, P> {
    fn filter(&self, conditions: &mut Conditions) {
        self.filter.apply(conditions);
        self.paging.filter(conditions);
    }

    fn order(&self) -> Option<Vec<(E::Column, Direction)>> {
        self.paging.order()
    }

    fn window(&self) -> Window<'_> {
        self.paging.window()
    }

    fn page<T>(&self, items: Vec<T>, total: u64, next: Option<String>) -> Page<T> {
        self.paging.page(items, total, next)
    }
}
