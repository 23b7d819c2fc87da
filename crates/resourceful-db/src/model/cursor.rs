//! `?cursor=..`: pages that continue after a row.

use resourceful::hidden::{check_limits, limit_parameter, read_limit};
use resourceful::{FieldError, NextPage, Page, Parameter, Query, QueryString};
use sea_orm::EntityTrait;
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::list_query::{ListQuery, PageEnd, Window};
use crate::model::order::{Direction, Order};
use crate::model::ordered;

/// Pages that continue after a row: `?order=newest&cursor=..&limit=20`.
///
/// The cursor of the next page is `next` of `pagination`, and the response has it as a `Link` (RFC 8288). Rows
/// that are inserted or deleted meanwhile shift no page, and page 5,000 costs as much as the first one. It is
/// signed with [`DbOptions::cursor_keys`](crate::DbOptions::cursor_keys), and belongs to one order and one
/// filter: with others it is a 422. The number of all items is not counted.
///
/// A page has `DEFAULT` items without `limit`, at most `MAX`.
///
/// # Examples
/// See the guide, "Tables".
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub struct Cursor<O: Order, const DEFAULT: u32 = 10, const MAX: u32 = 100> {
    #[serde(serialize_with = "ordered::as_name")]
    order: O,
    limit: u64,
    #[serde(rename = "cursor", skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl<O: Order, const DEFAULT: u32, const MAX: u32> Cursor<O, DEFAULT, MAX> {
    /// The first page in an order, for a client to request. The limit is brought to 1 to `MAX`.
    #[must_use]
    pub fn first(order: O, limit: u64) -> Self {
        Self {
            order,
            limit: limit.clamp(1, u64::from(MAX.max(1))),
            after: None,
        }
    }

    /// The page after `cursor`, the `next` of another page.
    #[must_use]
    pub fn after(self, cursor: impl Into<String>) -> Self {
        Self {
            after: Some(cursor.into()),
            ..self
        }
    }
}

impl<O: Order, const DEFAULT: u32, const MAX: u32> Query for Cursor<O, DEFAULT, MAX> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        const { check_limits(DEFAULT, MAX) };
        let order = ordered::read(query);
        let limit = read_limit(query, DEFAULT, MAX);
        let cursor = query.last("cursor").and_then(|cursor| match cursor {
            // Its signature is checked with the list, its text with the other parameters.
            Some(text) if !is_base64url(&text) => {
                Err(FieldError::query("cursor", "is not a cursor of this list"))
            }
            cursor => Ok(cursor),
        });
        match (order, limit, cursor) {
            (Ok(order), Ok(limit), Ok(cursor)) => Ok(Self {
                order,
                limit,
                after: cursor.map(std::borrow::Cow::into_owned),
            }),
            (order, limit, cursor) => {
                let errors = [order.err(), limit.err(), cursor.err()];
                Err(errors.into_iter().flatten().collect())
            }
        }
    }

    fn parameters() -> Vec<Parameter> {
        vec![
            ordered::parameter::<O>(),
            Parameter::query::<String>("cursor")
                .with_description("`next` of the page before. Absent: the first page.")
                .with_keyword("pattern", "^[A-Za-z0-9_-]*$"),
            limit_parameter(DEFAULT, MAX),
        ]
    }

    fn pagination() -> Option<Value> {
        Some(json!({
            "type": "object",
            "required": ["limit", "next", "has_next"],
            "properties": {
                "limit": {"type": "integer", "minimum": 1},
                "next": {"type": ["string", "null"]},
                "has_next": {"type": "boolean"},
            },
        }))
    }
}

impl<O: Order, const DEFAULT: u32, const MAX: u32> ListQuery<O::Entity>
    for Cursor<O, DEFAULT, MAX>
{
    fn order(&self) -> Option<Vec<(<O::Entity as EntityTrait>::Column, Direction)>> {
        Some(self.order.columns())
    }

    fn window(&self) -> Window<'_> {
        Window::After {
            limit: self.limit,
            cursor: self.after.as_deref(),
            order: self.order.name(),
        }
    }

    fn page<T>(&self, items: Vec<T>, end: PageEnd) -> Page<T> {
        Page::with_next(items, self.limit, end.next)
    }
}

impl<O: Order, const DEFAULT: u32, const MAX: u32> NextPage for Cursor<O, DEFAULT, MAX> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        page.next().map(|next| self.clone().after(next))
    }
}

fn is_base64url(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.bytes().all(is_allowed)
}
