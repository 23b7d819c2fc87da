//! Methods that a path does not have, and `HEAD`, which it has where it has `GET`.

use std::collections::BTreeSet;

use http::header::{CONTENT_LENGTH, HeaderMap};
use http::{Method, StatusCode};

use super::document::Operation;
use super::exchange::{Answer, Content, Payload, Probe};
use super::finding::Complaint;
use super::session::{Session, Target};

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Every method that the document does not know is 405, with the `Allow` of those that it does.
pub(super) async fn check_others(session: &Session, operation: &Operation, target: &Target) {
    let of_path = session.document.operations.iter();
    let documented: BTreeSet<_> = of_path
        .filter(|other| other.path == operation.path)
        .map(|other| other.method.as_str())
        .collect();
    let Some(input) = session.simplest(operation, &target.known) else {
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
        let probe = Probe {
            method: method.clone(),
            body: Payload::None,
            ..Probe::new(operation, &input)
        };
        let (probe, answer) = session.send(probe).await;
        let found = methods_of(&answer.headers);
        let found: BTreeSet<_> = found.iter().map(String::as_str).collect();
        let subject = match answer.status.as_u16() {
            405 if found == allowed => continue,
            429 => continue,
            // That is so for all methods.
            405 => "allow",
            _ => method.as_str(),
        };
        let message = format!(
            "expected 405 to {method} with `Allow: {}`, came {} with `{}`",
            listed(&allowed),
            answer.status,
            listed(&found)
        );
        let complaint = Complaint::new("method", subject, message);
        session.add(operation, complaint, Some(&probe));
    }
}

fn listed(methods: &BTreeSet<&str>) -> String {
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

/// `HEAD` is `GET` without the body (RFC 9110 section 9.3.2).
pub(super) async fn check_head(session: &Session, operation: &Operation, target: &Target) {
    let Some(input) = session.simplest(operation, &target.known) else {
        return;
    };
    let get = Probe::new(operation, &input);
    let head = Probe {
        method: Method::HEAD,
        ..get.clone()
    };
    let (_, got) = session.ask(operation, get).await;
    let (probe, answer) = session.send(head).await;
    // Either may be one request too many.
    if [got.status, answer.status].contains(&StatusCode::TOO_MANY_REQUESTS) {
        return;
    }
    for (subject, message) in differences(&got, &answer) {
        session.add(
            operation,
            Complaint::new("head", subject, message),
            Some(&probe),
        );
    }
}

fn differences(got: &Answer, head: &Answer) -> Vec<(String, String)> {
    let differs = |subject: &str, of_get: &str, of_head: &str| {
        let message = format!("expected HEAD with {subject} `{of_get}` as GET, came `{of_head}`");
        (subject.to_owned(), message)
    };
    if head.status != got.status {
        return vec![differs("status", got.status.as_str(), head.status.as_str())];
    }
    let mut found = Vec::new();
    let media = [got, head].map(|answer| answer.field("content-type").unwrap_or_default());
    if media[0] != media[1] {
        found.push(differs("content-type", media[0], media[1]));
    }
    // What other fields say may change with time. The length of GET's is written by the server.
    let names = got.headers.keys().chain(head.headers.keys());
    for name in names.filter(|name| *name != CONTENT_LENGTH) {
        if got.headers.contains_key(name) != head.headers.contains_key(name) {
            let message = format!("expected the fields of GET in HEAD, came {name} in one alone");
            found.push((name.to_string(), message));
        }
    }
    let is_empty =
        |answer: &Answer| matches!(&answer.body, Content::Read(bytes) if bytes.is_empty());
    if !is_empty(got) && head.field("content-length") == Some("0") {
        found.push(differs("content-length", "over 0", "0"));
    }
    if !is_empty(head) && !matches!(head.body, Content::Unread) {
        found.push(differs("body", "", "some"));
    }
    found
}
