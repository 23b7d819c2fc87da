//! Checks that an update which names an earlier version of the item is refused (RFC 9110 section 13.1.1).

use http::Method;
use serde_json::Value;

use super::exchange::{IF_MATCH, TestRequest, TestResponse};
use super::expected::summary;
use super::session::Session;
use super::two_writers::SharedItem;

pub(super) async fn check(session: &Session, path: &str) {
    for method in [Method::PUT, Method::PATCH] {
        let operation = session.find(&method, path);
        if operation.is_some_and(|operation| operation.header(IF_MATCH).is_some())
            && let Some(item) = SharedItem::create(session, &method, path).await
        {
            check_item(&item).await;
        }
    }
}

async fn check_item(item: &SharedItem<'_>) {
    let Some(update) = item
        .updates()
        .and_then(|updates| item.next_update(&updates))
    else {
        return;
    };
    let Some(before) = tag(item).await else {
        return;
    };
    let (_, first) = send(item, &update, &before).await;
    let Some(after) = tag(item).await else {
        return;
    };
    if !first.is_success() || before == after {
        return;
    }
    let (request, second) = send(item, &update, &before).await;
    if second.status != 412 {
        let message = format!(
            "expected 412 to an update whose `If-Match` names an earlier version, got {}",
            summary(&second)
        );
        item.report("stale-tag", message, &request);
    } else if let Some(response) = read(item, Some(&after)).await
        && response.status != 304
    {
        let message = format!(
            "expected 304 to a request for the item with its `ETag` in `If-None-Match`, got {}",
            summary(&response)
        );
        item.report("stale-tag", message, &request);
    }
}

async fn send(item: &SharedItem<'_>, update: &Value, tag: &str) -> (TestRequest, TestResponse) {
    let request = TestRequest::new(item.operation, update).with_header(IF_MATCH, tag);
    item.session.send(request).await
}

async fn tag(item: &SharedItem<'_>) -> Option<String> {
    let response = read(item, None).await?;
    response.header("etag").map(str::to_owned)
}

async fn read(item: &SharedItem<'_>, known: Option<&str>) -> Option<TestResponse> {
    let retrieve = item.session.find(&Method::GET, item.path)?;
    let input = item.session.simplest(retrieve, &item.path_params)?;
    let mut request = TestRequest::new(retrieve, &input);
    let known = known.map(|tag| ("If-None-Match".to_owned(), tag.to_owned()));
    request.headers.extend(known);
    Some(item.session.send(request).await.1)
}
