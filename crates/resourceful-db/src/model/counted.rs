//! Lists whose rows are not all counted: counting reads each of them.

use resourceful::{FieldError, NextPage, Page, Parameter, Query, QueryString};
use sea_orm::EntityTrait;
use serde::Serialize;
use serde_json::Value;

use crate::model::filter::Conditions;
use crate::model::list_query::{Count, ListQuery, PageEnd, Window};
use crate::model::order::Direction;

/// A paging style whose `total` is `MAX` at most, so that no more rows are counted.
///
/// # Examples
/// ```
/// use resourceful::PageNumber;
/// use resourceful_db::CountedUpTo;
///
/// type Query = CountedUpTo<PageNumber, 10_000>;
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct CountedUpTo<P, const MAX: u64>(pub P);

/// A paging style without `total`: no rows are counted.
///
/// # Examples
/// ```
/// use resourceful::LimitOffset;
/// use resourceful_db::Uncounted;
///
/// type Query = Uncounted<LimitOffset>;
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Uncounted<P>(pub P);

impl<P: Query, const MAX: u64> Query for CountedUpTo<P, MAX> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        P::read(query).map(Self)
    }

    fn parameters() -> Vec<Parameter> {
        P::parameters()
    }

    fn pagination() -> Option<Value> {
        let mut pagination = P::pagination()?;
        if let Some(total) = pagination.pointer_mut("/properties/total") {
            total["maximum"] = MAX.into();
        }
        Some(pagination)
    }
}

impl<P: Query> Query for Uncounted<P> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        P::read(query).map(Self)
    }

    fn parameters() -> Vec<Parameter> {
        P::parameters()
    }

    fn pagination() -> Option<Value> {
        let mut pagination = P::pagination()?;
        if let Some(required) = pagination["required"].as_array_mut() {
            required.retain(|member| member != "total");
        }
        if let Some(properties) = pagination["properties"].as_object_mut() {
            properties.remove("total");
        }
        Some(pagination)
    }
}

impl<P: NextPage, const MAX: u64> NextPage for CountedUpTo<P, MAX> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        self.0.next_page(page).map(Self)
    }
}

impl<P: NextPage> NextPage for Uncounted<P> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        self.0.next_page(page).map(Self)
    }
}

/// Implements `ListQuery` by that of the paging style, with another count.
macro_rules! list_query {
    ($type:ty, [$($max:tt)*], $count:expr) => {
        impl<E: EntityTrait, P: ListQuery<E>, $($max)*> ListQuery<E> for $type {
            fn filter(&self, conditions: &mut Conditions<E>) {
                self.0.filter(conditions);
            }

            fn order(&self) -> Option<Vec<(E::Column, Direction)>> {
                self.0.order()
            }

            fn window(&self) -> Window<'_> {
                match self.0.window() {
                    Window::Offset { limit, offset, .. } => Window::Offset {
                        limit,
                        offset,
                        count: $count,
                    },
                    window => window,
                }
            }

            fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T> {
                self.0.page(items, end)
            }
        }
    };
}

list_query!(CountedUpTo<P, MAX>, [const MAX: u64], Count::UpTo(MAX));
list_query!(Uncounted<P>, [], Count::None);
