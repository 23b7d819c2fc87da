//! Bodies that are none: no JSON, of another type, too large.

use super::document::Operation;
use super::exchange::{Payload, Probe};
use super::expected::said;
use super::finding::Complaint;
use super::session::{Session, Target};

pub(super) async fn check(session: &Session, operation: &Operation, target: &Target) {
    let Some(body) = &operation.body else {
        return;
    };
    let Some((media, _)) = &body.json else {
        return;
    };
    let Some(input) = session.simplest(operation, &target.known) else {
        return;
    };
    let good = Probe::new(operation, &input);
    let text = match &good.body {
        Payload::Text { text, .. } => text.clone(),
        _ => "{}".to_owned(),
    };
    let of = |media: Option<&str>, text: &str| Payload::Text {
        media: media.map(str::to_owned),
        text: text.to_owned(),
    };
    let mut bad = vec![
        ("a body that is no JSON", of(Some(media), "{\"a\": "), 400),
        (
            "a body that is not JSON alone",
            of(Some(media), &format!("{text} x")),
            400,
        ),
        ("a body of text/plain", of(Some("text/plain"), &text), 415),
        ("a body without a type", of(None, &text), 415),
    ];
    if body.is_required {
        bad.push(("an empty body", of(Some(media), ""), 400));
    }
    if let Some(max_bytes) = body.max_bytes {
        let length = max_bytes.saturating_add(1);
        bad.push((
            "a body over its limit",
            Payload::Padded { text, length },
            413,
        ));
    }
    for (name, body, status) in bad {
        let probe = Probe {
            body,
            ..good.clone()
        };
        let (probe, answer) = session.ask(operation, probe).await;
        let is_missing = !target.is_there && answer.status == 404;
        let is_as_expected = answer.status == status
            || is_missing
            || Session::is_turned_away(operation, &answer)
            || session.refuses_anyway(&answer, || Some(good.clone())).await;
        if !is_as_expected {
            let message = format!("expected {status} to {name}, came {}", said(&answer));
            session.add(
                operation,
                Complaint::new("body", name, message),
                Some(&probe),
            );
        }
    }
}
