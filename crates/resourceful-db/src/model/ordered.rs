//! `?order=newest`.

use resourceful::{FieldError, NextPage, Page, PageNumber, Parameter, Query, QueryString};
use sea_orm::EntityTrait;
use serde::Serialize;
use serde_json::Value;

use crate::model::filter::Conditions;
use crate::model::list_query::{ListQuery, PageEnd, Window};
use crate::model::order::{Direction, Order};

/// An order beside a paging style: `?order=newest&page=2`.
///
/// The parameter `order` has the values of the [`Order`]; absent, it is the first one.
///
/// # Examples
/// See the guide, "Tables".
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(bound(serialize = "P: Serialize"))]
pub struct Ordered<O: Order, P = PageNumber> {
    /// The order.
    #[serde(serialize_with = "as_name")]
    pub order: O,
    /// Selects a page.
    #[serde(flatten)]
    pub paging: P,
}

impl<O: Order, P: Query> Query for Ordered<O, P> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        match (read(query), P::read(query)) {
            (Ok(order), Ok(paging)) => Ok(Self { order, paging }),
            (order, paging) => {
                let mut errors: Vec<FieldError> = order.err().into_iter().collect();
                errors.extend(paging.err().into_iter().flatten());
                Err(errors)
            }
        }
    }

    fn parameters() -> Vec<Parameter> {
        let mut parameters = vec![parameter::<O>()];
        parameters.extend(P::parameters());
        parameters
    }

    fn pagination() -> Option<Value> {
        P::pagination()
    }
}

impl<O: Order, P: ListQuery<O::Entity>> ListQuery<O::Entity> for Ordered<O, P> {
    fn filter(&self, conditions: &mut Conditions<O::Entity>) {
        self.paging.filter(conditions);
    }

    fn order(&self) -> Option<Vec<(<O::Entity as EntityTrait>::Column, Direction)>> {
        Some(self.order.columns())
    }

    fn window(&self) -> Window<'_> {
        self.paging.window()
    }

    fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T> {
        self.paging.page(items, end)
    }
}

impl<O: Order, P: NextPage> NextPage for Ordered<O, P> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        let paging = self.paging.next_page(page)?;
        let order = self.order;
        Some(Self { order, paging })
    }
}

/// Reads the parameter `order`.
pub(super) fn read<O: Order>(query: &QueryString<'_>) -> Result<O, FieldError> {
    let default = O::NAMES.first().copied().unwrap_or_default();
    let name = query.last("order")?;
    O::from_name(name.as_deref().unwrap_or(default)).ok_or_else(|| {
        let detail = format!("must be one of {}", O::NAMES.join(", "));
        FieldError::query("order", detail)
    })
}

/// Describes the parameter `order`.
pub(super) fn parameter<O: Order>() -> Parameter {
    Parameter::query::<String>("order")
        .with_description("The order of the items.")
        .with_keyword("enum", O::NAMES)
        .with_keyword("default", O::NAMES.first().copied().unwrap_or_default())
}

pub(super) fn as_name<O: Order, S: serde::Serializer>(
    order: &O,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(order.name())
}
