//! Lists in parts: as many items as were asked for at most, and what is said of the rest.

use serde_json::{Value, json};

use super::document::Operation;
use super::exchange::Probe;
use super::finding::Complaint;
use super::items::items;
use super::session::{Session, Target};

/// So many items there should be, so that there is a second page.
const ITEMS: usize = 3;

pub(super) async fn check(session: &Session, operation: &Operation, target: &Target) {
    let has = |name: &str| {
        operation
            .parameters
            .iter()
            .any(|one| one.place == "query" && one.name == name)
    };
    if !has("limit") {
        return;
    }
    for _ in 0..ITEMS {
        // A path below the collection's, as its items have one.
        let path = format!("{}/{{id}}", operation.path.trim_end_matches('/'));
        session.create(&operation.path, &path, &target.known).await;
    }
    let Some(input) = session.simplest(operation, &target.known) else {
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
            .document
            .schemas
            .validator(&operation.input(&target.known));
        if !is_valid.is_ok_and(|validator| validator.is_valid(&input)) {
            continue;
        }
        let (probe, answer) = session.ask(operation, Probe::new(operation, &input)).await;
        let Some(body) = answer.json().filter(|_| answer.is_success()) else {
            continue;
        };
        for (subject, message) in complaints(&input["query"], &body) {
            session.add(
                operation,
                Complaint::new("paging", subject, message),
                Some(&probe),
            );
        }
    }
}

fn complaints(query: &Value, body: &Value) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let asked = |name: &str| query.get(name).and_then(Value::as_u64);
    let limit = asked("limit").unwrap_or(u64::MAX);
    let count = items(body).map_or(0, |items| items.len() as u64);
    if count > limit {
        let message = format!("expected at most {limit} items, came {count}");
        return vec![("limit", message)];
    }
    let Some(pagination) = body.get("pagination") else {
        return found;
    };
    for name in ["limit", "page", "offset"] {
        let said = pagination.get(name).and_then(Value::as_u64);
        if asked(name).is_some() && said.is_some() && said != asked(name) {
            let message = format!("expected the `{name}` that was asked for, came {pagination}");
            found.push((name, message));
        }
    }
    let total = pagination.get("total").and_then(Value::as_u64);
    let page = asked("page").map(|page| (page - 1).saturating_mul(limit));
    let before = page.or(asked("offset")).unwrap_or(0);
    let has_next = pagination.get("has_next").and_then(Value::as_bool);
    if let (Some(total), Some(has_next)) = (total, has_next) {
        let end = before.saturating_add(limit);
        if has_next != (end < total) {
            let message = format!(
                "expected `has_next` to be {}, came {pagination}",
                end < total
            );
            found.push(("has_next", message));
        }
        let rest = total.saturating_sub(before).min(limit);
        if count != rest {
            let message =
                format!("expected {rest} items after `total`, came {count} with {pagination}");
            found.push(("total", message));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(query: &Value, body: &Value) -> Vec<&'static str> {
        complaints(query, body)
            .into_iter()
            .map(|(subject, _)| subject)
            .collect()
    }

    #[test]
    fn each_lie_about_a_page_is_told() {
        let page =
            |items: &[u8], pagination: Value| json!({"posts": items, "pagination": pagination});
        let second = json!({"page": 2, "limit": 1});
        let right = json!({"page": 2, "limit": 1, "total": 3, "has_next": true});
        assert_eq!(subjects(&second, &page(&[2], right.clone())), [""; 0]);
        assert_eq!(subjects(&second, &page(&[2, 3], right.clone())), ["limit"]);
        assert_eq!(subjects(&second, &page(&[], right)), ["total"]);
        let wrong = json!({"page": 1, "limit": 10, "total": 3, "has_next": false});
        assert_eq!(
            subjects(&second, &page(&[2], wrong)),
            ["limit", "page", "has_next"]
        );
    }

    #[test]
    fn parts_by_offset_are_counted_too() {
        let query = json!({"offset": 2, "limit": 2});
        let body = json!({"posts": [3], "pagination": {"offset": 2, "limit": 2, "total": 3, "has_next": false}});
        assert_eq!(subjects(&query, &body), [""; 0]);
    }
}
