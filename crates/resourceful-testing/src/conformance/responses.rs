//! An answer beside what the document says of it.

use std::fmt::Write;

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::closed::Judge;
use super::document::Operation;
use super::exchange::{Answer, Content};
use super::finding::Complaint;
use super::reader::is_json;
use super::schema::Schemas;

/// Everything that the document does not know about this answer.
pub(super) fn complaints(
    schemas: &Schemas,
    operation: &Operation,
    answer: &Answer,
) -> Vec<Complaint> {
    let status = answer.status;
    if status.is_server_error() {
        let message = format!("expected no server error, came {status}");
        return vec![Complaint::new("server-error", "", message)];
    }
    if matches!(answer.body, Content::Endless) {
        let message = "expected a body, came one that does not end or breaks off";
        return vec![Complaint::new("endless", "", message)];
    }
    let Some(response) = operation.response(status.as_u16()) else {
        // A limit on requests may stand before any operation.
        if status == 429 {
            return Vec::new();
        }
        let message = format!("expected a documented status, came {status}");
        return vec![Complaint::new("status", status.as_str(), message)];
    };
    let mut found = missing_headers(response, answer);
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        return found;
    };
    let media = answer.field("content-type").unwrap_or_default();
    let Some((_, content)) = content.iter().find(|(range, _)| is_in(media, range)) else {
        let known = content.keys().map(String::as_str).collect::<Vec<_>>();
        let known = known.join(" or ");
        // What is said of all other statuses is said of problems mostly.
        let (check, message) = if operation.promises(status.as_u16()) {
            let message = format!("expected {status} as {known}, came `{media}`");
            ("content-type", message)
        } else {
            let message = format!("expected a documented status or {known}, came {status}");
            ("status", message)
        };
        found.push(Complaint::new(check, status.as_str(), message));
        return found;
    };
    if let Some(schema) = content.get("schema") {
        found.extend(body_complaints(schemas, schema, media, answer));
    }
    found
}

fn missing_headers(response: &Value, answer: &Answer) -> Vec<Complaint> {
    let headers = response.get("headers").and_then(Value::as_object);
    let is_missing = |(name, header): &(&String, &Value)| {
        header.get("required") == Some(&Value::Bool(true))
            && !answer.headers.contains_key(name.as_str())
    };
    let complaint = |(name, _): (&String, &Value)| {
        let message = format!(
            "expected the header {name} in a {}, came none",
            answer.status
        );
        Complaint::new("header", name.to_lowercase(), message)
    };
    let headers = headers.into_iter().flatten();
    headers.filter(is_missing).map(complaint).collect()
}

/// Is this media type one of the range `text/*`?
fn is_in(media: &str, range: &str) -> bool {
    let essence = |text: &str| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    };
    let (media, range) = (essence(media), essence(range));
    match range.strip_suffix('*') {
        Some("*/") => true,
        Some(kind) => media.starts_with(kind),
        None => media == range,
    }
}

fn body_complaints(
    schemas: &Schemas,
    schema: &Value,
    media: &str,
    answer: &Answer,
) -> Vec<Complaint> {
    let Content::Read(bytes) = &answer.body else {
        return Vec::new();
    };
    let status = answer.status;
    let body = match std::str::from_utf8(bytes) {
        Ok(text) if media.starts_with("text/") => Value::from(text),
        _ if !is_json(media) => return Vec::new(),
        _ => match serde_json::from_slice(bytes) {
            Ok(body) => body,
            Err(error) => {
                let message = format!("expected JSON in a {status}, came what is none: {error}");
                return vec![Complaint::new("schema", status.as_str(), message)];
            }
        },
    };
    let judge = match schemas.judge(schema) {
        Ok(judge) => judge,
        Err(error) => {
            let message =
                format!("expected a JSON Schema of a {status}, came what is none: {error}");
            return vec![Complaint::new("document", status.as_str(), message)];
        }
    };
    let mut found = violations(&judge, &body, status.as_str());
    // RFC 9457 section 3.2: a problem may have more members than its type says.
    if found.is_empty() && !media.starts_with("application/problem+json") {
        found = leaks(&judge, &body, status.as_str());
    }
    found
}

fn violations(judge: &Judge, body: &Value, status: &str) -> Vec<Complaint> {
    let errors = judge.plain.iter_errors(body).map(|error| {
        let place = error.instance_path().to_string();
        let mut message = format!("expected a {status} after its schema, came one where ");
        write!(message, "`#{place}` is wrong: {error}").expect("a string grows");
        let subject = format!("{status}{} {}", unnumbered(&place), error.kind().keyword());
        Complaint::new("schema", subject, message)
    });
    errors.collect()
}

fn leaks(judge: &Judge, body: &Value, status: &str) -> Vec<Complaint> {
    let errors = judge.closed.iter_errors(body).map(|error| {
        let place = error.instance_path().to_string();
        let names = match error.kind() {
            ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected.join("`, `"),
            _ => error.to_string(),
        };
        let message = format!(
            "expected the members that the schema of a {status} knows, came `{names}` in `#{place}`"
        );
        let subject = format!("{status}{}", unnumbered(&place));
        Complaint::new("leaked-field", subject, message)
    });
    errors.collect()
}

/// What is wrong with all elements of a list is one thing.
fn unnumbered(place: &str) -> String {
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let steps = place
        .split('/')
        .map(|step| if is_number(step) { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}
