//! Checks a response against the document.

use std::fmt::Write;

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::closed::ResponseValidator;
use super::exchange::{ResponseBody, TestResponse};
use super::finding::Violation;
use super::operation::Operation;
use super::parse::is_json;
use super::schema::Schemas;

/// Returns everything in which the response differs from the document.
pub(super) fn violations(
    schemas: &Schemas,
    operation: &Operation,
    response: &TestResponse,
) -> Vec<Violation> {
    let status = response.status;
    if status.is_server_error() {
        let message = format!("expected no server error, got {status}");
        return vec![Violation::new("server-error", "", message)];
    }
    if matches!(response.body, ResponseBody::Incomplete) {
        let message = "expected a complete body, got one that does not end or breaks off";
        return vec![Violation::new("endless", "", message)];
    }
    let Some(documented) = operation.response(status.as_u16()) else {
        // A rate limit may apply to every operation.
        if status == 429 {
            return Vec::new();
        }
        let message = format!("expected a documented status, got {status}");
        return vec![Violation::new("status", status.as_str(), message)];
    };
    let mut violations = missing_headers(documented, response);
    let Some(content) = documented.get("content").and_then(Value::as_object) else {
        return violations;
    };
    let media = response.header("content-type").unwrap_or_default();
    let Some((_, content)) = content
        .iter()
        .find(|(range, _)| matches_range(media, range))
    else {
        let documented_types = content.keys().map(String::as_str).collect::<Vec<_>>();
        let documented_types = documented_types.join(" or ");
        // `default` and `4XX` responses are problems in most documents.
        let (check, message) = if operation.documents(status.as_u16()) {
            let message = format!("expected {status} as {documented_types}, got `{media}`");
            ("content-type", message)
        } else {
            let message =
                format!("expected a documented status or {documented_types}, got {status}");
            ("status", message)
        };
        violations.push(Violation::new(check, status.as_str(), message));
        return violations;
    };
    if let Some(schema) = content.get("schema") {
        violations.extend(body_violations(schemas, schema, media, response));
    }
    violations
}

fn missing_headers(documented: &Value, response: &TestResponse) -> Vec<Violation> {
    let headers = documented.get("headers").and_then(Value::as_object);
    let is_missing = |(name, header): &(&String, &Value)| {
        header.get("required") == Some(&Value::Bool(true))
            && !response.headers.contains_key(name.as_str())
    };
    let violation = |(name, _): (&String, &Value)| {
        let message = format!(
            "expected the header {name} in a {}, got none",
            response.status
        );
        Violation::new("header", name.to_lowercase(), message)
    };
    let headers = headers.into_iter().flatten();
    headers.filter(is_missing).map(violation).collect()
}

/// Whether the media type is in a range like `text/*`.
fn matches_range(media: &str, range: &str) -> bool {
    let media_type = |text: &str| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    };
    let (media, range) = (media_type(media), media_type(range));
    match range.strip_suffix('*') {
        Some("*/") => true,
        Some(kind) => media.starts_with(kind),
        None => media == range,
    }
}

fn body_violations(
    schemas: &Schemas,
    schema: &Value,
    media: &str,
    response: &TestResponse,
) -> Vec<Violation> {
    let ResponseBody::Complete(bytes) = &response.body else {
        return Vec::new();
    };
    let status = response.status;
    let body = match std::str::from_utf8(bytes) {
        Ok(text) if media.starts_with("text/") => Value::from(text),
        _ if !is_json(media) => return Vec::new(),
        _ => match serde_json::from_slice(bytes) {
            Ok(body) => body,
            Err(error) => {
                let message = format!("expected JSON in a {status}, got invalid JSON: {error}");
                return vec![Violation::new("schema", status.as_str(), message)];
            }
        },
    };
    let validator = match schemas.response_validator(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message =
                format!("expected a JSON Schema for a {status}, got an invalid schema: {error}");
            return vec![Violation::new("document", status.as_str(), message)];
        }
    };
    let mut violations = schema_violations(&validator, &body, status.as_str());
    // A problem may have extension members (RFC 9457 section 3.2).
    if violations.is_empty() && !media.starts_with("application/problem+json") {
        violations = unknown_member_violations(&validator, &body, status.as_str());
    }
    violations
}

fn schema_violations(validator: &ResponseValidator, body: &Value, status: &str) -> Vec<Violation> {
    let errors = validator.plain.iter_errors(body).map(|error| {
        let pointer = error.instance_path().to_string();
        let mut message = format!("expected a {status} that matches its schema, got one where ");
        write!(message, "`#{pointer}` is wrong: {error}").expect("writing to a string cannot fail");
        let key = format!(
            "{status}{} {}",
            without_indexes(&pointer),
            error.kind().keyword()
        );
        Violation::new("schema", key, message)
    });
    errors.collect()
}

fn unknown_member_violations(
    validator: &ResponseValidator,
    body: &Value,
    status: &str,
) -> Vec<Violation> {
    let errors = validator.closed.iter_errors(body).map(|error| {
        let pointer = error.instance_path().to_string();
        let names = match error.kind() {
            ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected.join("`, `"),
            _ => error.to_string(),
        };
        let message = format!(
            "expected only the members in the schema of a {status}, got `{names}` in `#{pointer}`"
        );
        let key = format!("{status}{}", without_indexes(&pointer));
        Violation::new("leaked-field", key, message)
    });
    errors.collect()
}

/// Replaces array indexes by `*`, so that an error in every element is one finding.
fn without_indexes(pointer: &str) -> String {
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let steps = pointer
        .split('/')
        .map(|step| if is_number(step) { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}
