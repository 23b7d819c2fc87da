//! Checks undocumented methods, and `HEAD` for every `GET`.

use std::collections::BTreeSet;

use http::header::{CONTENT_LENGTH, HeaderMap};
use http::{Method, StatusCode};

use super::exchange::{Payload, ResponseBody, TestRequest, TestResponse};
use super::finding::Violation;
use super::operation::Operation;
use super::session::{Fixture, Session};

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Checks that undocumented methods get 405 with an `Allow` of the documented ones.
pub(super) async fn check_undocumented(
    session: &Session,
    operation: &Operation,
    fixture: &Fixture,
) {
    let operations = session.contract.operations.iter();
    let documented: BTreeSet<_> = operations
        .filter(|other| other.path == operation.path)
        .map(|other| other.method.as_str())
        .collect();
    let Some(input) = session.simplest(operation, &fixture.path_params) else {
        return;
    };
    let mut allowed = documented.clone();
    allowed.insert("OPTIONS");
    if documented.contains("GET") {
        allowed.insert("HEAD");
    }
    for method in METHODS.iter().chain([&Method::HEAD]) {
        if allowed.contains(method.as_str()) {
            continue;
        }
        let request = TestRequest {
            method: method.clone(),
            body: Payload::None,
            ..TestRequest::new(operation, &input)
        };
        let (request, response) = session.send(request).await;
        let allow = methods_of(&response.headers);
        let allow: BTreeSet<_> = allow.iter().map(String::as_str).collect();
        let key = match response.status.as_u16() {
            405 if allow == allowed => continue,
            429 => continue,
            // A wrong `Allow` is one finding for all methods.
            405 => "allow",
            _ => method.as_str(),
        };
        let message = format!(
            "expected 405 to {method} with `Allow: {}`, got {} with `{}`",
            joined(&allowed),
            response.status,
            joined(&allow)
        );
        let violation = Violation::new("method", key, message);
        session.report(operation, violation, Some(&request));
    }
}

fn joined(methods: &BTreeSet<&str>) -> String {
    methods.iter().copied().collect::<Vec<_>>().join(", ")
}

fn methods_of(headers: &HeaderMap) -> Vec<String> {
    let fields = headers.get_all("allow").into_iter();
    let fields = fields.filter_map(|field| field.to_str().ok());
    fields
        .flat_map(|field| field.split(','))
        .map(|method| method.trim().to_owned())
        .filter(|method| !method.is_empty())
        .collect()
}

/// Checks that `HEAD` equals `GET` without the body (RFC 9110 section 9.3.2).
pub(super) async fn check_head(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(input) = session.simplest(operation, &fixture.path_params) else {
        return;
    };
    let get = TestRequest::new(operation, &input);
    let head = TestRequest {
        method: Method::HEAD,
        ..get.clone()
    };
    let (_, get_response) = session.call(operation, get).await;
    let (request, response) = session.send(head).await;
    // A rate limit may have refused either request.
    if [get_response.status, response.status].contains(&StatusCode::TOO_MANY_REQUESTS) {
        return;
    }
    for (key, message) in differences(&get_response, &response) {
        session.report(
            operation,
            Violation::new("head", key, message),
            Some(&request),
        );
    }
}

fn differences(get_response: &TestResponse, head: &TestResponse) -> Vec<(String, String)> {
    let differs = |key: &str, of_get: &str, of_head: &str| {
        let message = format!("expected HEAD with the {key} `{of_get}` of GET, got `{of_head}`");
        (key.to_owned(), message)
    };
    if head.status != get_response.status {
        return vec![differs(
            "status",
            get_response.status.as_str(),
            head.status.as_str(),
        )];
    }
    let mut differences = Vec::new();
    let media =
        [get_response, head].map(|response| response.header("content-type").unwrap_or_default());
    if media[0] != media[1] {
        differences.push(differs("content-type", media[0], media[1]));
    }
    // Values of other fields may change with time. The server writes `Content-Length` of GET.
    let names = get_response.headers.keys().chain(head.headers.keys());
    for name in names.filter(|name| *name != CONTENT_LENGTH) {
        if get_response.headers.contains_key(name) != head.headers.contains_key(name) {
            let message = format!(
                "expected the same header fields in HEAD and GET, got {name} in one of them"
            );
            differences.push((name.to_string(), message));
        }
    }
    let is_empty = |response: &TestResponse| matches!(&response.body, ResponseBody::Complete(bytes) if bytes.is_empty());
    if !is_empty(get_response) && head.header("content-length") == Some("0") {
        differences.push(differs("content-length", "over 0", "0"));
    }
    if !is_empty(head) && !matches!(head.body, ResponseBody::Stream) {
        differences.push(differs("body", "", "some"));
    }
    differences
}
