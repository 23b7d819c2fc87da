//! [`Contents`]: how many items a list has, or which ones.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::exchange::TestRequest;
use super::items::{id_of, items};
use super::operation::Operation;
use super::session::Session;

/// Maximum number of pages to read.
const MAX_PAGES: usize = 50;

/// Items per page, if the list allows that many.
const LIMIT: u64 = 100;

#[derive(Debug)]
pub(super) enum Contents {
    /// The list counts its items.
    Total(u64),
    Ids(BTreeSet<String>),
}

impl Contents {
    /// Reads the total of a list, or all its pages: by `next`, `page` or `offset` of the document. `None` if the list
    /// cannot be read to its end.
    pub(super) async fn read(
        session: &Session,
        list: &Operation,
        path_params: &Map<String, Value>,
    ) -> Option<Self> {
        let mut input = session.simplest(list, path_params)?;
        set_limit(session, list, path_params, &mut input);
        let mut ids = BTreeSet::new();
        for _ in 0..MAX_PAGES {
            let (_, response) = session.send(TestRequest::new(list, &input)).await;
            let body = response.json().filter(|_| response.is_success())?;
            let pagination = body.get("pagination").cloned().unwrap_or_default();
            if let Some(total) = pagination.get("total").and_then(Value::as_u64) {
                return Some(Self::Total(total));
            }
            ids.extend(items(&body)?.iter().filter_map(id_of));
            if pagination.get("has_next") != Some(&json!(true)) {
                return Some(Self::Ids(ids));
            }
            let (name, next) = next_page(list, &pagination)?;
            input["query"][name] = next;
        }
        None
    }

    /// The items that this list has, and that `before` had not.
    pub(super) fn added_since(&self, before: &Self) -> Option<String> {
        match (before, self) {
            (Self::Total(before), Self::Total(now)) if now > before => {
                Some(format!("{now} items instead of {before}"))
            }
            (Self::Ids(before), Self::Ids(now)) => {
                let new = now.difference(before).next()?;
                Some(format!("the item {new}"))
            }
            _ => None,
        }
    }
}

fn has(list: &Operation, name: &str) -> bool {
    let mut parameters = list.parameters.iter();
    parameters.any(|parameter| parameter.location == "query" && parameter.name == name)
}

fn set_limit(
    session: &Session,
    list: &Operation,
    path_params: &Map<String, Value>,
    input: &mut Value,
) {
    let mut wide = input.clone();
    wide["query"]["limit"] = json!(LIMIT);
    let validator = session.contract.schemas.validator(&list.input(path_params));
    if has(list, "limit") && validator.is_ok_and(|validator| validator.is_valid(&wide)) {
        *input = wide;
    }
}

/// The query parameter of the next page, and its value.
fn next_page(list: &Operation, pagination: &Value) -> Option<(&'static str, Value)> {
    let number = |name: &str| pagination.get(name).and_then(Value::as_u64);
    if has(list, "cursor") {
        return Some(("cursor", pagination.get("next")?.clone()));
    }
    if has(list, "page") {
        return Some(("page", json!(number("page")? + 1)));
    }
    let next = number("offset")? + number("limit")?;
    has(list, "offset").then(|| ("offset", json!(next)))
}
