//! Checks that the lists of a stranger have no item of Alice.

use http::Method;
use serde_json::{Map, Value, json};

use super::exchange::{TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::foreign_item::{OwnedItems, path_params};
use super::items::{id_of, items};
use super::operation::{Operation, Parameter};
use super::paging;
use super::session::{REFUSED_CALLER, Session};

/// Maximum number of pages to search.
const MAX_PAGES: u64 = 20;

pub(super) async fn check(owned: &OwnedItems<'_>) {
    let Some(collection) = owned.alice.contract.collection_of(owned.path) else {
        return;
    };
    let Some(item) = owned.create().await else {
        return;
    };
    let created = owned.state(&item).await;
    let lists = owned.alice.operations().filter(|operation| {
        let rest = operation
            .path
            .strip_prefix(collection.trim_end_matches('/'));
        let is_below = |rest: &str| rest.is_empty() || rest.starts_with('/') && !rest.contains('{');
        operation.method == Method::GET && rest.is_some_and(is_below)
    });
    let lists = lists.filter(|list| !owned.callers.shares(list) && owned.stranger.calls(list));
    for list in lists {
        let path_params = path_params(list, &item);
        let first = request(owned.alice, list, &path_params, 1, None);
        let Some(first) = first else { continue };
        let (_, response) = owned.alice.send(first).await;
        if !response.is_success() {
            continue;
        }
        let known = List {
            is_main: list.path == collection,
            items: elements(&response)
                .into_iter()
                .chain(created.clone())
                .collect(),
        };
        check_list(owned, list, &path_params, &known).await;
    }
}

/// A list that Alice gets.
struct List {
    /// Whether it is the list of the collection. Elements of other lists may be something else.
    is_main: bool,
    items: Vec<Value>,
}

impl List {
    fn has(&self, element: &Value) -> bool {
        let id = id_of(element);
        let is_same = |item: &Value| self.is_main || agree(item, element);
        id.is_some()
            && self
                .items
                .iter()
                .any(|item| id_of(item) == id && is_same(item))
    }
}

/// Whether all members that both have are equal, besides the id at least one.
fn agree(item: &Value, element: &Value) -> bool {
    let members = item.as_object().into_iter().flatten();
    let common = members.filter_map(|(name, value)| Some((value, element.get(name)?)));
    let common: Vec<_> = common.collect();
    common.len() > 1 && common.iter().all(|(value, other)| value == other)
}

async fn check_list(
    owned: &OwnedItems<'_>,
    list: &Operation,
    path_params: &Map<String, Value>,
    known: &List,
) {
    let report = |check, key, message: String, request: &TestRequest| {
        owned
            .alice
            .report(list, Violation::new(check, key, message), Some(request));
    };
    let mut limit = None;
    for page in 1..=MAX_PAGES {
        let Some(request) = request(owned.stranger.session(), list, path_params, page, limit)
        else {
            return;
        };
        let (request, response) = owned.stranger.session().send(request).await;
        let is_refused = REFUSED_CALLER.contains(&response.status.as_u16());
        if is_refused && !owned.stranger.has_credentials() {
            return;
        }
        if is_refused {
            let message = format!(
                "expected accepted credentials of the second caller, who has the rights of the first one, \
                 got {}",
                summary(&response)
            );
            return report("credentials", "second", message, &request);
        }
        if let Some(element) = elements(&response)
            .iter()
            .find(|element| known.has(element))
        {
            let message = format!(
                "expected a list of {} without items of the first caller, got {element}",
                owned.stranger.name()
            );
            return report("foreign-list", "", message, &request);
        }
        let body = response.json().unwrap_or_default();
        let pagination = body.get("pagination").cloned().unwrap_or_default();
        limit = pagination.get("limit").and_then(Value::as_u64);
        let query = json!({"limit": limit, "page": pagination.get("page"), "offset": pagination.get("offset")});
        let mut counts = paging::violations(&query, &body).into_iter();
        if let Some((_, message)) = counts.find(|(key, _)| *key == "total")
            && !owned.alice.has_finding(list, "paging")
        {
            return report("foreign-list", "total", message, &request);
        }
        if pagination.get("has_next") != Some(&json!(true)) {
            return;
        }
    }
}

/// The items of a response, or the one that it is.
fn elements(response: &TestResponse) -> Vec<Value> {
    let body = response.json().filter(|_| response.is_success());
    let body = body.unwrap_or_default();
    items(&body).cloned().unwrap_or_else(|| vec![body])
}

fn request(
    session: &Session,
    list: &Operation,
    path_params: &Map<String, Value>,
    page: u64,
    limit: Option<u64>,
) -> Option<TestRequest> {
    let mut input = session.simplest(list, path_params)?;
    let is_page = |parameter: &Parameter| parameter.location == "query" && parameter.name == "page";
    if page > 1 && list.parameters.iter().any(is_page) {
        input["query"]["page"] = json!(page);
    } else if page > 1 {
        input["query"]["offset"] = json!((page - 1) * limit?);
    }
    Some(TestRequest::new(list, &input))
}
