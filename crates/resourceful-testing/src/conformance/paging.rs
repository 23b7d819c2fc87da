//! Checks paginated lists: number of items, and members of `pagination`.

use serde_json::{Value, json};

use super::exchange::TestRequest;
use super::finding::Violation;
use super::items::items;
use super::operation::Operation;
use super::session::{Fixture, Session};

/// Number of items to create, so that a second page exists.
const ITEMS: usize = 3;

pub(super) async fn check(session: &Session, operation: &Operation, fixture: &Fixture) {
    let has = |name: &str| {
        operation
            .parameters
            .iter()
            .any(|parameter| parameter.location == "query" && parameter.name == name)
    };
    if !has("limit") {
        return;
    }
    for _ in 0..ITEMS {
        // A path of an item, from which `create` takes the id.
        let path = format!("{}/{{id}}", operation.path.trim_end_matches('/'));
        session
            .create(&operation.path, &path, &fixture.path_params)
            .await;
    }
    let Some(input) = session.simplest(operation, &fixture.path_params) else {
        return;
    };
    for (limit, page) in [(1, 1), (1, 2), (2, 1), (2, 2), (10, 1), (10, 1000)] {
        let mut input = input.clone();
        input["query"]["limit"] = json!(limit);
        let first = if has("offset") { (page - 1) * limit } else { 0 };
        if has("page") {
            input["query"]["page"] = json!(page);
        } else if has("offset") {
            input["query"]["offset"] = json!(first);
        }
        let is_valid = session
            .contract
            .schemas
            .validator(&operation.input(&fixture.path_params));
        if !is_valid.is_ok_and(|validator| validator.is_valid(&input)) {
            continue;
        }
        let (request, response) = session
            .call(operation, TestRequest::new(operation, &input))
            .await;
        let Some(body) = response.json().filter(|_| response.is_success()) else {
            continue;
        };
        for (key, message) in violations(&input["query"], &body) {
            session.report(
                operation,
                Violation::new("paging", key, message),
                Some(&request),
            );
        }
    }
}

/// Returns keys and messages of what a page tells wrongly.
pub(super) fn violations(query: &Value, body: &Value) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let requested = |name: &str| query.get(name).and_then(Value::as_u64);
    let limit = requested("limit").unwrap_or(u64::MAX);
    let count = items(body).map_or(0, |items| items.len() as u64);
    if count > limit {
        let message = format!("expected at most {limit} items, got {count}");
        return vec![("limit", message)];
    }
    let Some(pagination) = body.get("pagination") else {
        return found;
    };
    for name in ["limit", "page", "offset"] {
        let reported = pagination.get(name).and_then(Value::as_u64);
        if requested(name).is_some() && reported.is_some() && reported != requested(name) {
            let message = format!("expected the requested `{name}`, got {pagination}");
            found.push((name, message));
        }
    }
    let total = pagination.get("total").and_then(Value::as_u64);
    let page = requested("page").map(|page| (page - 1).saturating_mul(limit));
    let before = page.or(requested("offset")).unwrap_or(0);
    let has_next = pagination.get("has_next").and_then(Value::as_bool);
    if let (Some(total), Some(has_next)) = (total, has_next) {
        let end = before.saturating_add(limit);
        if has_next != (end < total) {
            let message = format!(
                "expected `has_next` to be {}, got {pagination}",
                end < total
            );
            found.push(("has_next", message));
        }
        let rest = total.saturating_sub(before).min(limit);
        if count != rest {
            let message = format!(
                "expected {rest} items according to `total`, got {count} with {pagination}"
            );
            found.push(("total", message));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(query: &Value, body: &Value) -> Vec<&'static str> {
        violations(query, body)
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }

    #[test]
    fn each_wrong_pagination_member_is_reported() {
        let page =
            |items: &[u8], pagination: Value| json!({"posts": items, "pagination": pagination});
        let second = json!({"page": 2, "limit": 1});
        let right = json!({"page": 2, "limit": 1, "total": 3, "has_next": true});
        assert_eq!(keys(&second, &page(&[2], right.clone())), [""; 0]);
        assert_eq!(keys(&second, &page(&[2, 3], right.clone())), ["limit"]);
        assert_eq!(keys(&second, &page(&[], right)), ["total"]);
        let wrong = json!({"page": 1, "limit": 10, "total": 3, "has_next": false});
        assert_eq!(
            keys(&second, &page(&[2], wrong)),
            ["limit", "page", "has_next"]
        );
    }

    #[test]
    fn offsets_are_checked_too() {
        let query = json!({"offset": 2, "limit": 2});
        let body = json!({"posts": [3], "pagination": {"offset": 2, "limit": 2, "total": 3, "has_next": false}});
        assert_eq!(keys(&query, &body), [""; 0]);
    }
}
