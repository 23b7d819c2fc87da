//! Sends invalid bodies: no JSON, another content type, too large.

use super::exchange::{Payload, TestRequest};
use super::expected::summary;
use super::finding::Violation;
use super::operation::Operation;
use super::session::{Fixture, Session};

pub(super) async fn check(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(body) = &operation.body else {
        return;
    };
    let Some((media, _)) = &body.json else {
        return;
    };
    let Some(input) = session.simplest(operation, &fixture.path_params) else {
        return;
    };
    let valid = TestRequest::new(operation, &input);
    let text = match &valid.body {
        Payload::Text { text, .. } => text.clone(),
        _ => "{}".to_owned(),
    };
    let text_body = |media: Option<&str>, text: &str| Payload::Text {
        media: media.map(str::to_owned),
        text: text.to_owned(),
    };
    let mut invalid_bodies = vec![
        (
            "a body that is not JSON",
            text_body(Some(media), "{\"a\": "),
            400,
        ),
        (
            "a body with text after the JSON",
            text_body(Some(media), &format!("{text} x")),
            400,
        ),
        (
            "a body of text/plain",
            text_body(Some("text/plain"), &text),
            415,
        ),
        ("a body without a type", text_body(None, &text), 415),
    ];
    if body.is_required {
        invalid_bodies.push(("an empty body", text_body(Some(media), ""), 400));
    }
    if let Some(max_bytes) = body.max_bytes {
        let length = max_bytes.saturating_add(1);
        invalid_bodies.push((
            "a body over its size limit",
            Payload::Padded { text, length },
            413,
        ));
    }
    for (name, body, status) in invalid_bodies {
        let request = TestRequest {
            body,
            ..valid.clone()
        };
        let (request, response) = session.call(operation, request).await;
        let is_missing = !fixture.exists && response.status == 404;
        let is_as_expected = response.status == status
            || is_missing
            || Session::is_denied(operation, &response)
            || session
                .rejects_control(&response, || Some(valid.clone()))
                .await;
        if !is_as_expected {
            let message = format!("expected {status} to {name}, got {}", summary(&response));
            session.report(
                operation,
                Violation::new("body", name, message),
                Some(&request),
            );
        }
    }
}
