//! Credentials: asked for where the document says so, and before the body is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::document::Operation;
use super::exchange::{Payload, Probe};
use super::expected::said;
use super::finding::Complaint;
use super::session::{Session, Target};

pub(super) async fn check(session: &Session, operation: &Operation, target: &Target) {
    let Some(input) = session.simplest(operation, &target.known) else {
        return;
    };
    let is_read = Arc::new(AtomicBool::new(false));
    let probe = Probe {
        body: match operation.body {
            Some(_) => Payload::Watched(Arc::clone(&is_read)),
            None => Payload::None,
        },
        ..Probe::new(operation, &input)
    };
    let answer = session.send_bare(&probe).await;
    if ![401, 403, 429].contains(&answer.status.as_u16()) {
        let message = format!(
            "expected 401 or 403 without credentials, came {}",
            said(&answer)
        );
        session.add(
            operation,
            Complaint::new("access", "", message),
            Some(&probe),
        );
    } else if is_read.load(Ordering::Relaxed) {
        let message = format!(
            "expected {} before the body is read, came it after",
            answer.status
        );
        session.add(
            operation,
            Complaint::new("access", "body", message),
            Some(&probe),
        );
    }
}

/// An operation that refuses the user's credentials has not been looked at.
pub(super) fn check_credentials(session: &Session) {
    let (succeeded, refused) = (session.succeeded.borrow(), session.refused.borrow());
    for operation in session.operations() {
        if refused.contains(&operation.name) && !succeeded.contains(&operation.name) {
            let message = "expected that the credentials are enough, came nothing but refusals: \
                           give others with `.header(name, value)`";
            session.add(operation, Complaint::new("credentials", "", message), None);
        }
    }
}
