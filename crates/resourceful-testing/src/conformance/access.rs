//! Checks that credentials are required as documented, and before the body is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exchange::{Payload, TestRequest};
use super::expected::summary;
use super::finding::Violation;
use super::operation::Operation;
use super::session::{Fixture, REFUSED_CALLER, Session};

pub(super) async fn check(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(input) = session.simplest(operation, &fixture.path_params) else {
        return;
    };
    let is_read = Arc::new(AtomicBool::new(false));
    let request = TestRequest {
        body: match operation.body {
            Some(_) => Payload::Tracked(Arc::clone(&is_read)),
            None => Payload::None,
        },
        ..TestRequest::new(operation, &input)
    };
    let response = session.send_without_credentials(&request).await;
    if response.status != 429 && !REFUSED_CALLER.contains(&response.status.as_u16()) {
        let message = format!(
            "expected 401 or 403 without credentials, got {}",
            summary(&response)
        );
        session.report(
            operation,
            Violation::new("access", "", message),
            Some(&request),
        );
    } else if is_read.load(Ordering::Relaxed) {
        let message = format!(
            "expected {} before the body is read, got it after the body was read",
            response.status
        );
        session.report(
            operation,
            Violation::new("access", "body", message),
            Some(&request),
        );
    }
}

/// Reports operations that refuse the user's credentials in every request: they were not tested.
pub(super) fn check_credentials(session: &Session) {
    let (succeeded, refused) = (session.succeeded.borrow(), session.refused.borrow());
    for operation in session.operations() {
        if refused.contains(&operation.name) && !succeeded.contains(&operation.name) {
            let message = "expected accepted credentials, got only 401 or 403: \
                           set other credentials with `.header(name, value)`";
            session.report(operation, Violation::new("credentials", "", message), None);
        }
    }
}
